"""The colours that a program wrote into a line, as tones of ours. The sequences themselves never get this far: a line carries them
escaped, as plain text, and only colour and weight are read out of it. Pure.

Tones, not colours: red is ``bad``, yellow ``warn``, so that every theme stays readable and nothing can hide in its own background.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache
from typing import Final, NamedTuple

from tui.text import clean


class Tint(NamedTuple):
    """Characters ``begin <= at < end`` are in ``tone``."""

    begin: int
    end: int
    tone: str


MOST: Final = 1_000
"""Colour changes in one line that are followed; a line with more is drawn plain."""

_SGR: Final = re.compile(r"\\x1b\[([0-9;:]{0,64})m")
_ESCAPED: Final = re.compile(r"\\(?:x([0-9a-f]{2})|u([0-9a-f]{4})|U([0-9a-f]{8})|(.))")
_SIMPLE: Final[Mapping[str, str]] = {"n": "\n", "r": "\r", "t": "\t"}
_HUES: Final = (None, "bad", "ok", "warn", "source-0", "source-3", "accent", None)
"""Black, red, green, yellow, blue, magenta, cyan, white. Black and white are ordinary text: the theme knows which can be read."""


@lru_cache(maxsize=1024)
def tints(escaped: str, text: str) -> tuple[Tint, ...]:
    """Where in ``text`` which tone is, read from the same line ``escaped`` (``text.escape``); empty where the two do not fit."""
    if not escaped or len(escaped) > 20 * MOST:
        return ()
    found: list[Tint] = []
    made: list[str] = []
    at, length, tone, bold = 0, 0, "", False
    codes = list(_SGR.finditer(escaped))
    if not codes or len(codes) > MOST:
        return ()
    for code in [*codes, None]:
        part = clean(_plain(escaped[at : code.start() if code else len(escaped)]), len(escaped) + 1)
        both = "+".join(name for name in ("strong" if bold else "", tone) if name)
        if part and both:
            found.append(Tint(length, length + len(part), both))
        made.append(part)
        length += len(part)
        if code is not None:
            at = code.end()
            tone, bold = _state(code.group(1), tone, bold)
    return tuple(found) if "".join(made) == text else ()


def _state(codes: str, tone: str, bold: bool) -> tuple[str, bool]:
    numbers = [int(each) if each else 0 for each in re.split("[;:]", codes)]
    at = 0
    while at < len(numbers):
        number = numbers[at]
        at += 1
        if number in {38, 48}:
            # 5;n or 2;r;g;b: of 256 colours the first sixteen are the old ones, the others have no meaning for us.
            wide = 2 if numbers[at : at + 1] == [5] else 4
            index = numbers[at + 1] if wide == 2 and len(numbers) > at + 1 else -1
            at += wide
            if number == 38:
                tone = (_HUES[index % 8] or "") if 0 <= index < 16 else "accent"
        elif number == 0:
            tone, bold = "", False
        elif number in {1, 22}:
            bold = number == 1
        elif number in {2, 90}:
            tone = "muted"
        elif 30 <= number <= 37 or 91 <= number <= 97:
            tone = _HUES[number % 10] or ""
        elif number == 39:
            tone = ""
    return tone, bold


def _plain(escaped: str) -> str:
    def back(match: re.Match[str]) -> str:
        code = match.group(1) or match.group(2) or match.group(3)
        return chr(int(code, 16)) if code else _SIMPLE.get(match.group(4), match.group(4))

    return _ESCAPED.sub(back, escaped)
