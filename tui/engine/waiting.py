"""Waiting on an injected clock: with a deadline, and so that somebody can end the wait. No policy, no platform."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable
from typing import TypeVar

from tui.clock import Clock

T = TypeVar("T")


class Elapsed(Exception):
    """The deadline came first."""


async def before(clock: Clock, seconds: float, work: Awaitable[T]) -> T:
    """What ``work`` gives, or ``Elapsed`` after so many seconds of this clock; it is cancelled then, and when we are."""
    task = asyncio.ensure_future(work)
    timer: asyncio.Future[None] | None = None
    try:
        # What has its answer at once needs no timer.
        await asyncio.sleep(0)
        if not task.done():
            timer = asyncio.ensure_future(clock.sleep(seconds))
            await asyncio.wait({task, timer}, return_when=asyncio.FIRST_COMPLETED)
        if not task.done():
            raise Elapsed
        return task.result()
    finally:
        if timer is not None:
            timer.cancel()
        if not task.done():
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
        elif not task.cancelled():
            task.exception()  # it failed at the very moment at which we were cancelled: nobody else will ask


class Nap:
    """A wait that can be cut short. One sleeper at a time; ``rouse`` before the sleep counts too."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._timer: asyncio.Future[None] | None = None
        self._roused = False

    def rouse(self) -> None:
        """End the nap, now or as soon as it begins."""
        self._roused = True
        if self._timer is not None:
            self._timer.cancel()

    async def sleep(self, seconds: float) -> bool:
        """Sleep so long (infinite: until roused); True if it was cut short."""
        if not self._roused:
            if seconds == float("inf"):
                self._timer = asyncio.get_running_loop().create_future()
            else:
                self._timer = asyncio.ensure_future(self._clock.sleep(seconds))
            try:
                await asyncio.wait({self._timer})
            finally:
                self._timer.cancel()
                self._timer = None
        roused, self._roused = self._roused, False
        return roused
