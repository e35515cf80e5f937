"""dployr's documented sign-in: e-mail and password once, then refresh tokens that all processes on this machine share.

When to renew is ``renewal``'s business, keeping and locking the shared login ``share``'s.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace

from tui.clock import Clock
from tui.errors import Forbidden, PlatformError, Refused, Unauthorized, Unreachable
from tui.platforms.grants import Exchange, Grant, ask, read_grant, refusal, sign_in_hint
from tui.platforms.renewal import Renewal, Token, life, spread
from tui.platforms.share import Busy, Login, TokenShare, Vault
from tui.text import Secret

LAST_RENEWAL = 5.0
"""Seconds that closing waits for a renewal: its refresh token may work only once."""


class PasswordLogin:
    """dployr's documented sign-in: e-mail and password once, then refresh tokens, shared with other processes through a vault.

    The password is never stored. A server without the refresh path is asked to log in again, for which the password must be at hand.
    """

    def __init__(
        self,
        exchange: Exchange,
        *,
        email: str = "",
        password: Secret | None = None,
        clock: Clock,
        vault: Vault | None = None,
        login_path: str = "/v1/auth/login",
        refresh_path: str = "/v1/auth/refresh",
    ) -> None:
        self.origin = exchange.origin
        self.share = TokenShare(vault, exchange.connection, exchange.origin)
        self._exchange = exchange
        self._email = email
        self._password = password
        self._clock = clock
        self._login_path = login_path
        self._refresh_path = refresh_path
        self._login: Login | None = None
        self._refreshes = True
        self._refused: Unauthorized | None = None
        self._renewal = Renewal(clock, self._fetch)

    async def header(self) -> tuple[str, int]:
        """See ``http.Credentials``."""
        token, generation = await self._renewal.current()
        return f"Bearer {token.reveal()}", generation

    async def renew(self, generation: int) -> bool:
        """See ``http.Credentials``. Raises what the sign-in answered."""
        return await self._renewal.replace(generation)

    async def aclose(self) -> None:
        """Wait some seconds for a renewal under way: it may have used up the only refresh token there is."""
        await self._renewal.aclose(LAST_RENEWAL)

    async def sign_in(self) -> None:
        """Log in with e-mail and password now, whatever is stored, and store the login. For ``rollwatch login``."""
        async with self._changing():
            stored = await self.share.load()
            self._refused = None
            await self._keep(await self._log_in(), stored)

    async def _fetch(self, old: Token | None) -> Token:
        async with self._changing():
            stored = await self.share.load()
            if stored is not None and self._is_news(stored):
                self._login, self._refused = stored, None
                token = self._adopted(stored)
                if self._clock.boot() < token.late:
                    return token
            elif stored is None and self.share.is_shared:
                # Nothing yet, or somebody signed out: what we still hold is not ours to use any more.
                self._login = None
            if self._refused is not None:
                raise self._refused.with_traceback(None)
            return await self._keep(await self._refreshed() or await self._log_in(), stored)

    @asynccontextmanager
    async def _changing(self) -> AsyncIterator[None]:
        try:
            async with self.share.locked():
                yield
        except Busy:
            raise Unreachable("another rollwatch is signing in and does not finish", connection=self._name, sent=False) from None

    @property
    def _name(self) -> str:
        return self._exchange.connection

    def _is_news(self, stored: Login) -> bool:
        """Whether another process changed the login since we last did. Ours is newer where it could not be saved."""
        if self._email and stored.email and stored.email != self._email:
            return False
        if self._login is None:
            return True
        unsaved = self.share.unsaved is not None and stored.serial <= self._login.serial
        return stored.access != self._login.access and not unsaved

    def _adopted(self, stored: Login) -> Token:
        """The stored token with its windows where they would be had we got it ourselves. Only here is the wall clock trusted, and only
        as far as a token can live."""
        seconds = life(stored.lifetime)
        left = min(stored.expires_at - self._clock.wall().timestamp(), seconds)
        return Token.lasting(stored.access, seconds, self._clock.boot() - (seconds - left), spread())

    async def _keep(self, grant: Grant, stored: Login | None) -> Token:
        seconds = life(grant.expires_in)
        known = [login for login in (stored, self._login) if login is not None]
        self._login = Login(
            origin=self.origin,
            email=self._email or (known[0].email if known else ""),
            access=grant.access,
            # A server that does not rotate its refresh tokens need not repeat them.
            refresh=grant.refresh or (self._login.refresh if self._login is not None else None),
            expires_at=self._clock.wall().timestamp() + seconds,
            lifetime=seconds,
            serial=max((login.serial for login in known), default=0) + 1,
        )
        token = Token.lasting(grant.access, seconds, self._clock.boot(), spread())
        await self.share.save(self._login)
        return token

    async def _refreshed(self) -> Grant | None:
        """A grant for the refresh token; None where there is none or the server does not take it, which leaves the password."""
        if self._login is None or self._login.refresh is None or not self._refreshes:
            return None
        refresh = self._login.refresh
        try:
            return read_grant(await ask(self._exchange, "POST", self._refresh_path, body={"refresh_token": refresh}), self._name)
        except PlatformError as no:
            if no.status in {404, 405, 501}:
                self._refreshes = False
            elif no.status not in {400, 401, 403, 422}:
                raise
        self._login = replace(self._login, refresh=None)
        return None

    async def _log_in(self) -> Grant:
        if not self._email or not self._password:
            words = "the login has ended" if self._login is not None else "not signed in"
            raise Unauthorized(words, connection=self._name, hint=sign_in_hint(self._name), sent=False)
        try:
            reply = await ask(self._exchange, "POST", self._login_path, body={"email": self._email, "password": self._password})
            return read_grant(reply, self._name)
        except (Unauthorized, Refused, Forbidden) as no:
            self._refused = refusal(no, self._name)
        raise self._refused
