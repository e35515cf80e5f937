"""The phases of a rollout in the cells there are: ``build ✓ 1m02 ─ infra ◆ NEEDS APPROVAL 4m ─ deploy ·``.

The full text is ``tables.phase_cell``; this gives the longest form that fits. What needs a person is never left out: the times of
what went well go first, then all times, then names shrink to letters, and the approval sign and the failure sign stay.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final

from tui.engine.recall.records import WRONG
from tui.model import Phase, Rollout
from tui.tables.cells import PHASE_WORDS, is_frozen, phase_cell, untold
from tui.tables.columns import Moment
from tui.ui.widgets.cells import Cell, Piece, total

BETWEEN: Final = " ─ "


def phase_bar(rollout: Rollout, moment: Moment, width: int) -> Cell:
    """The phases of ``rollout`` in at most ``width`` cells, where that is possible at all."""
    full: Cell = phase_cell(rollout, moment)
    if total(full) <= width or not rollout.phases:
        return full
    if is_frozen(rollout):
        told = untold(rollout, moment, short=len(untold(rollout, moment).text) > width)
        return (Piece(told.text, told.tone),)
    brief: Cell = phase_cell(rollout, moment, brief=True)
    if total(brief) <= width:
        return brief
    for between, form in ((BETWEEN, _named), (" ", _lettered)):
        short = _joined(rollout.phases, between, form)
        if total(short) <= width:
            return short
    return _joined(rollout.phases, "", _signed)


def _joined(phases: Sequence[Phase], between: str, form: Callable[[Phase], Cell]) -> Cell:
    pieces: list[Piece] = []
    for phase in phases:
        if pieces and between:
            pieces.append(Piece(between, "muted"))
        pieces += [Piece(piece.text, piece.tone) for piece in form(phase)]
    return tuple(pieces)


def _sign(phase: Phase) -> Piece:
    if phase.needs_approval:
        return Piece("◆", "warn")
    glyph, tone = PHASE_WORDS[phase.health]
    return Piece(glyph, tone)


def _named(phase: Phase) -> Cell:
    if phase.needs_approval:
        return (Piece(f"{phase.name} "), Piece("◆ NEEDS APPROVAL", "warn"))
    if phase.health in WRONG:
        glyph, tone = _sign(phase)[:2]
        return (Piece(f"{phase.name} "), Piece(f"{glyph} {phase.conclusion or phase.status or phase.health}", tone))
    return (Piece(f"{phase.name} "), _sign(phase))


def _lettered(phase: Phase) -> Cell:
    return (Piece(phase.name[:1]), _sign(phase), *((Piece(" APPROVE", "warn"),) if phase.needs_approval else ()))


def _signed(phase: Phase) -> Cell:
    return (_sign(phase),)
