"""The table: what it shows, what it writes, and where its cursor is after rows moved under it."""

from __future__ import annotations

import random
import re
from collections.abc import AsyncIterator, Hashable
from contextlib import asynccontextmanager
from dataclasses import replace

import pytest
from rich.cells import cell_len
from textual.app import App, ComposeResult
from textual.widgets import Input

from tests.bench.recorder import Recording, recorded
from tui.ui.widgets.cells import Piece
from tui.ui.widgets.resource_table import ResourceTable
from tui.ui.widgets.table_draw import head_pieces
from tui.ui.widgets.table_layout import ColumnSpec, Slot
from tui.ui.widgets.table_rows import LazyRows, Row, cell

COLUMNS = (
    ColumnSpec(id="name", title="NAME", low=8, high=30),
    ColumnSpec(id="health", title="HEALTH", low=10, high=10),
    ColumnSpec(id="status", title="STATUS", low=8, high=16, rank=1),
    ColumnSpec(id="cpu", title="CPU", low=4, high=5, rank=2, right=True),
)


def row(key: int, health: str = "● ok", cpu: str = "1%", name: str = "") -> Row:
    return Row(key, (cell(name or f"service-{key}"), cell(health, "ok"), cell("running"), cell(cpu)))


class Bare(App[None]):
    CSS = "ResourceTable { width: 80; height: 12; }"

    def __init__(self, **options: object) -> None:
        super().__init__()
        self.table = ResourceTable(**options)
        self.said: list[tuple[str, Hashable]] = []

    def compose(self) -> ComposeResult:
        yield self.table
        yield Input()

    def on_mount(self) -> None:
        self.table.set_columns(COLUMNS)
        self.table.focus()

    def on_resource_table_row_highlighted(self, event: ResourceTable.RowHighlighted) -> None:
        self.said.append(("at", event.key))

    def on_resource_table_row_opened(self, event: ResourceTable.RowOpened) -> None:
        self.said.append(("opened", event.key))

    def on_resource_table_row_toggled(self, event: ResourceTable.RowToggled) -> None:
        self.said.append(("open" if event.is_open else "close", event.key))

    def on_resource_table_marks_changed(self, event: ResourceTable.MarksChanged) -> None:
        self.said.append(("marks", event.table.marks))

    def on_resource_table_head_clicked(self, event: ResourceTable.HeadClicked) -> None:
        self.said.append(("head", event.key))


@asynccontextmanager
async def table(count: int = 0, **options: object) -> AsyncIterator[tuple[ResourceTable, Recording]]:
    async with recorded(app := Bare(**options), (80, 16)) as recording:
        if count:
            app.table.show_rows([row(key) for key in range(count)])
        await recording.settle()
        recording.take()
        app.said.clear()
        yield app.table, recording


def screen_line(of: ResourceTable, recording: Recording, text: str) -> int:
    return next(y for y, line in enumerate(recording.lines()) if text in line)


# What it writes ---------------------------------------------------------------------------------------------------------------


async def test_the_same_values_write_nothing() -> None:
    async with table(50) as (shown, recording):
        shown.show_rows([row(key) for key in range(50)])
        shown.set_columns(COLUMNS)
        shown.set_sort(None)
        assert await recording.cost() == 0


async def test_one_changed_cell_writes_little() -> None:
    async with table(50) as (shown, recording):
        shown.show_rows([row(key, cpu="99%" if key == 5 else "1%") for key in range(50)])
        assert 0 < await recording.cost() < 600
        assert "99%" in recording.lines()[6]


async def test_a_title_among_the_rows_goes_across_all_columns_and_makes_none_of_them_wider() -> None:
    async with table(3) as (shown, recording):
        rows, slots = [row(key) for key in range(3)], shown.slots
        for end in ("of the first", "of the last"):
            said = f"what the rows below are, told at some length, longer than any column to the very end {end}"[-78:]
            shown.show_rows([Row("title", (cell(said),), title=True), *rows])
            await recording.settle()
            assert recording.lines()[1][1:79] == said
            assert end.split()[-1] in recording.take(), "its end is painted, too"
            assert shown.slots == slots


async def test_a_change_out_of_sight_writes_nothing() -> None:
    async with table(50) as (shown, recording):
        shown.show_rows([row(key, cpu="99%" if key == 40 else "1%") for key in range(50)])
        assert await recording.cost() == 0


