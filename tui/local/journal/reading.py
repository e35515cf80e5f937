"""Questions to the journal. Each function reads from an open connection and changes nothing."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Collection, Sequence
from datetime import datetime
from typing import Any

from tui.local.journal.records import (
    EVENT_COLUMNS,
    INTENT_COLUMNS,
    Entry,
    Intent,
    entry,
    from_ms,
    intent,
    split_ref,
    to_ms,
)
from tui.model import KnownRollout

Alive = Callable[[str], bool]
"""Whether the console with that token still runs."""


def events(
    connection: sqlite3.Connection,
    context: str,
    *,
    since: datetime | None,
    until: datetime | None,
    ref: str,
    what: Collection[str],
    limit: int,
) -> tuple[Entry, ...]:
    """Newest first. ``ref`` is a thing or a connection."""
    conditions, values = _about(context, ref)
    for comparison, at in (("seen >= ?", since), ("seen < ?", until)):
        if at is not None:
            conditions.append(comparison)
            values.append(to_ms(at))
    if what:
        conditions.append(f"what IN ({', '.join('?' * len(what))})")
        values += what
    sql = f"SELECT id, {EVENT_COLUMNS} FROM events WHERE {' AND '.join(conditions)} ORDER BY seen DESC, id DESC LIMIT ?"  # noqa: S608
    return tuple(entry(row) for row in connection.execute(sql, [*values, limit]))


def intents(
    connection: sqlite3.Connection, context: str, *, since: datetime | None, ref: str, open_only: bool, limit: int, alive: Alive
) -> tuple[Intent, ...]:
    """Newest first."""
    conditions, values = _about(context, ref)
    if since is not None:
        conditions.append("at >= ?")
        values.append(to_ms(since))
    if open_only:
        conditions.append("open = 1")
    sql = f"SELECT {INTENT_COLUMNS} FROM intents WHERE {' AND '.join(conditions)} ORDER BY at DESC, id DESC LIMIT ?"  # noqa: S608
    return tuple(each for row in connection.execute(sql, [*values, limit]) if (each := _intent(row, alive)) is not None)


def open_intent(connection: sqlite3.Connection, key: Sequence[str], alive: Alive) -> tuple[Intent, str] | None:
    """The open intent of (context, connection, kind, id, changed kind, verb, subject) and its owner's token."""
    sql = f"""SELECT {INTENT_COLUMNS} FROM intents WHERE context = ? AND connection = ? AND kind = ? AND thing = ? AND changes = ?
        AND verb = ? AND subject = ? AND open = 1"""  # noqa: S608 - our own column names
    row = connection.execute(sql, key).fetchone()
    found = None if row is None else _intent(row, alive)
    return None if found is None else (found, row[-1])


def durations(connection: sqlite3.Connection, context: str, *, of: str, phase: str, conclusion: str, limit: int) -> tuple[float, ...]:
    """Seconds that a phase took, newest first; ``of`` is ``app/environment``."""
    sql = """SELECT seconds FROM events WHERE what = 'phase' AND context = ? AND text = ? AND name = ? AND after = ? AND seconds IS NOT NULL
        ORDER BY seen DESC LIMIT ?"""
    return tuple(float(seconds) for (seconds,) in connection.execute(sql, (context, of, phase, conclusion, limit)))


def rollouts(connection: sqlite3.Connection, context: str, of: str, limit: int) -> tuple[KnownRollout, ...]:
    """The rollouts of a connection, newest first."""
    sql = """SELECT id, app, environment, target, by, at, snapshot FROM rollouts WHERE context = ? AND connection = ?
        ORDER BY at DESC, id DESC LIMIT ?"""
    return tuple(
        KnownRollout(id=id_, app=app, environment=environment, target=target, by=by, at=from_ms(at), snapshot_json=snapshot)
        for id_, app, environment, target, by, at, snapshot in connection.execute(sql, (context, of, limit))
    )


def seen(connection: sqlite3.Connection, context: str, user: str) -> datetime | None:
    """Until when the user has seen what happened."""
    row = connection.execute("SELECT at FROM seen WHERE user = ? AND context = ?", (user, context)).fetchone()
    return None if row is None else from_ms(row[0])


def _about(context: str, ref: str) -> tuple[list[str], list[Any]]:
    """The conditions under which a row is about ``ref``, a thing or a connection ("" for everything), and their values."""
    named, kind, thing = split_ref(ref)
    wanted = {"context": context, "connection": named, "kind": kind, "thing": thing}
    given = {column: value for column, value in wanted.items() if value or column == "context"}
    return [f"{column} = ?" for column in given], list(given.values())


def _intent(row: tuple[Any, ...], alive: Alive) -> Intent | None:
    try:
        return intent(row, alive=not row[12] and alive(row[-1]))
    except ValueError:
        return None  # a kind or verb that this version does not have
