"""The terminal that a console is about to use: whether it can be used, and giving it back whatever happens.

Signals, a terminal that vanishes and a program that hangs all end here, with the documented exit code. No screen library.
"""

from __future__ import annotations

import contextlib
import faulthandler
import os
import select
import signal
import sys
import termios
import threading
from asyncio import AbstractEventLoop
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from types import FrameType
from typing import Any, Final

from tui.cli.exits import MEANINGS, Exit

SMALLEST: Final = (40, 10)
"""Columns and lines below which nothing useful can be shown."""

SCREEN: Final = 2
"""The file descriptor that the screen is written to."""

TURN: Final = 10.0
"""Seconds between two looks at the terminal and at the event loop."""

STUCK_TURNS: Final = 3
"""So many looks without a turn of the event loop, while the terminal would take output, mean that it will never turn again."""

LAST_TURNS: Final = 1
"""So many looks after it was told to leave, the process ends without asking any further."""

RESTORE: Final = (
    b"\x1b[?2026l\x1b[?1000l\x1b[?1002l\x1b[?1003l\x1b[?1015l\x1b[?1006l\x1b[?1004l\x1b[?2004l\x1b[?2048l"
    b"\x1b[?7h\x1b[<u\x1b[0m\x1b[?1049l\x1b[?25h"
)
"""Undoes every mode that the screen library sets; written only when it can no longer do so itself."""

LEAVING: Final[Mapping[int, Exit]] = {
    signal.SIGTERM: Exit.TERMINATED,
    signal.SIGHUP: Exit.HUNG_UP,
    signal.SIGINT: Exit.INTERRUPTED,
    signal.SIGQUIT: Exit.QUIT,
}


def why_not(environ: Mapping[str, str], *, interactive: bool, size: tuple[int, int], encoding: str = "utf-8") -> str | None:
    """Why a console cannot run here, in one line that says what to do; None when it can. ``size`` is (columns, lines), ``encoding``
    how text reaches the terminal."""
    if not interactive:
        return "the console needs a terminal; for scripts there are rollwatch status --json and rollwatch do"
    term = environ.get("TERM", "")
    if term in {"", "dumb", "unknown"}:
        return f"TERM={term or '(unset)'} cannot show the console; set TERM=xterm-256color, or use rollwatch status"
    if encoding.lower().replace("-", "").replace("_", "") != "utf8":
        return f"text reaches this terminal as {encoding}, which has no lines and marks; set LANG=C.UTF-8, or use rollwatch status"
    if size[0] < SMALLEST[0] or size[1] < SMALLEST[1]:
        return f"the terminal is {size[0]}x{size[1]}; the console needs at least {SMALLEST[0]}x{SMALLEST[1]}"
    return None


def here() -> str | None:
    """``why_not`` for this process's own terminal."""
    # The screen library writes to standard error, and looks at the size of standard output.
    interactive = all(stream.isatty() for stream in (sys.stdin, sys.stdout, sys.stderr))
    size = tuple(os.get_terminal_size(SCREEN)) if interactive else (0, 0)
    # A pseudo-terminal that nobody has sized yet says 0x0; the screen library then assumes 80x25, and so do we.
    return why_not(os.environ, interactive=interactive, size=(size[0], size[1]) if all(size) else (80, 25), encoding=sys.stderr.encoding)


class Kept:
    """An interrupt that comes while the event loop is made, which would tear it apart: kept until somebody can leave in order."""

    def __init__(self) -> None:
        self.struck = False

    def __call__(self, _number: int, _frame: FrameType | None) -> None:
        self.struck = True


@contextlib.contextmanager
def patient() -> Iterator[None]:
    """Around an event loop in which ``Leave`` is entered: an interrupt before that is kept for it."""
    before = signal.signal(signal.SIGINT, Kept())
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


