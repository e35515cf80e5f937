"""What happened since the console was opened, as lines: transitions, comings and goings, phases, connections lost and back.

The same events that the journal keeps, in words. No widget.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Final

from tui.clock import Clock, span
from tui.engine.feeds import Change, Feed
from tui.engine.history import events
from tui.engine.ports import Event
from tui.engine.store import Store
from tui.model import Health, LogLine
from tui.platforms.base import Happening
from tui.text import Safe, clean

_LEVELS: Final = {Health.BAD: "error", Health.WARN: "warn"}
_EDGES: Final = {"fresh": "answers again", "stale": "does not answer everything", "down": "does not answer", "loading": "is being asked"}


def level_of(event: Event) -> str:
    """How loud an event is: as loud as how the thing is after it."""
    if event.what == "phase":
        return "error" if event.after in {"failure", "rejected", "canceled"} else "info"
    word = (event.after or event.before).split(" ", 1)[0]
    return _LEVELS.get(Health(word), "info") if word in set(Health) and event.what != "gone" else "info"


def told(event: Event) -> str:
    """One event in words."""
    match event.what:
        case "transition":
            return f"{event.name}: {event.before} → {event.after}"
        case "appeared":
            return f"{event.name} is new: {event.after}"
        case "gone":
            return f"{event.name} is gone, it was {event.before}"
        case "phase":
            took = f" in {span(event.seconds)}" if event.seconds is not None else ""
            return f"{event.text}: {event.name} {event.after or 'ended'}{took}"
    return f"{event.name}: {event.after}"


class Activity:
    """Turns changes into lines. What a feed brings the first time did not happen just now and is not told."""

    def __init__(self, store: Store, clock: Clock) -> None:
        self._store = store
        self._clock = clock
        self._known: set[Feed] = {feed for feed in store.feeds() if store.freshness(feed).fetched_boot is not None}
        self._states = {each.name: each.state for each in store.connections()}

    def note(self, change: Change) -> list[LogLine]:
        """The lines that a change is worth."""
        lines = list(self._edge(change))
        first = change.feed not in self._known
        if change.data or self._store.freshness(change.feed).fetched_boot is not None:
            self._known.add(change.feed)  # where there was nothing, what comes next did come
        if change.data:
            at = self._clock.wall()
            for event in events(change, at, first=first):
                where = Safe(f"{change.feed.connection} {change.feed.kind}")
                lines.append(LogLine(at=at, level=Safe(level_of(event)), source=where, text=clean(told(event), 300)))
        return lines

    def _edge(self, change: Change) -> Iterator[LogLine]:
        state = self._store.connection(change.feed.connection)
        before = self._states.get(state.name)
        if state.state == before:
            return
        self._states[state.name] = state.state
        if before in {None, "loading"} and state.state == "fresh":
            return
        word = _EDGES.get(state.state, state.state.replace("-", " "))
        why = f": {state.error}" if state.error is not None and state.state != "fresh" else ""
        level = "info" if state.state in {"fresh", "loading"} else "warn"
        yield LogLine(at=self._clock.wall(), level=Safe(level), source=Safe("connection"), text=clean(f"{state.name} {word}{why}", 300))


def written(connection: str, happening: Happening, now: datetime) -> LogLine:
    """A line of a platform's own list: its word, who did it, to what."""
    who = f" by {happening.by}" if happening.by else ""
    what = f" {', '.join(happening.targets[:3])}" if happening.targets else ""
    return LogLine(at=happening.at or now, source=clean(connection, 40), text=clean(f"{happening.what}{what}{who}", 300))


def said(at: datetime, text: str, tone: str) -> LogLine:
    """A line about what became of a request of ours."""
    level = {"bad": "error", "warn": "warn"}.get(tone, "info")
    return LogLine(at=at, level=Safe(level), source=Safe("you"), text=clean(text, 300))
