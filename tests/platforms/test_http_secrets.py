"""No secret in a log, an error, a repr or what hangs on an exception, at any level, in any spelling."""

from __future__ import annotations

import asyncio
import base64
import io
import json
import logging
import traceback
from collections.abc import Iterator
from urllib.parse import quote

import pytest

from tests.platforms.conftest import Make
from tests.platforms.rawserver import RawServer, Seen, reply
from tests.platforms.test_http_requests import Fixed
from tui.clock import ManualClock
from tui.errors import PlatformError, Refused, Unauthorized, Unreachable
from tui.platforms.http import Transport
from tui.platforms.reach import mute
from tui.platforms.scrub import scrub
from tui.platforms.tokens import ClientCredentials, PasswordLogin
from tui.text import Secret

TOKEN = "tok-Canary/1+one=="
QUERY = 'qu&ery"Canary ü2'
BODY = "body-Canary\\3"
FORM = "form-Canary%4"
COOKIE = "cookie-Canary-5"
CANARIES = (TOKEN, QUERY, BODY, FORM)


def spellings() -> Iterator[bytes]:
    for canary in (*CANARIES, COOKIE):
        raw = canary.encode()
        yield from {raw, quote(canary, safe="").encode(), base64.b64encode(raw).rstrip(b"="), json.dumps(canary).encode()[1:-1]}


def assert_clean(text: str, where: str) -> None:
    for spelling in spellings():
        assert spelling not in text.encode(), where


@pytest.fixture
def everything_logged() -> Iterator[io.StringIO]:
    """A root logger at DEBUG, and the libraries' own loggers turned up by somebody who wants to know everything."""
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    root = logging.getLogger()
    before = root.level
    root.addHandler(handler)
    root.setLevel(logging.DEBUG)
    names = [name for name in logging.root.manager.loggerDict if name.startswith(("httpx", "httpcore", "h11", "anyio", "asyncio"))]
    for name in {
        *names,
        "httpx",
        "httpcore",
        "httpcore.connection",
        "httpcore.http11",
        "httpcore.proxy",
        "httpcore.socks",
        "httpcore.http2",
    }:
        logging.getLogger(name).setLevel(logging.DEBUG)
    yield stream
    root.removeHandler(handler)
    root.setLevel(before)


ECHOES = [
    (200, "application/json", "{}"),
    (400, "application/json", '{{"error":"bad {0}"}}'),
    (401, "application/json", '{{"error":{{"code":"{0}","message":"no {0}","details":{{"field":"{0}","issue":"{0}"}}}}}}'),
    (404, "text/plain", "no {0} here"),
    (500, "text/html", "<html>trace: {0}</html>"),
    (200, "text/html", "<html>login {0}</html>"),
    (302, "text/plain", ""),
]


@pytest.mark.parametrize(("status", "kind", "body"), ECHOES)
@pytest.mark.parametrize("where", ["authorization", "query", "body", "form"])
async def test_a_server_that_echoes_what_it_was_sent(
    make: Make, everything_logged: io.StringIO, status: int, kind: str, body: str, where: str
) -> None:
    async def echo(seen: Seen, writer: asyncio.StreamWriter) -> None:
        sent = {
            "authorization": seen.headers["authorization"],
            "query": seen.target.partition("=")[2],
            "body": seen.body.decode(),
            "form": seen.body.decode(),
        }[where]
        text = json.dumps(sent)[1:-1] if kind == "application/json" else sent
        writer.write(
            reply(
                body.format(text), status, {"Location": f"/x?{text}" if "\\" not in text else "/", "Set-Cookie": f"s={COOKIE}"}, kind=kind
            )
        )

    async with RawServer(echo) as server:
        transport = make(server.url, Fixed(server.url, f"Bearer {TOKEN}"))
        error: PlatformError | None = None
        try:
            await transport.send(
                "POST",
                "/v1/x",
                query={"q": Secret(QUERY)},
                body={"v": {"deep": [Secret(BODY)]}} if where != "form" else None,
                form={"f": Secret(FORM)} if where == "form" else None,
            )
        except PlatformError as raised:
            error = raised
    assert (error is None) == (status == 200 and kind == "application/json")
    assert_clean(everything_logged.getvalue(), "log")
    if error is not None:
        assert_clean(f"{error} {error!r} {error.args} {error.hint} {error.code} {error.fields} {error.type}", "error")
        assert_clean("".join(traceback.format_exception(error)), "traceback")
        assert error.__cause__ is None
        assert error.__context__ is None, "what hangs on an exception holds a request with its headers"


