"""The account of what is on its way, against simulated links: their queue stays short, they stay busy, and silence never blocks."""

from __future__ import annotations

import heapq
from collections.abc import Callable

import pytest

from tui.ui.link_pace import LONGEST, Mode, Pace

ROOM = 120


class Wire:
    """A link of ``rate`` bytes a second and ``rtt`` seconds there and back; ``answers(number of the answer)`` says which come."""

    def __init__(self, rate: float, rtt: float, answers: Callable[[int], bool] = lambda _: True) -> None:
        self.rate = rate
        self.rtt = rtt
        self.answers = answers
        self.now = 0.0
        self.pace = Pace()
        self.free_at = 0.0
        self.carried = 0
        self.worst_queue = 0.0
        self._coming: list[tuple[float, int, int]] = []
        self._count = 0

    def send(self, size: int) -> None:
        before, behind = self.pace.sent(size, self.now, room=ROOM)
        self._ask(before)
        self.free_at = max(self.free_at, self.now) + size / self.rate
        self.carried += size
        self.worst_queue = max(self.worst_queue, self.free_at - self.now)
        self._ask(behind)

    def _ask(self, number: int | None) -> None:
        if number is not None:
            self._count += 1
            self.free_at = max(self.free_at, self.now)
            if self.answers(self._count):
                heapq.heappush(self._coming, (self.free_at + self.rtt, self._count, number))

    def run(self, seconds: float, frame: Callable[[float], int]) -> None:
        """Frames are offered 60 times a second; ``frame(now)`` is what there is to write."""
        end = self.now + seconds
        while self.now < end:
            self.now += 1 / 60
            while self._coming and self._coming[0][0] <= self.now:
                at, _, number = heapq.heappop(self._coming)
                self.pace.answered(number, at)
            if self.pace.ready(self.now):
                size = frame(self.now)
                if size:
                    budget = self.pace.budget()
                    self.send(size if budget is None else min(size, budget))


@pytest.mark.parametrize(("rate", "rtt"), [(5_000, 0.0), (10_000, 0.0), (10_000, 0.15), (50_000, 0.0), (50_000, 0.15), (200_000, 0.05)])
def test_a_busy_link_stays_busy_and_its_queue_short(rate: float, rtt: float) -> None:
    wire = Wire(rate, rtt)
    wire.run(5.0, lambda _: 3_000)
    wire.worst_queue, wire.carried = 0.0, 0
    wire.run(20.0, lambda _: 3_000)
    assert wire.pace.state.mode is Mode.PACED
    assert wire.worst_queue < 0.35
    assert wire.carried > 0.6 * rate * 20
    measured = wire.pace.state.rate
    assert measured is not None
    assert 0.5 * rate < measured < 2 * rate


@pytest.mark.parametrize("rtt", [0.0, 0.001, 0.02])
def test_a_fast_link_is_never_cut_into_slices(rtt: float) -> None:
    wire = Wire(50_000_000, rtt)
    wire.run(5.0, lambda _: 3_000)
    assert wire.pace.budget() is None
    assert not wire.pace.state.poor
    assert wire.carried > 3_000 * 100


def test_a_terminal_that_never_answers_is_never_waited_for_and_soon_not_asked() -> None:
    wire = Wire(50_000, 0.0, lambda _: False)
    refused = 0
    asked = 0
    for tick in range(600):
        now = tick / 60
        if not wire.pace.ready(now):
            refused += 1
        elif any(wire.pace.sent(300, now, room=ROOM)):
            asked += 1
            last = now
    assert refused == 0
    assert wire.pace.state.mode is Mode.FREE
    assert last < 10
    assert wire.pace.wait(100.0) is None or wire.pace.ready(100.0)


def test_a_slow_start_is_not_taken_for_silence() -> None:
    """The first paint of a console over 5 KB/s takes longer than patience."""
    wire = Wire(5_000, 0.3)
    wire.send(14_000)
    wire.run(10.0, lambda _: 300)
    assert wire.pace.state.mode is Mode.PACED


def test_lost_answers_cost_a_moment_each_and_a_late_one_mends_all() -> None:
    wire = Wire(10_000, 0.05, lambda count: count % 5 != 0)
    wire.run(5.0, lambda _: 800)
    wire.carried = 0
    wire.run(30.0, lambda _: 800)
    assert wire.carried > 0.25 * 10_000 * 30
    assert wire.pace.state.mode is Mode.PACED


def test_answers_that_stop_midway_block_for_a_while_only() -> None:
    wire = Wire(10_000, 0.05, lambda count: count < 100)
    longest, since = 0.0, 0.0

    def frame(now: float) -> int:
        nonlocal longest, since
        longest, since = max(longest, now - since), now
        return 800

    wire.run(120.0, frame)
    assert longest < LONGEST + 1
    assert wire.pace.state.mode is Mode.FREE
    longest = 0.0
    wire.run(5.0, frame)
    assert longest < 0.1


def test_a_tunnel_does_not_fill_the_link_with_stale_frames() -> None:
    wire = Wire(10_000, 0.05)
    wire.run(10.0, lambda _: 800)
    begin = wire.carried
    wire.answers = lambda _: False
    wire.run(30.0, lambda _: 800)
    assert wire.carried - begin < 20_000


def test_they_come_back() -> None:
    wire = Wire(10_000, 0.05, lambda count: count < 50 or count > 90)
    wire.run(120.0, lambda _: 500)
    assert wire.pace.state.mode is Mode.PACED


def test_small_frames_are_not_asked_about_one_by_one() -> None:
    pace = Pace()
    before, behind = pace.sent(5_000, 0.0, room=ROOM)
    assert before is not None
    assert behind is not None
    pace.answered(before, 0.01)
    pace.answered(behind, 0.012)
    asked = [any(pace.sent(60, 1.0 + tick, room=ROOM)) for tick in range(12)]
    assert sum(asked) == 3


def test_an_answer_nobody_asked_for_changes_nothing() -> None:
    pace = Pace()
    assert not pace.answered(7, 0.0)
    assert pace.state.mode is Mode.TRYING


def test_unpaced_asks_nothing() -> None:
    pace = Pace(enabled=False)
    assert pace.sent(100_000, 0.0, room=ROOM) == (None, None)
    assert pace.ready(0.0)
