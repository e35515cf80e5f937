"""Who we are to a platform: a pasted token, client credentials, or a login with e-mail and password.

Each is bound to one origin and satisfies ``http.Credentials``. When to renew is ``renewal``'s business, sharing a login between
processes ``share``'s; no secret leaves this file except as a header's value, a request's field or a vault's entry.
"""

from __future__ import annotations

import asyncio
import base64
import re
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Final
from urllib.parse import quote_plus

from tui.clock import Clock
from tui.errors import ConfigError, Forbidden, NoEndpoint, NotFound, PlatformError, Refused, Unauthorized, WrongBaseUrl
from tui.platforms.grants import VISIBLE, Exchange, ask, read_grant, refusal, sign_in_hint
from tui.platforms.login import PasswordLogin
from tui.platforms.renewal import Renewal, Token, life, spread
from tui.platforms.scrub import scrubbed
from tui.platforms.share import TokenShare, Vault
from tui.text import Secret

__all__ = ["ClientCredentials", "PasswordLogin", "PhaseToken", "StaticToken", "TokenShare", "Vault"]

_SCHEME: Final = re.compile(r"(?:authorization\s*:\s*)?bearer(?:\s+|$)", re.IGNORECASE)
_PHASE_USER: Final = re.compile(r"pss_user:v[0-9]+:([0-9a-fA-F]{16,128})(?::.*)?")
_PHASE_ACCOUNT: Final = re.compile(r"pss_service:v(?:[2-9]|[1-9][0-9]+):([0-9a-fA-F]{16,128})(?::.*)?")
_PHASE_TWO_WORDS: Final = re.compile(r"(user|serviceaccount)\s+([\x21-\x7e]+)", re.IGNORECASE)
_BARE: Final = re.compile(r"[0-9a-fA-F]{64}")
_WORDS: Final[Mapping[str, str]] = {"user": "User", "serviceaccount": "ServiceAccount"}


# -- pasted tokens --------------------------------------------------------------------------------------------------------------------


def plain_forms(pasted: str) -> tuple[str, ...]:
    """What may stand behind ``Bearer`` for a token as somebody pasted it: without quotes, spaces and a scheme. Raises ``ValueError``."""
    token = _SCHEME.sub("", pasted.strip().strip("\"'`").strip(), count=1).strip().strip("\"'`")
    if not token:
        raise ValueError("no token")
    if not VISIBLE.fullmatch(token):
        raise ValueError("the token holds spaces or characters that no token has")
    return (token,)


def phase_forms(pasted: str) -> tuple[str, ...]:
    """The same for Phase, whose header has three words. A bare token may be of either kind, or of a server that wants two words.

    Raises ``ValueError``.
    """
    token = _SCHEME.sub("", pasted.strip().strip("\"'`").strip(), count=1).strip().strip("\"'`")
    two = _PHASE_TWO_WORDS.fullmatch(token)
    if two is not None:
        return (f"{_WORDS[two[1].lower()]} {two[2]}",)
    for pattern, word in ((_PHASE_USER, "User"), (_PHASE_ACCOUNT, "ServiceAccount")):
        found = pattern.fullmatch(token)
        if found is not None:
            return (f"{word} {found[1]}",)
    if token.lower().startswith(("pss_service:v1:", "service ")):
        raise ValueError("this is a legacy service token, which cannot read apps: use a service account's or a personal token")
    (plain,) = plain_forms(token)
    return (f"User {plain}", f"ServiceAccount {plain}", plain) if _BARE.fullmatch(plain) else (plain,)


class StaticToken:
    """A token that somebody pasted. ``again`` asks its source once more after a 401, where the source can have another one."""

    def __init__(
        self,
        token: Secret,
        *,
        connection: str,
        origin: str,
        forms: Callable[[str], tuple[str, ...]] = plain_forms,
        again: Callable[[], Awaitable[Secret | None]] | None = None,
    ) -> None:
        self.origin = origin
        self._connection = connection
        self._pasted = token
        self._read = forms
        self._again = again
        self._generation = 1
        self._known: Secret | None = None
        self._lock = asyncio.Lock()

    async def header(self) -> tuple[str, int]:
        """See ``http.Credentials``. Raises ``Unauthorized`` for a text that is no token."""
        if self._known is None:
            async with self._lock:
                if self._known is None:
                    self._known = await self._choose(self._forms())
        return f"Bearer {self._known.reveal()}", self._generation

    async def renew(self, generation: int) -> bool:
        """See ``http.Credentials``: True only if the source has another token by now."""
        async with self._lock:
            if generation != self._generation:
                return True
            fresh = await self._again() if self._again is not None else None
            if fresh is None or fresh == self._pasted:
                return False
            self._pasted, self._known = fresh, None
            self._generation += 1
            return True

    async def aclose(self) -> None:
        """Nothing is under way."""

    def _forms(self) -> tuple[Secret, ...]:
        wrong = ""
        try:
            return tuple(Secret(form) for form in self._read(self._pasted.reveal()))
        except ValueError as reason:
            wrong = str(reason)
        raise Unauthorized(wrong, connection=self._connection, hint=sign_in_hint(self._connection), sent=False)

    async def _choose(self, forms: tuple[Secret, ...]) -> Secret:
        return forms[0]


