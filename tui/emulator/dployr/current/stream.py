"""The control plane's WebSocket, ``/v1/instances/stream``: what machines report, which lists to read again, and live logs."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from starlette.responses import Response
from starlette.types import Receive, Scope, Send
from starlette.websockets import WebSocket, WebSocketDisconnect

from tui.emulator.dployr import shown as documented
from tui.emulator.dployr.current.accounts import Cluster
from tui.emulator.dployr.current.desk import Desk
from tui.emulator.dployr.logs import POLL
from tui.emulator.dployr.services import UP, Line, Service
from tui.emulator.dployr.state import Instance
from tui.emulator.timing import rfc3339

PATH: Final = "/v1/instances/stream"
DURATIONS: Final[Mapping[str, float]] = {
    "live": 0.0,
    "5m": 300.0,
    "15m": 900.0,
    "30m": 1800.0,
    "1h": 3600.0,
    "3h": 10800.0,
    "6h": 21600.0,
    "12h": 43200.0,
    "24h": 86400.0,
}
ENTITIES: Final = {"deployment": "deployments", "service": "services", "domain": "domains"}
BATCH, HISTORY = 50, 500


@dataclass(slots=True)
class Follower:
    """One log that a client has subscribed to."""

    service: Service
    path: str
    told: float
    offset: int = 0


class StreamRoute:
    """Accepts whoever asks, as the server does, even without a cookie; a missing clusterId is a plain 400."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        socket = WebSocket(scope, receive, send)
        if scope["path"] != PATH:
            await socket.send_denial_response(Response("404 Not Found", 404, media_type="text/plain"))
            return
        cluster = self._desk.members.clusters.get(socket.query_params.get("clusterId", ""))
        if cluster is None:
            await socket.send_denial_response(Response("clusterId is required", 400, media_type="text/plain"))
            return
        await socket.accept()
        visit = Visit(self._desk, cluster, socket)
        pushing = asyncio.ensure_future(visit.push())
        try:
            while True:
                await visit.hear(await socket.receive_text())
        except (WebSocketDisconnect, RuntimeError):
            pass
        finally:
            pushing.cancel()


