"""One kind as a list: the rows a store has, filtered, sorted, drawn by a table; dimmed with their age where they may be wrong."""

from __future__ import annotations

from collections.abc import Callable, Collection, Hashable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any, Final

from textual import events

from tui.actions import ACTIONS, Keymap
from tui.engine.feeds import Feed
from tui.engine.session import Session
from tui.forms import FORMS
from tui.model import Health, Kind, Ref, Resource, Tone, Verb
from tui.tables import TABLES, Cell, Column, Filter, Moment, Sort, Span, Table, age, attention, lately, search_text
from tui.ui.aim import Selection, why_not
from tui.ui.notices import NONE, UNLISTED, below, empty, unmatched
from tui.ui.panes.look import WHOLE, Look, chosen, spread
from tui.ui.program import program
from tui.ui.widgets.cells import Piece, width_of
from tui.ui.widgets.resource_table import ResourceTable
from tui.ui.widgets.table_rows import LazyRows, Row

DOING: Final = {
    Verb.CREATE: "creating",
    Verb.UPDATE: "changing",
    Verb.DELETE: "deleting",
    Verb.START: "starting",
    Verb.STOP: "stopping",
    Verb.RESTART: "restarting",
    Verb.SET: "setting",
    Verb.TRIGGER: "triggering",
    Verb.ADOPT: "adopting",
}


FLASH: Final = 3.0
"""A changed cell is marked for one to two times so many seconds."""


class PaneTable(ResourceTable):
    """The table of a pane. Folding is for trees; elsewhere left and right are the pane's own keys.

    Until a key or a click steers it, its cursor stays on the first row, so that a console which is still learning what there is does
    not begin in the middle. From then on the cursor is a thing, wherever that goes.
    """

    def __init__(self, *, tree: bool = False, marks: bool = False, **options: Any) -> None:
        super().__init__(tree=tree, flash=FLASH, **options)
        self._marks = marks
        self._folds = tree
        self.steered = False

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        if (action == "mark" and not self._marks) or (action == "fold" and not self._folds):
            return False
        return super().check_action(action, parameters)

    @property
    def wanted(self) -> Hashable | None:
        """What the cursor is on, or goes to when it comes back; None while nobody has steered it."""
        return self._at.wanted if self.steered else None

    @property
    def lost(self) -> Hashable | None:
        """What the cursor was on where it is on nothing now, because that is not among the rows."""
        return self._at.lost if len(self.rows) else None

    @property
    def cursor_row(self) -> int:
        """The number of the row under the cursor, or where it was; 0 where it never was on any."""
        return self._at.near

    def want(self, key: Hashable, near: int = 0) -> None:
        """Put the cursor on a thing as soon as it is there; until then it goes on from row ``near``."""
        self.steered = True
        self._at.want(key, near)

    def show_rows(self, rows: Sequence[Row]) -> None:
        super().show_rows(rows)
        if not self.steered and len(rows) and self.cursor_key != rows[0].key:
            self.move_to(rows[0].key)

    def on_key(self, event: events.Key) -> None:
        self.steered = True

    def on_mouse_down(self, event: events.MouseDown) -> None:
        self.steered = True


def _seen(row: Resource, moment: Moment) -> str:
    return ""


SEEN: Final[Column[Any]] = Column(id="seen", title="SEEN", show=_seen, low=4, high=4, right=True, ages=True)
"""Stands at the end of a list in which something is out of date: how long ago that row was last read."""

SAMPLE: Final = 200
"""Rows whose texts are measured for the width of a column."""

LATELY: Final = 10.0
"""Seconds after which a filter that asks for ages is looked at again."""

SIDE: Final = 16
"""Cells that a column of low rank may claim for itself; beyond that it takes what is left over."""


def _dim(cell: Cell) -> Cell:
    return tuple(Span(piece.text, Tone.MUTED) for piece in cell)


CellMaker = Callable[[Column[Any], Resource, Moment], Cell]


