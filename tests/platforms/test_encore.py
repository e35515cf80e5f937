"""Encore's rollouts: every documented word, every odd reply, and a memory that never goes backwards."""

from __future__ import annotations

import itertools
import json
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.platforms import seeds
from tests.platforms.bench import NOW, Memory, bench
from tests.platforms.loopback import Answer, Loopback, Seen, plain
from tui.errors import BadReply, Forbidden, NotFound, PlatformError, RateLimited, Refused, Unauthorized, Unavailable, Unsupported
from tui.model import Health, Kind, KnownRollout, Verb
from tui.platforms.base import AppSpec
from tui.platforms.encore import translate
from tui.platforms.encore.reading import SHOWN
from tui.text import Secret

ID = "roll_219t7dcb0mgd0vq9i9gg"
SHA = "0123456789abcdef0123456789abcdef01234567"
DASHBOARD = "https://app.encore.dev/{app}/envs/{env}/deploys/{id}"
TOKEN = {"access_token": "encore-token", "expires_in": 3600, "actor": "x", "token_type": "Bearer"}
KNOWN = KnownRollout(id=ID, app="shop-3p2i", environment="prod", target="main", by="ann", at=NOW - timedelta(hours=1))


def phase(status: str, conclusion: str = "unknown", **times: str) -> dict[str, Any]:
    return {"id": "p", "status": status, "conclusion": conclusion, "queued_at": None, "started_at": None, "completed_at": None, **times}


def rollout(status: str = "running", conclusion: str = "pending", **phases: Any) -> dict[str, Any]:
    parts = {"build": phase("completed", "success"), "infra": phase("running"), "deploy": phase("queued"), **phases}
    return {"id": ID, "status": status, "conclusion": conclusion, "queued_at": "2026-11-22T11:00:00.123456789Z", **parts}


def shown(record: Any, *, snapshot: bool = False) -> Any:
    return translate.rollout(json.dumps(record), KNOWN, connection="c", dashboard=DASHBOARD, now=NOW, snapshot=snapshot)


# -- words


@pytest.mark.parametrize("name", ["encore-dev", "encore-cloud"])
def test_every_documented_word_of_a_phase_is_understood(name: str) -> None:
    words = seeds.encore_words(name)
    tried = 0
    for part in ("build", "infra", "deploy"):
        pairs = itertools.product(words[f"{part.title()}Status"], words[f"{part.title()}Conclusion"])
        for status, conclusion in pairs:
            if (status == "completed") != (conclusion != "unknown"):
                continue
            found = next(each for each in shown(rollout(**{part: phase(status, conclusion)})).phases if each.name == part)
            assert (found.status, found.conclusion) == (status, conclusion)
            assert found.health is not Health.UNKNOWN
            assert found.needs_approval is (status == "proposed")
            tried += 1
    assert tried == 2 + 3 + 4 + 4 + 2 + 3


@pytest.mark.parametrize(
    ("status", "conclusion", "health"),
    [
        ("pending", "pending", Health.BUSY),
        ("queued", "pending", Health.BUSY),
        ("running", "pending", Health.BUSY),
        ("completed", "success", Health.OK),
        ("completed", "failure", Health.BAD),
        ("completed", "canceled", Health.WARN),
        ("completed", "pending", Health.UNKNOWN),
        ("completed", "exploded", Health.UNKNOWN),
        ("running", "success", Health.OK),
        ("levitating", "pending", Health.UNKNOWN),
    ],
)
def test_every_word_of_a_rollout(status: str, conclusion: str, health: Health) -> None:
    found = shown(rollout(status, conclusion))
    assert (found.status, found.health) == (status, health)
    assert found.conclusion in {conclusion, ""}


def test_waiting_for_a_human_is_a_state_of_its_own() -> None:
    for spelling in ("proposed", "awaiting_approval"):
        found = shown(rollout(infra=phase(spelling)))
        assert found.health is Health.WARN
        assert [each.needs_approval for each in found.phases] == [False, True, False]


def test_a_rejection_is_told_though_the_rollout_only_says_failure() -> None:
    found = shown(rollout("completed", "failure", infra=phase("completed", "rejected")))
    assert (found.conclusion, found.health, found.phases[1].health) == ("rejected", Health.BAD, Health.BAD)


