"""Every verb of every platform in both flavours, on good and bad days, through real sockets: executed at most once each.

The emulator counts what took effect; what we believe of it is compared with that. Nobody here retries, and nothing is sent again while
it is not known whether it was done.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Coroutine, Iterator, Mapping
from contextlib import asynccontextmanager, closing, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import pytest

from tests.platforms.test_emulated import adapter as documented
from tests.platforms.test_emulated import remembered
from tests.platforms.test_emulated_current import adapter as current
from tui.clock import ManualClock
from tui.emulator import Options, read_flavours, start_in_thread
from tui.emulator.server import Emulator
from tui.engine.commands import Outcome
from tui.engine.session import Session
from tui.engine.verdicts import Verdict
from tui.errors import HalfDone
from tui.local.journal import Journal
from tui.model import Kind, Ref, Resource, Verb
from tui.text import Secret

STARTED = datetime(2025, 9, 6, 22, 31, tzinfo=UTC)
SHA = "a1b2c3d4e5f60718293a4b5c6d7e8f9012345678"

VALUES: Mapping[tuple[Kind, Verb], Mapping[str, Any]] = {
    (Kind.ROLLOUT, Verb.TRIGGER): {"sha": SHA},
    (Kind.DEPLOYMENT, Verb.CREATE): {
        "name": "night-shift",
        "source": "remote",
        "runtime": "nodejs",
        "version": "20",
        "remote": "https://github.com/user/repo",
        "branch": "main",
        "run_cmd": "npm start",
        "port": 3000,
    },
    (Kind.DEPLOYMENT, Verb.UPDATE): {"version": "22"},
    (Kind.VARIABLE, Verb.SET): {"key": "NIGHT_KEY", "value": Secret("hush")},
    (Kind.PROJECT, Verb.CREATE): {"name": "night"},
    (Kind.WEBHOOK, Verb.CREATE): {"url": "https://example.com/night", "events": ["deployment.failed"]},
    (Kind.ROUTE, Verb.CREATE): {"domain": "night.example.com", "port": 3000},
    (Kind.APPLICATION, Verb.CREATE): {"name": "night"},
    (Kind.APPLICATION, Verb.UPDATE): {"description": "after dark"},
    (Kind.ENVIRONMENT, Verb.CREATE): {"name": "canary"},
    (Kind.ENVIRONMENT, Verb.UPDATE): {"name": "canary-2"},
}
GONE_SOON: Mapping[Kind, tuple[Verb, Mapping[str, Any]]] = {
    Kind.VARIABLE: (Verb.SET, {"key": "GONE_SOON", "value": Secret("hush")}),
    Kind.ROUTE: (Verb.CREATE, {"domain": "gone-soon.example.com", "port": 3000}),
}
"""What is made only to be deleted, where a server has nothing of it."""
DEED = tuple[Kind, Verb]
SERVICE_VERBS: tuple[DEED, ...] = tuple((Kind.SERVICE, verb) for verb in (Verb.START, Verb.STOP, Verb.RESTART))
DPLOYR: tuple[DEED, ...] = (
    *SERVICE_VERBS,
    *((Kind.DEPLOYMENT, verb) for verb in (Verb.CREATE, Verb.UPDATE, Verb.DELETE)),
    (Kind.VARIABLE, Verb.SET),
    (Kind.VARIABLE, Verb.DELETE),
    (Kind.ROUTE, Verb.CREATE),
    (Kind.ROUTE, Verb.DELETE),
    (Kind.WEBHOOK, Verb.CREATE),
)
PHASE: tuple[DEED, ...] = tuple(
    (kind, verb) for kind in (Kind.APPLICATION, Kind.ENVIRONMENT) for verb in (Verb.CREATE, Verb.UPDATE, Verb.DELETE)
)
DEEDS: Mapping[tuple[str, str], tuple[DEED, ...]] = {
    ("encore", "documented"): ((Kind.ROLLOUT, Verb.TRIGGER),),
    ("encore", "current"): ((Kind.ROLLOUT, Verb.TRIGGER),),
    ("dployr", "documented"): (*DPLOYR, (Kind.PROJECT, Verb.CREATE), (Kind.PROJECT, Verb.DELETE)),
    ("dployr", "current"): DPLOYR,
    ("phase", "documented"): PHASE,
    ("phase", "current"): PHASE,
}
"""Every verb that sends something; what each platform really offers is compared with it."""

ABOVE: Mapping[DEED, Kind] = {
    (Kind.ROLLOUT, Verb.TRIGGER): Kind.ENVIRONMENT,
    (Kind.VARIABLE, Verb.SET): Kind.SERVICE,
    (Kind.ENVIRONMENT, Verb.CREATE): Kind.APPLICATION,
}
"""What a verb is aimed at, where that is not the kind itself."""


@dataclass(frozen=True)
class Day:
    """A good or bad day: how often the verb is really done then, and the fault."""

    executed: int
    fault: Mapping[str, Any] | None = None


DAYS = {
    "ok": Day(1),
    "refused": Day(0, {"kind": "status", "status": 422, "body": '{"error": "no such luck"}', "content_type": "application/json"}),
    "unauthorised": Day(0, {"kind": "status", "status": 401, "body": '{"error": "who?"}', "content_type": "application/json"}),
    "misread": Day(0, {"kind": "status", "status": 400, "body": '{"error": "what?"}', "content_type": "application/json"}),
    "forbidden": Day(0, {"kind": "status", "status": 403, "body": '{"error": "not you"}', "content_type": "application/json"}),
    "in conflict": Day(0, {"kind": "status", "status": 409, "body": '{"error": "there is one"}', "content_type": "application/json"}),
    "broken": Day(0, {"kind": "status", "status": 500, "body": '{"error": "oh no"}', "content_type": "application/json"}),
    "rate limited": Day(0, {"kind": "status", "status": 429, "headers": {"retry-after": "7"}}),
    "server error": Day(0, {"kind": "html", "status": 502}),
    "lost before": Day(0, {"kind": "drop-before"}),
    "lost in the answer": Day(1, {"kind": "cut"}),
    "lost after": Day(1, {"kind": "drop-after"}),
}
SURE = {"ok": "taken"} | dict.fromkeys(("refused", "unauthorised", "misread", "forbidden", "in conflict", "rate limited"), "refused")
"""Days on which there is nothing to doubt."""
CASES = [(platform, flavour, kind, verb) for (platform, flavour), deeds in DEEDS.items() for kind, verb in deeds]
SOON = frozenset({"ok", "refused", "lost after"})
THOROUGH = ("dployr", "documented", Kind.SERVICE, Verb.RESTART)
"""The days that every verb has in each run, and the one with all of them; the whole product is in the soak."""


def product() -> list[Any]:
    """Every verb of every platform in both flavours on every day."""
    return [
        pytest.param(
            *case,
            named,
            id="-".join(map(str, (*case, named))),
            marks=[] if named in SOON or case == THOROUGH else [pytest.mark.soak],
        )
        for case in CASES
        for named in DAYS
    ]


class Machine:
    """One emulator in one flavour, and what took effect on it."""

    def __init__(self, emulator: Emulator) -> None:
        self.emulator = emulator

    def executed(self) -> Counter[str]:
        """What changed something, by request line; signing in is nothing."""
        rows = self.emulator.do(lambda control: control.world.ledger.rows())
        changing = [row for row in rows if row["method"] != "GET" and "auth" not in row["path"] and "token" not in row["path"]]
        return Counter({f"{row['method']} {row['path']} {row['target']}": row["executed"] for row in changing if row["executed"]})

    @contextmanager
    def day(self, day: Day, platform: str, method: str, path: str) -> Iterator[None]:
        if day.fault is not None:
            self.emulator.do(lambda control: control.fault(platform=platform, method=method, path=path, **day.fault))
        try:
            yield
        finally:
            self.emulator.do(lambda control: control.clear_faults())

    @asynccontextmanager
    async def session(self, platform: str, flavour: str) -> AsyncIterator[Session]:
        """A session whose clock stands still: it reads when it is told to."""
        # The two benches sign in as their flavour wants it.
        adapter = {"documented": documented, "current": current}[flavour if platform == "dployr" else "documented"]
        memory = remembered(self.emulator.info) if platform == "encore" else None
        clock = ManualClock(STARTED)
        own: dict[str, Any] = {"clock": clock} if adapter is current else {}
        async with adapter(self.emulator, platform, memory=memory, flavour=flavour, **own) as opened:
            journal = Journal.memory(context="here", who="a test", now=clock.wall)
            with closing(journal):
                session = Session(
                    context="here",
                    production=False,
                    read_only=False,
                    platforms=(opened,),
                    clock=clock,
                    journal=journal,
                )
                async with session:
                    yield session


@pytest.fixture(scope="module")
def machines() -> Iterator[Any]:
    made: dict[tuple[str, str, str], Machine] = {}

    def machine(platform: str, flavour: str, deed: str = "") -> Machine:
        # One for each verb: the servers limit how often they can be asked, and time stands still.
        key = (platform, flavour, deed if platform == "dployr" else "")
        if key not in made:
            # Where a cluster has several machines the control plane is not asked for a change before its stream said which one it is on.
            scenario = "calm" if (platform, flavour) == ("dployr", "current") else "busy"
            options = Options(
                scenario=scenario, now=STARTED.timestamp(), frozen=True, per_minute=100_000, flavours=read_flavours(f"{platform}={flavour}")
            )
            made[key] = Machine(start_in_thread(options))
        return made[key]

    yield machine
    for each in made.values():
        failures = each.emulator.do(lambda control: list(control.world.ledger.failures))
        each.emulator.stop()
        assert failures == []


async def target_of(session: Session, platform: str, kind: Kind, verb: Verb, values: dict[str, Any]) -> tuple[Ref, Resource | None]:
    """Something that this verb can be done to, as it was read just now; for a create its parent, or only the connection."""
    if (kind, verb) == (Kind.ROUTE, Verb.CREATE):
        values["service_id"] = (await _rows(session, platform, Kind.SERVICE))[0].ref.id
    above = ABOVE.get((kind, verb), kind)
    if verb is Verb.CREATE and above is kind:
        return Ref(connection=platform, kind=kind, id=""), None
    if (platform, session._connections[platform].platform.flavour, verb) == ("dployr", "current", Verb.DELETE) and kind in GONE_SOON:
        # This server has none that could be taken away, or too few for all days.
        owner = (await _rows(session, platform, Kind.SERVICE))[0].ref
        aim = owner if kind is Kind.VARIABLE else Ref(connection=platform, kind=kind, id="")
        more = {"service_id": owner.id} if kind is Kind.ROUTE else {}
        await session.do(GONE_SOON[kind][0], aim, {**GONE_SOON[kind][1], **more}, kind=kind)
        await session.refresh(session.feeds(kind))
    rows = await _rows(session, platform, above)
    wanted = {Verb.START: "stopped", Verb.STOP: "running", Verb.RESTART: "running"}.get(verb)
    locked = {app.ref for app in await _rows(session, platform, Kind.APPLICATION) if app.encrypted is False} if platform == "phase" else ()
    rows = [row for row in rows if row.ref not in locked and getattr(row, "app", None) not in locked]
    if (kind, verb) == (Kind.DEPLOYMENT, Verb.UPDATE):
        rows = [row for row in rows if getattr(row, "runtime", "") == "nodejs"]
    row = ([row for row in rows if wanted is None or row.status == wanted] or rows)[-1]
    row = next((row for row in rows if str(row.name) in {"GONE_SOON", "gone-soon.example.com"}), row)
    return row.ref, row


async def acted(session: Session, doing: Coroutine[Any, Any, Outcome]) -> Outcome:
    """Do it while time goes by as far as a verb may wait in between (a restart of a server that has none is a stop and a start)."""
    clock, task = session.clock, asyncio.ensure_future(doing)
    assert isinstance(clock, ManualClock)
    while not task.done():
        # Only for who looks again and again: a deadline does not come nearer by it.
        if clock._sleepers and clock._sleepers[0][0] <= clock.boot() + 0.5:
            await clock.advance(0.5, turns=2)
        await asyncio.wait({task}, timeout=0.01)
    return task.result()


async def _rows(session: Session, platform: str, kind: Kind) -> list[Resource]:
    read = session._connections[platform].platform.reads[kind]
    scopes = [row.ref.id for row in await _rows(session, platform, read.per)] if read.per is not None else [""]
    found = [row for scope in scopes[:6] for row in (await read.fetch(scope)).items]
    assert found, f"{platform} has no {kind}"
    return found


@pytest.mark.parametrize(("platform", "flavour", "kind", "verb", "named"), product())
async def test_a_verb_is_executed_at_most_once(machines: Any, platform: str, flavour: str, kind: Kind, verb: Verb, named: str) -> None:
    machine, day = machines(platform, flavour, f"{kind} {verb}"), DAYS[named]
    async with machine.session(platform, flavour) as session:
        settled: dict[int | None, Verdict] = {}
        session.verdicts.subscribe(lambda verdict: settled.update({verdict.intent: verdict}))
        values = {**VALUES.get((kind, verb), {})}
        for name in {"name", "domain", "description", "url"} & values.keys():
            # Another one each day: what is there already would prove nothing.
            another = f"n{list(DAYS).index(named)}-{kind}-{verb}"
            values[name] = {"domain": f"{another}.example.com", "url": f"https://{another}.example.com"}.get(name, another)
        target, _ = await target_of(session, platform, kind, verb, values)
        last = session.plan(verb, target, values, kind=kind)[-1]
        before = machine.executed()
        # What is called by its name until it was read is sent by its id.
        path = "/v1/services/*" if last.method == "PATCH" and flavour == "current" and platform == "dployr" else last.path
        with machine.day(day, platform, last.method, path):
            outcome = await acted(session, session.do(verb, target, values, kind=kind))
        after = machine.executed() - before
        done = sum(after.values())
        assert all(count == 1 for count in after.values()), after
        assert done == day.executed or len(session.plan(verb, target, values, kind=kind)) > 1, (after, outcome)
        # What is said may be less than what is so (a read may settle what an answer left open), never another thing.
        said = {"done": "taken", "accepted": "taken"}.get(outcome.word, outcome.word)
        half = isinstance(outcome.error, HalfDone) and "stop was accepted" in outcome.text
        assert said in ({"taken", "unknown"} if done and not half else {"refused", "unknown"}), outcome
        assert named not in SURE or said == SURE[named], outcome
        assert not half or done == 1, "the stop was done and is told"
        if outcome.word == "unknown":
            again = await session.do(verb, target, values, kind=kind)
            if "not known" not in again.text and outcome.intent in settled:
                # A read came in first and showed that it was done: what was asked now is another one.
                assert done == 1
                assert settled[outcome.intent].word == "confirmed"
                return
            assert again.word == "refused"
            assert "not known" in again.text
            assert machine.executed() - before == after


@pytest.mark.parametrize(("platform", "flavour"), DEEDS)
async def test_no_verb_is_left_out(machines: Any, platform: str, flavour: str) -> None:
    async with machines(platform, flavour).session(platform, flavour) as session:
        offered = {deed for deed in session._connections[platform].platform.verbs if deed[1] is not Verb.ADOPT}
        # A rollout is triggered at an environment; aimed at a rollout or an environment it is the same call.
        assert {(Kind.ROLLOUT, verb) if verb is Verb.TRIGGER else (kind, verb) for kind, verb in offered} == set(DEEDS[platform, flavour])


async def test_a_double_press_is_one_request(machines: Any) -> None:
    machine = machines("dployr", "documented")
    async with machine.session("dployr", "documented") as session:
        target, _ = await target_of(session, "dployr", Kind.SERVICE, Verb.RESTART, {})
        before = machine.executed()
        outcomes = await asyncio.gather(*(session.do(Verb.RESTART, target) for _ in range(5)))
        assert sorted(each.word for each in outcomes) == ["accepted", *["refused"] * 4]
        assert sum((machine.executed() - before).values()) == 1
