"""Connect a platform: which one, where, with what; tried with a harmless read; then written down. The first run begins here.

Made once. What is typed is checked and kept by the owner's ``onboarding``; nothing is written before it was seen to work, and what is
secret is never drawn.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Final

from textual import events, on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical, VerticalScroll
from textual.screen import Screen
from textual.widget import Widget
from textual.widgets import Input

from tui.errors import Forbidden, RollwatchError, Unauthorized
from tui.local.finds import Find
from tui.text import clean
from tui.ui.answers import Choice, Entry, in_order
from tui.ui.blame import field_of
from tui.ui.owner import Draft, Onboarding
from tui.ui.program import program
from tui.ui.questions import Option
from tui.ui.widgets.cells import Piece
from tui.ui.widgets.status_line import Part, StatusLine
from tui.ui.workers import start

FOUND: Final = "found"
NOTHING: Final = "nothing, type it in"
YES: Final = "yes"
NO: Final = "no"
INSTEAD: Final = frozenset({"email", "password"})
"""Fields that stand in for a token."""
CODE: Final = "code"
"""The field for what is asked for while it is tried."""
APPS: Final = "shop-3p2i:staging,prod other:dev"


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One field: for which platforms (none: for all), and what stands under it."""

    name: str
    title: str
    help: str
    only: str = ""
    secret: bool = False
    example: str = ""


LINES: Final = (
    Line(name=FOUND, title="Take over", help="↓ goes through what was found on this machine"),
    Line(name="platform", title="Platform", help="↓ goes through them"),
    Line(name="name", title="Call it", help="a short name of yours, as in fleet/service/web-api"),
    Line(name="base_url", title="Address", help="of its API; the platform's own unless you host it"),
    Line(name="client_id", title="Client id", help="from the app's settings, Auth clients", only="encore", example="o2c_…"),
    Line(name="client_secret", title="Client secret", help="not shown, kept in a file only you can read", only="encore", secret=True),
    Line(name="apps", title="Apps", help="with their environments: its API has no list of them", only="encore", example=APPS),
    Line(name="token", title="Token", help="not shown, kept in a file only you can read", only="dployr phase", secret=True),
    Line(name="email", title="or e-mail", help="signs in once instead of a token", only="dployr"),
    Line(name="password", title="and password", help="never stored; left empty, a code is asked for", only="dployr", secret=True),
    Line(name=CODE, title="and code", help="", only="dployr", secret=True),
    Line(name="cluster", title="Cluster", help="its id or name, where the account has several", only="dployr"),
    Line(name="context", title="Context", help="what is looked at together: prod, staging …"),
    Line(name="production", title="Production", help="yes: what cannot be undone asks for the name"),
)


