"""The log pane as its user meets it: several services, filters, searches, times, records, patterns, files."""

from __future__ import annotations

import asyncio
import contextvars
import threading
from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from datetime import UTC, timedelta
from pathlib import Path
from typing import Any

import pytest
from textual.widgets import Input

from tests.ui.desk import NOW, Desk, busy, line, ref
from tests.ui.logs.gate import looking_back, settled
from tests.ui.test_console import Seat, seat
from tui.engine.resume import Gap
from tui.engine.stream import StreamState
from tui.errors import Unreachable
from tui.local.exports import write_lines
from tui.model import Kind, LogLine, Service
from tui.text import Safe, clean, escape
from tui.ui.settings import Settings


def at_second(second: float, text: str, level: str = "info") -> LogLine:
    return line(text, level, NOW - timedelta(minutes=5) + timedelta(seconds=second))


async def following(at: Seat, *lines: LogLine) -> Any:
    await at.press("l")
    follow = at.desk.follows[-1]
    follow.write(*lines)
    await settled(at)
    return follow


async def typed(at: Seat, key: str, text: str, *, enter: bool = True) -> None:
    """Open what asks for a text with a key and give it one."""
    if key:
        await at.press(key)
    asks = at.app.focused
    assert isinstance(asks, Input)
    asks.value = text
    await at.wait()
    if enter:
        await at.press("enter")


def some(count: int = 60) -> list[LogLine]:
    return [at_second(number, f"request {number} served", "error" if number % 20 == 7 else "info") for number in range(count)]


async def test_marked_services_are_followed_together_in_order_of_time_each_with_its_name() -> None:
    async with seat() as at:
        await at.press("space", "j", "space", "l")
        names = {follow.ref.id: follow for follow in at.desk.follows}
        assert len(names) == 2
        first, second = at.desk.follows
        first.write(at_second(1, "from one"), at_second(9, "late from one"))
        second.write(at_second(5, "from two"))
        await settled(at)
        rows = [row for row in at.screen() if "from one" in row or "from two" in row]
        assert [row.split()[-1] for row in rows] == ["one", "two", "one"]
        assert rows[0].split()[1] != rows[1].split()[1]
        assert at.sees("Logs of 2: ")
        assert at.sees("● 2 live")
        second.become(StreamState(word="reconnecting", since=at.desk.clock.boot(), reason="reset", next_try=at.desk.clock.boot() + 4))
        await at.wait()
        assert at.sees("● 1 of 2 live · ")
        await at.press("2", "escape", "l")
        assert sum(not follow.closed for follow in at.desk.follows) == 1


async def test_a_log_keeps_the_name_of_what_is_gone() -> None:
    async with seat() as at:
        follow = await following(at, at_second(1, "before"))
        row = at.desk.store.get(follow.ref)
        assert row is not None
        at.desk.put("fleet", Kind.SERVICE, [each for each in at.desk.store.rows(Kind.SERVICE) if each is not row])
        await at.wait()
        assert at.sees(f"Log of {row.name} ")


async def test_lines_are_counted_though_whoever_brings_them_is_no_part_of_the_app() -> None:
    async with seat() as at:
        await at.press("l")
        # So a log comes that the session opened again after the machine had slept.
        contextvars.Context().run(at.desk.follows[-1].write, at_second(1, "one"))
        await at.wait()
        await at.pilot.pause(0.3)
        assert at.app.console_screen.logs.census.waiting == 0


@pytest.mark.parametrize("word", ["ended", "unsupported", "reconnecting"])
async def test_the_key_that_opened_a_log_asks_for_it_again_where_it_is_away(word: Any) -> None:
    async with seat() as at:
        follow = await following(at, at_second(1, "before"))
        follow.become(StreamState(word=word, since=at.desk.clock.boot(), reason="no such service"))
        await at.press("2", "l")
        assert at.desk.follows == [follow]
        assert follow.state.word == "connecting"
        follow.write(at_second(2, "after"))
        await settled(at)
        assert at.sees("before")
        assert at.sees("after")
        await at.press("2", "l")
        assert follow.state.word == "live", "what is there goes on"


