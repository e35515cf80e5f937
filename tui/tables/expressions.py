"""Whether a regular expression that somebody typed may take for ever on an innocent text: nothing could interrupt it. Pure.

It looks at the tree that ``re`` makes of an expression; where that cannot be had, nothing is told.
"""

from __future__ import annotations

import re
import warnings
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any, Final

REPEATS: Final = frozenset({"MAX_REPEAT", "MIN_REPEAT", "POSSESSIVE_REPEAT"})

Tree = Iterable[tuple[Any, Any]]


@contextmanager
def unwarned() -> Iterator[None]:
    """What an expression could mean in a later Python is no news to whoever types one, and has no place on the screen."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", FutureWarning)
        yield


def tree_of(expression: re.Pattern[str]) -> list[tuple[Any, Any]]:
    """The parts of an expression, empty where they cannot be had."""
    try:
        with unwarned():
            return list(re._parser.parse(expression.pattern, expression.flags))  # type: ignore[attr-defined]  # noqa: SLF001
    except (AttributeError, re.error, RecursionError, OverflowError):
        return []


def is_endless(expression: re.Pattern[str]) -> bool:
    """Whether what is repeated can share out the same characters in several ways: the tries double with each of them."""
    return any(_shares(body, expression.flags) for body in _repeated(tree_of(expression)))


def _repeated(tree: Tree) -> Iterator[Any]:
    """What is repeated anywhere in it, each from one turn to the next."""
    for operation, argument in tree:
        if str(operation) in REPEATS and argument[1] > 1:
            yield argument[2]
        for part in _parts(operation, argument):
            yield from _repeated(part)


def _parts(operation: Any, argument: Any) -> tuple[Any, ...]:
    """The expressions that stand within a part of one."""
    match str(operation):
        case "SUBPATTERN":
            return (argument[3],)
        case "BRANCH":
            return tuple(argument[1])
        case "ASSERT" | "ASSERT_NOT":
            return (argument[1],)
        case "ATOMIC_GROUP":
            return (argument,)
        case "GROUPREF_EXISTS":
            return tuple(part for part in argument[1:] if part is not None)
        case name if name in REPEATS:
            return (argument[2],)
    return ()


def _shares(body: Any, flags: int) -> bool:
    free = list(_free(body))
    return bool(free) and not _parted(body, free, flags)


def _free(tree: Tree) -> Iterator[Any]:
    """What of a turn may be longer or shorter (what is repeated), or one thing or another (None)."""
    for operation, argument in tree:
        name = str(operation)
        if name in REPEATS and argument[0] != argument[1]:
            yield argument[2]
        elif name == "BRANCH" and not _told_apart(argument[1]):
            yield None
        for part in _parts(operation, argument):
            yield from _free(part)


def _told_apart(ways: Iterable[Any]) -> bool:
    """Whether the first character says which of the ways it is."""
    firsts = [chr(way[0][1]).casefold() if len(way) and str(way[0][0]) == "LITERAL" else "" for way in ways]
    return all(firsts) and len(set(firsts)) == len(firsts)


def _parted(body: Any, free: Iterable[Any], flags: int) -> bool:
    """Whether each turn ends at a character that nothing free in it can take: ``(\\d+\\.){3}``."""
    last = body[-1]
    while str(last[0]) == "SUBPATTERN" and len(last[1][3]):
        last = last[1][3][-1]
    if str(last[0]) != "LITERAL":
        return False
    try:
        return all(each is not None and re._compiler.compile(each, flags).search(chr(last[1])) is None for each in free)  # type: ignore[attr-defined]  # noqa: SLF001
    except (AttributeError, re.error, KeyError, IndexError):
        return False
