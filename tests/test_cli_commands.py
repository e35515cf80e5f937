"""Every command without a screen, against an emulator on real sockets: what it prints, what it sends, how it ends.

Most are called in this process, which is ten times faster; what signals, pipes and a fresh interpreter decide is run as a process.
"""

from __future__ import annotations

import io
import json
import os
import pty
import re
import shlex
import signal
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import closing, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest

import tui
from tests.configs import three
from tests.e2e.driver import rollwatch
from tests.local.test_files import as_an_ordinary_user
from tui.addresses import origin
from tui.cli import run
from tui.cli.emulate import told
from tui.cli.exits import Exit
from tui.clock import SystemClock
from tui.emulator import Options, read_flavours, start_in_thread
from tui.forms import FORMS
from tui.local.logins import Logins
from tui.local.paths import Paths

KINDS = ["application", "environment", "deployment", "service", "instance", "route", "project", "webhook", "rollout"]


@dataclass
class Done:
    """How a command ended."""

    returncode: int
    stdout: str
    stderr: str


class Keyboard(io.StringIO):
    """Standard input where somebody sits."""

    def isatty(self) -> bool:
        return True


class Desk:
    """A configured home on an emulator, and a way to run commands there."""

    def __init__(self, home: Path, emulator: Any, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
        self.home = home
        self.emulator = emulator
        self.info = emulator.info
        self._patch = monkeypatch
        self._capsys = capsys
        self.signed_in = {
            "ROLLWATCH_SHOP_CLIENT_ID": self.info["encore"]["client_id"],
            "ROLLWATCH_SHOP_CLIENT_SECRET": self.info["encore"]["client_secret"],
            "ROLLWATCH_FLEET_TOKEN": self.info["dployr"]["token"],
            "ROLLWATCH_VAULT_TOKEN": self.info["phase"]["token"],
        }
        monkeypatch.setenv("ROLLWATCH_HOME", str(home))

    def configure(self, extra: str = "") -> None:
        self.home.mkdir(mode=0o700, exist_ok=True)
        apps = {app["id"]: app["environments"] for app in self.info["encore"]["apps"]}
        addresses = {name: self.info[name]["base_url"] for name in ("encore", "dployr", "phase")}
        (self.home / "config.toml").write_text(three(**addresses, apps=apps, own=extra))

    def run(self, *words: str, stdin: str = "", anonymous: bool = False, terminal: bool = False, **env: str) -> Done:
        """Run a command in this process."""
        with self._patch.context() as patch:
            for name, value in {**({} if anonymous else self.signed_in), **env}.items():
                patch.setenv(name, value)
            patch.setattr(sys, "stdin", Keyboard(stdin) if terminal else io.StringIO(stdin))
            code = run(list(words))
        out, err = self._capsys.readouterr()
        return Done(int(code), out, err)

    def start(self, *words: str) -> subprocess.Popen[str]:
        """Start a command as a process."""
        env = {**os.environ, **self.signed_in}
        # Where the suite runs in the background interrupts are ignored, and whoever it starts would rightly ignore them too.
        before = signal.signal(signal.SIGINT, signal.default_int_handler)
        try:
            pipes = dict.fromkeys(("stdin", "stdout", "stderr"), subprocess.PIPE)
            return subprocess.Popen(rollwatch(*words), **pipes, text=True, env=env)
        finally:
            signal.signal(signal.SIGINT, before)

    def json(self, *words: str, **env: str) -> Any:
        """What a command prints as JSON."""
        done = self.run(*words, **env)
        assert done.stdout, done.stderr
        return json.loads(done.stdout)

    def ref(self, kind: str, name: str) -> str:
        """The reference of a thing by its name."""
        rows = self.json("status", "--json")["resources"][kind]
        return next(row["ref"] for row in rows if row["name"] == name)


CALM = Options(scenario="calm", flavours=read_flavours("encore=current"))


@pytest.fixture(scope="module")
def emulator() -> Iterator[Any]:
    with start_in_thread(CALM) as running:
        yield running


@pytest.fixture
def desk(tmp_path: Path, emulator: Any, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Desk:
    made = Desk(tmp_path / "home", emulator, monkeypatch, capsys)
    made.configure()
    return made


@pytest.fixture
def punctual(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Iterator[Desk]:
    """A desk at an emulator of its own: other tests move the clock of the one that they share."""
    with start_in_thread(CALM) as running:
        made = Desk(tmp_path / "home", running, monkeypatch, capsys)
        made.configure()
        yield made


def test_status_as_json_has_the_documented_shape(desk: Desk) -> None:
    done = desk.run("status", "--json")
    assert (done.returncode, done.stderr) == (Exit.OK, "")
    told = json.loads(done.stdout)
    assert list(told) == ["context", "connections", "resources", "version"]
    assert told["context"] == "prod"
    assert [each["name"] for each in told["connections"]] == ["shop", "fleet", "vault"]
    for each in told["connections"]:
        assert list(each) == ["name", "platform", "flavour", "state", "fresh_at", "budget", "error"]
        assert each["state"] == "fresh"
        assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z", each["fresh_at"])
        assert each["error"] is None
    assert list(told["connections"][1]["budget"]) == ["limit", "remaining", "reset_at"]
    assert list(told["resources"]) == KINDS
    for kind, rows in told["resources"].items():
        for row in rows:
            connection, middle, identity = row["ref"].split("/", 2)
            assert (middle, bool(identity)) == (kind, True)
            assert connection in {"shop", "fleet", "vault"}
            assert {"name", "health", "status"} <= set(row)
            assert "raw" not in row
    services = {row["name"]: row for row in told["resources"]["service"]}
    assert services["web-api"]["health"] == "ok"
    assert services["web-api"]["status"] == "running"
    assert {"version", "port", "cpu_share", "memory_bytes", "deployed_at"} <= set(services["web-api"])
    assert {row["ref"].split("/")[0] for row in told["resources"]["environment"]} == {"shop", "vault"}
    assert desk.signed_in["ROLLWATCH_FLEET_TOKEN"] not in done.stdout


@pytest.mark.parametrize("words", [("status",), ("do", "restart", "fleet/service/none", "--yes")], ids=" ".join)
def test_a_journal_that_cannot_be_used_is_told_by_every_command(words: tuple[str, ...], desk: Desk) -> None:
    (desk.home / "state" / "journal.sqlite").mkdir(parents=True, mode=0o700)
    (desk.home / "state").chmod(0o700)
    done = desk.run(*words)
    assert done.stderr == f"rollwatch: history is kept in memory only: {desk.home}/state/journal.sqlite is not a plain file: remove it\n"
    told = {each["about"]: each for each in desk.json("doctor", "--json")["findings"]}
    assert told["journal"]["remedy"] == "mend what it names: while history cannot be written verbs are refused"
    assert "settings" not in told


def test_json_stays_json_where_a_locale_has_other_characters(desk: Desk) -> None:
    words = rollwatch("do", "create", "fleet/project/", "--set", "name=Zoë ☃", "--yes", "--json")
    env = {**os.environ, **desk.signed_in, "PYTHONIOENCODING": "latin-1"}
    done = subprocess.run(words, capture_output=True, timeout=30, check=False, env=env, stdin=subprocess.DEVNULL)
    assert json.loads(done.stdout)["resource"]["name"] == "Zoë ☃"


def test_status_as_text_shows_the_same(desk: Desk) -> None:
    done = desk.run("status", COLUMNS="120")
    assert done.returncode == Exit.OK
    assert "● fleet" in done.stdout
    assert re.search(r"^web-api +● ok +running", done.stdout, re.MULTILINE)
    assert max(len(line) for line in done.stdout.splitlines()) <= 120
    assert "\x1b" not in done.stdout


def test_status_of_the_demo_needs_nothing_and_leaves_nothing(tmp_path: Path) -> None:
    command = rollwatch("status", "--demo", "--json")
    done = subprocess.run(command, capture_output=True, text=True, timeout=45, check=False, env={**os.environ, "HOME": str(tmp_path)})
    assert (done.returncode, done.stderr) == (Exit.OK, "")
    told = json.loads(done.stdout)
    assert told["context"] == "demo"
    assert all(told["resources"][kind] for kind in KINDS)
    assert list(tmp_path.iterdir()) == []


def test_status_ends_with_one_when_something_cannot_be_read(desk: Desk) -> None:
    done = desk.run("status", "--json", ROLLWATCH_FLEET_TOKEN="wrong")
    assert done.returncode == Exit.UNREACHABLE
    fleet = json.loads(done.stdout)["connections"][1]
    assert fleet["state"] == "signed-out"
    assert set(fleet["error"]) == {"type", "message"}
    assert fleet["error"]["type"] == "Unauthorized"
    assert "rollwatch login fleet" in fleet["error"]["message"]
    assert json.loads(done.stdout)["connections"][2]["state"] == "fresh"


@pytest.mark.parametrize("words", [("status",), ("contexts",), ("contexts", "--json"), ("config", "show"), ("handoff",)])
def test_a_context_that_does_not_exist_is_a_mistake(words: tuple[str, ...], desk: Desk) -> None:
    done = desk.run("--context", "prodd", *words)
    assert (done.returncode, done.stdout) == (Exit.USAGE, "")
    assert "did you mean prod?" in done.stderr


def test_what_could_not_be_adopted_keeps_the_reference_that_was_given(desk: Desk) -> None:
    told = desk.json("do", "adopt", "shop/rollout/nope", "--yes", "--json")
    assert (told["outcome"], told["ref"]) == ("refused", "shop/rollout/nope")


def test_do_restarts_once_and_waits_for_the_proof(desk: Desk) -> None:
    ref = desk.ref("service", "web-api")
    later = threading.Timer(0.5, lambda: desk.emulator.do(lambda control: control.advance(30)))
    later.start()
    done = desk.run("do", "restart", ref, "--yes", "--json")
    later.join()
    told = json.loads(done.stdout)
    assert (done.returncode, told["outcome"], told["verdict"]["word"], told["version"]) == (Exit.OK, "accepted", "confirmed", 1)
    assert told["ref"] == ref
    assert told["resource"]["health"] == "ok"


def test_do_asks_before_it_sends_and_sends_nothing_unasked(desk: Desk) -> None:
    ref = desk.ref("service", "checkout")
    done = desk.run("do", "stop", ref)
    assert done.returncode == Exit.USAGE
    assert "--yes" in done.stderr
    assert next(row for row in desk.json("status", "--json")["resources"]["service"] if row["ref"] == ref)["status"] == "running"


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_a_signal_is_heard_while_it_asks(number: signal.Signals, desk: Desk) -> None:
    seat, terminal = pty.openpty()
    words = rollwatch("do", "stop", desk.ref("service", "checkout"))
    with subprocess.Popen(words, stdin=terminal, stderr=subprocess.PIPE, env={**os.environ, **desk.signed_in}) as asking:
        assert asking.stderr is not None
        told = b""
        while b"[y/N]" not in told:
            told += os.read(asking.stderr.fileno(), 4096)
        asking.send_signal(number)
        assert asking.wait(10) == 128 + number
        assert asking.stderr.read() == b""
    os.close(seat)
    os.close(terminal)


def test_the_end_of_what_is_typed_hidden_is_no_answer(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    def ended(_question: str) -> str:
        raise EOFError

    monkeypatch.setattr("getpass.getpass", ended)
    done = desk.run("login", "vault", terminal=True, anonymous=True)
    assert done.returncode == Exit.USAGE
    assert done.stderr.endswith("rollwatch: no token was given; nothing was changed\n")
    assert desk.run("do", "set", "fleet/service/x", "--set", "key=A", terminal=True).returncode == Exit.USAGE


def test_do_makes_changes_and_deletes_what_stands_below_something_else(desk: Desk) -> None:
    service = desk.ref("service", "web-api")
    assert desk.run("do", "set", service, "--set", "key=A_B", "--set", "value=-", "--yes", stdin="s3cret\n").returncode == Exit.OK
    made = desk.json("do", "create", "vault/application/", "--set", "name=made-here", "--yes", "--json")
    assert made["outcome"] == "done"
    environment = desk.json("do", "create", made["ref"], "--set", "name=qa-1", "--yes", "--json")
    assert environment["ref"].startswith("vault/environment/")
    assert desk.run("do", "delete", made["ref"], "--yes").returncode == Exit.OK
    assert "made-here" not in {row["name"] for row in desk.json("status", "--json")["resources"]["application"]}


def test_a_secret_comes_from_standard_input_and_stands_on_no_command_line(desk: Desk) -> None:
    service, canary = desk.ref("service", "web-api"), "canary-4711\nwith=a second line"
    text = (desk.home / "config.toml").read_text()
    helped = 'platform = "dployr"\ntoken_command = ["sh", "-c", "sleep 0.5; echo $TRIAL_TOKEN"]'
    (desk.home / "config.toml").write_text(text.replace('platform = "dployr"', helped))
    desk.signed_in["TRIAL_TOKEN"] = desk.signed_in.pop("ROLLWATCH_FLEET_TOKEN")
    running = desk.start("do", "set", service, "--set", "key=A_B", "--set", "value=-", "--yes")
    assert running.stdin is not None
    running.stdin.write(f"{canary}\n")
    running.stdin.close()
    seen: set[bytes] = set()
    while running.poll() is None:
        seen |= command_lines()
        time.sleep(0.01)
    assert running.returncode == Exit.OK, running.stderr
    assert any(b"key=A_B" in each for each in seen)
    assert any(b"TRIAL_TOKEN" in each for each in seen)  # its children too
    assert not [each for each in seen if b"canary-4711" in each]
    assert desk.emulator.do(lambda control: control.platforms.fleet.by_name["web-api"].env["A_B"]) == canary


def command_lines() -> set[bytes]:
    """What everybody on this machine can read of every process."""
    found = set()
    for each in Path("/proc").glob("[0-9]*/cmdline"):
        with suppress(OSError):
            found.add(each.read_bytes())
    return found


@pytest.mark.parametrize("given", [("--set", "value=-"), ()])
def test_a_secret_is_typed_hidden_where_somebody_sits(desk: Desk, monkeypatch: pytest.MonkeyPatch, given: tuple[str, ...]) -> None:
    asked: list[str] = []
    monkeypatch.setattr("getpass.getpass", lambda question: asked.append(question) or "typed")
    done = desk.run("do", "set", desk.ref("service", "web-api"), "--set", "key=A_B", *given, "--yes", terminal=True)
    assert (done.returncode, asked) == (Exit.OK, ["value (not shown): "])
    assert "typed" not in done.stdout + done.stderr


def test_no_form_has_two_values_to_hide() -> None:
    """Standard input holds one of them."""
    assert all(sum(field.hidden for field in form.fields) < 2 for form in FORMS.values())


MISTAKES = [
    (("do", "set", "fleet/service/x", "--set", "key=A", "--set", "value=hush", "--yes"), Exit.USAGE, "write --set value=-, then type it"),
    (("do", "update", "fleet/deployment/x", "--set", "env=A=hush", "--yes"), Exit.USAGE, "write --set env=-, then type it"),
    (("do", "set", "fleet/service/x", "--set", "key=A", "--yes"), Exit.USAGE, "value: this is needed: write --set value=-"),
    (
        ("do", "restart", "fleet/service/none", "--yes"),
        Exit.FAILED,
        "no service none on fleet: rollwatch status --json names what there is",
    ),
    (("do", "restart", "fleet/service/web-apy", "--yes"), Exit.FAILED, "on fleet: did you mean fleet/service/svc-"),
    (("rollout", "shop", "checkout-3p2i", "prdo", "--branch", "b"), Exit.FAILED, "did you mean shop/environment/checkout-3p2i/prod?"),
    (("do", "restart", "fleet/service/", "--yes"), Exit.USAGE, "names no service"),
    (("do", "restrat", "fleet/service/x"), Exit.USAGE, "did you mean restart?"),
    (("do", "restart", "fleet/servcie/x"), Exit.USAGE, "is not a kind: did you mean service?"),
    (("do", "delete", "fleet/service/x"), Exit.USAGE, "it can start, stop, restart"),
    (("do", "restart", "flet/service/x", "--yes"), Exit.USAGE, "did you mean fleet?"),
    (("do", "create", "vault/application/", "--set", "nam=x"), Exit.USAGE, "did you mean name?"),
    (("do", "restart", "fleet/service/x", "--set", "a=b", "--yes"), Exit.USAGE, "there is nothing to set"),
    (("do", "create", "vault/application/", "--set", "xyz=x"), Exit.USAGE, "one of description, environments, name"),
    (("do", "create", "vault/application/", "--set", "name"), Exit.USAGE, "KEY=VALUE"),
    (("do", "create", "vault/application/"), Exit.USAGE, "needed"),
    (("--read-only", "do", "restart", "fleet/service/x", "--yes"), Exit.FAILED, "read-only"),
    (("do", "restart", "vault/service/x", "--yes"), Exit.FAILED, "Phase runs nothing"),
    (("logs", "vault/service/x"), Exit.UNREACHABLE, "has no logs"),
    (("logs", "flet/service/x"), Exit.USAGE, "did you mean fleet?"),
    (("logs", "flet/service/x", "--follow"), Exit.USAGE, "did you mean fleet?"),
    (("logs", "x"), Exit.USAGE, "is not a reference"),
    (("logs", "fleet/service/x", "--since", "noon"), Exit.USAGE, "--since 'noon' is no time: write 15m, 2h"),
    (("logs", "fleet/service/x", "--follow", "--until", "5m"), Exit.USAGE, "--follow has no end"),
    (("rollout", "shop", "a", "b", "--sha", "123"), Exit.USAGE, ": --sha: a full commit has 40 hexadecimal"),
    (("rollout", "shpo", "a", "b", "--branch", "main"), Exit.USAGE, "did you mean shop?"),
    (("rollout", "fleet", "a", "b", "--branch", "main", "--yes"), Exit.FAILED, "cannot trigger"),
    (("do", "restart", "vault/application/x"), Exit.USAGE, "an application cannot be asked to restart: it can create"),
    (
        ("do", "restart", "fleet/service/web-api", "--yes"),
        Exit.USAGE,
        "'web-api' is a name, and a reference holds the id: write fleet/service/svc-",
    ),
    (("logs", "fleet/service/web-api"), Exit.USAGE, "is a name, and a reference holds the id: write fleet/service/svc-"),
    (("logs", "fleet/service/none"), Exit.UNREACHABLE, "fleet: Service not found: rollwatch status --json names what there is"),
    (("logs", "fleet/instance/x"), Exit.UNREACHABLE, "an instance has no log"),
    (("logs", "fleet/service/x", "--since", "1h", "--until", "2h"), Exit.USAGE, "--until '2h' is before --since '1h': swap them"),
    (("rollout", "fleet", "a", "b", "--branch", "main"), Exit.FAILED, "fleet: dployr cannot trigger a rollout"),
    (("--context", "", "status"), Exit.USAGE, "--context names no context"),
    (("login", "shpo"), Exit.USAGE, "did you mean shop?"),
    (("login", "vault"), Exit.USAGE, "--stdin"),
    (("handoff", "--since", "soon"), Exit.USAGE, "8h"),
    (("handoff",), Exit.USAGE, "no journal yet"),
]


@pytest.mark.parametrize(("words", "code", "says"), MISTAKES, ids=[" ".join(words) for words, _, _ in MISTAKES])
def test_a_mistake_is_one_line_and_the_documented_code(words: tuple[str, ...], code: Exit, says: str, desk: Desk) -> None:
    done = desk.run(*words)
    assert done.returncode == code, done.stderr
    assert says in done.stdout + done.stderr
    assert (done.stdout + done.stderr).count("\n") == 1


def test_logs_are_lines_or_json_and_stop_with_their_reader(desk: Desk) -> None:
    ref = desk.ref("service", "web-api")
    lines = desk.run("logs", ref, "--tail", "5").stdout.splitlines()
    assert len(lines) == 5
    assert all(re.match(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d", line) for line in lines)
    for line in desk.run("logs", ref, "--tail", "3", "--json").stdout.splitlines():
        assert {"at", "level", "source", "text"} <= set(json.loads(line))
    now = desk.run("logs", ref, "--since", "5m").stdout.splitlines()
    earlier = desk.run("logs", ref, "--since", "2h", "--until", "5m", "--tail", "9").stdout.splitlines()
    assert len(now) > 5
    assert len(earlier) == 9
    assert earlier[0][:19] < now[0][:19]
    assert earlier[-1][:19] < now[-1][:19]
    following = desk.start("logs", ref, "--follow", "--tail", "3")
    assert following.stdout is not None
    assert following.stderr is not None
    assert following.stdout.readline()
    following.stdout.close()
    assert following.wait(30) == Exit.PIPE
    assert following.stderr.read() == ""
    following.stderr.close()


def test_a_log_that_is_refused_ends_with_what_to_do(punctual: Desk) -> None:
    words = ("logs", punctual.ref("service", "web-api"), "--follow")
    punctual.emulator.do(lambda control: control.fault("status", platform="dployr", path="*logs*", status=403, body="no way"))
    done = punctual.run(*words)
    assert done.returncode == Exit.UNREACHABLE
    assert done.stderr == "rollwatch: ended: fleet: no way: ask the owner of the account for a role that may\n"


def test_a_server_that_ends_every_stream_at_once_is_told_once(punctual: Desk) -> None:
    ref = punctual.ref("service", "web-api")
    punctual.emulator.do(lambda control: control.fault("status", platform="dployr", path="*/logs*", status=200, body="[]"))
    following = punctual.start("logs", ref, "--follow")
    assert following.stderr is not None
    assert following.stderr.readline() == "rollwatch: reconnecting: the server ended the stream\n"
    time.sleep(4)  # more are opened within that, each after at most twice as long
    following.terminate()
    assert following.communicate(timeout=20) == ("", "")


def test_a_rollout_is_watched_to_its_end(desk: Desk) -> None:
    app = desk.info["encore"]["apps"][0]
    words = ("rollout", "shop", app["id"], app["environments"][0], "--branch", "main", "--wait", "--yes", "--json")
    watching = desk.start(*words)
    assert watching.stdout is not None
    first = json.loads(watching.stdout.readline())
    assert first["outcome"] == "accepted"
    rows = []
    while line := watching.stdout.readline():
        rows.append(json.loads(line))
        if not rows[-1]["completed_at"]:
            desk.emulator.do(lambda control: control.advance(120))
    watching.communicate(timeout=30)
    assert watching.returncode == Exit.OK
    assert len(rows) >= 2
    assert {row["ref"] for row in rows} == {first["ref"]}
    assert rows[-1]["conclusion"] == "success"
    told = desk.json("handoff", "--json")
    assert told["version"] == 1
    assert told["deeds"][0]["outcome"] in {"confirmed", "accepted"}


def test_a_rollout_that_somebody_cancels_has_not_gone_out(desk: Desk) -> None:
    app = desk.info["encore"]["apps"][0]
    watching = desk.start("rollout", "shop", app["id"], app["environments"][0], "--branch", "main", "--wait", "--json")
    assert watching.stdout is not None
    made = json.loads(watching.stdout.readline())["ref"].rpartition("/")[2]
    watching.stdout.readline()
    desk.emulator.do(lambda control: control.decide("cancel", made))
    told, _ = watching.communicate(timeout=30)
    assert json.loads(told.splitlines()[-1])["conclusion"] == "canceled"
    assert watching.returncode == Exit.FAILED


def test_interrupting_stops_the_watching_and_not_the_rollout(desk: Desk) -> None:
    app = desk.info["encore"]["apps"][1]
    words = ("rollout", "shop", app["id"], app["environments"][0], "--branch", "main", "--wait")
    watching = desk.start(*words)
    assert watching.stdout is not None
    assert "pending" in watching.stdout.readline()
    watching.stdout.readline()
    watching.send_signal(signal.SIGINT)
    _, errors = watching.communicate(timeout=30)
    assert watching.returncode == Exit.INTERRUPTED
    assert errors == "rollwatch: no longer watching; the rollout goes on\n"


@pytest.mark.parametrize("what", ["do", "rollout"])
def test_who_interrupts_a_verb_is_told_that_it_may_be_done(what: str, punctual: Desk) -> None:
    words = {
        "do": ("do", "restart", punctual.ref("service", "web-api"), "--yes"),
        "rollout": ("rollout", "shop", "checkout-3p2i", "prod", "--branch", "main", "--wait"),
    }[what]
    punctual.emulator.do(lambda control: control.fault("latency", method="POST", path="*/r[eo]*", seconds=20.0))
    sending = punctual.start(*words)
    journal = f"file:{punctual.home}/state/journal.sqlite?mode=ro"
    for _ in range(100):
        time.sleep(0.1)
        with suppress(sqlite3.OperationalError), closing(sqlite3.connect(journal, uri=True)) as history:
            if history.execute("SELECT count(*) FROM intents").fetchone()[0]:
                break
    sending.send_signal(signal.SIGINT)
    assert sending.stderr is not None
    told = "rollwatch: no longer waiting for an answer; it may have been executed: look at it before doing it again\n"
    assert sending.stderr.readline() == told
    time.sleep(0.5)
    sending.send_signal(signal.SIGINT)  # not even for the seconds that it is given to come
    assert sending.communicate(timeout=20) == ("", "")
    assert sending.returncode == Exit.INTERRUPTED


def test_a_wait_ends_where_the_credentials_do(desk: Desk) -> None:
    app = desk.info["encore"]["apps"][0]
    watching = desk.start("rollout", "shop", app["id"], app["environments"][0], "--branch", "main", "--wait")
    assert watching.stdout is not None
    watching.stdout.readline()
    watching.stdout.readline()
    refusal = '{"error": "invalid_client"}'
    desk.emulator.do(lambda control: control.fault("status", platform="encore", status=401, body=refusal, content_type="application/json"))
    try:
        _, errors = watching.communicate(timeout=60)
    finally:
        desk.emulator.do(lambda control: control.clear_faults())
    assert watching.returncode == Exit.UNKNOWN
    assert "sign in: rollwatch login shop" in errors


@pytest.mark.parametrize("why", ["signed out", "nobody there"])
@pytest.mark.parametrize(
    "words",
    [
        ("do", "trigger", "shop/environment/checkout-3p2i/prod", "--set", "branch=main", "--yes"),
        ("do", "create", "fleet/project/", "--set", "name=x", "--yes"),
        ("do", "create", "vault/application/", "--set", "name=x", "--yes"),
        ("rollout", "shop", "checkout-3p2i", "prod", "--branch", "main", "--wait"),
    ],
    ids=lambda words: " ".join(words[:3]),
)
def test_what_is_not_reached_is_told_as_a_document_and_is_no_refusal_of_the_platform(words: tuple[str, ...], why: str, desk: Desk) -> None:
    if why == "nobody there":
        file = desk.home / "config.toml"
        file.write_text(re.sub(r"127\.0\.0\.1:\d+", "127.0.0.1:9", file.read_text()))
    done = desk.run(*words, "--json", anonymous=why == "signed out")
    told = json.loads(done.stdout)
    assert (done.returncode, told["outcome"], told["version"]) == (Exit.UNREACHABLE, "refused", 1)
    assert ("rollwatch login" in told["text"]) is (why == "signed out")


@pytest.mark.parametrize(
    ("fault", "word", "code", "next_"),
    [
        ({"status": 429, "headers": {"retry-after": "77"}}, "refused", Exit.FAILED, "with 429: wait 77 s"),
        ({"status": 403, "body": "no way"}, "refused", Exit.FAILED, "no way: ask the owner"),
        (
            {"status": 409, "body": "it is busy"},
            "refused",
            Exit.FAILED,
            "it is busy: look at it as it is now and change what was asked for",
        ),
        ({"status": 500}, "unknown", Exit.UNKNOWN, "with 500: look at it before doing it again"),
    ],
    ids=["429", "403", "409", "500"],
)
def test_what_went_wrong_says_what_to_do_next(fault: dict[str, Any], word: str, code: Exit, next_: str, punctual: Desk) -> None:
    service = punctual.ref("service", "web-api")
    punctual.emulator.do(lambda control: control.fault("status", method="POST", path="*/restart", **fault))
    done = punctual.run("do", "restart", service, "--yes", "--no-wait")
    assert done.returncode == code
    assert re.fullmatch(rf"{word}: .*fleet: .*{next_}.*\n", done.stdout), done.stdout
    document = punctual.json("do", "restart", service, "--yes", "--no-wait", "--override", "--json")
    assert next_ in document["text"]
    punctual.emulator.do(lambda control: control.fault("status", platform="dployr", status=500))
    assert "fleet: 127.0.0.1" in (line := punctual.run("status").stdout.splitlines()[1])
    assert line.endswith("nothing here needs mending")
    (fleet,) = [each for each in punctual.json("status", "--json")["connections"] if each["name"] == "fleet"]
    assert fleet["error"]["message"] in line


def test_what_is_not_known_is_overridden_by_the_word_that_the_refusal_names(punctual: Desk) -> None:
    words = ("rollout", "shop", "checkout-3p2i", "staging", "--branch", "main")
    punctual.emulator.do(lambda control: control.fault("status", method="POST", path="*/rollouts", status=500))
    assert punctual.run(*words).returncode == Exit.UNKNOWN
    punctual.emulator.do(lambda control: control.clear_faults())
    again = punctual.run(*words)
    assert again.returncode == Exit.FAILED
    assert again.stdout.endswith("then override: --override sends it all the same\n")
    assert punctual.json(*words, "--json")["text"].endswith("then override: --override sends it all the same")
    assert punctual.run(*words, "--override").returncode == Exit.OK


def test_where_nothing_is_connected_the_first_line_is_how_to_connect(desk: Desk, tmp_path: Path) -> None:
    done = desk.run("status", "--json", anonymous=True, ROLLWATCH_HOME=str(tmp_path / "empty"))
    assert (done.returncode, done.stdout) == (Exit.USAGE, "")
    assert done.stderr.splitlines()[1].split()[:2] == ["rollwatch", "connect"]


@pytest.mark.parametrize("quirks", [frozenset(), frozenset({"dployr-totp"})], ids=["by mail", "authenticator"])
def test_login_with_a_code_keeps_a_token(
    quirks: frozenset[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    with start_in_thread(Options(scenario="calm", flavours=read_flavours("current"), quirks=quirks)) as emulator:
        desk = Desk(tmp_path / "home", emulator, monkeypatch, capsys)
        desk.configure()
        own, asked = desk.info["dployr"], []

        def typed(question: str) -> str:
            asked.append(question)
            if "code from" not in question:
                return ""
            return str(httpx.get(f"{own['base_url']}/__control/codes/{own['email']}").json()["code"])

        monkeypatch.setattr("getpass.getpass", typed)
        first = desk.run("login", "fleet", stdin=f"{own['email']}\ny\n", terminal=True, anonymous=True)
        assert "set cluster =" in first.stderr
        text = (desk.home / "config.toml").read_text()
        (desk.home / "config.toml").write_text(text.replace('platform = "dployr"', 'platform = "dployr"\ncluster = "oncall"'))
        asked.clear()
        done = desk.run("login", "fleet", stdin=f"{own['email']}\ny\n", terminal=True, anonymous=True)
        assert done.returncode == Exit.OK, done.stderr
        assert len(asked) == (4 if quirks else 3)
        assert "dpat_" in (desk.home / "credentials.toml").read_text()
        assert "dpat_" not in done.stdout + done.stderr
        assert desk.run("status", "--json", anonymous=True).stdout.count('"service"') > 0
        alone = desk.run("login", "fleet", "--stdin", stdin=f"\n{own['email']}\n", anonymous=True)
        assert (alone.returncode, "without --stdin" in alone.stderr) == (Exit.USAGE, True)


def test_login_tries_keeps_privately_and_logout_forgets(desk: Desk) -> None:
    secrets = {
        "shop": [desk.info["encore"]["client_id"], desk.info["encore"]["client_secret"]],
        "fleet": ["", desk.info["dployr"]["email"], desk.info["dployr"]["password"]],
        "vault": [desk.info["phase"]["token"]],
    }
    for name, lines in secrets.items():
        wrong = desk.run("login", name, "--stdin", stdin="\n".join([*lines[:-1], "wrong"]), anonymous=True)
        assert (wrong.returncode, wrong.stdout) == (Exit.UNREACHABLE, ""), wrong
        assert "nothing was kept" in wrong.stderr
        assert wrong.stderr.endswith(": check what was given, and base_url\n")
        done = desk.run("login", name, "--stdin", stdin="\n".join(lines) + "\n", anonymous=True)
        assert done.returncode == Exit.OK, done.stderr
        assert not any(secret in done.stdout + done.stderr for secret in lines if secret)
    kept = desk.home / "credentials.toml"
    assert kept.stat().st_mode & 0o777 == 0o600
    assert desk.info["dployr"]["password"] not in "".join(
        path.read_text() for path in desk.home.rglob("*.*") if path.suffix in {".toml", ".json", ".log"}
    )
    assert desk.run("status", anonymous=True).returncode == Exit.OK
    for name in secrets:
        assert desk.run("logout", name, anonymous=True).returncode == Exit.OK
    out = desk.run("status", anonymous=True)
    assert out.returncode == Exit.UNREACHABLE
    assert "vault: no token: sign in: rollwatch login vault\n" in out.stdout


def test_logout_forgets_what_was_kept_for_an_earlier_address_and_nothing_of_another_context(desk: Desk) -> None:
    file, kept, token = desk.home / "config.toml", desk.home / "credentials.toml", desk.info["phase"]["token"]
    text = file.read_text()
    assert desk.run("login", "vault", "--stdin", stdin=token, anonymous=True).returncode == Exit.OK
    moved = text.replace(desk.info["phase"]["base_url"], "http://127.0.0.1:9")
    lab = f'[contexts.lab.connections.vault]\nplatform = "phase"\nbase_url = "{desk.info["phase"]["base_url"]}"\n'
    file.write_text(f"{moved}\n{lab}")
    assert desk.run("logout", "vault", "--context", "prod", anonymous=True).stdout == "nothing was kept for vault\n"
    assert token in kept.read_text()
    file.write_text(moved)
    assert "not for http://127.0.0.1:9" in desk.run("status", anonymous=True).stderr
    assert desk.run("logout", "vault", anonymous=True).stdout == "forgot what was kept for vault\n"
    assert token not in kept.read_text()


def test_login_says_how_long_to_wait_and_whom_for(punctual: Desk) -> None:
    punctual.emulator.do(lambda control: control.fault("status", platform="phase", status=429, headers={"retry-after": "77"}))
    done = punctual.run("login", "vault", "--stdin", stdin="token\n", anonymous=True)
    assert (done.returncode, "wait 77 s" in done.stderr) == (Exit.UNREACHABLE, True), done.stderr
    punctual.emulator.do(lambda control: control.clear_faults())
    paths = Paths.discover(os.environ)
    with Logins(paths.logins_dir, origin(punctual.info["phase"]["base_url"]), SystemClock().wall()).lock("vault"):
        done = punctual.run("login", "vault", "--stdin", stdin=f"{punctual.info['phase']['token']}\n", anonymous=True)
    assert (done.returncode, done.stdout) == (Exit.UNREACHABLE, "")
    assert done.stderr.endswith("is being changed by another rollwatch: try again\n"), done.stderr


def test_status_does_not_pass_off_a_list_that_it_may_not_read_as_empty(punctual: Desk) -> None:
    punctual.emulator.do(lambda control: control.fault("status", platform="dployr", path="/v1/services", status=403, body="no way"))
    done = punctual.run("status", "--json")
    fleet = json.loads(done.stdout)["connections"][1]
    assert (done.returncode, fleet["state"], fleet["error"]["type"]) == (Exit.OK, "fresh", "Forbidden")
    said = "rollwatch: fleet: services are not shown: no way: ask the owner of the account for a role that may\n"
    assert done.stderr == said
    assert punctual.run("status").stderr == said


def test_where_a_list_is_not_found_nobody_is_sent_to_the_list(punctual: Desk) -> None:
    file = punctual.home / "config.toml"
    file.write_text(file.read_text().replace('platform = "dployr"', 'platform = "dployr"\nflavour = "current"'))
    out = punctual.run("status").stdout
    assert "names what there is" not in out
    assert "check base_url and flavour: this server does not offer it\n" in out


def test_a_connection_that_names_nothing_to_ask_for_is_told(desk: Desk) -> None:
    file = desk.home / "config.toml"
    file.write_text(re.sub(r"^apps = .*\n", "", file.read_text(), flags=re.MULTILINE))
    said = "shop: it names no application, so that nothing of it is asked or shown: add apps = [{ id = …, environments = […] }]"
    assert desk.run("status").stderr == f"rollwatch: {said}\n"
    found = [(each["about"], each["state"], each["text"]) for each in desk.json("doctor", "--json")["findings"]]
    assert ("settings", "warn", said) in found
    assert ("shop", "ok", "encore, nothing was asked of it") in found, "it was said to have answered"


def test_status_names_whom_it_did_not_wait_for(punctual: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tui.cli.status.DEADLINE", 2.0)
    punctual.emulator.do(lambda control: control.fault("latency", platform="phase", path="/v1/environments/*", seconds=8.0))
    done = punctual.run("status", "--json")
    states = {each["name"]: each["state"] for each in json.loads(done.stdout)["connections"]}
    assert (done.returncode, states) == (Exit.UNREACHABLE, {"shop": "fresh", "fleet": "fresh", "vault": "loading"})
    assert re.fullmatch(r"rollwatch: vault: \d of its lists could not be read within 2 s, .*: the console reads on\n", done.stderr)
    assert "vault" in punctual.run("status").stdout.split("loading")[0]


def test_doctor_finds_what_is_wrong_and_says_what_helps(punctual: Desk) -> None:
    well = punctual.json("doctor", "--json")
    assert (well["version"], well["rollwatch"]) == (1, tui.__version__)
    assert [each for each in well["findings"] if each["state"] != "ok"] == []
    assert {"rollwatch", "configuration", "credentials", "shop", "fleet", "vault"} <= {each["about"] for each in well["findings"]}
    (punctual.home / "credentials.toml").write_text("")
    (punctual.home / "credentials.toml").chmod(0o644)
    ill = punctual.run("doctor", "--json", ROLLWATCH_VAULT_TOKEN="wrong")
    assert ill.returncode == Exit.UNREACHABLE
    found = {each["about"]: each for each in json.loads(ill.stdout)["findings"]}
    assert found["credentials"]["remedy"].startswith("chmod 600")
    assert found["vault"]["state"] == "bad"
    assert "rollwatch login vault" in found["vault"]["remedy"]
    assert punctual.run("doctor").stdout.count("●") >= 8


def test_config_and_contexts_tell_what_holds(desk: Desk) -> None:
    assert str(desk.home / "config.toml") in desk.run("config", "path").stdout
    shown = desk.run("config", "show", "--read-only").stdout
    assert re.search(r"^contexts\.prod\.read_only +true +flag --read-only$", shown, re.MULTILINE)
    assert desk.signed_in["ROLLWATCH_FLEET_TOKEN"] not in shown
    told = desk.json("config", "show", "--json", "--read-only")
    assert {"key": "contexts.prod.read_only", "value": True, "source": "flag --read-only"} in told["values"]
    places = desk.json("config", "path", "--json")
    assert places["configuration"] == {"path": str(desk.home / "config.toml"), "exists": True}
    assert told["version"] == places["version"] == 1
    for words in (("config", "schema"), ("config", "schema", "--json")):
        assert "$defs" in json.loads(desk.run(*words).stdout)
    whole = desk.json("contexts", "--json")
    told = whole["contexts"]
    assert whole["version"] == 1
    assert [(each["name"], each["default"]) for each in told] == [("prod", True)]
    assert [each["platform"] for each in told[0]["connections"]] == ["encore", "dployr", "phase"]


def test_a_closed_folder_is_no_error_of_our_own(desk: Desk) -> None:
    text = (desk.home / "config.toml").read_text()
    with as_an_ordinary_user() as folder:
        (folder / "config.toml").write_text(text)
        (folder / "state").mkdir(mode=0o000)
        handoff = desk.run("handoff", ROLLWATCH_HOME=str(folder))
        folder.chmod(0o000)
        places = desk.json("config", "path", "--json", ROLLWATCH_HOME=str(folder))
        folder.chmod(0o700)
        (folder / "state").chmod(0o700)
    assert handoff.returncode == Exit.UNREACHABLE
    assert f"Permission denied: chmod u+rwx {folder}/state" in handoff.stderr
    assert places["configuration"]["exists"]


def test_what_config_shows_holds_no_secret(desk: Desk) -> None:
    file = desk.home / "config.toml"
    tables = '[alerts]\nwebhook = "https://hooks.test/canary"\ncommand = ["curl", "canary"]\n[tools.t]\nrun = ["ssh", "canary"]\n'
    text = file.read_text().replace('platform = "phase"', 'platform = "phase"\ntoken_command = ["pass", "canary"]')
    file.write_text(f'{tables}open = "https://g.test/x?key=canary"\n{text}')
    for words in (("config", "show"), ("config", "show", "--json")):
        out = desk.run(*words).stdout
        assert "canary" not in out
        assert {each for each in ("curl", "ssh", "pass", "https://g.test/x?***") if each not in out} == set()


@pytest.mark.parametrize("flavour", ["documented", "current"])
def test_the_lines_that_emulate_prints_connect(flavour: str, desk: Desk, tmp_path: Path) -> None:
    with start_in_thread(Options(scenario="calm", flavours=read_flavours(flavour))) as running:
        lines = [shlex.split(line) for line in told(running.info)]
        env = dict(line[1].split("=", 1) for line in lines if line[:1] == ["export"])
        done = desk.run("status", anonymous=True, ROLLWATCH_HOME=str(tmp_path / "nothing"), **env)
    assert (done.returncode, done.stderr) == (Exit.OK, "")
    assert "checkout" in done.stdout


def test_emulate_announces_itself_and_stops_when_told(tmp_path: Path) -> None:
    words = rollwatch("emulate", "--json", "--scenario", "calm", "--flavour", "dployr=current")
    child = subprocess.Popen(words, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True)
    assert child.stdout is not None
    told = json.loads(child.stdout.readline())
    assert told["flavours"] == {"encore": "documented", "dployr": "current", "phase": "documented"}
    assert all(told[name]["base_url"].startswith("http://127.0.0.1:") for name in ("encore", "dployr", "phase"))
    assert child.poll() is None, "standard input that is closed must not end it"
    child.terminate()
    assert child.wait(10) == 0
    child.stdout.close()


ENDLESS = ("plain", "emulate", "demo")
"""Commands that go on until they are stopped: each is run as a process by a test of its own."""


def test_the_commands_of_the_readme_do_what_is_said_of_them(desk: Desk) -> None:
    text = (Path(__file__).parents[1] / "README.md").read_text(encoding="utf-8")
    blocks = re.findall(r"^```sh\n(.*?)^```", text, re.MULTILINE | re.DOTALL)
    app = desk.info["encore"]["apps"][0]
    here = {"fleet/service/svc-1": desk.ref("service", "web-api"), "shop-3p2i": app["id"], " prod ": f" {app['environments'][0]} "}
    ran = []
    for shown in (line for block in blocks for line in block.splitlines()):
        line = shown
        for example, real in here.items():
            line = line.replace(example, real)
        match = re.search(r"rollwatch ([a-z][^#)]*)", line)
        if match is None or match[1].split()[0] in ENDLESS:
            continue
        # Who only looks does not wait for what never ends, and nobody is there to be asked.
        words = [word for word in shlex.split(match[1].strip(" '\"")) if word not in {"--follow", "--wait"}]
        done = desk.run(*words, *{"do": ["--yes", "--no-wait"], "rollout": ["--yes"]}.get(words[0], []), stdin="piped\n")
        # What is missing on this machine is for the doctor to say.
        assert done.returncode in ({Exit.OK, Exit.UNREACHABLE} if words[0] == "doctor" else {Exit.OK}), (words, done)
        assert done.stdout, words
        ran.append(words[0])
    assert ran == ["status", "logs", "do", "do", "rollout", "handoff", "doctor", "completion"]


def test_the_environment_of_the_readme_is_a_configuration(desk: Desk, tmp_path: Path) -> None:
    text = (Path(__file__).parents[1] / "README.md").read_text(encoding="utf-8")
    (block,) = re.findall(r"^```sh\n(export .*?)^```", text, re.MULTILINE | re.DOTALL)
    exported = dict(word.split("=", 1) for line in block.splitlines() if line.startswith("export ") for word in shlex.split(line)[1:])
    for name, platform in (("FLEET", "dployr"), ("SHOP", "encore")):
        exported[f"ROLLWATCH_{name}_BASE_URL"] = desk.info[platform]["base_url"]
    exported |= {"ROLLWATCH_FLEET_TOKEN": desk.info["dployr"]["token"], "ROLLWATCH_HOME": str(tmp_path / "empty")}
    told = desk.json("status", "--json", **exported)
    assert {each["name"]: each["state"] for each in told["connections"]} == {"fleet": "fresh", "shop": "fresh"}
    assert told["resources"]["service"]
