"""A whole generated shift: what the journal answers is what the script says."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from threading import Event
from types import SimpleNamespace

import pytest

from tests.engine.recall.shift import BY, DEEDS, HOURS, INCIDENTS, NOTES, OUTAGES, ROLLOUTS, START, Going, Script, play
from tui.clock import ManualClock
from tui.engine.recall.handoff import markdown
from tui.engine.recall.past import Past, Stretch, read
from tui.engine.recall.usual import at, outlook
from tui.engine.store import Store
from tui.local.journal import Journal

END = START + timedelta(hours=HOURS)
BROKEN = [each for each in ROLLOUTS if each.conclusion == "failure"]


def _next_good(broken: Going) -> float | None:
    """Seconds from the end of a failed rollout to the next to the same place that went well."""
    ends = [each.begins * 60 + each.whole for each in ROLLOUTS if each.conclusion == "success" and each.place == broken.place]
    return min((end - broken.begins * 60 - broken.whole for end in ends if end > broken.begins * 60 + broken.whole), default=None)


@pytest.fixture(scope="module")
def journal(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Journal]:
    found = asyncio.run(play(Path(tmp_path_factory.mktemp("shift")) / "journal.sqlite"))
    yield found
    found.close()


@pytest.fixture(scope="module")
def stretch(journal: Journal) -> Stretch:
    return read(journal, START, END)


def test_two_consoles_wrote_everything_once(stretch: Stretch) -> None:
    appeared = [each.ref for each in stretch.events if each.what == "appeared"]
    assert sorted(appeared) == sorted(f"shop/rollout/roll_{each.number}" for each in ROLLOUTS)
    edges = [(each.ref, each.after, each.at) for each in stretch.events if each.what == "edge"]
    assert edges == [
        (each.connection, word, Script().at(minute)) for each in OUTAGES for word, minute in (("down", each.begins), ("back", each.ends))
    ]
    assert not stretch.cut


def test_the_digest_is_the_script(stretch: Stretch) -> None:
    told = stretch.digest()
    open_services = {f"fleet/service/{each.service}" for each in INCIDENTS if each.ends is None}
    standing = {f"shop/rollout/roll_{each.number}" for each in BROKEN if _next_good(each) is None}
    assert {each.ref for each in told.unresolved} == open_services | standing
    recovered = {each.ref: each.wrong_for for each in told.recovered}
    # Restarting is no longer wrong: the last half minute of an incident does not count.
    expected = {f"fleet/service/{each.service}": (each.ends - 0.5 - each.begins) * 60 for each in INCIDENTS if each.ends is not None}
    expected |= {each.connection: (each.ends - each.begins) * 60 for each in OUTAGES}
    expected |= {f"shop/rollout/roll_{each.number}": good for each in BROKEN if (good := _next_good(each)) is not None}
    assert recovered == pytest.approx(expected)
    assert [(each.who, each.verb, each.outcome) for each in told.deeds] == [(each.who, str(each.verb), each.outcome) for each in DEEDS]
    assert len(told.changed) == len(ROLLOUTS) - len(BROKEN)


def test_the_timeline_is_in_order_and_says_what_came_before(stretch: Stretch) -> None:
    entries = stretch.timeline()
    assert [each.at for each in entries] == sorted(each.at for each in entries)
    assert sum(each.lane == "verbs" for each in entries) == len(DEEDS)
    first = next(each for each in entries if each.ref == "fleet/service/web-api" and each.wrong)
    assert first.at == Script().at(INCIDENTS[0].begins)
    # A rollout is on another connection and of another name: nothing is said of it.
    assert first.after == ""
    mailer = [each for each in entries if each.ref == "fleet/service/mailer" and each.wrong]
    assert [each.after for each in mailer] == [""]
    failed = next(each for each in entries if each.ref == f"shop/rollout/roll_{BROKEN[0].number}" and each.wrong)
    # Its own beginning is no neighbour: how long it took is said already.
    assert failed.after == ""
    assert failed.text.endswith(f"in {BROKEN[0].whole // 60}m{BROKEN[0].whole % 60:02}")


def test_the_handoff_reads_as_the_script_and_as_json(stretch: Stretch) -> None:
    shift = stretch.handoff("prod")
    text = markdown(shift)
    services = sum(each.ends is not None for each in INCIDENTS)
    assert (len(shift.rollouts), len(shift.recovered), len(shift.deeds)) == (40, services + len(OUTAGES), len(DEEDS))
    assert f"{NOTES[0][2]}" in text
    assert [each.name for each in shift.open] == ["mailer"]
    last = max((each for each in ROLLOUTS if each.place == "checkout/prod"), key=lambda each: each.begins)
    line = next(each for each in text.splitlines() if each.startswith("- `checkout/prod` (shop): "))
    at_end = Script().at(last.begins) + timedelta(seconds=last.whole)
    assert f"; last {at_end:%H:%M} {last.conclusion}, " in line
    assert line.endswith(f", `{last.number:07x}` by `{BY[last.number % 3]}`")
    assert text.count("  - ") == len(BROKEN)
    assert "- `mailer` (fleet service): failed (exit 1) since 05:21 (39m00)\n" in text
    assert (
        "- 23:01–23:14 `web-api` (fleet service): ok (running) → failed (crashed) → busy (restarting) → ok (running), wrong for 13m00; "
        "23:06 restart by `ana from 10.0.0.7`\n" in text
    )
    assert text.index("## Still wrong or unknown") < text.index("`mailer`") < text.index("## Recovered")
    assert len(json.loads(json.dumps(shift.as_json()))["rollouts"]) == 40


async def test_a_clock_that_was_set_back_hides_nothing(journal: Journal) -> None:
    """Nothing happened in the last hour, it said, until the clock had caught up."""
    told = await Past(journal, ManualClock(END - timedelta(hours=2))).stretch(END - timedelta(hours=1))
    assert told.timeline() == read(journal, END - timedelta(hours=1), END).timeline()
    assert max(each.at for each in told.timeline()) <= told.until <= END
    assert all((each.wrong_for or 0) >= 0 for each in told.digest().unresolved)
    long_ago = await Past(journal, ManualClock(START - timedelta(days=2))).stretch(START - timedelta(days=3))
    assert not long_ago.timeline(), "a clock that is days behind is believed rather than what it cannot have seen"


async def test_what_is_usual_is_what_the_successful_ones_took(journal: Journal) -> None:
    past = Past(journal, ManualClock(END))
    key = ("checkout", "prod", "rollout")
    assert past.usual(key) is None
    assert await past.learn([key, ("checkout", "prod", "build"), ("nobody", "prod", "rollout")])
    took = sorted(float(each.whole) for each in ROLLOUTS if (each.app, each.environment, each.conclusion) == (*key[:2], "success"))
    known = past.usual(key)
    assert known is not None
    assert (known.count, known.p50, known.p90) == pytest.approx((len(took), at(took, 0.5), at(took, 0.9)))
    slow = outlook(known.p90 + 60, known)
    assert slow is not None
    assert slow.slow
    assert past.usual(("nobody", "prod", "rollout")) is None
    assert not await past.learn([key])


async def test_what_was_learnt_before_a_past_was_laid_counts_no_more() -> None:
    """The first console of a demo looks before its past is written: it said for two minutes that nothing is usual."""
    clock = ManualClock(END)
    durations: list[float] = []
    past = Past(SimpleNamespace(durations=lambda *_, **__: durations), clock)  # type: ignore[arg-type]
    key = ("checkout", "prod", "rollout")
    assert not await past.learn([key])
    durations += [60.0] * 5
    assert not await past.learn([key])
    past.relearn()
    assert await past.learn([key])
    assert str(past.usual(key)) == "usually 1m00"


async def test_an_answer_that_was_asked_of_another_past_is_let_go() -> None:
    asked = Event()
    go_on = Event()

    def durations(*_: object, **__: object) -> list[float]:
        asked.set()
        go_on.wait(5)
        return []

    past = Past(SimpleNamespace(durations=durations), ManualClock(END))  # type: ignore[arg-type]
    key = ("checkout", "prod", "rollout")
    learning = asyncio.ensure_future(past.learn([key]))
    await asyncio.to_thread(asked.wait, 5)
    past.relearn()
    go_on.set()
    assert not await learning
    past._port.durations = lambda *_, **__: [60.0] * 5  # type: ignore[method-assign]
    assert await past.learn([key])


async def test_a_console_that_woke_from_sleep_does_not_say_that_nobody_has_looked(journal: Journal) -> None:
    """It writes down once a minute that it looks, and was asleep since the last time."""
    awake = ManualClock(END + timedelta(hours=2))
    for past, said in ((Past(journal, awake, Store(awake)), False), (Past(journal, awake), True)):
        told = markdown((await past.stretch(START)).handoff("prod"))
        assert ("Nobody has looked since" in told) is said


def test_the_marker_of_a_user_is_the_same_from_wherever(tmp_path: Path) -> None:
    clock = ManualClock(START)
    for who in ("ana from 10.0.0.7", "ana", "bo"):
        journal = Journal.open(tmp_path / "journal.sqlite", context="prod", who=who, now=clock.wall)
        past = Past(journal, clock)
        seen = asyncio.run(past.seen())
        assert seen == (START if who == "ana" else None)
        past.mark_seen()
        journal.close()
