"""The table is whole: every row of the matrix, a figure for each, and proofs that exist."""

from __future__ import annotations

import ast
from functools import cache
from pathlib import Path

import pytest

from tests.matrix.guards import BREAKS, ROOT, Break
from tests.matrix.table import GUARDS, HERE, rows, text

TESTS = HERE.parent
ROWS = [*(f"N{n}" for n in range(1, 13)), *(f"T{n}" for n in range(1, 4)), *(f"{group}{n}" for group in "UPA" for n in range(1, 5))]
ROWS += [*(f"L{n}" for n in range(1, 6)), "S1", "S2"]


@cache
def functions(path: str) -> frozenset[str]:
    tree = ast.parse((TESTS / path).read_text(encoding="utf-8"))
    return frozenset(node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef))


def test_every_row_is_there_once() -> None:
    told = rows()
    assert sorted(told["ids"]) == sorted(ROWS)
    assert set(told) == {"ids", *ROWS}


@pytest.mark.parametrize("name", ROWS)
def test_a_row_has_figures_and_proofs_that_exist(name: str) -> None:
    row = rows()[name]
    assert set(row) == {"state", "required", "measured", "proof"}
    assert row["state"] in {"met", "partly", "not"}
    assert len(row["measured"]) > 5
    assert row["proof"]
    for proof in row["proof"]:
        path, _, test = proof.partition("::")
        assert test in functions(path), proof


def test_every_test_of_the_matrix_belongs_to_a_row_or_says_what_else() -> None:
    named = {proof.rpartition("::")[2] for name in ROWS for proof in rows()[name]["proof"]}
    others = ("test_secrets_", "test_the_", "test_every_", "test_a_row_", "test_s2_")
    for path in sorted(Path(HERE).glob("test_*.py")):
        for test in functions(f"matrix/{path.name}"):
            assert not test.startswith("test_") or test in named or test.startswith(others), test


@pytest.mark.parametrize("each", BREAKS, ids=lambda each: str(each.guard))
def test_a_row_of_the_guards_names_one_that_is_there_to_be_broken_and_a_test(each: Break) -> None:
    assert (ROOT / each.path).read_text(encoding="utf-8").count(each.old) == 1
    path, _, test = each.test.removeprefix("tests/").partition("::")
    assert test in functions(path)
    row = next(line for line in (HERE / GUARDS).read_text(encoding="utf-8").splitlines() if line.startswith(f"| {each.guard} |"))
    assert f"`{each.test}`" in row


def test_the_readme_is_made_from_the_rows() -> None:
    assert (HERE / "README.md").read_text(encoding="utf-8") == text(), "python -m tests.matrix.table writes it anew"
