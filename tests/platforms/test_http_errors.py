"""Every error body that a platform or a proxy is known to send becomes one typed line."""

# ruff: noqa: E501 - one case a line

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.platforms.conftest import Make
from tests.platforms.rawserver import RawServer, reply
from tui import errors
from tui.errors import PlatformError
from tui.platforms.http import Reply
from tui.platforms.replies import failure, said
from tui.text import clean

RECORDED = Path(__file__).parent.parent / "recorded"

HTML = "<!DOCTYPE html><html><head><title>Sign in</title><style>b{}</style><script>var x='<p>';</script></head><body><h1>Welcome to&nbsp;CorpNet</h1></body></html>"
PAGE = "text/html; charset=utf-8"

NESTED = '{"error":{"code":"invalid_request","message":"Invalid deployment configuration","details":{"field":"runtime","issue":"Unsupported runtime version"}}}'
TABLE: list[tuple[int, str, str, str, str, str, dict[str, str]]] = [
    # status, content type, body, class, message, code, fields
    (400, "application/json", NESTED, "Refused", "Invalid deployment configuration", "invalid_request", {"runtime": "Unsupported runtime version"}),
    (401, "application/json", '{"error":{"code":"unauthorized","message":"no"}}', "Unauthorized", "no", "unauthorized", {}),
    (401, "application/json", '{"error":"Not authenticated","code":"auth.bad_session"}', "Unauthorized", "Not authenticated", "auth.bad_session", {}),
    (401, PAGE, HTML, "WrongBaseUrl", "HOST answered GET /v1/x with 401 and a page: Sign in Welcome to&nbsp;CorpNet", "", {}),
    (403, PAGE, "<h1>Forbidden</h1>", "WrongBaseUrl", "HOST answered GET /v1/x with 403 and a page: Forbidden", "", {}),
    (403, "application/json", '{"error":"Insufficient permissions. Developer role is required","code":"permission.developer_role_required"}', "Forbidden",
     "Insufficient permissions. Developer role is required", "permission.developer_role_required", {}),
    (404, "application/json", '{"success":false,"error":{"message":"Deployment not found","code":"resource.missing_resource"}}', "NotFound",
     "Deployment not found", "resource.missing_resource", {}),
    (404, "text/plain", "404 Not Found", "NoEndpoint", "404 Not Found", "", {}),
    (404, "", "", "NoEndpoint", "HOST answered GET /v1/x with 404", "", {}),
    (404, PAGE, "<html><body><h1>Not Found</h1></body></html>", "WrongBaseUrl", "HOST answered GET /v1/x with 404 and a page: Not Found", "", {}),
    (405, "application/json", '{"error":"Method \\"PATCH\\" not allowed."}', "NoEndpoint", 'Method "PATCH" not allowed.', "", {}),
    (406, "application/json", '{"error":"Could not satisfy the request Accept header."}', "Refused", "Could not satisfy the request Accept header.", "", {}),
    (407, PAGE, HTML, "Unreachable", "HOST answered GET /v1/x with 407 and a page: Sign in Welcome to&nbsp;CorpNet", "", {}),
    (408, "", "", "Unavailable", "HOST answered GET /v1/x with 408", "", {}),
    (409, "application/json", '{"success":false,"error":{"message":"An instance with this tag already exists","code":"resource.conflict"}}', "Refused",
     "An instance with this tag already exists", "resource.conflict", {}),
    (410, "application/json", '{"message":"gone"}', "NotFound", "gone", "", {}),
    (413, PAGE, "<h1>413</h1>", "WrongBaseUrl", "HOST answered GET /v1/x with 413 and a page: 413", "", {}),
    (415, "application/json", '{"error":"Unsupported media type \\"text/plain\\" in request."}', "Refused", 'Unsupported media type "text/plain" in request.', "", {}),
    (422, "application/json", '{"ok":false,"error":{"code":"validation","detail":{"field":"commit","type":"not_found"}}}', "Refused", "validation", "validation",
     {"commit": "not_found"}),
    (422, "application/json", '{"ok":false,"error":{"code":"env_not_found","detail":"no such environment"}}', "Refused", "no such environment", "env_not_found", {}),
    (400, "application/json", '{"error":"invalid_client","error_description":"unknown client"}', "Refused", "unknown client", "invalid_client", {}),
    (400, "application/json", '{"message":"m","code":"c"}', "Refused", "m", "c", {}),
    (400, "application/json", '{"detail":"bad"}', "Refused", "bad", "", {}),
    (400, "application/json", '{"error":{"message":"two","details":[{"field":"a","issue":"x"},{"field":"b","message":"y"}]}}', "Refused", "two", "",
     {"a": "x", "b": "y"}),
    (400, "application/problem+json", '{"detail":{"name":"too long","port":7}}', "Refused", "HOST answered GET /v1/x with 400", "", {"name": "too long", "port": "7"}),
    (400, "application/json", '{"error":{"code":1001,"message":"requestId is required"}}', "Refused", "requestId is required", "1001", {}),
    (429, "application/json", '{"error":"Request was throttled. Expected available in 60 seconds."}', "RateLimited",
     "Request was throttled. Expected available in 60 seconds.", "", {}),
    (429, PAGE, "<html>slow down</html>", "RateLimited", "HOST answered GET /v1/x with 429 and a page: slow down", "", {}),
    (500, "text/plain", "Internal Server Error", "Unavailable", "Internal Server Error", "", {}),
    (500, "application/json", '{"error": "Internal server error."}', "Unavailable", "Internal server error.", "", {}),
    (501, "application/json", '{"success":false,"error":{"message":"Centralized logs are not available on this server","code":"LOGS_NOT_AVAILABLE"}}', "NoEndpoint",
     "Centralized logs are not available on this server", "LOGS_NOT_AVAILABLE", {}),
    (502, PAGE, "<html><h1>502 Bad Gateway</h1><hr>nginx</html>", "Unavailable", "HOST answered GET /v1/x with 502 and a page: 502 Bad Gateway nginx", "", {}),
    (503, "application/json", '{"success":false,"error":{"message":"Instance edge-1 is not connected","code":"runtime.node_not_connected"}}', "Unavailable",
     "Instance edge-1 is not connected", "runtime.node_not_connected", {}),
    (503, PAGE, "<title>503 Busy</title><h1>503 Busy</h1><hr>nginx", "Unavailable", "HOST answered GET /v1/x with 503 and a page: 503 Busy nginx", "", {}),
    (504, PAGE, HTML, "Unavailable", "HOST answered GET /v1/x with 504 and a page: Sign in Welcome to&nbsp;CorpNet", "", {}),
    (500, "application/json", "[1,2]", "Unavailable", "HOST answered GET /v1/x with 500", "", {}),
    (500, "application/json", '{"error":', "Unavailable", '{"error":', "", {}),
    (500, "application/json", "\x00\x1b[2Jx", "Unavailable", "␀x", "", {}),
    (400, "application/json", '{"error":{"message":"\\u001b]0;pwned\\u0007[red]x[/]"}}', "Refused", "[red]x[/]", "", {}),
    (400, "application/json", '{"error":null}', "Refused", "HOST answered GET /v1/x with 400", "", {}),
    (418, "application/json", "{}", "Refused", "HOST answered GET /v1/x with 418", "", {}),
    (599, "", "", "Unavailable", "HOST answered GET /v1/x with 599", "", {}),
]  # fmt: skip


