"""Whether a terminal can be used, and giving it back: signals, a vanished terminal and a hang, in a real pseudo-terminal."""

from __future__ import annotations

import os
import signal
import sys
from pathlib import Path

import pytest

from tests.e2e.driver import Terminal, rollwatch
from tui.cli.exits import Exit
from tui.cli.terminal import why_not

GOOD = {"TERM": "xterm-256color"}


@pytest.mark.parametrize(
    ("environ", "interactive", "size", "says"),
    [
        (GOOD, False, (0, 0), "needs a terminal"),
        ({"TERM": "dumb"}, True, (120, 40), "TERM=dumb"),
        ({}, True, (120, 40), "TERM=(unset)"),
        (GOOD, True, (39, 40), "39x40"),
        (GOOD, True, (80, 9), "at least 40x10"),
        (GOOD, True, (40, 10), None),
        (GOOD, True, (120, 40), None),
    ],
)
def test_a_terminal_that_cannot_be_used_is_told_in_one_line(
    environ: dict[str, str], interactive: bool, size: tuple[int, int], says: str | None
) -> None:
    reason = why_not(environ, interactive=interactive, size=size)
    assert (reason is None) if says is None else (reason is not None and says in reason and "\n" not in reason)


def test_text_that_cannot_reach_the_terminal_whole_is_no_screen() -> None:
    assert "LANG=C.UTF-8" in (why_not(GOOD, interactive=True, size=(80, 24), encoding="iso8859-1") or "")
    assert why_not(GOOD, interactive=True, size=(80, 24), encoding="UTF-8") is None


@pytest.mark.parametrize(
    ("size", "term", "says"), [((39, 12), "xterm", "39x12"), ((80, 24), "dumb", "TERM=dumb")], ids=["too small", "dumb"]
)
def test_the_demo_refuses_a_terminal_it_cannot_use(size: tuple[int, int], term: str, says: str) -> None:
    with Terminal(rollwatch("demo"), size=size, env={"TERM": term}) as terminal:
        assert terminal.ends() == Exit.USAGE
        assert says in " ".join(terminal.lines())
        assert b"1049h" not in terminal.raw


PROGRAM = """
import asyncio, contextlib, os, pathlib, sys, tty
from tui.cli.terminal import Leave
mode, stacks = sys.argv[1], pathlib.Path(sys.argv[2])
async def main():
    loop, done = asyncio.get_running_loop(), asyncio.Event()
    codes = []
    def ask(code):
        codes.append(code)
        done.set()
    with Leave(loop, ask, stacks=stacks, turn=0.05) as leave:
        tty.setraw(0)
        os.write(1, b"\\x1b[?1049hready")
        if mode == "deaf":
            await asyncio.Event().wait()
        if mode == "stuck":
            while True: pass
        await done.wait()
    with contextlib.suppress(OSError):
        os.write(1, b"\\x1b[?1049l")
    os._exit(codes[0])
asyncio.run(main())
"""


def _program(mode: str, stacks: Path) -> list[str]:
    return [sys.executable, "-c", PROGRAM, mode, str(stacks)]


@pytest.mark.parametrize(
    ("number", "code"),
    [(signal.SIGTERM, 143), (signal.SIGHUP, 129), (signal.SIGINT, 130), (signal.SIGQUIT, 131)],
    ids=lambda each: str(each),
)
def test_a_signal_asks_the_console_to_leave(number: signal.Signals, code: int, tmp_path: Path) -> None:
    with Terminal(_program("polite", tmp_path / "stacks"), size=(80, 24)) as terminal:
        terminal.sees("ready")
        terminal.signal(number)
        assert terminal.ends() == code


def test_a_console_that_does_not_leave_is_ended_and_the_terminal_given_back(tmp_path: Path) -> None:
    with Terminal(_program("deaf", tmp_path / "stacks"), size=(80, 24)) as terminal:
        terminal.sees("ready")
        terminal.signal(signal.SIGTERM)
        assert terminal.ends() == 143
        terminal.restored()


def test_a_loop_that_never_turns_again_is_ended_and_tells_where_it_stood(tmp_path: Path) -> None:
    stacks = tmp_path / "stacks"
    with Terminal(_program("stuck", stacks), size=(80, 24)) as terminal:
        terminal.sees("ready")
        assert terminal.ends() == Exit.STUCK
        terminal.restored()
        terminal.sees("rollwatch: the console did not turn for 30 seconds and ended itself; where")
    assert "in main" in stacks.read_text()
    assert stacks.stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize("controlling", [True, False], ids=["told by SIGHUP", "not told"])
def test_a_vanished_terminal_ends_the_console(tmp_path: Path, controlling: bool) -> None:
    with Terminal(_program("polite", tmp_path / "stacks"), size=(80, 24), controlling=controlling) as terminal:
        terminal.sees("ready")
        os.close(terminal.slave)
        os.close(terminal.master)
        assert terminal.process is not None
        assert terminal.process.wait(10) == Exit.HUNG_UP
