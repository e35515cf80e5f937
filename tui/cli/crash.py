"""An error of our own: where it happened goes into a private file, without a single value; the user gets one line."""

from __future__ import annotations

import logging
import sys
import threading
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

import tui
from tui.errors import StorageError
from tui.local.files import write_private


def reporter(folder: Path | None, now: Callable[[], datetime], redact: Callable[[str], str]) -> Callable[[BaseException], Path | None]:
    """What writes a report into ``folder`` and returns where it is, None where none can be written. It never raises."""

    def report(error: BaseException) -> Path | None:
        if folder is None:
            return None
        at = now()
        path = folder / f"crash-{at:%Y%m%dT%H%M%SZ}.txt"
        try:
            write_private(path, f"rollwatch {tui.__version__} {at:%Y-%m-%dT%H:%M:%SZ}\n{redact(story(error))}".encode("utf-8", "replace"))
        except StorageError:
            return None
        return path

    return report


def story(error: BaseException) -> str:
    """The calls that led to an error, and what it said. Local variables are left out: they hold tokens."""
    return "".join(traceback.TracebackException.from_exception(error, capture_locals=False).format())


def place(error: BaseException) -> str:
    """Where an error came from: ``LookupError in engine/poller.py line 12``."""
    frames = traceback.extract_tb(error.__traceback__)
    ours = [frame for frame in frames if f"{Path(tui.__file__).parent}" in frame.filename]
    last = (ours or list(frames))[-1:]
    where = f" in {'/'.join(Path(last[0].filename).parts[-2:])} line {last[0].lineno}" if last else ""
    return f"{type(error).__name__}{where}"


@contextmanager
def quiet() -> Iterator[None]:
    """What Python itself would print over a screen (warnings, errors of threads and finalizers) goes into the log for a while."""
    log = logging.getLogger(__name__)
    before = sys.unraisablehook, threading.excepthook
    logging.captureWarnings(True)
    sys.unraisablehook = lambda told: log.error("an error nobody could catch: %s", told.err_msg or "", exc_info=told.exc_value)
    threading.excepthook = lambda told: log.error("an error ended a thread", exc_info=told.exc_value)
    try:
        yield
    finally:
        logging.captureWarnings(False)
        sys.unraisablehook, threading.excepthook = before
