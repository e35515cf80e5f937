"""``rollwatch demo`` in a real pseudo-terminal: what a newcomer sees, presses and leaves."""

from __future__ import annotations

import os
import signal
import sys
import time
from pathlib import Path

import pytest

from tests.e2e.driver import Terminal, alive, rollwatch

SHOWN = ("Apps & environments", "Services", "Live rollouts", "Log of", "web-api", "NEEDS APPROVAL")


def gone(pids: list[int], deadline: float = 10.0) -> None:
    """Fail unless these processes end."""
    end = time.monotonic() + deadline
    while any(alive(pid) for pid in pids):
        assert time.monotonic() < end, "a child process is still there"
        time.sleep(0.02)


def test_a_newcomer_looks_around_and_leaves(tmp_path: Path) -> None:
    with Terminal(rollwatch("demo"), size=(120, 40), cwd=tmp_path) as terminal:
        terminal.sees(*SHOWN)
        terminal.sees("● encore", "● dployr", "● phase", "demo")
        children = terminal.children()
        assert len(children) == 1
        terminal.press("2", "/")
        terminal.sees("words, !word to leave out")
        terminal.press("web-api")
        terminal.sees("/ web-api")
        terminal.press("enter")
        terminal.misses("/ web-api")
        terminal.until(lambda: "image-resizer" not in terminal.text() and "web-api" in terminal.text(), "the filter did not work")
        terminal.press("home", "enter")
        terminal.sees("dployr/service/svc-", "runtime")
        terminal.press("esc")
        terminal.sees("Apps & environments")
        terminal.press("l")
        terminal.sees("Log of web-api", "● live")
        terminal.press("z")
        terminal.misses("Live rollouts")
        terminal.press("z", "?")
        terminal.sees("Help")
        terminal.press("esc")
        terminal.sees("Live rollouts")
        terminal.press("q")
        assert terminal.ends() == 0
        terminal.restored()
        gone(children)
    assert list(tmp_path.iterdir()) == [], "the demo wrote a file"


def test_a_small_terminal_shows_one_pane_at_a_time() -> None:
    with Terminal(rollwatch("demo"), size=(80, 24)) as terminal:
        terminal.sees("worker", "degraded")
        assert "Apps & environments" not in terminal.text()
        terminal.press("1")
        terminal.sees("checkout", "Apps & environments")
        assert "LAST DEPLOY" not in terminal.text()
        terminal.resize(130, 42)
        terminal.sees("Apps & environments", "worker", "Live rollouts")
        terminal.press("q")
        assert terminal.ends() == 0
        terminal.restored()


def test_another_program_in_the_terminal_leaves_the_console_its_title(tmp_path: Path) -> None:
    """How many alerts there are stood nowhere from then on, until there were more or fewer."""
    pager = tmp_path / "pager"
    pager.write_text("#!/bin/sh\nprintf '\\033]2;mine\\007'\n")
    pager.chmod(0o755)
    with Terminal(rollwatch("demo"), env={"PAGER": str(pager)}) as terminal:
        terminal.sees(*SHOWN)
        terminal.until(lambda: b"\x1b]2;rollwatch demo\x07" in terminal.raw, "no title")
        terminal.press("|")
        terminal.until(lambda: b"\x1b]2;mine\x07" in terminal.raw, "the pager was not started")
        terminal.until(lambda: b"\x1b]2;rollwatch demo\x07" in terminal.raw.split(b"\x1b]2;mine\x07")[1], "the title is the pager's")
        terminal.press("q")
        assert terminal.ends() == 0


def test_a_program_that_cannot_be_started_gives_the_terminal_back(tmp_path: Path) -> None:
    """Nothing was drawn again and no key was heard, until somebody killed the console."""
    editor = tmp_path / "broken"
    editor.write_bytes(b"no program")
    editor.chmod(0o755)
    with Terminal(rollwatch("demo"), env={"EDITOR": str(editor), "VISUAL": ""}) as terminal:
        terminal.sees(*SHOWN)
        terminal.press("\x05")
        terminal.sees("broken cannot be started: Exec format error")
        terminal.press("q")
        assert terminal.ends() == 0
        terminal.restored()


@pytest.mark.parametrize(
    ("number", "code"),
    [
        pytest.param(signal.SIGTERM, 143, id="SIGTERM"),
        pytest.param(signal.SIGHUP, 129, id="SIGHUP", marks=pytest.mark.soak),
        pytest.param(signal.SIGINT, 130, id="SIGINT", marks=pytest.mark.soak),
    ],
)
def test_a_signal_leaves_the_terminal_as_it_was(number: signal.Signals, code: int) -> None:
    with Terminal(rollwatch("demo", "--scenario", "calm"), size=(100, 30)) as terminal:
        terminal.sees("● dployr")
        children = terminal.children()
        terminal.signal(number)
        assert terminal.ends() == code
        terminal.restored()
        gone(children)
        assert "Traceback" not in terminal.raw.decode("utf-8", "replace")


def test_a_killed_console_leaves_no_emulator_behind() -> None:
    with Terminal(rollwatch("demo", "--scenario", "calm"), size=(100, 30)) as terminal:
        terminal.sees("● dployr")
        children = terminal.children()
        terminal.signal(signal.SIGKILL)
        assert terminal.ends() == -signal.SIGKILL
        gone(children)


def test_a_vanished_terminal_ends_the_console_and_its_emulator() -> None:
    with Terminal(rollwatch("demo", "--scenario", "calm"), size=(100, 30), controlling=False) as terminal:
        terminal.sees("● dployr")
        children = terminal.children()
        os.close(terminal.slave)
        os.close(terminal.master)
        assert terminal.process is not None
        assert terminal.process.wait(30) == 129
        gone(children)


def test_platforms_that_die_leave_their_last_rows_and_say_so() -> None:
    with Terminal(rollwatch("demo", "--scenario", "calm"), size=(120, 40)) as terminal:
        terminal.sees("● encore", "● dployr", "● phase", "web-api")
        os.kill(terminal.children()[0], signal.SIGKILL)
        terminal.press("ctrl+r")
        terminal.until(lambda: "● dployr" not in terminal.text() and "web-api" in terminal.text(), "the badge never turned")
        terminal.press("q")
        assert terminal.ends() == 0
        terminal.restored()


CRASH = """
import sys
from tui.__main__ import prepare
import os
prepare(os.environ)
from tui.ui.screens.console import ConsoleScreen
def boom(self, *args):
    token = "canary-9f8e7d"
    raise RuntimeError("the error's own text " + token)
ConsoleScreen.on_mount = boom
from tui.cli import run
sys.exit(run(["demo", "--scenario", "calm"]))
"""


def test_an_error_of_our_own_gives_the_terminal_back_and_tells_no_secret() -> None:
    with Terminal([sys.executable, "-c", CRASH], size=(100, 30)) as terminal:
        assert terminal.ends() == 1
        terminal.restored()
        raw = terminal.raw.decode("utf-8", "replace")
        assert "\x1b[?1049h" in raw
        assert "RuntimeError" in terminal.text()
        assert "canary-9f8e7d" not in raw
        assert "Traceback" not in raw
