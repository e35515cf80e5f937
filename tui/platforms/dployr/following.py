"""How the log of a service is opened and read, in either flavour. What a line is, is said in ``logs``.

On the control plane a limit keeps the oldest lines, and following never says where history ends: the last lines are found by looking
at a longer and longer time, and only then is the log followed from the last of them on.
"""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import AsyncGenerator, Mapping
from contextlib import aclosing
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final

from tui.clock import Clock
from tui.errors import BadReply
from tui.model import Deployment, LogLine
from tui.platforms.dployr import logs
from tui.platforms.http import STREAM_HEADERS, Transport
from tui.platforms.lines import Record, splitter_for
from tui.platforms.records import REFUSALS, Unreadable

PATH: Final = "/v1/services/{id}/logs"
BATCH: Final = 100
"""Lines that are read and handed over at once, so that many logs that burst together leave the keys their turn."""
LIMIT: Final = 5000
"""Lines of one reply of the control plane, which sends no more."""
WINDOWS: Final = (timedelta(minutes=5), timedelta(hours=1), timedelta(hours=24))
"""How far back the last lines are looked for, one after the other."""
TAIL: Final = 200
"""Lines before the present where nobody said how many."""
NDJSON: Final = "application/x-ndjson"
SUSPECTS: Final = 256
"""Records that were no JSON and are remembered; of more all are forgotten."""
STEPS: Final = (1_000, 5_000, 20_000, 200_000)
"""Lines that are asked for, one after the other, where a log cannot begin at a time."""
PATIENCE: Final = 15.0
"""Seconds that a server may take to begin with a part of its history."""
AROUND: Final = timedelta(seconds=30)
"""The server and whoever builds may differ so much about the time."""
PAGES: Final = 40
"""Replies in a row of which each was full, after which the rest is left to the follower."""

Batches = AsyncGenerator[tuple[LogLine, ...], None]


async def documented(transport: Transport, clock: Clock, id_: str, *, tail: int | None, follow: bool, window: Window) -> Batches:
    """The documents know a tail and nothing else: who opens the log again asks for a tail and leaves out what it has, and who wants a
    part of it asks for longer and longer tails, because a long one takes a server its time."""
    if window != WHOLE and not follow:
        yield await _part(transport, clock, id_, tail, window)
        return
    query = ({"tail": str(tail)} if tail is not None else {}) | ({"follow": "true"} if follow else {})
    async with aclosing(_stream(transport, clock, id_, query, quiet=follow)) as batches:
        async for batch in batches:
            yield batch


async def _part(transport: Transport, clock: Clock, id_: str, tail: int | None, window: Window) -> tuple[LogLine, ...]:
    """The last ``tail`` lines of a window (None: all of it), out of the shortest tail that holds them."""
    held: list[LogLine] = []
    for count in STEPS:
        async with aclosing(_stream(transport, clock, id_, {"tail": str(count)}, quiet=False)) as batches:
            found = [line async for batch in batches for line in batch]
        held = [line for line in found if window.holds(line)]
        reached = window.since is not None and any(line.at is not None and line.at <= window.since for line in found)
        if len(found) < count or reached or (tail is not None and len(held) >= tail):
            break
    return tuple(held if tail is None else held[len(held) - min(tail, len(held)) :])


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """The part of a log that is wanted. ``source`` ``build`` leaves out what the service says when it runs."""

    since: datetime | None = None
    until: datetime | None = None
    source: str = ""

    def query(self, since: datetime) -> dict[str, str]:
        """The part from ``since`` on, as the control plane is asked for it."""
        told = {"since": _ms(since), "until": _ms(self.until) if self.until is not None else "", "source": self.source}
        return {name: value for name, value in told.items() if value}

    def holds(self, line: LogLine) -> bool:
        """Whether a line is neither too early nor too late; one without a time is not judged."""
        at = line.at
        return at is None or ((self.since is None or at >= self.since) and (self.until is None or at <= self.until))


WHOLE: Final = Window()


def build_of(deployment: Deployment, *, since: datetime | None, until: datetime | None) -> Window:
    """What was said while a deployment was built. All deployments of a name share one log: their times tell them apart."""
    begin = deployment.created_at and deployment.created_at - AROUND
    end = deployment.finished_at and deployment.finished_at + AROUND
    return Window(since=max(filter(None, (since, begin)), default=None), until=until or end, source="build")


