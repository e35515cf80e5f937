"""What one emulator is told before it starts: scenario, flavours, ports, clock, limits. No behaviour lives here."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Final

from tui.emulator.quirks import checked

PLATFORMS: Final = ("encore", "dployr", "phase")
FLAVOURS: Final = ("documented", "current")
SCENARIO_DIR: Final = Path(__file__).parent / "scenarios"


def documented() -> Mapping[str, str]:
    """Every platform as its documents say."""
    return dict.fromkeys(PLATFORMS, "documented")


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """``port_base`` N serves Encore, dployr and Phase on N, N+1 and N+2; 0 takes any three free ports.

    ``now`` is epoch seconds at start and ``frozen`` stops the clock there (it still moves by ``advance``); ``clock`` replaces the
    machine's clock altogether. ``token_lifetime`` (seconds) is what both Encore and dployr announce as ``expires_in`` and mean.
    ``hourly`` and ``hourly_anonymous`` are dployr's documented limits, ``per_minute`` the control plane's, ``phase_per_minute``
    Phase's (0 = none). ``quirks`` are words that switch one inconvenient truth on, see ``quirks.QUIRKS``.
    """

    scenario: str = "busy"
    flavours: Mapping[str, str] = field(default_factory=documented)
    port_base: int = 0
    seed: int | None = None
    now: float | None = None
    frozen: bool = False
    clock: Callable[[], float] | None = None
    until_eof: bool = False
    token_lifetime: float = 3600.0
    hourly: int = 1000
    hourly_anonymous: int = 60
    per_minute: int = 100
    phase_per_minute: int = 0
    quirks: frozenset[str] = frozenset()

    def __post_init__(self) -> None:
        if self.scenario not in scenarios():
            raise ValueError(f"{self.scenario!r} is not a scenario: one of {', '.join(scenarios())}")
        checked(self.quirks)


def scenarios() -> tuple[str, ...]:
    """The names of all scenarios, from the files that hold them."""
    return tuple(sorted(path.stem for path in SCENARIO_DIR.glob("*.toml")))


def read_flavours(text: str) -> Mapping[str, str]:
    """Read ``documented``, ``current`` or ``dployr=current,phase=documented``; what is not named is documented.

    Raises ``ValueError`` with one line that says what is wrong.
    """
    chosen = dict(documented())
    for part in filter(None, (word.strip() for word in text.split(","))):
        platform, equals, flavour = part.rpartition("=")
        if flavour not in FLAVOURS:
            raise ValueError(f"{flavour!r} is not a flavour: {' or '.join(FLAVOURS)}")
        if equals and platform not in PLATFORMS:
            raise ValueError(f"{platform!r} is not a platform: one of {', '.join(PLATFORMS)}")
        chosen.update({platform: flavour} if equals else dict.fromkeys(PLATFORMS, flavour))
    return chosen


def read_now(text: str) -> float:
    """Read an ISO 8601 time with its zone as epoch seconds. Raises ``ValueError`` with one line."""
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise ValueError(f"{text!r} is not a time: write 2025-09-06T22:31:00Z") from None
    if moment.tzinfo is None:
        raise ValueError(f"{text!r} has no zone: write 2025-09-06T22:31:00Z")
    return moment.timestamp()
