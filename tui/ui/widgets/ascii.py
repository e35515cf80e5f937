"""Draws our glyphs in ASCII, for terminals and fonts that have no others."""

from __future__ import annotations

from rich.segment import Segment
from textual.color import Color
from textual.filter import LineFilter

from tui.tables.ascii import ASCII


class AsciiGlyphs(LineFilter):
    """Draws every line with the glyphs replaced."""

    def apply(self, segments: list[Segment], background: Color) -> list[Segment]:
        return [segment if segment.text.isascii() else Segment(segment.text.translate(ASCII), *segment[1:]) for segment in segments]
