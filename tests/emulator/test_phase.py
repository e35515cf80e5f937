"""Phase's documented rules."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from tests.emulator.conftest import Desk

Start = Callable[..., Desk]
APP = {"id", "name", "description", "sseEnabled", "createdAt", "updatedAt"}
STAGE = {"id", "name", "envType", "index", "createdAt", "updatedAt"}


def test_lists_are_bare_arrays_and_hide_what_is_encrypted_elsewhere(desk: Start) -> None:
    apps = desk(scenario="busy").phase.get("/v1/apps/").json()
    assert isinstance(apps, list)
    assert all(set(app) == APP and app["sseEnabled"] for app in apps)
    assert "billing-legacy" not in [app["name"] for app in apps]


@pytest.mark.parametrize("header", [None, "Bearer nonsense", "Basic eDp5", "Bearer User {token}"])
def test_only_the_documented_header_opens(desk: Start, header: str | None) -> None:
    one = desk()
    headers = {"Authorization": header.format(token=one.info["phase"]["token"])} if header else {}
    assert one.client("phase").get("/v1/apps/", headers=headers).status_code == 401


def test_an_app_lives_with_its_three_environments(desk: Start) -> None:
    one = desk()
    client = one.phase
    made = client.post("/v1/apps/", json={"name": "My New App", "description": "A new application"}).json()
    assert made == {**made, "name": "My New App", "description": "A new application", "sseEnabled": True}
    assert made["createdAt"] == made["updatedAt"] == "2025-09-06T22:31:00Z"
    stages = client.get("/v1/environments/", params={"app_id": made["id"]}).json()
    assert [(one["name"], one["envType"], one["index"]) for one in stages] == [
        ("Development", "dev", 0),
        ("Staging", "staging", 1),
        ("Production", "prod", 2),
    ]
    one.advance(60)
    changed = client.put(f"/v1/apps/{made['id']}/", json={"name": "Updated App Name"}).json()
    assert (changed["name"], changed["description"], changed["updatedAt"]) == (
        "Updated App Name",
        "A new application",
        "2025-09-06T22:32:00Z",
    )
    reply = client.delete(f"/v1/apps/{made['id']}/")
    assert (reply.status_code, reply.content) == (204, b"")
    assert client.get(f"/v1/apps/{made['id']}/").status_code == 404
    assert client.get(f"/v1/environments/{stages[0]['id']}/").status_code == 404


def test_names_of_apps_may_repeat_and_the_list_is_newest_first(desk: Start) -> None:
    one = desk()
    ids = []
    for _ in range(2):
        one.advance(1)
        ids.append(one.phase.post("/v1/apps/", json={"name": "twin"}).json()["id"])
    assert [app["id"] for app in one.phase.get("/v1/apps/").json()][:2] == ids[::-1]


def test_custom_environments(desk: Start) -> None:
    client = desk().phase
    made = client.post("/v1/apps/", json={"name": "x", "environments": ["dev", "qa_1", "prod-eu"]}).json()
    stages = client.get("/v1/environments/", params={"app_id": made["id"]}).json()
    assert [(one["name"], one["envType"]) for one in stages] == [("dev", "custom"), ("qa_1", "custom"), ("prod-eu", "custom")]
    canary = client.post("/v1/environments/", params={"app_id": made["id"]}, json={"name": "canary"}).json()
    assert set(canary) == STAGE
    assert (canary["envType"], canary["index"]) == ("custom", 3)
    assert client.put(f"/v1/environments/{canary['id']}/", json={"name": "CANARY"}).json()["name"] == "CANARY"
    assert client.put(f"/v1/environments/{canary['id']}/", json={"name": "dev"}).status_code == 409
    assert client.post("/v1/environments/", params={"app_id": made["id"]}, json={"name": "Dev"}).status_code == 400
    assert client.delete(f"/v1/environments/{canary['id']}/").status_code == 204
    assert client.delete(f"/v1/environments/{canary['id']}/").status_code == 404


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"name": ""},
        {"name": " "},
        {"name": 5},
        {"name": "x" * 65},
        {"name": "x", "description": 7},
        {"name": "x", "description": "d" * 10001},
        {"name": "x", "environments": []},
        {"name": "x", "environments": "dev"},
        {"name": "x", "environments": ["bad name"]},
        {"name": "x", "environments": ["dev", "DEV"]},
        {"name": "x", "environments": ["e" * 65]},
        ["x"],
    ],
)
def test_what_an_app_may_not_be(desk: Start, body: Any) -> None:
    one = desk()
    before = one.phase.get("/v1/apps/").json()
    reply = one.phase.post("/v1/apps/", json=body)
    assert reply.status_code == 400
    assert isinstance(reply.json()["error"], str)
    assert one.phase.get("/v1/apps/").json() == before


@pytest.mark.parametrize("body", [{}, {"name": None}, {"name": ""}, {"name": "x" * 65}, {"name": 1}])
def test_what_an_app_may_not_become(desk: Start, body: Any) -> None:
    client = desk().phase
    app = client.get("/v1/apps/").json()[0]
    assert client.put(f"/v1/apps/{app['id']}/", json=body).status_code == 400
    assert client.get(f"/v1/apps/{app['id']}/").json() == app


def test_an_app_id_is_required_for_environments(desk: Start) -> None:
    client = desk().phase
    assert client.get("/v1/environments/").status_code == 400
    assert client.get("/v1/environments/", params={"app_id": "nope"}).status_code == 404


def test_an_app_without_server_side_encryption_is_closed(desk: Start) -> None:
    one = desk(scenario="busy")
    closed = one.emulator.do(lambda control: next(app.id for app in control.platforms.phase.apps.values() if not app.encrypted))
    assert one.phase.get(f"/v1/apps/{closed}/").status_code == 403
    assert one.phase.delete(f"/v1/apps/{closed}/").status_code == 403


def test_the_slash_is_optional_and_other_methods_are_not(desk: Start) -> None:
    client = desk().phase
    assert client.get("/v1/apps").json() == client.get("/v1/apps/").json()
    reply = client.patch("/v1/apps/")
    assert (reply.status_code, reply.headers["allow"]) == (405, "GET, POST")
