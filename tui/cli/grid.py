"""Lists as aligned plain text, with the very columns that the console shows. No colour, no escape sequence."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, Final

from tui.model import Resource
from tui.tables import Column, Moment, Table, fit

GAP: Final = 2


def cells(text: str) -> int:
    """How many columns of a terminal a text takes."""
    if text.isascii():
        return len(text)
    return sum(0 if unicodedata.combining(char) else 2 if unicodedata.east_asian_width(char) in "WF" else 1 for char in text)


def cut(text: str, width: int) -> str:
    """A text of at most so many columns; what was cut ends in an ellipsis."""
    if cells(text) <= width:
        return text
    kept = ""
    for char in text:
        if cells(kept + char) > width - 1:
            break
        kept += char
    return kept + "…"


def _put(text: str, width: int, *, right: bool) -> str:
    space = " " * max(0, width - cells(text))
    return space + text if right else text + space


def listing(table: Table[Any], rows: Iterable[Resource], moment: Moment, width: int) -> Iterator[str]:
    """The header and one line a row, in the table's own order; columns that do not fit leave as they do in the console."""
    ordered = table.sorted(rows, moment)
    texts = [{column.id: column.text(row, moment) for column in table.columns} for row in ordered]
    content = {column.id: max((cells(text[column.id]) for text in texts), default=0) for column in table.columns}
    widths = fit(table.columns, width, content, gap=GAP)
    shown: Sequence[Column[Any]] = [column for column in table.columns if column.id in widths]
    for text in ({column.id: column.title for column in shown}, *texts):
        yield (
            (" " * GAP)
            .join(_put(cut(text[column.id], widths[column.id]), widths[column.id], right=column.right) for column in shown)
            .rstrip()
        )


def aligned(rows: Sequence[Sequence[str]], gap: int = GAP) -> Iterator[str]:
    """Rows of texts with their columns aligned, the last one as long as it likes."""
    widths = [max(cells(row[index]) for row in rows if index < len(row)) for index in range(max(map(len, rows), default=0))]
    for row in rows:
        yield (" " * gap).join(_put(text, widths[index], right=False) for index, text in enumerate(row)).rstrip()
