"""The first picture of the console and the last: when the first is on the screen, and what the last was, as words, for the next start.

Of the lists all, of the logs only their head. Where it is kept and when it is shown is the command line's matter.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final

from textual.geometry import Region

from tui.ui.link import PacedApp

if TYPE_CHECKING:
    from tui.ui.screens.console import ConsoleScreen

HEAD: Final = 1
"""Lines at the top of the logs that say whose they are."""


class PicturedApp(PacedApp[int]):
    """An app that tells ``painted`` when its first frame was handed to the terminal, and knows at its end what was on the screen:
    ``picture`` is empty where something else than the console was."""

    console_screen: ConsoleScreen
    picture: tuple[str, ...] = ()
    painted: Callable[[], object] | None = None
    frames = 0
    """How many were drawn so far."""

    def post_display_hook(self) -> None:
        self.frames += 1
        if self.painted is None or not self.console_screen.is_mounted:
            return
        if self.link is None or not self.link.working or self.link.lines():
            painted, self.painted = self.painted, None
            painted()

    def clear_selection(self) -> None:
        # Where tasks begin at once (Python 3.12 and later) the first screen's fields are made before it stands on the stack.
        if self.screen_stack:
            super().clear_selection()

    def exit(self, *arguments: Any, **options: Any) -> None:
        self.picture = self._words()
        super().exit(*arguments, **options)

    def _words(self) -> tuple[str, ...]:
        console = self.console_screen
        if self.link is None or not self.screen_stack or self.screen is not console or console.tiny:
            return ()
        logs = console.logs.region if console.logs.display else Region()
        lines = self.link.lines()
        for y in range(logs.y + HEAD, min(logs.bottom, len(lines))):
            lines[y] = lines[y][: logs.x] + " " * logs.width + lines[y][logs.right :]
        return tuple(line.rstrip() for line in lines)
