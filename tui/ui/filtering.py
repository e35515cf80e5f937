"""The line where a filter is typed: one for the whole console, for whichever pane has the keys."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, ClassVar, Final

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical
from textual.message import Message

from tui.redaction import may_hold
from tui.text import clean
from tui.ui.widgets.line_input import LineInput
from tui.ui.widgets.status_line import StatusLine

PLACEHOLDER: Final = "words, !word to leave out, /regex/; in lists also ?letters status=failed age<2h cpu>80%"
REMEMBERED: Final = 50
"""Texts that a line remembers."""

KEPT: Final = 20
"""Of these the newest that may be remembered from one run to the next."""

LONGEST: Final = 200
"""Characters of such a text."""


def may_be_kept(text: str) -> bool:
    """Whether what somebody looked for may be written down: not if it could be a secret that was looked for in a log. An id as long as
    a key is left out with the keys; of one incident it says nothing in the next."""
    return len(text) <= LONGEST and clean(text, LONGEST) == text and not may_hold(text)


class Typed:
    """What was typed before in one place, the newest last, and where among it somebody looks."""

    def __init__(self) -> None:
        self._kept: list[str] = []
        self._at: int | None = None
        self._draft = ""

    def keep(self, text: str) -> None:
        """Remember a text that was used."""
        self._at = None
        if text.strip():
            self._kept = [*(each for each in self._kept if each != text), text][-REMEMBERED:]

    @property
    def kept(self) -> tuple[str, ...]:
        """What is to be remembered from one run to the next, the newest last."""
        return tuple(text for text in self._kept if may_be_kept(text))[-KEPT:]

    def restore(self, texts: Iterable[str]) -> None:
        """What was typed in an earlier run, before what has been typed in this one."""
        for text in [*filter(may_be_kept, texts), *self._kept]:
            self.keep(text)

    def step(self, step: int, text: str) -> str | None:
        """The text before (-1) or after (1) the one that stands there; what was being typed is the last of all. None beyond the ends."""
        if self._at is None:
            self._draft = text
        at = (len(self._kept) if self._at is None else self._at) + step
        if not 0 <= at <= len(self._kept) or (self._at is None and step > 0):
            return None
        self._at = at if at < len(self._kept) else None
        return self._draft if self._at is None else self._kept[at]


class FilterInput(LineInput):
    """Enter keeps the filter, escape drops it, tab goes to the lines and keeps it. Up brings back what was typed before, down goes the
    way back and then to the lines."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "leave(False)", "drop", show=False),
        Binding("enter,tab", "leave(True)", "keep", show=False),
        Binding("up", "recall(-1)", "before", show=False),
        Binding("down", "recall(1)", "after", show=False),
    ]

    class Left(Message):
        """The user is done typing; ``keep`` False drops the filter."""

        def __init__(self, *, keep: bool) -> None:
            super().__init__()
            self.keep = keep

    def __init__(self) -> None:
        super().__init__(placeholder=PLACEHOLDER, compact=True, select_on_focus=False)
        self.cursor_blink = False
        self.typed = Typed()
        self.wrong = False

    def action_leave(self, keep: bool) -> None:
        if keep and self.wrong:
            return  # what was typed and what is wrong with it stay: without them the next keys would be those of the list
        if keep:
            self.typed.keep(self.value)
        self.post_message(self.Left(keep=keep))

    def action_recall(self, step: int) -> None:
        found = self.typed.step(step, self.value)
        if found is not None:
            self.value = found
            self.cursor_position = len(found)
        elif step > 0:
            self.action_leave(True)


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

    def open(self, text: str, typed: Typed | None = None, hint: str = PLACEHOLDER) -> None:
        """Let the user go on typing this filter; ``typed`` is what was typed there before."""
        self.input.typed = typed or self.input.typed
        self.input.placeholder = hint
        self._mark.set_text("/", "key")
        self.display = True
        self.input.value = text
        self.input.cursor_position = len(text)
        self.complain("")
        self.screen.set_focus(self.input)

    def complain(self, problem: str) -> None:
        """Say what is wrong; empty: nothing is."""
        self.input.wrong = self._problem.display = bool(problem)
        self._problem.set_text(f"▲ {problem}" if problem else "", "warn")

    def close(self) -> None:
        """Take the line away."""
        self.display = False
