"""Phase: apps and their environments, read and changed.

The documented API and the current server differ in the shape of lists, in what a create answers and in their refusals; both are read
here. Secrets are never asked for. An id is only ever sent in the path: an ``app_id`` in the query of an app's own address would make
the server act on that other app.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Mapping
from datetime import datetime
from functools import partial
from typing import Any, Final, TypeVar

from tui.clock import Clock
from tui.errors import BadReply, PlatformError, Unsupported, WrongBaseUrl
from tui.model import EMPTY, Application, Environment, Kind, LogLine, RateLimit, Ref, Resource, Verb
from tui.platforms.base import Accepted, Call, ConnectionSpec, Read, RolloutSource, Rows, SignIn
from tui.platforms.http import Credentials, Transport
from tui.platforms.phase import faults, translate
from tui.platforms.phase.afterwards import Afterwards, Look
from tui.platforms.phase.offers import APP, APPS, ENVIRONMENT, ENVIRONMENTS, FIELDS, INSTEAD
from tui.platforms.records import REFUSALS, Listing, Unreadable, single
from tui.platforms.replies import Reply
from tui.platforms.seg import pinned
from tui.platforms.sending import Sending, body, call
from tui.platforms.tokens import PhaseToken
from tui.text import Safe, Secret, clean

BASE_URL: Final = "https://api.phase.dev"

R = TypeVar("R", bound=Resource)

_NONE: Final = Rows(asked=False)


class Phase:
    """One connection to Phase."""

    platform = "phase"
    logged: frozenset[Kind] = frozenset()
    allowance = (120, 60.0)
    """Requests per account in the smallest plan; the server sends no budget."""
    instead = INSTEAD
    happenings = None

    def __init__(self, spec: ConnectionSpec, transport: Transport, clock: Clock, *, exchange: Transport) -> None:
        self.name = spec.name
        self._transport = transport
        self._exchange = exchange
        self._clock = clock
        self._flavour = spec.flavour if spec.flavour in {"documented", "current"} else "unknown"
        self._path = pinned(spec.base_url or BASE_URL, allow_insecure=spec.allow_insecure).path
        self._apps = Listing(("apps",), lambda data: translate.app(data, self.name, self._clock.wall()))
        self._listed: Mapping[str, Application] = {}
        self._has_listed = False
        self._environments: dict[str, tuple[Safe, Listing]] = {}
        self._owners: dict[str, Ref] = {}
        self.reads: Mapping[Kind, Read] = {
            Kind.APPLICATION: Read(fetch=self._all_apps, does=f"GET {APPS}", every=30.0, one=self._app, one_does=f"GET {APP}"),
            Kind.ENVIRONMENT: Read(
                fetch=self._all_environments,
                does=f"GET {ENVIRONMENTS}?app_id=:id",
                every=120.0,
                per=Kind.APPLICATION,
                one=self._environment,
                one_does=f"GET {ENVIRONMENT}",
            ),
        }
        self.verbs: Mapping[tuple[Kind, Verb], Call] = self._verbs()

    @property
    def flavour(self) -> str:
        return self._flavour

    @property
    def where(self) -> Safe:
        return clean(self._transport.origin + self._path, 200)

    @property
    def rate(self) -> RateLimit | None:
        return self._transport.rate

    @property
    def heard(self) -> float | None:
        return self._transport.heard

    async def detect(self) -> str:
        """The list of apps tells: a bare array is the documented flavour, an object with ``data`` the current one."""
        if self._flavour == "unknown":
            await self._all_apps("")
        return self._flavour

    async def account(self) -> str:
        """Nothing: a token cannot ask for its own permissions."""
        return ""

    def logs(
        self, ref: Ref, *, tail: int | None, follow: bool, since: datetime | None = None, until: datetime | None = None
    ) -> AsyncIterator[tuple[LogLine, ...]]:
        raise Unsupported("Phase runs nothing and has no logs", hint="look at the service where it runs")

    async def aclose(self) -> None:
        await self._transport.aclose()
        await self._exchange.aclose()

    # -- reads

    async def _get(self, template: str, *, ids: Mapping[str, str] | None = None, query: Mapping[str, str] | None = None) -> Reply:
        try:
            return await self._transport.get(template, ids=ids, query=query)
        except WrongBaseUrl as error:
            raise faults.explained(error, self._transport.origin, self._path) from None

    async def _all_apps(self, scope: str) -> Rows:
        reply = await self._get(APPS)
        try:
            rows = await self._apps.rows(reply.content)
        except Unreadable as error:
            raise self._unreadable(reply, error) from None
        if self._flavour == "unknown":
            # Not parsed once more: the rows can be read although a number somewhere in them cannot.
            self._flavour = "documented" if reply.content.lstrip().startswith(b"[") else "current"
        self._listed = {each.ref.id: each for each in rows.items if isinstance(each, Application)}
        self._has_listed = True
        return rows

    async def _app(self, ref: Ref) -> Resource:
        return self._one(await self._get(APP, ids={"id": ref.id}), self._as_app)

    async def _all_environments(self, scope: str) -> Rows:
        """The environments of the app ``scope``. An end-to-end encrypted app can only be listed: it is not asked."""
        owner = self._listed.get(scope)
        if owner is not None and owner.encrypted is False:
            return _NONE
        reply = await self._get(ENVIRONMENTS, query={"app_id": scope})
        name = owner.name if owner is not None else EMPTY
        known = self._environments.get(scope)
        if known is None or known[0] != name:
            app = self._ref(Kind.APPLICATION, scope)
            known = self._environments[scope] = (name, Listing(("environments",), partial(self._as_environment, app, name)))
        try:
            rows = await known[1].rows(reply.content)
        except Unreadable as error:
            raise self._unreadable(reply, error) from None
        self._owners.update((each.ref.id, self._ref(Kind.APPLICATION, scope)) for each in rows.items)
        return rows

    async def _environment(self, ref: Ref) -> Resource:
        reply = await self._get(ENVIRONMENT, ids={"id": ref.id})
        return self._one(reply, partial(self._as_environment, *self._owner(ref.id)))

    def _owner(self, id_: str) -> tuple[Ref, Safe]:
        """The app of an environment, which its own reply does not name."""
        owner = self._owners.get(id_) or self._ref(Kind.APPLICATION, "")
        listed = self._listed.get(owner.id)
        return owner, listed.name if listed is not None else EMPTY

    def _as_app(self, data: bytes) -> Application:
        return translate.app(data, self.name, self._clock.wall())

    def _as_environment(self, owner: Ref, name: Safe, data: bytes) -> Environment:
        return translate.environment(data, owner, name, now=self._clock.wall())

    def _one(self, reply: Reply, build: Callable[[bytes], R]) -> R:
        try:
            return build(single(reply.content, ("app", "environment")))
        except REFUSALS as error:
            raise self._unreadable(reply, error) from None

    def _unreadable(self, reply: Reply, error: Exception) -> PlatformError:
        return BadReply(f"{reply.method} {reply.path} was answered with {error}", connection=self.name, status=reply.status)

    # -- verbs

    def _verbs(self) -> dict[tuple[Kind, Verb], Call]:
        plain: dict[tuple[Kind, Verb], Call] = {
            key: call(self._transport, build, accept, does=does)
            for key, build, accept, does in (
                ((Kind.APPLICATION, Verb.CREATE), self._creating_app, self._app_written, f"POST {APPS}"),
                ((Kind.APPLICATION, Verb.UPDATE), self._updating_app, self._app_written, f"PUT {APP}"),
                ((Kind.APPLICATION, Verb.DELETE), partial(self._deleting, APP), self._deleted, f"DELETE {APP}"),
                ((Kind.ENVIRONMENT, Verb.CREATE), self._creating_environment, self._environment_written, f"POST {ENVIRONMENTS}?app_id=:id"),
                ((Kind.ENVIRONMENT, Verb.UPDATE), self._updating_environment, self._environment_written, f"PUT {ENVIRONMENT}"),
                ((Kind.ENVIRONMENT, Verb.DELETE), partial(self._deleting, ENVIRONMENT), self._deleted, f"DELETE {ENVIRONMENT}"),
            )
        }
        after = Afterwards(self.name, self._clock)
        looks: dict[tuple[Kind, Verb], Callable[[Ref, Mapping[str, Any]], Look]] = {
            (Kind.APPLICATION, Verb.CREATE): lambda ref, values: after.made(
                self._all_apps, "", self._listed if self._has_listed else None, str(values.get("name", ""))
            ),
            (Kind.APPLICATION, Verb.UPDATE): lambda ref, values: after.changed(self._app),
            (Kind.APPLICATION, Verb.DELETE): lambda ref, values: after.left(self._app),
            (Kind.ENVIRONMENT, Verb.CREATE): lambda ref, values: after.made(
                self._all_environments, ref.id, dict(self._owners) if ref.id in self._environments else None, str(values.get("name", ""))
            ),
            (Kind.ENVIRONMENT, Verb.UPDATE): lambda ref, values: after.changed(self._environment),
            (Kind.ENVIRONMENT, Verb.DELETE): lambda ref, values: after.left(self._environment),
        }
        return {key: after.call(each, looks[key], gone=key[1] is Verb.DELETE) for key, each in plain.items()}

    def _body(self, kind: Kind, verb: Verb, values: Mapping[str, Any], least: int = 0) -> dict[str, Any]:
        return body(values, FIELDS[kind, verb], connection=self.name, what=f"{verb} {kind}", least=least)

    def _creating_app(self, ref: Ref, values: Mapping[str, Any]) -> Sending:
        return Sending(method="POST", template=APPS, body=self._body(Kind.APPLICATION, Verb.CREATE, values))

    def _updating_app(self, ref: Ref, values: Mapping[str, Any]) -> Sending:
        members = self._body(Kind.APPLICATION, Verb.UPDATE, values, least=1)
        return Sending(method="PUT", template=APP, ids={"id": ref.id}, body=members)

    def _creating_environment(self, ref: Ref, values: Mapping[str, Any]) -> Sending:
        members = self._body(Kind.ENVIRONMENT, Verb.CREATE, values)
        return Sending(method="POST", template=ENVIRONMENTS, query={"app_id": ref.id}, body=members)

    def _updating_environment(self, ref: Ref, values: Mapping[str, Any]) -> Sending:
        members = self._body(Kind.ENVIRONMENT, Verb.UPDATE, values)
        return Sending(method="PUT", template=ENVIRONMENT, ids={"id": ref.id}, body=members)

    def _deleting(self, template: str, ref: Ref, values: Mapping[str, Any]) -> Sending:
        return Sending(method="DELETE", template=template, ids={"id": ref.id})

    def _deleted(self, reply: Reply, ref: Ref, values: Mapping[str, Any]) -> Accepted:
        return Accepted(ref=ref, text=Safe("deleted"), done=True)

    def _app_written(self, reply: Reply, ref: Ref, values: Mapping[str, Any]) -> Accepted:
        return self._written(reply, self._as_app)

    def _environment_written(self, reply: Reply, ref: Ref, values: Mapping[str, Any]) -> Accepted:
        owner = (ref, self._owner_name(ref)) if ref.kind is Kind.APPLICATION else self._owner(ref.id)
        return self._written(reply, partial(self._as_environment, *owner))

    def _owner_name(self, app: Ref) -> Safe:
        listed = self._listed.get(app.id)
        return listed.name if listed is not None else EMPTY

    def _written(self, reply: Reply, build: Callable[[bytes], Resource]) -> Accepted:
        try:
            made = build(single(reply.content, ("app", "environment")))
        except REFUSALS:
            return Accepted(text=Safe("accepted; the answer does not name what was written"))
        return Accepted(ref=made.ref, resource=made, text=Safe(f"{made.name} is written"), done=True)

    def _ref(self, kind: Kind, id_: str) -> Ref:
        return Ref(connection=self.name, kind=kind, id=id_)


def connect(spec: ConnectionSpec, *, credentials: SignIn, clock: Clock, rollouts: RolloutSource) -> Phase:
    """The adapter of one connection. Sends nothing."""

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
    who = PhaseToken(credentials.token or Secret(""), exchange=exchange, again=credentials.again)
    return Phase(spec, transport(who), clock, exchange=exchange)
