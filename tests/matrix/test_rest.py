"""N7, N8, S1 and the T, P and L rows: the short forms of rows whose long proofs stand beside the code that they prove."""

from __future__ import annotations

import asyncio
import gc
import json
import logging
import os
import resource
import time
import tracemalloc
from datetime import UTC, datetime
from pathlib import Path
from random import Random
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests import vloop
from tests.engine.fakes import FakeJournal, FakePlatform, SleepyClock, clock, failing, feed, rows, service, session
from tests.matrix.fill import filled
from tests.platforms.bench import Memory
from tests.platforms.loopback import Answer, Loopback, Seen
from tests.ui.desk import Desk, ref
from tests.ui.test_console import seat
from tui.clock import ManualClock
from tui.errors import PlatformError, RollwatchError, StorageError, Unauthorized, Unavailable
from tui.local.files import read_written, write_private
from tui.model import Application, Environment, Kind, LogLine, Resource, Verb
from tui.platforms.base import AppSpec, ConnectionSpec, Platform, Rows, SignIn
from tui.platforms.records import Wire
from tui.platforms.registry import open_platform
from tui.text import Safe, Secret, clean
from tui.ui.widgets.log_buffer import LogBuffer

_TEXTS = (
    "", " ", "null", "true", "0", '""', "[]", "{}", "[[]]", "[null]", "[1,2]", '{"data":null}', '{"data":[null]}', '{"data":{}}', "[{}]",
    '{"data":[{"id":null}]}', '{"data":[{"id":""}]}', '{"data":[{"id":"../.."}]}', '{"data":[{"id":{"a":1}}]}', '{"data":"x"}', "[1e400]",
    "[" * 100_000, '{"a":' * 50_000, "[NaN]", "[Infinity]", "9" * 5000, '"\\ud800"', '["\\ud800"]', '{"data":[', '{"a":"', "{'a':1}",
    "<html>login</html>", '{"a":1}{"b":2}', '{"a":1,"a":2}', '{"error":{"code":[1],"message":{}}}', '{"error":null}', '{"status":{"a":[]}}',
    '[{"id":"a","name":{},"status":[],"port":"x","created_at":99999999999999999999}]',
    '{"services":[{"id":"a","createdAt":"0000-00-00T99:99:99Z","cpu":1e999}]}',
)  # fmt: skip
BODIES = (*(text.encode() for text in _TEXTS), b"\xff\xfe\x00", b"\xef\xbb\xbf{}", b'"\x00"')
"""Replies that are no good, or good for something else."""
TYPES = ("application/json", "text/html", "", "application/json; charset=utf-16", "image/png", "application/jsonx")
STATUSES = (200, 201, 204, 302, 400, 401, 404, 409, 418, 429, 500, 502)


def adapter(platform: str, url: str) -> Platform:
    apps = (AppSpec(id="shop-1", environments=("prod",)),) if platform == "encore" else ()
    signs = {
        "encore": SignIn(client_id="a", client_secret=Secret("s3cret-of-encore")),
        "dployr": SignIn(token=Secret("t0ken-of-dployr")),
        "phase": SignIn(token=Secret("User t0ken-of-phase")),
    }
    spec = ConnectionSpec(name="c", platform=platform, base_url=url, apps=apps)
    return open_platform(spec, credentials=signs[platform], clock=ManualClock(START), journal_rollouts=Memory())


START = datetime(2026, 3, 1, tzinfo=UTC)


async def every_endpoint(platform: str, answer: Answer) -> tuple[int, list[BaseException]]:
    """Ask every read and send every verb of an adapter to a server that answers so; requests, and what was raised but is no typed error."""

    def answered(seen: Seen) -> Answer:
        if seen.path.endswith("/oauth/token"):
            return Answer(body=json.dumps({"access_token": "x" * 20, "token_type": "bearer", "expires_in": 3600}).encode())
        return answer

    wrong: list[BaseException] = []
    async with Loopback(answered) as server:
        at = adapter(platform, server.url)
        jobs = [lambda: at.detect(), *(lambda read=read: read.fetch("a/b") for read in at.reads.values())]
        for (kind, verb), call in at.verbs.items():
            target = filled(kind, "a", 1, connection="c").ref
            jobs.append(
                lambda call=call, target=target: call.run(target, {"branch": "main", "name": "a", "key": "A", "value": Secret("b")})
            )
            assert verb in Verb
        for job in jobs:
            try:
                result = await asyncio.wait_for(job(), 10)
                assert not isinstance(result, Rows) or all(each.ref.id for each in result.items)
            except RollwatchError as error:
                wrong += [] if len(str(error)) < 1500 else [error]
            except Exception as error:  # noqa: BLE001 - that is what is looked for
                wrong.append(error)
        await at.aclose()
        return len(server.seen), wrong


