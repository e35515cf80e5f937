"""Nothing lost, nothing doubled, every gap said: over thousands of random interruptions."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import timedelta
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.engine.fakes import START
from tui.engine import resume
from tui.engine.resume import Entry, Gap, Resume
from tui.engine.ring import Ring
from tui.model import LogLine
from tui.text import Safe

TEXTS = ("ok", "ok", "ping", "timeout", "retrying")


def _line(milliseconds: int, text: str, source: str = "") -> LogLine:
    return LogLine(at=START + timedelta(milliseconds=milliseconds), text=Safe(text), source=Safe(source))


def _log(random: Random, count: int, late: int = 20) -> list[LogLine]:
    """Lines as a server gets them: many in the same millisecond, many with the same text, some a little late."""
    now, lines = 0, []
    for _ in range(count):
        now += random.choice((0, 0, 0, 1, 5, 400, 9_000))
        lines.append(_line(now - random.choice((0, 0, 0, late)), random.choice(TEXTS)))
    return lines


def _shown(entries: Sequence[Entry]) -> Counter[tuple[object, str]]:
    return Counter((entry.at, entry.text) for entry in entries if isinstance(entry, LogLine))


def _batches(random: Random, lines: Sequence[LogLine]) -> list[list[LogLine]]:
    found, start = [], 0
    while start < len(lines):
        size = random.randint(1, 12)
        found.append(list(lines[start : start + size]))
        start += size
    return found


def test_three_thousand_cut_schedules_lose_nothing_and_double_nothing() -> None:
    random = Random(7)  # noqa: S311
    lost = doubled = gaps = cuts = 0
    for _ in range(3000):
        log = _log(random, random.randint(5, 60))
        ends = sorted(random.sample(range(len(log) + 1), random.randint(1, 5)))
        goes_on, shown, before = Resume(), list[Entry](), 0
        for end in [*ends, len(log)]:
            goes_on.begin()
            since = goes_on.since
            # The server replays by time what it has by now, then goes on as lines arrive; every opening but the last is cut somewhere.
            have = log[: random.randint(before, end)]
            replay = sorted((line for line in have if since is None or line.at is None or line.at >= since), key=lambda line: str(line.at))
            sent = [*replay, *log[len(have) : end]]
            if end < len(log):
                sent = sent[: random.randint(0, len(sent))]
            for batch in _batches(random, sent):
                shown.extend(goes_on.sift(batch))
            before = end
            cuts += 1
        difference = _shown(log)
        difference.subtract(_shown(shown))
        lost += sum(count for count in difference.values() if count > 0)
        doubled -= sum(count for count in difference.values() if count < 0)
        gaps += sum(isinstance(entry, Gap) for entry in shown)
    assert (lost, doubled, gaps) == (0, 0, 0)
    assert cuts > 6000


def test_without_any_overlap_lines_would_be_lost(monkeypatch: pytest.MonkeyPatch) -> None:
    """The test above can fail: with no overlap it does."""
    monkeypatch.setattr(resume, "OVERLAP", timedelta(0))
    goes_on = Resume()
    goes_on.sift([_line(100, "a")])
    goes_on.begin()
    log = [_line(90, "late"), _line(100, "a"), _line(100, "b")]
    replay = [line for line in log if line.at is not None and goes_on.since is not None and line.at >= goes_on.since]
    assert [str(entry.text) for entry in goes_on.sift(replay) if isinstance(entry, LogLine)] == ["b"]


def test_equal_lines_stay_as_many_as_they_are() -> None:
    goes_on = Resume()
    goes_on.sift([_line(1, "ok"), _line(1, "ok")])
    goes_on.begin()
    assert goes_on.sift([_line(1, "ok"), _line(1, "ok"), _line(1, "ok")]) == [_line(1, "ok")]


def test_a_server_that_forgot_leaves_an_exact_gap() -> None:
    goes_on = Resume()
    goes_on.sift([_line(0, "a"), _line(1000, "b")])
    goes_on.begin()
    gap, line = goes_on.sift([_line(193_500, "c")])
    assert gap == Gap(seconds=192.5, at=START + timedelta(milliseconds=193_500))
    assert str(gap) == "── gap of 3m12: lines may be missing ──"
    assert line == _line(193_500, "c")
    goes_on.begin()
    assert goes_on.sift([_line(193_500, "c"), _line(200_000, "d")]) == [_line(200_000, "d")]


def test_a_line_from_tomorrow_hides_nothing_of_today() -> None:
    now = START + timedelta(seconds=20)
    goes_on = Resume(lambda: now)
    tomorrow = _line(86_400_000, "a clock that is wrong")
    before = [_line(18_000, "one"), tomorrow, _line(19_000, "two")]
    goes_on.begin()
    assert goes_on.sift(before) == before
    assert goes_on.since == now - resume.OVERLAP
    later = [_line(21_000, "three"), _line(40_000, "four")]
    goes_on.begin()
    assert goes_on.sift([*before, *later[:1]]) == later[:1]
    assert goes_on.sift(later[1:]) == later[1:]
    goes_on.begin()
    assert goes_on.sift([tomorrow]) == []
    now += timedelta(seconds=60)
    goes_on.begin()
    gap, line = goes_on.sift([_line(90_000, "five")])
    assert gap == Gap(seconds=10.0, at=START + timedelta(seconds=90))
    assert line == _line(90_000, "five")


def test_silence_is_no_gap() -> None:
    goes_on = Resume()
    goes_on.sift([_line(0, "a")])
    for _ in range(3):
        goes_on.begin()
        assert list(goes_on.sift([_line(0, "a")])) == []
    goes_on.begin()
    assert goes_on.sift([_line(0, "a"), _line(3_600_000, "b")]) == [_line(3_600_000, "b")]


def test_a_replay_by_tail_is_understood_too() -> None:
    """A server that cannot start at a time sends its last lines, from long before the overlap."""
    log = [_line(number * 1000, f"line {number}") for number in range(300)]
    goes_on = Resume()
    goes_on.sift(log[:200])
    goes_on.begin()
    assert list(goes_on.sift(log[50:250])) == log[200:250]
    goes_on.begin()
    gap, *rest = goes_on.sift(log[280:])
    assert gap == Gap(seconds=31.0, at=log[280].at)
    assert rest == log[280:]


def test_after_the_overlap_lines_pass_untouched() -> None:
    goes_on = Resume()
    goes_on.sift([_line(0, "a")])
    goes_on.begin()
    goes_on.sift([_line(0, "a"), _line(6000, "b")])
    batch = (_line(7000, "a"), _line(7000, "a"))
    assert goes_on.sift(batch) is batch


def test_more_lines_than_can_be_remembered_are_not_doubled() -> None:
    log = [_line(number // 100, f"line {number}") for number in range(30_000)]
    goes_on = Resume()
    for start in range(0, len(log), 1000):
        goes_on.sift(log[start : start + 1000])
    goes_on.begin()
    new = _line(301, "new")
    assert list(goes_on.sift([*log, new])) == [new]


def _plain(*texts: str) -> list[LogLine]:
    return [LogLine(text=Safe(text)) for text in texts]


def test_lines_without_times_go_on_where_the_replay_leaves_what_was_shown() -> None:
    goes_on = Resume()
    goes_on.sift(_plain("a", "b", "a", "c"))
    goes_on.begin()
    assert goes_on.since is None
    assert list(goes_on.sift(_plain("b", "a"))) == []
    assert goes_on.holding
    assert list(goes_on.sift(_plain("c", "a", "d"))) == _plain("a", "d")
    assert not goes_on.holding


def test_lines_without_times_and_without_anything_in_common_show_a_gap() -> None:
    goes_on = Resume()
    goes_on.sift(_plain("a", "b"))
    goes_on.begin()
    assert list(goes_on.sift(_plain("x", "y"))) == [Gap(), *_plain("x", "y")]
    goes_on.begin()
    assert list(goes_on.sift(_plain("x"))) == []
    assert list(goes_on.sift([])) == [Gap(), *_plain("x")]


@settings(max_examples=300)
@given(st.lists(st.integers(0, 10_000), unique=True, min_size=1, max_size=40), st.data())
def test_lines_without_times_that_differ_are_neither_lost_nor_doubled(numbers: list[int], data: st.DataObject) -> None:
    log = _plain(*map(str, numbers))
    cut = data.draw(st.integers(1, len(log)))
    tail = data.draw(st.integers(0, cut - 1))
    goes_on = Resume()
    shown = [*goes_on.sift(log[:cut])]
    goes_on.begin()
    for line in log[tail:]:
        shown.extend(goes_on.sift([line]))
    shown.extend(goes_on.sift([]))
    assert shown == log


@settings(max_examples=200)
@given(st.integers(1, 20), st.lists(st.one_of(st.lists(st.integers(), max_size=30), st.integers(0, 10)), max_size=30))
def test_a_ring_keeps_the_newest_and_counts_the_rest(capacity: int, steps: list[list[int] | int]) -> None:
    ring: Ring[int] = Ring(capacity)
    model: list[int] = []
    total = 0
    for step in steps:
        if isinstance(step, int):
            ring.forget(step)
            model = model[step:]
        else:
            ring.extend(step)
            total += len(step)
            model = (model + step)[-capacity:]
        assert list(ring) == model == ring[:]
        assert ring.dropped + len(ring) == total
        assert ring[3:7] == model[3:7]
        assert ring[::-1] == model[::-1]
        if model:
            assert (ring[0], ring[-1]) == (model[0], model[-1])
        with pytest.raises(IndexError):
            _ = ring[len(model)]
