"""Many consoles, each in a pseudo-terminal of its own, from one process that has imported everything already: a start costs a fork.

    python -m tests.matrix.prefork      one job a line of JSON on standard input, one result a line on standard output

A job is ``{"code": Python run in the child, "env": {}, "size": [columns, lines], "controlling": bool, "steps": [[word, ...], ...]}``:

    ["until", TEXT, SECONDS]   read until the output holds a text      ["wait", SECONDS]   read for so long
    ["type", TEXT]             press keys                              ["signal", NUMBER]  send a signal
    ["resize", COLUMNS, LINES] another size, told by SIGWINCH          ["deaf", SECONDS]   do not read for so long
    ["close"]                  the terminal vanishes         ["stopped", SECONDS]      see how it is left if it stops by then

The result holds the exit code (128 + signal for one that a signal ended), seconds from the last step to the end, CPU seconds of the
child, the bytes written, whether the line settings are what they were, what a step waited for in vain, and for each time that it was
stopped what of the terminal was not given back then.
"""

from __future__ import annotations

import base64
import fcntl
import json
import os
import select
import signal
import struct
import subprocess
import sys
import termios
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from tests.matrix.vt import answers

PATIENCE: Final = 45.0
HELD: Final = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT)
MODES: Final = (b"1049", b"1000", b"1003", b"1006", b"2004", b"1004")


class Child:
    """One console and the terminal it is in."""

    def __init__(self, job: Mapping[str, Any]) -> None:
        self.raw = bytearray()
        self.answered = 0
        self.missed: list[str] = []
        self.stops: list[str] = []
        self.gone = False
        master, slave = os.openpty()
        self.master, self.slave = master, slave
        columns, lines = job.get("size", (100, 30))
        self.size(columns, lines)
        self.before = termios.tcgetattr(slave)
        # A signal that comes while Python's own hooks of the fork run would be swallowed by them.
        signal.pthread_sigmask(signal.SIG_BLOCK, HELD)
        self.pid = os.fork()
        signal.pthread_sigmask(signal.SIG_UNBLOCK, HELD)
        if self.pid == 0:
            self._become(job)

    def _become(self, job: Mapping[str, Any]) -> None:
        os.setsid()
        if job.get("controlling", True):
            fcntl.ioctl(self.slave, termios.TIOCSCTTY, 0)
        for number in range(3):
            os.dup2(self.slave, number)
        os.closerange(3, 64)
        sys.stdin, sys.stdout, sys.stderr = (os.fdopen(number, mode, closefd=False) for number, mode in ((0, "r"), (1, "w"), (2, "w")))
        sys.__stdin__, sys.__stdout__, sys.__stderr__ = sys.stdin, sys.stdout, sys.stderr
        os.environ.update({"TERM": "xterm-256color", "COLORTERM": "truecolor", **job.get("env", {})})
        code = 1
        try:
            exec(compile(job["code"], "job", "exec"), {"__name__": "__job__"})  # noqa: S102 - the code is this test's own
            code = 0
        except SystemExit as end:
            code = int(end.code or 0)
        finally:
            with suppress(OSError, ValueError):
                sys.stdout.flush()
            os._exit(code)

    def size(self, columns: int, lines: int) -> None:
        fcntl.ioctl(self.slave, termios.TIOCSWINSZ, struct.pack("HHHH", lines, columns, 0, 0))

    def pump(self, seconds: float) -> bool:
        if self.gone:
            time.sleep(min(seconds, 0.05))
            return False
        try:
            if not select.select([self.master], [], [], seconds)[0]:
                return False
            data = os.read(self.master, 1 << 16)
        except OSError:
            return False
        self.raw += data
        said, self.answered = answers(self.raw, self.answered)
        with suppress(OSError):
            os.write(self.master, said)
        return True

    def state(self) -> str:
        return Path(f"/proc/{self.pid}/stat").read_text(encoding="utf-8").rsplit(")", 1)[1].split()[0]

    def alive(self) -> bool:
        return self.state() != "Z"

    def cooked(self) -> bool:
        return bool(termios.tcgetattr(self.slave)[:4] == self.before[:4])

    # The steps.

    def do_until(self, text: str, seconds: float) -> None:
        end = time.monotonic() + seconds
        while text.encode() not in self.raw:
            if time.monotonic() > end or (not self.alive() and not self.pump(0.05)):
                self.missed.append(text)
                return
            self.pump(0.05)

    def do_wait(self, seconds: float) -> None:
        end = time.monotonic() + seconds
        while (left := end - time.monotonic()) > 0:
            self.pump(left)

    def do_deaf(self, seconds: float) -> None:
        time.sleep(seconds)

    def do_type(self, text: str) -> None:
        os.write(self.master, text.encode())

    def do_signal(self, number: int) -> None:
        with suppress(ProcessLookupError):
            os.kill(self.pid, number)

    def do_resize(self, columns: int, lines: int) -> None:
        self.size(columns, lines)
        self.do_signal(signal.SIGWINCH)

    def do_stopped(self, seconds: float) -> None:
        end = time.monotonic() + seconds
        while time.monotonic() < end and self.state() not in {"T", "Z"}:
            self.pump(0.005)
        if self.state() == "T":
            while self.pump(0.02):
                pass
            self.stops.append(kept(bytes(self.raw), cooked=self.cooked()))

    def do_close(self) -> None:
        self.gone = True
        os.close(self.slave)
        os.close(self.master)

    def end(self) -> dict[str, Any]:
        began = time.monotonic()
        while (waited := os.wait4(self.pid, os.WNOHANG))[0] == 0:
            self.pump(0.02)
            if time.monotonic() - began > PATIENCE:
                self.missed.append("the end")
                os.kill(self.pid, signal.SIGKILL)
                waited = os.wait4(self.pid, 0)
                break
        took = time.monotonic() - began
        while self.pump(0.02):
            pass
        status, usage = waited[1], waited[2]
        restored = self.gone or self.cooked()
        if not self.gone:
            os.close(self.slave)
            os.close(self.master)
        return {
            "code": 128 + os.WTERMSIG(status) if os.WIFSIGNALED(status) else os.WEXITSTATUS(status),
            "seconds": round(took, 2),
            "cpu": round(usage.ru_utime + usage.ru_stime, 2),
            "raw": base64.b64encode(bytes(self.raw)).decode(),
            "cooked": restored,
            "missed": self.missed,
            "stops": self.stops,
        }


