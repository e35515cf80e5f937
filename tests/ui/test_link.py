"""The output layer: whatever Textual draws, the terminal shows the same as without it, for fewer bytes and never too many at once."""

from __future__ import annotations

import asyncio
import inspect
import io
import random
import re
from dataclasses import dataclass, field
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pyte
import pytest
from rich.text import Text
from textual import events
from textual._compositor import ChopsUpdate, Compositor, CompositorUpdate, LayoutUpdate
from textual.app import App, ComposeResult
from textual.drivers._writer_thread import MAX_QUEUED_WRITES, WriterThread
from textual.geometry import Region
from textual.screen import ModalScreen
from textual.widgets import Input, Static
from wcwidth import wcwidth

from tests.bench.recorder import Recording, recorded
from tests.ui.throttled import let_through
from tui.model import LogLine
from tui.text import Safe
from tui.ui import link as link_module
from tui.ui.link import CROWDED, TEXTUAL, Link, PacedApp, may_ask
from tui.ui.link_pace import Mode, Pace
from tui.ui.widgets.log_view import LogView
from tui.ui.widgets.resource_table import ResourceTable
from tui.ui.widgets.table_layout import ColumnSpec
from tui.ui.widgets.table_rows import Row, cell

WORDS = ("web-api", "日本語", "e\u0301te\u0301", "worker", "● ok", "✗ failed", "🚀 up", "—", "▲ degraded", "x" * 30, "漢字かな交じり文", "")


class Box(ModalScreen[None]):
    CSS = "Box { align: center middle; } Box > Static { width: 24; height: 5; border: thick red; background: blue; }"

    def compose(self) -> ComposeResult:
        yield Static("Restart 日本 web-api?\nIt serves 3 routes.", markup=False)


class Sample(PacedApp[None]):
    """Everything a console has, small, with what plain output would have been kept beside."""

    CSS = """
    ResourceTable { height: 1fr; border: round green; }
    LogView { height: 5; }
    #side { dock: right; width: 12; background: $panel; }
    #lid { layer: above; width: 20; height: 3; background: darkred; offset: 3 2; display: none; }
    Screen { layers: default above; }
    """

    def __init__(self, *, plain: bool = False, driver: Any = None) -> None:
        super().__init__(plain=plain, driver_class=driver)
        self.plain: list[str] = []
        self.table = ResourceTable()
        self.log_view = LogView(zone=UTC, limit=200)
        self.side = Static("side", id="side", markup=False)
        self.lid = Static("lid 日本語 over it", id="lid", markup=False)

    def compose(self) -> ComposeResult:
        yield self.table
        yield Input()
        yield self.log_view
        yield self.side
        yield self.lid

    def on_mount(self) -> None:
        self.table.set_columns([ColumnSpec(id="name", title="NAME", low=6, high=20), ColumnSpec(id="state", title="STATE", low=8)])
        self.log_view.set_source("a", "web")

    def _display(self, screen: Any, renderable: Any) -> None:
        if isinstance(renderable, CompositorUpdate) and not self._batch_count and self._running:
            self.plain.append(renderable.render_segments(self.console))
        super()._display(screen, renderable)


@dataclass
class Twins:
    """Two terminals: one is sent what Textual would write, the other what the link writes."""

    width: int
    height: int
    plain: pyte.Screen = field(init=False)
    linked: pyte.Screen = field(init=False)
    asked: list[tuple[int, int]] = field(default_factory=list)
    sizes: tuple[int, int] = (0, 0)

    def __post_init__(self) -> None:
        self.plain, self.linked = pyte.Screen(self.width, self.height), pyte.Screen(self.width, self.height)
        self._feeds = (pyte.Stream(self.plain), pyte.Stream(self.linked))
        for feed in self._feeds:
            feed.feed("\x1b[?7l")

    def resize(self, width: int, height: int) -> None:
        for screen in (self.plain, self.linked):
            screen.resize(height, width)

    def take(self, recording: Recording) -> None:
        app = recording.app
        assert isinstance(app, Sample)
        plain, linked = "".join(app.plain), recording.take()
        app.plain.clear()
        self.sizes = (self.sizes[0] + len(plain), self.sizes[1] + len(linked))
        self._feeds[0].feed(plain)
        self._feeds[1].feed(linked.replace("\x1b[6n", ""))
        self.asked += [(int(match[2]) - 1, int(match[1]) - 1) for match in re.finditer(r"\x1b\[(\d+);(\d+)H\x1b\[6n", linked)]

    def difference(self) -> str:
        """The first cell that differs; empty if none does."""
        for y in range(self.plain.lines):
            left, right = (_whole(screen.buffer[y], screen.columns) for screen in (self.plain, self.linked))
            for x, (one, other) in enumerate(zip(left, right, strict=True)):
                if one != other:
                    shown = ["".join(char.data or "~" for char in line) for line in (left, right)]
                    return f"cell {x},{y}: {one} is shown as {other}\n{shown[0]}\n{shown[1]}"
        return ""


