"""The program's files as syntax trees, for the tests of what stands in its text. Read when the first of these tests asks, not when they
are collected: every process of a run collects them all."""

from __future__ import annotations

import ast
import gc
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parents[1]
FILES = sorted((ROOT / "tui").rglob("*.py"))


@cache
def trees() -> dict[str, ast.Module]:
    """Each file's tree by its path in the repository."""
    gc.collect(1)
    made = {path.relative_to(ROOT).as_posix(): ast.parse(path.read_text(encoding="utf-8")) for path in FILES}
    gc.freeze()  # they are as many as everything else that lives, and stay
    return made
