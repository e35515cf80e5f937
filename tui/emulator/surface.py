"""``/__control/`` over HTTP: the control's methods as endpoints; every body and every answer is JSON.

Loopback only, and never for a browser: a request with an Origin, or for a Host that is not this machine, is refused.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Final

from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp

from tui.emulator.control import Control
from tui.emulator.web import Endpoint, Json, Refusal, body_json, dispatcher
from tui.emulator.world import Ledger

PREFIX: Final = "/__control"
HOSTS: Final = frozenset({"127.0.0.1", "localhost", "::1", "[::1]"})


class Surface:
    """One method per endpoint. ``TypeError``, ``ValueError`` and ``KeyError`` of a control are the caller's mistake: 400."""

    def __init__(self, control: Control) -> None:
        self._control = control

    def app(self) -> ASGIApp:
        table = (
            ("GET", "/", self.state),
            ("POST", "/faults", self.set_fault),
            ("DELETE", "/faults", self.clear_faults),
            ("POST", "/drop", self.drop),
            ("POST", "/rollouts", self.trigger),
            ("POST", "/rollouts/{rollout}/{verdict}", self.decide),
            ("POST", "/clock", self.clock),
            ("POST", "/revoke", self.revoke),
            ("GET", "/codes/{email}", self.code),
            ("POST", "/quirks/{word}", self.quirk),
            ("DELETE", "/quirks/{word}", self.quirk),
            ("POST", "/services/{service}/behaviour", self.behave),
            ("POST", "/services/{service}/log", self.say),
        )
        endpoints = tuple(Endpoint(method, PREFIX + path, _guarded(act)) for method, path, act in table)
        nothing = Json({"error": "no such control"}, 404)
        return dispatcher("control", endpoints, Ledger(), lambda _request, _allowed: nothing, Json({"error": "broken"}, 500))

    async def state(self, _request: Request) -> object:
        return self._control.state()

    async def set_fault(self, request: Request) -> object:
        return {"id": self._control.fault(**await body_json(request))}

    async def clear_faults(self, request: Request) -> object:
        only = request.query_params.get("id")
        return {"cleared": self._control.clear_faults(int(only) if only else None)}

    async def drop(self, _request: Request) -> object:
        self._control.drop_all()
        return {"done": True}

    async def decide(self, request: Request) -> object:
        if refusal := self._control.decide(request.path_params["verdict"], request.path_params["rollout"]):
            raise Refusal(409, {"error": refusal})
        return {"done": True}

    async def trigger(self, request: Request) -> object:
        return {"id": self._control.trigger(**await body_json(request))}

    async def clock(self, request: Request) -> object:
        return {"now": self._control.advance(float((await body_json(request))["advance"]))}

    async def revoke(self, request: Request) -> object:
        return {"revoked": self._control.revoke(**await body_json(request))}

    async def code(self, request: Request) -> object:
        return {"code": self._control.code(request.path_params["email"])}

    async def quirk(self, request: Request) -> object:
        self._control.quirk(request.path_params["word"], on=request.method == "POST")
        return {"quirks": sorted(self._control.world.quirks)}

    async def behave(self, request: Request) -> object:
        self._control.behave(request.path_params["service"], (await body_json(request))["behaviour"])
        return {"done": True}

    async def say(self, request: Request) -> object:
        self._control.say(request.path_params["service"], **await body_json(request))
        return {"done": True}


def _guarded(act: Callable[[Request], Awaitable[object]]) -> Callable[[Request], Awaitable[Response]]:
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
