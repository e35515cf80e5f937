"""A log followed through a connection that is cut, reset, stalled or damaged at any byte: nothing lost, nothing doubled, gaps where
they are. Damage is a byte that no JSON text has there; another letter in a text nobody could notice.
"""

from __future__ import annotations

import asyncio
import json
import time
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from random import Random
from urllib.parse import parse_qs, urlsplit

import pytest

from tests.engine.fakes import FakePlatform, ref, session
from tests.platforms.rawserver import RawServer, Seen
from tests.platforms.test_http_requests import Fixed
from tui.clock import SystemClock
from tui.engine.resume import Gap
from tui.model import LogLine, Ref
from tui.platforms.dployr import following
from tui.platforms.http import Transport

HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: application/x-ndjson\r\nTransfer-Encoding: chunked\r\n\r\n"
WEB = ref("web")
RATE = 200
"""Lines a second of the log's own time; twenty of them bear the same time and some the same text."""


class Hurried(SystemClock):
    """Waits between two tries take no time; what is planned for later comes when the server has gone silent."""

    def __init__(self) -> None:
        super().__init__()
        self.later = asyncio.Event()

    async def sleep(self, seconds: float) -> None:
        await (self.later.wait() if seconds > 60 else asyncio.sleep(0.001))

    def pass_by(self) -> None:
        """So long that everything planned is due."""
        self.later.set()
        self.later = asyncio.Event()


ENDS = ("ended", "closed", "reset", "garbage", "stalled", "damaged")


