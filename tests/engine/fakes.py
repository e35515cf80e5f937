"""Platforms, journals and clocks for the engine's tests: servers of a few lines that count what they are asked."""

from __future__ import annotations

import asyncio
import itertools
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any

from tui.clock import Clock, LoopClock
from tui.engine.feeds import Feed
from tui.engine.ports import Event
from tui.engine.session import Session
from tui.errors import PlatformError, RateLimited, StorageError, UsageError
from tui.model import Application, Environment, Health, Kind, LogLine, RateLimit, Ref, Resource, Rollout, Service, Verb
from tui.platforms.base import Accepted, Call, Platform, Read, Request, Rows
from tui.text import Safe

START = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
BOOT = 1000.0
"""Where a virtual loop's time begins."""


def clock() -> LoopClock:
    """A clock on the virtual loop, at ``START`` when the loop begins."""
    return LoopClock(START - timedelta(seconds=BOOT))


class SleepyClock(LoopClock):
    """Its machine can be suspended: boot and wall time jump, timers do not notice."""

    def __init__(self) -> None:
        super().__init__(START - timedelta(seconds=BOOT))
        self.slept = 0.0

    def boot(self) -> float:
        return super().boot() + self.slept


@dataclass
class Window:
    """A server's rate window, fixed or sliding, shared by every platform that is given it."""

    clock: Clock
    limit: int
    seconds: float
    headers: bool = True
    sliding: bool = False
    served: int = 0
    refused: int = 0
    _times: deque[float] = field(default_factory=deque)
    _started: float | None = None
    _used: int = 0

    def take(self, connection: str) -> RateLimit | None:
        """Count one request; raises ``RateLimited`` beyond the limit."""
        now = self.clock.boot()
        if self.sliding:
            while self._times and self._times[0] <= now - self.seconds:
                self._times.popleft()
            self._used = len(self._times)
            reset = self._times[0] + self.seconds if self._times else now
        else:
            if self._started is None or now >= self._started + self.seconds:
                self._started, self._used = now, 0
            reset = self._started + self.seconds
        if self._used >= self.limit:
            self.refused += 1
            raise RateLimited("too many requests", connection=connection, status=429, retry_after=max(0.0, reset - now))
        self._used += 1
        self._times.append(now)
        self.served += 1
        if not self.headers:
            return None
        at = self.clock.wall() + timedelta(seconds=reset - now)
        return RateLimit(limit=self.limit, remaining=self.limit - self._used, reset_at=at)