class Listing:
    """The rows of one kind on one table. Sorting and filtering happen when data change, never when only time goes by."""

    def __init__(
        self, session: Session, kind: Kind, table: PaneTable, *, title: str, cells: CellMaker | None = None, without: Collection[str] = ()
    ) -> None:
        """``title`` is the kind in lower case and plural, for sentences; ``cells`` may draw a column otherwise; columns ``without``
        which the pane does better are left out."""
        self.session = session
        self.kind = kind
        self.table = table
        self.title = title
        self._cells = cells
        self._known: dict[Ref, Resource] = {}
        self._texts: dict[int, tuple[Resource, str]] = {}
        self._keys: tuple[Ref, ...] = ()
        self._filter = Filter()
        self._faults = False
        self.sort: Sort | None = None
        self._arranged: datetime | None = None
        self._dirty = True
        self._counted: tuple[Resource, ...] = ()
        self.total = 0
        self.worst: Tone | None = None
        self._without = without
        self.look = Look()
        self._frozen: tuple[tuple[Resource, ...], Moment] | None = None
        self._columns: tuple[Column[Any], ...] = chosen(kind, self.look, without)
        self._measured: dict[Ref, Resource] = {}
        self._chosen: Resource | None = None
        table.set_columns(self._columns)

    @property
    def shown(self) -> int:
        return len(self._keys)

    @property
    def columns(self) -> tuple[Column[Any], ...]:
        """The columns of this list, whether or not there is room for them."""
        return self._columns

    @property
    def asked(self) -> Table[Any]:
        """The columns that a filter may ask for: those of the kind, shown or not, and those that were added."""
        whole = TABLES[self.kind]
        own = {each.id for each in whole.columns}
        return replace(whole, columns=(*whole.columns, *(each for each in self._columns if each.id not in own)))

    @property
    def rows(self) -> tuple[Resource, ...]:
        """What is shown, in this order."""
        return tuple(self._known[key] for key in self._keys)

    @property
    def selected(self) -> Ref | None:
        key = self.table.cursor_key
        return key if isinstance(key, Ref) and key in self._known else None

    def feeds(self) -> list[Feed]:
        return list(self.session.feeds(self.kind))

    def changed(self) -> None:
        """Rows may differ: sort and filter again when next drawn."""
        self._dirty = True

    def claim(self, column: str, cells: int) -> None:
        """This column needs so many cells, before one of less rank is shown at all."""
        least = next((each.low for each in TABLES[self.kind].columns if each.id == column), 0)
        wide = max(least, cells)
        self._measured.clear()
        self._columns = tuple(replace(each, low=min(each.high, wide)) if each.id == column else each for each in self._columns)

    def set_filter(self, wanted: Filter) -> None:
        if wanted != self._filter:
            self._filter = wanted
            self._dirty = True
            self.table.set_highlight(wanted.pattern)

    def set_sort(self, sort: Sort | None) -> None:
        """Sort by a column, or None: in the kind's own order."""
        self.sort = sort
        self._dirty = True
        self.table.set_sort(sort.column if sort else None, descending=bool(sort and sort.descending))

    def set_look(self, look: Look) -> None:
        """Show these columns, in this way."""
        if look != self.look:
            self.look = look
            self._columns = chosen(self.kind, look, self._without)
            self._measured.clear()
            self._dirty = True

    @property
    def rows_now(self) -> tuple[Resource, ...]:
        """Every row of the kind; those of then where the list stands still."""
        return self.session.store.rows(self.kind) if self._frozen is None else self._frozen[0]

    def freeze(self, moment: Moment | None) -> None:
        """Let the list stand still as it is at this moment; None: go on."""
        rows = self.session.store.rows(self.kind)
        self._frozen = None if moment is None else (rows, replace(moment, read={row.ref: moment.known(row) for row in rows}.get))
        self._dirty = True

    @property
    def frozen_at(self) -> datetime | None:
        """Since when the list has been standing still."""
        return None if self._frozen is None else self._frozen[1].now

    def told(self, moment: Moment) -> list[Piece]:
        """What the head of the pane is to say of the list: that it stands still, how many are shown, that it is wide, and how it is sorted
        where no title says that."""
        pieces = [] if self.frozen_at is None else [Piece(f"‖ FROZEN {moment.ago(self.frozen_at)}", "warn")]
        if self._filter or self._faults:
            pieces.append(Piece(counted(len(self.rows_now), self.shown), "muted"))
        if self.look.wide:
            pieces.append(Piece(f"wide, {self.look.skip} left of this" if self.look.skip else "wide", "muted"))
        if self.sort is not None and self.sort.column not in {each.id for each in self.table.slots if self.table.head}:
            title = next((each.title.lower() for each in self._columns if each.id == self.sort.column), "")
            pieces.append(Piece(f"sorted: {title} {'▼' if self.sort.descending else '▲'}", "muted"))
        return pieces

    def set_faults(self, only: bool) -> None:
        """Show only what asks for a person, or everything."""
        if only is not self._faults:
            self._faults = only
            self._dirty = True

    def count(self) -> None:
        """How many there are and how the worst is, without drawing anything."""
        rows = self.session.store.rows(self.kind)
        if rows is self._counted:
            return
        self._counted = rows
        self.total = len(rows)
        worst = min(map(attention, rows), default=2)
        self.worst = {0: Tone.BAD, 1: Tone.WARN}.get(worst)

    def _arrange(self, moment: Moment) -> None:
        self._dirty = False
        self.count()
        rows = self.rows_now
        table = replace(TABLES[self.kind], columns=self._columns)
        if self._faults:
            rows = tuple(row for row in rows if not healthy(row))
        if self._filter:
            rows = self._filter.among(rows, self._text, self.asked, moment)
        ordered = table.sorted(rows, moment, self.sort)
        self._arranged = moment.now
        self._known = {row.ref: row for row in ordered}
        self._keys = tuple(self._known)
        self._widen(ordered[:SAMPLE], moment)
        if len(self._texts) > 2 * self.total + 100:
            self._texts.clear()

    def _widen(self, rows: Sequence[Resource], moment: Moment) -> None:
        """A column that is shown has the cells that its texts take, before one of less rank is shown at all; what ranks low gets no
        more than a few. Never narrower than before, so that nothing jumps; and what time lengthens takes no column's place."""
        if not rows:
            return
        # Ages pass and what is looked up changes without the record; everything else of one that is the same was measured already.
        measured, self._measured = self._measured, {row.ref: row for row in rows}
        fresh = [row for row in rows if measured.get(row.ref) is not row]
        self._columns = tuple(self._wide(column, rows if column.ages or column.looks_up else fresh, moment) for column in self._columns)

    def _wide(self, column: Column[Any], rows: Sequence[Resource], moment: Moment) -> Column[Any]:
        if column.ages and not self.look.wide:
            return column
        widest = max((width_of(column.text(row, moment)) for row in rows), default=0)
        most = WHOLE if self.look.wide else column.high if column.rank <= 1 else min(column.high, SIDE)
        return replace(column, low=max(column.low, min(most, widest)))

    def _text(self, row: Resource) -> str:
        # By its id, which is hashed at once; the row is kept with it, so that no other can have that id.
        known = self._texts.get(id(row))
        if known is None:
            known = self._texts[id(row)] = (row, search_text(row))
        return known[1]

    def arrange(self, moment: Moment) -> None:
        """Sort, filter and measure what there is now, if anything of that may be different."""
        moment = self._frozen[1] if self._frozen is not None else moment
        # Ages that are asked for by the filter pass by themselves.
        old = self._filter.terms and self._arranged is not None and (moment.now - self._arranged).total_seconds() >= LATELY
        if self._dirty or old:
            self._arrange(moment)

    def draw(self, moment: Moment) -> tuple[Piece, ...]:
        """Draw the list; returns what the notice line is to say."""
        moment = self._frozen[1] if self._frozen is not None else moment
        self.arrange(moment)
        store, boot = self.session.store, self.session.clock.boot()
        feeds = self.feeds()
        stale = {feed: store.freshness(feed).age(boot) or 0.0 for feed in feeds if store.freshness(feed).stale(boot)}
        columns = spread(self._columns, self.look)
        if stale and self._keys:
            # The last of a wide list may be beyond the edge.
            columns = (columns[0], SEEN, *columns[1:]) if self.look.wide else (*columns, SEEN)
        self.table.set_columns(columns)
        if not self._keys:
            self._draw_empty(feeds, boot)
        self.table.show_rows(LazyRows(self._keys, self._maker(moment, columns, stale)))
        self._chosen = self._known[self.selected] if self.selected is not None else self._chosen
        return (below(feeds, store, boot, program(self.table).keymap) if self.total else ()) or self._lost()

    def _lost(self) -> tuple[Piece, ...]:
        """That nothing is selected because what was is not there: no key may be aimed at whatever took its place."""
        ref = self.table.lost
        if not isinstance(ref, Ref):
            return ()
        name = self._chosen.name if self._chosen is not None and self._chosen.ref == ref else ""
        hidden = self.session.store.get(ref) is not None
        why = "is not among what is shown" if hidden else "is gone"
        down = program(self.table).keymap.told("↓")
        return (Piece(f"○ {name or ref.id} {why}, so nothing is selected; {down} goes on where it was", Tone.IDLE),)

    def _draw_empty(self, feeds: Sequence[Feed], boot: float) -> None:
        if self._faults and not self._filter and self.total:
            self.table.set_message([f"Nothing is wrong with any of {self.total} {self.title}.", "esc shows everything"])
            return
        if self._filter and self.total:
            missing = self._filter.missing(self.asked)
            self.table.set_message(unmatched(self.title, self.total, missing, program(self.table).keymap))
            return
        keys = program(self.table).keymap
        none_of = UNLISTED if (self.kind, Verb.ADOPT) in FORMS else NONE
        notice = empty(self.title, feeds, self.session.store, boot, keys, begins(self.kind, self.session, keys), none_of)
        self.table.set_message(notice.lines, notice.tone)

    def _maker(self, moment: Moment, columns: Sequence[Column[Any]], stale: dict[Feed, float]) -> Callable[[Hashable], Row]:
        store = self.session.store

        def make(key: Hashable) -> Row:
            row = self._known[key]  # type: ignore[index]
            feed = store.feed_of(row.ref)
            old = stale.get(feed) if feed is not None else None
            if old is None:
                return Row(key, tuple(() if column is SEEN else self._cell(column, row, moment) for column in columns))
            seen: Cell = (Span(lately(old), Tone.WARN),)
            cells = (seen if column is SEEN else _dim(self._cell(column, row, moment)) for column in columns)
            return Row(key, tuple(cells))

        return make

    def _cell(self, column: Column[Any], row: Resource, moment: Moment) -> Cell:
        if column.id == "status":
            pending = self.session.store.pending(row.ref)
            if pending is not None:
                since = age(self.session.clock.boot() - pending.since)
                if pending.word == "unknown":
                    return (Span(f"? {pending.verb}? {since}", Tone.UNKNOWN),)
                return (Span(f"◐ {DOING[pending.verb]} {since}", Tone.BUSY),)
        return self._cells(column, row, moment) if self._cells else column.cell(row, moment)


BEGINS: Final[Mapping[Kind, tuple[tuple[str, str], ...]]] = {
    Kind.ROLLOUT: (("row.trigger", "triggers one"), ("rollout.adopt", "follows one begun elsewhere")),
    Kind.SERVICE: (("row.deploy", "deploys one"),),
    Kind.DEPLOYMENT: (("row.deploy", "makes one"),),
}
"""How there come to be some where there are none, by key; of the other kinds one is created."""


def begins(kind: Kind, session: Session, keys: Keymap) -> str:
    """How the first thing of a kind comes to be, as far as that can be done from here; empty if it cannot."""
    ways = BEGINS.get(kind, (("row.new", "creates one"),))
    told = [
        (key, words)
        for id_, words in ways
        for key in keys.spelled_ids(id_)
        if key and why_not(ACTIONS[id_], Selection(kind=kind), session) is None
    ]
    return ", ".join(f"{key} {words}" for key, words in told)


def counted(total: int, shown: int) -> str:
    """``24``, or ``3/24`` while a filter hides some."""
    return str(total) if shown == total else f"{shown}/{total}"


def healthy(row: Resource) -> bool:
    """Whether nothing about this row asks for a person."""
    return row.health not in {Health.BAD, Health.WARN}
