"""How a connection is, judged by what is known of its lists. Pure: what is known is the store's, and nobody is asked here."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Final, Protocol

from tui.engine.feeds import NEVER, ConnectionState, Feed, Freshness, Word
from tui.errors import Forbidden, NotFound, PlatformError, Refused
from tui.model import Kind, RateLimit
from tui.platforms.base import Read
from tui.text import Safe

OWN: Final = (Forbidden, NotFound, Refused)
"""Errors that say something of one list and nothing of its connection."""

FEWEST: Final = 2
"""Failing lists, where there are as many, below which one failure is just a failure while others are asked for the first time."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Hold:
    """A connection that is not asked: ``word`` says why, ``until`` the boot time when it is tried again, None if never by itself."""

    word: Word
    error: PlatformError | None
    until: float | None


class Described(Protocol):
    """What is asked of a platform."""

    @property
    def name(self) -> str: ...
    @property
    def platform(self) -> str: ...
    @property
    def flavour(self) -> str: ...
    @property
    def rate(self) -> RateLimit | None: ...
    @property
    def heard(self) -> float | None: ...
    @property
    def where(self) -> Safe: ...
    @property
    def reads(self) -> Mapping[Kind, Read]: ...


def judged(
    platform: Described, lists: Mapping[Feed, Freshness], hold: Hold | None, *, boot: float, rate: RateLimit | None
) -> ConnectionState:
    """A connection at a glance, by its lists that anybody looks at; ``rate`` is what is still true of its budget."""
    known = [each for each in lists.values() if each.offered]
    newest = max((each for each in known if each.fetched_boot is not None), key=lambda each: each.fetched_boot or 0.0, default=NEVER)
    if newest.fetched_boot is not None and not newest.restored:
        newest = _as_heard(newest, newest.fetched_boot, platform.heard)
    asking = _asking(platform, lists)
    speaking = [each for each in asking if each.offered] if asking else known
    failing = _failing(known, speaking) if speaking else asking  # who offers nothing that it is asked for is not who was meant
    worst = max(failing, key=lambda each: each.failing_since or 0.0, default=NEVER)
    tries = [each.next_try for each in (failing or speaking) if each.next_try is not None]
    return ConnectionState(
        name=platform.name,
        platform=platform.platform,
        flavour=platform.flavour,
        state=hold.word if hold else _word(speaking, failing, boot),
        fetched_at=newest.fetched_at,
        fetched_boot=newest.fetched_boot,
        error=hold.error if hold else worst.error,
        next_try=_later(hold, min(tries, default=None)),
        rate=rate,
        where=platform.where,
    )


def gave(platform: Described, lists: Mapping[Feed, Freshness]) -> bool:
    """Whether the server gave any list of its own in this run."""
    return any(each.fetched_boot is not None and not each.restored for each in _asking(platform, lists))


def _asking(platform: Described, lists: Mapping[Feed, Freshness]) -> Sequence[Freshness]:
    """Those that speak for the server: what repeats the configuration, or is known without asking, does not."""
    free = {kind for kind, read in platform.reads.items() if read.cost <= 0}
    return [each for feed, each in lists.items() if feed.kind not in free and each.asked]


def _word(speaking: Sequence[Freshness], failing: Sequence[Freshness], boot: float) -> Word:
    good = [each for each in speaking if each.fetched_boot is not None and not each.restored and each.error is None]
    if not good:
        return "down" if failing and len(failing) >= min(FEWEST, len(speaking)) else "loading"
    if failing or any(each.stale(boot) for each in good):
        return "stale"
    return "fresh"


def _later(hold: Hold | None, planned: float | None) -> float | None:
    """When a connection is asked next: not before its hold ends, and then only when a list is due."""
    if hold is None or hold.until is None or planned is None:
        return planned if hold is None else hold.until
    return max(hold.until, planned)


def _failing(known: Sequence[Freshness], speaking: Sequence[Freshness]) -> Sequence[Freshness]:
    """Those whose failure says something of their connection. What is refused everywhere does after all: another account or cluster."""
    troubled = [each for each in known if each.error is not None]
    return troubled if all(each.error is not None for each in speaking) else [each for each in troubled if not _own(each)]


def _own(fresh: Freshness) -> bool:
    """Whether it fails for a reason that says nothing of its connection; rows that are shown of it are old all the same."""
    return isinstance(fresh.error, OWN) and fresh.fetched_boot is None


def _as_heard(newest: Freshness, read: float, heard: float | None) -> Freshness:
    """A read that asked nobody is no younger than the server's last answer."""
    if heard is None or newest.fetched_at is None:
        return replace(newest, fetched_at=None, fetched_boot=None)
    late = max(0.0, read - heard)
    return replace(newest, fetched_at=newest.fetched_at - timedelta(seconds=late), fetched_boot=read - late)
