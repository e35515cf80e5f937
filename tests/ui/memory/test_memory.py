"""The screens of the past as their user meets them: on a generated shift, with a real journal and the clock of the test."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Callable, Collection, Iterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, timedelta
from pathlib import Path
from typing import Any, ClassVar
from unittest.mock import patch

import pytest

from tests.engine.recall.shift import BY, HOURS, ROLLOUTS, play
from tests.ui.desk import NOW, READS, Desk, ago, busy, going, ref, refused, rollouts, service
from tests.ui.test_console import Seat
from tui.clock import ManualClock
from tui.engine.alerts import Rule
from tui.engine.ports import Event
from tui.engine.recall.past import Key, Past
from tui.local.exports import write_lines
from tui.local.journal import Journal
from tui.model import Deployment, Environment, Health, Kind, Rollout, Verb
from tui.text import Safe
from tui.ui.alarm import Channels
from tui.ui.app import Console
from tui.ui.screens.away import AwayScreen
from tui.ui.screens.memory import MemoryScreen
from tui.ui.screens.timeline import TimelineScreen
from tui.ui.settings import Settings


@pytest.fixture(scope="module")
def journal(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Journal]:
    """The shift of eight hours that ends now."""
    path = Path(tmp_path_factory.mktemp("shift")) / "journal.sqlite"
    found = asyncio.run(play(path, NOW - timedelta(hours=HOURS)))
    yield found
    found.close()


def empty(who: str = "cleo") -> Journal:
    return Journal.memory(context="prod", who=who, now=lambda: NOW)


class Remembering(Desk):
    """A desk whose reads have all come in."""

    links: ClassVar[dict[str, Any]] = {}

    async def settle(self, deadline: float) -> bool:
        return True


def remembering(journal: Journal, clock: ManualClock | None = None) -> Desk:
    desk = Remembering(clock=clock or ManualClock(NOW))
    busy_desk = busy()
    for kind in Kind:
        for row in busy_desk.store.rows(kind):
            desk.put(row.ref.connection, kind, [each for each in busy_desk.store.rows(kind) if each.ref.connection == row.ref.connection])
    desk.past = Past(journal, desk.clock)
    return desk


@asynccontextmanager
async def seat(desk: Desk, size: tuple[int, int] = (120, 40), channels: Channels | None = None) -> AsyncIterator[Seat]:
    app = Console(desk, settings=Settings(zone=UTC, alerts=channels or Channels(), save=write_lines))  # type: ignore[arg-type]
    async with app.run_test(size=size) as pilot:
        at = Seat(desk, app, pilot)
        await at.wait()
        yield at


async def until(at: Seat, true: Callable[[], bool], seconds: float = 0.0) -> None:
    """Wait for what a thread brings, letting so much of the test's time go by at each look."""
    for _ in range(200):
        await at.desk.pass_time(seconds)
        await at.wait()
        if true():
            return
    raise AssertionError("\n".join(at.screen()))


async def test_while_away_tells_the_unresolved_first_and_opens_each_with_one_key(journal: Journal) -> None:
    async with seat(remembering(journal)) as at:
        await at.press("A")
        await until(at, lambda: at.sees("Unresolved"))
        lines = at.screen()
        assert "In 8h00: " in lines[0]
        wheres = [each for screen in (AwayScreen, TimelineScreen) for each in screen.columns if each.id == "where"]
        assert min(each.low for each in wheres) >= len("dployr deployment"), "the longest of the demo"
        assert "so far: " in "".join(lines[-3:-1]), "the chosen line in full"
        changed = re.search(r" (\d+) changed", lines[0])
        assert changed is not None
        assert re.search(rf"Changed +{changed[1]}( in \d+ places)?$", at.row("Changed ").rstrip("▐ ")), "title and part count alike"
        mailer = next(index for index, line in enumerate(lines) if "✗ mailer" in line and "so far" in line)
        assert mailer < next(index for index, line in enumerate(lines) if "Recovered" in line)
        await at.press("enter")
        assert at.sees("fleet/service/mailer")
        await at.press("escape")
        assert isinstance(at.app.screen, AwayScreen)
        await at.press("escape")
        assert at.app.screen is at.app.console_screen


