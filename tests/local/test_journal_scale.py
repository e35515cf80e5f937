"""A long history is no slower than a short one."""

from __future__ import annotations

import sqlite3
import time
from datetime import timedelta
from pathlib import Path

from tests.local.histories import START, Wall, event
from tui.local.journal import Journal
from tui.local.journal.database import Database
from tui.local.journal.records import INSERT_EVENT, event_row

DAYS = 89
PER_DAY = 1200


def test_questions_to_a_quarter_of_a_year(tmp_path: Path) -> None:
    path = tmp_path / "journal.sqlite"
    wall = Wall(START + timedelta(days=DAYS))
    Journal.open(path, context="prod", who="ana", now=wall).close()
    database = sqlite3.connect(path)
    step = 86400 // PER_DAY
    template = event_row(event(), "prod", str)
    start = template[1]
    rows = ((template[0], start + n * step * 1000, *template[2:6], f"svc-{n % 500}", *template[7:]) for n in range(DAYS * PER_DAY))
    database.executemany(INSERT_EVENT, rows)
    database.commit()
    database.close()

    took: dict[str, float] = {}
    before = time.perf_counter()
    journal = Journal.open(path, context="prod", who="ana", now=wall)
    took["open"] = time.perf_counter() - before
    for name, ask in {
        "last eight hours": lambda: journal.events(since=wall() - timedelta(hours=8)),
        "newest page": lambda: journal.events(limit=100),
        "one thing": lambda: journal.events(ref="fleet/service/svc-7", limit=100),
    }.items():
        before = time.perf_counter()
        assert len(ask()) >= 100
        took[name] = time.perf_counter() - before
    before = time.perf_counter()
    assert journal.durations("shop", "prod", "build") == ()
    took["durations"] = time.perf_counter() - before
    journal.close()
    assert took["open"] < 0.2, took
    assert max(took.values()) < 0.1 or took["open"] == max(took.values()), took


def test_what_is_kept_of_the_file_in_memory_does_not_grow_with_it(tmp_path: Path) -> None:
    database = Database(tmp_path / "journal.sqlite")
    try:
        sizes = [connection.execute("PRAGMA cache_size").fetchone()[0] for connection in (database.write, database._read)]
    finally:
        database.close()
    assert sizes == [-256, -256]
