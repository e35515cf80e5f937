"""When a followed log suddenly tells of many errors: the beginning and the end of a burst, as events of the journal.

Only counts are kept: what a log says may hold anything. Which lines are errors is decided by whoever reads them.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

from tui.clock import span
from tui.engine.ports import Event
from tui.model import Ref

MANY: Final = 10
"""Errors within ``WINDOW`` that are a burst."""
WINDOW: Final = timedelta(seconds=60)
CALM: Final = timedelta(seconds=120)
"""Without an error for so long a burst is over."""
KEPT: Final = 200
"""Logs that are looked at; the one that was silent longest is forgotten first."""


@dataclass(slots=True)
class _Log:
    name: str = ""
    recent: deque[datetime] = field(default_factory=lambda: deque(maxlen=MANY))
    began: datetime | None = None
    count: int = 0


class Bursts:
    """``tell`` is given the events. Times are those of the lines, so that what is read again counts once."""

    def __init__(self, tell: Callable[[Event], object]) -> None:
        self._tell = tell
        self._logs: dict[Ref, _Log] = {}

    def errors(self, ref: Ref, name: str, times: Iterable[datetime], now: datetime) -> None:
        """Lines of this log that told of errors, by their times; what is older than the window says nothing of now."""
        held = self._logs.pop(ref, None) or _Log()
        self._logs[ref] = held
        held.name = name or ref.id
        while len(self._logs) > KEPT:
            del self._logs[next(iter(self._logs))]
        for at in sorted(times):
            newest = held.recent[-1] if held.recent else None
            if at < now - WINDOW or at > now + WINDOW or (newest is not None and at < newest):
                continue
            if held.began is not None and newest is not None and at - newest > CALM:
                self._over(ref, held, newest)
            held.recent.append(at)
            held.count += 1
            if held.began is None and len(held.recent) == MANY and at - held.recent[0] <= WINDOW:
                held.began, held.count = held.recent[0], MANY
                text = f"{MANY} errors in {span((at - held.began).total_seconds())}"
                self._tell(Event(what="burst", ref=str(ref), at=at, name=held.name, after="began", text=text))

    def look(self, now: datetime) -> None:
        """Time went by: a burst may be over."""
        for ref, held in self._logs.items():
            if held.began is not None and held.recent and now - held.recent[-1] > CALM:
                self._over(ref, held, held.recent[-1])

    def _over(self, ref: Ref, held: _Log, last: datetime) -> None:
        if held.began is not None:
            text = f"{held.count} errors in {span((last - held.began).total_seconds())}, then none"
            self._tell(Event(what="burst", ref=str(ref), at=last, name=held.name, after="over", text=text))
        held.began = None
        held.recent.clear()
