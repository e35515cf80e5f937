"""Consoles killed while they write: the journal is whole, and whatever was acknowledged is in it."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

NURSERY = """
import json, os, random, select, signal, sqlite3, sys, time
from datetime import UTC, datetime
from pathlib import Path
from tui.local.journal import Entry, Journal
from tui.model import Kind, Ref, Verb

folder, rounds, seed = Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3])
dice = random.Random(seed)
START = datetime(2026, 3, 1, 22, 31, tzinfo=UTC)


def console(path, number, say):
    journal = Journal.open(path, context="prod", who="ana", now=lambda: START)
    for n in range(100_000):
        journal.record([Entry(what="transition", ref="fleet/service/s", at=START, name=f"{number}.{n}", text="x" * 200) for _ in range(3)])
        ref = Ref(connection="fleet", kind=Kind.SERVICE, id=f"{number}.{n}")
        intent = journal.intend(ref=ref, kind=Kind.SERVICE, verb=Verb.RESTART, request="POST /x")
        os.write(say, f"i {intent} {ref.id}\\n".encode())
        journal.settle(intent, "done", "ok")
        if n % 3 == 0 and journal.flush():
            os.write(say, f"e {number}.{n} {intent}\\n".encode())


def killed(path, number):
    hear, say = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            console(path, number, say)
        finally:
            os._exit(1)
    os.close(say)
    select.select([hear], [], [], 10)
    time.sleep(dice.random() * 0.02)
    os.kill(child, signal.SIGKILL)
    _, status = os.waitpid(child, 0)
    with os.fdopen(hear, "rb") as pipe:
        lines = pipe.read().split(b"\\n")[:-1]
    return status, [line.decode().split() for line in lines]


lost, corrupt, acknowledged, odd = 0, 0, 0, 0
for number in range(rounds):
    path = folder / str(number // 50) / "journal.sqlite"
    status, lines = killed(path, number)
    odd += status != signal.SIGKILL
    database = sqlite3.connect(path)
    corrupt += database.execute("PRAGMA integrity_check").fetchone() != ("ok",)
    for word, first, second in lines:
        acknowledged += 1
        if word == "i":
            lost += database.execute("SELECT count(*) FROM intents WHERE id = ? AND thing = ?", (first, second)).fetchone() != (1,)
        else:
            lost += database.execute("SELECT count(*) FROM events WHERE name = ?", (first,)).fetchone() != (3,)
            lost += database.execute("SELECT outcome FROM intents WHERE id = ?", (second,)).fetchone() != ("done",)
    database.close()
    corrupt += len(list(path.parent.glob("*.bad-*")))
print(json.dumps({"lost": lost, "corrupt": corrupt, "acknowledged": acknowledged, "odd": odd}))
"""


def kill(folder: Path, rounds: int, seed: int) -> None:
    ran = subprocess.run([sys.executable, "-c", NURSERY, str(folder), str(rounds), str(seed)], capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stderr
    result = json.loads(ran.stdout)
    assert (result["lost"], result["corrupt"], result["odd"]) == (0, 0, 0)
    assert result["acknowledged"] > rounds


def test_kills_at_random_moments_lose_nothing_acknowledged(tmp_path: Path) -> None:
    kill(tmp_path, 20, 1)


@pytest.mark.soak
@pytest.mark.timeout(600)
def test_a_thousand_kills(tmp_path: Path) -> None:
    kill(tmp_path, 1000, 2)