@pytest.mark.parametrize("left", [None, phase("queued"), phase("running"), phase("pending"), {}, "nonsense", {"status": {}}])
def test_what_never_finished_in_a_completed_rollout_was_not_run(left: Any) -> None:
    found = shown(rollout("completed", "failure", build=phase("completed", "failure"), infra=left, deploy=left))
    assert [(each.status, each.health) for each in found.phases[1:]] == [("not run", Health.IDLE)] * 2


@pytest.mark.parametrize("left", [None, {}, "nonsense", 5, [], {"status": {}}])
def test_a_phase_that_is_null_or_nonsense_is_only_not_there_yet(left: Any) -> None:
    found = shown(rollout(deploy=left))
    assert (found.phases[2].status, found.phases[2].health, found.health) == ("", Health.IDLE, Health.BUSY)


def test_the_webhooks_spelling_is_the_same_rollout() -> None:
    said = rollout()
    said["infra_provision"] = said.pop("infra")
    assert [each.status for each in shown(said).phases] == ["completed", "running", "queued"]


def test_only_the_id_is_needed() -> None:
    found = shown({"id": ID})
    assert (found.ref.id, found.name, found.target, found.by, found.health) == (ID, "shop-3p2i/prod", "main", "ann", Health.UNKNOWN)
    with pytest.raises(Exception, match="id"):
        shown({"status": "running"})


def test_a_build_may_be_older_than_its_rollout_and_times_have_nine_digits() -> None:
    found = shown(rollout(build=phase("completed", "success", started_at="2026-11-22T09:00:00Z", completed_at="0001-01-01T00:00:00Z")))
    assert found.queued_at == datetime(2026, 11, 22, 11, 0, 0, 123456, tzinfo=UTC)
    assert (found.phases[0].started_at, found.phases[0].completed_at) == (datetime(2026, 11, 22, 9, tzinfo=UTC), None)


def test_the_link_to_the_dashboard() -> None:
    assert shown(rollout()).dashboard == "https://app.encore.dev/shop-3p2i/envs/prod/deploys/219t7dcb0mgd0vq9i9gg"
    assert translate.link("https://d/{app}/{env}?x={id}", app="a/b", environment="pr:7", id_="1") == "https://d/a%2Fb/pr%3A7?x=1"
    assert translate.link("https://d/{app}/{environment}", app="a", environment="pr:7", id_="1") == "https://d/a/pr%3A7"
    assert translate.link("https://d/{app}/{env}", app="a", environment="", id_="1") == ""
    assert translate.link("https://d/{app.__class__}", app="a", environment="e", id_="1") == "https://d/{app.__class__}"


# -- reading


def known(**changes: Any) -> Memory:
    one = replace(KNOWN, **changes)
    return Memory({one.id: one})


def answers(*replies: Answer | dict[str, Any], path: str = f"/api/apps/shop-3p2i/rollouts/{ID}") -> Callable[[Seen], Answer]:
    """The token, then these for that path, the last one for ever; 404 without a body for any other path."""
    left = [each if isinstance(each, Answer) else plain(each) for each in replies]

    def answer(seen: Seen) -> Answer:
        if seen.path == "/api/oauth/token":
            return plain(TOKEN)
        if seen.path != path:
            return Answer(status=404, body=b"404 page not found", content_type="text/plain")
        return left.pop(0) if len(left) > 1 else left[0]

    return answer


async def test_a_documented_server_is_never_asked() -> None:
    memory = known(snapshot_json=json.dumps(rollout()))
    async with bench("encore", answers({}), memory=memory, flavour="documented") as at:
        (row,) = (await at.fetch(Kind.ROLLOUT)).items
        assert (row.snapshot, row.health) == (True, Health.UNKNOWN)
        assert [seen.path for seen in at.server.seen] == ["/api/oauth/token"]


@pytest.mark.parametrize("flavour", ["documented", "current"])
async def test_a_server_that_is_asked_nothing_is_not_called_well_for_an_hour_after_it_went_away(flavour: str) -> None:
    away = False

    def answer(_: Seen) -> Answer:
        return Answer(status=502, body=b"bad gateway") if away else plain(TOKEN)

    async with bench("encore", answer, flavour=flavour) as at:
        assert at.platform.heard is None
        await at.fetch(Kind.ROLLOUT)
        first = at.platform.heard
        assert first == at.clock.boot()
        await at.clock.advance(60.0)
        await at.fetch(Kind.ROLLOUT)
        assert (at.platform.heard, len(at.server.seen)) == (first, 1)
        await at.clock.advance(61.0)
        await at.fetch(Kind.ROLLOUT)
        assert (at.platform.heard, len(at.server.seen)) == (at.clock.boot(), 2)
        away = True
        await at.clock.advance(121.0)
        with pytest.raises(Unavailable):
            await at.fetch(Kind.ROLLOUT)
        assert at.platform.heard == at.clock.boot() - 121.0


