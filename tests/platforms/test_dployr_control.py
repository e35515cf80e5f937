"""The control plane: clusters, pages, pieces put together, verbs of two halves, and logs that keep the oldest lines."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from tests.platforms.bench import NOW, Bench, bench, spec
from tests.platforms.loopback import Answer, Seen, plain
from tui.clock import ManualClock
from tui.errors import BadReply, Forbidden, HalfDone, NotFound, OutcomeUnknown, PlatformError, Refused, Unauthorized
from tui.model import Deployment, Health, Kind, Ref, Verb
from tui.platforms.base import SignIn
from tui.platforms.dployr import exchange, login
from tui.platforms.dployr.deeds import PAUSE
from tui.platforms.dployr.settling import Settling
from tui.text import Safe, Secret

CLUSTER = "01M800MCG67A3BC2YN3DBYN6TJ"
OTHER = "01ARZ3NDEKTSV4RRFFQ69G5FAV"
WEB = "01M800QNGK5DSKCXEKV2PD6A9C"
EDGE = "01M800N53Q3K4Q355E0A16WSVR"
MS = int(NOW.timestamp() * 1000)


def ok(data: Any, status: int = 200) -> Answer:
    return plain({"success": True, "data": data}, status)


def listed(*records: Any, more: bool = False) -> Answer:
    return ok({"items": list(records), "pagination": {"page": 1, "hasNextPage": more}})


def service(name: str = "web-api", id_: str = WEB, **more: Any) -> dict[str, Any]:
    return {"id": id_, "clusterId": CLUSTER, "name": name, "type": "web", "icedAt": None, **more}


def deployment(name: str = "web-api", status: str = "success", **more: Any) -> dict[str, Any]:
    return {"id": f"dep-{name}", "clusterId": CLUSTER, "name": name, "status": status, "port": 8080, "runtimeType": "nodejs", **more}


NODE = {"id": EDGE, "tag": "edge-1", "role": "instance", "status": "healthy"}
USUAL: dict[str, Any] = {
    "GET /v1/clusters": ok(
        {"clusters": [{"id": CLUSTER, "name": "oncall", "role": "owner", "metadata": {"slackWebhookUrl": "https://CANARY"}}]}
    ),
    "GET /v1/services": listed(service()),
    "GET /v1/deployments": listed(deployment()),
    "GET /v1/instances": listed(NODE, {"id": "x", "tag": "build-1", "role": "build"}),
    f"GET /v1/services/{WEB}": ok({"service": service()}),
    f"GET /v1/services/{WEB}/envs": ok({"envs": {"A": "1", "B": "2"}}),
    f"PATCH /v1/services/{WEB}": ok({"taskId": "t"}),
    f"POST /v1/services/{WEB}/stop": ok({"taskId": "t1"}),
    f"POST /v1/services/{WEB}/start": ok({"taskId": "t2"}),
}


def serve(changes: dict[str, Any] | None = None) -> Callable[[Seen], Answer]:
    """The usual cluster, with these answers instead; a list is used up one by one, its last answer for ever."""
    answers = {**USUAL, **(changes or {})}

    def answer(seen: Seen) -> Answer:
        found = answers.get(f"{seen.method} {seen.path}", Answer(status=404, body=b"404 Not Found", content_type="text/plain"))
        if isinstance(found, list):
            found = found.pop(0) if len(found) > 1 else found[0]
        return found(seen) if callable(found) else found

    return answer


def current(changes: dict[str, Any] | None = None, **more: Any) -> Any:
    return bench("dployr", serve(changes), flavour="current", **more)


# -- clusters


async def test_the_only_cluster_is_the_one_and_goes_with_every_list() -> None:
    async with current() as at:
        await asyncio.gather(*(at.fetch(kind) for kind in (Kind.SERVICE, Kind.DEPLOYMENT, Kind.INSTANCE)))
        targets = [each.target for each in at.server.seen]
        assert targets.count("/v1/clusters") == 1
        assert [target.partition("?")[2] for target in targets[1:]] == [f"clusterId={CLUSTER}&page=1&pageSize=100"] * 3
        assert await at.platform.account() == "owner of the cluster oncall"


TWO = ok({"clusters": [{"id": CLUSTER, "name": "oncall", "role": "owner"}, {"id": OTHER, "name": "lab", "role": "viewer"}]})


@pytest.mark.parametrize(("wanted", "id_"), [("lab", OTHER), (CLUSTER, CLUSTER)])
async def test_a_cluster_is_chosen_by_name_or_id(wanted: str, id_: str) -> None:
    async with current({"GET /v1/clusters": TWO}, cluster=wanted) as at:
        await at.fetch(Kind.SERVICE)
        assert f"clusterId={id_}" in at.last.target


async def test_several_clusters_need_a_choice() -> None:
    async with current({"GET /v1/clusters": TWO}) as at:
        with pytest.raises(Refused) as caught:
            await at.fetch(Kind.SERVICE)
        assert str(caught.value) == 'the-dployr: this account has 2 clusters: oncall, lab: set cluster = "oncall" for this connection'


@pytest.mark.parametrize(
    ("clusters", "wanted", "said"),
    [
        (TWO, "prod", "there is no cluster 'prod' here, but oncall, lab"),
        (ok({"clusters": []}), "", "this account has 0 clusters: create one"),
        (ok({"nothing": 1}), "", "was answered with an object without a list of clusters"),
    ],
)
async def test_no_cluster_is_made_up(clusters: Answer, wanted: str, said: str) -> None:
    async with current({"GET /v1/clusters": clusters}, cluster=wanted) as at:
        with pytest.raises(PlatformError) as caught:
            await at.fetch(Kind.SERVICE)
        assert said in str(caught.value)


async def test_detection_asks_once_and_reads_go_on_from_there() -> None:
    async with bench("dployr", serve(), flavour="auto") as at:
        assert await at.platform.detect() == "current"
        assert at.platform.allowance == (100, 60.0)
        await at.fetch(Kind.SERVICE)
        assert [each.path for each in at.server.seen] == ["/v1/clusters", "/v1/services"]


async def test_a_viewer_is_told_what_the_role_does_not_allow() -> None:
    viewer = ok({"clusters": [{"id": CLUSTER, "name": "oncall", "role": "viewer"}]})
    async with current({"GET /v1/clusters": viewer}) as at:
        assert (Kind.SERVICE, Verb.STOP) in at.platform.verbs
        await at.fetch(Kind.SERVICE)
        assert at.platform.verbs == {}
        assert (
            at.platform.instead[Kind.SERVICE, Verb.STOP] == "you are a viewer of the cluster oncall: ask its owner for the developer role"
        )


# -- lists


async def test_a_list_is_read_to_its_last_page() -> None:
    def page(seen: Seen) -> Answer:
        number = int(dict(seen.query)["page"])
        return listed(*(service(f"s{number}-{n}", f"id-{number}-{n}") for n in range(3)), more=number < 4)

    async with current({"GET /v1/services": page}) as at:
        rows = await at.fetch(Kind.SERVICE)
        assert len(rows.items) == 12
        assert [dict(each.query)["page"] for each in at.server.seen[1:]] == ["1", "2", "3", "4"]
        assert await at.fetch(Kind.SERVICE) is rows


async def test_services_of_other_clusters_are_not_ours() -> None:
    async with current({"GET /v1/services": listed(service(), service("theirs", "x", clusterId=OTHER))}) as at:
        rows = await at.fetch(Kind.SERVICE)
        assert ([each.name for each in rows.items], rows.unreadable) == (["web-api"], 0)


async def test_a_service_is_never_said_to_run_where_nobody_said_so() -> None:
    states = {
        "success": ("", Health.UNKNOWN, ""),
        "running": ("deploying", Health.BUSY, ""),
        "pending": ("deploying", Health.BUSY, ""),
        "failed": ("", Health.UNKNOWN, "its last deployment is failed"),
    }
    for said, (status, health, message) in states.items():
        async with current({"GET /v1/deployments": listed(deployment(status=said, finishedAt=MS))}) as at:
            assert (await at.fetch(Kind.SERVICE)).items[0].health is Health.UNKNOWN
            await at.fetch(Kind.DEPLOYMENT)
            rows = await at.fetch(Kind.SERVICE)
            (row,) = rows.items
            assert (row.status, row.health, row.message) == (status, health, message)
            assert (row.port, row.runtime, row.deployment, row.deployed_at) == (8080, "nodejs", "web-api", NOW)
            assert await at.fetch(Kind.SERVICE) is rows
    async with current({"GET /v1/services": listed(service(icedAt=MS))}) as at:
        assert [(each.status, each.health) for each in (await at.fetch(Kind.SERVICE)).items] == [("iced", Health.IDLE)]


async def test_one_deployment_is_looked_up_in_the_list_because_the_server_forbids_to_ask_for_it() -> None:
    async with current({"GET /v1/deployments": [listed(deployment()), listed(deployment() | {"id": "dep-2"}), listed()]}) as at:
        ref = (await at.fetch(Kind.DEPLOYMENT)).items[0].ref
        one = at.platform.reads[Kind.DEPLOYMENT].one
        assert (await one(ref)).ref.id == "dep-2", "it has come back under another id, with its name"
        with pytest.raises(NotFound):
            await one(ref)
        assert {each.path for each in at.server.seen} == {"/v1/clusters", "/v1/deployments"}


def row(status: str, updated: int = 0) -> Deployment:
    health = {"success": Health.OK, "failed": Health.BAD}.get(status, Health.BUSY)
    ref = Ref(connection="c", kind=Kind.DEPLOYMENT, id="d")
    return Deployment(ref=ref, name=Safe("web"), status=Safe(status), health=health, updated_at=NOW + timedelta(seconds=updated))


@pytest.mark.parametrize(
    ("readings", "shown"),
    [
        (["pending", "running"], ["pending", "running"]),
        (["success", "pending", "success"], ["success", "success", "success"]),
        (["success", "pending", "pending", "running"], ["success", "success", "pending", "running"]),
        (["success", "failed", "failed"], ["success", "success", "failed"]),
        (["success", "failed", "success", "failed"], ["success", "success", "success", "success"]),
        (["running", "success", "success"], ["running", "running", "success"]),
    ],
)
def test_a_flap_is_not_believed_at_once(readings: list[str], shown: list[str]) -> None:
    settling = Settling()
    assert [settling.believe(row(each)).status for each in readings] == shown


def test_an_end_whose_time_moved_is_believed_at_once_and_so_is_what_we_did_ourselves() -> None:
    settling = Settling()
    assert [settling.believe(row(*each)).status for each in (("running", 0), ("success", 9))] == ["running", "success"]
    settling.forget("web")
    assert settling.believe(row("pending")).status == "pending"
    settling.keep(set())
    assert settling.believe(row("success")).status == "success"


async def test_routes_are_domains_and_derived_addresses_once_each() -> None:
    derived = [{"serviceName": "web-api", "instanceTag": tag, "url": "https://web-api.oncall.dployr.run"} for tag in ("edge-1", "build-1")]
    changes = {
        "GET /v1/domains": listed({"domain": "example.com", "serviceName": "web-api", "status": "pending", "verificationToken": "CANARY"}),
        "GET /v1/proxy/services": ok({"clusterId": CLUSTER, "services": [*derived, {"url": 5}]}),
    }
    async with current(changes) as at:
        rows = await at.fetch(Kind.ROUTE)
        assert [(each.ref.id, each.status, each.health, each.service) for each in rows.items] == [
            ("example.com", "pending", Health.BUSY, "web-api"),
            ("web-api.oncall.dployr.run", "unverified", Health.UNKNOWN, "web-api"),
        ]
        assert rows.unreadable == 1
        assert "CANARY" not in repr(rows) + "".join(each.raw for each in rows.items)
        assert await at.fetch(Kind.ROUTE) is rows
        with pytest.raises(Refused, match="derives"):
            await at.platform.verbs[Kind.ROUTE, Verb.DELETE].run(rows.items[1].ref, {})


@pytest.mark.parametrize(
    ("integrations", "found"),
    [
        ({"notification": {"customWebhook": {"webhookUrl": "https://u:CANARY@h/x", "enabled": True, "events": ["deployment.created"]}}}, 1),
        ({"notification": {"customWebhook": None, "slack": {"webhookUrl": "https://CANARY"}}}, 0),
        ({"notification": None}, 0),
        ({}, 0),
    ],
)
async def test_a_cluster_has_at_most_one_webhook(integrations: Any, found: int) -> None:
    async with current({f"GET /v1/clusters/{CLUSTER}/integrations": ok(integrations)}) as at:
        rows = await at.fetch(Kind.WEBHOOK)
        assert [(each.name, each.health, each.events) for each in rows.items] == [
            ("https://***@h/x", Health.OK, ("deployment.created",))
        ] * found
        assert "CANARY" not in repr(rows) + "".join(each.raw for each in rows.items)


async def test_a_sentence_in_the_place_of_integrations_is_not_taken_for_none() -> None:
    """A proxy whose server is being replaced may answer 200: its webhook would be gone, and the server be told as back."""
    said = plain({"message": "no Route matched with those values"})
    async with current({f"GET /v1/clusters/{CLUSTER}/integrations": said}) as at:
        with pytest.raises(BadReply):
            await at.fetch(Kind.WEBHOOK)


# -- verbs


async def test_a_service_is_named_by_its_id_whatever_the_user_wrote() -> None:
    async with current() as at:
        for name in (WEB, "web-api"):
            accepted = await at.platform.verbs[Kind.SERVICE, Verb.STOP].run(at.ref(Kind.SERVICE, name), {})
            assert at.last.target == f"/v1/services/{WEB}/stop"
            assert (accepted.ref.id, accepted.done) == (WEB, False)
        with pytest.raises(NotFound):
            await at.platform.verbs[Kind.SERVICE, Verb.STOP].run(at.ref(Kind.SERVICE, "nope"), {})
        assert at.last.method == "GET" or at.last.path.endswith("/stop")


async def restart(at: Bench) -> Any:
    """Run a restart while its pause passes."""
    task = asyncio.ensure_future(at.platform.verbs[Kind.SERVICE, Verb.RESTART].run(at.ref(Kind.SERVICE, "web-api"), {}))
    while not task.done():
        await asyncio.sleep(0.002)
        await at.clock.advance(PAUSE / 20)
    return task.result()


async def test_a_restart_is_a_stop_and_a_start() -> None:
    async with current() as at:
        await at.fetch(Kind.SERVICE)
        plan = at.platform.verbs[Kind.SERVICE, Verb.RESTART].plan(at.ref(Kind.SERVICE, "web-api"), {})
        assert [str(each) for each in plan] == [f"POST /v1/services/{WEB}/stop", f"POST /v1/services/{WEB}/start"]
        accepted = await restart(at)
        assert not accepted.done
        assert [each.target for each in at.server.seen if each.method == "POST"] == [each.path for each in plan]


@pytest.mark.parametrize(
    ("second", "said"),
    [
        (
            plain({"success": False, "error": {"message": "Instance edge-1 is not connected", "code": "runtime.node_not_connected"}}, 503),
            "it was not started again",
        ),
        (plain({"error": "Insufficient permissions", "code": "permission.developer_role_required"}, 403), "it was not started again"),
        (plain({"success": False, "error": {"message": "x", "code": "request.too_many_requests"}}, 429), "it was not started again"),
    ],
)
async def test_a_restart_whose_second_half_fails_says_that_it_is_stopped(second: Answer, said: str) -> None:
    async with current({f"POST /v1/services/{WEB}/start": second}) as at:
        with pytest.raises(HalfDone) as caught:
            await restart(at)
        assert "the stop was accepted" in str(caught.value)
        assert said in str(caught.value)
        assert caught.value.hint == "start it"
        assert [each.path.rpartition("/")[2] for each in at.server.seen if each.method == "POST"] == ["stop", "start"]


async def test_a_restart_whose_first_half_fails_is_a_plain_refusal() -> None:
    async with current({f"POST /v1/services/{WEB}/stop": plain({"error": "no", "code": "permission.developer_role_required"}, 403)}) as at:
        with pytest.raises(Forbidden):
            await restart(at)
        assert not [each for each in at.server.seen if each.path.endswith("/start")]


async def test_a_variable_is_set_by_replacing_the_whole_map_that_was_shown() -> None:
    async with current() as at:
        await at.fetch(Kind.VARIABLE, WEB)
        call, ref = at.platform.verbs[Kind.VARIABLE, Verb.SET], at.ref(Kind.SERVICE, "web-api")
        values = {"key": "C", "value": Secret("CANARY")}
        read, patch = call.plan(ref, values)
        assert str(read) == f"GET /v1/services/{WEB}/envs"
        assert (str(patch), patch.body["env_vars"]) == (f"PATCH /v1/services/{WEB}", {"A": "***", "B": "***", "C": "***"})
        accepted = await call.run(ref, values)
        assert (at.last.method, at.last.json) == ("PATCH", {"instanceName": "edge-1", "env_vars": {"A": "1", "B": "2", "C": "CANARY"}})
        assert (accepted.ref.id, accepted.done) == (f"{WEB}/C", False)


async def test_a_variable_is_removed_by_sending_the_map_without_it() -> None:
    async with current() as at:
        await at.platform.verbs[Kind.VARIABLE, Verb.DELETE].run(at.ref(Kind.VARIABLE, f"{WEB}/A"), {})
        assert at.last.json["env_vars"] == {"B": "2"}
        with pytest.raises(NotFound):
            await at.platform.verbs[Kind.VARIABLE, Verb.DELETE].run(at.ref(Kind.VARIABLE, f"{WEB}/Z"), {})
        assert [each.method for each in at.server.seen].count("PATCH") == 1


async def test_a_map_that_changed_since_it_was_shown_is_not_replaced() -> None:
    changed = [ok({"envs": {"A": "1"}}), ok({"envs": {"A": "1", "NEW": "from somebody else"}})]
    async with current({f"GET /v1/services/{WEB}/envs": changed}) as at:
        await at.fetch(Kind.VARIABLE, WEB)
        with pytest.raises(Refused, match="others than those shown"):
            await at.platform.verbs[Kind.VARIABLE, Verb.SET].run(at.ref(Kind.SERVICE, WEB), {"key": "C", "value": "x"})
        assert "PATCH" not in {each.method for each in at.server.seen}


OFFLINE = plain({"success": False, "error": {"message": "No node connected to this cluster", "code": "runtime.node_not_connected"}}, 503)
BROKEN = Answer(status=500, body=b"Internal Server Error", content_type="text/plain")


@pytest.mark.parametrize("failure", [OFFLINE, BROKEN])
@pytest.mark.parametrize(
    ("after", "kind"), [({"A": "1", "B": "2", "C": "x"}, HalfDone), ({"A": "1", "B": "2"}, Refused), (None, OutcomeUnknown)]
)
async def test_a_patch_that_failed_may_be_stored_and_that_is_found_out(failure: Answer, after: Any, kind: type[PlatformError]) -> None:
    before = ok({"envs": {"A": "1", "B": "2"}})
    replies = [before, BROKEN if after is None else ok({"envs": after})]
    async with current({f"GET /v1/services/{WEB}/envs": replies, f"PATCH /v1/services/{WEB}": failure}) as at:
        with pytest.raises(kind) as caught:
            await at.platform.verbs[Kind.VARIABLE, Verb.SET].run(at.ref(Kind.SERVICE, WEB), {"key": "C", "value": "x"})
        assert caught.value.type == kind.__name__
        assert [each.method for each in at.server.seen].count("PATCH") == 1
        if kind is HalfDone:
            assert "stored, and the service was not deployed again" in str(caught.value)


async def test_a_deployment_is_changed_through_its_service() -> None:
    async with current() as at:
        await at.fetch(Kind.DEPLOYMENT)
        await at.fetch(Kind.SERVICE)
        call, ref = at.platform.verbs[Kind.DEPLOYMENT, Verb.UPDATE], at.ref(Kind.DEPLOYMENT, "dep-web-api")
        (patch,) = call.plan(ref, {"version": "22", "remote": "https://h/r", "branch": "main"})
        assert patch.body == {"instanceName": ":tag", "version": "22", "remote_url": "https://h/r", "remote_branch": "main"}
        await call.run(ref, {"version": "22"})
        assert at.last.json == {"instanceName": "edge-1", "version": "22"}
        await call.run(ref, {"version": "22", "env": {"B": "3"}})
        assert at.last.json == {"instanceName": "edge-1", "version": "22", "env_vars": {"A": "1", "B": "3"}}


@pytest.mark.parametrize(("nodes", "said"), [([], "no machine"), ([NODE, NODE | {"id": "y", "tag": "edge-2"}], "several machines")])
async def test_where_nothing_tells_which_machine_runs_it_nothing_is_sent(nodes: list[Any], said: str) -> None:
    async with current({"GET /v1/instances": listed(*nodes)}) as at:
        with pytest.raises(Refused, match=said):
            await at.platform.verbs[Kind.VARIABLE, Verb.SET].run(at.ref(Kind.SERVICE, WEB), {"key": "C", "value": "x"})
        assert "PATCH" not in {each.method for each in at.server.seen}


@pytest.mark.parametrize(
    ("values", "sent"),
    [
        ({"source": "image", "image": "nginx"}, {"name": "my-app", "type": "worker", "source": "image", "image": "nginx"}),
        ({"source": "image", "port": "80"}, {"name": "my-app", "type": "web", "source": "image", "port": 80}),
        ({"source": "image", "type": "job", "port": 80}, {"name": "my-app", "type": "job", "source": "image", "port": 80}),
        (
            {"source": "remote", "remote": "https://h/r", "branch": "b", "env": "A=1"},
            {
                "name": "my-app",
                "type": "worker",
                "source": "remote",
                "remote": {"url": "https://h/r", "branch": "b"},
                "env_vars": {"A": "1"},
            },
        ),
    ],
)
async def test_what_is_deployed_is_written_as_the_server_reads_it(values: dict[str, Any], sent: dict[str, Any]) -> None:
    queued = ok({"taskId": "t", "queued": True, "cached": True}, 202)
    async with current({"POST /v1/deployments": queued}) as at:
        accepted = await at.platform.verbs[Kind.DEPLOYMENT, Verb.CREATE].run(at.ref(Kind.DEPLOYMENT, ""), {"name": "my-app", **values})
        assert (at.last.target, at.last.json) == (f"/v1/deployments?clusterId={CLUSTER}", sent)
        assert accepted.text == "accepted; it waits for a free builder; an earlier build is used"


@pytest.mark.parametrize(
    ("kind", "verb", "values", "field"),
    [
        (Kind.DEPLOYMENT, Verb.CREATE, {"name": "Bad_Name", "source": "image"}, "name"),
        (Kind.DEPLOYMENT, Verb.CREATE, {"name": "ok-1", "source": "git"}, "source"),
        (Kind.DEPLOYMENT, Verb.CREATE, {"name": "ok-1", "source": "image", "type": "cron"}, "type"),
        (Kind.ROUTE, Verb.CREATE, {"domain": "x.y", "service_id": OTHER}, "service_id"),
        (Kind.WEBHOOK, Verb.CREATE, {"url": "https://h", "events": "a", "secret": Secret("x")}, "secret"),
    ],
)
async def test_what_the_server_would_refuse_or_drop_is_not_sent(kind: Kind, verb: Verb, values: dict[str, Any], field: str) -> None:
    async with current() as at:
        with pytest.raises(Refused) as caught:
            await at.platform.verbs[kind, verb].run(at.ref(kind, ""), values)
        assert field in caught.value.fields
        assert {each.method for each in at.server.seen} <= {"GET"}


async def test_every_verb_shows_what_it_sends() -> None:
    """The plan of each verb that is one request is that request; no plan sends anything."""
    values: dict[tuple[Kind, Verb], tuple[Ref | None, dict[str, Any]]] = {
        (Kind.DEPLOYMENT, Verb.CREATE): (None, {"name": "my-app", "source": "image"}),
        (Kind.DEPLOYMENT, Verb.DELETE): (Ref(connection="the-dployr", kind=Kind.DEPLOYMENT, id="dep-web-api"), {}),
        (Kind.ROUTE, Verb.CREATE): (None, {"domain": "x.y", "service_id": WEB}),
        (Kind.ROUTE, Verb.DELETE): (Ref(connection="the-dployr", kind=Kind.ROUTE, id="x.y"), {}),
        (Kind.WEBHOOK, Verb.CREATE): (None, {"url": "https://h/x", "events": "a"}),
        (Kind.SERVICE, Verb.START): (Ref(connection="the-dployr", kind=Kind.SERVICE, id="web-api"), {}),
        (Kind.SERVICE, Verb.STOP): (Ref(connection="the-dployr", kind=Kind.SERVICE, id="web-api"), {}),
    }
    anything = dict.fromkeys(
        ("POST /v1/deployments", "POST /v1/domains", "DELETE /v1/deployments/dep-web-api", "DELETE /v1/domains/x.y"), ok({})
    )
    async with current({**anything, "POST /v1/notifications/webhook/setup": ok({})}) as at:
        await at.fetch(Kind.SERVICE)
        for (kind, verb), (ref, given) in values.items():
            ref = ref or at.ref(kind, "")
            asked = len(at.server.seen)
            (request,) = at.platform.verbs[kind, verb].plan(ref, given)
            assert len(at.server.seen) == asked
            await at.platform.verbs[kind, verb].run(ref, given)
            assert (at.last.method, at.last.target, at.last.json) == (request.method, str(request).partition(" ")[2], request.body)
        assert set(at.platform.verbs) - set(values) == {
            *((Kind.SERVICE, Verb.RESTART), (Kind.DEPLOYMENT, Verb.UPDATE), (Kind.VARIABLE, Verb.SET), (Kind.VARIABLE, Verb.DELETE))
        }
        assert not set(at.platform.instead) & set(at.platform.verbs)


# -- logs


def line(n: int) -> dict[str, Any]:
    return {"timestamp": MS - 60_000 + n, "source": "deploy", "level": "info", "message": f"line {n}"}


LOG = f"GET /v1/services/{WEB}/logs"


def told(seen: Seen) -> Answer:
    """A log of 100 lines that began a minute ago: those since a time, and two more for a follower."""
    query = dict(seen.query)
    since = int(query["since"])
    lines = [line(n) for n in range(100) if MS - 60_000 + n >= since]
    if "follow" in query:
        body = b"".join(json.dumps(each).encode() + b"\n" for each in [*lines, line(100), line(101)])
        return Answer(chunks=[body[:7], body[7:]], content_type="application/x-ndjson")
    return Answer(body=json.dumps(lines[: int(query["limit"])]).encode())


async def log(at: Bench, **options: Any) -> list[str]:
    return [each.text async for batch in at.platform.logs(at.ref(Kind.SERVICE, WEB), **options) for each in batch]


async def test_the_last_lines_are_the_newest_though_the_server_keeps_the_oldest() -> None:
    async with current({LOG: told}) as at:
        assert await log(at, tail=3, follow=False) == ["line 97", "line 98", "line 99"]
        (seen,) = at.server.seen
        assert dict(seen.query) == {"limit": "5000", "since": str(MS - 300_000)}


async def test_a_quiet_log_is_looked_for_in_a_longer_time() -> None:
    old = [{"timestamp": MS - 3_000_000, "message": "long ago"}]
    async with current(
        {LOG: lambda seen: Answer(body=json.dumps(old if int(dict(seen.query)["since"]) < MS - 3_000_000 else []).encode())}
    ) as at:
        assert await log(at, tail=1, follow=False) == ["long ago"]
        assert [MS - int(dict(each.query)["since"]) for each in at.server.seen] == [300_000, 3_600_000]


async def test_following_begins_with_the_last_lines_and_tells_none_twice() -> None:
    async with current({LOG: told}) as at:
        assert await log(at, tail=2, follow=True) == ["line 98", "line 99", "line 100", "line 101"]
        assert [("follow" in dict(each.query), dict(each.query)["since"]) for each in at.server.seen] == [
            (False, str(MS - 300_000)),
            (True, str(MS - 60_000 + 99)),
        ]


async def test_going_on_from_a_moment_asks_for_nothing_before_it() -> None:
    async with current({LOG: told}) as at:
        found = await log(at, tail=500, follow=True, since=NOW - timedelta(seconds=60) + timedelta(milliseconds=98))
        assert found == ["line 98", "line 99", "line 100", "line 101"]
        assert [dict(each.query) for each in at.server.seen] == [{"follow": "true", "since": str(MS - 60_000 + 98)}]


async def test_a_part_of_a_log_is_read_whole_though_pages_end_within_a_millisecond() -> None:
    lines = [{"timestamp": MS - 60_000 + n // 7, "message": f"line {n % 3}"} for n in range(12_000)]

    def page(seen: Seen) -> Answer:
        query = {name: int(value) for name, value in seen.query}
        found = [each for each in lines if query["since"] <= each["timestamp"] <= query["until"]]
        return Answer(body=json.dumps(found[: query["limit"]]).encode())

    async with current({LOG: page}) as at:
        until = NOW - timedelta(seconds=58.5)
        found = await log(at, tail=None, follow=False, since=NOW - timedelta(seconds=60), until=until)
        assert found == [each["message"] for each in lines if each["timestamp"] <= MS - 58_500]
        assert len(at.server.seen) == 3


async def test_the_log_of_a_deployment_is_how_it_was_built_and_nothing_later() -> None:
    said = [{"timestamp": MS - 599_000, "message": "cloning"}, {"timestamp": MS - 200_000, "message": "of the next one"}]
    answers = {
        "GET /v1/deployments": listed(deployment(createdAt=MS - 600_000, finishedAt=MS - 500_000)),
        "GET /v1/services/web-api/logs": lambda seen: Answer(
            chunks=[json.dumps(each).encode() + b"\n" for each in said], content_type="application/x-ndjson"
        ),
    }
    async with current(answers) as at:
        stream = at.platform.logs(at.ref(Kind.DEPLOYMENT, "dep-web-api"), tail=5, follow=True)
        assert [each.text async for batch in stream for each in batch] == ["cloning"]
        assert dict(at.last.query) == {"follow": "true", "source": "build", "since": str(MS - 630_000)}
        stream = at.platform.logs(at.ref(Kind.DEPLOYMENT, "dep-web-api"), tail=5, follow=False, since=NOW - timedelta(seconds=550))
        _ = [batch async for batch in stream]
        assert dict(at.last.query) == {"limit": "5000", "source": "build", "since": str(MS - 550_000), "until": str(MS - 470_000)}


async def test_a_record_that_is_no_json_is_asked_for_once_more_and_then_shown_as_it_is() -> None:
    body = b"".join((json.dumps(line(1)).encode(), b"\n{oops\n", json.dumps(line(2)).encode(), b"\n"))
    async with current({LOG: lambda seen: Answer(body=body, content_type="application/x-ndjson")}) as at:
        stream = at.platform.logs(at.ref(Kind.SERVICE, WEB), tail=9, follow=True, since=NOW - timedelta(seconds=60))
        assert [await anext(stream) for _ in range(2)][1][0].text == "line 1"
        with pytest.raises(BadReply, match="damaged on its way"):
            await anext(stream)
        assert await log(at, tail=9, follow=True, since=NOW - timedelta(seconds=60)) == ["line 1", "{oops", "line 2"]


async def test_a_stream_that_is_left_is_closed() -> None:
    async with current({LOG: told}) as at:
        stream = at.platform.logs(at.ref(Kind.SERVICE, WEB), tail=1, follow=True)
        await anext(stream)
        await stream.aclose()
        assert len(at.server.seen) == 1


# -- the server's own history, single things, sign-in


async def test_the_servers_history_is_told_from_a_moment_on() -> None:
    events = [
        {
            "id": f"e{n}",
            "type": "service.stopped",
            "actor": {"type": "headless"},
            "timestamp": MS - n * 1000,
            "targets": [{"id": "x"}, "y", 5],
        }
        for n in range(3)
    ]
    bad = [{"type": "without an id"}, 5, {"id": "\x1b[2J", "type": "x"}]
    async with current({"GET /v1/runtime/events": listed(*bad, *events)}) as at:
        found = await at.platform.events(NOW - timedelta(seconds=1))
        assert [(each.id, each.what, each.by, each.targets) for each in found] == [
            ("e0", "service.stopped", "headless", ("x", "y", "5")),
            ("e1", "service.stopped", "headless", ("x", "y", "5")),
        ]
    async with bench("dployr", serve(), flavour="documented") as at:
        assert await at.platform.events() == ()
        assert at.server.seen == []


async def test_one_service_tells_its_traffic() -> None:
    totals = ok({"buckets": [], "totals": {"requests": 1204, "bytesIn": 5, "bytesOut": 7}})
    async with current({"GET /v1/services/metrics/web-api": totals}) as at:
        found = await at.platform.reads[Kind.SERVICE].one(at.ref(Kind.SERVICE, "web-api"))
        assert (found.ref.id, found.message) == (WEB, "1,204 requests in 24 h, 5 bytes in, 7 bytes out")


async def test_a_session_goes_as_a_cookie_and_never_into_an_error() -> None:
    cookie = "session=0f0e0d0c-canary"
    echo = plain({"error": "bad 0f0e0d0c-canary", "code": "auth.bad_session"}, 401)
    async with current({"GET /v1/services": echo}, sign_in=SignIn(token=Secret(cookie))) as at:
        with pytest.raises(Unauthorized) as caught:
            await at.fetch(Kind.SERVICE)
        assert {(each.headers["cookie"], each.headers.get("authorization")) for each in at.server.seen} == {(cookie, None)}
        assert "canary" not in str(caught.value)


async def test_signing_in_by_code_ends_with_a_token() -> None:
    replies = {
        "POST /v1/auth/login/email": ok({"email": "a@b.c", "requireTotp": True}),
        "POST /v1/auth/login/email/verify": Answer(
            body=b"{}", headers={"Set-Cookie": "x=1; Path=/, session=0123456789-canary; Max-Age=604800; Path=/; HttpOnly"}
        ),
        "POST /v1/auth/tokens": [
            plain({"error": "2FA verification required", "code": "auth.two_fa_required"}, 403),
            ok({"token": "dpat_x"}, 201),
        ],
        "POST /v1/auth/2fa/verify": ok({"verified": True}),
    }
    async with bench("dployr", serve(replies), flavour="current") as at:
        way = exchange(spec("dployr", at.server.url), ManualClock(NOW))
        assert await login.ask_for_code(way, "a@b.c") is True
        session = await login.enter_code(way, "a@b.c", Secret("abc123"))
        assert (at.last.json, session.seconds) == ({"email": "a@b.c", "code": "ABC123"}, 604800)
        assert "canary" not in repr(session)
        with pytest.raises(Forbidden) as caught:
            await login.make_token(way, session, "rollwatch@host")
        assert caught.value.code == "auth.two_fa_required"
        await login.step_up(way, session, Secret("000000"))
        assert (await login.make_token(way, session, "rollwatch@host")).reveal() == "dpat_x"
        assert at.last.json == {"name": "rollwatch@host", "scopes": ["oidc:bind"], "expiresIn": login.NINETY_DAYS}
        assert at.last.headers["cookie"] == "session=0123456789-canary"
        assert at.server.seen[0].target == "/v1/auth/login/email?client=cli"
        await way.aclose()


async def test_a_password_on_a_server_without_passwords_says_so() -> None:
    sign_in = SignIn(email="a@b.c", password=Secret("x"))
    nothing = Answer(status=404, body=b"404 Not Found", content_type="text/plain")
    async with bench("dployr", lambda seen: nothing, flavour="auto", sign_in=sign_in) as at:
        with pytest.raises(Unauthorized) as caught:
            await at.platform.detect()
        assert "takes no password, only a token" in str(caught.value)
        assert at.platform.flavour == "unknown"
