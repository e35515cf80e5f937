"""Find any action, tab, theme or thing by typing. Own instead of Textual's: made once, no animation, one repaint a key.

Titles may come from outside and are drawn as plain text.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Final

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.widgets import Input

from tui.actions import Place
from tui.ui.palette import THEME, Entry, best, entries, go, recent, things
from tui.ui.screens.dialog import Dialog
from tui.ui.widgets.cells import Piece
from tui.ui.widgets.line_input import LineInput
from tui.ui.widgets.paragraph import Paragraph
from tui.ui.widgets.resource_table import ResourceTable
from tui.ui.widgets.table_layout import ColumnSpec
from tui.ui.widgets.table_rows import Row

if TYPE_CHECKING:
    from tui.ui.app import Console

COLUMNS: Final = (
    ColumnSpec(id="title", low=20, high=44),
    ColumnSpec(id="key", low=8, high=10, rank=1),
    ColumnSpec(id="help", low=20, high=100, rank=2, grow=True),
)


class PaletteScreen(Dialog):
    """A line to type in and what fits it, the best first."""

    AUTO_FOCUS = "Input"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "close", "close", show=False),
        Binding("up", "move(-1)", "up", show=False, priority=True),
        Binding("down", "move(1)", "down", show=False, priority=True),
        Binding("pageup", "move(-10)", "page up", show=False, priority=True),
        Binding("pagedown", "move(10)", "page down", show=False, priority=True),
    ]

    def __init__(self, program: Console) -> None:
        super().__init__()
        self._program = program
        self._place = Place.RESOURCES
        self._input = LineInput(placeholder="an action, a service, an app, a theme…", compact=True, select_on_focus=False)
        self._input.cursor_blink = False
        self._table = ResourceTable(show_head=False)
        self._table.set_columns(COLUMNS)
        self._table.can_focus = False  # whoever clicks on one goes on typing
        self._whole = Paragraph()
        self._entries: tuple[Entry, ...] = ()
        self._recent: list[Entry] = []
        self._found: dict[str, Entry] = {}

    def compose(self) -> ComposeResult:
        with Vertical(id="palette"):
            yield self._input
            yield self._table
            yield self._whole

    def prepare(self, place: Place, typed: str = "") -> None:
        """Begin anew for this place, with this as typed."""
        self._place = place
        self._entries = tuple(entries(self._program, place))
        self._recent = recent(self._program, self._entries)
        self._input.value = typed
        self._input.cursor_position = len(typed)
        self._find(typed)

    def _find(self, text: str) -> None:
        alias = self._program.settings.aliases.get(" ".join(text.casefold().split()))
        meant = self._fitting(alias)[:1] if alias else []
        found = [*meant, *(entry for entry in self._fitting(text) if entry not in meant)]
        self._found = {entry.id: entry for entry in found}
        self._table.show_rows(tuple(self._row(entry) for entry in found))
        self._table.set_message(["Nothing is called like that."])
        self._table.move_to(found[0].id if found else None)

    def _fitting(self, text: str) -> list[Entry]:
        return best((*self._entries, *self._program.restoring.entries(text), *things(self._program, text)), text, self._recent)

    @staticmethod
    def _row(entry: Entry) -> Row:
        tone = "muted" if entry.why_not else None
        return Row(entry.id, ((Piece(entry.title, tone),), (Piece(entry.key, "key"),), (Piece(entry.said, "muted"),)))

    @on(Input.Changed)
    def _typed(self, event: Input.Changed) -> None:
        event.stop()
        self._find(event.value)

    @on(Input.Submitted)
    def _submitted(self, event: Input.Submitted) -> None:
        event.stop()
        self._choose(self._table.cursor_key)

    @on(ResourceTable.RowOpened)
    def _opened(self, event: ResourceTable.RowOpened) -> None:
        event.stop()
        self._choose(event.key)

    def _choose(self, key: object) -> None:
        entry = self._found.get(key) if isinstance(key, str) else None
        if entry is None:
            return
        self._program.views.used(entry.id)
        self.action_close()
        self._program.call_after_refresh(go, self._program, entry)

    def action_move(self, lines: int) -> None:
        self._table.action_move(lines)

    @on(ResourceTable.RowHighlighted)
    def _highlighted(self, event: ResourceTable.RowHighlighted) -> None:
        """A theme is worn while the cursor is on it."""
        event.stop()
        entry = self._found.get(event.key) if isinstance(event.key, str) else None
        self._whole.say(entry.said if entry is not None else "")
        if self.is_current:
            self._program.wardrobe.preview(str(event.key).removeprefix(THEME) if str(event.key).startswith(THEME) else "")

    def action_close(self) -> None:
        self._program.wardrobe.preview("")
        self.dismiss()
