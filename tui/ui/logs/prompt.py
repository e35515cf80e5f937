"""The line under a log where a search, a time or a file name is typed. What was typed is judged by whoever asked."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from textual import on
from textual.widgets import Input

from tui.tables import FilterError
from tui.ui.filtering import FilterBar, FilterInput, Typed
from tui.ui.widgets.cells import Piece, width_of
from tui.ui.widgets.status_line import Part


class Prompt(FilterBar):
    """Enter takes what was typed if it makes sense, escape gives up. An error stands under it and loses nothing."""

    def __init__(self, left: Callable[[], object], **options: Any) -> None:
        """``left`` hears when it has gone."""
        super().__init__(**options)
        self._left = left
        self._asked: dict[str, Typed] = {}
        self._done: Callable[[str], object] = lambda _: None
        self._typed: Callable[[str], object] | None = None

    def ask(self, label: str, hint: str, text: str, done: Callable[[str], object], typed: Callable[[str], object] | None = None) -> None:
        """Ask for a text. ``typed`` hears each change, ``done`` the end; both may raise ``tables.FilterError``."""
        self._done, self._typed = done, None
        self.open(text, self.typed(label), hint)
        self._mark.set_parts((Part(pieces=(Piece(f" {label} ", "key"),)),))
        self._mark.styles.width = width_of(label) + 4
        self._typed = typed

    def typed(self, label: str) -> Typed:
        """What was typed before where this was asked."""
        return self._asked.setdefault(label, Typed())

    @on(Input.Changed)
    def _changed(self, event: Input.Changed) -> None:
        event.stop()
        self._try(self._typed, event.value)

    def _try(self, judge: Callable[[str], object] | None, text: str) -> bool:
        try:
            if judge is not None:
                judge(text)
        except FilterError as error:
            self.complain(str(error))
            return False
        self.complain("")
        return True

    @on(FilterInput.Left)
    def _leave(self, event: FilterInput.Left) -> None:
        event.stop()
        if event.keep and not self._try(self._done, self.input.value):
            return
        if not event.keep:
            self.given_up()
        self.close()
        self._left()

    def given_up(self) -> None:
        """Escape: nothing of what was typed is wanted."""
