"""The emulator as a child process, for ``demo`` and ``status --demo``: started before anything heavy is imported, gone when we are.

The child holds one end of a pipe and ends when it closes, so that even a killed console leaves nothing behind.
"""

from __future__ import annotations

import contextlib
import json
import os
import select
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import IO, Any, Final

import tui
from tui.clock import Clock, SystemClock
from tui.errors import RollwatchError

PATIENCE: Final = 20.0
"""Seconds within which the emulator must have said where it listens; a cold, busy machine needs about three."""

DEMO_FLAVOURS: Final = ("encore=current",)
"""Encore's documented API cannot show a rollout again; a demo without live rollouts would be a poor one."""

_KEPT: Final = (
    "PATH",
    "HOME",
    "LANG",
    "LC_ALL",
    "LC_CTYPE",
    "TMPDIR",
    "TZ",
    "LD_LIBRARY_PATH",
    "PYTHONDONTWRITEBYTECODE",
    "PYTHONPYCACHEPREFIX",
    "PYTHONUTF8",
)


class Child:
    """Context manager. ``facts()`` is the line of JSON that the emulator prints once all three servers listen."""

    def __init__(
        self, scenario: str, *, flavours: Sequence[str] = DEMO_FLAVOURS, more: Sequence[str] = (), clock: Clock | None = None
    ) -> None:
        self._words = ["--scenario", scenario, *(word for flavour in flavours for word in ("--flavour", flavour)), *more]
        self._clock = clock or SystemClock()
        self._process: subprocess.Popen[bytes] | None = None
        self._errors: IO[bytes] | None = None

    def __enter__(self) -> Child:
        # The console's environment may hold credentials of real platforms: the child gets none of it. It must find the same
        # package from whatever directory we were started in.
        environment = {name: os.environ[name] for name in _KEPT if name in os.environ}
        environment["PYTHONPATH"] = str(Path(tui.__file__).resolve().parents[1])
        self._errors = tempfile.TemporaryFile()
        # The command is our own interpreter and our own package; the scenario is one argument, never a shell's.
        self._process = subprocess.Popen(  # noqa: S603
            [sys.executable, "-P", "-m", "tui", "emulate", "--json", "--until-stdin-closes", *self._words],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._errors,
            env=environment,
            cwd="/",
            start_new_session=True,
        )
        return self

    def facts(self) -> dict[str, Any]:
        """Wait for the emulator and return what it printed. Raises ``RollwatchError`` with its own last words if it ended."""
        process = self._started()
        out = process.stdout
        if out is None:
            raise RollwatchError("the emulator has no output")
        deadline = self._clock.boot() + PATIENCE
        line = b""
        while not line.endswith(b"\n"):
            left = deadline - self._clock.boot()
            if left <= 0:
                raise RollwatchError(f"the emulator did not start within {PATIENCE:.0f} s", hint=self._last_words())
            if not select.select([out], [], [], left)[0]:
                continue
            piece = os.read(out.fileno(), 65536)
            if not piece:
                process.wait(5)
                raise RollwatchError("the emulator did not start", hint=self._last_words())
            line += piece
        found: dict[str, Any] = json.loads(line)
        return found

    def __exit__(self, _kind: type[BaseException] | None, _error: BaseException | None, _trace: TracebackType | None) -> None:
        process = self._started()
        for pipe in (process.stdin, process.stdout):
            if pipe is not None:
                with contextlib.suppress(OSError):
                    pipe.close()
        for harder in (process.terminate, process.kill, None):
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(1.5)
                break
            if harder is not None:
                harder()
        if self._errors is not None:
            self._errors.close()

    def _started(self) -> subprocess.Popen[bytes]:
        if self._process is None:
            raise RollwatchError("the emulator was not started")
        return self._process

    def _last_words(self) -> str:
        if self._errors is None:
            return ""
        self._errors.seek(0)
        lines = self._errors.read(65536).decode("utf-8", "replace").strip().splitlines()
        return lines[-1] if lines else ""
