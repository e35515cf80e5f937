"""The settings that people change most, each with what it may be and where it came from. Changing one writes it into config.toml.

What takes effect is seen by whoever notices that the file changed; nothing is applied here.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import ClassVar, Final

from textual import on
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.screen import Screen

from tui.actions import Keymap, Place
from tui.errors import RollwatchError
from tui.local.problems import dotted
from tui.ui.keys import bindings_for
from tui.ui.owner import Preference, Preferences
from tui.ui.program import program
from tui.ui.say import Bottom
from tui.ui.widgets.cells import Piece
from tui.ui.widgets.key_bar import KeyBar, KeyHint
from tui.ui.widgets.paragraph import Paragraph
from tui.ui.widgets.resource_table import ResourceTable
from tui.ui.widgets.status_line import Part, StatusLine
from tui.ui.widgets.table_layout import ColumnSpec
from tui.ui.widgets.table_rows import Row, cell

COLUMNS: Final = (
    ColumnSpec(id="name", title="SETTING", low=26, high=48),
    ColumnSpec(id="value", title="VALUE", low=15, high=20),
    ColumnSpec(id="help", title="MEANING", low=16, high=100, grow=True, rank=2),
    ColumnSpec(id="source", title="FROM", low=20, high=44, rank=1),
)
STEPS: Final = {"settings.next": 1, "settings.previous": -1}


class SettingsScreen(Screen[None]):
    """One line a setting."""

    AUTO_FOCUS = ""
    BINDINGS: ClassVar[list[BindingType]] = bindings_for(Place.SETTINGS)

    def __init__(self, preferences: Preferences, keymap: Keymap, themes: Callable[[], Sequence[str]]) -> None:
        super().__init__()
        self.keymap = keymap
        self._preferences = preferences
        self._themes = themes
        self._listed: dict[tuple[str, ...], Preference] = {}
        self._wanted: tuple[str, ...] = ()
        self._title = StatusLine(classes="title")
        self._table = ResourceTable()
        self._table.set_columns(COLUMNS)
        self._whole = Paragraph(indent=2, classes="words")
        self._bottom = Bottom()

    def begin(self, key: tuple[str, ...]) -> None:
        """Have the cursor at a setting when it is shown; none: where it was."""
        self._wanted = key

    def compose(self) -> ComposeResult:
        yield self._title
        yield self._table
        yield self._whole
        yield self._bottom

    def on_screen_resume(self) -> None:
        self._title.set_parts(
            (Part(pieces=(Piece("Settings", "title"),)),),
            (Part(pieces=(Piece("a change is written to config.toml, everything else in it stays", "muted"),), rank=1),),
        )
        hints = [KeyHint(id=each.id, key=self.keymap.spelled(each), label=each.title) for each in self.keymap.bar(Place.SETTINGS)]
        self._bottom.keys.set_keys([each for each in hints if each.key])
        self._draw()
        if self._wanted in self._listed:
            self._table.move_to(self._wanted)
            self._wanted = ()
        self._table.focus()

    def _draw(self) -> None:
        try:
            self._listed = {each.key: each for each in self._preferences.listed(self._themes())}
        except RollwatchError as error:
            self._bottom.tell(str(error), "bad")
            return
        self._table.show_rows([_row(each) for each in self._listed.values()])
        self._tell(self._table.cursor_key)

    def _tell(self, key: object) -> None:
        """What may not fit into the line under the cursor: the meaning, and what there is to choose from."""
        found = self._listed.get(key) if isinstance(key, tuple) else None
        if found is None:
            self._whole.show([])
            return
        choice = Piece(" · ".join(map(_spelled, found.options)), "muted")
        if found.over:
            choice = Piece(f"▲ {found.over} decides it, before config.toml", "warn")
        self._whole.show([(Piece(found.help),), (choice,)])

    def _step(self, key: object, step: int) -> None:
        found = self._listed.get(key) if isinstance(key, tuple) else None
        if found is None:
            return
        if found.over:
            self._bottom.tell(
                f"{dotted(found.key[-3:])}: {found.over} decides it, before config.toml; start without that to choose here", "warn"
            )
            return
        here = found.options.index(found.value) if found.value in found.options else -1 if step > 0 else 0
        try:
            self._preferences.change(found.key, found.options[(here + step) % len(found.options)])
        except RollwatchError as error:
            self._bottom.tell(str(error), "bad")
            return
        self._draw()

    @on(ResourceTable.RowHighlighted)
    def _highlighted(self, event: ResourceTable.RowHighlighted) -> None:
        event.stop()
        self._tell(event.key)

    @on(ResourceTable.RowOpened)
    def _opened(self, event: ResourceTable.RowOpened) -> None:
        event.stop()
        self._step(event.key, 1)

    def action_act(self, id_: str) -> None:
        """Change the setting under the cursor, or go back."""
        if id_ in STEPS:
            self._step(self._table.cursor_key, STEPS[id_])
        elif id_ == "console.help":
            program(self).open_help(Place.SETTINGS)
        else:
            self.dismiss()

    def on_key_bar_pressed(self, event: KeyBar.Pressed) -> None:
        self.action_act(event.action)


def _spelled(value: object) -> str:
    words = {True: "on", False: "off", "": "by itself"}
    return f"{value:g} s" if isinstance(value, float) else words.get(value, str(value))


def _row(each: Preference) -> Row:
    source = each.over or (each.source.rpartition("/")[2] if each.source.startswith("/") else each.source)
    tone = "muted" if each.source == "default" else "accent"
    whence = cell(f"▲ {source}", "warn") if each.over else cell(source, "muted")
    return Row(each.key, (cell(dotted(each.key[-3:])), cell(_spelled(each.value), tone), cell(each.help, "muted"), whence))