async def test_an_app_row_follows_what_runs_in_it() -> None:
    async with seat() as at:
        await at.press("1", "l")
        assert [follow.ref for follow in at.desk.follows] == [] or all(follow.ref.kind is Kind.SERVICE for follow in at.desk.follows)
        pane = at.app.console_screen.apps
        assert all(each.kind is Kind.SERVICE for each in pane.logged)
        assert [follow.ref for follow in at.desk.follows] == list(pane.logged)


async def test_the_log_of_a_deployment_is_followed_where_it_has_one() -> None:
    desk = busy()
    async with seat(desk) as at:
        await at.press("right")
        assert at.keys["row.logs"] == "deployments have no log here: open that of a service"
        desk.logged = frozenset({Kind.SERVICE, Kind.DEPLOYMENT})
        await at.press("l")
        (follow,) = desk.follows
        assert follow.ref.kind is Kind.DEPLOYMENT
        row = desk.store.get(follow.ref)
        assert row is not None
        assert at.sees(f"Log of build of {row.name}")


async def test_a_filter_is_on_the_stream_and_a_bad_one_keeps_the_last_good_one() -> None:
    async with seat() as at:
        follow = await following(at, *some())
        await typed(at, "slash", "~7.served")
        await settled(at)
        assert at.sees("6 of 60")
        follow.write(at_second(61, "request 67 served"), at_second(62, "request 68 served"))
        await settled(at)
        assert at.sees("request 67 served")
        assert not at.sees("request 68 served")
        await typed(at, "slash", "~7.served(", enter=False)
        await at.wait()
        assert at.sees("no regular expression: missing ), unterminated subpattern at character 9")
        assert at.sees("7 of 62")
        await at.press("enter")
        assert at.front.filter_text == "~7.served"


async def test_context_and_levels_are_one_key_each() -> None:
    async with seat() as at:
        await following(at, *some())
        await at.press("z", "L", "L")
        await settled(at)
        assert at.sees("error and worse")
        assert at.sees("3 of 60")
        assert not at.sees("request 46 served")
        await at.press("o")
        await settled(at)
        assert at.sees("3 of 60 lines, 39 left out  error and worse  ±3 lines around each  esc shows everything")
        assert at.sees("··· 13 lines left out, 14s ···")
        assert at.sees("request 44 served")
        assert not at.sees("request 43 served")
        await at.press("escape")
        await settled(at)
        assert at.sees("request 43 served")
        assert not at.sees("left out")


async def test_search_goes_up_from_the_end_and_n_and_e_step() -> None:
    async with seat() as at:
        await following(at, *some())
        view = at.app.console_screen.logs.log_view

        def here() -> str:
            assert view.current is not None
            return str(view.current.line.text)

        await at.press("n")
        assert at.said == "nothing was searched for yet: s searches"
        await typed(at, "s", "request 3")
        assert here() == "request 39 served"
        assert view.has_focus
        await at.press("N")
        assert here() == "request 38 served"
        await at.press("n", "n")
        assert here() == "request 39 served"
        assert at.said == "not found below: request 3"
        await at.press("E")
        assert here() == "request 27 served"
        await at.press("e")
        assert here() == "request 47 served"
        await at.press("end", "E")
        assert here() == "request 47 served"
        await typed(at, "slash", "request 3")
        await at.press("E", "E", "E")
        assert at.said == "no error before this among the lines that the filter shows"


async def test_the_lines_of_one_trace_are_one_error_and_a_pause_is_seen() -> None:
    async with seat() as at:
        crash = [at_second(second, f"crash {second} line {part}", "error") for second in (10, 70) for part in range(3)]
        await following(at, *some(7), *crash[:3], at_second(11, "started"), *crash[3:])
        view = at.app.console_screen.logs.log_view
        for said in ("crash 70 line 0", "crash 10 line 0"):
            await at.press("E")
            assert view.current is not None
            assert view.current.line.text == said
        await at.press("E")
        assert at.said == "no error before this"
        assert "··· 59s later ···" in at.row("59s later")
        assert at.app.console_screen.logs.errors_of(at.desk.follows[-1].ref) == (6, "crash 70 line 0")
        assert len(view.shown()) == 14


