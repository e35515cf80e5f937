"""A one-line widget of pieces: what the key bar, the status line and the tab strip share.

It compares what it is told with what it drew and repaints from the first column that differs; told the same it writes nothing.
It has a fixed size, so a change never runs a layout, and no children, so nothing is left behind when its text changes.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

from textual import events
from textual.geometry import Region
from textual.strip import Strip

from tui.ui.widgets.cells import Piece, Spanned, fit, plain, width_of
from tui.ui.widgets.tones import Toned


class Zone(NamedTuple):
    """Cells ``begin <= x < end`` belong to the thing called ``id``."""

    begin: int
    end: int
    id: str


class OneLine(Toned):
    """One line of pieces with zones that can be clicked. Subclasses build the line for a width in ``build``."""

    DEFAULT_CSS = """
    OneLine { width: 1fr; height: 1; }
    """

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self._pieces: list[Piece] = []
        self._zones: tuple[Zone, ...] = ()
        self._built_for = -1

    def build(self, width: int) -> tuple[Sequence[Spanned], Sequence[Zone]]:
        """The pieces of the line and where what can be clicked is."""
        raise NotImplementedError

    def clicked(self, zone: str) -> None:
        """The thing called ``zone`` was clicked."""

    def rebuild(self) -> None:
        """Build again and damage only what differs."""
        width = self.content_size.width
        if width <= 0:
            # What was built for a line that is hidden by now is not what it says when it is seen again.
            self._built_for = -1
            return
        before = self._pieces
        self._lay(width)
        first, last = _differing(before, self._pieces)
        if first < last and self.watched:
            self.refresh(Region(first, 0, last - first, 1))

    def _lay(self, width: int) -> None:
        pieces, zones = self.build(width)
        self._pieces, self._zones, self._built_for = fit(pieces, width), tuple(zones), width

    def render_line(self, y: int) -> Strip:
        width = self.content_size.width
        if y != 0 or width <= 0:
            return Strip.blank(max(0, width), self.tone_style())
        if self._built_for != width:
            self._lay(width)
        return self.strip_of(self._pieces, width)

    def on_click(self, event: events.Click) -> None:
        offset = event.get_content_offset(self)
        if offset is None:
            return
        zone = next((zone.id for zone in self._zones if zone.begin <= offset.x < zone.end), None)
        if zone is not None:
            event.stop()
            self.clicked(zone)

    @property
    def text(self) -> str:
        """The line as it stands on the screen, without trailing blanks."""
        return "".join(piece.text for piece in self._pieces).rstrip()


def _differing(before: Sequence[Piece], after: Sequence[Piece]) -> tuple[int, int]:
    """First and last-but-one cell that differ between two lines of the same width; equal lines give ``(0, 0)``."""
    if before == after:
        return (0, 0)
    x = 0
    for old, new in zip(before, after, strict=False):
        if old != new:
            break
        x += width_of(new.text)
    end = sum(width_of(piece.text) for piece in after)
    for old, new in zip(reversed(before), reversed(after), strict=False):
        if old != new:
            break
        end -= width_of(new.text)
    return (x, end) if before and x < end else (0, sum(width_of(piece.text) for piece in after))


def clickable(pieces: Sequence[Spanned], begin: int, id_: str) -> tuple[int, Zone]:
    """Where these pieces end if they begin at ``begin``, and their zone."""
    end = begin + sum(width_of(plain(piece.text)) for piece in pieces)
    return end, Zone(begin, end, id_)
