"""A service's log over HTTP: an array of what was said, or NDJSON that goes on while it is said. No rules of any flavour."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Iterable

from starlette.responses import Response, StreamingResponse

from tui.emulator.dployr.services import Lifecycle, Line, Service
from tui.emulator.web import Json

POLL = 0.1
"""Seconds of the machine's time between two looks; the lines' own times are the world's."""


def lines_array(lines: Iterable[dict[str, object]]) -> Response:
    """``[{…}, …]``"""
    return Json(list(lines))


def ndjson(line: dict[str, object]) -> bytes:
    return json.dumps(line, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "replace") + b"\n"


class LogReply(StreamingResponse):
    """The last ``count`` lines, then every further one until the client leaves; headers go out at once."""

    media_type = "application/x-ndjson"

    def __init__(self, lifecycle: Lifecycle, service: Service, count: int, show: Callable[[Line], dict[str, object]]) -> None:
        super().__init__(self._told(lifecycle, service, count, show), headers={"Cache-Control": "no-cache"})

    @staticmethod
    async def _told(lifecycle: Lifecycle, service: Service, count: int, show: Callable[[Line], dict[str, object]]) -> AsyncIterator[bytes]:
        world = lifecycle.world
        told = world.now()
        if past := lifecycle.tail(service, count, told):
            yield b"".join(ndjson(show(line)) for line in past)
        while True:
            await asyncio.sleep(POLL)
            world.tick()
            now = world.now()
            if now > told:
                if fresh := list(lifecycle.lines(service, told, now)):
                    yield b"".join(ndjson(show(line)) for line in fresh)
                told = now