class PhaseToken(StaticToken):
    """A token of Phase in any form in which its console, its CLI and its documents show one.

    A bare word does not tell its kind: the kinds are tried on the list of apps once, and the one that is let in is remembered.
    """

    PROBE: Final = "/v1/apps/"

    def __init__(self, token: Secret, *, exchange: Exchange, again: Callable[[], Awaitable[Secret | None]] | None = None) -> None:
        super().__init__(token, connection=exchange.connection, origin=exchange.origin, forms=phase_forms, again=again)
        self._exchange = exchange

    async def _choose(self, forms: tuple[Secret, ...]) -> Secret:
        if len(forms) == 1:
            return forms[0]
        first: PlatformError | None = None
        for form in forms:
            try:
                await ask(self._exchange, "GET", self.PROBE, authorization=Secret(f"Bearer {form.reveal()}"))
            except (Unauthorized, Forbidden) as no:  # older servers refuse a wrong form with 403
                first = first or no
            except PlatformError as other:
                if other.status is None or other.status == 429 or other.status >= 500:
                    raise
                return form
            else:
                return form
        words = first.message if first is not None else "the token is not accepted"
        raise Unauthorized(words, connection=self._connection, hint=sign_in_hint(self._connection), status=401)


# -- client credentials ---------------------------------------------------------------------------------------------------------------


def _in_query(client_id: str, secret: Secret) -> dict[str, Any]:
    return {"query": {"client_id": client_id, "client_secret": secret}}


def _in_form(client_id: str, secret: Secret) -> dict[str, Any]:
    return {"form": {"grant_type": "client_credentials", "client_id": client_id, "client_secret": secret}}


def _in_header(client_id: str, secret: Secret) -> dict[str, Any]:
    pair = f"{quote_plus(client_id)}:{quote_plus(secret.reveal())}"
    return {
        "form": {"grant_type": "client_credentials"},
        "authorization": Secret("Basic " + base64.b64encode(pair.encode()).decode()),
    }


STYLES: Final[Mapping[str, Callable[[str, Secret], dict[str, Any]]]] = {"query": _in_query, "form": _in_form, "basic": _in_header}
"""The ways to send client credentials, in the order in which ``auto`` tries them: the documented one first."""


class ClientCredentials:
    """Encore's sign-in: an id and a secret for a token of an hour. A refusal is final: it is not tried again with the same secret.

    Raises ``ConfigError`` for a style that does not exist.
    """

    def __init__(
        self,
        exchange: Exchange,
        *,
        client_id: str,
        client_secret: Secret | None,
        clock: Clock,
        style: str = "auto",
        path: str = "/api/oauth/token",
    ) -> None:
        if style != "auto" and style not in STYLES:
            raise ConfigError(f"token_style {style!r} is not a way to send client credentials", hint=f"one of auto, {', '.join(STYLES)}")
        self.origin = exchange.origin
        self.style = style
        """The style in use; ``auto`` until one was accepted."""
        self._exchange = exchange
        self._id = client_id
        self._secret = client_secret
        self._clock = clock
        self._path = path
        self._refused: Unauthorized | None = None
        self._renewal = Renewal(clock, self._fetch)

    async def header(self) -> tuple[str, int]:
        """See ``http.Credentials``."""
        token, generation = await self._renewal.current()
        return f"Bearer {token.reveal()}", generation

    async def renew(self, generation: int) -> bool:
        """See ``http.Credentials``. Raises what the token endpoint answered."""
        return await self._renewal.replace(generation)

    async def aclose(self) -> None:
        """Give up a renewal: the next one costs nothing."""
        await self._renewal.aclose(0.0)

    async def _fetch(self, old: Token | None) -> Token:
        if not self._id or not self._secret:
            raise Unauthorized(
                "no client id and secret", connection=self._exchange.connection, hint=sign_in_hint(self._exchange.connection), sent=False
            )
        if self._refused is not None:
            raise self._refused.with_traceback(None)
        styles = tuple(STYLES) if self.style == "auto" else (self.style,)
        refusals: list[PlatformError] = []
        for style in styles:
            try:
                reply = await ask(self._exchange, "POST", self._path, **STYLES[style](self._id, self._secret))
            except (Unauthorized, Refused, Forbidden) as no:
                refusals.append(scrubbed(no, (self._secret,)))
                if no.status not in {400, 401, 422}:
                    break
                continue
            except (NoEndpoint, NotFound) as none:
                raise WrongBaseUrl(
                    none.message, connection=self._exchange.connection, hint="check base_url: nobody signs in here", status=none.status
                ) from None
            grant = read_grant(reply, self._exchange.connection)
            self.style = style
            return Token.lasting(grant.access, life(grant.expires_in), self._clock.boot(), spread())
        telling = next((no for no in refusals if isinstance(no, Unauthorized)), refusals[0])
        self._refused = refusal(telling, self._exchange.connection)
        raise self._refused
