"""Programs that we start: an argument list and never a shell, our own secrets taken out of their environment, a time limit.

What is started and what its output means is the caller's matter.
"""

from __future__ import annotations

import os
import signal
import subprocess
import threading
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from tui.local.variables import PREFIX
from tui.text import clean

LIMIT: Final = 64 << 10
"""Bytes of output that are kept; a program that prints more is ended."""

PIPE: Final = 16 << 10
"""Bytes of input that every pipe takes at once."""

_OURS: Final = (PREFIX, "TEXTUAL")


@dataclass(frozen=True, slots=True, kw_only=True)
class Ran:
    """What a program did. ``output`` is never shown; ``problem`` is empty or one line about why the output is not usable."""

    output: str = field(default="", repr=False)
    problem: str = ""


def child_environment(environ: Mapping[str, str]) -> dict[str, str]:
    """The environment for a program that is not ours: without our credentials and settings."""
    return {name: value for name, value in environ.items() if not name.startswith(_OURS)}


def run(argv: Sequence[str], *, environ: Mapping[str, str], folder: Path, seconds: float = 10.0, given: str = "") -> Ran:
    """Run a program in ``folder`` with ``given`` (a few thousand characters at most) as its input and return what it printed. Never
    raises; blocks for at most about ``seconds``.

    It has no terminal, so it cannot draw over ours. When its time is up it and what it started are ended.
    """
    program = clean(Path(argv[0]).name, 60)
    try:
        out, err = _Reading(), _Reading()
    except OSError as error:
        return Ran(problem=f"{program} cannot be started: {error.strerror}")
    try:
        process = subprocess.Popen(  # noqa: S603 - an argument list from the user's own file, without a shell
            list(argv),
            stdin=subprocess.PIPE if given else subprocess.DEVNULL,
            stdout=out.writing_end,
            stderr=err.writing_end,
            cwd=folder if folder.is_dir() else None,
            env=child_environment(environ),
            start_new_session=True,
        )
    except (OSError, ValueError) as error:
        return Ran(problem=f"{program} cannot be started: {getattr(error, 'strerror', None) or 'not a program'}")
    finally:
        out.start_reading()
        err.start_reading()
    with process:
        _give(process, given)
        out.join(seconds)
        overdue = out.is_alive()
        if overdue or out.overflowed:
            _end(process)
        code = _exit_code(process)
    if overdue or code is None:
        return Ran(problem=f"{program} was still running after {seconds:g} s and was ended")
    if out.overflowed:
        return Ran(problem=f"{program} printed more than {LIMIT:,} bytes")
    if code:
        err.join(1.0)
        said = next((line.strip() for line in err.text.splitlines() if line.strip()), "")
        how = f"was ended by signal {-code}" if code < 0 else f"ended with {code}"
        return Ran(problem=f"{program} {how}" + (f": {clean(said, 160)}" if said else ""))
    return Ran(output=out.text)


def _give(process: subprocess.Popen[bytes], given: str) -> None:
    """Its input, which fits into a pipe and so never blocks; a program need not read it."""
    if process.stdin is not None:
        with suppress(OSError):
            process.stdin.write(given.encode()[:PIPE])
        with suppress(OSError):
            process.stdin.close()


class _Reading(threading.Thread):
    """Reads a pipe until its end or the limit, so that neither pipe of a program can block the other.

    The thread alone owns the reading end: a grandchild in a session of its own may hold the pipe open for long, and closing it
    here meanwhile would let the thread read from whatever is opened next under the same number.
    """

    def __init__(self) -> None:
        super().__init__(daemon=True, name="child output")
        self._reading_end, self.writing_end = os.pipe()
        self._data = b""
        self.overflowed = False

    def start_reading(self) -> None:
        """To be called once the program has its end of the pipe, or has not been started."""
        os.close(self.writing_end)
        self.start()

    def run(self) -> None:
        try:
            while chunk := os.read(self._reading_end, 8192):
                self._data += chunk
                if len(self._data) > LIMIT:
                    self.overflowed = True
                    break
        finally:
            os.close(self._reading_end)

    @property
    def text(self) -> str:
        return self._data.decode("utf-8", "replace")


def _exit_code(process: subprocess.Popen[bytes]) -> int | None:
    """How it ended; a program that closed its output and runs on gets one more second."""
    with suppress(subprocess.TimeoutExpired):
        return process.wait(1.0)
    _end(process)
    return None


def _end(process: subprocess.Popen[bytes]) -> None:
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, signal.SIGKILL)
    with suppress(subprocess.TimeoutExpired):
        process.wait(1.0)
