"""The control plane of dployr that is really in use: what is read from it, and how its pieces are put together.

It says nowhere how a service is: the list has no state, the deployment of the same name tells whether it is being built, and only the
stream of the machines (where there is one) tells what runs. What none of them tells is unknown here, never "running".
"""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Mapping
from contextlib import suppress
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any, Final, TypeVar

from tui import model
from tui.clock import Clock
from tui.errors import BadReply, Forbidden, NoEndpoint, NotFound, PlatformError
from tui.model import Kind, Ref, Resource
from tui.platforms.base import Happening, Read, Rows
from tui.platforms.dployr import plane, translate
from tui.platforms.dployr.clusters import Clusters
from tui.platforms.dployr.settling import Settling
from tui.platforms.dployr.translate import Place
from tui.platforms.dployr.watch import Watch, Workload
from tui.platforms.http import Transport
from tui.platforms.records import REFUSALS, Listing, Unreadable, items, more_follow, parse, single
from tui.platforms.replies import Reply
from tui.text import Safe, Secret, clean

PAGE: Final = 100
"""Records of one page; the server allows no more."""
MOST: Final = 100
"""Pages that are read of one list: a server that always promises another must not keep us for ever."""

T = TypeVar("T")

_NAMES: Final[Mapping[Kind, tuple[str, ...]]] = {
    Kind.SERVICE: ("services", "service"),
    Kind.DEPLOYMENT: ("deployments", "deployment"),
    Kind.INSTANCE: ("instances", "instance"),
    Kind.ROUTE: ("domains", "domain"),
}


