"""The one thread that writes the journal, so that nobody on the event loop ever waits for a disk.

What is posted is written soon, many in one transaction, and kept for another try if it cannot be; what is asked is done, or an
error says that it was not. What the statements mean is their maker's matter.
"""

from __future__ import annotations

import logging
import sqlite3
import threading
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import CancelledError, Future
from concurrent.futures import TimeoutError as LateError
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from itertools import islice
from queue import Empty, SimpleQueue
from typing import Any, Final, TypeVar

from tui.errors import StorageError
from tui.local.journal.database import Database, is_damage, reason, reopen_database
from tui.local.journal.pruning import Pruning
from tui.local.locks import Held, take

BATCH: Final = 1000
"""Statements in one transaction."""

MOST: Final = 50_000
"""Statements that wait at most, in the queue or for a disk to have room again; what comes then is lost, and the badge says so."""

AGAIN: Final = 5.0
"""Seconds between two tries to write what could not be written."""

HELD: Final = 2_000
"""Statements of the newest that a console keeps while another records: should that one end, they are written unless they are there."""

DAMAGED: Final = "history begins anew: the old one was damaged"
REMOVED: Final = "history begins anew: the old file was removed"

T = TypeVar("T")
Statement = tuple[str, Sequence[Any]]

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class _Post:
    many: int
    make: Callable[[bool], Iterable[Statement]]
    recorder: bool
    number: int


@dataclass(frozen=True, slots=True)
class _Ask:
    work: Callable[[sqlite3.Connection], Any]
    answer: Future[Any]


_NOTHING: Final = _Post(0, lambda _: (), recorder=False, number=0)
"""Makes the writer look whether there is anything to be done."""


