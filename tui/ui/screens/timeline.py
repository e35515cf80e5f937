"""Everything that happened on all platforms, newest first, and above it the same as lanes over time.

What went wrong says what came shortly before it, as a distance in time. Enter goes to the thing, esc comes back to the line.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from datetime import datetime
from typing import ClassVar, Final

from textual import events
from textual.containers import Vertical
from textual.widget import Widget

from tui.actions import Keymap
from tui.engine.recall.past import Past
from tui.engine.recall.timeline import Entry, Lane, lane_cells
from tui.engine.session import Session
from tui.model import Ref
from tui.tables import GLYPHS, Moment
from tui.ui.screens.memory import SPANS, MemoryScreen, parsed
from tui.ui.widgets.cells import Cell, Piece
from tui.ui.widgets.status_line import Part, StatusLine
from tui.ui.widgets.table_layout import ColumnSpec
from tui.ui.widgets.table_rows import LazyRows, Row, cell

LANES: Final[tuple[Lane, ...]] = ("rollouts", "deployments", "verbs", "services", "connections", "logs", "other")
LABEL: Final = 13
HIGH: Final = 18
"""Lines of a screen below which the lanes are left out."""


class TimelineScreen(MemoryScreen):
    """One list, seven lanes."""

    columns: ClassVar[tuple[ColumnSpec, ...]] = (
        ColumnSpec(id="when", low=8, high=12),
        ColumnSpec(id="name", low=18, high=28),
        ColumnSpec(id="what", low=44, high=120, grow=True),
        ColumnSpec(id="where", low=17, high=20, rank=2),
    )

    file: ClassVar[tuple[str, str]] = ("timeline", "txt")
    without: ClassVar[frozenset[str]] = frozenset({"past.note"})

    def __init__(self, session: Session, keymap: Keymap, moment: Callable[[], Moment]) -> None:
        super().__init__(session, keymap, moment)
        self._over: tuple[datetime, datetime, bool] | None = None
        self._entries: dict[Hashable, Entry] = {}
        self._lines = {name: StatusLine(gap=0) for name in (*LANES, "time")}
        self._with_lanes = True

    def body(self) -> Iterable[Widget]:
        yield Lanes(tuple(self._lines.values()))
        yield self.table
        yield self.words

    async def read(self, past: Past) -> None:
        now = self.moment().now
        stretch = await past.stretch(now - SPANS[self.span])
        self._entries = await asyncio.to_thread(lambda: _keyed(stretch.timeline()))
        self._over = (stretch.since, stretch.until, stretch.cut)

    def forget(self) -> None:
        self._over, self._entries = None, {}

    def acts(self) -> Mapping[str, Callable[[], object]]:
        return {**super().acts(), "past.lanes": self._toggle_lanes}

    def draw(self) -> None:
        if self._over is None:
            self.show((), [self.nothing])
            return
        since, until, cut = self._over
        shown = [key for key, each in self._entries.items() if self._fits(each)]
        count = str(len(shown)) if len(shown) == len(self._entries) else f"{len(shown)}/{len(self._entries)}"
        left = [Part(pieces=(Piece("Timeline", "title"),)), Part(pieces=(Piece(f"the last {self.span}", "muted"),))]
        wrong = sum(1 for key in shown if self._entries[key].wrong)
        left.append(
            Part(pieces=(Piece(f"{count} events{', ' if wrong else ''}", "muted"), Piece(f"{wrong} went wrong" if wrong else "", "bad")))
        )
        right = [Part(pieces=(Piece("only the newest are shown", "warn"),), rank=1)] if cut else []
        self.title_line.set_parts(left, right)
        self._draw_lanes([self._entries[key] for key in shown], since, until)
        empty = ["Nothing fits the filter.", "esc shows everything"] if self._entries else [f"Nothing happened in the last {self.span}."]
        self.show(LazyRows(shown, self._make), empty)

    def _make(self, key: Hashable) -> Row:
        entry, moment = self._entries[key], self.moment()
        today = moment.local(entry.at, "%Y%m%d") == moment.local(moment.now, "%Y%m%d")
        where = f"{entry.ref.split('/', 1)[0]} {entry.lane.removesuffix('s')}"
        return Row(
            key,
            (
                cell(moment.local(entry.at, "%H:%M:%S" if today else "%a %H:%M:%S"), "muted"),
                cell(f"{GLYPHS[entry.tone]} {entry.name}", entry.tone),
                (Piece(entry.text), Piece(f"  · {entry.after}" if entry.after else "", "warn")),
                cell(where, "muted"),
            ),
        )

    def _fits(self, entry: Entry) -> bool:
        if not self.wanted:
            return True
        return self.wanted.fits(f"{entry.name} {entry.text} {entry.after} {entry.lane} {entry.ref} {entry.tone}".casefold())

    def _draw_lanes(self, entries: list[Entry], start: datetime, end: datetime) -> None:
        width = max(10, self.size.width - LABEL - 2)
        moment = self.moment()
        for name in LANES:
            cells = lane_cells([each for each in entries if each.lane == name], start, end, width)
            pieces = [Piece(name.ljust(LABEL), "muted")]
            pieces += [Piece("·", "muted") if each is None else Piece(GLYPHS[each.tone], each.tone) for each in cells]
            self._lines[name].set_parts((Part(pieces=_joined(pieces)),))
        form = "%H:%M" if (end - start).total_seconds() <= 90_000 else "%a %H:%M"
        edges = [moment.local(start + (end - start) * part / 4, form) for part in range(5)]
        room = width - sum(map(len, edges))
        gaps = [room // 4] * 4
        axis = "".join(edge + " " * gap for edge, gap in zip(edges, [*gaps, 0], strict=True))
        self._lines["time"].set_parts((Part(pieces=(Piece(" " * LABEL + axis, "muted"),)),))
        self.query_one(Lanes).display = self._with_lanes and self.size.height >= HIGH

    def _toggle_lanes(self) -> None:
        self._with_lanes = not self._with_lanes
        self.draw()

    def on_resize(self, event: events.Resize) -> None:
        self.call_after_refresh(self.draw)

    def ref_of(self, key: Hashable | None) -> Ref | None:
        return parsed(self._entries[key].ref) if key in self._entries else None

    def words_of(self, key: Hashable | None) -> Sequence[Cell]:
        if key not in self._entries:
            return ()
        when, name, what, where = self._make(key).cells
        return [(*name, Piece("  "), *where, Piece("  "), *when, Piece("  "), *what)]

    def at_of(self, key: Hashable | None) -> datetime | None:
        return self._entries[key].at if key in self._entries else None

    def as_text(self) -> str:
        moment = self.moment()
        lines = [each for each in reversed(self._entries.values()) if self._fits(each)]
        return "\n".join(f"{moment.local(each.at)} {each.name} {each.text} {each.after}".rstrip() for each in lines)


class Lanes(Vertical):
    """The lanes under one another, and the time below them."""

    DEFAULT_CSS = """
    Lanes { height: auto; }
    """

    def __init__(self, lines: tuple[StatusLine, ...], **options: str) -> None:
        super().__init__(**options)  # type: ignore[arg-type]
        self._lines = lines

    def compose(self) -> Iterable[Widget]:
        yield from self._lines


def _keyed(entries: Iterable[Entry]) -> dict[Hashable, Entry]:
    """Newest first, each under what it is, so that the cursor stays on it when newer ones come; those that are alike are counted."""
    alike: Counter[Hashable] = Counter()
    keyed: dict[Hashable, Entry] = {}
    for each in entries:
        what = (each.at, each.lane, each.ref, each.text)
        keyed[(*what, alike[what])] = each
        alike[what] += 1
    return dict(reversed(keyed.items()))


def _joined(pieces: list[Piece]) -> tuple[Piece, ...]:
    """Neighbours of one tone as one piece: a lane is some pieces and not a hundred."""
    found: list[Piece] = []
    for piece in pieces:
        if found and found[-1].tone == piece.tone:
            found[-1] = Piece(found[-1].text + piece.text, piece.tone)
        else:
            found.append(piece)
    return tuple(found)
