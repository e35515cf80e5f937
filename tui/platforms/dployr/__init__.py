"""dployr: deployments, services, machines, routes, projects, variables, webhooks and logs.

Two flavours that share little but their nouns: what the documents describe, and the control plane that is really in use. One connection
speaks one of them.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from datetime import datetime
from typing import Final

from tui.clock import Clock
from tui.errors import BadReply, NoEndpoint, NotFound, Unsupported, WrongBaseUrl
from tui.model import Kind, LogLine, RateLimit, Ref, Verb
from tui.platforms.base import Call, ConnectionSpec, Read, RolloutSource, SignIn
from tui.platforms.dployr import faults, logs
from tui.platforms.dployr.documented import Documented
from tui.platforms.http import Credentials, Transport
from tui.platforms.lines import splitter_for
from tui.platforms.records import Unreadable, items
from tui.platforms.tokens import PasswordLogin, StaticToken

BASE_URL: Final = "https://base.dployr.io"

BATCH: Final = 500
"""Lines that are handed over at once; a burst comes in several batches."""


class Dployr:
    """One connection to dployr."""

    platform = "dployr"

    def __init__(self, spec: ConnectionSpec, transport: Transport, clock: Clock, *, exchange: Transport) -> None:
        self.name = spec.name
        self._transport = transport
        self._exchange = exchange
        self._clock = clock
        self._flavour = spec.flavour if spec.flavour in {"documented", "current"} else "unknown"
        self._documented = Documented(spec.name, transport, clock)

    @property
    def flavour(self) -> str:
        return self._flavour

    @property
    def reads(self) -> Mapping[Kind, Read]:
        return self._documented.reads

    @property
    def verbs(self) -> Mapping[tuple[Kind, Verb], Call]:
        return self._documented.verbs

    @property
    def instead(self) -> Mapping[tuple[Kind, Verb], str]:
        return self._documented.instead

    @property
    def rate(self) -> RateLimit | None:
        return self._transport.rate

    @property
    def allowance(self) -> tuple[int, float]:
        """Requests in a window of so many seconds."""
        return (1000, 3600.0)

    async def detect(self) -> str:
        """Only what is there tells: ``/v1/clusters`` is the control plane's, ``/v1/projects`` the documents'. Two GETs at most."""
        if self._flavour == "unknown":
            if await self._offers("/v1/clusters", "clusters"):
                self._flavour = "current"
            elif await self._offers("/v1/projects", "projects"):
                self._flavour = "documented"
            else:
                raise WrongBaseUrl(
                    f"{self._transport.host} has neither /v1/clusters nor /v1/projects",
                    connection=self.name,
                    hint="check base_url: this does not look like dployr",
                )
        return self._flavour

    async def _offers(self, path: str, name: str) -> bool:
        """Whether this server answers that path with a list. Raises for everything that says neither yes nor no."""
        try:
            reply = await self._transport.get(path)
            items(reply.content, (name,))
        except (NoEndpoint, NotFound):
            return False
        except Unreadable as error:
            raise BadReply(f"GET {path} was answered with {error}", connection=self.name) from None
        return True

    async def logs(self, ref: Ref, *, tail: int | None, follow: bool, since: datetime | None = None) -> AsyncIterator[tuple[LogLine, ...]]:
        """The log of a service. The documents have no ``since``: who opens it again asks for a tail and leaves out what it has."""
        if ref.kind is not Kind.SERVICE:
            raise Unsupported(f"a {ref.kind} has no log", hint="open the log of its service")
        query = ({"tail": str(tail)} if tail is not None else {}) | ({"follow": "true"} if follow else {})
        async with self._transport.stream("/v1/services/{id}/logs", ids={"id": ref.id}, query=query, quiet=follow) as stream:
            yield ()
            splitter = splitter_for(stream.content_type)
            async for chunk in stream.chunks():
                batch = [line for record in splitter.feed(chunk) for line in logs.lines(record, self._clock.wall())]
                for start in range(0, len(batch), BATCH):
                    yield tuple(batch[start : start + BATCH])
            rest = [line for record in splitter.finish() for line in logs.lines(record, self._clock.wall())]
            if rest:
                yield tuple(rest)

    async def aclose(self) -> None:
        await self._transport.aclose()
        await self._exchange.aclose()


def connect(spec: ConnectionSpec, *, credentials: SignIn, clock: Clock, rollouts: RolloutSource) -> Dployr:
    """The adapter of one connection, signed in with a pasted token or else with e-mail and password. Sends nothing."""

    def transport(who: Credentials | None) -> Transport:
        return Transport(
            connection=spec.name,
            base_url=spec.base_url or BASE_URL,
            credentials=who,
            clock=clock,
            errors=faults.read,
            ca_file=spec.ca_file,
            allow_insecure=spec.allow_insecure,
        )

    exchange = transport(None)
    who: Credentials
    if credentials.token:
        who = StaticToken(credentials.token, connection=spec.name, origin=exchange.origin, again=credentials.again)
    else:
        who = PasswordLogin(
            exchange,
            email=credentials.email,
            password=credentials.password,
            clock=clock,
            vault=credentials.vault,
            refresh_path=spec.refresh_path,
        )
    return Dployr(spec, transport(who), clock, exchange=exchange)
