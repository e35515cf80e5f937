"""``rollwatch plain``: what changes, one line each, on standard output: for screen readers, pipes and logs. Nothing is drawn over."""

from __future__ import annotations

import asyncio
from argparse import Namespace
from collections.abc import Iterator
from typing import Final, NoReturn

from tui.cli import compose, say
from tui.engine.feeds import Change
from tui.engine.session import Session
from tui.model import Resource
from tui.tables import Moment, attention, state

WORST_FIRST: Final = 50
"""Things that need somebody which are told at the start, before only changes are."""


def plain(args: Namespace) -> int:
    """Goes on until it is interrupted or nobody reads any more."""
    with compose.either(args, demo=args.demo, record=True) as setup:
        compose.told(setup.warnings, say)
        return compose.run(setup, _feed)


async def _feed(session: Session) -> NoReturn:
    changes: asyncio.Queue[Change] = asyncio.Queue(10_000)

    def heard(change: Change) -> None:
        if not changes.full():
            changes.put_nowait(change)

    await session.settle(30.0)
    for line in beginning(session):
        print(line, flush=True)
    end = session.changes.subscribe(heard)
    states = {each.name: each.state for each in session.store.connections()}
    try:
        while True:
            change = await changes.get()
            moment = Moment(now=session.clock.wall(), store=session.store)
            for line in told(change, moment):
                print(line, flush=True)
            for each in session.store.connections():
                if states.get(each.name) != each.state:
                    states[each.name] = each.state
                    print(f"{_time(moment)} {each.name}: {each.state}", flush=True)
    finally:
        end()


def beginning(session: Session) -> Iterator[str]:
    """How every connection is and what needs somebody now."""
    moment = Moment(now=session.clock.wall(), store=session.store)
    for each in session.store.connections():
        yield f"{_time(moment)} {each.name}: {each.state}" + (f", {each.error}" if each.error is not None else "")
    kinds = dict.fromkeys(feed.kind for feed in session.feeds())
    wrong = [row for kind in kinds for row in session.store.rows(kind) if attention(row) < 2]
    for row in sorted(wrong, key=attention)[:WORST_FIRST]:
        yield f"{_time(moment)} {_thing(row)} is {_words(row)}"


def told(change: Change, moment: Moment) -> Iterator[str]:
    """A line for each thing whose state is another one; numbers that only move are no news."""
    for row in change.added:
        yield f"{_time(moment)} {_thing(row)} is new, {_words(row)}"
    for old, new in change.updated:
        if _words(old) != _words(new):
            yield f"{_time(moment)} {_thing(new)} was {_words(old)}, is {_words(new)}"
    for row in change.removed:
        yield f"{_time(moment)} {_thing(row)} is gone"


def _time(moment: Moment) -> str:
    return moment.local(moment.now, "%H:%M:%S")


def _thing(row: Resource) -> str:
    return f"{row.ref.connection} {row.ref.kind} {row.name or row.ref.id}"


def _words(row: Resource) -> str:
    """The state in words: a glyph would be read aloud."""
    health = state(row.health).partition(" ")[2]
    return health if not row.status or str(row.status) == health else f"{health} ({row.status})"
