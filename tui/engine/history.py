"""What was seen to change, for the journal: transitions, comings and goings, connection edges, the phases of rollouts.

It only turns changes into events and hands them over in batches, off the loop; what is made of them is the journal's matter.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterator
from datetime import datetime
from typing import Final

from tui.clock import Clock
from tui.engine.feeds import Change
from tui.engine.ports import Event, JournalPort
from tui.engine.store import Store
from tui.errors import PlatformError, RollwatchError
from tui.model import Deployment, Health, Kind, Phase, Resource, Rollout

log = logging.getLogger(__name__)

GATHER: Final = 1.0
"""Seconds that events are gathered before they are written together."""
MOST: Final = 20_000
"""Events that wait at most; a disk that hangs must not eat the memory."""
SILENT: Final = frozenset({Kind.VARIABLE})
"""Kinds of which nothing is kept: a variable's very name may be telling."""


def word(resource: Resource) -> str:
    """How a thing is, ours and theirs: ``ok (running)``; of a rollout that is over, how it ended."""
    over = isinstance(resource, Rollout) and resource.completed_at is not None
    theirs = getattr(resource, "conclusion", "") if over else resource.status
    return f"{resource.health} ({theirs or resource.status})" if theirs or resource.status else str(resource.health)


def _whose(resource: Resource) -> str:
    """What went out, and by whom: ``main@a1b2c3d by ana``; empty for what is no rollout."""
    if not isinstance(resource, Rollout):
        return ""
    return f"{resource.target} by {resource.by}" if resource.by else str(resource.target)


def events(change: Change, at: datetime, *, first: bool) -> Iterator[Event]:
    """What a change means. ``first`` says that the feed was never read before: then nothing came, it only became known."""
    if change.feed.kind in SILENT:
        return
    for before, after in change.updated:
        yield from _phases(before, after, at)
        yield from _whole(before, after, at)
        if (before.health, before.status) != (after.health, after.status):
            yield Event(
                what="transition",
                ref=str(after.ref),
                at=at,
                name=after.name,
                before=word(before),
                after=word(after),
                platform_at=after.updated_at,
            )
    for row in () if first else change.added:
        yield Event(what="appeared", ref=str(row.ref), at=at, name=row.name, after=word(row), platform_at=row.created_at, text=_whose(row))
    for row in change.removed:
        yield Event(what="gone", ref=str(row.ref), at=at, name=row.name, before=word(row))


def _phases(before: Resource, after: Resource, at: datetime) -> Iterator[Event]:
    if not isinstance(before, Rollout) or not isinstance(after, Rollout):
        return
    ended = {phase.name for phase in before.phases if phase.completed_at is not None}
    for phase in after.phases:
        if phase.completed_at is not None and phase.name not in ended:
            yield Event(
                what="phase",
                ref=str(after.ref),
                at=at,
                name=phase.name,
                after=phase.conclusion or phase.status,
                platform_at=phase.completed_at,
                seconds=_seconds(phase),
                text=f"{after.app}/{after.environment}",
            )


def _whole(before: Resource, after: Resource, at: datetime) -> Iterator[Event]:
    """A rollout or deployment that was seen to end: how long it took as a whole, told like a phase of it."""
    if isinstance(before, Rollout) and isinstance(after, Rollout):
        ended = after.completed_at if before.completed_at is None else None
        start, word = after.started_at or after.queued_at, str(after.conclusion or after.status)
        of = f"{after.app}/{after.environment}"
    elif isinstance(before, Deployment) and isinstance(after, Deployment):
        ended = after.finished_at if before.finished_at is None else None
        start, word = after.created_at, "success" if after.health is Health.OK else "failure"
        of = f"{after.name}/{after.ref.connection}"
    else:
        return
    if ended is not None and start is not None:
        yield Event(
            what="phase",
            ref=str(after.ref),
            at=at,
            name=str(after.ref.kind),
            after=word,
            platform_at=ended,
            seconds=max(0.0, (ended - start).total_seconds()),
            text=of,
        )


def _seconds(phase: Phase) -> float | None:
    start = phase.started_at or phase.queued_at
    return None if start is None or phase.completed_at is None else max(0.0, (phase.completed_at - start).total_seconds())


class History:
    """Gathers events and writes them. A journal that cannot be written is complained about once, and again when it works."""

    def __init__(self, journal: JournalPort, clock: Clock) -> None:
        self._journal = journal
        self._clock = clock
        self._store: Store | None = None
        self._waiting: list[Event] = []
        self._seen: set[object] = set()
        self._arrived = asyncio.Event()
        self._failing = False

    def known(self, store: Store) -> None:
        """These feeds were known before this run: what is missing or new in their first reply did come and go."""
        self._store = store
        self._seen.update(feed for feed in store.feeds() if store.freshness(feed).fetched_at is not None)

    def note(self, change: Change) -> None:
        """Keep what a change means."""
        if not change.data:
            if self._store is not None and self._store.freshness(change.feed).fetched_boot is not None:
                self._seen.add(change.feed)  # there was nothing: what comes next did come
            return
        first = change.feed not in self._seen
        self._seen.add(change.feed)
        self._add(*events(change, self._clock.wall(), first=first))

    def edge(self, connection: str, word: str, error: PlatformError | None) -> None:
        """A connection was lost (``down``), limited, signed out, or is ``back``."""
        self._add(Event(what="edge", ref=connection, at=self._clock.wall(), name=connection, after=word, text=str(error or "")))

    async def run(self) -> None:
        """Write what gathers, for ever."""
        while True:
            await self._arrived.wait()
            await self._clock.sleep(GATHER)
            await self._write()

    async def close(self) -> None:
        """Write what is left."""
        await self._write()

    def _add(self, *made: Event) -> None:
        self._waiting.extend(made[: MOST - len(self._waiting)])
        if self._waiting:
            self._arrived.set()

    async def _write(self) -> None:
        batch, self._waiting = self._waiting, []
        self._arrived.clear()
        if not batch:
            return
        try:
            await asyncio.to_thread(self._journal.record, batch)
            self._failing = False
        except RollwatchError as error:
            if not self._failing:
                log.warning("history is not kept: %s", error)
            self._failing = True
        except Exception:
            log.exception("history is not kept")
