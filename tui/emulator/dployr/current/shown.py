"""How the control plane shows its things: camelCase, epoch milliseconds, every key always there. Shapes only."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Final, TypeVar

from starlette.requests import Request
from starlette.responses import Response

from tui.emulator.dployr.current.accounts import ApiToken, Cluster, User
from tui.emulator.dployr.current.errors import good
from tui.emulator.dployr.deployments import Deployment
from tui.emulator.dployr.services import Line, Service
from tui.emulator.dployr.state import Event, Instance, Route

T = TypeVar("T")
Shown = dict[str, object]
WORDS: Final[Mapping[str, str]] = {"in_progress": "running", "completed": "success"}
LEVELS: Final[Mapping[str, str]] = {"debug": "info", "fatal": "error", "crit": "error"}


def ms(moment: float | None) -> int | None:
    return None if moment is None else int(moment * 1000)


def listed(request: Request, rows: Sequence[T], show: Callable[[T], Shown]) -> Response:
    """``data.items`` and ``data.pagination``; page from 1, ``pageSize`` 20, silently clamped to 1..100."""
    page, size = max(1, number(request, "page", 1)), min(100, max(1, number(request, "pageSize", 20)))
    pages = -(-len(rows) // size)
    pagination = {
        "page": page,
        "pageSize": size,
        "totalItems": len(rows),
        "totalPages": pages,
        "hasNextPage": page < pages,
        "hasPreviousPage": page > 1 and bool(rows),
    }
    return good({"items": [show(row) for row in rows[(page - 1) * size : page * size]], "pagination": pagination})


def number(request: Request, name: str, default: int) -> int:
    """A whole number of the query, ``default`` for anything else."""
    text = request.query_params.get(name, "")
    return int(text[:15]) if text.isascii() and text.isdigit() else default


def cluster(one: Cluster, user: User, users: Mapping[str, User]) -> Shown:
    names = {member.id: member.email.partition("@")[0] for member in users.values()}
    by_role: dict[str, list[str]] = {role: [] for role in ("owner", "admin", "developer", "viewer", "invited")}
    for member, role in one.roles.items():
        by_role[role].append(member)
    return {
        "id": one.id,
        "name": one.name,
        "users": list(one.roles),
        "roles": by_role,
        "poolInstanceId": None,
        "metadata": {},
        "createdAt": ms(one.created),
        "updatedAt": ms(one.created),
        "role": one.roles[user.id],
        "owner": names[by_role["owner"][0]],
    }


def service(one: Service, cluster_id: str, deployment: Deployment | None = None, *, named: bool = True) -> Shown:
    """No status: the list does not say it. ``deploymentName`` stands in lists only."""
    shown: Shown = {
        "id": one.id,
        "clusterId": cluster_id,
        "name": one.name,
        "label": None,
        "type": one.type,
        "deploymentId": one.deployment_id or None,
        "icedAt": None,
        "createdAt": ms(one.created),
        "updatedAt": ms(one.updated),
    }
    return shown | ({"deploymentName": deployment.name if deployment else None} if named else {})


def deployment(one: Deployment, cluster_id: str, user_id: str) -> Shown:
    """After a git deployment succeeded its commands and its remote are gone and an image stands there instead."""
    built = one.status == "completed" and one.source == "remote"
    return {
        "id": one.id,
        "clusterId": cluster_id,
        "userId": user_id,
        "serviceId": None,
        "name": one.name,
        "type": one.type,
        "source": one.source,
        "status": WORDS.get(one.status, one.status),
        "description": one.description or None,
        "runCmd": None if built else one.run_cmd or None,
        "buildCmd": None if built else one.build_cmd or None,
        "port": one.port,
        "workingDir": one.working_dir or None,
        "staticDir": one.static_dir or None,
        "image": f"registry.local/{one.name}:1" if built else one.image or None,
        "domain": one.domain or None,
        "runtimeType": one.runtime or None,
        "runtimeVersion": one.version or None,
        "remoteUrl": None if built else one.remote or None,
        "remoteBranch": None if built else one.branch or None,
        "remoteCommitHash": None,
        "buildFingerprint": one.commit[:8] if built else None,
        "healthCheck": one.health_check or None,
        "createdAt": ms(one.created),
        "updatedAt": ms(one.updated),
        "finishedAt": ms(one.finished),
    }


def instance(one: Instance, home: Cluster, *, listed: bool) -> Shown:
    shown: Shown = {
        "id": one.id,
        "kind": "dedicated",
        "address": one.address,
        "tag": one.tag,
        "status": one.status,
        "role": one.role,
        "region": "us-east",
        "clusterId": home.id,
        "managed": True,
        "metadata": {"region": one.region} if one.region else {},
        "clusterCount": 0,
        "createdAt": ms(one.created),
        "updatedAt": ms(one.updated),
    }
    return shown | ({"clusterName": home.name} if listed else {})


def domain(one: Route, cluster_id: str, name: str) -> Shown:
    active = one.status == "active"
    return {
        "id": one.id,
        "clusterId": cluster_id,
        "serviceName": name,
        "domain": one.domain,
        "status": "active" if active else "pending",
        "verificationToken": f"dployr-verify={one.id}",
        "provider": "unknown",
        "createdAt": ms(one.created),
        "activatedAt": ms(one.created + 60) if active else None,
    }


def event(one: Event, user_id: str) -> Shown:
    return {
        "type": one.type,
        "actor": {"id": user_id, "type": "user"} if one.actor else {"id": "system", "type": "headless"},
        "timestamp": ms(one.at),
        "timezone": "UTC",
        "id": one.id,
        "targets": [{"id": one.target, "name": one.target}],
    }


def token(one: ApiToken) -> Shown:
    return {
        "id": one.id,
        "userId": one.user.id,
        "name": one.name,
        "scopes": ["oidc:bind"],
        "createdAt": ms(one.created),
        "expiresAt": ms(one.expires),
        "lastUsedAt": ms(one.used),
    }


def line(one: Line) -> Shown:
    return {"timestamp": ms(one.at), "source": one.source, "level": LEVELS.get(one.level, one.level), "message": one.text}