@pytest.mark.parametrize("how", ["refused", "cut", "late", "tls", "junk"])
async def test_a_request_that_fails_on_the_way(make: Make, everything_logged: io.StringIO, how: str) -> None:
    async def misbehave(seen: Seen, writer: asyncio.StreamWriter) -> None:
        if how == "cut":
            raise EOFError
        if how == "late":
            await seen.gone()
        writer.write(f"HTTP/1.1 {TOKEN} {QUERY}\r\n".encode())
        raise EOFError

    async with RawServer(misbehave) as server:
        url = {"refused": "http://127.0.0.1:1", "tls": f"https://127.0.0.1:{server.port}"}.get(how, server.url)
        transport = make(url, Fixed(url, f"Bearer {TOKEN}"), read_deadline=0.2, verb_deadline=0.2)
        for call in (
            transport.get("/v1/x", query={"q": Secret(QUERY)}),
            transport.send("POST", "/v1/x", query={"q": Secret(QUERY)}, body={"b": Secret(BODY)}),
            _open(transport),
        ):
            with pytest.raises(PlatformError) as raised:
                await call
            assert_clean(str(raised.value) + repr(raised.value), "error")
            assert_clean("".join(traceback.format_exception(raised.value)), "traceback")
            assert raised.value.__cause__ is None
            assert raised.value.__context__ is None
    assert_clean(everything_logged.getvalue(), "log")


async def _open(transport: Transport) -> None:
    async with transport.stream("/v1/x", query={"q": Secret(QUERY)}, headers_within=0.2):
        pass


@pytest.mark.parametrize("token", ["Bearer a\r\nX-Evil: b", "Bearer a\x00Canary", "Bearer \ud800Canary"])
async def test_a_token_that_no_header_can_carry_is_not_printed(make: Make, everything_logged: io.StringIO, token: str) -> None:
    async with RawServer() as server:
        with pytest.raises(Unreachable) as raised:
            await make(server.url, Fixed(server.url, token)).get("/v1/x")
        assert server.seen == []
    assert "Canary" not in str(raised.value) + "".join(traceback.format_exception(raised.value)) + everything_logged.getvalue()


@pytest.mark.parametrize("style", ["query", "form", "basic", "auto"])
async def test_the_sign_in_of_encore_leaks_in_no_style(make: Make, clock: ManualClock, everything_logged: io.StringIO, style: str) -> None:
    async def echo(seen: Seen, writer: asyncio.StreamWriter) -> None:
        text = f"{seen.target} {seen.body.decode()} {seen.headers.get('authorization', '')} {QUERY}"
        writer.write(reply(json.dumps({"error": "invalid_client", "error_description": text}), 401))

    async with RawServer(echo) as server:
        credentials = ClientCredentials(make(server.url), client_id="o2c_id", client_secret=Secret(QUERY), clock=clock, style=style)
        for _ in range(2):
            with pytest.raises(Unauthorized) as raised:
                await credentials.header()
            assert_clean(str(raised.value) + repr(raised.value), "error")
            basic = base64.b64encode(f"o2c_id:{quote(QUERY).replace('%20', '+')}".encode())
            assert basic.rstrip(b"=").decode() not in str(raised.value)
            assert_clean("".join(traceback.format_exception(raised.value)), "traceback")
    assert_clean(everything_logged.getvalue(), "log")
    assert len(server.seen) == (3 if style == "auto" else 1)


async def test_the_sign_in_of_dployr_leaks_nothing(make: Make, clock: ManualClock, everything_logged: io.StringIO) -> None:
    async def echo(seen: Seen, writer: asyncio.StreamWriter) -> None:
        writer.write(reply(json.dumps({"error": {"message": f"bad {seen.body.decode()}", "code": BODY}}), 401))

    async with RawServer(echo) as server:
        credentials = PasswordLogin(make(server.url), email="a@b.c", password=Secret(BODY), clock=clock)
        with pytest.raises(Unauthorized) as raised:
            await credentials.header()
    assert_clean(str(raised.value) + repr(raised.value) + raised.value.code, "error")
    assert_clean(everything_logged.getvalue(), "log")


async def test_the_libraries_stay_mute_when_logging_is_configured_afterwards(make: Make, everything_logged: io.StringIO) -> None:
    async with RawServer(reply(headers={"Set-Cookie": COOKIE})) as server:
        transport = make(server.url, Fixed(server.url, f"Bearer {TOKEN}"))
        for name in ("httpx", "httpcore.http11", "httpcore.connection"):
            logger = logging.getLogger(name)
            logger.disabled = False
            logger.propagate = True
            logger.addHandler(logging.StreamHandler(everything_logged))
        try:
            await transport.get("/v1/x", query={"q": Secret(QUERY)})
            logging.getLogger("httpx").info("GET %s", QUERY)
        finally:
            for name in ("httpx", "httpcore.http11", "httpcore.connection"):
                logging.getLogger(name).handlers.clear()
            mute()
    assert_clean(everything_logged.getvalue(), "log")


def test_reprs(make: Make) -> None:
    credentials = Fixed("https://x.dev", f"Bearer {TOKEN}")
    transport = Transport(connection="fleet", base_url="https://x.dev", credentials=credentials, clock=None)  # type: ignore[arg-type]
    want = transport._want("POST", "/v1/x", None, {"q": Secret(QUERY)}, {"b": Secret(BODY)}, None, {"X": TOKEN}, Secret(TOKEN))
    assert_clean(repr(want) + repr(transport), "repr")


def test_scrubbing_leaves_ordinary_words_alone() -> None:
    assert scrub("the service is up", (Secret("is"), Secret(""), Secret("Bearer up"))) == "the service is up"
    assert scrub("no hunter2hunter2 here", (Secret("Bearer hunter2hunter2"),)) == "no *** here"
    assert isinstance(Refused("x"), PlatformError)
