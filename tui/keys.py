"""How keys are written for a person, and which of them a broken escape sequence can press. Which keys mean what is ``actions``' matter."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

SPELLING: Final[Mapping[str, str]] = {
    "enter": "↵",
    "escape": "esc",
    "slash": "/",
    "comma": ",",
    "full_stop": ".",
    "left_curly_bracket": "{",
    "right_curly_bracket": "}",
    "at": "@",
    "colon": ":",
    "question_mark": "?",
    "exclamation_mark": "!",
    "greater_than_sign": ">",
    "minus": "-",
    "equals_sign": "=",
    "apostrophe": "'",
    "vertical_line": "|",
    "less_than_sign": "<",
    "right_square_bracket": "]",
    "left_square_bracket": "[",
    "up": "↑",
    "down": "↓",
    "left": "←",
    "right": "→",
    "pageup": "PgUp",
    "pagedown": "PgDn",
    "home": "Home",
    "end": "End",
    "delete": "Del",
    "space": "space",
    "shift+tab": "shift-tab",
    "f1": "F1",
}


WORDS: Final[Mapping[str, str]] = {SPELLING[name]: name for name in ("enter", "up", "down", "left", "right")}
"""Signs of keys that ASCII has no others for: what comes nearest to them are keys themselves."""


def spell(key: str) -> str:
    """A key as a person writes it."""
    return SPELLING.get(key, key.replace("ctrl+", "ctrl-"))


def in_words(text: str) -> str:
    """A text with the keys in it called by their names where their signs are not in ASCII."""
    return "".join(WORDS.get(each, each) for each in text)


# A broken escape sequence leaves its last letter behind as if it had been typed.
ESCAPE_FINALS: Final = frozenset("ABCDEFGHIMOPQRSZcmntuy") | {"left_square_bracket", "tilde", "less_than_sign", "semicolon"}


def safe_key(key: str) -> bool:
    """Whether a destructive action may have this key: no control letter, no digit, nothing that ends an escape sequence."""
    return not (key.startswith("ctrl+") or key in ESCAPE_FINALS or (len(key) == 1 and key.isdigit()))
