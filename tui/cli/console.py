"""``rollwatch`` and ``rollwatch demo``: the console around a session, and the terminal given back afterwards."""

from __future__ import annotations

import asyncio
import gc
import os
from argparse import Namespace
from collections.abc import AsyncIterator, Awaitable, Callable, Generator, Sequence
from contextlib import AbstractContextManager, asynccontextmanager
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from tui.cli import say, terminal
from tui.cli.crash import quiet, reporter
from tui.cli.exits import Exit
from tui.cli.ground import ascii_for, theme_for
from tui.clock import SystemClock
from tui.errors import UsageError
from tui.local.spelling import meant

if TYPE_CHECKING:
    from tui.cli.compose import Setup
    from tui.cli.owner import Ground, Owner
    from tui.cli.picture import Picture
    from tui.clock import Clock
    from tui.engine.session import Session
    from tui.ui.app import Console
    from tui.ui.settings import Settings

SWEEP: Final = 600.0
"""Seconds between two looks through all that was made since the start."""
QUIET: Final = 5.0
"""Seconds without a key after which nobody waits for anything."""
SETTLED: Final = 2.0
"""Seconds after which the first screens are drawn: what lives now will live on, and need not be looked through again and again."""


def console(args: Namespace) -> int:
    """The console on the configured context; where nothing is connected it asks what to connect."""
    _usable()
    gc.disable()
    clock = SystemClock()
    from tui.cli.picture import Picture

    with Picture(args.context or "", os.environ, clock.wall()) as picture:
        # While the last picture is looked at, what the next one needs is imported; what is wrong is told before that.
        from tui.cli.configured import configured

        paths, loaded = configured(args)
        from tui.cli import compose
        from tui.cli.owner import Ground

        name = "" if loaded.empty else loaded.choose().name
        # A first run that is left again has made nothing, not even a folder.
        paths = paths.prepare(clock.wall()) if name else paths
        with compose.logged(paths) as log, quiet():
            ground = Ground(args=args, paths=paths, redactor=log.redactor, clock=clock)
            with terminal.patient():
                code, warnings = asyncio.run(_configured(ground, name, picture))
    return _told(code, warnings)


def demo(args: Namespace) -> int:
    """The console on an emulator that lives as long as it does."""
    from tui.emulator import scenarios

    if args.scenario not in scenarios():
        raise UsageError(f"there is no scenario {args.scenario!r}", hint=meant(args.scenario, scenarios()))
    _usable()
    from tui.cli.child import Child

    with Child(args.scenario) as child:
        # While the child starts, what the console needs is imported.
        from tui.cli import compose

        return _on_terminal(compose.announced(child.facts(), read_only=args.read_only), watch=True)


def _usable() -> None:
    if reason := terminal.here():
        raise UsageError(reason)


def _on_terminal(opening: AbstractContextManager[Setup], *, watch: bool = False) -> int:
    # Until the first paint everything that is made will stay; looking for garbage among it only costs time.
    gc.disable()
    with opening as setup, quiet(), terminal.patient():
        code = asyncio.run(_single(setup, watch=watch))
    return _told(code, setup.warnings)


def _told(code: int, warnings: Sequence[str]) -> int:
    for line in dict.fromkeys(warnings):
        say(line)
    return code


class First:
    """The first frame, to be awaited by what is not needed for it: nothing is asked of anybody before, and what asking needs is loaded
    beside the loop then, so that keys are not held up."""

    def __init__(self) -> None:
        self.painted = asyncio.Event()

    def __await__(self) -> Generator[Any, None, None]:
        return self._loaded().__await__()

    async def _loaded(self) -> None:
        await self.painted.wait()
        from tui.platforms.http import load

        await asyncio.to_thread(load)


async def _heard(folder: Path | None, show: Callable[[terminal.Leave], Awaitable[int]]) -> int:
    """Show it, with signals heard before anything waits: one that comes while a session opens would otherwise cancel whatever runs
    then, and the screen library takes a cancelled start for an ordinary end."""
    loop, task = asyncio.get_running_loop(), asyncio.current_task()
    stacks = folder / "stacks.txt" if folder is not None else None
    with terminal.Leave(loop, lambda _code: task is not None and task.cancel(), stacks=stacks) as leave:
        loop.call_later(SETTLED, tune_collector)
        try:
            await asyncio.sleep(0)  # who wants to leave already does it here
            return await show(leave)
        except asyncio.CancelledError:
            if leave.code is None:
                raise
            return leave.code


