"""dployr's control plane, held to what a real one answered and to the inconvenient truths that its contract names."""

from __future__ import annotations

import json
import re
import threading
import time
from collections.abc import Callable
from typing import Any

import httpx
import pytest

from tests.emulator import recorded
from tests.emulator.conftest import NOW, Desk
from tui.emulator.control import Control
from tui.emulator.dployr.current.accounts import OWNER, VIEWER, Session
from tui.emulator.dployr.deployments import Deployment
from tui.emulator.dployr.services import Line, Service
from tui.emulator.dployr.state import Instance

Start = Callable[..., Desk]
CLUSTER = "01M800MCG67A3BC2YN3DBYN6TJ"
SERVICES = {
    "web-api": "01M800QNGK5DSKCXEKV2PD6A9C",
    "my-app": "01M800R3PBSJPX0K2DHQAMZQR9",
    "fail-job": "01M800QNNTMVAXEP67GQY0R6QA",
    "checkout-svc": "01M800R3R5V939GNPVE2VT6P2T",
    "probe": "01M800R3R5V939GNPVE2VT6P2P",
}
EDGE = "01M800N53Q3K4Q355E0A16WSVR"
GONE, FAILED = "58_deployment_delete_again", "01M800QHRCBCNRX5APYC5EPN63"


def machine(tag: str, machine_id: str, role: str = "instance") -> Instance:
    return Instance(
        id=machine_id,
        tag=tag,
        address="10.0.0.11",
        region="eu-west",
        role=role,
        status="healthy",
        cpus=2,
        load=0.1,
        memory=1,
        disk=1,
        created=NOW,
        updated=NOW,
    )


def standing(name: str) -> Callable[[Control], None]:
    """Make stand what stood when the request was recorded, under its ids."""

    def place(control: Control) -> None:
        members, fleet = control.platforms.members, control.platforms.fleet
        assert members is not None
        members.clusters = {CLUSTER: members.main}
        members.main.id = CLUSTER
        for table in (fleet.services, fleet.by_name, fleet.deployments, fleet.instances, fleet.routes):
            table.clear()
        if "empty" in name:
            return
        for number, (service, key) in enumerate(SERVICES.items()):
            one = Service(
                id=key,
                name=service,
                created=NOW,
                updated=NOW,
                env={"NODE_ENV": "production"},
                secrets={"DB_PASSWORD": NOW},
                status="stopped",
            )
            source = "dployrd" if service in ("probe", "fail-job") else "build" if service == "checkout-svc" else "deploy"
            one.said.extend(Line(NOW - 60 + number, "info", source, f"step {number} for {service}") for number in range(20))
            fleet.keep(one)
            row = Deployment(
                id=FAILED if service == "fail-job" else f"01M800{number:020d}",
                name=service,
                created=NOW,
                updated=NOW,
                status="completed",
            )
            row.status = {"fail-job": "failed"}.get(service, "completed")
            row.port, row.runtime, row.version, row.image = 3000, "nodejs", "20", "nginx:1.27"
            one.deployment_id = row.id
            if name != GONE or service != "fail-job":
                fleet.deployments[row.id] = row
        if name == "76_envs_after":
            fleet.by_name["web-api"].env["LOG_LEVEL"] = "debug"
        if name != "29_instance_create":
            fleet.instances[EDGE] = machine("edge-1", EDGE)
        if name == "85_domain_delete":
            fleet.add_route("example.com", SERVICES["web-api"], 80, NOW)
        for kind in ("domain.created", "domain.deleted", "deployment.finished", "service.started"):
            fleet.happened(kind, OWNER, "web-api")
        if name[:2] in ("E4", "E5", "E6", "E7"):
            members.set_up_totp(members.users[OWNER])
            members.users[OWNER].backup.append("899081")
        members.codes[OWNER] = ("V7EO9I", NOW + 60)

    return place


