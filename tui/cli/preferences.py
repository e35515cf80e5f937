"""The configuration while a console runs: noticed when its file changes, and changed one value at a time from the settings screen.

A file that is wrong changes nothing. What a setting means is ``local.settings``' matter, how it looks the screen's.
"""

from __future__ import annotations

import os
from argparse import Namespace
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

import msgspec

from tui.cli.compose import Setup
from tui.cli.configured import configured
from tui.cli.looks import looks
from tui.errors import ConfigError, RollwatchError
from tui.local.config import Loaded
from tui.local.files import read_written, rewrite
from tui.local.problems import dotted
from tui.local.settings import Alerts, Config, Context
from tui.local.tomledit import HEAD, with_value
from tui.local.tomltext import LIMIT
from tui.text import clean
from tui.ui.owner import News, Preference
from tui.ui.settings import Settings

Value = str | bool | float

REFRESH: Final = (0.0, 5.0, 15.0, 30.0, 60.0, 300.0)
"""Seconds between two reads that the settings screen offers."""

WAYS: Final = ("auto", "osc9", "osc777", "osc99", "off")
_ALERTS: Final[tuple[tuple[str, tuple[Value, ...]], ...]] = (
    ("enabled", (True, False)),
    ("bell", (True, False)),
    ("notify", WAYS),
    ("title", (True, False)),
)
_OVER: Final = ("environment ", "flag ")
"""Beginnings of sources that go before the file."""
_ANEW: Final = ("production", "connections", "links", "guardrails")
"""Of a context: what a session cannot change while it runs."""


class Preferences:
    """``shown`` is told which context is on the screen."""

    def __init__(self, args: Namespace, looks: Callable[[Setup], Settings]) -> None:
        self._args = args
        self._looks = looks
        self._setup: Setup | None = None
        self._running: Loaded | None = None
        self._tight = False
        self._file: Path | None = None
        self._seen: object = None

    def shown(self, setup: Setup) -> None:
        """This context is on the screen from now on."""
        self._setup = setup
        paths, self._running = self._read(setup.context)
        self._tight = self._running.choose().context.read_only
        self._file = paths.config_file
        self._seen = _signature(self._file)

    def news(self) -> News | None:
        """What is different since the last time; None for nothing."""
        setup, running = self._setup, self._running
        if setup is None or running is None or self._file is None or (now := _signature(self._file)) == self._seen:
            return None
        self._seen = now
        if now is None:
            return News(problem=f"{self._file.name} is gone")
        try:
            with self._brief():
                paths, loaded = self._read(setup.context)
                if setup.context not in loaded.config.contexts:
                    return News(problem=f"{self._file.name} has no context {setup.context} any more")
                chosen = loaded.choose()
        except ConfigError as error:
            return News(problem=str(error))
        made = self._looks(replace(setup, looks=looks(paths, loaded, chosen, setup.clock)))
        # What runs is what counts, not what the file said in between: what was taken back is no news.
        old = _paced(running.choose().context, chosen.context)
        anew = [name for name in _ANEW if getattr(old, name) != getattr(chosen.context, name)]
        anew += ["read_only"] if self._tight and not chosen.context.read_only else []
        later = [name for name in ("mouse", "output") if getattr(running.config, name) != getattr(loaded.config, name)]
        tighten, self._tight = chosen.context.read_only and not self._tight, self._tight or chosen.context.read_only
        return News(settings=made, anew=tuple(anew), later=tuple(later), tighten=tighten)

    def listed(self, themes: Sequence[str]) -> Sequence[Preference]:
        """The settings that the console offers to change."""
        if self._setup is None:
            return ()
        with self._brief():
            _, loaded = self._read(self._setup.context)
        config, told = loaded.config, {key: source for key, _, source in loaded.values()}

        def one(key: tuple[str, ...], value: Value, options: Sequence[Value], about: str) -> Preference:
            source = told.get(dotted(key), "default")
            if key[-1] == "theme" and os.environ.get("NO_COLOR"):
                source = "environment NO_COLOR"  # obeyed whatever is wanted
            over = next((source.removeprefix(each) for each in _OVER if source.startswith(each)), "")
            return Preference(key=key, value=value, options=tuple(options), source=source, help=about, over=over)

        context = ("contexts", self._setup.context)
        said, alerts = _said(Config), _said(Alerts)
        chosen = loaded.choose().context
        own = told.get(dotted((*context, "theme")), "default") != "default"
        rows = [
            # That of the context goes before that of all: without its own row a change would be written and nothing would change.
            *([one((*context, "theme"), chosen.theme, ("", *themes), _said(Context)["theme"])] if own else ()),
            one(("theme",), config.theme, ("", *themes), said["theme"]),
            one(("glyphs",), config.glyphs, ("auto", "unicode", "ascii"), said["glyphs"]),
            one(("mouse",), config.mouse, (True, False), said["mouse"] + " After a restart."),
            *(one(("alerts", name), getattr(config.alerts, name), options, alerts[name]) for name, options in _ALERTS),
        ]
        for name, each in chosen.connections.items():
            about = "Seconds that must at least pass between two reads; 0 as the platform likes."
            rows.append(one((*context, "connections", name, "refresh"), each.refresh, REFRESH, about))
        return rows

    def change(self, key: tuple[str, ...], value: Value) -> None:
        """Write one of them into the user's file. Raises ``RollwatchError``; the file is then as it was."""
        with self._brief():
            paths, _ = self._read(None)
            path = paths.config_file
            before = read_written(path, LIMIT)
            text = with_value(path, (before or HEAD.encode()).decode(), key, value)
            rewrite(path, before, text.encode())

    @contextmanager
    def _brief(self) -> Iterator[None]:
        """What is wrong in the file without the folder that it lies in: the line that says so is short, and the end of it counts."""
        try:
            yield
        except RollwatchError as error:
            if self._file is not None:
                error.message = clean(error.message.replace(str(self._file), self._file.name), len(error.message))
            raise

    def _read(self, context: str | None) -> tuple[Any, Loaded]:
        return configured(Namespace(**{**vars(self._args), "context": context or None}))


def _paced(old: Context, new: Context) -> Context:
    """The old context read as often as the new one: that is changed while it runs."""
    known = new.connections
    paced = {
        name: msgspec.structs.replace(each, refresh=known[name].refresh if name in known else 0.0) for name, each in old.connections.items()
    }
    return msgspec.structs.replace(old, connections=paced)


def _signature(path: Path) -> object:
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_mtime_ns, found.st_size, found.st_ino


def _said(struct: type[msgspec.Struct]) -> dict[str, str]:
    """What each field of a struct means."""
    described = msgspec.json.schema_components([struct])[1]
    properties = described[struct.__name__].get("properties", {})
    return {name: str(each.get("description", "")) for name, each in properties.items()}
