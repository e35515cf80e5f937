"""The lines of one log view in a bounded ring: several sources merged by time, the oldest dropped and counted.

Pure: no widget, no clock, no platform. A line is only stored when it arrives; what it means is worked out when somebody looks
(``log_levels``). Positions are absolute numbers that only grow, so that a view can hold its place while lines are dropped.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import Counter
from collections.abc import Callable, Hashable, Iterator, Sequence
from datetime import datetime
from typing import Final, NamedTuple

from tui.model import LogLine

SLACK: Final = 4
"""Lines may run over a limit by a quarter before they are cut back, so that dropping costs next to nothing per line."""

LATE: Final = 2_000
"""How many of the newest lines are put into order again when a line comes late."""


class Entry(NamedTuple):
    """A line and whose it is. ``note`` says that the line is ours (a gap, a reconnect), not the source's."""

    source: Hashable
    line: LogLine
    note: bool = False


class LogBuffer:
    """A ring of entries. ``start`` and ``end`` are the positions of the oldest kept line and behind the newest."""

    def __init__(self, *, limit: int = 20_000, total: int = 200_000) -> None:
        """Keep at least ``limit`` lines of each source and ``total`` lines in all (a quarter more at moments)."""
        self._limit = max(1, limit)
        self._total = max(1, total)
        self._entries: list[Entry] = []
        self._counts: dict[Hashable, int] = {}
        self._dropped: dict[Hashable, int] = {}
        self.start = 0
        self.arrived = 0
        """All lines that ever came, kept or not."""
        self.reordered = 0
        """Grows when lines before the end moved (a late line, a full source among others): places must be found again."""

    @property
    def end(self) -> int:
        return self.start + len(self._entries)

    def __len__(self) -> int:
        return len(self._entries)

    def __getitem__(self, position: int) -> Entry:
        """The entry at an absolute position, ``start <= position < end``."""
        if not self.start <= position < self.end:
            raise IndexError(position)
        return self._entries[position - self.start]

    def between(self, begin: int, end: int) -> list[Entry]:
        """The kept entries with ``begin <= position < end``."""
        return self._entries[max(0, begin - self.start) : max(0, end - self.start)]

    def backwards(self, position: int) -> Iterator[tuple[int, Entry]]:
        """Positions and entries before ``position``, the nearest first."""
        for index in range(min(position, self.end) - self.start - 1, -1, -1):
            yield self.start + index, self._entries[index]

    def count(self, source: Hashable) -> int:
        """Lines kept of a source."""
        return self._counts.get(source, 0)

    def dropped(self, source: Hashable | None = None) -> int:
        """Lines that were dropped to stay within bounds: of one source, or of all."""
        return sum(self._dropped.values()) if source is None else self._dropped.get(source, 0)

    # In ------------------------------------------------------------------------------------------------------------------

    def append(self, source: Hashable, lines: Sequence[LogLine], *, note: bool = False) -> None:
        """Add a batch that arrived from ``source``, in its order."""
        if not lines:
            return
        self.arrived += len(lines)
        if len(lines) > self._limit:
            self._drop(self._counts.get(source, 0), source)
            self._dropped[source] = self._dropped.get(source, 0) + len(lines) - self._limit
            lines = lines[-self._limit :]
        alone = len(self._counts) <= (source in self._counts)
        newest = None if alone else self._newest()
        self._entries.extend([Entry(source, line, note) for line in lines])
        self._counts[source] = self._counts.get(source, 0) + len(lines)
        first = lines[0].at
        if newest is not None and first is not None and first < newest:
            self._merge(len(lines))
        self._trim(source)

    def forget(self, source: Hashable) -> None:
        """Take out every line of a source that is not followed any more."""
        if source in self._counts:
            self._keep([entry for entry in self._entries if entry.source != source])
            self._counts.pop(source, None)
            self._dropped.pop(source, None)

    def clear(self) -> None:
        """Take out everything; positions go on growing."""
        self.start = self.end
        self._entries.clear()
        self._counts.clear()
        self._dropped.clear()
        self.reordered += 1

    def _newest(self) -> datetime | None:
        """The time of the last line that has one."""
        return next((entry.line.at for _, entry in self.backwards(self.end) if entry.line.at is not None), None)

    def _merge(self, added: int) -> None:
        """Put late lines where their time belongs, among the newest ones. Equal times and lines without one keep their order."""
        begin = max(0, len(self._entries) - added - LATE)
        tail = self._entries[begin:]
        stamps: list[tuple[datetime, int]] = []
        before = next((entry.line.at for entry in tail if entry.line.at is not None), None)
        if before is None:
            return
        last: dict[Hashable, datetime] = {}
        for order, entry in enumerate(tail):
            # A line without a time stands with the line of its own source that came before it.
            at = entry.line.at or last.get(entry.source, before)
            last[entry.source] = at
            stamps.append((at, order))
        self._entries[begin:] = [tail[order] for _, order in sorted(stamps)]
        self.reordered += 1

    # Bounds --------------------------------------------------------------------------------------------------------------

    def _trim(self, source: Hashable) -> None:
        if self._counts[source] > self._limit + self._limit // SLACK:
            self._drop(self._counts[source] - self._limit, source)
        if len(self._entries) > self._total + self._total // SLACK:
            self._drop(len(self._entries) - self._total, None)

    def _drop(self, surplus: int, source: Hashable | None) -> None:
        """Drop the oldest ``surplus`` lines of a source (of all if None)."""
        if surplus <= 0:
            return
        if source is None or len(self._counts) == 1:
            for owner, count in Counter(entry.source for entry in self._entries[:surplus]).items():
                self._lose(owner, count)
            del self._entries[:surplus]
            self.start += surplus
            return
        self._lose(source, surplus)
        kept: list[Entry] = []
        for entry in self._entries:
            if surplus and entry.source == source:
                surplus -= 1
            else:
                kept.append(entry)
        self._keep(kept)

    def _lose(self, source: Hashable, count: int) -> None:
        self._counts[source] -= count
        self._dropped[source] = self._dropped.get(source, 0) + count

    def _keep(self, kept: list[Entry]) -> None:
        """Only these stay. The newest keep their positions."""
        self.start += len(self._entries) - len(kept)
        self._entries = kept
        self.reordered += 1

    # Looking -------------------------------------------------------------------------------------------------------------

    def at_time(self, when: datetime) -> int:
        """The position of the first line at or after ``when``; ``end`` if all are older. Lines must be in order of time."""
        timed = [(entry.line.at, index) for index, entry in enumerate(self._entries) if entry.line.at is not None]
        place = bisect_right(timed, (when, -1))
        return self.start + timed[place][1] if place < len(timed) else self.end

    def place_of(self, entry: Entry, near: int) -> int | None:
        """Where this very entry stands now, looked for around ``near`` first; None if it was dropped."""
        near -= self.start
        size = len(self._entries)
        for reach in range(64):
            for index in (near - reach, near + reach):
                if 0 <= index < size and self._entries[index] is entry:
                    return self.start + index
        return next((self.start + index for index, each in enumerate(self._entries) if each is entry), None)

    def matching(self, wanted: Callable[[Entry], bool], begin: int, end: int) -> list[int]:
        """The positions with ``begin <= position < end`` whose entry is wanted."""
        first = max(begin, self.start)
        return [first + index for index, entry in enumerate(self.between(first, end)) if wanted(entry)]
