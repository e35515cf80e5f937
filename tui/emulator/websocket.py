"""The server's side of a WebSocket (RFC 6455), small: text messages, ping, close. uvicorn hands it the upgraded connection.

Written here so that the emulator needs no further library; nothing of any platform is in it.
"""

from __future__ import annotations

import asyncio
import base64
import hashlib
import struct
from collections.abc import Callable
from typing import Any, Final
from urllib.parse import unquote

from starlette.types import ASGIApp, Message
from uvicorn.config import Config

GUID: Final = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
CONTINUED, TEXT, BINARY, CLOSE, PING, PONG = 0, 1, 2, 8, 9, 10
LARGEST: Final = 1 << 20
"""Bytes of a message that is still read; a longer one closes the connection with 1009."""


def frame(opcode: int, payload: bytes) -> bytes:
    """One unmasked, final frame."""
    size = len(payload)
    if size < 126:
        head = struct.pack(">BB", 0x80 | opcode, size)
    elif size < 1 << 16:
        head = struct.pack(">BBH", 0x80 | opcode, 126, size)
    else:
        head = struct.pack(">BBQ", 0x80 | opcode, 127, size)
    return head + payload


def unframed(buffer: bytearray) -> tuple[bool, int, bytes] | None:
    """Take one frame from the buffer: (final, opcode, payload), None if it is not complete. Raises ``ValueError`` for a wrong one."""
    if len(buffer) < 2:
        return None
    final, opcode, masked, size, at = bool(buffer[0] & 0x80), buffer[0] & 15, buffer[1] & 0x80, buffer[1] & 127, 2
    if buffer[0] & 0x70 or not masked:
        raise ValueError("reserved bits, or a frame without a mask")
    if size > 125:
        width = 2 if size == 126 else 8
        if len(buffer) < at + width:
            return None
        size = int.from_bytes(buffer[at : at + width])
        at += width
    if size > LARGEST:
        raise ValueError("too large")
    if len(buffer) < at + 4 + size:
        return None
    mask, payload = buffer[at : at + 4], buffer[at + 4 : at + 4 + size]
    del buffer[: at + 4 + size]
    return final, opcode, bytes(byte ^ mask[index & 3] for index, byte in enumerate(payload))


