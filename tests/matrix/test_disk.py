"""P2: disks that fail for real. Below the program, between it and the kernel, the C library's own calls answer EIO or ENOLCK for the
files of its home: Python's writes and SQLite's alike."""

from __future__ import annotations

import errno
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.e2e.driver import Terminal, rollwatch
from tests.e2e.test_start import closed_port, configure

COMPILER = shutil.which("cc") or shutil.which("gcc") or ""

pytestmark = pytest.mark.skipif(
    not COMPILER or sys.platform != "linux", reason="the calls of the C library are changed by a library that a C compiler makes, on Linux"
)


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("failing") / "failing.so"
    source = Path(__file__).with_name("failing.c")
    subprocess.run([COMPILER, "-shared", "-fPIC", "-o", str(made), str(source), "-ldl"], check=True, timeout=60)
    return made


def failing(library: Path, folder: Path, calls: str, *, since: Path | None = None) -> dict[str, str]:
    """The environment in which every write, or every lock, in a folder fails; ``since`` a file of that name is there."""
    code = {"write": errno.EIO, "lock": errno.ENOLCK}[calls]
    told = {"LD_PRELOAD": str(library), "FAILING": f"{folder}/", "FAILING_CALLS": calls, "FAILING_CODE": str(code)}
    return told if since is None else {**told, "FAILING_FROM": str(since)}


STORY = """
import json, sqlite3, sys
from pathlib import Path
from tests.local.histories import WEB, Wall, event
from tui.errors import StorageError
from tui.local.files import write_private
from tui.local.journal import Journal
from tui.model import Kind, Verb
folder, switch = Path(sys.argv[1]), Path(sys.argv[2])
said = {}
def tried(name, work):
    try:
        said[name] = work()
    except StorageError as error:
        said[name] = str(error)
def intend():
    journal.settle(journal.intend(ref=WEB, kind=Kind.SERVICE, verb=Verb.RESTART, request="POST /x"), "done", "ok")
    return "sent"
journal = Journal.open(folder / "journal.sqlite", context="prod", who="ana", now=Wall())
journal.record([event(number) for number in range(3)])
tried("whole", intend)
write_private(folder / "kept", b"old")
assert journal.flush()
switch.touch()
tried("kept", lambda: write_private(folder / "kept", b"new" * 9999))
tried("failing", intend)
journal.record([event(number) for number in range(3, 6)])
said["flushed"], said["badge"] = journal.flush(1.0), journal.badge
switch.unlink()
tried("again", intend)
journal.record([event(number) for number in range(6, 8)])
said["last"], said["left"] = journal.flush(), journal.badge
journal.close()
database = sqlite3.connect(folder / "journal.sqlite")
said["check"], said["events"], said["intents"] = (
    database.execute(query).fetchone()[0]
    for query in ("PRAGMA integrity_check", "SELECT count(*) FROM events", "SELECT count(*) FROM intents WHERE outcome = 'done'")
)
said["file"], said["files"] = (folder / "kept").read_text()[:9], [each.name for each in folder.iterdir() if each.name.startswith(".kept")]
print(json.dumps(said))
"""


@pytest.mark.parametrize(
    ("calls", "says", "kept"),
    [
        ("write", "disk I/O error", "cannot be written: Input/output error"),
        pytest.param("lock", "it cannot be locked", None, marks=pytest.mark.soak),
    ],
)
def test_p2_a_disk_that_fails_for_a_while_loses_nothing_and_lets_nothing_be_sent(
    library: Path, tmp_path: Path, calls: str, says: str, kept: str | None
) -> None:
    folder, switch = tmp_path / "state", tmp_path / "switch"
    command = [sys.executable, "-c", STORY, str(folder), str(switch)]
    env = {**os.environ, **failing(library, folder, calls, since=switch)}
    done = subprocess.run(command, env=env, capture_output=True, text=True, timeout=50, check=False)
    assert done.returncode == 0, done.stderr
    said = json.loads(done.stdout)
    assert said["whole"] == said["again"] == "sent"
    says = f"{folder}/journal.sqlite cannot be written: {says}"
    assert said["failing"] == says
    assert (said["flushed"], said["badge"]) == (False, f"history is not saved: {says}")
    assert (said["last"], said["left"], said["check"], said["events"], said["intents"]) == (True, "", "ok", 8, 2)
    assert said["kept"] is None if kept is None else said["kept"].endswith(kept)
    assert (said["file"], said["files"]) == ("new" * 3 if kept is None else "old", [])


SAYS = {"write": "journal.sqlite cannot be opened: disk I/O error", "lock": "cannot be locked: No locks available"}


@pytest.mark.parametrize("calls", SAYS)
def test_p2_a_console_on_a_disk_that_fails_says_why_and_goes_on(library: Path, tmp_path: Path, calls: str) -> None:
    home = tmp_path / "home"
    text = f'[contexts.prod.connections.fleet]\nplatform = "dployr"\nbase_url = "http://127.0.0.1:{closed_port()}"\n'
    env = {**configure(home, text), "ROLLWATCH_FLEET_TOKEN": "token-of-fleet", **failing(library, home, calls)}
    with Terminal(rollwatch(), size=(240, 40), env=env) as terminal:
        terminal.sees("fleet down", "history is kept in memory only", SAYS[calls])
        terminal.press("q")
        assert terminal.ends() == 0
        terminal.restored()
        assert b"Traceback" not in terminal.raw
