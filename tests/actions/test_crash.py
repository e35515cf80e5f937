"""A real process that is killed between writing down what it is about to do and hearing the answer; and two of them at once.

The emulator counts what took effect. Whoever comes afterwards is told that it is not known, and sends nothing by itself.
"""

from __future__ import annotations

import asyncio
import os
import signal
import sqlite3
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e.driver import rollwatch
from tui.cli.exits import Exit
from tui.emulator import Options, start_in_thread
from tui.emulator.server import Emulator

PATH = "/v1/services/{id}/restart"


class Home:
    """A configured home on an emulator that takes its time with every restart."""

    def __init__(self, folder: Path, emulator: Emulator) -> None:
        self.folder, self.emulator = folder, emulator
        folder.mkdir(mode=0o700)
        told = emulator.info["dployr"]
        (folder / "config.toml").write_text(
            f'[contexts.prod.connections.fleet]\nplatform = "dployr"\nflavour = "documented"\nbase_url = "{told["base_url"]}"\n'
        )
        self.env = {**os.environ, "ROLLWATCH_HOME": str(folder), "ROLLWATCH_FLEET_TOKEN": told["token"]}
        services = emulator.do(lambda control: [one.id for one in control.platforms.fleet.services.values() if one.status == "running"])
        self.id = services[0]
        self.idle = self._tasks()

    def _tasks(self) -> int:
        return self.emulator.do(lambda control: len(asyncio.all_tasks()))

    def begin(self, *more: str) -> subprocess.Popen[str]:
        words = rollwatch("do", "restart", f"fleet/service/{self.id}", "--yes", *more)
        return subprocess.Popen(words, env=self.env, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)

    def end(self, process: subprocess.Popen[str]) -> tuple[int, str]:
        out, err = process.communicate(timeout=50)
        return process.returncode, out + err

    def sent(self) -> int:
        for _ in range(20):  # what a process that was killed had sent may still be on its way through the emulator's loop
            self.emulator.do(lambda control: None)
        # It is counted when the emulator has taken its time, which another process may need to start.
        _until(lambda: self._tasks() <= self.idle, "the emulator never came to rest")
        return self.emulator.do(lambda control: control.received("POST", PATH, self.id))

    def done(self) -> int:
        return self.emulator.do(lambda control: control.executed("POST", PATH, self.id))

    def intents(self) -> list[tuple[str, str]]:
        path = self.folder / "state" / "journal.sqlite"
        if not path.exists():
            return []
        database = sqlite3.connect(f"file:{path}?mode=ro", uri=True, timeout=5)
        try:
            return database.execute("SELECT verb, outcome FROM intents ORDER BY id").fetchall()
        except sqlite3.OperationalError:
            return []
        finally:
            database.close()


@pytest.fixture
def home(tmp_path: Path) -> Iterator[Home]:
    with start_in_thread(Options(scenario="calm")) as emulator:
        emulator.do(lambda control: control.fault("latency", platform="dployr", method="POST", path="*/restart", seconds=2.0))
        yield Home(tmp_path / "home", emulator)


def _until(holds: object, what: str) -> None:
    end = time.monotonic() + 40
    while not holds():  # type: ignore[operator]
        assert time.monotonic() < end, what
        time.sleep(0.01)


@pytest.mark.timeout(150)
def test_a_console_killed_before_the_answer_leaves_an_unknown_that_blocks(home: Home) -> None:
    first = home.begin()
    _until(lambda: home.intents(), "nothing was written down")
    time.sleep(0.3)
    os.kill(first.pid, signal.SIGKILL)
    assert home.end(first)[0] == -signal.SIGKILL
    assert [verb for verb, _ in home.intents()] == ["restart"]
    sent = home.sent()
    assert sent <= 1
    time.sleep(2.5)
    code, said = home.end(home.begin())
    assert (code, "not known" in said) == (Exit.FAILED, True), said
    assert home.sent() == sent, "it was sent a second time without being asked"
    assert home.done() <= 1


@pytest.mark.soak
@pytest.mark.timeout(600)
@pytest.mark.parametrize("number", range(10))
def test_consoles_killed_at_any_moment_never_make_two(home: Home, number: int) -> None:
    first = home.begin()
    _until(lambda: home.intents(), "nothing was written down")
    time.sleep(number * 0.05)
    os.kill(first.pid, signal.SIGKILL)
    home.end(first)
    sent = home.sent()
    code, said = home.end(home.begin())
    assert (code, "not known" in said) == (Exit.FAILED, True), said
    assert home.sent() == sent <= 1
    assert home.done() <= 1


@pytest.mark.soak
@pytest.mark.timeout(150)
def test_of_two_consoles_at_once_one_sends(home: Home) -> None:
    both = [home.end(each) for each in [home.begin(), home.begin()]]
    assert home.sent() == home.done() == 1, both
    assert sorted(code for code, _ in both)[-1] != Exit.OK
