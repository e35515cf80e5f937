"""Whoever reads our output: what goes on for hours ends with them, also while there is nothing to write that would tell."""

from __future__ import annotations

import asyncio
import select
import sys
from collections.abc import Awaitable
from typing import Final, TypeVar

from tui.clock import Clock

LOOK: Final = 0.5
"""Seconds between two looks at whether anybody still reads."""

T = TypeVar("T")


async def while_read(work: Awaitable[T], clock: Clock) -> T:
    """Do this for as long as somebody reads our output. Raises ``BrokenPipeError`` when nobody does any more."""
    working, gone = asyncio.ensure_future(work), asyncio.ensure_future(_gone(clock))
    try:
        await asyncio.wait({working, gone}, return_when=asyncio.FIRST_COMPLETED)
        if not working.done():
            raise BrokenPipeError
        return working.result()
    finally:
        working.cancel()
        gone.cancel()
        await asyncio.gather(working, gone, return_exceptions=True)


async def _gone(clock: Clock) -> None:
    """Until nobody reads; for ever where that cannot be told."""
    try:
        output = sys.stdout.fileno()
    except (AttributeError, OSError, ValueError):
        await asyncio.Event().wait()
    watch = select.poll()
    watch.register(output, select.POLLERR)
    while not any(events & select.POLLERR for _, events in watch.poll(0)):
        await clock.sleep(LOOK)
