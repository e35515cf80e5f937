"""The bottom line of every screen: the keys that work, or for some seconds what the console has to say.

Said as plain text only: a message may quote a server. One line, so that nothing moves and nothing is drawn over.
"""

from __future__ import annotations

from typing import Any, Final

from textual.app import ComposeResult
from textual.containers import Vertical
from textual.timer import Timer

from tui.ui.widgets.cells import Piece
from tui.ui.widgets.key_bar import KeyBar
from tui.ui.widgets.status_line import Part, StatusLine

BRIEF: Final = 6.0
LONG: Final = 12.0
"""Seconds that a message stands; what went wrong stands longer."""


class Bottom(Vertical):
    """The key bar, and over it what is said."""

    DEFAULT_CSS = """
    Bottom { height: 1; }
    Bottom > StatusLine { display: none; }
    """

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self.keys = KeyBar()
        self._line = StatusLine()
        self._timer: Timer | None = None

    def compose(self) -> ComposeResult:
        yield self.keys
        yield self._line

    def tell(self, text: str, tone: str) -> None:
        """Say one line; a new one replaces the old."""
        if self._timer is not None:
            self._timer.stop()
        self._line.set_parts((Part(pieces=(Piece(text, tone),)),), (Part(pieces=(Piece("esc", "muted"),), rank=1),))
        self._show(saying=True)
        self._timer = self.set_timer(LONG if tone in {"bad", "warn"} else BRIEF, self.hush)

    def hush(self) -> bool:
        """Show the keys again; whether anything was being said."""
        if self._timer is not None:
            self._timer.stop()
            self._timer = None
        saying = self._line.display
        self._show(saying=False)
        return saying

    def over(self, text: str) -> None:
        """This is not true any more: do not go on saying it."""
        if self.said == text:
            self.hush()

    def _show(self, *, saying: bool) -> None:
        self._line.display = saying
        self.keys.display = not saying

    @property
    def said(self) -> str:
        """What is being said now."""
        return self._line.text.removesuffix("esc").strip() if self._line.display else ""
