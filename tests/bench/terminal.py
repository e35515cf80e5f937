"""A program in a pseudo-terminal: every byte counted, drawn by pyte if asked, answered like a terminal, read as slowly as a link."""

from __future__ import annotations

import fcntl
import os
import pty
import re
import select
import signal
import struct
import sys
import termios
import time
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Self

import pyte

ROOT = Path(__file__).resolve().parents[2]
OURS = {"TMUX", "STY", "NO_COLOR", "SSH_CONNECTION", "COLUMNS", "LINES"}
"""Variables that say something of the terminal that the tests run in, and would be believed."""

ASKED = re.compile(rb"\x1b\[6n|\x1b\[\?2026\$p")
_UNDRAWN = re.compile(rb"\x1b\[6n|\x1b\[\?\d+\$p|\x1b\[[<>=]\d*u|\x1b\[\?2026[hl]")


class Terminal:
    """A child in a pseudo-terminal of ``columns`` x ``rows``.

    ``rate`` bytes a second are read at most (None: all there is); what was read reaches the screen, and answers and keys reach the
    child, after half of ``rtt`` each. Without ``answers`` it is a terminal that never says where its cursor is.
    """

    def __init__(
        self,
        arguments: Sequence[str],
        *,
        columns: int = 120,
        rows: int = 40,
        rate: float | None = None,
        rtt: float = 0.0,
        answers: bool = True,
        sync: bool = True,
        draw: bool = True,
        environ: Mapping[str, str] = {},
    ) -> None:
        self.screen = pyte.Screen(columns, rows)
        self._stream = pyte.ByteStream(self.screen)
        self._rate, self._rtt, self._answers, self._sync, self._draw = rate, rtt, answers, sync, draw
        self.received = 0
        self.started = time.monotonic()
        self.reached = self.started
        """When what the screen shows last reached it, before it was drawn here, which takes longer than many a program."""
        self._credit = 0.0
        self._credited = self.started
        self._arriving: deque[tuple[float, bytes]] = deque()
        self._leaving: deque[tuple[float, bytes]] = deque()
        self._tail = b""
        self.pid, self.fd = pty.fork()
        if self.pid == 0:
            wanted = {"TERM": "xterm-256color", "COLORTERM": "truecolor", "PYTHONPATH": str(ROOT), "TEXTUAL_ANIMATIONS": "none", **environ}
            kept = {key: value for key, value in os.environ.items() if key not in OURS}
            os.chdir(ROOT)
            os.execve(sys.executable, [sys.executable, *arguments], {**kept, **wanted})  # noqa: S606
        fcntl.ioctl(self.fd, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
        os.set_blocking(self.fd, False)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """End the child, this one only, and wait for it."""
        try:
            os.kill(self.pid, signal.SIGKILL)
            os.waitpid(self.pid, 0)
        except (ProcessLookupError, ChildProcessError):
            pass
        finally:
            os.close(self.fd)

    # Time ----------------------------------------------------------------------------------------------------------------

    def send(self, text: str) -> None:
        """Type."""
        self._leaving.append((time.monotonic() + self._rtt / 2, text.encode()))
        self._leave(time.monotonic())

    def _leave(self, now: float) -> None:
        """Hand the program what has come that far."""
        while self._leaving and self._leaving[0][0] <= now:
            os.write(self.fd, self._leaving.popleft()[1])

    def run(self, seconds: float) -> None:
        """Let time pass."""
        self.until(lambda: False, seconds)

    def until(self, true: Callable[[], bool], seconds: float) -> bool:
        """Let time pass until ``true`` or at most ``seconds``; whether it became true."""
        end = time.monotonic() + seconds
        while not true():
            now = time.monotonic()
            if now >= end:
                return False
            due = [queue[0][0] for queue in (self._leaving, self._arriving) if queue]
            self._step(max(0.0, min(now + (0.005 if self._rate else 0.02), end, *due) - now))
        return True

    def shows(self, text: str) -> bool:
        return any(text in line for line in self.screen.display)

    def _step(self, wait: float) -> None:
        readable, _, _ = select.select([self.fd], [], [], wait)
        now = time.monotonic()
        self._leave(now)
        size = 65_536
        if self._rate is not None:
            self._credit = min(self._credit + (now - self._credited) * self._rate, max(self._rate * 0.02, 64.0))
            self._credited = now
            size = int(self._credit)
            if size < 1:
                time.sleep(0.002)
                return
        if readable:
            try:
                data = os.read(self.fd, size)
            except BlockingIOError:
                data = b""
            except OSError:
                data = b""
                time.sleep(wait)
            self._credit -= len(data)
            self.received += len(data)
            if data:
                self._arriving.append((now + self._rtt / 2, data))
        while self._arriving and self._arriving[0][0] <= now:
            self.reached, data = self._arriving.popleft()
            self._arrive(data)

    def _arrive(self, data: bytes) -> None:
        whole = self._tail + data
        cut = whole.rfind(b"\x1b")
        keep = (
            len(whole) - cut if cut >= 0 and len(whole) - cut < 12 and not re.fullmatch(rb"\x1b\[[^@-~]*[@-~].*", whole[cut:], re.S) else 0
        )
        self._tail = whole[len(whole) - keep :] if keep else b""
        whole = whole[: len(whole) - keep] if keep else whole
        at = 0
        for asked in ASKED.finditer(whole):
            self._paint(whole[at : asked.start()])
            at = asked.end()
            if asked.group() == b"\x1b[6n":
                if self._answers:
                    cursor = self.screen.cursor
                    self.send(f"\x1b[{cursor.y + 1};{min(cursor.x, self.screen.columns - 1) + 1}R")
            elif self._sync:
                self.send("\x1b[?2026;2$y")
        self._paint(whole[at:])

    def _paint(self, data: bytes) -> None:
        data = _UNDRAWN.sub(b"", data)
        if data and self._draw:
            self._stream.feed(data)
        elif data and self._answers:
            moves = re.findall(rb"\x1b\[(\d+);(\d+)H", data)
            if moves:
                self.screen.cursor.y, self.screen.cursor.x = int(moves[-1][0]) - 1, int(moves[-1][1]) - 1

    # What the child costs ------------------------------------------------------------------------------------------------

    def cpu_seconds(self) -> float:
        """Processor time of the child's threads so far."""
        tasks = Path(f"/proc/{self.pid}/task").iterdir()
        return sum(int((task / "schedstat").read_text().split()[0]) for task in tasks) / 1e9

    def ended(self) -> bool:
        """Whether the child is no more; it is not waited for."""
        try:
            return Path(f"/proc/{self.pid}/stat").read_text().rsplit(")", 1)[1].split()[0] == "Z"
        except FileNotFoundError:
            return True

    def wakeups(self) -> int:
        """How often the child's threads gave the processor up by themselves."""
        total = 0
        for task in Path(f"/proc/{self.pid}/task").iterdir():
            for line in (task / "status").read_text().splitlines():
                if line.startswith("voluntary_ctxt_switches"):
                    total += int(line.split()[1])
        return total

    def rss_mib(self) -> float:
        for line in Path(f"/proc/{self.pid}/status").read_text().splitlines():
            if line.startswith("VmRSS"):
                return int(line.split()[1]) / 1024
        return 0.0
