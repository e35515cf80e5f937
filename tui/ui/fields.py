"""The fields of one thing as lines: what speaks against it, what the user's runbook says, what is known of it, what belongs to it.

What a line names is kept beside the lines: what opens, what may be copied, and the variable whose value may be shown.
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from typing import TYPE_CHECKING, Final

from tui.model import Ref, Resource, Tone, Variable
from tui.tables import NOTHING, TABLES, Detail, Moment, details, tone_of, why
from tui.ui.loads import loads
from tui.ui.program import program
from tui.ui.related import Joined, belonging, relation, variables, whole
from tui.ui.widgets.cells import Piece
from tui.ui.widgets.text_view import Content, Field

if TYPE_CHECKING:
    from tui.engine.session import Session
    from tui.ui.screens.detail import DetailScreen

MARKED: Final = 5.0
"""Seconds for which a field that changed is marked."""

FEW: Final = 30
"""Related things of one kind that are listed; the rest is counted."""


class Fields:
    """The lines made last. ``variables`` and ``refs`` are what the lines of these numbers name; ``revealed`` whose values are shown."""

    def __init__(self, screen: DetailScreen, session: Session) -> None:
        self._screen = screen
        self._session = session
        self._joined = Joined(session)
        self._details: dict[int, Detail] = {}
        self._marked: dict[str, float] = {}
        self.variables: dict[int, Variable] = {}
        self.refs: dict[int, Ref] = {}
        self.revealed: frozenset[Ref] = frozenset()

    def forget(self) -> None:
        """Another thing is shown: nothing of this one changed yet, and nothing is revealed."""
        self._marked, self.revealed = {}, frozenset()
        self.clear()

    def clear(self) -> None:
        """Other lines than these are shown: they name nothing."""
        self.variables, self.refs, self._details = {}, {}, {}

    def mark(self, before: Resource | None, row: Resource, moment: Moment) -> None:
        """Mark for some seconds the fields that are otherwise than before. That time went by makes none other."""
        boot = self._session.clock.boot()
        self._marked = {label: until for label, until in self._marked.items() if until > boot}
        if before is not None and row != before:
            texts = {each.label: each.text for each in details(before, moment)}
            self._marked |= {each.label: boot + MARKED for each in details(row, moment) if texts.get(each.label) != each.text}

    def lines(self, row: Resource, moment: Moment) -> list[Content]:
        self.clear()
        known = details(row, moment)
        lines: list[Content] = [*self._reasons(row, moment), *self._runbook(row)]
        joined = self._joined.of(row)
        under = {**loads(row, self._session), **whole(row, joined)}
        for each in known:
            if each.text != NOTHING:
                self._details[len(lines)] = each
                if each.ref is not None:
                    self.refs[len(lines)] = each.ref
                lines += [Field(each.label, each.text, self._tone(each)), *filter(None, [under.get(each.label)])]
        unsaid = [each.label for each in known if each.text == NOTHING]
        if unsaid:
            lines.append(Field("not said", ", ".join(unsaid), Tone.MUTED))
        for kind, rows in belonging(row, joined, self._session.store).items():
            lines += [(), (Piece(TABLES[kind].title, "title"), Piece(f" {len(rows)}", "muted"))]
            for each in TABLES[kind].sorted(rows, moment)[:FEW]:
                if isinstance(each, Variable):
                    self.variables[len(lines)] = each
                else:
                    self.refs[len(lines)] = each.ref
                lines.append(relation(each, moment, self.revealed, row.ref.connection))
            if len(rows) > FEW:
                lines.append((Piece(f"  and {len(rows) - FEW} more", "muted"),))
        lines += variables(row, self._session.store)
        return lines

    def about(self, lines: Sequence[Content]) -> list[Hashable]:
        """What each of the lines made last is about, whatever it says of that: a field, else a thing."""
        found: list[Hashable] = []
        for number, line in enumerate(lines):
            variable = self.variables.get(number)
            thing = variable.ref if variable is not None else self.refs.get(number)
            found.append(line.label if isinstance(line, Field) else thing or line)
        return found

    def copied(self, number: int, text: str) -> str:
        """What to copy of the line of this number, which says this: of some fields more than what is shown."""
        known = self._details.get(number)
        return known.copy if known is not None and known.copy else text

    def _tone(self, each: Detail) -> str | None:
        return each.tone if each.label not in self._marked else f"{each.tone}+changed" if each.tone else "changed"

    def _reasons(self, row: Resource, moment: Moment) -> list[Content]:
        """One line with what speaks against a thing that is not well; enter opens what it was read off."""
        count, last = program(self._screen).console_screen.logs.errors_of(row.ref)
        found = why(row, moment, errors=count, last_error=last)
        if not found:
            return []
        where = next((each.ref for each in found if each.ref is not None), None)
        if where is not None:
            self.refs[0] = where
        return [Field("why", " · ".join(each.text for each in found), tone_of(row))]

    def _runbook(self, row: Resource) -> list[Content]:
        """What the user's own file says of it."""
        runbook = program(self._screen).views.runbook(row.ref)
        return [Field(label, text, "accent") for label, text in runbook.told()] if runbook is not None else []
