"""Locks between processes, threads and takers."""

from __future__ import annotations

import errno
import fcntl
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from tui.errors import StorageError
from tui.local import locks


def test_two_takers_in_one_process_exclude_each_other(tmp_path: Path) -> None:
    path = tmp_path / "x.lock"
    held = locks.take(path)
    assert locks.is_held(path)
    with pytest.raises(TimeoutError):
        locks.take(path, seconds=0)
    held.release()
    held.release()
    assert not locks.is_held(path)
    locks.take(path, seconds=0).release()


def test_a_lock_may_be_released_by_another_thread(tmp_path: Path) -> None:
    path = tmp_path / "x.lock"
    held = locks.take(path)
    thread = threading.Thread(target=held.release)
    thread.start()
    thread.join()
    assert not locks.is_held(path)


def test_a_lock_ends_with_its_holder_however_it_ends(tmp_path: Path) -> None:
    path = tmp_path / "x.lock"
    program = "import sys, time; from pathlib import Path; from tui.local.locks import take; "
    program += "h = take(Path(sys.argv[1])); print('held', flush=True); time.sleep(60)"
    with subprocess.Popen([sys.executable, "-c", program, str(path)], stdout=subprocess.PIPE) as holder:
        assert holder.stdout is not None
        holder.stdout.readline()
        assert locks.is_held(path)
        with pytest.raises(TimeoutError):
            locks.take(path, seconds=0.05)
        holder.kill()
        holder.wait()
    assert not locks.is_held(path)


def test_without_locks_there_is_an_error_and_no_marker_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(*_: object) -> None:
        raise OSError(errno.ENOSYS, "Function not implemented")

    monkeypatch.setattr(fcntl, "flock", missing)
    for _ in range(2):
        with pytest.raises(StorageError, match="cannot be locked: Function not implemented"):
            locks.take(tmp_path / "x.lock", seconds=0)
    assert (tmp_path / "x.lock").stat().st_size == 0


def test_a_lock_file_that_is_a_link_is_refused(tmp_path: Path) -> None:
    (tmp_path / "x.lock").symlink_to(tmp_path / "victim")
    with pytest.raises(StorageError, match="is a link"):
        locks.take(tmp_path / "x.lock")
    assert not (tmp_path / "victim").exists()
    assert not locks.is_held(tmp_path / "nothing")
