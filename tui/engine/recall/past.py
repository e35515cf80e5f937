"""The journal's answers, asked for off the loop: the digest, the timeline and the handoff of a stretch of time, usual durations.

It turns what the journal hands out into the records that the pure functions beside it take. It decides nothing and draws nothing.
"""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, Protocol

from tui.clock import Clock
from tui.engine.ports import Event
from tui.engine.recall.digest import Digest, digest
from tui.engine.recall.handoff import Handoff, handoff
from tui.engine.recall.records import LOST, Deed, Note, Standing, when
from tui.engine.recall.standing import LOOKED_AT, standing, told
from tui.engine.recall.timeline import Entry as Moment
from tui.engine.recall.timeline import timeline
from tui.engine.recall.usual import GOOD, MOST, Usual, usual
from tui.engine.recall.versions import Place
from tui.engine.store import Store
from tui.local.journal.bodies import Known
from tui.local.journal.records import Entry, Intent
from tui.model import Ref, Rollout

MOST_WRONG: Final = 200
"""Things that are wrong of which the journal is asked since when."""
EDGES: Final = timedelta(days=2)
"""How far back edges of connections are looked through for the newest of each: a run that finds one lost says so anew."""
AT_MOST: Final = 20_000
"""Events of one stretch that are looked at, the newest of them: a shift has some hundreds."""
AHEAD: Final = timedelta(days=1)
"""How far ahead of our clock something may have happened: the clock was set back since, or a platform's is ahead of it."""
SHOWN: Final = ("transition", "appeared", "gone", "edge")
"""Events that a look at the past stops at."""
TICK: Final = timedelta(milliseconds=1)
"""The least that the journal tells apart: it answers what was before a moment, and what is of that very moment counts here."""
LEARN: Final = 120.0
"""Seconds after which what is usual is asked for again."""

Key = tuple[str, str, str]
"""App, environment, phase; of a deployment service, connection, ``deployment``."""


class PastPort(Protocol):
    """What the local journal answers. Every question reads the disk."""

    @property
    def who(self) -> str: ...
    def events(
        self,
        *,
        since: datetime | None = None,
        until: datetime | None = None,
        ref: str = "",
        what: Collection[str] = (),
        limit: int = 1000,
    ) -> Sequence[Entry]: ...
    def known(self, at: datetime) -> Sequence[Known]: ...
    def states(self, ref: Ref, *, limit: int = 100) -> Sequence[Known]: ...
    def rolled_out(self, app: str, environment: str, conclusion: str) -> Known | None: ...
    def looked(self, at: datetime) -> datetime | None: ...
    def intents(self, *, since: datetime | None = None, limit: int = 1000) -> Sequence[Intent]: ...
    def durations(self, app: str, environment: str, phase: str, *, conclusion: str = "success", limit: int = 50) -> Sequence[float]: ...
    def seen(self, user: str) -> datetime | None: ...
    def mark_seen(self, user: str, at: datetime) -> None: ...
    def note(self, text: str, *, ref: str = "") -> None: ...
    def flush(self) -> bool: ...
    @property
    def badge(self) -> str: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Stretch:
    """All that the journal has of a stretch of time, oldest first. ``cut`` says that there was more before it, ``standing`` is what
    is wrong at its end, ``looked`` when somebody looked last, None where nobody ever did."""

    since: datetime
    until: datetime
    events: tuple[Event, ...] = ()
    deeds: tuple[Deed, ...] = ()
    notes: tuple[Note, ...] = ()
    cut: bool = False
    standing: tuple[Standing, ...] = ()
    looked: datetime | None = None

    def digest(self) -> Digest:
        return digest(self.events, self.deeds, since=self.since, until=self.until, standing=self.standing)

    def timeline(self) -> tuple[Moment, ...]:
        return timeline((each for each in self.events if self.since <= when(each) <= self.until), self.deeds)

    def handoff(self, context: str) -> Handoff:
        return handoff(self.digest(), self.notes, context=context, looked=self.looked)


