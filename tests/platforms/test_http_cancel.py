"""However many callers give up, at whatever moment, the pool serves the next one."""

from __future__ import annotations

import asyncio
import random

import httpx
import pytest

from tests.platforms.bench import Memory
from tests.platforms.conftest import Make
from tests.platforms.rawserver import RawServer, Seen, reply
from tui.clock import SystemClock
from tui.errors import OutcomeUnknown, PlatformError, Unreachable
from tui.platforms.base import AppSpec, ConnectionSpec, SignIn
from tui.platforms.registry import open_platform
from tui.text import Secret


async def slow(seen: Seen, writer: asyncio.StreamWriter) -> None:
    await asyncio.sleep(0.0005)
    writer.write(reply()[:40])
    await writer.drain()
    await asyncio.sleep(0)
    writer.write(reply()[40:])


async def test_ten_thousand_cancelled_callers_leave_a_pool_of_two_usable(make: Make) -> None:
    chance = random.Random(7)  # noqa: S311
    async with RawServer(slow) as server:
        transport = make(server.url, pool=2, read_deadline=30.0)
        cancelled = done = 0
        for _ in range(100):
            calls = [asyncio.ensure_future(transport.get("/v1/x")) for _ in range(100)]
            while any(not call.done() for call in calls):
                for _ in range(chance.randrange(4)):
                    await asyncio.sleep(0)
                for call in chance.sample(calls, 30):
                    call.cancel()
            results = await asyncio.gather(*calls, return_exceptions=True)
            cancelled += sum(isinstance(each, asyncio.CancelledError) for each in results)
            done += sum(not isinstance(each, BaseException) for each in results)
        assert cancelled + done == 10_000
        assert cancelled > 9_000
        assert server.open <= 2
        answers = await asyncio.wait_for(asyncio.gather(*(transport.get("/v1/y") for _ in range(20))), 5)
        assert [answer.status for answer in answers] == [200] * 20
        assert server.connections <= 2, "cancelling a caller must not even cost a connection"


@pytest.mark.parametrize("turns", range(0, 60, 4))
async def test_cancelled_at_any_await(make: Make, turns: int) -> None:
    async with RawServer(slow) as server:
        transport = make(server.url, pool=1)
        for _ in range(3):
            call = asyncio.ensure_future(transport.get("/v1/x"))
            for _ in range(turns):
                await asyncio.sleep(0)
            call.cancel()
            await asyncio.gather(call, return_exceptions=True)
        assert (await asyncio.wait_for(transport.get("/v1/y"), 5)).status == 200
        assert server.connections == 1


async def test_plain_httpx_would_lose_its_slots() -> None:
    """Why the shield is there. If a later httpx passes this, the shield may go."""
    chance = random.Random(7)  # noqa: S311
    results: list[object] = []
    async with (
        RawServer(slow) as server,
        httpx.AsyncClient(limits=httpx.Limits(max_connections=2), timeout=httpx.Timeout(5, pool=0.2)) as client,
    ):
        for _ in range(80):
            calls = [asyncio.ensure_future(client.get(server.url)) for _ in range(10)]
            while any(not call.done() for call in calls):
                for _ in range(chance.randrange(4)):
                    await asyncio.sleep(0)
                for call in chance.sample(calls, 3):
                    call.cancel()
            results += await asyncio.gather(*calls, return_exceptions=True)
        results += await asyncio.gather(*(client.get(server.url) for _ in range(4)), return_exceptions=True)
    assert any(isinstance(each, httpx.PoolTimeout) for each in results)


async def test_waiting_for_a_turn_counts_into_the_deadline(make: Make) -> None:
    async def never(seen: Seen, writer: asyncio.StreamWriter) -> None:
        await seen.gone()

    async with RawServer(never) as server:
        transport = make(server.url, pool=1, read_deadline=0.3)
        started = asyncio.get_running_loop().time()
        results = await asyncio.gather(*(transport.get("/v1/x") for _ in range(3)), return_exceptions=True)
        assert asyncio.get_running_loop().time() - started < 1
        assert all(isinstance(each, Unreachable) for each in results)
        assert {each.sent for each in results if isinstance(each, Unreachable)} == {True, False}


async def test_deadlines_in_a_row_leave_nothing_open(make: Make) -> None:
    async def never(seen: Seen, writer: asyncio.StreamWriter) -> None:
        await seen.gone()

    async with RawServer(never) as server:
        transport = make(server.url, read_deadline=0.02, verb_deadline=0.02)
        for _ in range(15):
            await asyncio.gather(transport.get("/v1/x"), transport.send("POST", "/v1/x"), return_exceptions=True)
        await asyncio.sleep(0.05)
        assert server.connections > 10
        assert server.open == 0
        server.answer = reply()
        assert (await transport.get("/v1/x")).status == 200


