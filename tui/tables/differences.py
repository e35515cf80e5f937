"""What is otherwise between two records of one kind: a thing and how it was before, a deployment or rollout and the one before it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any, Final

from tui.model import TONES, Deployment, Health, Phase, Resource, Rollout, Tone
from tui.tables.cells import concluded
from tui.tables.columns import Lookup, Moment
from tui.tables.details import detail_text, label_of
from tui.tables.words import NOTHING, state

NO_NEWS: Final = frozenset({"ref", "raw", "updated_at", "cpu_share", "memory_bytes", "disk_share"})
"""Fields whose difference says nothing of what happened."""

_COURSE: Final = frozenset(
    {"health", "status", "conclusion", "phases", "error", "by", "snapshot", "dashboard", "name", "service"}
    | {"created_at", "queued_at", "started_at", "completed_at", "finished_at"}
)
"""Fields of a deployment or rollout that tell how it went, and not what was put out."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """One field before and after, as they are shown. ``tone`` where the new value is a state."""

    label: str
    before: str
    after: str
    tone: Tone | None = None


def differences(before: Resource, after: Resource, moment: Moment) -> list[Difference]:
    """What changed of a thing from one look to the next; times and states included, readings of load left out."""
    return list(_differing(before, after, moment, NO_NEWS))


def beside(before: Resource, after: Resource, moment: Moment) -> list[Difference]:
    """What was put out otherwise than the time before: commit, image, runtime, domain, names of variables; not how it went."""
    return list(_differing(before, after, moment, NO_NEWS | _COURSE))


def _differing(before: Resource, after: Resource, moment: Moment, apart: frozenset[str]) -> Iterator[Difference]:
    for each in fields(after):
        old, new = getattr(before, each.name, None), getattr(after, each.name)
        if each.name in apart or old == new:
            continue
        if each.name == "phases":
            yield from _phases(old or (), new, moment)
        else:
            tone = TONES[new] if isinstance(new, Health) else None
            yield Difference(
                label=label_of(each.name), before=_text(each.name, old, moment), after=_text(each.name, new, moment), tone=tone
            )


def _phases(before: tuple[Phase, ...], after: tuple[Phase, ...], moment: Moment) -> Iterator[Difference]:
    old = {each.name: each for each in before}
    for each in after:
        was = old.get(each.name)
        if was is None or (was.health, was.status, was.conclusion, was.needs_approval) != (
            each.health,
            each.status,
            each.conclusion,
            each.needs_approval,
        ):
            yield Difference(label=each.name, before=_phase(was), after=_phase(each), tone=TONES[each.health])


def _phase(phase: Phase | None) -> str:
    if phase is None:
        return NOTHING
    words = [str(phase.status), concluded(phase), "needs approval" if phase.needs_approval else ""]
    return " ".join(word for word in words if word) or state(phase.health)


def _text(name: str, value: Any, moment: Moment) -> str:
    if isinstance(value, datetime):
        return moment.local(value)
    return state(value) if isinstance(value, Health) else detail_text(name, value, moment)


def is_told(row: Resource) -> bool:
    """Whether it is known at all what a deployment or rollout put out."""
    return any(getattr(row, name, "") for name in ("target", "commit", "image"))


def one_before(row: Resource, store: Lookup) -> Resource | None:
    """The deployment of the same service, or the rollout to the same place, that was begun before this one; None where none is known."""
    if not isinstance(row, Deployment | Rollout) or row.created_at is None:
        return None
    mine, begun = _of(row), row.created_at
    earlier = [
        each
        for each in store.rows(row.ref.kind)
        if isinstance(each, Deployment | Rollout)
        and each.ref != row.ref
        and _of(each) == mine
        and each.created_at is not None
        and each.created_at < begun
    ]
    return max(earlier, key=lambda each: str(each.created_at), default=None)


def _of(row: Deployment | Rollout) -> tuple[str, ...]:
    if isinstance(row, Rollout):
        return (row.ref.connection, str(row.app), str(row.environment))
    return (row.ref.connection, str(row.service or row.name))
