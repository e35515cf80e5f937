"""The console itself: four panes, a header, a line of keys. It looks at what is visible and turns keys into what they mean.

Panes draw; this screen says when. What an action does stands in one table here; requests to platforms go through the app.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any, ClassVar, Final

from textual import events, on
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Horizontal
from textual.screen import Screen
from textual.widgets import Input, Static

from tui.actions import ACTIONS, Action, Keymap, Place
from tui.engine.session import Session
from tui.model import Kind, Ref
from tui.tables import FilterError, Moment
from tui.ui.aim import Selection, means_something, why_not
from tui.ui.filtering import FilterBar, FilterInput
from tui.ui.flight import FlightPanel
from tui.ui.header import LEADS as HEADER_LEADS
from tui.ui.header import Rhythm, header
from tui.ui.home import LEADS
from tui.ui.keys import bindings_for
from tui.ui.linked import badge, period, state_of
from tui.ui.lists import ListDeeds
from tui.ui.panes.apps import AppsPane
from tui.ui.panes.logs import LogsPane
from tui.ui.panes.pane import Pane
from tui.ui.panes.resources import KINDS, ResourcesPane
from tui.ui.panes.rollouts import RolloutsPane
from tui.ui.program import program
from tui.ui.say import Bottom
from tui.ui.screens.detail import CHANGES, FIELDS
from tui.ui.widgets.key_bar import KeyBar, KeyHint
from tui.ui.widgets.resource_table import ResourceTable
from tui.ui.widgets.status_line import Part, StatusLine
from tui.ui.widgets.tabs import Tab, TabStrip

log = logging.getLogger(__name__)

WIDE: Final = 100
HIGH: Final = 30
"""Below either, one pane is shown at a time."""

APPS_WIDEST: Final = 48
"""Cells that the tree takes at most beside the lists."""

PAST: Final = ("past.away", "past.timeline", "past.matrix", "past.handoff")
"""Actions that open a screen of the past."""

SCRUB: Final = ("past.before", "past.after", "past.earlier", "past.later", "past.goto")
"""Actions that go about in time."""

LEAST: Final = (40, 10)
"""Below this nothing can be shown that would be true and readable."""


class ConsoleScreen(Screen[None]):
    """The one screen that is always there."""

    AUTO_FOCUS = ""
    BINDINGS: ClassVar[list[BindingType]] = bindings_for(Place.CONSOLE)

    def __init__(self, session: Session, keymap: Keymap, moment: Callable[[], Moment]) -> None:
        super().__init__()
        self.session = session
        self.keymap = keymap
        self._moment = moment
        self.apps = AppsPane(session, id="apps")
        self.resources = ResourcesPane(session, id="resources")
        self.rollouts = RolloutsPane(session, id="rollouts")
        self.logs = LogsPane(session, id="logs")
        self.panes: tuple[Pane, ...] = (self.apps, self.resources, self.rollouts, self.logs)
        # Where nothing could ever be listed nobody begins: with Encore alone there are no services.
        listed = any(session.feeds(kind) for kind in KINDS) or not session.feeds()
        self.front: Pane = self.resources if listed else self.apps
        self.zoomed = False
        self.single = False
        self.tiny = False
        self._header = StatusLine(gap=2, id="header", classes="-production" if session.production else "")
        self._rhythm = Rhythm()
        self._banner = StatusLine(id="banner")
        self._switcher = TabStrip(id="switcher")
        self._top = Horizontal(id="top")
        self._filter = FilterBar()
        self._flights = FlightPanel()
        self._bottom = Bottom()
        self._owed: dict[Pane, set[Kind]] = {pane: set(Kind) for pane in self.panes}
        self.lists = ListDeeds(self)
        self._acts = self._table()

    def compose(self) -> ComposeResult:
        yield self._header
        yield self._banner
        yield self._switcher
        with self._top:
            yield self.apps
            yield self.resources
        yield self.rollouts
        yield self.logs
        yield Static("rollwatch needs at least\n40 columns and 10 lines", id="small", markup=False)
        yield self._filter
        yield self._flights
        yield self._bottom

    def on_mount(self) -> None:
        self._arrange(*self.size)
        self.bring(self.front)
        self.look()
        self.redraw(frozenset(Kind))

    # Drawing -----------------------------------------------------------------------------------------------------------------

    def redraw(self, changed: frozenset[Kind] | None) -> None:
        """Draw what is visible; ``changed`` None: only time went by. What is hidden is drawn when it is seen."""
        if not self.children:
            return
        moment = self._moment()
        left, right, banner = self.heads(moment)
        link = state_of(program(self).link)
        if link is not None:
            self.logs.log_view.period = period(link)
            right = [*badge(link), *right]
        self._header.set_parts(left, right)
        self._banner.display = bool(banner) and not self.tiny
        self._banner.set_parts(banner)
        for pane in self.panes:
            owed = self._owed[pane]
            owed |= changed or frozenset()
            if self._visible(pane):
                pane.draw(moment, frozenset(owed) if owed or changed is not None else None)
                owed.clear()
        self._draw_switcher()
        self._flights.draw([] if self.tiny else self.in_flight())
        self.draw_keys()

    def heads(self, moment: Moment) -> tuple[list[Part], list[Part], list[Part]]:
        """What the header says at the left and at the right, and the banner below it, empty for none."""
        left, right = header(self.session, moment, self._rhythm)
        alarm = program(self).alarm
        return left, [*alarm.parts(), *right], alarm.banner()

    def in_flight(self) -> list[Any]:
        """What is said of what was sent."""
        lines: list[Any] = program(self).flights.lines()
        return lines

    def _visible(self, pane: Pane) -> bool:
        return not self.tiny and (pane is self.front or not self.single)

    def _draw_switcher(self) -> None:
        """Where one pane is shown, one line says what the others have to say."""
        if self.single:
            tabs = [Tab(id=str(pane.id), label=f"{pane.number} {pane.short}", **pane.summary()) for pane in self.panes]
            self._switcher.set_tabs(tabs, str(self.front.id))

    def draw_keys(self) -> None:
        """The keys that mean something where the cursor is."""
        hints = []
        for action in self.keymap.bar(self.front.place):
            key = self.keymap.spelled(action)
            if key and means_something(action, self.selection, self.session) and program(self).views.belongs(action, self.front.selected):
                hints.append(KeyHint(id=action.id, key=key, label=action.title, why_not=self.why_not(action) or ""))
        self._bottom.keys.set_keys(hints)

    def look(self) -> None:
        """Tell the session what is visible, so that it is read faster."""
        for pane in self.panes:
            self.session.show(str(pane.id), pane.feeds() if self._visible(pane) else ())

    @property
    def selection(self) -> Selection:
        """What the keys would be aimed at now."""
        return self.front.selection

    def why_not(self, action: Action) -> str | None:
        """Why an action cannot be done now; None if it can."""
        if action.id == "row.logs" and self.front.logged:
            return None
        if action.id == "row.logs" and self.front is self.apps and self.selection.ref is not None:
            return "no service of it is known"
        return why_not(action, self.selection, self.session)

    # Focus and layout --------------------------------------------------------------------------------------------------------

    def bring(self, pane: Pane) -> None:
        """Give this pane the keys, and the screen where there is room for only one."""
        if pane is not self.front:
            self._filter.close()  # what is typed there is about the pane that had them
        self.front = pane
        for each in self.panes:
            each.head.light(each is pane)
        self._show_panes()
        if not pane.body.has_focus:
            self.set_focus(pane.body)

    def on_resize(self, event: events.Resize) -> None:
        self._arrange(*event.size)
        self.look()
        self.call_after_refresh(self.redraw, None)

    def _arrange(self, width: int, height: int) -> None:
        """What is shown on a screen of this size. Widgets are shown and hidden one by one: a class on all of them would make
        Textual style everything anew."""
        self.tiny = width < LEAST[0] or height < LEAST[1]
        self.single = width < WIDE or height < HIGH or self.zoomed
        self._show_panes()

    def _show_panes(self) -> None:
        for pane in self.panes:
            pane.display = self._visible(pane)
        self._top.display = self.apps.display or self.resources.display
        self._switcher.display = self.single and not self.tiny
        self._header.display = self._bottom.display = not self.tiny
        self.query_one("#small").display = self.tiny
        self.apps.styles.max_width = "100%" if self.single else APPS_WIDEST
        self.apps.styles.width = "1fr" if self.single else "30%"
        self.resources.styles.border_left = ("none", "transparent") if self.single else None
        for pane, part in ((self.rollouts, "2fr"), (self.logs, "3fr")):
            pane.styles.height = "1fr" if self.single else part

    def on_descendant_focus(self, event: events.DescendantFocus) -> None:
        pane = next((pane for pane in self.panes if pane in event.widget.ancestors_with_self), None)
        if pane is not None and pane is not self.front:
            self._go_to(pane)

    @on(Pane.Touched)
    def _touched(self, event: Pane.Touched) -> None:
        self.look()
        event.pane.draw(self._moment(), frozenset())
        self.draw_keys()

    @on(ResourceTable.HeadClicked)
    def _head_clicked(self, event: ResourceTable.HeadClicked) -> None:
        event.stop()
        self.lists.sort_by(str(event.key))

    @on(TabStrip.Chosen, "#switcher")
    def _chosen(self, event: TabStrip.Chosen) -> None:
        self._go_to(next(pane for pane in self.panes if pane.id == event.tab))

    @on(StatusLine.PartClicked, "#header")
    def _header_clicked(self, event: StatusLine.PartClicked) -> None:
        self.action_act(HEADER_LEADS.get(event.part, "console.connections"))

    @on(KeyBar.Pressed)
    def _pressed(self, event: KeyBar.Pressed) -> None:
        self.action_act(event.action)

    def _go_to(self, pane: Pane) -> None:
        self.bring(pane)
        self.look()
        self.redraw(None)

    def _step(self, step: int) -> None:
        self._go_to(self.panes[(self.panes.index(self.front) + step) % len(self.panes)])

    def settle(self, pane: Pane, *, zoomed: bool) -> None:
        """Begin with this pane, alone where it is ``zoomed``."""
        self.front, self.zoomed = pane, zoomed
        self._arrange(*self.size)
        self._go_to(pane)

    def _zoom(self) -> None:
        self.zoomed = not self.zoomed
        self._arrange(*self.size)
        self.look()
        self.redraw(None)

    def _back(self) -> None:
        self._bottom.hush()
        if program(self).flights.hush():
            self.redraw(None)
        if self.front is self.resources and self.resources.unmark():
            return
        if self.front.widen():
            return
        if self.front.only_faults:
            self.lists.show_faults(False)
        elif self.zoomed:
            self._zoom()

    # The filter --------------------------------------------------------------------------------------------------------------

    @on(Input.Changed)
    def _typed(self, event: Input.Changed) -> None:
        event.stop()
        try:
            self.front.set_filter(event.value)
        except FilterError as error:
            self._filter.complain(str(error))
        else:
            self._filter.complain("")

    @on(FilterInput.Left)
    def _filter_left(self, event: FilterInput.Left) -> None:
        event.stop()
        if not event.keep:
            self.front.set_filter("")
        self._filter.close()
        body = self.front.body
        if event.keep and self.front.selected is None and isinstance(body, ResourceTable):
            body.action_edge(0)  # who filters wants what is left; only what vanishes by itself leaves nothing selected
        self.set_focus(body)

    # What actions do ---------------------------------------------------------------------------------------------------------

    def _table(self) -> Mapping[str, Callable[[], object]]:
        return {
            "focus.apps": lambda: self._go_to(self.apps),
            "focus.resources": lambda: self._go_to(self.resources),
            "focus.rollouts": lambda: self._go_to(self.rollouts),
            "focus.logs": lambda: self._go_to(self.logs),
            "focus.next": lambda: self._step(1),
            "focus.previous": lambda: self._step(-1),
            "pane.filter": lambda: self._filter.open(self.front.filter_text, self.front.typed, self.front.hint),
            "pane.zoom": self._zoom,
            "pane.back": self._back,
            "tab.next": lambda: self.resources.step_tab(1),
            "tab.previous": lambda: self.resources.step_tab(-1),
            **self.logs.acts(),
            **self.lists.acts(),
            **{id_: partial(self._lead, id_) for id_ in LEADS},
            "row.logs": self._follow_log,
            "row.changes": lambda: self._open(CHANGES),
            "row.copy": self._copy_id,
            "row.menu": self._menu,
            "row.runbook": lambda: program(self).views.open_runbook(self.front.selected),
            "open.pager": lambda: program(self).elsewhere.page(*program(self).views.text()),
            "open.editor": lambda: program(self).elsewhere.edit(*program(self).views.text()),
            "view.pick": lambda: program(self).open_palette("view "),
            **{f"view.{number}": partial(self._view, number) for number in range(1, 6)},
            "trail.last": lambda: program(self).views.open_last(),
            "rollout.link": lambda: program(self).copy_link(self.front.selected),
            "console.tighten": lambda: program(self).tighten(),
            "list.open": self._open,
            **{id_: partial(self._open_past, id_) for id_ in PAST},
            **{id_: partial(self._scrub, id_) for id_ in SCRUB},
            "alert.acknowledge": lambda: program(self).alarm.acknowledge(self.front.selected),
            "alert.snooze": lambda: program(self).alarm.snooze(),
            "console.refresh": lambda: program(self).refresh_now(),
            "console.connections": lambda: program(self).open_connections(),
            "console.palette": lambda: program(self).open_palette(),
            "console.help": lambda: program(self).open_help(self.front.place),
            "console.quit": lambda: program(self).leave(),
        }

    def action_act(self, id_: str) -> None:
        """Do what a key means, or say why it cannot be done."""
        action = ACTIONS[id_]
        reason = self.why_not(action)
        if reason:
            program(self).say(reason, "warn")
        elif action.verb is not None:
            program(self).asking.ask(action, self.selection)
        else:
            self._acts[id_]()

    def _lead(self, id_: str) -> None:
        program(self).home.act(id_)

    def _view(self, number: int) -> None:
        program(self).restoring.numbered(number)

    def _menu(self) -> None:
        row = self.session.store.get(self.front.selected) if self.front.selected is not None else None
        program(self).views.open_menu(self, self.front.place, str(row.name or row.ref.id) if row is not None else "")

    def _open_past(self, id_: str) -> None:
        program(self).recall.open(id_)

    def _scrub(self, id_: str) -> None:
        program(self).recall.scrub.acts()[id_]()

    def _open(self, form: str = FIELDS) -> None:
        ref = self.front.selected
        if ref is not None:
            program(self).views.open_detail(ref, form)

    def _copy_id(self) -> None:
        ref = self.front.selected
        if ref is not None:
            program(self).copy(ref.id)

    def _follow_log(self) -> None:
        refs = self.front.logged
        if refs:
            self.follow_log(*refs)

    def follow_log(self, *refs: Ref) -> None:
        """Follow the logs of things, merged, and give them the keys."""
        self.logs.follow(*refs)
        self._go_to(self.logs)
