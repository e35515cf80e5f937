"""What part of a log is looked at: following the end or standing still, all lines or only those a filter wants. Pure; no widget.

The place is an absolute position and a line inside a wrapped record, so it holds while lines arrive, are dropped or fall into order.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable
from typing import NamedTuple

from tui.ui.widgets.log_buffer import Entry, LogBuffer


class Seen(NamedTuple):
    """One line of the screen: the entry's position, the entry, and which of its wrapped lines."""

    position: int
    entry: Entry
    sub: int


class LogWindow:
    """A window of some lines on a buffer. ``height(entry)`` says how many screen lines an entry takes now."""

    def __init__(self, buffer: LogBuffer, height: Callable[[Entry], int]) -> None:
        self._buffer = buffer
        self._height = height
        self._wanted: Callable[[Entry], bool] | None = None
        self._matches: list[int] = []
        self._checked = buffer.start
        self._matched = 0
        self._reordered = buffer.reordered
        self._paused_at: int | None = None
        self._place = (buffer.start, 0)
        self._entry: Entry | None = None

    # Which lines ---------------------------------------------------------------------------------------------------------

    def set_filter(self, wanted: Callable[[Entry], bool] | None) -> None:
        """Show only wanted entries (None: all). Our own notes are always shown."""
        self._wanted = wanted
        self._matches, self._checked, self._matched = [], self._buffer.start, 0
        self.update()
        if self._paused_at is not None:
            self._paused_at = self._total()

    @property
    def filtered(self) -> bool:
        return self._wanted is not None

    @property
    def count(self) -> int:
        """How many entries can be looked at now."""
        return len(self._buffer) if self._wanted is None else len(self._matches)

    def update(self) -> None:
        """The buffer changed: take in what came, let go of what was dropped, find the place again."""
        buffer = self._buffer
        moved = self._reordered != buffer.reordered
        self._reordered = buffer.reordered
        if self._wanted is not None:
            if moved:
                before = len(self._matches)
                self._matches, self._checked = [], buffer.start
                self._matches = self._match()
                self._matched += max(0, len(self._matches) - before)
            else:
                del self._matches[: bisect_left(self._matches, buffer.start)]
                came = self._match()
                self._matches += came
                self._matched += len(came)
        if moved and self._entry is not None and self._paused_at is not None:
            found = buffer.place_of(self._entry, self._place[0])
            self._place = (buffer.start, 0) if found is None else (found, self._place[1])
        if self._place[0] < buffer.start:
            self._place = (buffer.start, 0)

    def _match(self) -> list[int]:
        wanted = self._wanted
        begin, self._checked = self._checked, self._buffer.end
        if wanted is None:
            return []
        return self._buffer.matching(lambda entry: entry.note or wanted(entry), begin, self._checked)

    def _index(self, position: int) -> int:
        """The place among the shown entries of the first one at or after ``position``."""
        if self._wanted is None:
            return max(0, min(position - self._buffer.start, len(self._buffer)))
        return bisect_left(self._matches, position)

    def _at(self, index: int) -> int:
        return self._buffer.start + index if self._wanted is None else self._matches[index]

    # Following -----------------------------------------------------------------------------------------------------------

    @property
    def following(self) -> bool:
        return self._paused_at is None

    @property
    def unseen(self) -> int:
        """Entries that came since the window stands still."""
        return 0 if self._paused_at is None else self._total() - self._paused_at

    def _total(self) -> int:
        return self._buffer.arrived if self._wanted is None else self._matched

    def pause(self, page: int) -> None:
        """Stand still where the window is now."""
        if self._paused_at is None:
            first = next(iter(self.visible(page)), None)
            self._paused_at = self._total()
            self._stand(first)

    def follow(self) -> None:
        """Show the end again, and stay with it."""
        self._paused_at = None
        self._entry = None

    # Looking -------------------------------------------------------------------------------------------------------------

    def visible(self, page: int) -> list[Seen]:
        """The lines of the screen, at most ``page``; the last one is the newest while following."""
        if self._paused_at is None:
            return self._upwards(self.count, 0, page)
        index, sub = self._index(self._place[0]), self._place[1]
        seen = self._downwards(index, sub, page)
        return seen if len(seen) == page else self._upwards(self.count, 0, page)

    def _seen(self, index: int) -> tuple[int, Entry, int]:
        position = self._at(index)
        entry = self._buffer[position]
        return position, entry, max(1, self._height(entry))

    def _downwards(self, index: int, sub: int, page: int) -> list[Seen]:
        lines: list[Seen] = []
        while index < self.count and len(lines) < page:
            position, entry, height = self._seen(index)
            lines += [Seen(position, entry, part) for part in range(min(sub, height - 1), height)]
            index, sub = index + 1, 0
        return lines[:page]

    def _upwards(self, index: int, sub: int, page: int) -> list[Seen]:
        """The ``page`` lines that end right before line ``sub`` of entry ``index``."""
        lines: list[Seen] = []
        if sub and index < self.count:
            position, entry, _ = self._seen(index)
            lines = [Seen(position, entry, part) for part in range(sub)]
        while index > 0 and len(lines) < page:
            index -= 1
            position, entry, height = self._seen(index)
            lines = [Seen(position, entry, part) for part in range(height)] + lines
        return lines[-page:] if page else []

    def _stand(self, first: Seen | None) -> None:
        self._place = (self._buffer.start, 0) if first is None else (first.position, first.sub)
        self._entry = None if first is None else first.entry

    def move(self, lines: int, page: int) -> bool:
        """Scroll by screen lines, standing still from now on; whether the window moved."""
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
        return self.visible(page)[:1] != before[:1]

    def go_to(self, position: int, page: int, *, above: int = 0) -> None:
        """Stand still with the entry at ``position`` shown, ``above`` lines of context over it."""
        self.pause(page)
        index = min(self._index(position), max(0, self.count - 1))
        if self.count:
            context = self._upwards(index, 0, above)
            position, entry, _ = self._seen(index)
            self._stand(context[0] if context else Seen(position, entry, 0))

    def first(self, page: int) -> None:
        """Stand still at the oldest line."""
        self.pause(page)
        self._stand(next(iter(self._downwards(0, 0, 1)), None))

    def find(self, wanted: Callable[[Entry], bool], begin: int, step: int) -> int | None:
        """The position of the nearest shown entry after (``step`` 1) or before (-1) ``begin`` that is wanted."""
        index = self._index(begin)
        if step > 0 and index < self.count and self._at(index) == begin:
            index += 1
        elif step < 0:
            index -= 1
        while 0 <= index < self.count:
            position = self._at(index)
            if wanted(self._buffer[position]):
                return position
            index += step
        return None

    def share(self, page: int) -> tuple[int, int]:
        """Where the window is: index of its first entry, and how many entries there are."""
        first = next(iter(self.visible(page)), None)
        return (0 if first is None else self._index(first.position), self.count)