def credentials(one: Desk, name: str, request: dict[str, Any]) -> dict[str, str]:
    """The redacted headers with values that are good here."""
    user = VIEWER if name[:2] in ("B6", "B7", "B8") else OWNER
    stepped_up = NOW if name.startswith("E7") else float("-inf")

    def session(control: Control) -> None:
        members = control.platforms.members
        assert members is not None
        if not name.startswith("F2"):
            members.sessions["s"] = Session(user=members.users[user], expires=NOW + 60, stepped_up=stepped_up)

    one.emulator.do(session)
    headers = {}
    if "Cookie" in request["headers"]:
        headers["Cookie"] = "session=s"
    if (given := request["headers"].get("Authorization", "")) == "Bearer REDACTED":
        headers["Authorization"] = "Bearer s"
    elif given:
        headers["Authorization"] = f"Bearer {one.info['dployr']['tokens'][user]}"
    return headers


@pytest.mark.parametrize("name", recorded.names("dployr"))
def test_it_answers_as_the_real_one_did(desk: Start, name: str) -> None:
    pair = recorded.load("dployr", name)
    request, theirs = pair["request"], pair["response"]
    limited = theirs["status"] == 429
    quirks = frozenset({"dployr-node-offline"} if name.startswith("C2") else ())
    one = desk(flavour="current", per_minute=0 if limited else 100, quirks=quirks)
    one.emulator.do(standing(name))
    ours = recorded.send(one.info["dployr"]["base_url"], request, credentials(one, name, request))
    assert ours.status_code == theirs["status"], ours.text
    assert ours.headers.get("content-type", "").lower() == theirs["headers"].get("content-type", "").lower()
    unlimited = name == "H9_test_mode_login"  # that server's store for the limit was down
    for header in () if unlimited else ("x-ratelimit-limit", "x-ratelimit-remaining", "x-ratelimit-reset", "retry-after"):
        assert (header in ours.headers) is (header in theirs["headers"])
    body = theirs["body"]
    if isinstance(body, str):
        assert ours.text == body
        return
    assert recorded.differences(recorded.shape(ours.json()), recorded.shape(body)) == []
    if theirs["status"] >= 400:
        assert re.sub(r"\d+ seconds", "n seconds", ours.text) == re.sub(
            r"\d+ seconds", "n seconds", json.dumps(body, separators=(",", ":"), ensure_ascii=False)
        )
    if isinstance(body, dict) and "message" in body:
        assert ours.json()["message"] == body["message"]


# --- the truths
def scene(desk: Start, *quirks: str, **options: Any) -> tuple[Desk, httpx.Client, dict[str, str]]:
    """An emulator, its owner's client and the query that nearly everything needs."""
    one = desk(flavour="dployr=current", quirks=frozenset(quirks), **options)
    client = one.client("dployr", one.info["dployr"]["token"])
    return one, client, {"clusterId": one.info["dployr"]["clusters"][0]["id"]}


def named(client: httpx.Client, query: dict[str, str], kind: str, name: str) -> dict[str, Any]:
    items = client.get(f"/v1/{kind}", params=query).json()["data"]["items"]
    return next(row for row in items if name in (row.get("name"), row.get("tag"), row.get("domain")))


def test_sixteen_documented_endpoints_are_not_there(desk: Start) -> None:
    _, client, _ = scene(desk)
    for method, path in (
        ("POST", "auth/login"),
        ("PUT", "deployments/x"),
        ("GET", "services/x/status"),
        ("POST", "services/x/restart"),
        ("GET", "instances/x/metrics"),
        ("GET", "proxy/routes"),
        ("POST", "proxy/routes"),
        ("DELETE", "proxy/routes/x"),
        ("GET", "projects"),
        ("POST", "projects"),
        ("DELETE", "projects/x"),
        ("GET", "services/x/env"),
        ("POST", "services/x/env"),
        ("DELETE", "services/x/env/K"),
        ("POST", "webhooks"),
        ("GET", "webhooks"),
        ("GET", "services/"),
    ):
        reply = client.request(method, f"/v1/{path}")
        assert (reply.status_code, reply.text, reply.headers["content-type"]) == (404, "404 Not Found", "text/plain; charset=UTF-8")


def test_the_proxy_of_a_machine_asks_for_what_no_request_can_name(desk: Start) -> None:
    _, client, query = scene(desk)
    for method, what in (("GET", "routes"), ("GET", "status"), ("POST", "restart")):
        reply = client.request(method, f"/v1/proxy/node/{what}", params=query)
        assert (reply.status_code, reply.json()["error"]) == (400, "Domain identifier is required")


