"""The one table of the console: virtual, keyed, diffing. State in, only the damaged visible lines out.

``set_columns(columns)`` takes ``tables.Column`` or ``ColumnSpec``; ``show_rows(rows)`` takes the wanted rows in the wanted order
(``Row``s, or ``LazyRows`` whose cells are made when looked at). Nothing is kept but what is on the screen: a new state is compared
with what each visible line last drew, so equal values write nothing and ten thousand rows cost what forty do. Cursor and marks are
keys, never numbers: a row that moves keeps its cursor on the same screen line, a row that vanishes leaves no cursor behind.

    table.set_columns(TABLES[Kind.SERVICE].columns)
    table.show_rows([Row(ref, tuple(column.cell(row, moment) for column in columns)) ...])
    table.set_sort("age", descending=True)     the arrow in the head
    table.set_message(["No services yet.", "ctrl+r asks again"], tone="muted")     drawn while there are no rows
    table.set_highlight(re.compile("web"))     matches are painted in the cells
    table.cursor_key / table.marks / table.move_to(key)

Messages: ``RowHighlighted(key | None)``, ``RowOpened(key)``, ``RowToggled(key, open)`` (tree), ``MarksChanged(marks)``,
``HeadClicked(column)``, ``Fitted``. The same widget is the tree of a pane: ``ResourceTable(tree=True)``, rows with ``depth`` and ``open``.
"""

from __future__ import annotations

import re
from collections.abc import Hashable, Sequence
from typing import Any, ClassVar, NamedTuple

from textual import events
from textual.binding import Binding, BindingType
from textual.message import Message
from textual.strip import Strip
from textual.timer import Timer

from tui.ui.widgets.cells import total
from tui.ui.widgets.line_view import LineView
from tui.ui.widgets.table_cursor import TableCursor, place
from tui.ui.widgets.table_draw import GUTTER, head_pieces, row_pieces
from tui.ui.widgets.table_flash import Flash
from tui.ui.widgets.table_layout import ColumnLike, Slot, lay_out
from tui.ui.widgets.table_rows import LazyRows, Row, find


class Line(NamedTuple):
    """What one screen line shows; a line that wants to show the same is not painted."""

    row: Row | None
    state: str | None = None
    marked: bool = False


