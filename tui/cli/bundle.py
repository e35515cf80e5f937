"""``rollwatch doctor --bundle FILE``: everything that a bug report needs in one text file, and no secret in it.

It holds what doctor found, the configuration with its sources, which of our variables are set (never their values) and the newest
lines of the log. All of it passes the redaction that knows every credential of this machine. Never over a file that is there.
"""

from __future__ import annotations

import os
from argparse import Namespace
from collections.abc import Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Final

from tui.cli import compose
from tui.cli.configured import configured, shown
from tui.errors import ConfigError, RollwatchError
from tui.local.exports import write_lines
from tui.local.files import read_written
from tui.local.paths import Paths
from tui.local.variables import PREFIX
from tui.redaction import Redactor
from tui.text import Secret, clean

LINES: Final = 400
"""Of the log, the newest."""

SECRET: Final = ("_TOKEN", "_SECRET", "_PASSWORD")


def write(path: str, findings: Sequence[str], args: Namespace) -> Path:
    """Write the bundle; where it is. Raises ``StorageError``, also where something is there already."""
    redact = _redactor(args)
    lines = [
        *_part("findings", findings),
        *_part("configuration", _settings(args)),
        *_part("variables", _variables()),
        *_part("log", _log()),
    ]
    return write_lines(Path(path), (clean(redact(line), 4_000) for line in lines))


def _redactor(args: Namespace) -> Redactor:
    """It knows the credentials of every context, and whatever our variables hold that looks like one."""
    redact = Redactor()
    redact.add(*(Secret(value) for name, value in os.environ.items() if value and name.endswith(SECRET)))
    with suppress(RollwatchError):
        paths, loaded = configured(args)
        for name in loaded.config.contexts:
            _, each = configured(Namespace(**{**vars(args), "context": name}))
            found = compose.sign_ins(paths, each.choose())
            redact.add(*(secret for one in found.values() for secret in (one.token, one.client_secret, one.password)))
    return redact


def _part(title: str, lines: Sequence[str] | Iterator[str]) -> Iterator[str]:
    yield f"== {title}"
    yield from lines
    yield ""


def _settings(args: Namespace) -> Iterator[str]:
    try:
        _, loaded = configured(args)
    except ConfigError as error:
        yield str(error)
        return
    yield from (f"{key} = {value!r}  ({source})" for key, value, source in shown(loaded))


def _variables() -> Iterator[str]:
    yield from (f"{name} is set" for name in sorted(os.environ) if name.startswith((PREFIX, "PHASE_", "DPLOYR_")))
    yield from (f"{name}={os.environ[name]}" for name in ("TERM", "COLORTERM", "LANG", "LC_ALL", "TERM_PROGRAM") if os.environ.get(name))


def _log() -> Sequence[str]:
    with suppress(RollwatchError):
        data = read_written(Paths.discover(os.environ).log_file, 4 << 20)
        return (data or b"").decode("utf-8", "replace").splitlines()[-LINES:]
    return ["the log cannot be read"]
