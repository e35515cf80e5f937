"""Which theme a terminal asks for, and whether it can show our glyphs. Read off the environment only: nothing is sent and waited for."""

from __future__ import annotations

import locale
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
    """Whether glyphs are written in ASCII: ``wanted`` is ``unicode``, ``ascii`` or ``auto``, which asks terminal and locale."""
    return wanted == "ascii" or (wanted != "unicode" and (environ.get("TERM", "").startswith(_POOR) or _narrow(environ)))


def _narrow(environ: Mapping[str, str]) -> bool:
    """Whether the locale is one without our glyphs: C, or of a character set that is not UTF-8. Where nothing is said it is not."""
    names = [environ.get(name, "") for name in ("LC_ALL", "LC_CTYPE", "LANG")]
    if names[:2] == ["", "C.UTF-8"] and names[2]:
        names[1] = ""  # Python itself puts it there in the locale C, which is then what was asked for
    said = next(filter(None, names), "")
    known = locale.normalize(said)
    return said in {"C", "POSIX"} or ("." in known and "utf" not in known.lower())
