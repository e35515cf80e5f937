"""The scenes of the gallery: the console on the emulator's data at one frozen moment, and the keys that lead there."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from html import unescape
from pathlib import Path
from random import Random
from unittest.mock import patch

from textual.pilot import Pilot

from tests.gallery.homes import home
from tests.gallery.paint import Run, runs
from tui.cli import compose
from tui.cli.child import DEMO_FLAVOURS
from tui.clock import ManualClock
from tui.emulator import Options, read_flavours, start_in_thread
from tui.engine.session import Session
from tui.local.settings import Input, Tool
from tui.model import Kind
from tui.ui.app import Console
from tui.ui.owner import Owner
from tui.ui.panes import listing
from tui.ui.settings import Settings

FOLDER = Path(__file__).parents[2] / "screenshots"
NOON = datetime(2025, 9, 6, 22, 31, 7, tzinfo=UTC)
PATIENCE = 20.0
"""Seconds of real time that a screen has to come to rest."""
ASKING = frozenset({"learn", "live"})
"""Workers that ask the journal for what is still to be drawn."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Scene:
    """One picture. ``keys`` are pressed one after the other, each after the screen came to rest; ``shows`` must then be on it."""

    name: str
    shows: str
    size: tuple[int, int] = (120, 40)
    scenario: str = "busy"
    keys: tuple[str, ...] = ()
    theme: str = "rollwatch-dark"
    production: bool = False
    home: str = ""
    """``first``: a user without a configuration; ``contexts``: one with three; else the demo, which has none."""
    tools: Mapping[str, Tool] = field(default_factory=dict)
    """The user's own tools."""


FOLLOWING = ("2", "end", "l", "2")
"""The last service's log is followed, the services have the keys."""

REPLAY = Tool(
    run=("ops", "replay", "{id}", "--since={input.since}", "{input.dry}"),
    kinds=(Kind.SERVICE,),
    changes=True,
    inputs=(
        Input(name="since", type="choice", choices=("15m", "1h", "6h"), default="1h", help="how far back"),
        Input(name="dry", type="bool", yes="--dry-run", no="", default="yes", help="only tell what would be done"),
        Input(name="ticket", required=True, variable="OPS_TICKET", help="the ticket that asks for it"),
    ),
)
"""The README's tool that asks for something."""

SCENES = (
    Scene(name="console-120x40", shows="NEEDS APPROVAL", keys=FOLLOWING),
    Scene(name="console-80x24", shows="web-api", size=(80, 24)),
    Scene(name="console-200x50", shows="NEEDS APPROVAL", size=(200, 50), keys=FOLLOWING),
    Scene(name="console-light", shows="NEEDS APPROVAL", theme="rollwatch-light", keys=FOLLOWING),
    Scene(name="console-high-contrast", shows="NEEDS APPROVAL", theme="high-contrast", keys=FOLLOWING),
    Scene(name="console-colour-blind", shows="NEEDS APPROVAL", theme="colour-blind", keys=FOLLOWING),
    Scene(name="incident", shows="exit status 1", scenario="incident", keys=("2", "home", "l", "2")),
    Scene(name="logs", shows="follow", scenario="incident", keys=("2", "l", "4", "z")),
    Scene(name="detail", shows="web-api", keys=("2", "end", "enter")),
    Scene(name="help", shows="Follow the log", keys=("2", "question_mark")),
    Scene(name="menu", shows="What can be done", scenario="incident", keys=("2", "home", "x")),
    Scene(name="approval", shows="NEEDS APPROVAL", keys=("3", "home", "enter")),
    Scene(name="trigger", shows="Trigger", keys=("3", "home", "t")),
    Scene(name="production", shows="PRODUCTION", keys=("2", "home", "s"), production=True),
    Scene(name="tool", shows="the ticket that asks for it", keys=("2", "end", "x", "1"), tools={"replay": REPLAY}),
    Scene(name="while-away", shows="unresolved", scenario="incident", keys=("A",)),
    Scene(name="timeline", shows="Timeline", scenario="incident", keys=("T",)),
    Scene(name="versions", shows="What is live where", keys=("V",)),
    Scene(name="handoff", shows="andoff", scenario="incident", keys=("H",)),
    Scene(name="setup", shows="Welcome", size=(100, 28), home="first", keys=("down",)),
    Scene(name="sign-in", shows="Sign in", size=(100, 28), home="contexts", keys=("f2", *"phase_x")),
    Scene(name="fleet", shows="staging", size=(100, 28), home="contexts", keys=("0",)),
)


