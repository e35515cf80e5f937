"""What is asked when: nothing too often, nothing too rarely, and one connection's trouble stays its own."""

from __future__ import annotations

import asyncio
import gc
import weakref
from collections.abc import AsyncIterator
from dataclasses import replace
from itertools import pairwise
from typing import Any

import pytest

from tests import vloop
from tests.engine.fakes import (
    BOOT,
    FakeJournal,
    FakeMemory,
    FakePlatform,
    SleepyClock,
    Window,
    application,
    clock,
    environment,
    failing,
    feed,
    ref,
    rollout,
    rows,
    service,
    session,
)
from tui.clock import Clock
from tui.engine.circuit import LOST
from tui.engine.feeds import Change, Feed
from tui.errors import BadReply, NoEndpoint, NotFound, RateLimited, Unauthorized, Unavailable, Unreachable
from tui.model import Health, Kind, LogLine, Phase, Ref, Verb
from tui.platforms.base import Rows

DPLOYR: dict[Kind, dict[str, Any]] = {
    Kind.SERVICE: {"every": 10.0},
    Kind.DEPLOYMENT: {},
    Kind.INSTANCE: {"every": 30.0},
    Kind.ROUTE: {"every": 60.0},
    Kind.PROJECT: {"every": 120.0},
    Kind.WEBHOOK: {"every": 120.0},
}
DAY = 24 * 3600.0


def _stir(fake: FakePlatform, kind: Kind, health: Health) -> None:
    """Something of this kind is as healthy as said, and different from before."""
    fake.rows[kind, ""] = rows(service(f"the {kind}", health, restarts=int(fake.clock.boot())))


async def _consoles(count: int, seconds: float, window: Window, clock_: Clock, *, busy: bool = False) -> list[FakePlatform]:
    """So many consoles on one account, each showing services and deployments, one after the other started."""
    fakes = [FakePlatform("fleet", clock_, kinds=DPLOYR, window=window) for _ in range(count)]
    async with asyncio.TaskGroup() as group:

        async def console(position: int, fake: FakePlatform) -> None:
            await clock_.sleep(position * 137.0)
            async with session(clock_, fake, seed=position) as running:
                running.show("services", [feed(Kind.SERVICE), feed(Kind.DEPLOYMENT)])
                while clock_.boot() < BOOT + seconds:
                    _stir(fake, Kind.SERVICE, Health.BUSY if busy else Health.OK)
                    await clock_.sleep(100.0)

        for position, fake in enumerate(fakes):
            group.create_task(console(position, fake))
    return fakes


@pytest.mark.parametrize(("busy", "hours", "least"), [(False, 4, 640), (True, 5, 720), pytest.param(True, 24, 720, marks=pytest.mark.soak)])
def test_a_day_of_one_console_stays_inside_a_thousand_an_hour(busy: bool, hours: int, least: int) -> None:
    async def day() -> tuple[Window, list[FakePlatform]]:
        time = clock()
        window = Window(time, 1000, 3600.0)
        return window, await _consoles(1, hours * 3600.0, window, time, busy=busy)

    window, (fake,) = vloop.run(day())
    assert window.refused == 0
    # A fifth is left, and not much more than that is when there is something to see: the budget is there to be used.
    assert hours * least <= window.served <= hours * 810
    gaps = [late - early for early, late in pairwise(fake.times("service"))]
    assert max(gaps) < 60.0


@pytest.mark.parametrize("hours", [4, pytest.param(24, marks=pytest.mark.soak)])
def test_a_day_of_three_consoles_on_one_account_stays_inside_it_too(hours: int) -> None:
    async def day() -> tuple[Window, list[FakePlatform]]:
        time = clock()
        window = Window(time, 1000, 3600.0)
        return window, await _consoles(3, hours * 3600.0, window, time, busy=True)

    window, fakes = vloop.run(day())
    assert window.refused == 0
    assert hours * 650 <= window.served <= hours * 820
    for fake in fakes:
        mine = fake.times("service")
        assert max(late - early for early, late in pairwise(mine)) < 240.0
        assert len(fake.asked) > window.served / 6  # nobody is starved by the others


@pytest.mark.parametrize("headers", [pytest.param(True, marks=pytest.mark.soak), False])
def test_a_hundred_a_minute_is_kept_with_everything_in_progress(headers: bool) -> None:
    async def hour() -> Window:
        time = clock()
        window = Window(time, 100, 60.0, headers=headers, sliding=not headers)
        fake = FakePlatform("fleet", time, kinds=DPLOYR, window=window, allowance=(100, 60.0))
        async with session(time, fake) as running:
            running.show("all", running.feeds())
            for _ in range(60):
                for kind in DPLOYR:
                    _stir(fake, kind, Health.BUSY)
                await time.sleep(60.0)
        return window

    window = vloop.run(hour())
    assert window.refused == 0
    assert 60 * 50 <= window.served <= 60 * 82


