"""Pieces of text broken into lines at words, later lines under an indent. Pure, like ``cells``; knows no widget."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

from tui.ui.widgets.cells import Piece, Spanned, plain, spelled, take, width_of

_RUNS: Final = re.compile(r" +|[^ ]+")

NARROWEST: Final = 12
"""Cells that a line under an indent has at least; a narrower place gets a smaller indent."""


def flow(pieces: Sequence[Spanned], width: int, indent: int | None = None) -> list[list[Piece]]:
    """Lines of at most ``width`` cells. Later ones begin at ``indent``, by default two cells right of the first one's text.

    A word is broken only where no line could hold it.
    """
    text = [Piece(plain(piece.text), piece.tone) for piece in pieces]
    whole = spelled(text)
    if width_of(whole) <= width:
        return [text]
    begins = len(whole) - len(whole.lstrip(" "))
    indent = max(0, min(begins + 2 if indent is None else indent, width - NARROWEST))
    lines: list[list[Piece]] = [[]]
    left = width
    for piece in text:
        for run in _RUNS.findall(piece.text):
            need = width_of(run)
            if run[0] == " " and (need > left or _is_bare(lines)):
                # A blank at an edge is no text: what comes next begins a line.
                left = left if need <= left else 0
                continue
            if left < need <= width - indent and not _is_bare(lines):
                left = _begin(lines, width, indent)
            while run:
                head = take(run, left)
                if not head:
                    left = _begin(lines, width, indent)
                    continue
                lines[-1].append(Piece(head, piece.tone))
                run, left = run[len(head) :], left - width_of(head)
    return lines


def _is_bare(lines: Sequence[Sequence[Piece]]) -> bool:
    """Whether the last line is a later one with nothing but its indent."""
    return len(lines) > 1 and len(lines[-1]) <= 1


def _begin(lines: list[list[Piece]], width: int, indent: int) -> int:
    lines.append([Piece(" " * indent)])
    return width - indent
