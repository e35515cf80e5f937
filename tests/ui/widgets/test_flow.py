"""Lines broken at words: nothing lost, nothing too wide, no word torn that a line could hold."""

from __future__ import annotations

import random

from tui.ui.widgets.cells import Piece, spelled, width_of
from tui.ui.widgets.flow import NARROWEST, flow


def texts(pieces: list[Piece], width: int, indent: int | None = None) -> list[str]:
    return [spelled(line).rstrip() for line in flow(pieces, width, indent)]


def test_later_lines_stand_under_the_indent_and_words_stay_whole() -> None:
    pieces = [Piece("  X  Del            "), Piece("Delete the selected thing."), Piece(" Not now: delete its deployment.")]
    assert texts(pieces, 48, 19) == [
        "  X  Del            Delete the selected thing.",
        "                   Not now: delete its",
        "                   deployment.",
    ]
    assert texts([Piece("  one two three four five")], 16) == ["  one two three", "    four five"]


def test_a_word_that_no_line_could_hold_is_broken() -> None:
    assert texts([Piece("GET /v1/" + "a" * 40)], 20, 2) == ["GET /v1/" + "a" * 12, "  " + "a" * 18, "  " + "a" * 10]


def test_nothing_is_lost_and_nothing_is_too_wide() -> None:
    dice = random.Random(5)  # noqa: S311 - a test's dice
    for _ in range(400):
        words = ["".join(dice.choices("ab日e\u0301—", k=dice.randint(1, 9))) for _ in range(dice.randint(1, 12))]
        pieces = [Piece(" " * dice.randint(0, 3) + word) for word in words]
        width = dice.randint(NARROWEST, 40)
        lines = flow(pieces, width, dice.choice([None, 0, 4, 30]))
        assert all(width_of(spelled(line)) <= width for line in lines)
        assert "".join(map(spelled, lines)).replace(" ", "") == spelled(pieces).replace(" ", "")
