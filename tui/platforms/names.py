"""Names looked up so that a resolver which hangs holds up nobody else.

The event loop looks names up on a few threads that everything shares, and waits for them when it ends: with a resolver that takes half
a minute, a handful of look-ups of one name stop all others, and the console cannot be left. Here each name is looked up once at a time,
on a thread that nobody waits for. The address itself is httpx's to find, anew for every connection, right after.
"""

from __future__ import annotations

import asyncio
import contextlib
import ipaddress
import socket
import threading
from collections.abc import Iterable
from typing import Any, Final

import httpcore

SLOW: Final = 8.0
"""Seconds that a request waits for its name: a little less than a read's whole time, so that the reason can be told. The look-up itself
goes on, and the next request finds its answer."""


class Names:
    """The look-ups under way of one connection."""

    def __init__(self) -> None:
        self._under_way: dict[tuple[str, int], asyncio.Future[None]] = {}

    async def known(self, host: str, port: int) -> None:
        """Return once this name was found. Raises ``OSError`` as the resolver does."""
        with contextlib.suppress(ValueError):
            ipaddress.ip_address(host)
            return
        key, loop = (host, port), asyncio.get_running_loop()
        if key not in self._under_way:
            self._under_way[key] = found = loop.create_future()
            found.add_done_callback(lambda done: (self._under_way.pop(key), done.cancelled() or done.exception()))
            threading.Thread(target=_look_up, args=(loop, found, host, port), name=f"name of {host}", daemon=True).start()
        await asyncio.shield(self._under_way[key])


def named_first(names: Names) -> httpcore.AsyncNetworkBackend:
    """httpcore's network, with every name looked up by ``names`` before it is connected to. (The class stands in here because the HTTP
    client is loaded late.)"""

    class NamedFirst(httpcore.AnyIOBackend):
        async def connect_tcp(
            self,
            host: str,
            port: int,
            timeout: float | None = None,  # noqa: ASYNC109  # httpcore's own signature
            local_address: str | None = None,
            socket_options: Iterable[Any] | None = None,
        ) -> httpcore.AsyncNetworkStream:
            try:
                await found(names, host, port, timeout)
            except OSError as unknown:
                raise httpcore.ConnectError(str(unknown)) from unknown
            return await super().connect_tcp(host, port, timeout, local_address, socket_options)

    return NamedFirst()


async def found(names: Names, host: str, port: int, within: float | None) -> None:
    """Return once the name was found, within so many seconds (None: as long as a request waits). Raises ``OSError``."""
    try:
        async with asyncio.timeout(SLOW if within is None else min(SLOW, within)):
            await names.known(host, port)
    except TimeoutError:
        raise socket.gaierror(socket.EAI_AGAIN, "the name server does not answer") from None


def _look_up(loop: asyncio.AbstractEventLoop, found: asyncio.Future[None], host: str, port: int) -> None:
    problem: OSError | UnicodeError | None = None
    try:
        socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as wrong:
        problem = wrong

    def tell() -> None:
        if found.done():
            return
        if problem is None:
            found.set_result(None)
        else:
            found.set_exception(problem if isinstance(problem, OSError) else OSError("no name that can be looked up"))

    with contextlib.suppress(RuntimeError):  # the loop has ended meanwhile
        loop.call_soon_threadsafe(tell)
