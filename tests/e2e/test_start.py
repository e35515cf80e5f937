"""How ``rollwatch`` begins when things are not as they should be: nothing configured, everything down, no credentials."""

from __future__ import annotations

import socket
import subprocess
from pathlib import Path

import pytest

from tests.configs import three
from tests.e2e.driver import Terminal, rollwatch
from tests.matrix.prefork import Stable
from tui.cli.exits import Exit


def closed_port() -> int:
    """A port of this machine that nobody listens on."""
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        port: int = sock.getsockname()[1]
        return port


def configure(home: Path, text: str) -> dict[str, str]:
    """Write a configuration; the environment that finds it."""
    home.mkdir(mode=0o700, exist_ok=True)
    (home / "config.toml").write_text(text, encoding="utf-8")
    return {"ROLLWATCH_HOME": str(home)}


def test_without_a_configuration_it_asks_what_to_connect_and_esc_leaves_no_trace(tmp_path: Path) -> None:
    with Terminal(rollwatch(), size=(80, 24), env={"ROLLWATCH_HOME": str(tmp_path / "none")}) as terminal:
        terminal.sees("Welcome: connect your first platform", "esc leaves")
        terminal.press("esc")
        assert terminal.ends() == Exit.OK
    assert not (tmp_path / "none").exists()


WRONG = [
    ('[contexts.a.connections.b]\nplatfrom = "phase"', "platform"),
    ('[contexts.a.connections.b]\nplatform = "fase"', "did you mean phase?"),
    ('[contexts.a.connections.b]\nplatform = "phase"\nbase_url = "http://api.phase.dev"', "https://"),
    ("[contexts.a\n", "line 1"),
    ('default_context = "b"\n[contexts.a.connections.c]\nplatform = "phase"', "did you mean"),
    ('default_context = "prodd"\n[contexts.prod.connections.c]\nplatform = "phase"', "did you mean prod?"),
]


def one_line(code: int, raw: bytes | bytearray, says: str) -> None:
    """Fail unless nothing but one line was told, and the terminal not taken."""
    lines = [line for line in raw.decode().split("\r\n") if line]
    assert code == Exit.USAGE
    assert len(lines) == 1
    assert says in lines[0] or "one of" in lines[0]
    assert b"1049h" not in raw


@pytest.mark.parametrize(("text", "says"), WRONG, ids=[says for _, says in WRONG])
def test_a_wrong_configuration_is_told_in_one_line(consoles: Stable, text: str, says: str, tmp_path: Path) -> None:
    code = "import sys\nfrom tui.cli import run\nsys.exit(run(['--read-only']))"
    end = consoles.run(code, env=configure(tmp_path / "home", text), size=[300, 30])
    one_line(end.code, end.raw, says)


def test_a_wrong_configuration_is_told_by_the_program_as_it_is_started(tmp_path: Path) -> None:
    text, says = WRONG[1]
    with Terminal(rollwatch("--read-only"), size=(300, 30), env=configure(tmp_path / "home", text)) as terminal:
        one_line(terminal.ends(), terminal.raw, says)


def test_the_console_starts_although_every_connection_is_down(tmp_path: Path) -> None:
    closed = f"http://127.0.0.1:{closed_port()}"
    env = configure(tmp_path / "home", three(encore=closed, dployr=closed, phase=closed, apps={"shop-3p2i": ["prod"]}))
    env |= {"ROLLWATCH_FLEET_TOKEN": "t0ken-of-fleet", "ROLLWATCH_VAULT_TOKEN": "User t0ken-of-vault"}
    with Terminal(rollwatch(), size=(120, 40), env=env) as terminal:
        terminal.sees("Apps & environments", "fleet down", "vault down", "shop-3p2i")
        terminal.press("q")
        assert terminal.ends() == 0
        terminal.restored()
    log = (tmp_path / "home" / "log" / "rollwatch.log").read_text(encoding="utf-8")
    assert "t0ken" not in log


def test_a_connection_without_credentials_says_how_to_sign_in(tmp_path: Path) -> None:
    env = configure(
        tmp_path / "home", f'[contexts.a.connections.fleet]\nplatform = "dployr"\nbase_url = "http://127.0.0.1:{closed_port()}"\n'
    )
    with Terminal(rollwatch(), size=(120, 40), env=env) as terminal:
        terminal.sees("rollwatch login fleet")
        terminal.press("q")
        assert terminal.ends() == 0


def test_the_console_without_a_terminal_says_so() -> None:
    done = subprocess.run(rollwatch("demo"), stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=20, check=False)
    assert done.returncode == Exit.USAGE
    assert "needs a terminal" in done.stderr
    assert done.stderr.count("\n") == 1
    assert done.stdout == ""
