"""The world that one emulator serves: time, chance, the ledger of what was executed, and the three platforms' states.

Nothing here knows HTTP; the platforms' folders hold what they know, this holds what they share.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass

from tui.emulator.dice import Dice
from tui.emulator.options import Options
from tui.emulator.quirks import checked
from tui.emulator.scenario import Scenario, load
from tui.emulator.timing import Clock, Schedule

LEAD = 3600.0 * 24
"""How long before the start the schedule begins, so that a thing begun earlier has walked its steps by now."""


@dataclass(frozen=True, slots=True, order=True)
class Deed:
    """One endpoint done to one thing: ``path`` is the template, ``target`` the ids in it, ``/`` between them."""

    platform: str
    method: str
    path: str
    target: str


class Ledger:
    """How often every endpoint was asked and how often it took effect: what a test of "at most once" reads."""

    def __init__(self) -> None:
        self.received: Counter[Deed] = Counter()
        self.executed: Counter[Deed] = Counter()
        self.failures: list[str] = []
        """Tracebacks of the emulator's own mistakes; a test that finds one has found a bug here."""

    def rows(self) -> list[dict[str, object]]:
        """``[{"platform","method","path","target","received","executed"}]`` in a fixed order."""
        return [
            {
                "platform": deed.platform,
                "method": deed.method,
                "path": deed.path,
                "target": deed.target,
                "received": self.received[deed],
                "executed": self.executed[deed],
            }
            for deed in sorted(self.received)
        ]


class World:
    """Shared by all that an emulator serves; used from one thread only."""

    def __init__(self, options: Options) -> None:
        self.options = options
        self.scenario: Scenario = load(options.scenario)
        self.clock = Clock(source=options.clock, now=options.now, frozen=options.frozen)
        self.start = self.clock()
        self.schedule = Schedule(self.start - LEAD)
        self.dice = Dice(self.scenario.seed if options.seed is None else options.seed)
        self.ledger = Ledger()
        self.quirks = checked(options.quirks)

    def now(self) -> float:
        """Epoch seconds; inside something scheduled, the moment for which it was scheduled."""
        return self.schedule.now(self.clock)

    def tick(self) -> None:
        """Let everything happen that is due by now."""
        self.schedule.run_until(self.clock())

    def at(self, when: float, action: Callable[[], None]) -> None:
        self.schedule.at(when, action)

    def later(self, seconds: float, action: Callable[[], None]) -> None:
        self.schedule.at(self.now() + seconds, action)

    def every(self, period: float, first: float, action: Callable[[], None]) -> None:
        """Do it at ``first`` and, if ``period`` is not 0, again and again."""

        def again() -> None:
            if period:
                self.later(period, again)
            action()

        self.at(first, again)
