"""The last picture of the console, on the screen while a new one is put together: dimmed, and saying of what time it is.

Words and marks only, of the lists and never of a log; shown where the terminal has the same size and the configuration is the same. It
knows no screen library and asks no platform: a few milliseconds after the command was typed is what it is for.
"""

from __future__ import annotations

import os
import signal
from collections.abc import Mapping, Sequence
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from types import FrameType
from typing import Any, Final

import msgspec

from tui.cli.terminal import LEAVING, SCREEN
from tui.errors import StorageError
from tui.local.files import read_private, write_private
from tui.local.paths import Paths
from tui.local.variables import PREFIX
from tui.text import clean

LIMIT: Final = 256 << 10
"""Bytes of the file."""

TELLING: Final = ("CONTEXT", "_PLATFORM", "_BASE_URL", "_READ_ONLY", "_APPS")
"""Ends of variables whose values say what is looked at; of others only the names are compared, since they may be secrets."""

ENTER: Final = "\x1b[?1049h\x1b[?25l"
LEAVE: Final = "\x1b[?7h\x1b[?1049l\x1b[?25h"


class _Shown(msgspec.Struct, frozen=True, kw_only=True):
    """A picture in its file. ``asked`` is what had been asked for."""

    asked: tuple[str, ...]
    size: tuple[int, int]
    context: str
    production: bool
    at: datetime
    lines: tuple[str, ...]


class Picture:
    """Context manager around a console, whose first frame is drawn over it. ``entered``: it is on the terminal's other screen, which
    is left again unless somebody took it over."""

    def __init__(self, context: str, environ: Mapping[str, str], now: datetime) -> None:
        self._paths = Paths.discover(environ)
        self._asked = _asked(context, environ, self._paths.config_file)
        self._now = now
        self._old: dict[int, Any] = {}
        self.entered = False

    @property
    def _file(self) -> Path:
        return self._paths.state_dir / "picture.json"

    def __enter__(self) -> Picture:
        kept = None if self._paths.reason else self._read()
        if kept is not None:
            # Until the console watches for signals itself, one must not leave the terminal on its other screen.
            self._old = {number: signal.signal(number, self._ended) for number in LEAVING}
            self.entered = True
            _write(ENTER + drawn(kept, self._now))
        return self

    def hand_over(self) -> bool:
        """The screen library begins now, and leaves the other screen at its end; whether that is in use."""
        entered, self.entered = self.entered, False
        return entered

    def _leave(self) -> None:
        if self.hand_over():
            _write(LEAVE)

    def _ended(self, number: int, _frame: FrameType | None) -> None:
        # Nothing is begun yet that would have to be ended in order, and what is raised here may be lost: a signal also comes in callbacks
        # of the import system, whose errors nobody hears.
        self._leave()
        os._exit(LEAVING[number])

    def __exit__(self, *_exc: object) -> None:
        self._leave()
        for number, old in self._old.items():
            signal.signal(number, old)

    def _read(self) -> _Shown | None:
        """What there is, if it is a picture of what is asked for now. Nothing about it may keep a console from starting."""
        with suppress(StorageError, msgspec.MsgspecError, OSError, ValueError):
            data = read_private(self._file, LIMIT)
            kept = msgspec.json.decode(data, type=_Shown) if data else None
            if kept is not None and (kept.asked, kept.size) == (self._asked, tuple(os.get_terminal_size(SCREEN))):
                return kept
        return None

    def keep(self, lines: Sequence[str], context: str, *, production: bool, at: datetime) -> None:
        """Keep what was on the screen at last. What cannot be kept is not."""
        if self._paths.reason or not lines:
            return
        size = (max(map(len, lines)), len(lines))
        with suppress(OSError):
            size = (os.get_terminal_size(SCREEN).columns, os.get_terminal_size(SCREEN).lines)
        kept = _Shown(asked=self._asked, size=size, context=context, production=production, at=at, lines=tuple(lines))
        with suppress(StorageError):
            write_private(self._file, msgspec.json.encode(kept))


def _asked(context: str, environ: Mapping[str, str], config: Path) -> tuple[str, ...]:
    """All that decides what a console looks at: the command line, the variables, the file."""
    ours = sorted(name for name in environ if name.startswith(PREFIX))
    told = [f"{name}={environ[name]}" if name.endswith(TELLING) else name for name in ours]
    found = "-"
    with suppress(OSError):
        status = config.stat()
        found = f"{status.st_mtime_ns} {status.st_size}"
    return (context, found, *told)


def drawn(kept: _Shown, now: datetime) -> str:
    """A picture as what a terminal is to be sent: dim, its first line replaced by what it is."""
    columns, rows = kept.size
    what = f" rollwatch  {clean(kept.context, 40)}{'  ▲ PRODUCTION' if kept.production else ''}"
    first = f"{what}   as it was {ago((now - kept.at).total_seconds())} ago, at {kept.at.astimezone():%d %b %H:%M}; starting…"
    lines = [f"\x1b[0m\x1b[7m{first[:columns].ljust(columns)}\x1b[0m\x1b[2m", *(clean(line, columns) for line in kept.lines[1:rows])]
    return "\x1b[?7l" + "".join(f"\x1b[{y}H{line}" for y, line in enumerate(lines, 1)) + f"\x1b[0m\x1b[{rows};{columns}H"


def ago(seconds: float) -> str:
    """How long ago, in its largest unit."""
    for unit, size in (("d", 86_400), ("h", 3_600), ("m", 60)):
        if seconds >= size:
            return f"{seconds // size:.0f}{unit}"
    return f"{max(0.0, seconds):.0f}s"


def _write(text: str) -> None:
    """Past the buffers of Python, which a signal in the middle of them may not enter a second time."""
    data = text.encode("utf-8", "replace")
    with suppress(OSError):
        while data:
            data = data[os.write(SCREEN, data) :]
