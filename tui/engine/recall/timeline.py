"""All that happened across platforms, in one list and as lanes, with what came shortly before it stated as a fact.

"47 s after deployment X" is a distance in time, never a cause. Nothing here draws.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final, Literal

from tui.clock import span
from tui.engine.joins import plain
from tui.engine.ports import Event
from tui.engine.recall.records import BEFORE, Deed, connection_of, health_of, is_wrong, kind_of, when
from tui.engine.recall.usual import GOOD
from tui.model import SHIPPED, TONES, Health, Kind, Tone

NEAR: Final = timedelta(minutes=15)
"""How far back a rollout, deployment or verb is named beside what went wrong after it."""

Lane = Literal["rollouts", "deployments", "verbs", "services", "connections", "logs", "other"]

LANES: Final[dict[Kind, Lane]] = {Kind.ROLLOUT: "rollouts", Kind.DEPLOYMENT: "deployments", Kind.SERVICE: "services"}
FAILED: Final = frozenset({"failure", "failed", "rejected"})
"""How a phase ends badly; what was canceled is neither."""
UNDER_WAY: Final = frozenset({Health.BUSY, Health.IDLE, Health.UNKNOWN})
"""Healths of an attempt of which one can say that it began: any other was seen only when it waited or was over."""
TOLD: Final[dict[str, Tone]] = {"burst": Tone.WARN, "began": Tone.BUSY, "said": Tone.IDLE}
"""Events whose tone is no state's."""
OUTCOMES: Final[dict[str, Tone]] = {
    "done": Tone.OK,
    "confirmed": Tone.OK,
    "refused": Tone.WARN,
    "failed": Tone.BAD,
    "unconfirmed": Tone.UNKNOWN,
    "unknown": Tone.UNKNOWN,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One thing that happened. ``after`` is what came shortly before it (``47 s after deployment web-api``), empty if nothing did."""

    at: datetime
    lane: Lane
    ref: str
    name: str
    text: str
    tone: Tone
    wrong: bool = False
    act: bool = False
    after: str = ""


def entry_of(event: Event) -> Entry:
    """An event as an entry."""
    if event.what == "edge":
        return Entry(
            at=event.at,
            lane="connections",
            ref=event.ref,
            name=event.name or event.ref,
            text=event.after + (f": {event.text}" if event.text else ""),
            tone=Tone.BAD if is_wrong(event) else Tone.OK,
            wrong=is_wrong(event),
        )
    kind = kind_of(event.ref)
    shipped = kind in SHIPPED
    lane: Lane = "logs" if event.what == "burst" else (LANES.get(kind, "other") if kind else "other")
    words = {
        "appeared": ("began" if shipped and health_of(event.after) in UNDER_WAY else f"appeared, {event.after}")
        + (f", {event.text}" if event.text else ""),
        "gone": f"gone, was {event.before}",
        "phase": f"{event.name} {event.after}" + (f" in {span(event.seconds)}" if event.seconds is not None else ""),
        "burst": event.text,
        "said": f"{event.text}, as {event.ref} itself tells",
        "began": f"began{', ' if event.text else ''}{event.text}, {BEFORE}",
        "found": f"{event.after}, {BEFORE}",
    }
    return Entry(
        at=when(event),
        lane=lane,
        ref=event.ref,
        name=event.text if event.what == "phase" else (event.name or event.ref),
        text=words.get(event.what, f"{event.before} → {event.after}"),
        tone=_tone(event),
        wrong=is_wrong(event) or (event.what == "burst" and event.after != "over"),
        act=event.what in {"appeared", "began"} and shipped,
    )


def _tone(event: Event) -> Tone:
    if event.what == "phase":
        return Tone.OK if event.after in GOOD else Tone.BAD if event.after in FAILED else Tone.IDLE
    if event.what in TOLD:
        return Tone.IDLE if event.after == "over" else TOLD[event.what]
    return TONES[health_of(event.after)]


def entry_of_deed(deed: Deed) -> Entry:
    """A verb as an entry."""
    return Entry(
        at=deed.at,
        lane="verbs",
        ref=deed.ref,
        name=deed.name or deed.ref,
        text=f"{deed.who} {deed.verb}" + (f": {deed.outcome}" if deed.outcome else ", in flight"),
        tone=OUTCOMES.get(deed.outcome, Tone.BUSY),
        act=True,
    )


def timeline(events: Iterable[Event], deeds: Iterable[Deed] = ()) -> tuple[Entry, ...]:
    """Everything, oldest first; each entry that went wrong says what came shortly before it on the same connection or name."""
    events = tuple(events)
    took = {(each.ref, each.at): each.seconds for each in events if _is_whole(each) and each.seconds is not None}
    told = (_took(each, took) for each in events if not _is_whole(each) and not _is_old(each))
    entries = sorted([*told, *map(entry_of_deed, deeds)], key=lambda each: each.at)
    acts = [each for each in entries if each.act]
    moments = [each.at for each in acts]
    return tuple(replace(each, after=_before(each, acts, moments)) if each.wrong else each for each in entries)


def _is_whole(event: Event) -> bool:
    """A rollout or deployment as a whole: its transition tells the same."""
    return event.what == "phase" and event.name == kind_of(event.ref)


def _is_old(event: Event) -> bool:
    """A phase that was over before anybody looked: how long it took is learnt from, and is no event of the day."""
    return event.what == "phase" and event.before == BEFORE


def _took(event: Event, took: Mapping[tuple[str, datetime], float]) -> Entry:
    """An event as an entry, the end of a rollout or deployment with how long it took."""
    entry, seconds = entry_of(event), took.get((event.ref, event.at))
    if seconds is None or entry.lane not in {"rollouts", "deployments"} or event.what not in {"transition", "found"}:
        return entry
    if event.what == "found":
        return replace(entry, text=f"{event.after} in {span(seconds)}, {BEFORE}")
    return replace(entry, text=f"{entry.text} in {span(seconds)}")


def _before(wrong: Entry, acts: Sequence[Entry], moments: Sequence[datetime]) -> str:
    """The nearest act before it: one on a thing of the same name if there is any, else one on the same connection."""
    found: Entry | None = None
    for act in reversed(acts[bisect_left(moments, wrong.at - NEAR) : bisect_left(moments, wrong.at)]):
        if act.ref == wrong.ref and act.lane != "verbs":
            continue  # that it failed so long after its own beginning is how long it took
        if act.ref == wrong.ref or plain(act.name) == plain(wrong.name):
            found = act
            break
        if found is None and connection_of(act.ref) == connection_of(wrong.ref):
            found = act
    if found is None:
        return ""
    kind = "" if found.lane == "verbs" else f"{found.lane.removesuffix('s')} "
    return (
        f"{span((wrong.at - found.at).total_seconds())} after {kind}{found.text if not kind else ''}{' ' if not kind else ''}{found.name}"
    )


def lane_cells(lane_entries: Sequence[Entry], start: datetime, end: datetime, width: int) -> tuple[Entry | None, ...]:
    """The worst entry of each of ``width`` equal stretches between two moments: one lane drawn over time."""
    order = (Tone.MUTED, Tone.OK, Tone.IDLE, Tone.UNKNOWN, Tone.BUSY, Tone.WARN, Tone.BAD)
    cells: list[Entry | None] = [None] * width
    whole = (end - start).total_seconds()
    for entry in lane_entries:
        if whole > 0 and start <= entry.at <= end:
            place = min(width - 1, int((entry.at - start).total_seconds() / whole * width))
            held = cells[place]
            if held is None or order.index(entry.tone) >= order.index(held.tone):
                cells[place] = entry
    return tuple(cells)
