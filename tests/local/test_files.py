"""Private files: modes, links, owners, full disks, kills."""

from __future__ import annotations

import errno
import os
import signal
import stat
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tests.local.disks import small_disk
from tui.errors import StorageError
from tui.local import files

NOW = datetime(2026, 3, 1, 22, 31, tzinfo=UTC)


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "private"
    made.mkdir(mode=0o700)
    return made


def test_written_file_and_folders_are_private_under_any_umask(tmp_path: Path) -> None:
    old = os.umask(0)
    try:
        path = tmp_path / "a" / "b" / "credentials.toml"
        files.write_private(path, b"one")
    finally:
        os.umask(old)
    assert path.read_bytes() == b"one"
    assert (mode(path), mode(path.parent), mode(path.parent.parent)) == (0o600, 0o700, 0o700)
    assert [each.name for each in path.parent.iterdir()] == ["credentials.toml"]


def test_a_loose_file_becomes_private_when_replaced(folder: Path) -> None:
    path = folder / "state.json"
    path.write_bytes(b"old")
    path.chmod(0o644)
    files.write_private(path, b"new")
    assert (path.read_bytes(), mode(path)) == (b"new", 0o600)


def as_link(path: Path) -> None:
    (path.parent / "elsewhere").write_bytes(b"victim")
    path.symlink_to(path.parent / "elsewhere")


def as_dangling_link(path: Path) -> None:
    path.symlink_to(path.parent / "nothing")


def as_pipe(path: Path) -> None:
    os.mkfifo(path)


def as_folder(path: Path) -> None:
    path.mkdir()


def as_foreign(path: Path) -> None:
    path.write_bytes(b"theirs")
    path.chmod(0o600)
    if os.geteuid() != 0:
        pytest.skip("only root can give a file away")
    os.chown(path, 12345, 12345)


def as_loose(path: Path) -> None:
    path.write_bytes(b"open")
    path.chmod(0o640)


@pytest.mark.parametrize("make", [as_link, as_dangling_link, as_pipe, as_folder, as_foreign])
def test_what_is_not_our_own_plain_file_is_neither_written_nor_read(folder: Path, make: Callable[[Path], None]) -> None:
    path = folder / "credentials.toml"
    make(path)
    before = path.lstat()
    for attempt in (lambda: files.write_private(path, b"x"), lambda: files.read_private(path, 100), lambda: files.private_file(path)):
        with pytest.raises(StorageError, match=r"credentials\.toml"):
            attempt()
    after = path.lstat()
    assert (before.st_ino, before.st_mode, before.st_size) == (after.st_ino, after.st_mode, after.st_size)
    elsewhere = folder / "elsewhere"
    assert not elsewhere.exists() or elsewhere.read_bytes() == b"victim"


def test_a_loose_secret_file_is_refused_with_the_command_that_cures_it(folder: Path) -> None:
    path = folder / "credentials.toml"
    as_loose(path)
    with pytest.raises(StorageError, match=rf"mode 0640.*chmod 600 {path}"):
        files.read_private(path, 100)
    path.chmod(0o600)
    assert files.read_private(path, 100) == b"open"


@contextmanager
def as_an_ordinary_user() -> Iterator[Path]:
    """With a folder of one's own; for root no file is closed."""
    with tempfile.TemporaryDirectory() as name:
        if os.geteuid() != 0:
            yield Path(name)
            return
        os.chown(name, 12345, 12345)
        os.setresuid(12345, 12345, 0)
        try:
            yield Path(name)
        finally:
            os.setresuid(0, 0, 0)


def test_what_is_closed_to_us_is_told_with_what_opens_it() -> None:
    with as_an_ordinary_user() as folder:
        path = folder / "config.toml"
        path.touch(mode=0o000)
        with pytest.raises(StorageError, match=rf"config\.toml cannot be read: Permission denied: chmod u\+rw {path}$"):
            files.read_written(path, 10)
        folder.chmod(0o000)
        with pytest.raises(StorageError, match=rf"config\.toml cannot be read: Permission denied: chmod u\+rwx {folder}$"):
            files.read_written(path, 10)
        folder.chmod(0o500)
        with pytest.raises(StorageError, match=rf"new cannot be written: Permission denied: chmod u\+rwx {folder}$"):
            files.write_private(folder / "new", b"")
        folder.chmod(0o700)


def test_a_missing_file_reads_as_none(folder: Path) -> None:
    assert files.read_private(folder / "no", 10) is None
    assert files.read_written(folder / "no", 10) is None


def test_a_file_too_large_is_refused_unread(folder: Path) -> None:
    path = folder / "config.toml"
    with path.open("wb") as file:
        file.truncate(100 << 20)
    with pytest.raises(StorageError, match="104,857,600 bytes, more than the 1,000"):
        files.read_written(path, 1000)


def test_a_user_written_file_may_be_a_link_and_readable_but_not_writable_by_others(folder: Path) -> None:
    target = folder / "dotfiles.toml"
    target.write_bytes(b"theme = 1")
    target.chmod(0o644)
    path = folder / "config.toml"
    path.symlink_to(target)
    assert files.read_written(path, 100) == b"theme = 1"
    target.chmod(0o646)
    with pytest.raises(StorageError, match=r"changed by others \(mode 0646\).*chmod go-w"):
        files.read_written(path, 100)


