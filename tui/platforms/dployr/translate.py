"""From dployr's records to ours: pure functions of the bytes, the connection's name and the present moment.

Every text passes ``clean`` here and every word of a state becomes a ``Health`` by a table; a word that no table knows is shown as it
came and its health is unknown. No request is made here.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final
from urllib.parse import quote, unquote

import msgspec

from tui import model
from tui.model import EMPTY, Health, Kind, Ref
from tui.platforms.dployr import wire
from tui.platforms.dployr.metrics import Numbers, numbers
from tui.platforms.records import Unreadable, flag, identity, number, parse, read, text_of, when, word
from tui.text import Safe, Secret, clean


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where and when a record was read."""

    connection: str
    now: datetime

    def ref(self, kind: Kind, id_: str | int) -> Ref:
        return Ref(connection=self.connection, kind=kind, id=identity(id_))


_B, _O, _W, _X, _I = Health.BUSY, Health.OK, Health.WARN, Health.BAD, Health.IDLE

DEPLOYMENT: Final[Mapping[str, Health]] = {
    **dict.fromkeys(("pending", "queued", "created", "running", "in_progress", "building", "deploying", "cloning", "starting"), _B),
    **dict.fromkeys(("success", "completed", "succeeded", "deployed", "active", "live", "done"), _O),
    **dict.fromkeys(("failed", "failure", "error", "errored", "timed_out"), _X),
    **dict.fromkeys(("canceled", "cancelled", "rolled_back"), _W),
    **dict.fromkeys(("superseded", "stopped", "inactive"), _I),
}
SERVICE: Final[Mapping[str, Health]] = {
    **dict.fromkeys(("running", "active", "up", "ready", "healthy", "online", "ok"), _O),
    **dict.fromkeys(("starting", "stopping", "restarting", "waking", "pending", "deploying", "provisioning", "building", "updating"), _B),
    **dict.fromkeys(("stopped", "sleeping", "iced", "inactive", "exited", "paused", "suspended"), _I),
    **dict.fromkeys(("degraded", "unhealthy", "warning", "unstable"), _W),
    **dict.fromkeys(
        ("failed", "error", "crashed", "crash_loop", "crashloop", "crashloopbackoff", "crashing", "dead", "down", "oom_killed"), _X
    ),
}
SERVICE_HEALTH: Final[Mapping[str, Health]] = {
    **dict.fromkeys(("healthy", "ok", "passing", "up"), _O),
    **dict.fromkeys(("degraded", "warning"), _W),
    **dict.fromkeys(("unhealthy", "failing", "failed", "critical", "down", "bad"), _X),
    **dict.fromkeys(("starting", "checking"), _B),
}
INSTANCE: Final[Mapping[str, Health]] = {
    **dict.fromkeys(("healthy", "running", "online", "ready", "active", "up", "ok"), _O),
    **dict.fromkeys(("degraded", "draining", "drained", "maintenance", "warning"), _W),
    **dict.fromkeys(("offline", "unreachable", "failed", "unhealthy", "down", "error"), _X),
    **dict.fromkeys(("provisioning", "updating", "restarting", "starting", "pending"), _B),
    **dict.fromkeys(("stopped", "decommissioned"), _I),
}
ROUTE: Final[Mapping[str, Health]] = {
    **dict.fromkeys(("active", "verified", "ok", "healthy", "ready", "live"), _O),
    **dict.fromkeys(("pending", "verifying", "provisioning"), _B),
    **dict.fromkeys(("failed", "error", "expired"), _X),
    **dict.fromkeys(("inactive", "disabled"), _I),
}


def health(words: Mapping[str, Health], status: str) -> Health:
    """What a word of the platform means, UNKNOWN for a word that no table knows."""
    return words.get(status.strip().lower().replace("-", "_").replace(" ", "_"), Health.UNKNOWN)


def reason(value: Any) -> Safe:
    """An error as a record tells it: a text, or an object with one."""
    if isinstance(value, dict):
        value = next((value[name] for name in ("message", "detail", "error", "reason", "code") if isinstance(value.get(name), str)), None)
    return word(value, 400)


def deployment(data: bytes, at: Place) -> model.Deployment:
    """One deployment; of its variables only the names are kept."""
    record, value = read(data, wire.Deployment)
    status = word(record.status, 80)
    return model.Deployment(
        ref=at.ref(Kind.DEPLOYMENT, record.id),
        name=word(record.name) or word(record.id),
        health=health(DEPLOYMENT, status),
        status=status,
        description=word(record.description, 400),
        type=word(record.type, 40),
        source=word(record.source, 40),
        runtime=word(record.runtime, 80),
        version=word(record.version, 80),
        remote=word(record.remote, 400),
        branch=word(record.branch),
        commit=word(record.commit, 80),
        image=word(record.image, 400),
        build_cmd=word(record.build_cmd, 400),
        run_cmd=word(record.run_cmd, 400),
        port=number(record.port),
        domain=word(record.domain),
        service=word(record.service),
        variables=names(record.env),
        error=reason(record.error),
        created_at=when(record.created_at, at.now),
        updated_at=when(record.updated_at, at.now),
        finished_at=when(record.finished_at, at.now),
        raw=text_of(value),
    )


