"""The first picture of the console and the last: when the first is on the screen, and what the last was, as words, for the next start.

Of the lists all but what is private, of the logs only their head. Where it is kept and when it is shown is the command line's matter.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any, Final

from rich.cells import cell_len
from textual.geometry import Region, Spacing

from tui.model import PRIVATE
from tui.ui.filtering import FilterBar, may_be_kept
from tui.ui.link import PacedApp
from tui.ui.say import Bottom

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
        lines = self.link.lines()
        for region in self._private():
            for y in range(region.y, min(region.bottom, len(lines))):
                lines[y] = _blank(lines[y], region)
        return tuple(line.rstrip() for line in lines)

    def _private(self) -> Iterator[Region]:
        """Where something stands that is not written down: the lines of logs, what a list of a private kind holds, what somebody looks
        for that may be a secret, and what is said at the moment, which may quote any of them."""
        console = self.console_screen
        logs, lists = console.logs, console.resources
        if logs.display:
            yield logs.region.shrink(Spacing(HEAD, 0, 0, 0))
        if lists.display and lists.kind in PRIVATE:
            yield lists.body.region
        yield from (pane.head.region for pane in console.panes if pane.display and not may_be_kept(pane.filter_text))
        yield from (bar.region for bar in console.query(FilterBar) if bar.display)
        yield from (bottom.region for bottom in console.query(Bottom) if bottom.said)


def _blank(line: str, region: Region) -> str:
    """A line without what stands in these cells."""
    kept: list[str] = []
    at = 0
    for char in line:
        width = cell_len(char)
        kept.append(" " * width if region.x <= at < region.right else char)
        at += width
    return "".join(kept)
