"""Keys in the list of the real console: how long until each is seen."""

from __future__ import annotations

import statistics
import time
from collections.abc import Sequence
from typing import Final

from tests.bench.figures import Figure
from tests.bench.terminal import Terminal

PAUSE: Final = 0.3
"""Seconds between two keys."""


def _marked(terminal: Terminal) -> str:
    """The line of the list that has the cursor: the list of apps is left of it, and has one too."""
    for text in terminal.screen.display:
        at = text.find("›", 30)
        if at >= 0:
            return text[at : at + 16]
    return ""


Waits = Sequence[tuple[float, float]]
"""Seconds until each key was seen, and seconds for which the program had a processor meanwhile."""


def pressed(terminal: Terminal, count: int) -> tuple[Waits, int]:
    """How long until each key moved the cursor on the screen, and how many never did. Down and up in turn."""
    took: list[tuple[float, float]] = []
    lost = 0
    for number in range(count):
        before, worked, begin = _marked(terminal), terminal.cpu_seconds(), time.monotonic()
        terminal.send("jk"[number % 2])
        if terminal.until(lambda before=before: _marked(terminal) not in {before, ""}, 10.0):  # type: ignore[misc]
            took.append((terminal.reached - begin, terminal.cpu_seconds() - worked))
        else:
            lost += 1
        terminal.run(max(0.0, PAUSE - (time.monotonic() - begin)))
    return took, lost


def waits(case: str, where: str, took: Waits, lost: int, count: int) -> list[Figure]:
    """What to tell of them. Where others use the machine too, the processor's share of the slowest says what of it is our own."""
    ordered = [sorted(each[which] * 1000 for each in took) for which in (0, 1)]

    def slowest(values: Sequence[float]) -> float | None:
        return values[min(len(values) - 1, int(0.95 * len(values)))] if values else None

    return [
        Figure(case=case, what=f"{where}: key p50", unit="ms", ours=statistics.median(ordered[0]) if took else None),
        Figure(case=case, what=f"{where}: key p95", unit="ms", ours=slowest(ordered[0])),
        Figure(case=case, what=f"{where}: key p95", unit="ms CPU", ours=slowest(ordered[1])),
        Figure(case=case, what=f"{where}: keys never seen", unit=f"of {count}", ours=float(lost)),
    ]
