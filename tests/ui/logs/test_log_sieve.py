"""Many lines asked at once: the same come out as one by one, whatever is asked of whatever text."""

from __future__ import annotations

import re
import sys
import time

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from tui.model import LogLine
from tui.tables import FilterError
from tui.text import Safe
from tui.ui.logs.expressions import fold, held, reach
from tui.ui.logs.query import expression, parse_query
from tui.ui.logs.sieve import Errors
from tui.ui.widgets.log_buffer import Entry, LogBuffer
from tui.ui.widgets.log_levels import Level, level_of
from tui.ui.widgets.log_window import LogWindow

TEXTS = (
    "GET /v1/basket 200 in 12 ms",
    "TIMEOUT after 5s to db-1",
    "Kelvin \u212a and \u017ftra\u00dfe \u0130stanbul \u0131",
    '{"level":"error","msg":"no answer"}',
    '{"level":50,"msg":"40 of 60"}',
    "lvl=warn msg=slow",
    "E0504 12:00:07.250 boom",
    "WARN: disk",
    "two\nlines at once",
    "",
)
LINES = st.builds(
    LogLine,
    text=st.sampled_from(TEXTS).map(Safe) | st.text(alphabet="abAB \n\u0130\u0131\u017f", max_size=8).map(Safe),
    level=st.sampled_from(["", "info", "ERROR", "odd", "alert"]).map(Safe),
    source=st.sampled_from(["", "Kernel"]).map(Safe),
)
ASKED = (
    "timeout",
    "e !r",
    "!get",
    "level:error",
    "level:warn !50",
    "kernel",
    "error",
    "i",
    "service:a",
    "!service:b b",
    "~(timeout|basket)",
    "~GET",
    "~k.*ı",
    "!~\\d{3}",
    "/b(a|ask)/ a",
    "~^two",
    "~s lines",
    "two !~^lines",
)


@given(st.lists(st.tuples(st.sampled_from("ab"), LINES, st.integers(0, 20)), max_size=12), st.sampled_from(ASKED))
@settings(max_examples=100)
@example([("a", LogLine(text=Safe("ſ two\nlines")), 0)], "~s .two\nlines")
def test_asked_at_once_is_as_asked_one_by_one(lines: list[tuple[str, LogLine, int]], asked: str) -> None:
    wanted = parse_query(asked).wanted(str)
    assert wanted is not None
    buffer = LogBuffer()
    for source, line, odd in lines:
        buffer.append(source, [line], note=odd == 7)
    found = buffer.matching(wanted, buffer.start, buffer.end)
    assert found == buffer.matching(lambda entry: wanted(entry), buffer.start, buffer.end)


@given(st.lists(st.tuples(st.sampled_from(TEXTS), st.sampled_from(["", "odd", "info", "fatal"])), max_size=8), st.sampled_from(Level))
def test_a_level_is_found_however_it_is_named(lines: list[tuple[str, str]], least: Level) -> None:
    wanted = parse_query("").wanted(str, least)
    made = [LogLine(text=Safe(text), level=Safe(level)) for text, level in lines]
    expected = [at for at, line in enumerate(made) if level_of(line.level, line.text) >= least]
    assert wanted is None or wanted.sift(["a"] * len(made), made) == expected


@pytest.mark.parametrize(
    ("pattern", "first", "others"),
    [
        ("timeout", ("timeout",), ()),
        ("(expired|token) .*9[13] ms", ("expired", "token"), ()),
        ("(expired|token) .*9[13].* ms", ("expired", "token"), ((" ms",), (" ",), ("9",))),
        ("fo+bar", ("bar",), ()),
        ("(?:x|yy)+z.*.*", (), (("x", "yy"), ("z",))),
        ("(abc)?de", ("de",), ()),
        ("Ab.*C\\S+D", ("ab",), (("c",), ("d",))),
        ("\\d{3}", (), ()),
        ("a|b|", (), ()),
        ("(?=abc)..", (), ()),
        ("(?i:ABC)d", ("abc",), ()),
        ("(?x) a b c # d", ("abc",), ()),
        ("|".join(letter + "xyz" for letter in "abcdefghi"), (), ()),
        ("(?P<a>no) (?P=a)x", ("no",), ()),
    ],
)
def test_what_a_match_must_hold(pattern: str, first: tuple[str, ...], others: tuple[tuple[str, ...], ...]) -> None:
    assert held(re.compile(pattern)) == (first, others)


