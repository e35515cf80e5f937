"""The journal's file, open: private, in WAL mode, every commit on the disk; a damaged one is set aside and begun anew.

SQLite finds the two files beside a database by their names alone. So one lock is held by whoever opens, closes or renames the journal:
a console that closed its old one, or opened a new one, in the middle of another's renaming would take away files that are not its own.

Knows files and SQLite, not what is in the tables.
"""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, nullcontext, suppress
from datetime import datetime
from pathlib import Path
from typing import Final, TypeVar

from tui.errors import StorageError
from tui.local.files import private_file, set_aside
from tui.local.journal.schema import bring_up_to_date
from tui.local.locks import locked

APPLICATION: Final = 0x526F6C77
"""Marks a database as one of ours."""

BUSY: Final = 5.0
"""Seconds that one waits for another console's transaction."""

SPARING: Final = "PRAGMA cache_size = -256"
"""Pages that a connection keeps to itself, in KiB. The system keeps the file's anyway: with eight times as many, which is usual, questions
to a quarter of a year take as long, and SQLite holds 2.8 MiB after them instead of 0.7."""

ASIDE: Final = 3
"""Damaged journals that are kept for looking at."""

_PARTS: Final = ("-wal", "-shm")
_DAMAGED: Final = frozenset({sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB})

T = TypeVar("T")


class Damaged(Exception):
    """The file is no journal, or no longer."""


class Database:
    """One open journal. ``write`` belongs to the writer; ``reading`` may be called from any thread."""

    def __init__(self, path: Path | None) -> None:
        self.path = path
        self._lock = threading.RLock()
        self._closed = False
        if path is not None:
            private_file(path)
        self.write = _connect(path)
        try:
            _prepare(self.write, path)
            self._read = self.write if path is None else _connect(path)
            if path is not None:
                self._read.execute("PRAGMA query_only = 1")
                self._read.execute(SPARING)
                _newest(self._read)  # it opens what is beside the file only when it first reads
        except BaseException:
            self.write.close()
            raise
        self.inode = None if path is None else path.stat().st_ino
        self._newest = _newest(self.write)

    def reading(self, work: Callable[[sqlite3.Connection], T], *, wait: bool = True) -> T:
        """What ``work`` reads. Raises ``sqlite3.Error``, and without ``wait`` ``BlockingIOError`` while somebody else reads."""
        if not self._lock.acquire(blocking=wait):
            raise BlockingIOError
        try:
            return work(self._read)
        finally:
            self._lock.release()

    def writing(self, work: Callable[[sqlite3.Connection], T]) -> T:
        """Do ``work`` in one transaction that is on the disk when this returns. Raises ``sqlite3.Error`` and what ``work`` raises;
        then nothing of it was done."""
        # In memory reader and writer share a connection, so that one must not see the other's unfinished work.
        with self._lock if self.path is None else nullcontext():
            self.write.execute("BEGIN IMMEDIATE")
            try:
                result = work(self.write)
                self.write.execute("COMMIT")
            except BaseException:
                with suppress(sqlite3.Error):
                    self.write.execute("ROLLBACK")
                raise
            return result

    def is_written_to(self) -> bool:
        """Whether events were written since it was opened, by whomever."""
        return _newest(self.write) != self._newest

    def is_gone(self) -> bool:
        """Whether it is closed, or somebody removed or replaced the file: what is written here would be read by nobody."""
        if self._closed or self.path is None:
            return self._closed
        try:
            return self.path.stat().st_ino != self.inode
        except OSError:
            return True

    def close(self) -> None:
        """Never raises. The last one to close tidies the file up."""
        if self.path is None or self._closed:
            self.shut()
            return
        try:
            with locked(_lock(self.path)):
                self.shut()
        except (TimeoutError, StorageError):
            self.shut()

    def shut(self) -> None:
        """Close it while the lock is held. Never raises."""
        with self._lock:
            self._closed = True
            for connection in {self._read, self.write}:
                with suppress(sqlite3.Error):
                    connection.close()


def open_database(path: Path, now: datetime) -> tuple[Database, str]:
    """The journal at ``path`` and a notice, empty or one line about a damaged one that was set aside.

    Raises ``StorageError`` where there can be none.
    """
    with _alone(path):
        return _open(path, now)


def reopen_database(old: Database, path: Path, now: datetime, *, damaged: bool) -> tuple[Database, str, Path | None]:
    """The journal at ``path`` in place of one that is gone or seems ``damaged``, as ``open_database`` gives it, and where the old one was
    set aside, by us or by another console. Raises ``StorageError``; then the old one is closed."""
    with _alone(path):
        old.shut()
        aside = _begin_anew(path, now) if damaged and _inode(path) == old.inode else None
        return *_open(path, now), aside or was_set_aside(path, old.inode)


