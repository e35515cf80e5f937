"""The console, and twice a second what is counted of it as JSON in the file that ``CENSUS`` names: tasks, widgets and screens, how each
connection is and why, lines held, steps of the event loop beyond 25 ms of processor time with where they were, passes of the collector
beyond 10 ms. Nothing here changes what the console does.
"""

from __future__ import annotations

import asyncio
import faulthandler
import gc
import json
import os
import signal
import sys
import time
import weakref
from collections import Counter, deque
from pathlib import Path
from types import FrameType
from typing import Any, Final

from tui.cli import run
from tui.ui.app import Console
from tui.ui.widgets.log_buffer import LogBuffer

SLOW: Final = 0.025
SWEEP: Final = 0.01
LOOK: Final = 0.01
"""Seconds of processor time between two looks at where a step is that takes long."""


class Watch:
    """What is noticed from the outside of the console, in its process."""

    def __init__(self) -> None:
        self.start = time.monotonic()
        self.slow: deque[tuple[Any, ...]] = deque(maxlen=200)
        self.sweeps: deque[tuple[int, int, int, int]] = deque(maxlen=500)
        self._swept_in_step: list[tuple[int, int, int, int]] = []
        self.buffers: weakref.WeakSet[LogBuffer] = weakref.WeakSet()
        self._seen: Counter[str] = Counter()
        self._since = self._swept = 0.0

    def begin(self) -> None:
        gc.callbacks.append(self._collecting)
        self._count_buffers()
        self._time_steps()
        signal.signal(signal.SIGVTALRM, self._look)
        signal.setitimer(signal.ITIMER_VIRTUAL, LOOK, LOOK)

    def _age(self) -> int:
        return round(time.monotonic() - self.start)

    def _collecting(self, phase: str, info: dict[str, int]) -> None:
        if phase == "start":
            self._swept = time.thread_time()
        elif (took := time.thread_time() - self._swept) > SWEEP:
            sweep = (round(took * 1000), self._age(), info["generation"], info["collected"])
            self.sweeps.append(sweep)
            self._swept_in_step.append(sweep)

    def _count_buffers(self) -> None:
        made = LogBuffer.__init__

        def kept(buffer: LogBuffer, **options: Any) -> None:
            made(buffer, **options)
            self.buffers.add(buffer)

        LogBuffer.__init__ = kept  # type: ignore[assignment]

    def _time_steps(self) -> None:
        step = asyncio.Handle._run  # type: ignore[attr-defined]

        def timed(handle: Any) -> None:
            began = time.thread_time()
            self._seen.clear()
            self._swept_in_step.clear()
            self._since = time.monotonic()
            step(handle)
            self._since = 0.0
            took = time.thread_time() - began
            if took > SLOW:
                whose = str(getattr(handle._callback, "__self__", handle._callback))[:200]
                where = [each for each, _ in self._seen.most_common(3)]
                self.slow.append((round(took * 1000), self._age(), whose, list(self._swept_in_step), where))

        asyncio.Handle._run = timed  # type: ignore[attr-defined]

    def _look(self, _signal: int, frame: FrameType | None) -> None:
        """Where a long step is at this moment: asked on the console's own thread, whose frames no other may walk while it runs."""
        if self._since and time.monotonic() - self._since > 2 * LOOK:
            # The names alone: a traceback reads the source of every file that it meets, and never forgets it.
            self._seen[" < ".join(_stack(frame)[:-8])] += 1


def _stack(frame: FrameType | None) -> list[str]:
    """Where a frame is and who called it, the innermost first."""
    found: list[str] = []
    while frame is not None and len(found) < 60:
        found.append(f"{frame.f_code.co_filename.rpartition(os.sep)[2]}:{frame.f_code.co_name}")
        frame = frame.f_back
    return found


def told(app: Console, watch: Watch) -> dict[str, Any]:
    """What is counted of a console at this moment."""
    store = app.session.store
    names = [f"{each.get_name()} {getattr(each.get_coro(), '__qualname__', '')}" for each in asyncio.all_tasks()]
    widgets = sum("message pump" in name or "Timer." in name for name in names)
    known = store.connections()
    troubles = [(feed, store.freshness(feed)) for feed in store.feeds()]
    return {
        "tasks": len(names) - widgets,
        "widgets": widgets,
        "screens": len(app.screens_made),
        "states": {each.name: each.state for each in known},
        "whys": {
            each.name: [
                f"{each.state} {each.error}",
                *(f"{feed}: {fresh}" for feed, fresh in troubles if fresh.error and feed.connection == each.name),
            ]
            for each in known
        },
        "feeds": len(app.session.feeds()),
        "blocks": sys.getallocatedblocks(),
        "held": sorted((len(each) for each in watch.buffers), reverse=True),
        "slow": list(watch.slow),
        "sweeps": list(watch.sweeps),
    }


def main() -> int:
    watch, mounted, path = Watch(), Console.on_mount, Path(os.environ["CENSUS"])
    new = path.with_suffix(".new")
    watch.begin()
    faulthandler.enable(path.with_suffix(".fault").open("w", encoding="utf-8"))

    def counted(app: Console) -> None:
        mounted(app)

        def count() -> None:
            new.write_text(json.dumps(told(app, watch)), encoding="utf-8")
            new.replace(path)

        app.set_interval(0.5, count)

    Console.on_mount = counted  # type: ignore[method-assign]
    try:
        return run([])
    finally:
        # Nobody hears the timer any more when the interpreter ends, and it would end with it.
        signal.setitimer(signal.ITIMER_VIRTUAL, 0.0)


if __name__ == "__main__":
    sys.exit(main())
