"""Which of many lines a filter wants, asked of a thousand at a time. Pure.

One line after the other costs a call and a copy in small letters each, which for a whole ring is a quarter of a second. So the texts of
a piece are joined and what a line must hold is looked for in all of them at once; only lines that hold it are looked at one by one. What
comes out is what asking each line gives: a test compares the two.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Hashable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from operator import attrgetter
from typing import Final, Protocol

from tui.model import LogLine
from tui.ui.logs.expressions import fold, held, reach
from tui.ui.widgets.log_buffer import Entry, Sifts
from tui.ui.widgets.log_levels import KEYS, LETTERS, NUMBERS, WORDS, Level, level_of

NameOf = Callable[[Hashable], str]


_TEXT: Final[Callable[[LogLine], str]] = attrgetter("text")
_LEVEL: Final[Callable[[LogLine], str]] = attrgetter("level")
_SOURCE: Final[Callable[[LogLine], str]] = attrgetter("source")


class Chunk:
    """Some lines in a row and whose they are."""

    def __init__(self, sources: Sequence[Hashable], lines: Sequence[LogLine]) -> None:
        self.sources = sources
        self.lines = lines
        self.texts = list(map(_TEXT, lines))

    @cached_property
    def _folded(self) -> str:
        """All texts in one, each on a line of its own."""
        return fold("\n".join(self.texts))

    @cached_property
    def _torn(self) -> bool:
        """Whether a text has several lines itself."""
        return self._folded.count("\n") >= len(self.texts)

    def holding(self, folded: str) -> Iterable[int]:
        """The lines that hold a folded text, in order."""
        if self._folded.find(folded) < 0:
            return ()
        if self._torn or "\n" in folded:
            return [at for at, text in enumerate(self.texts) if folded in fold(text)]
        return _holding(self._folded, folded)

    def holding_any(self, folded: Iterable[str]) -> set[int]:
        """The lines that hold one of these."""
        return {at for text in folded for at in self.holding(text)}


def _holding(whole: str, wanted: str) -> Iterator[int]:
    at, line, counted = whole.find(wanted), 0, 0
    while at >= 0:
        line += whole.count("\n", counted, at)
        yield line
        counted = whole.find("\n", at)
        at = whole.find(wanted, counted) if counted >= 0 else -1


class Test(Protocol):
    """One thing that is asked of a line."""

    def one(self, source: Hashable, line: LogLine) -> bool:
        """Whether a line is as asked."""

    def few(self, chunk: Chunk) -> Iterable[int]:
        """The lines of a chunk that are, in order."""


@dataclass(frozen=True, slots=True)
class Holds:
    """A word in small letters that stands in the text, in the level or in what the line says of its source."""

    word: str

    def one(self, source: Hashable, line: LogLine) -> bool:
        return self.word in fold(line.text) or self.word in line.level or self.word in fold(line.source)

    def few(self, chunk: Chunk) -> Iterable[int]:
        found = chunk.holding(self.word)
        levels = {level for level in set(map(_LEVEL, chunk.lines)) if self.word in level}
        told = {told for told in set(map(_SOURCE, chunk.lines)) if self.word in fold(told)}
        if not levels and not told:
            return found
        beside = {at for at, line in enumerate(chunk.lines) if line.level in levels or line.source in told}
        return sorted(beside.union(found))


class Fits:
    """A regular expression that matches."""

    def __init__(self, expression: re.Pattern[str]) -> None:
        self._search = expression.search
        self._first, self._held = held(expression)
        self._look = reach(expression)

    def one(self, source: Hashable, line: LogLine) -> bool:
        return self._try(line.text)

    def _try(self, text: str) -> bool:
        if self._held:
            folded = fold(text)
            for texts in self._held:
                if not any(each in folded for each in texts):
                    return False
        return self._search(text, 0, self._look) is not None

    def few(self, chunk: Chunk) -> Iterable[int]:
        texts, may = chunk.texts, self._try
        if not self._first:
            return [at for at, text in enumerate(texts) if may(text)]
        return [at for at in sorted(chunk.holding_any(self._first)) if may(texts[at])]


class Grave:
    """A level, or a worse one."""

    def __init__(self, level: Level) -> None:
        self._level = level
        words = {word for word, its in WORDS.items() if its >= level}
        shortest = [word for word in sorted(words) if not any(other != word and other in word for other in words)]
        # However a text names a level: it holds its word, or a key and its number, or begins with its letter.
        self._held = shortest
        self._numbers = [number for number, its in NUMBERS.items() if its >= level]

    def one(self, source: Hashable, line: LogLine) -> bool:
        return level_of(line.level, line.text) >= self._level

    def few(self, chunk: Chunk) -> Iterable[int]:
        lines = chunk.lines
        known = {name: WORDS.get(name.casefold()) for name in set(map(_LEVEL, lines))}
        wanted = {name for name, level in known.items() if level is not None and level >= self._level}
        unknown = {name for name, level in known.items() if level is None}
        if not unknown:
            return [at for at, line in enumerate(lines) if line.level in wanted]
        telling = chunk.holding_any(self._held)
        if numbered := chunk.holding_any(self._numbers):
            telling |= numbered & chunk.holding_any(KEYS)
        return [
            at
            for at, line in enumerate(lines)
            if line.level in wanted
            or (line.level in unknown and (at in telling or line.text[:1] in LETTERS) and level_of("", line.text) >= self._level)
        ]


@dataclass(frozen=True, slots=True)
class Named:
    """A line of a source that is called like one of ``wanted`` and like none of ``others``."""

    wanted: tuple[str, ...]
    others: tuple[str, ...]
    name_of: NameOf

    def one(self, source: Hashable, line: LogLine) -> bool:
        name = self.name_of(source).casefold()
        return (not self.wanted or any(each in name for each in self.wanted)) and not any(each in name for each in self.others)

    def few(self, chunk: Chunk) -> Iterable[int]:
        # Sources are few and each is one object: their names are asked for once.
        known = {id(source): source for source in chunk.sources}
        fit = {key for key, source in known.items() if self.one(source, chunk.lines[0])}
        return [at for at, source in enumerate(chunk.sources) if id(source) in fit]


class Lacks:
    """Whatever another test does not want."""

    def __init__(self, test: Test) -> None:
        self._test = test

    def one(self, source: Hashable, line: LogLine) -> bool:
        return not self._test.one(source, line)

    def few(self, chunk: Chunk) -> Iterable[int]:
        found = set(self._test.few(chunk))
        return [at for at in range(len(chunk.lines)) if at not in found]


class Sieve(Sifts):
    """Several tests, all of which a line must pass. The first is asked of all lines at once, the others of what it leaves."""

    def __init__(self, tests: Sequence[Test]) -> None:
        self._first, *self._others = tests

    def __call__(self, entry: Entry) -> bool:
        return all(test.one(entry.source, entry.line) for test in (self._first, *self._others))

    def sift(self, sources: Sequence[Hashable], lines: Sequence[LogLine]) -> list[int]:
        """The places of the lines that are wanted."""
        chunk = Chunk(sources, lines)
        found = list(self._first.few(chunk)) if lines else []
        for test in self._others:
            if len(found) * 4 > len(lines):
                fit = set(test.few(chunk))
                found = [at for at in found if at in fit]
            else:
                found = [at for at in found if test.one(sources[at], lines[at])]
        return found


class Errors(Sieve):
    """Lines that tell of an error; what we note ourselves is none."""

    def __init__(self) -> None:
        super().__init__([Grave(Level.ERROR)])

    def __call__(self, entry: Entry) -> bool:
        return not entry.note and super().__call__(entry)
