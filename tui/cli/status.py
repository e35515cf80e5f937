"""``rollwatch status``: everything once, as JSON for scripts or as text for a person."""

from __future__ import annotations

import shutil
from argparse import Namespace
from collections import Counter
from collections.abc import Container, Iterator
from dataclasses import replace
from typing import Final

from tui.cli import compose, document, grid, say
from tui.cli.exits import Exit
from tui.cli.remedy import line, of_list
from tui.engine.feeds import ConnectionState, Feed
from tui.engine.session import Session
from tui.errors import PlatformError
from tui.model import Tone
from tui.tables import GLYPHS, TABLES, Moment, age

DEADLINE: Final = 30.0
"""Seconds within which every feed must have been read or have failed."""

MARKS: Final = {
    "fresh": Tone.OK,
    "loading": Tone.BUSY,
    "stale": Tone.WARN,
    "limited": Tone.WARN,
    "down": Tone.BAD,
    "signed-out": Tone.BAD,
}


def status(args: Namespace) -> int:
    """Exit 0 when every connection is fresh, 1 when one is not."""
    with compose.either(args, demo=args.demo) as setup:
        compose.told(setup.warnings, say)
        return compose.run(setup, lambda session: _status(session, args))


async def _status(session: Session, args: Namespace) -> int:
    unread = Counter(feed.connection for feed in await session.settle(DEADLINE))
    for name, lists in unread.items():
        say(f"{name}: {lists} of its lists could not be read within {DEADLINE:.0f} s, so that not all is shown: the console reads on")
    for name, words in refused(session):
        say(f"{name}: {words}")
    if args.json:
        print(document.text(_document(session, unread)))
    else:
        print("\n".join(_lines(session, unread, shutil.get_terminal_size((160, 40)).columns)))
    return Exit.OK if all(each.state == "fresh" for each in _connections(session, unread)) else Exit.UNREACHABLE


def _document(session: Session, unread: Container[str]) -> dict[str, object]:
    rows = {kind: session.store.rows(kind) for kind in document.KINDS}
    return document.status(session.context, _connections(session, unread), rows)


def refused(session: Session) -> Iterator[tuple[str, str]]:
    """What a connection that is fresh does not show: a list that we may not read is not empty."""
    for state in session.store.connections():
        told: dict[str, dict[str, None]] = {}
        for feed, error in _failing(session, state.name) if state.state == "fresh" else ():
            words = f"{error.message}: {of_list(error)}"
            told.setdefault(words, {})[TABLES[feed.kind].title.lower()] = None
        yield from ((state.name, f"{', '.join(kinds)} are not shown: {words}") for words, kinds in told.items())


def _failing(session: Session, name: str) -> Iterator[tuple[Feed, PlatformError]]:
    """The lists of a connection that could not be read, and why; what its server does not offer is none."""
    for feed in session.feeds():
        now = session.store.freshness(feed)
        if feed.connection == name and now.error is not None and now.offered:
            yield feed, now.error


def _connections(session: Session, unread: Container[str]) -> list[ConnectionState]:
    """Every connection; one without a reason of its own is given that of its first feed that could not be read, and one of which we
    have not everything is still loading."""
    told = []
    for state in session.store.connections():
        if state.state == "fresh" and state.name in unread:
            state = replace(state, state="loading")
        if state.error is None:
            state = replace(state, error=next((error for _, error in _failing(session, state.name)), None))
        told.append(state)
    return told


def _lines(session: Session, unread: Container[str], width: int) -> Iterator[str]:
    moment = Moment(now=session.clock.wall(), store=session.store)
    yield from grid.aligned([_connection(each, moment) for each in _connections(session, unread)])
    for kind in document.KINDS:
        rows = session.store.rows(kind)
        if rows:
            yield ""
            yield f"{TABLES[kind].title} ({len(rows)})"
            yield from grid.listing(TABLES[kind], rows, moment, width)


def _connection(state: ConnectionState, moment: Moment) -> list[str]:
    since = moment.since(state.fetched_at)
    budget = f"{state.rate.remaining}/{state.rate.limit} left" if state.rate else ""
    return [
        f"{GLYPHS[MARKS[state.state]]} {state.name}",
        state.platform,
        state.flavour,
        state.state if since is None else f"{state.state}, {age(since)} old",
        budget,
        "" if state.error is None else line(state.error, of_list),
    ]
