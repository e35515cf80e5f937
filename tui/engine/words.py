"""How records are told in the journal: their state in one word, whose they are, how long they took. Pure readings of the model."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Final

from tui.engine.ports import Event
from tui.local.spelling import nearest
from tui.model import UNDECIDED, Deployment, Environment, Health, Phase, Ref, Resource, Rollout
from tui.text import Safe

ASKED: Final = "needs approval"
"""A rollout that goes on only once somebody says so."""


def word(resource: Resource) -> str:
    """How a thing is, ours and theirs: ``ok (running)``, where they say the same once; of a rollout what its own word would hide: see
    ``course``."""
    ours, theirs = str(resource.health), course(resource) if isinstance(resource, Rollout) else str(resource.status)
    return f"{ours} ({theirs})" if theirs not in {"", ours} else ours


def course(rollout: Rollout) -> str:
    """One word for a rollout, ours where the platform's would hide what matters: that somebody must approve it, or did not; once it
    is over, how it ended."""
    if any(phase.needs_approval for phase in rollout.phases):
        return ASKED
    if any(str(phase.conclusion) == "rejected" for phase in rollout.phases):
        return "rejected"
    ended = str(rollout.conclusion)
    return ended if ended not in UNDECIDED else str(rollout.status)


def called(resource: Resource) -> Safe:
    """What to call it where nothing beside it says whose it is: every app has an environment named prod."""
    if isinstance(resource, Environment) and resource.app_name:
        return Safe(f"{resource.app_name}/{resource.name}")
    return resource.name


def meant(ref: Ref, rows: Iterable[Resource]) -> str:
    """``did you mean REF (NAME)?`` where a reference leads nowhere and one of these has nearly its id or name; otherwise empty."""
    known = {str(word): row for row in rows for word in (row.name, row.ref.id)}
    row = known.get(nearest(ref.id, known))
    if row is None:
        return ""
    return f"did you mean {row.ref}{'' if row.name in row.ref.id else f' ({row.name})'}?"


def whose(resource: Resource) -> str:
    """What went out, and by whom: ``main@a1b2c3d by ana``; empty for what is no rollout."""
    if not isinstance(resource, Rollout):
        return ""
    target = short(str(resource.target))
    return f"{target} by {resource.by}" if resource.by else target


def short(target: str) -> str:
    """A branch as it is; a full commit as its first twelve digits; an image without its registry, for its tag is what tells it apart."""
    if len(target) == 40 and all(char in "0123456789abcdef" for char in target.lower()):
        return target[:12]
    image = target.rpartition("/")[2]
    if ":" not in image:  # which no branch has
        return target
    name, _, digest = image.partition("@sha256:")
    return f"{name}@{digest[:12]}" if digest else image


def seconds_of(phase: Phase) -> float | None:
    """How long a phase took, None where its platform does not say."""
    start = phase.started_at or phase.queued_at
    return None if start is None or phase.completed_at is None else max(0.0, (phase.completed_at - start).total_seconds())


def whole_of(row: Resource, at: datetime) -> Event | None:
    """How long a rollout or deployment that has ended took as a whole, told like a phase of it; None where that is not known."""
    if isinstance(row, Rollout):
        ended, start, how = row.completed_at, row.started_at or row.queued_at, str(row.conclusion or row.status)
        of = f"{row.app}/{row.environment}"
    elif isinstance(row, Deployment):
        ended, start, how = row.finished_at, row.created_at, "success" if row.health is Health.OK else "failure"
        of = f"{row.name}/{row.ref.connection}"
    else:
        return None
    if ended is None or start is None:
        return None
    took = max(0.0, (ended - start).total_seconds())
    return Event(what="phase", ref=str(row.ref), at=at, name=str(row.ref.kind), after=how, platform_at=ended, seconds=took, text=of)
