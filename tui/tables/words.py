"""The words and glyphs of a state, and the short forms of times and sizes. Pure functions; no record but its health."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from tui.model import TONES, Health, Resource, Tone

GLYPHS: Final[Mapping[Tone, str]] = {
    Tone.OK: "●",
    Tone.BUSY: "◐",
    Tone.WARN: "▲",
    Tone.BAD: "✗",
    Tone.IDLE: "○",
    Tone.UNKNOWN: "?",
    Tone.MUTED: "·",
}
"""One cell wide each, and different in shape, because colour alone tells nothing."""

NOTHING: Final = "—"
"""Stands where the platform said nothing: a blank could be read as zero or as forgotten."""


_AGE_STEPS: Final = ((60, 1, "s"), (3600, 60, "m"), (86_400 * 2, 3600, "h"), (86_400 * 730, 86_400, "d"))


def age(seconds: float) -> str:
    """How long ago in one unit: ``4s`` ``2m`` ``3h`` ``41d`` ``3y``; never negative."""
    seconds = max(0.0, seconds)
    for below, unit, letter in _AGE_STEPS:
        if seconds < below:
            return f"{int(seconds // unit)}{letter}"
    return f"{int(seconds // (86_400 * 365))}y"


STEPS: Final = (10, 30, 60)
"""Seconds between which the age of a reading is not told apart."""


def lately(seconds: float) -> str:
    """How long ago something was read that is read again every few seconds: ``<10s`` ``<30s`` ``<60s`` ``2m``. A figure that ticks says
    no more, and costs a line of output each second for as long as the console is open."""
    return next((f"<{most}s" for most in STEPS if seconds < most), "") or age(seconds)


def size(count: float | None) -> str:
    """Bytes as a number of at most three digits and a letter: ``310M`` ``1.9G``."""
    if count is None:
        return NOTHING
    amount = float(max(0, count))
    for letter in "BKMGT":
        if amount < 999.5 or letter == "T":
            short = f"{amount:.1f}" if letter != "B" and amount < 9.95 else f"{amount:.0f}"
            return short + letter
        amount /= 1024
    raise AssertionError


def share(part: float | None) -> str:
    """A share of 0..1 as whole percent."""
    return NOTHING if part is None else f"{part * 100:.0f}%"


_BARS: Final = "▁▂▃▄▅▆▇█"


def bars(values: Sequence[float | None], full: float = 0.0) -> str:
    """Heights as one character each, against ``full`` or what is higher; a point where nobody knows."""
    most = max((each for each in values if each is not None), default=0.0)
    most = max(most, full)
    last = len(_BARS) - 1
    return "".join("·" if each is None else _BARS[min(last, int(each / most * last + 0.5)) if most > 0 else 0] for each in values)


FULL: Final = (0.85, 0.95)
"""Shares of a load from which it is worth a warning, and an alarm, where the user says nothing else."""


def load_tone(part: float | None, full: tuple[float, float] = FULL) -> Tone | None:
    """A full machine is worth a colour; a busy one is not."""
    if part is None:
        return Tone.MUTED
    return Tone.BAD if part >= full[1] else Tone.WARN if part >= full[0] else None


def tone_of(row: Resource) -> Tone:
    """What the colour of a record's state means."""
    return TONES[row.health]


def state(health: Health) -> str:
    """Glyph and word: ``▲ degraded``."""
    return f"{GLYPHS[TONES[health]]} {health}"


def attention(row: Resource) -> int:
    """A sort key that puts first what needs a person."""
    return {Health.BAD: 0, Health.WARN: 1}.get(row.health, 2)
