"""Bad days on order: faults by platform, method and path, in front of a platform's API. Knows HTTP, knows no platform."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from itertools import count
from typing import Final

from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

KINDS: Final = ("status", "html", "garbage", "latency", "hang", "cut", "eof", "drop-before", "drop-after")
PAGE: Final = "<!doctype html>\n<html><head><title>{status}</title></head><body><h1>{status}</h1><hr>nginx</body></html>\n"


@dataclass(slots=True, kw_only=True)
class Fault:
    """``path`` and ``platform`` are patterns with ``*``; ``method`` empty means any; ``count`` 0 means until it is cleared.

    status: answer ``status`` with ``body``, not executed · html: the same as a proxy's page · garbage: 200 and broken JSON ·
    latency: wait ``seconds``, then as always · hang: never answer · cut: half the reply, or after ``seconds``, then a reset ·
    eof: a clean end after ``seconds`` · drop-before: a reset, not executed · drop-after: executed, then a reset.
    """

    kind: str
    platform: str = "*"
    method: str = ""
    path: str = "*"
    status: int = 503
    seconds: float = 0.0
    count: int = 0
    body: str = ""
    content_type: str = "text/plain"
    headers: dict[str, str] = field(default_factory=dict)
    id: int = 0
    hits: int = 0

    def __post_init__(self) -> None:
        if self.kind not in KINDS:
            raise ValueError(f"{self.kind!r} is not a fault: one of {', '.join(KINDS)}")
        if not 100 <= self.status <= 599:
            raise ValueError(f"{self.status} is not a status")

    def fits(self, platform: str, method: str, path: str) -> bool:
        return fnmatchcase(platform, self.platform) and self.method in ("", method) and fnmatchcase(path, self.path)


class Faults:
    """The faults in force, oldest first; the first that fits is the one that happens."""

    def __init__(self) -> None:
        self._rules: list[Fault] = []
        self._ids = count(1)

    def add(self, fault: Fault) -> Fault:
        fault.id = next(self._ids)
        self._rules.append(fault)
        return fault

    def clear(self, fault_id: int | None = None) -> int:
        """Forget one, or all; how many."""
        before = len(self._rules)
        self._rules = [fault for fault in self._rules if fault_id not in (None, fault.id)]
        return before - len(self._rules)

    def rows(self) -> Iterable[Fault]:
        return tuple(self._rules)

    def strike(self, platform: str, method: str, path: str) -> Fault | None:
        """The fault that happens to this request, if any; one of its times is used up."""
        fault = next((rule for rule in self._rules if rule.fits(platform, method, path)), None)
        if fault is not None:
            fault.hits += 1
            if fault.count and fault.hits >= fault.count:
                self._rules.remove(fault)
        return fault


class Lines:
    """The open connections by the client's address: what makes a reset possible."""

    def __init__(self) -> None:
        self._open: dict[object, asyncio.Transport] = {}

    def opened(self, client: object, transport: asyncio.Transport) -> None:
        self._open[client] = transport

    def closed(self, client: object) -> None:
        self._open.pop(client, None)

    def reset(self, client: object) -> None:
        """Send a TCP reset: nothing more arrives at that client."""
        if transport := self._open.get(client):
            transport.abort()

    def reset_all(self) -> None:
        for transport in tuple(self._open.values()):
            transport.abort()


def faulty(app: ASGIApp, platform: str, faults: Faults, lines: Lines) -> ASGIApp:
    """Put the faults in front of an application."""

    async def struck(scope: Scope, receive: Receive, send: Send) -> None:
        fault = faults.strike(platform, scope["method"], scope["path"])
        if fault is None:
            await app(scope, receive, send)
            return
        client = tuple(scope["client"] or ())
        if fault.kind in ("status", "html", "garbage"):
            await _reply(fault)(scope, receive, send)
        elif fault.kind == "latency":
            await asyncio.sleep(fault.seconds)
            await app(scope, receive, send)
        elif fault.kind == "hang":
            await _gone(receive)
        elif fault.kind == "drop-before":
            lines.reset(client)
        elif fault.kind == "drop-after":
            await app(scope, receive, _nowhere)
            lines.reset(client)
        elif fault.seconds:
            await _limited(app, scope, receive, send, fault)
            if fault.kind == "cut":
                lines.reset(client)
            else:
                await send({"type": "http.response.body", "body": b"", "more_body": False})
        else:
            await _halved(app, scope, receive, send)
            lines.reset(client)

    return struck


def _reply(fault: Fault) -> Response:
    if fault.kind == "html":
        return Response(fault.body or PAGE.format(status=fault.status), fault.status, fault.headers, "text/html; charset=utf-8")
    if fault.kind == "garbage":
        return Response(fault.body or '{"data": [{"id": "', 200, fault.headers, "application/json")
    return Response(fault.body, fault.status, fault.headers, fault.content_type)


async def _gone(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


async def _nowhere(message: Message) -> None:
    """Where a reply goes that nobody shall see."""


async def _halved(app: ASGIApp, scope: Scope, receive: Receive, send: Send) -> None:
    """The head and half of the first piece of the body."""

    async def half(message: Message) -> None:
        if message["type"] == "http.response.body" and message.get("body"):
            body = message["body"]
            await send({"type": "http.response.body", "body": body[: len(body) // 2], "more_body": True})
            await asyncio.sleep(0.02)
            raise _EnoughError
        await send(message)

    try:
        await app(scope, receive, half)
    except BaseException as error:
        if not _is_enough(error):
            raise


async def _limited(app: ASGIApp, scope: Scope, receive: Receive, send: Send, fault: Fault) -> None:
    try:
        async with asyncio.timeout(fault.seconds):
            await app(scope, receive, send)
    except TimeoutError:
        pass


class _EnoughError(Exception):
    """Half of it was sent."""


def _is_enough(error: BaseException) -> bool:
    if isinstance(error, BaseExceptionGroup):
        return all(_is_enough(inner) for inner in error.exceptions)
    return isinstance(error, _EnoughError)
