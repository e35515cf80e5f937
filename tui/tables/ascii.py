"""Our glyphs in ASCII, for terminals, fonts and encodings that have no others. One character becomes one; letters stay.

How they get there (a filter of lines, an encoder) is not known here.
"""

from __future__ import annotations

from typing import Final

_PAIRS: Final = (
    ("●◐▲✗○◆✓·•—–…±", "*%!xo#v..--~+"),
    ("↵→←↑↓▸▾▼›", "<><^v>vv>"),
    ("─│┌┐└┘├┤┬┴┼━┃╭╮╰╯╸╺", "-|+++++++++-|++++--"),
    ("▏▎▍▌▋▊▉█▕▐▁▂▃▄▅▆▇▔", "||||####||___=====-"[:18]),
)
ASCII: Final = str.maketrans({one: other for many, others in _PAIRS for one, other in zip(many, others, strict=True)})
"""Glyph -> character. What stands for a state stays different from what stands for any other."""
