"""Owns the sessions of a console: one at a time, two while the console goes from one context to another.

Here is decided what is opened and closed, and in which order. What a context is made of is ``compose``'s matter.
"""

from __future__ import annotations

import asyncio
import logging
from argparse import Namespace
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from typing import Any

from tui.cli import compose
from tui.cli.compose import Setup
from tui.cli.configured import configured
from tui.cli.onboarding import Onboarding
from tui.cli.preferences import Preferences
from tui.cli.signing import Signing
from tui.clock import Clock
from tui.engine.session import Session
from tui.local.config import Loaded
from tui.local.paths import Paths
from tui.platforms.base import Platform
from tui.redaction import Redactor
from tui.ui.owner import Member, Offer
from tui.ui.settings import Settings

log = logging.getLogger(__name__)

Looks = Callable[[Setup], Settings]
"""How the console of a context looks."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ground:
    """What outlives every context: the command line, the places of our files, the secrets to keep out of the log."""

    args: Namespace
    paths: Paths
    redactor: Redactor
    clock: Clock


class Owner:
    """Enter it, open contexts, leave it: whatever is still open is closed then. Nothing is asked of a platform before ``ready``, which
    may be awaited more than once."""

    def __init__(self, ground: Ground, looks: Looks, ready: Awaitable[object] | None = None) -> None:
        self._ground = ground
        self._ready = ready
        self._looks = looks
        self._open: list[AsyncExitStack] = []
        self._opening: set[asyncio.Task[Any]] = set()
        self.warnings: list[str] = []
        self.preferences = Preferences(ground.args, looks)
        self.onboarding = Onboarding(ground.args, ground.paths, ground.clock, ground.redactor)
        self.signing = Signing(ground.args, ground.paths, ground.clock, ground.redactor)

    async def __aenter__(self) -> Owner:
        return self

    async def __aexit__(self, *_exc: object) -> None:
        await asyncio.gather(*self._opening, return_exceptions=True)
        while self._open:
            await self._open.pop().aclose()

    def offers(self) -> Sequence[Offer]:
        """The contexts as the configuration has them now. Raises ``ConfigError``."""
        _, loaded = configured(self._ground.args)
        return tuple(
            Offer(
                name=name,
                production=each.production,
                read_only=each.read_only,
                members=tuple(Member(name=other, platform=one.platform, where=one.base_url) for other, one in each.connections.items()),
            )
            for name, each in loaded.config.contexts.items()
        )

    async def open(self, name: str) -> tuple[Session, Settings]:
        """A running session of a context. Being cancelled leaves nothing half open."""
        task = asyncio.create_task(self._begin(name), name=f"open {name}")
        self._opening.add(task)
        task.add_done_callback(self._opening.discard)
        task.add_done_callback(lambda done: done.cancelled() or done.exception())
        return await asyncio.shield(task)

    async def open_nothing(self) -> tuple[Session, Settings]:
        """A session without a connection, for the first run. It touches no file."""
        async with AsyncExitStack() as stack:
            setup = stack.enter_context(compose.nothing(self._ground.paths, self._ground.clock))
            session = await stack.enter_async_context(setup.session())
            self._open.append(stack.pop_all())
            return session, self._looks(setup)

    async def _begin(self, name: str) -> tuple[Session, Settings]:
        async with AsyncExitStack() as stack:
            setup = await stack.enter_async_context(_apart(compose.context(*self._chosen(name), remember=True, record=True)))
            session = await stack.enter_async_context(setup.session(ready=self._ready))
            self.warnings += [f"{name}: {each}" for each in setup.warnings]
            self.preferences.shown(setup)
            self._open.append(stack.pop_all())
            return session, self._looks(setup)

    async def settle(self) -> None:
        """Close every context but the newest; what they had in flight is waited for."""
        while len(self._open) > 1:
            try:
                await self._open.pop(0).aclose()
            except Exception:  # the context that is shown must not suffer from the one that was
                log.exception("a context did not close")

    @asynccontextmanager
    async def platforms(self, name: str) -> AsyncIterator[Sequence[Platform]]:
        """The platforms of a context without a session, closed with it."""
        async with _apart(compose.context(*self._chosen(name))) as setup:
            try:
                yield setup.platforms
            finally:
                await asyncio.gather(*(each.aclose() for each in setup.platforms), return_exceptions=True)

    def _chosen(self, name: str) -> tuple[Paths, Loaded, Any, Redactor, Clock]:
        ground = self._ground
        args = Namespace(**{**vars(ground.args), "context": name})
        _, loaded = configured(args)
        # A first run has made no folder of ours before now.
        return ground.paths.prepare(ground.clock.wall()), loaded, loaded.choose(), ground.redactor, ground.clock


@asynccontextmanager
async def _apart(opening: AbstractContextManager[Setup]) -> AsyncIterator[Setup]:
    """Enter and leave in a thread of its own: a program that prints a token may take seconds, and so may a disk."""
    loop = asyncio.get_running_loop()
    thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="context")
    try:
        setup = await asyncio.shield(loop.run_in_executor(thread, opening.__enter__))
    except asyncio.CancelledError:
        thread.submit(opening.__exit__, None, None, None)
        raise
    else:
        try:
            yield setup
        finally:
            await loop.run_in_executor(thread, opening.__exit__, None, None, None)
    finally:
        # Nobody waits here for a program that still runs.
        thread.shutdown(wait=False)
