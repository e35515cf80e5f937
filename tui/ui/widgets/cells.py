"""Text measured and cut in terminal cells: the arithmetic under every widget of ours.

Everything here is pure and plain: pieces of text with the name of a tone, never markup, never a colour. Wide characters
count two cells and are never split. Nothing here knows a widget or a platform.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from itertools import pairwise
from typing import Final, NamedTuple, Protocol

from rich.cells import cell_len, get_character_cell_size

from tui.text import clean

ELLIPSIS: Final = "…"


class Spanned(Protocol):
    """A run of text with one meaning: a ``tables.Span`` or a ``Piece``."""

    @property
    def text(self) -> str: ...

    @property
    def tone(self) -> str | None: ...


class Piece(NamedTuple):
    """A run of text and the name of its tone (``Tone`` or one of ``tones.ROLES``); None is ordinary text."""

    text: str
    tone: str | None = None


Cell = tuple[Spanned, ...]


def plain(text: str) -> str:
    """The text itself if a terminal cannot obey any of it; otherwise cleaned. A second net behind the model's boundary:
    a widget draws exactly one line and never an escape, whatever it was given."""
    return text if text.isprintable() else clean(text, len(text) + 1)


def width_of(text: str) -> int:
    """Cells that ``text`` takes."""
    return len(text) if text.isascii() else cell_len(text)


def cut(text: str, width: int) -> str:
    """At most ``width`` cells of ``text``; what is cut ends in an ellipsis."""
    if width <= 0:
        return ""
    # A cell holds at most a base and a few marks, so the tail of an endless line is never measured.
    short = text if len(text) <= width * 6 + 8 else text[: width * 6 + 8]
    if len(short) == len(text) and width_of(short) <= width:
        return text
    if short.isascii():
        return short[: width - 1] + ELLIPSIS
    return take(short, width - 1) + ELLIPSIS


def cut_inside(text: str, width: int) -> str:
    """At most ``width`` cells of ``text``; what is cut is its middle, where beginning and end tell it apart."""
    if width_of(text) <= width or width < 5:
        return cut(text, width)
    head = take(text, (width - 1) // 3)
    return head + ELLIPSIS + skip(text, width_of(text) - (width - 1 - width_of(head)))


def take(text: str, width: int) -> str:
    """The longest beginning of ``text`` that takes at most ``width`` cells; combining marks stay with their base."""
    used = 0
    for index, char in enumerate(text):
        used += get_character_cell_size(char)
        if used > width:
            return text[:index]
    return text


def skip(text: str, width: int) -> str:
    """``text`` without its first ``width`` cells; half of a wide character becomes a space."""
    if width <= 0:
        return text
    if text.isascii():
        return text[width:]
    used = 0
    for index, char in enumerate(text):
        if used >= width and get_character_cell_size(char):
            return " " * (used - width) + text[index:]
        used += get_character_cell_size(char)
    return " " * max(0, used - width)


def chop(text: str, width: int, most: int = 10_000) -> list[str]:
    """``text`` in lines of at most ``width`` cells, broken after a space where one is near; at most ``most`` lines."""
    lines: list[str] = []
    width = max(2, width)
    while text and len(lines) < most:
        head = take(text[: width * 6 + 8], width) or text[:1]
        rest = text[len(head) :]
        if rest and rest[0] == " ":
            rest = rest[1:]
        elif rest and head.rfind(" ") >= len(head) // 2:
            head = head[: head.rfind(" ") + 1]
            rest = text[len(head) :]
        lines.append(head.rstrip(" ") if rest else head)
        text = rest
    return lines or [""]


def fit(pieces: Sequence[Spanned], width: int, *, right: bool = False) -> list[Piece]:
    """Pieces that together take exactly ``width`` cells: cut with an ellipsis or filled with spaces."""
    fitted: list[Piece] = []
    left = width
    for at, piece in enumerate(pieces):
        text = plain(piece.text)
        if not text:
            continue
        need = width_of(text) if len(text) <= width * 6 + 8 else width + 1
        if need > left or (need == left and any(rest.text for rest in pieces[at + 1 :])):
            short = cut(text, left) if need > left else cut(text + " ", left)
            if short:
                fitted.append(Piece(short, piece.tone))
                left -= width_of(short)
            break
        fitted.append(Piece(text, piece.tone))
        left -= need
    if left > 0:
        blank = Piece(" " * left)
        fitted = [blank, *fitted] if right else [*fitted, blank]
    return fitted


def total(pieces: Iterable[Spanned]) -> int:
    """Cells that the pieces take together."""
    return sum(width_of(piece.text) for piece in pieces)


def spelled(pieces: Iterable[Spanned]) -> str:
    """The pieces as plain text."""
    return "".join(piece.text for piece in pieces)


def marked(pieces: Sequence[Piece], pattern: re.Pattern[str], tone: str = "match") -> list[Piece]:
    """The same text with every match of ``pattern`` in ``tone``; matches may run over the edges of pieces."""
    text = spelled(pieces)
    spans = [match.span() for match in pattern.finditer(text) if match.end() > match.start()]
    if not spans:
        return list(pieces)
    return list(_split(pieces, spans, tone))


def _split(pieces: Sequence[Piece], spans: Sequence[tuple[int, int]], tone: str) -> Iterator[Piece]:
    edges = sorted({edge for span in spans for edge in span})
    inside = [False] * (edges[-1] + 1)
    for begin, end in spans:
        inside[begin:end] = [True] * (end - begin)
    at = 0
    for piece in pieces:
        stop = at + len(piece.text)
        cuts = [at, *(edge for edge in edges if at < edge < stop), stop]
        for begin, end in pairwise(cuts):
            hit = begin < len(inside) and inside[begin]
            yield Piece(piece.text[begin - at : end - at], tone if hit else piece.tone)
        at = stop
