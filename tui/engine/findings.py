"""What a first look finds that happened before it, in the platform's own words and with its own times.

Nobody saw it happen: it is told as found, once, and never mistaken for what was seen.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final

from tui.engine.ports import Event
from tui.engine.recall.records import BEFORE
from tui.engine.words import called, seconds_of, whole_of, whose, word
from tui.model import Deployment, Phase, Resource, Rollout, Service

BACK: Final = timedelta(days=7)
"""What ended earlier is no news to anybody."""


def found(rows: Iterable[Resource], at: datetime) -> Iterator[Event]:
    """What the platform says of these rows' past, looked at for the first time at ``at``."""
    for row in rows:
        began, last = _moments(row)
        if began is not None and at - BACK <= began <= at:
            yield Event(what="began", ref=str(row.ref), at=at, name=called(row), platform_at=began, text=whose(row))
        if last is not None and at - BACK <= last <= at:
            yield Event(what="found", ref=str(row.ref), at=at, name=called(row), after=word(row), platform_at=last, text=whose(row))
        yield from (replace(each, before=BEFORE) for each in durations(row, at))


def phase_ended(row: Rollout, phase: Phase, at: datetime) -> Event:
    """How a phase of a rollout ended and how long it took."""
    return Event(
        what="phase",
        ref=str(row.ref),
        at=at,
        name=phase.name,
        after=phase.conclusion or phase.status,
        platform_at=phase.completed_at,
        seconds=seconds_of(phase),
        text=f"{row.app}/{row.environment}",
    )


def durations(row: Resource, at: datetime) -> Iterator[Event]:
    """How long each phase of something that has ended took, and the whole; that teaches what is usual from the first look on."""
    if isinstance(row, Rollout):
        for phase in row.phases:
            if phase.completed_at is not None:
                yield phase_ended(row, phase, at)
    whole = whole_of(row, at)
    if whole is not None:
        yield whole


def _moments(row: Resource) -> tuple[datetime | None, datetime | None]:
    """When a thing began and when it became what it is, where its platform says so."""
    if isinstance(row, Rollout):
        return row.started_at or row.queued_at, row.completed_at or row.updated_at or row.queued_at
    if isinstance(row, Deployment):
        return row.created_at, row.finished_at or row.updated_at or row.created_at
    if isinstance(row, Service):
        return None, row.updated_at or row.deployed_at
    return None, None
