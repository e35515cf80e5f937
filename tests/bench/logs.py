"""Logs: how fast lines are taken in, what painting and filtering them costs, what they weigh; ours beside Log and RichLog."""

from __future__ import annotations

import asyncio
import gc
import os
import re
import statistics
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from textual import events
from textual.app import App, ComposeResult
from textual.widgets import Log, RichLog

from tests.bench.data import WORDS, lines
from tests.bench.figures import Figure
from tests.bench.recorder import Recording, recorded
from tui.model import LogLine
from tui.text import Safe, clean
from tui.ui.link import PacedApp
from tui.ui.logs.query import parse_query
from tui.ui.widgets.log_view import LogView

BATCH = 2_500
TOTAL = 1_000_000
RICH_TOTAL = 20_000
KEPT = 200_000
START = datetime(2026, 1, 1, tzinfo=UTC)
SECONDS = float(os.environ.get("BENCH_LOG_SECONDS", "10"))
"""How long each load lasts."""


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


class Paced(PacedApp[None]):
    """With the output layer of the console."""

    CSS = Holder.CSS

    def __init__(self, widget: Any) -> None:
        super().__init__()
        self.widget = widget

    def compose(self) -> ComposeResult:
        yield self.widget


class Pulse:
    """The longest time that the loop did not turn, in milliseconds of processor time of this process: a busy machine adds nothing."""

    def __init__(self) -> None:
        self.longest = 0.0
        self._task: asyncio.Task[None] | None = None

    async def _beat(self) -> None:
        while True:
            begin = time.process_time()
            await asyncio.sleep(0)
            self.longest = max(self.longest, (time.process_time() - begin) * 1000)

    async def __aenter__(self) -> Pulse:
        self._task = asyncio.create_task(self._beat())
        await asyncio.sleep(0.01)
        self.longest = 0.0
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)


