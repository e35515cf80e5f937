"""The log as it is drawn: following, standing still, coalesced, and silent while nobody looks."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta

import pytest
from rich.cells import cell_len
from textual.app import App, ComposeResult
from textual.screen import ModalScreen, Screen

from tests.bench.recorder import Recording, recorded
from tests.ui.logs.gate import open_gate
from tui.model import LogLine
from tui.text import Safe
from tui.ui.widgets import log_canvas, log_paint
from tui.ui.widgets.log_view import LogView

START = datetime(2026, 5, 4, 12, tzinfo=UTC)


def lines(first: int, last: int, text: str = "request {} served") -> list[LogLine]:
    return [LogLine(at=START + timedelta(seconds=number), text=Safe(text.format(number))) for number in range(first, last)]


class Bare(App[None]):
    CSS = "LogView { width: 60; height: 8; }"

    def __init__(self) -> None:
        super().__init__()
        self.log_view = LogView(zone=UTC, limit=1_000)
        self.said: list[tuple[bool, int, int]] = []

    def compose(self) -> ComposeResult:
        yield self.log_view

    def on_mount(self) -> None:
        self.log_view.set_source("a", "web")
        self.log_view.focus()

    def on_log_view_status_changed(self, event: LogView.StatusChanged) -> None:
        self.said.append((event.following, event.unseen, event.dropped))


@asynccontextmanager
async def log(count: int = 0) -> AsyncIterator[tuple[LogView, Recording]]:
    async with recorded(app := Bare(), (60, 8)) as recording:
        app.log_view.append("a", lines(0, count))
        open_gate(app.log_view)
        await recording.settle()
        recording.take()
        yield app.log_view, recording


def tails(recording: Recording) -> list[str]:
    return [line[15:].strip(" ▐").removeprefix("request ") for line in recording.lines() if line.strip(" ▐")]


async def test_it_follows_in_columns() -> None:
    async with log(20) as (_, recording):
        assert recording.lines()[-1].startswith(" 12:00:19 web          request 19 served")
        assert len([line for line in recording.lines() if "served" in line]) == 8


async def test_what_is_said_in_place_of_lines_moves_as_a_whole_where_the_page_becomes_shorter() -> None:
    async with log() as (view, recording):
        view.set_message(["one", "two", "three", "four"])
        await recording.settle()
        view.pause()
        await recording.settle()
        drawn = recording.lines()
        view.refresh()
        await recording.settle()
        assert recording.lines() == drawn


async def test_scrolling_up_stands_still_and_end_follows_again() -> None:
    async with log(20) as (view, recording):
        await recording.press("k")
        assert not view.following
        assert "request 13 served" in recording.lines()[0]
        assert "request 19 served" in recording.lines()[-2], "the newest line is not behind the one that says that the view stands still"
        assert view.current is not None
        assert view.current.line.text == "request 18 served"
        view.append("a", lines(20, 1_224))
        await recording.settle()
        open_gate(view)
        await recording.settle()
        assert recording.lines()[-1].startswith(" paused  +1,204 new  End follows again")
        await recording.press("end")
        assert view.following
        assert "request 1223 served" in recording.lines()[-1]
        app = recording.app
        assert isinstance(app, Bare)
        assert app.said[-1][:2] == (True, 0)


async def test_scrolling_down_at_the_end_does_not_stop_following() -> None:
    async with log(20) as (view, recording):
        await recording.press("j", "pagedown")
        assert view.following


async def test_many_batches_are_painted_once_a_period(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(log_canvas, "PERIOD", 1_000.0)
    async with log(20) as (view, recording):
        painted = 0
        draw = view.draw_line

        def counted(y: int) -> object:
            nonlocal painted
            painted += y == 0
            return draw(y)

        view.draw_line = counted  # type: ignore[method-assign,assignment]
        for number in range(20, 120):
            view.append("a", lines(number, number + 1))
            await recording.settle()
        assert painted == 1
        open_gate(view)
        await recording.settle()
        assert painted == 2
        assert "request 119 served" in recording.lines()[-1]


async def test_the_gate_opens_by_itself_and_then_nothing_runs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(log_canvas, "PERIOD", 0.02)
    async with log(20) as (view, recording):
        view.append("a", lines(20, 21))
        view.append("a", lines(21, 22))
        await recording.pilot.pause(3 * log_canvas.PERIOD)
        await recording.settle()
        assert "request 21 served" in recording.lines()[-1]
        assert not view._gate.waiting
        recording.take()
        await recording.pilot.pause(2 * log_canvas.PERIOD)
        assert await recording.cost() == 0


async def test_nothing_is_written_or_drawn_while_hidden_or_covered() -> None:
    async with log(20) as (view, recording):
        view.display = False
        await recording.cost()
        view.append("a", lines(20, 40))
        open_gate(view)
        assert await recording.cost() == 0
        view.display = True
        await recording.settle()
        assert "request 39 served" in recording.lines()[-1]
        await recording.app.push_screen(Screen())
        await recording.cost()
        view.append("a", lines(40, 60))
        open_gate(view)
        await recording.pilot.pause(0.1)
        await recording.settle()
        assert recording.take() == ""
        recording.app.pop_screen()
        await recording.settle()
        assert "request 59 served" in recording.lines()[-1]


async def test_under_a_dialog_it_goes_on() -> None:
    async with log(20) as (view, recording):
        await recording.app.push_screen(ModalScreen())
        await recording.settle()
        view.append("a", lines(20, 21))
        open_gate(view)
        await recording.settle()
        assert "request 20 served" in recording.lines()[-1]


async def test_under_a_dialog_it_is_painted_ten_times_less_often(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(log_canvas, "PERIOD", 0.01)
    monkeypatch.setattr(log_canvas, "BEHIND", 1_000.0)
    async with log(20) as (view, recording):
        await recording.app.push_screen(ModalScreen())
        flushed: list[int] = []
        flush = view._flush
        view._flush = lambda: (flushed.append(len(view.buffer)), flush())  # type: ignore[method-assign,assignment,return-value]
        for number in (20, 21, 22):
            view.append("a", lines(number, number + 1))
            await recording.pilot.pause(0.05)
        assert flushed == [21]
        open_gate(view)
        assert flushed == [21, 23]


async def test_lines_are_parsed_when_drawn_only() -> None:
    async with log() as (view, recording):
        looked: list[str] = []
        real = log_paint.level_of
        try:
            log_paint.level_of = lambda word, text: (looked.append(text), real(word, text))[1]  # type: ignore[assignment]
            view.append("a", lines(0, 1_000))
            open_gate(view)
            await recording.settle()
        finally:
            log_paint.level_of = real  # type: ignore[assignment]
        assert len(set(looked)) == 8


async def test_levels_show_as_word_and_sign() -> None:
    async with log() as (view, recording):
        view.append("a", [LogLine(at=START, level=Safe("error"), text=Safe("boom")), LogLine(text=Safe("level=warn odd"))])
        await recording.settle()
        assert recording.lines()[0].rstrip() == " 12:00:00 web ✗ error  boom"
        assert recording.lines()[1].rstrip() == "          web ▲ warn   level=warn odd"


async def test_two_sources_have_two_colours_and_their_names() -> None:
    async with log(2) as (view, recording):
        view.set_source("b", "worker")
        view.append("b", lines(1, 3))
        open_gate(view)
        await recording.settle()
        named = [re.split(r"\s+", line.strip())[1] for line in recording.lines() if line.strip()]
        assert named == ["web", "web", "worker", "worker"]
        styles = {segment.style for y in (1, 2) for segment in view.render_line(y) if segment.text.strip() in {"web", "worker"}}
        assert len(styles) == 2
        view.forget("b")
        open_gate(view)
        await recording.settle()
        assert "worker" not in "".join(recording.lines())


async def test_wrap_shows_everything_and_pan_stays_put() -> None:
    async with log() as (view, recording):
        view.append("a", lines(1, 3, "{} " + "0123456789" * 9))
        open_gate(view)
        await recording.settle()
        assert all("…" in line for line in recording.lines()[:2])
        await recording.press("right")
        assert recording.lines()[0][23:30] == "6789012"
        view.append("a", lines(3, 4, "{} " + "0123456789" * 9))
        open_gate(view)
        await recording.settle()
        assert recording.lines()[2][23:30] == recording.lines()[0][23:30]
        view.set_look(wrap=True)
        await recording.settle()
        assert not any("…" in line for line in recording.lines())
        assert "".join(line[23:].rstrip(" ▐") for line in recording.lines()).count("0123456789") >= 8


async def test_a_search_stands_still_in_the_middle_and_is_painted() -> None:
    async with log(100) as (view, recording):
        pattern = re.compile("request 50")
        view.set_highlight(pattern)
        told: list[bool] = []
        view.seek(lambda entry: pattern.search(entry.line.text) is not None, -1, told.append)
        await recording.settle()
        assert told == [True]
        assert not view.following
        assert any("request 50 served" in line for line in recording.lines()[2:6])
        assert view.current is not None
        assert view.current.line.text == "request 50 served"
        view.seek(lambda entry: "never" in entry.line.text, 1, told.append)
        assert told == [True, False]


async def test_a_filter_shows_only_what_matches() -> None:
    async with log(100) as (view, recording):
        view.set_filter(lambda entry: "7 served" in entry.line.text)
        await recording.settle()
        assert tails(recording) == [f"        request {number} served".strip().removeprefix("request ") for number in range(27, 100, 10)]


async def test_what_was_found_with_a_filter_is_in_sight_without_it() -> None:
    async with log(200) as (view, recording):
        view.set_filter(lambda entry: "7 served" in entry.line.text)
        await recording.settle()
        await recording.press("k", "k")
        row = next(row for row, line in enumerate(recording.lines()) if "request 177 served" in line)
        assert row == 4
        view.set_filter(None)
        await recording.settle()
        assert "request 177 served" in recording.lines()[row]
        assert "request 173 served" in recording.lines()[0]
        view.set_filter(lambda entry: "request 18" in entry.line.text)
        await recording.settle()
        assert view.current is not None
        assert view.current.line.text == "request 177 served"
        assert "request 180 served" in recording.lines()[0]
        view.set_filter(None)
        await recording.settle()
        assert any("request 177 served" in line for line in recording.lines())


async def test_notes_and_cuts_are_ours_to_tell() -> None:
    async with log() as (view, recording):
        view.note("a", "── gap of 3m12: lines may be missing ──")
        view.append("a", [LogLine(text=Safe("long"), cut=9_900_000)])
        open_gate(view)
        await recording.settle()
        assert recording.lines()[0].startswith(" ── gap of 3m12: lines may be missing ──")
        assert "long …+9,900,000 bytes cut" in recording.lines()[1]


async def test_hostile_and_endless_lines_are_one_plain_line_each() -> None:
    async with log() as (view, recording):
        hostile = [
            "a\x1b]52;c;eA==\x07b\x1b[2J\x9b31m",
            "x" * 1_000_000,
            "e" + "\u0301" * 100_000,
            "日本" * 50_000,
            "[@click=app.bell]x[/nope]",
            "a\r\nb",
        ]
        view.append("a", [LogLine(text=Safe(text)) for text in hostile])
        open_gate(view)
        await recording.settle()
        sent = recording.take()
        assert "\x1b]52" not in sent
        assert "\x9b" not in sent
        assert "\r" not in sent
        assert "[@click=app.bell]x[/nope]" in sent
        assert all(cell_len(line) == 60 for line in recording.lines())


async def test_an_empty_log_says_what_it_was_told_and_clear_makes_it_empty() -> None:
    async with log(20) as (view, recording):
        view.set_message("No service is followed.\nPress l on a row.")
        await recording.press("k")
        view.clear()
        open_gate(view)
        await recording.settle()
        assert [line.strip() for line in recording.lines() if line.strip()] == ["No service is followed.", "Press l on a row."]
        assert view.following


async def test_what_an_empty_log_said_goes_with_its_first_line() -> None:
    async with log() as (view, recording):
        view.set_message("Nothing has changed.")
        await recording.settle()
        assert any("Nothing" in line for line in recording.lines())
        view.append("a", lines(0, 1))
        open_gate(view)
        await recording.settle()
        assert [line.strip() for line in recording.lines() if line.strip()] == ["12:00:00 web          request 0 served"]


async def test_a_resize_keeps_the_end_in_view() -> None:
    async with log(20) as (view, recording):
        view.styles.height = 4
        await recording.settle()
        assert "request 19 served" in recording.lines()[3]
