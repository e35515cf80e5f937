"""Verbs: what may be sent, that it is sent once, and what is said of it afterwards."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tests import vloop
from tests.engine.fakes import (
    FakeJournal,
    FakePlatform,
    application,
    clock,
    environment,
    failing,
    feed,
    ref,
    rollout,
    rows,
    service,
    session,
)
from tui.engine.commands import Outcome
from tui.engine.session import Session
from tui.engine.verdicts import RULES, Act, Verdict
from tui.errors import (
    BadReply,
    Forbidden,
    HalfDone,
    NoEndpoint,
    NotFound,
    OutcomeUnknown,
    PlatformError,
    RateLimited,
    Refused,
    Unauthorized,
    Unavailable,
    Unreachable,
)
from tui.local.journal import Journal
from tui.model import Deployment, Health, Kind, Project, Ref, Variable, Verb, Webhook
from tui.platforms.base import Accepted
from tui.text import Safe, Secret

WEB = ref("web")
SERVICES = feed(Kind.SERVICE)
VERBS = [(Kind.SERVICE, verb) for verb in (Verb.START, Verb.STOP, Verb.RESTART, Verb.DELETE)]
Tell = Callable[["Stage"], Awaitable[None]]


class Stage:
    """One session on one platform that has one service, ``web``, and everything that was said meanwhile."""

    def __init__(self, running: Session, fake: FakePlatform, journal: FakeJournal) -> None:
        self.running, self.fake, self.journal = running, fake, journal
        self.time = fake.clock
        self.verdicts: list[Verdict] = []
        running.verdicts.subscribe(self.verdicts.append)

    def now(self, *services: Any) -> None:
        """From now on the platform has these services."""
        self.fake.rows[Kind.SERVICE, ""] = rows(*services)

    async def do(self, verb: Verb, target: Ref = WEB, values: Mapping[str, Any] | None = None, **options: Any) -> Outcome:
        return await self.running.do(verb, target, values, **options)

    def answers(self, answer: Accepted | Exception, after: Callable[[], object] | None = None) -> None:
        """What the platform says to every verb; ``after`` is what it does."""

        async def run(verb: Verb, target: Ref, values: Mapping[str, Any]) -> Accepted:
            if after is not None:
                after()
            if isinstance(answer, Exception):
                raise answer
            return answer

        self.fake.on_verb = run

    def said(self) -> list[list[str]]:
        """What the journal has of each intent."""
        return [each["said"] for each in self.journal.intents.values()]


def play(tell: Tell, *, before: Callable[[FakePlatform], object] | None = None, **options: Any) -> None:
    async def story() -> None:
        time, journal = clock(), FakeJournal()
        kinds: dict[Kind, dict[str, Any]] = {
            Kind.SERVICE: {},
            Kind.DEPLOYMENT: {},
            Kind.PROJECT: {},
            Kind.VARIABLE: {"per": Kind.SERVICE, "on_demand": True},
        }
        fake = FakePlatform("fleet", time, kinds=kinds)
        fake.can(*VERBS, (Kind.PROJECT, Verb.CREATE), (Kind.DEPLOYMENT, Verb.CREATE), (Kind.VARIABLE, Verb.SET))
        fake.rows[Kind.SERVICE, ""] = rows(service("web"))
        if before is not None:
            before(fake)
        async with session(time, fake, journal=journal, **options) as running:
            await running.settle(10.0)
            await tell(Stage(running, fake, journal))

    vloop.run(story())


def test_a_restart_is_accepted_watched_and_confirmed() -> None:
    async def tell(stage: Stage) -> None:
        outcome = await stage.do(Verb.RESTART)
        assert (outcome.word, outcome.ref) == ("accepted", WEB)
        assert outcome.seconds == pytest.approx(0.1)
        pending = stage.running.store.pending(WEB)
        assert pending is not None
        assert pending.word == "accepted"
        asked = len(stage.fake.times("service"))
        stage.now(service("web", Health.BUSY))
        await stage.time.sleep(5.0)
        assert len(stage.fake.times("service")) - asked >= 2
        assert stage.verdicts == []
        stage.now(service("web"))
        await stage.time.sleep(3.0)
        (verdict,) = stage.verdicts
        assert verdict.word == "confirmed"
        assert verdict.text.startswith("web is running again after ")
        assert 5.0 <= verdict.seconds <= 8.0
        assert stage.running.in_flight() == ()
        assert stage.said() == [["accepted", "confirmed"]]
        assert stage.fake.sent == [(Verb.RESTART, WEB)]

    play(tell)


def test_running_all_the_time_is_no_proof_of_a_restart() -> None:
    async def tell(stage: Stage) -> None:
        await stage.do(Verb.RESTART)
        await stage.time.sleep(100.0)
        (verdict,) = stage.verdicts
        assert verdict.word == "unconfirmed"
        assert verdict.text == "web: not confirmed after 1m30 (no sign of a restart)"
        assert stage.running.in_flight() == ()

    play(tell)


def test_a_restart_is_not_written_down_as_having_made_what_it_restarted() -> None:
    async def tell(stage: Stage) -> None:
        stage.answers(Accepted(ref=WEB))
        await stage.do(Verb.RESTART)
        made = ref("d-1", Kind.DEPLOYMENT)
        stage.answers(Accepted(ref=made))
        await stage.do(Verb.CREATE, kind=Kind.DEPLOYMENT)
        assert [each["caused"] for each in stage.journal.intents.values()] == ["", str(made)]

    play(tell)


@pytest.mark.parametrize("way", ["wavered", "counted", "neither"])
def test_what_is_degraded_again_after_a_restart_was_restarted(way: str) -> None:
    async def tell(stage: Stage) -> None:
        ill = replace(service("web", Health.WARN), restarts=1, status=Safe("degraded"))
        stage.now(ill)
        await stage.running.refresh([SERVICES])
        await stage.do(Verb.RESTART)
        if way == "wavered":
            stage.now(replace(ill, health=Health.BUSY))
            await stage.time.sleep(5.0)
        stage.now(replace(ill, restarts=2 if way == "counted" else 1))
        await stage.time.sleep(5.0)
        if way == "neither":
            assert stage.verdicts == []
            return
        (verdict,) = stage.verdicts
        assert verdict.word == "confirmed"
        assert verdict.text.startswith("web is running again, but degraded after ")

    play(tell)


def test_a_reply_that_was_asked_for_before_the_verb_proves_nothing() -> None:
    async def tell(stage: Stage) -> None:
        stage.fake.latency = 5.0
        reading = asyncio.ensure_future(stage.running.refresh([SERVICES]))
        await stage.time.sleep(1.0)
        stage.fake.rows[Kind.SERVICE, ""] = rows()
        stage.fake.latency = 0.1
        outcome = await stage.do(Verb.DELETE)
        assert outcome.word == "accepted"
        await reading
        assert stage.verdicts == []
        await stage.time.sleep(5.0)
        assert [verdict.text for verdict in stage.verdicts] == ["web is gone after 6s"]

    play(tell)


@pytest.mark.parametrize(
    ("verb", "after", "text"),
    [
        (Verb.STOP, service("web", Health.IDLE), "web is stopped after"),
        (Verb.START, service("web"), "web is running after"),
        (Verb.DELETE, None, "web is gone after"),
        (Verb.START, service("web", Health.BAD), "web: failed after"),
        (Verb.RESTART, service("web", Health.BAD), "web: failed after"),
        (Verb.RESTART, service("web", restarts=4), "web is running again after"),
    ],
)
def test_each_verb_has_its_own_proof(verb: Verb, after: Any, text: str) -> None:
    async def tell(stage: Stage) -> None:
        assert (await stage.do(verb)).word == "accepted"
        stage.now(*([after] if after else []))
        await stage.time.sleep(10.0)
        assert [verdict.text.startswith(text) for verdict in stage.verdicts] == [True]

    play(tell)


def test_the_thing_itself_is_looked_at_where_the_list_does_not_tell() -> None:
    async def story() -> None:
        time = clock()
        fake = FakePlatform("fleet", time, kinds={Kind.SERVICE: {"single": True}})
        fake.can(*VERBS)
        fake.rows[Kind.SERVICE, ""] = rows(service("web", Health.UNKNOWN))
        fake.one = lambda ref: service("web", Health.IDLE)
        async with session(time, fake) as running:
            await running.settle(10.0)
            said: list[Verdict] = []
            running.verdicts.subscribe(said.append)
            await running.do(Verb.STOP, WEB)
            await time.sleep(5.0)
            assert [verdict.text for verdict in said] == ["web is stopped after 2s"]
            found = await running.look(WEB)
            assert found is not None
            assert found.health is Health.IDLE

    vloop.run(story())


def test_a_look_that_goes_wrong_by_our_own_fault_leaves_no_verb_in_flight_for_ever() -> None:
    kinds = {Kind.SERVICE: {"single": True}}
    looks: list[Ref] = []

    def one(target: Ref) -> Any:
        looks.append(target)
        raise LookupError

    async def story() -> tuple[list[str], str | None]:
        time = clock()
        fake = FakePlatform("fleet", time, kinds=kinds)
        fake.can((Kind.SERVICE, Verb.RESTART))
        fake.rows[Kind.SERVICE, ""] = rows(service("web"))
        fake.one = one
        async with session(time, fake) as running:
            said: list[str] = []
            running.verdicts.subscribe(lambda verdict: said.append(verdict.word))
            await running.settle(10.0)
            assert (await running.do(Verb.RESTART, WEB)).word == "accepted"
            await time.sleep(100.0)
            return said, running.why_not(WEB, Verb.RESTART)

    assert vloop.run(story()) == (["unconfirmed"], None)
    assert len(looks) > 3


def test_a_double_press_sends_one_request() -> None:
    async def tell(stage: Stage) -> None:
        first, second = await asyncio.gather(stage.do(Verb.RESTART), stage.do(Verb.RESTART))
        assert (first.word, second.word) == ("accepted", "refused")
        assert second.text == "restart is still in flight"
        assert stage.running.why_not(WEB, Verb.RESTART) == "restart is still in flight"
        assert stage.running.why_not(WEB, Verb.STOP) is None
        assert len(stage.fake.sent) == 1

    play(tell)


def test_two_creates_below_one_parent_do_not_wait_for_each_other() -> None:
    async def tell(stage: Stage) -> None:
        parent = Ref(connection="fleet", kind=Kind.DEPLOYMENT, id="")
        stage.answers(Accepted())
        assert (await stage.do(Verb.CREATE, parent, {"name": "one"})).word == "accepted"
        assert (await stage.do(Verb.CREATE, parent, {"name": "two"})).word == "accepted"
        assert (await stage.do(Verb.CREATE, parent, {"name": "two"})).word == "refused"
        made = Deployment(ref=ref("d1", Kind.DEPLOYMENT), name=Safe("two"), health=Health.BUSY, status=Safe("building"))
        stage.fake.rows[Kind.DEPLOYMENT, ""] = rows(made)
        await stage.time.sleep(5.0)
        assert [verdict.text for verdict in stage.verdicts] == ["two is building after 2s"]

    play(tell)


def test_a_lost_create_blocks_itself_and_not_what_else_is_made_there() -> None:
    async def tell(stage: Stage) -> None:
        parent = Ref(connection="fleet", kind=Kind.DEPLOYMENT, id="")
        stage.answers(failing(OutcomeUnknown))
        assert (await stage.do(Verb.CREATE, parent, {"name": "one"})).word == "unknown"
        stage.answers(Accepted())
        assert (await stage.do(Verb.CREATE, parent, {"name": "two"})).word == "accepted"
        assert (await stage.do(Verb.CREATE, parent, {"name": "one"})).word == "refused"

    play(tell)


@pytest.mark.parametrize("made", [True, False])
def test_of_a_webhook_that_is_made_its_host_alone_is_written_down(tmp_path: Path, made: bool) -> None:
    address, path = "https://ana:s3cret-path@hooks.test/s3cret-path", tmp_path / "state" / "journal.sqlite"
    hook = Webhook(ref=ref("w1", Kind.WEBHOOK), name=Safe(address), url=Safe(address))

    async def story() -> tuple[str, list[str]]:
        time = clock()
        journal = Journal.open(path, context="test", who="ana", now=time.wall)
        fake = FakePlatform("fleet", time, kinds={Kind.WEBHOOK: {}})
        fake.can((Kind.WEBHOOK, Verb.CREATE))

        async def run(verb: Verb, target: Ref, values: Mapping[str, Any]) -> Accepted:
            fake.rows[Kind.WEBHOOK, ""] = rows(hook)
            return Accepted(ref=hook.ref if made else None, text=Safe(f"webhook {address} created"))

        fake.on_verb = run
        said: list[str] = []
        async with session(time, fake, journal=journal) as running:
            running.verdicts.subscribe(lambda verdict: said.append(verdict.text))
            await running.settle(10.0)
            outcome = await running.do(Verb.CREATE, Ref(connection="fleet", kind=Kind.WEBHOOK, id=""), {"url": address, "events": "x"})
            await time.sleep(5.0)
        assert [each.name for each in journal.intents()] == ["hooks.test"]
        journal.close()
        return outcome.word, said

    assert vloop.run(story()) == ("accepted", ["hooks.test is there after 2s"])
    assert b"s3cret-path" not in path.read_bytes()


def test_being_cancelled_does_not_stop_a_verb() -> None:
    async def tell(stage: Stage) -> None:
        pressing = asyncio.ensure_future(stage.do(Verb.STOP))
        await stage.time.sleep(0.05)
        pressing.cancel()
        stage.now(service("web", Health.IDLE))
        await stage.time.sleep(5.0)
        assert pressing.cancelled()
        assert stage.fake.sent == [(Verb.STOP, WEB)]
        assert [verdict.word for verdict in stage.verdicts] == ["confirmed"]

    play(tell)


def test_read_only_refuses_and_cannot_be_loosened() -> None:
    async def tell(stage: Stage) -> None:
        assert stage.running.why_not(WEB, Verb.STOP) is None
        stage.running.tighten()
        assert stage.running.read_only
        why = "read-only: verbs are refused in this context"
        assert stage.running.why_not(WEB, Verb.STOP) == stage.running.why_not(Kind.SERVICE, Verb.STOP) == why
        assert (await stage.do(Verb.STOP, override=True)).text == why
        assert stage.fake.sent == []

    play(tell)


def test_read_only_holds_for_what_was_confirmed_and_has_not_left_yet() -> None:
    async def tell(stage: Stage) -> None:
        stage.running.show("pane", [])
        await stage.time.sleep(300.0)
        stage.fake.latency = 5.0
        going = asyncio.ensure_future(stage.do(Verb.STOP))
        await stage.time.sleep(1.0)
        assert not going.done(), "the service is read again first"
        stage.running.tighten()
        assert (await going).text == "read-only: verbs are refused in this context"
        assert (stage.fake.sent, stage.journal.intents) == ([], {})

    play(tell)


def test_missing_verbs_say_what_to_do_instead() -> None:
    async def tell(stage: Stage) -> None:
        why = stage.running.why_not
        assert why(ref("p", Kind.PROJECT), Verb.UPDATE) == why(Kind.PROJECT, Verb.UPDATE) == "delete it and create another one"
        assert why(Kind.ROUTE, Verb.STOP) == "fleet: dployr cannot stop a route"
        assert why(WEB, Verb.SET, kind=Kind.VARIABLE) is None
        assert why(ref("x", connection="nowhere"), Verb.STOP) == "there is no connection 'nowhere'"
        assert (await stage.do(Verb.UPDATE, ref("p", Kind.PROJECT))).word == "refused"

    play(tell)


def test_a_target_that_is_gone_or_different_is_not_touched() -> None:
    async def tell(stage: Stage) -> None:
        seen = stage.running.store.get(WEB)
        stage.now(service("web", Health.BAD))
        await stage.running.refresh()
        await stage.time.sleep(100.0)
        outcome = await stage.do(Verb.STOP, seen=seen)
        assert outcome.word == "refused"
        assert outcome.text == "web is not as it was shown: health was ok, is failed; status was running, is failed"
        assert (await stage.do(Verb.STOP, seen=stage.running.store.get(WEB))).word == "accepted"
        stage.now()
        await stage.time.sleep(100.0)
        assert (await stage.do(Verb.RESTART, seen=seen)).text == "web is gone"
        assert (await stage.do(Verb.RESTART)).text == "there is no service web on fleet"
        assert stage.fake.sent == [(Verb.STOP, WEB)]

    play(tell)


def test_what_changes_by_itself_is_no_difference() -> None:
    async def tell(stage: Stage) -> None:
        seen = stage.running.store.get(WEB)
        stage.now(service("web", cpu_share=0.9, memory_bytes=5))
        await stage.running.refresh([SERVICES])
        assert (await stage.do(Verb.STOP, seen=seen)).word == "accepted"

    play(tell)


def test_old_knowledge_is_read_again_before_anything_is_sent() -> None:
    async def tell(stage: Stage) -> None:
        await stage.time.sleep(50.0)
        while (stage.running.store.freshness(SERVICES).age(stage.time.boot()) or 0.0) < 31.0:
            await stage.time.sleep(1.0)
        stage.now()
        assert (await stage.do(Verb.STOP)).text == "there is no service web on fleet"
        assert stage.fake.sent == []

    play(tell)


def test_what_cannot_be_read_again_is_not_touched_unless_the_user_insists() -> None:
    async def tell(stage: Stage) -> None:
        stage.fake.trouble = failing(Unreachable, sent=False)
        await stage.time.sleep(100.0)
        outcome = await stage.do(Verb.STOP)
        assert outcome.word == "refused"
        assert "cannot be read" in outcome.text
        assert (await stage.do(Verb.STOP, override=True)).word == "accepted"

    play(tell)


def test_what_cannot_be_written_down_is_not_sent() -> None:
    async def tell(stage: Stage) -> None:
        stage.journal.broken = True
        outcome = await stage.do(Verb.STOP)
        assert outcome.word == "refused"
        assert outcome.text.startswith("not sent, because it cannot be written down")
        assert stage.fake.sent == []
        assert stage.running.in_flight() == ()

    play(tell)


def test_another_console_that_is_at_it_keeps_us_from_sending() -> None:
    async def tell(stage: Stage) -> None:
        stage.journal.intend(ref=WEB, kind=Kind.SERVICE, verb=Verb.STOP, request="", override=False)
        assert (await stage.do(Verb.STOP)).word == "refused"
        assert stage.fake.sent == []
        assert (await stage.do(Verb.STOP, override=True)).word == "accepted"

    play(tell)


ANSWERS: list[tuple[PlatformError | Exception, str]] = [
    (failing(Refused, status=422, fields={"port": "is taken"}), "refused"),
    (failing(Forbidden, status=403), "refused"),
    (failing(NotFound, status=404), "refused"),
    (failing(NoEndpoint, status=501), "refused"),
    (failing(RateLimited, status=429, retry_after=3.0), "refused"),
    (failing(Unauthorized, status=401), "refused"),
    (failing(HalfDone), "refused"),
    (failing(Unreachable, sent=False), "refused"),
    (failing(BadReply, sent=False), "refused"),
    (failing(Unreachable), "unknown"),
    (failing(Unavailable, status=500), "unknown"),
    (failing(BadReply), "unknown"),
    (failing(OutcomeUnknown), "unknown"),
    (ZeroDivisionError("a bug"), "unknown"),
]


@pytest.mark.parametrize(("answer", "word"), ANSWERS, ids=[type(answer).__name__ for answer, _ in ANSWERS])
def test_each_answer_has_its_outcome_and_nothing_is_sent_twice(answer: Exception, word: str) -> None:
    async def tell(stage: Stage) -> None:
        stage.answers(answer)
        outcome = await stage.do(Verb.STOP)
        assert outcome.word == word
        assert stage.said() == [[word]]
        assert (stage.running.store.pending(WEB) is not None) == (word == "unknown")
        if isinstance(answer, Refused):
            assert outcome.fields == {"port": "is taken"}
        if isinstance(answer, Forbidden):
            assert stage.running.why_not(WEB, Verb.STOP) == "refused earlier: trouble"
        if isinstance(answer, Unauthorized):
            assert stage.running.store.connection("fleet").state == "signed-out"
        await stage.time.sleep(600.0)
        assert stage.fake.sent == [(Verb.STOP, WEB)]

    play(tell)


def test_an_unknown_outcome_blocks_the_verb_until_a_read_settles_it() -> None:
    async def tell(stage: Stage) -> None:
        stage.answers(failing(OutcomeUnknown))
        await stage.do(Verb.STOP)
        assert "not known" in str(stage.running.why_not(WEB, Verb.STOP))
        assert (await stage.do(Verb.STOP)).word == "refused"
        assert len(stage.fake.sent) == 1
        stage.now(service("web", Health.IDLE))
        await stage.time.sleep(5.0)
        assert [(verdict.word, verdict.text) for verdict in stage.verdicts] == [("confirmed", "web is stopped after 2s")]
        assert stage.running.why_not(WEB, Verb.STOP) is None
        assert stage.said() == [["unknown", "confirmed"]]

    play(tell)


def test_ninety_seconds_without_effect_settle_what_would_have_shown() -> None:
    async def tell(stage: Stage) -> None:
        stage.answers(failing(OutcomeUnknown))
        await stage.do(Verb.STOP)
        await stage.time.sleep(95.0)
        assert [verdict.word for verdict in stage.verdicts] == ["failed"]
        assert "not executed" in stage.verdicts[0].text
        assert stage.running.why_not(WEB, Verb.STOP) is None

    play(tell)


def test_a_restart_that_nobody_saw_stays_unknown_until_the_user_overrides() -> None:
    async def tell(stage: Stage) -> None:
        stage.answers(failing(OutcomeUnknown))
        await stage.do(Verb.RESTART)
        await stage.time.sleep(3600.0)
        assert [verdict.word for verdict in stage.verdicts] == ["unconfirmed"]
        assert stage.running.why_not(WEB, Verb.RESTART) is not None
        stage.answers(Accepted())
        assert (await stage.do(Verb.RESTART, override=True)).word == "accepted"
        stage.now(service("web", Health.BUSY))
        await stage.time.sleep(10.0)
        stage.now(service("web"))
        await stage.time.sleep(10.0)
        assert [verdict.word for verdict in stage.verdicts] == ["unconfirmed", "confirmed"]
        assert stage.running.in_flight() == ()

    play(tell)


def test_an_outage_longer_than_our_patience_leaves_it_unknown_until_reads_come_back() -> None:
    async def tell(stage: Stage) -> None:
        stage.answers(failing(OutcomeUnknown), after=lambda: setattr(stage.fake, "trouble", failing(Unreachable)))
        await stage.do(Verb.DELETE)
        await stage.time.sleep(300.0)
        assert [verdict.word for verdict in stage.verdicts] == ["unconfirmed"]
        assert stage.running.why_not(WEB, Verb.DELETE) is not None
        stage.now()
        stage.fake.trouble = None
        await stage.time.sleep(60.0)
        assert [verdict.word for verdict in stage.verdicts] == ["unconfirmed", "confirmed"]
        assert stage.running.why_not(WEB, Verb.DELETE) is None

    play(tell)


def test_a_second_delete_that_finds_nothing_is_done() -> None:
    async def tell(stage: Stage) -> None:
        stage.answers(failing(NotFound, status=404))
        assert (await stage.do(Verb.DELETE)).word == "refused"
        assert (await stage.do(Verb.DELETE, override=True)).word == "done"

    play(tell)


def test_a_variable_is_watched_though_nobody_looks_at_variables() -> None:
    async def tell(stage: Stage) -> None:
        stage.answers(Accepted(), after=lambda: stage.fake.rows.update({(Kind.VARIABLE, "web"): rows(there)}))
        there = Variable(ref=ref("web/MODE", Kind.VARIABLE), name=Safe("MODE"), service=WEB, value=Secret("fast"))
        outcome = await stage.do(Verb.SET, WEB, {"key": "MODE", "value": Secret("fast")}, kind=Kind.VARIABLE)
        assert outcome.word == "accepted"
        await stage.time.sleep(5.0)
        assert [verdict.text.startswith("MODE is set after ") for verdict in stage.verdicts] == [True]
        asked = len(stage.fake.times("variable web"))
        await stage.time.sleep(300.0)
        assert len(stage.fake.times("variable web")) == asked
        assert "fast" not in str(stage.journal.intents)

    play(tell)


def test_what_was_overridden_is_not_looked_at_for_ever() -> None:
    async def tell(stage: Stage) -> None:
        there = Variable(ref=ref("web/MODE", Kind.VARIABLE), name=Safe("MODE"), service=WEB, value=Secret("fast"))
        stage.answers(failing(OutcomeUnknown))
        for override in (False, True):
            await stage.do(Verb.SET, WEB, {"key": "MODE", "value": Secret("fast")}, kind=Kind.VARIABLE, override=override)
            stage.answers(Accepted(), after=lambda: stage.fake.rows.update({(Kind.VARIABLE, "web"): rows(there)}))
        await stage.time.sleep(5.0)
        assert [verdict.word for verdict in stage.verdicts] == ["confirmed"]
        asked = len(stage.fake.times("variable web"))
        await stage.time.sleep(600.0)
        assert len(stage.fake.times("variable web")) == asked

    play(tell)


def test_what_is_done_at_once_needs_no_verdict() -> None:
    async def tell(stage: Stage) -> None:
        made = Ref(connection="fleet", kind=Kind.PROJECT, id="p1")
        stage.answers(Accepted(ref=made, done=True, text=Safe("project created")))
        stage.fake.rows[Kind.PROJECT, ""] = rows(Project(ref=made, name=Safe("shop")))
        outcome = await stage.do(Verb.CREATE, Ref(connection="fleet", kind=Kind.PROJECT, id=""), {"name": "shop"})
        assert (outcome.word, outcome.text, outcome.ref) == ("done", "shop: project created", made)
        await stage.time.sleep(3.0)
        assert stage.running.store.get(made) is not None
        assert stage.verdicts == []

    play(tell)


def test_a_role_that_was_refused_is_the_reason_for_a_while() -> None:
    async def tell(stage: Stage) -> None:
        new = Ref(connection="fleet", kind=Kind.PROJECT, id="")
        stage.answers(failing(Forbidden, status=403))
        assert stage.running.why_not(Kind.PROJECT, Verb.CREATE) is None
        await stage.do(Verb.CREATE, new, {"name": "shop"})
        assert stage.running.why_not(Kind.PROJECT, Verb.CREATE) == "refused earlier: trouble"
        await stage.time.sleep(601.0)
        assert stage.running.why_not(Kind.PROJECT, Verb.CREATE) is None

    play(tell)


async def test_why_a_kind_cannot_be_acted_on_is_said_by_who_has_such_things() -> None:
    time = clock()
    first, second = FakePlatform("shop", time, kinds={Kind.ROLLOUT: {}}), FakePlatform("fleet", time)
    first.instead = {(Kind.SERVICE, Verb.RESTART): "Encore cannot"}
    second.instead = {(Kind.SERVICE, Verb.RESTART): "you are a viewer"}
    running = session(time, first, second)
    assert running.why_not(Kind.SERVICE, Verb.RESTART) == "you are a viewer"
    second.can((Kind.SERVICE, Verb.RESTART))
    assert running.why_not(Kind.SERVICE, Verb.RESTART) is None


@pytest.mark.parametrize("known", [True, False])
def test_a_lost_create_is_not_taken_for_an_older_thing_of_its_name(known: bool) -> None:
    async def tell(stage: Stage) -> None:
        project = Project(ref=Ref(connection="fleet", kind=Kind.PROJECT, id="old"), name=Safe("shop"))
        stage.fake.rows[Kind.PROJECT, ""] = rows(project)
        if known:
            await stage.running.refresh([feed(Kind.PROJECT)])
        stage.answers(failing(Unreachable))
        outcome = await stage.do(Verb.CREATE, Ref(connection="fleet", kind=Kind.PROJECT, id=""), {"name": "shop"})
        assert outcome.word == "unknown"
        stage.fake.troubles.pop(Kind.PROJECT, None)
        await stage.time.sleep(100.0)
        (verdict,) = stage.verdicts
        expected = ("failed", "not executed") if known else ("unconfirmed", "one of this name, which may be older")
        assert (verdict.word, expected[1] in verdict.text) == (expected[0], True)
        assert bool(stage.running.in_flight()) is not known
        # What may be older never settles it, however often it is read.
        await stage.time.sleep(300.0)
        assert bool(stage.running.in_flight()) is not known

    play(tell, before=lambda fake: fake.troubles.update({Kind.PROJECT: failing(Unavailable, status=503)}) if not known else None)


def test_the_requests_can_be_shown_before_they_are_sent() -> None:
    async def tell(stage: Stage) -> None:
        assert [str(each) for each in stage.running.plan(Verb.STOP, WEB, {})] == ["POST /service/web/stop"]
        await stage.do(Verb.STOP)
        assert [each["request"] for each in stage.journal.intents.values()] == ["POST /service/web/stop"]

    play(tell)


def test_quitting_waits_a_moment_for_what_is_under_way_and_leaves_the_rest_open() -> None:
    async def story() -> None:
        time, journal = clock(), FakeJournal()
        for latency, said in ((3.0, [["accepted"]]), (60.0, [["accepted"], []])):
            fake = FakePlatform("fleet", time, latency=0.1)
            fake.can(*VERBS)
            fake.rows[Kind.SERVICE, ""] = rows(service("web"))
            async with session(time, fake, journal=journal) as running:
                await running.settle(10.0)
                fake.latency = latency
                doing = asyncio.ensure_future(running.do(Verb.STOP, WEB))
                await time.sleep(1.0)
                assert len(running.in_flight()) == 1
            await asyncio.gather(doing, return_exceptions=True)
            assert [each["said"] for each in journal.intents.values()] == said

    vloop.run(story())


def rolled(act: Act, *rows: Any) -> tuple[str, str]:
    return RULES[Verb.TRIGGER](act, {row.ref: row for row in rows})


def test_a_trigger_names_the_app_and_is_proved_by_its_own_rollout_alone() -> None:
    app = application("checkout", connection="shop")
    prod = environment(app, "prod")
    act = Act(ref=prod.ref, kind=Kind.ROLLOUT, verb=Verb.TRIGGER, values={"branch": "main"}, before=prod)
    assert act.name == "checkout/prod"
    theirs = rollout("checkout/prod", health=Health.BUSY)
    assert rolled(act, theirs)[0] == "wait"
    assert rolled(replace(act, made=theirs.ref), theirs) == ("yes", "rolling out")
    # What its server does not show again was not seen to go on.
    assert rolled(replace(act, made=theirs.ref), replace(theirs, snapshot=True)) == ("yes", "triggered, as its server answered")
