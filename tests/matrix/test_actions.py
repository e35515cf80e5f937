"""A1 and A3: mashed keys, answers that are lost. Counted where it counts: on what was sent. A2 is in ``test_moving.py``."""

from __future__ import annotations

from random import Random
from urllib.parse import urlsplit

import pytest
from textual.screen import Screen

from tests.engine.fakes import FakeJournal
from tests.matrix.proxy import FaultProxy, Toxics
from tests.platforms.bench import Memory
from tests.ui import keyboard
from tests.ui.desk import busy, fleet, service
from tests.ui.test_console import seat
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
    "enter",
    "right",
    "enter",
]
BROKEN = (
    [["escape", "[", key] for key in "ABCDHFMPQRS"]
    + [["escape", "O", key] for key in "PQRS"]
    + [["escape", "[", "3", "~"], ["[", "<", "0", ";", "9", "M"]]
)
"""Escape sequences that a slow link delivers as keys."""


PASTES = ("X\n", "rm -rf\nyes\n", "stop", "y\ny\n", "override")


async def mashed(count: int, seed: int) -> list[Verb]:
    """Press so many random keys over rows that change all the time, half of them what a broken escape sequence leaves behind, with
    pastes and other sizes in between; the verbs that were sent. Some come one by one, some in gulps."""
    chance = Random(seed)  # noqa: S311 - a test that can be repeated
    desk = busy()
    desk.production = True
    async with seat(desk, size=(120, 40) if seed % 3 == 1 else (80, 24)) as at:
        pressed = 0
        while pressed < count:
            for _ in range(chance.choice([1, 1, 5, 25, 60])):
                keys = chance.choice(BROKEN) if chance.random() < 0.5 else [chance.choice(KEYS)]
                pressed += len(keys)
                keyboard.give(at.app, *keys)
            if chance.random() < 0.05:
                keyboard.give(at.app, f"<{chance.choice(PASTES)}>")
            if chance.random() < 0.3:
                names = [f"svc-{chance.randrange(9)}" for _ in range(chance.randrange(6))]
                desk.put("fleet", Kind.SERVICE, [service(name, chance.choice(list(Health))) for name in dict.fromkeys(names)])
            if chance.random() < 0.01:
                fleet(desk)
            if chance.random() < 0.003:
                await at.pilot.resize_terminal(chance.randrange(1, 200), chance.randrange(1, 60))
            await keyboard.rest(at.app, drawn=False)
            # Not always long enough for a key to be no longer one that is held.
            await desk.clock.advance(chance.choice([0.05, 0.5]), turns=1)
            assert at.app.is_running
            assert at.app._exception is None
    return [verb for verb, _, _ in desk.done]


@pytest.fixture
def _nobody_leaves(monkeypatch: pytest.MonkeyPatch) -> None:
    # Leaving is no accident worth counting: it would only end the test early.
    monkeypatch.setattr("tui.ui.app.Console.leave", lambda _: None)
    # What a key means does not depend on anything being painted; most of the time would go there.
    monkeypatch.setattr(Screen, "_compositor_refresh", lambda _: None)


@pytest.mark.usefixtures("_nobody_leaves")
async def test_a1_mashed_keys_destroy_nothing() -> None:
    assert not {Verb.STOP, Verb.DELETE} & set(await mashed(200, 1))


@pytest.mark.soak
@pytest.mark.timeout(7200)
@pytest.mark.usefixtures("_nobody_leaves")
@pytest.mark.parametrize("seed", range(10))
async def test_a1_a_hundred_thousand(seed: int) -> None:
    assert not {Verb.STOP, Verb.DELETE} & set(await mashed(10_000, seed))


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
