"""The lines of a dployr log, out of the records of a stream. Pure.

Where a record begins and ends in the stream is ``platforms.lines``' business, how the stream is opened the adapter's.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from functools import lru_cache
from typing import Any, Final

from tui.model import EMPTY, LogLine
from tui.platforms.dployr import wire
from tui.platforms.lines import Record
from tui.platforms.records import REFUSALS, Unreadable, items, parse, snake, when, word
from tui.text import Safe, clean, escape

LONGEST: Final = 16_384
"""Characters of one line that are kept."""


def lines(record: Record, now: datetime, *, strict: bool = False) -> tuple[LogLine, ...]:
    """The lines of one record: usually one; several for an object that holds a list of them; none for what is no line of a log.
    ``strict`` raises what ``REFUSALS`` lists for a record that is no JSON."""
    data = record.data.removeprefix(b"data:").strip(b"\r\n ")
    if not data or record.event in {"heartbeat", "ping", "done"}:
        return ()
    if data[:1] in {b"{", b'"'} and not record.cut:
        try:
            return _json(data, now)
        except REFUSALS:
            if strict:
                raise
            # A program may well print something that only begins like JSON.
    elif strict and not record.cut:
        raise Unreadable("no JSON")
    return (_plain(data, record.cut),)


def unfinished(record: Record, now: datetime, *, follow: bool) -> tuple[LogLine, ...]:
    """The lines of what a stream's end left without a newline. A JSON record that is complete is a line; half of one never is. Other text
    may be the last line of a log, but not of one that is followed: what is opened again sends all of it."""
    if record.whole:
        return lines(record, now)
    data = record.data.strip(b"\r\n ")
    if data[:1] not in {b"{", b'"'}:
        return () if follow else lines(record, now)
    try:
        return _json(data, now)
    except REFUSALS:
        return ()


def _json(data: bytes, now: datetime) -> tuple[LogLine, ...]:
    value = parse(data)
    if isinstance(value, str):
        return (_line(value),)
    try:
        return (entry(value, now),)
    except Unreadable:
        found = items(data, ("logs", "lines", "entries"))
    return tuple(each for raw in found for each in lines(Record(data=bytes(raw)), now))


def entry(value: Any, now: datetime) -> LogLine:
    """One log record. Raises ``Unreadable`` for what is none: no object, or one without a text."""
    if not isinstance(value, dict):
        raise Unreadable("not an object")
    at, level, source, text = _members(value)
    if text is None or isinstance(text, dict | list):
        raise Unreadable("a log record without a text")
    shown, cut, escaped = _text(text if isinstance(text, str) else str(word(text)))
    return LogLine(at=when(at, now), level=_level(level), source=word(source, 80), text=shown, cut=cut, escaped=escaped)


def _members(value: dict[str, Any]) -> Iterator[Any]:
    """What ``wire.Line`` has, out of a record. The records of a log are alike: which member is called how is worked out once."""
    for names in _places(tuple(value)):
        for name in names:
            if value[name] is not None:
                yield value[name]
                break
        else:
            yield None


@lru_cache(maxsize=256)
def _places(names: tuple[str, ...]) -> tuple[tuple[str, ...], ...]:
    """For each of time, level, source and text the members that may hold it, the first that does counts: the same that
    ``records.fields`` would find."""
    known = {snake(name): name for name in names}
    spellings = {wanted: [wanted] for wanted in ("at", "level", "source", "text")}
    for alias, wanted in wire.Line.aliases.items():
        spellings[wanted].append(alias)
    return tuple(tuple(known[each] for each in each_way if each in known) for each_way in spellings.values())


def _level(value: Any) -> Safe:
    return _low(value) if isinstance(value, str) else Safe(word(value, 20).lower())


@lru_cache(maxsize=256)
def _low(value: str) -> Safe:
    return Safe(word(value, 20).lower())


def _text(text: str, cut: int = 0) -> tuple[Safe, int, Safe]:
    """A text as it is shown, what is missing of it, and how it came where that is another."""
    text = text.rstrip("\r\n")
    shown, over = clean(text, LONGEST), cut + max(0, len(text) - LONGEST)
    return shown, over, EMPTY if shown == text or over else escape(text, LONGEST)


def _line(text: str, cut: int = 0) -> LogLine:
    shown, over, escaped = _text(text, cut)
    return LogLine(text=shown, cut=over, escaped=escaped)


def _plain(data: bytes, cut: int) -> LogLine:
    return _line(data.decode("utf-8", "replace"), cut)
