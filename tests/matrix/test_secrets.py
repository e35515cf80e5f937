"""2.4: twelve secrets that look like nothing, and every place where one could come out: a crash wherever code of ours runs, every level
of the log, the command line, the environment of children, the screen, the journal, the handoff. Found: none."""

from __future__ import annotations

import base64
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

import pytest

from tests.e2e.test_start import closed_port
from tests.matrix.prefork import Ended, Stable, stable

CANARIES = tuple(f'kanari"{number:02d}/ä+{number * 7919:x}=' for number in range(1, 13))
MORE = {"attic": 2, "barn": 7, "cellar": 9, "dome": 10, "ember": 11}
"""Connections with a token by environment, and which canary it is."""
NAMES = ("fleet", "other", "third", "vault", "store", "shop", "mall", *MORE)
"""Connections; each canary belongs to one, to the file, to a program, or to a model."""


def spellings(text: str) -> set[bytes]:
    raw = text.encode()
    encoded = {base64.b64encode(b"\0" * offset + raw).rstrip(b"=")[4 if offset else 0 : -3] for offset in range(3)}
    return {
        raw,
        quote(text, safe="").encode(),
        json.dumps(text)[1:-1].encode(),
        json.dumps(text, ensure_ascii=False)[1:-1].encode(),
        *encoded,
    }


def found(data: bytes) -> list[str]:
    """Which canaries are in there, in any spelling."""
    return [text for text in CANARIES if any(spelling in data for spelling in spellings(text))]


def test_the_search_finds_what_it_must_find() -> None:
    for text in CANARIES:
        for hidden in (text, quote(text, safe=""), json.dumps({"a": text}), base64.b64encode(f"u:{text}!".encode()).decode()):
            assert found(f"before {hidden} after".encode()) == [text]
    assert found(b"nothing") == []


CRASH = """
import logging, os, sys, threading, asyncio
from urllib.parse import quote
import base64, json
place = {place!r}
def boom(*_, **__):
    token = os.environ["ROLLWATCH_FLEET_TOKEN"]
    header = {{"Authorization": "Bearer " + token, "all": [os.environ[name] for name in os.environ if name.startswith("ROLLWATCH")]}}
    password = open(os.environ["ROLLWATCH_HOME"] + "/credentials.toml").read()
    for level in (5, 10, 20, 30, 40, 50):
        logging.getLogger("tui.x").log(level, "sent %s %s", token, header)
    values = [os.environ[name] for name in os.environ if name.startswith("ROLLWATCH") and name != "ROLLWATCH_HOME"]
    told = [each for value in values for each in (value, quote(value, safe=""), json.dumps(value))]
    told += [base64.b64encode(value.encode()).decode() for value in values]
    raise RuntimeError("an error that quotes " + " ".join(told))
async def aboom(*_):
    boom()
from tui.ui.app import Console
from tui.ui.screens.console import ConsoleScreen
from tui.ui.widgets.status_line import StatusLine
mounted = Console.on_mount
def later(self):
    mounted(self)
    logging.getLogger().setLevel(1)
    if place == "worker":
        self.run_worker(aboom())
    if place == "timer":
        self.set_timer(0.05, boom)
    if place == "callback":
        self.call_later(boom)
    if place == "task":
        self.task_of_the_test = asyncio.create_task(aboom())
    if place == "thread":
        threading.Thread(target=boom).start()
    if place == "render":
        StatusLine.render_line = boom
        self.call_later(self.screen.refresh)
        self.set_timer(0.05, lambda: self.console_screen.query_one("#header").refresh())
    if place == "key":
        self.leave = boom
    if place == "mount":
        boom()
Console.on_mount = later
from tui.cli import run
sys.exit(run([]))
"""

ENDS = ("mount", "worker", "timer", "callback", "render", "key")
GOES_ON = ("thread", "task")


@pytest.fixture(scope="module")
def consoles() -> Iterator[Stable]:
    with stable() as made:
        yield made