def test_group_writable_is_trusted_only_in_a_group_of_one(folder: Path) -> None:
    path = folder / "config.toml"
    path.write_bytes(b"")
    path.chmod(0o664)
    if os.geteuid() != 0:
        pytest.skip("only root can move a file between groups")
    os.chown(path, 0, 0)  # root's own group
    assert files.read_written(path, 10) == b""
    os.chown(path, 0, 54321)
    with pytest.raises(StorageError, match="changed by others"):
        files.read_written(path, 10)


@pytest.mark.parametrize("loose", [0o777, 0o702, 0o1777])
def test_a_folder_that_others_can_write_to_is_refused(folder: Path, loose: int) -> None:
    folder.chmod(loose)
    with pytest.raises(StorageError, match=rf"chmod 700 {folder}"):
        files.write_private(folder / "x", b"x")
    assert list(folder.iterdir()) == []


def test_a_linked_or_foreign_folder_is_refused(folder: Path, tmp_path: Path) -> None:
    link = tmp_path / "link"
    link.symlink_to(folder)
    with pytest.raises(StorageError, match="is a link"):
        files.write_private(link / "x", b"x")
    if os.geteuid() != 0:
        pytest.skip("only root can give a folder away")
    os.chown(folder, 12345, 12345)
    with pytest.raises(StorageError, match="belongs to user 12345"):
        files.write_private(folder / "x", b"x")


def test_sweep_takes_only_our_own_old_halves(folder: Path) -> None:
    old, young, other = folder / f".a.1{files.TEMPORARY}", folder / f".a.2{files.TEMPORARY}", folder / ".a.tmp"
    for each in (old, young, other):
        each.write_bytes(b"")
        os.utime(each, (NOW.timestamp() - 7200, NOW.timestamp() - 7200))
    os.utime(young, (NOW.timestamp() - 60, NOW.timestamp() - 60))
    link = folder / f".b.3{files.TEMPORARY}"
    link.symlink_to(other)
    assert files.sweep(folder, NOW) == 1
    assert {each.name for each in folder.iterdir()} == {young.name, other.name, link.name}
    assert files.sweep(folder / "missing", NOW) == 0


def test_sweep_leaves_what_is_somebody_elses(folder: Path) -> None:
    theirs = folder / f".a.1{files.TEMPORARY}"
    theirs.write_bytes(b"")
    os.utime(theirs, (0, 0))
    if os.geteuid() != 0:
        pytest.skip("only root can give a file away")
    os.chown(theirs, 12345, 12345)
    assert files.sweep(folder, NOW) == 0
    os.chown(theirs, 0, 0)
    assert files.sweep(folder, NOW) == 1


def test_set_aside_keeps_every_bad_file(folder: Path) -> None:
    for content in (b"1", b"2"):
        (folder / "journal").write_bytes(content)
        assert files.set_aside(folder / "journal", NOW)
    assert {each.name: each.read_bytes() for each in folder.iterdir()} == {
        "journal.bad-20260301T223100Z": b"1",
        "journal.bad-20260301T223100Z-2": b"2",
    }
    assert files.set_aside(folder / "journal", NOW) is None


def test_a_failed_write_leaves_the_old_file_and_no_half(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = folder / "state.json"
    files.write_private(path, b"old")

    def failing(_: int) -> None:
        raise OSError(errno.EIO, "Input/output error")

    monkeypatch.setattr(os, "fsync", failing)
    with pytest.raises(StorageError, match="cannot be written: Input/output error"):
        files.write_private(path, b"new")
    assert path.read_bytes() == b"old"
    assert len(list(folder.iterdir())) == 1


def test_a_full_disk_leaves_the_old_file() -> None:
    with small_disk(megabytes=1) as disk:
        path = disk / "credentials.toml"
        files.write_private(path, b"old")
        with pytest.raises(StorageError, match="No space left"):
            files.write_private(path, b"x" * (2 << 20))
        assert path.read_bytes() == b"old"
        assert [each.name for each in disk.iterdir()] == ["credentials.toml"]


WRITER = """
import sys, itertools
from pathlib import Path
from tui.local.files import write_private
path = Path(sys.argv[1])
for number in itertools.count():
    write_private(path, (b"%d\\n" % number) * 20000)
    print(number, flush=True)
"""


def killed_while_writing(path: Path, after: float) -> None:
    with subprocess.Popen([sys.executable, "-c", WRITER, str(path)], stdout=subprocess.PIPE) as writer:
        assert writer.stdout is not None
        writer.stdout.readline()
        time.sleep(after)
        writer.send_signal(signal.SIGKILL)
        acknowledged = [int(line) for line in writer.stdout.read().split(b"\n")[:-1] if line] or [0]
    content = path.read_bytes()
    number = int(content.split(b"\n", 1)[0])
    assert content == (b"%d\n" % number) * 20000, "a mixture of two writes"
    assert number >= acknowledged[-1], "an acknowledged write was lost"


@pytest.mark.parametrize("after", [0.0, 0.0007, 0.0013, 0.0031])
def test_a_kill_at_any_moment_leaves_a_whole_file(folder: Path, after: float) -> None:
    killed_while_writing(folder / "file", after)


@pytest.mark.soak
@pytest.mark.timeout(600)
def test_a_thousand_kills_leave_whole_files(folder: Path) -> None:
    for number in range(1000):
        killed_while_writing(folder / "file", (number % 50) / 5000)