def _whole(line: Any, columns: int) -> list[Any]:
    """A line of pyte with the halves of wide characters that were written over made blank, as real terminals do."""
    chars = [line[x] for x in range(columns)]
    for x, char in enumerate(chars):
        wide = bool(char.data) and wcwidth(char.data[0]) == 2
        if (wide and (x + 1 >= columns or chars[x + 1].data)) or (not char.data and (not x or wcwidth((chars[x - 1].data or " ")[0]) != 2)):
            chars[x] = char._replace(data=" ")
    return chars


class Player:
    """Plays random sessions on a sample app."""

    def __init__(self, recording: Recording, seed: int) -> None:
        self.recording = recording
        self.chance = random.Random(seed)  # noqa: S311
        app = recording.app
        assert isinstance(app, Sample)
        self.app = app
        self.twins = Twins(*app.size)
        self.line = 0
        self.rows = [self._row(key) for key in range(30)]

    @property
    def link(self) -> Link:
        assert self.app.link is not None
        return self.app.link

    def _row(self, key: int) -> Row:
        tone = self.chance.choice(["ok", "bad", "warn", None])
        return Row(key, (cell(f"{key} {self.chance.choice(WORDS)}"), cell(self.chance.choice(WORDS), tone)))

    async def step(self) -> str:
        name = self.chance.choice(STEPS)
        await getattr(self, f"do_{name}")()
        await self.recording.settle()
        if self.app.log_view._gate.waiting:
            let_through(self.app.log_view._gate)
            await self.recording.settle()
        self.twins.take(self.recording)
        return name

    async def do_change(self) -> None:
        for _ in range(self.chance.randint(1, 4)):
            at = self.chance.randrange(len(self.rows))
            self.rows[at] = self._row(self.rows[at].key)  # type: ignore[arg-type]
        self.app.table.show_rows(list(self.rows))

    async def do_shuffle(self) -> None:
        self.chance.shuffle(self.rows)
        self.app.table.show_rows(self.rows[: self.chance.randint(0, 30)])

    async def do_scroll(self) -> None:
        self.app.table.focus()
        await self.recording.press(self.chance.choice(["pagedown", "pageup", "G", "g", "j", "k", "ctrl+d"]))

    async def do_log(self) -> None:
        count = self.chance.choice([1, 1, 2, 3, 9])
        words = [" ".join(self.chance.choices(WORDS, k=4)) for _ in range(count)]
        self.line += count
        self.app.log_view.append(
            "a", [LogLine(at=datetime(2026, 1, 1, 0, 0, self.line % 60, tzinfo=UTC), text=Safe(text)) for text in words]
        )

    async def do_modal(self) -> None:
        if len(self.app.screen_stack) > 1:
            self.app.pop_screen()
        else:
            await self.app.push_screen(Box())

    async def do_lid(self) -> None:
        self.app.lid.display = not self.app.lid.display
        self.app.lid.styles.offset = (self.chance.randint(0, 9), self.chance.randint(0, 6))

    async def do_side(self) -> None:
        self.app.side.update("\n".join(self.chance.choices(WORDS, k=5)))

    async def do_hide(self) -> None:
        self.app.side.display = not self.app.side.display

    async def do_theme(self) -> None:
        self.app.theme = self.chance.choice(["textual-dark", "textual-light", "nord"])

    async def do_type(self) -> None:
        await self.recording.press("tab", self.chance.choice("ab日"))

    async def do_resize(self) -> None:
        width, height = self.chance.randint(20, 60), self.chance.randint(8, 18)
        self.twins.resize(width, height)
        await self.recording.pilot.resize_terminal(width, height)


