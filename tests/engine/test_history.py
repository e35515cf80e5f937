"""What the journal is told, and what is remembered from one run to the next."""

from __future__ import annotations

import asyncio
import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest

from tests import vloop
from tests.engine.fakes import (
    START,
    FakeJournal,
    FakeMemory,
    FakePlatform,
    clock,
    failing,
    feed,
    ref,
    rollout,
    rows,
    service,
    session,
)
from tui.clock import SystemClock
from tui.engine.feeds import Change, Feed
from tui.engine.findings import found
from tui.engine.history import History, events
from tui.engine.ports import Event
from tui.engine.recall.past import Stretch
from tui.errors import StorageError, Unreachable
from tui.model import Health, Kind, Phase, Variable
from tui.platforms.base import Rows
from tui.text import Safe, Secret

SERVICES = feed(Kind.SERVICE)


def _told(change: Change, *, first: bool = False) -> list[tuple[str, str, str, str]]:
    return [(event.what, event.ref, event.before, event.after) for event in events(change, START, first=first)]


def test_transitions_comings_and_goings_are_told() -> None:
    change = Change(
        feed=SERVICES,
        added=(service("new"),),
        updated=((service("web"), service("web", Health.BAD)), (service("a"), service("a", cpu_share=0.5))),
        removed=(service("old", Health.IDLE),),
    )
    assert _told(change) == [
        ("transition", "fleet/service/web", "ok (running)", "failed"),
        ("appeared", "fleet/service/new", "", "ok (running)"),
        ("gone", "fleet/service/old", "idle (stopped)", ""),
    ]
    assert [what for what, *_ in _told(change, first=True)] == ["transition", "gone"]


def test_each_phase_of_a_rollout_is_told_once_with_how_long_it_took() -> None:
    running = Phase(name="build", started_at=START)
    ended = Phase(name="build", started_at=START, completed_at=START + timedelta(seconds=62), conclusion=Safe("success"))
    names = {"app": Safe("shop"), "environment": Safe("prod")}
    before, after = rollout("r", phases=(running,), **names), rollout("r", phases=(ended, Phase(name="infra")), **names)
    there = feed(Kind.ROLLOUT, "shop")
    (event,) = events(Change(feed=there, updated=((before, after),)), START, first=False)
    assert (event.what, event.name, event.after, event.seconds, event.text) == ("phase", "build", "success", 62.0, "shop/prod")
    assert _told(Change(feed=there, updated=((after, after),))) == []
    instant = Phase(name="build", started_at=START, completed_at=START - timedelta(seconds=5))
    (event,) = events(Change(feed=there, updated=((before, rollout("r", phases=(instant,))),)), START, first=False)
    assert event.seconds == 0.0


@pytest.mark.parametrize("days", [0.1, 1.0, 8.0, -0.1])
def test_a_phase_that_was_over_before_anybody_looked_is_no_event_of_the_shift(days: float) -> None:
    """A first look learns how long the phases of earlier rollouts took; the timeline said that they ended at the moment of that look."""
    over = START - timedelta(days=days)
    build = Phase(name="build", started_at=over - timedelta(minutes=1), completed_at=over, conclusion=Safe("success"))
    going = {"health": Health.BUSY, "status": Safe("running"), "started_at": over - timedelta(minutes=2)}
    seen = tuple(found([rollout("r", phases=(build, Phase(name="infra")), **going)], START))
    assert [(each.name, each.seconds) for each in seen if each.what == "phase"] == [("build", 60.0)]
    shift = Stretch(since=START - timedelta(hours=1), until=START + timedelta(hours=1), events=seen)
    assert [each.text for each in shift.timeline()] == []


def test_nothing_of_variables_is_kept() -> None:
    variable = Variable(ref=ref("web/TOKEN", Kind.VARIABLE), name=Safe("TOKEN"), service=ref("web"), value=Secret("hush"))
    assert _told(Change(feed=feed(Kind.VARIABLE, scope="web"), added=(variable,))) == []


def test_a_session_tells_its_journal_and_a_full_disk_does_not_stop_it(caplog: pytest.LogCaptureFixture) -> None:
    async def story() -> list[Event]:
        time, journal = clock(), FakeJournal()
        fake = FakePlatform("fleet", time)
        fake.rows[Kind.SERVICE, ""] = rows(service("web"))
        async with session(time, fake, journal=journal) as running:
            await running.settle(10.0)
            for health in (Health.BAD, Health.OK):
                journal.broken = health is Health.BAD
                fake.rows[Kind.SERVICE, ""] = rows(service("web", health))
                await running.refresh(running.feeds())
                await time.sleep(5.0)
            fake.trouble = failing(Unreachable)
            await time.sleep(400.0)
            fake.trouble = None
            await time.sleep(30.0)
        return journal.events

    found = vloop.run(story())
    assert [(event.what, event.after) for event in found] == [("transition", "ok (running)"), ("edge", "down"), ("edge", "back")]
    assert sum("history is not kept" in record.getMessage() for record in caplog.records) == 1


