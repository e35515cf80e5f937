"""Pictures of the past, of a generated shift on two consoles. Made with ``pytest --snapshot-update``; look at them before."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from datetime import UTC, timedelta
from pathlib import Path

import pytest
from textual.pilot import Pilot

from tests.engine.recall.shift import HOURS, play
from tests.ui.desk import NOW
from tests.ui.memory.test_memory import one_behind, remembering
from tui.local.journal import Journal
from tui.ui.app import Console
from tui.ui.settings import Settings

PICTURES = {
    "A": ((120, 40), ["A"], "Unresolved"),
    "T": ((80, 24), ["T"], "events"),
    "H": ((120, 40), ["H"], "Still wrong"),
    "V": ((80, 24), ["V"], "live where"),
    "past": ((200, 50), ["T", "j", "j", "P"], "PAST"),
}
"""By name: the size, the keys that lead there, and what stands there once it was read."""


@pytest.fixture(scope="module")
def journal(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Journal]:
    found = asyncio.run(play(Path(tmp_path_factory.mktemp("shift")) / "journal.sqlite", NOW - timedelta(hours=HOURS)))
    yield found
    found.close()


@pytest.mark.parametrize("name", PICTURES)
def test_the_past_looks_as_it_did(snap_compare: Callable[..., bool], name: str, journal: Journal) -> None:
    size, keys, sign = PICTURES[name]
    desk = remembering(journal)
    if name == "V":
        one_behind(desk)
    app = Console(desk, settings=Settings(zone=UTC))  # type: ignore[arg-type]

    async def open_it(pilot: Pilot[int]) -> None:
        for key in keys:
            await pilot.press(key)
            await _seen(pilot, "events" if keys[0] == "T" and key != "P" else "")
        await _seen(pilot, sign)

    assert snap_compare(app, terminal_size=size, run_before=open_it)


async def _seen(pilot: Pilot[int], text: str) -> None:
    """Wait for what a thread brings."""
    for _ in range(300):
        await pilot.pause(0.01)
        if text in "".join(strip.text for strip in pilot.app.screen._compositor.render_strips()):
            break
    await pilot.pause()
