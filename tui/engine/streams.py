"""All log streams of a session: one per followed thing however many follow it, within one bound for the lines of all.

How one of them lives is said in ``stream``.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from datetime import datetime
from random import Random
from typing import Final

from tui.clock import Clock
from tui.engine.connection import Connection
from tui.engine.resume import Entry
from tui.engine.ring import Ring
from tui.engine.stream import Stream, StreamState, close
from tui.errors import UsageError
from tui.model import LogLine, Ref

TOTAL: Final = 200_000
"""Lines kept of all streams together; the longest gives way."""


class LogFollow:
    """One follower of a shared stream. Close it: the last one to close ends the stream."""

    def __init__(self, stream: Stream, streams: Streams) -> None:
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
        """Nothing is asked before ``ready`` is done, which is awaited once for each stream that is opened."""
        self._connections = connections
        self._ready = ready
        self._clock = clock
        self._random = random
        self._streams: dict[Ref, Stream] = {}
        self._ending: set[asyncio.Task[None]] = set()

    def follow(self, ref: Ref, *, tail: int, since: datetime | None = None) -> LogFollow:
        """Join the stream of ``ref``, or open it with its last ``tail`` lines or all that it said ``since``. Raises
        ``errors.UsageError`` for an unknown connection."""
        stream = self._streams.get(ref)
        if stream is None:
            connection = self._connections.get(ref.connection)
            if connection is None:
                raise UsageError(f"there is no connection {ref.connection!r}")
            stream = Stream(ref, connection, clock=self._clock, random=self._random, tail=tail, since=since, grew=self._trim)
            self._streams[ref] = stream
        if stream.task is None or stream.task.done():
            self.start(stream)
        stream.followers += 1
        return LogFollow(stream, self)

    def start(self, stream: Stream) -> None:
        """Open a stream that is not open, or that waits."""
        if stream.task is None or stream.task.done():
            stream.task = asyncio.create_task(self._run(stream), name=f"log of {stream.ref}")
        else:
            stream.wake()

    async def _run(self, stream: Stream) -> None:
        if self._ready is not None:
            await self._ready
        await stream.run()

    def leave(self, stream: Stream) -> None:
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
            await close(lines, None)

    def wake(self, name: str) -> None:
        """New credentials, or the server is back: streams that wait for either go on."""
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

    def _end(self, stream: Stream) -> None:
        if stream.task is not None and not stream.task.done():
            stream.task.cancel()
            self._ending.add(stream.task)
            stream.task.add_done_callback(self._ending.discard)

    def _trim(self) -> None:
        """Keep all rings together within bounds."""
        over = sum(len(stream.ring) for stream in self._streams.values()) - TOTAL
        if over > 0:
            max((stream.ring for stream in self._streams.values()), key=len).forget(over)