@pytest.mark.parametrize(("status", "error"), [(401, Unauthorized), (503, Unavailable)])
async def test_a_connection_without_rollouts_still_tells_whether_it_works(status: int, error: type[PlatformError]) -> None:
    """Apps come from the configuration: without this a client that is wrong, or a server that is away, would look well."""
    async with bench("encore", lambda _: Answer(status=status, body=b'{"error":"invalid_client"}')) as at:
        assert (await at.fetch(Kind.APPLICATION)).items
        with pytest.raises(error) as caught:
            await at.fetch(Kind.ROLLOUT)
        assert "secret" not in str(caught.value)
        assert (at.platform.reads[Kind.ROLLOUT].one, at.platform.reads[Kind.ROLLOUT].cost) == (None, 0)


async def test_a_rollout_of_which_nothing_was_ever_read_is_shown_with_what_we_know() -> None:
    async with bench("encore", answers({}), memory=known(), flavour="documented") as at:
        (row,) = (await at.fetch(Kind.ROLLOUT)).items
    assert (row.name, row.target, row.health, row.snapshot) == ("shop-3p2i/prod", "main", Health.UNKNOWN, True)


@pytest.mark.parametrize("wrap", [lambda x: x, lambda x: {"ok": True, "data": x}, lambda x: {"rollout": x}])
async def test_a_current_server_is_asked_until_it_is_over(wrap: Any) -> None:
    replies = [
        wrap(rollout()),
        wrap(rollout("completed", "success", infra=phase("completed", "success"), deploy=phase("completed", "success"))),
    ]
    async with bench("encore", answers(*replies), memory=known(), flavour="auto") as at:
        assert at.platform.flavour == "unknown"
        assert await at.platform.detect() == "current"
        (row,) = (await at.fetch(Kind.ROLLOUT)).items
        assert (row.status, row.health, row.snapshot) == ("completed", Health.OK, False)
        asked = len(at.server.seen)
        again = await at.fetch(Kind.ROLLOUT)
        assert await at.fetch(Kind.ROLLOUT) is again
        assert len(at.server.seen) == asked


async def test_the_path_below_the_environment_is_tried_once_and_remembered() -> None:
    path = f"/api/apps/shop-3p2i/envs/prod/rollouts/{ID}"
    async with bench("encore", answers(rollout(), path=path), memory=known(), flavour="auto") as at:
        for _ in range(3):
            await at.fetch(Kind.ROLLOUT)
        assert at.platform.flavour == "current"
        assert [each.path for each in at.server.seen[1:]] == [f"/api/apps/shop-3p2i/rollouts/{ID}", path, path, path]


async def test_of_rollouts_that_are_shown_no_more_nothing_is_kept() -> None:
    def made(number: int) -> KnownRollout:
        at = NOW - timedelta(minutes=number)
        return replace(
            KNOWN, id=f"roll_{number}", at=at, snapshot_json=json.dumps(rollout("completed", "success") | {"id": f"roll_{number}"})
        )

    memory = Memory({each.id: each for each in map(made, range(SHOWN + 50))})
    async with bench("encore", answers(rollout()), memory=memory, flavour="current") as at:
        for number in range(50):
            await at.fetch(Kind.ROLLOUT)
            del memory.kept[f"roll_{number}"]
        rows = (await at.fetch(Kind.ROLLOUT)).items
        assert [each.ref.id for each in rows] == [f"roll_{number}" for number in range(50, SHOWN + 50)]
        assert await at.fetch(Kind.ROLLOUT) is await at.fetch(Kind.ROLLOUT)
        assert len(at.platform._rollouts._made) == SHOWN