class ControlPlane:
    """What one connection reads of one cluster."""

    def __init__(self, connection: str, transport: Transport, clock: Clock, clusters: Clusters, watch: Watch) -> None:
        self._connection = connection
        self._transport = transport
        self._clock = clock
        self._clusters = clusters
        self._watch = watch
        self._listings: dict[tuple[str, Kind, str], Listing] = {}
        self._settling = Settling()
        self._services: dict[str, model.Service] = {}
        self._deployments: dict[str, model.Deployment] = {}
        self._joined: dict[str, tuple[model.Service, model.Deployment | None, Workload | None, model.Service]] = {}
        self._shown: dict[Kind, Rows] = {}
        self.derived: frozenset[str] = frozenset()
        """Addresses among the routes that the server derives and that nobody can delete."""
        self._variables: dict[str, Mapping[str, Secret]] = {}
        self.reads: Mapping[Kind, Read] = self._reads()

    def _reads(self) -> dict[Kind, Read]:
        listed = "&page=1&pageSize=100"
        return {
            Kind.SERVICE: Read(
                fetch=self._all_services,
                does=f"GET /v1/services?clusterId=:cluster{listed}",
                one=self._service,
                one_does="GET /v1/services/:id, GET /v1/services/metrics/:name",
                one_cost=2,
            ),
            Kind.DEPLOYMENT: Read(
                fetch=self._all_deployments,
                does=f"GET /v1/deployments?clusterId=:cluster{listed}",
                one=self._deployment,
                one_does=f"GET /v1/deployments?clusterId=:cluster{listed}",
            ),
            Kind.INSTANCE: Read(
                fetch=self._all_instances,
                does=f"GET /v1/instances?clusterId=:cluster{listed}",
                every=30.0,
                one=self._instance,
                one_does="GET /v1/instances/:id",
            ),
            Kind.ROUTE: Read(
                fetch=self._all_routes,
                does=f"GET /v1/domains?clusterId=:cluster{listed}, GET /v1/proxy/services?clusterId=:cluster",
                every=120.0,
                cost=2,
            ),
            Kind.WEBHOOK: Read(fetch=self._all_webhooks, does="GET /v1/clusters/:cluster/integrations", every=300.0),
            Kind.VARIABLE: Read(fetch=self._all_variables, does="GET /v1/services/:id/envs", every=60.0, per=Kind.SERVICE, on_demand=True),
        }

    # -- what others of this folder need

    def place(self) -> Place:
        return Place(connection=self._connection, now=self._clock.wall())

    def ref(self, kind: Kind, id_: str) -> Ref:
        return Ref(connection=self._connection, kind=kind, id=id_)

    async def service(self, id_or_name: str) -> model.Service:
        """The service of that id or name; asks for the list if it is not known yet. Raises ``NotFound``."""
        for _ in range(2):
            found = self._services.get(id_or_name) or next((each for each in self._services.values() if each.name == id_or_name), None)
            if found is not None:
                return found
            if self._services:
                break
            await self._all_services("")
        raise NotFound(f"no service {clean(id_or_name, 60)!r} in this cluster", connection=self._connection, sent=False)

    def known_service(self, id_or_name: str) -> model.Service | None:
        """The same out of what was read last, without asking."""
        return self._services.get(id_or_name) or next((each for each in self._services.values() if each.name == id_or_name), None)

    def known_deployment(self, id_: str) -> model.Deployment | None:
        """The deployment of that id out of what was read last."""
        return next((each for each in self._deployments.values() if each.ref.id == id_), None)

    def known_deployment_named(self, name: str) -> model.Deployment | None:
        """The deployment of that name out of what was read last."""
        return self._deployments.get(Safe(name))

    def known_variables(self, service_id: str) -> Mapping[str, Secret] | None:
        """The variables of a service as they were last read, None before that."""
        return self._variables.get(service_id)

    def changed(self, name: str) -> None:
        """We changed that deployment: its next state is no flap."""
        self._settling.forget(name)

    def workload(self, name: str) -> Workload | None:
        """What the machine of that service says of it, None where nobody says."""
        return self._watch.workload(name)

    async def machines_of(self, name: str, tags: Collection[str]) -> tuple[str, ...] | None:
        """Those of these machines that say that they run that service; None where no machine says anything."""
        await self._watch.first(tags)
        return self._watch.runs(name)

    async def tags(self) -> tuple[str, ...]:
        """The tags of the machines that run services (build machines do not)."""
        rows = await self._all_instances("")
        return tuple(each.tag for each in rows.items if isinstance(each, model.Instance) and each.role != "build" and each.tag)

    # -- lists

    async def _pages(self, path: str, cluster: str) -> list[bytes]:
        """All pages of one list."""
        contents: list[bytes] = []
        for page in range(1, MOST + 1):
            query = {"clusterId": cluster, "page": str(page), "pageSize": str(PAGE)}
            reply = await self._transport.get(path, query=query)
            contents.append(reply.content)
            if not more_follow(reply.content):
                break
        return contents

    async def _rows(self, kind: Kind, path: str, build: Callable[[bytes, Place], Resource]) -> Rows:
        cluster = await self._clusters.id()
        key = (cluster, kind, "")
        if key not in self._listings:
            self._listings[key] = Listing(_NAMES[kind], lambda data: self._ours(data, cluster, build))
        contents = await self._pages(path, cluster)
        try:
            return await self._listings[key].rows(*contents)
        except Unreadable as error:
            raise BadReply(f"GET {path} was answered with {error}", connection=self._connection) from None

    def _ours(self, data: bytes, cluster: str, build: Callable[[bytes, Place], Resource]) -> Resource | None:
        """A record of our cluster: the server lists services of others, too."""
        value = parse(data)
        owner = value.get("clusterId", value.get("cluster_id")) if isinstance(value, dict) else None
        return None if isinstance(owner, str) and owner != cluster else build(data, self.place())

    async def _all_services(self, scope: str) -> Rows:
        rows = await self._rows(Kind.SERVICE, "/v1/services", translate.service)
        self._watch.listen(await self._clusters.id())
        await self._watch.begin()
        self._services = {each.ref.id: each for each in rows.items if isinstance(each, model.Service)}
        for gone in self._joined.keys() - self._services.keys():
            del self._joined[gone]
        return self._steady(Kind.SERVICE, replace(rows, items=tuple(self._join(each) for each in self._services.values())))

    async def _all_deployments(self, scope: str) -> Rows:
        rows = await self._rows(Kind.DEPLOYMENT, "/v1/deployments", translate.deployment)
        believed = tuple(self._settling.believe(each) for each in rows.items if isinstance(each, model.Deployment))
        self._deployments = {each.name: each for each in believed}
        self._settling.keep(set(self._deployments))
        return self._steady(Kind.DEPLOYMENT, replace(rows, items=believed))

    async def _all_instances(self, scope: str) -> Rows:
        rows = await self._rows(Kind.INSTANCE, "/v1/instances", translate.instance)
        items_ = tuple(self._measured(each) for each in rows.items if isinstance(each, model.Instance))
        return self._steady(Kind.INSTANCE, replace(rows, items=items_))

    def _measured(self, listed: model.Instance) -> model.Instance:
        seen = self._watch.numbers(listed.tag)
        return listed if seen is None else translate.with_numbers(listed, seen)

    def _steady(self, kind: Kind, rows: Rows) -> Rows:
        """The very same object as last time while nothing changed."""
        last = self._shown.get(kind)
        if last is not None and last == rows:
            return last
        self._shown[kind] = rows
        return rows

    def _join(self, listed: model.Service) -> model.Service:
        """A service with what the deployment of its name and its machine know of it."""
        deployment, workload = self._deployments.get(listed.name), self._watch.workload(listed.name)
        last = self._joined.get(listed.ref.id)
        if last is not None and last[0] is listed and last[1] is deployment and last[2] == workload:
            return last[3]
        joined = plane.with_workload(plane.with_deployment(listed, deployment), workload)
        self._joined[listed.ref.id] = (listed, deployment, workload, joined)
        return joined

    # -- single things

    async def _service(self, ref: Ref) -> Resource:
        """One service, its deployment as last read, and the traffic of its last day."""
        id_ = (await self.service(ref.id)).ref.id
        reply = await self._transport.get("/v1/services/{id}", ids={"id": id_})
        listed = self._read(reply, _NAMES[Kind.SERVICE], translate.service)
        joined = self._join(listed)
        traffic = await self._traffic(listed.name)
        return joined if traffic is None else plane.with_traffic(joined, traffic)

    async def _traffic(self, name: str) -> Any:
        cluster = await self._clusters.id()
        try:
            reply = await self._transport.get("/v1/services/metrics/{name}", ids={"name": name}, query={"clusterId": cluster})
            value = parse(single(reply.content, ()))
        except (NoEndpoint, NotFound, Forbidden, *REFUSALS):
            return None
        return value if isinstance(value, dict) else None

    async def deployment(self, ref: Ref) -> model.Deployment:
        """A deployment as it was read last; asks where it never was. Raises ``errors.NotFound``."""
        return self.known_deployment(ref.id) or await self._deployment(ref)

    async def _deployment(self, ref: Ref) -> model.Deployment:
        """The server forbids everybody to ask for one: it is looked up in the list, by its id or by the name it has there."""
        before = self.known_deployment(ref.id)
        await self._all_deployments("")
        found = (
            self.known_deployment(ref.id) or (self._deployments.get(before.name) if before else None) or self._deployments.get(Safe(ref.id))
        )
        if found is None:
            raise NotFound(f"no deployment {clean(ref.id, 60)!r} in this cluster", connection=self._connection)
        return found

    async def _instance(self, ref: Ref) -> Resource:
        reply = await self._transport.get("/v1/instances/{id}", ids={"id": ref.id})
        return self._measured(self._read(reply, _NAMES[Kind.INSTANCE], translate.instance))

    # -- routes, webhooks, variables, events

    async def _all_routes(self, scope: str) -> Rows:
        """The domains, and the addresses that the server derives for every service on every machine (unverified, once each)."""
        domains = await self._rows(Kind.ROUTE, "/v1/domains", plane.domain)
        cluster = await self._clusters.id()
        reply = await self._transport.get("/v1/proxy/services", query={"clusterId": cluster})
        found = {each.ref.id: each for each in domains.items}
        own = frozenset(found)
        unreadable, reason = domains.unreadable, domains.reason
        try:
            raws = items(reply.content, ("services",))
        except Unreadable as error:
            raise self._unreadable(reply, error) from None
        for raw in raws:
            try:
                derived = plane.address(bytes(raw), self.place())
            except REFUSALS as error:
                unreadable, reason = unreadable + 1, reason or clean(str(error), 200)
            else:
                found.setdefault(derived.ref.id, derived)
        self.derived = frozenset(found) - own
        return self._steady(Kind.ROUTE, Rows(items=tuple(found.values()), unreadable=unreadable, reason=reason))

    async def _all_webhooks(self, scope: str) -> Rows:
        """At most one webhook per cluster."""
        cluster = await self._clusters.id()
        reply = await self._transport.get("/v1/clusters/{id}/integrations", ids={"id": cluster})
        try:
            found = plane.integration(single(reply.content, ()), self.place())
        except REFUSALS as error:
            raise self._unreadable(reply, error) from None
        return self._steady(Kind.WEBHOOK, Rows(items=() if found is None else (found,)))

    async def _all_variables(self, scope: str) -> Rows:
        owner = self.ref(Kind.SERVICE, (await self.service(scope)).ref.id)
        content = await self.read_variables(owner.id)
        key = ("", Kind.VARIABLE, owner.id)
        if key not in self._listings:
            self._listings[key] = Listing(("variables",), lambda data: translate.variable(data, owner, self.place()))
        return await self._listings[key].rows(content)

    async def read_variables(self, service_id: str) -> bytes:
        """The variables as JSON pairs; the map itself is kept, because every change has to send all of it."""
        reply = await self._transport.get("/v1/services/{id}/envs", ids={"id": service_id})
        try:
            pairs = translate.as_pairs(single(reply.content, ()), ("envs",))
            self._variables[service_id] = {pair["key"]: Secret(str(pair["value"])) for pair in json.loads(pairs)}
        except (*REFUSALS, KeyError, TypeError, ValueError) as error:
            raise self._unreadable(reply, error) from None
        return pairs

    async def events(self, since: datetime | None, limit: int = PAGE) -> tuple[Happening, ...]:
        """What the server wrote down of this cluster, newest first. An entry is no proof that what it names is over."""
        cluster = await self._clusters.id()
        query = {"clusterId": cluster, "sort": "newest", "window": "24h", "page": "1", "pageSize": str(min(limit, PAGE))}
        reply = await self._transport.get("/v1/runtime/events", query=query)
        found: list[Happening] = []
        try:
            for raw in items(reply.content, ("events",)):
                with suppress(*REFUSALS):  # a bad one costs itself
                    found.append(plane.event(bytes(raw), self._clock.wall()))
        except Unreadable as error:
            raise self._unreadable(reply, error) from None
        edge = since - timedelta(milliseconds=1) if since is not None else None
        return tuple(each for each in found if edge is None or each.at is None or each.at > edge)

    def _read(self, reply: Reply, names: tuple[str, ...], build: Callable[[bytes, Place], T]) -> T:
        try:
            return build(single(reply.content, names), self.place())
        except REFUSALS as error:
            raise self._unreadable(reply, error) from None

    def _unreadable(self, reply: Reply, error: Exception) -> PlatformError:
        return BadReply(f"{reply.method} {reply.path} was answered with {error}", connection=self._connection, status=reply.status)
