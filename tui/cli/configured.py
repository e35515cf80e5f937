"""What the command line and the configuration say together. Nothing of a session is loaded for it."""

from __future__ import annotations

import os
import re
from argparse import Namespace
from collections.abc import Iterator
from typing import Any, Final

from tui.errors import UsageError
from tui.local.config import Loaded, load
from tui.local.paths import Paths
from tui.platforms.registry import BASE_URLS
from tui.redaction import STARS

NOTHING: Final = """\
Nothing is connected yet.
  rollwatch                  connect the first platform, asked step by step on a terminal
  rollwatch demo             look around first: a built-in emulator, no account, nothing is kept
  rollwatch config path      where config.toml belongs; README.md shows a complete one
  or name a connection in the environment: ROLLWATCH_FLEET_PLATFORM=dployr ROLLWATCH_FLEET_TOKEN=...
  then rollwatch login NAME signs in, and rollwatch doctor says what works"""


HIDDEN: Final = re.compile(r"(?:^|\.)(?:webhook|(?:token_command|command|run)\[[1-9]\d*\])$")
"""Settings whose values may hold a secret by themselves; of a program its name is told."""

QUERY: Final = re.compile(r"(https?://[^\s?#]*)[?#]\S*")
"""What follows the path of an address, where keys are put."""


class NothingConnected(UsageError):
    """No file and no variable names a connection. Its text is six lines."""

    def __init__(self) -> None:
        super().__init__("nothing is connected")

    def __str__(self) -> str:
        return NOTHING


def configured(args: Namespace) -> tuple[Paths, Loaded]:
    """Where our files are, and the configuration with what the command line said laid over it. Raises ``ConfigError``."""
    paths = Paths.discover(os.environ)
    loaded = load(paths.config_file, environ=os.environ, platforms=BASE_URLS, context=args.context or "", read_only=args.read_only)
    return paths, loaded


def shown(loaded: Loaded) -> Iterator[tuple[str, Any, str]]:
    """Every value as (dotted key, value, source), with stars for what may be a secret."""
    for key, value, source in loaded.values():
        if value and HIDDEN.search(key) and not value.startswith("$"):
            yield key, STARS, source
        else:
            yield key, QUERY.sub(rf"\1?{STARS}", value) if isinstance(value, str) else value, source
