"""The door: modules that are loaded late are loaded once, whole, whichever thread asks first; a closed stream is there again."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from tui.__main__ import later

SLOW = (
    "import builtins, sys\nbuiltins.begun.set()\nbuiltins.go_on.wait(10)\nassert not hasattr(sys.modules[__name__], 'value')\nvalue = 7\n"
)


@pytest.fixture
def slow(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[threading.Event, threading.Event]]:
    """A module that takes until it is told to go on."""
    import builtins

    (tmp_path / "slow_module.py").write_text(SLOW)
    (tmp_path / "broken_module.py").write_text("import builtins\nassert builtins.mended\nvalue = 8\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    begun, go_on = threading.Event(), threading.Event()
    for name, thing in (("begun", begun), ("go_on", go_on), ("mended", False)):
        monkeypatch.setattr(builtins, name, thing, raising=False)
    yield begun, go_on
    for name in ("slow_module", "broken_module"):
        sys.modules.pop(name, None)


def test_two_threads_that_ask_at_once_both_get_all_of_it(slow: tuple[threading.Event, threading.Event]) -> None:
    begun, go_on = slow
    later(["slow_module"])
    module = sys.modules["slow_module"]
    found: list[object] = []

    def ask() -> None:
        try:
            found.append(module.value)
        except AttributeError as error:
            found.append(error)

    first, second = threading.Thread(target=ask), threading.Thread(target=ask)
    first.start()
    assert begun.wait(10)
    second.start()
    second.join(0.2)
    go_on.set()
    first.join(10)
    second.join(10)
    assert found == [7, 7]


def test_one_that_could_not_be_loaded_is_tried_again(slow: object, monkeypatch: pytest.MonkeyPatch) -> None:
    import builtins

    later(["broken_module"])
    module = sys.modules["broken_module"]
    with pytest.raises(AssertionError):
        _ = module.value
    monkeypatch.setattr(builtins, "mended", True)
    assert module.value == 8


@pytest.mark.parametrize(
    ("closed", "words", "code", "says"),
    [
        ("<&-", "login fleet --stdin", 2, "no token was given"),
        ("<&-", "login fleet", 2, "nobody can be asked"),
        ("<&-", "demo", 2, "the console needs a terminal"),
        (">&-", "doctor", 1, ""),
        ("<&- >&- 2>&-", "doctor", 1, ""),
    ],
)
def test_who_closed_a_stream_is_told_no_other_thing_than_who_gave_an_empty_one(
    closed: str, words: str, code: int, says: str, tmp_path: Path
) -> None:
    (tmp_path / "config.toml").write_text(
        '[contexts.prod.connections.fleet]\nplatform = "phase"\nbase_url = "http://127.0.0.1:1"\n', encoding="utf-8"
    )
    environ = {**os.environ, "ROLLWATCH_HOME": str(tmp_path)}
    shell = ["/bin/sh", "-c", f'exec "$0" -m tui {words} {closed}', sys.executable]
    done = subprocess.run(shell, env=environ, capture_output=True, text=True, timeout=30, check=False)
    assert done.returncode == code, done.stderr
    assert says in done.stderr
    assert "error of its own" not in done.stderr
    for kept in (tmp_path / "log").glob("*"):
        assert "Traceback" not in kept.read_text(encoding="utf-8")
