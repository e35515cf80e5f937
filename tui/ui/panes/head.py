"""The head of a pane in one line and one widget: number, title or tabs, and at the right what is to be said of the whole pane."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from tui.ui.widgets.cells import Piece, Spanned, fit, total
from tui.ui.widgets.one_line import Zone
from tui.ui.widgets.tabs import TabStrip

GAP = 2
"""Blank cells between what is said at the right."""

LEAST = 12
"""Cells that the tabs keep, however much is to be said."""


class PaneHead(TabStrip):
    """``▌2  Services 24 · Deployments 5            /web  ◆ 1 NEEDS APPROVAL``. The pane that has the keys carries the bar."""

    def __init__(self, number: int, **options: Any) -> None:
        super().__init__(**options)
        self._number = number
        self._lit = False
        self._info: tuple[Piece, ...] = ()

    def light(self, lit: bool) -> None:
        """Show whether the pane has the keys."""
        if lit != self._lit:
            self._lit = lit
            self.rebuild()

    def set_info(self, info: Sequence[Piece]) -> None:
        """What is said at the right end, the most important first."""
        if tuple(info) != self._info:
            self._info = tuple(info)
            self.rebuild()

    def build(self, width: int) -> tuple[Sequence[Spanned], Sequence[Zone]]:
        lead = (Piece(" ▌" if self._lit else "  ", "accent"), Piece(str(self._number), "key" if self._lit else "muted"), Piece(" "))
        info = self._fitting(width - total(lead) - LEAST)
        inner = max(0, width - total(lead) - total(info))
        line, zones = super().build(inner)
        start = total(lead)
        return [*lead, *fit(line, inner), *info], [Zone(zone.begin + start, zone.end + start, zone.id) for zone in zones]

    def _fitting(self, width: int) -> tuple[Piece, ...]:
        shown: list[Piece] = []
        for piece in self._info:
            if total(shown) + total((piece,)) + GAP > width:
                break
            shown += [Piece(" " * (GAP if shown else 1)), piece]
        return (*shown, Piece(" ")) if shown else ()
