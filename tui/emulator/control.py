"""The hand from outside: what a test, a script or a curious user can do to a running emulator, as methods and under ``/__control/``.

Loopback only, and never for a browser: a request with an Origin, or for a Host that is not this machine, is refused.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import asdict
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp

from tui.emulator.faults import Fault, Faults, Lines
from tui.emulator.platforms import Platforms
from tui.emulator.quirks import checked
from tui.emulator.timing import rfc3339
from tui.emulator.web import Endpoint, Json, Refusal, body_json, dispatcher
from tui.emulator.world import Ledger, World

PREFIX = "/__control"
HOSTS = frozenset({"127.0.0.1", "localhost", "::1", "[::1]", "testclient", "testserver"})


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


def control_app(control: Control) -> ASGIApp:
    """``/__control/…`` over HTTP; every body and every answer is JSON."""

    def guarded(act: Callable[[Request], Awaitable[object]]) -> Callable[[Request], Awaitable[Response]]:
        async def answer(request: Request) -> Response:
            host = request.headers.get("host", "")
            host = host.rsplit(":", 1)[0] if host.count(":") == 1 or "]:" in host else host
            if host.lower() not in HOSTS or "origin" in request.headers or (request.client and request.client.host not in HOSTS):
                raise Refusal(403, {"error": "this machine only"})
            try:
                return Json(await act(request))
            except (TypeError, ValueError, KeyError) as error:
                raise Refusal(400, {"error": f"{type(error).__name__}: {error}"}) from None

        return answer

    async def state(_request: Request) -> object:
        return control.state()

    async def set_fault(request: Request) -> object:
        return {"id": control.fault(**await body_json(request))}

    async def clear_faults(request: Request) -> object:
        only = request.query_params.get("id")
        return {"cleared": control.clear_faults(int(only) if only else None)}

    async def drop(_request: Request) -> object:
        control.drop_all()
        return {"done": True}

    async def decide(request: Request) -> object:
        refusal = control.decide(request.path_params["verdict"], request.path_params["rollout"])
        if refusal:
            raise Refusal(409, {"error": refusal})
        return {"done": True}

    async def trigger(request: Request) -> object:
        return {"id": control.trigger(**await body_json(request))}

    async def clock(request: Request) -> object:
        return {"now": control.advance(float((await body_json(request))["advance"]))}

    async def revoke(request: Request) -> object:
        return {"revoked": control.revoke(**await body_json(request))}

    async def code(request: Request) -> object:
        return {"code": control.code(request.path_params["email"])}

    async def quirk(request: Request) -> object:
        control.quirk(request.path_params["word"], on=request.method == "POST")
        return {"quirks": sorted(control.world.quirks)}

    async def behave(request: Request) -> object:
        control.behave(request.path_params["service"], (await body_json(request))["behaviour"])
        return {"done": True}

    async def say(request: Request) -> object:
        control.say(request.path_params["service"], **await body_json(request))
        return {"done": True}

    table = (
        Endpoint("GET", "/", guarded(state)),
        Endpoint("POST", "/faults", guarded(set_fault)),
        Endpoint("DELETE", "/faults", guarded(clear_faults)),
        Endpoint("POST", "/drop", guarded(drop)),
        Endpoint("POST", "/rollouts", guarded(trigger)),
        Endpoint("POST", "/rollouts/{rollout}/{verdict}", guarded(decide)),
        Endpoint("POST", "/clock", guarded(clock)),
        Endpoint("POST", "/revoke", guarded(revoke)),
        Endpoint("GET", "/codes/{email}", guarded(code)),
        Endpoint("POST", "/quirks/{word}", guarded(quirk)),
        Endpoint("DELETE", "/quirks/{word}", guarded(quirk)),
        Endpoint("POST", "/services/{service}/behaviour", guarded(behave)),
        Endpoint("POST", "/services/{service}/log", guarded(say)),
    )
    prefixed = tuple(Endpoint(row.method, PREFIX + row.template, row.answer) for row in table)
    nothing = Json({"error": "no such control"}, 404)
    return dispatcher("control", prefixed, Ledger(), lambda _request, _allowed: nothing, Json({"error": "broken"}, 500))
