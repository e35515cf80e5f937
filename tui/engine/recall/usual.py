"""How long a rollout usually takes, from its own past; silent where the past is too short to say.

Which phases are asked about is ``past``'s matter: one that was cancelled or failed ended early and would spoil the sample. No clock, no
journal.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from tui.clock import span

FEWEST: Final = 5
"""Samples below which nothing is said."""
MOST: Final = 50
"""The newest samples that count: how long it took a year ago says little."""
GOOD: Final = frozenset({"success", "succeeded", "completed"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Usual:
    """Seconds that half, and nine of ten, of the ``count`` samples needed at most."""

    count: int
    p50: float
    p90: float

    def __str__(self) -> str:
        return f"usually {span(self.p50)}"


def at(ordered: list[float], share: float) -> float:
    """The value that ``share`` of the ordered samples do not exceed, interpolated."""
    place = share * (len(ordered) - 1)
    low = int(place)
    high = min(low + 1, len(ordered) - 1)
    return ordered[low] + (ordered[high] - ordered[low]) * (place - low)


def usual(samples: Iterable[float]) -> Usual | None:
    """What is usual for samples in the order in which they were seen; None for fewer than ``FEWEST``."""
    newest = sorted([seconds for seconds in samples if seconds >= 0][-MOST:])
    if len(newest) < FEWEST:
        return None
    return Usual(count=len(newest), p50=at(newest, 0.5), p90=at(newest, 0.9))


@dataclass(frozen=True, slots=True, kw_only=True)
class Outlook:
    """Where a running phase or rollout stands. ``left`` is the range of seconds it may still need, None once it is slower than
    usual; ``text`` says it in one line."""

    elapsed: float
    usual: Usual
    left: tuple[float, float] | None
    slow: bool
    text: str


def outlook(elapsed: float, known: Usual | None) -> Outlook | None:
    """Compare a running thing with what is usual; None where nothing is known."""
    if known is None:
        return None
    elapsed = max(0.0, elapsed)  # the server's clock may be ahead of ours
    if elapsed > known.p90:
        text = f"slower than usual (p90 {span(known.p90)}, now {span(elapsed)})"
        return Outlook(elapsed=elapsed, usual=known, left=None, slow=True, text=text)
    low, high = max(0.0, known.p50 - elapsed), known.p90 - elapsed
    about = f"{span(low)} to {span(high)} left" if round(low) < round(high) else f"about {span(high)} left"
    return Outlook(elapsed=elapsed, usual=known, left=(low, high), slow=False, text=f"{known}, {about}")
