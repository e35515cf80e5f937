"""The same records and log lines for every contestant."""

from __future__ import annotations

import random
from collections.abc import Sequence
from datetime import datetime
from typing import overload

from tui.model import LogLine
from tui.text import Safe
from tui.ui.widgets.table_layout import ColumnSpec
from tui.ui.widgets.table_rows import Row, cell

COLUMNS = (
    ColumnSpec(id="name", title="NAME", low=14, high=24),
    ColumnSpec(id="health", title="HEALTH", low=10, high=10),
    ColumnSpec(id="status", title="STATUS", low=8, high=12),
    ColumnSpec(id="version", title="VERSION", low=7, high=10),
    ColumnSpec(id="cpu", title="CPU", low=4, high=4, right=True),
    ColumnSpec(id="mem", title="MEM", low=5, high=5, right=True),
    ColumnSpec(id="age", title="AGE", low=4, high=4, right=True),
)
TONES = {"● ok": "ok", "▲ degraded": "warn", "✗ failed": "bad"}
WORDS = ("upstream", "request", "served", "timed", "out", "after", "cache", "miss", "for", "user", "session", "token", "expired", "pool")

Record = tuple[str, ...]


def records(count: int, seed: int = 0) -> list[Record]:
    """Service-like records; the first field is the key."""
    chance = random.Random(seed)  # noqa: S311
    return [_record(number, chance) for number in range(count)]


def _record(number: int, chance: random.Random) -> Record:
    health = chance.choice(["● ok"] * 8 + ["▲ degraded", "✗ failed"])
    return (
        f"service-{number:05d}",
        health,
        "running",
        f"v{chance.randint(1, 40)}",
        f"{chance.randint(0, 99)}%",
        f"{chance.randint(10, 999)}M",
        f"{chance.randint(1, 60)}d",
    )


def changed(record: Record, chance: random.Random) -> Record:
    """The record with another load."""
    return (*record[:4], f"{chance.randint(0, 99)}%", *record[5:])


def row(record: Record) -> Row:
    return Row(record[0], (cell(record[0]), cell(record[1], TONES[record[1]]), *(cell(text) for text in record[2:])))


def rows(of: Sequence[Record]) -> tuple[Row, ...]:
    return tuple(map(row, of))


_CHANCE = random.Random(5)  # noqa: S311


@overload
def lines(count: int) -> list[str]: ...
@overload
def lines(count: int, at: datetime) -> list[LogLine]: ...
def lines(count: int, at: datetime | None = None) -> list[str] | list[LogLine]:
    """Log lines of about 60 characters: plain for the stock widgets, records for ours."""
    texts = [" ".join(_CHANCE.choices(WORDS, k=8)) for _ in range(count)]
    return texts if at is None else [LogLine(at=at, text=Safe(text)) for text in texts]
