"""What is wrong at a moment, whether anything happened to it lately or not. Pure readings of rows, and of what was recorded of them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Final

from tui.engine.ports import Event
from tui.engine.recall.records import LOST, STATES, WRONG, Standing, when
from tui.engine.words import called, whose, word
from tui.model import Deployment, Health, Instance, Kind, Resource, Rollout

LOOKED_AT: Final = frozenset({Kind.SERVICE, Kind.DEPLOYMENT, Kind.ROLLOUT, Kind.INSTANCE, Kind.ENVIRONMENT, Kind.ROUTE})
"""Kinds of which each is somebody's trouble while it is not well."""


def standing(rows: Iterable[Resource], lost: Mapping[str, str]) -> tuple[Standing, ...]:
    """What of these rows is wrong, and of places that something goes to only the newest attempt; ``lost`` are the connections that
    cannot be asked, each with its word."""
    rows = [row for row in rows if row.ref.kind in LOOKED_AT]
    newest = _newest(rows)
    found = [
        Standing(ref=str(row.ref), name=str(called(row)), word=word(row), since=_since(row), unseen=True, whose=whose(row))
        for row in rows
        if row.health in WRONG and newest.get(_place(row), row) is row
    ]
    return (*found, *(Standing(ref=name, name=name, word=state) for name, state in lost.items()))


def told(each: Standing, events: Sequence[Event]) -> Standing:
    """The same with what was recorded of it, newest first: since when it is so, and whether anybody saw it become so."""
    since: datetime | None = None
    unseen = each.unseen
    for event in events:
        if event.what == "edge" or event.what in STATES:
            if event.after != each.word and not (event.what == "edge" and event.after in LOST):
                break
            since, unseen = when(event), event.what == "found"
    return each if since is None else replace(each, since=since, unseen=unseen)


def _newest(rows: Iterable[Resource]) -> Mapping[object, Rollout | Deployment]:
    """The newest attempt at each place that has ended or waits for somebody; one that goes on says nothing yet."""
    found: dict[object, Rollout | Deployment] = {}
    for row in rows:
        if not isinstance(row, Rollout | Deployment) or row.health not in WRONG | {Health.OK}:
            continue
        held = found.get(_place(row))
        if held is None or str(_moment(row)) > str(_moment(held)):
            found[_place(row)] = row
    return found


def _place(row: Resource) -> object:
    if isinstance(row, Rollout):
        return row.ref.connection, row.app, row.environment
    return (row.ref.connection, row.name) if isinstance(row, Deployment) else None


def _moment(row: Rollout | Deployment) -> datetime | None:
    if isinstance(row, Rollout):
        return row.started_at or row.queued_at or row.created_at
    return row.created_at


def _since(row: Resource) -> datetime | None:
    """When the platform says that it became so. What a machine says of itself is only as old as its last word."""
    if isinstance(row, Instance):
        return None
    ended = row.completed_at if isinstance(row, Rollout) else row.finished_at if isinstance(row, Deployment) else None
    return ended or row.updated_at
