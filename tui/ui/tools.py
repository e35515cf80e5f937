"""The user's own tools for what is selected: which there are, why one cannot be used now, and using it.

They are programs without a shell that get this terminal, or pages. What one asks for is asked in its own dialog. Nothing here is asked of a
platform, and no secret is given away.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import partial
from typing import TYPE_CHECKING, Final

from tui.errors import UsageError
from tui.local.settings import Tool
from tui.model import PRIVATE, Ref
from tui.tables.placeholders import NOTHING_ASKED, address, argv
from tui.text import clean
from tui.ui.inputs import variables
from tui.ui.palette import Entry
from tui.ui.screens.tool import ToolScreen

if TYPE_CHECKING:
    from tui.ui.app import Console

KEYS: Final = "123456789"
"""The keys of the first of them in a menu."""


class Tools:
    """The tools of the configuration, used on one thing."""

    def __init__(self, program: Console) -> None:
        self._program = program

    def entries(self, ref: Ref | None) -> Iterator[Entry]:
        """One for each tool that is for such a thing."""
        if ref is None or ref.kind in PRIVATE:
            return
        fitting = [(name, tool) for name, tool in self._program.settings.tools.items() if not tool.kinds or ref.kind in tool.kinds]
        for number, (name, tool) in enumerate(fitting):
            yield Entry(
                id=f"tool {name}",
                title=f"tool {name}",
                help=str(clean(tool.help or " ".join(tool.run) or tool.open, 100)),
                run=partial(self.use, name, tool, ref),
                key=KEYS[number : number + 1],
                why_not=self.why_not(tool, ref),
            )

    def use(self, name: str, tool: Tool, ref: Ref) -> None:
        """Use it, after it was asked what there is to ask; where that cannot be, say why."""
        program = self._program
        if reason := self.why_not(tool, ref):
            program.say(f"{name}: {reason}", "warn")
        elif tool.inputs or (tool.changes and program.session.production):
            screen = program.once(ToolScreen, lambda: ToolScreen(program, self))
            screen.show(name, tool, ref)
            program.push_screen(screen)
        else:
            self.begin(tool, ref, NOTHING_ASKED)

    def begin(self, tool: Tool, ref: Ref, typed: Mapping[str, str]) -> None:
        """Give the terminal to the program, or open the page."""
        try:
            if tool.run:
                self._program.elsewhere.run(self.argv(tool, ref, typed), variables(tool, typed))
            else:
                self._program.elsewhere.link(self.address(tool, ref, typed))
        except UsageError as error:
            self._program.say(str(error), "warn")

    def why_not(self, tool: Tool, ref: Ref) -> str:
        """Why it cannot be used on this now; empty if it can."""
        if bool(tool.run) == bool(tool.open):
            return "it needs either run or open in config.toml"
        if tool.changes and self._program.session.read_only:
            return "it changes something, and everything is read-only"
        still_to_come = {each.name: each.name for each in tool.inputs}
        try:
            self.argv(tool, ref, still_to_come)
            self.address(tool, ref, still_to_come)
        except UsageError as error:
            return str(error)
        return ""

    def argv(self, tool: Tool, ref: Ref, typed: Mapping[str, str]) -> tuple[str, ...]:
        """The program and its arguments. Raises ``UsageError``."""
        session = self._program.session
        row = session.store.get(ref)
        if row is None:
            raise UsageError("it is gone")
        return argv(tool.run, row, session.store, session.context, typed)

    def address(self, tool: Tool, ref: Ref, typed: Mapping[str, str]) -> str:
        """The address of the page. Raises ``UsageError``."""
        session = self._program.session
        row = session.store.get(ref)
        if row is None:
            raise UsageError("it is gone")
        return address(tool.open, row, session.store, session.context, typed)
