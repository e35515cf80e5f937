"""How many lines and errors each minute of the followed logs has. Each opens its first error, or its first line."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, ClassVar, Final

from tui.actions import ACTIONS
from tui.clock import span
from tui.ui.logs.minutes import Minute, Minutes
from tui.ui.screens.firsts import FirstsScreen
from tui.ui.widgets.cells import Piece
from tui.ui.widgets.log_buffer import Entry
from tui.ui.widgets.table_layout import ColumnSpec
from tui.ui.widgets.table_rows import Row
from tui.ui.workers import start

if TYPE_CHECKING:
    from tui.ui.panes.logs import LogsPane

WIDTH: Final = 24
"""Cells of the longest bar."""
MOST: Final = 1_440
"""Minutes that are listed: a day's."""
ONE: Final = timedelta(minutes=1)


class MinutesScreen(FirstsScreen):
    """The newest minute stands first."""

    COLUMNS: ClassVar[tuple[ColumnSpec, ...]] = (
        ColumnSpec(id="at", title="MINUTE", low=11, high=11),
        ColumnSpec(id="lines", title="LINES", low=6, high=9, right=True),
        ColumnSpec(id="errors", title="ERRORS", low=6, high=9, right=True),
        ColumnSpec(id="bar", title="", low=WIDTH, high=WIDTH, rank=1),
        ColumnSpec(id="error", title="FIRST ERROR", low=12, high=400, grow=True),
    )

    def show(self, pane: LogsPane) -> None:
        """Count what the logs of a pane have kept; of a filter, what it wants."""
        counted = Minutes(pane.log_view.buffer, pane.wanted())
        self._title_of(pane, "counting…")
        self.table.set_message(["Counting…"])
        self.fill(pane, [], {})
        start(self, self._count, pane, counted, group="minutes", exclusive=True)

    async def _count(self, pane: LogsPane, counted: Minutes) -> None:
        while not counted.done:
            counted.work()
            await asyncio.sleep(0)
        found = counted.found[-MOST:]
        self.table.set_message(["No line is kept of which the filter wants to know." if pane.wanted() else "Nothing was said yet."])
        self.fill(pane, list(self._rows(pane, found, _begins(pane))), {minute.at or "": minute.worth for minute in found})
        lines, errors = sum(each.lines for each in found), sum(each.errors for each in found)
        self._title_of(pane, f"{lines:,} lines, {errors:,} errors")

    def _title_of(self, pane: LogsPane, said: str) -> None:
        filtered = " (what the filter wants)" if pane.wanted() else ""
        self.entitle(f"What the logs said, minute by minute{filtered}", said)

    def _rows(self, pane: LogsPane, found: list[Minute], begins: list[tuple[datetime, str]]) -> Iterator[Row]:
        most = max((each.lines for each in found), default=1)
        several = len(pane.followed) > 1
        key = self.keymap.spelled(ACTIONS["logs.since"])
        later: datetime | None = None
        zone, today = self.moment().zone, self.moment().now.astimezone(self.moment().zone).date()
        for minute in reversed(found):
            at = minute.at
            while at is not None and begins and begins[-1][0] >= at + ONE:
                yield _note(f"{begins.pop()[1]} begins here: {key} looks further back")
            if at is not None and later is not None and later - at > ONE:
                yield _note(f"nothing was said for {span((later - at - ONE).total_seconds())}")
            later = at
            local = None if at is None else at.astimezone(zone)
            told = "no time" if local is None else f"{local:%H:%M}" if local.date() == today else f"{local:%m-%d %H:%M}"
            errors = Piece(f"{minute.errors:,}" if minute.errors else "·", "bad" if minute.errors else "muted")
            said = _said(pane, minute.error, several=several)
            yield Row(at or "", ((Piece(told),), (Piece(f"{minute.lines:,}"),), (errors,), tuple(_bar(minute, most)), (Piece(said),)))
        while begins:
            yield _note(f"{begins.pop()[1]} begins here: {key} looks further back")


def _begins(pane: LogsPane) -> list[tuple[datetime, str]]:
    """Where the logs begin, the newest last: before that, fewer lines do not mean that less was said."""
    times = ((pane.oldest(ref), pane.name_of(ref)) for ref in pane.followed.refs)
    return sorted((at, name) for at, name in times if at is not None)


def _note(text: str) -> Row:
    return Row(("note", text), ((), (), (), (), (Piece(f"··· {text} ···", "muted"),)))


def _said(pane: LogsPane, entry: Entry | None, *, several: bool) -> str:
    if entry is None:
        return ""
    return f"{pane.name_of(entry.source)}: {entry.line.text}" if several else str(entry.line.text)


def _bar(minute: Minute, most: int) -> Iterator[Piece]:
    """Lines as a bar, its beginning those that tell of errors; whatever there is, is seen."""
    whole = max(1, round(WIDTH * minute.lines / most))
    bad = min(whole, max(1, round(WIDTH * minute.errors / most))) if minute.errors else 0
    yield Piece("█" * bad, "bad")
    yield Piece("━" * (whole - bad), "muted")
