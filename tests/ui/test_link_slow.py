"""The output layer over a slow link: once everything has arrived, the terminal shows what Textual wanted shown."""

from __future__ import annotations

from pathlib import Path

import pyte
import pytest

from tests.bench.terminal import Terminal
from tests.ui.test_link import Twins

COLUMNS, ROWS = 48, 16
SILENT = 0.4
"""Seconds without a byte after which nothing is under way any more."""


def quiet(terminal: Terminal) -> None:
    while terminal.until(lambda before=terminal.received: terminal.received != before, SILENT):  # type: ignore[misc]
        pass


def play(folder: Path, seed: int, rounds: int, rate: float, rtt: float) -> None:
    command = ["-m", "tests.ui.playing", str(folder), str(seed), str(rounds)]
    with Terminal(command, columns=COLUMNS, rows=ROWS, rate=rate, rtt=rtt) as terminal:
        for number in range(rounds):
            wanted = folder / str(number)
            assert terminal.until(wanted.exists, 40.0), "\n".join(terminal.screen.display)
            quiet(terminal)
            twins = Twins(COLUMNS, ROWS)
            pyte.Stream(twins.plain).feed(wanted.read_text(encoding="utf-8"))
            twins.linked = terminal.screen
            assert not twins.difference(), f"round {number} of seed {seed}: {twins.difference()}"
            (folder / f"{number}.seen").touch()
        assert terminal.until(terminal.ended, 20.0)


@pytest.mark.soak
@pytest.mark.timeout(600)
@pytest.mark.parametrize(("rate", "rtt"), [(10_000.0, 0.0), (10_000.0, 0.15), (3_000.0, 0.3)])
@pytest.mark.parametrize("seed", range(300, 304))
def test_a_slow_link_shows_the_same_once_it_is_quiet(tmp_path: Path, seed: int, rate: float, rtt: float) -> None:
    play(tmp_path, seed, 12, rate, rtt)
