"""The header's words: context, one badge per connection, how much of its rate budget is left, the time. Text only, no widget."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from tui.engine.feeds import ConnectionState
from tui.engine.session import Session
from tui.model import RateLimit, Tone
from tui.tables import GLYPHS, STEPS, Moment, age, lately
from tui.ui.widgets.cells import Piece
from tui.ui.widgets.status_line import Part

_WORDS: Final = {
    "loading": (Tone.BUSY, "loading"),
    "fresh": (Tone.OK, ""),
    "stale": (Tone.WARN, "stale"),
    "down": (Tone.BAD, "down"),
    "signed-out": (Tone.BAD, "signed out"),
    "limited": (Tone.WARN, "rate limited"),
}
"""What a connection's state looks like. Fresh needs no word: its age is the word."""

_EIGHTHS: Final = " ▏▎▍▌▋▊▉"
GAUGE: Final = 7
"""Cells of the rate gauge."""

LOW: Final = 0.2
"""The share of the rate budget that is kept for keys the user presses; below it the gauge warns."""


LAPSE: Final = 60.0
"""Seconds after which a longer rhythm is forgotten when readings have come faster."""


def gauge(part: float, cells: int = GAUGE) -> str:
    """A bar of so many cells, filled from the left in eighths of a cell."""
    eighths = round(max(0.0, min(1.0, part)) * cells * 8)
    full, rest = divmod(eighths, 8)
    bar = "█" * full + (_EIGHTHS[rest] if rest else "")
    return bar.ljust(cells)


def budget(state: ConnectionState, rate: RateLimit, now: datetime) -> Part:
    """What is left of a rate budget. While there is plenty it may leave a narrow screen, and is told in hundredths, so that not every
    request writes a line."""
    scarce = not rate.limit or rate.remaining < LOW * rate.limit
    step = 1 if scarce else max(1, rate.limit // 100)
    remaining = rate.remaining // step * step
    part = remaining / rate.limit if rate.limit else 0.0
    tone = Tone.WARN if scarce else Tone.MUTED
    count = f"{remaining}/{rate.limit}"
    if scarce and rate.reset_at is not None:
        count += f" more in {age((rate.reset_at - now).total_seconds())}"
    long, short = (Piece(f"▕{gauge(part)}▏ {count}", tone),), (Piece(count, tone),)
    return Part(id=f"{state.name} budget", pieces=long, rank=0 if scarce else 3, short=short)


class Rhythm:
    """How old readings grow between two of them. One that is made every twelve seconds is less than half a minute old all the time;
    said so, no line has to be written whenever ten seconds are over and whenever it is made again."""

    def __init__(self) -> None:
        self._usual: dict[str, tuple[float, float]] = {}

    def least(self, state: ConnectionState, boot: float) -> float:
        """Seconds that its age is told as at least. Only what is fresh has a rhythm."""
        if state.state != "fresh" or state.fetched_boot is None:
            self._usual.pop(state.name, None)
            return 0.0
        # What is told from the last step on is no upper bound, and would be false of anything younger.
        now = max((step for step in STEPS[:-1] if step <= boot - state.fetched_boot), default=0.0)
        usual, since = self._usual.get(state.name, (0.0, boot))
        if now >= usual or boot - since > LAPSE:
            self._usual[state.name] = now, boot
            return now
        return usual


def badges(state: ConnectionState, boot: float, now: datetime, least: float = 0.0) -> list[Part]:
    """One connection: glyph, name, word, age, told as no less than ``least``; then what is left of its rate budget."""
    tone, word = _WORDS[state.state]
    if state.state == "fresh" and state.fetched_boot is None:
        tone, word = Tone.MUTED, "not asked"  # what is shown of it comes from the configuration
    known = None if state.fetched_boot is None or state.state == "loading" else lately(max(least, boot - state.fetched_boot))
    text = " ".join(piece for piece in (word, known) if piece)
    name = (Piece(f"{GLYPHS[tone]} ", tone), Piece(state.name), Piece(f" {text}" if text else "", tone if word else Tone.MUTED))
    parts = [Part(id=state.name, pieces=name)]
    if state.rate is not None:
        parts.append(budget(state, state.rate, now))
    return parts


def header(session: Session, moment: Moment, rhythm: Rhythm) -> tuple[list[Part], list[Part]]:
    """The parts at the left and at the right."""
    boot = session.clock.boot()
    context = [Piece(f" {session.context} ", "bad")] if session.production else [Piece(session.context, "accent")]
    left = [
        Part(id="program", pieces=(Piece("rollwatch", "muted"),), rank=5),
        Part(id="context", pieces=tuple(context), rank=0),
        *(part for each in session.store.connections() for part in badges(each, boot, moment.now, rhythm.least(each, boot))),
    ]
    right = []
    if session.production:
        right.append(Part(id="production", pieces=(Piece("▲ PRODUCTION", "bad"),), rank=1, short=(Piece("▲ PROD", "bad"),)))
    if session.unsaved:
        right.append(Part(id="unsaved", pieces=(Piece(f"▲ {session.unsaved}", "warn"),), rank=1, short=(Piece("▲ not saved", "warn"),)))
    if session.read_only:
        right.append(Part(id="read-only", pieces=(Piece("READ-ONLY", "warn"),), rank=0))
    right.append(Part(id="clock", pieces=(Piece(moment.local(moment.now, "%H:%M"), "muted"),), rank=2))
    return left, right
