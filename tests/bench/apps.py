"""The programs the bench runs in pseudo-terminals: ``python -m tests.bench.apps NAME [--cells N] [--lines N]``.

``bare`` is Textual with one Static; ``stock`` a table and a log of Textual's own; ``own`` ours with Textual's output; ``link`` ours
with the output layer and the quiet driver; ``stock-link`` the stock widgets with it. All show the same data and answer ``j`` by moving
the cursor.
"""

from __future__ import annotations

import argparse
import random
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any, ClassVar

from textual.app import App, ComposeResult
from textual.binding import BindingType
from textual.widgets import DataTable, Footer, Header, Log, Static

from tests.bench.data import COLUMNS, changed, lines, records, rows
from tui.ui.driver import quiet_driver
from tui.ui.link import PacedApp
from tui.ui.widgets.key_bar import KeyBar, KeyHint
from tui.ui.widgets.log_view import LogView
from tui.ui.widgets.resource_table import ResourceTable
from tui.ui.widgets.status_line import StatusLine

CSS = """
DataTable { height: 1fr; } Log { height: 12; border: round green; }
ResourceTable { height: 1fr; } LogView { height: 12; border: round green; }
"""
ROWS = 200


class _Loaded:
    """What all of them do: some cells change, some lines come, every second."""

    cells = 0
    lines = 0

    def load(self, app: App[Any], cell: Callable[[], None], log: Callable[[int], None]) -> None:
        if self.cells:
            app.set_interval(1 / self.cells, cell)
        if self.lines:
            app.set_interval(0.05, lambda: log(max(1, self.lines // 20)))


class Bare(App[None]):
    def compose(self) -> ComposeResult:
        yield Static("bare", markup=False)


class Stock(_Loaded, App[None]):
    CSS = CSS
    BINDINGS: ClassVar[list[BindingType]] = [("j", "down", "down")]

    def compose(self) -> ComposeResult:
        yield Header()
        yield DataTable(cursor_type="row")
        yield Log(max_lines=20_000)
        yield Footer()

    def on_mount(self) -> None:
        table: DataTable[str] = self.query_one(DataTable)
        for column in COLUMNS:
            table.add_column(column.title, key=column.id)
        self.records = records(ROWS)
        for record in self.records:
            table.add_row(*record, key=record[0])
        table.focus()
        chance = random.Random(1)  # noqa: S311
        self.load(self, lambda: self._cell(table, chance), lambda count: self.query_one(Log).write_lines(lines(count)))

    def _cell(self, table: DataTable[str], chance: random.Random) -> None:
        record = changed(self.records[chance.randrange(20)], chance)
        table.update_cell(record[0], "cpu", record[4])

    def action_down(self) -> None:
        self.query_one(DataTable).action_cursor_down()


class StockLink(Stock, PacedApp[None]):
    pass


class Own(_Loaded, App[None]):
    CSS = CSS

    def compose(self) -> ComposeResult:
        yield StatusLine()
        yield ResourceTable()
        yield LogView(zone=UTC)
        yield KeyBar()

    def on_mount(self) -> None:
        self.query_one(StatusLine).set_text("rollwatch  prod")
        self.query_one(KeyBar).set_keys([KeyHint(id="open", key="↵", label="open"), KeyHint(id="console.help", key="?", label="help")])
        table, log = self.query_one(ResourceTable), self.query_one(LogView)
        table.set_columns(COLUMNS)
        self.records = records(ROWS)
        table.show_rows(rows(self.records))
        table.focus()
        log.set_source("a", "web-api")
        chance = random.Random(1)  # noqa: S311
        start = datetime(2026, 1, 1, tzinfo=UTC)
        self.load(self, lambda: self._cell(table, chance), lambda count: log.append("a", lines(count, start)))

    def _cell(self, table: ResourceTable, chance: random.Random) -> None:
        at = chance.randrange(20)
        self.records[at] = changed(self.records[at], chance)
        table.show_rows(rows(self.records))


class OwnLink(Own, PacedApp[None]):
    def __init__(self) -> None:
        super().__init__(driver_class=quiet_driver())


APPS: dict[str, type[App[None]]] = {"bare": Bare, "stock": Stock, "stock-link": StockLink, "own": Own, "link": OwnLink}


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("name", choices=APPS)
    parser.add_argument("--cells", type=int, default=0)
    parser.add_argument("--lines", type=int, default=0)
    options = parser.parse_args(sys.argv[1:])
    app = APPS[options.name]()
    if isinstance(app, _Loaded):
        app.cells, app.lines = options.cells, options.lines
    app.run(mouse=False)


if __name__ == "__main__":
    main()
