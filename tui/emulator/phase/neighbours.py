"""What lies beside Phase's apps and environments: the members, the service accounts, the secrets that a console must not touch.

Only reading; what the platform's own pages change here is not served.
"""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response

from tui.emulator.phase.gate import Inside, Visit
from tui.emulator.phase.rules import refuse
from tui.emulator.phase.state import Account, App, PhaseState, Stage
from tui.emulator.phase.timing import moment, times
from tui.emulator.web import Endpoint, Json

SECRETS = (("DB_URL", "postgres://x", "secret"), ("LOG_LEVEL", "info", "config"))
ROLES = ("Owner", "Admin", "Manager", "Developer", "Service")


class Neighbours:
    """Each is counted like everything else, so that a test can see what was never asked for."""

    def __init__(self, state: PhaseState) -> None:
        self._state = state
        self._made = state.world.start - 1e7

    def table(self) -> tuple[tuple[str, str, str, Inside], ...]:
        """Method, path, resource and answer of what only an account may see."""
        return (
            ("GET", "/v1/secrets/", "secrets", self.list_secrets),
            ("GET", "/v1/secrets/dynamic/", "secrets", self.list_dynamic),
            ("GET", "/v1/members/", "members", self.list_members),
            ("GET", "/v1/members/{id}/", "members", self.get_member),
            ("GET", "/v1/members/{id}/access/", "members", self.member_access),
            ("GET", "/v1/service-accounts/", "service-accounts", self.list_robots),
            ("GET", "/v1/service-accounts/{id}/", "service-accounts", self.get_robot),
            ("GET", "/v1/roles/", "roles", self.list_roles),
            ("GET", "/v1/teams/", "teams", self.list_teams),
            ("GET", "/secrets/tokens/", "tokens", self.who_am_i),
        )

    def open(self) -> tuple[Endpoint, ...]:
        """What anybody may ask."""
        return (Endpoint("GET", "/health/", self.health), Endpoint("GET", "/", self.root))

    # --- secrets
    async def list_secrets(self, request: Request, visit: Visit) -> Response:
        stage = self._stage(request, visit)
        return Json([_secret(stage, key, value, kind) for key, value, kind in SECRETS])

    async def list_dynamic(self, request: Request, visit: Visit) -> Response:
        self._stage(request, visit)
        raise refuse(404, "No dynamic secrets found")

    def _stage(self, request: Request, visit: Visit) -> Stage:
        app = visit.the_app()
        if not app.encrypted:
            raise refuse(400, "SSE is not enabled for this App")
        env = request.query_params.get("env")
        if not env:
            raise refuse(403, "Environment context required. Supply `app_id` and `env` as query parameters.")
        stage = self._state.named(app, env)
        if stage is None:
            raise refuse(404, "Environment not found")
        return stage

    # --- people and robots
    async def list_members(self, _request: Request, visit: Visit) -> Response:
        return Json({"data": [self._member(one) for one in self._beside(visit, "User")]})

    async def get_member(self, request: Request, visit: Visit) -> Response:
        return Json(self._member(self._one(request, visit, "User")))

    async def member_access(self, request: Request, visit: Visit) -> Response:
        one = self._one(request, visit, "User")
        return Json(self._member(one) | {"apps": self._granted(one)})

    async def list_robots(self, _request: Request, visit: Visit) -> Response:
        return Json({"data": [self._robot(one) for one in self._beside(visit, "ServiceAccount")]})

    async def get_robot(self, request: Request, visit: Visit) -> Response:
        one = self._one(request, visit, "ServiceAccount")
        token = {
            "id": self._state.world.dice.uuid("token", one.name),
            "name": "Default",
            "createdAt": moment(self._made),
            "expiresAt": None,
        }
        return Json(self._robot(one) | {"tokens": [token], "apps": self._granted(one)})

    async def list_roles(self, _request: Request, _visit: Visit) -> Response:
        made = moment(self._made)
        return Json(
            {"data": [self._role(name) | {"description": name, "color": "", "isDefault": True, "createdAt": made} for name in ROLES]}
        )

    async def list_teams(self, _request: Request, _visit: Visit) -> Response:
        return Json({"data": []})

    def _beside(self, visit: Visit, kind: str) -> list[Account]:
        """The accounts of the visitor's organisation."""
        org = visit.account.org
        return [one for one in self._state.accounts.values() if one.org == org and one.kind == kind and not one.removed]

    def _one(self, request: Request, visit: Visit, kind: str) -> Account:
        wanted = request.path_params["id"]
        found = next((one for one in self._beside(visit, kind) if one.id == wanted), None)
        if found is None:
            raise refuse(404, f"{'Member' if kind == 'User' else 'Service account'} not found")
        return found

    def _role(self, name: str) -> dict[str, object]:
        return {"id": self._state.world.dice.uuid("role", name), "name": name}

    def _member(self, one: Account) -> dict[str, object]:
        address = f"{one.name}@example.com"
        role = self._role(one.role)
        return {"id": one.id, "username": address, "fullName": None, "email": address, "role": role, **times(self._made, self._made)}

    def _robot(self, one: Account) -> dict[str, object]:
        return {"id": one.id, "name": one.name, "role": self._role(one.role), **times(self._made, self._made)}

    def _granted(self, one: Account) -> list[dict[str, object]]:
        def row(app: App) -> dict[str, object]:
            stages = [{"id": stage.id, "name": stage.name, "envType": stage.type} for stage in self._state.stages(app)]
            return {"id": app.id, "name": app.name, "environments": stages}

        return [row(app) for app in self._state.seen_by(one)]

    # --- the command line's own question
    async def who_am_i(self, _request: Request, visit: Visit) -> Response:
        account, dice = visit.account, self._state.world.dice
        who = {"user_id" if account.kind == "User" else "account_id": account.id}
        org = {"id": dice.uuid("org", account.org), "name": account.org}
        share = dice.hexadecimal(64, "share", account.name)
        apps = [self._keyed(app) for app in self._state.seen_by(account)]
        return Json({"wrapped_key_share": share, **who, "offline_enabled": False, "organisation": org, "apps": apps})

    def _keyed(self, app: App) -> dict[str, object]:
        keys = [self._key(stage) for stage in self._state.stages(app)]
        return {"id": app.id, "name": app.name, "encryption": "SSE" if app.encrypted else "E2E", "environment_keys": keys}

    def _key(self, stage: Stage) -> dict[str, object]:
        dice = self._state.world.dice
        told = {"id": stage.id, "name": stage.name, "env_type": stage.type, "index": stage.index}
        when = {"created_at": moment(stage.created), "updated_at": moment(stage.updated)}
        secret = {part: dice.hexadecimal(64, part, stage.id) for part in ("identity_key", "wrapped_seed", "wrapped_salt")}
        return {"id": dice.uuid("key", stage.id), "environment": told | when, "paths": None, **secret}

    # --- without a token
    async def health(self, _request: Request) -> Response:
        return Json({"status": "alive", "version": "v2.73.2"})

    async def root(self, _request: Request) -> Response:
        return Json({"message": "API is alive. Docs: https://docs.phase.dev", "status": "ok"})


def _secret(stage: Stage, key: str, value: str, kind: str) -> dict[str, object]:
    return {
        "id": f"{stage.id[:-2]}{len(key):02d}",
        "key": key,
        "value": value,
        "comment": "",
        "tags": [],
        "override": None,
        "type": kind,
        "lifecycle": "static",
        "path": "/",
        "keyDigest": "0" * 64,
        "version": 1,
        **times(stage.created, stage.updated),
        "environment": stage.id,
        "folder": None,
    }