def test_consoles_that_cannot_see_each_other_learn_from_the_first_refusals() -> None:
    async def hours() -> tuple[int, int]:
        time = clock()
        window = Window(time, 120, 60.0, headers=False, sliding=True)
        kinds = {kind: {"every": 2.0} for kind in DPLOYR}
        fakes = [FakePlatform("vault", time, kinds=kinds, window=window, allowance=(120, 60.0)) for _ in range(3)]
        async with session(time, fakes[0], seed=1) as a, session(time, fakes[1], seed=2) as b, session(time, fakes[2], seed=3) as c:
            for each in (a, b, c):
                each.show("all", each.feeds())
            await time.sleep(1800.0)
        return window.refused, window.served

    refused, served = vloop.run(hours())
    assert refused < served / 50
    assert served > 30 * 60


def test_what_is_shown_is_read_faster_and_what_is_in_progress_every_two_seconds() -> None:
    async def story() -> dict[str, float]:
        time = clock()
        fake = FakePlatform("fleet", time, allowance=(100_000, 3600.0))
        found = {}

        async def pace(what: str, seconds: float = 600.0) -> float:
            before = len(fake.times(what))
            await time.sleep(seconds)
            return seconds / (len(fake.times(what)) - before)

        async with session(time, fake) as running:
            await running.settle(10.0)
            found["hidden"] = await pace("service")
            running.show("pane", [feed(Kind.SERVICE)])
            found["shown"] = await pace("service")
            found["other"] = await pace("deployment")
            fake.rows[Kind.SERVICE, ""] = rows(service("web", Health.BUSY))
            await running.refresh()
            found["busy"] = await pace("service", 100.0)
            found["stuck"] = await pace("service", 2000.0)
            running.show("pane", [])
            found["hidden busy"] = await pace("service", 100.0)
        return found

    found = vloop.run(story())
    assert found["shown"] == pytest.approx(15.0, rel=0.05)
    assert found["hidden"] == pytest.approx(60.0, rel=0.15)
    assert found["other"] == pytest.approx(60.0, rel=0.15)
    assert found["busy"] == pytest.approx(2.1, rel=0.1)
    assert 7.0 < found["stuck"] < 12.0
    assert found["hidden busy"] == pytest.approx(10.0, rel=0.2)


def test_who_asks_for_everything_anew_is_told_what_was_not_read() -> None:
    async def story() -> list[tuple[Feed, ...]]:
        time = clock()
        fake = FakePlatform("fleet", time)
        asked = [feed(Kind.SERVICE), feed(Kind.DEPLOYMENT)]
        async with session(time, fake) as running:
            await running.settle(10.0)
            running.show("pane", [*asked, feed(Kind.ROUTE), feed(Kind.SERVICE, "nobody")])
            well = await running.refresh()
            fake.troubles[Kind.DEPLOYMENT] = failing(Unavailable)
            return [well, await running.refresh()]

    assert vloop.run(story()) == [(), (feed(Kind.DEPLOYMENT),)]


def test_an_approval_is_looked_for_every_thirty_seconds_and_a_snapshot_not_at_all_faster() -> None:
    async def story() -> tuple[int, int, int]:
        time = clock()
        fake = FakePlatform("shop", time, kinds={Kind.ROLLOUT: {"every": 120.0}}, allowance=(100_000, 3600.0))
        counts = []
        async with session(time, fake) as running:
            running.show("pane", [feed(Kind.ROLLOUT, "shop")])
            waiting = rollout("r1", health=Health.WARN, phases=(Phase(name="infra", needs_approval=True),))
            for each in (waiting, rollout("r1", health=Health.BUSY), rollout("r1", health=Health.BUSY, snapshot=True)):
                fake.rows[Kind.ROLLOUT, ""] = rows(each)
                await running.refresh()
                before = len(fake.asked)
                await time.sleep(240.0)
                counts.append(len(fake.asked) - before)
        return counts[0], counts[1], counts[2]

    approval, under_way, snapshot = vloop.run(story())
    assert 7 <= approval <= 9
    assert under_way > 60
    assert snapshot <= 2


