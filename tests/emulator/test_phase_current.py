"""The current Phase, held to what a real one answered and to the rules that its contract names."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

import httpx
import pytest

from tests.emulator import recorded
from tests.emulator.conftest import NOW, Desk
from tui.emulator.control import Control
from tui.emulator.phase.state import App, Stage

Start = Callable[..., Desk]
ZEROS = "00000000-0000-0000-0000-000000000000"
UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")

MADE = 1e9 + 0.123456
"""A moment as a real server's clock has it: hardly ever whole seconds."""

UNSUPPORTED = {
    "rel_01_secrets_create": "writing secrets",
    "rel_06_secrets_bad_json_put": "writing secrets",
}
"""What the emulator does not claim to serve: nothing in the console reads it."""


def who(name: str, request: dict[str, Any]) -> str:
    """The account that made a recorded request; the recording has it redacted."""
    if "other_org" in name:
        return "elsewhere"
    if "free" in name:
        return "free"
    if name.startswith("ip_"):
        return "fenced"
    if "ServiceAccount" in request["headers"].get("Authorization", "") or "sa_token" in name:
        return "robot"
    return "developer" if "developer" in name else "owner"


def standing(name: str, pair: dict[str, Any]) -> Callable[[Control], None]:
    """Make stand what stood when the request was recorded: the app and the environment that it names, under their ids."""
    url = urlsplit(pair["request"]["target"])
    parts, query = url.path.strip("/").split("/"), parse_qs(url.query)
    body, status = pair["response"]["body"], pair["response"]["status"]
    gone = name.endswith(("again_404", "get_11_after_delete")) or ZEROS in url.path
    app_ids = [word for word in (query.get("app_id") or query.get("appId") or []) + parts[2:3] * (parts[1:2] == ["apps"]) if word != ZEROS]
    stage_id = parts[2] if parts[1:2] == ["environments"] and len(parts) > 2 else ""
    known = body if isinstance(body, dict) and "sseEnabled" in body else {}

    def place(control: Control) -> None:
        phase = control.platforms.phase
        org = "Free Co" if "free" in name else "Acme Robotics"
        accounts = {one.name: one for one in phase.accounts.values()}
        if parts[1:2] in (["members"], ["service-accounts"]):
            accounts["developer" if parts[1] == "members" else "robot"].id = parts[2]
        granted = accounts["robot"].apps
        assert granted is not None
        if "no_access" in name:
            granted.clear()
        if "empty" in name:
            phase.apps.clear()
        for app_id in app_ids if not gone else ():
            if not UUID.fullmatch(app_id):
                continue
            app = App(
                id=app_id, name=known.get("name", "x"), description=None, encrypted="e2ee" not in name, created=MADE, updated=MADE, org=org
            )
            phase.apps[app_id] = app
            for index, stage in enumerate(("Development", "Staging", "Production")[: 2 if "free" in name else 3]):
                phase._stage(app, stage, "prod" if stage == "Production" else "dev", index, MADE)
            if "duplicate" in name:
                phase._stage(app, "canary", "custom", 3, MADE)
            for number in range(7 if status == 403 and "fill" in name else 0):
                phase._stage(app, f"fill-{number}", "custom", 4 + number, MADE)
            if "no_access" not in name:
                granted.add(app_id)
        if UUID.fullmatch(stage_id) and not gone:
            home = App(
                id=control.world.dice.uuid("home"),
                name="home",
                description=None,
                encrypted="e2ee" not in name,
                created=MADE,
                updated=MADE,
                org=org,
            )
            if app_ids and "mismatch" not in name:
                home = phase.apps[app_ids[0]]
            phase.apps[home.id] = home
            home.stages[stage_id] = Stage(
                id=stage_id, name="canary", type="custom" if "free" not in name else "dev", index=3, created=MADE, updated=MADE
            )
            phase.app_of[stage_id] = home.id
            phase._stage(home, "staging", "staging", 1, MADE)
        if pair["request"]["headers"].get("Environment") not in (None, "nope"):
            some = next(iter(phase.apps.values()))
            some.stages[pair["request"]["headers"]["Environment"]] = next(iter(some.stages.values()))
            phase.app_of[pair["request"]["headers"]["Environment"]] = some.id

    return place