class FakePlatform:
    """``answers`` gives the rows of a kind and scope; ``trouble`` raises for all requests while it is set."""

    platform = "dployr"
    where = Safe("https://api.example.test")
    heard: float | None = float("inf")
    """Whatever was read was read from the server itself."""

    def __init__(
        self,
        name: str,
        clock: Clock,
        *,
        kinds: Mapping[Kind, Mapping[str, Any]] | None = None,
        window: Window | None = None,
        allowance: tuple[int, float] = (1000, 3600.0),
        latency: float = 0.1,
    ) -> None:
        self.name = name
        self.clock = clock
        self.window = window
        self.latency = latency
        self._allowance = allowance
        self._rate: RateLimit | None = None
        self._flavour = "unknown"
        self.rows: dict[tuple[Kind, str], Rows] = {}
        self.trouble: Exception | None = None
        self.troubles: dict[Kind, Exception] = {}
        self.asked: list[tuple[float, str]] = []
        self.closed = 0
        self.flying = 0
        self.most_flying = 0
        options = kinds if kinds is not None else {kind: {} for kind in (Kind.SERVICE, Kind.DEPLOYMENT)}
        self._reads = {kind: self._read(kind, **each) for kind, each in options.items()}
        self.sent: list[tuple[Verb, Ref]] = []
        self.on_verb: Callable[[Verb, Ref, Mapping[str, Any]], Awaitable[Accepted]] | None = None
        self._verbs: dict[tuple[Kind, Verb], Call] = {}
        self.happenings: Any = None
        self.instead = {(Kind.PROJECT, Verb.UPDATE): "delete it and create another one"}
        self.log: Callable[..., AsyncIterator[tuple[LogLine, ...]]] | None = None
        self.one: Callable[[Ref], Resource] | None = None

    def _read(self, kind: Kind, **options: Any) -> Read:
        one = self._one if options.pop("single", False) else None

        async def fetch(scope: str) -> Rows:
            if options.get("cost", 1):
                await self.request(f"{kind} {scope}".strip(), self.troubles.get(kind))
            return self.rows.get((kind, scope), EMPTY_ROWS)

        return Read(fetch=fetch, does=f"GET /{kind}", one=one, **options)

    async def _one(self, ref: Ref) -> Resource:
        await self.request(f"one {ref.id}")
        assert self.one is not None
        return self.one(ref)

    async def request(self, what: str, trouble: Exception | None = None) -> None:
        """One request as a server sees it."""
        self.asked.append((self.clock.boot(), what))
        self.flying += 1
        self.most_flying = max(self.most_flying, self.flying)
        try:
            await self.clock.sleep(self.latency)
            if self.window is not None:
                self._rate = self.window.take(self.name)
            if trouble or self.trouble:
                raise trouble or self.trouble or RuntimeError
        finally:
            self.flying -= 1

    def can(self, *verbs: tuple[Kind, Verb]) -> None:
        """Offer these verbs."""
        for kind, verb in verbs:

            async def run(ref: Ref, values: Mapping[str, Any], verb: Verb = verb) -> Accepted:
                self.sent.append((verb, ref))
                await self.clock.sleep(self.latency)
                return Accepted(ref=ref) if self.on_verb is None else await self.on_verb(verb, ref, values)

            def plan(ref: Ref, values: Mapping[str, Any], verb: Verb = verb) -> tuple[Request, ...]:
                return (Request(method="POST", path=f"/{ref.kind}/{ref.id}/{verb}"),)

            self._verbs[kind, verb] = Call(run=run, plan=plan, does=f"POST /{kind}/:id/{verb}")

    @property
    def flavour(self) -> str:
        return self._flavour

    @property
    def reads(self) -> Mapping[Kind, Read]:
        return self._reads

    @property
    def verbs(self) -> Mapping[tuple[Kind, Verb], Call]:
        return self._verbs

    @property
    def rate(self) -> RateLimit | None:
        return self._rate

    @property
    def allowance(self) -> tuple[int, float]:
        return self._allowance

    @property
    def logged(self) -> frozenset[Kind]:
        return frozenset({Kind.SERVICE})

    async def account(self) -> str:
        return ""

    async def detect(self) -> str:
        await self.request("detect")
        self._flavour = "documented"
        return self._flavour

    def logs(
        self, ref: Ref, *, tail: int | None, follow: bool, since: datetime | None = None, until: datetime | None = None
    ) -> AsyncIterator[tuple[LogLine, ...]]:
        assert self.log is not None
        return self.log(ref, tail=tail, follow=follow, since=since)

    async def aclose(self) -> None:
        self.closed += 1

    def times(self, what: str) -> list[float]:
        """When this was asked."""
        return [at for at, asked in self.asked if asked == what]

    def within(self, first: float, last: float) -> int:
        """Requests made in a span of boot time."""
        return sum(first <= at < last for at, _ in self.asked)


EMPTY_ROWS = Rows()