class SetupScreen(Screen[None]):
    """``landed`` is called with the context and the connection that were written, ``left`` when somebody goes without."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "leave", "leave", show=False),
        Binding("ctrl+c", "leave", "leave", show=False, priority=True),
    ]

    lines: ClassVar[tuple[Line, ...]] = LINES
    acts: ClassVar[tuple[str, str]] = ("Try it", "Save and open")
    """What the button does before and after it was seen to work."""
    keys: ClassVar[tuple[str, str]] = ("↵ goes on, at the end it is tried", "↵ saves it and opens the console")

    def __init__(self, onboarding: Onboarding, landed: Callable[[str, str], object], left: Callable[[], object]) -> None:
        super().__init__()
        self._onboarding = onboarding
        self._landed = landed
        self._left = left
        self._platforms: Mapping[str, str] = onboarding.platforms()
        self._finds: Sequence[Find] = ()
        self._passed_over = ""
        self._defaults: dict[str, str] = {}
        self._touched: set[str] = set()
        self._answered: dict[str, str] = {}
        self._works = ""
        self._busy = False
        self._code: asyncio.Future[str] | None = None
        self._question = self._mailed = ""
        self._title = StatusLine(classes="title")
        self._entries: dict[str, Entry] = {}
        self._rows: dict[str, Vertical] = {}
        self._hints: dict[str, StatusLine] = {}
        self._said = StatusLine(id="setup-said")
        self._choice = Choice()
        self._keys = StatusLine(id="setup-keys")
        for line in self.lines:
            self._entries[line.name] = Entry(line.name, line.example, (), secret=line.secret, value="")
            self._entries[line.name].select_on_focus = True
            self._hints[line.name] = StatusLine(classes="setup-hint")

    def compose(self) -> ComposeResult:
        yield self._title
        with VerticalScroll(id="setup-body", can_focus=False):
            for line in self.lines:
                label = StatusLine(classes="setup-label")
                label.set_text(line.title)
                with Vertical(classes="setup-line") as row:
                    yield Horizontal(label, self._entries[line.name])
                    yield self._hints[line.name]
                self._rows[line.name] = row
        yield self._said
        yield self._choice
        yield self._keys

    def prepare(self, context: str, *, first: bool) -> None:
        """Begin anew; ``context`` is where the connection goes unless told otherwise."""
        found = tuple(self._onboarding.finds())
        self._finds = tuple(each for each in found if not each.problem)
        self._touched.clear()
        self._answered = {}
        self._works, self._busy, self._defaults = "", False, {"context": context or "main"}
        platform = self._finds[0].platform if self._finds else next(iter(self._platforms))
        texts = {"platform": platform, **self._defaults, "production": NO}
        if self._finds:
            texts[FOUND] = self._finds[0].title
        for name, entry in self._entries.items():
            entry.value, entry.select_on_focus = texts.get(name, ""), True
        options = {
            FOUND: [*(each.title for each in self._finds), NOTHING],
            "platform": list(self._platforms),
            "production": [NO, YES],
        }
        for name, words in options.items():
            self._entries[name].options = tuple(Option(word, word) for word in words)
        self._title.set_parts(
            (Part(pieces=(Piece("Welcome: connect your first platform" if first else "Connect another platform", "title"),)),),
            (Part(pieces=(Piece("nothing is written before it was seen to work", "muted"),), rank=1),),
        )
        self._take_over()
        self._passed_over = "; ".join(each.problem for each in found if each.problem)
        self._tell()

    def on_screen_resume(self) -> None:
        self._draw()
        self.first.focus()

    @property
    def focus_chain(self) -> list[Widget]:
        return in_order(self)

    # What stands there -------------------------------------------------------------------------------------------------------

    def _value(self, name: str) -> str:
        return self._entries[name].value.strip()

    @property
    def first(self) -> Entry:
        """The field to begin with."""
        return self._entries[FOUND if self._finds else "platform"]

    @property
    def platform(self) -> str:
        """Whose fields are asked for."""
        return self._value("platform")

    @property
    def texts(self) -> dict[str, str]:
        """What is typed into the fields that are asked for."""
        asked = [line for line in self.lines if line.name != CODE]
        return {line.name: self._value(line.name) if not line.only or self.platform in line.only.split() else "" for line in asked}

    @property
    def draft(self) -> Draft:
        """What is typed, as a connection."""
        texts = self.texts
        del texts[FOUND]
        return Draft(**{**texts, "production": texts["production"].lower() == YES})  # type: ignore[arg-type]

    @property
    def wrong(self) -> Mapping[str, str]:
        """What is wrong, by field."""
        # A word that is not understood must not leave production unmarked.
        unclear = {"production": f"{YES} or {NO}"} if self.texts.get("production", NO).lower() not in {YES, NO} else {}
        return {**self._onboarding.wrong(self.draft), **unclear}

    def _fill(self, name: str, value: str) -> None:
        """Put a proposal into a field, unless somebody wrote something else there."""
        entry = self._entries[name]
        if entry.value == self._defaults.get(name, ""):
            entry.value = value
            self._defaults[name] = value

    @property
    def _found(self) -> Find | None:
        """What is taken over, as long as it is of the platform that is chosen."""
        found = next((each for each in self._finds if each.title == self._value(FOUND)), None)
        return found if found is not None and found.platform == self._value("platform") else None

    def _take_over(self) -> None:
        wanted = next((each for each in self._finds if each.title == self._value(FOUND)), None)
        if wanted is not None:
            self._entries["platform"].value = wanted.platform
        self._propose()

    def _propose(self) -> None:
        found, platform = self._found, self._value("platform")
        self._fill("name", platform if platform in self._platforms else "")
        self._fill("base_url", (found.base_url if found is not None else "") or self._platforms.get(platform, ""))
        self._fill("token", found.token.reveal() if found is not None and found.token else "")
        self._fill("apps", f"{found.app}:staging,prod" if found is not None and found.app else "")

    def _draw(self) -> None:
        if not self.is_mounted:
            return
        wrong, keymap = self.wrong, program(self).keymap
        for line in self.lines:
            self._rows[line.name].display = self._asked(line)
            problem = self._answered.get(line.name) or (wrong.get(line.name, "") if line.name in self._touched else "")
            told = self._question if line.name == CODE else keymap.told(line.help)
            self._hints[line.name].set_text(f"✗ {problem}" if problem else told, "bad" if problem else "muted")
        works = bool(self._works)
        self._choice.offer(self.acts[works], "ok", first=True)
        self._keys.set_text(keymap.told(f"{self.keys[works]} · ↓ picks · esc leaves, nothing written"), "muted")

    def _asked(self, line: Line) -> bool:
        """Whether a field is asked for: of this platform, and not in place of a token that is there."""
        if line.name == FOUND:
            return bool(self._finds)
        if line.name == CODE:
            return self._code is not None
        if line.name in INSTEAD and self._value("token"):
            return False
        return not line.only or self.platform in line.only.split()

    def _tell(self) -> None:
        """What is to be said of what stands there now."""
        self._say(f"▲ not taken over: {self._passed_over}" if self._passed_over else "", "warn")

    def _say(self, text: str, tone: str) -> None:
        self._said.set_text(clean(text, 400), tone)

    # Keys --------------------------------------------------------------------------------------------------------------------

    @on(Input.Changed)
    def _changed(self, event: Input.Changed) -> None:
        event.stop()
        if not isinstance(event.input, Entry) or not self.is_current:
            return
        name = event.input.field
        proposed = event.value == self._defaults.get(name, "")
        # Typing replaces a proposal, one of a few words and what nobody can see to mend; it goes on with anything else.
        event.input.select_on_focus = proposed or event.input.password or bool(event.input.options)
        self._works = ""
        self._answered = {}
        self._tell()
        if name == FOUND:
            self._take_over()
        elif name == "platform":
            self._propose()
        self._draw()

    @on(Input.Submitted)
    def _submitted(self, event: Input.Submitted) -> None:
        event.stop()
        if event.input is self._entries.get(CODE):
            self._answer(event.value)
        elif isinstance(event.input, Entry):
            self._touched.add(event.input.field)
            self._draw()
            if event.input.field == FOUND and self._found is not None and not self.wrong:
                self._choice.focus()

    def on_descendant_blur(self, event: events.DescendantBlur) -> None:
        """Half a name is no wrong one: what is wrong with a field is told when it is left, and from then on at each key."""
        left = event.widget
        if isinstance(left, Entry) and left.value != self._defaults.get(left.field, ""):
            self._touched.add(left.field)
            self._draw()

    def on_descendant_focus(self, event: events.DescendantFocus) -> None:
        event.widget.scroll_visible(animate=False)

    def action_leave(self) -> None:
        """Go without having written anything."""
        if self._code is not None:
            self._code.cancel()
        self.forget()
        self._left()

    @on(Choice.Made)
    def _made(self, event: Choice.Made) -> None:
        event.stop()
        if not event.go:
            self.action_leave()
        elif self._code is not None:
            self._answer(self._value(CODE))
        elif not self._busy:
            self._go()

    def _go(self) -> None:
        draft = self.draft
        wrong = self.wrong
        if wrong:
            self._touched |= set(wrong)
            self._draw()
            self._say("nothing was tried: see the marked fields", "warn")
            next(self._entries[line.name] for line in self.lines if line.name in wrong).focus()
            return
        if draft.by_code and not self._works and self._mailed != draft.email:
            self._mailed = draft.email
            self._say("▲ a new address may get an account there: once more mails the code", "warn")
            return
        self._busy = True
        self._say("writing…" if self._works else f"asking {draft.base_url}…", "busy")
        start(self, self._keep if self._works else self._test, draft, group="setup")

    async def _test(self, draft: Draft) -> None:
        seen = await self._safely(self._onboarding.test(draft, self._ask), draft)
        if seen is not None and draft == self.draft:
            self._works = seen or draft.platform
            self._draw()
            self._say(f"● it works: {self._works}", "ok")
            self._choice.focus()

    async def _ask(self, question: str) -> str:
        """Have something typed that is asked for on the way: a field that is there only then."""
        entry = self._entries[CODE]
        self._code, self._question = asyncio.get_running_loop().create_future(), f"the {question}; it is sent on and not kept"
        self._draw()
        self._say(f"◐ waiting for the {question}", "busy")
        entry.focus()
        try:
            return await self._code
        finally:
            self._code = None
            with entry.prevent(Input.Changed):
                entry.value = ""
            self._draw()

    def _answer(self, text: str) -> None:
        if self._code is not None and not self._code.done() and text.strip():
            self._say("asking…", "busy")
            self._code.set_result(text.strip())

    async def _keep(self, draft: Draft) -> None:
        context = await self._safely(self._onboarding.keep(draft), draft)
        if context is not None:
            self.forget()
            self._landed(context, draft.name)

    def forget(self) -> None:
        """Leave no secret in a field."""
        for line in self.lines:
            if line.secret:
                self._entries[line.name].value = ""

    async def _safely(self, work: Any, draft: Draft) -> str | None:
        """What it returns; what went wrong stands next to the field that it is about, and nothing typed is lost."""
        try:
            return str(await work)
        except RollwatchError as error:
            if draft == self.draft:
                field = field_of(error, draft)
                # Of what went wrong on the way only the end fits under a field; what credentials are told of is a sentence.
                said = error.message if isinstance(error, Unauthorized | Forbidden) else error.message.rpartition(": ")[2]
                if field == "cluster":
                    names = said.split(", ")
                    self._entries[field].options, said = tuple(Option(each, each) for each in names), f"↓ goes through them: {said}"
                self._answered = {field: said} if field else {}
                self._draw()
                self._say(f"✗ {error.message}", "bad")
                if field:
                    self._entries[field].focus()
            return None
        finally:
            self._busy = False
