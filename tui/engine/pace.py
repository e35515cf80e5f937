"""How often a feed wants to be read, and how far that must be stretched to stay inside a budget. Pure arithmetic."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import IntEnum
from typing import Final

from tui.model import Health, Resource, Rollout

QUICK: Final = 2.0
"""Seconds between reads of something in progress."""
APPROVAL: Final = 30.0
"""Seconds between reads of something that waits for a person."""
STUCK: Final = 120.0
"""After so long in progress without any change it is read less and less, at most every ten seconds."""
HIDDEN: Final = 4.0
"""What nobody looks at is read so many times more rarely."""
HIDDEN_QUICK: Final = 10.0
"""Seconds between reads of something in progress that nobody looks at."""


class Rank(IntEnum):
    """Who is served first when there is not enough for all."""

    QUICK = 0
    SHOWN = 1
    HIDDEN = 2
    SCOPED = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class View:
    """What decides a feed's pace. ``calm_for`` is how many seconds its rows have been the same."""

    every: float
    floor: float = 0.0
    shown: bool = False
    scoped: bool = False
    quick: bool = False
    approval: bool = False
    urged: bool = False
    calm_for: float = 0.0


def view_of(rows: Sequence[Resource]) -> tuple[bool, bool]:
    """(something is in progress, something only waits for a person's approval)."""
    busy = approval = False
    for row in rows:
        if isinstance(row, Rollout):
            if row.snapshot or row.completed_at is not None:
                continue
            if any(phase.needs_approval for phase in row.phases):
                approval = True
            elif row.health in {Health.BUSY, Health.UNKNOWN}:
                busy = True
        elif row.health is Health.BUSY:
            busy = True
    return busy, approval and not busy


def wish(view: View) -> tuple[Rank, float]:
    """The rank, and the seconds between two reads that this feed would like best."""
    if view.urged:
        return Rank.QUICK, max(QUICK, view.floor)
    calm = view.every if view.shown else view.every * HIDDEN
    if view.quick:
        seconds = QUICK if view.calm_for < STUCK else min(10.0, QUICK * view.calm_for / STUCK)
        seconds = min(calm, seconds if view.shown else max(seconds, HIDDEN_QUICK))
        return Rank.QUICK, max(seconds, view.floor)
    if view.approval:
        return Rank.SHOWN if view.shown else Rank.HIDDEN, max(min(calm, APPROVAL), view.floor)
    rank = Rank.SCOPED if view.scoped else Rank.SHOWN if view.shown else Rank.HIDDEN
    return rank, max(calm, view.floor)


def stretch(rank: Rank, demand: Mapping[Rank, float], pace: float, hurried: float) -> float:
    """By how much (>= 1) the wish of this rank must be multiplied. ``demand`` is in requests per second by rank, ``pace`` what all
    may make together, ``hurried`` what things in progress may make for a while. Each rank leaves something for those below it."""
    wanted = demand.get(rank, 0.0)
    if wanted <= 0.0:
        return 1.0
    left = pace
    for each in Rank:
        asked = demand.get(each, 0.0)
        others = any(demand.get(lower, 0.0) > 0.0 for lower in Rank if lower > each)
        most = left * 0.7 if others else left
        given = min(asked, max(most, hurried * 0.7) if each is Rank.QUICK else most)
        if each is rank:
            return max(1.0, wanted / max(given, 1e-6))
        left = max(left - given, left * 0.3)
    return 1.0
