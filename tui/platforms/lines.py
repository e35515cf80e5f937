"""From the bytes of a log stream to its records, whatever the form: NDJSON, server-sent events, JSON values one after the other or
in an array, plain text.

Only the byte ``\\n`` ends a line: line iterators of libraries also split inside JSON texts. Of one record 64 KiB are kept and the rest
is counted, so that an endless line costs no memory. What a record says is the adapter's business.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final, Protocol

KEEP: Final = 65_536
"""Bytes of one record that are kept."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """One record. ``cut`` counts the bytes beyond what was kept; ``whole`` is False for what a stream's end left unfinished;
    ``event`` is the name of a server-sent event."""

    data: bytes
    cut: int = 0
    event: str = ""
    whole: bool = True


class Splitter(Protocol):
    """Bytes in, records out, at whatever borders the bytes come."""

    def feed(self, chunk: bytes) -> Iterator[Record]:
        """The records that these bytes complete."""

    def finish(self) -> Iterator[Record]:
        """What is left when the stream has ended."""


def splitter_for(content_type: str, keep: int = KEEP) -> Splitter:
    """The splitter for a media type as the server names it; an unknown one is read as lines."""
    kind = content_type.partition(";")[0].strip().lower()
    if kind == "text/event-stream":
        return Events(keep)
    if kind in {"application/json", "text/json"}:
        return Values(keep)
    return Lines(keep)


class _Kept:
    """The record that is being read: its first bytes, and how many there were beyond."""

    def __init__(self, keep: int) -> None:
        self._keep = keep
        self._data = bytearray()
        self._cut = 0

    def add(self, data: bytes) -> None:
        room = self._keep - len(self._data)
        if room >= len(data):
            self._data += data
        else:
            self._data += data[: max(0, room)]
            self._cut += len(data) - max(0, room)

    def take(self, *, whole: bool = True) -> Record:
        data = bytes(self._data)
        if self._cut == 0 and data.endswith(b"\r"):
            data = data[:-1]
        record = Record(data=data, cut=self._cut, whole=whole)
        self._data.clear()
        self._cut = 0
        return record

    def __bool__(self) -> bool:
        return bool(self._data)


class Lines:
    """NDJSON and plain text: one record a line, empty lines none. A line that is a JSON array of objects gives its elements."""

    def __init__(self, keep: int = KEEP) -> None:
        self._keep = keep
        self._line = _Kept(keep)

    def feed(self, chunk: bytes) -> Iterator[Record]:
        """See ``Splitter``."""
        start, keep = 0, self._keep
        while (end := chunk.find(b"\n", start)) >= 0:
            if self._line or end - start > keep:
                self._line.add(chunk[start:end])
                record = self._line.take()
            else:
                # Most lines come whole: nothing of them has to be kept.
                record = Record(data=chunk[start : end - (chunk[end - 1 : end] == b"\r" and end > start)])
            start = end + 1
            if record.data[:1] in _MAY_OPEN:
                yield from self._told(record)
            elif record.data:
                yield record
        self._line.add(chunk[start:])

    def finish(self) -> Iterator[Record]:
        """See ``Splitter``."""
        if self._line:
            yield from self._told(self._line.take(whole=False))

    def _told(self, record: Record) -> Iterator[Record]:
        if _ARRAY.match(record.data):
            values = Values(self._keep)
            yield from values.feed(record.data)
            yield from values.finish()
        elif record.data:
            yield record


class Events:
    """Server-sent events: the ``data`` of one event is one record; comments and the other fields are none."""

    def __init__(self, keep: int = KEEP) -> None:
        self._line = _Kept(keep)
        self._data = _Kept(keep)
        self._cut = 0
        self._event = ""
        self._any = False

    def feed(self, chunk: bytes) -> Iterator[Record]:
        """See ``Splitter``."""
        start = 0
        while (end := chunk.find(b"\n", start)) >= 0:
            self._line.add(chunk[start:end])
            yield from self._read(self._line.take())
            start = end + 1
        self._line.add(chunk[start:])

    def finish(self) -> Iterator[Record]:
        """See ``Splitter``."""
        if self._line:
            yield from self._read(self._line.take())
        if self._any:
            yield self._done(whole=False)

    def _read(self, line: Record) -> Iterator[Record]:
        if not line.data:
            if self._any:
                yield self._done()
            self._event = ""
            return
        name, _, value = line.data.partition(b":")
        value = value.removeprefix(b" ")
        if name == b"data":
            if self._any:
                self._data.add(b"\n")
            self._data.add(value)
            self._cut += line.cut
            self._any = True
        elif name == b"event":
            self._event = value[:80].decode("utf-8", "replace")
        elif line.data[:1] in {b"{", b"["}:
            # A server that says event-stream and sends bare JSON lines.
            yield line

    def _done(self, *, whole: bool = True) -> Record:
        kept = self._data.take()
        record = Record(data=kept.data, cut=kept.cut + self._cut, event=self._event, whole=whole)
        self._event, self._cut, self._any = "", 0, False
        return record


class Values:
    """JSON: every object or text at the top, or in an array at the top, is one record; bytes outside any are separators.

    A body that turns out to be no JSON at all is read as lines.
    """

    def __init__(self, keep: int = KEEP) -> None:
        self._value = _Kept(keep)
        self._depth = 0
        self._in_text = False
        self._escaped = False
        self._started = False
        self._lines: Lines | None = None
        self._keep = keep

    def feed(self, chunk: bytes) -> Iterator[Record]:
        """See ``Splitter``."""
        if not self._started:
            chunk = chunk.lstrip()
            if not chunk:
                return
            self._started = True
            if chunk[:1] not in {b"[", b"{", b'"'}:
                self._lines = Lines(self._keep)
        if self._lines is not None:
            yield from self._lines.feed(chunk)
            return
        yield from self._scan(chunk)

    def finish(self) -> Iterator[Record]:
        """See ``Splitter``."""
        if self._lines is not None:
            yield from self._lines.finish()
        elif self._value:
            yield self._value.take(whole=False)

    def _scan(self, chunk: bytes) -> Iterator[Record]:
        """Walk from one byte that matters to the next; everything between belongs to the value that is open, if one is."""
        start = 0
        position = 0
        size = len(chunk)
        while position < size:
            if self._escaped:
                self._escaped = False
                position += 1
                continue
            found = (_IN_TEXT if self._in_text else _OUTSIDE).search(chunk, position)
            if found is None:
                break
            byte, position = found.group(), found.end()
            if self._in_text:
                if byte == b"\\":
                    self._escaped = True
                    continue
                self._in_text = False
                ends = self._depth == 0
            elif byte == b'"':
                self._in_text = True
                if self._depth == 0:
                    start = position - 1
                continue
            elif byte in b"{[":
                if byte == b"[" and self._depth == 0 and not self._value:
                    # The array around everything: its elements are the records.
                    start = position
                    continue
                if self._depth == 0:
                    start = position - 1
                self._depth += 1
                continue
            else:
                if self._depth == 0:
                    continue
                self._depth -= 1
                ends = self._depth == 0
            if ends:
                self._value.add(chunk[start:position])
                yield self._value.take()
                start = position
        if self._depth or self._in_text:
            self._value.add(chunk[start:])


_ARRAY: Final = re.compile(rb"\s*\[\s*\{")
_MAY_OPEN: Final = frozenset(bytes([byte]) for byte in b" \t\r\x0b\x0c[")
"""With what a line begins that may be an array."""
_IN_TEXT: Final = re.compile(rb'["\\]')
_OUTSIDE: Final = re.compile(rb'["\[\]{}]')
