"""Several consoles, each a process of its own, that begin one journal or meet its damage at the same moment, each at its own pace."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

CONSOLES = """
import json, multiprocessing, random, sqlite3, sys, time
from datetime import UTC, datetime
from pathlib import Path
from tui.local.journal import Entry, Journal, database

path, damaged, consoles = Path(sys.argv[1]), sys.argv[2] == "damaged", int(sys.argv[3])
START = datetime(2026, 3, 1, 22, 31, tzinfo=UTC)


def opened():
    return Journal.open(path, context="prod", who="ana", now=lambda: START)


class Slow(sqlite3.Connection):
    def execute(self, *given):
        if random.random() < 0.3:
            time.sleep(random.random() * 0.02)
        return super().execute(*given)

    def close(self):
        time.sleep(random.random() * 0.02)
        super().close()


def console(number, together, said):
    random.seed(number)
    database._connect = lambda path: sqlite3.connect(path, timeout=5, isolation_level=None, check_same_thread=False, factory=Slow)
    if not damaged:
        together.wait()
    journal = opened()
    if damaged:
        together.wait()  # all have it open
        together.wait()  # it is damaged
        journal.events(ref="x/service/y", limit=5000)
    journal.note(f"note {number}")
    said.put((journal.flush(30), journal.badge))
    journal.close()


if damaged:
    journal = opened()
    journal.record([Entry(what="gone", ref="fleet/service/s", at=START, text="x" * 300) for _ in range(300)])
    journal.close()
processes = multiprocessing.get_context("fork")
together, said = processes.Barrier(consoles + damaged), processes.Queue()
running = [processes.Process(target=console, args=(number, together, said)) for number in range(consoles)]
for each in running:
    each.start()
if damaged:
    together.wait()
    whole = bytearray(path.read_bytes())
    for page in range(3, len(whole) // 4096 - 1):  # every page but the schema's
        whole[page * 4096 : page * 4096 + 64] = b"\\xa5" * 64
    with path.open("r+b") as file:  # by a process that holds no locks on it
        file.write(whole)
    together.wait()
heard = [said.get(timeout=60) for _ in running]
for each in running:
    each.join()
left = sqlite3.connect(path)
print(json.dumps({
    "saved": all(saved for saved, _ in heard),
    "badges": sorted({badge for _, badge in heard}),
    "aside": sorted(each.name for each in path.parent.glob("*.bad-*") if not each.name.endswith(("-wal", "-shm"))),
    "whole": left.execute("PRAGMA integrity_check").fetchone()[0],
    "notes": left.execute("SELECT count(*) FROM events WHERE what = 'note'").fetchone()[0],
}))
"""


def met(tmp_path: Path, how: str, consoles: int) -> dict[str, object]:
    path = tmp_path / "state" / "journal.sqlite"
    ran = subprocess.run([sys.executable, "-c", CONSOLES, str(path), how, str(consoles)], capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stderr
    found: dict[str, object] = json.loads(ran.stdout)
    return found


@pytest.mark.parametrize("consoles", [2, 8])
def test_consoles_that_begin_together_have_one_journal(tmp_path: Path, consoles: int) -> None:
    assert met(tmp_path, "new", consoles) == {"saved": True, "badges": [""], "aside": [], "whole": "ok", "notes": consoles}


@pytest.mark.parametrize("consoles", [2, 8])
def test_consoles_that_meet_damage_together_set_it_aside_once(tmp_path: Path, consoles: int) -> None:
    aside = "journal.sqlite.bad-20260301T223100Z"
    path = tmp_path / "state" / aside
    says = f"history begins anew: the old one was damaged, see {path}"
    found = met(tmp_path, "damaged", consoles)
    assert found == {"saved": True, "badges": [says], "aside": [aside], "whole": "ok", "notes": consoles}
