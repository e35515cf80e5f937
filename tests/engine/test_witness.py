"""What a platform itself wrote down is told once, oldest first, within its budget."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from tests import vloop
from tests.engine.fakes import START, FakePlatform, clock, failing, session
from tui.errors import Unavailable
from tui.platforms.base import Happening
from tui.text import Safe


def happening(number: int, minutes: float) -> Happening:
    return Happening(at=START + timedelta(minutes=minutes), id=str(number), what=Safe("service.stopped"), by=Safe("ana"))


def test_each_happening_is_told_once_and_a_failure_loses_none() -> None:
    asked: list[datetime | None] = []

    async def story() -> list[str]:
        time = clock()
        fake = FakePlatform("fleet", time)
        written = [happening(1, -5)]
        broken = False

        async def events(since: datetime | None) -> tuple[Happening, ...]:
            asked.append(since)
            if broken:
                raise failing(Unavailable)
            return tuple(sorted(written, key=lambda each: -int(each.id)))

        fake.happenings = events
        told: list[str] = []
        async with session(time, fake) as running:
            running.happenings.subscribe(lambda pair: told.append(f"{pair[0]} {pair[1].id}"))
            await time.sleep(65.0)
            written += [happening(2, 1), happening(3, 1)]
            broken = True
            await time.sleep(60.0)
            broken = False
            await time.sleep(120.0)
            journal = running.journal
        kept.extend(each for each in journal.events if each.what == "said")
        return told

    kept: list[Any] = []
    assert vloop.run(story()) == ["fleet 1", "fleet 2", "fleet 3"]
    assert [(each.before, each.platform_at, each.text) for each in kept[:2]] == [
        ("1", START - timedelta(minutes=5), "service.stopped by ana"),
        ("2", START + timedelta(minutes=1), "service.stopped by ana"),
    ]
    assert asked[0] == START - timedelta(minutes=15)
    assert asked[-1] == START + timedelta(minutes=1)


def test_a_list_that_is_read_wrongly_costs_itself_and_not_the_session() -> None:
    async def story() -> tuple[list[str], str]:
        time = clock()
        fake = FakePlatform("fleet", time)
        wrong = True

        async def events(since: datetime | None) -> tuple[Happening, ...]:
            if wrong:
                raise LookupError
            return (happening(1, 1),)

        fake.happenings = events
        told: list[str] = []
        async with session(time, fake) as running:
            running.happenings.subscribe(lambda pair: told.append(pair[1].id))
            await time.sleep(65.0)
            wrong, stopped = False, running.stopped
            asked = len(fake.asked)
            await time.sleep(120.0)
            assert len(fake.asked) > asked
        return told, stopped

    assert vloop.run(story()) == (["1"], "")


def test_a_platform_without_a_list_is_not_asked() -> None:
    async def story() -> int:
        time = clock()
        fake = FakePlatform("fleet", time)
        async with session(time, fake) as running:
            await time.sleep(300.0)
            return len(running._witness._connections)

    assert vloop.run(story()) == 0