class StandingClock(ManualClock):
    """Stands still for everybody who waits; only what is shown grows older."""

    def grow_older(self, seconds: float) -> None:
        self._move_to(self._boot + seconds)


@dataclass(frozen=True, slots=True)
class Picture:
    """What a scene looks like: runs of cells by line, and Textual's own SVG."""

    lines: tuple[tuple[Run, ...], ...]
    svg: str

    def text(self) -> list[str]:
        """The lines as text."""
        return ["".join(text for text, _ in line).rstrip() for line in self.lines]


async def _until(holds: Callable[[], bool], what: str) -> None:
    async def wait() -> None:
        while not holds():
            await asyncio.sleep(0.01)

    try:
        await asyncio.wait_for(wait(), PATIENCE)
    except TimeoutError:
        raise AssertionError(f"{what} within {PATIENCE} s") from None


Prelude = Callable[[Session], Awaitable[None]]
"""What lays a past."""


@asynccontextmanager
async def _session(scene: Scene) -> AsyncIterator[tuple[Session, StandingClock, Prelude | None, Owner | None]]:
    clock = StandingClock(NOON)
    options = Options(scenario=scene.scenario, now=NOON.timestamp(), frozen=True, flavours=read_flavours(",".join(DEMO_FLAVOURS)))
    with start_in_thread(options) as emulator, compose.announced(emulator.info, clock=clock) as setup:
        if scene.home:
            async with home(emulator.info, clock, first=scene.home == "first") as at:
                yield at.session, clock, None, at.owner
            return
        if scene.production:
            setup = replace(setup, context="prod", production=True)
        async with setup.session(Random(22)) as session:  # noqa: S311 - spreads requests in time
            yield session, clock, setup.prelude, None


async def take(scene: Scene) -> Picture:
    """Drive the console to a scene and look at it."""
    # What has just changed is marked for some seconds of real time, which no picture can hold still.
    async with _session(scene) as (session, clock, prelude, owner):
        with patch.object(listing, "FLASH", 0.0):
            app = Console(session, settings=Settings(theme=scene.theme, zone=UTC, tools=scene.tools), owner=owner)
        async with app.run_test(size=scene.size) as pilot:
            await _known(session, clock)
            if prelude is not None:
                await prelude(session)
            await _rest(pilot)
            for key in scene.keys:
                await pilot.press(key)
                await _rest(pilot)
            clock.grow_older(8)
            app._tick()
            await _rest(pilot)
            await _until(lambda: any(scene.shows in line for line in _look(app).text()), f"{scene.name} never showed {scene.shows!r}")
            return _look(app)


async def _known(session: Session, clock: StandingClock) -> None:
    """Everything was read or failed once, and then once more at the very moment that is shown."""
    settled = asyncio.ensure_future(session.settle(1e6))
    for _ in range(400):
        if settled.done():
            break
        await clock.advance(0.25)
        await asyncio.sleep(0.1)  # every answer of a step comes in that step, so that their number is always the same
    assert not await settled
    await session.refresh(session.feeds())


async def _rest(pilot: Pilot[int]) -> None:
    """Nothing is painted any more."""
    before: list[str] = []
    for _ in range(200):
        await _until(lambda: not any(each.group in ASKING and each.is_running for each in pilot.app.workers), "nothing was learnt")
        await pilot.pause()
        await asyncio.sleep(0.02)
        now = _look(pilot.app).text()
        if now == before:
            return
        before = now


def _look(app: object) -> Picture:
    assert isinstance(app, Console)
    update = app.screen._compositor.render_update(full=True, screen_stack=app._background_screens)
    seen = [runs([segment for strip in line for segment in strip]) for line in update.strips]  # type: ignore[union-attr]
    lines = tuple(tuple((_same_port(text), look) for text, look in line) for line in seen)
    return Picture(lines, _same_port(app.export_screenshot(title="rollwatch", simplify=True)))


def _same_port(text: str) -> str:
    """The emulator listens where there is room, another time elsewhere."""
    return re.sub(r"(?<=127\.0\.0\.1:)\d+", lambda match: "7" * len(match[0]), text)


def svg_text(svg: str) -> list[str]:
    """The lines that an SVG of Textual shows."""
    lines: dict[int, list[tuple[float, str]]] = {}
    for x, number, text in re.findall(r'<text [^>]*?x="([\d.]+)"[^>]*?line-(\d+)\)"[^>]*>(.*?)</text>', svg, re.DOTALL):
        lines.setdefault(int(number), []).append((float(x), unescape(text).replace("\xa0", " ")))
    return ["".join(text for _, text in sorted(lines[number])).rstrip() for number in sorted(lines)]
