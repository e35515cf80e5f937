"""What was seen to change, for the journal: transitions, comings and goings, connection edges, the phases of rollouts.

It only turns changes into events, and rows into what is kept of them, and hands both over in batches, off the loop; what is made of
them is the journal's matter.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Iterator
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Final

from tui.clock import Clock
from tui.engine.feeds import Change, Feed
from tui.engine.findings import found, phase_ended
from tui.engine.ports import Event, JournalPort
from tui.engine.store import Store
from tui.engine.words import called, whole_of, whose, word
from tui.errors import PlatformError, RollwatchError
from tui.model import PRIVATE, Resource, Rollout
from tui.platforms.base import Happening

log = logging.getLogger(__name__)

GATHER: Final = 1.0
"""Seconds that events are gathered before they are written together."""
MOST: Final = 20_000
"""Events that wait at most; a disk that hangs must not eat the memory."""
MOST_ROWS: Final = 500
"""Changes of rows that wait at most."""
READINGS: Final = frozenset({"raw", "updated_at", "cpu_share", "memory_bytes", "disk_share"})
"""Fields whose change alone is not kept."""
WATCH: Final = 60.0
"""Seconds between two words that somebody looks."""


def events(change: Change, at: datetime, *, first: bool) -> Iterator[Event]:
    """What a change means. ``first`` says that the feed was never read before: then nothing came, it only became known."""
    if change.feed.kind in PRIVATE:
        return
    for before, after in change.updated:
        yield from _phases(before, after, at)
        yield from _whole(before, after, at)
        if (before.health, before.status) != (after.health, after.status):
            yield Event(
                what="transition",
                ref=str(after.ref),
                at=at,
                name=called(after),
                before=word(before),
                after=word(after),
                platform_at=after.updated_at,
            )
    for row in () if first else change.added:
        yield Event(
            what="appeared", ref=str(row.ref), at=at, name=called(row), after=word(row), platform_at=row.created_at, text=whose(row)
        )
    for row in change.removed:
        yield Event(what="gone", ref=str(row.ref), at=at, name=called(row), before=word(row))


def _phases(before: Resource, after: Resource, at: datetime) -> Iterator[Event]:
    if not isinstance(before, Rollout) or not isinstance(after, Rollout):
        return
    ended = {phase.name for phase in before.phases if phase.completed_at is not None}
    for phase in after.phases:
        if phase.completed_at is not None and phase.name not in ended:
            yield phase_ended(after, phase, at)


def _whole(before: Resource, after: Resource, at: datetime) -> Iterator[Event]:
    """A rollout or deployment that was seen to end."""
    if whole_of(before, at) is None and (whole := whole_of(after, at)) is not None:
        yield whole


@dataclass(frozen=True, slots=True, kw_only=True)
class _Kept:
    """Rows to keep, each with what it was before if that is known."""

    feed: Feed
    at: datetime
    pairs: tuple[tuple[Resource | None, Resource], ...]
    gone: tuple[str, ...] = ()
    whole: bool = False


def _differs(old: Resource, new: Resource) -> bool:
    """Whether more than a reading is different."""
    return any(getattr(old, each.name) != getattr(new, each.name) for each in fields(new) if each.name not in READINGS)


class History:
    """Gathers events and writes them. A journal that cannot be written is complained about once, and again when it works."""

    def __init__(self, journal: JournalPort, clock: Clock) -> None:
        self._journal = journal
        self._clock = clock
        self._store: Store | None = None
        self._waiting: list[Event] = []
        self._rows: list[_Kept] = []
        self._lost: dict[str, str] = {}
        self._inherited: set[str] = set()
        self._seen: set[Feed] = set()
        self._whole: set[Feed] = set()
        self._arrived = asyncio.Event()
        self._writing: asyncio.Future[None] | None = None
        self._failing = False
        self.minutely: Callable[[], object] = lambda: None

    def known(self, store: Store) -> None:
        """These feeds were known before this run: what is missing or new in their first reply did come and go."""
        self._store = store
        self._seen.update(feed for feed in store.feeds() if store.freshness(feed).fetched_at is not None)

    def note(self, change: Change) -> None:
        """Keep what a change means."""
        self._keep(change)
        self._whole_connection(change.feed)
        if not change.data:
            if self._store is not None and self._store.freshness(change.feed).fetched_boot is not None:
                self._seen.add(change.feed)  # there was nothing: what comes next did come
            return
        first = change.feed not in self._seen
        self._seen.add(change.feed)
        at = self._clock.wall()
        self._add(*events(change, at, first=first))
        if first and change.feed.kind not in PRIVATE:
            self._add(*found(change.added, at))

    def tell(self, event: Event) -> None:
        """Keep an event that no change of a feed tells of."""
        self._add(event)

    def said(self, heard: tuple[str, Happening]) -> None:
        """Keep what a platform itself wrote down, under its own time; its id keeps it from being kept twice."""
        connection, each = heard
        name = each.targets[0] if each.targets else connection
        text = f"{each.what} by {each.by}" if each.by else each.what
        made = Event(
            what="said", ref=connection, at=self._clock.wall(), name=name, before=each.id, after="", platform_at=each.at, text=text
        )
        self._add(made)

    def edge(self, connection: str, word: str, error: PlatformError | None) -> None:
        """A connection was lost (``down``), limited, signed out, or is ``back``; told once, whoever notices it first. It is not back before
        something is read of it: that it may be asked again is no answer yet."""
        if word == self._lost.get(connection, "back"):
            return
        if word == "back" and self._store is not None and self._store.connection(connection).state == "down":
            return
        self._inherited.discard(connection)
        if word == "back":
            del self._lost[connection]
        else:
            self._lost[connection] = word
        self._add(Event(what="edge", ref=connection, at=self._clock.wall(), name=connection, after=word, text=str(error or "")))

    async def watch(self) -> None:
        """Say that somebody looks, for ever."""
        while True:
            await self._hand_over(self._journal.watching)
            self.minutely()
            await self._clock.sleep(WATCH)

    async def run(self) -> None:
        """Write what gathers, for ever."""
        await self._inherit()
        while True:
            await self._arrived.wait()
            await self._clock.sleep(GATHER)
            await self._write()

    async def close(self) -> None:
        """Write what is left, behind what is being written: whoever was cancelled meanwhile gave it up before a thread had begun."""
        if self._writing is not None:
            await self._writing
        await self._write()

    def _add(self, *made: Event) -> None:
        self._waiting.extend(made[: MOST - len(self._waiting)])
        if self._waiting:
            self._arrived.set()

    def _whole_connection(self, feed: Feed) -> None:
        """A connection whose every read fails is lost, also where it answers each with an error; one of which something is read is back."""
        store, name = self._store, feed.connection
        if store is None or (store.freshness(feed).error is None and name not in self._lost):
            return
        if name in self._inherited:
            self._returned(name)
        state = store.connection(name)
        if state.state == "down" and name not in self._lost:
            self.edge(name, "down", state.error)
        elif state.state in {"fresh", "stale"} and name not in self._inherited:
            self.edge(name, "back", None)

    async def _inherit(self) -> None:
        """What an earlier run lost and did not see come back may be back by now: this run never loses it, and would not say so."""
        if self._store is None:
            return
        names = [each.name for each in self._store.connections()]
        try:
            found = await asyncio.to_thread(self._journal.lost, names)
        except Exception:
            log.exception("which connections were lost is not known")
            return
        new = {name: word for name, word in found.items() if name not in self._lost}
        self._lost |= new
        self._inherited |= new.keys()
        for name in new:
            self._returned(name)

    def _returned(self, name: str) -> None:
        """An inherited connection whose server answered in this run is back."""
        state = self._store.connection(name) if self._store is not None else None
        if state is not None and state.state in {"fresh", "stale"} and state.fetched_boot is not None:
            self.edge(name, "back", None)

    def _keep(self, change: Change) -> None:
        """How the rows of a feed are now: all of them at the first answer of a run, later those that differ."""
        feed, store = change.feed, self._store
        if feed.kind in PRIVATE or store is None:
            return
        fresh = store.freshness(feed)
        if fresh.fetched_boot is None or fresh.restored:
            return
        at = self._clock.wall()
        if feed not in self._whole:
            self._whole.add(feed)
            self._rows.append(_Kept(feed=feed, at=at, pairs=tuple((None, row) for row in store.feed_rows(feed)), whole=True))
        elif change.added or change.updated or change.removed:
            pairs = (*change.updated, *((None, row) for row in change.added))
            self._rows.append(_Kept(feed=feed, at=at, pairs=pairs, gone=tuple(row.ref.id for row in change.removed)))
        else:
            return
        if len(self._rows) > MOST_ROWS:  # a disk that hangs: begin again with everything once it does not
            self._rows.clear()
            self._whole.clear()
        self._arrived.set()

    async def _write(self) -> None:
        batch, self._waiting = self._waiting, []
        rows, self._rows = self._rows, []
        self._arrived.clear()
        if batch or rows:
            self._writing = asyncio.ensure_future(self._hand_over(lambda: self._give(batch, rows)))
            await asyncio.shield(self._writing)

    def _give(self, batch: list[Event], rows: list[_Kept]) -> None:
        if batch:
            self._journal.record(batch)
        for each in rows:
            news = [row for old, row in each.pairs if old is None or _differs(old, row)]
            if news or each.gone or each.whole:
                feed = each.feed
                self._journal.keep(feed.connection, feed.kind, feed.scope, news, gone=each.gone, at=each.at, whole=each.whole)

    async def _hand_over(self, work: Callable[[], object]) -> None:
        try:
            await asyncio.to_thread(work)
            self._failing = False
        except RollwatchError as error:
            if not self._failing:
                log.warning("history is not kept: %s", error)
            self._failing = True
        except Exception:
            log.exception("history is not kept")
