"""The journal's answers, asked for off the loop: the digest, the timeline and the handoff of a stretch of time, usual durations.

It turns what the journal hands out into the records that the pure functions beside it take. It decides nothing and draws nothing.
"""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, Protocol

from tui.clock import Clock
from tui.engine.ports import Event
from tui.engine.recall.digest import Digest, digest
from tui.engine.recall.handoff import Handoff, handoff
from tui.engine.recall.records import Deed, Note
from tui.engine.recall.timeline import Entry as Moment
from tui.engine.recall.timeline import timeline
from tui.engine.recall.usual import GOOD, MOST, Usual, usual
from tui.local.journal.records import Entry, Intent

AT_MOST: Final = 20_000
"""Events of one stretch that are looked at, the newest of them: a shift has some hundreds."""
LEARN: Final = 120.0
"""Seconds after which what is usual is asked for again."""

Key = tuple[str, str, str]
"""App, environment, phase; of a deployment service, connection, ``deployment``."""


class PastPort(Protocol):
    """What the local journal answers. Every question reads the disk."""

    @property
    def who(self) -> str: ...
    def events(self, *, since: datetime | None = None, until: datetime | None = None, limit: int = 1000) -> Sequence[Entry]: ...
    def intents(self, *, since: datetime | None = None, limit: int = 1000) -> Sequence[Intent]: ...
    def durations(self, app: str, environment: str, phase: str, *, conclusion: str = "success", limit: int = 50) -> Sequence[float]: ...
    def seen(self, user: str) -> datetime | None: ...
    def mark_seen(self, user: str, at: datetime) -> None: ...
    def note(self, text: str, *, ref: str = "") -> None: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Stretch:
    """All that the journal has of a stretch of time, oldest first. ``cut`` says that there was more before it."""

    since: datetime
    until: datetime
    events: tuple[Event, ...] = ()
    deeds: tuple[Deed, ...] = ()
    notes: tuple[Note, ...] = ()
    cut: bool = False

    def digest(self) -> Digest:
        return digest(self.events, self.deeds, since=self.since, until=self.until)

    def timeline(self) -> tuple[Moment, ...]:
        return timeline(self.events, self.deeds)

    def handoff(self, context: str) -> Handoff:
        return handoff(self.events, self.deeds, self.notes, context=context, since=self.since, until=self.until)


def read(port: PastPort, since: datetime, until: datetime) -> Stretch:
    """Read a stretch; blocks for as long as the disk does."""
    entries = port.events(since=since, until=until, limit=AT_MOST)
    deeds = [_deed(each) for each in port.intents(since=since, limit=AT_MOST) if each.at <= until]
    return Stretch(
        since=since,
        until=until,
        events=tuple(_event(each) for each in reversed(entries) if each.what != "note"),
        deeds=tuple(reversed(deeds)),
        notes=tuple(Note(at=each.at, who=each.name, text=each.text, ref=each.ref) for each in reversed(entries) if each.what == "note"),
        cut=len(entries) == AT_MOST,
    )


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


class Past:
    """What a session can ask of its journal. ``usual`` answers at once from what was learnt; everything else waits in a thread."""

    def __init__(self, port: PastPort, clock: Clock) -> None:
        self._port = port
        self._clock = clock
        self._usual: dict[Key, tuple[float, Usual | None]] = {}

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
        end = until or self._clock.wall() + timedelta(seconds=1)
        return await asyncio.to_thread(read, self._port, since, end)

    async def seen(self) -> datetime | None:
        """Until when this user has seen what happened, None for never."""
        return await asyncio.to_thread(self._port.seen, self.user)

    def mark_seen(self, at: datetime | None = None) -> None:
        """The user has seen everything up to ``at`` (now)."""
        self._port.mark_seen(self.user, at or self._clock.wall())

    def note(self, text: str, ref: str = "") -> None:
        """Keep what the user typed for the next one."""
        self._port.note(text, ref=ref)

    def usual(self, key: Key) -> Usual | None:
        """How long this usually takes; None where the past says too little, or was not asked yet."""
        return self._usual.get(key, (0.0, None))[1]

    async def learn(self, keys: Collection[Key]) -> bool:
        """Ask for what is usual of these, unless that was done lately; whether anything is known now that was not."""
        now = self._clock.boot()
        wanted = [key for key in keys if key not in self._usual or now - self._usual[key][0] > LEARN]
        if not wanted:
            return False
        found = await asyncio.to_thread(lambda: {key: self._ask(key) for key in wanted})
        news = any(self.usual(key) != known for key, known in found.items())
        self._usual.update({key: (now, known) for key, known in found.items()})
        return news

    def _ask(self, key: Key) -> Usual | None:
        app, environment, phase = key
        samples = [each for word in sorted(GOOD) for each in self._port.durations(app, environment, phase, conclusion=word, limit=MOST)]
        return usual(samples)
