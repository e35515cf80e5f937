"""Rows as a table takes them: a key and cells, made all at once or only when looked at. No widget here."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Iterator, Sequence
from typing import Final, NamedTuple, overload

from tui.ui.widgets.cells import Cell, Piece

CLOSED: Final = "▸ "
OPEN: Final = "▾ "
LEAF: Final = "  "


class Row(NamedTuple):
    """One row: its identity and one cell per column. In a tree ``depth`` indents it; ``open`` is None for a leaf. The first cell of one
    that is a ``title`` goes across all columns: it says what the rows below it are.

    A NamedTuple: ten thousand of them are made and compared at once, and that in C.
    """

    key: Hashable
    cells: tuple[Cell, ...]
    depth: int = 0
    open: bool | None = None
    title: bool = False


def cell(text: str, tone: str | None = None) -> Cell:
    """A cell of one piece."""
    return (Piece(text, tone),)


class LazyRows(Sequence[Row]):
    """Rows whose cells are made when first looked at: ten thousand rows cost what forty do.

    ``keys`` gives the order, ``make(key)`` the row. Both must stay as they are; for what changed make a new ``LazyRows``.
    """

    def __init__(self, keys: Sequence[Hashable], make: Callable[[Hashable], Row]) -> None:
        self.keys = keys
        self._make = make
        self._made: dict[int, Row] = {}

    def __len__(self) -> int:
        return len(self.keys)

    @overload
    def __getitem__(self, index: int) -> Row: ...
    @overload
    def __getitem__(self, index: slice) -> list[Row]: ...
    def __getitem__(self, index: int | slice) -> Row | list[Row]:
        if isinstance(index, slice):
            return [self[each] for each in range(*index.indices(len(self.keys)))]
        made = self._made.get(index)
        if made is None:
            if len(self._made) > 1024:
                self._made.clear()
            made = self._made[index] = self._make(self.keys[index])
        return made

    def __iter__(self) -> Iterator[Row]:
        return (self._made.get(index) or self._make(key) for index, key in enumerate(self.keys))


def keys_of(rows: Sequence[Row]) -> Iterable[Hashable]:
    """The keys of rows in their order; no row is made for it."""
    return rows.keys if isinstance(rows, LazyRows) else (row.key for row in rows)


def find(rows: Sequence[Row], key: Hashable, near: int) -> int | None:
    """The index of the row with ``key``; looked for around ``near`` first, where it nearly always still is."""
    if isinstance(rows, LazyRows):
        keys: Sequence[Hashable] = rows.keys
        if 0 <= near < len(keys) and keys[near] == key:
            return near
        try:
            return keys.index(key)
        except ValueError:
            return None
    for index in range(max(0, near - 50), min(len(rows), near + 50)):
        if rows[index].key == key:
            return index
    return next((index for index, row in enumerate(rows) if row.key == key), None)
