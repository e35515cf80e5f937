"""One endless answer: opened on a client of its own, read piece by piece, without a deadline once it flows.

What the bytes mean is ``lines``' business; opening it again is the engine's.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable

import httpx

from tui.errors import PlatformError
from tui.platforms.judge import Judge, failures, media_type
from tui.platforms.pinned import Pinned, Progress, Want, pieces
from tui.platforms.reach import Trouble
from tui.platforms.replies import Reply
from tui.platforms.scrub import scrubbed
from tui.text import Secret

REFUSAL_WITHIN = 5.0
"""Seconds that the body of a refusal may take."""


class StreamReply:
    """An open stream. ``status`` and ``content_type`` are None and empty while a quiet server has not sent its headers."""

    def __init__(self, judge: Judge, want: Want, token: Secret | None, open_pool: Callable[[], Pinned]) -> None:
        self.status: int | None = None
        self.content_type = ""
        self._judge = judge
        self._want = want
        self._token = token
        self._open_pool = open_pool
        self._pool: Pinned | None = None
        self._asking: asyncio.Task[httpx.Response] | None = None
        self._response: httpx.Response | None = None
        self._progress = Progress()

    async def open(self, within: float, *, quiet: bool) -> None:
        """Send the request and wait so many seconds for the headers. Raises the typed error for no answer; with ``quiet`` no answer
        from a server that took the request is none."""
        wrong: Exception | None = None
        try:
            self._pool = self._open_pool()
            self._asking = asyncio.create_task(self._pool.handle(self._want, self._token, self._progress))
            done, _ = await asyncio.wait({self._asking}, timeout=within)
            if done:
                self._take(self._asking.result())
            elif not (quiet and self._progress.sent):
                wrong = TimeoutError()
        except failures(Trouble) as failure:
            wrong = failure
        if wrong is not None:
            raise self._lost(wrong, within)

    async def refusal(self) -> PlatformError | None:
        """The typed error if the answer is no success, None while it is one or has not come."""
        if self._response is None or self.status is None or 200 <= self.status < 300:
            return None
        reply = Reply(status=self.status, content_type=self.content_type, path=self._want.path, host=self._judge.host)
        try:
            async with asyncio.timeout(REFUSAL_WITHIN):
                reply = await self._judge.read(self._response, self._want)
        except failures(TimeoutError):
            pass  # The status alone has to do.
        problem = self._judge.problem(reply)
        return None if problem is None else scrubbed(problem, self._secrets())

    async def chunks(self) -> AsyncIterator[bytes]:
        """The body's bytes as they come, decoded, in pieces of at most 64 KiB; ends where the server ends it.

        Raises the typed error for a late refusal and for a stream that was cut.
        """
        wrong: Exception | None = None
        try:
            if self._response is None and self._asking is not None:
                # A cancelled reader leaves through aclose, which throws the whole client away.
                self._take(await self._asking)
            refusal = await self.refusal()
            if refusal is None and self._response is not None:
                async for piece in pieces(self._response):
                    yield piece
        except failures() as failure:
            wrong = failure
        else:
            if refusal is not None:
                raise refusal
        if wrong is not None:
            raise self._lost(wrong, 0.0)

    async def aclose(self) -> None:
        """Leave: everything this stream opened is closed, whatever state it is in."""
        asking, self._asking = self._asking, None
        if asking is not None and not asking.done():
            asking.cancel()
            await asyncio.gather(asking, return_exceptions=True)
            await self._progress.abandon()
        elif asking is not None and self._response is None and not asking.cancelled() and asking.exception() is None:
            self._response = asking.result()
        response, self._response = self._response, None
        pool, self._pool = self._pool, None
        try:
            if response is not None:
                await response.aclose()
        except failures():
            pass  # It is thrown away either way.
        finally:
            if pool is not None:
                await pool.aclose()

    def _take(self, response: httpx.Response) -> None:
        self._response = response
        self.status = response.status_code
        self.content_type = media_type(self._judge.headers(response))

    def _lost(self, wrong: Exception, seconds: float) -> PlatformError:
        return scrubbed(self._judge.failure(wrong, self._want, self._progress, seconds, verb=False), self._secrets())

    def _secrets(self) -> tuple[Secret, ...]:
        return (*self._want.secrets, *([self._token] if self._token else []))
