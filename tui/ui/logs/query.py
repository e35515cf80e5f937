"""What a person types to see only some lines of a log, and what it means. Pure.

timeout db         lines that hold both words, in any case; "in quotes" for words with blanks
!health            lines that do not
/time(d|s) out/    a regular expression; !/.../ for lines that do not match
~time(d|s)         the same up to the next blank, or ~"with blanks"
level:warn         warnings and worse
service:web        lines of the services that are called like that; !service:web all others
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from functools import cached_property
from typing import Final

from tui.tables import FilterError
from tui.tables.expressions import is_endless, unwarned
from tui.ui.logs.expressions import fold
from tui.ui.logs.sieve import Fits, Grave, Holds, Lacks, Named, NameOf, Sieve, Test
from tui.ui.widgets.log_levels import WORDS, Level

LONGEST: Final = 400
"""Characters of a filter."""

_TOKEN: Final = re.compile(r'(!?)(?:(/)((?:\\.|[^/\\])+)/(?=\s|\Z)|(~|[a-z]+:)?("[^"]*"?|\S*))')


@dataclass(frozen=True)
class Query:
    """Words and expressions that a line must hold or must not, the least level, parts of names of services."""

    words: tuple[str, ...] = ()
    unwanted: tuple[str, ...] = ()
    expressions: tuple[re.Pattern[str], ...] = ()
    unmatched: tuple[re.Pattern[str], ...] = ()
    level: Level = Level.NONE
    services: tuple[str, ...] = ()
    no_services: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        return self != Query()

    @cached_property
    def pattern(self) -> re.Pattern[str] | None:
        """What to paint in the lines that are shown."""
        words = [re.escape(word) for word in self.words]
        told = [f"(?{'i' if each.flags & re.IGNORECASE else '-i'}:{each.pattern})" for each in self.expressions]
        for parts in (words + told, words):
            with suppress(re.error), unwarned():  # expressions that stand each for itself need not stand side by side: names, flags
                return re.compile("|".join(parts), re.IGNORECASE) if parts else None
        return None

    def wanted(self, name_of: NameOf, least: Level = Level.NONE) -> Sieve | None:
        """The filter as a function; None if it wants every line. ``least`` is a level that is asked for elsewhere."""
        tests = list(self._tests(name_of, max(least, self.level)))
        return Sieve(tests) if tests else None

    def _tests(self, name_of: NameOf, level: Level) -> Iterator[Test]:
        """What each part asks, first what leaves fewest lines for little."""
        if self.services or self.no_services:
            yield Named(self.services, self.no_services, name_of)
        for word in sorted(self.words, key=len, reverse=True):
            yield Holds(word)
        for each in self.expressions:
            yield Fits(each)
        if level:
            yield Grave(level)
        for word in self.unwanted:
            yield Lacks(Holds(word))
        for each in self.unmatched:
            yield Lacks(Fits(each))


def parse_query(text: str) -> Query:
    """A query from what was typed. Raises ``tables.FilterError``, which says what to write."""
    if len(text) > LONGEST:
        raise FilterError(f"a filter has at most {LONGEST} characters")
    found: dict[str, list[object]] = {name: [] for name in ("words", "unwanted", "expressions", "unmatched", "services", "no_services")}
    level = Level.NONE
    for no, slash, between, kind, value in _TOKEN.findall(text.strip()):
        said = between or value.strip('"')
        match slash or kind:
            case "~" | "/":
                found["unmatched" if no else "expressions"].append(expression(said))
            case "level:":
                level = _level(said, no)
            case "service:":
                found["no_services" if no else "services"].append(_given(said, kind))
            case _:
                word = fold(f"{kind}{said}")
                if no and not word:
                    raise FilterError("write the word to leave out right after the !")
                if word:
                    found["unwanted" if no else "words"].append(word)
    return Query(level=level, **{name: tuple(each) for name, each in found.items()})  # type: ignore[arg-type]


def expression(text: str) -> re.Pattern[str]:
    """A regular expression; capitals in it make it look at case. Raises ``tables.FilterError``."""
    if not text:
        raise FilterError("write the regular expression right after the ~")
    try:
        with unwarned():
            made = re.compile(text, re.IGNORECASE if text == text.lower() else 0)
    except (re.error, ValueError, RecursionError, OverflowError) as error:
        where = f" at character {error.pos + 1}" if isinstance(error, re.error) and error.pos is not None else ""
        said = error.msg if isinstance(error, re.error) else str(error) if isinstance(error, ValueError) else "too large"
        raise FilterError(f"no regular expression: {said}{where}") from None
    if is_endless(made):
        raise FilterError("a repeat within a repeat could take for ever: write it another way")
    return made


def searched(text: str) -> re.Pattern[str]:
    """What a search looks for: a text, or after ``~`` a regular expression. Raises ``tables.FilterError``."""
    return expression(text[1:]) if text.startswith("~") else re.compile(re.escape(text), re.IGNORECASE)


def _level(said: str, no: str) -> Level:
    near = next((level for word, level in WORDS.items() if said and word.startswith(said.casefold())), None)
    if near is None or no:
        raise FilterError("level: debug, info, warn, error or fatal; it and worse is shown")
    return near


def _given(said: str, kind: str) -> str:
    if not said:
        raise FilterError(f"write the name of a service right after {kind}")
    return said.casefold()
