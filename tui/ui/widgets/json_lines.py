"""JSON as lines of pieces: two blanks a level, keys and values told apart by tone. Pure; text that is no JSON stays as it is."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any, Final

from tui.ui.widgets.cells import Cell, Piece

INDENT: Final = "  "
DEEP: Final = 60
"""Levels that are laid out; what is deeper stands on one line."""


def json_lines(text: str) -> list[Cell]:
    """``text`` laid out; if it cannot be read as JSON, its own lines."""
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        return [(Piece(line),) for line in text.split("\n")]
    return [tuple(line) for line in _lines(value, 0, [], "")]


def _lines(value: Any, depth: int, lead: list[Piece], tail: str) -> Iterator[list[Piece]]:
    begin = [Piece(INDENT * depth), *lead] if depth else list(lead)
    if not isinstance(value, dict | list) or not value or depth >= DEEP:
        yield [*begin, _scalar(value), Piece(tail, "muted")]
        return
    opener, closer = "{}" if isinstance(value, dict) else "[]"
    yield [*begin, Piece(opener, "muted")]
    last = len(value) - 1
    if isinstance(value, dict):
        for at, (key, each) in enumerate(value.items()):
            name = [Piece(json.dumps(key, ensure_ascii=False), "accent"), Piece(": ", "muted")]
            yield from _lines(each, depth + 1, name, "," if at < last else "")
    else:
        for at, each in enumerate(value):
            yield from _lines(each, depth + 1, [], "," if at < last else "")
    yield [Piece(INDENT * depth), Piece(closer + tail, "muted")]


def _scalar(value: Any) -> Piece:
    if isinstance(value, str):
        return Piece(json.dumps(value, ensure_ascii=False), "ok")
    if value is None or isinstance(value, bool):
        return Piece(json.dumps(value), "busy")
    return Piece(json.dumps(value, ensure_ascii=False), "strong" if isinstance(value, int | float) else "muted")
