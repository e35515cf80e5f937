"""How loaded things were in the last minutes, minute by minute: platforms tell only their load of now, so what was read is kept here.

In memory alone, for this run: the journal keeps states. The highest reading of a minute counts; a minute in which nothing was read stays
empty, one that was read and brought the same goes on as it was.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterable
from math import isnan, nan
from typing import Final

from tui.engine.feeds import Change, Feed
from tui.engine.store import Store
from tui.model import Instance, Kind, Ref, Resource, Service

MINUTES: Final = 40
"""How far back it goes."""
MOST: Final = 2_000
"""Things whose load is kept, those that were listed first: one costs about a kilobyte."""
LOADED: Final = frozenset({Kind.SERVICE, Kind.INSTANCE})

_EMPTY: Final = (nan,) * MINUTES


class _Ring:
    """The highest values of the last minutes, by the minute's number."""

    def __init__(self) -> None:
        self._values = array("d", _EMPTY)
        self._minute = 0

    def add(self, minute: int, value: float) -> None:
        """Of the same minute the highest counts."""
        for between in range(max(self._minute + 1, minute - MINUTES + 1), minute + 1):
            self._values[between % MINUTES] = nan
        self._minute = max(self._minute, minute)
        old = self._values[minute % MINUTES]
        self._values[minute % MINUTES] = value if isnan(old) else max(old, value)

    def until(self, minute: int) -> list[float | None]:
        """The minutes up to this one, the oldest first."""
        found: list[float | None] = []
        for each in range(minute - MINUTES + 1, minute + 1):
            value = self._values[each % MINUTES] if self._minute - MINUTES < each <= self._minute else nan
            found.append(None if isnan(value) else value)
        return found


class Loads:
    """``note`` every change; ``of`` tells how it was."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._things: dict[Ref, tuple[_Ring, _Ring]] = {}
        self._read: dict[Feed, _Ring] = {}

    def note(self, change: Change) -> None:
        """Keep what a read brought."""
        if change.feed.kind not in LOADED:
            return
        at = self._store.freshness(change.feed).fetched_boot
        if at is None or self._store.freshness(change.feed).restored:
            return
        minute = int(at // 60)
        self._read.setdefault(change.feed, _Ring()).add(minute, 1.0)
        self._take((*change.added, *(after for _, after in change.updated)), minute)
        for row in change.removed:
            self._things.pop(row.ref, None)

    def _take(self, rows: Iterable[Resource], minute: int) -> None:
        for row in rows:
            if not isinstance(row, Service | Instance):
                continue
            rings = self._things.get(row.ref)
            if rings is None:
                if len(self._things) >= MOST:
                    continue
                rings = self._things[row.ref] = (_Ring(), _Ring())
            for ring, value in zip(rings, (row.cpu_share, row.memory_bytes), strict=True):
                if value is not None:
                    ring.add(minute, value)

    def of(self, ref: Ref, boot: float) -> tuple[list[float | None], list[float | None]]:
        """Processor (share of a core) and memory (bytes) in each of the last ``MINUTES``, the oldest first, None where nobody knows."""
        feed, rings = self._store.feed_of(ref), self._things.get(ref)
        if rings is None or feed is None or feed not in self._read:
            return [None] * MINUTES, [None] * MINUTES
        minute = int(boot // 60)
        read = self._read[feed].until(minute)
        cpu, memory = (_held(ring.until(minute), read) for ring in rings)
        return cpu, memory


def _held(values: list[float | None], read: list[float | None]) -> list[float | None]:
    """A minute that was read and brought nothing new is as the one before it."""
    last: float | None = None
    found = []
    for value, looked in zip(values, read, strict=True):
        last = value if value is not None else last
        found.append(last if looked is not None else value)
    return found
