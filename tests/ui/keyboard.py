"""A keyboard for an app under test: keys that are given at once or one by one, and waiting until what they mean was done.

Nothing here waits for time to pass: Textual's own pilot looks at the process's load, which takes long where others work too.
"""

from __future__ import annotations

import asyncio
from typing import Any

from textual import events

from tests.ui.throttled import let_through
from tui.ui.app import Console

NAMED = {
    "/": "slash",
    ":": "colon",
    "_": "underscore",
    "-": "minus",
    ".": "full_stop",
    "?": "question_mark",
    "!": "exclamation_mark",
    "[": "left_square_bracket",
    "]": "right_square_bracket",
    "<": "less_than_sign",
    ";": "semicolon",
    "~": "tilde",
    " ": "space",
}


TYPED = {name: character for character, name in NAMED.items()} | {"enter": "\r", "tab": "\t"}


def key(name: str) -> events.Key:
    """A key as the terminal's driver makes it: by its name, or as the letter that it types."""
    character = TYPED.get(name, name if len(name) == 1 else None)
    return events.Key(NAMED.get(name, name), character)


def give(app: Console, *keys: str) -> None:
    """Give all these keys at once. What stands in ``<`` and ``>`` is pasted."""
    for each in keys:
        app.post_message(events.Paste(each[1:-1]) if len(each) > 2 and each[0] == "<" else key(each))


async def press(app: Any, *keys: str) -> None:
    """Give these keys one by one, each when what the one before meant was done."""
    for each in keys:
        give(app, each)
        await rest(app, drawn=False)
    await rest(app)


ENOUGH = 45.0
"""Seconds, far beyond what anything takes, after which what does not come to rest is a failure; unlike the limit of the test, which
the event loop swallows, this one is told to who waits."""


async def rest(app: Any, *, drawn: bool = True) -> None:
    """Wait until every key that was given has been worked off and, if ``drawn``, what it changed is on the screen."""
    try:
        async with asyncio.timeout(ENOUGH):
            await _rest(app, drawn=drawn)
    except TimeoutError:
        raise AssertionError(f"the console never came to rest: {app.typeahead._busy(app.typeahead._pumps())}") from None


async def _rest(app: Any, *, drawn: bool) -> None:
    for _ in range(3 if drawn else 1):
        if isinstance(app, Console):
            let_through(app._telling)
        while app.return_code is None and app._screen_stack and not await app.typeahead._rest():
            pass
        while app.return_code is None and app.typeahead.waiting:
            await asyncio.sleep(0)
        if drawn and app.return_code is None and app._screen_stack:
            app.screen._on_timer_update()
    await asyncio.sleep(0)
