"""``rollwatch plain``: one line for each state that is another one, and an end when nobody reads."""

from __future__ import annotations

import asyncio
import json
import re
import subprocess
import sys
import time

import pytest

from tests import vloop
from tests.engine.fakes import FakePlatform, clock, failing, rows, session
from tests.engine.fakes import service as fine
from tests.test_cli_commands import Desk, desk, emulator  # noqa: F401 - fixtures
from tests.test_tables import BARE, moment
from tui.cli.exits import Exit
from tui.cli.plain import News, _feed, told
from tui.engine.feeds import Change, Feed
from tui.errors import Forbidden, Unreachable
from tui.model import Health, Kind, Resource, Service, Tone
from tui.tables import GLYPHS
from tui.text import Safe


def changed(**more: object) -> list[str]:
    return [each.text for each in news(**more)]


def news(**more: object) -> list[News]:
    return list(told(Change(feed=Feed(connection="fleet", kind=Kind.SERVICE), **more), moment()))  # type: ignore[arg-type]


def service(health: Health, status: str, cpu: float = 0.1) -> Resource:
    bare = BARE[Kind.SERVICE]
    return Service(ref=bare.ref, name=Safe("web-api"), health=health, status=Safe(status), cpu_share=cpu)


def test_a_state_that_is_another_one_is_a_line_in_words() -> None:
    fine, bad = service(Health.OK, "running"), service(Health.BAD, "crashed")
    (line,) = changed(updated=((fine, bad),))
    assert line.endswith("fleet service web-api was ok (running), is failed (crashed)")
    assert not any(glyph in line for tone, glyph in GLYPHS.items() if tone is not Tone.UNKNOWN)
    assert changed(added=(fine,))[0].endswith("web-api is new, ok (running)")
    assert changed(removed=(bad,))[0].endswith("web-api is gone")


def test_a_script_is_told_the_same_as_records() -> None:
    fine, bad = service(Health.OK, "running"), service(Health.BAD, "crashed")
    (record,) = [each.as_json() for each in news(updated=((fine, bad),))]
    assert record.pop("at").endswith("Z")
    assert record == {
        "connection": "fleet",
        "ref": str(fine.ref),
        "name": "web-api",
        "event": "changed",
        "was": {"health": "ok", "status": "running"},
        "is": {"health": "failed", "status": "crashed"},
        "error": None,
    }
    assert [each.as_json()["event"] for each in news(added=(fine,), removed=(bad,))] == ["new", "gone"]


def test_numbers_that_only_move_are_no_news() -> None:
    assert changed(updated=((service(Health.OK, "running", 0.1), service(Health.OK, "running", 0.9)),)) == []


def test_what_fails_while_somebody_listens_is_told_as_soon_as_a_console_shows_it(capsys: pytest.CaptureFixture[str]) -> None:
    async def listen() -> None:
        time_ = clock()
        kinds = {Kind.SERVICE: {"every": 10.0}, Kind.DEPLOYMENT: {"every": 10.0}, Kind.APPLICATION: {"every": 30.0}}
        fleet = FakePlatform("fleet", time_, kinds=kinds, allowance=(0, 60.0))
        fleet.rows[Kind.SERVICE, ""] = rows(fine("web-api"))
        async with session(time_, fleet) as running:
            feeding = asyncio.ensure_future(_feed(running, as_json=False))
            await asyncio.sleep(60)
            assert capsys.readouterr().out.endswith("fleet: fresh\n")
            fleet.rows[Kind.SERVICE, ""] = rows(fine("web-api", Health.BAD))
            await asyncio.sleep(12)
            assert capsys.readouterr().out.endswith("web-api was ok (running), is failed\n")
            fleet.troubles[Kind.SERVICE] = failing(Forbidden, status=403)
            await asyncio.sleep(12)
            assert re.search(r"fleet: stale, .*: ask the owner of the account for a role that may\n$", capsys.readouterr().out)
            fleet.troubles.clear()
            fleet.trouble = failing(Unreachable)
            await asyncio.sleep(40)
            assert re.search(r"fleet: down, .*: check the address and the network between\n$", capsys.readouterr().out)
            feeding.cancel()

    vloop.run(listen())


