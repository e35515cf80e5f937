"""Which columns of a table fit and how wide they are: pure arithmetic, no widget.

A column never gets narrower than ``low`` nor wider than ``high`` (a growing one may); columns leave by rank, highest first.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Protocol

GAP: Final = 2
"""Blank cells between two columns."""


class ColumnLike(Protocol):
    """What a table must know of a column; ``tables.Column`` and ``ColumnSpec`` are both such."""

    @property
    def id(self) -> str: ...
    @property
    def title(self) -> str: ...
    @property
    def low(self) -> int: ...
    @property
    def high(self) -> int: ...
    @property
    def rank(self) -> int: ...
    @property
    def right(self) -> bool: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class ColumnSpec:
    """A column: ``low`` and ``high`` bound its width in cells, ``rank`` 0 always stays and the highest leaves first where it is
    narrow, ``grow`` takes what is left over."""

    id: str
    title: str = ""
    low: int = 4
    high: int = 40
    rank: int = 0
    right: bool = False
    grow: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Slot:
    """A shown column: its place among all columns, the cell it begins at, its width."""

    index: int
    id: str
    title: str
    x: int
    width: int
    right: bool


def lay_out(columns: Sequence[ColumnLike], width: int, content: Mapping[str, int], *, gap: int = GAP) -> tuple[Slot, ...]:
    """The shown columns in order. ``content`` is the widest text seen in each column.

    What is left over after every ``low`` goes to the columns that can use it, by rank; then to the growing ones.
    Rank 0 columns stay even where they do not fit: the last ones are then cut or pushed out.
    """
    shown = list(enumerate(columns))

    def least() -> int:
        return sum(max(1, each.low) for _, each in shown) + gap * max(0, len(shown) - 1)

    for place in sorted(range(len(columns)), key=lambda at: -columns[at].rank):
        if least() <= width or columns[place].rank == 0:
            break
        shown = [pair for pair in shown if pair[0] != place]
    widths = {index: max(1, each.low) for index, each in shown}
    spare = width - least()
    for index, each in sorted(shown, key=lambda pair: pair[1].rank):
        wish = max(each.low, min(max(each.high, each.low), max(len(each.title) + bool(each.title), content.get(each.id, 0))))
        more = max(0, min(spare, wish - widths[index]))
        widths[index] += more
        spare -= more
    growing = [index for index, each in shown if getattr(each, "grow", False)]
    for index in growing:
        more = max(0, spare) // len(growing)
        widths[index] += more
    return _place(columns, shown, widths, width, gap)


def _place(
    columns: Sequence[ColumnLike], shown: Sequence[tuple[int, ColumnLike]], widths: Mapping[int, int], width: int, gap: int
) -> tuple[Slot, ...]:
    slots: list[Slot] = []
    x = 0
    for index, each in shown:
        fits = min(widths[index], width - x)
        if fits <= 0:
            break
        slots.append(Slot(index=index, id=each.id, title=each.title, x=x, width=fits, right=each.right))
        x += fits + gap
    return tuple(slots)