async def test_what_is_not_of_today_says_its_day() -> None:
    """NOW is half past ten in the evening: eight hours later the shift has crossed midnight."""
    journal, clock = empty(), ManualClock(NOW + timedelta(hours=3))
    for hours, name in ((0, "before-midnight"), (2, "after-midnight")):
        seen = NOW + timedelta(hours=hours)
        journal.record([Event(what="transition", ref=f"fleet/service/{name}", at=seen, name=name, before="ok", after="failed (crashed)")])
    async with seat(remembering(journal, clock)) as at:
        await at.press("T")
        await until(at, lambda: at.sees("2 events"))
        assert at.row("after-midnight").startswith("›00:31:07")
        assert at.row("before-midnight").startswith(" Wed 22:31:07")


async def test_what_was_done_another_day_says_so_and_is_copied_with_everything_else(monkeypatch: pytest.MonkeyPatch) -> None:
    """Under a span of seven days a restart of Monday stood there as one of 14:05; and in what was copied there was none."""
    clock, copied = ManualClock(NOW), list[str]()
    journal = Journal.memory(context="prod", who="cleo", now=clock.wall)
    for name in ("worker", "mailer"):
        target = ref(Kind.SERVICE, f"svc-{name}")
        journal.settle(journal.intend(ref=target, kind=Kind.SERVICE, verb=Verb.RESTART, request="POST /x", name=name), "done", "")
        clock.step_wall(7200)
    async with seat(remembering(journal, clock)) as at:
        monkeypatch.setattr(at.app, "copy", lambda text, what="": copied.append(text))
        await at.press("A")
        await until(at, lambda: at.sees("Done by hand"))
        assert at.row("mailer").split()[0].strip("›") == "00:31"
        assert "Wed 22:31" in at.row("worker")
        await at.press("y", "slash", *"mailer", "enter", "y")
        assert ["worker" in each for each in copied] == [True, False]
        assert all("cleo: restart mailer, done" in each for each in copied)


async def test_a_rollout_of_ones_own_that_nobody_can_read_keeps_no_app_quiet() -> None:
    """Begun on a server that shows none it is never over, and nothing of its app rang for the rest of the shift."""
    desk = remembering(empty())
    mine = Rollout(ref=ref(Kind.ROLLOUT, "roll_9", "shop"), name=Safe("roll_9"), app=Safe("web"), by=Safe("cleo"))
    rang: list[bool] = []
    rule = Rule(name="down", kinds=frozenset({"service"}), to=frozenset({"failed"}))
    async with seat(desk, channels=Channels(rules=(rule,))) as at:
        for snapshot in (False, True):
            desk.put("shop", Kind.ROLLOUT, [replace(mine, snapshot=snapshot)])
            desk.put("fleet", Kind.SERVICE, [service("web-api", Health.BAD, "failed")])
            await at.tick(1)
            rang.append("web-api" in at.said)
            desk.put("fleet", Kind.SERVICE, [service("web-api")])
    assert rang == [False, True]


async def test_the_timeline_opened_again_begins_with_what_is_newest_unless_one_was_reading() -> None:
    journal, desk = empty(), remembering(empty())
    desk.past = Past(journal, desk.clock)

    def happens(name: str, minutes: int) -> None:
        row = ref(Kind.SERVICE, f"svc-{name}")
        at_ = NOW - timedelta(minutes=minutes)
        journal.record([Event(what="transition", ref=str(row), at=at_, name=name, before="ok (running)", after="failed (crashed)")])

    for number in range(60):
        happens(f"old-{number}", 100 + number)
    async with seat(desk) as at:
        await at.press("T")
        await until(at, lambda: at.sees("old-0 "))
        await at.press("escape")
        happens("newer", 50)
        await at.press("T")
        await until(at, lambda: at.row(" newer").startswith("›"))
        await at.press("j", "escape")
        happens("newest", 10)
        await at.press("T")
        await until(at, lambda: at.sees("62 events"))
        assert at.row("old-0 ").startswith("›")