def test_traffic_is_told_of_the_span_that_is_asked_for(desk: Start) -> None:
    _, client, query = scene(desk)
    path = "/v1/services/metrics/web-api"
    day = client.get(path, params=query).json()["data"]["buckets"]
    hours = [bucket["bucket"] for bucket in day[-3:]]
    asked = client.get(path, params=query | {"from": str(hours[0]), "to": str(hours[1])}).json()["data"]
    assert [bucket["bucket"] for bucket in asked["buckets"]] == hours[:2]
    assert asked["totals"]["requests"] == sum(bucket["requests"] for bucket in day[-3:-1])


def test_pages(desk: Start) -> None:
    _, client, query = scene(desk, scenario="huge")
    first = client.get("/v1/services", params=query).json()["data"]
    assert (len(first["items"]), first["pagination"]["totalItems"]) == (20, 10_002)
    wide = client.get("/v1/services", params=query | {"pageSize": "500", "limit": "3"}).json()["data"]
    assert (len(wide["items"]), wide["pagination"]["pageSize"], wide["pagination"]["totalPages"]) == (100, 100, 101)
    last = client.get("/v1/services", params=query | {"pageSize": "100", "page": "101"}).json()["data"]
    assert (len(last["items"]), last["pagination"]["hasNextPage"], last["pagination"]["hasPreviousPage"]) == (2, False, True)


def test_services_have_no_status_and_other_clusters_leak_in(desk: Start) -> None:
    _, client, query = scene(desk)
    rows = client.get("/v1/services", params=query).json()["data"]["items"]
    assert [row["name"] for row in rows] == sorted(row["name"] for row in rows)
    assert {row["clusterId"] for row in rows} > {query["clusterId"]}
    assert not any("status" in key.lower() for row in rows for key in row)


def test_a_role_is_held_per_cluster(desk: Start) -> None:
    one, client, query = scene(desk)
    lab = named(client, query, "services", "lab-api")
    assert client.get(f"/v1/services/{lab['id']}").status_code == 200
    refused = client.post(f"/v1/services/{lab['id']}/stop")
    assert refused.json() == {"error": "Insufficient permissions. Developer role is required", "code": "permission.developer_role_required"}
    viewer = one.client("dployr", one.info["dployr"]["tokens"][VIEWER])
    mine = named(viewer, query, "services", "web-api")
    assert viewer.post(f"/v1/services/{mine['id']}/stop").status_code == 403
    assert viewer.get(f"/v1/services/{mine['id']}/secrets").status_code == 403
    assert viewer.get(f"/v1/services/{mine['id']}/envs").status_code == 200


def test_the_verbs_take_the_ulid_and_answer_a_task(desk: Start) -> None:
    one, client, query = scene(desk)
    target = named(client, query, "services", "web-api")["id"]
    assert client.post("/v1/services/web-api/stop").status_code == 404
    assert set(client.post(f"/v1/services/{target}/stop").json()["data"]) == {"taskId"}
    one.advance(5)
    assert one.emulator.do(lambda control: control.platforms.fleet.services[target].status) == "stopped"
    assert client.get(f"/v1/services/{target}").json()["data"]["service"]["icedAt"] is None
    client.post(f"/v1/services/{target}/start")
    one.advance(5)
    assert one.emulator.do(lambda control: control.platforms.fleet.services[target].status) == "running"
    assert one.emulator.do(lambda control: control.executed("POST", "/v1/services/{id}/start", target)) == 1


def test_asking_for_the_status_of_a_domain_wakes_it(desk: Start) -> None:
    one, client, query = scene(desk)
    client.post(f"/v1/services/{named(client, query, 'services', 'web-api')['id']}/stop")
    one.advance(5)
    assert one.client("dployr").get("/v1/status", params={"domain": "web-api.dployr.run"}).json() == {"status": "starting"}
    one.advance(5)
    assert one.client("dployr").get("/v1/status", params={"domain": "web-api.dployr.run"}).json() == {"status": "ready"}


