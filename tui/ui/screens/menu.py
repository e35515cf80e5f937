"""What can be done with what is selected: every action with its key and, where it cannot be done now, why.

It asks nothing itself: enter, a click or the action's own key do what that key would have done outside.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar, Final

from textual import events, on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical

from tui.actions import ACTIONS, Keymap, Place
from tui.ui.palette import Entry
from tui.ui.screens.dialog import Dialog
from tui.ui.widgets.cells import Piece
from tui.ui.widgets.paragraph import Paragraph
from tui.ui.widgets.resource_table import ResourceTable
from tui.ui.widgets.status_line import StatusLine
from tui.ui.widgets.table_layout import ColumnSpec
from tui.ui.widgets.table_rows import Row

COLUMNS: Final = (
    ColumnSpec(id="key", low=6, high=9),
    ColumnSpec(id="title", low=14, high=20),
    ColumnSpec(id="help", low=20, high=100, rank=1, grow=True),
)
FRAME: Final = 6
"""Lines of the box beside those of the actions."""


class MenuScreen(Dialog):
    """A line an action."""

    AUTO_FOCUS = "ResourceTable"
    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape,q", "close", "close", show=False)]

    def __init__(self) -> None:
        super().__init__()
        self._title = StatusLine(classes="title")
        self._table = ResourceTable(show_head=False)
        self._table.set_columns(COLUMNS)
        self._whole = Paragraph()
        self._entries: dict[str, Entry] = {}
        self._keys: dict[str, str] = {}

    def compose(self) -> ComposeResult:
        with Vertical(id="menu"):
            yield self._title
            yield self._table
            yield self._whole

    def prepare(self, title: str, entries: Sequence[tuple[Entry, Sequence[str]]], keymap: Keymap, room: int) -> None:
        """Show these, each with all its keys, in at most ``room`` lines."""
        self._entries = {entry.id: entry for entry, _ in entries}
        # What moves about in lines goes on doing so; the key that opened this closes it.
        moving = {key for action in keymap.at(Place.LIST) for key in keymap.keys(action)} | {"enter", "escape", "q"}
        own = dict.fromkeys(keymap.keys(ACTIONS["row.menu"]), "")
        self._keys = {key: entry.id for entry, keys in entries for key in keys if key not in moving} | own
        self._title.set_text(f"What can be done with {title}" if title else "What can be done here", "title")
        self._table.show_rows(tuple(self._row(entry) for entry, _ in entries))
        self._table.set_message(["Nothing can be done here."])
        possible = [entry.id for entry, _ in entries if not entry.why_not]
        self._table.move_to(next(iter([*possible, *self._entries]), None))
        self._table.styles.height = max(1, min(len(entries), room - FRAME))

    @staticmethod
    def _row(entry: Entry) -> Row:
        tone = "muted" if entry.why_not else None
        return Row(entry.id, ((Piece(entry.key, tone or "key"),), (Piece(entry.title, tone),), (Piece(entry.said, "muted"),)))

    def on_key(self, event: events.Key) -> None:
        """The key of an action does it; the one that opened the menu closes it."""
        id_ = self._keys.get(event.key)
        if id_ is None:
            return
        event.stop()
        event.prevent_default()
        if id_:
            self._choose(id_)
        else:
            self.dismiss()

    @on(ResourceTable.RowHighlighted)
    def _highlighted(self, event: ResourceTable.RowHighlighted) -> None:
        event.stop()
        entry = self._entries.get(event.key) if isinstance(event.key, str) else None
        self._whole.say(entry.said if entry is not None else "")

    @on(ResourceTable.RowOpened)
    def _opened(self, event: ResourceTable.RowOpened) -> None:
        event.stop()
        self._choose(event.key)

    def _choose(self, key: object) -> None:
        entry = self._entries.get(key) if isinstance(key, str) else None
        if entry is not None:
            self.dismiss()
            self.app.call_after_refresh(entry.run)

    def action_close(self) -> None:
        self.dismiss()
