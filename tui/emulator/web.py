"""What the three servers share about HTTP: a table of endpoints made into routes, refusals, bodies read, deeds counted."""

from __future__ import annotations

import json
import traceback
from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import compile_path
from starlette.types import ASGIApp, Receive, Scope, Send

from tui.emulator.world import Deed, Ledger

Answer: TypeAlias = Callable[[Request], Awaitable[Response]]


@dataclass(frozen=True, slots=True)
class Endpoint:
    """One method and path template, and what answers it."""

    method: str
    template: str
    answer: Answer


@dataclass
class Refusal(Exception):
    """An error reply: what a handler raises. ``stored`` says that the request took effect all the same."""

    status: int
    body: Any
    headers: Mapping[str, str] = field(default_factory=dict)
    stored: bool = False


class Json(Response):
    """A compact JSON reply, without a charset, as all three platforms send it."""

    media_type = "application/json"

    def render(self, content: Any) -> bytes:
        return json.dumps(content, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "replace")


def empty() -> Response:
    """204 without a body and without a type."""
    return Response(status_code=204)


Missing: TypeAlias = Callable[[Request, list[str]], Response]
"""What answers a path that no endpoint has, or has with other methods only (those are named)."""


def dispatcher(platform: str, table: Iterable[Endpoint], ledger: Ledger, missing: Missing, broken: Response) -> ASGIApp:
    """One ASGI application of a table of endpoints. A reply below 400 counts as executed; ``broken`` answers our own mistakes."""
    compiled = [(compile_path(endpoint.template)[0], endpoint) for endpoint in table]

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        request = Request(scope, receive)
        allowed = []
        reply: Response | None = None
        for pattern, endpoint in compiled:
            if not (match := pattern.match(scope["path"])):
                continue
            scope["path_params"] = match.groupdict()
            if endpoint.method == scope["method"]:
                reply = await _answered(platform, endpoint, request, ledger, broken)
                break
            allowed.append(endpoint.method)
        await (reply or missing(request, allowed))(scope, receive, send)

    return app


async def _answered(platform: str, endpoint: Endpoint, request: Request, ledger: Ledger, broken: Response) -> Response:
    deed = Deed(platform, endpoint.method, endpoint.template, "/".join(request.path_params.values()))
    ledger.received[deed] += 1
    try:
        reply = await endpoint.answer(request)
    except Refusal as refusal:
        ledger.executed[deed] += refusal.stored
        return refused(refusal)
    except Exception:  # noqa: BLE001  # answered as the platform would, and told to whoever looks at the ledger
        ledger.failures.append(traceback.format_exc())
        return broken
    ledger.executed[deed] += reply.status_code < 400
    return reply


def refused(refusal: Refusal) -> Response:
    """The reply of a refusal: text as plain text, anything else as JSON."""
    headers = dict(refusal.headers)
    if isinstance(refusal.body, str):
        return Response(refusal.body, refusal.status, headers, headers.pop("content-type", "text/plain; charset=utf-8"))
    return Json(refusal.body, refusal.status, headers)


async def body_json(request: Request) -> Any:
    """The body as JSON. Raises ``ValueError`` for anything that is not."""
    raw = await request.body()
    return json.loads(raw.decode("utf-8"))


def bearer(request: Request) -> str | None:
    """What stands after ``Bearer`` (any case), None if there is no such header."""
    word, space, rest = request.headers.get("authorization", "").partition(" ")
    return rest if space and word.lower() == "bearer" else None
