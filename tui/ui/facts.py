"""What a dialog tells before anything is sent: where the target is, how it is, what changed since, what goes on there, the requests.

Pieces of text from what the store knows. No widget, nothing is sent here.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any, Final

from tui.clock import span
from tui.engine.recall.usual import GOOD
from tui.engine.session import Session
from tui.engine.verdicts import difference
from tui.errors import PlatformError, RollwatchError
from tui.model import Environment, Kind, Rollout, Verb
from tui.tables import Moment, age, told
from tui.text import Secret, clean, is_plain
from tui.ui.questions import Question, Target, of_environment, read_at
from tui.ui.widgets.cells import Cell, Piece

MASKED: Final = "***"


def place(target: Target) -> str:
    """Where a target is: its app for an environment, its connection, its full id."""
    app = getattr(target.seen, "app_name", "") or ""
    return f"{app + ' · ' if app else ''}{target.ref}"


def facts(
    question: Question,
    targets: Sequence[Target],
    session: Session,
    moment: Moment,
    *,
    blocked: bool = False,
    remembered: Rollout | None = None,
) -> list[Cell]:
    """What the user should know before confirming, one line each. ``remembered`` is the last rollout to there that is known to have gone
    well, although it may not be listed any more."""
    lines: list[Cell] = [
        (Piece(f"context {question.context}", "accent"), Piece("  PRODUCTION" if question.production else "", "bad")),
    ]
    for each in targets:
        now = session.store.get(each.ref)
        changed = difference(each.seen, now) if each.seen is not None and now is not None else ""
        # What a later read found unchanged is as old as that read.
        read = read_at(each.ref, session) if now is not None and not changed else each.read
        lines.append(_fact(each, question.verb, session, read))
        if not is_plain(each.label):
            lines.append((Piece("  ▲ this name has letters that are not ASCII: look at the id", "warn"),))
        if each.seen is not None and now is None:
            lines.append((Piece("  ✗ gone: it is no longer listed", "bad"),))
        elif changed:
            lines.append((Piece(f"  ▲ changed since: {clean(changed, 200)}", "warn"),))
    if question.verb is Verb.TRIGGER and len(targets) == 1:
        lines += _rolling(targets[0], session, moment, remembered)
    if question.kind is Kind.APPLICATION and question.verb is Verb.DELETE:
        rows = session.store.rows(Kind.ENVIRONMENT)
        count = sum(1 for row in rows if getattr(row, "app", None) in {each.ref for each in question.targets})
        # Where none is known there may be any number.
        told = f"{count} environment{'s' if count > 1 else ''}" if count else "all its environments"
        lines.append((Piece(f"  ▲ with {told} and everything in {'it' if count == 1 else 'them'}; there is no undo", "warn"),))
    if blocked:
        lines.append((Piece("  ▲ whether it was done before is not known; sending again may do it twice", "bad"),))
    return lines


def _fact(target: Target, verb: Verb, session: Session, read: float | None) -> Cell:
    connection = session.store.connection(target.ref.connection)
    if not target.ref.id:
        new = "a rollout begun elsewhere" if verb is Verb.ADOPT else f"a new {target.ref.kind}"
        return (Piece(f"  {new}  "), Piece(f"{connection.platform} · on {target.ref.connection}", "muted"))
    if target.seen is None:
        return (Piece(f"  {place(target)}", "muted"),)
    how = told(target.seen)
    old = "never read" if read is None else f"as of {age(max(0.0, session.clock.boot() - read))} ago"
    return (
        Piece(f"  {target.label}  "),
        Piece(f"{how.text}  ", how.tone),
        Piece(f"{target.seen.status}  " if target.seen.status and not isinstance(target.seen, Rollout) else ""),
        Piece(f"{old} · {connection.platform} · {place(target)}", "muted"),
    )


def _rolling(target: Target, session: Session, moment: Moment, remembered: Rollout | None) -> list[Cell]:
    """What is live there and what is already on its way."""
    rollouts = [row for row in session.store.rows(Kind.ROLLOUT) if isinstance(row, Rollout) and of_environment(row, target)]
    lines: list[Cell] = []
    for row in rollouts:
        if row.completed_at is None:
            began = row.started_at or row.queued_at or row.created_at
            known = moment.now if row.snapshot else moment.known(row)
            since = span((known - began).total_seconds()) if began is not None else ""
            what = _named(row)
            if not row.snapshot:
                old = f", as of {moment.ago(known)} ago" if moment.old(row) else ""
                lines.append((Piece(f"  ▲ already rolling there: {what}{since and f', {since}'}{old}", "warn"),))
            elif not lines:
                lines.append(
                    (Piece(f"  ▲ triggered there{since and f' {since} ago'}: {what}; what became of it this server does not say", "warn"),)
                )
    commit = target.seen.commit if isinstance(target.seen, Environment) else ""
    told_of = [*rollouts, *([remembered] if remembered is not None else [])]
    live = [row for row in told_of if row.conclusion in GOOD and row.completed_at is not None]
    if commit:
        lines.append((Piece(f"  live there, by its own word: {commit[:12]}", "muted"),))
    elif live:
        newest = max(live, key=lambda row: str(row.completed_at))
        ago = moment.ago(newest.completed_at)
        lines.append((Piece(f"  last that succeeded there: {_named(newest)}, {ago} ago", "muted"),))
    else:
        lines.append((Piece("  what is live there is not known here", "muted"),))
    return lines


def _named(row: Rollout) -> str:
    """What went out and by whom; of one that was adopted only its id may be known."""
    return f"{row.target or row.ref.id} by {row.by or 'somebody'}"


def requests(question: Question, target: Target, values: Mapping[str, Any], session: Session) -> list[str]:
    """The literal requests that will be sent, bodies with secrets masked; the reason where they cannot be made yet."""
    try:
        planned = session.plan(question.verb, target.ref, values, kind=question.kind)
    except RollwatchError as error:
        return [str(error)]
    lines: list[str] = []
    for each in planned:
        lines.append(clean(str(each), 300))
        if each.body:
            lines.append("  " + json.dumps(_shown(each.body), ensure_ascii=False))
    return lines


def refusals(question: Question, targets: Sequence[Target], values: Mapping[str, Any], session: Session) -> dict[str, str]:
    """What cannot be sent as it stands, by field, as far as that is known before anything is sent."""
    try:
        for each in targets:
            session.plan(question.verb, each.ref, values, kind=question.kind)
    except PlatformError as error:
        return dict(error.fields)
    except RollwatchError:
        pass  # no fault of a field: the line in place of the requests says it
    return {}


def _shown(value: Any) -> Any:
    """A body as it can be shown: nothing secret, nothing that a terminal obeys."""
    if isinstance(value, Secret):
        return MASKED
    if isinstance(value, Mapping):
        return {clean(str(key), 60): _shown(each) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [_shown(each) for each in value]
    return clean(value, 200) if isinstance(value, str) else value
