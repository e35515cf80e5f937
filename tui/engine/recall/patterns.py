"""Log lines that say the same: numbers, ids and addresses masked, counted, the new ones and the faster ones told apart.

Bounded: what is rare and old is forgotten first. It knows texts and times, no view and no stream.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Final

from tui.model import LogLine

LOOK: Final = 400
"""Characters of a line that make its pattern."""
MOST: Final = 2_000
"""Patterns kept of one source."""
WINDOW: Final = timedelta(minutes=5)
"""The stretch whose rate is compared with the one before."""
FEW: Final = 5
"""Lines in a window below which a rise says nothing."""

# Tried only where a word begins, and of a word without a digit, an @ or a colon only whether a quotation begins.
_MASKS: Final = re.compile(
    r"(?<![A-Za-z0-9])(?:(?P<quoted>\"[^\"]{24,}\"|'[^']{24,}')"
    r"|(?=[^\s\d@:]*[\d@:])(?:"
    r"(?P<time>\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(?:[.,]\d+)?(?:Z|[+-]\d\d:?\d\d)?|\b\d\d:\d\d:\d\d(?:[.,]\d+)?\b)"
    r"|(?P<uuid>\b[0-9a-fA-F]{8}-(?:[0-9a-fA-F]{4}-){3}[0-9a-fA-F]{12}\b)"
    r"|(?P<email>\b[\w.+-]++@[\w-]+\.[\w.-]+\b)"
    r"|(?P<url>\bhttps?://[^\s\"'<>]+)"
    r"|(?P<ip>\b\d{1,3}(?:\.\d{1,3}){3}(?::\d+)?\b|\[?\b(?:[0-9a-fA-F]{1,4}:){3,7}[0-9a-fA-F]{0,4}\b\]?)"
    r"|(?P<hex>\b0x[0-9a-fA-F]+\b|\b(?=[0-9a-fA-F]*\d)[0-9a-fA-F]{7,}\b)"
    r"|(?P<id>\b(?=[A-Za-z_-]*\d)[A-Za-z0-9]+[_-](?=[A-Za-z0-9_-]*\d)[A-Za-z0-9_-]{6,}\b|\b[0-9A-HJKMNP-TV-Z]{26}\b"
    r"|(?<=[A-Za-z][_-])(?=[A-Za-z]*\d)(?=\d*[A-Za-z])[A-Za-z0-9]{3,}\b)"  # the short one of cust_9e55
    r"|(?P<n>[-+]?\d+(?:\.\d+)?)))"
)


TOGETHER: Final = timedelta(seconds=1)
"""Within this a line that is indented deeper, or a frame of a stack, belongs to the line before it."""
_FRAMES: Final = ("Traceback (most recent", "Caused by: ", "... ")
_AT: Final = re.compile(r"at (?:async |new )?[\w.$<>/]{1,200} ?\([^)]{0,200}:\d")


@lru_cache(maxsize=1024)
def pattern(text: str) -> str:
    """A line with everything that differs from one occurrence to the next masked: ``timeout after <n>ms from <ip>``."""
    return _MASKS.sub(lambda match: f"<{match.lastgroup}>", text[:LOOK])


def _indent(text: str) -> int:
    return len(text) - len(text.lstrip())


@dataclass(slots=True)
class _Seen:
    count: int
    first: datetime | None
    last: datetime | None
    example: LogLine
    recent: int = 0
    before: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Pattern:
    """Lines that say the same. ``example`` is the first of them; ``recent`` and ``before`` count the last window and the one before."""

    text: str
    count: int
    first: datetime | None
    last: datetime | None
    example: LogLine
    recent: int
    before: int

    @property
    def rise(self) -> float:
        """How much faster it comes than before; 1 is as before."""
        return (self.recent + 1) / (self.before + 1)


class Patterns:
    """What one source says, by pattern. ``add`` takes lines in order of time, or older ones that were asked for."""

    def __init__(self, *, most: int = MOST, window: timedelta = WINDOW) -> None:
        self._seen: dict[str, _Seen] = {}
        self._most = most
        self._window = window
        self._turn: datetime | None = None
        self._head: LogLine | None = None
        self.compared = False
        """Whether the window before the last one was heard at all: otherwise everything would seem to come faster."""

    def __len__(self) -> int:
        return len(self._seen)

    def add(self, lines: Iterable[LogLine]) -> None:
        """Count lines, later ones or older ones; a crash is its first line and its last, not one pattern for each frame of its stack."""
        for line in lines:
            if self._goes_on(line):
                continue
            self._head = line
            at = line.at
            late = at is not None and self._turn is not None and at < self._turn
            if at is not None and not late:
                self._turn_to(at)
            key = pattern(line.text)
            seen = self._seen.get(key)
            if seen is None:
                seen = self._seen[key] = _Seen(count=0, first=at, last=at, example=line)
            seen.count += 1
            if not late:
                seen.recent += 1
                seen.last = at or seen.last
            elif at is not None and seen.first is not None and at < seen.first:
                # Older lines come when somebody looks further back.
                seen.first, seen.example = at, line
            if late and at is not None and self._turn is not None:
                if at >= self._turn - self._window:
                    seen.before += 1
                else:
                    self.compared = True
            if len(self._seen) > self._most:
                self._forget()

    def new_since(self, moment: datetime) -> tuple[Pattern, ...]:
        """What was never said before ``moment``, the most frequent first."""
        found = [self._told(key, seen) for key, seen in self._seen.items() if seen.first is not None and seen.first >= moment]
        return tuple(sorted(found, key=lambda each: -each.count))

    def rising(self, count: int = 10) -> tuple[Pattern, ...]:
        """What is said at least twice as often as in the window before, the steepest first."""
        told = (self._told(key, seen) for key, seen in self._seen.items())
        return tuple(sorted((each for each in told if each.rise >= 2 and each.recent >= FEW), key=lambda each: -each.rise)[:count])

    def top(self, count: int = 10) -> tuple[Pattern, ...]:
        """What is said most."""
        told = (self._told(key, seen) for key, seen in self._seen.items())
        return tuple(sorted(told, key=lambda each: -each.count)[:count])

    @staticmethod
    def _told(key: str, seen: _Seen) -> Pattern:
        return Pattern(
            text=key,
            count=seen.count,
            first=seen.first,
            last=seen.last,
            example=seen.example,
            recent=seen.recent,
            before=seen.before,
        )

    def _goes_on(self, line: LogLine) -> bool:
        """Whether a line only goes on with the one before."""
        text, head = line.text, self._head
        if head is None or not (text[:1] in {" ", "\t"} or text.startswith(_FRAMES) or _AT.match(text)):
            return False
        if line.at is not None and head.at is not None and abs(line.at - head.at) > TOGETHER:
            return False
        return text[:1] not in {" ", "\t"} or _indent(text) > _indent(head.text)

    def _turn_to(self, at: datetime) -> None:
        """Begin a new window where the old one is over; after a silence of two windows nothing came before."""
        if self._turn is None:
            self._turn = at
        elif at - self._turn >= self._window:
            self.compared = True
            quiet = at - self._turn >= 2 * self._window
            for seen in self._seen.values():
                seen.before, seen.recent = (0 if quiet else seen.recent), 0
            self._turn = at

    def _forget(self) -> None:
        """Drop the quarter that is rarest, the longest unheard first among equals."""
        order = sorted(self._seen.items(), key=lambda item: (item[1].count, str(item[1].last or "")))
        surplus = self._most // 4
        # The newest pattern is the rarest of all and the one that must not go: it may be the news.
        newest = next(reversed(self._seen))
        for key, _ in order:
            if surplus and key != newest:
                del self._seen[key]
                surplus -= 1
