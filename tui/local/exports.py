"""Files that a user asks for: written where they say, for their eyes only, never over anything that is there."""

from __future__ import annotations

import os
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

from tui.errors import StorageError


def write_lines(path: Path, lines: Iterable[str]) -> Path:
    """Write ``lines`` to a new file of mode 0600 and return its whole path. Raises ``StorageError`` if something is there already, be
    it a dangling link, or if it cannot be written; then nothing is left behind."""
    try:
        path = path.expanduser().absolute()  # the current folder may be gone
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
    except FileExistsError:
        raise StorageError(f"exists already and is not overwritten: {path}", hint="choose another name") from None
    except RuntimeError as error:  # a home of nobody
        raise StorageError(f"cannot be written, {error}: {path}") from None
    except OSError as error:
        raise StorageError(f"cannot be written, {error.strerror or error}: {path}") from None
    try:
        with os.fdopen(handle, "w", encoding="utf-8", errors="replace", newline="\n") as file:
            os.fchmod(file.fileno(), 0o600)
            file.writelines(f"{line}\n" for line in lines)
    except OSError as error:
        with suppress(OSError):
            path.unlink()
        raise StorageError(f"cannot be written, {error.strerror or error}: {path}") from None
    return path
