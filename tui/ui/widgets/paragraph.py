"""Several lines of pieces that wrap at words: what a dialog tells, an error under a field. As high as what it says.

``show`` compares with what stands there: the same again writes nothing, as many lines as before paint only those that differ, and only
another number of lines runs a layout.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from textual.geometry import Region, Size
from textual.strip import Strip

from tui.ui.widgets.cells import ELLIPSIS, Cell, Piece, fit, spelled
from tui.ui.widgets.flow import flow
from tui.ui.widgets.tones import Toned


class Paragraph(Toned):
    """Text to read. Nothing to say takes no line."""

    DEFAULT_CSS = "Paragraph { width: 1fr; height: auto; }"

    def __init__(self, *, indent: int | None = None, most: int | None = None, **options: Any) -> None:
        """``indent`` is where a line that was broken goes on. With ``most`` lines at most it stands among what must not jump: it is cut
        there, and as long as it has something to say it gets no lower again."""
        super().__init__(**options)
        self._indent = indent
        self._most = most
        self._cells: tuple[Cell, ...] = ()
        self._lines: list[list[Piece]] = []
        self._made_for = -1
        self.display = False

    def show(self, cells: Sequence[Cell]) -> None:
        """Say this, a line or more for each."""
        wanted = tuple(cells)
        if wanted == self._cells:
            return
        before, self._cells = self._lines, wanted
        self.display = bool(wanted)
        if self._made_for <= 0:
            self.refresh(layout=True)
            return
        self._make(self._made_for)
        if len(before) != len(self._lines):
            self.refresh(layout=True)
        elif self.watched:
            for y, (old, new) in enumerate(zip(before, self._lines, strict=True)):
                if old != new:
                    self.refresh(Region(0, y, self._made_for, 1))

    def say(self, text: str, tone: str | None = None) -> None:
        """Say one plain text; nothing if it is empty."""
        self.show([(Piece(text, tone),)] if text else [])

    @property
    def text(self) -> str:
        """What it says, a line each."""
        return "\n".join(spelled(cell) for cell in self._cells)

    @property
    def lines(self) -> int:
        """How many lines it takes, in the width that it had last."""
        return len(self._lines)

    def _make(self, width: int) -> None:
        room = max(2, width - 2)
        high = len(self._lines) if width == self._made_for and self._cells else 0
        self._lines = [line for cell in self._cells for line in flow(cell, room, self._indent)]
        self._made_for = width
        if self._most is not None:
            if len(self._lines) > self._most:
                *shown, last = self._lines[: self._most]
                self._lines = [*shown, fit([*last, Piece(f" {ELLIPSIS}", last[-1].tone)], room)]
            self._lines += [[] for _ in range(high - len(self._lines))]

    def get_content_height(self, container: Size, viewport: Size, width: int) -> int:
        if self._made_for != width or len(self._lines) < len(self._cells):
            self._make(width)
        return len(self._lines)

    def render_line(self, y: int) -> Strip:
        width = self.content_size.width
        if self._made_for != width:
            self._make(width)
        if not 0 <= y < len(self._lines):
            return Strip.blank(max(0, width), self.tone_style())
        line = self._lines[y]
        if y == self.content_size.height - 1 and any(self._lines[y + 1 :]):
            # Its place is lower than it is long.
            line = fit([*line, Piece(f" {ELLIPSIS}", line[-1].tone if line else None)], width - 2)
        return self.strip_of(fit((Piece(" "), *line), width), width)
