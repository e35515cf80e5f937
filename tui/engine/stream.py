"""The stream of one log: opened again whenever it ends, for as long as somebody follows, and how it is meanwhile.

Who follows, and which streams there are, is ``streams``' matter; what is new after an interruption is decided in ``resume``; how bytes
become lines, in the platform.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from datetime import datetime
from random import Random
from typing import Any, Final, Literal

from tui.clock import Clock
from tui.engine.circuit import LOST
from tui.engine.connection import Connection
from tui.engine.resume import TAIL, Entry, Resume
from tui.engine.ring import Ring
from tui.engine.signals import Signal
from tui.errors import Forbidden, NoEndpoint, NotFound, RateLimited, Refused, RollwatchError, Unauthorized, Unsupported
from tui.model import LogLine, Ref

log = logging.getLogger(__name__)

CAPACITY: Final = 20_000
"""Lines kept of one stream."""
ROTATE: Final = (600.0, 900.0)
"""Seconds after which a stream is opened anew, because a connection may be dead without either end knowing."""
QUIET: Final = 5.0
"""Seconds without a line that count as quiet."""
SILENT: Final = 10.0
"""Seconds without an answer that count as connected and quiet: some servers send nothing, not even a header, before the first line."""
HELD: Final = 2.0
"""Seconds without a line after which a replay counts as over."""
STEADY: Final = 60.0
"""Seconds that a stream must have lived for its earlier failures to be forgotten; a new line forgets them at once."""
LONGEST: Final = 30.0
PATIENT: Final = 600.0
"""Seconds for which a log that was there is asked for though it is refused: something may answer in its server's place."""

Word = Literal["connecting", "live", "quiet", "reconnecting", "ended", "unsupported"]


@dataclass(frozen=True, slots=True, kw_only=True)
class StreamState:
    """How a stream is. ``since`` (boot seconds) is when that began, for ``quiet`` the time of the last line; ``reason`` says why
    it is not live, ``error`` what ended it for good; ``next_try`` (boot seconds) when it is opened again."""

    word: Word
    since: float
    reason: str = ""
    next_try: float | None = None
    error: RollwatchError | None = None


