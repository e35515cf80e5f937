"""The control plane as one application: all its routes, its limit per minute and user, and its one answer to what it does not know."""

from __future__ import annotations

from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from tui.emulator.dployr.accounts import Limit
from tui.emulator.dployr.current.accounts import Members
from tui.emulator.dployr.current.auth import AuthRoutes
from tui.emulator.dployr.current.deploys import DeployRoutes
from tui.emulator.dployr.current.desk import Desk
from tui.emulator.dployr.current.errors import nested
from tui.emulator.dployr.current.logs import LogRoutes
from tui.emulator.dployr.current.things import ThingRoutes
from tui.emulator.dployr.state import Fleet
from tui.emulator.web import Endpoint, Refusal, refused


class ControlPlane:
    """The routes, and who is who behind them."""

    def __init__(self, fleet: Fleet, members: Members) -> None:
        self.desk = Desk(fleet, members)
        self._parts = (AuthRoutes(self.desk), DeployRoutes(self.desk), ThingRoutes(self.desk), LogRoutes(self.desk))

    def endpoints(self) -> tuple[Endpoint, ...]:
        return tuple(endpoint for part in self._parts for endpoint in part.endpoints())

    def limited(self, app: ASGIApp, limit: Limit) -> ASGIApp:
        """Count against the minute of the user, else of the address; three lower-case headers on every reply, 429 beyond."""
        allowed = limit.world.options.per_minute

        async def counted(scope: Scope, receive: Receive, send: Send) -> None:
            request = Request(scope)
            caller = self.desk.caller(request)
            forwarded = request.headers.get("cf-connecting-ip") or request.headers.get("x-forwarded-for", "").partition(",")[0].strip()
            remaining, reset, wait = limit.take(caller.user.id if caller else f"address {forwarded}", allowed)
            headers = {"x-ratelimit-limit": str(allowed), "x-ratelimit-remaining": str(max(0, remaining)), "x-ratelimit-reset": str(reset)}
            if remaining < 0:
                refusal = nested(429, f"Rate limit exceeded. Try again in {wait} seconds.", "request.too_many_requests")
                await refused(Refusal(429, refusal.body, headers | {"retry-after": str(wait)}))(scope, receive, send)
                return

            async def with_headers(message: Message) -> None:
                if message["type"] == "http.response.start":
                    message["headers"] = [*message["headers"], *((key.encode(), value.encode()) for key, value in headers.items())]
                await send(message)

            await app(scope, receive, with_headers)

        return counted
