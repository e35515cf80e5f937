"""What belongs to a thing, as lines of its screen: a row of each related thing, a variable with its value masked, and what is to be
said where the variables are not there (yet)."""

from __future__ import annotations

from collections.abc import Collection
from typing import Final

from tui.engine.feeds import Feed
from tui.engine.store import Store
from tui.model import Kind, Ref, Resource, Tone, Variable
from tui.tables import NOTHING, TABLES, Moment
from tui.text import clean
from tui.ui.widgets.cells import Cell, Piece
from tui.ui.widgets.text_view import Content

MASKED: Final = "••••••••"


def relation(row: Resource, moment: Moment, revealed: Collection[Ref]) -> Cell:
    """One related thing on one line; the value of a variable only if it is ``revealed``."""
    if isinstance(row, Variable):
        shown = clean(row.value.reveal(), 2_000) if row.ref in revealed else MASKED
        return (Piece(f"  {str(row.name).ljust(24)}  "), Piece(shown, "warn" if row.ref in revealed else "muted"))
    columns = TABLES[row.ref.kind].columns
    pieces: list[Piece] = [Piece("  ")]
    for column in [each for each in columns if each.rank <= 2 and each.id != "on"]:
        cell = column.cell(row, moment)
        if column.rank and column.text(row, moment) == NOTHING:
            continue
        pieces += [Piece(span.text, span.tone) for span in cell]
        used = sum(len(span.text) for span in cell)
        wide = max(column.low, min(column.high, 24))
        pieces.append(Piece(" " * max(2, wide + 2 - used)))
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
