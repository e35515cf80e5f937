"""Pane 3: the rollouts, those going on first, with their phases in as many cells as there are."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Iterator, Mapping
from typing import Any, ClassVar, Final

from textual import on
from textual.binding import BindingType
from textual.widget import Widget

from tui.actions import Place
from tui.engine.session import Session
from tui.model import Kind, Ref, Resource, Rollout, Tone
from tui.tables import TABLES, Cell, Column, Moment, Span, Table, is_frozen, lasting, needs_approval
from tui.ui.keys import bindings_for
from tui.ui.panes.listing import SAMPLE, Listing, PaneTable
from tui.ui.panes.pane import Pane, Summary, summed
from tui.ui.widgets.cells import Piece, total
from tui.ui.widgets.phase_bar import phase_bar
from tui.ui.widgets.resource_table import ResourceTable
from tui.ui.widgets.table_draw import GUTTER
from tui.ui.widgets.table_layout import GAP

SHARE: Final = 0.49
"""How much of a wide pane the phases have for themselves, whatever they say at the moment: a cell more of them drives no column out."""
MOST: Final = 57
"""Cells in which all that phases usually say has room."""
LENGTH: Final = 5
"""Cells of ``59m59``: a length that grows by one moves nothing."""


class RolloutsPane(Pane):
    """A list of rollouts. How many wait for a person is said in the head."""

    place: ClassVar[Place] = Place.ROLLOUTS
    number: ClassVar[int] = 3
    title: ClassVar[str] = "Live rollouts"
    short: ClassVar[str] = "Rollouts"
    BINDINGS: ClassVar[list[BindingType]] = bindings_for(Place.ROLLOUTS)

    def __init__(self, session: Session, **options: Any) -> None:
        super().__init__(session, **options)
        self._table = PaneTable(id="list-rollout", show_head=False)
        self._form: bool | None = None
        self._beside = 0
        self._awaited: tuple[Ref, Hashable | None] | None = None
        self._begun: frozenset[Ref] = frozenset()
        self.listing = Listing(session, Kind.ROLLOUT, self._table, title="rollouts", cells=self._cell, without={"state"})

    def compose_body(self) -> Iterable[Widget]:
        yield self._table

    @property
    def body(self) -> PaneTable:
        return self._table

    def tables(self) -> Mapping[Kind, Table[Any]]:
        return {**TABLES, Kind.ROLLOUT: self.listing.asked}

    def kinds(self) -> frozenset[Kind]:
        return frozenset({Kind.ROLLOUT})

    @property
    def selected(self) -> Ref | None:
        return self.listing.selected

    @property
    def kind_listed(self) -> Kind | None:
        return Kind.ROLLOUT

    def await_row(self, ref: Ref) -> None:
        """Go to a rollout that was begun or adopted here as soon as it is listed, unless the cursor was moved meanwhile."""
        self._awaited = (ref, self._table.cursor_key)

    def _show_begun(self) -> None:
        """A rollout that has just begun comes into sight where nobody is busy with the list: a cursor of the last run kept it away."""
        begun = frozenset(row.ref for row in self._rollouts if row.completed_at is None)
        if begun - self._begun and not self._table.has_focus:
            self._table.scroll_lines(0)
        self._begun = begun

    def _arrived(self) -> None:
        if self._awaited is None:
            return
        ref, left_at = self._awaited
        if self._table.cursor_key != left_at:
            self._awaited = None
        elif any(row.ref == ref for row in self.listing.rows):
            self._awaited = None
            self._table.move_to(ref)

    def _cell(self, column: Column[Any], row: Resource, moment: Moment) -> Cell:
        if column.id == "phases" and isinstance(row, Rollout):
            width = next((slot.width for slot in self._table.slots if slot.id == "phases"), column.high)
            return tuple(phase_bar(row, moment, width))  # type: ignore[arg-type]
        if column.id == "elapsed" and isinstance(row, Rollout):
            so_far, *usual = lasting(row, moment, short=self._form is not False)
            usual = usual if self._form is not None else []
            # The lengths stand under each other, whatever is said beside them.
            return (so_far, *usual, Span(" " * (self._beside - total(usual))))
        return column.cell(row, moment)

    @property
    def _width(self) -> int:
        return self._table.inner_width - GUTTER

    @property
    def _least(self) -> int:
        """What the phases have for themselves at least."""
        low = next(each.low for each in TABLES[Kind.ROLLOUT].columns if each.id == "phases")
        return max(low, min(MOST, int(self._width * SHARE)))

    def _give_phases(self) -> None:
        """The phases take what the columns beside them leave, and no more for what they say: time lengthens them all the while."""
        width, least = self._width, self._least
        beside = [each for each in self.listing.columns if each.id != "phases"]
        while sum(each.low + GAP for each in beside) + least > width and any(each.rank for each in beside):
            beside.remove(max(beside, key=lambda each: each.rank))
        self.listing.claim("phases", max(least, width - sum(each.low + GAP for each in beside)))

    def _say_usual(self, moment: Moment) -> None:
        """How much of what is usual there is room for beside what must be seen of a rollout: the sentence, the length, or nothing."""
        going = [row for row in self._rollouts if row.completed_at is None]
        others = sum(each.low + GAP for each in self.listing.columns if each.rank <= 1 and each.id != "phases")
        room = self._width - others - self._least - GAP
        length = max((total(lasting(row, moment)[:1]) for row in (*going, *self._rollouts[:SAMPLE])), default=0)
        length = max(length, LENGTH)
        for form in (False, True):
            told = [lasting(row, moment, short=form) for row in going]
            beside = max((total(usual) for _, *usual in told), default=0)
            if beside + length <= room:
                # What is left gets shorter and longer again; while as much of it is told, its room stays.
                self._beside = max(beside, self._beside if form is self._form and beside else 0)
                self._beside = min(self._beside, room - length)
                self._form = form
                self.listing.claim("elapsed", self._beside + length)
                return
        self._form, self._beside = None, 0
        self.listing.claim("elapsed", length)

    @property
    def waiting(self) -> int:
        """How many wait for somebody's approval."""
        return sum(1 for row in self._rollouts if needs_approval(row))

    @property
    def going(self) -> int:
        """How many are not over yet, as far as anybody can say."""
        return sum(1 for row in self._rollouts if row.completed_at is None and not is_frozen(row))

    @property
    def untold(self) -> int:
        """How many were triggered on a server that does not say what became of them."""
        return sum(1 for row in self._rollouts if is_frozen(row))

    @property
    def _rollouts(self) -> list[Rollout]:
        return [row for row in self.session.store.rows(Kind.ROLLOUT) if isinstance(row, Rollout)]

    def summary(self) -> Summary:
        if self.waiting:
            return summed(f"◆{self.waiting} approval", Tone.WARN, "")
        return summed(self.going, None)

    def draw(self, moment: Moment, changed: frozenset[Kind] | None) -> None:
        if changed is not None and Kind.ROLLOUT in changed:
            self.listing.changed()
        self.listing.set_filter(self.filter)
        self.listing.set_faults(self.only_faults)
        self.listing.arrange(moment)
        self._say_usual(moment)
        self._give_phases()
        self.set_notice(self.listing.draw(moment))
        self._show_begun()
        self._arrived()
        info = [Piece(f"◆ {self.waiting} NEEDS APPROVAL", "warn")] if self.waiting else []
        info += self.listing.told(moment)
        if self.going:
            info.append(Piece(f"{self.going} going on", "muted"))
        if self.untold:
            info.append(Piece(f"? {self.untold} unknown", "muted"))
        self.head.set_over(tuple(self._titles()))
        self.draw_head(*info)

    def _titles(self) -> Iterator[tuple[int, str]]:
        """Which of two lengths is how long it lasted and which how long ago it began; the columns before them say it themselves."""
        slots = self._table.slots
        before = next((at for at, slot in enumerate(slots, start=1) if slot.id == "phases"), len(slots))
        for slot in slots[before:]:
            # What is usual stands behind the length.
            wide = slot.width - (self._beside if slot.id == "elapsed" else 0)
            yield GUTTER + slot.x + (wide - len(slot.title) if slot.right else 0), slot.title

    def refilter(self) -> None:
        """Drawn with everything else."""

    @on(ResourceTable.RowHighlighted)
    @on(ResourceTable.Fitted)
    def _look_again(self, event: ResourceTable.About) -> None:
        """The phases have the form that fits, and a pane that was hidden is drawn before it is laid out."""
        event.stop()
        self.touched()

    @on(ResourceTable.RowOpened)
    def _opened(self, event: ResourceTable.RowOpened) -> None:
        event.stop()
        self.action_act("list.open")
