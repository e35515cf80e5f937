"""The adapters against the emulated servers as they really answer, inconvenient truths included, through real sockets."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from datetime import datetime
from typing import Any

import pytest

from tests.platforms.bench import Memory
from tests.platforms.test_emulated import STARTED, remembered
from tui.clock import Clock, ManualClock, SystemClock
from tui.emulator import Options, read_flavours, start_in_thread
from tui.emulator.server import Emulator
from tui.errors import Forbidden, HalfDone, NoEndpoint, NotFound, Refused, Unauthorized, WrongBaseUrl
from tui.model import Health, Kind, Ref, Verb
from tui.platforms.base import AppSpec, ConnectionSpec, Platform, SignIn
from tui.platforms.dployr import exchange, login, watch
from tui.platforms.registry import open_platform
from tui.text import Secret

CURRENT = read_flavours("current")


def start(**options: Any) -> Emulator:
    return start_in_thread(Options(**{"scenario": "calm", "now": STARTED.timestamp(), "frozen": True, "flavours": CURRENT, **options}))


@pytest.fixture(scope="module")
def shared() -> Iterator[Emulator]:
    """One emulator that the reading tests share."""
    with start(scenario="busy", per_minute=10_000) as emulator:
        yield emulator


@pytest.fixture
def fresh() -> Iterator[Emulator]:
    """One for a test that changes things."""
    with start() as emulator:
        yield emulator


@asynccontextmanager
async def adapter(
    emulator: Emulator,
    platform: str,
    *,
    memory: Memory | None = None,
    sign_in: SignIn | None = None,
    clock: Clock | None = None,
    **changes: Any,
) -> AsyncIterator[Any]:
    info = emulator.info
    own = info[platform]
    apps = tuple(
        AppSpec(
            id=app["id"],
            environments=tuple(app["environments"]),
            client_id=app["client_id"],
            client_secret=Secret(app["client_secret"]),
            health=app.get("health", {}),
        )
        for app in info["encore"]["apps"]
    )
    usual = SignIn() if platform == "encore" else SignIn(token=Secret(own["token"]))
    spec = ConnectionSpec(
        **{
            "name": platform,
            "platform": platform,
            "base_url": own["base_url"],
            "apps": apps if platform == "encore" else (),
            "cluster": "oncall",
            **changes,
        }
    )
    made: Platform = open_platform(
        spec, credentials=sign_in or usual, clock=clock or ManualClock(STARTED), journal_rollouts=memory or Memory()
    )
    try:
        yield made
    finally:
        await made.aclose()


@pytest.mark.parametrize("platform", ["encore", "dployr", "phase"])
async def test_the_flavour_is_found(shared: Emulator, platform: str) -> None:
    async with adapter(shared, platform, memory=remembered(shared.info)) as at:
        assert await at.detect() == "current"


DPLOYR = (Kind.SERVICE, Kind.DEPLOYMENT, Kind.INSTANCE, Kind.ROUTE, Kind.WEBHOOK, Kind.VARIABLE)
READS = [
    *(("dployr", kind) for kind in DPLOYR),
    *((name, kind) for name in ("encore", "phase") for kind in (Kind.APPLICATION, Kind.ENVIRONMENT)),
]


@pytest.mark.parametrize(("platform", "kind"), READS)
async def test_every_list_is_read_whole(shared: Emulator, platform: str, kind: Kind, monkeypatch: pytest.MonkeyPatch) -> None:
    # The lists alone: what the machines say comes when it comes.
    monkeypatch.setattr(watch.Watch, "listen", lambda *_: None)
    async with adapter(shared, platform) as at:
        await at.detect()
        assert kind in at.reads
        read = at.reads[kind]
        scopes = [each.ref.id for each in (await at.reads[read.per].fetch("")).items] if read.per else [""]
        rows = [await read.fetch(scope) for scope in scopes]
        assert [each.unreadable for each in rows] == [0] * len(rows)
        found = [item for each in rows for item in each.items]
        assert found or kind is Kind.WEBHOOK
        assert all(each.ref.kind is kind and each.ref.id and each.name for each in found)
        if kind in {Kind.DEPLOYMENT, Kind.INSTANCE}:
            assert Health.UNKNOWN not in {each.health for each in found}
        if kind is Kind.SERVICE:
            assert Health.OK not in {each.health for each in found}, "nothing in a list says that a service runs"
        assert await read.fetch(scopes[0]) is rows[0]


@pytest.mark.parametrize(("platform", "kind"), [pair for pair in READS if pair[1] in {Kind.SERVICE, Kind.DEPLOYMENT, Kind.INSTANCE}])
async def test_one_thing_says_at_least_what_the_list_says(
    shared: Emulator, platform: str, kind: Kind, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Both are asked when the machines have spoken.
    monkeypatch.setattr(watch, "BEGINNING", 5.0)
    monkeypatch.setattr(watch, "OTHERS", 0.3)
    async with adapter(shared, platform, clock=SystemClock()) as at:
        await at.detect()
        await at.reads[Kind.DEPLOYMENT].fetch("")
        listed = (await at.reads[kind].fetch("")).items[0]
        single = await at.reads[kind].one(listed.ref)
        assert (single.ref, single.name, single.status, single.health) == (listed.ref, listed.name, listed.status, listed.health)


async def test_an_environment_tells_what_is_live(shared: Emulator) -> None:
    async with adapter(shared, "encore", memory=remembered(shared.info)) as at:
        rows = (await at.reads[Kind.ENVIRONMENT].fetch("")).items
        live = [each for each in rows if each.health is Health.OK]
        assert live
        assert all(each.commit and each.rollout.startswith("roll_") for each in live)
        assert {each.status for each in rows} == {"ok", "no health page (404)"}, "where nothing is deployed there is no page"


async def test_rollouts_are_followed_with_each_apps_own_client(shared: Emulator) -> None:
    async with adapter(shared, "encore", memory=remembered(shared.info)) as at:
        rows = await at.reads[Kind.ROLLOUT].fetch("")
        assert (rows.unreadable, len(rows.items)) == (0, len(shared.info["encore"]["rollouts"]))
        assert not any(each.snapshot for each in rows.items)


QUIRKS = [
    "encore-wrapped",
    "encore-token-query",
    "encore-token-form",
    "encore-token-basic",
    "encore-read-below-env",
    "encore-webhook-words",
]


@pytest.mark.parametrize("quirk", QUIRKS)
async def test_rollouts_on_a_server_with_its_own_ways(quirk: str) -> None:
    with start(scenario="busy", quirks=frozenset({quirk})) as emulator:
        async with adapter(emulator, "encore", memory=remembered(emulator.info)) as at:
            assert await at.detect() == "current"
            rows = await at.reads[Kind.ROLLOUT].fetch("")
            assert rows.unreadable == 0
            assert Health.UNKNOWN not in {each.health for each in rows.items}
            target = (await at.reads[Kind.ENVIRONMENT].fetch("")).items[0]
            made = await at.verbs[Kind.ROLLOUT, Verb.TRIGGER].run(target.ref, {"branch": "main", "force_rebuild": True})
            assert made.ref in {each.ref for each in (await at.reads[Kind.ROLLOUT].fetch("")).items}


async def test_rollouts_with_words_that_nobody_documented_are_unknown_and_shown() -> None:
    with start(scenario="busy", quirks=frozenset({"encore-new-words"})) as emulator:
        async with adapter(emulator, "encore", memory=remembered(emulator.info)) as at:
            rows = await at.reads[Kind.ROLLOUT].fetch("")
            assert rows.unreadable == 0
            assert Health.UNKNOWN in {phase.health for each in rows.items for phase in each.phases} | {each.health for each in rows.items}


async def test_rollouts_that_cannot_be_read_are_what_the_post_answered() -> None:
    with start(quirks=frozenset({"encore-no-read"})) as emulator:
        async with adapter(emulator, "encore") as at:
            target = (await at.reads[Kind.ENVIRONMENT].fetch("")).items[0]
            made = await at.verbs[Kind.ROLLOUT, Verb.TRIGGER].run(target.ref, {"branch": "main"})
            (row,) = (await at.reads[Kind.ROLLOUT].fetch("")).items
            assert (row.ref, row.snapshot, at.flavour) == (made.ref, True, "documented")


async def test_an_unwell_environment_is_bad_and_not_missing() -> None:
    with start(quirks=frozenset({"encore-unhealthy"})) as emulator:
        async with adapter(emulator, "encore") as at:
            rows = (await at.reads[Kind.ENVIRONMENT].fetch("")).items
            assert (Health.BAD, "unhealthy") in {(each.health, each.status) for each in rows}
            assert Health.OK not in {each.health for each in rows}


@pytest.mark.parametrize(
    ("values", "field"),
    [({"sha": "0" * 40}, "sha"), ({"branch": "missing/branch"}, "branch")],
)
async def test_what_encore_does_not_know_is_named(fresh: Emulator, values: dict[str, Any], field: str) -> None:
    async with adapter(fresh, "encore") as at:
        target = (await at.reads[Kind.ENVIRONMENT].fetch("")).items[0]
        with pytest.raises(Refused) as caught:
            await at.verbs[Kind.ROLLOUT, Verb.TRIGGER].run(target.ref, values)
        assert set(caught.value.fields) == {field}


# -- dployr


class Hurry:
    """The machine's clock, whose sleeps last a hundredth of what was asked for."""

    def __init__(self) -> None:
        self._real = SystemClock()

    def wall(self) -> datetime:
        return STARTED

    def boot(self) -> float:
        return self._real.boot()

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds / 100)


