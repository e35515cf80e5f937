"""Hostile and merely odd replies become records, times and texts, or one typed refusal."""

from __future__ import annotations

import json
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any, ClassVar

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tui.model import Kind, Project, Ref
from tui.platforms import records
from tui.platforms.records import Listing, Scalar, Unreadable, Wire
from tui.text import clean

NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
MOMENT = datetime(2026, 11, 21, 21, 38, 36, tzinfo=UTC)


@pytest.mark.parametrize(
    "written",
    [
        "2026-11-21T21:38:36Z",
        "2026-11-21T21:38:36.000000000Z",
        "2026-11-21T22:38:36+01:00",
        "2026-11-21T21:38:36",
        1795297116,
        1795297116.0,
        1795297116000,
        "1795297116",
        "1795297116000",
    ],
)
def test_a_time_in_any_unit(written: Any) -> None:
    assert records.when(written, NOW) == MOMENT


@pytest.mark.parametrize(
    "written",
    [
        *(
            None,
            "",
            "yesterday",
            True,
            {},
            [],
            0,
            -1,
            10**30,
            1e300,
            "0001-01-01T00:00:00Z",
            "1999-12-31T23:59:59Z",
            "9999-12-31T23:59:59Z",
        ),
        *("2026-11-23T12:00:01Z", "1" * 5000, "2026-11-21T21:38:36+99:00", float("nan"), float("inf")),
    ],
)
def test_a_time_that_nobody_could_reckon_with_is_none(written: Any) -> None:
    assert records.when(written, NOW) is None


@given(st.one_of(st.text(max_size=80), st.integers(), st.floats(), st.none(), st.booleans()))
def test_every_time_is_aware_and_near(written: Any) -> None:
    found = records.when(written, NOW)
    assert found is None or (found.tzinfo is UTC and 2000 <= found.year <= 2026)


@pytest.mark.parametrize(
    "body",
    [
        [{"id": 1}],
        {"deployments": [{"id": 1}], "total": 1},
        {"items": [{"id": 1}]},
        {"data": [{"id": 1}]},
        {"success": True, "data": {"items": [{"id": 1}], "pagination": {}}},
        {"ok": True, "data": {"deployments": [{"id": 1}]}},
    ],
)
def test_a_list_in_any_envelope(body: Any) -> None:
    (raw,) = records.items(json.dumps(body).encode(), ("deployments",))
    assert json.loads(bytes(raw)) == {"id": 1}


@pytest.mark.parametrize("body", [b"null", b'{"deployments": null}', b"[]", b" [ ] ", b'{"data":{"items":null}}'])
def test_no_records_is_an_empty_list(body: bytes) -> None:
    assert records.items(body, ("deployments",)) == []


@pytest.mark.parametrize(
    "body",
    [
        *(b"", b"5", b'"x"', b"{}", b'{"message":"hi"}', b"[1,", b"{", b"<html>", b"\xff\xfe", b'{"data":{"data":{"data":{"data":[]}}}}'),
        *(b"[" * 100_000, b'{"a":' * 100_000, b'{"items":5}', b"nul", b"NaN", b"true"),
    ],
)
def test_what_is_no_list_is_refused_in_one_line(body: bytes) -> None:
    with pytest.raises(Unreadable) as caught:
        records.items(body, ("deployments",))
    assert len(str(caught.value)) < 200


@pytest.mark.parametrize(
    ("body", "inner"),
    [
        ({"id": 1}, {"id": 1}),
        ({"success": True, "data": {"service": {"id": 1}}}, {"id": 1}),
        ({"data": {"id": 1}, "message": "done"}, {"id": 1}),
        ({"service": {"id": 1}}, {"id": 1}),
        ({"id": 1, "data": {"own": 2}}, {"id": 1, "data": {"own": 2}}),
        ({"id": 1, "name": "x", "service": {"id": 2}}, {"id": 1, "name": "x", "service": {"id": 2}}),
    ],
)
def test_one_record_in_any_envelope(body: Any, inner: Any) -> None:
    assert json.loads(records.single(json.dumps(body).encode(), ("service",))) == inner


class Odd(Wire):
    id: str | int
    build_cmd: Scalar = None
    remote: Scalar = None
    branch: Scalar = None
    created_at: Scalar = None

    lift: ClassVar[tuple[str, ...]] = ("config",)
    spread: ClassVar[dict[str, dict[str, str]]] = {"remote": {"url": "remote", "branch": "branch"}}  # type: ignore[misc]
    aliases: ClassVar[dict[str, str]] = {"remote_url": "remote"}  # type: ignore[misc]


