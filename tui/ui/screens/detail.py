"""Everything known of one thing: its fields with their age and what belongs to it, what changed of it, the platform's own record as JSON.

It shows what the store has and follows it; a thing that vanished is shown as it was last seen, here or in the journal, and is called gone.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import ClassVar, Final

from textual import on
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.screen import Screen

from tui.actions import ACTIONS, Action, Keymap, Place
from tui.engine.feeds import Feed
from tui.engine.recall.past import Past
from tui.engine.session import Session
from tui.engine.words import called
from tui.local.journal.bodies import Known
from tui.local.opening import is_address
from tui.model import Kind, Ref, Resource, Variable
from tui.tables import Moment, age, told
from tui.ui import aim
from tui.ui.aim import Selection, means_something
from tui.ui.changes import changes
from tui.ui.fields import Fields
from tui.ui.finding import Finder
from tui.ui.flight import FlightPanel
from tui.ui.keys import bindings_for
from tui.ui.notices import below
from tui.ui.program import program
from tui.ui.say import Bottom
from tui.ui.trail import Trail
from tui.ui.widgets.cells import Piece
from tui.ui.widgets.json_lines import json_lines
from tui.ui.widgets.key_bar import KeyBar, KeyHint
from tui.ui.widgets.status_line import Part, StatusLine
from tui.ui.widgets.text_view import Content, TextView
from tui.ui.workers import start

WRITTEN: Final = 2.0
"""Seconds after which the journal has what was seen."""

FIELDS, CHANGES, JSON = "fields", "changes", "JSON"
"""The forms in which a thing is shown."""


class DetailScreen(Screen[None]):
    """One thing, to read and to copy from."""

    BINDINGS: ClassVar[list[BindingType]] = bindings_for(Place.DETAIL)

    def __init__(self, session: Session, keymap: Keymap, moment: Callable[[], Moment], trail: Trail) -> None:
        super().__init__()
        self.session = session
        self.keymap = keymap
        self._moment = moment
        self._ref: Ref | None = None
        self._last: Resource | None = None
        self._until: datetime | None = None
        self._form = FIELDS
        self._known: Sequence[Known] | None = None
        self._due = float("inf")
        self._trail: Trail = trail
        self._fields = Fields(self, session)
        self._view = TextView()
        self._title = StatusLine(classes="title")
        self._notice = StatusLine(classes="notice")
        self._flights = FlightPanel()
        self._finder = Finder(self._view)
        self._bottom = Bottom()
        self._acts = self._table()

    def compose(self) -> ComposeResult:
        yield self._title
        yield self._view
        yield self._notice
        yield self._finder
        yield self._flights
        yield self._bottom

    # What is shown -----------------------------------------------------------------------------------------------------------

    def show(self, ref: Ref, form: str = FIELDS) -> None:
        """Show this thing from its first line."""
        self._ref, self._last, self._until, self._form, self._known = ref, None, None, form, None
        self._fields.forget()
        self._finder.forget()
        self._view.show_lines(())
        self.session.show("detail", self._feeds(ref))
        self.redraw()
        if self.session.store.get(ref) is None or form == CHANGES:
            self._ask()

    def _ask(self) -> None:
        """Ask the journal what was known of this."""
        self._due = float("inf")
        if self.session.past is not None and self._ref is not None:
            start(self, self._recall, self.session.past, self._ref, group="recall", exclusive=True)

    async def _recall(self, past: Past, ref: Ref) -> None:
        found = await past.states(ref)
        if self._ref == ref:
            # Of what is no longer listed this is all that there is to show.
            self._known = found
            if self._last is None and found:
                self._last, self._until = found[0].row, found[0].seen
            self.redraw()

    def _feeds(self, ref: Ref) -> list[Feed]:
        feed = self.session.store.feed_of(ref)
        wanted = [feed] if feed is not None else []
        if ref.kind is Kind.SERVICE:
            wanted.append(Feed(connection=ref.connection, kind=Kind.VARIABLE, scope=ref.id))
        return wanted

    def redraw(self) -> None:
        """Draw what is known now; the place stays."""
        if self._ref is None:
            return
        row = self.session.store.get(self._ref)
        gone = row is None
        row = row or self._last
        moment = self._moment()
        if row is None:
            self._title.set_text(str(self._ref), "title")
            self._view.show_lines([(Piece("Nothing is known of this.", "muted"),)])
            return
        if gone:
            # What went on when it was last seen lasted until then.
            moment = replace(moment, read=lambda _: self._until)
        else:
            self._until = moment.known(row)
        self._seen(row, moment)
        self._draw_title(row, gone)
        lines = self._lines(row, moment)
        self._view.show_lines(lines, self._fields.about(lines) if self._form == FIELDS else ())
        self._flights.draw(program(self).flights.lines())
        self._draw_keys()

    def _lines(self, row: Resource, moment: Moment) -> Sequence[Content]:
        if self._form == FIELDS:
            return self._fields.lines(row, moment)
        self._fields.clear()
        if self._form == CHANGES:
            return changes(row, self._known, self.session, moment)
        return json_lines(row.raw) if row.raw else [(Piece("The platform's own record was not kept.", "muted"),)]

    def _seen(self, row: Resource, moment: Moment) -> None:
        """It is like this now; the journal is asked again once it has what changed."""
        boot = self.session.clock.boot()
        if boot >= self._due and self._form == CHANGES:
            self._ask()
        if self._last is not None and row != self._last:
            self._due = boot + WRITTEN
        self._fields.mark(self._last, row, moment)
        self._last = row

    def _draw_title(self, row: Resource, gone: bool) -> None:
        store, boot = self.session.store, self.session.clock.boot()
        feed = store.feed_of(row.ref)
        old = store.freshness(feed).age(boot) if feed is not None else None
        stale = feed is not None and store.freshness(feed).stale(boot)
        seen = Part(pieces=(Piece(f"as of {age(old)} ago" if old is not None else "", "warn" if stale else "muted"),))
        if gone:
            seen = Part(pieces=(Piece("✗ gone: it is no longer listed; this is how it was", "bad"),))
        above = [self._name_of(ref) for ref in self._trail.crumbs[:-1]]
        crumbs = [Part(pieces=(Piece(f"{' › '.join(above)} ›", "muted"),), rank=3)] if above else []
        how = told(row)
        left = [
            *crumbs,
            Part(pieces=(Piece(str(called(row) or row.ref.id), "title"),)),
            Part(pieces=(Piece(how.text, how.tone),), rank=1),
            Part(pieces=(Piece(f"{row.ref.kind} on {row.ref.connection}", "muted"),), rank=2),
        ]
        self._title.set_parts(left, [seen])
        pieces = below([feed], store, boot, self.keymap) if feed is not None else ()
        self._notice.display = bool(pieces)
        self._notice.set_parts((Part(pieces=pieces),) if pieces else ())

    def _name_of(self, ref: Ref) -> str:
        row = self.session.store.get(ref)
        return str(called(row) or ref.id) if row is not None else ref.id

    @property
    def selection(self) -> Selection:
        """What the keys would be aimed at: the thing that is shown."""
        here = () if self._ref is None else (self._ref,)
        return Selection((self._variable.ref, *here) if self._variable is not None else here)

    @property
    def _variable(self) -> Variable | None:
        """The variable on the selected line."""
        return self._fields.variables.get(self._view.cursor_index)

    def _draw_keys(self) -> None:
        self._bottom.keys.set_keys(
            [
                KeyHint(id=action.id, key=self.keymap.spelled(action), label=action.title, why_not=self.why_not(action) or "")
                for action in self.keymap.bar(Place.DETAIL)
                if self.keymap.spelled(action) and self._belongs(action)
            ]
        )

    def _belongs(self, action: Action) -> bool:
        """Whether a key means something for this kind of thing at all."""
        if action.id == "row.logs":
            return self._ref is not None and self.session.has_log(self._ref)
        known: bool = program(self).views.belongs(action, self._ref)
        return known and means_something(action, self.selection, self.session)

    def why_not(self, action: Action) -> str | None:
        if self._ref is not None and self.session.store.get(self._ref) is None and (action.verb is not None or action.id == "row.logs"):
            return "it is gone"
        return aim.why_not(action, self.selection, self.session)

    # Keys --------------------------------------------------------------------------------------------------------------------

    def on_screen_resume(self) -> None:
        self._view.focus()
        self.redraw()

    def on_screen_suspend(self) -> None:
        self.call_later(self._let_go)

    def _let_go(self) -> None:
        """However this screen was left: nothing of the thing is looked at any more, and no value is shown."""
        if self in self.app.screen_stack:
            return  # something else stands before it
        self._fields.revealed = frozenset()
        self.session.show("detail", ())

    def action_act(self, id_: str) -> None:
        """Do what a key means here, or say why it cannot be done."""
        action = ACTIONS[id_]
        reason = self.why_not(action)
        if reason:
            program(self).say(reason, "warn")
            return
        if action.verb is not None:
            program(self).asking.ask(action, self.selection)
            return
        self._acts[id_]()

    def _table(self) -> Mapping[str, Callable[[], object]]:
        return {
            **self._finder.acts(),
            "row.logs": self._follow_log,
            "row.copy": lambda: self._copy(self._ref.id if self._ref is not None else ""),
            "row.menu": lambda: program(self).views.open_menu(self, Place.DETAIL, self._name_of(self._ref) if self._ref else ""),
            "row.runbook": lambda: program(self).views.open_runbook(self._ref),
            "open.pager": lambda: program(self).elsewhere.page(*self._as_text()),
            "open.editor": lambda: program(self).elsewhere.edit(*self._as_text()),
            "rollout.link": lambda: program(self).copy_link(self._ref),
            "console.refresh": lambda: program(self).refresh_now(),
            "console.help": lambda: program(self).open_help(Place.DETAIL),
            "reading.back": self._back,
            "trail.back": lambda: self._step(-1),
            "trail.forward": lambda: self._step(1),
            "trail.last": self._leave,
            "detail.open": self._open,
            "detail.copy": self._copy_line,
            "detail.copy_raw": lambda: self._copy(str(self._last.raw) if self._last is not None else "", "the platform's record"),
            "detail.reveal": self._reveal,
            "detail.changes": lambda: self._turn(CHANGES),
            "detail.raw": lambda: self._turn(JSON),
        }

    def _as_text(self) -> tuple[str, list[str]]:
        """Everything that is shown, the values of variables masked again."""
        self._fields.revealed = frozenset()
        self.redraw()
        return "detail.txt", self._view.all_text.split("\n")

    def _follow_log(self) -> None:
        ref = self._ref
        self._leave()
        if ref is not None:
            program(self).console_screen.follow_log(ref)

    def _turn(self, form: str) -> None:
        """Show it in another form, or its fields again."""
        self._form = FIELDS if self._form == form else form
        if self._form == CHANGES:
            self._ask()
        self._view.action_edge(-1)
        self.redraw()

    @on(TextView.Opened)
    def _open(self) -> None:
        """Open what the selected line names: something that belongs to this, or a reference among its fields."""
        if is_address(self._view.cursor_text):
            program(self).elsewhere.link(self._view.cursor_text)
            return
        ref = self._fields.refs.get(self._view.cursor_index)
        try:
            ref = ref or Ref.parse(self._view.cursor_text)
        except ValueError:
            ref = None
        if ref is not None and ref != self._ref and self.session.store.get(ref) is not None:
            self._trail.follow(ref)
            self.show(ref)
        else:
            program(self).say("this line names nothing that could be opened", "warn")

    def _step(self, step: int) -> None:
        ref = self._trail.step(step)
        if ref is not None:
            self.show(ref)
        else:
            program(self).say("nothing was looked at " + ("before this" if step < 0 else "after this"), "warn")

    def _back(self) -> None:
        """One step: what was found, up the trail, the lists."""
        if self._finder.forget():
            return
        above = self._trail.up()
        if above is not None:
            self.show(above)
        else:
            self._leave()

    def _leave(self) -> None:
        self._bottom.hush()
        self.dismiss()

    def _reveal(self) -> None:
        """Show the value of the selected variable, or mask it again; leaving this screen masks all."""
        row = self._variable
        if row is None:
            program(self).say("no variable is selected", "warn")
        elif not row.value:
            program(self).say("this server does not tell its value", "warn")
        else:
            self._fields.revealed ^= {row.ref}
            self.redraw()

    @on(TextView.Moved)
    def _moved(self) -> None:
        self._draw_keys()

    def _copy_line(self) -> None:
        variable = self._variable
        if variable is not None:
            if variable.ref not in self._fields.revealed:
                program(self).say("its value is masked: space shows it, then it can be copied", "warn")
                return
            self._copy(variable.value.reveal(), f"the value of {variable.name}")
            return
        self._copy(self._fields.copied(self._view.cursor_index, self._view.cursor_text).strip())

    def _copy(self, text: str, what: str = "") -> None:
        program(self).copy(text, what)

    @on(KeyBar.Pressed)
    def _pressed(self, event: KeyBar.Pressed) -> None:
        self.action_act(event.action)
