"""One transport for one connection: the only place that speaks HTTP.

The origin is pinned, redirects are errors, every call has a total deadline, every body a cap, every failure a type. No decision is
made here: nothing is retried but a GET that met a connection which had died while idle, and what a 401 makes new.
"""

from __future__ import annotations

import asyncio
import importlib.util
import json
import ssl
import sys
from collections.abc import AsyncIterator, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path
from typing import Any, Final, Protocol

import httpcore
import httpx

from tui.clock import Clock
from tui.errors import ConfigError, NotFound, Unreachable
from tui.model import RateLimit
from tui.platforms.judge import ErrorReader, Judge, failures, unsent
from tui.platforms.names import Names
from tui.platforms.pinned import Pinned, Progress, Want
from tui.platforms.reach import Trouble, mute, open_transport, proxy_for, proxy_shown, trust
from tui.platforms.replies import Reply, default_error
from tui.platforms.scrub import scrubbed, secrets_in
from tui.platforms.seg import fill, pinned, query_text
from tui.platforms.streaming import StreamReply
from tui.text import Secret

__all__ = ["Credentials", "Reply", "StreamReply", "Transport"]

USER_AGENT: Final = "rollwatch"
POOL: Final = 8
"""Connections to one origin for reads, and as many for verbs."""

STREAM_HEADERS: Final = 5.0
"""Seconds until a stream must have answered, or is taken for quiet where that is allowed."""

Values = Mapping[str, str | Secret]


class Credentials(Protocol):
    """Who we are to one origin. ``platforms.tokens`` implements it; this file only calls."""

    origin: str

    async def header(self) -> tuple[str, int] | None:
        """The Authorization value and its generation; None for anonymous. Raises ``Unauthorized`` and what a renewal can raise."""

    async def renew(self, generation: int) -> bool:
        """After a 401 for that generation: True if there is another value to try once."""

    async def aclose(self) -> None:
        """Let a renewal under way end: it may hold a refresh token that works only once."""


