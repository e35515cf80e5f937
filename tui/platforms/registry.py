"""The platforms that there are: one line each. The only file that knows all adapters."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, Protocol

from tui.clock import Clock
from tui.errors import ConfigError
from tui.platforms import dployr, encore, phase
from tui.platforms.base import ConnectionSpec, Platform, RolloutSource, SignIn


class Maker(Protocol):
    """Makes the adapter of one connection; sends nothing."""

    def __call__(self, spec: ConnectionSpec, *, credentials: SignIn, clock: Clock, rollouts: RolloutSource) -> Platform: ...


PLATFORMS: Final[Mapping[str, Maker]] = {
    "encore": encore.connect,
    "dployr": dployr.connect,
    "phase": phase.connect,
}

BASE_URLS: Final[Mapping[str, str]] = {"encore": encore.BASE_URL, "dployr": dployr.BASE_URL, "phase": phase.BASE_URL}
"""Where a platform is unless the configuration says otherwise."""


BY_CODE: Final = {"dployr": dployr.token_by_code}
"""Platform -> how a code from a mailbox or an authenticator becomes a token, where it has that."""


def open_platform(spec: ConnectionSpec, *, credentials: SignIn, clock: Clock, journal_rollouts: RolloutSource) -> Platform:
    """The adapter of one configured connection. Sends nothing. Raises ``ConfigError`` for what the configuration has wrong."""
    maker = PLATFORMS.get(spec.platform)
    if maker is None:
        raise ConfigError(f"{spec.name}: there is no platform {spec.platform!r}", hint=f"one of {', '.join(PLATFORMS)}")
    return maker(spec, credentials=credentials, clock=clock, rollouts=journal_rollouts)
