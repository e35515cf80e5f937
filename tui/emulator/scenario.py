"""Scenarios: what stands on the three platforms when the emulator starts and what will happen by itself. Reading only, no state.

A scenario is a TOML file beside this module. Ages and paces are written ``3m``, ``41d``; unknown keys are errors.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import MISSING, dataclass, field, fields
from typing import Any, TypeVar

from tui.emulator.options import SCENARIO_DIR
from tui.emulator.timing import seconds

Row = TypeVar("Row")


@dataclass(frozen=True, slots=True, kw_only=True)
class AppSpec:
    """One application. ``slug`` is its Encore id (empty: not on Encore), ``phase`` its name on Phase (empty: not there)."""

    name: str
    slug: str = ""
    environments: tuple[str, ...] = ("staging", "prod")
    phase: str = ""
    description: str = ""
    stages: tuple[str, ...] = ()
    encrypted: bool = True
    age: float = 86400.0


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceSpec:
    """One dployr service and the deployment that brought it. ``cpu`` is a share of a core set, ``memory`` MiB, ``rate`` lines/s."""

    name: str
    type: str = "web"
    runtime: str = "nodejs"
    version: str = "20"
    port: int | None = None
    image: str = ""
    remote: str = ""
    branch: str = "main"
    run_cmd: str = ""
    build_cmd: str = ""
    description: str = ""
    project: str = ""
    instance: str = ""
    domain: str = ""
    env: Mapping[str, str] = field(default_factory=dict)
    status: str = "running"
    behaviour: str = "steady"
    since: float = 0.0
    cpu: float = 0.1
    memory: int = 200
    voice: str = "http"
    rate: float = 0.5
    age: float = 86400.0
    deployed: float = 3600.0


@dataclass(frozen=True, slots=True, kw_only=True)
class InstanceSpec:
    """One machine; ``memory`` and ``disk`` in GiB."""

    tag: str
    address: str
    region: str = "eu-west"
    role: str = "instance"
    status: str = "healthy"
    cpus: int = 4
    load: float = 0.3
    memory: int = 8
    disk: int = 80
    age: float = 86400.0 * 90


@dataclass(frozen=True, slots=True, kw_only=True)
class RolloutSpec:
    """One Encore rollout that somebody triggered ``ago`` seconds before the start. ``plan`` is a name of ``encore.plans.PLANS``."""

    app: str
    environment: str
    target: str
    by: str
    ago: float
    plan: str = "success"


@dataclass(frozen=True, slots=True, kw_only=True)
class DeploymentSpec:
    """One dployr deployment made ``ago`` seconds before the start; negative: so long after it. ``every`` repeats it."""

    name: str
    ago: float
    outcome: str = "completed"
    takes: float = 45.0
    every: float = 0.0
    commit: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Spell:
    """From ``after`` seconds on, a service behaves so; ``every`` repeats it and ``lasts`` ends it."""

    service: str
    behaviour: str
    after: float
    lasts: float = 60.0
    every: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class FaultSpec:
    """One fault that is there from the start, as the control surface would set it."""

    platform: str
    kind: str
    path: str = "*"
    method: str = ""
    status: int = 503
    seconds: float = 0.0
    count: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Bulk:
    """So many more of each, generated."""

    services: int = 0
    apps: int = 0
    instances: int = 0
    encore_apps: int = 0
    deployments: int = 0
    routes: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Scenario:
    """All of it. ``plans`` names the rollout plan of a new rollout per environment, ``""`` for any other."""

    name: str
    title: str
    seed: int
    apps: tuple[AppSpec, ...] = ()
    projects: Mapping[str, str] = field(default_factory=dict)
    instances: tuple[InstanceSpec, ...] = ()
    services: tuple[ServiceSpec, ...] = ()
    rollouts: tuple[RolloutSpec, ...] = ()
    deployments: tuple[DeploymentSpec, ...] = ()
    spells: tuple[Spell, ...] = ()
    faults: tuple[FaultSpec, ...] = ()
    webhooks: tuple[str, ...] = ()
    plans: Mapping[str, str] = field(default_factory=lambda: {"": "success"})
    bulk: Bulk = Bulk()


SECONDS = frozenset({"age", "ago", "since", "deployed", "takes", "every", "after", "lasts"})
SECTIONS: Mapping[str, type[Any]] = {
    "apps": AppSpec,
    "instances": InstanceSpec,
    "services": ServiceSpec,
    "rollouts": RolloutSpec,
    "deployments": DeploymentSpec,
    "spells": Spell,
    "faults": FaultSpec,
}


def load(name: str) -> Scenario:
    """Read one scenario. Raises ``ValueError`` with the section and key for anything that does not fit."""
    with (SCENARIO_DIR / f"{name}.toml").open("rb") as file:
        table = tomllib.load(file)
    sections = {key: tuple(_row(made, row, f"{name}.{key}") for row in table.pop(key, ())) for key, made in SECTIONS.items()}
    bulk = _row(Bulk, table.pop("bulk", {}), f"{name}.bulk")
    return _row(Scenario, {"name": name, "bulk": bulk, **sections, **table}, name)


def _row(made: type[Row], values: Mapping[str, Any], where: str) -> Row:
    known = {item.name: item for item in fields(made)}  # type: ignore[arg-type]  # every section is a dataclass
    if unknown := set(values) - set(known):
        raise ValueError(f"{where}: {sorted(unknown)[0]!r} is not a key")
    if missing := [key for key, item in known.items() if item.default is MISSING and item.default_factory is MISSING and key not in values]:
        raise ValueError(f"{where}: {missing[0]!r} is missing")
    return made(**{key: _value(key, value) for key, value in values.items()})


def _value(key: str, value: Any) -> Any:
    if key in SECONDS and isinstance(value, str):
        return -seconds(value[1:]) if value.startswith("-") else seconds(value)
    return tuple(value) if isinstance(value, list) else value
