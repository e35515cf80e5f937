"""The shift before a demo: what a console that ran until a while ago would have in its journal, so that the past has something to show.

It is made from what the emulator's platforms say now, by the same history as always, and always the same for the same rows. Everything
in it was over before the first thing that the platforms themselves tell of. Nothing of it is sent anywhere.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from random import Random
from typing import Any, Final

from tui.clock import ManualClock
from tui.engine.feeds import Feed
from tui.engine.history import events
from tui.engine.ports import Event
from tui.engine.session import Session
from tui.engine.store import Store
from tui.local.journal import Journal
from tui.model import EMPTY, Deployment, Environment, Health, Instance, Kind, Phase, Ref, Resource, Rollout, Service, Verb
from tui.platforms.base import Rows
from tui.text import Safe

log = logging.getLogger(__name__)

LENGTH: Final = timedelta(hours=6)
QUIET: Final = timedelta(minutes=20)
"""Between the end of the shift and now, at least."""
RECENT: Final = timedelta(hours=5)
"""What the platforms tell of that is older than this does not shorten the shift."""
PACE: Final = (62.0, 38.0, 71.0)
"""Seconds of build, infra and deploy where the emulator does not say how a place goes."""
PLACES: Final = 6
"""Places that something was rolled out to."""
PEOPLE: Final = ("ana", "jonas", "maya")
SETTLE: Final = 15.0
STEP: Final = timedelta(minutes=2)

Paces = Mapping[tuple[str, str], tuple[float, float, float]]
"""Seconds of build, infra and deploy by app and environment."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Done:
    """A verb on a service that somebody did at a moment."""

    at: datetime
    who: str
    service: Service
    reason: str


async def lay(session: Session, journal: Journal, paces: Paces) -> None:
    """Write the shift once the first rows are there. Without it a demo has no past; that is no reason to end it."""
    try:
        await session.settle(SETTLE)
        now = session.clock.wall()
        rows = {feed: session.store.feed_rows(feed) for feed in session.feeds() if feed.kind is not Kind.VARIABLE}
        await asyncio.to_thread(_write, journal, Shift(rows, now, paces))
        if session.past is not None:
            session.past.relearn()
    except Exception:
        log.exception("the demo has no past")


