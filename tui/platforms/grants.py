"""Asking for a token: what a sign-in needs of a transport, and what the answers mean.

Shared by the ways to sign in; which of them is used, and when, is not decided here.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final, NamedTuple, Protocol

import msgspec

from tui.errors import BadReply, OutcomeUnknown, PlatformError, Unauthorized, Unreachable
from tui.platforms.replies import Reply, said
from tui.text import Secret

VISIBLE: Final = re.compile(r"[\x21-\x7e]{1,16384}")
"""What a header can carry as a token."""


class Exchange(Protocol):
    """The part of a ``Transport`` without credentials that signing in needs."""

    connection: str
    origin: str

    async def send(
        self,
        method: str,
        template: str,
        *,
        query: Mapping[str, str | Secret] | None = None,
        body: Mapping[str, Any] | None = None,
        form: Mapping[str, str | Secret] | None = None,
        authorization: Secret | None = None,
    ) -> Reply:
        """See ``Transport.send``."""


class Grant(NamedTuple):
    """What a sign-in gave. ``expires_in`` is whatever the server wrote there."""

    access: Secret
    refresh: Secret | None
    expires_in: object


def read_grant(reply: Reply, connection: str) -> Grant:
    """The tokens in a reply, bare or in an envelope. Raises ``BadReply``, and ``Unauthorized`` for a refusal that came with a 200."""
    try:
        body = msgspec.json.decode(reply.content)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        body = None
    if isinstance(body, dict) and (body.get("ok") is False or body.get("success") is False):
        words = said(reply)
        raise Unauthorized(
            words.message or "refused", connection=connection, hint=sign_in_hint(connection), status=reply.status, code=words.code
        )
    if isinstance(body, dict) and isinstance(body.get("data"), dict):
        body = body["data"]
    access = body.get("access_token") if isinstance(body, dict) else None
    if not isinstance(body, dict) or not isinstance(access, str) or not VISIBLE.fullmatch(access):
        raise BadReply(f"{reply.host} answered {reply.method} {reply.path} without a token that can be used", connection=connection)
    again = body.get("refresh_token")
    refresh = Secret(again) if isinstance(again, str) and VISIBLE.fullmatch(again) else None
    return Grant(access=Secret(access), refresh=refresh, expires_in=body.get("expires_in"))


async def ask(exchange: Exchange, method: str, template: str, **fields: Any) -> Reply:
    """Send one request of a sign-in. A lost answer is ``Unreachable``: unlike a verb, it leaves nothing that a user has to look at."""
    try:
        return await exchange.send(method, template, **fields)
    except OutcomeUnknown as lost:
        message = lost.message
    raise Unreachable(message, connection=exchange.connection)


def refusal(no: PlatformError, connection: str) -> Unauthorized:
    return Unauthorized(no.message, connection=connection, hint=sign_in_hint(connection), status=no.status, code=no.code)


def sign_in_hint(connection: str) -> str:
    return f"sign in: rollwatch login {connection}"
