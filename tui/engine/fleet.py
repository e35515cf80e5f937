"""A cheap look at contexts that are not open: one read a connection and half a minute, while somebody watches.

Each connection is asked in a task of its own, so that one that is slow or dead delays no other. Nothing is stored or journaled.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, replace
from random import Random
from typing import Final, Literal

from tui.clock import Clock
from tui.engine.connection import Connection, Later
from tui.errors import Forbidden, PlatformError, RateLimited, RollwatchError, Unauthorized
from tui.model import Health, Kind, Resource, Rollout
from tui.platforms.base import Platform, Read

log = logging.getLogger(__name__)

EVERY: Final = 30.0
"""Seconds between two looks at one connection."""

LONGEST: Final = 3600.0
"""Seconds until even a connection that is closed to polls, for example signed out, is thought of again."""

LOOKED_AT: Final = (Kind.SERVICE, Kind.ROLLOUT, Kind.APPLICATION)
"""What is read: the first of these that a platform lists as a whole."""

Word = Literal["asking", "fresh", "down", "signed-out", "limited"]
Open = Callable[[], AbstractAsyncContextManager[Sequence[Platform]]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Glance:
    """What the newest look at one connection told. ``boot`` is when it was last read well; the counts are of that read."""

    word: Word = "asking"
    kind: Kind | None = None
    total: int = 0
    failed: int = 0
    degraded: int = 0
    waiting: int = 0
    boot: float | None = None
    error: str = ""


Key = tuple[str, str]
"""A context's and a connection's name; the latter empty for what concerns the context as a whole."""


class Lookout:
    """Enter it, and it looks until it is left. ``glances`` is what is known; ``changed`` is called when that is something else."""

    def __init__(self, contexts: Mapping[str, Open], *, clock: Clock, random: Random, changed: Callable[[], object]) -> None:
        self.glances: dict[Key, Glance] = {}
        self._contexts = contexts
        self._clock = clock
        self._random = random
        self._changed = changed
        self._tasks: list[asyncio.Task[None]] = []

    async def __aenter__(self) -> Lookout:
        self._tasks = [
            asyncio.create_task(self._context(name, opening), name=f"look at {name}") for name, opening in self._contexts.items()
        ]
        return self

    async def __aexit__(self, *_exc: object) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _context(self, name: str, opening: Open) -> None:
        try:
            async with opening() as platforms, asyncio.TaskGroup() as group:
                for platform in platforms:
                    group.create_task(self._watch((name, platform.name), platform))
        except RollwatchError as error:
            self._tell((name, ""), Glance(word="down", error=str(error)))
        except Exception as error:
            log.exception("%s cannot be looked at", name)
            self._tell((name, ""), Glance(word="down", error=_own(error)))

    async def _watch(self, key: Key, platform: Platform) -> None:
        connection = Connection(platform, clock=self._clock, random=self._random)
        connection.sources = 1
        self._tell(key, Glance())
        try:
            while True:
                await self._look(key, connection)
                pause = max(EVERY * self._random.uniform(0.9, 1.1), connection.circuit.hold(), connection.budget.wait(1))
                await self._clock.sleep(min(pause, LONGEST))
        finally:
            await connection.close()

    async def _look(self, key: Key, connection: Connection) -> None:
        before = self.glances[key]
        try:
            if not connection.detected:
                await connection.detect()
            found = _read_of(connection.platform)
            if found is None:
                self._tell(key, Glance(word="fresh", boot=self._clock.boot()))
                return
            kind, read = found
            rows = await connection.poll(lambda: read.fetch(""), cost=read.cost, source=self)
            self._tell(key, counted(kind, rows.items, self._clock.boot()))
        except Later:
            self._tell(key, replace(before, word="limited", error="its rate budget is kept for the keys"))
        except PlatformError as error:
            self._tell(key, replace(before, word=_word(error), error=str(error)))
        except Exception as error:
            if before.error != _own(error):
                log.exception("%s of %s cannot be looked at", key[1], key[0])
            self._tell(key, replace(before, word="down", error=_own(error)))

    def _tell(self, key: Key, glance: Glance) -> None:
        if self.glances.get(key) != glance:
            self.glances[key] = glance
            self._changed()


def _read_of(platform: Platform) -> tuple[Kind, Read] | None:
    reads = platform.reads
    return next(
        ((kind, reads[kind]) for kind in LOOKED_AT if kind in reads and reads[kind].per is None and not reads[kind].on_demand), None
    )


def counted(kind: Kind, rows: Sequence[Resource], boot: float | None) -> Glance:
    """What these rows tell at a glance."""
    return Glance(
        word="fresh",
        kind=kind,
        total=len(rows),
        failed=sum(row.health is Health.BAD for row in rows),
        degraded=sum(row.health is Health.WARN for row in rows),
        waiting=sum(isinstance(row, Rollout) and any(phase.needs_approval for phase in row.phases) for row in rows),
        boot=boot,
    )


def _word(error: PlatformError) -> Word:
    return "signed-out" if isinstance(error, Unauthorized | Forbidden) else "limited" if isinstance(error, RateLimited) else "down"


def _own(error: Exception) -> str:
    return f"an error of our own ({type(error).__name__}); the log has the rest"
