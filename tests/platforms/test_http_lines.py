"""Records in are records out, at whatever borders the bytes come and however long a line is."""

from __future__ import annotations

import json
import time
import tracemalloc
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tui.platforms.lines import KEEP, Record, splitter_for

RECORDS = st.lists(
    st.dictionaries(
        st.text(max_size=5), st.text(max_size=20) | st.integers() | st.none() | st.lists(st.text(max_size=5), max_size=3), max_size=4
    ),
    max_size=8,
)
CUTS = st.lists(st.integers(1, 60), max_size=40)


def split(kind: str, data: bytes, cuts: list[int] | None = None, keep: int = KEEP) -> list[Record]:
    splitter = splitter_for(kind, keep)
    found: list[Record] = []
    for cut in cuts or []:
        found += splitter.feed(data[:cut])
        data = data[cut:]
    found += splitter.feed(data)
    return [*found, *splitter.finish()]


def ndjson(records: list[Any]) -> bytes:
    return b"".join(json.dumps(record, ensure_ascii=False).encode("utf-8", "surrogatepass") + b"\n" for record in records)


def events(records: list[Any]) -> bytes:
    return b": hello\n\n" + b"".join(b"event: log\nid: 7\ndata: " + ndjson([record]) + b"\n: heartbeat\n\n" for record in records)


def array(records: list[Any]) -> bytes:
    return json.dumps(records, ensure_ascii=False, indent=1).encode("utf-8", "surrogatepass")


FORMS = [
    ("application/x-ndjson", ndjson),
    ("application/x-ndjson; charset=utf-8", ndjson),
    ("text/plain", ndjson),
    ("", ndjson),
    ("application/json", ndjson),
    ("application/json", array),
    ("text/event-stream", events),
    ("text/event-stream", ndjson),
]


@pytest.mark.parametrize(("kind", "write"), FORMS)
@given(records=RECORDS, cuts=CUTS)
@settings(max_examples=40)
def test_records_in_are_records_out(kind: str, write: Any, records: list[Any], cuts: list[int]) -> None:
    found = split(kind, write(records), cuts)
    assert [json.loads(record.data.decode("utf-8", "surrogatepass")) for record in found] == records
    assert all(record.whole and not record.cut for record in found)


@pytest.mark.parametrize("char", ["\u2028", "\u2029", "\u0085", "\x0b", "\x0c", "\x1c", "\r", "\u000d\u2028"])
@pytest.mark.parametrize("kind", ["application/x-ndjson", "text/plain", "application/json"])
def test_only_a_newline_ends_a_line(kind: str, char: str) -> None:
    line = json.dumps({"m": f"a{char}b"}, ensure_ascii=False).encode()
    assert [record.data for record in split(kind, line + b"\n" + line + b"\n", [3, 5, 7])] == [line, line]


@given(data=st.binary(max_size=300), cuts=CUTS)
@pytest.mark.parametrize("kind", ["text/plain", "application/json", "text/event-stream", "application/x-ndjson"])
def test_any_bytes_split_the_same_at_any_border(kind: str, data: bytes, cuts: list[int]) -> None:
    assert split(kind, data, cuts) == split(kind, data)


@given(data=st.binary(max_size=300).filter(lambda data: not data.lstrip().startswith(b"[")), cuts=CUTS)
def test_lines_lose_nothing(data: bytes, cuts: list[int]) -> None:
    found = b"\n".join(record.data for record in split("text/plain", data, cuts))
    kept = b"\n".join(line.removesuffix(b"\r") for line in data.split(b"\n") if line.removesuffix(b"\r"))
    assert found == kept or b"[" in data  # a line may be an array of objects


def test_what_the_end_left_unfinished_is_marked() -> None:
    assert [(record.data, record.whole) for record in split("text/plain", b"one\r\ntwo")] == [(b"one", True), (b"two", False)]
    assert [(record.data, record.whole) for record in split("application/json", b'[{"a":1},{"b":')] == [
        (b'{"a":1}', True),
        (b'{"b":', False),
    ]
    assert [(record.data, record.whole) for record in split("text/event-stream", b"data: a\n\ndata: b\n")] == [(b"a", True), (b"b", False)]


def test_server_sent_events() -> None:
    found = split(
        "text/event-stream", b"event: log\r\ndata:one\r\ndata: two\r\n\r\n:hb\r\n\r\nid: 4\r\nretry: 5\r\n\r\nevent: done\r\ndata:\r\n\r\n"
    )
    assert [(record.data, record.event) for record in found] == [(b"one\ntwo", "log"), (b"", "done")]


def test_an_array_in_a_line_gives_its_elements_and_a_bracket_in_a_log_none() -> None:
    assert [record.data for record in split("application/x-ndjson", b'[{"a":1}, {"b":[2]}]\n[info] up\n[]\n')] == [
        b'{"a":1}',
        b'{"b":[2]}',
        b"[info] up",
        b"[]",
    ]


def test_an_envelope_is_one_record() -> None:
    body = b'{"success":true,"data":[{"m":"x"}]}'
    assert [record.data for record in split("application/json", body)] == [body]


def test_no_json_at_all_is_read_as_lines() -> None:
    assert [record.data for record in split("application/json", b"\n oops\nagain", [1, 2])] == [b"oops", b"again"]


@pytest.mark.parametrize("kind", ["application/x-ndjson", "text/plain", "text/event-stream", "application/json"])
def test_an_endless_line_costs_no_memory(kind: str) -> None:
    total = 40 << 20
    piece = b"x" * 65_536
    start = {"application/json": b'{"m":"', "text/event-stream": b"data: "}.get(kind, b"")
    splitter = splitter_for(kind)
    tracemalloc.start()
    try:
        began = time.perf_counter()
        assert list(splitter.feed(start)) == []
        for _ in range(total // len(piece)):
            assert list(splitter.feed(piece)) == []
        took = time.perf_counter() - began
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    (record,) = [*splitter.feed(b'"}\n' if kind == "application/json" else b"\n\n"), *splitter.finish()]
    assert len(record.data) == KEEP - (len(start) if kind == "text/event-stream" else 0)
    assert record.cut >= total - KEEP
    assert peak < 1 << 20
    assert took < 3


def test_the_bytes_beyond_are_counted_exactly() -> None:
    (record,) = split("text/plain", b"abcdefghij\n", [3, 4], keep=4)
    assert (record.data, record.cut) == (b"abcd", 6)
    (record,) = split("text/event-stream", b"data: abcdefghij\n\n", [3, 4], keep=8)
    assert (record.data, record.cut) == (b"ab", 8)
