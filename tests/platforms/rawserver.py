"""A server of a few lines on loopback that does exactly what a test says, down to the byte."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from types import TracebackType


@dataclass(frozen=True, kw_only=True)
class Seen:
    """One request as it arrived. ``headers`` have lower-case names; ``raw`` is everything up to the body."""

    method: str
    target: str
    headers: Mapping[str, str]
    body: bytes
    raw: bytes = field(repr=False)
    connection: int
    reader: asyncio.StreamReader = field(repr=False)

    async def gone(self) -> None:
        """Wait until the client closes, and close too."""
        while not self.reader.at_eof() and self.reader.exception() is None:
            await asyncio.sleep(0.005)
        raise EOFError


Answer = Callable[[Seen, asyncio.StreamWriter], Awaitable[None]]


def reply(
    body: bytes | str = b"{}",
    status: int = 200,
    headers: Mapping[str, str] | None = None,
    *,
    kind: str = "application/json",
    length: bool = True,
) -> bytes:
    """The bytes of one response."""
    body = body.encode() if isinstance(body, str) else body
    lines = [f"HTTP/1.1 {status} Word"]
    lines += [f"Content-Type: {kind}"] if kind else []
    lines += [f"Content-Length: {len(body)}"] if length else []
    lines += [f"{name}: {value}" for name, value in (headers or {}).items()]
    return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1") + body


class RawServer:
    """Reads requests and lets ``answer`` write whatever it likes; closes the connection when ``answer`` raises ``EOFError``."""

    def __init__(
        self, answer: Answer | bytes | None = None, *, tls: ssl.SSLContext | None = None, host: str = "127.0.0.1", port: int = 0
    ) -> None:
        self.answer = answer if answer is not None else reply()
        self.seen: list[Seen] = []
        self.connections = 0
        self.open = 0
        self.host = host
        self.port = port
        self._tls = tls
        self._server: asyncio.Server | None = None
        self._tasks: set[asyncio.Task[None]] = set()

    @property
    def url(self) -> str:
        return f"{'https' if self._tls else 'http'}://{self.host}:{self.port}"

    async def __aenter__(self) -> RawServer:
        self._server = await asyncio.start_server(self._accept, self.host, self.port, ssl=self._tls, limit=1 << 20, backlog=512)
        self.port = int(self._server.sockets[0].getsockname()[1])
        return self

    async def __aexit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        assert self._server is not None
        self._server.close()
        for task in tuple(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.ensure_future(self._serve(reader, writer))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        self.open += 1
        number = self.connections
        try:
            while True:
                seen = await self._request(reader, number)
                self.seen.append(seen)
                if isinstance(self.answer, bytes):
                    writer.write(self.answer)
                else:
                    await self.answer(seen, writer)
                await writer.drain()
        except (EOFError, ConnectionError, ssl.SSLError):
            pass
        finally:
            self.open -= 1
            with suppress(ConnectionError, ssl.SSLError):
                writer.close()

    @staticmethod
    async def _request(reader: asyncio.StreamReader, number: int) -> Seen:
        raw = await reader.readuntil(b"\r\n\r\n")
        first, *lines = raw.decode("latin-1").split("\r\n")
        method, target, _ = first.split(" ")
        headers = {name.strip().lower(): value.strip() for name, _, value in (line.partition(":") for line in lines if line)}
        body = await reader.readexactly(int(headers.get("content-length", "0")))
        return Seen(method=method, target=target, headers=headers, body=body, raw=raw, connection=number, reader=reader)
