"""The control surface over HTTP, and who may use it."""

from __future__ import annotations

from collections.abc import Callable

from tests.emulator.conftest import Desk

Start = Callable[..., Desk]


def test_everything_can_be_done_over_http(desk: Start) -> None:
    one = desk(scenario="busy", flavour="encore=current")
    hand = one.client("phase")
    assert hand.post("/__control/clock", json={"advance": 60}).json() == {"now": "2025-09-06T22:32:00.000Z"}
    fault = hand.post("/__control/faults", json={"kind": "status", "platform": "phase", "path": "/v1/*", "status": 500}).json()["id"]
    assert one.phase.get("/v1/apps/").status_code == 500
    assert hand.delete("/__control/faults", params={"id": fault}).json() == {"cleared": 1}
    made = hand.post("/__control/rollouts", json={"app": "search-77da", "environment": "prod", "target": "main", "by": "x"}).json()["id"]
    assert hand.post("/__control/clock", json={"advance": 40}).status_code == 200
    assert hand.post(f"/__control/rollouts/{made}/approve").json() == {"done": True}
    assert hand.post("/__control/services/checkout/behaviour", json={"behaviour": "degraded"}).status_code == 200
    assert hand.post("/__control/services/checkout/log", json={"level": "error", "text": "boom"}).status_code == 200
    assert hand.post("/__control/revoke", json={"platform": "encore"}).json() == {"revoked": 0}
    state = hand.get("/__control/").json()
    assert (state["scenario"], state["manual"], state["faults"], state["failures"]) == ("busy", True, [], [])
    deed = {"platform": "phase", "method": "GET", "path": "/v1/apps/", "target": "", "received": 0, "executed": 0}
    assert deed | {"received": 1, "executed": 1} not in state["deeds"]


def test_deeds_are_counted_per_target(desk: Start) -> None:
    one = desk()
    client = one.dployr
    first, second = (row["id"] for row in client.get("/v1/services").json()["services"][:2])
    for target in (first, first, second, "nobody"):
        client.post(f"/v1/services/{target}/restart")
    deeds = one.client("dployr").get("/__control/").json()["deeds"]
    restarts = {deed["target"]: (deed["received"], deed["executed"]) for deed in deeds if deed["path"].endswith("/restart")}
    assert restarts == {first: (2, 2), second: (1, 1), "nobody": (1, 0)}


def test_a_browser_and_a_stranger_are_refused(desk: Start) -> None:
    hand = desk().client("encore")
    assert hand.get("/__control/", headers={"Origin": "https://evil.test"}).status_code == 403
    assert hand.get("/__control/", headers={"Host": "evil.test"}).status_code == 403
    assert hand.get("/__control/", headers={"Host": "localhost:1"}).status_code == 200


def test_nonsense_is_told(desk: Start) -> None:
    hand = desk().client("encore")
    for path, body in (
        ("faults", {"kind": "explode"}),
        ("faults", {"kinds": "status"}),
        ("clock", {"advance": -1}),
        ("clock", {}),
        ("rollouts", {"app": "x"}),
        ("rollouts/x/bless", {}),
        ("services/x/log", {"level": "info", "text": ""}),
        ("revoke", {"platform": "phase"}),
    ):
        reply = hand.post(f"/__control/{path}", json=body)
        assert (reply.status_code, list(reply.json())) == (400, ["error"]), path
    assert hand.post("/__control/rollouts/x/approve").status_code == 409
    assert hand.get("/__control/nothing").status_code == 404
