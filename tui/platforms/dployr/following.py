"""How the log of a service is opened and read, in either flavour. What a line is, is said in ``logs``.

On the control plane a limit keeps the oldest lines, and following never says where history ends: the last lines are found by looking
at a longer and longer time, and only then is the log followed from the last of them on.
"""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import AsyncGenerator, Mapping
from contextlib import aclosing
from datetime import datetime, timedelta
from typing import Final

from tui.clock import Clock
from tui.model import LogLine
from tui.platforms.dployr import logs
from tui.platforms.http import Transport
from tui.platforms.lines import splitter_for

PATH: Final = "/v1/services/{id}/logs"
BATCH: Final = 500
"""Lines that are handed over at once; a burst comes in several batches."""
LIMIT: Final = 5000
"""Lines of one reply of the control plane, which sends no more."""
WINDOWS: Final = (timedelta(minutes=5), timedelta(hours=1), timedelta(hours=24))
"""How far back the last lines are looked for, one after the other."""
TAIL: Final = 200
"""Lines before the present where nobody said how many."""
PAGES: Final = 10
"""Replies in a row of which each was full, after which the rest is left to the follower."""

Batches = AsyncGenerator[tuple[LogLine, ...], None]


async def documented(transport: Transport, clock: Clock, id_: str, *, tail: int | None, follow: bool) -> Batches:
    """The documents know a tail and nothing else: who opens the log again asks for a tail and leaves out what it has."""
    query = ({"tail": str(tail)} if tail is not None else {}) | ({"follow": "true"} if follow else {})
    async with aclosing(_stream(transport, clock, id_, query, quiet=follow)) as batches:
        async for batch in batches:
            yield batch


async def control(transport: Transport, clock: Clock, id_: str, *, tail: int | None, follow: bool, since: datetime | None) -> Batches:
    """The control plane's log; see above. An empty batch says that the server answered, or takes its time with the first line."""
    last: tuple[LogLine, ...] = ()
    if since is None or not follow:
        last = await _last(transport, clock, id_, tail, since)
        yield last
    if not follow:
        return
    start = since or max((line.at for line in last if line.at is not None), default=clock.wall())
    shown: Counter[tuple[datetime | None, str]] = Counter((line.at, line.text) for line in last if line.at == start)
    async with aclosing(_stream(transport, clock, id_, {"follow": "true", "since": _ms(start)}, quiet=True)) as batches:
        async for batch in batches:
            fresh = []
            for line in batch:
                # What bears that very millisecond is sent once more.
                if shown[line.at, line.text] > 0:
                    shown[line.at, line.text] -= 1
                else:
                    fresh.append(line)
            if fresh or not batch:
                yield tuple(fresh)


async def _last(transport: Transport, clock: Clock, id_: str, tail: int | None, since: datetime | None) -> tuple[LogLine, ...]:
    """The newest lines: as many as asked for, out of the shortest time that holds them."""
    wanted = LIMIT if tail is None and since is not None else max(0, TAIL if tail is None else tail)
    starts = [since] if since is not None else [clock.wall() - window for window in WINDOWS]
    kept: deque[LogLine] = deque(maxlen=wanted)
    for start in starts:
        kept.clear()
        for _ in range(PAGES):
            query = {"limit": str(LIMIT), "since": _ms(start)}
            async with aclosing(_stream(transport, clock, id_, query, quiet=False)) as batches:
                page = [line async for batch in batches for line in batch]
            kept.extend(page)
            newest = max((line.at for line in page if line.at is not None), default=None)
            if len(page) < LIMIT or newest is None or newest <= start:
                break
            start = newest + timedelta(milliseconds=1)
        if len(kept) >= wanted:
            break
    return tuple(kept)


async def _stream(transport: Transport, clock: Clock, id_: str, query: Mapping[str, str], *, quiet: bool) -> Batches:
    async with transport.stream(PATH, ids={"id": id_}, query=dict(query), quiet=quiet) as stream:
        yield ()
        splitter = None
        async for chunk in stream.chunks():
            splitter = splitter or splitter_for(stream.content_type)
            batch = [line for record in splitter.feed(chunk) for line in logs.lines(record, clock.wall())]
            for start in range(0, len(batch), BATCH):
                yield tuple(batch[start : start + BATCH])
        rest = [line for record in splitter.finish() for line in logs.unfinished(record, clock.wall(), follow=quiet)] if splitter else []
        if rest:
            yield tuple(rest)


def _ms(at: datetime) -> str:
    return str(int(at.timestamp() * 1000))
