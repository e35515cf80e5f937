"""When a token is renewed, and that only one renewal runs at a time, however many callers want one.

Life is counted on the boot clock from the moment of the answer: never from the server's clock, never from what a token says of
itself. How a new token is got is the business of ``tokens``.
"""

from __future__ import annotations

import asyncio
import math
import random
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Final

from tui.clock import Clock
from tui.errors import PlatformError
from tui.text import Secret

SHORTEST: Final = 60.0
LONGEST: Final = 86_400.0
UNSAID: Final = 300.0
"""Seconds of life that are believed at least and at most, and that a token has whose life is missing or absurd."""

EARLY: Final = 0.8
"""Share of its life after which one caller renews in the background while all others go on with the old token."""

SPREAD: Final = 0.05
"""At most so much earlier, so that many consoles do not renew in the same second."""

LAST: Final = 60.0
"""Seconds before the end from which on everybody waits for the new token; a tenth of a short life."""

PAUSE_EARLY: Final = 60.0
PAUSE_LATE: Final = 10.0
"""Seconds without another try after a renewal failed while the old token still lives: early, and within the last minute."""


def life(expires_in: object) -> float:
    """Seconds that a token lives, whatever the server wrote into ``expires_in``."""
    if isinstance(expires_in, str):
        try:
            expires_in = float(expires_in)
        except ValueError:
            return UNSAID
    if isinstance(expires_in, bool) or not isinstance(expires_in, int | float):
        return UNSAID
    # A 5000-digit number is no float; neither is it a life.
    if isinstance(expires_in, int) and expires_in > LONGEST:
        return LONGEST
    if not math.isfinite(expires_in) or expires_in <= 0:
        return UNSAID
    return min(max(float(expires_in), SHORTEST), LONGEST)


@dataclass(frozen=True, slots=True, kw_only=True)
class Token:
    """An access token and when, in boot seconds, it is renewed early, must be renewed, and is dead."""

    value: Secret = field(repr=False)
    early: float
    late: float
    dead: float

    @classmethod
    def lasting(cls, value: Secret, seconds: float, now: float, spread: float) -> Token:
        """A token that lives so many more seconds; ``spread`` is 0 to 1."""
        return cls(
            value=value,
            early=now + seconds * (EARLY - SPREAD * spread),
            late=now + seconds - min(LAST, seconds / 10),
            dead=now + seconds,
        )


class Renewal:
    """The current token of one sign-in. ``fetch(old)`` gets another; it raises ``PlatformError`` and runs at most once at a time, in a
    task that no caller cancels. A generation number goes with every token, so that a 401 for an old one renews nothing."""

    def __init__(self, clock: Clock, fetch: Callable[[Token | None], Awaitable[Token]]) -> None:
        self._clock = clock
        self._fetch = fetch
        self._token: Token | None = None
        self._generation = 0
        self._flight: asyncio.Task[PlatformError | None] | None = None
        self._pause_until = -math.inf

    async def current(self) -> tuple[Secret, int]:
        """A token that is alive, and its generation. Raises what ``fetch`` raises if there is none."""
        now = self._clock.boot()
        token = self._token
        if token is None or now >= token.dead:
            await self._renewed()
        elif now >= self._pause_until and now >= token.late:
            await self._renewed_or(token)
        elif now >= self._pause_until and now >= token.early:
            self._start()
        if self._token is None:
            raise RuntimeError("a renewal ended without a token")
        return self._token.value, self._generation

    async def replace(self, generation: int) -> bool:
        """After a 401: True if there is a token of another generation now. Raises what ``fetch`` raises."""
        if generation == self._generation:
            await self._renewed()
        return generation != self._generation

    async def aclose(self, seconds: float) -> None:
        """Give a renewal that is under way so long to end."""
        flight = self._flight
        if flight is None or flight.done():
            return
        await asyncio.wait({flight}, timeout=seconds)
        flight.cancel()
        await asyncio.gather(flight, return_exceptions=True)

    async def _renewed_or(self, old: Token) -> None:
        """Renew; a failure is none while the old token lives."""
        problem = await asyncio.shield(self._start())
        if problem is not None and self._clock.boot() >= old.dead:
            raise problem.with_traceback(None)

    async def _renewed(self) -> None:
        problem = await asyncio.shield(self._start())
        if problem is not None:
            # The same error is raised to every waiting caller: each must begin with a clean traceback.
            raise problem.with_traceback(None)

    def _start(self) -> asyncio.Task[PlatformError | None]:
        """The one renewal that is under way, begun now if there is none."""
        if self._flight is None or self._flight.done():
            self._flight = asyncio.create_task(self._fly())
        return self._flight

    async def _fly(self) -> PlatformError | None:
        try:
            fresh = await self._fetch(self._token)
        except PlatformError as problem:
            now = self._clock.boot()
            late = self._token is not None and now >= self._token.late
            self._pause_until = now + (PAUSE_LATE if late else PAUSE_EARLY)
            return problem
        self._token = fresh
        self._generation += 1
        self._pause_until = -math.inf
        return None


def spread() -> float:
    """A number from 0 to 1 that differs between consoles."""
    return random.SystemRandom().random()
