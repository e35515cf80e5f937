"""One login that several processes use: kept in a vault, changed by one process at a time, never taken to another origin.

What a vault is made of is ``local``'s business; how a login is renewed is that of ``tokens``.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, asynccontextmanager
from dataclasses import dataclass, field
from typing import Any, Final, Protocol, TypeVar

from tui.errors import StorageError
from tui.text import Secret

TRIES: Final = 6
"""How often the lock is asked for while another process holds it; a vault's lock waits some seconds each time."""

T = TypeVar("T")

log = logging.getLogger(__name__)


class Vault(Protocol):
    """Where logins are kept. All methods may block; they are called in a thread.

    ``lock`` is exclusive between processes; entering it raises ``TimeoutError`` while another process holds it, ``StorageError`` or
    ``OSError`` where there can be no lock. ``load`` and ``store`` raise the latter two.
    """

    def load(self, name: str) -> dict[str, Any] | None:
        """The stored login of that connection, None for none."""

    def store(self, name: str, login: dict[str, Any]) -> None:
        """Keep it, durably, in place of what was there."""

    def lock(self, name: str) -> AbstractContextManager[Any]:
        """Hold this around ``load`` and ``store`` of one change."""


class Busy(Exception):
    """Another process has held the lock for too long."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Login:
    """A login as it is kept. ``expires_at`` is wall time in epoch seconds, ``lifetime`` the seconds that the token had
    in all; ``serial`` grows with every renewal."""

    origin: str
    email: str
    access: Secret = field(repr=False)
    refresh: Secret | None = field(default=None, repr=False)
    expires_at: float = 0.0
    lifetime: float = 0.0
    serial: int = 0

    def as_stored(self) -> dict[str, Any]:
        """Plain values, as a TOML table can hold them."""
        kept: dict[str, Any] = {"origin": self.origin, "email": self.email, "access_token": self.access.reveal()}
        kept |= {"refresh_token": self.refresh.reveal()} if self.refresh else {}
        return kept | {"expires_at": self.expires_at, "lifetime": self.lifetime, "serial": self.serial}

    @classmethod
    def from_stored(cls, stored: Mapping[str, Any]) -> Login | None:
        """What was stored, None for anything that is no login."""
        texts = {key: stored.get(key, "") for key in ("origin", "email", "access_token", "refresh_token")}
        expires_at, lifetime, serial = stored.get("expires_at", 0.0), stored.get("lifetime", 0.0), stored.get("serial", 0)
        if not all(isinstance(text, str) for text in texts.values()) or not texts["access_token"]:
            return None
        if not isinstance(expires_at, int | float) or not isinstance(lifetime, int | float) or not isinstance(serial, int):
            return None
        return cls(
            origin=texts["origin"],
            email=texts["email"],
            access=Secret(texts["access_token"]),
            refresh=Secret(texts["refresh_token"]) if texts["refresh_token"] else None,
            expires_at=float(expires_at),
            lifetime=float(lifetime),
            serial=serial,
        )


class TokenShare:
    """One connection's place in the vault. Without a vault, or with one that fails, the login lives in memory only.

    ``unsaved`` says why what is in memory is not in the vault, None while it is.
    """

    def __init__(self, vault: Vault | None, name: str, origin: str) -> None:
        self._vault = vault
        self._name = name
        self._origin = origin
        self._thread: ThreadPoolExecutor | None = None
        self.unsaved: str | None = None

    @property
    def is_shared(self) -> bool:
        """Whether the vault has what is in memory."""
        return self._vault is not None and self.unsaved is None

    @asynccontextmanager
    async def locked(self) -> AsyncIterator[None]:
        """Be the only process that changes this login. Raises ``Busy`` after another one held on to it for too long."""
        if self._vault is None:
            yield
            return
        # Enter and leave in one and the same thread: file locks belong to the thread that took them.
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="vault")
        lock = None
        try:
            lock = await self._enter(self._vault)
            yield
        finally:
            thread, self._thread = self._thread, None
            if lock is not None:
                await asyncio.shield(asyncio.get_running_loop().run_in_executor(thread, lock.__exit__, None, None, None))
            thread.shutdown(wait=False)

    async def load(self) -> Login | None:
        """What the vault has for this origin. Called within ``locked``."""
        if self._vault is None:
            return None
        try:
            stored = await self._run(self._vault.load, self._name)
        except (StorageError, OSError) as wrong:
            self._failed(wrong)
            return None
        login = Login.from_stored(stored) if stored else None
        return login if login is not None and login.origin == self._origin else None

    async def save(self, login: Login) -> None:
        """Keep it. A vault that fails is noted, not fatal. Called within ``locked``."""
        if self._vault is None:
            return
        try:
            await self._run(self._vault.store, self._name, login.as_stored())
        except (StorageError, OSError) as wrong:
            self._failed(wrong)
        else:
            self.unsaved = None

    async def _enter(self, vault: Vault) -> AbstractContextManager[Any] | None:
        """The lock, held; None where there can be none."""
        for _ in range(TRIES):
            try:
                return await self._run(self._take, vault)
            except TimeoutError:
                continue
            except (StorageError, OSError) as wrong:
                self._failed(wrong)
                return None
        raise Busy

    def _take(self, vault: Vault) -> AbstractContextManager[Any]:
        lock = vault.lock(self._name)
        lock.__enter__()
        return lock

    async def _run(self, work: Callable[..., T], *arguments: Any) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._thread, work, *arguments)

    def _failed(self, wrong: Exception) -> None:
        if self.unsaved is None:
            log.warning("the login of %s is kept in memory only: %s", self._name, type(wrong).__name__)
        self.unsaved = str(wrong) if isinstance(wrong, StorageError) else type(wrong).__name__
