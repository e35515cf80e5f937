"""How long a start takes: what was known on the screen, the first frame, the first live data; beside a bare Textual app with one Static.

Everything is compiled once before, as an installation does. Processor time is that of the program's threads until the moment it is seen.
"""

from __future__ import annotations

import statistics
from collections.abc import Callable, Mapping
from typing import Final

from tests.bench.consoles import KNOWN, Desk, desk
from tests.bench.figures import Figure
from tests.bench.terminal import Terminal

RUNS: Final = 5
WAS: Final = "as it was"
"""What the picture of the last time says of itself."""

Moments = Mapping[str, tuple[float, float]]
"""Seconds, and seconds of processor time, until something was seen."""


def _seen(terminal: Terminal, *moments: tuple[str, Callable[[], bool]]) -> Moments:
    found: dict[str, tuple[float, float]] = {}
    for name, holds in moments:
        if terminal.until(holds, 40.0):
            found[name] = (terminal.reached - terminal.started, terminal.cpu_seconds())
    return found


def _bare(at: Desk) -> Moments:
    with Terminal(["-m", "tests.bench.apps", "bare"], environ=at.environ) as terminal:
        return _seen(terminal, ("painted", lambda: terminal.shows("bare")))


def _configured(at: Desk) -> Moments:
    with at.console() as terminal:

        def live() -> bool:
            head = terminal.screen.display[0]
            return "loading" not in head and all(f"● {name}" in head for name in ("encore", "dployr", "phase"))

        found = _seen(
            terminal,
            ("known", lambda: terminal.shows(WAS) and terminal.shows(KNOWN)),
            ("painted", lambda: not terminal.shows(WAS) and terminal.shows(KNOWN)),
            ("live", live),
        )
        terminal.send("q")
        terminal.until(terminal.ended, 15.0)
        return found


def _demo(at: Desk) -> Moments:
    with Terminal(["-m", "tui", "demo"], environ=at.environ) as terminal:
        found = _seen(
            terminal,
            ("painted", lambda: terminal.shows("Apps & environments")),
            ("live", lambda: terminal.shows(KNOWN)),
        )
        terminal.send("q")
        terminal.until(terminal.ended, 15.0)
        return found


def start() -> list[Figure]:
    """Interleaved runs, medians."""
    with desk() as at:
        at.remember()
        for once in (_bare, _demo):
            once(at)
        runs = [(_bare(at), _configured(at), _demo(at)) for _ in range(RUNS)]

    def median(program: int, moment: str, which: int, before: str = "") -> float | None:
        took = [run[program][moment][which] - (run[program][before][which] if before else 0.0) for run in runs if moment in run[program]]
        return statistics.median(took) * 1000 if took else None

    figures = []
    for what, moment in (("last known state seen", "known"), ("first frame of the console", "painted")):
        for which, unit in enumerate(("ms", "ms CPU")):
            anchors = {"bare Textual": median(0, "painted", which)}
            figures.append(Figure(case="start", what=what, unit=unit, ours=median(1, moment, which), anchors=anchors))
    figures.append(Figure(case="start", what="from there to live data of all three", unit="ms", ours=median(1, "live", 0, "painted")))
    figures.append(Figure(case="start", what="demo: first frame, emulator started", unit="ms", ours=median(2, "painted", 0)))
    figures.append(Figure(case="start", what="demo: from there to live data", unit="ms", ours=median(2, "live", 0, "painted")))
    return figures