async def test_services_are_stopped_started_and_restarted(fresh: Emulator) -> None:
    async with adapter(fresh, "dployr", clock=Hurry()) as at:
        await at.detect()
        ref = (await at.reads[Kind.SERVICE].fetch("")).items[0].ref
        for verb in (Verb.STOP, Verb.START, Verb.RESTART):
            accepted = await at.verbs[Kind.SERVICE, verb].run(ref, {})
            assert (accepted.ref, accepted.done) == (ref, False)
        with pytest.raises(NotFound):
            await at.verbs[Kind.SERVICE, Verb.STOP].run(Ref(connection="dployr", kind=Kind.SERVICE, id="01ARZ3NDEKTSV4RRFFQ69G5FAV"), {})


async def test_a_start_that_fails_after_a_stop_is_half_done() -> None:
    with start(quirks=frozenset({"dployr-no-start"})) as emulator:
        async with adapter(emulator, "dployr", clock=Hurry()) as at:
            await at.detect()
            ref = (await at.reads[Kind.SERVICE].fetch("")).items[0].ref
            with pytest.raises(HalfDone, match="not started again"):
                await at.verbs[Kind.SERVICE, Verb.RESTART].run(ref, {})


async def test_an_offline_machine_is_a_refusal_and_no_outage() -> None:
    with start(quirks=frozenset({"dployr-node-offline"})) as emulator:
        async with adapter(emulator, "dployr") as at:
            await at.detect()
            ref = (await at.reads[Kind.SERVICE].fetch("")).items[0].ref
            with pytest.raises(Refused) as caught:
                await at.verbs[Kind.SERVICE, Verb.STOP].run(ref, {})
            assert caught.value.status == 503


