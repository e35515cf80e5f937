"""What makes a log show at once what it would show in a moment, so that tests wait for no timer; and a server's older lines."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import datetime

from tests.ui.desk import Desk
from tests.ui.test_console import Seat
from tests.ui.throttled import let_through
from tui.model import LogLine, Ref
from tui.ui.widgets.log_view import LogView


def open_gate(view: LogView) -> None:
    """Paint what has come now; nothing waits afterwards."""
    let_through(view._gate)


async def settled(at: Seat) -> None:
    """What has come to the log pane is counted and on the screen."""
    pane = at.app.console_screen.logs
    pane.census.work(100_000)
    for view in pane.views:
        open_gate(view)
    at.app._tick()
    await at.wait()


def looking_back(desk: Desk, lines: list[LogLine] | Exception) -> list[tuple[Ref, datetime | None]]:
    asked: list[tuple[Ref, datetime | None]] = []

    async def log(ref: Ref, *, tail: int | None = None, since: datetime | None = None) -> AsyncIterator[tuple[LogLine, ...]]:
        asked.append((ref, since))
        if isinstance(lines, Exception):
            raise lines
        yield tuple(lines)

    desk.log = log  # type: ignore[attr-defined]
    return asked
