"""A line that is typed or pasted into: what a terminal would obey, or what hides, is not drawn there either, wherever it came from.

What is secret is kept as it came: it is drawn as dots, and has to be sent as it is.
"""

from __future__ import annotations

from textual.widgets import Input

from tui.text import clean


class LineInput(Input):
    """Textual's own line, with the gate before it."""

    def validate_value(self, value: str) -> str:
        """What is kept of what was typed, pasted or put there."""
        return value if self.password else clean(value, 4 * len(value) + 1)
