"""Pictures of the modes of the log pane that a change must not alter unseen. Made with ``pytest --snapshot-update``."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, timedelta

import pytest
from textual.pilot import Pilot

from tests.ui.desk import NOW, busy, line
from tui.ui.app import Console
from tui.ui.settings import Settings

WORDS = (
    ("GET /v1/basket 200 in 12 ms", "info"),
    ('{"level":"error","msg":"no answer","peer":"10.0.0.1"}', ""),
    ("retrying, 2 of 5", "warn"),
)

MODES: dict[str, tuple[tuple[int, int], tuple[str, ...]]] = {
    "merged 120x40": ((120, 40), ()),
    "warnings with context 80x24": ((80, 24), ("L", "L", "o")),
    "a bad expression 80x24": ((80, 24), ("slash", "tilde", "left_parenthesis")),
    "standing still, marked 80x24": ((80, 24), ("k", "k", "m", "v", "k")),
    "laid out, ages 80x24": ((80, 24), ("P", "u", "u")),
    "a record 80x24": ((80, 24), ("E", "enter")),
    "patterns 120x40": ((120, 40), ("p",)),
}


@pytest.mark.parametrize("mode", MODES)
def test_the_mode_looks_as_it_did(snap_compare: Callable[..., bool], mode: str) -> None:
    size, keys = MODES[mode]
    app = Console(busy(), settings=Settings(zone=UTC))  # type: ignore[arg-type]

    async def run(pilot: Pilot[int]) -> None:
        await pilot.pause()
        await pilot.press("space", "j", "space", "l", "z")
        for which, follow in enumerate(app.session.follows):  # type: ignore[attr-defined]
            at = [NOW - timedelta(seconds=2 * (40 - number) + which) for number in range(40)]
            follow.write(*(line(*WORDS[number % 3], when) for number, when in enumerate(at)))
        await pilot.pause(0.3)
        await pilot.press(*keys)
        await pilot.pause(0.2)
        app._tick()
        await pilot.pause()

    assert snap_compare(app, terminal_size=size, run_before=run)
