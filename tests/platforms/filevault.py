"""A vault of a few lines: one JSON file and one lock file a name. Run as a program it is one console of several that share a login."""

from __future__ import annotations

import asyncio
import json
import os
import sys
import tempfile
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

from filelock import FileLock

from tui.clock import SystemClock
from tui.platforms.http import Transport
from tui.platforms.tokens import PasswordLogin


class FileVault:
    """See ``tui.platforms.share.Vault``."""

    def __init__(self, folder: Path, *, patience: float = 5.0) -> None:
        self.folder = folder
        self.patience = patience

    def load(self, name: str) -> dict[str, Any] | None:
        path = self.folder / f"{name}.json"
        return dict(json.loads(path.read_text(encoding="utf-8"))) if path.exists() else None

    def store(self, name: str, login: dict[str, Any]) -> None:
        handle, temporary = tempfile.mkstemp(dir=self.folder)
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            json.dump(login, file)
        Path(temporary).replace(self.folder / f"{name}.json")

    def lock(self, name: str) -> AbstractContextManager[Any]:
        return FileLock(self.folder / f"{name}.lock", timeout=self.patience)


async def rotate(base_url: str, folder: Path, times: int) -> None:
    """Renew so often, each time as after a 401 for the token in hand."""
    clock = SystemClock()
    exchange = Transport(connection="fleet", base_url=base_url, credentials=None, clock=clock)
    login = PasswordLogin(exchange, clock=clock, vault=FileVault(folder, patience=0.5))
    for _ in range(times):
        _, generation = await login.header()
        await login.renew(generation)
    await login.header()
    await login.aclose()
    await exchange.aclose()


if __name__ == "__main__":
    asyncio.run(rotate(sys.argv[1], Path(sys.argv[2]), int(sys.argv[3])))
