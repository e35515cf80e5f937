"""A WebSocket as a client of one origin: text messages, one at a time, each bounded.

No library does this for so little: the handshake, masked frames out, plain frames in, ping and close. It knows no platform and makes no
second attempt; proxies are not supported.
"""

from __future__ import annotations

import asyncio
import base64
import hashlib
import os
import ssl
import struct
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from tui.addresses import Address
from tui.errors import BadReply, PlatformError, Unreachable
from tui.platforms.names import Names, found
from tui.platforms.reach import Trouble, proxy_for, trust
from tui.platforms.replies import Reply, failure
from tui.platforms.seg import query_text
from tui.text import Secret

LARGEST: Final = 1 << 20
"""Bytes of one message; a larger one ends the connection."""
OPENING: Final = 10.0
"""Seconds for connection and handshake together."""

_GUID: Final = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
_TEXT, _CLOSE, _PING, _PONG = 0x1, 0x8, 0x9, 0xA
_HEADERS: Final = 64
_LOST: Final = (OSError, IndexError, asyncio.IncompleteReadError, asyncio.LimitOverrunError, ValueError, ssl.SSLError)


class WebSocket:
    """An open connection; made by ``open_websocket``."""

    def __init__(self, connection: str, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._connection = connection
        self._reader = reader
        self._writer = writer

    async def send(self, text: str) -> None:
        """Send one message. Raises ``Unreachable``."""
        await self._frame(_TEXT, text.encode())

    async def receive(self) -> bytes | None:
        """The next message, None when the server has closed. Pings are answered on the way. Raises ``Unreachable`` and ``BadReply``."""
        message = bytearray()
        try:
            while True:
                final, kind, data = await self._read()
                if kind == _CLOSE:
                    return None
                if kind == _PING:
                    await self._frame(_PONG, data)
                elif kind != _PONG:
                    message += data
                    if len(message) > LARGEST:
                        raise BadReply("a message was too large", connection=self._connection)
                    if final:
                        return bytes(message)
        except _LOST:
            raise Unreachable("the stream was cut", connection=self._connection) from None

    async def aclose(self) -> None:
        """Say goodbye and leave, whatever state the connection is in."""
        try:
            async with asyncio.timeout(1.0):
                await self._frame(_CLOSE, b"\x03\xe8")
        except (PlatformError, TimeoutError):
            pass
        finally:
            self._writer.close()

    async def _read(self) -> tuple[bool, int, bytes]:
        first, second = await self._reader.readexactly(2)
        size = second & 0x7F
        if second & 0x80 or first & 0x70:
            raise BadReply("a frame that no server may send", connection=self._connection)
        if size == 126:
            (size,) = struct.unpack("!H", await self._reader.readexactly(2))
        elif size == 127:
            (size,) = struct.unpack("!Q", await self._reader.readexactly(8))
        if size > LARGEST:
            raise BadReply("a message was too large", connection=self._connection)
        return bool(first & 0x80), first & 0x0F, await self._reader.readexactly(size)

    async def _frame(self, kind: int, data: bytes) -> None:
        mask = os.urandom(4)
        size = len(data)
        head = struct.pack("!BB", 0x80 | kind, 0x80 | min(size, 126)) + (struct.pack("!H", size) if size >= 126 else b"")
        if size >= 1 << 16:
            raise ValueError("a message of ours is never that large")
        try:
            self._writer.write(head + mask + bytes(byte ^ mask[index % 4] for index, byte in enumerate(data)))
            await self._writer.drain()
        except (OSError, ssl.SSLError):
            raise Unreachable("the stream was cut", connection=self._connection) from None


async def open_websocket(
    connection: str,
    address: Address,
    path: str,
    *,
    query: Mapping[str, str | Secret],
    headers: Mapping[str, Secret],
    names: Names,
    ca_file: Path | None = None,
) -> WebSocket:
    """Connect and shake hands. Raises ``Unreachable``, and what a refusal's status means."""
    host, _, port = address.host.rpartition(":") if ":" in address.host.rpartition("]")[2] else (address.host, "", "")
    number = int(port) if port else 443 if address.secure else 80
    try:
        if proxy_for(address) is not None:
            raise Trouble("streams do not go through a proxy", "")
        context = trust(address, ca_file) if address.secure else None
        async with asyncio.timeout(OPENING):
            await found(names, host.strip("[]"), number, None)
            reader, writer = await asyncio.open_connection(host.strip("[]"), number, ssl=context, limit=1 << 16)
            try:
                return await _shake(connection, address, path + "?" + query_text(query), headers, reader, writer)
            except BaseException:
                writer.close()
                raise
    except Trouble as trouble:
        raise Unreachable(str(trouble), connection=connection, sent=False) from None
    except (*_LOST, TimeoutError):
        raise Unreachable(f"no stream from {address.host}", connection=connection) from None


async def _shake(
    connection: str,
    address: Address,
    target: str,
    headers: Mapping[str, Secret],
    reader: asyncio.StreamReader,
    writer: asyncio.StreamWriter,
) -> WebSocket:
    key = base64.b64encode(os.urandom(16))
    lines = [
        f"GET {address.path}{target} HTTP/1.1",
        f"Host: {address.host}",
        "Upgrade: websocket",
        "Connection: Upgrade",
        f"Sec-WebSocket-Key: {key.decode()}",
        "Sec-WebSocket-Version: 13",
        "User-Agent: rollwatch",
        *(f"{name}: {value.reveal()}" for name, value in headers.items()),
    ]
    if any("\r" in line or "\n" in line for line in lines):
        raise ValueError("a header of more than one line")
    writer.write("\r\n".join([*lines, "", ""]).encode("latin-1"))
    await writer.drain()
    status = int((await reader.readline()).split(b" ")[1].decode("ascii"))
    answered: dict[str, str] = {}
    for _ in range(_HEADERS):
        name, _, value = (await reader.readline()).decode("latin-1").partition(":")
        if not name.strip():
            break
        answered[name.strip().lower()] = value.strip()
    if status != 101:
        raise failure(Reply(status=status, headers=answered, path=target.partition("?")[0], host=address.host), connection)
    proof = base64.b64encode(hashlib.sha1(key + _GUID).digest()).decode()  # noqa: S324 - the protocol's own
    if answered.get("sec-websocket-accept") != proof:
        raise BadReply("the stream was opened by something that is no WebSocket", connection=connection)
    return WebSocket(connection, reader, writer)
