"""What the answers are made from: the events that were seen and the verbs that were done. Declarations and small readings of them only."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from tui.engine.ports import Event
from tui.model import Health, Kind

WRONG: Final = frozenset({Health.BAD, Health.WARN})
"""Healths that somebody has to do something about."""

LOST: Final = frozenset({"down", "limited", "signed-out"})
"""Words of a connection edge that mean that it cannot be asked."""


UNSEEN: Final = frozenset({"began", "found"})
"""Events of which only the platform's word is known, because they were before anybody looked."""

STATES: Final = frozenset({"transition", "appeared", "found"})
"""Events that say how a thing is from then on."""

BEFORE: Final = "before we looked"
"""How it is told that only the platform's word is known."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Deed:
    """One verb that was sent. ``outcome`` is done, refused, accepted, unknown, confirmed, failed or unconfirmed, empty while open;
    ``request`` is the literal request line without secrets; ``caused`` the rollout or deployment that it made."""

    at: datetime
    who: str
    verb: str
    ref: str
    name: str = ""
    request: str = ""
    reason: str = ""
    outcome: str = ""
    text: str = ""
    caused: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """Something that is wrong at the end of a stretch of time, whenever it became so. ``since`` is when that was, None where nobody
    knows; ``unseen`` that only the platform says so, because nobody looked yet."""

    ref: str
    name: str
    word: str
    since: datetime | None = None
    unseen: bool = False
    whose: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Note:
    """Something that a user typed for the next one."""

    at: datetime
    who: str
    text: str
    ref: str = ""


def health_of(word: str) -> Health:
    """The health in a journal's word: ``failed (crashed)`` is failed; unknown for what is no health."""
    try:
        return Health(word.split(" (", 1)[0])
    except ValueError:
        return Health.UNKNOWN


def kind_of(ref: str) -> Kind | None:
    """The kind of ``connection/kind/id``; None for a connection's own name."""
    parts = ref.split("/", 2)
    return Kind(parts[1]) if len(parts) == 3 and parts[1] in set(Kind) else None


def connection_of(ref: str) -> str:
    """The connection of a ref, or the connection itself."""
    return ref.split("/", 1)[0]


def is_wrong(event: Event) -> bool:
    """Whether the event left its thing in a state that somebody has to look at."""
    if event.what == "edge":
        return event.after in LOST
    return event.what in STATES and health_of(event.after) in WRONG


def when(event: Event) -> datetime:
    """The moment that an event belongs to: when it was seen, and of what was only found or told, when its platform says it was."""
    return event.platform_at if event.what in {*UNSEEN, "said"} and event.platform_at is not None else event.at