def names(env: Any) -> tuple[Safe, ...]:
    """The names in a map of variables or in a list of ``{"key", "value"}``, sorted."""
    if isinstance(env, dict):
        found = [str(name) for name in env]
    elif isinstance(env, list):
        found = [each["key"] for each in env if isinstance(each, dict) and isinstance(each.get("key"), str)]
    else:
        found = []
    return tuple(sorted(clean(name, 200) for name in found))


def service(data: bytes, at: Place) -> model.Service:
    """One entry of the list of services."""
    record, value = read(data, wire.Service)
    status = word(record.status, 80) or (Safe("iced") if record.iced_at else EMPTY)
    measured = numbers(value)
    return model.Service(
        ref=at.ref(Kind.SERVICE, record.id),
        name=word(record.name) or word(record.id),
        health=service_health(status, word(record.health, 80)),
        status=status,
        type=word(record.type, 40),
        runtime=word(record.runtime, 80),
        version=word(record.version, 80),
        port=number(record.port),
        image=word(record.image, 400),
        project=word(record.project),
        instance=word(record.instance),
        deployment=word(record.deployment),
        deployed_at=when(record.deployed_at, at.now),
        cpu_share=measured.cpu_share,
        memory_bytes=measured.memory_bytes,
        restarts=number(record.restarts),
        message=reason(record.message),
        created_at=when(record.created_at, at.now),
        updated_at=when(record.updated_at, at.now),
        raw=text_of(value),
    )


def service_health(status: str, checked: str) -> Health:
    """The status says whether it should be there, a health check how it is: the check decides only about what is there."""
    stated = health(SERVICE, status)
    if not checked or stated in {Health.BUSY, Health.IDLE, Health.BAD}:
        return stated
    measured = health(SERVICE_HEALTH, checked)
    if stated is Health.WARN:
        return Health.BAD if measured is Health.BAD else Health.WARN
    if not status or stated is Health.OK or measured in {Health.BAD, Health.WARN}:
        return measured
    return Health.UNKNOWN


@dataclass(frozen=True, slots=True, kw_only=True)
class Status:
    """What ``/status`` says of one service; empty or None where it says nothing."""

    health: Health = Health.UNKNOWN
    status: Safe = EMPTY
    port: int | None = None
    instance: Safe = EMPTY
    deployment: Safe = EMPTY
    deployed_at: datetime | None = None
    cpu_share: float | None = None
    memory_bytes: int | None = None
    restarts: int | None = None
    message: Safe = EMPTY
    raw: Safe = EMPTY


def status(data: bytes, at: Place) -> Status:
    """The reply of ``/status``."""
    record, value = read(data, wire.Service)
    stated, measured = word(record.status, 80), numbers(value)
    return Status(
        health=service_health(stated, word(record.health, 80)),
        status=stated,
        port=number(record.port),
        instance=word(record.instance),
        deployment=word(record.deployment),
        deployed_at=when(record.deployed_at, at.now),
        cpu_share=measured.cpu_share,
        memory_bytes=measured.memory_bytes,
        restarts=number(record.restarts),
        message=reason(record.message),
        raw=text_of(value),
    )


def with_status(listed: model.Service, seen: Status, *, newer: bool) -> model.Service:
    """A listed service with what its status adds. The list's own word of state stands unless the status is ``newer`` than the list."""
    state: dict[str, Any] = {"status": seen.status, "health": seen.health} if seen.status and (newer or not listed.status) else {}
    added: dict[str, Any] = {
        name: getattr(seen, name)
        for name in ("port", "instance", "deployment", "deployed_at", "cpu_share", "memory_bytes", "restarts", "message")
        if getattr(seen, name) not in (None, EMPTY) and (newer or getattr(listed, name) in (None, EMPTY))
    }
    return replace(listed, **state, **added)


