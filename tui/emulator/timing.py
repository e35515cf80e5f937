"""The emulator's time: a clock that may stand still or jump, and the schedule of what happens when.

State at a moment depends only on that moment and on the requests made, never on how often anybody looked: what is due is
executed in order, each at its own due time, before a request is answered.
"""

from __future__ import annotations

import heapq
import time
from collections.abc import Callable
from datetime import UTC, datetime


class Clock:
    """Epoch seconds: the machine's, an injected source's, or a standing one; ``advance`` jumps ahead in every case."""

    def __init__(self, *, source: Callable[[], float] | None = None, now: float | None = None, frozen: bool = False) -> None:
        self._source = source or time.time
        self.manual = frozen or source is not None
        self._frozen = (self._source() if now is None else now) if frozen else None
        self._offset = 0.0 if now is None else now - self._source()

    def __call__(self) -> float:
        return self._source() + self._offset if self._frozen is None else self._frozen

    def advance(self, seconds: float) -> None:
        """Jump ahead. Raises ``ValueError`` for a negative step: time never goes back here."""
        if seconds < 0:
            raise ValueError("the clock only goes forward")
        if self._frozen is None:
            self._offset += seconds
        else:
            self._frozen += seconds


class Schedule:
    """What will happen: actions by due time; equal times in the order in which they were planned."""

    def __init__(self, start: float) -> None:
        self._heap: list[tuple[float, int, Callable[[], None]]] = []
        self._planned = 0
        self._running: float | None = None
        self.past = start

    def now(self, clock: Clock) -> float:
        """The time that an action or a request sees: its own due time while it runs, else the clock's."""
        return clock() if self._running is None else self._running

    def at(self, when: float, action: Callable[[], None]) -> None:
        self._planned += 1
        heapq.heappush(self._heap, (when, self._planned, action))

    def run_until(self, moment: float) -> None:
        """Execute everything due up to ``moment``, each action at its own time."""
        while self._heap and self._heap[0][0] <= moment:
            due, _, action = heapq.heappop(self._heap)
            self._running = max(due, self.past)
            self.past = self._running
            try:
                action()
            finally:
                self._running = None
        self.past = max(self.past, moment)


def rfc3339(moment: float | None, digits: int = 0) -> str | None:
    """``2024-06-01T12:00:00Z``, with up to six fraction digits; None stays None."""
    if moment is None:
        return None
    text = datetime.fromtimestamp(moment, UTC).strftime("%Y-%m-%dT%H:%M:%S.%f")
    return text[: 20 + digits].rstrip(".") + "Z"


def seconds(text: str) -> float:
    """Read ``90``, ``45s``, ``3m``, ``2h`` or ``41d`` as seconds. Raises ``ValueError`` or ``KeyError`` for anything else."""
    units = {"s": 1, "m": 60, "h": 3600, "d": 86400}
    return float(text[:-1]) * units[text[-1]] if text[-1:].isalpha() else float(text)
