"""How one log line looks: time, source, level and text as pieces of a screen line. No widget, no buffer; it is asked for lines that are
seen, never for lines that arrive.
"""

from __future__ import annotations

import re
from collections.abc import Hashable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, tzinfo
from typing import Final

from tui.tables import age
from tui.ui.widgets.cells import Piece, chop, fit, marked, plain, skip, width_of
from tui.ui.widgets.log_buffer import Entry
from tui.ui.widgets.log_colours import Tint, tints
from tui.ui.widgets.log_fields import message_first
from tui.ui.widgets.log_levels import SHOWN, Level, level_of
from tui.ui.widgets.tones import SOURCES

TIME: Final = 8
LEVEL: Final = 7
NAME: Final = 16
"""Cells: the time, the level, the longest source name."""

WRAPPED: Final = 500
"""Screen lines that one record may take; the rest is seen where the record is opened."""

TIMES: Final = ("local", "UTC", "age")
"""How times are told, in the order in which a key goes through them."""


@dataclass(slots=True)
class LinePaint:
    """What is the same for all lines of a view. ``zone`` None is this machine's; ``names`` maps a source to its name and colour."""

    zone: tzinfo | None = None
    times: str = "local"
    now: datetime | None = None
    show_names: bool = True
    wrap: bool = False
    pretty: bool = False
    pan: int = 0
    width: int = 0
    pattern: re.Pattern[str] | None = None
    names: dict[Hashable, tuple[str, str]] = field(default_factory=dict)

    def name(self, source: Hashable, name: str) -> bool:
        """Call a source so; whether that is new. Its colour stays with it and is its own, as far as there are that many."""
        old = self.names.get(source)
        if old is not None and old[0] == name:
            return False
        taken = [colour for _, colour in self.names.values()]
        free = min(range(SOURCES), key=lambda number: (taken.count(f"source-{number}"), number))
        self.names[source] = (plain(name), old[1] if old else f"source-{free}")
        return True

    def stamp(self, entry: Entry) -> str:
        """The time of a line as it is told now; empty if it has none."""
        at = entry.line.at
        if at is None:
            return ""
        if self.times == "age":
            return f"{age((self.now - at).total_seconds())} ago" if self.now is not None else ""
        return at.astimezone(UTC if self.times == "UTC" else self.zone).strftime("%H:%M:%S")

    def height(self, entry: Entry) -> int:
        """Screen lines that an entry takes."""
        return len(self.wrapped(entry)) if self.wrap and not entry.note else 1

    def pieces(self, entry: Entry, sub: int, *, dim: bool = False, mark: str = " ") -> list[Piece]:
        """Line ``sub`` of an entry, ``width`` cells. ``dim`` is a line that is there for its neighbours' sake; ``mark`` stands in the
        first cell."""
        if entry.note:
            return fit((Piece(f"{mark}{entry.line.text}", "warn"),), self.width)
        tone = SHOWN[level_of(entry.line.level, entry.line.text)][1]
        whole, tinted = self._text(entry)
        text, start = whole, 0
        if self.wrap:
            parts = self.wrapped(entry)
            sub = min(sub, len(parts) - 1)
            for part in parts[:sub]:
                start = max(start, whole.find(part, start)) + len(part)
            text, start = parts[sub], max(start, whole.find(parts[sub], start))
        elif self.pan:
            text = skip(whole, self.pan)
            start = len(whole) - len(text)
        ordinary = "muted" if dim else tone if tone in {"bad", "muted"} else None
        body = fit(_tinted(text, start, () if dim else tinted, ordinary), max(1, self.width - self._indent()))
        if self.pattern is not None and not dim:
            body = marked(body, self.pattern)
        prefix = [Piece(" " * self._indent())] if sub else self._prefix(entry, mark)
        return fit([*prefix, *body], self.width)

    def _prefix(self, entry: Entry, mark: str) -> list[Piece]:
        """Time, source and level in columns of their own."""
        name, colour = self.names.get(entry.source, ("", "muted"))
        pieces = [Piece(mark, "accent"), *fit((Piece(self.stamp(entry), "muted"),), TIME), Piece(" ")]
        if self.show_names:
            pieces += [*fit((Piece(name or str(entry.line.source), colour),), self._name_width()), Piece(" ")]
        level = level_of(entry.line.level, entry.line.text)
        word, tone = SHOWN[level]
        if level is Level.NONE and entry.line.level:
            word = f"  {entry.line.level}"
        return [*pieces, *fit((Piece(word, tone),), LEVEL), Piece("  ")]

    def _name_width(self) -> int:
        return min(NAME, max((width_of(name) for name, _ in self.names.values()), default=0))

    def _indent(self) -> int:
        return TIME + 2 + (self._name_width() + 1 if self.show_names else 0) + LEVEL + 2

    def _text(self, entry: Entry) -> tuple[str, Sequence[Tint]]:
        """The text on one line, what is missing of it, and the colours that it brought along."""
        line = entry.line
        text = message_first(line.text) if self.pretty else str(line.text)
        tinted = tints(line.escaped, text) if line.escaped else ()
        text = plain(text if self.wrap else text[: self.pan + 6 * self.width])
        return (f"{text} …+{line.cut:,} bytes cut" if line.cut else text), tinted

    def wrapped(self, entry: Entry) -> list[str]:
        """The text in lines that fit."""
        return chop(self._text(entry)[0], max(2, self.width - self._indent()), WRAPPED)


def _tinted(text: str, start: int, tinted: Sequence[Tint], ordinary: str | None) -> list[Piece]:
    """``text``, which begins at ``start`` of the whole line, in the tones of its parts."""
    pieces: list[Piece] = []
    at = 0
    for tint in tinted:
        begin, end = max(at, tint.begin - start), min(len(text), tint.end - start)
        if begin < end:
            pieces += [Piece(text[at:begin], ordinary), Piece(text[begin:end], tint.tone)]
            at = end
    return [*pieces, Piece(text[at:], ordinary)]
