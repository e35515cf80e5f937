"""Text that comes from outside, and text that must stay inside.

``clean`` is the one gate through which every string of a server passes where its bytes become model objects;
``Secret`` wraps what must never be printed. Nothing about widgets, markup or colours lives here.
"""

from __future__ import annotations

import re
import unicodedata
from typing import Final, NewType, final

Safe = NewType("Safe", str)
"""Text that has passed ``clean`` (or is our own literal) and may reach a widget as plain text."""

MARK: Final = "\ufffd"
"""Stands where a character was that a terminal could obey or that hides other characters."""

MAX_MARKS: Final = 4
"""Combining marks kept on one base character; more would paint over neighbouring lines."""

_SORTABLE: Final = 30
"""Marks in a row that normalisation may see: it sorts them, in quadratic time. The figure is that of Unicode's stream-safe format."""

# A string sequence ends before the next one begins and is never tried shorter: a hostile megabyte is looked at once.
_ESCAPES: Final = re.compile(
    r"(?:\x1b\[|\x9b)[0-?]{0,64}[ -/]{0,16}[@-~]"  # CSI
    r"|(?:\x1b[\]PX^_]|[\x9d\x90\x98\x9e\x9f])[^\x07\x1b\x90\x98\x9c-\x9f]{0,4096}+(?:\x07|\x1b\\|\x9c)"  # OSC, DCS, SOS, PM, APC
    r"|\x1b[ -/]{1,4}[0-~]"  # charset and other two-part escapes
    r"|\x1b[0-OQ-WYZ\\`-~]"  # single escapes, but not the openers above
)
_ODD: Final = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f"  # C0 (but tab and newline), DEL, C1
    "\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u2028-\u202e\u2060-\u206f\u2800\u3164\ufe00-\ufe0f\ufeff\uffa0"
    "\ufff0-\ufffb\ud800-\udfff\U00013430-\U0001343f\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U000e0fff"
    "\U0001f1e6-\U0001f1ff\U0001f3fb-\U0001f3ff]"  # flags and skin tones: terminals do not agree how wide they are
)
_VARIATION: Final = frozenset(map(chr, (*range(0xFE00, 0xFE10), *range(0x1F3FB, 0x1F400))))
_FLAGS: Final = {chr(0x1F1E6 + letter): chr(0xFF21 + letter) for letter in range(26)}
"""Half a flag is a letter of a country: the full-width letter is as wide everywhere, and not to be mistaken for a plain one."""
_COMBINING: Final = re.compile(
    "[\u0300-\u036f\u0483-\u0489\u0591-\u05bd\u0610-\u061a\u064b-\u065f\u0e31\u0e34-\u0e3a\u0e47-\u0e4e"
    "\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff\u3099\u309a\ufe20-\ufe2f]"
)


def _visible(match: re.Match[str]) -> str:
    char = match.group()
    if char < " ":
        return chr(0x2400 + ord(char))
    if char == "\x7f":
        return "\u2421"
    if char in _VARIATION:
        return ""
    return _FLAGS.get(char, MARK)


def _few_marks(text: str, most: int) -> str:
    """At most so many combining characters in a row; the others are dropped."""
    kept: list[str] = []
    run = 0
    for char in text:
        if unicodedata.combining(char) or unicodedata.category(char) in {"Mn", "Me"}:
            run += 1
            if run > most:
                continue
        else:
            run = 0
        kept.append(char)
    return "".join(kept)


def a_or_an(word: str) -> str:
    """``a service``, ``an instance``."""
    return f"{'an' if word[:1] in 'aeio' else 'a'} {word}"


def clean(text: str, limit: int = 512, *, lines: bool = False) -> Safe:
    """Make text from outside safe to draw: complete escape sequences go, every other character that a terminal
    would obey, that hides or that reorders becomes a visible mark.

    ``limit`` counts characters of the result; what is cut ends in an ellipsis. With ``lines`` newlines and tabs are
    kept, otherwise a newline becomes a visible mark and a tab a space. Idempotent; the result is always UTF-8 encodable.
    """
    if text.isascii() and text.isprintable() and len(text) <= limit:
        return Safe(text)
    # Only so much is looked at, so that a hostile megabyte costs no more than what can be shown of it.
    cut = len(text) > limit * 4 + 4096
    text = text[: limit * 4 + 4096]
    if not (text.isascii() and text.isprintable()):
        # Once only: what the removal of one sequence puts together is made visible like any other rest.
        text = _ODD.sub(_visible, _ESCAPES.sub("", text))
        if not lines:
            text = text.replace("\n", "\u240a").replace("\t", " ")
        if not text.isascii():
            if any(map(unicodedata.combining, text)):
                text = _few_marks(text, _SORTABLE)
            text = unicodedata.normalize("NFC", text)
            if _COMBINING.search(text) or any(unicodedata.category(char) in {"Mn", "Me"} for char in text):
                text = _few_marks(text, MAX_MARKS)
    if cut or len(text) > limit:
        text = text[: max(0, limit - 1)] + "…"
    return Safe(text)


def escape(text: str, limit: int = 8192) -> Safe:
    """Text from outside spelled out in ASCII, as Python would write it: ``\\x1b[31mno``. Nothing is lost but what is beyond ``limit``
    characters of the text."""
    return Safe(text[:limit].encode("unicode_escape").decode("ascii"))


def is_plain(name: str) -> bool:
    """Whether a name is made of ASCII only: a confirm dialog puts a badge on one that is not (``prоd`` in Cyrillic)."""
    return name.isascii()


@final
class Secret:
    """A value that may be sent but never shown: ``repr``, ``str`` and formatting give stars. ``reveal()`` is the only way in."""

    __slots__ = ("_value",)

    def __init__(self, value: str) -> None:
        self._value = value

    def reveal(self) -> str:
        """The value itself, for the request that needs it or a user who asked to see it."""
        return self._value

    def __repr__(self) -> str:
        return "Secret(***)"

    def __str__(self) -> str:
        return "***"

    def __format__(self, spec: str) -> str:
        return format("***", spec)

    def __bool__(self) -> bool:
        return bool(self._value)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Secret) and other._value == self._value

    def __hash__(self) -> int:
        return hash((Secret, self._value))

    def __reduce__(self) -> str:
        raise TypeError("a secret is not pickled")
