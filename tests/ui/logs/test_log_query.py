"""What a person types to see some lines only: words, expressions, levels, services, and what is wrong with it."""

from __future__ import annotations

import re
import time
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tui.model import LogLine
from tui.tables import FilterError
from tui.text import Safe
from tui.ui.logs.query import Query, parse_query, searched
from tui.ui.logs.times import moment_of, span_of
from tui.ui.widgets.log_buffer import Entry
from tui.ui.widgets.log_levels import Level

NOW = datetime(2026, 5, 4, 12, 30, tzinfo=UTC)


def fits(query: str, text: str, level: str = "", source: str = "web-api") -> bool:
    wanted = parse_query(query).wanted(str)
    return wanted is None or wanted(Entry(source, LogLine(level=Safe(level), text=Safe(text))))


@pytest.mark.parametrize(
    ("query", "text", "level", "shown"),
    [
        ("timeout DB", "db: Timeout after 5s", "", True),
        ("timeout db", "timeout", "", False),
        ('"out after"', "timed out after 5s", "", True),
        ('"after out"', "timed out after 5s", "", False),
        ("!health", "GET /health 200", "", False),
        ("!health", "GET /basket 200", "", True),
        ("/v1/basket", "GET /v1/basket", "", True),
        ("~time(d|s).out", "timed out", "", True),
        ("~^timed", "it timed out", "", False),
        ('~"out after \\d+s"', "timed out after 5s", "", True),
        ("/d o.t/ after", "timed out after", "", True),
        ("!/d o.t/", "timed out after", "", False),
        ("/v1/ x", "get v1/ x", "", True),
        ("/v1/b a/", "get /v1/b a/", "", True),
        ("!~\\d{3}", "status 200", "", False),
        ("!~\\d{3}", "no status", "", True),
        ("/(\\d+\\.){3}\\d+/", "from 203.0.113.7", "", True),
        ("~TIMED", "timed out", "", False),
        ("~[[t]im", "timed out", "", True),
        ("level:warn", "x", "warn", True),
        ("level:warn", "x", "error", True),
        ("level:warn", "x", "info", False),
        ("level:err", "level=fatal msg=x", "", True),
        ("error", "x", "error", True),
        ("key:value", "key:value", "", True),
        ("service:web", "x", "", True),
        ("service:work", "x", "", False),
        ("!service:web", "x", "", False),
        ("error !gone", "x", "error", True),
        ("error !gone", "x gone", "error", False),
        ("", "x", "", True),
    ],
)
def test_what_is_shown(query: str, text: str, level: str, shown: bool) -> None:
    assert fits(query, text, level) is shown


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ("~time(d", "no regular expression: missing ), unterminated subpattern at character 5"),
        ("~(?a)(?u)x", "no regular expression: ASCII and UNICODE flags are incompatible"),
        ("~", "write the regular expression right after the ~"),
        ("!", "write the word to leave out right after the !"),
        ("level:loud", "level: debug, info, warn, error or fatal; it and worse is shown"),
        ("!level:warn", "level: debug, info, warn, error or fatal; it and worse is shown"),
        ("service:", "write the name of a service right after service:"),
        ("~(a+)+$", "a repeat within a repeat could take for ever: write it another way"),
        ("~((\\w+))+prod", "a repeat within a repeat could take for ever: write it another way"),
        ("/((\\w+ )?\\w+)+prod/", "a repeat within a repeat could take for ever: write it another way"),
        ("x" * 401, "a filter has at most 400 characters"),
    ],
)
def test_what_makes_no_sense_says_what_to_write(query: str, said: str) -> None:
    with pytest.raises(FilterError) as failed:
        parse_query(query)
    assert str(failed.value) == said


@given(st.text(max_size=60))
def test_anything_typed_is_a_query_or_an_error_of_ours(text: str) -> None:
    try:
        query = parse_query(text)
    except FilterError:
        return
    wanted = query.wanted(str)
    assert wanted is None or wanted(Entry("a", LogLine(text=Safe("some text")))) in {True, False}
    assert query == parse_query(text)
    assert query.pattern is None or query.pattern.flags