STEPS = [name.removeprefix("do_") for name in vars(Player) if name.startswith("do_")] + ["log", "log", "change", "scroll"]


SESSION = 3
"""Steps of one random session; the next one begins where it ended."""


async def play(seed: int, sessions: int) -> tuple[int, int]:
    """Random sessions, the screens compared after each step. Bytes of plain output and of the link's."""
    async with recorded(Sample(), (48, 14)) as recording:
        player = Player(recording, seed)
        player.app.plain.clear()
        await player.do_resize()
        await recording.settle()
        player.twins.take(recording)
        before: list[str] = []
        for _ in range(sessions * SESSION):
            before.append(await player.step())
            difference = player.twins.difference()
            assert not difference, f"after {before[-3:]} of seed {seed}: {difference}"
        assert player.link.working
        return player.twins.sizes


@pytest.mark.parametrize("seed", [0, pytest.param(1, marks=pytest.mark.soak)])
async def test_random_sessions_look_the_same_cell_by_cell(seed: int) -> None:
    plain, linked = await play(seed, 25)
    assert linked < plain / 2


@pytest.mark.soak
@pytest.mark.timeout(3600)
@pytest.mark.parametrize("seed", range(100, 120))
async def test_a_thousand_random_sessions_look_the_same_cell_by_cell(seed: int) -> None:
    await play(seed, 50)


class Tight(Pace):
    """An account of a very slow link from its first answer on."""

    def allowed(self) -> int:
        return 300

    def budget(self) -> int | None:
        return 200 if self.mode is Mode.PACED else None


@pytest.mark.parametrize("seed", [0, *(pytest.param(seed, marks=pytest.mark.soak) for seed in range(1, 10))])
async def test_a_busy_link_ends_up_with_the_same_screen(seed: int) -> None:
    """Answers come late, some never; what is held back meanwhile is not lost and is never more than the account allows."""
    async with recorded(Sample(), (48, 14)) as recording:
        player = Player(recording, seed)
        link = player.link
        clock = [100.0]
        link._now = lambda: clock[0]
        link._pace = Tight()
        player.app.plain.clear()
        await player.do_resize()
        await recording.settle()
        player.twins.take(recording)
        waited = 0
        for _ in range(25):
            for _ in range(SESSION):
                await player.step()
                clock[0] += 0.02
                waited += bool(link._stale)
            for _ in range(60):
                clock[0] += 0.1
                for x, y in player.twins.asked:
                    if player.chance.random() < 0.9:
                        link.answered(x, y)
                player.twins.asked.clear()
                link._try_again()
                await recording.settle()
                player.twins.take(recording)
                if not link._stale and not player.twins.asked:
                    break
            assert not link._stale
            assert not player.twins.difference()
        assert waited > 15
        assert link.state.mode is Mode.PACED


# What it writes ---------------------------------------------------------------------------------------------------------------


async def shown(recording: Recording) -> tuple[pyte.Screen, pyte.Stream]:
    """A terminal that shows what the app has on the screen now."""
    app = recording.app
    screen = pyte.Screen(*app.size)
    stream = pyte.Stream(screen)
    assert isinstance(app, Sample)
    assert app.link is not None
    app.link.forget(*app.size)
    app.screen.refresh()
    await recording.settle()
    stream.feed(recording.take().replace("\x1b[6n", ""))
    return screen, stream


async def test_nothing_new_writes_nothing_and_one_cell_writes_a_cell() -> None:
    async with recorded(Sample(), (80, 24)) as recording:
        app = recording.app
        assert isinstance(app, Sample)
        rows = [Row(key, (cell(f"web-{key}"), cell("1%"))) for key in range(40)]
        app.table.show_rows(rows)
        await recording.settle()
        recording.take()
        app.screen.refresh(layout=True)
        app.table.refresh()
        assert await recording.cost() == 0
        rows[3] = Row(3, (cell("web-3"), cell("7%")))
        app.table.show_rows(rows)
        assert 0 < await recording.cost() < 80


