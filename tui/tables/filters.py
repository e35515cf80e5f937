"""What a list's filter wants: every word must occur in a row, a word after ``!`` must not. Pure; the row's text is made once a record."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Final

from tui.model import KINDS, Kind, Resource
from tui.tables.words import TONES

LONGEST: Final = 200
_SILENT: Final = frozenset({"raw", "ref"})


class FilterError(ValueError):
    """A filter that makes no sense; the text says what to write."""


@dataclass(frozen=True, slots=True)
class Filter:
    """Words that a row must hold and words that it must not, in lower case."""

    wanted: tuple[str, ...] = ()
    unwanted: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.wanted or self.unwanted)

    def fits(self, text: str) -> bool:
        """Whether a row's text (lower case) is to be shown."""
        return all(word in text for word in self.wanted) and not any(word in text for word in self.unwanted)

    @property
    def pattern(self) -> re.Pattern[str] | None:
        """What to paint in the rows that are shown."""
        return re.compile("|".join(map(re.escape, self.wanted)), re.IGNORECASE) if self.wanted else None


def parse_filter(text: str) -> Filter:
    """A filter from what was typed. Raises ``FilterError``."""
    if len(text) > LONGEST:
        raise FilterError(f"a filter has at most {LONGEST} characters")
    words = text.casefold().split()
    if "!" in words:
        raise FilterError("write the word to leave out right after the !")
    return Filter(tuple(word for word in words if word[0] != "!"), tuple(word[1:] for word in words if word[0] == "!"))


_TOLD: Final[Mapping[Kind, tuple[str, ...]]] = {
    kind: tuple(each.name for each in fields(record) if each.name not in _SILENT) for kind, record in KINDS.items()
}
"""The fields of each kind that may be text."""


def search_text(row: Resource) -> str:
    """What a filter looks at: every text of the record, its ids, its health in our words and its platform's."""
    pieces = [str(row.ref), row.health.value, TONES[row.health].value]
    for name in _TOLD[row.ref.kind]:
        value = getattr(row, name)
        if isinstance(value, str):
            pieces.append(value)
        elif isinstance(value, tuple):
            pieces.extend(item for item in value if isinstance(item, str))
    return " ".join(pieces).casefold()
