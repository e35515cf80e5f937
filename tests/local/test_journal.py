"""The journal: what is kept, what comes back, and what it does when the disk or another console misbehaves."""

from __future__ import annotations

import logging
import os
import shutil
import sqlite3
import stat
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing, suppress
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest

from tests.local.disks import small_disk
from tests.local.histories import START, WEB, Wall, afters, event
from tui.engine.connection import VERB_DEADLINE
from tui.errors import StorageError, UsageError
from tui.local.journal import Intent, Journal, database, schema
from tui.local.journal.database import open_database, reopen_database
from tui.model import Kind, KnownRollout, Ref, Verb


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "state" / "journal.sqlite"


@pytest.fixture
def wall() -> Wall:
    return Wall()


def opened(path: Path, wall: Wall, context: str = "prod", *, record: bool = True) -> Journal:
    return Journal.open(path, context=context, who="ana from 10.1.2.3", now=wall, record=record)


@pytest.fixture(params=["file", "memory"])
def journal(request: pytest.FixtureRequest, path: Path, wall: Wall) -> Iterator[Journal]:
    made = opened(path, wall) if request.param == "file" else Journal.memory(context="prod", who="ana from 10.1.2.3", now=wall)
    yield made
    made.close()
    assert made.badge == ""


# -- what happens ---------------------------------------------------------------------------------------------------------------------


def test_events_come_back_as_they_were(journal: Journal) -> None:
    zoned = datetime(2026, 3, 2, 1, 31, 7, 123456, tzinfo=timezone(timedelta(hours=2)))
    edge = event(5, what="edge", ref="fleet", name="fleet", before="", after="down", text="fleet: no answer")
    phase = event(6, what="phase", name="build", seconds=62.5, platform_at=zoned)
    journal.record([event(1), edge, phase])
    assert journal.flush()
    last, middle, first = journal.events()
    assert (first.ref, first.at, first.name, first.before, first.after) == (
        "fleet/service/svc/1",
        START + timedelta(seconds=1),
        "web-api",
        "ok (running)",
        "failed (1)",
    )
    assert (middle.what, middle.ref, middle.text, middle.seconds, middle.platform_at) == ("edge", "fleet", "fleet: no answer", None, None)
    assert (last.seconds, last.platform_at) == (62.5, datetime(2026, 3, 1, 23, 31, 7, 123000, tzinfo=UTC))
    assert last.id > middle.id > first.id


def test_questions_by_time_thing_connection_word_and_page(journal: Journal) -> None:
    other = "vault/application/a"
    journal.record([event(n, ref=other if n % 2 else str(WEB), what="gone" if n == 4 else "transition") for n in range(10)])
    journal.record([event(20, what="edge", ref="fleet")])
    assert journal.flush()
    assert afters(journal.events(ref=other)) == [f"failed ({n})" for n in (9, 7, 5, 3, 1)]
    assert len(journal.events(ref="fleet")) == 6
    assert [each.what for each in journal.events(what=("gone", "edge"))] == ["edge", "gone"]
    assert afters(journal.events(since=START + timedelta(seconds=8), until=START + timedelta(seconds=20))) == ["failed (9)", "failed (8)"]


def test_contexts_do_not_mix(path: Path, wall: Wall) -> None:
    prod, staging = opened(path, wall), opened(path, wall, "staging")
    prod.record([event(1)])
    staging.record([event(2)])
    prod.intend(ref=WEB, kind=Kind.SERVICE, verb=Verb.RESTART, request="POST /x")
    staging.intend(ref=WEB, kind=Kind.SERVICE, verb=Verb.RESTART, request="POST /x")
    staging.rollouts("shop").remember(rollout("r1", 0), "{}")
    assert prod.flush()
    assert staging.flush()
    assert (afters(prod.events()), afters(staging.events())) == (["failed (1)"], ["failed (2)"])
    assert (len(prod.rollouts("shop").known()), len(staging.rollouts("shop").known())) == (0, 1)
    prod.close()
    staging.close()


