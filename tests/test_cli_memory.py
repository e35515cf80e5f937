"""``handoff`` with its notes and ``doctor --alerts``, as a shell calls them."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tests.local.disks import small_disk
from tui.cli import run
from tui.cli.alerting import channels
from tui.clock import SystemClock
from tui.engine.alerts import DEFAULTS
from tui.engine.ports import Event
from tui.local.config import load
from tui.local.journal import Journal
from tui.local.settings import Alerts
from tui.platforms.registry import BASE_URLS

SECRET = "pss_user:v1:0123456789abcdef0123456789abcdef"


@pytest.fixture
def home() -> Path:
    folder = Path(os.environ["ROLLWATCH_HOME"])
    (folder / "state").mkdir(parents=True, mode=0o700)
    folder.chmod(0o700)
    return folder


def configured(home: Path, more: str = "") -> None:
    text = f'default_context = "prod"\n{more}\n[contexts.prod.connections.fleet]\nplatform = "dployr"\n'
    (home / "config.toml").write_text(text)


def test_a_note_is_in_the_handoff_of_the_shift_without_its_secret(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    configured(home)
    assert run(["handoff", "--note", f"rotated the token, old one was {SECRET}"]) == 0
    capsys.readouterr()
    now = datetime.now(UTC)
    journal = Journal.open(home / "state" / "journal.sqlite", context="prod", who="ana", now=lambda: now)
    failed = Event(
        what="transition", ref="fleet/service/s", at=now - timedelta(minutes=5), name="web `api`", before="ok (up)", after="failed (x)"
    )
    journal.record([failed])
    assert journal.flush()
    journal.close()
    assert run(["handoff", "--since", "1h"]) == 0
    text = capsys.readouterr().out
    assert "rotated the token" in text
    assert SECRET not in text
    assert "`web 'api'` (fleet service): failed (x) since " in text
    assert " (5m0" in text
    assert run(["handoff", "--since", "1h", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert [each["ref"] for each in told["wrong"]] == ["fleet/service/s"]
    assert {told[key][-1] for key in ("since", "until")} == {"Z"}, "as in every other document"


def test_a_clock_that_was_set_back_hides_nothing_from_the_handoff(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    configured(home)
    then = datetime.now(UTC) + timedelta(minutes=40)
    journal = Journal.open(home / "state" / "journal.sqlite", context="prod", who="ana", now=lambda: then)
    journal.record([Event(what="transition", ref="fleet/service/s", at=then, name="web", before="ok (up)", after="failed (x)")])
    assert journal.flush()
    journal.close()
    assert run(["handoff", "--since", "1h"]) == 0
    assert "`web` (fleet service): failed (x)" in capsys.readouterr().out


def test_a_shift_before_the_first_console_is_told_as_such(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    configured(home)
    assert run(["handoff"]) == 2
    assert "there is no journal yet" in capsys.readouterr().err
    assert run(["handoff", "--since", "yesterday"]) == 2
    assert "write 30m, 8h or 2d" in capsys.readouterr().err


def test_a_history_that_cannot_be_read_is_no_quiet_shift(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    configured(home)
    (home / "state" / "journal.sqlite").mkdir()
    for words in (["handoff"], ["handoff", "--json"]):
        assert run(words) == 1
        out, err = capsys.readouterr()
        assert out == ""
        assert "is not a plain file: remove it" in err


def test_a_shift_in_which_nobody_looked_is_not_told_as_quiet(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    configured(home)
    assert run(["handoff", "--note", "taking over"]) == 0
    assert run(["handoff"]) == 0
    told = capsys.readouterr().out
    assert "Nobody has looked yet: how things are is not known." in told
    assert "0 still wrong" not in told
    assert "- nothing" not in told


def test_what_cannot_be_noted_is_said_once(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with small_disk(megabytes=1) as folder, pytest.MonkeyPatch.context() as patch:
        patch.setenv("ROLLWATCH_HOME", str(folder))
        configured(folder)
        assert run(["handoff", "--note", "hello"]) == 0
        with suppress(OSError), (folder / "full").open("wb", buffering=0) as full:
            while full.write(b"x" * 4096):
                pass
        os.truncate(folder / "full", (folder / "full").stat().st_size - 36_864)  # the journal can be opened, and no more
        capsys.readouterr()
        words = [sys.executable, "-m", "tui", "handoff", "--note", "hello"]
        done = subprocess.run(words, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 1
    assert done.stderr.count("the disk is full") == 1, done.stderr
    assert done.stderr.startswith("rollwatch: ")


def test_a_note_without_a_word_is_a_mistake_and_no_handoff(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    configured(home)
    assert run(["handoff", "--note", "  "]) == 2
    assert capsys.readouterr() == ("", "rollwatch: --note holds no word: write --note 'what the next shift must know'\n")


def test_every_channel_is_tried_and_a_broken_one_is_named(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = home / "told.json"
    code = "import sys, pathlib; pathlib.Path(sys.argv[1]).write_text(sys.stdin.read())"
    command = json.dumps([sys.executable, "-c", code, str(out)])
    configured(home, f'[alerts]\ncommand = {command}\nwebhook = "$NO_SUCH_HOOK"')
    assert run(["doctor", "--alerts", "--json"]) == 1
    found = {each["about"]: each for each in json.loads(capsys.readouterr().out)["findings"]}
    assert found["command"]["state"] == "ok"
    assert found["webhook"]["text"] == "webhook: $NO_SUCH_HOOK is not set"
    assert found["terminal"]["state"] == "ok"
    assert json.loads(out.read_text())["alerts"][0]["rule"] == "trial"


def test_a_rule_that_is_wrong_is_named(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    configured(home, '[[alerts.rules]]\nname = "x"\nkinds = ["service"]\nto = ["failed"]\nafterr = 3')
    assert run(["doctor", "--alerts"]) == 2
    assert "afterr" in capsys.readouterr().err


def test_a_context_may_have_alert_rules_of_its_own_or_none_at_all(home: Path) -> None:
    home.mkdir(parents=True, exist_ok=True)
    own = '\n[[contexts.mine.alert_rules]]\nname = "mine"\nkinds = ["rollout"]\nto = ["failure"]\n'
    config = (
        '[[alerts.rules]]\nname = "all"\nkinds = ["service"]\nto = ["failed"]\n[contexts.usual]\n[contexts.quiet]\nalert_rules = []\n'
        f"[contexts.mine]{own}"
    )
    (home / "config.toml").write_text(config)
    (home / "config.toml").chmod(0o600)
    loaded = load(home / "config.toml", environ={}, platforms=BASE_URLS, context="", read_only=False).config
    for name, expected in (("usual", ["all"]), ("quiet", []), ("mine", ["mine"])):
        made = channels(loaded.alerts, {}, SystemClock(), home, loaded.contexts[name].alert_rules)
        assert [each.name for each in made.rules] == expected
    assert channels(Alerts(), {}, SystemClock(), home).rules == DEFAULTS
