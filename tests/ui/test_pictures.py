"""Pictures of the main screens that a change must not alter unseen. Made with ``pytest --snapshot-update``; look at them before."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import UTC
from pathlib import Path

import pytest
from textual.pilot import Pilot

from tests.gallery.paint import stamp
from tests.ui.desk import READS, Desk, busy, line, refused, signed_out
from tests.ui.dialogs import Scene, groups, pictures
from tui.ui.app import Console
from tui.ui.settings import Settings

Snap = Callable[..., bool]


def down() -> Desk:
    """One platform does not answer, one wants a sign-in, the third is overdue; everything known is two minutes old."""
    desk = busy()
    asyncio.run(desk.pass_time(125))
    desk.fail("fleet", READS["dployr"], refused("fleet"))
    desk.fail("vault", READS["phase"], signed_out("vault"), after=None)
    return desk


def failed() -> Desk:
    """Nothing was ever known."""
    desk = Desk()
    desk.fail("fleet", READS["dployr"], refused("fleet"))
    desk.fail("vault", READS["phase"], signed_out("vault"), after=None)
    for kind in READS["encore"]:
        desk.put("shop", kind, [])
    return desk


def production() -> Desk:
    """What must look like nothing else."""
    desk = busy()
    desk.production = desk.read_only = True
    return desk


async def log(pilot: Pilot[int]) -> None:
    """Follow a log and let it say something."""
    await pilot.pause()
    await pilot.press("l")
    desk = pilot.app.session  # type: ignore[attr-defined]
    words = [("GET /v1/basket 200 in 12 ms", "info"), ("upstream timed out after 5s", "error"), ("retrying, 2 of 5", "warn")]
    desk.follows[-1].write(*(line(text, level) for text, level in words * 5))
    await pilot.pause(0.2)
    pilot.app._tick()  # type: ignore[attr-defined]
    await pilot.pause()


PICTURES: dict[str, tuple[Callable[[], Desk], tuple[int, int], dict[str, object]]] = {
    "console 120x40": (busy, (120, 40), {}),
    "console 80x24": (busy, (80, 24), {}),
    "console 200x50": (busy, (200, 50), {}),
    "rollouts 80x24": (busy, (80, 24), {"press": ["3"]}),
    "apps 80x24": (busy, (80, 24), {"press": ["1"]}),
    "loading 120x40": (Desk, (120, 40), {}),
    "failed 120x40": (failed, (120, 40), {}),
    "down 120x40": (down, (120, 40), {}),
    "production log 120x40": (production, (120, 40), {"run_before": log}),
    "detail 100x30": (busy, (100, 30), {"press": ["j", "j", "j", "j", "enter"]}),
    "json 80x24": (busy, (80, 24), {"press": ["j", "j", "j", "j", "enter", "tab"]}),
    "help 100x30": (busy, (100, 30), {"press": ["question_mark"]}),
    "palette 120x40": (busy, (120, 40), {"press": ["colon", "w", "e", "b"]}),
    "filter 80x24": (busy, (80, 24), {"press": ["slash", "exclamation_mark"]}),
}


@pytest.mark.parametrize("name", PICTURES)
def test_the_screen_looks_as_it_did(snap_compare: Snap, name: str) -> None:
    make, size, more = PICTURES[name]
    app = Console(make(), settings=Settings(zone=UTC))  # type: ignore[arg-type]
    assert snap_compare(app, terminal_size=size, **more)


@pytest.mark.parametrize("theme", ["rollwatch-light", "high-contrast"])
def test_the_other_themes_look_as_they_did(snap_compare: Snap, theme: str) -> None:
    app = Console(busy(), settings=Settings(zone=UTC, theme=theme))  # type: ignore[arg-type]
    assert snap_compare(app, terminal_size=(120, 40))


BOOK = Path(__file__).parent / "__snapshots__" / "dialogs"


ALWAYS = frozenset({"delete in production", "deploy small"})
"""Groups with these are looked at in every run; each costs a start of the console."""


def seldom(group: tuple[Scene, ...]) -> tuple[pytest.MarkDecorator, ...]:
    return () if ALWAYS & {each.name for each in group} else (pytest.mark.soak,)


@pytest.mark.parametrize("scenes", [pytest.param(group, id=group[0].name, marks=seldom(group)) for group in groups()])
async def test_every_dialog_looks_as_it_did(request: pytest.FixtureRequest, scenes: tuple[Scene, ...]) -> None:
    """As text with a stamp of the colours: an SVG each would cost a start of the console each."""
    async for scene, lines in pictures(scenes):
        text = ["".join(part for part, _ in line).rstrip() for line in lines]
        made = "\n".join([*text, f"looks: {stamp(lines)}", ""])
        assert all(any(wanted in line for line in text) for wanted in scene.shows), f"{scene.name}\n{made}"
        page = BOOK / f"{scene.name}.txt"
        if request.config.getoption("--snapshot-update"):
            page.parent.mkdir(exist_ok=True)
            page.write_text(made)
        assert made == page.read_text(), "look at python -m tests.ui.dialogs FOLDER, then --snapshot-update"
