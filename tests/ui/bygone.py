"""What was known at each moment, written down from the changes, and what the console of the past shows of it. No test stands here."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any, Final

from tests.ui.detailing import Problem
from tui.engine.feeds import Change, Feed
from tui.model import Kind, Ref, Resource
from tui.tables import age

UNKEPT: Final = {"raw", "run_cmd", "build_cmd", "remote", "dashboard", "cpu_share", "memory_bytes", "disk_share", "updated_at"}
"""Fields that are not kept, or whose change alone is not."""

Bare = Mapping[str, Any]


def bare(row: Resource) -> Bare:
    return {each.name: getattr(row, each.name) for each in fields(row) if each.name not in UNKEPT}


@dataclass(frozen=True, kw_only=True)
class Knew:
    """What is to be told of a moment, ``lost`` the connections that could not be asked. ``written`` is False where some of it may not be
    on the disk yet."""

    at: datetime
    rows: Mapping[Ref, Bare]
    lost: frozenset[str]
    written: bool


class Bygone:
    """Each feed as it was from one change to the next."""

    def __init__(self) -> None:
        self._known: dict[Feed, list[tuple[datetime, dict[Ref, Bare]]]] = {}

    def note(self, change: Change, store: Any, at: datetime) -> None:
        """Keep how the feed is now. What was kept as later than now was before it all the same: the clock was set back."""
        if store.freshness(change.feed).fetched_boot is None:
            return
        before = self._known.setdefault(change.feed, [])
        rows = {row.ref: bare(row) for row in store.feed_rows(change.feed)}
        if not before or before[-1][1] != rows:
            before[:] = [(min(at, each), known) for each, known in before]
            before.append((at, rows))

    def at(self, at: datetime) -> Mapping[Ref, Bare]:
        """Everything as it was then."""
        found: dict[Ref, Bare] = {}
        for known in self._known.values():
            found |= next((rows for seen, rows in reversed(known) if seen <= at), {})
        return found


def looks(screen: Any, onlooker: Any, knew: Knew | None) -> Iterator[Problem]:
    """The moment that is shown, and what is known of it."""
    then = screen.then
    if knew is None or knew.at != then.at:
        return
    rows = {row.ref: bare(row) for kind in Kind for row in then.store.rows(kind)}
    if knew.written and rows != knew.rows:
        of = [(ref, rows.get(ref), knew.rows.get(ref)) for ref in {*rows, *knew.rows} if rows.get(ref) != knew.rows.get(ref)]
        yield "a moment of the past that was otherwise", f"{then.at}: {of[:2]}"
    for feed in then.feeds():
        stale = then.store.freshness(feed).stale(then.clock.boot())
        if then.store.feed_rows(feed) and knew.written and stale is not (feed.connection in knew.lost):
            yield "what could not be asked then, as if it had been", f"{then.at}: {feed} {stale}, not {knew.lost}"
    banner = "".join(onlooker.seen.of_widget(screen._banner))
    wall = onlooker.app.session.clock.wall()
    agos = {age(max(0.0, (wall - then.at).total_seconds() - step * 0.1)) for step in range(int(onlooker.lag / 0.1) + 1)}
    if len(banner) > 60 and not any(f" PAST  {then.at:%a %d %b %H:%M:%S}, {ago} ago " in banner for ago in agos):
        yield "a banner of another moment", f"{banner!r}, not {then.at}"
