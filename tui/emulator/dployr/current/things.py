"""The control plane's machines, domains, webhooks and events over HTTP."""

from __future__ import annotations

import re
from ipaddress import IPv4Address

from starlette.requests import Request
from starlette.responses import Response

from tui.emulator.dployr.current import shown
from tui.emulator.dployr.current.accounts import Caller
from tui.emulator.dployr.current.desk import Desk, body
from tui.emulator.dployr.current.errors import bad, flat, good, nested, unhandled
from tui.emulator.dployr.state import Instance, Route
from tui.emulator.timing import rfc3339
from tui.emulator.web import Endpoint, Json, empty

DOMAIN = re.compile(r"([a-z0-9-]+\.)+[a-z]{2,}", re.IGNORECASE)
WINDOWS = {"24h": 86400.0, "7d": 604800.0, "30d": 2592000.0}
NODE_PROXY = (("GET", "routes"), ("GET", "status"), ("POST", "restart"))
VERIFIED_AFTER = 30.0
"""Seconds after which somebody has set the TXT record."""


class ThingRoutes:
    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._fleet = desk.fleet

    def endpoints(self) -> tuple[Endpoint, ...]:
        mine = self._desk.signed_in
        return (
            Endpoint("GET", "/v1/instances", mine(self.list_instances)),
            Endpoint("POST", "/v1/instances", mine(self.create_instance)),
            Endpoint("GET", "/v1/instances/{id}", mine(self.get_instance)),
            Endpoint("POST", "/v1/instances/{tag}/ping", mine(self.ping)),
            Endpoint("POST", "/v1/instances/{tag}/system/{verb}", mine(self.system)),
            Endpoint("GET", "/v1/proxy/services", mine(self.urls)),
            *(Endpoint(method, f"/v1/proxy/node/{what}", mine(self.nowhere)) for method, what in NODE_PROXY),
            Endpoint("GET", "/v1/domains", mine(self.list_domains)),
            Endpoint("POST", "/v1/domains", mine(self.create_domain)),
            Endpoint("GET", "/v1/domains/{domain}", mine(self.get_domain)),
            Endpoint("DELETE", "/v1/domains/{domain}", mine(self.delete_domain)),
            Endpoint("POST", "/v1/domains/{domain}/verify", mine(self.verify_domain)),
            Endpoint("POST", "/v1/notifications/webhook/setup", mine(self.set_webhook)),
            Endpoint("GET", "/v1/clusters/{id}/integrations", mine(self.integrations)),
            Endpoint("GET", "/v1/clusters/{id}/notifications", mine(self.notifications)),
            Endpoint("GET", "/v1/runtime/events", mine(self.events)),
            Endpoint("GET", "/v1/health", self.health),
        )

    # --- machines
    async def list_instances(self, request: Request, caller: Caller) -> Response:
        cluster = self._desk.cluster(request, caller, "viewer")
        role = request.query_params.get("role")
        if role not in (None, "instance", "build"):
            raise unhandled()
        rows = [one for one in self._fleet.instances.values() if self._desk.home(one) is cluster and role in (None, one.role)]
        rows.sort(key=lambda one: one.created, reverse=True)
        return shown.listed(request, rows, lambda one: shown.instance(one, cluster, listed=True))

    async def get_instance(self, request: Request, caller: Caller) -> Response:
        one = self._desk.instance(request, caller, "viewer")
        return good(shown.instance(one, self._desk.home(one), listed=False))

    async def create_instance(self, request: Request, caller: Caller) -> Response:
        content = await body(request)
        cluster = self._desk.cluster(request, caller, "admin", str(content.get("clusterId", "")))
        tag, address = content.get("tag"), content.get("address")
        wrong = [] if _is_ipv4(address) else ["address: Address must be a valid IPv4 address"]
        wrong += [] if isinstance(tag, str) and len(tag) >= 3 else ["tag: Tag with a minimum of 3 characters is required"]
        if wrong:
            raise bad(f"Validation failed \u2014 {', '.join(wrong)}")
        if any(one.tag == tag for one in self._fleet.instances.values()):
            raise nested(409, "An instance with this tag already exists", "resource.conflict")
        now = self._desk.world.now()
        one = Instance(
            id=self._fleet.id("instance", now),
            tag=str(tag),
            address=str(address),
            region=str(content.get("region") or ""),
            role="build" if content.get("role") == "build" else "instance",
            status="healthy",
            cpus=4,
            load=0.0,
            memory=8 * 2**30,
            disk=80 * 2**30,
            created=now,
            updated=now,
        )
        self._fleet.instances[one.id] = one
        self._fleet.happened("instance.created", caller.user.email, one.tag)
        token = f"eyJ{self._desk.world.dice.word(30, 'bootstrap', one.id)}.e30.x"
        return good({"instance": shown.instance(one, cluster, listed=False), "token": token}, 201)

    def _tagged(self, request: Request, caller: Caller, role: str) -> Instance:
        """By its tag, never by its ULID."""
        one = next((one for one in self._fleet.instances.values() if one.tag == request.path_params["tag"]), None)
        if one is None:
            raise nested(404, "instance not found", "resource.missing_resource")
        self._desk.cluster(request, caller, role, self._desk.home(one).id)
        return one

    async def ping(self, request: Request, caller: Caller) -> Response:
        self._tagged(request, caller, "developer")
        return good({"status": "enqueued"})

    async def system(self, request: Request, caller: Caller) -> Response:
        verb = request.path_params["verb"]
        self._desk.cluster(request, caller, "admin")
        self._tagged(request, caller, "admin")
        if verb not in ("restart", "reboot"):
            raise nested(404, "instance not found", "resource.missing_resource")
        what = "Restart daemon task sent" if verb == "restart" else "Reboot task sent"
        return good({"status": "accepted", "taskId": self._desk.task(), "message": what}, 202)

    async def urls(self, request: Request, caller: Caller) -> Response:
        """Every service on every machine: derived, not known."""
        cluster = self._desk.cluster(request, caller, "viewer")
        rows = [
            {
                "serviceName": service.name,
                "instanceId": machine.id,
                "instanceTag": machine.tag,
                "url": f"https://{service.name}.{cluster.name}.dployr.dev",
            }
            for service in self._fleet.services.values()
            for machine in self._fleet.instances.values()
            if self._desk.home(service) is cluster and self._desk.home(machine) is cluster
        ]
        return good({"clusterId": cluster.id, "clusterName": cluster.name, "baseDomain": "dployr.dev", "services": rows})

    async def nowhere(self, _request: Request, _caller: Caller) -> Response:
        """The proxy of one machine: it asks for something that no request can name."""
        raise flat(400, "Domain identifier is required", "request.bad_request")

    # --- domains
    def _domain(self, one: Route) -> shown.Shown:
        service = self._fleet.services.get(one.service_id)
        home = self._desk.home(service) if service else self._desk.members.main
        return shown.domain(one, home.id, service.name if service else "")

    async def list_domains(self, request: Request, caller: Caller) -> Response:
        cluster = self._desk.cluster(request, caller, "viewer")
        rows = [self._domain(one) for one in self._fleet.routes.values()]
        return shown.listed(request, [row for row in rows if row["clusterId"] == cluster.id], dict)

    def _route(self, request: Request) -> Route:
        found = next((one for one in self._fleet.routes.values() if one.domain == request.path_params["domain"].lower()), None)
        if found is None:
            raise nested(404, "Domain not found", "resource.missing_resource")
        return found

    async def get_domain(self, request: Request, _caller: Caller) -> Response:
        return good({"domain": self._domain(self._route(request))})

    async def create_domain(self, request: Request, caller: Caller) -> Response:
        content = await body(request)
        cluster_id = content.get("clusterId")
        if not isinstance(cluster_id, str) or cluster_id not in self._desk.members.clusters:
            raise bad("clusterId: Invalid cluster ID")
        self._desk.cluster(request, caller, "developer", cluster_id)
        domain, name = content.get("domain"), content.get("serviceName")
        if not isinstance(domain, str) or not DOMAIN.fullmatch(domain):
            raise bad("domain: Invalid domain")
        service = self._fleet.by_name.get(name) if isinstance(name, str) else None
        if service is None:
            raise nested(404, "Service not found", "resource.missing_resource")
        if any(one.domain == domain.lower() for one in self._fleet.routes.values()):
            raise nested(409, "Domain is taken", "resource.conflict")
        route = self._fleet.add_route(domain.lower(), service.id, service.port or 80, self._desk.world.now())
        route.status = "pending"
        self._fleet.happened("domain.created", caller.user.email, route.domain)
        return good(
            {
                "domain": route.domain,
                "provider": "unknown",
                "records": [],
                "verification": {"type": "TXT", "name": "_dployr", "value": f"dployr-verify={route.id}"},
                "manualGuideUrl": "https://docs.dployr.io/domains/manual",
            }
        )

    async def delete_domain(self, request: Request, caller: Caller) -> Response:
        route = self._route(request)
        self._desk.cluster(request, caller, "developer", str(self._domain(route)["clusterId"]))
        del self._fleet.routes[route.id]
        self._fleet.happened("domain.deleted", caller.user.email, route.domain)
        return empty()

    async def verify_domain(self, request: Request, caller: Caller) -> Response:
        route = self._route(request)
        self._desk.cluster(request, caller, "developer", str(self._domain(route)["clusterId"]))
        if self._desk.world.now() < route.created + VERIFIED_AFTER:
            raise nested(422, "TXT record not found", "request.unprocessable_entity")
        route.status = "active"
        self._fleet.happened("domain.verified", caller.user.email, route.domain)
        return empty()

    # --- webhook, one per cluster
    async def set_webhook(self, request: Request, caller: Caller) -> Response:
        self._desk.cluster(request, caller, "developer")
        content = await body(request)
        url, events = content.get("webhookUrl"), content.get("events")
        if not isinstance(url, str) or not isinstance(events, list):
            raise invalid_webhook()
        self._fleet.webhooks.clear()
        hook = self._fleet.add_webhook(url, tuple(map(str, events)), self._desk.world.now())
        hook.enabled = content.get("enabled") is not False
        told = {"webhookUrl": hook.url, "enabled": hook.enabled, "events": list(hook.events)}
        return good(told, message="Custom webhook integration configured")

    async def integrations(self, request: Request, caller: Caller) -> Response:
        self._desk.cluster(request, caller, "viewer", request.path_params["id"])
        hook = next(iter(self._fleet.webhooks.values()), None)
        told = {"webhookUrl": hook.url, "enabled": hook.enabled, "events": list(hook.events)} if hook else None
        return good({"notification": {"customWebhook": told}})

    async def notifications(self, request: Request, caller: Caller) -> Response:
        cluster = self._desk.cluster(request, caller, "viewer", request.path_params["id"])
        return good({"notifications": {"clusterId": cluster.id, "enabled": True, "slackWebhookUrl": None, "discordWebhookUrl": None}})

    # --- what happened
    async def events(self, request: Request, caller: Caller) -> Response:
        self._desk.cluster(request, caller, "viewer")
        query, members = request.query_params, self._desk.members
        since = self._desk.world.now() - WINDOWS.get(query.get("window", "24h"), float("inf"))
        rows = [one for one in self._fleet.events if one.at >= since and query.get("type") in (None, "", one.type)]
        if wanted := query.get("search"):
            rows = [one for one in rows if wanted in one.type or wanted in one.target]
        if actor := query.get("actor"):
            rows = [one for one in rows if bool(one.actor) is (actor == "user")]
        rows.sort(key=lambda one: one.at, reverse=query.get("sort") != "oldest")
        owner = next(iter(members.users.values()))
        return shown.listed(request, rows, lambda one: shown.event(one, members.users.get(one.actor, owner).id))

    async def health(self, _request: Request) -> Response:
        return Json({"status": "ok", "timestamp": rfc3339(self._desk.world.now(), 3), "version": "unknown"})


def invalid_webhook() -> Exception:
    return bad("Validation failed: webhookUrl: Invalid input: expected string")


def _is_ipv4(value: object) -> bool:
    try:
        return isinstance(value, str) and bool(IPv4Address(value))
    except ValueError:
        return False