@pytest.mark.parametrize("platform", ["encore", "dployr", "phase"])
async def test_n7_bad_bodies_at_every_endpoint_are_typed_errors(platform: str) -> None:
    asked = 0
    for number, body in enumerate(BODIES):
        count, wrong = await every_endpoint(platform, Answer(body=body, status=STATUSES[number % 4 == 3 and number % len(STATUSES)]))
        asked += count
        assert wrong == [], (body[:60], wrong)
    assert asked >= len(BODIES)


def members() -> list[str]:
    """Every name that a record of any platform is read by, in both spellings."""
    shapes, waiting = set[type[Wire]](), [Wire]
    while waiting:
        waiting += (new := set(waiting.pop().__subclasses__()) - shapes)
        shapes |= new
    names = {name for shape in shapes for name in (*shape.__struct_fields__, *shape.aliases, *shape.lift, *shape.spread)}
    return sorted(names | {head + "".join(map(str.title, more)) for head, *more in (name.split("_") for name in names)})


VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=12)
    | st.sampled_from(("2026-03-01T22:31:00Z", "1e400", "\x1b[2J", "..")),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(members()) | st.text(max_size=8), inner, max_size=4),
    max_leaves=6,
)
RECORDS = st.lists(
    st.dictionaries(st.sampled_from(members()), VALUES, max_size=10).map(lambda each: {"id": "a", **each}), min_size=1, max_size=3
)


def whatever_it_holds(platform: str, count: int) -> None:
    @settings(max_examples=count, suppress_health_check=list(HealthCheck), database=None, derandomize=count < 20)
    @given(RECORDS, st.sampled_from(("", "data", "items", "services")))
    def ask(records: list[Any], envelope: str) -> None:
        body = json.dumps({envelope: records} if envelope else records).encode()
        assert asyncio.run(every_endpoint(platform, Answer(body=body)))[1] == []

    ask()


@pytest.mark.parametrize("platform", ["encore", "dployr", "phase"])
def test_n7_whatever_a_record_holds_is_rows_or_a_typed_error(platform: str) -> None:
    whatever_it_holds(platform, 6)


@pytest.mark.soak
@pytest.mark.timeout(600)
@pytest.mark.parametrize("platform", ["encore", "dployr", "phase"])
def test_n7_hundreds_of_records(platform: str) -> None:
    whatever_it_holds(platform, 300)


