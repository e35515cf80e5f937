"""Something that may be asked for at any time and is done at most once in a period: at once after a quiet time, else when the period
since the last time is over. Knows no widget; its time is the event loop's."""

from __future__ import annotations

import asyncio
from collections.abc import Callable


class Throttle:
    """``deed`` at most once in ``period`` seconds, however often it is asked for."""

    def __init__(self, deed: Callable[[], object], period: float) -> None:
        self._deed = deed
        self.period = period
        self._last = float("-inf")
        self._timer: asyncio.TimerHandle | None = None

    def ask(self, *, at_once: bool = False) -> None:
        """Do it now if the last time was long enough ago, or in any case if ``at_once``; otherwise as soon as it is."""
        wait = self._last + self.period - asyncio.get_running_loop().time()
        if at_once or wait <= 0:
            self._do()
        elif self._timer is None:
            self._timer = asyncio.get_running_loop().call_later(wait, self._do)

    @property
    def waiting(self) -> bool:
        """Whether it was asked for and is not done yet."""
        return self._timer is not None

    def drop(self) -> None:
        """Forget that it was asked for."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _do(self) -> None:
        self.drop()
        self._last = asyncio.get_running_loop().time()
        self._deed()
