"""Which theme a terminal asks for, and whether it can show our glyphs. Read off the environment only: nothing is sent and waited for."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

LIGHT: Final = "rollwatch-light"
PLAIN: Final = "terminal"
"""The terminal's own colours; where no colours are wanted the screen library then takes them all away."""

_DARK: Final = frozenset({"0", "1", "2", "3", "4", "5", "6", "8"})
_POOR: Final = ("linux", "vt1", "vt2", "vt3", "cons25", "sun", "ansi")
"""Beginnings of the names of terminals whose fonts lack circles and quarter blocks."""


def theme_for(environ: Mapping[str, str], wanted: str) -> str:
    """The theme to begin with; empty leaves it to the console. ``NO_COLOR`` is obeyed whatever is wanted, then what the user wants
    counts, then whether the terminal says that it is light (``COLORFGBG``, as rxvt, Konsole and others set it)."""
    if environ.get("NO_COLOR"):
        return PLAIN
    if wanted:
        return wanted
    _, separator, ground = environ.get("COLORFGBG", "").rpartition(";")
    return LIGHT if separator and ground.isdecimal() and int(ground) <= 15 and ground not in _DARK else ""


def ascii_for(environ: Mapping[str, str], wanted: str) -> bool:
    """Whether glyphs are written in ASCII: ``wanted`` is ``unicode``, ``ascii`` or ``auto``."""
    return wanted == "ascii" or (wanted != "unicode" and environ.get("TERM", "").startswith(_POOR))
