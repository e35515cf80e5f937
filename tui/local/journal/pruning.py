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
    "DELETE FROM watches WHERE id IN (SELECT id FROM watches WHERE ended < ? ORDER BY id LIMIT ?)",
)
# What was last known of a thing before the horizon is how it was at the horizon: it stays while the thing is there.
_SUPERSEDED: Final = """
    DELETE FROM bodies WHERE id IN (SELECT b.id FROM bodies b WHERE b.seen < ?1
    AND (b.body IS NULL OR EXISTS (SELECT 1 FROM bodies n WHERE n.thing = b.thing AND (n.seen, n.id) > (b.seen, b.id) AND n.seen < ?1))
    ORDER BY b.seen LIMIT ?2)
"""
_NAMELESS: Final = "DELETE FROM things WHERE NOT EXISTS (SELECT 1 FROM bodies WHERE thing = things.id)"


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
        if connection.execute(_SUPERSEDED, (before, SLICE)).rowcount:
            return True
        if _used(connection) > self.megabytes * (1 << 20):
            return self._oldest(connection)
        connection.execute(_NAMELESS)
        return False

    @staticmethod
    def _oldest(connection: sqlite3.Connection) -> bool:
        """Bodies first, since they are the most and the least missed; then events."""
        (end,) = connection.execute("SELECT max(seen) + 1 FROM (SELECT seen FROM bodies ORDER BY seen LIMIT ?)", (SLICE,)).fetchone()
        if end is not None and connection.execute(_SUPERSEDED, (end, SLICE)).rowcount:
            return True
        oldest = "DELETE FROM events WHERE id IN (SELECT id FROM events ORDER BY id LIMIT ?)"
        return connection.execute(oldest, (SLICE,)).rowcount > 0

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
