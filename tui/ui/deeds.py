"""What was confirmed in a dialog, while it is being sent: one target after the other, and what each answered. No widget."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Final

from tui.engine.commands import Outcome
from tui.engine.session import Session
from tui.model import Kind, Ref, Verb
from tui.text import Secret
from tui.ui.questions import Question, Target

NOT_TAKEN: Final = frozenset({"refused", "unknown"})
REMEMBERED: Final = 6
"""Values of one field that are offered again."""


@dataclass(slots=True)
class Deed:
    """One confirmed dialog. Made of what was shown then; nothing that happens to the dialog or to a list changes it.

    ``typed`` are the fields as they stood, without secrets; ``sent`` are the targets whose verb was taken; ``stopped_by`` the first
    outcome that was not. ``anyway`` goes on after that.
    """

    question: Question
    targets: tuple[Target, ...]
    values: Mapping[str, Any]
    typed: Mapping[str, str] = field(default_factory=dict, repr=False)
    override: bool = False
    anyway: bool = False
    sent: list[Ref] = field(default_factory=list)
    stopped_by: Outcome | None = None
    last: Outcome | None = None

    async def run(self, session: Session, told: Callable[[Question, Target, Outcome], object]) -> None:
        """Send it to every target in turn, each once; ``told`` hears each answer."""
        question = self.question
        for aimed in self.targets:
            outcome = await session.do(question.verb, aimed.ref, self.values, kind=question.kind, seen=aimed.seen, override=self.override)
            told(question, aimed, outcome)
            self.last = outcome
            if outcome.word not in NOT_TAKEN:
                self.sent.append(aimed.ref)
                continue
            self.stopped_by = self.stopped_by or outcome
            if not self.anyway:
                return

    @property
    def rest(self) -> str:
        """How many of several were sent, empty for one."""
        return f" ({len(self.sent)} of {len(self.targets)} were sent)" if len(self.targets) > 1 else ""

    @property
    def text(self) -> str:
        """What to say of it in one line."""
        if self.stopped_by is not None:
            return f"{self.question.title}: {self.stopped_by.text}{self.rest}"
        if len(self.targets) > 1:
            return f"{self.question.verb}: {len(self.sent)} of {len(self.targets)} sent"
        return self.last.text if self.last is not None else ""


class Typed:
    """What was typed in this run. ``sent`` by field, the newest first; and what stood in a dialog that was closed while its verb was
    sent, until the same key asks again. Never a secret."""

    def __init__(self) -> None:
        self.sent: dict[tuple[Kind, Verb, str], list[str]] = {}
        self._left: dict[Hashable, Mapping[str, str]] = {}

    def ended(self, deed: Deed) -> None:
        """Offer first the next time what was taken."""
        for each in deed.question.form.fields if deed.sent else ():
            value = deed.values.get(each.name)
            if isinstance(value, str | int) and not isinstance(value, bool | Secret):
                words = self.sent.setdefault((deed.question.kind, deed.question.verb, each.name), [])
                words[:] = [str(value), *(word for word in words if word != str(value))][:REMEMBERED]

    def told(self, deed: Deed) -> tuple[str, str]:
        """What to say, and in which tone, of a deed whose dialog is closed. What was typed for it and not taken is kept."""
        if deed.stopped_by is None:
            return deed.text, "ok" if deed.last is not None and deed.last.word == "done" else "accent"
        if deed.typed:
            self._left[_asked(deed.question)] = deed.typed
        return deed.text + (" · the same key has what was typed" if deed.typed else ""), "bad"

    def fill(self, question: Question) -> Question:
        """The question with what was typed for it and not taken; once."""
        left = self._left.pop(_asked(question), None)
        return question if left is None else replace(question, texts={**question.texts, **left})


def _asked(question: Question) -> Hashable:
    return question.action.id, question.kind, question.verb, tuple(each.ref for each in question.targets)
