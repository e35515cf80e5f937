"""Pane 4: the log of a service, followed or standing still, and what happened since the console was opened."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import tzinfo
from typing import Any, ClassVar, Final

from textual import on
from textual.binding import BindingType
from textual.widget import Widget

from tui.actions import Place
from tui.engine.feeds import Change
from tui.engine.resume import Gap
from tui.engine.session import Session
from tui.engine.streams import LogFollow
from tui.model import Kind, LogLine, Ref
from tui.platforms.base import Happening
from tui.tables import Moment, age
from tui.ui.activity import Activity, said, written
from tui.ui.keys import bindings_for
from tui.ui.notices import next_try
from tui.ui.panes.pane import Pane, Summary
from tui.ui.widgets.cells import Piece
from tui.ui.widgets.log_buffer import Entry
from tui.ui.widgets.log_view import LogView
from tui.ui.widgets.tabs import Tab, TabStrip

LOG: Final = "log"
ACTIVITY: Final = "activity"
TAIL: Final = 200
"""Lines that a newly followed log begins with."""

NO_LOG: Final = ("No log is followed.", "Go to a service (2) and press l.")


class LogsPane(Pane):
    """Two views, one shown. Lines go on arriving in the one that is not."""

    place: ClassVar[Place] = Place.LOGS
    number: ClassVar[int] = 4
    title: ClassVar[str] = "Logs & activity"
    short: ClassVar[str] = "Logs"
    BINDINGS: ClassVar[list[BindingType]] = bindings_for(Place.LOGS)

    def __init__(self, session: Session, *, zone: tzinfo | None = None, **options: Any) -> None:
        super().__init__(session, **options)
        self._log = LogView(id="log", zone=zone, show_names=False)
        self._activity = LogView(id="activity", zone=zone)
        self._events = Activity(session.store, session.clock)
        self._open = LOG
        self._ref: Ref | None = None
        self._name = ""
        self._following: LogFollow | None = None
        self._unseen_events = 0

    def compose_body(self) -> Iterable[Widget]:
        self._log.set_message(NO_LOG)
        self._activity.set_message(["Nothing has changed since the console was opened."])
        yield self._log

    def on_unmount(self) -> None:
        self._stop()

    @property
    def body(self) -> LogView:
        return self._log if self._open == LOG else self._activity

    @property
    def selected(self) -> Ref | None:
        return self._ref if self._open == LOG else None

    @property
    def refs(self) -> tuple[Ref, ...]:
        return ()

    def tabs(self) -> tuple[Sequence[Tab], str]:
        log = Tab(id=LOG, label=f"Log of {self._name}" if self._name else "Logs")
        unseen = f"+{self._unseen_events}" if self._unseen_events else ""
        return (log, Tab(id=ACTIVITY, label="Activity", count=unseen, tone="accent")), self._open

    def summary(self) -> Summary:
        return Summary(count=f"+{self._unseen_events}" if self._unseen_events else "", tone=None)

    # Following ---------------------------------------------------------------------------------------------------------------

    def follow(self, ref: Ref) -> None:
        """Follow the log of this thing instead of any other."""
        self._show(LOG)
        if ref == self._ref:
            self._log.follow()
            return
        self._stop()
        row = self.session.store.get(ref)
        self._ref, self._name = ref, str(row.name or ref.id) if row is not None else ref.id
        self._log.clear()
        self._log.set_source(ref, self._name)
        self._following = self.session.follow(ref, tail=TAIL)
        self._listen(self._following, ref)
        self._draw_state()
        self.touched()

    def _listen(self, following: LogFollow, ref: Ref) -> None:
        def heard(batch: Sequence[LogLine | Gap]) -> None:
            if following is self._following:
                self._take(ref, batch)

        following.listen(heard)
        self._take(ref, tuple(following.lines))

    def _take(self, ref: Ref, batch: Sequence[LogLine | Gap]) -> None:
        """Lines and gaps arrived; an empty batch says that the stream's state is another."""
        lines: list[LogLine] = []
        for each in batch:
            if isinstance(each, LogLine):
                lines.append(each)
            else:
                self._log.append(ref, lines)
                lines = []
                self._log.note(ref, str(each), each.at)
        self._log.append(ref, lines)
        if not batch:
            self._draw_state()

    def _stop(self) -> None:
        if self._following is not None:
            self._following.close()
            self._following = None

    def close_log(self) -> None:
        """Stop following; the lines go."""
        self._stop()
        self._ref, self._name = None, ""
        self._log.clear()
        self._log.set_message(NO_LOG)
        self._draw_state()
        self.touched()

    # What happened -----------------------------------------------------------------------------------------------------------

    def heard(self, change: Change) -> None:
        """The session learnt something."""
        lines = self._events.note(change)
        if lines:
            self._append_events(lines)

    def happened(self, text: str, tone: str) -> None:
        """Something became of a request of ours."""
        self._append_events([said(self.session.clock.wall(), text, tone)])

    def written(self, connection: str, happening: Happening) -> None:
        """A platform wrote down something itself."""
        self._append_events([written(connection, happening, self.session.clock.wall())])

    def _append_events(self, lines: Sequence[LogLine]) -> None:
        self._activity.append(ACTIVITY, lines)
        if self._open != ACTIVITY:
            self._unseen_events += len(lines)

    # Drawing and keys --------------------------------------------------------------------------------------------------------

    def draw(self, moment: Moment, changed: frozenset[Kind] | None) -> None:
        self._draw_state()

    def _draw_state(self) -> None:
        """How the stream is, in the head; what to do, in the empty view."""
        info = []
        if self._open == LOG and self._following is not None:
            text, tone = self._state_words(self._following)
            info.append(Piece(text, tone))
            if not len(self._log.buffer):
                self._log.set_message([text])
        self.draw_head(*info)

    def _state_words(self, following: LogFollow) -> tuple[str, str]:
        state, boot = following.state, self.session.clock.boot()
        since = age(boot - state.since)
        match state.word:
            case "live":
                return "● live", "ok"
            case "quiet":
                return f"○ quiet {since}", "idle"
            case "connecting":
                return "◐ connecting…", "busy"
            case "reconnecting":
                tries = next_try(state.next_try, boot)
                return " · ".join(piece for piece in ("▲ reconnecting", state.reason, tries) if piece), "warn"
            case "unsupported":
                return f"✗ no log here: {state.reason}", "muted"
        return f"✗ ended: {state.reason}", "bad"

    def _show(self, which: str) -> None:
        if which == self._open:
            return
        had_focus = self.body.has_focus
        self.body.display = False
        self._open = which
        self.body.display = True
        if not self.body.is_attached:
            self.mount(self.body, after=self.head)
        if which == ACTIVITY:
            self._unseen_events = 0
        if had_focus:
            self.body.focus()
        self._draw_state()
        self.touched()

    def toggle_activity(self) -> None:
        self._show(ACTIVITY if self._open == LOG else LOG)

    def toggle_follow(self) -> None:
        if self.body.following:
            self.body.pause()
        else:
            self.body.follow()

    def toggle_wrap(self) -> None:
        self.body.set_look(wrap=not self.body.paint.wrap)

    def refilter(self) -> None:
        wanted = self.filter
        for view in (self._log, self._activity):
            view.set_filter((lambda entry: wanted.fits(_text(entry))) if wanted else None)
            view.set_highlight(wanted.pattern)

    @on(TabStrip.Chosen)
    def _tab_chosen(self, event: TabStrip.Chosen) -> None:
        event.stop()
        self._show(event.tab)

    @on(LogView.StatusChanged)
    def _status_changed(self, event: LogView.StatusChanged) -> None:
        event.stop()
        self._draw_state()


def _text(entry: Entry) -> str:
    return f"{entry.line.level} {entry.line.source} {entry.line.text}".casefold()
