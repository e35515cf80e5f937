"""The README of the matrix, made from ``rows.toml``: ``python -m tests.matrix.table`` writes it."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any, Final

HERE: Final = Path(__file__).parent
GUARDS: Final = "guards.md"


def rows() -> dict[str, Any]:
    """The rows as they stand in the file."""
    return tomllib.loads((HERE / "rows.toml").read_text(encoding="utf-8"))


def command(proofs: list[str]) -> str:
    """What runs the first proof and the long one of a row."""
    ours = next((each for each in proofs if each.startswith("matrix/")), proofs[0])
    path, _, _ = ours.partition("::")
    names = " or ".join(each.rpartition("::")[2] for each in proofs if each.startswith(path))
    return f'`pytest -n0 -m "soak or not soak" tests/{path} -k "{names}"`'


def text() -> str:
    """The whole README."""
    told = rows()
    lines = [
        "# The fault and abuse matrix",
        "",
        "What must hold when strings, servers, networks, terminals and moments are bad, and what was measured. The short form of each row",
        "runs in CI; what is long runs with `pytest -m soak`. Made from `rows.toml` by `python -m tests.matrix.table`; a test keeps both",
        "equal and every named proof existing. Figures are of a machine with two cores that others used at the same time.",
        "",
        "| Row | State | Figure required | Figure measured | Command |",
        "|---|---|---|---|---|",
    ]
    for name in told["ids"]:
        row = told[name]
        lines.append(f"| {name} | {row['state']} | {row['required']} | {row['measured']} | {command(row['proof'])} |")
    return "\n".join(lines) + "\n\n" + (HERE / GUARDS).read_text(encoding="utf-8")


if __name__ == "__main__":
    (HERE / "README.md").write_text(text(), encoding="utf-8")
