"""A platform that nobody here has heard of appears in the console, with its verbs and logs, and no file of ``ui`` knows of it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import tui.ui
from tests.ui.desk import line
from tests.ui.test_console import Seat
from tui.clock import SystemClock
from tui.engine.session import Session
from tui.local.journal import Journal
from tui.model import Health, Kind, LogLine, RateLimit, Ref, Service, Verb
from tui.platforms.base import Accepted, Call, Happening, Read, Request, Rows
from tui.text import Safe
from tui.ui.app import Console
from tui.ui.screens.ask import AskScreen
from tui.ui.settings import Settings

REF = Ref(connection="garage", kind=Kind.SERVICE, id="car-1")


class Toy:
    """A garage of toy cars."""

    name = "garage"
    platform = "toybox"
    flavour = "documented"
    where = Safe("box under the bed")
    instead: Mapping[tuple[Kind, Verb], str] = {(Kind.SERVICE, Verb.STOP): "a toy car stops by itself"}
    logged = frozenset({Kind.SERVICE})
    rate: RateLimit | None = None
    heard: float | None = float("inf")
    allowance = (1000, 3600.0)
    happenings: Callable[[datetime | None], Awaitable[tuple[Happening, ...]]] | None = None

    def __init__(self) -> None:
        self.reads = {Kind.SERVICE: Read(fetch=self._cars, does="look under the bed")}
        self.verbs = {(Kind.SERVICE, Verb.RESTART): Call(run=self._wind, plan=self._plan, does="wind it up")}
        self.wound = 0

    async def _cars(self, *_: Any, **__: Any) -> Rows:
        return Rows(items=(Service(ref=REF, name=Safe("red car"), health=Health.WARN, status=Safe("slow")),))

    def _plan(self, ref: Ref, values: Mapping[str, Any]) -> tuple[Request, ...]:
        return (Request(method="POST", path=f"/wind/{ref.id}"),)

    async def _wind(self, *_: Any, **__: Any) -> Accepted:
        self.wound += 1
        return Accepted()

    async def detect(self) -> str:
        return self.flavour

    async def account(self) -> str:
        return ""

    async def logs(self, ref: Ref, **_: Any) -> AsyncIterator[tuple[LogLine, ...]]:
        yield (line("brrm"),)

    async def aclose(self) -> None:
        return


async def test_a_toy_appears_with_what_it_can_do_and_no_widget_knows_it() -> None:
    toy, clock = Toy(), SystemClock()
    journal = Journal.memory(context="nursery", who="me", now=clock.wall)
    session = Session(context="nursery", production=False, read_only=False, platforms=(toy,), clock=clock, journal=journal)  # type: ignore[arg-type]
    known = asyncio.Event()
    session.changes.subscribe(lambda change: known.set() if change.feed.kind is Kind.SERVICE else None)
    async with session:
        app = Console(session, settings=Settings(zone=UTC))
        async with app.run_test(size=(120, 40)) as pilot:
            await asyncio.wait_for(known.wait(), 30)
            at = Seat(session, app, pilot)  # type: ignore[arg-type]
            await at.wait()
            assert "▲ degraded" in at.row("red car")
            assert "garage" in at.header
            assert at.keys["row.stop"] == "a toy car stops by itself"
            await at.press("r")
            await at.wait()
            assert isinstance(app.screen, AskScreen)
            assert at.sees("POST /wind/car-1")
            assert toy.wound == 0
    journal.close()
    texts = [path.read_text() for path in Path(tui.ui.__file__).parent.rglob("*.py")]
    assert not any("toybox" in text for text in texts)
