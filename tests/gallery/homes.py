"""Consoles of a user with a configuration, for the pictures of the first run, of signing in and of several contexts.

The configuration lies in a folder of its own for as long as the picture takes, and all contexts are the same emulator.
"""

from __future__ import annotations

import os
import tempfile
from argparse import Namespace
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from unittest.mock import patch

from tui.cli.owner import Ground, Owner
from tui.clock import Clock
from tui.engine.session import Session
from tui.local.paths import Paths
from tui.redaction import Redactor
from tui.ui.settings import Settings

CONTEXTS = """
default_context = "prod"
[contexts.prod]
production = true
{fleet}
[contexts.prod.connections.shop]
platform = "encore"
base_url = "{encore}"
apps = [{apps}]
[contexts.prod.connections.vault]
platform = "phase"
base_url = "{phase}"
[contexts.staging.connections.fleet]
platform = "dployr"
base_url = "{dployr}"
[contexts.lab]
read_only = true
[contexts.lab.connections.fleet]
platform = "dployr"
base_url = "http://127.0.0.1:9"
"""
FLEET = '[contexts.prod.connections.fleet]\nplatform = "dployr"\nbase_url = "{dployr}"'


@dataclass(frozen=True, slots=True)
class Home:
    """A console's owner and the session that it begins with."""

    owner: Owner
    session: Session


def _written(info: Mapping[str, Any]) -> str:
    addresses = {name: info[name]["base_url"] for name in ("encore", "dployr", "phase")}
    apps = ", ".join(f'{{ id = "{each["id"]}", environments = ["prod"] }}' for each in info["encore"]["apps"])
    return CONTEXTS.format(fleet=FLEET.format(**addresses), apps=apps, **addresses)


@asynccontextmanager
async def home(info: Mapping[str, Any], clock: Clock, *, first: bool) -> AsyncIterator[Home]:
    """A user with three contexts who is signed out of the vault; ``first``: one who has nothing yet."""
    told = info["dployr"], info["encore"]
    with tempfile.TemporaryDirectory() as folder:
        environ = {
            "ROLLWATCH_HOME": folder,
            "ROLLWATCH_FLEET_TOKEN": told[0]["token"],
            "ROLLWATCH_SHOP_CLIENT_ID": told[1]["client_id"],
            "ROLLWATCH_SHOP_CLIENT_SECRET": told[1]["client_secret"],
        }
        kept = {name: text for name, text in os.environ.items() if not name.startswith(("ROLLWATCH_", "PHASE_", "DPLOYR_"))}
        if not first:
            Path(folder, "config.toml").write_text(_written(info), encoding="utf-8")
        with patch.dict(os.environ, {**kept, **environ}, clear=True), patch("tui.cli.onboarding.finds", lambda *_: ()):
            paths = Paths.discover(os.environ)
            ground = Ground(args=Namespace(context=None, read_only=False), paths=paths, redactor=Redactor(), clock=clock)
            async with Owner(ground, lambda _: Settings()) as owner:
                session, _ = await (owner.open_nothing() if first else owner.open("prod"))
                yield Home(owner, session)
