"""Whether a connection's address and credentials work: one harmless read, for ``login`` and ``doctor``. Nothing is kept."""

from __future__ import annotations

import contextlib
from typing import Final

from tui.errors import NoEndpoint, NotFound
from tui.model import Kind
from tui.platforms.base import Platform

HARMLESS: Final = (Kind.PROJECT, Kind.APPLICATION, Kind.ROLLOUT)
"""What is read to try credentials: a short list that every role may see. Apps that only the configuration names prove nothing."""


async def ask(platform: Platform) -> str:
    """Read something harmless and say what was seen, in a few words, empty where there was nothing to count. Raises ``PlatformError``."""
    # Whoever is told that a thing does not exist was let in.
    with contextlib.suppress(NotFound, NoEndpoint):
        await platform.detect()
    for kind in HARMLESS:
        read = platform.reads.get(kind)
        if read is not None and (read.cost or kind is Kind.ROLLOUT):
            rows = await read.fetch("")
            return f"{len(rows.items)} {kind}s" if rows.items else ""
    return ""
