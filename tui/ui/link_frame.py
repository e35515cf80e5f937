"""What a terminal shows, cell by cell, and the fewest bytes that turn it into what it should show.

Pure: strips of segments in, one string of escape sequences out. Nothing here knows Textual's app, a driver, a clock or a session.
A cell is ``(character, ink)``; a wide character is followed by a cell with an empty character. Wide pairs are never split, and
after a character on whose width terminals disagree the cursor is always placed anew.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Sequence
from itertools import groupby, repeat
from operator import itemgetter
from typing import Final, NamedTuple

from rich.cells import get_character_cell_size, split_graphemes
from rich.color import ColorSystem
from rich.segment import Segment
from rich.style import Style

Cell = tuple[str, int]
Line = list[Cell]

BLANK: Final[Cell] = (" ", 0)
UNKNOWN: Final[Cell] = ("\0", -1)
"""A cell of which nobody knows what the terminal shows there; it equals no other cell."""

PLAIN: Final = 0
"""The ink of text without any style."""

NEAR: Final = 4
"""Equal cells between two changed ones that are cheaper written than jumped over."""

SAVING: Final = 60
"""Cells that scrolling a block must spare before it is done."""

_ink: Final = itemgetter(1)
_SURE: Final = re.compile(
    "[ -~\u00a0-\u00ac\u00ae-\u02ff\u0370-\u0482\u2010-\u2027\u2030-\u205e\u2190-\u21ff\u2200-\u22ff\u2400-\u2426\u2500-\u25fc"
    "\u2713-\u2718\u2800-\u28ff\u2e80-\u303e\u3041-\u4dbf\u4e00-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff01-\uff60]+"
)
"""Characters whose width no terminal in use disputes; what is beside them costs a cursor move."""


_OBEYED: Final = re.compile("[\x00-\x1f\x7f-\x9f]")


class Look(NamedTuple):
    """A style taken apart: attribute codes, foreground, background, link and the link's id."""

    marks: frozenset[str]
    fore: str
    back: str
    link: str
    link_id: str


class Inks:
    """Numbers for styles, so that cells compare fast, and the shortest way from one style to another."""

    def __init__(self, colors: ColorSystem) -> None:
        self._colors = colors
        self._by_style: dict[Style, int] = {}
        self._by_look: dict[Look, int] = {}
        self._looks: list[Look] = []
        self._ways: dict[tuple[int, int], str] = {}
        self.of(None)

    def of(self, style: Style | None) -> int:
        """The number of a style; styles that look the same have the same."""
        if style is None:
            style = Style.null()
        number = self._by_style.get(style)
        if number is None:
            if len(self._by_style) > 8192:
                self._by_style.clear()
            look = _look_of(style, self._colors)
            number = self._by_look.get(look)
            if number is None:
                number = self._by_look[look] = len(self._looks)
                self._looks.append(look)
            self._by_style[style] = number
        return number

    def way(self, old: int, new: int) -> str:
        """The escape sequences that change the pen from ``old`` (-1: anything but without a link) to ``new``."""
        if old == new:
            return ""
        way = self._ways.get((old, new))
        if way is None:
            if len(self._ways) > 8192:
                self._ways.clear()
            way = self._ways[(old, new)] = self._find_way(old, new)
        return way

    def _find_way(self, old: int, new: int) -> str:
        there = self._looks[new]
        whole = ";".join(filter(None, ["0", *sorted(there.marks), there.fore, there.back]))
        link = ""
        if old >= 0:
            here = self._looks[old]
            if (here.link, here.link_id) != (there.link, there.link_id):
                link = f"\x1b]8;{f'id={there.link_id}' if there.link else ''};{there.link}\x1b\\"
            if here[:3] == there[:3]:
                return link
            if here.marks <= there.marks:
                parts = sorted(there.marks - here.marks)
                parts += [there.fore or "39"] if here.fore != there.fore else []
                parts += [there.back or "49"] if here.back != there.back else []
                whole = min(";".join(parts), whole, key=len)
        elif there.link:
            link = f"\x1b]8;id={there.link_id};{there.link}\x1b\\"
        return f"{link}\x1b[{'' if whole == '0' else whole}m"


def _look_of(style: Style, colors: ColorSystem) -> Look:
    marks: set[str] = set()
    colours = {"3": "", "4": ""}
    codes = style._make_ansi_codes(colors).split(";")  # noqa: SLF001
    at = 0
    while at < len(codes):
        code = codes[at]
        if code in {"38", "48"}:
            size = 5 if codes[at + 1] == "2" else 3
            colours[code[0]] = ";".join(codes[at : at + size])
            at += size
            continue
        if len(code) >= 2 and code[:-1] in {"3", "4", "9", "10"} and code != "21":
            colours["3" if code[:-1] in {"3", "9"} else "4"] = "" if code in {"39", "49"} else code
        elif code and code != "0":
            marks.add(code)
        at += 1
    # A link's id is what the terminal groups by; it never reaches a cell without the link itself.
    link = style.link if style.link and style.link.isprintable() else ""
    return Look(frozenset(marks), colours["3"], colours["4"], link, style._link_id if link else "")  # noqa: SLF001


