"""What each mode of the log pane looks like, as text with a stamp of its colours; a change must not alter it unseen.

Several modes are looked at in one console, one after the other: its start costs more than a dozen looks. ``pytest --snapshot-update``
writes them anew.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import pytest

from tests.gallery.paint import stamp
from tests.ui import keyboard
from tests.ui.desk import NOW, line
from tests.ui.dialogs import look
from tests.ui.logs.gate import looking_back, settled
from tests.ui.test_console import Seat, seat
from tui.engine.resume import Gap
from tui.engine.stream import StreamState
from tui.errors import Unreachable
from tui.model import LogLine
from tui.text import clean, escape

BOOK = Path(__file__).parent / "__snapshots__"

WORDS = (
    ("GET /v1/basket 200 in 12 ms", "info"),
    ('{"level":"error","msg":"no answer","peer":"10.0.0.1"}', ""),
    ("retrying, 2 of 5", "warn"),
)
LONG = "a long line: " + " ".join(f"word{number}" for number in range(30))
COLOURED = "\x1b[1;31mERROR\x1b[0m db \x1b[32mok\x1b[0m \x1b]0;title\x07 rest"


@dataclass(frozen=True, slots=True, kw_only=True)
class Mode:
    """``keys`` lead to it, ``back`` away again. ``shows`` must be seen, whatever the picture in the book says. What stands in ``<`` and
    ``>`` is pasted."""

    name: str
    keys: tuple[str, ...]
    shows: str
    back: tuple[str, ...] = ("escape",)


TWO: tuple[Mode, ...] = (
    Mode(name="merged", keys=(), shows="● 2 live", back=()),
    Mode(name="patterns", keys=("p",), shows="not compared with before: fleet: no answer"),
    Mode(name="by minute", keys=("i",), shows="22:30            60       20  ██"),
    Mode(name="nothing matches", keys=("slash", "<nobody says this>", "enter"), shows="None of 80 lines match the filter."),
)
ONE: tuple[Mode, ...] = (
    Mode(name="one log, a gap", keys=(), shows="── gap of 4s: lines may be missing ──", back=()),
    Mode(name="warnings with context", keys=("L", "o"), shows="warn and worse  ±3 lines around each"),
    Mode(name="errors only", keys=("L", "L"), shows="error and worse"),
    Mode(name="a text", keys=("slash", "<basket>", "enter"), shows="14 of 42 lines"),
    Mode(name="a regular expression and its opposite", keys=("slash", "</no (answer|x)/ !basket>", "enter"), shows="13 of 42 lines"),
    Mode(
        name="a bad expression",
        keys=("slash", "<~(>"),
        shows="▲ no regular expression: missing ), unterminated subpattern at character 1",
    ),
    Mode(name="found", keys=("s", "<retrying>", "enter", "N"), shows="paused", back=("end",)),
    Mode(name="standing still, marked", keys=("k", "k", "m", "v", "k"), shows="range: y copies it", back=("j", "m", "end")),
    Mode(name="laid out, ages", keys=("P", "u", "u"), shows="no answer  peer=10.0.0.1", back=("P", "u")),
    Mode(name="wrapped", keys=("w",), shows="word29", back=("w",)),
    Mode(name="further right", keys=("right",), shows="word7", back=("left",)),
    Mode(name="a record laid out", keys=("E", "E", "enter"), shows='"msg": "no answer"', back=("escape", "end")),
    Mode(name="a record escaped", keys=("E", "enter", "tab", "tab"), shows="\\x1b]0;title", back=("tab", "escape", "end")),
    Mode(name="asked for a time", keys=("J", "<noon>", "enter"), shows="write 14:05"),
    Mode(name="asked how far back", keys=("b",), shows=" since "),
    Mode(name="asked for a file", keys=("W",), shows=" save what is shown to "),
    Mode(name="what happened instead", keys=("a",), shows="Nothing has changed since the console was opened.", back=("a",)),
)
MODES: Mapping[tuple[int, int], tuple[Mode, ...]] = {(120, 40): TWO, (80, 24): ONE}


async def said(at: Seat, size: tuple[int, int]) -> None:
    """Follow a log, or two together, that say something of everything."""
    looking_back(at.desk, Unreachable("no answer", connection="fleet"))
    await at.press(*(("space", "j", "space", "l", "z") if size == (120, 40) else ("l", "z")))
    for which, follow in enumerate(at.desk.follows):
        times = [NOW - timedelta(seconds=2 * (40 - number) + which) for number in range(40)]
        lines = [line(*WORDS[number % 3], when) for number, when in enumerate(times)]
        if len(at.desk.follows) == 1:
            coloured = LogLine(at=NOW, text=clean(COLOURED, 500), escaped=escape(COLOURED))
            lines += [line(LONG, "info", NOW - timedelta(seconds=1)), coloured]
            lines[30:30] = [Gap(seconds=4, at=times[30])]  # type: ignore[list-item]
        follow.write(*lines)
    await settled(at)


@pytest.mark.parametrize("size", MODES, ids=lambda size: f"{size[0]}x{size[1]}")
async def test_every_mode_looks_as_it_did(request: pytest.FixtureRequest, size: tuple[int, int]) -> None:
    async with seat(size=size) as at:
        await said(at, size)
        for mode in MODES[size]:
            await keyboard.press(at.app, *mode.keys)
            await settled(at)
            compare(request, at, mode.name, mode.shows)
            await keyboard.press(at.app, *mode.back)


async def test_a_stream_that_ended_or_is_quiet_looks_as_it_did(request: pytest.FixtureRequest) -> None:
    async with seat(size=(80, 24)) as at:
        await at.press("4", "z")
        compare(request, at, "no log is followed", "No log is followed.")
        await at.press("2", "l", "z")
        follow, boot = at.desk.follows[-1], at.desk.clock.boot()
        for name, state, shows in (
            ("connecting", StreamState(word="connecting", since=boot), "◐ connecting…"),
            ("quiet", StreamState(word="quiet", since=boot - 842), "○ connected, quiet for 14m"),
            (
                "reconnecting",
                StreamState(word="reconnecting", since=boot, reason="the server ended the stream", next_try=boot + 4),
                "▲ reconnecting",
            ),
            ("ended", StreamState(word="ended", since=boot, reason="fleet: you may not read this log"), "✗ ended"),
        ):
            follow.become(state)
            await settled(at)
            compare(request, at, name, shows)


def compare(request: pytest.FixtureRequest, at: Seat, name: str, shows: str) -> None:
    """What is on the screen with what was."""
    lines = look(at)
    text = ["".join(part for part, _ in each).rstrip() for each in lines]
    made = "\n".join([*text, f"looks: {stamp(lines)}", ""])
    assert any(shows in each for each in text), f"{name}\n{made}"
    page = BOOK / f"{name.replace(',', '').replace(' ', '-')}.txt"
    if request.config.getoption("--snapshot-update"):
        page.parent.mkdir(exist_ok=True)
        page.write_text(made)
    assert made == page.read_text(), "look at it, then pytest --snapshot-update"