async def test_what_is_read_is_one_key_from_a_restart_and_from_what_changed_unless_several_are() -> None:
    async with seat() as at:
        await at.press("l")
        await at.press("r")
        assert at.sees("Restart worker")
        await at.press("escape", "equals_sign")
        assert at.sees("service on fleet")
        await at.press("escape", "2", "space", "j", "space", "l", "r")
        assert len(at.desk.follows) == 2
        assert at.said == "select a service first, or mark several"


async def test_errors_that_come_every_second_are_each_gone_to_also_between_the_lines_of_another_log() -> None:
    async with seat() as at:
        await at.press("space", "j", "space", "l")
        one, two = at.desk.follows
        one.write(
            *(at_second(0.9 * number + 0.01 * part, f"crash {number} line {part}", "error") for number in range(3) for part in range(2))
        )
        two.write(*(at_second(0.9 * number + 0.005, f"other {number}") for number in range(3)))
        await settled(at)
        view = at.app.console_screen.logs.log_view
        for number in (2, 1, 0):
            await at.press("E")
            assert view.current is not None
            assert view.current.line.text == f"crash {number} line 0"


async def test_what_was_typed_before_comes_back_with_up() -> None:
    async with seat() as at:
        await following(at, *some())
        for said in ("request 1", "/request 2\\d/", "request 1", " "):
            await typed(at, "slash", said)
        await at.press("slash", "up")
        asks = at.app.focused
        assert isinstance(asks, Input)
        assert asks.value == "request 1"
        await at.press("up", "up")
        assert asks.value == "/request 2\\d/"
        assert at.sees("10 of 60 lines, 50 left out")
        await at.press("down", "down")
        assert not asks.value.strip()
        await at.press("down")
        assert at.app.console_screen.logs.log_view.has_focus


async def test_standing_still_counts_what_comes_and_bookmarks_stay() -> None:
    async with seat() as at:
        follow = await following(at, *some())
        view = at.app.console_screen.logs.log_view
        await at.press("k", "k", "m")
        follow.write(*(at_second(60 + number, f"later {number}") for number in range(1_204)))
        await settled(at)
        assert at.sees("paused  +1,204 new")
        assert at.row("request 57 served").startswith("◆")
        await at.press("end", "M")
        assert view.current is not None
        assert view.current.line.text == "request 57 served"


async def test_a_gap_is_a_line_and_quiet_is_a_state() -> None:
    async with seat() as at:
        follow = await following(at, at_second(1, "before"))
        follow.write(Gap(seconds=192, at=NOW), at_second(200, "after"))
        await settled(at)
        assert at.row("gap").strip() == "── gap of 3m12: lines may be missing ──"
        await typed(at, "slash", "after")
        assert at.sees("1 of 2 lines, 1 left out"), "a note of ours is no line of the log"
        assert at.sees("── gap of 3m12: lines may be missing ──")
        follow.become(StreamState(word="quiet", since=at.desk.clock.boot() - 842))
        await at.wait()
        assert at.sees("○ connected, quiet for 14m")


async def test_a_log_without_lines_says_once_how_it_is_and_what_to_expect() -> None:
    async with seat() as at:
        follow = await following(at)
        follow.become(StreamState(word="connecting", since=at.desk.clock.boot()))
        await at.wait()
        assert at.sees("Asking for its last lines…")
        for word, said in (("live", "● live"), ("quiet", "○ connected, quiet for")):
            follow.become(StreamState(word=word, since=at.desk.clock.boot()))  # type: ignore[arg-type]
            await at.wait()
            assert sum(row.count(said) for row in at.screen()) == 1
            assert at.sees("No lines so far: what is written from now on appears here.")


