"""What every scrolling widget of ours shares: lines drawn one by one, scrolled by whole lines, repainted only where damaged.

Scrolling is a number (the first line shown), not Textual's animated float, and the scroll mark is drawn in the last column:
nothing moves by itself, no layout runs when rows come or go, and nothing is painted while nobody can see it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar, Final

from rich.segment import Segment
from textual import events
from textual.binding import Binding, BindingType
from textual.geometry import Region
from textual.strip import Strip

from tui.ui.widgets.cells import Piece, chop, fit, width_of
from tui.ui.widgets.tones import Toned

WHEEL: Final = 3
"""Lines that one notch of the mouse wheel scrolls."""


class LineView(Toned, can_focus=True):
    """Lines under an optional fixed head. Subclasses say how many lines there are and draw one; they call ``damage``."""

    DEFAULT_CSS = """
    LineView { width: 1fr; height: 1fr; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up,k", "move(-1)", "up", id="list.up", show=False),
        Binding("down,j", "move(1)", "down", id="list.down", show=False),
        Binding("pageup,ctrl+b", "page(-1)", "page up", id="list.page-up", show=False),
        Binding("pagedown,ctrl+f", "page(1)", "page down", id="list.page-down", show=False),
        Binding("ctrl+u", "half(-1)", "half a page up", id="list.half-up", show=False),
        Binding("ctrl+d", "half(1)", "half a page down", id="list.half-down", show=False),
        Binding("home,g", "edge(-1)", "first", id="list.first", show=False),
        Binding("end,G", "edge(1)", "last", id="list.last", show=False),
    ]

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self._top = 0
        self._marked: set[int] = set()
        self._message: tuple[tuple[str, ...], str | None] = ((), None)

    # What a subclass says ------------------------------------------------------------------------------------------------

    @property
    def head(self) -> int:
        """Fixed lines above the scrolled ones."""
        return 0

    @property
    def line_count(self) -> int:
        """All lines that can be scrolled to."""
        raise NotImplementedError

    def draw_line(self, y: int) -> Strip:
        """The content of screen line ``y`` (0 is the first, head included), ``inner_width`` cells wide."""
        raise NotImplementedError

    def repaint_all(self) -> None:
        """Forget what was drawn and draw everything again."""
        self.damage()

    def set_message(self, lines: str | Sequence[str], tone: str | None = "muted") -> None:
        """What is written in the middle while there is nothing to show: what this is and what to do. Plain text."""
        said = tuple(lines.split("\n")) if isinstance(lines, str) else tuple(lines)
        if (said, tone) != self._message:
            self._message = (said, tone)
            if not self.line_count:
                self.repaint_all()

    def draw_message(self, y: int) -> Strip:
        """Line ``y`` below the head of the message in the middle."""
        lines, tone = self._message
        width = self.inner_width
        wrapped = [part for line in lines for part in chop(line, max(2, width - 2))]
        at = y - max(0, (self.page - len(wrapped)) // 2)
        text = wrapped[at] if 0 <= at < len(wrapped) else ""
        indent = " " * max(0, (width - width_of(text)) // 2)
        return self.strip_of(fit((Piece(indent), Piece(text, tone)), width), width)

    # Geometry ------------------------------------------------------------------------------------------------------------

    @property
    def inner_width(self) -> int:
        """Cells that content may use: all but the scroll mark's."""
        return max(0, self.content_size.width - 1)

    @property
    def page(self) -> int:
        """Scrolled lines that fit, at least 1."""
        return max(1, self.content_size.height - self.head)

    @property
    def top(self) -> int:
        """The number of the first scrolled line that is shown."""
        return self._top

    def clamp(self, top: int) -> int:
        """``top`` moved into what can be scrolled to."""
        return max(0, min(top, self.line_count - self.page))

    # Painting ------------------------------------------------------------------------------------------------------------

    def damage(self, first: int = 0, count: int | None = None, until: int | None = None) -> None:
        """Ask for screen lines ``first .. first + count`` (all to the end if None) to be painted again, up to column ``until``."""
        if not self.watched:
            return
        width, height = self.content_size
        count = height - first if count is None else count
        if count > 0 and first < height:
            self.refresh(Region(0, first, width if until is None else min(until, width), count))

    def render_line(self, y: int) -> Strip:
        """One line for the screen."""
        width, height = self.content_size
        if not 0 <= y < height or width <= 0:
            return Strip.blank(width, self.tone_style())
        strip = self.draw_line(y)
        begin, end = self._thumb()
        state = "bar" if begin <= y < end else None
        (self._marked.add if state else self._marked.discard)(y)
        return Strip.join([strip, Strip([Segment("▐" if state else " ", self.tone_style(None, state))], 1)])

    def _thumb(self) -> tuple[int, int]:
        """First and last-but-one screen line of the scroll mark; empty if everything fits."""
        count, page = self.line_count, self.page
        if count <= page:
            return (0, 0)
        size = max(1, page * page // count)
        begin = 0 if self._top <= 0 else max(1, (page - size) * self._top // (count - page))
        begin = min(begin, page - size)
        return (self.head + begin, self.head + begin + size)

    def damage_bar(self) -> None:
        """Repaint the lines on which the scroll mark comes or goes, by what each was drawn with: they are not drawn at once."""
        for y in self._marked ^ set(range(*self._thumb())):
            self.damage(y, 1)

    # Scrolling -----------------------------------------------------------------------------------------------------------

    def scroll_lines(self, top: int) -> bool:
        """Show from line ``top``; whether anything moved."""
        top = self.clamp(top)
        if top == self._top:
            return False
        self._top = top
        self.damage(self.head)
        return True

    def action_move(self, lines: int) -> None:
        self.scroll_lines(self._top + lines)

    def action_page(self, pages: int) -> None:
        self.scroll_lines(self._top + pages * self.page)

    def action_half(self, halves: int) -> None:
        self.scroll_lines(self._top + halves * max(1, self.page // 2))

    def action_edge(self, end: int) -> None:
        self.scroll_lines(self.line_count if end > 0 else 0)

    # Events --------------------------------------------------------------------------------------------------------------

    def on_resize(self, event: events.Resize) -> None:
        self._top = self.clamp(self._top)
        self._marked &= set(range(self.content_size.height))

    def on_mouse_scroll_down(self, event: events.MouseScrollDown) -> None:
        event.stop()
        event.prevent_default()
        self.wheel(WHEEL)

    def on_mouse_scroll_up(self, event: events.MouseScrollUp) -> None:
        event.stop()
        event.prevent_default()
        self.wheel(-WHEEL)

    def wheel(self, lines: int) -> None:
        """The mouse wheel moved; the view scrolls, a cursor stays on its thing."""
        self.scroll_lines(self._top + lines)
