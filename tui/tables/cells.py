"""The cells that take more than one field to say: states, phases, durations, where code came from. Pure functions of a record."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Final

from tui.clock import span
from tui.engine.recall.usual import Outlook, outlook
from tui.engine.words import course, short
from tui.model import UNDECIDED, Deployment, Health, Phase, Resource, Rollout, Service, Tone
from tui.tables.columns import Cell, Moment, Shown, Span
from tui.tables.words import GLYPHS, NOTHING, age, state, tone_of


def health(row: Resource, moment: Moment) -> Shown:
    return (told(row),)


def ended(row: Deployment) -> datetime | None:
    """When a deployment was over, or was heard of last."""
    return row.finished_at or row.updated_at or row.created_at


def last_time(row: Service, moment: Moment) -> tuple[Deployment | None, datetime | None]:
    """The deployment by which a service was deployed last, where that is known, and when. What the service says itself is of what was
    put out, not of what is going on or failed since."""
    last = moment.last_deployment(row)
    told = ended(last) if last is not None else None
    if last is None or row.deployed_at is None:
        return last, row.deployed_at or told
    if last.health not in {Health.BAD, Health.BUSY}:
        return last, row.deployed_at
    return (last, told) if told is not None and told >= row.deployed_at else (None, row.deployed_at)


def last_deploy(row: Service, moment: Moment) -> Shown:
    deployment, at = last_time(row, moment)
    if at is None:
        return (Span(NOTHING, Tone.MUTED),)
    ago = moment.ago(at)
    # How it went and when stand first, under each other: what is narrow cuts neither.
    how, word, tone = DEPLOYS.get(deployment.health if deployment is not None else Health.UNKNOWN, ("·", "ago", Tone.MUTED))
    return (Span(f"{how} ", tone), Span(f"{ago} "), Span(word, tone if word != "ago" else None))


DEPLOYS: Final[Mapping[Health, tuple[str, str, Tone]]] = {
    Health.OK: ("✓", "ago", Tone.OK),
    Health.BAD: ("✗", "failed", Tone.BAD),
    Health.BUSY: ("◐", "going", Tone.BUSY),
}
"""How the last deployment went: a glyph, and behind its age a word where it is not over or did not go well."""


PHASE_WORDS: Final[Mapping[Health, tuple[str, Tone]]] = {
    Health.OK: ("✓", Tone.OK),
    Health.BUSY: ("◐", Tone.BUSY),
    Health.WARN: ("▲", Tone.WARN),
    Health.BAD: ("✗", Tone.BAD),
    Health.IDLE: ("·", Tone.MUTED),
    Health.UNKNOWN: ("?", Tone.UNKNOWN),
}


def concluded(phase: Phase) -> str:
    """How a phase ended; nothing while it goes on, of which the platform says ``unknown``."""
    return "" if phase.completed_at is None and str(phase.conclusion) in UNDECIDED else str(phase.conclusion)


def phase_took(phase: Phase, now: datetime, since: datetime | None = None) -> float | None:
    """Seconds that a phase took, or has been taking so far; None before it began. One that waits for a person has been waiting
    since it was queued or, where the server does not say that, since the phase before it was over."""
    begin = phase.started_at or ((phase.queued_at or since) if phase.needs_approval else None)
    if begin is None:
        return None
    return max(0.0, ((phase.completed_at or now) - begin).total_seconds())


def _phase(phase: Phase, now: datetime | None, over: bool, since: datetime | None, known: Outlook | None = None) -> Span:
    """Glyph, word and time of one phase. ``now`` None: nobody can say how long it has been going on; ``since`` is when the phase
    before it was over; ``known`` is how it stands against what is usual for it."""
    glyph, tone = PHASE_WORDS[phase.health]
    taken = phase_took(phase, now, since) if now is not None else None
    if phase.needs_approval:
        return Span("◆ NEEDS APPROVAL" + (f" {age(taken)}" if taken is not None else ""), Tone.WARN)
    if over and phase.health in {Health.IDLE, Health.BUSY}:
        return Span("· not run" if phase.started_at is None else "· not finished", Tone.MUTED)
    loud = phase.health in {Health.BAD, Health.WARN, Health.UNKNOWN}
    word = f" {phase.conclusion or phase.status or phase.health}" if loud else ""
    if known is not None and not loud:
        return _against(known, glyph, tone)
    return Span(glyph + word + (f" {span(taken)}" if taken is not None else ""), tone)


def _against(known: Outlook, glyph: str, tone: Tone | None) -> Span:
    """``◐ 40 s of 1m02``; with a sign and its own tone once it is slower than nine of ten."""
    lead = f"{glyph} ▲" if known.slow else glyph
    return Span(f"{lead} {span(known.elapsed)} of {span(known.usual.p50)}".strip(), Tone.WARN if known.slow else tone)


def phase_going(row: Rollout, phase: Phase, moment: Moment) -> Outlook | None:
    """How a running phase stands against what is usual for it there; None where that is not known, or somebody is waited for."""
    running = phase.started_at is not None and phase.completed_at is None and not phase.needs_approval
    if moment.usual is None or not running or phase.started_at is None or row.completed_at is not None or row.snapshot:
        return None
    return outlook((moment.known(row) - phase.started_at).total_seconds(), moment.usual((str(row.app), str(row.environment), phase.name)))


def phase_cell(rollout: Rollout, moment: Moment, *, brief: bool = False) -> Cell:
    """``build ✓ 1m02 ─ infra ◆ NEEDS APPROVAL 4m ─ deploy ·``; ``brief`` leaves out how long what went well took, and that what
    did not begin was not run."""
    over = _is_over(rollout)
    frozen, until = is_frozen(rollout), lasting_until(rollout, moment)
    if frozen and all(phase.health is Health.IDLE for phase in rollout.phases):
        return (untold(rollout, moment),)
    pieces: list[Span] = []
    before: datetime | None = None
    for phase in rollout.phases:
        if pieces:
            pieces.append(Span(" ─ ", Tone.MUTED))
        pieces.append(Span(f"{phase.name} "))
        known = phase_going(rollout, phase, moment)
        now = None if brief and phase.health is Health.OK else until
        pieces.append(_phase(phase, now, over and not (brief and phase.health is Health.IDLE), before, known))
        before = phase.completed_at
    if frozen:
        pieces += [Span("  "), untold(rollout, moment)]
    return tuple(pieces) or (Span("no phases known", Tone.UNKNOWN),)


def _is_over(row: Rollout) -> bool:
    return row.completed_at is not None or row.health in {Health.OK, Health.BAD}


def lasting_until(row: Rollout, moment: Moment) -> datetime | None:
    """Until when a phase of which no end was told went on: to the end of the whole, as long as anything is known of it; None where nobody
    can say."""
    if _is_over(row) or is_frozen(row):
        return row.completed_at
    return moment.known(row)


def is_frozen(row: Rollout) -> bool:
    """Whether nobody can say how a rollout goes on: it was triggered on a server that shows none."""
    return row.snapshot and row.completed_at is None and row.health not in {Health.OK, Health.BAD}


def untold(row: Rollout, moment: Moment, *, short: bool = False) -> Span:
    """Since when nothing is known of a rollout that is frozen."""
    at = row.updated_at or row.created_at or row.queued_at
    since = f"? as of {moment.ago(at)} ago" if at else "? not known since"
    return Span(since if short else f"{since}, its server tells no more", Tone.UNKNOWN)


def needs_approval(rollout: Rollout) -> bool:
    return any(phase.needs_approval for phase in rollout.phases)


def rollout_word(row: Rollout) -> str:
    """One word for a rollout: its course, else how it is."""
    return course(row) or str(row.health)


def rollout_state(row: Rollout, moment: Moment) -> Shown:
    return (told(row),)


AS_OURS: Final = {"failure": str(Health.BAD)}
"""Words of a course that have one of ours; two for the same beside each other ask what the difference is."""


def told(row: Resource) -> Span:
    """How a thing is, as glyph and word; a rollout in its own: degraded says nothing of one that waits for somebody or was canceled."""
    if not isinstance(row, Rollout):
        return Span(state(row.health), tone_of(row))
    if needs_approval(row):
        return Span("◆ NEEDS APPROVAL", Tone.WARN)
    word = rollout_word(row)
    return Span(f"{GLYPHS[tone_of(row)]} {AS_OURS.get(word, word)}", tone_of(row))


def target(row: Rollout) -> str:
    """The branch or commit of a rollout; a full commit is shortened to twelve digits."""
    return short(str(row.target))


def lasted(row: Rollout, moment: Moment) -> float | None:
    """Seconds from the begin of a rollout to its end, or as long as it is known to go on."""
    begin = row.started_at or row.queued_at or row.created_at
    if begin is None or (row.snapshot and row.completed_at is None):
        return None
    return ((row.completed_at or moment.known(row)) - begin).total_seconds()


def elapsed(row: Rollout, moment: Moment) -> str:
    seconds = lasted(row, moment)
    return NOTHING if seconds is None else span(seconds)


def going(row: Rollout, moment: Moment) -> Outlook | None:
    """How far a running rollout is, against what is usual for it; None where that is not known or it is not running."""
    begin = row.started_at or row.queued_at
    if moment.usual is None or begin is None or row.completed_at is not None or row.snapshot:
        return None
    known = moment.usual((str(row.app), str(row.environment), str(row.ref.kind)))
    return outlook((moment.known(row) - begin).total_seconds(), known)


def lasting(row: Rollout, moment: Moment, *, short: bool = False) -> Cell:
    """``5m11``, and where that is known ``usually 3m50, 12 s to 2m left`` or that it is slower than usual. While a person is waited
    for, or the row is old, nobody knows what is left; ``short`` does not say it either."""
    so_far = Span(elapsed(row, moment))
    found = going(row, moment)
    short = short or needs_approval(row) or moment.old(row)
    if found is None:
        return (so_far,)
    if found.slow and not needs_approval(row):
        return (so_far, Span(f"  ▲ {found.usual}" if short else f"  ▲ {found.text}", Tone.WARN))
    return (so_far, Span(f"  {found.usual}" if short else f"  {found.text}", Tone.MUTED))


def code(row: Deployment) -> str:
    """Where the code of a deployment came from, in the fewest cells."""
    if row.branch or row.commit:
        return f"{row.branch}@{row.commit[:7]}" if row.branch and row.commit else str(row.branch or row.commit[:12])
    return str(row.image or row.remote or row.source or NOTHING)


def deploying(row: Deployment, moment: Moment) -> Outlook | None:
    """How a running deployment stands against what is usual for its service; None where that is not known or it is not running."""
    if moment.usual is None or row.created_at is None or row.finished_at is not None or row.health is not Health.BUSY:
        return None
    return outlook(
        (moment.known(row) - row.created_at).total_seconds(), moment.usual((str(row.name), row.ref.connection, str(row.ref.kind)))
    )


def taken(row: Deployment, moment: Moment) -> float | None:
    """Seconds that a deployment took, or has taken so far."""
    if row.created_at is None or (row.finished_at is None and row.health is not Health.BUSY):
        return None
    return ((row.finished_at or moment.known(row)) - row.created_at).total_seconds()


def took(row: Deployment, moment: Moment) -> Shown:
    seconds = taken(row, moment)
    if seconds is None:
        return NOTHING
    if (known := deploying(row, moment)) is not None:
        return (_against(known, "", None),)
    return span(seconds)
