"""What was known of each thing, from one change to the next: enough to show any moment again.

Only what tells its state is kept. Loads, whose every reading differs, are left out; raw replies, command lines and addresses, which may
hold secrets, are too. Variables and webhooks are never kept at all. How rows are read and shown is not decided here.
"""

from __future__ import annotations

import hashlib
import sqlite3
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, fields, replace
from datetime import datetime
from typing import Any, Final

import msgspec

from tui.local.journal.records import from_ms, to_ms
from tui.local.journal.writer import Statement
from tui.model import EMPTY, KINDS, PRIVATE, Kind, Resource

LEFT_OUT: Final = frozenset({"raw", "run_cmd", "build_cmd", "remote", "dashboard"})
"""Texts that may hold a secret, or that another may look up."""
LOADS: Final = frozenset({"cpu_share", "memory_bytes", "disk_share"})
"""Readings that are another each time."""
UNTOLD: Final = frozenset({"updated_at"})
"""Kept, but no news by themselves."""
LONGEST: Final = 16_384
"""Bytes of one body; a longer one is not kept."""
UNSEEN: Final = 180_000
"""Milliseconds without a word after which nobody looked."""

_THING: Final = "INSERT OR IGNORE INTO things (context, connection, kind, scope, thing) VALUES (?, ?, ?, ?, ?)"
_THEN: Final = "(SELECT mark FROM bodies WHERE thing = t.id AND seen <= ?1 ORDER BY seen DESC, id DESC LIMIT 1)"
_BODY: Final = f"""
    INSERT INTO bodies (thing, seen, mark, body) SELECT t.id, ?1, ?2, ?3 FROM things t
    WHERE context = ?4 AND connection = ?5 AND kind = ?6 AND scope = ?7 AND thing = ?8 AND ?2 IS NOT {_THEN}
"""  # noqa: S608 - our own text
_GONE: Final = f"""
    INSERT INTO bodies (thing, seen, mark, body) SELECT t.id, ?1, x'', NULL FROM things t
    WHERE context = ?2 AND connection = ?3 AND kind = ?4 AND scope = ?5 AND thing IN (SELECT value FROM json_each(?6))
    AND coalesce({_THEN}, x'') <> x''
"""  # noqa: S608 - our own text
_OTHERS: Final = _GONE.replace("thing IN", "thing NOT IN")
_AHEAD: Final = """
    UPDATE bodies SET seen = ?1 WHERE seen > ?1 AND EXISTS
    (SELECT 1 FROM things t WHERE t.id = bodies.thing AND context = ?2 AND connection = ?3 AND kind = ?4 AND scope = ?5)
"""
_WATCH: Final = "UPDATE watches SET ended = max(ended, ?) WHERE context = ? AND owner = ? AND ended >= ? AND began <= ?"
_BEGIN_WATCH: Final = """
    INSERT INTO watches (context, owner, began, ended) SELECT ?, ?, ?, ?
    WHERE NOT EXISTS (SELECT 1 FROM watches WHERE context = ? AND owner = ? AND ended >= ? AND began <= ?)
"""
_AT: Final = """
    SELECT t.connection, t.kind, t.scope, b.seen, b.body FROM things t JOIN bodies b
    ON b.id = (SELECT id FROM bodies WHERE thing = t.id AND seen <= ? ORDER BY seen DESC, id DESC LIMIT 1)
    WHERE t.context = ? AND b.body IS NOT NULL ORDER BY t.id
"""

