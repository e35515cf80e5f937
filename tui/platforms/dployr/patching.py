"""Variables and changes on the control plane of dployr: one PATCH that replaces the whole map of variables and deploys again.

The map is read once more right before, and a map that is no longer the one that was shown is not replaced. The server stores before it
deploys: what a failure left behind is read and said.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tui.errors import HalfDone, NotFound, OutcomeUnknown, PlatformError, Refused, Unavailable
from tui.model import Kind, Ref, Verb
from tui.platforms.base import Accepted, Call, Request
from tui.platforms.dployr import translate
from tui.platforms.dployr.control import ControlPlane
from tui.platforms.dployr.offers import CURRENT_FIELDS
from tui.platforms.http import Transport
from tui.platforms.sending import Sending, body, names, refused, send
from tui.text import Safe, Secret, clean

Values = Mapping[str, Any]


class Patching:
    """The verbs that are one PATCH of a service."""

    def __init__(self, connection: str, transport: Transport, plane: ControlPlane) -> None:
        self._connection = connection
        self._transport = transport
        self._plane = plane

    @property
    def verbs(self) -> Mapping[tuple[Kind, Verb], Call]:
        """Setting and deleting a variable, changing a deployment."""
        does = "GET /v1/services/:id/envs, PATCH /v1/services/:id"
        return {
            (Kind.VARIABLE, Verb.SET): Call(run=self._set, plan=self._setting, does=does, cost=2),
            (Kind.VARIABLE, Verb.DELETE): Call(run=self._unset, plan=self._unsetting, does=does, cost=2),
            (Kind.DEPLOYMENT, Verb.UPDATE): Call(
                run=self._update, plan=self._updating, does=does, cost=2, takes=names(CURRENT_FIELDS[Kind.DEPLOYMENT, Verb.UPDATE])
            ),
        }

    def _body(self, kind: Kind, verb: Verb, values: Values, least: int = 0) -> dict[str, Any]:
        return body(values, CURRENT_FIELDS[kind, verb], connection=self._connection, what=f"{verb} {kind}", least=least)

    def _setting(self, ref: Ref, values: Values) -> tuple[Request, ...]:
        members = self._body(Kind.VARIABLE, Verb.SET, values)
        return self._patching(ref.id, {members["key"]: members["value"]}, set(), {})

    def _unsetting(self, ref: Ref, values: Values) -> tuple[Request, ...]:
        owner, key = self._owned(ref)
        return self._patching(owner, {}, {key}, {})

    def _owned(self, ref: Ref) -> tuple[str, str]:
        try:
            return translate.variable_parts(ref.id)
        except ValueError as error:
            raise refused({"variable": str(error)}, connection=self._connection, what="delete variable") from None

    def _updating(self, ref: Ref, values: Values) -> tuple[Request, ...]:
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
    ) -> tuple[Request, ...]:
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
        sending = self._patch(id_, members, whole, await self._tag(found.name))
        self._plane.changed(found.name)
        try:
            await send(self._transport, sending)
        except (Unavailable, OutcomeUnknown, Refused) as error:
            if isinstance(error, Refused) and error.status != 503:
                raise
            raise await self._after(error, id_, whole) from None
        return id_

    async def _tag(self, name: str) -> str:
        """The machine that runs the service: the only one there is, or the one that says so on the stream."""
        tags = await self._plane.tags()
        if len(tags) == 1:
            return tags[0]
        running = await self._plane.machines_of(name, tags) if tags else None
        own = [tag for tag in running or () if tag in tags]
        if len(own) == 1:
            return own[0]
        if not tags:
            why = "this cluster has no machine that could run it"
        elif own:
            why = f"several machines run it ({', '.join(own)}), and a change names one"
        else:
            says = "nothing tells" if running is None else "none says"
            why = f"this cluster has several machines ({', '.join(tags)}), and {says} which one runs it"
        raise Refused(f"not sent: {why}", connection=self._connection, hint="use dployr's own console", sent=False)

    async def _after(self, error: PlatformError, id_: str, whole: Mapping[str, Secret] | None) -> PlatformError:
        """What became of a PATCH that was answered with a failure, or not at all. Where no answer came it may be deployed all the same."""
        answered = not isinstance(error, OutcomeUnknown)
        if whole is None and not answered:
            return error
        if whole is None:
            said = "the change is probably stored, and the service was not deployed again"
            return HalfDone(
                f"{error.message}: {said}", connection=self._connection, hint="read it again", status=error.status, code=error.code
            )
        try:
            await self._plane.read_variables(id_)
        except PlatformError:
            return OutcomeUnknown(error.message, connection=self._connection, hint="read the variables again", status=error.status)
        stored = dict(self._plane.known_variables(id_) or {}) == dict(whole)
        if stored and not answered:
            said = "the variables are stored; whether the service is being deployed again is not known"
            return OutcomeUnknown(f"{error.message}: {said}", connection=self._connection, status=error.status)
        if stored:
            said = "the variables are stored, and the service was not deployed again"
            return HalfDone(f"{error.message}: {said}", connection=self._connection, status=error.status, code=error.code)
        return Refused(f"{error.message}: the variables are as before", connection=self._connection, status=error.status, code=error.code)
