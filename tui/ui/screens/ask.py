"""The dialog before a verb is sent: target, fields, the literal request, and a choice whose default is to do nothing.

One screen for every verb, made once. Enter alone never confirms: the choice has to be moved first, or the name typed. A refusal
leaves everything that was typed. How a form is laid out and gone through stands in ``form``, what is asked in ``questions``, what is
told in ``facts``; sending is ``deeds``'.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from tui.actions import Danger
from tui.engine.recall.past import Past
from tui.engine.recall.versions import Place
from tui.errors import RateLimited, RollwatchError, UsageError
from tui.forms import Field, Form, Shape
from tui.model import Kind, Rollout, Verb
from tui.ui.answers import Entry
from tui.ui.deeds import Deed
from tui.ui.facts import facts, refusals, requests
from tui.ui.form_rows import Line
from tui.ui.questions import Option, Question, Target, again, blocked, form_for, options, place_of
from tui.ui.screens.form import CONFIRM, TYPED, FormDialog
from tui.ui.widgets.cells import Cell, Piece
from tui.ui.workers import start

if TYPE_CHECKING:
    from tui.ui.app import Console

WORDS: Final = {Danger.SAFE: ("safe", "ok"), Danger.CAREFUL: ("careful", "warn"), Danger.DESTRUCTIVE: ("destructive", "bad")}
WHERE: Final = "where"
GO_ON: Final = "go on"
OURS: Final = frozenset({WHERE, TYPED, GO_ON})
"""Fields of the dialog's own; the others are the verb's."""

MOST: Final = 12
"""Lines of requests that are shown; a longer body is cut and says so."""

MARKED: Final = "nothing was sent: see the marked fields"
ANYWAY: Final = Field(
    name=GO_ON, title="After a refusal", shape=Shape.SWITCH, suggest=("stop", "go on"), help="stop at the first refusal, or go on"
)


class Reading(NamedTuple):
    """The fields as they stand: what would be sent, what is wrong by field, which are asked for, whether it may have been done already."""

    values: Mapping[str, Any]
    wrong: dict[str, str]
    asked: frozenset[str]
    stuck: bool


class AskScreen(FormDialog):
    """One question. ``show`` prepares it; it is pushed by the app."""

    def __init__(self, program: Console) -> None:
        super().__init__(program)
        self._question: Question | None = None
        self._server: dict[str, str] = {}
        self._stuck = False
        self._deed: Deed | None = None
        self._live: dict[Place, Rollout | None] = {}

    # Asking ------------------------------------------------------------------------------------------------------------------

    def show(self, question: Question, opener: str = "") -> None:
        """Prepare for a question; ``opener`` is the key that asked it, which may still be held down."""
        self._question, self._deed, self._stuck = question, None, False
        self._server.clear()
        self._live.clear()
        self.begin(opener)

    async def build(self) -> None:
        question = self._question
        if question is None:
            return
        word, tone = WORDS[question.danger]
        self.draw_head(question.title, word, tone, production=question.production)
        self._choice.offer(question.deed.capitalize(), tone, first=question.danger is Danger.SAFE)
        self._fields_now = tuple(self._all_fields(question))
        await self._rows.ask([self._line(each, question) for each in self._fields_now])

    @staticmethod
    def _all_fields(question: Question) -> list[Field]:
        fields = list(question.form.fields)
        if question.choices:
            kind = question.choices[0].ref.kind
            title = "On" if not question.choices[0].ref.id else str(kind).capitalize()
            fields.insert(0, Field(name=WHERE, title=title, required=True, help="↓ goes through what there is"))
        if len(question.targets) > 1:
            fields.append(ANYWAY)
        return [*fields, CONFIRM]

    def _line(self, each: Field, question: Question) -> Line:
        words = self._options(each, question)
        first = words[0].text if words and each.name in {WHERE, GO_ON} else ""
        return Line(each, words, question.texts.get(each.name, first))

    def _options(self, each: Field, question: Question) -> tuple[Option, ...]:
        if each.name == WHERE:
            return tuple(Option(called, called) for called in map(_called, question.choices))
        return () if each.name == TYPED else options(each, question, self._target, self.session)

    def first(self) -> Entry | None:
        whole = self._question is not None and self._question.verb is Verb.UPDATE  # what is to be changed is filled in already
        return next(iter(self._rows.shown), None) if whole else super().first()

    # What stands there -------------------------------------------------------------------------------------------------------

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
        aimed = replace(question, targets=self._targets)  # one that was picked here has a name, too
        wanted = aimed.typed(blocked=stuck)
        if wanted and not aimed.fits(self._entries[TYPED].value, blocked=stuck):
            wrong[TYPED] = f"type {wanted} to confirm"
        asked = {each.name for each in form.fields} | (OURS & set(self._entries)) - (set() if wanted else {TYPED})
        return Reading(values, wrong, frozenset(asked), stuck)

    def tell(self) -> None:
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
                self._show_problem(each.name, now.wrong.get(each.name, ""))
        self._plan.show([] if now.wrong.keys() - {TYPED, GO_ON} else self._requests(question, now.values))
        if self._said_last == MARKED and not now.wrong:
            self.say("", None)
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
            place = place_of(self._target) if question.verb is Verb.TRIGGER else None
            if place is not None and place not in self._live and self.session.past is not None:
                self._live[place] = None
                start(self, self._remember, self.session.past, place, group="live")
            live = self._live.get(place) if place is not None else None
            self._facts.show(facts(question, self._targets, self.session, self._program.moment(), blocked=stuck, remembered=live))

    async def _remember(self, past: Past, place: Place) -> None:
        """Ask the journal what was rolled out to there last: that may be long out of the platform's sight."""
        self._live[place] = (await past.live([place])).get(place)
        self.redraw()

    def redraw(self) -> None:
        """Time went by, or a read came in: what is known of the target may be another thing now. What is asked stays."""
        if self.is_mounted and self._question is not None:
            self.call_later(self._draw_facts)

    def _show_problem(self, name: str, text: str) -> None:
        if said := self._server.get(name, ""):
            self._rows.problem(name, "✗ " + said)
        else:
            self.show_problem(name, text)

    def words(self, entry: Entry) -> Sequence[str]:
        return () if entry.field == WHERE else super().words(entry)

    def changed(self, name: str) -> None:
        self._server.pop(name, None)

    def _draw_keys(self, *, wrong: bool) -> None:
        question = self._question
        if self._deed is not None:
            self._next = ("", False, False)
            self._keys.set_text("sending… esc leaves it to go on without this dialog", "muted")
        elif question is not None:
            self.draw_keys(question.deed, wrong=wrong, safe=question.danger is Danger.SAFE)

    def confirm(self) -> None:
        question = self._question
        if self._deed is not None or question is None:
            return
        now = self._read(question)
        if now.wrong:
            self._touched |= set(now.wrong)
            self._server |= {name: text for name, text in now.wrong.items() if name != TYPED}
            self.tell()
            self.focus_on(now.wrong)
            self.say(MARKED, "warn")
            return
        anyway = GO_ON in self._entries and self._entries[GO_ON].value.strip() == "go on"
        typed = {each.name: self._entries[each.name].value for each in question.form.fields if not each.hidden}
        self._deed = Deed(question, self._targets, now.values, typed, override=now.stuck, anyway=anyway)
        self.say("sending…", "busy")
        self._draw_keys(wrong=False)
        self._program.asking.send(self._deed)

    # What became of it -------------------------------------------------------------------------------------------------------

    async def ended(self, deed: Deed) -> bool:
        """Everything was sent, or something was not taken. Whether this dialog is still the one that asked, and shows it."""
        if self._deed is not deed or not self.is_current:
            return False
        self._deed = None
        if deed.stopped_by is None:
            made = deed.last.ref if deed.last is not None else None
            if made is not None and made.kind is Kind.ROLLOUT and deed.question.kind is Kind.ROLLOUT:
                self._program.console_screen.rollouts.await_row(made)
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
        self.say(("unknown: " if outcome.word == "unknown" else "refused: ") + outcome.text + _wait(outcome.error) + deed.rest, "bad")
        self._choice.choose(go=False)
        self.tell()
        self.focus_on(self._server)


def _wait(error: RollwatchError | None) -> str:
    """For how long a server that was asked too often wants to be left alone."""
    seconds = error.retry_after if isinstance(error, RateLimited) else None
    return f": wait {seconds:.0f} s" if seconds else ""


def _called(target: Target) -> str:
    """What a choice is called: short, and unlike any other."""
    if not target.ref.id:
        return target.ref.connection
    app = getattr(target.seen, "app_name", "")
    return f"{app}/{target.label} on {target.ref.connection}" if app else f"{target.label} on {target.ref.connection}"