def test_one_dead_platform_never_touches_the_others() -> None:
    async def story() -> None:
        time = clock()
        alive = [FakePlatform(name, time, allowance=(0, 60.0)) for name in ("shop", "vault")]
        dead = FakePlatform("fleet", time, allowance=(0, 60.0), latency=10.0)
        dead.trouble = failing(Unreachable)
        for each in (*alive, dead):
            each.rows[Kind.SERVICE, ""] = rows(service("web", connection=each.name))
        async with session(time, alive[0], dead, alive[1]) as running:
            assert not await running.settle(60.0)
            running.show("pane", running.feeds())
            states = {state.name: state for state in running.store.connections()}
            assert {name: state.state for name, state in states.items()} == {"shop": "fresh", "fleet": "down", "vault": "fresh"}
            assert isinstance(states["fleet"].error, Unreachable)
            assert states["fleet"].next_try is not None
            before = [len(each.asked) for each in alive]
            await time.sleep(600.0)
            for each, count in zip(alive, before, strict=True):
                assert len(each.asked) - count == pytest.approx(80, abs=3)
            # One probe in so many seconds, however many feeds would like to know.
            assert dead.within(time.boot() - 300.0, time.boot()) <= 300.0 / LOST + 1
            assert [row.ref.connection for row in running.store.rows(Kind.SERVICE)] == ["shop", "vault"]

    vloop.run(story())


def test_a_healed_network_is_noticed_soon_and_nothing_bursts() -> None:
    async def story() -> None:
        time = clock()
        fake = FakePlatform("fleet", time, kinds=DPLOYR, allowance=(0, 60.0))
        fake.rows[Kind.SERVICE, ""] = rows(service("web"))
        async with session(time, fake) as running:
            running.show("pane", running.feeds())
            await time.sleep(60.0)
            fake.trouble = failing(Unreachable)
            await time.sleep(600.0)
            assert running.store.connection("fleet").state == "down"
            assert running.store.rows(Kind.SERVICE) == (service("web"),)
            assert running.store.freshness(feed(Kind.SERVICE)).stale(time.boot())
            fake.trouble = None
            healed = time.boot()
            while running.store.connection("fleet").state != "fresh":
                await time.sleep(0.5)
            assert time.boot() - healed < 10.0
            assert max(fake.within(healed + at / 2, healed + at / 2 + 1.0) for at in range(50)) <= len(DPLOYR) + 2

    vloop.run(story())


def test_looking_for_a_lost_network_spends_nothing_that_is_missed_afterwards() -> None:
    async def story() -> tuple[int, int]:
        time = clock()
        fake = FakePlatform("fleet", time, kinds=DPLOYR, allowance=(300, 3600.0))
        async with session(time, fake) as running:
            running.show("pane", running.feeds())
            await time.sleep(60.0)
            fake.trouble = failing(Unreachable, sent=False)
            before = len(fake.asked)
            await time.sleep(2 * 3600.0)
            looks, fake.trouble = len(fake.asked) - before, None
            await time.sleep(60.0)
            before = len(fake.asked)
            await time.sleep(600.0)
            assert running.store.connection("fleet").state == "fresh"
            return looks, len(fake.asked) - before

    looks, after = vloop.run(story())
    assert looks > 1000, "more than the limit of the time would allow"
    assert after > 20


def test_forty_feeds_do_not_come_back_in_one_breath() -> None:
    async def story() -> None:
        time = clock()
        kinds: dict[Kind, dict[str, Any]] = {Kind.APPLICATION: {}, Kind.ENVIRONMENT: {"per": Kind.APPLICATION}}
        vault = FakePlatform("vault", time, kinds=kinds, allowance=(0, 60.0), latency=0.01)
        vault.rows[Kind.APPLICATION, ""] = rows(*(application(f"app-{number}") for number in range(40)))
        async with session(time, vault) as running:
            await time.sleep(5.0)
            running.show("tree", running.feeds())
            vault.trouble = failing(Unauthorized, status=401)
            await running.refresh([feed(Kind.APPLICATION, "vault")])
            await time.sleep(300.0)
            vault.trouble = None
            running.signed_in("vault")
            back = time.boot()
            await time.sleep(10.0)
            assert vault.within(back, back + 10.0) >= 41
            assert max(vault.within(back + at / 10, back + at / 10 + 1.0) for at in range(90)) <= 25

    vloop.run(story())


@pytest.mark.parametrize("error", [Unavailable, BadReply])
def test_a_sick_server_is_asked_no_more_than_a_healthy_one(error: type[Unavailable | BadReply]) -> None:
    async def story(share: float) -> int:
        time = clock()
        fake = FakePlatform("fleet", time, kinds=DPLOYR, allowance=(0, 60.0))
        async with session(time, fake) as running:
            running.show("pane", running.feeds())
            await time.sleep(30.0)
            before = len(fake.asked)
            for step in range(1200):
                fake.trouble = failing(error, status=502) if (step * 7) % 10 < share * 10 else None
                await time.sleep(0.5)
            return len(fake.asked) - before

    healthy = vloop.run(story(0.0))
    assert vloop.run(story(1.0)) < healthy
    assert vloop.run(story(0.5)) <= healthy * 1.1


