"""Where our files are: configuration, credentials, state, log and themes. Decides places only; reads and writes nothing but folders."""

from __future__ import annotations

import os
import pwd
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

from platformdirs import PlatformDirs

import tui
from tui.errors import ConfigError, StorageError
from tui.local.files import private_folder, sweep


@dataclass(frozen=True, slots=True, kw_only=True)
class Paths:
    """The places of one user. ``reason`` is empty, or one line that says why nothing can be kept and all state stays in memory."""

    config_dir: Path
    state_dir: Path
    log_dir: Path
    reason: str = ""

    @classmethod
    def discover(cls, environ: Mapping[str, str]) -> Paths:
        """The places by ``ROLLWATCH_HOME`` of ``environ``, else by the customs of this system (which look at the process's own
        HOME and XDG variables). Touches nothing. Raises ``ConfigError`` where the former is relative to a folder that is gone."""
        if home := environ.get("ROLLWATCH_HOME", ""):
            # Resolved, because whoever names a folder through a link means the folder behind it.
            try:
                folder = Path(home).absolute().resolve()
            except OSError:
                raise ConfigError(f"ROLLWATCH_HOME is {home!r}, in a folder that is gone", hint="write the whole path") from None
            return cls(config_dir=folder, state_dir=folder / "state", log_dir=folder / "log")
        places = PlatformDirs("rollwatch", appauthor=False)
        config, state, log = Path(places.user_config_dir), Path(places.user_state_dir), Path(places.user_log_dir)
        return cls(config_dir=config, state_dir=state, log_dir=log, reason=_homeless(state))

    @property
    def config_file(self) -> Path:
        return self.config_dir / "config.toml"

    @property
    def credentials_file(self) -> Path:
        return self.config_dir / "credentials.toml"

    @property
    def journal_file(self) -> Path:
        return self.state_dir / "journal.sqlite"

    @property
    def logins_dir(self) -> Path:
        """Where renewed logins are shared between processes."""
        return self.state_dir / "logins"

    @property
    def log_file(self) -> Path:
        return self.log_dir / "rollwatch.log"

    def last_state_file(self, context: str) -> Path:
        """Where the last known rows of a context are kept."""
        return self.state_dir / f"last-{context}.json"

    def kept_file(self, context: str) -> Path:
        """Where it is kept how the console of a context was left."""
        return self.state_dir / f"console-{context}.json"

    @property
    def runbooks_file(self) -> Path:
        return self.config_dir / "runbooks.toml"

    @property
    def theme_folders(self) -> tuple[Path, ...]:
        """Where themes are looked for, later ones win: those that came with the program, then the user's (which may not exist)."""
        return (packaged_themes(), self.config_dir / "themes")

    def prepare(self, now: datetime) -> Paths:
        """Make the state and log folders, private, and sweep what crashed writers left; these places, with ``reason`` set if it
        cannot be done. Never raises."""
        if self.reason:
            return self
        try:
            for folder in (self.state_dir, self.log_dir):
                private_folder(folder)
        except StorageError as error:
            return replace(self, reason=str(error))
        for folder in (self.config_dir, self.state_dir, self.logins_dir, self.log_dir):
            sweep(folder, now)
        return self


def packaged_themes() -> Path:
    """The themes of an installed wheel, else those of the checkout."""
    package = Path(tui.__file__).parent
    installed = package / "themes"
    return installed if installed.is_dir() else package.parent / "themes"


def _homeless(state: Path) -> str:
    """Why the state folder must not be made: where even the home folder is missing, making it is not ours to decide."""
    text = os.environ.get("HOME", "")
    try:
        home = Path(text if Path(text).is_absolute() else pwd.getpwuid(os.geteuid()).pw_dir)
    except KeyError:
        return "this user has no home folder"
    return f"the home folder {home} does not exist" if state.is_relative_to(home) and not home.is_dir() else ""
