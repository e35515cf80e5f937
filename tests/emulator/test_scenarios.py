"""What each scenario promises to whoever looks at it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import Any

from tests.emulator.conftest import Desk

Start = Callable[..., Desk]


def rollouts(one: Desk) -> list[dict[str, Any]]:
    client = one.encore
    return [client.get(f"/api/apps/{row['app']}/rollouts/{row['id']}").json() for row in one.info["encore"]["rollouts"]]


def statuses(one: Desk, kind: str) -> dict[str, str]:
    return {row["name"]: row["status"] for row in reversed(one.dployr.get(f"/v1/{kind}").json()[kind])}


def test_calm_is_up_and_does_not_move(desk: Start) -> None:
    one = desk(scenario="calm", flavour="encore=current")
    before = statuses(one, "services"), statuses(one, "deployments"), rollouts(one)
    one.advance(3500)
    assert (statuses(one, "services"), statuses(one, "deployments"), rollouts(one)) == before
    assert set(before[0].values()) == {"running"}
    assert set(before[1].values()) == {"completed"}


def test_busy_has_rollouts_under_way_and_one_that_needs_approval(desk: Start) -> None:
    one = desk(scenario="busy", flavour="encore=current")
    states = rollouts(one)
    assert Counter(state["status"] for state in states) == {"running": 3, "completed": 2}
    assert [state["infra"]["status"] for state in states].count("proposed") == 1
    assert statuses(one, "deployments")["notifications"] == "in_progress"
    services = statuses(one, "services")
    assert (services["worker"], services["reports"]) == ("degraded", "stopped")
    seen = set()
    for _ in range(120):
        one.advance(5)
        seen |= {(name, status) for name, status in statuses(one, "deployments").items() if status in ("pending", "in_progress")}
    assert {name for name, _ in seen} >= {"image-resizer", "search", "checkout"}


def test_busy_names_the_same_things_differently_on_two_platforms(desk: Start) -> None:
    one = desk(scenario="busy")
    phase = {app["name"] for app in one.phase.get("/v1/apps/").json()}
    encore = {app["id"].rpartition("-")[0] for app in one.info["encore"]["apps"]}
    assert {"Payments", "web_api"} <= phase
    assert "payments" in encore
    assert {name.lower() for name in phase} >= encore


def test_incident_hurts_everywhere(desk: Start) -> None:
    one = desk(scenario="incident", flavour="encore=current")
    states = rollouts(one)
    assert [state["conclusion"] for state in states] == ["success", "failure", "failure", "failure"]
    assert "rejected" in [state["infra"]["conclusion"] for state in states]
    services = one.dployr.get("/v1/services").json()["services"]
    by_name = {row["name"]: row for row in services}
    assert by_name["payments"]["status"] in ("crashed", "starting", "running")
    assert by_name["payments"]["restarts"] > 10
    lines = one.dployr.get(f"/v1/services/{by_name['payments']['id']}/logs", params={"tail": 300}).json()
    assert Counter(line["level"] for line in lines)["error"] > 20
    assert one.phase.get("/v1/apps/").status_code == 503


def test_huge_fits_through_the_wire(desk: Start) -> None:
    one = desk(scenario="huge")
    reply = one.dployr.get("/v1/services")
    assert reply.json()["total"] == 10_000
    assert len(reply.content) < 7 << 20
    assert len(one.phase.get("/v1/apps/").json()) == 1000
    assert one.dployr.get("/v1/deployments").json()["total"] == 600
