"""Encore's rules: the token, the POST, the phases, the approval."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from tests.emulator.conftest import Desk

ROLLOUTS = "/api/apps/checkout-3p2i/envs/prod/rollouts"
Start = Callable[..., Desk]


GRANT = {"grant_type": "client_credentials"}


def words(rollout: dict[str, Any]) -> list[tuple[str, str]]:
    return [(rollout[name]["status"], rollout[name]["conclusion"]) for name in ("build", "infra", "deploy")]


def test_the_token_reply_is_as_documented_and_expires(desk: Start) -> None:
    one = desk()
    client = one.encore
    assert client.post(ROLLOUTS, json={"branch": "main"}).status_code == 200
    one.advance(3599)
    assert client.post(ROLLOUTS, json={"branch": "main"}).status_code == 200
    one.advance(1)
    assert client.post(ROLLOUTS, json={"branch": "main"}).status_code == 401


def test_the_documented_token_endpoint_takes_the_query_only(desk: Start) -> None:
    one = desk()
    client, pair = one.client("encore"), {key: one.info["encore"][key] for key in ("client_id", "client_secret")}
    assert client.post("/api/oauth/token", data=pair).status_code == 400
    assert client.post("/api/oauth/token", params=pair | {"client_secret": "no"}).status_code == 401
    reply = client.post("/api/oauth/token", params=pair)
    assert reply.status_code == 200
    token = reply.json()
    assert isinstance(token.pop("access_token"), str)
    assert token == {"expires_in": 3600, "actor": pair["client_id"], "token_type": "Bearer"}


@pytest.mark.parametrize("style", ["query", "form", "basic"])
def test_the_current_token_endpoint_takes_every_official_form(desk: Start, style: str) -> None:
    one = desk(flavour="encore=current")
    client, encore = one.client("encore"), one.info["encore"]
    pair = {key: encore[key] for key in ("client_id", "client_secret")}
    given: dict[str, Any] = {
        "query": {"params": pair},
        "form": {"data": pair | GRANT},
        "basic": {"auth": tuple(pair.values()), "data": GRANT},
    }[style]
    assert client.post("/api/oauth/token", **given).json()["actor"] == encore["client_id"]


def test_the_token_endpoint_refuses_what_oauth_forbids(desk: Start) -> None:
    """Two ways at once, or a form that does not say what it asks for: a client that does either would fail on the real one."""
    one = desk(flavour="encore=current")
    client, pair = one.client("encore"), {key: one.info["encore"][key] for key in ("client_id", "client_secret")}
    for given in ({"params": pair, "data": pair | GRANT}, {"auth": tuple(pair.values()), "data": pair | GRANT}):
        reply = client.post("/api/oauth/token", **given)  # type: ignore[arg-type]
        assert (reply.status_code, reply.json()["error"]) == (400, "invalid_request")
    for given in ({"data": pair}, {"auth": tuple(pair.values())}):
        assert client.post("/api/oauth/token", **given).json()["error"] == "unsupported_grant_type"  # type: ignore[arg-type]


def test_the_documented_flavour_cannot_read_a_rollout(desk: Start) -> None:
    one = desk()
    made = one.encore.post(ROLLOUTS, json={"branch": "main"}).json()
    assert one.encore.get(f"/api/apps/checkout-3p2i/rollouts/{made['id']}").status_code == 404


def test_a_rollout_walks_build_infra_approval_deploy(desk: Start) -> None:
    one = desk(flavour="encore=current")
    client = one.encore
    made = client.post(ROLLOUTS, json={"branch": "main"}).json()
    assert (made["status"], made["conclusion"], made["queued_at"]) == ("pending", "pending", None)
    assert words(made) == [("queued", "unknown"), ("pending", "unknown"), ("queued", "unknown")]
    seen = []
    for _ in range(160):
        one.advance(1)
        state = client.get(f"/api/apps/checkout-3p2i/rollouts/{made['id']}").json()
        if not seen or seen[-1] != (state["status"], *words(state)):
            seen.append((state["status"], *words(state)))
    later = ("pending", "unknown"), ("queued", "unknown")
    done = ("completed", "success")
    assert seen == [
        ("queued", ("queued", "unknown"), *later),
        ("running", ("running", "unknown"), *later),
        ("running", done, ("proposed", "unknown"), ("queued", "unknown")),
        ("running", done, ("queued", "unknown"), ("queued", "unknown")),
        ("running", done, ("running", "unknown"), ("queued", "unknown")),
        ("running", done, done, ("queued", "unknown")),
        ("running", done, done, ("running", "unknown")),
        ("completed", done, done, done),
    ]
    assert state["conclusion"] == "success"
    assert state["queued_at"] < state["started_at"] < state["completed_at"]


@pytest.mark.parametrize(
    ("verdict", "infra", "conclusion"),
    [
        ("approve", ("queued", "unknown"), "pending"),
        ("reject", ("completed", "rejected"), "failure"),
        ("cancel", ("completed", "canceled"), "canceled"),
    ],
)
def test_a_human_decides(desk: Start, verdict: str, infra: tuple[str, str], conclusion: str) -> None:
    one = desk(flavour="encore=current")
    client = one.encore
    made = client.post(ROLLOUTS, json={"branch": "plan/waiting"}).json()
    one.advance(3000)
    path = f"/api/apps/checkout-3p2i/rollouts/{made['id']}"
    assert words(client.get(path).json())[1] == ("proposed", "unknown")
    assert client.post(f"/__control/rollouts/{made['id']}/{verdict}").status_code == 200
    state = client.get(path).json()
    assert words(state)[1] == infra
    assert state["conclusion"] == conclusion
    assert client.post(f"/__control/rollouts/{made['id']}/approve").status_code == 409


@pytest.mark.parametrize(
    ("plan", "ends", "conclusion"),
    [
        ("build-failure", [("completed", "failure"), ("pending", "unknown"), ("queued", "unknown")], "failure"),
        ("infra-failure", [("completed", "success"), ("completed", "failure"), ("queued", "unknown")], "failure"),
        ("deploy-failure", [("completed", "success"), ("completed", "success"), ("completed", "failure")], "failure"),
        ("rejected", [("completed", "success"), ("completed", "rejected"), ("queued", "unknown")], "failure"),
        ("canceled", [("completed", "success"), ("completed", "success"), ("completed", "canceled")], "canceled"),
    ],
)
def test_every_bad_end(desk: Start, plan: str, ends: list[tuple[str, str]], conclusion: str) -> None:
    one = desk(flavour="encore=current")
    made = one.encore.post(ROLLOUTS, json={"branch": f"plan/{plan}"}).json()
    one.advance(900)
    state = one.encore.get(f"/api/apps/checkout-3p2i/rollouts/{made['id']}").json()
    assert (state["status"], state["conclusion"], words(state)) == ("completed", conclusion, ends)


def test_a_reused_build_is_older_than_its_rollout(desk: Start) -> None:
    one = desk(flavour="encore=current")
    made = one.encore.post(ROLLOUTS, json={"branch": "plan/reused-build"}).json()
    one.advance(10)
    state = one.encore.get(f"/api/apps/checkout-3p2i/rollouts/{made['id']}").json()
    assert state["build"]["completed_at"] < state["queued_at"]


SHA = "a1b2c3d4e5f60718293a4b5c6d7e8f9012345678"


@pytest.mark.parametrize(
    "body", [{}, {"sha": SHA, "branch": "main"}, {"branch": ""}, {"branch": 3}, {"sha": "main"}, [], "main", {"sha": None, "branch": None}]
)
def test_exactly_one_of_sha_and_branch(desk: Start, body: Any) -> None:
    reply = desk().encore.post(ROLLOUTS, json=body)
    assert reply.status_code == 400
    assert reply.json()["ok"] is False


def test_who_may_do_what(desk: Start) -> None:
    one = desk()
    assert one.client("encore").post(ROLLOUTS, json={"sha": SHA}).status_code == 401
    assert one.encore.post(ROLLOUTS.replace("checkout", "chekout"), json={"sha": SHA}).status_code == 404
    assert one.encore.post(ROLLOUTS.replace("prod", "production"), json={"sha": SHA}).status_code == 404
    app = one.info["encore"]["apps"][1]
    reply = one.client("encore").post("/api/oauth/token", params={key: app[key] for key in ("client_id", "client_secret")})
    client = one.client("encore", reply.json()["access_token"])
    assert client.post(ROLLOUTS, json={"sha": SHA}).status_code == 403
    assert client.post(f"/api/apps/{app['id']}/envs/prod/rollouts", json={"sha": SHA}).status_code == 200


def test_the_current_flavour_blames_the_field(desk: Start) -> None:
    one = desk(flavour="encore=current")
    reply = one.encore.post(ROLLOUTS.replace("prod", "production"), json={"sha": SHA})
    assert (reply.status_code, reply.json()["error"]) == (400, {"code": "validation", "detail": {"field": "env", "type": "not_found"}})
    reply = one.encore.post(ROLLOUTS, json={"sha": "0" * 40})
    assert reply.json()["error"]["detail"]["field"] == "commit"


def test_a_post_twice_starts_two(desk: Start) -> None:
    one = desk()
    ids = {one.encore.post(ROLLOUTS, json={"branch": "main"}).json()["id"] for _ in range(2)}
    assert len(ids) == 2
    target = "checkout-3p2i/prod"
    assert one.emulator.do(lambda control: control.executed("POST", "/api/apps/{app}/envs/{env}/rollouts", target)) == 2


# --- what today's servers may do otherwise
def quirky(desk: Start, *words: str) -> tuple[Desk, str]:
    """An emulator with those quirks and the path of a new rollout there that waits for approval."""
    one = desk(flavour="encore=current")
    made = one.encore.post(ROLLOUTS, json={"branch": "plan/waiting", "skip_tests": True}).json()
    for word in words:
        assert word in one.client("encore").post(f"/__control/quirks/{word}").json()["quirks"]
    one.advance(90)
    return one, f"/api/apps/checkout-3p2i/rollouts/{made['id']}"


def test_a_success_may_be_wrapped(desk: Start) -> None:
    one, path = quirky(desk, "encore-wrapped")
    reply = one.encore.get(path).json()
    assert (set(reply), reply["ok"], reply["data"]["infra"]["status"]) == ({"ok", "data"}, True, "proposed")


def test_reading_may_be_elsewhere_or_nowhere(desk: Start) -> None:
    one, path = quirky(desk, "encore-read-below-env")
    below = path.replace("/rollouts/", "/envs/prod/rollouts/")
    assert (one.encore.get(path).status_code, one.encore.get(below).status_code) == (404, 200)
    one.emulator.do(lambda control: control.quirk("encore-read-below-env", on=False))
    assert (one.encore.get(path).status_code, one.encore.get(below).status_code) == (200, 404)
    one.emulator.do(lambda control: control.quirk("encore-no-read"))
    assert one.encore.get(path).status_code == 405


def test_the_webhooks_words(desk: Start) -> None:
    one, path = quirky(desk, "encore-webhook-words")
    reply = one.encore.get(path).json()
    assert (reply["conclusion"], reply["deploy"], reply["infra_provision"]["status"]) == ("", None, "awaiting_approval")
    assert "infra" not in reply
    assert one.encore.post(ROLLOUTS, json={"branch": "main"}).json()["infra_provision"] is None


def test_words_that_nobody_knows(desk: Start) -> None:
    one, path = quirky(desk, "encore-new-words")
    assert one.encore.get(path).json()["status"] == "rolling_forward"


@pytest.mark.parametrize(("style", "good"), [("query", [200, 400, 400]), ("form", [400, 200, 400]), ("basic", [400, 400, 200])])
def test_a_token_endpoint_with_one_style_only(desk: Start, style: str, good: list[int]) -> None:
    one = desk(flavour="encore=current", quirks=frozenset({f"encore-token-{style}"}))
    client, pair = one.client("encore"), {key: one.info["encore"][key] for key in ("client_id", "client_secret")}
    forms: list[dict[str, Any]] = [{"params": pair}, {"data": pair | GRANT}, {"auth": tuple(pair.values()), "data": GRANT}]
    assert [client.post("/api/oauth/token", **form).status_code for form in forms] == good


def test_the_health_page_tells_what_is_really_live(desk: Start) -> None:
    one = desk(flavour="encore=current")
    client, page = one.encore, "/__health/checkout-3p2i/staging/__encore/healthz"
    assert client.get(page).status_code == 404
    first = client.post(ROLLOUTS.replace("prod", "staging"), json={"sha": SHA}).json()["id"]
    one.advance(60)
    details = one.client("encore").get(page).json()["details"]
    assert (details["deploy_id"], details["app_revision"], details["env_name"]) == (first, SHA, "staging")
    second = client.post(ROLLOUTS.replace("prod", "staging"), json={"branch": "main"}).json()["id"]
    one.advance(29)
    assert {client.get(page).json()["details"]["deploy_id"] for _ in range(4)} == {first, second}
    one.advance(60)
    assert {client.get(page).json()["details"]["deploy_id"] for _ in range(4)} == {second}
    one.emulator.do(lambda control: control.quirk("encore-unhealthy"))
    sick = client.get(page)
    assert (sick.status_code, sick.json()["code"]) == (500, "unhealthy")
