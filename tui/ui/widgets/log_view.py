"""A log that can be lived in: a ring of lines on the line API, drawn only where looked at, at most ten times a second.

    view.set_source(ref, "web-api")         a short name; its colour is chosen here and stays
    view.append(ref, lines)                 a batch of ``model.LogLine``; cheap whether anybody looks or not
    view.note(ref, "── gap of 3m12: lines may be missing ──")     a line of ours among theirs
    view.forget(ref) / view.clear()
    view.pause() / view.follow() / view.following / view.unseen
    view.set_filter(wanted, context=3) / view.set_highlight(pattern) / view.seek(wanted, 1, told)
    view.set_look(wrap=True, times="UTC", pretty=True, names=True) / view.pan(8) / view.set_message([...])
    view.current / view.chosen / view.toggle_mark() / view.toggle_range()

Scrolling up pauses and End follows again; while it stands still one line is under the cursor and the last line of the screen says
``paused  +1,204 new``. Levels, columns and highlights are worked out for lines that are drawn, never on arrival; a filter is tried
piece by piece, so that no key waits for it. ``StatusChanged`` is posted with the repaint when what a head would say is another.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Hashable, Sequence
from datetime import datetime
from typing import Any, ClassVar, Final

from textual import events
from textual.binding import Binding, BindingType
from textual.message import Message

from tui.model import LogLine
from tui.text import Safe
from tui.ui.widgets.log_buffer import Entry
from tui.ui.widgets.log_canvas import LogCanvas

STEP: Final = 8
"""Cells of one step of panning."""

LOOKS: Final = 2_000
"""Lines that a search looks at before the keys are looked at again."""

Wanted = Callable[[Entry], bool]


class LogView(LogCanvas):
    """A following log. See the module for its use."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("left", "pan(-1)", "left", id="log.left", show=False),
        Binding("right", "pan(1)", "right", id="log.right", show=False),
    ]

    class Opened(Message):
        """A line was clicked twice; ``view.current`` is it."""

    def __init__(self, **options: Any) -> None:
        """See ``LogCanvas``."""
        super().__init__(**options)
        self._seeking = 0

    # In ------------------------------------------------------------------------------------------------------------------

    def set_source(self, source: Hashable, name: str) -> None:
        """Call a source ``name`` and give it a colour of its own, as far as there are that many."""
        if self.paint.name(source, name):
            self.repaint_all()

    def append(self, source: Hashable, lines: Sequence[LogLine]) -> None:
        """A batch of lines of one source, in its order."""
        if lines:
            self.buffer.append(source, lines)
            self._changed()

    def backfill(self, source: Hashable, lines: Sequence[LogLine]) -> None:
        """Lines of a source that are older than all that is known of it."""
        if lines:
            self.buffer.backfill(source, lines)
            self._changed()

    def note(self, source: Hashable, text: str, at: datetime | None = None) -> None:
        """A line of ours in the stream: a gap, a reconnect, the end."""
        self.buffer.append(source, [LogLine(at=at, text=Safe(text))], note=True)
        self._changed()

    def forget(self, source: Hashable) -> None:
        """Take a source and its lines out."""
        self.buffer.forget(source)
        self.paint.names.pop(source, None)
        self.repaint_all()
        self._changed()

    def clear(self) -> None:
        """Take all lines out; follow again."""
        self.buffer.clear()
        self.marks.clear()
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
        self._still()
        self._changed(at_once=True)

    def _still(self) -> int:
        """Stand still from now on; how many lines fit then. The newest line stays in sight, above the one that says so."""
        if self.window.following:
            self.window.pause(max(1, self.page - 1))
        return self.page

    def follow(self) -> None:
        self.marks.anchor = None
        self.window.follow()
        self._changed(at_once=True)

    def set_filter(self, wanted: Wanted | None, *, context: int = 0) -> None:
        """Show only the lines of the stream that are wanted, with so many around each; what arrives is filtered too. The line under the
        cursor stays in sight: who has found it wants to see what stands around it."""
        row = self.window.row(self.page)
        self.window.set_filter(wanted, context=context, budget=self._budget)
        self.window.show_cursor(self.page, row)
        self._lines = None
        self._flush()

    def set_highlight(self, pattern: re.Pattern[str] | None) -> None:
        if pattern != self.paint.pattern:
            self.paint.pattern = pattern
            self.repaint_all()

    def set_look(
        self, *, wrap: bool | None = None, times: str | None = None, pretty: bool | None = None, names: bool | None = None
    ) -> None:
        """Break long lines or cut them; tell times as ``local``, ``UTC`` or ``age``; lay JSON and logfmt out; show the sources."""
        paint = self.paint
        before = (paint.wrap, paint.times, paint.pretty, paint.show_names)
        wanted = tuple(old if new is None else new for old, new in zip(before, (wrap, times, pretty, names), strict=True))
        if wanted != before:
            paint.wrap, paint.times, paint.pretty, paint.show_names = wanted  # type: ignore[assignment]
            paint.pan = 0 if paint.wrap else paint.pan
            self.repaint_all()

    def pan(self, cells: int) -> None:
        """Move the text sideways; it stays there while lines come."""
        wanted = max(0, self.paint.pan + cells)
        if wanted != self.paint.pan and not self.paint.wrap:
            self.paint.pan = wanted
            self.repaint_all()

    def set_now(self, now: datetime) -> None:
        """What ages are counted from; repaints the lines whose age reads otherwise."""
        self.paint.now = now
        if self.paint.times == "age":
            self._damage_changed()

    # What a person points at ---------------------------------------------------------------------------------------------

    @property
    def current(self) -> Entry | None:
        """The line under the cursor; while following the newest one."""
        self._take_in()
        at = self.window.cursor
        if at is None:
            seen = self.window.visible(self.page)
            return seen[-1].entry if seen else None
        return self.buffer[at]

    @property
    def chosen(self) -> list[Entry]:
        """The lines between the end of the range and the cursor as they are shown; without a range the one under the cursor."""
        at, anchor = self.window.cursor, self.marks.anchor_at()
        current = self.current
        if at is None or anchor is None:
            return [] if current is None else [current]
        return self.shown(min(at, anchor), max(at, anchor) + 1)

    def shown(self, begin: int | None = None, end: int | None = None) -> list[Entry]:
        """The entries that the filter shows, all of them or those with ``begin <= position < end``."""
        return self.window.entries(begin, end)

    def toggle_mark(self) -> None:
        """Put a bookmark on the line under the cursor, or take it away."""
        current = self.current
        if current is not None:
            self.marks.toggle(current)
            self._damage_changed()

    def toggle_range(self) -> bool:
        """Begin a range at the cursor, or give it up; whether there is one now."""
        self.pause()
        at = self.window.cursor
        self.marks.anchor = None if self.marks.anchor is not None or at is None else (at, self.buffer[at])
        self._damage_changed()
        return self.marks.anchor is not None

    def go_to(self, position: int) -> None:
        """Stand still with the entry at a position under the cursor, in the middle unless it is in sight."""
        self._take_in()
        page = self._still()
        if any(each.position == position for each in self.window.visible(page)):
            self.window.put_cursor(position, page)
        else:
            self.window.go_to(position, page, above=page // 2)
        self._changed(at_once=True)

    def go_to_entry(self, entry: Entry) -> bool:
        """Stand still with this entry under the cursor; whether it is still kept. A filter may hide it: then its neighbour is."""
        self._take_in()
        found = self.buffer.place_of(entry, self.buffer.start)
        if found is not None:
            self.go_to(found)
        return found is not None

    def seek(self, wanted: Wanted, step: int, told: Callable[[bool], None] = lambda _: None, *, runs: bool = False) -> None:
        """Put the cursor on the next (1) or previous (-1) shown line that is wanted, seen from the cursor; while following, upwards
        from the end. ``told`` hears whether there is one; with ``runs`` several together count as their first. A newer search ends an
        older one."""
        self._take_in()
        self._seeking += 1
        cursor = self.window.cursor
        begin = self.buffer.end if cursor is None else cursor
        self._seek_on(self._seeking, wanted, step if cursor is not None else -1, begin, told, runs)

    def seek_from_start(self, wanted: Wanted, told: Callable[[bool], None] = lambda _: None) -> None:
        """Put the cursor on the first shown line that is wanted; ``told`` hears whether there is one."""
        self._take_in()
        self._seeking += 1
        self._seek_on(self._seeking, wanted, 1, self.buffer.start - 1, told)

    def _seek_on(self, number: int, wanted: Wanted, step: int, begin: int, told: Callable[[bool], None], runs: bool = False) -> None:
        if number != self._seeking or not self.is_running:
            return
        found = self.window.find(wanted, begin, step, LOOKS, runs=runs)
        further = self.window.beyond(begin, step, LOOKS - 1) if found is None else None
        if further is not None:
            self.soon(self._seek_on, number, wanted, step, further, told, runs)
            return
        if found is not None:
            self.go_to(found)
        told(found is not None)

    # Keys and mouse ------------------------------------------------------------------------------------------------------

    def scroll_lines(self, top: int) -> bool:
        moved = self.window.move(top - self._top, self._still())
        self._changed(at_once=True)
        return moved

    def _scroll(self, lines: int) -> None:
        self._take_in()
        if lines > 0 and self.window.following:
            return
        self.window.move(lines, self._still())
        self._changed(at_once=True)

    def action_move(self, lines: int) -> None:
        self._take_in()
        if lines > 0 and self.window.following:
            return
        self.window.step(lines, self._still())
        self._changed(at_once=True)

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
            self.window.first(self._still())
            self._changed(at_once=True)

    def action_pan(self, steps: int) -> None:
        self.pan(steps * STEP)

    def on_click(self, event: events.Click) -> None:
        offset = event.get_content_offset(self)
        seen = self._seen()
        if offset is not None and offset.y < len(seen):
            self.window.put_cursor(seen[offset.y].position, self.page)
            self._changed(at_once=True)
            if event.chain == 2:
                self.post_message(self.Opened())

    def on_focus(self) -> None:
        self._damage_changed()

    def on_blur(self) -> None:
        self._damage_changed()

    def on_resize(self, event: events.Resize) -> None:
        self.repaint_all()