async def test_a_full_width_log_is_scrolled_by_the_terminal() -> None:
    async with recorded(Sample(), (80, 24)) as recording:
        app = recording.app
        assert isinstance(app, Sample)
        app.side.display = False
        app.log_view.styles.height = 12
        app.log_view.append("a", [LogLine(text=Safe(f"{number} " + chr(97 + number % 26) * 40)) for number in range(150)])
        await recording.settle()
        recording.take()
        let_through(app.log_view._gate)
        app.log_view.append("a", [LogLine(text=Safe("150 and another line of it"))])
        let_through(app.log_view._gate)
        await recording.settle()
        text = recording.take()
        assert re.search(r"\x1b\[\d+;\d+r\x1b\[\d+H\n\x1b\[r", text)
        assert len(text) < 300


async def test_what_a_terminal_obeys_never_reaches_it_from_any_widget() -> None:
    async with recorded(Sample(), (80, 24)) as recording:
        app = recording.app
        assert isinstance(app, Sample)
        app.side.update(Text("a\x1b]52;c;eA==\x07b\x1b[2Jc\x9b2Jd\x9d0;x\x9ce"))
        app.side.border_title = "\x1b]0;pwned\x07"
        await recording.settle()
        text = recording.take()
        assert "]52;c" in text
        assert "\x1b]" not in text
        assert "\x1b[2J" not in text
        assert not re.search("[\x80-\x9f\x07]", text)


async def test_after_a_resize_or_a_resume_everything_is_written_again() -> None:
    async with recorded(Sample(), (60, 20)) as recording:
        app = recording.app
        assert isinstance(app, Sample)
        screen, _ = await shown(recording)
        again = pyte.Screen(60, 20)
        app.app_resume_signal.publish(app)
        await asyncio.sleep(0.01)
        await recording.settle()
        pyte.Stream(again).feed(recording.take().replace("\x1b[6n", ""))
        assert again.display == screen.display
        await recording.pilot.resize_terminal(60, 20)
        await asyncio.sleep(0.01)
        assert await recording.cost() > 500


async def test_a_surprise_ends_the_layer_and_not_the_console(monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture) -> None:
    async with recorded(Sample(), (60, 20)) as recording:
        app = recording.app
        assert isinstance(app, Sample)
        assert app.link is not None
        screen, stream = await shown(recording)

        def fails(*_: object) -> None:
            raise ZeroDivisionError

        monkeypatch.setattr(link_module, "patch_line", fails)
        app.side.update("other")
        await recording.settle()
        stream.feed(recording.take())
        assert not app.link.working
        assert "gave up" in caplog.text
        assert [line.rstrip() for line in screen.display] == [line.rstrip() for line in recording.lines()]
        app.side.update("third")
        await recording.settle()
        assert "third" in recording.take()


@pytest.mark.parametrize("by", ["variable", "setting"])
async def test_plain_output_can_be_asked_for(by: str, monkeypatch: pytest.MonkeyPatch) -> None:
    if by == "variable":
        monkeypatch.setenv("ROLLWATCH_OUTPUT", "plain")
    async with recorded(Sample(plain=by == "setting"), (60, 20)) as recording:
        app = recording.app
        assert isinstance(app, Sample)
        assert app.link is None
        app.side.update("other")
        await recording.settle()
        assert "other" in recording.take()


async def test_idle_leaves_no_timer_behind() -> None:
    async with recorded(Sample(), (60, 20)) as recording:
        app = recording.app
        assert isinstance(app, Sample)
        assert app.link is not None
        screen = pyte.Screen(60, 20)
        twins = Twins(60, 20)
        app.link.forget(60, 20)
        app.screen.refresh()
        await recording.settle()
        twins.take(recording)
        assert twins.asked
        for x, y in twins.asked:
            app.post_message(events.CursorPosition(x, y))
        await recording.settle()
        assert app.link._timer is None
        assert app.link.state.mode is Mode.PACED
        assert screen.columns == 60


WORD = "abcdefghijklmnopqrstuvwxyz"
BETWEEN = {
    "tmux": {"TERM": "tmux-256color", "TMUX": "default,1,0"},
    "screen": {"TERM": "screen", "STY": "1.pts-0"},
    "Windows Terminal": {"TERM": "xterm-256color", "WT_SESSION": "b2a1"},
}


