"""Two pictures of the past, of a generated shift. Made with ``pytest --snapshot-update``; look at them before."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import UTC, timedelta
from pathlib import Path

import pytest
from textual.pilot import Pilot

from tests.engine.recall.shift import HOURS, play
from tests.ui.desk import NOW, busy
from tui.engine.recall.past import Past
from tui.ui.app import Console
from tui.ui.settings import Settings

PICTURES = {"A": (120, 40), "T": (80, 24)}


@pytest.mark.parametrize("key", PICTURES)
def test_the_past_looks_as_it_did(snap_compare: Callable[..., bool], key: str, tmp_path: Path) -> None:
    journal = asyncio.run(play(tmp_path / "journal.sqlite", NOW - timedelta(hours=HOURS)))
    desk = busy()
    desk.past = Past(journal, desk.clock)

    async def open_it(pilot: Pilot[int]) -> None:
        await pilot.press(key)
        for _ in range(200):
            await pilot.pause(0.01)
            if (
                "mailer" in "".join(strip.text for strip in pilot.app.screen._compositor.render_strips())
                and len(pilot.app.screen_stack) > 1
            ):
                break
        await pilot.pause()

    app = Console(desk, settings=Settings(zone=UTC))  # type: ignore[arg-type]
    assert snap_compare(app, terminal_size=PICTURES[key], run_before=open_it)
    journal.close()
