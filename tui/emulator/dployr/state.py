"""What dployr knows: services, deployments, machines, routes, projects, webhooks, and what happened. No HTTP here."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from typing import Final

from tui.emulator.dployr.deployments import Conveyor, Deployment
from tui.emulator.dployr.services import Lifecycle, Service
from tui.emulator.scenario import DeploymentSpec, InstanceSpec, ServiceSpec, Spell
from tui.emulator.world import World

PREFIX: Final = {
    "service": "svc",
    "deployment": "dep",
    "instance": "ins",
    "route": "rt",
    "project": "prj",
    "webhook": "whk",
    "event": "evt",
    "user": "usr",
    "cluster": "clu",
}
MOST_DEPLOYMENTS: Final = 1000
BULK_TRADES: Final = ("api", "worker", "search", "checkout", "payments", "ingest", "mailer", "gateway")
BULK_PLACES: Final = ("eu", "us", "ap", "sa", "af")
BULK_WEATHER: Final = ("running",) * 34 + ("degraded", "stopped", "crashed")


@dataclass(slots=True, kw_only=True)
class Instance:
    id: str
    tag: str
    address: str
    region: str
    role: str
    status: str
    cpus: int
    load: float
    memory: int
    disk: int
    created: float
    updated: float
    cluster: str = ""


@dataclass(slots=True, kw_only=True)
class Route:
    id: str
    domain: str
    service_id: str
    port: int
    created: float
    status: str = "active"


@dataclass(slots=True, kw_only=True)
class Project:
    id: str
    name: str
    description: str
    created: float


@dataclass(slots=True, kw_only=True)
class Webhook:
    id: str
    url: str
    events: tuple[str, ...]
    created: float
    enabled: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """Something that happened: a platform's word, who did it (empty: nobody), to what."""

    id: str
    type: str
    at: float
    actor: str
    target: str


