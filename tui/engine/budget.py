"""How many requests one connection may still make, and how fast polls may use them up.

The server's headers are the truth, because other consoles and other tools spend from the same account; where it sends none we
count our own requests over a sliding window. A fifth is always left for keys that the user presses. Nothing here waits.
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Callable
from typing import Final

from tui.clock import Clock
from tui.model import RateLimit

RESERVE: Final = 0.2
"""Share of the limit that polls never touch."""

QUARTER: Final = 4.0
"""Things in progress may spend as if the window ended this many times sooner: they are short, and then the pace falls by itself."""

SLACK: Final = 0.9
"""Where nobody tells us how much is left, schedules use a little less than all of it: otherwise each late poll makes the next later."""

LEAST_TRUST: Final = 0.1
REGAINED: Final = 1800.0
"""Seconds (or ten windows, if that is shorter) after which a 429 is forgotten."""

MAX_WINDOW: Final = 7200.0
"""A reset further away than this is not believed."""


class Budget:
    """``allowance()`` is (requests, window seconds) as documented, 0 requests meaning no limit; ``rate()`` what the server last said."""

    def __init__(self, allowance: Callable[[], tuple[int, float]], rate: Callable[[], RateLimit | None], clock: Clock) -> None:
        self._allowance = allowance
        self._rate = rate
        self._clock = clock
        self._news: RateLimit | None = None
        self._limit, self._window = allowance()
        self._remaining = self._limit
        self._reset = clock.boot() + self._window
        self._flying = 0
        self._spent: deque[tuple[float, int]] = deque()
        self._used = 0
        self._trust = 1.0
        self._trust_at = clock.boot()
        self._own = 0.0
        self._all = 0.0
        self._since_news = 0
        self._news_at = clock.boot()

    # what happens

    def spend(self, cost: int) -> None:
        """A request leaves."""
        if cost <= 0:
            return
        self._flying += cost
        self._since_news += cost
        self._spent.append((self._clock.boot(), cost))
        self._used += cost
        self._roll()  # also where no limit is known, and so nobody asks: the list would grow for as long as the console runs

    def settle(self, cost: int, *, sent: bool = True) -> None:
        """Its answer came, or will not come any more; what the server said with it is taken in. What never left (``sent`` False) cost
        nothing: hours of looking for a lost network would otherwise leave nothing for the time after."""
        if cost > 0 and not sent:
            self._flying = max(0, self._flying - cost)
            self._since_news = max(0, self._since_news - cost)
            self._spent.append((self._clock.boot(), -cost))
            self._used -= cost
        elif cost > 0:
            self._flying = max(0, self._flying - cost)
            self._remaining = max(0, self._remaining - cost)
        self._learn()

    def refused(self) -> None:
        """The server answered 429: whatever we believed without its telling was too much. Several at once count as one."""
        if self._trust < 1.0 and self._clock.boot() - self._trust_at < 5.0:
            return
        self._trust = max(LEAST_TRUST, self._trusted() / 2)
        self._trust_at = self._clock.boot()

    # what follows

    @property
    def limit(self) -> int:
        """Requests per window; 0 where there is no limit."""
        return self._limit

    @property
    def time_to_reset(self) -> float:
        """Seconds until the window starts anew; infinite where we count ourselves, over a window that slides."""
        self._roll()
        return math.inf if self._news is None else max(0.0, self._reset - self._clock.boot())

    def usable(self) -> float:
        """Requests that polls may still make now."""
        if self._limit <= 0:
            return math.inf
        self._roll()
        reserve = math.ceil(self._limit * RESERVE)
        if self._news is None:
            return max(0.0, self._limit * self._trusted() - reserve * self._trusted() - self._used)
        return max(0.0, self._remaining - self._flying - reserve)

    def steady(self) -> float:
        """Requests per second that polls could make if they were spread over the whole window."""
        return math.inf if self._limit <= 0 else self._limit * (1 - RESERVE) / self._window

    def left(self) -> float:
        """Requests that the server would still serve, the user's part included."""
        if self._limit <= 0:
            return math.inf
        self._roll()
        return max(0.0, self._limit * self._trusted() - self._used if self._news is None else self._remaining - self._flying)

    def wait(self, cost: int) -> float:
        """Seconds until a poll of this cost may leave: 0 is now."""
        if self._limit <= 0 or cost <= 0:
            return 0.0
        cost = min(cost, max(1, int(self._limit * (1 - RESERVE) * (self._trusted() if self._news is None else 1.0))))
        usable = self.usable()
        if usable >= cost:
            return 0.0
        if self._news is not None:
            return max(0.1, self.time_to_reset)
        boot, missing = self._clock.boot(), cost - usable
        for when, spent in self._spent:
            missing -= spent
            if missing <= 0:
                return max(0.1, when + self._window - boot)
        return self._window

    def pace(self, *, hurried: bool = False) -> float:
        """Requests per second that all polls of this console together may make. ``hurried`` is for things in progress."""
        if self._limit <= 0:
            return math.inf
        usable = self.usable()
        if self._news is None:
            if hurried:
                return usable * QUARTER / self._window
            steady = self._limit * (1 - RESERVE) * self._trusted() / self._window * SLACK
            return min(steady, usable * 2 * QUARTER / self._window)
        left = max(1.0, self.time_to_reset)
        horizon = min(left, max(1.0, self._window / QUARTER)) if hurried else left
        return usable / horizon * self._share()

    # inside

    def _learn(self) -> None:
        """Take in what the server last said. Replies may overtake each other: within one window the smaller number is the newer."""
        news = self._rate()
        if news is None or news == self._news or news.limit <= 0:
            return
        boot = self._clock.boot()
        first, self._news = self._news is None, news
        limit, window = self._allowance()
        ahead = window if news.reset_at is None else (news.reset_at - self._clock.wall()).total_seconds()
        ahead = min(max(0.0, ahead), MAX_WINDOW)
        if news.limit != limit:
            window = max(ahead, self._window if self._limit == news.limit else 1.0)
        reset = self._reset if news.reset_at is None and not first else boot + ahead
        same = not first and abs(reset - self._reset) <= max(5.0, window * 0.02) and news.limit == self._limit
        before = self._remaining
        self._remaining = min(before, news.remaining) if same else news.remaining
        if same:
            self._weigh(max(0.0, before - news.remaining), boot)
        self._since_news = 0
        self._news_at = boot
        self._limit, self._window, self._reset = news.limit, window, reset

    def _weigh(self, foreign: float, boot: float) -> None:
        """Keep a fading account of who spends: we, or others on the same account (``foreign`` is what the server counted beyond us)."""
        fade = math.exp(-(boot - self._news_at) / max(1.0, self._window / 8))
        self._own = self._own * fade + self._since_news
        self._all = self._all * fade + self._since_news + foreign

    def _share(self) -> float:
        """Our part of what is spent. Starts at all of it, never less than a fifth: who counts itself out never comes back."""
        return min(1.0, max(0.2, (self._own + 5.0) / (self._all + 5.0)))

    def _trusted(self) -> float:
        """1 while the server never said 429; halved by each, regained with time."""
        grown = (self._clock.boot() - self._trust_at) / min(REGAINED, max(1.0, self._window) * 10)
        return min(1.0, self._trust + grown)

    def _roll(self) -> None:
        """Forget what is older than the window; assume a new one where the old has ended and no reply has said more."""
        boot = self._clock.boot()
        while self._spent and self._spent[0][0] <= boot - self._window:
            self._used -= self._spent.popleft()[1]
        if self._news is not None and boot >= self._reset:
            self._remaining = self._limit
            self._reset += self._window * (1 + math.floor((boot - self._reset) / max(1.0, self._window)))
