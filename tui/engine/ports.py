"""What the engine needs of this machine's memory. ``tui.local`` has it; a test may have less. Declarations only.

All methods are synchronous and may touch the disk: the engine calls them in a thread, one at a time.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from tui.engine.feeds import Feed
from tui.model import Kind, Ref, Resource, Verb
from tui.platforms.base import Rows


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """Something that was seen to happen. ``what`` is transition, appeared, gone, edge (a connection), phase (of a rollout), burst
    (of errors in a log) or said (a line of a platform's own list); began and found are what it says of the time before the first look.

    ``ref`` is written ``connection/kind/id``, for an edge the connection's name; ``before`` and ``after`` are our words with the
    platform's in brackets (``ok (running)``), of what is said ``before`` is its id in that list, of a phase ``before we looked`` where it
    was over at the first look; ``at`` is when we saw it, ``platform_at`` when the platform says it was.
    """

    what: str
    ref: str
    at: datetime
    name: str = ""
    before: str = ""
    after: str = ""
    platform_at: datetime | None = None
    seconds: float | None = None
    text: str = ""


class JournalPort(Protocol):
    """The local history. ``badge`` is one line that says why it is not kept, empty while it is."""

    @property
    def badge(self) -> str: ...

    def record(self, events: Sequence[Event]) -> None:
        """Keep what was seen. Raises ``errors.StorageError``; what was not kept is lost, never fatal."""

    def keep(
        self, connection: str, kind: Kind, scope: str, rows: Sequence[Resource], *, gone: Collection[str], at: datetime, whole: bool
    ) -> None:
        """Keep how things of a feed are; ``gone`` are the ids of those that are no more, with ``whole`` all that are not in ``rows``."""

    def watching(self) -> None:
        """Somebody looks at present."""

    def lost(self, connections: Collection[str]) -> Mapping[str, str]:
        """Of these connections those that were not back yet when they were written of last, with the word of their edge."""

    def intend(self, *, ref: Ref, kind: Kind, verb: Verb, request: str, override: bool, name: str, reason: str, subject: str) -> int:
        """Write down what is about to be sent and have it on the disk before returning its number. ``name`` is the target's,
        ``reason`` what the user gave as one, ``subject`` as in ``Pending``.

        Raises ``errors.StorageError`` if that is not possible, and ``errors.UsageError`` if the same verb on the same ref and subject is
        still open here or in another console and ``override`` is False.
        """

    def settle(self, intent: int, outcome: str, text: str, *, caused: str) -> None:
        """Its outcome: done, refused, accepted, unknown, and later confirmed, failed or unconfirmed. Only ``unknown`` stays open.
        ``caused`` is the ref of what it made, empty if that is not known."""


class LastStatePort(Protocol):
    """The last good rows, from one run to the next."""

    def load(self) -> Iterable[tuple[Feed, Rows, datetime]]:
        """What the last run knew; empty if nothing usable is there."""

    def save(self, rows: Mapping[Feed, tuple[Rows, datetime]]) -> None:
        """Replace it. Raises ``errors.StorageError``."""
