"""One connection at run time: its platform, its budget, its circuit, and the few requests that may be under way together.

It decides whether a request may leave and keeps the books. It knows no feed, no store and no schedule.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from random import Random
from typing import Final, TypeVar

from tui.clock import Clock
from tui.engine.budget import Budget
from tui.engine.circuit import Circuit
from tui.engine.waiting import Elapsed, before
from tui.errors import NoEndpoint, OutcomeUnknown, PlatformError, RateLimited, Unauthorized, Unreachable, Unsupported, WrongBaseUrl
from tui.platforms.base import Platform

T = TypeVar("T")

TOGETHER: Final = 4
"""Polls of one connection that are under way at the same time."""

BURST: Final = 12
"""Feeds that may start at the same moment, and reads that one key press may cause."""

DEADLINE: Final = 60.0
"""Seconds after which a read counts as failed whatever it does; a single request has a shorter one of its own."""


VERB_DEADLINE: Final = 150.0
"""Seconds after which a verb of several steps is given up: each of its requests has a shorter deadline of its own."""


class Later(Exception):
    """While it waited for its turn the connection was closed to polls, or its budget ran out: nothing was sent."""


class Connection:
    """``floor`` is the shortest interval in seconds that the user allows; ``sources`` how many feeds make requests here;
    ``turned`` is called when the circuit opened, closed or failed a probe."""

    def __init__(self, platform: Platform, *, clock: Clock, random: Random, floor: float = 0.0) -> None:
        self.platform = platform
        self.name = platform.name
        self.floor = floor
        self.sources = 0
        self.detected = False
        self.turned: Callable[[], object] = lambda: None
        self.budget = Budget(lambda: platform.allowance, lambda: platform.rate, clock)
        self.circuit = Circuit(clock, random)
        self._clock = clock
        self._gate = asyncio.Semaphore(TOGETHER)
        self._front = asyncio.Semaphore(TOGETHER)
        self._detecting: asyncio.Task[bool] | None = None
        self._told = False

    async def poll(self, fetch: Callable[[], Awaitable[T]], *, cost: int, source: object) -> T:
        """One read of a schedule. Raises ``PlatformError``, and ``Later`` if its moment has passed meanwhile."""
        if cost <= 0:
            return await self._timed(fetch)
        async with self._gate:
            if self.circuit.hold() > 0.0 or self.budget.wait(cost) > 0.0:
                raise Later
            return await self.ask(fetch, cost=cost, source=source)

    async def now(self, fetch: Callable[[], Awaitable[T]], *, cost: int, source: object) -> T:
        """One read that the user asked for: it waits for no poll and no budget. Raises ``PlatformError``."""
        async with self._front:
            return await self.ask(fetch, cost=cost, source=source)

    def spacing(self, position: int) -> float:
        """Seconds that the n-th of many new feeds should wait, so that they do not all ask at once."""
        if position < BURST:
            return 0.0
        return (position - BURST) / max(self.budget.pace(), self.budget.steady() / 4)

    async def ask(self, fetch: Callable[[], Awaitable[T]], *, cost: int, source: object) -> T:
        """One request at once, without any gate; an open circuit is tried. Raises ``PlatformError``."""
        looked, began = self.circuit.probe(), self._clock.boot()
        self.budget.spend(cost)
        sent = True
        try:
            found = await self._timed(fetch)
            if looked and self.circuit.word != "limited" and not self._heard(began):
                self.circuit.release()  # what an adapter knows by itself says nothing of its server; a limit is over all the same
            elif looked or self.circuit.word not in {"limited", "signed-out"}:  # what was asked before that says nothing of it
                self.circuit.good()
            return found
        except PlatformError as error:
            sent = error.sent
            self._failed(error, source)
            raise
        except BaseException:
            self.circuit.release()
            raise
        finally:
            self.budget.settle(cost, sent=sent)
            self._tell()

    async def send(self, run: Callable[[], Awaitable[T]], *, cost: int) -> T:
        """One verb, at once and exactly once. Raises ``RollwatchError``; ``OutcomeUnknown`` if it does not end in time.

        Its failures do not close the connection to polls, but for what concerns every request: signed out, rate limited.
        """
        self.budget.spend(cost)
        try:
            return await before(self._clock, VERB_DEADLINE, run())
        except Elapsed:
            raise OutcomeUnknown(f"no end within {VERB_DEADLINE:.0f} s", connection=self.name) from None
        except (Unauthorized, RateLimited) as error:
            self._failed(error, self)
            self._tell()
            raise
        finally:
            self.budget.settle(cost)

    async def detect(self) -> bool:
        """Make sure that the flavour is known; True if it was found out just now. Many may wait for the same answer."""
        if self.detected:
            return False
        if self._detecting is None or self._detecting.done():
            self._detecting = asyncio.create_task(self._detect(), name=f"detect {self.name}")
            self._detecting.add_done_callback(lambda done: done.cancelled() or done.exception())
        return await asyncio.shield(self._detecting)

    def ease(self) -> None:
        """A limit that is over is no more, where no feed asks that could find out."""
        if self.circuit.word == "limited" and self.sources == 0 and self.circuit.hold() <= 0.0:
            self.circuit.reset()
            self.turned()

    async def close(self) -> None:
        """Give up what is under way."""
        if self._detecting is not None:
            self._detecting.cancel()
            await asyncio.gather(self._detecting, return_exceptions=True)

    async def _detect(self) -> bool:
        await self.ask(self._flavour, cost=1, source=self)
        self.detected = True
        return True

    async def _flavour(self) -> None:
        """A server that knows none of the paths of either flavour has answered nothing: it is not the one that was meant."""
        try:
            await self.platform.detect()
        except NoEndpoint as error:
            raise WrongBaseUrl(error.message, hint=error.hint, connection=self.name, status=error.status) from error

    def _heard(self, since: float) -> bool:
        heard = self.platform.heard
        return heard is not None and heard >= since

    def _tell(self) -> None:
        """Tell of an open circuit, and once of one that is closed again, also where an answer closed it that was asked for before."""
        told, self._told = self._told, self.circuit.word is not None
        if told or self._told:
            self.turned()

    def _failed(self, error: PlatformError, source: object) -> None:
        if isinstance(error, RateLimited) and self.circuit.word != "limited":
            self.budget.refused()
        # Before it is known what a server can, nothing else asks it.
        self.circuit.bad(error, source, 1 if source is self else self.sources)

    async def _timed(self, fetch: Callable[[], Awaitable[T]]) -> T:
        try:
            return await before(self._clock, DEADLINE, fetch())
        except Elapsed:
            raise Unreachable(f"no answer within {DEADLINE:.0f} s", connection=self.name) from None
        except Unsupported as error:
            raise NoEndpoint(error.message, hint=error.hint, connection=self.name, sent=False) from error