class Shift:
    """What happened, as rows of feeds over time, and what was done. ``rows`` are those of now."""

    def __init__(self, rows: Mapping[Feed, Sequence[Resource]], now: datetime, paces: Paces) -> None:
        told = [at for each in rows.values() for row in each for at in _moments(row) if now - RECENT <= at <= now]
        self.end = min([now - QUIET, *(at - STEP for at in told)])
        self.begin = self.end - LENGTH
        self._dice = Random(911)  # noqa: S311 - makes up a story
        self._newest: dict[str, str] = {}
        self._paces = paces
        self.rows = {feed: tuple(_earlier(row, self.begin) for row in each if _was_there(row, self.begin)) for feed, each in rows.items()}
        self._calm = [row for each in rows.values() for row in each if isinstance(row, Service) and row.health is Health.OK]
        self._now = rows

    def at(self, share: float) -> datetime:
        return self.begin + LENGTH * share

    def deeds(self) -> Iterator[_Done]:
        for service in self._calm[:1]:
            yield _Done(at=self.at(0.31) + timedelta(minutes=4), who="ana", service=service, reason="it did not come back by itself")

    def steps(self) -> list[tuple[datetime, Feed, Resource]]:
        """What came when, in order."""
        made = [*self._incidents(), *self._rollouts(), *self._deployments()]
        return sorted(made, key=lambda each: each[0])

    def outage(self) -> tuple[str, datetime, datetime] | None:
        """A connection that could not be asked for a while."""
        names = sorted({feed.connection for feed in self.rows})
        return (names[-1], self.at(0.64), self.at(0.64) + timedelta(minutes=4)) if names else None

    def _incidents(self) -> Iterator[tuple[datetime, Feed, Resource]]:
        stories = (
            (0.31, Health.BAD, "crashed", 5.0),
            (0.31, Health.BUSY, "restarting", 5.5),
            (0.52, Health.WARN, "degraded", 11.0),
        )
        homes = {row.ref: feed for feed, each in self.rows.items() for row in each}
        for index, service in enumerate(self._calm[:2]):
            calm, home = _earlier(service, self.begin), homes.get(service.ref)
            if home is None:
                continue
            for share, health, word, minutes in stories[:2] if index == 0 else stories[2:]:
                begins = self.at(share) if health is not Health.BUSY else self.at(share) + timedelta(minutes=5)
                yield begins, home, replace(calm, health=health, status=Safe(word))
                if health is not Health.BAD:
                    yield self.at(share) + timedelta(minutes=minutes), home, calm

    def _rollouts(self) -> Iterator[tuple[datetime, Feed, Resource]]:
        home = next((feed for feed in self.rows if feed.kind is Kind.ROLLOUT), None)
        places = [
            row
            for each in self.rows.values()
            for row in each
            if isinstance(row, Environment) and home and row.ref.connection == home.connection
        ]
        if home is None or not places:
            return
        places = places[:PLACES]
        count = len(places) * 6
        for number in range(count):
            place = places[number % len(places)]
            ends = {4: "failure", 9: "canceled"}.get(number % 23, "success")
            yield from ((at, home, row) for at, row in self._rollout(number, place, self.at((number + 0.5) / (count + 1)), ends))

    def _rollout(self, number: int, place: Environment, begins: datetime, ends: str) -> Iterator[tuple[datetime, Resource]]:
        app, environment = place.app.id, str(place.name)
        seconds = [each * self._dice.uniform(0.88, 1.16) for each in self._paces.get((app, environment), PACE)]
        phases = [Phase(name=name, status=Safe("queued"), health=Health.IDLE) for name in ("build", "infra", "deploy")]
        row = Rollout(
            ref=Ref(connection=place.ref.connection, kind=Kind.ROLLOUT, id=f"roll_earlier{number:02}"),
            name=Safe(f"{app}/{environment}"),
            app=Safe(app),
            environment=Safe(environment),
            target=Safe(self._target(app, place)),
            by=Safe(PEOPLE[number % len(PEOPLE)]),
            health=Health.BUSY,
            status=Safe("running"),
            queued_at=begins,
            started_at=begins,
            created_at=begins,
        )
        at = begins
        for index, lasts in enumerate(seconds):
            phases[index] = replace(phases[index], status=Safe("running"), health=Health.BUSY, started_at=at)
            yield at, replace(row, phases=tuple(phases), updated_at=at)
            at += timedelta(seconds=lasts)
            word = "success" if index < 2 or ends == "success" else ends
            health = {"success": Health.OK, "failure": Health.BAD}.get(word, Health.IDLE)
            phases[index] = replace(phases[index], status=Safe("completed"), conclusion=Safe(word), health=health, completed_at=at)
        health = phases[-1].health
        yield (
            at,
            replace(
                row, phases=tuple(phases), health=health, status=Safe("completed"), conclusion=Safe(ends), completed_at=at, updated_at=at
            ),
        )

    def _target(self, app: str, place: Environment) -> str:
        """Production gets what the stage before it got last."""
        if place.index == 0 or app not in self._newest:
            self._newest[app] = "".join(self._dice.choice("0123456789abcdef") for _ in range(40))
        return self._newest[app]

    def _deployments(self) -> Iterator[tuple[datetime, Feed, Resource]]:
        models = {row.name: (feed, row) for feed, each in self._now.items() for row in each if isinstance(row, Deployment)}
        made = [models[service.name] for service in self._calm if service.name in models][:2]
        for number in range(len(made) * 6):
            home, model = made[number % len(made)]
            begins = self.at((number + 0.8) / (len(made) * 6 + 1))
            ended = begins + timedelta(seconds=self._dice.uniform(41, 56))
            row = replace(
                model,
                ref=replace(model.ref, id=f"dep-earlier{number:02}"),
                health=Health.BUSY,
                status=Safe("in_progress"),
                error=EMPTY,
                created_at=begins,
                updated_at=begins,
                finished_at=None,
            )
            yield begins, home, row
            yield ended, home, replace(row, health=Health.OK, status=Safe("completed"), updated_at=ended, finished_at=ended)


