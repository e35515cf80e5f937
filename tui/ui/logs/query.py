"""What a person types to see only some lines of a log, and what it means. Pure.

timeout db         lines that hold both words, in any case; "in quotes" for words with blanks
!health            lines that do not
~time(d|s) out     a regular expression up to the next blank; ~"with blanks", !~ for lines that do not match
level:warn         warnings and worse
service:web        lines of the services that are called like that; !service:web all others
"""

from __future__ import annotations

import re
from collections.abc import Callable, Hashable
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Final

from tui.tables import FilterError
from tui.ui.widgets.log_buffer import Entry
from tui.ui.widgets.log_levels import WORDS, Level, level_of

LONGEST: Final = 400
"""Characters of a filter."""

LOOK: Final = 4_096
"""Characters of a line that a regular expression is tried on."""

_TOKEN: Final = re.compile(r'(!?)(~|[a-z]+:)?("[^"]*"?|\S*)')
_ENDLESS: Final = re.compile(r"\([^()]*[+*}][^()]*\)[+*{]")
"""Repeats within repeats can take for ever on an innocent line, and nothing could interrupt them."""

NameOf = Callable[[Hashable], str]


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
        parts = [re.escape(word) for word in self.words] + [f"(?:{each.pattern})" for each in self.expressions]
        return re.compile("|".join(parts), re.IGNORECASE) if parts else None

    def fits(self, entry: Entry, name_of: NameOf) -> bool:
        """Whether a line is to be shown."""
        line = entry.line
        if self.level and level_of(line.level, line.text) < self.level:
            return False
        if self.services or self.no_services:
            name = name_of(entry.source).casefold()
            if (self.services and not any(each in name for each in self.services)) or any(each in name for each in self.no_services):
                return False
        if self.words or self.unwanted:
            text = f"{line.level} {line.source} {line.text}".casefold() if line.level or line.source else line.text.casefold()
            if not all(word in text for word in self.words) or any(word in text for word in self.unwanted):
                return False
        if self.expressions or self.unmatched:
            head = line.text[:LOOK]
            return all(each.search(head) for each in self.expressions) and not any(each.search(head) for each in self.unmatched)
        return True

    def wanted(self, name_of: NameOf, least: Level = Level.NONE) -> Callable[[Entry], bool] | None:
        """The filter as a function; None if it wants every line. ``least`` is a level that is asked for elsewhere."""
        asked = self if least <= self.level else replace(self, level=least)
        if asked and asked == Query(words=asked.words):
            return _holding(asked.words)
        return (lambda entry: asked.fits(entry, name_of)) if asked else None


def _holding(words: tuple[str, ...]) -> Callable[[Entry], bool]:
    """The most common filter, made quick: hundreds of thousands of lines are asked while somebody types."""
    first, rest = words[0], words[1:]

    def wanted(entry: Entry) -> bool:
        line = entry.line
        text = f"{line.level} {line.source} {line.text}".casefold() if line.level or line.source else line.text.casefold()
        return first in text and all(word in text for word in rest)

    return wanted


def parse_query(text: str) -> Query:
    """A query from what was typed. Raises ``tables.FilterError``, which says what to write."""
    if len(text) > LONGEST:
        raise FilterError(f"a filter has at most {LONGEST} characters")
    found: dict[str, list[object]] = {name: [] for name in ("words", "unwanted", "expressions", "unmatched", "services", "no_services")}
    level = Level.NONE
    for no, kind, value in _TOKEN.findall(text.strip()):
        said = value.strip('"')
        match kind:
            case "~":
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