async def test_who_comes_back_sees_it_with_the_first_key_and_that_key_does_nothing_else(journal: Journal) -> None:
    desk = remembering(journal)
    async with seat(desk) as at:
        await at.press("j")
        desk.put("fleet", Kind.SERVICE, [service("web-api", Health.BAD, "failed")])
        await at.tick(599)
        await at.press("k")
        assert at.app.screen is at.app.console_screen
        desk.put("fleet", Kind.SERVICE, [service("web-api")])
        await at.tick(601)
        before = len(desk.follows)
        await at.press("l")
        await until(at, lambda: isinstance(at.app.screen, AwayScreen))
        assert len(desk.follows) == before
        await at.press("escape")
        await at.tick(900)
        await at.press("k")
        assert at.app.screen is at.app.console_screen, "nothing happened meanwhile"


async def test_who_leaves_without_having_looked_is_told_at_the_next_start() -> None:
    desk = remembering(empty())
    assert desk.past is not None
    async with seat(desk) as at:
        await at.press("j")
        desk.put("fleet", Kind.SERVICE, [service("worker", Health.BAD, "failed"), service("web-api", Health.BAD, "failed")])
        await at.tick(3600)
        await at.press("q")
    assert await desk.past.seen() == NOW


async def test_a_start_after_an_absence_tells_it_and_an_empty_one_is_one_line(tmp_path: Path) -> None:
    # A journal of its own: the marker only moves forward, and the other tests press keys until now.
    shift = await play(tmp_path / "journal.sqlite", NOW - timedelta(hours=HOURS))
    for past, seen in ((shift, "shift"), (empty(), "quiet")):
        clock = ManualClock(NOW - timedelta(hours=2))
        desk = remembering(past, clock)
        assert desk.past is not None
        desk.past.mark_seen()
        past.flush()
        await clock.advance(7200)
        async with seat(desk) as at:
            if seen == "shift":
                await until(at, lambda: isinstance(at.app.screen, AwayScreen) and at.sees("mailer"), 0.5)
                assert at.sees("While you were away")
            else:
                await until(at, lambda: "Nothing happened in the 2h00 since you last looked." in at.said, 0.5)
                assert at.app.screen is at.app.console_screen


async def test_the_timeline_filters_and_comes_back_to_its_line(journal: Journal) -> None:
    async with seat(remembering(journal)) as at:
        await at.press("T")
        await until(at, lambda: at.sees("events"))
        assert any(row.strip().startswith("rollouts") and "✗" in row for row in at.screen())
        await at.press("slash", *"mailer", "enter")
        await at.wait()
        assert "2/" in at.screen()[0]
        assert at.sees("bo stop: unknown")
        await at.press("j", "enter")
        assert not isinstance(at.app.screen, TimelineScreen)
        await at.press("escape")
        assert isinstance(at.app.screen, TimelineScreen)
        assert "2/" in at.screen()[0]
        await at.press("escape")
        await at.wait()
        assert "2/" not in at.screen()[0]


@pytest.mark.parametrize(("key", "sign"), [("T", "events"), ("A", "Unresolved"), ("H", "# Handoff prod"), ("V", "What is live where")])
async def test_what_was_read_of_the_past_is_let_go_when_its_screen_is_left_and_read_again(journal: Journal, key: str, sign: str) -> None:
    async with seat(remembering(journal)) as at:
        await at.press(key)
        await until(at, lambda: at.sees(sign) and bool(at.app.screen.as_text()))
        screen = at.app.screen
        assert isinstance(screen, MemoryScreen)
        rows = len(screen.table.rows)
        await at.press("enter", "escape") if rows else None
        assert screen.as_text(), "what stands before it lets nothing go"
        await at.press("escape")
        await at.wait()
        assert at.app.screen is not screen
        assert (len(screen.as_text().splitlines()) <= 1, len(screen.table.rows)) == (True, 0)
        await at.press(key)
        await until(at, lambda: at.sees(sign) and len(screen.table.rows) == rows)


