"""What would be done in a moment, done at once: tests wait for no timer."""

from __future__ import annotations

from tui.ui.throttle import Throttle


def let_through(throttle: Throttle) -> None:
    """Do now what waits, and at once what is asked for next."""
    if throttle.waiting:
        throttle._do()
    throttle._last = float("-inf")
