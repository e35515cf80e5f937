"""The dialog before a verb is sent: target, fields, the literal request, and a choice whose default is to do nothing.

One screen for every verb, made once. Enter alone never confirms: the choice has to be moved first, or the name typed. A refusal
leaves everything that was typed. What is asked stands in ``questions``, what is told in ``facts``; sending is ``deeds``'.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any, ClassVar, Final, NamedTuple

from textual import events, on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical, VerticalScroll
from textual.widgets import Input

from tui.actions import Danger
from tui.errors import UsageError
from tui.forms import Field, Form, Shape
from tui.model import Verb
from tui.text import clean
from tui.ui.answers import Choice, Entry
from tui.ui.deeds import Deed
from tui.ui.facts import facts, refusals, requests
from tui.ui.form_rows import FormRows, Line
from tui.ui.guard import Guard
from tui.ui.questions import Option, Question, Target, again, blocked, form_for, options
from tui.ui.screens.dialog import Dialog
from tui.ui.widgets.cells import Cell, Piece
from tui.ui.widgets.paragraph import Paragraph
from tui.ui.widgets.status_line import Part, StatusLine

if TYPE_CHECKING:
    from tui.ui.app import Console

WORDS: Final = {Danger.SAFE: ("safe", "ok"), Danger.CAREFUL: ("careful", "warn"), Danger.DESTRUCTIVE: ("destructive", "bad")}
WHERE: Final = "where"
TYPED: Final = "typed"
GO_ON: Final = "go on"
OURS: Final = frozenset({WHERE, TYPED, GO_ON})
"""Fields of the dialog's own; the others are the verb's."""

MOST: Final = 12
"""Lines of requests that are shown; a longer body is cut and says so."""

MARKED: Final = "nothing was sent: see the marked fields"
AROUND: Final = 8
"""Lines of the screen that the dialog needs beside its body: its frame, title, answer, choice and keys, and a rest of what is below."""

ROOMY: Final = 30
"""Lines of a screen that has room for blank ones."""

ANYWAY: Final = Field(
    name=GO_ON, title="After a refusal", shape=Shape.SWITCH, suggest=("stop", "go on"), help="stop at the first refusal, or go on"
)


class Reading(NamedTuple):
    """The fields as they stand: what would be sent, what is wrong by field, which are asked for, whether it may have been done already."""

    values: Mapping[str, Any]
    wrong: dict[str, str]
    asked: frozenset[str]
    stuck: bool


class AskScreen(Dialog):
    """One question. ``show`` prepares it; it is pushed by the app."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "cancel", "cancel", show=False),
        Binding("pageup", "scroll(-1)", "back", show=False),
        Binding("pagedown", "scroll(1)", "on", show=False),
    ]

    def __init__(self, program: Console) -> None:
        super().__init__()
        self._program = program
        self.session = program.session
        self._question: Question | None = None
        self._fields_now: tuple[Field, ...] = ()
        self._server: dict[str, str] = {}
        self._touched: set[str] = set()
        self._guard = Guard()
        self._stuck = False
        self._deed: Deed | None = None
        self._said_last = ""
        self._head = StatusLine(classes="ask-head")
        self._facts = Paragraph(classes="ask-facts")
        self._rows = FormRows(classes="ask-fields")
        self._plan = Paragraph(classes="ask-plan")
        self._hint = StatusLine(classes="ask-hint")
        self._said = Paragraph(classes="ask-said")
        self._choice = Choice()
        self._keys = StatusLine(classes="ask-keys")

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
        """The choice must be on the screen however long a form is: what is above it scrolls."""
        self.query_one("#ask-body").styles.max_height = max(3, event.size.height - AROUND)
        self.set_class(event.size.height < ROOMY, "-short")

    # Asking ------------------------------------------------------------------------------------------------------------------

    def show(self, question: Question, opener: str = "") -> None:
        """Prepare for a question; ``opener`` is the key that asked it, which may still be held down."""
        self._question, self._deed, self._stuck = question, None, False
        self._guard.open(self.session.clock.boot(), opener)
        self._server.clear()
        self._touched.clear()
        if self.is_mounted:
            self.call_later(self._build)

    async def on_mount(self) -> None:
        # What is drawn below the fields makes the body longer only once it is laid out.
        self.watch(self.query_one("#ask-body"), "virtual_size", self._draw_hint, init=False)
        await self._build()

    def on_screen_resume(self) -> None:
        self._focus_first()

    async def _build(self) -> None:
        question = self._question
        if question is None:
            return
        word, tone = WORDS[question.danger]
        right = [Part(pieces=(Piece("▲ PRODUCTION", "bad"),))] if question.production else []
        self._head.set_parts((Part(pieces=(Piece(question.title, "title"),)),), (*right, Part(pieces=(Piece(word, tone),), rank=1)))
        self.query_one("#ask").set_class(question.production, "-production")
        self._choice.offer(question.deed.capitalize(), tone, first=question.danger is Danger.SAFE)
        self._say("", None)
        self._fields_now = tuple(self._all_fields(question))
        await self._rows.ask([self._line(each, question) for each in self._fields_now])
        self._tell()
        self._focus_first()
        self.call_after_refresh(lambda: self._guard.seen(self.session.clock.boot()))

    @staticmethod
    def _all_fields(question: Question) -> list[Field]:
        fields = list(question.form.fields)
        if question.choices:
            kind = question.choices[0].ref.kind
            title = "On" if not question.choices[0].ref.id else str(kind).capitalize()
            fields.insert(0, Field(name=WHERE, title=title, required=True, help="↓ goes through what there is"))
        if len(question.targets) > 1:
            fields.append(ANYWAY)
        return [*fields, Field(name=TYPED, title="To confirm", required=True)]

    def _line(self, each: Field, question: Question) -> Line:
        words = self._options(each, question)
        first = words[0].text if words and each.name in {WHERE, GO_ON} else ""
        return Line(each, words, question.texts.get(each.name, first))

    def _options(self, each: Field, question: Question) -> tuple[Option, ...]:
        if each.name == WHERE:
            return tuple(Option(called, called) for called in map(_called, question.choices))
        return () if each.name == TYPED else options(each, question, self._target, self.session)

    def _focus_first(self) -> None:
        shown = self._rows.shown
        whole = self._question is not None and self._question.verb is Verb.UPDATE  # what is to be changed is filled in already
        first = next((entry for entry in shown if whole or not entry.value), shown[0] if shown else None)
        (first or self._choice).focus()

    # What stands there -------------------------------------------------------------------------------------------------------

    @property
    def _entries(self) -> dict[str, Entry]:
        return self._rows.entries

    def _texts(self, question: Question, form: Form) -> dict[str, str]:
        """What was filled in; a change does not send again what was not changed."""
        texts = {each.name: self._entries[each.name].meant for each in form.fields}
        if question.verb is Verb.UPDATE:
            needed = {each.name for each in self._fields_now if each.required}
            texts = {name: "" if name not in needed and text == question.texts.get(name) else text for name, text in texts.items()}
        return texts

    @property
    def _target(self) -> Target | None:
        question = self._question
        if question is None:
            return None
        if not question.choices:
            return question.targets[0] if len(question.targets) == 1 else None
        wanted = self._entries[WHERE].value.strip() if WHERE in self._entries else ""
        return next((each for each in question.choices if _called(each) == wanted), None)

    @property
    def _targets(self) -> tuple[Target, ...]:
        target = self._target
        return (target,) if target is not None else self._question.targets if self._question is not None else ()

    def _blocked(self, question: Question, values: Mapping[str, Any]) -> bool:
        """Whether it may have been done already, as far as this console or the journal knows."""
        return self._stuck or blocked(question, self._targets, values, self.session)

    def _read(self, question: Question) -> Reading:
        """Everything as it stands in the fields now."""
        form = form_for(question, self._target, self.session)
        texts = self._texts(question, form)
        wrong = form.check(texts)
        values = {} if wrong else form.values(texts)
        wrong = wrong or {name: text for name, text in refusals(question, self._targets, values, self.session).items() if name in texts}
        if question.choices and self._target is None:
            wrong[WHERE] = "pick one of those that there are with ↓"
        if GO_ON in self._entries and self._entries[GO_ON].value.strip() not in ANYWAY.suggest:
            wrong[GO_ON] = "write stop or go on"
        stuck = self._blocked(question, values)
        wanted = question.typed(blocked=stuck)
        if wanted and not question.fits(self._entries[TYPED].value, blocked=stuck):
            wrong[TYPED] = f"type {wanted} to confirm"
        asked = {each.name for each in form.fields} | (OURS & set(self._entries)) - (set() if wanted else {TYPED})
        return Reading(values, wrong, frozenset(asked), stuck)

    def _tell(self) -> None:
        """Draw facts, problems and the requests as the fields stand now."""
        question = self._question
        if question is None or TYPED not in self._entries:
            return
        now = self._read(question)
        self._rows.show_only(now.asked)
        self._hint.display = bool(now.asked)
        self._draw_facts()
        for each in self._fields_now:
            if each.choose is not None:
                self._entries[each.name].options = self._options(each, question)
            if each.name in now.asked:
                self._show_problem(each, now.wrong.get(each.name, ""))
        self._plan.show([] if now.wrong.keys() - {TYPED, GO_ON} else self._requests(question, now.values))
        if self._said_last == MARKED and not now.wrong:
            self._say("", None)
        self._draw_hint()
        self._draw_keys(wrong=bool(now.wrong))

    def _requests(self, question: Question, values: Mapping[str, Any]) -> list[Cell]:
        plan: list[Cell] = []
        for aimed in self._targets:
            lines = requests(question, aimed, values, self.session)
            plan += [(Piece("  " + line, "muted" if number else None),) for number, line in enumerate(lines)]
        if len(plan) > MOST:
            plan = [*plan[: MOST - 1], (Piece(f"  … {len(plan) - MOST + 1} more lines", "muted"),)]
        return [(Piece("Sends, once", "muted"),), *plan] if plan else []

    def _draw_facts(self) -> None:
        question = self._question
        if question is not None and TYPED in self._entries:
            stuck = self._read(question).stuck
            self._facts.show(facts(question, self._targets, self.session, self._program.moment(), blocked=stuck))

    def redraw(self) -> None:
        """Time went by, or a read came in: what is known of the target may be another thing now. What is asked stays."""
        if self.is_mounted and self._question is not None:
            self.call_later(self._draw_facts)

    def _show_problem(self, each: Field, text: str) -> None:
        value, said = self._entries[each.name].value, self._server.get(each.name, "")
        if said:
            self._rows.problem(each.name, "✗ " + said)
        elif each.name == TYPED:
            self._rows.problem(each.name, "✗ " + text if text and value else text, "bad" if text and value else "warn")
        else:
            self._rows.problem(each.name, "✗ " + text if text and value and each.name in self._touched else "")

    @on(events.DescendantFocus)
    def _draw_hint(self) -> None:
        """What can stand in the field that has the keys; at the choice, what will be sent comes into view."""
        entry = self.focused
        if not isinstance(entry, Entry):
            self._hint.set_text("")
            self.query_one("#ask-body", VerticalScroll).scroll_end(animate=False)
            return
        field = next((each for each in self._fields_now if each.name == entry.field), None)
        words = [] if entry.field == WHERE else [option.text for option in entry.options[:6]]
        told = (field.help if field is not None else "", "↓ " + "  ".join(words) if words else "")
        self._hint.set_text(" · ".join(filter(None, told)), "muted")

    def _draw_keys(self, *, wrong: bool) -> None:
        question = self._question
        name = question.deed if question is not None else ""
        if self._deed is not None:
            text = "sending… esc leaves it to go on without this dialog"
        elif wrong:
            text = f"fill in what is needed, then → and ↵ to {name} · esc cancels"
        elif question is not None and question.danger is Danger.SAFE:
            text = f"↵ to {name} · tab next · esc cancels"
        else:
            text = f"→ then ↵ to {name} · tab next · esc cancels"
        self._keys.set_text(text, "muted")

    def _say(self, text: str, tone: str | None) -> None:
        self._said_last = text
        self._said.say(clean(text, 400), tone)

    # Keys --------------------------------------------------------------------------------------------------------------------

    def held(self, key: str) -> bool:
        """Whether this key may still be the one that opened the dialog, or was typed before it was there."""
        return self._guard.holds(key, self.session.clock.boot() - self._program.typeahead.late)

    @on(Input.Changed)
    async def _changed(self, event: Input.Changed) -> None:
        event.stop()
        if isinstance(event.input, Entry):
            self._touched.add(event.input.field)
            self._server.pop(event.input.field, None)
        self._tell()

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
        """Close. What was sent already goes on."""
        self.dismiss()

    @on(Choice.Made)
    async def _made(self, event: Choice.Made) -> None:
        event.stop()
        if not event.go:
            self.action_cancel()
        elif self._deed is None and self._question is not None:
            self._confirmed(self._question)

    def _confirmed(self, question: Question) -> None:
        now = self._read(question)
        if now.wrong:
            self._touched |= set(now.wrong)
            self._server |= {name: text for name, text in now.wrong.items() if name != TYPED}
            self._tell()
            self._focus(now.wrong)
            self._say(MARKED, "warn")
            return
        anyway = GO_ON in self._entries and self._entries[GO_ON].value.strip() == "go on"
        typed = {each.name: self._entries[each.name].value for each in question.form.fields if each.shape is not Shape.SECRET}
        self._deed = Deed(question, self._targets, now.values, typed, override=now.stuck, anyway=anyway)
        self._say("sending…", "busy")
        self._draw_keys(wrong=False)
        self._program.send(self._deed)

    # What became of it -------------------------------------------------------------------------------------------------------

    async def ended(self, deed: Deed) -> bool:
        """Everything was sent, or something was not taken. Whether this dialog is still the one that asked, and shows it."""
        if self._deed is not deed or not self.is_current:
            return False
        self._deed = None
        if deed.stopped_by is None:
            self.dismiss()
            return False
        await self._refused(deed)
        return True

    async def _refused(self, deed: Deed) -> None:
        """Show the refusal next to the field it names; everything typed stays. What is different by now is shown before another try."""
        outcome, question = deed.stopped_by, self._question
        if outcome is None or question is None:
            return
        self._server = {name: text for name, text in outcome.fields.items() if name in self._entries}
        self._stuck = isinstance(outcome.error, UsageError) and bool(outcome.error.hint)
        left = tuple(each for each in question.targets if each.ref not in deed.sent)
        self._question = again(replace(question, targets=left) if left else question, self.session)
        self._entries[TYPED].value = ""
        self._say(("unknown: " if outcome.word == "unknown" else "refused: ") + outcome.text + deed.rest, "bad")
        self._choice.choose(go=False)
        self._tell()
        self._focus(self._server)

    def _focus(self, names: dict[str, Any]) -> None:
        named = next((entry for entry in self._rows.shown if entry.field in names), None)
        (named or self._choice).focus()


def _called(target: Target) -> str:
    """What a choice is called: short, and unlike any other."""
    if not target.ref.id:
        return target.ref.connection
    app = getattr(target.seen, "app_name", "")
    return f"{app}/{target.label} on {target.ref.connection}" if app else f"{target.label} on {target.ref.connection}"
