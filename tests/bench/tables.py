"""Tables: fill, change, remove, sort and filter at three sizes, ours beside DataTable. Loop time and bytes of the same app."""

from __future__ import annotations

import asyncio
import gc
import random
import time
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

from textual.app import App, ComposeResult
from textual.widgets import DataTable

from tests.bench.data import COLUMNS, Record, changed, records, row, rows
from tests.bench.figures import Figure
from tests.bench.recorder import Recording, recorded
from tui.ui.widgets.resource_table import ResourceTable
from tui.ui.widgets.table_rows import LazyRows

SIZES = (100, 1_000, 10_000)
Operation = Callable[[], None]


class Ours(App[None]):
    def __init__(self) -> None:
        super().__init__()
        self.table = ResourceTable()

    def compose(self) -> ComposeResult:
        yield self.table

    def on_mount(self) -> None:
        self.table.set_columns(COLUMNS)
        self.table.focus()


class Theirs(App[None]):
    def __init__(self) -> None:
        super().__init__()
        self.table: DataTable[str] = DataTable(cursor_type="row")

    def compose(self) -> ComposeResult:
        yield self.table

    def on_mount(self) -> None:
        for column in COLUMNS:
            self.table.add_column(column.title, key=column.id)
        self.table.focus()


class States:
    """The states that both tables go through: (what, the records wanted then)."""

    def __init__(self, size: int) -> None:
        chance = random.Random(2)  # noqa: S311
        self.first = records(size)
        self.one = [changed(record, chance) if at == 3 else record for at, record in enumerate(self.first)]
        some = set(chance.sample(range(size), size // 5))
        self.fifth = [changed(record, chance) if at in some else record for at, record in enumerate(self.one)]
        gone = set(chance.sample(range(size), size // 10))
        self.fewer = [record for at, record in enumerate(self.fifth) if at not in gone]
        self.sorted = sorted(self.fewer, key=lambda record: int(record[4][:-1]))
        self.filtered = [record for record in self.sorted if "7" in record[0]]

    def __iter__(self) -> Iterator[tuple[str, list[Record]]]:
        yield "fill", self.first
        yield "same values again", list(self.first)
        yield "one cell changes", self.one
        yield "20 % change", self.fifth
        yield "remove 10 %", self.fewer
        yield "sort", self.sorted
        yield "text filter", self.filtered


def _ours(app: Ours, _: list[Record], wanted: list[Record]) -> None:
    """As the panes do it: the order and the records, cells made for what is seen."""
    at = {record[0]: record for record in wanted}
    app.table.show_rows(LazyRows(list(at), lambda key: row(at[str(key)])))


def _eager(app: Ours, _: list[Record], wanted: list[Record]) -> None:
    """Every cell of every row made anew."""
    app.table.show_rows(rows(wanted))


def _theirs(app: Theirs, before: list[Record], wanted: list[Record]) -> None:
    """What a careful program does with DataTable for each step."""
    table = app.table
    if not before or len(wanted) < len(before) // 2:
        table.clear()
        for record in wanted:
            table.add_row(*record, key=record[0])
        return
    old = {record[0]: record for record in before}
    keys = {record[0] for record in wanted}
    for key in old.keys() - keys:
        table.remove_row(key)
    for record in wanted:
        for column, value, was in zip(COLUMNS, record, old[record[0]], strict=True):
            if value != was:
                table.update_cell(record[0], column.id, value)
    if [record[0] for record in before if record[0] in keys] != [record[0] for record in wanted]:
        place = {record[0]: at for at, record in enumerate(wanted)}
        table.sort("name", key=lambda name: place[name])


async def _measured(recording: Recording, act: Operation) -> tuple[float, int]:
    """Milliseconds of processor time until it is painted, and bytes written."""
    await recording.settle()
    recording.take()
    gc.collect()
    begin = time.process_time()
    act()
    await recording.settle()
    return (time.process_time() - begin) * 1000, len(recording.take().encode())


async def _walk(app: App[Any], act: Callable[[Any, list[Record], list[Record]], None], size: int) -> dict[str, tuple[float, int]]:
    results: dict[str, tuple[float, int]] = {}
    async with recorded(app, (120, 40)) as recording:
        nothing, _ = await _measured(recording, lambda: None)
        before: list[Record] = []
        for what, wanted in States(size):
            took, count = await _measured(recording, partial(act, app, before, wanted))
            results[what] = (max(0.0, took - nothing), count)
            before = wanted
            if what == "fill":
                begin = time.process_time()
                await recording.press("down")
                results["cursor down"] = ((time.process_time() - begin) * 1000, len(recording.take().encode()))
    return results


async def _run() -> list[Figure]:
    figures: list[Figure] = []
    for size in SIZES:
        ours = await _walk(Ours(), _ours, size)
        eager = await _walk(Ours(), _eager, size)
        theirs = await _walk(Theirs(), _theirs, size)
        for what in ours:
            for at, unit in enumerate(("ms", "bytes")):
                anchors = {"DataTable": theirs[what][at], "all cells made": eager[what][at]}
                figures.append(Figure(case="tables", what=f"{size:,} rows: {what}", unit=unit, ours=ours[what][at], anchors=anchors))
    return figures


def tables() -> list[Figure]:
    """Fill, change, remove, sort, filter."""
    return asyncio.run(_run())
