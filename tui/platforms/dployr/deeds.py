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
from tui.errors import HalfDone, OutcomeUnknown, PlatformError
from tui.model import Kind, Ref, Verb
from tui.platforms.base import Accepted, Call, Request
from tui.platforms.dployr import plane
from tui.platforms.dployr.clusters import Clusters
from tui.platforms.dployr.control import ControlPlane
from tui.platforms.dployr.offers import CURRENT_FIELDS, CURRENT_INSTEAD, CURRENT_UNASKED
from tui.platforms.dployr.patching import Patching
from tui.platforms.http import Transport
from tui.platforms.records import Unreadable, parse, single, word
from tui.platforms.replies import Reply
from tui.platforms.sending import Sending, body, names, refused, send
from tui.text import Safe, clean

PAUSE: Final = 3.0
"""Seconds between the stop and the start of a restart where no machine tells that the stop has arrived."""
PATIENCE: Final = 20.0
"""Seconds that a machine may take to stop a service that is to be restarted."""
LOOK: Final = 0.5
STOPPED: Final = frozenset({"sleeping", "stopped", "exited"})

_ULID: Final = re.compile(r"[0-9A-HJKMNP-TV-Z]{26}")

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
            return CURRENT_INSTEAD
        reason = f"you are a {current.role} of the cluster {current.name}: ask its owner for the developer role"
        return {**CURRENT_INSTEAD, **dict.fromkeys(self._verbs, reason)}

    def _table(self) -> dict[tuple[Kind, Verb], Call]:
        simple: dict[tuple[Kind, Verb], tuple[Any, Any, str]] = {
            (Kind.DEPLOYMENT, Verb.CREATE): (self._deploying, self._told, "POST /v1/deployments?clusterId=:cluster"),
            (Kind.DEPLOYMENT, Verb.DELETE): (self._deleting, self._deleted, "DELETE /v1/deployments/:id?clusterId=:cluster"),
            (Kind.ROUTE, Verb.CREATE): (self._routing, self._routed, "POST /v1/domains"),
            (Kind.ROUTE, Verb.DELETE): (self._unrouting, self._deleted, "DELETE /v1/domains/:domain"),
            (Kind.WEBHOOK, Verb.CREATE): (self._hooking, self._hooked, "POST /v1/notifications/webhook/setup?clusterId=:cluster"),
            (Kind.SERVICE, Verb.START): (partial(self._acting, Verb.START), self._told, "POST /v1/services/:id/start"),
            (Kind.SERVICE, Verb.STOP): (partial(self._acting, Verb.STOP), self._told, "POST /v1/services/:id/stop"),
        }
        restart = Call(run=self._restart, plan=self._restarting, does="POST /v1/services/:id/stop, POST /v1/services/:id/start", cost=2)
        return {
            **{key: self._simple(build, accept, does, key) for key, (build, accept, does) in simple.items()},
            **Patching(self._connection, self._transport, self._plane).verbs,
            (Kind.SERVICE, Verb.RESTART): restart,
        }

    def _simple(self, build: Any, accept: Any, does: str, key: tuple[Kind, Verb]) -> Call:
        async def run(ref: Ref, values: Values) -> Accepted:
            await self._clusters.id()
            if ref.kind is Kind.SERVICE:
                ref = (await self._plane.service(ref.id)).ref
            reply: Reply = await send(self._transport, build(ref, values))
            accepted: Accepted = accept(reply, ref, values)
            return accepted

        known = names(CURRENT_FIELDS.get(key))
        takes = None if known is None else known - CURRENT_UNASKED.get(key, frozenset())
        return Call(run=run, plan=lambda ref, values: (build(ref, values).shown(),), does=does, takes=takes)

    @property
    def _cluster(self) -> str:
        return self._clusters.current.id if self._clusters.current is not None else ":cluster"

    def _body(self, kind: Kind, verb: Verb, values: Values, least: int = 0) -> dict[str, Any]:
        return body(values, CURRENT_FIELDS[kind, verb], connection=self._connection, what=f"{verb} {kind}", least=least)

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

    def _restarting(self, ref: Ref, values: Values) -> tuple[Request, ...]:
        return tuple(self._acting(verb, ref, values).shown() for verb in (Verb.STOP, Verb.START))

    async def _restart(self, ref: Ref, values: Values) -> Accepted:
        """This server cannot restart: stop, wait for the stop, start. What fails after the stop is told as half done."""
        service = await self._plane.service(ref.id)
        await send(self._transport, self._acting(Verb.STOP, service.ref, values))
        if not await self._stopped(service.name):
            raise HalfDone(
                f"the stop was accepted and has not come about within {PATIENCE:.0f} s: it was not started again",
                connection=self._connection,
                hint="look at it, then start it",
            )
        try:
            await send(self._transport, self._acting(Verb.START, service.ref, values))
        except OutcomeUnknown as error:
            raise OutcomeUnknown(
                f"the stop was accepted, whether it was started again is unknown: {error.message}", connection=self._connection
            ) from None
        except PlatformError as error:
            raise HalfDone(
                f"the stop was accepted, it was not started again: {error.message}",
                connection=self._connection,
                hint="start it",
                status=error.status,
                code=error.code,
                retry_after=error.retry_after,
            ) from None
        return Accepted(ref=service.ref, text=Safe("stop and start were accepted one after the other"))

    async def _stopped(self, name: str) -> bool:
        """Wait until its machine says that it stopped; where no machine says anything, a pause has to do."""
        waited = 0.0
        while waited < PATIENCE:
            await self._clock.sleep(LOOK)
            waited += LOOK
            seen = self._plane.workload(name)
            if seen is None and waited >= PAUSE:
                return True
            if seen is not None and seen.status in STOPPED:
                return True
        return False

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
        if ref.id in self._plane.derived:
            wrong = {"route": "is an address that the server derives, no domain"}
            raise refused(wrong, connection=self._connection, what="delete route")
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