@pytest.mark.parametrize(("word", "down", "told"), [("signed-out", False, ["back"]), ("down", True, []), ("back", False, [])])
def test_what_an_earlier_run_lost_is_back_when_it_answers(word: str, down: bool, told: list[str]) -> None:
    """A handoff called a connection signed out for an hour after somebody had signed in, and started anew."""

    async def story() -> list[Event]:
        time, journal = clock(), FakeJournal()
        fake = FakePlatform("fleet", time)
        fake.trouble = failing(Unreachable) if down else None
        journal.events.append(Event(what="edge", ref="fleet", at=START, name="fleet", after=word))
        async with session(time, fake, journal=journal) as running:
            await running.settle(10.0)
            await time.sleep(60.0)
        return journal.events[1:]

    assert [event.after for event in vloop.run(story()) if event.what == "edge"] == told


@pytest.mark.parametrize("before", [True, False])
def test_only_what_a_run_before_knew_can_come_anew(before: bool) -> None:
    """The first look at a platform is no news; what is new since the last run is."""

    async def story() -> list[Event]:
        time, journal = clock(), FakeJournal()
        fake = FakePlatform("fleet", time)
        fake.rows[Kind.SERVICE, ""] = rows(service("web"), service("new"))
        kept = {SERVICES: (rows(service("web")), START - timedelta(hours=1))} if before else {}
        running = session(time, fake, journal=journal, last_state=FakeMemory(kept))
        running.store.plan(SERVICES, 1.0)  # planned is not known
        async with running:
            await running.settle(10.0)
            await time.sleep(5.0)
        return journal.events

    assert [(event.what, event.ref) for event in vloop.run(story())] == ([("appeared", "fleet/service/new")] if before else [])


async def test_a_disk_that_hangs_does_not_eat_the_memory() -> None:
    time = clock()
    history = History(FakeJournal(), time)
    many = tuple(service(str(number)) for number in range(30_000))
    history.note(Change(feed=SERVICES, freshness=True, added=(service("x"),)))
    history.note(Change(feed=SERVICES, added=many))
    assert len(history._waiting) == 20_000


def test_good_rows_are_saved_after_a_while_and_at_the_end_and_never_variables() -> None:
    async def story() -> None:
        time, memory = clock(), FakeMemory()
        kinds = {Kind.SERVICE: {}, Kind.VARIABLE: {"per": Kind.SERVICE, "on_demand": True}}
        fake = FakePlatform("fleet", time, kinds=kinds)
        fake.rows[Kind.SERVICE, ""] = rows(service("web"))
        variable = Variable(ref=ref("web/TOKEN", Kind.VARIABLE), name=Safe("TOKEN"), service=ref("web"), value=Secret("hush"))
        fake.rows[Kind.VARIABLE, "web"] = rows(variable)
        async with session(time, fake, last_state=memory) as running:
            running.show("detail", [feed(Kind.VARIABLE, scope="web")])
            await time.sleep(30.0)
            assert memory.saves == 1
            await time.sleep(600.0)
            assert memory.saves == 1
        assert memory.saves == 2
        assert set(memory.kept) == {SERVICES}
        assert memory.kept[SERVICES][1] > START + timedelta(seconds=500)

    vloop.run(story())


def test_a_last_state_that_cannot_be_used_is_no_reason_not_to_start() -> None:
    class Broken(FakeMemory):
        def load(self) -> list[tuple[Feed, Rows, object]]:  # type: ignore[override]
            raise StorageError("not ours")

        def save(self, rows: object) -> None:
            raise OSError("no space")

    async def story() -> None:
        time = clock()
        foreign = {feed(Kind.SERVICE, "gone"): (rows(service("web")), START)}
        for memory in (Broken(), FakeMemory(foreign)):
            async with session(time, FakePlatform("fleet", time), last_state=memory) as running:
                assert not await running.settle(10.0)
                assert running.store.rows(Kind.SERVICE) == ()

    vloop.run(story())


async def test_what_was_handed_over_when_it_ends_is_written_though_no_thread_had_begun(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tui.engine.history.GATHER", 0.0)
    journal, free = FakeJournal(), threading.Event()
    history = History(journal, SystemClock())
    asyncio.get_running_loop().set_default_executor(ThreadPoolExecutor(max_workers=1))
    writing = asyncio.ensure_future(history.run())
    await asyncio.sleep(0.02)
    busy = asyncio.ensure_future(asyncio.to_thread(free.wait, 10.0))
    history.tell(Event(what="edge", ref="fleet", at=START, name="fleet", after="down"))
    await asyncio.sleep(0.05)
    writing.cancel()
    await asyncio.gather(writing, return_exceptions=True)
    free.set()
    await busy
    await history.close()
    assert [event.after for event in journal.events] == ["down"]