async def test_where_only_the_environment_leads_to_a_rollout_it_is_asked_for() -> None:
    path = f"/api/apps/shop-3p2i/envs/prod/rollouts/{ID}"
    async with bench("encore", answers(rollout(), path=path), memory=known(), flavour="auto") as at:
        await at.fetch(Kind.ROLLOUT)
        adopt = at.platform.verbs[Kind.ROLLOUT, Verb.ADOPT]
        with pytest.raises(Refused, match="environment") as caught:
            await adopt.run(at.ref(Kind.ROLLOUT, ""), {"rollout": "roll_another"})
        assert set(caught.value.fields) == {"environment"}
        assert not caught.value.sent
        assert [each.id for each in at.memory.known()] == [ID]
        at.memory.kept["roll_nowhere"] = replace(KNOWN, id="roll_nowhere", environment="")
        rows = await at.fetch(Kind.ROLLOUT)
        assert {each.ref.id: each.snapshot for each in rows.items} == {ID: False, "roll_nowhere": True}
        assert rows.unreadable == 0


@pytest.mark.parametrize(
    "missing",
    [
        Answer(status=404, body=b"404 page not found", content_type="text/plain"),
        Answer(status=405),
        plain({"ok": False, "error": {"code": "not_found"}}, 404),
    ],
)
async def test_a_server_without_either_path_is_the_documented_one(missing: Answer) -> None:
    memory = known(snapshot_json=json.dumps(rollout()))
    async with bench("encore", lambda seen: plain(TOKEN) if "oauth" in seen.path else missing, memory=memory, flavour="auto") as at:
        (row,) = (await at.fetch(Kind.ROLLOUT)).items
        assert (at.platform.flavour, row.snapshot) == ("documented", True)
        asked = len(at.server.seen)
        assert asked == 3
        await at.fetch(Kind.ROLLOUT)
        assert len(at.server.seen) == asked


async def test_after_a_doubtful_404_the_next_rollout_is_asked_for() -> None:
    """A 404 for an old rollout may have denied the rollout; the one just triggered certainly exists."""
    new = rollout() | {"id": "roll_new"}

    def answer(seen: Seen) -> Answer:
        if "oauth" in seen.path:
            return plain(TOKEN)
        found = seen.method == "POST" or seen.path.endswith("/roll_new")
        return plain(new) if found else plain({"error": {"code": "not_found"}}, 404)

    async with bench("encore", answer, memory=known(), flavour="auto") as at:
        assert await at.platform.detect() == "documented"
        await at.platform.verbs[Kind.ROLLOUT, Verb.TRIGGER].run(at.ref(Kind.ENVIRONMENT, "shop-3p2i/prod"), {"branch": "main"})
        rows = (await at.fetch(Kind.ROLLOUT)).items
        assert at.platform.flavour == "current"
        assert {each.ref.id: each.snapshot for each in rows} == {"roll_new": False, ID: True}


async def test_a_rollout_that_the_server_does_not_know_is_kept_as_it_was_last_seen() -> None:
    gone = plain({"ok": False, "error": {"code": "rollout_not_found"}}, 404)
    memory = known(snapshot_json=json.dumps(rollout()))
    async with bench("encore", answers(gone), memory=memory, flavour="current") as at:
        (row,) = (await at.fetch(Kind.ROLLOUT)).items
        assert (row.snapshot, row.health, at.platform.flavour) == (True, Health.UNKNOWN, "current")
        asked = len(at.server.seen)
        await at.fetch(Kind.ROLLOUT)
        assert len(at.server.seen) == asked


@pytest.mark.parametrize(
    "missing", [Answer(status=404, body=b"404 page not found", content_type="text/plain"), Answer(status=405), plain({"detail": "no"}, 404)]
)
async def test_a_rollout_that_was_read_is_asked_for_again_where_something_else_answers(missing: Answer) -> None:
    proxy: list[Answer] = []
    told = answers(rollout())
    memory = known()

    def answer(seen: Seen) -> Answer:
        return proxy[0] if proxy and "oauth" not in seen.path else told(seen)

    async with bench("encore", answer, memory=memory, flavour="auto") as at:
        await at.fetch(Kind.ROLLOUT)
        proxy.append(missing)
        await at.clock.advance(120.0)
        with pytest.raises(BadReply, match="was there before"):
            await at.fetch(Kind.ROLLOUT)
        proxy.clear()
        assert [each.snapshot for each in (await at.fetch(Kind.ROLLOUT)).items] == [False]
        proxy.append(missing)
        with pytest.raises(BadReply):
            await at.fetch(Kind.ROLLOUT)
        await at.clock.advance(700.0)
        assert [each.snapshot for each in (await at.fetch(Kind.ROLLOUT)).items] == [True]


