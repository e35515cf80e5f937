"""A screen's cells as a PNG. Knows cells, colours and a monospace font; knows no app.

The picture carries a stamp of the cells it was drawn from, so that a test can tell whether it still shows the app without a font.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from PIL import Image, ImageDraw, ImageFont
from PIL.PngImagePlugin import PngInfo
from rich.cells import cell_len
from rich.color import Color
from rich.segment import Segment
from rich.terminal_theme import MONOKAI

STAMP = "rollwatch-cells"
MARGIN = 12
SIZE = 15

FONTS = (
    "DejaVuSansMono.ttf",
    "dejavu/DejaVuSansMono.ttf",
    "truetype/dejavu/DejaVuSansMono.ttf",
    "TTF/DejaVuSansMono.ttf",
    "dejavu-sans-mono-fonts/DejaVuSansMono.ttf",
    "Menlo.ttc",
)
FOLDERS = ("/usr/share/fonts", "/usr/local/share/fonts", "~/.local/share/fonts", "~/.fonts", "/System/Library/Fonts", "/Library/Fonts")

EIGHTHS = {char: n for n, char in enumerate("▏▎▍▌▋▊▉█", start=1)}
RISING = {char: n for n, char in enumerate("▁▂▃▄▅▆▇", start=1)}


@dataclass(frozen=True, slots=True)
class Look:
    """How a run of cells looks: colours as (r, g, b)."""

    fg: tuple[int, int, int]
    bg: tuple[int, int, int]
    bold: bool = False
    underline: bool = False


Run = tuple[str, Look]


def runs(line: Sequence[Segment]) -> list[Run]:
    """A rendered line as runs of equal look, whatever pieces it was rendered in."""
    found: list[Run] = []
    for text, style, control in line:
        if control or not text:
            continue
        fg = _rgb(style.color if style else None, MONOKAI.foreground_color)
        bg = _rgb(style.bgcolor if style else None, MONOKAI.background_color)
        if style and style.reverse:
            fg, bg = bg, fg
        if style and style.dim:
            fg = ((fg[0] + bg[0]) // 2, (fg[1] + bg[1]) // 2, (fg[2] + bg[2]) // 2)
        look = Look(fg, bg, bool(style and style.bold), bool(style and style.underline))
        if found and found[-1][1] == look:
            found[-1] = (found[-1][0] + text, look)
        else:
            found.append((text, look))
    return found


def _rgb(color: Color | None, default: tuple[int, int, int]) -> tuple[int, int, int]:
    if color is None or color.is_default:
        return (default[0], default[1], default[2])
    triplet = color.get_truecolor(MONOKAI)
    return (triplet.red, triplet.green, triplet.blue)


def stamp(lines: Sequence[Sequence[Run]]) -> str:
    """One word that differs as soon as a cell or a colour does."""
    return hashlib.sha256(
        repr([[(text, look.fg, look.bg, look.bold, look.underline) for text, look in line] for line in lines]).encode()
    ).hexdigest()


def stamped(path: Path) -> str:
    """The stamp of a picture, empty if it has none."""
    with Image.open(path) as image:
        return str(image.info.get(STAMP, ""))


def font_file() -> Path | None:
    """A monospace font with box drawing: ``ROLLWATCH_FONT``, else DejaVu Sans Mono or Menlo where systems keep them."""
    if named := os.environ.get("ROLLWATCH_FONT"):
        return Path(named)
    found = (Path(folder).expanduser() / name for folder in FOLDERS for name in FONTS)
    return next((path for path in found if path.is_file()), None)


def _cells(line: Sequence[Run]) -> Iterator[tuple[int, int, str, Look]]:
    """(column, width, character with its marks, look)"""
    column = 0
    for text, look in line:
        held = ""
        for char in text:
            if held and cell_len(char) == 0:
                held += char
                continue
            if held:
                yield column, cell_len(held[0]), held, look
                column += cell_len(held[0])
            held = char
        if held:
            yield column, cell_len(held[0]), held, look
            column += cell_len(held[0])


def paint(lines: Sequence[Sequence[Run]], path: Path) -> None:
    """Draw lines of runs into a PNG. Raises ``FileNotFoundError`` with advice when this machine has no font for it."""
    file = font_file()
    if file is None:
        raise FileNotFoundError("no monospace font for the pictures: install DejaVu Sans Mono, or set ROLLWATCH_FONT to a .ttf file")
    plain = ImageFont.truetype(str(file), SIZE)
    heavy_file = file.with_name(file.name.replace("Mono.ttf", "Mono-Bold.ttf"))
    heavy = ImageFont.truetype(str(heavy_file), SIZE) if heavy_file.is_file() else plain
    wide = round(plain.getlength("M"))
    ascent, descent = plain.getmetrics()
    high = ascent + descent
    columns = max(sum(cell_len(text) for text, _ in line) for line in lines)
    ground = lines[0][0][1].bg
    image = Image.new("RGB", (columns * wide + 2 * MARGIN, len(lines) * high + 2 * MARGIN), ground)
    draw = ImageDraw.Draw(image)
    for number, line in enumerate(lines):
        top = MARGIN + number * high
        for column, width, char, look in _cells(line):
            left = MARGIN + column * wide
            box = (left, top, left + width * wide - 1, top + high - 1)
            draw.rectangle(box, fill=look.bg)
            if not _block(draw, char, box, look.fg) and char != " ":
                draw.text((left, top), char, font=heavy if look.bold else plain, fill=look.fg)
            if look.underline:
                draw.line((box[0], box[3] - 1, box[2], box[3] - 1), fill=look.fg)
    info = PngInfo()
    info.add_text(STAMP, stamp(lines))
    image.quantize(256, dither=Image.Dither.NONE).save(path, optimize=True, pnginfo=info)


def _block(draw: ImageDraw.ImageDraw, char: str, box: tuple[int, int, int, int], colour: tuple[int, int, int]) -> bool:
    """Block elements are drawn, so that neighbours meet without a seam."""
    left, top, right, bottom = box
    if char in EIGHTHS:
        draw.rectangle((left, top, left + (right - left) * EIGHTHS[char] // 8, bottom), fill=colour)
    elif char in RISING:
        draw.rectangle((left, bottom - (bottom - top) * RISING[char] // 8, right, bottom), fill=colour)
    elif char == "▕":
        draw.rectangle((right - (right - left) // 8, top, right, bottom), fill=colour)
    elif char == "▔":
        draw.rectangle((left, top, right, top + (bottom - top) // 8), fill=colour)
    else:
        return False
    return True
