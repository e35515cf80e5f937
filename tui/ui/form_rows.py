"""The fields of a dialog: a title and a field side by side, and under it, only while there is one, what is wrong with it.

It knows fields and texts; what is asked, what may be sent and when is the dialog's.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any, NamedTuple

from textual import on
from textual.containers import Horizontal, Vertical
from textual.widget import Widget
from textual.widgets import Input

from tui.forms import Field, Shape
from tui.text import clean
from tui.ui.answers import Entry
from tui.ui.questions import Option
from tui.ui.widgets.paragraph import Paragraph
from tui.ui.widgets.status_line import StatusLine


class Line(NamedTuple):
    """One field as it begins: what can be picked, and what stands there."""

    field: Field
    options: tuple[Option, ...] = ()
    value: str = ""


class FormRows(Vertical):
    """The fields, made anew for each question."""

    DEFAULT_CSS = """
    FormRows { height: auto; }
    FormRows Horizontal { height: 1; }
    FormRows StatusLine { width: 26; }
    FormRows Entry { width: 1fr; }
    """

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self.entries: dict[str, Entry] = {}
        self._asked: tuple[Line, ...] = ()
        self._lines: dict[str, Horizontal] = {}
        self._problems: dict[str, Paragraph] = {}

    async def ask(self, lines: Sequence[Line]) -> None:
        """Ask for these from now on."""
        await self.remove_children()
        self.entries.clear()
        self._asked = tuple(lines)
        self._lines.clear()
        self._problems.clear()
        widgets = [widget for line in lines for widget in self._row(line)]
        if widgets:
            await self.mount_all(widgets)

    def _row(self, line: Line) -> list[Widget]:
        name, field, value = line.field.name, line.field, clean(line.value, 2_000)
        entry = Entry(
            name, field.example, line.options, secret=field.hidden, value=value, unset=field.unset, several=field.shape is Shape.LIST
        )
        title, problem = StatusLine(classes="ask-label"), Paragraph(indent=4)
        title.set_text(line.field.title + (" *" if line.field.required else ""))
        self._lines[name], self.entries[name], self._problems[name] = Horizontal(title, entry), entry, problem
        return [self._lines[name], problem]

    @on(Input.Changed)
    def _give_way(self, event: Input.Changed) -> None:
        """Once something stands in a field that is given instead of another one, what was only offered there goes; it is offered again
        where nothing stands in either."""
        line = next((each for each in self._asked if self.entries.get(each.field.name) is event.input), None)
        other = next((each for each in self._asked if line is not None and each.field.name == line.field.instead), None)
        if other is None:
            return
        entry, offered = self.entries[other.field.name], clean(other.value, 2_000)
        if event.value.strip() and entry.value == offered:
            entry.value = ""
        elif not event.value and not entry.value:
            entry.value = offered

    def show_only(self, names: Collection[str]) -> None:
        """Only these can be filled in; the others keep what was typed."""
        self.display = bool(names)
        for name, line in self._lines.items():
            line.display = name in names
            if name not in names:
                self._problems[name].say("")

    def problem(self, name: str, text: str, tone: str = "bad") -> None:
        """What is wrong with a field; nothing if it is empty."""
        self._problems[name].say(f"  {text}" if text else "", tone)

    @property
    def shown(self) -> list[Entry]:
        """The fields that can be filled in."""
        return [entry for name, entry in self.entries.items() if self._lines[name].display]

    @property
    def said(self) -> dict[str, str]:
        """What is told of each field."""
        return {name: problem.text.strip() for name, problem in self._problems.items() if problem.display}