@pytest.mark.parametrize("name", [name for name in recorded.names("phase") if name not in UNSUPPORTED])
def test_it_answers_as_the_real_one_did(desk: Start, name: str) -> None:
    pair = recorded.load("phase", name)
    request, theirs = pair["request"], pair["response"]
    throttled = name.startswith("throttle") and theirs["status"] == 429
    one = desk(flavour="current", scenario="busy", now=NOW + 0.25, phase_per_minute=2 if name.startswith("throttle") else 0)
    one.emulator.do(standing(name, pair))
    headers = {}
    if "REDACTED" in (given := request["headers"].get("Authorization", "")):
        token = one.info["phase"]["tokens"][who(name, request)].split(":")[2]
        headers["Authorization"] = given.replace("REDACTED", token)
    for _ in range(2 if throttled else 0):
        recorded.send(one.info["phase"]["base_url"], {"method": "GET", "target": "/v1/apps/", "headers": {}}, headers)
    if name == "apps_create_08_desc_10001":
        request["body"] = json.dumps({"name": "x", "description": "d" * 10001})  # the recording shortened it
    ours = recorded.send(one.info["phase"]["base_url"], request, headers)
    assert ours.status_code == theirs["status"], ours.text
    for header in ("content-type", "www-authenticate", "retry-after", "allow"):
        assert ours.headers.get(header) == theirs["headers"].get(header), header
    body = theirs["body"]
    if isinstance(body, str):
        assert ours.text == body
        return
    assert recorded.differences(recorded.shape(ours.json()), recorded.shape(body)) == []
    if isinstance(body, dict) and set(body) == {"error"}:
        assert ours.json() == body
    if isinstance(body, dict) and "environments" in body:
        mine = [(row["name"], row["envType"], row["index"]) for row in ours.json()["environments"]]
        assert mine == [(row["name"], row["envType"], row["index"]) for row in body["environments"]]
        assert (ours.json()["name"], ours.json()["description"]) == (body["name"], body["description"])


def test_every_recording_is_used_or_named() -> None:
    assert set(UNSUPPORTED) <= set(recorded.names("phase"))


def client(one: Desk, account: str = "owner", **headers: str) -> httpx.Client:
    """Signed in with the three words."""
    kind, _, token = one.info["phase"]["tokens"][account].split(":")[:3]
    word = {"pss_user": "User", "pss_service": "ServiceAccount"}[kind]
    made = one.client("phase", f"{word} {token}")
    made.headers.update(headers)
    return made


def test_the_app_id_of_the_query_wins_over_the_path_even_for_delete(desk: Start) -> None:
    one = desk(flavour="phase=current")
    first, second = client(one).get("/v1/apps/").json()["data"]
    assert client(one).delete(f"/v1/apps/{first['id']}/", params={"app_id": second["id"]}).status_code == 204
    assert [app["id"] for app in client(one).get("/v1/apps/").json()["data"]] == [first["id"]]


@pytest.mark.parametrize("prefix", ["", "/service", "/public", "/service/public"])
def test_the_same_routes_below_every_prefix(desk: Start, prefix: str) -> None:
    one = desk(flavour="phase=current")
    assert len(client(one).get(f"{prefix}/v1/apps/").json()["data"]) == 2
    assert one.client("phase").get(f"{prefix}/health/").json() == {"status": "alive", "version": "v2.73.2"}


def test_a_login_page_where_the_prefix_is_missing(desk: Start) -> None:
    one = desk(flavour="phase=current", quirks=frozenset({"phase-login-page"}))
    reply = client(one).get("/v1/apps/")
    assert (reply.status_code, reply.headers["content-type"].split(";")[0]) == (200, "text/html")
    assert "data" in client(one).get("/service/public/v1/apps/").json()


def test_a_removed_member_is_not_found_anywhere(desk: Start) -> None:
    one = desk(flavour="phase=current")
    for path in ("/v1/apps/", f"/v1/apps/{ZEROS}/", "/v1/environments/"):
        reply = client(one, "removed").get(path)
        assert (reply.status_code, reply.json()) == (404, {"error": "User not found"})


def test_the_command_lines_own_question_breaks_without_a_header_and_forbids_a_bad_token(desk: Start) -> None:
    one = desk(flavour="phase=current")
    reply = one.client("phase").get("/secrets/tokens/")
    assert (reply.status_code, reply.json()) == (500, {"error": "Internal server error."})
    reply = one.client("phase", "User " + "0" * 64).get("/secrets/tokens/")
    assert (reply.status_code, reply.headers.get("www-authenticate")) == (403, None)
    tree = client(one).get("/secrets/tokens/").json()
    listed = client(one).get("/v1/apps/").json()["data"]
    assert [(app["id"], app["encryption"]) for app in tree["apps"]] == [(app["id"], "SSE") for app in listed]
    wanted = client(one).get("/v1/environments/", params={"app_id": listed[0]["id"]}).json()["data"]
    assert [key["environment"]["id"] for key in tree["apps"][0]["environment_keys"]] == [stage["id"] for stage in wanted]
    assert "env_type" in tree["apps"][0]["environment_keys"][0]["environment"]


