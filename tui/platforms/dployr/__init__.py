"""dployr: deployments, services, machines, routes, projects, variables, webhooks and logs.

Two flavours that share little but their nouns: what the documents describe, and the control plane that is really in use. One connection
speaks one of them.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import aclosing, suppress
from dataclasses import replace
from datetime import datetime
from typing import Any, Final

from tui.clock import Clock
from tui.errors import BadReply, NoEndpoint, NotFound, Refused, Unauthorized, Unsupported, WrongBaseUrl
from tui.model import Kind, LogLine, RateLimit, Ref, Verb
from tui.platforms.base import Call, ConnectionSpec, Happening, Read, RolloutSource, SignIn
from tui.platforms.dployr import clusters, faults, following, login
from tui.platforms.dployr.clusters import Clusters
from tui.platforms.dployr.control import ControlPlane
from tui.platforms.dployr.deeds import Deeds
from tui.platforms.dployr.documented import Documented
from tui.platforms.dployr.watch import PATH, Watch
from tui.platforms.http import Credentials, Transport
from tui.platforms.names import Names
from tui.platforms.pinned import Want
from tui.platforms.records import Unreadable, items
from tui.platforms.replies import Reply
from tui.platforms.seg import pinned
from tui.platforms.tokens import PasswordLogin, StaticToken
from tui.platforms.websocket import WebSocket, open_websocket
from tui.text import Safe, Secret, a_or_an, clean

BASE_URL: Final = "https://base.dployr.io"

_COOKIE: Final = "session="
_ALLOWANCE: Final[Mapping[str, tuple[int, float]]] = {"current": (100, 60.0)}
_DOCUMENTED_ALLOWANCE: Final = (1000, 3600.0)


class Dployr:
    """One connection to dployr."""

    platform = "dployr"

    def __init__(self, spec: ConnectionSpec, transport: Transport, clock: Clock, *, exchange: Transport, watch: Watch) -> None:
        self.name = spec.name
        self._transport = transport
        self._exchange = exchange
        self._clock = clock
        self._flavour = spec.flavour if spec.flavour in {"documented", "current"} else "unknown"
        self._documented = Documented(spec.name, transport, clock)
        self._clusters = Clusters(spec.name, transport, spec.cluster)
        self._watch = watch
        self._damage = following.Damage()
        self._plane = ControlPlane(spec.name, transport, clock, self._clusters, watch)
        self._deeds = Deeds(spec.name, transport, clock, self._clusters, self._plane)

    @property
    def flavour(self) -> str:
        return self._flavour

    @property
    def reads(self) -> Mapping[Kind, Read]:
        return self._plane.reads if self._flavour == "current" else self._documented.reads

    @property
    def verbs(self) -> Mapping[tuple[Kind, Verb], Call]:
        return self._deeds.verbs if self._flavour == "current" else self._documented.verbs

    @property
    def instead(self) -> Mapping[tuple[Kind, Verb], str]:
        return self._deeds.instead if self._flavour == "current" else self._documented.instead

    @property
    def where(self) -> Safe:
        cluster = self._clusters.current
        return clean(self._transport.origin + (f", cluster {cluster.name or cluster.id}" if cluster is not None else ""), 200)

    @property
    def logged(self) -> frozenset[Kind]:
        return frozenset({Kind.SERVICE, Kind.DEPLOYMENT}) if self._flavour == "current" else frozenset({Kind.SERVICE})

    @property
    def rate(self) -> RateLimit | None:
        return self._transport.rate

    @property
    def heard(self) -> float | None:
        return self._transport.heard

    @property
    def allowance(self) -> tuple[int, float]:
        """Requests in a window of so many seconds."""
        return _ALLOWANCE.get(self._flavour, _DOCUMENTED_ALLOWANCE)

    @property
    def happenings(self) -> Callable[[datetime | None], Awaitable[tuple[Happening, ...]]]:
        return self.events

    async def events(self, since: datetime | None = None) -> tuple[Happening, ...]:
        """What the platform itself wrote down, newest first; nothing in the documented flavour. Raises ``errors.PlatformError``."""
        return await self._plane.events(since) if self._flavour == "current" else ()

    async def detect(self) -> str:
        """Only what is there tells: ``/v1/clusters`` is the control plane's, ``/v1/projects`` the documents'. Two GETs at most."""
        if self._flavour == "unknown":
            found = await self._offered(clusters.PATH, "clusters")
            if found is not None:
                self._flavour = "current"
                with suppress(Refused):  # a choice that is missing is for the reads to tell
                    self._clusters.take(found)
            elif await self._offered("/v1/projects", "projects") is not None:
                self._flavour = "documented"
            else:
                raise WrongBaseUrl(
                    f"{self._transport.host} has neither /v1/clusters nor /v1/projects",
                    connection=self.name,
                    hint="check base_url: this does not look like dployr",
                )
        return self._flavour

    async def account(self) -> str:
        """Our role, which the control plane tells of each cluster."""
        current = self._clusters.current
        return f"{current.role} of the cluster {current.name or current.id}" if current is not None and current.role else ""

    async def _offered(self, path: str, name: str) -> Reply | None:
        """The list at that path, None if this server has no such path. Raises for everything that says neither yes nor no."""
        try:
            reply = await self._transport.get(path)
            items(reply.content, (name,))
        except (NoEndpoint, NotFound) as error:
            if "/auth/login" in error.message:
                raise Unauthorized(
                    "this server takes no password, only a token: it may be a dployr control plane",
                    connection=self.name,
                    hint=f"sign in with a token: rollwatch login {self.name}",
                    status=error.status,
                ) from None
            return None
        except Unreadable as error:
            raise BadReply(f"GET {path} was answered with {error}", connection=self.name) from None
        return reply

    async def logs(
        self, ref: Ref, *, tail: int | None, follow: bool, since: datetime | None = None, until: datetime | None = None
    ) -> AsyncIterator[tuple[LogLine, ...]]:
        """The log of a service, or what was said while a deployment was built."""
        if ref.kind not in self.logged:
            raise Unsupported(f"{a_or_an(ref.kind)} has no log", hint="open the log of its service")
        if ref.kind is Kind.DEPLOYMENT:
            built = await self._plane.deployment(ref)
            window = following.build_of(built, since=since, until=until)
            stream = following.control(
                self._transport, self._clock, built.name, tail=tail, follow=follow, window=window, damage=self._damage
            )
        elif self._flavour == "current":
            window = following.Window(since=since, until=until)
            stream = following.control(self._transport, self._clock, ref.id, tail=tail, follow=follow, window=window, damage=self._damage)
        else:
            window = following.Window(since=since, until=until)
            stream = following.documented(self._transport, self._clock, ref.id, tail=tail, follow=follow, window=window)
        async with aclosing(stream) as batches:
            async for batch in batches:
                yield batch

    async def aclose(self) -> None:
        await self._watch.aclose()
        await self._transport.aclose()
        await self._exchange.aclose()


class _SessionTransport(Transport):
    """A transport whose requests carry a session's cookie instead of a token."""

    def __init__(self, cookie: Secret, **options: Any) -> None:
        super().__init__(credentials=None, **options)
        self._cookie = cookie

    def _want(self, *parts: Any, **named: Any) -> Want:
        want = super()._want(*parts, **named)
        return replace(want, headers={**want.headers, "Cookie": self._cookie.reveal()}, secrets=(*want.secrets, *login.parts(self._cookie)))


