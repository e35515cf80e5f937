"""The program's own log: one private file, a few old ones, no secret in it, and never a reason to stop.

What is worth a line is decided where it is logged (only edges: first failure, recovery).
"""

from __future__ import annotations

import logging
import os
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from tui.errors import StorageError
from tui.local.files import private_file
from tui.local.locks import locked
from tui.local.paths import Paths
from tui.redaction import Redactor
from tui.text import clean

SIZE: Final = 1 << 20
"""Bytes of one file."""

OLD: Final = 2
"""Files that are kept beside the current one."""

LINE: Final = 8000
"""Characters of one entry, tracebacks included."""

RECENT: Final = 500


class LogFile(logging.Handler):
    """Writes to ``path``, or with None only keeps the newest lines. Several processes may write to the same file.

    ``badge`` is empty, or says why nothing is written.
    """

    def __init__(self, path: Path | None, redactor: Redactor, *, reason: str = "") -> None:
        super().__init__()
        self.redactor = redactor
        self.badge = f"the log is kept in memory only: {reason}" if reason else ""
        self._path = path
        self._handle: int | None = None
        self._recent: deque[str] = deque(maxlen=RECENT)
        self.setFormatter(_Formatter(redactor))

    @property
    def where(self) -> str:
        """The file, or why there is none."""
        return self.badge or str(self._path or "kept in memory only")

    def recent(self) -> tuple[str, ...]:
        """The newest lines of this run, oldest first."""
        return tuple(self._recent)

    def emit(self, record: logging.LogRecord) -> None:
        try:
            line = self.format(record)
            self._recent.append(line)
            self._write(line.encode("utf-8", "replace") + b"\n")
        except Exception:  # noqa: BLE001 - a line that cannot be written must not end what wanted to write it
            self.handleError(record)

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802 - the name that logging has given it
        """Nothing: what it does otherwise is to print over the screen."""

    def close(self) -> None:
        self._release()
        super().close()

    def _write(self, line: bytes) -> None:
        if self._path is None:
            return
        try:
            handle = self._current(self._path)
            if os.fstat(handle).st_size + len(line) > SIZE:
                self._rotate(self._path)
                handle = self._current(self._path)
            os.write(handle, line)  # appended in one piece, so that lines of several processes do not mix
            self.badge = ""
        except (OSError, StorageError) as error:
            self.badge = f"the log is not written: {getattr(error, 'strerror', None) or error}"

    def _current(self, path: Path) -> int:
        """The file that has the name now: another process may have rotated it, somebody may have removed it."""
        if self._handle is not None:
            with suppress(OSError):
                if path.stat().st_ino == os.fstat(self._handle).st_ino:
                    return self._handle
            self._release()
        private_file(path)
        self._handle = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
        return self._handle

    def _rotate(self, path: Path) -> None:
        with suppress(TimeoutError), locked(path.with_name(f"{path.name}.lock"), seconds=1.0):
            if path.stat().st_size > SIZE // 2:  # else another process has just done it
                for number in range(OLD, 0, -1):
                    newer = path.with_name(f"{path.name}.{number - 1}") if number > 1 else path
                    with suppress(FileNotFoundError):
                        newer.replace(path.with_name(f"{path.name}.{number}"))

    def _release(self) -> None:
        if self._handle is not None:
            with suppress(OSError):
                os.close(self._handle)
            self._handle = None


class _Formatter(logging.Formatter):
    """``2026-03-01T22:31:07Z WARNING tui.engine.poller fleet: no answer``, redacted and free of control characters."""

    def __init__(self, redactor: Redactor) -> None:
        super().__init__("%(asctime)s %(levelname)s %(name)s %(message)s")
        self._redactor = redactor

    def formatTime(self, record: logging.LogRecord, datefmt: str | None = None) -> str:  # noqa: N802 - logging's
        return f"{datetime.fromtimestamp(record.created, UTC):%Y-%m-%dT%H:%M:%SZ}"

    def format(self, record: logging.LogRecord) -> str:
        # Continued lines are indented: no text from outside can look like an entry of its own.
        text = super().format(record)[: LINE * 4]  # no more than that is looked at; what is cut here is cut below again
        return str(clean(self._redactor(text), LINE, lines=True)).replace("\n", "\n  ")


@contextmanager
def open_log(paths: Paths, *, level: int = logging.INFO) -> Iterator[LogFile]:
    """Let everything that is logged go to the log file for a while, and nowhere else. Never raises."""
    handler = LogFile(None if paths.reason else paths.log_file, Redactor(), reason=paths.reason)
    root = logging.getLogger()
    before = (root.level, root.handlers[:])
    root.handlers[:] = [handler]
    root.setLevel(level)
    try:
        yield handler
    finally:
        root.setLevel(before[0])
        root.handlers[:] = before[1]
        handler.close()
