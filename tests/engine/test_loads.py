"""How loaded things were: the highest of each minute, gaps where nobody looked, bounded however many things there are."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from tests.engine.fakes import FakePlatform, rows, service
from tui.clock import ManualClock
from tui.engine import loads
from tui.engine.feeds import Feed
from tui.engine.loads import MINUTES, Loads
from tui.engine.store import Store
from tui.errors import Unreachable
from tui.model import Kind

SERVICES = Feed(connection="fleet", kind=Kind.SERVICE)


async def test_the_highest_of_a_minute_counts_a_read_without_news_goes_on_and_a_silence_is_a_gap() -> None:
    time = ManualClock(datetime(2026, 1, 1, tzinfo=UTC))
    store = Store(time, [FakePlatform("fleet", time)])
    kept = Loads(store)
    web = service("web")

    def read(share: float) -> None:
        kept.note(store.put(SERVICES, rows(replace(web, cpu_share=share, memory_bytes=100))))

    await time.advance(60.0 - time.boot() % 60.0)
    for share in (0.2, 0.7, 0.3):
        read(share)
    await time.advance(60.0)
    read(0.3)
    await time.advance(60.0)
    kept.note(store.fail(SERVICES, Unreachable("gone", connection="fleet")))
    await time.advance(60.0)
    read(0.4)
    cpu, memory = kept.of(web.ref, time.boot())
    assert cpu == [*[None] * (MINUTES - 4), 0.7, 0.7, None, 0.4]
    assert memory[-4:] == [100.0, 100.0, None, 100.0]
    assert kept.of(web.ref, time.boot() + 60.0 * MINUTES)[0] == [None] * MINUTES
    store.put(SERVICES, rows())


async def test_what_is_gone_is_forgotten_and_no_more_are_kept_than_there_is_room_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(loads, "MOST", 2)
    time = ManualClock(datetime(2026, 1, 1, tzinfo=UTC))
    store = Store(time, [FakePlatform("fleet", time)])
    kept = Loads(store)
    many = [service(name, cpu_share=0.5) for name in "abc"]

    def known() -> list[str]:
        return [str(each.name) for each in many if kept.of(each.ref, time.boot())[0][-1] is not None]

    kept.note(store.put(SERVICES, rows(*many)))
    assert known() == ["a", "b"]
    kept.note(store.put(SERVICES, rows(*many[1:])))
    kept.note(store.put(SERVICES, rows(*(replace(each, cpu_share=0.6) for each in many[1:]))))
    assert known() == ["b", "c"]
