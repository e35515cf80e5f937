"""What the configuration says of the console alone: keys, theme, thresholds, whom to call. Plain values; they are worn by the ui."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from tui.clock import Clock
from tui.local.config import Chosen, Loaded
from tui.local.kept import KeptFile
from tui.local.paths import Paths
from tui.local.runbooks import Runbooks


def floors(chosen: Chosen) -> Mapping[str, float]:
    """The shortest interval of each connection that has one, in seconds."""
    return {name: each.refresh for name, each in chosen.context.connections.items() if each.refresh}


def _channels(paths: Paths, loaded: Loaded, chosen: Chosen, clock: Clock) -> Callable[[], Any]:
    urls = {name: each.status_url for name, each in chosen.context.connections.items() if each.status_url}
    alerts, folder = loaded.config.alerts, paths.config_dir

    def made() -> Any:
        # What needs a screen is imported where there is one.
        from tui.cli.alerting import channels

        return channels(alerts, urls, clock, folder, chosen.context.alert_rules)

    return made


def looks(paths: Paths, loaded: Loaded, chosen: Chosen, clock: Clock) -> Mapping[str, Any]:
    """What the configuration says of the console's looks."""
    keys = {**loaded.config.keys, **chosen.context.keys}
    made: dict[str, Any] = {
        "mouse": loaded.config.mouse,
        "plain": loaded.config.output == "plain",
        "glyphs": loaded.config.glyphs,
        "keys": {action: tuple(key.strip() for key in text.split(",") if key.strip()) for action, text in keys.items()},
        "theme_folders": paths.theme_folders[1:],
        "channels": _channels(paths, loaded, chosen, clock),
        "runbooks": Runbooks(paths.runbooks_file),
        "full": (chosen.context.load_warning / 100, chosen.context.load_alarm / 100),
        "tools": {**loaded.config.tools, **chosen.context.tools},
        "aliases": {" ".join(word.casefold().split()): text for word, text in loaded.config.aliases.items()},
        "floors": floors(chosen),
        "keep": None if paths.reason else KeptFile(paths.kept_file(chosen.name), now=clock.wall),
    }
    if theme := chosen.context.theme or loaded.config.theme:
        made["theme"] = theme
    return made
