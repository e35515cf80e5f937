"""Whether a connection's address and credentials work: one harmless read, for ``login`` and ``doctor``. Nothing is kept."""

from __future__ import annotations

import contextlib
from collections.abc import Sequence
from typing import Final

from tui.clock import Clock
from tui.errors import NoEndpoint, NotFound
from tui.model import Kind
from tui.platforms.base import ConnectionSpec, KnownRollout, Platform, RolloutRecord, RolloutSource

HARMLESS: Final = (Kind.PROJECT, Kind.APPLICATION)
"""What is read to try credentials: a short list that every role may see."""


class Probe:
    """A rollout that does not exist, where none is known: who is told so was let in. Encore has no list that could be read."""

    def __init__(self, spec: ConnectionSpec, clock: Clock, known: RolloutSource | None = None) -> None:
        self._known = known
        self._none = [
            KnownRollout(id="roll_none", app=app.id, environment="none", target="", by="", at=clock.wall()) for app in spec.apps[:1]
        ]

    def known(self) -> Sequence[RolloutRecord]:
        """What is known, else the one that does not exist."""
        return (self._known.known() if self._known is not None else ()) or self._none

    def remember(self, rollout: RolloutRecord, snapshot: str) -> None:
        """Nothing is kept."""


async def ask(platform: Platform) -> str:
    """Read something harmless and say what was seen, in a few words, empty where there was nothing to count. Raises ``PlatformError``."""
    # Whoever is told that a thing does not exist was let in.
    with contextlib.suppress(NotFound, NoEndpoint):
        await platform.detect()
    for kind in HARMLESS:
        read = platform.reads.get(kind)
        if read is not None and read.cost:
            rows = await read.fetch("")
            return f"{len(rows.items)} {kind}s"
    return ""
