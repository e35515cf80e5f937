"""Columns that a user may add to a list: the fields of a record that its table leaves out, and the plain values of the platform's own JSON.

Declarations only. What looks like a secret by its name is never offered.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import fields
from datetime import datetime
from typing import Any, Final

import msgspec

from tui.model import KINDS, Kind, Phase, Ref, Resource, Tone
from tui.redaction import hides
from tui.tables.columns import Column, Counts, Moment, Shown, Span, versioned
from tui.tables.details import detail_text, label_of
from tui.tables.kinds import TABLES
from tui.tables.words import NOTHING
from tui.text import Secret, clean

JSON: Final = "json."
FIELD: Final = "field."
SAMPLE: Final = 50
"""Records whose JSON is looked through for what could be a column."""

MOST: Final = 40
"""Columns from JSON that are offered at most."""

LARGEST: Final = sys.float_info.max

_SILENT: Final = frozenset({"ref", "raw", "name", "health", "status"})
_COUNTS: Final[Mapping[str, Counts]] = {"_at": "ago", "_bytes": "bytes", "_share": "share", "version": "version"}
"""What a field counts in, by the end of its name."""

_LAST: Final = 30
"""Rank: what was added gives way after what was always there, unless the user wants it wide."""


def offered(kind: Kind, rows: Iterable[Resource]) -> tuple[Column[Any], ...]:
    """Every column that a list of this kind can have: those of its table, then its other fields, then its JSON's."""
    own = TABLES[kind].columns
    known = {each.id for each in own} | {each.title.casefold() for each in own}
    more = [
        _field(each.name)
        for each in fields(KINDS[kind])
        if each.name not in _SILENT and label_of(each.name) not in known and not hides(each.name)
    ]
    return (*own, *more, *(_json(name) for name in _names(rows)))


def column_of(kind: Kind, id_: str) -> Column[Any] | None:
    """The column with this id; None where a kind has none (any more)."""
    if id_.startswith(JSON):
        return None if hides(id_) else _json(id_.removeprefix(JSON))
    if id_.startswith(FIELD):
        name = id_.removeprefix(FIELD)
        return _field(name) if name not in _SILENT and name in {each.name for each in fields(KINDS[kind])} else None
    return next((each for each in TABLES[kind].columns if each.id == id_), None)


def _field(name: str) -> Column[Any]:
    counts: Counts = next((counts for end, counts in _COUNTS.items() if name.endswith(end)), "")

    def show(row: Resource, moment: Moment) -> Shown:
        value = getattr(row, name, None)
        if isinstance(value, tuple) and value and isinstance(value[0], Phase):
            return ", ".join(f"{each.name} {each.health}" for each in value)
        if value is None or value == "" or value == () or isinstance(value, Secret):
            return (Span(NOTHING, Tone.MUTED),)
        return detail_text(name, value, moment)

    def order(row: Resource, moment: Moment) -> Any:
        value = getattr(row, name, None)
        if counts == "version":
            return versioned(str(value or ""))
        if isinstance(value, datetime):
            return (0, -value.timestamp())
        if isinstance(value, bool | int | float):
            return (0, _number(value))
        return (1, str(value.id if isinstance(value, Ref) else value or "").casefold())

    return Column(id=FIELD + name, title=label_of(name).upper(), show=show, order=order, low=8, high=40, rank=_LAST, counts=counts)


def _json(name: str) -> Column[Any]:
    def show(row: Resource, moment: Moment) -> Shown:
        value = _record(row).get(name)
        return clean(_word(value), 200) if _plain(value) else (Span(NOTHING, Tone.MUTED),)

    def order(row: Resource, moment: Moment) -> Any:
        value = _record(row).get(name)
        return (0, _number(value)) if isinstance(value, int | float) else (1, _word(value).casefold())

    return Column(id=JSON + name, title=clean(name, 30).upper(), show=show, order=order, low=8, high=40, rank=_LAST + 1)


def _names(rows: Iterable[Resource]) -> Iterator[str]:
    """The names of plain values in the JSON of some records, in the order in which they come."""
    found: dict[str, None] = {}
    for _, row in zip(range(SAMPLE), rows, strict=False):
        found.update((name, None) for name, value in _record(row).items() if _plain(value) and not hides(name))
    yield from list(found)[:MOST]


def _record(row: Resource) -> dict[str, Any]:
    try:
        made = msgspec.json.decode(row.raw) if row.raw else None
    except msgspec.MsgspecError:
        return {}
    return made if isinstance(made, dict) else {}


def _plain(value: Any) -> bool:
    return isinstance(value, str | int | float) and value != ""


def _number(value: float) -> float:
    """A number of a server's as one that sorts: it may have more digits than a float has room for."""
    return float(max(-LARGEST, min(LARGEST, value)))


def _word(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