def test_a_storm_of_refusals_causes_one_request_each_time_it_is_told_to_wait() -> None:
    async def story() -> None:
        time = clock()
        fake = FakePlatform("fleet", time, kinds=DPLOYR, allowance=(1000, 3600.0))
        async with session(time, fake) as running:
            running.show("pane", running.feeds())
            await time.sleep(60.0)
            for told, least, most in ((30.0, 30.0, 34.0), (None, 5.0, 70.0), (-3.0, 5.0, 70.0), (1e9, 3600.0, 4000.0), (0.0, 1.0, 70.0)):
                fake.trouble = failing(RateLimited, status=429, retry_after=told)
                await running.refresh([feed(Kind.SERVICE)])
                state = running.store.connection("fleet")
                assert state.state == "limited"
                assert state.next_try is not None
                assert least * 0.99 <= state.next_try - time.boot() <= most * 1.1, told
                before = len(fake.asked)
                await time.sleep(300.0)
                assert len(fake.asked) - before <= 300.0 / least + 1
                # The user may ask all the same, once a key press, whatever was shown.
                before, pressed = len(fake.asked), time.boot()
                await running.refresh()
                assert len(fake.asked) - before == 1
                assert time.boot() - pressed < 2.0
                fake.trouble = None
                await running.refresh()
                await time.sleep(20.0)
                assert running.store.connection("fleet").state == "fresh"

    vloop.run(story())


def test_signed_out_parks_the_connection_until_new_credentials() -> None:
    async def story() -> None:
        time, journal = clock(), FakeJournal()
        fake, other = FakePlatform("fleet", time), FakePlatform("vault", time)
        fake.rows[Kind.SERVICE, ""] = rows(service("web"))
        fake.can((Kind.SERVICE, Verb.RESTART))
        async with session(time, fake, other, journal=journal) as running:
            await running.settle(10.0)
            fake.trouble = failing(Unauthorized, status=401)
            await running.refresh([feed(Kind.SERVICE)])
            assert running.store.connection("fleet").state == "signed-out"
            before = len(fake.asked)
            await time.sleep(DAY / 4)
            assert len(fake.asked) == before
            assert running.store.rows(Kind.SERVICE) == (service("web"),)
            assert running.store.connection("vault").state == "fresh"
            assert running.why_not(service("web").ref, Verb.RESTART) == "fleet: not signed in: rollwatch login fleet"
            fake.trouble = None
            running.signed_in("fleet")
            await time.sleep(10.0)
            assert running.store.connection("fleet").state == "fresh"
            await time.sleep(2.0)
        assert [(event.name, event.after) for event in journal.events if event.what == "edge"] == [
            ("fleet", "signed-out"),
            ("fleet", "back"),
        ]

    vloop.run(story())


def test_credentials_that_are_wrong_from_the_start_end_the_settling() -> None:
    async def story() -> None:
        time = clock()
        fake, other = FakePlatform("fleet", time), FakePlatform("vault", time)
        fake.trouble = failing(Unauthorized, status=401)
        async with session(time, fake, other) as running:
            began = time.boot()
            assert not await running.settle(30.0)
            assert time.boot() - began < 2.0
            assert len(fake.asked) == 1
            assert [each.state for each in running.store.connections()] == ["signed-out", "fresh"]

    vloop.run(story())


def test_what_a_server_does_not_offer_is_seldom_asked_again_and_is_no_trouble() -> None:
    async def story() -> None:
        time = clock()
        fake = FakePlatform("fleet", time)
        fake.troubles[Kind.DEPLOYMENT] = failing(NoEndpoint, status=404)
        async with session(time, fake) as running:
            running.show("pane", running.feeds())
            await running.settle(10.0)
            await time.sleep(300.0)
            running.show("pane", ())
            running.show("pane", running.feeds())
            await time.sleep(200.0)
            assert len(fake.times("deployment")) == 1
            await time.sleep(3100.0)
            assert len(fake.times("deployment")) == 6
            assert running.store.connection("fleet").state == "fresh"
            assert not running.store.freshness(feed(Kind.DEPLOYMENT)).offered
            del fake.troubles[Kind.DEPLOYMENT]
            await running.refresh()
            assert running.store.freshness(feed(Kind.DEPLOYMENT)).error is None

    vloop.run(story())


