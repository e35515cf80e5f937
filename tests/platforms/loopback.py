"""A real server on 127.0.0.1 that writes down every request and answers as a test says."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import json
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Self
from urllib.parse import parse_qsl

Talk = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]
GUID = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"


@dataclass(frozen=True, kw_only=True)
class Seen:
    """One request as it came over the wire. Header names are lower-case."""

    method: str
    target: str
    headers: Mapping[str, str]
    body: bytes

    @property
    def path(self) -> str:
        return self.target.partition("?")[0]

    @property
    def query(self) -> list[tuple[str, str]]:
        return parse_qsl(self.target.partition("?")[2], keep_blank_values=True)

    @property
    def json(self) -> Any:
        return json.loads(self.body) if self.body else None


@dataclass(frozen=True, kw_only=True)
class Answer:
    """What to send back: ``body`` at once, or ``chunks`` one after the other and then the end."""

    status: int = 200
    body: bytes = b""
    content_type: str = "application/json"
    headers: Mapping[str, str] = field(default_factory=dict)
    chunks: Sequence[bytes] | None = None


def plain(value: Any, status: int = 200, **headers: str) -> Answer:
    """A JSON answer."""
    return Answer(status=status, body=json.dumps(value).encode(), headers=headers)


class Loopback:
    """The server. ``answer`` decides; every request is in ``seen``. Who asks for a WebSocket stands in ``upgrades`` and is given to
    ``talk`` after the handshake, or refused where there is none."""

    def __init__(self, answer: Callable[[Seen], Answer], talk: Talk | None = None) -> None:
        self.answer = answer
        self.talk = talk
        self.url = ""
        self.seen: list[Seen] = []
        self.upgrades: list[Seen] = []
        self._server: asyncio.Server | None = None
        self._open: dict[asyncio.Task[None], asyncio.StreamWriter] = {}

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self.url = f"http://127.0.0.1:{self._server.sockets[0].getsockname()[1]}"
        return self

    async def __aexit__(self, *_: object) -> None:
        assert self._server is not None
        self._server.close()
        for writer in self._open.values():
            writer.close()
        await asyncio.gather(*self._open)
        await self._server.wait_closed()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._open[task] = writer
        try:
            while await self._one(reader, writer):
                pass
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()
            del self._open[task]

    async def _one(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        line = await reader.readline()
        if not line:
            return False
        method, target, _ = line.decode("latin-1").split(" ", 2)
        headers: dict[str, str] = {}
        while (header := await reader.readline()) not in {b"\r\n", b""}:
            name, _, value = header.decode("latin-1").partition(":")
            headers[name.strip().lower()] = value.strip()
        body = await reader.readexactly(int(headers.get("content-length", "0")))
        seen = Seen(method=method, target=target, headers=headers, body=body)
        if headers.get("upgrade", "").lower() == "websocket":
            self.upgrades.append(seen)
            if self.talk is None:
                await self._reply(writer, Answer(status=404))
                return False
            proof = base64.b64encode(hashlib.sha1(headers["sec-websocket-key"].encode() + GUID).digest()).decode()  # noqa: S324
            writer.write(f"HTTP/1.1 101 Go\r\nUpgrade: websocket\r\nSec-WebSocket-Accept: {proof}\r\n\r\n".encode())
            await self.talk(reader, writer)
            return False
        self.seen.append(seen)
        await self._reply(writer, self.answer(seen))
        return headers.get("connection", "").lower() != "close"

    @staticmethod
    async def _reply(writer: asyncio.StreamWriter, answer: Answer) -> None:
        lines = [f"HTTP/1.1 {answer.status} Any"]
        if answer.content_type and (answer.body or answer.chunks is not None):
            lines.append(f"Content-Type: {answer.content_type}")
        lines += [f"{name}: {value}" for name, value in answer.headers.items()]
        if answer.chunks is None:
            lines += [] if answer.status == 204 else [f"Content-Length: {len(answer.body)}"]
            writer.write("\r\n".join([*lines, "", ""]).encode("latin-1") + answer.body)
        else:
            writer.write("\r\n".join([*lines, "Transfer-Encoding: chunked", "", ""]).encode("latin-1"))
            for chunk in answer.chunks:
                writer.write(b"%x\r\n%s\r\n" % (len(chunk), chunk))
                await writer.drain()
            writer.write(b"0\r\n\r\n")
        await writer.drain()