@pytest.mark.parametrize(
    ("pattern", "characters"),
    [
        ("a.*b.*c", 4_096),
        (".*took (\\S+) (\\S+)", 4_096),
        ("\\s*\\w+\\s+\\w+", 4_096),
        (".*\\d+ms", 4_096),
        (".*.*x", 500),
        ("(\\w+)\\s*(\\w+)x", 500),
        ("x|[^a]*\\S*$", 500),
        ("\\S+?\\S+\\b\\S+x", 150),
    ],
)
def test_repeats_that_could_take_for_ever_are_given_less_to_look_at(pattern: str, characters: int) -> None:
    assert reach(re.compile(pattern)) == characters
    made = parse_query(f'~"{pattern}"').wanted(str)
    assert made is not None
    begin = time.process_time()
    made.sift(["a"], [LogLine(text=Safe("a" * 4_096))])
    assert time.process_time() - begin < 0.5


def test_whatever_an_expression_takes_for_the_same_folds_to_the_same() -> None:
    """Otherwise a line that matches would be left out because it does not hold the text that was looked for first."""
    letters = [chr(code) for code in range(sys.maxunicode) if chr(code).isalpha() and chr(code).lower() != chr(code).upper()]
    plain = "".join(letters)
    for letter in {each for each in letters if each.isascii() or len(fold(each)) != 1 or fold(each) not in {each, each.lower()}}:
        for other in re.findall(re.escape(letter), plain, re.IGNORECASE):
            assert fold(other) == fold(letter), (letter, other)


@given(st.text(alphabet="abAB|()?+*.*.[]{}^$\\\\ıİs", max_size=12), st.text(alphabet="abABſıİ s", max_size=8))
@settings(max_examples=150)
@example("(?:)", "")
@example("i", "ı")
@example("[[a]", "[")
def test_a_line_that_matches_holds_what_was_told(pattern: str, text: str) -> None:
    try:
        made = expression(pattern)
    except FilterError:
        return
    first, others = held(made)
    if made.search(text):
        assert all(any(each in fold(text) for each in texts) for texts in (first, *others) if texts)


@given(
    st.lists(st.tuples(st.sampled_from("ab"), LINES, st.integers(0, 9)), max_size=12),
    st.sampled_from(["timeout", "level:error", "~^two", "", "i"]),
    st.integers(-2, 14),
    st.sampled_from([1, -1]),
    st.sampled_from([None, 1, 3]),
    st.booleans(),
)
def test_the_next_one_is_the_same_whether_many_are_asked_or_each(
    lines: list[tuple[str, LogLine, int]], asked: str, begin: int, step: int, most: int | None, runs: bool
) -> None:
    wanted = parse_query(asked).wanted(str) or Errors()
    buffer = LogBuffer()
    for source, line, odd in lines:
        buffer.append(source, [line], note=odd == 7)
    window = LogWindow(buffer, lambda entry: 1)
    found = window.find(wanted, begin, step, most, runs=runs)
    assert found == window.find(lambda entry: wanted(entry), begin, step, most, runs=runs)


def test_a_note_of_ours_is_always_shown() -> None:
    wanted = parse_query("nobody says this").wanted(str)
    assert wanted is not None
    buffer = LogBuffer()
    buffer.append("a", [LogLine(text=Safe("x"))])
    buffer.append("a", [LogLine(text=Safe("gap"))], note=True)
    assert buffer.matching(wanted, buffer.start, buffer.end) == [buffer.start + 1]
    assert not wanted(Entry("a", LogLine(text=Safe("x"))))