async def test_another_size_while_the_past_is_read_does_not_say_that_there_is_none(journal: Journal) -> None:
    go = asyncio.Event()

    async def slow(*_: object) -> None:
        await go.wait()

    async with seat(remembering(journal)) as at:
        with patch.object(Past, "stretch", slow):
            await at.press("T")
            await at.pilot.resize_terminal(100, 30)
            await at.wait()
            assert at.sees("Reading what is remembered")
            assert not at.sees("there is no journal")
            await at.press("escape")
        go.set()


async def test_the_handoff_is_markdown_takes_a_note_is_filtered_copied_and_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    past = empty()
    monkeypatch.chdir(tmp_path)
    async with seat(remembering(past)) as at:
        await at.press("H")
        await until(at, lambda: at.sees("# Handoff prod"))
        await at.press("N", *"vault is slow", "enter")
        await until(at, lambda: at.said.startswith("noted; "))
        await until(at, lambda: at.sees("cleo: vault is slow"))
        await at.press("y")
        assert at.said.startswith("copied")
        await at.press("escape", "slash", *"vault", "enter")
        assert [row.strip() for row in at.screen()[1:6]] == [at.screen()[1].strip(), "", "## Notes", at.row("vault").strip(), ""]
        assert not at.sees("Nobody has looked yet")
        await at.press("W")
        await until(at, lambda: "lines are in" in at.said)
        (saved,) = tmp_path.iterdir()
        assert saved.suffix == ".md"
        assert saved.read_text().splitlines()[-1].endswith("`cleo`: `vault is slow`")
        await at.press("escape", "escape")
        assert at.sees("Nobody has looked yet")
    past.close()


async def test_a_note_that_is_not_on_the_disk_is_not_said_to_be(tmp_path: Path) -> None:
    past = empty()
    with patch.object(Journal, "badge", "history is not saved: the disk is full"):
        async with seat(remembering(past)) as at:
            await at.press("H")
            await until(at, lambda: at.sees("# Handoff prod"))
            await at.press("N", *"x", "enter")
            await until(at, lambda: at.said == "noted, but history is not saved: the disk is full")
            at.desk.past = None
            await at.press("N", "j")
            assert at.said == "no note can be kept: there is no journal"
    past.close()


async def test_a_past_that_cannot_be_read_is_said_where_its_text_would_stand() -> None:
    past = empty()
    async with seat(remembering(past)) as at:
        with patch.object(Past, "stretch", side_effect=OSError("gone")):
            await at.press("H")
            await until(at, lambda: at.said == "This could not be read; the log has the rest.")
    past.close()


async def test_the_cursor_stays_on_an_event_of_the_timeline_when_newer_ones_come() -> None:
    past = empty()
    desk = remembering(past)

    def happens(name: str, minutes: int) -> None:
        past.record(
            [Event(what="transition", ref=f"fleet/service/{name}", at=ago(minutes=minutes), name=name, before="ok", after="failed")]
        )
        assert past.flush()

    happens("web-api", 9)
    happens("worker", 5)
    async with seat(desk) as at:
        await at.press("T")
        await until(at, lambda: at.sees("web-api"))
        screen = at.app.screen
        assert isinstance(screen, TimelineScreen)
        await at.press("j")
        assert str(screen.selection.refs[0].id) == "web-api"
        happens("mailer", 1)
        await at.press("ctrl+r")
        await until(at, lambda: at.sees("mailer"))
        assert str(screen.selection.refs[0].id) == "web-api"
    past.close()


def one_behind(desk: Desk) -> None:
    """A version that is live in one stage and not in the next."""
    done = {"app": Safe("checkout"), "conclusion": Safe("success"), "health": Health.OK}
    rows = [
        Rollout(
            ref=ref(Kind.ROLLOUT, "a", "shop"),
            name=Safe("a"),
            environment=Safe("staging"),
            target=Safe("new"),
            completed_at=ago(minutes=9),
            **done,
        ),
        Rollout(
            ref=ref(Kind.ROLLOUT, "b", "shop"),
            name=Safe("b"),
            environment=Safe("prod"),
            target=Safe("old"),
            completed_at=ago(hours=9),
            **done,
        ),
    ]
    desk.put("shop", Kind.ROLLOUT, rows)


