"""How often the console looks at the clock: each second while that changes anything on the screen, every other one while it does not.

A console that nobody touches and where nothing happens would otherwise wake the machine for nothing all night. What it then tells may
be a second late, once: what is drawn brings the seconds back.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

OFTEN: Final = 1.0
SELDOM: Final = 2.0
"""Seconds between two looks. An age whose text is the same is not painted again."""


class Seconds:
    """Calls ``tick``. ``later`` is a timer that goes off once, ``frames`` tells how many were drawn so far."""

    def __init__(
        self, later: Callable[[float, Callable[[], object]], object], tick: Callable[[], object], frames: Callable[[], int]
    ) -> None:
        self._later = later
        self._tick = tick
        self._frames = frames
        self._drawn = -1

    def go(self) -> None:
        """Tick from now on."""
        drawn = self._frames()
        self._later(SELDOM if drawn == self._drawn else OFTEN, self._go_on)
        self._drawn = drawn

    def _go_on(self) -> None:
        self.go()
        self._tick()
