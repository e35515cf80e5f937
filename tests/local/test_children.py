"""Programs that we start: what they are given, how long they may take, what is said when they fail."""

from __future__ import annotations

import sys
import time
from pathlib import Path

import pytest

from tui.local.children import LIMIT, child_environment, run


def python(program: str) -> list[str]:
    return [sys.executable, "-c", program]


def test_output_comes_back_and_secrets_do_not_go_in(tmp_path: Path) -> None:
    environ = {"PATH": "/usr/bin:/bin", "ROLLWATCH_FLEET_TOKEN": "canary", "TEXTUAL": "devtools", "VAULT_TOKEN": "theirs"}
    ran = run(python("import os; print(sorted(os.environ)); print(os.getcwd())"), environ=environ, folder=tmp_path)
    assert ran.problem == ""
    assert "VAULT_TOKEN" in ran.output
    assert "ROLLWATCH" not in ran.output
    assert "TEXTUAL" not in ran.output
    assert str(tmp_path) in ran.output
    assert set(child_environment(environ)) == {"PATH", "VAULT_TOKEN"}


def test_it_has_no_input_and_no_terminal(tmp_path: Path) -> None:
    program = "import sys, os\nprint(repr(sys.stdin.read()))\ntry:\n open('/dev/tty')\n print('tty')\nexcept OSError:\n print('none')"
    assert run(python(program), environ={}, folder=tmp_path).output == "''\nnone\n"


def test_no_shell_reads_the_arguments(tmp_path: Path) -> None:
    assert run(["/bin/echo", "$HOME; touch owned `id`"], environ={}, folder=tmp_path).output == "$HOME; touch owned `id`\n"
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("argv", "problem"),
    [
        (["/nonexistent/get-token"], "get-token cannot be started: No such file or directory"),
        (["a\0b"], "cannot be started: not a program"),
        (python("import sys; sys.exit(3)"), "ended with 3"),
        (python("import sys; print('x'); sys.exit('\\n  no such item\\x1b[2J\\nmore')"), "ended with 1: no such item"),
        (python("import os; os.kill(os.getpid(), 9)"), "was ended by signal 9"),
        (python(f"print('x' * {LIMIT * 4})"), "printed more than 65,536 bytes"),
    ],
)
def test_failures_are_one_line_without_the_output(tmp_path: Path, argv: list[str], problem: str) -> None:
    ran = run(argv, environ={}, folder=tmp_path)
    assert problem in ran.problem
    assert ran.output == ""
    assert "\n" not in ran.problem
    assert "\x1b" not in ran.problem


def test_a_hanging_program_and_its_children_are_ended(tmp_path: Path) -> None:
    program = "import subprocess, time; subprocess.Popen(['sleep', '60']); print('x', flush=True); time.sleep(60)"
    before = time.perf_counter()
    ran = run(python(program), environ={"PATH": "/usr/bin:/bin"}, folder=tmp_path, seconds=0.3)
    assert "was still running after 0.3 s and was ended" in ran.problem
    assert time.perf_counter() - before < 3


def test_a_grandchild_that_escapes_does_not_hold_us(tmp_path: Path) -> None:
    program = "import subprocess; subprocess.Popen(['sleep', '2'], start_new_session=True); print('token', flush=True)"
    before = time.perf_counter()
    ran = run(python(program), environ={"PATH": "/usr/bin:/bin"}, folder=tmp_path, seconds=0.3)
    assert ran.problem
    assert time.perf_counter() - before < 1.9


def test_what_one_program_prints_never_reaches_another(tmp_path: Path) -> None:
    escaping = "import subprocess; subprocess.Popen(['sleep', '3'], start_new_session=True); print('token', flush=True)"
    for _ in range(3):
        assert run(python(escaping), environ={"PATH": "/usr/bin:/bin"}, folder=tmp_path, seconds=0.05).problem
    for number in range(30):  # readers of the programs above are still waiting
        ran = run(["/bin/echo", f"secret {number}"], environ={}, folder=tmp_path)
        assert (ran.output, ran.problem) == (f"secret {number}\n", "")


def test_the_output_is_not_in_the_repr(tmp_path: Path) -> None:
    ran = run(["/bin/echo", "canary"], environ={}, folder=tmp_path)
    assert (ran.output, ran.problem) == ("canary\n", "")
    assert "canary" not in repr(ran)