class ResourceTable(LineView):
    """A table or tree of keyed rows. See the module for the whole of its use."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "open", "open", id="list.open", show=False),
        Binding("space", "mark", "mark", id="list.mark", show=False),
        Binding("left", "fold(False)", "close", id="list.fold", show=False),
        Binding("right", "fold(True)", "open", id="list.unfold", show=False),
    ]

    class About(Message):
        """Something happened to a row of ``table``; ``key`` says which (None: to no row)."""

        def __init__(self, table: ResourceTable, key: Hashable | None) -> None:
            super().__init__()
            self.table = table
            self.key = key

        @property
        def control(self) -> ResourceTable:
            return self.table

    class RowHighlighted(About):
        """The cursor is on another row now, or on none."""

    class RowOpened(About):
        """Enter or a double click."""

    class RowToggled(About):
        """A branch of the tree wants to be ``open`` or closed; whoever makes the rows decides."""

        def __init__(self, table: ResourceTable, key: Hashable, *, is_open: bool) -> None:
            super().__init__(table, key)
            self.is_open = is_open

    class MarksChanged(About):
        """The set of marked keys is another one: ``table.marks``."""

    class Fitted(About):
        """The columns were laid out for another width of the table: cells that were made for one may not fit any more."""

    class HeadClicked(About):
        """A column title was clicked; ``key`` is the column's id."""

    def __init__(self, *, tree: bool = False, show_head: bool = True, auto_cursor: bool = True, flash: float = 0.0, **options: Any) -> None:
        """``auto_cursor`` puts the cursor on the first row of the first rows ever shown.
        ``flash`` marks changed cells for about so many seconds; 0 does not."""
        super().__init__(**options)
        self._tree = tree
        self._show_head = show_head and not tree
        self._flash_for = flash
        self._flash = Flash()
        self._passing: frozenset[int] = frozenset()
        self._columns: tuple[ColumnLike, ...] = ()
        self._slots: tuple[Slot, ...] = ()
        self._laid_for = -1
        self._content: dict[str, int] = {}
        self._painted: dict[int, Line] = {}
        self._at = TableCursor(auto=auto_cursor)
        self._sort: tuple[str, bool] | None = None
        self._pattern: re.Pattern[str] | None = None
        self._flash_timer: Timer | None = None

    # What it shows -------------------------------------------------------------------------------------------------------

    def set_columns(self, columns: Sequence[ColumnLike]) -> None:
        """Show these columns from now on; the widths are learned anew."""
        if tuple(columns) == self._columns:
            return
        self._columns = tuple(columns)
        self._passing = frozenset(at for at, each in enumerate(columns) if getattr(each, "ages", False))
        if self._flash:
            self._flash.clear()
            self.repaint_all()
        self._content.clear()
        self._lay_out()

    def show_rows(self, rows: Sequence[Row]) -> None:
        """Make the table show exactly these rows. Cursor, marks and what is at the eye's place stay where they can."""
        before, key = [row.key for row in self._visible()], self._at.key
        self._at.take(rows if isinstance(rows, LazyRows | tuple) else tuple(rows))
        self._top = self.clamp(place(self.rows, before, key, self._top))
        if self._at.prune():
            self.post_message(self.MarksChanged(self, None))
        if self._widen():
            self._lay_out()
        else:
            self._repaint_changed()
        if self._at.key != key:
            self.post_message(self.RowHighlighted(self, self._at.key))

    def set_sort(self, column: str | None, *, descending: bool = False) -> None:
        """Show an arrow at this column's title; the rows come sorted from outside."""
        wanted = (column, descending) if column else None
        if wanted != self._sort:
            self._sort = wanted
            self.damage(0, self.head)

    def set_highlight(self, pattern: re.Pattern[str] | None) -> None:
        """Paint what matches in every cell."""
        if pattern != self._pattern:
            self._pattern = pattern
            self.repaint_all()

    # What one may ask ----------------------------------------------------------------------------------------------------

    @property
    def rows(self) -> Sequence[Row]:
        return self._at.rows

    @property
    def columns(self) -> tuple[ColumnLike, ...]:
        return self._columns

    @property
    def slots(self) -> tuple[Slot, ...]:
        """The columns that are shown now, where and how wide."""
        return self._slots

    @property
    def cursor_key(self) -> Hashable | None:
        """The key of the row under the cursor; None if there is none."""
        return self._at.key

    @property
    def marks(self) -> frozenset[Hashable]:
        """The marked keys; all of them are among the rows."""
        return self._at.marks

    def set_marks(self, marks: Sequence[Hashable] | frozenset[Hashable]) -> None:
        """Mark exactly these keys."""
        wanted = frozenset(marks)
        if wanted != self._at.marks:
            self._at.marks = wanted
            self._repaint_changed()
            self.post_message(self.MarksChanged(self, None))

    def move_to(self, key: Hashable | None) -> bool:
        """Put the cursor on ``key`` (None: nowhere) and bring it into view; whether it is among the rows."""
        index = None if key is None else find(self.rows, key, self._at.index or 0)
        self._set_cursor(index)
        return index is not None

    @property
    def head(self) -> int:
        return 1 if self._show_head else 0

    @property
    def line_count(self) -> int:
        return len(self.rows)

    # Widths --------------------------------------------------------------------------------------------------------------

    def _visible(self) -> Sequence[Row]:
        return self.rows[self._top : self._top + self.page]

    def _widen(self) -> bool:
        """Learn how wide the visible cells are; widths only grow, so that nothing jumps. Whether the layout may change."""
        grown = False
        for row in self._visible():
            for column, cell in zip(self._columns, () if row.title else row.cells, strict=False):
                need = total(cell)
                if self._tree and column is self._columns[0]:
                    need += 2 * row.depth + 2
                if need > self._content.get(column.id, 0):
                    self._content[column.id] = need
                    grown = True
        return grown

    def _lay_out(self) -> None:
        if self._fit_slots():
            self.repaint_all()
        else:
            self._repaint_changed()

    def _fit_slots(self) -> bool:
        """Lay the columns out for the width there is; whether any of them moved."""
        before = self._slots
        self._laid_for = self.inner_width
        self._slots = lay_out(self._columns, self._laid_for - GUTTER, self._content)
        return self._slots != before

    def on_resize(self, event: events.Resize) -> None:
        self._top = self.clamp(self._top)
        self._scroll_to_cursor()
        self._widen()
        self._lay_out()
        self.post_message(self.Fitted(self, None))

    # Painting ------------------------------------------------------------------------------------------------------------

    def _line(self, y: int) -> Line:
        """What screen line ``y`` (below the head) wants to show."""
        index = self._top + y
        if index >= len(self.rows):
            return Line(None)
        row = self.rows[index]
        state = ("cursor" if self.has_focus else "cursor-idle") if index == self._at.index else None
        return Line(row, state, row.key in self._at.marks)

    def repaint_all(self) -> None:
        self._painted.clear()
        self.damage()

    def _repaint_changed(self) -> None:
        """Damage exactly the lines that would look different from what they last drew."""
        if not len(self.rows) and not self._painted:
            return  # it was empty before; what is said instead of rows looks after itself
        if not len(self.rows) or not self._painted:
            self.repaint_all()
            return
        for y in range(self.page):
            wanted, was = self._line(y), self._painted.get(y)
            if wanted != was:
                self.damage(y + self.head, 1, self._damaged_until(wanted, was))
        self.damage_bar()

    def _damaged_until(self, wanted: Line, was: Line | None) -> int | None:
        """The column behind the last cell that changed, where only cells of one row changed; None for the whole line."""
        if was is None or wanted.row is None or was.row is None or wanted.row.key != was.row.key:
            return None
        if self._flash_for:
            self._note_changed(wanted.row, was.row)
        if wanted[1:] != was[1:] or wanted.row[2:] != was.row[2:] or wanted.row.title:
            return None
        until = 0
        for slot in self._slots:
            if wanted.row.cells[slot.index : slot.index + 1] != was.row.cells[slot.index : slot.index + 1]:
                until = GUTTER + slot.x + slot.width + 1  # an arrow may stand behind it
        return until

    def scroll_lines(self, top: int) -> bool:
        moved = super().scroll_lines(top)
        if moved and self._widen():
            self._lay_out()
        return moved

    def draw_line(self, y: int) -> Strip:
        if self._laid_for != self.inner_width:
            # A line is drawn at its new width before the resize is told.
            self._fit_slots()
        if y < self.head:
            return self.strip_of(head_pieces(self._slots, self.inner_width, self._sort), self.inner_width, "header")
        if not len(self.rows):
            return self.draw_message(y - self.head)
        line = self._line(y - self.head)
        self._painted[y - self.head] = line
        if line.row is None:
            return Strip.blank(self.inner_width, self.tone_style())
        sign = "*" if line.marked else "›" if line.state else " "
        pieces = row_pieces(line.row, self._slots, self.inner_width, sign=sign, tree=self._tree, pattern=self._pattern, changed=self._flash)
        return self.strip_of(pieces, self.inner_width, line.state)

    def _note_changed(self, now: Row, was: Row) -> None:
        """Mark the new cells of a row; one timer clears them, and none runs while there are none."""
        self._flash.note(now, was, self._passing)
        if self._flash and self._flash_timer is None:
            self._flash_timer = self.set_timer(self._flash_for, self._fade)

    def _fade(self) -> None:
        faded = self._flash.fade()
        for y in range(self.page):
            row = self._line(y).row
            if row is not None and row.key in faded:
                self.damage(y + self.head, 1)
        self._flash_timer = self.set_timer(self._flash_for, self._fade) if self._flash else None

    # Keys and mouse ------------------------------------------------------------------------------------------------------

    def _set_cursor(self, index: int | None) -> None:
        key = self._at.key
        self._at.put(index)
        self._scroll_to_cursor()
        self._repaint_changed()
        if self._at.key != key:
            self.post_message(self.RowHighlighted(self, self._at.key))

    def _scroll_to_cursor(self) -> None:
        at = self._at.index
        if at is not None:
            self._top = self.clamp(min(max(self._top, at - self.page + 1), at))
            if self._widen():
                self._lay_out()

    def _go(self, lines: int) -> None:
        index = self._at.after(lines, self._top)
        if index is not None:
            self._set_cursor(index)

    def action_move(self, lines: int) -> None:
        self._go(lines)

    def action_page(self, pages: int) -> None:
        self._go(pages * max(1, self.page - 1))

    def action_half(self, halves: int) -> None:
        self._go(halves * max(1, self.page // 2))

    def action_edge(self, end: int) -> None:
        if self.line_count:
            self._set_cursor(self.line_count - 1 if end > 0 else 0)

    def action_open(self) -> None:
        if self._at.key is not None:
            self.post_message(self.RowOpened(self, self._at.key))

    def action_mark(self) -> None:
        if self._at.key is not None:
            self.set_marks(self._at.marks ^ {self._at.key})

    def action_fold(self, is_open: bool) -> None:
        """Open or close the branch under the cursor; closing what is closed goes to the parent."""
        row = self._at.row
        if not self._tree or row is None:
            return
        if row.open is not None and row.open is not is_open:
            self.post_message(self.RowToggled(self, row.key, is_open=is_open))
        elif not is_open and (parent := self._at.parent()) is not None:
            self._set_cursor(parent)

    def on_focus(self, event: events.Focus) -> None:
        self._scroll_to_cursor()
        self._repaint_changed()

    def on_blur(self, event: events.Blur) -> None:
        self._repaint_changed()

    def on_click(self, event: events.Click) -> None:
        """A click selects, a second one opens; on a title it asks to sort, on ▸ it opens the branch."""
        offset = event.get_content_offset(self)
        if offset is None:
            return
        x, y = offset.x - GUTTER, offset.y - self.head
        if y < 0:
            slot = next((slot for slot in self._slots if slot.x <= x < slot.x + slot.width), None)
            if slot is not None:
                self.post_message(self.HeadClicked(self, slot.id))
            return
        index = self._top + y
        if index >= len(self.rows):
            return
        row = self.rows[index]
        self._set_cursor(index)
        if self._tree and row.open is not None and 2 * row.depth <= x < 2 * row.depth + 2:
            self.post_message(self.RowToggled(self, row.key, is_open=not row.open))
        elif event.chain >= 2:
            self.post_message(self.RowOpened(self, row.key))
