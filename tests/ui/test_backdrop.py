"""A light terminal gets the light theme, when it says so; what it says is never taken for keys."""

from __future__ import annotations

from datetime import UTC

import pytest
from textual.widgets import Input

from tests.ui.test_console import seat
from tui.ui.backdrop import QUESTION, Backdrop, may_ask
from tui.ui.settings import Settings

WHITE, BLACK = "\x1b]11;rgb:ffff/ffff/ffff\x1b\\", "\x1b]11;rgb:1e1e/1e1e/2e2e\x07"


def listening() -> tuple[Backdrop, list[bool]]:
    told: list[bool] = []
    made = Backdrop(told.append)
    assert made.ask() == QUESTION
    return made, told


@pytest.mark.parametrize(("answer", "light"), [(WHITE, True), (BLACK, False), ("\x1b]11;rgba:00/00/00/ff\x07", False)])
def test_the_answer_is_understood_and_taken_out_wherever_it_is_cut(answer: str, light: bool) -> None:
    for at in range(len(answer) + 1):
        backdrop, told = listening()
        left = backdrop("j" + answer[:at]) + backdrop(answer[at:] + "k")
        assert told == [light], at
        assert left.replace("\x1b", "") == "jk", "no character of it becomes a key"


def test_what_is_no_answer_is_passed_on_unchanged() -> None:
    backdrop, told = listening()
    for text in ("\x1b", "\x1b[A", "\x1b[200~]11;rgb:\x1b[201~", "]11;", "é"):
        assert backdrop(text) == text
    assert backdrop("\x1b]") + backdrop("x") == "\x1b]x"
    assert told == []


@pytest.mark.parametrize("garbage", ["\x1b]11;rgb:zz/??\x07", "\x1b]11;blue\x1b\\", "\x1b]11;\x07"])
def test_garbage_for_an_answer_is_no_key(garbage: str) -> None:
    backdrop, told = listening()
    assert backdrop("j" + garbage + "k") == "jk"
    assert told == []
    assert backdrop(WHITE) == ""
    assert told == [True], "the answer may still come"


@pytest.mark.parametrize("after", ["j", "\x1b[A", "\x1b[1;16R"])
def test_an_answer_that_breaks_off_is_no_key(after: str) -> None:
    backdrop, told = listening()
    assert backdrop("\x1b]11;rgb:ffff/ff") == ""
    assert backdrop(after) == after
    assert backdrop("r") == "r"
    assert told == []


def test_only_one_answer_is_taken_and_none_that_nobody_asked_for() -> None:
    backdrop, told = listening()
    assert backdrop(WHITE) + backdrop(BLACK) == BLACK
    assert told == [True]
    assert Backdrop(told.append)(WHITE) == WHITE


@pytest.mark.parametrize(
    ("environ", "asked"),
    [
        ({"TERM": "xterm-256color"}, True),
        ({"TERM": "tmux-256color"}, False),
        ({"TERM": "xterm", "TMUX": "x"}, False),
        ({"NO_COLOR": "1"}, False),
    ],
)
def test_who_cannot_answer_is_not_asked(environ: dict[str, str], asked: bool) -> None:
    assert may_ask(environ) is asked


@pytest.mark.parametrize(("free", "theme"), [(True, "rollwatch-light"), (False, "rollwatch-dark")])
async def test_a_light_terminal_is_followed_only_where_nobody_chose(free: bool, theme: str) -> None:
    async with seat(settings=Settings(zone=UTC, free=free)) as at:
        at.app.wardrobe.learn(True)
        await at.wait()
        assert at.app.theme == theme


async def test_a_theme_is_worn_while_the_cursor_is_on_it_and_put_off_again() -> None:
    async with seat(settings=Settings(zone=UTC), size=(80, 24)) as at:
        await at.press("colon")
        at.app.screen.query_one(Input).value = "theme"
        await at.wait()
        wanted, seen = {"colour-blind", "monochrome"}, {at.app.theme}
        for _ in range(8):
            if wanted <= seen:
                break
            await at.press("down")
            seen.add(at.app.theme)
        assert wanted <= seen
        await at.press("escape")
        await at.wait()
        assert at.app.theme == "rollwatch-dark"
        await at.press("colon")
        at.app.screen.query_one(Input).value = "theme terminal"
        await at.wait()
        await at.press("enter")
        await at.wait()
        assert at.app.theme == "terminal"
