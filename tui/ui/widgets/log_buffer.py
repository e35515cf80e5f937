"""The lines of one log view in a bounded ring: several sources merged by time, the oldest dropped and counted.

Pure: no widget, no clock, no platform. A line is only stored when it arrives; what it means is worked out when somebody looks
(``log_levels``). Positions are absolute numbers that only grow, so that a view can hold its place while lines are dropped.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from bisect import bisect_left
from collections import Counter
from collections.abc import Callable, Collection, Hashable, Iterator, Sequence
from datetime import datetime
from itertools import islice
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


class Sifts(ABC):
    """A filter that can be asked of many lines at once, which costs less than asking each."""

    @abstractmethod
    def __call__(self, entry: Entry) -> bool:
        """Whether a line is wanted."""

    @abstractmethod
    def sift(self, sources: Sequence[Hashable], lines: Sequence[LogLine]) -> list[int]:
        """The places of those that are wanted, in order; the same that asking for each would give."""


class _Owner(NamedTuple):
    """Whose a line is. One object for all lines of a source, so that taking a line in allocates nothing."""

    source: Hashable
    note: bool


class LogBuffer:
    """A ring of entries. ``start`` and ``end`` are the positions of the oldest kept line and behind the newest."""

    def __init__(self, *, limit: int = 20_000, total: int = 200_000) -> None:
        """Keep at least ``limit`` lines of each source and ``total`` lines in all (a quarter more at moments)."""
        self._limit = max(1, limit)
        self._total = max(1, total)
        self._lines: list[LogLine] = []
        self._owners: list[_Owner] = []
        self._known: dict[tuple[Hashable, bool], _Owner] = {}
        self._counts: dict[Hashable, int] = {}
        self._dropped: dict[Hashable, int] = {}
        self.start = 0
        self.arrived = 0
        """All lines that ever came, kept or not."""
        self._moves: tuple[int, int] | None = None

    @property
    def end(self) -> int:
        return self.start + len(self._lines)

    def __len__(self) -> int:
        return len(self._lines)

    def _entry(self, index: int) -> Entry:
        source, note = self._owners[index]
        return Entry(source, self._lines[index], note)

    def __getitem__(self, position: int) -> Entry:
        """The entry at an absolute position, ``start <= position < end``."""
        if not self.start <= position < self.end:
            raise IndexError(position)
        return self._entry(position - self.start)

    def between(self, begin: int, end: int) -> list[Entry]:
        """The kept entries with ``begin <= position < end``."""
        part = slice(max(0, begin - self.start), max(0, end - self.start))
        return [Entry(source, line, note) for (source, note), line in zip(self._owners[part], self._lines[part], strict=True)]

    def backwards(self, position: int) -> Iterator[tuple[int, Entry]]:
        """Positions and entries before ``position``, the nearest first."""
        for index in range(min(position, self.end) - self.start - 1, -1, -1):
            yield self.start + index, self._entry(index)

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
        owner = self._known.setdefault((source, note), _Owner(source, note))
        self._lines.extend(lines)
        self._owners.extend([owner] * len(lines))
        self._counts[source] = self._counts.get(source, 0) + len(lines)
        first = lines[0].at
        if newest is not None and first is not None and first < newest:
            self._merge(len(lines))
        self._trim(source)

    def forget(self, source: Hashable) -> None:
        """Take out every line of a source that is not followed any more."""
        if source in self._counts:
            self._take_out([index for index, owner in enumerate(self._owners) if owner.source == source], len(self._owners))
            self._counts.pop(source, None)
            self._dropped.pop(source, None)
            for note in (False, True):
                self._known.pop((source, note), None)

    def clear(self) -> None:
        """Take out everything; positions go on growing."""
        self.start = self.end
        self._lines.clear()
        self._owners.clear()
        self._known.clear()
        self._counts.clear()
        self._dropped.clear()
        self._moved(below=self.end)

    def _newest(self) -> datetime | None:
        """The time of the last line that has one."""
        return next((line.at for line in reversed(self._lines) if line.at is not None), None)

    def backfill(self, source: Hashable, lines: Sequence[LogLine]) -> None:
        """Put older lines of a source before those that are kept of it; what is too much for the ring is left out, the oldest first."""
        room = max(0, min(self._limit - self._counts.get(source, 0), self._total - len(self._lines)))
        lines = lines[len(lines) - min(len(lines), room) :]
        if not lines:
            return
        owner = self._known.setdefault((source, False), _Owner(source, False))
        self._lines[:0] = lines
        self._owners[:0] = [owner] * len(lines)
        self._counts[source] = self._counts.get(source, 0) + len(lines)
        self.start -= len(lines)
        if len(self._counts) > 1:
            self._merge(len(self._lines))  # all of it: older lines stand before everything
        self._moved(below=self.end)

    def _merge(self, added: int) -> None:
        """Put late lines where their time belongs, among the newest ones. Equal times and lines without one keep their order."""
        begin = self._overtaken(added)
        lines, owners = self._lines[begin:], self._owners[begin:]
        before = next((line.at for line in lines if line.at is not None), None)
        if before is None:
            return
        last: dict[int, datetime] = {}
        stamps: list[tuple[datetime, int]] = []
        for order, (line, owner) in enumerate(zip(lines, owners, strict=True)):
            # A line without a time stands with the line of its own source that came before it.
            source = id(owner.source)
            at = last[source] = line.at or last.get(source, before)
            stamps.append((at, order))
        stamps.sort()
        self._lines[begin:] = [lines[order] for _, order in stamps]
        self._owners[begin:] = [owners[order] for _, order in stamps]
        self._moved(since=self.start + begin)

    def _overtaken(self, added: int) -> int:
        """Where the first line stands that one of those just added must come before: what is older than all of them stays."""
        old = len(self._lines) - added
        oldest = min((line.at for line in self._lines[old:] if line.at is not None), default=None)
        begin, stop = old, max(0, old - LATE)
        while oldest is not None and begin > stop and ((at := self._lines[begin - 1].at) is None or at > oldest):
            begin -= 1
        while begin < old and self._lines[begin].at is None:
            begin += 1  # it stands with its forerunner, which stays
        return begin

    # Bounds --------------------------------------------------------------------------------------------------------------

    def _trim(self, source: Hashable) -> None:
        if self._counts[source] > self._limit + self._limit // SLACK:
            self._drop(self._counts[source] - self._limit, source)
        if len(self._lines) > self._total + self._total // SLACK:
            self._drop(len(self._lines) - self._total, None)

    def _drop(self, surplus: int, source: Hashable | None) -> None:
        """Drop the oldest ``surplus`` lines of a source (of all if None)."""
        if surplus <= 0:
            return
        if source is not None:
            self._lose(source, surplus)
        else:
            for owner, count in Counter(owner.source for owner in self._owners[:surplus]).items():
                self._lose(owner, count)
        if source is None or len(self._counts) == 1:
            del self._lines[:surplus]
            del self._owners[:surplus]
            self.start += surplus
            return
        # What is dropped stands among the oldest lines: those behind the last of it are not looked at.
        its = (index for index, owner in enumerate(self._owners) if owner.source == source)
        gone = list(islice(its, surplus))
        self._take_out(gone, gone[-1] + 1)

    def _lose(self, source: Hashable, count: int) -> None:
        self._counts[source] -= count
        self._dropped[source] = self._dropped.get(source, 0) + count

    def _take_out(self, gone: Collection[int], before: int) -> None:
        """The lines at these indexes, all less than ``before``, go. The newest keep their positions."""
        out = frozenset(gone)
        kept = [index for index in range(before) if index not in out]
        self.start += len(out)
        self._lines[:before] = [self._lines[index] for index in kept]
        self._owners[:before] = [self._owners[index] for index in kept]
        self._moved(below=self.start + len(kept))

    def _moved(self, *, below: int | None = None, since: int | None = None) -> None:
        """Lines before ``below`` and from ``since`` on stand elsewhere now."""
        before, after = self._moves or (self.start, self.end)
        self._moves = (before if below is None else max(before, below), after if since is None else min(after, since))

    def take_moves(self) -> tuple[int, int] | None:
        """What may hold another line than when this was asked last: every position before the first of these, and from the second on.
        None if nothing does: lines that only came or were dropped have moved nothing."""
        moves, self._moves = self._moves, None
        return moves

    def still(self) -> LogBuffer:
        """What is kept now, in a ring of its own that nothing is added to: for whoever takes longer to look."""
        other = LogBuffer(limit=self._limit, total=self._total)
        other.start = self.start
        other._lines, other._owners = self._lines.copy(), self._owners.copy()
        other._known, other._counts = self._known.copy(), self._counts.copy()
        return other

    # Looking -------------------------------------------------------------------------------------------------------------

    def at_time(self, when: datetime) -> int:
        """The position of the first line at or after ``when``; ``end`` if all are older. Lines must be in order of time."""
        oldest = datetime.min.replace(tzinfo=when.tzinfo)

        def stamp(index: int) -> datetime:
            # A line without a time stands behind its forerunner; there are never many of them in a row.
            return next((at for line in self._lines[index::-1] if (at := line.at) is not None), oldest)

        return self.start + bisect_left(range(len(self._lines)), when, key=stamp)

    def oldest(self, source: Hashable) -> datetime | None:
        """The time of the oldest line of a source that has one."""
        owner = self._known.get((source, False))
        kept = zip(self._owners, self._lines, strict=True)
        return next((line.at for each, line in kept if each is owner and line.at is not None), None)

    def line_at(self, when: datetime) -> int | None:
        """The position of the last line that is not younger than ``when``; None if all are."""
        place = self.at_time(when)
        return place if place < self.end else (self.end - 1 if len(self) else None)

    def place_of(self, entry: Entry, near: int) -> int | None:
        """Where this very entry stands now, looked for around ``near`` first; None if it was dropped."""
        near -= self.start
        lines, wanted = self._lines, entry.line
        for reach in range(64):
            for index in (near - reach, near + reach):
                if 0 <= index < len(lines) and lines[index] is wanted:
                    return self.start + index
        return next((self.start + index for index, line in enumerate(lines) if line is wanted), None)

    def notes(self, begin: int, end: int) -> list[int]:
        """The positions with ``begin <= position < end`` of notes of ours."""
        if not any(note for _, note in self._known):
            return []
        first = max(begin, self.start)
        part = self._owners[first - self.start : max(0, end - self.start)]
        return [first + index for index, owner in enumerate(part) if owner.note]

    def matching(self, wanted: Callable[[Entry], bool], begin: int, end: int) -> list[int]:
        """The positions with ``begin <= position < end`` whose entry is wanted or a note of ours. A ``Sifts`` is asked for all at once."""
        first = max(begin, self.start)
        part = slice(first - self.start, max(0, end - self.start))
        owners, lines = self._owners[part], self._lines[part]
        if isinstance(wanted, Sifts):
            found = [first + index for index in wanted.sift([owner.source for owner in owners], lines)]
            notes = self.notes(begin, end)
            return sorted({*found, *notes}) if notes else found
        # Entries are made one at a time and let go: two hundred thousand at once would wake the collector.
        kept = enumerate(zip(owners, lines, strict=True))
        return [first + index for index, ((source, note), line) in kept if note or wanted(Entry(source, line))]