def test_a_late_answer_that_ends_an_outage_is_told() -> None:
    """What was asked before the connection was found to be down, and is answered afterwards."""

    async def story() -> None:
        time = clock()
        fake = FakePlatform("fleet", time, kinds=DPLOYR)
        fetch, slow = fake.reads[Kind.PROJECT].fetch, [False]

        async def late(scope: str) -> Rows:
            if slow[0]:
                await time.sleep(20.0)
                fake.trouble, slow[0] = None, False
            return await fetch(scope)

        fake._reads[Kind.PROJECT] = replace(fake._reads[Kind.PROJECT], fetch=late)
        async with session(time, fake) as running:
            running.show("pane", running.feeds())
            await running.settle(10.0)
            slow[0] = True
            hanging = asyncio.ensure_future(running.refresh([feed(Kind.PROJECT)]))
            await time.sleep(0.1)
            fake.trouble = failing(Unreachable)
            await running.refresh([feed(kind) for kind in (Kind.SERVICE, Kind.DEPLOYMENT, Kind.INSTANCE, Kind.ROUTE)])
            await time.sleep(15.0)
            assert running.store.connection("fleet").state == "down"
            await hanging
            await time.sleep(120.0)
            assert running.store.connection("fleet").state == "fresh"

    vloop.run(story())


class _Theirs(Exception):
    """What an HTTP library raises; unlike those that are built in it can be watched."""


def test_an_error_that_is_kept_keeps_nothing_else() -> None:
    async def story() -> None:
        time = clock()
        fake = FakePlatform("fleet", time)
        held: list[weakref.ref[Exception]] = []

        async def fetch(_: str) -> Rows:
            try:
                raise _Theirs
            except _Theirs as cause:
                held.append(weakref.ref(cause))
                raise failing(Unreachable) from cause

        fake._reads[Kind.SERVICE] = replace(fake._reads[Kind.SERVICE], fetch=fetch)
        gc.disable()
        try:
            async with session(time, fake) as running:
                running.show("pane", running.feeds())
                await running.settle(10.0)
                error = running.store.freshness(feed(Kind.SERVICE)).error
                assert isinstance(error, Unreachable)
                assert error.__traceback__ is None
                assert [each() for each in held] == [None]  # without the collector's help
        finally:
            gc.enable()

    vloop.run(story())


@pytest.mark.parametrize("kind", [NoEndpoint, NotFound])
def test_a_list_that_was_there_and_is_missing_now_is_trouble_and_looked_for(kind: type[NoEndpoint | NotFound]) -> None:
    async def story() -> None:
        time = clock()
        fake = FakePlatform("fleet", time)
        fake.rows[Kind.SERVICE, ""] = rows(service("web"))
        async with session(time, fake) as running:
            running.show("pane", running.feeds())
            await running.settle(10.0)
            fake.trouble = failing(kind, status=404)  # as a proxy answers whose server is being replaced
            await time.sleep(300.0)
            assert running.store.connection("fleet").state == "down"
            assert "was there before" in str(running.store.freshness(feed(Kind.SERVICE)).error)
            assert [row.name for row in running.store.rows(Kind.SERVICE)] == ["web"]
            assert fake.within(time.boot() - 60.0, time.boot()) < 25
            fake.trouble = None
            await time.sleep(10.0)
            assert running.store.connection("fleet").state == "fresh"

    vloop.run(story())


def test_where_something_is_missing_its_parents_list_is_read_again() -> None:
    async def story() -> None:
        time = clock()
        fake = FakePlatform("vault", time, kinds={Kind.APPLICATION: {"every": 600.0}, Kind.ENVIRONMENT: {"per": Kind.APPLICATION}})
        kept, gone = application("shop"), application("old")
        fake.rows[Kind.APPLICATION, ""] = rows(kept, gone)
        fetch = fake.reads[Kind.ENVIRONMENT].fetch

        async def missing(scope: str) -> Rows:
            if scope == "old" and gone not in fake.rows[Kind.APPLICATION, ""].items:
                raise failing(NotFound, status=404)
            return await fetch(scope)

        fake._reads[Kind.ENVIRONMENT] = replace(fake._reads[Kind.ENVIRONMENT], fetch=missing)
        async with session(time, fake) as running:
            running.show("pane", running.feeds())
            await running.settle(10.0)
            fake.rows[Kind.APPLICATION, ""] = rows(kept)
            await running.refresh([feed(Kind.ENVIRONMENT, "vault", "old")])
            await time.sleep(5.0)
            assert running.feeds(Kind.ENVIRONMENT) == (feed(Kind.ENVIRONMENT, "vault", "shop"),)
            assert running.store.connection("vault").state == "fresh"
            assert len(fake.times("application")) == 2

    vloop.run(story())


