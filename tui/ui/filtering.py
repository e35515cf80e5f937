"""The line where a filter is typed: one for the whole console, for whichever pane has the keys."""

from __future__ import annotations

from typing import Any, ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical
from textual.message import Message
from textual.widgets import Input

from tui.ui.widgets.status_line import StatusLine


class FilterInput(Input):
    """Enter keeps the filter, escape drops it, down and tab go to the lines and keep it."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "leave(False)", "drop", show=False),
        Binding("enter,down,tab", "leave(True)", "keep", show=False),
    ]

    class Left(Message):
        """The user is done typing; ``keep`` False drops the filter."""

        def __init__(self, *, keep: bool) -> None:
            super().__init__()
            self.keep = keep

    def __init__(self) -> None:
        super().__init__(
            placeholder="words, !word to leave out, /regex/; in lists also ?letters status=failed age<2h cpu>80%",
            compact=True,
            select_on_focus=False,
        )
        self.cursor_blink = False

    def action_leave(self, keep: bool) -> None:
        self.post_message(self.Left(keep=keep))


class FilterBar(Vertical):
    """The line, and under it what is wrong with what stands in it."""

    DEFAULT_CSS = """
    FilterBar { height: auto; display: none; }
    FilterBar Horizontal { height: 1; background: $panel; }
    FilterBar .mark { width: 3; }
    FilterBar .problem { display: none; background: $surface; }
    """

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self.input = FilterInput()
        self._mark = StatusLine(classes="mark")
        self._problem = StatusLine(classes="problem")

    def compose(self) -> ComposeResult:
        with Horizontal():
            yield self._mark
            yield self.input
        yield self._problem

    def open(self, text: str) -> None:
        """Let the user go on typing this filter."""
        self._mark.set_text("/", "key")
        self.display = True
        self.input.value = text
        self.input.cursor_position = len(text)
        self.complain("")
        self.screen.set_focus(self.input)

    def complain(self, problem: str) -> None:
        """Say what is wrong; empty: nothing is."""
        self._problem.display = bool(problem)
        self._problem.set_text(f"▲ {problem}" if problem else "", "warn")

    def close(self) -> None:
        """Take the line away."""
        self.display = False