async def test_jump_to_a_time_and_tell_times_otherwise() -> None:
    async with seat() as at:
        await following(at, *some())
        view = at.app.console_screen.logs.log_view
        await typed(at, "J", "22:26:30")
        assert view.current is not None
        assert view.current.line.text == "request 23 served"
        await at.press("u", "u")
        await settled(at)
        assert at.sees("4m ago")
        await typed(at, "J", "noon")
        assert at.sees("write 14:05, 14:05:30")
        await at.press("escape")
        assert view.has_focus


async def until(at: Seat, true: Callable[[], bool]) -> None:
    for _ in range(500):
        await at.wait()
        if true():
            return
        await asyncio.sleep(0.002)
    raise AssertionError(at.screen()[-3:])


async def test_further_back_puts_older_lines_before_and_doubles_none() -> None:
    desk = busy()
    async with seat(desk) as at:
        await following(at, *some())
        older = [at_second(second, f"older {second}") for second in range(-50, 0)]
        asked = looking_back(desk, [*older, *some()])
        await typed(at, "b", "15m")
        await until(at, lambda: at.said == "50 older lines")
        assert asked[0][1] == NOW - timedelta(minutes=15)
        view = at.app.console_screen.logs.log_view
        assert [entry.line.text for entry in view.shown()] == [each.text for each in [*older, *some()]]
        assert view.current is not None
        assert view.current.line.text == "older -50"
        looking_back(desk, Unreachable("no answer", connection="fleet"))
        await typed(at, "b", "all")
        await until(at, lambda: "no answer" in at.said)


async def test_a_line_is_opened_in_full_laid_out_and_escaped(monkeypatch: pytest.MonkeyPatch) -> None:
    async with seat() as at:
        copied: list[str] = []
        monkeypatch.setattr(at.app, "copy", lambda text, what="": copied.append(text))
        raw = '{"level":"error","msg":"no \x1b[31manswer\x1b[0m","peer":{"ip":"10.0.0.1"}}'
        hostile = replace(at_second(1, ""), text=clean(raw, 500), escaped=escape(raw))
        await following(at, hostile, at_second(2, "plain one"))
        await at.press("k", "enter")
        assert at.sees('"msg": "no answer"')
        assert at.sees('    "ip": "10.0.0.1"')
        assert at.sees("22:26:08.000")
        assert at.sees("4m ago")
        await at.press("tab", "tab")
        assert at.sees("no \\x1b[31manswer\\x1b[0m")
        await at.press("n")
        assert at.sees("plain one")
        await at.press("y")
        assert copied == ["plain one"]
        await at.press("escape")
        assert at.front.number == 4


async def test_patterns_tell_what_is_new_since_the_deployment_and_open_their_first_line() -> None:
    async with seat() as at:
        await at.press("j", "j")
        lines = [at_second(second, f"old news {second}") for second in range(60)]
        lines += [at_second(180 + second, f"ledger {second} broke", "error") for second in range(30)]
        await at.press("l")
        service = at.desk.follows[-1].ref
        at.desk.follows[-1].write(*lines)
        row = at.desk.store.get(service)
        assert row is not None
        others = [each for each in at.desk.store.rows(Kind.SERVICE) if each.ref != service]
        at.desk.put("fleet", Kind.SERVICE, [*others, replace(row, deployed_at=NOW - timedelta(minutes=3))])  # type: ignore[type-var,call-arg]
        await settled(at)
        await at.press("p")
        assert at.sees("1 new since the last deployment 3m ago")
        assert at.sees("ledger <n> broke")
        await at.press("enter")
        view = at.app.console_screen.logs.log_view
        assert view.current is not None
        assert view.current.line.text == "ledger 0 broke"