class Cutting:
    """A log server behind a bad connection: each answer ends at a random byte, until enough were cut."""

    def __init__(self, count: int, cuts: int, seed: int, clock: Hurried, *, forgets: bool) -> None:
        self.clock = clock
        self.ends: Counter[str] = Counter()
        self.random = Random(seed)  # noqa: S311
        start = datetime.now(UTC) - timedelta(seconds=count / RATE + 60)
        self.texts = [f"line {number if number % 3 else 0}" for number in range(count)]
        self.stamps = [start.replace(microsecond=0) + timedelta(milliseconds=1000 // RATE * 20 * (number // 20)) for number in range(count)]
        self.records = [
            json.dumps({"time": at.isoformat(timespec="milliseconds"), "level": "info", "message": text}).encode() + b"\n"
            for at, text in zip(self.stamps, self.texts, strict=True)
        ]
        self.count = count
        self.left = cuts
        self.step = 2 * count // max(1, cuts)
        self.forgets = forgets
        self.forgotten: list[tuple[int, int]] = []
        self.reached = self.kept_from = 0
        self.pauses: list[float] = []
        self._cut_at: float | None = None

    async def answer(self, seen: Seen, writer: asyncio.StreamWriter) -> None:
        if self._cut_at is not None:
            self.pauses.append(time.perf_counter() - self._cut_at)
            self._cut_at = None
        since = int(parse_qs(urlsplit(seen.target).query)["since"][0]) / 1000
        first = next((at for at in range(max(0, self.reached - 3_000), self.count) if self.stamps[at].timestamp() >= since), self.count)
        if self.forgets and self.reached and self.random.random() < 0.1:
            # What the server forgets begins with a time of its own, as what it deletes does.
            end = min(self.count - 1, (self.reached // 20 + self.random.randint(2, 9)) * 20)
            self.forgotten.append((self.reached, end))
            self.kept_from = max(self.kept_from, end)
        first = max(first, self.kept_from)
        body = b"".join(self.records[first : first + self.step + 1_200])
        whole = self.left <= 0 or self.reached >= self.count
        stop = len(body) if whole else self.random.randrange(len(body) + 1)
        end = "whole" if whole else self.random.choice(ENDS)
        self.ends[end] += 1
        if end == "damaged" and stop:
            at = self.random.randrange(stop)
            # What comes after the damage is never taken: the log is opened again before it.
            self.reached = max(self.reached, first + body[:at].count(b"\n"))
            body = body[:at] + self.random.choice((b"\x00", b"\x1f", b"\xff", b"\x80")) + body[at + 1 :]
        else:
            self.reached = max(self.reached, first + body[:stop].count(b"\n"))
        writer.write(HEAD)
        at = 0
        while at < stop:
            piece = body[at : min(stop, at + self.random.randint(1, 30_000))]
            writer.write(b"%x\r\n%s\r\n" % (len(piece), piece))
            at += len(piece)
        with suppress(ConnectionError):
            await writer.drain()
        if self.reached >= self.count and stop == len(body):
            await seen.gone()
        self.left -= not whole
        self._cut_at = time.perf_counter()
        match end:
            case "ended":
                writer.write(b"0\r\n\r\n")
            case "garbage":
                writer.write(b"zz\r\nnot a chunk")
            case "reset":
                await asyncio.sleep(0)
                writer.transport.abort()
            case "stalled":
                # Neither end knows that the other one is gone: only the planned opening helps.
                await asyncio.sleep(0.001)
                self.clock.pass_by()
                await seen.gone()
        raise EOFError


async def follow(server: Cutting) -> list[LogLine | Gap]:
    """Everything that a follower hears until the last line came."""
    clock = server.clock
    platform = FakePlatform("fleet", clock=clock)
    damage = following.Damage()
    heard: list[LogLine | Gap] = []
    async with RawServer(server.answer) as raw:
        transport = Transport(connection="fleet", base_url=raw.url, credentials=Fixed(raw.url, "Bearer t"), clock=clock)

        async def log(at: Ref, *, tail: int | None, follow: bool, since: datetime | None) -> AsyncIterator[tuple[LogLine, ...]]:
            window = following.Window(since=server.stamps[0] if since is None else since)
            async for batch in following.control(transport, clock, at.id, tail=tail, follow=follow, window=window, damage=damage):
                yield batch

        platform.log = log
        async with session(clock, platform) as running:
            following_it = running.follow(WEB)
            last = asyncio.Event()

            def told(batch: tuple[LogLine | Gap, ...]) -> None:
                heard.extend(batch)
                if sum(isinstance(each, LogLine) for each in heard[-1:]) and heard[-1].at == server.stamps[-1]:
                    last.set()

            following_it.listen(told)
            await asyncio.wait_for(last.wait(), 900)
            await asyncio.sleep(0.1)
            following_it.close()
        await transport.aclose()
    return heard


def exact(server: Cutting, heard: list[LogLine | Gap]) -> None:
    lines = [each for each in heard if isinstance(each, LogLine)]
    assert [each.text for each in lines] == server.texts
    assert [each.at for each in lines] == server.stamps
    assert [each for each in heard if isinstance(each, Gap)] == []


async def test_sixty_cuts_lose_and_double_nothing() -> None:
    server = Cutting(8_000, 60, 3, Hurried(), forgets=False)
    exact(server, await follow(server))
    assert server.left <= 0
    assert set(server.ends) >= set(ENDS)
    assert sorted(server.pauses)[int(len(server.pauses) * 0.95)] < 3


async def test_what_the_server_forgot_is_a_gap_just_there() -> None:
    server = Cutting(8_000, 60, 4, Hurried(), forgets=True)
    heard = await follow(server)
    assert server.forgotten
    gaps = [at for at, each in enumerate(heard) if isinstance(each, Gap)]
    for at in gaps:
        before, after = heard[at - 1], heard[at + 1]
        assert before.at is not None
        assert after.at is not None
        assert after.at > before.at
        gap = heard[at]
        assert isinstance(gap, Gap)
        assert gap.seconds == (after.at - before.at).total_seconds()
    told = {(each.at, each.text) for each in heard if isinstance(each, LogLine)}
    missing = {stamp for stamp, text in zip(server.stamps, server.texts, strict=True) if (stamp, text) not in told}
    spans = [(heard[at - 1].at, heard[at + 1].at) for at in gaps]
    assert all(any(first <= stamp <= last for first, last in spans if first and last) for stamp in missing)


@pytest.mark.soak
@pytest.mark.timeout(1200)
async def test_a_thousand_cuts_over_a_million_lines() -> None:
    server = Cutting(1_000_000, 1_000, 5, Hurried(), forgets=False)
    exact(server, await follow(server))
    assert server.left <= 0
    assert sorted(server.pauses)[int(len(server.pauses) * 0.95)] < 3