async def test_deadlines_during_the_tls_handshake_leave_nothing_open(make: Make) -> None:
    """The server takes the connection and never answers the handshake."""
    async with RawServer() as server:
        transport = make(f"https://127.0.0.1:{server.port}", read_deadline=0.05, verb_deadline=0.05)

        async def follow() -> None:
            async with transport.stream("/v1/logs", headers_within=0.05):
                pass

        for _ in range(5):
            await asyncio.gather(transport.get("/v1/x"), transport.send("POST", "/v1/x"), follow(), return_exceptions=True)
        await asyncio.sleep(0.05)
        assert server.connections == 15
        assert server.open == 0


async def test_a_pool_that_a_deadline_cut_into_takes_no_new_request(make: Make) -> None:
    """Whether its slot was lost cannot be seen from outside; the requests that are still inside it end undisturbed."""
    go = asyncio.Event()

    async def choosy(seen: Seen, writer: asyncio.StreamWriter) -> None:
        await (go.wait() if seen.target == "/slow" else seen.gone())
        writer.write(reply())

    async with RawServer(choosy) as server:
        transport = make(server.url, read_deadline=0.2)
        first = transport._pool(fresh=False)
        late = asyncio.ensure_future(transport.get("/never"))
        await asyncio.sleep(0.1)
        inside = asyncio.ensure_future(transport.get("/slow"))
        with pytest.raises(Unreachable):
            await late
        assert first.retired
        assert transport._pool(fresh=False) is not first
        go.set()
        assert (await inside).status == 200


async def test_verbs_do_not_wait_for_reads(make: Make) -> None:
    async def choosy(seen: Seen, writer: asyncio.StreamWriter) -> None:
        if seen.method == "GET":
            await seen.gone()
        writer.write(reply())

    async with RawServer(choosy) as server:
        transport = make(server.url, pool=2, read_deadline=0.5)
        reads = [asyncio.ensure_future(transport.get("/v1/x")) for _ in range(10)]
        await asyncio.sleep(0.02)
        assert (await asyncio.wait_for(transport.send("POST", "/v1/x"), 0.4)).status == 200
        await asyncio.gather(*reads, return_exceptions=True)


async def test_closing_with_requests_under_way(make: Make) -> None:
    async def never(seen: Seen, writer: asyncio.StreamWriter) -> None:
        await seen.gone()

    async with RawServer(never) as server:
        transport = make(server.url)
        calls = [asyncio.ensure_future(transport.get("/v1/x")) for _ in range(20)]
        await asyncio.sleep(0.02)
        await asyncio.wait_for(transport.aclose(), 2)
        assert {type(each) for each in await asyncio.gather(*calls, return_exceptions=True)} == {Unreachable}
        await asyncio.sleep(0.02)
        assert server.open == 0


async def test_closing_waits_for_no_verb_whose_answer_nobody_hears(make: Make) -> None:
    asked = asyncio.Event()

    async def never(seen: Seen, writer: asyncio.StreamWriter) -> None:
        asked.set()
        await seen.gone()

    async with RawServer(never) as server:
        transport = make(server.url)
        call = asyncio.ensure_future(transport.send("POST", "/v1/x"))
        await asked.wait()
        await asyncio.wait_for(transport.aclose(), 1)
        (result,) = await asyncio.gather(call, return_exceptions=True)
        assert isinstance(result, OutcomeUnknown)


@pytest.mark.parametrize(("platform", "token"), [("encore", ""), ("phase", "a" * 64)])
async def test_a_sign_in_that_hangs_and_costs_nothing_is_not_waited_for(platform: str, token: str) -> None:
    async def never(seen: Seen, writer: asyncio.StreamWriter) -> None:
        await seen.gone()

    async with RawServer(never) as server:
        spec = ConnectionSpec(name="shop", platform=platform, base_url=server.url, apps=(AppSpec(id="a", environments=("b",)),))
        who = SignIn(client_id="id", client_secret=Secret("it is"), token=Secret(token))
        made = open_platform(spec, credentials=who, clock=SystemClock(), journal_rollouts=Memory())
        waiting = asyncio.ensure_future(asyncio.gather(made.detect(), made.account()))
        while not server.open:
            await asyncio.sleep(0.01)
        await asyncio.wait_for(made.aclose(), 1)
        (ended,) = await asyncio.gather(waiting, return_exceptions=True)
        assert isinstance(ended, PlatformError | asyncio.CancelledError)
