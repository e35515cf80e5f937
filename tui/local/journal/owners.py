"""Which consoles are running: each holds a lock for as long as it lives, so that a crashed one is known to be gone."""

from __future__ import annotations

import re
import uuid
from contextlib import suppress
from pathlib import Path

from tui.errors import StorageError
from tui.local.locks import Held, is_held, locked, take


class Owner:
    """This console among those that share a state folder; ``folder`` None means that it shares nothing."""

    def __init__(self, folder: Path | None) -> None:
        self.token = uuid.uuid4().hex
        self._folder = folder
        self._held = self._join(folder) if folder is not None else None

    def is_alive(self, token: str) -> bool:
        """Whether the console with that token still runs."""
        if token == self.token:
            return True
        return self._folder is not None and bool(re.fullmatch(r"[0-9a-f]{32}", token)) and is_held(self._path(self._folder, token))

    def sweep(self) -> None:
        """Remove what consoles left that are gone. Never raises."""
        if self._folder is None:
            return
        with suppress(TimeoutError, StorageError, OSError), locked(self._turn(self._folder)):
            for path in self._folder.glob("*.lock"):
                if path.stem != self.token and not is_held(path):
                    with suppress(OSError):
                        path.unlink()

    def leave(self) -> None:
        """This console ends."""
        if self._held is not None and self._folder is not None:
            with suppress(OSError, StorageError):
                self._path(self._folder, self.token).unlink(missing_ok=True)
            self._held.release()

    def _join(self, folder: Path) -> Held:
        # A file that is there and not locked yet looks like that of a console that is gone.
        with locked(self._turn(folder)):
            return take(self._path(folder, self.token))

    @staticmethod
    def _turn(folder: Path) -> Path:
        """Held by whoever comes or sweeps."""
        return folder.with_name(f"{folder.name}.lock")

    @staticmethod
    def _path(folder: Path, token: str) -> Path:
        return folder / f"{token}.lock"