BODY = {
    "name": "fresh",
    "type": "web",
    "source": "remote",
    "remote": {"url": "https://github.com/user/repo", "branch": "main"},
    "port": 3000,
}


def test_a_first_deployment_keeps_its_tasks_id_and_a_second_does_not(desk: Start) -> None:
    one, client, query = scene(desk)
    first = client.post("/v1/deployments", params=query, json=BODY)
    assert first.status_code == 202
    row = named(client, query, "deployments", "fresh")
    assert (row["id"], row["status"], row["remoteUrl"]) == (first.json()["data"]["taskId"], "pending", "https://github.com/user/repo")
    one.advance(60)
    row = named(client, query, "deployments", "fresh")
    assert (row["status"], row["remoteUrl"], row["image"]) == ("success", None, "registry.local/fresh:1")
    again = client.post("/v1/deployments", params=query, json=BODY).json()["data"]["taskId"]
    assert again != row["id"]
    seen = []
    for _ in range(40):
        one.advance(1)
        state = named(client, query, "deployments", "fresh")
        assert state["id"] == row["id"]
        seen += [] if seen[-1:] == [state["status"]] else [state["status"]]
    assert seen == ["pending", "running", "success", "pending", "success"]


def test_a_string_for_remote_is_dropped_without_a_word(desk: Start) -> None:
    _, client, query = scene(desk)
    body = BODY | {"remote": "https://github.com/user/repo", "branch": "main"}
    assert client.post("/v1/deployments", params=query, json=body).status_code == 202
    assert named(client, query, "deployments", "fresh")["remoteUrl"] is None


def test_deleting_a_deployment_names_its_cluster_twice(desk: Start) -> None:
    _, client, query = scene(desk)
    path = f"/v1/deployments/{named(client, query, 'deployments', 'worker')['id']}"
    assert client.delete(path, params=query).status_code == 403
    assert client.request("DELETE", path, json=query).status_code == 404
    assert client.request("DELETE", path, params=query, json={"clusterId": "other"}).status_code == 403
    assert client.request("DELETE", path, params=query, json=query).json() == {"success": True, "data": {}}
    assert client.request("DELETE", path, params=query, json=query).status_code == 404


def test_a_patch_replaces_the_whole_map_and_deploys_again(desk: Start) -> None:
    one, client, query = scene(desk)
    service = named(client, query, "services", "web-api")
    path = f"/v1/services/{service['id']}"
    assert client.patch(path, json={"env_vars": {}}).json()["error"]["message"] == (
        "Validation failed: instanceName: Invalid input: expected string, received undefined"
    )
    assert client.patch(path, json={"instanceName": "edge-9"}).status_code == 404
    reply = client.patch(path, json={"instanceName": "edge-1", "env_vars": {"A": "1"}, "description": None}).json()["data"]
    assert set(reply) == {"service", "deployment", "taskId"}
    assert (reply["deployment"]["status"], reply["deployment"]["updatedAt"], reply["deployment"]["healthCheck"]) == ("pending", None, "/")
    assert client.get(f"{path}/envs").json()["data"] == {"envs": {"A": "1"}}
    cleared = client.patch(path, json={"instanceName": "edge-1", "remote_url": None, "remote_branch": None, "port": None}).json()["data"]
    assert [cleared["deployment"][key] for key in ("remoteUrl", "remoteBranch", "port")] == [None, None, None]
    one.advance(60)
    assert named(client, query, "deployments", "web-api")["status"] == "success"


def test_what_another_cluster_is_called_cannot_be_deployed_and_is_left_alone(desk: Start) -> None:
    one, client, query = scene(desk)
    lab = named(client, query, "services", "lab-api")
    reply = client.post("/v1/deployments", params=query, json=BODY | {"name": "lab-api"})
    assert (reply.status_code, reply.json()["error"]) == (
        409,
        {"message": "Service name lab-api, has been taken", "code": "resource.conflict"},
    )
    one.advance(120)
    assert named(client, query, "services", "lab-api") == lab


