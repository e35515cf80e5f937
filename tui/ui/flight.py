"""What is in flight, as lines that stay until the verdict, and the verdicts themselves for a while. Nothing here settles anything."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from textual.containers import Vertical

from tui.actions import ACTIONS, Keymap
from tui.engine.feeds import Pending
from tui.engine.session import Session
from tui.engine.verdicts import Verdict
from tui.engine.words import called
from tui.model import Kind, Verb
from tui.tables import age
from tui.text import clean
from tui.ui.widgets.cells import Cell, Piece
from tui.ui.widgets.status_line import Part, StatusLine

STAYS: Final = 20.0
"""Seconds that a verdict is shown for; one that is no good news stays three times as long."""

MOST: Final = 3
"""Lines at most; what does not fit is counted."""

NEXT: Final[Mapping[tuple[Kind, Verb], str]] = {
    (Kind.SERVICE, Verb.RESTART): "row.logs",
    (Kind.SERVICE, Verb.START): "row.logs",
    (Kind.SERVICE, Verb.STOP): "row.start",
    (Kind.DEPLOYMENT, Verb.CREATE): "row.logs",
    (Kind.ROLLOUT, Verb.TRIGGER): "rollout.link",
}
"""What one wants to do next: look at it, or take it back where the platform can."""

TONES: Final = {"confirmed": "ok", "failed": "bad", "unconfirmed": "warn"}
GLYPHS: Final = {"confirmed": "●", "failed": "✗", "unconfirmed": "?"}


class Flights:
    """The verdicts of the last while. ``lines`` is everything there is to say, the newest verdict first, then what is in flight."""

    def __init__(self, session: Session, keymap: Keymap) -> None:
        self._session = session
        self.keymap = keymap
        self._ended: list[tuple[float, Verdict]] = []

    def ended(self, verdict: Verdict) -> None:
        """A verdict came."""
        until = self._session.clock.boot() + STAYS * (1 if verdict.word == "confirmed" else 3)
        others = [(when, each) for when, each in self._ended if each.ref != verdict.ref]
        self._ended = [(until, verdict), *others][:MOST]

    def hush(self) -> bool:
        """Take the verdicts away, not what is in flight; whether there were any."""
        had = bool(self._ended)
        self._ended = []
        return had

    def lines(self) -> list[Cell]:
        boot = self._session.clock.boot()
        self._ended = [(until, each) for until, each in self._ended if boot < until]
        going = self._session.in_flight()
        told = [*(self._verdict(each) for _, each in self._ended), *map(self._pending, reversed(going))]
        if len(told) > MOST:
            rest = len(told) - MOST + 1
            # Verdicts come first: some of the rest may be over.
            said = f"{rest} more in flight" if rest <= len(going) else f"{rest} more" + (f", {len(going)} in flight" if going else "")
            told = [*told[: MOST - 1], (Piece(f"  … and {said}", "muted"),)]
        return told

    def name(self, each: Pending) -> str:
        """What a verb in flight is aimed at: what it makes, or the target's name."""
        row = self._session.store.get(each.ref)
        target = called(row) if row is not None and row.name else each.ref.id or each.ref.connection
        return clean(f"{target} {each.subject}".strip(), 80)

    def _pending(self, each: Pending) -> Cell:
        since = age(self._session.clock.boot() - each.since)
        what = Piece(f"{each.verb} {self.name(each)}: ")
        if each.word == "unknown":
            return (
                Piece("? ", "unknown"),
                what,
                Piece(f"sent {since} ago, no answer came: not known whether it was done", "bad"),
                Piece(" · the same key asks first", "muted"),
            )
        said = f"sending for {since}" if each.word == "sending" else f"accepted {since} ago, not seen yet"
        return (Piece("◐ ", "busy"), what, Piece(said, "busy"), self._next(each.kind, each.verb))

    def _verdict(self, each: Verdict) -> Cell:
        tone = TONES[each.word]
        return (
            Piece(f"{GLYPHS[each.word]} ", tone),
            Piece(str(each.text), tone),
            self._next(each.kind, each.verb),
            Piece(" · esc", "muted"),
        )

    def _next(self, kind: Kind, verb: Verb) -> Piece:
        action = ACTIONS.get(NEXT.get((kind, verb), ""))
        key = self.keymap.spelled(action) if action is not None else ""
        return Piece(f" · {key} {action.title}" if action is not None and key else "", "muted")

    def leaving(self) -> str:
        """What goes on without us, in one line; empty if nothing does."""
        going = self._session.in_flight()
        if not going:
            return ""
        named = [f"{each.verb} {self.name(each)} ({'no answer came' if each.word == 'unknown' else each.word})" for each in going[:MOST]]
        more = f" and {len(going) - MOST} more" if going[MOST:] else ""
        return "still in flight: " + ", ".join(named) + more


class FlightPanel(Vertical):
    """The lines, as high as there are any."""

    DEFAULT_CSS = "FlightPanel { height: auto; display: none; } FlightPanel StatusLine { background: $panel; }"

    def __init__(self) -> None:
        super().__init__()
        self._lines = tuple(StatusLine() for _ in range(MOST))

    def compose(self) -> list[StatusLine]:
        return list(self._lines)

    def draw(self, lines: list[Cell]) -> None:
        """Show these lines."""
        self.display = bool(lines)
        for number, line in enumerate(self._lines):
            line.display = number < len(lines)
            if line.display:
                line.set_parts((Part(pieces=lines[number]),))
