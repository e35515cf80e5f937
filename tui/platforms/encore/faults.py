"""What Encore's refusals mean: its codes, its ``validation`` errors that name a field, and ``ok: false`` inside a success. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from tui.errors import Forbidden, NotFound, PlatformError, RateLimited, Refused
from tui.platforms.records import Unreadable, parse
from tui.platforms.replies import Reply, Said, failure, kind_of_failure, said

_FIELDS: Final[Mapping[str, tuple[str, str]]] = {
    "commit": ("sha", "Encore does not know this commit: is it pushed to the remote repository?"),
    "sha": ("sha", "Encore does not know this commit: is it pushed to the remote repository?"),
    "branch": ("branch", "Encore does not know this branch: is it pushed to the remote repository?"),
    "env": ("environment", "this app has no such environment"),
}
"""The field that a ``validation`` error names: what we call it, and what is wrong with it."""

_CODES: Final[Mapping[str, tuple[type[PlatformError], str]]] = {
    "app_not_found": (NotFound, "Encore knows no such app, or it is not this client's"),
    "env_not_found": (NotFound, "this app has no such environment"),
    "validation": (Refused, ""),
    "rate_limited": (RateLimited, ""),
}


def read(reply: Reply, connection: str) -> PlatformError:
    """The typed error of a reply that is no success (or that is one only by its status)."""
    words = said(reply)
    kind, message = _CODES.get(words.code, (kind_of_failure(reply), ""))
    named = [_FIELDS[field] for field in words.fields if field in _FIELDS]
    if words.code == "validation" and named:
        words = Said(message=named[0][1], code=words.code, fields=dict(named))
    elif message:
        words = Said(message=message, code=words.code, fields=words.fields)
    error = failure(reply, connection, words, kind)
    if isinstance(error, Forbidden) and not error.hint:
        error.hint = "its OAuth client may not do this, or belongs to another app"
    return error


def denied(reply: Reply, connection: str) -> PlatformError | None:
    """The error inside a success: ``{"ok": false}`` is one whatever the status says."""
    try:
        value = parse(reply.content)
    except Unreadable:
        return None
    if not isinstance(value, dict) or value.get("ok") is not False:
        return None
    words = said(reply)
    kind, _ = _CODES.get(words.code, (Refused, ""))
    error = read(reply, connection)
    return (
        error if isinstance(error, kind) else kind(words.message or "refused", connection=connection, code=words.code, fields=words.fields)
    )