async def test_a_reply_that_would_set_a_rollout_back_is_dropped() -> None:
    over = rollout("completed", "success")
    async with bench(
        "encore", answers(rollout("queued"), rollout()), memory=known(snapshot_json=json.dumps(over)), flavour="current"
    ) as at:
        row = await at.platform.reads[Kind.ROLLOUT].one(at.ref(Kind.ROLLOUT, ID))
        assert (row.status, row.conclusion) == ("completed", "success")
    running = json.dumps(rollout())
    async with bench("encore", answers(rollout("queued")), memory=known(snapshot_json=running), flavour="current") as at:
        assert [each.status for each in (await at.fetch(Kind.ROLLOUT)).items] == ["running"]


async def test_one_app_that_is_down_costs_itself_and_not_the_others() -> None:
    memory = known()
    memory.kept["roll_2"] = replace(KNOWN, id="roll_2", app="other-app", at=NOW)

    def answer(seen: Seen) -> Answer:
        if "other-app" in seen.path:
            return plain({"ok": False, "error": {"code": "internal"}}, 500)
        return answers(rollout())(seen)

    async with bench("encore", answer, memory=memory, flavour="current") as at:
        rows = await at.fetch(Kind.ROLLOUT)
        assert [(each.ref.id, each.status) for each in rows.items] == [("roll_2", ""), (ID, "running")]
        assert rows.unreadable == 1
        assert "internal" in rows.reason
    del memory.kept[ID]
    async with bench("encore", answer, memory=memory, flavour="current") as at:
        with pytest.raises(Unavailable):
            await at.fetch(Kind.ROLLOUT)


@pytest.mark.parametrize("body", [b"[]", b"{}", b'{"id":5}', b'{"id":"roll_other"}', b"null", b'{"ok":true,"data":null}', b"\xff"])
async def test_a_reply_that_is_no_rollout_is_a_bad_reply(body: bytes) -> None:
    async with bench("encore", answers(Answer(body=body)), memory=known(), flavour="current") as at:
        with pytest.raises(BadReply) as caught:
            await at.fetch(Kind.ROLLOUT)
        assert "GET /api/apps/shop-3p2i/rollouts/" in str(caught.value)


# -- the verb


@pytest.mark.parametrize(
    ("values", "sent"),
    [
        ({"branch": "main"}, {"branch": "main"}),
        ({"sha": SHA}, {"sha": SHA}),
        ({"branch": "main", "sha": "", "skip_tests": False, "force_rebuild": "no"}, {"branch": "main"}),
        ({"branch": "main", "skip_tests": True, "force_rebuild": "yes"}, {"branch": "main", "skip_tests": True, "force_rebuild": True}),
    ],
)
async def test_what_is_sent_is_what_was_shown(values: dict[str, Any], sent: dict[str, Any]) -> None:
    path = "/api/apps/shop-3p2i/envs/pr%3A72/rollouts"
    async with bench("encore", answers(rollout("pending"), path=path), flavour="current") as at:
        call = at.platform.verbs[Kind.ROLLOUT, Verb.TRIGGER]
        ref = at.ref(Kind.ENVIRONMENT, "shop-3p2i/pr:72")
        (request,) = call.plan(ref, values)
        accepted = await call.run(ref, values)
        assert (request.method, request.path, request.body) == ("POST", path, sent)
        assert (at.last.method, at.last.path, at.last.json) == ("POST", path, sent)
        assert (accepted.ref, accepted.done) == (at.ref(Kind.ROLLOUT, ID), False)
        kept = at.memory.kept[ID]
        assert (kept.app, kept.environment, kept.by, kept.at) == ("shop-3p2i", "pr:72", "ann", NOW)
        assert json.loads(kept.snapshot_json or "") == rollout("pending")


async def test_a_rollout_is_triggered_again_in_its_own_environment() -> None:
    path = "/api/apps/shop-3p2i/envs/prod/rollouts"
    async with bench("encore", answers(rollout() | {"id": "roll_2"}, path=path), memory=known(), flavour="current") as at:
        await at.platform.verbs[Kind.ROLLOUT, Verb.TRIGGER].run(at.ref(Kind.ROLLOUT, ID), {"sha": SHA})
        assert (at.last.path, set(at.memory.kept)) == (path, {ID, "roll_2"})


