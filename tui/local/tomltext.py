"""A TOML file as text: read with one clear line for whatever is wrong with it, and on which line each key stands.

Knows nothing of what the keys mean.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from tui.errors import ConfigError

LIMIT: Final = 256 << 10
"""Bytes that such a file may have."""

KeyPath = tuple[str | int, ...]
"""Where a value stands: table names and list positions."""

_KEY: Final = r"""(?:"(?:[^"\\]|\\.)*"|'[^']*'|[A-Za-z0-9_-]+)"""
_PART: Final = re.compile(_KEY)
_HEADER: Final = re.compile(rf"\s*(\[\[?)\s*({_KEY}(?:\s*\.\s*{_KEY})*)\s*\]")
_ASSIGN: Final = re.compile(rf"\s*({_KEY}(?:\s*\.\s*{_KEY})*)\s*=")
_PLACE: Final = re.compile(r"^(?P<what>.*?) ?\(at (?:line (?P<line>\d+), column (?P<column>\d+)|end of document)\)$", re.S)
_QUOTED: Final = re.compile(r"""\"[^\"\n]*\"|'[^'\n]*'""")
DOTS: Final = 100
"""In one line outside strings: the parser would take hours over a key of thousands of parts."""

_PLAINER: Final = {
    "Cannot overwrite a value": "the same key is there twice",
    "Cannot mutate immutable namespace": "the same table is there twice",
}
_TWICE: Final = re.compile(r"Cannot declare \((.*)\) twice")


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """What a file holds. ``lines`` gives the line, from 1, of each key that has one of its own."""

    path: Path
    data: dict[str, Any]
    lines: Mapping[KeyPath, int] = field(default_factory=dict)

    def line(self, key: KeyPath) -> int | None:
        """The line of a key, or of the nearest table around it; None where it is nowhere in the file."""
        for length in range(len(key), 0, -1):
            if key[:length] in self.lines:
                return self.lines[key[:length]]
        return None

    def place(self, key: KeyPath) -> str:
        """``FILE line N`` for a message."""
        line = self.line(key)
        return f"{self.path} line {line}" if line else str(self.path)


def parse(path: Path, data: bytes) -> Document:
    """Read a file's bytes. Raises ``ConfigError`` in one line that names the file, the line and what to do."""
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise ConfigError(f"{path} is UTF-16 text", hint="save it as UTF-8")
    if data.startswith(b"\xef\xbb\xbf"):
        raise ConfigError(f"{path} line 1: begins with a byte order mark", hint="save it as UTF-8 without one")
    if (nul := data.find(b"\0")) >= 0:
        line = data.count(b"\n", 0, nul) + 1
        raise ConfigError(f"{path} line {line}: holds a NUL byte", hint="this is not a text file")
    try:
        text = data.decode()
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise ConfigError(f"{path} line {line}: byte 0x{data[error.start]:02x} is not UTF-8", hint="save it as UTF-8") from None
    try:
        if any(line.count(".") > DOTS and _QUOTED.sub("", line).count(".") > DOTS for line in text.split("\n")):
            raise RecursionError
        return Document(path=path, data=tomllib.loads(text), lines=_lines(text))
    except RecursionError:
        raise ConfigError(f"{path}: tables are nested too deeply") from None
    except ValueError as error:
        raise _explained(path, text, str(error)) from None


def _explained(path: Path, text: str, message: str) -> ConfigError:
    place = _PLACE.match(message)
    if place is None:
        return ConfigError(f"{path}: {message}")
    what = place["what"]
    if twice := _TWICE.match(what):
        what = f"the table [{'.'.join(_names(twice[1]))}] is there twice"
    line = place["line"] or text.rstrip().count("\n") + 1
    column = f", column {place['column']}" if place["column"] else ""
    return ConfigError(f"{path} line {line}{column}: {_PLAINER.get(what, what)}")


def _names(text: str) -> list[str]:
    return re.findall(r"'([^']*)'", text)


def _lines(text: str) -> dict[KeyPath, int]:
    """The line of every header and key. Inside strings of several lines nothing is looked for."""
    lines: dict[KeyPath, int] = {}
    counts: dict[KeyPath, int] = {}
    table: KeyPath = ()
    closing = ""
    for number, line in enumerate(text.split("\n"), 1):
        if closing:
            if closing in line:
                closing = ""
            continue
        if header := _HEADER.match(line):
            table = _into(_keys(header[2]), counts, append=header[1] == "[[")
            lines.setdefault(table, number)
        elif assign := _ASSIGN.match(line):
            key = table + _keys(assign[1])
            for length in range(len(table) + 1, len(key) + 1):
                lines.setdefault(key[:length], number)
        closing = next((quotes for quotes in ('"""', "'''") if line.count(quotes) % 2), "")
    return lines


def _keys(dotted: str) -> KeyPath:
    return tuple(tomllib.loads(f"key = {part}")["key"] if part[0] in "\"'" else part for part in _PART.findall(dotted))


def _into(names: KeyPath, counts: dict[KeyPath, int], *, append: bool) -> KeyPath:
    """The path that a header means: names of tables that are lists stand for their newest member."""
    path: KeyPath = ()
    for position, name in enumerate(names, 1):
        path += (name,)
        if append and position == len(names):
            counts[path] = counts.get(path, 0) + 1
        if path in counts:
            path += (counts[path] - 1,)
    return path
