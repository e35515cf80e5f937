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
    """Used from one thread. What is remembered is known at once and written soon; only the first question may wait for the disk, or for
    somebody else's question."""

    def __init__(self, writer: Writer, context: str, connection: str) -> None:
        self._writer = writer
        self._context = context
        self._connection = connection
        self._mine: dict[str, KnownRollout] = {}
        self._written: tuple[KnownRollout, ...] = ()
        self._seen: int | None = None
        self._anew = False
        self._known: tuple[KnownRollout, ...] | None = None

    def known(self) -> Sequence[KnownRollout]:
        """Newest first, those that other consoles remembered included."""
        news = self._writer.read(self._look, None, wait=self._seen is None)
        if news is not None:
            self._seen, self._written = news
            self._anew, self._known = False, None
        if self._known is None:
            together = {each.id: each for each in self._written} | self._mine
            self._known = tuple(sorted(together.values(), key=lambda each: (each.at, each.id), reverse=True)[:MOST])
        return self._known

    def _look(self, connection: sqlite3.Connection) -> tuple[int, tuple[KnownRollout, ...]] | None:
        """The file's version and what stands there; None while nobody has written to it. Of what we wrote ourselves the version tells
        nothing where reader and writer are one."""
        (version,) = connection.execute("PRAGMA data_version").fetchone()
        if version == self._seen and not self._anew:
            return None
        return int(version), rollouts(connection, self._context, self._connection, MOST)

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
        self._anew, self._known = True, None
        words = (self._context, self._connection, mine.id, mine.app, mine.environment, mine.target, mine.by)
        self._writer.post(lambda: [(_REMEMBER, (*words, to_ms(mine.at), mine.snapshot_json))])
