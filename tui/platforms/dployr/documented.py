"""dployr as its documents describe it: which request reads what, which request does what.

The documents give paths and bodies and no shapes of answers; what an answer means is said in ``translate``. The control plane that is
really in use differs in nearly everything and has its own file.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial
from typing import Any, Final, TypeVar

from tui import model
from tui.clock import Clock
from tui.errors import BadReply, NoEndpoint, NotFound, PlatformError
from tui.model import Kind, Ref, Resource, Verb
from tui.platforms.base import Accepted, Call, Read, Rows
from tui.platforms.dployr import translate
from tui.platforms.dployr.metrics import Numbers, numbers
from tui.platforms.dployr.offers import FIELDS, INSTEAD, NAMES, PATHS
from tui.platforms.dployr.translate import Place
from tui.platforms.http import Transport
from tui.platforms.records import REFUSALS, Listing, Unreadable, parse, single
from tui.platforms.replies import Reply
from tui.platforms.sending import Sending, body, call, refused
from tui.text import Safe

T = TypeVar("T")

BUILD: Final[Mapping[Kind, Callable[[bytes, Place], Resource]]] = {
    Kind.DEPLOYMENT: translate.deployment,
    Kind.SERVICE: translate.service,
    Kind.INSTANCE: translate.instance,
    Kind.ROUTE: translate.route,
    Kind.PROJECT: translate.project,
    Kind.WEBHOOK: translate.webhook,
}

YOUNG: Final = 30.0
"""Seconds for which what was read of one service or machine is still part of the list."""


class Documented:
    """The two tables of the documented flavour, and what was read last."""

    def __init__(self, connection: str, transport: Transport, clock: Clock) -> None:
        self._connection = connection
        self._transport = transport
        self._clock = clock
        self._listings: dict[tuple[Kind, str], Listing] = {}
        self._listed: dict[Kind, Rows] = {}
        self._statuses: dict[str, tuple[float, translate.Status]] = {}
        self._numbers: dict[str, tuple[float, Numbers]] = {}
        self._overlaid: dict[Kind, tuple[Rows, Mapping[str, Any], Rows]] = {}
        self.reads: Mapping[Kind, Read] = self._reads()
        self.verbs: Mapping[tuple[Kind, Verb], Call] = self._verbs()
        self.instead = INSTEAD

    # -- reads

    def _reads(self) -> dict[Kind, Read]:
        return {
            Kind.SERVICE: Read(
                fetch=self._services,
                does="GET /v1/services",
                every=10.0,
                one=self._service,
                one_does="GET /v1/services/:id/status",
            ),
            Kind.DEPLOYMENT: Read(
                fetch=partial(self._list, Kind.DEPLOYMENT),
                does="GET /v1/deployments",
                one=self._deployment,
                one_does="GET /v1/deployments/:id",
            ),
            Kind.INSTANCE: Read(
                fetch=self._instances,
                does="GET /v1/instances",
                every=30.0,
                one=self._instance,
                one_does="GET /v1/instances/:id, GET /v1/instances/:id/metrics",
                one_cost=2,
            ),
            Kind.ROUTE: Read(fetch=partial(self._list, Kind.ROUTE), does="GET /v1/proxy/routes", every=60.0),
            Kind.PROJECT: Read(fetch=partial(self._list, Kind.PROJECT), does="GET /v1/projects", every=120.0),
            Kind.WEBHOOK: Read(fetch=partial(self._list, Kind.WEBHOOK), does="GET /v1/webhooks", every=120.0),
            Kind.VARIABLE: Read(fetch=self._variables, does="GET /v1/services/:id/env", every=60.0, per=Kind.SERVICE, on_demand=True),
        }

    def _place(self) -> Place:
        return Place(connection=self._connection, now=self._clock.wall())

    def _listing(self, kind: Kind, scope: str, build: Callable[[bytes, Place], Resource]) -> Listing:
        found = self._listings.get((kind, scope))
        if found is None:
            found = self._listings[kind, scope] = Listing(NAMES[kind], lambda data: build(data, self._place()))
        return found

    async def _list(self, kind: Kind, scope: str) -> Rows:
        reply = await self._transport.get(PATHS[kind])
        try:
            self._listed[kind] = await self._listing(kind, scope, BUILD[kind]).rows(reply.content)
        except Unreadable as error:
            raise self._unreadable(reply, error) from None
        return self._listed[kind]

    async def _services(self, scope: str) -> Rows:
        rows = await self._list(Kind.SERVICE, scope)
        return self._overlay(Kind.SERVICE, rows, self._statuses, partial(translate.with_status, newer=False))

    async def _instances(self, scope: str) -> Rows:
        rows = await self._list(Kind.INSTANCE, scope)
        return self._overlay(Kind.INSTANCE, rows, self._numbers, translate.with_numbers)

    def _overlay(self, kind: Kind, rows: Rows, seen: dict[str, tuple[float, Any]], join: Callable[[Any, Any], Resource]) -> Rows:
        """The list with what was read of single things while it is young; the same object while neither changed."""
        now = self._clock.boot()
        for id_ in [id_ for id_, (at, _) in seen.items() if now - at > YOUNG]:
            del seen[id_]
        if not seen:
            return rows
        young = {id_: each for id_, (_, each) in seen.items()}
        last = self._overlaid.get(kind)
        if last is not None and last[0] is rows and last[1] == young:
            return last[2]
        items_ = tuple(join(each, young[each.ref.id]) if each.ref.id in young else each for each in rows.items)
        shown = replace(rows, items=items_)
        self._overlaid[kind] = (rows, young, shown)
        return shown

    def _found(self, kind: Kind, id_: str) -> Any:
        rows = self._listed.get(kind, Rows())
        return next((each for each in rows.items if each.ref.id == id_), None)

    async def _service(self, ref: Ref) -> Resource:
        """One service: what the list said of it and what its status says now."""
        reply = await self._transport.get("/v1/services/{id}/status", ids={"id": ref.id})
        seen = self._read(reply, NAMES[Kind.SERVICE], translate.status)
        self._statuses[ref.id] = (self._clock.boot(), seen)
        listed = self._found(Kind.SERVICE, ref.id) or model.Service(ref=ref, name=Safe(ref.id), raw=seen.raw)
        return translate.with_status(listed, seen, newer=True)

    async def _deployment(self, ref: Ref) -> Resource:
        reply = await self._transport.get("/v1/deployments/{id}", ids={"id": ref.id})
        return self._read(reply, NAMES[Kind.DEPLOYMENT], translate.deployment)

    async def _instance(self, ref: Ref) -> Resource:
        """One machine and its numbers; a server without metrics still has the machine."""
        reply = await self._transport.get("/v1/instances/{id}", ids={"id": ref.id})
        found = self._read(reply, NAMES[Kind.INSTANCE], translate.instance)
        try:
            measured_reply = await self._transport.get("/v1/instances/{id}/metrics", ids={"id": ref.id})
            measured = self._read(measured_reply, ("metrics",), lambda data, _: numbers(parse(data)))
        except (NoEndpoint, NotFound):
            return found
        self._numbers[ref.id] = (self._clock.boot(), measured)
        return translate.with_numbers(found, measured)

    async def _variables(self, scope: str) -> Rows:
        """The variables of the service ``scope``: a list of ``{"key", "value"}`` or one map."""
        owner = Ref(connection=self._connection, kind=Kind.SERVICE, id=scope)
        reply = await self._transport.get("/v1/services/{id}/env", ids={"id": scope})
        listing = self._listing(Kind.VARIABLE, scope, lambda data, at: translate.variable(data, owner, at))
        try:
            return await listing.rows(translate.as_pairs(reply.content, NAMES[Kind.VARIABLE]))
        except Unreadable as error:
            raise self._unreadable(reply, error) from None

    def _read(self, reply: Reply, names: tuple[str, ...], build: Callable[[bytes, Place], T]) -> T:
        try:
            return build(single(reply.content, names), self._place())
        except REFUSALS as error:
            raise self._unreadable(reply, error) from None

    def _unreadable(self, reply: Reply, error: Exception) -> PlatformError:
        return BadReply(f"{reply.method} {reply.path} was answered with {error}", connection=self._connection, status=reply.status)

    # -- verbs

    def _verbs(self) -> dict[tuple[Kind, Verb], Call]:
        verbs = {
            (kind, Verb.CREATE): call(
                self._transport,
                partial(self._creating, kind),
                partial(self._created, kind),
                does=f"POST {PATHS[kind]}",
                fields=FIELDS[kind, Verb.CREATE],
            )
            for kind in (Kind.DEPLOYMENT, Kind.ROUTE, Kind.PROJECT, Kind.WEBHOOK)
        }
        verbs |= {
            (kind, Verb.DELETE): call(self._transport, partial(self._deleting, kind), self._deleted, does=f"DELETE {PATHS[kind]}/:id")
            for kind in (Kind.DEPLOYMENT, Kind.ROUTE, Kind.PROJECT)
        }
        verbs |= {
            (Kind.SERVICE, verb): call(
                self._transport, partial(self._acting, verb), partial(self._acted, verb), does=f"POST /v1/services/:id/{verb}"
            )
            for verb in (Verb.START, Verb.STOP, Verb.RESTART)
        }
        return verbs | {
            (Kind.DEPLOYMENT, Verb.UPDATE): call(
                self._transport, self._updating, self._updated, does="PUT /v1/deployments/:id", fields=FIELDS[Kind.DEPLOYMENT, Verb.UPDATE]
            ),
            (Kind.VARIABLE, Verb.SET): call(self._transport, self._setting, self._set, does="POST /v1/services/:id/env"),
            (Kind.VARIABLE, Verb.DELETE): call(self._transport, self._unsetting, self._deleted, does="DELETE /v1/services/:id/env/:key"),
        }

    def _body(self, kind: Kind, verb: Verb, values: Mapping[str, Any], least: int = 0) -> dict[str, Any]:
        return body(values, FIELDS[kind, verb], connection=self._connection, what=f"{verb} {kind}", least=least)

    def _creating(self, kind: Kind, ref: Ref, values: Mapping[str, Any]) -> Sending:
        return Sending(method="POST", template=PATHS[kind], body=self._body(kind, Verb.CREATE, values))

    def _created(self, kind: Kind, reply: Reply, ref: Ref, values: Mapping[str, Any]) -> Accepted:
        made = self._answered(kind, reply)
        if made is None:
            return Accepted(text=Safe("accepted; the answer does not name what was made"))
        # A deployment that was accepted has only begun; the others are there as soon as they are answered.
        return Accepted(ref=made.ref, resource=made, text=Safe(f"{kind} {made.name} created"), done=kind is not Kind.DEPLOYMENT)

    def _updating(self, ref: Ref, values: Mapping[str, Any]) -> Sending:
        members = self._body(Kind.DEPLOYMENT, Verb.UPDATE, values, least=1)
        return Sending(method="PUT", template="/v1/deployments/{id}", ids={"id": ref.id}, body=members)

    def _updated(self, reply: Reply, ref: Ref, values: Mapping[str, Any]) -> Accepted:
        made = self._answered(Kind.DEPLOYMENT, reply)
        return Accepted(ref=ref if made is None else made.ref, resource=made, text=Safe("accepted"))

    def _deleting(self, kind: Kind, ref: Ref, values: Mapping[str, Any]) -> Sending:
        return Sending(method="DELETE", template=PATHS[kind] + "/{id}", ids={"id": ref.id})

    def _deleted(self, reply: Reply, ref: Ref, values: Mapping[str, Any]) -> Accepted:
        return Accepted(ref=ref, text=Safe("deleted"), done=True)

    def _acting(self, verb: Verb, ref: Ref, values: Mapping[str, Any]) -> Sending:
        return Sending(method="POST", template=f"/v1/services/{{id}}/{verb}", ids={"id": ref.id})

    def _acted(self, verb: Verb, reply: Reply, ref: Ref, values: Mapping[str, Any]) -> Accepted:
        # What was read of it before no longer holds.
        self._statuses.pop(ref.id, None)
        return Accepted(ref=ref, text=Safe(f"{verb} accepted"))

    def _setting(self, ref: Ref, values: Mapping[str, Any]) -> Sending:
        return Sending(
            method="POST", template="/v1/services/{id}/env", ids={"id": ref.id}, body=self._body(Kind.VARIABLE, Verb.SET, values)
        )

    def _set(self, reply: Reply, ref: Ref, values: Mapping[str, Any]) -> Accepted:
        made = Ref(connection=self._connection, kind=Kind.VARIABLE, id=translate.variable_id(ref.id, str(values["key"])))
        return Accepted(ref=made, text=Safe("set"), done=True)

    def _unsetting(self, ref: Ref, values: Mapping[str, Any]) -> Sending:
        try:
            owner, key = translate.variable_parts(ref.id)
        except ValueError as error:
            raise refused({"variable": str(error)}, connection=self._connection, what="delete variable") from None
        return Sending(method="DELETE", template="/v1/services/{id}/env/{key}", ids={"id": owner, "key": key})

    def _answered(self, kind: Kind, reply: Reply) -> Resource | None:
        """The record that a success carries; None where it carries none, which the documents allow."""
        if not reply.content.strip():
            return None
        try:
            return BUILD[kind](single(reply.content, NAMES[kind]), self._place())
        except REFUSALS:
            return None