def test_an_empty_query_wants_everything_and_a_level_can_be_asked_for_beside_it() -> None:
    assert not Query()
    assert Query().wanted(str) is None
    wanted = parse_query("db").wanted(str, Level.ERROR)
    assert wanted is not None
    assert wanted(Entry("a", LogLine(level=Safe("error"), text=Safe("db gone"))))
    assert not wanted(Entry("a", LogLine(level=Safe("info"), text=Safe("db gone"))))


def test_what_is_found_is_what_is_painted() -> None:
    pattern = parse_query("db ~time(d|s) !x").pattern
    assert pattern is not None
    assert [match.group() for match in pattern.finditer("DB times")] == ["DB", "times"]
    exact = parse_query("~Time x").pattern
    assert exact is not None
    assert [match.group() for match in exact.finditer("time X Time")] == ["X", "Time"]
    for beside in ("~(?P<a>x) ~(?P<a>y) db", "~(?i)X db", "db ~(?x:y)#"):
        painted = parse_query(beside).pattern
        assert painted is not None
        assert painted.search("DB")
    assert searched("a.b").pattern == re.escape("a.b")
    assert searched("~a.b").search("axb")


@pytest.mark.parametrize(
    ("text", "span"), [("1m", timedelta(minutes=1)), ("15m", timedelta(minutes=15)), ("1h", timedelta(hours=1)), ("all", None)]
)
def test_how_far_back(text: str, span: timedelta | None) -> None:
    assert span_of(text) == span


@pytest.mark.parametrize(
    ("text", "when"),
    [
        ("12:05", NOW.replace(minute=5)),
        ("12:05:30", NOW.replace(minute=5, second=30)),
        ("23:05", NOW.replace(hour=23, minute=5) - timedelta(days=1)),
        ("2026-05-01 09:00", NOW.replace(day=1, hour=9, minute=0)),
        ("-5m", NOW - timedelta(minutes=5)),
        ("9:00Z", NOW.replace(hour=9, minute=0)),
    ],
)
def test_when(text: str, when: datetime) -> None:
    assert moment_of(text, NOW, UTC) == when


@pytest.mark.parametrize(
    ("now", "text"),
    [
        (datetime(2026, 11, 29, 19, 0, tzinfo=UTC), "2026-10-20 14:05"),
        (datetime(2026, 10, 26, 1, 0, tzinfo=UTC), "2026-10-24 14:05"),
        (datetime(2026, 10, 25, 11, 0, tzinfo=UTC), "14:05"),
    ],
)
@pytest.mark.parametrize("zone", [None, ZoneInfo("Europe/Berlin")])
def test_a_time_before_the_clocks_were_changed_is_as_they_were_then(
    now: datetime, text: str, zone: ZoneInfo | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Who asked for 14:05 of a day in summer time was shown 15:05."""
    monkeypatch.setenv("TZ", "Europe/Berlin")
    time.tzset()
    found = moment_of(text, now, zone)
    assert f"{found.astimezone():%H:%M}" == "14:05"
    assert found.utcoffset() == timedelta(0), "an hour later is not an hour by a clock that is changed meanwhile"


@pytest.mark.parametrize("text", ["", "noon", "25:00", "12:61", "2026-13-01 12:00", "5x"])
def test_no_time(text: str) -> None:
    with pytest.raises(FilterError, match="write "):
        moment_of(text, NOW, UTC)
    with pytest.raises(FilterError, match="write 1m"):
        span_of(text)


@pytest.mark.parametrize("text", ["0001-01-01 00:00Z", "99999w"])
def test_no_time_before_there_were_any(text: str) -> None:
    """An hour before the first one there is was looked for, and the console ended."""
    with pytest.raises(FilterError, match="write "):
        moment_of(text, NOW, UTC)
