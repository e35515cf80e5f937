"""A terminal with a program in it: starts a command in a real pseudo-terminal, presses keys, waits for what the screen shows.

Nothing here waits a fixed time: every wait ends when the screen satisfies it, or fails at a deadline with the screen in the message.
"""

from __future__ import annotations

import array
import contextlib
import fcntl
import os
import select
import signal
import struct
import subprocess
import sys
import termios
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import TracebackType

import pyte

ESCAPE = "\x1b"
ALONE = 0.25
"""Seconds after which an escape is a key of its own, for a program that waits a tenth of one."""

KEYS: Mapping[str, str] = {
    "enter": "\r",
    "esc": "\x1b",
    "tab": "\t",
    "up": "\x1b[A",
    "down": "\x1b[B",
    "home": "\x1b[H",
    "ctrl+c": "\x03",
    "ctrl+r": "\x12",
}


class _Screen(pyte.Screen):
    """A screen that answers what a terminal answers, into ``answers``."""

    def __init__(self, columns: int, lines: int) -> None:
        super().__init__(columns, lines)
        self.answers: list[str] = []

    def write_process_input(self, data: str) -> None:
        self.answers.append(data)

    def report_device_status(self, mode: int, **private: bool) -> None:
        if not private:
            super().report_device_status(mode)


class _Stream(pyte.ByteStream):
    """pyte takes a private marker for the start of text; a terminal ignores the sequences it does not know."""

    def feed(self, data: bytes) -> None:
        super().feed(_without_unknown(data))


def _without_unknown(data: bytes) -> bytes:
    kept = bytearray()
    at = 0
    while (start := data.find(b"\x1b[", at)) >= 0:
        kept += data[at:start]
        end = start + 2
        while end < len(data) and not 0x40 <= data[end] <= 0x7E:
            end += 1
        sequence = data[start : end + 1]
        known = sequence[2:3] not in {b">", b"<", b"="} and not sequence.endswith(b"$p") and b"\x1b" not in sequence[1:]
        kept += sequence if known else b""
        at = end + 1
    return bytes(kept + data[at:])


