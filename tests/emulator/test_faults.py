"""Bad days on order, over real sockets: what the client sees and whether it was executed."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import httpx
import pytest

from tests.emulator.conftest import Desk

Start = Callable[..., Desk]
STOP = "/v1/services/{id}/stop"


def stop(one: Desk, timeout: float = 5) -> httpx.Response:
    target = one.emulator.do(lambda control: control.platforms.fleet.by_name["web-api"].id)
    return one.dployr.post(STOP.format(id=target), timeout=timeout)


def executed(one: Desk) -> int:
    return one.emulator.do(lambda control: control.executed("POST", STOP))


@pytest.mark.parametrize(
    ("rule", "raised", "times"),
    [
        ({"kind": "drop-before"}, httpx.RemoteProtocolError | httpx.ReadError, 0),
        ({"kind": "drop-after"}, httpx.RemoteProtocolError | httpx.ReadError, 1),
        ({"kind": "hang"}, httpx.ReadTimeout, 0),
        ({"kind": "cut"}, httpx.RemoteProtocolError | httpx.ReadError, 1),
    ],
)
def test_a_verb_without_an_answer(desk: Start, rule: dict[str, Any], raised: Any, times: int) -> None:
    one = desk()
    one.emulator.do(lambda control: control.fault(path="/v1/services/*/stop", method="POST", **rule))
    with pytest.raises(httpx.TransportError) as error:
        stop(one, timeout=0.3)
    assert isinstance(error.value, raised)
    assert executed(one) == times


def test_a_status_a_page_and_garbage(desk: Start) -> None:
    one = desk()
    for rule in (
        {"kind": "status", "status": 503, "body": "down", "headers": {"Retry-After": "7"}},
        {"kind": "html", "status": 502},
        {"kind": "garbage"},
    ):
        one.emulator.do(lambda control, rule=rule: control.fault(count=1, platform="dployr", **rule))
    first, second, third, fourth = (stop(one) for _ in range(4))
    assert (first.status_code, first.text, first.headers["retry-after"]) == (503, "down", "7")
    assert (second.status_code, second.headers["content-type"]) == (502, "text/html; charset=utf-8")
    with pytest.raises(ValueError, match="Unterminated"):
        third.json()
    assert (fourth.status_code, executed(one)) == (202, 1)


def test_a_fault_hits_only_where_and_as_often_as_it_should(desk: Start) -> None:
    one = desk()
    one.emulator.do(lambda control: control.fault("status", platform="phase", path="/v1/apps/*", count=2))
    assert one.dployr.get("/v1/services").status_code == 200
    assert [one.phase.get("/v1/apps/").status_code for _ in range(3)] == [503, 503, 200]
    one.emulator.do(lambda control: control.fault("status", platform="phase"))
    assert one.phase.get("/v1/apps/").status_code == 503
    assert one.emulator.do(lambda control: control.clear_faults()) == 1
    assert one.phase.get("/v1/apps/").status_code == 200


def test_latency_delays_and_then_answers(desk: Start) -> None:
    one = desk()
    one.emulator.do(lambda control: control.fault("latency", seconds=0.2, count=1))
    assert stop(one).elapsed.total_seconds() >= 0.2
    assert executed(one) == 1


@pytest.mark.parametrize("kind", ["cut", "eof"])
def test_a_stream_that_ends(desk: Start, kind: str) -> None:
    one = desk(scenario="busy")
    target = one.emulator.do(lambda control: control.platforms.fleet.by_name["web-api"].id)
    one.emulator.do(lambda control: control.fault(kind, path="*/logs", seconds=0.2))
    with one.dployr.stream("GET", f"/v1/services/{target}/logs", params={"follow": "true"}) as reply:
        if kind == "cut":
            with pytest.raises(httpx.TransportError):
                list(reply.iter_raw())
        else:
            assert len(b"".join(reply.iter_raw()).splitlines()) == 100


def test_nonsense_is_refused(desk: Start) -> None:
    one = desk()
    with pytest.raises(ValueError, match="not a fault"):
        one.emulator.do(lambda control: control.fault("explode"))
    with pytest.raises(ValueError, match="not a status"):
        one.emulator.do(lambda control: control.fault("status", status=42))


def test_the_incident_scenario_has_one_platform_failing(desk: Start) -> None:
    one = desk(scenario="incident")
    reply = one.phase.get("/v1/apps/")
    assert (reply.status_code, reply.headers["content-type"].split(";")[0]) == (503, "text/html")
    assert one.dployr.get("/v1/services").status_code == 200
