"""A network with faults: a TCP proxy on loopback between a console and a server. Knows bytes, knows no HTTP.

    async with FaultProxy(port) as proxy:
        proxy.toxics.latency = 0.2              # takes effect at once, also on connections that are open
        ...

The names are toxiproxy's. ``serve_in_thread`` runs one beside a test that has no event loop.
"""

from __future__ import annotations

import asyncio
import base64
import socket
import struct
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from random import Random
from typing import Final, Self, TypeVar

T = TypeVar("T")
HOST: Final = "127.0.0.1"
PIECE: Final = 16_384


@dataclass
class Toxics:
    """What is wrong with the line at present; every default means nothing.

    ``latency`` and ``jitter`` are seconds each piece waits, ``rate`` bytes a second and direction, ``slice`` the largest piece that
    is passed on at once. ``blackhole`` keeps everything until it is switched off: connections are taken, no byte moves. ``refuse``
    resets new connections. ``loss`` is the share of new connections that are taken and never answered. ``cut`` resets a connection
    after so many bytes from the server, ``corrupt`` flips one bit at that byte; ``half_open`` passes requests on and drops every
    answer, the connection stays.
    """

    latency: float = 0.0
    jitter: float = 0.0
    rate: float = 0.0
    slice: int = 0
    blackhole: bool = False
    refuse: bool = False
    loss: float = 0.0
    cut: int | None = None
    corrupt: int | None = None
    half_open: bool = False


