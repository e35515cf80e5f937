"""What belongs to a thing, as lines of its screen: a row of each related thing, a variable with its value masked, and what is to be
said where the variables are not there (yet)."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Final

from tui.engine.feeds import Feed
from tui.engine.joins import AppNode, Together, together
from tui.engine.session import Session
from tui.engine.store import Store
from tui.model import TONES, Deployment, Kind, Ref, Resource, Tone, Variable
from tui.tables import NOTHING, TABLES, Moment, Span, related, state
from tui.tables.cells import code
from tui.text import clean
from tui.ui.widgets.cells import Cell, Piece
from tui.ui.widgets.text_view import Content, Field

JOINED: Final = (Kind.APPLICATION, Kind.ENVIRONMENT, Kind.SERVICE, Kind.ROLLOUT)
"""Kinds that are joined over all platforms."""

MASKED: Final = "••••••••"


def relation(row: Resource, moment: Moment, revealed: Collection[Ref], home: str) -> Cell:
    """One thing that belongs to one on ``home``, a connection, on one line; the value of a variable only if it is ``revealed``."""
    if isinstance(row, Variable):
        shown = clean(row.value.reveal(), 2_000) if row.ref in revealed else MASKED
        return (Piece(f"  {str(row.name).ljust(24)}  "), Piece(shown, "warn" if row.ref in revealed else "muted"))
    columns = TABLES[row.ref.kind].columns
    pieces: list[Piece] = [Piece("  ")]
    # All deployments of a service are called like it: what tells them apart is their code.
    apart = {"name": str(code(row))} if isinstance(row, Deployment) and code(row) != NOTHING else {}
    for column in [each for each in columns if each.rank <= 2 and each.id != "on"]:
        cell = (Span(apart[column.id]),) if column.id in apart else column.cell(row, moment)
        if column.rank and column.text(row, moment) == NOTHING:
            continue
        pieces += [Piece(span.text, span.tone) for span in cell]
        used = sum(len(span.text) for span in cell)
        wide = max(column.low, min(column.high, 24))
        pieces.append(Piece(" " * max(2, wide + 2 - used)))
    if row.ref.connection != home:
        pieces.append(Piece(f"on {row.ref.connection}", "muted"))
    return tuple(pieces)


def variables(row: Resource, store: Store) -> list[Content]:
    """What is to be said where the variables of a service are not there (yet)."""
    feed = Feed(connection=row.ref.connection, kind=Kind.VARIABLE, scope=row.ref.id)
    freshness = store.freshness(feed)
    if row.ref.kind is not Kind.SERVICE or store.feed_rows(feed):
        return []
    if freshness.error is not None:
        said, tone = (str(freshness.error), Tone.WARN) if freshness.offered else ("this server does not offer them", Tone.MUTED)
    elif freshness.fetched_boot is not None:
        said, tone = "none", Tone.MUTED
    elif freshness.trying:
        said, tone = "asking…", Tone.BUSY
    else:
        return []
    return [(), (Piece("Variables ", "title"), Piece(said, tone))]


class Joined:
    """What belongs to a thing on all platforms. The tree of apps is made again only when something in it changed."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._made_of: tuple[object, ...] = ()
        self._apps: tuple[AppNode, ...] = ()

    def of(self, row: Resource) -> Together | None:
        """What is joined with it."""
        if row.ref.kind not in JOINED:
            return None
        rows = tuple(self._session.store.rows(kind) for kind in JOINED)
        if len(rows) != len(self._made_of) or any(new is not old for new, old in zip(rows, self._made_of, strict=True)):
            self._made_of, self._apps = rows, self._session.tree()
        return together(row, self._apps)


def belonging(row: Resource, joined: Together | None, store: Store) -> Mapping[Kind, Sequence[Resource]]:
    """All that belongs to a thing, by kind: what its platform says of it, then what is joined with it."""
    found = related(row, store)
    for each in joined.rows if joined is not None else ():
        rows = found.setdefault(each.ref.kind, [])
        if each not in rows:
            rows.append(each)
    return found


def whole(row: Resource, joined: Together | None) -> Mapping[str, Field]:
    """Under its health that of all that is joined with it, where that is another: platforms tell little of apps themselves."""
    if joined is None or not joined.rows or joined.health is row.health:
        return {}
    return {"health": Field("", f"{state(joined.health)} with all that belongs to it", TONES[joined.health])}
