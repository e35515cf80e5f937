"""The dialog before a verb: which keys confirm, what has to be typed, what stays after a refusal, what is sent."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC
from typing import Any

import pytest
from textual.pilot import Pilot

from tests.ui import keyboard
from tests.ui.desk import Desk, ago, busy, ref, service, variable
from tui.engine.commands import IN_FLIGHT, Outcome
from tui.engine.feeds import Pending
from tui.engine.guardrails import Guardrail, Guardrails
from tui.engine.verdicts import Verdict
from tui.errors import RateLimited, Refused
from tui.model import Application, Deployment, Environment, Health, Kind, Ref, Rollout, Verb
from tui.platforms.base import Request
from tui.text import Safe
from tui.ui.answers import Entry
from tui.ui.app import Console
from tui.ui.form_rows import FormRows
from tui.ui.guard import HELD, Guard
from tui.ui.screens.ask import AskScreen
from tui.ui.settings import Settings

WORKER = ref(Kind.SERVICE, "svc-worker")


class Answering(Desk):
    """A desk whose verbs are answered as a test wants, and which keeps what it was asked with."""

    answer: Outcome | None = None
    delay: asyncio.Event | None = None

    async def do(self, verb: Verb, ref: Ref, values: Any = None, **more: Any) -> Any:
        self.done.append((verb, ref, {**(values or {}), "seen": more.get("seen"), "override": more.get("override")}))
        if self.delay is not None:
            await self.delay.wait()
        return self.answer or Outcome(word="accepted", text=f"{verb} accepted", ref=ref)

    def tighten(self) -> None:
        self.read_only = True


def desk(**options: Any) -> Answering:
    made = Answering(**options)
    made.__dict__.update({name: value for name, value in vars(busy()).items() if name not in {"production", "read_only", "context"}})
    return made


class Seat:
    """Somebody at the console who waits long enough between two keys, unless told otherwise."""

    def __init__(self, at: Answering, app: Console, pilot: Pilot[int]) -> None:
        self.desk, self.app, self.pilot = at, app, pilot

    async def press(self, *keys: str, slowly: bool = True) -> Seat:
        for key in keys:
            keyboard.give(self.app, key)
            await keyboard.rest(self.app)
            if slowly:
                await self.desk.pass_time(HELD * 2)
        return self

    @property
    def asks(self) -> bool:
        return isinstance(self.app.screen, AskScreen)

    def sees(self, text: str) -> bool:
        return any(text in strip.text for strip in self.app.screen._compositor.render_strips())

    @property
    def verbs(self) -> list[tuple[Verb, str]]:
        return [(verb, target.id) for verb, target, _ in self.desk.done]


@asynccontextmanager
async def seat(at: Answering | None = None, size: tuple[int, int] = (120, 40)) -> AsyncIterator[Seat]:
    at = at or desk()
    app = Console(at, settings=Settings(zone=UTC))  # type: ignore[arg-type]
    async with app.run_test(size=size) as pilot:
        yield Seat(at, app, pilot)


def test_a_key_that_is_held_is_no_answer() -> None:
    guard = Guard()
    guard.open(10.0, "enter")
    assert [guard.holds("enter", 10.0 + 0.1 * number) for number in range(1, 8)] == [True] * 7
    assert guard.holds("right", 10.2)
    assert not guard.holds("enter", 10.7 + HELD)
    assert not guard.holds("enter", 10.75 + HELD)


@pytest.mark.parametrize("key", ["r", "s"])
async def test_enter_alone_never_confirms(key: str) -> None:
    async with seat() as at:
        await at.press(key, *["enter"] * 3)
        assert at.verbs == []
        await at.press("escape", key, "right", "enter")
        assert at.verbs == [({"r": Verb.RESTART, "s": Verb.STOP}[key], "svc-worker")]


async def test_keys_typed_ahead_are_no_answer() -> None:
    async with seat() as at:
        await at.press("r", "right", "enter", "right", "enter", slowly=False)
        assert at.verbs == []
        assert at.asks


async def test_what_is_pasted_as_a_dialog_opens_is_no_answer() -> None:
    async with seat(desk(production=True)) as at:
        await at.press("s", slowly=False)
        assert isinstance(at.app.focused, Entry)
        await at.press("<worker>", slowly=False)
        assert at.app.focused.value == ""
        await at.desk.pass_time(HELD * 2)
        await at.press("<worker>")
        assert at.app.focused.value == "worker"


async def test_in_production_what_cannot_be_undone_asks_for_the_name() -> None:
    async with seat(desk(production=True)) as at:
        await at.press("s")
        assert at.sees("PRODUCTION")
        assert at.sees("type worker to confirm")
        await at.press(*"work", "enter", "right", "enter")
        assert at.verbs == []
        assert at.asks
        assert at.sees("nothing was sent: see the marked fields")
        await at.press(*"er")
        assert not at.sees("nothing was sent")
        await at.press("enter", "right", "enter")
        assert at.verbs == [(Verb.STOP, "svc-worker")]


async def test_rolling_back_offers_the_chosen_commit_and_says_what_went_well_there() -> None:
    at_desk, good = desk(), "e41f0c9b7a6d5c4b3a29181706f5e4d3c2b1a098"
    place = {"app": Safe("checkout"), "environment": Safe("prod"), "by": Safe("ana"), "status": Safe("completed")}
    rows = [
        Rollout(
            ref=ref(Kind.ROLLOUT, id_, "shop"),
            name=Safe(id_),
            target=Safe(target),
            conclusion=Safe(word),
            health=health,
            queued_at=ago(minutes=minutes),
            completed_at=ago(minutes=minutes - 3),
            **place,  # type: ignore[arg-type]
        )
        for id_, target, word, health, minutes in (
            ("roll_9", "hotfix", "failure", Health.BAD, 10),
            ("roll_8", good, "success", Health.OK, 60),
        )
    ]
    at_desk.put("shop", Kind.ROLLOUT, rows)
    async with seat(at_desk) as at:
        await at.press("3", "end", "u")
        assert at.sees("Roll back: the commit of an earlier rollout once more")
        assert at.sees(f"last that succeeded there: {good} by ana, 57m ago")
        await at.press("tab", "tab", "tab", "tab", "right", "enter")
        assert at.verbs == [(Verb.TRIGGER, "checkout/prod")]
        assert at.desk.done[0][2]["sha"] == good


async def test_of_an_adopted_rollout_nothing_is_said_that_is_not_known() -> None:
    at_desk = desk()
    adopted = Rollout(
        ref=ref(Kind.ROLLOUT, "roll_7", "shop"),
        name=Safe("checkout/prod"),
        app=Safe("checkout"),
        environment=Safe("prod"),
        conclusion=Safe("success"),
        health=Health.OK,
        queued_at=ago(minutes=9),
        completed_at=ago(minutes=5),
    )
    at_desk.put("shop", Kind.ROLLOUT, [adopted])
    async with seat(at_desk, size=(80, 24)) as at:
        await at.press("3", "u")
        assert not at.asks
        assert at.sees("what it rolled out is not known here: t asks for a commit")
        await at.press("t")
        assert at.sees("last that succeeded there: roll_7 by somebody, 5m ago")


async def test_a_commit_takes_the_place_of_the_branch_that_was_only_offered() -> None:
    at_desk = desk()
    sha = "a1b2c3d4e5f60718293a4b5c6d7e8f9012345678"
    place: dict[str, Any] = {"app": Safe("checkout"), "environment": Safe("prod"), "conclusion": Safe("success"), "health": Health.OK}
    rows = [
        Rollout(ref=ref(Kind.ROLLOUT, id_, "shop"), name=Safe(id_), target=Safe(target), queued_at=ago(minutes=minutes), **place)
        for id_, target, minutes in (("roll_9", "hotfix", 10), ("roll_8", sha, 60))
    ]
    at_desk.put("shop", Kind.ROLLOUT, rows)
    async with seat(at_desk) as at:
        await at.press("3", "home", "t")
        entries = at.app.screen.query_one(FormRows).entries
        offered = entries["branch"].value
        assert offered
        await at.press("down")
        assert (entries["sha"].value, entries["branch"].value) == (sha, "")
        entries["sha"].value = ""
        await at.press("home")
        assert entries["branch"].value == offered
        entries["branch"].value = "mine"
        entries["sha"].value = sha
        await at.press("home")
        assert entries["branch"].value == "mine", "what somebody typed stays, and is told"
        assert at.sees("give a branch or a commit, not both")
        entries["branch"].value = ""
        await at.press("tab", "tab", "tab", "right", "enter")
        assert at.desk.done[0][2]["sha"] == sha
        assert "branch" not in at.desk.done[0][2]


async def test_a_rollout_is_offered_where_what_is_selected_belongs() -> None:
    """Whoever pressed the key on a service was first offered the first environment there was, of whichever app."""
    at_desk = desk()
    app = Application(ref=ref(Kind.APPLICATION, "worker-k8mq", "shop"), name=Safe("worker-k8mq"))
    rows = [
        Environment(ref=ref(Kind.ENVIRONMENT, f"{owner.id}/prod", "shop"), name=Safe("prod"), app=owner, app_name=Safe(owner.id))
        for owner in (ref(Kind.APPLICATION, "checkout", "shop"), app.ref)
    ]
    at_desk.put("shop", Kind.APPLICATION, [app])
    at_desk.put("shop", Kind.ENVIRONMENT, rows)
    async with seat(at_desk) as at:
        for tab in ((), ("right", "G")):
            await at.press("2", *(tab or ("g",)), "t")
            assert at.sees("worker-k8mq/prod"), tab
            await at.press("escape")


async def test_what_a_server_takes_where_a_choice_is_left_empty_stands_there() -> None:
    async with seat() as at:
        await at.press("t")
        screen = "\n".join(strip.text for strip in at.app.screen._compositor.render_strips())
        assert re.findall(r"(Skip the tests|Build again) +left empty: no ", screen) == ["Skip the tests", "Build again"]


@pytest.mark.parametrize("size", [(80, 24), (120, 40)])
async def test_a_long_answer_pushes_neither_the_choice_nor_its_keys_off_the_screen(size: tuple[int, int]) -> None:
    """A form as high as the screen had no line for its keys, and none for the choice where a server refused in many words."""
    async with seat(size=size) as at:
        await at.press("2", "d")
        assert at.sees("esc cancels"), "before it was sent"
        screen = at.app.screen
        assert isinstance(screen, AskScreen)
        screen.say("refused: " + "no machine of this cluster has room for it, " * 8, "bad")
        await at.pilot.pause()
        for said in ("refused: no machine", "[ Cancel ]", "esc cancels"):
            assert at.sees(said), said


async def test_in_a_field_the_last_line_says_what_enter_does_there() -> None:
    """It told how to trigger with the keys that only the choice knows: whoever pressed them went on to the next field."""
    async with seat() as at:
        await at.press("3", "home", "t")
        assert isinstance(at.app.focused, Entry)
        assert at.sees("↵ goes on, at the end → and ↵ to trigger · esc cancels")
        for _ in range(9):
            if not isinstance(at.app.focused, Entry):
                break
            await at.press("enter")
        assert at.verbs == []
        assert at.sees("→ and ↵ to trigger · tab next · esc cancels")
        await at.press("right", "enter")
        assert [verb for verb, _ in at.verbs] == [Verb.TRIGGER]


async def test_stars_that_stand_for_a_secret_are_never_offered_to_be_sent() -> None:
    at_desk = desk()
    remote, command = Safe("https://***@git.example.com/shop/worker"), Safe("./worker --queue mail")
    again = Deployment(ref=ref(Kind.DEPLOYMENT, "dep-9"), name=Safe("worker"), service=Safe("worker"), remote=remote, run_cmd=command)
    at_desk.put("fleet", Kind.DEPLOYMENT, [again])
    async with seat(at_desk) as at:
        await at.press("d")
        assert at.sees(command)
        assert not at.sees("***")


async def test_a_deployment_is_filled_in_from_the_service_as_far_as_anything_is_known() -> None:
    """The image was left out, and of a service without a listed deployment everything, its name too."""
    at_desk = desk()
    worker = next(row for row in at_desk.store.rows(Kind.SERVICE) if row.ref == WORKER)
    at_desk.put("fleet", Kind.DEPLOYMENT, [])
    at_desk.put("fleet", Kind.SERVICE, [replace(worker, runtime=Safe("python"), version=Safe("3.12"))])
    made = Deployment(ref=ref(Kind.DEPLOYMENT, "dep-9"), name=Safe("worker"), source=Safe("image"), image=Safe("registry.test/worker:7"))
    async with seat(at_desk) as at:
        await at.press("2", "d")
        screen = at.app.screen
        assert isinstance(screen, AskScreen)
        assert [screen._entries[name].value for name in ("name", "runtime", "version", "source")] == ["worker", "python", "3.12", ""]
        at_desk.put("fleet", Kind.DEPLOYMENT, [made])
        await at.press("escape", "d")
        assert [screen._entries[name].value for name in ("name", "source", "image")] == ["worker", "image", "registry.test/worker:7"]


async def test_what_is_sent_was_seen_when_the_key_was_pressed() -> None:
    async with seat() as at:
        before = at.desk.store.get(WORKER)
        await at.press("s")
        assert before is not None
        at.desk.put("fleet", Kind.SERVICE, [service("aaa"), replace(before, status=Safe("crashed"), health=Health.BAD)])
        await keyboard.rest(at.app)
        assert at.sees("changed since: ")
        await at.press("right", "enter")
        assert at.verbs == [(Verb.STOP, "svc-worker")]
        assert at.desk.done[0][2]["seen"] is before


async def test_a_refusal_stands_at_its_field_and_nothing_typed_is_lost() -> None:
    async with seat() as at:
        at.desk.answer = Outcome(word="refused", text="no such key", fields={"key": "is reserved"}, ref=WORKER)
        await at.press("v", *"PATH", "enter", *"hunter2", "enter", "right", "enter")
        assert at.verbs == [(Verb.SET, "svc-worker")]
        assert at.asks
        assert at.sees("✗ is reserved")
        assert at.sees("refused: no such key")
        assert at.sees("PATH")
        assert not at.sees("hunter2")


async def test_variables_of_a_deployment_are_dots_and_not_kept_for_another_try() -> None:
    """They were drawn as they were typed, and stood there again after a refusal."""
    at_desk = desk()
    at_desk.put("fleet", Kind.DEPLOYMENT, [Deployment(ref=ref(Kind.DEPLOYMENT, "dep-9"), name=Safe("worker"))])
    async with seat(at_desk) as at:
        at.app.open_list(Kind.DEPLOYMENT)
        at_desk.answer, at_desk.delay = Outcome(word="refused", text="no such key", ref=WORKER), asyncio.Event()
        await at.press("e", "2", "2", "tab", *"TOKEN=hunter2")
        assert at.sees("•" * len("TOKEN=hunter2"))
        assert not at.sees("hunter2")
        await at.press("enter", "right", "enter", "escape")
        at_desk.delay.set()
        await keyboard.rest(at.app)
        await at.press("e")
        screen = at.app.screen
        assert isinstance(screen, AskScreen)
        assert {name: entry.value for name, entry in screen._entries.items() if entry.value} == {"version": "22"}
        assert at_desk.done[0][2]["env"] == {"TOKEN": "hunter2"}


async def test_of_a_secret_that_is_pasted_no_line_is_left_out() -> None:
    """A key of several lines was set to its first one, and the dots did not tell."""
    async with seat() as at:
        await at.press("v", *"TLS_KEY", "enter", "<-----BEGIN-----\rc2VjcmV0\r\n-----END-----\r>", "enter", "right", "enter")
        assert at.desk.done[0][2]["value"].reveal() == "-----BEGIN-----\nc2VjcmV0\n-----END-----"


async def test_picking_one_of_several_leaves_what_stands_before_it() -> None:
    """Down put its first word in the place of everything that was typed."""
    async with seat() as at:
        at.app.open_list(Kind.WEBHOOK)
        await at.press("n", *"https://a.test/b", "enter", "down", "down", *",nonsense", "down")
        assert isinstance(at.app.focused, Entry)
        assert at.app.focused.value == "deployment.failed, deployment.created"


async def test_who_was_asked_too_often_says_for_how_long_it_wants_to_be_left_alone() -> None:
    async with seat() as at:
        error = RateLimited("fleet.test answered POST /restart with 429", connection="fleet", retry_after=77.0)
        at.desk.answer = Outcome(word="refused", text=str(error), error=error, ref=WORKER)
        await at.press("r", "right", "enter")
        assert at.sees("with 429: wait 77 s")


async def test_what_was_typed_survives_a_refusal_that_came_after_the_dialog_was_closed() -> None:
    async with seat() as at:
        at.desk.answer = Outcome(word="refused", text="no such key", ref=WORKER)
        at.desk.delay = asyncio.Event()
        await at.press("v", *"PATH", "enter", *"hunter2", "enter", "right", "enter")
        assert at.sees("sending…")
        await at.press("escape")
        assert not at.asks
        at.desk.delay.set()
        await at.app.workers.wait_for_complete()
        await keyboard.rest(at.app)
        assert at.sees("no such key · the same key has what was typed")
        await at.press("v")
        assert at.sees("PATH")
        assert not at.sees("hunter2")
        assert at.app.focused is not None
        await at.press(*"hunter3", "enter", "right", "enter", "escape")
        assert [value.reveal() for value in (each["value"] for _, _, each in at.desk.done)] == ["hunter2", "hunter3"]


async def test_the_age_of_what_a_dialog_shows_goes_on() -> None:
    async with seat() as at:
        await at.press("r")
        assert not at.sees("as of 5m ago · dployr")
        await at.desk.pass_time(300.0)
        at.app._tick()
        await keyboard.rest(at.app)
        assert at.sees("as of 5m ago · dployr")
        at.desk.put("fleet", Kind.SERVICE, [service("aaa"), at.desk.store.get(WORKER)])
        at.app._tick()
        await keyboard.rest(at.app)
        assert not at.sees("as of 5m ago · dployr")


async def test_what_is_in_flight_is_not_said_to_be_after_the_verdict() -> None:
    async with seat() as at:
        at.desk.refused[Verb.RESTART] = IN_FLIGHT.format(Verb.RESTART)
        await at.press("r")
        assert at.sees("restart is still in flight")
        at.app._verdict(
            Verdict(
                ref=WORKER, kind=Kind.SERVICE, verb=Verb.RESTART, intent=1, word="confirmed", text="worker is running again", seconds=4.0
            )
        )
        await keyboard.rest(at.app)
        assert not at.sees("still in flight")
        assert at.sees("worker is running again")


async def test_what_nobody_knows_the_outcome_of_is_sent_again_only_by_typing() -> None:
    async with seat() as at:
        pending = Pending(ref=WORKER, kind=Kind.SERVICE, verb=Verb.RESTART, word="unknown", at=at.desk.clock.wall(), since=0.0)
        at.desk.store.mark(pending)
        await at.press("r", "tab", "right", "enter")
        assert at.verbs == []
        assert at.sees("type override to confirm")
        await at.press("escape", "r", *"override", "enter", "right", "enter")
        assert at.verbs == [(Verb.RESTART, "svc-worker")]
        assert at.desk.done[0][2]["override"] is True


@pytest.mark.parametrize(("anyway", "count"), [(False, 1), (True, 3)])
async def test_several_marked_things_stop_at_the_first_refusal_unless_told_otherwise(anyway: bool, count: int) -> None:
    async with seat() as at:
        at.desk.answer = Outcome(word="refused", text="no", ref=WORKER)
        await at.press("space", "down", "space", "down", "space")
        assert at.sees("3 marked")
        await at.press("s")
        assert at.sees("Stop 3 services")
        await at.press(*(("down",) if anyway else ()), "enter", "right", "enter")
        assert len(at.verbs) == count


async def test_a_guardrail_asks_for_the_name_and_lets_only_so_many_be_done_at_once() -> None:
    at_desk = desk()
    at_desk.guardrails = Guardrails([Guardrail(names=("worker",), typed=True), Guardrail(verbs=frozenset({Verb.RESTART}), at_most=2)])
    async with seat(at_desk) as at:
        await at.press("r", *"worke", "enter", "right", "enter")
        assert at.verbs == []
        await at.press("escape", "r", *"worker", "enter", "right", "enter")
        assert at.verbs == [(Verb.RESTART, "svc-worker")]
        await at.press("space", "down", "space", "down", "space", "r")
        assert not at.asks
        assert at.sees("a guardrail allows 2 at once to restart: 3 are marked")


async def test_a_guardrail_asks_for_the_name_of_what_is_picked_in_the_dialog() -> None:
    """It asked for "trigger 0"."""
    at_desk = desk()
    at_desk.guardrails = Guardrails([Guardrail(verbs=frozenset({Verb.TRIGGER}), typed=True)])
    at_desk.put("shop", Kind.ROLLOUT, [])
    async with seat(at_desk) as at:
        await at.press("3", "t")
        assert at.sees("checkout/staging on shop")
        assert at.sees("type staging to confirm")
        await at.press(*"main", "tab", "tab", "tab", "tab", *"staging", "enter", "right", "enter")
        assert at.verbs == [(Verb.TRIGGER, "checkout/staging")]


async def test_before_an_app_is_deleted_nobody_is_told_that_it_has_no_environments() -> None:
    """Where none was read yet, or none may be, there may be any number."""
    at_desk = desk()
    async with seat(at_desk) as at:
        for count, told in ((3, "with 3 environments and everything in them"), (1, "with 1 environment and"), (0, "with all its env")):
            kept = [row for row in at_desk.store.rows(Kind.ENVIRONMENT, "vault") if row.app.id == "uuid-billing"]  # type: ignore[attr-defined]
            at_desk.put("vault", Kind.ENVIRONMENT, kept[:count])
            at.app.open_detail(ref(Kind.APPLICATION, "uuid-billing", "vault"))
            await at.press("X")
            assert at.sees(told)
            await at.press("escape")


async def test_what_is_gone_is_asked_nothing_of_although_a_list_that_stands_still_shows_it() -> None:
    """The dialog said nothing of it, and what it sent was not held against what had been seen."""
    async with seat() as at:
        await at.press("f")
        others = [row for row in at.desk.store.rows(Kind.SERVICE) if row.ref != WORKER]
        at.desk.put("fleet", Kind.SERVICE, others)
        await at.press("r")
        assert not at.asks
        assert at.sees("svc-worker is no longer listed: nothing can be done there")
        await at.press("space", "down", "space", "r")
        assert not at.asks, "nor of others that are marked with it"
        assert at.verbs == []


async def test_a_variable_is_masked_until_asked_for_and_copied_only_then() -> None:
    async with seat() as at:
        worker = at.desk.store.get(WORKER)
        at.desk.put("fleet", Kind.VARIABLE, [variable("TOKEN", worker)], scope=WORKER.id)  # type: ignore[arg-type]
        await at.press("enter", "end")
        assert at.sees("TOKEN")
        assert not at.sees("hunter2")
        await at.press("y")
        assert at.sees("its value is masked")
        await at.press("escape", "enter", "end", "space")
        assert at.sees("hunter2")
        await at.press("space")
        assert not at.sees("hunter2")


async def test_read_only_can_only_be_tightened() -> None:
    async with seat() as at:
        await at.press("exclamation_mark")
        assert at.sees("READ-ONLY")
        await at.press("s", "right", "enter")
        assert at.verbs == []
        assert at.desk.read_only


async def test_what_the_api_lacks_is_said_with_what_to_do() -> None:
    async with seat() as at:
        for key, said in {"p": "approve or reject", "x": "cancel a rollout", "l": "show the log of a rollout"}.items():
            await at.press("3", key)
            assert at.sees(f"Encore's API cannot {said}")
            assert at.sees("copied with o")


async def test_a_change_begins_at_the_first_field_and_what_is_made_at_the_first_that_is_missing() -> None:
    async with seat() as at:
        await at.press("1", "e")
        assert isinstance(at.app.focused, Entry)
        assert at.app.focused.field == "name"
        assert at.app.focused.value
        await at.press("escape", "2", "d")
        assert isinstance(at.app.focused, Entry)
        assert not at.app.focused.value


async def test_a_key_of_another_kind_says_what_to_select() -> None:
    async with seat() as at:
        at.app.open_list(Kind.WEBHOOK)
        await at.press("r")
        assert not at.asks
        assert at.sees("select a service first")


async def test_what_the_adapter_would_not_send_stands_at_its_field_before_anything_is_sent() -> None:
    async with seat() as at:
        unclear = Refused("not sent", connection="shop", fields={"app": "must be one of shop, back"}, sent=False)

        def plan(verb: Verb, ref: Ref, values: Any, *, kind: Kind | None = None) -> Any:
            if not values.get("app"):
                raise unclear
            return (Request(method="GET", path="/rollouts"),)

        at.desk.plan = plan  # type: ignore[method-assign]
        await at.press("3", "i", *"219t7dcb0mgd0vq9i9gg", "enter", "enter", "enter", "enter")
        assert at.verbs == []
        assert at.sees("✗ must be one of shop, back")
        assert not at.sees("Sends, once")
        await at.press(*"shop", "enter", "enter", "enter")
        assert at.verbs == [(Verb.ADOPT, "")]


@pytest.mark.parametrize("key", ["r", "d", "t", "v"])
async def test_on_a_small_screen_the_choice_is_seen_whatever_is_asked(key: str) -> None:
    async with seat(size=(80, 24)) as at:
        await at.press(key)
        assert at.sees("[ Cancel ]")
        assert at.sees("esc cancels")


@pytest.mark.parametrize("moved", [False, True])
async def test_what_was_begun_here_is_gone_to_where_it_is_listed_unless_one_went_elsewhere(moved: bool) -> None:
    many = desk()
    old = next(row for row in many.store.rows(Kind.ROLLOUT) if row.completed_at is not None)
    rows = [replace(old, ref=ref(Kind.ROLLOUT, f"old-{number}", "shop")) for number in range(20)]
    many.put("shop", Kind.ROLLOUT, rows)
    async with seat(many) as at:
        await at.press("3", "down", "down")
        pane = at.app.console_screen.rollouts
        made = ref(Kind.ROLLOUT, "roll_new", "shop")
        many.answer = Outcome(word="accepted", text="roll_new is pending", ref=made)
        await at.press("t")
        while isinstance(at.app.focused, Entry):
            await at.press("enter")
        await at.press("right", "enter")
        assert [verb for verb, _ in at.verbs] == [Verb.TRIGGER]
        assert not at.asks
        await at.press(*["down"] * moved)
        before = pane.selected
        many.put("shop", Kind.ROLLOUT, [replace(old, ref=made, completed_at=None, health=Health.BUSY, target=Safe("brand-new")), *rows])
        await keyboard.rest(at.app)
        assert pane.selected == (before if moved else made)
        assert at.sees("brand-new") is not moved, "it is in sight as well"