def test_a_list_that_is_refused_only_after_the_first_lines_is_named_once(capsys: pytest.CaptureFixture[str]) -> None:
    async def listen() -> str:
        time_ = clock()
        kinds = {Kind.SERVICE: {"every": 10.0}, Kind.DEPLOYMENT: {"every": 10.0}}
        fleet = FakePlatform("fleet", time_, kinds=kinds, allowance=(0, 60.0), latency=8.0)
        fleet.troubles[Kind.SERVICE] = failing(Forbidden, status=403)
        async with session(time_, fleet) as running:
            feeding = asyncio.ensure_future(_feed(running, as_json=False))
            await asyncio.sleep(7)
            assert capsys.readouterr().err == ""
            await asyncio.sleep(60)
            feeding.cancel()
        return capsys.readouterr().err

    told = vloop.run(listen())
    assert re.fullmatch(r"rollwatch: fleet: services are not shown: .*: ask the owner.*\n", told), told


def test_it_ends_with_its_reader_though_nothing_changes(desk: Desk) -> None:  # noqa: F811
    running = desk.start("plain")
    assert running.stdout is not None
    assert ["fresh" in running.stdout.readline() for _ in range(3)] == [True] * 3
    running.stdout.close()
    # Nothing changes on this emulator: without a look at the reader it would go on for ever.
    assert running.wait(10) == Exit.PIPE
    assert running.stderr is not None
    assert running.stderr.read() == ""


def test_a_list_that_may_not_be_read_is_told(desk: Desk) -> None:  # noqa: F811
    desk.emulator.do(lambda control: control.fault("status", platform="dployr", path="/v1/services", status=403))
    running = desk.start("plain")
    assert running.stderr is not None
    try:
        assert running.stderr.readline().startswith("rollwatch: fleet: services are not shown: ")
    finally:
        desk.emulator.do(lambda control: control.clear_faults())
        running.terminate()
        running.communicate(timeout=20)


def test_who_does_not_answer_keeps_nobody_waiting_and_what_is_read_late_is_not_new(desk: Desk) -> None:  # noqa: F811
    desk.emulator.do(lambda control: control.fault("latency", platform="phase", seconds=8.0))
    running = desk.start("plain")
    try:
        assert running.stdout is not None
        first = [running.stdout.readline().split()[1:] for _ in range(3)]
    finally:
        desk.emulator.do(lambda control: control.clear_faults())
    assert first == [["shop:", "fresh"], ["fleet:", "fresh"], ["vault:", "loading"]]
    assert running.stdout.readline().split()[1:] == ["vault:", "fresh"]
    time.sleep(1.0)
    running.terminate()
    assert running.communicate(timeout=20)[0] == ""


def test_it_tells_how_things_are() -> None:
    command = [sys.executable, "-m", "tui", "plain", "--demo"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as running:
        assert running.stdout is not None
        lines = [running.stdout.readline() for _ in range(4)]
        running.terminate()
        running.communicate(timeout=20)
    assert sum(": fresh" in line for line in lines) == 3
    assert " is " in lines[3]
    assert "\x1b" not in "".join(lines)


def test_as_json_every_line_is_a_record() -> None:
    command = [sys.executable, "-m", "tui", "plain", "--demo", "--json"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as running:
        assert running.stdout is not None
        records = [json.loads(running.stdout.readline()) for _ in range(4)]
        running.terminate()
        running.communicate(timeout=20)
    assert [each["event"] for each in records] == ["is", "is", "is", "is"]
    assert {each["connection"]: each["is"]["state"] for each in records[:3]} == {"encore": "fresh", "dployr": "fresh", "phase": "fresh"}
