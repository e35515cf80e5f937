"""The pieces of the log pane that know no widget: matches piece by piece, colours, fields, counts, files."""

from __future__ import annotations

import stat
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tui.errors import StorageError
from tui.local.exports import write_lines
from tui.model import LogLine
from tui.text import Safe, clean, escape
from tui.ui.logs.census import Census, bars
from tui.ui.logs.export import lines_of
from tui.ui.widgets.log_buffer import Entry, LogBuffer
from tui.ui.widgets.log_colours import tints
from tui.ui.widgets.log_fields import fields_of, message_first, time_of
from tui.ui.widgets.log_matches import LogMatches
from tui.ui.widgets.log_window import LogWindow

START = datetime(2026, 5, 4, 12, tzinfo=UTC)


def line(second: float | None, text: str = "", level: str = "") -> LogLine:
    at = None if second is None else START + timedelta(seconds=second)
    return LogLine(at=at, level=Safe(level), text=Safe(text or str(second)))


# Matches ----------------------------------------------------------------------------------------------------------------------

STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("come"), st.sampled_from("ab"), st.integers(1, 9), st.integers(-3, 3)),
        st.tuples(st.just("work"), st.sampled_from("ab"), st.integers(1, 3000), st.just(0)),
    ),
    max_size=30,
)


@given(STEPS, st.integers(0, 3), st.integers(0, 60))
@settings(max_examples=150)
def test_a_filter_that_works_piece_by_piece_finds_what_a_whole_look_finds(
    steps: list[tuple[str, str, int, int]], context: int, begin: int
) -> None:
    """Late lines, several sources, dropped lines, any order of work: once nothing is behind it is all there and nothing else."""

    def wanted(entry: Entry) -> bool:
        return int(float(entry.line.text)) % 7 == 0

    buffer = LogBuffer(limit=40, total=60)
    buffer.append("a", [line(second) for second in range(30)])
    window = LogWindow(buffer, lambda entry: 1)
    if begin % 2:
        window.pause(5)
    window.set_filter(wanted, context=context, budget=begin)
    now = 30
    for what, source, size, late in steps:
        if what == "come":
            buffer.append(source, [line(max(0, now + late + each)) for each in range(size)])
            now += size
        else:
            window.update(size)
    window.update()
    assert window.behind == 0
    entries = buffer.between(buffer.start, buffer.end)
    hits = {index for index, entry in enumerate(entries) if wanted(entry)}
    near = sorted({each for hit in hits for each in range(max(0, hit - context), min(len(entries), hit + context + 1))})
    assert [entry.line.text for entry in window.entries()] == [entries[index].line.text for index in near]


def test_a_piece_of_work_is_bounded_and_looks_near_the_eye_first() -> None:
    buffer = LogBuffer(limit=200_000, total=200_000)
    buffer.append("a", [line(second, f"line {second}") for second in range(100_000)])
    found = LogMatches(buffer, lambda entry: True, begin=buffer.end)
    found.work(1_500)
    assert found.shown[-1] == buffer.end - 1
    assert len(found.shown) == 1_500
    assert found.behind == 98_500


def test_context_grows_under_the_last_match_when_lines_come() -> None:
    buffer = LogBuffer()
    buffer.append("a", [line(second) for second in range(8)])
    window = LogWindow(buffer, lambda entry: 1)
    window.set_filter(lambda entry: entry.line.text == "7", context=2)
    buffer.append("a", [line(8)])
    window.update()
    buffer.append("a", [line(9), line(10)])
    window.update()
    assert [entry.line.text for entry in window.entries()] == ["5", "6", "7", "8", "9"]
    assert [window.is_context(position) for position in range(5, 10)] == [True, True, False, True, True]


def test_what_a_full_log_drops_is_forgotten_and_nothing_else_is_looked_at_again() -> None:
    buffer = LogBuffer(limit=20, total=100)
    buffer.append("a", [line(second) for second in range(20)])
    buffer.append("b", [line(second + 0.5, "hit" if second == 5 else "") for second in range(18)])
    asked: list[str] = []

    def wanted(entry: Entry) -> bool:
        asked.append(entry.line.text)
        return entry.line.text == "hit"

    window = LogWindow(buffer, lambda entry: 1)
    window.set_filter(wanted, context=2)
    assert [entry.line.text for entry in window.entries()] == ["4.5", "5", "hit", "6", "6.5"]
    asked.clear()
    buffer.append("a", [line(second) for second in range(20, 26)])
    window.update()
    assert buffer.dropped("a") == 6
    assert [entry.line.text for entry in window.entries()] == ["3.5", "4.5", "hit", "6", "6.5"]
    assert sorted(asked) == sorted(["0.5", "1.5", "2.5", "3.5", "4.5", *map(str, range(20, 26))])


# Colours ----------------------------------------------------------------------------------------------------------------------


def test_colours_are_read_as_tones_and_never_passed_on() -> None:
    raw = "\x1b[1;31mERROR\x1b[0m db \x1b[38;5;2mok\x1b[0m \x1b[33mslow"
    text = clean(raw, 500)
    assert text == "ERROR db ok slow"
    assert [(text[each.begin : each.end], each.tone) for each in tints(escape(raw), text)] == [
        ("ERROR", "strong+bad"),
        ("ok", "ok"),
        ("slow", "warn"),
    ]