def test_text_is_cleaned_cut_and_rid_of_secrets(path: Path, wall: Wall) -> None:
    journal = Journal.open(path, context="prod", who="ana", now=wall, scrub=lambda text: text.replace("hunter2", "***"))
    journal.record([event(1, text="a\x1b[2Jb\udc80 hunter2", after="x" * 5000, name="n\u202e")])
    journal.note("token is hunter2\x07", ref=str(WEB))
    words = {"name": "https://hooks.test/hunter2", "reason": "hunter2"}  # a webhook is called by its address
    number = journal.intend(ref=WEB, kind=Kind.WEBHOOK, verb=Verb.CREATE, request='POST {"v":"hunter2"}', **words)
    journal.settle(number, "refused", "bad hunter2")
    assert journal.flush()
    note, first = sorted(journal.events(), key=lambda each: each.what)
    assert (first.text, len(first.after), first.name) == ("ab\ufffd ***", 512, "n\ufffd")
    assert (note.text, note.name, note.ref) == ("token is ***\u2407", "ana", str(WEB))
    (done,) = journal.intents()
    assert (done.name, done.request, done.reason, done.text) == ("https://hooks.test/***", 'POST {"v":"***"}', "***", "bad ***")
    journal.close()
    assert b"hunter2" not in path.read_bytes()


def test_what_cannot_be_kept_costs_only_itself(journal: Journal, caplog: pytest.LogCaptureFixture) -> None:
    naive = event(1, at=datetime(2026, 3, 1))  # noqa: DTZ001 - the mistake that is meant
    journal.record([event(0), naive, event(2)])
    assert journal.flush()
    assert afters(journal.events()) == ["failed (2)", "failed (0)"]
    assert "a time without a zone" in caplog.text


def test_recording_does_not_wait_for_the_disk(path: Path, wall: Wall) -> None:
    journal = opened(path, wall)
    blocker = sqlite3.connect(path, isolation_level=None)
    blocker.execute("BEGIN IMMEDIATE")  # the disk of another console hangs in the middle of a write
    took = []
    for n in range(200):
        before = time.perf_counter()
        journal.record([event(n)])
        took.append(time.perf_counter() - before)
    blocker.execute("ROLLBACK")
    blocker.close()
    assert sorted(took)[190] < 0.001
    assert journal.flush()
    assert len(journal.events()) == 200
    journal.close()


def test_seen_marks_are_per_user_and_only_move_forward(journal: Journal) -> None:
    assert journal.seen("ana") is None
    for seconds in (10, 50, 20):
        journal.mark_seen("ana", START + timedelta(seconds=seconds))
    journal.mark_seen("bo", START)
    assert journal.flush()
    assert (journal.seen("ana"), journal.seen("bo")) == (START + timedelta(seconds=50), START)


def test_durations_are_those_of_one_phase_that_ended_well(journal: Journal) -> None:
    def phase(n: int, **fields: object) -> object:
        return event(n, **({"what": "phase", "name": "build", "after": "success", "text": "shop/prod", "seconds": float(n)} | fields))

    other = [phase(4, text="shop/dev"), phase(5, name="deploy"), phase(6, after="failure"), phase(7, seconds=None), event(8, name="build")]
    journal.record([phase(1), phase(2), phase(3), *other])  # type: ignore[list-item]
    assert journal.flush()
    assert journal.durations("shop", "prod", "build") == (3.0, 2.0, 1.0)
    assert journal.durations("shop", "prod", "build", limit=1) == (3.0,)
    assert journal.durations("shop", "prod", "build", conclusion="failure") == (6.0,)


# -- what is done ---------------------------------------------------------------------------------------------------------------------


def wait_until(true: Callable[[], bool]) -> None:
    """Wait for the background, at most ten seconds."""
    for _ in range(1000):
        if true():
            return
        time.sleep(0.01)
    raise AssertionError("it did not happen within ten seconds")


def restart(journal: Journal, ref: Ref = WEB, **more: object) -> int:
    given = {"ref": ref, "kind": Kind.SERVICE, "verb": Verb.RESTART, "request": "POST /v1/services/svc%2F1/restart"}
    return journal.intend(**(given | more))  # type: ignore[arg-type]


def waiting(journal: Journal) -> tuple[Intent, ...]:
    journal.flush()
    return tuple(each for each in journal.intents(ref=str(WEB), open_only=True) if each.verb is Verb.RESTART)