async def control(
    transport: Transport,
    clock: Clock,
    id_: str,
    *,
    tail: int | None,
    follow: bool,
    window: Window = WHOLE,
    damage: Damage | None = None,
) -> Batches:
    """The control plane's log; see above. An empty batch says that the server answered, or takes its time with the first line."""
    last: tuple[LogLine, ...] = ()
    if window.since is None or not follow:
        last = await _last(transport, clock, id_, tail, window)
        yield last
    if not follow:
        return
    start = window.since or max((line.at for line in last if line.at is not None), default=clock.wall())
    shown: Counter[tuple[datetime | None, str]] = Counter((line.at, line.text) for line in last if line.at == start)
    query = replace(window, until=None).query(start) | {"follow": "true"}
    async with aclosing(_stream(transport, clock, id_, query, quiet=True, damage=damage)) as batches:
        async for batch in batches:
            fresh = []
            for line in batch:
                # What bears that very millisecond is sent once more.
                if shown[line.at, line.text] > 0:
                    shown[line.at, line.text] -= 1
                elif window.holds(line):
                    fresh.append(line)
            if fresh or not batch:
                yield tuple(fresh)


async def _last(transport: Transport, clock: Clock, id_: str, tail: int | None, window: Window) -> tuple[LogLine, ...]:
    """The newest lines: as many as asked for, out of the shortest time that holds them; with a beginning and no number all of them."""
    since = window.since
    wanted = LIMIT * PAGES if tail is None and since is not None else max(0, TAIL if tail is None else tail)
    starts = [since] if since is not None else [(window.until or clock.wall()) - span for span in WINDOWS]
    kept: deque[LogLine] = deque(maxlen=wanted)
    for start in starts:
        kept.clear()
        for _ in range(PAGES):
            query = {"limit": str(LIMIT)} | window.query(start)
            async with aclosing(_stream(transport, clock, id_, query, quiet=False)) as batches:
                page = [line async for batch in batches for line in batch]
            # The next page begins with the millisecond in which this one ended: what it had of it comes once more.
            known: Counter[tuple[datetime | None, str]] = Counter((line.at, line.text) for line in kept if line.at == start)
            for line in page:
                if known[line.at, line.text] > 0:
                    known[line.at, line.text] -= 1
                else:
                    kept.append(line)
            newest = max((line.at for line in page if line.at is not None), default=None)
            if len(page) < LIMIT or newest is None:
                break
            start = newest if newest > start else start + timedelta(milliseconds=1)
        if len(kept) >= wanted:
            break
    return tuple(kept)


class Damage:
    """Records of a JSON stream that are none. The first time one is taken for damaged on its way, and the log is opened again from a
    little before it; a record that comes so again is what the server has to say."""

    def __init__(self) -> None:
        self._known: set[bytes] = set()

    def lines(self, record: Record, now: datetime) -> tuple[LogLine, ...]:
        """The lines of a record. Raises ``Unreadable`` for one that should come again."""
        try:
            return logs.lines(record, now, strict=record.data not in self._known)
        except REFUSALS:
            if len(self._known) >= SUSPECTS:
                self._known.clear()
            self._known.add(record.data)
            raise Unreadable("a record that is no JSON") from None


async def _stream(
    transport: Transport, clock: Clock, id_: str, query: Mapping[str, str], *, quiet: bool, damage: Damage | None = None
) -> Batches:
    async with transport.stream(
        PATH, ids={"id": id_}, query=dict(query), quiet=quiet, headers_within=STREAM_HEADERS if quiet else PATIENCE
    ) as stream:
        yield ()
        splitter = None
        async for chunk in stream.chunks():
            splitter = splitter or splitter_for(stream.content_type)
            wary = damage is not None and stream.content_type == NDJSON
            batch: list[LogLine] = []
            wrong: BadReply | None = None
            for record in splitter.feed(chunk):
                try:
                    batch += damage.lines(record, clock.wall()) if damage and wary else logs.lines(record, clock.wall())
                except Unreadable as error:
                    wrong = BadReply(f"the log stream was damaged on its way: {error}", connection=transport.connection)
                    break
                if len(batch) >= BATCH:
                    yield tuple(batch)
                    batch = []
            if batch:
                yield tuple(batch)
            if wrong is not None:
                raise wrong
        rest = [line for record in splitter.finish() for line in logs.unfinished(record, clock.wall(), follow=quiet)] if splitter else []
        if rest:
            yield tuple(rest)


def _ms(at: datetime) -> str:
    return str(int(at.timestamp() * 1000))
