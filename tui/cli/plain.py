"""``rollwatch plain``: what changes, one line each, on standard output: for screen readers, pipes and logs. Nothing is drawn over."""

from __future__ import annotations

import asyncio
from argparse import Namespace
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, NoReturn

from tui.cli import compose, document, say
from tui.cli.reader import while_read
from tui.cli.status import refused
from tui.engine.feeds import Change, ConnectionState, Feed
from tui.engine.session import Session
from tui.model import Kind, Resource
from tui.tables import Moment, attention, state

SOON: Final = 5.0
"""Seconds that the first lines wait for those who do not answer: they are told of when they do."""

WATCHED: Final = (Kind.APPLICATION, Kind.DEPLOYMENT, Kind.SERVICE, Kind.INSTANCE, Kind.ROLLOUT)
"""What is read as often as in a console that shows it: what can fail while somebody listens."""

WORST_FIRST: Final = 50
"""Things that need somebody which are told at the start, before only changes are."""


def plain(args: Namespace) -> int:
    """Goes on until it is interrupted or nobody reads any more."""
    with compose.either(args, demo=args.demo, record=True) as setup:
        compose.told(setup.warnings, say)
        return compose.run(setup, lambda session: while_read(_feed(session, as_json=args.json), session.clock))


async def _feed(session: Session, *, as_json: bool) -> NoReturn:
    changes: asyncio.Queue[Change] = asyncio.Queue(10_000)

    def heard(change: Change) -> None:
        if not changes.full():
            changes.put_nowait(change)

    session.show("plain", [Feed(connection=each.name, kind=kind) for each in session.store.connections() for kind in WATCHED])
    await session.settle(SOON)
    closed: set[tuple[str, str]] = set()

    def look_for_closed() -> None:
        """Name each list that may not be read, once: what is read late is refused late."""
        for name, words in refused(session):
            if (name, words) not in closed:
                closed.add((name, words))
                say(f"{name}: {words}")

    look_for_closed()

    def tell(news: Iterable[News]) -> None:
        for each in news:
            print(document.text(each.as_json()) if as_json else each.text, flush=True)

    tell(beginning(session))
    read = {feed for feed in session.feeds() if session.store.freshness(feed).fetched_boot is not None}
    end = session.changes.subscribe(heard)
    states = {each.name: each.state for each in session.store.connections()}
    try:
        while True:
            change = await changes.get()
            moment = Moment(now=session.clock.wall(), store=session.store)
            if change.feed in read:
                tell(told(change, moment))
            elif session.store.freshness(change.feed).fetched_boot is not None:
                read.add(change.feed)  # what is first read now is not new by that
                tell(_wrong(change.added, moment))
            for each in session.store.connections():
                if states.get(each.name) != each.state:
                    tell([_connection(each, moment, "changed", states.get(each.name))])
                    states[each.name] = each.state
            look_for_closed()
    finally:
        end()


@dataclass(frozen=True, slots=True, kw_only=True)
class News:
    """One line: the sentence, and the same for a script. ``event`` is ``is`` at the start, then new, changed or gone; ``was`` and
    ``now`` are health and status of a thing, the state of a connection, None where there is none; ``error`` is why a connection is so."""

    text: str
    at: datetime
    connection: str
    ref: str | None
    name: str
    event: str
    was: Mapping[str, str] | None
    now: Mapping[str, str] | None
    error: Mapping[str, str] | None = None

    def as_json(self) -> dict[str, Any]:
        """A record of ``plain --json``."""
        return {
            "at": document.time(self.at),
            "connection": self.connection,
            "ref": self.ref,
            "name": self.name,
            "event": self.event,
            "was": self.was,
            "is": self.now,
            "error": self.error,
        }


def beginning(session: Session) -> Iterator[News]:
    """How every connection is and what needs somebody now."""
    moment = Moment(now=session.clock.wall(), store=session.store)
    yield from (_connection(each, moment, "is", None) for each in session.store.connections())
    kinds = dict.fromkeys(feed.kind for feed in session.feeds())
    yield from _wrong((row for kind in kinds for row in session.store.rows(kind)), moment)


def _wrong(rows: Iterable[Resource], moment: Moment) -> Iterator[News]:
    """What of these needs somebody now, the worst first."""
    wrong = [row for row in rows if attention(row) < 2]
    yield from (_thing(moment, "is", None, row, f"is {_words(row)}") for row in sorted(wrong, key=attention)[:WORST_FIRST])


def told(change: Change, moment: Moment) -> Iterator[News]:
    """A line for each thing whose state is another one; numbers that only move are no news."""
    yield from (_thing(moment, "new", None, row, f"is new, {_words(row)}") for row in change.added)
    for old, new in change.updated:
        if _words(old) != _words(new):
            yield _thing(moment, "changed", old, new, f"was {_words(old)}, is {_words(new)}")
    yield from (_thing(moment, "gone", row, None, "is gone") for row in change.removed)


def _connection(each: ConnectionState, moment: Moment, event: str, before: str | None) -> News:
    error = None if each.state == "fresh" else document.error(each.error)
    return News(
        text=f"{_time(moment)} {each.name}: {each.state}" + (f", {error['message']}" if error else ""),
        at=moment.now,
        connection=each.name,
        ref=None,
        name=each.name,
        event=event,
        was={"state": before} if before is not None else None,
        now={"state": each.state},
        error=error,
    )


def _thing(moment: Moment, event: str, old: Resource | None, new: Resource | None, said: str) -> News:
    row = new or old
    assert row is not None  # noqa: S101 - one of them is what it is about
    name = str(row.name or row.ref.id)
    return News(
        text=f"{_time(moment)} {row.ref.connection} {row.ref.kind} {name} {said}",
        at=moment.now,
        connection=row.ref.connection,
        ref=str(row.ref),
        name=name,
        event=event,
        was=_state(old),
        now=_state(new),
    )


def _state(row: Resource | None) -> dict[str, str] | None:
    return {"health": row.health.value, "status": str(row.status)} if row is not None else None


def _time(moment: Moment) -> str:
    return moment.local(moment.now, "%H:%M:%S")


def _words(row: Resource) -> str:
    """The state in words: a glyph would be read aloud."""
    health = state(row.health).partition(" ")[2]
    return health if not row.status or str(row.status) == health else f"{health} ({row.status})"
