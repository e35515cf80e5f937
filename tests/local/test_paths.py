"""Where our files are, and what happens where there is no place for them."""

from __future__ import annotations

import os
import stat
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tests.local.disks import small_disk
from tui.errors import ConfigError
from tui.local.files import TEMPORARY
from tui.local.paths import Paths, packaged_themes

NOW = datetime(2026, 3, 1, 22, 31, tzinfo=UTC)


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name in ("XDG_CONFIG_HOME", "XDG_STATE_HOME"):
        monkeypatch.delenv(name, raising=False)
    made = tmp_path / "home"
    made.mkdir()
    monkeypatch.setenv("HOME", str(made))
    return made


def test_rollwatch_home_holds_everything(tmp_path: Path) -> None:
    paths = Paths.discover({"ROLLWATCH_HOME": str(tmp_path / "rw")})
    assert paths.config_file == tmp_path / "rw" / "config.toml"
    assert paths.credentials_file == tmp_path / "rw" / "credentials.toml"
    assert (paths.state_dir, paths.log_dir) == (tmp_path / "rw" / "state", tmp_path / "rw" / "log")
    assert paths.journal_file.parent == paths.last_state_file("prod").parent == paths.logins_dir.parent == paths.state_dir
    assert not (tmp_path / "rw").exists(), "looking must not make anything"
    assert paths.prepare(NOW).reason == ""
    assert [stat.S_IMODE((tmp_path / "rw" / name).stat().st_mode) for name in ("", "state", "log")] == [0o700] * 3


def test_rollwatch_home_may_be_relative_or_a_link(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert Paths.discover({"ROLLWATCH_HOME": "here"}).config_dir == tmp_path / "here"
    (tmp_path / "real").mkdir(mode=0o700)
    (tmp_path / "link").symlink_to("real")
    paths = Paths.discover({"ROLLWATCH_HOME": "link"}).prepare(NOW)
    assert (paths.config_dir, paths.reason) == (tmp_path / "real", "")


def test_rollwatch_home_in_a_folder_that_is_gone_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "gone").mkdir()
    monkeypatch.chdir(tmp_path / "gone")
    (tmp_path / "gone").rmdir()
    with pytest.raises(ConfigError, match="ROLLWATCH_HOME is 'here', in a folder that is gone: write the whole path"):
        Paths.discover({"ROLLWATCH_HOME": "here"})
    assert Paths.discover({"ROLLWATCH_HOME": "/here"}).config_dir == Path("/here")


@pytest.mark.skipif(sys.platform == "darwin", reason="the customs of another system")
def test_the_customs_of_the_system_otherwise(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    paths = Paths.discover({"ROLLWATCH_HOME": ""})
    assert paths.config_file == home / ".config" / "rollwatch" / "config.toml"
    assert paths.state_dir == home / ".local" / "state" / "rollwatch"
    monkeypatch.setenv("XDG_STATE_HOME", str(home / "elsewhere"))
    assert Paths.discover({}).state_dir == home / "elsewhere" / "rollwatch"


def test_a_missing_home_is_not_made(home: Path) -> None:
    home.rmdir()
    paths = Paths.discover({}).prepare(NOW)
    assert paths.reason == f"the home folder {home} does not exist"
    assert not home.exists()


def test_a_loose_state_folder_gives_a_reason_and_nothing_is_kept_in_it(tmp_path: Path) -> None:
    paths = Paths.discover({"ROLLWATCH_HOME": str(tmp_path)})
    paths.state_dir.mkdir()
    paths.state_dir.chmod(0o777)
    reason = paths.prepare(NOW).reason
    assert reason == f"{paths.state_dir} can be changed by others (mode 0777): chmod 700 {paths.state_dir}"


def test_a_read_only_home_gives_a_reason(tmp_path: Path) -> None:
    with small_disk(megabytes=1) as disk:
        subprocess.run(["mount", "-o", "remount,ro", str(disk)], check=True)
        paths = Paths.discover({"ROLLWATCH_HOME": str(disk / "rw")}).prepare(NOW)
        assert paths.reason.endswith("cannot be made: Read-only file system")


def test_prepare_sweeps_what_a_crashed_writer_left(tmp_path: Path) -> None:
    paths = Paths.discover({"ROLLWATCH_HOME": str(tmp_path)}).prepare(NOW)
    left = paths.state_dir / f".x.1{TEMPORARY}"
    left.write_bytes(b"")
    os.utime(left, (0, 0))
    assert paths.prepare(NOW).reason == ""
    assert not left.exists()


def test_themes_come_from_the_program_then_from_the_user(tmp_path: Path) -> None:
    paths = Paths.discover({"ROLLWATCH_HOME": str(tmp_path)})
    assert paths.theme_folders == (packaged_themes(), tmp_path / "themes")
    assert packaged_themes().name == "themes"


def test_themes_of_an_installed_wheel_win_over_a_neighbouring_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import tui

    for folder in ("themes", "tui/themes"):
        (tmp_path / folder).mkdir(parents=True)
    monkeypatch.setattr(tui, "__file__", str(tmp_path / "tui" / "__init__.py"))
    assert packaged_themes() == tmp_path / "tui" / "themes"
