"""A session as it was at a moment: everything that can be looked at, nothing that could be done. The panes draw it like the present one.

It is filled from what the journal kept. No request ever leaves from here, and no verb is possible.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from types import MappingProxyType
from typing import Any, Final

from tui.clock import ManualClock
from tui.engine.commands import Outcome
from tui.engine.feeds import Change, ConnectionState, Feed, Pending
from tui.engine.joins import AppNode, tree
from tui.engine.loads import Loads
from tui.engine.session import Session
from tui.engine.signals import Signal
from tui.engine.store import Store
from tui.engine.verdicts import Verdict
from tui.errors import PlatformError, Unreachable, UsageError
from tui.local.journal.bodies import Known
from tui.local.journal.records import Entry
from tui.model import Kind, Ref, Resource, Verb
from tui.platforms.base import Happening, Read, Request, Rows

REFUSED: Final = "this is the past: esc returns to now"
"""Why nothing can be done."""
NONE: Final[Mapping[str, Entry]] = MappingProxyType({})


class _Was:
    """As much of a connection as a store asks for; its rate budget is that of now, so none is told."""

    rate = None
    heard = float("inf")

    def __init__(self, state: ConnectionState) -> None:
        self.name = state.name
        self.platform = state.platform
        self.flavour = state.flavour
        self.where = state.where
        self.reads: Mapping[Kind, Read] = {}


class Then(Session):
    """The looking half of a session. ``become`` makes it another moment; it is never entered."""

    def __init__(self, live: Session) -> None:
        # Nothing of the present one's machinery is made: there is nothing that it could run.
        self._live = live
        self.context = live.context
        self.production = live.production
        self.links = live.links
        self.past = None
        self.changes: Signal[Change] = Signal("changes")
        self.verdicts: Signal[Verdict] = Signal("verdicts")
        self.happenings: Signal[tuple[str, Happening]] = Signal("happenings")
        self.looked: datetime | None = None
        self._set(live.clock.wall())

    @property
    def at(self) -> datetime:
        """The moment that it shows."""
        return self.clock.wall()

    def become(self, at: datetime, known: Sequence[Known], looked: datetime | None, lost: Mapping[str, Entry] = NONE) -> None:
        """Show this moment: ``known`` is what was known of it, ``looked`` when somebody had looked last, ``lost`` the connections that
        could not be asked then: what is shown of those is as old as that."""
        self._set(at)
        self.looked = looked
        rows: dict[Feed, list[Resource]] = {}
        for each in known:
            rows.setdefault(Feed(connection=each.row.ref.connection, kind=each.row.ref.kind, scope=each.scope), []).append(each.row)
        names = {state.name for state in self._live.store.connections()}
        for feed, found in rows.items():
            if feed.connection in names:
                self._put(feed, Rows(items=tuple(found)), lost.get(feed.connection))
        for feed in self._live.feeds():
            if not self.store.feed_rows(feed):
                nothing = Unreachable("nothing was known of it then", connection=feed.connection, hint="try another moment")
                self.store.fail(feed, nothing)

    def _put(self, feed: Feed, rows: Rows, lost: Entry | None) -> None:
        if lost is None:
            self.store.put(feed, rows)
            return
        self.store.restore(feed, rows, lost.at)
        said = f": {lost.text}" if lost.text else ""
        error = PlatformError(f"it was {lost.after}{said}", connection=feed.connection, hint="what was so then is not known")
        self.store.fail(feed, error)

    def _set(self, at: datetime) -> None:
        self.clock = ManualClock(at)
        self.store = Store(self.clock, [_Was(each) for each in self._live.store.connections()])
        self.loads = Loads(self.store)

    # looking

    def feeds(self, kind: Kind | None = None) -> tuple[Feed, ...]:
        names = [state.name for state in self.store.connections()]
        found = [feed for feed in self.store.feeds() if kind is None or feed.kind is kind]
        return tuple(sorted(found, key=lambda feed: names.index(feed.connection)))

    def tree(self) -> tuple[AppNode, ...]:
        return tree(self.store, self.links)

    def show(self, owner: str, feeds: Collection[Feed]) -> None:
        """What was is not read anew."""

    async def refresh(self, feeds: Collection[Feed] | None = None) -> tuple[Feed, ...]:
        """The same."""
        return ()

    async def look(self, ref: Ref) -> Resource | None:
        return self.store.get(ref)

    def has_log(self, ref: Ref) -> bool:
        return self._live.has_log(ref)

    @property
    def stopped(self) -> str:
        return ""

    # acting

    @property
    def read_only(self) -> bool:
        return True

    def why_not(self, target: Ref | Kind, verb: Verb, *, kind: Kind | None = None, override: bool = False) -> str | None:
        return REFUSED

    def plan(self, verb: Verb, ref: Ref, values: Mapping[str, Any], *, kind: Kind | None = None) -> tuple[Request, ...]:
        raise UsageError(REFUSED)

    async def do(self, verb: Verb, ref: Ref, values: Mapping[str, Any] | None = None, **more: Any) -> Outcome:
        raise UsageError(REFUSED)

    def in_flight(self) -> tuple[Pending, ...]:
        return ()
