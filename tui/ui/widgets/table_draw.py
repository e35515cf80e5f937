"""A row and the head of a table as pieces of exact width. Pure; no widget, no style."""

from __future__ import annotations

import re
from collections.abc import Hashable, Mapping, Sequence
from itertools import zip_longest
from typing import Final

from tui.ui.widgets.cells import Cell, Piece, fit, marked, width_of
from tui.ui.widgets.table_layout import Slot
from tui.ui.widgets.table_rows import CLOSED, LEAF, OPEN, Row

GUTTER: Final = 1
"""Cells left of the first column, for the mark and the cursor's sign."""


def row_pieces(
    row: Row,
    slots: Sequence[Slot],
    width: int,
    *,
    sign: str,
    tree: bool,
    pattern: re.Pattern[str] | None,
    changed: Mapping[tuple[Hashable, int], str],
) -> list[Piece]:
    """A row behind its ``sign``; matches of ``pattern`` and the ``changed`` cells in tones of their own, an
    arrow behind those that became more or less."""
    pieces = [Piece(sign, None if sign == " " else "key")]
    if row.title:
        return [*pieces, *fit(row.cells[0], width - GUTTER)]
    x, arrow = 0, ""
    for slot in slots:
        pieces += _gap(slot.x - x, arrow)
        cell: Cell = row.cells[slot.index] if slot.index < len(row.cells) else ()
        if tree and slot.index == 0:
            branch = LEAF if row.open is None else OPEN if row.open else CLOSED
            cell = (Piece("  " * row.depth + branch, "muted"), *cell)
        fitted = fit(cell, slot.width, right=slot.right)
        if pattern is not None:
            fitted = marked(fitted, pattern)
        arrow = changed.get((row.key, slot.index), "")
        if (row.key, slot.index) in changed:
            fitted = [Piece(text, f"{tone}+changed" if tone else "changed") if text.strip() else Piece(text) for text, tone in fitted]
        pieces.extend(fitted)
        x = slot.x + slot.width
    return [*pieces, *_gap(width - GUTTER - x, arrow)]


def _gap(cells: int, arrow: str) -> list[Piece]:
    """The blank behind a column, with what is to be said there."""
    if cells <= 0:
        return []
    return [Piece(arrow, "accent"), Piece(" " * (cells - 1))] if arrow else [Piece(" " * cells)]


def head_pieces(slots: Sequence[Slot], width: int, sort: tuple[str, bool] | None) -> list[Piece]:
    """The titles; an arrow behind the one that is sorted by, downwards if the second of ``sort``."""
    pieces = [Piece(" " * GUTTER)]
    x = 0
    for slot, following in zip_longest(slots, slots[1:]):
        pieces.append(Piece(" " * (slot.x - x)))
        title, cells = slot.title, slot.width
        if sort and sort[0] == slot.id:
            arrow = "▼" if sort[1] else "▲"
            gap = (following.x if following else width - GUTTER) - slot.x - cells
            # A title that has no cell left borrows one of the gap behind it, and is not cut for the arrow.
            cells += width_of(title) >= cells and gap > 1
            title = fit((Piece(title),), min(width_of(title), cells - 1))[0].text + arrow if cells > 1 else arrow
        pieces.extend(fit((Piece(title, "title"),), cells, right=slot.right))
        x = slot.x + cells
    return [*pieces, *_gap(width - GUTTER - x, "")]
