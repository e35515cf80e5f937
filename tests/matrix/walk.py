"""The console on a session double, walked through every pane, screen, dialog and notice with given strings in every text field.

    python -m tests.matrix.walk plain|clean|raw|mixed STEP OFFSET [keys]

With ``keys`` every key of every screen is pressed as well, and the kinds of screens that came are printed: one that never comes fails
a test.
``plain`` uses harmless words: what it makes the terminal do is what an empty screen does. ``raw`` leaves the gate out,
``mixed`` for every second text. Every ``STEP``-th string is used, beginning at ``OFFSET``.
"""

from __future__ import annotations

import asyncio
import importlib
import os
import pkgutil
import re
import sys
import traceback
from collections.abc import AsyncIterator, Sequence
from datetime import UTC
from typing import ClassVar

from textual import events
from textual.pilot import Pilot
from textual.screen import Screen
from textual.widget import Widget
from textual.widgets import Input

import tui.ui
from tests.matrix.fill import Gate, filled, line, raw
from tests.matrix.hostile import ALL, MARKER
from tests.ui.desk import READS, Desk, ago
from tests.ui.test_contexts import Owned
from tests.ui.test_setup import Asked
from tui.actions import ACTIONS
from tui.engine.ports import Event
from tui.engine.recall.past import Past
from tui.errors import ConfigError, StorageError, Unauthorized, Unreachable
from tui.local.finds import Find
from tui.local.journal import Journal
from tui.model import Kind, LogLine, Ref, Verb
from tui.text import Safe, Secret, clean
from tui.ui.owner import Asking, Draft, Preference
from tui.ui.screens.past import PastScreen

BATCH = 24
SURE = "walked to the end"
TOURS = 6
"""Every so manieth batch is looked at with every key."""
PANES = {"1": "apps", "2": "resources", "3": "rollouts", "4": "logs"}
SCREENS = "screens that came"
LEFT_OUT = frozenset(
    key for each in ACTIONS.values() if {"copy", "save", "quit", "pager", "editor"} & set(re.split(r"\W|_", each.id)) for key in each.keys
)
"""Keys that copy (a sequence that an empty screen never sends), write files, leave or give the terminal to another program."""
STAYS = frozenset({"up", "down", "left", "right", "pageup", "pagedown", "ctrl+u", "ctrl+d", "ctrl+b", "ctrl+f", "j", "k", "g", "G"})
"""Keys that only move."""
KEYS = {Verb.RESTART: "r", Verb.STOP: "s", Verb.DELETE: "X", Verb.UPDATE: "e", Verb.SET: "v", Verb.TRIGGER: "t"}


def strings(mode: str, step: int, offset: int) -> list[str]:
    """What is shown."""
    chosen = [f"{MARKER}{text}{MARKER}" for text in ALL[offset::step]]
    if mode == "plain":
        return [f"{MARKER} web-api {number}{MARKER}" for number in range(len(chosen))]
    # A lone surrogate cannot be written to any file; the gate takes it away, and without the gate nothing else could.
    return [text for text in chosen if mode == "clean" or not any(0xD800 <= ord(char) < 0xE000 for char in text)]


BASES = frozenset({"MemoryScreen", "FirstsScreen"})
"""What only other kinds of screens are made from."""


def screens() -> set[str]:
    """Every kind of screen, all of which the walk must open."""
    for module in pkgutil.walk_packages(tui.ui.__path__, "tui.ui."):
        importlib.import_module(module.name)
    waiting, found = [Screen], set[type]()
    while waiting:
        kind = waiting.pop()
        waiting += kind.__subclasses__()
        found |= {kind} if kind.__module__.startswith("tui.ui.") else set()
    assert {kind.__name__ for kind in found} >= BASES
    return {kind.__name__ for kind in found} - BASES


class Place(Desk):
    """A desk at which every key may be pressed; everything there has the log ``said``."""

    links: ClassVar[dict[str, tuple[str, ...]]] = {}
    said: tuple[LogLine, ...] = ()

    async def log(self, ref: Ref, **_: object) -> AsyncIterator[tuple[LogLine, ...]]:
        yield self.said

    def tighten(self) -> None:
        self.done.clear()

    def signed_in(self, name: str) -> None:
        self.refreshed += 1


class Refused(Asked):
    """Who tries a new connection and is told no."""

    def __init__(self, *found: Find, why: Safe) -> None:
        super().__init__(*found)
        self._why = why

    async def test(self, draft: Draft, ask: Asking) -> str:
        raise Unauthorized(self._why, connection=draft.name, hint=self._why)

    def earlier(self, context: str, name: str) -> str:
        return self._why

    async def forget(self, context: str, name: str) -> bool:
        raise StorageError(self._why)


