"""Forgetting what is old or too much, in slices so small that nobody notices. What is still open is never forgotten."""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from tui.local.journal.records import to_ms

DAYS: Final = 90
MEGABYTES: Final = 256
SLICE: Final = 500
"""Rows of one transaction."""

_OLD: Final = (
    "DELETE FROM events WHERE id IN (SELECT id FROM events WHERE seen < ? ORDER BY id LIMIT ?)",
    "DELETE FROM intents WHERE id IN (SELECT id FROM intents WHERE open = 0 AND at < ? ORDER BY id LIMIT ?)",
    "DELETE FROM rollouts WHERE (context, connection, id) IN (SELECT context, connection, id FROM rollouts WHERE at < ? LIMIT ?)",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Pruning:
    """Everything before ``now`` minus ``days`` goes, and the oldest events while the file holds more than ``megabytes``."""

    now: datetime
    days: float = DAYS
    megabytes: float = MEGABYTES

    def slice(self, connection: sqlite3.Connection) -> bool:
        """Forget one slice, inside a transaction; whether there may be more."""
        before = to_ms(self.now - timedelta(days=self.days))
        for statement in _OLD:
            if connection.execute(statement, (before, SLICE)).rowcount:
                return True
        if _used(connection) > self.megabytes * (1 << 20):
            oldest = "DELETE FROM events WHERE id IN (SELECT id FROM events ORDER BY id LIMIT ?)"
            return connection.execute(oldest, (SLICE,)).rowcount > 0
        return False

    def give_back(self, connection: sqlite3.Connection) -> None:
        """Return some free pages to the disk, outside a transaction."""
        # A script, because a single statement without columns is stepped only once, which frees a single page.
        connection.executescript("PRAGMA incremental_vacuum(256);")

    def finish(self, connection: sqlite3.Connection) -> None:
        """Let the file itself become smaller, as far as nobody is reading what was forgotten."""
        connection.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchall()


def _used(connection: sqlite3.Connection) -> int:
    (size,), (count,), (free,) = (connection.execute(f"PRAGMA {name}").fetchone() for name in ("page_size", "page_count", "freelist_count"))
    return int(size) * (int(count) - int(free))
