"""Private files: written whole or not at all, read only where nobody else could have read or replaced them.

The rules of owner, mode and link stand here and nowhere else. What is in a file is the caller's matter.
"""

from __future__ import annotations

import errno
import grp
import os
import pwd
import stat
import tempfile
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from typing import Final

from tui.errors import StorageError

TEMPORARY: Final = ".rollwatch-tmp"
"""The end of a half-written file's name, so that only our own are ever swept."""

STALE: Final = 3600.0
"""Seconds after which a half-written file can no longer belong to a running writer."""


def write_private(path: Path, data: bytes) -> None:
    """Replace ``path`` by ``data``, mode 0600, such that a crash or a full disk leaves the old file or the new one, never a mixture.

    Makes the folder if need be. Raises ``StorageError`` if the folder or the file there is not ours alone, or on any failure; what
    was there before is then untouched.
    """
    private_folder(path.parent)
    _refuse_target(path)
    temporary: Path | None = None
    try:
        handle, name = tempfile.mkstemp(prefix=f".{path.name}.", suffix=TEMPORARY, dir=path.parent)
        temporary = Path(name)
        with os.fdopen(handle, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
    except OSError as error:
        if temporary is not None:
            with suppress(OSError):
                temporary.unlink(missing_ok=True)
        raise _failed(path, "cannot be written", error) from None
    _sync_folder(path.parent)


def rewrite(path: Path, before: bytes | None, data: bytes) -> None:
    """Put ``data`` in place of a file that the user wrote, whose bytes were ``before`` (None: there was none).

    Its mode stays, and a link to it; a new one is private. Raises ``StorageError``, also where somebody changed it meanwhile.
    """
    if read_written(path, 1 << 20) != before:
        raise StorageError(f"{path} was changed meanwhile", hint="try again")
    target = path.resolve()
    mode = stat.S_IMODE(target.stat().st_mode) if before is not None else 0o600
    write_private(target, data)
    try:
        target.chmod(mode)
    except OSError as error:
        raise _failed(target, "has lost its mode", error) from None


def read_private(path: Path, limit: int) -> bytes | None:
    """The bytes of a file that holds secrets, None where there is none.

    Raises ``StorageError`` for a link, a pipe, a file of somebody else, one that others may read, or more than ``limit`` bytes.
    """
    return _read(path, limit, os.O_NOFOLLOW, _why_not_secret)


def read_written(path: Path, limit: int) -> bytes | None:
    """The bytes of a file that the user wrote and that holds no secret, None where there is none.

    It may be a link (people keep such files elsewhere) and be read by all, but must not be writable by others: it names programs
    that are run. Raises ``StorageError`` as ``read_private`` does.
    """
    return _read(path, limit, 0, _why_not_trusted)


def is_missing(path: Path) -> bool:
    """Whether there is nothing. What may not be looked at may be there. Never raises."""
    try:
        path.stat()
    except OSError as error:
        return error.errno != errno.EACCES
    return False


def private_folder(folder: Path) -> None:
    """Make sure that ``folder`` is a folder of ours that others cannot write to; missing ones are made with mode 0700.

    Raises ``StorageError`` for a link, for somebody else's folder, for a loose mode, or if it cannot be made.
    """
    try:
        for missing in reversed([each for each in (folder, *folder.parents) if not each.exists()]):
            with suppress(FileExistsError):  # another of our processes was faster
                missing.mkdir(mode=0o700)
        found = folder.lstat()
    except OSError as error:
        raise _failed(folder, "cannot be made", error) from None
    if why := _why_not_folder(folder, found):
        raise StorageError(why[0], hint=why[1])


def private_file(path: Path) -> None:
    """Make sure that ``path`` is a plain file of ours with mode 0600, making it empty where there is none, for a writer that appends.

    Raises ``StorageError`` for a link, a pipe or somebody else's file. A loose mode of our own file is tightened.
    """
    private_folder(path.parent)
    _refuse_target(path)
    try:
        with suppress(FileExistsError):
            os.close(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600))
        if stat.S_IMODE(path.lstat().st_mode) != 0o600:
            path.chmod(0o600)
    except OSError as error:
        raise _failed(path, "cannot be written", error) from None


def set_aside(path: Path, now: datetime) -> Path | None:
    """Rename a file that cannot be understood to ``NAME.bad-TIME``, so that it can be looked at; the new path, None if that failed."""
    stamp = f"{now:%Y%m%dT%H%M%SZ}"
    for number in range(1, 100):
        aside = path.with_name(f"{path.name}.bad-{stamp}" + (f"-{number}" if number > 1 else ""))
        if not aside.exists():
            with suppress(OSError):
                return path.replace(aside)
            return None
    return None


def sweep(folder: Path, now: datetime) -> int:
    """Remove half-written files of ours that are older than an hour; how many there were. Never raises."""
    swept = 0
    with suppress(OSError):
        for entry in folder.iterdir():
            with suppress(OSError):
                found = entry.lstat()
                ours = entry.name.startswith(".") and entry.name.endswith(TEMPORARY) and stat.S_ISREG(found.st_mode)
                if ours and found.st_uid == os.geteuid() and now.timestamp() - found.st_mtime > STALE:
                    entry.unlink()
                    swept += 1
    return swept


