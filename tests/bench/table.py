"""``python -m tests.bench.table FILE...``: write the tables of the README anew from results of ``python -m tests.bench --json``.

The medians of all files that are given; three runs make three files. A table stands between ``<!-- table NAME -->`` and
``<!-- end -->``, where NAME is a case; text around it is written by hand.
"""

from __future__ import annotations

import json
import re
import statistics
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

from tests.bench.figures import number

README: Final = Path(__file__).with_name("README.md")
_TABLE: Final = re.compile(r"(<!-- table (\w+) -->\n).*?(<!-- end -->)", re.DOTALL)


def middle(runs: Sequence[Sequence[dict[str, Any]]]) -> list[dict[str, Any]]:
    """One figure for each that the first run has, the medians of all runs. What was never seen in most runs is never."""
    by_name: dict[tuple[str, str, str], list[dict[str, Any]]] = {}
    for run in runs:
        for figure in run:
            by_name.setdefault((figure["case"], figure["what"], figure["unit"]), []).append(figure)
    return [
        {
            **same[0],
            "ours": _median([each["ours"] for each in same]),
            "anchors": {name: _median([each["anchors"].get(name) for each in same]) for name in same[0]["anchors"]},
        }
        for same in by_name.values()
    ]


def _median(values: Sequence[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return statistics.median(known) if 2 * len(known) > len(values) else None


def rows(figures: Sequence[dict[str, Any]]) -> str:
    """One table; its columns are the anchors of all its figures."""
    anchors = list(dict.fromkeys(name for figure in figures for name in figure["anchors"]))
    lines = [f"| case | unit | **ours** |{''.join(f' {name} |' for name in anchors)}", f"|---|---|---|{'---|' * len(anchors)}"]
    for figure in figures:
        beside = "".join(f" {number(figure['anchors'][name]) if name in figure['anchors'] else ''} |" for name in anchors)
        lines.append(f"| {figure['what']} | {figure['unit']} | **{number(figure['ours'])}** |{beside}")
    return "\n".join(lines) + "\n"


def renewed(text: str, figures: Sequence[dict[str, Any]]) -> str:
    """The README with every table of which there are figures written anew."""

    def table(match: re.Match[str]) -> str:
        mine = [figure for figure in figures if figure["case"] == match[2]]
        return f"{match[1]}{rows(mine)}{match[3]}" if mine else match[0]

    return _TABLE.sub(table, text)


def main(names: Sequence[str]) -> int:
    if not names:
        print(__doc__, file=sys.stderr)
        return 2
    figures = middle([json.loads(Path(name).read_text(encoding="utf-8")) for name in names])
    README.write_text(renewed(README.read_text(encoding="utf-8"), figures), encoding="utf-8")
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