def read(
    port: PastPort, since: datetime, until: datetime, wrong: Sequence[Standing] | None = None, ahead: timedelta = timedelta(0)
) -> Stretch:
    """Read a stretch; blocks for as long as the disk does. ``wrong`` is what is wrong at its end, if that is known better than from
    what was kept: then somebody looks at its end, whatever was written down of that. What is no further ``ahead`` of its end happened
    as well, and is where it ends then."""
    looks = wrong is not None
    if wrong is None:
        wrong = standing((each.row for each in port.known(until)), {name: each.after for name, each in _lost(port, until).items()})
    last = until + ahead
    entries = port.events(since=since, until=last, limit=AT_MOST)
    events = tuple(_event(each) for each in reversed(entries) if each.what != "note")
    deeds = [_deed(each) for each in port.intents(since=since, limit=AT_MOST) if each.at <= last]
    if ahead:
        moments = [*map(when, events), *(each.at for each in entries), *(each.at for each in deeds)]
        until = max((each for each in moments if until < each <= last), default=until)
    return Stretch(
        since=since,
        until=until,
        events=events,
        deeds=tuple(reversed(deeds)),
        notes=tuple(Note(at=each.at, who=each.name, text=each.text, ref=each.ref) for each in reversed(entries) if each.what == "note"),
        cut=len(entries) == AT_MOST,
        standing=tuple(_told(port, each, until) for each in wrong[:MOST_WRONG]),
        looked=until if looks else port.looked(until),
    )


def _lost(port: PastPort, until: datetime) -> Mapping[str, Entry]:
    """The connections that could not be asked at a moment, each with how it was lost, as far as that was recorded."""
    newest: dict[str, Entry] = {}
    for each in port.events(since=until - EDGES, until=until + TICK, what=("edge",), limit=AT_MOST):
        newest.setdefault(each.ref, each)
    return {name: each for name, each in newest.items() if each.after in LOST}


def _told(port: PastPort, each: Standing, until: datetime) -> Standing:
    """Since when it is wrong, as it was recorded."""
    return told(each, [_event(entry) for entry in port.events(ref=each.ref, until=until, limit=20)])


def _event(entry: Entry) -> Event:
    return Event(
        what=entry.what,
        ref=entry.ref,
        at=entry.at,
        name=entry.name,
        before=entry.before,
        after=entry.after,
        platform_at=entry.platform_at,
        seconds=entry.seconds,
        text=entry.text,
    )


def _deed(intent: Intent) -> Deed:
    return Deed(
        at=intent.at,
        who=intent.who,
        verb=str(intent.verb),
        ref=str(intent.ref),
        name=intent.name,
        request=intent.request,
        reason=intent.reason,
        outcome=intent.outcome,
        text=intent.text,
        caused=intent.caused,
    )


def _next_to(port: PastPort, at: datetime, back: bool) -> datetime | None:
    if back:
        found = port.events(until=at, what=SHOWN, limit=1)
        return found[0].at if found else None
    # The journal answers newest first: the stretch is widened until it holds something.
    for hours in (1, 8, 72, 24 * 90):
        found = port.events(since=at + TICK, until=at + timedelta(hours=hours), what=SHOWN, limit=AT_MOST)
        if found:
            return found[-1].at
    return None


