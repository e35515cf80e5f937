"""Platforms for the stories of the screen: everything the console can show, in weather, and another thing each time it is stirred.

``current`` is how everything is there now. No test stands here.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from random import Random
from typing import Any, Final

from tests.engine.fakes import rows
from tests.engine.weather import Moody, StepClock
from tui.model import (
    Application,
    Deployment,
    Environment,
    Health,
    Instance,
    Kind,
    LogLine,
    Phase,
    Ref,
    Resource,
    Rollout,
    Route,
    Service,
)
from tui.text import Safe

NAMES: Final = {
    "prod": ("one", "two-prod", "web", "日本-worker", "a-service-whose-name-is-longer-than-any-column-may-be-wide", "mailer", "x"),
    "staging": ("cook", "baker", "harbour-dev", "tailor", "smith"),
}
"""What services are called, by context: none is called alike in two."""
APPS: Final = {"prod": ("one", "two"), "staging": ("harbour", "quayside")}
WORDS: Final = {
    Health.OK: "running",
    Health.BUSY: "restarting",
    Health.WARN: "degraded",
    Health.BAD: "crashed",
    Health.IDLE: "stopped",
    Health.UNKNOWN: "",
}
MORE: Final[dict[Kind, dict[str, Any]]] = {Kind.ROUTE: {"every": 30.0}, Kind.INSTANCE: {"every": 30.0}}


class Town(Moody):
    """A platform of a context."""

    def __init__(self, name: str, context: str, time: StepClock, random: Random, numbers: Iterator[int], **options: Any) -> None:
        """``numbers`` are those of the lines that are said, each once in all towns."""
        self.context = context
        self.numbers = numbers
        self.rolled: list[Rollout] = []
        self.busy_with: Deployment | None = None
        self.deployed = 0
        self.began: dict[str, datetime] = {}
        self.spoken: dict[str, list[LogLine]] = {}
        super().__init__(name, time, random, **options)
        self._reads |= {kind: self._read(kind, **each) for kind, each in MORE.items()}
        # What repeats the configuration is nothing that a screen could be wrong about, and every platform here has what it lists.
        del self._reads[Kind.PROJECT]

    def now(self) -> datetime:
        """Its own clock is right."""
        return self.clock.right()

    def _ref(self, kind: Kind, id_: str) -> Ref:
        return Ref(connection=self.name, kind=kind, id=id_)

    def said_of(self, ref: Ref) -> list[LogLine]:
        """Each service said something before anybody listened."""
        if ref.id not in self.spoken:
            before = sorted(self.now() - timedelta(seconds=self.random.uniform(1.0, 300.0)) for _ in range(self.random.randrange(6)))
            self.spoken[ref.id] = [LogLine(at=at, text=Safe(f"line {next(self.numbers)}")) for at in before]
        return self.spoken[ref.id]

    def speak(self) -> None:
        """Something that anybody listens to says a line; sometimes two say the same."""
        heard = list(self.spoken) if self.random.random() < 0.9 else []
        ids = heard or [row.ref.id for row in self.rows[Kind.SERVICE, ""].items]
        self.say(f"line {next(self.numbers)}")
        for each in self.random.sample(ids, min(len(ids), self.random.choice((1, 1, 2)))):
            self.said_of(self._ref(Kind.SERVICE, each)).append(self.said[-1])

    def stir(self) -> None:
        pick, now = self.random, self.now()
        count = pick.randrange(0, 7) if pick.random() < 0.9 else 40
        pool = NAMES[self.context]
        names = [*pick.sample(pool, min(count, len(pool))), *(f"{self.context}-{number}" for number in range(max(0, count - len(pool))))]
        deployments = self._deployments(names, now)
        self.rows[Kind.SERVICE, ""] = rows(*(self._service(each, now, deployments) for each in names))
        self.rows[Kind.DEPLOYMENT, ""] = rows(*deployments)
        self.rows[Kind.INSTANCE, ""] = rows(*(self._instance(each, now) for each in ("edge-1", "edge-2")[: pick.randrange(3)]))
        self.rows[Kind.ROUTE, ""] = rows(
            *(
                Route(
                    ref=self._ref(Kind.ROUTE, f"r-{each}"),
                    name=Safe(f"{number}.example"),
                    domain=Safe(f"{number}.example"),
                    port=80,
                    service=Safe(each if number else ""),
                )
                for number, each in enumerate(names[:3])
            )
        )
        apps = [
            Application(ref=self._ref(Kind.APPLICATION, each), name=Safe(each), encrypted=pick.random() < 0.5)
            for each in APPS[self.context]
            if pick.random() < 0.8
        ]
        self.rows[Kind.APPLICATION, ""] = rows(*apps)
        for app in apps:
            stages = ("prod", "dev")[: pick.randrange(3)]
            self.rows[Kind.ENVIRONMENT, app.ref.id] = rows(
                *(
                    Environment(
                        ref=self._ref(Kind.ENVIRONMENT, f"{app.ref.id}-{each}"),
                        name=Safe(each),
                        app=app.ref,
                        app_name=app.name,
                        index=index,
                        health=pick.choice((Health.UNKNOWN, Health.OK, Health.WARN)),
                    )
                    for index, each in enumerate(stages)
                )
            )
        self.roll()

    def _service(self, name: str, now: datetime, deployments: list[Deployment]) -> Service:
        pick = self.random
        health = pick.choice((Health.OK, Health.OK, *Health))
        return Service(
            ref=self._ref(Kind.SERVICE, f"svc-{name}"),
            name=Safe(name),
            health=health,
            status=Safe(WORDS[health]),
            version=Safe(pick.choice(("20", "3.12", "1.22.7-rc1-very-long-version", ""))),
            cpu_share=pick.choice((None, 0.0, 0.5, 0.97)),
            memory_bytes=pick.choice((None, 0, 325_058_560)),
            restarts=pick.choice((None, 0, pick.randrange(2000))),
            created_at=self.began.setdefault(name, now - timedelta(seconds=pick.choice((1, 58, 3500, 90_000, 9_000_000)))),
            updated_at=pick.choice((None, now, now - timedelta(seconds=pick.choice((40, 5000))))),
            message=Safe(pick.choice(("", "OOMKilled"))),
            instance=Safe(pick.choice(("", "edge-1"))),
            deployment=Safe(deployments[0].ref.id) if deployments and pick.random() < 0.3 else Safe(""),
        )

    def _instance(self, name: str, now: datetime) -> Instance:
        pick = self.random
        return Instance(
            ref=self._ref(Kind.INSTANCE, name),
            name=Safe(name),
            health=pick.choice((Health.OK, Health.WARN)),
            status=Safe("online"),
            disk_share=pick.random(),
            created_at=self.began.setdefault(name, now - timedelta(days=2)),
        )

    def _deployments(self, names: list[str], now: datetime) -> list[Deployment]:
        """One is under way until it is over; those before it stay as they are."""
        pick, before = self.random, list(getattr(self, "_done", []))
        if self.busy_with is not None:
            health = pick.choice((Health.OK, Health.BAD))
            before.insert(0, replace(self.busy_with, health=health, status=Safe("completed"), finished_at=now))
            self.busy_with = None
        self._done = before[:4]
        if names and pick.random() < 0.6:
            self.deployed += 1
            name = pick.choice(names)
            self.busy_with = Deployment(
                ref=self._ref(Kind.DEPLOYMENT, f"d-{self.deployed}"),
                name=Safe(name),
                service=Safe(name),
                health=Health.BUSY,
                status=Safe("in_progress"),
                branch=Safe("main"),
                commit=Safe("a1b2c3d4e5f6"),
                created_at=now,
            )
        return [*([self.busy_with] if self.busy_with is not None else []), *self._done]

    def roll(self) -> None:
        """Each rollout that is under way goes on by a step; sometimes another one begins."""
        pick, now = self.random, self.now()
        self.rolled = [self._onward(each, now) if each.completed_at is None else each for each in self.rolled][:5]
        if pick.random() < 0.5:
            number = len(self.rolled) + 1 if not self.rolled else int(self.rolled[0].ref.id[1:]) + 1
            app = pick.choice(APPS[self.context])
            phases = tuple(Phase(name=each, health=Health.IDLE, status=Safe("queued")) for each in ("build", "infra", "deploy"))
            made = Rollout(
                ref=self._ref(Kind.ROLLOUT, f"r{number}"),
                name=Safe(f"r{number}"),
                app=Safe(app),
                environment=Safe("prod"),
                target=Safe(f"main@{number:07}"),
                by=Safe("mara"),
                health=Health.BUSY,
                status=Safe("queued"),
                queued_at=now,
                phases=phases,
            )
            self.rolled.insert(0, made)
        self.rows[Kind.ROLLOUT, ""] = rows(*self.rolled)

    def _onward(self, row: Rollout, now: datetime) -> Rollout:
        pick = self.random
        phases = list(row.phases)
        at = next(index for index, each in enumerate(phases) if each.completed_at is None)
        phase = phases[at]
        if phase.needs_approval:
            phases[at] = replace(phase, needs_approval=False, health=Health.BUSY, status=Safe("running"), started_at=now)
        elif phase.started_at is None and phase.name == "infra" and pick.random() < 0.5:
            phases[at] = replace(phase, needs_approval=True, health=Health.WARN, status=Safe("proposed"), queued_at=now)
        elif phase.started_at is None:
            phases[at] = replace(phase, health=Health.BUSY, status=Safe("running"), started_at=now)
        else:
            good = pick.random() < 0.8
            health, word = (Health.OK, "success") if good else (Health.BAD, "failure")
            phases[at] = replace(phase, health=health, status=Safe("completed"), conclusion=Safe(word), completed_at=now)
            if not good or at == 2:
                whole = {"health": health, "status": Safe("completed"), "conclusion": Safe(word), "completed_at": now}
                return replace(row, phases=tuple(phases), **whole)
        waits = any(each.needs_approval for each in phases)
        return replace(
            row,
            phases=tuple(phases),
            started_at=row.started_at or now,
            health=Health.WARN if waits else Health.BUSY,
            status=Safe("running"),
        )

    def current(self, kind: Kind) -> list[Resource]:
        """Everything of a kind that is there now, in the order in which it is told."""
        known = {each.ref.id for each in self.rows[Kind.APPLICATION, ""].items}
        feeds = [(each, scope) for each, scope in self.rows if each is kind and (not scope or scope in known)]
        return [row for feed in feeds for row in self.rows[feed].items]
