"""A condition on one column: ``status=failed``, ``age<2h``, ``cpu>=80%``. It compares what the column sorts by, not what it shows."""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase
from operator import ge, gt, le, lt
from typing import Any, Final

from tui.model import Kind, Resource
from tui.tables.columns import Column, Moment, Table
from tui.tables.words import NOTHING

_TERM: Final = re.compile(r"([a-z][a-z_-]*)(<=|>=|!=|<|>|=|:)(.*)", re.IGNORECASE | re.DOTALL)
_NUMBER: Final = re.compile(r"(\d+(?:\.\d+)?)([a-z%]*)", re.IGNORECASE)
_COMPARE: Final[Mapping[str, Callable[[float, float], bool]]] = {"<": lt, "<=": le, ">": gt, ">=": ge}
_SECONDS: Final = {"s": 1, "m": 60, "h": 3600, "d": 86400, "w": 604_800, "y": 31_536_000}
_BYTES: Final = {"b": 1, "k": 1024, "m": 1024**2, "g": 1024**3, "t": 1024**4}


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

    def judge(self, table: Table[Any], moment: Moment) -> Callable[[Resource], bool]:
        """What tells whether a row is so. What has no such column, or no value there, is not; but it differs from everything."""
        column = next((each for each in table.columns if self.column in {each.id, each.title.casefold()}), None)
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
        limit, compare = self._limit(column), _COMPARE[self.sign]

        def measures(row: Resource) -> bool:
            value = _value(column, row, moment)
            return value is not None and compare(value, limit)

        return measures

    def _limit(self, column: Column[Any]) -> float:
        """The number in the unit that the column counts in: seconds, bytes, a share of one."""
        if self.unit == "%":
            return self.number / 100
        units = _SECONDS if column.ages else _BYTES
        return self.number * units.get(self.unit[:1], 1)


def columns_by_name(tables: Mapping[Kind, Table[Any]]) -> frozenset[str]:
    """Every name by which a column of any table can be called."""
    return frozenset(name for table in tables.values() for each in table.columns for name in (each.id, each.title.casefold()))


def read_term(text: str, names: Collection[str]) -> Term | None:
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
    if number is None or (number[2] and number[2] != "%" and number[2][0] not in {**_SECONDS, **_BYTES}):
        raise TermError(f"{name}{sign} wants a number, as in age{sign}2h, cpu{sign}80% or mem{sign}1.5G")
    return Term(name, sign, wanted, float(number[1]), number[2])


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
    return moment.now.timestamp() + value if column.ages else float(value)
