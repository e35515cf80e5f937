"""What a poor link changes: the header tells how poor it is, and what moves by itself moves less often.

Measuring is ``link``'s matter; here is only what a user and the widgets learn of it.
"""

from __future__ import annotations

from bisect import bisect_right
from typing import Final

from tui.ui.link import Link
from tui.ui.link_pace import LinkState
from tui.ui.widgets.cells import Piece
from tui.ui.widgets.log_canvas import PERIOD
from tui.ui.widgets.status_line import Part

SELDOM: Final = 0.5
"""Seconds between two repaints of a log on a poor link: the lines in between scroll by in one piece."""

_RATES: Final = (1, 2, 3, 5, 8, 10, 15, 20, 30)
_DELAYS: Final = (50, 100, 150, 200, 300, 400, 500, 700, 1_000, 1_500, 2_000, 3_000, 5_000)
"""Thousand bytes a second, and milliseconds, as told: in steps, so that telling does not itself keep a poor link busy."""


def badge(state: LinkState) -> list[Part]:
    """What the header says of the link: nothing while it is good."""
    if not state.poor:
        return []
    words = ["slow link"]
    if state.rate is not None and state.rate < 1000 * _RATES[-1]:
        words.append(f"{_step(_RATES, state.rate / 1000)} KB/s")
    if state.rtt is not None and state.rtt * 1000 >= _DELAYS[1]:
        words.append(f"{_step(_DELAYS, state.rtt * 1000)} ms")
    return [Part(id="link", pieces=(Piece(" ".join(words), "warn"),), rank=2, short=(Piece("slow link", "warn"),))]


def period(state: LinkState) -> float:
    """Seconds between two repaints of a log."""
    return SELDOM if state.poor else PERIOD


def state_of(link: Link | None) -> LinkState | None:
    """What is known of the link, None where nothing is measured."""
    return link.state if link is not None and link.working else None


def _step(steps: tuple[int, ...], value: float) -> int:
    return steps[max(0, bisect_right(steps, value) - 1)]
