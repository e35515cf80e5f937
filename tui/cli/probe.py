"""Whether a connection's address and credentials work: a few harmless reads, for ``login`` and ``doctor``. Nothing is kept."""

from __future__ import annotations

import contextlib
from collections.abc import Awaitable, Callable, Sequence
from typing import Final

from tui.errors import NoEndpoint, NotFound, WrongBaseUrl
from tui.model import Kind, Resource
from tui.platforms.base import Platform, Rows

HARMLESS: Final = (Kind.PROJECT, Kind.APPLICATION, Kind.SERVICE, Kind.ROLLOUT)
"""What is read to try credentials: a short list that every role may see. Apps that only the configuration names prove nothing."""
NAMED: Final = 3
"""Things that are named of those that were seen."""


async def ask(platform: Platform) -> str:
    """Read something harmless and say what was seen, in a few words: that nothing may be changed or the role, where that is known, how
    many things, some of their names. Empty where there is nothing to say. Raises ``PlatformError``."""
    # Whoever is told that a thing does not exist was let in.
    with contextlib.suppress(NotFound, NoEndpoint):
        await platform.detect()
    seen = ""
    for kind in HARMLESS:
        read = platform.reads.get(kind)
        if read is not None and (read.cost or kind is Kind.ROLLOUT):
            seen = await _listed(platform, kind, read.fetch)
            break
    account = await platform.account()
    if not platform.verbs:
        account = f"may only read: {account or 'its role allows no more'}"
    return "; ".join(filter(None, (account, seen)))


async def _listed(platform: Platform, kind: Kind, fetch: Callable[[str], Awaitable[Rows]]) -> str:
    try:
        return _seen((await fetch("")).items, kind)
    except (NotFound, NoEndpoint) as none:
        if kind is Kind.ROLLOUT:
            raise  # of an app that somebody named
        said, hint = f"what answers at this address has no list of {kind}s", "check base_url: this is not the API's address"
        raise WrongBaseUrl(said, connection=platform.name, hint=hint, status=none.status) from None


def _seen(rows: Sequence[Resource], kind: Kind) -> str:
    if not rows:
        return ""
    names = ", ".join(str(each.name) for each in rows[:NAMED])
    return f"{len(rows)} {kind}{'s' if len(rows) > 1 else ''}: {names}{', …' if len(rows) > NAMED else ''}"
