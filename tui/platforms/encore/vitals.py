"""What an environment's own health page tells: whether it is well, which commit and which rollout is really live there.

The page stands on the environment's address, not on Encore's: it is asked without any credentials, and only where the configuration
names it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any, Final

from tui.errors import PlatformError
from tui.model import EMPTY, Environment, Health
from tui.platforms.encore import wire
from tui.platforms.http import Transport
from tui.platforms.records import REFUSALS, flag, read, text_of, word
from tui.platforms.replies import Reply
from tui.text import Safe, clean

PATH: Final = "/__encore/healthz"
TOGETHER: Final = 4

CODES: Final[Mapping[str, Health]] = {"ok": Health.OK, "unhealthy": Health.BAD, "shutting_down": Health.BUSY}
SILENT: Final = Safe("no answer")


class _Answered(PlatformError):
    """A health page that is no success is still a health page."""

    def __init__(self, reply: Reply, connection: str) -> None:
        super().__init__("not well", connection=connection, status=reply.status)
        self.reply = reply


def errors(reply: Reply, connection: str) -> PlatformError:
    """For the transport of a health page: keep the reply, whatever its status."""
    return _Answered(reply, connection)


class Vitals:
    """The health pages of one connection's environments, by the environment's id."""

    def __init__(self, transports: Mapping[str, Transport]) -> None:
        self._transports = transports

    def __len__(self) -> int:
        return len(self._transports)

    async def aclose(self) -> None:
        await asyncio.gather(*(each.aclose() for each in self._transports.values()))

    async def of(self, environments: tuple[Environment, ...]) -> tuple[Environment, ...]:
        """The environments with what their pages say now. One that does not answer is unknown, and nobody else's trouble."""
        gate = asyncio.Semaphore(TOGETHER)

        async def one(each: Environment) -> Environment:
            transport = self._transports.get(each.ref.id)
            if transport is None:
                return each
            async with gate:
                return await _looked(each, lambda: transport.get(PATH))

        return tuple(await asyncio.gather(*(one(each) for each in environments)))


async def _looked(environment: Environment, ask: Callable[[], Any]) -> Environment:
    try:
        reply: Reply = await ask()
    except _Answered as answered:
        reply = answered.reply
    except PlatformError as error:
        return replace(environment, health=Health.UNKNOWN, status=SILENT, raw=clean(str(error), 400))
    try:
        record, value = read(reply.content, wire.Vitals)
    except REFUSALS:
        return replace(environment, health=Health.UNKNOWN, status=clean(f"no health page ({reply.status})", 80))
    code, rollout = word(record.code, 80), word(record.deploy_id, 80)
    return replace(
        environment,
        health=CODES.get(code, Health.UNKNOWN),
        status=code or clean(f"no health page ({reply.status})", 80),
        commit=word(record.app_revision, 80),
        rollout=clean(wire.PREFIX + rollout.removeprefix(wire.PREFIX), 90) if rollout else EMPTY,
        checks=_failing(record.checks),
        raw=text_of(value),
    )


def _failing(checks: Any) -> tuple[Safe, ...]:
    if not isinstance(checks, list):
        return ()
    failing = [each for each in checks if isinstance(each, dict) and flag(each.get("passed")) is False]
    return tuple(
        clean(": ".join(part for part in (word(each.get("name"), 80), word(each.get("error"), 200)) if part), 300) for each in failing
    )
