"""Endless answers: quiet ones are open, refused ones say why, cut ones are not taken for ended, left ones are gone."""

from __future__ import annotations

import asyncio
import gzip

import pytest

from tests.platforms.conftest import Make
from tests.platforms.rawserver import RawServer, Seen, reply
from tests.platforms.test_http_requests import Fixed
from tui.errors import Forbidden, NoEndpoint, NotFound, PlatformError, Unauthorized, Unreachable
from tui.platforms.http import StreamReply

HEAD = (
    b"HTTP/1.1 200 OK\r\nContent-Type: application/x-ndjson\r\nTransfer-Encoding: chunked\r\n"
    b"X-RateLimit-Limit: 100\r\nX-RateLimit-Remaining: 7\r\n\r\n"
)


def chunk(data: bytes) -> bytes:
    return b"%x\r\n%s\r\n" % (len(data), data)


async def read(stream: StreamReply) -> bytes:
    return b"".join([piece async for piece in stream.chunks()])


async def test_a_stream_is_asked_for_and_read_as_it_comes(make: Make) -> None:
    go = asyncio.Event()

    async def lines(seen: Seen, writer: asyncio.StreamWriter) -> None:
        writer.write(HEAD + chunk(b'{"a":1}\n'))
        await go.wait()
        writer.write(chunk(b'{"a":2}\n') + b"0\r\n\r\n")

    async with RawServer(lines) as server:
        transport = make(server.url, Fixed(server.url, "Bearer t"))
        async with transport.stream("/v1/services/{id}/logs", ids={"id": "a/b"}, query={"follow": "true"}) as stream:
            assert (stream.status, stream.content_type) == (200, "application/x-ndjson")
            chunks = stream.chunks()
            assert await anext(chunks) == b'{"a":1}\n'
            go.set()
            assert [piece async for piece in chunks] == [b'{"a":2}\n']
        (seen,) = server.seen
        assert seen.target == "/v1/services/a%2Fb/logs?follow=true"
        assert seen.headers["authorization"] == "Bearer t"
        assert seen.headers["accept-encoding"] == "identity"
        assert transport.rate is not None
        assert transport.rate.remaining == 7


async def test_a_quiet_stream_is_open(make: Make) -> None:
    go = asyncio.Event()

    async def quiet(seen: Seen, writer: asyncio.StreamWriter) -> None:
        await go.wait()
        writer.write(HEAD + chunk(b"x\n") + b"0\r\n\r\n")

    async with RawServer(quiet) as server:
        async with make(server.url).stream("/v1/logs", quiet=True, headers_within=0.05) as stream:
            assert (stream.status, stream.content_type) == (None, "")
            go.set()
            assert await read(stream) == b"x\n"
            assert stream.content_type == "application/x-ndjson"
        go.clear()
        with pytest.raises(Unreachable, match=r"within 0\.05 s"):
            async with make(server.url).stream("/v1/logs", headers_within=0.05):
                pass


async def test_quiet_does_not_mean_that_nobody_is_there(make: Make) -> None:
    """A server whose handshake never ends has not taken the request: that is no open stream."""
    async with RawServer() as server:
        with pytest.raises(Unreachable):
            async with make(f"https://127.0.0.1:{server.port}").stream("/v1/logs", quiet=True, headers_within=0.05):
                pass


@pytest.mark.parametrize(
    ("status", "body", "kind", "cls"),
    [
        (401, '{"error":"Not authenticated","code":"auth.bad_session"}', "application/json", Unauthorized),
        (403, '{"error":"no"}', "application/json", Forbidden),
        (404, '{"error":{"message":"Service not found"}}', "application/json", NotFound),
        (404, "404 Not Found", "text/plain", NoEndpoint),
        (
            501,
            '{"success":false,"error":{"message":"Centralized logs are not available","code":"LOGS_NOT_AVAILABLE"}}',
            "application/json",
            NoEndpoint,
        ),
        (500, "Internal Server Error", "text/plain", PlatformError),
        (302, "", "text/plain", PlatformError),
    ],
)
@pytest.mark.parametrize("late", [False, True])
async def test_a_refused_stream_says_why(make: Make, status: int, body: str, kind: str, cls: type[PlatformError], late: bool) -> None:
    go = asyncio.Event()

    async def refuse(seen: Seen, writer: asyncio.StreamWriter) -> None:
        if late:
            await go.wait()
        writer.write(reply(body, status, kind=kind))

    async def follow(server: RawServer) -> None:
        async with make(server.url).stream("/v1/logs", quiet=True, headers_within=0.2 if late else 5.0) as stream:
            assert late
            go.set()
            await read(stream)

    async with RawServer(refuse) as server:
        with pytest.raises(cls) as refused:
            await follow(server)
        assert refused.value.status == status
        assert refused.value.code in {"", "auth.bad_session", "LOGS_NOT_AVAILABLE"}


