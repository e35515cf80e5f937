"""From Encore's rollout to ours: pure functions of the reply, of what the journal knows and of the present moment.

The open words of the platform become a ``Health`` by tables; the spellings of its webhooks count like those of its API. No request
is made here.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final
from urllib.parse import quote

import msgspec

from tui import model
from tui.model import EMPTY, UNDECIDED, Health, Kind, KnownRollout, Phase, Ref
from tui.platforms.encore import wire
from tui.platforms.records import fields, identity, parse, text_of, when, word
from tui.text import Safe, clean

PHASES: Final = ("build", "infra", "deploy")
NOT_RUN: Final = Safe("not run")
COMPLETED: Final = "completed"
STATUS: Final[Mapping[str, str]] = {"awaiting_approval": "proposed"}
"""Webhook spellings of what the API says otherwise."""
APPROVAL: Final = "proposed"
RANK: Final[Mapping[str, int]] = {"pending": 0, "queued": 1, "running": 2, COMPLETED: 3}

CONCLUSION: Final[Mapping[str, Health]] = {
    "success": Health.OK,
    "failure": Health.BAD,
    "rejected": Health.BAD,
    "canceled": Health.WARN,
    "cancelled": Health.WARN,
}
UNDERWAY: Final[Mapping[str, Health]] = {
    "pending": Health.IDLE,
    "queued": Health.IDLE,
    "running": Health.BUSY,
    APPROVAL: Health.WARN,
}
"""A phase that is not concluded."""


def phase(name: str, value: Any, now: datetime, *, over: bool) -> Phase:
    """One phase; ``value`` may be null or anything. In a rollout that is ``over``, a phase that never finished was not run."""
    try:
        record = msgspec.convert(fields(value, wire.Phase), wire.Phase) if isinstance(value, dict) else wire.Phase()
    except msgspec.MsgspecError:
        record = wire.Phase()
    said = word(record.status, 80)
    status = Safe(STATUS.get(said, said))
    conclusion = word(record.conclusion, 80)
    concluded = conclusion not in UNDECIDED
    if over and not concluded and status != COMPLETED:
        status, conclusion = NOT_RUN, EMPTY
    return Phase(
        name=name,
        id=word(record.id),
        status=status,
        conclusion=conclusion,
        health=_phase_health(status, conclusion),
        needs_approval=status == APPROVAL and not concluded,
        queued_at=when(record.queued_at, now),
        started_at=when(record.started_at, now),
        completed_at=when(record.completed_at, now),
    )


def _phase_health(status: str, conclusion: str) -> Health:
    if conclusion not in UNDECIDED:
        return CONCLUSION.get(conclusion, Health.UNKNOWN)
    if status in {"", NOT_RUN}:
        return Health.IDLE
    return UNDERWAY.get(status, Health.UNKNOWN)


def rollout(content: bytes | str, known: KnownRollout, *, connection: str, dashboard: str, now: datetime, snapshot: bool) -> model.Rollout:
    """One rollout: the reply's record (already without its envelope) and what we know of it.

    The id is the one that we know it by, else the reply's. ``dashboard`` is the template of the link. ``snapshot`` says that this
    server cannot be asked again: what is not over then has an unknown health, because nobody can know. Raises what
    ``records.REFUSALS`` lists.
    """
    value = parse(content.encode() if isinstance(content, str) else content)
    record = msgspec.convert(fields(value, wire.Rollout), wire.Rollout)
    id_ = known.id or identity(record.id)
    status, conclusion = word(record.status, 80), word(record.conclusion, 80)
    over = is_over(status, conclusion)
    phases = tuple(phase(name, getattr(record, name), now, over=over) for name in PHASES)
    if any(each.conclusion == "rejected" for each in phases) and over:
        conclusion = Safe("rejected")
    app, environment = clean(known.app, 256), clean(known.environment, 256) or word(record.env_name, 256)
    return model.Rollout(
        ref=Ref(connection=connection, kind=Kind.ROLLOUT, id=id_),
        name=clean("/".join(part for part in (app, environment) if part), 512) or word(id_),
        health=_health(status, conclusion, phases, over=over, snapshot=snapshot),
        status=status,
        conclusion=EMPTY if conclusion in UNDECIDED and not over else conclusion,
        app=app,
        environment=environment,
        target=clean(known.target, 200),
        by=clean(known.by, 200),
        phases=phases,
        queued_at=when(record.queued_at, now),
        started_at=when(record.started_at, now),
        completed_at=when(record.completed_at, now),
        created_at=known.at,
        updated_at=max((each for each in _times(record, phases, now) if each), default=None),
        dashboard=link(dashboard, app=known.app, environment=known.environment, id_=id_),
        snapshot=snapshot,
        raw=text_of(value),
    )


def unread(known: KnownRollout, *, connection: str, dashboard: str) -> model.Rollout:
    """A rollout of which no reply was ever read: what we know, and that its state is unknown."""
    name = "/".join(part for part in (known.app, known.environment) if part)
    return model.Rollout(
        ref=Ref(connection=connection, kind=Kind.ROLLOUT, id=identity(known.id)),
        name=clean(name, 512) or clean(known.id, 256),
        app=clean(known.app, 256),
        environment=clean(known.environment, 256),
        target=clean(known.target, 200),
        by=clean(known.by, 200),
        created_at=known.at,
        dashboard=link(dashboard, app=known.app, environment=known.environment, id_=known.id),
        snapshot=True,
    )


def is_over(status: str, conclusion: str) -> bool:
    """Whether a rollout will not change any more: completed, or concluded whatever its status says."""
    return status == COMPLETED or conclusion not in UNDECIDED


def standing(content: str | bytes) -> tuple[str, int, bool]:
    """Which rollout a reply is about and how far it is: its id, the rank of its status (unknown words count as running) and whether
    it is over. Raises what ``records.REFUSALS`` lists.
    """
    value = fields(parse(content.encode() if isinstance(content, str) else content), wire.Rollout)
    record = msgspec.convert(value, wire.Rollout)
    status, conclusion = word(record.status), word(record.conclusion)
    over = is_over(status, conclusion)
    return identity(record.id), (RANK[COMPLETED] if over else RANK.get(status, RANK["running"])), over


def link(template: str, *, app: str, environment: str, id_: str) -> Safe:
    """The rollout's page on the dashboard, empty where the template or what it needs is. The dashboard knows ids without ``roll_``."""
    parts = {"app": app, "env": environment, "environment": environment, "id": id_.removeprefix(wire.PREFIX)}
    if not template or any("{" + name + "}" in template and not part for name, part in parts.items()):
        return EMPTY
    for name, part in parts.items():
        template = template.replace("{" + name + "}", quote(part, safe="", errors="replace"))
    return clean(template, 1000)


def _health(status: str, conclusion: str, phases: tuple[Phase, ...], *, over: bool, snapshot: bool) -> Health:
    if over:
        return CONCLUSION.get(conclusion, Health.UNKNOWN)
    if snapshot:
        return Health.UNKNOWN
    if any(each.needs_approval for each in phases):
        return Health.WARN
    if any(each.health is Health.BAD for each in phases):
        return Health.BAD
    return Health.BUSY if status in RANK else Health.UNKNOWN


def _times(record: wire.Rollout, phases: tuple[Phase, ...], now: datetime) -> list[datetime | None]:
    own = [when(each, now) for each in (record.queued_at, record.started_at, record.completed_at)]
    return own + [time for each in phases for time in (each.queued_at, each.started_at, each.completed_at)]
