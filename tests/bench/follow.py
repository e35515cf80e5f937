"""Logs followed as they are in use: bytes of a server of its own, the adapter, the engine's streams, the whole console."""

from __future__ import annotations

import asyncio
import gc
import os
import sys
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime

from tests.bench.figures import Figure
from tests.bench.files import files
from tests.bench.logs import press, resident, view
from tests.bench.recorder import recorded
from tests.engine.fakes import FakePlatform, session
from tests.platforms.test_http_requests import Fixed
from tui.cli.console import tune_collector
from tui.clock import SystemClock
from tui.model import Kind, LogLine, Ref
from tui.platforms.dployr import following
from tui.platforms.http import Transport
from tui.ui.app import Console
from tui.ui.panes.logs import LogsPane
from tui.ui.settings import Settings

SECONDS = float(os.environ.get("BENCH_FOLLOW_SECONDS", "12"))
"""How long each load lasts."""


@asynccontextmanager
async def poured(*said: object) -> AsyncIterator[str]:
    """The address of a server that says so much, see ``firehose``."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tests.bench.firehose", *map(str, said), stdout=asyncio.subprocess.PIPE
    )
    assert process.stdout is not None
    try:
        yield f"http://127.0.0.1:{int(await process.stdout.readline())}"
    finally:
        process.kill()
        await process.wait()


async def followed(what: str, streams: int, rate: float, seconds: float, rest: float, kind: str = "", query: str = "") -> list[Figure]:
    """So many streams through the console while keys are pressed: how many lines came of those that were due, the wait for the answer,
    what is missing, what it weighs. Waits are in processor time of this process, which a busy machine does not change; how many lines
    come, it does: see how much of the time this process had the processor."""
    gc.unfreeze()  # what the cases before have left is nobody's wait
    tune_collector()
    clock = SystemClock()
    platform = FakePlatform("fleet", clock=clock)
    refs = [Ref(connection="fleet", kind=Kind.SERVICE, id=f"svc-{number}") for number in range(streams)]
    async with poured(rate / streams, seconds, rest, SECONDS + 1, *([kind] if kind else [])) as url:
        transport = Transport(connection="fleet", base_url=url, credentials=Fixed(url, "Bearer t"), clock=clock)

        async def log(at: Ref, *, tail: int | None, follow: bool, since: datetime | None) -> AsyncIterator[tuple[LogLine, ...]]:
            async for batch in following.documented(transport, clock, at.id, tail=tail, follow=follow, window=following.WHOLE):
                yield batch

        platform.log = log
        async with session(clock, platform) as running:
            console = Console(running, settings=Settings(zone=UTC))
            async with recorded(console, (120, 40)) as recording:
                await recording.settle()
                before = resident()
                console.console_screen.follow_log(*refs)
                pane: LogsPane = console.console_screen.logs
                pane.set_filter(query)
                waits: list[float] = []
                begin, worked = time.perf_counter(), time.process_time()
                while time.perf_counter() - begin < SECONDS:
                    was, pressed = pane.log_view.following, time.process_time()
                    press(recording, "k" if was else "end")
                    while pane.log_view.following is was:
                        await asyncio.sleep(0)
                    waits.append((time.process_time() - pressed) * 1000)
                    await asyncio.sleep(0.15)
                passed = time.perf_counter() - begin
                grown, worked = resident() - before, time.process_time() - worked
                rings = {ref: running.follow(ref) for ref in refs}
                count = sum(ring.dropped + len(ring.lines) for ring in rings.values())
                lost = sum(
                    _missing([str(line.text) for line in ring.lines if isinstance(line, LogLine)], ring.dropped) for ring in rings.values()
                )
                buffer = pane.log_view.buffer
                for ref in refs:
                    shown = [str(each.line.text) for each in buffer.between(buffer.start, buffer.end) if each.source == ref]
                    lost += _missing(shown, buffer.dropped(ref))
                skipped = pane.census.skipped
        await transport.aclose()
    waits.sort()
    turns, within = divmod(passed, seconds + rest)
    due = rate * (turns * seconds + min(within, seconds))
    figures = (
        ("came, of those that were due", "%", 100 * count / due),
        ("came", "lines/s", count / passed),
        ("processor", "%", 100 * worked / passed),
        ("work", "us/line", worked / max(1, count) * 1_000_000),
        ("key, 95th percentile", "ms", waits[int(len(waits) * 0.95)]),
        ("lost or out of order", "lines", float(lost)),
        ("not counted by minute and pattern", "lines", float(skipped)),
        ("growth", "MiB", grown),
        ("resident at the end", "MiB", before + grown),
    )
    return [Figure(case="logs", what=f"{what}: {name}", unit=unit, ours=value) for name, unit, value in figures]


def _missing(texts: Sequence[str], dropped: int) -> int:
    """Lines that are not where their number says, in a ring that dropped so many of the oldest."""
    return sum(int(text.split()[0]) != dropped + at for at, text in enumerate(texts))


async def _follow() -> list[Figure]:
    """A burst, a minute, eight at once."""
    length = f"{SECONDS:.0f} s"
    return [
        *await followed(f"console, bursts of 50,000 lines in 1 s of 4, {length}", 1, 50_000, 1, 3),
        *await followed(f"console, 5,000 lines/s, {length}", 1, 5_000, SECONDS + 60, 0),
        *await followed(f"console, 5,000 lines/s as events, {length}", 1, 5_000, SECONDS + 60, 0, "sse"),
        *await followed(f"console, 8 streams of 1,000 lines/s, {length}", 8, 8_000, SECONDS + 60, 0),
        *await followed(f"console, 8 streams of 1,000 lines/s, a filter on, {length}", 8, 8_000, SECONDS + 60, 0, query="expired 7"),
    ]


def logs() -> list[Figure]:
    """The view alone, the whole console, a file beside toolong."""
    return [*view(), *asyncio.run(_follow()), *files()]
