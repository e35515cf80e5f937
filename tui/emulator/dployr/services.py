"""dployr's services: what each is, how start, stop, restart and crashes take their time, and what its log says. No HTTP here."""

from __future__ import annotations

from collections import deque
from collections.abc import Container, Iterator
from dataclasses import dataclass, field
from heapq import merge
from math import ceil
from typing import Final

from tui.emulator import voices
from tui.emulator.world import World

DURATION: Final = {"starting": 3.0, "stopping": 2.0, "restarting": 5.0}
SETTLES: Final = {"starting": "running", "stopping": "stopped", "restarting": "running"}
UP: Final = frozenset({"running", "degraded"})
CRASH_AFTER: Final = 9.0
BACKOFF: Final = (5.0, 10.0, 20.0, 40.0)
LONGEST_TAIL: Final = 10_000
KEPT: Final = 86400.0
"""How far back logs reach, seconds."""


@dataclass(frozen=True, slots=True, order=True)
class Line:
    at: float
    level: str
    source: str
    text: str


@dataclass(slots=True, kw_only=True)
class Service:
    """``spells`` are (from, mood): what it said when; an empty mood is silence. ``turn`` makes outdated plans harmless."""

    id: str
    name: str
    created: float
    updated: float
    description: str = ""
    type: str = "web"
    runtime: str = "nodejs"
    version: str = "20"
    port: int | None = None
    source: str = "remote"
    image: str = ""
    remote: str = ""
    branch: str = ""
    commit: str = ""
    run_cmd: str = ""
    build_cmd: str = ""
    project_id: str = ""
    instance_id: str = ""
    deployment_id: str = ""
    deployed: float | None = None
    env: dict[str, str] = field(default_factory=dict)
    env_since: dict[str, float] = field(default_factory=dict)
    secrets: dict[str, float] = field(default_factory=dict)
    """Names and since when; the values are nobody's business."""
    cluster: str = ""
    """On the control plane: the id of a cluster other than the main one."""
    status: str = "running"
    behaviour: str = "steady"
    message: str = ""
    started: float | None = None
    restarts: int = 0
    crashes: int = 0
    cpu: float = 0.1
    memory: int = 200
    voice: str = "http"
    rate: float = 0.5
    turn: int = 0
    spells: list[tuple[float, str]] = field(default_factory=list)
    said: deque[Line] = field(default_factory=lambda: deque(maxlen=4000))


class Lifecycle:
    """Makes services change state over time and speak about it."""

    def __init__(self, world: World) -> None:
        self.world = world

    # --- verbs
    def start(self, service: Service) -> None:
        if service.status not in (*UP, "starting", "restarting"):
            self._toward(service, "starting")

    def stop(self, service: Service) -> None:
        if service.status not in ("stopped", "stopping"):
            self.say(service, "info", "received SIGTERM, draining connections")
            self._toward(service, "stopping")

    def restart(self, service: Service) -> None:
        self.say(service, "info", "received SIGTERM, restarting")
        self._toward(service, "restarting")

    def behave(self, service: Service, behaviour: str) -> None:
        """steady, degraded or crashloop from now on; a stopped service keeps it for its next start."""
        service.behaviour = behaviour
        if service.status in UP or (service.status == "crashed" and behaviour == "crashloop"):
            self._up(service)

    # --- steps
    def _toward(self, service: Service, status: str) -> None:
        self._enter(service, status)
        self._plan(service, DURATION[status], lambda: self._settle(service, SETTLES[status]))

    def _settle(self, service: Service, status: str) -> None:
        if status == "running":
            if service.status == "restarting":
                service.restarts += 1
            self._boot(service)
            self._up(service)
        else:
            self._enter(service, status)

    def _up(self, service: Service) -> None:
        self._enter(service, "degraded" if service.behaviour == "degraded" else "running")
        if service.behaviour == "crashloop":
            self._plan(service, CRASH_AFTER, lambda: self._crash(service))

    def _crash(self, service: Service) -> None:
        for level, text in voices.CRASH:
            self.say(service, level, text)
        wait = BACKOFF[min(service.crashes, len(BACKOFF) - 1)]
        service.crashes += 1
        self._enter(service, "crashed")
        service.message = f"exit status 1, {service.crashes} times; next start in {wait:.0f}s"
        self._plan(service, wait, lambda: self._again(service))

    def _again(self, service: Service) -> None:
        service.restarts += 1
        self._toward(service, "starting")

    def _enter(self, service: Service, status: str) -> None:
        now = self.world.now()
        if status in UP and service.status not in UP:
            service.started = now
        service.status, service.updated = status, now
        service.message = "error rate above 5% for 3 minutes" if status == "degraded" else ""
        mood = {"running": "steady", "degraded": "degraded"}.get(status, "")
        service.spells.append((now, mood))
        del service.spells[:-600]
        service.turn += 1

    def _plan(self, service: Service, seconds: float, action: object) -> None:
        turn = service.turn
        self.world.later(seconds, lambda: action() if service.turn == turn else None)  # type: ignore[operator]

    # --- what it says
    def say(self, service: Service, level: str, text: str, source: str = "runtime") -> None:
        service.said.append(Line(self.world.now(), level, source, text))

    def _boot(self, service: Service) -> None:
        for sentence in voices.BOOT.get(service.voice, voices.BOOT["http"]):
            self.say(service, "info", voices.filled(self.world.dice, sentence, service.name, port=service.port or 8080))

    def lines(self, service: Service, since: float, until: float, sources: Container[str] | None = None) -> Iterator[Line]:
        """What it said in ``since <= at < until``, oldest first; of these sources, or of all."""
        told = [line for line in service.said if since <= line.at < until and (sources is None or line.source in sources)]
        told.sort(key=lambda line: line.at)
        if sources is not None and "runtime" not in sources:
            return iter(told)
        return merge(told, self._chatter(service, since, until), key=lambda line: line.at)

    def _chatter(self, service: Service, since: float, until: float) -> Iterator[Line]:
        dice, spells = self.world.dice, service.spells
        for index, (begins, mood) in enumerate(spells):
            ends = spells[index + 1][0] if index + 1 < len(spells) else until
            first, last = max(begins, since), min(ends, until)
            if not mood or last <= first:
                continue
            rate = service.rate * (1.6 if mood == "degraded" else 1.0)
            for slot in range(int(first * rate), ceil(last * rate)):
                at = round((slot + dice.share(service.name, mood, slot)) / rate, 6)
                if first <= at < last:
                    level, text = voices.say(dice, service.voice, mood, service.name, slot)
                    yield Line(at, level, "runtime", text)

    def tail(self, service: Service, count: int, until: float) -> list[Line]:
        """The last ``count`` lines before ``until``, oldest first."""
        count = min(count, LONGEST_TAIL)
        window = (count + 10) / service.rate
        while True:
            found = list(self.lines(service, until - window, until))
            if len(found) >= count or window > KEPT:
                return found[len(found) - count :] if count < len(found) else found
            window *= 4

    # --- what it uses
    def cpu(self, service: Service) -> float:
        """Share of its core set; a new value every 15 s."""
        return min(1.0, service.cpu * (0.75 + 0.5 * self._noise(service, "cpu"))) if service.status in UP else 0.0

    def memory(self, service: Service) -> int:
        """Bytes."""
        return int(service.memory * 2**20 * (0.95 + 0.1 * self._noise(service, "memory"))) if service.status in UP else 0

    def _noise(self, service: Service, what: str) -> float:
        dice = self.world.dice
        slot = int((self.world.now() + dice.number(service.id, "phase") % 15) / 15)
        return dice.share(service.id, what, slot)