async def test_a_row_added_below_the_screen_moves_at_most_the_scroll_mark() -> None:
    async with table(500) as (shown, recording):
        shown.show_rows([row(key) for key in range(501)])
        assert await recording.cost() == 0


async def test_a_hidden_table_writes_nothing_and_is_right_when_shown() -> None:
    async with table(50) as (shown, recording):
        shown.display = False
        await recording.cost()
        shown.show_rows([row(key, cpu="77%") for key in range(50)])
        assert await recording.cost() == 0
        shown.display = True
        await recording.settle()
        assert "77%" in recording.lines()[1]


async def test_cursor_down_writes_two_lines() -> None:
    async with table(50) as (_, recording):
        await recording.press("j")
        assert 0 < len(recording.take().encode()) < 900


async def test_focus_moves_write_no_more_than_once_the_widget() -> None:
    async with table(50) as (_, recording):
        await recording.press("tab")
        assert recording.app.focused is not recording.app.query_one(ResourceTable)
        assert "›service-0" in recording.lines()[1]


# Cursor, marks, place ---------------------------------------------------------------------------------------------------------


async def test_the_cursor_stays_on_its_key_and_its_screen_line() -> None:
    async with table(100) as (shown, recording):
        shown.move_to(50)
        await recording.settle()
        line = screen_line(shown, recording, "service-50 ")
        shown.show_rows([row(key) for key in (900, 901, 902, *range(10, 100))])
        await recording.settle()
        assert shown.cursor_key == 50
        assert screen_line(shown, recording, "service-50 ") == line


async def test_a_vanished_key_leaves_no_cursor_until_the_user_moves() -> None:
    async with table(20) as (shown, recording):
        shown.move_to(7)
        shown.show_rows([row(key) for key in range(20) if key != 7])
        await recording.press("enter", "space")
        assert shown.cursor_key is None
        assert not shown.marks
        app = recording.app
        assert isinstance(app, Bare)
        assert [word for word, _ in app.said] == ["at", "at"]
        assert app.said[-1] == ("at", None)
        await recording.press("j")
        assert shown.cursor_key == 8


async def test_moving_up_from_a_lost_place_goes_to_the_row_above_it() -> None:
    async with table(20) as (shown, recording):
        shown.move_to(7)
        shown.show_rows([row(key) for key in range(20) if key != 7])
        await recording.press("k")
        assert shown.cursor_key == 6


async def test_a_key_that_comes_back_gets_its_cursor_back() -> None:
    async with table(20) as (shown, _):
        shown.move_to(7)
        shown.show_rows([row(1)])
        assert shown.cursor_key is None
        shown.show_rows([row(key) for key in range(20)])
        assert shown.cursor_key == 7


async def test_whatever_happens_to_rows_the_cursor_is_on_its_key_or_nowhere() -> None:
    chance = random.Random(7)  # noqa: S311
    async with table(30) as (shown, recording):
        last: Hashable = None
        for _ in range(60):
            await recording.press(chance.choice(["j", "k", "g", "G", "ctrl+d", "ctrl+u", "pagedown", "space"]))
            held = shown.cursor_key
            last = held if held is not None else last
            keys = chance.sample(range(40), chance.randint(0, 40))
            shown.show_rows([row(key) for key in keys])
            assert shown.cursor_key == (last if last in keys else None)
            assert shown.marks <= set(keys)
            await recording.settle()
            signed = [line.split()[0] for line in recording.lines()[1:12] if line.startswith("›")]
            assert signed in ([], [f"›service-{shown.cursor_key}"])


async def test_marks_are_keys() -> None:
    async with table(20) as (shown, recording):
        await recording.press("space", "j", "space")
        assert shown.marks == {0, 1}
        shown.show_rows([row(key) for key in reversed(range(1, 20))])
        assert shown.marks == {1}


async def test_keys_reach_every_row() -> None:
    async with table(100) as (shown, recording):
        for keys, expected in (
            (["G"], 99),
            (["g"], 0),
            (["j", "j", "k"], 1),
            (["end"], 99),
            (["home"], 0),
            (["pagedown"], 10),
            (["pageup"], 0),
            (["ctrl+d"], 5),
            (["ctrl+u"], 0),
            (["down", "up", "up"], 0),
        ):
            await recording.press(*keys)
            assert shown.cursor_key == expected, keys
            assert any(f"›service-{expected} " in line for line in recording.lines())