@pytest.mark.parametrize("name", BETWEEN)
async def test_what_answers_for_itself_is_neither_asked_nor_waited_for(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for variable in ("TERM", "TMUX", "STY", "WT_SESSION"):
        monkeypatch.delenv(variable, raising=False)
    for variable, value in BETWEEN[name].items():
        monkeypatch.setenv(variable, value)
    async with recorded(Sample(), (60, 20)) as recording:
        app = recording.app
        assert isinstance(app, Sample)
        assert app.link is not None
        for number in range(20):
            app.side.update(WORD[number] * 5)
            await recording.settle()
            sent = recording.take()
            assert WORD[number] * 5 in sent, "at once, though nobody has answered anything"
            assert "\x1b[6n" not in sent


@pytest.mark.parametrize("answers", [False, True])
async def test_a_serial_line_that_never_answers_and_mosh_that_always_does_are_not_waited_for(answers: bool) -> None:
    """Neither can be told by its environment. What a serial line is sent goes on; mosh answers on the spot, and nothing is held back."""
    async with recorded(Sample(), (60, 20)) as recording:
        app = recording.app
        assert isinstance(app, Sample)
        assert app.link is not None
        clock = [100.0]
        app.link._now = lambda: clock[0]
        app.link._pace = Pace()
        for number in range(60):
            app.side.update(WORD[number % 26] * 5)
            await recording.settle()
            sent = recording.take()
            assert WORD[number % 26] * 5 in sent
            clock[0] += 0.2
            for y, x in re.findall(r"\x1b\[(\d+);(\d+)H\x1b\[6n", sent) if answers else ():
                app.link.answered(int(x) - 1, int(y) - 1)
        assert app.link.state.mode is (Mode.PACED if answers else Mode.FREE)


def test_where_answers_say_nothing_nobody_asks() -> None:
    for environ, expected in (
        ({"TERM": "xterm-256color"}, True),
        ({"TERM": "xterm-256color", "SSH_CONNECTION": "x"}, True),
        ({"TERM": "tmux-256color", "TMUX": "default,1,0"}, False),
        ({"TERM": "screen"}, False),
        ({"TERM": "xterm", "STY": "1.x"}, False),
        ({"TERM": "xterm", "WT_SESSION": "x"}, False),
        ({"TERM": "dumb"}, False),
        ({}, False),
    ):
        assert may_ask(environ, "linux") is expected, environ
    assert not may_ask({"TERM": "xterm"}, "win32")


def test_textual_is_the_one_this_layer_was_read_against() -> None:
    """A new Textual: read ``App._display`` and the compositor's updates again, run the soak sessions, then move the range."""
    low, high = ([int(part) for part in text.split(".")] for text in TEXTUAL)
    have = [int(part) for part in version("textual").split(".")[:3]]
    assert low <= have < high, f"tui/ui/link.py leans on internals of Textual {TEXTUAL[0]} to below {TEXTUAL[1]}"
    assert f'"textual>={TEXTUAL[0]},<{TEXTUAL[1]}"' in (Path(__file__).parents[2] / "pyproject.toml").read_text()
    for owner, names in (
        (App, ("_display", "is_headless", "post_display_hook")),
        (Compositor, ("render_full_update", "render_partial_update")),
        (LayoutUpdate, ("render_segments",)),
        (ChopsUpdate, ("render_segments",)),
    ):
        for name in names:
            assert hasattr(owner, name), f"{owner.__name__}.{name} is gone"
    source = inspect.getsource(App._display)
    for name in ("_batch_count", "_running", "_closed", "_driver", "_begin_update", "_end_update", "cursor_position"):
        assert name in source, f"App._display does without {name} now"
    assert vars(LayoutUpdate([], Region(0, 0, 0, 0))).keys() == {"strips", "region"}
    assert vars(ChopsUpdate([], [], [])).keys() == {"chops", "spans", "chop_ends"}
    assert CROWDED < MAX_QUEUED_WRITES
    assert hasattr(WriterThread(io.StringIO()), "_queue")
