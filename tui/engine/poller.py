"""Which feeds there are, who looks at them, and how their intervals share each connection's budget.

One task per feed in one task group. How a single feed is read is said in ``reader``; what may leave, in ``connection``; what is told of
an outage, in ``outages``.
"""

from __future__ import annotations

import asyncio
import logging
import math
from collections.abc import Callable, Collection, Iterable, Mapping
from contextlib import suppress
from functools import partial
from random import Random
from typing import Final

from tui.clock import Clock
from tui.engine.connection import BURST, Connection
from tui.engine.feeds import Change, Feed, Freshness
from tui.engine.outages import Edge, Outages, Publish
from tui.engine.pace import Rank, stretch, wish
from tui.engine.reader import Reader
from tui.engine.store import Store
from tui.engine.waiting import Elapsed, before
from tui.errors import NotFound
from tui.model import Kind
from tui.platforms.base import Read

log = logging.getLogger(__name__)

SPREAD: Final = 3.0
"""Seconds over which the feeds of a connection start again after it was closed."""
BEAT: Final = 5.0
"""Seconds between looks at the clock; if much more has passed the machine slept."""
JITTER: Final = 0.1


class Poller:
    """``publish`` hears of every change, ``edge(connection, word, error)`` when a connection is lost, limited, signed out or back;
    ``woke`` is called when the machine was found to have slept."""

    def __init__(
        self, connections: Mapping[str, Connection], *, store: Store, clock: Clock, random: Random, publish: Publish, edge: Edge
    ) -> None:
        self._connections = connections
        self._store = store
        self._clock = clock
        self._random = random
        self._publish = publish
        self._readers: dict[Feed, Reader] = {}
        self._shown: dict[str, frozenset[Feed]] = {}
        self._demand: dict[str, dict[Rank, float]] = {name: {} for name in connections}
        self._outages = Outages(connections, store=store, publish=publish, edge=edge)
        self._group: asyncio.TaskGroup | None = None
        self._progress = asyncio.Event()
        self._closed = False
        self.woke: Callable[[], object] = lambda: None
        for connection in connections.values():
            connection.turned = partial(self._turned, connection)
            self.found_out(connection)

    # what the session asks

    def feeds(self, kind: Kind | None = None) -> tuple[Feed, ...]:
        """Every feed being read, connections in their configured order."""
        names = list(self._connections)
        found = [feed for feed in self._readers if kind is None or feed.kind is kind]
        return tuple(sorted(found, key=lambda feed: names.index(feed.connection)))

    def show(self, owner: str, feeds: Collection[Feed]) -> None:
        """What ``owner`` looks at from now on."""
        looked = self._looked_at()
        self._shown.pop(owner, None)
        if feeds:
            self._shown[owner] = frozenset(feeds)
        now = self._looked_at()
        for feed in looked - now:
            self._hide(feed)
        position = 0
        for feed in sorted(now - looked):
            reader = self._readers.get(feed) or (self._open(feed) if self._on_demand(feed) else None)
            if reader is not None:
                reader.shown = True
                self._reweigh(reader)
                position += self._hasten(reader, position)

    async def refresh(self, feeds: Collection[Feed] | None) -> tuple[Feed, ...]:
        """Read these feeds (None: what is shown) now; returns when each has answered or failed, with those that were not read."""
        wanted, began = self._looked_at() if feeds is None else feeds, self._clock.boot()
        waits = self._press(wanted)
        if waits:
            await asyncio.wait(waits)
        return tuple(feed for feed in wanted if feed in self._readers and not self._is_read(self._store.freshness(feed), began))

    async def settle(self, deadline: float) -> tuple[Feed, ...]:
        """Wait until every feed was read or failed once; those that were not when the deadline came. Somebody waits: the user's part
        of the budget is spent, but for what is read per parent."""
        self._press([feed for feed, reader in self._readers.items() if not reader.tried and not feed.scope])
        with suppress(Elapsed):
            await before(self._clock, deadline, self._settled())
        return tuple(feed for feed, reader in self._readers.items() if not reader.tried and not reader.read.on_demand)

    def signed_in(self, name: str) -> None:
        """The connection has new credentials."""
        connection = self._connections[name]
        if connection.circuit.word == "down":
            connection.circuit.hurry()  # whom nobody reaches has not answered yet, whoever asks
        else:
            connection.circuit.reset()
        self._turned(connection)

    def pace(self, floors: Mapping[str, float]) -> None:
        """Another shortest interval for each connection from now on; one that has none may be read as fast as its platform likes."""
        for connection in self._connections.values():
            floor = floors.get(connection.name, 0.0)
            if floor != connection.floor:
                connection.floor = floor
                for position, reader in enumerate(self._of(connection)):
                    self._reweigh(reader)
                    self._hasten(reader, position)

    def urge(self, feeds: Iterable[Feed], seconds: float) -> None:
        """Something was done to what these feeds show: read them every two seconds for a while."""
        boot = self._clock.boot()
        for feed in feeds:
            reader = self._readers.get(feed)
            if reader is not None:
                reader.urged_until = boot + seconds
                self._reweigh(reader)
                reader.move(min(reader.due, boot + 2.0))
                reader.rouse()

    def calm(self, feeds: Iterable[Feed]) -> None:
        """The effect was seen: back to the usual pace."""
        for feed in feeds:
            reader = self._readers.get(feed)
            if reader is not None:
                reader.urged_until = -math.inf
                self._reweigh(reader)

    async def run(self) -> None:
        """Read for ever; ends by being cancelled."""
        async with asyncio.TaskGroup() as group:
            self._group = group
            for reader in list(self._readers.values()):
                self._start(reader)
            for connection in self._connections.values():
                self._grow(connection)
            try:
                await self._watch()
            finally:
                self._group = None
                for reader in self._readers.values():
                    if reader.task is not None:
                        reader.task.cancel()

    async def close(self) -> None:
        """Nobody waits for a read any more, and no flavour is looked for."""
        self._closed = True
        self._progress.set()
        for reader in self._readers.values():
            reader.give_up()
        for connection in self._connections.values():
            await connection.close()

    # what a reader asks

    def interval(self, reader: Reader) -> float:
        """Seconds until its next read: its wish, stretched to the budget, with jitter."""
        self._reweigh(reader)
        connection, demand = reader.connection, self._demand[reader.feed.connection]
        seconds = reader.wished
        if reader.read.cost > 0 and connection.budget.limit > 0:
            budget = connection.budget
            factor = stretch(reader.rank, demand, budget.pace(), budget.pace(hurried=True))
            # A new window brings a new budget: nobody waits far beyond it.
            seconds = min(seconds * factor, max(seconds, budget.time_to_reset + self._random.uniform(0.0, seconds)))
        return seconds * self._random.uniform(1.0 - JITTER, 1.0 + JITTER)

    def found_out(self, connection: Connection) -> None:
        """The flavour is known: what can be read may differ from what was assumed."""
        reads = connection.platform.reads
        for reader in self._of(connection):
            if reader.feed.kind not in reads:
                self._close(reader.feed)
                self._publish(self._store.drop(reader.feed))
        for kind, read in reads.items():
            feed = Feed(connection=connection.name, kind=kind)
            if not read.on_demand and read.per is None and feed not in self._readers:
                self._open(feed)
        self._grow(connection)
        refused = [reader for reader in self._of(connection) if self._store.freshness(reader.feed).error is not None]
        for position, reader in enumerate(refused):  # nobody knew yet how to ask
            self._bring_forward(reader, self._clock.boot() + connection.spacing(position))

    def exhausted(self, connection: Connection, until: float) -> None:
        """What polls may use of the budget is used up until then."""
        self._outages.exhausted(connection, until)

    def came(self, reader: Reader, change: Change) -> None:
        """A read succeeded."""
        if reader.weight:
            self._outages.eased(reader.connection)
        self._publish(change)
        if (change.added or change.removed) and any(
            read.per is change.feed.kind for read in reader.connection.platform.reads.values() if not read.on_demand
        ):
            self._grow(reader.connection)
        self._progress.set()

    def failed(self, reader: Reader, change: Change) -> None:
        """A read failed. Where what it is read for is missing, the list that names it may have become another."""
        self._publish(change)
        feed, parent = reader.feed, reader.read.per
        above = None if parent is None or not feed.scope else self._readers.get(Feed(connection=feed.connection, kind=parent))
        missing = isinstance(self._store.freshness(feed).error, NotFound)
        if above is not None and missing and self._store.freshness(above.feed).error is None:
            self._bring_forward(above, self._clock.boot())
        self._progress.set()

    # inside

    @staticmethod
    def _is_read(fresh: Freshness, since: float) -> bool:
        return not fresh.offered or (fresh.error is None and fresh.fetched_boot is not None and fresh.fetched_boot >= since)

    def _press(self, wanted: Collection[Feed]) -> list[asyncio.Future[None]]:
        """Have these feeds read ahead of everything; what would be refused is asked once, and of a thousand feeds only the first are
        asked in one breath, the others brought forward."""
        waits: list[asyncio.Future[None]] = []
        for connection in self._connections.values():
            readers = [self._readers[feed] for feed in wanted if feed in self._readers and feed.connection == connection.name]
            readers.sort(key=lambda reader: reader.feed.scope != "")
            most = 1 if connection.circuit.word == "limited" or connection.budget.left() < 1 else BURST
            free = [reader for reader in readers if reader.read.cost <= 0]
            paid = [reader for reader in readers if reader.read.cost > 0]
            waits += [reader.again() for reader in (*free, *paid[:most])]
            for position, reader in enumerate(paid[most:]):
                self._bring_forward(reader, self._clock.boot() + connection.spacing(position + BURST))
        return waits

    def _of(self, connection: Connection) -> list[Reader]:
        return [reader for reader in self._readers.values() if reader.connection is connection]

    def _looked_at(self) -> frozenset[Feed]:
        return frozenset[Feed]().union(*self._shown.values())

    def _read(self, feed: Feed) -> Read | None:
        connection = self._connections.get(feed.connection)
        return None if connection is None else connection.platform.reads.get(feed.kind)

    def _on_demand(self, feed: Feed) -> bool:
        read = self._read(feed)
        return read is not None and read.on_demand and bool(feed.scope) == (read.per is not None)

    def _open(self, feed: Feed, delay: float = 0.0) -> Reader:
        connection = self._connections[feed.connection]
        due = self._clock.boot() + delay
        reader = Reader(feed, connection, owner=self, store=self._store, clock=self._clock, random=self._random, due=due)
        self._readers[feed] = reader
        reader.shown = feed in self._looked_at()
        self._store.wake(feed)
        self._reweigh(reader)
        if self._group is not None:
            self._start(reader)
        return reader

    def _start(self, reader: Reader) -> None:
        if self._group is not None:
            reader.task = self._group.create_task(reader.run(), name=f"read {reader.feed}")

    def _close(self, feed: Feed) -> None:
        reader = self._readers.pop(feed)
        self._weigh(reader, None)
        reader.give_up()  # one that has not begun yet does not do so itself
        if reader.task is not None:
            reader.task.cancel()

    def _hide(self, feed: Feed) -> None:
        reader = self._readers.get(feed)
        if reader is None:
            return
        reader.shown = False
        read = self._read(feed)
        if read is None or read.on_demand:
            self._close(feed)
            for change in self._store.rest(feed):
                self._publish(change)
        else:
            self._reweigh(reader)

    def _hasten(self, reader: Reader, position: int) -> int:
        """Now that somebody looks: read it at once if it is older than it should be. Returns how many reads that brings forward."""
        boot, fresh = self._clock.boot(), self._store.freshness(reader.feed)
        if not fresh.offered:
            return 0
        age = fresh.age(boot)
        soonest = boot if age is None or fresh.restored else boot + max(0.0, reader.wished - age)
        return self._bring_forward(reader, soonest + reader.connection.spacing(position))

    def _bring_forward(self, reader: Reader, due: float) -> int:
        if due >= reader.due:
            return 0
        reader.move(due)
        reader.rouse()
        return 1

    def _grow(self, connection: Connection) -> None:
        """Open a feed for every parent that has none yet, spread in time; close those whose parent is gone."""
        wanted: dict[Feed, None] = {}
        scoped = {kind: read.per for kind, read in connection.platform.reads.items() if read.per is not None and not read.on_demand}
        for kind, parent in scoped.items():
            for row in self._store.rows(parent, connection.name):
                wanted[Feed(connection=connection.name, kind=kind, scope=row.ref.id)] = None
        for feed in [feed for feed in self._readers if feed.connection == connection.name and feed.kind in scoped]:
            if feed not in wanted:
                self._close(feed)
                self._publish(self._store.drop(feed))
        new = [feed for feed in wanted if feed not in self._readers]
        for position, feed in enumerate(new):
            self._open(feed, delay=connection.spacing(position))

    def _reweigh(self, reader: Reader) -> None:
        """Keep the sum of what all feeds of a connection would like, in requests per second by rank."""
        self._weigh(reader, wish(reader.view()))

    def _weigh(self, reader: Reader, wanted: tuple[Rank, float] | None) -> None:
        demand, read = self._demand[reader.feed.connection], self._read(reader.feed)
        if reader.weight:
            demand[reader.rank] = max(0.0, demand.get(reader.rank, 0.0) - reader.weight / reader.wished)
            reader.connection.sources -= 1
        reader.rank, reader.wished = wanted or (reader.rank, math.inf)
        reader.weight = read.cost if read is not None and wanted is not None else 0
        if reader.weight:
            demand[reader.rank] = demand.get(reader.rank, 0.0) + reader.weight / reader.wished
            reader.connection.sources += 1

    def _turned(self, connection: Connection) -> None:
        """The circuit opened, closed or failed a probe: let every feed look again, and tell it."""
        circuit, boot, readers = connection.circuit, self._clock.boot(), self._of(connection)
        if circuit.word is None:
            over = max(SPREAD, connection.spacing(len(readers)))
            for reader in readers:
                if reader.due < boot + SPREAD or self._store.freshness(reader.feed).error is not None:
                    reader.move(boot + self._random.uniform(0.0, over))
        for reader in readers:
            if circuit.lost and self._store.freshness(reader.feed).offered:
                reader.move(min(reader.due, boot))  # any of them may be the one that looks
            reader.rouse()
        self._outages.turned(connection, readers)
        self._progress.set()

    async def _settled(self) -> None:
        while not self._closed and not all(reader.tried for reader in self._readers.values() if not reader.read.on_demand):
            self._progress.clear()
            await self._progress.wait()

    async def _watch(self) -> None:
        """Notice that the machine slept, or that everything stood still: what is overdue starts again spread, not all at once. And what is
        over by the clock alone.
        """
        last = self._clock.boot()
        while True:
            await self._clock.sleep(BEAT)
            boot = self._clock.boot()
            if boot - last > BEAT * 3:
                log.info("%.0f s passed unnoticed: reading everything again", boot - last)
                self.woke()
                for connection in self._connections.values():
                    connection.circuit.hurry()
                for reader in self._readers.values():
                    reader.move(boot + self._random.uniform(0.0, SPREAD * 2 if reader.shown else SPREAD * 10))
                    reader.rouse()
                for connection in self._connections.values():
                    if connection.circuit.word == "down":
                        self._turned(connection)  # one of its lists looks at once, and what is told of the next look is so
            for connection in self._connections.values():
                connection.ease()
            last = boot
