"""The picture of the last time: shown at once, only where it is true of what is asked for, and nothing of a log in it."""

from __future__ import annotations

import os
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import msgspec
import pytest

from tui.cli import picture as picture_module
from tui.cli.picture import ENTER, LEAVE, Picture, _Shown, ago, drawn

NOW = datetime(2026, 1, 2, 22, 31, tzinfo=UTC)
LINES = ("header", " web-api  ● ok  running", " worker  ▲ degraded")


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    monkeypatch.setattr(os, "get_terminal_size", lambda _fd=0: os.terminal_size((90, 3)))
    folder = tmp_path / "home"
    folder.mkdir(mode=0o700)
    (folder / "config.toml").write_text("x", encoding="utf-8")
    return {"ROLLWATCH_HOME": str(folder), "ROLLWATCH_FLEET_TOKEN": "t0ken"}


@pytest.fixture
def written(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    out: list[str] = []
    monkeypatch.setattr(picture_module, "_write", out.append)
    return out


def kept(home: dict[str, str], context: str = "") -> None:
    Picture(context, home, NOW).keep(LINES, "prod", production=True, at=NOW - timedelta(hours=2))


def test_the_last_picture_is_shown_with_its_age_and_whose_it_is(home: dict[str, str], written: list[str]) -> None:
    kept(home)
    with Picture("", home, NOW) as picture:
        assert picture.hand_over()
    assert len(written) == 1
    text = written[0]
    assert text.startswith(ENTER)
    for words in ("prod", "PRODUCTION", "as it was 2h ago", "web-api  ● ok  running", "\x1b[2m"):
        assert words in text
    assert "header" not in text


def test_it_is_shown_only_where_the_same_is_asked_for(home: dict[str, str], written: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    kept(home)
    file = Path(home["ROLLWATCH_HOME"]) / "config.toml"
    for context, environ in (
        ("staging", home),
        ("", {**home, "ROLLWATCH_CONTEXT": "staging"}),
        ("", {**home, "ROLLWATCH_FLEET_BASE_URL": "https://elsewhere.test"}),
        ("", {**home, "ROLLWATCH_OTHER_TOKEN": "x"}),
    ):
        with Picture(context, environ, NOW) as picture:
            assert not picture.entered, (context, environ)
    monkeypatch.setattr(os, "get_terminal_size", lambda _fd=0: os.terminal_size((91, 3)))
    with Picture("", home, NOW) as picture:
        assert not picture.entered
    monkeypatch.setattr(os, "get_terminal_size", lambda _fd=0: os.terminal_size((90, 3)))
    file.write_text("another", encoding="utf-8")
    with Picture("", home, NOW) as picture:
        assert not picture.entered
    assert written == []


def test_an_error_before_the_console_gives_the_screen_back(home: dict[str, str], written: list[str]) -> None:
    kept(home)
    with pytest.raises(ZeroDivisionError), Picture("", home, NOW):
        raise ZeroDivisionError
    assert written[-1] == LEAVE
    with Picture("", home, NOW):
        pass
    assert written[-1] == LEAVE


@pytest.mark.parametrize("damage", [b"", b"{", b"[1]", b"\xff\xfe", b'{"asked":[]}'])
def test_a_damaged_picture_is_none(home: dict[str, str], written: list[str], damage: bytes) -> None:
    kept(home)
    file = Path(home["ROLLWATCH_HOME"]) / "state" / "picture.json"
    assert b"t0ken" not in file.read_bytes()
    assert file.stat().st_mode & 0o077 == 0
    file.write_bytes(damage)
    with Picture("", home, NOW) as picture:
        assert not picture.entered
    assert written == []


def test_what_a_terminal_obeys_is_not_in_it() -> None:
    lines = ("", "a\x1b[2Jb\x9b1mc\x07", "x" * 200)
    text = drawn(_Shown(asked=(), size=(90, 3), context="p\x1b]0;x\x07", production=False, at=NOW, lines=lines), NOW)
    assert "\x1b[2J" not in text
    assert "\x1b]" not in text
    assert "\x07" not in text
    assert "\x9b" not in text
    assert "x" * 91 not in text


def test_how_long_ago_is_told_in_its_largest_unit() -> None:
    assert [ago(seconds) for seconds in (-5, 0, 59, 60, 3_599, 7_200, 200_000)] == ["0s", "0s", "59s", "1m", "59m", "2h", "2d"]


def test_nothing_large_is_loaded_for_it_nor_what_nothing_needs_before_the_first_frame() -> None:
    """The picture costs what these imports cost; a console without it starts without the HTTP client and without locks."""
    code = """
import sys
from tui.__main__ import LATER, later
later(LATER)
import tui.cli, tui.cli.console, tui.cli.picture
print(*[name for name in ("textual", "rich", "tui.engine.session", "tui.platforms.base", "sqlite3") if name in sys.modules])
import tui.cli.compose
print(*[name for name in ("httpx._client", "httpcore._async", "h11", "urllib.request", "filelock") if name in sys.modules])
from tui.platforms.http import load
load()
print(*[name for name in ("httpx._client", "httpcore._async", "h11") if name in sys.modules])
"""
    environ = {key: value for key, value in os.environ.items() if not key.lower().endswith("_proxy")}
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60, env=environ)
    assert done.stdout.splitlines() == ["", "", "httpx._client httpcore._async h11"]


def test_the_file_says_what_it_must_and_no_more() -> None:
    assert set(_Shown.__struct_fields__) == {"asked", "size", "context", "production", "at", "lines"}
    assert msgspec.json.decode(msgspec.json.encode(_Shown(asked=("a",), size=(1, 2), context="c", production=True, at=NOW, lines=("x",))))