@pytest.mark.parametrize(
    ("id_", "values", "fields"),
    [
        ("shop-3p2i/prod", {}, {"sha", "branch"}),
        ("shop-3p2i/prod", {"sha": SHA, "branch": "main"}, {"sha", "branch"}),
        ("shop-3p2i/prod", {"sha": "abc"}, {"sha"}),
        ("shop-3p2i/prod", {"branch": "main", "skip_tests": True}, {"skip_tests"}),
        ("shop-3p2i/prod", {"branch": "main", "tag": "x"}, {"tag"}),
        ("shop-3p2i", {"branch": "main"}, {"environment"}),
    ],
)
async def test_what_cannot_be_right_is_not_sent(id_: str, values: dict[str, Any], fields: set[str]) -> None:
    async with bench("encore", answers({}), flavour="documented") as at:
        call = at.platform.verbs[Kind.ROLLOUT, Verb.TRIGGER]
        with pytest.raises(Refused) as caught:
            await call.run(at.ref(Kind.ENVIRONMENT, id_), values)
        assert set(caught.value.fields) == fields
        assert not caught.value.sent
        assert at.server.seen == []


@pytest.mark.parametrize(
    ("reply", "kind", "said"),
    [
        (
            plain({"ok": False, "error": {"code": "validation", "detail": {"field": "commit", "type": "not_found"}}}, 400),
            Refused,
            "does not know this commit",
        ),
        (
            plain({"ok": False, "error": {"code": "validation", "detail": {"field": "branch", "type": "x"}}}, 422),
            Refused,
            "does not know this branch",
        ),
        (
            plain({"ok": False, "error": {"code": "validation", "detail": {"field": "env", "type": "x"}}}, 404),
            Refused,
            "no such environment",
        ),
        (plain({"ok": False, "error": {"code": "app_not_found"}}, 404), NotFound, "no such app"),
        (plain({"ok": False, "error": {"code": "validation", "detail": {"field": "commit"}}}), Refused, "does not know this commit"),
        (plain({"ok": False, "error": {"code": "rate_limited"}}), RateLimited, "rate_limited"),
        (plain({"ok": False, "error": None}), Refused, "refused"),
        (plain({"error": "insufficient_scope", "error_description": "not yours"}, 403), Forbidden, "belongs to another app"),
        (plain({"ok": False, "error": {"code": "rate_limited"}}, 429, **{"Retry-After": "7"}), RateLimited, "rate_limited"),
        (Answer(status=502, body=b"<html><title>Bad gateway</title></html>", content_type="text/html"), Unavailable, "502"),
    ],
)
async def test_a_refusal_says_what_is_wrong(reply: Answer, kind: type[PlatformError], said: str) -> None:
    path = "/api/apps/shop-3p2i/envs/prod/rollouts"
    async with bench("encore", answers(reply, path=path), flavour="current") as at:
        with pytest.raises(kind) as caught:
            await at.platform.verbs[Kind.ROLLOUT, Verb.TRIGGER].run(at.ref(Kind.ENVIRONMENT, "shop-3p2i/prod"), {"branch": "main"})
        assert said in str(caught.value)
        assert at.memory.kept == {}
        assert [each.method for each in at.server.seen if each.path == path] == ["POST"]


async def test_an_answer_without_a_rollout_is_still_an_acceptance() -> None:
    path = "/api/apps/shop-3p2i/envs/prod/rollouts"
    async with bench("encore", answers(Answer(status=202), path=path)) as at:
        accepted = await at.platform.verbs[Kind.ROLLOUT, Verb.TRIGGER].run(at.ref(Kind.ENVIRONMENT, "shop-3p2i/prod"), {"branch": "main"})
    assert (accepted.ref, accepted.done) == (None, False)
    assert "dashboard" in accepted.text


# -- the rest


async def test_apps_and_environments_come_from_the_configuration() -> None:
    async with bench("encore", answers({})) as at:
        (app,) = (await at.fetch(Kind.APPLICATION)).items
        environments = (await at.fetch(Kind.ENVIRONMENT)).items
        assert [(each.ref.id, each.name, each.app) for each in environments] == [
            ("shop-3p2i/staging", "staging", app.ref),
            ("shop-3p2i/prod", "prod", app.ref),
        ]
        assert await at.fetch(Kind.ENVIRONMENT) is await at.fetch(Kind.ENVIRONMENT)
        assert at.server.seen == []
        with pytest.raises(Unsupported):
            at.platform.logs(app.ref, tail=1, follow=False)
        assert "dashboard" in at.platform.instead[Kind.ROLLOUT, Verb.STOP]