async def test_variables_are_changed_as_a_whole_and_nothing_is_lost(fresh: Emulator) -> None:
    async with adapter(fresh, "dployr") as at:
        await at.detect()
        owner = (await at.reads[Kind.SERVICE].fetch("")).items[0].ref
        before = {each.name: each.value for each in (await at.reads[Kind.VARIABLE].fetch(owner.id)).items}
        accepted = await at.verbs[Kind.VARIABLE, Verb.SET].run(owner, {"key": "NIGHT_KEY", "value": Secret("hush hush")})
        after = {each.name: each.value for each in (await at.reads[Kind.VARIABLE].fetch(owner.id)).items}
        assert after == before | {"NIGHT_KEY": Secret("hush hush")}
        await at.verbs[Kind.VARIABLE, Verb.DELETE].run(accepted.ref, {})
        assert {each.name: each.value for each in (await at.reads[Kind.VARIABLE].fetch(owner.id)).items} == before


async def test_a_patch_that_is_stored_though_it_failed_is_half_done() -> None:
    with start(quirks=frozenset({"dployr-stored-503"})) as emulator:
        async with adapter(emulator, "dployr") as at:
            await at.detect()
            owner = (await at.reads[Kind.SERVICE].fetch("")).items[0].ref
            with pytest.raises(HalfDone, match="stored"):
                await at.verbs[Kind.VARIABLE, Verb.SET].run(owner, {"key": "NIGHT_KEY", "value": "x"})
            assert "NIGHT_KEY" in {each.name for each in (await at.reads[Kind.VARIABLE].fetch(owner.id)).items}


