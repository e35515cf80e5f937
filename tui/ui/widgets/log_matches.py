"""Which lines of a ring a filter wants, found piece by piece from where somebody looks, with lines of context around each. Pure.

One stretch of the ring is known at any time. It grows to the end first (what arrives, what is below the eye), then to the beginning.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Callable
from typing import Final

from tui.ui.widgets.log_buffer import Entry, LogBuffer

PIECE: Final = 1_000
"""Lines that are tried at once, at most."""


class LogMatches:
    """``hits`` are the positions that are wanted, ``shown`` those and their context, both in order."""

    def __init__(self, buffer: LogBuffer, wanted: Callable[[Entry], bool], *, begin: int, context: int = 0) -> None:
        self._buffer = buffer
        self._wanted = wanted
        self._context = context
        self._low = self._high = begin
        self._live = buffer.end
        self.hits: list[int] = []
        self.shown: list[int] = self.hits if not context else []
        self.notes: list[int] = []
        """Those of the hits that are notes of ours, which every filter lets through."""
        self.came = 0
        """Wanted lines that arrived since this was made."""

    @property
    def behind(self) -> int:
        """Lines that were not tried yet."""
        return max(0, self._buffer.end - self._high) + max(0, self._low - self._buffer.start)

    def index(self, position: int) -> int:
        """The place in ``shown`` of the first one at or after ``position``."""
        return bisect_left(self.shown, position)

    def is_hit(self, position: int) -> bool:
        place = bisect_left(self.hits, position)
        return place < len(self.hits) and self.hits[place] == position

    def forget(self, below: int, since: int) -> bool:
        """Lines before ``below`` and from ``since`` on are others than before; False if that leaves nothing of what is known."""
        if max(below, self._low) >= min(since, self._high):
            return False
        if since < self._high:
            self._forget_from(since)
        if below > self._low:
            self._forget_before(below)
        return True

    def _forget_from(self, position: int) -> None:
        gone = self.hits[bisect_left(self.hits, position) :]
        self.came -= len(gone) - bisect_left(gone, self._live)
        del self.hits[bisect_left(self.hits, position) :]
        del self.notes[bisect_left(self.notes, position) :]
        if self._context:
            del self.shown[bisect_left(self.shown, position - self._context) :]
            self._add([each for each in self.hits if each >= position - 2 * self._context])
        self._high = position

    def _forget_before(self, position: int) -> None:
        del self.hits[: bisect_left(self.hits, position)]
        del self.notes[: bisect_left(self.notes, position)]
        if self._context:
            del self.shown[: bisect_left(self.shown, position)]
            self._add(self.hits[: bisect_left(self.hits, position + self._context)])
        self._low = position

    def work(self, budget: int | None = None) -> None:
        """Try what was not tried, ``budget`` lines of it (None: everything)."""
        buffer = self._buffer
        start, end = buffer.start, buffer.end
        for known in (self.hits, self.shown, self.notes):
            if known and known[0] < start:
                del known[: bisect_left(known, start)]
        if self._context and self.shown:
            # What stood around a line that was dropped stands there for nothing.
            del self.shown[: bisect_left(self.shown, self.hits[0] - self._context) if self.hits else len(self.shown)]
        self._low, self._high = max(self._low, start), max(self._high, start)
        left = self.behind if budget is None else budget
        while self._high < end and left > 0:
            stop = min(end, self._high + min(PIECE, left))
            self._try(self._high, stop)
            left -= stop - self._high
            self._high = stop
        while self._low > start and left > 0:
            stop = max(start, self._low - min(PIECE, left))
            self._try(stop, self._low)
            left -= self._low - stop
            self._low = stop

    def _try(self, begin: int, end: int) -> None:
        found = self._buffer.matching(self._wanted, begin, end)
        forward = begin >= self._high
        self.came += len(found) - bisect_left(found, self._live) if forward else 0
        place = bisect_left(self.hits, begin)
        self.hits[place:place] = found
        at = bisect_left(self.notes, begin)
        self.notes[at:at] = self._buffer.notes(begin, end)
        if self._context:
            # Lines that were the last ones had no context below them then.
            self._add([each for each in self.hits[place - 1 : place] if each + self._context >= begin] + found)

    def _add(self, hits: list[int]) -> None:
        """Show these and what stands around them."""
        reach, start, end = self._context, self._buffer.start, self._buffer.end
        wanted = {near for hit in hits for near in range(max(start, hit - reach), min(end, hit + reach + 1))}
        if not wanted:
            return
        first, last = bisect_left(self.shown, min(wanted)), bisect_right(self.shown, max(wanted))
        self.shown[first:last] = sorted(wanted.union(self.shown[first:last]))