@pytest.mark.parametrize("size", [(120, 40), (60, 20)])
async def test_versions_say_who_is_behind_in_words_whatever_else_has_to_be_cut(size: tuple[int, int]) -> None:
    desk = remembering(empty())
    one_behind(desk)
    async with seat(desk, size) as at:
        await at.press("V")
        await until(at, lambda: at.sees("checkout") and at.sees("new 9m"))
        row = at.row("checkout")
        assert "old 9h ▲ behind" in row
        assert "▲ 1 behind" in at.screen()[0]


async def test_a_stage_of_which_nobody_knows_anything_takes_no_room_from_what_is_known() -> None:
    """On 80 columns the services left, and with them all the versions there were."""
    desk = remembering(empty())
    first = next(each for each in desk.store.rows(Kind.APPLICATION))
    stages = [
        Environment(ref=ref(Kind.ENVIRONMENT, f"s-{index}", "vault"), name=Safe(f"a-stage-{index}"), app=first.ref, app_name=first.name)
        for index in range(5)
    ]
    desk.put("vault", Kind.ENVIRONMENT, stages)
    desk.put("fleet", Kind.SERVICE, [replace(service("cron"), runtime=Safe("python"), version=Safe("3.12"))])
    async with seat(desk, (80, 24)) as at:
        await at.press("V")
        await until(at, lambda: at.sees("cron"))
        assert "● python 3.12" in at.row("cron")
        assert not at.sees("A-STAGE-4")


async def test_versions_do_not_name_a_service_again_that_is_called_like_its_app() -> None:
    desk = remembering(empty())
    one_behind(desk)
    desk.put("fleet", Kind.SERVICE, [replace(service("Check-out"), runtime=Safe("python"))])
    async with seat(desk) as at:
        await at.press("V")
        await until(at, lambda: at.sees("old 9h"))
        assert "● python" in at.row("old 9h")


async def test_versions_show_the_tag_of_an_image_and_not_where_it_is_kept() -> None:
    desk = remembering(empty())
    long, same = "registry.example.com/team/a-very-long-name-of-an-image:2024.11-rc3", "registry.example.com/team/cron:1.2"
    desk.put(
        "fleet",
        Kind.SERVICE,
        [replace(service("web"), deployment=Safe("d-web")), replace(service("cron"), deployment=Safe("d-cron"))],
    )
    desk.put(
        "fleet",
        Kind.DEPLOYMENT,
        [
            Deployment(ref=ref(Kind.DEPLOYMENT, f"d-{name}"), name=Safe(name), image=Safe(image), health=Health.OK, created_at=ago(hours=1))
            for name, image in (("web", long), ("cron", same))
        ],
    )
    async with seat(desk, (120, 40)) as at:
        await at.press("V")
        await until(at, lambda: at.sees(":2024.11-rc3"))
        assert "registry" not in at.row(":2024.11-rc3")
        assert "● 1.2 " in at.row("cron")


async def test_what_changed_of_a_service_begins_with_what_was_put_out() -> None:
    desk = remembering(empty())
    web = next(row for row in desk.store.rows(Kind.SERVICE) if row.name == "web-api")
    rows = [
        Deployment(
            ref=ref(Kind.DEPLOYMENT, commit),
            name=Safe("web-api"),
            service=Safe(web.ref.id),
            commit=Safe(commit),
            created_at=ago(minutes=age),
        )
        for commit, age in (("aaaaaaa", 90), ("bbbbbbb", 3))
    ]
    desk.put("fleet", Kind.DEPLOYMENT, rows)
    desk.put("fleet", Kind.SERVICE, [replace(web, deployment=Safe("bbbbbbb"))])
    async with seat(desk) as at:
        await at.press("equals_sign")
        await until(at, lambda: at.sees("its deployment beside the one before"))
        assert "aaaaaaa → bbbbbbb" in at.row("commit")