@pytest.mark.parametrize(("status", "kind", "body", "cls", "message", "code", "fields"), TABLE)
async def test_an_error_body(
    make: Make, status: int, kind: str, body: str, cls: str, message: str, code: str, fields: dict[str, str]
) -> None:
    async with RawServer(reply(body, status, kind=kind)) as server:
        with pytest.raises(PlatformError) as raised:
            await make(server.url).get("/v1/x")
        error = raised.value
        assert type(error).__name__ == cls
        assert error.message == message.replace("HOST", f"127.0.0.1:{server.port}")
    assert (error.code, error.fields, error.status, error.connection) == (code, fields, status, "fleet")


def test_a_recorded_refusal_keeps_its_words() -> None:
    refusals = 0
    for path in sorted(RECORDED.rglob("*.json")):
        for status, body in _replies(json.loads(path.read_text(encoding="utf-8"))):
            if status < 400:
                continue
            refusals += 1
            kind, content = ("application/json", json.dumps(body)) if isinstance(body, dict | list) else ("text/plain", str(body or ""))
            error = failure(Reply(status=status, content=content.encode(), content_type=kind, host="h", path="/p"), "fleet")
            words = [clean(text)[:40] for text in _texts(body) if text]
            assert not words or words[0] in error.message or "and a page: Not Found" in error.message, (
                path.name,
                status,
                body,
                error.message,
            )
    assert refusals > 80


