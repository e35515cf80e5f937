"""What the console opens over its lists: the columns of one, what can be done with a row, what was looked at last.

Beside the app, so that the app stays thin.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Final, Protocol

from tui.actions import ACTIONS, Action, Place, reach
from tui.local.opening import is_address
from tui.local.runbooks import Runbook
from tui.model import Ref
from tui.tables import FORMS
from tui.ui.aim import Selection, means_something
from tui.ui.palette import Entry
from tui.ui.panes.listing import Listing
from tui.ui.screens.columns import Apply, ColumnsScreen
from tui.ui.screens.detail import FIELDS, DetailScreen
from tui.ui.screens.menu import MenuScreen
from tui.ui.tools import Tools
from tui.ui.trail import Trail

if TYPE_CHECKING:
    from tui.ui.app import Console

OF_A_ROW: Final = ("row.", "rollout.", "detail.", "logs.", "alert.acknowledge", "list.open")
"""How the ids of actions begin that are about what is selected."""


REMEMBERED: Final = 8
"""Choices of the palette that are offered first."""


class Selecting(Protocol):
    """A screen on which something is selected."""

    @property
    def selection(self) -> Selection: ...

    def action_act(self, id_: str) -> None: ...

    def why_not(self, action: Action) -> str | None: ...


class Views:
    """What is opened, and with what. Every screen is made once."""

    def __init__(self, program: Console) -> None:
        self._program = program
        self.trail = Trail()
        self.tools = Tools(program)
        self.recent: tuple[str, ...] = ()
        """What was chosen in the palette, the newest first."""

    def used(self, id_: str) -> None:
        """Something was chosen in the palette."""
        self.recent = (id_, *(each for each in self.recent if each != id_))[:REMEMBERED]

    def open_columns(self, listing: Listing, apply: Apply) -> None:
        """Choose the columns of a list."""
        program = self._program
        screen = program.once(ColumnsScreen, lambda: ColumnsScreen(program.moment))
        screen.prepare(listing, apply)
        program.push_screen(screen)

    def open_menu(self, over: Selecting, place: Place, title: str) -> None:
        """Show what can be done with what is selected on a screen."""
        program = self._program
        keymap = program.keymap
        made = []
        for action in ACTIONS.values():
            if not action.id.startswith(OF_A_ROW) or action.id == "row.menu" or place not in reach(action):
                continue
            if means_something(action, over.selection, program.session):
                entry = Entry(
                    id=action.id,
                    title=action.title,
                    help=action.help,
                    run=partial(over.action_act, action.id),
                    key=keymap.spelled(action),
                    why_not=over.why_not(action) or "",
                )
                made.append((entry, keymap.keys(action)))
        # What belongs to this place comes before what means something everywhere.
        made.sort(key=lambda pair: place not in ACTIONS[pair[0].id].where)
        made += [(entry, tuple(entry.key)) for entry in self.tools.entries(over.selection.ref)]
        screen = program.once(MenuScreen, MenuScreen)
        screen.prepare(title, made, keymap, program.size.height)
        program.push_screen(screen)

    def open_detail(self, ref: Ref, form: str = FIELDS) -> None:
        """Show everything known of one thing: a visit begins, or one that is going on leads there."""
        program = self._program
        screen: DetailScreen = program.once(DetailScreen, lambda: DetailScreen(program.session, program.keymap, program.moment, self.trail))
        inside = isinstance(program.screen, DetailScreen)
        if inside:
            self.trail.follow(ref)
        else:
            self.trail.enter(ref)
        screen.show(ref, form)
        if not inside:
            program.push_screen(screen)

    # Runbooks and texts for other programs -----------------------------------------------------------------------------------

    def runbook(self, ref: Ref | None) -> Runbook | None:
        """What the user's own file says of a thing."""
        row = self._program.session.store.get(ref) if ref is not None else None
        return self._program.settings.runbooks.of(str(row.name or row.ref.id)) if row is not None else None

    def belongs(self, action: Action, ref: Ref | None) -> bool:
        """Whether the key bar has room for an action that only some things know."""
        return action.id != "row.runbook" or self.runbook(ref) is not None

    def open_runbook(self, ref: Ref | None) -> None:
        """Open the runbook of a thing, else its address; what is none of the web is said with all that is known."""
        found = self.runbook(ref)
        problem = self._program.settings.runbooks.problem
        if found is None:
            self._program.say(problem or "no runbook is known of it: README.md says what to write into runbooks.toml", "warn")
        elif is_address(address := found.runbook or found.url):
            self._program.elsewhere.link(address, "its runbook")
        else:
            self._program.say(" · ".join(f"{label}: {text}" for label, text in found.told()))

    def text(self) -> tuple[str, list[str]]:
        """A file's name, and what the pane with the keys shows as lines of text."""
        program = self._program
        screen = program.console_screen
        listing = screen.lists.listing
        if listing is not None:
            return f"{listing.title}.txt", list(FORMS["txt"](listing.columns, listing.rows, program.moment()))
        if screen.front is screen.logs:
            return "log.txt", screen.logs.shown_text()
        return "apps.txt", [
            "  " * row.depth + "  ".join("".join(piece.text for piece in cell) for cell in row.cells) for row in screen.apps.body.rows
        ]

    def open_last(self) -> None:
        """Show what was looked at last."""
        ref = self.trail.here
        if ref is not None:
            self._program.open_detail(ref)
        else:
            self._program.say("nothing was looked at yet: enter opens what is selected", "warn")
