"""Every connection as it is: what is looked at, which flavour it speaks, what is wrong, when it is asked next, and each of its feeds.

To read only. It shows what the store knows; nothing is asked for here.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import BindingType
from textual.screen import Screen

from tui.actions import Keymap, Place
from tui.engine.feeds import ConnectionState, Feed, Freshness
from tui.engine.session import Session
from tui.model import Kind
from tui.tables import TABLES, Moment, age
from tui.ui.finding import Finder
from tui.ui.keys import bindings_for
from tui.ui.program import program
from tui.ui.say import Bottom
from tui.ui.widgets.cells import Piece
from tui.ui.widgets.key_bar import KeyBar, KeyHint
from tui.ui.widgets.status_line import StatusLine
from tui.ui.widgets.text_view import Content, Field, TextView

TONES = {"fresh": "ok", "loading": "busy", "stale": "warn", "limited": "warn", "down": "bad", "signed-out": "bad"}
FLAVOURS = {
    "unknown": "not known yet: nothing that was asked could tell",
    "documented": "documented: the API as it is written down",
    "current": "current: what its servers answer today",
}


class ConnectionsScreen(Screen[None]):
    """One paragraph a connection."""

    BINDINGS: ClassVar[list[BindingType]] = bindings_for(Place.HELP)

    def __init__(self, session: Session, keymap: Keymap, moment: Callable[[], Moment]) -> None:
        super().__init__()
        self.session = session
        self.keymap = keymap
        self._moment = moment
        self._view = TextView(cursor=False)
        self._title = StatusLine(classes="title")
        self._finder = Finder(self._view)
        self._bottom = Bottom()

    def compose(self) -> ComposeResult:
        yield self._title
        yield self._view
        yield self._finder
        yield self._bottom

    def on_screen_resume(self) -> None:
        self._title.set_text(f"Connections of {self.session.context}", "title")
        self._view.action_edge(-1)
        self.redraw()
        self._view.focus()
        actions = self.keymap.bar(Place.HELP)
        hints = [KeyHint(id=each.id, key=self.keymap.spelled(each), label=each.title) for each in actions if self.keymap.spelled(each)]
        self._bottom.keys.set_keys(hints)

    def redraw(self) -> None:
        """Draw what is known now."""
        boot, lines = self.session.clock.boot(), list[Content]()
        for state in self.session.store.connections():
            lines += [*((),) * bool(lines), (Piece(state.name, "title"), Piece(f"  {state.platform}", "muted"))]
            lines += self._state(state, boot)
            lines += self._feeds(state.name, boot)
        self._view.show_lines(lines)

    def _state(self, state: ConnectionState, boot: float) -> Iterator[Content]:
        moment = self._moment()
        yield Field("address", state.where)
        if page := program(self).alarm.status_page(state.name):
            yield Field("status page", page, "accent")
        yield Field("flavour", FLAVOURS.get(state.flavour, state.flavour))
        read = "nothing was read yet" if state.fetched_boot is None else f"newest reply {age(boot - state.fetched_boot)} ago"
        yield Field("state", f"{state.state}, {read}", TONES.get(state.state))
        if state.rate is not None:
            reset = f", more in {age((state.rate.reset_at - moment.now).total_seconds())}" if state.rate.reset_at is not None else ""
            yield Field("budget", f"{state.rate.remaining} of {state.rate.limit} requests left{reset}")
        if state.error is not None:
            yield Field("error", str(state.error), "bad")
        if state.next_try is not None:
            yield Field("next read", f"in {age(max(0.0, state.next_try - boot))}")

    def _feeds(self, connection: str, boot: float) -> Iterator[Content]:
        """Each kind: how old, how many, what could not be read. The scopes of one kind are told together, the worst of them counts."""
        store = self.session.store
        kinds: dict[Kind, list[tuple[Feed, Freshness]]] = {}
        for feed in self.session.feeds():
            if feed.connection == connection:
                kinds.setdefault(feed.kind, []).append((feed, store.freshness(feed)))
        for kind, found in kinds.items():
            ages = [old for _, fresh in found if (old := fresh.age(boot)) is not None]
            errors = [fresh.error for _, fresh in found if fresh.error is not None]
            unreadable = sum(fresh.unreadable for _, fresh in found)
            parts = [f"{len(store.rows(kind, connection))}", f"as of {age(max(ages))} ago" if ages else "not read yet"]
            parts += [f"{unreadable} unreadable"] if unreadable else []
            parts += [str(errors[0])] if errors else []
            stale = any(fresh.stale(boot) and fresh.offered for _, fresh in found)
            yield Field(f"  {TABLES[kind].title.lower()}" if kind in TABLES else f"  {kind}", ", ".join(parts), "warn" if stale else None)

    def action_act(self, id_: str) -> None:
        """Find a text, or go back."""
        self._finder.acts().get(id_, self._back)()

    def _back(self) -> None:
        if not self._finder.forget():
            self.dismiss()

    def on_key_bar_pressed(self, event: KeyBar.Pressed) -> None:
        self.action_act(event.action)
