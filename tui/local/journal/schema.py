"""The tables of the journal and how an older one becomes a newer one. Only SQL; each step is applied once, whole or not at all.

Times are milliseconds since 1970 UTC. A thing is (connection, kind, thing); an edge has only its connection. ``context`` keeps
the histories of contexts apart that use the same names. A body is what was known of a thing, NULL once it was gone; a watch is a
stretch of time in which somebody looked; the subject of an intent tells two things apart that are made below one. No secret and no
variable's value has a column here.
"""

from __future__ import annotations

import sqlite3
from typing import Final

from tui.errors import StorageError

STEPS: Final = (
    """
    CREATE TABLE events (
        id INTEGER PRIMARY KEY,
        context TEXT NOT NULL,
        seen INTEGER NOT NULL,
        platform_at INTEGER,
        what TEXT NOT NULL,
        connection TEXT NOT NULL,
        kind TEXT NOT NULL,
        thing TEXT NOT NULL,
        name TEXT NOT NULL,
        before TEXT NOT NULL,
        after TEXT NOT NULL,
        seconds REAL,
        text TEXT NOT NULL
    );
    CREATE INDEX events_by_time ON events (context, seen);
    CREATE INDEX events_by_thing ON events (context, connection, kind, thing, seen);
    CREATE INDEX phases ON events (context, text, name, after, seen) WHERE what = 'phase';

    CREATE TABLE intents (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        context TEXT NOT NULL,
        at INTEGER NOT NULL,
        connection TEXT NOT NULL,
        kind TEXT NOT NULL,
        thing TEXT NOT NULL,
        changes TEXT NOT NULL,
        verb TEXT NOT NULL,
        name TEXT NOT NULL,
        request TEXT NOT NULL,
        who TEXT NOT NULL,
        reason TEXT NOT NULL,
        owner TEXT NOT NULL,
        open INTEGER NOT NULL DEFAULT 1,
        outcome TEXT NOT NULL DEFAULT '',
        text TEXT NOT NULL DEFAULT '',
        settled INTEGER,
        caused TEXT NOT NULL DEFAULT ''
    );
    CREATE UNIQUE INDEX intents_open ON intents (context, connection, kind, thing, changes, verb) WHERE open = 1;
    CREATE INDEX intents_by_time ON intents (context, at);
    CREATE INDEX intents_by_thing ON intents (context, connection, kind, thing, at);

    CREATE TABLE rollouts (
        context TEXT NOT NULL,
        connection TEXT NOT NULL,
        id TEXT NOT NULL,
        app TEXT NOT NULL,
        environment TEXT NOT NULL,
        target TEXT NOT NULL,
        by TEXT NOT NULL,
        at INTEGER NOT NULL,
        snapshot TEXT,
        PRIMARY KEY (context, connection, id)
    ) WITHOUT ROWID;
    CREATE INDEX rollouts_by_time ON rollouts (context, connection, at);

    CREATE TABLE seen (
        user TEXT NOT NULL,
        context TEXT NOT NULL,
        at INTEGER NOT NULL,
        PRIMARY KEY (user, context)
    ) WITHOUT ROWID;
    """,
    """
    CREATE TABLE things (
        id INTEGER PRIMARY KEY,
        context TEXT NOT NULL,
        connection TEXT NOT NULL,
        kind TEXT NOT NULL,
        scope TEXT NOT NULL,
        thing TEXT NOT NULL,
        UNIQUE (context, connection, kind, scope, thing)
    );
    CREATE TABLE bodies (
        id INTEGER PRIMARY KEY,
        thing INTEGER NOT NULL,
        seen INTEGER NOT NULL,
        mark BLOB NOT NULL,
        body BLOB
    );
    CREATE INDEX bodies_by_thing ON bodies (thing, seen, id);
    CREATE INDEX bodies_by_time ON bodies (seen);

    CREATE TABLE watches (
        id INTEGER PRIMARY KEY,
        context TEXT NOT NULL,
        owner TEXT NOT NULL,
        began INTEGER NOT NULL,
        ended INTEGER NOT NULL
    );
    CREATE INDEX watches_by_time ON watches (context, began);
    """,
    """
    ALTER TABLE intents ADD COLUMN subject TEXT NOT NULL DEFAULT '';
    DROP INDEX intents_open;
    CREATE UNIQUE INDEX intents_open ON intents (context, connection, kind, thing, changes, verb, subject) WHERE open = 1;
    """,
)
"""One entry for each version of the schema; never changed once released, only added to."""


def bring_up_to_date(connection: sqlite3.Connection) -> None:
    """Apply the steps that are missing. Raises ``StorageError`` for a journal that a newer rollwatch wrote, ``sqlite3.Error``."""
    connection.execute("BEGIN IMMEDIATE")
    try:
        (version,) = connection.execute("PRAGMA user_version").fetchone()
        if version > len(STEPS):
            raise StorageError(f"the journal is of version {version}, this rollwatch reads {len(STEPS)}", hint="upgrade rollwatch")
        for number, step in enumerate(STEPS[version:], version + 1):
            for statement in filter(str.strip, step.split(";")):
                connection.execute(statement)
            connection.execute(f"PRAGMA user_version = {number}")
    except BaseException:
        connection.execute("ROLLBACK")
        raise
    connection.execute("COMMIT")
