"""The command line itself: every documented command, one-line mistakes, help that teaches, and imports that stay light."""

from __future__ import annotations

import importlib
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.e2e.driver import rollwatch
from tui.cli import run
from tui.cli.arguments import COMMANDS, parse
from tui.cli.exits import MEANINGS, Exit
from tui.errors import UsageError

DOCUMENTED = [
    "",
    "--context prod --read-only",
    "console --context prod",
    "demo",
    "demo --scenario incident",
    "emulate --json --flavour current --scenario busy --port-base 7000",
    "emulate --flavour dployr=current --flavour phase=documented",
    "status",
    "status --json --demo",
    "--context prod status --json",
    "do restart fleet/service/svc-1",
    "do create vault/application/ --set name=shop --set description=x=y --yes --json",
    "logs fleet/service/svc-1 --follow --tail 50 --json",
    "rollout shop shop-3p2i prod --branch main --wait --json",
    "rollout shop shop-3p2i prod --sha 0123456789012345678901234567890123456789",
    "login vault",
    "login vault --stdin",
    "logout vault",
    "contexts",
    "contexts --json",
    "doctor --json",
    "handoff --since 12h --json",
    "config path",
    "config show",
    "config schema",
    "completion bash",
    "plain",
    "plain --demo --read-only",
    "completion fish",
]


@pytest.mark.parametrize("line", DOCUMENTED)
def test_every_documented_line_is_understood(line: str) -> None:
    command, args = parse(line.split())
    assert command.name == (args.command or "console")


def test_options_of_all_commands_may_stand_before_or_after_the_word() -> None:
    for line in ("--context prod --read-only status", "status --context prod --read-only", "--read-only status --context prod"):
        _, args = parse(line.split())
        assert (args.context, args.read_only) == ("prod", True)
    _, args = parse(["status"])
    assert (args.context, args.read_only) == (None, False)


WRONG = [
    ("stats", "did you mean status?"),
    ("--context prod stauts", "did you mean status?"),
    ("xyzzy", "one of completion, config, console"),
    ("status --jsn", "no option --jsn: did you mean --json?"),
    ("do restart fleet/service/svc-1 --forse", "no option --forse: see rollwatch do --help"),
    ("--frsh", "no option --frsh: did you mean --fresh?"),
    ("--plain", "no option --plain: it is a command: rollwatch plain"),
    ("contexts prod", "prod is one word too many: see rollwatch contexts --help"),
    ("rollout shop app prod", "--branch"),
    ("rollout shop app prod --branch b --sha s", "not allowed with"),
    ("do restart", "REF"),
    ("config", "path|show|schema"),
    ("completion", "bash|zsh|fish"),
    ("config paths", "rollwatch config knows no 'paths': did you mean path?"),
    ("completion ksh", "rollwatch completion knows no 'ksh': did you mean zsh?"),
    ("emulate --port-base x", "--port-base 'x' is no whole number: see rollwatch emulate --help"),
    ("--context", "--context needs a value: see rollwatch --help"),
    ("status --json=1", "--json takes no value"),
    ("--json status", "--json belongs behind the command: rollwatch status --json"),
    ("console --fresh", "--fresh belongs before the command: rollwatch --fresh console"),
    ("--contex prod status", "no option --contex: did you mean --context?"),
    ("restart fleet/service/svc-1", "no command 'restart': it is a verb: rollwatch do restart CONNECTION/KIND/ID"),
    ("help", "no command 'help': it is an option: rollwatch --help"),
]


