"""What the followed logs say, by pattern: new since the last deployment, coming faster, said most. Each opens its first occurrence."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, ClassVar, Final

from tui.engine.recall.patterns import WINDOW, Pattern
from tui.model import Ref
from tui.tables import Moment
from tui.ui.logs.followed import deployed_at
from tui.ui.screens.firsts import FirstsScreen
from tui.ui.widgets.cells import Piece
from tui.ui.widgets.log_buffer import Entry
from tui.ui.widgets.log_levels import SHOWN, level_of
from tui.ui.widgets.table_layout import ColumnSpec
from tui.ui.widgets.table_rows import Row

if TYPE_CHECKING:
    from tui.ui.panes.logs import LogsPane

FEW: Final = 50
"""Patterns of one kind that are listed."""


class PatternsScreen(FirstsScreen):
    """What is new since the last deployment stands first, then what comes faster, then what is said most."""

    COLUMNS: ClassVar[tuple[ColumnSpec, ...]] = (
        ColumnSpec(id="level", title="LEVEL", low=7, high=7, rank=1),
        ColumnSpec(id="count", title="COUNT", low=6, high=9, right=True),
        ColumnSpec(id="rate", title="PER 5 MIN", low=9, high=16, right=True, rank=2),
        ColumnSpec(id="first", title="FIRST", low=8, high=8, rank=3),
        ColumnSpec(id="text", title="PATTERN", low=20, high=400, grow=True),
    )

    def show(self, pane: LogsPane, *, again: bool = False, said: str = "") -> None:
        """Show what the logs of a pane say; ``again`` leaves the cursor where it is. ``said`` is what is to be known of it."""
        firsts: dict[object, Entry] = {}
        rows = [row for ref in pane.followed.refs for row in self._rows(pane, ref, firsts)]
        late = pane.census.waiting + pane.census.skipped
        self.entitle("What the logs say, by pattern", said or (f"{late:,} lines came too fast to be counted" if late else ""))
        self.table.set_message(["Nothing was said yet."])
        self.fill(pane, rows, firsts, again=again)

    def _rows(self, pane: LogsPane, ref: Ref, firsts: dict[object, Entry]) -> Iterator[Row]:
        """The three groups of one source, each under a line that says what it is."""
        patterns, moment = pane.census.patterns(ref), self.moment()
        name = pane.name_of(ref)
        deployed = deployed_at(ref, moment)
        known = pane.census.since(ref)
        if deployed is None:
            yield self._head((ref, "new"), f"{name}: no deployment is known to compare with")
        else:
            new, ago = patterns.new_since(deployed), moment.ago(deployed)
            if known is not None and known < deployed:
                said = f"{len(new)} new since the last deployment {ago} ago"
            else:
                said = f"{len(new)} perhaps new: the log begins after the deployment {ago} ago"
            yield self._head((ref, "new"), f"{name}: {said}")
            # What is worst comes first: everything is new to somebody who has just deployed.
            worst = sorted(new, key=lambda each: -level_of(each.example.level, each.example.text))
            yield from self._group(firsts, ref, "new", worst, moment, compared=patterns.compared)
        minutes = int(WINDOW.total_seconds() // 60)
        if patterns.compared:
            rising = patterns.rising()
            yield self._head((ref, "rising"), f"{name}: {len(rising) or 'none'} at least twice as often as in the {minutes} minutes before")
            yield from self._group(firsts, ref, "rising", rising, moment, compared=True)
        else:
            yield self._head((ref, "rising"), f"{name}: too short a log to compare rates")
        yield self._head((ref, "top"), f"{name}: said most, of {len(patterns):,} patterns")
        yield from self._group(firsts, ref, "top", patterns.top(FEW), moment, compared=patterns.compared)

    @staticmethod
    def _head(key: object, text: str) -> Row:
        return Row(("head", key), ((Piece(text, "title"),),), title=True)

    @staticmethod
    def _group(
        firsts: dict[object, Entry], ref: Ref, group: str, patterns: Sequence[Pattern], moment: Moment, *, compared: bool
    ) -> Iterator[Row]:
        for each in patterns[:FEW]:
            key = (ref, group, each.text)
            firsts[key] = Entry(ref, each.example)
            word, tone = SHOWN[level_of(each.example.level, each.example.text)]
            rate = Piece(f"{each.before} → {each.recent}", "warn" if each.rise >= 2 else "muted")
            if not compared:
                rate = Piece(f"{each.recent}", "muted")
            first = each.first.astimezone(moment.zone).strftime("%H:%M:%S") if each.first else ""
            cells = (Piece(word, tone),), (Piece(f"{each.count:,}"),), (rate,)
            yield Row(key, (*cells, (Piece(first, "muted"),), (Piece(each.text),)))
