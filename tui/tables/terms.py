"""A condition on one column: ``status=failed``, ``age<2h``, ``cpu>=80%``. It compares what the column sorts by, not what it shows."""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from operator import ge, gt, le, lt
from typing import Any, Final

from tui.model import Kind, Resource
from tui.tables.columns import Column, Counts, Moment, Table, versioned
from tui.tables.words import NOTHING

_TERM: Final = re.compile(r"([a-z][a-z_-]*)(<=|>=|!=|<|>|=|:)(.*)", re.IGNORECASE | re.DOTALL)
_NUMBER: Final = re.compile(r"(\d+(?:\.\d+)?)([a-z%]*)", re.IGNORECASE)
_COMPARE: Final[Mapping[str, Callable[[Any, Any], bool]]] = {"<": lt, "<=": le, ">": gt, ">=": ge}
_SECONDS: Final = {"seconds": 1, "minutes": 60, "hours": 3600, "days": 86400, "weeks": 604_800, "years": 31_536_000}
_UNITS: Final[Mapping[Counts, Mapping[str, float]]] = {
    "": {"": 1},
    "ago": _SECONDS,
    "seconds": _SECONDS,
    "bytes": {"bytes": 1, "kb": 1024, "mb": 1024**2, "gb": 1024**3, "tb": 1024**4},
    "share": {"%": 0.01},
    "version": {},
}
"""What can be written behind a number, or the begin of it; where nothing is, the first is meant."""

_EXAMPLES: Final[Mapping[Counts, str]] = {"": "5", "ago": "2h", "seconds": "90s", "bytes": "1.5G", "share": "80%", "version": "3.9"}


class TermError(ValueError):
    """A condition that cannot be understood; the text says what to write."""


@dataclass(frozen=True, slots=True)
class Term:
    """``number`` and ``unit`` are what was written behind a comparison; unused for ``=``, ``!=`` and ``:``."""

    column: str
    sign: str
    text: str
    number: float = 0.0
    unit: str = ""

    def of(self, table: Table[Any]) -> Column[Any] | None:
        """The column of a table that it is about; None where that has none that is called so."""
        return next((each for each in table.columns if self.column in {each.id, each.title.casefold()}), None)

    def judge(self, table: Table[Any], moment: Moment) -> Callable[[Resource], bool]:
        """What tells whether a row is so. What has no such column, or no value there, is not; but it differs from everything."""
        column = self.of(table)
        if column is None:
            return lambda _: self.sign == "!="
        if self.sign not in _COMPARE:
            said: dict[str, bool] = {}

            def says(row: Resource) -> bool:
                cell = column.text(row, moment)
                if cell not in said:
                    said[cell] = _says(cell, self.sign, self.text)
                return said[cell]

            return says
        if column.counts == "version":
            least, either = versioned(self.text), _COMPARE[self.sign]
            return lambda row: column.text(row, moment) != NOTHING and either(column.key(row, moment), least)
        factor = _factor(column, self.unit)
        if factor is None:
            return lambda _: False
        limit, compare = self.number * factor, _COMPARE[self.sign]

        def measures(row: Resource) -> bool:
            value = _value(column, row, moment)
            return value is not None and compare(value, limit)

        return measures


def _factor(column: Column[Any], unit: str) -> float | None:
    """What a number with this unit is multiplied by to be one of the column's; None where the column does not count in it."""
    return next((by for word, by in _UNITS[column.counts].items() if word.startswith(unit)), None)


def columns_by_name(tables: Mapping[Kind, Table[Any]]) -> Mapping[str, Sequence[Column[Any]]]:
    """The columns of all tables by every name that they can be called by."""
    found: dict[str, list[Column[Any]]] = {}
    for each in (column for table in tables.values() for column in table.columns):
        for name in {each.id, each.title.casefold()}:
            found.setdefault(name, []).append(each)
    return found


def read_term(text: str, names: Mapping[str, Sequence[Column[Any]]]) -> Term | None:
    """The condition that a word is; None for an ordinary word. Raises ``TermError``."""
    match = _TERM.fullmatch(text)
    if match is None:
        return None
    name, sign, wanted = match[1].casefold(), match[2], match[3].casefold()
    if name not in names:
        if sign == ":":
            return None
        near = difflib.get_close_matches(name, names, n=1)
        raise TermError(f"no column is called {name}, {f'did you mean {near[0]}?' if near else f'/{text}/ looks for the text itself'}")
    if not wanted:
        raise TermError(f"write what {name} is to be compared with right after the {sign}")
    if sign not in _COMPARE:
        return Term(name, sign, wanted)
    number = _NUMBER.fullmatch(wanted)
    unit = number[2].replace("ib", "b") if number is not None else ""
    if any(each.counts == "version" for each in names[name]) and any(letter.isdigit() for letter in wanted):
        return Term(name, sign, wanted)
    if number is None or all(_factor(each, unit) is None for each in names[name]):
        raise TermError(f"{name}{sign} wants a number, as in {name}{sign}{_EXAMPLES[names[name][0].counts]}")
    return Term(name, sign, wanted, float(number[1]), unit)


def _says(cell: str, sign: str, wanted: str) -> bool:
    said = cell.casefold().strip()
    words = {wanted, *filter(None, wanted.split(","))}
    if sign == ":":
        return any(word in said for word in words)
    # A state is written with its glyph; nobody types that.
    same = any(fnmatchcase(each, word) for each in (said, re.sub(r"^\W+\s", "", said)) for word in words)
    return same is (sign == "=")


def _value(column: Column[Any], row: Resource, moment: Moment) -> float | None:
    if column.text(row, moment) == NOTHING:
        return None
    value = column.order(row, moment) if column.order is not None else None
    if isinstance(value, tuple) and len(value) == 2:
        value = value[1]
    if not isinstance(value, int | float) or isinstance(value, bool):
        shown = _NUMBER.match(column.text(row, moment))
        return float(shown[1]) if shown else None
    return moment.now.timestamp() + value if column.counts == "ago" else float(value)
