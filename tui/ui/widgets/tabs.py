"""One line of tabs with counts: ``Services 12 · Deployments 5 · Routes``. It draws and is clicked; the pane owns the keys.

``set_tabs([Tab(id="services", label="Services", count="12", tone="warn"), ...], active="services")``; a click posts
``TabStrip.Chosen(id)``.
The active tab is told by weight and underline, not by colour alone. Tabs that do not fit lose their counts, then scroll so that
the active one stays.
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
    """A tab; ``count`` is text (``12``, ``3/12``) in the tone of the worst thing behind it."""

    id: str
    label: str
    count: str = ""
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
        made = [(tab, _tab(tab, self._active, counts=True)) for tab in self._tabs]
        if _need(made) > width - 2:
            made = [(tab, _tab(tab, self._active, counts=False)) for tab in self._tabs]
        while _need(made) > width - 2 and len(made) > 1 and made[0][0].id != self._active:
            made.pop(0)
        line: list[Spanned] = [Piece(" ")]
        zones: list[Zone] = []
        x = 1
        for tab, pieces in made:
            if x > 1:
                line.append(BETWEEN)
                x += total((BETWEEN,))
            x, zone = clickable(pieces, x, tab.id)
            zones.append(zone)
            line.extend(pieces)
        return line, zones

    def clicked(self, zone: str) -> None:
        self.post_message(self.Chosen(self, zone))


def _need(made: Sequence[tuple[Tab, tuple[Piece, ...]]]) -> int:
    return sum(total(pieces) for _, pieces in made) + total((BETWEEN,)) * max(0, len(made) - 1)


def _tab(tab: Tab, active: str, *, counts: bool) -> tuple[Piece, ...]:
    name = Piece(tab.label, "title+selected" if tab.id == active else "muted")
    return (name, Piece(f" {tab.count}", tab.tone or "muted")) if counts and tab.count else (name,)
