"""Text to read: the fields of a thing, its raw JSON, help, a message. Wrapped lines, a cursor line to copy from, searchable.

view.show_lines([(Piece("name", "muted"), Piece("  web-api")), ...])     lines of pieces
view.show_lines(fields([("name", "web-api", None), ("status", "running", "ok")]) + [()] + json_lines(raw))
view.cursor_text     the line under the cursor, whole and plain; ``copy`` of a field gives its value
view.all_text        everything, as shown
view.find_next(pattern, 1)
"""

from __future__ import annotations

import re
from collections.abc import Hashable, Sequence
from typing import Any, Final, NamedTuple

from textual import events
from textual.message import Message
from textual.strip import Strip

from tui.ui.widgets.cells import Cell, Piece, chop, fit, marked, plain, spelled, width_of
from tui.ui.widgets.flow import flow
from tui.ui.widgets.line_view import LineView

LABEL: Final = 18
"""Cells of the widest label of a field."""


class Field(NamedTuple):
    """A line made of a label and a value: the value wraps under itself and is what is copied."""

    label: str
    value: str
    tone: str | None = None


class Hung(NamedTuple):
    """A line whose rest, where it is too long, goes on at ``indent``."""

    pieces: Cell
    indent: int | None = None


Content = Cell | Field | Hung


class Part(NamedTuple):
    """A line of the screen: which content it belongs to, and its pieces."""

    of: int
    pieces: Cell


def fields(triples: Sequence[tuple[str, str, str | None]]) -> list[Content]:
    """Fields from (label, value, tone)."""
    return [Field(*each) for each in triples]


