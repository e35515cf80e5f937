"""What happened, written down from the changes themselves, and what the screens of the past are to say of it. No test stands here.

    annals = Annals(running, journal)     # before the session begins
    annals.asked                          # what was known when the past was asked: a screen shows one of these moments

How events are told is worked out here once more; of the journal only what no change tells is taken: edges and verbs.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from tests.ui.bygone import Bygone, Knew
from tests.ui.detailing import GLYPHS
from tui.engine.feeds import Change
from tui.engine.session import Session
from tui.local.journal import Journal
from tui.model import Deployment, Environment, Kind, Resource, Rollout, Service

LATE: Final = 1.6
"""Seconds until what was seen stands in the journal."""
SECRET: Final = {Kind.VARIABLE, Kind.WEBHOOK}
SHIPPED: Final = {Kind.ROLLOUT, Kind.DEPLOYMENT}
SILENT: Final = {Kind.INSTANCE, Kind.PROJECT}
WRONG: Final = {"failed", "degraded"}
LOST: Final = {"down", "limited", "signed-out"}
WEEK: Final = timedelta(days=7)
NEAR: Final = timedelta(minutes=15)
WHOLE: Final = {("phase", "rollout"), ("phase", "deployment")}
LANES: Final = {Kind.ROLLOUT: "rollout", Kind.DEPLOYMENT: "deployment", Kind.SERVICE: "service"}


def ms(at: datetime) -> datetime:
    return at.replace(microsecond=at.microsecond // 1000 * 1000)


@dataclass(frozen=True, kw_only=True)
class Happened:
    """One event. ``seen`` is when we saw it, ``at`` when it is told to have been, ``boot`` when it really was seen."""

    what: str
    ref: str
    name: str
    seen: datetime
    at: datetime
    boot: float = 0.0
    kind: Kind | None = None
    before: str = ""
    after: str = ""
    text: str = ""
    took: float | None = None
    hidden: bool = False
    """A phase that was over before anybody looked: it is learnt from and not told."""

    @property
    def wrong(self) -> bool:
        if self.what == "edge":
            return self.after in LOST
        return self.what in {"transition", "appeared", "found"} and health_of(self.after) in WRONG

    @property
    def connection(self) -> str:
        return self.ref.split("/", 1)[0]

    @property
    def act(self) -> bool:
        return self.what in {"appeared", "began"} and self.kind in SHIPPED


def health_of(word: str) -> str:
    first = word.split(" (", 1)[0]
    return first if first in GLYPHS else "unknown"


def word(row: Resource) -> str:
    """How a thing is, ours and theirs."""
    theirs = str(row.status)
    if isinstance(row, Rollout):
        if any(each.needs_approval for each in row.phases):
            theirs = "needs approval"
        elif str(row.conclusion) not in {"", "pending", "unknown"}:
            theirs = str(row.conclusion)
    return f"{row.health} ({theirs})" if theirs and theirs != str(row.health) else str(row.health)


def called(row: Resource) -> str:
    return f"{row.app_name}/{row.name}" if isinstance(row, Environment) else str(row.name)


def whose(row: Resource) -> str:
    return f"{row.target} by {row.by}" if isinstance(row, Rollout) else ""


def ended(row: Resource) -> tuple[datetime, float] | None:
    """When a rollout or deployment was over, and how long it took."""
    end, begin = None, None
    if isinstance(row, Rollout):
        end, begin = row.completed_at, row.started_at or row.queued_at
    elif isinstance(row, Deployment):
        end, begin = row.finished_at, row.created_at
    return None if end is None or begin is None else (end, max(0.0, (end - begin).total_seconds()))


@dataclass(frozen=True, kw_only=True)
class Asked:
    """What was known when the journal was asked."""

    since: datetime
    until: datetime
    wall: datetime
    boot: float
    events: tuple[Happened, ...]
    deeds: tuple[Any, ...]
    notes: tuple[str, ...]
    wrong: tuple[tuple[str, str, str], ...]
    """What is wrong at that moment, each with its name and word."""


class Annals:
    """Of one session."""

    def __init__(self, running: Session, journal: Journal) -> None:
        self.running, self.journal = running, journal
        self.told: list[Happened] = []
        self.lost: list[tuple[str, object]] = []
        self.asked: list[Asked] = []
        self.touched: dict[str, set[str]] = defaultdict(set)
        """When something of a thing became otherwise, to the second."""
        self.knew: Knew | None = None
        """What is to be told of the moment that was asked for last."""
        self._bygone = Bygone()
        self._changed = 0.0
        self._known: set[object] = set()
        running.changes.subscribe(self._note)
        past = running.past
        assert past is not None
        stretch = past.stretch

        async def asking(since: datetime, until: datetime | None = None) -> Any:
            self._ask(since, until)
            return await stretch(since, until)

        past.stretch = asking  # type: ignore[method-assign]
        known = past.known

        async def knowing(at: datetime) -> Any:
            self.journal.flush()
            written = running.clock.boot() - self._changed > LATE
            edges = sorted(journal.events(what=("edge",), limit=100_000), key=lambda each: (each.at, each.id))
            words = {each.ref: each.after for each in edges if each.at <= at}
            lost = frozenset(name for name, said in words.items() if said in LOST)
            self.knew = Knew(at=at, rows=self._bygone.at(at), lost=lost, written=written)
            return await known(at)

        past.known = knowing  # type: ignore[method-assign]

    def _add(self, what: str, row: Resource, at: datetime | None = None, **more: Any) -> None:
        seen = ms(self.running.clock.wall())
        made = {"what": what, "ref": str(row.ref), "name": called(row), "kind": row.ref.kind, **more}
        self.told.append(Happened(seen=seen, at=ms(at) if at else seen, boot=self.running.clock.boot(), **made))

    def _note(self, change: Change) -> None:
        if change.feed.kind in SECRET:
            return
        for row in (*change.added, *(after for _, after in change.updated), *change.removed):
            self.touched[str(row.ref)].add(f"{self.running.clock.wall():%Y-%m-%d %H:%M:%S}")
        if change.data:
            self._changed = self.running.clock.boot()
        self._bygone.note(change, self.running.store, ms(self.running.clock.wall()))
        read = self.running.store.freshness(change.feed).fetched_boot is not None
        first = change.feed not in self._known
        for before, after in change.updated:
            self._went_on(before, after)
        for row in change.added:
            if first:
                self._found(row)
            else:
                self._add("appeared", row, after=word(row), text=whose(row))
        for row in change.removed:
            self._add("gone", row, before=word(row))
        if read or change.data:
            self._known.add(change.feed)

    def _went_on(self, before: Resource, after: Resource) -> None:
        if isinstance(before, Rollout) and isinstance(after, Rollout):
            over = {each.name for each in before.phases if each.completed_at}
            for phase in after.phases:
                if phase.completed_at and phase.name not in over:
                    self._phase(after, phase)
        took = ended(after) if ended(before) is None else None
        if (before.health, before.status) != (after.health, after.status):
            self._add("transition", after, before=word(before), after=word(after), took=took[1] if took else None)

    def _phase(self, row: Rollout, phase: Any, *, hidden: bool = False) -> None:
        begin = phase.started_at or phase.queued_at
        took = max(0.0, (phase.completed_at - begin).total_seconds()) if begin else None
        name = f"{row.app}/{row.environment}"
        self._add("phase", row, name=name, text=str(phase.name), after=str(phase.conclusion or phase.status), took=took, hidden=hidden)

    def _found(self, row: Resource) -> None:
        """What it says of its own past."""
        now = self.running.clock.wall()
        began: datetime | None = None
        last: datetime | None = None
        if isinstance(row, Rollout):
            began, last = row.started_at or row.queued_at, row.completed_at or row.updated_at or row.queued_at
        elif isinstance(row, Deployment):
            began, last = row.created_at, row.finished_at or row.updated_at or row.created_at
        elif isinstance(row, Service):
            last = row.updated_at or row.deployed_at
        took = ended(row)
        told = [at is not None and now - WEEK <= at <= now for at in (began, last)]
        if told[0]:
            self._add("began", row, began, text=whose(row))
        if told[1]:
            self._add("found", row, last, after=word(row), text=whose(row), took=took[1] if took else None)
        if isinstance(row, Rollout):
            for phase in (each for each in row.phases if each.completed_at):
                self._phase(row, phase, hidden=True)

    # When it is asked ----------------------------------------------------------------------------------------------------------

    def _ask(self, since: datetime, until: datetime | None) -> None:
        clock, store = self.running.clock, self.running.store
        self.journal.flush()
        kept = sorted(self.journal.events(limit=100_000), key=lambda each: each.id)
        edges = [
            Happened(what="edge", ref=each.ref, name=each.ref, seen=each.at, at=each.at, after=each.after, text=each.text)
            for each in kept
            if each.what == "edge"
        ]
        written = [each for each in kept if each.what not in {"edge", "note"} and (each.what, each.name) not in WHOLE]
        told = self.told[: len(written)]
        if [(each.what, each.ref, each.at) for each in written] != [(each.what, each.ref, each.seen) for each in told]:
            ours = Counter((each.what, each.ref, str(each.seen)) for each in told)
            theirs = Counter((each.what, each.ref, str(each.at)) for each in written)
            self.lost.append(("a journal that is not what happened", f"{theirs - ours} not {ours - theirs}"))
        for each in self.told[len(written) :]:
            if clock.boot() - each.boot > LATE:
                self.lost.append(("an event that the journal does not have", each))
        end = until or clock.wall() + timedelta(seconds=1)
        if until is None:  # our own clock may have been set back: what is up to a day ahead of it happened as well
            known = [at for each in (*told, *edges) if since <= each.seen for at in (each.seen, each.at)]
            known += [each.at for each in kept if each.what == "note" or (each.what, each.name) in WHOLE]
            known += [each.at for each in self.journal.intents(limit=100_000)]
            end = max((at for at in known if end < at <= end + timedelta(days=1)), default=end)
        asked = Asked(
            since=since,
            wall=clock.wall(),
            until=end,
            boot=clock.boot(),
            events=tuple(each for each in (*told, *edges) if since <= each.seen <= end and since <= each.at <= end),
            deeds=tuple(each for each in reversed(self.journal.intents(limit=100_000)) if since <= each.at <= end),
            notes=tuple(each.text for each in kept if each.what == "note" and since <= each.at <= end),
            wrong=tuple(self._wrong(store)),
        )
        self.asked = [*self.asked[-8:], asked]

    @staticmethod
    def _wrong(store: Any) -> Iterator[tuple[str, str, str]]:
        newest: dict[object, Rollout | Deployment] = {}
        for kind in SHIPPED:
            for row in store.rows(kind):
                at = (row.started_at or row.queued_at) if isinstance(row, Rollout) else row.created_at
                place = (row.ref.connection, row.app, row.environment) if isinstance(row, Rollout) else (row.ref.connection, row.name)
                if str(row.health) in {*WRONG, "ok"}:
                    held = newest.get(place)
                    then = None if held is None else (held.started_at or held.queued_at) if isinstance(held, Rollout) else held.created_at
                    if held is None or then is None or (at is not None and at > then):
                        newest[place] = row
        rows = [row for kind in (Kind.SERVICE, Kind.INSTANCE, Kind.ENVIRONMENT, Kind.ROUTE) for row in store.rows(kind)]
        for row in (*rows, *newest.values()):
            if str(row.health) in WRONG:
                yield str(row.ref), called(row), word(row)
        for each in store.connections():
            if each.state in LOST:
                yield each.name, each.name, str(each.state)
