"""The way into the past and what is opened from there. Beside the app, so that the app stays thin; it draws nothing itself."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from functools import partial
from typing import TYPE_CHECKING, Any, Final

from tui.engine.recall.then import Then
from tui.model import Ref
from tui.ui.screens.minute import MinuteScreen
from tui.ui.screens.past import HOUR, PastDetailScreen, PastScreen
from tui.ui.trail import Trail

if TYPE_CHECKING:
    from tui.ui.app import Console

WAYS: Final[Mapping[str, Callable[[PastScreen], object]]] = {
    "past.before": lambda screen: screen.step(back=True),
    "past.earlier": lambda screen: screen.shift(-HOUR),
    "past.goto": lambda screen: screen.ask(coming=True),
}
"""How one leaves the present, by action; later than now is nothing."""


class Scrub:
    """Opens moments. Screens are made once, like all others."""

    def __init__(self, program: Console) -> None:
        self._program = program

    def acts(self) -> Mapping[str, Callable[[], object]]:
        """What the keys of the present do with the past."""
        later = partial(self._program.say, "this is now; there is nothing later", "warn")
        return {**{id_: partial(self.leave, id_) for id_ in WAYS}, "past.after": later, "past.later": later}

    def leave(self, id_: str) -> None:
        """Leave the present in the way that a key means."""
        screen = self._open()
        if screen is not None:
            now = self._program.session.clock.wall()
            # What was kept of now is shown until there is another moment: nobody is told that nothing was known.
            screen.then.become(now, (), now)
            screen.go(now)
            WAYS[id_](screen)

    def show(self, at: datetime) -> None:
        """Show a moment."""
        screen = self._open()
        if screen is not None:
            screen.go(at)

    def _open(self) -> PastScreen | None:
        session = self._program.session
        past = session.past
        if past is None:
            self._program.say("nothing is remembered here: there is no journal", "warn")
            return None
        make = partial(self._make, past)
        screen: PastScreen = self._program.once(PastScreen, make)
        if self._program.screen is not screen:
            self._program.push_screen(screen)
        return screen

    def _make(self, past: Any) -> PastScreen:
        program = self._program
        return PastScreen(Then(program.session), past, program.keymap, program.settings.zone)

    def detail(self, screen: PastScreen, ref: Ref) -> None:
        """Everything that was known of a thing at the moment that the screen shows."""
        program = self._program
        detail: PastDetailScreen = program.once(
            PastDetailScreen, lambda: PastDetailScreen(screen.then, program.keymap, screen.moment, Trail())
        )
        program.push_screen(detail)
        detail.begin(ref)

    def minute(self, ref: Ref, at: datetime, name: str = "") -> None:
        """What a thing logged around a moment."""
        program = self._program
        if not program.session.has_log(ref):
            program.say("this has no log here: open that of a service", "warn")
            return
        row = program.session.store.get(ref)
        screen: MinuteScreen = program.once(MinuteScreen, lambda: MinuteScreen(program.session, program.keymap, program.moment))
        program.push_screen(screen)
        screen.show(ref, name or (str(row.name) if row is not None else ref.id), at)
