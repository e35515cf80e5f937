"""One feed's life: wait, ask, put what came into the store, plan the next time. It never dies of what it meets.

Which feeds there are is the poller's matter; what may leave when is decided by ``connection``, ``budget`` and ``pace``.
"""

from __future__ import annotations

import asyncio
import logging
import math
from dataclasses import dataclass
from random import Random
from typing import Final, Protocol

from tui.clock import Clock
from tui.engine.circuit import LOST, Backoff, gateway, nobody
from tui.engine.connection import Connection, Later
from tui.engine.feeds import NEVER, Change, Feed
from tui.engine.pace import Rank, View, view_of
from tui.engine.store import Store
from tui.engine.waiting import Nap
from tui.errors import BadReply, Forbidden, NoEndpoint, NotFound, PlatformError, RateLimited, Refused, Unauthorized, Unreachable, displaced
from tui.platforms.base import Read, Rows

log = logging.getLogger(__name__)

REFUSED_AGAIN: Final = 120.0
"""Seconds until a feed that the server refuses (403, 404, 422) is tried again."""
PATIENT: Final = 180.0
"""Seconds for which what is wrong with what was read before is taken for the answer of something in its server's place."""
STANDS: Final = 30.0
"""Seconds after which nonsense is no longer a whim of a server that is sick and answers in between."""
ABSENT_AGAIN: Final = 600.0
"""Seconds until a list that is not offered is asked for once more: something else may have answered in its server's place."""

SHORT: Final = 30.0
"""A wait for the budget that is not worth telling."""
LOOK_AGAIN: Final = 60.0


class Owner(Protocol):
    """What a reader needs of the poller."""

    def interval(self, reader: Reader) -> float:
        """Seconds until its next read, stretched to the budget, with jitter."""

    def found_out(self, connection: Connection) -> None:
        """The connection's flavour is known now."""

    def exhausted(self, connection: Connection, until: float) -> None:
        """What polls may use of the connection's budget is used up until this boot time."""

    def came(self, reader: Reader, change: Change) -> None:
        """A read succeeded."""

    def failed(self, reader: Reader, change: Change) -> None:
        """A read failed."""


@dataclass(slots=True)
class _Wait:
    round: int
    done: asyncio.Future[None]


