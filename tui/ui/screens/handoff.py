"""The handoff to read, to add a note to, and to copy as Markdown into a chat."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any, ClassVar, Final

from textual import on
from textual.binding import Binding, BindingType
from textual.message import Message
from textual.widget import Widget

from tui.actions import Keymap
from tui.engine.recall.handoff import markdown
from tui.engine.recall.past import Past
from tui.engine.session import Session
from tui.tables import Moment
from tui.text import clean
from tui.ui.screens.memory import NOWHERE, SPANS, MemoryScreen
from tui.ui.widgets.cells import Cell, Piece
from tui.ui.widgets.line_input import LineInput
from tui.ui.widgets.status_line import Part
from tui.ui.widgets.text_view import TextView

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

    without: ClassVar[frozenset[str]] = frozenset({"past.moment", "list.open", "row.logs", "past.lanes", "pane.filter"})

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

    def draw(self) -> None:
        self.title_line.set_parts(
            [Part(pieces=(Piece("Handoff", "title"),)), Part(pieces=(Piece(f"the last {self.span}", "muted"),))],
            [Part(pieces=(Piece("times are UTC", "muted"),), rank=1)],
        )
        self._view.show_lines([_line(each) for each in (self._text or NOWHERE).splitlines()])
        self.draw_keys()

    def acts(self) -> Mapping[str, Callable[[], object]]:
        return {**super().acts(), "past.note": self._take_note}

    def as_text(self) -> str:
        return self._text

    def _take_note(self) -> None:
        self._note.display = True
        self._note.value = ""
        self._note.focus()

    @on(NoteInput.Left)
    def _noted(self, event: NoteInput.Left) -> None:
        event.stop()
        self._note.display = False
        self._view.focus()
        program: Any = self.app
        if event.text and self.session.past is not None:
            self.session.past.note(clean(event.text, LONGEST))
            program.say("noted; it is in every handoff that covers now")
            self.set_timer(0.2, self.prepare)


def _line(text: str) -> Cell:
    if text.startswith("#"):
        return (Piece(text, "title"),)
    return (Piece(text.replace("`", "")),)
