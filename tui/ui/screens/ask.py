"""The dialog before a verb is sent: target, fields, the literal request, and a choice whose default is to do nothing.

One screen for every verb, made once. Enter alone never confirms: the choice has to be moved first, or the name typed. A refusal
leaves everything that was typed. What is asked stands in ``questions``; sending is the session's.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, ClassVar, Final

from textual import events, on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical, VerticalScroll
from textual.message import Message
from textual.screen import ModalScreen
from textual.widget import Widget
from textual.widgets import Input

from tui.actions import Danger
from tui.engine.commands import Outcome
from tui.forms import Field, Shape
from tui.tables import Moment
from tui.text import clean
from tui.ui.questions import Question, Target, facts, requests
from tui.ui.widgets.cells import Cell, Piece
from tui.ui.widgets.one_line import OneLine, Zone, clickable
from tui.ui.widgets.status_line import Part, StatusLine

if TYPE_CHECKING:
    from tui.ui.app import Console

HELD: Final = 0.3
"""Seconds after opening, and after the last repeat of a held key, in which keys mean nothing."""

WORDS: Final = {Danger.SAFE: ("safe", "ok"), Danger.CAREFUL: ("careful", "warn"), Danger.DESTRUCTIVE: ("destructive", "bad")}
WHERE: Final = "where"
TYPED: Final = "typed"
MOST: Final = 12
"""Lines of requests that are shown; a longer body is cut and says so."""


class Choice(OneLine, can_focus=True):
    """Cancel, or do it. It begins at Cancel each time."""

    DEFAULT_CSS = "Choice { height: 1; }"

    class Made(Message):
        """Enter or a click on what is chosen; ``go`` False is Cancel."""

        def __init__(self, *, go: bool) -> None:
            super().__init__()
            self.go = go

    def __init__(self) -> None:
        super().__init__()
        self._labels = ("Cancel", "")
        self._tone = "warn"
        self.go = False

    def offer(self, label: str, tone: str) -> None:
        """Begin anew, at Cancel."""
        self._labels, self._tone, self.go = ("Cancel", label), tone, False
        self.rebuild()

    def choose(self, *, go: bool) -> None:
        """Move to one of the two."""
        self.go = go
        self.rebuild()

    def build(self, width: int) -> tuple[list[Piece], list[Zone]]:
        lit = self.has_focus
        pieces: list[Piece] = [Piece("  ")]
        zones: list[Zone] = []
        at = 2
        for number, label in enumerate(self._labels):
            chosen = self.go is bool(number)
            text = f"[ {label} ]" if chosen else f"  {label}  "
            tone = (self._tone if number else "title") if chosen and lit else ("title" if chosen else "muted")
            piece = Piece(text, tone)
            at, zone = clickable([piece], at, str(number))
            pieces += [piece, Piece("   ")]
            at += 3
            zones.append(zone)
        return pieces, zones

    def on_focus(self) -> None:
        self.rebuild()

    def on_blur(self) -> None:
        self.go = False
        self.rebuild()

    def clicked(self, zone: str) -> None:
        chosen = zone == "1"
        if self.go is chosen:
            self.post_message(self.Made(go=chosen))
        else:
            self.choose(go=chosen)

    def on_key(self, event: events.Key) -> None:
        moves: dict[str, Callable[[], object]] = {
            "left": lambda: self.choose(go=False),
            "right": lambda: self.choose(go=True),
            "enter": lambda: self.post_message(self.Made(go=self.go)),
        }
        move = moves.get(event.key)
        if move is not None:
            event.stop()
            event.prevent_default()
            screen = self.screen
            if not (isinstance(screen, AskScreen) and screen.held(event.key)):
                move()


class Entry(Input):
    """A field. Down and up go through what can be picked; a key that is still held from outside is not typed."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("down", "pick(1)", "next", show=False),
        Binding("up", "pick(-1)", "previous", show=False),
    ]

    def __init__(self, name: str, placeholder: str, suggest: tuple[str, ...], *, secret: bool, value: str) -> None:
        super().__init__(value, placeholder=placeholder, password=secret, compact=True, select_on_focus=False)
        self.field = name
        self._suggest = suggest
        self.cursor_blink = False

    async def _on_key(self, event: events.Key) -> None:
        screen = self.screen
        if isinstance(screen, AskScreen) and screen.held(event.key):
            event.stop()
            event.prevent_default()
            return
        await super()._on_key(event)

    def action_pick(self, step: int) -> None:
        """The next of the words that can be picked; the next field where there are none."""
        if not self._suggest:
            self.screen.focus_next() if step > 0 else self.screen.focus_previous()
            return
        here = self._suggest.index(self.value) if self.value in self._suggest else -1 if step > 0 else 0
        self.value = self._suggest[(here + step) % len(self._suggest)]
        self.cursor_position = len(self.value)


