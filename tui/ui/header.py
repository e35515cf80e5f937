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

LEADS: Final = {
    "program": "console.help",
    "context": "console.contexts",
    "production": "console.contexts",
    "read-only": "console.contexts",
    "alerts": "past.away",
    "snoozed": "past.away",
    "stopped": "console.log",
    "unsaved": "console.log",
    "clock": "past.timeline",
}
"""What a click on a part of the header does; on any other, which is about a connection, the connections are shown."""

LOW: Final = 0.2
"""The share of the rate budget that is kept for keys the user presses; below it the gauge warns."""


LATE: Final = 180
"""Seconds below which the age of what is fresh is not told apart from a minute on: some of it is read every two minutes."""

LAPSE: Final = 600.0
"""Seconds after which a longer rhythm is forgotten when readings have come faster."""

NEAR: Final = 0.05
"""The share of a rate budget by which what is told of it may be off while there is plenty."""


def gauge(part: float, cells: int = GAUGE) -> str:
    """A bar of so many cells, filled from the left in eighths of a cell."""
    eighths = round(max(0.0, min(1.0, part)) * cells * 8)
    full, rest = divmod(eighths, 8)
    bar = "█" * full + (_EIGHTHS[rest] if rest else "")
    return bar.ljust(cells)


def scarce_of(rate: RateLimit) -> bool:
    """Whether what is left of a rate budget is kept for keys."""
    return not rate.limit or rate.remaining < LOW * rate.limit


def budget(state: ConnectionState, rate: RateLimit, now: datetime, remaining: int) -> Part:
    """What is left of a rate budget, as far as that is told. While there is plenty it may leave a narrow screen."""
    scarce = scarce_of(rate)
    part = remaining / rate.limit if rate.limit else 0.0
    tone = Tone.WARN if scarce else Tone.MUTED
    count = f"{remaining}/{rate.limit}"
    if scarce and rate.reset_at is not None:
        count += f" more in {age((rate.reset_at - now).total_seconds())}"
    long, short = (Piece(f"▕{gauge(part)}▏ {count}", tone),), (Piece(count, tone),)
    return Part(id=f"{state.name} budget", pieces=long, rank=0 if scarce else 3, short=short)


class Rhythm:
    """What was told last, for as long as it is true enough. A reading that is made every twelve seconds is less than half a minute old
    all the time; said so, no line has to be written whenever ten seconds are over and whenever it is made again, nor for each request
    that a rate budget is spent on."""

    def __init__(self) -> None:
        self._usual: dict[str, tuple[float, float]] = {}
        self._left: dict[str, int] = {}

    def remaining(self, state: ConnectionState) -> int:
        """What is told of a rate budget: in hundredths and a little off while there is plenty, exact where it is scarce."""
        rate, told = state.rate, self._left.get(state.name)
        if rate is None or scarce_of(rate):
            self._left.pop(state.name, None)
            return rate.remaining if rate is not None else 0
        if told is None or abs(rate.remaining - told) >= NEAR * rate.limit:
            step = max(1, rate.limit // 100)
            told = self._left[state.name] = rate.remaining // step * step
        return told

    def least(self, state: ConnectionState, boot: float) -> float:
        """Seconds that its age is told as at least. Only what is fresh has a rhythm."""
        if state.state != "fresh" or state.fetched_boot is None:
            self._usual.pop(state.name, None)
            return 0.0
        now = max((step for step in STEPS if step <= boot - state.fetched_boot), default=0.0)
        usual, since = self._usual.get(state.name, (0.0, boot))
        if now >= usual or boot - since > LAPSE:
            self._usual[state.name] = now, boot
            return now
        return usual


def _known(state: ConnectionState, boot: float, least: float) -> str:
    """How old a reading is. That of what is fresh is nearly always below a bound; of anything else it is the minutes that count."""
    if state.fetched_boot is None or state.state == "loading":
        return ""
    seconds = max(least, boot - state.fetched_boot)
    return f"<{LATE // 60}m" if state.state == "fresh" and STEPS[-1] <= seconds < LATE else lately(seconds)


def badges(state: ConnectionState, boot: float, now: datetime, rhythm: Rhythm) -> list[Part]:
    """One connection: glyph, name, word, age; then what is left of its rate budget."""
    tone, word = _WORDS[state.state]
    if state.state == "fresh" and state.fetched_boot is None:
        tone, word = Tone.MUTED, "not asked"  # what is shown of it comes from the configuration
    known = _known(state, boot, rhythm.least(state, boot))
    text = " ".join(piece for piece in (word, known) if piece)
    name = (Piece(f"{GLYPHS[tone]} ", tone), Piece(state.name), Piece(f" {text}" if text else "", tone if word else Tone.MUTED))
    parts = [Part(id=state.name, pieces=name)]
    if state.rate is not None:
        parts.append(budget(state, state.rate, now, rhythm.remaining(state)))
    return parts


def header(session: Session, moment: Moment, rhythm: Rhythm) -> tuple[list[Part], list[Part]]:
    """The parts at the left and at the right."""
    boot = session.clock.boot()
    context = [Piece(f" {session.context} ", "bad")] if session.production else [Piece(session.context, "accent")]
    left = [
        Part(id="program", pieces=(Piece("rollwatch", "muted"),), rank=5),
        Part(id="context", pieces=tuple(context), rank=0),
        *(part for each in session.store.connections() for part in badges(each, boot, moment.now, rhythm)),
    ]
    right = []
    if session.production:
        right.append(Part(id="production", pieces=(Piece("▲ PRODUCTION", "bad"),), rank=1, short=(Piece("▲ PROD", "bad"),)))
    if session.stopped:
        right.append(
            Part(id="stopped", pieces=(Piece(f"✗ {session.stopped}", "bad"),), rank=0, short=(Piece("✗ STOPPED: start again", "bad"),))
        )
    if session.unsaved:
        right.append(Part(id="unsaved", pieces=(Piece(f"▲ {session.unsaved}", "warn"),), rank=1, short=(Piece("▲ not saved", "warn"),)))
    if session.read_only:
        right.append(Part(id="read-only", pieces=(Piece("READ-ONLY", "warn"),), rank=0))
    right.append(Part(id="clock", pieces=(Piece(moment.local(moment.now, "%H:%M"), "muted"),), rank=2))
    return left, right
