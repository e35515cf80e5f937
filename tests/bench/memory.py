"""What grows: resident memory over thousands of the same act, on the real console in this process with a session double.

Warm-up first, so that caches that fill once are not taken for a leak; garbage is collected before each look.
"""

from __future__ import annotations

import asyncio
import gc
import os
import random
from collections.abc import Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

from tests.bench.figures import Figure
from tests.bench.recorder import Recording, recorded
from tests.ui.desk import NOW, Desk, busy
from tui.model import Health, Kind
from tui.ui.app import Console
from tui.ui.settings import Settings

TIMES: Final = int(os.environ.get("BENCH_ACTS", "2000"))
WARM: Final = 300
"""Of each act; of all five together ten thousand."""

PAGE: Final = os.sysconf("SC_PAGE_SIZE")


def resident() -> float:
    """MiB of this process that are in memory."""
    gc.collect()
    return int(Path("/proc/self/statm").read_text().split()[1]) * PAGE / (1 << 20)


class Acts:
    """What is done ``TIMES`` times."""

    def __init__(self, recording: Recording, app: Console, desk: Desk) -> None:
        self._recording, self._app, self._desk = recording, app, desk
        self._chance = random.Random(7)  # noqa: S311

    async def _press(self, *keys: str) -> None:
        await self._recording.press(*keys)
        self._recording.take()

    async def switch(self) -> None:
        """A screen and back."""
        self._app.open_connections()
        await self._recording.settle()
        self._app.pop_screen()
        await self._recording.settle()
        self._recording.take()

    async def dialog(self) -> None:
        """The dialog of a restart, opened and left."""
        await self._press("2", "r")
        await self._press("escape")

    async def focus(self) -> None:
        """Another pane."""
        await self._press(self._chance.choice(("1", "2", "3", "4", "tab")))

    async def toast(self) -> None:
        """A line for the user."""
        self._app.say(f"something happened {self._chance.randrange(10**6)}")
        await self._recording.settle()
        self._recording.take()

    async def poll(self) -> None:
        """New values of all services."""
        rows = self._desk.store.rows(Kind.SERVICE)
        new = [replace(row, health=self._chance.choice([Health.OK, Health.WARN])) for row in rows]
        self._desk.put("fleet", Kind.SERVICE, new)
        await self._recording.settle()
        self._recording.take()


@asynccontextmanager
async def _console() -> Any:
    desk = busy()
    app = Console(desk, settings=Settings(zone=NOW.tzinfo))  # type: ignore[arg-type]
    async with recorded(app) as recording:
        yield Acts(recording, app, desk)


async def grown(name: str, times: int = TIMES, warm: int = WARM) -> float:
    """MiB that so many of one act take for good."""
    async with _console() as acts:
        act: Callable[[], Awaitable[None]] = getattr(acts, name)
        for _ in range(warm):
            await act()
        before = resident()
        for _ in range(times):
            await act()
        return resident() - before


ACTS: Final = {"switch": "screen switches", "dialog": "dialogs", "focus": "focus moves", "toast": "toasts", "poll": "polls"}


def memory(times: int = TIMES) -> list[Figure]:
    """Growth after so many of each."""
    figures = []
    total = 0.0
    for name, words in ACTS.items():
        more = asyncio.run(grown(name, times))
        total += more
        figures.append(Figure(case="memory", what=f"{times:,} {words}", unit="MiB", ours=more))
    figures.append(Figure(case="memory", what="all of them", unit="MiB", ours=total))
    return figures
