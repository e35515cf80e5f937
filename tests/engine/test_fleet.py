"""A look at contexts that are not open: each connection for itself, seldom, and only while somebody watches."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from random import Random
from typing import Any

from tui.clock import ManualClock
from tui.engine.fleet import EVERY, Lookout
from tui.errors import ConfigError, Unauthorized, Unreachable
from tui.model import Health, Kind, Ref, Service
from tui.platforms.base import Read, Rows
from tui.text import Safe


class Quick:
    """A platform that answers at once with services of these healths, or with an error."""

    rate = None
    heard = float("inf")
    allowance = (1000, 3600.0)
    flavour = "current"

    def __init__(self, name: str, healths: Sequence[Health] = (), error: Exception | None = None) -> None:
        self.name, self.platform = name, "dployr"
        self.error = error
        self.healths = healths
        self.asked = 0
        self.reads = {Kind.SERVICE: Read(fetch=self._fetch, does="GET /v1/services")}

    async def detect(self) -> str:
        return self.flavour

    async def _fetch(self, _scope: str) -> Rows:
        self.asked += 1
        if self.error is not None:
            raise self.error
        refs = [Ref(connection=self.name, kind=Kind.SERVICE, id=str(number)) for number in range(len(self.healths))]
        made = [Service(ref=ref, name=Safe(ref.id), health=health) for ref, health in zip(refs, self.healths, strict=True)]
        return Rows(items=tuple(made))

    async def aclose(self) -> None:
        return


class Silent(Quick):
    """A platform that never answers."""

    async def _fetch(self, _scope: str) -> Rows:
        self.asked += 1
        await asyncio.Event().wait()
        return Rows()


def opening(*platforms: Quick, error: Exception | None = None, hangs: bool = False) -> Any:
    @asynccontextmanager
    async def opened() -> AsyncIterator[Sequence[Quick]]:
        if hangs:
            await asyncio.Event().wait()
        if error is not None:
            raise error
        yield platforms

    return opened


@asynccontextmanager
async def looking(**contexts: Any) -> AsyncIterator[tuple[Lookout, ManualClock]]:
    clock = ManualClock(datetime(2025, 11, 5, tzinfo=UTC))
    async with Lookout(contexts, clock=clock, random=Random(1), changed=lambda: None) as lookout:  # noqa: S311
        await clock.advance(0.1)
        yield lookout, clock


async def test_the_dead_and_the_slow_cost_the_others_nothing() -> None:
    well, ill = Quick("fleet", [Health.OK, Health.BAD, Health.WARN]), Quick("vault", error=Unreachable("no answer", connection="vault"))
    contexts = {"dead": opening(Silent("a"), ill), "hung": opening(hangs=True), "wrong": opening(error=ConfigError("line 3 is wrong"))}
    async with looking(well=opening(well), **contexts) as (lookout, clock):
        seen = lookout.glances["well", "fleet"]
        assert (seen.word, seen.total, seen.failed, seen.degraded) == ("fresh", 3, 1, 1)
        assert lookout.glances["dead", "a"].word == "asking"
        assert (lookout.glances["dead", "vault"].word, lookout.glances["dead", "vault"].error) == ("down", "vault: no answer")
        assert lookout.glances["wrong", ""].error == "line 3 is wrong"
        before = well.asked
        await clock.advance(10 * EVERY)
        assert 8 <= well.asked - before <= 12, "the well are looked at as often as if they were alone"
        assert lookout.glances["dead", "a"].word == "down", "no answer is an answer after a minute"


async def test_who_is_signed_out_is_asked_once_and_not_again() -> None:
    out = Quick("fleet", error=Unauthorized("no credentials", connection="fleet"))
    async with looking(prod=opening(out)) as (lookout, clock):
        await clock.advance(20 * EVERY)
        assert lookout.glances["prod", "fleet"].word == "signed-out"
        assert out.asked == 1


async def test_what_was_read_stays_with_its_age_when_a_later_look_fails() -> None:
    one = Quick("fleet", [Health.BAD])
    async with looking(prod=opening(one)) as (lookout, clock):
        read = lookout.glances["prod", "fleet"].boot
        one.error = Unreachable("no answer", connection="fleet")
        await clock.advance(2 * EVERY)
        seen = lookout.glances["prod", "fleet"]
        assert (seen.word, seen.failed, seen.boot) == ("down", 1, read)


async def test_an_error_of_our_own_costs_its_connection_and_only_for_now() -> None:
    well, odd = Quick("fleet", [Health.OK]), Quick("vault", [Health.OK], error=LookupError())
    async with looking(prod=opening(well, odd)) as (lookout, clock):
        assert lookout.glances["prod", "vault"].word == "down"
        assert "LookupError" in lookout.glances["prod", "vault"].error
        odd.error, asked = None, well.asked
        await clock.advance(EVERY * 1.2)
        assert lookout.glances["prod", "vault"].word == "fresh"
        assert well.asked > asked


async def test_nothing_is_asked_once_nobody_looks() -> None:
    one = Quick("fleet", [Health.OK])
    async with looking(prod=opening(one)) as (_, clock):
        pass
    before = one.asked
    await clock.advance(10 * EVERY)
    assert one.asked == before
