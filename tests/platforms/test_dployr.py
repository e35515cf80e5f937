"""The documented dployr: what is read together, what is sent, what is never shown, and how its flavour is found."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from tests.platforms.bench import NOW, TOKEN, Bench, bench
from tests.platforms.loopback import Answer, Seen, plain
from tui.errors import (
    BadReply,
    NoEndpoint,
    NotFound,
    PlatformError,
    RateLimited,
    Refused,
    Unauthorized,
    Unavailable,
    Unsupported,
    WrongBaseUrl,
)
from tui.model import Health, Kind, Ref, Verb
from tui.platforms.dployr.documented import YOUNG
from tui.text import Secret

SERVICE = {"id": "svc-1", "name": "web", "status": "running"}


def routes(**replies: Any) -> Callable[[Seen], Answer]:
    """Replies by the path below /v1/, slashes as underscores; anything else is not there."""

    def answer(seen: Seen) -> Answer:
        reply = replies.get(seen.path.removeprefix("/v1/").replace("/", "_").replace("-", ""))
        if reply is None:
            return plain({"error": {"code": "not_found", "message": "no such thing"}}, 404)
        return reply if isinstance(reply, Answer) else plain(reply)

    return answer


# -- reads


async def test_what_the_status_says_is_part_of_the_list_while_it_is_young() -> None:
    status = {"status": "running", "health": "degraded", "cpu_percent": 50, "restarts": 3, "message": "slow"}
    async with bench("dployr", routes(services=[SERVICE, SERVICE | {"id": "svc-2"}], services_svc1_status=status)) as at:
        plain_rows = await at.fetch(Kind.SERVICE)
        single = await at.platform.reads[Kind.SERVICE].one(at.ref(Kind.SERVICE, "svc-1"))
        assert (single.name, single.health, single.cpu_share, single.restarts, single.message) == ("web", Health.WARN, 0.5, 3, "slow")
        joined = await at.fetch(Kind.SERVICE)
        assert (joined.items[0].cpu_share, joined.items[1]) == (0.5, plain_rows.items[1])
        assert joined.items[0].health is Health.OK, "the list's own word of state stands"
        assert await at.fetch(Kind.SERVICE) is joined
        await at.clock.advance(YOUNG + 1)
        assert await at.fetch(Kind.SERVICE) is plain_rows


async def test_a_list_without_states_takes_them_from_the_status() -> None:
    listed = {"id": "svc-1", "name": "web"}
    async with bench("dployr", routes(services=[listed], services_svc1_status={"state": "crashed"})) as at:
        assert (await at.fetch(Kind.SERVICE)).items[0].health is Health.UNKNOWN
        await at.platform.reads[Kind.SERVICE].one(at.ref(Kind.SERVICE, "svc-1"))
        row = (await at.fetch(Kind.SERVICE)).items[0]
        assert (row.status, row.health) == ("crashed", Health.BAD)


async def test_a_verb_makes_what_was_read_before_it_worthless() -> None:
    replies = routes(services=[{"id": "svc-1"}], services_svc1_status={"status": "running"}, services_svc1_stop={})
    async with bench("dployr", replies) as at:
        ref = at.ref(Kind.SERVICE, "svc-1")
        await at.platform.reads[Kind.SERVICE].one(ref)
        accepted = await at.platform.verbs[Kind.SERVICE, Verb.STOP].run(ref, {})
        assert (accepted.done, accepted.text) == (False, "stop accepted")
        assert (await at.fetch(Kind.SERVICE)).items[0].status == ""


async def test_a_machine_without_metrics_is_still_a_machine() -> None:
    async with bench("dployr", routes(instances_i1={"id": "i-1", "tag": "edge", "status": "healthy"})) as at:
        found = await at.platform.reads[Kind.INSTANCE].one(at.ref(Kind.INSTANCE, "i-1"))
    assert (found.name, found.health, found.cpu_share) == ("edge", Health.OK, None)


@pytest.mark.parametrize("reply", [{"id": "x"}, "text", 5, Answer(body=b"[1,"), Answer(body=b"\xff[]")])
async def test_what_is_no_list_is_a_bad_reply_that_names_the_request(reply: Any) -> None:
    async with bench("dployr", routes(services=reply)) as at:
        with pytest.raises(BadReply) as caught:
            await at.fetch(Kind.SERVICE)
        assert "the-dployr: GET /v1/services was answered" in str(caught.value) or "127.0.0.1" in str(caught.value)


async def test_a_bad_record_costs_its_row_and_is_counted() -> None:
    async with bench("dployr", routes(services={"services": [SERVICE, {"name": "no id"}, 5]})) as at:
        rows = await at.fetch(Kind.SERVICE)
    assert ([each.name for each in rows.items], rows.unreadable) == (["web"], 2)


# -- verbs


async def test_a_plan_is_the_request_with_stars_for_secrets() -> None:
    async with bench("dployr", routes()) as at:
        service = at.ref(Kind.SERVICE, "svc/1")
        cases = {
            (Kind.VARIABLE, Verb.SET, service): {"key": "DB", "value": Secret("CANARY")},
            (Kind.WEBHOOK, Verb.CREATE, at.ref(Kind.WEBHOOK, "")): {"url": "https://h/x", "events": "a, b", "secret": Secret("CANARY")},
            (Kind.DEPLOYMENT, Verb.UPDATE, at.ref(Kind.DEPLOYMENT, "d1")): {"env": {"A": "CANARY"}, "version": "22"},
        }
        shown = {}
        for (kind, verb, ref), values in cases.items():
            (request,) = at.platform.verbs[kind, verb].plan(ref, values)
            shown[kind] = (str(request), request.body)
        assert "CANARY" not in repr(shown)
        assert shown == {
            Kind.VARIABLE: ("POST /v1/services/svc%2F1/env", {"key": "DB", "value": "***"}),
            Kind.WEBHOOK: ("POST /v1/webhooks", {"url": "https://h/x", "events": ["a", "b"], "secret": "***"}),
            Kind.DEPLOYMENT: ("PUT /v1/deployments/d1", {"version": "22", "env": {"A": "***"}}),
        }
        assert at.server.seen == []


async def test_a_secret_is_sent_as_it_is_and_never_comes_back() -> None:
    async with bench("dployr", lambda seen: Answer(status=400, body=b'{"error":{"message":"bad CANARY-1","code":"x"}}')) as at:
        with pytest.raises(Refused) as caught:
            await at.platform.verbs[Kind.VARIABLE, Verb.SET].run(at.ref(Kind.SERVICE, "s"), {"key": "DB", "value": Secret("CANARY-1")})
        assert at.last.json == {"key": "DB", "value": "CANARY-1"}
        assert "CANARY" not in str(caught.value) + repr(caught.value)


@pytest.mark.parametrize("text", ["A=1,B=2", "A=1\nB=2\n", {"A": "1", "B": Secret("2")}, "A=1, B=2"])
async def test_variables_are_written_as_pairs(text: Any) -> None:
    async with bench("dployr", routes(deployments_d1={})) as at:
        await at.platform.verbs[Kind.DEPLOYMENT, Verb.UPDATE].run(at.ref(Kind.DEPLOYMENT, "d1"), {"env": text})
        assert at.last.json == {"env": {"A": "1", "B": "2"}}


@pytest.mark.parametrize(
    ("kind", "verb", "values", "fields"),
    [
        (Kind.DEPLOYMENT, Verb.CREATE, {}, {"name", "source"}),
        (Kind.DEPLOYMENT, Verb.CREATE, {"name": "x", "source": "remote", "port": "many"}, {"port"}),
        (Kind.DEPLOYMENT, Verb.CREATE, {"name": "x", "source": "remote", "colour": "red"}, {"colour"}),
        (Kind.DEPLOYMENT, Verb.UPDATE, {"version": ""}, {"version", "env", "port", "runtime"}),
        (Kind.DEPLOYMENT, Verb.UPDATE, {"env": "no pairs"}, {"env"}),
        (Kind.ROUTE, Verb.CREATE, {"domain": "x"}, {"service_id", "port"}),
        (Kind.PROJECT, Verb.CREATE, {"name": "\ud800"}, {"name"}),
        (Kind.WEBHOOK, Verb.CREATE, {"url": "https://x", "events": []}, {"events"}),
        (Kind.VARIABLE, Verb.DELETE, {}, {"variable"}),
    ],
)
async def test_what_cannot_be_right_is_not_sent(kind: Kind, verb: Verb, values: dict[str, Any], fields: set[str]) -> None:
    async with bench("dployr", routes()) as at:
        call = at.platform.verbs[kind, verb]
        with pytest.raises(Refused) as caught:
            await call.run(at.ref(kind, "x"), values)
        assert fields <= set(caught.value.fields)
        assert not caught.value.sent
        with pytest.raises(Refused):
            call.plan(at.ref(kind, "x"), values)
        assert at.server.seen == []


@pytest.mark.parametrize("id_", ["", ".", "..", "x" * 257])
async def test_an_id_that_could_leave_its_place_is_never_sent(id_: str) -> None:
    async with bench("dployr", routes()) as at:
        with pytest.raises(NotFound):
            await at.platform.verbs[Kind.SERVICE, Verb.STOP].run(at.ref(Kind.SERVICE, id_), {})
        assert at.server.seen == []


@pytest.mark.parametrize(
    ("kind", "reply", "done"),
    [
        (Kind.PROJECT, plain({"id": "p1", "name": "n"}, 201), True),
        (Kind.DEPLOYMENT, plain({"id": "d1", "name": "n"}, 202), False),
        (Kind.PROJECT, Answer(status=204), False),
        (Kind.PROJECT, plain({"message": "ok"}), False),
        (Kind.PROJECT, plain([]), False),
    ],
)
async def test_what_an_answer_proves(kind: Kind, reply: Answer, done: bool) -> None:
    values = {"name": "n"} | ({"source": "image"} if kind is Kind.DEPLOYMENT else {})
    async with bench("dployr", lambda seen: reply) as at:
        accepted = await at.platform.verbs[kind, Verb.CREATE].run(at.ref(kind, ""), values)
    assert accepted.done is done
    assert (accepted.resource is None) is (b'"id"' not in reply.body)
    assert accepted.text


async def test_every_missing_verb_says_what_to_do_instead() -> None:
    async with bench("dployr", routes()) as at:
        assert not set(at.platform.instead) & set(at.platform.verbs)
        assert all(len(text) < 120 for text in at.platform.instead.values())


# -- logs


async def lines(at: Bench, *, tail: int | None = None, follow: bool = False, kind: Kind = Kind.SERVICE) -> list[str]:
    return [line.text async for batch in at.platform.logs(at.ref(kind, "svc-1"), tail=tail, follow=follow) for line in batch]


BODIES = [
    (b'[{"message":"a"},{"message":"b"}]', "application/json"),
    (b'{"message":"a"}\n{"message":"b"}\n', "application/x-ndjson"),
    (b'{"message":"a"}\n{"message":"b"}', "application/json"),
    (b'data: {"message":"a"}\n\n: heartbeat\n\ndata: {"message":"b"}\n\n', "text/event-stream"),
    (b"a\nb\n", "text/plain"),
    (b'{"logs":[{"message":"a"},{"message":"b"}]}', "application/json"),
]


@pytest.mark.parametrize(("body", "content_type"), BODIES)
@pytest.mark.parametrize("size", [1, 3, 1000])
async def test_a_log_in_any_form_and_in_any_pieces(body: bytes, content_type: str, size: int) -> None:
    chunks = [body[start : start + size] for start in range(0, len(body), size)]
    async with bench("dployr", lambda seen: Answer(chunks=chunks, content_type=content_type)) as at:
        assert await lines(at, tail=2, follow=True) == ["a", "b"]
        assert at.last.target == "/v1/services/svc-1/logs?tail=2&follow=true"


async def test_a_log_without_wishes_asks_for_nothing() -> None:
    async with bench("dployr", lambda seen: Answer(body=b"[]")) as at:
        assert await lines(at) == []
        assert at.last.target == "/v1/services/svc-1/logs"


async def test_the_first_batch_is_empty_as_soon_as_the_server_answers() -> None:
    async with bench("dployr", lambda seen: Answer(chunks=[b'{"message":"a"}\n'], content_type="application/x-ndjson")) as at:
        batches = [batch async for batch in at.platform.logs(at.ref(Kind.SERVICE, "s"), tail=None, follow=True)]
    assert [len(batch) for batch in batches] == [0, 1]


async def test_only_a_service_has_a_log() -> None:
    async with bench("dployr", routes()) as at:
        with pytest.raises(Unsupported):
            await lines(at, kind=Kind.PROJECT)


async def test_a_log_from_a_time_on_is_asked_for_in_longer_and_longer_tails() -> None:
    def told(seen: Seen) -> Answer:
        count = int(dict(seen.query)["tail"])
        lines = [{"time": (NOW - timedelta(seconds=second)).isoformat(), "message": f"{second}"} for second in range(count, 0, -1)]
        return Answer(body=json.dumps(lines).encode())

    async with bench("dployr", told) as at:
        stream = at.platform.logs(at.ref(Kind.SERVICE, "s"), tail=20_000, follow=False, since=NOW - timedelta(seconds=1_500))
        found = [line.text async for batch in stream for line in batch]
        assert (len(found), found[0], found[-1]) == (1_500, "1500", "1")
        assert [dict(each.query)["tail"] for each in at.server.seen] == ["1000", "5000"]


async def test_the_last_lines_up_to_a_time_are_looked_for_in_longer_tails_too() -> None:
    def told(seen: Seen) -> Answer:
        lines = [
            {"time": (NOW - timedelta(seconds=each)).isoformat(), "message": f"{each}"}
            for each in range(int(dict(seen.query)["tail"]), 0, -1)
        ]
        return Answer(body=json.dumps(lines).encode())

    async with bench("dployr", told) as at:
        stream = at.platform.logs(at.ref(Kind.SERVICE, "s"), tail=3, follow=False, until=NOW - timedelta(seconds=1_500))
        assert [line.text async for batch in stream for line in batch] == ["1502", "1501", "1500"]
        assert [dict(each.query)["tail"] for each in at.server.seen] == ["1000", "5000"]


async def test_a_server_without_logs_says_so() -> None:
    body = {"success": False, "error": {"message": "Centralized logs are not available on this server", "code": "LOGS_NOT_AVAILABLE"}}
    async with bench("dployr", lambda seen: plain(body, 501)) as at:
        with pytest.raises(NoEndpoint) as caught:
            await lines(at)
    assert str(caught.value) == "the-dployr: logs are not available on this server"


# -- flavour and failures

NOWHERE = Answer(status=404, body=b"404 Not Found", content_type="text/plain; charset=UTF-8")
NO_SUCH = plain({"error": {"code": "not_found", "message": "x"}}, 404)


@pytest.mark.parametrize(
    ("clusters", "projects", "flavour"),
    [
        (plain({"success": True, "data": {"clusters": []}}), NOWHERE, "current"),
        (NOWHERE, plain([]), "documented"),
        (NO_SUCH, plain({"projects": []}), "documented"),
        (Answer(status=405), plain([]), "documented"),
    ],
)
async def test_the_flavour_is_what_is_there(clusters: Answer, projects: Answer, flavour: str) -> None:
    async with bench("dployr", lambda seen: clusters if "clusters" in seen.path else projects, flavour="auto") as at:
        assert at.platform.flavour == "unknown"
        assert await at.platform.detect() == flavour
        asked = len(at.server.seen)
        assert await at.platform.detect() == at.platform.flavour == flavour
        assert len(at.server.seen) == asked
        assert {each.method for each in at.server.seen} == {"GET"}


@pytest.mark.parametrize(
    ("clusters", "projects", "kind"),
    [
        (NOWHERE, NOWHERE, WrongBaseUrl),
        (Answer(status=404, body=b"<html>nginx", content_type="text/html"), NOWHERE, WrongBaseUrl),
        (Answer(body=b"<!doctype html><title>Sign in</title>", content_type="text/html"), NOWHERE, WrongBaseUrl),
        (plain({"error": "Not authenticated", "code": "auth.bad_session"}, 401), NOWHERE, Unauthorized),
        (NOWHERE, Answer(status=502, body=b"<html>", content_type="text/html"), Unavailable),
        (plain({}, 429, **{"Retry-After": "9"}), NOWHERE, RateLimited),
        (plain({"clusters": 5}), NOWHERE, BadReply),
    ],
)
async def test_nothing_is_guessed_from_an_error(clusters: Answer, projects: Answer, kind: type[PlatformError]) -> None:
    async with bench("dployr", lambda seen: clusters if "clusters" in seen.path else projects, flavour="auto") as at:
        with pytest.raises(kind):
            await at.platform.detect()
        assert at.platform.flavour == "unknown"


async def test_a_pinned_flavour_is_not_asked_for() -> None:
    async with bench("dployr", routes(), flavour="documented") as at:
        assert await at.platform.detect() == "documented"
        assert at.server.seen == []


async def test_the_token_goes_with_every_request_and_nowhere_else() -> None:
    async with bench("dployr", routes(services=[])) as at:
        await at.fetch(Kind.SERVICE)
        assert at.last.headers["authorization"] == f"Bearer {TOKEN}"
        assert TOKEN not in json.dumps([at.last.target, at.last.body.decode()])
        assert Ref(connection="the-dployr", kind=Kind.SERVICE, id="x") == at.ref(Kind.SERVICE, "x")
