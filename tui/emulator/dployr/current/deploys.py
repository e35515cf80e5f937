"""Deployments and services of the control plane over HTTP, with the tasks that nobody can ask about."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final

from starlette.requests import Request
from starlette.responses import Response

from tui.emulator.dployr.current import shown
from tui.emulator.dployr.current.accounts import Caller, Cluster
from tui.emulator.dployr.current.desk import Desk, body, careless_body
from tui.emulator.dployr.current.errors import bad, good, invalid, nested, role_required
from tui.emulator.dployr.deployments import Deployment
from tui.emulator.dployr.services import Service
from tui.emulator.web import Endpoint, Json, Refusal

NAME: Final = re.compile(r"[a-z0-9]([a-z0-9-]*[a-z0-9])?")
RUNTIMES: Final = ("golang", "php", "python", "nodejs", "ruby", "dotnet", "java")
TYPES: Final = ("static", "web", "worker", "job")
KEYS: Final[Mapping[str, tuple[str, ...]]] = {
    "description": ("description",),
    "runtime": ("runtime", "runtimeType", "runtime_type"),
    "version": ("version", "runtimeVersion", "runtime_version"),
    "run_cmd": ("run_cmd", "runCmd"),
    "build_cmd": ("build_cmd", "buildCmd"),
    "working_dir": ("working_dir", "workingDir"),
    "static_dir": ("static_dir", "staticDir"),
    "health_check": ("health_check", "healthCheck"),
    "image": ("image",),
    "domain": ("domain",),
}
PATCHED: Final = (
    "description",
    "run_cmd",
    "build_cmd",
    "working_dir",
    "static_dir",
    "image",
    "domain",
    "runtime",
    "version",
    "health_check",
)
HOUR: Final = 3_600_000
"""In milliseconds."""
MOST_HOURS: Final = 24 * 30
STORED: Final = "No node connected to this cluster"


class DeployRoutes:
    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._fleet = desk.fleet

    def endpoints(self) -> tuple[Endpoint, ...]:
        mine = self._desk.signed_in
        return (
            Endpoint("GET", "/v1/deployments", mine(self.list_deployments)),
            Endpoint("POST", "/v1/deployments", mine(self.create_deployment)),
            Endpoint("GET", "/v1/deployments/{id}", mine(self.get_deployment)),
            Endpoint("DELETE", "/v1/deployments/{id}", mine(self.delete_deployment)),
            Endpoint("GET", "/v1/services", mine(self.list_services)),
            Endpoint("GET", "/v1/services/metrics/{name}", mine(self.metrics)),
            Endpoint("GET", "/v1/services/{id}", mine(self.get_service)),
            Endpoint("PATCH", "/v1/services/{id}", mine(self.patch_service)),
            Endpoint("DELETE", "/v1/services/{id}", mine(self.delete_service)),
            Endpoint("POST", "/v1/services/{id}/start", mine(self.start)),
            Endpoint("POST", "/v1/services/{id}/stop", mine(self.stop)),
            Endpoint("GET", "/v1/services/{id}/envs", mine(self.envs)),
            Endpoint("GET", "/v1/services/{id}/secrets", mine(self.secrets)),
            Endpoint("GET", "/v1/status", self.wake),
        )

    # --- deployments
    async def list_deployments(self, request: Request, caller: Caller) -> Response:
        cluster = self._desk.cluster(request, caller, "viewer")
        query = request.query_params
        rows = (
            sorted(self._fleet.deployments.values(), key=lambda one: one.created, reverse=True)
            if cluster is self._desk.members.main
            else []
        )
        shown_rows = [self._deployment(one) for one in rows]
        if "status" in query:
            shown_rows = [row for row in shown_rows if row["status"] == query["status"]]
        if "serviceId" in query:
            shown_rows = []  # it is null in every row, so nothing matches
        return shown.listed(request, shown_rows, dict)

    async def get_deployment(self, _request: Request, _caller: Caller) -> Response:
        """The guard takes the id in the path for a cluster's: nobody ever gets in."""
        raise role_required("viewer")

    async def create_deployment(self, request: Request, caller: Caller) -> Response:
        cluster = self._desk.cluster(request, caller, "developer")
        content = await body(request)
        values, env = _checked(content), _words(content, "env_vars")
        name = content["name"]
        taken = self._fleet.by_name.get(name)
        if taken is not None and self._home(taken) is not cluster:
            raise nested(409, f"Service name {name}, has been taken", "resource.conflict")
        self._desk.connected()
        again = any(one.name == name for one in self._fleet.deployments.values())
        row = self._fleet.new_deployment(name, by=caller.user.email)
        for key, value in values.items():
            setattr(row, key, value)
        row.env = env
        self._fleet.conveyor.begin(row)
        return good({"taskId": self._desk.task() if again else row.id}, 202)

    async def delete_deployment(self, request: Request, caller: Caller) -> Response:
        query = request.query_params.get("clusterId")
        try:
            given = (await careless_body(request)).get("clusterId") if await request.body() else None
        except Refusal:
            given = None
        if not query and given:
            raise nested(404, "Deployment not found", "resource.missing_resource")
        if not query or query != given:
            raise role_required("developer")
        self._desk.cluster(request, caller, "developer")
        row = self._fleet.deployments.get(request.path_params["id"])
        if row is None:
            raise nested(404, "Deployment not found", "resource.missing_resource")
        if row.status == "in_progress":
            raise bad("Cannot delete a running deployment")
        del self._fleet.deployments[row.id]
        self._fleet.happened("deployment.deleted", caller.user.email, row.name)
        return good({})

    def _deployment(self, one: Deployment) -> shown.Shown:
        members = self._desk.members
        user = members.users.get(one.by) or next(iter(members.users.values()))
        return shown.deployment(one, members.main.id, user.id)

    # --- services
    async def list_services(self, request: Request, caller: Caller) -> Response:
        """Not filtered by cluster: the handler reads a value that nobody sets."""
        self._desk.cluster(request, caller, "viewer")
        rows = sorted(self._fleet.services.values(), key=lambda one: one.name)
        return shown.listed(request, rows, lambda one: shown.service(one, self._home(one).id, self._row(one)))

    async def get_service(self, request: Request, caller: Caller) -> Response:
        return good({"service": self._shown(self._desk.service(request, caller, "viewer"))})

    async def delete_service(self, request: Request, caller: Caller) -> Response:
        one = self._desk.service(request, caller, "developer")
        self._fleet.forget(one)
        self._fleet.happened("service.deleted", caller.user.email, one.name)
        return good({})

    async def start(self, request: Request, caller: Caller) -> Response:
        one = self._desk.service(request, caller, "developer")
        self._desk.connected("start")
        self._fleet.lifecycle.start(one)
        self._fleet.happened("service.started", caller.user.email, one.name)
        return good({"taskId": self._desk.task()})

    async def stop(self, request: Request, caller: Caller) -> Response:
        one = self._desk.service(request, caller, "developer")
        self._desk.connected("stop")
        if "dployr-stuck-stop" not in self._desk.world.quirks:
            self._fleet.lifecycle.stop(one)
        self._fleet.happened("service.stopped", caller.user.email, one.name)
        return good({"taskId": self._desk.task()})

    async def patch_service(self, request: Request, caller: Caller) -> Response:
        """Replaces maps, always redeploys; stored before the task is sent, so that a 503 may mean half of it."""
        one = self._desk.service(request, caller, "developer")
        content = await body(request)
        if "instanceName" not in content:
            raise invalid("instanceName", "Invalid input: expected string, received undefined")
        if not any(machine.tag == content["instanceName"] for machine in self._fleet.instances.values()):
            raise nested(404, "Instance not found", "resource.missing_resource")
        row = self._row(one)
        if row is None:
            raise nested(404, "Service has no deployment record", "resource.missing_resource")
        _check_patch(content)
        self._store(one, row, content)
        if {"dployr-stored-503", "dployr-node-offline"} & self._desk.world.quirks:
            row.turn += 1
            row.status, row.finished = "pending", None
            raise nested(503, STORED, "runtime.node_not_connected", stored=True)
        self._fleet.conveyor.begin(row)
        self._fleet.happened("service.updated", caller.user.email, one.name)
        deployment = {**self._deployment(row), "updatedAt": None}
        return good({"service": self._shown(one), "deployment": deployment, "taskId": self._desk.task()})

    def _store(self, one: Service, row: Deployment, content: Mapping[str, Any]) -> None:
        now = self._desk.world.now()
        if "env_vars" in content:
            one.env = row.env = _words(content, "env_vars")
        if "secrets" in content:
            kept = set(content.get("keep_secret_keys") or ())
            one.secrets = {key: since for key, since in one.secrets.items() if key in kept} | dict.fromkeys(_words(content, "secrets"), now)
        for key in PATCHED:
            if key in content:
                setattr(row, key, content[key] or "")
        if "port" in content:
            row.port = content["port"]
        if content.get("remote_url"):
            row.remote, row.image, row.source = content["remote_url"], "", "remote"
        elif "remote_url" in content:
            row.remote = ""
        if "remote_branch" in content:
            row.branch = content["remote_branch"] or ""
        row.health_check = row.health_check or "/"
        row.outcome, row.takes = "completed", 20.0

    async def envs(self, request: Request, caller: Caller) -> Response:
        return good({"envs": dict(sorted(self._desk.service(request, caller, "viewer").env.items()))})

    async def secrets(self, request: Request, caller: Caller) -> Response:
        one = self._desk.service(request, caller, "developer")
        dice = self._desk.world.dice
        rows = [
            {"id": dice.ulid(since, one.id, key), "serviceId": None, "key": key, "createdAt": shown.ms(since), "updatedAt": shown.ms(since)}
            for key, since in sorted(one.secrets.items())
        ]
        return good({"secrets": rows})

    async def metrics(self, request: Request, caller: Caller) -> Response:
        """Traffic by the hour, of the last day unless a span is asked for; a worker has none."""
        self._desk.cluster(request, caller, "viewer")
        name = request.path_params["name"]
        one = self._fleet.by_name.get(name)
        now, buckets = self._desk.world.now(), []
        until = shown.number(request, "to", int(now * 1000)) // HOUR
        first = max(-(-shown.number(request, "from", (until - 23) * HOUR) // HOUR), until - MOST_HOURS)
        for hour in range(first, until + 1) if one is not None and one.type == "web" else ():
            count = int(one.rate * 3600 * (0.6 + 0.8 * self._desk.world.dice.share(one.id, hour))) if one is not None else 0
            row = {"serviceName": name, "bucket": hour * HOUR, "requests": count, "bytesIn": count * 640, "bytesOut": count * 5200}
            buckets.append(row)
        totals = {key: sum(int(bucket[key]) for bucket in buckets) for key in ("requests", "bytesIn", "bytesOut")}
        return good({"buckets": buckets, "totals": totals})

    async def wake(self, request: Request) -> Response:
        """Looks like a question and starts the service: what no console may ask."""
        one = self._fleet.by_name.get(request.query_params.get("domain", "").partition(".")[0])
        if one is None:
            return Json({"status": "not_found"})
        asleep = one.status not in ("running", "degraded")
        self._fleet.lifecycle.start(one)
        return Json({"status": "starting" if asleep else "ready"})

    def _shown(self, one: Service) -> shown.Shown:
        return shown.service(one, self._home(one).id, named=False)

    def _home(self, one: Service) -> Cluster:
        return self._desk.home(one)

    def _row(self, one: Service) -> Deployment | None:
        return self._fleet.deployments.get(one.deployment_id)


def _checked(content: Mapping[str, Any]) -> dict[str, Any]:
    """The fields of a new deployment; a ``remote`` that is no object and a ``branch`` at the top are dropped without a word."""
    if content.get("type") not in TYPES:
        raise invalid("type", "Type must be either 'static', 'web', 'worker' or 'job'")
    if content.get("source") not in ("remote", "image"):
        raise invalid("source", "Source must be either 'remote' or 'image'")
    values: dict[str, Any] = {"type": content["type"], "source": content["source"]}
    for key, spellings in KEYS.items():
        given = next((content[name] for name in spellings if content.get(name) is not None), "")
        if not isinstance(given, str):
            raise invalid(key, "Invalid input: expected string")
        values[key] = given
    if values["runtime"] and values["runtime"] not in RUNTIMES:
        raise invalid("runtime", "Type must be either 'golang', 'php', 'python', 'nodejs', 'ruby', 'dotnet' or 'java'")
    port = _port(content)
    name = content.get("name")
    if not isinstance(name, str) or not 2 <= len(name) <= 63:
        raise bad("name must be between 2 and 63 characters")
    if not NAME.fullmatch(name):
        raise bad("name contains invalid characters. Examples: my-slug, foo-123")
    remote = content.get("remote")
    if not isinstance(remote, Mapping):
        remote = {"url": content.get("remoteUrl"), "branch": content.get("remoteBranch"), "commit_hash": content.get("remoteCommitHash")}
    values |= {
        "port": port,
        "remote": remote.get("url") or "",
        "branch": remote.get("branch") or "",
        "commit": remote.get("commit_hash") or "",
    }
    return values


def _check_patch(content: Mapping[str, Any]) -> None:
    """Nothing of a patch of which one field is of another type is stored; null clears a field."""
    for key in (*PATCHED, "remote_url", "remote_branch"):
        if content.get(key) is not None and not isinstance(content[key], str):
            raise invalid(key, "Invalid input: expected string")
    _port(content)
    for key in ("env_vars", "secrets"):
        _words(content, key)


def _port(content: Mapping[str, Any]) -> int | None:
    port = content.get("port")
    if port is not None and (isinstance(port, bool) or not isinstance(port, int) or port <= 0):
        raise invalid("port", "Port must be a positive number")
    return port


def _words(content: Mapping[str, Any], name: str) -> dict[str, str]:
    """A map of strings to strings: a number in it is refused and not written as one."""
    value = content.get(name)
    if value is None:
        return {}
    if not isinstance(value, Mapping):
        raise invalid(name, "Invalid input: expected record")
    for key, item in value.items():
        if not isinstance(item, str):
            raise invalid(f"{name}.{key}", "Invalid input: expected string")
    return dict(value)