def _write(journal: Journal, shift: Shift) -> None:
    clock = ManualClock(shift.begin)
    store = Store(clock)
    shown = {feed: {row.ref: row for row in rows} for feed, rows in shift.rows.items()}
    for feed, known in shown.items():
        store.put(feed, Rows(items=tuple(known.values())))
        journal.keep(feed.connection, feed.kind, feed.scope, tuple(known.values()), gone=(), at=shift.begin, whole=False)
    for at, feed, row in shift.steps():
        known = shown[feed]
        known[row.ref] = row
        change = store.put(feed, Rows(items=tuple(known.values())))
        journal.record(list(events(change, at, first=False)))
        journal.keep(feed.connection, feed.kind, feed.scope, (row,), gone=(), at=at, whole=False)
    if (outage := shift.outage()) is not None:
        name, lost, back = outage
        why = f"{name}: the server answered 502"
        journal.record(
            [
                Event(what="edge", ref=name, at=lost, name=name, after="down", text=why),
                Event(what="edge", ref=name, at=back, name=name, after="back"),
            ]
        )
    _act(journal, shift)
    journal.flush()


def _act(journal: Journal, shift: Shift) -> None:
    """What people did, and that one of them looked all the while."""
    at = shift.begin
    while at <= shift.end:
        journal.as_of("ana", at).watching()
        at += STEP
    for each in shift.deeds():
        mine = journal.as_of(each.who, each.at)
        ref = each.service.ref
        number = mine.intend(
            ref=ref,
            kind=Kind.SERVICE,
            verb=Verb.RESTART,
            request=f"POST /v1/services/{ref.id}/restart",
            name=str(each.service.name),
            reason=each.reason,
        )
        journal.as_of(each.who, each.at + timedelta(seconds=40)).settle(number, "confirmed", "a read shows it running")
        noted = journal.as_of("jonas", shift.at(0.4))
        noted.note(f"{each.service.name} came back after the restart; nobody knows yet why it crashed", ref=str(ref))


def _earlier(row: Resource, begin: datetime) -> Any:
    """How a thing was when the shift began: well."""
    if isinstance(row, Service):
        deployed = row.deployed_at if row.deployed_at is not None and row.deployed_at < begin else None
        return replace(
            row, health=Health.OK, status=Safe("running"), message=EMPTY, restarts=None, updated_at=deployed, deployed_at=deployed
        )
    if isinstance(row, Instance):
        return replace(row, health=Health.OK, status=Safe("healthy"), updated_at=None)
    return row


def _was_there(row: Resource, begin: datetime) -> bool:
    return not isinstance(row, Rollout | Deployment | Service) or (row.created_at is not None and row.created_at < begin)


def _moments(row: Resource) -> Iterator[datetime]:
    """What the platform says of when something happened; how a machine is doing it says all the time."""
    if isinstance(row, Rollout | Deployment):
        yield from (at for at in (row.created_at, row.updated_at) if at is not None)
    elif isinstance(row, Service):
        yield from (at for at in (row.updated_at, row.deployed_at) if at is not None)


def paces(info: Mapping[str, Any]) -> Paces:
    """How fast rollouts go on an emulator that announced itself so."""
    apps = info["encore"].get("apps", ())
    return {(app["id"], name): tuple(seconds) for app in apps for name, seconds in app.get("paces", {}).items()}
