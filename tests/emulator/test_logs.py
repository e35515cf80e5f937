"""Logs: the tail, the follow, the moments between them."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator

import pytest

from tests.emulator.conftest import Desk

Start = Callable[..., Desk]


def path(one: Desk, name: str) -> str:
    return f"/v1/services/{one.emulator.do(lambda control: control.platforms.fleet.by_name[name].id)}/logs"


def test_the_tail_is_an_array_in_order(desk: Start) -> None:
    one = desk(scenario="busy")
    reply = one.dployr.get(path(one, "web-api"), params={"tail": 50})
    assert reply.headers["content-type"] == "application/json"
    lines = reply.json()
    assert len(lines) == 50
    assert [line["timestamp"] for line in lines] == sorted(line["timestamp"] for line in lines)
    assert all(set(line) == {"timestamp", "level", "source", "message"} for line in lines)
    assert one.dployr.get(path(one, "web-api"), params={"tail": 7}).json() == lines[-7:]
    assert len(one.dployr.get(path(one, "web-api")).json()) == 100
    assert one.dployr.get(path(one, "web-api"), params={"tail": 0}).json() == []


@pytest.mark.parametrize("query", [{"tail": "-1"}, {"tail": "many"}, {"follow": "perhaps"}])
def test_a_bad_query_is_refused(desk: Start, query: dict[str, str]) -> None:
    one = desk()
    assert one.dployr.get(path(one, "web-api"), params=query).status_code == 400


def test_following_loses_and_repeats_nothing(desk: Start) -> None:
    one = desk(scenario="busy")
    where, told = path(one, "web-api"), []
    with one.dployr.stream("GET", where, params={"tail": 5, "follow": "true"}) as reply:
        assert reply.headers["content-type"].startswith("application/x-ndjson")
        assert reply.headers["transfer-encoding"] == "chunked"
        lines: Iterator[str] = reply.iter_lines()
        told += [json.loads(next(lines)) for _ in range(5)]
        for _ in range(3):
            one.advance(10)
            told += [json.loads(next(lines)) for _ in range(8)]
    one.advance(0.001)
    whole = one.dployr.get(where, params={"tail": 200}).json()
    start = whole.index(told[0])
    assert told == whole[start : start + len(told)]


def test_what_is_said_reaches_a_follower(desk: Start) -> None:
    one = desk()
    with one.dployr.stream("GET", path(one, "worker"), params={"tail": 0, "follow": "true"}) as reply:
        one.emulator.do(lambda control: control.say("worker", "error", "ünïcode\u2028and \x1b[31mred\x1b[0m"))
        one.advance(0.001)
        line = json.loads(next(reply.iter_raw()).split(b"\n")[0])
    assert (line["level"], line["message"]) == ("error", "ünïcode\u2028and \x1b[31mred\x1b[0m")


def test_the_same_moment_says_the_same_whenever_it_is_asked(desk: Start) -> None:
    early, late = desk(scenario="busy"), desk(scenario="busy")
    late.advance(500)
    early.advance(500)
    assert early.dployr.get(path(early, "search")).json() == late.dployr.get(path(late, "search")).json()
