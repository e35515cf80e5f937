"""The console at a moment of the past: the same panes over what the journal kept, a banner that says so, and one key back to now.

Nothing can be done here: every verb is refused. Logs are not kept by us; their platform is asked for those of the minute.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta, tzinfo
from functools import partial
from typing import Any, Final

from textual.app import ComposeResult

from tui.actions import Keymap
from tui.clock import span
from tui.engine.recall.past import Past
from tui.engine.recall.then import REFUSED, Then
from tui.model import Kind, Ref
from tui.tables import Moment, age
from tui.ui.logs.prompt import Prompt
from tui.ui.logs.times import moment_of
from tui.ui.program import program
from tui.ui.screens.console import ConsoleScreen
from tui.ui.screens.detail import FIELDS, DetailScreen
from tui.ui.widgets.cells import Piece
from tui.ui.widgets.status_line import Part
from tui.ui.workers import start

log = logging.getLogger(__name__)

HOUR: Final = timedelta(hours=1)
NO_LOG: Final = ("Logs are not kept here.", "l on a service asks its platform for the log of this minute.")
LIVING: Final = frozenset(
    {
        "console.refresh",
        "console.tighten",
        "console.sign-in",
        "console.sign-out",
        "console.connections",
        "console.palette",
        "console.contexts",
        "console.fleet",
        "alert.acknowledge",
        "alert.snooze",
        "row.changes",
        "detail.changes",
    }
)
"""Actions of the present, which would mean something else than what is shown."""


class PastDetailScreen(DetailScreen):
    """Everything that was known of one thing then."""

    def begin(self, ref: Ref) -> None:
        """Show this thing, and that one came straight to it."""
        self._trail.enter(ref)
        self.show(ref)

    def why_not(self, action: Any) -> str | None:
        return REFUSED if action.id in LIVING else super().why_not(action)

    def why_not_away(self, id_: str) -> str | None:
        """Of the keys that lead away those are refused that the panes of then refuse, too."""
        return REFUSED if id_ in LIVING else None


class PastScreen(ConsoleScreen):
    """Four panes of a moment. ``go`` shows another."""

    def __init__(self, then: Then, past: Past, keymap: Keymap, zone: tzinfo | None) -> None:
        self.then = then
        self._past = past
        self._zone = zone
        self._asked = self._coming = False
        self._prompt = Prompt(self._answered)
        super().__init__(then, keymap, self.moment)

    def compose(self) -> ComposeResult:
        yield from super().compose()
        yield self._prompt

    def on_mount(self) -> None:
        self.logs.log_view.set_message(NO_LOG)
        self.call_after_refresh(self._begin)

    def _begin(self) -> None:
        self.redraw(frozenset(Kind))
        if self._asked:
            self.ask(coming=self._coming)

    def moment(self) -> Moment:
        """The moment that is shown, as if it were now."""
        store = self.then.store
        return Moment(now=self.then.at, store=store, zone=self._zone, read=store.read_at)

    # Going about in time -----------------------------------------------------------------------------------------------------

    def go(self, at: datetime) -> None:
        """Show this moment; not later than now."""
        start(self, self._go, min(at, self._now()), group="past", exclusive=True)

    async def _go(self, at: datetime) -> None:
        try:
            self.then.become(at, *await self._past.known(at))
            if self.is_mounted:
                self.redraw(frozenset(Kind))
        except Exception:  # what cannot be told of the past must not end the present
            log.exception("a moment cannot be shown")
            program(self).say("this moment could not be read; the log has the rest", "bad")

    def step(self, *, back: bool) -> None:
        """The moment of the event before or after this one."""
        start(self, self._to_event, back, group="past", exclusive=True)

    async def _to_event(self, back: bool) -> None:
        found = await self._past.moments(self.then.at, back=back)
        if found is not None:
            await self._go(found)
        elif back:
            program(self).say("the journal has nothing before this", "warn")
        else:
            self._return()

    def shift(self, by: timedelta) -> None:
        """So much earlier or later; later than now is now."""
        if self.then.at + by >= self._now():
            self._return()
        else:
            self.go(self.then.at + by)

    def ask(self, *, coming: bool = False) -> None:
        """Ask for a moment; as soon as there is a line to ask on. ``coming``: from the present, and back to it where none is given."""
        self._coming = coming
        if not self.is_mounted:
            self._asked = True
            return
        self._prompt.ask("go to", "14:05, 2026-05-04 14:05 or -8h", "", partial(self._given, self._now()))

    def _given(self, now: datetime, text: str) -> None:
        self.go(moment_of(text, now, self._zone))
        self._coming = False

    def _answered(self) -> None:
        if self._coming:
            self._return()
        else:
            self.set_focus(self.front.body)

    def _return(self) -> None:
        self.dismiss()

    def _now(self) -> datetime:
        live = program(self)
        at: datetime = live.session.clock.wall()
        return at

    # What is otherwise than in the present -----------------------------------------------------------------------------------

    def heads(self, moment: Moment) -> tuple[list[Part], list[Part], list[Part]]:
        at, now = self.then.at, self._now()
        ago = max(0.0, (now - at).total_seconds())
        left = [
            Part(pieces=(Piece("rollwatch", "muted"),), rank=5),
            Part(pieces=(Piece(self.then.context, "accent"),), rank=0),
            Part(pieces=(Piece("▲ PAST", "warn"),), rank=0),
        ]
        year = "" if moment.local(at, "%Y") == moment.local(now, "%Y") else " %Y"
        day = moment.local(at, f"%a %d %b{year} %H:%M:%S")
        spelled = self.keymap.spelled_ids("past.before", "past.after", "past.earlier", "past.later", "past.goto")
        keys = Piece(f"  esc now   {spelled[0]} {spelled[1]} event   {spelled[2]} {spelled[3]} hour   {spelled[4]} time", "key")
        seen = self.then.looked is not None and self.then.looked >= at
        # That nobody looked matters more than a key.
        told = (keys, Piece("   as it was seen; no loads are kept", "muted")) if seen else (Piece(f"  {self._seen()}", "warn"), keys)
        banner = [Part(pieces=(Piece(f" PAST  {day}, {age(ago)} ago ", "warn"), *told))]
        return left, [Part(pieces=(Piece(moment.local(at, "%H:%M"), "warn"),), rank=0)], banner

    def _seen(self) -> str:
        """How what is shown is known, where nobody looked at that moment."""
        looked = self.then.looked
        if looked is None:
            return "nobody had looked yet"
        return f"nobody looked; as last seen {span((self.then.at - looked).total_seconds())} before"

    def in_flight(self) -> list[Any]:
        return []

    def why_not(self, action: Any) -> str | None:
        if action.verb is not None or action.id in LIVING:
            return REFUSED
        return super().why_not(action)

    def _table(self) -> Mapping[str, Callable[[], object]]:
        return {
            **super()._table(),
            "past.before": lambda: self.step(back=True),
            "past.after": lambda: self.step(back=False),
            "past.earlier": lambda: self.shift(-HOUR),
            "past.later": lambda: self.shift(HOUR),
            "past.goto": self.ask,
            "console.quit": self._return,
        }

    def _back(self) -> None:
        if self.front.filter_text or self.front.only_faults or self.zoomed:
            super()._back()
        else:
            self._return()

    def _open(self, _form: str = FIELDS) -> None:
        ref = self.front.selected
        if ref is not None:
            live = program(self)
            live.recall.scrub.detail(self, ref)

    def _follow_log(self) -> None:
        refs = self.front.logged
        if refs:
            live = program(self)
            live.recall.scrub.minute(refs[0], self.then.at)

    def follow_log(self, *refs: Ref) -> None:
        for ref in refs[:1]:
            live = program(self)
            live.recall.scrub.minute(ref, self.then.at)
