"""The console in a pseudo-terminal while 1,000 log lines and 20 lists of 1,000 services come each second: ``python -m tests.bench storm``.

A server of its own in a process of its own sends both over loopback; adapter, engine and console are the real ones. Only what decides how
often something is read is not asked, since no platform would be read that often.

``python -m tests.bench.storm serve`` is that server and prints its port; ``python -m tests.bench.storm console PORT`` the console.
"""

from __future__ import annotations

import asyncio
import gc
import json
import random
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Final

from tests.bench.figures import Figure
from tests.bench.firehose import made, pour
from tests.bench.keyed import pressed, waits
from tests.bench.terminal import ROOT, Terminal
from tests.engine.fakes import FakePlatform, session
from tests.platforms.test_http_requests import Fixed
from tui.cli.console import SETTLED, tune_collector
from tui.clock import SystemClock
from tui.engine.feeds import Feed
from tui.engine.session import Session
from tui.model import Kind, LogLine, Ref
from tui.platforms.dployr import following
from tui.platforms.dployr.documented import Documented
from tui.platforms.http import Transport

LINES: Final = 1_000.0
POLLS: Final = 20.0
ROWS: Final = 1_000
CHANGED: Final = 20
"""Services that are different in each list."""

KEYS: Final = 100
WHOLE: Final = 120.0
"""Seconds for which there are lines."""

FOLLOWED: Final = Ref(connection="fleet", kind=Kind.SERVICE, id="svc-0000")


# The server -------------------------------------------------------------------------------------------------------------------


class Fleet:
    """A thousand services, of which some are another in each list."""

    def __init__(self) -> None:
        self._chance = random.Random(3)  # noqa: S311
        self._rows = [
            {"id": f"svc-{number:04}", "name": f"service-{number:04}", "status": "running", "version": "20", "cpu": 7, "memory": 300}
            for number in range(ROWS)
        ]

    def listed(self) -> bytes:
        """What a list replies."""
        for number in self._chance.sample(range(ROWS), CHANGED):
            self._rows[number] |= {"status": self._chance.choice(("running", "degraded")), "version": str(self._chance.randrange(90))}
        return json.dumps(self._rows).encode()


async def serve() -> None:
    fleet, blocks = Fleet(), made(LINES, WHOLE, 0.0, WHOLE, events=False)

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            head = await reader.readuntil(b"\r\n")
            if b"log" in head:
                await pour(reader, writer, blocks, LINES, WHOLE, 0.0, b"application/x-ndjson")
            else:
                while True:
                    await reader.readuntil(b"\r\n\r\n")
                    body = fleet.listed()
                    writer.write(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s" % (len(body), body))
                    await writer.drain()
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()

    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


@contextmanager
def served() -> Iterator[str]:
    """The port of a server."""
    command = [sys.executable, "-m", "tests.bench.storm", "serve"]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            yield process.stdout.readline().strip()
        finally:
            process.kill()


# The console ------------------------------------------------------------------------------------------------------------------


async def shown(port: str) -> None:
    """The console until it is left, with the collector as it is there."""
    gc.disable()
    asyncio.get_running_loop().call_later(SETTLED, tune_collector)
    from tui.ui.app import Console
    from tui.ui.settings import Settings

    clock = SystemClock()
    url = f"http://127.0.0.1:{port}"
    transport = Transport(connection="fleet", base_url=url, credentials=Fixed(url, "Bearer t"), clock=clock)
    platform = FakePlatform("fleet", clock=clock, kinds={Kind.SERVICE: {"every": 3_600.0}})

    async def log(at: Ref, *, tail: int | None, follow: bool, since: datetime | None) -> AsyncIterator[tuple[LogLine, ...]]:
        async for batch in following.documented(transport, clock, at.id, tail=tail, follow=follow, window=following.WHOLE):
            yield batch

    platform.log = log
    async with session(clock, platform) as running:
        storm = asyncio.create_task(_polls(running, Documented("fleet", transport, clock)))
        console = Console(running, settings=Settings(zone=UTC))
        console.call_later(console.console_screen.follow_log, FOLLOWED)
        await console.run_async(mouse=False)
        storm.cancel()
    await transport.aclose()


async def _polls(running: Session, reads: Documented) -> None:
    feed = Feed(connection="fleet", kind=Kind.SERVICE)
    loop = asyncio.get_running_loop()
    due = loop.time()
    while True:
        running.changes.publish(running.store.put(feed, await reads.reads[Kind.SERVICE].fetch("")))
        due = max(due + 1 / POLLS, loop.time() - 1.0)
        await asyncio.sleep(max(0.0, due - loop.time()))


def storm() -> list[Figure]:
    """Keys up and down in the list meanwhile."""
    what = f"{LINES:,.0f} log lines/s and {POLLS:.0f} lists of {ROWS:,} a second"
    with served() as port, Terminal(["-m", "tests.bench.storm", "console", port]) as terminal:
        if not terminal.until(lambda: terminal.shows("service-00") and terminal.shows("live"), 30.0):
            raise RuntimeError("no service and no log was shown\n" + "\n".join(terminal.screen.display))
        terminal.send("2")
        terminal.run(5.0)
        received, worked, begin = terminal.received, terminal.cpu_seconds(), time.monotonic()
        took, lost = pressed(terminal, KEYS)
        spent = time.monotonic() - begin
        return [
            *waits("storm", what, took, lost, KEYS),
            Figure(case="storm", what=f"{what}: delivered", unit="B/s", ours=(terminal.received - received) / spent),
            Figure(case="storm", what=f"{what}: processor", unit="% CPU", ours=(terminal.cpu_seconds() - worked) / spent * 100),
        ]


if __name__ == "__main__":
    asyncio.run(serve() if sys.argv[1] == "serve" else shown(sys.argv[2]))
