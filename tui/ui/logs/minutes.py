"""How many lines and errors each minute of a log has, counted over everything that is kept, a little at a time. Pure.

The census in the head counts what comes; this counts what is there, so that each minute that is told can also be gone to.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from tui.ui.logs.sieve import Errors
from tui.ui.widgets.log_buffer import Entry, LogBuffer

AT_ONCE: Final = 2_000
"""Lines that are counted at once: some milliseconds."""


@dataclass(slots=True)
class Minute:
    """A minute: its beginning (None: lines before any that told a time), what was said in it, the first line and the first error."""

    at: datetime | None
    first: Entry
    lines: int = 0
    errors: int = 0
    error: Entry | None = None

    @property
    def worth(self) -> Entry:
        """The line to look at."""
        return self.error or self.first


class Minutes:
    """``wanted`` None counts all lines, otherwise those that it wants. Call ``work`` until ``done``."""

    def __init__(self, buffer: LogBuffer, wanted: Callable[[Entry], bool] | None) -> None:
        self._buffer = buffer.still()
        self._wanted = wanted
        self._bad = Errors()
        self._at = self._buffer.start
        self._now: datetime | None = None
        self._found: dict[datetime | None, Minute] = {}

    @property
    def done(self) -> bool:
        return self._at >= self._buffer.end

    @property
    def found(self) -> list[Minute]:
        """The minutes in which something was said, the oldest first."""
        return sorted(self._found.values(), key=lambda each: (each.at is not None, each.at))

    def work(self) -> None:
        """Count some lines more."""
        begin, end = self._at, min(self._buffer.end, self._at + AT_ONCE)
        bad = set(self._buffer.matching(self._bad, begin, end))
        positions = range(begin, end) if self._wanted is None else self._buffer.matching(self._wanted, begin, end)
        for position in positions:
            entry = self._buffer[position]
            if not entry.note:
                self._count(entry, bad=position in bad)
        self._at = end

    def _count(self, entry: Entry, *, bad: bool) -> None:
        at = entry.line.at
        if at is not None:
            self._now = at.replace(second=0, microsecond=0)
        minute = self._found.get(self._now)
        if minute is None:
            minute = self._found[self._now] = Minute(self._now, entry)
        minute.lines += 1
        if bad:
            minute.errors += 1
            minute.error = minute.error or entry
