"""A log server that says as much as it is told to, in a process of its own:
``python -m tests.bench.firehose RATE SECONDS REST WHOLE [sse]``.

It prints its port. Whoever asks for a path gets lines as NDJSON (or as server-sent events), numbered from 0: RATE lines a second for
SECONDS, then none for REST seconds, and so on for WHOLE seconds. Every byte is made before the port is told: while it pours it only
writes, so that it takes next to nothing from the processor that it shares with whoever reads. It counts from the first reader on.
"""

from __future__ import annotations

import asyncio
import gc
import sys
import time
from datetime import UTC, datetime, timedelta

from tests.bench.data import WORDS

TICK = 0.01
BLOCK = 10
"""Lines that are written at once at least."""


def said(number: int, begin: datetime, rate: float) -> str:
    at = (begin + timedelta(seconds=number // BLOCK * BLOCK / rate)).isoformat(timespec="milliseconds")
    text = f"{number} {WORDS[number % len(WORDS)]} upstream request served after {number % 997} ms by pool"
    return f'{{"time": "{at}", "level": "info", "message": "{text}"}}\n'


def made(rate: float, seconds: float, rest: float, whole: float, *, events: bool) -> list[bytes]:
    """All that one reader is sent, in blocks."""
    begin = datetime.now(UTC)
    turns, within = divmod(whole, seconds + rest)
    count = int(rate * (turns * seconds + min(within, seconds)))
    lines = [said(number, begin, rate) for number in range(count)]
    if events:
        lines = [f"data: {line}\n" for line in lines]
    return ["".join(lines[at : at + BLOCK]).encode() for at in range(0, count, BLOCK)]


async def pour(
    reader: asyncio.StreamReader, writer: asyncio.StreamWriter, blocks: list[bytes], rate: float, seconds: float, rest: float, kind: bytes
) -> None:
    await reader.readuntil(b"\r\n\r\n")
    writer.write(b"HTTP/1.1 200 OK\r\nContent-Type: " + kind + b"\r\nTransfer-Encoding: chunked\r\n\r\n")
    begin, sent = time.perf_counter(), 0
    while not reader.at_eof():
        turns, within = divmod(time.perf_counter() - begin, seconds + rest)
        due = min(len(blocks), int(rate * (turns * seconds + min(within, seconds)) / BLOCK))
        if due > sent:
            body = b"".join(blocks[sent:due])
            writer.write(b"%x\r\n%s\r\n" % (len(body), body))
            sent = due
            await writer.drain()
        await asyncio.sleep(TICK)


async def main() -> None:
    rate, seconds, rest, whole = map(float, sys.argv[1:5])
    events = sys.argv[5:] == ["sse"]
    blocks = made(rate, seconds, rest, whole, events=events)
    gc.freeze()
    kind = b"text/event-stream" if events else b"application/x-ndjson"

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await pour(reader, writer, blocks, rate, seconds, rest, kind)
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(main())
