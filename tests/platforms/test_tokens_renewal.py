"""Tokens that are renewed: early, once, and never at the price of the old one while it lives."""

from __future__ import annotations

import asyncio
import base64
import json
import math
from typing import Any

import pytest

from tests import vloop
from tests.platforms.conftest import NOW, Make
from tests.platforms.rawserver import RawServer, Seen, reply
from tui.clock import LoopClock, ManualClock
from tui.errors import BadReply, ConfigError, Forbidden, PlatformError, Unauthorized, Unavailable, Unreachable, WrongBaseUrl
from tui.platforms.http import Reply
from tui.platforms.renewal import Renewal, Token, life
from tui.platforms.tokens import STYLES, ClientCredentials
from tui.text import Secret


def grant(number: int, expires_in: object = 3600) -> bytes:
    return json.dumps({"access_token": f"token-{number}", "expires_in": expires_in, "token_type": "Bearer", "actor": "o2c_id"}).encode()


class Encore:
    """A platform of one path and a sign-in. Only the newest token is good; ``spent`` makes it bad."""

    def __init__(self, expires_in: object = 3600) -> None:
        self.issued = 0
        self.good = ""
        self.expires_in = expires_in
        self.sign_in_status = 200
        self.gate = asyncio.Event()
        self.gate.set()

    async def __call__(self, seen: Seen, writer: asyncio.StreamWriter) -> None:
        if seen.target.startswith("/api/oauth/token"):
            await self.gate.wait()
            if self.sign_in_status != 200:
                writer.write(reply('{"error":"no"}', self.sign_in_status))
                return
            self.issued += 1
            self.good = f"Bearer token-{self.issued}"
            writer.write(reply(grant(self.issued, self.expires_in)))
        else:
            writer.write(reply(status=200 if seen.headers.get("authorization") == self.good else 401))


def credentials(exchange: Any, clock: Any, **options: Any) -> ClientCredentials:
    return ClientCredentials(exchange, client_id="o2c_id", client_secret=Secret("s3cret&+"), clock=clock, **options)


# -- how it is asked for --------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("style", "target", "body", "authorization"),
    [
        ("query", "/api/oauth/token?client_id=o2c_id&client_secret=s3cret%26%2B", b"", None),
        ("form", "/api/oauth/token", b"grant_type=client_credentials&client_id=o2c_id&client_secret=s3cret%26%2B", None),
        ("basic", "/api/oauth/token", b"grant_type=client_credentials", "Basic " + base64.b64encode(b"o2c_id:s3cret%26%2B").decode()),
    ],
)
async def test_a_style_is_sent_exactly_so(
    make: Make, clock: ManualClock, style: str, target: str, body: bytes, authorization: str | None
) -> None:
    async with RawServer(reply(grant(1))) as server:
        assert await credentials(make(server.url), clock, style=style).header() == ("Bearer token-1", 1)
    (seen,) = server.seen
    assert (seen.method, seen.target, seen.body, seen.headers.get("authorization")) == ("POST", target, body, authorization)


@pytest.mark.parametrize("accepted", list(STYLES))
@pytest.mark.parametrize("refusal", [400, 401, 422])
async def test_auto_tries_each_style_once_and_remembers(make: Make, clock: ManualClock, accepted: str, refusal: int) -> None:
    def style(seen: Seen) -> str:
        return "query" if "?" in seen.target else "basic" if "authorization" in seen.headers else "form"

    async def picky(seen: Seen, writer: asyncio.StreamWriter) -> None:
        good = style(seen) == accepted
        writer.write(reply(grant(len(server.seen)) if good else '{"error":"invalid_client"}', 200 if good else refusal))

    async with RawServer(picky) as server:
        signed = credentials(make(server.url), clock)
        _, generation = await signed.header()
        tried = [style(seen) for seen in server.seen]
        assert tried == list(STYLES)[: list(STYLES).index(accepted) + 1]
        assert signed.style == accepted
        assert await signed.renew(generation)
        assert [style(seen) for seen in server.seen] == [*tried, accepted]


@pytest.mark.parametrize("style", ["auto", "form"])
async def test_a_refusal_is_final(make: Make, clock: ManualClock, style: str) -> None:
    async with RawServer(reply('{"error":"invalid_client","error_description":"unknown client"}', 401)) as server:
        signed = credentials(make(server.url), clock, style=style)
        for _ in range(5):
            with pytest.raises(Unauthorized) as refused:
                await signed.header()
            assert str(refused.value) == "fleet: unknown client: sign in: rollwatch login fleet"
        assert len(server.seen) == (3 if style == "auto" else 1)


