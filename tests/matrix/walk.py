"""The console on a session double, walked through every pane, screen, dialog and notice with given strings in every text field.

    python -m tests.matrix.walk plain|clean|raw|mixed STEP OFFSET

``plain`` uses harmless words: what it makes the terminal do is what an empty screen does. ``raw`` leaves the gate out,
``mixed`` for every second text. Every ``STEP``-th string is used, beginning at ``OFFSET``.
"""

from __future__ import annotations

import asyncio
import os
import sys
from datetime import UTC

from textual import events
from textual.pilot import Pilot

from tests.matrix.fill import Gate, filled, line, raw
from tests.matrix.hostile import ALL, MARKER
from tests.ui.desk import READS, Desk
from tui.errors import Unreachable
from tui.model import Kind, Verb
from tui.text import clean

BATCH = 24
SURE = "walked to the end"
KEYS = {Verb.RESTART: "r", Verb.STOP: "s", Verb.DELETE: "X", Verb.UPDATE: "e", Verb.SET: "v", Verb.TRIGGER: "t"}


def strings(mode: str, step: int, offset: int) -> list[str]:
    """What is shown."""
    chosen = [f"{MARKER}{text}{MARKER}" for text in ALL[offset::step]]
    if mode == "plain":
        return [f"{MARKER} web-api {number}" for number in range(8)]
    # A lone surrogate cannot be written to any file; the gate takes it away, and without the gate nothing else could.
    return [text for text in chosen if mode == "clean" or not any(0xD800 <= ord(char) < 0xE000 for char in text)]


class Walk:
    def __init__(self, texts: list[str], gate: Gate) -> None:
        from tui.ui.app import Console
        from tui.ui.settings import Settings

        self.texts, self.gate = texts, gate
        self.desk = Desk(production=True, context=gate(texts[0]))
        self.app = Console(self.desk, settings=Settings(zone=UTC))  # type: ignore[arg-type]
        self.done = 0
        # The output layer waits for the terminal to take in what it was sent; plain output does not.
        self.pause = 0.002 if os.environ.get("ROLLWATCH_OUTPUT") == "plain" else 0.02

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
            await self.press(pilot, "escape", "escape")
        self.app.console_screen.logs.happened(self.gate(text), "bad")
        self.desk.fail("vault", READS["phase"], Unreachable(self.gate(text), connection="vault", hint=self.gate(text)))
        if number % 8 == 0:
            await self.press(pilot, "4", "a", "a")
            self.app.open_palette()
            await self.calm()
            await self.press(pilot, "z", "q", "escape", "2")

    async def logs(self, pilot: Pilot[int], batch: list[str]) -> None:
        self.app.open_list(Kind.SERVICE)
        await self.press(pilot, "home", "down", "l")
        if self.desk.follows:
            self.desk.follows[-1].write(*(line(text, gate=self.gate) for text in batch))
        await asyncio.sleep(0.12)
        await self.press(pilot, "w", "w")

    async def __call__(self, pilot: Pilot[int]) -> None:
        for start in range(0, len(self.texts), BATCH):
            batch = self.texts[start : start + BATCH]
            await self.lists(pilot, batch)
            for number, text in enumerate(batch):
                await self.one(pilot, start + number, text)
            await self.logs(pilot, batch)
            self.done += len(batch)
        self.app.exit(0)


async def main(mode: str, step: int, offset: int) -> None:
    gates: dict[str, Gate] = {"raw": raw, "mixed": lambda text: raw(text) if len(text) % 2 else clean(text)}
    walk = Walk(strings(mode, step, offset), gates.get(mode, clean))
    await walk.app.run_async(auto_pilot=walk)
    if walk.app._exception is not None:
        sys.exit(3)
    print(f"{SURE}: {walk.done}")


if __name__ == "__main__":
    from tui.__main__ import prepare

    prepare(os.environ)
    asyncio.run(main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3])))
