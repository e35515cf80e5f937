"""What happened between two moments, by thing: unresolved first, then what recovered, then what else changed.

It tells facts in the order in which they were seen. It neither explains nor draws.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Final

from tui.clock import span
from tui.engine.ports import Event
from tui.engine.recall.records import BEFORE, UNSEEN, WRONG, Deed, Standing, connection_of, health_of, is_wrong, kind_of, when
from tui.model import SHIPPED, Health, Kind

QUIET: Final = frozenset({Kind.INSTANCE, Kind.PROJECT, Kind.WEBHOOK})
"""Kinds whose coming and going is no news by itself."""
OVERTAKEN: Final = "a later one ok"
"""The last state of a failed rollout once a later one to the same place went well."""
LONGEST: Final = 4
"""States told of one thing; the middle of a longer story is counted."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Story:
    """What happened to one thing. ``states`` are the words it went through, oldest first; ``wrong_for`` the seconds for which it
    was not well, None if it never was or nobody knows; ``earlier`` that it was wrong before the first of this already; ``whose`` what
    went out and by whom, where that is known; ``unseen`` that it is only the platform's word, because it was so before anybody looked;
    ``standing`` that nothing happened to it: it was wrong before already; ``words`` stand for the states where it tells of several
    things."""

    ref: str
    name: str
    first: datetime
    last: datetime
    states: tuple[str, ...]
    count: int
    unresolved: bool = False
    wrong_for: float | None = None
    earlier: bool = False
    whose: str = ""
    unseen: bool = False
    standing: bool = False
    words: str = ""

    @property
    def recovered(self) -> bool:
        """Whether it was wrong and no longer is."""
        return not self.unresolved and (self.wrong_for is not None or self.earlier)

    @property
    def chain(self) -> str:
        """The states in order, the middle of a long story counted; of an attempt at a place only how it ended."""
        if self.words:
            return self.words
        shown = self.states
        if kind_of(self.ref) in SHIPPED:
            ends = tuple(each for each in shown if health_of(each) is not Health.BUSY) or shown[-1:]
            shown = tuple(each for at, each in enumerate(ends) if not at or each != ends[at - 1])
        if len(shown) > LONGEST:
            shown = (*shown[:1], f"… {len(shown) - LONGEST + 1} more …", *shown[-(LONGEST - 2) :])
        return " → ".join(shown)

    @property
    def text(self) -> str:
        """One line without times: ``web-api  failed (crashed) → ok (running)  for 3m50``."""
        chain = self.chain + (f", {BEFORE}" if self.unseen else "")
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
        done = f", {len(self.deeds)} {'action' if len(self.deeds) == 1 else 'actions'}" if self.deeds else ""
        return f"In {away}: {said}{done}."


_Place = tuple[str, Kind | None, str]


@dataclass(slots=True)
class _Thread:
    events: list[Event] = field(default_factory=list)


def digest(
    events: Iterable[Event], deeds: Iterable[Deed] = (), *, since: datetime, until: datetime, standing: Iterable[Standing] = ()
) -> Digest:
    """Group what happened from ``since`` to ``until`` by thing. ``events`` may come in any order; ``standing`` is what is wrong at the
    end, whether anything happened to it or not."""
    threads: dict[str, _Thread] = {}
    for event in sorted((each for each in events if since <= when(each) <= until), key=when):
        if _news(event):
            threads.setdefault(event.ref, _Thread()).events.append(event)
    good = _went_well(threads)
    stories = [_overtaken(_story(ref, thread.events, until), good) for ref, thread in threads.items()]
    stories = _with_standing(stories, standing, since, until)
    stories.sort(key=lambda each: each.last, reverse=True)
    return Digest(
        since=since,
        until=until,
        unresolved=tuple(each for each in stories if each.unresolved),
        recovered=tuple(each for each in stories if each.recovered),
        changed=tuple(each for each in stories if not each.unresolved and not each.recovered),
        deeds=tuple(sorted((each for each in deeds if since <= each.at <= until), key=lambda each: each.at)),
    )


def by_place(stories: Sequence[Story]) -> tuple[Story, ...]:
    """Attempts at one place as one story, that of the newest, which says how many they were and how they ended."""
    places: dict[_Place, list[Story]] = {}
    for each in stories:
        kind = kind_of(each.ref)
        places.setdefault((connection_of(each.ref), kind, each.name if kind in SHIPPED else each.ref), []).append(each)
    found = []
    for same in places.values():
        newest = max(same, key=lambda each: each.last)
        if len(same) > 1:
            ends = Counter(each.chain for each in same)
            said = ", ".join(f"{count} {word}" for word, count in ends.most_common())
            words = f"{said}; last {newest.chain}" if len(ends) > 1 else said
            newest = replace(newest, first=min(each.first for each in same), words=words)
        found.append(newest)
    return tuple(found)


