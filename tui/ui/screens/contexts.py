"""The contexts there are, to go into one; and the fleet: the same list while every connection of every context is looked at.

What is looked at is ``engine.fleet``'s matter, going into a context the app's. Nothing is asked of a platform before the fleet is.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Hashable, Mapping, Sequence
from functools import partial
from random import Random
from typing import ClassVar, Final

from textual import on
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.screen import Screen
from textual.worker import Worker

from tui.actions import ACTIONS, Keymap, Place
from tui.engine.fleet import LOOKED_AT, Glance, Key, Lookout, counted
from tui.engine.session import Session
from tui.errors import RollwatchError
from tui.model import Tone
from tui.tables import GLYPHS, Moment, age
from tui.ui.keys import bindings_for
from tui.ui.owner import Member, Offer, Owner
from tui.ui.program import program
from tui.ui.say import Bottom
from tui.ui.widgets.cells import Cell, Piece
from tui.ui.widgets.key_bar import KeyBar, KeyHint
from tui.ui.widgets.paragraph import Paragraph
from tui.ui.widgets.resource_table import ResourceTable
from tui.ui.widgets.status_line import Part, StatusLine
from tui.ui.widgets.table_layout import ColumnSpec
from tui.ui.widgets.table_rows import Row
from tui.ui.workers import start

COLUMNS: Final = (
    ColumnSpec(id="name", title="CONTEXT", low=14, high=30),
    ColumnSpec(id="state", title="STATE", low=12, high=14),
    ColumnSpec(id="age", title="AGE", low=4, high=6, right=True),
    ColumnSpec(id="said", title="WHAT IT SAYS", low=36, high=200, grow=True),
    ColumnSpec(id="where", title="ADDRESS", low=16, high=44, rank=2),
)
OLD: Final = 90.0
"""Seconds after which what a look told is stale: three of them failed or never came."""

_WORDS: Final[Mapping[str, tuple[Tone, str]]] = {
    "asking": (Tone.BUSY, "asking"),
    "fresh": (Tone.OK, "ok"),
    "stale": (Tone.WARN, "stale"),
    "loading": (Tone.BUSY, "asking"),
    "down": (Tone.BAD, "down"),
    "signed-out": (Tone.BAD, "signed out"),
    "limited": (Tone.WARN, "limited"),
}
_WORST: Final = (Tone.BAD, Tone.WARN, Tone.BUSY, Tone.OK, Tone.MUTED)

State = tuple[Tone, str]


class ContextsScreen(Screen[None]):
    """``watching`` is whether the fleet is looked at. ``go`` opens a context."""

    AUTO_FOCUS = ""
    BINDINGS: ClassVar[list[BindingType]] = bindings_for(Place.CONTEXTS)

    def __init__(self, session: Session, owner: Owner, keymap: Keymap, moment: Callable[[], Moment], go: Callable[[str], object]) -> None:
        super().__init__()
        self.session = session
        self.keymap = keymap
        self.watching = False
        self._owner = owner
        self._moment = moment
        self._go = go
        self._offers: tuple[Offer, ...] = ()
        self._glances: Mapping[Key, Glance] = {}
        self._rows: Mapping[Hashable, Row] = {}
        self._worker: Worker[None] | None = None
        self._title = StatusLine(classes="title")
        self._table = ResourceTable()
        self._table.set_columns(COLUMNS)
        self._whole = Paragraph(indent=2, classes="words")
        self._bottom = Bottom()

    def compose(self) -> ComposeResult:
        yield self._title
        yield self._table
        yield self._whole
        yield self._bottom

    def prepare(self, *, watching: bool) -> None:
        """Read the list anew, and look at the fleet or not."""
        self.watching = watching
        try:
            self._offers = tuple(self._owner.offers())
        except RollwatchError as error:
            self._table.set_message([str(error)], "bad")
            self._offers = ()
        if self.is_current:
            self._begin()

    def on_screen_resume(self) -> None:
        self._begin()
        self._table.move_to((self.session.context, ""))
        self._table.focus()

    def on_screen_suspend(self) -> None:
        self._end()

    def _begin(self) -> None:
        self._end()
        self._glances = {}
        if self.watching:
            self._worker = start(self, self._watch, group="fleet")
        self.redraw()

    def _end(self) -> None:
        if self._worker is not None:
            self._worker.cancel()
            self._worker = None

    async def _watch(self) -> None:
        """Look at every context but the one that is open: that one is read anyway."""
        others = {each.name: partial(self._owner.platforms, each.name) for each in self._offers if each.name != self.session.context}
        random = Random()  # noqa: S311 - spreads requests in time, guards nothing
        async with Lookout(others, clock=self.session.clock, random=random, changed=lambda: self.call_later(self.redraw)) as lookout:
            self._glances = lookout.glances
            await asyncio.Event().wait()

    # What stands there -------------------------------------------------------------------------------------------------------

    def redraw(self) -> None:
        """Draw what is known now."""
        if not self.is_mounted:
            return
        parts: dict[str, list[tuple[Member, State, float | None, str]]] = {}
        for offer in self._offers:
            parts[offer.name] = [(member, *self._member(offer.name, member)) for member in offer.members]
        offers = sorted(self._offers, key=lambda each: self._rank(each, parts[each.name])) if self.watching else self._offers
        rows: list[Row] = []
        for offer in offers:
            rows.append(self._context_row(offer, parts[offer.name]))
            rows += [self._member_row(offer, *each) for each in parts[offer.name]]
        self._rows = {row.key: row for row in rows}
        self._table.show_rows(rows)
        self._tell(self._table.cursor_key)
        self._draw_title()
        self._draw_keys()

    def _rank(self, offer: Offer, parts: Sequence[tuple[Member, State, float | None, str]]) -> tuple[int, str]:
        return _WORST.index(self._state(offer, parts)[0]), offer.name

    def _state(self, offer: Offer, parts: Sequence[tuple[Member, State, float | None, str]]) -> State:
        if not self.watching:
            return Tone.MUTED, ""
        whole = self._glances.get((offer.name, ""))
        states = [_WORDS[whole.word]] if whole is not None else [state for _, state, _, _ in parts]
        return min(states, key=lambda each: _WORST.index(each[0]), default=(Tone.MUTED, ""))

    def _member(self, context: str, member: Member) -> tuple[State, float | None, str]:
        """A connection's state, when it was last read (boot seconds), and what it says."""
        if not self.watching:
            return (Tone.MUTED, ""), None, member.platform
        if context == self.session.context:
            return self._own(member)
        boot = self.session.clock.boot()
        glance = self._glances.get((context, member.name), Glance())
        old = glance.word == "fresh" and glance.boot is not None and boot - glance.boot > OLD
        state = _WORDS["stale"] if old else _state_of(glance) if glance.word == "fresh" else _WORDS[glance.word]
        return state, glance.boot, _bare(glance.error, member) or _counts(glance)

    def _own(self, member: Member) -> tuple[State, float | None, str]:
        store = self.session.store
        found = next((each for each in store.connections() if each.name == member.name), None)
        if found is None:
            return (Tone.MUTED, ""), None, "not open: added since this start"
        rows = next(((kind, rows) for kind in LOOKED_AT if (rows := store.rows(kind, member.name))), None)
        glance = counted(*rows, found.fetched_boot) if rows is not None else Glance()
        state = _state_of(glance) if found.state == "fresh" else _WORDS[found.state]
        return state, found.fetched_boot, _bare(str(found.error or ""), member) or _counts(glance)

    def _context_row(self, offer: Offer, parts: Sequence[tuple[Member, State, float | None, str]]) -> Row:
        here = offer.name == self.session.context
        marks = [word for word, held in (("open now", here), ("production", offer.production), ("read-only", offer.read_only)) if held]
        name = (Piece("▸ " if here else "  "), Piece(offer.name, "bad" if offer.production else "accent"))
        whole = self._glances.get((offer.name, ""))
        ages = [boot for _, _, boot, _ in parts if boot is not None]
        said: Cell = (Piece(whole.error, "bad"),) if whole is not None else (Piece(", ".join(marks), "muted"),)
        return Row((offer.name, ""), (name, _state_cell(self._state(offer, parts)), self._age(min(ages, default=None)), said, ()))

    def _member_row(self, offer: Offer, member: Member, state: State, boot: float | None, said: str) -> Row:
        tone = state[0] if state[0] in {Tone.BAD, Tone.WARN} else Tone.MUTED
        cells = ((Piece(f"    {member.name}", "muted"),), _state_cell(state), self._age(boot), (Piece(said, tone),))
        return Row((offer.name, member.name), (*cells, (Piece(member.where, "muted"),)))

    def _age(self, boot: float | None) -> Cell:
        return (Piece(age(self.session.clock.boot() - boot), "muted"),) if boot is not None and self.watching else ()

    def _draw_title(self) -> None:
        words = "Fleet: every context, the worst first" if self.watching else "Contexts"
        right = "one read a connection and half a minute, only while this is open" if self.watching else "nothing is asked of them here"
        self._title.set_parts((Part(pieces=(Piece(words, "title"),)),), (Part(pieces=(Piece(right, "muted"),), rank=1),))

    def _draw_keys(self) -> None:
        hints = []
        for each in self.keymap.bar(Place.CONTEXTS):
            title = "stop looking" if each.id == "contexts.look" and self.watching else each.title
            if key := self.keymap.spelled(each):
                hints.append(KeyHint(id=each.id, key=key, label=title))
        self._bottom.keys.set_keys(hints)

    # Keys --------------------------------------------------------------------------------------------------------------------

    def action_act(self, id_: str) -> None:
        """Go into a context, look at all of them, or go back."""
        if id_ == "contexts.open":
            self._enter(self._table.cursor_key)
        elif id_ == "contexts.look":
            self.prepare(watching=not self.watching)
        elif id_ == "console.help":
            program(self).open_help(Place.CONTEXTS)
        elif id_ in ACTIONS:
            self.dismiss()

    def _tell(self, key: object) -> None:
        """What may not fit into the line under the cursor: what it says, and the address."""
        row = self._rows.get(key) if isinstance(key, Hashable) else None
        self._whole.show([cell for cell in row.cells[3:] if cell] if row is not None else [])

    @on(ResourceTable.RowHighlighted)
    def _highlighted(self, event: ResourceTable.RowHighlighted) -> None:
        event.stop()
        self._tell(event.key)

    @on(ResourceTable.RowOpened)
    def _opened(self, event: ResourceTable.RowOpened) -> None:
        event.stop()
        self._enter(event.key)

    def _enter(self, key: object) -> None:
        if isinstance(key, tuple):
            self._go(str(key[0]))

    def on_key_bar_pressed(self, event: KeyBar.Pressed) -> None:
        self.action_act(event.action)


def _bare(said: str, member: Member) -> str:
    """What an error says without the connection's name, which stands before it already."""
    return said.removeprefix(f"{member.name}: ")


def _state_of(glance: Glance) -> State:
    """What is wrong with what was read."""
    if glance.failed:
        return Tone.BAD, "failing"
    return (Tone.WARN, "look") if glance.degraded or glance.waiting else _WORDS["fresh"]


def _state_cell(state: State) -> Cell:
    tone, word = state
    return (Piece(f"{GLYPHS[tone]} {word}", tone),) if word else ()


def _counts(glance: Glance) -> str:
    """``14 services, 2 failed``; empty before anything was read."""
    if glance.kind is None:
        return ""
    parts = [f"{glance.total} {glance.kind}" + ("" if glance.total == 1 else "s")]
    parts += [f"{number} {word}" for number, word in ((glance.failed, "failed"), (glance.degraded, "degraded")) if number]
    parts += ["NEEDS APPROVAL"] if glance.waiting else []
    return ", ".join(parts)
