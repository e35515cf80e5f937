"""Our glyphs in ASCII, for terminals and fonts that have no others. One character becomes one; letters stay."""

from __future__ import annotations

from typing import Final

from rich.segment import Segment
from textual.color import Color
from textual.filter import LineFilter

_PAIRS: Final = (
    ("●◐▲✗○◆✓·•—–…±", "*%!xo#v..--~+"),
    ("↵→←↑↓▸▾▼›", "<><^v>vv>"),
    ("─│┌┐└┘├┤┬┴┼━┃╭╮╰╯╸╺", "-|+++++++++-|++++--"),
    ("▏▎▍▌▋▊▉█▕▐▁▂▃▄▅▆▇▔", "||||####||___=====-"[:18]),
)
GLYPHS: Final = str.maketrans({one: other for many, others in _PAIRS for one, other in zip(many, others, strict=True)})
"""Glyph -> character. What stands for a state stays different from what stands for any other."""


class AsciiGlyphs(LineFilter):
    """Draws every line with the glyphs replaced."""

    def apply(self, segments: list[Segment], background: Color) -> list[Segment]:
        return [segment if segment.text.isascii() else Segment(segment.text.translate(GLYPHS), *segment[1:]) for segment in segments]
