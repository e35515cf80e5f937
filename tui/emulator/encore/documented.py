"""Encore's API over HTTP: the token, the POST that triggers a rollout, and, where the flavour is current, the GET that reads one
and the health page of an environment.

Written from the platform's documents; error bodies are not documented and follow what Encore's own command line understands.
"""

from __future__ import annotations

import base64
import re
from typing import Any
from urllib.parse import parse_qs, unquote

from starlette.requests import Request
from starlette.responses import Response

from tui.emulator.encore.bent import bent
from tui.emulator.encore.state import EncoreState, Grant
from tui.emulator.web import Endpoint, Json, Refusal, bearer, body_json

SHA = re.compile(r"[0-9a-f]{7,40}")
STYLES = {
    "query": ("query",),
    "form": ("form",),
    "basic": ("basic",),
    "any": ("query", "form", "basic"),
}


class EncoreApi:
    """``current`` adds what only the official text of today has; the world's quirks bend it further."""

    def __init__(self, state: EncoreState, *, current: bool) -> None:
        self._state = state
        self._current = current
        self._quirks = state.world.quirks
        self._asked = 0

    def endpoints(self) -> tuple[Endpoint, ...]:
        documented = (
            Endpoint("POST", "/api/oauth/token", self.token),
            Endpoint("POST", "/api/apps/{app}/envs/{env}/rollouts", self.trigger),
        )
        more = (
            Endpoint("GET", "/api/apps/{app}/rollouts/{id}", self.read),
            Endpoint("GET", "/api/apps/{app}/envs/{env}/rollouts/{id}", self.read_below_environment),
            Endpoint("GET", "/__health/{app}/{env}/__encore/healthz", self.health),
        )
        return (*documented, *more) if self._current else documented

    def _styles(self) -> tuple[str, ...]:
        chosen = next((style for style in STYLES if f"encore-token-{style}" in self._quirks), "any" if self._current else "query")
        return STYLES[chosen]

    async def token(self, request: Request) -> Response:
        given = await self._pairs(request)
        if len(given) > 1:
            raise _oauth(400, "invalid_request", "the client must not use more than one authentication method in a request")
        pair = given[0] if given else ("", "")
        if not all(pair):
            raise _oauth(400, "invalid_request", "client_id and client_secret are required")
        granted = self._state.grant(*pair)
        if granted is None:
            raise _oauth(401, "invalid_client", "the client is unknown or its secret is wrong")
        token, grant = granted
        lifetime = int(self._state.world.options.token_lifetime)
        return Json({"access_token": token, "token_type": "Bearer", "expires_in": lifetime, "actor": grant.actor})

    async def _pairs(self, request: Request) -> list[tuple[str, str]]:
        """The client's id and secret in each of the ways in which they were given and are taken; all but the query are OAuth's."""
        styles, given = self._styles(), list[tuple[str, str]]()
        if "query" in styles and "client_id" in request.query_params:
            given.append((request.query_params["client_id"], request.query_params.get("client_secret", "")))
        form: dict[str, list[str]] = {}
        if request.headers.get("content-type", "").startswith("application/x-www-form-urlencoded"):
            form = parse_qs((await request.body()).decode("utf-8", "replace"))
        oauth = list[tuple[str, str]]()
        if "basic" in styles and request.headers.get("authorization", "").lower().startswith("basic "):
            oauth.append(_basic(request.headers["authorization"][6:]))
        if "form" in styles and "client_id" in form:
            oauth.append((form["client_id"][0], form.get("client_secret", [""])[0]))
        if oauth and form.get("grant_type") != ["client_credentials"]:
            raise _oauth(400, "unsupported_grant_type", "grant_type must be client_credentials")
        return given + oauth

    async def trigger(self, request: Request) -> Response:
        grant = self._allowed(request)
        app, environment = request.path_params["app"], request.path_params["env"]
        self._app(grant, app)
        target = self._target(await _object(request))
        if environment not in self._state.apps[app].environments:
            raise _refuse(400, "validation", {"field": "env", "type": "not_found"}) if self._current else _refuse(404, "env_not_found")
        return self._success(self._state.shown(self._state.trigger(app, environment, target, grant.actor)))

    async def read(self, request: Request) -> Response:
        if "encore-no-read" in self._quirks:
            raise Refusal(405, {"ok": False, "error": {"code": "method_not_allowed"}}, {"Allow": "POST"})
        if "encore-read-below-env" in self._quirks:
            raise _refuse(404, "not_found")
        return self._read(request, None)

    async def read_below_environment(self, request: Request) -> Response:
        if "encore-read-below-env" not in self._quirks:
            raise _refuse(404, "not_found")
        return self._read(request, request.path_params["env"])

    def _read(self, request: Request, environment: str | None) -> Response:
        grant = self._allowed(request)
        self._app(grant, request.path_params["app"])
        rollout = self._state.rollouts.get(request.path_params["id"])
        if rollout is None or rollout.app != request.path_params["app"] or environment not in (None, rollout.environment):
            raise _refuse(404, "rollout_not_found")
        return self._success(self._state.shown(rollout))

    async def health(self, request: Request) -> Response:
        """What the environment itself says without a token; while a rollout deploys, old and new instances take turns."""
        app, environment = request.path_params["app"], request.path_params["env"]
        live = self._state.live(app, environment)
        if not live:
            return Response("404 page not found\n", 404, media_type="text/plain")
        self._asked += 1
        rollout = live[self._asked % len(live)]
        sick = "encore-unhealthy" in self._quirks
        checks = [{"name": "database", "passed": False, "error": "dial tcp: i/o timeout"}] if sick else []
        details = {
            "app_slug": app,
            "env_name": environment,
            "app_revision": self._state.revision(rollout),
            "encore_compiler": "v1.48.9",
            "deploy_id": rollout.id,
            "checks": checks,
            "enabled_experiments": [],
        }
        message = "Your Encore app is up and running!"
        return Json({"code": "unhealthy" if sick else "ok", "message": message, "details": details}, 500 if sick else 200)

    def _success(self, body: dict[str, object]) -> Response:
        body = bent(body, self._quirks)
        return Json({"ok": True, "data": body} if "encore-wrapped" in self._quirks else body)

    def _allowed(self, request: Request) -> Grant:
        token = bearer(request)
        grant = self._state.holder(token) if token else None
        if grant is None:
            raise _refuse(401, "unauthenticated")
        return grant

    def _app(self, grant: Grant, app: str) -> None:
        if app not in self._state.apps:
            raise _refuse(404, "app_not_found")
        if grant.app not in (None, app):
            raise _refuse(403, "permission_denied")

    def _target(self, body: dict[str, Any]) -> str:
        """Exactly one of ``sha`` and ``branch``, or a refusal that names the field."""
        given = [key for key in ("sha", "branch") if body.get(key) is not None]
        if len(given) != 1:
            raise _refuse(400, "validation", {"field": "commit", "type": "exactly_one_of_sha_and_branch"})
        field = given[0]
        value = body[field]
        name = "commit" if field == "sha" else "branch"
        if not isinstance(value, str) or not value.strip():
            raise _refuse(400, "validation", {"field": name, "type": "required"})
        if field == "sha" and not SHA.fullmatch(value):
            raise _refuse(400, "validation", {"field": name, "type": "invalid"})
        if self._current and (value == "0" * 40 or value.startswith("missing/")):
            raise _refuse(400, "validation", {"field": name, "type": "not_found"})
        for flag in ("skip_tests", "force_rebuild") if self._current else ():
            if not isinstance(body.get(flag, False), bool):
                raise _refuse(400, "validation", {"field": flag, "type": "invalid"})
        return value


async def _object(request: Request) -> dict[str, Any]:
    try:
        body = await body_json(request)
    except ValueError:
        body = None
    if not isinstance(body, dict):
        raise _refuse(400, "invalid_request")
    return body


def _basic(text: str) -> tuple[str, str]:
    try:
        name, _, secret = base64.b64decode(text, validate=True).decode().partition(":")
    except ValueError:
        return "", ""
    return unquote(name), unquote(secret)


def _refuse(status: int, code: str, detail: object = None) -> Refusal:
    error: dict[str, object] = {"code": code} if detail is None else {"code": code, "detail": detail}
    return Refusal(status, {"ok": False, "error": error})


def _oauth(status: int, code: str, text: str) -> Refusal:
    return Refusal(status, {"error": code, "error_description": text})
