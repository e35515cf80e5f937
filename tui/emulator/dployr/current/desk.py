"""What every route of the control plane needs: who calls, in which cluster, in what role, and what must exist. Raises refusals."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any, TypeAlias

from starlette.requests import Request
from starlette.responses import Response

from tui.emulator.dployr.current.accounts import Caller, Cluster, Members
from tui.emulator.dployr.current.errors import bad, flat, offline, role_required, unhandled
from tui.emulator.dployr.services import Service
from tui.emulator.dployr.state import Fleet, Instance
from tui.emulator.web import bearer, body_json

Handler: TypeAlias = Callable[[Request, Caller], Awaitable[Response]]


class Desk:
    """Looks things up in the order in which the server does."""

    def __init__(self, fleet: Fleet, members: Members) -> None:
        self.fleet = fleet
        self.members = members
        self.world = fleet.world

    def caller(self, request: Request) -> Caller | None:
        return self.members.caller(bearer(request), request.cookies.get("session"))

    def signed_in(self, answer: Handler) -> Callable[[Request], Awaitable[Response]]:
        async def guarded(request: Request) -> Response:
            caller = self.caller(request)
            if caller is None:
                dpat = (bearer(request) or "").startswith("dpat_")
                raise flat(401, "Invalid token" if dpat else "Not authenticated", "auth.bad_token" if dpat else "auth.bad_session")
            return await answer(request, caller)

        return guarded

    def cluster(self, request: Request, caller: Caller, role: str, given: str | None = None) -> Cluster:
        """The cluster that the query (or ``given``) names. A cluster that one is not in looks like one without rights."""
        cluster_id = request.query_params.get("clusterId") if given is None else given
        if not cluster_id:
            raise flat(400, "clusterId is required", "request.bad_request")
        if not self.members.may(caller.user, cluster_id, role):
            raise role_required(role)
        return self.members.clusters[cluster_id]

    def home(self, thing: Service | Instance) -> Cluster:
        return self.members.clusters.get(thing.cluster, self.members.main)

    def service(self, request: Request, caller: Caller, role: str) -> Service:
        """By its ULID only, never by name."""
        found = self.fleet.services.get(request.path_params["id"])
        if found is None:
            raise flat(404, "Service not found", "resource.missing_resource")
        if not self.members.may(caller.user, self.home(found).id, role):
            raise role_required(role)
        return found

    def instance(self, request: Request, caller: Caller, role: str) -> Instance:
        found = self.fleet.instances.get(request.path_params["id"])
        if found is None:
            raise flat(404, "Instance not found", "resource.missing_resource")
        if not self.members.may(caller.user, self.home(found).id, role):
            raise role_required(role)
        return found

    def connected(self, verb: str = "") -> None:
        """Refuse where no node is connected, whatever the instances' status says."""
        quirks = self.world.quirks
        if "dployr-node-offline" in quirks or (verb == "start" and "dployr-no-start" in quirks):
            raise offline(next((one.tag for one in self.fleet.instances.values() if one.role == "instance"), "edge-1"))

    def task(self) -> str:
        return self.world.dice.ulid(self.world.now(), "task", self.world.dice.serial())


async def body(request: Request) -> dict[str, Any]:
    """A route's body as an object. Raises the nested 400."""
    try:
        content = await body_json(request)
    except ValueError:
        content = None
    if not isinstance(content, dict):
        raise bad("Request body is required")
    return content


async def careless_body(request: Request) -> dict[str, Any]:
    """A body that the server reads without care: what is no JSON is an unhandled 500."""
    try:
        content = await body_json(request)
    except ValueError:
        raise unhandled() from None
    if not isinstance(content, dict):
        raise unhandled()
    return content
