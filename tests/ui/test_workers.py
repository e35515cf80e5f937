"""Work beside the screen: what is begun twice at once is done once, and nothing is left behind that nobody waited for."""

from __future__ import annotations

import gc
import warnings

import pytest
from textual.app import App

from tui.ui.workers import start


async def test_what_is_begun_again_before_its_first_step_leaves_nothing_behind() -> None:
    done: list[int] = []

    async def note(number: int) -> None:
        done.append(number)

    async with App[None]().run_test() as pilot:
        with warnings.catch_warnings(record=True) as told:
            warnings.simplefilter("always")
            for number in range(3):
                start(pilot.app, note, number, group="past", exclusive=True)
            await pilot.pause()
            gc.collect()
        assert [str(each.message) for each in told] == []
        assert done == [2]


class Told(App[None]):
    said = ""

    def say(self, text: str, tone: str) -> None:
        self.said = f"{tone}: {text}"


async def test_what_goes_wrong_beside_the_screen_is_told_and_ends_nothing(caplog: pytest.LogCaptureFixture) -> None:
    async def fail() -> None:
        raise ValueError("beside")

    app = Told()
    async with app.run_test() as pilot:
        start(app, fail, group="save")
        await pilot.pause()
        assert app.is_running
    assert app.said.startswith("bad: something went wrong")
    assert [each.getMessage() for each in caplog.records if each.exc_info] == ["save went wrong beside the screen"]
