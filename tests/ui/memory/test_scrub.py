"""The console at a moment of the past: it shows what was, says that it is the past, does nothing, and one key is back to now."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.bench.journal import END, MOMENT, SHIFT, past_of_things
from tests.bench.scrubbing import opened
from tests.engine.recall.shift import HOURS, INCIDENTS, play
from tests.ui.desk import NOW, Desk, going, service
from tests.ui.memory.test_memory import empty, remembering, seat, until
from tui.engine.ports import Event
from tui.engine.recall.past import Past
from tui.engine.recall.then import REFUSED, Then
from tui.errors import Unavailable, UsageError
from tui.local.journal import Journal
from tui.model import Health, Kind, LogLine, Ref, Verb
from tui.text import Safe
from tui.ui.screens.minute import MinuteScreen
from tui.ui.screens.past import PastDetailScreen, PastScreen
from tui.ui.screens.timeline import TimelineScreen

BEGIN = NOW - timedelta(hours=HOURS)
WEB, _, MAILER = INCIDENTS


def shift_at(minutes: float) -> datetime:
    return BEGIN + timedelta(minutes=minutes)


@pytest.fixture(scope="module")
def journal(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Journal]:
    found = asyncio.run(play(Path(tmp_path_factory.mktemp("shift")) / "journal.sqlite", BEGIN))
    yield found
    found.close()


def logging(desk: Desk, *lines: LogLine, error: Exception | None = None) -> list[dict[str, Any]]:
    """Let the desk's things have a log; what it was asked for."""
    asked: list[dict[str, Any]] = []

    async def log(ref: Ref, **how: Any) -> AsyncIterator[tuple[LogLine, ...]]:
        asked.append({"ref": ref, **how})
        if error is not None:
            raise error
        yield lines

    desk.log = log  # type: ignore[attr-defined]
    return asked


async def test_a_moment_is_shown_as_it_was_and_nothing_can_be_done_there(journal: Journal) -> None:
    desk = remembering(journal)
    wanted = shift_at((WEB.begins + (WEB.ends or 0)) / 2)
    async with seat(desk) as at:
        await at.press("at", *f"{wanted:%H:%M:%S}".replace(":", " ").split()[0], "colon", *f"{wanted:%M}", "enter")
        await until(
            at, lambda: isinstance(at.app.screen, PastScreen) and at.sees("PAST") and at.sees("web-api") and "crashed" in at.row("web-api")
        )
        assert f"{wanted:%H:%M}:00, " in at.screen()[1]
        assert "mailer" in "".join(at.screen())
        assert not at.sees("worker-of-now")
        await at.press("j", "r", "s", "X", "t")
        assert REFUSED in at.said
        assert isinstance(at.app.screen, PastScreen)
        await at.press("enter")
        await until(at, lambda: isinstance(at.app.screen, PastDetailScreen))
        await at.press("r")
        assert (desk.done, isinstance(at.app.screen, PastDetailScreen)) == ([], True)
        await at.press("colon")
        assert isinstance(at.app.screen, PastDetailScreen), "what the palette opens is the present"
        assert at.said == REFUSED
        await at.press("escape")
        await until(at, lambda: isinstance(at.app.screen, PastScreen))
        await at.press("escape", "escape")
        await until(at, lambda: at.app.screen is at.app.console_screen)
        assert not at.sees("PAST")


async def test_the_banner_of_the_past_says_how_long_ago_that_is_however_long_it_is_looked_at(journal: Journal) -> None:
    async with seat(remembering(journal)) as at:
        await at.press("left_curly_bracket")
        await until(at, lambda: at.sees(f"PAST  {NOW - timedelta(hours=1):%a %d %b %H:%M:%S}, 1h ago"))
        await at.tick(3600.0)
        assert at.sees(f"PAST  {NOW - timedelta(hours=1):%a %d %b %H:%M:%S}, 2h ago")
        await at.tick(36_000.0)
        assert at.sees(f"PAST  {NOW - timedelta(hours=1):%a %d %b %H:%M:%S}, 12h ago")