def instance(data: bytes, at: Place) -> model.Instance:
    """One machine, with whatever numbers its record holds."""
    record, value = read(data, wire.Instance)
    stated = word(record.status, 80) or word(record.health, 80)
    listed = model.Instance(
        ref=at.ref(Kind.INSTANCE, record.id),
        name=word(record.name) or word(record.tag) or word(record.id),
        health=health(INSTANCE, stated),
        status=stated,
        tag=word(record.tag),
        address=word(record.address),
        region=word(record.region, 80),
        role=word(record.role, 80),
        created_at=when(record.created_at, at.now),
        updated_at=when(record.updated_at, at.now),
        raw=text_of(value),
    )
    return with_numbers(listed, numbers(value))


def with_numbers(listed: model.Instance, measured: Numbers) -> model.Instance:
    """A machine with the numbers that are known of it; those that are not keep what it had."""
    return replace(
        listed,
        cpu_share=listed.cpu_share if measured.cpu_share is None else measured.cpu_share,
        memory_bytes=listed.memory_bytes if measured.memory_bytes is None else measured.memory_bytes,
        memory_total_bytes=listed.memory_total_bytes if measured.memory_total_bytes is None else measured.memory_total_bytes,
        disk_share=listed.disk_share if measured.disk_share is None else measured.disk_share,
    )


def route(data: bytes, at: Place) -> model.Route:
    """One route; its name is its domain."""
    record, value = read(data, wire.Route)
    stated, domain = word(record.status, 80), word(record.domain, 256)
    return model.Route(
        ref=at.ref(Kind.ROUTE, record.id),
        name=domain or word(record.id),
        health=health(ROUTE, stated),
        status=stated,
        domain=domain,
        service=word(record.service),
        port=number(record.port),
        created_at=when(record.created_at, at.now),
        updated_at=when(record.updated_at, at.now),
        raw=text_of(value),
    )


def project(data: bytes, at: Place) -> model.Project:
    """One project."""
    record, value = read(data, wire.Project)
    return model.Project(
        ref=at.ref(Kind.PROJECT, record.id),
        name=word(record.name) or word(record.id),
        status=word(record.status, 80),
        description=word(record.description, 400),
        created_at=when(record.created_at, at.now),
        updated_at=when(record.updated_at, at.now),
        raw=text_of(value),
    )


def as_pairs(content: bytes, under: Sequence[str]) -> bytes:
    """A reply with variables as JSON of a list of ``{"key", "value"}``: it may be that already, or one map. Raises ``Unreadable``."""
    value = parse(content)
    for _ in range(3):
        if not isinstance(value, dict):
            break
        inner = next((value[name] for name in (*under, "items", "data") if isinstance(value.get(name), dict | list)), None)
        if inner is None:
            break
        value = inner
    if isinstance(value, dict):
        value = [{"key": key, "value": each} for key, each in value.items()]
    if not isinstance(value, list | None):
        raise Unreadable("neither a list nor a map of variables")
    return msgspec.json.encode(value or [])


def variable_id(service_id: str, key: str) -> str:
    """A variable's id is ``SERVICE/KEY``; the service's id is percent-encoded, so that the first slash is the one between them."""
    return f"{quote(service_id, safe='')}/{key}"


def variable_parts(id_: str) -> tuple[str, str]:
    """The service's id and the key of a variable's id. Raises ``ValueError`` when it has no slash."""
    owner, slash, key = id_.partition("/")
    if not slash or not owner or not key:
        raise ValueError(f"{id_!r} is not SERVICE/KEY")
    return unquote(owner), key


def variable(data: bytes, owner: Ref, at: Place) -> model.Variable:
    """One variable of a service; its value is kept where only an explicit wish reveals it."""
    record, value = read(data, wire.Variable)
    key = identity(record.key)
    shown = record.value
    return model.Variable(
        ref=at.ref(Kind.VARIABLE, variable_id(owner.id, key)),
        name=word(key, 256),
        service=owner,
        value=Secret("" if shown is None else shown if isinstance(shown, str) else str(word(shown))),
        created_at=when(record.created_at, at.now),
        updated_at=when(record.updated_at, at.now),
        raw=text_of(value),
    )


def webhook(data: bytes, at: Place) -> model.Webhook:
    """One webhook; its name is its URL, without the user and password that may stand in it."""
    record, value = read(data, wire.Webhook)
    url, enabled, stated = word(record.url, 400), flag(record.enabled), word(record.status, 80)
    events = record.events if isinstance(record.events, list) else [record.events] if isinstance(record.events, str) else []
    return model.Webhook(
        ref=at.ref(Kind.WEBHOOK, record.id),
        name=url or word(record.id),
        health={True: Health.OK, False: Health.IDLE, None: health(ROUTE, stated)}[enabled],
        status=stated,
        url=url,
        events=tuple(word(each, 80) for each in events if isinstance(each, str)),
        enabled=enabled,
        created_at=when(record.created_at, at.now),
        updated_at=when(record.updated_at, at.now),
        raw=text_of(value),
    )