@pytest.fixture
def home(tmp_path: Path) -> dict[str, str]:
    """Twelve connections, all down, that hold the canaries in every way there is."""
    folder = tmp_path / "home"
    folder.mkdir(mode=0o700)
    port = closed_port()
    # A program that prints a token and writes down what it was given.
    script = folder / "token.py"
    script.write_text(
        f"import os,sys\nopen({str(folder / 'child-env')!r},'w').write(repr(dict(os.environ))+repr(sys.argv))\nprint({CANARIES[8]!r})\n",
        encoding="utf-8",
    )
    kinds = {"shop": "encore", "mall": "encore", "vault": "phase", "store": "phase"}
    text = ""
    for name in NAMES:
        text += f'[contexts.prod.connections.{name}]\nplatform = "{kinds.get(name, "dployr")}"\nbase_url = "http://127.0.0.1:{port}"\n'
        text += f'token_command = ["{sys.executable}", "{script}"]\n' if name == "third" else ""
        text += 'apps = [{ id = "shop-1", environments = ["prod"] }]\n' if name in {"shop", "mall"} else ""
    (folder / "config.toml").write_text(text, encoding="utf-8")
    stored = f"[store]\norigin = {json.dumps(f'http://127.0.0.1:{port}')}\ntoken = {json.dumps(CANARIES[4])}\n"
    (folder / "credentials.toml").write_text(stored, encoding="utf-8")
    (folder / "credentials.toml").chmod(0o600)
    return {
        "ROLLWATCH_HOME": str(folder),
        "ROLLWATCH_FLEET_TOKEN": CANARIES[0],
        "ROLLWATCH_OTHER_EMAIL": "ops@example.com",
        "ROLLWATCH_OTHER_PASSWORD": CANARIES[1],
        "ROLLWATCH_VAULT_TOKEN": f"User {CANARIES[3]}",
        "ROLLWATCH_SHOP_CLIENT_ID": "o2c_id",
        "ROLLWATCH_SHOP_CLIENT_SECRET": CANARIES[5],
        "ROLLWATCH_MALL_CLIENT_ID": "o2c_id2",
        "ROLLWATCH_MALL_CLIENT_SECRET": CANARIES[6],
        **{f"ROLLWATCH_{name.upper()}_TOKEN": CANARIES[number] for name, number in MORE.items()},
    }


def clean_everywhere(home: dict[str, str], end: Ended) -> None:
    """Fail if a canary is anywhere but where its owner put it."""
    assert found(end.raw) == [], "on the terminal"
    folder = Path(home["ROLLWATCH_HOME"])
    for path in folder.rglob("*"):
        if path.is_file() and path.name not in {"credentials.toml", "token.py"}:
            assert found(path.read_bytes()) == [], path.name
    assert (folder / "child-env").exists(), "the program that prints a token was not asked"


@pytest.mark.parametrize("place", ENDS)
def test_secrets_crash_ends_with_one_line_a_private_report_and_the_terminal_restored(
    consoles: Stable, home: dict[str, str], place: str
) -> None:
    steps = [["until", "fleet", 20], ["wait", 0.2], ["type", "q"]] if place == "key" else [["wait", 0.1]]
    end = consoles.run(CRASH.format(place=place), *steps, env=home, size=[120, 40])
    assert (end.code, list(end.missed)) == (1, []), end.raw[-800:]
    end.restored()
    assert b"Traceback" not in end.raw
    reports = list((Path(home["ROLLWATCH_HOME"]) / "log").glob("crash-*.txt"))
    assert [path.stat().st_mode & 0o777 for path in reports] == [0o600]
    assert "RuntimeError" in reports[0].read_text(encoding="utf-8")
    clean_everywhere(home, end)


@pytest.mark.parametrize("place", GOES_ON)
def test_secrets_crash_beside_the_screen_is_logged_and_ends_nothing(consoles: Stable, home: dict[str, str], place: str) -> None:
    steps = [["until", "fleet", 20], ["wait", 0.3], ["type", "q"]]
    end = consoles.run(CRASH.format(place=place), *steps, env=home, size=[120, 40])
    assert (end.code, list(end.missed)) == (0, []), end.raw[-800:]
    end.restored()
    clean_everywhere(home, end)


COMMANDS = (["status", "--json"], ["doctor", "--json"], ["config", "show"], ["handoff"], ["contexts"])


def test_secrets_commands_say_none_in_words_arguments_or_children(consoles: Stable, home: dict[str, str]) -> None:
    for words in COMMANDS:
        end = consoles.run(f"import sys\nfrom tui.cli import run\nsys.exit(run({words!r}))", ["wait", 0.1], env=home, size=[500, 50])
        assert end.code in {0, 1}, (words, end.raw[-500:])
        clean_everywhere(home, end)


def test_secrets_no_option_takes_one_and_no_core_may_hold_one() -> None:
    done = subprocess.run([sys.executable, "-m", "tui", "login", "--help"], capture_output=True, text=True, timeout=20, check=True)
    assert not {"--token", "--password", "--secret", "--client-secret"} & set(done.stdout.replace("=", " ").replace(",", " ").split())
    code = "import resource, tui.__main__ as m; m.harden(); print(resource.getrlimit(resource.RLIMIT_CORE))"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=20, check=True).stdout.strip() == "(0, 0)"


def test_secrets_developer_switches_of_the_screen_library_are_dropped() -> None:
    from tui.__main__ import prepare

    environ = {
        "TEXTUAL": "devtools",
        "TEXTUAL_DEVTOOLS_HOST": "10.0.0.1",
        "TEXTUAL_SCREENSHOT": "1",
        "TEXTUAL_PRESS": "q",
        "TEXTUAL_LOG": "/x",
    }
    prepare(environ)
    assert {name for name in environ if name.startswith("TEXTUAL")} <= {"TEXTUAL_ANIMATIONS", "TEXTUAL_SMOOTH_SCROLL"}
    assert os.environ.get("TEXTUAL") != "devtools"
