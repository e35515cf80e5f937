"""What can be told of a regular expression before it is tried: which texts a match must hold, and how much of a line it may be given so
that no line holds up the keys. Pure.

It looks at the tree that ``re`` makes of an expression; where that cannot be had, nothing is told and everything is tried.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, Final

from tui.tables.expressions import REPEATS, Tree, tree_of

LOOK: Final = (4_096, 4_096, 500, 150)
"""Characters of a line that an expression is tried on, by how many repeats in a row may share out the same characters among them: that
takes as many steps as the characters to that power, and one more."""

SHORTEST: Final = 2
"""Characters that a text has at least for which it pays to look for it in many lines at once."""

MOST: Final = 8
"""Texts of which a line must hold one, at most; of more, none is looked for."""

OTHERS: Final = 4
"""Further texts that a line is asked for before it is tried."""

ENDLESS: Final = 50
"""A repeat that may go on for longer goes on for ever."""

Texts = tuple[str, ...]


def fold(text: str) -> str:
    """A text as it is compared where capitals do not matter: so that whatever an expression takes for the same is the same."""
    return text.casefold() if text.isascii() else text.replace("\u0130", "i").replace("\u0131", "i").casefold()


def held(expression: re.Pattern[str]) -> tuple[Texts, tuple[Texts, ...]]:
    """Folded texts of which every line that matches holds one: those to look for first, empty where none can be told or all are too short;
    and, for an expression that may take long, others of which it also holds one each."""
    tree = tree_of(expression)
    found = sorted({texts for texts in _held(tree) if len(texts) <= MOST}, key=lambda texts: (-min(map(len, texts)), texts))
    first = found[0] if found and min(map(len, found[0])) >= SHORTEST else ()
    slow = sum(_endless(*part) for part in _flat(tree)) > 1
    return first, tuple(found[1:] if first else found)[:OTHERS] if slow else ()


def reach(expression: re.Pattern[str]) -> int:
    """How many characters of a line an expression is tried on."""
    return LOOK[min(_sharing(tree_of(expression)), len(LOOK) - 1)]


def _held(tree: Tree) -> Iterator[Texts]:
    """For each part that every match has, the texts of which it holds one."""
    run = ""
    for operation, argument in tree:
        name = str(operation)
        if name == "LITERAL":
            run += chr(argument)
            continue
        if run:
            yield (fold(run),)
            run = ""
        if name == "SUBPATTERN":
            yield from _held(argument[3])
        elif name == "ATOMIC_GROUP":
            yield from _held(argument)
        elif name in REPEATS and argument[0] > 0:
            yield from _held(argument[2])
        elif name == "BRANCH":
            # Of each branch that of which the shortest is longest.
            best = [max(_held(branch), key=lambda texts: min(map(len, texts)), default=()) for branch in argument[1]]
            if all(best):
                yield tuple(dict.fromkeys(text for texts in best for text in texts))
    if run:
        yield (fold(run),)


def _sharing(tree: Tree) -> int:
    """How many endless repeats of nearly anything stand side by side, with nothing between that must be there."""
    most = run = 0
    for operation, argument in _flat(tree):
        name = str(operation)
        if _endless(operation, argument):
            run += 1
            most = max(most, run)
        elif name == "BRANCH":
            most = max(most, *map(_sharing, argument[1]))
        elif not (name in {"AT", "ASSERT", "ASSERT_NOT"} or (name in REPEATS and argument[0] == 0)):
            run = 0
    return most


def _flat(tree: Tree) -> Iterator[tuple[Any, Any]]:
    """The parts one after the other, those of groups among them."""
    for operation, argument in tree:
        if str(operation) == "SUBPATTERN":
            yield from _flat(argument[3])
        else:
            yield operation, argument


def _endless(operation: Any, argument: Any) -> bool:
    return str(operation) in REPEATS and argument[1] > ENDLESS and _wide(argument[2])


def _wide(tree: Tree) -> bool:
    """Whether what is repeated is a character that may be nearly any."""
    for operation, argument in tree:
        name = str(operation)
        if name in {"ANY", "NOT_LITERAL"}:
            return True
        if name == "IN" and any(str(each) == "NEGATE" or "NOT_" in str(value) or "WORD" in str(value) for each, value in argument):
            return True
    return False