class Grid:
    """A screen of cells."""

    def __init__(self, width: int, height: int, fill: Cell = UNKNOWN) -> None:
        self.width = width
        self.height = height
        self.lines: list[Line] = [[fill] * width for _ in range(height)]

    def forget(self) -> None:
        """From now on nobody knows what is shown."""
        for line in self.lines:
            line[:] = [UNKNOWN] * self.width

    def put(self, x: int, y: int, segments: Iterable[Segment], inks: Inks) -> None:
        """Write segments from cell ``x`` of line ``y``; what is outside the screen is dropped."""
        if not 0 <= y < self.height:
            return
        line = self.lines[y]
        cells = cells_of(segments, inks)
        if cells and not get_character_cell_size(cells[0][0][:1]):
            self._mark(line, x, cells.pop(0)[0])
        del cells[max(0, self.width - x) :]
        end = x + len(cells)
        # Half of a wide character that is written over becomes a blank, as terminals do.
        if cells and x and not line[x][0]:
            line[x - 1] = (" ", line[x - 1][1])
        if end < self.width and not line[end][0]:
            line[end] = (" ", line[end][1])
        line[x:end] = cells
        if len(cells) and end == self.width and cells[-1][0] and get_character_cell_size(cells[-1][0][0]) == 2:
            line[end - 1] = (" ", cells[-1][1])

    def _mark(self, line: Line, x: int, marks: str) -> None:
        """Combining marks at the beginning of a strip belong to the character left of it."""
        at = x - 1 if x < 2 or line[x - 1][0] else x - 2
        if at >= 0 and not line[at][0].endswith(marks):
            line[at] = (line[at][0] + marks, line[at][1])

    def scroll(self, first: int, last: int, by: int) -> None:
        """Lines ``first .. last`` moved up by ``by`` (down if negative), as a scroll region does."""
        block = self.lines[first : last + 1]
        empty: list[Line] = [[UNKNOWN] * self.width for _ in range(abs(by))]
        self.lines[first : last + 1] = [*block[by:], *empty] if by > 0 else [*empty, *block[:by]]


def cells_of(segments: Iterable[Segment], inks: Inks) -> Line:
    """The cells that segments take. What a terminal would obey takes none and is left out: the last of the gates."""
    cells: Line = []
    for text, style, control in segments:
        if control or not text:
            continue
        ink = inks.of(style)
        if not text.isprintable():
            text = _OBEYED.sub("", text)
        if text.isascii():
            cells += zip(text, repeat(ink), strict=False)
        elif "\u200d" in text or "\ufe0f" in text:
            for begin, end, width in split_graphemes(text)[0]:
                _add(cells, text[begin:end], width, ink)
        else:
            for char in text:
                _add(cells, char, get_character_cell_size(char), ink)
    return cells


def _add(cells: Line, char: str, width: int, ink: int) -> None:
    if width == 0:
        if cells:
            at = -1 if cells[-1][0] or len(cells) < 2 else -2
            cells[at] = (cells[at][0] + char, cells[at][1])
        else:
            cells.append((char, ink))
        return
    cells.append((char, ink))
    if width == 2:
        cells.append(("", ink))


class Pen:
    """Where the terminal's cursor is and what it writes with, as far as that is known."""

    def __init__(self, inks: Inks) -> None:
        self.inks = inks
        self.ink = PLAIN
        self.x = -1
        self.y = -1
        self.out: list[str] = []

    def move(self, x: int, y: int) -> None:
        if (x, y) == (self.x, self.y):
            return
        if y == self.y and 0 <= self.x < x:
            self.out.append(f"\x1b[{x - self.x}C" if x - self.x > 1 else "\x1b[C")
        else:
            self.out.append(f"\x1b[{y + 1};{x + 1}H" if x else f"\x1b[{y + 1}H" if y else "\x1b[H")
        self.x, self.y = x, y

    def write(self, cells: Sequence[Cell], width: int) -> None:
        """Cells that stand beside each other, from where the cursor is."""
        for ink, run in groupby(cells, _ink):
            if ink != self.ink:
                self.out.append(self.inks.way(self.ink, ink))
                self.ink = ink
            group = list(run)
            text = "".join(map(itemgetter(0), group))
            if text.isascii() or _SURE.fullmatch(text):
                self.out.append(text)
                self.x += len(group)
            else:
                self._write_unsure(group, width)
        if self.x >= width:
            self.x = -1

    def _write_unsure(self, cells: Sequence[Cell], width: int) -> None:
        """One by one, with the cursor placed anew behind each character on whose width terminals disagree."""
        x, y = self.x, self.y
        for char, _ in cells:
            if char:
                self.move(x, y)
                self.out.append(char)
                sure = _SURE.fullmatch(char) is not None
                self.x = x + get_character_cell_size(char[0]) if sure else -1
            x += 1
        if self.x != x < width:
            self.move(x, y)
        self.x = x

    def close(self) -> str:
        """All that was written, ending without a style."""
        self.out.append(self.inks.way(self.ink, PLAIN))
        self.ink = PLAIN
        return "".join(self.out)


