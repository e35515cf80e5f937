"""A log server that says as much as it is told to, in a process of its own: ``python -m tests.bench.firehose RATE SECONDS REST``.

It prints its port. Whoever asks for a path gets NDJSON, numbered from 0: RATE lines a second for SECONDS, then none for REST seconds, and
so on until nobody reads.
"""

from __future__ import annotations

import asyncio
import json
import sys
import time
from datetime import UTC, datetime, timedelta

from tests.bench.data import WORDS

HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: application/x-ndjson\r\nTransfer-Encoding: chunked\r\n\r\n"
TICK = 0.02


def said(number: int, begin: datetime, rate: float) -> bytes:
    at = (begin + timedelta(seconds=number / rate)).isoformat(timespec="milliseconds")
    text = f"{number} {WORDS[number % len(WORDS)]} upstream request served after {number % 997} ms by pool"
    return json.dumps({"time": at, "level": "info", "message": text}).encode() + b"\n"


async def pour(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, rate: float, seconds: float, rest: float) -> None:
    await reader.readuntil(b"\r\n\r\n")
    writer.write(HEAD)
    opened, begin, sent = datetime.now(UTC), time.perf_counter(), 0
    while not reader.at_eof():
        turns, within = divmod(time.perf_counter() - begin, seconds + rest)
        due = int(rate * (turns * seconds + min(within, seconds)))
        if due > sent:
            body = b"".join(said(number, opened, rate) for number in range(sent, due))
            writer.write(b"%x\r\n%s\r\n" % (len(body), body))
            sent = due
            await writer.drain()
        await asyncio.sleep(TICK)


async def main() -> None:
    rate, seconds, rest = map(float, sys.argv[1:])

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await pour(reader, writer, rate, seconds, rest)
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(main())