class Stream:
    """The one stream of a thing. ``heard`` tells of new entries; an empty tuple says that the state is another."""

    def __init__(
        self,
        ref: Ref,
        connection: Connection,
        *,
        clock: Clock,
        random: Random,
        tail: int,
        since: datetime | None = None,
        grew: Callable[[], object],
    ) -> None:
        self.ref = ref
        self.ring: Ring[Entry] = Ring(CAPACITY)
        self.heard: Signal[tuple[Entry, ...]] = Signal(f"log of {ref}")
        self.followers = 0
        self.task: asyncio.Task[None] | None = None
        self._connection = connection
        self._clock = clock
        self._random = random
        self._tail = tail
        self._since = since
        self._first: datetime | None = None
        self._grew = grew
        self._resume = Resume(clock.wall)
        self._state = StreamState(word="connecting", since=clock.boot())
        self._last_line: float | None = None
        self._failures = 0
        self._refused: float | None = None
        self._wake = asyncio.Event()

    @property
    def state(self) -> StreamState:
        """Quiet is not an event but the absence of one: it is read off the clock."""
        state, boot = self._state, self._clock.boot()
        if state.word == "connecting" and boot - state.since > SILENT:
            return StreamState(word="quiet", since=state.since)
        quiet_since = max(state.since, self._last_line or state.since)
        if state.word == "live" and boot - quiet_since > QUIET:
            return StreamState(word="quiet", since=self._last_line or state.since)
        return state

    def wake(self) -> None:
        """Open it at once if it waits for that, or ended for want of credentials."""
        self._wake.set()

    async def run(self) -> None:
        """Follow for ever; ends when the platform says that there is nothing to follow."""
        if self._state.word in {"ended", "unsupported"}:
            self._say("connecting", "")
        while True:
            began = self._clock.boot()
            try:
                reason = await self._listen()
                wait = 0.0 if not reason else None
            except (Unsupported, NoEndpoint) as error:
                if isinstance(error, Unsupported) or not self.ring:
                    self._end("unsupported", error)
                    return
                reason, wait = str(error), None  # there was one before: something answers in its server's place
            except (Forbidden, NotFound, Refused) as error:
                if not self._patient():
                    self._end("ended", error)
                    return
                reason, wait = str(error), min(self._backoff(began), 2 * LOST)
            except Unauthorized as error:
                self._end("ended", error)
                self._wake.clear()
                await self._wake.wait()
                reason, wait = "", 0.0
            except RateLimited as error:
                told = error.retry_after
                reason, wait = str(error), min(3600.0, max(1.0, 5.0 if told is None else told)) * self._random.uniform(1.0, 1.1)
            except RollwatchError as error:
                reason, wait = str(error), None
            except Exception as error:
                log.exception("log of %s", self.ref)
                reason, wait = f"unexpected {type(error).__name__}: see the log", None
            await self._pause(reason, self._backoff(began) if wait is None else wait)

    # inside

    def _patient(self) -> bool:
        """Whether a refusal may be that of something in the server's place: there was a log, and it is not refused for long."""
        boot = self._clock.boot()
        self._refused = boot if self._refused is None else self._refused
        return self._first is not None and boot - self._refused < PATIENT

    async def _listen(self) -> str:
        """One opening, until it ends; empty if it is only time for another, otherwise why."""
        await self._connection.detect()
        self._resume.begin()
        # Where nothing that went before was wanted, what was said since the first answer is still not to be lost.
        since = self._resume.since or (self._first if self._tail == 0 else None)
        again = since is not None or len(self.ring) > 0
        self._connection.budget.spend(1)
        answered = False
        lines = self._connection.platform.logs(self.ref, tail=TAIL if again else self._tail, follow=True, since=since or self._since)
        timer = asyncio.ensure_future(self._clock.sleep(self._random.uniform(*ROTATE)))
        batch: asyncio.Future[tuple[LogLine, ...]] | None = None
        try:
            while True:
                batch = asyncio.ensure_future(anext(lines))
                await self._until(batch, timer)
                if not answered:
                    answered = True
                    self._connection.budget.settle(1)
                if not batch.done():
                    return ""
                try:
                    self._came(batch.result())
                except StopAsyncIteration:
                    return "the server ended the stream"
        finally:
            timer.cancel()
            if not answered:
                self._connection.budget.settle(1)
            await close(lines, batch)

    async def _until(self, batch: asyncio.Future[Any], timer: asyncio.Future[Any]) -> None:
        """Wait for the next batch or for the rotation; lines held back are let go when nothing more comes."""
        if self._resume.holding:
            held = asyncio.ensure_future(self._clock.sleep(HELD))
            try:
                await asyncio.wait({batch, timer, held}, return_when=asyncio.FIRST_COMPLETED)
            finally:
                held.cancel()
            if not batch.done() and not timer.done():
                self._came(())
        await asyncio.wait({batch, timer}, return_when=asyncio.FIRST_COMPLETED)

    def _came(self, batch: tuple[LogLine, ...]) -> None:
        self._refused = None
        if self._state.word != "live":
            self._state = StreamState(word="live", since=self._clock.boot())
            self._first = self._first or self._clock.wall()
            if not batch:
                self.heard.publish(())
        fresh = tuple(self._resume.sift(batch))
        if fresh:
            self._last_line = self._clock.boot()
            self._failures = 0
            self.ring.extend(fresh)
            self._grew()
            self.heard.publish(fresh)

    def _backoff(self, began: float) -> float:
        if self._clock.boot() - began >= STEADY:
            self._failures = 0
        self._failures += 1
        longest = min(LONGEST, 2.0 ** (self._failures - 1))
        return self._random.uniform(longest / 5, longest)

    async def _pause(self, reason: str, seconds: float) -> None:
        if seconds <= 0.0:
            self._state = self.state if self._state.word == "live" else StreamState(word="connecting", since=self._clock.boot())
            return
        self._say("reconnecting", reason, self._clock.boot() + seconds)
        self._wake.clear()
        timer = asyncio.ensure_future(self._clock.sleep(seconds))
        woken = asyncio.ensure_future(self._wake.wait())
        try:
            await asyncio.wait({timer, woken}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            timer.cancel()
            woken.cancel()

    def _end(self, word: Word, error: RollwatchError) -> None:
        self._say(word, str(error), error=error.alone())

    def _say(self, word: Word, reason: str, next_try: float | None = None, error: RollwatchError | None = None) -> None:
        if self._state.word != word:
            log.info("log of %s: %s: %s", self.ref, word, reason)
        self._state = StreamState(word=word, since=self._clock.boot(), reason=reason, next_try=next_try, error=error)
        self.heard.publish(())


async def close(lines: AsyncIterator[tuple[LogLine, ...]], batch: asyncio.Future[tuple[LogLine, ...]] | None) -> None:
    """Leave the stream so that its connection is closed, too."""
    if batch is not None:
        batch.cancel()
        await asyncio.gather(batch, return_exceptions=True)
    aclose = getattr(lines, "aclose", None)
    if aclose is not None:
        try:
            await aclose()
        except (RollwatchError, RuntimeError, OSError) as error:
            log.debug("closing a stream: %s", error)
