"""A4 (and 2.1 to 2.3): hostile strings in every text field of every model, on every pane, screen, dialog and notice, in a pseudo-terminal.

The terminal may be told what an empty screen tells it, and nothing else.
"""

from __future__ import annotations

import os
import re
import select
import sys
from collections.abc import Sequence
from datetime import UTC
from functools import cache
from unicodedata import combining

import pyte
import pytest
from textual.widgets import Input
from wcwidth import wcwidth

from tests.bench.recorder import recorded
from tests.e2e.driver import Terminal
from tests.matrix.fill import filled
from tests.matrix.hostile import ALL, ESCAPES, MARKER, MARKUP, UNICODE
from tests.matrix.vt import answers, shapes
from tests.matrix.walk import SCREENS, SURE, screens
from tests.ui import keyboard
from tests.ui.desk import Desk, busy, service
from tests.ui.test_console import seat
from tui.model import Kind
from tui.text import clean
from tui.ui.answers import Entry
from tui.ui.app import Console
from tui.ui.link_frame import Scroll, scroll_codes
from tui.ui.settings import Settings

STEP = 96
"""Every so manieth string in the suite; all of them in the soak."""


class Reader(Terminal):
    """A terminal that looks at nothing: it keeps the bytes and answers where the cursor is, so that every frame comes."""

    answered = 0

    def pump(self, seconds: float) -> bool:
        try:
            if not select.select([self.master], [], [], seconds)[0]:
                return False
            data = os.read(self.master, 1 << 18)
        except OSError:
            return False
        self.raw += data
        said, self.answered = answers(self.raw, self.answered)
        os.write(self.master, said)
        return True


def walked(mode: str, step: int, offset: int = 0, *, output: str, patience: float = 100.0, keys: bool = False) -> bytes:
    """What one walk writes; with ``keys`` every key is pressed and every screen must come. ``output`` link is what users have; plain is
    the screen library's own, which paints every change whole."""
    command = [sys.executable, "-m", "tests.matrix.walk", mode, str(step), str(offset), *(["keys"] if keys else [])]
    with Reader(command, size=(90, 26), env={"ROLLWATCH_OUTPUT": output}) as terminal:
        assert terminal.ends(patience) == 0, terminal.raw[-3000:].decode("utf-8", "replace")
        terminal.restored()
        raw = bytes(terminal.raw)
    count = re.search(rf"{SURE}: (\d+)".encode(), raw)
    assert count is not None, raw[-2000:]
    assert raw.count(MARKER.encode()) >= 2 * int(count[1]), "they were not shown"
    came = re.search(rf"{SCREENS}: ([\w ]*)".encode(), raw)
    assert came is not None
    assert not keys or set(came[1].decode().split()) >= screens(), f"never opened: {screens() - set(came[1].decode().split())}"
    return raw


TITLED = frozenset({"CSI 22;2t", "CSI 23;2t", "title"})
"""The window's title: put aside, written in characters that are drawn, put back."""


