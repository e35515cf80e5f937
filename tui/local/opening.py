"""What other programs show for us: a text in the user's pager or editor, an address in the browser of a desktop. Decides which program
and whether; runs nothing. Never a shell, and never a browser that would draw on our own terminal.
"""

from __future__ import annotations

import os
import shlex
import shutil
import sys
import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from tui.errors import StorageError

PAGERS: Final = ("less", "more")
"""What is looked for where PAGER is not set."""

Which = Callable[[str], str | None]


def pager(environ: Mapping[str, str], which: Which = shutil.which) -> tuple[str, ...]:
    """The program and arguments that show a file page by page; empty where there is none."""
    return _program((environ.get("PAGER", ""), *PAGERS), which)


def editor(environ: Mapping[str, str], which: Which = shutil.which) -> tuple[str, ...]:
    """The user's editor; empty where none is named or it is not installed: nobody wants to be put into one that they cannot leave."""
    return _program((environ.get("VISUAL", ""), environ.get("EDITOR", "")), which)


def _program(wanted: Iterable[str], which: Which) -> tuple[str, ...]:
    for text in wanted:
        try:
            argv = shlex.split(text)
        except ValueError:
            continue
        if argv and which(argv[0]):
            return tuple(argv)
    return ()


def browser(environ: Mapping[str, str], platform: str = sys.platform, which: Which = shutil.which) -> tuple[str, ...]:
    """The program that opens an address on this machine's desktop; empty over SSH and where there is no desktop."""
    if any(environ.get(name) for name in ("SSH_CONNECTION", "SSH_CLIENT", "SSH_TTY")):
        return ()
    if platform == "darwin":
        return ("open",) if which("open") else ()
    if environ.get("DISPLAY") or environ.get("WAYLAND_DISPLAY"):
        return ("xdg-open",) if which("xdg-open") else ()
    return ()


def is_address(text: str) -> bool:
    """Whether this is an address of the web, and nothing that a program could take for an option or another scheme."""
    try:
        parts = urlsplit(text)
    except ValueError:
        return False
    return parts.scheme in {"http", "https"} and bool(parts.hostname) and text.isprintable() and " " not in text


@contextmanager
def temporary(lines: Iterable[str], name: str) -> Iterator[Path]:
    """A file with these lines that only this user can read, in a folder of its own; gone afterwards. Raises ``StorageError``."""
    with ExitStack() as stack:
        try:
            path = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="rollwatch-", ignore_cleanup_errors=True))) / name
            handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
            with os.fdopen(handle, "w", encoding="utf-8", errors="replace") as file:
                file.writelines(f"{line}\n" for line in lines)
        except OSError as error:
            raise StorageError(f"no temporary file can be written: {error.strerror or error}") from None
        yield path
