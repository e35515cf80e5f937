"""The rollouts of one connection, for a platform that has no list of them: what was triggered or adopted here, with the last reply."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from typing import Final

from tui.local.journal.reading import rollouts
from tui.local.journal.records import to_ms
from tui.local.journal.writer import Writer
from tui.model import KnownRollout

MOST: Final = 200
"""Rollouts that are remembered here; older ones stay in the journal."""

_REMEMBER: Final = """
    INSERT INTO rollouts (context, connection, id, app, environment, target, by, at, snapshot) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)
    ON CONFLICT (context, connection, id) DO UPDATE SET snapshot = excluded.snapshot
"""


class Rollouts:
    """Used from one thread, never waits: what is remembered is known at once and written soon."""

    def __init__(self, writer: Writer, context: str, connection: str) -> None:
        self._writer = writer
        self._context = context
        self._connection = connection
        self._mine: dict[str, KnownRollout] = {}
        self._known: tuple[KnownRollout, ...] = ()
        self._version: int | None = None

    def known(self) -> Sequence[KnownRollout]:
        """Newest first, those that other consoles remembered included."""
        version = self._writer.read(_version, None)
        if version is None or version != self._version:
            of, context = self._connection, self._context
            none: tuple[KnownRollout, ...] = ()
            written = self._writer.read(lambda connection: rollouts(connection, context, of, MOST), none)
            together = {each.id: each for each in written} | self._mine
            self._known = tuple(sorted(together.values(), key=lambda each: (each.at, each.id), reverse=True)[:MOST])
            self._version = version
        return self._known

    def remember(self, rollout: KnownRollout, snapshot: str) -> None:
        """Keep a rollout with the JSON text of its newest reply (empty for none)."""
        mine = KnownRollout(
            id=rollout.id,
            app=rollout.app,
            environment=rollout.environment,
            target=rollout.target,
            by=rollout.by,
            at=rollout.at,
            snapshot_json=snapshot or None,
        )
        self._mine.pop(mine.id, None)
        self._mine[mine.id] = mine
        while len(self._mine) > MOST:
            del self._mine[next(iter(self._mine))]
        self._version = None
        words = (self._context, self._connection, mine.id, mine.app, mine.environment, mine.target, mine.by)
        self._writer.post(lambda: [(_REMEMBER, (*words, to_ms(mine.at), mine.snapshot_json))])


def _version(connection: sqlite3.Connection) -> int | None:
    """Changes whenever somebody else wrote to the file; None where the reader is the writer and cannot tell."""
    (version,) = connection.execute("PRAGMA data_version").fetchone()
    return int(version)
