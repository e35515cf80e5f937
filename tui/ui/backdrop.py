"""Whether the terminal's background is light: asked with OSC 11, and the answer taken out of what is typed.

Nothing waits for the answer; a terminal that never answers costs the question's seven bytes. Pure, no widget.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Final

QUESTION: Final = "\x1b]11;?\x1b\\"

_COLOUR: Final = r"\]11;rgba?:([0-9a-fA-F]{1,4})/([0-9a-fA-F]{1,4})/([0-9a-fA-F]{1,4})(?:/[0-9a-fA-F]{1,4})?(?:\x07|\x1b\\)"
_ANSWER: Final = re.compile("\x1b" + _COLOUR)
_REST: Final = re.compile(_COLOUR)
_BEGUN: Final = re.compile("\x1b" + r"\](?:1(?:1(?:;[rgba:0-9a-fA-F/]{0,24}\x1b?)?)?)?\Z")
"""The beginning of an answer at the end of a piece; a lone escape is not kept, since it may be the key."""

_NONE: Final = re.compile("\x1b" + r"\]11;(?:[^\x07\x1b]{0,64}(?:\x07|\x1b\\)|[rgba:0-9a-fA-F/]{0,24}+(?!\x1b?\Z))")
"""What begins as an answer and is none, or breaks off: nobody typed it, and as keys its letters would do something."""

HALF: Final = 0.2
"""Relative luminance from which on a background is light: a middle grey, as bright to the eye as black is dark."""


def may_ask(environ: Mapping[str, str]) -> bool:
    """Whether this terminal can be asked: not where something between answers for another or for none."""
    term = environ.get("TERM", "")
    return not ("TMUX" in environ or "STY" in environ or environ.get("NO_COLOR") or term.startswith(("screen", "tmux", "linux")))


class Backdrop:
    """Called with every piece of what comes from the terminal, it returns that without the answer. ``told`` learns once whether the
    background is light, on whichever thread reads the keys."""

    def __init__(self, told: Callable[[bool], object]) -> None:
        self._told = told
        self._waiting = False
        self._kept = ""
        self._escape = False

    def ask(self) -> str:
        """The question to write; from now on an answer is expected, one."""
        self._waiting = True
        return QUESTION

    def __call__(self, text: str) -> str:
        if not self._waiting:
            return text
        text, self._kept = self._kept + text, ""
        found = _ANSWER.search(text) or (_REST.match(text) if self._escape else None)
        if found is not None:
            self._waiting = False
            self._told(_light(*found.groups()[:3]))
            return text[: found.start()] + text[found.end() :]
        text = _NONE.sub("", text)
        if begun := _BEGUN.search(text):
            self._kept, text = begun[0], text[: begun.start()]
        self._escape = text.endswith("\x1b")
        return text


def _light(red: str, green: str, blue: str) -> bool:
    parts = [int(part, 16) / (16 ** len(part) - 1) for part in (red, green, blue)]
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return bool(0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2] > HALF)
