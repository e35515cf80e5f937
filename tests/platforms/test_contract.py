"""The documents, held against the adapters: every documented pair is sent as printed, every documented reply is understood."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import Any

import pytest

from tests.platforms import seeds
from tests.platforms.bench import TOKEN, Bench, bench
from tests.platforms.loopback import Answer, Seen, plain
from tui.errors import Refused
from tui.model import Kind, Verb
from tui.platforms.base import SignIn
from tui.platforms.registry import BASE_URLS
from tui.text import Secret

ID = "service-123"
APP = "72b9ddd5-8fce-49ab-89d9-c431d53a9552"
ENVIRONMENT = "af6b7a8e-c268-48c2-967c-032e86e26110"
SHA = "0123456789abcdef0123456789abcdef01234567"

Send = Callable[[Bench, seeds.Documented], Awaitable[Any]]


def reads(kind: Kind, scope: str = "") -> Send:
    return lambda at, _: at.fetch(kind, scope)


def one(kind: Kind, id_: str) -> Send:
    return lambda at, _: at.platform.reads[kind].one(at.ref(kind, id_))


def does(kind: Kind, verb: Verb, id_: str = "", *, on: Kind | None = None) -> Send:
    """The verb, with the documented body as the values of its form."""
    return lambda at, documented: at.platform.verbs[kind, verb].run(at.ref(on or kind, id_), documented.body or {})


async def follows(at: Bench, documented: seeds.Documented) -> Any:
    return [line async for batch in at.platform.logs(at.ref(Kind.SERVICE, ID), tail=100, follow=True) for line in batch]


async def triggers(at: Bench, documented: seeds.Documented) -> Any:
    return await at.platform.verbs[Kind.ENVIRONMENT, Verb.TRIGGER].run(at.ref(Kind.ENVIRONMENT, "shop-3p2i/prod"), {"sha": SHA})


SENT_BY: dict[tuple[str, str], Send] = {
    ("POST", "/api/oauth/token"): triggers,
    ("POST", "/api/apps/${APP_ID}/envs/${ENV_NAME}/rollouts"): triggers,
    ("POST", "/v1/auth/login"): reads(Kind.SERVICE),
    ("POST", "/v1/deployments"): does(Kind.DEPLOYMENT, Verb.CREATE),
    ("GET", "/v1/deployments"): reads(Kind.DEPLOYMENT),
    ("GET", "/v1/deployments/:id"): one(Kind.DEPLOYMENT, ID),
    ("PUT", "/v1/deployments/:id"): does(Kind.DEPLOYMENT, Verb.UPDATE, ID),
    ("DELETE", "/v1/deployments/:id"): does(Kind.DEPLOYMENT, Verb.DELETE, ID),
    ("GET", "/v1/services"): reads(Kind.SERVICE),
    ("GET", "/v1/services/:id/status"): one(Kind.SERVICE, ID),
    ("POST", "/v1/services/:id/start"): does(Kind.SERVICE, Verb.START, ID),
    ("POST", "/v1/services/:id/stop"): does(Kind.SERVICE, Verb.STOP, ID),
    ("POST", "/v1/services/:id/restart"): does(Kind.SERVICE, Verb.RESTART, ID),
    ("GET", "/v1/services/:id/logs"): follows,
    ("GET", "/v1/instances"): reads(Kind.INSTANCE),
    ("GET", "/v1/instances/:id"): one(Kind.INSTANCE, ID),
    ("GET", "/v1/instances/:id/metrics"): one(Kind.INSTANCE, ID),
    ("GET", "/v1/proxy/routes"): reads(Kind.ROUTE),
    ("POST", "/v1/proxy/routes"): does(Kind.ROUTE, Verb.CREATE),
    ("DELETE", "/v1/proxy/routes/:id"): does(Kind.ROUTE, Verb.DELETE, ID),
    ("GET", "/v1/projects"): reads(Kind.PROJECT),
    ("POST", "/v1/projects"): does(Kind.PROJECT, Verb.CREATE),
    ("DELETE", "/v1/projects/:id"): does(Kind.PROJECT, Verb.DELETE, ID),
    ("GET", "/v1/services/:id/env"): reads(Kind.VARIABLE, ID),
    ("POST", "/v1/services/:id/env"): does(Kind.VARIABLE, Verb.SET, ID, on=Kind.SERVICE),
    ("DELETE", "/v1/services/:id/env/:key"): does(Kind.VARIABLE, Verb.DELETE, f"{ID}/NODE_ENV"),
    ("POST", "/v1/webhooks"): does(Kind.WEBHOOK, Verb.CREATE),
    ("GET", "/v1/webhooks"): reads(Kind.WEBHOOK),
    ("GET", "/v1/apps"): reads(Kind.APPLICATION),
    ("POST", "/v1/apps"): does(Kind.APPLICATION, Verb.CREATE),
    ("GET", "/v1/apps/:id"): one(Kind.APPLICATION, APP),
    ("PUT", "/v1/apps/:id"): does(Kind.APPLICATION, Verb.UPDATE, APP),
    ("DELETE", "/v1/apps/:id"): does(Kind.APPLICATION, Verb.DELETE, APP),
    ("GET", "/v1/environments"): reads(Kind.ENVIRONMENT, APP),
    ("POST", "/v1/environments"): does(Kind.ENVIRONMENT, Verb.CREATE, APP, on=Kind.APPLICATION),
    ("GET", "/v1/environments/:id"): one(Kind.ENVIRONMENT, ENVIRONMENT),
    ("PUT", "/v1/environments/:id"): does(Kind.ENVIRONMENT, Verb.UPDATE, ENVIRONMENT),
    ("DELETE", "/v1/environments/:id"): does(Kind.ENVIRONMENT, Verb.DELETE, ENVIRONMENT),
}
"""Which read, verb, stream or sign-in of ours sends each documented pair."""

OURS = {
    ":id": ID,
    ":key": "NODE_ENV",
    "${APP_ID}": "shop-3p2i",
    "${ENV_NAME}": "prod",
    "client_id=": "client_id=o2c_bench",
    "client_secret=": "client_secret=s3cret%20of%20the%20bench",
}
"""What we put where a document has a placeholder."""

TOKENS = {"<token>": TOKEN, "{token}": TOKEN, "${ACCESS_TOKEN}": "encore-token"}

ROLLOUT = {"id": "roll_219t7dcb0mgd0vq9i9gg", "status": "pending", "conclusion": "pending"}
BARE = {
    "/api/oauth/token": {"access_token": "encore-token", "expires_in": 3600, "actor": "o2c_bench", "token_type": "Bearer"},
    "/api/apps/shop-3p2i/envs/prod/rollouts": ROLLOUT,
}
LISTS = {
    *("/v1/deployments", "/v1/services", "/v1/instances", "/v1/proxy/routes", "/v1/projects", "/v1/webhooks", f"/v1/services/{ID}/env"),
    *("/v1/apps/", "/v1/environments/"),
}
"""Replies for what the documents print none for; every other one gets a record with nothing but an id."""


def replies(documented: seeds.Documented, target: str) -> Callable[[Seen], Answer]:
    """The printed reply to the documented request, something plausible to what has to come before or with it."""

    def answer(seen: Seen) -> Answer:
        if (seen.method, seen.target) == (documented.method, target) and documented.reply is not None:
            return Answer(status=200 if documented.reply else 204, body=documented.reply)
        if seen.path in BARE:
            return plain(BARE[seen.path])
        return plain([] if seen.method == "GET" and seen.path in LISTS else {"id": ID})

    return answer


def literal(documented: seeds.Documented) -> str:
    target = documented.target
    for placeholder, value in OURS.items():
        target = target.replace(placeholder, value)
    return target


def test_every_documented_pair_has_a_sender() -> None:
    pairs = [each.pair for each in seeds.everything()]
    assert len(pairs) == len(set(pairs)) == 38
    assert set(SENT_BY) == set(pairs)
    assert [len(list(platform())) for platform in (seeds.encore, seeds.dployr, seeds.phase)] == [2, 26, 10]


@pytest.mark.parametrize("documented", seeds.everything(), ids=str)
async def test_is_sent_as_printed(documented: seeds.Documented) -> None:
    target = literal(documented)
    sign_in = SignIn(email="user@example.com", password=Secret("password")) if documented.path == "/v1/auth/login" else None
    async with bench(documented.platform, replies(documented, target), sign_in=sign_in) as at:
        await SENT_BY[documented.pair](at, documented)
        sent = [each for each in at.server.seen if (each.method, each.target) == (documented.method, target)]
        assert len(sent) == 1, f"{documented.method} {target} is not among {at.sent()}"
        for name, value in documented.headers.items():
            for placeholder, ours in TOKENS.items():
                value = value.replace(placeholder, ours)
            assert sent[0].headers.get(name.lower()) == value
        if documented.platform == "encore":
            assert sent[0].json in (None, {"sha": SHA})
        else:
            assert sent[0].json == documented.body
            assert list(sent[0].json or ()) == list(documented.body or ())
        if documented.body is None:
            assert sent[0].body == b""
            assert "content-type" not in sent[0].headers
        if "Authorization" not in documented.headers:
            assert "authorization" not in sent[0].headers


@pytest.mark.parametrize("name", ["encore-dev", "encore-cloud"])
async def test_both_documents_of_encore_say_the_same_and_both_bodies_are_sent(name: str) -> None:
    assert [each.target for each in seeds.encore(name)] == [each.target for each in seeds.encore()]
    (_, trigger) = seeds.encore(name)
    values = {"sha": SHA, "branch": "main"}
    assert trigger.body == list(values)
    for member in trigger.body:
        async with bench("encore", lambda seen: plain(BARE[seen.path])) as at:
            call = at.platform.verbs[Kind.ENVIRONMENT, Verb.TRIGGER]
            await call.run(at.ref(Kind.ENVIRONMENT, "shop-3p2i/prod"), {member: values[member]})
            assert at.last.json == {member: values[member]}


def test_the_documented_base_urls() -> None:
    """The first is the default of Encore; that both work is a matter of the configuration, which takes either."""
    assert [seeds.encore_base_url(name) for name in ("encore-dev", "encore-cloud")] == [
        "https://api.encore.dev",
        "https://api.encore.cloud",
    ]
    assert BASE_URLS["encore"] == seeds.encore_base_url("encore-dev")
    assert BASE_URLS["phase"] == "https://api.phase.dev"


# -- replies


def time(text: str) -> datetime:
    return datetime.strptime(text, "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC)


@pytest.mark.parametrize("documented", [each for each in seeds.phase() if each.reply], ids=str)
async def test_a_printed_reply_of_phase_becomes_records(documented: seeds.Documented) -> None:
    printed = json.loads(documented.reply or b"")
    async with bench("phase", replies(documented, documented.target)) as at:
        found = await SENT_BY[documented.pair](at, documented)
    rows = found.items if hasattr(found, "items") else [getattr(found, "resource", found)]
    assert len(rows) == len(printed if isinstance(printed, list) else [printed])
    for row, record in zip(rows, printed if isinstance(printed, list) else [printed], strict=True):
        assert (row.ref.id, row.name) == (record["id"], record["name"])
        assert (row.created_at, row.updated_at) == (time(record["createdAt"]), time(record["updatedAt"]))
        assert json.loads(row.raw) == record
        if "envType" in record:
            assert (row.type, row.index) == (record["envType"], record["index"])
        else:
            assert (row.description, row.encrypted) == (record["description"], record["sseEnabled"])


@pytest.mark.parametrize("documented", [each for each in seeds.phase() if each.method == "DELETE"], ids=str)
async def test_the_printed_204_of_phase_proves_the_deletion(documented: seeds.Documented) -> None:
    async with bench("phase", replies(documented, documented.target)) as at:
        accepted = await SENT_BY[documented.pair](at, documented)
    assert accepted.done
    assert accepted.ref is not None
    assert accepted.ref.id in documented.target


async def test_the_printed_login_of_dployr_is_what_is_sent_from_then_on() -> None:
    (login,) = [each for each in seeds.dployr() if each.path == "/v1/auth/login"]
    sign_in = SignIn(email="user@example.com", password=Secret("password"))
    async with bench("dployr", replies(login, login.target), sign_in=sign_in) as at:
        await at.fetch(Kind.SERVICE)
        assert at.last.headers["authorization"] == "Bearer " + json.loads(login.reply or b"")["access_token"]


async def test_the_printed_error_of_dployr_names_its_field() -> None:
    body = seeds.dployr_error()
    async with bench("dployr", lambda seen: Answer(status=400, body=body)) as at:
        with pytest.raises(Refused) as caught:
            await at.platform.verbs[Kind.DEPLOYMENT, Verb.UPDATE].run(at.ref(Kind.DEPLOYMENT, ID), {"version": "1"})
    assert caught.value.message == "Invalid deployment configuration"
    assert caught.value.code == "invalid_request"
    assert caught.value.fields == {"runtime": "Unsupported runtime version"}
    assert str(caught.value) == "the-dployr: Invalid deployment configuration"


async def test_the_printed_rate_headers_of_dployr_are_the_budget() -> None:
    headers = seeds.dployr_rate_headers()
    async with bench("dployr", lambda seen: plain([], **headers)) as at:
        await at.fetch(Kind.SERVICE)
        assert at.platform.rate is not None
        assert (at.platform.rate.limit, at.platform.rate.remaining) == (1000, 999)
        assert at.platform.allowance == (1000, 3600.0)


@pytest.mark.parametrize("name", ["encore-dev", "encore-cloud"])
async def test_the_printed_token_of_encore_is_what_is_sent_from_then_on(name: str) -> None:
    fields = [each for each in ("access_token", "expires_in", "actor", "token_type") if each in seeds.text(name)]
    assert len(fields) == 4
    async with bench("encore", lambda seen: plain(BARE[seen.path])) as at:
        await triggers(at, next(iter(seeds.encore(name))))
        assert at.last.headers["authorization"] == "Bearer encore-token"