async def _single(setup: Setup, *, watch: bool) -> int:
    """The console on one session that has no sisters."""

    async def show(leave: terminal.Leave) -> int:
        first = First()
        async with setup.session(ready=first) as session, _before(setup, session):
            return await _run(leave, session, _settings(setup, watch=watch), None, setup.warnings, first)

    return await _heard(setup.folder, show)


async def _configured(ground: Ground, name: str, picture: Picture) -> tuple[int, Sequence[str]]:
    """The console on a context of the configuration, with all others one key away; on none where there is none yet."""
    from tui.cli.owner import Owner

    first = First()
    owner = Owner(ground, partial(_settings, fresh=ground.args.fresh), first)

    async def show(leave: terminal.Leave) -> int:
        async with owner:
            session, settings = await (owner.open(name) if name else owner.open_nothing())
            return await _run(leave, session, settings, owner, owner.warnings, first, picture)

    code = await _heard(None if ground.paths.reason else ground.paths.log_dir, show)
    return code, owner.warnings


async def _run(
    leave: terminal.Leave,
    session: Session,
    settings: Settings,
    owner: Owner | None,
    warnings: Sequence[str],
    first: First,
    picture: Picture | None = None,
) -> int:
    from tui.ui.app import Console

    context = session.context
    if picture is not None:
        settings = replace(settings, entered=picture.hand_over())
    app = Console(session, settings=settings, owner=owner)
    app.painted = first.painted.set
    leave.ask = app.exit
    asyncio.get_running_loop().call_later(SETTLED, _warn, app, tuple(warnings))
    sweeping = asyncio.create_task(_sweep(app, session.clock))
    try:
        await app.run_async(mouse=app.settings.mouse)
    finally:
        sweeping.cancel()
    if picture is not None and context and app.session.context == context:
        picture.keep(app.picture, context, production=session.production, at=session.clock.wall())
    if leave.code is not None:
        return leave.code
    return app.return_code or app.return_value or Exit.OK


async def _sweep(app: Console, clock: Clock) -> None:
    """Collect everything once in a while, when nobody types: left to itself the collector would do that once in many hours, and keep
    until then what lived for some minutes and is over."""
    wait = SWEEP
    while True:
        await clock.sleep(wait)
        quiet = app.untouched >= QUIET
        wait = SWEEP if quiet else QUIET
        if quiet:
            gc.collect()


@asynccontextmanager
async def _before(setup: Setup, session: Session) -> AsyncIterator[None]:
    """A demo's past is written while its first screen is looked at."""
    task = asyncio.create_task(setup.prelude(session)) if setup.prelude is not None else None
    try:
        yield
    finally:
        if task is not None:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)


def _settings(setup: Setup, *, watch: bool = False, fresh: bool = False) -> Settings:
    from tui.local.exports import write_lines
    from tui.ui.settings import Settings

    return Settings(
        **_looks(setup, fresh=fresh), report=reporter(setup.folder, setup.clock.wall, setup.redact), save=write_lines, watch=watch
    )


def _looks(setup: Setup, *, fresh: bool = False) -> dict[str, Any]:
    """The console's settings; where alerts go is put together only where there is a screen."""
    looks = dict(setup.looks)
    if fresh and (keep := looks.get("keep")) is not None:
        looks["keep"] = keep.afresh()
    looks["ascii"] = ascii_for(os.environ, looks.pop("glyphs", "auto"))
    if theme := theme_for(os.environ, looks.get("theme") or os.environ.get("ROLLWATCH_THEME", "")):
        looks["theme"] = theme
    looks["free"] = not theme
    if channels := looks.pop("channels", None):
        looks["alerts"] = channels()
    return looks


def _warn(app: Console, warnings: tuple[str, ...]) -> None:
    if warnings and app.is_running:
        app.say(warnings[0] + (f" (and {len(warnings) - 1} more, told when you leave)" if warnings[1:] else ""), "warn")


def tune_collector() -> None:
    """Collect seldom from now on, so little at once that no key waits for it, and never again what there is now."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(5_000, 20, 50)
    gc.enable()
