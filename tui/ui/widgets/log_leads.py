"""The line above a line of a log that says what is not between it and the one before: lines that a filter leaves out, or a pause.

Pure. It is no line of the log: it is not counted, copied or saved.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Final

from tui.clock import span
from tui.ui.widgets.log_buffer import Entry

PAUSE: Final = timedelta(seconds=30)
"""A shorter silence is none."""

RATIO: Final = 10
"""How much longer than the time before it a silence must be: a log that speaks once a minute has no pauses."""


def left_out(count: int, before: Entry, entry: Entry) -> str:
    """Between two stretches of which each has its context."""
    passed = _passed(before, entry)
    lines = "line" if count == 1 else "lines"
    return f"··· {count:,} {lines} left out{f', {span(passed.total_seconds())}' if passed > timedelta(seconds=1) else ''} ···"


def pause(earlier: Entry | None, before: Entry, entry: Entry) -> str:
    """Between neighbours; empty where the log only went on. A note of ours has said it already."""
    if before.note or entry.note:
        return ""
    passed = _passed(before, entry)
    usual = _passed(earlier, before) if earlier is not None else timedelta()
    return f"··· {span(passed.total_seconds())} later ···" if passed >= PAUSE and passed >= RATIO * usual else ""


def _passed(before: Entry, entry: Entry) -> timedelta:
    return entry.line.at - before.line.at if entry.line.at is not None and before.line.at is not None else timedelta()