async def test_what_was_said_before_the_deployment_is_asked_for_before_anything_is_called_new() -> None:
    async with seat() as at:
        await at.press("j", "j")
        await at.press("l")
        follow = at.desk.follows[-1]
        follow.write(*(at_second(200 + second, f"served {second}") for second in range(9)), at_second(250, "ledger broke", "error"))
        row = at.desk.store.get(follow.ref)
        assert row is not None
        others = [each for each in at.desk.store.rows(Kind.SERVICE) if each.ref != row.ref]
        at.desk.put("fleet", Kind.SERVICE, [*others, replace(row, deployed_at=NOW - timedelta(minutes=3))])  # type: ignore[call-arg]
        asked = looking_back(at.desk, [at_second(-100 + second, f"served {second}") for second in range(9)])
        await settled(at)
        await at.press("p")
        await until(at, lambda: at.sees("1 new since the last deployment 3m ago") and not at.sees("perhaps new"))
        assert asked == [(follow.ref, NOW - timedelta(minutes=18))]
        rows = [each for each in at.screen() if "ledger broke" in each or "served <n>" in each]
        assert "ledger broke" in rows[0]
        assert at.row("served <n>").split()[1] == "18"
        await at.press("escape")
        assert len(at.app.console_screen.logs.log_view.buffer) == 19


async def test_older_lines_of_a_log_that_was_closed_meanwhile_come_nowhere(monkeypatch: pytest.MonkeyPatch) -> None:
    """They stood in an empty log that nobody followed, under no name."""
    async with seat() as at:
        follow = await following(at, at_second(250, "ledger broke", "error"))
        row, answered = at.desk.store.get(follow.ref), asyncio.Event()
        assert row is not None
        at.desk.put("fleet", Kind.SERVICE, [replace(row, deployed_at=NOW - timedelta(minutes=3))])  # type: ignore[list-item,call-arg]

        async def log(*_: object, **__: object) -> AsyncIterator[tuple[LogLine, ...]]:
            await answered.wait()
            yield (at_second(-100, "served"),)

        monkeypatch.setattr(at.desk, "log", log, raising=False)
        await settled(at)
        await at.press("p")
        assert at.sees("asking worker for what it said before")
        await at.press("escape", "backspace")
        answered.set()
        await settled(at)
        assert len(at.app.console_screen.logs.log_view.buffer) == 0
        assert at.sees("No log is followed.")


async def test_trouble_while_looking_back_stays_on_the_screen_that_it_is_about() -> None:
    async with seat(size=(80, 24)) as at:
        follow = await following(at, at_second(250, "ledger broke", "error"))
        row = at.desk.store.get(follow.ref)
        assert row is not None
        at.desk.put("fleet", Kind.SERVICE, [replace(row, deployed_at=NOW - timedelta(minutes=3))])  # type: ignore[list-item,call-arg]
        looking_back(at.desk, Unreachable("no answer", connection="fleet"))
        await settled(at)
        await at.press("p")
        await until(at, lambda: at.sees("not compared with before: fleet: no answer"))
        assert at.sees("1 perhaps new: the log begins after the deployment 3m ago")
        assert at.sees("too short a log to compare rates")


async def test_each_minute_is_counted_and_gone_to() -> None:
    async with seat() as at:
        await following(at, *(at_second(second - 7200, f"early {second}") for second in range(3)), *some(200))
        await at.press("i")
        rows = [row.split() for row in at.screen() if "━" in row or "█" in row]
        assert [row[:3] for row in rows] == [
            ["›22:29", "27", "1"],
            ["22:28", "60", "3"],
            ["22:27", "60", "3"],
            ["22:26", "53", "3"],
            ["20:26", "3", "·"],
        ]
        assert at.sees("··· nothing was said for 1h59 ···")
        assert at.sees("··· worker begins here: b looks further back ···")
        assert at.sees("203 lines, 10 errors")
        await at.press("j", "j", "enter")
        view = at.app.console_screen.logs.log_view
        assert view.current is not None
        assert view.current.line.text == "request 67 served"
        await typed(at, "slash", "~[27].served")
        await at.press("i")
        assert at.sees("(what the filter wants)")
        assert at.sees("40 lines, 10 errors")