def kept(raw: bytes, *, cooked: bool) -> str:
    """What of a terminal is not as it was, empty for nothing."""
    for mode in MODES:
        if raw.rfind(b"\x1b[?%sl" % mode) < raw.rfind(b"\x1b[?%sh" % mode):
            return f"mode {mode.decode()} is still on"
    if raw.rfind(b"\x1b[?25h") < raw.rfind(b"\x1b[?25l"):
        return "the cursor is still hidden"
    if raw.rfind(b"\x1b[?7h") < raw.rfind(b"\x1b[?7l"):
        return "long lines are still cut off"
    if raw.count(b"\x1b[<u") < raw.count(b"\x1b[>"):
        return "the keyboard protocol is still on"
    return "" if cooked else "the line settings are not what they were"


def main() -> None:
    # As from a shell at a terminal: what runs in the background of a script ignores these two, and so would every child.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    signal.signal(signal.SIGQUIT, signal.SIG_DFL)
    # What a console imports is imported here, once.
    import tui.cli.compose
    import tui.cli.console
    import tui.cli.crash
    import tui.ui.app
    import tui.ui.settings  # noqa: F401

    for line in sys.stdin:
        child = Child(json.loads(line))
        for word, *rest in json.loads(line)["steps"]:
            getattr(child, f"do_{word}")(*rest)
        sys.stdout.write(json.dumps(child.end()) + "\n")
        sys.stdout.flush()


# The side of the tests.


@dataclass(frozen=True, kw_only=True)
class Ended:
    """How one console ended."""

    code: int
    seconds: float
    cpu: float
    raw: bytes
    cooked: bool
    missed: Sequence[str]
    stops: Sequence[str]

    def restored(self) -> None:
        """Fail unless the terminal is as it was."""
        assert kept(self.raw, cooked=self.cooked) == ""


class Stable:
    """Hands jobs to the process that forks."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process

    def run(self, code: str, *steps: Sequence[Any], env: Mapping[str, str] | None = None, **job: Any) -> Ended:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps({"code": code, "steps": steps, "env": dict(env or {}), **job}) + "\n")
        self._process.stdin.flush()
        told = json.loads(self._process.stdout.readline())
        return Ended(**{**told, "raw": base64.b64decode(told["raw"])})


@contextmanager
def stable() -> Iterator[Stable]:
    """The process that forks, for a module of tests."""
    environment = {name: text for name, text in os.environ.items() if not name.startswith(("TEXTUAL", "SSH_", "ROLLWATCH_"))}
    environment |= {"TEXTUAL_ANIMATIONS": "none", "TEXTUAL_SMOOTH_SCROLL": "0"}
    command = [sys.executable, "-m", "tests.matrix.prefork"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environment) as process:
        try:
            yield Stable(process)
        finally:
            assert process.stdin is not None
            process.stdin.close()
            process.wait(20)


CONSOLE: Final = "import sys\nfrom tui.cli import run\nsys.exit(run([]))"
"""The console as its user starts it, on whatever ``ROLLWATCH_HOME`` holds."""

if __name__ == "__main__":
    main()
