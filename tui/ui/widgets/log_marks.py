"""What a person pointed at in a log: bookmarks, and the line where a range begins. Pure; a mark goes with its line."""

from __future__ import annotations

from tui.ui.widgets.log_buffer import Entry, LogBuffer


class LogMarks:
    """Bookmarks by line, not by place: lines move when others come late."""

    def __init__(self, buffer: LogBuffer) -> None:
        self._buffer = buffer
        self._marked: dict[int, Entry] = {}
        self.anchor: tuple[int, Entry] | None = None

    def has(self, entry: Entry) -> bool:
        return id(entry.line) in self._marked

    def toggle(self, entry: Entry) -> None:
        """Put a bookmark here, or take it away."""
        if self._marked.pop(id(entry.line), None) is None:
            # The line is held on to: while it is marked, no other can have its identity.
            self._marked[id(entry.line)] = entry

    def clear(self) -> None:
        self._marked.clear()
        self.anchor = None

    def __len__(self) -> int:
        return len(self._marked)

    def anchor_at(self) -> int | None:
        """Where the range begins now; None without one, or where its line was dropped."""
        if self.anchor is None:
            return None
        found = self._buffer.place_of(self.anchor[1], self.anchor[0])
        self.anchor = None if found is None else (found, self.anchor[1])
        return found

    def within(self, position: int, cursor: int | None) -> bool:
        """Whether a place is between the beginning of the range and the cursor."""
        if self.anchor is None or cursor is None:
            return False
        begin = self.anchor[0]
        return min(begin, cursor) <= position <= max(begin, cursor)
