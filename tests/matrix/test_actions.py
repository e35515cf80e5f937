"""A1 to A3: mashed keys, rows that move between two keys, answers that are lost. Counted where it counts: on what was sent."""

from __future__ import annotations

import asyncio
from random import Random
from urllib.parse import urlsplit

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from textual import events

from tests.engine.fakes import FakeJournal
from tests.matrix.proxy import FaultProxy, Toxics
from tests.platforms.bench import Memory
from tests.ui.desk import busy, fleet, service
from tests.ui.test_console import Seat, seat
from tui.clock import SystemClock
from tui.emulator import Options, start_in_thread
from tui.engine.session import Session
from tui.model import Health, Kind, Verb
from tui.platforms.base import ConnectionSpec, SignIn
from tui.platforms.http import Transport
from tui.platforms.registry import open_platform
from tui.text import Secret

KEYS = [
    *"12340abcdefghijklmnoprstuvwxyzXGY[]/:?~<;|",
    "up",
    "down",
    "left",
    "right",
    "tab",
    "escape",
    "home",
    "end",
    "pagedown",
    "delete",
    "space",
]
BROKEN = (
    [["escape", "[", key] for key in "ABCDHFMPQRS"]
    + [["escape", "O", key] for key in "PQRS"]
    + [["escape", "[", "3", "~"], ["[", "<", "0", ";", "9", "M"]]
)
"""Escape sequences that a slow link delivers as keys."""


async def send(at: Seat, key: str) -> None:
    event = events.Key(key, key if len(key) == 1 else None)
    event.set_sender(at.app)
    at.app.post_message(event)


async def mashed(count: int, seed: int) -> int:
    """Press so many random keys over rows that change all the time, enter left out of half of it; verbs that were asked for."""
    chance = Random(seed)  # noqa: S311
    desk = busy()
    desk.production = True
    async with seat(desk) as at:
        number = pressed = 0
        while pressed < count:
            number += 1
            keys = chance.choice(BROKEN) if chance.random() < 0.5 else [chance.choice(KEYS)]
            pressed += len(keys)
            for key in keys:
                await send(at, key)
            if number % 10 == 0:
                await asyncio.sleep(0)
                names = [f"svc-{chance.randrange(9)}" for _ in range(chance.randrange(6))]
                desk.put("fleet", Kind.SERVICE, [service(name, chance.choice(list(Health))) for name in dict.fromkeys(names)])
            if number % 50 == 0:
                await at.wait()
                await desk.pass_time(1.0)
            if number % 400 == 0:
                await at.pilot.resize_terminal(chance.randrange(1, 200), chance.randrange(1, 60))
                await at.app._post_message(events.Paste("y\nyes\nR\n"))
            if not at.app.is_running:
                break
            if number % 100 == 99:
                fleet(desk)
                if at.app._exception is not None:
                    break
        while at.app._message_queue.qsize():
            await at.wait()
        assert at.app._exception is None
    return len(desk.done)


async def test_a1_mashed_keys_send_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    # Leaving is no accident worth counting: it would only end the test early.
    monkeypatch.setattr("tui.ui.app.Console.leave", lambda _: None)
    assert await mashed(400, 1) == 0


@pytest.mark.soak
@pytest.mark.timeout(3000)
@pytest.mark.parametrize("seed", range(5))
async def test_a1_a_hundred_thousand(seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tui.ui.app.Console.leave", lambda _: None)
    assert await mashed(20_000, seed) == 0


async def aimed(orders: list[list[int]], steps: list[str]) -> None:
    """Between any two keys the rows move or vanish; what the dialog asks about is what the cursor stood on."""
    desk = busy()
    async with seat(desk) as at:
        await at.press("2")
        for order, key in zip(orders, steps, strict=True):
            await send(at, key)
            await at.wait()
            before = at.front.selected
            desk.put("fleet", Kind.SERVICE, [service(f"s{number}") for number in dict.fromkeys(order)])
            await at.wait()
            after = at.front.selected
            assert after in {before, None} or before is None, "the cursor went to a neighbour"
            if after is None:
                continue
            await at.press("r")
            question = at.app.screen._question if at.app.screen is not at.app.console_screen else None  # type: ignore[attr-defined]
            if question is not None:
                assert [target.ref for target in question.targets] == [after]
                await at.press("escape")


ORDERS = st.lists(st.lists(st.integers(0, 8), max_size=7), min_size=2, max_size=4)


@given(ORDERS, st.data())
@settings(max_examples=3, deadline=None)
def test_a2_what_is_asked_about_is_what_is_shown(orders: list[list[int]], data: st.DataObject) -> None:
    steps = [data.draw(st.sampled_from(["up", "down", "home", "end"])) for _ in orders]
    asyncio.run(aimed(orders, steps))


@pytest.mark.soak
@pytest.mark.timeout(3000)
@given(ORDERS, st.data())
@settings(max_examples=500, deadline=None)
def test_a2_many_times(orders: list[list[int]], data: st.DataObject) -> None:
    steps = [data.draw(st.sampled_from(["up", "down", "home", "end"])) for _ in orders]
    asyncio.run(aimed(orders, steps))


LOST = [Toxics(cut=0), Toxics(cut=1), Toxics(cut=60), Toxics(cut=150), Toxics(half_open=True), Toxics(refuse=True)]
WORDS = {"unknown", "refused", "accepted"}


async def lost(toxics: Toxics, verb: Verb) -> tuple[str, int]:
    """One verb whose answer goes through these toxics: what the console says of it, and how often the server did it."""
    with start_in_thread(Options(scenario="calm")) as emulator:
        told = emulator.info["dployr"]
        async with FaultProxy(urlsplit(told["base_url"]).port or 0) as proxy:
            spec = ConnectionSpec(name="fleet", platform="dployr", base_url=proxy.url)
            time_ = SystemClock()
            at = open_platform(spec, credentials=SignIn(token=Secret(told["token"])), clock=time_, journal_rollouts=Memory())
            journal = FakeJournal()
            async with Session(context="t", production=False, read_only=False, platforms=(at,), clock=time_, journal=journal) as running:
                await running.settle(10.0)
                target = running.store.rows(Kind.SERVICE)[0].ref
                proxy.toxics = toxics
                outcome = await running.do(verb, target, {})
                again = await running.do(verb, target, {})
                proxy.toxics = Toxics()
                assert len(journal.intents) in {1, 2}
                if outcome.word == "unknown":
                    assert again.word == "refused", "the same verb is not sent again while nobody knows"
                path = "/v1/services/{id}/" + str(verb)
                return outcome.word, emulator.do(lambda control: control.executed("POST", path, target.id))


@pytest.mark.parametrize("toxics", LOST, ids=["cut at 0", "cut at 1", "cut in headers", "cut in body", "half open", "refused"])
async def test_a3_a_lost_answer_is_unknown_and_never_sent_twice(toxics: Toxics, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(Transport.__init__.__kwdefaults__, "verb_deadline", 0.7)
    word, executed = await lost(toxics, Verb.STOP)
    assert word in WORDS
    assert executed <= 1
    # A connection that was taken and reset may have carried the request: only who never got one is sure.
    assert word == "unknown"
