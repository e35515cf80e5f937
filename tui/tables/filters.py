"""What a list's filter wants. Every part must hold; ``!`` before a part turns it round. Pure; a row's text is made once a record.

web crash         both words occur            /v1\\.2\\d/        a regular expression finds something
?wapi             these letters in this order in the name
status=failed     the cell says exactly this, * stands for anything        on:fleet     the cell contains it
status=failed,crashed    the cell says one of these
age<2h cpu>=80% mem>1.5G      the value behind the cell is so              !status=running
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, fields, replace
from typing import Final

from tui.model import KINDS, TONES, Kind, Resource
from tui.tables.columns import Moment, Table
from tui.tables.expressions import is_endless, unwarned
from tui.tables.terms import Term, TermError, columns_by_name, read_term

LONGEST: Final = 200
_SILENT: Final = frozenset({"raw", "ref"})
_PARTS: Final = re.compile(r"!?/(?:\\.|[^/\\])+/(?=\s|\Z)|\S+")


class FilterError(ValueError):
    """A filter that makes no sense; the text says what to write."""


@dataclass(frozen=True, slots=True)
class Filter:
    """Words that a row must hold and words that it must not, in lower case; regular expressions, conditions on columns and
    letters in order likewise, each with whether it must hold."""

    wanted: tuple[str, ...] = ()
    unwanted: tuple[str, ...] = ()
    patterns: tuple[tuple[bool, re.Pattern[str]], ...] = ()
    terms: tuple[tuple[bool, Term], ...] = ()
    letters: tuple[tuple[bool, str], ...] = ()

    def __bool__(self) -> bool:
        return bool(self.wanted or self.unwanted or self.patterns or self.terms or self.letters)

    def fits(self, text: str) -> bool:
        """Whether a row's text (lower case) is to be shown; says nothing of its columns."""
        return (
            all(word in text for word in self.wanted)
            and not any(word in text for word in self.unwanted)
            and all(bool(pattern.search(text)) is must for must, pattern in self.patterns)
        )

    def among(
        self, rows: Iterable[Resource], text: Callable[[Resource], str], table: Table[Resource], moment: Moment
    ) -> tuple[Resource, ...]:
        """Those of the rows of a table that are to be shown; ``text`` gives a row's text. Made for ten thousand rows at each key."""
        found = list(rows)
        for word in self.wanted:
            found = [row for row in found if word in text(row)]
        if self.unwanted or self.patterns:
            rest = replace(self, wanted=())
            found = [row for row in found if rest.fits(text(row))]
        for must, letters in self.letters:
            found = [row for row in found if in_order(letters, str(row.name or row.ref.id).casefold()) is must]
        for must, term in self.terms:
            holds = term.judge(table, moment)
            found = [row for row in found if holds(row) is must]
        return tuple(found)

    def missing(self, table: Table[Resource]) -> tuple[str, ...]:
        """The columns that are asked for and that a table lacks, so that nothing of it can be so."""
        return tuple(term.column for must, term in self.terms if must is (term.sign != "!=") and term.of(table) is None)

    @property
    def pattern(self) -> re.Pattern[str] | None:
        """What to paint in the rows that are shown."""
        words = [*map(re.escape, self.wanted)]
        for found in ([*words, *(pattern.pattern for must, pattern in self.patterns if must)], words):
            with suppress(re.error):  # expressions that stand each for itself need not stand side by side: names of groups, flags
                return re.compile("|".join(found), re.IGNORECASE) if found else None
        return None


def parse_filter(text: str, tables: Mapping[Kind, Table[Resource]] | None = None) -> Filter:
    """A filter from what was typed. With ``tables`` their columns can be named. Raises ``FilterError``."""
    if len(text) > LONGEST:
        raise FilterError(f"a filter has at most {LONGEST} characters")
    names = columns_by_name(tables) if tables is not None else {}
    made: dict[str, list[object]] = {"wanted": [], "unwanted": [], "patterns": [], "terms": [], "letters": []}
    for part in _PARTS.findall(text):
        must, body = part[0] != "!", part.removeprefix("!")
        if not body:
            raise FilterError("write the word to leave out right after the !")
        if len(body) > 2 and body[0] == body[-1] == "/":
            made["patterns"].append((must, _regex(body[1:-1])))
            continue
        if tables is not None and len(body) > 1 and body[0] == "?":
            made["letters"].append((must, body[1:].casefold()))
            continue
        try:
            term = read_term(body, names) if names else None
        except TermError as error:
            raise FilterError(str(error)) from None
        if term is not None:
            made["terms"].append((must, term))
        else:
            made["wanted" if must else "unwanted"].append(body.casefold())
    return Filter(**{name: tuple(parts) for name, parts in made.items()})  # type: ignore[arg-type]


def in_order(letters: str, text: str) -> bool:
    """Whether the letters occur in a text in this order, with anything between them."""
    left = iter(text)
    return all(letter in left for letter in letters)


def _regex(text: str) -> re.Pattern[str]:
    try:
        with unwarned():
            made = re.compile(text, re.IGNORECASE)
    except (re.error, ValueError, OverflowError, RecursionError) as error:
        raise FilterError(f"this is not a regular expression: {error}") from None
    if is_endless(made):
        raise FilterError("one repetition inside another can take forever: write it without")
    return made


_COMMON: Final = {Kind.SERVICE: {"type"}, Kind.DEPLOYMENT: {"type"}}
"""Words that no list shows and nearly all rows share: who looks for web-api would be left with everything of the type web."""
_TOLD: Final[Mapping[Kind, tuple[str, ...]]] = {
    kind: tuple(each.name for each in fields(record) if each.name not in _SILENT | _COMMON.get(kind, set()))
    for kind, record in KINDS.items()
}
"""The fields of each kind that may be text."""


def search_text(row: Resource) -> str:
    """What a filter looks at: every telling text of the record, its ids, its health in our words and its platform's."""
    pieces = [str(row.ref), row.health.value, TONES[row.health].value]
    for name in _TOLD[row.ref.kind]:
        value = getattr(row, name)
        if isinstance(value, str):
            pieces.append(value)
        elif isinstance(value, tuple):
            pieces.extend(item for item in value if isinstance(item, str))
    return " ".join(pieces).casefold()