async def test_versions_ask_the_journal_for_what_is_no_longer_listed(journal: Journal) -> None:
    good = [each for each in ROLLOUTS if each.place == "checkout/prod" and each.conclusion == "success"][-1]
    async with seat(remembering(journal)) as at:
        await at.press("V")
        await until(at, lambda: f"rollout roll_{good.number} by {BY[good.number % 3]}" in "".join(at.screen()[-7:]))
        assert f"{good.number:07x}" in at.row("checkout")
        await at.press("k", "enter")
        await until(at, lambda: at.sees("gone: it is no longer listed"))
        assert at.sees(good.place)


async def test_before_a_rollout_it_is_told_what_is_remembered_to_be_live(journal: Journal) -> None:
    """What is live there is not known here, it said, while the versions knew."""
    good = [each for each in ROLLOUTS if each.place == "checkout/prod" and each.conclusion == "success"][-1]
    async with seat(remembering(journal)) as at:
        await at.press("3", "t")
        await until(at, lambda: at.sees(f"last that succeeded there: {good.number:07x} by {BY[good.number % 3]}, "))


async def test_what_changed_of_a_thing_is_one_key_away_and_goes_on_while_it_is_shown() -> None:
    past = empty()
    desk = remembering(past)
    worker = next(row for row in desk.store.rows(Kind.SERVICE) if row.name == "worker")
    for minutes, health in ((30, Health.OK), (20, Health.BAD)):
        row = replace(worker, health=health, status=Safe("running" if health is Health.OK else "crashed"))
        past.keep("fleet", Kind.SERVICE, "", [row], gone=(), at=ago(minutes=minutes), whole=False)
    assert past.flush()
    async with seat(desk) as at:
        await at.press("equals_sign")
        await until(at, lambda: at.sees("running → crashed"))
        assert at.sees("ok → ✗ failed")
        assert "20m ago" in at.row("22:11:07")
        assert at.sees("first seen 2025-11-05 22:01:07, 30m ago")
        back = replace(worker, health=Health.OK, status=Safe("running"), restarts=4)
        past.keep("fleet", Kind.SERVICE, "", [back], gone=(), at=NOW, whole=False)
        assert past.flush()
        desk.put("fleet", Kind.SERVICE, [back])
        await at.wait()
        await at.tick(3)
        await until(at, lambda: at.sees("crashed → running"))
        await at.press("equals_sign")
        assert not at.sees("crashed →")
        assert at.sees("fleet/service/svc-worker")
    past.close()


