"""What dployr's records become: in either case, whole or nearly empty, with words nobody has heard of."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tui.model import Health, Kind, Ref
from tui.platforms.dployr import logs, translate, wire
from tui.platforms.dployr.metrics import numbers
from tui.platforms.lines import Record
from tui.platforms.records import REFUSALS, Unreadable, fields
from tui.text import clean

NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
AT = translate.Place(connection="fleet", now=NOW)
OWNER = Ref(connection="fleet", kind=Kind.SERVICE, id="svc/1")


def data(record: Any) -> bytes:
    return json.dumps(record).encode()


SNAKE = {
    "id": "d1",
    "name": "my-app",
    "status": "completed",
    "runtime_type": "nodejs",
    "runtime_version": 20,
    "remote": {"url": "https://u:p@github.com/x/y", "branch": "main", "commit_hash": "abc"},
    "build_cmd": "npm install",
    "port": "3000",
    "env_vars": {"B": "2", "A": "1"},
    "finished_at": "2026-11-21T21:38:36.123456789Z",
}
CAMEL = {
    "id": "d1",
    "name": "my-app",
    "status": "success",
    "runtimeType": "nodejs",
    "runtimeVersion": "20",
    "remoteUrl": "https://u:p@github.com/x/y",
    "remoteBranch": "main",
    "remoteCommitHash": "abc",
    "buildCmd": "npm install",
    "port": 3000,
    "env": [{"key": "A", "value": "1"}, {"key": "B", "value": "2"}],
    "finishedAt": 1795297116123,
    "somethingNew": {"deep": [1]},
}
NESTED = {
    "id": "d1",
    "name": "my-app",
    "status": "done",
    "config": {**SNAKE, "id": "other", "status": "failed", "name": None},
    "finished_at": 1795297116,
}


@pytest.mark.parametrize("record", [SNAKE, CAMEL, NESTED], ids=["snake", "camel", "nested"])
def test_a_deployment_under_any_spelling(record: Any) -> None:
    found = translate.deployment(data(record), AT)
    assert (found.ref.id, found.name, found.health) == ("d1", "my-app", Health.OK)
    assert (found.runtime, found.version, found.branch, found.commit, found.port) == ("nodejs", "20", "main", "abc", 3000)
    assert found.remote == "https://***@github.com/x/y"
    assert found.variables == ("A", "B")
    assert found.finished_at is not None
    assert found.finished_at.replace(microsecond=0) == datetime(2026, 11, 21, 21, 38, 36, tzinfo=UTC)


@pytest.mark.parametrize(
    "build", [translate.deployment, translate.service, translate.instance, translate.route, translate.project, translate.webhook]
)
def test_an_id_is_enough(build: Any) -> None:
    found = build(b'{"id": 7}', AT)
    assert (found.ref.id, found.name, found.status, found.health) == ("7", "7", "", Health.UNKNOWN)
    assert json.loads(found.raw) == {"id": 7}


@pytest.mark.parametrize(
    ("build", "status", "health"),
    [
        (translate.deployment, "running", Health.BUSY),
        (translate.deployment, "IN-PROGRESS", Health.BUSY),
        (translate.deployment, "failed", Health.BAD),
        (translate.deployment, "canceled", Health.WARN),
        (translate.deployment, "transmogrified", Health.UNKNOWN),
        (translate.service, "running", Health.OK),
        (translate.service, "sleeping", Health.IDLE),
        (translate.service, "crashed", Health.BAD),
        (translate.service, "Crash Loop", Health.BAD),
        (translate.service, "quantum", Health.UNKNOWN),
        (translate.instance, "unreachable", Health.BAD),
        (translate.instance, "maintenance", Health.WARN),
        (translate.route, "pending", Health.BUSY),
    ],
)
def test_a_word_of_state_is_shown_as_it_came_and_read_by_a_table(build: Any, status: str, health: Health) -> None:
    found = build(data({"id": 1, "status": status}), AT)
    assert (found.status, found.health) == (status, health)


@pytest.mark.parametrize(
    ("record", "health"),
    [
        ({"status": "running", "health": "healthy"}, Health.OK),
        ({"status": "running", "health": "degraded"}, Health.WARN),
        ({"status": "running", "health": "unhealthy"}, Health.BAD),
        ({"status": "running", "health": {"status": "degraded", "checks": []}}, Health.WARN),
        ({"status": "running", "health": "a new word"}, Health.UNKNOWN),
        ({"status": "stopped", "health": "unhealthy"}, Health.IDLE),
        ({"status": "starting", "health": "unhealthy"}, Health.BUSY),
        ({"status": "degraded", "health": "healthy"}, Health.WARN),
        ({"status": "degraded", "health": "down"}, Health.BAD),
        ({"status": "a new word", "health": "healthy"}, Health.UNKNOWN),
        ({"status": "a new word", "health": "down"}, Health.BAD),
        ({"health": "healthy"}, Health.OK),
        ({"status": {"state": "running", "health": "down"}}, Health.BAD),
        ({"icedAt": 1795297116000}, Health.IDLE),
        ({}, Health.UNKNOWN),
    ],
)
def test_a_check_decides_only_about_what_should_be_there(record: Any, health: Health) -> None:
    assert translate.service(data({"id": 1, **record}), AT).health is health


@pytest.mark.parametrize(
    "record",
    [
        {"cpu_percent": 12.5, "memory_bytes": 300_000_000},
        {"cpu": {"percent": 12.5}, "memory": {"used": 300_000_000, "total": 4_000_000_000}},
        {"metrics": {"cpuPercent": "12.5", "memoryUsedBytes": 300_000_000}},
        {"cpu": {"user_percent": 10, "system_percent": 2.5, "idle_percent": 87.5}, "memory": {"used_bytes": 300_000_000}},
        {"cpu_share": 0.125, "memory_used_mb": 286.102294921875},
        {"resources": {"cpu": 0.125, "memory": {"usedBytes": 300_000_000}}},
    ],
)
def test_numbers_wherever_they_stand(record: Any) -> None:
    found = numbers(record)
    assert (found.cpu_share, found.memory_bytes) == (0.125, 300_000_000)


@pytest.mark.parametrize("record", [None, [], {}, {"cpu": "much"}, {"cpu_percent": -1}, {"memory_used": 63}, {"cpu": None}, {"cpu": True}])
def test_no_number_is_invented(record: Any) -> None:
    assert not numbers(record)


def test_the_disk_is_the_first_one() -> None:
    found = numbers(
        {"disks": [{"total_bytes": 100, "used_bytes": 25}, {"total_bytes": 100, "used_bytes": 99}], "memory": {"total_bytes": 5}}
    )
    assert (found.disk_share, found.memory_total_bytes) == (0.25, 5)


@pytest.mark.parametrize(
    "body",
    [
        [{"key": "A", "value": "1"}, {"key": "B", "value": 2}],
        {"A": "1", "B": 2},
        {"variables": [{"name": "A", "value": "1"}, {"name": "B", "value": 2}]},
        {"success": True, "data": {"envs": {"A": "1", "B": 2}}},
        {"env": {"A": "1", "B": 2}},
    ],
)
def test_variables_as_a_list_or_a_map(body: Any) -> None:
    pairs = json.loads(translate.as_pairs(data(body), ("variables", "env", "envs")))
    found = [translate.variable(data(pair), OWNER, AT) for pair in pairs]
    assert [(each.name, each.value.reveal()) for each in found] == [("A", "1"), ("B", "2")]
    assert found[0].service == OWNER


@pytest.mark.parametrize("body", [5, "x", True])
def test_no_variables_are_read_out_of_something_else(body: Any) -> None:
    with pytest.raises(Unreadable):
        translate.as_pairs(data(body), ("env",))


@given(st.text(min_size=1), st.text(min_size=1))
def test_a_variables_id_leads_back_to_service_and_key(owner: str, key: str) -> None:
    try:
        id_ = translate.variable_id(owner, key)
    except UnicodeEncodeError:
        return
    assert translate.variable_parts(id_) == (owner, key)


@pytest.mark.parametrize("wrong", ["", "x", "/x", "x/"])
def test_what_is_no_variables_id_is_refused(wrong: str) -> None:
    with pytest.raises(ValueError, match="SERVICE/KEY"):
        translate.variable_parts(wrong)


def test_a_webhook_never_keeps_its_secret() -> None:
    found = translate.webhook(
        data({"id": 1, "url": "https://a:CANARY@b/c", "events": ["x", 5, None], "secret": "CANARY", "active": True}), AT
    )
    assert "CANARY" not in repr(found) + found.raw
    assert (found.name, found.events, found.enabled, found.health) == ("https://***@b/c", ("x",), True, Health.OK)


# -- logs


@pytest.mark.parametrize(
    "record",
    [
        {"timestamp": "2026-11-21T21:38:36Z", "level": "ERROR", "source": "app", "message": "boom"},
        {"time": 1795297116000, "severity": "error", "stream": "app", "msg": "boom"},
        {"ts": "1795297116", "lvl": "error", "source": "app", "line": "boom\n"},
    ],
)
def test_a_line_under_any_spelling(record: Any) -> None:
    (line,) = logs.lines(Record(data=data(record)), NOW)
    assert (line.at, line.level, line.source, line.text) == (datetime(2026, 11, 21, 21, 38, 36, tzinfo=UTC), "error", "app", "boom")


@pytest.mark.parametrize(
    ("raw", "texts"),
    [
        (b"plain text", ["plain text"]),
        (b'{"not json', ['{"not json']),
        (b'{"level":"info"}', ['{"level":"info"}']),
        (b'"a text"', ["a text"]),
        (b'{"logs":[{"message":"a"},"b",{"message":"c"}]}', ["a", "b", "c"]),
        (b'data: {"message":"sse"}', ["sse"]),
        (b'{"message":5}', ["5"]),
        (b'{"message":{"nested":1}}', ['{"message":{"nested":1}}']),
        (b"   ", []),
        (b'{"message":"\\u001b[31mred\\u001b[0m"}', ["red"]),
        (b"\xff\xfe", ["\ufffd\ufffd"]),
    ],
)
def test_a_record_becomes_its_lines(raw: bytes, texts: list[str]) -> None:
    assert [line.text for line in logs.lines(Record(data=raw), NOW)] == texts


def test_what_was_cut_is_counted() -> None:
    (line,) = logs.lines(Record(data=b"x" * (logs.LONGEST + 100), cut=1000), NOW)
    assert (len(line.text), line.cut) == (logs.LONGEST, 1100)
    assert logs.lines(Record(data=b"", event="heartbeat"), NOW) == ()


NAMES = ("at", "At", "time", "ts", "level", "severity", "source", "stream", "text", "message", "msg", "Msg", "line", "other")


@given(st.dictionaries(st.sampled_from(NAMES), st.sampled_from(["x", "y", "error", 1_700_000_000, None])))
def test_a_log_record_is_read_like_any_other(record: dict[str, Any]) -> None:
    """Where its members stand is remembered from one record to the next; what is found there is what a plain look finds."""
    flat = fields(record, wire.Line)
    assert list(logs._members(record)) == [flat.get(name) for name in ("at", "level", "source", "text")]


@given(st.binary(max_size=300))
def test_any_bytes_are_clean_lines(raw: bytes) -> None:
    for line in logs.lines(Record(data=raw), NOW):
        assert line.text == clean(line.text, logs.LONGEST)


HOSTILE = [
    "\x1b]52;c;YQ==\x07",
    "\x9b31m",
    "a\u202eb",
    "[@click=app.boom]x[/]",
    "\ud800",
    "x" * 5000,
    "\u200b",
    "e" + "\u0301" * 50,
    "\r\n",
]


@pytest.mark.parametrize("text", HOSTILE)
@pytest.mark.parametrize(
    "build", [translate.deployment, translate.service, translate.instance, translate.route, translate.project, translate.webhook]
)
def test_a_hostile_text_is_clean_in_every_field(build: Any, text: str) -> None:
    names = (
        "name",
        "status",
        "description",
        "type",
        "runtime",
        "version",
        "remote",
        "branch",
        "image",
        "domain",
        "tag",
        "region",
        "role",
        "url",
    )
    record = {"id": "x", **dict.fromkeys(names, text), "message": text, "events": [text], "env": {text: text}}
    try:
        found = build(json.dumps(record).encode("utf-8", "surrogatepass"), AT)
    except REFUSALS:
        assert "\ud800" in text
        return
    texts = [value for name in found.__slots__ if isinstance(value := getattr(found, name), str)]
    for each in [*texts, *getattr(found, "variables", ()), *getattr(found, "events", ())]:
        assert each == clean(each, 20_000, lines=each is found.raw)
