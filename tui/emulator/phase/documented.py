"""Phase's documented API over HTTP: bare arrays, ``Authorization: Bearer {token}``, whole seconds. Error bodies are not documented."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from tui.emulator.phase.state import App, PhaseState, Stage
from tui.emulator.timing import rfc3339
from tui.emulator.web import Endpoint, Json, Refusal, bearer, body_json, empty

NAME = re.compile(r"[a-zA-Z0-9\-_]{1,64}")
BAD_NAME = "Environment name is invalid. Only letters, numbers, hyphens and underscores are allowed (max 64 characters)."


class PhaseApi:
    """The ten documented endpoints; the trailing slash, which the headings lack and the examples have, is optional."""

    def __init__(self, state: PhaseState) -> None:
        self._state = state

    def endpoints(self) -> tuple[Endpoint, ...]:
        table = (
            ("GET", "/v1/apps", self.list_apps),
            ("POST", "/v1/apps", self.create_app),
            ("GET", "/v1/apps/{id}", self.get_app),
            ("PUT", "/v1/apps/{id}", self.update_app),
            ("DELETE", "/v1/apps/{id}", self.delete_app),
            ("GET", "/v1/environments", self.list_stages),
            ("POST", "/v1/environments", self.create_stage),
            ("GET", "/v1/environments/{id}", self.get_stage),
            ("PUT", "/v1/environments/{id}", self.update_stage),
            ("DELETE", "/v1/environments/{id}", self.delete_stage),
        )
        return tuple(Endpoint(method, path + slash, answer) for method, path, answer in table for slash in ("/", ""))

    # --- apps
    async def list_apps(self, request: Request) -> Response:
        org = self._account(request)
        return Json([_app(app) for app in self._state.newest_first(org) if app.encrypted])

    async def create_app(self, request: Request) -> Response:
        org = self._account(request)
        body = await _object(request)
        if body.get("name") is None:
            raise _refuse(400, "Missing required field: name")
        changes = _changes(body)
        stages = _stage_names(body.get("environments"))
        return Json(_app(self._state.create_app(changes["name"] or "", changes.get("description"), stages, org)))

    async def get_app(self, request: Request) -> Response:
        return Json(_app(self._app(request)))

    async def update_app(self, request: Request) -> Response:
        app = self._app(request)
        changes = _changes(await _object(request))
        if not changes:
            raise _refuse(400, "At least one of 'name' or 'description' must be provided.")
        self._state.update_app(app, changes)
        return Json(_app(app))

    async def delete_app(self, request: Request) -> Response:
        self._state.delete_app(self._app(request))
        return empty()

    # --- environments
    async def list_stages(self, request: Request) -> Response:
        return Json([_stage(stage) for stage in self._state.stages(self._app_of_query(request))])

    async def create_stage(self, request: Request) -> Response:
        app = self._app_of_query(request)
        name = _stage_name((await _object(request)).get("name"))
        if self._state.named(app, name):
            raise _refuse(400, f"An environment named '{name}' already exists in this app.")
        return Json(_stage(self._state.create_stage(app, name)))

    async def get_stage(self, request: Request) -> Response:
        return Json(_stage(self._stage(request)[1]))

    async def update_stage(self, request: Request) -> Response:
        app, stage = self._stage(request)
        name = _stage_name((await _object(request)).get("name"))
        if self._state.named(app, name, but=stage.id):
            raise _refuse(409, f"An environment named '{name}' already exists in this app.")
        self._state.rename_stage(stage, name)
        return Json(_stage(stage))

    async def delete_stage(self, request: Request) -> Response:
        self._state.delete_stage(self._stage(request)[1])
        return empty()

    # --- who and what
    def _account(self, request: Request) -> str:
        token = bearer(request)
        account = self._state.accounts.get(token) if token else None
        if account is None:
            text = "Authentication credentials were not provided." if token is None else "Invalid token"
            raise Refusal(401, {"error": text}, {"WWW-Authenticate": "Bearer"})
        return account.org

    def _app(self, request: Request, app_id: str = "") -> App:
        org = self._account(request)
        app_id = app_id or request.path_params["id"]
        app = self._state.apps.get(app_id)
        if app is None or app.org != org:
            raise _refuse(404, f"App with ID {app_id} not found")
        if not app.encrypted:
            raise _refuse(403, "SSE is not enabled for this App.")
        return app

    def _app_of_query(self, request: Request) -> App:
        self._account(request)
        app_id = request.query_params.get("app_id", "")
        if not app_id:
            raise _refuse(400, "Missing required parameter: app_id")
        return self._app(request, app_id)

    def _stage(self, request: Request) -> tuple[App, Stage]:
        org = self._account(request)
        found = self._state.stage(request.path_params["id"])
        if found is None or found[0].org != org or not found[0].encrypted:
            raise _refuse(404, "Environment not found")
        return found


def _app(app: App) -> dict[str, object]:
    return {
        "id": app.id,
        "name": app.name,
        "description": app.description or "",
        "sseEnabled": app.encrypted,
        "createdAt": rfc3339(app.created),
        "updatedAt": rfc3339(app.updated),
    }


def _stage(stage: Stage) -> dict[str, object]:
    return {
        "id": stage.id,
        "name": stage.name,
        "envType": stage.type,
        "index": stage.index,
        "createdAt": rfc3339(stage.created),
        "updatedAt": rfc3339(stage.updated),
    }


def _changes(body: Mapping[str, Any]) -> dict[str, str | None]:
    """``name`` and ``description`` as far as they were given, checked against the documented limits."""
    out: dict[str, str | None] = {}
    for key, most in (("name", 64), ("description", 10000)):
        value = body.get(key)
        if value is None:
            continue
        if not isinstance(value, str):
            raise _refuse(400, f"'{key}' must be a string.")
        if len(value) > most:
            raise _refuse(400, f"'{key}' cannot exceed {most} characters.")
        out[key] = value
    if "name" in out and not (out["name"] or "").strip():
        raise _refuse(400, "Missing required field: name")
    return out


def _stage_names(value: Any) -> list[str] | None:
    if value is None:
        return None
    if not isinstance(value, list):
        raise _refuse(400, "'environments' must be a list of environment names.")
    if not value:
        raise _refuse(400, "'environments' must not be empty.")
    names: list[str] = []
    for item in value:
        name = _stage_name(item)
        if name.lower() in (one.lower() for one in names):
            raise _refuse(400, f"Duplicate environment name: '{name}'.")
        names.append(name)
    return names


def _stage_name(value: Any) -> str:
    if value is None:
        raise _refuse(400, "Missing required field: name")
    if not isinstance(value, str) or not NAME.fullmatch(value):
        raise _refuse(400, BAD_NAME)
    return value


async def _object(request: Request) -> dict[str, Any]:
    try:
        body = await body_json(request)
    except ValueError:
        raise _refuse(400, "Request body must be valid JSON.") from None
    if not isinstance(body, dict):
        raise _refuse(400, "Request body must be a JSON object.")
    return body


def _refuse(status: int, text: str) -> Refusal:
    return Refusal(status, {"error": text})
