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


def pressed(terminal: Terminal, count: int) -> tuple[list[float], int]:
    """Seconds until each key moved the cursor on the screen, and how many never did. Down and up in turn."""
    took: list[float] = []
    lost = 0
    for number in range(count):
        before, begin = _marked(terminal), time.monotonic()
        terminal.send("jk"[number % 2])
        if terminal.until(lambda before=before: _marked(terminal) not in {before, ""}, 10.0):  # type: ignore[misc]
            took.append(time.monotonic() - begin)
        else:
            lost += 1
        terminal.run(max(0.0, PAUSE - (time.monotonic() - begin)))
    return took, lost


def waits(case: str, where: str, took: Sequence[float], lost: int, count: int) -> list[Figure]:
    """What to tell of them."""
    slowest = sorted(took)[min(len(took) - 1, int(0.95 * len(took)))] * 1000 if took else None
    return [
        Figure(case=case, what=f"{where}: key p50", unit="ms", ours=statistics.median(took) * 1000 if took else None),
        Figure(case=case, what=f"{where}: key p95", unit="ms", ours=slowest),
        Figure(case=case, what=f"{where}: keys never seen", unit=f"of {count}", ours=float(lost)),
    ]
