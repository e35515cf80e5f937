"""The contract between the engine and a platform: what can be read, what can be done, what came back.

Declarations only: no HTTP, no JSON, no platform. A platform is a value with two tables; presence in a table means that it can.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from tui.model import EMPTY, Kind, KnownRollout, LogLine, RateLimit, Ref, Resource, Verb
from tui.text import Safe, Secret

if TYPE_CHECKING:
    from tui.platforms.share import Vault


@dataclass(frozen=True, slots=True, kw_only=True)
class Rows:
    """What one read brought: the good records in the platform's order, and how many could not be read (with the first reason).

    A read whose reply's bytes are those of last time returns the very same ``Rows`` object, so that nobody compares again. ``asked`` is
    False where the adapter knew by itself: that says nothing of its server.
    """

    items: tuple[Resource, ...] = ()
    unreadable: int = 0
    reason: Safe = EMPTY
    asked: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Read:
    """How one kind is read. ``fetch(scope)`` returns all rows of a scope and raises ``errors.PlatformError``.

    ``every`` is the wished interval in seconds while settled and visible; ``cost`` the requests that one fetch makes at least;
    ``per`` the kind whose ids are the scopes (environments are read per application), None where one fetch brings all;
    ``on_demand`` reads are made only while somebody looks at that scope; ``does`` is the literal request line.

    ``one(ref)`` reads a single thing afresh with all that the platform says of it (its own address, its status, its metrics), for
    a detail screen and for confirming a verb; it costs ``one_cost`` requests, sent as ``one_does``. What it learnt is also part of
    the next ``fetch`` while it is young. None where the platform has nothing of the kind.
    """

    fetch: Callable[[str], Awaitable[Rows]]
    does: str
    every: float = 15.0
    cost: int = 1
    per: Kind | None = None
    on_demand: bool = False
    one: Callable[[Ref], Awaitable[Resource]] | None = None
    one_does: str = ""
    one_cost: int = 1


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
    ``takes`` are the form's fields that this server knows, None where all of them.
    """

    run: Callable[[Ref, Mapping[str, Any]], Awaitable[Accepted]]
    plan: Callable[[Ref, Mapping[str, Any]], tuple[Request, ...]]
    does: str
    cost: int = 1
    takes: frozenset[str] | None = None


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
    def where(self) -> Safe:
        """What is looked at: the address, and which part of what is there (a cluster)."""

    @property
    def reads(self) -> Mapping[Kind, Read]: ...

    @property
    def verbs(self) -> Mapping[tuple[Kind, Verb], Call]: ...

    @property
    def instead(self) -> Mapping[tuple[Kind, Verb], str]:
        """Why a verb is missing and what to do instead, in one line, for the footer."""

    @property
    def logged(self) -> frozenset[Kind]:
        """The kinds of things that have a log here."""

    @property
    def rate(self) -> RateLimit | None:
        """What the server last said of our budget; None where it says nothing."""

    @property
    def heard(self) -> float | None:
        """When the server last answered anything, in boot time; None before it did. Some reads bring what is known without asking."""

    @property
    def allowance(self) -> tuple[int, float]:
        """Requests per window and the window in seconds that this platform documents, for a server that sends no headers."""

    @property
    def happenings(self) -> Callable[[datetime | None], Awaitable[tuple[Happening, ...]]] | None:
        """What the platform itself wrote down since a moment, newest first; None where it keeps no such list."""

    async def detect(self) -> str:
        """Find the flavour with harmless GETs, remember and return it. Raises ``errors.PlatformError``."""

    async def account(self) -> str:
        """What the credentials are good for beyond reading lists, in a few words: a role, what they do not open. Empty where nothing
        tells. Asks with harmless GETs for what only the configuration names. Raises ``errors.PlatformError``."""

    def logs(
        self, ref: Ref, *, tail: int | None, follow: bool, since: datetime | None = None, until: datetime | None = None
    ) -> AsyncIterator[tuple[LogLine, ...]]:
        """Open one log stream; yields batches of lines until it ends. An empty batch says that the server answered and is quiet.
        ``since`` and ``until`` narrow it where the server can do that; where it cannot, more comes.

        The caller closes the iterator. Raises ``errors.PlatformError`` and ``errors.Unsupported``.
        """

    async def aclose(self) -> None:
        """Close all connections. Never signs out."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AppSpec:
    """One Encore application of a connection: its id, the environments to show, its own client if it has one, and per environment
    the address whose ``/__encore/healthz`` tells what is really live."""

    id: str
    environments: tuple[str, ...] = ()
    client_id: str = ""
    client_secret: Secret | None = None
    health: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class ConnectionSpec:
    """One configured connection, as plain values. ``flavour`` is auto, documented or current; ``operator`` is who we say
    triggered what is triggered here; ``cluster`` the dployr cluster by id or name; an empty ``dashboard_url`` means the platform's own."""

    name: str
    platform: str
    base_url: str
    flavour: str = "auto"
    apps: tuple[AppSpec, ...] = ()
    ca_file: Path | None = None
    allow_insecure: bool = False
    dashboard_url: str = ""
    token_style: str = "auto"  # noqa: S105 - the name of a style
    refresh_path: str = "/v1/auth/refresh"
    cluster: str = ""
    operator: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class SignIn:
    """What one connection signs in with: whatever of it the user gave. ``again`` asks the token's source once more after a 401."""

    token: Secret | None = None
    client_id: str = ""
    client_secret: Secret | None = None
    email: str = ""
    password: Secret | None = None
    vault: Vault | None = None
    again: Callable[[], Awaitable[Secret | None]] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Happening:
    """Something that a platform itself wrote down: its word for it, who did it, and to what."""

    at: datetime | None
    id: str
    what: Safe
    by: Safe = EMPTY
    targets: tuple[Safe, ...] = ()


class RolloutSource(Protocol):
    """The memory of rollouts of one connection: Encore has no list, so the journal is the list. Newest first."""

    def known(self) -> Sequence[KnownRollout]: ...

    def remember(self, rollout: KnownRollout, snapshot: str) -> None:
        """Keep a rollout with the JSON text of its newest reply."""
