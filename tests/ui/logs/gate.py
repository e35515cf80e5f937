"""What makes a log show at once what it would show in a moment: tests wait for no timer."""

from __future__ import annotations

from tests.ui.test_console import Seat
from tui.ui.widgets.log_view import LogView


def open_gate(view: LogView) -> None:
    """Paint what has come now; nothing waits afterwards."""
    if view._gate is not None:
        view._gate.stop()
        view._open_gate()
    if view._gate is not None:
        view._gate.stop()
        view._gate = None


async def settled(at: Seat) -> None:
    """What has come to the log pane is counted and on the screen."""
    pane = at.app.console_screen.logs
    pane.census.work(100_000)
    for view in pane.views:
        open_gate(view)
    at.app._tick()
    await at.wait()
