"""What a reply's headers say of time and budget: rate limits, Retry-After, the server's clock.

A server can write anything there; every value passes a sanity rule or is ignored. No waiting is done here.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Final

from tui.model import RateLimit

MAX_WAIT: Final = 3600.0
"""Seconds that a Retry-After is believed; a console that goes silent for longer is no console."""

_MOST: Final = 1_000_000
_FARTHEST_RESET: Final = timedelta(hours=2)
_DIGITS: Final = re.compile(r"[0-9]{1,18}")


def http_date(value: str | None) -> datetime | None:
    """An HTTP date as aware UTC, None where it is none."""
    if not value or len(value) > 64:
        return None
    try:
        parsed = parsedate_to_datetime(value)
    except (ValueError, IndexError, OverflowError):
        return None
    return parsed.replace(tzinfo=UTC) if parsed.tzinfo is None else parsed.astimezone(UTC)


def rate_limit(headers: Mapping[str, str], now: datetime) -> RateLimit | None:
    """The budget that ``X-RateLimit-*`` announce, None where they are absent or absurd. ``headers`` are lower-case.

    The reset is moved onto our clock by the reply's ``Date``; one further than two hours away is dropped.
    """
    limit = _count(headers.get("x-ratelimit-limit"))
    remaining = _count(headers.get("x-ratelimit-remaining"))
    if limit is None or remaining is None or limit == 0:
        return None
    return RateLimit(limit=limit, remaining=min(remaining, limit), reset_at=_reset(headers, now))


def retry_after(headers: Mapping[str, str], now: datetime) -> float | None:
    """Seconds to wait, from ``Retry-After`` (seconds or a date) or else the rate limit's reset; 0 to ``MAX_WAIT``, None if not said."""
    value = headers.get("retry-after", "").strip()
    if _DIGITS.fullmatch(value):
        return min(float(value), MAX_WAIT)
    when = http_date(value)
    if when is not None:
        server_now = http_date(headers.get("date")) or now
        wait = (when - server_now).total_seconds()
        return min(wait, MAX_WAIT) if wait >= 0 else None
    reset = _reset(headers, now)
    return None if reset is None else min(max(0.0, (reset - now).total_seconds()), MAX_WAIT)


def _count(value: str | None) -> int | None:
    text = (value or "").strip()
    if not _DIGITS.fullmatch(text):
        return None
    number = int(text)  # of what was looked at: not everything that strip takes away does int overlook
    return number if number <= _MOST else None


def _reset(headers: Mapping[str, str], now: datetime) -> datetime | None:
    value = headers.get("x-ratelimit-reset", "").strip()
    if not _DIGITS.fullmatch(value):
        return None
    try:
        said = datetime.fromtimestamp(int(value), UTC)
    except (ValueError, OverflowError, OSError):
        return None
    server_now = http_date(headers.get("date")) or now
    ahead = said - server_now
    return now + ahead if abs(ahead) <= _FARTHEST_RESET else None