async def test_the_first_rows_get_the_cursor_and_later_ones_do_not() -> None:
    async with table(0, auto_cursor=True) as (shown, _):
        shown.show_rows([row(3), row(4)])
        assert shown.cursor_key == 3
        shown.show_rows([row(4)])
        assert shown.cursor_key is None


async def test_without_auto_cursor_the_user_moves_first() -> None:
    async with table(5, auto_cursor=False) as (shown, recording):
        assert shown.cursor_key is None
        await recording.press("j")
        assert shown.cursor_key == 0


# Columns ----------------------------------------------------------------------------------------------------------------------


async def test_columns_leave_by_rank_when_it_gets_narrow() -> None:
    async with table(3) as (shown, recording):
        for width, expected in ((80, ["name", "health", "status", "cpu"]), (36, ["name", "health", "status"]), (24, ["name", "health"])):
            shown.styles.width = width
            await recording.settle()
            assert [slot.id for slot in shown.slots] == expected


async def test_widths_only_grow() -> None:
    async with table(3) as (shown, recording):
        before = shown.slots[0].width
        shown.show_rows([row(1, name="a-rather-longer-name")])
        wide = shown.slots[0].width
        assert before < wide
        shown.show_rows([row(1, name="x")])
        assert shown.slots[0].width == wide
        await recording.settle()


@pytest.mark.parametrize("text", ["日本語の長い名前がここにあります", "e\u0301" * 40, "🚀" * 30, "ab日" * 20])
async def test_wide_and_combining_characters_take_their_cells(text: str) -> None:
    async with table(0) as (shown, recording):
        shown.show_rows([row(1, name=text), row(2, name="plain")])
        await recording.settle()
        line = recording.lines()[1]
        assert "…" in line
        assert cell_len(line) == 80
        assert cell_len(line[: line.index("● ok")]) == recording.lines()[2].index("● ok")


async def test_what_a_terminal_obeys_is_a_visible_mark_and_markup_is_text() -> None:
    async with table(0) as (shown, recording):
        shown.show_rows([row(1, name="a\x1b]52;c;x\x07b\x9b2J"), row(2, name="[@click=app.bell]x[/]"), row(3, name="two\nlines")])
        await recording.settle()
        sent = recording.take()
        assert "52;c" not in sent
        assert "\x9b" not in sent
        assert "[@click=app.bell]x[/]" in sent
        assert "two␊lines" in sent


async def test_matches_are_painted() -> None:
    async with table(3) as (shown, recording):
        shown.set_highlight(re.compile("vice-1"))
        await recording.settle()
        match = shown.tone_style("match")
        found = [
            segment.text for y in range(4) for segment in shown.render_line(y) if segment.style and segment.style.bgcolor == match.bgcolor
        ]
        assert found == ["vice-1"]


async def test_the_sort_arrow_stands_at_its_column() -> None:
    async with table(3) as (shown, recording):
        shown.set_sort("cpu", descending=True)
        assert 0 < await recording.cost() < 400
        assert recording.lines()[0].rstrip().endswith("CPU▼")
        shown.set_sort("name")
        await recording.settle()
        assert recording.lines()[0].startswith(" NAME▲")


@pytest.mark.parametrize(
    ("gap", "width", "shown"),
    [(2, 30, " RESTARTS▲ AGE"), (1, 30, " RESTAR…▲ AGE"), (2, 9, " RESTAR…▲")],
)
def test_a_title_is_not_cut_for_the_arrow_where_the_gap_behind_it_has_room(gap: int, width: int, shown: str) -> None:
    slots = [Slot(index=0, id="restarts", title="RESTARTS", x=0, width=8, right=True)]
    if width > 9:
        slots.append(Slot(index=1, id="age", title="AGE", x=8 + gap, width=4, right=False))
    assert "".join(piece.text for piece in head_pieces(slots, width, ("restarts", False))).rstrip() == shown


async def test_an_empty_table_says_what_it_was_told() -> None:
    async with table(0) as (shown, recording):
        shown.set_message("No services yet.\nctrl+r asks again")
        await recording.settle()
        assert [line.strip() for line in recording.lines() if "services" in line or "ctrl+r" in line] == [
            "No services yet.",
            "ctrl+r asks again",
        ]
        recording.take()
        shown.show_rows([])
        assert await recording.cost() == 0
        shown.show_rows([row(1)])
        await recording.settle()
        assert not any("ctrl+r" in line for line in recording.lines())


