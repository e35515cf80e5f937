"""The handoff to read, to add a note to, and to copy as Markdown into a chat."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import ClassVar, Final

from textual import on
from textual.binding import Binding, BindingType
from textual.message import Message
from textual.widget import Widget

from tui.actions import Keymap
from tui.engine.recall.handoff import markdown
from tui.engine.recall.past import Past
from tui.engine.session import Session
from tui.tables import Filter, Moment
from tui.text import clean
from tui.ui.program import program
from tui.ui.screens.memory import READING, SPANS, MemoryScreen
from tui.ui.widgets.cells import Cell, Piece
from tui.ui.widgets.line_input import LineInput
from tui.ui.widgets.status_line import Part
from tui.ui.widgets.text_view import TextView
from tui.ui.workers import start

LONGEST: Final = 500
"""Characters of a note."""


class NoteInput(LineInput):
    """One line for the next one. Enter keeps it, escape drops it."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "leave(False)", "drop", show=False),
        Binding("enter", "leave(True)", "keep", show=False),
    ]

    class Left(Message):
        """The user is done typing; empty ``text`` keeps nothing."""

        def __init__(self, text: str) -> None:
            super().__init__()
            self.text = text

    def __init__(self) -> None:
        super().__init__(placeholder="a note for the next one; no secrets: others read it", compact=True, max_length=LONGEST)
        self.cursor_blink = False

    def action_leave(self, keep: bool) -> None:
        self.post_message(self.Left(self.value.strip() if keep else ""))


class HandoffScreen(MemoryScreen):
    """What the command prints, on the screen."""

    without: ClassVar[frozenset[str]] = frozenset({"past.moment", "list.open", "row.logs", "past.lanes"})
    file: ClassVar[tuple[str, str]] = ("handoff", "md")

    def __init__(self, session: Session, keymap: Keymap, moment: Callable[[], Moment]) -> None:
        super().__init__(session, keymap, moment)
        self._view = TextView()
        self._note = NoteInput()
        self._text = ""

    def body(self) -> Iterable[Widget]:
        self._note.display = False
        return (self._view, self._note)

    @property
    def main(self) -> Widget:
        return self._view

    async def read(self, past: Past) -> None:
        since = self.moment().now - SPANS[self.span]
        self._text = markdown((await past.stretch(since)).handoff(self.session.context))

    def forget(self) -> None:
        self._text = ""
        self._view.show_lines([(Piece(READING, "muted"),)])

    def draw(self) -> None:
        self.title_line.set_parts(
            [
                Part(pieces=(Piece("Handoff", "title"),)),
                Part(pieces=(Piece(f"the last {self.span}", "muted"),)),
                *([Part(pieces=(Piece("only what the filter wants", "warn"),), rank=1)] if self.wanted else []),
            ],
            [Part(pieces=(Piece("times are UTC", "muted"),), rank=1)],
        )
        shown = self.as_text() or ("Nothing fits the filter." if self._text else self.nothing)
        self._view.show_lines([_line(each) for each in shown.splitlines()])
        self.draw_keys()

    def acts(self) -> Mapping[str, Callable[[], object]]:
        return {**super().acts(), "past.note": self._take_note}

    def highlight(self, pattern: re.Pattern[str] | None) -> None:
        self._view.set_highlight(pattern)

    def as_text(self) -> str:
        if not self.wanted:
            return self._text
        return "\n".join(_kept(self._text.splitlines(), self.wanted))

    def _take_note(self) -> None:
        if self.session.past is None:
            program(self).say("no note can be kept: there is no journal", "warn")
            return
        self._note.display = True
        self._note.value = ""
        self._note.focus()

    @on(NoteInput.Left)
    def _noted(self, event: NoteInput.Left) -> None:
        event.stop()
        self._note.display = False
        self._view.focus()
        if event.text and self.session.past is not None:
            start(self, self._keep, self.session.past, clean(event.text, LONGEST), group="note")

    async def _keep(self, past: Past, text: str) -> None:
        wrong = await past.note(text)
        if wrong:
            program(self).say(f"noted, but {wrong}", "warn")
        else:
            program(self).say("noted; it is in every handoff that covers now")
        self.prepare()


def _kept(lines: Sequence[str], wanted: Filter) -> Iterator[str]:
    """The lines that a filter wants, each under its headings."""
    heads: list[str] = []
    for line in lines:
        if line.startswith("#"):
            heads = [line] if line.startswith("# ") else [*(each for each in heads if each.startswith("# ")), "", line]
        elif line and wanted.fits(line.casefold()):
            yield from heads
            heads = []
            yield line


def _line(text: str) -> Cell:
    if text.startswith("#"):
        return (Piece(text, "title"),)
    return (Piece(text.replace("`", "")),)
