"""What a line says in fields: JSON and logfmt taken apart, and the time that a program wrote into its own line. Pure; only for lines
that somebody looks at, or that came without a time.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any, Final

MESSAGE: Final = ("msg", "message", "event", "text", "log")
TIMES: Final = ("ts", "time", "timestamp", "@timestamp", "t", "at", "datetime")
LEVELS: Final = ("level", "lvl", "severity", "log.level", "loglevel")
"""Names of the fields that say the same as a column, in lower case."""

LONGEST: Final = 20_000
"""Characters of a line that is taken apart."""

_PAIR: Final = re.compile(r"(?:^|(?<=\s))([A-Za-z_@][\w.@/-]*)=(\"(?:[^\"\\]|\\.)*\"|[^\s\"]*)")
_ISO: Final = re.compile(r"(\d{4}-\d\d-\d\d)[T ](\d\d:\d\d:\d\d)(?:[.,](\d{1,9}))?\s?(Z|[+-]\d\d:?\d\d)?")
_COMMON: Final = re.compile(r"\[(\d\d)/([A-Z][a-z]{2})/(\d{4}):(\d\d:\d\d:\d\d) ([+-]\d{4})\]")
_LOOK: Final = 120
"""Characters in which a line's own time is looked for."""


@lru_cache(maxsize=1024)
def fields_of(text: str) -> tuple[tuple[str, str], ...]:
    """The fields of a JSON object or a logfmt line in their order, nested JSON as JSON; empty for any other line."""
    if len(text) > LONGEST:
        return ()
    if text[:1] == "{":
        try:
            value = json.loads(text)
        except (ValueError, RecursionError):
            return ()
        return tuple((str(key), spelled(each)) for key, each in value.items()) if isinstance(value, dict) else ()
    stamp = _ISO.match(text.lstrip("["))
    text = text[stamp.end() :].lstrip(" ]") if stamp else text
    pairs = _PAIR.findall(text)
    told = sum(len(key) + len(value) + 2 for key, value in pairs)
    if len(pairs) < 2 or told < len(text) * 0.6:
        return ()
    return tuple((key, _unquoted(value)) for key, value in pairs)


def spelled(value: Any) -> str:
    """A JSON value as a person writes it: texts without quotes."""
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _unquoted(value: str) -> str:
    return re.sub(r"\\(.)", r"\1", value[1:-1]) if value[:1] == '"' else value


@lru_cache(maxsize=1024)
def message_first(text: str) -> str:
    """A JSON or logfmt line as ``message  key=value ...`` without its time and level, which have columns; any other line unchanged."""
    fields = fields_of(text)
    if not fields:
        return text
    known = {key.casefold(): value for key, value in fields}
    said = next((known[name] for name in MESSAGE if name in known), "")
    dull = {*MESSAGE, *TIMES, *LEVELS}
    rest = " ".join(f"{key}={_quoted(value)}" for key, value in fields if key.casefold() not in dull)
    return "  ".join(part for part in (said, rest) if part) or text


def _quoted(value: str) -> str:
    return json.dumps(value, ensure_ascii=False) if not value or " " in value else value


def time_of(text: str) -> datetime | None:
    """The time that stands in a line, aware: ISO 8601 near its beginning, the common log format, or a time field of JSON or logfmt.
    A time without a zone is taken as UTC, which is what servers write."""
    head = text[:_LOOK]
    try:
        found = _ISO.search(head)
        if found:
            day, clock, fraction, zone = found.groups()
            zone = "+00:00" if zone in {None, "Z"} else zone
            return datetime.fromisoformat(f"{day}T{clock}.{(fraction or '0')[:6]:0<6}{zone}")
        common = _COMMON.search(head)
        if common:
            return datetime.strptime(common.group()[1:-1], "%d/%b/%Y:%H:%M:%S %z")
        return _told(dict(fields_of(text)))
    except (ValueError, OverflowError, OSError):
        return None


def _told(fields: Mapping[str, str]) -> datetime | None:
    for name in TIMES:
        value = fields.get(name, "")
        if re.fullmatch(r"\d{10}(?:\.\d+)?", value):
            return datetime.fromtimestamp(float(value), UTC)
        if re.fullmatch(r"\d{13}", value):
            return datetime.fromtimestamp(int(value) / 1000, UTC)
    return None
