"""The user's own tools for what is selected: which there are, why one cannot be used now, and using it.

They are programs without a shell that get this terminal, or pages. Nothing here is asked of a platform, and no secret is given away.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import TYPE_CHECKING, Final

from tui.errors import UsageError
from tui.local.settings import Tool
from tui.model import Kind, Ref
from tui.tables.placeholders import address, argv
from tui.text import clean
from tui.ui.palette import Entry

if TYPE_CHECKING:
    from tui.ui.app import Console

NEVER: Final = frozenset({Kind.VARIABLE, Kind.WEBHOOK})
"""Kinds that have no tools: what they are called may be secret."""

KEYS: Final = "123456789"
"""The keys of the first of them in a menu."""


class Tools:
    """The tools of the configuration, used on one thing."""

    def __init__(self, program: Console) -> None:
        self._program = program

    def entries(self, ref: Ref | None) -> Iterator[Entry]:
        """One for each tool that is for such a thing."""
        if ref is None or ref.kind in NEVER:
            return
        fitting = [(name, tool) for name, tool in self._program.settings.tools.items() if not tool.kinds or ref.kind in tool.kinds]
        for number, (name, tool) in enumerate(fitting):
            yield Entry(
                id=f"tool {name}",
                title=f"tool {name}",
                help=str(clean(tool.help or " ".join(tool.run) or tool.open, 100)),
                run=partial(self.use, name, tool, ref),
                key=KEYS[number : number + 1],
                why_not=self._why_not(tool, ref),
            )

    def use(self, name: str, tool: Tool, ref: Ref) -> None:
        """Give the terminal to the program, or open the page; where that cannot be, say why."""
        program = self._program
        reason = self._why_not(tool, ref)
        if reason:
            program.say(f"{name}: {reason}", "warn")
        elif tool.run:
            program.elsewhere.run(self._argv(tool, ref))
        else:
            program.elsewhere.link(self._address(tool, ref))

    def _why_not(self, tool: Tool, ref: Ref) -> str:
        if bool(tool.run) == bool(tool.open):
            return "it needs either run or open in config.toml"
        if tool.changes and self._program.session.read_only:
            return "it changes something, and everything is read-only"
        try:
            self._argv(tool, ref)
            self._address(tool, ref)
        except UsageError as error:
            return str(error)
        return ""

    def _argv(self, tool: Tool, ref: Ref) -> tuple[str, ...]:
        session = self._program.session
        row = session.store.get(ref)
        if row is None:
            raise UsageError("it is gone")
        return argv(tool.run, row, session.store, session.context)

    def _address(self, tool: Tool, ref: Ref) -> str:
        session = self._program.session
        row = session.store.get(ref)
        if row is None:
            raise UsageError("it is gone")
        return address(tool.open, row, session.store, session.context)
