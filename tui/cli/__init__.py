"""The composition root's front: a command line in, an exit code out. Only here does an error become a line on standard error.

Importing this loads no screen, no HTTP client and no server; each command imports what it needs when it is chosen.
"""

from __future__ import annotations

import contextlib
import importlib
import os
import sys
from collections.abc import Callable, Sequence
from typing import Any, TextIO

from tui.cli.arguments import parse
from tui.cli.exits import Exit
from tui.errors import ConfigError, RollwatchError, UsageError


def run(argv: Sequence[str]) -> int:
    """Run one command line and return the process's exit code. Never raises but for ``SystemExit`` of ``--help``."""
    for stream in (sys.stdout, sys.stderr):
        _forgiving(stream)
    try:
        command, args = parse(argv)
        module, _, name = command.run.partition(":")
        main: Callable[[Any], int] = getattr(importlib.import_module(module), name)
        code = main(args)
        sys.stdout.flush()
    except BrokenPipeError:
        _silence()
        return Exit.PIPE
    except KeyboardInterrupt:
        return Exit.INTERRUPTED
    except RollwatchError as error:
        say(str(error))
        return Exit.USAGE if isinstance(error, (UsageError, ConfigError)) else Exit.UNREACHABLE
    except Exception as error:  # noqa: BLE001 - the last resort: a traceback helps nobody at a shell and may hold anything
        from tui.cli.crash import place

        say(f"stopped because of an error of its own: {place(error)}; the log has the rest")
        return Exit.UNREACHABLE
    return code


def say(line: str) -> None:
    """One line to the user, beside the output proper."""
    with contextlib.suppress(BrokenPipeError):
        print(f"rollwatch: {line}", file=sys.stderr)


def _forgiving(stream: TextIO) -> None:
    """A terminal that cannot show a glyph shows a question mark; that is no reason to fail."""
    with contextlib.suppress(AttributeError, ValueError):
        stream.reconfigure(errors="replace")  # type: ignore[attr-defined]


def _silence() -> None:
    """Nobody reads any more: what is still buffered must not raise again while the interpreter ends."""
    with contextlib.suppress(OSError, ValueError):
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, sys.stdout.fileno())
