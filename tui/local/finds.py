"""What is on this machine already that a first run can take over: variables, the dployr CLI's file, ``encore.app``. Reads only.

What is found is offered, never used unasked, and no secret of it is shown.
"""

from __future__ import annotations

import json
import os
import re
import sys
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from tui.errors import StorageError
from tui.local.files import read_written
from tui.text import Secret, clean

LIMIT: Final = 64 << 10
CLI_FILES: Final = (Path("/usr/local/etc/dployr/config.toml") if sys.platform == "darwin" else Path("/etc/dployr/config.toml"),)
"""Where the dployr CLI keeps its settings and its session."""

_ID: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9-]{0,99}")
_COMMENT: Final = re.compile(r"^\s*//.*$", re.MULTILINE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Find:
    """``title`` says where it was found; the rest is what can be filled in from it. With a ``problem``, one line, there is nothing."""

    title: str
    platform: str
    base_url: str = ""
    token: Secret | None = None
    app: str = ""
    problem: str = ""


def finds(environ: Mapping[str, str], folder: Path, cli_files: tuple[Path, ...] = CLI_FILES) -> tuple[Find, ...]:
    """Everything there is. Never raises; ``folder`` is where the user is."""
    return (*_phase(environ), *_dployr(environ, cli_files), *_encore(folder))


def _phase(environ: Mapping[str, str]) -> Iterator[Find]:
    for name in ("PHASE_SERVICE_TOKEN", "PHASE_TOKEN"):
        if token := environ.get(name, "").strip():
            host = environ.get("PHASE_HOST", "").strip().rstrip("/")
            yield Find(title=name, platform="phase", base_url=_api(host), token=Secret(token))
            return


def _api(host: str) -> str:
    """The public API's address of a host as the Phase CLI names it: its own console's, or empty for the cloud's."""
    return "" if host in {"", "https://console.phase.dev"} else f"{host}/service/public"


def _dployr(environ: Mapping[str, str], files: tuple[Path, ...]) -> Iterator[Find]:
    told: dict[str, Any] = {}
    for path in files:
        found = _toml(path)
        if isinstance(found, str):
            yield Find(title=str(path), platform="dployr", problem=found)
        told = told or (found if isinstance(found, dict) else {})
    address = str(told.get("base_url", "") or "")
    if token := environ.get("DPLOYR_TOKEN", "").strip():
        yield Find(title="DPLOYR_TOKEN", platform="dployr", base_url=address, token=Secret(token))
    login = told.get("auth")
    cookie = str(login.get("session_cookie", "")).partition(";")[0].strip() if isinstance(login, dict) else ""
    if cookie.startswith("session="):
        yield Find(title="the dployr CLI's session", platform="dployr", base_url=address, token=Secret(cookie))


def _encore(folder: Path) -> Iterator[Find]:
    for each in (folder, *folder.parents):
        path = each / "encore.app"
        if os.path.isfile(path):  # noqa: PTH113 - the path's own raises where a folder is closed to us
            title, name = f"encore.app in {clean(each.name, 40) or each}", _app(path)
            known = _ID.fullmatch(name) is not None
            yield Find(title=title, platform="encore", app=name if known else "", problem="" if known else f"{title} {name}")
            return


def _app(path: Path) -> str:
    """The application's id in an ``encore.app``, which is JSON with comments; a few words with blanks where there is none."""
    try:
        text = (read_written(path, LIMIT) or b"").decode()
        told: Any = json.loads(re.sub(r",(\s*[}\]])", r"\1", _COMMENT.sub("", text)))
    except StorageError:
        return "cannot be read"
    except (ValueError, RecursionError):
        return "is no JSON"
    found = told.get("id") if isinstance(told, dict) else None
    return found if isinstance(found, str) and _ID.fullmatch(found) else "names no application: encore app link does"


def _toml(path: Path) -> dict[str, Any] | str:
    """What the file says, or what is wrong with it."""
    try:
        return tomllib.loads((read_written(path, LIMIT) or b"").decode())
    except StorageError as error:
        return str(error)
    except (ValueError, RecursionError):
        return f"{path} is no TOML"