@pytest.mark.parametrize(("line", "says"), WRONG, ids=[line for line, _ in WRONG])
def test_a_wrong_line_is_answered_with_one_line(line: str, says: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(UsageError):
        parse(line.split())
    assert run(line.split()) == Exit.USAGE
    out, err = capsys.readouterr()
    assert out == ""
    assert says in err
    assert err.count("\n") == 1


def test_help_names_every_command_and_exit_code(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["--help"]) == Exit.OK
    text = capsys.readouterr().out
    assert re.findall(r"^    ([a-z]+) ", text, re.MULTILINE) == [command.name for command in COMMANDS]
    for code, meaning in MEANINGS.items():
        assert re.search(rf"^  {code.value} +{re.escape(meaning)}$", text, re.MULTILINE)
    assert set(MEANINGS) == set(Exit)


@pytest.mark.parametrize("command", COMMANDS, ids=lambda command: command.name)
def test_every_command_exists_and_has_help(command: object, capsys: pytest.CaptureFixture[str]) -> None:
    name, where = command.name, command.run  # type: ignore[attr-defined]
    module, _, function = where.partition(":")
    assert callable(getattr(importlib.import_module(module), function))
    assert run([name, "--help"]) == Exit.OK
    assert f"rollwatch {name}" in capsys.readouterr().out


def test_python_m_tui_is_rollwatch() -> None:
    done = subprocess.run(rollwatch("--version"), capture_output=True, text=True, timeout=20, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    assert re.fullmatch(r"rollwatch \d+\.\d+\.\d+\n", done.stdout)


def test_what_the_screen_library_reads_at_import_is_set_before_and_its_developer_switches_are_dropped() -> None:
    from tui.__main__ import prepare

    environ = {"TEXTUAL": "devtools", "TEXTUAL_PRESS": "X", "TEXTUAL_LOG": "x", "TEXTUAL_COLOR_SYSTEM": "256", "HOME": "/h"}
    prepare(environ)
    assert environ == {"TEXTUAL_COLOR_SYSTEM": "256", "HOME": "/h", "TEXTUAL_ANIMATIONS": "none", "TEXTUAL_SMOOTH_SCROLL": "0"}
    environ = {"SSH_CONNECTION": "1 2 3 4"}
    prepare(environ)
    assert environ["ESCDELAY"] == "500"
    environ = {"SSH_CONNECTION": "1 2 3 4", "ESCDELAY": "50"}
    prepare(environ)
    assert environ["ESCDELAY"] == "50"


def test_a_reader_that_stops_reading_is_no_error() -> None:
    code = "import sys; from tui.cli import run; sys.exit(run(['config', 'schema']))"
    child = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    assert child.stdout is not None
    assert child.stderr is not None
    child.stdout.close()
    errors = child.stderr.read()
    child.stderr.close()
    assert child.wait(20) == Exit.PIPE
    assert errors == b""


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="a device that is always full is Linux's")
@pytest.mark.parametrize(
    ("words", "print_much"), [(["config", "schema"], False), (["config", "schema"], True), (["--help"], False), (["--version"], False)]
)
def test_output_that_cannot_be_written_is_told_and_is_no_error_of_our_own(words: list[str], print_much: bool) -> None:
    much = "import tui.cli.config; tui.cli.config.config = lambda _: print('x' * 100_000) or 0; " if print_much else ""
    code = f"import sys; {much}from tui.cli import run; sys.exit(run({words}))"
    with open("/dev/full", "w") as full:  # noqa: PTH123
        done = subprocess.run([sys.executable, "-c", code], stdout=full, stderr=subprocess.PIPE, text=True, timeout=60, check=False)
        assert done.stderr.startswith("rollwatch: the output could not be written: No space left on device")
        assert done.stderr.count("\n") == 1
        assert done.returncode == Exit.UNREACHABLE
        # Not even the error can be told.
        mute = subprocess.run([sys.executable, "-c", code], stdout=full, stderr=full, timeout=60, check=False)
        assert mute.returncode == Exit.UNREACHABLE


def test_streams_that_the_caller_closed_are_no_error() -> None:
    done = subprocess.run(["sh", "-c", f"exec {sys.executable} -m tui config path >&- 2>&-"], timeout=60, check=False)
    assert done.returncode == Exit.OK


def test_no_core_dump_may_hold_a_token() -> None:
    code = "import resource; from tui.__main__ import harden; harden(); print(resource.getrlimit(resource.RLIMIT_CORE))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=20, check=False)
    assert done.stdout.strip() == "(0, 0)"


@pytest.mark.parametrize(("command", "offered"), [("emulate", []), ("demo", ["--read-only"]), ("status", ["--context", "--read-only"])])
def test_help_offers_only_what_the_command_heeds(command: str, offered: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        parse([command, "--help"])
    told = capsys.readouterr().out
    assert [option for option in ("--context", "--read-only") if option in told] == offered
    assert parse([command, "--context", "prod"])[1].context == "prod", "a script that says it goes on"


@pytest.mark.parametrize("encoding", ["ascii", "latin-1"])
def test_where_an_encoding_has_no_glyphs_the_states_still_look_different(encoding: str) -> None:
    words = [sys.executable, "-m", "tui", "status", "--demo"]
    environ = {**os.environ, "PYTHONIOENCODING": encoding}
    done = subprocess.run(words, env=environ, capture_output=True, timeout=60, check=False)
    told = done.stdout.decode(encoding)
    assert [line[:2] for line in told.splitlines()[:3]] == ["* "] * 3
    assert {"* ok", "x failed", "! degraded"} <= set(re.findall(r"\S (?:ok|failed|degraded)\b", told))
    assert "?" not in told
