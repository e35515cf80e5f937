"""Changes one thing in a TOML text that a user wrote, and nothing else in it: comments, order and blank lines stay.

A change is made in the text and then proved by reading it again; a text in which that fails is not changed at all.
"""

from __future__ import annotations

import copy
import re
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import tomli_w

from tui.errors import ConfigError
from tui.local.problems import dotted
from tui.local.tomltext import parse

HEAD: Final = """\
# Settings of rollwatch. `rollwatch config schema` says what may stand here; credentials never do.
"""

_HEADER: Final = re.compile(r"^\s*\[")
_VALUE: Final = re.compile(r"""^(?P<key>\s*[^=]+?\s*=\s*)(?P<value>"(?:[^"\\]|\\.)*"|'[^']*'|[^#\s][^#]*?)(?P<rest>\s*(?:#.*)?)$""")

Key = tuple[str, ...]


def with_table(path: Path, text: str, key: Key, values: Mapping[str, Any]) -> str:
    """The text with a table that is not in it yet, at its end. Raises ``ConfigError``."""
    parse(path, text.encode())
    block: Any = dict(values)
    for part in reversed(key):
        block = {part: block}
    made = f"{text.rstrip()}\n\n{tomli_w.dumps(block)}" if text.strip() else tomli_w.dumps(block)
    return _proved(path, text, made, key, dict(values))


def with_value(path: Path, text: str, key: Key, value: object) -> str:
    """The text with another value under a key, which need not be in it yet. Raises ``ConfigError``."""
    document = parse(path, text.encode())
    lines = text.split("\n")
    written = tomli_w.dumps({"x": value}).partition("=")[2].strip()
    at = document.lines.get(key)
    if at is not None:
        found = _VALUE.match(lines[at - 1])
        if found is None:
            raise _by_hand(path, key, at)
        lines[at - 1] = f"{found['key']}{written}{found['rest']}"
    else:
        _insert(lines, document.lines.get(key[:-1]) if key[:-1] else 0, key, written)
    return _proved(path, text, "\n".join(lines), key, value)


def _insert(lines: list[str], header: int | None, key: Key, written: str) -> None:
    """A new line behind the last one of the key's table; a new table at the end where there is none."""
    if header is None:
        while lines and not lines[-1].strip():
            lines.pop()
        lines += ["", f"[{'.'.join(key[:-1])}]", f"{key[-1]} = {written}", ""]
        return
    end = next((number for number in range(header, len(lines)) if _HEADER.match(lines[number])), len(lines))
    while end > header and not lines[end - 1].strip():
        end -= 1
    # What stands right above the next table belongs to that.
    while end > header and end < len(lines) and lines[end - 1].lstrip().startswith("#") and lines[end].strip():
        end -= 1
    lines.insert(end, f"{key[-1]} = {written}")


def _proved(path: Path, before: str, after: str, key: Key, value: object) -> str:
    wanted = copy.deepcopy(tomllib.loads(before))
    table = wanted
    for part in key[:-1]:
        table = table.setdefault(part, {})
    table[key[-1]] = value
    try:
        if tomllib.loads(after) == wanted:
            return after
    except ValueError:
        pass
    raise _by_hand(path, key, None)


def _by_hand(path: Path, key: Key, line: int | None) -> ConfigError:
    place = f"{path} line {line}" if line else str(path)
    return ConfigError(f"{place}: {dotted(key)} cannot be changed without disturbing the rest", hint="change it in an editor")
