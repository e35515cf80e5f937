"""Log streams: one per followed thing however many follow it, opened again whenever it ends, for as long as somebody follows.

What is new after an interruption is decided in ``resume``; how bytes become lines, in the platform.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from random import Random
from typing import Any, Final, Literal

from tui.clock import Clock
from tui.engine.connection import Connection
from tui.engine.resume import TAIL, Entry, Resume
from tui.engine.ring import Ring
from tui.engine.signals import Signal
from tui.errors import (
    Forbidden,
    NoEndpoint,
    NotFound,
    RateLimited,
    Refused,
    RollwatchError,
    Unauthorized,
    Unsupported,
    UsageError,
)
from tui.model import LogLine, Ref

log = logging.getLogger(__name__)

CAPACITY: Final = 20_000
"""Lines kept of one stream."""
TOTAL: Final = 200_000
"""Lines kept of all streams together; the longest gives way."""
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

Word = Literal["connecting", "live", "quiet", "reconnecting", "ended", "unsupported"]


@dataclass(frozen=True, slots=True, kw_only=True)
class StreamState:
    """How a stream is. ``since`` (boot seconds) is when that began, for ``quiet`` the time of the last line; ``reason`` says why
    it is not live; ``next_try`` (boot seconds) when it is opened again."""

    word: Word
    since: float
    reason: str = ""
    next_try: float | None = None


class _Stream:
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
        while True:
            began = self._clock.boot()
            try:
                reason = await self._listen()
                wait = 0.0 if not reason else None
            except (Unsupported, NoEndpoint) as error:
                if isinstance(error, Unsupported) or not self.ring:
                    self._say("unsupported", str(error))
                    return
                reason, wait = str(error), None  # there was one before: something answers in its server's place
            except (Forbidden, NotFound, Refused) as error:
                self._say("ended", str(error))
                return
            except Unauthorized as error:
                self._say("ended", str(error))
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
            await _close(lines, batch)

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

    def _say(self, word: Word, reason: str, next_try: float | None = None) -> None:
        if self._state.word != word:
            log.info("log of %s: %s: %s", self.ref, word, reason)
        self._state = StreamState(word=word, since=self._clock.boot(), reason=reason, next_try=next_try)
        self.heard.publish(())


async def _close(lines: AsyncIterator[tuple[LogLine, ...]], batch: asyncio.Future[tuple[LogLine, ...]] | None) -> None:
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


class LogFollow:
    """One follower of a shared stream. Close it: the last one to close ends the stream."""

    def __init__(self, stream: _Stream, streams: Streams) -> None:
        self.ref = stream.ref
        self._stream = stream
        self._streams = streams
        self._ends: list[Callable[[], None]] = []
        self._open = True

    @property
    def lines(self) -> Ring[Entry]:
        """What is kept: lines and gaps, oldest first. Shared by all followers; not to be changed."""
        return self._stream.ring

    @property
    def dropped(self) -> int:
        """Entries that were forgotten because there were too many."""
        return self._stream.ring.dropped

    @property
    def state(self) -> StreamState:
        """How the stream is at this moment."""
        return self._stream.state

    def listen(self, callback: Callable[[tuple[Entry, ...]], object]) -> Callable[[], None]:
        """Call with each batch of new entries, and with an empty one when the state is another; returns what ends it."""
        end = self._stream.heard.subscribe(callback)
        self._ends.append(end)
        return end

    def retry(self) -> None:
        """Open it now instead of when it is planned, or though it had ended."""
        self._streams.start(self._stream)

    async def batches(self) -> AsyncIterator[tuple[Entry, ...]]:
        """What is kept now, then everything new, until the stream ends for good (its ``state`` says why) or this is closed."""
        queue: asyncio.Queue[tuple[Entry, ...]] = asyncio.Queue()
        end = self.listen(queue.put_nowait)
        try:
            if len(self.lines):
                yield tuple(self.lines)
            while self._open and (self.state.word not in {"ended", "unsupported"} or not queue.empty()):
                batch = await queue.get()
                if batch:
                    yield batch
        finally:
            end()

    def close(self) -> None:
        """Follow no more. Calling it again does nothing."""
        if not self._open:
            return
        self._open = False
        self._stream.heard.publish(())
        for end in self._ends:
            end()
        self._streams.leave(self._stream)


class Streams:
    """All streams of a session."""

    def __init__(
        self, connections: Mapping[str, Connection], *, clock: Clock, random: Random, ready: Awaitable[object] | None = None
    ) -> None:
        """Nothing is asked before ``ready`` is done."""
        self._connections = connections
        self._ready = ready
        self._clock = clock
        self._random = random
        self._streams: dict[Ref, _Stream] = {}
        self._ending: set[asyncio.Task[None]] = set()

    def follow(self, ref: Ref, *, tail: int, since: datetime | None = None) -> LogFollow:
        """Join the stream of ``ref``, or open it with its last ``tail`` lines or all that it said ``since``. Raises
        ``errors.UsageError`` for an unknown connection."""
        stream = self._streams.get(ref)
        if stream is None:
            connection = self._connections.get(ref.connection)
            if connection is None:
                raise UsageError(f"there is no connection {ref.connection!r}")
            stream = _Stream(ref, connection, clock=self._clock, random=self._random, tail=tail, since=since, grew=self._trim)
            self._streams[ref] = stream
        if stream.task is None or stream.task.done():
            self.start(stream)
        stream.followers += 1
        return LogFollow(stream, self)

    def start(self, stream: _Stream) -> None:
        """Open a stream that is not open, or that waits."""
        if stream.task is None or stream.task.done():
            stream.task = asyncio.create_task(self._run(stream), name=f"log of {stream.ref}")
        else:
            stream.wake()

    async def _run(self, stream: _Stream) -> None:
        if self._ready is not None:
            await self._ready
        await stream.run()

    def leave(self, stream: _Stream) -> None:
        """One follower less; the last one ends the stream."""
        stream.followers -= 1
        if stream.followers <= 0 and self._streams.get(stream.ref) is stream:
            del self._streams[stream.ref]
            self._end(stream)

    async def read(
        self, ref: Ref, *, tail: int | None, since: datetime | None, until: datetime | None = None
    ) -> AsyncIterator[tuple[LogLine, ...]]:
        """The log as it is now, without following. Raises ``errors.RollwatchError``."""
        connection = self._connections.get(ref.connection)
        if connection is None:
            raise UsageError(f"there is no connection {ref.connection!r}")
        await connection.detect()
        connection.budget.spend(1)
        lines = connection.platform.logs(ref, tail=tail, follow=False, since=since, until=until)
        try:
            async for batch in lines:
                if batch:
                    yield batch
        finally:
            connection.budget.settle(1)
            await _close(lines, None)

    def signed_in(self, name: str) -> None:
        """New credentials: streams that ended for want of them go on."""
        for stream in self._streams.values():
            if stream.ref.connection == name:
                stream.wake()

    def hurry(self) -> None:
        """The machine slept: nobody knows which streams still live, so all are opened anew."""
        for stream in self._streams.values():
            if stream.task is not None and not stream.task.done():
                self._end(stream)
                stream.task = None
                self.start(stream)

    async def close(self) -> None:
        """End all streams."""
        for stream in list(self._streams.values()):
            self._end(stream)
        self._streams.clear()
        await asyncio.gather(*self._ending, return_exceptions=True)

    def _end(self, stream: _Stream) -> None:
        if stream.task is not None and not stream.task.done():
            stream.task.cancel()
            self._ending.add(stream.task)
            stream.task.add_done_callback(self._ending.discard)

    def _trim(self) -> None:
        """Keep all rings together within bounds."""
        over = sum(len(stream.ring) for stream in self._streams.values()) - TOTAL
        if over > 0:
            max((stream.ring for stream in self._streams.values()), key=len).forget(over)