@pytest.mark.parametrize(
    ("field", "value"), [("port", "3000"), ("port", 0), ("env_vars", {"A": 1}), ("secrets", ["A"]), ("run_cmd", 5), ("remote_url", {})]
)
def test_a_patch_of_another_type_is_refused_and_stores_nothing(desk: Start, field: str, value: object) -> None:
    _, client, query = scene(desk)
    path = f"/v1/services/{named(client, query, 'services', 'web-api')['id']}"
    before = client.get(f"{path}/envs").json(), named(client, query, "deployments", "web-api")
    reply = client.patch(path, json={"instanceName": "edge-1", "description": "new", "env_vars": {"B": "2"}, field: value})
    assert reply.status_code == 400
    assert reply.json()["error"]["message"].startswith(f"Validation failed: {field}")
    assert (client.get(f"{path}/envs").json(), named(client, query, "deployments", "web-api")) == before


def test_a_patch_may_be_stored_and_not_deployed(desk: Start) -> None:
    one, client, query = scene(desk, "dployr-stored-503")
    path = f"/v1/services/{named(client, query, 'services', 'web-api')['id']}"
    assert client.patch(path, json={"instanceName": "edge-1", "env_vars": {"A": "1"}}).status_code == 503
    assert client.get(f"{path}/envs").json()["data"] == {"envs": {"A": "1"}}
    one.advance(600)
    assert named(client, query, "deployments", "web-api")["status"] == "pending"
    assert one.emulator.do(lambda control: control.executed("PATCH", "/v1/services/{id}")) == 1


def test_no_node_although_all_look_healthy(desk: Start) -> None:
    one, client, query = scene(desk, "dployr-node-offline")
    target = named(client, query, "services", "web-api")["id"]
    assert client.post(f"/v1/services/{target}/stop").json()["error"] == {
        "message": "Instance edge-1 is not connected",
        "code": "runtime.node_not_connected",
    }
    assert client.post("/v1/deployments", params=query, json=BODY).status_code == 503
    assert {row["status"] for row in client.get("/v1/instances", params=query).json()["data"]["items"]} == {"healthy"}
    assert one.emulator.do(lambda control: control.executed("POST", "/v1/services/{id}/stop")) == 0


def test_a_restart_may_end_half_way(desk: Start) -> None:
    one, client, query = scene(desk, "dployr-no-start")
    target = named(client, query, "services", "web-api")["id"]
    assert client.post(f"/v1/services/{target}/stop").status_code == 200
    one.advance(5)
    assert client.post(f"/v1/services/{target}/start").status_code == 503
    assert one.emulator.do(lambda control: control.platforms.fleet.services[target].status) == "stopped"


def test_domains_stand_for_routes(desk: Start) -> None:
    one, client, query = scene(desk)
    body = {"domain": "Example.com", "serviceName": "web-api", **query}
    assert client.post("/v1/domains", json=body).status_code == 200
    assert client.post("/v1/domains", json=body).status_code == 409
    assert client.post("/v1/domains/example.com/verify").status_code == 422
    one.advance(31)
    assert client.post("/v1/domains/example.com/verify").status_code == 204
    assert named(client, query, "domains", "example.com")["status"] == "active"
    assert client.delete("/v1/domains/example.com").status_code == 204
    assert client.get("/v1/domains/example.com").status_code == 404


def test_the_one_webhook_and_what_happened(desk: Start) -> None:
    _, client, query = scene(desk)
    assert client.get(f"/v1/clusters/{query['clusterId']}/integrations").json()["data"]["notification"]["customWebhook"]["enabled"] is True
    body = {"webhookUrl": "https://x.test/hook", "enabled": False, "events": ["deployment.created"]}
    assert client.post("/v1/notifications/webhook/setup", params=query, json=body).json()["data"] == body
    assert client.get(f"/v1/clusters/{query['clusterId']}/integrations").json()["data"]["notification"]["customWebhook"] == body
    client.post(f"/v1/services/{named(client, query, 'services', 'worker')['id']}/stop")
    newest = client.get("/v1/runtime/events", params=query | {"pageSize": "1"}).json()["data"]["items"][0]
    assert (newest["type"], newest["targets"], newest["actor"]["type"]) == ("service.stopped", [{"id": "worker", "name": "worker"}], "user")