_ENDED: Final = """
    SELECT connection, kind, thing FROM events WHERE what = 'phase' AND context = ? AND text = ? AND name = 'rollout' AND after = ?
    ORDER BY seen DESC, platform_at DESC LIMIT 1
"""
_STATES: Final = """
    SELECT b.seen, t.scope, b.body FROM things t JOIN bodies b ON b.thing = t.id
    WHERE t.context = ? AND t.connection = ? AND t.kind = ? AND t.thing = ? AND b.body IS NOT NULL
    ORDER BY b.seen DESC, b.id DESC LIMIT ?
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """A thing as it was known at a moment; ``scope`` with its kind and connection is the feed that brought it."""

    scope: str
    row: Resource
    seen: datetime


def keeping(
    key: tuple[str, str, Kind, str],
    rows: Sequence[Resource],
    gone: Collection[str],
    at: datetime,
    scrub: Callable[[str], str],
    *,
    whole: bool,
) -> Iterator[Statement]:
    """The statements that keep what is new of a feed (``key``: context, connection, kind, scope). ``whole`` says that ``rows`` are all
    that it has: what is not among them is gone."""
    if key[2] in PRIVATE:
        return
    seen = to_ms(at)
    # The clock was set back: what it had dated later was before this all the same, and must not come back when its time comes.
    yield _AHEAD, (seen, *key)
    for row in rows:
        mark, body = _encoded(row, scrub)
        if len(body) <= LONGEST:
            yield _THING, (*key, row.ref.id)
            yield _BODY, (seen, mark, body, *key, row.ref.id)
    if whole:
        yield _OTHERS, (seen, *key, msgspec.json.encode([row.ref.id for row in rows]).decode())
    elif gone:
        yield _GONE, (seen, *key, msgspec.json.encode(list(gone)).decode())


def watching(context: str, owner: str, at: datetime) -> Iterator[Statement]:
    """The statements that say that somebody looks now."""
    now = to_ms(at)
    yield _WATCH, (now, context, owner, now - UNSEEN, now)
    yield _BEGIN_WATCH, (context, owner, now, now, context, owner, now - UNSEEN, now)


def at_moment(connection: sqlite3.Connection, context: str, at: datetime) -> tuple[Known, ...]:
    """Everything as it was known at a moment, in the order in which it was first seen. What this version cannot read is left out."""
    found = []
    for _, kind, scope, seen, body in connection.execute(_AT, (to_ms(at), context)):
        decoder = _DECODERS.get(kind)
        try:
            if decoder is not None:
                found.append(Known(scope=scope, row=decoder.decode(body), seen=from_ms(seen)))
        except (msgspec.MsgspecError, ValueError):
            continue
    return tuple(found)


def states(connection: sqlite3.Connection, context: str, of: tuple[str, str, str], limit: int) -> tuple[Known, ...]:
    """How a thing (connection, kind, id) was known to be from one change to the next, newest first, whether it is there still or not.
    What this version cannot read is left out."""
    decoder = _DECODERS.get(of[1])
    if decoder is None:
        return ()
    found = []
    for seen, scope, body in connection.execute(_STATES, (context, *of, limit)):
        with suppress(msgspec.MsgspecError, ValueError):
            found.append(Known(scope=scope, row=decoder.decode(body), seen=from_ms(seen)))
    return tuple(found)


def rolled_out(connection: sqlite3.Connection, context: str, of: str, conclusion: str) -> Known | None:
    """The newest rollout of ``of`` (``app/environment``) that ended so, as it was known last."""
    ended = connection.execute(_ENDED, (context, of, conclusion)).fetchone()
    return None if ended is None else next(iter(states(connection, context, ended, 1)), None)


def looked(connection: sqlite3.Connection, context: str, at: datetime) -> datetime | None:
    """The last time until ``at`` when somebody looked; ``at`` itself while somebody did, None for never."""
    now = to_ms(at)
    row = connection.execute("SELECT max(min(ended, ?)) FROM watches WHERE context = ? AND began <= ?", (now, context, now)).fetchone()
    if row is None or row[0] is None:
        return None
    return at if now - row[0] < UNSEEN else from_ms(row[0])


def _decoders() -> dict[str, msgspec.json.Decoder[Any]]:
    return {str(kind): msgspec.json.Decoder(made) for kind, made in KINDS.items() if kind not in PRIVATE}


_DECODERS: Final = _decoders()


def _encoded(row: Resource, scrub: Callable[[str], str]) -> tuple[bytes, bytes]:
    """A mark that equal states share, and the body."""
    names = {each.name for each in fields(row)}
    without: dict[str, Any] = {**dict.fromkeys(LEFT_OUT & names, EMPTY), **dict.fromkeys(LOADS & names)}
    bare = replace(row, **without)
    body = scrub(msgspec.json.encode(bare).decode()).encode()
    untold: dict[str, Any] = dict.fromkeys(UNTOLD & names)
    told = replace(bare, **untold)
    return hashlib.blake2b(msgspec.json.encode(told), digest_size=8).digest(), body
