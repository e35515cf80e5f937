"""Is it us or them? When most reads of one connection fail in the same way, that is one fact and not forty red rows.

It looks at freshness only and states what it saw; "likely the platform" is the strongest word it has.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from tui.clock import span
from tui.engine.feeds import Feed, Freshness
from tui.errors import BadReply, PlatformError, Unauthorized, Unreachable

FEWEST: Final = 2
"""Failing feeds below which one failure is just a failure."""
SHARE: Final = 0.6
"""Of the feeds that were tried, how many must fail in the same way."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Suspicion:
    """Most of a connection fails alike. ``text`` is the banner, ``short`` the same where there is little room; ``theirs``
    that nothing of it is for us to mend."""

    connection: str
    failing: int
    of: int
    seconds: float
    text: str
    short: str
    theirs: bool = True


THEIRS: Final = (Unreachable, BadReply)
"""Errors that speak against the platform. What it understood and refused is for us to mend, and its own sentence says how."""

WORDS: Final = {"Unreachable": "no answer", "BadReply": "an unreadable answer"}
"""How an error without a status is told."""


def way(error: PlatformError) -> str:
    """How it failed, in a word that equal failures share."""
    return f"{error.status}" if error.status else WORDS.get(error.type, error.type)


def suspect(connection: str, feeds: Sequence[tuple[Feed, Freshness]], boot: float) -> Suspicion | None:
    """What to say of a connection whose feeds look like this at ``boot``; None if they do not fail alike."""
    tried = [(feed, fresh) for feed, fresh in feeds if fresh.tried]
    if any(isinstance(fresh.error, Unauthorized) for _, fresh in tried):
        return None  # the header says who is signed out, and what to do; until then nothing else is asked, however it failed before
    ways = Counter(way(fresh.error) for _, fresh in tried if fresh.error is not None)
    if not ways:
        return None
    word, count = ways.most_common(1)[0]
    if count < FEWEST or count < SHARE * len(tried):
        return None
    alike = [fresh for _, fresh in tried if fresh.error is not None and way(fresh.error) == word]
    since = [fresh.failing_since for fresh in alike if fresh.failing_since is not None]
    seconds = max(0.0, boot - min(since)) if since else 0.0
    which = "every read fails" if count == len(tried) else f"{count} of {len(tried)} reads fail"
    ours = next((str(each.error).removeprefix(f"{connection}: ") for each in alike if not isinstance(each.error, THEIRS)), "")
    return Suspicion(
        connection=connection,
        failing=count,
        of=len(tried),
        seconds=seconds,
        text=f"{connection}: {ours or f'{which} with {word} for {_long(seconds)}; likely the platform'}",
        theirs=not ours,
        short=f"{connection}: {ours or f'{count}/{len(tried)} reads {word}, {_long(seconds)}'}",
    )


def _long(seconds: float) -> str:
    """In minutes: a banner that counts seconds would be painted each second."""
    if seconds < 60:
        return "<1 min"
    return f"{int(seconds // 60)} min" if seconds < 3600 else span(seconds // 60 * 60)
