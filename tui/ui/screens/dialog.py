"""What all dialogs share: what is behind them is dimmed where writing that costs little, and the keys go on in the order of what stands."""

from __future__ import annotations

from textual.screen import ModalScreen
from textual.widget import Widget

from tui.ui.answers import in_order
from tui.ui.linked import state_of
from tui.ui.program import program


class Dialog(ModalScreen[None]):
    """A screen over another one. On a poor link nothing is dimmed: all of what is behind would be written anew, cell by cell, when the
    dialog opens and when it goes."""

    def on_screen_resume(self) -> None:
        # Here and not as a class of the app: that would style every widget anew whenever the link turns.
        link = state_of(program(self).link)
        self.set_class(link is not None and link.poor, "-poor-link")

    @property
    def focus_chain(self) -> list[Widget]:
        return in_order(self)
