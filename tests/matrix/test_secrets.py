"""2.4: twelve secrets that look like nothing, and every place where one could come out: a crash wherever code of ours runs, every level
of the log, the command line, the environment of children, the screen, the journal, the handoff. Found: none."""

from __future__ import annotations

import base64
import json
import os
import subprocess
import sys
from html import unescape
from pathlib import Path
from urllib.parse import quote

import pytest
from textual.app import App, ComposeResult

from tests.e2e.test_start import closed_port
from tests.matrix.prefork import Ended, Stable
from tests.ui.desk import ref
from tests.ui.test_contexts import Owned, owned
from tests.ui.test_setup import Asked
from tui.actions import ACTIONS
from tui.local.finds import Find
from tui.model import Kind, Service, Variable
from tui.text import Safe, Secret
from tui.ui.answers import Entry
from tui.ui.app import Console
from tui.ui.screens.ask import AskScreen
from tui.ui.screens.setup import SetupScreen

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


async def test_secrets_no_picture_of_a_screen_shows_one_and_nothing_makes_pictures() -> None:
    owner = Owned()
    finds = (Find(title="DPLOYR_TOKEN", platform="dployr", base_url="https://x.test", token=Secret(CANARIES[0])),)
    owner.onboarding = Asked(*finds)
    desk = owner.desks["prod"]
    worker = desk.store.get(ref(Kind.SERVICE, "svc-worker"))
    assert isinstance(worker, Service)
    keys = [Variable(ref=ref(Kind.VARIABLE, f"{worker.ref.id}/K{n}"), name=Safe(f"K{n}"), service=worker.ref, value=Secret(each))
            for n, each in enumerate(CANARIES[1:5])]  # fmt: skip
    desk.put("fleet", Kind.VARIABLE, keys, scope=worker.ref.id)
    pictures = 0
    async with owned(owner) as at:

        def taken() -> str:
            nonlocal pictures
            pictures += 1
            return unescape(at.app.export_screenshot())

        assert found(taken().encode()) == []
        at.app.open_detail(worker.ref)
        await at.press("end")
        assert "K1" in taken()
        assert found(taken().encode()) == []
        await at.press("escape", "2", "v")
        next(entry for entry in at.app.screen.query(Entry) if entry.password).value = CANARIES[6]
        await at.wait()
        assert isinstance(at.app.screen, AskScreen)
        assert "•••" in taken()
        assert found(taken().encode()) == []
        await at.press("escape", "escape")
        at.app.home._connect()
        await at.wait()
        assert isinstance(at.app.screen, SetupScreen)
        assert "•••" in taken()
        assert found(taken().encode()) == []
    assert pictures == 7
    assert not any("screenshot" in action for action in ACTIONS)
    assert Console.ENABLE_COMMAND_PALETTE is False


async def test_secrets_are_copied_from_no_field_and_nothing_empties_the_clipboard() -> None:
    copied: list[str] = []

    class Page(App[None]):
        def compose(self) -> ComposeResult:
            yield Entry("token", "", (), secret=True, value=CANARIES[0])
            yield Entry("name", "", (), secret=False, value="web-api")

        def copy_to_clipboard(self, text: str) -> None:
            copied.append(text)

    async with Page().run_test() as pilot:
        for entry, expected in zip(pilot.app.query(Entry), ([], ["web-api", "web-api"]), strict=True):
            entry.focus()
            for key in ("ctrl+x", "super+c", "end", "shift+home", "super+c", "ctrl+x", "ctrl+x", "super+c"):
                await pilot.press(key)
            assert copied == expected
            assert entry.value == ""
            copied.clear()