async def test_ten_thousand_lazy_rows_make_only_what_is_seen() -> None:
    made: list[Hashable] = []

    def make(key: Hashable) -> Row:
        made.append(key)
        assert isinstance(key, int)
        return row(key)

    async with table(0) as (shown, recording):
        shown.show_rows(LazyRows(range(10_000), make))
        await recording.press("G")
        assert shown.cursor_key == 9_999
        assert len(set(made)) < 40


# Tree and mouse ---------------------------------------------------------------------------------------------------------------


def tree() -> list[Row]:
    return [
        Row("shop", (cell("shop"),), 0, True),
        Row("prod", (cell("prod"),), 1, None),
        Row("stage", (cell("stage"),), 1, None),
        Row("other", (cell("other"),), 0, False),
    ]


async def test_the_tree_indents_folds_and_finds_its_parents() -> None:
    async with table(0, tree=True) as (shown, recording):
        shown.set_columns([ColumnSpec(id="name", low=10, grow=True)])
        shown.show_rows(tree())
        await recording.settle()
        assert [line.rstrip() for line in recording.lines()[:4]] == ["›▾ shop", "     prod", "     stage", " ▸ other"]
        await recording.press("left", "G", "right", "k", "left")
        app = recording.app
        assert isinstance(app, Bare)
        assert ("close", "shop") in app.said
        assert ("open", "other") in app.said
        assert shown.cursor_key == "shop"


async def test_a_click_selects_and_a_second_one_opens() -> None:
    async with table(20) as (shown, recording):
        app = recording.app
        assert isinstance(app, Bare)
        await recording.pilot.click(shown, offset=(5, 4))
        await recording.settle()
        assert shown.cursor_key == 3
        await recording.pilot.click(shown, offset=(5, 4), times=2)
        await recording.settle()
        assert ("opened", 3) in app.said
        await recording.pilot.click(shown, offset=(2, 0))
        await recording.settle()
        assert ("head", "name") in app.said


async def test_the_mouse_moving_over_it_writes_nothing() -> None:
    async with table(20) as (shown, recording):
        for y in range(1, 10):
            await recording.pilot.hover(shown, offset=(5, y))
        assert await recording.cost() == 0


async def test_changed_cells_are_marked_for_a_while_by_one_timer() -> None:
    async with table(20, flash=0.05) as (shown, recording):
        shown.show_rows([row(key, cpu="50%" if key == 2 else "1%") for key in range(20)])
        await recording.settle()

        def underlined() -> list[str]:
            return [segment.text for segment in shown.render_line(3) if segment.style and segment.style.underline]

        assert underlined() == ["50%"]
        await recording.pilot.pause(0.2)
        assert underlined() == []
        await recording.settle()
        recording.take()
        await recording.pilot.pause(0.1)
        assert await recording.cost() == 0


async def test_a_mark_of_a_changed_cell_goes_from_the_screen_with_the_columns_it_was_made_in() -> None:
    async with table(20, flash=1_000.0) as (shown, recording):
        shown.set_columns((replace(COLUMNS[0], low=12), *COLUMNS[1:]))
        shown.show_rows([row(key) for key in range(20)])
        await recording.settle()
        shown.show_rows([row(key, cpu="50%" if key == 2 else "1%") for key in range(20)])
        await recording.settle()

        def underlined() -> list[str]:
            strips = recording.app.screen._compositor.render_strips()
            return [segment.text for strip in strips for segment in strip if segment.style and segment.style.underline]

        assert "50%" in underlined()
        shown.set_columns((replace(COLUMNS[0], low=12, high=31), *COLUMNS[1:]))
        await recording.settle()
        assert "50%" not in underlined()


async def test_pieces_of_a_cell_keep_their_own_tones() -> None:
    async with table(0) as (shown, recording):
        shown.show_rows([Row(1, ((Piece("3m ago"), Piece(" ✗ failed", "bad")), cell(""), cell(""), cell("")))])
        await recording.settle()
        bad = shown.tone_style("bad", "cursor")
        assert [segment.text for segment in shown.render_line(1) if segment.style == bad] == [" ✗ failed"]
