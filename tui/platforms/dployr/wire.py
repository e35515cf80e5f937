"""dployr's records as its replies write them, under one spelling of each name.

Only ``id`` is required anywhere (a variable has a key): the documents give no object shape, and no server has to send what another
one does. What the fields mean to us is said in ``translate``.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from tui.platforms.records import Scalar, Wire


class Deployment(Wire):
    """One deployment, of either flavour."""

    id: str | int
    name: Scalar = None
    status: Scalar = None
    description: Scalar = None
    type: Scalar = None
    source: Scalar = None
    runtime: Scalar = None
    version: Scalar = None
    remote: Scalar = None
    branch: Scalar = None
    commit: Scalar = None
    image: Scalar = None
    build_cmd: Scalar = None
    run_cmd: Scalar = None
    port: Scalar = None
    domain: Scalar = None
    service: Scalar = None
    env: Any = None
    error: Any = None
    created_at: Scalar = None
    updated_at: Scalar = None
    finished_at: Scalar = None

    lift: ClassVar[tuple[str, ...]] = ("config", "blueprint")
    spread: ClassVar[Mapping[str, Mapping[str, str]]] = {
        "remote": {"url": "remote", "branch": "branch", "commit_hash": "commit"},
        "runtime": {"type": "runtime", "version": "version"},
        "service": {"name": "service", "id": "service"},
    }
    aliases: ClassVar[Mapping[str, str]] = {
        "state": "status",
        "desc": "description",
        "runtime_type": "runtime",
        "runtime_version": "version",
        "remote_url": "remote",
        "remote_branch": "branch",
        "commit_hash": "commit",
        "remote_commit_hash": "commit",
        "commit_sha": "commit",
        "sha": "commit",
        "service_name": "service",
        "service_id": "service",
        "env_vars": "env",
        "environment": "env",
        "variables": "env",
        "error_message": "error",
        "failure_reason": "error",
        "message": "error",
        "reason": "error",
        "completed_at": "finished_at",
        "ended_at": "finished_at",
    }


class Service(Wire):
    """One service: an entry of the list, or what ``/status`` says of it (then without an id)."""

    id: str | int = ""
    name: Scalar = None
    status: Scalar = None
    health: Scalar = None
    type: Scalar = None
    runtime: Scalar = None
    version: Scalar = None
    port: Scalar = None
    image: Scalar = None
    project: Scalar = None
    instance: Scalar = None
    deployment: Scalar = None
    deployed_at: Scalar = None
    restarts: Scalar = None
    message: Any = None
    iced_at: Scalar = None
    cluster_id: Scalar = None
    created_at: Scalar = None
    updated_at: Scalar = None

    lift: ClassVar[tuple[str, ...]] = ("config", "blueprint", "service")
    spread: ClassVar[Mapping[str, Mapping[str, str]]] = {
        "runtime": {"type": "runtime", "version": "version"},
        "health": {"status": "health", "state": "health", "overall": "health", "message": "message"},
        "status": {"status": "status", "state": "status", "health": "health", "message": "message"},
        "deployment": {"name": "deployment", "id": "deployment", "finished_at": "deployed_at"},
        "project": {"name": "project", "id": "project"},
        "instance": {"tag": "instance", "name": "instance", "id": "instance"},
    }
    aliases: ClassVar[Mapping[str, str]] = {
        "service_id": "id",
        "state": "status",
        "runtime_type": "runtime",
        "runtime_version": "version",
        "project_name": "project",
        "project_id": "project",
        "instance_name": "instance",
        "instance_tag": "instance",
        "instance_id": "instance",
        "deployment_name": "deployment",
        "deployment_id": "deployment",
        "last_deployed_at": "deployed_at",
        "last_deploy_at": "deployed_at",
        "last_deployment_at": "deployed_at",
        "restart_count": "restarts",
        "error": "message",
        "reason": "message",
        "detail": "message",
        "last_error": "message",
    }


class Instance(Wire):
    """One machine. Its numbers are read by ``metrics``, wherever in the record they stand."""

    id: str | int
    name: Scalar = None
    tag: Scalar = None
    address: Scalar = None
    region: Scalar = None
    role: Scalar = None
    status: Scalar = None
    health: Scalar = None
    created_at: Scalar = None
    updated_at: Scalar = None

    spread: ClassVar[Mapping[str, Mapping[str, str]]] = {
        "status": {"state": "status", "status": "status"},
        "health": {"overall": "health", "status": "health"},
    }
    aliases: ClassVar[Mapping[str, str]] = {
        "state": "status",
        "hostname": "name",
        "host": "address",
        "ip": "address",
        "ip_address": "address",
        "public_ip": "address",
    }


class Route(Wire):
    """A domain led to a port of a service."""

    id: str | int
    domain: Scalar = None
    service: Scalar = None
    port: Scalar = None
    status: Scalar = None
    created_at: Scalar = None
    updated_at: Scalar = None

    spread: ClassVar[Mapping[str, Mapping[str, str]]] = {"service": {"id": "service", "name": "service"}}
    aliases: ClassVar[Mapping[str, str]] = {
        "host": "domain",
        "hostname": "domain",
        "service_id": "service",
        "service_name": "service",
        "state": "status",
    }


class Project(Wire):
    """A project."""

    id: str | int
    name: Scalar = None
    description: Scalar = None
    status: Scalar = None
    created_at: Scalar = None
    updated_at: Scalar = None


class Variable(Wire):
    """An environment variable of a service."""

    key: str
    value: Scalar = None
    created_at: Scalar = None
    updated_at: Scalar = None

    aliases: ClassVar[Mapping[str, str]] = {"name": "key"}


class Webhook(Wire):
    """An outgoing webhook. Its secret has no field here: it is never kept."""

    id: str | int
    url: Scalar = None
    events: Any = None
    enabled: Scalar = None
    status: Scalar = None
    created_at: Scalar = None
    updated_at: Scalar = None

    aliases: ClassVar[Mapping[str, str]] = {"webhook_url": "url", "active": "enabled", "is_active": "enabled"}


class Line(Wire):
    """One record of a log."""

    at: Scalar = None
    level: Scalar = None
    source: Scalar = None
    text: Any = None

    aliases: ClassVar[Mapping[str, str]] = {
        "timestamp": "at",
        "time": "at",
        "ts": "at",
        "severity": "level",
        "lvl": "level",
        "stream": "source",
        "message": "text",
        "msg": "text",
        "line": "text",
        "log": "text",
        "content": "text",
    }


class Cluster(Wire):
    """A cluster of the control plane. Its members and its metadata (which can hold webhook addresses) have no field here."""

    id: str
    name: Scalar = None
    role: Scalar = None


class Domain(Wire):
    """A domain of the control plane; it is known by its name."""

    domain: str
    service: Scalar = None
    status: Scalar = None
    created_at: Scalar = None
    updated_at: Scalar = None

    aliases: ClassVar[Mapping[str, str]] = {"service_name": "service", "activated_at": "updated_at"}


class Address(Wire):
    """An address that the control plane derives for a service."""

    url: str
    service: Scalar = None

    aliases: ClassVar[Mapping[str, str]] = {"service_name": "service"}


class Event(Wire):
    """An entry of the control plane's own history."""

    id: str | int
    type: Scalar = None
    actor: Any = None
    timestamp: Scalar = None
    targets: Any = None
