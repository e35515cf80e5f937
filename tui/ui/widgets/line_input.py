"""A line that is typed or pasted into: what a terminal would obey, or what hides, is not drawn there either, wherever it came from.

What is secret is kept as it came, since it is drawn as dots and has to be sent as it is; and it is given to no clipboard.
"""

from __future__ import annotations

from typing import Any

from textual import events
from textual.screen import Screen
from textual.signal import Signal
from textual.widgets import Input

from tui.text import clean


class LineInput(Input):
    """Textual's own line, with the gate before it, and let go when it is removed."""

    _selections: Signal[Screen[Any]] | None = None

    def validate_value(self, value: str) -> str:
        """What is kept of what was typed, pasted or put there."""
        return value if self.password else clean(value, 4 * len(value) + 1)

    def _on_paste(self, event: events.Paste) -> None:
        """Of what is secret every line is taken: Textual takes the first, and among dots nobody sees that the others are missing."""
        if self.password:
            event.stop()
            event.prevent_default()
            self.replace("\n".join(event.text.splitlines()), *self.selection)

    def on_mount(self) -> None:
        self._selections = self.screen.text_selection_started_signal

    def on_unmount(self) -> None:
        """Otherwise it is held for ever, with all that belongs to it, by the screen whose selections Textual has it listen to."""
        if self._selections is not None:
            self._selections.unsubscribe(self)

    def action_copy(self) -> None:
        """Copy what is selected, unless it is secret."""
        if not self.password:
            super().action_copy()

    def action_cut(self) -> None:
        """Take away what is selected, and copy it unless it is secret; where nothing is, the clipboard is not emptied."""
        if self.password or not self.selected_text:
            self.delete_selection()
        else:
            super().action_cut()
