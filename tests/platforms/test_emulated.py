"""The adapters against the emulated servers, through real sockets: every read, every verb and the log, in the documented flavour.

The emulator was written from the same documents by other hands; where the two disagree, one of them has misread.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Any

import pytest

from tests.platforms.bench import Memory
from tui.clock import ManualClock
from tui.emulator import Options, read_flavours, start_in_thread
from tui.emulator.server import Emulator
from tui.errors import NotFound, Refused, Unauthorized
from tui.model import Health, Kind, KnownRollout, Ref, Verb
from tui.platforms.base import AppSpec, ConnectionSpec, Platform, SignIn
from tui.platforms.registry import open_platform
from tui.text import Secret

STARTED = datetime(2025, 9, 6, 22, 31, tzinfo=UTC)


@pytest.fixture(scope="module")
def shared() -> Iterator[Emulator]:
    """One emulator that the reading tests share."""
    with start_in_thread(Options(scenario="busy", now=STARTED.timestamp(), frozen=True)) as emulator:
        yield emulator


@pytest.fixture
def fresh() -> Iterator[Emulator]:
    """One for a test that changes things."""
    with start_in_thread(Options(scenario="calm", now=STARTED.timestamp(), frozen=True)) as emulator:
        yield emulator


def sign_in(info: dict[str, Any], platform: str) -> SignIn:
    own = info[platform]
    return {
        "encore": lambda: SignIn(client_id=own["client_id"], client_secret=Secret(own["client_secret"])),
        "dployr": lambda: SignIn(email=own["email"], password=Secret(own["password"])),
        "phase": lambda: SignIn(token=Secret(own["token"])),
    }[platform]()


@asynccontextmanager
async def adapter(emulator: Emulator, platform: str, *, memory: Memory | None = None, **changes: Any) -> AsyncIterator[Platform]:
    info = emulator.info
    apps = tuple(AppSpec(id=app["id"], environments=tuple(app["environments"])) for app in info["encore"]["apps"])
    spec = ConnectionSpec(
        name=platform, platform=platform, base_url=info[platform]["base_url"], apps=apps if platform == "encore" else (), **changes
    )
    made = open_platform(spec, credentials=sign_in(info, platform), clock=ManualClock(STARTED), journal_rollouts=memory or Memory())
    try:
        await made.detect()
        yield made
    finally:
        await made.aclose()


def remembered(info: dict[str, Any]) -> Memory:
    return Memory({each["id"]: KnownRollout(**{**each, "at": datetime.fromisoformat(each["at"])}) for each in info["encore"]["rollouts"]})


READS = [
    *(("dployr", kind) for kind in (Kind.SERVICE, Kind.DEPLOYMENT, Kind.INSTANCE, Kind.ROUTE, Kind.PROJECT, Kind.WEBHOOK, Kind.VARIABLE)),
    *(("phase", kind) for kind in (Kind.APPLICATION, Kind.ENVIRONMENT)),
    *(("encore", kind) for kind in (Kind.APPLICATION, Kind.ENVIRONMENT)),
]
HEALTHY_KINDS = {Kind.SERVICE, Kind.DEPLOYMENT, Kind.INSTANCE}


@pytest.mark.parametrize(("platform", "kind"), READS)
async def test_every_list_is_read_whole(shared: Emulator, platform: str, kind: Kind) -> None:
    async with adapter(shared, platform) as at:
        read = at.reads[kind]
        scopes = [each.ref.id for each in (await at.reads[read.per].fetch("")).items] if read.per else [""]
        rows = [await read.fetch(scope) for scope in scopes]
        assert [each.unreadable for each in rows] == [0] * len(rows)
        found = [item for each in rows for item in each.items]
        assert found
        assert all(each.ref.kind is kind and each.ref.id and each.name for each in found)
        if kind in HEALTHY_KINDS:
            assert [each.status for each in found if each.health is Health.UNKNOWN] == []
        if platform != "encore":
            assert all(each.created_at or kind is Kind.VARIABLE for each in found)
        assert await read.fetch(scopes[0]) is rows[0]


@pytest.mark.parametrize(("platform", "kind"), [pair for pair in READS if pair[1] in {*HEALTHY_KINDS, Kind.APPLICATION, Kind.ENVIRONMENT}])
async def test_one_thing_says_at_least_what_the_list_says(shared: Emulator, platform: str, kind: Kind) -> None:
    async with adapter(shared, platform) as at:
        read = at.reads[kind]
        if read.one is None:
            assert platform == "encore"
            return
        scope = (await at.reads[read.per].fetch("")).items[0].ref.id if read.per else ""
        listed = (await read.fetch(scope)).items[0]
        single = await read.one(listed.ref)
        assert (single.ref, single.name, single.status, single.health) == (listed.ref, listed.name, listed.status, listed.health)
        if kind is Kind.INSTANCE:
            assert 0 <= single.cpu_share <= 1
            assert 0 < single.memory_bytes < single.memory_total_bytes
            assert 0 < single.disk_share < 1
            assert (await read.fetch(scope)).items[0].cpu_share == single.cpu_share
        if kind is Kind.SERVICE:
            assert single.restarts is not None


async def test_the_flavours_are_found(shared: Emulator) -> None:
    found = {}
    for platform in ("encore", "dployr", "phase"):
        async with adapter(shared, platform) as at:
            found[platform] = at.flavour
    assert found == {"encore": "unknown", "dployr": "documented", "phase": "documented"}
    async with adapter(shared, "encore", memory=remembered(shared.info)) as at:
        assert at.flavour == "documented"


async def test_the_budget_is_read_from_the_headers(shared: Emulator) -> None:
    async with adapter(shared, "dployr") as at:
        await at.reads[Kind.PROJECT].fetch("")
        before = at.rate
        await at.reads[Kind.PROJECT].fetch("")
        assert before is not None
        assert at.rate is not None
        assert (before.limit, before.remaining - at.rate.remaining) == (1000, 1)


async def test_rollouts_of_a_documented_server_are_what_the_post_answered(fresh: Emulator) -> None:
    memory = Memory()
    async with adapter(fresh, "encore", memory=memory, flavour="documented") as at:
        target = (await at.reads[Kind.ENVIRONMENT].fetch("")).items[0]
        accepted = await at.verbs[Kind.ROLLOUT, Verb.TRIGGER].run(target.ref, {"branch": "main"})
        assert accepted.ref is not None
        assert not accepted.done
        (row,) = (await at.reads[Kind.ROLLOUT].fetch("")).items
        assert (row.ref, row.snapshot, row.target, f"{row.app}/{row.environment}") == (accepted.ref, True, "main", target.ref.id)
        assert row.health is Health.UNKNOWN
        assert [each.name for each in row.phases] == ["build", "infra", "deploy"]


async def test_rollouts_of_a_current_server_are_asked_for_until_they_are_over() -> None:
    options = Options(scenario="busy", now=STARTED.timestamp(), frozen=True, flavours=read_flavours("encore=current"))
    with start_in_thread(options) as emulator:
        memory = remembered(emulator.info)
        async with adapter(emulator, "encore", memory=memory) as at:
            assert at.flavour == "current"
            rows = (await at.reads[Kind.ROLLOUT].fetch("")).items
            assert len(rows) == len(memory.kept)
            assert not any(each.snapshot for each in rows)
            assert Health.UNKNOWN not in {each.health for each in rows}
            emulator.do(lambda control: control.advance(24 * 3600.0))
            for _ in range(3):
                rows = (await at.reads[Kind.ROLLOUT].fetch("")).items
            done = [each for each in rows if each.status == "completed"]
            assert done
            assert all(phase.status in {"completed", "not run"} for each in done for phase in each.phases)


async def test_a_service_is_stopped_and_started(fresh: Emulator) -> None:
    async with adapter(fresh, "dployr") as at:
        read = at.reads[Kind.SERVICE]
        first = next(each for each in (await read.fetch("")).items if each.status == "running")
        for verb, word, health in (
            (Verb.STOP, "stopped", Health.IDLE),
            (Verb.START, "running", Health.OK),
            (Verb.RESTART, "running", Health.OK),
        ):
            accepted = await at.verbs[Kind.SERVICE, verb].run(first.ref, {})
            assert not accepted.done
            fresh.do(lambda control: control.advance(300.0))
            assert read.one is not None
            now = await read.one(first.ref)
            assert (now.status, now.health) == (word, health)


CREATED: list[tuple[Kind, dict[str, Any]]] = [
    (Kind.PROJECT, {"name": "night-shift", "description": "x"}),
    (
        Kind.DEPLOYMENT,
        {"name": "night-app", "source": "remote", "runtime": "nodejs", "version": "20", "remote": "https://github.com/u/r", "port": 3000},
    ),
    (Kind.WEBHOOK, {"url": "https://example.com/hook", "events": ["deployment.failed"], "secret": Secret("hush")}),
    (Kind.ROUTE, {"domain": "night.example.com", "port": 3000}),
]


@pytest.mark.parametrize(("kind", "values"), CREATED)
async def test_what_is_created_is_listed_and_what_is_deleted_is_not(fresh: Emulator, kind: Kind, values: dict[str, Any]) -> None:
    async with adapter(fresh, "dployr") as at:
        if kind is Kind.ROUTE:
            values = values | {"service_id": (await at.reads[Kind.SERVICE].fetch("")).items[0].ref.id}
        accepted = await at.verbs[kind, Verb.CREATE].run(Ref(connection="dployr", kind=kind, id=""), values)
        assert accepted.ref is not None
        rows = await at.reads[kind].fetch("")
        assert accepted.ref in {each.ref for each in rows.items}
        assert "hush" not in "".join(each.raw for each in rows.items)
        if (kind, Verb.DELETE) not in at.verbs:
            assert at.instead[kind, Verb.DELETE]
            return
        fresh.do(lambda control: control.advance(3600.0))
        gone = await at.verbs[kind, Verb.DELETE].run(accepted.ref, {})
        assert gone.done
        assert accepted.ref not in {each.ref for each in (await at.reads[kind].fetch("")).items}
        with pytest.raises(NotFound):
            await at.verbs[kind, Verb.DELETE].run(accepted.ref, {})


async def test_a_deployment_is_changed(fresh: Emulator) -> None:
    async with adapter(fresh, "dployr") as at:
        first = next(each for each in (await at.reads[Kind.DEPLOYMENT].fetch("")).items if each.runtime == "nodejs")
        accepted = await at.verbs[Kind.DEPLOYMENT, Verb.UPDATE].run(first.ref, {"version": "22", "env": {"NODE_ENV": "production"}})
        assert accepted.resource is not None
        assert accepted.resource.version == "22"
        assert "NODE_ENV" in accepted.resource.variables
        assert "production" not in accepted.resource.raw
        with pytest.raises(Refused) as caught:
            await at.verbs[Kind.DEPLOYMENT, Verb.CREATE].run(
                Ref(connection="dployr", kind=Kind.DEPLOYMENT, id=""),
                {"name": "x", "source": "remote", "runtime": "cobol", "remote": "https://github.com/u/r"},
            )
        assert "runtime" in caught.value.fields


async def test_a_variable_is_set_shown_masked_and_deleted(fresh: Emulator) -> None:
    async with adapter(fresh, "dployr") as at:
        owner = (await at.reads[Kind.SERVICE].fetch("")).items[0].ref
        accepted = await at.verbs[Kind.VARIABLE, Verb.SET].run(owner, {"key": "NIGHT_KEY", "value": Secret("hush hush")})
        rows = await at.reads[Kind.VARIABLE].fetch(owner.id)
        row = next(each for each in rows.items if each.ref == accepted.ref)
        assert (row.name, row.value.reveal(), row.service) == ("NIGHT_KEY", "hush hush", owner)
        assert "hush" not in row.raw + repr(row)
        assert accepted.ref is not None
        await at.verbs[Kind.VARIABLE, Verb.DELETE].run(accepted.ref, {})
        assert accepted.ref not in {each.ref for each in (await at.reads[Kind.VARIABLE].fetch(owner.id)).items}


async def test_apps_and_environments_of_phase_live_and_die(fresh: Emulator) -> None:
    async with adapter(fresh, "phase") as at:
        made = await at.verbs[Kind.APPLICATION, Verb.CREATE].run(Ref(connection="phase", kind=Kind.APPLICATION, id=""), {"name": "night"})
        assert made.ref is not None
        environments = (await at.reads[Kind.ENVIRONMENT].fetch(made.ref.id)).items
        assert [each.name for each in environments] == ["Development", "Staging", "Production"]
        assert [each.type for each in environments] == ["dev", "staging", "prod"]
        canary = await at.verbs[Kind.ENVIRONMENT, Verb.CREATE].run(made.ref, {"name": "canary"})
        assert canary.ref is not None
        assert canary.resource is not None
        assert canary.resource.app == made.ref
        renamed = await at.verbs[Kind.ENVIRONMENT, Verb.UPDATE].run(canary.ref, {"name": "canary-2"})
        assert renamed.resource is not None
        assert (renamed.ref, renamed.resource.name) == (canary.ref, "canary-2")
        with pytest.raises(Refused) as caught:
            await at.verbs[Kind.ENVIRONMENT, Verb.CREATE].run(made.ref, {"name": "production"})
        assert caught.value.fields
        changed = await at.verbs[Kind.APPLICATION, Verb.UPDATE].run(made.ref, {"description": "after dark"})
        assert changed.resource is not None
        assert changed.resource.description == "after dark"
        for call, ref in ((Kind.ENVIRONMENT, canary.ref), (Kind.APPLICATION, made.ref)):
            assert (await at.verbs[call, Verb.DELETE].run(ref, {})).done
        with pytest.raises(NotFound):
            await at.verbs[Kind.APPLICATION, Verb.DELETE].run(made.ref, {})


async def test_the_log_has_a_tail_and_goes_on(shared: Emulator) -> None:
    async with adapter(shared, "dployr") as at:
        ref = (await at.reads[Kind.SERVICE].fetch("")).items[0].ref
        batches = [batch async for batch in at.logs(ref, tail=5, follow=False)]
        lines = [line for batch in batches for line in batch]
        assert len(lines) == 5
        assert all(line.at and line.text and line.level for line in lines)
        assert [line.at for line in lines] == sorted(line.at for line in lines if line.at)
        stream = at.logs(ref, tail=3, follow=True)
        seen: list[Any] = []
        async for batch in stream:
            seen += batch
            if len(seen) == 3:
                shared.do(lambda control: control.advance(120.0))
            if len(seen) > 3:
                break
        await stream.aclose()  # type: ignore[attr-defined]
        assert seen[2].at < seen[3].at


WRONG = [
    ("encore", SignIn(client_id="x", client_secret=Secret("y"))),
    ("dployr", SignIn(email="nobody@example.com", password=Secret("y"))),
    ("dployr", SignIn(token=Secret("nobody"))),
    ("phase", SignIn(token=Secret("nobody"))),
    ("phase", SignIn()),
]


@pytest.mark.parametrize(("platform", "wrong"), WRONG)
async def test_a_wrong_sign_in_says_what_to_do(shared: Emulator, platform: str, wrong: SignIn) -> None:
    app = AppSpec(id="a", environments=("b",))
    spec = ConnectionSpec(name="w", platform=platform, base_url=shared.info[platform]["base_url"], apps=(app,))
    at = open_platform(spec, credentials=wrong, clock=ManualClock(STARTED), journal_rollouts=Memory())
    ref = Ref(connection="w", kind=Kind.ENVIRONMENT, id="a/b")
    asked = {
        "encore": lambda: at.verbs[Kind.ROLLOUT, Verb.TRIGGER].run(ref, {"branch": "main"}),
        "phase": lambda: at.reads[Kind.APPLICATION].fetch(""),
        "dployr": lambda: at.reads[Kind.SERVICE].fetch(""),
    }
    with pytest.raises(Unauthorized) as caught:
        await asked[platform]()
    assert "rollwatch login w" in str(caught.value)
    await at.aclose()