async def test_a_refusal_that_never_ends_is_not_waited_for(make: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tui.platforms.streaming.REFUSAL_WITHIN", 0.05)

    async def drip(seen: Seen, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 403 No\r\nContent-Length: 100\r\n\r\n")
        await writer.drain()
        await seen.gone()

    async with RawServer(drip) as server:
        with pytest.raises(Forbidden, match="with 403"):
            async with make(server.url).stream("/v1/logs"):
                pass


async def test_a_401_is_renewed_once(make: Make) -> None:
    async def picky(seen: Seen, writer: asyncio.StreamWriter) -> None:
        writer.write(reply("line\n", 200, kind="text/plain") if seen.headers["authorization"] == "Bearer good" else reply(status=401))

    async with RawServer(picky) as server:
        async with make(server.url, Fixed(server.url, "Bearer old", fresh="Bearer good")).stream("/v1/logs") as stream:
            assert await read(stream) == b"line\n"
        with pytest.raises(Unauthorized, match="rollwatch login fleet"):
            async with make(server.url, Fixed(server.url, "Bearer old", fresh="Bearer bad")).stream("/v1/logs"):
                pass
        assert len(server.seen) == 4


@pytest.mark.parametrize("ending", ["clean", "close", "half-chunk", "abort"])
async def test_a_cut_stream_is_not_an_ended_one(make: Make, ending: str) -> None:
    async def lines(seen: Seen, writer: asyncio.StreamWriter) -> None:
        writer.write(HEAD + chunk(b"one\n"))
        await writer.drain()
        if ending == "clean":
            writer.write(b"0\r\n\r\n")
        elif ending == "half-chunk":
            writer.write(b"ff\r\ntwo")
        elif ending == "abort":
            await asyncio.sleep(0.01)
            writer.transport.abort()
        raise EOFError

    async with RawServer(lines) as server:
        got: list[bytes] = []
        cut = False
        async with make(server.url).stream("/v1/logs") as stream:
            try:
                async for piece in stream.chunks():
                    got.append(piece)  # noqa: PERF401 - what came before the cut counts
            except Unreachable as error:
                cut = "closed the connection" in str(error)
        assert got[0] == b"one\n"
        assert cut is (ending != "clean")


async def test_a_stream_without_length_ends_where_the_connection_does(make: Make) -> None:
    async def lines(seen: Seen, writer: asyncio.StreamWriter) -> None:
        writer.write(reply("one\ntwo", kind="text/plain", length=False))
        raise EOFError

    async with RawServer(lines) as server, make(server.url).stream("/v1/logs") as stream:
        assert await read(stream) == b"one\ntwo"


async def test_a_compressed_stream_is_read_in_bounded_pieces(make: Make) -> None:
    packed = gzip.compress(b"x" * 5_000_000)
    async with RawServer(reply(packed, headers={"Content-Encoding": "gzip"}, kind="text/plain")) as server:
        async with make(server.url).stream("/v1/logs") as stream:
            sizes = [len(piece) async for piece in stream.chunks()]
        assert sum(sizes) == 5_000_000
        assert max(sizes) <= 65_536


@pytest.mark.parametrize("moment", ["opening", "quiet", "reading", "unread"])
async def test_a_stream_that_is_left_is_gone(make: Make, moment: str) -> None:
    async def lines(seen: Seen, writer: asyncio.StreamWriter) -> None:
        if moment in {"reading", "unread"}:
            writer.write(HEAD + chunk(b"one\n"))
            await writer.drain()
        await seen.gone()

    async def follow(server: RawServer) -> None:
        async with make(server.url).stream("/v1/logs", quiet=True, headers_within=0.02 if moment == "quiet" else 5.0) as stream:
            if moment != "unread":
                await read(stream)

    async with RawServer(lines) as server:
        follower = asyncio.ensure_future(follow(server))
        await asyncio.sleep(0.06)
        assert server.connections == 1
        assert server.open == (0 if moment == "unread" else 1)
        follower.cancel()
        await asyncio.gather(follower, return_exceptions=True)
        await asyncio.sleep(0.03)
        assert server.open == 0


async def test_a_hundred_streams_left_at_any_moment_leave_nothing(make: Make) -> None:
    async def lines(seen: Seen, writer: asyncio.StreamWriter) -> None:
        writer.write(HEAD)
        for _ in range(5):
            writer.write(chunk(b"one\n"))
            await writer.drain()
            await asyncio.sleep(0)
        await seen.gone()

    async with RawServer(lines) as server:
        transport = make(server.url)

        async def follow() -> None:
            async with transport.stream("/v1/logs") as stream:
                await read(stream)

        for turns in range(100):
            follower = asyncio.ensure_future(follow())
            for _ in range(turns // 2):
                await asyncio.sleep(0)
            follower.cancel()
            await asyncio.gather(follower, return_exceptions=True)
        await asyncio.sleep(0.05)
        assert server.connections > 40
        assert server.open == 0


async def test_streams_do_not_use_the_pool_of_reads(make: Make) -> None:
    async def lines(seen: Seen, writer: asyncio.StreamWriter) -> None:
        if seen.target == "/v1/x":
            writer.write(reply())
            return
        writer.write(HEAD)
        await writer.drain()
        await seen.gone()

    async with RawServer(lines) as server:
        transport = make(server.url, pool=1)
        async with transport.stream("/1"), transport.stream("/2"), transport.stream("/3"):
            assert (await asyncio.wait_for(transport.get("/v1/x"), 2)).status == 200
            assert (await asyncio.wait_for(transport.send("POST", "/v1/x"), 2)).status == 200
