"""Going on with a log after its stream ended: what was already shown is not shown again, what is missing is said. Pure.

Where lines carry times the server is asked again from a little before the newest one, and a multiset of what was shown since then is
spent on the replay; so lines with equal times and equal texts stay as many as they are. Where they carry none, the replay is laid
along what was shown last and goes on where that ends.
"""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from tui.clock import span
from tui.model import LogLine

OVERLAP: Final = timedelta(seconds=5)
"""How far before the newest line a stream is resumed: later than that no line arrives with an older time."""
KEPT: Final = 20_000
"""Lines remembered for the overlap."""
TAIL: Final = 1_000
"""Lines asked for where the server cannot start at a time."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Gap:
    """Stands where lines may be missing. ``seconds`` is how long the gap is, None where no times tell; ``at`` is its end."""

    seconds: float | None = None
    at: datetime | None = None

    def __str__(self) -> str:
        if self.seconds is None:
            return "── gap: lines may be missing ──"
        return f"── gap of {span(self.seconds)}: lines may be missing ──"


Entry = LogLine | Gap
_Key = tuple[datetime | None, str, str]


def _key(line: LogLine) -> _Key:
    return line.at, line.source, line.text


class Resume:
    """One per stream. ``since`` and ``begin`` before each opening, ``sift`` for each batch that comes."""

    def __init__(self, now: Callable[[], datetime] | None = None) -> None:
        """``now`` keeps a line whose time is still to come from hiding all that comes before that time."""
        self._now = now
        self._shown: deque[LogLine] = deque(maxlen=KEPT)
        self._newest: datetime | None = None
        self._replay: _Timed | _Untimed | None = None

    @property
    def since(self) -> datetime | None:
        """Where to ask the server to begin; None where nothing with a time was shown."""
        reached = self._reached()
        return None if reached is None else reached - OVERLAP

    def _reached(self) -> datetime | None:
        """Up to where lines were shown: one that says it is from tomorrow does not mean that today is over."""
        return self._newest if self._newest is None or self._now is None else min(self._newest, self._now())

    @property
    def holding(self) -> bool:
        """Whether lines wait for it to become clear if they are new: call ``sift(())`` when nothing more comes."""
        return isinstance(self._replay, _Untimed) and self._replay.holding

    def begin(self) -> None:
        """The stream is opened (again): what comes first may have been shown."""
        reached = self._reached()
        if reached is not None and self._newest is not None:
            self._replay = _Timed(self._shown, reached, self._newest)
        elif self._shown:
            self._replay = _Untimed([line.text for line in self._shown][-TAIL:])
        else:
            self._replay = None

    def sift(self, lines: Sequence[LogLine]) -> Sequence[Entry]:
        """What of a batch is new. An empty batch says that the server has nothing more at present."""
        if self._replay is None:
            fresh: Sequence[Entry] = lines
        else:
            fresh = self._replay.sift(lines)
            if self._replay.over:
                self._replay = None
        new = lines if fresh is lines else [entry for entry in fresh if isinstance(entry, LogLine)]
        self._shown.extend(new)
        newest = max((line.at for line in new if line.at is not None), default=None)
        if newest is not None and (self._newest is None or newest > self._newest):
            self._newest = newest
        return fresh


class _Timed:
    """Spends credits for what was shown within the overlap."""

    def __init__(self, shown: deque[LogLine], reached: datetime, newest: datetime) -> None:
        self.over = False
        self._reached = reached
        self._newest = newest
        self._since = reached - OVERLAP
        self._first = True
        oldest = shown[0].at
        # Where more was shown within the overlap than is remembered, what is older than memory counts as shown.
        self._forgotten = oldest if len(shown) == shown.maxlen and oldest is not None and oldest > self._since else None
        self._credits: Counter[_Key] = Counter()
        for line in shown:
            if line.at is None or line.at >= self._since:
                self._credits[_key(line)] += 1

    def sift(self, lines: Sequence[LogLine]) -> Sequence[Entry]:
        fresh: list[Entry] = []
        for line in lines:
            at, key = line.at, _key(line)
            if self._first and at is not None:
                self._first = False
                if at > self._reached and not self._credits[key]:
                    fresh.append(Gap(seconds=(at - self._reached).total_seconds(), at=at))
            if at is not None and (at < self._since or (self._forgotten is not None and at < self._forgotten)):
                continue
            if self._credits[key] > 0:
                self._credits[key] -= 1
                continue
            if at is not None and at == self._forgotten:
                continue
            fresh.append(line)
            if at is not None and at > self._newest + OVERLAP:
                self.over = True
        return fresh


class _Untimed:
    """Finds the place where the replay leaves what was shown: of all places where it fits, the one with most in common."""

    def __init__(self, shown: Sequence[str]) -> None:
        self.over = False
        self._shown = shown
        self._held: list[LogLine] = []
        self._starts = list(range(len(shown) + 1))

    @property
    def holding(self) -> bool:
        return bool(self._held) and not self.over

    def sift(self, lines: Sequence[LogLine]) -> Sequence[Entry]:
        if self.over:
            return lines
        for position, line in enumerate(lines):
            index = len(self._held)
            self._held.append(line)
            end = len(self._shown)
            self._starts = [start for start in self._starts if start + index >= end or self._shown[start + index] == line.text]
            if self._starts[0] + index + 1 > end:
                return [*self._end(self._starts[0]), *lines[position + 1 :]]
        if not lines and self._held:
            return self._end(next(start for start in self._starts if start + len(self._held) >= len(self._shown)))
        return []

    def _end(self, start: int) -> list[Entry]:
        self.over = True
        gap: list[Entry] = [Gap()] if start == len(self._shown) else []
        return [*gap, *self._held[len(self._shown) - start :]]
