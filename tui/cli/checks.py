"""What the configuration names and is not there: programs, themes, runbooks, guardrails that are about nothing. For ``doctor``.

Asks no platform anything, runs nothing and changes nothing.
"""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator, Mapping
from fnmatch import fnmatchcase
from typing import Final, NamedTuple

from tui.clock import Clock
from tui.engine.feeds import Feed
from tui.errors import StorageError
from tui.local.config import Chosen, Loaded
from tui.local.laststate import LastState
from tui.local.opening import is_address
from tui.local.paths import Paths
from tui.local.runbooks import Runbooks
from tui.local.settings import Guardrail, Tool
from tui.platforms.base import Rows
from tui.text import clean

_PLACEHOLDER: Final = re.compile(r"\{[^{}]*\}")


class Wrong(NamedTuple):
    """What it is about, what is wrong, what to do."""

    about: str
    text: str
    remedy: str


def wrongs(paths: Paths, loaded: Loaded, chosen: Chosen, clock: Clock) -> Iterator[Wrong]:
    """Everything that is worth a warning."""
    yield from _tools({**loaded.config.tools, **chosen.context.tools})
    if (command := loaded.config.alerts.command) and not shutil.which(command[0]):
        yield Wrong("alerts", f"{clean(command[0], 80)} is not found: nobody is called", "install it, or mend command of [alerts]")
    yield from _themes(paths, {loaded.config.theme, *(each.theme for each in loaded.config.contexts.values())} - {""})
    books = Runbooks(paths.runbooks_file)
    books.of("")
    if books.problem:
        yield Wrong("runbooks", books.problem, "mend it: what is wrong there is not shown")
    yield from _guardrails(chosen.context.guardrails, _known(paths, chosen, clock))


def _tools(tools: Mapping[str, Tool]) -> Iterator[Wrong]:
    for name, tool in tools.items():
        about, table = f"tool {name}", f"[tools.{name}]"
        if bool(tool.run) == bool(tool.open):
            yield Wrong(about, "needs either run or open", f"mend {table}")
        elif tool.run and not _PLACEHOLDER.search(tool.run[0]) and not shutil.which(tool.run[0]):
            yield Wrong(about, f"{clean(tool.run[0], 80)} is not found", f"install it, or mend run of {table}")
        elif tool.open and not is_address(_PLACEHOLDER.sub("x", tool.open)):
            yield Wrong(about, "what it opens is no address of the web", f"begin open of {table} with https://")


def _themes(paths: Paths, wanted: set[str]) -> Iterator[Wrong]:
    # What draws is imported only where somebody asks.
    from tui.ui.theming import bundled, load_themes

    themes = load_themes((bundled(), *paths.theme_folders[1:]))
    for problem in themes.problems:
        yield Wrong("themes", problem, "mend it: until then it cannot be worn")
    for name in sorted(wanted - set(themes.found)):
        yield Wrong("theme", f"{clean(name, 40)!r} does not exist", f"choose one of {', '.join(sorted(themes.found))}")


def _known(paths: Paths, chosen: Chosen, clock: Clock) -> set[str]:
    """Names and ids of what was listed when a console ran last; empty where nobody has looked yet."""
    try:
        last = LastState(paths.last_state_file(chosen.name), feed=Feed, rows=Rows, now=clock.wall).load()
    except StorageError:
        return set()
    return {str(word) for _, rows, _ in last for row in rows.items for word in (row.name, row.ref.id) if word}


def _guardrails(guardrails: tuple[Guardrail, ...], known: set[str]) -> Iterator[Wrong]:
    for number, each in enumerate(guardrails, 1):
        about = f"guardrail {number}"
        if not (each.refuse or each.type_name or each.at_most):
            yield Wrong(about, "it does nothing", "give it refuse, type_name or at_most")
        for pattern in each.names if known else ():
            if not any(fnmatchcase(word, pattern) for word in known):
                text = f"nothing that was listed last is called {clean(pattern, 60)!r}"
                yield Wrong(about, text, "check the spelling; leave it if it is about what comes later")
