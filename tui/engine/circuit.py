"""When to leave a server alone, and for how long: per connection (``Circuit``) and per feed (``Backoff``). Nothing here waits."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from random import Random
from typing import Final

from tui.clock import Clock
from tui.engine.feeds import Word
from tui.errors import BadReply, PlatformError, RateLimited, Unauthorized, Unavailable, Unreachable

LONGEST_WAIT: Final = 3600.0
"""A server that asks for more patience than this is asked again all the same."""

HEALTHY: Final = 120.0
"""Seconds without a failure after which an earlier one is forgotten."""

OPENS: Final = 5
SILENT: Final = 5 / 3
"""Five failures in a row open the circuit; one without any answer weighs as much as five thirds, so that three do."""

ALONE: Final = 3.0
"""What the failures of one source count at most while there are others."""

LOST: Final = 5.5
"""Seconds from the start of one look for a lost network to the start of the next. With the three seconds over which lists are read
again everything is fresh within ten seconds of its return, also where the look under way at that moment still has to time out."""

NONSENSE: Final = 120
"""Looks, in more than ten minutes, after which nonsense (or a gateway's complaint) is taken for the server's own, or its address for a
wrong one."""

FIRST: Final = 15.0
PATIENCE: Final = 60.0
LONG_PATIENCE: Final = 300.0


@dataclass(slots=True)
class Backoff:
    """Full jitter from 1 s up to 60 s. A success ends the waiting, but only two healthy minutes forget how far it had grown:
    otherwise a server that answers every second request would be asked more often than a healthy one."""

    random: Random
    level: int = 0
    good_since: float | None = None

    def fail(self, boot: float) -> float:
        """Seconds until the next try."""
        if self.good_since is not None and boot - self.good_since >= HEALTHY:
            self.level = 0
        self.good_since = None
        self.level = min(self.level + 1, 6)
        return self.random.uniform(1.0, min(60.0, 2.0**self.level))

    def good(self, boot: float) -> None:
        """A try succeeded."""
        if self.good_since is None:
            self.good_since = boot


@dataclass(slots=True)
class Circuit:
    """Closed, or open with a ``word`` and a reason until a moment; then one probe decides.

    Signed out stays open until ``reset``. A lost network is looked for every ``LOST`` seconds however long it lasts, because a probe
    that reaches nobody harms nobody; one that hangs holds up no other. What answers nonsense is at first most likely something on the
    way, whose end is looked for alike. A server that says that it fails, or never says anything else, is left alone longer and longer.
    """

    clock: Clock
    random: Random
    word: Word | None = None
    error: PlatformError | None = None
    until: float = 0.0
    probing: bool = False
    _weight: float = 0.0
    _by: dict[object, float] = field(default_factory=dict)
    _times: int = 0

    @property
    def lost(self) -> bool:
        """Open because the platform could not be reached."""
        return self.word == "down" and self._away(self.error)

    def hold(self) -> float:
        """Seconds that a poll must wait: 0 to go, infinite while signed out or while another probes."""
        if self.word is None:
            return 0.0
        if self.word == "signed-out" or (self.probing and not self.lost):
            return math.inf
        return max(0.0, self.until - self.clock.boot())

    def probe(self) -> bool:
        """Whoever asks while the circuit is open is the probe; call it when ``hold`` is 0 or when the user insists."""
        self.probing = self.word is not None
        if self.lost:
            self.until = self._look_again()
        return self.probing

    def good(self) -> bool:
        """A request was answered; True if that closed the circuit."""
        self._weight = 0.0
        self._by.clear()
        closed = self.word is not None
        if closed:
            self.reset()
        return closed

    def bad(self, error: PlatformError, source: object, sources: int) -> bool:
        """A request failed; True if the circuit is open now and was not, or is open for another reason.

        The failures of one source never suffice while there are others: one broken list is not a broken connection.
        """
        before, was_probe = self.word, self.probing
        self.probing = False
        if before is not None and not was_probe and not isinstance(error, Unauthorized):
            # It left before the circuit opened: the same trouble, told once more.
            return False
        if isinstance(error, Unauthorized):
            self._open("signed-out", error, math.inf)
        elif isinstance(error, RateLimited):
            self._limited(error)
        elif isinstance(error, Unreachable | BadReply):
            before_this = self._by.get(source, 0.0)
            more = SILENT if nobody(error) and error.sent else 1.0
            self._by[source] = before_this + more if sources <= 1 else min(before_this + more, ALONE)
            self._weight += self._by[source] - before_this
            if self._weight >= OPENS - 1e-9 or (was_probe and before is not None):
                self._down(error)
        elif was_probe:
            # The server refused this request and is alive: that is an answer.
            return self.good()
        return self.word is not None and (self.word != before or was_probe)

    def reset(self) -> None:
        """Ask again at once, as if nothing had been."""
        self.word, self.error, self.until, self.probing = None, None, 0.0, False
        self._weight, self._times = 0.0, 0
        self._by.clear()

    def release(self) -> None:
        """The probe was given up without an answer."""
        self.probing = False

    def hurry(self) -> None:
        """The machine slept: a wait for a lost network is over."""
        if self.word == "down":
            self.until = self.clock.boot()

    def _limited(self, error: PlatformError) -> None:
        told = error.retry_after
        if told is None or not math.isfinite(told) or told < 0:
            told = min(60.0, 5.0 * 2.0 ** min(self._times, 4))
        self._times += 1
        wait = min(max(1.0, told), LONGEST_WAIT)
        self._open("limited", error, wait * self.random.uniform(1.0, 1.1))

    def _down(self, error: PlatformError) -> None:
        planned = self.until if self.lost else math.inf
        self._times += 1
        if self._away(error):
            # The next look was planned when the one that failed began.
            boot = self.clock.boot()
            self._open("down", error, max(1.0, min(planned, self._look_again()) - boot))
            return
        longest = LONG_PATIENCE if isinstance(error, Unavailable) and self._times > 20 else PATIENCE
        wait = min(FIRST * 2.0 ** min(self._times - 1, 6), longest)
        self._open("down", error, wait * self.random.uniform(1.0, 1.2))

    def _away(self, error: PlatformError | None) -> bool:
        return nobody(error) or ((isinstance(error, BadReply) or gateway(error)) and self._times <= NONSENSE)

    def _look_again(self) -> float:
        return self.clock.boot() + LOST * self.random.uniform(1.0, 1.1)

    def _open(self, word: Word, error: PlatformError, wait: float) -> None:
        if word != self.word:
            self._times = min(self._times, 1)
        self.word, self.error, self.until = word, error, self.clock.boot() + wait


def nobody(error: PlatformError | None) -> bool:
    """Whether a request reached no server, or brought no whole answer of one."""
    return isinstance(error, Unreachable) and not isinstance(error, Unavailable)


def gateway(error: PlatformError | None) -> bool:
    """Whether something on the way says that it did not reach the server: a look costs that one nothing."""
    return isinstance(error, Unavailable) and error.status in {502, 504}