class Socket(asyncio.Protocol):
    """One upgraded connection, as uvicorn makes it. ``opened`` and ``closed`` are told of it by a subclass."""

    def __init__(self, config: Config, server_state: Any, app_state: Any) -> None:
        self._app: ASGIApp = config.loaded_app
        self._tasks = server_state.tasks
        self._buffer = bytearray()
        self._parts: list[bytes] = []
        self._inbox: asyncio.Queue[Message] = asyncio.Queue()
        self._key = b""
        self._state = "handshake"
        self._denied: Message = {}
        self._transport: asyncio.Transport | None = None
        self._client: tuple[str, int] = ("", 0)

    def opened(self, client: object, transport: asyncio.Transport) -> None:
        """A connection begins."""

    def closed(self, client: object) -> None:
        """A connection is over."""

    def connection_made(self, transport: Any) -> None:
        self._transport = transport
        self._client = transport.get_extra_info("peername")
        self.opened(self._client, transport)

    def connection_lost(self, exc: Exception | None) -> None:
        self.closed(self._client)
        self._end(1006)

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        try:
            if self._state == "handshake" and b"\r\n\r\n" in self._buffer:
                self._begin()
            while self._state in ("connecting", "open") and (found := unframed(self._buffer)):
                self._take(*found)
        except ValueError as error:
            self._write(frame(CLOSE, struct.pack(">H", 1009 if "large" in str(error) else 1002)))
            self._end(1002)
            self._close()

    def _begin(self) -> None:
        head, _, rest = bytes(self._buffer).partition(b"\r\n\r\n")
        self._buffer = bytearray(rest)
        lines = head.split(b"\r\n")
        target = lines[0].split(b" ")[1]
        pairs = [line.partition(b":") for line in lines[1:]]
        headers = [(name.strip().lower(), value.strip()) for name, _, value in pairs]
        self._key = dict(headers).get(b"sec-websocket-key", b"")
        path, _, query = target.partition(b"?")
        server = self._transport.get_extra_info("sockname") if self._transport else None
        scope: dict[str, Any] = {
            "type": "websocket",
            "asgi": {"version": "3.0", "spec_version": "2.3"},
            "http_version": "1.1",
            "scheme": "ws",
            "path": unquote(path.decode("ascii")),
            "raw_path": path,
            "query_string": query,
            "root_path": "",
            "headers": headers,
            "client": self._client,
            "server": server,
            "subprotocols": [],
            "extensions": {"websocket.http.response": {}},
        }
        self._state = "connecting"
        self._inbox.put_nowait({"type": "websocket.connect"})
        task = asyncio.get_running_loop().create_task(self._run(scope))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _run(self, scope: dict[str, Any]) -> None:
        try:
            await self._app(scope, self._inbox.get, self._send)
        finally:
            self._close()

    def _take(self, final: bool, opcode: int, payload: bytes) -> None:
        if opcode == PING:
            self._write(frame(PONG, payload))
        elif opcode == CLOSE:
            self._write(frame(CLOSE, payload[:2]))
            self._end(struct.unpack(">H", payload[:2])[0] if len(payload) > 1 else 1005)
            self._close()
        elif opcode in (TEXT, BINARY, CONTINUED):
            self._parts.append(payload)
            if sum(map(len, self._parts)) > LARGEST:
                raise ValueError("too large")
            if final:
                self._inbox.put_nowait({"type": "websocket.receive", "text": b"".join(self._parts).decode("utf-8", "replace")})
                self._parts.clear()

    async def _send(self, message: Message) -> None:
        kind = message["type"]
        if kind == "websocket.accept" and self._state == "connecting":
            accept = base64.b64encode(hashlib.sha1(self._key + GUID, usedforsecurity=False).digest())
            self._write(
                b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                b"Sec-WebSocket-Accept: " + accept + b"\r\n\r\n"
            )
            self._state = "open"
        elif kind == "websocket.send" and self._state == "open":
            self._write(frame(TEXT, message["text"].encode()))
        elif kind == "websocket.close" and self._state == "open":
            self._write(frame(CLOSE, struct.pack(">H", message.get("code", 1000))))
            self._close()
        elif kind == "websocket.http.response.start":
            self._denied = message
        elif kind == "websocket.http.response.body":
            self._deny(message.get("body", b""))
        elif kind == "websocket.close":
            self._denied = {"status": 403, "headers": []}
            self._deny(b"")

    def _deny(self, body: bytes) -> None:
        headers = b"".join(name + b": " + value + b"\r\n" for name, value in self._denied["headers"] if name != b"content-length")
        head = f"HTTP/1.1 {self._denied['status']} Refused\r\nconnection: close\r\ncontent-length: {len(body)}\r\n".encode()
        self._write(head + headers + b"\r\n" + body)
        self._close()

    def _end(self, code: int) -> None:
        if self._state != "closed":
            self._state = "closed"
            self._inbox.put_nowait({"type": "websocket.disconnect", "code": code})

    def _write(self, data: bytes) -> None:
        if self._transport and not self._transport.is_closing():
            self._transport.write(data)

    def _close(self) -> None:
        self._end(1000)
        if self._transport:
            self._transport.close()


def protocol(opened: Callable[[object, asyncio.Transport], None], closed: Callable[[object], None]) -> type[Socket]:
    """A protocol class for uvicorn's ``ws``, which tells of the connections it has."""

    class Told(Socket):
        def opened(self, client: object, transport: asyncio.Transport) -> None:
            opened(client, transport)

        def closed(self, client: object) -> None:
            closed(client)

    return Told
