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
from collections.abc import Callable, Hashable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from functools import cached_property
from typing import Final

from tui.tables import FilterError
from tui.ui.widgets.log_buffer import Entry
from tui.ui.widgets.log_levels import WORDS, Level, level_of

LONGEST: Final = 400
"""Characters of a filter."""

LOOK: Final = 4_096
"""Characters of a line that a regular expression is tried on."""

_TOKEN: Final = re.compile(r'(!?)(?:(/)((?:\\.|[^/\\])+)/(?=\s|\Z)|(~|[a-z]+:)?("[^"]*"?|\S*))')
_ENDLESS: Final = re.compile(r"\([^()]*[+*}][^()]*\)[+*{]")
"""Repeats within repeats can take for ever on an innocent line, and nothing could interrupt them."""

NameOf = Callable[[Hashable], str]
Wanted = Callable[[Entry], bool]


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
            with suppress(re.error):  # expressions that stand each for itself need not stand side by side: names, flags
                return re.compile("|".join(parts), re.IGNORECASE) if parts else None
        return None

    def wanted(self, name_of: NameOf, least: Level = Level.NONE) -> Wanted | None:
        """The filter as a function; None if it wants every line. ``least`` is a level that is asked for elsewhere."""
        tests = list(self._tests(name_of, max(least, self.level)))
        if len(tests) < 2:
            return tests[0] if tests else None

        def every(entry: Entry) -> bool:
            for test in tests:  # noqa: SIM110 - all() over a generator costs as much as the tests
                if not test(entry):
                    return False
            return True

        return every

    def _tests(self, name_of: NameOf, level: Level) -> Iterator[Wanted]:
        """What each part asks, the cheap ones first. Each a function of its own: hundreds of thousands of lines are asked while
        somebody types."""
        if self.services or self.no_services:
            yield _named(self.services, self.no_services, name_of)
        for word in self.words:
            yield _holding(word)
        for word in self.unwanted:
            yield _lacking(_holding(word))
        if level:
            yield lambda entry: level_of(entry.line.level, entry.line.text) >= level
        for each in self.expressions:
            yield _matching(each)
        for each in self.unmatched:
            yield _lacking(_matching(each))


def _holding(word: str) -> Wanted:
    def wanted(entry: Entry) -> bool:
        line = entry.line
        return word in line.text.casefold() or word in line.level or word in line.source.casefold()

    return wanted


def _matching(expression: re.Pattern[str]) -> Wanted:
    search = expression.search
    return lambda entry: search(entry.line.text, 0, LOOK) is not None


def _named(services: tuple[str, ...], others: tuple[str, ...], name_of: NameOf) -> Wanted:
    def wanted(entry: Entry) -> bool:
        name = name_of(entry.source).casefold()
        return (not services or any(each in name for each in services)) and not any(each in name for each in others)

    return wanted


def _lacking(test: Wanted) -> Wanted:
    return lambda entry: not test(entry)


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
                word = f"{kind}{said}".casefold()
                if no and not word:
                    raise FilterError("write the word to leave out right after the !")
                if word:
                    found["unwanted" if no else "words"].append(word)
    return Query(level=level, **{name: tuple(each) for name, each in found.items()})  # type: ignore[arg-type]


def expression(text: str) -> re.Pattern[str]:
    """A regular expression; capitals in it make it look at case. Raises ``tables.FilterError``."""
    if not text:
        raise FilterError("write the regular expression right after the ~")
    if _ENDLESS.search(text):
        raise FilterError("a repeat within a repeat could take for ever: write it another way")
    try:
        return re.compile(text, re.IGNORECASE if text == text.lower() else 0)
    except (re.error, RecursionError, OverflowError) as error:
        where = f" at character {error.pos + 1}" if isinstance(error, re.error) and error.pos is not None else ""
        said = error.msg if isinstance(error, re.error) else "too large"
        raise FilterError(f"no regular expression: {said}{where}") from None


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
