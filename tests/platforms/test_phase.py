"""Phase in both shapes of its lists: what is asked, what is never asked, and what its refusals mean."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.platforms.bench import bench
from tests.platforms.loopback import Answer, Seen, plain
from tui.errors import (
    BadReply,
    Forbidden,
    NotFound,
    OutcomeUnknown,
    PlatformError,
    RateLimited,
    Refused,
    Unauthorized,
    Unavailable,
    Unsupported,
    WrongBaseUrl,
)
from tui.model import Health, Kind, Verb
from tui.platforms.base import SignIn
from tui.text import Secret

APP = {"id": "72b9ddd5-8fce-49ab-89d9-c431d53a9552", "name": "checkout", "sseEnabled": True, "createdAt": "2026-11-21T21:38:36.725322Z"}
LOCKED = {"id": "419e0888-af14-4ea9-977c-6b8ff0f423e0", "name": "legacy", "sseEnabled": False, "description": None}
ENVIRONMENT = {"id": "af6b7a8e-c268-48c2-967c-032e86e26110", "name": "Development", "envType": "dev", "index": 0}


def serve(seen: Seen) -> Answer:
    if seen.path == "/v1/apps/":
        return plain({"data": [APP, LOCKED]})
    return plain({"data": [ENVIRONMENT]}) if seen.path == "/v1/environments/" else plain(ENVIRONMENT)


@pytest.mark.parametrize(
    ("body", "flavour"), [([APP], "documented"), ({"data": [APP]}, "current"), ([], "documented"), ({"data": []}, "current")]
)
async def test_the_flavour_is_the_shape_of_the_list(body: Any, flavour: str) -> None:
    async with bench("phase", lambda seen: plain(body), flavour="auto") as at:
        assert await at.platform.detect() == flavour
        assert await at.platform.detect() == at.platform.flavour == flavour
        assert at.sent() == [("GET", "/v1/apps/")]
        rows = await at.fetch(Kind.APPLICATION)
        assert [each.name for each in rows.items] == ["checkout"] * bool(body and (body if isinstance(body, list) else body["data"]))


async def test_environments_know_their_app_and_keep_it_when_read_alone() -> None:
    async with bench("phase", serve, flavour="auto") as at:
        await at.fetch(Kind.APPLICATION)
        (row,) = (await at.fetch(Kind.ENVIRONMENT, APP["id"])).items
        assert (row.app.id, row.app_name, row.type, row.index, row.health) == (APP["id"], "checkout", "dev", 0, Health.UNKNOWN)
        assert await at.platform.reads[Kind.ENVIRONMENT].one(row.ref) == row
        assert at.last.target == f"/v1/environments/{ENVIRONMENT['id']}/"
        assert await at.fetch(Kind.ENVIRONMENT, APP["id"]) is await at.fetch(Kind.ENVIRONMENT, APP["id"])


async def test_an_app_that_can_only_be_listed_is_not_asked_for_its_environments() -> None:
    async with bench("phase", serve, flavour="auto") as at:
        (_, locked) = (await at.fetch(Kind.APPLICATION)).items
        assert locked.encrypted is False
        asked = len(at.server.seen)
        assert (await at.fetch(Kind.ENVIRONMENT, LOCKED["id"])).items == ()
        assert len(at.server.seen) == asked


async def test_app_id_is_never_in_the_query_of_an_apps_own_address() -> None:
    async with bench("phase", lambda seen: plain(APP), flavour="current") as at:
        ref = at.ref(Kind.APPLICATION, APP["id"])
        await at.platform.reads[Kind.APPLICATION].one(ref)
        await at.platform.verbs[Kind.APPLICATION, Verb.UPDATE].run(ref, {"name": "x"})
        await at.platform.verbs[Kind.APPLICATION, Verb.DELETE].run(ref, {})
        for verb, values in ((Verb.UPDATE, {"name": "x"}), (Verb.DELETE, {})):
            assert [request.query for request in at.platform.verbs[Kind.APPLICATION, verb].plan(ref, values)] == [{}]
        assert {each.target for each in at.server.seen} == {f"/v1/apps/{APP['id']}/"}


async def test_a_base_url_with_a_path_keeps_it() -> None:
    async with bench("phase", lambda seen: plain({"data": []}), path="/service/public") as at:
        await at.fetch(Kind.APPLICATION)
        assert at.last.target == "/service/public/v1/apps/"


PAGE = Answer(status=404, body=b'<!doctype html>\n<html lang="en"><title>Not Found</title>', content_type="text/html; charset=utf-8")
LOGIN = Answer(body=b"<!doctype html><html><title>Phase Console</title>", content_type="text/html")


@pytest.mark.parametrize("reply", [PAGE, LOGIN])
async def test_a_web_page_means_another_base_url(reply: Answer) -> None:
    async with bench("phase", lambda seen: reply, flavour="auto") as at:
        with pytest.raises(WrongBaseUrl) as caught:
            await at.platform.detect()
        assert f"try base_url = {at.server.url}/service/public" in str(caught.value)
    async with bench("phase", lambda seen: reply, path="/service/public") as at:
        with pytest.raises(WrongBaseUrl) as caught:
            await at.fetch(Kind.APPLICATION)
        assert "try base_url" not in str(caught.value)
    async with bench("phase", lambda seen: reply) as at:
        with pytest.raises(WrongBaseUrl) as caught:
            await at.platform.verbs[Kind.APPLICATION, Verb.CREATE].run(at.ref(Kind.APPLICATION, ""), {"name": "x"})
        assert reply is LOGIN or "below /service/public" in str(caught.value)


@pytest.mark.parametrize("status", [401, 403])
async def test_a_page_that_wants_a_sign_in_sends_nobody_to_another_base_url(status: int) -> None:
    async with bench("phase", lambda seen: Answer(status=status, body=PAGE.body, content_type=PAGE.content_type)) as at:
        with pytest.raises(WrongBaseUrl) as read:
            await at.fetch(Kind.APPLICATION)
        with pytest.raises(WrongBaseUrl) as sent:
            await at.platform.verbs[Kind.APPLICATION, Verb.CREATE].run(at.ref(Kind.APPLICATION, ""), {"name": "x"})
        for caught in (read, sent):
            assert "/service/public" not in str(caught.value)
            assert "whether this network wants a sign-in" in str(caught.value)


@pytest.mark.parametrize("reply", [plain({"apps": 5}), plain({"message": "hi"}), plain("x"), Answer(body=b"[{")])
async def test_anything_else_is_a_bad_reply(reply: Answer) -> None:
    async with bench("phase", lambda seen: reply, flavour="auto") as at:
        with pytest.raises(BadReply):
            await at.platform.detect()
        assert at.platform.flavour == "unknown"


@pytest.mark.parametrize(
    ("status", "text", "kind", "hint"),
    [
        (401, "Token expired or deleted", Unauthorized, "rollwatch login"),
        (401, "Service account cannot access this app", Forbidden, "access to this app"),
        (403, "User cannot access this app", Forbidden, ""),
        (404, "User not found", Unauthorized, "no longer a member"),
        (404, "App with ID x not found", NotFound, ""),
        (403, "SSE is not enabled for this App.", Forbidden, "only list it"),
        (403, "Access denied: a network access policy restricts access from your IP address.", Forbidden, "address is not on"),
        (403, "Authentication credentials were not provided.", Unauthorized, "rollwatch login"),
        (500, "Internal server error.", Unavailable, ""),
        (406, "Could not satisfy the request Accept header.", Refused, ""),
    ],
)
async def test_a_refusal_means_what_it_means(status: int, text: str, kind: type[PlatformError], hint: str) -> None:
    async with bench("phase", lambda seen: plain({"error": text}, status)) as at:
        with pytest.raises(kind) as caught:
            await at.fetch(Kind.ENVIRONMENT, "72b9ddd5")
        assert type(caught.value) is kind
        assert caught.value.message == text.rstrip(".")
        assert hint in caught.value.hint


@pytest.mark.parametrize(("header", "wait"), [({"Retry-After": "60"}, 60.0), ({"Retry-After": "0"}, 0.0), ({}, None)])
async def test_a_throttled_request_says_how_long(header: dict[str, str], wait: float | None) -> None:
    async with bench("phase", lambda seen: plain({"error": "Request was throttled."}, 429, **header)) as at:
        with pytest.raises(RateLimited) as caught:
            await at.fetch(Kind.APPLICATION)
        assert caught.value.retry_after == wait


@pytest.mark.parametrize(
    ("text", "fields"),
    [
        ("An environment named 'X' already exists in this app.", {"name"}),
        ("Missing required field: name", {"name"}),
        ("'description' cannot exceed 10000 characters.", {"description"}),
        ("'environments' must not be empty.", {"environments"}),
        ("Duplicate environment name: 'DEV'.", {"environments"}),
        ("Each environment name must be a non-empty string.", {"environments"}),
        ("Environment name is invalid. Only letters, numbers, hyphens and underscores are allowed (max 64 characters).", {"name"}),
        ("Request body must be a JSON object.", set()),
    ],
)
async def test_a_refusal_names_its_field(text: str, fields: set[str]) -> None:
    async with bench("phase", lambda seen: plain({"error": text}, 400)) as at:
        with pytest.raises(Refused) as caught:
            await at.platform.verbs[Kind.ENVIRONMENT, Verb.CREATE].run(at.ref(Kind.APPLICATION, "a"), {"name": "x"})
        assert set(caught.value.fields) == fields


@pytest.mark.parametrize(
    ("kind", "verb", "values", "fields"),
    [
        (Kind.APPLICATION, Verb.CREATE, {"name": ""}, {"name"}),
        (Kind.APPLICATION, Verb.CREATE, {"name": "x" * 65}, {"name"}),
        (Kind.APPLICATION, Verb.CREATE, {"name": "x", "description": "x" * 10_001}, {"description"}),
        (Kind.APPLICATION, Verb.CREATE, {"name": "x", "environments": "ok, b@d"}, {"environments"}),
        (Kind.APPLICATION, Verb.UPDATE, {}, {"name", "description"}),
        (Kind.ENVIRONMENT, Verb.CREATE, {"name": "bad name"}, {"name"}),
        (Kind.ENVIRONMENT, Verb.CREATE, {"name": "tail\n"}, {"name"}),
        (Kind.ENVIRONMENT, Verb.UPDATE, {"name": "x" * 65}, {"name"}),
    ],
)
async def test_what_the_documents_forbid_is_not_sent(kind: Kind, verb: Verb, values: dict[str, Any], fields: set[str]) -> None:
    async with bench("phase", serve) as at:
        with pytest.raises(Refused) as caught:
            await at.platform.verbs[kind, verb].run(at.ref(Kind.APPLICATION, "x"), values)
        assert set(caught.value.fields) == fields
        assert at.server.seen == []


async def test_a_description_can_be_emptied() -> None:
    async with bench("phase", lambda seen: plain(APP)) as at:
        await at.platform.verbs[Kind.APPLICATION, Verb.UPDATE].run(at.ref(Kind.APPLICATION, "x"), {"description": ""})
        assert at.last.json == {"description": ""}


async def test_a_create_that_also_answers_the_environments_is_one_app() -> None:
    async with bench("phase", lambda seen: plain(APP | {"environments": [ENVIRONMENT]}, 201)) as at:
        accepted = await at.platform.verbs[Kind.APPLICATION, Verb.CREATE].run(at.ref(Kind.APPLICATION, ""), {"name": "checkout"})
    assert (accepted.ref, accepted.done) == (at.ref(Kind.APPLICATION, APP["id"]), True)
    assert json.loads(accepted.resource.raw)["environments"] == [ENVIRONMENT]


@pytest.mark.parametrize(
    ("pasted", "header"),
    [
        ("User " + "a" * 64, "Bearer User " + "a" * 64),
        ("Bearer ServiceAccount " + "a" * 64, "Bearer ServiceAccount " + "a" * 64),
        (f"pss_user:v1:{'a' * 64}:pub:share:wrap", "Bearer User " + "a" * 64),
        (f'"pss_service:v2:{"b" * 64}:pub:share:wrap"', "Bearer ServiceAccount " + "b" * 64),
        ("opaque-token", "Bearer opaque-token"),
    ],
)
async def test_a_token_in_any_of_its_printed_forms(pasted: str, header: str) -> None:
    async with bench("phase", serve, sign_in=SignIn(token=Secret(pasted))) as at:
        await at.fetch(Kind.APPLICATION)
        assert [each.headers["authorization"] for each in at.server.seen] == [header]


async def test_phase_has_no_logs_and_says_so() -> None:
    async with bench("phase", serve) as at:
        with pytest.raises(Unsupported):
            at.platform.logs(at.ref(Kind.APPLICATION, "x"), tail=1, follow=True)


# -- a 500 after which the write may exist

FAILED = plain({"error": "Internal server error."}, 500)
NEW = {"id": "d34e5f6a-7890-12cd-ef34-567890123456", "name": "Canary", "envType": "custom", "index": 3, "createdAt": "2026-11-22T12:00:00Z"}


def failing(writes: Answer, *, apps: Any, environments: Any, single: Answer) -> Any:
    """A server whose writes fail; its lists before and after."""
    lists = {"/v1/apps/": apps, "/v1/environments/": environments}

    def answer(seen: Seen) -> Answer:
        if seen.method != "GET":
            return writes
        found = lists.get(seen.path)
        return single if found is None else plain({"data": found.pop(0) if len(found) > 1 else found[0]})

    return answer


MADE_APP = APP | {"id": "new", "name": "night", "createdAt": "2026-11-22T12:00:00Z"}
GONE = plain({"error": "Environment not found"}, 404)


@pytest.mark.parametrize("read_before", [True, False])
@pytest.mark.parametrize(
    ("kind", "verb", "values", "after", "single", "word"),
    [
        (Kind.APPLICATION, Verb.CREATE, {"name": "night"}, [MADE_APP, APP], FAILED, "there"),
        (Kind.APPLICATION, Verb.CREATE, {"name": "checkout"}, [APP], FAILED, ""),
        (Kind.ENVIRONMENT, Verb.CREATE, {"name": "canary"}, [ENVIRONMENT, NEW], FAILED, "there"),
        (Kind.ENVIRONMENT, Verb.CREATE, {"name": "Development"}, [ENVIRONMENT], FAILED, ""),
        (Kind.ENVIRONMENT, Verb.UPDATE, {"name": "dev-2"}, [], plain(ENVIRONMENT | {"name": "dev-2"}), "there"),
        (Kind.ENVIRONMENT, Verb.UPDATE, {"name": "dev-2"}, [], plain(ENVIRONMENT), ""),
        (Kind.APPLICATION, Verb.UPDATE, {"description": "x"}, [], plain(APP | {"description": "x"}), "there"),
        (Kind.ENVIRONMENT, Verb.DELETE, {}, [], GONE, "gone"),
        (Kind.ENVIRONMENT, Verb.DELETE, {}, [], plain(ENVIRONMENT), ""),
    ],
)
async def test_after_a_500_it_is_read_again_and_told(
    kind: Kind, verb: Verb, values: dict[str, Any], after: list[Any], single: Answer, word: str, read_before: bool
) -> None:
    apps = [[APP], after] if kind is Kind.APPLICATION and read_before else [after or [APP]]
    environments = [[ENVIRONMENT], after] if kind is Kind.ENVIRONMENT and read_before else [after or [ENVIRONMENT]]
    async with bench("phase", failing(FAILED, apps=apps, environments=environments, single=single), flavour="current") as at:
        if read_before:
            await at.fetch(kind, APP["id"])
        target = at.ref(Kind.APPLICATION, APP["id"]) if verb is Verb.CREATE else at.ref(kind, ENVIRONMENT["id"])
        run = at.platform.verbs[kind, verb].run
        if word:
            accepted = await run(target, values)
            assert (accepted.done, accepted.text) == (True, f"Internal server error, but it is {word}: done")
        else:
            with pytest.raises(Refused) as caught:
                await run(target, values)
            assert "read again, it is" in str(caught.value)
            assert caught.value.status == 500
        assert [each.method for each in at.server.seen if each.method != "GET"] == [
            {"create": "POST", "update": "PUT", "delete": "DELETE"}[verb]
        ]


async def test_a_failure_that_cannot_be_looked_into_stays_unknown() -> None:
    async with bench("phase", lambda seen: FAILED, flavour="current") as at:
        with pytest.raises(OutcomeUnknown, match="reading it again failed"):
            await at.platform.verbs[Kind.APPLICATION, Verb.CREATE].run(at.ref(Kind.APPLICATION, ""), {"name": "x"})