def exchange(spec: ConnectionSpec, clock: Clock) -> Transport:
    """A transport without credentials to that server: for signing in."""
    return Transport(credentials=None, **_options(spec, clock))


async def token_by_code(spec: ConnectionSpec, clock: Clock, *, email: str, name: str, ask: Callable[[str], Awaitable[str]]) -> Secret:
    """A token made with a code that the server mails, or one from an authenticator. Raises ``errors.PlatformError``."""
    way = exchange(spec, clock)
    try:
        return await login.token_by_code(way, email, name, ask)
    finally:
        await way.aclose()


def connect(spec: ConnectionSpec, *, credentials: SignIn, clock: Clock, rollouts: RolloutSource) -> Dployr:
    """The adapter of one connection, signed in with a pasted token or session, or else with e-mail and password. Sends nothing."""
    options = _options(spec, clock)
    plain = exchange(spec, clock)
    who: Credentials | None = None
    transport: Transport
    cookie = credentials.token if credentials.token and credentials.token.reveal().startswith(_COOKIE) else None
    if cookie is not None:
        transport = _SessionTransport(cookie, **options)
    else:
        who = _credentials(spec, credentials, plain, clock)
        transport = Transport(credentials=who, **options)
    address, names = pinned(options["base_url"], allow_insecure=spec.allow_insecure), Names()

    async def stream(cluster: str) -> WebSocket:
        headers = {"Cookie": cookie} if cookie is not None else {}
        pair = await who.header() if who is not None else None
        headers |= {"Authorization": Secret(pair[0])} if pair is not None else {}
        query = {"clusterId": cluster}
        return await open_websocket(spec.name, address, PATH, query=query, headers=headers, names=names, ca_file=spec.ca_file)

    return Dployr(spec, transport, clock, exchange=plain, watch=Watch(spec.name, stream, clock))


def _credentials(spec: ConnectionSpec, given: SignIn, plain: Transport, clock: Clock) -> Credentials:
    if given.token:
        return StaticToken(given.token, connection=spec.name, origin=plain.origin, again=given.again)
    return PasswordLogin(plain, email=given.email, password=given.password, clock=clock, vault=given.vault, refresh_path=spec.refresh_path)


def _options(spec: ConnectionSpec, clock: Clock) -> dict[str, Any]:
    return {
        "connection": spec.name,
        "base_url": spec.base_url or BASE_URL,
        "clock": clock,
        "errors": faults.read,
        "ca_file": spec.ca_file,
        "allow_insecure": spec.allow_insecure,
    }
