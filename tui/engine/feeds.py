"""What is polled and what is known of it: the records that the store hands out. No behaviour beyond reading them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Final, Literal

from tui.errors import NoEndpoint, PlatformError
from tui.model import EMPTY, Kind, RateLimit, Ref, Resource, Verb
from tui.text import Safe

GRACE: Final = 15.0
"""Seconds that an answer may be late before its feed counts as stale: a read's own deadline is ten."""


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class Feed:
    """One thing that is read again and again: all ``kind`` of a connection, or those of one ``scope`` (the id of their parent)."""

    connection: str
    kind: Kind
    scope: str = ""

    def __str__(self) -> str:
        return f"{self.connection}/{self.kind}" + (f" of {self.scope}" if self.scope else "")


@dataclass(frozen=True, slots=True, kw_only=True)
class Freshness:
    """How much a feed's rows can be trusted. Times named ``boot`` or ``*_try`` are seconds of ``Clock.boot``.

    ``restored`` rows come from the last run and no reply has confirmed them yet. ``error`` is why the last read failed, None after
    one that succeeded; a ``NoEndpoint`` there means "not offered by this server", which is a fact and not a failure. ``asked_boot``
    is when the newest read began: what a server did after that its reply cannot show. ``promised`` is when good rows were to be read
    again as it was planned when they came, ``next_try`` when they are read next as it is planned now. ``asked`` is False where the rows
    were known without asking.
    """

    fetched_at: datetime | None = None
    fetched_boot: float | None = None
    asked_boot: float | None = None
    error: PlatformError | None = None
    failing_since: float | None = None
    promised: float | None = None
    next_try: float | None = None
    unreadable: int = 0
    reason: Safe = EMPTY
    restored: bool = False
    asked: bool = True
    trying: bool = False

    @property
    def offered(self) -> bool:
        """False where the server said that it has no such thing."""
        return not isinstance(self.error, NoEndpoint)

    @property
    def tried(self) -> bool:
        """Whether it was read at least once, with whatever result; what this server does not offer counts for nothing."""
        return self.offered and (self.error is not None or self.fetched_boot is not None)

    def age(self, boot: float) -> float | None:
        """Seconds since the rows were read, None if they never were."""
        return None if self.fetched_boot is None else max(0.0, boot - self.fetched_boot)

    def stale(self, boot: float) -> bool:
        """Whether the rows may no longer be true: the last read failed, is overdue, or belongs to the last run."""
        if self.fetched_boot is None or self.restored or (self.error is not None and self.offered):
            return True
        return self.promised is not None and boot > self.promised + GRACE


NEVER: Final = Freshness()


@dataclass(frozen=True, slots=True, kw_only=True)
class Pending:
    """A verb that was sent, or is being sent, and whose effect no read has shown yet.

    ``ref`` is what the verb was aimed at (for a create the parent), ``kind`` the kind of thing that it changes, ``since`` boot
    seconds. ``unknown`` means that no answer came: the same verb is refused until a read settles it. ``subject`` tells two creates
    below one parent apart.
    """

    ref: Ref
    kind: Kind
    verb: Verb
    word: Literal["sending", "accepted", "unknown"]
    at: datetime
    since: float
    intent: int | None = None
    text: Safe = EMPTY
    subject: str = ""

    @property
    def key(self) -> tuple[Ref, Kind, Verb, str]:
        """What may be in flight only once."""
        return self.ref, self.kind, self.verb, self.subject


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """What one read (or one verb) changed. Everything empty and ``freshness`` set: only ages, errors or plans are different.

    ``reordered`` says that the same rows came in another order; ``pending`` names what has something in flight now or no longer.
    """

    feed: Feed
    added: tuple[Resource, ...] = ()
    updated: tuple[tuple[Resource, Resource], ...] = ()
    removed: tuple[Resource, ...] = ()
    reordered: bool = False
    freshness: bool = False
    pending: tuple[Ref, ...] = ()

    @property
    def data(self) -> bool:
        """Whether rows differ from before."""
        return bool(self.added or self.updated or self.removed or self.reordered)


Word = Literal["loading", "fresh", "stale", "down", "signed-out", "limited"]


@dataclass(frozen=True, slots=True, kw_only=True)
class ConnectionState:
    """One connection at a glance. ``rate`` is what the server said of our budget, None where it says nothing;
    ``fetched_*`` is the newest good reply, ``error`` the newest reason for ``state``, ``next_try`` boot seconds,
    ``where`` what is looked at."""

    name: str
    platform: str
    flavour: str
    state: Word
    fetched_at: datetime | None = None
    fetched_boot: float | None = None
    error: PlatformError | None = None
    next_try: float | None = None
    rate: RateLimit | None = None
    where: Safe = EMPTY
