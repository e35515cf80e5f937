"""dployr's deployments: what one asks for and how it walks from pending to completed or failed, speaking as it goes. No HTTP here."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from tui.emulator import voices
from tui.emulator.dployr.services import Lifecycle, Line, Service
from tui.emulator.world import World

PENDING = 2.0


@dataclass(slots=True, kw_only=True)
class Deployment:
    """``takes`` and ``outcome`` are what will happen; ``said`` waits for the service while there is none yet."""

    id: str
    name: str
    created: float
    updated: float
    source: str = "remote"
    type: str = "web"
    description: str = ""
    runtime: str = ""
    version: str = ""
    remote: str = ""
    branch: str = ""
    commit: str = ""
    image: str = ""
    build_cmd: str = ""
    run_cmd: str = ""
    working_dir: str = ""
    static_dir: str = ""
    domain: str = ""
    health_check: str = ""
    port: int | None = None
    env: dict[str, str] = field(default_factory=dict)
    service_id: str = ""
    by: str = "maya"
    status: str = "pending"
    error: str = ""
    finished: float | None = None
    takes: float = 45.0
    outcome: str = "completed"
    turn: int = 0
    said: list[Line] = field(default_factory=list)


class Conveyor:
    """Walks deployments. ``service_of`` finds or makes the service that a completed one brings; ``happened`` hears of its end."""

    def __init__(
        self,
        world: World,
        lifecycle: Lifecycle,
        service_of: Callable[[Deployment, bool], Service | None],
        happened: Callable[[str, str, str], None],
    ) -> None:
        self._world = world
        self._lifecycle = lifecycle
        self._service_of = service_of
        self._happened = happened
        self._flaps = world.options.flavours.get("dployr") == "current"

    def begin(self, deployment: Deployment) -> None:
        """Pending from now on; whatever was planned for it is forgotten."""
        deployment.turn += 1
        deployment.status, deployment.error, deployment.finished = "pending", "", None
        deployment.updated = self._world.now()
        if "fail" in deployment.name or "broken" in deployment.remote + deployment.branch + deployment.image:
            deployment.outcome = "failed"
        self._plan(deployment, PENDING, lambda: self._work(deployment))

    def _work(self, deployment: Deployment) -> None:
        deployment.status, deployment.updated = "in_progress", self._world.now()
        steps = voices.BUILD if deployment.source == "remote" else voices.BUILD[-1:]
        for number, sentence in enumerate(steps):
            share = deployment.takes * 0.7 * number / len(steps)
            self._plan(deployment, share, lambda text=sentence: self._say(deployment, "info", text, "build"))  # type: ignore[misc]
        self._plan(deployment, deployment.takes, lambda: self._finish(deployment))

    def _finish(self, deployment: Deployment) -> None:
        now = self._world.now()
        if deployment.outcome == "failed":
            for sentence in voices.BUILD_FAILURE:
                self._say(deployment, "error", sentence, "build")
            deployment.error = "build command exited with status 2"
        else:
            service = self._service_of(deployment, True)
            if service is not None:
                self._replace(deployment, service, now)
        deployment.status, deployment.updated, deployment.finished = deployment.outcome, now, now
        failed = "deployment.finished" if self._flaps or deployment.outcome == "completed" else "deployment.failed"
        self._happened(failed, deployment.by, deployment.name)
        if self._flaps and deployment.turn > 1:
            self._plan(deployment, 1.0, lambda: self._flap(deployment, "pending"))
            self._plan(deployment, 3.0, lambda: self._flap(deployment, deployment.outcome))

    def _flap(self, deployment: Deployment, status: str) -> None:
        """The node's callback of a redeploy writes pending over the result until the node speaks again."""
        deployment.status, deployment.updated = status, self._world.now()

    def _replace(self, deployment: Deployment, service: Service, now: float) -> None:
        service.said.extend(deployment.said)
        deployment.said.clear()
        self._say(deployment, "info", "replacing the running version", "deploy")
        for name in ("type", "runtime", "version", "port", "source", "image", "remote", "branch", "commit", "run_cmd", "build_cmd"):
            setattr(service, name, getattr(deployment, name) or getattr(service, name))
        deployment.service_id = service.id
        service.env.update(deployment.env)
        service.env_since.update(dict.fromkeys(deployment.env, now))
        service.deployment_id, service.deployed = deployment.id, now
        service.behaviour, service.crashes = "steady", 0
        self._lifecycle.restart(service)

    def _say(self, deployment: Deployment, level: str, sentence: str, source: str) -> None:
        text = voices.filled(
            self._world.dice,
            sentence,
            deployment.id,
            deployment.turn,
            name=deployment.name,
            remote=deployment.remote,
            branch=deployment.branch or "main",
            build=deployment.build_cmd or "no build command",
        )
        service = self._service_of(deployment, False)
        (deployment.said if service is None else service.said).append(Line(self._world.now(), level, source, text))

    def _plan(self, deployment: Deployment, seconds: float, action: Callable[[], None]) -> None:
        turn = deployment.turn
        self._world.later(seconds, lambda: action() if deployment.turn == turn else None)
