"""A console on the real session and the emulator, driven by sentences: ``await console.row("web-api").press("r").confirm().sees("…")``.

A sentence is carried out when it is awaited, step by step. Time is the test's: every look at the screen lets a tenth of a second pass,
so that what polls and waits goes on; nothing waits for the wall clock but the sockets.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Generator
from contextlib import asynccontextmanager, closing
from datetime import UTC, datetime
from typing import Any

from textual.pilot import Pilot

from tests.platforms.bench import Memory
from tests.ui import keyboard
from tui.clock import ManualClock
from tui.emulator import Options, read_flavours, start_in_thread
from tui.emulator.server import Emulator
from tui.engine.session import Session
from tui.local.journal import Journal
from tui.model import Kind
from tui.platforms.base import AppSpec, ConnectionSpec, Platform, SignIn
from tui.platforms.registry import open_platform
from tui.text import Secret
from tui.ui.app import Console
from tui.ui.guard import HELD
from tui.ui.screens.ask import AskScreen
from tui.ui.settings import Settings

STARTED = datetime(2025, 9, 6, 22, 31, tzinfo=UTC)
LOOKS = 250
"""Looks at the screen, each at least a hundredth of a second after the one before, until something is said not to come."""

Step = Callable[[], Awaitable[None]]


class Sentence:
    """Steps that are carried out when the sentence is awaited. Each word gives the same sentence, longer."""

    def __init__(self, at: At) -> None:
        self._at = at
        self._steps: list[Step] = []

    def _then(self, step: Step) -> Sentence:
        self._steps.append(step)
        return self

    def __await__(self) -> Generator[Any, None, None]:
        return self._told().__await__()

    async def _told(self) -> None:
        for step in self._steps:
            await step()

    def row(self, name: str) -> Sentence:
        """Go to the service of this name."""
        return self._then(lambda: self._at.go_to(name))

    def press(self, *keys: str) -> Sentence:
        """Press keys one after the other, as somebody who looks at what each does."""
        return self._then(lambda: self._at.hit(*keys))

    def types(self, text: str) -> Sentence:
        """Type a text."""
        return self._then(lambda: self._at.hit(*text))

    def confirm(self, typed: str = "") -> Sentence:
        """Move the choice and mean it; before that type what has to be typed."""
        return self._then(lambda: self._at.hit(*typed, *(("enter",) if typed else ()), "right", "enter"))

    def sees(self, *texts: str) -> Sentence:
        """All these texts come onto the screen."""
        return self._then(lambda: self._at.until(lambda: all(self._at.shows(text) for text in texts), f"never seen: {texts}"))

    def misses(self, text: str) -> Sentence:
        """A text leaves the screen."""
        return self._then(lambda: self._at.until(lambda: not self._at.shows(text), f"never gone: {text!r}"))

    def later(self, seconds: float) -> Sentence:
        """So much time passes on the server; the console finds out as it reads."""
        return self._then(lambda: self._at.server_goes_on(seconds))

    def waits(self, seconds: float) -> Sentence:
        """So much time passes at the console."""
        return self._then(lambda: self._at.wait(seconds))


class At:
    """Somebody at the console."""

    def __init__(self, session: Session, app: Console, clock: ManualClock, emulator: Emulator, pilot: Pilot[int]) -> None:
        self.session, self.app, self.clock, self.emulator, self.pilot = session, app, clock, emulator, pilot

    def __getattr__(self, word: str) -> Any:
        # A sentence begins with any of its words.
        if word.startswith("_") or not hasattr(Sentence, word):
            raise AttributeError(word)
        return getattr(Sentence(self), word)

    # What happens.

    async def hit(self, *keys: str) -> None:
        for key in keys:
            keyboard.give(self.app, key)
            await keyboard.rest(self.app)
            await self.passes(HELD * 2)

    def give(self, *keys: str) -> None:
        """Press keys and wait for nothing."""
        keyboard.give(self.app, *keys)

    async def left(self) -> int | None:
        """The code that the console leaves with; None if it does not leave."""
        for _ in range(LOOKS):
            if self.app.return_code is not None:
                break
            await asyncio.sleep(0.01)
        return self.app.return_code

    async def go_to(self, name: str) -> None:
        await self.until(lambda: self.shows(name), f"there is no {name}")
        await self.hit("2", "home")
        rows = self.app.console_screen.resources
        for _ in range(40):
            ref = rows.selected
            row = self.session.store.get(ref) if ref is not None else None
            if row is not None and row.name == name:
                return
            await self.hit("down")
        raise AssertionError(f"no row {name}\n{self.text()}")

    async def server_goes_on(self, seconds: float) -> None:
        self.emulator.do(lambda control: control.advance(seconds))

    async def wait(self, seconds: float) -> None:
        for _ in range(int(seconds)):
            await self.passes(1.0)
            await asyncio.sleep(0.01)

    async def passes(self, seconds: float) -> None:
        await self.clock.advance(seconds, turns=3)
        await keyboard.rest(self.app)

    async def until(self, holds: Callable[[], bool], what: str) -> None:
        for _ in range(LOOKS):
            if holds():
                return
            await asyncio.sleep(0.01)
            await self.passes(0.1)
            if self.app._screen_stack:
                self.app._tick()
                await keyboard.rest(self.app)
        raise AssertionError(f"{what}\n{self.text()}")

    # What can be seen, and what became of it.

    def text(self) -> str:
        if not self.app._screen_stack:
            return ""
        return "\n".join(strip.text.rstrip() for strip in self.app.screen._compositor.render_strips())

    def shows(self, text: str) -> bool:
        return text in self.text()

    @property
    def asks(self) -> bool:
        return isinstance(self.app.screen, AskScreen)

    def done(self, verb: str) -> int:
        """How often the server did this to any service."""
        return self.emulator.do(lambda control: control.executed("POST", "/v1/services/{id}/" + verb))

    @property
    def rolled_out(self) -> list[tuple[str, str]]:
        """Environment and branch or commit of each rollout that the server began, in order."""
        return self.emulator.do(lambda control: [(each.environment, each.target) for each in control.platforms.encore.rollouts.values()])

    def server(self, deed: Callable[[Any], object]) -> None:
        """Something happens on the server."""
        self.emulator.do(deed)

    async def resize(self, width: int, height: int) -> None:
        await self.pilot.resize_terminal(width, height)
        await keyboard.rest(self.app)

    def fault(self, kind: str, path: str = "*", method: str = "POST", **more: Any) -> None:
        self.emulator.do(lambda control: control.fault(kind, platform="dployr", method=method, path=path, **more))

    def heal(self) -> None:
        self.emulator.do(lambda control: control.clear_faults())


def _connected(emulator: Emulator, platform: str, flavour: str, clock: ManualClock) -> Platform:
    told = emulator.info[platform]
    if platform == "encore":
        app = told["apps"][0]
        apps = (AppSpec(id=app["id"], environments=tuple(app["environments"])),)
        spec = ConnectionSpec(name="shop", platform=platform, base_url=told["base_url"], flavour=flavour, apps=apps)
        sign_in = SignIn(client_id=told["client_id"], client_secret=Secret(told["client_secret"]))
    else:
        spec = ConnectionSpec(name="fleet", platform=platform, base_url=told["base_url"], flavour=flavour)
        sign_in = SignIn(token=Secret(told["token"]))
    return open_platform(spec, credentials=sign_in, clock=clock, journal_rollouts=Memory())


@asynccontextmanager
async def console(
    platform: str = "dployr",
    flavour: str = "documented",
    *,
    production: bool = False,
    read_only: bool = False,
    size: tuple[int, int] = (120, 40),
) -> AsyncIterator[At]:
    """A console on one server: dployr's with three services, or Encore's with one app."""
    with start_in_thread(Options(scenario="calm", now=STARTED.timestamp(), frozen=True, flavours=read_flavours(flavour))) as emulator:
        clock = ManualClock(STARTED)
        opened = _connected(emulator, platform, flavour, clock)
        journal = Journal.memory(context="prod", who="ana", now=clock.wall)
        with closing(journal):
            session = Session(context="prod", production=production, read_only=read_only, platforms=(opened,), clock=clock, journal=journal)
            async with session:
                app = Console(session, settings=Settings(zone=UTC))
                async with app.run_test(size=size) as pilot:
                    at = At(session, app, clock, emulator, pilot)
                    listed = Kind.SERVICE if platform == "dployr" else Kind.ENVIRONMENT
                    await at.until(lambda: bool(session.store.rows(listed)), "nothing was read")
                    yield at
