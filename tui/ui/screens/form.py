"""A dialog with fields, a text above and below them, and a choice whose default is to do nothing: how it is laid out and how keys go about.

What is asked, what is told about it and what is done is a subclass's: ``ask`` for a verb, ``tool`` for a program of the user's.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import TYPE_CHECKING, ClassVar, Final

from textual import events, on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical, VerticalScroll
from textual.widgets import Input

from tui.forms import Field
from tui.text import clean
from tui.ui.answers import Choice, Entry
from tui.ui.form_rows import FormRows
from tui.ui.guard import Guard
from tui.ui.screens.dialog import Dialog
from tui.ui.widgets.cells import Piece
from tui.ui.widgets.paragraph import Paragraph
from tui.ui.widgets.status_line import Part, StatusLine

if TYPE_CHECKING:
    from tui.ui.app import Console

TYPED: Final = "typed"
"""The field in which a name is typed to confirm."""
CONFIRM: Final = Field(name=TYPED, title="To confirm", required=True)

AROUND: Final = 8
"""Lines of the screen that the dialog needs beside its body: its frame, title, answer, choice and keys, and a rest of what is below."""

ROOMY: Final = 30
"""Lines of a screen that has room for blank ones."""


class FormDialog(Dialog):
    """A subclass fills it in ``build``, draws in ``tell`` what follows from the fields as they stand, and does it in ``confirm``."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "cancel", "cancel", show=False),
        Binding("pageup", "scroll(-1)", "back", show=False),
        Binding("pagedown", "scroll(1)", "on", show=False),
    ]

    def __init__(self, program: Console) -> None:
        super().__init__()
        self._program = program
        self.session = program.session
        self._fields_now: tuple[Field, ...] = ()
        self._touched: set[str] = set()
        self._guard = Guard()
        self._said_last = ""
        self._head = StatusLine(classes="ask-head")
        self._facts = Paragraph(classes="ask-facts")
        self._rows = FormRows(classes="ask-fields")
        self._plan = Paragraph(classes="ask-plan")
        self._hint = StatusLine(classes="ask-hint")
        self._said = Paragraph(classes="ask-said")
        self._choice = Choice()
        self._keys = StatusLine(classes="ask-keys")
        self._next = ("", False, False)

    def compose(self) -> ComposeResult:
        with Vertical(id="ask"):
            yield self._head
            with VerticalScroll(id="ask-body", can_focus=False):
                yield self._facts
                yield self._rows
                yield self._plan
            yield self._hint
            yield self._said
            yield self._choice
            yield self._keys

    def on_resize(self, event: events.Resize) -> None:
        self.set_class(event.size.height < ROOMY, "-short")
        self._fit()
        self.call_after_refresh(self._fit)

    def _fit(self) -> None:
        """The choice and its keys must be on the screen however long a form and an answer are: what is above them scrolls."""
        answer = max(1, self._said.lines)
        self.query_one("#ask-body").styles.max_height = max(3, self.app.size.height - AROUND - answer + 1)

    # What a subclass does ----------------------------------------------------------------------------------------------------

    async def build(self) -> None:
        """Put up what is asked."""
        raise NotImplementedError

    def tell(self) -> None:
        """Draw problems and what would be done as the fields stand now."""
        raise NotImplementedError

    def confirm(self) -> None:
        """The choice was made to do it."""
        raise NotImplementedError

    def words(self, entry: Entry) -> Sequence[str]:
        """What can be picked in a field, as far as the hint has room for it."""
        return [option.text for option in entry.options[:6]]

    def changed(self, name: str) -> None:
        """Somebody typed into this field."""

    def first(self) -> Entry | None:
        """The field that has the keys first; None for the choice."""
        shown = self._rows.shown
        return next((entry for entry in shown if not entry.value), shown[0] if shown else None)

    # Asking ------------------------------------------------------------------------------------------------------------------

    def begin(self, opener: str = "") -> None:
        """Ask anew; ``opener`` is the key that opened it, which may still be held down."""
        self._guard.open(self.session.clock.boot(), opener)
        self._touched.clear()
        if self.is_mounted:
            self.call_later(self._begin)

    async def on_mount(self) -> None:
        # What is drawn below the fields makes the body longer only once it is laid out.
        self.watch(self.query_one("#ask-body"), "virtual_size", self._draw_hint, init=False)
        await self._begin()

    async def _begin(self) -> None:
        self.say("", None)
        await self.build()
        self.tell()
        self._focus_first()
        self.call_after_refresh(lambda: self._guard.seen(self.session.clock.boot()))

    def on_screen_resume(self) -> None:
        self._focus_first()

    def _focus_first(self) -> None:
        (self.first() or self._choice).focus()

    def focus_on(self, names: Collection[str]) -> None:
        """Give the keys to the first of these fields, else to the choice."""
        named = next((entry for entry in self._rows.shown if entry.field in names), None)
        (named or self._choice).focus()

    # What stands there -------------------------------------------------------------------------------------------------------

    @property
    def _entries(self) -> dict[str, Entry]:
        return self._rows.entries

    def draw_head(self, title: str, word: str, tone: str, *, production: bool) -> None:
        """The title, and how much is at stake."""
        right = [Part(pieces=(Piece("▲ PRODUCTION", "bad"),))] if production else []
        self._head.set_parts((Part(pieces=(Piece(title, "title"),)),), (*right, Part(pieces=(Piece(word, tone),), rank=1)))
        self.query_one("#ask").set_class(production, "-production")

    def draw_keys(self, deed: str, *, wrong: bool, safe: bool) -> None:
        """What the keys do next: ``deed`` is what the choice is called; where nothing can be lost it stands there already."""
        self._next = (deed, wrong, safe)
        self._draw_foot()

    def _draw_foot(self) -> None:
        """In a field enter goes on and → moves in its text: what does it is told of the choice only where that has the keys."""
        deed, wrong, safe = self._next
        if not deed:
            return  # it is on its way
        last = f"{'' if safe else '→ and '}↵ to {deed}"
        if wrong:
            text = f"fill in what is needed, then {last}"
        elif isinstance(self.focused, Entry):
            text = f"↵ goes on, at the end {last}"
        else:
            text = f"{last} · tab next"
        self._keys.set_text(f"{self._program.keymap.told(text)} · esc cancels", "muted")

    def show_problem(self, name: str, text: str) -> None:
        """What is wrong with a field, once somebody was there; what has to be typed to confirm is said from the beginning."""
        value = self._entries[name].value
        if name == TYPED:
            self._rows.problem(name, "✗ " + text if text and value else text, "bad" if text and value else "warn")
        else:
            self._rows.problem(name, "✗ " + text if text and value and name in self._touched else "")

    @on(events.DescendantFocus)
    def _draw_hint(self) -> None:
        """What can stand in the field that has the keys; at the choice, what will be done comes into view."""
        entry = self.focused
        self._draw_foot()
        if not isinstance(entry, Entry):
            self._hint.set_text("")
            self.query_one("#ask-body", VerticalScroll).scroll_end(animate=False)
            return
        field = next((each for each in self._fields_now if each.name == entry.field), None)
        words = self.words(entry)
        told = (field.help if field is not None else "", "↓ " + "  ".join(words) if words else "")
        self._hint.set_text(" · ".join(filter(None, map(self._program.keymap.told, told))), "muted")

    def say(self, text: str, tone: str | None) -> None:
        """One line above the choice."""
        self._said_last = text
        self._said.say(clean(text, 400), tone)
        self.call_after_refresh(self._fit)  # how many lines it takes is known once it is laid out

    # Keys --------------------------------------------------------------------------------------------------------------------

    def held(self, key: str) -> bool:
        """Whether this key may still be the one that opened the dialog, or was typed before it was there."""
        return self._guard.holds(key, self.session.clock.boot() - self._program.typeahead.late)

    @on(Input.Changed)
    async def _changed(self, event: Input.Changed) -> None:
        event.stop()
        if isinstance(event.input, Entry):
            self._touched.add(event.input.field)
            self.changed(event.input.field)
        self.tell()

    @on(Input.Submitted)
    def _submitted(self, event: Input.Submitted) -> None:
        """Enter went on to the next field, or to the choice; it never confirms."""
        event.stop()
        if isinstance(event.input, Entry):
            self._touched.add(event.input.field)

    def action_scroll(self, pages: int) -> None:
        """See what is above or below."""
        body = self.query_one("#ask-body", VerticalScroll)
        body.scroll_relative(y=pages * max(1, body.size.height - 1), animate=False)

    def action_cancel(self) -> None:
        """Close. What was begun already goes on."""
        self.dismiss()

    @on(Choice.Made)
    async def _made(self, event: Choice.Made) -> None:
        event.stop()
        if event.go:
            self.confirm()
        else:
            self.action_cancel()
