"""What was confirmed in a dialog, while it is being sent: one target after the other, and what each answered. No widget."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from tui.engine.commands import Outcome
from tui.engine.session import Session
from tui.model import Ref
from tui.text import Secret
from tui.ui.questions import Question, Target

NOT_TAKEN: Final = frozenset({"refused", "unknown"})
REMEMBERED: Final = 6
"""Values of one field that are offered again."""


@dataclass(slots=True)
class Deed:
    """One confirmed dialog. Made of what was shown then; nothing that happens to the dialog or to a list changes it.

    ``sent`` are the targets whose verb was taken; ``stopped_by`` the first outcome that was not. ``anyway`` goes on after that.
    """

    question: Question
    targets: tuple[Target, ...]
    values: Mapping[str, Any]
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

    def remember(self, used: dict[tuple[Any, Any, str], list[str]]) -> None:
        """Offer what was sent first the next time; never a secret."""
        for each in self.question.form.fields:
            value = self.values.get(each.name)
            if isinstance(value, str | int) and not isinstance(value, bool | Secret):
                words = used.setdefault((self.question.kind, self.question.verb, each.name), [])
                words[:] = [str(value), *(word for word in words if word != str(value))][:REMEMBERED]