def test_an_unexpected_failure_is_shown_and_the_feed_goes_on(caplog: pytest.LogCaptureFixture) -> None:
    async def story() -> None:
        time = clock()
        fake = FakePlatform("fleet", time)
        fake.troubles[Kind.SERVICE] = ZeroDivisionError("a bug")
        async with session(time, fake) as running:
            running.changes.subscribe(lambda change: 1 / 0)
            running.show("pane", running.feeds())
            assert not await running.settle(30.0)
            error = running.store.freshness(feed(Kind.SERVICE)).error
            assert "ZeroDivisionError" in str(error)
            assert running.store.freshness(feed(Kind.DEPLOYMENT)).error is None
            del fake.troubles[Kind.SERVICE]
            await time.sleep(70.0)
            assert running.store.freshness(feed(Kind.SERVICE)).error is None

    vloop.run(story())
    assert "a bug" in caplog.text


def test_a_session_that_stands_still_says_so(caplog: pytest.LogCaptureFixture) -> None:
    async def story() -> tuple[str, str]:
        time = clock()
        ready = asyncio.get_running_loop().create_future()
        async with session(time, FakePlatform("fleet", time), ready=ready) as running:
            before = running.stopped
            ready.set_exception(AttributeError("half of a module"))
            await time.sleep(1.0)
            return before, running.stopped

    before, after = vloop.run(story())
    assert before == ""
    assert "start again" in after
    assert "half of a module" in caplog.text


def test_failures_are_logged_at_the_edges_only(caplog: pytest.LogCaptureFixture) -> None:
    async def story() -> None:
        time = clock()
        fake = FakePlatform("fleet", time, kinds=DPLOYR, allowance=(0, 60.0))
        fake.trouble = failing(Unreachable)
        async with session(time, fake) as running:
            running.show("pane", running.feeds())
            await time.sleep(3600.0)
            fake.trouble = None
            await time.sleep(60.0)

    with caplog.at_level("INFO", logger="tui"):
        vloop.run(story())
    lines = [record.getMessage() for record in caplog.records if record.name.startswith("tui.engine")]
    assert len(lines) <= 2 * len(DPLOYR) + 2
    assert sum("fleet: down" in line for line in lines) == 1
    assert sum(line == "fleet: back" for line in lines) == 1


def test_environments_are_read_per_app_spread_in_time_and_go_with_it() -> None:
    async def story() -> None:
        time = clock()
        window = Window(time, 120, 60.0, headers=False, sliding=True)
        kinds: dict[Kind, dict[str, Any]] = {Kind.APPLICATION: {}, Kind.ENVIRONMENT: {"per": Kind.APPLICATION, "every": 60.0}}
        vault = FakePlatform("vault", time, kinds=kinds, window=window, allowance=(120, 60.0))
        apps = [application(f"app-{number}") for number in range(1000)]
        vault.rows[Kind.APPLICATION, ""] = rows(*apps)
        for app in apps:
            vault.rows[Kind.ENVIRONMENT, app.ref.id] = rows(environment(app, "prod"))
        async with session(time, vault) as running:
            running.show("tree", [feed(Kind.APPLICATION, "vault")])
            await time.sleep(2.0)
            assert len(running.feeds(Kind.ENVIRONMENT)) == 1000
            assert vault.most_flying <= 4
            await time.sleep(900.0)
            assert len(running.store.rows(Kind.ENVIRONMENT)) == 1000
            assert window.refused == 0
            # A thousand environments do not keep the list of apps from being read.
            mine = vault.times("application")
            assert max(late - early for early, late in pairwise(mine)) < 60.0
            gone: list[Change] = []
            running.changes.subscribe(gone.append)
            vault.rows[Kind.APPLICATION, ""] = rows(*apps[:10])
            await running.refresh([feed(Kind.APPLICATION, "vault")])
            assert len(running.feeds(Kind.ENVIRONMENT)) == 10
            assert len(running.store.rows(Kind.ENVIRONMENT)) == 10
            assert sum(len(change.removed) for change in gone if change.feed.kind is Kind.ENVIRONMENT) == 990

    vloop.run(story())