class Writer:
    """Owns an open ``database``. ``now`` may be called in any thread. Without a ``recorder_lock`` what all consoles see is left to others,
    unless nobody else can have this database."""

    def __init__(self, database: Database, *, now: Callable[[], datetime], recorder_lock: str, notice: str = "") -> None:
        self._database = database
        self._now = now
        self._recorder_lock = recorder_lock
        self._recorder: Held | None = None
        self._held: deque[Statement] = deque(maxlen=HELD)
        self._posted = 0
        self._late = 0
        self._queue: SimpleQueue[_Post | _Ask | Pruning | None] = SimpleQueue()
        self._kept: deque[Statement] = deque()
        self._waiting = 0
        self._counting = threading.Lock()
        self._lost = 0
        self._suspect = False
        self._notice = notice
        self._trouble = ""
        self._pruning: Pruning | None = None
        self._closed = False
        self._thread = threading.Thread(target=self._run, name="journal", daemon=True)
        self._thread.start()

    @property
    def badge(self) -> str:
        """Empty while all is well, else one line that says what is not kept and why."""
        lost = f" ({self._lost:,} events lost)" if self._lost else ""
        return f"history is not saved: {self._trouble}{lost}" if self._trouble else f"{self._notice}{lost}".strip()

    def post(self, make: Callable[[], Iterable[Statement]], *, many: int = 1) -> None:
        """Write the statements that ``make`` makes (on the writer's thread), about ``many``, some time soon and in order.

        Returns at once and never raises.
        """
        self._put(many, lambda _: make(), recorder=False)

    def post_seen(self, make: Callable[[bool], Iterable[Statement]], *, many: int = 1) -> None:
        """The same for what all consoles of a context see: only one of them, the recorder, writes it.

        ``make`` is told whether another console may have written the same; then its statements must do nothing where that is so.
        """
        self._put(many, make, recorder=True)

    def _put(self, many: int, make: Callable[[bool], Iterable[Statement]], *, recorder: bool) -> None:
        with self._counting:
            if self._closed or self._waiting + many > MOST:
                self._lost += many
                return
            self._waiting += many
            self._posted += 1
            self._queue.put(_Post(many, make, recorder, self._posted))

    def ask(self, work: Callable[[sqlite3.Connection], T], *, seconds: float = 10.0) -> T:
        """Do ``work`` in a transaction of its own, after all that was posted before; it is on the disk when this returns.

        Raises what ``work`` raises, and ``StorageError`` if it cannot be written; then nothing of it was done.
        """
        if self._closed:
            raise StorageError("the journal is closed")
        answer: Future[T] = Future()
        self._queue.put(_Ask(work, answer))
        try:
            return answer.result(seconds)
        except LateError:
            if answer.cancel():
                raise StorageError("the journal does not answer: the disk is very slow or hangs") from None
        except CancelledError:
            raise StorageError("the journal is closed") from None
        # It had just begun: SQLite's own limit on waiting ends it, and only then is it known whether it was done.
        return answer.result()

    def read(self, work: Callable[[sqlite3.Connection], T], otherwise: T, *, wait: bool = True) -> T:
        """What ``work`` reads, from any thread; ``otherwise`` where the file cannot be read, and without ``wait`` while somebody reads."""
        try:
            return self._database.reading(work, wait=wait)
        except BlockingIOError:
            return otherwise
        except sqlite3.Error as error:
            if is_damage(error) and not self._suspect:
                self._suspect = True
                self._queue.put(_NOTHING)
            log.warning("the journal cannot be read: %s", reason(error))
            return otherwise

    def prune(self, pruning: Pruning) -> None:
        """Forget what is old, a slice at a time, between other work."""
        if not self._closed:
            self._queue.put(pruning)

    def flush(self, seconds: float = 5.0) -> bool:
        """Wait until what was posted so far is written; False if it is not."""
        with suppress(StorageError, sqlite3.Error):
            self.ask(lambda _: None, seconds=seconds)
            return not self._kept
        return False

    def close(self, seconds: float = 5.0) -> None:
        """Write what was posted and close the file; gives up after ``seconds``. Never raises."""
        if not self._closed:
            self._closed = True
            self._queue.put(None)
            self._thread.join(seconds)

    def _run(self) -> None:
        job: _Post | _Ask | Pruning | None = _NOTHING
        while job is not None:
            job = self._next()
            try:
                job = self._do(job)
            except Exception:  # the thread must outlive whatever happens to one job
                log.exception("the journal's writer failed")
        self._write_kept()
        if self._recorder is not None:
            self._recorder.release()
        self._database.close()
        with suppress(Empty):
            while True:
                left = self._queue.get_nowait()
                if isinstance(left, _Ask):
                    left.answer.cancel()

    def _next(self) -> _Post | _Ask | Pruning | None:
        while True:
            if self._pruning is None and not self._kept:
                return self._queue.get()
            try:
                return self._queue.get(timeout=0.01 if self._pruning else AGAIN)
            except Empty:
                if self._pruning is not None:
                    self._prune_slice(self._pruning)
                else:
                    self._write_kept()

    def _do(self, job: _Post | _Ask | Pruning | None) -> _Post | _Ask | Pruning | None:
        """Do one job, and the posts that wait behind it with it; the job that was taken from the queue last."""
        if isinstance(job, _Ask):
            self._answer(job)
        elif isinstance(job, Pruning):
            self._pruning = job
        elif job is not None:
            following = self._gather(job)
            if following is not job:
                return self._do(following)
        return job

    def _gather(self, job: _Post) -> _Post | _Ask | Pruning | None:
        following: _Post | _Ask | Pruning | None = job
        while isinstance(following, _Post):
            with self._counting:
                self._waiting -= following.many
            try:
                self._take(following)
            except Exception:
                self._lost += following.many
                log.exception("events were not kept")
            if len(self._kept) >= BATCH:
                break
            try:
                following = self._queue.get_nowait()
            except Empty:
                break
        self._write_kept()
        return job if isinstance(following, _Post) else following

    def _take(self, job: _Post) -> None:
        """Keep what a post makes for writing, or, while another console records, for the case that it ends."""
        if not job.recorder:
            self._kept.extend(job.make(False))
            return
        if not self._is_recorder():
            if self._recorder_lock:
                self._held.extend(job.make(True))
            return
        if self._held:
            self._kept.extend(self._held)
            self._held.clear()
        self._kept.extend(job.make(job.number <= self._late))

    def _write_kept(self) -> None:
        while self._kept or self._suspect:
            batch = list(islice(self._kept, BATCH))
            try:
                self._attempt(partial(_execute, statements=batch))
            except (sqlite3.OperationalError, StorageError) as error:
                self._failed(self._why(error))
                return
            except Exception:  # noqa: BLE001 - one bad statement must not stand in the way of the others for ever
                self._one_by_one(batch)
            for _ in batch:
                self._kept.popleft()
            self._trouble = ""

    def _one_by_one(self, batch: Iterable[Statement]) -> None:
        for statement in batch:
            try:
                self._attempt(partial(_execute, statements=[statement]))
            except Exception as error:  # noqa: BLE001 - as above
                self._lost += 1
                log.warning("an event was not kept: %s", type(error).__name__)

    def _answer(self, job: _Ask) -> None:
        if not job.answer.set_running_or_notify_cancel():
            return
        self._write_kept()
        try:
            result = self._attempt(job.work)
        except (sqlite3.Error, StorageError) as error:
            self._failed(why := self._why(error))
            job.answer.set_exception(StorageError(why))
        except BaseException as error:  # noqa: BLE001 - whatever it is belongs to whoever asked
            job.answer.set_exception(error)
        else:
            if not self._kept:
                self._trouble = ""
            job.answer.set_result(result)

    def _attempt(self, work: Callable[[sqlite3.Connection], T]) -> T:
        """Do ``work`` in a transaction; on a new journal if this one turns out to be gone or damaged."""
        if self._suspect:
            self._reopen(DAMAGED, damaged=True)
        elif self._database.is_gone():
            self._reopen(REMOVED, damaged=False)
        try:
            result = self._database.writing(work)
        except sqlite3.Error as error:
            if not is_damage(error) or self._database.path is None:
                raise
            self._reopen(DAMAGED, damaged=True)
            return self._database.writing(work)
        if self._database.is_gone():  # since we looked: what was written there nobody would read
            self._reopen(REMOVED, damaged=False)
            result = self._database.writing(work)
        return result

    def _reopen(self, notice: str, *, damaged: bool) -> None:
        old, path = self._database, self._database.path
        if path is None:
            self._suspect = False
            return
        self._database, found, aside = reopen_database(old, path, self._now(), damaged=damaged)
        self._suspect = False
        if damaged and aside is None and self._database.inode == old.inode:
            return  # it was whole after all
        self._notice = found or (f"{DAMAGED}, see {aside}" if aside else notice)
        log.warning("%s", self._notice)

    def _why(self, error: sqlite3.Error | StorageError) -> str:
        if isinstance(error, StorageError):
            return str(error)
        return f"{self._database.path or 'the journal'} cannot be written: {reason(error)}"

    def _failed(self, why: str) -> None:
        if why != self._trouble:
            log.warning("history is not saved: %s", why)
        self._trouble = why
        while len(self._kept) > MOST:
            self._kept.popleft()
            self._lost += 1

    def _is_recorder(self) -> bool:
        path = self._database.path
        if path is None or self._recorder is not None:
            return True
        if not self._recorder_lock:
            return False
        with suppress(TimeoutError, StorageError):
            self._recorder = take(path.with_name(self._recorder_lock), seconds=0)
            # What waits already was seen while another console may still have recorded.
            self._late = self._posted if self._database.is_written_to() else 0
        return self._recorder is not None

    def _prune_slice(self, pruning: Pruning) -> None:
        try:
            more = self._attempt(pruning.slice)
            pruning.give_back(self._database.write)
            if not more:
                pruning.finish(self._database.write)
        except (sqlite3.Error, StorageError):
            more = False
        if not more:
            self._pruning = None


def _execute(connection: sqlite3.Connection, *, statements: Iterable[Statement]) -> None:
    for sql, values in statements:
        connection.execute(sql, values)