class Terminal:
    """Context manager: ``Terminal(["rollwatch", "demo"], size=(120, 40))``. ``raw`` is every byte that the program wrote.

    Without ``controlling`` the program is not told by a signal when the terminal vanishes, as under nohup.
    """

    def __init__(
        self,
        command: Sequence[str],
        *,
        size: tuple[int, int] = (120, 40),
        env: Mapping[str, str] | None = None,
        cwd: Path | None = None,
        controlling: bool = True,
    ) -> None:
        self._command = list(command)
        self._env = {**os.environ, "TERM": "xterm-256color", "COLORTERM": "truecolor", **(env or {})}
        for name in ("SSH_CONNECTION", "NO_COLOR", "COLUMNS", "LINES"):
            self._env.pop(name, None)
        self._env.update(env or {})
        self._cwd = cwd
        self._controlling = controlling
        self.screen = _Screen(*size)
        self._stream = _Stream(self.screen)
        self._pending = b""
        self._shown: list[str] | None = None
        self.raw = bytearray()
        self.master, self.slave = os.openpty()
        self.resize(*size, tell=False)
        self.before = termios.tcgetattr(self.slave)
        self.process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Terminal:
        def own_terminal() -> None:
            fcntl.ioctl(0, termios.TIOCSCTTY, 0)

        self.process = subprocess.Popen(
            self._command,
            stdin=self.slave,
            stdout=self.slave,
            stderr=self.slave,
            env=self._env,
            cwd=self._cwd,
            start_new_session=True,
            preexec_fn=own_terminal if self._controlling else None,
        )
        return self

    def __exit__(self, _kind: type[BaseException] | None, _error: BaseException | None, _trace: TracebackType | None) -> None:
        process = self._running()
        if process.poll() is None:
            process.kill()
            process.wait(10)
        for fd in (self.master, self.slave):
            with contextlib.suppress(OSError):
                os.close(fd)

    def _running(self) -> subprocess.Popen[bytes]:
        assert self.process is not None, "used outside of its with block"
        return self.process

    # What happens.

    def pump(self, seconds: float) -> bool:
        """Take in what the program writes within so long; whether there was anything."""
        try:
            if not select.select([self.master], [], [], seconds)[0]:
                return False
            data = os.read(self.master, 65536)
        except OSError:
            return False
        self.raw += data
        data = self._pending + data
        # A sequence cut in two stays until its rest is here.
        cut = data.rfind(b"\x1b")
        whole = cut < 0 or any(0x40 <= byte <= 0x7E and byte not in b"[]" for byte in data[cut + 1 :])
        self._pending, data = (b"", data) if whole else (data[cut:], data[:cut])
        self._stream.feed(data)
        self._shown = None
        while self.screen.answers:
            os.write(self.master, self.screen.answers.pop(0).encode())
        return True

    def until(self, holds: Callable[[], bool], what: str, deadline: float = 25.0) -> None:
        """Wait until ``holds()``; fail with the screen after ``deadline`` seconds or when the program has ended."""
        end = time.monotonic() + deadline
        while not holds():
            left = end - time.monotonic()
            ended = self._running().poll() is not None
            if left <= 0 or (ended and not self.pump(0.05) and not holds()):
                state = f"the program ended with {self._running().returncode}" if ended else f"not within {deadline} s"
                raise AssertionError(f"{what}: {state}\n{self.text()}")
            self.pump(min(left, 0.25))

    def sees(self, *texts: str, deadline: float = 25.0) -> None:
        """Wait until all texts are on the screen."""
        self.until(lambda: all(text in self.text() for text in texts), f"the screen never showed {texts}", deadline)

    def misses(self, text: str, deadline: float = 25.0) -> None:
        """Wait until a text is no longer on the screen."""
        self.until(lambda: text not in self.text(), f"the screen never stopped showing {text!r}", deadline)

    def quiet(self, seconds: float = 0.3, deadline: float = 25.0) -> None:
        """Wait until nothing was written for so long."""
        end = time.monotonic() + deadline
        while self.pump(seconds):
            assert time.monotonic() < end, f"the program never stopped writing\n{self.text()}"

    def press(self, *keys: str) -> None:
        """Type keys, by name or as text."""
        for key in keys:
            sent = KEYS.get(key, key)
            os.write(self.master, sent.encode())
            if sent == ESCAPE:
                self._alone()

    def _alone(self) -> None:
        """An escape that the next key follows at once means another key: let it be read first, and its time pass."""
        end = time.monotonic() + 10.0
        waiting = array.array("i", [1])
        while waiting[0] and time.monotonic() < end:
            self.pump(0.02)
            fcntl.ioctl(self.slave, termios.FIONREAD, waiting)
        end = time.monotonic() + ALONE
        while (left := end - time.monotonic()) > 0:
            self.pump(left)

    def resize(self, columns: int, lines: int, *, tell: bool = True) -> None:
        """Give the terminal another size."""
        fcntl.ioctl(self.slave, termios.TIOCSWINSZ, struct.pack("HHHH", lines, columns, 0, 0))
        if tell:
            self.screen.resize(lines, columns)
            self._shown = None
            os.killpg(self._running().pid, signal.SIGWINCH)

    def signal(self, number: int) -> None:
        """Send the program a signal."""
        self._running().send_signal(number)

    def ends(self, deadline: float = 25.0) -> int:
        """Wait for the program to end and return its exit code."""
        end = time.monotonic() + deadline
        while self._running().poll() is None:
            assert time.monotonic() < end, f"the program did not end within {deadline} s\n{self.text()}"
            self.pump(0.1)
        while self.pump(0.05):
            pass
        return self._running().returncode

    # What can be seen.

    def lines(self) -> list[str]:
        """The screen's lines, drawn once for all that is asked until more was written: that takes longer than to read it."""
        if self._shown is None:
            self._shown = [line.rstrip() for line in self.screen.display]
        return self._shown

    def text(self) -> str:
        """The screen as one text."""
        return "\n".join(self.lines())

    def children(self) -> list[int]:
        """The program's living child processes."""
        path = Path(f"/proc/{self._running().pid}/task/{self._running().pid}/children")
        return [int(word) for word in path.read_text().split()] if path.exists() else []

    def restored(self) -> None:
        """Fail unless the terminal is as it was: main screen, visible cursor, no mouse, no paste or focus reports, cooked."""
        for mode in ("1049", "1000", "1003", "1006", "2004", "1004"):
            assert last(self.raw, f"\x1b[?{mode}l") >= last(self.raw, f"\x1b[?{mode}h"), f"mode {mode} is still on"
        assert last(self.raw, "\x1b[?25h") >= last(self.raw, "\x1b[?25l"), "the cursor is still hidden"
        assert self.raw.count(b"\x1b[<u") >= self.raw.count(b"\x1b[>"), "the keyboard protocol is still on"
        now = termios.tcgetattr(self.slave)
        assert now[:4] == self.before[:4], "the terminal's line settings were not restored"


def last(data: bytes | bytearray, sequence: str) -> int:
    """Where a sequence was last written, -1 for never."""
    return data.rfind(sequence.encode())


def alive(pid: int) -> bool:
    """Whether a process lives (a zombie does not)."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except FileNotFoundError:
        return False


def rollwatch(*words: str) -> list[str]:
    """The command line that runs this tree's rollwatch."""
    return [sys.executable, "-m", "tui", *words]