async def test_deployments_routes_and_the_webhook_are_made_and_unmade(fresh: Emulator) -> None:
    async with adapter(fresh, "dployr") as at:
        await at.detect()
        values = {
            "name": "night-app",
            "source": "remote",
            "runtime": "nodejs",
            "version": "20",
            "remote": "https://github.com/u/r",
            "port": 3000,
        }
        await at.verbs[Kind.DEPLOYMENT, Verb.CREATE].run(Ref(connection="dployr", kind=Kind.DEPLOYMENT, id=""), values)
        made = next(each for each in (await at.reads[Kind.DEPLOYMENT].fetch("")).items if each.name == "night-app")
        assert (made.health, made.remote) == (Health.BUSY, "https://github.com/u/r")
        fresh.do(lambda control: control.advance(3600.0))
        for _ in range(2):
            rows = (await at.reads[Kind.DEPLOYMENT].fetch("")).items
        made = next(each for each in rows if each.name == "night-app")
        assert made.health in {Health.OK, Health.BAD}
        changed = await at.verbs[Kind.DEPLOYMENT, Verb.UPDATE].run(made.ref, {"version": "22"})
        assert changed.ref == made.ref
        fresh.do(lambda control: control.advance(3600.0))
        service = next(each for each in (await at.reads[Kind.SERVICE].fetch("")).items if each.name == "night-app")
        route = Ref(connection="dployr", kind=Kind.ROUTE, id="")
        domain = await at.verbs[Kind.ROUTE, Verb.CREATE].run(
            route, {"domain": "night.example.com", "service_id": service.ref.id, "port": 3000}
        )
        assert "TXT" in domain.text
        assert domain.ref in {each.ref for each in (await at.reads[Kind.ROUTE].fetch("")).items}
        await at.verbs[Kind.ROUTE, Verb.DELETE].run(domain.ref, {})
        hook = await at.verbs[Kind.WEBHOOK, Verb.CREATE].run(
            Ref(connection="dployr", kind=Kind.WEBHOOK, id=""), {"url": "https://example.com/hook", "events": ["deployment.finished"]}
        )
        assert [each.ref for each in (await at.reads[Kind.WEBHOOK].fetch("")).items] == [hook.ref]
        gone = await at.verbs[Kind.DEPLOYMENT, Verb.DELETE].run(made.ref, {})
        assert gone.done
        assert "night-app" not in {each.name for each in (await at.reads[Kind.DEPLOYMENT].fetch("")).items}
        assert {"deployment.created", "domain.created"} & {each.what for each in await at.events()}


async def test_the_log_has_its_last_lines_and_goes_on(shared: Emulator) -> None:
    async with adapter(shared, "dployr", clock=Hurry()) as at:
        await at.detect()
        now = shared.do(lambda control: control.world.now())
        at._clock.wall = lambda: datetime.fromtimestamp(now, STARTED.tzinfo)
        ref = (await at.reads[Kind.SERVICE].fetch("")).items[0].ref
        lines = [line async for batch in at.logs(ref, tail=5, follow=False) for line in batch]
        assert len(lines) == 5
        stream = at.logs(ref, tail=3, follow=True)
        seen: list[Any] = []
        async for batch in stream:
            seen += batch
            if len(seen) == 3:
                shared.do(lambda control: control.advance(120.0))
            if len(seen) > 3:
                break
        await stream.aclose()
        assert [line.text for line in seen[:3]] == [line.text for line in lines[2:]]
        assert seen[2].at <= seen[3].at


