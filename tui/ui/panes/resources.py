"""Pane 2: services, deployments, instances, routes, projects and webhooks, one tab each."""

from __future__ import annotations

from collections.abc import Collection, Hashable, Iterable, Mapping, Sequence
from typing import Any, ClassVar, Final

from textual import on
from textual.binding import BindingType
from textual.widget import Widget

from tui.actions import Place
from tui.engine.feeds import Feed
from tui.engine.session import Session
from tui.model import Kind, Ref
from tui.tables import TABLES, Filter, Moment, Table
from tui.ui.aim import Selection
from tui.ui.keys import bindings_for
from tui.ui.panes.listing import Listing, PaneTable
from tui.ui.panes.pane import Pane, Summary, summed
from tui.ui.program import program
from tui.ui.widgets.cells import Piece
from tui.ui.widgets.resource_table import ResourceTable
from tui.ui.widgets.table_rows import Row, keys_of
from tui.ui.widgets.tabs import Tab, TabStrip

KINDS: Final = (Kind.SERVICE, Kind.DEPLOYMENT, Kind.INSTANCE, Kind.ROUTE, Kind.PROJECT, Kind.WEBHOOK)
"""The tabs, in order."""


def _looks_up(listing: Listing, wanted: Filter) -> bool:
    """Whether which rows are listed, or in which order, hangs on records of another kind: a service's last deploy on deployments."""
    table, by = listing.asked, listing.sort.column if listing.sort is not None else ""
    asked = [each for each in table.columns if each.id == by] + [term.of(table) for _, term in wanted.terms]
    return any(each is not None and each.looks_up for each in asked)


class ResourcesPane(Pane):
    """Six lists, one shown. Each keeps its own cursor; the filter is one for all."""

    place: ClassVar[Place] = Place.RESOURCES
    number: ClassVar[int] = 2
    title: ClassVar[str] = "Services"
    short: ClassVar[str] = "Services"
    BINDINGS: ClassVar[list[BindingType]] = bindings_for(Place.RESOURCES)

    def __init__(self, session: Session, **options: Any) -> None:
        super().__init__(session, **options)
        self.kind = Kind.SERVICE
        self._known_marks: tuple[Sequence[Row], frozenset[Hashable], tuple[Ref, ...]] | None = None
        self._lists = {
            kind: Listing(session, kind, PaneTable(id=f"list-{kind}", marks=True), title=TABLES[kind].title.lower()) for kind in KINDS
        }

    def compose_body(self) -> Iterable[Widget]:
        # The other tables are mounted when their tab is opened: most never are, and each costs time before the first paint.
        yield self.body

    @property
    def body(self) -> PaneTable:
        return self._lists[self.kind].table

    @property
    def listing(self) -> Listing:
        """The list that is shown."""
        return self._lists[self.kind]

    @property
    def listings(self) -> tuple[Listing, ...]:
        """All of them, in the order of the tabs."""
        return tuple(self._lists.values())

    def kinds(self) -> frozenset[Kind]:
        return frozenset(KINDS)

    def feeds(self) -> Collection[Feed]:
        # A service's last deploy is read off the deployments.
        wanted = {self.kind, Kind.DEPLOYMENT} if self.kind is Kind.SERVICE else {self.kind}
        return [feed for feed in self.session.feeds() if feed.kind in wanted]

    @property
    def selected(self) -> Ref | None:
        return self.listing.selected

    @property
    def kind_listed(self) -> Kind | None:
        return self.kind

    @property
    def marked(self) -> tuple[Ref, ...]:
        """The marked things, in the order of the list. Asked by each key of the key bar: of ten thousand rows it is worked out once."""
        rows, marks = self.body.rows, self.body.marks
        if self._known_marks is None or self._known_marks[0] is not rows or self._known_marks[1] is not marks:
            found = tuple(key for key in keys_of(rows) if key in marks and isinstance(key, Ref)) if marks else ()
            self._known_marks = (rows, marks, found)
        return self._known_marks[2]

    @property
    def selection(self) -> Selection:
        return Selection(self.refs, self.kind_listed, self.marked)

    def unmark(self, refs: Collection[Ref] | None = None) -> bool:
        """Let go of these marks (None: of all that are shown); whether there were any."""
        had = bool(self.body.marks)
        for listing in self._lists.values() if refs is not None else (self.listing,):
            listing.table.set_marks(listing.table.marks - frozenset(refs) if refs is not None else frozenset())
        return had

    def tables(self) -> Mapping[Kind, Table[Any]]:
        return {**TABLES, **{each.kind: each.asked for each in self.listings}}

    def tabs(self) -> tuple[Sequence[Tab], str]:
        made = []
        for kind, each in self._lists.items():
            made.append(Tab(id=str(kind), label=TABLES[kind].title, **summed(each.total, each.worst)))
        return made, str(self.kind)

    def summary(self) -> Summary:
        services = self._lists[Kind.SERVICE]
        services.count()
        return summed(services.total, services.worst)

    def open_tab(self, kind: Kind) -> None:
        """Show this kind; the keys go to its list if this pane has them."""
        if kind is self.kind:
            return
        had_focus = self.body.has_focus
        self.body.display = False
        self.kind = kind
        self.body.display = True
        if not self.body.is_attached:
            self.mount(self.body, after=self.head)
        if had_focus:
            self.body.focus()
        self.touched()

    def step_tab(self, step: int) -> None:
        self.open_tab(KINDS[(KINDS.index(self.kind) + step) % len(KINDS)])

    def draw(self, moment: Moment, changed: frozenset[Kind] | None) -> None:
        for kind, each in self._lists.items():
            if changed is not None and kind in changed:
                each.changed()
                if kind is not self.kind:
                    each.count()
            elif changed and _looks_up(each, self.filter):
                each.changed()
        self.listing.set_filter(self.filter)
        self.listing.set_faults(self.only_faults)
        before = self.body.marks
        self.set_notice(self.listing.draw(moment))
        if lost := len(before - self.body.marks):
            program(self).say(f"{lost} {'is' if lost == 1 else 'are'} not marked any more: not among what is shown", "warn")
        info = [Piece(f"{len(self.body.marks)} marked", "accent")] if self.body.marks else []
        self.draw_head(*info, *self.listing.told(moment))

    def refilter(self) -> None:
        """Drawn with everything else."""

    @on(TabStrip.Chosen)
    def _tab_chosen(self, event: TabStrip.Chosen) -> None:
        event.stop()
        self.open_tab(Kind(event.tab))

    @on(ResourceTable.RowHighlighted)
    def _highlighted(self, event: ResourceTable.RowHighlighted) -> None:
        event.stop()
        self.touched()

    @on(ResourceTable.MarksChanged)
    def _marked(self, event: ResourceTable.MarksChanged) -> None:
        event.stop()
        self.touched()

    @on(ResourceTable.RowOpened)
    def _opened(self, event: ResourceTable.RowOpened) -> None:
        event.stop()
        self.action_act("list.open")