@pytest.mark.parametrize("turns", [1, pytest.param(len(TYPES), marks=pytest.mark.soak)])
@pytest.mark.parametrize("platform", ["encore", "dployr", "phase"])
async def test_n8_wrong_types_and_statuses_are_typed_errors(platform: str, turns: int) -> None:
    for number in range(turns * len(STATUSES)):
        status, kind = STATUSES[number % len(STATUSES)], TYPES[(number + number // len(STATUSES)) % len(TYPES)]
        _, wrong = await every_endpoint(platform, Answer(body=b"<html>captive</html>", status=status, content_type=kind))
        assert wrong == [], (kind, status, wrong)


async def test_s1_a_hostile_reply_costs_bounded_memory() -> None:
    deep = Answer(body=b"[" * 4_000_000)
    await every_endpoint("phase", deep)
    gc.collect()
    tracemalloc.start()
    try:
        _, wrong = await every_endpoint("phase", deep)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert wrong == []
    assert peak < 32 << 20, peak


# Time -----------------------------------------------------------------------------------------------------------------------------


def test_t1_a_revoked_token_parks_its_own_connection_only() -> None:
    async def story() -> None:
        time_ = clock()
        fleet, vault = FakePlatform("fleet", time_), FakePlatform("vault", time_)
        async with session(time_, fleet, vault) as running:
            await running.settle(10.0)
            fleet.trouble = failing(Unauthorized, status=401)
            await running.refresh([feed(Kind.SERVICE)])
            before = len(fleet.asked)
            await time_.sleep(3600.0)
            assert len(fleet.asked) == before
            assert {each.name: each.state for each in running.store.connections()} == {"fleet": "signed-out", "vault": "fresh"}

    vloop.run(story())


def test_t3_after_a_suspend_no_age_is_negative_and_nothing_bursts() -> None:
    async def story() -> None:
        time_ = SleepyClock()
        fake = FakePlatform("fleet", time_, allowance=(0, 60.0))
        fake.rows[Kind.SERVICE, ""] = rows(service("web"))
        async with session(time_, fake) as running:
            running.show("pane", running.feeds())
            await time_.sleep(60.0)
            for slept in (90.0, 3600.0, 86_400.0, 0.5) * 50:
                time_.slept += slept
                woke = time_.boot()
                age = running.store.freshness(feed(Kind.SERVICE)).age(time_.boot())
                assert age is not None
                assert age >= 0
                await time_.sleep(20.0)
                assert fake.within(woke, woke + 1.0) <= len(running.feeds()) + 2
                assert running.store.connection("fleet").state == "fresh"

    vloop.run(story())


async def test_t3_the_wall_clock_may_step() -> None:
    async with seat() as at:
        for step in (-3600.0, 86_400.0, -86_400.0 * 2, 7200.0):
            at.desk.clock.step_wall(step)
            await at.tick(1.0)
            assert not any(f"-{digit}" in row for row in at.screen()[2:20] for digit in "123456789" if f" -{digit}" in row)
        assert at.app.is_running


# Files ----------------------------------------------------------------------------------------------------------------------------


def test_p1_a_kill_in_the_middle_of_a_write_leaves_a_whole_file(tmp_path: Path) -> None:
    tmp_path.chmod(0o700)
    path = tmp_path / "state"
    whole = {letter * 200_000 for letter in "abc"}
    write_private(path, b"a" * 200_000)
    chance = Random(1)  # noqa: S311
    for _ in range(30):
        pid = os.fork()
        if pid == 0:
            while True:
                write_private(path, chance.choice(["a", "b", "c"]).encode() * 200_000)
        time.sleep(chance.uniform(0.0, 0.01))
        os.kill(pid, 9)
        os.waitpid(pid, 0)
        assert path.read_text() in whole
        assert path.stat().st_mode & 0o777 == 0o600


def test_p2_a_disk_that_refuses_in_the_middle_of_a_write_leaves_the_old_file(tmp_path: Path) -> None:
    """The kernel itself says no after 4 KiB (a limit of the process, as a quota would)."""
    tmp_path.chmod(0o700)
    path = tmp_path / "state"
    write_private(path, b"old")
    pid = os.fork()
    if pid == 0:
        code = 1
        try:
            resource.setrlimit(resource.RLIMIT_FSIZE, (4096, 4096))
            write_private(path, b"new" * 100_000)
        except StorageError as error:
            code = 0 if "cannot be written" in str(error) else 2
        finally:
            os._exit(code)
    assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 0
    assert path.read_bytes() == b"old"
    assert [each.name for each in tmp_path.iterdir()] == ["state"]


@pytest.mark.skipif(not Path("/proc/self/mem").exists(), reason="the file whose reading fails is Linux's")
def test_p2_a_device_that_fails_while_it_is_read_is_a_plain_line(tmp_path: Path) -> None:
    """A real EIO: the first byte of a process's memory can be read by nobody."""
    tmp_path.chmod(0o700)
    (tmp_path / "config.toml").symlink_to("/proc/self/mem")
    with pytest.raises(StorageError, match=r"config\.toml cannot be read: Input/output error"):
        read_written(tmp_path / "config.toml", 1000)


# Load -----------------------------------------------------------------------------------------------------------------------------


async def test_l1_ten_thousand_services_a_fifth_changing_keep_the_cursor() -> None:
    desk = Desk()
    names = [f"s{number:05d}" for number in range(10_000)]
    desk.put("fleet", Kind.SERVICE, [service(name) for name in names])
    async with seat(desk) as at:
        await at.press("2", "down", "down", "down")
        held, took = at.front.selected, []
        for turn in range(5):
            changed = [service(name, restarts=turn) if number % 5 == turn else service(name) for number, name in enumerate(names)]
            began = time.process_time()
            desk.put("fleet", Kind.SERVICE, changed)
            took.append(time.process_time() - began)
            began = time.process_time()
            await at.press("down", "up")
            assert at.front.selected == held
        assert sorted(took)[2] < 0.1, took


async def test_l1_a_thousand_apps_and_two_hundred_environments_keep_the_cursor() -> None:
    def known(turn: int) -> tuple[list[Resource], list[Resource]]:
        apps = [ref(Kind.APPLICATION, f"a{number}", "vault") for number in range(1000)]
        said = [Safe(str(turn if number % 5 == turn else "")) for number in range(1000)]
        places = [ref(Kind.ENVIRONMENT, f"e{number}", "vault") for number in range(200)]
        return (
            [Application(ref=each, name=Safe(each.id), description=said[number]) for number, each in enumerate(apps)],
            [Environment(ref=each, name=Safe(each.id), app=apps[number * 5], status=said[number]) for number, each in enumerate(places)],
        )

    desk = Desk()
    async with seat(desk) as at:
        took = []
        for turn in range(6):
            began = time.process_time()
            for kind, found in zip((Kind.APPLICATION, Kind.ENVIRONMENT), known(turn - 1), strict=True):
                desk.put("vault", kind, found)
            took.append(time.process_time() - began)
            await at.wait()
            if turn == 0:
                await at.press("1", "down", "down", "down")
                held = at.front.selected
                assert held is not None
            assert at.front.selected == held
        assert sorted(took)[3] < 0.1, took


def test_l3_a_line_of_ten_megabytes_is_cut_in_a_moment() -> None:
    for text in ("x" * 10_000_000, "\x1b[31m" * 2_000_000, "a" + "\u0301" * 1_000_000, "\x1b]8;;" * 1_000_000):
        began = time.process_time()
        assert len(clean(text, 4096)) <= 4096
        assert time.process_time() - began < 0.05


def test_l2_a_burst_of_lines_is_taken_in() -> None:
    lines = [LogLine(text=Safe(f"line {number}")) for number in range(100_000)]
    began = time.process_time()
    buffer = LogBuffer(limit=20_000)
    for start in range(0, len(lines), 1000):
        buffer.append("a", lines[start : start + 1000])
    assert time.process_time() - began < 2.0


def descriptors() -> int:
    return sum(1 for _ in Path("/proc/self/fd").iterdir())


@pytest.fixture
def quiet(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without the test runner's own memory of every line that is logged: in three days it grows by more than is allowed here."""
    monkeypatch.setattr(logging.getLogger("tui"), "propagate", False)
    monkeypatch.setattr(logging.getLogger("tui"), "handlers", [logging.NullHandler()])


def soak(hours: float) -> tuple[int, int, int, int]:
    """Virtual hours with 5 % of all requests failing: requests, tasks too many, file descriptors too many, KiB more memory."""

    async def story() -> tuple[int, int, int, int]:
        time_, chance = clock(), Random(72)  # noqa: S311
        fakes = [
            FakePlatform(name, time_, allowance=(0, 60.0), kinds={Kind.SERVICE: {"every": 10.0}, Kind.DEPLOYMENT: {}})
            for name in ("shop", "fleet", "vault")
        ]
        async with session(time_, *fakes, journal=FakeJournal()) as running:
            running.show("pane", running.feeds())

            asked = 0

            async def weather() -> None:
                nonlocal asked
                while True:
                    for each in fakes:
                        bad = failing(chance.choice([Unavailable, PlatformError]), status=503)
                        each.trouble = bad if chance.random() < 0.05 else None
                        made = {f"s{chance.randrange(20)}" for _ in range(5)}
                        each.rows[Kind.SERVICE, ""] = rows(
                            *(service(name, connection=each.name, restarts=int(time_.boot())) for name in made)
                        )
                        asked += len(each.asked)
                        each.asked.clear()
                    running.journal.events.clear()  # type: ignore[attr-defined]
                    running.journal.kept.clear()  # type: ignore[attr-defined]
                    await time_.sleep(7.0)

            blowing = asyncio.create_task(weather())
            await time_.sleep(3600.0)
            gc.collect()
            tasks, fds = len(asyncio.all_tasks()), descriptors()
            memory = int(Path("/proc/self/statm").read_text().split()[1])
            for _ in range(int(hours)):
                await time_.sleep(3600.0)
            gc.collect()
            grown = (int(Path("/proc/self/statm").read_text().split()[1]) - memory) * resource.getpagesize() // 1024
            result = (asked, len(asyncio.all_tasks()) - tasks, descriptors() - fds, grown)
            blowing.cancel()
            return result

    return vloop.run(story())


@pytest.mark.soak
@pytest.mark.usefixtures("quiet")
def test_l4_hours_with_faults_leave_nothing_behind() -> None:
    requests, tasks, fds, grown = soak(1.0)
    assert requests > 1_000
    assert abs(tasks) <= 8
    assert fds <= 0
    assert grown < 5 * 1024


@pytest.mark.soak
@pytest.mark.timeout(900)
@pytest.mark.usefixtures("quiet")
def test_l4_seventy_two_hours() -> None:
    requests, tasks, fds, grown = soak(72.0)
    print(f"{requests} requests, tasks {tasks:+}, descriptors {fds:+}, memory {grown:+} KiB")
    assert requests >= 70_000
    assert abs(tasks) <= 8
    assert fds <= 0
    assert grown < 5 * 1024
