"""The only file that asks what time it is. Everything else is given a ``Clock``.

It stands on the lowest floor because tokens, the journal and the engine all need one. No scheduling policy lives here.
"""

from __future__ import annotations

import asyncio
import heapq
import itertools
import re
import time
from collections.abc import Coroutine, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, Final, Protocol

_UNITS: Final[Mapping[str, str]] = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days", "w": "weeks"}
_LENGTH: Final = re.compile(r"([0-9]{1,5})\s*([smhdw])")


def written(at: datetime) -> str:
    """A moment as every document of ours has it: ``2025-09-06T22:31:00Z``, with microseconds only where there are any."""
    return at.astimezone(UTC).isoformat().replace("+00:00", "Z")


class Clock(Protocol):
    """Wall time for showing, boot time for measuring."""

    def wall(self) -> datetime:
        """Aware UTC now; may step when the machine's clock is set."""

    def boot(self) -> float:
        """Seconds since some moment, never backwards, counting suspended time."""

    async def sleep(self, seconds: float) -> None:
        """Wait so long, at least one turn of the event loop."""


class SystemClock:
    """The machine's clocks."""

    def __init__(self) -> None:
        self._source = getattr(time, "CLOCK_BOOTTIME", None)

    def wall(self) -> datetime:
        return datetime.now(UTC)

    def boot(self) -> float:
        return time.monotonic() if self._source is None else time.clock_gettime(self._source)

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(max(0.0, seconds))


class LoopClock:
    """Time as the running event loop sees it, for a loop whose time is virtual. ``start`` is the wall time at loop time 0."""

    def __init__(self, start: datetime) -> None:
        self._start = start

    def wall(self) -> datetime:
        return self._start + timedelta(seconds=self.boot())

    def boot(self) -> float:
        return asyncio.get_running_loop().time()

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(max(0.0, seconds))


class ManualClock:
    """Stands still until ``advance`` is called; sleepers wake in order. For tests and for pictures."""

    def __init__(self, start: datetime) -> None:
        self._wall = start
        self._boot = 1000.0
        self._order = itertools.count()
        self._sleepers: list[tuple[float, int, asyncio.Future[None]]] = []

    def wall(self) -> datetime:
        return self._wall

    def boot(self) -> float:
        return self._boot

    async def sleep(self, seconds: float) -> None:
        if seconds <= 0:
            await asyncio.sleep(0)
            return
        future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        heapq.heappush(self._sleepers, (self._boot + seconds, next(self._order), future))
        await future

    def step_wall(self, seconds: float) -> None:
        """Set the wall clock forward or back, as NTP or an administrator does; boot time does not notice."""
        self._wall += timedelta(seconds=seconds)

    async def advance(self, seconds: float, *, turns: int = 20) -> None:
        """Let so much time pass, waking each sleeper at its moment and giving it ``turns`` turns of the event loop."""
        end = self._boot + seconds
        await self._settle(turns)
        while self._sleepers and self._sleepers[0][0] <= end:
            due, _, future = heapq.heappop(self._sleepers)
            self._move_to(max(due, self._boot))
            if not future.done():
                future.set_result(None)
            await self._settle(turns)
        self._move_to(end)
        await self._settle(turns)

    def _move_to(self, boot: float) -> None:
        self._wall += timedelta(seconds=boot - self._boot)
        self._boot = boot

    @staticmethod
    async def _settle(turns: int) -> None:
        for _ in range(turns):
            await asyncio.sleep(0)


async def within(clock: Clock, seconds: float, work: Coroutine[Any, Any, None]) -> bool:
    """Run ``work`` for at most so many seconds of this clock; True if it ended by itself. Cancels it otherwise."""
    task = asyncio.ensure_future(work)
    timer = asyncio.ensure_future(clock.sleep(seconds))
    try:
        await asyncio.wait({task, timer}, return_when=asyncio.FIRST_COMPLETED)
        return task.done()
    finally:
        for each in (task, timer):
            if not each.done():
                each.cancel()
        await asyncio.gather(task, timer, return_exceptions=True)


def span(seconds: float) -> str:
    """A length of time in at most two units: ``42s`` ``1m02`` ``1h05`` ``2d03h``; never negative."""
    whole = round(max(0.0, seconds))
    if whole < 60:
        return f"{whole}s"
    if whole < 3600:
        return f"{whole // 60}m{whole % 60:02d}"
    if whole < 86_400:
        return f"{whole // 3600}h{whole % 3600 // 60:02d}"
    return f"{whole // 86_400}d{whole % 86_400 // 3600:02d}h"


def length(text: str) -> timedelta:
    """A length of time as people type it, in one unit: ``30s`` ``15m`` ``8h`` ``2d`` ``1w``. Raises ``ValueError`` for anything else."""
    found = _LENGTH.fullmatch(text.strip().casefold())
    if found is None:
        raise ValueError("no number and unit")
    return timedelta(**{_UNITS[found[2]]: int(found[1])})
