"""Pane 4: the logs of one or several services, followed or standing still, and what happened since the console was opened.

The pane says what is followed and looked for; what its keys do to lines stands in ``ui.logs.deeds``.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from datetime import datetime, tzinfo
from typing import Any, ClassVar, Final

from textual import on
from textual.binding import BindingType
from textual.widget import Widget

from tui.actions import Place
from tui.engine.feeds import Change
from tui.engine.resume import Entry as StreamEntry
from tui.engine.session import Session
from tui.model import Kind, LogLine, Ref
from tui.platforms.base import Happening
from tui.tables import Filter, Moment
from tui.ui.activity import Activity, said, written
from tui.ui.keys import bindings_for
from tui.ui.logs.census import AT_ONCE, Census, bars
from tui.ui.logs.deeds import LogDeeds
from tui.ui.logs.export import lines_of
from tui.ui.logs.followed import SILENT, Followed, timed
from tui.ui.logs.prompt import Prompt
from tui.ui.logs.query import Query, parse_query
from tui.ui.panes.pane import Pane, Summary, summed
from tui.ui.program import program
from tui.ui.widgets.cells import Piece
from tui.ui.widgets.log_buffer import Entry
from tui.ui.widgets.log_levels import SHOWN, Level, level_of
from tui.ui.widgets.log_view import LogView, Wanted
from tui.ui.widgets.log_window import together
from tui.ui.widgets.tabs import Tab, TabStrip

LOG: Final = "log"
ACTIVITY: Final = "activity"

CONTEXT: Final = 3
"""Lines around each that a filter wants, when they are asked for."""

COUNTING: Final = 0.05
"""Seconds between two looks at lines that wait to be counted; nothing runs while none do."""

BEHIND: Final = 2_000
"""Lines that wait, of which more are counted in a hurry."""

HURRIED: Final = 0.02
HURRIED_LINES: Final = 500
"""Seconds, and lines at once, then: more than any stream is likely to bring, and a few milliseconds each."""

SPARK: Final = 15
"""Minutes in the head."""

LOOKED_THROUGH: Final = 2_000
"""Lines of a log that are looked through for what speaks against its service."""


class LogsPane(Pane):
    """Two views, one shown. Lines go on arriving in the one that is not."""

    place: ClassVar[Place] = Place.LOGS
    number: ClassVar[int] = 4
    title: ClassVar[str] = "Logs & activity"
    short: ClassVar[str] = "Logs"
    hint: ClassVar[str] = "words, !word to leave out, /regex/ or ~regex, level:warn, service:web; up brings back the last ones"
    BINDINGS: ClassVar[list[BindingType]] = bindings_for(Place.LOGS)

    def __init__(self, session: Session, *, zone: tzinfo | None = None, **options: Any) -> None:
        super().__init__(session, **options)
        self.log_view = LogView(id="log", zone=zone, show_names=False)
        self._activity = LogView(id="activity", zone=zone)
        self._events = Activity(session.store, session.clock)
        self.prompt = Prompt(lambda: self.body.focus())
        self.followed = Followed(session, self._take)
        self.census = Census(self._errors)
        self.looked_for = Query()
        self.least = Level.NONE
        self.context = False
        self._deeds = LogDeeds(self)
        self._names: dict[Ref, str] = {}
        self._open = LOG
        self._unseen_events = 0
        self._counting = False

    def compose_body(self) -> Iterable[Widget]:
        self._say_none()
        self._activity.set_message(["Nothing has changed since the console was opened."])
        yield self.log_view
        yield self.prompt

    def on_unmount(self) -> None:
        self.followed.close()

    @property
    def body(self) -> LogView:
        return self.log_view if self._open == LOG else self._activity

    @property
    def views(self) -> tuple[LogView, LogView]:
        return self.log_view, self._activity

    @property
    def names(self) -> Mapping[Ref, str]:
        """What the followed logs are called."""
        return self._names

    def acts(self) -> Mapping[str, Callable[[], object]]:
        """What the keys of this pane do."""
        return self._deeds.table()

    @property
    def selected(self) -> Ref | None:
        """The service of the line under the cursor."""
        if self._open != LOG or not len(self.followed):
            return None
        current = self.log_view.current if len(self.followed) > 1 else None
        return current.source if current is not None and isinstance(current.source, Ref) else self.followed.refs[0]

    @property
    def refs(self) -> tuple[Ref, ...]:
        """What a verb would be aimed at: that whose log is followed. Of several the cursor is on another one with each line that comes."""
        return self.followed.refs if self._open == LOG and len(self.followed) == 1 else ()

    def tabs(self) -> tuple[Sequence[Tab], str]:
        names = list(self._names.values())
        label = f"Log of {names[0]}" if len(names) == 1 else f"Logs of {len(names)}: {', '.join(names)}" if names else "Logs"
        unseen = f"+{self._unseen_events}" if self._unseen_events else ""
        return (Tab(id=LOG, label=label), Tab(id=ACTIVITY, label="Activity", count=unseen, tone="accent")), self._open

    def summary(self) -> Summary:
        return summed(f"+{self._unseen_events}" if self._unseen_events else "", None)

    # Following ---------------------------------------------------------------------------------------------------------------

    def follow(self, *refs: Ref) -> None:
        """Follow the logs of these things, merged by time, instead of any others."""
        self._show(LOG)
        if set(refs) == set(self.followed.refs):
            self.followed.follow(refs)
            self.log_view.follow()
            return
        gone = [ref for ref in self.followed.refs if ref not in refs]
        if len(gone) == len(self.followed):
            self.log_view.clear()
            self.census.forget()
        for ref in gone:
            self.log_view.forget(ref)
            self.census.forget(ref)
        self.log_view.follow()
        self.log_view.set_look(names=len(refs) > 1)
        self.followed.follow(refs)
        self._name_all()
        self._draw_state()
        self.touched()

    def _name_all(self) -> None:
        """Names come with the rows, which may be read after the log was opened."""
        if (names := self.followed.names()) != self._names:
            self._names = names
            for ref, name in names.items():
                self.log_view.set_source(ref, name)
            if self.looked_for.services or self.looked_for.no_services:
                self.refilter()  # what came before its log had this name was judged by another

    def name_of(self, source: object) -> str:
        """What a source is called here."""
        return self._names.get(source, "") if isinstance(source, Ref) else ""

    def _take(self, ref: Ref, batch: Sequence[StreamEntry]) -> None:
        """Lines and gaps arrived; an empty batch says that the stream's state is another."""
        lines: list[LogLine] = []
        for each in batch:
            if isinstance(each, LogLine):
                lines.append(timed(each))
            else:
                self._append(ref, lines)
                lines = []
                self.log_view.note(ref, str(each), each.at)
        self._append(ref, lines)
        if not batch:
            self._draw_state()

    def _append(self, ref: Ref, lines: list[LogLine]) -> None:
        self.log_view.append(ref, lines)
        self.census.add(ref, lines)
        if lines and not self._counting and self.is_running:
            self._counting = True
            # Not here: a log that the session opened again brings its lines where no app is known, and a timer needs one.
            self.call_later(self.set_timer, COUNTING, self._count)

    def _errors(self, source: Hashable, times: Sequence[datetime]) -> None:
        if isinstance(source, Ref):
            self.session.bursts.errors(source, self.name_of(source), times, self.session.clock.wall())

    def _count(self) -> None:
        self.census.work(HURRIED_LINES if self.census.waiting > BEHIND else AT_ONCE)
        self._counting = self.census.waiting > 0
        if self._counting:
            self.set_timer(HURRIED if self.census.waiting > BEHIND else COUNTING, self._count)
        else:
            self._draw_state()

    def oldest(self, ref: Ref) -> datetime | None:
        """The time of the oldest line of a log that is kept."""
        return self.log_view.buffer.oldest(ref)

    def errors_of(self, ref: Ref) -> tuple[int, str]:
        """How many errors a followed log tells of, among the lines that are kept, and the newest of them: of a trace its first line."""
        if ref not in self.followed.refs:
            return 0, ""
        buffer = self.log_view.buffer
        begin = max(buffer.start, buffer.end - LOOKED_THROUGH)
        count, newest = 0, ""
        before: LogLine | None = None
        for line in (each.line for each in buffer.between(begin, buffer.end) if each.source == ref):
            wrong = level_of(line.level, line.text) >= Level.ERROR
            if wrong and (before is None or not together(before, line)):
                newest = str(line.text)[:120]
            count += wrong
            before = line if wrong else None
        return count, newest

    def shown_text(self) -> list[str]:
        """The lines that are shown, as they are saved."""
        return list(lines_of(self.body.shown(), self.name_of, names=len(self.followed) > 1))

    def show_entry(self, entry: Entry) -> bool:
        """Put the cursor on this line of the log; whether it is still kept."""
        self._show(LOG)
        return self.log_view.go_to_entry(entry)

    def _say_none(self) -> None:
        services, follow, mark = program(self).keymap.spelled_ids("focus.resources", "row.logs", "list.mark")
        self.log_view.set_message(
            ["No log is followed.", f"Go to a service ({services}) and press {follow}; mark several with {mark} first."]
        )

    def close_log(self) -> None:
        """Stop following; the lines go."""
        self.followed.close()
        self._names = {}
        self.log_view.clear()
        self.log_view.paint.names.clear()
        self.census.forget()
        self._say_none()
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
        self._append_events([written(connection, happening, self.session.clock.wall())], connection)

    def _append_events(self, lines: Sequence[LogLine], source: str = ACTIVITY) -> None:
        """What a platform tells late stands where its time belongs, for which it has to be a source of its own."""
        self._activity.append(source, lines)
        if self._open != ACTIVITY:
            self._unseen_events += len(lines)

    # Drawing -----------------------------------------------------------------------------------------------------------------

    def draw(self, moment: Moment, changed: frozenset[Kind] | None) -> None:
        if changed and Kind.SERVICE in changed:
            self._name_all()
        for view in self.views:
            view.set_now(moment.now)
        self._draw_state()

    def _draw_state(self) -> None:
        """How the streams are, in the head; what to do, in the empty view."""
        info: list[Piece] = []
        view = self.body
        self.set_notice(self._narrowed(view))
        if self._open == LOG and len(self.followed):
            text, tone = self.followed.state()
            info.append(Piece(text, tone))
            info += self._rates()
            if not len(self.log_view.buffer):
                self.log_view.set_message([SILENT.get(tone, text)])
            elif not self.log_view.window.count:
                self.log_view.set_message([f"None of {len(self.log_view.buffer):,} lines match the filter.", "esc shows everything"])
        self.draw_head(*info)

    def _narrowed(self, view: LogView) -> list[Piece]:
        """What is left out, and how to see it again: nobody is to take some lines for all there are."""
        window = view.window
        if not window.filtered:
            return []
        kept, shown = window.kept, window.count - (len(view.buffer) - window.kept)
        so_far = "…" if window.behind else ""
        said = [Piece(" "), Piece(f"{window.matches:,}{so_far} of {kept:,} lines", "match")]
        said.append(Piece(f", {kept - shown:,} left out", "muted"))
        if self.least:
            said.append(Piece(f"  {SHOWN[self.least][0].split()[-1]} and worse", "match"))
        if self.context:
            said.append(Piece(f"  ±{CONTEXT} lines around each", "match"))
        return [*said, Piece("  esc shows everything", "muted")]

    def _rates(self) -> list[Piece]:
        """Errors a minute as bars, and what the last whole minute had."""
        now = self.session.clock.wall()
        minutes = self.census.minutes(now, SPARK)
        if not any(lines for lines, _ in minutes):
            return []
        lines, errors = minutes[-2]
        dropped = self.log_view.buffer.dropped()
        shown = [Piece(f"{lines:,} lines {errors:,} err/min", "bad" if errors else "muted")]
        if any(count for _, count in minutes):
            unknown = self.census.unknown(self.followed.refs, now, SPARK)
            shown.append(Piece(f"err {bars([count for _, count in minutes], unknown)}▏", "bad"))
        return [*shown, Piece(f"{dropped:,} dropped", "muted")] if dropped else shown

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

    @property
    def shows_activity(self) -> bool:
        """Whether what happened is shown in place of the log."""
        return self._open == ACTIVITY

    def toggle_activity(self) -> None:
        self._show(ACTIVITY if self._open == LOG else LOG)

    # The filter --------------------------------------------------------------------------------------------------------------

    def set_filter(self, text: str) -> None:
        """Show only the lines that fit what was typed, see ``ui.logs.query``. Raises ``tables.FilterError``, and then the last good
        filter stays."""
        query = parse_query(text)
        self.filter_text = text
        if query != self.looked_for:
            self.looked_for = query
            self.filter = Filter((text,)) if query else Filter()
            self.refilter()
            self.touched()

    def widen(self) -> bool:
        narrowed = super().widen() or bool(self.least)
        if narrowed:
            self.least = Level.NONE
            self.context = False
            self.refilter()
        return narrowed

    def wanted(self) -> Wanted | None:
        """What the filter and the level want; None if that is everything."""
        return self.looked_for.wanted(self.name_of, self.least)

    def refilter(self) -> None:
        wanted = self.wanted()
        for view in self.views:
            view.set_filter(wanted, context=CONTEXT if self.context else 0)
            view.set_highlight(self.looked_for.pattern)
        self._draw_state()

    # Events ------------------------------------------------------------------------------------------------------------------

    @on(TabStrip.Chosen)
    def _tab_chosen(self, event: TabStrip.Chosen) -> None:
        event.stop()
        self._show(event.tab)

    @on(LogView.StatusChanged)
    def _status_changed(self, event: LogView.StatusChanged) -> None:
        event.stop()
        self._draw_state()

    @on(LogView.Opened)
    def _opened(self, event: LogView.Opened) -> None:
        event.stop()
        self.action_act("logs.open")
