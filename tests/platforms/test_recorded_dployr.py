"""Every reply that a real dployr control plane gave: decoded into the model, or told in the sentence that the user reads."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import Any

import pytest

from tests.platforms import recorded
from tests.platforms.bench import NOW, Bench, bench
from tests.platforms.loopback import Answer, Loopback, Seen, plain
from tests.platforms.recorded import Recorded
from tui.clock import ManualClock
from tui.errors import PlatformError
from tui.model import Health, Kind, Verb
from tui.platforms import records
from tui.platforms.dployr import faults, login
from tui.platforms.http import Transport
from tui.text import Secret

CLUSTER = "01M800MCG67A3BC2YN3DBYN6TJ"
WEB_API = "01M800QNGK5DSKCXEKV2PD6A9C"
CLUSTERS = plain({"success": True, "data": {"clusters": [{"id": CLUSTER, "name": "oncall", "role": "owner"}]}})
NOTHING = plain({"success": True, "data": {"items": [], "pagination": {"hasNextPage": False}}})

SENTENCES = recorded.sentences("dployr")


@pytest.mark.parametrize("name", SENTENCES)
async def test_a_refusal_is_told_in_its_sentence(name: str) -> None:
    said = recorded.load("dployr", name)
    kind, sentence = SENTENCES[name]
    path = said.target.partition("?")[0]
    async with Loopback(lambda seen: said.answer) as server:
        transport = Transport(connection="the-dployr", base_url=server.url, credentials=None, clock=ManualClock(NOW), errors=faults.read)
        with pytest.raises(PlatformError) as caught:
            await (transport.get(path) if said.method == "GET" else transport.send(said.method, path))
        assert str(caught.value) == f"the-dployr: {sentence}"
        assert (caught.value.type, caught.value.status) == (kind, said.status)
        if said.status == 429:
            assert caught.value.retry_after == float(said.answer.headers["retry-after"])
        await transport.aclose()


# -- successes: what each becomes

Act = Callable[[Bench, Recorded], Awaitable[Any]]


def reads(kind: Kind, scope: str = "") -> Act:
    return lambda at, said: at.fetch(kind, scope)


def one(kind: Kind) -> Act:
    return lambda at, said: at.platform.reads[kind].one(at.ref(kind, said.target.rpartition("/")[2]))


def does(kind: Kind, verb: Verb, id_: str = "", **values: Any) -> Act:
    return lambda at, said: at.platform.verbs[kind, verb].run(at.ref(kind, id_), values)


def shows(kind: Kind, *names: str) -> Callable[[Any], Any]:
    """The rows of a list as tuples of these fields; nothing unreadable."""
    return lambda rows: (
        [tuple(getattr(each, name) for name in ("name", *names)) for each in rows.items] if not rows.unreadable else rows.reason
    )


def has(**fields: Any) -> Callable[[Any], bool]:
    """Whether a record has these fields."""
    return lambda row: {name: getattr(row, name) for name in fields} == fields or {name: getattr(row, name) for name in fields}


async def log_lines(at: Bench, said: Recorded) -> Any:
    parts = said.target.split("/")
    name = parts[3] if len(parts) > 3 else "svc"
    return [line async for batch in at.platform.logs(at.ref(Kind.SERVICE, name), tail=500, follow=False) for line in batch]


async def text(at: Bench, said: Recorded) -> Any:
    """A reply of an address that the console never asks for: shown without a secret all the same."""
    return records.text_of(records.parse(said.answer.body))


SHOWN = ("status", "health")
BUSY, OK, BAD, UNKNOWN = Health.BUSY, Health.OK, Health.BAD, Health.UNKNOWN
FAILED = ("fail-job", "failed", BAD)


async def signed(at: Bench, said: Recorded, step: Callable[..., Awaitable[Any]], *more: Any) -> Any:
    session = login.Session(cookie=Secret("session=0123456789"), seconds=1)
    return await step(at.platform._exchange, session, *more)


TOLD: dict[str, tuple[Act, Callable[[Any], Any], Any]] = {
    "04_login_email": (lambda at, said: login.ask_for_code(at.platform._exchange, "oncall@acme.test"), bool, False),
    "08_verify_ok": (
        lambda at, said: login.enter_code(at.platform._exchange, "oncall@acme.test", Secret(" v7eo9i ")),
        has(seconds=604800),
        True,
    ),
    "10_clusters": (lambda at, said: at.platform._clusters.id(), str, CLUSTER),
    "13_services_empty": (reads(Kind.SERVICE), shows(Kind.SERVICE), []),
    "20_instances_empty": (reads(Kind.INSTANCE), shows(Kind.INSTANCE), []),
    "21_deployments_empty": (reads(Kind.DEPLOYMENT), shows(Kind.DEPLOYMENT), []),
    "22_2fa": (lambda at, said: signed(at, said, login.has_second_factor), bool, False),
    "24_token_create": (lambda at, said: signed(at, said, login.make_token, "tui", 86400), lambda token: token.reveal(), "dpat_REDACTED"),
    "25_dpat_services": (reads(Kind.SERVICE), shows(Kind.SERVICE), []),
    "27_tokens": (text, lambda shown: "37a13ffb" in shown, True),
    "29_instance_create": (text, lambda shown: '"token": "***"' in shown, True),
    "31_instance_build": (text, lambda shown: '"token": "***"' in shown, True),
    "32_instances": (
        reads(Kind.INSTANCE),
        shows(Kind.INSTANCE, "role", "address", "health"),
        [("build-1", "build", "10.0.0.21", OK), ("edge-1", "instance", "10.0.0.11", OK)],
    ),
    "33_instance_get": (one(Kind.INSTANCE), has(name="edge-1", region="us-east", status="healthy"), True),
    "44_deployments_pending": (
        reads(Kind.DEPLOYMENT),
        shows(Kind.DEPLOYMENT, *SHOWN, "image", "run_cmd"),
        [("web-api", "running", BUSY, "nginx:1.27", ""), ("my-app", "pending", BUSY, "", "npm start")],
    ),
    "47_deploy_remote_obj": (
        does(
            Kind.DEPLOYMENT,
            Verb.CREATE,
            name="checkout-svc",
            source="remote",
            runtime="nodejs",
            version="20",
            remote="https://github.com/user/repo",
            branch="main",
            build_cmd="npm ci",
            run_cmd="npm start",
            port=3000,
        ),
        has(text="accepted", done=False),
        True,
    ),
    "48_deploy_fail": (
        does(Kind.DEPLOYMENT, Verb.CREATE, name="fail-job", source="image", image="nope:1"),
        has(text="accepted", done=False),
        True,
    ),
    "50_deployments_running": (
        reads(Kind.DEPLOYMENT),
        lambda rows: shows(Kind.DEPLOYMENT, *SHOWN)(rows)[:3],
        [("fail-job", "running", BUSY), ("checkout-svc", "pending", BUSY), ("web-api", "running", BUSY)],
    ),
    "52_deployments_filter": (reads(Kind.DEPLOYMENT), shows(Kind.DEPLOYMENT, *SHOWN), [FAILED]),
    "52b_deployments_filter_bogus": (reads(Kind.DEPLOYMENT), shows(Kind.DEPLOYMENT), []),
    "57_deployment_delete_body": (does(Kind.DEPLOYMENT, Verb.DELETE, "01M800QHRCBCNRX5APYC5EPN63"), has(text="deleted", done=True), True),
    "60_services": (
        reads(Kind.SERVICE),
        shows(Kind.SERVICE, *SHOWN, "type"),
        [("fail-job", "", UNKNOWN, "worker"), ("web-api", "", UNKNOWN, "web")],
    ),
    "61_service_get": (one(Kind.SERVICE), has(name="web-api", status="", health=UNKNOWN), True),
    "66_status_domain": (text, json.loads, {"status": "starting"}),
    "67_service_start": (does(Kind.SERVICE, Verb.START, WEB_API), has(text="accepted", done=False), True),
    "68_status_domain2": (text, json.loads, {"status": "starting"}),
    "72_envs": (reads(Kind.VARIABLE, WEB_API), shows(Kind.VARIABLE, "value"), [("NODE_ENV", Secret("production"))]),
    "73_secrets": (text, lambda shown: '"DB_PASSWORD"' in shown, True),
    "76_envs_after": (
        reads(Kind.VARIABLE, WEB_API),
        shows(Kind.VARIABLE, "value"),
        [("LOG_LEVEL", Secret("debug")), ("NODE_ENV", Secret("staging"))],
    ),
    "77_deployment_after": (reads(Kind.DEPLOYMENT), shows(Kind.DEPLOYMENT), []),
    "78_service_metrics": (
        lambda at, said: at.platform.reads[Kind.SERVICE].one(at.ref(Kind.SERVICE, "web-api")),
        has(message="0 requests in 24 h, 0 bytes in, 0 bytes out"),
        True,
    ),
    "83_domain_create_ok": (
        does(Kind.ROUTE, Verb.CREATE, domain="example.com", service_id="web-api", port=3000),
        has(text="created; it becomes active with the DNS record TXT _dployr dployr-verify=01M800SBXPSEVHGK3N71NZGRD7", done=False),
        True,
    ),
    "85_domain_delete": (does(Kind.ROUTE, Verb.DELETE, "example.com"), has(text="deleted", done=True), True),
    "86_events": (
        lambda at, said: at.platform.events(),
        lambda found: [(each.what, each.by, each.targets, each.at) for each in found[1:]],
        [
            ("domain.created", "user", ("example.com",), datetime(2026, 11, 21, 21, 39, 21, 144000, UTC)),
            ("deployment.finished", "user", ("web-api",), datetime(2026, 11, 21, 21, 39, 4, 327000, UTC)),
        ],
    ),
    "87_notif_webhook": (
        does(Kind.WEBHOOK, Verb.CREATE, url="/hook", events=["deployment.created"]),
        has(text="set; it replaces the one before it", done=True),
        True,
    ),
    "90_cluster_notifications": (text, lambda shown: '"enabled": true' in shown, True),
    "91_logs_default": (log_lines, lambda lines: [line.text for line in lines][-1], "step 5 for web-api"),
    "92_logs_tail_param": (log_lines, lambda lines: [line.level for line in lines][:4], ["info", "info", "info", "error"]),
    "95_logs_since_rfc3339": (log_lines, len, 2),
    "97_logs_build": (log_lines, lambda lines: {line.source for line in lines}, {"build"}),
    "99d_v1logs": (log_lines, lambda lines: [line.source for line in lines], ["deploy"] * 3),
    "99e2_v1logs_all": (log_lines, lambda lines: lines[0].at, datetime(2026, 11, 21, 21, 40, 6, 475000, UTC)),
    "99e_v1logs_backward": (log_lines, lambda lines: [line.level for line in lines][:1], ["error"]),
    "B0_logs_probe_forward2": (log_lines, lambda lines: [line.text for line in lines], ["L1", "L2 {not json"]),
    "B1_logs_probe_backward2": (log_lines, lambda lines: [line.level for line in lines], ["info", "warn"]),
    "B5_invite": (text, lambda shown: "viewer@acme.test" in shown, True),
    "B6_accept": (text, lambda shown: CLUSTER in shown, True),
    "B8_viewer_get": (one(Kind.SERVICE), has(name="web-api"), True),
    "B9_node_restart": (text, lambda shown: "accepted" in shown, True),
    "C3_services_after_disconnect": (
        reads(Kind.SERVICE),
        lambda rows: {(each.name, each.health) for each in rows.items},
        {(name, UNKNOWN) for name in ("checkout-svc", "fail-job", "my-app", "web-api")},
    ),
    "C4_instances_after_disconnect": (reads(Kind.INSTANCE), shows(Kind.INSTANCE, "health"), [("build-1", OK), ("edge-1", OK)]),
    "D2_429_health": (text, lambda shown: json.loads(shown)["status"], "ok"),
    "E0_logs_source_runtime": (
        log_lines,
        lambda lines: [(line.source, line.text) for line in lines],
        [("dployrd", "hello from container")],
    ),
    "E1_totp_setup": (text, lambda shown: "REDACTED" in shown, False),
    "E2_totp_confirm": (text, lambda shown: "XXXXX" in shown, False),
    "E4_totp_verify_login": (
        lambda at, said: login.enter_code(at.platform._exchange, "a@b.c", Secret("899081")),
        has(seconds=604800),
        True,
    ),
    "E6_2fa_verify": (lambda at, said: signed(at, said, login.step_up, Secret("899081")), str, "None"),
    "E7_token_after_2fa": (lambda at, said: signed(at, said, login.make_token, "t2"), repr, "Secret(***)"),
    "H2_get_after_stop": (one(Kind.SERVICE), has(name="my-app", health=UNKNOWN), True),
    "H9_test_mode_login": (lambda at, said: login.ask_for_code(at.platform._exchange, "x@y.test"), bool, False),
}
"""For each success: what is asked of the adapter, what is looked at, and what it is. A service that was stopped still looks the same
(``H2``), and one whose machine is gone is still listed (``C3``, ``C4``): its health is unknown, never ok."""

SAME = {
    "47_deploy_remote_obj",
    "48_deploy_fail",
    "57_deployment_delete_body",
    "67_service_start",
    "83_domain_create_ok",
    "87_notif_webhook",
}
"""Verbs whose recorded request is the one that we send, members and all."""


def serve(said: Recorded) -> Callable[[Seen], Answer]:
    """The recorded reply for its own address, and just enough for what has to be asked before it."""
    path = said.target.partition("?")[0]
    known = [
        {"id": id_, "clusterId": CLUSTER, "name": name} for id_, name in ((WEB_API, "web-api"), ("01M800R3PBSJPX0K2DHQAMZQR9", "my-app"))
    ]

    def answer(seen: Seen) -> Answer:
        logs = seen.path.endswith("/logs") and path.endswith("/logs")  # also those of the address that we never use
        if logs or (seen.method, seen.path) == (said.method, path):
            return said.answer
        if seen.path == "/v1/clusters":
            return CLUSTERS
        if seen.path == "/v1/services":
            return plain({"success": True, "data": {"items": known}})
        if seen.path == f"/v1/services/{WEB_API}":
            return plain({"success": True, "data": {"service": known[0]}})
        return NOTHING

    return answer


def test_every_recorded_reply_is_told() -> None:
    names = recorded.files("dployr")
    assert set(SENTENCES) | set(TOLD) == set(names)
    assert not set(SENTENCES) & set(TOLD)
    assert {name for name in names if recorded.load("dployr", name).status >= 400} == set(SENTENCES)


@pytest.mark.parametrize("name", TOLD)
async def test_a_success_becomes_what_it_says(name: str) -> None:
    said = recorded.load("dployr", name)
    act, look, expected = TOLD[name]
    async with bench("dployr", serve(said), flavour="current") as at:
        if name == "83_domain_create_ok":
            await at.fetch(Kind.SERVICE)
        await at.platform._clusters.id()
        assert look(await act(at, said)) == expected
        if name in SAME:
            sent = [each for each in at.server.seen if (each.method, each.path) == (said.method, said.target.partition("?")[0])]
            assert [(each.target, each.json) for each in sent] == [(said.target, said.request_json)]
        forbidden = ("/v1/status", "/v1/auth/logout", "/invites/")
        assert not [each.target for each in at.server.seen if each.path.startswith(forbidden)]