class Reader:
    """``due`` is the boot time of the next read. ``shown`` and ``urged_until`` are set by the poller, which then calls ``rouse``."""

    def __init__(self, feed: Feed, connection: Connection, *, owner: Owner, store: Store, clock: Clock, random: Random, due: float) -> None:
        self.feed = feed
        self.connection = connection
        self.due = due
        self.shown = False
        self.urged_until = -math.inf
        self.tried = False
        self.rank, self.wished, self.weight = Rank.HIDDEN, math.inf, 0
        self.task: asyncio.Task[None] | None = None
        self._owner = owner
        self._store = store
        self._clock = clock
        self._random = random
        self._asking: asyncio.Task[Rows] | None = None
        self._anew = False
        self._nap = Nap(clock)
        self._backoff = Backoff(random)
        self._urgent = False
        self._round = 0
        self._waiting: list[_Wait] = []
        self._calm_since = clock.boot()
        self._quick = self._approval = False
        self._error_type: type[PlatformError] | None = None

    @property
    def read(self) -> Read:
        """How it is read: asked each time, because a flavour found out later may read it differently."""
        return self.connection.platform.reads[self.feed.kind]

    def view(self) -> View:
        """What decides its pace at this moment."""
        boot = self._clock.boot()
        return View(
            every=self.read.every,
            floor=self.connection.floor,
            shown=self.shown,
            scoped=bool(self.feed.scope) and not self.read.on_demand,
            quick=self._quick,
            approval=self._approval,
            urged=boot < self.urged_until,
            calm_for=boot - self._calm_since,
        )

    def move(self, due: float) -> None:
        """Read at another time than was planned."""
        self.due = due
        self._store.move(self.feed, due, trying=self._asking is not None)

    def rouse(self) -> None:
        """Look again at what is due."""
        self._nap.rouse()

    def again(self) -> asyncio.Future[None]:
        """Read at once, ahead of schedule and budget; done when a read that began after this call has ended."""
        done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.append(_Wait(round=self._round + 1, done=done))
        self._urgent = True
        self.rouse()
        return done

    def anew(self) -> None:
        """The network is back: what was asked before that may never be answered, and is asked again as soon as it is due."""
        asking = self._asking
        if asking is not None and asking is not asyncio.current_task() and not asking.done():
            self._anew = True
            asking.cancel()

    def give_up(self) -> None:
        """Nobody waits for a read any more."""
        self._release(self._round + 1)

    async def run(self) -> None:
        """Read for ever; ends only by being cancelled."""
        try:
            while True:
                try:
                    await self._turn()
                except Exception as error:
                    log.exception("%s: an unexpected failure", self.feed)
                    self._fail(PlatformError(f"unexpected {type(error).__name__}: see the log", connection=self.feed.connection))
                    self.tried = True
                    await self._clock.sleep(1.0)
        finally:
            self.give_up()

    # inside

    async def _turn(self) -> None:
        while (seconds := self._wait()) > 0.0:
            await self._nap.sleep(seconds)
        urgent, self._urgent = self._urgent, False
        self._round += 1
        try:
            await self._ask(urgent=urgent)
        except Later:
            self._round -= 1
            for each in self._waiting:  # nothing was asked: whatever is asked next began after each of their calls
                each.round = min(each.round, self._round + 1)
            self._urgent = self._urgent or (urgent and bool(self._waiting))
            self.move(self.due)
            return
        except BaseException:
            self._release(self._round)
            raise
        self.tried = True
        self._release(self._round)

    def _wait(self) -> float:
        """Seconds until it may ask: its plan, then the circuit, then the budget."""
        if self._urgent:
            return 0.0
        seconds = self.due - self._clock.boot()
        cost = self.read.cost
        if cost <= 0 and self.connection.detected:
            return seconds
        hold = self.connection.circuit.hold()
        if hold > 0.0 or seconds > 0.0:
            return max(seconds, hold)
        empty = self.connection.budget.wait(cost)
        if empty > 0.0:
            self._store.plan(self.feed, self._clock.boot() + empty)
            if empty > SHORT:
                self._owner.exhausted(self.connection, self._clock.boot() + empty)
            # Looked at now and then, in case the server has become generous; and nobody starts at the very moment of the reset,
            # because other consoles would meet us there.
            return min(empty, LOOK_AGAIN) + self._random.uniform(0.5, 3.0)
        return 0.0

    async def _ask(self, *, urgent: bool) -> None:
        self._store.trying(self.feed)
        try:
            if not self.connection.detected and await self.connection.detect():
                self._owner.found_out(self.connection)
                await asyncio.sleep(0)  # where this flavour has no such feed, it ends here
            read = self.read
            way = self.connection.now if urgent and read.cost > 0 else self.connection.poll
            self._asking = asyncio.ensure_future(way(lambda: self._fetch(read), cost=read.cost, source=self.feed))
            rows = await self._asking
        except PlatformError as error:
            self._fail(error.alone())
            return
        except asyncio.CancelledError:
            own = asyncio.current_task()
            if self._anew and own is not None and not own.cancelling():
                raise Later from None
            raise
        finally:
            self._asking, self._anew = None, False
        boot = self._clock.boot()
        self._backoff.good(boot)
        self._said(None)
        change = self._store.put(self.feed, rows)
        if change.data:
            self._calm_since = boot
            self._quick, self._approval = view_of(rows.items)
        self._plan(self._owner.interval(self))
        self._owner.came(self, change)

    async def _fetch(self, read: Read) -> Rows:
        """What this server offered a while ago it has not given up; and who says "not found" while it is lost may be another."""
        try:
            return await read.fetch(self.feed.scope)
        except (NoEndpoint, NotFound) as error:
            missing = isinstance(error, NoEndpoint) or not self.feed.scope or self._stranger(read)
            known = self._store.freshness(self.feed).fetched_boot is not None or self.connection.circuit.word == "down"
            if not missing or not known:
                raise
            raise displaced(error) from error

    def _stranger(self, read: Read) -> bool:
        """Whether the list that names what this one is read for is not to be had: then nobody knows who says that it is not there."""
        above = self._store.freshness(Feed(connection=self.feed.connection, kind=read.per)) if read.per is not None else NEVER
        return isinstance(above.error, BadReply)

    def _fail(self, error: PlatformError) -> None:
        self._said(error)
        wait = self._after(error)
        self.due = self._clock.boot() + wait
        hold = self.connection.circuit.hold()
        next_try = None if math.isinf(hold) else max(self.due, self._clock.boot() + hold)
        self._owner.failed(self, self._store.fail(self.feed, error, next_try))

    def _after(self, error: PlatformError) -> float:
        """Seconds until the next try."""
        if isinstance(error, NoEndpoint):
            # Where nothing was ever there, something else may have answered from the beginning.
            answered = self._store.answered(self.connection.name)
            return ABSENT_AGAIN if answered else min(self._backoff.fail(self._clock.boot()), LOST)
        if isinstance(error, Forbidden | NotFound | Refused):
            return self._soon() or max(REFUSED_AGAIN, self._owner.interval(self))
        if isinstance(error, RateLimited | Unauthorized) or self.connection.circuit.word == "down":
            # The circuit knows how long; all its feeds start again spread over a few seconds.
            return self._random.uniform(0.0, 3.0)
        boot, asked = self._clock.boot(), self._store.freshness(self.feed).asked_boot
        wait = self._backoff.fail(boot)
        if nobody(error):
            # Others are answered, or the circuit would know: this list was lost on the way, and is looked for as a lost network is, from
            # the beginning of one look, which may have hung, to that of the next.
            hung = 0.0 if asked is None else boot - asked
            return min(wait, max(1.0, LOST * self._random.uniform(1.0, 1.1) - hung))
        if isinstance(error, BadReply) or gateway(error):
            return min(wait, self._soon(STANDS) or max(LOST, 2 * self._owner.interval(self)))
        return wait

    def _soon(self, least: float = 0.0) -> float:
        """Seconds until the next look for what was there before and is answered for by something else, most likely; 0 where it never
        was, or is missing for less than ``least`` or for long."""
        fresh, boot = self._store.freshness(self.feed), self._clock.boot()
        missing = boot - (boot if fresh.failing_since is None else fresh.failing_since)
        if fresh.fetched_boot is None or not least <= missing < PATIENT:
            return 0.0
        # Where everything is refused, looks for all of it must leave enough of the budget for the moment at which it is over.
        all_of_it = self.connection.sources / max(self.connection.budget.pace(), 1e-6)
        return max(LOST, min(all_of_it, REFUSED_AGAIN)) * self._random.uniform(1.0, 1.1)

    def _plan(self, seconds: float) -> None:
        self.due = self._clock.boot() + seconds
        self._store.plan(self.feed, self.due)

    def _said(self, error: PlatformError | None) -> None:
        """Log the edges only: the first failure of a kind, and the recovery."""
        if error is None:
            if self._error_type is not None:
                log.info("%s: back", self.feed)
            self._error_type = None
        elif type(error) is not self._error_type:
            self._error_type = type(error)
            level = logging.INFO if isinstance(error, NoEndpoint) else logging.WARNING
            if isinstance(error, Unreachable | BadReply | RateLimited | Unauthorized) and self.connection.circuit.word is not None:
                level = logging.DEBUG  # the connection's own line says it for all its feeds
            log.log(level, "%s: %s", self.feed, error)

    def _release(self, round_: int) -> None:
        over = [each for each in self._waiting if each.round <= round_]
        self._waiting = [each for each in self._waiting if each.round > round_]
        for each in over:
            if not each.done.done():
                each.done.set_result(None)
