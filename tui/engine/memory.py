"""The last known state, from one run to the next: read once at the start, written now and then off the loop.

It decides when; how rows become bytes is the port's matter. Private kinds are never given to it.
"""

from __future__ import annotations

import asyncio
import logging
from typing import Final

from tui.clock import Clock
from tui.engine.feeds import Change
from tui.engine.ports import LastStatePort
from tui.engine.store import Store
from tui.errors import RollwatchError
from tui.model import PRIVATE

log = logging.getLogger(__name__)

CALM: Final = 10.0
"""Seconds between a change and the writing: many changes, one file."""


class Memory:
    """``port`` None: nothing is remembered. Failing to remember is logged once and disturbs nobody."""

    def __init__(self, port: LastStatePort | None, store: Store, clock: Clock) -> None:
        self._port = port
        self._store = store
        self._clock = clock
        self._dirty = asyncio.Event()
        self._failing = False

    async def restore(self) -> list[Change]:
        """Put what the last run knew into the store, marked as such."""
        if self._port is None:
            return []
        try:
            found = await asyncio.to_thread(lambda port: list(port.load()), self._port)
        except RollwatchError as error:
            log.warning("the last state is not shown: %s", error)
            return []
        except Exception:
            log.exception("the last state is not shown")
            return []
        names = {state.name for state in self._store.connections()}
        return [self._store.restore(feed, rows, at) for feed, rows, at in found if feed.connection in names and feed.kind not in PRIVATE]

    def note(self, change: Change) -> None:
        """Something may have to be remembered."""
        if change.data:
            self._dirty.set()

    async def run(self) -> None:
        """Remember, for ever."""
        while True:
            await self._dirty.wait()
            await self._clock.sleep(CALM)
            await self.save()

    async def close(self) -> None:
        """Remember what is known now, with its newest ages."""
        await self.save()

    async def save(self) -> None:
        """Write once."""
        self._dirty.clear()
        if self._port is None:
            return
        rows = {feed: kept for feed, kept in self._store.snapshot().items() if feed.kind not in PRIVATE}
        if not rows:
            return
        try:
            await asyncio.to_thread(self._port.save, rows)
            self._failing = False
        except RollwatchError as error:
            if not self._failing:
                log.warning("the last state is not kept: %s", error)
            self._failing = True
        except Exception:
            log.exception("the last state is not kept")