class FakeJournal:
    """In memory; ``broken`` makes it unwritable."""

    badge = ""

    def __init__(self) -> None:
        self.events: list[Event] = []
        self.kept: list[tuple[Any, ...]] = []
        self.watched = 0
        self.intents: dict[int, dict[str, Any]] = {}
        self.broken = False
        self._number = itertools.count(1)

    def record(self, events: Iterable[Event]) -> None:
        if self.broken:
            raise StorageError("the disk is full")
        self.events.extend(events)

    def keep(self, connection: str, kind: Kind, scope: str, rows: Sequence[Resource], **how: Any) -> None:
        self.kept.append((connection, kind, scope, tuple(rows), how))

    def watching(self) -> None:
        self.watched += 1

    def lost(self, connections: Iterable[str]) -> dict[str, str]:
        last = {each.ref: each.after for each in self.events if each.what == "edge"}
        return {name: last[name] for name in connections if last.get(name, "back") != "back"}

    def intend(self, *, ref: Ref, kind: Kind, verb: Verb, request: str, override: bool, subject: str = "", **_: Any) -> int:
        if self.broken:
            raise StorageError("the disk is full")
        if self._waits(ref, kind, verb, subject) and not override:
            raise UsageError(f"{verb} of {ref} is open")
        number = next(self._number)
        self.intents[number] = {"ref": ref, "kind": kind, "verb": verb, "subject": subject, "request": request, "said": []}
        return number

    def settle(self, intent: int, outcome: str, text: str, *, caused: str = "") -> None:
        self.intents[intent]["said"].append(outcome)
        self.intents[intent]["caused"] = caused

    def _waits(self, *key: object) -> bool:
        sent = (each["said"] for each in self.intents.values() if (each["ref"], each["kind"], each["verb"], each["subject"]) == key)
        return any(said[-1:] in ([], ["unknown"]) for said in sent)


class FakeMemory:
    """A last state that is only kept."""

    def __init__(self, kept: Mapping[Feed, tuple[Rows, datetime]] | None = None) -> None:
        self.kept = dict(kept or {})
        self.saves = 0

    def load(self) -> Iterable[tuple[Feed, Rows, datetime]]:
        return [(feed, rows, at) for feed, (rows, at) in self.kept.items()]

    def save(self, rows: Mapping[Feed, tuple[Rows, datetime]]) -> None:
        self.kept = dict(rows)
        self.saves += 1


def session(clock: Clock, *platforms: Platform, seed: int = 1, **options: Any) -> Session:
    """A session with a journal of its own unless one is given."""
    given: dict[str, Any] = {"context": "test", "production": False, "read_only": False, "journal": FakeJournal(), "random": Random(seed)}  # noqa: S311
    return Session(platforms=platforms, clock=clock, **{**given, **options})


def ref(name: str, kind: Kind = Kind.SERVICE, connection: str = "fleet") -> Ref:
    return Ref(connection=connection, kind=kind, id=name)


def service(name: str, health: Health = Health.OK, *, connection: str = "fleet", **fields: Any) -> Service:
    words = {Health.OK: "running", Health.BUSY: "restarting", Health.IDLE: "stopped", Health.BAD: "failed"}
    return Service(ref=ref(name, connection=connection), name=Safe(name), health=health, status=Safe(words.get(health, "")), **fields)


def application(name: str, *, connection: str = "vault", ident: str = "") -> Application:
    return Application(ref=ref(ident or name, Kind.APPLICATION, connection), name=Safe(name))


def environment(app: Application, name: str, index: int = 0, **fields: Any) -> Environment:
    made = Ref(connection=app.ref.connection, kind=Kind.ENVIRONMENT, id=f"{app.ref.id}-{name}")
    return Environment(ref=made, name=Safe(name), app=app.ref, app_name=app.name, index=index, **fields)


def rollout(name: str, *, connection: str = "shop", **fields: Any) -> Rollout:
    return Rollout(ref=ref(name, Kind.ROLLOUT, connection), name=Safe(name), **fields)


def rows(*items: Resource, unreadable: int = 0) -> Rows:
    return Rows(items=items, unreadable=unreadable)


def feed(kind: Kind, connection: str = "fleet", scope: str = "") -> Feed:
    return Feed(connection=connection, kind=kind, scope=scope)


async def turns(count: int = 20) -> None:
    """Let everything that can run, run."""
    for _ in range(count):
        await asyncio.sleep(0)


def failing(error: type[PlatformError], **fields: Any) -> PlatformError:
    return error("trouble", connection="fleet", **fields)