@pytest.mark.parametrize(
    ("status", "cls"), [(403, Unauthorized), (404, WrongBaseUrl), (429, PlatformError), (500, Unavailable), (502, Unavailable)]
)
async def test_what_does_not_try_another_style(make: Make, clock: ManualClock, status: int, cls: type[PlatformError]) -> None:
    async with RawServer(reply("no", status, kind="text/plain")) as server:
        signed = credentials(make(server.url), clock)
        with pytest.raises(cls):
            await signed.header()
        assert len(server.seen) == 1
        server.answer = reply(grant(7))
        if status != 403:
            assert await signed.header() == ("Bearer token-7", 1), "a server in trouble is asked again"


async def test_a_lost_answer_of_a_sign_in_is_no_unknown_outcome(make: Make, clock: ManualClock) -> None:
    async def lose(seen: Seen, writer: asyncio.StreamWriter) -> None:
        raise EOFError

    async with RawServer(lose) as server:
        with pytest.raises(Unreachable) as lost:
            await credentials(make(server.url), clock).header()
        assert "client_secret" not in str(lost.value)


@pytest.mark.parametrize(
    "body",
    [
        "{}",
        "[]",
        "null",
        "",
        "nope",
        '{"access_token":""}',
        '{"access_token":5}',
        '{"access_token":"a b"}',
        '{"access_token":"a\\r\\nX: y"}',
        '{"access_token":"é"}',
        '{"data":{}}',
        '{"access_token":"' + "x" * 20_000 + '"}',
    ],
)
async def test_an_answer_without_a_usable_token(make: Make, clock: ManualClock, body: str) -> None:
    async with RawServer(reply(body)) as server:
        with pytest.raises(BadReply) as wrong:
            await credentials(make(server.url), clock).header()
        assert "xxxxx" not in str(wrong.value)


async def test_an_envelope_is_opened_and_a_refusal_in_a_200_is_one(make: Make, clock: ManualClock) -> None:
    async with RawServer(reply('{"ok":true,"data":' + grant(4).decode() + "}")) as server:
        assert await credentials(make(server.url), clock).header() == ("Bearer token-4", 1)
        server.answer = reply('{"ok":false,"error":{"code":"invalid_client","detail":"revoked"}}')
        with pytest.raises(Unauthorized, match="revoked: sign in"):
            await credentials(make(server.url), clock).header()


async def test_without_credentials_nothing_is_sent(make: Make, clock: ManualClock) -> None:
    async with RawServer() as server:
        with pytest.raises(Unauthorized, match="no client id and secret: sign in: rollwatch login fleet"):
            await ClientCredentials(make(server.url), client_id="", client_secret=None, clock=clock).header()
        assert server.connections == 0
        with pytest.raises(ConfigError, match="one of auto, query, form, basic"):
            credentials(make(server.url), clock, style="jwt")


# -- when it is renewed ---------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("said", "seconds"),
    [
        (3600, 3600),
        (3600.5, 3600.5),
        ("3600", 3600),
        (60, 60),
        (30, 60),
        (0.5, 60),
        (86_400, 86_400),
        (10**9, 86_400),
        (10**400, 86_400),
        (1e300, 86_400),
        (0, 300),
        (-1, 300),
        (None, 300),
        ("x", 300),
        ("", 300),
        ([], 300),
        ({}, 300),
        (True, 300),
        (math.nan, 300),
        (math.inf, 300),
        ("nan", 300),
        ("inf", 300),
        ("9" * 5000, 300),
        ("-5", 300),
    ],
)
def test_a_life_is_believed_within_reason(said: object, seconds: float) -> None:
    assert life(said) == seconds


@pytest.mark.parametrize("seconds", [60.0, 300.0, 3600.0, 86_400.0])
@pytest.mark.parametrize("spread", [0.0, 0.5, 1.0])
def test_the_windows_are_in_order(seconds: float, spread: float) -> None:
    token = Token.lasting(Secret("t"), seconds, 1000.0, spread)
    assert 1000 + 0.74 * seconds < token.early <= 1000 + 0.8 * seconds < token.late < token.dead == 1000 + seconds
    assert token.dead - token.late <= 60


