"""dployr's documented API over HTTP: 26 endpoints, the documented errors and limits, and a refresh of tokens, which it only implies."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from tui.emulator.dployr import rules, shown
from tui.emulator.dployr.accounts import Accounts, Limit
from tui.emulator.dployr.deployments import Deployment
from tui.emulator.dployr.logs import LogReply, lines_array
from tui.emulator.dployr.services import Service
from tui.emulator.dployr.state import Fleet
from tui.emulator.web import Endpoint, Json, Refusal, bearer, body_json, empty, refused

DEPLOYMENT = "Invalid deployment configuration"
T = TypeVar("T")
CONFIG = ("type", "description", "branch", "build_cmd", "run_cmd", "working_dir", "static_dir", "domain")


class DployrApi:
    """The documented endpoints on top of a fleet and its accounts."""

    def __init__(self, fleet: Fleet, accounts: Accounts) -> None:
        self._fleet = fleet
        self._accounts = accounts

    def endpoints(self) -> tuple[Endpoint, ...]:
        mine = self._signed_in
        return (
            Endpoint("POST", "/v1/auth/login", self.login),
            Endpoint("POST", "/v1/auth/refresh", self.refresh),
            Endpoint("POST", "/v1/deployments", mine(self.create_deployment)),
            Endpoint("GET", "/v1/deployments", mine(self.list_deployments)),
            Endpoint("GET", "/v1/deployments/{id}", mine(self.get_deployment)),
            Endpoint("PUT", "/v1/deployments/{id}", mine(self.update_deployment)),
            Endpoint("DELETE", "/v1/deployments/{id}", mine(self.delete_deployment)),
            Endpoint("GET", "/v1/services", mine(self.list_services)),
            Endpoint("GET", "/v1/services/{id}/status", mine(self.service_status)),
            Endpoint("POST", "/v1/services/{id}/start", mine(self.start)),
            Endpoint("POST", "/v1/services/{id}/stop", mine(self.stop)),
            Endpoint("POST", "/v1/services/{id}/restart", mine(self.restart)),
            Endpoint("GET", "/v1/services/{id}/logs", mine(self.logs)),
            Endpoint("GET", "/v1/services/{id}/env", mine(self.list_variables)),
            Endpoint("POST", "/v1/services/{id}/env", mine(self.set_variable)),
            Endpoint("DELETE", "/v1/services/{id}/env/{key}", mine(self.delete_variable)),
            Endpoint("GET", "/v1/instances", mine(self.list_instances)),
            Endpoint("GET", "/v1/instances/{id}", mine(self.get_instance)),
            Endpoint("GET", "/v1/instances/{id}/metrics", mine(self.instance_metrics)),
            Endpoint("GET", "/v1/proxy/routes", mine(self.list_routes)),
            Endpoint("POST", "/v1/proxy/routes", mine(self.create_route)),
            Endpoint("DELETE", "/v1/proxy/routes/{id}", mine(self.delete_route)),
            Endpoint("GET", "/v1/projects", mine(self.list_projects)),
            Endpoint("POST", "/v1/projects", mine(self.create_project)),
            Endpoint("DELETE", "/v1/projects/{id}", mine(self.delete_project)),
            Endpoint("POST", "/v1/webhooks", mine(self.create_webhook)),
            Endpoint("GET", "/v1/webhooks", mine(self.list_webhooks)),
        )

    def _signed_in(self, answer: Callable[[Request], Awaitable[Response]]) -> Callable[[Request], Awaitable[Response]]:
        async def guarded(request: Request) -> Response:
            if self._accounts.holder(bearer(request)) is None:
                raise rules.refuse(401, "unauthorized", "Missing, unknown or expired access token")
            return await answer(request)

        return guarded

    # --- sign-in
    async def login(self, request: Request) -> Response:
        form = rules.Form(await _object(request), "Invalid login")
        triple = self._accounts.sign_in(form.text("email", required=True), form.text("password", required=True))
        if triple is None:
            raise rules.refuse(401, "invalid_credentials", "Email or password is wrong")
        return Json(triple)

    async def refresh(self, request: Request) -> Response:
        form = rules.Form(await _object(request), "Invalid refresh")
        triple = self._accounts.renew(form.text("refresh_token", required=True))
        if triple is None:
            raise rules.refuse(401, "invalid_token", "The refresh token is unknown or was used already")
        return Json(triple)

    # --- deployments
    async def create_deployment(self, request: Request) -> Response:
        form = rules.Form(await _object(request), DEPLOYMENT)
        name = form.match("name", rules.NAME, "Lower-case letters, digits and hyphens, at most 63")
        source = form.choice("source", rules.SOURCES, required=True)
        remote = form.url("remote") if source == "remote" else ""
        image = form.text("image", required=source == "image")
        runtime, version = form.text("runtime", required=source == "remote"), form.text("version")
        form.runtime(runtime, version)
        values: dict[str, Any] = {key: form.text(key) for key in CONFIG}
        values["type"] = form.choice("type", rules.TYPES) or "web"
        values |= {"port": form.port("port"), "env": form.map("env") or form.map("env_vars")}
        row = self._fleet.new_deployment(name)
        for key, value in {"source": source, "remote": remote, "image": image, "runtime": runtime, "version": version, **values}.items():
            setattr(row, key, value)
        row.commit = self._fleet.world.dice.hexadecimal(40, "commit", row.id) if remote else ""
        self._fleet.conveyor.begin(row)
        return Json(shown.deployment(row), 201)

    async def list_deployments(self, request: Request) -> Response:
        rows = sorted(self._fleet.deployments.values(), key=lambda one: (-one.created, one.id))
        return _list("deployments", [shown.deployment(one) for one in rows])

    async def get_deployment(self, request: Request) -> Response:
        return Json(shown.deployment(self._deployment(request)))

    async def update_deployment(self, request: Request) -> Response:
        row = self._deployment(request)
        form = rules.Form(await _object(request), DEPLOYMENT)
        runtime, version = form.text("runtime") or row.runtime, form.text("version")
        form.runtime(runtime, version)
        values: dict[str, Any] = {key: form.text(key) for key in (*CONFIG, "image", "version", "runtime") if form.has(key)}
        if form.has("type"):
            values["type"] = form.choice("type", rules.TYPES)
        if form.has("remote"):
            values["remote"] = form.url("remote")
        if form.has("port"):
            values["port"] = form.port("port")
        env = form.map("env")
        if not values and not env:
            raise rules.refuse(400, "invalid_request", "Nothing to update")
        for key, value in values.items():
            setattr(row, key, value)
        row.env.update(env)
        row.outcome, row.takes = "completed", 20.0
        self._fleet.conveyor.begin(row)
        return Json(shown.deployment(row))

    async def delete_deployment(self, request: Request) -> Response:
        row = self._deployment(request)
        if row.status in ("pending", "in_progress"):
            raise rules.refuse(400, "invalid_request", "Cannot delete a running deployment", "status", f"Deployment is {row.status}")
        del self._fleet.deployments[row.id]
        self._fleet.happened("deployment.deleted", row.by, row.name)
        return empty()

    def _deployment(self, request: Request) -> Deployment:
        return _found(self._fleet.deployments.get(request.path_params["id"]), "Deployment")

    # --- services
    async def list_services(self, request: Request) -> Response:
        return _list("services", [shown.service(self._fleet, one) for one in self._fleet.services.values()])

    async def service_status(self, request: Request) -> Response:
        return Json(shown.status(self._fleet, self._service(request)))

    async def start(self, request: Request) -> Response:
        return self._act(request, self._fleet.lifecycle.start)

    async def stop(self, request: Request) -> Response:
        return self._act(request, self._fleet.lifecycle.stop)

    async def restart(self, request: Request) -> Response:
        return self._act(request, self._fleet.lifecycle.restart)

    def _act(self, request: Request, action: Callable[[Service], None]) -> Response:
        service = self._service(request)
        action(service)
        return Json({"id": service.id, "name": service.name, "status": service.status}, 202)

    async def logs(self, request: Request) -> Response:
        service = self._service(request)
        tail = request.query_params.get("tail", "100")
        follow = request.query_params.get("follow", "false").lower()
        if not tail.isascii() or not tail.isdigit():
            raise rules.refuse(400, "invalid_request", "Invalid log query", "tail", "Must be a number")
        if follow not in ("true", "false", "1", "0"):
            raise rules.refuse(400, "invalid_request", "Invalid log query", "follow", "Must be true or false")
        count = min(int(tail[:6]), 10_000)
        if follow in ("false", "0"):
            return lines_array(shown.line(one) for one in self._fleet.lifecycle.tail(service, count, self._fleet.world.now()))
        return LogReply(self._fleet.lifecycle, service, count, shown.line)

    def _service(self, request: Request) -> Service:
        return _found(self._fleet.services.get(request.path_params["id"]), "Service")

    # --- variables
    async def list_variables(self, request: Request) -> Response:
        service = self._service(request)
        return _list("variables", [shown.variable(service, key) for key in sorted(service.env)])

    async def set_variable(self, request: Request) -> Response:
        service = self._service(request)
        form = rules.Form(await _object(request), "Invalid environment variable")
        key = form.match("key", rules.KEY, "Letters, digits and underscores, not beginning with a digit")
        if not form.has("value"):
            raise form.blame("value", "Required")
        new = key not in service.env
        service.env[key] = form.text("value", most=65536)
        service.env_since[key] = self._fleet.world.now()
        return Json(shown.variable(service, key), 201 if new else 200)

    async def delete_variable(self, request: Request) -> Response:
        service = self._service(request)
        _found(service.env.pop(request.path_params["key"], None), "Variable")
        return empty()

    # --- machines
    async def list_instances(self, request: Request) -> Response:
        return _list("instances", [shown.instance(one) for one in self._fleet.instances.values()])

    async def get_instance(self, request: Request) -> Response:
        return Json(shown.instance(_found(self._fleet.instances.get(request.path_params["id"]), "Instance")))

    async def instance_metrics(self, request: Request) -> Response:
        return Json(shown.metrics(self._fleet, _found(self._fleet.instances.get(request.path_params["id"]), "Instance")))

    # --- routes, projects, webhooks
    async def list_routes(self, request: Request) -> Response:
        return _list("routes", [shown.route(one) for one in self._fleet.routes.values()])

    async def create_route(self, request: Request) -> Response:
        form = rules.Form(await _object(request), "Invalid route")
        domain = form.match("domain", rules.DOMAIN, "Not a domain name").lower()
        service_id, port = form.text("service_id", required=True), form.port("port", required=True)
        if service_id not in self._fleet.services:
            raise form.blame("service_id", "No such service")
        if any(one.domain == domain for one in self._fleet.routes.values()):
            raise form.blame("domain", "Domain is routed already")
        return Json(shown.route(self._fleet.add_route(domain, service_id, port or 0, self._fleet.world.now())), 201)

    async def delete_route(self, request: Request) -> Response:
        _found(self._fleet.routes.pop(request.path_params["id"], None), "Route")
        return empty()

    async def list_projects(self, request: Request) -> Response:
        return _list("projects", [shown.project(one) for one in self._fleet.projects.values()])

    async def create_project(self, request: Request) -> Response:
        form = rules.Form(await _object(request), "Invalid project")
        name, description = form.text("name", required=True, most=64), form.text("description")
        if any(one.name == name for one in self._fleet.projects.values()):
            raise form.blame("name", "A project of this name exists already")
        return Json(shown.project(self._fleet.add_project(name, description, self._fleet.world.now())), 201)

    async def delete_project(self, request: Request) -> Response:
        _found(self._fleet.projects.pop(request.path_params["id"], None), "Project")
        return empty()

    async def list_webhooks(self, request: Request) -> Response:
        return _list("webhooks", [shown.webhook(one) for one in self._fleet.webhooks.values()])

    async def create_webhook(self, request: Request) -> Response:
        form = rules.Form(await _object(request), "Invalid webhook")
        url, events = form.url("url"), form.words("events", rules.EVENTS)
        form.text("secret")
        return Json(shown.webhook(self._fleet.add_webhook(url, events, self._fleet.world.now())), 201)


def hourly(app: ASGIApp, accounts: Accounts, limit: Limit) -> ASGIApp:
    """Count every request against its caller's hour, answer 429 beyond it, and put the three headers on every reply."""
    options = limit.world.options

    async def counted(scope: Scope, receive: Receive, send: Send) -> None:
        request = Request(scope)
        email = accounts.holder(bearer(request))
        allowed = options.hourly if email else options.hourly_anonymous
        caller = email or f"anonymous {request.client.host if request.client else ''}"
        remaining, reset, wait = limit.take(caller, allowed)
        headers = {"X-RateLimit-Limit": str(allowed), "X-RateLimit-Remaining": str(max(0, remaining)), "X-RateLimit-Reset": str(reset)}
        if remaining < 0:
            refusal = rules.refuse(429, "rate_limited", f"Rate limit of {allowed} requests per hour exceeded")
            reply = refused(Refusal(429, refusal.body, headers | {"Retry-After": str(wait)}))
            await reply(scope, receive, send)
            return

        async def with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = [*message["headers"], *((key.encode(), value.encode()) for key, value in headers.items())]
            await send(message)

        await app(scope, receive, with_headers)

    return counted


def _list(key: str, rows: list[dict[str, object]]) -> Response:
    return Json({key: rows, "total": len(rows)})


def _found(thing: T | None, what: str) -> T:
    if thing is None:
        raise rules.refuse(404, "not_found", f"{what} not found")
    return thing


async def _object(request: Request) -> dict[str, Any]:
    try:
        body = await body_json(request)
    except ValueError:
        raise rules.refuse(400, "invalid_request", "The body is not valid JSON") from None
    if not isinstance(body, dict):
        raise rules.refuse(400, "invalid_request", "The body must be a JSON object")
    return body
