"""The control plane's logs over HTTP: oldest first and oldest kept, a follow that says nothing until it has something to say."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Iterable
from itertools import islice
from typing import Final

from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from tui.emulator.dployr.current import shown
from tui.emulator.dployr.current.accounts import Caller
from tui.emulator.dployr.current.desk import Desk
from tui.emulator.dployr.current.errors import nested, role_required, unhandled
from tui.emulator.dployr.logs import POLL, ndjson
from tui.emulator.dployr.services import Line, Service
from tui.emulator.web import Endpoint, Json

SOURCES: Final = {"all": None, "build": {"build", "deploy"}, "runtime": {"dployrd"}}
"""``runtime`` selects a label under which nodes ship nothing of a container."""
DAY, QUARTER, EVERY, BURST, PAGE = 86400.0, 900.0, 2.0, 200, 500


class LogRoutes:
    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._fleet = desk.fleet

    def endpoints(self) -> tuple[Endpoint, ...]:
        return (
            Endpoint("GET", "/v1/services/{name}/logs", self._desk.signed_in(self.of_service)),
            Endpoint("GET", "/v1/logs", self._desk.signed_in(self.of_cluster)),
        )

    async def of_service(self, request: Request, caller: Caller) -> Response:
        """By name or ULID; an unknown name may be a deployment's."""
        name = request.path_params["name"]
        service = self._fleet.by_name.get(name) or self._fleet.services.get(name)
        waiting = next((one for one in self._fleet.deployments.values() if one.name == name), None)
        if service is None and waiting is None:
            raise nested(404, "Service not found", "resource.missing_resource")
        home = self._desk.home(service) if service else self._desk.members.main
        if not self._desk.members.may(caller.user, home.id, "viewer"):
            raise nested(403, role_required("viewer").body["error"], "permission.viewer_role_required")
        self._available()
        query = request.query_params
        wanted = SOURCES.get(query.get("source", "all"))
        until = _time(query.get("until")) or self._desk.world.now()
        if query.get("follow") in ("true", "1"):
            since = _time(query.get("since")) or self._desk.world.now() - QUARTER
            return Follow(self, service, waiting.said if waiting else [], wanted, since)
        since = _time(query.get("since")) or self._desk.world.now() - DAY
        lines = self.lines(service, waiting.said if waiting else [], wanted, since, until)
        return Json([shown.line(line) for line in islice(lines, _limit(request))])

    def lines(self, service: Service | None, waiting: list[Line], wanted: set[str] | None, since: float, until: float) -> Iterable[Line]:
        if service is not None:
            return self._fleet.lifecycle.lines(service, since, until, wanted)
        return (one for one in waiting if since <= one.at < until and (wanted is None or one.source in wanted))

    async def of_cluster(self, request: Request, caller: Caller) -> Response:
        """Build and deploy lines only; backward drops the newest of what it should bring."""
        query = request.query_params
        if not query.get("clusterId"):
            raise nested(400, "clusterId is required", "request.bad_request")
        self._desk.cluster(request, caller, "viewer")
        self._available()
        service = self._fleet.by_name.get(query.get("serviceId", ""))
        wanted = set(query["source"].split("|")) if query.get("source") else {"build", "deploy", "dployrd"}
        since = _time(query.get("since")) or self._desk.world.now() - DAY
        until = _time(query.get("until")) or self._desk.world.now()
        told = list(self.lines(service, [], wanted, since, until)) if service else []
        count = _limit(request)
        if query.get("direction") == "backward":
            told = told[-count - 1 : -1] if len(told) > count else told
        more = {"serviceId": service.name} if service else {}
        by = {"deploymentId": service.deployment_id} if service and service.deployment_id else {}
        return Json([{**shown.line(line), **more, **({} if line.source == "dployrd" else by)} for line in told[:count]])

    def _available(self) -> None:
        quirks = self._desk.world.quirks
        if "dployr-no-logs" in quirks:
            raise nested(501, "Centralized logs are not available on this server", "LOGS_NOT_AVAILABLE")
        if "dployr-logs-broken" in quirks:
            raise unhandled()

    def broken(self) -> bool:
        return bool({"dployr-logs-broken", "dployr-no-logs"} & self._desk.world.quirks)

    def now(self) -> float:
        self._desk.world.tick()
        return self._desk.world.now()


class Follow(Response):
    """NDJSON without a heartbeat. Not even the status goes out before the first line; a failing store is a clean end."""

    def __init__(self, routes: LogRoutes, service: Service | None, waiting: list[Line], wanted: set[str] | None, since: float) -> None:
        super().__init__(headers={"Cache-Control": "no-cache"}, media_type="application/x-ndjson")
        del self.headers["content-length"]
        self._routes, self._service, self._waiting, self._wanted, self._since = routes, service, waiting, wanted, since

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        gone = asyncio.ensure_future(_gone(receive))
        try:
            await self._tell(send, gone)
        finally:
            gone.cancel()

    async def _tell(self, send: Send, gone: asyncio.Future[None]) -> None:
        begun, since, first = False, self._since, True
        asked = float("-inf")
        while not gone.done():
            now = self._routes.now()
            if self._routes.broken():
                break
            if now >= asked + EVERY:
                asked = now
                lines = self._routes.lines(self._service, self._waiting, self._wanted, since, now)
                fresh = list(lines) if first else list(islice(lines, BURST))
                since, first = fresh[-1].at + 1e-6 if not first and len(fresh) == BURST else now, False
                for start in range(0, len(fresh), PAGE):
                    if not begun:
                        await self._begin(send)
                        begun = True
                    page = b"".join(ndjson(shown.line(line)) for line in fresh[start : start + PAGE])
                    await send({"type": "http.response.body", "body": page, "more_body": True})
            await asyncio.wait({gone}, timeout=POLL)
        if not gone.done():
            if not begun:
                await self._begin(send)
            await send({"type": "http.response.body", "body": b"", "more_body": False})

    async def _begin(self, send: Send) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": self.raw_headers})


async def _gone(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


def _time(text: str | None) -> float | None:
    """Epoch milliseconds: the leading digits of whatever was sent, so that an RFC 3339 time is its year. 0 and nothing: the default."""
    digits = re.match(r"\d{1,15}", text or "")
    return int(digits.group()) / 1000 or None if digits else None


def _limit(request: Request) -> int:
    text = request.query_params.get("limit", "")
    return min(5000, max(1, int(text[:6]))) if text.isascii() and text.isdigit() else 1000
