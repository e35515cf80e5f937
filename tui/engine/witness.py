"""What a platform itself wrote down that happened, asked for now and then and told once.

Only platforms that keep such a list are asked, within the same budget as everything else. Nothing is judged or kept here.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterable
from datetime import timedelta
from typing import Final

from tui.clock import Clock
from tui.engine.connection import Connection, Later
from tui.engine.signals import Signal
from tui.errors import PlatformError
from tui.platforms.base import Happening

log = logging.getLogger(__name__)

EVERY: Final = 30.0
"""Seconds between two looks at a list."""
BACK: Final = timedelta(minutes=15)
"""How much of the list is told at the first look."""
KEPT: Final = 2_000
"""Ids that are remembered, so that nothing is told twice."""


class Witness:
    """``heard`` is told the connection's name and each happening, oldest first."""

    def __init__(self, connections: Iterable[Connection], *, clock: Clock, heard: Signal[tuple[str, Happening]]) -> None:
        self._connections = [each for each in connections if each.platform.happenings is not None]
        self._clock = clock
        self._heard = heard

    async def run(self) -> None:
        """Look for ever."""
        await asyncio.gather(*(self._watch(connection) for connection in self._connections))

    async def _watch(self, connection: Connection) -> None:
        known: dict[str, None] = {}
        since = self._clock.wall() - BACK
        puzzled = False
        while True:
            await self._clock.sleep(EVERY)
            ask = connection.platform.happenings
            if ask is None or not connection.detected:
                continue
            last = since
            try:
                found = await connection.poll(lambda: ask(last), cost=1, source=self)  # noqa: B023 - awaited before either changes
            except (PlatformError, Later) as error:
                log.debug("%s: its own list of events was not read: %s", connection.name, error)
                continue
            except Exception:
                if not puzzled:
                    log.exception("%s: an unexpected failure with its own list of events", connection.name)
                puzzled = True
                continue
            puzzled = False
            for each in reversed(found):
                if each.id in known:
                    continue
                known[each.id] = None
                since = max(since, each.at) if each.at is not None else since
                self._heard.publish((connection.name, each))
            while len(known) > KEPT:
                del known[next(iter(known))]
