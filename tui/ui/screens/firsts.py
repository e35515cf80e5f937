"""A list about the followed logs of which each row opens a line of them. What it lists is its subclasses' matter."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.screen import Screen

from tui.actions import Keymap, Place
from tui.tables import Moment
from tui.ui.keys import bindings_for
from tui.ui.program import program
from tui.ui.say import Bottom
from tui.ui.widgets.cells import Piece
from tui.ui.widgets.key_bar import KeyBar, KeyHint
from tui.ui.widgets.log_buffer import Entry
from tui.ui.widgets.resource_table import ResourceTable
from tui.ui.widgets.status_line import Part, StatusLine
from tui.ui.widgets.table_layout import ColumnSpec
from tui.ui.widgets.table_rows import Row

if TYPE_CHECKING:
    from tui.ui.panes.logs import LogsPane


class FirstsScreen(Screen[None]):
    """A list made when it is opened; it stands still while it is read."""

    AUTO_FOCUS = ""
    BINDINGS: ClassVar[list[BindingType]] = bindings_for(Place.PATTERNS)
    COLUMNS: ClassVar[tuple[ColumnSpec, ...]] = ()

    def __init__(self, keymap: Keymap, moment: Callable[[], Moment]) -> None:
        super().__init__()
        self.keymap = keymap
        self.moment = moment
        self.table = ResourceTable()
        self.table.set_columns(self.COLUMNS)
        self._pane: LogsPane | None = None
        self._firsts: Mapping[object, Entry] = {}
        self._title = StatusLine(classes="title")
        self._bottom = Bottom()

    def compose(self) -> ComposeResult:
        yield self._title
        yield self.table
        yield self._bottom

    def fill(self, pane: LogsPane, rows: Sequence[Row], firsts: Mapping[object, Entry], *, again: bool = False) -> None:
        """List these, each with the line that it opens; ``again`` leaves the cursor where it is."""
        self._pane, self._firsts = pane, firsts
        self.table.show_rows(rows)
        if not again:
            self.table.move_to(next((row.key for row in rows if row.key in firsts), None))
            # What the first rows are stands above them.
            self.table.scroll_lines(0)

    def entitle(self, title: str, said: str = "") -> None:
        """What this is, and on the right what is to be known of it."""
        self._title.set_parts([Part(pieces=(Piece(title, "title"),))], [Part(pieces=(Piece(said, "warn"),))])

    def on_screen_resume(self) -> None:
        self.table.focus()
        actions = [action for action in self.keymap.bar(Place.PATTERNS) if self.keymap.spelled(action)]
        self._bottom.keys.set_keys([KeyHint(id=each.id, key=self.keymap.spelled(each), label=each.title) for each in actions])

    @on(ResourceTable.RowOpened)
    def _opened(self, event: ResourceTable.RowOpened) -> None:
        event.stop()
        self._go(event.key)

    def _go(self, key: object) -> None:
        entry = self._firsts.get(key)
        if entry is None or self._pane is None:
            return
        if self._pane.show_entry(entry):
            self.dismiss()
        else:
            program(self).say(f"its first line is not kept any more: {entry.line.text}", "warn")

    def action_act(self, id_: str) -> None:
        """Do what a key means here."""
        match id_:
            case "reading.back":
                self.dismiss()
            case "console.help":
                program(self).open_help(Place.PATTERNS)
            case "patterns.open":
                self._go(self.table.cursor_key)

    @on(KeyBar.Pressed)
    def _pressed(self, event: KeyBar.Pressed) -> None:
        self.action_act(event.action)