async def test_where_each_log_begins_stands_among_the_minutes() -> None:
    async with seat() as at:
        await at.press("space", "j", "space", "l")
        one, two = at.desk.follows
        one.write(*some(240))
        two.write(*(at_second(180 + second, "x") for second in range(60)))
        await settled(at)
        await at.press("i")
        told = [
            row.split("begins here")[0].split()[-1] if "begins here" in row else row.split()[0]
            for row in at.screen()
            if row[1:6].strip().count(":") or "begins here" in row
        ]
        names = [at.app.console_screen.logs.names[follow.ref] for follow in (two, one)]
        assert told == ["›22:30", "22:29", names[0], "22:28", "22:27", "22:26", names[1]]


async def test_what_was_said_by_a_log_that_is_no_longer_followed_is_not_counted() -> None:
    async with seat() as at:
        await at.press("space", "j", "space", "l")
        one, two = at.desk.follows
        one.write(*(at_second(210 + second, "broken", "error") for second in range(60)))
        two.write(*(at_second(210 + second, "fine") for second in range(60)))
        await settled(at)
        assert at.sees("74 lines 37 err/min")
        at.app.console_screen.logs.follow(two.ref)
        one.write(at_second(271, "too late", "error"))
        await settled(at)
        assert at.sees("37 lines 0 err/min")


async def test_a_filter_for_a_service_finds_lines_that_came_before_its_name_was_known() -> None:
    """A console that is opened as it was left follows its logs before it has read what they are of."""
    desk = Desk()
    async with seat(desk) as at:
        pane = at.app.console_screen.logs
        web, worker = (ref(Kind.SERVICE, each) for each in ("01M8", "01M9"))
        pane.follow(web, worker)
        pane.set_filter("service:web")
        for follow, text in zip(desk.follows, ("GET /", "idle"), strict=True):
            follow.write(at_second(1, text))
        await settled(at)
        assert at.sees("None of 2 lines match the filter.")
        desk.put("fleet", Kind.SERVICE, [Service(ref=web, name=Safe("web-api")), Service(ref=worker, name=Safe("worker"))])
        await settled(at)
        assert at.sees("GET /")
        assert not at.sees("idle")