async def _run() -> list[Figure]:
    # Weighed first, before anything was let go that could be used again.
    figures = await _weight_and_filters()
    texts, records = lines(BATCH), lines(BATCH, START)
    view = LogView(zone=UTC)
    ours, _ = await _ingest(view, lambda: view.append("a", records), TOTAL // BATCH)
    log = Log(max_lines=20_000)
    stock, _ = await _ingest(log, lambda: log.write_lines(texts), TOTAL // BATCH)
    rich = RichLog(max_lines=20_000)
    slow, _ = await _ingest(rich, lambda: [rich.write(text) for text in texts], RICH_TOTAL // BATCH)
    figures += [Figure(case="logs", what="lines through the view", unit="lines/s", ours=ours, anchors={"Log": stock, "RichLog": slow})]
    for rate in (50_000, 5_000):
        figures += await _load(rate)
    figures += await _bytes()
    return figures + await _hostile()


async def _load(rate: int) -> list[Figure]:
    """Lines at a rate while keys are pressed: from the key to the view's answer, and whether every line of the ring is there."""
    view = LogView(zone=UTC, limit=KEPT, total=KEPT)
    waits: list[float] = []
    async with recorded(Holder(view), (120, 40)) as recording:
        view.focus()
        sent, begin = 0, time.perf_counter()
        pressed = begin

        def wait() -> None:
            waits.append((time.perf_counter() - pressed) * 1000)

        while (now := time.perf_counter()) - begin < SECONDS:
            due = int((now - begin) * rate)
            view.append("a", [_numbered(number) for number in range(sent, due)])
            sent = due
            if now - pressed > 0.15:
                pressed = time.perf_counter()
                press(recording, "k" if view.following else "end")
                recording.app.call_later(wait)
            await asyncio.sleep(0.02)
        await recording.settle()
        buffer = view.buffer
        kept = [int(entry.line.text.split()[0]) for entry in buffer.between(buffer.start, buffer.end)]
        lost = sent - len(kept) - buffer.dropped() + (kept != list(range(sent - len(kept), sent)))
    waits.sort()
    name = f"{rate:,} lines/s for {SECONDS:.0f} s"
    return [
        Figure(case="logs", what=f"{name}: key, 95th percentile", unit="ms", ours=waits[int(len(waits) * 0.95)]),
        Figure(case="logs", what=f"{name}: lost or out of order", unit="lines", ours=float(lost)),
    ]


def press(recording: Recording, key: str) -> None:
    event = events.Key(key, key if len(key) == 1 else None)
    event.set_sender(recording.app)
    recording.app.post_message(event)


def _numbered(number: int) -> LogLine:
    at = START + timedelta(milliseconds=number)
    return LogLine(at=at, text=Safe(f"{number} {WORDS[number % len(WORDS)]} upstream request served after {number % 997} ms by pool"))


def resident() -> float:
    """MiB of this process."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 2**20


async def _weight_and_filters() -> list[Figure]:
    gc.collect()
    before = resident()
    view = LogView(zone=UTC, limit=KEPT, total=KEPT)
    async with recorded(Holder(view), (120, 40)) as recording:
        for first in range(0, KEPT, BATCH):
            view.append("a", [_numbered(number) for number in range(first, first + BATCH)])
            await asyncio.sleep(0)
        await recording.settle()
        grown = resident() - before
        figures = [Figure(case="logs", what=f"{KEPT:,} lines kept", unit="MiB", ours=grown)]
        for what, query in (("text", "expired 17"), ("text, 3 of 200,000", "199983"), ("regex", '~"(expired|token) .*9[13] ms"')):
            figures += await _filtered(view, what, query)
        return figures


async def _filtered(view: LogView, what: str, query: str) -> list[Figure]:
    """Processor time to the first screenful and to the end, and the longest the loop stood."""
    wanted = parse_query(query).wanted(str)
    asked = wanted or (lambda entry: True)
    texts = [entry.line.text for entry in view.buffer.between(view.buffer.start, view.buffer.end)]
    plain = re.compile("expired").search
    begin = time.process_time()
    _ = [text for text in texts if plain(text)]
    bare = (time.process_time() - begin) * 1000
    async with Pulse() as pulse:
        begin = time.process_time()
        first = None
        view.set_filter(asked)
        while view.window.behind:
            if first is None and view.window.count >= view.page:
                first = (time.process_time() - begin) * 1000
            await asyncio.sleep(0)
        whole = (time.process_time() - begin) * 1000
    view.set_filter(None)
    name = f"filter {KEPT:,} lines by {what}"
    return [
        Figure(case="logs", what=f"{name}: first screenful", unit="ms", ours=whole if first is None else first),
        Figure(case="logs", what=f"{name}: all", unit="ms", ours=whole, anchors={"re.search on bare texts": bare}),
        Figure(case="logs", what=f"{name}: longest stop of the loop", unit="ms", ours=pulse.longest),
    ]


async def _bytes() -> list[Figure]:
    """Bytes a second to the terminal at 100 lines a second, seen and hidden."""
    figures = []
    for what, hidden in (("seen", False), ("hidden", True)):
        view = LogView(zone=UTC)
        async with recorded(Paced(view), (120, 40)) as recording:
            view.append("a", lines(100, START))
            view.display = not hidden
            await asyncio.sleep(0.3)
            recording.take()
            begin = time.perf_counter()
            while time.perf_counter() - begin < 5:
                view.append("a", lines(2, START))
                await asyncio.sleep(0.02)
            rate = len(recording.take().encode()) / (time.perf_counter() - begin) / 1000
        figures.append(Figure(case="logs", what=f"100 lines/s, {what}", unit="KB/s", ours=rate))
    return figures


HOSTILE: tuple[tuple[str, Callable[[], str]], ...] = (
    ("a line of 10 MB", lambda: "x" * 10_000_000),
    ("10,000 colour codes", lambda: "\x1b[31mx" * 10_000),
    ("a million combining marks", lambda: "e" + "\u0301" * 1_000_000),
)


async def _hostile() -> list[Figure]:
    """Loop time until one hostile line is cleaned as the platforms do it, and until it is painted although it was not."""
    figures = []
    for what, make in HOSTILE:
        text = make()
        took = []
        for _ in range(5):
            begin = time.process_time()
            cleaned = clean(text, 16_384)
            took.append((time.process_time() - begin) * 1000)
        figures.append(Figure(case="logs", what=f"{what}: cleaned", unit="ms", ours=statistics.median(took)))
        for name, line in (("painted", cleaned), ("painted raw", Safe(text))):
            view = LogView(zone=UTC)
            async with recorded(Holder(view), (120, 40)) as recording:
                begin = time.process_time()
                view.append("a", [LogLine(at=START, text=line)])
                await recording.settle()
                figures.append(Figure(case="logs", what=f"{what}: {name}", unit="ms", ours=(time.process_time() - begin) * 1000))
    return figures


def view() -> list[Figure]:
    """Ingest, loads, weight, filters, bytes, hostile lines of the view alone."""
    return asyncio.run(_run())
