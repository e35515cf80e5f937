"""The dialog before a tool of the user's is used: what it asks for, what will be started, and in production the name of what it changes.

Made once. Nothing is started that was not shown; what stands in a field is checked there. What a tool is given is said in ``inputs``.
"""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from typing import TYPE_CHECKING, Final, Protocol

from tui.errors import UsageError
from tui.forms import Form
from tui.local.settings import Tool
from tui.model import Ref
from tui.text import clean
from tui.ui.form_rows import Line
from tui.ui.inputs import form_of, given, variables
from tui.ui.questions import Option
from tui.ui.screens.form import CONFIRM, TYPED, FormDialog
from tui.ui.widgets.cells import Cell, Piece

if TYPE_CHECKING:
    from tui.ui.app import Console

MARKED: Final = "nothing was started: see the marked fields"
LAST: Final = 6
"""Words of one field that are offered again."""


class Uses(Protocol):
    """What is asked of the tools."""

    def why_not(self, tool: Tool, ref: Ref) -> str: ...
    def argv(self, tool: Tool, ref: Ref, typed: Mapping[str, str]) -> tuple[str, ...]: ...
    def address(self, tool: Tool, ref: Ref, typed: Mapping[str, str]) -> str: ...
    def begin(self, tool: Tool, ref: Ref, typed: Mapping[str, str]) -> None: ...


class ToolScreen(FormDialog):
    """``show`` prepares it for a tool and a thing; it is pushed by who asks."""

    def __init__(self, program: Console, tools: Uses) -> None:
        super().__init__(program)
        self._tools = tools
        self._about: tuple[str, Tool, Ref] | None = None
        self._before: dict[tuple[str, str], list[str]] = {}

    def show(self, name: str, tool: Tool, ref: Ref) -> None:
        """Ask for what this tool needs to be used on this thing."""
        self._about = (name, tool, ref)
        self.begin()

    @property
    def _form(self) -> Form:
        assert self._about is not None  # noqa: S101 - it is shown for a tool
        name, tool, ref = self._about
        return form_of(name, tool, ref.kind)

    @property
    def _called(self) -> str:
        """What the thing is called, as it has to be typed where that is wanted."""
        ref = self._about[2] if self._about is not None else None
        row = self.session.store.get(ref) if ref is not None else None
        return str(row.name or row.ref.id) if row is not None else ""

    async def build(self) -> None:
        if self._about is None:
            return
        name, tool, ref = self._about
        word, tone = ("changes something", "warn") if tool.changes else ("tool", "muted")
        self.draw_head(f"{name} on {self._called}", word, tone, production=self.session.production)
        about: list[Cell] = [(Piece(clean(f"{ref} in {self.session.context}", 200), "muted"),)]
        self._facts.show([(Piece(clean(tool.help, 200)),), *about] if tool.help else about)
        self._choice.offer("Run" if tool.run else "Open", "warn" if tool.changes else "ok", first=not tool.changes)
        confirm = (CONFIRM,) if tool.changes and self.session.production else ()
        self._fields_now = (*self._form.fields, *confirm)
        offered = {each.name: (*self._before.get((name, each.name), ()), *each.suggest) for each in self._form.fields}
        defaults = {each.name: each.default for each in tool.inputs}
        await self._rows.ask(
            [
                Line(each, tuple(Option(text, text) for text in dict.fromkeys(offered.get(each.name, ()))), defaults.get(each.name, ""))
                for each in self._fields_now
            ]
        )

    # What stands there -------------------------------------------------------------------------------------------------------

    @property
    def _texts(self) -> dict[str, str]:
        return {each.name: self._entries[each.name].value for each in self._form.fields}

    @property
    def _wrong(self) -> dict[str, str]:
        """What is wrong, by field."""
        wrong = self._form.check(self._texts)
        typed = " ".join(self._entries[TYPED].value.split()) if TYPED in self._entries else self._called
        if typed not in {" ".join(self._called.split()), self._about[2].id if self._about is not None else ""}:
            wrong[TYPED] = f"type {self._called} to confirm"
        return wrong

    def tell(self) -> None:
        if self._about is None or len(self._entries) != len(self._fields_now):
            return
        wrong = self._wrong
        self._rows.show_only([each.name for each in self._fields_now])
        self._hint.display = bool(self._fields_now)
        for each in self._fields_now:
            self.show_problem(each.name, wrong.get(each.name, ""))
        self._plan.show(self._starts() if not wrong.keys() - {TYPED} else [])
        if self._said_last == MARKED and not wrong:
            self.say("", None)
        tool = self._about[1]
        self.draw_keys("run it" if tool.run else "open it", wrong=bool(wrong), safe=not tool.changes)

    def _starts(self) -> list[Cell]:
        """What will be started, as it could be typed into a shell; or why it cannot be."""
        if self._about is None:
            return []
        _, tool, ref = self._about
        typed = given(tool, self._form, self._texts)
        try:
            line = shlex.join(self._tools.argv(tool, ref, typed)) if tool.run else self._tools.address(tool, ref, typed)
        except UsageError as error:
            return [(Piece(f"  {error}", "bad"),)]
        told = [f"{name}={shlex.quote(value)}" for name, value in variables(tool, typed).items()]
        return [(Piece("Starts, once" if tool.run else "Opens", "muted"),), (Piece("  " + clean(" ".join([*told, line]), 600)),)]

    def confirm(self) -> None:
        if self._about is None:
            return
        name, tool, ref = self._about
        if wrong := self._wrong:
            self._touched |= set(wrong)
            self.tell()
            for field, text in wrong.items():
                self._rows.problem(field, f"✗ {text}")
            self.focus_on(wrong)
            self.say(MARKED, "warn")
            return
        if reason := self._tools.why_not(tool, ref):
            self.say(f"not now: {reason}", "bad")
            return
        texts = self._texts
        typed = given(tool, self._form, texts)
        for field, text in texts.items():
            if text.strip():
                known = self._before.setdefault((name, field), [])
                known[:] = [text, *(each for each in known if each != text)][:LAST]
        self.dismiss()
        self._program.call_after_refresh(self._tools.begin, tool, ref, typed)
