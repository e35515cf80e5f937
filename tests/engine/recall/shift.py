"""A shift of eight hours, made from a script: three incidents, forty rollouts, two outages, verbs and notes, seen by two consoles.

What the journal tells afterwards is compared with the script, which knows nothing of the journal. Changes come from the real store,
events from the real history, and both consoles write to one real journal.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from tests.engine.fakes import FakePlatform, feed
from tui.clock import ManualClock
from tui.engine.feeds import Feed
from tui.engine.history import History
from tui.engine.store import Store
from tui.errors import Unavailable, Unreachable
from tui.local.journal import Journal
from tui.model import Health, Kind, Phase, Ref, Resource, Rollout, Service, Verb
from tui.platforms.base import Rows
from tui.text import Safe

HOURS = 8
START = datetime(2026, 11, 23, 22, 0, tzinfo=UTC)
APPS = (("checkout", "prod"), ("checkout", "staging"), ("billing", "prod"), ("billing", "staging"))
BY = ("ana", "bo", "ci")


@dataclass(frozen=True)
class Incident:
    """A service goes wrong at ``begins`` minutes and is well again at ``ends``; None: never."""

    service: str
    begins: float
    ends: float | None
    word: str = "crashed"


@dataclass(frozen=True)
class Outage:
    """A connection does not answer from ``begins`` to ``ends``."""

    connection: str
    begins: float
    ends: float


@dataclass(frozen=True)
class Going:
    """A rollout that begins at ``begins`` minutes; seconds of its phases; how it ends."""

    number: int
    app: str
    environment: str
    begins: float
    build: int
    deploy: int
    conclusion: str

    @property
    def place(self) -> str:
        return f"{self.app}/{self.environment}"

    @property
    def whole(self) -> int:
        return self.build + self.deploy


@dataclass(frozen=True)
class Done:
    """A verb on a service at ``at`` minutes."""

    at: float
    who: str
    verb: Verb
    service: str
    outcome: str
    reason: str = ""


INCIDENTS = (
    Incident("web-api", 61.0, 74.5),
    Incident("worker", 190.0, 222.0, "OOMKilled"),
    Incident("mailer", 441.0, None, "exit 1"),
)
OUTAGES = (Outage("fleet", 130.0, 142.0), Outage("vault", 300.0, 306.0))
DEEDS = (
    Done(66.0, "ana from 10.0.0.7", Verb.RESTART, "web-api", "confirmed", "crash loop since the rollout"),
    Done(215.0, "bo", Verb.RESTART, "worker", "confirmed"),
    Done(452.0, "bo", Verb.STOP, "mailer", "unknown", "stop the pages"),
)
NOTES = ((223.0, "bo", "worker needs 2 GiB, ticket is open"),)


def _rollout(number: int) -> Going:
    app, environment = APPS[number % len(APPS)]
    conclusion = "failure" if number % 13 == 5 else "canceled" if number % 13 == 9 else "success"
    return Going(
        number=number,
        app=app,
        environment=environment,
        begins=3.0 + number * 11.7,
        build=60 + number % 7 * 4,
        deploy=120 + number * 31 % 97,
        conclusion=conclusion,
    )


ROLLOUTS = tuple(_rollout(number) for number in range(40))


class Console:
    """One console of the context: what it knows, and the journal that it shares."""

    def __init__(self, path: Path, clock: ManualClock, who: str) -> None:
        self.journal = Journal.open(path, context="prod", who=who, now=clock.wall)
        platforms = [FakePlatform(name, clock) for name in ("shop", "fleet", "vault")]
        self.store = Store(clock, platforms)  # type: ignore[arg-type]
        self.history = History(self.journal, clock)
        self.history.known(self.store)
        self.now = clock.wall

    def put(self, at: Feed, rows: Sequence[Resource]) -> None:
        self.history.note(self.store.put(at, Rows(items=tuple(rows)), next_try=None))

    def edge(self, connection: str, word: str) -> None:
        error = Unreachable("no answer", connection=connection) if connection == "fleet" else Unavailable("502", connection=connection)
        self.history.edge(connection, word, None if word == "back" else error)


@dataclass
class Script:
    """The shift as what happens when: ``steps`` are minutes since the start and what every console then sees or one does."""

    start: datetime = START
    services: dict[str, Service] = field(default_factory=dict)
    rollouts: dict[int, Rollout] = field(default_factory=dict)

    def at(self, minutes: float) -> datetime:
        return self.start + timedelta(minutes=minutes)

    def steps(self) -> list[tuple[float, Callable[[list[Console]], None]]]:
        return sorted(self._steps(), key=lambda each: each[0])

    def _steps(self) -> Iterator[tuple[float, Callable[[list[Console]], None]]]:
        for name in ("web-api", "worker", "mailer", "search"):
            self.services[name] = service(name)
        yield 0.0, self._show_services
        yield 0.0, lambda consoles: [each.put(feed(Kind.ROLLOUT, "shop"), ()) for each in consoles] and None
        for each in INCIDENTS:
            yield each.begins, self._service(each.service, Health.BAD, each.word)
            if each.ends is not None:
                yield each.ends - 0.5, self._service(each.service, Health.BUSY, "restarting")
                yield each.ends, self._service(each.service, Health.OK, "running")
        for outage in OUTAGES:
            yield outage.begins, self._edge(outage.connection, "down")
            yield outage.ends, self._edge(outage.connection, "back")
        for going in ROLLOUTS:
            yield from self._phases(going)
        for deed in DEEDS:
            yield deed.at, self._deed(deed)
        for at, who, text in NOTES:
            yield at, lambda consoles, who=who, text=text: by(consoles, who).journal.note(text)  # type: ignore[misc]

    def _show_services(self, consoles: list[Console]) -> None:
        for console in consoles:
            console.put(feed(Kind.SERVICE), tuple(self.services.values()))

    def _service(self, name: str, health: Health, status: str) -> Callable[[list[Console]], None]:
        def step(consoles: list[Console]) -> None:
            self.services[name] = replace(self.services[name], health=health, status=Safe(status))
            self._show_services(consoles)

        return step

    def _edge(self, connection: str, word: str) -> Callable[[list[Console]], None]:
        return lambda consoles: [each.edge(connection, word) for each in consoles] and None

    def _phases(self, going: Going) -> Iterator[tuple[float, Callable[[list[Console]], None]]]:
        begun, built = self.at(going.begins), self.at(going.begins) + timedelta(seconds=going.build)
        ended = built + timedelta(seconds=going.deploy)
        build, deploy = Phase(name="build", started_at=begun), Phase(name="deploy")
        good = Safe("success")
        row = Rollout(
            ref=Ref(connection="shop", kind=Kind.ROLLOUT, id=f"roll_{going.number}"),
            name=Safe(f"{going.app}/{going.environment}"),
            app=Safe(going.app),
            environment=Safe(going.environment),
            target=Safe(f"{going.number:07x}"),
            by=Safe(BY[going.number % 3]),
            health=Health.BUSY,
            status=Safe("running"),
            started_at=begun,
            phases=(build, deploy),
        )
        yield going.begins, self._row(row)
        row = replace(row, phases=(replace(build, completed_at=built, conclusion=good), replace(deploy, started_at=built)))
        yield (built - self.start) / timedelta(minutes=1), self._row(row)
        health = {"success": Health.OK, "failure": Health.BAD}.get(going.conclusion, Health.IDLE)
        word = Safe(going.conclusion)
        over = replace(deploy, started_at=built, completed_at=ended, conclusion=word)
        row = replace(row, health=health, status=Safe("completed"), conclusion=word, completed_at=ended, phases=(row.phases[0], over))
        yield (ended - self.start) / timedelta(minutes=1), self._row(row)

    def _row(self, row: Rollout) -> Callable[[list[Console]], None]:
        def step(consoles: list[Console]) -> None:
            self.rollouts[int(row.ref.id.removeprefix("roll_"))] = row
            for console in consoles:
                console.put(feed(Kind.ROLLOUT, "shop"), tuple(self.rollouts.values()))

        return step

    def _deed(self, deed: Done) -> Callable[[list[Console]], None]:
        def step(consoles: list[Console]) -> None:
            journal = by(consoles, deed.who).journal
            target = service(deed.service).ref
            number = journal.intend(
                ref=target, kind=Kind.SERVICE, verb=deed.verb, request=f"POST /{deed.verb}", name=deed.service, reason=deed.reason
            )
            journal.settle(number, deed.outcome, "")

        return step


def service(name: str) -> Service:
    return Service(ref=Ref(connection="fleet", kind=Kind.SERVICE, id=name), name=Safe(name), health=Health.OK, status=Safe("running"))


def by(consoles: Sequence[Console], who: str) -> Console:
    return next((each for each in consoles if each.journal.who == who), consoles[0])


async def _pass(clock: ManualClock, consoles: Sequence[Console], now: float, until: float) -> float:
    """Let time pass in which both consoles look."""
    while now < until:
        step = min(2.0, until - now)
        await clock.advance(60 * step, turns=1)
        now += step
        for each in consoles:
            each.journal.watching()
    return until


async def play(path: Path, start: datetime = START) -> Journal:
    """Let the shift happen on two consoles; the journal as a third one finds it at the end."""
    clock = ManualClock(start)
    consoles = [Console(path, clock, "ana from 10.0.0.7"), Console(path, clock, "bo")]
    now = 0.0
    for minutes, step in Script(start).steps():
        now = await _pass(clock, consoles, now, minutes)
        step(consoles)
        for console in consoles:
            await console.history.close()
    await _pass(clock, consoles, now, HOURS * 60)
    for console in consoles:
        console.journal.close()
    return Journal.open(path, context="prod", who="cleo", now=clock.wall)


if __name__ == "__main__":
    import sys

    asyncio.run(play(Path(sys.argv[1]), datetime.now(UTC) - timedelta(hours=HOURS))).close()
