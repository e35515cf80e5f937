"""A line of parts, some at the left and some at the right: the header, a pane's summary, a screen's title.

``set_parts(left=[Part(id="context", pieces=(Piece("prod", "accent"),))], right=[...])``. Where the line is too narrow the parts with
the highest ``rank`` leave first; rank 0 stays and is cut, one that is very long before any other leaves. The same parts again write
nothing; a changed part repaints from where it begins to differ. A click on a part with an id posts ``StatusLine.PartClicked(id)``.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from textual.message import Message

from tui.ui.widgets.cells import Cell, Piece, Spanned, fit, total
from tui.ui.widgets.one_line import OneLine, Zone, clickable


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """Pieces that stay together. ``rank`` 0 always stays, the highest leaves first; ``short`` is tried before leaving."""

    pieces: Cell
    id: str = ""
    rank: int = 0
    short: Cell | None = None


class StatusLine(OneLine):
    """One line of parts."""

    class PartClicked(Message):
        """The part called ``part`` was clicked."""

        def __init__(self, line: StatusLine, part: str) -> None:
            super().__init__()
            self.line = line
            self.part = part

        @property
        def control(self) -> StatusLine:
            return self.line

    def __init__(self, *, gap: int = 3, **options: Any) -> None:
        """``gap`` is the number of blank cells between two parts."""
        super().__init__(**options)
        self._gap = gap
        self._left: tuple[Part, ...] = ()
        self._right: tuple[Part, ...] = ()

    def set_parts(self, left: Sequence[Part] = (), right: Sequence[Part] = ()) -> None:
        """Show these parts from now on."""
        wanted = (tuple(left), tuple(right))
        if wanted != (self._left, self._right):
            self._left, self._right = wanted
            self.rebuild()

    def set_text(self, text: str, tone: str | None = None) -> None:
        """Show one plain text."""
        self.set_parts((Part(pieces=(Piece(text, tone),)),))

    def build(self, width: int) -> tuple[Sequence[Spanned], Sequence[Zone]]:
        left, right = _fitting(self._left, self._right, width - 2, self._gap)
        line: list[Spanned] = []
        zones: list[Zone] = []
        x = self._put(line, zones, left, 1)
        start = width - 1 - _need(right, self._gap)
        x = self._put(line, zones, right, max(start, x + self._gap if left and right else x))
        return line, [zone for zone in zones if zone.id]

    def _put(self, line: list[Spanned], zones: list[Zone], parts: Sequence[tuple[Part, Cell]], begin: int) -> int:
        x = begin
        blank = begin - total(line)
        for part, pieces in parts:
            if blank > 0:
                line.append(Piece(" " * blank))
            line.extend(pieces)
            end, zone = clickable(pieces, x, part.id)
            zones.append(zone)
            x, blank = end + self._gap, self._gap
        return x - self._gap if parts else begin

    def clicked(self, zone: str) -> None:
        self.post_message(self.PartClicked(self, zone))


def _need(parts: Sequence[tuple[Part, Cell]], gap: int) -> int:
    return sum(total(pieces) for _, pieces in parts) + gap * max(0, len(parts) - 1)


def _fitting(left: Sequence[Part], right: Sequence[Part], width: int, gap: int) -> tuple[list[tuple[Part, Cell]], list[tuple[Part, Cell]]]:
    """The parts that fit side by side: by rank, highest first, a part turns short, then leaves; where what stayed turned short after
    that, it comes back."""
    parts = (*left, *right)
    shown = {at: part.pieces for at, part in enumerate(parts)}

    def over() -> bool:
        return _need([(parts[at], pieces) for at, pieces in shown.items()], gap) > width

    def shorten(at: int) -> None:
        if over() and (short := parts[at].short) is not None:
            shown[at] = short

    for at, part in enumerate(parts):
        # A name of 200 letters takes no more than half of the line from what else it has to say.
        rest = width - (_need([(parts[each], pieces) for each, pieces in shown.items()], gap) - total(part.pieces))
        if over() and not part.rank and part.short is None and total(part.pieces) > width // 2:
            shown[at] = tuple(fit(part.pieces, max(width // 2, rest)))
    for rank in sorted({part.rank for part in parts if part.rank > 0}, reverse=True):
        ranked = [at for at in reversed(range(len(parts))) if parts[at].rank == rank]
        for at in ranked:
            shorten(at)
        for at in ranked:
            if over():
                del shown[at]
    for at in sorted(shown):
        shorten(at)
    for at in sorted(set(range(len(parts))) - shown.keys(), key=lambda each: parts[each].rank):
        for pieces in filter(None, (parts[at].pieces, parts[at].short)):
            shown[at] = pieces
            if not over():
                break
            del shown[at]
    chosen = [(at, parts[at], shown[at]) for at in sorted(shown)]
    return [(part, pieces) for at, part, pieces in chosen if at < len(left)], [(p, c) for at, p, c in chosen if at >= len(left)]