def test_an_intent_and_its_outcome(journal: Journal, wall: Wall) -> None:
    number = restart(journal, name="web-api", reason="stuck")
    (intent,) = journal.intents()
    assert (intent.id, intent.ref, intent.kind, intent.verb, intent.at) == (number, WEB, Kind.SERVICE, Verb.RESTART, START)
    assert (intent.name, intent.who, intent.reason, intent.open, intent.alive) == ("web-api", "ana from 10.1.2.3", "stuck", True, True)
    assert intent.request == "POST /v1/services/svc%2F1/restart"
    wall.forward(seconds=14)
    journal.settle(number, "accepted", "202", caused="fleet/deployment/d1")
    journal.settle(number, "confirmed", "running again after 14 s")
    assert waiting(journal) == ()
    (intent,) = journal.intents(ref=str(WEB))
    assert (intent.outcome, intent.text, intent.open, intent.caused) == (
        "confirmed",
        "running again after 14 s",
        False,
        "fleet/deployment/d1",
    )
    assert restart(journal) > number


def test_the_same_verb_on_the_same_thing_is_not_sent_twice(journal: Journal) -> None:
    restart(journal, name="web-api")
    with pytest.raises(UsageError, match=r"restart of web-api was sent at 22:31:00 UTC by ana .* and is still waiting for its answer"):
        restart(journal)
    restart(journal, verb=Verb.STOP)
    restart(journal, ref=Ref(connection="fleet", kind=Kind.SERVICE, id="svc/2"))
    restart(journal, kind=Kind.VARIABLE)
    assert len(journal.intents(open_only=True)) == 4


def test_two_things_made_below_one_thing_do_not_wait_for_each_other(journal: Journal) -> None:
    made = {"verb": Verb.SET, "kind": Kind.VARIABLE}
    first = restart(journal, subject="DB_HOST", **made)
    journal.settle(first, "unknown", "")
    other = restart(journal, subject="DB_PORT", **made)
    with pytest.raises(UsageError, match="is still waiting"):
        restart(journal, subject="DB_PORT", **made)
    journal.settle(other, "unknown", "")
    restart(journal, subject="DB_PORT", override=True, **made)
    assert journal.flush()
    assert first in {each.id for each in journal.intents(open_only=True)}, "an override is of that one alone"
    with pytest.raises(UsageError, match="what became of it is not known"):
        restart(journal, subject="DB_HOST", **made)


def test_unknown_stays_open_until_settled_or_overridden(journal: Journal) -> None:
    first = restart(journal)
    journal.settle(first, "unknown", "connection lost after sending")
    (pending,) = waiting(journal)
    assert (pending.id, pending.at, pending.outcome, pending.alive) == (first, START, "unknown", False)
    with pytest.raises(UsageError, match="what became of it is not known: look at the thing first, then override"):
        restart(journal)
    second = restart(journal, override=True)
    assert second > first
    journal.settle(first, "unknown", "late word")  # must not open the overridden one again
    journal.settle(second, "done", "")
    assert waiting(journal) == ()
    third = restart(journal)
    journal.settle(third, "unknown", "")
    journal.settle(third, "done", "a read showed it")
    assert waiting(journal) == ()


def test_an_answer_that_never_came_is_unknown_after_three_minutes(journal: Journal, wall: Wall) -> None:
    restart(journal)
    wall.forward(minutes=3, seconds=1)
    with pytest.raises(UsageError, match="what became of it is not known"):
        restart(journal)
    assert restart(journal, override=True)


def test_two_consoles_do_not_send_the_same_verb(path: Path, wall: Wall) -> None:
    one, two = opened(path, wall), opened(path, wall)
    number = restart(one)
    for seconds, override in ((0.0, False), (VERB_DEADLINE + 5.0, True)):  # the other console still waits for its answer
        wall.forward(seconds=seconds)
        with pytest.raises(UsageError, match="still waiting"):
            restart(two, override=override)
    assert waiting(two)
    one.settle(number, "done", "")
    assert one.flush()
    assert restart(two) > number
    one.close()
    two.close()


