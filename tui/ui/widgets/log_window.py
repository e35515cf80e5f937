"""What part of a log is looked at: following the end or standing still, all lines or only those a filter wants. Pure; no widget.

The place is an absolute position and a line inside a wrapped record, so it holds while lines arrive, are dropped or fall into order.
A filter is tried on the lines near the place first and on the rest piece by piece (``log_matches``). While the window stands still one
entry is under the cursor.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from datetime import timedelta
from itertools import islice
from typing import Final, NamedTuple

from tui.model import LogLine
from tui.ui.widgets.log_buffer import Entry, LogBuffer, Sifts
from tui.ui.widgets.log_leads import left_out, pause
from tui.ui.widgets.log_matches import LogMatches

TOGETHER: Final = timedelta(seconds=0.1)
"""Lines of one source that follow so close are one thing that happened, the trace of one error; errors one after the other are not."""

NEAR: Final = 32
"""Lines in which the one before of the same source is looked for."""


def together(before: LogLine, after: LogLine) -> bool:
    """Whether two lines of one source, one right after the other, are one thing that happened; without times nothing speaks against it."""
    return before.at is None or after.at is None or after.at - before.at < TOGETHER


class Seen(NamedTuple):
    """One line of the screen: the entry's position, the entry, and which of its wrapped lines; -1 is the line above it that says what is
    not there, ``lead``."""

    position: int
    entry: Entry
    sub: int
    lead: str = ""


class LogWindow:
    """A window of some lines on a buffer. ``height(entry)`` says how many screen lines an entry takes now."""

    def __init__(self, buffer: LogBuffer, height: Callable[[Entry], int]) -> None:
        self._buffer = buffer
        self._height = height
        self._found: LogMatches | None = None
        self._wanted: Callable[[Entry], bool] | None = None
        self._context = 0
        self._paused_at: int | None = None
        self._place = (buffer.start, 0)
        self._entry: Entry | None = None
        self._cursor: tuple[int, Entry] | None = None

    # Which lines ---------------------------------------------------------------------------------------------------------

    def set_filter(self, wanted: Callable[[Entry], bool] | None, *, context: int = 0, budget: int | None = None) -> None:
        """Show only wanted entries (None: all) with so many lines around each. Our own notes are always shown. ``budget``: see
        ``update``."""
        self._wanted, self._context = wanted, context
        self._search_anew()
        self.update(budget)
        if self._paused_at is not None:
            self._paused_at = self._total()

    def _search_anew(self) -> None:
        wanted = self._wanted
        if wanted is None:
            self._found = None
            return
        begin = self._buffer.end if self._paused_at is None else max(self._buffer.start, min(self._place[0], self._buffer.end))
        self._found = LogMatches(self._buffer, wanted, begin=begin, context=self._context)

    @property
    def filtered(self) -> bool:
        return self._found is not None

    @property
    def behind(self) -> int:
        """Lines that the filter was not tried on yet: call ``update`` again."""
        return 0 if self._found is None else self._found.behind

    @property
    def count(self) -> int:
        """How many entries can be looked at now."""
        return len(self._buffer) if self._found is None else len(self._found.shown)

    @property
    def matches(self) -> int:
        """Lines that the filter wants, as far as is known."""
        return self.count if self._found is None else len(self._found.hits) - len(self._found.notes)

    @property
    def kept(self) -> int:
        """Lines that are kept; with a filter without our notes, as far as they are known."""
        return len(self._buffer) - (0 if self._found is None else len(self._found.notes))

    def is_context(self, position: int) -> bool:
        """Whether a shown entry is there only because it stands near one that is wanted."""
        return self._found is not None and self._context > 0 and not self._found.is_hit(position)

    def update(self, budget: int | None = None) -> None:
        """The buffer changed, or a filter is behind: take in what came, let go of what was dropped, find the place again. With a
        ``budget`` the filter is tried on so many lines only."""
        buffer = self._buffer
        moves = buffer.take_moves()
        if self._found is not None:
            if moves is not None and not self._found.forget(*moves):
                carried = self.unseen
                self._search_anew()
                if self._paused_at is not None:
                    self._paused_at = self._total() - carried
            self._found.work(budget)
        if moves is not None and self._paused_at is not None:
            below, since = moves
            looked_at = (self._place[0], self._cursor[0] if self._cursor else self._place[0])
            if any(each < below or each >= since for each in looked_at):
                self._find_again()
        if self._place[0] < buffer.start:
            self._place = (buffer.start, 0)

    def _find_again(self) -> None:
        buffer = self._buffer
        if self._entry is not None:
            found = buffer.place_of(self._entry, self._place[0])
            self._place = (buffer.start, 0) if found is None else (found, self._place[1])
        if self._cursor is not None:
            found = buffer.place_of(self._cursor[1], self._cursor[0])
            self._cursor = None if found is None else (found, self._cursor[1])

    def _index(self, position: int) -> int:
        """The place among the shown entries of the first one at or after ``position``."""
        if self._found is None:
            return max(0, min(position - self._buffer.start, len(self._buffer)))
        return self._found.index(position)

    def _at(self, index: int) -> int:
        return self._buffer.start + index if self._found is None else self._found.shown[index]

    # Following -----------------------------------------------------------------------------------------------------------

    @property
    def following(self) -> bool:
        return self._paused_at is None

    @property
    def unseen(self) -> int:
        """Entries that came since the window stands still."""
        return 0 if self._paused_at is None else max(0, self._total() - self._paused_at)

    def _total(self) -> int:
        return self._buffer.arrived if self._found is None else self._found.came

    def pause(self, page: int) -> None:
        """Stand still where the window is now, the cursor on the newest entry that is shown."""
        if self._paused_at is None:
            seen = self.visible(page)
            self._paused_at = self._total()
            self._stand(next(iter(seen), None))
            self._cursor = (seen[-1].position, seen[-1].entry) if seen else None

    def follow(self) -> None:
        """Show the end again, and stay with it."""
        self._paused_at = None
        self._entry = None
        self._cursor = None

    # Looking -------------------------------------------------------------------------------------------------------------

    def visible(self, page: int) -> list[Seen]:
        """The lines of the screen, at most ``page``; the last one is the newest while following."""
        if self._paused_at is None:
            return self._upwards(self.count, 0, page)
        index, sub = self._index(self._place[0]), self._place[1]
        seen = self._downwards(index, sub, page)
        return seen if len(seen) == page else self._upwards(self.count, 0, page)

    def _seen(self, index: int) -> list[Seen]:
        """The lines of an entry, from the one above it that says what is not there."""
        position = self._at(index)
        entry = self._buffer[position]
        lead = self._lead(index, position, entry)
        lines = [Seen(position, entry, part) for part in range(max(1, self._height(entry)))]
        return [Seen(position, entry, -1, lead), *lines] if lead else lines

    def _lead(self, index: int, position: int, entry: Entry) -> str:
        if index == 0:
            return ""
        before = self._at(index - 1)
        if position - before > 1:
            return left_out(position - before - 1, self._buffer[before], entry) if self._context else ""
        earlier = self._buffer[self._at(index - 2)] if index > 1 else None
        return pause(earlier, self._buffer[before], entry)

    def _downwards(self, index: int, sub: int, page: int) -> list[Seen]:
        lines: list[Seen] = []
        while index < self.count and len(lines) < page:
            seen = self._seen(index)
            lines += [line for line in seen if line.sub >= min(sub, seen[-1].sub)]
            index, sub = index + 1, -1
        return lines[:page]

    def _upwards(self, index: int, sub: int, page: int) -> list[Seen]:
        """The ``page`` lines that end right before line ``sub`` of entry ``index``."""
        lines: list[Seen] = [line for line in self._seen(index) if line.sub < sub] if index < self.count else []
        while index > 0 and len(lines) < page:
            index -= 1
            lines = self._seen(index) + lines
        return lines[-page:] if page else []

    def _stand(self, first: Seen | None) -> None:
        self._place = (self._buffer.start, 0) if first is None else (first.position, first.sub)
        self._entry = None if first is None else first.entry

    def move(self, lines: int, page: int) -> bool:
        """Scroll by screen lines, standing still from now on, the cursor as far as it must; whether the window moved."""
        self.pause(page)
        before = self.visible(page)
        if not before:
            return False
        index, sub = self._index(before[0].position), before[0].sub
        if lines < 0:
            above = self._upwards(index, sub, -lines)
            self._stand(above[0] if above else before[0])
        else:
            below = self._downwards(index, sub, lines + page)
            if len(below) >= page:
                self._stand(below[min(lines, len(below) - page)])
        seen = self.visible(page)
        if self._cursor is None or self._cursor[0] < seen[0].position:
            self._cursor = (seen[0].position, seen[0].entry)
        elif self._cursor[0] > seen[-1].position:
            self._cursor = (seen[-1].position, seen[-1].entry)
        return seen[:1] != before[:1]

    # The cursor ----------------------------------------------------------------------------------------------------------

    @property
    def cursor(self) -> int | None:
        """The position of the entry under the cursor; None while following, or where it is gone."""
        if self._cursor is not None and self._cursor[0] < self._buffer.start:
            self._cursor = None
        return None if self._cursor is None else self._cursor[0]

    def step(self, entries: int, page: int) -> bool:
        """Move the cursor by entries, standing still from now on; whether it moved."""
        self.pause(page)
        if not self.count:
            return False
        seen = self.visible(page)
        at = self.cursor if self.cursor is not None else seen[-1].position
        index = max(0, min(self._index(at) + entries, self.count - 1))
        position = self._at(index)
        self._cursor = (position, self._buffer[position])
        shown = [each.position for each in seen]
        if position < shown[0] or (position == shown[0] and seen[0].sub > 0):
            self._stand(Seen(position, self._buffer[position], 0))
        elif position >= shown[-1]:
            height = max(1, self._height(self._buffer[position]))
            last = self._upwards(index, 0, page - min(height, page))
            self._stand(last[0] if last else Seen(position, self._buffer[position], 0))
        return position != at

    def put_cursor(self, position: int, page: int) -> None:
        """Stand still with the cursor on a shown entry."""
        self.pause(page)
        self._cursor = (position, self._buffer[position])

    def go_to(self, position: int, page: int, *, above: int = 0) -> None:
        """Stand still with the entry at ``position`` shown under the cursor, ``above`` lines of context over it."""
        self.pause(page)
        index = min(self._index(position), max(0, self.count - 1))
        if self.count:
            context = self._upwards(index, 0, above)
            seen = self._seen(index)[-1]
            self._stand(context[0] if context else seen._replace(sub=0))
            self._cursor = (seen.position, seen.entry)

    def row(self, page: int) -> int:
        """Which line of the screen the cursor is on; 0 where it is on none."""
        at = self.cursor
        return next((row for row, seen in enumerate(self.visible(page)) if seen.position == at and seen.sub >= 0), 0)

    def show_cursor(self, page: int, row: int) -> None:
        """Bring the entry under the cursor, or where that is not shown the one behind it, to line ``row`` unless it is in sight."""
        at = self.cursor
        if at is None or not self.count:
            return
        index = min(self._index(at), self.count - 1)
        if all(seen.position != self._at(index) for seen in self.visible(page)):
            above = self._upwards(index, 0, row)
            self._stand(above[0] if above else self._seen(index)[-1]._replace(sub=0))

    def first(self, page: int) -> None:
        """Stand still at the oldest line."""
        self.pause(page)
        self._stand(next(iter(self._downwards(0, 0, 1)), None))
        self._cursor = None if self._entry is None else (self._place[0], self._entry)

    def find(self, wanted: Callable[[Entry], bool], begin: int, step: int, most: int | None = None, *, runs: bool = False) -> int | None:
        """The position of the nearest shown entry after (``step`` 1) or before (-1) ``begin`` that is wanted, among the next ``most``.
        With ``runs`` of those that stand together only the first counts."""
        index = self._index(begin)
        if step > 0 and index < self.count and self._at(index) == begin:
            index += 1
        elif step < 0:
            index -= 1
        stop = self.count if step > 0 else -1
        if most is not None:
            stop = min(stop, index + most) if step > 0 else max(stop, index - most)
        found = (position for position in self._among(wanted, range(index, stop, step)) if not (runs and self._goes_on(wanted, position)))
        return next(found, None)

    def _among(self, wanted: Callable[[Entry], bool], indexes: range) -> Iterator[int]:
        """The positions of those of the shown entries that are wanted, in the order of the indexes."""
        positions: Iterable[int] = map(self._at, indexes)
        if self._found is None and isinstance(wanted, Sifts) and indexes:
            first, last = sorted((indexes[0], indexes[-1]))
            hits = self._buffer.matching(wanted, self._at(first), self._at(last) + 1)
            positions = hits[:: indexes.step]
            # Notes of ours are always among them.
            return (each for each in positions if not self._buffer[each].note or wanted(self._buffer[each]))
        return (each for each in positions if wanted(self._buffer[each]))

    def _goes_on(self, wanted: Callable[[Entry], bool], position: int) -> bool:
        """Whether a wanted entry belongs to the wanted one of its source right before it."""
        entry = self._buffer[position]
        for _, before in islice(self._buffer.backwards(position), NEAR):
            if before.source == entry.source:
                return wanted(before) and together(before.line, entry.line)
        return False

    def beyond(self, begin: int, step: int, entries: int) -> int | None:
        """The position so many shown entries further on; None if that is past the end."""
        index = self._index(begin) + step * entries
        return self._at(index) if 0 <= index < self.count else None

    def entries(self, begin: int | None = None, end: int | None = None) -> list[Entry]:
        """The shown entries, all of them or those with ``begin <= position < end``."""
        first = 0 if begin is None else self._index(begin)
        last = self.count if end is None else self._index(end)
        return [self._buffer[self._at(index)] for index in range(first, last)]

    def share(self, page: int) -> tuple[int, int]:
        """Where the window is: index of its first entry, and how many entries there are."""
        first = next(iter(self.visible(page)), None)
        return (0 if first is None else self._index(first.position), self.count)
