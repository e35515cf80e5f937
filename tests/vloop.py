"""An event loop whose time is virtual: when nothing can run, time jumps to the next timer. Days pass in seconds, in order.

    def test_a_day() -> None:
        vloop.run(scenario())          # inside: LoopClock, asyncio.sleep and timeouts all agree

Threads (``asyncio.to_thread``) run inline, so that no hour passes while one works. Real sockets are not for this loop.
"""

from __future__ import annotations

import asyncio
import selectors
from collections.abc import Callable, Coroutine
from concurrent.futures import Executor
from typing import Any, TypeVar

T = TypeVar("T")


class Deadlock(RuntimeError):
    """Nothing is ready, nothing is scheduled, and nothing will ever happen."""


class _Jumping(selectors.DefaultSelector):
    """Never waits: the time that it would have waited is added to the loop's."""

    def __init__(self) -> None:
        super().__init__()
        self.now = 1000.0

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        ready = super().select(0)
        if ready or timeout == 0:
            return ready
        if timeout is None:
            raise Deadlock("every task waits for something that nobody will do")
        self.now += max(0.0, timeout)
        return ready


class VLoop(asyncio.SelectorEventLoop):
    """``time()`` starts at 1000 and moves only when everything waits."""

    def __init__(self) -> None:
        self._jumping = _Jumping()
        super().__init__(self._jumping)
        self._clock_resolution = 1e-6

    def time(self) -> float:
        return self._jumping.now

    def run_in_executor(self, executor: Executor | None, func: Callable[..., Any], *args: Any) -> asyncio.Future[Any]:  # type: ignore[override]
        future: asyncio.Future[Any] = self.create_future()
        try:
            future.set_result(func(*args))
        except Exception as error:  # noqa: BLE001 - it is handed on to whoever awaits
            future.set_exception(error)
        return future


def run(main: Coroutine[Any, Any, T]) -> T:
    """Run one coroutine to its end in a fresh virtual loop."""
    with asyncio.Runner(loop_factory=VLoop) as runner:
        return runner.run(main)