def test_refreshing_a_thousand_shown_feeds_asks_a_few_at_once() -> None:
    async def story() -> None:
        time = clock()
        kinds: dict[Kind, dict[str, Any]] = {Kind.APPLICATION: {}, Kind.ENVIRONMENT: {"per": Kind.APPLICATION}}
        vault = FakePlatform("vault", time, kinds=kinds, allowance=(120, 60.0))
        vault.rows[Kind.APPLICATION, ""] = rows(*(application(f"app-{number}") for number in range(500)))
        async with session(time, vault) as running:
            await time.sleep(300.0)
            running.show("tree", running.feeds())
            before = len(vault.asked)
            await running.refresh()
            assert len(vault.asked) - before < 20

    vloop.run(story())


def test_variables_are_read_only_while_somebody_looks() -> None:
    async def story() -> None:
        time = clock()
        kinds: dict[Kind, dict[str, Any]] = {Kind.SERVICE: {}, Kind.VARIABLE: {"per": Kind.SERVICE, "on_demand": True}}
        fake = FakePlatform("fleet", time, kinds=kinds)
        fake.rows[Kind.SERVICE, ""] = rows(service("web"))
        variables = feed(Kind.VARIABLE, scope="web")
        async with session(time, fake) as running:
            assert not await running.settle(10.0)
            assert not fake.times("variable web")
            running.show("detail", [variables])
            running.show("other", [variables])
            await time.sleep(1.0)
            assert len(fake.times("variable web")) == 1
            running.show("detail", [])
            await time.sleep(60.0)
            asked = len(fake.times("variable web"))
            assert asked > 2
            running.show("other", [])
            await time.sleep(600.0)
            assert len(fake.times("variable web")) == asked
            running.show("detail", [feed(Kind.WEBHOOK), feed(Kind.SERVICE, "nobody")])  # not offered, not configured

    vloop.run(story())


def test_after_a_suspend_everything_is_stale_at_once_and_read_again_without_a_burst() -> None:
    async def story() -> None:
        time = SleepyClock()
        fake = FakePlatform("fleet", time, kinds=DPLOYR, window=Window(time, 1000, 3600.0))
        async with session(time, fake) as running:
            running.show("pane", running.feeds())
            await running.settle(10.0)
            await time.sleep(300.0)
            assert running.store.connection("fleet").state == "fresh"
            before = len(fake.asked)
            time.slept += 8 * 3600.0
            assert running.store.connection("fleet").state == "stale"
            woke = time.boot()
            await time.sleep(15.0)
            assert running.store.connection("fleet").state == "fresh"
            assert len(fake.asked) - before <= 3 * len(DPLOYR)
            assert max(fake.within(woke + at / 10, woke + at / 10 + 1.0) for at in range(150)) <= len(DPLOYR) + 2

    vloop.run(story())


def test_nothing_is_asked_before_the_first_paint_and_the_last_state_is_there() -> None:
    listened: list[Ref] = []

    async def said(ref: Ref, **_: object) -> AsyncIterator[tuple[LogLine, ...]]:
        listened.append(ref)
        yield ()
        await asyncio.Event().wait()

    async def story() -> None:
        time = clock()
        memory = FakeMemory({feed(Kind.SERVICE): (rows(service("web")), time.wall())})
        fake = FakePlatform("fleet", time)
        fake.rows[Kind.SERVICE, ""] = rows(service("web", Health.BAD))
        painted = asyncio.get_running_loop().create_future()
        journal = FakeJournal()
        async with session(time, fake, last_state=memory, ready=painted, journal=journal) as running:
            fake.log = said
            followed = running.follow(ref("web"))
            await time.sleep(120.0)
            assert fake.asked == []
            assert listened == []
            assert running.store.rows(Kind.SERVICE) == (service("web"),)
            freshness = running.store.freshness(feed(Kind.SERVICE))
            assert freshness.restored
            assert freshness.age(time.boot()) == pytest.approx(120.0)
            assert running.store.connection("fleet").state == "loading"
            painted.set_result(None)
            assert not await running.settle(10.0)
            assert not running.store.freshness(feed(Kind.SERVICE)).restored
            await time.sleep(30.0)
            assert listened, "a log that was followed the last time waits for the first paint, too"
            followed.close()
        assert memory.kept[feed(Kind.SERVICE)][0].items == (service("web", Health.BAD),)
        assert [(event.what, event.before, event.after) for event in journal.events] == [("transition", "ok (running)", "failed")]

    vloop.run(story())


def test_leaving_ends_everything_even_in_the_middle_of_a_read() -> None:
    async def story() -> None:
        time = clock()
        fake = FakePlatform("fleet", time, latency=30.0)
        before = len(asyncio.all_tasks())
        for moment in (0.0, 0.5, 29.9, 45.0):
            async with session(time, fake) as running:
                waiting = asyncio.ensure_future(running.refresh(running.feeds()))
                await time.sleep(moment)
            await asyncio.wait_for(waiting, 1.0)
            assert len(asyncio.all_tasks()) == before
            assert fake.flying == 0
        assert fake.closed == 4

    vloop.run(story())


