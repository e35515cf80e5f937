"""A session double for the console's tests: the real store and signals, platforms that are told what to know, no polling.

Tests put rows and failures in; the console sees what it would see of real platforms. Time is a ``ManualClock``.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from tui.clock import ManualClock
from tui.engine.bursts import Bursts
from tui.engine.feeds import Change, Feed, Pending
from tui.engine.guardrails import Guardrails
from tui.engine.joins import AppNode, tree
from tui.engine.loads import Loads
from tui.engine.ports import Event
from tui.engine.signals import Signal
from tui.engine.store import Store
from tui.engine.stream import StreamState
from tui.engine.verdicts import Verdict
from tui.errors import PlatformError, Unauthorized, Unreachable
from tui.model import (
    Application,
    Deployment,
    Environment,
    Health,
    Instance,
    Kind,
    LogLine,
    Phase,
    Project,
    RateLimit,
    Ref,
    Resource,
    Rollout,
    Route,
    Service,
    Variable,
    Verb,
    Webhook,
)
from tui.platforms.base import Happening, Read, Request, Rows
from tui.text import Safe, Secret

NOW = datetime(2025, 11, 5, 22, 31, 7, tzinfo=UTC)

READS: Mapping[str, tuple[Kind, ...]] = {
    "encore": (Kind.APPLICATION, Kind.ENVIRONMENT, Kind.ROLLOUT),
    "dployr": (Kind.SERVICE, Kind.DEPLOYMENT, Kind.INSTANCE, Kind.ROUTE, Kind.PROJECT, Kind.WEBHOOK),
    "phase": (Kind.APPLICATION, Kind.ENVIRONMENT),
}


@dataclass
class FakePlatform:
    """As much of a platform as the store asks for."""

    name: str
    platform: str
    rate: RateLimit | None = None
    heard: float | None = float("inf")
    flavour: str = "documented"
    where: str = "https://api.example.test"
    reads: dict[Kind, Read] = field(default_factory=dict)


class FakeFollow:
    """A log that a test writes."""

    def __init__(self, ref: Ref, boot: float) -> None:
        self.ref = ref
        self.closed = False
        self.lines: list[Any] = []
        self.state = StreamState(word="connecting", since=boot)
        self._heard: Signal[tuple[Any, ...]] = Signal("log")

    def listen(self, callback: Callable[[tuple[Any, ...]], object]) -> Callable[[], None]:
        return self._heard.subscribe(callback)

    def write(self, *lines: Any) -> None:
        self.state = StreamState(word="live", since=self.state.since)
        self.lines.extend(lines)
        self._heard.publish(lines)

    def become(self, state: StreamState) -> None:
        self.state = state
        self._heard.publish(())

    def retry(self) -> None:
        self.become(StreamState(word="connecting", since=self.state.since))

    def close(self) -> None:
        self.closed = True


@dataclass
class Desk:
    """What the console takes for a session."""

    context: str = "prod"
    production: bool = False
    read_only: bool = False
    past: Any = None
    nobody: bool = False
    unsaved: str = ""
    stopped: str = ""
    clock: ManualClock = field(default_factory=lambda: ManualClock(NOW))
    refused: dict[Verb, str] = field(default_factory=dict)
    guardrails: Guardrails = field(default_factory=Guardrails)
    logged: frozenset[Kind] = frozenset({Kind.SERVICE})
    done: list[tuple[Verb, Ref, dict[str, Any]]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.platforms = [FakePlatform("shop", "encore"), FakePlatform("fleet", "dployr"), FakePlatform("vault", "phase")]
        if self.nobody:
            self.platforms = []
        self.store = Store(self.clock, self.platforms)  # type: ignore[arg-type]
        self.loads = Loads(self.store)
        self.changes: Signal[Change] = Signal("changes")
        self.changes.subscribe(self.loads.note)
        self.verdicts: Signal[Verdict] = Signal("verdicts")
        self.happenings: Signal[tuple[str, Happening]] = Signal("happenings")
        self.shown: dict[str, tuple[Feed, ...]] = {}
        self.refreshed = 0
        self.unread: tuple[Feed, ...] = ()
        self.follows: list[Any] = []
        self.pending_verbs: tuple[Pending, ...] = ()
        self.told: list[Event] = []
        self.bursts = Bursts(self.told.append)

    # what the console asks

    def feeds(self, kind: Kind | None = None) -> tuple[Feed, ...]:
        pairs = [(platform.name, each) for platform in self.platforms for each in READS[platform.platform]]
        return tuple(Feed(connection=name, kind=each) for name, each in pairs if kind in (None, each))

    def tree(self) -> tuple[AppNode, ...]:
        return tree(self.store)

    def show(self, owner: str, feeds: Collection[Feed]) -> None:
        self.shown[owner] = tuple(feeds)

    def pace(self, floors: Mapping[str, float]) -> None:
        self.floors = dict(floors)

    async def refresh(self, feeds: Collection[Feed] | None = None) -> tuple[Feed, ...]:
        self.refreshed += 1
        return self.unread

    def has_log(self, ref: Ref) -> bool:
        return ref.kind in self.logged

    def in_flight(self) -> tuple[Pending, ...]:
        return self.store.in_flight()

    def why_not(self, target: Ref | Kind, verb: Verb, *, kind: Kind | None = None, override: bool = False) -> str | None:
        if self.read_only:
            return "this context is read-only"
        return self.refused.get(verb)

    def typed(self, ref: Ref, verb: Verb, kind: Kind) -> bool:
        return self.guardrails.typed(ref, self._name(ref), verb, kind)

    def at_most(self, refs: Collection[Ref], verb: Verb, kind: Kind) -> int:
        return min((most for ref in refs if (most := self.guardrails.at_most(ref, self._name(ref), verb, kind))), default=0)

    def _name(self, ref: Ref) -> str:
        row = self.store.get(ref)
        return str(row.name) if row is not None else ""

    def takes(self, connection: str, kind: Kind, verb: Verb) -> Collection[str] | None:
        return None

    def plan(self, verb: Verb, ref: Ref, values: Mapping[str, Any], *, kind: Kind | None = None) -> tuple[Request, ...]:
        return (Request(method="POST", path=f"/v1/{ref.kind}s/{ref.id}/{verb}"),)

    async def do(self, verb: Verb, ref: Ref, values: Mapping[str, Any] | None = None, **more: Any) -> Any:
        self.done.append((verb, ref, dict(values or {})))

    def follow(self, ref: Ref, *, tail: int = 200) -> Any:
        made = FakeFollow(ref, self.clock.boot())
        self.follows.append(made)
        return made

    # what a test does

    def put(self, connection: str, kind: Kind, rows: Sequence[Resource], *, unreadable: int = 0, scope: str = "") -> None:
        """A read came in."""
        feed = Feed(connection=connection, kind=kind, scope=scope)
        reason = Safe("no id") if unreadable else Safe("")
        self.changes.publish(
            self.store.put(feed, Rows(items=tuple(rows), unreadable=unreadable, reason=reason), next_try=self.clock.boot() + 15)
        )

    def fail(self, connection: str, kinds: Sequence[Kind], error: PlatformError, *, after: float | None = 12.0) -> None:
        """A read failed."""
        for kind in kinds:
            planned = None if after is None else self.clock.boot() + after
            self.changes.publish(self.store.fail(Feed(connection=connection, kind=kind), error, planned))

    async def pass_time(self, seconds: float) -> None:
        await self.clock.advance(seconds)


def ref(kind: Kind, id_: str, connection: str = "fleet") -> Ref:
    return Ref(connection=connection, kind=kind, id=id_)


def ago(**spans: float) -> datetime:
    return NOW - timedelta(**spans)


def service(name: str, health: Health = Health.OK, status: str = "running", **more: Any) -> Service:
    return Service(ref=ref(Kind.SERVICE, f"svc-{name}"), name=Safe(name), health=health, status=Safe(status), **more)


def going(id_: str, began: datetime) -> Rollout:
    """A rollout that is under way."""
    return Rollout(
        ref=ref(Kind.ROLLOUT, id_, "shop"),
        name=Safe("checkout/prod"),
        app=Safe("checkout"),
        environment=Safe("prod"),
        health=Health.BUSY,
        status=Safe("running"),
        started_at=began,
    )


def sending(desk: Desk, name: str, verb: Verb = Verb.RESTART) -> Pending:
    """A verb on a service that was sent just now."""
    boot = desk.clock.boot()
    return Pending(ref=ref(Kind.SERVICE, f"svc-{name}"), verb=verb, kind=Kind.SERVICE, since=boot, word="sending", at=NOW)


def apps(desk: Desk) -> None:
    """Apps and environments of two platforms, one of them on both."""
    names = ("checkout", "billing", "search")
    phase = [Application(ref=ref(Kind.APPLICATION, f"uuid-{name}", "vault"), name=Safe(name), encrypted=True) for name in names]
    desk.put("vault", Kind.APPLICATION, phase)
    stages = [("Development", "dev"), ("Staging", "staging"), ("Production", "prod")]
    desk.put(
        "vault",
        Kind.ENVIRONMENT,
        [
            Environment(
                ref=ref(Kind.ENVIRONMENT, f"{app.ref.id}-{type_}", "vault"),
                name=Safe(stage),
                app=app.ref,
                app_name=app.name,
                type=Safe(type_),
                index=index,
            )
            for app in phase
            for index, (stage, type_) in enumerate(stages)
        ],
    )
    encore = Application(ref=ref(Kind.APPLICATION, "checkout", "shop"), name=Safe("checkout"))
    desk.put("shop", Kind.APPLICATION, [encore])
    desk.put(
        "shop",
        Kind.ENVIRONMENT,
        [
            Environment(
                ref=ref(Kind.ENVIRONMENT, f"checkout/{name}", "shop"), name=Safe(name), app=encore.ref, app_name=encore.name, index=index
            )
            for index, name in enumerate(("staging", "prod"))
        ],
    )


def rollouts(desk: Desk) -> None:
    """One that waits for a person, one that failed, one that is done."""
    built = Phase(name="build", health=Health.OK, status=Safe("completed"), started_at=ago(seconds=311), completed_at=ago(seconds=249))
    asks = Phase(name="infra", status=Safe("proposed"), health=Health.WARN, needs_approval=True, queued_at=ago(minutes=4))
    waits = Phase(name="deploy", status=Safe("queued"), health=Health.IDLE)

    def one(id_: str, environment: str, target: str, phases: tuple[Phase, ...], **more: Any) -> Rollout:
        return Rollout(
            ref=ref(Kind.ROLLOUT, id_, "shop"),
            name=Safe(id_),
            app=Safe("checkout"),
            environment=Safe(environment),
            target=Safe(target),
            by=Safe("mara"),
            phases=phases,
            raw=Safe('{"id": "' + id_ + '", "status": "running"}'),
            **more,
        )

    failed = Phase(
        name="build",
        health=Health.BAD,
        status=Safe("completed"),
        conclusion=Safe("failure"),
        started_at=ago(hours=2),
        completed_at=ago(hours=1.9),
    )
    desk.put(
        "shop",
        Kind.ROLLOUT,
        [
            one(
                "roll_2",
                "prod",
                "main@a1b2c3d",
                (built, asks, waits),
                health=Health.WARN,
                status=Safe("running"),
                started_at=ago(seconds=311),
                queued_at=ago(seconds=315),
            ),
            one(
                "roll_1",
                "staging",
                "fix/login",
                (failed, Phase(name="infra", health=Health.IDLE), waits),
                health=Health.BAD,
                status=Safe("completed"),
                conclusion=Safe("failure"),
                queued_at=ago(hours=2),
                started_at=ago(hours=2),
                completed_at=ago(hours=1.9),
            ),
        ],
    )


def fleet(desk: Desk) -> None:
    """Services, deployments, an instance, routes, a project and a webhook."""
    desk.put(
        "fleet",
        Kind.DEPLOYMENT,
        [
            Deployment(
                ref=ref(Kind.DEPLOYMENT, "d-1"),
                name=Safe("web-api"),
                service=Safe("web-api"),
                health=Health.OK,
                status=Safe("completed"),
                runtime=Safe("nodejs"),
                version=Safe("20"),
                branch=Safe("main"),
                commit=Safe("a1b2c3d4e5f6"),
                created_at=ago(minutes=5),
                finished_at=ago(minutes=3),
            ),
            Deployment(
                ref=ref(Kind.DEPLOYMENT, "d-2"),
                name=Safe("worker"),
                service=Safe("worker"),
                health=Health.BAD,
                status=Safe("failed"),
                runtime=Safe("python"),
                version=Safe("3.12"),
                image=Safe("registry/worker:9"),
                created_at=ago(hours=2),
                error=Safe("exit status 1"),
            ),
        ],
    )
    raw = Safe('{"id": "svc-web-api", "name": "web-api", "status": "running", "port": 8080, "labels": ["edge", "public"]}')
    desk.put(
        "fleet",
        Kind.SERVICE,
        [
            service(
                "web-api",
                version=Safe("20"),
                cpu_share=0.12,
                memory_bytes=325_058_560,
                created_at=ago(days=41),
                instance=Safe("edge-1"),
                raw=raw,
            ),
            service(
                "worker",
                Health.WARN,
                "restarting",
                version=Safe("3.12"),
                cpu_share=0.97,
                memory_bytes=2_040_109_466,
                created_at=ago(days=12),
                restarts=7,
                message=Safe("OOMKilled twice in ten minutes"),
            ),
            service("mailer", Health.IDLE, "stopped", version=Safe("1.22"), created_at=ago(days=3)),
            service("checkout", version=Safe("21"), cpu_share=0.4, memory_bytes=820_000_000, created_at=ago(days=80)),
            service("image-proxy", Health.UNKNOWN, "", created_at=ago(hours=5)),
        ],
    )
    desk.put(
        "fleet",
        Kind.INSTANCE,
        [
            Instance(
                ref=ref(Kind.INSTANCE, "i-1"),
                name=Safe("edge-1"),
                health=Health.OK,
                status=Safe("online"),
                address=Safe("203.0.113.7"),
                region=Safe("eu-central"),
                cpu_share=0.31,
                memory_bytes=3_500_000_000,
                memory_total_bytes=8_589_934_592,
                disk_share=0.88,
                created_at=ago(days=200),
            )
        ],
    )
    desk.put(
        "fleet",
        Kind.ROUTE,
        [
            Route(
                ref=ref(Kind.ROUTE, "r-1"),
                name=Safe("shop.example.com"),
                domain=Safe("shop.example.com"),
                service=Safe("web-api"),
                port=8080,
                health=Health.OK,
            )
        ],
    )
    desk.put("fleet", Kind.PROJECT, [Project(ref=ref(Kind.PROJECT, "p-1"), name=Safe("shop"), description=Safe("The shop"))])
    desk.put(
        "fleet",
        Kind.WEBHOOK,
        [
            Webhook(
                ref=ref(Kind.WEBHOOK, "w-1"),
                name=Safe("https://example.com/hook"),
                url=Safe("https://example.com/hook"),
                events=(Safe("deployment.failed"),),
                enabled=True,
            )
        ],
    )


def busy() -> Desk:
    """A shift as it is: something degraded, something waiting for approval, one platform out of date."""
    desk = Desk()
    desk.platforms[1].rate = RateLimit(limit=1000, remaining=812, reset_at=NOW + timedelta(minutes=20))
    apps(desk)
    rollouts(desk)
    fleet(desk)
    return desk


def refused(connection: str = "vault") -> Unreachable:
    return Unreachable("no answer, the connection was refused", connection=connection)


def signed_out(connection: str) -> Unauthorized:
    return Unauthorized("no credentials", connection=connection, hint=f"sign in: rollwatch login {connection}")


def variable(key: str, of: Service) -> Variable:
    return Variable(ref=ref(Kind.VARIABLE, f"{of.ref.id}/{key}"), name=Safe(key), service=of.ref, value=Secret("hunter2"))


def line(text: str, level: str = "info", at: datetime | None = NOW) -> LogLine:
    return LogLine(at=at, level=Safe(level), text=Safe(text))
