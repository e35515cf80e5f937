"""The header's words: context, one badge per connection, how much of its rate budget is left, the time. Text only, no widget."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from tui.engine.feeds import ConnectionState
from tui.engine.session import Session
from tui.model import RateLimit, Tone
from tui.tables import GLYPHS, Moment, age, lately
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


def badges(state: ConnectionState, boot: float, now: datetime) -> list[Part]:
    """One connection: glyph, name, word, age; then what is left of its rate budget."""
    tone, word = _WORDS[state.state]
    if state.state == "fresh" and state.fetched_boot is None:
        tone, word = Tone.MUTED, "not asked"  # what is shown of it comes from the configuration
    known = None if state.fetched_boot is None or state.state == "loading" else lately(boot - state.fetched_boot)
    text = " ".join(piece for piece in (word, known) if piece)
    name = (Piece(f"{GLYPHS[tone]} ", tone), Piece(state.name), Piece(f" {text}" if text else "", tone if word else Tone.MUTED))
    parts = [Part(id=state.name, pieces=name)]
    if state.rate is not None:
        parts.append(budget(state, state.rate, now))
    return parts


def header(session: Session, moment: Moment) -> tuple[list[Part], list[Part]]:
    """The parts at the left and at the right."""
    boot = session.clock.boot()
    context = [Piece(f" {session.context} ", "bad")] if session.production else [Piece(session.context, "accent")]
    left = [
        Part(id="program", pieces=(Piece("rollwatch", "muted"),), rank=5),
        Part(id="context", pieces=tuple(context), rank=0),
        *(part for each in session.store.connections() for part in badges(each, boot, moment.now)),
    ]
    right = []
    if session.production:
        right.append(Part(id="production", pieces=(Piece("▲ PRODUCTION", "bad"),), rank=1, short=(Piece("▲ PROD", "bad"),)))
    if session.read_only:
        right.append(Part(id="read-only", pieces=(Piece("READ-ONLY", "warn"),), rank=0))
    right.append(Part(id="clock", pieces=(Piece(moment.local(moment.now, "%H:%M"), "muted"),), rank=2))
    return left, right
