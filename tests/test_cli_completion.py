"""Shell completion: the scripts hold everything that the parser knows, and bash completes what a user begins."""

from __future__ import annotations

import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tui.cli.arguments import COMMANDS
from tui.cli.completion import SCRIPTS, VALUES, names, words

ROOT = Path(__file__).parents[1]

CONFIG = """\
[contexts.prod.connections.fleet]
platform = "dployr"
base_url = "https://base.dployr.io"
[contexts.staging.connections.vault]
platform = "phase"
"""


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "config.toml").write_text(CONFIG)
    (tmp_path / "config.toml").chmod(0o600)
    monkeypatch.setenv("ROLLWATCH_HOME", str(tmp_path))
    return tmp_path


def test_every_command_and_option_is_in_every_script() -> None:
    known = words()
    assert set(known) == {"", *(each.name for each in COMMANDS)}
    for script in SCRIPTS.values():
        text = script(known)
        for name, offered in known.items():
            assert name in text
            assert all(word.lstrip("-@") in text for words_ in (offered.options, *offered.places) for word in words_)
    assert "--until-stdin-closes" not in SCRIPTS["bash"](known)


def test_the_values_are_those_that_there_are() -> None:
    assert set(VALUES["--scenario"]) == {each.stem for each in (ROOT / "tui" / "emulator" / "scenarios").glob("*.toml")}


def test_names_come_from_the_configuration(home: Path) -> None:
    assert names("contexts") == ["prod", "staging"]
    assert names("connections") == ["fleet", "vault"]
    (home / "config.toml").write_text("not toml")
    assert names("contexts") == []


@pytest.mark.skipif(shutil.which("bash") is None, reason="no bash here")
@pytest.mark.parametrize(
    ("line", "offered"),
    [
        (["sta"], {"status"}),
        (["status", "--j"], {"--json"}),
        (["rollout", "--"], {"--help", "--context", "--read-only", "--branch", "--sha", "--override", "--wait", "--yes", "--json"}),
        (["config", "s"], {"show", "schema"}),
        (["completion", ""], {"bash", "zsh", "fish"}),
        (["--context", "p"], {"prod"}),
        (["--context", "prod", "log"], {"logs", "login", "logout"}),
        (["login", "v"], {"vault"}),
        (["login", ""], {"fleet", "vault"}),
        (["login", "--stdin", ""], {"fleet", "vault"}),
        (["login", "vault", ""], {"--help", "--context", "--read-only", "--stdin"}),
        (["do", "re"], {"restart"}),
        (["do", "restart", ""], set()),
        (["do", "restart", "--y"], {"--yes"}),
        (["demo", "--scenario", ""], {"calm", "busy", "incident", "huge"}),
        (["logs", "--tail", ""], set()),
    ],
)
def test_bash_completes_what_was_begun(line: list[str], offered: set[str], home: Path) -> None:
    # Each call of the program itself is answered as it would be, without starting it seven times.
    answers = 'rollwatch() { [ "$2" = contexts ] && echo prod staging || echo fleet vault; }'
    typed = shlex.join(["rollwatch", *line])
    ask = f"COMP_WORDS=({typed}); COMP_CWORD={len(line)}; _rollwatch; printf '%s\\n' \"${{COMPREPLY[@]}}\""
    script = "\n".join([answers, SCRIPTS["bash"](words()), ask])
    done = subprocess.run(["bash", "--norc", "-c", script], capture_output=True, text=True, timeout=20, check=True)
    assert set(done.stdout.split()) == offered


@pytest.mark.parametrize("shell", [shell for shell in ("bash", "zsh", "fish") if shutil.which(shell)])
def test_the_shell_itself_takes_the_script(shell: str) -> None:
    told = subprocess.run([sys.executable, "-m", "tui", "completion", shell], capture_output=True, text=True, timeout=30, check=True)
    flag = "--no-execute" if shell == "fish" else "-n"
    subprocess.run([shell, flag], input=told.stdout, capture_output=True, text=True, timeout=20, check=True)
