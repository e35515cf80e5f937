"""``python -m tests.bench [NAME ...] [--json]``: run the cases, print each figure beside its anchors of the same run."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable, Mapping
from typing import Final

from tests.bench.console import console
from tests.bench.figures import Figure, table
from tests.bench.follow import logs
from tests.bench.journal import journal
from tests.bench.links import idle, links, load
from tests.bench.memory import memory
from tests.bench.start import start
from tests.bench.storm import storm
from tests.bench.tables import tables

CASES: Final[Mapping[str, Callable[[], list[Figure]]]] = {
    "tables": tables,
    "logs": logs,
    "idle": idle,
    "load": load,
    "links": links,
    "start": start,
    "console": console,
    "storm": storm,
    "memory": memory,
    "journal": journal,
}


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"one or more of {', '.join(CASES)}; all if none is given")
    parser.add_argument("--json", action="store_true", help="print the figures as one JSON list")
    options = parser.parse_args()
    unknown = [name for name in options.names if name not in CASES]
    if unknown:
        parser.error(f"no case is called {unknown[0]}; there are {', '.join(CASES)}")
    figures: list[Figure] = []
    for name in options.names or CASES:
        made = CASES[name]()
        figures += made
        if not options.json:
            print(table(made), flush=True)
    if options.json:
        json.dump([figure.as_json() for figure in figures], sys.stdout, indent=1)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
