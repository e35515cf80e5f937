"""Every field of a record as labelled lines, for the detail screen. Made from the declaration of the record."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from datetime import datetime
from typing import Any, Final

from tui.clock import span
from tui.engine.recall.usual import Outlook
from tui.model import TONES, Deployment, Phase, Ref, Resource, Rollout, Tone
from tui.tables.cells import code, concluded, deploying, going, lasting_until, needs_approval, phase_going, told
from tui.tables.columns import Moment
from tui.tables.relations import named
from tui.tables.words import NOTHING, age, share, size, state
from tui.text import Secret

_FIRST: Final = ("name", "health", "status")
_APART: Final = frozenset({"ref", "raw", *_FIRST})
_UNITS: Final = {"cpu_share": share, "disk_share": share, "memory_bytes": size, "memory_total_bytes": size}


@dataclass(frozen=True, slots=True)
class Detail:
    """One labelled line. ``copy`` is the bare value a user would want to paste elsewhere, empty where there is none; ``ref`` the thing
    that it names, where that is known."""

    label: str
    text: str
    tone: Tone | None = None
    copy: str = ""
    ref: Ref | None = None


def label_of(name: str) -> str:
    """What a field is called on the screen."""
    return name.removesuffix("_at").removesuffix("_share").removesuffix("_bytes").replace("_", " ")


def _time(label: str, at: datetime, moment: Moment) -> Detail:
    exact = at.isoformat(timespec="seconds").replace("+00:00", "Z")
    ahead = (at - moment.now).total_seconds()
    distance = f"in {age(ahead)}" if ahead > 1 else f"{moment.ago(at)} ago"
    return Detail(label, f"{moment.local(at)} · {distance}", None, exact)


def _phase(phase: Phase, until: datetime | None) -> Detail:
    how = "◆ NEEDS APPROVAL" if phase.needs_approval else state(phase.health)
    words = [how, *filter(None, (str(phase.status), concluded(phase)))]
    if phase.started_at and (end := phase.completed_at or until):
        words.append(span((end - phase.started_at).total_seconds()))
    return Detail(phase.name, " · ".join(words), Tone.WARN if phase.needs_approval else TONES[phase.health], str(phase.id))


def _detail(name: str, value: Any, moment: Moment, until: datetime | None) -> list[Detail]:
    label = label_of(name)
    match value:
        case None | "" | ():
            return [Detail(label, NOTHING, Tone.MUTED)]
        case Secret():
            return [Detail(label, "••••••••", Tone.MUTED)]
        case datetime():
            return [_time(label, value, moment)]
        case Ref():
            return [Detail(label, str(value), None, value.id)]
        case bool():
            return [Detail(label, "yes" if value else "no", None, str(value).lower())]
        case tuple() if isinstance(value[0], Phase):
            return [_phase(each, until) for each in value]
        case tuple():
            joined = ", ".join(str(each) for each in value)
            return [Detail(label, joined, None, joined)]
    shown = _UNITS[name](value) if name in _UNITS else str(value)
    return [Detail(label, shown, None, str(value))]


def _naming(line: Detail, other: Resource) -> Detail:
    """A line that gives another thing's id, with what people call it; all deployments of a service are called alike, their code differs."""
    called = code(other) if isinstance(other, Deployment) else str(other.name)
    text = line.text if called in {"", NOTHING, line.text} else f"{called} · {line.text}"
    return replace(line, text=text, ref=other.ref)


def detail_text(name: str, value: Any, moment: Moment) -> str:
    """The value of a field as it is shown."""
    return ", ".join(each.text for each in _detail(name, value, moment, moment.now))


def details(row: Resource, moment: Moment) -> list[Detail]:
    """What is known of a record: what it is, how it is, then every field of its kind, unknown ones as such."""
    how = told(row)
    lines = [
        Detail("name", str(row.name or row.ref.id), None, str(row.name)),
        Detail("id", row.ref.id, None, row.ref.id),
        Detail("ref", str(row.ref), None, str(row.ref)),
        Detail("health", how.text, how.tone),
        Detail("status", str(row.status) or "the platform gave no word", None if row.status else Tone.MUTED, str(row.status)),
    ]
    others = named(row, moment.store)
    until = lasting_until(row, moment) if isinstance(row, Rollout) else None
    for each in fields(row):
        if each.name not in _APART:
            made = _detail(each.name, getattr(row, each.name), moment, until)
            lines.extend(_naming(line, others[each.name]) for line in made) if each.name in others else lines.extend(made)
    # How long a person thinks is no speed.
    waits = isinstance(row, Rollout) and needs_approval(row)
    for label, found in reversed(_outlooks(row, moment)):
        slow = found.slow and not waits
        said = str(found.usual) if waits or moment.old(row) else found.text
        beside = f"{found.usual.count} before it" + ("" if said == found.text and slow else f", p90 {span(found.usual.p90)}")
        lines.insert(5, Detail(label, f"{said} ({beside})", Tone.WARN if slow else None))
    return lines


def _outlooks(row: Resource, moment: Moment) -> list[tuple[str, Outlook]]:
    """How what is going on stands against what is usual: the whole, then the phase that runs."""
    found: list[tuple[str, Outlook | None]] = []
    if isinstance(row, Deployment):
        found.append(("usual", deploying(row, moment)))
    if isinstance(row, Rollout):
        found.append(("usual", going(row, moment)))
        found += [(f"usual {phase.name}", phase_going(row, phase, moment)) for phase in row.phases]
    return [(label, each) for label, each in found if each is not None]