class Transport:
    """Everything that one connection sends. Raises ``errors.PlatformError`` only, and ``ConfigError`` from the constructor."""

    def __init__(
        self,
        *,
        connection: str,
        base_url: str,
        credentials: Credentials | None,
        clock: Clock,
        errors: ErrorReader | None = None,
        ca_file: Path | None = None,
        allow_insecure: bool = False,
        user_agent: str = USER_AGENT,
        read_deadline: float = 10.0,
        verb_deadline: float = 20.0,
        max_json: int = 8 << 20,
        max_error: int = 64 << 10,
        pool: int = POOL,
    ) -> None:
        self._address = pinned(base_url, allow_insecure=allow_insecure)
        if credentials is not None and credentials.origin != self._address.origin:
            raise ConfigError(
                f"the credentials of {connection} belong to {credentials.origin}, not to {self._address.origin}",
                hint=f"rollwatch login {connection}",
            )
        self.connection = connection
        self.origin = self._address.origin
        self.host = self._address.host
        self._credentials = credentials
        self._proxy = proxy_for(self._address)
        self._judge = Judge(
            connection=connection,
            host=self.host,
            clock=clock,
            errors=errors or default_error,
            max_json=max_json,
            max_error=max_error,
            proxy=proxy_shown(self._proxy),
        )
        self._ca_file = ca_file
        self._user_agent = user_agent
        self._deadlines = {False: read_deadline, True: verb_deadline}
        self._pool_size = pool
        self._tls: ssl.SSLContext | None = None
        self._names = Names()
        self._pools: dict[bool, Pinned] = {}
        self._gates = {False: asyncio.Semaphore(pool), True: asyncio.Semaphore(pool)}
        self._running: dict[bool, set[asyncio.Task[Reply]]] = {False: set(), True: set()}
        self._closed = False
        mute()

    @property
    def rate(self) -> RateLimit | None:
        """What the last reply with sane headers said of our budget, on our own clock."""
        return self._judge.rate

    @property
    def heard(self) -> float | None:
        """When the server last answered anything, in boot time; None before it did."""
        return self._judge.heard

    # -- calls ------------------------------------------------------------------------------------------------------------------

    async def get(self, template: str, *, ids: Mapping[str, str] | None = None, query: Values | None = None) -> Reply:
        """Read. A success has a JSON body or none."""
        return await self._call(self._want("GET", template, ids, query), verb=False)

    async def sign_in(self, *, anew: bool = False) -> None:
        """Have credentials that the server gave us, renewed if they are due or ``anew``, without asking anything else. Raises what
        ``get`` raises."""
        known = await self._credentials.header() if self._credentials is not None else None
        if anew and self._credentials is not None and known is not None:
            await self._credentials.renew(known[1])

    async def send(
        self,
        method: str,
        template: str,
        *,
        ids: Mapping[str, str] | None = None,
        query: Values | None = None,
        body: Mapping[str, Any] | None = None,
        form: Values | None = None,
        headers: Mapping[str, str] | None = None,
        authorization: Secret | None = None,
    ) -> Reply:
        """Do, once: on a connection of its own, never retried. ``body`` goes as JSON, ``form`` url-encoded; a ``Secret`` in either or in
        ``query`` is revealed there only and kept out of every error. ``authorization`` is for the sign-in itself: it is sent instead
        of what the credentials say. No answer after the first byte left is ``OutcomeUnknown``."""
        want = self._want(method, template, ids, query, body, form, headers, authorization)
        return await self._call(want, verb=True)

    def stream(
        self,
        template: str,
        *,
        ids: Mapping[str, str] | None = None,
        query: Values | None = None,
        quiet: bool = False,
        headers_within: float = STREAM_HEADERS,
    ) -> AbstractAsyncContextManager[StreamReply]:
        """Open one endless answer on a client of its own. With ``quiet`` a server may send its headers as late as it likes: after
        ``headers_within`` seconds the stream counts as open with ``status`` None, and a late refusal is raised by ``chunks``."""
        want = self._want("GET", template, ids, query, headers={"Accept": "*/*", "Accept-Encoding": "identity"})
        return self._streaming(want, quiet=quiet, headers_within=headers_within)

    async def aclose(self) -> None:
        """Let a sign-in under way end for some seconds, give up everything else, close the connections. Nothing is sent afterwards."""
        self._closed = True
        if self._credentials is not None:
            await self._credentials.aclose()
        # Who sent a verb waits for it as long as it is worth; whoever closes after that has nobody left who would hear of its answer.
        running = (*self._running[False], *self._running[True])
        for task in running:
            task.cancel()
        await asyncio.gather(*running, return_exceptions=True)
        for pool in self._pools.values():
            await pool.aclose()
        self._pools.clear()

    # -- one call ---------------------------------------------------------------------------------------------------------------

    def _want(
        self,
        method: str,
        template: str,
        ids: Mapping[str, str] | None = None,
        query: Values | None = None,
        body: Mapping[str, Any] | None = None,
        form: Values | None = None,
        headers: Mapping[str, str] | None = None,
        authorization: Secret | None = None,
    ) -> Want:
        try:
            path = fill(template, ids or {})
        except NotFound as unusable:
            unusable.connection = self.connection
            raise
        content, kind = b"", ""
        if body is not None:
            content, kind = json.dumps(body, default=_revealed, separators=(",", ":"), allow_nan=False).encode(), "application/json"
        elif form is not None:
            content, kind = query_text(form).encode(), "application/x-www-form-urlencoded"
        basic = {"User-Agent": self._user_agent, "Accept": "application/json", "Accept-Encoding": "gzip"}
        return Want(
            method=method,
            path=path,
            query=query_text(query or {}),
            headers=basic | ({"Content-Type": kind} if kind else {}) | dict(headers or {}),
            content=content,
            secrets=secrets_in(query, body, form),
            authorization=authorization,
        )

    async def _call(self, want: Want, *, verb: bool) -> Reply:
        """Send with who we are; a 401 is sent once more if that can be made new. Every secret leaves the error on its way out."""
        with unsent(verb=verb):
            token, generation = await self._token(want)
        reply = await self._exchange(want, token, verb=verb)
        if reply.status == 401 and not reply.is_html and self._renewable(want):
            with unsent(verb=verb):
                renewed = await self._renew(generation)
                token, generation = await self._token(want) if renewed else (token, generation)
            reply = await self._exchange(want, token, verb=verb) if renewed else reply
        problem = self._judge.problem(reply)
        if problem is not None:
            raise scrubbed(problem, (*want.secrets, *([token] if token else [])))
        return reply

    async def _token(self, want: Want) -> tuple[Secret | None, int]:
        if want.authorization is not None or self._credentials is None:
            return want.authorization, 0
        pair = await self._credentials.header()
        return (None, 0) if pair is None else (Secret(pair[0]), pair[1])

    def _renewable(self, want: Want) -> bool:
        return want.authorization is None and self._credentials is not None

    async def _renew(self, generation: int) -> bool:
        return self._credentials is not None and await self._credentials.renew(generation)

    async def _exchange(self, want: Want, token: Secret | None, *, verb: bool) -> Reply:
        """One request, with its whole time bounded. A cancelled caller leaves it running: httpcore's pool loses slots otherwise."""
        seconds = self._deadlines[verb]
        loop = asyncio.get_running_loop()
        start = loop.time()
        gate = self._gates[verb]
        if not await self._admitted(gate, seconds):
            raise Unreachable(
                f"{self.host} is still busy with earlier requests after {seconds:.3g} s", connection=self.connection, sent=False
            )
        if self._closed:
            gate.release()
            raise Unreachable("this connection is closed", connection=self.connection, sent=False)
        left = max(0.05, seconds - (loop.time() - start))
        task = loop.create_task(self._carry(want, token, left, verb=verb))
        self._running[verb].add(task)
        task.add_done_callback(self._running[verb].discard)
        # Where the caller has gone, nobody else asks how it ended, and Python would say so on the terminal.
        task.add_done_callback(lambda done: done.cancelled() or done.exception())
        task.add_done_callback(lambda _: gate.release())
        return await asyncio.shield(task)

    @staticmethod
    async def _admitted(gate: asyncio.Semaphore, seconds: float) -> bool:
        try:
            async with asyncio.timeout(seconds):
                await gate.acquire()
        except TimeoutError:
            return False
        return True

    async def _carry(self, want: Want, token: Secret | None, seconds: float, *, verb: bool) -> Reply:
        """Send it; read the answer; make every failure typed. Runs in a task that no caller cancels."""
        clock = asyncio.get_running_loop().time
        end = clock() + seconds
        progress = Progress()
        reply, failure = await self._try(want, token, end - clock(), progress, fresh=verb)
        stale = isinstance(failure, httpx.RemoteProtocolError | httpx.ReadError | httpx.WriteError) and not progress.connected
        if stale and want.method == "GET" and not verb:
            # The server had closed this connection while it was idle; a new one tells whether it is there.
            progress = Progress()
            reply, failure = await self._try(want, token, end - clock(), progress, fresh=True)
        if reply is not None:
            return reply
        # Waiting for one's turn counts: what is said is the deadline that the user knows, not what was left of it.
        raise self._judge.failure(failure, want, progress, self._deadlines[verb], verb=verb)

    async def _try(
        self, want: Want, token: Secret | None, seconds: float, progress: Progress, *, fresh: bool
    ) -> tuple[Reply | None, Exception | None]:
        """An attempt. The failure is returned, not raised, so that no traceback of ours holds a request with its secrets."""
        try:
            pool = self._pool(fresh=fresh)
        except Trouble as trouble:
            return None, trouble
        pool.enter()
        try:
            async with asyncio.timeout(seconds):
                response = await pool.handle(want, token, progress)
                try:
                    return await self._judge.read(response, want), None
                finally:
                    await response.aclose()
        except TimeoutError as late:
            self._replace(pool)
            await progress.abandon()
            return None, late
        except failures() as wrong:
            return None, wrong
        except asyncio.CancelledError:
            self._replace(pool)
            await progress.abandon()
            if not self._closed:
                raise
            # Nobody but ``aclose`` cancels this task, and its caller was not cancelled.
            return None, ConnectionAbortedError()
        finally:
            await pool.leave()

    # -- pools ------------------------------------------------------------------------------------------------------------------

    def _open(self, *, connections: int, idle: int, probes: bool = False) -> Pinned:
        if self._tls is None:
            self._tls = trust(self._address, self._ca_file)
        room = httpx.Limits(max_connections=connections, max_keepalive_connections=idle, keepalive_expiry=30.0)
        return Pinned(self._address, open_transport(self._proxy, self._tls, room, self._names, probes=probes))

    def _pool(self, *, fresh: bool) -> Pinned:
        """The pool for reads, or the one whose connections are never used twice."""
        if fresh not in self._pools:
            self._pools[fresh] = self._open(connections=2 * self._pool_size, idle=0 if fresh else self._pool_size)
        return self._pools[fresh]

    def _replace(self, pool: Pinned) -> None:
        """A request inside was cancelled: no new request enters that pool."""
        pool.retired = True
        for fresh, known in tuple(self._pools.items()):
            if known is pool:
                del self._pools[fresh]

    # -- streams ----------------------------------------------------------------------------------------------------------------

    @asynccontextmanager
    async def _streaming(self, want: Want, *, quiet: bool, headers_within: float) -> AsyncIterator[StreamReply]:
        token, generation = await self._token(want)
        stream = self._stream_reply(want, token)
        try:
            await stream.open(headers_within, quiet=quiet)
            if stream.status == 401 and self._renewable(want) and await self._renew(generation):
                await stream.aclose()
                token, _ = await self._token(want)
                stream = self._stream_reply(want, token)
                await stream.open(headers_within, quiet=quiet)
            refusal = await stream.refusal()
            if refusal is not None:
                raise refusal
            yield stream
        finally:
            await stream.aclose()

    def _stream_reply(self, want: Want, token: Secret | None) -> StreamReply:
        return StreamReply(self._judge, want, token, lambda: self._open(connections=1, idle=0, probes=True))


def load() -> None:
    """Load what sending needs, so that the first request does not wait for it. Blocks for a tenth of a second."""
    # The client asks four times a request which event loop this is, and looks for this through every folder of the path where it is
    # not installed. None says that there is none: then it is asyncio.
    if importlib.util.find_spec("sniffio") is None:
        sys.modules["sniffio"] = None  # type: ignore[assignment]
    httpx.AsyncHTTPTransport  # noqa: B018 - naming it loads it
    httpcore.AsyncConnectionPool  # noqa: B018


def _revealed(value: object) -> str:
    """What JSON cannot write by itself: a ``Secret`` inside a body."""
    if isinstance(value, Secret):
        return value.reveal()
    raise TypeError(f"a {type(value).__name__} cannot be sent")