async def test_what_could_not_be_read_then_is_not_shown_as_if_it_had_been() -> None:
    """A platform that did not answer for hours was shown as well as it last was, with a rollout that went on and on."""
    journal, desk = empty(), remembering(empty())
    began, lost, back = (NOW - timedelta(hours=each) for each in (4, 3, 1))
    rollout = going("r", began)
    journal.keep("fleet", Kind.SERVICE, "", [service("web-api")], gone=(), at=began, whole=True)
    journal.keep("shop", Kind.ROLLOUT, "", [rollout], gone=(), at=began, whole=True)
    for each in ("fleet", "shop"):
        journal.record([Event(what="edge", ref=each, at=lost, name=each, after="down", text="connection refused")])
        journal.record([Event(what="edge", ref=each, at=back, name=each, after="back")])
    journal.flush()
    desk.past = Past(journal, desk.clock)
    async with seat(desk) as at:
        await at.press("left_curly_bracket", "left_curly_bracket")
        await until(at, lambda: at.sees("PAST") and f"{NOW - timedelta(hours=2):%H:%M:%S}" in at.screen()[1] and at.sees("web-api"))
        assert re.search(r"● ok .* 1h$", at.row("web-api")), "as old as it was"
        assert at.sees("it was down: connection refused")
        assert re.search(r" 1h00 ", at.row("checkout/prod")), "it lasted for as long as it was seen to go on"
        await at.press("right_curly_bracket")
        await until(at, lambda: f"{NOW - timedelta(hours=1):%H:%M:%S}" in at.screen()[1] and not at.sees("it was down"))
        assert re.search(r" 3h00 ", at.row("checkout/prod"))


async def test_events_and_hours_are_steps_and_later_than_now_is_now(journal: Journal) -> None:
    async with seat(remembering(journal)) as at:
        await at.press("full_stop")
        assert "this is now" in at.said
        await at.press("comma")
        await until(at, lambda: isinstance(at.app.screen, PastScreen))
        screen = at.app.screen
        assert isinstance(screen, PastScreen)
        first = screen.then.at
        await until(at, lambda: screen.then.at < NOW)
        first = screen.then.at
        await at.press("comma")
        await until(at, lambda: screen.then.at < first)
        await at.press("full_stop")
        await until(at, lambda: screen.then.at == first)
        await at.press("left_curly_bracket")
        await until(at, lambda: screen.then.at == first - timedelta(hours=1))
        await at.press("right_curly_bracket")
        await until(at, lambda: screen.then.at == first)
        await at.press("right_curly_bracket")
        await until(at, lambda: at.app.screen is at.app.console_screen)


