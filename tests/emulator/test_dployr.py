"""dployr's documented rules: sign-in, limits, deployments, services, and all the small things."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import httpx
import pytest

from tests.emulator.conftest import NOW, Desk

Start = Callable[..., Desk]
BODY = {
    "name": "my-app",
    "source": "remote",
    "runtime": "nodejs",
    "version": "20",
    "remote": "https://github.com/user/repo",
    "branch": "main",
    "build_cmd": "npm install",
    "run_cmd": "npm start",
    "port": 3000,
}
"""The documented example."""


def rows(client: httpx.Client, path: str) -> list[dict[str, Any]]:
    body = client.get(f"/v1/{path}").json()
    (key,) = set(body) - {"total"}
    assert body["total"] == len(body[key])
    return list(body[key])


def service(client: httpx.Client, name: str) -> dict[str, Any]:
    return next(one for one in rows(client, "services") if one["name"] == name)


# --- sign-in
def test_sign_in_gives_the_documented_triple_that_expires_and_renews_once(desk: Start) -> None:
    one = desk(token_lifetime=120)
    anonymous, dployr = one.client("dployr"), one.info["dployr"]
    pair = {"email": dployr["email"], "password": dployr["password"]}
    triple = anonymous.post("/v1/auth/login", json=pair).json()
    assert set(triple) == {"access_token", "refresh_token", "expires_in"}
    assert triple["expires_in"] == 120
    client = one.client("dployr", triple["access_token"])
    one.advance(119)
    assert client.get("/v1/services").status_code == 200
    one.advance(1)
    assert client.get("/v1/services").status_code == 401
    again = anonymous.post("/v1/auth/refresh", json={"refresh_token": triple["refresh_token"]})
    assert again.status_code == 200
    assert one.client("dployr", again.json()["access_token"]).get("/v1/services").status_code == 200
    assert anonymous.post("/v1/auth/refresh", json={"refresh_token": triple["refresh_token"]}).status_code == 401


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({"email": "oncall@acme.test", "password": "wrong"}, 401),
        ({"email": "oncall@acme.test"}, 400),
        ({}, 400),
        ([], 400),
        ({"email": 1, "password": "x"}, 400),
    ],
)
def test_a_bad_sign_in(desk: Start, body: Any, status: int) -> None:
    assert desk().client("dployr").post("/v1/auth/login", json=body).status_code == status


def test_a_revoked_token_is_refused_and_the_static_one_is_not(desk: Start) -> None:
    one = desk()
    dployr = one.info["dployr"]
    token = one.client("dployr").post("/v1/auth/login", json={key: dployr[key] for key in ("email", "password")}).json()["access_token"]
    one.emulator.do(lambda control: control.revoke("dployr"))
    assert one.client("dployr", token).get("/v1/services").status_code == 401
    assert one.dployr.get("/v1/services").status_code == 200


# --- limits
def test_every_reply_has_the_three_headers_and_the_hour_starts_anew(desk: Start) -> None:
    one = desk(hourly=4)
    client, reset = one.dployr, str(int(NOW // 3600 + 1) * 3600)
    for remaining in (3, 2, 1, 0):
        reply = client.get("/v1/nowhere" if remaining == 2 else "/v1/projects")
        assert (reply.headers["X-RateLimit-Limit"], reply.headers["X-RateLimit-Remaining"]) == ("4", str(remaining))
        assert reply.headers["X-RateLimit-Reset"] == reset
    refused = client.get("/v1/projects")
    assert refused.status_code == 429
    assert refused.json()["error"]["code"] == "rate_limited"
    assert refused.headers["Retry-After"] == str(int(reset) - int(NOW))
    assert refused.headers["X-RateLimit-Remaining"] == "0"
    one.advance(int(refused.headers["Retry-After"]))
    assert client.get("/v1/projects").headers["X-RateLimit-Remaining"] == "3"


def test_without_a_token_the_hour_has_sixty(desk: Start) -> None:
    one = desk()
    anonymous = one.client("dployr")
    statuses = [anonymous.get("/v1/services").status_code for _ in range(61)]
    assert statuses == [401] * 60 + [429]
    assert one.dployr.get("/v1/services").headers["X-RateLimit-Limit"] == "1000"


def test_a_refused_verb_was_not_executed(desk: Start) -> None:
    one = desk(hourly=1)
    client = one.dployr
    target = service(client, "web-api")["id"]
    assert client.post(f"/v1/services/{target}/stop").status_code == 429
    assert one.emulator.do(lambda control: control.executed("POST", "/v1/services/{id}/stop")) == 0
    assert one.emulator.do(lambda control: control.received("POST", "/v1/services/{id}/stop")) == 0


# --- deployments
def test_a_deployment_walks_and_brings_its_service(desk: Start) -> None:
    one = desk()
    client = one.dployr
    made = client.post("/v1/deployments", json=BODY)
    assert made.status_code == 201
    path = f"/v1/deployments/{made.json()['id']}"
    assert made.json()["config"] == {**made.json()["config"], **{key: BODY[key] for key in BODY if key != "name"}}
    seen = []
    for _ in range(30):
        state = client.get(path).json()["status"]
        seen += [] if seen[-1:] == [state] else [state]
        one.advance(1)
    assert seen == ["pending", "in_progress", "completed"]
    assert service(client, "my-app")["status"] == "running"
    assert service(client, "my-app")["deployment_id"] == made.json()["id"]
    assert rows(client, "deployments")[0]["finished_at"] is not None


def test_an_update_deploys_again_under_the_same_id(desk: Start) -> None:
    one = desk()
    client = one.dployr
    first = rows(client, "deployments")[0]
    assert first["status"] == "completed"
    changed = client.put(f"/v1/deployments/{first['id']}", json={"version": "3.13", "env": {"NODE_ENV": "production"}}).json()
    assert (changed["id"], changed["status"], changed["finished_at"]) == (first["id"], "pending", None)
    one.advance(60)
    state = client.get(f"/v1/deployments/{first['id']}").json()
    assert (state["status"], state["config"]["version"], state["config"]["env"]) == ("completed", "3.13", {"NODE_ENV": "production"})
    target = service(client, first["name"])
    assert target["runtime_version"] == "3.13"
    assert {"key": "NODE_ENV", "value": "production"}.items() <= rows(client, f"services/{target['id']}/env")[0].items()


def test_a_failing_deployment_says_why_and_leaves_the_service_alone(desk: Start) -> None:
    one = desk()
    client = one.dployr
    before = service(client, "checkout")
    made = client.post("/v1/deployments", json=BODY | {"name": "checkout", "branch": "broken"}).json()
    one.advance(30)
    state = client.get(f"/v1/deployments/{made['id']}").json()
    assert (state["status"], state["error"]) == ("failed", "build command exited with status 2")
    assert service(client, "checkout")["deployment_id"] == before["deployment_id"]
    said = client.get(f"/v1/services/{before['id']}/logs", params={"tail": 40}).json()
    assert any(line["source"] == "build" and line["level"] == "error" for line in said)


def test_a_running_deployment_cannot_be_deleted(desk: Start) -> None:
    one = desk()
    client = one.dployr
    made = client.post("/v1/deployments", json=BODY).json()
    path = f"/v1/deployments/{made['id']}"
    assert client.delete(path).status_code == 400
    one.advance(60)
    assert client.delete(path).status_code == 204
    assert client.delete(path).status_code == client.get(path).status_code == 404


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"name": None}, "name"),
        ({"name": "Bad_Name"}, "name"),
        ({"name": "-x"}, "name"),
        ({"name": "x" * 64}, "name"),
        ({"source": "ftp"}, "source"),
        ({"source": None}, "source"),
        ({"runtime": "cobol"}, "runtime"),
        ({"version": "9"}, "runtime"),
        ({"remote": None}, "remote"),
        ({"remote": "not a url"}, "remote"),
        ({"remote": {"url": "https://x.test"}}, "remote"),
        ({"port": 0}, "port"),
        ({"port": "3000"}, "port"),
        ({"port": True}, "port"),
        ({"env": ["A=1"]}, "env"),
        ({"env": {"A": 1}}, "env"),
        ({"source": "image", "image": None}, "image"),
        ({"type": "daemon"}, "type"),
    ],
)
def test_the_field_to_blame_is_named(desk: Start, change: dict[str, Any], field: str) -> None:
    one = desk()
    body = {key: value for key, value in (BODY | change).items() if value is not None}
    reply = one.dployr.post("/v1/deployments", json=body)
    assert reply.status_code == 400
    error = reply.json()["error"]
    assert (error["code"], error["message"]) == ("invalid_request", "Invalid deployment configuration")
    assert error["details"]["field"] == field
    assert one.emulator.do(lambda control: control.executed("POST", "/v1/deployments")) == 0


def test_the_documented_error_word_for_word(desk: Start) -> None:
    assert desk().dployr.post("/v1/deployments", json=BODY | {"version": "0.1"}).json() == {
        "error": {
            "code": "invalid_request",
            "message": "Invalid deployment configuration",
            "details": {"field": "runtime", "issue": "Unsupported runtime version"},
        }
    }


# --- services
@pytest.mark.parametrize(
    ("verb", "words"),
    [("stop", ["stopping", "stopped"]), ("restart", ["restarting", "running"]), ("start", ["running"])],
)
def test_verbs_take_their_time(desk: Start, verb: str, words: list[str]) -> None:
    one = desk()
    client = one.dployr
    target = service(client, "web-api")["id"]
    reply = client.post(f"/v1/services/{target}/{verb}")
    assert (reply.status_code, reply.json()["status"]) == (202, words[0])
    one.advance(10)
    assert client.get(f"/v1/services/{target}/status").json()["status"] == words[-1]
    assert one.emulator.do(lambda control: control.executed("POST", f"/v1/services/{{id}}/{verb}", target)) == 1


def test_stop_then_start_before_it_stopped(desk: Start) -> None:
    one = desk()
    client = one.dployr
    path = f"/v1/services/{service(client, 'worker')['id']}"
    client.post(f"{path}/stop")
    one.advance(1)
    assert client.post(f"{path}/start").json()["status"] == "starting"
    one.advance(60)
    state = client.get(f"{path}/status").json()
    assert (state["status"], state["health"], state["restarts"]) == ("running", "healthy", 0)


def test_a_stopped_service_uses_nothing_and_says_nothing(desk: Start) -> None:
    one = desk()
    client = one.dployr
    target = service(client, "web-api")["id"]
    client.post(f"/v1/services/{target}/stop")
    one.advance(600)
    state = service(client, "web-api")
    assert (state["cpu_percent"], state["memory_bytes"]) == (0, 0)
    last = client.get(f"/v1/services/{target}/logs", params={"tail": 1}).json()[0]
    assert last["message"] == "received SIGTERM, draining connections"


def test_a_crash_loop_crashes_again_until_a_good_version_comes(desk: Start) -> None:
    one = desk(scenario="incident")
    client = one.dployr
    target = service(client, "payments")["id"]
    seen, restarts = set(), service(client, "payments")["restarts"]
    for _ in range(120):
        one.advance(1)
        seen.add(client.get(f"/v1/services/{target}/status").json()["status"])
    assert seen == {"crashed", "starting", "running"}
    assert service(client, "payments")["restarts"] > restarts
    assert any("panic" in line["message"] for line in client.get(f"/v1/services/{target}/logs", params={"tail": 200}).json())
    client.post("/v1/deployments", json=BODY | {"name": "payments"})
    one.advance(40)
    one.advance(300)
    assert client.get(f"/v1/services/{target}/status").json()["status"] == "running"


def test_nothing_is_found_by_a_wrong_id(desk: Start) -> None:
    client = desk().dployr
    for method, path in (
        ("GET", "deployments/x"),
        ("PUT", "deployments/x"),
        ("DELETE", "deployments/x"),
        ("GET", "services/x/status"),
        ("POST", "services/x/start"),
        ("GET", "services/x/logs"),
        ("GET", "services/x/env"),
        ("GET", "instances/x"),
        ("GET", "instances/x/metrics"),
        ("DELETE", "proxy/routes/x"),
        ("DELETE", "projects/x"),
    ):
        reply = client.request(method, f"/v1/{path}", json={})
        assert (reply.status_code, reply.json()["error"]["code"]) == (404, "not_found"), (method, path)


def test_every_endpoint_but_sign_in_wants_a_token(desk: Start) -> None:
    one = desk(hourly_anonymous=1000)
    anonymous = one.client("dployr", "eyJ.no.no")
    table = one.emulator.do(lambda control: control.platforms.endpoints("dployr"))
    assert len(table) == 27
    for method, path in table:
        if "/auth/" not in path:
            assert anonymous.request(method, path.format(id="x", key="y"), json={}).status_code == 401, path


# --- the small things
def test_variables(desk: Start) -> None:
    client = desk().dployr
    path = f"/v1/services/{service(client, 'web-api')['id']}/env"
    assert client.post(path, json={"key": "NEW", "value": ""}).status_code == 201
    assert client.post(path, json={"key": "NEW", "value": "2"}).status_code == 200
    assert {row["key"]: row["value"] for row in client.get(path).json()["variables"]} == {"NODE_ENV": "production", "NEW": "2"}
    assert client.delete(f"{path}/NEW").status_code == 204
    assert client.delete(f"{path}/NEW").status_code == 404
    for body in ({"key": "1X", "value": ""}, {"key": "X"}, {"value": "x"}, {"key": "X", "value": 1}):
        assert client.post(path, json=body).status_code == 400


def test_routes(desk: Start) -> None:
    client = desk().dployr
    target = service(client, "worker")["id"]
    body = {"domain": "example.com", "service_id": target, "port": 3000}
    made = client.post("/v1/proxy/routes", json=body).json()
    assert made == {**made, **body}
    for change, field in (({}, "domain"), ({"domain": "no dots"}, "domain"), ({"service_id": "x"}, "service_id"), ({"port": None}, "port")):
        error = client.post("/v1/proxy/routes", json=body | change).json()["error"]
        assert error["details"]["field"] == field
    assert client.delete(f"/v1/proxy/routes/{made['id']}").status_code == 204
    assert made["id"] not in [row["id"] for row in rows(client, "proxy/routes")]


def test_projects(desk: Start) -> None:
    client = desk().dployr
    made = client.post("/v1/projects", json={"name": "my-project", "description": "Project description"})
    assert (made.status_code, made.json()["name"], made.json()["description"]) == (201, "my-project", "Project description")
    assert client.post("/v1/projects", json={"name": "my-project"}).status_code == 400
    assert client.delete(f"/v1/projects/{made.json()['id']}").status_code == 204


def test_webhooks_never_tell_their_secret(desk: Start) -> None:
    client = desk().dployr
    body = {"url": "https://example.com/webhook", "events": ["deployment.created", "deployment.failed"], "secret": "webhook-secret"}
    assert client.post("/v1/webhooks", json=body).status_code == 201
    assert "webhook-secret" not in client.get("/v1/webhooks").text
    assert rows(client, "webhooks")[-1]["events"] == body["events"]
    for change in ({"url": "ftp://x"}, {"events": []}, {"events": ["nope"]}, {"events": "deployment.created"}):
        assert client.post("/v1/webhooks", json=body | change).status_code == 400


def test_instances_and_their_metrics(desk: Start) -> None:
    client = desk(scenario="busy").dployr
    for row in rows(client, "instances"):
        assert client.get(f"/v1/instances/{row['id']}").json() == row
        metrics = client.get(f"/v1/instances/{row['id']}/metrics").json()
        cpu = metrics["cpu"]
        assert cpu["user_percent"] + cpu["system_percent"] + cpu["idle_percent"] == pytest.approx(100, abs=0.3)
        assert metrics["memory"]["used_bytes"] <= metrics["memory"]["total_bytes"]


def test_wrong_methods_and_paths(desk: Start) -> None:
    client = desk().dployr
    assert client.patch("/v1/services").status_code == 405
    assert client.get("/v1/nowhere").json()["error"]["code"] == "not_found"
    assert client.get("/v1/services/").status_code == 404