@contextmanager
def _alone(path: Path) -> Iterator[None]:
    """Be the only one that opens, closes or renames the journal at ``path``. Every error is a ``StorageError``."""
    try:
        with locked(_lock(path)):
            yield
    except TimeoutError:
        raise StorageError(f"{path} cannot be opened: another console is opening it") from None
    except OSError as error:
        raise StorageError(f"{path} cannot be opened: {error.strerror}") from None
    except sqlite3.Error as error:
        raise StorageError(f"{path} cannot be opened: {reason(error)}") from None
    except Damaged as error:
        raise StorageError(f"{path} cannot be opened: {error}") from None


def _lock(path: Path) -> Path:
    return path.with_name(f"{path.name}.lock")


def _inode(path: Path) -> int | None:
    # By name only: opening and closing the file would drop the locks that SQLite holds on it in this process.
    with suppress(OSError):
        return path.stat().st_ino
    return None


def _open(path: Path, now: datetime) -> tuple[Database, str]:
    private_file(path)
    try:
        return Database(path), ""
    except Damaged:
        aside = _begin_anew(path, now)
    return Database(path), f"history begins anew: the old one was damaged, see {aside}" if aside else ""


def _begin_anew(path: Path, now: datetime) -> Path | None:
    """Set the journal aside unless it is whole after all; where it is now. Only while the lock is held."""
    if _is_whole(path):
        return None
    aside = set_aside(path, now)
    for ending in _PARTS:  # beside it under its new name, so that it can still be opened
        with suppress(OSError):
            part = path.with_name(path.name + ending)
            if aside is not None:
                part.replace(aside.with_name(aside.name + ending))
    for old in sorted(each for each in path.parent.glob(f"{path.name}.bad-*") if not each.name.endswith(_PARTS))[:-ASIDE]:
        for ending in ("", *_PARTS):
            with suppress(OSError):
                old.with_name(old.name + ending).unlink()
    return aside


def _is_whole(path: Path) -> bool:
    """Whether it is a journal in which nothing is wrong. Raises ``sqlite3.Error`` where that cannot be told."""
    with closing(_connect(path)) as connection:
        try:
            found = [connection.execute(f"PRAGMA {each}").fetchone()[0] for each in ("application_id", "integrity_check(1)")]
        except sqlite3.Error as error:
            if is_damage(error):
                return False
            raise
    return found == [APPLICATION, "ok"]


def was_set_aside(path: Path, inode: int | None) -> Path | None:
    """Where another console has put the journal with that inode because it was damaged; None if none has."""
    for each in path.parent.glob(f"{path.name}.bad-*"):
        with suppress(OSError):
            if each.stat().st_ino == inode:
                return each
    return None


def is_damage(error: sqlite3.Error) -> bool:
    """Whether an error means that the file itself is damaged."""
    return (getattr(error, "sqlite_errorcode", None) or 0) & 0xFF in _DAMAGED


def reason(error: sqlite3.Error) -> str:
    """An error of SQLite in the words that a user knows."""
    words = {
        sqlite3.SQLITE_FULL: "the disk is full",
        sqlite3.SQLITE_BUSY: "another console holds it",
        sqlite3.SQLITE_PROTOCOL: "it cannot be locked",
        sqlite3.SQLITE_READONLY: "it is read-only",
    }
    return words.get((getattr(error, "sqlite_errorcode", None) or 0) & 0xFF, str(error))


def _connect(path: Path | None) -> sqlite3.Connection:
    name = ":memory:" if path is None else str(path)
    return sqlite3.connect(name, timeout=BUSY, isolation_level=None, check_same_thread=False)


def _newest(connection: sqlite3.Connection) -> int:
    (newest,) = connection.execute("SELECT max(id) FROM events").fetchone()
    return int(newest or 0)


def _prepare(connection: sqlite3.Connection, path: Path | None) -> None:
    try:
        # In this order: whoever makes a journal marks it before it has tables.
        (tables,) = connection.execute("SELECT count(*) FROM sqlite_schema").fetchone()
        (mark,) = connection.execute("PRAGMA application_id").fetchone()
        if tables and mark != APPLICATION:
            raise Damaged("a database of something else")
        if not tables:
            connection.execute("PRAGMA auto_vacuum = INCREMENTAL")
            connection.execute(f"PRAGMA application_id = {APPLICATION}")
        connection.execute("PRAGMA journal_mode = WAL")
        # FULL: a commit is on the disk when it returns, which is what an intent's number promises.
        connection.execute("PRAGMA synchronous = FULL")
        connection.execute(f"PRAGMA journal_size_limit = {8 << 20}")
        connection.execute("PRAGMA temp_store = MEMORY")
        connection.execute(SPARING)
        bring_up_to_date(connection)
        for table in ("events", "intents", "rollouts", "seen", "things", "bodies", "watches"):
            connection.execute(f"SELECT * FROM {table} LIMIT 1").fetchone()  # noqa: S608 - our own names
        _newest(connection)
    except sqlite3.Error as error:
        if path is not None and is_damage(error):
            raise Damaged(str(error)) from None
        raise
