"""How dployr's things look in the documented flavour: snake_case, RFC 3339. Shapes only; the documents hint at them, no more."""

from __future__ import annotations

from tui.emulator.dployr.deployments import Deployment
from tui.emulator.dployr.services import Line, Service
from tui.emulator.dployr.state import Fleet, Instance, Project, Route, Webhook
from tui.emulator.timing import rfc3339

Shown = dict[str, object]


def service(fleet: Fleet, one: Service) -> Shown:
    return {
        "id": one.id,
        "name": one.name,
        "description": one.description,
        "source": one.source,
        "type": one.type,
        "runtime": one.runtime,
        "runtime_version": one.version,
        "run_cmd": one.run_cmd,
        "build_cmd": one.build_cmd,
        "port": one.port,
        "image": one.image,
        "status": one.status,
        "remote": one.remote,
        "branch": one.branch,
        "commit_hash": one.commit,
        "project_id": one.project_id or None,
        "instance_id": one.instance_id or None,
        "deployment_id": one.deployment_id or None,
        "cpu_percent": round(fleet.lifecycle.cpu(one) * 100, 1),
        "memory_bytes": fleet.lifecycle.memory(one),
        "restarts": one.restarts,
        "message": one.message,
        "deployed_at": rfc3339(one.deployed),
        "created_at": rfc3339(one.created),
        "updated_at": rfc3339(one.updated),
    }


HEALTH = {"running": "healthy", "degraded": "degraded", "crashed": "unhealthy", "stopped": "down"}


def status(fleet: Fleet, one: Service) -> Shown:
    """``GET /v1/services/:id/status``."""
    up = one.status in HEALTH and HEALTH[one.status] in ("healthy", "degraded")
    return {
        "id": one.id,
        "name": one.name,
        "status": one.status,
        "health": HEALTH.get(one.status, "unknown"),
        "message": one.message,
        "cpu_percent": round(fleet.lifecycle.cpu(one) * 100, 1),
        "memory_bytes": fleet.lifecycle.memory(one),
        "restarts": one.restarts,
        "started_at": rfc3339(one.started) if up else None,
        "updated_at": rfc3339(one.updated),
    }


def deployment(one: Deployment) -> Shown:
    return {
        "id": one.id,
        "name": one.name,
        "user_id": one.by,
        "service_id": one.service_id or None,
        "config": {
            "type": one.type,
            "source": one.source,
            "runtime": one.runtime,
            "version": one.version,
            "remote": one.remote,
            "branch": one.branch,
            "commit_hash": one.commit,
            "image": one.image,
            "build_cmd": one.build_cmd,
            "run_cmd": one.run_cmd,
            "port": one.port,
            "env": dict(one.env),
        },
        "description": one.description,
        "status": one.status,
        "error": one.error or None,
        "metadata": {},
        "created_at": rfc3339(one.created),
        "updated_at": rfc3339(one.updated),
        "finished_at": rfc3339(one.finished),
    }


def instance(one: Instance) -> Shown:
    return {
        "id": one.id,
        "name": one.tag,
        "tag": one.tag,
        "address": one.address,
        "region": one.region,
        "role": one.role,
        "status": one.status,
        "created_at": rfc3339(one.created),
        "updated_at": rfc3339(one.updated),
    }


def metrics(fleet: Fleet, one: Instance) -> Shown:
    """``GET /v1/instances/:id/metrics``, in the sections that the node itself reports."""
    world = fleet.world
    noise = world.dice.share(one.id, int(world.now() / 10))
    busy = min(0.99, one.load * (0.85 + 0.3 * noise)) if one.status != "unreachable" else 0.0
    used = int(one.memory * min(0.97, 0.25 + busy * 0.6))
    disk = int(one.disk * (0.3 + 0.4 * world.dice.share(one.id, "disk")))
    return {
        "instance_id": one.id,
        "timestamp": rfc3339(world.now()),
        "cpu": {
            "count": one.cpus,
            "user_percent": round(busy * 80, 1),
            "system_percent": round(busy * 20, 1),
            "idle_percent": round(100 - busy * 100, 1),
            "iowait_percent": 0,
            "load_average": {name: round(busy * one.cpus, 2) for name in ("one_minute", "five_minutes", "fifteen_minutes")},
        },
        "memory": {
            "total_bytes": one.memory,
            "used_bytes": used,
            "free_bytes": one.memory - used,
            "available_bytes": one.memory - used,
            "buffer_cache_bytes": 0,
        },
        "disks": [
            {
                "filesystem": "/dev/vda1",
                "mount_point": "/",
                "total_bytes": one.disk,
                "used_bytes": disk,
                "available_bytes": one.disk - disk,
            }
        ],
    }


def route(one: Route) -> Shown:
    return {
        "id": one.id,
        "domain": one.domain,
        "service_id": one.service_id,
        "port": one.port,
        "status": one.status,
        "created_at": rfc3339(one.created),
    }


def project(one: Project) -> Shown:
    return {"id": one.id, "name": one.name, "description": one.description, "created_at": rfc3339(one.created)}


def variable(one: Service, key: str) -> Shown:
    return {"key": key, "value": one.env[key], "updated_at": rfc3339(one.env_since.get(key))}


def webhook(one: Webhook) -> Shown:
    return {
        "id": one.id,
        "url": one.url,
        "events": list(one.events),
        "enabled": one.enabled,
        "created_at": rfc3339(one.created),
    }


def line(one: Line) -> Shown:
    return {"timestamp": rfc3339(one.at, 6), "level": one.level, "source": one.source, "message": one.text}
