"""The output layer in a real terminal program: what tmux shows of the layer's output is what it shows of Textual's own."""

from __future__ import annotations

import os
import shutil
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.bench.recorder import Recording, recorded
from tests.ui.test_link import SESSION, Player, Sample, Twins

TMUX = shutil.which("tmux") or ""
PATIENCE = 20.0


class Pane:
    """A window of a tmux of its own that shows whatever is written to it."""

    def __init__(self, folder: Path, name: str) -> None:
        self._socket = folder / f"{name}.tmux"
        self._pipe = folder / f"{name}.pipe"
        self._marks = 0
        os.mkfifo(self._pipe)
        script = f"stty raw -echo; exec cat {self._pipe}"
        self._tmux("-f", os.devnull, "new-session", "-d", "-x", "48", "-y", "14", script)
        self._tmux("set", "-g", "status", "off")
        self._tmux("set", "-g", "window-size", "manual")
        self._fd = os.open(self._pipe, os.O_WRONLY)
        self.feed("\x1b[?7l")

    def _tmux(self, *words: str) -> str:
        environ = {key: value for key, value in os.environ.items() if key not in {"TMUX", "TMUX_PANE"}}
        done = subprocess.run(
            [TMUX, "-S", str(self._socket), *words], capture_output=True, text=True, check=True, timeout=PATIENCE, env=environ
        )
        return done.stdout

    def feed(self, text: str) -> None:
        os.write(self._fd, text.encode())

    def resize(self, width: int, height: int) -> None:
        self.settle()
        self._tmux("resize-window", "-x", str(width), "-y", str(height))

    def settle(self) -> None:
        """Until tmux has taken in all that was written."""
        self._marks += 1
        self.feed(f"\x1b]2;mark {self._marks}\x07")
        end = time.monotonic() + PATIENCE
        while self._tmux("display", "-p", "#{pane_title}").strip() != f"mark {self._marks}":
            assert time.monotonic() < end, "tmux never came to the end"

    def shown(self) -> list[str]:
        """The screen with its colours."""
        self.settle()
        return self._tmux("capture-pane", "-p", "-e", "-N").split("\n")

    def close(self) -> None:
        """The session ends with what it reads from, and tmux with its only session."""
        os.close(self._fd)


class Both:
    """What pyte is fed, tmux is fed too."""

    def __init__(self, feed: Any, pane: Pane) -> None:
        self._feed, self._pane = feed, pane

    def feed(self, text: str) -> None:
        self._feed.feed(text)
        if text:
            self._pane.feed(text)


class Tmuxed(Twins):
    """The same two streams in two real terminals beside the two emulated ones."""

    panes: tuple[Pane, Pane]

    def show_in(self, panes: tuple[Pane, Pane]) -> None:
        self.panes = panes
        self._feeds = tuple(Both(feed, pane) for feed, pane in zip(self._feeds, panes, strict=True))  # type: ignore[assignment]

    def resize(self, width: int, height: int) -> None:
        super().resize(width, height)
        for pane in self.panes:
            pane.resize(width, height)

    def difference(self) -> str:
        plain, linked = (pane.shown() for pane in self.panes)
        return next(
            (f"line {y}:\n{left!r}\n{right!r}" for y, (left, right) in enumerate(zip(plain, linked, strict=True)) if left != right), ""
        )


@pytest.fixture
def panes(tmp_path: Path) -> Iterator[tuple[Pane, Pane]]:
    if not TMUX:
        pytest.skip("there is no tmux")
    made: list[Pane] = []
    try:
        made = [Pane(tmp_path, name) for name in ("plain", "linked")]
        yield made[0], made[1]
    finally:
        for pane in made:
            pane.close()


async def play(panes: tuple[Pane, Pane], seed: int, steps: int, every: int) -> None:
    async with recorded(Sample(), (48, 14)) as recording:
        player = Player(recording, seed)
        player.twins = twins = Tmuxed(*recording.app.size)
        twins.show_in(panes)
        player.app.plain.clear()
        await player.do_resize()
        await _whole(recording, player)
        before: list[str] = []
        for number in range(steps):
            before.append(await player.step())
            if number % every == 0:
                difference = twins.difference()
                assert not difference, f"after {before[-every:]} of seed {seed}: {difference}"
        assert player.link.working


async def _whole(recording: Recording, player: Player) -> None:
    await recording.settle()
    player.twins.take(recording)


async def test_tmux_shows_the_same(panes: tuple[Pane, Pane]) -> None:
    await play(panes, 7, 12, 6)


@pytest.mark.soak
@pytest.mark.timeout(1800)
@pytest.mark.parametrize("seed", range(200, 210))
async def test_tmux_shows_the_same_for_a_long_time(panes: tuple[Pane, Pane], seed: int) -> None:
    await play(panes, seed, 40 * SESSION, 1)
