"""What the journal's answers cost: a year of history beside one day of it, and any moment of a thousand things.

Processor time is that of the thread that asks, wall time the best of a few: the journal forgets what is too old meanwhile, in its own
thread. Making the history costs more than everything that is asked of it.
"""

from __future__ import annotations

import asyncio
import sqlite3
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

from tests.bench.figures import Figure
from tui.engine.ports import Event
from tui.engine.recall.past import read
from tui.engine.recall.usual import usual
from tui.local.journal import Journal
from tui.local.journal.records import INSERT_EVENT, event_row
from tui.model import Health, Kind, Ref, Service
from tui.text import Safe

START: Final = datetime(2026, 1, 1, tzinfo=UTC)
YEAR: Final = 365
PER_DAY: Final = 1200
END: Final = START + timedelta(days=YEAR)
SHIFT: Final = timedelta(hours=8)
THINGS: Final = 1000
CHANGES: Final = 20_000
RUNS: Final = 5

PROMISED: Final[Mapping[str, float]] = {"start": 200.0, "digest of 8 h": 200.0, "timeline of 8 h": 100.0}
"""Milliseconds of wall time, of a year."""
MOMENT: Final = 300.0
"""Milliseconds that opening a moment eight hours back may take, of which reading is a part."""


def happened(number: int) -> Event:
    """One of the events of the year: five hundred services fail and recover, a tenth are rollouts."""
    at = START + timedelta(seconds=number * 86400 / PER_DAY)
    if number % 10 == 0:
        return Event(what="phase", ref=f"shop/rollout/r{number}", at=at, name="rollout", after="success", seconds=200.0, text="shop/prod")
    words = ("ok (running)", "failed (crashed)") if number % 2 else ("failed (crashed)", "ok (running)")
    service = f"svc-{number // 2 % 500}"
    return Event(what="transition", ref=f"fleet/service/{service}", at=at, name=service, before=words[0], after=words[1])


def history(path: Path, days: int) -> Journal:
    """A journal with the last ``days`` of the year, opened by somebody who was away since; nothing was forgotten yet."""
    open_journal(path).close()
    database = sqlite3.connect(path)
    numbers = range((YEAR - days) * PER_DAY, YEAR * PER_DAY)
    database.executemany(INSERT_EVENT, (event_row(happened(number), "prod", str) for number in numbers))
    database.commit()
    database.close()
    return open_journal(path)


def open_journal(path: Path) -> Journal:
    return Journal.open(path, context="prod", who="ana", now=lambda: END)


def questions(journal: Journal, path: Path) -> Mapping[str, Callable[[], object]]:
    """What is asked, by name. A start is a second console that opens the journal."""
    shift, week = END - SHIFT, END - timedelta(days=7)
    return {
        "start": lambda: open_journal(path).close(),
        "digest of 8 h": lambda: read(journal, shift, END).digest(),
        "digest of 7 d": lambda: read(journal, week, END).digest(),
        "timeline of 8 h": lambda: read(journal, shift, END).timeline(),
        "handoff of 8 h": lambda: read(journal, shift, END).handoff("prod"),
        "what is usual of one place": lambda: usual(journal.durations("shop", "prod", "rollout")),
    }


def took(ask: Callable[[], object]) -> tuple[float, float]:
    """Milliseconds of wall time and of this thread's processor time, the best of a few runs."""
    walls, works = [], []
    for _ in range(RUNS):
        wall, work = time.perf_counter(), time.thread_time()
        ask()
        walls.append(time.perf_counter() - wall)
        works.append(time.thread_time() - work)
    return min(walls) * 1000, min(works) * 1000


def past_of_things(path: Path) -> Journal:
    """A thousand services with twenty thousand changes in the last eight hours."""
    journal = open_journal(path)
    names = [f"svc-{number:04}" for number in range(THINGS)]

    def service(name: str, health: Health = Health.OK, word: str = "running") -> Service:
        return Service(ref=Ref(connection="fleet", kind=Kind.SERVICE, id=name), name=Safe(name), health=health, status=Safe(word))

    journal.keep("fleet", Kind.SERVICE, "", [service(name) for name in names], gone=(), at=END - 2 * SHIFT, whole=True)
    for number in range(CHANGES):
        state = ((Health.BAD, "crashed"), (Health.OK, "running"))[number // THINGS % 2]
        at = END - SHIFT + timedelta(seconds=number * SHIFT.total_seconds() / CHANGES)
        journal.keep("fleet", Kind.SERVICE, "", [service(names[number % THINGS], *state)], gone=(), at=at, whole=False)
        if number % 5000 == 0:
            journal.flush(60)
    journal.flush(60)
    return journal


def _answers(folder: Path) -> Iterator[Figure]:
    asked = {}
    for days in (YEAR, 1):
        path = folder / f"{days}.sqlite"
        journal = history(path, days)
        asked[days] = {what: took(ask) for what, ask in questions(journal, path).items()}
        journal.close()
    for what, (wall, work) in asked[YEAR].items():
        of_a_day = asked[1][what]
        limit = {"promised": PROMISED[what]} if what in PROMISED else {}
        yield Figure(case="journal", what=f"a year: {what}", unit="ms", ours=wall, anchors={"a day": of_a_day[0], **limit})
        yield Figure(case="journal", what=f"a year: {what}", unit="ms CPU", ours=work, anchors={"a day": of_a_day[1]})


def _moments(folder: Path) -> Iterator[Figure]:
    from tests.bench.scrubbing import opened  # the console is imported only where it is measured

    journal = past_of_things(folder / "things.sqlite")
    at = END - SHIFT + timedelta(seconds=1)
    wall, work = took(lambda: journal.known(at))
    yield Figure(case="journal", what="1,000 things eight hours back: read", unit="ms", ours=wall)
    yield Figure(case="journal", what="1,000 things eight hours back: read", unit="ms CPU", ours=work)
    walls, works = asyncio.run(opened(journal, at, RUNS * 4))
    for which, pick in (("best", min), ("worst", max)):
        limit = {"promised": MOMENT} if which == "worst" else {}
        what = f"1,000 things eight hours back: read and drawn, {which} of {len(walls)}"
        yield Figure(case="journal", what=what, unit="ms", ours=pick(walls), anchors=limit)
        yield Figure(case="journal", what=what, unit="ms CPU", ours=pick(works))
    journal.close()


def journal() -> list[Figure]:
    """A year beside a day, and a moment of many things."""
    with tempfile.TemporaryDirectory() as folder:
        return [*_answers(Path(folder)), *_moments(Path(folder))]
