"""One line of a log opened in full: when, whose, how bad; its text laid out, as it is, or escaped as it came."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from datetime import UTC
from typing import ClassVar, Final

from textual import on
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.screen import Screen

from tui.actions import Keymap, Place
from tui.tables import Moment
from tui.text import escape
from tui.ui.finding import Finder
from tui.ui.keys import bindings_for
from tui.ui.program import program
from tui.ui.say import Bottom
from tui.ui.widgets.cells import Piece
from tui.ui.widgets.json_lines import json_lines
from tui.ui.widgets.key_bar import KeyBar, KeyHint
from tui.ui.widgets.log_buffer import Entry
from tui.ui.widgets.log_fields import fields_of, time_of
from tui.ui.widgets.log_levels import SHOWN, level_of
from tui.ui.widgets.log_view import LogView
from tui.ui.widgets.status_line import Part, StatusLine
from tui.ui.widgets.text_view import Content, Field, TextView

FORMS: Final = ("laid out", "as it is", "escaped")
"""The forms of a text, in the order in which a key goes through them."""

PIECE: Final = 4_000
"""Characters of the escaped form on one line of the view."""


class RecordScreen(Screen[None]):
    """One line, to read and to copy from; the neighbours one key away."""

    BINDINGS: ClassVar[list[BindingType]] = bindings_for(Place.RECORD)

    def __init__(self, keymap: Keymap, moment: Callable[[], Moment]) -> None:
        super().__init__()
        self.keymap = keymap
        self._moment = moment
        self._log: LogView | None = None
        self._name_of: Callable[[Hashable], str] = str
        self._entry: Entry | None = None
        self._form = 0
        self._begins = 0
        self._view = TextView()
        self._title = StatusLine(classes="title")
        self._finder = Finder(self._view)
        self._bottom = Bottom()

    def compose(self) -> ComposeResult:
        yield self._title
        yield self._view
        yield self._finder
        yield self._bottom

    def show(self, log: LogView, name_of: Callable[[Hashable], str]) -> None:
        """Show the line under the cursor of a log."""
        self._log, self._name_of = log, name_of
        self._draw_anew()

    def _draw_anew(self) -> None:
        """Another line or another form: its text, which is what most want to copy, is under the cursor."""
        self._draw()
        self._view.action_edge(-1)
        self._view.go_to(self._begins)

    def _draw(self) -> None:
        self._entry = self._log.current if self._log is not None else None
        entry = self._entry
        if entry is None:
            self._view.show_lines([(Piece("This line is not kept any more.", "muted"),)])
            return
        word, tone = SHOWN[level_of(entry.line.level, entry.line.text)]
        self._title.set_parts(
            [
                Part(pieces=(Piece(f"A line of {self._name_of(entry.source) or 'this log'}", "title"),)),
                Part(pieces=(Piece(word.strip(), tone),), rank=1),
            ],
            [Part(pieces=(Piece(FORMS[self._form], "muted"),))],
        )
        facts = self._facts(entry)
        self._begins = len(facts) + 1
        self._view.show_lines([*facts, (), *self._text(entry)])

    def _facts(self, entry: Entry) -> list[Content]:
        line, moment = entry.line, self._moment()
        facts: list[Content] = []
        if line.at is None:
            facts.append(Field("time", "none was told", "muted"))
        else:
            local, utc = line.at.astimezone(moment.zone), line.at.astimezone(UTC)
            stamp = "%Y-%m-%d %H:%M:%S"
            facts += [
                Field("local", f"{local:{stamp}}.{local.microsecond // 1000:03d} {local.tzname() or ''}"),
                Field("UTC", f"{utc:{stamp}}.{utc.microsecond // 1000:03d}"),
                Field("age", f"{moment.ago(line.at)} ago"),
            ]
        own = time_of(line.text)
        if own is not None and own != line.at:
            facts.append(Field("its own time", own.isoformat()))
        facts += [Field(label, str(value)) for label, value in (("level", line.level), ("source", line.source)) if value]
        if line.cut:
            facts.append(Field("cut", f"{line.cut:,} bytes more than are kept", "warn"))
        if line.escaped:
            facts.append(Field("cleaned", "something in it was taken out or made visible: see it escaped", "warn"))
        return facts

    def _text(self, entry: Entry) -> list[Content]:
        text = str(entry.line.text)
        if FORMS[self._form] == "escaped":
            whole = str(entry.line.escaped) or str(escape(text, len(text)))
            return [(Piece(whole[at : at + PIECE]),) for at in range(0, max(1, len(whole)), PIECE)]
        fields = fields_of(text) if self._form == 0 else ()
        if not fields:
            return [(Piece(text[at : at + PIECE]),) for at in range(0, max(1, len(text)), PIECE)]
        return list(json_lines(text)) if text[:1] == "{" else [Field(key, value) for key, value in fields]

    # Keys --------------------------------------------------------------------------------------------------------------------

    def on_screen_resume(self) -> None:
        self._view.focus()
        self._draw()
        actions = [action for action in self.keymap.bar(Place.RECORD) if self.keymap.spelled(action)]
        self._bottom.keys.set_keys([KeyHint(id=each.id, key=self.keymap.spelled(each), label=each.title) for each in actions])

    def action_act(self, id_: str) -> None:
        """Do what a key means here."""
        match id_:
            case "reading.back":
                if not self._finder.forget():
                    self.dismiss()
            case "console.help":
                program(self).open_help(Place.RECORD)
            case "find.open":
                self._finder.begin()
            case "record.form":
                self._form = (self._form + 1) % len(FORMS)
                self._draw_anew()
            case "record.next" | "record.previous" if self._log is not None:
                self._log.action_move(1 if id_ == "record.next" else -1)
                self._draw_anew()
            case "record.copy":
                program(self).copy(self._view.cursor_text.strip())
            case "record.copy_all" if self._entry is not None:
                program(self).copy(str(self._entry.line.text), "the line")

    @on(KeyBar.Pressed)
    def _pressed(self, event: KeyBar.Pressed) -> None:
        self.action_act(event.action)
