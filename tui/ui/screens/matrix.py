"""What is live where: apps by environments, with version, age and who is behind. From what is known now and what the journal remembers."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping, Sequence
from datetime import datetime
from typing import ClassVar, Final

from tui.actions import Keymap
from tui.engine.joins import plain
from tui.engine.recall.past import Past
from tui.engine.recall.versions import Line, Live, Matrix, Place, matrix, places
from tui.engine.session import Session
from tui.engine.words import short
from tui.model import TONES, Health, Ref, Rollout
from tui.tables import GLYPHS, NOTHING, Moment
from tui.ui.screens.memory import MemoryScreen
from tui.ui.widgets.cells import Cell, Piece, cut_inside, spelled
from tui.ui.widgets.status_line import Part
from tui.ui.widgets.table_layout import ColumnSpec
from tui.ui.widgets.table_rows import Row, cell

SERVICE: Final = "service"
"""Title of the column of what runs without a stage."""
BEHIND: Final = "▲ behind"
LONGEST: Final = 24
"""Cells of a version; the whole of it is told of the line that is chosen."""
ROOM: Final = 14
"""Cells in which a version can be told from another one."""


UNTOLD: Final = 4
"""How much sooner a stage leaves of which nothing is known: before the services, whose rank is 3."""


class MatrixScreen(MemoryScreen):
    """One line an app, one column a stage; below, in words, the line that is chosen. Enter opens what says so of the stage that is
    behind, else of the newest."""

    titles: ClassVar[bool] = True
    file: ClassVar[tuple[str, str]] = ("versions", "txt")
    without: ClassVar[frozenset[str]] = frozenset({"past.span", "past.lanes", "past.note"})

    def __init__(self, session: Session, keymap: Keymap, moment: Callable[[], Moment]) -> None:
        super().__init__(session, keymap, moment)
        self._matrix = Matrix(environments=(), lines=())
        self._remembered: Mapping[Place, Rollout] = {}

    async def read(self, past: Past) -> None:
        self._remembered = await past.live(places(self.session.tree()))

    def forget(self) -> None:
        self._matrix, self._remembered = Matrix(environments=(), lines=()), {}

    def draw(self) -> None:
        self._matrix = matrix(self.session.tree(), self.session.store, self._remembered)
        moment = self.moment()
        behind = sum(1 for line in self._matrix.lines for each in line.told if each.behind)
        apps = sum(1 for line in self._matrix.lines if line.app)
        left = [Part(pieces=(Piece("What is live where", "title"),)), Part(pieces=(Piece(f"{apps} apps and services", "muted"),))]
        if behind:
            left.append(Part(pieces=(Piece(f"▲ {behind} behind", "warn"),)))
        self.title_line.set_parts(left, [Part(pieces=(Piece("a version is a commit, a branch or the platform's word", "muted"),), rank=1)])
        rows = [self._row(number, line, moment) for number, line in enumerate(self._matrix.lines)]
        stages = [
            _column(f"stage-{index}", str(name).upper(), [row.cells[index + 1] for row in rows], rank=self._rank(index))
            for index, name in enumerate(self._matrix.environments)
        ]
        if any(line.service is not None for line in self._matrix.lines):
            stages.append(_column(SERVICE, SERVICE.upper(), [row.cells[-1] for row in rows], rank=3))
        self.table.set_columns((ColumnSpec(id="app", title="APP", low=10, high=26), *stages))
        self.show([row for row in rows if self._fits(row)], ["No app has an environment here."])

    def _rank(self, stage: int) -> int:
        """A stage of which nobody knows anything leaves before all others, and before the services."""
        cells = (line.cells[stage] for line in self._matrix.lines)
        told = any(each is not None and (each.version or each.health is not Health.UNKNOWN) for each in cells)
        return stage // 3 + (0 if told else UNTOLD)

    def _fits(self, row: Row) -> bool:
        return not self.wanted or self.wanted.fits(" ".join(piece.text for each in row.cells for piece in each).casefold())

    @staticmethod
    def _row(number: int, line: Line, moment: Moment) -> Row:
        service = line.service
        # A service that is called like its line, as names are joined, need not be named twice.
        named = str(service.name) if service is not None and plain(service.name) != plain(line.app) else ""
        called = str(line.app)
        stages = (_live(each, moment, called) for each in line.cells)
        return Row(number, (cell(called), *stages, _live(service, moment, str(service.name) if service is not None else called, named)))

    def _line(self, key: Hashable | None) -> Line | None:
        return self._matrix.lines[key] if isinstance(key, int) and key < len(self._matrix.lines) else None

    def _chosen(self, key: Hashable | None) -> Live | None:
        """What of a line is opened: what is behind, else the newest."""
        line = self._line(key)
        known = [each for each in line.told if each.by is not None] if line is not None else []
        return min(known, key=lambda each: (not each.behind, -(each.at.timestamp() if each.at else 0)), default=None)

    def ref_of(self, key: Hashable | None) -> Ref | None:
        chosen = self._chosen(key)
        return chosen.by if chosen is not None else None

    def at_of(self, key: Hashable | None) -> datetime | None:
        chosen = self._chosen(key)
        return chosen.at if chosen is not None else None

    def words_of(self, key: Hashable | None) -> Sequence[Cell]:
        moment, line = self.moment(), self._line(key)
        if line is None:
            return ()
        return [_told(each, moment) for each in line.told if each.version] or [(Piece("nobody says which version is live here", "muted"),)]

    def as_text(self) -> str:
        moment = self.moment()
        head = "\t".join(["app", *map(str, self._matrix.environments), SERVICE])
        rows = (self._row(number, line, moment) for number, line in enumerate(self._matrix.lines))
        return "\n".join([head, *("\t".join("".join(piece.text for piece in each) for each in row.cells) for row in rows)])


def _column(id_: str, title: str, cells: Sequence[Cell], *, rank: int) -> ColumnSpec:
    """As narrow as its cells let it be, so that a stage of which little is known leaves its room to the others; what says that one is
    behind is never cut."""
    widest = max((len(spelled(each)) for each in cells), default=0)
    behind = max((len(spelled(each)) for each in cells if BEHIND in spelled(each)), default=0)
    return ColumnSpec(id=id_, title=title, low=max(len(title), behind, min(widest, ROOM)), high=48, rank=rank)


def _live(live: Live | None, moment: Moment, called: str, named: str = "") -> Cell:
    """``● a1b2c3d 3h``, ``▲ 9f8e7d6 41d ▲ behind``; a dash where the app has no such stage."""
    if live is None:
        return cell(NOTHING, "muted")
    tone = TONES[live.health]
    pieces = [Piece(f"{GLYPHS[tone]} ", tone)]
    if named:
        pieces.append(Piece(f"{named} ", "muted"))
    # What an image shares with its line need not be said again; of a long one the tag is what matters.
    version = cut_inside(short(str(live.version)).removeprefix(f"{called}:"), LONGEST)
    pieces.append(Piece(version or "not said", None if version else "muted"))
    if live.at is not None:
        pieces.append(Piece(f" {moment.ago(live.at)}", "muted"))
    if live.behind:
        pieces.append(Piece(f" {BEHIND}", "warn"))
    return tuple(pieces)


def _told(live: Live, moment: Moment) -> Cell:
    """``prod: 9d0f… since Sat 28 21:18, 35m, by maya, rollout roll_1``."""
    pieces = [Piece(f"{live.name}: ", "muted"), Piece(str(live.version))]
    if live.at is not None:
        today = moment.local(live.at, "%Y%m%d") == moment.local(moment.now, "%Y%m%d")
        pieces.append(Piece(f" since {moment.local(live.at, '%H:%M' if today else '%a %d %b %H:%M')} ({moment.ago(live.at)})"))
    if live.by is not None:
        pieces.append(Piece(f", says {live.by.kind} {live.by.id}{f' by {live.who}' if live.who else ''}", "muted"))
    if live.behind:
        pieces.append(Piece("  ▲ behind another stage", "warn"))
    return tuple(pieces)
