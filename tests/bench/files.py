"""A file of lines, opened and followed: ours beside toolong, each a program in a terminal of its own.

``python -m tests.bench.files FILE`` is ours. toolong is no dependency: it is found as ``tl`` on the path or in ``BENCH_TOOLONG``, and left
out where it is not installed.
"""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from textual.app import ComposeResult

from tests.bench.data import lines
from tests.bench.figures import Figure
from tests.bench.terminal import Terminal
from tui.model import LogLine
from tui.platforms.lines import Lines
from tui.text import clean
from tui.ui.link import PacedApp
from tui.ui.widgets.log_view import LogView

COUNT = 200_000
PIECE = 1 << 18
LAST = "the last line of all"
NEWS = "a line that came later"
RUN = "import os, sys; os.execv(sys.argv[1], sys.argv[1:])"


class FileLog(PacedApp[None]):
    """A file in our view, read on as it grows."""

    CSS = "LogView { height: 1fr; }"

    def __init__(self, path: str) -> None:
        super().__init__()
        self._file = Path(path).open("rb")  # noqa: SIM115 - open as long as the program runs
        self._splitter = Lines()
        self._view = LogView(show_names=False, limit=2 * COUNT, total=2 * COUNT)

    def compose(self) -> ComposeResult:
        yield self._view

    def on_mount(self) -> None:
        self._view.focus()
        self._read()

    def _read(self) -> None:
        data = self._file.read(PIECE)
        self._view.append("file", [LogLine(text=clean(each.data.decode("utf-8", "replace"), 16_384)) for each in self._splitter.feed(data)])
        self.set_timer(0.001 if data else 0.1, self._read)


def _opened(arguments: Sequence[str], path: Path) -> tuple[float | None, float, float]:
    """Processor seconds until the last line is on the screen; then bytes and processor time a second while 100 lines a second come."""
    with Terminal([*arguments, str(path)]) as terminal:
        terminal.until(lambda: terminal.received > 0, 20)
        if not terminal.until(lambda: terminal.shows(LAST), 5):
            terminal.send("\x1b[F")
        found = terminal.until(lambda: terminal.shows(LAST), 60)
        took = terminal.cpu_seconds()
        terminal.run(1)
        received, worked, begin = terminal.received, terminal.cpu_seconds(), time.monotonic()
        with path.open("a") as file:
            for _ in range(250):
                file.write(f"{NEWS} {time.monotonic()}\n" * 2)
                file.flush()
                terminal.run(0.02)
        spent = time.monotonic() - begin
        return took if found else None, (terminal.received - received) / spent / 1000, (terminal.cpu_seconds() - worked) / spent * 100


def files() -> list[Figure]:
    """Opening and following the same file."""
    toolong = os.environ.get("BENCH_TOOLONG") or shutil.which("tl")
    programs = {"ours": ["-m", "tests.bench.files"]} | ({"toolong": ["-c", RUN, toolong]} if toolong else {})
    found = {}
    with tempfile.TemporaryDirectory() as folder:
        text = "\n".join([*lines(COUNT - 1), LAST]) + "\n"
        for name, arguments in programs.items():
            path = Path(folder) / f"{name}.log"
            path.write_text(text)
            found[name] = _opened(arguments, path)
    anchors = {name: each for name, each in found.items() if name != "ours"}
    told = "" if anchors else " (toolong is not installed)"
    what = (f"a file of {COUNT:,} lines to its end", "the file grows by 100 lines/s", "the file grows by 100 lines/s: processor")
    return [
        Figure(
            case="logs", what=f"{each}{told}", unit=unit, ours=found["ours"][at], anchors={name: one[at] for name, one in anchors.items()}
        )
        for at, (each, unit) in enumerate(zip(what, ("s", "KB/s", "%"), strict=True))
    ]


if __name__ == "__main__":
    FileLog(sys.argv[1]).run(mouse=False)
