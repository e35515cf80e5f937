"""A random session of the sample app in a real terminal: ``python -m tests.ui.playing FOLDER SEED ROUNDS``.

After each round of steps the screen as Textual wants it, whole, is written to ``FOLDER/N``; the next round begins when ``FOLDER/N.seen``
is there.
"""

from __future__ import annotations

import asyncio
import random
import sys
from pathlib import Path
from typing import Any, Final

from textual import events
from textual.keys import _character_to_key
from textual.widgets import Input

from tests.ui.test_link import Player, Sample
from tui.ui.driver import quiet_driver

ROUND: Final = 6
"""Steps that come one after the other without waiting for the terminal."""
PAUSE: Final = 0.03


class Live:
    """What a player asks of a recording, on an app that draws when it wants."""

    def __init__(self, app: Sample) -> None:
        self.app = app

    async def settle(self) -> None:
        await asyncio.sleep(PAUSE)

    async def press(self, *keys: str) -> None:
        for key in keys:
            self.app.post_message(events.Key(_character_to_key(key) if len(key) == 1 else key, key if len(key) == 1 else None))
        await self.settle()


class Playing(Sample):
    """It plays by itself; its terminal keeps its size."""

    def __init__(self, folder: Path, seed: int, rounds: int) -> None:
        super().__init__(driver=quiet_driver())
        self._folder, self._seed, self._rounds = folder, seed, rounds

    def on_ready(self) -> None:
        self.query_one(Input).cursor_blink = False
        self.run_worker(self._play(), exit_on_error=True)

    async def _play(self) -> None:
        live: Any = Live(self)
        player = Player(live, self._seed)
        names = [name.removeprefix("do_") for name in dir(Player) if name.startswith("do_") and name != "do_resize"]
        chance = random.Random(self._seed)  # noqa: S311
        for number in range(self._rounds):
            for _ in range(ROUND):
                await getattr(player, f"do_{chance.choice(names)}")()
                await asyncio.sleep(PAUSE)
            await asyncio.sleep(0.3)
            assert self.link is not None
            assert self.link.working
            while self.link._stale:
                await asyncio.sleep(PAUSE)
            whole = self.screen._compositor.render_full_update().render_segments(self.console)
            part = self._folder / f"{number}.part"
            part.write_text(whole, encoding="utf-8")
            part.rename(self._folder / str(number))
            while not (self._folder / f"{number}.seen").exists():
                await asyncio.sleep(PAUSE)
        self.exit()


if __name__ == "__main__":
    Playing(Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3])).run(mouse=False)
