"""What leaves, to the byte; what comes back as a reply; where a redirect does not lead."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, ClassVar

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.platforms.conftest import NOW, Make
from tests.platforms.rawserver import RawServer, Seen, reply
from tui.errors import BadReply, ConfigError, NotFound, PlatformError, Unauthorized, Unavailable
from tui.platforms.http import Transport, load
from tui.text import Secret

TOKEN = "Bearer t0ken-canary-9"


class Fixed:
    """Credentials with one token; ``fresh`` is what a renewal would bring."""

    def __init__(self, origin: str, value: str | None = TOKEN, fresh: str | None = None) -> None:
        self.origin = origin
        self.value = value
        self.fresh = fresh
        self.generation = 1
        self.renewals = 0
        self.closed = False

    async def header(self) -> tuple[str, int] | None:
        return None if self.value is None else (self.value, self.generation)

    async def renew(self, generation: int) -> bool:
        self.renewals += 1
        if self.fresh is None:
            return False
        self.value, self.fresh = self.fresh, None
        self.generation += 1
        return True

    async def aclose(self) -> None:
        self.closed = True


async def test_a_read_is_sent_exactly_so(make: Make) -> None:
    async with RawServer() as server:
        transport = make(server.url + "/service/public/", Fixed(server.url), user_agent="rollwatch/1 (ops)")
        answer = await transport.get("/v1/apps/{id}/", ids={"id": "a/b c"}, query={"app_id": "x&y"})
    (seen,) = server.seen
    assert (seen.method, seen.target, seen.body) == ("GET", "/service/public/v1/apps/a%2Fb%20c/?app_id=x%26y", b"")
    assert seen.headers == {
        "host": f"127.0.0.1:{server.port}",
        "user-agent": "rollwatch/1 (ops)",
        "accept": "application/json",
        "accept-encoding": "gzip",
        "authorization": TOKEN,
    }
    assert (answer.status, answer.content, answer.content_type, answer.path) == (200, b"{}", "application/json", "/v1/apps/a%2Fb%20c/")


@pytest.mark.parametrize(
    ("kwargs", "body", "kind"),
    [
        ({}, b"", None),
        ({"body": {"key": "A", "value": Secret("s3cret-ü"), "n": [1, None, {"x": Secret("y")}]}}, None, "application/json"),
        (
            {"form": {"grant_type": "x", "secret": Secret("a&b=c d")}},
            b"grant_type=x&secret=a%26b%3Dc%20d",
            "application/x-www-form-urlencoded",
        ),
    ],
)
async def test_a_verb_is_sent_exactly_so(make: Make, kwargs: dict[str, Any], body: bytes | None, kind: str | None) -> None:
    async with RawServer(reply(b"", 204, kind="")) as server:
        answer = await make(server.url).send(
            "POST", "/v1/services/{id}/stop", ids={"id": "1"}, query={"q": Secret("s q")}, headers={"X-A": "b"}, **kwargs
        )
    (seen,) = server.seen
    assert (seen.method, seen.target, seen.headers["x-a"]) == ("POST", "/v1/services/1/stop?q=s%20q", "b")
    assert seen.headers.get("content-type") == kind
    assert seen.headers["content-length"] == str(len(seen.body))
    assert "authorization" not in seen.headers
    if body is None:
        assert json.loads(seen.body) == {"key": "A", "value": "s3cret-ü", "n": [1, None, {"x": "y"}]}
    else:
        assert seen.body == body
    assert (answer.status, answer.content) == (204, b"")


async def test_reads_share_connections_and_verbs_never_do(make: Make) -> None:
    async with RawServer() as server:
        transport = make(server.url)
        for _ in range(3):
            await transport.get("/r")
        for _ in range(3):
            await transport.send("POST", "/v")
        assert {seen.connection for seen in server.seen if seen.target == "/r"} == {1}
        assert len({seen.connection for seen in server.seen if seen.target == "/v"}) == 3


async def test_a_request_looks_for_no_module_on_the_disk(make: Make) -> None:
    class Finder:
        looked: ClassVar[list[str]] = []

        def find_spec(self, name: str, *_: object) -> None:
            self.looked.append(name)

    load()
    async with RawServer() as server:
        transport = make(server.url)
        await transport.get("/r")
        finder = Finder()
        sys.meta_path.insert(0, finder)  # type: ignore[arg-type]
        try:
            await transport.get("/r")
        finally:
            sys.meta_path.remove(finder)  # type: ignore[arg-type]
    assert finder.looked == []


async def test_only_strings_and_secrets_are_sent(make: Make) -> None:
    async with RawServer() as server:
        with pytest.raises(TypeError):
            await make(server.url).send("POST", "/v", body={"x": object()})
        assert server.seen == []


async def test_a_token_for_another_origin_is_refused(make: Make) -> None:
    look_alikes = [
        "http://127.0.0.1:1",
        "http://127.0.0.1",
        "https://127.0.0.1:8000",
        "http://localhost:8000",
        "http://127.0.0.1:8000.evil.dev",
        "http://127.0.0.2:8000",
        "http://127.0.0.1:8000/",
        "http://127.0.0.1:8000/x",
        "http://127.0.0.1:80000",
        "HTTP://127.0.0.1:8000",
        "",
        "127.0.0.1:8000",
        "http://[::1]:8000",
        "http://127.0.0.1:8000@evil.dev",
        "http://evil.dev:8000",
        "http://127.0.0.1:08000",
        "http://127.1:8000",
        "http://127.0.0.1:8001",
        "*",
        "http://",
    ]
    for origin in look_alikes:
        with pytest.raises(ConfigError, match="belong to"):
            make("http://127.0.0.1:8000", Fixed(origin))


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
@pytest.mark.parametrize("place", ["same", "other", "scheme"])
@pytest.mark.parametrize("verb", [False, True])
async def test_no_redirect_is_followed(make: Make, status: int, place: str, verb: bool) -> None:
    async with RawServer() as second:
        target = {
            "same": "/elsewhere?key=v",
            "other": f"{second.url}/v1/services?token=t#x",
            "scheme": f"https://127.0.0.1:{second.port}/",
        }[place]
        async with RawServer(reply(b"", status, {"Location": target})) as server:
            transport = make(server.url, Fixed(server.url))
            with pytest.raises(BadReply) as refused:
                await (transport.send("POST", "/v1/x", body={"a": "b"}) if verb else transport.get("/v1/x"))
        assert len(server.seen) == 1
        assert second.connections == 0
    line = str(refused.value)
    assert f"with {status}, pointing to {target.partition('?')[0]}:" in line
    assert "token=t" not in line
    assert "check base_url" in line


@pytest.mark.parametrize("status", [300, 304, 399])
async def test_any_other_3xx_is_an_error_too(make: Make, status: int) -> None:
    async with RawServer(reply(b"", status)) as server:
        with pytest.raises(BadReply, match=f"with {status}, pointing to nowhere"):
            await make(server.url).get("/v1/x")


@settings(max_examples=100, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(path=st.text(max_size=60), odd=st.text(max_size=60))
def test_no_path_leaves_the_origin(path: str, odd: str) -> None:
    """A template is ours, but one that a hostile text slipped into must not become another host."""

    async def ask() -> list[str]:
        async with RawServer() as server:
            transport = Transport(connection="fleet", base_url=server.url, credentials=Fixed(server.url), clock=_clock())
            try:
                await transport.get("/v1/{id}", ids={"id": odd})
                await transport.get(path)
            except (PlatformError, ValueError):
                pass
            finally:
                await transport.aclose()
            return [seen.headers["host"] for seen in server.seen if not seen.target.startswith("/")]

    assert asyncio.run(ask()) == []


def _clock() -> Any:
    from tui.clock import ManualClock

    return ManualClock(NOW)


async def test_a_401_is_renewed_and_replayed_once(make: Make) -> None:
    async def picky(seen: Seen, writer: asyncio.StreamWriter) -> None:
        writer.write(reply(status=200 if seen.headers["authorization"] == "Bearer good" else 401))

    async with RawServer(picky) as server:
        credentials = Fixed(server.url, "Bearer old", fresh="Bearer good")
        assert (await make(server.url, credentials).send("POST", "/v1/x")).status == 200
        assert [seen.headers["authorization"] for seen in server.seen] == ["Bearer old", "Bearer good"]
        assert credentials.renewals == 1


@pytest.mark.parametrize("fresh", [None, "Bearer also-bad"])
async def test_a_second_401_says_how_to_sign_in(make: Make, fresh: str | None) -> None:
    async with RawServer(reply('{"error":"Token expired or deleted"}', 401)) as server:
        credentials = Fixed(server.url, "Bearer old-token", fresh=fresh)
        with pytest.raises(Unauthorized) as refused:
            await make(server.url, credentials).get("/v1/x")
        assert str(refused.value) == "fleet: Token expired or deleted: sign in: rollwatch login fleet"
        assert len(server.seen) == (1 if fresh is None else 2)
        assert credentials.renewals == 1


@pytest.mark.parametrize("status", [400, 403, 404, 429, 500])
async def test_nothing_but_a_401_renews(make: Make, status: int) -> None:
    async with RawServer(reply(status=status)) as server:
        credentials = Fixed(server.url, fresh="Bearer new")
        with pytest.raises(PlatformError):
            await make(server.url, credentials).get("/v1/x")
        assert (credentials.renewals, len(server.seen)) == (0, 1)


@pytest.mark.parametrize("when", ["header", "renew"])
async def test_a_verb_whose_sign_in_fails_was_not_executed(make: Make, when: str) -> None:
    class Failing(Fixed):
        async def header(self) -> tuple[str, int] | None:
            if when == "header":
                raise trouble
            return await super().header()

        async def renew(self, generation: int) -> bool:
            raise trouble

    trouble = Unavailable("POST /token was answered with 500", connection="fleet", status=500)
    async with RawServer(reply(status=401)) as server:
        with pytest.raises(Unavailable, match="POST /token") as lost:
            await make(server.url, Failing(server.url)).send("POST", "/v1/x")
        assert (lost.value.sent, lost.value.status, len(server.seen)) == (False, 500, 0 if when == "header" else 1)
        with pytest.raises(Unavailable) as read:
            await make(server.url, Failing(server.url)).get("/v1/x")
        assert read.value.sent, "a read that waits for the same sign-in is told as before"


async def test_an_explicit_authorization_replaces_the_credentials_and_is_not_renewed(make: Make) -> None:
    async with RawServer(reply(status=401)) as server:
        credentials = Fixed(server.url, fresh="Bearer new")
        with pytest.raises(Unauthorized):
            await make(server.url, credentials).send("GET", "/v1/apps/", authorization=Secret("Basic abcd"))
        assert [seen.headers["authorization"] for seen in server.seen] == ["Basic abcd"]
        assert credentials.renewals == 0


async def test_an_unusable_id_sends_nothing(make: Make) -> None:
    async with RawServer() as server:
        with pytest.raises(NotFound, match=r"^fleet: the id"):
            await make(server.url).get("/v1/{id}", ids={"id": ".."})
        assert server.connections == 0


async def test_a_stale_connection_costs_one_more_attempt_for_a_read(make: Make) -> None:
    """The server closes each connection with its second request unanswered, as an idle one is closed while a request is on its way."""

    async def once(seen: Seen, writer: asyncio.StreamWriter) -> None:
        if sum(each.connection == seen.connection for each in server.seen) == 2:
            raise EOFError
        writer.write(reply())

    async with RawServer(once) as server:
        transport = make(server.url)
        await transport.get("/1")
        assert (await transport.get("/2")).status == 200
        assert [(seen.target, seen.connection) for seen in server.seen] == [("/1", 1), ("/2", 1), ("/2", 2)]


async def test_a_read_on_a_new_connection_is_not_repeated(make: Make) -> None:
    async def never(seen: Seen, writer: asyncio.StreamWriter) -> None:
        raise EOFError

    async with RawServer(never) as server:
        with pytest.raises(PlatformError):
            await make(server.url).get("/1")
        assert len(server.seen) == 1


async def test_the_servers_clock_is_read(make: Make) -> None:
    skew = timedelta(minutes=10)
    headers = {
        "Date": (NOW + skew).strftime("%a, %d %b %Y %H:%M:%S GMT"),
        "X-RATELIMIT-limit": "1000",
        "x-ratelimit-Remaining": "812",
        "X-RateLimit-Reset": str(int((NOW + skew + timedelta(seconds=90)).timestamp())),
    }
    async with RawServer(reply(headers=headers)) as server:
        transport = make(server.url)
        assert transport.rate is None
        answer = await transport.get("/v1/x")
        assert answer.date == datetime(2030, 1, 2, 3, 14, 5, tzinfo=UTC)
        assert transport.rate is not None
        assert (transport.rate.limit, transport.rate.remaining, transport.rate.reset_at) == (1000, 812, NOW + timedelta(seconds=90))


async def test_closing_closes_the_credentials_and_every_connection(make: Make) -> None:
    async with RawServer() as server:
        credentials = Fixed(server.url)
        transport = make(server.url, credentials)
        await transport.get("/1")
        await transport.aclose()
        await asyncio.sleep(0.01)
        assert credentials.closed
        assert server.open == 0


def test_a_module_that_others_need_stays_when_the_client_is_loaded(tmp_path: Path) -> None:
    """Older releases of what the client stands on import it; where it is not installed nobody may look for it with each request."""
    code = "from tui.platforms.http import load; load(); import sniffio; assert sniffio.HERE"
    (tmp_path / "sniffio.py").write_text("HERE = 'kept'\n", encoding="utf-8")
    environ = {**os.environ, "PYTHONPATH": str(tmp_path)}
    done = subprocess.run([sys.executable, "-c", code], env=environ, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