@pytest.mark.parametrize(
    "body",
    [
        {"id": "a", "build_cmd": "make", "remote": "r", "branch": "b"},
        {"id": "a", "buildCmd": "make", "remoteUrl": "r", "branch": "b"},
        {"id": "a", "config": {"buildCmd": "make", "remote": {"url": "r", "branch": "b"}}},
        {"id": "a", "buildCmd": None, "config": {"build_cmd": "make", "remote_url": "r"}, "branch": "b"},
    ],
)
def test_one_record_under_any_spelling(body: Any) -> None:
    wire, raw = records.read(json.dumps(body).encode(), Odd)
    assert (wire.id, wire.build_cmd, wire.remote, wire.branch) == ("a", "make", "r", "b")
    assert raw == body


def test_names_of_variables_are_no_camel_case() -> None:
    assert [records.snake(name) for name in ("NODE_ENV", "nodeEnv", "Node", "cpuPercent", "http2Port", "x")] == [
        *("NODE_ENV", "node_env", "Node", "cpu_percent", "http2_port", "x")
    ]


SECRETS = {
    "secret": "CANARY",
    "clientSecret": "CANARY",
    "access_token": "CANARY",
    "password": "CANARY",
    "env": {"A": "CANARY"},
    "env_vars": {"A": "CANARY", "B": {"deep": "CANARY"}},
    "envs": [{"key": "A", "value": "CANARY"}],
    "config": {"environment": {"A": "CANARY"}, "remote": "https://user:CANARY@host/x"},
    "note": "Bearer CANARY",
    "other": ["dpat_CANARY", "eyJhbGciOi.CANARY"],
    "metadata": {"slackWebhookUrl": "https://CANARY"},
}


@pytest.mark.parametrize("name", SECRETS)
def test_no_secret_is_in_the_text_of_a_record(name: str) -> None:
    text = records.text_of({"id": "a", name: SECRETS[name]})
    assert "CANARY" not in text
    assert "***" in text


def test_what_is_no_secret_stays() -> None:
    record = {"id": "a", "sseEnabled": True, "value": 5, "env": "prod", "tokens": [], "secret": None, "session": ""}
    assert json.loads(records.text_of(record)) == record


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=10), inner, max_size=4),
    max_leaves=12,
)


@settings(max_examples=200)
@given(st.one_of(st.binary(max_size=200), json_values.map(lambda value: json.dumps(value).encode())))
def test_any_bytes_are_rows_or_one_refusal(body: bytes) -> None:
    for use in (lambda: records.items(body, ("x",)), lambda: records.read(body, Odd), lambda: records.single(body, ("x",))):
        with suppress(*records.REFUSALS):
            use()


@given(json_values)
def test_the_text_of_any_record_is_clean(value: Any) -> None:
    text = records.text_of(value)
    assert text == clean(text, records.MAX_RAW, lines=True)


def project(data: bytes) -> Project:
    wire, _ = records.read(data, Odd)
    return Project(ref=Ref(connection="c", kind=Kind.PROJECT, id=records.identity(wire.id)), name=records.word(wire.branch))


async def test_one_bad_record_in_ten_thousand_costs_one_row() -> None:
    body = [{"id": f"p{n}"} for n in range(10_000)]
    body[5000] = {"name": "no id"}
    rows = await Listing(("projects",), project).rows(json.dumps(body).encode())
    assert (len(rows.items), rows.unreadable) == (9_999, 1)
    assert "record 5001" in rows.reason
    assert "`id`" in rows.reason


@pytest.mark.parametrize(
    "bad", [None, 5, "x", [], {}, {"id": None}, {"id": ""}, {"id": "a\x1b[31m"}, {"id": "a" * 300}, {"id": {}}, {"id": "a\u202eb"}]
)
async def test_a_bad_record_is_counted_with_its_reason(bad: Any) -> None:
    rows = await Listing(("projects",), project).rows(json.dumps([bad, {"id": "good"}]).encode())
    assert ([each.ref.id for each in rows.items], rows.unreadable) == (["good"], 1)
    assert rows.reason.startswith("record 1: ")


async def test_the_same_bytes_are_the_same_rows_and_the_same_record_the_same_resource() -> None:
    listing = Listing(("projects",), project)
    first = await listing.rows(b'[{"id":"a"},{"id":"b"}]')
    assert await listing.rows(b'[{"id":"a"},{"id":"b"}]') is first
    second = await listing.rows(b'[{"id":"b"},{"id":"a","branch":"new"}]')
    assert second is not first
    assert second.items[0] is first.items[1]
    assert second.items[1] != first.items[0]


async def test_an_id_twice_is_one_row_and_counted_unless_it_is_the_very_same_record() -> None:
    rows = await Listing(("projects",), project).rows(b'[{"id":"a"},{"id":"a"},{"id":"a","branch":"other"}]')
    assert (len(rows.items), rows.unreadable) == (1, 1)
