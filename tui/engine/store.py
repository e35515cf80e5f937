"""The last good rows of every feed, how old they are, and what is in flight. Synchronous: it waits for nothing and asks nobody.

Failure keeps rows. Nothing here polls, sends, draws or writes to a disk.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Final

from tui.clock import Clock
from tui.engine.feeds import NEVER, Change, ConnectionState, Feed, Freshness, Pending, Word
from tui.engine.states import Described, Hold, gave, judged
from tui.errors import PlatformError
from tui.model import Kind, RateLimit, Ref, Resource, Rollout, Verb
from tui.platforms.base import Rows

RESTING: Final = 64
"""Feeds whose rows are kept although nobody looks at them any more."""

PAST: Final = 60.0
"""Seconds for which a rate budget is shown although its window has ended: the next reply is due any moment."""


@dataclass(slots=True)
class _Shelf:
    """What is kept of one feed. ``source`` is the reply as it came, to know it again."""

    freshness: Freshness = NEVER
    rows: tuple[Resource, ...] = ()
    by_ref: dict[Ref, Resource] = field(default_factory=dict)
    source: Rows | None = None


class Store:
    """All that is known, by feed. ``platforms`` are asked for their flavour and rate when a connection's state is read."""

    def __init__(self, clock: Clock, platforms: Sequence[Described] = ()) -> None:
        self._clock = clock
        self._platforms = {platform.name: platform for platform in platforms}
        self._shelves: dict[Feed, _Shelf] = {}
        self._holders: dict[Ref, tuple[Feed, ...]] = {}
        self._holds: dict[str, Hold] = {}
        self._resting: dict[Feed, None] = {}
        self._pending: dict[tuple[Ref, Kind, Verb, str], Pending] = {}
        self._merged: dict[Kind, tuple[Resource, ...]] = {}

    # writing

    def put(self, feed: Feed, rows: Rows, *, next_try: float | None = None) -> Change:
        """Keep what a read brought. The very same ``Rows`` as last time changes only the freshness; of two records with the same
        ref the first counts; a rollout that has ended stays ended."""
        shelf = self._shelf(feed)
        shelf.freshness = Freshness(
            fetched_at=self._clock.wall(),
            fetched_boot=self._clock.boot(),
            asked_boot=shelf.freshness.asked_boot,
            promised=next_try,
            next_try=next_try,
            unreadable=rows.unreadable,
            reason=rows.reason,
            asked=rows.asked,
        )
        if shelf.source is rows:
            return Change(feed=feed, freshness=True)
        change = self._replace(feed, shelf, rows.items)
        shelf.source = rows
        return change

    def restore(self, feed: Feed, rows: Rows, fetched_at: datetime) -> Change:
        """Put rows of the last run, marked as such; a feed that was already read is left alone."""
        shelf = self._shelf(feed)
        if shelf.freshness.fetched_boot is not None:
            return Change(feed=feed)
        age = max(0.0, (self._clock.wall() - fetched_at).total_seconds())
        shelf.freshness = replace(
            shelf.freshness,
            fetched_at=fetched_at,
            fetched_boot=self._clock.boot() - age,
            unreadable=rows.unreadable,
            reason=rows.reason,
            restored=True,
        )
        return self._replace(feed, shelf, rows.items)

    def fail(self, feed: Feed, error: PlatformError, next_try: float | None = None) -> Change:
        """Note that a read failed. Rows stay; they are stale until a read succeeds."""
        shelf = self._shelf(feed)
        since = shelf.freshness.failing_since
        shelf.freshness = replace(
            shelf.freshness,
            error=error,
            failing_since=self._clock.boot() if since is None else since,
            next_try=next_try,
            trying=False,
        )
        return Change(feed=feed, freshness=True)

    def trying(self, feed: Feed) -> None:
        """Note that a read is on its way."""
        shelf = self._shelf(feed)
        shelf.freshness = replace(shelf.freshness, trying=True, asked_boot=self._clock.boot())

    def plan(self, feed: Feed, next_try: float | None) -> None:
        """Note when the feed is read next, without telling anybody."""
        shelf = self._shelf(feed)
        shelf.freshness = replace(shelf.freshness, promised=next_try, next_try=next_try, trying=False)

    def move(self, feed: Feed, next_try: float, *, trying: bool) -> None:
        """Note that the feed is read at another time than was planned; its rows grow old when they would have."""
        shelf = self._shelf(feed)
        shelf.freshness = replace(shelf.freshness, next_try=next_try, trying=trying)

    def drop(self, feed: Feed) -> Change:
        """Forget a feed whose scope is gone, with its rows."""
        shelf = self._shelves.get(feed)
        if shelf is None:
            return Change(feed=feed)
        change = self._replace(feed, shelf, ())
        del self._shelves[feed]
        self._resting.pop(feed, None)
        return change

    def rest(self, feed: Feed) -> tuple[Change, ...]:
        """Nobody looks at this feed any more: keep its rows for a while, but not those of too many. Returns what was dropped."""
        if feed not in self._shelves:
            return ()
        self._resting[feed] = None
        oldest = list(self._resting)[: max(0, len(self._resting) - RESTING)]
        return tuple(self.drop(each) for each in oldest)

    def wake(self, feed: Feed) -> None:
        """The feed is read again."""
        self._resting.pop(feed, None)
        self._shelf(feed)

    def hold(self, connection: str, word: Word | None, error: PlatformError | None = None, until: float | None = None) -> None:
        """Note that a whole connection is not asked at present (``None``: it is asked again). ``until`` is in boot seconds."""
        if word is None:
            self._holds.pop(connection, None)
        else:
            self._holds[connection] = Hold(word=word, error=error, until=until)

    def mark(self, pending: Pending) -> Change:
        """Show that a verb is in flight."""
        self._pending[pending.key] = pending
        return Change(feed=self._home(pending.ref, pending.kind), pending=(pending.ref,))

    def unmark(self, pending: Pending) -> Change:
        """The verb is over, one way or the other."""
        self._pending.pop(pending.key, None)
        return Change(feed=self._home(pending.ref, pending.kind), pending=(pending.ref,))

    # reading

    def rows(self, kind: Kind, connection: str | None = None) -> tuple[Resource, ...]:
        """All things of a kind, connections in their configured order, each ref once. The same tuple while nothing changed."""
        merged = self._merged.get(kind)
        if merged is None:
            feeds = sorted((feed for feed in self._shelves if feed.kind is kind), key=self._rank)
            found: dict[Ref, Resource] = {}
            for feed in feeds:
                for ref, row in self._shelves[feed].by_ref.items():
                    found.setdefault(ref, row)
            merged = self._merged[kind] = tuple(found.values())
        if connection is None:
            return merged
        return tuple(row for row in merged if row.ref.connection == connection)

    def feed_rows(self, feed: Feed) -> tuple[Resource, ...]:
        """The rows of one feed in the platform's order."""
        shelf = self._shelves.get(feed)
        return shelf.rows if shelf else ()

    def get(self, ref: Ref) -> Resource | None:
        """The newest record of one thing."""
        holders = self._holders.get(ref)
        return self._shelves[holders[-1]].by_ref.get(ref) if holders else None

    def feed_of(self, ref: Ref) -> Feed | None:
        """The feed that brought this thing last."""
        holders = self._holders.get(ref)
        return holders[-1] if holders else None

    def feeds(self) -> tuple[Feed, ...]:
        """Every feed of which something is known."""
        return tuple(self._shelves)

    def freshness(self, feed: Feed) -> Freshness:
        """How much this feed's rows can be trusted."""
        shelf = self._shelves.get(feed)
        return shelf.freshness if shelf else NEVER

    def old(self, ref: Ref, boot: float) -> float | None:
        """Seconds since this thing was last read, where it may be otherwise by now; None where it is as good as now."""
        home = self.feed_of(ref)
        freshness = self.freshness(home) if home is not None else None
        return freshness.age(boot) if freshness is not None and freshness.stale(boot) else None

    def read_at(self, ref: Ref) -> datetime | None:
        """When this thing was last read, where it may be otherwise by now; None where it is as good as now."""
        old = self.old(ref, self._clock.boot())
        return None if old is None else self._clock.wall() - timedelta(seconds=old)

    def pending(self, ref: Ref) -> Pending | None:
        """The newest verb in flight for this thing, or for something below it."""
        found = [each for each in self._pending.values() if each.ref == ref]
        return max(found, key=lambda each: each.since, default=None)

    def in_flight(self) -> tuple[Pending, ...]:
        """Everything in flight, oldest first."""
        return tuple(sorted(self._pending.values(), key=lambda each: each.since))

    def pending_verb(self, ref: Ref, kind: Kind, verb: Verb, subject: str = "") -> Pending | None:
        """This very verb in flight for this thing."""
        return self._pending.get((ref, kind, verb, subject))

    def held(self, name: str) -> Hold | None:
        """Why a whole connection is not asked for now; None if nothing holds it."""
        return self._holds.get(name)

    def connections(self) -> tuple[ConnectionState, ...]:
        """All connections in their configured order."""
        return tuple(self.connection(name) for name in self._platforms)

    def connection(self, name: str) -> ConnectionState:
        """One connection at a glance. Raises ``KeyError`` for a name that is not configured."""
        platform, hold = self._platforms[name], self._holds.get(name)
        return judged(platform, self._awake(name), hold, boot=self._clock.boot(), rate=self._current(platform.rate))

    def answered(self, name: str) -> bool:
        """Whether the connection's server gave any list of its own in this run."""
        return gave(self._platforms[name], self._awake(name))

    def snapshot(self) -> Mapping[Feed, tuple[Rows, datetime]]:
        """Every feed that was read, with its rows and when: what the next start shows first."""
        return {
            feed: (Rows(items=shelf.rows, unreadable=shelf.freshness.unreadable, reason=shelf.freshness.reason), shelf.freshness.fetched_at)
            for feed, shelf in self._shelves.items()
            if shelf.freshness.fetched_at is not None
        }

    # inside

    def _shelf(self, feed: Feed) -> _Shelf:
        shelf = self._shelves.get(feed)
        if shelf is None:
            shelf = self._shelves[feed] = _Shelf()
        return shelf

    def _awake(self, name: str) -> Mapping[Feed, Freshness]:
        return {feed: shelf.freshness for feed, shelf in self._shelves.items() if feed.connection == name and feed not in self._resting}

    def _rank(self, feed: Feed) -> int:
        names = list(self._platforms)
        return names.index(feed.connection) if feed.connection in self._platforms else len(names)

    def _home(self, ref: Ref, kind: Kind) -> Feed:
        home = self.feed_of(ref) if ref.kind is kind else None
        return home or Feed(connection=ref.connection, kind=kind)

    def _current(self, rate: RateLimit | None) -> RateLimit | None:
        """What the server said of a window that has long ended says nothing any more."""
        if rate is None or rate.reset_at is None or self._clock.wall() < rate.reset_at + timedelta(seconds=PAST):
            return rate
        return None

    def _replace(self, feed: Feed, shelf: _Shelf, items: Iterable[Resource]) -> Change:
        old = shelf.by_ref
        new: dict[Ref, Resource] = {}
        added: list[Resource] = []
        updated: list[tuple[Resource, Resource]] = []
        for item in items:
            ref = item.ref
            if ref in new:
                continue
            before = old.get(ref)
            if before is None:
                added.append(item)
            elif before is not item:
                item = onward(before, item)
                if before == item:
                    item = before
                else:
                    updated.append((before, item))
            new[ref] = item
        removed = [row for ref, row in old.items() if ref not in new] if len(new) != len(old) or added else []
        for row in added:
            self._holders[row.ref] = (*self._holders.get(row.ref, ()), feed)
        for row in removed:
            self._release(row.ref, feed)
        reordered = not added and not removed and any(a is not b and a != b for a, b in zip(old, new, strict=True))
        if added or updated or removed or reordered:
            shelf.by_ref = new
            shelf.rows = tuple(new.values())
            self._merged.pop(feed.kind, None)
        return Change(feed=feed, added=tuple(added), updated=tuple(updated), removed=tuple(removed), reordered=reordered, freshness=True)

    def _release(self, ref: Ref, feed: Feed) -> None:
        left = tuple(each for each in self._holders.get(ref, ()) if each != feed)
        if left:
            self._holders[ref] = left
        else:
            self._holders.pop(ref, None)


def onward(before: Resource, after: Resource) -> Resource:
    """The later of two records of one thing: replies may overtake each other, but a rollout that has ended does not go on."""
    if isinstance(before, Rollout) and isinstance(after, Rollout) and before.completed_at is not None and after.completed_at is None:
        return before
    return after
