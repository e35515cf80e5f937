"""Which cells of a table are new for a while. Pure: whoever owns the timer calls ``fade``; nothing ticks when nothing changed."""

from __future__ import annotations

import re
from collections.abc import Container, Hashable, Iterator, Mapping
from typing import Final

from tui.ui.widgets.cells import Cell
from tui.ui.widgets.table_rows import Row

Where = tuple[Hashable, int]
"""A cell: the key of its row and the number of its column."""

_AGE: Final = re.compile(r"\s*\b\d+[smhdy](\d\d)?( ago)?\s*$")
_NUMBER: Final = re.compile(r"(\d+(?:\.\d+)?)([BKMGT]?)%?")
_UNITS: Final = {"": 0, "B": 0, "K": 1, "M": 2, "G": 3, "T": 4}


class Flash(Mapping[Where, str]):
    """Cells that changed lately, each with ``↑`` or ``↓`` where a number became more or less. A cell stays for one to two rounds."""

    def __init__(self) -> None:
        self._cells: dict[Where, tuple[int, str]] = {}
        self._round = 0

    def __getitem__(self, cell: Where) -> str:
        return self._cells[cell][1]

    def __iter__(self) -> Iterator[Where]:
        return iter(self._cells)

    def __len__(self) -> int:
        return len(self._cells)

    def note(self, now: Row, was: Row, passing: Container[int] = ()) -> None:
        """Remember which cells of a row say something else than before. Columns ``passing`` change by themselves as time goes by, and
        so does an age at the end of any text."""
        for index, (new, old) in enumerate(zip(now.cells, was.cells, strict=False)):
            if new != old and index not in passing and (said := _said(new)) != (before := _said(old)):
                self._cells[(now.key, index)] = (self._round, _sign(said, before))

    def clear(self) -> None:
        """Forget everything: the columns are other ones."""
        self._cells.clear()

    def fade(self) -> frozenset[Hashable]:
        """A round is over: forget what is older; the keys of the rows that look different now."""
        old = {cell for cell, (noted, _) in self._cells.items() if noted < self._round}
        for cell in old:
            del self._cells[cell]
        self._round += 1
        return frozenset(key for key, _ in old)


def _said(cell: Cell) -> str:
    return _AGE.sub("", "".join(piece.text for piece in cell))


def _sign(new: str, old: str) -> str:
    """An arrow where both are numbers and differ."""
    more, less = _amount(new), _amount(old)
    if more is None or less is None or more == less:
        return ""
    return "↑" if more > less else "↓"


def _amount(text: str) -> float | None:
    match = _NUMBER.fullmatch(text.strip())
    return float(match[1]) * 1024.0 ** _UNITS[match[2]] if match else None
