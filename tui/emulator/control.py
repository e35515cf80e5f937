"""The hand from outside: what a test, a script or a curious user can do to a running emulator. Methods only; ``surface`` is their HTTP."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict
from typing import Any

from tui.emulator.faults import Fault, Faults, Lines
from tui.emulator.platforms import Platforms
from tui.emulator.quirks import checked
from tui.emulator.timing import rfc3339
from tui.emulator.world import World


class Control:
    """Every method returns at once and takes effect before the next request; used from the server's thread only."""

    def __init__(self, world: World, platforms: Platforms, faults: Faults, lines: Lines) -> None:
        self.world = world
        self.platforms = platforms
        self.faults = faults
        self.lines = lines

    # --- bad days
    def fault(self, kind: str, **rule: Any) -> int:
        """Set a fault (see ``faults.Fault``); its id. Raises ``ValueError`` or ``TypeError`` for one that makes no sense."""
        return self.faults.add(Fault(kind=kind, **rule)).id

    def clear_faults(self, fault_id: int | None = None) -> int:
        return self.faults.clear(fault_id)

    def drop_all(self) -> None:
        """Reset every open connection."""
        self.lines.reset_all()

    def revoke(self, platform: str, *, refresh: bool = True) -> int:
        """Make tokens that were given invalid, as if they had been revoked; how many."""
        return self.platforms.revoke(platform, refresh)

    def quirk(self, word: str, *, on: bool = True) -> None:
        """Switch an inconvenient truth on or off. Raises ``ValueError`` for a word that does not exist."""
        (self.world.quirks.update if on else self.world.quirks.difference_update)(checked(frozenset({word})))

    def code(self, email: str) -> str:
        """The code that was mailed to that address, or that its authenticator shows. Raises ``KeyError`` if there is none."""
        members = self.platforms.members
        if members is None:
            raise KeyError(email)
        user = members.users[email]
        return members.totp(user) if user.secret else members.codes[email][0]

    # --- what humans do in dashboards
    def decide(self, what: str, rollout: str) -> str:
        """approve, reject, cancel or fail a rollout; an empty text, or why not. Raises ``KeyError`` for another word."""
        encore = self.platforms.encore
        verdicts: dict[str, Callable[[str], str]] = {
            "approve": encore.approve,
            "reject": encore.reject,
            "cancel": encore.cancel,
            "fail": encore.fail,
        }
        return verdicts[what](rollout)

    def trigger(self, app: str, environment: str, target: str, by: str, plan: str = "") -> str:
        """A rollout that somebody else triggers; its id."""
        return self.platforms.encore.trigger(app, environment, target, by, plan).id

    def behave(self, service: str, behaviour: str) -> None:
        """steady, degraded or crashloop, by the service's name or id. Raises ``KeyError``."""
        self.platforms.fleet.lifecycle.behave(self._service(service), behaviour)

    def say(self, service: str, level: str, text: str, source: str = "runtime") -> None:
        """Add a line to a service's log. Raises ``KeyError``."""
        self.platforms.fleet.lifecycle.say(self._service(service), level, text, source)

    def _service(self, name: str) -> Any:
        fleet = self.platforms.fleet
        return fleet.by_name.get(name) or fleet.services[name]

    # --- time
    def advance(self, seconds: float) -> str:
        """Jump ahead and let everything happen that falls due; the new time, RFC 3339."""
        self.world.clock.advance(seconds)
        self.world.tick()
        return rfc3339(self.world.now(), 3) or ""

    # --- looking
    def executed(self, method: str, path: str, target: str | None = None) -> int:
        """How often an endpoint (its template, such as ``/v1/services/{id}/restart``) took effect, on one target or on all."""
        return self._sum(self.world.ledger.executed, method, path, target)

    def received(self, method: str, path: str, target: str | None = None) -> int:
        """How often it was asked, refusals included; a request that a fault kept away is not."""
        return self._sum(self.world.ledger.received, method, path, target)

    @staticmethod
    def _sum(counts: Any, method: str, path: str, target: str | None) -> int:
        return sum(
            number
            for deed, number in counts.items()
            if deed.method == method and deed.path.rstrip("/") == path.rstrip("/") and target in (None, deed.target)
        )

    def state(self) -> dict[str, object]:
        world = self.world
        return {
            "scenario": world.scenario.name,
            "title": world.scenario.title,
            "flavours": dict(world.options.flavours),
            "now": rfc3339(world.now(), 3),
            "manual": world.clock.manual,
            "quirks": sorted(world.quirks),
            "faults": [asdict(fault) for fault in self.faults.rows()],
            "deeds": world.ledger.rows(),
            "failures": world.ledger.failures,
            "rollouts": [
                {"id": one.id, "app": one.app, "environment": one.environment, "status": one.status, "infra": one.steps["infra"].status}
                for one in self.platforms.encore.rollouts.values()
            ],
        }
