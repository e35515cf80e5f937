"""Pane 1: apps and environments of all platforms in one tree, with what runs in them."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any, ClassVar, Final

from textual import on
from textual.binding import BindingType
from textual.widget import Widget

from tui.actions import Place
from tui.engine.joins import AppNode, EnvNode, newest
from tui.engine.recall.records import WRONG
from tui.engine.session import Session
from tui.model import TONES, Health, Kind, Ref, Resource, Rollout, Tone
from tui.tables import Cell, Moment, Span, lately, needs_approval, search_text, state, told
from tui.ui.keys import bindings_for
from tui.ui.notices import below, empty
from tui.ui.panes.listing import PaneTable, begins
from tui.ui.panes.pane import Pane
from tui.ui.program import program
from tui.ui.widgets.cells import Piece, total, width_of
from tui.ui.widgets.resource_table import ResourceTable
from tui.ui.widgets.table_draw import GUTTER
from tui.ui.widgets.table_layout import GAP, ColumnSpec
from tui.ui.widgets.table_rows import Row

COLUMNS: Final = (
    ColumnSpec(id="name", title="NAME", low=14, high=40, grow=True),
    ColumnSpec(id="state", title="STATE", low=10, high=16, rank=1),
    ColumnSpec(id="on", title="ON", low=5, high=24, rank=2),
)
MANY: Final = 40
"""More apps than this start folded."""


LARGE: Final = 2_000
"""Things from which on the tree is made anew at most once a second."""

SHOWN: Final = (Kind.APPLICATION, Kind.ENVIRONMENT, Kind.SERVICE, Kind.ROLLOUT)
"""The kinds that stand in the tree."""


def _gist(row: Resource) -> object:
    """As much of a record as the tree depends on."""
    if isinstance(row, Rollout):
        return row
    return (row.ref, row.name, row.health, getattr(row, "project", None), getattr(row, "app", None), getattr(row, "index", None))


@dataclass(frozen=True, slots=True)
class Branch:
    """One line of the tree: its key, what it stands for (the things a verb could be aimed at), what it says, what is below it."""

    key: Hashable
    rows: tuple[Resource, ...]
    cells: tuple[Cell, ...]
    name: str
    below: tuple[Branch, ...] = ()
    opens: bool = True


def _state(health: Health, approval: bool, words: Iterable[tuple[Health, Cell]]) -> Cell:
    """How a line is, in the word of what makes it so where all of that say the same: a canceled rollout has degraded nothing."""
    if approval:
        return (Span("◆ approval", Tone.WARN),)
    said = {cell for each, cell in words if each is health}
    if health in WRONG and len(said) == 1:
        return said.pop()
    if health is Health.UNKNOWN:
        return (Span("·", Tone.MUTED),)
    return (Span(state(health), TONES[health]),)


def _on(rows: Iterable[Resource]) -> Cell:
    return (Span(" ".join(dict.fromkeys(row.ref.connection for row in rows)), Tone.MUTED),)


def _leaf(row: Resource, above: Hashable, lead: str) -> Branch:
    approval = isinstance(row, Rollout) and needs_approval(row)
    shown = _state(row.health, approval, ()) if approval or not isinstance(row, Rollout) else (told(row),)
    name = (Span(lead, Tone.MUTED), Span(str(row.name or row.ref.id)))
    return Branch((above, row.ref), (row,), (name, shown, _on((row,))), "")


def _words(rows: Iterable[Resource], rollouts: Sequence[Rollout]) -> list[tuple[Health, Cell]]:
    """What the things below a line say of it."""
    return [(row.health, (told(row),)) for row in (*rows, *filter(None, (newest(rollouts),)))]


def _environment(node: EnvNode, app: str) -> Branch:
    key = ("environment", app, str(node.name))
    inside: list[Branch] = [_leaf(row, key, "service ") for row in node.services]
    inside += [_leaf(row, key, "rollout ") for row in node.rollouts]
    if len(node.environments) > 1 or inside:
        inside = [_leaf(row, key, f"{row.ref.connection}: ") for row in node.environments] + inside
    approval = any(needs_approval(row) for row in node.rollouts)
    shown = _state(node.health, approval, _words((*node.environments, *node.services), node.rollouts))
    cells = ((Span(str(node.name)),), shown, _on(node.environments))
    return Branch(key, node.environments, cells, str(node.name), tuple(inside), opens=False)


def _app(node: AppNode) -> Branch:
    key = ("app", str(node.name))
    below_it = [_environment(each, str(node.name)) for each in node.environments]
    below_it += [_leaf(row, key, "service ") for row in node.services] + [_leaf(row, key, "rollout ") for row in node.rollouts]
    approval = any(needs_approval(row) for each in node.environments for row in each.rollouts) or any(map(needs_approval, node.rollouts))
    members = (*node.applications, *(row for each in node.environments for row in each.environments), *node.services)
    words = [(each.health, branch.cells[1]) for each, branch in zip(node.environments, below_it, strict=False)]
    words += _words((*node.applications, *node.services), node.rollouts)
    cells = ((Span(str(node.name), None),), _state(node.health, approval, words), _on(members))
    return Branch(key, node.applications, cells, str(node.name), tuple(below_it))


def services_in(branch: Branch) -> Iterator[Ref]:
    """The services that a line of the tree stands for or has below it."""
    yield from (row.ref for row in branch.rows if row.ref.kind is Kind.SERVICE)
    for each in branch.below:
        yield from services_in(each)


class AppsPane(Pane):
    """A tree. Apps start open, environments folded; what was opened or folded stays so while data change."""

    place: ClassVar[Place] = Place.APPS
    number: ClassVar[int] = 1
    title: ClassVar[str] = "Apps & environments"
    short: ClassVar[str] = "Apps"
    BINDINGS: ClassVar[list[BindingType]] = bindings_for(Place.APPS)

    def __init__(self, session: Session, **options: Any) -> None:
        super().__init__(session, **options)
        self._tree = PaneTable(tree=True, id="tree")
        self._tree.set_columns(COLUMNS)
        self._branches: tuple[Branch, ...] = ()
        self._rows_of: dict[Hashable, tuple[Resource, ...]] = {}
        self._branch_of: dict[Hashable, Branch] = {}
        self._texts: dict[Ref, tuple[Resource, str]] = {}
        self._seen: dict[Kind, int] = {}
        self._made, self._rest = float("-inf"), 0.0
        self._turned: set[Hashable] = set()
        self._dirty = True
        self._stale: dict[tuple[str, Kind], str] = {}
        self._on = self._named = 0
        self._made_for = -1

    def compose_body(self) -> Iterable[Widget]:
        yield self._tree

    @property
    def body(self) -> PaneTable:
        return self._tree

    def kinds(self) -> frozenset[Kind]:
        return frozenset({Kind.APPLICATION, Kind.ENVIRONMENT})

    @property
    def refs(self) -> tuple[Ref, ...]:
        """Everything the line under the cursor stands for."""
        return tuple(row.ref for row in self._rows_of.get(self._tree.cursor_key, ()))

    @property
    def logged(self) -> tuple[Ref, ...]:
        """The services of the line under the cursor: of an app or an environment all that run in it."""
        branch = self._branch_of.get(self._tree.cursor_key)
        return tuple(dict.fromkeys(services_in(branch))) if branch is not None else ()

    @property
    def selected(self) -> Ref | None:
        return next(iter(self.refs), None)

    @property
    def kind_listed(self) -> Kind | None:
        return Kind.APPLICATION

    @property
    def apps(self) -> int:
        return len(self._branches)

    def draw(self, moment: Moment, changed: frozenset[Kind] | None) -> None:
        store, boot = self.session.store, self.session.clock.boot()
        # Most changes are measurements, and the tree shows none.
        for kind in changed.intersection(SHOWN) if changed is not None else ():
            seen = hash(tuple(map(_gist, store.rows(kind))))
            # A filter looks at all that a record says.
            self._dirty, self._seen[kind] = self._dirty or bool(self.filter) or seen != self._seen.get(kind), seen
        feeds = list(self.feeds())
        known = [(feed, store.freshness(feed)) for feed in self.session.feeds() if feed.kind in SHOWN]
        stale = {(feed.connection, feed.kind): lately(fresh.age(boot) or 0.0) for feed, fresh in known if fresh.stale(boot)}
        due = boot - self._made >= self._rest
        if (due and (self._dirty or stale != self._stale)) or self._made_for != self._tree.inner_width:
            self._dirty, self._stale, self._made_for, self._made = False, stale, self._tree.inner_width, boot
            # A tree of thousands takes a while to make, and something in it changes all the time.
            things = sum(len(store.rows(kind)) for kind in SHOWN)
            self._rest = 0.0 if things < LARGE else 1.0
            if len(self._texts) > 2 * things + 100:
                self._texts.clear()  # each holds the record of something that may be gone
            self._branches = tuple(_app(node) for node in self.session.tree())
            self._show()
        keys = program(self).keymap
        if not self._branches:
            notice = empty(
                "apps",
                [feed for feed in feeds if feed.kind is Kind.APPLICATION],
                store,
                boot,
                keys,
                begins(Kind.APPLICATION, self.session, keys),
            )
            self._tree.set_message(notice.lines, notice.tone)
        elif not self._tree.rows:
            self._tree.set_message([f"None of {len(self._branches)} apps match the filter.", "esc shows everything"])
        self.set_notice(below(feeds, store, boot, keys) if self._branches else ())
        self.draw_head(*([Piece(str(self.apps), "muted")] if self.apps else []))

    def _show(self) -> None:
        self._rows_of, self._branch_of = {}, {}
        widest = max((width_of(each.cells[2][0].text) for each in self._branches), default=0)
        rows = tuple(self._rows(self._branches, 0))
        # Wide enough for all names together, or not shown; neither ever gets narrower. A name is worth more than where a thing is.
        self._on = max(self._on, min(COLUMNS[2].high, widest))
        self._named = max(self._named, *(2 * row.depth + 2 + total(row.cells[0]) for row in rows), 0)
        name, state_, on = COLUMNS
        room = max(name.low, self._made_for - GUTTER - state_.low - GAP)
        self._tree.set_columns((replace(name, low=min(room, max(name.low, self._named))), state_, replace(on, low=max(on.low, self._on))))
        self._tree.show_rows(rows)

    def _rows(self, branches: Sequence[Branch], depth: int, *, whole: bool = False) -> Iterator[Row]:
        """The lines as far as they are open; under a filter only what fits it, what is above that, and the ``whole`` of what is below."""
        for branch in branches:
            all_of_it = whole or not self.filter or self._fits(branch)
            inside = branch.below if all_of_it else self._fitting(branch.below)
            if not all_of_it and not inside:
                continue
            is_open = self._is_open(branch) or not all_of_it
            self._rows_of[branch.key] = branch.rows
            self._branch_of[branch.key] = branch
            yield Row(branch.key, self._cells(branch), depth, is_open if branch.below else None)
            if is_open:
                yield from self._rows(inside, depth + 1, whole=all_of_it)

    def _cells(self, branch: Branch) -> tuple[Cell, ...]:
        """What a line says; dimmed and with its age where no connection of it was read lately."""
        name, how, on = branch.cells
        read = {(row.ref.connection, row.ref.kind) for row in branch.rows}
        if not read or not read <= self._stale.keys():
            return branch.cells
        dim = tuple(tuple(Span(piece.text, Tone.MUTED) for piece in cell) for cell in (name, how))
        return (*dim, (Span(f"{on[0].text} {self._stale[min(read)]}", Tone.WARN),))

    def _fits(self, branch: Branch) -> bool:
        return self.filter.fits(" ".join((branch.name.casefold(), *map(self._text, branch.rows))))

    def _text(self, row: Resource) -> str:
        known = self._texts.get(row.ref)
        if known is None or known[0] is not row:
            known = self._texts[row.ref] = (row, search_text(row))
        return known[1]

    def _fitting(self, branches: Sequence[Branch]) -> tuple[Branch, ...]:
        return tuple(branch for branch in branches if self._fits(branch) or self._fitting(branch.below))

    def _is_open(self, branch: Branch) -> bool:
        opens = branch.opens and len(self._branches) <= MANY
        return opens is not (branch.key in self._turned)

    def refilter(self) -> None:
        self._tree.set_highlight(self.filter.pattern)
        self._dirty, self._rest = True, 0.0

    @on(ResourceTable.RowToggled)
    def _toggled(self, event: ResourceTable.RowToggled) -> None:
        event.stop()
        self._turned ^= {event.key}
        self._show()

    @on(ResourceTable.RowHighlighted)
    def _highlighted(self, event: ResourceTable.RowHighlighted) -> None:
        event.stop()
        self.touched()

    @on(ResourceTable.RowOpened)
    def _opened(self, event: ResourceTable.RowOpened) -> None:
        event.stop()
        self.action_act("list.open")