class Past:
    """What a session can ask of its journal. ``usual`` answers at once from what was learnt; everything else waits in a thread.
    ``store`` knows how things are now, None where only the journal is asked."""

    def __init__(self, port: PastPort, clock: Clock, store: Store | None = None) -> None:
        self._port = port
        self._clock = clock
        self._store = store
        self._usual: dict[Key, tuple[float, Usual | None]] = {}
        self.laid = 0
        """How often the journal was given a past that it had not seen happen."""

    @property
    def who(self) -> str:
        """Who acts here: ``ana``, or ``ana from 10.1.2.3``."""
        return self._port.who

    @property
    def user(self) -> str:
        """Whose marker is kept: the same person from wherever."""
        return self.who.split(" from ", 1)[0]

    async def stretch(self, since: datetime, until: datetime | None = None) -> Stretch:
        """What happened from ``since`` to ``until`` (now)."""
        if until is not None:
            return await asyncio.to_thread(read, self._port, since, until)
        return await asyncio.to_thread(read, self._port, since, self._clock.wall() + timedelta(seconds=1), self._wrong(), AHEAD)

    async def known(self, at: datetime) -> tuple[Sequence[Known], datetime | None, Mapping[str, Entry]]:
        """Everything as it was known at a moment, when somebody had looked last, and which connections could not be asked then, each
        with how it was lost."""
        return await asyncio.to_thread(lambda: (self._port.known(at), self._port.looked(at), _lost(self._port, at)))

    async def moments(self, at: datetime, *, back: bool) -> datetime | None:
        """The moment of the event next to ``at``, before or after it; None if there is none."""
        return await asyncio.to_thread(_next_to, self._port, at, back)

    async def states(self, ref: Ref, limit: int = 100) -> Sequence[Known]:
        """How a thing was known to be from one change to the next, newest first; empty if it never was."""
        return await asyncio.to_thread(lambda: self._port.states(ref, limit=limit))

    async def live(self, places: Collection[Place]) -> Mapping[Place, Rollout]:
        """The last rollout of each place that is remembered to have gone well."""
        return await asyncio.to_thread(lambda: {place: found for place in places if (found := self._last(place)) is not None})

    def _last(self, place: Place) -> Rollout | None:
        ended = [found for word in sorted(GOOD) if (found := self._port.rolled_out(*place, word)) is not None]
        newest = max(ended, key=lambda each: each.seen, default=None)
        return newest.row if newest is not None and isinstance(newest.row, Rollout) else None

    def _wrong(self) -> tuple[Standing, ...] | None:
        if self._store is None:
            return None
        lost = {each.name: str(each.state) for each in self._store.connections() if each.state in LOST}
        return standing([row for kind in LOOKED_AT for row in self._store.rows(kind)], lost)

    async def seen(self) -> datetime | None:
        """Until when this user has seen what happened, None for never."""
        return await asyncio.to_thread(self._port.seen, self.user)

    def mark_seen(self, at: datetime | None = None) -> None:
        """The user has seen everything up to ``at`` (now)."""
        self._port.mark_seen(self.user, at or self._clock.wall())

    async def note(self, text: str, ref: str = "") -> str:
        """Keep what the user typed for the next one. Empty once it is on the disk, else why it is not."""

        def kept() -> str:
            self._port.note(text, ref=ref)
            return ("" if self._port.flush() else "the journal does not answer") or self._port.badge

        return await asyncio.to_thread(kept)

    def usual(self, key: Key) -> Usual | None:
        """How long this usually takes; None where the past says too little, or was not asked yet."""
        return self._usual.get(key, (0.0, None))[1]

    async def learn(self, keys: Collection[Key]) -> bool:
        """Ask for what is usual of these, unless that was done lately; whether anything is known now that was not."""
        now, laid = self._clock.boot(), self.laid
        wanted = [key for key in keys if key not in self._usual or now - self._usual[key][0] > LEARN]
        if not wanted:
            return False
        found = await asyncio.to_thread(lambda: {key: self._ask(key) for key in wanted})
        if laid != self.laid:
            return False  # it was asked of another past
        news = any(self.usual(key) != known for key, known in found.items())
        self._usual.update({key: (now, known) for key, known in found.items()})
        return news

    def relearn(self) -> None:
        """The journal was given another past: what was learnt before counts no more, and whoever learns is to ask anew."""
        self._usual.clear()
        self.laid += 1

    def _ask(self, key: Key) -> Usual | None:
        app, environment, phase = key
        samples = [each for word in sorted(GOOD) for each in self._port.durations(app, environment, phase, conclusion=word, limit=MOST)]
        return usual(samples)