def _replies(value: Any) -> Any:
    if isinstance(value, dict):
        status = value.get("status", value.get("status_code"))
        if isinstance(status, int) and "body" in value:
            yield status, value["body"]
        for each in value.values():
            yield from _replies(each)
    elif isinstance(value, list):
        for each in value:
            yield from _replies(each)


def _texts(body: Any) -> list[str]:
    if isinstance(body, str):
        return [body]
    if not isinstance(body, dict):
        return []
    error = body.get("error")
    return [error.get("message") or error.get("code") or ""] if isinstance(error, dict) else [error or body.get("message") or ""]


@given(
    body=st.binary(max_size=400),
    status=st.integers(400, 599),
    kind=st.sampled_from(["application/json", "text/html", "text/plain", "", "a/b+json"]),
)
def test_any_body_makes_one_short_line(body: bytes, status: int, kind: str) -> None:
    error = failure(Reply(status=status, content=body, content_type=kind, host="h", path="/p"), "fleet")
    assert isinstance(error, PlatformError)
    line = str(error)
    line.encode()
    assert len(line) < 700
    assert not any(ord(char) < 32 or 0x7F <= ord(char) < 0xA0 for char in line)


JSONISH = st.recursive(st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8), lambda inner: st.lists(inner, max_size=3) | st.dictionaries(
    st.sampled_from(["error", "code", "message", "details", "detail", "field", "issue", "ok", "success", "data"]), inner, max_size=4), max_leaves=12)  # fmt: skip


@given(JSONISH)
def test_any_json_is_read_without_a_crash(value: Any) -> None:
    words = said(Reply(status=400, content=json.dumps(value).encode(), content_type="application/json"))
    assert isinstance(words.message, str)
    assert all(isinstance(text, str) for pair in words.fields.items() for text in pair)


@pytest.mark.parametrize(
    ("kind", "body", "cls"),
    [
        (PAGE, HTML, errors.WrongBaseUrl),
        ("application/json", HTML, None),  # says JSON: the adapter finds out
        ("", HTML, errors.WrongBaseUrl),
        ("text/plain", HTML, errors.WrongBaseUrl),
        ("text/plain", "OK", errors.BadReply),
        ("application/xml", "<x/>", errors.BadReply),
        ("image/png", "\x89PNG", errors.BadReply),
        ("text/plain", ' {"a":1}', None),
        ("", "[]", None),
        ("application/octet-stream", "{}", None),
        ("application/vnd.api+json", "{}", None),
        ("APPLICATION/JSON;charset=utf-8", "{}", None),
        ("text/html", "", None),
    ],
)
async def test_a_success_must_carry_json(make: Make, kind: str, body: str, cls: type[PlatformError] | None) -> None:
    async with RawServer(reply(body, 200, kind=kind)) as server:
        transport = make(server.url)
        if cls is None:
            assert (await transport.get("/v1/x")).content == body.encode()
            return
        with pytest.raises(cls) as wrong:
            await transport.get("/v1/x")
        assert type(wrong.value) is cls
        assert f"127.0.0.1:{server.port} answered GET /v1/x with 200 and" in str(wrong.value)
        if cls is errors.WrongBaseUrl:
            assert "Welcome" in str(wrong.value)
            assert "<" not in str(wrong.value)
            assert "check base_url" in str(wrong.value)


async def test_an_adapter_may_read_the_error_itself(make: Make) -> None:
    def read(answer: Reply, connection: str) -> PlatformError:
        return errors.Forbidden("mine", connection=connection) if b"cannot access" in answer.content else failure(answer, connection)

    async with RawServer(reply('{"error":"Service account cannot access this app"}', 401)) as server:
        with pytest.raises(errors.Forbidden) as raised:
            await make(server.url, errors=read).get("/v1/x")
        assert (raised.value.status, str(raised.value)) == (401, "fleet: mine")


@pytest.mark.parametrize(
    ("status", "headers", "seconds"),
    [
        (429, {"Retry-After": "33"}, 33.0),
        (429, {}, None),
        (429, {"Retry-After": "Wed, 02 Jan 2030 03:05:05 GMT"}, 60.0),
        (429, {"X-RateLimit-Reset": "1893553455"}, 10.0),
        (503, {"Retry-After": "7"}, 7.0),
        (503, {"X-RateLimit-Reset": "1893553455"}, None),
    ],
)
async def test_how_long_to_wait(make: Make, status: int, headers: dict[str, str], seconds: float | None) -> None:
    async with RawServer(reply("{}", status, headers)) as server:
        with pytest.raises(PlatformError) as raised:
            await make(server.url).get("/v1/x")
        assert raised.value.retry_after == seconds
