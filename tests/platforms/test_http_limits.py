"""Rate limits, Retry-After and dates: what is absurd is ignored, what is skewed is corrected."""

from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.platforms.conftest import NOW
from tui.platforms.limits import MAX_WAIT, http_date, rate_limit, retry_after

T = int(NOW.timestamp())


def _date(seconds: float) -> str:
    return (NOW + timedelta(seconds=seconds)).strftime("%a, %d %b %Y %H:%M:%S GMT")


@pytest.mark.parametrize(
    ("limit", "remaining", "reset", "expected"),
    [
        ("1000", "999", str(T + 60), (1000, 999, 60)),
        ("1000", "0", str(T), (1000, 0, 0)),
        (" 1000 ", " 5", str(T - 5), (1000, 5, -5)),
        ("1000", "1001", "", (1000, 1000, None)),
        ("100", "50", "1640000000", (100, 50, None)),  # long ago
        ("100", "50", str(T + 7201), (100, 50, None)),
        ("100", "50", str((T + 60) * 1000), (100, 50, None)),  # milliseconds
        ("100", "50", "9" * 30, (100, 50, None)),
        ("100", "50", "NaN", (100, 50, None)),
        ("100", "50", "-1", (100, 50, None)),
        ("100", "50", "60, 61", (100, 50, None)),
        ("100", "50", "1e9", (100, 50, None)),
        ("0", "0", str(T), None),
        ("-1", "5", "", None),
        ("100", "-1", "", None),
        ("100", "NaN", "", None),
        ("100", "inf", "", None),
        ("100", "5.5", "", None),
        ("100", "", "", None),
        ("", "100", "", None),
        ("100", "9" * 31, "", None),
        ("1000001", "5", "", None),
        ("100", "5, 6", "", None),
        ("100", "٥", "", None),
        ("0x10", "5", "", None),
    ],
)
def test_the_rate_limit(limit: str, remaining: str, reset: str, expected: tuple[int, int, int | None] | None) -> None:
    headers = {"x-ratelimit-limit": limit, "x-ratelimit-remaining": remaining, "x-ratelimit-reset": reset}
    rate = rate_limit(headers, NOW)
    if expected is None:
        assert rate is None
        return
    assert rate is not None
    seconds = None if rate.reset_at is None else (rate.reset_at - NOW).total_seconds()
    assert (rate.limit, rate.remaining, seconds) == expected


@pytest.mark.parametrize("skew", [-86_400, -600, 0, 600, 86_400])
def test_a_skewed_server_clock_changes_nothing(skew: int) -> None:
    headers = {"x-ratelimit-limit": "9", "x-ratelimit-remaining": "1", "x-ratelimit-reset": str(T + skew + 30), "date": _date(skew)}
    rate = rate_limit(headers, NOW)
    assert rate is not None
    assert rate.reset_at == NOW + timedelta(seconds=30)
    assert retry_after(headers, NOW) == 30
    assert retry_after({"retry-after": _date(skew + 45), "date": _date(skew)}, NOW) == 45


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("0", 0.0),
        ("33", 33.0),
        (" 5 ", 5.0),
        ("3600", 3600.0),
        ("3601", MAX_WAIT),
        ("9" * 18, MAX_WAIT),
        ("9" * 400, None),
        ("-1", None),
        ("1.5", None),
        ("", None),
        ("soon", None),
        ("NaN", None),
        ("1e3", None),
        (_date(60), 60.0),
        (_date(-60), None),
        (_date(86_400), MAX_WAIT),
        ("Fri, 31 Dec 9999 23:59:59 GMT", MAX_WAIT),
        ("Fri, 31 Dec 99999 23:59:59 GMT", None),
        ("x" * 10_000, None),
        ("Wed, 02 Jan 2030 05:05:05 +0200", 60.0),
    ],
)
def test_retry_after(value: str, expected: float | None) -> None:
    assert retry_after({"retry-after": value}, NOW) == expected


def test_a_separator_behind_a_number_is_no_part_of_it() -> None:
    found = rate_limit({"x-ratelimit-limit": "10\x1f", "x-ratelimit-remaining": " 5\x1c"}, NOW)
    assert found is not None
    assert (found.limit, found.remaining) == (10, 5)


@given(st.text(max_size=80), st.text(max_size=80), st.text(max_size=80), st.text(max_size=80))
def test_no_header_can_crash_or_leave_the_bounds(limit: str, remaining: str, reset: str, wait: str) -> None:
    headers = {
        "x-ratelimit-limit": limit,
        "x-ratelimit-remaining": remaining,
        "x-ratelimit-reset": reset,
        "retry-after": wait,
        "date": wait,
    }
    rate = rate_limit(headers, NOW)
    assert rate is None or (0 <= rate.remaining <= rate.limit <= 1_000_000)
    seconds = retry_after(headers, NOW)
    assert seconds is None or 0 <= seconds <= MAX_WAIT


def test_dates() -> None:
    assert http_date("Wed, 02 Jan 2030 03:04:05 GMT") == NOW
    assert http_date("Wed, 02 Jan 2030 03:04:05 -0000") == NOW
    assert http_date(None) is None
    assert http_date("tomorrow") is None