class Visit:
    """One connection: what it has been told so far."""

    def __init__(self, desk: Desk, cluster: Cluster, socket: WebSocket) -> None:
        self._desk = desk
        self._cluster = cluster
        self._socket = socket
        self._version = 0
        self._events = len(desk.fleet.events)
        self._workloads: dict[str, object] = {}
        self._followers: dict[str, Follower] = {}

    async def hear(self, text: str) -> None:
        try:
            message = json.loads(text)
            kind = message["kind"]
        except (ValueError, KeyError, TypeError):
            await self._error("", 1002, "invalid message format")
            return
        if kind == "heartbeat":
            await self._everything()
        elif kind == "log_subscribe":
            await self._subscribe(message)
        elif kind == "log_unsubscribe":
            self._followers.pop(str(message.get("path")), None)
        else:
            await self._error(str(message.get("requestId", "")), 1002, f"unknown kind {kind}")

    async def _tell(self, message: Mapping[str, object]) -> None:
        await self._socket.send_text(json.dumps(message, ensure_ascii=False, separators=(",", ":")))

    async def _error(self, request_id: str, code: int, text: str) -> None:
        now = int(self._desk.world.now() * 1000)
        await self._tell({"kind": "error", "requestId": request_id, "code": code, "message": text, "timestamp": now})

    # --- state
    def _machines(self) -> list[Instance]:
        return [one for one in self._desk.fleet.instances.values() if self._desk.home(one) is self._cluster]

    async def _everything(self) -> None:
        for machine in self._machines():
            await self._delta(machine, self._sections(machine))

    async def _delta(self, machine: Instance, sections: Mapping[str, object]) -> None:
        self._version += 1
        body = {name: {"data": data, "version": self._version} for name, data in sections.items()}
        await self._tell({"kind": "delta-update", "instanceId": machine.tag, "sections": body})

    def _sections(self, machine: Instance) -> dict[str, object]:
        numbers = documented.metrics(self._desk.fleet, machine)
        workloads = self._workload(machine)
        self._workloads[machine.id] = workloads
        return {
            "node": {"hostname": machine.tag, "version": "0.2.15"},
            "status": {"state": "degraded" if machine.status == "degraded" else "healthy", "mode": "ready"},
            "health": {"overall": "ok", "websocket": "ok", "tasks": "ok", "proxy": "ok", "auth": "ok"},
            "resources": {name: numbers[name] for name in ("cpu", "memory", "disks")},
            "workloads": workloads,
            "proxy": {"status": "running"},
        }

    def _workload(self, machine: Instance) -> dict[str, object]:
        """Stop means sleep; and once anything sleeps, everything else is said to run."""
        mine = [one for one in self._desk.fleet.services.values() if one.instance_id == machine.id]
        asleep = any(one.status == "stopped" for one in mine)
        return {"services": [_workload(one, asleep) for one in mine]}

    async def push(self) -> None:
        """Tell what changed, as it changes."""
        while True:
            await asyncio.sleep(POLL)
            self._desk.world.tick()
            for machine in self._machines():
                before, now = self._workloads.get(machine.id), self._workload(machine)
                if before is not None and before != now:
                    self._workloads[machine.id] = now
                    await self._delta(machine, {"workloads": now})
            events = list(self._desk.fleet.events)
            for entity in dict.fromkeys(ENTITIES.get(one.type.partition(".")[0], "") for one in events[self._events :]):
                if entity:
                    await self._tell({"kind": "refresh", "entity": entity, "clusterId": self._cluster.id})
            self._events = len(events)
            for follower in self._followers.values():
                await self._follow(follower)

    # --- logs
    async def _subscribe(self, message: Mapping[str, Any]) -> None:
        request_id = str(message.get("requestId") or "")
        for key in ("requestId", "path", "streamId", "duration"):
            if not message.get(key):
                await self._error(request_id, 1001, f"{key} is required")
                return
        path, stream, span = str(message["path"]), str(message["streamId"]), DURATIONS.get(str(message["duration"]))
        service = self._named(path)
        if span is None or service is None:
            await self._error(request_id, 1000 if span is None else 2001, "invalid duration" if span is None else "not found")
            return
        now = self._desk.world.now()
        await self._tell({"kind": "log_subscribed", "streamId": stream, "path": path})
        past = list(self._desk.fleet.lifecycle.lines(service, now - span, now)) if span else []
        entries = [{"time": rfc3339(line.at, 6), "msg": line.text} for line in past[-HISTORY:]]
        cursor = str(int(past[-len(entries)].at * 1e9)) if entries else ""
        more = {"hasMore": len(past) > HISTORY, "nextCursor": cursor}
        await self._tell({"kind": "log_chunk", "streamId": stream, "path": path, "entries": entries, "eof": False, **more})
        self._followers[path] = Follower(service, path.removeprefix("service:"), now)

    def _named(self, path: str) -> Service | None:
        fleet = self._desk.fleet
        name = path.removeprefix("service:")
        row = fleet.deployments.get(name)
        found = fleet.by_name.get(row.name if row else name)
        return found if found and self._desk.home(found) is self._cluster else None

    async def _follow(self, follower: Follower) -> None:
        now = self._desk.world.now()
        fresh = list(self._desk.fleet.lifecycle.lines(follower.service, follower.told, now))
        follower.told = now
        for start in range(0, len(fresh), BATCH):
            batch = fresh[start : start + BATCH]
            follower.offset += sum(len(line.text) for line in batch)
            await self._tell(
                {
                    "kind": "log_chunk",
                    "streamId": follower.service.instance_id,
                    "path": follower.path,
                    "entries": [_entry(line) for line in batch],
                    "eof": False,
                    "hasMore": False,
                    "offset": follower.offset,
                    "source": batch[0].source,
                }
            )


def _entry(line: Line) -> dict[str, object]:
    return {"time": rfc3339(line.at, 6), "level": line.level.upper(), "msg": line.text}


def _workload(one: Service, asleep: bool) -> dict[str, object]:
    if one.status == "stopped":
        status = "sleeping"
    elif asleep or one.status in UP:
        status = "running"
    else:
        status = {"starting": "starting", "restarting": "starting"}.get(one.status, "stopped")
    return {
        "id": one.id,
        "name": one.name,
        "type": one.type,
        "source": one.source,
        "runtime": one.runtime,
        "port": one.port,
        "status": status,
        "health": "degraded" if one.status in ("degraded", "crashed") else "healthy",
        "created_at": rfc3339(one.created),
        "updated_at": rfc3339(one.updated),
    }
