"""What a log says in numbers: lines and errors a minute, and the patterns of each source. Counted beside the following, a little at a
time, so that a burst delays the numbers and never a key. No widget.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Hashable, Iterable, Sequence
from datetime import datetime, timedelta
from typing import Final

from tui.engine.recall.patterns import Patterns
from tui.model import LogLine
from tui.ui.widgets.log_levels import Level, level_of

MINUTES: Final = 60
"""Minutes that are counted."""

WAITING: Final = 50_000
"""Lines that may wait to be counted; of more the oldest are left out."""

AT_ONCE: Final = 200
"""Lines that are counted at once: some milliseconds."""

BARS: Final = "▁▂▃▄▅▆▇█"


class Census:
    """Counts what it is given when ``work`` is called."""

    def __init__(self, errors: Callable[[Hashable, Sequence[datetime]], object] = lambda _source, _times: None) -> None:
        """``errors`` hears when lines told of errors."""
        self._errors = errors
        self._waiting: deque[tuple[Hashable, Sequence[LogLine]]] = deque()
        self._count = 0
        self._minutes: dict[Hashable, dict[datetime, list[int]]] = {}
        self._patterns: dict[Hashable, Patterns] = {}
        self._since: dict[Hashable, datetime] = {}
        self.skipped = 0
        """Lines that came faster than they could be counted."""

    def add(self, source: Hashable, lines: Sequence[LogLine]) -> None:
        """Lines to be counted."""
        if not lines:
            return
        self._waiting.append((source, lines))
        self._count += len(lines)
        while self._count > WAITING and len(self._waiting) > 1:
            gone = len(self._waiting.popleft()[1])
            self._count -= gone
            self.skipped += gone

    @property
    def waiting(self) -> int:
        """Lines that are not counted yet."""
        return self._count

    def work(self, most: int = AT_ONCE) -> None:
        """Count some of what waits."""
        while self._waiting and most > 0:
            source, lines = self._waiting.popleft()
            part, rest = lines[:most], lines[most:]
            if rest:
                self._waiting.appendleft((source, rest))
            self._take(source, part)
            self._count -= len(part)
            most -= len(part)

    def _take(self, source: Hashable, lines: Sequence[LogLine]) -> None:
        wrong: list[datetime] = []
        minutes = self._minutes.setdefault(source, {})
        for line in lines:
            if line.at is not None:
                minute = minutes.setdefault(line.at.replace(second=0, microsecond=0), [0, 0])
                minute[0] += 1
                if level_of(line.level, line.text) >= Level.ERROR:
                    minute[1] += 1
                    wrong.append(line.at)
                if source not in self._since or line.at < self._since[source]:
                    self._since[source] = line.at
        if wrong:
            self._errors(source, wrong)
        if source not in self._patterns:
            self._patterns[source] = Patterns()
        self._patterns[source].add(lines)
        if len(minutes) > 2 * MINUTES:
            for gone in sorted(minutes)[:-MINUTES]:
                del minutes[gone]

    def forget(self, source: Hashable | None = None) -> None:
        """Forget a source; None forgets everything."""
        if source is None:
            self.__init__(self._errors)  # type: ignore[misc]
            return
        self._waiting = deque(each for each in self._waiting if each[0] != source)
        self._count = sum(len(lines) for _, lines in self._waiting)
        self._patterns.pop(source, None)
        self._since.pop(source, None)
        self._minutes.pop(source, None)

    def patterns(self, source: Hashable) -> Patterns:
        """What a source says, by pattern."""
        return self._patterns.get(source) or Patterns()

    def since(self, source: Hashable) -> datetime | None:
        """The oldest line of a source that was counted."""
        return self._since.get(source)

    def unknown(self, sources: Iterable[Hashable], now: datetime, count: int = MINUTES) -> int:
        """How many of the last ``count`` minutes are not known of all these sources: the log of one of them begins later."""
        begun = max(filter(None, map(self.since, sources)), default=None)
        if begun is None:
            return count
        passed = now.replace(second=0, microsecond=0) - begun.replace(second=0, microsecond=0)
        return max(0, count - 1 - int(passed.total_seconds() // 60))

    def minutes(self, now: datetime, count: int = MINUTES) -> list[tuple[int, int]]:
        """Lines and errors of the last ``count`` minutes, the one that is going on last."""
        this = now.replace(second=0, microsecond=0)
        when = [this - timedelta(minutes=ago) for ago in range(count - 1, -1, -1)]
        found = [[each[at] for each in self._minutes.values() if at in each] for at in when]
        return [(sum(lines for lines, _ in each), sum(errors for _, errors in each)) for each in found]


def bars(values: Sequence[int], unknown: int = 0) -> str:
    """Heights of values as one character each; nothing at all is a blank, so that one error is seen among none. Of the first ``unknown``
    only a point is told: little is not known to have been little."""
    values = values[unknown:]
    most = max(values, default=0)
    return "·" * unknown + "".join(" " if value <= 0 else BARS[min(len(BARS) - 1, (value * len(BARS) - 1) // most)] for value in values)
