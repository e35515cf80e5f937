"""The screens over the lists that the console opens for them: the columns of a list. Beside the app, so that the app stays thin."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tui.ui.panes.listing import Listing
from tui.ui.screens.columns import Apply, ColumnsScreen

if TYPE_CHECKING:
    from tui.ui.app import Console


class Views:
    """What is opened, and with what. Every screen is made once."""

    def __init__(self, program: Console) -> None:
        self._program = program

    def open_columns(self, listing: Listing, apply: Apply) -> None:
        """Choose the columns of a list."""
        program = self._program
        screen = program.once(ColumnsScreen, lambda: ColumnsScreen(program.moment))
        screen.prepare(listing, apply)
        program.push_screen(screen)
