"""The real Phase (v2.73) over HTTP: lists under ``data``, mandatory slashes, HTML for what it does not know, and all its complaints."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.types import ASGIApp, Receive, Scope, Send

from tui.emulator.phase import rules
from tui.emulator.phase.gate import Gate, Inside, Visit
from tui.emulator.phase.neighbours import Neighbours
from tui.emulator.phase.rules import refuse
from tui.emulator.phase.state import App, PhaseState, Stage
from tui.emulator.phase.timing import times
from tui.emulator.web import Endpoint, Json, Refusal, empty, refused

NOT_FOUND = (
    '<!doctype html>\n<html lang="en">\n<head>\n  <title>Not Found</title>\n</head>\n<body>\n'
    "  <h1>Not Found</h1><p>The requested resource was not found on this server.</p>\n</body>\n</html>"
)
LOGIN = '<!DOCTYPE html><html lang="en"><head><title>Phase Console</title></head><body><div id="__next">Log in</div></body></html>'
COLLECTION, ITEM = "GET, POST, HEAD, OPTIONS", "GET, PUT, DELETE, HEAD, OPTIONS"
ALLOWED: Mapping[str, str] = {
    "/secrets/tokens/": "GET, OPTIONS",
    "/v1/secrets/": "GET, POST, PUT, DELETE, HEAD, OPTIONS",
    "/v1/secrets/dynamic/": "GET, HEAD, OPTIONS",
}
"""What the server says it allows where that is neither a list's nor an item's."""


class PhaseCurrentApi:
    """Apps and environments; what lies beside them is in ``neighbours``."""

    def __init__(self, state: PhaseState) -> None:
        self._state = state
        self._gate = Gate(state)
        self._neighbours = Neighbours(state)

    def endpoints(self) -> tuple[Endpoint, ...]:
        table: tuple[tuple[str, str, str, Inside], ...] = (
            ("GET", "/v1/apps/", "apps", self.list_apps),
            ("POST", "/v1/apps/", "apps", self.create_app),
            ("GET", "/v1/apps/{id}/", "apps", self.get_app),
            ("PUT", "/v1/apps/{id}/", "apps", self.update_app),
            ("DELETE", "/v1/apps/{id}/", "apps", self.delete_app),
            ("GET", "/v1/environments/", "environments", self.list_stages),
            ("POST", "/v1/environments/", "environments", self.create_stage),
            ("GET", "/v1/environments/{id}/", "environments", self.get_stage),
            ("PUT", "/v1/environments/{id}/", "environments", self.update_stage),
            ("DELETE", "/v1/environments/{id}/", "environments", self.delete_stage),
            *self._neighbours.table(),
        )
        guarded = tuple(Endpoint(method, path, self._inside(resource, answer)) for method, path, resource, answer in table)
        return (*guarded, *self._neighbours.open())

    def missing(self, request: Request, allowed: list[str]) -> Response:
        """A wrong method is told only to those who may come in; an unknown path is a page."""
        path = request.scope["path"]
        if not allowed:
            if "phase-prerelease" in self._state.world.quirks and not path.endswith("/"):
                return RedirectResponse(path + "/", 301)
            return Response(NOT_FOUND, 404, media_type="text/html")
        resource = path.split("/")[2] if path.startswith("/v1/") else ""
        try:
            self._gate.enter(request, resource)
        except Refusal as refusal:
            return _with_allow(refused(refusal), request)
        return _with_allow(Json({"error": f'Method "{request.method}" not allowed.'}, 405), request)

    def _inside(self, resource: str, answer: Inside) -> Callable[[Request], Awaitable[Response]]:
        async def guarded(request: Request) -> Response:
            try:
                reply = await answer(request, self._gate.enter(request, resource))
            except Refusal as refusal:
                raise Refusal(refusal.status, refusal.body, {**refusal.headers, "Allow": _allow(request)}, refusal.stored) from None
            return _with_allow(reply, request)

        return guarded

    # --- apps
    async def list_apps(self, _request: Request, visit: Visit) -> Response:
        return self._listed([_app(app) for app in self._state.seen_by(visit.account)])

    async def create_app(self, request: Request, visit: Visit) -> Response:
        content = await rules.body(request)
        if not isinstance(content, dict):
            raise refuse(400, "Request body must be a JSON object.")
        name = rules.app_name(content.get("name"))
        given = content.get("description")
        description = None if given is None else rules.description(given)
        stages = rules.stage_names(content.get("environments"))
        plan = self._state.plans[visit.account.org]
        if stages and plan == "free":
            raise refuse(403, rules.NO_CUSTOM)
        if len(stages or ()) > rules.QUOTA.get(plan, 10**6):
            raise refuse(403, rules.NO_ENVIRONMENTS_LEFT)
        if plan == "free" and len(self._state.newest_first(visit.account.org)) >= rules.QUOTA["free"]:
            raise refuse(403, rules.NO_APPS_LEFT)
        app = self._state.create_app(name, description, stages, visit.account.org)
        if visit.account.apps is not None:
            visit.account.apps.add(app.id)
        self._stored()
        early = "phase-prerelease" in self._state.world.quirks
        more = {} if early else {"environments": [_stage(stage) for stage in self._state.stages(app)]}
        return Json(_app(app) | more, 201)

    async def get_app(self, _request: Request, visit: Visit) -> Response:
        return Json(_app(visit.the_app()))

    async def update_app(self, request: Request, visit: Visit) -> Response:
        app = visit.the_app()
        content = await rules.body(request)
        if not isinstance(content, dict):
            raise refuse(500, rules.INTERNAL)
        changes: dict[str, str | None] = {}
        if content.get("name") is not None:
            changes["name"] = rules.app_name(content["name"])
        if content.get("description") is not None:
            changes["description"] = rules.description(content["description"])
        if not changes:
            raise refuse(400, "At least one of 'name' or 'description' must be provided.")
        self._state.update_app(app, changes)
        return Json(_app(app))

    async def delete_app(self, _request: Request, visit: Visit) -> Response:
        self._state.delete_app(visit.the_app())
        return empty()

    # --- environments
    async def list_stages(self, _request: Request, visit: Visit) -> Response:
        return self._listed([_stage(stage) for stage in self._state.stages(visit.the_app())])

    async def create_stage(self, request: Request, visit: Visit) -> Response:
        app = visit.the_app()
        name = rules.given_stage_name(await rules.body(request))
        plan = self._state.plans[visit.account.org]
        if len(app.stages) >= rules.QUOTA.get(plan, 10**6):
            raise refuse(403, rules.NO_ENVIRONMENTS_LEFT)
        if plan == "free":
            raise refuse(403, rules.NO_CUSTOM)
        self._check(app, name, 400)
        stage = self._state.create_stage(app, name)
        self._stored()
        return Json(_stage(stage), 201)

    async def get_stage(self, _request: Request, visit: Visit) -> Response:
        return Json(_stage(visit.the_stage()))

    async def update_stage(self, request: Request, visit: Visit) -> Response:
        app, stage = visit.the_app(), visit.the_stage()
        name = rules.given_stage_name(await rules.body(request))
        self._plan_allows(visit, stage)
        self._check(app, name, 409, stage.id)
        self._state.rename_stage(stage, name)
        self._stored()
        return Json(_stage(stage))

    async def delete_stage(self, _request: Request, visit: Visit) -> Response:
        stage = visit.the_stage()
        self._plan_allows(visit, stage)
        self._state.delete_stage(stage)
        return empty()

    def _plan_allows(self, visit: Visit, stage: Stage) -> None:
        if stage.type == "custom" and self._state.plans[visit.account.org] == "free":
            raise refuse(403, rules.NO_CUSTOM)

    def _check(self, app: App, name: str, taken: int, but: str = "") -> None:
        if not rules.STAGE_NAME.match(name):
            raise refuse(400, rules.BAD_STAGE)
        if self._state.named(app, name, but):
            raise refuse(taken, f"An environment named '{name}' already exists in this app.")

    def _stored(self) -> None:
        """With the queue store down the change is kept and the answer is an error."""
        if "phase-stored-500" in self._state.world.quirks:
            raise refuse(500, rules.INTERNAL, stored=True)

    def _listed(self, rows: list[dict[str, object]]) -> Response:
        return Json(rows if "phase-prerelease" in self._state.world.quirks else {"data": rows})


def prefixed(app: ASGIApp, state: PhaseState) -> ASGIApp:
    """The same routes below ``/service``, ``/public`` and both; and a connection that is never kept."""

    async def served(scope: Scope, receive: Receive, send: Send) -> None:
        path = scope["path"]
        for prefix in ("/service", "/public"):
            path = path.removeprefix(prefix) if path.startswith(prefix + "/") else path

        async def closing(message: Any) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = [*message["headers"], (b"connection", b"close"), (b"vary", b"origin")]
            await send(message)

        if "phase-login-page" in state.world.quirks and not scope["path"].startswith("/service/"):
            await Response(LOGIN, 200, media_type="text/html")(scope, receive, closing)
            return
        await app({**scope, "path": path}, receive, closing)

    return served


def _allow(request: Request) -> str:
    path = str(request.scope["path"])
    if path.endswith("/access/"):
        return "GET, PUT, HEAD, OPTIONS"
    return ALLOWED.get(path) or (ITEM if "id" in request.path_params else COLLECTION)


def _with_allow(reply: Response, request: Request) -> Response:
    reply.headers["Allow"] = _allow(request)
    return reply


def _app(app: App) -> dict[str, object]:
    return {
        "id": app.id,
        "name": app.name,
        "description": app.description,
        "sseEnabled": app.encrypted,
        **times(app.created, app.updated),
    }


def _stage(stage: Stage) -> dict[str, object]:
    return {"id": stage.id, "name": stage.name, "envType": stage.type, "index": stage.index, **times(stage.created, stage.updated)}
