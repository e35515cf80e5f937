"""Draws every picture of the gallery anew: ``python -m tests.gallery`` or, for some, ``python -m tests.gallery console-120x40 logs``."""

from __future__ import annotations

import asyncio
import os
import sys

from tests.gallery.paint import paint
from tui.__main__ import prepare

prepare(os.environ)

from tests.gallery.scenes import FOLDER, SCENES, take  # noqa: E402


async def main(names: list[str]) -> None:
    FOLDER.mkdir(exist_ok=True)
    for scene in SCENES:
        if names and scene.name not in names:
            continue
        picture = await take(scene)
        (FOLDER / f"{scene.name}.svg").write_text(picture.svg, encoding="utf-8")
        paint(picture.lines, FOLDER / f"{scene.name}.png")
        print(scene.name)


asyncio.run(main(sys.argv[1:]))