@cache
def allowed(output: str, *, keys: bool = False) -> frozenset[str]:
    """What the same walk through the same output makes the terminal do when every text is harmless: the output layer scrolls lines that
    moved, and moves the cursor, in ways of its own."""
    found = frozenset(shapes(walked("plain", len(ALL) // 60 if keys else STEP, output=output, keys=keys)))
    assert "scroll" in found or output == "plain" or not keys
    # A short walk does not always move enough lines at once, nor last until something rings and is counted in the title.
    return found | TITLED | ({"scroll"} if output == "link" else set())


def test_the_corpus_is_as_large_as_it_must_be() -> None:
    assert len(set(ESCAPES)) >= 200
    assert len(set(MARKUP)) >= 100
    assert len(set(UNICODE)) >= 60
    assert len(ALL) == len(set(ALL))


def test_the_parser_sees_what_it_must_see() -> None:
    assert shapes(b"\x1b[1;2Hab\x1b[31mc\x1b[?1049h") == {"CSI H": 1, "CSI m": 1, "CSI ?1049h": 1}
    for text in ESCAPES:
        assert shapes(text.encode()), text
    assert shapes("a\u202eb".encode()) == {"U+202E": 1}
    assert shapes(("a" + "\u0301" * 5).encode()) == {"marks": 1}
    for by in (2, -2):
        moved = scroll_codes(Scroll(3, 9, by), 20)
        assert shapes(moved.encode()) == shapes(moved.replace("\n", "\r\n").encode()) == {"scroll": 1}
        assert shapes(moved.replace("\x1b[r", "").encode()).keys() & {"CSI r", "ESC M"}
    assert shapes(b"a\x1bMb\x1b[r") == {"ESC M": 1, "CSI r": 1}


@pytest.mark.timeout(240)
def test_a4_no_string_makes_the_terminal_do_what_an_empty_screen_does_not() -> None:
    assert set(shapes(walked("mixed", STEP, 3, output="link"))) - allowed("link") == set()


@pytest.mark.soak
@pytest.mark.timeout(240)
@pytest.mark.parametrize("output", ["plain", "link"])
def test_a4_every_key_of_every_screen(output: str) -> None:
    assert set(shapes(walked("mixed", STEP, 3, output=output, keys=True))) - allowed(output, keys=True) == set()


@pytest.mark.soak
@pytest.mark.timeout(2400)
@pytest.mark.parametrize(("mode", "output"), [("raw", "plain"), ("raw", "link"), ("clean", "plain"), ("clean", "link")])
def test_a4_all_strings(mode: str, output: str) -> None:
    """Without the gate and with it, as the screen library paints it and as users have it. How many marks stand on one letter only the
    gate limits."""
    known = allowed(output, keys=True) | ({"marks"} if mode == "raw" else set())
    assert set(shapes(walked(mode, 1, output=output, patience=2000.0, keys=True))) - known == set()


def columns(screen: pyte.Screen, word: str) -> set[int]:
    """The cells at which a word that stands in every row, by the terminal's own counting."""
    found = set()
    for y in range(2, 20):
        cells = [screen.buffer[y][x].data for x in range(screen.columns)]
        found |= {x for x in range(60, screen.columns) if cells[x : x + len(word)] == list(word)}
    return found


async def painted(texts: Sequence[str], monkeypatch: pytest.MonkeyPatch) -> tuple[pyte.Screen, list[str]]:
    """What a terminal shows of services with such names, and what the screen library believes that it shows."""
    monkeypatch.setenv("ROLLWATCH_OUTPUT", "plain")
    desk = Desk()
    desk.put("fleet", Kind.SERVICE, [filled(Kind.SERVICE, text, number) for number, text in enumerate(texts)])
    app = Console(desk, settings=Settings(zone=UTC))  # type: ignore[arg-type]
    async with recorded(app, (130, 40)) as recording:
        screen = pyte.Screen(130, 40)
        app.screen.refresh(layout=True)
        app.console_screen.redraw(None)
        await recording.settle()
        app.screen.refresh()
        await recording.settle()
        # pyte forgets the rest of a write after a mark that it cannot join; a terminal draws it over the letter before.
        pyte.Stream(screen).feed("".join(char for char in recording.take() if char < " " or combining(char) or wcwidth(char)))
        return screen, recording.lines()


async def test_a4_unicode_leaves_every_column_where_it_belongs(monkeypatch: pytest.MonkeyPatch) -> None:
    for start in range(0, len(UNICODE), 15):
        texts = [f"a{text[:12]}b" for text in UNICODE[start : start + 15]]
        screen, believed = await painted(texts, monkeypatch)
        where = columns(screen, "50%")
        assert len(where) == 1, list(screen.display[2:20])
        assert {screen.buffer[y][39].data for y in range(1, 20)} == {"▏"}, "the line between the panes"
        assert sum("50%" in line for line in believed) >= len(texts)


async def test_a4_a_name_that_only_looks_like_another_wears_a_badge() -> None:
    desk = busy()
    desk.put("fleet", Kind.SERVICE, [service("pr\u043ed"), service("prod")])
    async with seat(desk) as at:
        await at.press("2", "home", "r")
        badges = {at.sees("Restart prod"): at.sees("not ASCII")}
        await at.press("escape", "down", "r")
        badges[at.sees("Restart prod")] = at.sees("not ASCII")
        assert badges == {True: False, False: True}


async def test_a4_what_is_pasted_is_drawn_clean_and_a_secret_is_kept_as_it_came() -> None:
    async with seat() as at:
        at.app.open_palette()
        await keyboard.rest(at.app)
        for number, text in enumerate(("x\u202ey", "\x1b[9Bx", "\x1b]52;c;x\x07y", "\U000e0041b")):
            typed = at.app.screen.query_one(Input)
            typed.value = ""
            keyboard.give(at.app, f"<{text}>")
            await keyboard.rest(at.app)
            assert typed.value == clean(text), number
            assert typed.value
    entry = Entry("token", "", (), secret=True, value="")
    assert entry.validate_value("e\u0301\u202e") == "e\u0301\u202e"
