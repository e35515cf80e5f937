"""Signing in to a control plane by hand: a code by e-mail (or from an authenticator), and from the session it gives a token to keep.

A session is a cookie of seven days; the token (``dpat_…``) is what a console should have. Each function is one step that a login command
asks its user through. Nothing here is kept, and nothing ever signs out: that would end the sessions of the user's browser too.
"""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from tui.errors import BadReply, Forbidden, PlatformError
from tui.platforms.http import Transport
from tui.platforms.records import Unreadable, parse, single
from tui.platforms.replies import Reply
from tui.platforms.scrub import scrubbed
from tui.text import Secret

SCOPES: Final = ("oidc:bind",)
"""The only scope that the server takes; the token may do what its user may, except manage tokens."""

NINETY_DAYS: Final = 90 * 86_400

STEP_UP: Final = "auth.two_fa_required"
"""The code of the refusal that asks for a second factor."""

_COOKIE: Final = re.compile(r"(?:^|[,;\s])session=([^;,\s]{8,512})")
_LIFE: Final = re.compile(r"Max-Age=([0-9]{1,9})", re.IGNORECASE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Session:
    """A signed-in session. ``cookie`` is ``session=…`` as a request carries it; ``seconds`` is how long it lasts, not renewable."""

    cookie: Secret = field(repr=False)
    seconds: int


def parts(cookie: Secret) -> tuple[Secret, ...]:
    """What must not be shown of a cookie: the whole, and the value alone."""
    return cookie, Secret(cookie.reveal().partition("=")[2])


async def ask_for_code(exchange: Transport, email: str) -> bool:
    """Have a code sent to that address; True if the account wants the code of its authenticator instead, and nothing was sent.

    The server registers an address that it does not know: have the user check it first. Raises ``errors.PlatformError``.
    """
    reply = await exchange.send("POST", "/v1/auth/login/email", query={"client": "cli"}, body={"email": email})
    return _data(reply, exchange).get("requireTotp") is True


async def enter_code(exchange: Transport, email: str, code: Secret) -> Session:
    """Exchange the code (six characters, or ``XXXXX-XXXXX`` from the backup list) for a session. Raises ``errors.PlatformError``."""
    typed = Secret(code.reveal().strip().upper())
    reply = await exchange.send("POST", "/v1/auth/login/email/verify", body={"email": email, "code": typed})
    header = reply.headers.get("set-cookie", "")
    found, life = _COOKIE.search(header), _LIFE.search(header)
    if found is None:
        raise BadReply("the code was accepted, but no session came with the answer", connection=exchange.connection)
    return Session(cookie=Secret(f"session={found[1]}"), seconds=int(life[1]) if life else 0)


async def token_by_code(exchange: Transport, email: str, name: str, ask: Callable[[str], Awaitable[str]]) -> Secret:
    """Every step from an e-mail address to a token kept under ``name``; ``ask`` asks for one code. Raises ``errors.PlatformError``."""
    authenticator = await ask_for_code(exchange, email)
    source = "the authenticator" if authenticator else "the e-mail"
    session = await enter_code(exchange, email, Secret(await ask(f"code from {source}")))
    try:
        return await make_token(exchange, session, name)
    except Forbidden as error:
        if error.code != STEP_UP or not await has_second_factor(exchange, session):
            raise
    await step_up(exchange, session, Secret(await ask("code from the authenticator once more")))
    return await make_token(exchange, session, name)


async def has_second_factor(exchange: Transport, session: Session) -> bool:
    """Whether this account has an authenticator. Raises ``errors.PlatformError``."""
    return _data(await _send(exchange, session, "GET", "/v1/auth/2fa/status"), exchange).get("totpEnabled") is True


async def step_up(exchange: Transport, session: Session, code: Secret) -> None:
    """Prove the second factor once more; good for five minutes. Raises ``errors.PlatformError``."""
    await _send(exchange, session, "POST", "/v1/auth/2fa/verify", {"code": Secret(code.reveal().strip().upper())})


async def make_token(exchange: Transport, session: Session, name: str, seconds: int = NINETY_DAYS) -> Secret:
    """A token to keep, under that name. Raises ``Forbidden`` with the code ``auth.two_fa_required`` where ``step_up`` has to come first,
    and other ``errors.PlatformError``."""
    reply = await _send(exchange, session, "POST", "/v1/auth/tokens", {"name": name, "scopes": list(SCOPES), "expiresIn": seconds})
    token = _data(reply, exchange).get("token")
    if not isinstance(token, str) or not token:
        raise BadReply("no token came with the answer", connection=exchange.connection)
    return Secret(token)


async def _send(exchange: Transport, session: Session, method: str, path: str, body: Mapping[str, Any] | None = None) -> Reply:
    problem: PlatformError
    try:
        return await exchange.send(method, path, body=body, headers={"Cookie": session.cookie.reveal()})
    except PlatformError as error:
        problem = scrubbed(error, parts(session.cookie))
    raise problem


def _data(reply: Reply, exchange: Transport) -> Mapping[str, Any]:
    try:
        value = parse(single(reply.content, ()))
    except Unreadable as error:
        raise BadReply(f"{reply.method} {reply.path} was answered with {error}", connection=exchange.connection) from None
    return value if isinstance(value, dict) else {}
