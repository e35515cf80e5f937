"""What a dialog is answered with: a field to fill in, and the choice whose default is to do nothing. What is asked they do not know."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ClassVar, Protocol, runtime_checkable

from textual import events
from textual.binding import Binding, BindingType
from textual.message import Message
from textual.screen import Screen
from textual.widget import Widget

from tui.ui.questions import Option
from tui.ui.widgets.cells import Piece
from tui.ui.widgets.line_input import LineInput
from tui.ui.widgets.one_line import OneLine, Zone, clickable


@runtime_checkable
class Guarded(Protocol):
    """A screen that knows which keys are no answer."""

    def held(self, key: str) -> bool: ...


def held(screen: Screen[object], key: str) -> bool:
    """Whether this press is to be ignored on that screen."""
    return isinstance(screen, Guarded) and screen.held(key)


def in_order(screen: Screen[Any]) -> list[Widget]:
    """What can have the keys, in the order in which it stands. The screen library goes by where a thing is drawn: a field that has just
    come is nowhere yet and so the first, and what is typed right behind Enter, as a slow line delivers it, went into the wrong one."""

    def shown(widget: Widget) -> bool:
        return all(each.display for each in widget.ancestors_with_self if isinstance(each, Widget))

    return [each for each in screen.query(Widget) if each.focusable and shown(each)]


class Choice(OneLine, can_focus=True):
    """Cancel, or do it. It begins at Cancel each time, unless nothing can be lost."""

    DEFAULT_CSS = "Choice { height: 1; }"

    class Made(Message):
        """Enter or a click on what is chosen; ``go`` False is Cancel."""

        def __init__(self, *, go: bool) -> None:
            super().__init__()
            self.go = go

    def __init__(self) -> None:
        super().__init__()
        self._labels = ("Cancel", "")
        self._tone = "warn"
        self._first = False
        self.go = False

    def offer(self, label: str, tone: str, *, first: bool = False) -> None:
        """Begin anew, at Cancel unless ``first``."""
        self._labels, self._tone, self._first, self.go = ("Cancel", label), tone, first, first
        self.rebuild()

    def choose(self, *, go: bool) -> None:
        """Move to one of the two."""
        self.go = go
        self.rebuild()

    def build(self, width: int) -> tuple[list[Piece], list[Zone]]:
        lit = self.has_focus
        pieces: list[Piece] = [Piece("  ")]
        zones: list[Zone] = []
        at = 2
        for number, label in enumerate(self._labels):
            chosen = self.go is bool(number)
            text = f"[ {label} ]" if chosen else f"  {label}  "
            tone = (self._tone if number else "title") if chosen and lit else ("title" if chosen else "muted")
            piece = Piece(text, tone)
            at, zone = clickable([piece], at, str(number))
            pieces += [piece, Piece("   ")]
            at += 3
            zones.append(zone)
        return pieces, zones

    def on_focus(self) -> None:
        self.rebuild()

    def on_blur(self) -> None:
        self.choose(go=self._first)

    def clicked(self, zone: str) -> None:
        """The first click chooses, the second one on the same means it."""
        chosen = zone == "1"
        if held(self.screen, "click"):
            return
        if self.go is chosen and self.has_focus:
            self.post_message(self.Made(go=chosen))
        else:
            self.focus()
            self.choose(go=chosen)

    def on_key(self, event: events.Key) -> None:
        moves: dict[str, Callable[[], object]] = {
            "left": lambda: self.choose(go=False),
            "right": lambda: self.choose(go=True),
            "enter": lambda: self.post_message(self.Made(go=self.go)),
        }
        move = moves.get(event.key)
        if move is not None:
            event.stop()
            event.prevent_default()
            if not held(self.screen, event.key):
                move()


class Entry(LineInput):
    """A field. Down and up go through what can be picked; a key that is still held from outside is not typed."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("down", "pick(1)", "next", show=False),
        Binding("up", "pick(-1)", "previous", show=False),
    ]

    def __init__(
        self, name: str, example: str, options: tuple[Option, ...], *, secret: bool, value: str, unset: str = "", several: bool = False
    ) -> None:
        # What stood there alone could be taken for what will be sent.
        greyed = f"e.g. {example}" if example else f"left empty: {unset}" if unset else ""
        super().__init__(value, placeholder=greyed, password=secret, compact=True, select_on_focus=False)
        self.field = name
        self.options = options
        self._several = several
        self.cursor_blink = False

    @property
    def meant(self) -> str:
        """What is sent: what the picked words stand for, otherwise what was typed."""
        typed = self.value.strip()
        return next((each.value for each in self.options if each.text == typed), self.value)

    async def _on_key(self, event: events.Key) -> None:
        # Textual calls the field's own method after this one, unless it is prevented.
        if held(self.screen, event.key):
            event.stop()
            event.prevent_default()

    def _on_paste(self, event: events.Paste) -> None:
        if held(self.screen, "paste"):
            event.stop()
            event.prevent_default()

    async def action_submit(self) -> None:
        """Go on at once: what is typed right behind Enter belongs to the next field, not to this one."""
        self.screen.focus_next()
        await super().action_submit()

    def action_pick(self, step: int) -> None:
        """The next of the words that can be picked; the next field where there are none. Of several what stands before the last comma
        stays."""
        before, comma, last = self.value.rpartition(",") if self._several else ("", "", self.value)
        taken = {word.strip() for word in before.split(",")}
        words = [each.text for each in self.options if each.text not in taken]
        if not words:
            self.screen.focus_next() if step > 0 else self.screen.focus_previous()
            return
        here = words.index(last.strip()) if last.strip() in words else -1 if step > 0 else 0
        self.value = (f"{before}, " if comma else "") + words[(here + step) % len(words)]
        self.cursor_position = len(self.value)
