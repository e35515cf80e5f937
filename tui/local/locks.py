"""Locks between processes: real ones of the operating system that end with their holder, never marker files that outlive it."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Final

from tui.errors import StorageError
from tui.local.files import private_file

if TYPE_CHECKING:
    from filelock import BaseFileLock

WAIT: Final = 5.0
"""Seconds that one waits for a lock that another process holds."""


class Held:
    """A lock that this process holds until ``release``, or until it ends however it ends."""

    def __init__(self, lock: BaseFileLock) -> None:
        self._lock = lock

    def release(self) -> None:
        """Let others have it. Safe to call twice and from any thread."""
        with suppress(OSError):
            self._lock.release()


def take(path: Path, *, seconds: float = WAIT) -> Held:
    """Take the lock at ``path`` (a file that stays). Raises ``TimeoutError`` while another holder keeps it, also one in this
    process, and ``StorageError`` where there can be no lock."""
    # Nothing is locked before the first frame, and this takes a while to load.
    from filelock import FileLock, Timeout

    private_file(path)
    # A fresh object for each taker, bound to no thread: two takers in one process exclude each other as two processes do. Where a
    # file system has no locks the library must not put up a marker file instead.
    lock = FileLock(path, timeout=seconds, mode=0o600, thread_local=False, fallback_to_soft=False)
    try:
        lock.acquire(poll_interval=0.02)
    except Timeout:
        raise TimeoutError(f"{path} is held by another process") from None
    except (OSError, NotImplementedError) as error:
        raise StorageError(f"a file in {path.parent} cannot be locked: {getattr(error, 'strerror', None) or error}") from None
    return Held(lock)


@contextmanager
def locked(path: Path, *, seconds: float = WAIT) -> Iterator[None]:
    """Hold the lock at ``path`` for a block; see ``take``."""
    held = take(path, seconds=seconds)
    try:
        yield
    finally:
        held.release()


def is_held(path: Path) -> bool:
    """Whether somebody holds the lock at ``path``; False where there is no such file."""
    if not os.access(path, os.F_OK):
        return False
    try:
        take(path, seconds=0).release()
    except TimeoutError:
        return True
    except StorageError:
        return False
    return False
