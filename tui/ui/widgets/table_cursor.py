"""Which row of a table is under the cursor and which are marked, by key. Pure; no widget.

A row is never chosen by its number: one that moves takes the cursor along, one that vanishes leaves none behind, and the next
move of the user begins where the lost row was.
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence

from tui.ui.widgets.table_rows import Row, find, keys_of


class TableCursor:
    """The cursor on ``rows`` and the marks among them. ``index`` and ``key`` are None together."""

    def __init__(self, *, auto: bool) -> None:
        """``auto`` puts the cursor on the first row of the first rows there ever are."""
        self.rows: Sequence[Row] = ()
        self.index: int | None = None
        self.key: Hashable | None = None
        self.marks: frozenset[Hashable] = frozenset()
        self._auto = auto
        self._lost: tuple[Hashable, int] | None = None

    @property
    def row(self) -> Row | None:
        return None if self.index is None else self.rows[self.index]

    def take(self, rows: Sequence[Row]) -> None:
        """These are the rows now. A key that is gone leaves no cursor; one that comes back before the user moved gets it back."""
        self.rows = rows
        key, near = self.key, self.index or 0
        if key is None and self._lost is not None:
            key, near = self._lost
        if key is None:
            if self._auto and len(rows):
                self.put(0)
            return
        index = find(rows, key, near)
        if index is None:
            self._lost = self._lost or (key, near)
            self.index = self.key = None
        else:
            self._lost = None
            self.index, self.key = index, key

    def put(self, index: int | None) -> None:
        """The user, or whoever speaks for the user, puts the cursor there."""
        self._lost = None
        self._auto = False
        self.index = index
        self.key = None if index is None else self.rows[index].key

    @property
    def wanted(self) -> Hashable | None:
        """The key under the cursor, or the lost one that gets it back when it comes."""
        return self.lost if self.key is None else self.key

    @property
    def lost(self) -> Hashable | None:
        """The key whose row is not there, so that there is no cursor; None where nothing was lost."""
        return self._lost[0] if self.key is None and self._lost is not None else None

    @property
    def near(self) -> int:
        """The number of the row under the cursor, or of the lost one; 0 where there was none."""
        return self.index if self.index is not None else self._lost[1] if self._lost is not None else 0

    def want(self, key: Hashable, near: int = 0) -> None:
        """Put the cursor on this key as soon as it is among the rows; until then the next move begins at row ``near``."""
        self._auto = False
        self.index = self.key = None
        self._lost = (key, max(0, near))
        self.take(self.rows)

    def after(self, lines: int, top: int) -> int | None:
        """The row ``lines`` further; where the cursor was lost, counted from there; without any, the row at ``top``."""
        count = len(self.rows)
        if not count:
            return None
        if self.index is not None:
            index = self.index + lines
        elif self._lost is not None:
            index = self._lost[1] + (lines if lines < 0 else lines - 1)
        else:
            index = top
        return max(0, min(index, count - 1))

    def parent(self) -> int | None:
        """The row of a tree that the cursor's row stands under."""
        row = self.row
        if row is None or self.index is None:
            return None
        return next((at for at in range(self.index - 1, -1, -1) if self.rows[at].depth < row.depth), None)

    def prune(self) -> bool:
        """Let go of marks whose row is gone; whether there were any."""
        if not self.marks:
            return False
        left = self.marks.intersection(keys_of(self.rows))
        gone = left != self.marks
        self.marks = left
        return gone


def place(rows: Sequence[Row], before: Sequence[Hashable], key: Hashable | None, top: int) -> int:
    """The first line to show so that the cursor's row, else the first one seen ``before`` that is still there, keeps its line."""
    order = list(range(len(before)))
    if key is not None and key in before:
        order.insert(0, before.index(key))
    elif top == 0:
        return 0
    for line in order:
        index = find(rows, before[line], top + line)
        if index is not None:
            return index - line
    return top
