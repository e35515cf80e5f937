"""Which cells of a table are new for a while. Pure: whoever owns the timer calls ``fade``; nothing ticks when nothing changed."""

from __future__ import annotations

from collections.abc import Hashable

from tui.ui.widgets.table_rows import Row


class Flash:
    """Cells that changed lately, by key and column. A cell stays for one to two rounds."""

    def __init__(self) -> None:
        self._cells: dict[tuple[Hashable, int], int] = {}
        self._round = 0

    def __bool__(self) -> bool:
        return bool(self._cells)

    def __contains__(self, cell: object) -> bool:
        return cell in self._cells

    def note(self, now: Row, was: Row) -> None:
        """Remember which cells of a row are other ones than before."""
        for index, (new, old) in enumerate(zip(now.cells, was.cells, strict=False)):
            if new != old:
                self._cells[(now.key, index)] = self._round

    def fade(self) -> frozenset[Hashable]:
        """A round is over: forget what is older; the keys of the rows that look different now."""
        old = {cell for cell, noted in self._cells.items() if noted < self._round}
        for cell in old:
            del self._cells[cell]
        self._round += 1
        return frozenset(key for key, _ in old)
