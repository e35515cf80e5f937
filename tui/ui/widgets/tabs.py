"""One line of tabs with counts: ``Services 12 · Deployments 5 · Routes``. It draws and is clicked; the pane owns the keys.

``set_tabs([Tab(id="services", label="Services", count="12", tone="warn"), ...], active="services")``; a click posts
``TabStrip.Chosen(id)``.
The active tab is told by weight and underline, and what is wrong behind one by a sign, not by colour alone. Tabs that do not fit lose
their counts, then scroll so that the active one stays.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from textual.message import Message

from tui.ui.widgets.cells import Piece, Spanned, total
from tui.ui.widgets.one_line import OneLine, Zone, clickable

BETWEEN: Final = Piece(" · ", "muted")


@dataclass(frozen=True, slots=True, kw_only=True)
class Tab:
    """A tab; ``count`` is text (``12``, ``3/12``) in the tone of the worst thing behind it, and ``sign`` says that without a colour."""

    id: str
    label: str
    count: str = ""
    sign: str = ""
    tone: str | None = None


class TabStrip(OneLine):
    """One line of tabs."""

    class Chosen(Message):
        """The tab called ``tab`` was clicked."""

        def __init__(self, strip: TabStrip, tab: str) -> None:
            super().__init__()
            self.strip = strip
            self.tab = tab

        @property
        def control(self) -> TabStrip:
            return self.strip

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self._tabs: tuple[Tab, ...] = ()
        self._active = ""

    @property
    def active(self) -> str:
        return self._active

    def set_tabs(self, tabs: Sequence[Tab], active: str) -> None:
        """Show these tabs, ``active`` being the one that is open."""
        wanted = (tuple(tabs), active)
        if wanted != (self._tabs, self._active):
            self._tabs, self._active = wanted
            self.rebuild()

    def build(self, width: int) -> tuple[Sequence[Spanned], Sequence[Zone]]:
        made: list[Made] = []
        for counts, tight in FORMS:
            made = [_tab(tab, self._active, first=not at, counts=counts, tight=tight) for at, tab in enumerate(self._tabs)]
            if _need(made) < width:
                break
        while _need(made) >= width and len(made) > 1 and made[0][0].id != self._active:
            made.pop(0)
            made[0] = (made[0][0], Piece(""), made[0][2])
        line: list[Spanned] = []
        zones: list[Zone] = []
        x = 0
        for tab, before, pieces in made:
            line.append(before)
            x, zone = clickable(pieces, x + total((before,)), tab.id)
            zones.append(zone)
            line.extend(pieces)
        return line, zones

    def clicked(self, zone: str) -> None:
        self.post_message(self.Chosen(self, zone))


Made = tuple[Tab, Piece, tuple[Piece, ...]]
"""A tab, what stands before it, and what it says."""

FORMS: Final = ((True, False), (True, True), (False, False), (False, True))
"""Whether tabs are told with their counts, and whether a sign takes the blank before its tab: no count leaves because a sign came."""


def _need(made: Sequence[Made]) -> int:
    return sum(total((before, *pieces)) for _, before, pieces in made)


def _tab(tab: Tab, active: str, *, first: bool, counts: bool, tight: bool) -> Made:
    before = Piece("" if first else BETWEEN.text.rstrip(), BETWEEN.tone)
    tone = tab.tone or "muted"
    sign = (Piece(tab.sign if tight else f" {tab.sign} ", tone),) if tab.sign else (Piece(" "),)
    count = (Piece(f" {tab.count}", tone),) if counts and tab.count else ()
    return tab, before, (*sign, Piece(tab.label, "title+selected" if tab.id == active else "muted"), *count)