class TextView(LineView):
    """Lines to read and to copy from."""

    def __init__(self, *, cursor: bool = True, **options: Any) -> None:
        """Without ``cursor`` the keys scroll."""
        super().__init__(**options)
        self._with_cursor = cursor
        self._content: tuple[Content, ...] = ()
        self._about: tuple[Hashable, ...] = ()
        self._parts: list[Part] = []
        self._made_for = -1
        self._cursor = 0
        self._pattern: re.Pattern[str] | None = None

    def show_lines(self, content: Sequence[Content], about: Sequence[Hashable] = ()) -> None:
        """Show this; the place is kept as far as there is one. Where it is known what each line is ``about``, the cursor stays on that,
        whatever comes above it. The same again writes nothing."""
        wanted = tuple(content)
        at, self._about = self._moved_to(about), tuple(about)
        if wanted == self._content:
            return
        before = self._seen()
        moved = at != self._cursor
        self._content = wanted
        self._cursor = max(0, min(at, len(wanted) - 1))
        self._make()
        self._top = self.clamp(self._top_for(self._cursor) if moved else self._top)
        for y, (old, new) in enumerate(zip(before, self._seen(), strict=True)):
            if old != new:
                self.damage(y, 1)
        self.damage_bar()

    def _moved_to(self, about: Sequence[Hashable]) -> int:
        """Where what is under the cursor is among these: the nearest, if several are about the same."""
        here = self._about[self._cursor] if self._cursor < len(self._about) else None
        places = [index for index, each in enumerate(about) if each == here] if here is not None else []
        return min(places, key=lambda index: abs(index - self._cursor), default=self._cursor)

    def _top_for(self, index: int) -> int:
        """The first line of the screen with which all of this content is in view."""
        own = [at for at, part in enumerate(self._lines()) if part.of == index]
        return min(max(self._top, own[-1] - self.page + 1), own[0]) if own else self._top

    def _seen(self) -> list[tuple[Part, bool] | None]:
        """What each line of the screen says, and whether the cursor is on it."""
        shown = [(part, part.of == self._cursor) for part in self._parts[self._top : self._top + self.page]]
        return [*shown, *[None] * (self.page - len(shown))]

    def set_highlight(self, pattern: re.Pattern[str] | None) -> None:
        """Paint every match."""
        if pattern != self._pattern:
            self._pattern = pattern
            self.damage()

    def find_next(self, pattern: re.Pattern[str], step: int = 1) -> bool:
        """Move the cursor to the next (1) or previous (-1) line with a match, round and round; whether there is one."""
        count = len(self._content)
        for away in range(1, count + 1):
            index = (self._cursor + step * away) % count
            if pattern.search(_text_of(self._content[index])):
                self._to(index)
                return True
        return False

    def at_match(self, pattern: re.Pattern[str]) -> bool:
        """Whether the line under the cursor has a match."""
        return bool(self._content) and bool(pattern.search(_text_of(self._content[self._cursor])))

    @property
    def cursor_index(self) -> int:
        """Which of the shown contents is under the cursor."""
        return self._cursor

    @property
    def cursor_text(self) -> str:
        """What a copy takes: the value of a field, otherwise the whole line, plain."""
        if not self._content:
            return ""
        at = self._content[self._cursor]
        return at.value if isinstance(at, Field) else _text_of(at)

    @property
    def all_text(self) -> str:
        """Everything that is shown, one line each, plain."""
        return "\n".join(_text_of(each) for each in self._content)

    @property
    def line_count(self) -> int:
        return len(self._lines())

    # Lines ---------------------------------------------------------------------------------------------------------------

    def _lines(self) -> list[Part]:
        if self._made_for != self.inner_width:
            self._make()
        return self._parts

    def _make(self) -> None:
        width = self._made_for = self.inner_width
        widths = [width_of(plain(each.label)) for each in self._content if isinstance(each, Field)]
        label = min(LABEL, max(widths, default=0), max(4, width // 2))
        self._parts = [part for index, each in enumerate(self._content) for part in _wrapped(index, each, max(4, width - 2), label)]

    def draw_line(self, y: int) -> Strip:
        lines = self._lines()
        width = self.inner_width
        if not lines:
            return self.draw_message(y)
        at = self._top + y
        if at >= len(lines):
            return Strip.blank(width, self.tone_style())
        part = lines[at]
        pieces = fit((Piece(" "), *part.pieces), width)
        if self._pattern is not None:
            pieces = marked(pieces, self._pattern)
        here = self._with_cursor and part.of == self._cursor
        return self.strip_of(pieces, width, ("cursor" if self.has_focus else "cursor-idle") if here else None)

    class Moved(Message):
        """The cursor is on another line."""

    class Opened(Message):
        """A line was clicked twice."""

    # Moving --------------------------------------------------------------------------------------------------------------

    def _to(self, index: int) -> None:
        """Put the cursor on content ``index`` and bring all of it into view."""
        lines = self._lines()
        index = max(0, min(index, len(self._content) - 1))
        for y in range(self.page):
            at = self._top + y
            if at < len(lines) and lines[at].of in (index, self._cursor):
                self.damage(y, 1)
        if index != self._cursor:
            self.post_message(self.Moved())
        self._cursor = index
        if self._content:
            self.scroll_lines(self._top_for(index))

    def go_to(self, index: int) -> None:
        """Put the cursor on this content."""
        self._to(index)

    def action_move(self, lines: int) -> None:
        if self._with_cursor:
            self._to(self._cursor + lines)
        else:
            super().action_move(lines)

    def _move_far(self, lines: int) -> None:
        parts = self._lines()
        if not self._with_cursor or not parts:
            self.scroll_lines(self._top + lines)
            return
        at = next((place for place, part in enumerate(parts) if part.of == self._cursor), 0)
        self._to(parts[max(0, min(at + lines, len(parts) - 1))].of)

    def action_page(self, pages: int) -> None:
        self._move_far(pages * max(1, self.page - 1))

    def action_half(self, halves: int) -> None:
        self._move_far(halves * max(1, self.page // 2))

    def action_edge(self, end: int) -> None:
        if self._with_cursor:
            self._to(len(self._content) - 1 if end > 0 else 0)
        else:
            super().action_edge(end)

    def on_resize(self, event: events.Resize) -> None:
        self._make()
        self._top = self.clamp(self._top)
        self.damage()

    def on_click(self, event: events.Click) -> None:
        offset = event.get_content_offset(self)
        lines = self._lines()
        if offset is not None and self._with_cursor and 0 <= self._top + offset.y < len(lines):
            self._to(lines[self._top + offset.y].of)
            if event.chain == 2:
                self.post_message(self.Opened())


def _text_of(content: Content) -> str:
    if isinstance(content, Field):
        return f"{content.label}: {content.value}"
    return spelled(content.pieces if isinstance(content, Hung) else content)


def _wrapped(index: int, content: Content, width: int, label: int) -> list[Part]:
    if isinstance(content, Field):
        room = max(2, width - label - 2)
        values = [part for line in content.value.split("\n") for part in chop(plain(line), room)]
        heads = [fit((Piece(content.label, "muted"),), label), *([[Piece(" " * label)]] * (len(values) - 1))]
        return [Part(index, (*head, Piece("  "), Piece(value, content.tone))) for head, value in zip(heads, values, strict=True)]
    hung = content if isinstance(content, Hung) else Hung(content)
    return [Part(index, tuple(line)) for line in flow(hung.pieces, width, hung.indent)]