async def test_saving_a_log_holds_up_no_key(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """What a hundred thousand lines are written as takes seconds: it was worked out where the keys are heard."""
    async with seat(settings=Settings(zone=UTC, save=write_lines)) as at:
        await at.press("space", "j", "space", "l")
        one, two = at.desk.follows
        one.write(*some(20))
        two.write(*some(20))
        await settled(at)
        pane, threads = at.app.console_screen.logs, set[int]()
        name_of = pane.name_of

        def watched(source: object) -> str:
            threads.add(threading.get_ident())
            return name_of(source)

        monkeypatch.setattr(pane, "name_of", watched)
        await typed(at, "ctrl+w", str(tmp_path / "all.log"))
        await until(at, lambda: "40 lines are in" in at.said)
        assert threads
        assert threading.get_ident() not in threads
        assert len((tmp_path / "all.log").read_text().splitlines()) == 40


async def test_the_key_for_the_next_bookmark_says_where_none_is_shown() -> None:
    """A filter hid them, or their lines were dropped: the key did nothing and said nothing."""
    async with seat() as at:
        await following(at, *some(6))
        await at.press("k", "m", "M")
        assert at.said == ""
        await typed(at, "slash", "nothing is like this")
        await at.press("M")
        await settled(at)
        assert at.said == "no marked line is among those that are shown"


async def test_errors_a_minute_stand_in_the_head() -> None:
    async with seat() as at:
        await following(at, *(at_second(210 + second, "x", "error" if second % 10 == 0 else "info") for second in range(60)))
        await settled(at)
        assert "err/min" in at.row("Log of")
        assert "█" in at.row("Log of")


async def test_what_is_shown_or_everything_is_saved_and_nothing_overwritten(tmp_path: Path) -> None:
    async with seat(settings=Settings(zone=UTC, save=write_lines)) as at:
        await following(at, *some())
        await typed(at, "slash", "7")
        await typed(at, "W", str(tmp_path / "some.log"))
        await until(at, lambda: at.said == f"6 lines are in {tmp_path / 'some.log'}")
        assert len((tmp_path / "some.log").read_text().splitlines()) == 6
        await typed(at, "ctrl+w", str(tmp_path / "some.log"))
        assert at.sees("exists already and is not overwritten")
        await typed(at, "", str(tmp_path / "all.log"))
        await until(at, lambda: at.said.startswith("60 lines"))
        assert (tmp_path / "all.log").read_text().startswith("2025-11-05T22:26:07.000Z info request 0 served\n")


@pytest.mark.parametrize(
    ("path", "said"),
    [
        ("~nobodyatall/x.log", "there is no folder "),
        ("~nobodyatall", "cannot be written, Could not determine home directory"),
        ("none/x.log", "there is no folder "),
        ("x" * 300, "cannot be written, File name too long: "),
    ],
)
async def test_no_name_of_a_file_ends_the_console(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, path: str, said: str) -> None:
    """A home of nobody and a name that is too long did; a folder that is not there took away what was typed."""
    monkeypatch.chdir(tmp_path)
    async with seat(settings=Settings(zone=UTC, save=write_lines)) as at:
        await following(at, *some())
        await typed(at, "W", path)
        await until(at, lambda: said in at.said or at.sees(said))
        assert not list(tmp_path.iterdir())


async def test_nothing_is_lost_but_the_file_where_the_current_folder_is_gone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A console is open for days, and its folder may be deleted meanwhile: something went wrong, it said, and no more."""
    gone = tmp_path / "gone"
    gone.mkdir()
    monkeypatch.chdir(gone)
    gone.rmdir()
    monkeypatch.setenv("HOME", str(tmp_path))
    async with seat(settings=Settings(zone=UTC, save=write_lines)) as at:
        await following(at, *some())
        await typed(at, "W", "some.log")
        await until(at, lambda: at.sees("there is no folder ") or at.said.startswith("cannot be written, "))
        await at.press("escape", "2", "W")
        await until(at, lambda: at.said.startswith(f"5 rows are in {tmp_path}/services-"))


async def test_a_line_or_a_range_is_copied(monkeypatch: pytest.MonkeyPatch) -> None:
    async with seat() as at:
        copied: list[str] = []
        monkeypatch.setattr(at.app, "copy", lambda text, what="": copied.append(text))
        await following(at, *some(5))
        await at.press("k", "y")
        assert copied.pop() == "request 3 served"
        await at.press("v", "k", "k", "y")
        assert copied.pop().splitlines() == [f"2025-11-05T22:26:{7 + number:02d}.000Z info request {number} served" for number in (1, 2, 3)]


async def test_a_line_without_a_time_is_told_at_its_own() -> None:
    async with seat() as at:
        await following(at, LogLine(text=Safe("2025-11-05T22:30:00Z level=warn msg=slow")))
        assert at.row("msg=slow").split()[0] == "22:30:00"
        await at.press("P")
        await settled(at)
        assert at.row("slow").split()[-1] == "slow"


async def test_a_filter_that_is_quick_is_tried_on_more_lines_at_once_and_a_slow_one_on_fewer() -> None:
    async with seat() as at:
        view = at.app.console_screen.logs.log_view
        for took, lines, after in (
            (0.001, 9_000, 128),
            (0.001, 9_000, 256),
            (0.001, 9, 256),
            (0.007, 9_000, 256),
            (0.02, 9_000, 64),
            (9, 9_000, 64),
        ):
            view._learn(took, lines)
            assert view._at_once == after


async def test_a_filter_that_is_slow_never_holds_the_keys() -> None:
    async with seat() as at:
        await following(at)
        view = at.app.console_screen.logs.log_view
        view.append(at.desk.follows[-1].ref, some(20_000))
        await settled(at)
        begun = asyncio.get_running_loop().time()
        view.set_filter(lambda entry: entry.line.text == "request 3 served")
        assert view.window.behind > 3_000
        assert asyncio.get_running_loop().time() - begun < 1
        while view.window.behind:
            await asyncio.sleep(0)
        assert view.window.matches == 1
