"""Asking whoever sits at the terminal, and reading secrets where nobody does: one way for every command that takes one.

What all users of a machine can see, the words of a command line among it, never holds a secret. What is done with the answers, and
whether they fit, is the asking command's matter.
"""

from __future__ import annotations

import getpass
import signal
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Final, NoReturn

from tui.errors import UsageError
from tui.forms import Field, Form

Ask = Callable[[str], str]
"""Asks one question and returns the answer; a secret's question hides it."""

GIVEN: Final = "-"
"""Stands for a value that is typed or read, as for other programs it does for a file."""


def seen(question: str) -> str:
    """Ask at the terminal for what may be seen."""
    print(f"{question}: ", end="", file=sys.stderr, flush=True)
    return sys.stdin.readline().strip()


def hidden(question: str) -> str:
    """Ask at the terminal for what nobody may read over a shoulder."""
    try:
        return getpass.getpass(f"{question} (not shown): ").strip()
    except EOFError:
        print(file=sys.stderr)  # the line that was asked on
        return ""


@contextmanager
def interruptible() -> Iterator[None]:
    """The event loop would only note a signal; while it waits for a person a signal must end the waiting."""
    ours = {signal.SIGINT: signal.default_int_handler, signal.SIGTERM: _leave, signal.SIGHUP: _leave}
    before = {number: signal.signal(number, handler) for number, handler in ours.items()}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _leave(number: int, _frame: object) -> NoReturn:
    raise SystemExit(128 + number)


def secrets(form: Form, settings: Sequence[str]) -> list[str]:
    """``KEY=VALUE`` settings with every secret in them: where one is ``-``, and at a terminal also where a needed one is missing, it is
    typed hidden; without a terminal it is all that stands on standard input. Raises ``UsageError`` for one that is on the command line,
    and for one that is needed and nobody can be asked for."""
    wanted = {each.name: each for each in form.fields if each.hidden}
    made = []
    for setting in settings:
        key, _, value = setting.partition("=")
        field = wanted.pop(key, None)
        if field is None or not value:
            made.append(setting)
        elif value == GIVEN:
            made.append(f"{key}={_given(field)}")
        else:
            raise UsageError(f"--set {key}: on a command line everybody on this machine can read it", hint=_instead(key))
    for field in wanted.values():
        if field.required and not sys.stdin.isatty():
            raise UsageError(f"--set {field.name}: this is needed", hint=_instead(field.name))
        if field.required:
            made.append(f"{field.name}={_given(field)}")
    return made


def _given(field: Field) -> str:
    return hidden(field.title.lower()) if sys.stdin.isatty() else sys.stdin.read().strip()


def _instead(key: str) -> str:
    return f"write --set {key}={GIVEN}, then type it at the prompt or give it on standard input"
