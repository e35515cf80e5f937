"""What is done on the control plane of dployr: which requests, in which order, and what their answers prove.

Hardly anything is ever proved: an answer with a task's id means that a machine was told. Two verbs need two requests, and between
them things can be half done; that is said, never repaired in silence.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import partial
from typing import Any, Final

from tui.clock import Clock
from tui.errors import HalfDone, NotFound, OutcomeUnknown, PlatformError, RateLimited, Refused, Unavailable
from tui.model import Kind, Ref, Verb
from tui.platforms.base import Accepted, Call
from tui.platforms.dployr import plane, translate
from tui.platforms.dployr.clusters import Clusters
from tui.platforms.dployr.control import ControlPlane
from tui.platforms.http import Transport
from tui.platforms.records import Unreadable, parse, single, word
from tui.platforms.replies import Reply
from tui.platforms.sending import Field, Sending, body, refused, send
from tui.text import Safe, Secret, clean

PAUSE: Final = 3.0
"""Seconds between the stop and the start of a restart: nothing but time tells that a stop has arrived."""

_ULID: Final = re.compile(r"[0-9A-HJKMNP-TV-Z]{26}")
_NAME: Final = r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])"
_NAME_SAYS: Final = "must be 2 to 63 lower-case letters, digits or hyphens, with none of these at an end"

_BUILD: Final = (
    Field(name="runtime"),
    Field(name="version"),
    Field(name="remote"),
    Field(name="branch"),
    Field(name="build_cmd"),
    Field(name="run_cmd"),
    Field(name="port", kind="int"),
    Field(name="image"),
    Field(name="description"),
    Field(name="env", kind="map"),
)
FIELDS: Final[Mapping[tuple[Kind, Verb], tuple[Field, ...]]] = {
    (Kind.DEPLOYMENT, Verb.CREATE): (
        Field(name="name", required=True, pattern=_NAME, says=_NAME_SAYS),
        Field(name="type", pattern="static|web|worker|job", says="must be static, web, worker or job"),
        Field(name="source", required=True, pattern="remote|image", says="must be remote or image"),
        *_BUILD,
    ),
    (Kind.DEPLOYMENT, Verb.UPDATE): _BUILD,
    (Kind.ROUTE, Verb.CREATE): (
        Field(name="domain", required=True),
        Field(name="service_id", required=True),
        Field(name="port", kind="int"),
    ),
    (Kind.VARIABLE, Verb.SET): (Field(name="key", required=True), Field(name="value", kind="secret", required=True, blank=True)),
    (Kind.WEBHOOK, Verb.CREATE): (Field(name="url", required=True), Field(name="events", kind="list", required=True)),
}

INSTEAD: Final[Mapping[tuple[Kind, Verb], str]] = {
    (Kind.PROJECT, Verb.CREATE): "this server has no projects: its clusters take their place",
    (Kind.PROJECT, Verb.UPDATE): "this server has no projects: its clusters take their place",
    (Kind.PROJECT, Verb.DELETE): "this server has no projects: its clusters take their place",
    (Kind.WEBHOOK, Verb.DELETE): "this server cannot delete its webhook: create another one in its place",
    (Kind.WEBHOOK, Verb.UPDATE): "a cluster has one webhook: creating one replaces it",
    (Kind.ROUTE, Verb.UPDATE): "a domain cannot be changed: delete it and create it again",
    (Kind.SERVICE, Verb.CREATE): "a dployr service comes into being by a deployment: create a deployment",
    (Kind.SERVICE, Verb.DELETE): "deleting services is left to dployr's own console",
    (Kind.SERVICE, Verb.UPDATE): "a dployr service is changed by updating its deployment",
    (Kind.INSTANCE, Verb.RESTART): "restarting a machine is left to dployr's own console: restart its services",
    (Kind.VARIABLE, Verb.UPDATE): "set the variable again: a set replaces its value",
    (Kind.VARIABLE, Verb.CREATE): "set the variable: a set creates it",
    (Kind.DEPLOYMENT, Verb.RESTART): "restart the service of this deployment",
    (Kind.DEPLOYMENT, Verb.STOP): "stop the service of this deployment",
    (Kind.DEPLOYMENT, Verb.START): "start the service of this deployment",
}

Values = Mapping[str, Any]


class Deeds:
    """The verbs of one connection to a control plane."""

    def __init__(self, connection: str, transport: Transport, clock: Clock, clusters: Clusters, plane_: ControlPlane) -> None:
        self._connection = connection
        self._transport = transport
        self._clock = clock
        self._clusters = clusters
        self._plane = plane_
        self._verbs: Mapping[tuple[Kind, Verb], Call] = self._table()

    @property
    def verbs(self) -> Mapping[tuple[Kind, Verb], Call]:
        """What our role in the cluster allows."""
        current = self._clusters.current
        return self._verbs if current is None or current.may_write else {}

    @property
    def instead(self) -> Mapping[tuple[Kind, Verb], str]:
        """Why something is missing: this server, or our role."""
        current = self._clusters.current
        if current is None or current.may_write:
            return INSTEAD
        reason = f"you are a {current.role} of the cluster {current.name}: ask its owner for the developer role"
        return {**INSTEAD, **dict.fromkeys(self._verbs, reason)}

    def _table(self) -> dict[tuple[Kind, Verb], Call]:
        patch = "GET /v1/services/:id/envs, PATCH /v1/services/:id"
        simple: dict[tuple[Kind, Verb], tuple[Any, Any, str]] = {
            (Kind.DEPLOYMENT, Verb.CREATE): (self._deploying, self._told, "POST /v1/deployments?clusterId=:cluster"),
            (Kind.DEPLOYMENT, Verb.DELETE): (self._deleting, self._deleted, "DELETE /v1/deployments/:id?clusterId=:cluster"),
            (Kind.ROUTE, Verb.CREATE): (self._routing, self._routed, "POST /v1/domains"),
            (Kind.ROUTE, Verb.DELETE): (self._unrouting, self._deleted, "DELETE /v1/domains/:domain"),
            (Kind.WEBHOOK, Verb.CREATE): (self._hooking, self._hooked, "POST /v1/notifications/webhook/setup?clusterId=:cluster"),
            (Kind.SERVICE, Verb.START): (partial(self._acting, Verb.START), self._told, "POST /v1/services/:id/start"),
            (Kind.SERVICE, Verb.STOP): (partial(self._acting, Verb.STOP), self._told, "POST /v1/services/:id/stop"),
        }
        verbs = {key: self._simple(build, accept, does) for key, (build, accept, does) in simple.items()}
        return verbs | {
            (Kind.SERVICE, Verb.RESTART): Call(
                run=self._restart, plan=self._restarting, does="POST /v1/services/:id/stop, POST /v1/services/:id/start", cost=2
            ),
            (Kind.VARIABLE, Verb.SET): Call(run=self._set, plan=self._setting, does=patch, cost=2),
            (Kind.VARIABLE, Verb.DELETE): Call(run=self._unset, plan=self._unsetting, does=patch, cost=2),
            (Kind.DEPLOYMENT, Verb.UPDATE): Call(run=self._update, plan=self._updating, does=patch, cost=2),
        }

    def _simple(self, build: Any, accept: Any, does: str) -> Call:
        async def run(ref: Ref, values: Values) -> Accepted:
            await self._clusters.id()
            if ref.kind is Kind.SERVICE:
                ref = (await self._plane.service(ref.id)).ref
            reply: Reply = await send(self._transport, build(ref, values))
            accepted: Accepted = accept(reply, ref, values)
            return accepted

        return Call(run=run, plan=lambda ref, values: (build(ref, values).shown(),), does=does)

    @property
    def _cluster(self) -> str:
        return self._clusters.current.id if self._clusters.current is not None else ":cluster"

    def _body(self, kind: Kind, verb: Verb, values: Values, least: int = 0) -> dict[str, Any]:
        return body(values, FIELDS[kind, verb], connection=self._connection, what=f"{verb} {kind}", least=least)

    # -- deployments

    def _deploying(self, ref: Ref, values: Values) -> Sending:
        """The repository and its branch go as one object; without a type a deployment with a port is a web service, else a worker."""
        members = self._body(Kind.DEPLOYMENT, Verb.CREATE, values)
        remote = {name: members.pop(own) for own, name in (("remote", "url"), ("branch", "branch")) if own in members}
        kind = members.pop("type", "web" if "port" in members else "worker")
        ordered = {"name": members.pop("name"), "type": kind, **members}
        if remote:
            ordered["remote"] = remote
        if "env" in ordered:
            ordered["env_vars"] = ordered.pop("env")
        return Sending(method="POST", template="/v1/deployments", query={"clusterId": self._cluster}, body=ordered)

    def _deleting(self, ref: Ref, values: Values) -> Sending:
        cluster = self._cluster
        return Sending(
            method="DELETE", template="/v1/deployments/{id}", ids={"id": ref.id}, query={"clusterId": cluster}, body={"clusterId": cluster}
        )

    def _told(self, reply: Reply, ref: Ref, values: Values) -> Accepted:
        """A task was handed to a machine; there is no way to ask for it."""
        task = self._task(reply)
        extra = [
            text
            for name, text in (("queued", "it waits for a free builder"), ("cached", "an earlier build is used"))
            if task.get(name) is True
        ]
        text = "; ".join(["accepted", *extra])
        if ref.kind is Kind.DEPLOYMENT:
            name = str(values.get("name", ""))
            self._plane.changed(name)
            made = self._plane.known_deployment_named(name)
            return Accepted(ref=made.ref if made else None, text=Safe(text))
        return Accepted(ref=ref, text=Safe(text))

    def _task(self, reply: Reply) -> Mapping[str, Any]:
        try:
            value = parse(single(reply.content, ()))
        except Unreadable:
            return {}
        return value if isinstance(value, dict) else {}

    def _deleted(self, reply: Reply, ref: Ref, values: Values) -> Accepted:
        return Accepted(ref=ref, text=Safe("deleted"), done=True)

    # -- services

    def _acting(self, verb: Verb, ref: Ref, values: Values) -> Sending:
        """Only the id will do: where the user named the service, its id is put in its place."""
        known = self._plane.known_service(ref.id)
        return Sending(method="POST", template=f"/v1/services/{{id}}/{verb}", ids={"id": known.ref.id if known else ref.id})

    def _restarting(self, ref: Ref, values: Values) -> tuple[Any, ...]:
        return tuple(self._acting(verb, ref, values).shown() for verb in (Verb.STOP, Verb.START))

    async def _restart(self, ref: Ref, values: Values) -> Accepted:
        """This server cannot restart: stop, a pause, start. What fails after the stop leaves the service stopped, and that is said."""
        ref = (await self._plane.service(ref.id)).ref
        await send(self._transport, self._acting(Verb.STOP, ref, values))
        await self._clock.sleep(PAUSE)
        try:
            await send(self._transport, self._acting(Verb.START, ref, values))
        except PlatformError as error:
            unknown = "whether it was started again is unknown" if isinstance(error, OutcomeUnknown) else "it was not started again"
            raise HalfDone(
                f"the stop was accepted, {unknown}: {error.message}",
                connection=self._connection,
                hint="start it",
                status=error.status,
                code=error.code,
                retry_after=error.retry_after,
            ) from None
        return Accepted(ref=ref, text=Safe("stop and start were accepted one after the other; this server does not tell more"))

    # -- variables and changes of a deployment: the whole map is replaced

    def _setting(self, ref: Ref, values: Values) -> tuple[Any, ...]:
        members = self._body(Kind.VARIABLE, Verb.SET, values)
        return self._patching(ref.id, {members["key"]: members["value"]}, set(), {})

    def _unsetting(self, ref: Ref, values: Values) -> tuple[Any, ...]:
        owner, key = self._owned(ref)
        return self._patching(owner, {}, {key}, {})

    def _owned(self, ref: Ref) -> tuple[str, str]:
        try:
            return translate.variable_parts(ref.id)
        except ValueError as error:
            raise refused({"variable": str(error)}, connection=self._connection, what="delete variable") from None

    def _updating(self, ref: Ref, values: Values) -> tuple[Any, ...]:
        service, variables, members = self._changes(ref, values)
        return self._patching(service, variables, set(), members)

    def _changes(self, ref: Ref, values: Values) -> tuple[str, dict[str, Secret], dict[str, Any]]:
        """The service of a deployment (it has its name), the variables to set and the other members of a PATCH."""
        members = self._body(Kind.DEPLOYMENT, Verb.UPDATE, values, least=1)
        deployment = self._plane.known_deployment(ref.id)
        if deployment is None:
            raise NotFound(f"no deployment {clean(ref.id, 60)!r} has been read from this cluster", connection=self._connection, sent=False)
        variables: dict[str, Secret] = members.pop("env", {})
        for own, name in (("remote", "remote_url"), ("branch", "remote_branch")):
            if own in members:
                members[name] = members.pop(own)
        return deployment.name, variables, members

    def _patching(
        self, service: str, change: Mapping[str, Secret], gone: set[str], members: Mapping[str, Any], tag: str = ""
    ) -> tuple[Any, ...]:
        """The two requests as they will be: the map is read once more and then replaced as a whole."""
        known = self._plane.known_service(service)
        id_ = known.ref.id if known else service
        read = Sending(method="GET", template="/v1/services/{id}/envs", ids={"id": id_}).shown()
        variables = self._plane.known_variables(id_)
        whole: dict[str, Any] = dict(variables) if variables is not None else {"(all that are there)": "***"}
        whole = {key: value for key, value in (whole | dict(change)).items() if key not in gone}
        if not change and not gone:
            return (self._patch(id_, members, None, tag).shown(),)
        return read, self._patch(id_, members, whole, tag).shown()

    def _patch(self, id_: str, members: Mapping[str, Any], variables: Mapping[str, Any] | None, tag: str) -> Sending:
        whole = {} if variables is None else {"env_vars": dict(variables)}
        return Sending(
            method="PATCH", template="/v1/services/{id}", ids={"id": id_}, body={"instanceName": tag or ":tag", **members, **whole}
        )

    async def _set(self, ref: Ref, values: Values) -> Accepted:
        members = self._body(Kind.VARIABLE, Verb.SET, values)
        key = members["key"]
        id_ = await self._replace(ref.id, {key: members["value"]}, set(), {})
        made = self._plane.ref(Kind.VARIABLE, translate.variable_id(id_, key))
        return Accepted(ref=made, text=Safe("stored; the service is being deployed again with it"))

    async def _unset(self, ref: Ref, values: Values) -> Accepted:
        owner, key = self._owned(ref)
        await self._replace(owner, {}, {key}, {})
        return Accepted(ref=ref, text=Safe("removed; the service is being deployed again without it"))

    async def _update(self, ref: Ref, values: Values) -> Accepted:
        if self._plane.known_deployment(ref.id) is None:
            await self._plane.reads[Kind.DEPLOYMENT].fetch("")
        service, variables, members = self._changes(ref, values)
        await self._replace(service, variables, set(), members)
        return Accepted(ref=ref, text=Safe("stored; it is being deployed again"))

    async def _replace(self, service: str, change: Mapping[str, Secret], gone: set[str], members: Mapping[str, Any]) -> str:
        """Send the PATCH with the whole map; returns the service's id.

        Refuses where the map is no longer the one that was shown. The server stores before it deploys: after a 5xx the map is read
        again to say what became of it.
        """
        found = await self._plane.service(service)
        id_, shown = found.ref.id, self._plane.known_variables(found.ref.id)
        whole: dict[str, Secret] | None = None
        if change or gone:
            await self._plane.read_variables(id_)
            now = dict(self._plane.known_variables(id_) or {})
            if shown is not None and dict(shown) != now:
                raise Refused(
                    "not sent: the variables are others than those shown",
                    connection=self._connection,
                    hint="look at them again",
                    sent=False,
                )
            whole = {key: value for key, value in (now | dict(change)).items() if key not in gone}
            if gone and whole.keys() == now.keys():
                raise NotFound(f"{found.name} has no variable {', '.join(sorted(gone))}", connection=self._connection, sent=False)
        sending = self._patch(id_, members, whole, await self._tag())
        self._plane.changed(found.name)
        try:
            await send(self._transport, sending)
        except (Unavailable, OutcomeUnknown, Refused) as error:
            if isinstance(error, Refused) and error.status != 503:
                raise
            raise await self._after(error, id_, whole) from None
        return id_

    async def _tag(self) -> str:
        """The machine that runs the service. Nothing says which it is unless there is only one."""
        tags = await self._plane.tags()
        if len(tags) == 1:
            return tags[0]
        why = "no machine that could run it" if not tags else f"several machines ({', '.join(tags)}), and nothing tells which one runs it"
        raise Refused(f"not sent: this cluster has {why}", connection=self._connection, hint="use dployr's own console", sent=False)

    async def _after(self, error: PlatformError, id_: str, whole: Mapping[str, Secret] | None) -> PlatformError:
        """What became of a PATCH that was answered with a failure, or not at all."""
        if whole is None:
            said = "the change is probably stored, and the service was not deployed again"
            return HalfDone(
                f"{error.message}: {said}", connection=self._connection, hint="read it again", status=error.status, code=error.code
            )
        try:
            await self._plane.read_variables(id_)
        except (PlatformError, RateLimited):
            return OutcomeUnknown(error.message, connection=self._connection, hint="read the variables again", status=error.status)
        if dict(self._plane.known_variables(id_) or {}) == dict(whole):
            said = "the variables are stored, and the service was not deployed again"
            return HalfDone(f"{error.message}: {said}", connection=self._connection, status=error.status, code=error.code)
        return Refused(f"{error.message}: the variables are as before", connection=self._connection, status=error.status, code=error.code)

    # -- routes and the webhook

    def _routing(self, ref: Ref, values: Values) -> Sending:
        """The server wants the service's name; a port is not its business and is left out."""
        members = self._body(Kind.ROUTE, Verb.CREATE, values)
        known = self._plane.known_service(members["service_id"])
        named = known.name if known is not None else members["service_id"]
        if known is None and _ULID.fullmatch(named):
            raise refused({"service_id": "is no service that has been read"}, connection=self._connection, what="create route")
        return Sending(
            method="POST", template="/v1/domains", body={"domain": members["domain"], "serviceName": named, "clusterId": self._cluster}
        )

    def _routed(self, reply: Reply, ref: Ref, values: Values) -> Accepted:
        """The domain waits for a TXT record: which one is the most useful thing to say."""
        told = self._task(reply)
        verification = told.get("verification")
        made = self._plane.ref(Kind.ROUTE, str(values["domain"]))
        if not isinstance(verification, dict):
            return Accepted(ref=made, text=Safe("created"))
        record = " ".join(word(verification.get(name), 200) for name in ("type", "name", "value"))
        return Accepted(ref=made, text=clean(f"created; it becomes active with the DNS record {record}", 400))

    def _unrouting(self, ref: Ref, values: Values) -> Sending:
        return Sending(method="DELETE", template="/v1/domains/{domain}", ids={"domain": ref.id})

    def _hooking(self, ref: Ref, values: Values) -> Sending:
        values = {name: value for name, value in values.items() if name != "secret" or value}
        if "secret" in values:
            raise refused({"secret": "is nothing that this server knows"}, connection=self._connection, what="create webhook")
        members = self._body(Kind.WEBHOOK, Verb.CREATE, values)
        return Sending(
            method="POST",
            template="/v1/notifications/webhook/setup",
            query={"clusterId": self._cluster},
            body={"webhookUrl": members["url"], "enabled": True, "events": members["events"]},
        )

    def _hooked(self, reply: Reply, ref: Ref, values: Values) -> Accepted:
        return Accepted(ref=self._plane.ref(Kind.WEBHOOK, plane.WEBHOOK), text=Safe("set; it replaces the one before it"), done=True)