def _with_standing(stories: Sequence[Story], standing: Iterable[Standing], since: datetime, until: datetime) -> list[Story]:
    """What is wrong at the end is unresolved, whatever was seen of it."""
    found = {each.ref: each for each in stories}
    for each in standing:
        story = found.get(each.ref)
        if story is None:
            began = each.since or since
            found[each.ref] = Story(
                ref=each.ref,
                name=each.name,
                first=began,
                last=began,
                states=(each.word,),
                count=0,
                unresolved=True,
                wrong_for=None if each.since is None else (until - began).total_seconds(),
                whose=each.whose,
                unseen=each.unseen,
                standing=True,
            )
        else:
            # By our clock, which may have been set back, what was seen last is not always the last.
            same = story.states[-1:] == (each.word,)
            states, last = (story.states, story.last) if same else ((*story.states, each.word), each.since or until)
            now = replace(story, states=states, last=max(story.last, last) if story.unresolved else last)
            found[each.ref] = now if story.unresolved else replace(now, unresolved=True, wrong_for=None, earlier=False)
    return list(found.values())


def _went_well(threads: Mapping[str, _Thread]) -> Mapping[_Place, list[datetime]]:
    """When a rollout or deployment went well, by where it went."""
    found: dict[_Place, list[datetime]] = {}
    for ref, thread in threads.items():
        last = thread.events[-1]
        if kind_of(ref) in SHIPPED and health_of(last.after) is Health.OK:
            found.setdefault((connection_of(ref), kind_of(ref), last.name), []).append(when(last))
    return found


def _overtaken(story: Story, good: Mapping[_Place, list[datetime]]) -> Story:
    """A failed rollout is no longer anybody's trouble once a later one to the same place went well."""
    if not story.unresolved or kind_of(story.ref) not in SHIPPED:
        return story
    later = [at for at in good.get((connection_of(story.ref), kind_of(story.ref), story.name), ()) if at > story.last]
    if not later:
        return story
    wrong_for = (min(later) - story.last).total_seconds()
    return replace(story, unresolved=False, wrong_for=wrong_for, states=(*story.states, OVERTAKEN))


def _news(event: Event) -> bool:
    if event.what in {"phase", "burst", "said"}:
        return False
    if event.what in UNSEEN and kind_of(event.ref) not in SHIPPED:
        return is_wrong(event)  # that something which is well was touched at some time is no news
    return not (event.what in {"appeared", "gone"} and kind_of(event.ref) in QUIET)


_WORDS: Final[Mapping[str, Callable[[Event], tuple[str, ...]]]] = {
    "appeared": lambda event: (event.after,),
    "found": lambda event: (event.after,),
    "began": lambda _: (),
    "gone": lambda event: (event.before, "gone"),
}
"""The states that an event tells; of any other, that before and that after it."""


def _both(event: Event) -> tuple[str, ...]:
    return event.before, event.after


def _states(events: Sequence[Event]) -> tuple[str, ...]:
    said: list[str] = []
    for event in events:
        words = _WORDS.get(event.what, _both)(event)
        for word in words:
            if word and (not said or said[-1] != word):
                said.append(word)
    return tuple(said)


def _earlier(first: Event) -> bool:
    """Whether a thing was wrong already before the first that is told of it. An attempt that waited and goes on did not recover."""
    if kind_of(first.ref) in SHIPPED:
        return False
    return health_of(first.before) in WRONG or (first.what == "edge" and not is_wrong(first))


def _wrong_for(events: Sequence[Event], until: datetime) -> float | None:
    """Seconds for which the thing was not well until it was well again or went away, all times together; of one that is not well
    only how long it is so this time. None where that began before the first of these."""
    total: float | None = None
    began: datetime | None = None
    known = not _earlier(events[0])
    whole = known
    for event in events:
        if is_wrong(event):
            began = began or when(event)
            continue
        if began is not None:
            total = (total or 0.0) + (when(event) - began).total_seconds()
        began, known = None, True
    if began is not None:
        return (until - began).total_seconds() if known else None
    return total if whole else None


def _story(ref: str, events: Sequence[Event], until: datetime) -> Story:
    last = events[-1]
    return Story(
        ref=ref,
        name=next((each.name for each in reversed(events) if each.name), connection_of(ref)),
        first=when(events[0]),
        last=when(last),
        states=_states(events),
        count=len(events),
        unresolved=is_wrong(last),
        wrong_for=_wrong_for(events, until),
        earlier=_earlier(events[0]),
        whose=next((each.text for each in events if each.what in {"appeared", *UNSEEN}), ""),
        unseen=last.what in UNSEEN,
    )