def patch_line(pen: Pen, y: int, old: Line, new: Line) -> None:
    """Write what turns line ``y`` from ``old`` into ``new``."""
    if old == new:
        return
    width = len(new)
    differs = [a != b for a, b in zip(old, new, strict=True)]
    if differs[-1] and width > 1 and max(len(old[-1][0]), len(new[-1][0])) > 1:
        # tmux gives a mark in the last column to the character before it, where it would stay.
        differs[-2] = True
    if any(not char for char, _ in old) or any(not char for char, _ in new):
        _tie(differs, old, new)
    x = 0
    while x < width:
        if not differs[x]:
            x += 1
            continue
        end = x + 1
        while end < width:
            if differs[end]:
                end += 1
                continue
            gap = end
            while gap < width and gap - end <= NEAR and not differs[gap]:
                gap += 1
            if gap < width and differs[gap] and _cheap(new[end - 1 : gap]):
                end = gap + 1
            else:
                break
        pen.move(x, y)
        pen.write(new[x:end], width)
        x = end


def _cheap(cells: Sequence[Cell]) -> bool:
    """Whether all of these are one byte each and of the ink of the first."""
    ink = cells[0][1]
    return all(cell[1] == ink and cell[0].isascii() and cell[0] for cell in cells[1:])


def _tie(differs: list[bool], old: Line, new: Line) -> None:
    """Both halves of a wide character change together."""
    for line in (old, new, old):
        for x in range(1, len(line)):
            if not line[x][0] and line[x] is not UNKNOWN:
                differs[x] = differs[x - 1] = differs[x] or differs[x - 1]
    for x in range(len(new) - 1, 0, -1):
        if not new[x][0] or not old[x][0]:
            differs[x] = differs[x - 1] = differs[x] or differs[x - 1]


class Scroll(NamedTuple):
    """Lines ``first .. last`` move up by ``by`` (down if negative)."""

    first: int
    last: int
    by: int


def find_scroll(front: Grid, back: Grid, changed: Collection[int]) -> Scroll | None:
    """A block of whole lines that moved, if moving it spares enough."""
    if len(changed) < 3:
        return None
    low, high = min(changed), max(changed)
    where: dict[tuple[Cell, ...], int] = {}
    for y in range(low, high + 1):
        key = tuple(front.lines[y])
        where[key] = -1 if key in where else y
    moves: dict[int, list[int]] = {}
    for y in changed:
        source = where.get(tuple(back.lines[y]), -1)
        if source >= 0 and source != y:
            moves.setdefault(source - y, []).append(y)
    if not moves:
        return None
    by, lines = max(moves.items(), key=lambda move: len(move[1]))
    if len(lines) < 2:
        return None
    first, last = (min(lines), max(lines) + by) if by > 0 else (min(lines) + by, max(lines))
    scroll = Scroll(first, last, by)
    return scroll if _spared(front, back, scroll) >= SAVING else None


def _spared(front: Grid, back: Grid, scroll: Scroll) -> int:
    """Cells that need not be written if the block is scrolled, less those that must be written for it."""
    first, last, by = scroll
    spared = 0
    for y in range(first, last + 1):
        source = y + by
        without = _differing(front.lines[y], back.lines[y])
        spared += without - (_differing(front.lines[source], back.lines[y]) if first <= source <= last else front.width)
    return spared


def _differing(old: Line, new: Line) -> int:
    return 0 if old == new else sum(map(tuple.__ne__, old, new))


def scroll_codes(scroll: Scroll, height: int) -> str:
    """The scroll region, the line feeds, and the region taken back. The cursor is at the top left afterwards."""
    first, last, by = scroll
    move = f"\x1b[{last + 1}H" + "\n" * by if by > 0 else f"\x1b[{first + 1}H" + "\x1bM" * -by
    return f"\x1b[{first + 1};{last + 1}r{move}\x1b[r"
