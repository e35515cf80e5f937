"""A server that lies, drips, bombs or breaks off costs one typed error, a bounded time and a bounded memory."""

from __future__ import annotations

import asyncio
import gzip
import time
import tracemalloc
import zlib

import pytest

from tests.platforms.conftest import Make
from tests.platforms.rawserver import RawServer, Seen, reply
from tui.errors import BadReply, OutcomeUnknown, PlatformError, Refused, Unavailable, Unreachable
from tui.platforms.inflate import CutOff, Inflater

MIB = 1 << 20


def bomb(size: int) -> bytes:
    packer = zlib.compressobj(9, zlib.DEFLATED, 31)
    return b"".join([packer.compress(b" " * MIB) for _ in range(size // MIB)]) + packer.flush()


async def test_a_compressed_reply_is_read(make: Make) -> None:
    body = b'{"a":"' + b"x" * 300_000 + b'"}'
    async with RawServer(reply(gzip.compress(body), headers={"Content-Encoding": "gzip"})) as server:
        assert (await make(server.url).get("/v1/x")).content == body


@pytest.mark.parametrize("status", [200, 500])
async def test_a_bomb_is_stopped_at_the_cap(make: Make, status: int) -> None:
    packed = bomb(64 * MIB)
    assert len(packed) < 80_000
    async with RawServer(reply(packed, status, {"Content-Encoding": "gzip"})) as server:
        transport = make(server.url)
        await _refused(transport.get("/v1/x"), PlatformError)  # imports and pools do not count
        tracemalloc.start()
        try:
            error = await _refused(transport.get("/v1/x"), BadReply if status == 200 else Unavailable)
            peak = tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()
    assert peak < 20 * MIB
    if status == 200:
        assert "more than 8 MiB" in str(error)


async def test_a_bomb_inside_a_bomb_is_not_opened_twice(make: Make) -> None:
    async with RawServer(reply(gzip.compress(bomb(16 * MIB)), headers={"Content-Encoding": "gzip, gzip"})) as server:
        assert "coding" in str(await _refused(make(server.url).get("/v1/x"), BadReply))


@pytest.mark.parametrize("coding", ["br", "zstd", "compress", "gzip;q=1", "x"])
async def test_a_coding_that_was_not_asked_for(make: Make, coding: str) -> None:
    async with RawServer(reply(b"\x0b\x02\x80{}\x03", headers={"Content-Encoding": coding})) as server:
        await _refused(make(server.url).get("/v1/x"), BadReply)
        server.answer = reply(b"\x0b\x02\x80{}\x03", 500, {"Content-Encoding": coding})
        await _refused(make(server.url).get("/v1/x"), Unavailable)


@pytest.mark.parametrize("body", [b"{}", b"\x1f\x8b", gzip.compress(b"{}", mtime=0)[:-9], gzip.compress(b'{"a":1}', mtime=0)[:-1], b""])
async def test_a_gzip_that_is_none(make: Make, body: bytes) -> None:
    async with RawServer(reply(body, headers={"Content-Encoding": "gzip"})) as server:
        assert "cut off" in str(await _refused(make(server.url).get("/v1/x"), Unreachable))


@pytest.mark.parametrize("size", [0, 1, 65_535, 65_536, 65_537, 131_072, 500_000])
@pytest.mark.parametrize("step", [1000, 1_000_000])
def test_the_inflater_gives_every_byte_in_small_pieces(size: int, step: int) -> None:
    body = bytes(i * 7 % 251 for i in range(size)) if size < 1000 else (b"abc\0" * size)[:size]
    packed = gzip.compress(body)
    inflater = Inflater("gzip")
    pieces = [piece for start in range(0, len(packed), step) for piece in inflater.feed(packed[start : start + step])]
    inflater.finish()
    assert b"".join(pieces) == body
    assert max(map(len, pieces), default=0) <= 65_536
    with pytest.raises(CutOff):
        Inflater("gzip").finish()


async def test_a_body_without_compression_is_capped_too(make: Make) -> None:
    async def endless(seen: Seen, writer: asyncio.StreamWriter) -> None:
        writer.write(reply(b"", length=False))
        while True:
            writer.write(b"[" * 65_536)
            await writer.drain()

    async with RawServer(endless) as server:
        transport = make(server.url, max_json=MIB)
        started = time.monotonic()
        assert "more than 1 MiB" in str(await _refused(transport.get("/v1/x"), BadReply))
        assert time.monotonic() - started < 2


async def test_an_endless_error_body_is_cut_and_still_typed(make: Make) -> None:
    async def endless(seen: Seen, writer: asyncio.StreamWriter) -> None:
        writer.write(reply(b"", 403, kind="text/plain", length=False))
        while True:
            writer.write(b"no entry " * 8192)
            await writer.drain()

    async with RawServer(endless) as server:
        error = await _refused(make(server.url).get("/v1/x"), PlatformError)
        assert (error.status, error.message[:8]) == (403, "no entry")
        assert len(str(error)) < 500


@pytest.mark.parametrize("where", ["nothing", "status", "headers", "body", "chunks"])
async def test_a_drip_is_ended_by_the_deadline(make: Make, where: str) -> None:
    """One byte at a time keeps every single read alive; only a deadline around the whole ends it."""
    text = {
        "nothing": b"",
        "status": b"HTTP/1.1 200 OK",
        "headers": b"HTTP/1.1 200 OK\r\n" + b"X-Drip: a\r\n" * 1000,
        "body": reply(b"[" + b" " * 5000),
        "chunks": b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + b"1\r\n \r\n" * 1000,
    }[where]

    async def drip(seen: Seen, writer: asyncio.StreamWriter) -> None:
        for byte in text:
            writer.write(bytes([byte]))
            await writer.drain()
            await asyncio.sleep(0.01)
        await asyncio.sleep(60)

    async with RawServer(drip) as server:
        transport = make(server.url, read_deadline=0.2, verb_deadline=0.2)
        started = time.monotonic()
        error = await _refused(transport.get("/v1/x"), Unreachable)
        assert 0.18 < time.monotonic() - started < 1
        assert "within 0.2 s" in str(error)
        assert isinstance(await _refused(transport.send("POST", "/v1/x"), OutcomeUnknown), OutcomeUnknown)
        # The pools that the deadline cut into are not used again, and everything still works.
        server.answer = reply()
        assert (await transport.get("/v1/x")).status == 200


async def test_a_server_that_accepts_and_says_nothing_to_tls_is_ended_too(make: Make) -> None:
    async with RawServer() as server:
        transport = make(f"https://127.0.0.1:{server.port}", read_deadline=0.3, verb_deadline=0.3)
        error = await _refused(transport.send("POST", "/v1/x"), Unreachable)
        assert error.sent is False, "no byte of the verb left: it may be sent again"


@pytest.mark.parametrize("step", [7, pytest.param(1, marks=pytest.mark.soak)])
async def test_a_body_cut_at_every_byte(make: Make, step: int) -> None:
    body = b'{"items":[' + b",".join(b'{"id":"svc-%d"}' % i for i in range(130)) + b"]}"
    assert len(body) > 2000
    full = reply(body)
    head = len(full) - len(body)
    cut = 0

    async def cutting(seen: Seen, writer: asyncio.StreamWriter) -> None:
        writer.write(full[:cut])
        await writer.drain()
        raise EOFError

    async with RawServer(cutting) as server:
        transport = make(server.url)
        for cut in range(0, len(full), step):
            error = await _refused(transport.get("/v1/x"), Unreachable)
            assert "closed the connection before its answer was complete" in str(error), cut
        assert head < len(full)
        cut = len(full)
        assert (await transport.get("/v1/x")).content == body


@pytest.mark.parametrize("cut", [0, 5, 40, -1])
async def test_a_verb_whose_answer_is_lost_has_an_unknown_outcome(make: Make, cut: int) -> None:
    async def cutting(seen: Seen, writer: asyncio.StreamWriter) -> None:
        writer.write(reply(b'{"id":"x"}')[:cut])
        await writer.drain()
        raise EOFError

    async with RawServer(cutting) as server:
        error = await _refused(make(server.url).send("POST", "/v1/x"), OutcomeUnknown)
        assert str(error).startswith("fleet: POST /v1/x was sent, but 127.0.0.1:")
        assert len(server.seen) == 1


async def test_a_verb_to_a_closed_port_was_not_sent(make: Make) -> None:
    async with RawServer() as server:
        url = server.url
    error = await _refused(make(url).send("POST", "/v1/x"), Unreachable)
    assert error.sent is False
    assert "nothing listens there" in str(error)


async def test_an_unknown_name_is_told(make: Make) -> None:
    error = await _refused(make("https://no-such-host.invalid").get("/v1/x"), Unreachable)
    assert error.sent is False
    assert "no-such-host.invalid" in str(error)


@pytest.mark.parametrize(
    "answer",
    [
        b"SSH-2.0-OpenSSH_9.6\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: -5\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\n{}",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nffffffffffffffffffff\r\n",
        b"HTTP/1.1 200 OK\r\nBad Header\r\n\r\n",
        b"HTTP/1.1 999999 OK\r\n\r\n",
        b"\x16\x03\x01\x00\x05hello",
        b"\r\n" * 100_000,
        b"HTTP/1.1 200 OK\r\n" + b"X: y\r\n" * 2_000_000,
    ],
    ids=range(10),
)
async def test_an_answer_that_is_no_http(make: Make, answer: bytes) -> None:
    async def speak(seen: Seen, writer: asyncio.StreamWriter) -> None:
        writer.write(answer)
        await writer.drain()
        raise EOFError

    async with RawServer(speak) as server:
        transport = make(server.url, read_deadline=3.0)
        error = await _refused(transport.get("/v1/x"), Unreachable)
        assert f"127.0.0.1:{server.port}" in str(error)
        server.answer = reply()
        assert (await transport.get("/v1/x")).status == 200


async def test_a_204_with_a_body_and_a_200_without_one(make: Make) -> None:
    async with RawServer(b"HTTP/1.1 204 No Content\r\n\r\n") as server:
        assert (await make(server.url).get("/v1/x")).content == b""
        server.answer = b"HTTP/1.1 204 No Content\r\nContent-Length: 2\r\n\r\n{}"
        assert (await make(server.url).get("/v1/x")).content == b""
        server.answer = reply(b"")
        assert (await make(server.url).get("/v1/x")).content == b""


async def test_an_early_refusal_of_a_large_body_is_read(make: Make) -> None:
    async with RawServer(reply('{"error":"too large"}', 413, {"Connection": "close"})) as server:
        error = await _refused(make(server.url).send("POST", "/v1/x", body={"x": "y" * 3_000_000}), PlatformError)
        assert isinstance(error, Refused | OutcomeUnknown)


async def _refused(call: object, kind: type[PlatformError]) -> PlatformError:
    with pytest.raises(kind) as raised:
        await call  # type: ignore[misc]
    assert "\n" not in str(raised.value)
    return raised.value
