"""Finding a text on a screen to read: a line to type it in, every match painted, the next one a key away."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any, Final

from tui.tables import FilterError, parse_filter
from tui.ui.logs.prompt import Prompt
from tui.ui.program import program
from tui.ui.widgets.text_view import TextView

HINT: Final = "a text, or a /regular expression/; enter keeps what was found, esc lets go"


class Finder(Prompt):
    """The line under a ``TextView``. Several words are looked for apart."""

    def __init__(self, view: TextView, **options: Any) -> None:
        super().__init__(lambda: view.focus(), **options)
        self._view = view
        self._text = ""
        self._pattern: re.Pattern[str] | None = None
        self._other = False

    def acts(self) -> Mapping[str, Callable[[], object]]:
        """What the keys do."""
        return {"find.open": self.begin, "find.next": lambda: self.step(1), "find.previous": lambda: self.step(-1)}

    def begin(self) -> None:
        """Let the user type; what was looked for stands there."""
        self._other = False
        self.ask("find", HINT, self._text, self._done, self._look)

    def _look(self, text: str) -> None:
        """What was typed so far: painted at once, the cursor at the first match. Raises ``FilterError``."""
        if text == self._text:
            return
        pattern = parse_filter(text).pattern
        self._text, self._pattern, self._other = text, pattern, True
        self._view.set_highlight(pattern)
        if pattern is not None and not self._view.at_match(pattern) and not self._view.find_next(pattern):
            raise FilterError("nothing here is like that")

    def _done(self, text: str) -> None:
        self._look(text)
        if not self._other:
            self.step(1)

    def step(self, step: int) -> None:
        """The next match, or the one before."""
        if self._pattern is None:
            self.begin()
        elif not self._view.find_next(self._pattern, step):
            program(self).say("nothing here is like that", "warn")

    def forget(self) -> bool:
        """Let go of what was looked for; whether there was anything."""
        had = self._pattern is not None
        self._pattern, self._text = None, ""
        self._view.set_highlight(None)
        return had

    def given_up(self) -> None:
        self.forget()
