"""What Encore knows: apps, their environments and clients, access tokens, and rollouts that walk their phases. No HTTP here."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from math import isfinite

from tui.emulator.encore.plans import BRANCHES, NEVER, PLANS, Plan
from tui.emulator.scenario import RolloutSpec
from tui.emulator.timing import rfc3339
from tui.emulator.world import World

PHASES = ("build", "infra", "deploy")
FIRST_WORD = {"build": "queued", "infra": "pending", "deploy": "queued"}


@dataclass(slots=True, kw_only=True)
class Step:
    """One phase. ``conclusion`` is unknown until ``status`` is completed."""

    id: str
    status: str
    conclusion: str = "unknown"
    queued_at: float | None = None
    started_at: float | None = None
    completed_at: float | None = None


@dataclass(slots=True, kw_only=True)
class Rollout:
    """``plan`` is what will happen unless somebody decides otherwise; ``turn`` makes outdated plans harmless."""

    id: str
    app: str
    environment: str
    target: str
    by: str
    at: float
    plan: Plan
    steps: Mapping[str, Step]
    status: str = "pending"
    conclusion: str = "pending"
    queued_at: float | None = None
    started_at: float | None = None
    completed_at: float | None = None
    turn: int = 0


@dataclass(slots=True, kw_only=True)
class App:
    slug: str
    environments: tuple[str, ...]
    client_id: str
    client_secret: str


@dataclass(slots=True, kw_only=True)
class Grant:
    """An access token: whose, and until when. ``app`` None may do all apps."""

    actor: str
    app: str | None
    expires: float


@dataclass(slots=True)
class EncoreState:
    """Made from the scenario; every change goes through a method."""

    world: World
    apps: dict[str, App] = field(default_factory=dict)
    clients: dict[str, tuple[str, str | None]] = field(default_factory=dict)
    grants: dict[str, Grant] = field(default_factory=dict)
    rollouts: dict[str, Rollout] = field(default_factory=dict)
    known: list[Rollout] = field(default_factory=list)
    client_id: str = ""
    client_secret: str = ""

    def __post_init__(self) -> None:
        dice, scenario = self.world.dice, self.world.scenario
        self.client_id = f"o2c_{dice.word(20, 'client')}"
        self.client_secret = dice.hexadecimal(48, "client secret")
        self.clients[self.client_id] = (self.client_secret, None)
        for spec in scenario.apps:
            if spec.slug:
                self._add(spec.slug, spec.environments)
        for number in range(scenario.bulk.encore_apps):
            self._add(f"app-{number:04d}-{dice.word(4, 'slug', number)}", ("staging", "prod"))
        for row in scenario.rollouts:
            self._replay(row)

    def _add(self, slug: str, environments: tuple[str, ...]) -> None:
        dice = self.world.dice
        app = App(
            slug=slug,
            environments=environments,
            client_id=f"o2c_{dice.word(20, 'client', slug)}",
            client_secret=dice.hexadecimal(48, "client secret", slug),
        )
        self.apps[slug] = app
        self.clients[app.client_id] = (app.client_secret, slug)

    def _replay(self, spec: RolloutSpec) -> None:
        at = self.world.start - spec.ago
        rollout = self._made(at, spec.app, spec.environment, spec.target, spec.by, PLANS[spec.plan])
        self.known.append(rollout)
        self.world.at(at, lambda: self._walk(rollout))

    # --- tokens
    def grant(self, client_id: str, client_secret: str) -> tuple[str, Grant] | None:
        """A new access token, or None for a wrong pair."""
        secret, app = self.clients.get(client_id, ("", None))
        if not secret or secret != client_secret:
            return None
        dice = self.world.dice
        token = f"MTc{dice.word(40, 'token', dice.serial())}{dice.word(24, 'token', dice.serial())}=="
        self.grants[token] = Grant(actor=client_id, app=app, expires=self.world.now() + self.world.options.token_lifetime)
        return token, self.grants[token]

    def holder(self, token: str) -> Grant | None:
        """Whose token this is; None if it is unknown or has expired."""
        grant = self.grants.get(token)
        return grant if grant and grant.expires > self.world.now() else None

    def revoke(self) -> int:
        """Make every token that was given invalid; how many."""
        count = len(self.grants)
        self.grants.clear()
        return count

    # --- rollouts
    def trigger(self, app: str, environment: str, target: str, by: str, plan: str = "") -> Rollout:
        """A new rollout, now; ``plan`` names one, else the branch or the scenario's word for the environment decides."""
        plans = self.world.scenario.plans
        name = plan or BRANCHES.get(target) or plans.get(environment) or plans.get("", "success")
        rollout = self._made(self.world.now(), app, environment, target, by, PLANS[name])
        self._walk(rollout)
        return rollout

    def _made(self, at: float, app: str, environment: str, target: str, by: str, plan: Plan) -> Rollout:
        dice = self.world.dice
        serial = dice.serial()
        steps = {name: Step(id=f"{name[0]}_{dice.word(12, name, serial)}", status=FIRST_WORD[name]) for name in PHASES}
        rollout = Rollout(
            id=dice.rollout(at, serial), app=app, environment=environment, target=target, by=by, at=at, plan=plan, steps=steps
        )
        self.rollouts[rollout.id] = rollout
        return rollout

    def _walk(self, rollout: Rollout) -> None:
        self._soon(rollout, 1, lambda: self._queue(rollout))

    def _soon(self, rollout: Rollout, seconds: float, action: object) -> None:
        """Plan the rollout's next step; whatever was planned before is forgotten."""
        rollout.turn += 1
        turn = rollout.turn
        if isfinite(seconds):
            self.world.later(seconds, lambda: action() if rollout.turn == turn else None)  # type: ignore[operator]

    def _queue(self, rollout: Rollout) -> None:
        now = self.world.now()
        rollout.status, rollout.queued_at = "queued", now
        rollout.steps["build"].queued_at = now
        self._soon(rollout, rollout.plan.queue, lambda: self._build(rollout))

    def _build(self, rollout: Rollout) -> None:
        now = self.world.now()
        rollout.status, rollout.started_at = "running", now
        step = rollout.steps["build"]
        if rollout.plan.fast_build:
            step.queued_at, step.started_at = now - 900, now - 898
            step.status, step.conclusion, step.completed_at = "completed", "success", now - 820
            self._infra(rollout)
            return
        step.status, step.started_at = "running", now
        self._soon(rollout, rollout.plan.build, lambda: self._end(rollout, "build"))

    def _infra(self, rollout: Rollout) -> None:
        if rollout.plan.proposed is None:
            self._infra_queued(rollout)
            return
        rollout.steps["infra"].status = "proposed"
        verdict = self.reject if rollout.plan.conclusion == "rejected" else self.approve
        self._soon(rollout, rollout.plan.proposed, lambda: verdict(rollout.id))

    def _infra_queued(self, rollout: Rollout) -> None:
        step = rollout.steps["infra"]
        step.status, step.queued_at = "queued", self.world.now()
        self._soon(rollout, rollout.plan.queue, lambda: self._run(rollout, "infra"))

    def _run(self, rollout: Rollout, phase: str) -> None:
        step = rollout.steps[phase]
        step.status, step.started_at = "running", self.world.now()
        self._soon(rollout, getattr(rollout.plan, phase), lambda: self._end(rollout, phase))

    def _end(self, rollout: Rollout, phase: str) -> None:
        """A phase is over as planned; the next begins or the rollout is over."""
        failed = rollout.plan.ends == phase
        self._conclude(rollout, phase, rollout.plan.conclusion if failed else "success")

    def _conclude(self, rollout: Rollout, phase: str, conclusion: str) -> None:
        now = self.world.now()
        step = rollout.steps[phase]
        step.status, step.conclusion, step.completed_at = "completed", conclusion, now
        if conclusion != "success" or phase == "deploy":
            self._complete(rollout, "failure" if conclusion == "rejected" else conclusion)
        elif phase == "build":
            self._infra(rollout)
        else:
            deploy = rollout.steps["deploy"]
            deploy.status, deploy.queued_at = "queued", now
            self._soon(rollout, rollout.plan.queue, lambda: self._run(rollout, "deploy"))

    def _complete(self, rollout: Rollout, conclusion: str) -> None:
        self._soon(rollout, NEVER, None)
        rollout.status, rollout.conclusion, rollout.completed_at = "completed", conclusion, self.world.now()

    # --- what a human does in the dashboard
    def approve(self, rollout_id: str) -> str:
        """Approve proposed infrastructure. Returns an empty text, or why it is not possible."""
        rollout = self.rollouts.get(rollout_id)
        if rollout is None or rollout.steps["infra"].status != "proposed" or rollout.status == "completed":
            return "no such rollout, or nothing is proposed"
        self._infra_queued(rollout)
        return ""

    def reject(self, rollout_id: str) -> str:
        """Reject proposed infrastructure: the rollout ends as a failure, its infra as rejected."""
        rollout = self.rollouts.get(rollout_id)
        if rollout is None or rollout.steps["infra"].status != "proposed" or rollout.status == "completed":
            return "no such rollout, or nothing is proposed"
        self._conclude(rollout, "infra", "rejected")
        return ""

    def cancel(self, rollout_id: str) -> str:
        """Cancel: the phase at work ends as canceled, those after it stay as they are."""
        return self._stop(rollout_id, "canceled")

    def fail(self, rollout_id: str) -> str:
        """Let the phase at work fail."""
        return self._stop(rollout_id, "failure")

    def _stop(self, rollout_id: str, conclusion: str) -> str:
        rollout = self.rollouts.get(rollout_id)
        if rollout is None or rollout.status == "completed":
            return "no such rollout, or it is over"
        phase = next(name for name in PHASES if rollout.steps[name].status != "completed")
        self._conclude(rollout, phase, conclusion)
        return ""

    # --- what is live
    def live(self, app: str, environment: str) -> list[Rollout]:
        """The rollout whose version runs there, and the one that is just replacing it; empty if nothing ever was deployed."""
        mine = [one for one in self.rollouts.values() if (one.app, one.environment) == (app, environment)]
        done = [one for one in mine if one.steps["deploy"].conclusion == "success"]
        newest = sorted(done, key=lambda one: one.completed_at or 0.0)[-1:]
        return newest + [one for one in mine if one.steps["deploy"].status == "running"]

    def revision(self, rollout: Rollout) -> str:
        """The commit that a rollout brings: its own, or the head of its branch."""
        is_sha = len(rollout.target) == 40 and set(rollout.target) <= set("0123456789abcdef")
        return rollout.target if is_sha else self.world.dice.hexadecimal(40, "head", rollout.app, rollout.target)

    def shown(self, rollout: Rollout) -> dict[str, object]:
        """The documented Rollout."""
        return {
            "id": rollout.id,
            "status": rollout.status,
            "conclusion": rollout.conclusion,
            **_times(rollout),
            **{
                name: {"id": step.id, "status": step.status, "conclusion": step.conclusion, **_times(step)}
                for name, step in rollout.steps.items()
            },
        }


def _times(thing: Rollout | Step) -> dict[str, object]:
    return {
        "queued_at": rfc3339(thing.queued_at),
        "started_at": rfc3339(thing.started_at),
        "completed_at": rfc3339(thing.completed_at),
    }