class AskScreen(ModalScreen[None]):
    """One question. ``show`` prepares it; it is pushed by the app."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape", "cancel", "cancel", show=False)]

    def __init__(self, program: Console) -> None:
        super().__init__()
        self._program = program
        self.session = program.session
        self._question: Question | None = None
        self._entries: dict[str, Entry] = {}
        self._problems: dict[str, StatusLine] = {}
        self._server: dict[str, str] = {}
        self._touched: set[str] = set()
        self._opened = 0.0
        self._opener = ""
        self._sending = False
        self._turn = 0
        self._head = StatusLine(classes="ask-head")
        self._facts = Vertical(classes="ask-facts")
        self._fields = Vertical(classes="ask-fields")
        self._plan = Vertical(classes="ask-plan")
        self._said = StatusLine(classes="ask-said")
        self._choice = Choice()
        self._keys = StatusLine(classes="ask-keys")

    def compose(self) -> ComposeResult:
        with Vertical(id="ask"):
            yield self._head
            with VerticalScroll(id="ask-body", can_focus=False):
                yield self._facts
                yield self._fields
                yield self._plan
            yield self._said
            yield self._choice
            yield self._keys

    # Asking ------------------------------------------------------------------------------------------------------------------

    def show(self, question: Question, opener: str = "") -> None:
        """Prepare for a question; ``opener`` is the key that asked it, which may still be held down."""
        self._question, self._opener, self._sending = question, opener, False
        self._opened = self.session.clock.boot()
        self._server.clear()
        self._touched.clear()
        self._turn += 1
        if self.is_mounted:
            self.call_later(self._build)

    async def on_mount(self) -> None:
        await self._build()

    def on_screen_resume(self) -> None:
        self._focus_first()

    async def _build(self) -> None:
        question = self._question
        if question is None:
            return
        word, tone = WORDS[question.danger]
        self._head.set_parts((Part(pieces=(Piece(question.title, "title"),)),), (Part(pieces=(Piece(word, tone),), rank=1),))
        self.query_one("#ask").set_class(question.production, "-production")
        self._choice.offer(question.action.title.capitalize(), tone)
        self._say("", None)
        await self._fields.remove_children()
        self._entries.clear()
        self._problems.clear()
        rows: list[Widget] = []
        for each in self._all_fields(question):
            rows += self._row(each, question)
        if rows:
            await self._fields.mount_all(rows)
        await self._tell()
        self._focus_first()

    def _all_fields(self, question: Question) -> list[Field]:
        fields = list(question.form.fields)
        if question.choices:
            kind = question.choices[0].ref.kind
            title = "On" if not question.choices[0].ref.id else str(kind).capitalize()
            fields.insert(0, Field(name=WHERE, title=title, required=True, help="↓ goes through what there is"))
        if question.typed:
            fields.append(Field(name=TYPED, title="Type it", required=True, help=f"type {question.typed} to confirm"))
        return fields

    def _row(self, each: Field, question: Question) -> list[Widget]:
        choose = tuple(self._called(target) for target in question.choices) if each.name == WHERE else ()
        suggest = choose or tuple(question.suggest.get(each.name, ()))
        value = question.texts.get(each.name, choose[0] if choose else "")
        entry = Entry(each.name, each.example, suggest, secret=each.shape is Shape.SECRET, value=clean(value, 2_000))
        label = StatusLine(classes="ask-label")
        label.set_parts((Part(pieces=(Piece(each.title + (" *" if each.required else ""), None),)),))
        problem = StatusLine(classes="ask-problem")
        self._entries[each.name] = entry
        self._problems[each.name] = problem
        return [label, entry, problem]

    @staticmethod
    def _called(target: Target) -> str:
        """What a choice is called: short, and unlike any other."""
        if not target.ref.id:
            return target.ref.connection
        app = getattr(target.seen, "app_name", "")
        return f"{app}/{target.label} on {target.ref.connection}" if app else f"{target.label} on {target.ref.connection}"

    def _focus_first(self) -> None:
        empty = next((entry for entry in self._entries.values() if not entry.value), None)
        first = empty or next(iter(self._entries.values()), None)
        (first or self._choice).focus()

    # What stands there -------------------------------------------------------------------------------------------------------

    @property
    def _texts(self) -> dict[str, str]:
        return {name: entry.value for name, entry in self._entries.items() if name not in {WHERE, TYPED}}

    @property
    def _target(self) -> Target | None:
        question = self._question
        if question is None:
            return None
        if not question.choices:
            return question.targets[0] if len(question.targets) == 1 else None
        wanted = self._entries[WHERE].value.strip() if WHERE in self._entries else ""
        return next((each for each in question.choices if self._called(each) == wanted), None)

    def _wrong(self) -> dict[str, str]:
        """What is wrong, by field."""
        question = self._question
        if question is None:
            return {}
        wrong = question.form.check(self._texts)
        if question.choices and self._target is None:
            wrong[WHERE] = "pick one of those that there are with ↓"
        if question.typed and not question.fits(self._entries[TYPED].value if TYPED in self._entries else ""):
            wrong[TYPED] = f"type {question.typed} to confirm"
        return wrong

    async def _tell(self) -> None:
        """Draw facts, problems and the requests as the fields stand now."""
        question = self._question
        if question is None:
            return
        wrong = self._wrong()
        target = self._target
        moment: Moment = self._program.moment()
        await self._lines(self._facts, facts(question, target, self.session, moment))
        for each in self._all_fields(question):
            self._show_problem(each, wrong.get(each.name, ""))
        plan: list[Cell] = []
        targets = (target,) if target is not None else question.targets
        if targets and not {name for name in wrong if name != TYPED}:
            values = question.form.values(self._texts)
            for aimed in targets:
                for number, line in enumerate(self._requests(aimed, values)):
                    plan.append((Piece("  " + line, "muted" if number else None),))
            plan = [(Piece("Sends, once", "muted"),), *plan]
        if len(plan) > MOST:
            plan = [*plan[: MOST - 1], (Piece(f"  … {len(plan) - MOST + 1} more lines", "muted"),)]
        await self._lines(self._plan, plan)
        self._draw_keys(bool(wrong))

    def _requests(self, target: Target, values: dict[str, Any]) -> list[str]:
        question = self._question
        return [] if question is None else requests(question, target, values, self.session)

    def _show_problem(self, each: Field, text: str) -> None:
        line = self._problems.get(each.name)
        if line is None:
            return
        said = self._server.get(each.name, "")
        touched = each.name in self._touched or each.name == TYPED
        empty = not self._entries[each.name].value
        if said:
            line.set_text("  ✗ " + said, "bad")
        elif text and touched and not (empty and each.name != TYPED):
            line.set_text("  ✗ " + text if each.name != TYPED or not empty else "  " + text, "bad" if not empty else "muted")
        else:
            line.set_text("  " + self._hint(each), "muted")

    def _hint(self, each: Field) -> str:
        question = self._question
        words = question.suggest.get(each.name, ()) if question is not None else ()
        if words and each.choose is None:
            return " · ".join(filter(None, (each.help, "↓ " + "  ".join(words[:6]))))
        return each.help or ("↓ goes through what is on screen" if words else "")

    async def _lines(self, box: Vertical, lines: list[Cell]) -> None:
        """Show these lines in a box, with as few widgets made or removed as possible."""
        have = [each for each in box.children if isinstance(each, StatusLine)]
        for line, cell in zip(have, lines, strict=False):
            line.set_parts((Part(pieces=cell),))
        for surplus in have[len(lines) :]:
            await surplus.remove()
        fresh = []
        for cell in lines[len(have) :]:
            line = StatusLine()
            line.set_parts((Part(pieces=cell),))
            fresh.append(line)
        if fresh:
            await box.mount_all(fresh)

    def _draw_keys(self, wrong: bool) -> None:
        question = self._question
        name = question.action.title if question is not None else ""
        if self._sending:
            text = "sending… esc leaves it to go on without this dialog"
        elif wrong:
            text = f"fill in what is needed, then → and ↵ to {name} · esc cancels"
        else:
            text = f"→ then ↵ to {name} · tab next · esc cancels"
        self._keys.set_text(text, "muted")

    def _say(self, text: str, tone: str | None) -> None:
        self._said.display = bool(text)
        self._said.set_text(text, tone)

    # Keys --------------------------------------------------------------------------------------------------------------------

    def held(self, key: str) -> bool:
        """Whether this key may still be the one that opened the dialog, or was typed before it was there."""
        now = self.session.clock.boot()
        if now - self._opened >= HELD:
            return False
        if key == self._opener:
            self._opened = now
        return True

    @on(Input.Changed)
    async def _changed(self, event: Input.Changed) -> None:
        event.stop()
        if isinstance(event.input, Entry):
            self._touched.add(event.input.field)
            self._server.pop(event.input.field, None)
        await self._tell()

    @on(Input.Submitted)
    def _submitted(self, event: Input.Submitted) -> None:
        """Enter goes on to the next field, at last to the choice; it never confirms."""
        event.stop()
        if isinstance(event.input, Entry):
            self._touched.add(event.input.field)
        self.focus_next()

    def action_cancel(self) -> None:
        """Close. What was sent already goes on."""
        self.dismiss()

    @on(Choice.Made)
    async def _made(self, event: Choice.Made) -> None:
        event.stop()
        if not event.go:
            self.action_cancel()
            return
        if self._sending:
            return
        wrong = self._wrong()
        if wrong:
            self._touched |= set(wrong)
            self._server |= {name: text for name, text in wrong.items() if name != TYPED}
            await self._tell()
            first = next((entry for name, entry in self._entries.items() if name in wrong), None)
            if first is not None:
                first.focus()
            self._say("nothing was sent: see the marked fields", "warn")
            return
        self._sending = True
        self._say("sending…", "busy")
        self._draw_keys(wrong=False)
        self._program.run_worker(self._send(self._turn), exit_on_error=False)

    # Sending -----------------------------------------------------------------------------------------------------------------

    async def _send(self, turn: int) -> None:
        """Send to every target, one after the other; stop at the first that is not taken."""
        question = self._question
        if question is None:
            return
        target = self._target
        values = question.form.values(self._texts)
        targets = (target,) if target is not None else question.targets
        done = 0
        outcome: Outcome | None = None
        for aimed in targets:
            outcome = await self.session.do(
                question.verb, aimed.ref, values, kind=question.kind, seen=aimed.seen, override=question.blocked
            )
            self._program.acted(question, aimed, outcome)
            if outcome.word in {"refused", "unknown"}:
                break
            done += 1
        here = self._turn == turn and self.is_current
        self._sending = False if self._turn == turn else self._sending
        if outcome is None:
            return
        if outcome.word not in {"refused", "unknown"}:
            text = outcome.text if len(targets) == 1 else f"{question.verb}: {done} of {len(targets)} sent"
            if here:
                self.dismiss()
            self._program.say(text, "ok" if outcome.word == "done" else "accent")
            return
        rest = f" ({done} of {len(targets)} were sent before)" if len(targets) > 1 else ""
        if here:
            await self._refused(outcome, rest)
        else:
            self._program.say(f"{question.title}: {outcome.text}{rest}", "bad")

    async def _refused(self, outcome: Outcome, rest: str) -> None:
        """Show the refusal next to the field it names; everything typed stays."""
        unknown = outcome.word == "unknown"
        self._server = {name: text for name, text in outcome.fields.items() if name in self._entries}
        self._say(("unknown: " if unknown else "refused: ") + outcome.text + rest, "bad")
        self._choice.choose(go=False)
        await self._tell()
        named = next((entry for name, entry in self._entries.items() if name in self._server), None)
        if named is not None:
            named.focus()
