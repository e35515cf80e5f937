"""The clock is looked at each second while that draws anything, and half as often while it does not."""

from __future__ import annotations

from collections.abc import Callable

from tui.ui.seconds import OFTEN, SELDOM, Seconds


def test_the_clock_is_looked_at_less_often_while_nothing_is_drawn() -> None:
    waits: list[float] = []
    due: list[Callable[[], object]] = []
    frames = [0]
    drawing = [True]

    def later(seconds: float, deed: Callable[[], object]) -> None:
        waits.append(seconds)
        due.append(deed)

    def tick() -> None:
        frames[0] += drawing[0]

    Seconds(later, tick, lambda: frames[0]).go()
    for draws in (True, True, False, False, False, True, False, False):
        drawing[0] = draws
        due.pop()()
    assert waits == [OFTEN, SELDOM, OFTEN, OFTEN, SELDOM, SELDOM, SELDOM, OFTEN, SELDOM]