def test_of_many_threads_and_consoles_exactly_one_may_send(path: Path, wall: Wall) -> None:
    journals = [opened(path, wall) for _ in range(3)]
    sent: list[int] = []
    barrier = threading.Barrier(12)

    def press(journal: Journal) -> None:
        barrier.wait()
        with suppress(UsageError):
            sent.append(restart(journal))

    threads = [threading.Thread(target=press, args=(journals[n % 3],)) for n in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(sent) == 1
    for each in journals:
        each.close()


CRASHING = """
import os, sys
from datetime import UTC, datetime
from pathlib import Path
from tui.local.journal import Intent, Journal
from tui.model import Kind, Ref, Verb
journal = Journal.open(Path(sys.argv[1]), context="prod", who="bo", now=lambda: datetime(2026, 3, 1, 22, 31, tzinfo=UTC))
ref = Ref(connection="fleet", kind=Kind.SERVICE, id="svc/1")
print(journal.intend(ref=ref, kind=Kind.SERVICE, verb=Verb.RESTART, request="POST /x"), flush=True)
os.kill(os.getpid(), 9)
"""


def test_a_crash_between_intent_and_answer_leaves_it_unknown(path: Path, wall: Wall) -> None:
    crashed = subprocess.run([sys.executable, "-c", CRASHING, str(path)], stdout=subprocess.PIPE, check=False)
    assert crashed.returncode == -9
    journal = opened(path, wall)
    with pytest.raises(UsageError, match="by bo and what became of it is not known"):
        restart(journal)
    assert journal.flush()
    (intent,) = journal.intents(open_only=True)
    assert intent.id == int(crashed.stdout)
    assert (intent.outcome, intent.text, intent.alive) == ("unknown", "the console ended before the answer came", False)
    restart(journal, override=True)
    journal.close()
    assert list((path.parent / "consoles").iterdir()) == []


def test_an_intent_is_on_the_disk_before_its_number_is_returned(path: Path, wall: Wall) -> None:
    journal = opened(path, wall)
    number = restart(journal)
    reader = sqlite3.connect(f"file:{path}?mode=ro", uri=True)
    assert reader.execute("SELECT id, open FROM intents").fetchall() == [(number, 1)]
    reader.close()
    journal.close()


def test_an_intent_is_synced_before_its_number_is_returned(path: Path, wall: Wall) -> None:
    if shutil.which("strace") is None:
        pytest.skip("strace is not installed: nobody looks whether the commit reaches the disk itself")
    opened(path, wall).close()
    command = ["strace", "-f", "-e", "trace=fdatasync,fsync,pwrite64,write", sys.executable, "-c", CRASHING, str(path)]
    lines = subprocess.run(command, capture_output=True, text=True, check=False).stderr.splitlines()
    if not any("pwrite64" in line for line in lines):
        pytest.skip("strace may not trace here")
    told = next(index for index, line in enumerate(lines) if 'write(1, "1' in line)
    written = max(index for index, line in enumerate(lines[:told]) if "pwrite64(" in line)
    assert any("sync" in line for line in lines[written:told])


# -- rollouts -------------------------------------------------------------------------------------------------------------------------


def rollout(id_: str, minutes: float, **fields: object) -> KnownRollout:
    given = {"id": id_, "app": "shop", "environment": "prod", "target": "main", "by": "ana", "at": START + timedelta(minutes=minutes)}
    return KnownRollout(**(given | fields))  # type: ignore[arg-type]


def test_a_rollout_is_known_at_once_and_after_a_restart(path: Path, wall: Wall) -> None:
    journal = opened(path, wall)
    source = journal.rollouts("shop")
    assert source.known() == ()
    source.remember(rollout("r1", 1), "")
    source.remember(rollout("r2", 2), '{"status":"queued"}')
    source.remember(rollout("r1", 1), '{"status":"active"}')
    wanted = [("r2", '{"status":"queued"}'), ("r1", '{"status":"active"}')]
    assert [(each.id, each.snapshot_json) for each in source.known()] == wanted
    assert journal.rollouts("other").known() == ()
    journal.close()
    again = opened(path, wall)
    assert [(each.id, each.snapshot_json) for each in again.rollouts("shop").known()] == wanted
    (newest, _) = again.rollouts("shop").known()
    assert newest == rollout("r2", 2, snapshot_json='{"status":"queued"}')
    again.close()


def test_another_console_sees_a_rollout(path: Path, wall: Wall) -> None:
    one, two = opened(path, wall), opened(path, wall)
    theirs, mine = one.rollouts("shop"), two.rollouts("shop")
    assert mine.known() == ()
    theirs.remember(rollout("r1", 1), "{}")
    assert one.flush()
    assert [each.id for each in mine.known()] == ["r1"]
    assert mine.known() is mine.known()
    one.close()
    two.close()


def test_whoever_asks_for_rollouts_waits_for_no_long_question(journal: Journal) -> None:
    source = journal.rollouts("shop")
    source.remember(rollout("r1", 1), "{}")
    assert [each.id for each in source.known()] == ["r1"]
    asked, answered = threading.Event(), threading.Event()

    def long(_: sqlite3.Connection) -> bool:
        asked.set()
        return answered.wait(20.0)

    asking = threading.Thread(target=lambda: journal._writer.read(long, False))
    asking.start()
    try:
        assert asked.wait(5.0)
        source.remember(rollout("r2", 2), "{}")
        assert [each.id for each in source.known()] == ["r2", "r1"]
        assert asking.is_alive()
    finally:
        answered.set()
        asking.join()
    assert journal.flush()
    assert [each.id for each in source.known()] == ["r2", "r1"]


def test_the_oldest_rollouts_are_not_shown(journal: Journal) -> None:
    source = journal.rollouts("shop")
    for n in range(250):
        source.remember(rollout(f"r{n}", n), "{}")
    assert journal.flush()
    assert [each.id for each in source.known()] == [f"r{n}" for n in range(249, 49, -1)]
    assert [each.id for each in journal.rollouts("shop").known()] == [f"r{n}" for n in range(249, 49, -1)]


# -- bad days -------------------------------------------------------------------------------------------------------------------------


def test_the_file_is_private(path: Path, wall: Wall) -> None:
    old = os.umask(0)
    try:
        journal = opened(path, wall)
        journal.record([event()])
        assert journal.flush()
        modes = {each.name: stat.S_IMODE(each.stat().st_mode) for each in path.parent.rglob("*") if each.is_file()}
    finally:
        os.umask(old)
    assert {"journal.sqlite", "journal.sqlite-wal", "journal.sqlite-shm"} < set(modes)
    assert set(modes.values()) == {0o600}
    journal.close()


def test_a_loose_journal_is_tightened(path: Path, wall: Wall) -> None:
    opened(path, wall).close()
    path.chmod(0o644)
    journal = opened(path, wall)
    assert (stat.S_IMODE(path.stat().st_mode), journal.badge) == (0o600, "")
    journal.close()


@pytest.mark.parametrize("place", ["link", "folder", "loose folder"])
def test_where_no_journal_can_be_it_is_in_memory_and_says_so_and_nothing_is_sent(path: Path, wall: Wall, place: str) -> None:
    path.parent.mkdir(mode=0o700)
    if place == "link":
        path.symlink_to("/dev/null")
    elif place == "folder":
        path.mkdir()
    else:
        path.parent.chmod(0o777)
    journal = opened(path, wall)
    assert journal.badge.startswith("history is kept in memory only: ")
    journal.record([event(1)])
    assert journal.flush()
    assert afters(journal.events()) == ["failed (1)"]
    with pytest.raises(StorageError, match=r"nothing is sent that cannot be written down first: .*: mend that, then start again"):
        restart(journal)
    journal.close()


def corrupted(path: Path, wall: Wall) -> bytes:
    journal = opened(path, wall)
    journal.record([event(n, text="x" * 300) for n in range(300)])
    journal.close()
    return path.read_bytes()


@pytest.mark.parametrize("damage", ["header", "noise", "truncated", "foreign"])
def test_a_damaged_journal_is_set_aside_and_a_new_one_begun(path: Path, wall: Wall, damage: str) -> None:
    good = corrupted(path, wall)
    if damage == "header":
        path.write_bytes(b"not a database, " + good[16:])
    elif damage == "noise":
        path.write_bytes(b"\xa5" * len(good))
    elif damage == "truncated":
        path.write_bytes(good[: len(good) // 2 + 7])
    else:
        path.unlink()
        foreign = sqlite3.connect(path)
        foreign.execute("CREATE TABLE precious (a)")
        foreign.close()
    kept = path.read_bytes()
    journal = opened(path, wall)
    assert journal.badge == f"history begins anew: the old one was damaged, see {path}.bad-20260301T223100Z"
    assert path.with_name(f"{path.name}.bad-20260301T223100Z").read_bytes() == kept
    journal.record([event(1)])
    restart(journal)
    assert journal.flush()
    assert len(journal.events()) == 1
    journal.close()


def test_damage_inside_that_shows_later_is_set_aside_by_one_of_two_consoles(path: Path, wall: Wall) -> None:
    good = bytearray(corrupted(path, wall))
    for page in range(3, len(good) // 4096 - 1):  # every page but the schema's
        good[page * 4096 : page * 4096 + 64] = b"\xa5" * 64
    one = opened(path, wall)
    two = opened(path, wall)
    assert (one.badge, two.badge) == ("", "")
    with path.open("r+b") as file:
        file.write(good)
    for _ in range(2):
        for each in (one, two):
            each.events(ref="x/service/y", limit=5000)
            each.record([event(1)])
            assert each.flush()
    assert "damaged" in one.badge
    assert len(asides(path)) == 1
    assert len(one.events()) > 0
    assert one.events() == two.events()
    one.close()
    two.close()
    whole = sqlite3.connect(path)
    assert whole.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    whole.close()


def emptied(of: database.Database) -> None:
    """Everything is in the file itself, so that damage to it is not mended by what is beside it."""
    of.write.execute("PRAGMA wal_checkpoint(TRUNCATE)")


def asides(path: Path) -> list[Path]:
    return [each for each in path.parent.glob("*.bad-*") if not each.name.endswith(("-wal", "-shm"))]


def test_a_journal_that_another_console_has_begun_anew_is_not_set_aside_again(path: Path, wall: Wall) -> None:
    one, two = open_database(path, wall())[0], open_database(path, wall())[0]
    emptied(one)
    path.write_bytes(b"noise" * 2000)
    one, _, aside = reopen_database(one, path, wall(), damaged=True)
    assert aside is not None
    two, _, found = reopen_database(two, path, wall(), damaged=True)
    assert (found, asides(path)) == (aside, [aside])
    assert one.inode == two.inode
    one.close()
    two.close()


def test_a_journal_that_only_seemed_damaged_stays(path: Path, wall: Wall) -> None:
    """A reader that mixed an old file with a new one sees damage in a journal that has none."""
    journal = opened(path, wall)
    journal.note("kept")
    assert journal.flush()
    suspected, _ = open_database(path, wall())
    again, notice, aside = reopen_database(suspected, path, wall(), damaged=True)
    assert (notice, aside, asides(path)) == ("", None, [])
    again.close()
    assert [each.text for each in journal.events()] == ["kept"]
    journal.close()


def test_a_journal_that_seems_damaged_only_while_it_is_opened_stays(path: Path, wall: Wall, monkeypatch: pytest.MonkeyPatch) -> None:
    first = opened(path, wall)
    first.note("kept")
    first.close()
    steps, tried = database.bring_up_to_date, []

    def once(connection: sqlite3.Connection) -> None:
        tried.append(connection)
        if len(tried) == 1:
            raise database.Damaged("a glance too early")
        steps(connection)

    monkeypatch.setattr(database, "bring_up_to_date", once)
    journal = opened(path, wall)
    assert (journal.badge, asides(path), [each.text for each in journal.events()]) == ("", [], ["kept"])
    journal.close()


def test_what_was_written_while_another_console_set_the_journal_aside_is_written_again(
    path: Path, wall: Wall, monkeypatch: pytest.MonkeyPatch
) -> None:
    journal = opened(path, wall)
    journal.flush()
    writing = database.Database.writing

    def late(self: database.Database, work: Callable[[sqlite3.Connection], Any]) -> Any:
        monkeypatch.setattr(database.Database, "writing", writing)
        path.rename(path.with_name(f"{path.name}.bad-20260301T000000Z"))
        return writing(self, work)

    monkeypatch.setattr(database.Database, "writing", late)
    number = restart(journal)
    other = opened(path, wall)
    assert [each.id for each in other.intents()] == [number]
    other.close()
    journal.close()


def test_only_a_few_damaged_journals_are_kept(path: Path, wall: Wall) -> None:
    opened(path, wall).close()
    for _ in range(5):
        path.write_bytes(b"noise" * 2000)
        opened(path, wall).close()
        wall.forward(seconds=1)
    assert len(list(path.parent.glob("*.bad-*"))) == 3


def test_what_an_earlier_version_left_open_stays_open(path: Path, wall: Wall) -> None:
    path.parent.mkdir(mode=0o700)
    with closing(sqlite3.connect(path, isolation_level=None)) as older:
        older.execute(f"PRAGMA application_id = {database.APPLICATION}")
        older.executescript("".join(schema.STEPS[:2]))
        older.execute("PRAGMA user_version = 2")
        words = ("prod", 0, "fleet", "service", WEB.id, "service", "restart", "web-api", "POST /x", "ana", "", "gone", "unknown")
        columns = "context, at, connection, kind, thing, changes, verb, name, request, who, reason, owner, outcome"
        older.execute(f"INSERT INTO intents ({columns}) VALUES ({', '.join('?' * 13)})", words)  # noqa: S608 - our own names
    journal = opened(path, wall)
    assert [each.name for each in waiting(journal)] == ["web-api"]
    with pytest.raises(UsageError, match="what became of it is not known"):
        restart(journal)
    assert restart(journal, override=True)
    journal.close()


def test_a_newer_journal_is_left_alone(path: Path, wall: Wall) -> None:
    opened(path, wall).close()
    newer = sqlite3.connect(path)
    newer.execute("PRAGMA user_version = 99")
    newer.close()
    before = path.read_bytes()
    journal = opened(path, wall)
    assert "the journal is of version 99, this rollwatch reads 3: upgrade rollwatch" in journal.badge
    journal.close()
    assert path.read_bytes() == before


def test_a_removed_journal_begins_anew(path: Path, wall: Wall) -> None:
    journal = opened(path, wall)
    journal.record([event(1)])
    assert journal.flush()
    for each in path.parent.glob("journal.sqlite*"):
        each.unlink()
    journal.record([event(2)])
    assert journal.flush()
    assert journal.badge == "history begins anew: the old file was removed"
    assert afters(journal.events()) == ["failed (2)"]
    assert restart(journal)
    journal.close()


def test_a_full_disk_stops_verbs_and_nothing_else(wall: Wall) -> None:
    with small_disk(megabytes=1) as disk:
        journal = opened(disk / "journal.sqlite", wall)
        number = restart(journal)
        filler = disk / "filler"
        with filler.open("wb", buffering=0) as file, suppress(OSError):
            while True:
                file.write(b"x" * 4096)
        journal.record([event(n, text="y" * 1900) for n in range(40)])
        journal.settle(number, "done", "")
        assert not journal.flush()
        assert journal.badge == f"history is not saved: {disk}/journal.sqlite cannot be written: the disk is full"
        with pytest.raises(StorageError, match=f"^{disk}/journal.sqlite cannot be written: the disk is full$"):
            restart(journal, ref=Ref(connection="fleet", kind=Kind.SERVICE, id="other"))
        assert journal.events() == ()
        filler.unlink()
        journal.record([event(99)])
        assert journal.flush()
        assert journal.badge == ""
        assert len(journal.events()) == 41
        assert waiting(journal) == ()
        journal.close()


def test_a_disk_without_inodes_or_that_is_read_only(wall: Wall) -> None:
    with small_disk(megabytes=1, inodes=2) as disk:
        (disk / "last").touch()
        assert "No space left on device" in opened(disk / "journal.sqlite", wall).badge
    with small_disk(megabytes=1) as disk:
        opened(disk / "journal.sqlite", wall).close()
        subprocess.run(["mount", "-o", "remount,ro", str(disk)], check=True)
        journal = opened(disk / "journal.sqlite", wall)
        assert "in memory only" in journal.badge
        journal.close()


def test_closing_twice_and_using_it_afterwards_is_harmless(path: Path, wall: Wall) -> None:
    journal = opened(path, wall)
    journal.record([event(1)])
    journal.close()
    journal.close()
    journal.record([event(2)])
    journal.settle(1, "done", "")
    assert not journal.flush()
    assert journal.events() == ()
    assert waiting(journal) == ()
    with pytest.raises(StorageError, match="closed"):
        restart(journal)
    again = opened(path, wall)
    assert afters(again.events()) == ["failed (1)"]
    again.close()


# -- several consoles -----------------------------------------------------------------------------------------------------------------


def test_of_several_consoles_one_records_and_another_takes_over(path: Path, wall: Wall) -> None:
    one, two = opened(path, wall), opened(path, wall)
    for n in range(3):
        for each in (one, two):
            each.record([event(n)])
            assert each.flush()
    assert afters(two.events()) == ["failed (2)", "failed (1)", "failed (0)"]
    two.note("from the second console")
    assert two.flush()
    one.close()
    two.record([event(9)])
    assert two.flush()
    assert len(two.events()) == 5
    two.close()


def test_a_command_that_waits_for_one_thing_keeps_no_console_from_recording(path: Path, wall: Wall) -> None:
    """A rollout that was waited for with credentials that had run out was the recorder, saw nothing, and no console wrote a line."""
    waiting, console = opened(path, wall, record=False), opened(path, wall)
    waiting.record([event(1)])
    assert waiting.flush()
    console.record([event(2)])
    assert console.flush()
    assert afters(console.events()) == ["failed (2)"]
    assert restart(waiting) > 0
    waiting.close()
    console.close()


# -- forgetting -----------------------------------------------------------------------------------------------------------------------


def test_the_old_is_forgotten_and_the_open_is_not(path: Path, wall: Wall) -> None:
    journal = opened(path, wall)
    journal.record([event(n) for n in range(1200)])
    opener = restart(journal)
    closed = restart(journal, verb=Verb.STOP)
    journal.settle(closed, "done", "")
    journal.rollouts("shop").remember(rollout("r1", 0), "{}")
    wall.forward(days=91)
    journal.record([event(91 * 86400)])  # a console that runs for days tidies by itself
    assert journal.flush()
    wait_until(lambda: not journal.rollouts("shop").known())
    assert afters(journal.events(limit=5000)) == [f"failed ({91 * 86400})"]
    assert [each.id for each in journal.intents()] == [opener]
    journal.close()


def test_the_old_is_forgotten_when_the_next_console_begins(path: Path, wall: Wall) -> None:
    journal = opened(path, wall)
    journal.record([event(1)])
    journal.close()
    wall.forward(days=91)
    again = opened(path, wall)
    wait_until(lambda: again.events() == ())
    again.close()


def test_too_much_is_forgotten_oldest_first_and_given_back(path: Path, wall: Wall) -> None:
    journal = opened(path, wall)
    journal.record([event(n, text="x" * 1500) for n in range(3000)])
    assert journal.flush(30)
    journal.prune(megabytes=2)
    wait_until(lambda: path.stat().st_size < 3 << 20)
    left = journal.events(limit=5000)
    assert 500 <= len(left) <= 1000
    assert left[0].after == "failed (2999)"
    journal.close()
    assert path.stat().st_size < 2 << 20


def test_a_console_that_runs_for_days_tidies_up(path: Path, wall: Wall) -> None:
    journal = opened(path, wall)
    journal.record([event(0)])
    assert journal.flush()
    wall.forward(days=100)
    journal.record([event(100 * 86400)])
    wait_until(lambda: len(journal.events()) == 1)
    journal.close()


def test_nothing_is_logged_on_good_days(path: Path, wall: Wall, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO, logger="tui"):
        journal = opened(path, wall)
        journal.settle(restart(journal), "done", "")
        journal.record([event(1)])
        journal.close()
    assert [record for record in caplog.records if record.name.startswith("tui.local.journal")] == []


def test_who_finds_the_journal_set_aside_by_another_says_so(path: Path, wall: Wall) -> None:
    """Which of two consoles meets the damage first is chance; that it was damage both know."""
    one, two, other = opened(path, wall), opened(path, wall), open_database(path, wall())[0]
    assert one.flush()
    assert two.flush()
    emptied(other)
    path.write_bytes(b"noise" * 2000)
    other, _, aside = reopen_database(other, path, wall(), damaged=True)
    other.close()
    for each in (one, two):
        each.note("after it")
        assert each.flush(30)
        assert each.badge == f"history begins anew: the old one was damaged, see {aside}"
    one.close()
    two.close()
