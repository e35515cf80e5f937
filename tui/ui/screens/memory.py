"""What the screens of the past share: a title, lines to choose from, a filter, the keys; reading off the loop, one key back.

A subclass says what to read and how it looks as rows. Nothing of the past is asked of a platform.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import ClassVar, Final

from textual import on
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.screen import Screen
from textual.widget import Widget
from textual.widgets import Input

from tui.actions import ACTIONS, Action, Keymap, Place
from tui.engine.recall.past import Past
from tui.engine.session import Session
from tui.model import Ref
from tui.tables import Filter as Wanted
from tui.tables import FilterError, Moment, parse_filter
from tui.ui.aim import Selection, why_not
from tui.ui.filtering import FilterBar, FilterInput
from tui.ui.keys import bindings_for
from tui.ui.panes.listing import PaneTable
from tui.ui.program import program
from tui.ui.say import Bottom
from tui.ui.widgets.cells import Cell, Piece
from tui.ui.widgets.key_bar import KeyBar, KeyHint
from tui.ui.widgets.paragraph import Paragraph
from tui.ui.widgets.resource_table import ResourceTable
from tui.ui.widgets.status_line import StatusLine
from tui.ui.widgets.table_layout import ColumnSpec
from tui.ui.widgets.table_rows import Row
from tui.ui.workers import start

log = logging.getLogger(__name__)

SPANS: Final = {"1 h": timedelta(hours=1), "8 h": timedelta(hours=8), "24 h": timedelta(days=1), "7 d": timedelta(days=7)}
"""How far back one can look with one key."""

NOWHERE: Final = "Nothing is remembered here: there is no journal."
READING: Final = "Reading what is remembered…"
UNREAD: Final = "This could not be read; the log has the rest."


class MemoryScreen(Screen[None]):
    """A screen that is read from the journal when it is opened, and again when it is asked for."""

    AUTO_FOCUS = ""
    BINDINGS: ClassVar[list[BindingType]] = bindings_for(Place.MEMORY)
    titles: ClassVar[bool] = False
    columns: ClassVar[tuple[ColumnSpec, ...]] = ()
    file: ClassVar[tuple[str, str]] = ("past", "txt")
    """What a file with it is called, and how its name ends."""
    without: ClassVar[frozenset[str]] = frozenset()
    """Actions of the place that mean nothing on this screen."""

    def __init__(self, session: Session, keymap: Keymap, moment: Callable[[], Moment]) -> None:
        super().__init__()
        self.session = session
        self.keymap = keymap
        self.moment = moment
        self.span = "8 h"
        self.table = PaneTable(show_head=self.titles)
        self.wanted = Wanted()
        self.title_line = StatusLine(classes="title")
        self.words = Paragraph(indent=2, classes="words")
        self._filter_text = ""
        self._first: Hashable | None = None
        self._was_read: Hashable | None = None
        self._filter = FilterBar()
        self._bottom = Bottom()
        self.table.set_columns(self.columns)

    def compose(self) -> ComposeResult:
        yield self.title_line
        yield from self.body()
        yield self._filter
        yield self._bottom

    # What a subclass says ----------------------------------------------------------------------------------------------------

    def body(self) -> Iterable[Widget]:
        """What stands between the title and the keys."""
        return (self.table, self.words)

    async def read(self, past: Past) -> None:
        """Ask the journal."""

    def draw(self) -> None:
        """Show what was read: title and rows."""
        raise NotImplementedError

    def forget(self) -> None:
        """Let go of what was read."""
        raise NotImplementedError

    def ref_of(self, key: Hashable | None) -> Ref | None:
        """The thing on a line."""
        return key if isinstance(key, Ref) else None

    def words_of(self, key: Hashable | None) -> Sequence[Cell]:
        """A line in full, for where its columns are too narrow for it."""
        return ()

    def at_of(self, key: Hashable | None) -> datetime | None:
        """When what is on a line happened; None where that is no moment."""
        return None

    def as_text(self) -> str:
        """What a copy takes."""
        return ""

    @property
    def main(self) -> Widget:
        """What has the keys."""
        return self.table

    # Reading and drawing -----------------------------------------------------------------------------------------------------

    def prepare(self) -> None:
        """Read it anew."""
        if self.session.past is None:
            self.table.set_message([self.nothing], "muted")
        start(self, self._load, group="past", exclusive=True)

    async def _load(self) -> None:
        try:
            if self.session.past is not None:
                await self.read(self.session.past)
            self.draw()
        except Exception:  # what cannot be told of the past must not end the present
            log.exception("the past cannot be shown")
            self.table.set_message([UNREAD], "bad")
            program(self).say(UNREAD, "bad")  # also where older lines stand, or no table at all

    def show(self, rows: Sequence[Row], empty: Sequence[str]) -> None:
        """Put these rows on the table; ``empty`` stands where there are none. The cursor begins at the first thing, not at a heading, and
        stays first when newer ones come above it: who opens the screen anew wants the newest, unless another line was being read."""
        begins = not self.table.rows or self.table.cursor_key == self._first
        self.table.set_message(list(empty), "muted")
        self.table.show_rows(rows)
        self._first = next((row.key for row in rows if self.ref_of(row.key) is not None), None)
        if begins and self._first is not None and not self.table.move_to(self._was_read):
            self.table.move_to(self._first)
        self._was_read = None
        self.draw_keys()

    def draw_keys(self) -> None:
        """The keys that mean something here, and the chosen line in full."""
        self.words.show(self.words_of(self.table.cursor_key) or [(Piece(""),)])
        hints = [
            KeyHint(id=action.id, key=self.keymap.spelled(action), label=action.title, why_not=self._why_not(action) or "")
            for action in self.keymap.bar(Place.MEMORY)
            if self.keymap.spelled(action) and action.id not in self.without
        ]
        self._bottom.keys.set_keys(hints)

    @property
    def selection(self) -> Selection:
        """The thing under the cursor."""
        ref = self.ref_of(self.table.cursor_key)
        return Selection((ref,) if ref is not None else ())

    def _why_not(self, action: Action) -> str | None:
        return why_not(action, self.selection, self.session)

    # Keys --------------------------------------------------------------------------------------------------------------------

    def on_screen_resume(self) -> None:
        self.main.focus()
        self.draw_keys()

    def on_screen_suspend(self) -> None:
        self.call_later(self._let_go)

    def _let_go(self) -> None:
        """Whoever opens it anew has it read anew; a day of events, which may be many MiB, is not held for the rest of the shift."""
        if self in self.app.screen_stack:
            return  # something else stands before it
        self.workers.cancel_group(self, "past")
        self._was_read = self.table.cursor_key if self.table.cursor_key != self._first else None
        self.forget()
        self.title_line.set_parts((), ())
        self.table.set_message([READING], "muted")
        self.table.show_rows(())
        self.words.show([(Piece(""),)])

    def acts(self) -> Mapping[str, Callable[[], object]]:
        """What the keys do; a subclass may know more."""
        app = program(self)
        return {
            "reading.back": self.back,
            "list.open": self._open,
            "row.logs": self._logs,
            "past.moment": self._moment_of,
            "pane.filter": lambda: self._filter.open(self._filter_text),
            "past.span": self.next_span,
            "past.copy": lambda: app.copy(self.as_text(), "it as text"),
            "past.save": self._save,
            "console.help": lambda: app.open_help(Place.MEMORY, self.without),
            "past.again": self.prepare,
        }

    def action_act(self, id_: str) -> None:
        """Do what a key means here, or say why it cannot be done."""
        act = self.acts().get(id_)
        if act is None or id_ in self.without:
            return
        reason = self._why_not(ACTIONS[id_])
        if reason:
            program(self).say(reason, "warn")
        else:
            act()

    def back(self) -> None:
        """One step: what is said, the filter, the screen."""
        if self._bottom.hush():
            return
        if self._filter_text:
            self._refilter("")
        else:
            self.dismiss()

    def _open(self) -> None:
        ref = self.ref_of(self.table.cursor_key)
        if ref is not None:
            program(self).open_detail(ref)

    def _logs(self) -> None:
        """What the thing logged when this happened; where there is no such moment, its log as it goes on."""
        ref, at = self.ref_of(self.table.cursor_key), self.at_of(self.table.cursor_key)
        if at is not None and ref is not None:
            program(self).recall.scrub.minute(ref, at)
            return
        if ref is not None:
            self.dismiss()
            program(self).console_screen.follow_log(ref)

    def _moment_of(self) -> None:
        at = self.at_of(self.table.cursor_key)
        if at is not None:
            program(self).recall.scrub.show(at)
        else:
            program(self).say("no moment is selected: choose a line", "warn")

    def _save(self) -> None:
        text = self.as_text()
        if not text:
            program(self).say("there is nothing to write", "warn")
            return
        lines = text.splitlines()
        program(self).elsewhere.save(self.file[0], self.file[1], lines, f"{len(lines):,} lines")

    def next_span(self) -> None:
        names = list(SPANS)
        self.span = names[(names.index(self.span) + 1) % len(names)]
        self.prepare()

    @property
    def nothing(self) -> str:
        """What stands where nothing was read: there is nowhere to read, or it has not come yet."""
        return NOWHERE if self.session.past is None else READING

    def highlight(self, pattern: re.Pattern[str] | None) -> None:
        """Paint what the filter wants."""
        self.table.set_highlight(pattern)

    def _refilter(self, text: str) -> None:
        self.wanted = parse_filter(text)
        self._filter_text = text
        self.highlight(self.wanted.pattern)
        self.draw()

    @on(Input.Changed, "FilterInput")
    def _typed(self, event: Input.Changed) -> None:
        event.stop()
        try:
            self._refilter(event.value)
        except FilterError as error:
            self._filter.complain(str(error))
        else:
            self._filter.complain("")

    @on(FilterInput.Left)
    def _left(self, event: FilterInput.Left) -> None:
        event.stop()
        if not event.keep:
            self._refilter("")
        self._filter.close()
        self.main.focus()

    @on(ResourceTable.RowHighlighted)
    def _highlighted(self, event: ResourceTable.RowHighlighted) -> None:
        event.stop()
        self.draw_keys()

    @on(ResourceTable.RowOpened)
    def _opened(self, event: ResourceTable.RowOpened) -> None:
        event.stop()
        self.action_act("list.open")

    @on(KeyBar.Pressed)
    def _pressed(self, event: KeyBar.Pressed) -> None:
        self.action_act(event.action)


def parsed(ref: str) -> Ref | None:
    """A journal's ref as one; None for a connection."""
    try:
        return Ref.parse(ref)
    except ValueError:
        return None
