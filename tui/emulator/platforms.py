"""Which platform is served how: one row each, and the application that its port answers with."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send
from starlette.websockets import WebSocket

from tui.emulator.dployr.accounts import Accounts, Limit
from tui.emulator.dployr.current import errors
from tui.emulator.dployr.current.accounts import OWNER, Members
from tui.emulator.dployr.current.api import ControlPlane
from tui.emulator.dployr.current.desk import Desk
from tui.emulator.dployr.current.lab import furnish
from tui.emulator.dployr.current.stream import StreamRoute
from tui.emulator.dployr.documented import DployrApi, hourly
from tui.emulator.dployr.state import Fleet
from tui.emulator.encore.documented import EncoreApi
from tui.emulator.encore.plans import PLANS
from tui.emulator.encore.state import App, EncoreState
from tui.emulator.phase.current import PhaseCurrentApi, prefixed
from tui.emulator.phase.documented import PhaseApi
from tui.emulator.phase.state import PhaseState
from tui.emulator.timing import rfc3339
from tui.emulator.web import Endpoint, Json, Missing, dispatcher, refused
from tui.emulator.world import World


@dataclass(slots=True)
class Platforms:
    """The three platforms of one world: their states, their applications, and what a client must be told to use them."""

    world: World
    encore: EncoreState = field(init=False)
    fleet: Fleet = field(init=False)
    accounts: Accounts = field(init=False)
    members: Members | None = None
    """On dployr's control plane only."""
    phase: PhaseState = field(init=False)
    _tables: dict[str, tuple[Endpoint, ...]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.encore = EncoreState(self.world)
        self.fleet = Fleet(self.world)
        self.accounts = Accounts(self.world)
        if self.fleet.current:
            self.members = Members(self.world)
            furnish(self.fleet, self.members)
        self.phase = PhaseState(self.world)

    def apps(self) -> dict[str, ASGIApp]:
        """The application of each platform, in the order of the ports."""
        return {"encore": self._encore(), "dployr": self._dployr(), "phase": self._phase()}

    def endpoints(self, platform: str) -> list[tuple[str, str]]:
        """The methods and path templates that a platform answers."""
        return [(endpoint.method, endpoint.template) for endpoint in self._tables[platform]]

    def _served(self, platform: str, table: tuple[Endpoint, ...], missing: Missing, broken: object) -> ASGIApp:
        self._tables[platform] = table
        return dispatcher(platform, table, self.world.ledger, missing, Json(broken, 500))

    def socket(self, platform: str) -> ASGIApp:
        """What answers a WebSocket: dployr's control plane, and a refusal everywhere else."""
        if platform == "dployr" and self.members is not None:
            return StreamRoute(Desk(self.fleet, self.members))
        return _no_socket

    def _encore(self) -> ASGIApp:
        current = self.world.options.flavours["encore"] == "current"
        api = EncoreApi(self.encore, current=current)
        return self._served("encore", api.endpoints(), _encore_missing, _encore_error("internal"))

    def _dployr(self) -> ASGIApp:
        if self.members is not None:
            plane = ControlPlane(self.fleet, self.members)
            unhandled = refused(errors.unhandled())
            self._tables["dployr"] = plane.endpoints()
            app = dispatcher("dployr", plane.endpoints(), self.world.ledger, lambda _request, _allowed: errors.no_such_route(), unhandled)
            return plane.limited(app, Limit(self.world, 60))
        api = DployrApi(self.fleet, self.accounts)
        broken = {"error": {"code": "internal_error", "message": "Internal server error"}}
        app = self._served("dployr", api.endpoints(), _dployr_missing, broken)
        return hourly(app, self.accounts, Limit(self.world))

    def _phase(self) -> ASGIApp:
        broken = {"error": "Internal server error."}
        if self.world.options.flavours["phase"] == "current":
            api = PhaseCurrentApi(self.phase)
            return prefixed(self._served("phase", api.endpoints(), api.missing, broken), self.phase)
        return self._served("phase", PhaseApi(self.phase).endpoints(), _phase_missing, broken)

    def revoke(self, platform: str, refresh: bool) -> int:
        """Make given tokens invalid. Raises ``ValueError`` for a platform without sign-in."""
        if platform == "encore":
            return self.encore.revoke()
        if platform == "dployr" and self.members is not None:
            return self.members.revoke()
        if platform == "dployr":
            return self.accounts.revoke(refresh=refresh)
        raise ValueError(f"{platform} gives no tokens")

    def _dployr_credentials(self) -> dict[str, Any]:
        if self.members is None:
            email, password = next(iter(self.accounts.passwords.items()))
            return {"email": email, "password": password, "token": self.accounts.token}
        tokens = {one.user.email: one.text for one in self.members.tokens.values()}
        clusters = [{"id": one.id, "name": one.name} for one in self.members.clusters.values()]
        return {"email": OWNER, "password": "", "token": tokens[OWNER], "tokens": tokens, "clusters": clusters}

    def _app(self, app: App, url: str) -> dict[str, Any]:
        plans = self.world.scenario.plans
        paces = {env: PLANS[plans.get(env) or plans.get("") or "success"].pace for env in app.environments}
        told = {
            "id": app.slug,
            "environments": list(app.environments),
            "client_id": app.client_id,
            "client_secret": app.client_secret,
            "paces": paces,
        }
        if self.world.options.flavours["encore"] != "current":
            return told
        return told | {"health": {env: f"{url}/__health/{app.slug}/{env}" for env in app.environments}}

    def info(self, urls: dict[str, str]) -> dict[str, Any]:
        """What ``emulate --json`` prints: where everything is and with which credentials."""
        world, encore = self.world, self.encore
        return {
            "encore": {
                "base_url": urls["encore"],
                "client_id": encore.client_id,
                "client_secret": encore.client_secret,
                "apps": [self._app(app, urls["encore"]) for app in encore.apps.values()],
                "rollouts": [
                    {
                        "id": one.id,
                        "app": one.app,
                        "environment": one.environment,
                        "target": one.target,
                        "by": one.by,
                        "at": rfc3339(one.at),
                    }
                    for one in encore.known
                ],
            },
            "dployr": {"base_url": urls["dployr"], **self._dployr_credentials()},
            "phase": {"base_url": urls["phase"], "token": self.phase.tokens["owner"], "tokens": self.phase.tokens},
            "flavours": dict(world.options.flavours),
            "scenario": world.scenario.name,
        }


async def _no_socket(scope: Scope, receive: Receive, send: Send) -> None:
    await WebSocket(scope, receive, send).close()


def _encore_error(code: str) -> dict[str, object]:
    return {"ok": False, "error": {"code": code}}


def _encore_missing(_request: Request, allowed: list[str]) -> Response:
    return _method_not_allowed(_encore_error("method_not_allowed"), allowed) if allowed else Json(_encore_error("not_found"), 404)


def _dployr_missing(_request: Request, allowed: list[str]) -> Response:
    if allowed:
        return _method_not_allowed({"error": {"code": "method_not_allowed", "message": "Method not allowed"}}, allowed)
    return Json({"error": {"code": "not_found", "message": "No such endpoint"}}, 404)


def _phase_missing(request: Request, allowed: list[str]) -> Response:
    if allowed:
        return _method_not_allowed({"error": f'Method "{request.method}" not allowed.'}, allowed)
    return Json({"error": "Not found."}, 404)


def _method_not_allowed(body: object, allowed: list[str]) -> Response:
    return Json(body, 405, {"Allow": ", ".join(dict.fromkeys(allowed))})