class Leave:
    """Context manager around a running console. On a signal, a vanished terminal or a hang it asks the console to leave,
    once, with ``ask(code)`` on the event loop; if that does not help it gives the terminal back and ends the process. ``ask`` may be
    replaced as more of the console exists."""

    def __init__(self, loop: AbstractEventLoop, ask: Callable[[int], object], *, stacks: Path | None = None, turn: float = TURN) -> None:
        self._loop = loop
        self.ask = ask
        self._stacks = stacks
        self._turn = turn
        self._fd = sys.stdin.fileno()
        self._before: list[Any] | None = None
        with contextlib.suppress(termios.error):
            self._before = termios.tcgetattr(self._fd)
        self._code: int | None = None
        self._ended = threading.Event()
        self._beats = 0
        self._old: dict[int, Any] = {}
        self._thread = threading.Thread(target=self._watch, name="rollwatch-terminal", daemon=True)

    @property
    def code(self) -> int | None:
        """Why the console is leaving: an exit code, None while nothing asked it to."""
        return self._code

    def __enter__(self) -> Leave:
        # Plain signal handlers and not the loop's own: these run even while the loop waits for a terminal that takes nothing.
        self._old = {number: signal.signal(number, self._signalled) for number in LEAVING}
        if any(isinstance(old, Kept) and old.struck for old in self._old.values()):
            self.now(Exit.INTERRUPTED)
        self._beat()
        self._thread.start()
        return self

    def __exit__(self, *_exc: object) -> None:
        self._ended.set()
        for number, old in self._old.items():
            signal.signal(number, old)

    def _signalled(self, number: int, _frame: FrameType | None) -> None:
        self.now(LEAVING[number])

    def now(self, code: int) -> None:
        """Ask the console to leave, from any thread; the first reason is the one that counts."""
        if self._code is None:
            self._code = int(code)
            with contextlib.suppress(RuntimeError):
                self._loop.call_soon_threadsafe(self._tell)

    def _tell(self) -> None:
        if self._code is not None:
            self.ask(self._code)

    def _beat(self) -> None:
        self._beats += 1
        if not self._ended.is_set():
            self._loop.call_later(self._turn, self._beat)

    def _watch(self) -> None:
        terminal = select.poll()
        terminal.register(self._fd, 0)
        still = last = 0
        seen = -1
        while not self._ended.is_set():
            gone = bool(terminal.poll(self._turn * 1000))
            if self._ended.is_set():
                return
            if gone and self._code is None:
                self.now(Exit.HUNG_UP)
            if self._code is not None:
                last += 1
                if last > LAST_TURNS:
                    self._end(self._code, gone)
                if gone:  # poll returns at once from now on
                    self._ended.wait(self._turn)
                continue
            still = still + 1 if self._beats == seen and self._takes_output() else 0
            seen = self._beats
            if still >= STUCK_TURNS:
                self._dump()
                self._end(Exit.STUCK, gone)

    def _takes_output(self) -> bool:
        """Whether the terminal would accept a byte now: a loop that waits for one that does not is not stuck, only patient."""
        poll = select.poll()
        poll.register(SCREEN, select.POLLOUT)
        return any(events & select.POLLOUT for _, events in poll.poll(0))

    def _dump(self) -> None:
        """Every thread's stack, without a single value, beside the log."""
        if self._stacks is None:
            return
        with contextlib.suppress(OSError):
            fd = os.open(self._stacks, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW, 0o600)
            faulthandler.dump_traceback(fd, all_threads=True)
            os.close(fd)

    def _parting(self, code: int) -> bytes:
        """What is said of an end that nobody asked for, once the terminal is as it was."""
        if code != Exit.STUCK:
            return b""
        where = f"; where it stood: {self._stacks}" if self._stacks is not None else ""
        return f"rollwatch: {MEANINGS[Exit.STUCK]}{where}\r\n".encode()

    def _end(self, code: int, gone: bool) -> None:
        """Give the terminal back and end, from a thread, whatever the loop is doing. The journal survives this by design."""
        if not gone:
            if self._before is not None:
                with contextlib.suppress(termios.error):
                    termios.tcsetattr(self._fd, termios.TCSANOW, self._before)
            if self._takes_output():
                with contextlib.suppress(OSError):
                    os.write(SCREEN, RESTORE + self._parting(code))
        os._exit(code)
