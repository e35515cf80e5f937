"""Key bar, status line and tabs: one line each, the same again writes nothing, a change writes where it differs."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace

import pytest
from rich.style import Style
from textual.app import App, ComposeResult
from textual.screen import Screen
from textual.widgets import Input

from tests.bench.recorder import Recording, recorded
from tui.ui.widgets.cells import Piece
from tui.ui.widgets.key_bar import KeyBar, KeyHint
from tui.ui.widgets.status_line import Part, StatusLine
from tui.ui.widgets.tabs import Tab, TabStrip
from tui.ui.widgets.tones import _blank_apart

HINTS = [
    KeyHint(id="open", key="↵", label="open"),
    KeyHint(id="logs", key="l", label="logs"),
    KeyHint(id="restart", key="r", label="restart", why_not="read-only"),
    KeyHint(id="console.help", key="?", label="help"),
]
TABS = [
    Tab(id="services", label="Services", count="12", tone="warn"),
    Tab(id="routes", label="Routes", count="3"),
    Tab(id="hooks", label="Webhooks"),
]


def test_what_is_reversed_ends_where_its_word_does_and_a_bar_never_is() -> None:
    plain, bad = Style(), Style(reverse=True, bold=True)
    assert _blank_apart(" down  ", bad, plain) == ((" ", plain), ("down", bad), ("  ", plain))
    assert _blank_apart("✗ failed", bad, plain) == (("✗ failed", bad),)
    ((text, look),) = _blank_apart("err ▁█ ▄", bad, plain)
    assert (text, look.reverse, look.bold) == ("err ▁█ ▄", False, True)


class Bare(App[None]):
    def __init__(self) -> None:
        super().__init__()
        self.status = StatusLine()
        self.tabs = TabStrip()
        self.keys = KeyBar()
        self.said: list[tuple[str, ...]] = []

    def compose(self) -> ComposeResult:
        yield self.status
        yield self.tabs
        yield Input()
        yield self.keys

    def on_key_bar_pressed(self, event: KeyBar.Pressed) -> None:
        self.said.append((event.action, event.why_not))

    def on_tab_strip_chosen(self, event: TabStrip.Chosen) -> None:
        self.said.append((event.tab,))

    def on_status_line_part_clicked(self, event: StatusLine.PartClicked) -> None:
        self.said.append((event.part,))


@asynccontextmanager
async def bars(width: int = 80) -> AsyncIterator[tuple[Bare, Recording]]:
    async with recorded(app := Bare(), (width, 10)) as recording:
        app.status.set_parts([part("rollwatch"), part("● encore 4s", "ok", rank=2, id_="encore")], [part("READ-ONLY", "warn")])
        app.tabs.set_tabs(TABS, "services")
        app.keys.set_keys(HINTS)
        await recording.settle()
        recording.take()
        yield app, recording


def part(text: str, tone: str | None = None, *, rank: int = 0, id_: str = "", short: str = "") -> Part:
    return Part(pieces=(Piece(text, tone),), rank=rank, id=id_, short=(Piece(short, tone),) if short else None)


async def test_the_same_again_writes_nothing() -> None:
    async with bars() as (app, recording):
        app.status.set_parts([part("rollwatch"), part("● encore 4s", "ok", rank=2, id_="encore")], [part("READ-ONLY", "warn")])
        app.tabs.set_tabs(list(TABS), "services")
        app.keys.set_keys(list(HINTS))
        assert await recording.cost() == 0


async def test_an_age_that_moves_on_writes_a_few_cells() -> None:
    async with bars() as (app, recording):
        app.status.set_parts([part("rollwatch"), part("● encore 5s", "ok", rank=2, id_="encore")], [part("READ-ONLY", "warn")])
        assert 0 < await recording.cost() < 200
        assert "encore 5s" in recording.lines()[0]


async def test_they_look_as_meant() -> None:
    async with bars() as (app, recording):
        lines = recording.lines()
        assert lines[0] == " rollwatch   ● encore 4s" + " " * 46 + "READ-ONLY "
        assert lines[1].rstrip() == " Services 12 · Routes 3 · Webhooks"
        assert app.keys.text in [line.rstrip() for line in lines]
        assert app.keys.text == " ↵ open  l logs  r restart  ? help"


async def test_the_greyed_key_and_the_active_tab_differ_by_more_than_colour() -> None:
    async with bars() as (app, _):
        styles = {segment.text: segment.style for segment in app.tabs.render_line(0)}
        assert styles["Services"] is not None
        assert styles["Services"].underline
        grey = [segment.text for segment in app.keys.render_line(0) if segment.style == app.keys.tone_style("muted")]
        assert grey == ["r restart"]
        assert app.keys.reason("restart") == "read-only"
        assert app.keys.reason("open") == ""


async def test_clicks_say_what_was_clicked() -> None:
    async with bars() as (app, recording):
        for widget, word, expected in (
            (app.keys, "logs", ("logs", "")),
            (app.keys, "restart", ("restart", "read-only")),
            (app.tabs, "Routes", ("routes",)),
            (app.status, "encore", ("encore",)),
        ):
            await recording.pilot.click(widget, offset=(widget.text.index(word), 0))
            await recording.settle()
            assert app.said[-1] == expected
        before = len(app.said)
        await recording.pilot.click(app.status, offset=(2, 0))
        await recording.settle()
        assert len(app.said) == before


@pytest.mark.parametrize(
    ("width", "expected"),
    [(80, " ↵ open  l logs  r restart  ? help"), (31, " ↵ open  l logs  ? help  …"), (16, " ? help  …"), (8, " ? help…")],
)
async def test_keys_that_do_not_fit_leave_and_help_stays(width: int, expected: str) -> None:
    async with bars(width) as (app, _):
        assert app.keys.text == expected


@pytest.mark.parametrize(
    ("width", "expected"),
    [
        (60, " prod   ● encore 4s   ● fleet 2s" + " " * 18 + "READ-ONLY"),
        (42, " prod   ● encore   ● fleet 2s READ-ONLY"),
        (28, " prod   ● fleet   READ-ONLY"),
        (22, " prod         READ-ONLY"),
    ],
)
async def test_a_narrow_header_keeps_what_matters(width: int, expected: str) -> None:
    async with bars(width) as (app, recording):
        app.status.set_parts(
            [part("prod"), part("● encore 4s", short="● encore", rank=2), part("● fleet 2s", short="● fleet", rank=1)], [part("READ-ONLY")]
        )
        await recording.settle()
        assert " ".join(app.status.text.split()) == " ".join(expected.split())


async def test_what_left_for_a_sentence_comes_back_when_that_is_told_in_a_word() -> None:
    sentence = Part(pieces=(Piece("▲ history is not saved: " + "/a/long/way" * 9),), rank=1, short=(Piece("▲ not saved"),))
    async with bars(60) as (app, recording):
        app.status.set_parts([part("prod"), part("▕████▏ 93/100", rank=3, short="93/100")], [sentence, part("22:31", rank=2)])
        await recording.settle()
        assert " ".join(app.status.text.split()) == "prod ▕████▏ 93/100 ▲ not saved 22:31"


async def test_a_very_long_name_drives_nothing_else_from_its_line() -> None:
    async with bars(60) as (app, recording):
        app.status.set_parts([part("x" * 200), part("service on fleet", rank=2)], [part("as of 4s ago"), part("▲ PRODUCTION")])
        await recording.settle()
        assert app.status.text.strip() == "x" * 28 + "…   as of 4s ago   ▲ PRODUCTION"
        app.status.set_parts([part("y" * 200)])
        await recording.settle()
        assert app.status.text.strip() == "y" * 57 + "…"


async def test_many_tabs_lose_their_counts_and_then_scroll_to_the_active_one() -> None:
    async with bars(30) as (app, recording):
        app.tabs.set_tabs(TABS, "hooks")
        await recording.settle()
        assert "Webhooks" in app.tabs.text
        assert "12" not in app.tabs.text


@pytest.mark.parametrize(
    ("width", "expected"),
    [
        (80, " ✗ Services 12 · ▲ Routes 3 · Webhooks"),
        (36, "✗Services 12 ·▲Routes 3 · Webhooks"),
        (35, "✗Services 12 ·▲Routes 3 · Webhooks"),
        (34, " ✗ Services · ▲ Routes · Webhooks"),
    ],
)
async def test_what_is_wrong_behind_a_tab_is_told_without_a_colour_and_costs_no_count(width: int, expected: str) -> None:
    async with bars(width) as (app, recording):
        app.tabs.set_tabs([replace(TABS[0], sign="✗"), replace(TABS[1], sign="▲"), *TABS[2:]], "services")
        await recording.settle()
        assert app.tabs.text.rstrip() == expected
        line = app.tabs.text
        await recording.pilot.click(app.tabs, offset=(line.index("▲"), 0))
        await recording.settle()
        assert app.said[-1] == ("routes",)


async def test_hostile_text_stays_one_line_of_plain_text() -> None:
    async with bars() as (app, recording):
        app.status.set_text("a\x1b]0;x\x07b\nc[bold]d[/nope]")
        await recording.settle()
        assert "\x1b]0" not in recording.take()
        assert app.status.text == " ab␊c[bold]d[/nope]"


async def test_a_covered_line_writes_nothing_and_is_right_afterwards() -> None:
    async with bars() as (app, recording):
        await app.push_screen(Screen())
        await recording.cost()
        app.status.set_text("new words")
        await recording.pilot.pause(0.1)
        await recording.settle()
        assert recording.take() == ""
        app.pop_screen()
        await recording.settle()
        assert recording.lines()[0].startswith(" new words")