async def test_a_server_without_logs_says_so() -> None:
    with start(quirks=frozenset({"dployr-no-logs"})) as emulator:
        async with adapter(emulator, "dployr") as at:
            await at.detect()
            ref = (await at.reads[Kind.SERVICE].fetch("")).items[0].ref
            for follow in (False, True):
                with pytest.raises(NoEndpoint, match="logs are not available on this server"):
                    [batch async for batch in at.logs(ref, tail=5, follow=follow)]


@pytest.mark.parametrize("quirks", [frozenset(), frozenset({"dployr-totp"})])
async def test_signing_in_by_code_gives_a_token_that_works(quirks: frozenset[str]) -> None:
    with start(quirks=quirks) as emulator:
        own = emulator.info["dployr"]
        spec = ConnectionSpec(name="dployr", platform="dployr", base_url=own["base_url"])
        way = exchange(spec, ManualClock(STARTED))
        assert await login.ask_for_code(way, own["email"]) is bool(quirks)
        with pytest.raises(Refused):
            await login.enter_code(way, own["email"], Secret("WRONG0"))
        assert own["email"]
        await way.aclose()


async def test_a_viewers_verbs_say_which_role_is_missing(fresh: Emulator) -> None:
    viewer = next((token for email, token in fresh.info["dployr"]["tokens"].items() if "viewer" in email), None)
    assert viewer, fresh.info["dployr"]["tokens"].keys()
    async with adapter(fresh, "dployr", sign_in=SignIn(token=Secret(viewer))) as at:
        await at.detect()
        await at.reads[Kind.SERVICE].fetch("")
        assert at.verbs == {}
        assert "viewer" in at.instead[Kind.SERVICE, Verb.STOP]


# -- Phase


async def test_a_write_that_answered_500_is_looked_for_and_told() -> None:
    with start(quirks=frozenset({"phase-stored-500"})) as emulator:
        async with adapter(emulator, "phase") as at:
            await at.detect()
            app = await at.verbs[Kind.APPLICATION, Verb.CREATE].run(
                Ref(connection="phase", kind=Kind.APPLICATION, id=""), {"name": "night"}
            )
            assert (app.done, "but it is there" in app.text) == (True, True)
            environment = await at.verbs[Kind.ENVIRONMENT, Verb.CREATE].run(app.ref, {"name": "canary"})
            renamed = await at.verbs[Kind.ENVIRONMENT, Verb.UPDATE].run(environment.ref, {"name": "canary-2"})
            assert renamed.resource.name == "canary-2"


async def test_an_end_to_end_encrypted_app_is_only_listed(shared: Emulator) -> None:
    async with adapter(shared, "phase") as at:
        locked = [each for each in (await at.reads[Kind.APPLICATION].fetch("")).items if each.encrypted is False]
        assert locked
        assert (await at.reads[Kind.ENVIRONMENT].fetch(locked[0].ref.id)).items == ()
        with pytest.raises(Forbidden, match="only list"):
            await at.verbs[Kind.APPLICATION, Verb.UPDATE].run(locked[0].ref, {"name": "x"})


async def test_a_login_page_instead_of_the_api_names_the_right_address() -> None:
    with start(quirks=frozenset({"phase-login-page"})) as emulator:
        root = emulator.info["phase"]["base_url"].removesuffix("/service/public")
        async with adapter(emulator, "phase", base_url=root) as at:
            with pytest.raises(WrongBaseUrl) as caught:
                await at.detect()
            assert f"try base_url = {root}/service/public" in str(caught.value)
        async with adapter(emulator, "phase", base_url=root + "/service/public") as at:
            assert await at.detect() == "current"


async def test_the_pre_release_is_read_like_the_documents() -> None:
    with start(quirks=frozenset({"phase-prerelease"})) as emulator:
        async with adapter(emulator, "phase") as at:
            assert await at.detect() == "documented"
            assert (await at.reads[Kind.APPLICATION].fetch("")).items
        async with adapter(emulator, "phase", sign_in=SignIn(token=Secret("User nobody"))) as at:
            with pytest.raises(Unauthorized):
                await at.detect()
