"""What the store keeps, and what it says of it."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.calls import counted
from tests.engine.fakes import START, FakePlatform, environment, failing, feed, ref, rollout, rows, service
from tests.engine.fakes import application as app
from tui.clock import ManualClock
from tui.engine.feeds import Change, Feed, Pending
from tui.engine.signals import Signal
from tui.engine.store import RESTING, Store
from tui.errors import Forbidden, NoEndpoint, Unreachable
from tui.model import Health, Kind, Resource, Verb
from tui.platforms.base import Rows
from tui.text import Safe

SERVICES = feed(Kind.SERVICE)


def _store(*names: str) -> tuple[Store, ManualClock]:
    clock = ManualClock(START)
    return Store(clock, [FakePlatform(name, clock) for name in names or ("fleet",)]), clock


def test_a_put_tells_what_came_went_and_changed() -> None:
    store, _ = _store()
    first = store.put(SERVICES, rows(service("a"), service("b")))
    assert [row.name for row in first.added] == ["a", "b"]
    second = store.put(SERVICES, rows(service("b", Health.BAD), service("c")))
    assert second == Change(
        feed=SERVICES,
        added=(service("c"),),
        updated=((service("b"), service("b", Health.BAD)),),
        removed=(service("a"),),
        freshness=True,
    )
    assert second.data
    assert store.feed_rows(SERVICES) == store.rows(Kind.SERVICE) == (service("b", Health.BAD), service("c"))
    assert store.get(ref("a")) is None
    assert store.get(ref("b")) == service("b", Health.BAD)


async def test_equal_rows_change_only_ages() -> None:
    store, clock = _store()
    reply = rows(service("a"))
    store.put(SERVICES, reply)
    kept = store.rows(Kind.SERVICE)
    await clock.advance(5.0)
    for same in (reply, rows(service("a"))):
        change = store.put(SERVICES, same)
        assert not change.data
        assert change.freshness
        assert store.rows(Kind.SERVICE) is kept
    assert store.freshness(SERVICES).age(clock.boot()) == 0.0


def test_a_new_order_is_told() -> None:
    store, _ = _store()
    store.put(SERVICES, rows(service("a"), service("b")))
    change = store.put(SERVICES, rows(service("b"), service("a")))
    assert change.reordered
    assert (change.added, change.removed, change.updated) == ((), (), ())
    assert [row.name for row in store.rows(Kind.SERVICE)] == ["b", "a"]


def test_one_ref_twice_in_a_reply_is_one_thing() -> None:
    store, _ = _store()
    twice = rows(service("a"), service("b"), service("a", Health.BAD))
    assert len(store.put(SERVICES, twice).added) == 2
    assert store.rows(Kind.SERVICE) == (service("a"), service("b"))
    assert not store.put(SERVICES, replace(twice)).data


def test_one_ref_in_two_feeds_stays_until_both_let_it_go() -> None:
    store, _ = _store("vault")
    shared = environment(app("x"), "prod")
    one, two = feed(Kind.ENVIRONMENT, "vault", "x"), feed(Kind.ENVIRONMENT, "vault", "y")
    store.put(one, rows(shared))
    store.put(two, rows(shared))
    assert store.rows(Kind.ENVIRONMENT) == (shared,)
    store.put(two, rows())
    assert store.get(shared.ref) == shared
    store.drop(one)
    assert store.get(shared.ref) is None
    assert store.rows(Kind.ENVIRONMENT) == ()


async def test_failure_keeps_rows_and_says_so() -> None:
    store, clock = _store()
    store.put(SERVICES, rows(service("a"), unreadable=2))
    await clock.advance(60.0)
    error = failing(Unreachable)
    assert store.fail(SERVICES, error, clock.boot() + 9.0) == Change(feed=SERVICES, freshness=True)
    await clock.advance(60.0)
    store.fail(SERVICES, error, clock.boot() + 9.0)
    freshness = store.freshness(SERVICES)
    assert store.rows(Kind.SERVICE) == (service("a"),)
    assert (freshness.error, freshness.unreadable, freshness.age(clock.boot())) == (error, 2, 120.0)
    assert freshness.failing_since == clock.boot() - 60.0
    assert freshness.stale(clock.boot())
    store.put(SERVICES, rows(service("a")))
    assert store.freshness(SERVICES).error is None
    assert not store.freshness(SERVICES).stale(clock.boot())


async def test_overdue_is_stale_without_any_error() -> None:
    store, clock = _store()
    store.put(SERVICES, rows())
    store.plan(SERVICES, clock.boot() + 15.0)
    await clock.advance(29.0)
    assert store.connection("fleet").state == "fresh"
    await clock.advance(2.0)
    assert store.connection("fleet").state == "stale"


async def test_what_was_restored_is_never_fresh_and_never_replaces_what_was_read() -> None:
    store, clock = _store()
    old = START - timedelta(hours=3)
    store.restore(SERVICES, rows(service("a")), old)
    freshness = store.freshness(SERVICES)
    assert freshness.restored
    assert freshness.stale(clock.boot())
    assert freshness.age(clock.boot()) == 3 * 3600.0
    assert store.connection("fleet").state == "loading"
    store.restore(feed(Kind.ROUTE), rows(), START + timedelta(days=2))
    assert store.freshness(feed(Kind.ROUTE)).age(clock.boot()) == 0.0
    store.put(SERVICES, rows(service("b")))
    store.restore(SERVICES, rows(service("a")), old)
    assert store.rows(Kind.SERVICE) == (service("b"),)


async def test_the_state_of_a_connection_in_one_word() -> None:
    store, clock = _store()
    state = store.connection("fleet")
    assert (state.state, state.platform, state.fetched_at) == ("loading", "dployr", None)
    store.put(SERVICES, rows())
    assert store.connection("fleet").state == "fresh"
    store.fail(feed(Kind.WEBHOOK), failing(Forbidden))
    store.fail(feed(Kind.PROJECT), failing(NoEndpoint))
    assert store.connection("fleet").state == "fresh"
    store.fail(feed(Kind.ROUTE), failing(Unreachable), clock.boot() + 3.0)
    state = store.connection("fleet")
    assert state.state == "stale"
    assert isinstance(state.error, Unreachable)
    assert state.next_try == clock.boot() + 3.0
    store.fail(SERVICES, failing(Unreachable))
    assert store.connection("fleet").state == "down"
    store.hold("fleet", "limited", failing(Unreachable), clock.boot() + 5.0)
    assert (store.connection("fleet").state, store.connection("fleet").next_try) == ("limited", clock.boot() + 5.0)
    store.hold("fleet", None)
    assert store.connection("fleet").state == "down"


def test_a_connection_that_refuses_everything_is_down_and_not_loading_for_ever() -> None:
    store, _ = _store()
    store.put(SERVICES, rows(service("a")))
    assert store.connection("fleet").state == "fresh"
    store.fail(SERVICES, failing(Forbidden))
    assert store.connection("fleet").state == "down"
    assert isinstance(store.connection("fleet").error, Forbidden)
    store.trying(feed(Kind.ROUTE))
    store.put(feed(Kind.ROUTE), rows())
    assert store.connection("fleet").state == "stale", "one that is read says that the account is right, and the other is old"


async def test_a_connection_is_no_younger_than_its_servers_last_answer() -> None:
    clock = ManualClock(START)
    fake = FakePlatform("fleet", clock)
    store, boot = Store(clock, [fake]), clock.boot()
    store.put(SERVICES, rows())
    assert store.connection("fleet").fetched_boot == boot
    for heard, expected in ((boot - 50.0, boot - 50.0), (boot + 1.0, boot), (None, None)):
        fake.heard = heard
        state = store.connection("fleet")
        assert (state.state, state.fetched_boot, state.fetched_at is None) == ("fresh", expected, expected is None)


def test_rows_come_in_the_configured_order_of_connections() -> None:
    store, _ = _store("b", "a")
    store.put(feed(Kind.SERVICE, "a"), rows(service("1", connection="a")))
    store.put(feed(Kind.SERVICE, "b"), rows(service("2", connection="b")))
    assert [row.name for row in store.rows(Kind.SERVICE)] == ["2", "1"]
    assert [row.name for row in store.rows(Kind.SERVICE, "a")] == ["1"]


def test_a_rollout_that_has_ended_does_not_go_on() -> None:
    store, _ = _store("shop")
    ended = rollout("r", health=Health.OK, completed_at=START)
    there = feed(Kind.ROLLOUT, "shop")
    store.put(there, rows(ended))
    assert not store.put(there, rows(rollout("r", health=Health.BUSY))).data
    assert store.get(ended.ref) == ended


def test_what_is_in_flight_is_there_until_it_is_over() -> None:
    store, clock = _store()
    store.put(SERVICES, rows(service("a")))
    pending = Pending(ref=ref("a"), kind=Kind.SERVICE, verb=Verb.STOP, word="sending", at=clock.wall(), since=clock.boot())
    assert store.mark(pending) == Change(feed=SERVICES, pending=(ref("a"),))
    assert store.pending(ref("a")) == pending
    assert store.in_flight() == (pending,)
    assert store.pending_verb(ref("a"), Kind.SERVICE, Verb.START) is None
    store.unmark(pending)
    assert store.pending(ref("a")) is None


def test_rows_nobody_looks_at_are_not_kept_for_ever() -> None:
    store, _ = _store()
    feeds = [feed(Kind.VARIABLE, scope=str(number)) for number in range(RESTING + 10)]
    for number, each in enumerate(feeds):
        store.put(each, rows(service(str(number))))
        store.rest(each)
    assert store.feeds() == tuple(feeds[10:])
    store.wake(feeds[10])
    assert store.rest(Feed(connection="fleet", kind=Kind.VARIABLE, scope="unknown")) == ()


def _put_again(many: int) -> int:
    """What it takes to put so many rows of which every fifth changed."""
    store, _ = _store()
    items = [service(f"service-{number}", version=Safe("20"), cpu_share=number / 1e4, raw=Safe("x" * 300)) for number in range(many)]
    store.put(SERVICES, Rows(items=tuple(items)))
    changed = Rows(items=tuple(replace(each, cpu_share=2.0) if number % 5 == 0 else replace(each) for number, each in enumerate(items)))
    with counted() as calls:
        change = store.put(SERVICES, changed)
    assert len(change.updated) == many // 5
    return calls.number


def test_what_a_row_costs_is_little_and_grows_with_nothing() -> None:
    few, many = _put_again(1_000), _put_again(10_000)
    assert many < 14 * 10_000
    assert many < 10.5 * few


@settings(max_examples=200)
@given(st.lists(st.lists(st.tuples(st.integers(0, 5), st.sampled_from([Health.OK, Health.BAD])), max_size=6), max_size=8))
def test_whoever_applies_the_changes_has_what_the_store_has(replies: list[list[tuple[int, Health]]]) -> None:
    store, _ = _store()
    mirror: dict[object, Resource] = {}
    for reply in replies:
        change = store.put(SERVICES, rows(*(service(str(number), health) for number, health in reply)))
        for row in change.removed:
            del mirror[row.ref]
        for old, new in change.updated:
            assert mirror[old.ref] == old != new
            mirror[new.ref] = new
        for row in change.added:
            assert row.ref not in mirror
            mirror[row.ref] = row
        assert mirror == {row.ref: row for row in store.feed_rows(SERVICES)}
        assert all(store.get(row.ref) is row for row in store.feed_rows(SERVICES))
        assert store.feed_rows(SERVICES) == store.rows(Kind.SERVICE)


def test_one_bad_listener_does_not_keep_the_others_from_hearing() -> None:
    signal: Signal[int] = Signal("numbers")
    heard: list[int] = []
    signal.subscribe(lambda number: 1 // 0)
    end = signal.subscribe(heard.append)
    signal.subscribe(lambda number: end())
    signal.publish(1)
    signal.publish(2)
    assert heard == [1]
    assert len(signal) == 2


def test_what_the_configuration_says_does_not_speak_for_a_server_that_fails() -> None:
    clock = ManualClock(START)
    store = Store(clock, [FakePlatform("fleet", clock, kinds={Kind.APPLICATION: {"cost": 0}, Kind.SERVICE: {}})])
    store.put(feed(Kind.APPLICATION), rows())
    assert store.connection("fleet").state == "fresh"
    store.fail(SERVICES, failing(Unreachable))
    assert store.connection("fleet").state == "down"
    store.put(SERVICES, rows())
    assert store.connection("fleet").state == "fresh"