class Source:
    """Gives numbered tokens; ``trouble`` is raised instead."""

    def __init__(self, clock: ManualClock, seconds: float = 1000.0) -> None:
        self.clock = clock
        self.seconds = seconds
        self.calls = 0
        self.trouble: PlatformError | None = None
        self.takes = 0.0

    async def __call__(self, old: Token | None) -> Token:
        self.calls += 1
        await self.clock.sleep(self.takes)
        if self.trouble is not None:
            raise self.trouble
        return Token.lasting(Secret(f"t{self.calls}"), self.seconds, self.clock.boot(), 0.0)


async def test_early_one_renews_and_nobody_waits(clock: ManualClock) -> None:
    source = Source(clock)
    renewal = Renewal(clock, source)
    assert (await renewal.current())[0].reveal() == "t1"
    await clock.advance(799)
    assert (await renewal.current())[0].reveal() == "t1"
    assert source.calls == 1
    source.takes = 5.0
    await clock.advance(2)
    assert [token.reveal() for token, _ in await asyncio.gather(*(renewal.current() for _ in range(100)))] == ["t1"] * 100
    await clock.advance(6)
    assert source.calls == 2
    assert await renewal.current() == (Secret("t2"), 2)


async def test_in_the_last_minute_everybody_waits(clock: ManualClock) -> None:
    source = Source(clock)
    renewal = Renewal(clock, source)
    await renewal.current()
    source.takes = 5.0
    await clock.advance(950)
    waiting = [asyncio.ensure_future(renewal.current()) for _ in range(100)]
    await clock.advance(4)
    assert not any(each.done() for each in waiting)
    await clock.advance(2)
    assert {(await each)[0].reveal() for each in waiting} == {"t2"}
    assert source.calls == 2


async def test_a_failed_renewal_is_none_while_the_old_token_lives(clock: ManualClock) -> None:
    source = Source(clock)
    renewal = Renewal(clock, source)
    await renewal.current()
    source.trouble = Unavailable("down")
    await clock.advance(801)
    for _ in range(10):
        assert (await renewal.current())[0].reveal() == "t1"
        await clock.advance(1)
    assert source.calls == 2, "one try a minute"
    await clock.advance(60)
    await renewal.current()
    await clock.advance(1)
    assert source.calls == 3
    await clock.advance(80)  # into the last minute
    for _ in range(10):
        assert (await renewal.current())[0].reveal() == "t1"
    assert source.calls == 4
    await clock.advance(60)
    with pytest.raises(Unavailable):
        await renewal.current()
    source.trouble = None
    assert (await renewal.current())[0].reveal() == "t6"


async def test_a_401_for_an_old_generation_renews_nothing(clock: ManualClock) -> None:
    source = Source(clock)
    renewal = Renewal(clock, source)
    _, generation = await renewal.current()
    assert await renewal.replace(generation)
    assert await renewal.replace(generation)
    assert source.calls == 2
    source.trouble = Forbidden("no")
    with pytest.raises(Forbidden):
        await renewal.replace(2)
    assert (await renewal.current())[0].reveal() == "t2"


async def test_a_cancelled_caller_does_not_cancel_the_renewal(clock: ManualClock) -> None:
    source = Source(clock)
    source.takes = 5.0
    renewal = Renewal(clock, source)
    callers = [asyncio.ensure_future(renewal.current()) for _ in range(10)]
    await asyncio.sleep(0)
    for caller in callers[:9]:
        caller.cancel()
    await clock.advance(6)
    assert (await callers[9])[0].reveal() == "t1"
    assert source.calls == 1


@pytest.mark.parametrize("step", [-86_400, -3600, 3600, 86_400, 10**8])
async def test_the_wall_clock_may_step(clock: ManualClock, step: float) -> None:
    source = Source(clock)
    renewal = Renewal(clock, source)
    await renewal.current()
    clock.step_wall(step)
    assert (await renewal.current())[0].reveal() == "t1"
    assert source.calls == 1


async def test_after_a_suspend_it_is_renewed_before_use(clock: ManualClock) -> None:
    source = Source(clock, seconds=60.0)
    renewal = Renewal(clock, source)
    await renewal.current()
    clock._boot += 90  # nobody was there to run any timer
    assert {token.reveal() for token, _ in await asyncio.gather(*(renewal.current() for _ in range(50)))} == {"t2"}
    assert source.calls == 2


