"""How a list of one kind looks: which columns, in which order, how wide. Pure; what is chosen is remembered elsewhere."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, replace
from typing import Any, Final

from tui.model import Kind
from tui.tables import TABLES, Column, column_of

WHOLE: Final = 200
"""Cells that a column may have where nothing is to be cut."""


@dataclass(frozen=True, slots=True)
class Look:
    """``columns`` are ids in order, none: the kind's own. ``wide`` shows every column with nothing cut; ``skip`` is how many of them
    behind the first are left of the screen then."""

    columns: tuple[str, ...] = ()
    wide: bool = False
    skip: int = 0


def chosen(kind: Kind, look: Look, without: Collection[str] = ()) -> tuple[Column[Any], ...]:
    """The columns of a look, whether or not there is room for them. The first of the kind names the thing and always stays."""
    own = tuple(each for each in TABLES[kind].columns if each.id not in without)
    if not look.columns:
        return own
    first = own[0]
    found = [column_of(kind, id_) for id_ in dict.fromkeys(look.columns) if id_ != first.id]
    # What was chosen by hand stays before what merely came with the kind would.
    return (first, *(replace(each, rank=min(each.rank, at + 1)) for at, each in enumerate(found) if each is not None))


def spread(columns: tuple[Column[Any], ...], look: Look) -> tuple[Column[Any], ...]:
    """The columns as they are laid out: all of them from ``skip`` on at their full width, where the list is wide."""
    if not look.wide:
        return columns
    first, *rest = columns
    return (first, *(replace(each, rank=0, high=max(each.high, WHOLE)) for each in rest[look.skip :]))


def shifted(columns: tuple[Column[Any], ...], look: Look, step: int) -> Look:
    """One column further to the right or left; at least one stays beside the first."""
    return replace(look, wide=True, skip=max(0, min(look.skip + step, len(columns) - 2)))
