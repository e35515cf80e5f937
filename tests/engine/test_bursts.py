"""Bursts of errors in a log, by the times of its lines."""

from __future__ import annotations

from datetime import timedelta

from tests.engine.fakes import START, ref
from tui.engine.bursts import Bursts
from tui.engine.ports import Event
from tui.engine.recall.timeline import timeline

WEB = ref("web")


def test_a_burst_is_told_when_it_begins_and_when_it_is_over_and_never_in_its_words() -> None:
    told: list[Event] = []
    bursts = Bursts(told.append)

    def errors(*seconds: float) -> None:
        bursts.errors(WEB, "web", [START + timedelta(seconds=each) for each in seconds], START + timedelta(seconds=max(seconds)))

    errors(*range(0, 90, 10))
    assert told == [], "nine in eighty seconds are no burst"
    errors(*range(100, 110))
    errors(*range(110, 150, 2))
    assert [(each.ref, each.at, each.text, each.after) for each in told] == [
        (str(WEB), START + timedelta(seconds=105), "10 errors in 55s", "began")
    ]
    errors(*range(110, 150, 2))
    bursts.look(START + timedelta(seconds=200))
    assert len(told) == 1, "what is read again counts once, and it is not over yet"
    bursts.look(START + timedelta(seconds=300))
    assert [(each.at, each.text, each.after) for each in told[1:]] == [
        (START + timedelta(seconds=148), "35 errors in 1m38, then none", "over")
    ]
    bursts.look(START + timedelta(seconds=900))
    errors(2000)
    assert len(told) == 2
    assert [(each.lane, each.tone.value, each.wrong) for each in timeline(told)] == [("logs", "warn", True), ("logs", "idle", False)]


def test_old_lines_of_a_log_that_is_opened_are_no_burst_of_now() -> None:
    told: list[Event] = []
    bursts = Bursts(told.append)
    bursts.errors(WEB, "web", [START + timedelta(seconds=each) for each in range(40)], START + timedelta(hours=1))
    assert told == []
    for number in range(500):
        bursts.errors(ref(str(number)), "", [START], START)
    assert len(bursts._logs) == 200