async def test_closing_waits_for_a_renewal_but_not_for_ever(clock: ManualClock) -> None:
    source = Source(clock)
    source.takes = 1e9
    renewal = Renewal(clock, source)
    caller = asyncio.ensure_future(renewal.current())
    await asyncio.sleep(0)
    await asyncio.wait_for(renewal.aclose(0.02), 1)
    await asyncio.gather(caller, return_exceptions=True)
    await renewal.aclose(1)


# -- over a socket --------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("how", "count"), [("start", 100), ("expiry", 200), ("revoked", 100), pytest.param("expiry", 1000, marks=pytest.mark.soak)]
)
async def test_a_thousand_requests_make_one_renewal(make: Make, clock: ManualClock, how: str, count: int) -> None:
    encore = Encore()
    async with RawServer(encore) as server:
        signed = credentials(make(server.url), clock)
        transport = make(server.url, signed, read_deadline=30.0)
        if how != "start":
            assert (await transport.get("/v1/x")).status == 200
        if how == "expiry":
            await clock.advance(3601)
        elif how == "revoked":
            encore.good = "Bearer something-else"
        before = encore.issued
        seen_before = len(server.seen)
        answers = await asyncio.gather(*(transport.get("/v1/x") for _ in range(count)))
        assert {answer.status for answer in answers} == {200}
        assert encore.issued == before + 1
        requests = len(server.seen) - seen_before
        assert requests <= 1 + count * (2 if how == "revoked" else 1), "each is replayed once at most"


async def test_a_renewal_that_is_refused_stops_everybody_with_one_request(make: Make, clock: ManualClock) -> None:
    encore = Encore()
    async with RawServer(encore) as server:
        transport = make(server.url, credentials(make(server.url), clock, style="query"), read_deadline=30.0)
        await transport.get("/v1/x")
        encore.good, encore.sign_in_status = "", 401
        results = await asyncio.gather(*(transport.get("/v1/x") for _ in range(200)), return_exceptions=True)
        assert {type(result) for result in results} == {Unauthorized}
        assert sum(seen.target.startswith("/api/oauth") for seen in server.seen) == 2
        assert all("rollwatch login fleet" in str(result) for result in results)


async def test_a_server_that_never_accepts_what_it_issues(make: Make, clock: ManualClock) -> None:
    encore = Encore()
    async with RawServer(encore) as server:
        transport = make(server.url, credentials(make(server.url), clock), read_deadline=30.0)

        async def spoil(seen: Seen, writer: asyncio.StreamWriter) -> None:
            await encore(seen, writer)
            encore.good = ""

        server.answer = spoil
        with pytest.raises(Unauthorized, match="rollwatch login fleet"):
            await transport.get("/v1/x")
        assert (encore.issued, len(server.seen)) == (2, 4)


@pytest.mark.parametrize("expires_in", [0, -1, 1e9, "x", None])
async def test_an_absurd_life_costs_no_storm(make: Make, clock: ManualClock, expires_in: object) -> None:
    encore = Encore(expires_in)
    async with RawServer(encore) as server:
        transport = make(server.url, credentials(make(server.url), clock))
        for _ in range(50):
            await transport.get("/v1/x")
            await clock.advance(1)
        assert encore.issued == 1


# -- over days ------------------------------------------------------------------------------------------------------------------------


def test_three_days_with_the_sign_in_down_most_of_the_time() -> None:
    """It answers in ten minutes of each hour only. A token lives an hour and is renewed early: there is always one."""

    async def scenario() -> tuple[int, int, int]:
        clock = LoopClock(NOW)
        start = clock.boot()
        tries = failures = 0

        class Hourly:
            connection = "shop"
            origin = "https://api.encore.dev"

            async def send(self, method: str, template: str, **_: Any) -> Reply:
                nonlocal tries
                tries += 1
                await clock.sleep(0.2)
                if (clock.boot() - start) % 3600 > 600:
                    raise Unavailable("down", status=503)
                return Reply(status=200, content=grant(tries), content_type="application/json")

        signed = credentials(Hourly(), clock, style="form")
        polls = 0
        while clock.boot() - start < 72 * 3600:
            try:
                await signed.header()
            except PlatformError:
                failures += 1
            polls += 1
            await clock.sleep(5)
        return polls, failures, tries

    polls, failures, tries = vloop.run(scenario())
    assert polls > 50_000
    assert failures == 0
    assert tries < 72 * 20, "one try a minute while it is down"