class FaultProxy:
    """Async context manager in front of ``port`` on loopback. ``taken`` counts connections, ``open`` those that are, ``passed`` bytes
    (to the server, to the client)."""

    def __init__(self, port: int, toxics: Toxics | None = None, *, seed: int = 1) -> None:
        self.toxics = toxics or Toxics()
        self.port = 0
        self.taken = 0
        self.passed = [0, 0]
        self._to = port
        self._random = Random(seed)  # noqa: S311 - makes weather
        self._server: asyncio.Server | None = None
        self._lines: dict[asyncio.Task[None], list[asyncio.StreamWriter]] = {}

    @property
    def url(self) -> str:
        return f"http://{HOST}:{self.port}"

    @property
    def open(self) -> int:
        return len(self._lines)

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._take, HOST, 0, backlog=512)
        self.port = int(self._server.sockets[0].getsockname()[1])
        return self

    async def __aexit__(self, *_: object) -> None:
        assert self._server is not None
        self._server.close()
        for task in tuple(self._lines):
            task.cancel()
        await asyncio.gather(*self._lines, return_exceptions=True)

    def lead(self, port: int) -> int:
        """Send whoever comes from now on elsewhere, and reset who is here; returns where they went before."""
        before, self._to = self._to, port
        self.reset_all()
        return before

    def reset_all(self) -> None:
        """Reset every open connection, at both ends."""
        for ends in tuple(self._lines.values()):
            for end in ends:
                _reset(end)

    async def _take(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self.taken += 1
        self._lines[task] = [writer]
        try:
            await self._line(reader, writer, self._lines[task])
        except (ConnectionError, asyncio.CancelledError):
            _reset(writer)
        finally:
            for end in self._lines.pop(task):
                with suppress(OSError, RuntimeError):
                    end.close()

    async def _line(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, ends: list[asyncio.StreamWriter]) -> None:
        if self.toxics.refuse:
            raise ConnectionResetError
        if self._random.random() < self.toxics.loss:
            await asyncio.Event().wait()
        there, here = await asyncio.open_connection(HOST, self._to)
        ends.append(here)
        ways = [asyncio.ensure_future(self._way(0, reader, here)), asyncio.ensure_future(self._way(1, there, writer))]
        try:
            done, _ = await asyncio.wait(ways, return_when=asyncio.FIRST_EXCEPTION)
            for way in done:
                way.result()
        finally:
            for way in ways:
                way.cancel()
            await asyncio.gather(*ways, return_exceptions=True)

    async def _way(self, way: int, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        seen = 0
        while data := await reader.read(self.toxics.slice or PIECE):
            now = self.toxics
            if now.latency or now.jitter:
                await asyncio.sleep(max(0.0, now.latency + self._random.uniform(-now.jitter, now.jitter)))
            if now.rate:
                await asyncio.sleep(len(data) / now.rate)
            while self.toxics.blackhole:
                await asyncio.sleep(0.01)
            if way == 1:
                data = self._spoilt(data, seen)
                if now.cut is not None and seen + len(data) >= now.cut:
                    writer.write(data[: max(0, now.cut - seen)])
                    await _flushed(writer)
                    raise ConnectionResetError
                if now.half_open:
                    continue
            seen += len(data)
            self.passed[way] += len(data)
            writer.write(data)
            await writer.drain()
        with suppress(OSError):
            writer.write_eof()

    def _spoilt(self, data: bytes, seen: int) -> bytes:
        at = self.toxics.corrupt
        if at is None or not seen <= at < seen + len(data):
            return data
        spoilt = bytearray(data)
        spoilt[at - seen] ^= 0x20
        return bytes(spoilt)


async def _flushed(writer: asyncio.StreamWriter) -> None:
    """Until the bytes have left: a reset throws away what is still in the buffer."""
    while writer.transport.get_write_buffer_size():
        await asyncio.sleep(0)
    await asyncio.sleep(0.002)


class Tunnel:
    """A proxy as HTTPS_PROXY means it: async context manager whose every CONNECT goes to ``port`` on loopback, whatever it names. With
    ``wants`` ("user:password") only for who says so, and 407 for who does not. ``asked`` holds what was named, ``refused`` counts."""

    def __init__(self, port: int, *, wants: str = "") -> None:
        self.port = 0
        self.asked: list[str] = []
        self.refused = 0
        self._to = port
        self._wants = base64.b64encode(wants.encode()).decode() if wants else ""
        self._server: asyncio.Server | None = None

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._take, HOST, 0)
        self.port = int(self._server.sockets[0].getsockname()[1])
        return self

    async def __aexit__(self, *_: object) -> None:
        assert self._server is not None
        self._server.close()

    async def _take(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(ConnectionError, asyncio.IncompleteReadError):
            head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
            self.asked.append(head.split()[1])
            if self._wants and f"Basic {self._wants}" not in head:
                self.refused += 1
                writer.write(b"HTTP/1.1 407 Proxy Authentication Required\r\nProxy-Authenticate: Basic\r\nContent-Length: 0\r\n\r\n")
                return writer.close()
            there, here = await asyncio.open_connection(HOST, self._to)
            writer.write(b"HTTP/1.1 200 Connection established\r\n\r\n")
            await asyncio.gather(_along(reader, here), _along(there, writer))
        return None


async def _along(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with suppress(ConnectionError):
        while data := await reader.read(PIECE):
            writer.write(data)
            await writer.drain()
    writer.close()


def _reset(writer: asyncio.StreamWriter) -> None:
    """Close with a TCP reset."""
    sock = writer.get_extra_info("socket")
    if sock is not None:
        with suppress(OSError):
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    writer.transport.abort()


class Threaded:
    """A proxy that runs in a thread of its own: ``do`` runs a call there."""

    def __init__(self, proxy: FaultProxy, loop: asyncio.AbstractEventLoop) -> None:
        self.proxy, self._loop = proxy, loop

    def do(self, call: Callable[[FaultProxy], T]) -> T:
        async def there() -> T:
            return call(self.proxy)

        return asyncio.run_coroutine_threadsafe(there(), self._loop).result(10)


@contextmanager
def serve_in_thread(port: int, toxics: Toxics | None = None) -> Iterator[Threaded]:
    """A proxy for a test without an event loop."""
    ready, made = threading.Event(), list[Threaded]()
    ended: list[asyncio.Event] = []

    async def main() -> None:
        async with FaultProxy(port, toxics) as proxy:
            made.append(Threaded(proxy, asyncio.get_running_loop()))
            ended.append(asyncio.Event())
            ready.set()
            await ended[0].wait()

    thread = threading.Thread(target=asyncio.run, args=(main(),), name="fault-proxy", daemon=True)
    thread.start()
    assert ready.wait(10)
    try:
        yield made[0]
    finally:
        made[0]._loop.call_soon_threadsafe(ended[0].set)
        thread.join(10)
