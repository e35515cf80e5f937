"""The composition root's front: a command line in, an exit code out. Only here does an error become a line on standard error.

Importing this loads no screen, no HTTP client and no server; each command imports what it needs when it is chosen.
"""

from __future__ import annotations

import codecs
import contextlib
import errno
import importlib
import os
import sys
from collections.abc import Callable, Sequence
from typing import Any, Final, TextIO

from tui.cli.arguments import parse
from tui.cli.exits import Exit
from tui.errors import ConfigError, RollwatchError, UsageError

FULL: Final = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO, errno.EBADF})
"""Why what is printed cannot be written. Our own files tell theirs by a ``StorageError``."""

UNWRITTEN: Final = "the output could not be written: {}; what was asked may have been done all the same"


def run(argv: Sequence[str]) -> int:
    """Run one command line and return the process's exit code. Never raises."""
    for stream in _streams():
        _forgiving(stream)
    code = _run(argv)
    lost = _written()
    if isinstance(lost, BrokenPipeError):
        return Exit.PIPE
    if lost is None or code != Exit.OK:
        return code
    say(UNWRITTEN.format(lost.strerror))
    return Exit.UNREACHABLE


def _run(argv: Sequence[str]) -> int:
    try:
        command, args = parse(argv)
        module, _, name = command.run.partition(":")
        main: Callable[[Any], int] = getattr(importlib.import_module(module), name)
        return main(args)
    except SystemExit as end:  # of --help, and of who was told to leave while asking
        return int(end.code or Exit.OK)
    except BrokenPipeError:
        _written()
        return Exit.PIPE
    except KeyboardInterrupt:
        return Exit.INTERRUPTED
    except RollwatchError as error:
        from tui.cli.remedy import line

        say(line(error))
        return Exit.USAGE if isinstance(error, (UsageError, ConfigError)) else Exit.UNREACHABLE
    except Exception as error:  # noqa: BLE001 - the last resort: a traceback helps nobody at a shell and may hold anything
        if isinstance(error, OSError) and error.errno in FULL and error.filename is None:
            say(UNWRITTEN.format(error.strerror))
            return Exit.UNREACHABLE
        from tui.cli.crash import place

        say(f"stopped because of an error of its own: {place(error)}; the log has the rest")
        return Exit.UNREACHABLE


def say(line: str) -> None:
    """One line to the user, beside the output proper."""
    try:
        print(f"rollwatch: {line}", file=sys.stderr)
    except OSError:
        _written()


def _streams() -> list[TextIO]:
    """Where we write; a stream that the caller closed is not there."""
    return [stream for stream in (sys.stdout, sys.stderr) if stream is not None]


def _forgiving(stream: TextIO) -> None:
    """Where an encoding has no glyphs their ASCII is written, and a question mark for any other character: that is no reason to fail."""
    codecs.register_error("glyphs", _in_ascii)
    with contextlib.suppress(AttributeError, ValueError):
        stream.reconfigure(errors="glyphs")  # type: ignore[attr-defined]


def _in_ascii(error: UnicodeError) -> tuple[str, int]:
    if not isinstance(error, UnicodeEncodeError):
        raise error
    from tui.tables.ascii import ASCII

    # As question marks all states would look alike, and like the one that is not known.
    return error.object[error.start : error.end].translate(ASCII).encode("ascii", "replace").decode(), error.end


def _written() -> OSError | None:
    """Why not all that was printed could be written: None if it was. What cannot must not raise again while the interpreter ends, whose
    exit code would then be 120."""
    lost = None
    for stream in _streams():
        try:
            stream.flush()
        except OSError as error:
            lost = lost or error
            with contextlib.suppress(OSError, ValueError), open(os.devnull, "wb") as nowhere:  # noqa: PTH123
                os.dup2(nowhere.fileno(), stream.fileno())
    return lost
