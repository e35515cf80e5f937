"""What the keys do in the pane that had them: made from the live keymap, so it cannot be wrong about a remapped key."""

from __future__ import annotations

from collections.abc import Callable, Collection
from typing import Any, ClassVar, Final

from textual.app import ComposeResult
from textual.binding import BindingType
from textual.screen import Screen

from tui.actions import Action, Danger, Keymap, Place
from tui.ui.finding import Finder
from tui.ui.keys import bindings_for
from tui.ui.say import Bottom
from tui.ui.widgets.cells import Piece
from tui.ui.widgets.key_bar import KeyBar, KeyHint
from tui.ui.widgets.status_line import StatusLine
from tui.ui.widgets.text_view import Content, Hung, TextView

NAMES: Final = {
    Place.APPS: "apps & environments",
    Place.RESOURCES: "services, deployments, instances, routes, projects, webhooks",
    Place.ROLLOUTS: "live rollouts",
    Place.LOGS: "logs & activity",
    Place.DETAIL: "everything known of one thing",
    Place.MEMORY: "what happened",
    Place.MINUTE: "the log of a minute",
    Place.RECORD: "one line of a log",
    Place.PATTERNS: "what a log says",
}
GLYPHS: Final = (
    ("● ok", "ok"),
    ("◐ busy", "busy"),
    ("▲ degraded", "warn"),
    ("✗ failed", "bad"),
    ("○ idle", "idle"),
    ("? unknown: the platform did not say", "unknown"),
    ("◆ waits for a person", "warn"),
    ("— nothing was said", "muted"),
)
WIDE: Final = 20
"""Cells of the keys' column."""


class HelpScreen(Screen[None]):
    """Keys, and what the glyphs mean."""

    BINDINGS: ClassVar[list[BindingType]] = bindings_for(Place.HELP)

    def __init__(self, keymap: Keymap) -> None:
        super().__init__()
        self.keymap = keymap
        self._view = TextView(cursor=False)
        self._title = StatusLine(classes="title")
        self._finder = Finder(self._view)
        self._bottom = Bottom()

    def compose(self) -> ComposeResult:
        yield self._title
        yield self._view
        yield self._finder
        yield self._bottom

    def show(self, place: Place, why_not: Callable[[Action], str | None], without: Collection[str] = ()) -> None:
        """Show the help of a place but for these actions; ``why_not`` says why an action cannot be done at present."""
        actions = [action for action in self.keymap.at(place) if self.keymap.keys(action) and action.id not in without]
        verbs = [action for action in actions if action.verb is not None]
        own = [action for action in actions if action.verb is None and place in action.where]
        rest = [action for action in actions if action not in verbs and action not in own]
        lines: list[Content] = []
        for title, group in (("Here", own), ("Requests to the platform", verbs), ("Everywhere", rest)):
            if group:
                lines += [(), (Piece(title, "title"),), *(self._line(action, why_not(action)) for action in group)]
        lines += [(), (Piece("What the signs mean", "title"),), *((Piece("  "), Piece(text, tone)) for text, tone in GLYPHS)]
        self._view.show_lines(lines[1:])
        self._view.action_edge(-1)
        self._title.set_text(f"Help: {NAMES.get(place, place)}", "title")

    def _line(self, action: Action, reason: str | None) -> Hung:
        keys = "  ".join(self.keymap.spellings(action))
        pieces: list[Any] = [Piece("  "), Piece(keys.ljust(WIDE - 2), "muted" if reason else "key"), Piece(action.help)]
        if action.danger is Danger.DESTRUCTIVE:
            pieces.append(Piece(" Asks first.", "warn"))
        if reason:
            pieces.append(Piece(f" Not now: {reason}.", "muted"))
        return Hung(tuple(pieces), WIDE)

    def on_screen_resume(self) -> None:
        self._view.focus()
        hints = [
            KeyHint(id=action.id, key=self.keymap.spelled(action), label=action.title)
            for action in self.keymap.bar(Place.HELP)
            if self.keymap.spelled(action)
        ]
        self._bottom.keys.set_keys(hints)

    def action_act(self, id_: str) -> None:
        """Find a text, or go back."""
        self._finder.acts().get(id_, self._back)()

    def _back(self) -> None:
        if not self._finder.forget():
            self.dismiss()

    def on_key_bar_pressed(self, event: KeyBar.Pressed) -> None:
        self.action_act(event.action)
