"""Nothing is told that is not so: random stories of weather, keys and sleep, and by name what they once found."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence

import pytest

from tests import vloop
from tests.engine.fakes import FakeJournal, FakePlatform, SleepyClock, application, clock, failing, feed, rows, service, session
from tests.engine.weather import story
from tui.clock import Clock
from tui.engine.feeds import Feed
from tui.engine.session import Session
from tui.errors import (
    BadReply,
    Forbidden,
    NoEndpoint,
    NotFound,
    PlatformError,
    RateLimited,
    Refused,
    Unauthorized,
    Unavailable,
    Unreachable,
)
from tui.model import Kind, LogLine, Ref, Verb
from tui.platforms.base import Accepted, Read, Rows
from tui.text import Safe
from tui.ui.notices import trouble

KINDS = {Kind.SERVICE: {"every": 10.0}, Kind.DEPLOYMENT: {}, Kind.INSTANCE: {"every": 30.0}, Kind.PROJECT: {"cost": 0, "every": 120.0}}


@pytest.mark.parametrize("seed", range(6))
def test_a_random_story_tells_nothing_that_is_not_so(seed: int) -> None:
    assert story(seed, steps=12) == {}


@pytest.mark.soak
@pytest.mark.timeout(3600)
@pytest.mark.parametrize("block", range(20))
def test_many_random_stories(block: int) -> None:
    found = {seed: problems for seed in range(1000 + block * 100, 1100 + block * 100) if (problems := story(seed))}
    assert found == {}


def fleet(time_: Clock, **options: object) -> FakePlatform:
    fake = FakePlatform("fleet", time_, kinds=KINDS, allowance=(0, 60.0))
    fake.rows[Kind.SERVICE, ""] = rows(service("web"))
    return fake


def edges(journal: FakeJournal) -> Sequence[str]:
    return [each.after for each in journal.events if each.what == "edge"]


def test_what_is_lost_is_told_lost_once_though_some_lists_ask_nobody() -> None:
    async def tell() -> Sequence[str]:
        time_, journal = clock(), FakeJournal()
        fake = fleet(time_)
        async with session(time_, fake, journal=journal) as running:
            await time_.sleep(60.0)
            fake.trouble = failing(Unreachable)
            await time_.sleep(120.0)
            assert running.store.connection("fleet").state == "down"
            assert edges(journal) == ["down"]
            fake.trouble = None
            await time_.sleep(20.0)
        return edges(journal)

    assert vloop.run(tell()) == ["down", "back"]


def test_what_may_be_asked_again_is_not_back_before_something_is_read() -> None:
    async def tell() -> Sequence[str]:
        time_, journal = clock(), FakeJournal()
        fake = fleet(time_)
        fake.trouble = failing(Unauthorized)
        async with session(time_, fake, journal=journal) as running:
            await time_.sleep(30.0)
            fake.trouble = failing(Unreachable)
            running.signed_in("fleet")
            await time_.sleep(60.0)
            assert "back" not in edges(journal)
            running.signed_in("fleet")  # once more, while nobody reaches it
            await time_.sleep(0.5)
            assert running.store.connection("fleet").state == "down"
            assert "back" not in edges(journal)
            fake.trouble = None
            await time_.sleep(20.0)
        return edges(journal)

    assert vloop.run(tell())[-1] == "back"


def test_whoever_knows_none_of_the_paths_has_not_answered() -> None:
    async def tell() -> Sequence[str]:
        time_, journal = clock(), FakeJournal()
        fake = fleet(time_)
        fake.trouble = failing(Unreachable)
        async with session(time_, fake, journal=journal) as running:
            await time_.sleep(60.0)
            fake.trouble = failing(NoEndpoint)
            await time_.sleep(60.0)
            assert running.store.connection("fleet").state == "down"
            assert edges(journal) == ["down"]
            fake.trouble = None
            await time_.sleep(20.0)
        return edges(journal)

    assert vloop.run(tell()) == ["down", "back"]


def test_no_notice_says_trying_now_while_nobody_does() -> None:
    async def tell() -> None:
        time_ = clock()
        fake = fleet(time_)
        fake.latency = 0.0
        async with session(time_, fake) as running:
            await time_.sleep(60.0)
            fake.trouble = failing(Unreachable)
            await time_.sleep(100.0)
            for _ in range(40):
                await time_.sleep(1.0)
                left = (running.store.connection("fleet").next_try or 0.0) - time_.boot()
                for each in running.feeds():
                    if left >= 1.0 and running.store.freshness(each).error is not None:
                        assert "next try in" in trouble(each, running.store, time_.boot())

    vloop.run(tell())


def test_a_refresh_that_the_networks_return_overtook_is_answered_at_once() -> None:
    async def tell() -> float:
        time_ = clock()
        fake = fleet(time_)
        async with session(time_, fake) as running:
            running.show("pane", running.feeds())
            await time_.sleep(60.0)
            fake.trouble, fake.latency = failing(Unreachable), 10.0
            while running.store.connection("fleet").state != "down":
                await time_.sleep(0.1)
            while not any(each._asking for each in running._poller._readers.values()):
                await time_.sleep(0.1)
            fake.trouble, fake.latency = None, 0.1
            pressed = time_.boot()
            await running.refresh([each for each in running.feeds() if each.kind is not Kind.PROJECT])
            return time_.boot() - pressed

    assert vloop.run(tell()) < 1.0


def test_a_refresh_before_anything_may_be_asked_is_released_when_its_list_is_hidden() -> None:
    async def tell() -> None:
        time_ = clock()
        kinds = {**KINDS, Kind.VARIABLE: {"per": Kind.SERVICE, "on_demand": True}}
        variables = Feed(connection="fleet", kind=Kind.VARIABLE, scope="web")
        ready = asyncio.get_running_loop().create_future()
        async with session(time_, FakePlatform("fleet", time_, kinds=kinds), ready=ready) as running:
            running.show("screen", [variables])
            waits = asyncio.ensure_future(running.refresh([variables]))
            await asyncio.sleep(0)
            running.show("screen", ())
            await asyncio.wait({waits}, timeout=30.0)
            assert waits.done()

    vloop.run(tell())


@pytest.mark.parametrize("error", [RateLimited("slowly", connection="fleet", status=429, retry_after=60.0), failing(Unauthorized)])
def test_an_answer_to_an_older_question_does_not_end_a_wait_that_was_told(error: PlatformError) -> None:
    async def tell() -> None:
        time_ = clock()
        fake = fleet(time_)
        async with session(time_, fake) as running:
            running.show("pane", running.feeds())
            await time_.sleep(60.0)
            fake.latency = 5.0
            older = asyncio.ensure_future(running.refresh([feed(Kind.SERVICE)]))
            await time_.sleep(1.0)
            fake.latency = 0.0
            fake.troubles[Kind.DEPLOYMENT] = error
            await running.refresh([feed(Kind.DEPLOYMENT)])
            fake.troubles.clear()
            asked = len(fake.asked)
            await older
            await time_.sleep(20.0)
            assert len(fake.asked) == asked
            assert running.store.connection("fleet").state in {"limited", "signed-out"}

    vloop.run(tell())


def test_a_list_that_was_not_found_while_something_else_answered_is_asked_for_again() -> None:
    async def tell() -> None:
        time_ = clock()
        kinds = {**KINDS, Kind.VARIABLE: {"per": Kind.SERVICE, "on_demand": True}}
        fake = FakePlatform("fleet", time_, kinds=kinds)
        variables = Feed(connection="fleet", kind=Kind.VARIABLE, scope="web")
        async with session(time_, fake) as running:
            await time_.sleep(60.0)
            fake.trouble = failing(NoEndpoint)
            running.show("screen", [variables])
            await time_.sleep(3.0)
            assert not running.store.freshness(variables).offered
            await time_.sleep(120.0)
            assert running.store.connection("fleet").state == "down"
            fake.trouble = None
            await time_.sleep(15.0)
            assert not running.store.freshness(variables).stale(time_.boot())

    vloop.run(tell())


def test_whoever_offers_nothing_from_the_first_list_on_is_not_the_server_that_was_meant() -> None:
    async def tell() -> Sequence[str]:
        time_, journal = clock(), FakeJournal()
        fake = fleet(time_)
        async with session(time_, fake, journal=journal) as running:
            running._connections["fleet"].detected = True
            fake.trouble = failing(NoEndpoint)
            await time_.sleep(60.0)
            state = running.store.connection("fleet")
            assert (state.state, type(state.error)) == ("down", NoEndpoint)
            fake.trouble = None
            await time_.sleep(10.0)
            assert running.store.connection("fleet").state == "fresh"
        return edges(journal)

    assert vloop.run(tell()) == ["down", "back"]


def test_what_repeats_the_configuration_makes_no_connection_fresh_whose_every_list_is_refused() -> None:
    async def tell() -> None:
        time_ = clock()
        fake = fleet(time_)
        fake.trouble = failing(Forbidden)
        async with session(time_, fake) as running:
            running._connections["fleet"].detected = True
            await time_.sleep(30.0)
            state = running.store.connection("fleet")
            assert (state.state, type(state.error)) == ("down", Forbidden)

    vloop.run(tell())


def test_one_bad_answer_while_the_others_are_asked_for_the_first_time_is_no_lost_connection() -> None:
    async def tell() -> Sequence[str]:
        time_, journal = clock(), FakeJournal()
        fake = fleet(time_)
        fake.latency, slow = 0.0, fake.request
        fake.troubles[Kind.DEPLOYMENT] = failing(BadReply)

        async def request(what: str, trouble: Exception | None = None) -> None:
            if what != "deployment":
                await time_.sleep(8.0)
            await slow(what, trouble)

        fake.request = request  # type: ignore[method-assign]
        async with session(time_, fake, journal=journal) as running:
            running._connections["fleet"].detected = True
            await time_.sleep(6.0)
            assert running.store.freshness(feed(Kind.DEPLOYMENT)).error is not None
            assert running.store.connection("fleet").state == "loading"
            await time_.sleep(6.0)
            assert running.store.connection("fleet").state == "stale"
        return edges(journal)

    assert vloop.run(tell()) == []


def test_a_list_that_is_not_offered_beside_others_takes_no_connection_for_down() -> None:
    async def tell() -> Sequence[str]:
        time_, journal = clock(), FakeJournal()
        fake = fleet(time_)
        fake.troubles[Kind.DEPLOYMENT] = failing(NoEndpoint)
        words = []
        async with session(time_, fake, journal=journal) as running:
            for _ in range(120):
                await time_.sleep(0.25)
                words.append(running.store.connection("fleet").state)
        assert set(words) <= {"loading", "fresh"}
        assert len([each for _, each in fake.asked if each == "deployment"]) <= 2
        return edges(journal)

    assert vloop.run(tell()) == []


@pytest.mark.parametrize("kind", [Forbidden, Refused, NotFound])
def test_what_was_read_and_is_refused_is_old_and_fresh_again_soon_after(kind: type[PlatformError]) -> None:
    async def tell() -> None:
        time_ = clock()
        fake = fleet(time_)
        async with session(time_, fake) as running:
            running.show("pane", running.feeds())
            await time_.sleep(60.0)
            fake.trouble = failing(kind)  # as a proxy answers whose server is being replaced
            for _ in range(60):
                await time_.sleep(1.0)
                refused = [each for each in running.feeds() if running.store.freshness(each).error is not None]
                assert not refused or running.store.connection("fleet").state in {"stale", "down"}
            assert len(refused) >= 3
            fake.trouble = None
            await time_.sleep(10.0)
            assert [each for each in running.feeds() if running.store.freshness(each).error is not None] == []
            assert running.store.connection("fleet").state == "fresh"
            fake.troubles[Kind.SERVICE] = failing(kind)  # and one that stays so is left alone
            await time_.sleep(1000.0)
            asked = len(fake.times("service"))
            await time_.sleep(3600.0)
            assert len(fake.times("service")) - asked < (31 if kind is not NotFound else 700)

    vloop.run(tell())


@pytest.mark.parametrize("kind", [Forbidden, NotFound, Refused])
def test_a_log_that_was_there_is_asked_for_though_it_is_refused_for_a_while(kind: type[PlatformError]) -> None:
    async def tell() -> None:
        time_ = clock()
        fake, ends, trouble_ = fleet(time_), asyncio.Event(), list[PlatformError]()

        async def log(ref: Ref, **_: object) -> AsyncIterator[tuple[LogLine, ...]]:
            await time_.sleep(0.1)
            for each in trouble_:
                raise each
            yield (LogLine(at=time_.wall(), text=Safe("a line")),)
            await ends.wait()

        fake.log = log
        async with session(time_, fake) as running:
            follow = running.follow(Ref(connection="fleet", kind=Kind.SERVICE, id="web"))
            await time_.sleep(5.0)
            trouble_.append(failing(kind))
            ends.set()
            await time_.sleep(20.0)
            assert (follow.state.word, follow.state.reason) == ("reconnecting", "fleet: trouble")
            trouble_.clear()
            ends.clear()
            await time_.sleep(17.0)
            assert follow.state.word in {"live", "quiet"}
            trouble_.append(failing(kind))
            ends.set()
            await time_.sleep(900.0)
            assert follow.state.word == "ended"
            follow.close()

    vloop.run(tell())


@pytest.mark.parametrize("error", [BadReply("a page", connection="fleet"), Unavailable("bad gateway", connection="fleet", status=502)])
@pytest.mark.parametrize("seconds", [60.0, 90.0, 170.0])
def test_seldom_read_lists_are_fresh_soon_after_a_gateway_answered_for_their_server(error: PlatformError, seconds: float) -> None:
    async def tell() -> None:
        time_ = clock()
        kinds = {Kind.APPLICATION: {"every": 60.0}, Kind.ROUTE: {"every": 60.0}, Kind.WEBHOOK: {"every": 120.0}}
        fake = FakePlatform("fleet", time_, kinds=kinds, allowance=(0, 60.0))
        async with session(time_, fake) as running:
            running.show("pane", running.feeds())
            await time_.sleep(59.0)
            fake.trouble = error
            await time_.sleep(seconds)
            fake.trouble = None
            await time_.sleep(10.0)
            assert [each for each in running.feeds() if running.store.freshness(each).error is not None] == []

    vloop.run(tell())


def test_a_log_is_opened_again_as_soon_as_its_server_is_back() -> None:
    async def tell() -> None:
        time_ = clock()
        fake = fleet(time_)

        async def log(ref: Ref, **_: object) -> AsyncIterator[tuple[LogLine, ...]]:
            while fake.trouble is None:
                yield ()
                await time_.sleep(1.0)
            raise failing(Unreachable)

        fake.log = log
        async with session(time_, fake) as running:
            running.show("pane", running.feeds())
            follow = running.follow(Ref(connection="fleet", kind=Kind.SERVICE, id="web"))
            for seconds in (100.0, 113.0, 127.0, 139.0):
                await time_.sleep(60.0)
                fake.trouble = failing(Unreachable)
                await time_.sleep(seconds)
                assert follow.state.word == "reconnecting"
                fake.trouble = None
                while running.store.connection("fleet").state == "down":
                    await time_.sleep(0.1)
                await time_.sleep(0.2)
                assert follow.state.word in {"live", "quiet"}
            follow.close()

    vloop.run(tell())


def _told(running: Session, time_: Clock) -> list[str]:
    """What each list says of its next look, where that is not so."""
    wrong = []
    for each, reader in running._poller._readers.items():
        line, due = trouble(each, running.store, time_.boot()), reader.due - time_.boot()
        if line and ("trying now" in line) != (due < 1.0 or reader._asking is not None):
            wrong.append(f"{line}, due in {due:.1f} s")
    return wrong


def test_after_a_sleep_each_list_says_when_it_is_looked_at_now() -> None:
    async def tell() -> None:
        time_ = SleepyClock()
        fake = fleet(time_)
        async with session(time_, fake) as running:
            await time_.sleep(60.0)
            fake.troubles[Kind.DEPLOYMENT] = failing(BadReply)
            await time_.sleep(120.0)
            assert not running.store.freshness(feed(Kind.SERVICE)).stale(time_.boot())
            time_.slept += 4000.0
            await time_.sleep(5.0)
            old = [each for each in running.feeds() if (running.store.freshness(each).age(time_.boot()) or 0.0) > 4000.0]
            assert old
            assert all(running.store.freshness(each).stale(time_.boot()) for each in old)
            for _ in range(40):
                assert _told(running, time_) == []
                await time_.sleep(1.0)

    vloop.run(tell())


@pytest.mark.parametrize("phase", [0.0, 1.0, 2.0, 3.0, 4.0])
def test_a_lost_server_is_looked_for_at_once_after_a_sleep(phase: float) -> None:
    async def tell() -> None:
        time_ = SleepyClock()
        fake = fleet(time_)
        async with session(time_, fake) as running:
            await time_.sleep(60.0)
            fake.trouble = failing(Unreachable)
            await time_.sleep(120.0 + phase)
            assert running.store.connection("fleet").state == "down"
            time_.slept += 60.0
            before = len(fake.asked)
            await time_.sleep(6.0)
            assert len(fake.asked) > before
            assert (running.store.connection("fleet").next_try or 0.0) >= time_.boot() - 1.0

    vloop.run(tell())


def test_after_a_limit_the_next_look_is_when_a_list_is_due() -> None:
    async def tell() -> None:
        time_ = clock()
        fake = fleet(time_)
        async with session(time_, fake) as running:
            await time_.sleep(60.0)
            fake.trouble = failing(RateLimited, retry_after=2.0)
            await time_.sleep(11.0)
            fake.trouble = None
            for _ in range(200):
                state = running.store.connection("fleet")
                if state.state == "limited" and state.next_try is not None and not fake.flying:
                    assert state.next_try >= time_.boot() - 0.1
                await time_.sleep(0.1)

    vloop.run(tell())


def test_whoever_waits_until_all_is_read_does_not_wait_for_what_has_ended() -> None:
    async def tell() -> tuple[Feed, ...]:
        time_ = clock()
        fake = fleet(time_)
        fake.latency = 8.0
        async with session(time_, fake) as running:
            waiting = asyncio.ensure_future(running.settle(600.0))
            await time_.sleep(1.0)
        before = time_.boot()
        left = await waiting
        assert time_.boot() == before
        return left

    assert feed(Kind.SERVICE) in vloop.run(tell())


def test_what_an_adapter_knows_by_itself_ends_no_outage() -> None:
    async def tell() -> Sequence[str]:
        time_, journal = clock(), FakeJournal()
        fake = fleet(time_)

        async def known(scope: str) -> Rows:
            return rows()

        fake._reads[Kind.APPLICATION] = Read(fetch=known, does="nothing: it knows", every=5.0)
        fake.heard = time_.boot()
        async with session(time_, fake, journal=journal) as running:
            await time_.sleep(30.0)
            fake.heard, fake.trouble = time_.boot(), failing(Unreachable)
            await time_.sleep(60.0)
            for _ in range(60):
                await time_.sleep(1.0)
                assert running.store.connection("fleet").state == "down"
            fake.heard, fake.trouble = float("inf"), None
            await time_.sleep(15.0)
        return edges(journal)

    assert vloop.run(tell()) == ["down", "back"]


def test_what_an_adapter_knows_by_itself_speaks_for_no_server() -> None:
    async def tell() -> Sequence[str]:
        time_, journal = clock(), FakeJournal()
        fake = fleet(time_)

        async def known(scope: str) -> Rows:
            return Rows(asked=False)

        fake._reads[Kind.APPLICATION] = Read(fetch=known, does="nothing: it knows", every=5.0)
        async with session(time_, fake, journal=journal) as running:
            running._connections["fleet"].detected = True
            fake.trouble = failing(Forbidden)
            await time_.sleep(60.0)
            assert running.store.connection("fleet").state == "down"
        return edges(journal)

    assert vloop.run(tell()) == ["down"]


def test_a_limit_is_over_where_nothing_asks_that_could_find_out() -> None:
    async def tell() -> Sequence[str]:
        time_, journal = clock(), FakeJournal()
        fake = FakePlatform("fleet", time_, kinds={Kind.SERVICE: {"cost": 0}}, allowance=(0, 60.0))
        fake.rows[Kind.SERVICE, ""] = rows(service("web"))
        fake.can((Kind.SERVICE, Verb.RESTART))

        async def limited(verb: Verb, ref: Ref, values: object) -> Accepted:
            raise failing(RateLimited, retry_after=20.0)

        fake.on_verb = limited
        async with session(time_, fake, journal=journal) as running:
            await time_.sleep(30.0)
            await running.do(Verb.RESTART, Ref(connection="fleet", kind=Kind.SERVICE, id="web"))
            assert running.store.connection("fleet").state == "limited"
            await time_.sleep(19.0)
            assert running.store.connection("fleet").state == "limited"
            await time_.sleep(11.0)
            assert running.store.connection("fleet").state == "fresh"
        return edges(journal)

    assert vloop.run(tell()) == ["limited", "back"]


@pytest.mark.parametrize("kind", [NotFound, Forbidden])
def test_lists_that_a_stranger_refuses_one_by_one_are_not_asked_for_until_nothing_is_left_to_ask_with(kind: type[PlatformError]) -> None:
    async def tell() -> None:
        time_ = clock()
        kinds = {Kind.APPLICATION: {"every": 30.0}, Kind.ENVIRONMENT: {"every": 30.0, "per": Kind.APPLICATION}}
        fake = FakePlatform("fleet", time_, kinds=kinds, allowance=(120, 60.0))
        fake.rows[Kind.APPLICATION, ""] = rows(*(application(f"app{number}", connection="fleet") for number in range(16)))
        async with session(time_, fake) as running:
            await time_.sleep(100.0)
            running.show("screen", running.feeds())
            await time_.sleep(100.0)
            fake.trouble = failing(kind)
            await running.refresh()
            await time_.sleep(40.0)
            fake.trouble = None
            await time_.sleep(15.0)
            old = [str(each) for each in running.feeds() if running.store.freshness(each).stale(time_.boot())]
            assert (running.store.connection("fleet").state, old) == ("fresh", [])

    vloop.run(tell())


def test_what_was_refused_before_the_flavour_was_known_is_read_once_it_is() -> None:
    async def tell() -> None:
        time_ = clock()
        fake = fleet(time_)
        fake.trouble = failing(Forbidden)
        async with session(time_, fake) as running:
            await time_.sleep(20.0)
            fake.trouble = None
            await running.refresh([feed(Kind.SERVICE)])
            assert running._connections["fleet"].detected
            await time_.sleep(3.0)
            assert running.store.connection("fleet").state == "fresh"
            assert [each for each in running.feeds() if running.store.freshness(each).stale(time_.boot())] == []

    vloop.run(tell())
