"""The ring and the window on it: bounds, order, and a place that holds while lines come and go."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from tui.model import LogLine
from tui.text import Safe
from tui.ui.widgets.log_buffer import Entry, LogBuffer
from tui.ui.widgets.log_levels import Level, level_of
from tui.ui.widgets.log_window import LogWindow

START = datetime(2026, 5, 4, 12, tzinfo=UTC)


def line(second: float | None, text: str = "") -> LogLine:
    return LogLine(at=None if second is None else START + timedelta(seconds=second), text=Safe(text or str(second)))


def texts(buffer: LogBuffer) -> list[str]:
    return [entry.line.text for entry in buffer.between(buffer.start, buffer.end)]


# The ring ---------------------------------------------------------------------------------------------------------------------


@given(st.lists(st.integers(0, 40), max_size=40), st.integers(1, 30))
def test_one_source_keeps_its_newest_lines_and_counts_the_others(batches: list[int], limit: int) -> None:
    buffer = LogBuffer(limit=limit)
    sent: list[str] = []
    for size in batches:
        batch = [line(len(sent) + at, str(len(sent) + at)) for at in range(size)]
        buffer.append("a", batch)
        sent += [each.text for each in batch]
        kept = texts(buffer)
        assert kept == sent[len(sent) - len(kept) :]
        assert min(limit, len(sent)) <= len(kept) <= max(limit + limit // 4, 1)
        assert buffer.dropped("a") == len(sent) - len(kept)
        assert buffer.arrived == len(sent)


@given(st.lists(st.tuples(st.sampled_from("abc"), st.integers(1, 6), st.floats(0, 3)), max_size=40))
@settings(max_examples=60)
def test_several_sources_are_in_order_of_time_and_each_in_its_own(batches: list[tuple[str, int, float]]) -> None:
    buffer = LogBuffer(limit=10_000)
    clocks = dict.fromkeys("abc", 0.0)
    for source, size, lateness in batches:
        batch = []
        for _ in range(size):
            clocks[source] += lateness / size
            batch.append(line(clocks[source]))
        buffer.append(source, batch)
    kept = buffer.between(buffer.start, buffer.end)
    stamps = [entry.line.at for entry in kept if entry.line.at]
    assert stamps == sorted(stamps)
    assert len(kept) == sum(size for _, size, _ in batches)


def test_a_loud_source_does_not_push_a_quiet_one_out() -> None:
    buffer = LogBuffer(limit=100)
    buffer.append("quiet", [line(0, "one"), line(1, "two")])
    for second in range(1_000):
        buffer.append("loud", [line(2 + second)])
    assert texts(buffer)[:2] == ["one", "two"]
    assert 100 <= buffer.count("loud") <= 125
    assert buffer.dropped("loud") == 1_000 - buffer.count("loud")
    assert buffer.dropped("quiet") == 0


def test_all_sources_together_stay_under_the_total() -> None:
    buffer = LogBuffer(limit=1_000, total=100)
    for second in range(1_000):
        buffer.append(second % 7, [line(second)])
    assert 100 <= len(buffer) <= 125
    assert buffer.dropped() == 1_000 - len(buffer)


def test_a_line_without_a_time_stays_behind_its_forerunner() -> None:
    buffer = LogBuffer()
    buffer.append("a", [line(1, "a1"), line(None, "a1 more"), line(5, "a5")])
    buffer.append("b", [line(2, "b2")])
    assert texts(buffer) == ["a1", "a1 more", "b2", "a5"]


def test_a_forgotten_source_is_gone_and_positions_hold() -> None:
    buffer = LogBuffer()
    buffer.append("a", [line(1), line(3)])
    buffer.append("b", [line(4, "b")])
    end = buffer.end
    buffer.forget("a")
    assert texts(buffer) == ["b"]
    assert (buffer.start, buffer.end) == (end - 1, end)


def test_the_place_of_a_time() -> None:
    buffer = LogBuffer()
    buffer.append("a", [line(second) for second in range(10)])
    assert buffer[buffer.at_time(START + timedelta(seconds=4))].line.text == "4"
    assert buffer.at_time(START + timedelta(seconds=99)) == buffer.end


# The window -------------------------------------------------------------------------------------------------------------------


def window(count: int, *, limit: int = 1_000, height: int = 1) -> tuple[LogBuffer, LogWindow]:
    buffer = LogBuffer(limit=limit)
    made = LogWindow(buffer, lambda entry: height)
    buffer.append("a", [line(second) for second in range(count)])
    made.update()
    return buffer, made


def seen(of: LogWindow, page: int = 5) -> list[str]:
    return [f"{each.entry.line.text}" + (f".{each.sub}" if each.sub else "") for each in of.visible(page)]


def test_following_shows_the_end_and_standing_still_does_not_move() -> None:
    buffer, shown = window(20)
    assert seen(shown) == ["15", "16", "17", "18", "19"]
    assert shown.move(-3, 5)
    assert seen(shown) == ["12", "13", "14", "15", "16"]
    buffer.append("a", [line(second) for second in range(20, 30)])
    shown.update()
    assert seen(shown) == ["12", "13", "14", "15", "16"]
    assert shown.unseen == 10
    shown.follow()
    assert seen(shown) == ["25", "26", "27", "28", "29"]
    assert shown.unseen == 0


def test_scrolling_stops_at_both_ends() -> None:
    _, shown = window(8)
    shown.move(-100, 5)
    assert seen(shown) == ["0", "1", "2", "3", "4"]
    assert not shown.move(-1, 5)
    shown.move(100, 5)
    assert seen(shown) == ["3", "4", "5", "6", "7"]
    assert not shown.following


def test_wrapped_records_scroll_by_their_lines() -> None:
    _, shown = window(4, height=3)
    assert seen(shown) == ["2.1", "2.2", "3", "3.1", "3.2"]
    shown.move(-1, 5)
    assert seen(shown) == ["2", "2.1", "2.2", "3", "3.1"]
    shown.move(-1, 5)
    assert seen(shown)[0] == "1.2"
    shown.move(2, 5)
    assert seen(shown)[0] == "2.1"


def test_lines_that_are_dropped_under_a_window_move_it_to_the_oldest() -> None:
    buffer, shown = window(20, limit=20)
    shown.first(5)
    buffer.append("a", [line(second) for second in range(20, 60)])
    shown.update()
    assert seen(shown)[0] == str(60 - len(buffer))
    assert shown.unseen == 40


def test_a_late_line_of_another_source_does_not_move_what_is_looked_at() -> None:
    buffer, shown = window(20)
    shown.move(-5, 5)
    before = seen(shown)
    buffer.append("b", [line(0.5, "late"), line(3.5, "late")])
    shown.update()
    assert seen(shown) == before


def test_a_filter_takes_in_what_comes_and_keeps_our_notes() -> None:
    buffer, shown = window(20)
    shown.set_filter(lambda entry: entry.line.text.endswith("5"))
    assert seen(shown) == ["5", "15"]
    buffer.append("a", [line(None, "gap")], note=True)
    buffer.append("a", [line(second) for second in range(20, 40)])
    shown.update()
    assert seen(shown) == ["5", "15", "gap", "25", "35"]
    shown.move(-1, 2)
    buffer.append("a", [line(45), line(46)])
    shown.update()
    assert shown.unseen == 1
    shown.set_filter(None)
    assert shown.count == 43


def test_a_filter_over_a_full_ring_lets_go_of_what_is_dropped() -> None:
    buffer, shown = window(100, limit=100)
    shown.set_filter(lambda entry: entry.line.text.endswith("0"))
    buffer.append("a", [line(second) for second in range(100, 400)])
    shown.update()
    assert seen(shown, 99) == [str(second) for second in range(int(texts(buffer)[0]), 400) if second % 10 == 0]


def test_finding_goes_both_ways() -> None:
    buffer, shown = window(50)

    def wanted(entry: Entry) -> bool:
        return entry.line.text.endswith("7")

    assert shown.find(wanted, 20, 1) == 27
    assert shown.find(wanted, 27, 1) == 37
    assert shown.find(wanted, 27, -1) == 17
    assert shown.find(wanted, 47, 1) is None
    shown.go_to(27, 5, above=2)
    assert seen(shown) == ["25", "26", "27", "28", "29"]
    assert buffer.arrived == 50


# Levels -----------------------------------------------------------------------------------------------------------------------


def test_levels_are_found_where_logs_put_them() -> None:
    for word, text, expected in (
        ("error", "anything", Level.ERROR),
        ("WARNING", "x", Level.WARN),
        ("", '{"ts":1,"level":"error","msg":"x"}', Level.ERROR),
        ("", '{"level":50,"msg":"x"}', Level.ERROR),
        ("", "ts=1 level=warn msg=x", Level.WARN),
        ("", "[INFO] started", Level.INFO),
        ("", "ERROR: nope", Level.ERROR),
        ("", "error: nope", Level.ERROR),
        ("", "2026-01-01 12:00:00 FATAL nope", Level.FATAL),
        ("", "E0504 12:00:00.000 1 main.go] nope", Level.ERROR),
        ("", "<crit> nope", Level.FATAL),
        ("", "no errors so far", Level.NONE),
        ("", "the information desk", Level.NONE),
        ("strange", "plain", Level.NONE),
        ("", "", Level.NONE),
    ):
        assert level_of(word, text) is expected, (word, text)


def test_a_late_batch_costs_the_same_however_much_is_kept() -> None:
    def cost(kept: int) -> float:
        buffer = LogBuffer(limit=1_000_000, total=1_000_000)
        buffer.append("a", [line(0)] * kept)
        begin = time.process_time()
        for number in range(200):
            buffer.append("a", [line(number)])
            buffer.append("b", [line(number - 0.5)])
        return time.process_time() - begin

    assert min(cost(200_000) for _ in range(3)) < 8 * min(cost(1_000) for _ in range(3))
