"""In a real pseudo-terminal: idle cost, bytes under load, and how long a key takes to be seen, also over slow links."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Sequence

from tests.bench.figures import Figure
from tests.bench.terminal import Terminal

KEYS = 25
PAUSE = 0.3
PATIENCE = 30.0
"""Keys of one measurement, seconds between them, and seconds after the last one until a key counts as never seen."""


def _open(name: str, *, rate: float | None = None, rtt: float = 0.0, draw: bool = True, cells: int = 0, lines: int = 0) -> Terminal:
    arguments = ["-m", "tests.bench.apps", name, "--cells", str(cells), "--lines", str(lines)]
    return Terminal(arguments, rate=rate, rtt=rtt, draw=draw)


def _ready(terminal: Terminal) -> bool:
    return terminal.until(lambda: terminal.shows("bare") or terminal.shows("service-00003"), 30.0)


def _cursor(terminal: Terminal) -> int:
    """The number of the record under the cursor as it is seen, -1 if none is."""
    marked: list[int] = []
    for y, text in enumerate(terminal.screen.display):
        at = text.find("service-")
        if at < 0 or not text[at + 8 : at + 13].isdigit():
            continue
        cell = terminal.screen.buffer[y][at]
        if text[:at].endswith("›") or (cell.bg, cell.bold) == _CURSOR_LOOK.get(id(terminal)):
            marked.append(int(text[at + 8 : at + 13]))
    return max(marked, default=-1)


_CURSOR_LOOK: dict[int, tuple[str, bool]] = {}


def _learn_cursor(terminal: Terminal) -> None:
    """How the stock table paints its cursor: the look of the first record, which has it."""
    for y, text in enumerate(terminal.screen.display):
        at = text.find("service-00000")
        if at >= 0:
            cell = terminal.screen.buffer[y][at]
            _CURSOR_LOOK[id(terminal)] = (cell.bg, cell.bold)


def keys(name: str, *, rate: float | None = None, rtt: float = 0.0, cells: int = 0, lines: int = 0) -> tuple[list[float], int, float]:
    """Seconds until each of ``KEYS`` keys was seen, how many never were, and bytes a second meanwhile."""
    with _open(name, rate=rate, rtt=rtt, cells=cells, lines=lines) as terminal:
        if not _ready(terminal):
            return [], KEYS, 0.0
        terminal.run(1.0)
        _learn_cursor(terminal)
        terminal.run(2.0)
        sent: list[float] = []
        seen: list[float] = []
        begin, received = time.monotonic(), terminal.received

        def look() -> bool:
            at = _cursor(terminal)
            while len(seen) < min(at, len(sent)):
                seen.append(terminal.reached - sent[len(seen)])
            return len(seen) == KEYS

        for _ in range(KEYS):
            sent.append(time.monotonic())
            terminal.send("j")
            terminal.until(lambda until=sent[-1] + PAUSE: (look(), time.monotonic() >= until)[1], PAUSE * 2)  # type: ignore[misc]
        spent = time.monotonic() - begin
        bytes_a_second = (terminal.received - received) / spent
        terminal.until(look, PATIENCE)
        _CURSOR_LOOK.pop(id(terminal), None)
        return seen, KEYS - len(seen), bytes_a_second


def _p(values: Sequence[float], share: float) -> float | None:
    if not values:
        return None
    return sorted(values)[min(len(values) - 1, int(share * len(values)))] * 1000


def idle() -> list[Figure]:
    """Nothing changes for ten seconds."""
    results: dict[str, tuple[float, float, float]] = {}
    for name in ("bare", "stock", "link"):
        with _open(name) as terminal:
            _ready(terminal)
            terminal.run(2.0)
            received, cpu, wakeups = terminal.received, terminal.cpu_seconds(), terminal.wakeups()
            terminal.run(10.0)
            results[name] = (
                (terminal.received - received) / 10,
                (terminal.cpu_seconds() - cpu) * 10,
                (terminal.wakeups() - wakeups) / 10,
            )
    return [
        Figure(
            case="idle",
            what=what,
            unit=unit,
            ours=results["link"][at],
            anchors={"bare Textual": results["bare"][at], "stock widgets": results["stock"][at]},
        )
        for at, (what, unit) in enumerate((("nothing changes", "B/s"), ("nothing changes", "% CPU"), ("nothing changes", "wakes/s")))
    ]


def load() -> list[Figure]:
    """Bytes and processor time while cells change and a log runs."""
    figures = []
    for what, cells, lines in (("three cells a second", 3, 0), ("log at 100 lines/s", 0, 100), ("both", 3, 100)):
        results: dict[str, tuple[float, float]] = {}
        for name in ("link", "own", "stock"):
            with _open(name, cells=cells, lines=lines, draw=False) as terminal:
                terminal.run(4.0)
                received, cpu = terminal.received, terminal.cpu_seconds()
                terminal.run(10.0)
                results[name] = ((terminal.received - received) / 10, (terminal.cpu_seconds() - cpu) * 10)
        for at, unit in enumerate(("B/s", "% CPU")):
            anchors = {"plain output": results["own"][at], "stock": results["stock"][at]}
            figures.append(Figure(case="load", what=what, unit=unit, ours=results["link"][at], anchors=anchors))
    return figures


LINKS = ((None, 0.0), (50_000.0, 0.0), (50_000.0, 0.15), (10_000.0, 0.0), (10_000.0, 0.15))


def links(names: Sequence[str] = ("link", "stock"), links: Sequence[tuple[float | None, float]] = LINKS) -> list[Figure]:
    """Key to repaint: table at 5 changes/s and log at 100 lines/s, over links of several qualities."""
    figures = []
    for rate, rtt in links:
        where = "fast" if rate is None else f"{rate / 1000:.0f} KB/s" + (f" + {rtt * 1000:.0f} ms" if rtt else "")
        results = {name: keys(name, rate=rate, rtt=rtt, cells=5, lines=100) for name in names}
        rows: list[tuple[str, str, Callable[[tuple[list[float], int, float]], float | None]]] = [
            ("key p50", "ms", lambda result: statistics.median(result[0]) * 1000 if result[0] else None),
            ("key p95", "ms", lambda result: _p(result[0], 0.95)),
            ("keys never seen", f"of {KEYS}", lambda result: float(result[1])),
            ("delivered", "B/s", lambda result: result[2]),
        ]
        for what, unit, get in rows:
            ours, *others = names
            anchors = {name: get(results[name]) for name in others}
            figures.append(Figure(case="links", what=f"{where}: {what}", unit=unit, ours=get(results[ours]), anchors=anchors))
    return figures
