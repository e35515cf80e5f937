"""A log that can be lived in: a ring of lines on the line API, drawn only where looked at, at most ten times a second.

    view.set_source(ref, "web-api")         a short name; its colour is chosen here and stays
    view.append(ref, lines)                 a batch of ``model.LogLine``; cheap whether anybody looks or not
    view.note(ref, "gap 00:03:12: lines may be missing")     a line of ours among theirs
    view.forget(ref) / view.clear()
    view.pause() / view.follow() / view.following / view.unseen
    view.set_filter(wanted) / view.set_highlight(pattern) / view.find_next(pattern, 1)
    view.set_wrap(True) / view.pan(8) / view.set_zone(UTC) / view.set_message([...])

Scrolling up pauses and End follows again; while it stands still the last line says ``paused  +1,204 new``. Levels, columns and
highlights are worked out for lines that are drawn, never on arrival. ``StatusChanged`` is posted when following, unseen or dropped
change, with the repaint, so no more often than that.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Hashable, Sequence
from datetime import datetime, tzinfo
from typing import Any, ClassVar, Final, NamedTuple

from textual import events
from textual.binding import Binding, BindingType
from textual.message import Message
from textual.strip import Strip
from textual.timer import Timer

from tui.model import LogLine
from tui.text import Safe
from tui.ui.widgets.cells import Piece, chop, fit, marked, plain, skip, width_of
from tui.ui.widgets.line_view import LineView
from tui.ui.widgets.log_buffer import Entry, LogBuffer
from tui.ui.widgets.log_levels import SHOWN, Level, level_of
from tui.ui.widgets.log_window import LogWindow, Seen
from tui.ui.widgets.tones import SOURCES

PERIOD: Final = 0.1
"""Seconds between two repaints, however many lines come."""

TIME: Final = 8
LEVEL: Final = 7
NAME: Final = 16
STEP: Final = 8
"""Cells: the time, the level, the longest source name, one step of panning."""

WRAPPED: Final = 500
"""Screen lines that one record may take; the rest is seen where the record is opened."""


class Painted(NamedTuple):
    """What a screen line shows."""

    entry: Entry | None
    sub: int = 0


class LogView(LineView):
    """A following log. See the module for its use."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("left", "pan(-1)", "left", id="log.left", show=False),
        Binding("right", "pan(1)", "right", id="log.right", show=False),
    ]

    class StatusChanged(Message):
        """Following or not, how many lines came meanwhile, how many were dropped for good."""

        def __init__(self, view: LogView, *, following: bool, unseen: int, dropped: int) -> None:
            super().__init__()
            self.view = view
            self.following = following
            self.unseen = unseen
            self.dropped = dropped

        @property
        def control(self) -> LogView:
            return self.view

    def __init__(
        self, *, limit: int = 20_000, total: int = 200_000, zone: tzinfo | None = None, show_names: bool = True, **options: Any
    ) -> None:
        """Keep ``limit`` lines a source and ``total`` in all; times are shown in ``zone`` (None: this machine's)."""
        super().__init__(**options)
        self.buffer = LogBuffer(limit=limit, total=total)
        self.window = LogWindow(self.buffer, self._height)
        self._zone = zone
        self._show_names = show_names
        self._names: dict[Hashable, tuple[str, str]] = {}
        self._pan = 0
        self._wrap = False
        self._pattern: re.Pattern[str] | None = None
        self._painted: dict[int, Painted] = {}
        self._lines: list[Seen] | None = None
        self._gate: Timer | None = None
        self._waiting = False
        self._status = (True, 0, 0)

    # In ------------------------------------------------------------------------------------------------------------------

    def set_source(self, source: Hashable, name: str) -> None:
        """Call a source ``name`` and give it a colour of its own, as far as there are that many."""
        old = self._names.get(source)
        if old is None or old[0] != name:
            self._names[source] = (plain(name), old[1] if old else f"source-{len(self._names) % SOURCES}")
            self.repaint_all()

    def append(self, source: Hashable, lines: Sequence[LogLine]) -> None:
        """A batch of lines of one source, in its order."""
        if lines:
            self.buffer.append(source, lines)
            self._changed()

    def note(self, source: Hashable, text: str, at: datetime | None = None) -> None:
        """A line of ours in the stream: a gap, a reconnect, the end."""
        self.buffer.append(source, [LogLine(at=at, text=Safe(text))], note=True)
        self._changed()

    def forget(self, source: Hashable) -> None:
        """Take a source and its lines out."""
        self.buffer.forget(source)
        self._names.pop(source, None)
        self._changed()

    def clear(self) -> None:
        """Take all lines out; follow again."""
        self.buffer.clear()
        self.window.follow()
        self._changed()

    # How it shows --------------------------------------------------------------------------------------------------------

    @property
    def following(self) -> bool:
        return self.window.following

    @property
    def unseen(self) -> int:
        """Lines that came while the view stands still."""
        return self.window.unseen

    def pause(self) -> None:
        self._take_in()
        self.window.pause(self.page)
        self._changed(at_once=True)

    def follow(self) -> None:
        self.window.follow()
        self._changed(at_once=True)

    def set_filter(self, wanted: Callable[[Entry], bool] | None) -> None:
        """Show only the lines of the stream that are wanted; what arrives is filtered too."""
        self.window.set_filter(wanted)
        self.repaint_all()

    def set_highlight(self, pattern: re.Pattern[str] | None) -> None:
        if pattern != self._pattern:
            self._pattern = pattern
            self.repaint_all()

    def find_next(self, pattern: re.Pattern[str], step: int = 1) -> bool:
        """Stand still at the next (1) or previous (-1) line with a match, seen from the middle; whether there is one."""
        self._take_in()
        seen = self.window.visible(self.page)
        middle = seen[len(seen) // 2].position if seen else 0
        found = self.window.find(lambda entry: pattern.search(entry.line.text) is not None, middle, step)
        if found is not None:
            self.window.go_to(found, self.page, above=self.page // 2)
            self._changed(at_once=True)
        return found is not None

    def set_wrap(self, wrap: bool) -> None:
        if wrap != self._wrap:
            self._wrap, self._pan = wrap, 0
            self.repaint_all()

    @property
    def wrap(self) -> bool:
        return self._wrap

    def pan(self, cells: int) -> None:
        """Move the text sideways; it stays there while lines come."""
        wanted = max(0, self._pan + cells)
        if wanted != self._pan and not self._wrap:
            self._pan = wanted
            self.repaint_all()

    def set_zone(self, zone: tzinfo | None) -> None:
        if zone != self._zone:
            self._zone = zone
            self.repaint_all()

    @property
    def line_count(self) -> int:
        return self.window.count

    @property
    def page(self) -> int:
        """Lines that fit; one less while the last one says that the view stands still."""
        return max(1, self.content_size.height - (not self.window.following))

    def text_of(self, seen: Sequence[Seen]) -> str:
        """Plain text of lines, as they would be copied."""
        return "\n".join(str(line.entry.line.text) for line in seen if line.sub == 0)

    # Coalescing ----------------------------------------------------------------------------------------------------------

    def _changed(self, *, at_once: bool = False) -> None:
        """Something is new: paint now if nothing was painted for a while, else when the gate opens."""
        self._lines = None
        if at_once:
            self._flush()
        elif self._gate is None:
            self._flush()
            self._close_gate()
        else:
            self._waiting = True

    def _close_gate(self) -> None:
        if self.is_attached and self.is_running:
            self._gate = self.set_timer(PERIOD, self._open_gate)

    def _open_gate(self) -> None:
        self._gate = None
        if self._waiting:
            self._waiting = False
            self._flush()
            self._close_gate()

    def _take_in(self) -> None:
        self.window.update()
        self._lines = None

    def _flush(self) -> None:
        self._take_in()
        status = (self.window.following, self.window.unseen, self.buffer.dropped())
        if status != self._status:
            self._status = status
            following, unseen, dropped = status
            self.post_message(self.StatusChanged(self, following=following, unseen=unseen, dropped=dropped))
        if not self.watched:
            return
        for y in range(self.content_size.height):
            if self._painted.get(y) != self._wanted(y):
                self.damage(y, 1)
        if not self.window.following:
            self.damage(self.content_size.height - 1, 1)
        self.damage_bar()

    def repaint_all(self) -> None:
        self._lines = None
        self._painted.clear()
        self.damage()

    # Drawing -------------------------------------------------------------------------------------------------------------

    def _seen(self) -> list[Seen]:
        """The lines of the screen, worked out once per repaint."""
        if self._lines is None:
            self._lines = self.window.visible(self.page)
            self._top, _ = self.window.share(self.page)
        return self._lines

    def _wanted(self, y: int) -> Painted:
        seen = self._seen()
        return Painted(seen[y].entry, seen[y].sub) if y < len(seen) else Painted(None)

    def draw_line(self, y: int) -> Strip:
        width = self.inner_width
        if not self.window.count:
            self._painted[y] = Painted(None)
            return self.draw_message(y)
        if not self.window.following and y == self.content_size.height - 1:
            self._painted.pop(y, None)
            new = f"  +{self.window.unseen:,} new" if self.window.unseen else ""
            return self.strip_of(fit((Piece(" paused", "warn"), Piece(f"{new}  End follows again", "muted")), width), width, "found")
        painted = self._painted[y] = self._wanted(y)
        if painted.entry is None:
            return Strip.blank(width, self.tone_style())
        return self.strip_of(self._pieces(painted.entry, painted.sub, width), width)

    def _prefix(self, entry: Entry) -> list[Piece]:
        """Time, source and level in columns of their own."""
        at = entry.line.at
        name, colour = self._names.get(entry.source, ("", "muted"))
        pieces = [Piece(at.astimezone(self._zone).strftime(" %H:%M:%S") if at else " " * (TIME + 1), "muted"), Piece(" ")]
        if self._show_names:
            pieces += [*fit((Piece(str(entry.line.source) or name, colour),), self._name_width()), Piece(" ")]
        level = level_of(entry.line.level, entry.line.text)
        word, tone = SHOWN[level]
        if level is Level.NONE and entry.line.level:
            word = f"  {entry.line.level}"
        return [*pieces, *fit((Piece(word, tone),), LEVEL), Piece("  ")]

    def _name_width(self) -> int:
        return min(NAME, max((width_of(name) for name, _ in self._names.values()), default=0))

    def _indent(self) -> int:
        return TIME + 2 + (self._name_width() + 1 if self._show_names else 0) + LEVEL + 2

    def _pieces(self, entry: Entry, sub: int, width: int) -> list[Piece]:
        if entry.note:
            return fit((Piece(f" ── {entry.line.text} ──", "warn"),), width)
        _, tone = SHOWN[level_of(entry.line.level, entry.line.text)]
        room = max(1, width - self._indent())
        text = self._text(entry)
        if self._wrap:
            parts = self._wrapped(entry)
            text = parts[min(sub, len(parts) - 1)]
        elif self._pan:
            text = skip(text, self._pan)
        body = fit((Piece(text, "bad" if tone == "bad" else "muted" if tone == "muted" else None),), room)
        if self._pattern is not None:
            body = marked(body, self._pattern)
        prefix = [Piece(" " * self._indent())] if sub else self._prefix(entry)
        return fit([*prefix, *body], width)

    def _text(self, entry: Entry) -> str:
        """The text on one line, and what is missing of it."""
        line = entry.line
        text = plain(line.text[: self._pan + 6 * self.content_size.width]) if not self._wrap else plain(line.text)
        return f"{text} …+{line.cut:,} bytes cut" if line.cut else text

    def _wrapped(self, entry: Entry) -> list[str]:
        return chop(self._text(entry), max(2, self.inner_width - self._indent()), WRAPPED)

    def _height(self, entry: Entry) -> int:
        return len(self._wrapped(entry)) if self._wrap and not entry.note else 1

    # Keys and mouse ------------------------------------------------------------------------------------------------------

    def scroll_lines(self, top: int) -> bool:
        moved = self.window.move(top - self._top, self.page)
        self._changed(at_once=True)
        return moved

    def _scroll(self, lines: int) -> None:
        self._take_in()
        if lines > 0 and self.window.following:
            return
        self.window.move(lines, self.page)
        self._changed(at_once=True)

    def action_move(self, lines: int) -> None:
        self._scroll(lines)

    def action_page(self, pages: int) -> None:
        self._scroll(pages * max(1, self.page - 1))

    def action_half(self, halves: int) -> None:
        self._scroll(halves * max(1, self.page // 2))

    def wheel(self, lines: int) -> None:
        self._scroll(lines)

    def action_edge(self, end: int) -> None:
        if end > 0:
            self.follow()
        else:
            self._take_in()
            self.window.first(self.page)
            self._changed(at_once=True)

    def action_pan(self, steps: int) -> None:
        self.pan(steps * STEP)

    def on_resize(self, event: events.Resize) -> None:
        self.repaint_all()
