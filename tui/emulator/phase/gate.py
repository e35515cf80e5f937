"""What the real Phase checks before it looks at a body, in its order: content type, token, app, address, rate, encryption, role."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Final

from starlette.requests import Request
from starlette.responses import Response

from tui.emulator.phase.rules import INTERNAL, refuse
from tui.emulator.phase.state import Account, App, PhaseState, Stage
from tui.emulator.web import Refusal

WINDOW: Final = 60.0
VERBS: Final[Mapping[str, str]] = {"GET": "read", "POST": "create", "PUT": "update", "DELETE": "delete"}
ROLES: Final[Mapping[str, Mapping[str, str]]] = {
    "Owner": {"apps": "crud", "environments": "crud"},
    "Admin": {"apps": "crud", "environments": "crud"},
    "Manager": {"apps": "crud", "environments": "cru"},
    "Developer": {"apps": "r", "environments": "cru"},
    "Service": {"apps": "cru", "environments": "crud"},
}
COULD_NOT: Final = "Could not resolve app from request."


@dataclass(frozen=True, slots=True, kw_only=True)
class Visit:
    """Who comes, and what for: ``app`` and ``stage`` as far as the request names them."""

    account: Account
    app: App | None = None
    stage: Stage | None = None

    def the_app(self) -> App:
        if self.app is None:
            raise refuse(403, COULD_NOT)
        return self.app

    def the_stage(self) -> Stage:
        if self.stage is None:
            raise refuse(404, "Environment not found")
        return self.stage


Inside = Callable[[Request, Visit], Awaitable[Response]]
"""What answers a request that was let in."""


class Gate:
    """``enter`` lets a request in or raises the refusal that the server would answer with."""

    def __init__(self, state: PhaseState) -> None:
        self._state = state

    def enter(self, request: Request, resource: str) -> Visit:
        """``resource`` is apps, environments or a neighbour's name."""
        accept = request.headers.get("accept", "*/*")
        if not any(kind in accept for kind in ("*/*", "application/*", "application/json")):
            raise refuse(406, "Could not satisfy the request Accept header.")
        account = self._caller(request) if resource == "tokens" else self._account(request)
        app, stage = self._resolved(request, resource, account)
        self._address(request, account)
        self._rate(account)
        if app is not None and not app.encrypted and (resource == "environments" or "id" in request.path_params):
            raise refuse(403, "SSE is not enabled for this App.")
        self._role(request.method, resource, account)
        return Visit(account=account, app=app, stage=stage)

    def _caller(self, request: Request) -> Account:
        """Who asks ``/secrets/tokens/``, which is not under ``/v1``: it breaks without a header, and a bad token is 403."""
        if "authorization" not in request.headers:
            raise refuse(500, INTERNAL)
        try:
            return self._account(request)
        except Refusal as refusal:
            raise Refusal(403 if refusal.status == 401 else refusal.status, refusal.body) from None

    def _account(self, request: Request) -> Account:
        header = request.headers.get("authorization")
        if header is None:
            raise self._unknown("Authentication credentials were not provided.")
        words = header.split(" ")
        if len(words) < 3 or words[0].lower() != "bearer" or words[1] not in ("User", "Service", "ServiceAccount"):
            raise self._unknown("Invalid token")
        if words[1] == "Service":
            raise self._unknown("Service tokens require an environment context")
        account = self._state.accounts.get(words[2])
        if account is None or account.kind != words[1]:
            raise self._unknown("Token expired or deleted")
        if account.removed:
            raise refuse(404, "User not found")
        return account

    def _unknown(self, text: str) -> Refusal:
        early = "phase-prerelease" in self._state.world.quirks
        return Refusal(403 if early else 401, {"error": text}, {} if early else {"WWW-Authenticate": "Bearer"})

    def _resolved(self, request: Request, resource: str, account: Account) -> tuple[App | None, Stage | None]:
        query = request.query_params
        app_id = query.get("app_id") or query.get("appId") or ""
        item = request.path_params.get("id")
        if item is not None and resource == "environments":
            found = self._state.stage(item)
            if found is None or found[0].org != account.org or app_id not in ("", found[0].id):
                raise refuse(404, "Environment not found")
            self._access(account, found[0])
            return found
        if resource == "apps":
            app_id = app_id or item or ""
        header = request.headers.get("environment")
        if header is not None and item is None and self._state.stage(header) is None:
            raise self._unknown("Environment not found")
        if not app_id:
            return None, None
        app = self._state.apps.get(app_id)
        if app is None or app.org != account.org:
            raise refuse(404, f"App with ID {app_id} not found")
        self._access(account, app)
        if item is None and (env := query.get("env")) and self._state.named(app, env) is None:
            raise refuse(404, f"Environment '{env}' not found in App {app.id}")
        return app, None

    def _access(self, account: Account, app: App) -> None:
        if account.apps is None or app.id in account.apps:
            return
        if account.kind == "ServiceAccount":
            raise self._unknown("Service account cannot access this app")
        raise refuse(403, "User cannot access this app")

    def _address(self, request: Request, account: Account) -> None:
        if not account.allowed_from:
            return
        headers = request.headers
        peer = request.client.host if request.client else ""
        address = headers.get("x-real-ip") or headers.get("x-forwarded-for", "").partition(",")[0].strip() or peer
        if address != account.allowed_from:
            raise refuse(403, "Access denied: a network access policy restricts access from your IP address.")

    def _rate(self, account: Account) -> None:
        """A sliding minute; what is refused does not count."""
        allowed, now = self._state.world.options.phase_per_minute, self._state.world.now()
        if not allowed:
            return
        account.calls[:] = [at for at in account.calls if at > now - WINDOW]
        if len(account.calls) >= allowed:
            wait = int(account.calls[-allowed] + WINDOW - now)
            silent = "phase-no-retry-after" in self._state.world.quirks
            text = f"Request was throttled. Expected available in {wait} seconds."
            raise Refusal(429, {"error": text}, {} if silent else {"Retry-After": str(wait)})
        account.calls.append(now)

    @staticmethod
    def _role(method: str, resource: str, account: Account) -> None:
        verb = VERBS.get(method, "read")
        if verb[0] not in ROLES[account.role].get(resource, "crud"):
            raise refuse(403, f"You don't have permission to {verb} {resource}.")
