"""A year of history answers as quickly as a day. Long to make, so outside the suite; the figures are printed with ``-s``."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tui.engine.ports import Event
from tui.engine.recall.past import read
from tui.engine.recall.usual import usual
from tui.local.journal import Journal
from tui.local.journal.records import INSERT_EVENT, event_row

START = datetime(2026, 1, 1, tzinfo=UTC)
DAYS = 365
PER_DAY = 1200


def _event(number: int) -> Event:
    at = START + timedelta(seconds=number * 86400 / PER_DAY)
    if number % 10 == 0:
        return Event(what="phase", ref=f"shop/rollout/r{number}", at=at, name="rollout", after="success", seconds=200.0, text="shop/prod")
    words = ("ok (running)", "failed (crashed)") if number % 2 else ("failed (crashed)", "ok (running)")
    service = f"svc-{number // 2 % 500}"
    return Event(what="transition", ref=f"fleet/service/{service}", at=at, name=service, before=words[0], after=words[1])


def _best(ask: Callable[[], object]) -> float:
    """Milliseconds of the best of three."""
    best = float("inf")
    for _ in range(3):
        begun = time.perf_counter()
        ask()
        best = min(best, time.perf_counter() - begun)
    return best * 1000


@pytest.mark.soak
@pytest.mark.timeout(300)
def test_a_year_of_history(tmp_path: Path) -> None:
    path = tmp_path / "journal.sqlite"
    end = START + timedelta(days=DAYS)
    # No console was open for a year: what is too old is forgotten little by little, while the questions are asked.
    Journal.open(path, context="prod", who="ana", now=lambda: end).close()
    database = sqlite3.connect(path)
    database.executemany(INSERT_EVENT, (event_row(_event(number), "prod", str) for number in range(DAYS * PER_DAY)))
    database.commit()
    database.close()
    begun = time.perf_counter()
    journal = Journal.open(path, context="prod", who="ana", now=lambda: end)
    took = {"open": (time.perf_counter() - begun) * 1000}
    shift, week = end - timedelta(hours=8), end - timedelta(days=7)
    took["digest of 8 h"] = _best(lambda: read(journal, shift, end).digest())
    took["digest of 7 d"] = _best(lambda: read(journal, week, end).digest())
    took["timeline of 8 h"] = _best(lambda: read(journal, shift, end).timeline())
    took["handoff of 8 h"] = _best(lambda: read(journal, shift, end).handoff("prod"))
    took["what is usual"] = _best(lambda: usual(journal.durations("shop", "prod", "rollout")))
    journal.close()
    print({name: f"{ms:.0f} ms" for name, ms in took.items()})
    assert took["open"] < 200, took
    assert took["digest of 8 h"] < 200, took
    assert took["timeline of 8 h"] < 100, took
