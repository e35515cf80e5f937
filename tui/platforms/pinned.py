"""A connection pool that talks to one origin only, and the reading of bodies within their caps.

The token is added here and nowhere else. Deadlines, statuses and retries are ``http``'s.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

import httpcore
import httpx

from tui.addresses import Address
from tui.platforms.inflate import Inflater
from tui.text import Secret


class OverCap(Exception):
    """A body is larger than its cap. ``kept`` is what was read until then."""

    def __init__(self, kept: bytearray) -> None:
        super().__init__("larger than its cap")
        self.kept = kept


@dataclass(frozen=True, slots=True, kw_only=True)
class Want:
    """One request before it has a token. Query, headers and content may hold secrets and stay out of the repr."""

    method: str
    path: str
    query: str = field(default="", repr=False)
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    content: bytes = field(default=b"", repr=False)
    secrets: tuple[Secret, ...] = field(default=(), repr=False)
    authorization: Secret | None = field(default=None, repr=False)


class Progress:
    """How far a request came; httpcore's trace hook tells. ``connected``: it opened a connection of its own; ``sent``: its first byte
    may have left this machine."""

    def __init__(self) -> None:
        self.connected = False
        self.sent = False
        self._raw: httpcore.AsyncNetworkStream | None = None

    async def trace(self, event: str, info: dict[str, Any]) -> None:
        """Called by httpcore for every step."""
        if event == "connection.connect_tcp.started":
            self.connected = True
        elif event == "connection.connect_tcp.complete":
            self._raw = info.get("return_value")
        elif event == "http11.send_request_headers.started" and getattr(info.get("request"), "method", b"") != b"CONNECT":
            self.sent = True

    async def abandon(self) -> None:
        """After the request was cancelled: close the connection that it opened. httpcore 1.0 forgets it, open, when that happens
        during a TLS handshake."""
        raw, self._raw = self._raw, None
        if raw is not None:
            with suppress(httpcore.NetworkError, OSError):
                await raw.aclose()


class Pinned:
    """One httpx transport for one origin.

    ``retire`` it after a request inside had to be cancelled: httpcore 1.0 may then have lost that connection's slot for ever, so the
    pool takes no new request and is closed when its last one ends.
    """

    def __init__(self, address: Address, transport: httpx.AsyncHTTPTransport) -> None:
        self._address = address
        self._origin = httpx.URL(address.origin)
        self._transport = transport
        self._inside = 0
        self.retired = False

    async def handle(self, want: Want, token: Secret | None, progress: Progress) -> httpx.Response:
        """Send and give the answer with its body unread. Raises httpx's transport errors; ``ValueError`` if the request would leave
        its origin or its path, which only a mistake of ours can cause."""
        target = f"{self._address.path}{want.path}" + (f"?{want.query}" if want.query else "")
        request = httpx.Request(
            want.method,
            self._address.origin + target,
            headers=dict(want.headers),
            content=want.content or None,
            extensions={"trace": progress.trace},
        )
        url = request.url
        if (url.scheme, url.raw_host, url.port, url.userinfo) != (self._origin.scheme, self._origin.raw_host, self._origin.port, b""):
            raise ValueError("a request would have left its origin")
        if url.raw_path != target.encode("ascii"):
            raise ValueError("a request's path was changed on the way")
        if token is not None:
            request.headers["Authorization"] = token.reveal()
        return await self._transport.handle_async_request(request)

    def enter(self) -> None:
        """One more request is inside."""
        self._inside += 1

    async def leave(self) -> None:
        """One request is done with; the last one out of a retired pool closes it."""
        self._inside -= 1
        if self.retired and self._inside == 0:
            await self._transport.aclose()

    async def aclose(self) -> None:
        """Take nothing new and close, now or when the last request inside ends."""
        self.retired = True
        if self._inside == 0:
            await self._transport.aclose()


async def pieces(response: httpx.Response) -> AsyncIterator[bytes]:
    """The decoded body as it arrives, in bounded pieces. Raises httpx's errors and ``inflate``'s."""
    inflater = Inflater(response.headers.get("content-encoding", ""))
    async for raw in response.aiter_raw():
        for piece in inflater.feed(raw):
            yield piece
    inflater.finish()


async def whole(response: httpx.Response, cap: int) -> bytes:
    """The decoded body. Raises ``OverCap`` as soon as it is larger than ``cap`` bytes."""
    kept = bytearray()
    async for piece in pieces(response):
        kept += piece
        if len(kept) > cap:
            del kept[cap:]
            raise OverCap(kept)
    return bytes(kept)