async def test_an_app_with_its_own_client_signs_in_as_itself() -> None:
    apps = (
        AppSpec(id="shop-3p2i", environments=("prod",)),
        AppSpec(id="own-app", environments=("prod",), client_id="o2c_own", client_secret=Secret("own")),
    )

    def answer(seen: Seen) -> Answer:
        if "oauth" in seen.path:
            return plain(TOKEN | {"access_token": f"token of {dict(seen.query)['client_id']}".replace(" ", "-")})
        return plain(rollout() | {"id": f"roll_{seen.path.split('/')[3]}"})

    async with bench("encore", answer, apps=apps) as at:
        for app in ("shop-3p2i", "own-app"):
            await at.platform.verbs[Kind.ROLLOUT, Verb.TRIGGER].run(at.ref(Kind.ENVIRONMENT, f"{app}/prod"), {"branch": "main"})
        sent = [each.headers["authorization"] for each in at.server.seen if each.method == "POST" and "rollouts" in each.path]
    assert sent == ["Bearer token-of-o2c_bench", "Bearer token-of-o2c_own"]


def page(code: str, **details: Any) -> dict[str, Any]:
    return {"code": code, "message": "up and running", "details": {"app_revision": "a1b2c3d-modified", **details}}


@pytest.mark.parametrize(
    ("reply", "health", "status", "rollout", "checks"),
    [
        (plain(page("ok", deploy_id=ID, checks=None)), Health.OK, "ok", ID, ()),
        (plain(page("ok", deploy_id=ID.removeprefix("roll_"))), Health.OK, "ok", ID, ()),
        (
            plain(page("unhealthy", checks=[{"name": "db", "passed": False, "error": "gone"}, {"name": "x", "passed": True}, 5]), 500),
            Health.BAD,
            "unhealthy",
            "",
            ("db: gone",),
        ),
        (plain(page("shutting_down", checks=[]), 503), Health.BUSY, "shutting_down", "", ()),
        (plain(page("resting")), Health.UNKNOWN, "resting", "", ()),
        (plain({}), Health.UNKNOWN, "no health page (200)", "", ()),
        (Answer(status=404, body=b"<html>no", content_type="text/html"), Health.UNKNOWN, "no health page (404)", "", ()),
        (Answer(body=b"<html>hi", content_type="text/html"), Health.UNKNOWN, "no answer", "", ()),
    ],
)
async def test_a_health_page_tells_what_is_live_and_gets_no_credentials(
    reply: Answer, health: Health, status: str, rollout: str, checks: tuple[str, ...]
) -> None:
    async with Loopback(lambda seen: reply) as pages:
        apps = (AppSpec(id="shop-3p2i", environments=("staging", "prod"), health={"prod": pages.url + "/base"}),)
        async with bench("encore", answers({}), apps=apps) as at:
            staging, prod = (await at.fetch(Kind.ENVIRONMENT)).items
            assert (prod.health, prod.status, prod.rollout, prod.checks) == (health, status, rollout, checks)
            assert prod.commit == ("a1b2c3d-modified" if b"app_revision" in reply.body else "")
            assert (staging.health, staging.status) == (Health.UNKNOWN, "")
            assert [(each.target, each.headers.get("authorization")) for each in pages.seen] == [("/base/__encore/healthz", None)]
            assert at.server.seen == []
            assert await at.fetch(Kind.ENVIRONMENT) is await at.fetch(Kind.ENVIRONMENT)
            assert at.platform.reads[Kind.ENVIRONMENT].cost == 1


async def test_an_environment_whose_page_is_down_hurts_nobody() -> None:
    async with Loopback(lambda seen: plain({})) as pages:
        url = pages.url
    apps = (AppSpec(id="shop-3p2i", environments=("prod",), health={"prod": url}),)
    async with bench("encore", answers({}), apps=apps) as at:
        (prod,) = (await at.fetch(Kind.ENVIRONMENT)).items
        assert (prod.health, prod.status) == (Health.UNKNOWN, "no answer")
