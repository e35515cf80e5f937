"""A Textual app in this process whose every written character is kept: exact counts without a clock or a terminal."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from textual import events
from textual.app import App
from textual.drivers.headless_driver import HeadlessDriver
from textual.keys import _character_to_key
from textual.pilot import Pilot

from tests.ui.throttled import let_through
from tui.ui.app import Console


class RecordingDriver(HeadlessDriver):
    """Keeps what a terminal would have been sent; nothing is interpreted."""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self.written: list[str] = []

    @property
    def is_headless(self) -> bool:
        return False

    def write(self, data: str) -> None:
        self.written.append(data)


class Recording:
    """A running app: press keys, let it settle, take what it wrote since the last time."""

    def __init__(self, app: App[Any], pilot: Pilot[Any]) -> None:
        self.app = app
        self.pilot = pilot

    @property
    def driver(self) -> RecordingDriver:
        driver = self.app._driver
        assert isinstance(driver, RecordingDriver)
        return driver

    async def settle(self) -> None:
        """Until every message is handled and everything damaged is painted. Timers are not waited for; what they would bring is."""
        quiet = 0
        while quiet < 2:
            before = len(self.driver.written)
            if isinstance(self.app, Console):
                let_through(self.app._telling)
            await self.pilot._wait_for_screen()
            for _ in range(5):
                await asyncio.sleep(0)
            for behind in self.app._background_screens:
                # What is seen through a dialog is drawn by its own screen first.
                if behind._dirty_widgets:
                    behind._on_timer_update()
            screen = self.app.screen
            owed = screen._layout_required or screen._repaint_required or screen._dirty_widgets
            screen._on_timer_update()
            quiet = 0 if owed or len(self.driver.written) != before else quiet + 1

    async def press(self, *keys: str) -> None:
        """Keys one after the other, each settled before the next. Named as Textual names them, or single characters."""
        for key in keys:
            name = _character_to_key(key) if len(key) == 1 and not key.isalnum() else key
            event = events.Key(name, key if len(key) == 1 else {"space": " ", "enter": "\r"}.get(key))
            event.set_sender(self.app)
            self.app.post_message(event)
            await self.settle()

    def take(self) -> str:
        """All that was written since the last take."""
        text = "".join(self.driver.written)
        self.driver.written.clear()
        return text

    async def cost(self) -> int:
        """Bytes that painting what is damaged now takes."""
        await self.settle()
        return len(self.take().encode())

    def lines(self) -> list[str]:
        """The screen as text."""
        return [strip.text for strip in self.app.screen._compositor.render_strips()]


@asynccontextmanager
async def recorded(app: App[Any], size: tuple[int, int] = (120, 40)) -> AsyncIterator[Recording]:
    """Run ``app`` on a recording driver of ``size`` cells until the block ends."""
    app.driver_class = RecordingDriver
    ready = asyncio.Event()

    async def told(pilot: Pilot[Any]) -> None:
        ready.set()

    running = asyncio.create_task(app.run_async(headless=False, size=size, auto_pilot=told))
    waiting = asyncio.create_task(ready.wait())
    await asyncio.wait({running, waiting}, return_when=asyncio.FIRST_COMPLETED)
    waiting.cancel()
    try:
        if not running.done():
            with app._context():
                recording = Recording(app, Pilot(app))
                await recording.settle()
                recording.take()
                yield recording
    finally:
        app.exit()
        await running
    if app._exception is not None:
        raise app._exception
