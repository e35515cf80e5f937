"""Cutting and filling text in cells, laying out columns and JSON: for any text at all."""

from __future__ import annotations

import json
import re
from itertools import pairwise

from hypothesis import example, given
from hypothesis import strategies as st
from rich.cells import cell_len

from tui.text import clean
from tui.ui.widgets.cells import Piece, chop, cut, cut_inside, fit, marked, plain, skip, spelled, take, width_of
from tui.ui.widgets.json_lines import json_lines
from tui.ui.widgets.table_layout import ColumnSpec, lay_out

TEXT = st.text(st.sampled_from("ab c日本🚀é́\x1b\n…\u202e\u200d")) | st.text()
SAFE = TEXT.map(lambda text: clean(text, 10_000))
PIECES = st.lists(st.builds(Piece, TEXT, st.sampled_from([None, "ok", "bad"])), max_size=5)


@given(PIECES, st.integers(0, 40), st.booleans())
@example([Piece("\u0301")], 0, False)
def test_fitted_pieces_take_exactly_the_width(pieces: list[Piece], width: int, right: bool) -> None:
    fitted = fit(pieces, width, right=right)
    assert sum(cell_len(piece.text) for piece in fitted) == width
    whole = "".join(plain(piece.text) for piece in pieces)
    if width and cell_len(whole) <= width:
        assert spelled(fitted).strip(" ") == whole.strip(" ")
    elif width:
        assert "…" in spelled(fitted)


@given(TEXT)
def test_plain_text_can_never_be_obeyed(text: str) -> None:
    assert not any(char < " " or "\x7f" <= char <= "\x9f" for char in plain(text))


@given(SAFE, st.integers(0, 30))
def test_cut_take_and_skip_agree_about_cells(text: str, width: int) -> None:
    assert width_of(cut(text, width)) <= width
    head = take(text, width)
    assert text.startswith(head)
    assert width_of(head) <= width
    assert width_of(skip(text, width)) == max(0, width_of(text) - width)


@given(SAFE, st.integers(0, 30))
@example("\u0301", 0)
def test_what_is_cut_inside_keeps_its_end(text: str, width: int) -> None:
    shown = cut_inside(text, width)
    assert width_of(shown) <= width
    if not width:
        assert shown == ""
    elif width_of(text) <= width:
        assert shown == text
    elif width >= 8 and text.isascii():
        assert shown.endswith(text[-(width // 2) :])


@given(SAFE, st.integers(2, 30))
def test_chopped_lines_fit_and_lose_only_spaces(text: str, width: int) -> None:
    lines = chop(text, width)
    assert all(width_of(line) <= width for line in lines)
    assert "".join(lines).replace(" ", "") == text.replace(" ", "")


@given(PIECES, st.sampled_from(["a", "b c", "日", "."]))
def test_marking_changes_tones_only(pieces: list[Piece], word: str) -> None:
    painted = marked(pieces, re.compile(re.escape(word)))
    assert spelled(painted) == spelled(pieces)
    assert "".join(piece.text for piece in painted if piece.tone == "match") == word * spelled(pieces).count(word)


@given(st.lists(st.tuples(st.integers(1, 20), st.integers(1, 40), st.integers(0, 3), st.booleans()), max_size=8), st.integers(0, 120))
def test_columns_never_overlap_nor_leave_the_table(shapes: list[tuple[int, int, int, bool]], width: int) -> None:
    columns = [
        ColumnSpec(id=str(at), title="T", low=low, high=high, rank=rank, grow=grow) for at, (low, high, rank, grow) in enumerate(shapes)
    ]
    slots = lay_out(columns, width, {each.id: 50 for each in columns})
    for slot, following in pairwise(slots):
        assert slot.x + slot.width < following.x
    assert all(slot.x + slot.width <= width for slot in slots)
    shown = {slot.index for slot in slots}
    missing = [column for at, column in enumerate(columns) if at not in shown]
    assert all(column.rank >= max((columns[at].rank for at in shown), default=0) or column.rank == 0 for column in missing)


LEAVES = st.none() | st.booleans() | st.integers() | st.text()


@given(st.recursive(LEAVES, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4), max_leaves=40))
def test_laid_out_json_is_the_same_json(value: object) -> None:
    text = json.dumps(value)
    assert json.loads("\n".join(spelled(line) for line in json_lines(text))) == value


def test_what_is_no_json_stays_as_it_is() -> None:
    assert [spelled(line) for line in json_lines("<html>\nno")] == ["<html>", "no"]
    assert json_lines("[" * 100_000)
    deep = "[" * 500 + "]" * 500
    assert json.loads("".join(spelled(line) for line in json_lines(deep))) == json.loads(deep)
