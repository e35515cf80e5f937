"""A list as lines of a file: aligned text, CSV or JSON, with the columns of its table. Pure; a variable's value never gets here."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, Final
from unicodedata import east_asian_width

from tui.model import Resource
from tui.tables.columns import Column, Moment


def _width(text: str) -> int:
    return len(text) if text.isascii() else sum(2 if east_asian_width(char) in "WF" else 1 for char in text)


def as_text(columns: Sequence[Column[Any]], rows: Sequence[Resource], moment: Moment) -> Iterator[str]:
    """Titles and one line a row, aligned, nothing cut."""
    table = [[each.title for each in columns], *([each.text(row, moment) for each in columns] for row in rows)]
    widths = [max(_width(line[at]) for line in table) for at in range(len(columns))]
    for line in table:
        yield "  ".join(text + " " * (width - _width(text)) for text, width in zip(line, widths, strict=True)).rstrip()


def as_csv(columns: Sequence[Column[Any]], rows: Sequence[Resource], moment: Moment) -> Iterator[str]:
    """A head and one record a row, the reference first. What a spreadsheet would compute is made text with an apostrophe."""
    yield _record(["ref", *(each.id for each in columns)])
    for row in rows:
        yield _record([str(row.ref), *(each.text(row, moment) for each in columns)])


def _record(cells: Sequence[str]) -> str:
    line = io.StringIO()
    csv.writer(line, lineterminator="").writerow([f"'{text}" if text[:1] in {"=", "+", "-", "@", "\t"} else text for text in cells])
    return line.getvalue()


def as_json(columns: Sequence[Column[Any]], rows: Sequence[Resource], moment: Moment) -> Iterator[str]:
    """One JSON object a line: the reference, the health, and every column by its id as it is shown."""
    for row in rows:
        cells = {each.id: each.text(row, moment) for each in columns}
        yield json.dumps({"ref": str(row.ref), **cells, "health": str(row.health)}, ensure_ascii=False)


FORMS: Final[Mapping[str, Callable[[Sequence[Column[Any]], Sequence[Resource], Moment], Iterator[str]]]] = {
    "txt": as_text,
    "csv": as_csv,
    "json": as_json,
}
"""Ending of a file's name -> what is written into it."""
