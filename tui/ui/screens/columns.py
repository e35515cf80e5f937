"""The columns of one list: which are shown, in which order, and what each says of the selected row. Every change is seen at once."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any, ClassVar, Final

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical

from tui.tables import Column, Moment, offered
from tui.ui.panes.listing import Listing
from tui.ui.screens.dialog import Dialog
from tui.ui.widgets.cells import Piece
from tui.ui.widgets.resource_table import ResourceTable
from tui.ui.widgets.status_line import StatusLine
from tui.ui.widgets.table_layout import ColumnSpec
from tui.ui.widgets.table_rows import Row

SPECS: Final = (
    ColumnSpec(id="on", low=3, high=3),
    ColumnSpec(id="title", low=14, high=24),
    ColumnSpec(id="value", low=16, high=60, rank=1, grow=True),
    ColumnSpec(id="from", low=8, high=15, rank=2),
)
KEYS: Final = "space show or hide · + - right or left · r as at first · esc done"
SOURCES: Final = {"field": "field", "json": "platform's JSON"}

Apply = Callable[[Listing, Any], object]


class ColumnsScreen(Dialog):
    """A line a column; those that are shown first, in their order."""

    AUTO_FOCUS = "ResourceTable"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,q,C", "close", "done", show=False),
        Binding("plus,right_curly_bracket,J,shift+down", "shift(1)", "right", show=False),
        Binding("minus,left_curly_bracket,K,shift+up", "shift(-1)", "left", show=False),
        Binding("r", "reset", "as at first", show=False),
        Binding("space,enter", "turn", "show or hide", show=False, priority=True),
    ]

    def __init__(self, moment: Callable[[], Moment]) -> None:
        super().__init__()
        self._moment = moment
        self._listing: Listing | None = None
        self._apply: Apply = lambda *_: None
        self._offered: tuple[Column[Any], ...] = ()
        self._title = StatusLine(classes="title")
        self._keys = StatusLine()
        self._table = ResourceTable(show_head=False)
        self._table.set_columns(SPECS)

    def compose(self) -> ComposeResult:
        with Vertical(id="columns"):
            yield self._title
            yield self._table
            yield self._keys

    def prepare(self, listing: Listing, apply: Apply) -> None:
        """Begin anew for a list; ``apply`` shows it with another look."""
        self._listing, self._apply = listing, apply
        rows = sorted(listing.rows_now, key=lambda row: row.ref != listing.selected)
        self._offered = offered(listing.kind, rows)
        self._title.set_text(f"Columns of the {listing.title}", "title")
        self._keys.set_text(KEYS, "muted")
        self._draw()
        self._table.move_to(listing.columns[0].id)

    def _draw(self) -> None:
        listing = self._listing
        if listing is None:
            return
        shown = [each.id for each in listing.columns]
        known = {each.id: each for each in (*self._offered, *listing.columns)}
        row = self._row_shown(listing)
        moment = self._moment()
        rows = []
        for id_ in [*shown, *(each for each in known if each not in shown)]:
            here = id_ in shown
            source = SOURCES.get(id_.partition(".")[0], "") if "." in id_ else ""
            value = known[id_].text(row, moment) if row is not None else ""
            sign = Piece("[x]" if here else "[ ]", "key" if here else "muted")
            rows.append(Row(id_, ((sign,), (Piece(known[id_].title.lower()),), (Piece(value, "muted"),), (Piece(source, "muted"),))))
        self._table.show_rows(rows)

    @staticmethod
    def _row_shown(listing: Listing) -> Any:
        rows = listing.rows_now
        return next((each for each in rows if each.ref == listing.selected), rows[0] if rows else None)

    def _show(self, columns: list[str]) -> None:
        if self._listing is not None:
            self._apply(self._listing, replace(self._listing.look, columns=tuple(columns), skip=0))
            self._draw()

    def action_turn(self) -> None:
        """Show the column under the cursor, as the last, or hide it. The first one names the thing and stays."""
        id_ = self._table.cursor_key
        listing = self._listing
        if listing is None or not isinstance(id_, str) or id_ == listing.columns[0].id:
            return
        shown = [each.id for each in listing.columns]
        self._show([each for each in shown if each != id_] if id_ in shown else [*shown, id_])

    def action_shift(self, step: int) -> None:
        """Change places with the neighbour."""
        id_ = self._table.cursor_key
        listing = self._listing
        shown = [each.id for each in listing.columns] if listing is not None else []
        at = shown.index(id_) if isinstance(id_, str) and id_ in shown else 0
        if at and 1 <= at + step < len(shown):
            shown[at], shown[at + step] = shown[at + step], shown[at]
            self._show(shown)

    def action_reset(self) -> None:
        """The kind's own columns."""
        self._show([])

    def action_close(self) -> None:
        self.dismiss()

    @on(ResourceTable.RowOpened)
    def _clicked(self, event: ResourceTable.RowOpened) -> None:
        event.stop()
        self.action_turn()