def test_a_read_that_never_ends_is_given_up() -> None:
    async def story() -> None:
        time = clock()
        fake = FakePlatform("fleet", time, latency=1e9)
        async with session(time, fake) as running:
            assert not await running.settle(200.0)
            assert "no answer within 60 s" in str(running.store.freshness(feed(Kind.SERVICE)).error)

    vloop.run(story())


def test_a_flavour_found_out_later_may_read_other_things() -> None:
    async def story() -> None:
        time = clock()
        fake = FakePlatform("fleet", time, kinds={Kind.SERVICE: {}, Kind.PROJECT: {}})
        plain = fake.detect

        async def detect() -> str:
            await plain()
            fake._reads = {Kind.SERVICE: fake._reads[Kind.SERVICE], Kind.ROUTE: fake._read(Kind.ROUTE)}
            return "current"

        fake.detect = detect  # type: ignore[method-assign]
        async with session(time, fake) as running:
            assert {each.kind for each in running.feeds()} == {Kind.SERVICE, Kind.PROJECT}
            assert not await running.settle(10.0)
            assert {each.kind for each in running.feeds()} == {Kind.SERVICE, Kind.ROUTE}
            assert {each.kind for each in running.store.feeds()} == {Kind.SERVICE, Kind.ROUTE}
            assert len(fake.times("detect")) == 1

    vloop.run(story())


def test_what_somebody_else_used_up_is_said_and_keys_still_work() -> None:
    async def story() -> None:
        time = clock()
        window = Window(time, 1000, 3600.0)
        fake = FakePlatform("fleet", time, kinds=DPLOYR, window=window)
        async with session(time, fake) as running:
            running.show("pane", running.feeds())
            await time.sleep(60.0)
            for _ in range(850 - window.served):
                window.take("another console")
            await time.sleep(120.0)
            before = len(fake.asked)
            await time.sleep(600.0)
            assert len(fake.asked) == before
            state = running.store.connection("fleet")
            assert (state.state, state.next_try) == ("limited", pytest.approx(BOOT + 3600.0, abs=1.0))
            assert "kept for what you ask for" in str(state.error)
            await running.refresh()
            assert len(fake.asked) == before + len(DPLOYR)
            await time.sleep(3600.0)
            assert running.store.connection("fleet").state == "fresh"
            assert window.refused == 0

    vloop.run(story())


def test_a_status_is_asked_for_by_the_user_and_pays_with_the_users_part() -> None:
    async def story() -> None:
        time = clock()
        window = Window(time, 1000, 3600.0)
        for _ in range(900):
            window.take("another console")
        fake = FakePlatform("fleet", time, kinds=DPLOYR, window=window)
        async with session(time, fake) as running:
            assert not await running.settle(10.0)
            assert running.store.connection("fleet").state == "fresh"

    vloop.run(story())


def test_the_users_own_floor_is_kept() -> None:
    async def story() -> int:
        time = clock()
        fake = FakePlatform("fleet", time, allowance=(0, 60.0))
        fake.rows[Kind.SERVICE, ""] = rows(service("web", Health.BUSY))
        async with session(time, fake, refresh={"fleet": 120.0}) as running:
            running.show("pane", running.feeds())
            await time.sleep(1200.0)
        return len(fake.times("service"))

    assert 9 <= vloop.run(story()) <= 12


def test_another_floor_holds_at_once_and_brings_forward_what_waits() -> None:
    async def story() -> tuple[int, int]:
        time = clock()
        fake = FakePlatform("fleet", time, allowance=(0, 60.0))
        fake.rows[Kind.SERVICE, ""] = rows(service("web", Health.BUSY))
        async with session(time, fake, refresh={"fleet": 3600.0}) as running:
            running.show("pane", running.feeds())
            await time.sleep(600.0)
            rare = len(fake.times("service"))
            running.pace({"fleet": 20.0})
            await time.sleep(100.0)
            return rare, len(fake.times("service")) - rare

    rare, often = vloop.run(story())
    assert rare == 1
    assert 4 <= often <= 6


def test_the_first_second_is_calm_too() -> None:
    async def story() -> int:
        time = clock()
        fake = FakePlatform("fleet", time, kinds=DPLOYR, allowance=(1000, 3600.0))
        async with session(time, fake) as running:
            running.show("pane", running.feeds())
            await time.sleep(1.0)
            return fake.within(BOOT, BOOT + 1.0)

    assert vloop.run(story()) <= len(DPLOYR) + 2