def test_what_stands_before_the_first_colour_has_none() -> None:
    raw = "plain \x1b[31mred"
    text = clean(raw)
    assert [(text[each.begin : each.end], each.tone) for each in tints(escape(raw), text)] == [("red", "bad")]


@given(st.text(alphabet=st.sampled_from("ab\x1b[31;m0\\x]\x07é\u0301日"), max_size=60))
def test_any_text_has_tones_within_it_or_none(raw: str) -> None:
    text = clean(raw, 500)
    for each in tints(escape(raw), text):
        assert 0 <= each.begin < each.end <= len(text)


def test_a_text_that_does_not_fit_its_escaped_form_stays_plain() -> None:
    assert tints(escape("\x1b[31mno"), "yes") == ()
    assert tints("", "yes") == ()
    assert tints(escape("\x1b[31mx" * 5_000), "x" * 5_000) == ()


# Fields -----------------------------------------------------------------------------------------------------------------------


def test_json_and_logfmt_are_taken_apart() -> None:
    text = '{"level":"error","ts":1714824000,"msg":"no answer","peer":{"ip":"10.0.0.1"},"tries":3}'
    assert dict(fields_of(text))["peer"] == '{"ip": "10.0.0.1"}'
    assert message_first(text) == 'no answer  peer="{\\"ip\\": \\"10.0.0.1\\"}" tries=3'
    assert message_first('level=warn msg="no answer" tries=3 host=db-1') == "no answer  tries=3 host=db-1"
    assert message_first("GET /?a=1 200") == "GET /?a=1 200"
    assert fields_of("{broken") == ()
    assert fields_of("[" * 10_000) == ()


@pytest.mark.parametrize(
    ("text", "when"),
    [
        ("2026-05-04T12:00:07.250Z web up", START.replace(second=7, microsecond=250_000)),
        ("2026-05-04 14:00:07,250 +0200 up", START.replace(second=7, microsecond=250_000)),
        ("[2026-05-04 12:00:07] up", START.replace(second=7)),
        ('10.0.0.1 - - [04/May/2026:12:00:07 +0000] "GET /"', START.replace(second=7)),
        ('{"ts":1777896007,"msg":"up"}', START.replace(second=7)),
        ("time=1777896007250 msg=up", START.replace(second=7, microsecond=250_000)),
        ("2026-15-04T12:00:07Z no month", None),
        ("nothing here", None),
    ],
)
def test_a_line_tells_its_own_time(text: str, when: datetime | None) -> None:
    assert time_of(text) == when


# Counts -----------------------------------------------------------------------------------------------------------------------


def test_lines_and_errors_are_counted_by_minute_a_little_at_a_time() -> None:
    census = Census()
    census.add("a", [line(second, level="error" if second % 10 == 0 else "info") for second in range(180)])
    census.work(100)
    assert census.waiting == 80
    census.work(100)
    assert census.minutes(START + timedelta(seconds=179), 4) == [(0, 0), (60, 6), (60, 6), (60, 6)]
    assert census.patterns("a").top(1)[0].count == 180
    assert census.since("a") == START
    census.add("b", [line(100)])
    census.work()
    now = START + timedelta(seconds=179)
    assert [census.unknown(sources, now, 4) for sources in (("a",), ("a", "b"), ("c",))] == [1, 2, 4]


def test_what_comes_too_fast_is_left_out_and_told() -> None:
    census = Census()
    for _ in range(60):
        census.add("a", [line(1)] * 1_000)
    assert census.waiting == 50_000
    assert census.skipped == 10_000
    census.forget()
    assert census.waiting == census.skipped == 0


def test_bars_tell_nothing_from_little() -> None:
    assert bars([0, 1, 8, 16]) == " ▁▄█"
    assert bars([]) == ""
    assert bars([9, 9, 0, 1], unknown=2) == "·· █"


# Files ------------------------------------------------------------------------------------------------------------------------


def test_lines_are_written_for_the_users_eyes_only_and_never_over_anything(tmp_path: Path) -> None:
    path = tmp_path / "web.log"
    assert write_lines(path, ["one", "zwei ü"]) == path
    assert path.read_text(encoding="utf-8") == "one\nzwei ü\n"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    with pytest.raises(StorageError, match="exists already"):
        write_lines(path, ["other"])
    dangling = tmp_path / "link"
    dangling.symlink_to(tmp_path / "elsewhere")
    with pytest.raises(StorageError, match="exists already"):
        write_lines(dangling, ["x"])
    with pytest.raises(StorageError, match="cannot be written"):
        write_lines(tmp_path / "no" / "folder", ["x"])
    assert path.read_text(encoding="utf-8") == "one\nzwei ü\n"


def test_lines_as_text_say_what_is_known() -> None:
    entries = [
        Entry("a", line(7.25, "boom", "error")),
        Entry("a", LogLine(text=Safe("── gap ──")), note=True),
        Entry("b", LogLine(text=Safe("x"), cut=9)),
    ]
    assert list(lines_of(entries, str, names=True)) == ["2026-05-04T12:00:07.250Z a error boom", "── gap ──", "b x …+9 bytes cut"]
