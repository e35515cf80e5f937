"""The keys that work here, in one line: ``↵ open  l logs  r restart``. One widget for all keys, so nothing is left behind.

``set_keys([KeyHint(id="logs", key="l", label="logs"), KeyHint(id="restart", key="r", label="restart", why_not="read-only")])``;
a hint with ``why_not`` is drawn greyed. A click posts ``KeyBar.Pressed(id, why_not)``: the app runs the action or says the reason.
Hints that do not fit leave from the right, but those of ``KEPT`` (menu and help) always stay; a ``…`` says that there are more.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from textual.message import Message

from tui.ui.widgets.cells import Piece, Spanned, total
from tui.ui.widgets.one_line import OneLine, Zone, clickable

GAP: Final = 2


KEPT: Final = frozenset({"row.menu", "console.help"})
"""Keys that are told however narrow it is: behind them are all the others."""


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyHint:
    """One key: the action's id, how the key is written, what it does, and why it cannot be used now (empty: it can)."""

    id: str
    key: str
    label: str
    why_not: str = ""

    @property
    def keep(self) -> bool:
        """Whether it is told however narrow it is."""
        return self.id in KEPT


class KeyBar(OneLine):
    """One line of key hints."""

    class Pressed(Message):
        """A hint was clicked; ``why_not`` is empty if its action can run."""

        def __init__(self, bar: KeyBar, action: str, why_not: str) -> None:
            super().__init__()
            self.bar = bar
            self.action = action
            self.why_not = why_not

        @property
        def control(self) -> KeyBar:
            return self.bar

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self._keys: tuple[KeyHint, ...] = ()

    @property
    def keys(self) -> tuple[KeyHint, ...]:
        return self._keys

    def set_keys(self, keys: Sequence[KeyHint]) -> None:
        """Show these keys, in this order; the same keys again write nothing."""
        wanted = tuple(keys)
        if wanted != self._keys:
            self._keys = wanted
            self.rebuild()

    def reason(self, action: str) -> str:
        """Why the key of ``action`` is greyed; empty if it is not, or is not here."""
        return next((hint.why_not for hint in self._keys if hint.id == action), "")

    def build(self, width: int) -> tuple[Sequence[Spanned], Sequence[Zone]]:
        made = [(hint, _pieces(hint)) for hint in self._keys]
        left = width - 2
        room = left - sum(total(pieces) + GAP for hint, pieces in made if hint.keep)
        shown: list[tuple[KeyHint, tuple[Piece, ...]]] = []
        cut = False
        for hint, pieces in made:
            need = total(pieces) + GAP
            if hint.keep:
                shown.append((hint, pieces))
            elif not cut and need <= room:
                shown.append((hint, pieces))
                room -= need
            else:
                cut = True
        line: list[Spanned] = [Piece(" ")]
        zones: list[Zone] = []
        x = 1
        for hint, pieces in shown:
            x, zone = clickable(pieces, x, hint.id)
            zones.append(zone)
            line += [*pieces, Piece(" " * GAP)]
            x += GAP
        if cut and room + GAP > 0:
            line.append(Piece("…", "muted"))
        return line, zones

    def clicked(self, zone: str) -> None:
        self.post_message(self.Pressed(self, zone, self.reason(zone)))


def _pieces(hint: KeyHint) -> tuple[Piece, ...]:
    if hint.why_not:
        return (Piece(f"{hint.key} {hint.label}", "muted"),)
    return (Piece(hint.key, "key"), Piece(f" {hint.label}"))
