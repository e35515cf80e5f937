"""What this program itself wrote into its log since it began, the newest at the end. To read only; it was cleaned when it was written."""

from __future__ import annotations

import logging
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import BindingType
from textual.screen import Screen

from tui.actions import Keymap, Place
from tui.local.logfile import LogFile
from tui.text import clean
from tui.ui.finding import Finder
from tui.ui.keys import bindings_for
from tui.ui.say import Bottom
from tui.ui.widgets.cells import Piece
from tui.ui.widgets.key_bar import KeyBar, KeyHint
from tui.ui.widgets.status_line import Part, StatusLine
from tui.ui.widgets.text_view import Content, TextView

TONES = {"WARNING": "warn", "ERROR": "bad", "CRITICAL": "bad"}


class ProgramLogScreen(Screen[None]):
    """One line an entry, tracebacks below theirs."""

    BINDINGS: ClassVar[list[BindingType]] = bindings_for(Place.HELP)

    def __init__(self, keymap: Keymap) -> None:
        super().__init__()
        self.keymap = keymap
        self._title = StatusLine(classes="title")
        self._view = TextView(cursor=False)
        self._finder = Finder(self._view)
        self._bottom = Bottom()

    def compose(self) -> ComposeResult:
        yield self._title
        yield self._view
        yield self._finder
        yield self._bottom

    def on_screen_resume(self) -> None:
        handler = next((each for each in logging.getLogger().handlers if isinstance(each, LogFile)), None)
        entries = handler.recent() if handler is not None else ()
        where = handler.where if handler is not None else "nowhere"
        self._title.set_parts((Part(pieces=(Piece("The program's own log", "title"),)),), (Part(pieces=(Piece(where, "muted"),), rank=1),))
        lines: list[Content] = [_line(line) for entry in entries for line in entry.split("\n")]
        self._view.show_lines(lines or [(Piece("Nothing was worth a line since this start.", "muted"),)])
        self._view.action_edge(1)
        self._view.focus()
        hints = [KeyHint(id=each.id, key=self.keymap.spelled(each), label=each.title) for each in self.keymap.bar(Place.HELP)]
        self._bottom.keys.set_keys([each for each in hints if each.key])

    def action_act(self, id_: str) -> None:
        """Find a text, or go back."""
        self._finder.acts().get(id_, self._back)()

    def _back(self) -> None:
        if not self._finder.forget():
            self.dismiss()

    def on_key_bar_pressed(self, event: KeyBar.Pressed) -> None:
        self.action_act(event.action)


def _line(text: str) -> Content:
    level = text.split(" ", 2)[1] if text.count(" ") > 1 and not text.startswith(" ") else ""
    return (Piece(clean(text, 2_000), "muted" if text.startswith(" ") else TONES.get(level)),)
