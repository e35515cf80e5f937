"""Renewed logins, shared between processes: one private file for each connection and origin, changed under a lock.

This is the vault that the platforms' sign-in uses; what a login consists of is theirs. No password is ever kept.
"""

from __future__ import annotations

import hashlib
import json
import re
from contextlib import AbstractContextManager
from datetime import datetime
from pathlib import Path
from typing import Any, Final

from tui.errors import StorageError
from tui.local.files import read_private, set_aside, write_private
from tui.local.locks import locked

LIMIT: Final = 256 << 10
"""Bytes that a stored login may have."""


class Logins:
    """The logins of connections at one origin, in ``folder``. Blocking: use it off the event loop."""

    def __init__(self, folder: Path, origin: str, now: datetime) -> None:
        self._folder = folder
        self._origin = origin
        self._now = now

    def load(self, name: str) -> dict[str, Any] | None:
        """The login that was stored last, None for none; a file that makes no sense is set aside. Raises ``StorageError``."""
        path = self._path(name)
        data = read_private(path, LIMIT)
        if data is None:
            return None
        try:
            kept = json.loads(data)
            if kept["origin"] == self._origin and kept["version"] == 1 and isinstance(kept["login"], dict):
                return dict(kept["login"])
        except (ValueError, KeyError, TypeError, RecursionError):
            pass
        set_aside(path, self._now)
        return None

    def store(self, name: str, login: dict[str, Any]) -> None:
        """Keep a login in place of the last one, whole or not at all. Raises ``StorageError``, ``ValueError`` for a password."""
        if "password" in login:
            raise ValueError("a password is never stored")
        kept = {"version": 1, "connection": name, "origin": self._origin, "login": login}
        write_private(self._path(name), json.dumps(kept).encode())

    def forget(self, name: str) -> bool:
        """Remove a login; whether there was one. Raises ``StorageError``."""
        try:
            self._path(name).unlink()
        except FileNotFoundError:
            return False
        except OSError as error:
            raise StorageError(f"{self._path(name)} cannot be removed: {error.strerror}") from None
        return True

    def lock(self, name: str) -> AbstractContextManager[None]:
        """Hold this around reading and storing. Entering raises ``TimeoutError`` after 5 s while another process holds it, and
        ``StorageError`` where there can be no lock. It may be left in another thread than it was entered in."""
        return locked(self._path(name).with_suffix(".lock"))

    def _path(self, name: str) -> Path:
        readable = re.sub(r"[^A-Za-z0-9_-]", "_", name)[:40]
        exact = hashlib.sha256(f"{name}\n{self._origin}".encode()).hexdigest()[:12]
        return self._folder / f"{readable}-{exact}.json"