def test_the_minute_is_shared_by_all_that_a_user_has(desk: Start) -> None:
    one, client, query = scene(desk, per_minute=3)
    assert client.get("/v1/services", params=query).headers["x-ratelimit-remaining"] == "2"
    session = one.emulator.do(lambda control: control.platforms.members and control.platforms.members.enter(OWNER, _code(control)))
    cookie = {"Cookie": f"session={session}"}
    assert one.client("dployr").get("/v1/clusters", headers=cookie).headers["x-ratelimit-remaining"] == "1"
    assert client.get("/v1/nowhere").headers["x-ratelimit-remaining"] == "0"
    refused = client.get("/v1/services", params=query)
    assert (refused.status_code, refused.headers["retry-after"]) == (429, str(60 - int(NOW) % 60))
    one.advance(60 - int(NOW) % 60)
    assert client.get("/v1/services", params=query).status_code == 200


def _code(control: Control) -> str:
    members = control.platforms.members
    assert members is not None
    members.send_code(OWNER)
    return control.code(OWNER)


# --- sign-in
def test_a_code_by_mail_gives_a_cookie_that_is_no_bearer(desk: Start) -> None:
    one, _, query = scene(desk)
    client = one.client("dployr")
    assert client.post("/v1/auth/login/email", params={"client": "cli"}, json={"email": OWNER}).json()["data"] == {
        "email": OWNER,
        "requireTotp": False,
    }
    code = client.get(f"/__control/codes/{OWNER}").json()["code"]
    assert re.fullmatch(r"[A-Z0-9]{6}", code)
    reply = client.post("/v1/auth/login/email/verify", json={"email": OWNER, "code": code.lower()})
    assert re.fullmatch(r"session=[0-9a-f-]{36}; HttpOnly; Max-Age=604800; Path=/; SameSite=lax", reply.headers["set-cookie"])
    session = reply.cookies["session"]
    assert client.post("/v1/auth/login/email/verify", json={"email": OWNER, "code": code}).status_code == 400
    assert one.client("dployr", session).get("/v1/services", params=query).status_code == 401
    cookie = {"Cookie": f"session={session}"}
    assert one.client("dployr").get("/v1/services", params=query, headers=cookie).status_code == 200
    assert one.client("dployr", "dpat_wrong").get("/v1/services", params=query, headers=cookie).status_code == 401
    assert one.client("dployr", "else").get("/v1/services", params=query, headers=cookie).status_code == 200
    one.advance(604800)
    assert one.client("dployr").get("/v1/services", params=query, headers=cookie).status_code == 401


def test_a_code_lives_ten_minutes(desk: Start) -> None:
    one, _, _ = scene(desk)
    client = one.client("dployr")
    client.post("/v1/auth/login/email", json={"email": OWNER})
    code = client.get(f"/__control/codes/{OWNER}").json()["code"]
    one.advance(600)
    assert client.post("/v1/auth/login/email/verify", json={"email": OWNER, "code": code}).status_code == 400


def test_an_authenticator_and_its_step_up(desk: Start) -> None:
    one, _, _ = scene(desk, "dployr-totp")
    client = one.client("dployr")
    assert client.post("/v1/auth/login/email", json={"email": OWNER}).json()["data"]["requireTotp"] is True
    code = client.get(f"/__control/codes/{OWNER}").json()["code"]
    assert re.fullmatch(r"\d{6}", code)
    assert client.post("/v1/auth/login/email/verify", json={"email": OWNER, "code": code}).status_code == 200
    wanted = {"name": "tui", "scopes": ["oidc:bind"], "expiresIn": 86400}
    assert client.post("/v1/auth/tokens", json=wanted).json()["code"] == "auth.two_fa_required"
    assert client.post("/v1/auth/2fa/verify", json={"code": "000000"}).status_code == 400
    assert client.post("/v1/auth/2fa/verify", json={"code": code}).json()["data"] == {"verified": True}
    made = client.post("/v1/auth/tokens", json=wanted)
    assert made.status_code == 201
    one.advance(300)
    assert client.post("/v1/auth/tokens", json=wanted).status_code == 403
    token = one.client("dployr", made.json()["data"]["token"])
    assert token.get("/v1/clusters").status_code == 200
    assert token.get("/v1/auth/tokens").status_code == 403