@dataclass(slots=True)
class Fleet:
    """Made from the scenario; every change goes through a method, here or in ``lifecycle`` and ``conveyor``."""

    world: World
    services: dict[str, Service] = field(default_factory=dict)
    by_name: dict[str, Service] = field(default_factory=dict)
    deployments: dict[str, Deployment] = field(default_factory=dict)
    instances: dict[str, Instance] = field(default_factory=dict)
    routes: dict[str, Route] = field(default_factory=dict)
    projects: dict[str, Project] = field(default_factory=dict)
    webhooks: dict[str, Webhook] = field(default_factory=dict)
    events: deque[Event] = field(default_factory=lambda: deque(maxlen=2000))
    lifecycle: Lifecycle = field(init=False)
    conveyor: Conveyor = field(init=False)
    _named: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.lifecycle = Lifecycle(self.world)
        self.conveyor = Conveyor(self.world, self.lifecycle, self._service_of, self.happened)
        scenario, start = self.world.scenario, self.world.start
        for name, description in scenario.projects.items():
            self.add_project(name, description, start - 86400.0 * 400)
        for instance in scenario.instances:
            self._instance(instance)
        for number in range(scenario.bulk.instances):
            self._instance(self._bulk_instance(number))
        for service in scenario.services:
            self._service(service)
        for number in range(scenario.bulk.services):
            self._service(self._bulk_service(number))
        for url in scenario.webhooks:
            self.add_webhook(url, ("deployment.created", "deployment.failed"), start - 86400.0 * 60)
        for deployment in sorted(scenario.deployments, key=lambda spec: -spec.ago):
            self._replay(deployment)
        self._bulk_rest()
        for spell in scenario.spells:
            self._cast(spell)

    @property
    def current(self) -> bool:
        return self.world.options.flavours.get("dployr") == "current"

    def id(self, kind: str, moment: float) -> str:
        """A new id: ``svc-4f0k2m9a`` as the documents hint, a ULID on the control plane."""
        dice = self.world.dice
        if self.current:
            return dice.ulid(moment, kind, dice.serial())
        return f"{PREFIX[kind]}-{dice.word(8, kind, dice.serial())}"

    # --- what stands at the start
    def _instance(self, spec: InstanceSpec) -> None:
        made = self.world.start - spec.age
        one = Instance(
            id=self.id("instance", made),
            tag=spec.tag,
            address=spec.address,
            region=spec.region,
            role=spec.role,
            status=spec.status,
            cpus=spec.cpus,
            load=spec.load,
            memory=spec.memory * 2**30,
            disk=spec.disk * 2**30,
            created=made,
            updated=self.world.start - 30,
        )
        self.instances[one.id] = one
        self._named[one.tag] = one.id

    def _bulk_instance(self, number: int) -> InstanceSpec:
        dice = self.world.dice
        place = dice.pick(BULK_PLACES, "place", number)
        load = round(dice.share("load", number), 2)
        return InstanceSpec(tag=f"{place}-node-{number:03d}", address=f"10.1.{number // 250}.{number % 250 + 1}", region=place, load=load)

    def _bulk_service(self, number: int) -> ServiceSpec:
        dice = self.world.dice
        trade = dice.pick(BULK_TRADES, "trade", number)
        tags = len(self.instances)
        return ServiceSpec(
            name=f"{trade}-{dice.pick(BULK_PLACES, 'where', number)}-{number:05d}",
            type="worker" if trade in ("worker", "ingest", "mailer") else "web",
            port=3000 + number % 5000,
            image=f"registry.acme.test/{trade}:{number % 40}",
            project="fleet",
            instance=list(self.instances.values())[number % tags].tag if tags else "",
            status=dice.pick(BULK_WEATHER, "weather", number),
            cpu=round(dice.share("cpu", number), 3),
            memory=40 + dice.number("memory", number) % 2000,
            rate=0.3,
            age=86400.0 * (1 + number % 700),
            deployed=3600.0 * (1 + number % 900),
            voice={"worker": "worker", "search": "search", "checkout": "checkout", "payments": "payments"}.get(trade, "http"),
        )

    def _bulk_rest(self) -> None:
        bulk, start = self.world.scenario.bulk, self.world.start
        services = list(self.services.values())
        for number in range(bulk.routes):
            one = services[number * 17 % len(services)]
            self.add_route(f"{one.name}.acme.test", one.id, one.port or 80, one.created)
        for number in range(bulk.deployments):
            outcome = "failed" if number % 9 == 4 else "completed"
            spec = DeploymentSpec(name=services[number * 13 % len(services)].name, ago=600.0 + number * 700, outcome=outcome)
            self._bury(spec, start - spec.ago)

    def _service(self, spec: ServiceSpec) -> None:
        start = self.world.start
        made = start - spec.age
        service = Service(
            id=self.id("service", made),
            name=spec.name,
            created=made,
            updated=start - (spec.since if spec.since and spec.status != "running" else spec.deployed),
            description=spec.description,
            type=spec.type,
            runtime="" if spec.image and not spec.remote else spec.runtime,
            version="" if spec.image and not spec.remote else spec.version,
            port=spec.port,
            source="remote" if spec.remote else "image",
            image=spec.image,
            remote=spec.remote,
            branch=spec.branch if spec.remote else "",
            commit=self.world.dice.hexadecimal(40, "commit", spec.name) if spec.remote else "",
            run_cmd=spec.run_cmd,
            build_cmd=spec.build_cmd,
            project_id=self._named.get(spec.project, ""),
            instance_id=self._named.get(spec.instance, ""),
            deployed=start - spec.deployed,
            env=dict(spec.env),
            env_since=dict.fromkeys(spec.env, made),
            status=spec.status,
            started=start - spec.deployed,
            cpu=spec.cpu,
            memory=spec.memory,
            voice=spec.voice,
            rate=spec.rate,
        )
        mood = {"running": "steady", "degraded": "degraded"}.get(spec.status, "")
        service.spells.append((made, mood if not spec.since else "steady"))
        if spec.since and spec.status != "running":
            service.spells.append((start - spec.since, mood))
        if spec.status == "crashed":
            service.message = "exit status 137 (out of memory)"
        if spec.behaviour != "steady":
            self.world.at(start - spec.since, lambda: self.lifecycle.behave(service, spec.behaviour))
        self.keep(service)
        if spec.domain:
            self.add_route(spec.domain, service.id, spec.port or 80, made)

    def keep(self, service: Service) -> None:
        self.services[service.id] = service
        self.by_name[service.name] = service

    def forget(self, service: Service) -> None:
        """A service is gone, with its deployment's row and its routes."""
        del self.services[service.id]
        self.by_name.pop(service.name, None)
        self.deployments.pop(service.deployment_id, None)
        self.routes = {key: route for key, route in self.routes.items() if route.service_id != service.id}
        service.turn += 1

    def _replay(self, spec: DeploymentSpec) -> None:
        def begin() -> None:
            known = self.by_name.get(spec.name)
            deployment = self.new_deployment(spec.name, takes=spec.takes, outcome=spec.outcome, by="ci")
            if known is not None:
                for name in ("type", "runtime", "version", "port", "source", "image", "remote", "branch", "run_cmd", "build_cmd"):
                    setattr(deployment, name, getattr(known, name))
                deployment.service_id = known.id
            deployment.commit = spec.commit or self.world.dice.hexadecimal(40, "commit", deployment.id)
            self.conveyor.begin(deployment)

        when = self.world.start - spec.ago
        if when > self.world.schedule.past:
            self.world.every(spec.every, when, begin)
        else:
            self._bury(spec, when)

    def _bury(self, spec: DeploymentSpec, when: float) -> None:
        """A deployment from before the schedule: over, without having walked."""
        if self.current and any(one.name == spec.name for one in self.deployments.values()):
            return
        known = self.by_name.get(spec.name)
        deployment = Deployment(
            id=self.id("deployment", when), name=spec.name, created=when, updated=when + spec.takes, status=spec.outcome, by="ci"
        )
        deployment.finished = deployment.updated
        if known is not None:
            for name in ("type", "runtime", "version", "port", "source", "image", "remote", "branch", "commit", "run_cmd", "build_cmd"):
                setattr(deployment, name, getattr(known, name))
            deployment.service_id, known.deployment_id = known.id, deployment.id
        self.deployments[deployment.id] = deployment

    def _cast(self, spell: Spell) -> None:
        service = self.by_name[spell.service]

        def begin() -> None:
            self.lifecycle.behave(service, spell.behaviour)
            self.world.later(spell.lasts, lambda: self.lifecycle.behave(service, "steady"))

        self.world.every(spell.every, self.world.start + spell.after, begin)

    # --- changes
    def new_deployment(self, name: str, *, takes: float = 20.0, outcome: str = "completed", by: str = "maya") -> Deployment:
        """A row that has not begun yet: fill it in, then ``conveyor.begin`` it. The control plane has one row per name, for ever."""
        now = self.world.now()
        known = next((one for one in self.deployments.values() if one.name == name), None) if self.current else None
        if known is not None:
            known.takes, known.outcome, known.by = takes, outcome, by
            self.happened("deployment.created", by, name)
            return known
        self._prune()
        row = Deployment(id=self.id("deployment", now), name=name, created=now, updated=now, takes=takes, outcome=outcome, by=by)
        self.deployments[row.id] = row
        self.happened("deployment.created", by, name)
        return row

    def _prune(self) -> None:
        """A demo may be left open for days: beyond the most that are kept, the oldest that are over go."""
        over = [one for one in self.deployments.values() if one.finished is not None]
        for one in sorted(over, key=lambda one: one.created)[: max(0, len(self.deployments) - MOST_DEPLOYMENTS)]:
            del self.deployments[one.id]

    def _service_of(self, deployment: Deployment, make: bool) -> Service | None:
        service = self.by_name.get(deployment.name)
        if service is not None or not make:
            return service
        now = self.world.now()
        home = min(self.instances.values(), key=lambda one: (one.role != "instance", one.load), default=None)
        service = Service(
            id=self.id("service", now),
            name=deployment.name,
            created=now,
            updated=now,
            status="stopped",
            instance_id=home.id if home else "",
            voice="worker" if deployment.type in ("worker", "job") else "http",
        )
        self.keep(service)
        return service

    def add_route(self, domain: str, service_id: str, port: int, made: float) -> Route:
        route = Route(id=self.id("route", made), domain=domain, service_id=service_id, port=port, created=made)
        self.routes[route.id] = route
        return route

    def add_project(self, name: str, description: str, made: float) -> Project:
        project = Project(id=self.id("project", made), name=name, description=description, created=made)
        self.projects[project.id] = project
        self._named[name] = project.id
        return project

    def add_webhook(self, url: str, events: tuple[str, ...], made: float) -> Webhook:
        webhook = Webhook(id=self.id("webhook", made), url=url, events=events, created=made)
        self.webhooks[webhook.id] = webhook
        return webhook

    def happened(self, kind: str, actor: str, target: str) -> None:
        now = self.world.now()
        self.events.append(Event(id=self.id("event", now), type=kind, at=now, actor=actor, target=target))
