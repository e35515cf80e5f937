"""How bad a log line is, worked out from its text only when somebody looks at it. Pure; bounded caches.

Known: a word of the platform's own, JSON (``"level":"error"``), logfmt (``level=error``), bracketed and plain words near the
beginning, and the common one-letter prefixes. What is not recognised has no level: it is not called information.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from enum import IntEnum
from functools import lru_cache
from typing import Final


class Level(IntEnum):
    """Ordered: a filter asks for a level and above. ``NONE`` is a line that names none."""

    NONE = 0
    TRACE = 1
    DEBUG = 2
    INFO = 3
    WARN = 4
    ERROR = 5
    FATAL = 6


WORDS: Final[Mapping[str, Level]] = {
    "trace": Level.TRACE,
    "verbose": Level.TRACE,
    "debug": Level.DEBUG,
    "dbg": Level.DEBUG,
    "info": Level.INFO,
    "inf": Level.INFO,
    "information": Level.INFO,
    "notice": Level.INFO,
    "warn": Level.WARN,
    "warning": Level.WARN,
    "wrn": Level.WARN,
    "error": Level.ERROR,
    "err": Level.ERROR,
    "severe": Level.ERROR,
    "fatal": Level.FATAL,
    "critical": Level.FATAL,
    "crit": Level.FATAL,
    "panic": Level.FATAL,
    "emergency": Level.FATAL,
    "emerg": Level.FATAL,
    "alert": Level.FATAL,
}
SHOWN: Final[Mapping[Level, tuple[str, str | None]]] = {
    Level.NONE: ("", None),
    Level.TRACE: ("· trace", "muted"),
    Level.DEBUG: ("· debug", "muted"),
    Level.INFO: ("  info", None),
    Level.WARN: ("▲ warn", "warn"),
    Level.ERROR: ("✗ error", "bad"),
    Level.FATAL: ("✗ fatal", "bad"),
}
"""Sign and word, and the tone; the word stands beside the colour."""

LETTERS: Final[Mapping[str, Level]] = {
    "T": Level.TRACE,
    "D": Level.DEBUG,
    "I": Level.INFO,
    "W": Level.WARN,
    "E": Level.ERROR,
    "F": Level.FATAL,
}
"""The first letter of a line in the manner of glog."""
KEYS: Final = ("level", "severity", "lvl")
"""Each key under which a level may stand holds one of these."""
_NAMES: Final = "|".join(sorted(WORDS, key=len, reverse=True))
_KEYED: Final = re.compile(
    rf"""["']?\b(?:log\.?level|level|severity|lvl|loglevel)["']?\s*[=:]\s*["']?({_NAMES}|[1-6]0)\b""",
    re.IGNORECASE,
)
_BRACKETED: Final = re.compile(rf"[\[(<|]\s*({_NAMES})\s*[\])>|]|^\W*({_NAMES})\b\s*[:\-|\]]", re.IGNORECASE)
_UPPER: Final = re.compile(rf"\b({_NAMES.upper()})\b")
_GLOG: Final = re.compile(r"^([TDIWEF])\d{4} \d\d:")
NUMBERS: Final[Mapping[str, Level]] = {
    "10": Level.TRACE,
    "20": Level.DEBUG,
    "30": Level.INFO,
    "40": Level.WARN,
    "50": Level.ERROR,
    "60": Level.FATAL,
}
"""Levels as numbers, in the manner of bunyan."""
_LOOK: Final = 400
"""Characters of a line that are looked at; keys of long JSON lines stand at the beginning nearly always."""


def level_of(word: str, text: str) -> Level:
    """The level the platform named, else what the text says."""
    named = WORDS.get(word.casefold())
    return named if named is not None else _guess(text[:_LOOK])


@lru_cache(maxsize=8192)
def _guess(text: str) -> Level:
    keyed = _KEYED.search(text)
    if keyed:
        word = keyed.group(1).casefold()
        return WORDS[word] if word in WORDS else NUMBERS[word]
    prefix = _GLOG.match(text)
    if prefix:
        return LETTERS[prefix.group(1)]
    head = text[:80]
    marked = _BRACKETED.search(head) or _UPPER.search(head)
    return WORDS[marked.group(marked.lastindex or 0).casefold()] if marked else Level.NONE
