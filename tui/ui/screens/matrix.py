"""What is live where: apps by environments, with version, age and who is behind. Made from what is known now, no request."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from typing import ClassVar

from tui.actions import Keymap
from tui.engine.recall.versions import Line, Live, Matrix, matrix
from tui.engine.session import Session
from tui.model import Ref
from tui.tables import GLYPHS, NOTHING, TONES, Moment
from tui.ui.screens.memory import MemoryScreen
from tui.ui.widgets.cells import Cell, Piece
from tui.ui.widgets.status_line import Part
from tui.ui.widgets.table_layout import ColumnSpec
from tui.ui.widgets.table_rows import Row, cell


class MatrixScreen(MemoryScreen):
    """One line an app, one column a stage. Enter opens what says so of the stage that is behind, else of the newest."""

    titles: ClassVar[bool] = True
    without: ClassVar[frozenset[str]] = frozenset({"past.moment", "past.span", "past.lanes", "past.note"})

    def __init__(self, session: Session, keymap: Keymap, moment: Callable[[], Moment]) -> None:
        super().__init__(session, keymap, moment)
        self._matrix = Matrix(environments=(), lines=())

    def draw(self) -> None:
        self._matrix = matrix(self.session.tree())
        moment = self.moment()
        behind = sum(1 for line in self._matrix.lines for each in line.cells if each is not None and each.behind)
        left = [Part(pieces=(Piece("What is live where", "title"),)), Part(pieces=(Piece(f"{len(self._matrix.lines)} apps", "muted"),))]
        if behind:
            left.append(Part(pieces=(Piece(f"▲ {behind} behind", "warn"),)))
        self.title_line.set_parts(left, [Part(pieces=(Piece("a version is a commit, a branch or the platform's word", "muted"),), rank=1)])
        stages = [
            ColumnSpec(id=f"stage-{index}", title=str(name).upper(), low=14, high=40, rank=index // 3)
            for index, name in enumerate(self._matrix.environments)
        ]
        self.table.set_columns((ColumnSpec(id="app", title="APP", low=10, high=26), *stages))
        rows = [self._row(line, moment) for line in self._matrix.lines]
        self.show([row for row in rows if self._fits(row)], ["No app has an environment here."])

    def _fits(self, row: Row) -> bool:
        return not self.wanted or self.wanted.fits(" ".join(piece.text for each in row.cells for piece in each).casefold())

    @staticmethod
    def _row(line: Line, moment: Moment) -> Row:
        return Row(str(line.app), (cell(str(line.app)), *(_live(each, moment) for each in line.cells)))

    def ref_of(self, key: Hashable | None) -> Ref | None:
        line = next((each for each in self._matrix.lines if str(each.app) == key), None)
        known = [each for each in line.cells if each is not None and each.by is not None] if line is not None else []
        known.sort(key=lambda each: (not each.behind, -(each.at.timestamp() if each.at else 0)))
        return known[0].by if known else None

    def as_text(self) -> str:
        moment = self.moment()
        head = "\t".join(["app", *map(str, self._matrix.environments)])
        rows = (self._row(line, moment) for line in self._matrix.lines)
        return "\n".join([head, *("\t".join("".join(piece.text for piece in each) for each in row.cells) for row in rows)])


def _live(live: Live | None, moment: Moment) -> Cell:
    """``● a1b2c3d 3h``, ``▲ 9f8e7d6 41d behind``; a dash where the app has no such stage."""
    if live is None:
        return cell(NOTHING, "muted")
    tone = TONES[live.health]
    version = str(live.version)
    if len(version) == 40 and all(char in "0123456789abcdef" for char in version):
        version = version[:10]
    pieces = [Piece(f"{GLYPHS[tone]} ", tone), Piece(version or "not said", None if version else "muted")]
    if live.at is not None:
        pieces.append(Piece(f" {moment.ago(live.at)}", "muted"))
    if live.behind:
        pieces.append(Piece(" ▲ behind", "warn"))
    return tuple(pieces)
