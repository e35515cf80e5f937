"""How the console of a context was left: layout, filters, what was followed, how each list looked; and the views that were saved.

One small private JSON file a context, written whole. No row, no line of a log and no secret is ever in it. What is done with it is the
console's matter.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Final

import msgspec
from msgspec import Struct

from tui.errors import StorageError
from tui.local.files import read_private, set_aside, write_private
from tui.local.locks import locked

VERSION: Final = 1
LIMIT: Final = 256 << 10
"""Bytes of the file; what would be more is not kept."""


class Sorting(Struct, frozen=True, kw_only=True):
    """How one kind is listed: the column sorted by, the chosen columns, whether nothing is cut."""

    sort: str = ""
    descending: bool = False
    columns: tuple[str, ...] = ()
    wide: bool = False


class View(Struct, frozen=True, kw_only=True):
    """A list as somebody wants to see it again: the kind, the filter, and how it is listed."""

    name: str
    kind: str
    filter: str = ""
    faults: bool = False
    listed: Sorting = Sorting()


class Layout(Struct, frozen=True, kw_only=True):
    """What was where. Panes are called by their ids, things by their references."""

    front: str = ""
    zoomed: bool = False
    tab: str = ""
    filters: dict[str, str] = {}
    faults: tuple[str, ...] = ()
    selected: dict[str, str] = {}
    rows: dict[str, int] = {}
    followed: tuple[str, ...] = ()
    activity: bool = False
    wrap: bool | None = None
    pretty: bool | None = None
    times: str = ""


class Kept(Struct, frozen=True, kw_only=True):
    """The whole file."""

    version: int = VERSION
    layout: Layout = Layout()
    lists: dict[str, Sorting] = {}
    views: tuple[View, ...] = ()
    recent: tuple[str, ...] = ()
    typed: dict[str, tuple[str, ...]] = {}
    """What was looked for, by where it was typed, the newest last."""


class KeptFile:
    """The file at ``path``. ``fresh`` begins without layout and looks of lists; saved views stay. All methods block."""

    def __init__(self, path: Path, *, now: Callable[[], datetime], fresh: bool = False) -> None:
        self._path = path
        self._now = now
        self._fresh = fresh

    def afresh(self) -> KeptFile:
        """The same file, for a console that begins without what is in it but for the saved views."""
        return KeptFile(self._path, now=self._now, fresh=True)

    def load(self) -> Kept:
        """What was kept; nothing where there is no file, or none that makes sense (which is then set aside). Never raises."""
        try:
            kept = self._read()
        except StorageError:
            return Kept()
        return Kept(views=kept.views, recent=kept.recent, typed=kept.typed) if self._fresh else kept

    def save(self, kept: Kept, *, views: bool = False) -> None:
        """Replace what is kept. Unless ``views`` are meant, those in the file stay: another console may have saved them. Raises
        ``StorageError``; then the old file is still there."""
        try:
            with locked(self._path.with_name(f"{self._path.name}.lock")):
                if not views:
                    kept = msgspec.structs.replace(kept, views=self._read().views)
                data = msgspec.json.encode(kept)
                if len(data) <= LIMIT:
                    write_private(self._path, data)
        except TimeoutError:
            raise StorageError(f"{self._path} is being changed by another rollwatch", hint="try again") from None

    def _read(self) -> Kept:
        data = read_private(self._path, LIMIT)
        if data is None:
            return Kept()
        try:
            kept = msgspec.json.decode(data, type=Kept)
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError, ValueError):
            set_aside(self._path, self._now())
            return Kept()
        return kept if kept.version <= VERSION else Kept()
