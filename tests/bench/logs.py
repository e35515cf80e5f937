"""Logs: how fast lines are taken in and what painting them costs, ours beside Log and RichLog."""

from __future__ import annotations

import asyncio
import time
from datetime import UTC, datetime
from typing import Any

from textual.app import App, ComposeResult
from textual.widgets import Log, RichLog

from tests.bench.data import lines
from tests.bench.figures import Figure
from tests.bench.recorder import recorded
from tui.model import LogLine
from tui.text import Safe
from tui.ui.widgets.log_view import LogView

BATCH = 2_500
TOTAL = 1_000_000
RICH_TOTAL = 20_000
START = datetime(2026, 1, 1, tzinfo=UTC)


class Holder(App[None]):
    CSS = "Log, RichLog, LogView { height: 1fr; }"

    def __init__(self, widget: Any) -> None:
        super().__init__()
        self.widget = widget

    def compose(self) -> ComposeResult:
        yield self.widget


async def _ingest(widget: Any, add: Any, batches: int) -> tuple[float, int]:
    """Lines a second of processor time until all are shown, painting as often as the widget likes, and bytes for the whole."""
    async with recorded(Holder(widget), (120, 40)) as recording:
        begin = time.process_time()
        for _ in range(batches):
            add()
            await asyncio.sleep(0)
        await recording.settle()
        took = time.process_time() - begin
        return batches * BATCH / took, len(recording.take().encode())


async def _run() -> list[Figure]:
    texts, records = lines(BATCH), lines(BATCH, START)
    view = LogView(zone=UTC)
    ours, _ = await _ingest(view, lambda: view.append("a", records), TOTAL // BATCH)
    log = Log(max_lines=20_000)
    stock, _ = await _ingest(log, lambda: log.write_lines(texts), TOTAL // BATCH)
    rich = RichLog(max_lines=20_000)
    slow, _ = await _ingest(rich, lambda: [rich.write(text) for text in texts], RICH_TOTAL // BATCH)
    figures = [Figure(case="logs", what="lines through the view", unit="lines/s", ours=ours, anchors={"Log": stock, "RichLog": slow})]
    figures += await _hostile()
    figures.append(await _filtered())
    return figures


async def _hostile() -> list[Figure]:
    """Loop time until one hostile line is painted."""
    figures = []
    for what, text in (
        ("a line of 10 MB", "x" * 10_000_000),
        ("10,000 colour codes", "\x1b[31mx" * 10_000),
        ("a million combining marks", "e" + "\u0301" * 1_000_000),
    ):
        view = LogView(zone=UTC)
        async with recorded(Holder(view), (120, 40)) as recording:
            line = LogLine(at=START, text=Safe(text))
            begin = time.process_time()
            view.append("a", [line])
            await recording.settle()
            figures.append(Figure(case="logs", what=what, unit="ms", ours=(time.process_time() - begin) * 1000))
    return figures


async def _filtered() -> Figure:
    view = LogView(zone=UTC, limit=200_000, total=200_000)
    async with recorded(Holder(view), (120, 40)) as recording:
        for _ in range(80):
            view.append("a", lines(2_500, START))
        await recording.settle()
        begin = time.process_time()
        view.set_filter(lambda entry: "expired" in entry.line.text)
        await recording.settle()
        return Figure(case="logs", what="filter 200,000 lines by text, first screen", unit="ms", ours=(time.process_time() - begin) * 1000)


def logs() -> list[Figure]:
    """Ingest, hostile lines, filter."""
    return asyncio.run(_run())