def test_the_members_and_the_service_accounts_of_the_organisation(desk: Start) -> None:
    one = desk(flavour="phase=current")
    for path, names in (("members", ["owner", "manager", "developer"]), ("service-accounts", ["robot", "fenced"])):
        rows = client(one).get(f"/v1/{path}/").json()["data"]
        assert [row.get("name") or row["username"].partition("@")[0] for row in rows] == names
        one_row = client(one).get(f"/v1/{path}/{rows[-1]['id']}/").json()
        assert {key: one_row[key] for key in rows[-1]} == rows[-1]
        assert client(one).get(f"/v1/{path}/{ZEROS}/").status_code == 404
    robot = client(one).get("/v1/service-accounts/").json()["data"][0]["id"]
    granted = client(one).get(f"/v1/service-accounts/{robot}/").json()["apps"]
    assert [app["id"] for app in granted] == [app["id"] for app in client(one, "robot").get("/v1/apps/").json()["data"]]


def test_an_error_after_which_the_write_exists(desk: Start) -> None:
    one = desk(flavour="phase=current", quirks=frozenset({"phase-stored-500"}))
    reply = client(one).post("/v1/apps/", json={"name": "kept"})
    assert (reply.status_code, reply.json()) == (500, {"error": "Internal server error."})
    app = client(one).get("/v1/apps/").json()["data"][0]
    assert app["name"] == "kept"
    assert client(one).post("/v1/environments/", params={"app_id": app["id"]}, json={"name": "canary"}).status_code == 500
    assert client(one).post("/v1/environments/", params={"app_id": app["id"]}, json={"name": "canary"}).status_code == 400
    assert one.emulator.do(lambda control: control.executed("POST", "/v1/apps/")) == 1


def test_the_free_plan_has_no_custom_environments_to_touch(desk: Start) -> None:
    one = desk(flavour="phase=current")

    def with_custom(control: Control) -> str:
        phase = control.platforms.phase
        app = next(app for app in phase.apps.values() if app.org == "Free Co")
        return phase._stage(app, "qa", "custom", 3, NOW).id

    path = f"/v1/environments/{one.emulator.do(with_custom)}/"
    for reply in (client(one, "free").put(path, json={"name": "qb"}), client(one, "free").delete(path)):
        assert (reply.status_code, reply.json()) == (403, {"error": "Custom environments are not available on the Free plan."})
    assert client(one, "free").get(path).json()["name"] == "qa"


def test_the_throttle_slides_and_counts_what_it_let_in(desk: Start) -> None:
    one = desk(flavour="phase=current", phase_per_minute=2)
    me = client(one)
    statuses = []
    for _ in range(3):
        statuses.append(me.get("/v1/apps/").status_code)
        one.advance(20)
    assert statuses == [200, 200, 429]
    one.advance(0.5)
    assert me.get("/v1/apps/").status_code == 200
    refused = me.get("/v1/apps/")
    assert (refused.status_code, refused.headers["retry-after"]) == (429, "19")
    assert client(one, "developer").get("/v1/apps/").status_code == 200


def test_the_prerelease(desk: Start) -> None:
    one = desk(flavour="phase=current", quirks=frozenset({"phase-prerelease"}))
    assert isinstance(client(one).get("/v1/apps/").json(), list)
    assert "environments" not in client(one).post("/v1/apps/", json={"name": "x"}).json()
    assert one.client("phase").get("/v1/apps/").status_code == 403
    assert (reply := client(one).get("/v1/apps")).status_code == 301
    assert reply.headers["location"] == "/v1/apps/"


@pytest.mark.parametrize(
    ("given", "name", "description"),
    [
        ({"name": "<b>bold</b>\u001b[31m app"}, "bold[31m app", None),
        ({"name": "x", "description": "a < b & <R&D>"}, "x", "a < b &"),
        ({"name": " x ", "description": " \n"}, "x", None),
        ({"name": "\U0001f600" * 64}, "\U0001f600" * 64, None),
    ],
)
def test_text_is_cleaned(desk: Start, given: dict[str, str], name: str, description: str | None) -> None:
    made = (
        client(desk(flavour="phase=current"))
        .post("/v1/apps/", content=json.dumps(given), headers={"Content-Type": "application/json"})
        .json()
    )
    assert (made["name"], made["description"]) == (name, description)


def test_a_lone_surrogate_is_refused(desk: Start) -> None:
    reply = client(desk(flavour="phase=current")).post(
        "/v1/apps/", content=b'{"name":"\\ud800"}', headers={"Content-Type": "application/json"}
    )
    assert reply.status_code == 400
    assert reply.json()["error"].startswith("'utf-8' codec can't encode character")


def test_the_announced_token_is_as_people_paste_it_and_not_accepted_so(desk: Start) -> None:
    one = desk(flavour="phase=current")
    pasted = one.info["phase"]["token"]
    assert re.fullmatch(r"pss_user:v1(:[0-9a-f]{64}){4}", pasted)
    assert one.client("phase", pasted).get("/v1/apps/").json() == {"error": "Invalid token"}
    assert one.client("phase", unquote(pasted.split(":")[2])).get("/v1/apps/").json() == {"error": "Invalid token"}
