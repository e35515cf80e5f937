"""What happened between two moments, by thing: unresolved first, then what recovered, then what else changed.

It tells facts in the order in which they were seen. It neither explains nor draws.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from tui.engine.ports import Event
from tui.engine.recall.records import Deed, connection_of, is_wrong, kind_of, span
from tui.model import Kind

QUIET: Final = frozenset({Kind.INSTANCE, Kind.PROJECT, Kind.WEBHOOK})
"""Kinds whose coming and going is no news by itself."""
LONGEST: Final = 4
"""States told of one thing; the middle of a longer story is counted."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Story:
    """What happened to one thing. ``states`` are the words it went through, oldest first; ``wrong_for`` the seconds for which it
    was not well, None if it never was."""

    ref: str
    name: str
    first: datetime
    last: datetime
    states: tuple[str, ...]
    count: int
    unresolved: bool = False
    wrong_for: float | None = None

    @property
    def text(self) -> str:
        """One line without times: ``web-api  failed (crashed) → ok (running)  for 3m50``."""
        shown = self.states
        if len(shown) > LONGEST:
            shown = (*shown[:1], f"… {len(shown) - LONGEST + 1} more …", *shown[-(LONGEST - 2) :])
        chain = " → ".join(shown)
        if self.unresolved and self.wrong_for is not None:
            return f"{self.name}  {chain}  for {span(self.wrong_for)} so far"
        return f"{self.name}  {chain}" + (f"  after {span(self.wrong_for)}" if self.wrong_for else "")


@dataclass(frozen=True, slots=True, kw_only=True)
class Digest:
    """The stories of a stretch of time, each list newest last change first."""

    since: datetime
    until: datetime
    unresolved: tuple[Story, ...] = ()
    recovered: tuple[Story, ...] = ()
    changed: tuple[Story, ...] = ()
    deeds: tuple[Deed, ...] = ()

    @property
    def empty(self) -> bool:
        return not (self.unresolved or self.recovered or self.changed or self.deeds)

    @property
    def text(self) -> str:
        """The digest in one line, for where there is room for no more."""
        away = span((self.until - self.since).total_seconds())
        if self.empty:
            return f"Nothing changed in {away}."
        parts = ((len(self.unresolved), "unresolved"), (len(self.recovered), "recovered"), (len(self.changed), "changed"))
        said = ", ".join(f"{count} {word}" for count, word in parts if count) or "no transitions"
        return f"In {away}: {said}" + (f", {len(self.deeds)} actions" if self.deeds else "") + "."


@dataclass(slots=True)
class _Thread:
    events: list[Event] = field(default_factory=list)


def digest(events: Iterable[Event], deeds: Iterable[Deed] = (), *, since: datetime, until: datetime) -> Digest:
    """Group what was seen from ``since`` to ``until`` by thing. ``events`` may come in any order."""
    threads: dict[str, _Thread] = {}
    for event in sorted((each for each in events if since <= each.at <= until), key=lambda each: each.at):
        if _news(event):
            threads.setdefault(event.ref, _Thread()).events.append(event)
    stories = [_story(ref, thread.events, until) for ref, thread in threads.items()]
    stories.sort(key=lambda each: each.last, reverse=True)
    return Digest(
        since=since,
        until=until,
        unresolved=tuple(each for each in stories if each.unresolved),
        recovered=tuple(each for each in stories if not each.unresolved and each.wrong_for is not None),
        changed=tuple(each for each in stories if not each.unresolved and each.wrong_for is None),
        deeds=tuple(sorted((each for each in deeds if since <= each.at <= until), key=lambda each: each.at)),
    )


def _news(event: Event) -> bool:
    if event.what == "phase":
        return False
    return not (event.what in {"appeared", "gone"} and kind_of(event.ref) in QUIET)


def _states(events: Sequence[Event]) -> tuple[str, ...]:
    said: list[str] = []
    for event in events:
        words = {"appeared": (event.after,), "gone": (event.before, "gone")}.get(event.what, (event.before, event.after))
        for word in words:
            if word and (not said or said[-1] != word):
                said.append(word)
    return tuple(said)


def _wrong_for(events: Sequence[Event], until: datetime) -> float | None:
    """Seconds for which the thing was not well, until it was well again, went away, or now."""
    total: float | None = None
    began: datetime | None = None
    for event in events:
        if is_wrong(event):
            began = began or event.at
        elif began is not None:
            total = (total or 0.0) + (event.at - began).total_seconds()
            began = None
    if began is not None:
        total = (total or 0.0) + (until - began).total_seconds()
    return total


def _story(ref: str, events: Sequence[Event], until: datetime) -> Story:
    last = events[-1]
    return Story(
        ref=ref,
        name=next((each.name for each in reversed(events) if each.name), connection_of(ref)),
        first=events[0].at,
        last=last.at,
        states=_states(events),
        count=len(events),
        unresolved=is_wrong(last),
        wrong_for=_wrong_for(events, until),
    )