async def test_a_running_rollout_says_how_long_it_usually_takes(journal: Journal) -> None:
    desk = remembering(journal)
    assert desk.past is not None
    now = going("now", ago(seconds=100))
    desk.put("shop", Kind.ROLLOUT, [now])
    took = sorted(each.whole for each in ROLLOUTS if each.place == "checkout/prod" and each.conclusion == "success")
    usual = took[len(took) // 2] if len(took) % 2 else (took[len(took) // 2 - 1] + took[len(took) // 2]) / 2
    async with seat(desk, (160, 40)) as at:
        await at.tick(16)
        await until(at, lambda: at.sees("usually"))
        assert f"usually {usual // 60:.0f}m{usual % 60:02.0f}, " in at.row("usually")
        await at.tick(400)
        desk.put("shop", Kind.ROLLOUT, [now])
        await at.wait()
        assert "slower than usual (p90 " in at.row("slower")


@pytest.mark.parametrize("width", [120, 130, 140, 160, 200])
async def test_how_long_it_takes_is_told_before_how_long_it_usually_takes(journal: Journal, width: int) -> None:
    desk = remembering(journal)
    now = replace(going("now", ago(seconds=100)), target=Safe("plan/deploy-failure"))
    wide = replace(now, ref=ref(Kind.ROLLOUT, "wide", "shop"), app=Safe("notifications-9vte"), environment=Safe("staging"))
    desk.put("shop", Kind.ROLLOUT, [now])
    async with seat(desk, (width, 40)) as at:
        desk.put("shop", Kind.ROLLOUT, [now, replace(wide, health=Health.OK, status=Safe("completed"), completed_at=NOW)])
        await at.tick(16)
        await until(at, lambda: desk.past.usual(("checkout", "prod", "rollout")) is not None)
        for _ in range(3):
            await at.tick(2)
        assert "LASTED" in at.row("Live rollouts")


async def test_what_is_usual_is_asked_again_at_once_where_a_past_was_laid(journal: Journal) -> None:
    desk = remembering(journal)
    assert desk.past is not None
    told: list[Collection[Key]] = []

    async def learn(keys: Collection[Key]) -> bool:
        told.append(keys)
        return False

    with patch.object(desk.past, "learn", learn):
        desk.put(
            "shop",
            Kind.ROLLOUT,
            [Rollout(ref=ref(Kind.ROLLOUT, "now", "shop"), name=Safe("new"), health=Health.BUSY, started_at=ago(seconds=9))],
        )
        async with seat(desk, (160, 40)) as at:
            at.app._tick()
            await until(at, lambda: len(told) == 1)
            at.app._tick()
            desk.past.relearn()
            at.app._tick()
            await until(at, lambda: len(told) == 2)
            at.app._tick()
            await at.wait()
        assert len(told) == 2


async def test_lengths_of_rollouts_stand_under_each_other_whatever_is_said_beside_them(journal: Journal) -> None:
    desk = remembering(journal)
    rows = [
        Rollout(
            ref=ref(Kind.ROLLOUT, environment, "shop"),
            name=Safe(f"checkout/{environment}"),
            app=Safe("checkout"),
            environment=Safe(environment),
            health=Health.BUSY,
            started_at=ago(seconds=lasts),
            completed_at=ended,
        )
        for environment, lasts, ended in (("prod", 100, None), ("new", 7, None), ("old", 3600, NOW))
    ]
    desk.put("shop", Kind.ROLLOUT, rows)
    async with seat(desk, (160, 40)) as at:
        await at.tick(16)
        await until(at, lambda: at.sees("usually"))
        ends = [found.end() for row in at.screen() if (found := re.match(r".+ no phases known +\d\w+", row))]
        assert len(ends) == 3
        assert len(set(ends)) == 1
        assert at.row("usually")[ends[0] :].startswith("  usually ")


async def test_a_platform_that_fails_as_a_whole_is_one_line_with_its_status_page() -> None:
    desk = busy()
    async with seat(desk, channels=Channels(status_urls={"fleet": "https://status.example.com"})) as at:
        assert not at.sees("likely the platform")
        desk.fail("fleet", READS["dployr"], refused("fleet"))
        await at.tick(180)
        assert "every read fails with no answer for 3 min; likely the platform   see https://status.example.com" in at.screen()[1]
        await at.pilot.resize_terminal(80, 24)
        await at.tick(1)
        assert at.screen()[1].strip() == "✗ fleet: 6/6 reads no answer, 3 min   see https://status.example.com"
        desk.put("fleet", Kind.SERVICE, [service("web-api")])
        for kind in READS["dployr"]:
            desk.put("fleet", kind, [])
        await at.tick(1)
        assert not at.sees("likely the platform")


async def test_an_alert_is_counted_in_the_header_until_somebody_looks_after_it() -> None:
    desk = busy()
    told: list[object] = []

    async def deliver(what: object) -> list[str]:
        told.append(what)
        return ["webhook: answered 500"]

    rule = Rule(name="crashed", kinds=frozenset({"service"}), to=frozenset({"failed"}), after=5.0)
    async with seat(desk, channels=Channels(rules=(rule,), deliver=deliver)) as at:  # type: ignore[arg-type]
        desk.put("fleet", Kind.SERVICE, [service("web-api", Health.BAD, "failed")])
        await at.tick(6)
        await until(at, lambda: bool(told))
        await at.tick(1)
        assert "✗ 1 alert" in at.header
        assert "not delivered: webhook: answered 500" in at.said
        await at.press("1", "K")
        assert at.said == "acknowledged: service web-api", "whatever is selected, and not only how many"
        await at.tick(1)
        assert "alert" not in at.header
        await at.press("Z")
        await at.tick(1)
        assert "quiet 30m" in at.header


def test_the_desk_of_these_tests_has_what_the_console_asks_for() -> None:
    desk = Desk()
    rollouts(desk)
    assert desk.past is None
