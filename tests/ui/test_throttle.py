"""What comes often is done seldom, and the first time at once; what a key changes is drawn at once, whatever was drawn just before."""

from __future__ import annotations

import asyncio

import pytest

from tests.bench.recorder import recorded
from tests.ui import keyboard
from tests.ui.desk import service
from tests.ui.test_console import seat
from tests.ui.test_link import Sample
from tui.model import Health, Kind
from tui.ui import link
from tui.ui.throttle import Throttle
from tui.ui.widgets.cells import Piece
from tui.ui.widgets.table_rows import Row

LONG = 3_600.0


async def turns() -> None:
    """As many turns of the loop as anything takes that waits for no time."""
    for _ in range(100):
        await asyncio.sleep(0)


async def test_the_first_time_is_at_once_and_all_others_of_a_period_are_one() -> None:
    done = asyncio.Event()
    times: list[int] = []

    def deed() -> None:
        times.append(len(times))
        if times[1:]:
            done.set()

    throttle = Throttle(deed, 0.01)
    for _ in range(5):
        throttle.ask()
    assert times == [0]
    await done.wait()
    assert not throttle.waiting
    throttle.period = LONG
    throttle.ask()
    assert throttle.waiting
    throttle.ask(at_once=True)
    assert len(times) == 3
    assert not throttle.waiting
    throttle.ask()
    throttle.drop()
    assert not throttle.waiting


async def test_a_key_is_drawn_at_once_although_a_frame_was_just_drawn(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(link, "UPDATE_PERIOD", LONG)
    async with recorded(Sample(), (60, 18)) as recording:
        table = recording.app.query_one("ResourceTable")
        assert isinstance(recording.app, Sample)
        rows = [Row(number, ((Piece(f"row {number}"),),)) for number in range(9)]
        recording.app.table.show_rows(rows)
        table.focus()
        await recording.settle()
        recording.take()
        recording.app.table.show_rows([*rows[:3], Row(3, ((Piece("another"),),)), *rows[4:]])
        await turns()
        assert recording.take() == "", "what changes by itself waits for the next frame"
        recording.app.post_message(keyboard.key("j"))
        await turns()
        drawn = recording.take()
        assert "›" in drawn
        assert "another" in drawn


async def test_many_readings_are_drawn_seldom_and_a_key_waits_for_none_of_them() -> None:
    async with seat() as at:
        at.app._telling.period = LONG
        for number, (name, seen) in enumerate((("first", True), ("second", False))):
            at.desk.put("fleet", Kind.SERVICE, [service(name, Health.OK, "running"), service("other", Health.OK, "running")])
            await turns()
            assert at.sees(name) is seen, number
        keyboard.give(at.app, "j")
        await turns()
        assert at.row("›other"), "the key moves the cursor in what is seen"
        await at.wait()
        assert at.sees("second")
