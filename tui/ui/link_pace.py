"""How much may be on its way to the terminal: measured by what it has acknowledged, never by hope.

Pure: times come from outside, in seconds. Every asked frame carries a number that the terminal's answer gives back, so a lost
answer costs nothing but itself. Until the first answer nothing is held back: a terminal that never answers never waits.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

LEAST: Final = 600
MOST: Final = 16_384
FIRST: Final = 4_096
"""Bytes that may be unacknowledged: on the slowest link, on the fastest, and before the link is known."""

SLICE: Final = 0.1
"""Seconds of the link that one frame may take where the link is slow: the longest that a key waits behind it."""

SLOW: Final = 64_000.0
"""Bytes a second under which frames are cut into slices."""

FAST: Final = 1_000_000.0
"""Bytes a second from which on the rate does not matter."""

TICK: Final = 0.02
"""Seconds that pass until a frame follows when there is room: what must be on its way so that the link does not stand still."""

QUIET: Final = 200
"""Bytes that may go unasked, so that a changed cell does not cost an answer."""

PATIENCE: Final = 1.8
SHORT: Final = 0.5
LONGEST: Final = 4.0
"""Seconds until an answer counts as lost: beyond what the link needs while nothing is known of it, and when it is known; each
further loss doubles that, so that a tunnel does not fill the link with frames that nobody sees."""

UNPROVEN: Final = 4_000.0
"""Bytes a second that a link is thought to carry while nothing is known of it: how long the first answers are waited for."""

SILENT: Final = 2
GONE: Final = 12
"""Answers lost in a row after which nothing is held back: if none ever came, and if some did."""


class Mode(StrEnum):
    """Whether frames wait for the terminal."""

    TRYING = "trying"
    PACED = "paced"
    FREE = "free"


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkState:
    """What is known of the link. ``rtt`` in seconds, ``rate`` in bytes a second, None while unknown or too fast to tell."""

    mode: Mode
    rtt: float | None
    rate: float | None

    @property
    def poor(self) -> bool:
        """Whether a user should be told."""
        return (self.rate is not None and self.rate < 30_000) or (self.rtt is not None and self.rtt > 0.3)


@dataclass(slots=True)
class _Asked:
    number: int
    size: int
    at: float
    queued: bool


class Pace:
    """The account of frames on their way."""

    def __init__(self, *, enabled: bool = True) -> None:
        self.mode = Mode.TRYING if enabled else Mode.FREE
        self._enabled = enabled
        self._asked: deque[_Asked] = deque()
        self._lost: deque[_Asked] = deque(maxlen=8)
        self._number = 0
        self._unasked = 0
        self._flying = 0
        self._rtt: float | None = None
        self._rate: float | None = None
        self._last_answer = 0.0
        self._losses = 0
        self._open_at = 0.0

    @property
    def state(self) -> LinkState:
        return LinkState(mode=self.mode, rtt=self._rtt, rate=self._rate)

    # Out -----------------------------------------------------------------------------------------------------------------

    def allowed(self) -> int:
        """Unacknowledged bytes at which another frame may still go: what the link holds while an answer travels, and no more."""
        if self._rate is None:
            return FIRST if self._rtt is None or self._rtt < 0.03 else MOST
        return int(min(MOST, max(LEAST // 2, self._rate * ((self._rtt or 0.0) + TICK))))

    def budget(self) -> int | None:
        """Bytes that the next frame should have at most; None where it does not matter."""
        if self.mode is Mode.TRYING or self._rate is None or self._rate > SLOW:
            return None
        return int(max(LEAST, self._rate * SLICE))

    def ready(self, now: float) -> bool:
        """Whether a frame may go out now. Answers that are overdue are given up here."""
        self._forgive(now)
        if self.mode is Mode.FREE:
            return now >= self._open_at
        return self.mode is Mode.TRYING or self._flying <= self.allowed()

    def wait(self, now: float) -> float | None:
        """Seconds after which ``ready`` may say something else by the passing of time alone; None if it cannot."""
        if self.mode is Mode.FREE and now < self._open_at:
            return self._open_at - now
        return self._overdue_in(now)

    def sent(self, size: int, now: float, *, room: int) -> tuple[int | None, int | None]:
        """A frame of ``size`` bytes goes out: the numbers (1 .. ``room``) to ask back before and behind it, None not to ask.

        The answers to both tell the link's rate whatever its round trip is; where something is on its way already the
        answer to that stands for the first one.
        """
        if self.mode is Mode.FREE and self._rate is not None:
            # Nobody answers any more: go on as fast as the link was when somebody did.
            self._open_at = now + size / self._rate
        if not self._enabled or (self.mode is Mode.FREE and self._asked):
            return None, None
        self._unasked += size
        if self._unasked < QUIET and self._rtt is not None:
            return None, None
        before = None if self._asked or self._unasked < LEAST else self._ask(0, now, room)
        behind = self._ask(self._unasked, now, room)
        self._unasked = 0
        return before, behind

    def _ask(self, size: int, now: float, room: int) -> int:
        self._number = self._number % max(2, room) + 1
        self._asked.append(_Asked(self._number, size, now, bool(self._asked)))
        self._flying += size
        return self._number

    # In ------------------------------------------------------------------------------------------------------------------

    def answered(self, number: int, now: float) -> bool:
        """The terminal has shown the frame asked about with ``number``, and all before it. Whether anybody asked."""
        if not any(asked.number == number for asked in self._asked):
            return self._answered_late(number, now)
        self._losses = 0
        if self._enabled:
            self.mode = Mode.PACED
        skipped = 0
        while self._asked:
            asked = self._asked.popleft()
            self._flying -= asked.size
            if asked.number != number:
                skipped += asked.size
                continue
            self._measure(asked, skipped, now)
            break
        self._last_answer = now
        return True

    def _answered_late(self, number: int, now: float) -> bool:
        """An answer that was given up came after all: the terminal does answer, and the link is slower than was thought."""
        late = next((asked for asked in self._lost if asked.number == number), None)
        if late is None:
            return False
        self._lost.clear()
        self._losses = 0
        self._enabled, self.mode = True, Mode.PACED
        self._measure(late, 0, now)
        self._last_answer = now
        return True

    def _measure(self, asked: _Asked, skipped: int, now: float) -> None:
        """Learn the round trip from what met an empty link, the rate from what had something before it."""
        size = asked.size + skipped
        if not asked.queued:
            took = max(1e-4, now - asked.at - (asked.size / self._rate if self._rate else 0.0))
            longer = self._rtt is not None and took > self._rtt
            self._rtt = self._rtt + (took - self._rtt) * 0.1 if longer and self._rtt is not None else took
            return
        if size < QUIET:
            return
        busy = now - max(self._last_answer, asked.at + (self._rtt or 0.0))
        if busy > 0.004 and size / busy < FAST:
            self._rate = size / busy if self._rate is None else self._rate * 0.7 + size / busy * 0.3
        elif self._rate is not None and size >= LEAST // 2:
            self._rate = self._rate * 1.25 if self._rate < FAST else None

    # Lost answers --------------------------------------------------------------------------------------------------------

    def _overdue_in(self, now: float) -> float | None:
        """Seconds until the oldest answer counts as lost; None if none is awaited."""
        if not self._asked:
            return None
        oldest = self._asked[0]
        return max(0.0, max(oldest.at, self._last_answer) + self._patience() - now)

    def _patience(self) -> float:
        need = (self._rtt or 0.0) + self._asked[0].size / (self._rate or UNPROVEN)
        if self._rtt is None:
            return float(PATIENCE + need)
        return float(min(LONGEST, SHORT * 2**self._losses) + 2 * need)

    def _forgive(self, now: float) -> None:
        due = self._overdue_in(now)
        if due is None or due > 0:
            return
        self._lost.extend(self._asked)
        self._asked.clear()
        self._flying = 0
        self._losses += 1
        self._last_answer = now
        if self._losses >= (SILENT if self._rtt is None else GONE):
            self.mode = Mode.FREE
            self._enabled = self._rtt is not None
