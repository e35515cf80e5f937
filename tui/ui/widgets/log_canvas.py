"""The screen of a log: which lines of a ring it shows now, drawn where they differ from what stands there, at most ten times a second.

It knows nothing of keys. Levels, columns and highlights are worked out for lines that are drawn; a filter's work is done in pieces, with
the keys looked at between them; nothing is drawn while nobody looks.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import tzinfo
from typing import Any, Final, NamedTuple

from textual.message import Message
from textual.strip import Strip

from tui.ui.throttle import Throttle
from tui.ui.widgets.cells import Piece, fit
from tui.ui.widgets.line_view import LineView
from tui.ui.widgets.log_buffer import Entry, LogBuffer
from tui.ui.widgets.log_marks import LogMarks
from tui.ui.widgets.log_paint import LinePaint
from tui.ui.widgets.log_window import LogWindow, Seen

PERIOD: Final = 0.1
"""Seconds between two repaints, however many lines come; ``LogCanvas.period`` may be set to more."""

BEHIND: Final = 1.0
"""The same under a dialog: its see-through ground makes Textual draw the whole screen for each line that changes below."""

AT_ONCE: Final = (64, 16_000)
"""Lines that a filter is tried on before the keys are looked at again, at least and at most; how many it is shows how long the last ones
took."""

BRIEF: Final = 0.005
"""Seconds that this may take."""


class Painted(NamedTuple):
    """What a screen line shows, and in which state."""

    entry: Entry | None
    sub: int = 0
    stamp: str = ""
    state: str | None = None
    dim: bool = False
    marked: bool = False


class LogCanvas(LineView):
    """A ring, the window on it, and the lines of the screen."""

    class StatusChanged(Message, namespace="log_view"):
        """Following or not, how many lines came meanwhile, how many were dropped for good, how many a filter wants."""

        def __init__(self, view: LogCanvas, *, following: bool, unseen: int, dropped: int, matches: int = 0) -> None:
            super().__init__()
            self.view = view
            self.following = following
            self.unseen = unseen
            self.dropped = dropped
            self.matches = matches

        @property
        def control(self) -> LogCanvas:
            return self.view

    def __init__(
        self, *, limit: int = 20_000, total: int = 200_000, zone: tzinfo | None = None, show_names: bool = True, **options: Any
    ) -> None:
        """Keep ``limit`` lines a source and ``total`` in all; times are shown in ``zone`` (None: this machine's)."""
        super().__init__(**options)
        self.buffer = LogBuffer(limit=limit, total=total)
        self.paint = LinePaint(zone=zone, show_names=show_names)
        self.window = LogWindow(self.buffer, self.paint.height)
        self.marks = LogMarks(self.buffer)
        self._painted: dict[int, Painted] = {}
        self._lines: list[Seen] | None = None
        self.period = PERIOD
        self._gate = Throttle(self._open_gate, PERIOD)
        self._catching_up = False
        self._at_once = AT_ONCE[0]
        self._status = (True, 0, 0, 0)

    @property
    def line_count(self) -> int:
        return self.window.count

    @property
    def page(self) -> int:
        """Lines that fit; one less while the last one says that the view stands still."""
        return max(1, self.content_size.height - (not self.window.following))

    # Coalescing ----------------------------------------------------------------------------------------------------------

    def _changed(self, *, at_once: bool = False) -> None:
        """Something is new: paint now if nothing was painted for a while, else when the gate opens."""
        self._lines = None
        if not (self.is_attached and self.is_running):
            self._flush()
            return
        if not self._gate.waiting:
            self._gate.period = self.period if self.screen.is_active else max(BEHIND, self.period)
        self._gate.ask(at_once=at_once)

    def _open_gate(self) -> None:
        if self.is_running:
            self._flush()

    @property
    def _budget(self) -> int | None:
        return self._at_once if self.is_attached and self.is_running else None

    def _take_in(self) -> None:
        behind = self.window.behind
        if behind and self._budget is not None:
            begun = asyncio.get_running_loop().time()
            self.window.update(self._budget)
            self._learn(asyncio.get_running_loop().time() - begun, behind)
        else:
            self.window.update(self._budget)
        self._lines = None
        if self.window.behind and not self._catching_up:
            self._catching_up = True
            self.soon(self._catch_up)

    def _learn(self, took: float, lines: int) -> None:
        """Try more lines at once after a short look, fewer after a long one: an expression may cost a hundred times what a word does."""
        if took > 2 * BRIEF:
            self._at_once = max(AT_ONCE[0], min(self._at_once // 2, int(self._at_once * BRIEF / took)))
        elif took < BRIEF and lines >= self._at_once:
            self._at_once = min(AT_ONCE[1], 2 * self._at_once)

    @staticmethod
    def soon(deed: Callable[..., object], *arguments: object) -> None:
        """Do something in the next turn of the loop. A message to oneself would not do: a widget takes all of its own messages
        without letting anybody else have a turn."""
        asyncio.get_running_loop().call_soon(deed, *arguments)

    def _catch_up(self) -> None:
        """Go on with the filter where it is behind."""
        self._catching_up = False
        if not self.is_running:
            return
        self._take_in()
        self._changed()

    def _flush(self) -> None:
        self._take_in()
        window = self.window
        status = (window.following, window.unseen, self.buffer.dropped(), window.matches if window.filtered else 0)
        if status != self._status:
            self._status = status
            following, unseen, dropped, matches = status
            self.post_message(self.StatusChanged(self, following=following, unseen=unseen, dropped=dropped, matches=matches))
        self._damage_changed()

    def _damage_changed(self) -> None:
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
            self.paint.width = self.inner_width
            self._lines = self.window.visible(self.page)
            self._top, _ = self.window.share(self.page)
        return self._lines

    def _wanted(self, y: int) -> Painted:
        seen = self._seen()
        if y >= len(seen):
            return Painted(None) if seen else self._said
        position, entry, sub, lead = seen[y]
        if lead:
            return Painted(entry, sub, lead)
        here = position == self.window.cursor
        state = ("cursor" if self.has_focus else "cursor-idle") if here else None
        if state is None and self.marks.anchor is not None and self.marks.within(position, self.window.cursor):
            state = "found"
        stamp = self.paint.stamp(entry) if self.paint.times == "age" else ""
        return Painted(entry, sub, stamp, state, self.window.is_context(position), self.marks.has(entry))

    @property
    def _said(self) -> Painted:
        """A screen line of what is said in the middle of the page where there are no lines; one that then stays blank is not it."""
        return Painted(None, -self.page)

    def draw_line(self, y: int) -> Strip:
        width = self.inner_width
        if self.paint.width != width:
            # A line is drawn at its new width before the resize is told.
            self._lines = None
        seen = self._seen()
        if not seen:
            self._painted[y] = self._said
            return self.draw_message(y)
        if not self.window.following and y == self.content_size.height - 1:
            self._painted.pop(y, None)
            return self.strip_of(fit(self._standing(), width), width, "found")
        painted = self._painted[y] = self._wanted(y)
        if painted.entry is None:
            return Strip.blank(width, self.tone_style())
        if painted.sub < 0:
            return self.strip_of(fit((Piece(f" {painted.stamp}", "muted"),), width), width)
        mark = "◆" if painted.marked and not painted.sub else " "
        pieces = self.paint.pieces(painted.entry, painted.sub, dim=painted.dim, mark=mark)
        return self.strip_of(pieces, width, painted.state)

    def _standing(self) -> tuple[Piece, ...]:
        """The last line while the view stands still."""
        new = f"  +{self.window.unseen:,} new" if self.window.unseen else ""
        range_ = "  range: y copies it" if self.marks.anchor is not None else ""
        return (Piece(" paused", "warn"), Piece(f"{new}{range_}  End follows again", "muted"))
