"""From one screen to another in few bytes: lines, pens, scrolled blocks, and terminals that count cells otherwise."""

from __future__ import annotations

import pyte
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rich.color import ColorSystem
from rich.segment import Segment
from rich.style import Style
from wcwidth import wcwidth

from tui.ui.link_frame import PLAIN, Grid, Inks, Pen, find_scroll, patch_line, scroll_codes

WIDTH = 16
STYLES = (
    None,
    Style(color="red"),
    Style(color="red", bold=True),
    Style(color="#102030", bgcolor="#405060"),
    Style(reverse=True, underline=True),
    Style(bgcolor="blue", italic=True),
)
RUNS = st.lists(st.tuples(st.text(st.sampled_from("ab ─日🚀…"), max_size=8), st.sampled_from(STYLES)), max_size=4)


def grid(inks: Inks, *lines: list[tuple[str, Style | None]]) -> Grid:
    made = Grid(WIDTH, len(lines), (" ", PLAIN))
    for y, runs in enumerate(lines):
        made.put(0, y, [Segment(text, style) for text, style in runs], inks)
    return made


def patched(old: Grid, new: Grid, inks: Inks) -> str:
    pen = Pen(inks)
    for y in range(new.height):
        patch_line(pen, y, old.lines[y], new.lines[y])
    return pen.close()


def screen_of(*texts: str, height: int = 1) -> pyte.Screen:
    screen = pyte.Screen(WIDTH, height)
    for text in ("\x1b[?7l", *texts):
        pyte.Stream(screen).feed(text)
    return screen


def cells(screen: pyte.Screen) -> list[list[object]]:
    return [[screen.buffer[y][x] for x in range(WIDTH)] for y in range(screen.lines)]


@given(RUNS, RUNS)
@settings(max_examples=200)
def test_a_patched_line_is_the_new_line(before: list[tuple[str, Style | None]], after: list[tuple[str, Style | None]]) -> None:
    inks = Inks(ColorSystem.TRUECOLOR)
    empty, old, new = grid(inks, []), grid(inks, before), grid(inks, after)
    first = patched(empty, old, inks)
    assert cells(screen_of(first, patched(old, new, inks))) == cells(screen_of(patched(empty, new, inks)))
    assert patched(new, new, inks) == ""


@given(RUNS)
def test_a_line_over_the_unknown_is_written_whole(after: list[tuple[str, Style | None]]) -> None:
    inks = Inks(ColorSystem.TRUECOLOR)
    new = grid(inks, after)
    garbage = "\x1b[1;1H" + "#" * WIDTH
    assert cells(screen_of(garbage, patched(Grid(WIDTH, 1), new, inks))) == cells(screen_of(patched(grid(inks, []), new, inks)))


def test_what_follows_a_disputed_character_stands_where_it_should(monkeypatch: pytest.MonkeyPatch) -> None:
    """A terminal to which a rocket is one cell wide still has everything behind it in its column."""
    monkeypatch.setattr(pyte.screens, "wcwidth", lambda char: 1 if char == "🚀" else wcwidth(char))
    inks = Inks(ColorSystem.TRUECOLOR)
    new = grid(inks, [("ab🚀cd e\u0301f", None)])
    screen = screen_of(patched(Grid(WIDTH, 1), new, inks))
    assert [screen.buffer[0][x].data for x in (0, 1, 4, 5, 7, 8)] == ["a", "b", "c", "d", "é", "f"]


@given(st.integers(2, 8), st.integers(-4, 4).filter(bool), st.integers(0, 3))
def test_a_block_that_moved_is_scrolled(size: int, by: int, above: int) -> None:
    inks = Inks(ColorSystem.TRUECOLOR)
    size += abs(by) + 4
    texts = [f"{number}" + chr(97 + number) * 12 for number in range(size + abs(by))]
    old_block, new_block = (texts[:size], texts[by:][:size]) if by > 0 else (texts[-by:][:size], texts[:size])
    fixed = [[(f"top {number}", None)] for number in range(above)]
    old = grid(inks, *fixed, *([(text, None)] for text in old_block))
    new = grid(inks, *fixed, *([(text, None)] for text in new_block))
    changed = [y for y in range(new.height) if old.lines[y] != new.lines[y]]
    scroll = find_scroll(old, new, changed)
    assert scroll is not None
    assert scroll.by == by
    height = new.height
    screen = screen_of(patched(grid(inks, *([[]] * height)), old, inks), height=height)
    old.scroll(*scroll)
    pyte.Stream(screen).feed(scroll_codes(scroll, height))
    patch = patched(old, new, inks)
    pyte.Stream(screen).feed(patch)
    assert [line.rstrip() for line in screen.display] == ["".join(char for char, _ in line).rstrip() for line in new.lines]
    assert len(patch) < 40 * abs(by)


def test_nothing_is_scrolled_where_it_does_not_pay() -> None:
    inks = Inks(ColorSystem.TRUECOLOR)
    old = grid(inks, *([(f"line {number}", None)] for number in range(8)))
    new = grid(inks, *([(f"line {number + 1}", None)] for number in range(8)))
    assert find_scroll(old, new, list(range(8))) is None


def test_the_pen_takes_the_shortest_way_between_styles() -> None:
    inks = Inks(ColorSystem.TRUECOLOR)
    red, bold, plain = inks.of(Style(color="red")), inks.of(Style(color="red", bold=True)), inks.of(None)
    assert inks.way(red, red) == ""
    assert inks.way(red, bold) == "\x1b[1m"
    assert inks.way(bold, red) == "\x1b[0;31m"
    assert inks.way(red, plain) == "\x1b[m"
    assert inks.of(Style(color="red", meta={"x": 1})) == red


def test_a_link_is_opened_and_closed_and_cannot_break_out() -> None:
    inks = Inks(ColorSystem.TRUECOLOR)
    linked = patched(Grid(WIDTH, 1), grid(inks, [("see", Style(link="https://example.org/")), (" it", None)]), inks)
    assert "\x1b]8;id=" in linked
    assert linked.index("\x1b]8;;\x1b\\") > linked.index("see")
    evil = patched(Grid(WIDTH, 1), grid(inks, [("see", Style(link="x\x1b\\\x1b]52;c;eA==\x07"))]), inks)
    assert "]52" not in evil


def test_a_mark_that_left_the_last_column_is_taken_from_its_neighbour_too() -> None:
    inks = Inks(ColorSystem.TRUECOLOR)
    old, new = (grid(inks, [("a" * (WIDTH - 2) + "█" + last, None)]) for last in ("e\u0301", "x"))
    assert patched(old, new, inks).endswith("█x")
