"""From Phase's records to ours: pure functions of the bytes, the connection's name and the present moment.

Phase says nothing of how an app is, so their health stays unknown. No request is made here.
"""

from __future__ import annotations

from datetime import datetime

from tui import model
from tui.model import EMPTY, Kind, Ref
from tui.platforms.phase import wire
from tui.platforms.records import flag, identity, number, read, text_of, when, word
from tui.text import Safe


def app(data: bytes, connection: str, now: datetime) -> model.Application:
    """One app."""
    record, value = read(data, wire.App)
    return model.Application(
        ref=Ref(connection=connection, kind=Kind.APPLICATION, id=identity(record.id)),
        name=word(record.name, 256) or word(record.id),
        description=word(record.description, 10_000),
        encrypted=flag(record.sse_enabled),
        created_at=when(record.created_at, now),
        updated_at=when(record.updated_at, now),
        raw=text_of(value),
    )


def environment(data: bytes, owner: Ref, owner_name: Safe = EMPTY, *, now: datetime) -> model.Environment:
    """One environment of the app ``owner``, which the reply does not name."""
    record, value = read(data, wire.Environment)
    return model.Environment(
        ref=Ref(connection=owner.connection, kind=Kind.ENVIRONMENT, id=identity(record.id)),
        name=word(record.name, 256) or word(record.id),
        app=owner,
        app_name=owner_name,
        type=word(record.env_type, 80),
        index=number(record.index) or 0,
        created_at=when(record.created_at, now),
        updated_at=when(record.updated_at, now),
        raw=text_of(value),
    )
