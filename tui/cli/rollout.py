"""``rollwatch rollout``: trigger one, and with ``--wait`` print a line for each change until it has ended."""

from __future__ import annotations

import asyncio
import sys
from argparse import Namespace
from collections.abc import AsyncIterator, Mapping
from typing import Any, Final

from tui.cli import compose, document, say
from tui.cli.do import beforehand, confirm, ending, filled, said, told_if_left
from tui.cli.exits import Exit
from tui.engine.feeds import Feed
from tui.engine.session import Session
from tui.errors import Unauthorized
from tui.forms import FORMS
from tui.model import UNDECIDED, Health, Kind, Phase, Ref, Rollout, Verb
from tui.tables import Moment, phase_cell, rollout_word

ENDS: Final[Mapping[Health, Exit]] = {Health.OK: Exit.OK, Health.BAD: Exit.FAILED, Health.WARN: Exit.FAILED}
"""What one that is over exits with: one that was canceled has not gone out either."""


def rollout(args: Namespace) -> int:
    """Exit 0 success (without ``--wait``: accepted), 1 the connection could not be reached or has no credentials, 3 refused, failed,
    canceled or rejected, 4 not known."""
    texts = [f"branch={args.branch}"] if args.branch is not None else [f"sha={args.sha}"]
    values = filled(FORMS[Kind.ROLLOUT, Verb.TRIGGER], texts, option="--")
    target = Ref(connection=args.connection, kind=Kind.ENVIRONMENT, id=f"{args.app}/{args.environment}")
    with compose.opened(args) as setup:
        compose.told(setup.warnings, say)
        return compose.run(setup, lambda session: _rollout(session, args, target, values))


async def _rollout(session: Session, args: Namespace, target: Ref, values: dict[str, Any]) -> int:
    outcome = await beforehand(session, Verb.TRIGGER, target, Kind.ROLLOUT)
    if outcome is None:
        # A script that names app, environment and what to roll out has said all there is to ask.
        if not args.yes and sys.stdin.isatty():
            confirm(session, Verb.TRIGGER, target, Kind.ROLLOUT, values, None)
        with told_if_left():
            outcome = await session.do(Verb.TRIGGER, target, values, kind=Kind.ROLLOUT, override=args.override)
    if args.json:
        made = None if outcome.resource is None else document.resource(outcome.resource)
        told = {"version": document.VERSION, "outcome": outcome.word, "text": said(outcome), "ref": str(outcome.ref), "rollout": made}
        print(document.text(told))
    else:
        print(f"{outcome.word}: {said(outcome)}", flush=True)
        if isinstance(outcome.resource, Rollout) and outcome.resource.dashboard:
            print(f"  {outcome.resource.dashboard}", flush=True)
    if outcome.word not in {"done", "accepted"}:
        return ending(outcome.word, outcome.error)
    if not args.wait:
        return Exit.OK
    if outcome.ref is None or outcome.ref.kind is not Kind.ROLLOUT:
        say("the answer did not name the rollout, so that it cannot be watched")
        return Exit.UNKNOWN
    return await _watch(session, args, outcome.ref)


async def _watch(session: Session, args: Namespace, ref: Ref) -> int:
    shown = ""
    try:
        async for now in _states(session, ref):
            line = _line(session, now)
            if line != shown:
                shown = line
                print(document.text(document.resource(now)) if args.json else line, flush=True)
            if now.snapshot:
                say("this server does not say more of a rollout; the dashboard does")
                return Exit.UNKNOWN
            if ended(now):
                return ENDS.get(now.health, Exit.UNKNOWN)
    except asyncio.CancelledError:
        say("no longer watching; the rollout goes on")
        raise
    return Exit.UNKNOWN


async def _states(session: Session, ref: Ref) -> AsyncIterator[Rollout]:
    """The rollout each time something of it was read; why it cannot be read is said once, when that begins."""
    feed = Feed(connection=ref.connection, kind=Kind.ROLLOUT)
    news = asyncio.Event()
    session.changes.subscribe(lambda change: news.set() if change.feed == feed else None)
    session.show("rollout", [feed])
    trouble = ""
    while True:
        row = session.store.get(ref)
        if isinstance(row, Rollout):
            yield row
        error = session.store.freshness(feed).error
        if error is not None and str(error) != trouble:
            say(f"it cannot be read: {error}")
        if isinstance(error, Unauthorized):
            return  # nobody asks again by itself, and a script would wait for ever
        trouble = "" if error is None else str(error)
        await news.wait()
        news.clear()


def ended(row: Rollout) -> bool:
    """Whether nothing will change any more."""
    return row.completed_at is not None or str(row.conclusion) not in UNDECIDED


def _word(phase: Phase) -> str:
    return str(phase.status if str(phase.conclusion) in UNDECIDED else phase.conclusion) or "-"


def _line(session: Session, row: Rollout) -> str:
    """What changed enough to be told: the words, not the seconds that pass."""
    moment = Moment(now=session.clock.wall(), store=session.store)
    phases = " ".join(f"{phase.name}={_word(phase)}" for phase in row.phases)
    if any(phase.needs_approval for phase in row.phases):
        return f"{rollout_word(row)}: {phases} {row.dashboard}".rstrip()
    if ended(row):
        return f"{rollout_word(row)}: {''.join(span.text for span in phase_cell(row, moment))}"
    return f"{rollout_word(row)}: {phases}"
