"""Times as people type them: how far back, and when. Pure."""

from __future__ import annotations

import re
from contextlib import suppress
from datetime import UTC, datetime, timedelta, tzinfo
from typing import Final

from tui.clock import length
from tui.tables import FilterError

SPANS: Final = ("1m", "5m", "15m", "1h", "all")
"""What is offered."""

EARLIEST: Final = datetime(1970, 1, 1, tzinfo=UTC)
"""Before this nothing was kept, and there is not always an hour earlier or a local time."""

_CLOCK: Final = re.compile(r"(?:(\d{4}-\d\d-\d\d)[ T])?(\d{1,2}):(\d\d)(?::(\d\d))?\s*(Z|UTC)?", re.IGNORECASE)


def span_of(text: str) -> timedelta | None:
    """``5m``, ``2h`` ...; None for ``all``. Raises ``tables.FilterError``."""
    said = text.strip().casefold()
    if said == "all":
        return None
    try:
        return length(said.removeprefix("-"))
    except ValueError:
        raise FilterError("write 1m, 5m, 15m, 1h ... or all") from None


def moment_of(text: str, now: datetime, zone: tzinfo | None) -> datetime:
    """``14:05``, ``14:05:30``, ``2026-05-04 14:05`` in ``zone`` (None: this machine's), with a Z in UTC, or ``-5m``. A time of day that
    is still to come was yesterday. Raises ``tables.FilterError``."""
    try:
        when = _moment(text.strip(), now, zone)
        if when < EARLIEST:
            raise ValueError
    except (ValueError, OverflowError):
        raise FilterError("write 14:05, 14:05:30, 2026-05-04 14:05 or -5m") from None
    return when


def _moment(said: str, now: datetime, zone: tzinfo | None) -> datetime:
    with suppress(ValueError):
        return now - length(said.removeprefix("-"))
    found = _CLOCK.fullmatch(said)
    if found is None:
        raise ValueError
    day, hour, minute, second, utc = found.groups()
    where = UTC if utc else zone
    here = now.astimezone(where).replace(tzinfo=None)
    when = datetime.fromisoformat(day) if day else here
    when = when.replace(hour=int(hour), minute=int(minute), second=int(second or 0), microsecond=0)
    if not day and when > here:
        when -= timedelta(days=1)
    # By the clock of that day: it may have been changed since.
    return (when.replace(tzinfo=where) if where is not None else when).astimezone(UTC)
