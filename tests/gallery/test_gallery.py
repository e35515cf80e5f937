"""The pictures in ``screenshots`` still show the app: every line of the SVG and every cell and colour of the PNG."""

from __future__ import annotations

import json
import re

import pyte
import pytest

from tests.gallery import recording
from tests.gallery.paint import Look, font_file, paint, stamp, stamped
from tests.gallery.scenes import FOLDER, SCENES, Scene, svg_text, take

STALE = "python -m tests.gallery draws the pictures anew"


ALWAYS = frozenset({"console-120x40", "incident", "while-away"})
"""Pictures that every run of the suite looks at; the others cost as much each and are looked at in the long run."""


@pytest.mark.parametrize(
    "scene", [pytest.param(scene, id=scene.name, marks=() if scene.name in ALWAYS else pytest.mark.soak) for scene in SCENES]
)
async def test_a_picture_shows_the_app_as_it_is(scene: Scene) -> None:
    picture = await take(scene)
    kept = (FOLDER / f"{scene.name}.svg").read_text(encoding="utf-8")
    assert svg_text(kept) == svg_text(picture.svg), STALE
    assert stamped(FOLDER / f"{scene.name}.png") == stamp(picture.lines), STALE


def test_every_picture_has_a_scene_and_no_two_are_the_same() -> None:
    kept = sorted(FOLDER.iterdir())
    assert {path.name for path in kept} == {f"{scene.name}.{kind}" for scene in SCENES for kind in ("svg", "png")} | {recording.FILE.name}
    stamps = [stamped(path) for path in kept if path.suffix == ".png"]
    assert len(set(stamps)) == len(stamps)


def test_the_recording_goes_from_the_first_sign_to_the_handoff() -> None:
    head, *events = (json.loads(line) for line in recording.FILE.read_text("utf-8").splitlines())
    assert (head["version"], head["width"], head["height"]) == (2, *recording.SIZE)
    times = [at for at, kind, _ in events if kind == "o"]
    assert len(times) == len(events) > 20
    assert times == sorted(times)
    screen = pyte.Screen(*recording.SIZE)
    stream, seen = pyte.Stream(screen), ""
    for _, _, text in events:
        stream.feed(re.sub(r"\x1b\[[<>=][\d;]*\w|\x1b\[\?[\d;]*\$p", "", text))
        seen += "\n".join(screen.display)
    assert all(shows in seen for _, shows, _ in recording.STORY)


def test_a_cell_or_a_colour_that_differs_is_noticed() -> None:
    plain = Look((1, 2, 3), (0, 0, 0))
    before = [[("web-api", plain)]]
    assert stamp(before) == stamp([[("web-api", plain)]])
    assert stamp(before) != stamp([[("web-app", plain)]])
    assert stamp(before) != stamp([[("web-api", Look((1, 2, 4), (0, 0, 0)))]])
    assert svg_text('<text x="0" clip-path="url(#t-line-0)">a&#160;b</text><text x="9.5" clip-path="url(#t-line-0)">c</text>') == ["a bc"]


@pytest.mark.skipif(font_file() is None, reason="this machine has no monospace font; drawing is for whoever changes the pictures")
def test_a_picture_carries_the_stamp_of_what_it_shows(tmp_path) -> None:  # type: ignore[no-untyped-def]
    lines = [[("▕██▏ ● ok ", Look((200, 200, 200), (10, 10, 10)))]]
    paint(lines, tmp_path / "a.png")
    assert stamped(tmp_path / "a.png") == stamp(lines)
