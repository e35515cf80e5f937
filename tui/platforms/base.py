"""The contract between the engine and a platform: what can be read, what can be done, what came back.

Declarations only: no HTTP, no JSON, no platform. A platform is a value with two tables; presence in a table means that it can.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol

from tui.model import EMPTY, Kind, LogLine, RateLimit, Ref, Resource, Verb
from tui.text import Safe


@dataclass(frozen=True, slots=True, kw_only=True)
class Rows:
    """What one read brought: the good records in the platform's order, and how many could not be read (with the first reason).

    A read whose reply's bytes are those of last time returns the very same ``Rows`` object, so that nobody compares again.
    """

    items: tuple[Resource, ...] = ()
    unreadable: int = 0
    reason: Safe = EMPTY


@dataclass(frozen=True, slots=True, kw_only=True)
class Read:
    """How one kind is read. ``fetch(scope)`` returns all rows of a scope and raises ``errors.PlatformError``.

    ``every`` is the wished interval in seconds while settled and visible; ``cost`` the requests that one fetch makes at least;
    ``per`` the kind whose ids are the scopes (environments are read per application), None where one fetch brings all;
    ``on_demand`` reads are made only while somebody looks at that scope; ``does`` is the literal request line.
    """

    fetch: Callable[[str], Awaitable[Rows]]
    does: str
    every: float = 15.0
    cost: int = 1
    per: Kind | None = None
    on_demand: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Accepted:
    """What a verb's answer said. ``resource`` is the record it returned, if any; ``ref`` the thing it made or changed;
    ``done`` True where the answer itself proves the effect (a 204 delete), False where it only was accepted."""

    ref: Ref | None = None
    resource: Resource | None = None
    text: Safe = EMPTY
    done: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """One request that a verb will send, as the user is shown it: no secret, no header."""

    method: str
    path: str
    query: Mapping[str, str] = field(default_factory=dict)
    body: Mapping[str, Any] | None = None

    def __str__(self) -> str:
        query = "?" + "&".join(f"{key}={value}" for key, value in self.query.items()) if self.query else ""
        return f"{self.method} {self.path}{query}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """How one verb is done to one kind. ``run(ref, values)`` sends it once and raises ``errors.PlatformError``; it never retries.

    ``ref`` is the target: the thing itself, or for CREATE and SET its parent (a service for a variable, an application for an
    environment), or for kinds without a parent ``Ref(connection, kind, "")``. ``values`` are the form's fields by name; a secret
    one is a ``text.Secret``. ``plan(ref, values)`` is the literal request(s), secrets masked, without sending anything.
    """

    run: Callable[[Ref, Mapping[str, Any]], Awaitable[Accepted]]
    plan: Callable[[Ref, Mapping[str, Any]], tuple[Request, ...]]
    does: str
    cost: int = 1


class Platform(Protocol):
    """One configured connection to one platform."""

    name: str
    """The connection's name in the configuration."""
    platform: str
    """encore, dployr or phase."""

    @property
    def flavour(self) -> str:
        """documented, current, or ``unknown`` until ``detect`` has told."""

    @property
    def reads(self) -> Mapping[Kind, Read]: ...

    @property
    def verbs(self) -> Mapping[tuple[Kind, Verb], Call]: ...

    @property
    def instead(self) -> Mapping[tuple[Kind, Verb], str]:
        """Why a verb is missing and what to do instead, in one line, for the footer."""

    @property
    def rate(self) -> RateLimit | None:
        """What the server last said of our budget; None where it says nothing."""

    @property
    def allowance(self) -> tuple[int, float]:
        """Requests per window and the window in seconds that this platform documents, for a server that sends no headers."""

    async def detect(self) -> str:
        """Find the flavour with harmless GETs, remember and return it. Raises ``errors.PlatformError``."""

    def logs(self, ref: Ref, *, tail: int | None, follow: bool, since: datetime | None = None) -> AsyncIterator[tuple[LogLine, ...]]:
        """Open one log stream; yields batches of lines until it ends. An empty batch says that the server answered and is quiet.

        The caller closes the iterator. Raises ``errors.PlatformError`` and ``errors.Unsupported``.
        """

    async def aclose(self) -> None:
        """Close all connections. Never signs out."""