def _read(path: Path, limit: int, flags: int, why_not: Callable[[Path, os.stat_result], tuple[str, str] | None]) -> bytes | None:
    try:
        # Non-blocking, because opening a pipe would otherwise wait for somebody to write to it.
        handle = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC | flags)
    except FileNotFoundError:
        if path.is_symlink():
            raise StorageError(f"{path} is a link to a file that does not exist", hint="remove it or make the file") from None
        return None
    except OSError as error:
        if error.errno == errno.ELOOP:
            raise StorageError(f"{path} is a link", hint="put the file itself there") from None
        raise _failed(path, "cannot be read", error) from None
    try:
        found = os.fstat(handle)
        if why := why_not(path, found):
            raise StorageError(why[0], hint=why[1])
        if found.st_size > limit:
            raise StorageError(f"{path} has {found.st_size:,} bytes, more than the {limit:,} that such a file may have")
        with os.fdopen(handle, "rb", closefd=False) as file:
            data = file.read(limit + 1)
    except OSError as error:
        raise _failed(path, "cannot be read", error) from None
    finally:
        os.close(handle)
    if len(data) > limit:
        raise StorageError(f"{path} grew beyond the {limit:,} bytes that such a file may have")
    return data


def _why_not_secret(path: Path, found: os.stat_result) -> tuple[str, str] | None:
    if not stat.S_ISREG(found.st_mode):
        return f"{path} is not a plain file", "remove it"
    if found.st_uid != os.geteuid():
        return f"{path} belongs to {_user(found.st_uid)}", "a file of somebody else is not used"
    if found.st_mode & 0o077:
        return f"{path} can be read by others (mode {stat.S_IMODE(found.st_mode):04o})", f"chmod 600 {path}"
    return None


def _why_not_trusted(path: Path, found: os.stat_result) -> tuple[str, str] | None:
    if not stat.S_ISREG(found.st_mode):
        return f"{path} is not a plain file", "remove it"
    if found.st_uid not in {0, os.geteuid()}:
        return f"{path} belongs to {_user(found.st_uid)}", "a file of somebody else is not used"
    if _others_write(found):
        return f"{path} can be changed by others (mode {stat.S_IMODE(found.st_mode):04o})", f"chmod go-w {path}"
    return None


def _why_not_folder(folder: Path, found: os.stat_result) -> tuple[str, str] | None:
    if stat.S_ISLNK(found.st_mode):
        return f"{folder} is a link", "make it a folder, or set ROLLWATCH_HOME to the folder meant"
    if not stat.S_ISDIR(found.st_mode):
        return f"{folder} is not a folder", "remove it"
    if found.st_uid != os.geteuid():
        return f"{folder} belongs to {_user(found.st_uid)}", "set ROLLWATCH_HOME to a folder of your own"
    if _others_write(found):
        return f"{folder} can be changed by others (mode {stat.S_IMODE(found.st_mode):04o})", f"chmod 700 {folder}"
    return None


def _others_write(found: os.stat_result) -> bool:
    if found.st_mode & stat.S_IWOTH:
        return True
    return bool(found.st_mode & stat.S_IWGRP) and not _group_of_one(found.st_gid)


def _group_of_one(gid: int) -> bool:
    """Whether a group is the user's own private one: systems that have them make files group-writable by default."""
    try:
        user, group = pwd.getpwuid(os.geteuid()), grp.getgrgid(gid)
    except KeyError:
        return False
    return gid == user.pw_gid and group.gr_name == user.pw_name and set(group.gr_mem) <= {user.pw_name}


def _refuse_target(path: Path) -> None:
    try:
        found = path.lstat()
    except FileNotFoundError:
        return
    except OSError as error:
        raise _failed(path, "cannot be looked at", error) from None
    if stat.S_ISLNK(found.st_mode):
        raise StorageError(f"{path} is a link", hint="put the file itself there")
    if not stat.S_ISREG(found.st_mode):
        raise StorageError(f"{path} is not a plain file", hint="remove it")
    if found.st_uid != os.geteuid():
        raise StorageError(f"{path} belongs to {_user(found.st_uid)}", hint="a file of somebody else is not used")


def _sync_folder(folder: Path) -> None:
    # The content is already safe; some file systems cannot sync a folder, and then the name is as safe as it gets.
    with suppress(OSError):
        handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


def _user(uid: int) -> str:
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return f"user {uid}"


def _failed(path: Path, what: str, error: OSError) -> StorageError:
    return StorageError(f"{path} {what}: {error.strerror or error}", hint=_key(path) if error.errno == errno.EACCES else "")


def _key(path: Path) -> str:
    """What opens a path to us: the first folder on the way that is closed, the file, or the folder in which it was to be made."""
    shut = next((each for each in reversed(path.parents) if not os.access(each, os.X_OK)), None)
    shut = shut or (path if os.access(path, os.F_OK) and not os.access(path, os.R_OK) else path.parent)
    owner = shut.stat().st_uid
    if owner != os.geteuid():
        return f"{shut} belongs to {_user(owner)}, who has to let you in"
    return f"chmod u+{'rwx' if shut.is_dir() else 'rw'} {shut}"