async def test_from_an_event_to_its_moment_to_its_log_of_that_minute_and_back(
    journal: Journal, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    desk = remembering(journal)
    moment = shift_at(MAILER.begins)
    lines = [
        LogLine(at=moment + timedelta(seconds=each), level=Safe("error" if each else "info"), text=Safe(f"line {each}"))
        for each in (-70, -5, 0, 30)
    ]
    asked = logging(desk, *lines)
    async with seat(desk) as at:
        await at.press("T")
        await until(at, lambda: at.sees("events"))
        await at.press("slash", *"exit", "enter")
        await at.wait()
        await at.press("j", "P")
        await until(at, lambda: isinstance(at.app.screen, PastScreen) and at.sees("exit 1"))
        await at.press("escape")
        await until(at, lambda: isinstance(at.app.screen, TimelineScreen))
        await at.press("l")
        await until(at, lambda: isinstance(at.app.screen, MinuteScreen) and at.sees("line 30"))
        assert at.sees(f"Log of mailer around {moment:%a %H:%M:%S}")
        assert not at.sees("line -70"), "what is not of the minute is left out"
        assert (asked[0]["ref"].id, asked[0]["since"], asked[0]["until"]) == (
            "mailer",
            moment - timedelta(minutes=1),
            moment + timedelta(minutes=2),
        )
        await at.press("slash", *"line 30", "enter")
        assert "1 of" in at.said or at.sees("line 30")
        await at.press("escape", "W")
        await until(at, lambda: "3 lines are in" in at.said)
        (saved,) = tmp_path.iterdir()
        assert saved.name.startswith("log-mailer-")
        assert [row.rsplit(" ", 2)[-2:] for row in saved.read_text().splitlines()] == [["line", "-5"], ["line", "0"], ["line", "30"]]
        await at.press("y")
        assert at.said.startswith("copied 3 lines")
        await at.press("escape")
        for error, said in ((None, "has no line from the minute"), (Unavailable("fleet answered 502", connection="fleet"), "502")):
            await at.press("escape")
            assert isinstance(at.app.screen, TimelineScreen)
            logging(desk, error=error)
            await at.press("l")
            await until(at, lambda said=said: at.sees(said))  # type: ignore[misc]


async def test_of_a_minute_with_more_lines_than_are_shown_they_are_called_the_first(journal: Journal) -> None:
    desk = remembering(journal)
    moment = shift_at(MAILER.begins)
    logging(desk, *(LogLine(at=moment - timedelta(seconds=9), text=Safe(f"line {each}")) for each in range(2_003)))
    async with seat(desk) as at:
        await at.press("T")
        await until(at, lambda: at.sees("events"))
        await at.press("slash", *"exit", "enter", "j", "l")
        await until(at, lambda: isinstance(at.app.screen, MinuteScreen) and at.sees("line 1999"))
        assert at.sees("the first 2,000 lines, 1 minute before to 2 after")


async def test_asking_for_a_time_shows_what_is_known_of_now_until_one_is_given(journal: Journal) -> None:
    async with seat(remembering(journal)) as at:
        await at.press("at")
        await until(at, lambda: isinstance(at.app.screen, PastScreen) and at.sees("go to") and at.sees("mailer"))
        assert not at.sees("nobody had looked yet")


async def test_who_gives_no_time_is_back_where_they_came_from(journal: Journal) -> None:
    """The past of that very moment stayed, and refused every verb."""
    async with seat(remembering(journal)) as at:
        for _ in "12":
            await at.press("at")
            await until(at, lambda: isinstance(at.app.screen, PastScreen) and at.sees("go to"))
            await at.press("escape")
            await until(at, lambda: at.app.screen is at.app.console_screen)
        await at.press("comma")
        await until(at, lambda: isinstance(at.app.screen, PastScreen) and at.sees("PAST"))
        await at.press("at", "escape")
        assert isinstance(at.app.screen, PastScreen), "from a moment of the past one is back at that one"


async def test_a_moment_of_another_year_is_told_with_its_year(journal: Journal) -> None:
    async with seat(remembering(journal)) as at:
        await at.press("at", *"2019-05-04 14:05", "enter")
        await until(at, lambda: at.sees("Sat 04 May 2019 14:05:00"))
        await at.press("at", *f"{BEGIN:%H}", "colon", *f"{BEGIN:%M}", "enter")
        await until(at, lambda: at.sees(f"{BEGIN:%a %d %b %H:%M}"))


async def test_what_was_not_known_is_not_called_empty() -> None:
    async with seat(remembering(empty())) as at:
        await at.press("left_curly_bracket")
        await until(at, lambda: isinstance(at.app.screen, PastScreen) and at.sees("nothing was known of it then"))
        await until(at, lambda: at.sees("nobody had looked yet"))
        await at.press("comma")
        await until(at, lambda: "the journal has nothing before this" in at.said)


async def test_a_past_session_does_nothing_by_itself(journal: Journal) -> None:
    desk = remembering(journal)
    then = Then(desk)  # type: ignore[arg-type]
    then.become(NOW, journal.known(NOW), None)
    assert [row.health for row in then.store.rows(Kind.SERVICE) if row.name == "mailer"] == [Health.BAD]
    assert then.why_not(Kind.SERVICE, Verb.RESTART) == REFUSED
    with pytest.raises(UsageError):
        await then.do(Verb.STOP, service("mailer").ref)
    with pytest.raises(UsageError):
        then.plan(Verb.STOP, service("mailer").ref, {})
    assert desk.done == []


@pytest.mark.soak
@pytest.mark.timeout(600)
async def test_eight_hours_back_on_a_thousand_things(tmp_path: Path) -> None:
    """Of a moment with 20 000 changes after it. In processor time, so that nobody else's work counts."""
    journal = past_of_things(tmp_path / "journal.sqlite")
    _, works = await opened(journal, END - SHIFT + timedelta(seconds=1), 10)
    journal.close()
    assert max(works) < MOMENT, works
