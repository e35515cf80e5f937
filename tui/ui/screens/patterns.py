"""What the followed logs say, by pattern: new since the last deployment, coming faster, said most. Each opens its first occurrence."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import ClassVar, Final

from textual import on
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.screen import Screen

from tui.actions import Keymap, Place
from tui.engine.recall.patterns import WINDOW, Pattern
from tui.model import Ref
from tui.tables import Moment
from tui.ui.keys import bindings_for
from tui.ui.logs.followed import deployed_at
from tui.ui.panes.logs import LogsPane
from tui.ui.say import Bottom
from tui.ui.widgets.cells import Piece
from tui.ui.widgets.key_bar import KeyBar, KeyHint
from tui.ui.widgets.log_buffer import Entry
from tui.ui.widgets.log_levels import SHOWN, level_of
from tui.ui.widgets.resource_table import ResourceTable
from tui.ui.widgets.status_line import Part, StatusLine
from tui.ui.widgets.table_layout import ColumnSpec
from tui.ui.widgets.table_rows import Row

COLUMNS: Final = (
    ColumnSpec(id="level", title="LEVEL", low=7, high=7, rank=1),
    ColumnSpec(id="count", title="COUNT", low=6, high=9, right=True),
    ColumnSpec(id="rate", title="RATE", low=9, high=16, right=True, rank=2),
    ColumnSpec(id="first", title="FIRST", low=8, high=8, rank=3),
    ColumnSpec(id="text", title="PATTERN", low=20, high=400, grow=True),
)
FEW: Final = 50
"""Patterns of one kind that are listed."""


class PatternsScreen(Screen[None]):
    """A list made when it is opened; it stands still while it is read."""

    AUTO_FOCUS = ""
    BINDINGS: ClassVar[list[BindingType]] = bindings_for(Place.PATTERNS)

    def __init__(self, keymap: Keymap, moment: Callable[[], Moment]) -> None:
        super().__init__()
        self.keymap = keymap
        self._moment = moment
        self._pane: LogsPane | None = None
        self._firsts: dict[object, Entry] = {}
        self._table = ResourceTable()
        self._table.set_columns(COLUMNS)
        self._title = StatusLine(classes="title")
        self._bottom = Bottom()

    def compose(self) -> ComposeResult:
        yield self._title
        yield self._table
        yield self._bottom

    def show(self, pane: LogsPane, *, again: bool = False) -> None:
        """Show what the logs of a pane say; ``again`` leaves the cursor where it is."""
        self._pane = pane
        self._firsts = {}
        rows = [row for ref in pane.followed.refs for row in self._rows(pane, ref)]
        late = pane.census.waiting + pane.census.skipped
        said = f"{late:,} lines came too fast to be counted" if late else ""
        self._title.set_parts([Part(pieces=(Piece("What the logs say, by pattern", "title"),))], [Part(pieces=(Piece(said, "warn"),))])
        self._table.show_rows(rows)
        self._table.set_message(["Nothing was said yet."])
        if again:
            return
        self._table.move_to(next((row.key for row in rows if row.key in self._firsts), None))
        # What the first group is stands above it.
        self._table.scroll_lines(0)

    def _rows(self, pane: LogsPane, ref: Ref) -> Iterator[Row]:
        """The three groups of one source, each under a line that says what it is."""
        patterns, moment = pane.census.patterns(ref), self._moment()
        name = pane.name_of(ref)
        deployed = deployed_at(ref, moment)
        known = pane.census.since(ref)
        if deployed is None:
            yield self._head((ref, "new"), f"{name}: no deployment is known to compare with")
        else:
            note = "" if known is not None and known < deployed else "; the log here begins later, so it may not all be new"
            new = patterns.new_since(deployed)
            yield self._head((ref, "new"), f"{name}: {len(new)} new since the last deployment {moment.ago(deployed)} ago{note}")
            # What is worst comes first: everything is new to somebody who has just deployed.
            worst = sorted(new, key=lambda each: -level_of(each.example.level, each.example.text))
            yield from self._group(ref, "new", worst, moment)
        rising = patterns.rising()
        minutes = int(WINDOW.total_seconds() // 60)
        yield self._head((ref, "rising"), f"{name}: {len(rising) or 'none'} at least twice as often as in the {minutes} minutes before")
        yield from self._group(ref, "rising", rising, moment)
        yield self._head((ref, "top"), f"{name}: said most, of {len(patterns):,} patterns")
        yield from self._group(ref, "top", patterns.top(FEW), moment)

    @staticmethod
    def _head(key: object, text: str) -> Row:
        return Row(("head", key), ((), (), (), (), (Piece(text, "title"),)))

    def _group(self, ref: Ref, group: str, patterns: Sequence[Pattern], moment: Moment) -> Iterator[Row]:
        for each in patterns[:FEW]:
            key = (ref, group, each.text)
            self._firsts[key] = Entry(ref, each.example)
            word, tone = SHOWN[level_of(each.example.level, each.example.text)]
            rate = f"{each.before} → {each.recent}"
            first = each.first.astimezone(moment.zone).strftime("%H:%M:%S") if each.first else ""
            cells = (Piece(word, tone),), (Piece(f"{each.count:,}"),), (Piece(rate, "warn" if each.rise >= 2 else "muted"),)
            yield Row(key, (*cells, (Piece(first, "muted"),), (Piece(each.text),)))

    # Keys --------------------------------------------------------------------------------------------------------------------

    def on_screen_resume(self) -> None:
        self._table.focus()
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
            self.app.say(f"its first line is not kept any more: {entry.line.text}", "warn")  # type: ignore[attr-defined]

    def action_act(self, id_: str) -> None:
        """Do what a key means here."""
        match id_:
            case "reading.back":
                self.dismiss()
            case "patterns.open":
                self._go(self._table.cursor_key)

    @on(KeyBar.Pressed)
    def _pressed(self, event: KeyBar.Pressed) -> None:
        self.action_act(event.action)
