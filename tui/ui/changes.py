"""What changed of one thing as lines to read: beside the one before it, then from look to look as the journal kept it, newest first."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import pairwise
from typing import Final

from tui.engine.session import Session
from tui.local.journal.bodies import Known
from tui.model import Resource, Service
from tui.tables import Moment
from tui.tables.differences import Difference, beside, differences, is_told, one_before
from tui.ui.widgets.cells import Piece
from tui.ui.widgets.text_view import Content, Field

NOWHERE: Final = "Nothing is remembered here: there is no journal."


def changes(row: Resource, known: Sequence[Known] | None, session: Session, moment: Moment) -> list[Content]:
    """``known`` is what the journal has of it, newest first; None while it is asked."""
    lines = _beside(row, session, moment)
    if session.past is None:
        return [*lines, (Piece(NOWHERE, "muted"),)]
    if known is None:
        return [*lines, (Piece("asking the journal…", "busy"),)]
    for newer, older in pairwise(known):
        found = differences(older.row, newer.row, moment)
        if found:
            head = (Piece(moment.local(newer.seen), "title"), Piece(f"  {moment.ago(newer.seen)} ago", "muted"))
            lines += [head, *_told(found), ()]
    if known:
        first = known[-1].seen
        lines.append((Piece(f"first seen {moment.local(first)}, {moment.ago(first)} ago; nothing is known of before", "muted"),))
    else:
        lines.append((Piece("The journal has nothing of this yet.", "muted"),))
    return lines


def _beside(row: Resource, session: Session, moment: Moment) -> list[Content]:
    of_service = isinstance(row, Service)
    if isinstance(row, Service):
        deployment = moment.deployment_of(row)
        if deployment is None:
            return []
        row = deployment
    before = one_before(row, session.store)
    if before is None:
        return []
    head: Content = (
        Piece("its deployment beside the one before" if of_service else "beside the one before it", "title"),
        Piece(f"  {before.ref}, {moment.ago(before.created_at)} ago", "muted"),
    )
    found = beside(before, row, moment)
    same = " the same was put out" if is_told(row) and is_told(before) else " what was put out is not known here"
    return [head, *(_told(found) or [(Piece(same, "muted"),)]), ()]


def _told(found: Iterable[Difference]) -> list[Content]:
    return [Field(each.label, f"{each.before} → {each.after}", each.tone) for each in found]