class Configured(Owned):
    """Who opened the only context there is, with the same texts in its settings."""

    def __init__(self, desk: Place, texts: list[str], gate: Gate) -> None:
        super().__init__()
        self.desks = {desk.context: desk}
        found = (Find(title=gate(text), platform="dployr", base_url=text, token=Secret(text), app=text) for text in texts[:BATCH])
        self.preferences, self.onboarding = self, Refused(*found, why=gate(texts[0]))
        self.signing = Refused(why=gate(texts[0]))
        self._texts, self._gate = texts, gate

    def news(self) -> None:
        return

    def listed(self, themes: Sequence[str]) -> Sequence[Preference]:
        shown = [self._gate(text) for text in self._texts[:BATCH]]
        return [Preference(key=("links", text), value=text, source=text, options=(text, ""), help=text) for text in shown]

    def change(self, key: tuple[str, ...], value: str | bool | float) -> None:
        raise ConfigError(self._gate(self._texts[0]))


class Walk:
    """``keys``: whether every key of every screen is pressed as well."""

    def __init__(self, texts: list[str], gate: Gate, *, keys: bool) -> None:
        from tui.ui.app import Console
        from tui.ui.settings import Settings

        self.texts, self.gate, self.keys = texts, gate, keys
        self.desk = Place(production=True, context=gate(texts[0]))
        self.journal = Journal.memory(context="prod", who="cleo", now=self.desk.clock.wall)
        self.desk.past = Past(self.journal, self.desk.clock)
        owner = Configured(self.desk, texts, gate)
        self.app = Console(self.desk, settings=Settings(zone=UTC), owner=owner)  # type: ignore[arg-type]
        self.app.leave = lambda: None  # type: ignore[method-assign]
        self.done = 0
        self.seen: set[str] = set()
        self.pressed: set[str] = set()
        self.all = screens()
        self.brief = len(texts) <= BATCH
        # The output layer waits for the terminal to take in what it was sent; plain output does not.
        self.pause = 0.002 if os.environ.get("ROLLWATCH_OUTPUT") == "plain" else 0.004

    async def calm(self) -> None:
        """Until what was asked for is drawn."""
        for _ in range(8):
            await asyncio.sleep(0)
        self.app.screen._on_timer_update()
        await asyncio.sleep(self.pause)

    async def press(self, pilot: Pilot[int], *keys: str) -> None:
        for key in keys:
            event = events.Key(key, key if len(key) == 1 else None)
            event.set_sender(self.app)
            self.app.post_message(event)
            await self.calm()

    def know(self, batch: list[str]) -> None:
        for name, platform in (("shop", "encore"), ("fleet", "dployr"), ("vault", "phase")):
            for kind in READS[platform]:
                rows = [filled(kind, text, number, connection=name, gate=self.gate) for number, text in enumerate(batch)]
                self.desk.put(name, kind, rows)

    async def lists(self, pilot: Pilot[int], batch: list[str]) -> None:
        self.know(batch)
        for kind in READS["dployr"]:
            self.app.open_list(kind)
            await self.calm()
        for number in "1342":
            await self.press(pilot, number)
        await self.press(pilot, "z", "z", "end", "home")

    async def one(self, pilot: Pilot[int], number: int, text: str) -> None:
        """The things that show one text large: notice, detail, dialog, log, trouble."""
        kinds = READS["dployr"]
        kind = kinds[number % len(kinds)]
        self.app.say(self.gate(text), "bad")
        ref = filled(kind, text, number % BATCH, gate=self.gate).ref
        self.app.open_detail(ref)
        await self.calm()
        if number % 3 == 0:
            await self.press(pilot, "tab")
        await self.press(pilot, "escape")
        if number % 2 == 0:
            self.app.open_list(Kind.SERVICE)
            await self.press(pilot, KEYS[list(KEYS)[number % len(KEYS)]])
            await self.back(pilot, self.app.console_screen, None)
        self.app.console_screen.logs.happened(self.gate(text), "bad")
        self.desk.fail("vault", READS["phase"], Unreachable(self.gate(text), connection="vault", hint=self.gate(text)))
        if number % 8 == 0:
            await self.press(pilot, "4", "a", "a")
            self.app.open_palette()
            await self.calm()
            await self.press(pilot, "z", "q", "escape", "2")

    async def logs(self, pilot: Pilot[int], batch: list[str]) -> None:
        await self.back(pilot, self.app.console_screen, None)
        self.app.open_list(Kind.SERVICE)
        await self.press(pilot, "home", "down", "l")
        self.desk.follows[-1].write(*(line(text, gate=self.gate) for text in batch))
        await asyncio.sleep(0.12)
        await self.press(pilot, "w", "w")
        if self.keys:
            self.app.open_patterns(self.app.console_screen.logs)
            await self.calm()
            self.seen.add(type(self.app.screen).__name__)
            await self.press(pilot, "escape", "4", "end")
            await self.back(pilot, self.app.console_screen, None)
            await self.far(pilot, batch)

    async def far(self, pilot: Pilot[int], batch: list[str]) -> None:
        """The screens that lie behind others: one line of a log, a moment of the past, what was known then, what was logged then."""
        pane, scrub = self.app.console_screen.logs, self.app.recall.scrub
        self.app.open_record(pane.log_view, lambda _: self.gate(batch[0]))
        await self.look(pilot, "tab", "tab", "n")
        ref = filled(Kind.SERVICE, batch[0], 0, gate=self.gate).ref
        self.desk.said = tuple(line(text, gate=self.gate) for text in batch)
        scrub.minute(ref, ago(minutes=5), self.gate(batch[0]))
        await self.look(pilot, "end")
        scrub.show(ago(minutes=1))
        await self.look(pilot, "end", stay=True)
        past = self.app.screen
        if isinstance(past, PastScreen):
            scrub.detail(past, Ref(connection="fleet", kind=Kind.SERVICE, id=self.gate(batch[0])))
            await self.look(pilot, "end")
        await self.back(pilot, self.app.console_screen, None)

    async def look(self, pilot: Pilot[int], *keys: str, stay: bool = False) -> None:
        """At the screen that is coming, with these keys."""
        await asyncio.sleep(0.1)  # what it asks for comes from a thread
        await self.calm()
        self.seen.add(type(self.app.screen).__name__)
        await self.press(pilot, *keys)
        if not stay:
            await self.press(pilot, "escape")

    def remember(self, batch: list[str]) -> None:
        """Each text as what happened to something in the last hours."""
        whats = ("transition", "appeared", "gone", "edge", "phase", "burst", "said")
        events = [
            Event(
                what=what,
                ref=f"fleet/service/{self.gate(text)}",
                at=ago(minutes=5 + number),
                **dict.fromkeys(("name", "before", "after", "text"), str(self.gate(text))),
            )
            for number, text in enumerate(batch)
            for what in whats
        ]
        self.journal.record(events)
        self.journal.flush()

    async def tour(self, pilot: Pilot[int], panes: str) -> None:
        """Every key that does more than move, in these panes and on every screen that one of them opens; a brief tour ends when every
        screen was seen."""
        for pane in panes:
            await self.back(pilot, self.app.console_screen, None)
            self.app.console_screen.action_act(f"focus.{PANES[pane]}")
            await self.press(pilot, "home")
            await self.visit(pilot, self.app.console_screen)

    async def visit(self, pilot: Pilot[int], screen: Screen[object]) -> None:
        self.seen.add(type(screen).__name__)
        home = screen.focused
        typed = isinstance(home, Input)
        keys = [key for key in screen.active_bindings if (key in {"enter", "tab"} if typed else key not in LEFT_OUT | STAYS)]
        for key in sorted(keys, key=lambda key: key != "enter"):  # first what opens: other keys close or hide what it opens
            if (key in self.pressed and key != "enter") or (self.brief and self.all <= self.seen):
                continue
            if screen is self.app.console_screen:
                self.pressed.add(key)
            await self.press(pilot, key)
            came = self.app.screen
            if came is not screen and type(came).__name__ not in self.seen:
                await asyncio.sleep(0.1)  # what it asks of the journal comes from a thread
                await self.visit(pilot, came)
            await self.back(pilot, screen, home)

    async def back(self, pilot: Pilot[int], screen: Screen[object], focus: Widget | None) -> None:
        """To this screen and what had its keys, whatever a key has opened: by escape, as a user would, or else by force."""
        for _ in range(3):
            if self.app.screen is screen and (focus is None or screen.focused is focus):
                return
            await self.press(pilot, "escape")
        while self.app.screen is not screen and len(self.app.screen_stack) > 1:
            self.app.pop_screen()
            await self.calm()
        if self.app.screen is not screen:
            self.app.push_screen(screen)
            await self.calm()
        if focus is not None:
            screen.set_focus(focus)

    async def __call__(self, pilot: Pilot[int]) -> None:
        for start in range(0, len(self.texts), BATCH):
            batch = self.texts[start : start + BATCH]
            self.remember(batch)
            await self.lists(pilot, batch)
            for number, text in enumerate(batch):
                await self.one(pilot, start + number, text)
            await self.logs(pilot, batch)
            turns = 3 if start == 0 else int(start // BATCH % TOURS == 0)
            for turn in range(turns if self.keys else 0):
                if not turn or not self.all <= self.seen:
                    self.pressed.clear()
                    await self.tour(pilot, "4213")
                self.know(batch)
            self.done += len(batch)
        self.app.exit(0)


async def main(mode: str, step: int, offset: int, *, keys: bool) -> None:
    gates: dict[str, Gate] = {"raw": raw, "mixed": lambda text: raw(text) if len(text) % 2 else clean(text)}
    walk = Walk(strings(mode, step, offset), gates.get(mode, clean), keys=keys)
    await walk.app.run_async(auto_pilot=walk)
    if walk.app._exception is not None:
        traceback.print_exception(walk.app._exception)
        sys.exit(3)
    print(f"{SURE}: {walk.done}")
    print(f"{SCREENS}: {' '.join(sorted(walk.seen))}")


if __name__ == "__main__":
    from tui.__main__ import prepare

    prepare(os.environ)
    asyncio.run(main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), keys="keys" in sys.argv[4:]))
