"""The real console on an emulator, in a real pseudo-terminal: what idling costs, and how soon a key is seen while it works.

The emulator's own values move a little even in its calm scenario, so ``a quiet night`` is not nothing; ``time stands still`` is.
"""

from __future__ import annotations

import time
from typing import Any, Final

from tests.bench.consoles import KNOWN, desk
from tests.bench.figures import Figure
from tests.bench.keyed import pressed, waits

KEYS: Final = 25
SETTLED: Final = 20.0
"""Seconds after the first rows until the first readings of everything are in."""

IDLED: Final = 60.0
"""Seconds after those until an idle console has seen how often everything is read."""

WATCHED: Final = 60.0
"""Seconds that it is watched then: a minute ends once."""

FILTER: Final = "status=crashed"

TIMES: Final = 3
"""Emulators that have two hundred resources together."""

FOLLOWED: Final = 60.0
"""Seconds that the logs are followed before the console is weighed."""

LINKS: Final[tuple[tuple[str, dict[str, Any]], ...]] = (
    ("fast", {}),
    ("50 KB/s", {"rate": 50_000.0}),
    ("50 KB/s + 150 ms", {"rate": 50_000.0, "rtt": 0.15}),
    ("10 KB/s", {"rate": 10_000.0}),
    ("10 KB/s + 150 ms", {"rate": 10_000.0, "rtt": 0.15}),
    ("7 KB/s + 150 ms", {"rate": 7_000.0, "rtt": 0.15}),
)
"""The last one is a modem's 56 kbit/s."""


def _idle(what: str, scenario: str, *, frozen: bool = False) -> list[Figure]:
    with desk(scenario, frozen=frozen) as at, at.console() as terminal:
        terminal.until(lambda: terminal.shows(KNOWN), 60.0)
        terminal.run(SETTLED + IDLED)
        received, cpu, wakeups = terminal.received, terminal.cpu_seconds(), terminal.wakeups()
        terminal.run(WATCHED)
        costs = (
            (terminal.received - received) / WATCHED,
            (terminal.cpu_seconds() - cpu) / WATCHED * 100,
            (terminal.wakeups() - wakeups) / WATCHED,
        )
        terminal.send("2")
        terminal.run(2.0)
        took, lost = pressed(terminal, KEYS)
    spent = [Figure(case="console", what=what, unit=unit, ours=cost) for unit, cost in zip(("B/s", "% CPU", "wakes/s"), costs, strict=True)]
    return [*spent, *waits("console", what, took, lost, KEYS)]


def _keys() -> list[Figure]:
    """Keys in the list of services while its log is followed and everything is read as often as the platforms allow."""
    figures: list[Figure] = []
    with desk("busy") as at:
        for where, options in LINKS:
            with at.console(**options) as terminal:
                terminal.until(lambda terminal=terminal: terminal.shows(KNOWN), 60.0)  # type: ignore[misc]
                terminal.run(6.0)
                terminal.send("2l")
                terminal.run(2.0)
                terminal.send("2")
                terminal.run(3.0)
                received, begin = terminal.received, time.monotonic()
                took, lost = pressed(terminal, KEYS)
                rate = (terminal.received - received) / (time.monotonic() - begin)
            figures += [
                *waits("console", where, took, lost, KEYS),
                Figure(case="console", what=f"{where}: delivered", unit="B/s", ours=rate),
            ]
    return figures


def _weight() -> list[Figure]:
    """Memory of a console with two hundred resources and two logs that are followed, after a minute of them."""
    with desk("busy", times=TIMES) as at, at.console() as terminal:
        terminal.until(lambda: terminal.shows(KNOWN), 60.0)
        terminal.run(SETTLED)
        terminal.send("2 j l")
        terminal.run(FOLLOWED)
        weight = terminal.rss_mib() if terminal.shows("Logs of 2") else None
    return [Figure(case="console", what="200 resources, two followed logs", unit="MiB", ours=weight)]


def _many() -> list[Figure]:
    """Keys among ten thousand services of which a fifth differ in each reading, and a filter typed letter by letter."""
    what = "10,000 services"
    with desk("huge") as at, at.console() as terminal:
        terminal.until(lambda: terminal.shows("api-"), 120.0)
        terminal.run(SETTLED)
        terminal.send("2")
        terminal.run(2.0)
        took, lost = pressed(terminal, KEYS)
        terminal.send("/")
        terminal.run(1.0)
        letters: list[float] = []
        typed = ""
        for letter in FILTER:
            typed, begin = typed + letter, time.monotonic()
            terminal.send(letter)
            if terminal.until(lambda typed=typed: terminal.shows(f"/ {typed}"), 10.0):  # type: ignore[misc]
                letters.append(terminal.reached - begin)
    slowest = max(letters) * 1000 if len(letters) == len(FILTER) else None
    return [
        *waits("console", what, took, lost, KEYS),
        Figure(case="console", what=f"{what}: slowest letter of a filter", unit="ms", ours=slowest),
    ]


def console() -> list[Figure]:
    """Idle, memory, keys among many, then keys over links."""
    return [*_idle("time stands still", "calm", frozen=True), *_idle("a quiet night", "calm"), *_weight(), *_many(), *_keys()]