def test_a_logout_ends_every_session_and_no_token(desk: Start) -> None:
    one, client, query = scene(desk)
    session = one.emulator.do(lambda control: control.platforms.members and control.platforms.members.enter(OWNER, _code(control)))
    assert client.get("/v1/auth/logout").status_code == 200
    assert one.client("dployr").get("/v1/clusters", headers={"Cookie": f"session={session}"}).status_code == 401
    assert client.get("/v1/services", params=query).status_code == 200


# --- logs
def test_logs_keep_the_oldest_and_ignore_the_tail(desk: Start) -> None:
    _, client, _ = scene(desk, scenario="busy")
    whole = client.get("/v1/services/web-api/logs", params={"since": str(int(NOW - 60) * 1000)}).json()
    first = client.get("/v1/services/web-api/logs", params={"since": str(int(NOW - 60) * 1000), "limit": "3", "tail": "1"}).json()
    assert first == whole[:3]
    assert set(first[0]) == {"timestamp", "source", "level", "message"}
    assert {line["level"] for line in whole} <= {"info", "warn", "error"}
    assert client.get("/v1/services/web-api/logs", params={"source": "runtime"}).json() == []
    year = client.get("/v1/services/web-api/logs", params={"since": "2025-09-06T22:30:00Z", "limit": "1"}).json()
    assert year[0]["timestamp"] < whole[0]["timestamp"]


def test_backward_drops_the_newest(desk: Start) -> None:
    one, client, query = scene(desk)
    for number in range(4):
        one.advance(1)
        one.emulator.do(lambda control, number=number: control.say("worker", "info", f"L{number}", "deploy"))
    one.advance(1)
    given = query | {"serviceId": "worker", "limit": "2", "direction": "backward"}
    assert [line["message"] for line in client.get("/v1/logs", params=given).json()] == ["L1", "L2"]


def test_no_logs_here(desk: Start) -> None:
    _, client, _ = scene(desk, "dployr-no-logs")
    for query in ({}, {"follow": "true"}):
        reply = client.get("/v1/services/web-api/logs", params=query)
        assert (reply.status_code, reply.json()["error"]["code"]) == (501, "LOGS_NOT_AVAILABLE")


def test_a_quiet_follow_does_not_even_send_its_status(desk: Start) -> None:
    one, client, query = scene(desk)
    client.post(f"/v1/services/{named(client, query, 'services', 'worker')['id']}/stop")
    one.advance(3600)
    arrived: list[float] = []

    def follow() -> None:
        with client.stream("GET", "/v1/services/worker/logs", params={"follow": "true"}) as reply:
            arrived.append(time.monotonic())
            assert reply.headers["content-type"] == "application/x-ndjson"
            assert json.loads(next(reply.iter_lines()))["message"] == "at last"
            arrived.append(time.monotonic())

    thread = threading.Thread(target=follow)
    thread.start()
    thread.join(0.3)
    assert arrived == []
    one.emulator.do(lambda control: control.say("worker", "info", "at last"))
    one.advance(2)
    thread.join(5)
    assert len(arrived) == 2


def test_a_follow_ends_without_a_word_when_the_store_fails(desk: Start) -> None:
    one, client, _ = scene(desk, scenario="busy")
    with client.stream("GET", "/v1/services/web-api/logs", params={"follow": "1", "since": str(int(NOW - 20) * 1000)}) as reply:
        lines = reply.iter_lines()
        past = [json.loads(next(lines)) for _ in range(10)]
        one.advance(30)
        fresh = [json.loads(next(lines)) for _ in range(20)]
        one.emulator.do(lambda control: control.quirk("dployr-logs-broken"))
        rest = [json.loads(line) for line in lines]
    told = past + fresh + rest
    assert [line["timestamp"] for line in told] == sorted(line["timestamp"] for line in told)
    assert len({json.dumps(line) for line in told}) == len(told)
    assert client.get("/v1/services/web-api/logs").text == "Internal Server Error"
