"""The head of a pane in one line and one widget: number, title or tabs, and at the right what is to be said of the whole pane."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from tui.ui.widgets.cells import Piece, Spanned, fit, total, width_of
from tui.ui.widgets.one_line import Zone
from tui.ui.widgets.tabs import TabStrip

GAP = 2
"""Blank cells between what is said at the right."""

LEAST = 12
"""Cells that the tabs keep, however much is to be said."""


class PaneHead(TabStrip):
    """``▌2  Services 24 · Deployments 5            /web  ◆ 1 NEEDS APPROVAL``. The pane that has the keys carries the bar.

    A pane whose list has no line for titles says them here: ``▌3  Live rollouts  3 going on            LASTED  STARTED``.
    """

    def __init__(self, number: int, **options: Any) -> None:
        super().__init__(**options)
        self._number = number
        self._lit = False
        self._info: tuple[Piece, ...] = ()
        self._over: tuple[tuple[int, str], ...] = ()

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

    def set_over(self, over: Sequence[tuple[int, str]]) -> None:
        """Titles of columns below, each with the cell that it begins at. What is said of the pane then stands behind its name, and a
        title that it reaches is left out."""
        if tuple(over) != self._over:
            self._over = tuple(over)
            self.rebuild()

    def build(self, width: int) -> tuple[Sequence[Spanned], Sequence[Zone]]:
        lead = (Piece(" ▌" if self._lit else "  ", "accent"), Piece(str(self._number), "key" if self._lit else "muted"), Piece(" "))
        info = self._fitting(width - total(lead) - LEAST)
        inner = max(0, width - total(lead) - total(info))
        line, zones = super().build(inner)
        start = total(lead)
        zones = [Zone(zone.begin + start, zone.end + start, zone.id) for zone in zones]
        if self._over:
            return self._titled([*lead, *fit(line, min(inner, total(line) + 1)), *info]), zones
        return [*lead, *fit(line, inner), *info], zones

    def _titled(self, line: list[Spanned]) -> list[Spanned]:
        """The line with those titles that begin behind it."""
        end = total(line)
        for begin, title in self._over:
            if begin > end:
                line += [Piece(" " * (begin - end)), Piece(title, "muted")]
                end = begin + width_of(title)
        return line

    def _fitting(self, width: int) -> tuple[Piece, ...]:
        shown: list[Piece] = []
        for piece in self._info:
            if total(shown) + total((piece,)) + GAP > width:
                break
            shown += [Piece(" " * (GAP if shown else 1)), piece]
        return (*shown, Piece(" ")) if shown else ()
