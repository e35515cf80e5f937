"""``rollwatch config`` and ``rollwatch contexts``: where things are, what holds and why, what may be written. Reads only."""

from __future__ import annotations

import json
import os
from argparse import Namespace
from typing import Any

from tui.cli import document, grid, say
from tui.cli.configured import NothingConnected, configured, shown
from tui.cli.exits import Exit
from tui.local.config import Loaded
from tui.local.files import is_missing
from tui.local.paths import Paths
from tui.local.settings import Context, schema


def config(args: Namespace) -> int:
    """Exit 0; ``show`` 2 when the configuration is wrong."""
    return {"path": _path, "show": _show, "schema": _schema}[args.what](args)


def _path(args: Namespace) -> int:
    paths = Paths.discover(os.environ)
    places = {
        "configuration": paths.config_file,
        "credentials": paths.credentials_file,
        "state": paths.state_dir,
        "log": paths.log_dir,
    }
    if args.json:
        told = {name: {"path": str(place), "exists": not is_missing(place)} for name, place in places.items()}
        print(document.text({"version": document.VERSION, **told}))
        return Exit.OK
    for line in grid.aligned([[name, str(place), "(not there yet)" if is_missing(place) else ""] for name, place in places.items()]):
        print(line)
    if paths.reason:
        say(f"nothing can be kept: {paths.reason}")
    return Exit.OK


def _show(args: Namespace) -> int:
    loaded = _configured(args)
    if args.json:
        values = [{"key": key, "value": value, "source": source} for key, value, source in shown(loaded)]
        print(document.text({"version": document.VERSION, "values": values}))
        return Exit.OK
    rows = [[key, json.dumps(value, ensure_ascii=False), source] for key, value, source in shown(loaded)]
    for line in grid.aligned(rows):
        print(line)
    for warning in loaded.warnings:
        say(warning)
    return Exit.OK


def _configured(args: Namespace) -> Loaded:
    _, loaded = configured(args)
    if args.context and not loaded.empty:
        loaded.choose()  # nothing is opened, but one that does not exist is a mistake here, too
    return loaded


def _schema(_args: Namespace) -> int:
    print(json.dumps(schema(), indent=2))
    return Exit.OK


def contexts(args: Namespace) -> int:
    """Exit 0, 2 when nothing is configured."""
    loaded = _configured(args)
    if loaded.empty:
        raise NothingConnected
    default = loaded.config.default_context or (next(iter(loaded.config.contexts)) if len(loaded.config.contexts) == 1 else "")
    listed = [_context(name, context, default=name == default) for name, context in loaded.config.contexts.items()]
    if args.json:
        print(document.text({"version": document.VERSION, "contexts": listed}))
        return Exit.OK
    rows = [["CONTEXT", "CONNECTION", "PLATFORM", "ADDRESS", "NOTES"]]
    for each in listed:
        marks = [word for word in ("default", "production", "read_only") if each[word]]
        for number, connection in enumerate(each["connections"]):
            row = [connection["name"], connection["platform"], connection["base_url"]]
            rows.append([each["name"] if number == 0 else "", *row, ", ".join(marks).replace("_", "-") if number == 0 else ""])
    for line in grid.aligned(rows):
        print(line)
    return Exit.OK


def _context(name: str, context: Context, *, default: bool) -> dict[str, Any]:
    return {
        "name": name,
        "default": default,
        "production": context.production,
        "read_only": context.read_only,
        "connections": [
            {"name": connection, "platform": each.platform, "base_url": each.base_url} for connection, each in context.connections.items()
        ],
    }
