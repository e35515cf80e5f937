"""From the key that asks something of a platform to what the platform answered: the dialog, the sending, and what is said of it.

What was confirmed goes on whatever happens to the screens.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from tui.actions import Action
from tui.engine.commands import Outcome
from tui.ui.aim import Selection, aim
from tui.ui.deeds import Deed, Typed
from tui.ui.questions import Question, Target, ask
from tui.ui.screens.ask import AskScreen
from tui.ui.workers import start

if TYPE_CHECKING:
    from tui.ui.app import Console


class Asking:
    """The one dialog for verbs of a program, on its session. ``pressed`` is the key that was pressed last."""

    def __init__(self, program: Console) -> None:
        self._program = program
        self._typed = Typed()
        self.pressed = ""

    def ask(self, action: Action, selection: Selection) -> None:
        """A key that asks something of a platform was pressed: ask back before anything is sent."""
        program, session = self._program, self._program.session
        aimed = aim(action, selection, session)
        question = ask(action, aimed, selection, session, self._typed.sent) if aimed is not None else "there is nothing to do this to"
        if isinstance(question, str):
            program.say(question, "warn")
            return
        screen = program.once(AskScreen, lambda: AskScreen(program))
        screen.show(self._typed.fill(question), self.pressed)
        if program.screen is not screen:
            program.push_screen(screen)

    def send(self, deed: Deed) -> None:
        """Send what was confirmed."""
        start(self._program, self._send, deed, group="send")

    async def _send(self, deed: Deed) -> None:
        program, context = self._program, self._program.session.context
        await deed.run(program.session, self._answered)
        self._typed.ended(deed)
        if program.asking is not self:
            program.say(f"in {context}: {deed.text}", self._typed.told(deed)[1])
            return
        program.console_screen.resources.unmark(deed.sent)
        if not (isinstance(screen := program.screens_made.get(AskScreen), AskScreen) and await screen.ended(deed)):
            program.say(*self._typed.told(deed))

    def _answered(self, question: Question, target: Target, outcome: Outcome) -> None:
        """A verb was answered: keep it where what happened is told."""
        tone = {"done": "ok", "accepted": "accent", "refused": "warn"}.get(outcome.word, "bad")
        # Another context may be shown by now: there it is told where it happened.
        where = "" if self._program.asking is self else f"in {question.context}: "
        self._program.console_screen.logs.happened(f"{where}{question.verb} {target.label}: {outcome.text}", tone)
