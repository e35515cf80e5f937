"""Opening a moment of the past in the whole console, headless: from the question to the journal until it is painted."""

from __future__ import annotations

import time
from datetime import datetime, timedelta

from tests.ui.memory.test_memory import remembering, seat, until
from tui.clock import ManualClock
from tui.local.journal import Journal
from tui.ui.screens.past import PastScreen


async def opened(journal: Journal, at: datetime, runs: int) -> tuple[list[float], list[float]]:
    """Milliseconds of wall time and of the process's processor time of each opening. Two moments in turn: none is there already."""
    walls, works = [], []
    async with seat(remembering(journal, ManualClock(at + timedelta(hours=8)))) as console:
        await console.press("comma")
        await until(console, lambda: isinstance(console.app.screen, PastScreen))
        screen = console.app.screen
        assert isinstance(screen, PastScreen)
        for number in range(runs):
            moment = at + timedelta(hours=number % 2)
            wall, work = time.perf_counter(), time.process_time()
            await screen._go(moment)
            await console.wait()
            walls.append((time.perf_counter() - wall) * 1000)
            works.append((time.process_time() - work) * 1000)
            assert console.sees("Services 1000")
            assert screen.then.at == moment
    return walls, works
