"""Long runs of several consoles whose users press keys. Outside the suite: ``pytest -m soak``."""

from __future__ import annotations

import asyncio
from random import Random

import pytest

from tests import vloop
from tests.engine.fakes import BOOT, FakePlatform, Window, clock, feed, rows, service, session
from tui.model import Health, Kind

KINDS = {Kind.SERVICE: {"every": 10.0}, Kind.DEPLOYMENT: {}, Kind.INSTANCE: {"every": 30.0}, Kind.ROUTE: {"every": 60.0}}
HOURS = 24


@pytest.mark.soak
@pytest.mark.timeout(600)
@pytest.mark.parametrize(("limit", "seconds"), [(1000, 3600.0), (100, 60.0)])
@pytest.mark.parametrize("count", [1, 3, 5])
def test_consoles_on_one_account_are_never_refused_and_neither_are_their_keys(count: int, limit: int, seconds: float) -> None:
    async def console(number: int, fake: FakePlatform, random: Random) -> int:
        time, refused = fake.clock, 0
        await time.sleep(random.uniform(0.0, 900.0))
        async with session(time, fake, seed=number) as running:
            running.show("pane", running.feeds() if number % 2 else [feed(Kind.SERVICE)])
            while time.boot() < BOOT + HOURS * 3600.0:
                health = random.choice([Health.BUSY, Health.OK])
                fake.rows[Kind.SERVICE, ""] = rows(service("web", health, restarts=int(time.boot())))
                await time.sleep(random.uniform(0.0, 600.0))
                pressed = time.boot()
                await running.refresh([feed(Kind.SERVICE)])
                assert time.boot() - pressed < 2.0
                refused += running.store.freshness(feed(Kind.SERVICE)).error is not None
        return refused

    async def story() -> None:
        time, random = clock(), Random(count)  # noqa: S311
        window = Window(time, limit, seconds)
        fakes = [FakePlatform("fleet", time, kinds=KINDS, window=window, allowance=(limit, seconds)) for _ in range(count)]
        refused = await asyncio.gather(*(console(number, fake, random) for number, fake in enumerate(fakes)))
        assert (window.refused, sum(refused)) == (0, 0)

    vloop.run(story())
