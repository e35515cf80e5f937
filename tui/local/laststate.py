"""The last known rows of a context, from one run to the next, so that a start shows them before the first reply.

One private JSON file, written whole. Private kinds are never in it, no secret is, and neither are the raw replies. What is done with
the rows, and when they are saved, is the engine's matter.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from types import GenericAlias
from typing import Any, Final, Generic, Protocol, TypeVar

import msgspec
from msgspec import Raw, Struct

from tui.errors import StorageError
from tui.local.files import read_private, set_aside, write_private
from tui.model import EMPTY, KINDS, PRIVATE, Kind, Resource
from tui.text import Safe

VERSION: Final = 1
LIMIT: Final = 16 << 20
"""Bytes of the file; the largest feeds are left out beyond it."""


class _FeedLike(Protocol):
    @property
    def connection(self) -> str: ...
    @property
    def kind(self) -> Kind: ...
    @property
    def scope(self) -> str: ...


class _RowsLike(Protocol):
    @property
    def items(self) -> tuple[Resource, ...]: ...
    @property
    def unreadable(self) -> int: ...
    @property
    def reason(self) -> Safe: ...


F = TypeVar("F", bound=_FeedLike)
R = TypeVar("R", bound=_RowsLike)


class _Kept(Struct, frozen=True, kw_only=True):
    connection: str
    kind: Kind
    scope: str
    fetched_at: datetime
    unreadable: int = 0
    reason: str = ""
    items: Raw = Raw(b"[]")


class _File(Struct, frozen=True, kw_only=True):
    version: int
    feeds: tuple[Raw, ...] = ()


class LastState(Generic[F, R]):
    """The file at ``path``. ``feed`` and ``rows`` make the caller's own records of ``connection, kind, scope`` and of ``items,
    unreadable, reason``; ``now`` names a damaged file that is set aside. All methods block: call them off the event loop."""

    def __init__(self, path: Path, *, feed: Callable[..., F], rows: Callable[..., R], now: Callable[[], datetime]) -> None:
        self._path = path
        self._feed = feed
        self._rows = rows
        self._now = now
        self._decoders: dict[Kind, msgspec.json.Decoder[Any]] = {}

    def load(self) -> list[tuple[F, R, datetime]]:
        """What the last run knew, with the times of its replies; empty if there is nothing, or nothing that makes sense (which is then
        set aside). Raises ``StorageError`` for a file that must not be read."""
        data = read_private(self._path, LIMIT)
        if data is None:
            return []
        try:
            file = msgspec.json.decode(data, type=_File)
            if file.version > VERSION:
                return []  # a newer rollwatch's; it stays until this one saves
            return [found for each in file.feeds for found in self._one(each)]
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError, ValueError):
            set_aside(self._path, self._now())
            return []

    def save(self, rows: Mapping[F, tuple[R, datetime]]) -> None:
        """Replace what is kept. Raises ``StorageError``; then the old file is still there."""
        parts = [self._encoded(feed, kept, at) for feed, (kept, at) in rows.items() if feed.kind not in PRIVATE]
        room = LIMIT - 64
        fitting: list[Raw] = []
        for part in sorted(parts, key=len):
            room -= len(part) + 1
            if room < 0:
                break
            fitting.append(Raw(part))
        write_private(self._path, msgspec.json.encode(_File(version=VERSION, feeds=tuple(fitting))))

    def forget(self) -> None:
        """Remove it. Raises ``StorageError``."""
        try:
            self._path.unlink(missing_ok=True)
        except OSError as error:
            raise StorageError(f"{self._path} cannot be removed: {error.strerror}") from None

    def _one(self, part: Raw) -> Iterator[tuple[F, R, datetime]]:
        kept = msgspec.json.decode(part, type=_Kept)
        if kept.kind in PRIVATE:
            return
        if kept.fetched_at.tzinfo is None:
            raise ValueError("a time without a zone")
        if kept.kind not in self._decoders:
            self._decoders[kept.kind] = msgspec.json.Decoder(GenericAlias(tuple, (KINDS[kept.kind], ...)))
        items = self._decoders[kept.kind].decode(kept.items)
        feed = self._feed(connection=kept.connection, kind=kept.kind, scope=kept.scope)
        yield feed, self._rows(items=items, unreadable=kept.unreadable, reason=Safe(kept.reason)), kept.fetched_at

    @staticmethod
    def _encoded(feed: _FeedLike, rows: _RowsLike, at: datetime) -> bytes:
        expected = KINDS[feed.kind]
        items = [replace(each, raw=EMPTY) if each.raw else each for each in rows.items if type(each) is expected]
        kept = _Kept(
            connection=feed.connection,
            kind=feed.kind,
            scope=feed.scope,
            fetched_at=at,
            unreadable=rows.unreadable,
            reason=rows.reason,
            items=Raw(msgspec.json.encode(items)),
        )
        return msgspec.json.encode(kept)
