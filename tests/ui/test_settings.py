"""The settings while the console runs: changed on their screen, noticed in the file, and left alone where the file is wrong."""

from __future__ import annotations

import os
from argparse import Namespace
from datetime import UTC
from pathlib import Path
from typing import Any

import pytest

from tests.ui.desk import NOW
from tests.ui.test_contexts import Owned, owned
from tui.cli.compose import Setup
from tui.cli.preferences import Preferences
from tui.clock import ManualClock
from tui.tables.words import FULL
from tui.ui.alarm import Channels
from tui.ui.settings import Settings

CONFIG = """\
theme = "rollwatch-dark"  # mine
mouse = false

[contexts.prod.connections.fleet]
platform = "dployr"
"""


@pytest.fixture
def file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    # Longer than a line: what is said must fit wherever the file lies.
    home = tmp_path / ("a folder far down " * 5).strip()
    home.mkdir(mode=0o700)
    monkeypatch.setenv("ROLLWATCH_HOME", str(home))
    (home / "config.toml").write_text(CONFIG)
    return home / "config.toml"


def looks(setup: Setup) -> Settings:
    said: dict[str, Any] = dict(setup.looks)
    return Settings(
        zone=UTC,
        theme=said.get("theme", "rollwatch-dark"),
        ascii=said.get("glyphs") == "ascii",
        keys=said.get("keys", {}),
        theme_folders=said.get("theme_folders", ()),
        alerts=Channels(),
        tools=said.get("tools", {}),
        aliases=said.get("aliases", {}),
        floors=said.get("floors", {}),
        full=said.get("full", FULL),
    )


def configured(owner: Owned) -> None:
    setup = Setup(context="prod", production=False, read_only=False, platforms=(), clock=ManualClock(NOW), journal=None)  # type: ignore[arg-type]
    owner.preferences = Preferences(Namespace(context=None, read_only=False), looks)
    owner.preferences.shown(setup)


def write(file: Path, text: str) -> None:
    """Write it such that its time differs, however coarse the clock of the disk is."""
    file.write_text(text)
    at = file.stat().st_mtime + len(text)
    os.utime(file, (at, at))


async def test_a_changed_file_is_worn_within_a_second_without_a_restart(file: Path) -> None:
    owner = Owned()
    configured(owner)
    async with owned(owner) as at:
        await at.tick(1)
        assert at.said == "", "nothing changed, nothing is said"
        write(file, CONFIG.replace("rollwatch-dark", "colour-blind") + '[keys]\n"row.restart" = "f9"\n')
        await at.tick(1)
        assert at.app.theme == "colour-blind"
        assert "config.toml was read again" in at.said
        assert at.app.keymap.overrides == {"row.restart": ("f9",)}
        await at.press("f9")
        assert at.sees("Restart worker")
        await at.press("escape")
        write(file, 'glyphs = "ascii"\n' + CONFIG)
        await at.tick(1)
        await at.press("escape")
        assert at.sees("enter open")


async def test_a_wrong_file_is_said_and_changes_nothing(file: Path) -> None:
    owner = Owned()
    configured(owner)
    async with owned(owner) as at:
        write(file, CONFIG.replace("theme", "thme"))
        await at.tick(1)
        assert "the settings stay as they were" in at.said
        assert "did you mean theme" in at.said
        assert at.app.theme == "rollwatch-dark"
        write(file, CONFIG.replace("mouse = false", "mouse = true").replace('"dployr"', '"dployr"\ncluster = "b"'))
        await at.tick(1)
        assert at.said == "config.toml was read again; not yet connections: c and ↵ open prod anew; after a restart: mouse"
        await at.press("c", "enter")
        await at.wait()
        assert owner.opened == ["prod"], "without leaving it first"
        await at.press("c", "enter")
        await at.wait()
        assert owner.opened == ["prod"], "as it is now there is nothing to open"


async def test_what_was_taken_back_is_no_news_and_what_is_not_done_yet_is_said_again(file: Path) -> None:
    owner = Owned()
    configured(owner)
    owner.desks["prod"].tighten = lambda: None  # type: ignore[attr-defined]
    async with owned(owner) as at:
        write(file, CONFIG + 'cluster = "b"\n')
        await at.tick(1)
        assert "not yet connections" in at.said
        write(file, CONFIG + 'cluster = "b"\nrefresh = 30\n')
        await at.tick(1)
        assert "not yet connections" in at.said
        write(file, CONFIG)
        await at.tick(1)
        assert at.said == "config.toml was read again"
        write(file, CONFIG + "[contexts.prod]\nread_only = true\n")
        await at.tick(1)
        write(file, CONFIG)
        await at.tick(1)
        assert "not yet read_only" in at.said


async def test_a_file_without_this_context_or_theme_says_so_in_one_line(file: Path) -> None:
    owner = Owned()
    configured(owner)
    async with owned(owner) as at:
        write(file, CONFIG.replace("contexts.prod", "contexts.prd"))
        await at.tick(1)
        assert at.said == "the settings stay as they were: config.toml has no context prod any more"
        file.unlink()
        await at.tick(1)
        assert at.said == "the settings stay as they were: config.toml is gone"
        write(file, CONFIG.replace("rollwatch-dark", "colour-blnd"))
        await at.tick(1)
        assert at.said.startswith("theme 'colour-blnd' does not exist")


async def test_how_often_is_read_and_what_is_full_change_while_it_runs(file: Path) -> None:
    owner = Owned()
    configured(owner)
    async with owned(owner) as at:
        write(file, CONFIG + "refresh = 60\n[contexts.prod]\nload_warning = 60\n")
        await at.tick(1)
        assert at.said == "config.toml was read again"
        assert owner.desks["prod"].floors == {"fleet": 60.0}
        assert at.app.moment().full == (0.6, 0.95)


async def test_tools_of_a_context_stand_beside_those_of_all_and_an_alias_is_found_however_it_is_written(file: Path) -> None:
    owner = Owned()
    configured(owner)
    async with owned(owner) as at:
        tools = "[tools.a]\nrun = ['all']\n[tools.b]\nrun = ['all']\n[contexts.prod.tools.b]\nrun = ['mine']\n[aliases]\n'D  P' = 'show'\n"
        write(file, CONFIG + tools)
        await at.tick(1)
        assert {name: tool.run for name, tool in at.app.settings.tools.items()} == {"a": ("all",), "b": ("mine",)}
        assert at.app.settings.aliases == {"d p": "show"}


async def test_what_has_become_read_only_is_so_at_once(file: Path) -> None:
    owner = Owned()
    configured(owner)
    tightened: list[bool] = []
    owner.desks["prod"].tighten = lambda: tightened.append(True)  # type: ignore[attr-defined]
    async with owned(owner) as at:
        write(file, CONFIG + "[contexts.prod]\nread_only = true\n")
        await at.tick(1)
        assert tightened == [True]


async def test_the_settings_screen_writes_one_value_and_keeps_every_comment(file: Path) -> None:
    owner = Owned()
    configured(owner)
    async with owned(owner, (80, 24)) as at:
        await at.press("f6")
        assert at.sees("by itself · colour-blind · high-contrast"), "the whole of it, and what there is"
        assert "rollwatch-dark" in at.row("theme")
        assert "off" in at.row("mouse")
        assert at.row("connections.fleet.refresh"), "the meaning stands below, the name nowhere else"
        await at.press("enter")
        text = file.read_text()
        assert 'theme = "rollwatch-light"  # mine' in text
        await at.press("j", "j", "backspace")
        assert file.read_text() == text.replace("mouse = false", "mouse = true")
        await at.press("down", "enter")
        assert file.read_text().rstrip().endswith("[alerts]\nenabled = false")
        file.write_text("no [ toml")
        await at.press("enter")
        assert file.read_text() == "no [ toml"
        assert "config.toml line 1" in at.said
        await at.press("escape")
        assert at.app.screen is at.app.console_screen


async def test_a_context_with_a_theme_of_its_own_has_a_row_for_that(file: Path) -> None:
    write(file, CONFIG + '[contexts.prod]\ntheme = "high-contrast"\n')
    owner = Owned()
    configured(owner)
    async with owned(owner) as at:
        await at.press("f6")
        assert "high-contrast" in at.row("contexts.prod.theme")
        await at.press("enter")
        await at.tick(1)
        assert 'theme = "monochrome"' in file.read_text()
        assert 'theme = "rollwatch-dark"  # mine' in file.read_text()
        assert at.app.theme == "monochrome"


async def test_a_theme_of_the_users_own_is_read_again_when_it_is_saved(file: Path) -> None:
    owner = Owned()
    configured(owner)
    folder = file.parent / "themes"
    folder.mkdir()
    bundled = (Path(__file__).parents[2] / "themes" / "rollwatch-dark.toml").read_text()
    mine = bundled.replace('name = "rollwatch-dark"', 'name = "mine"')
    write(folder / "mine.toml", mine)
    owner.settings["prod"] = Settings(zone=UTC, theme="mine", theme_folders=(folder,))
    async with owned(owner) as at:
        assert at.app.theme == "mine"
        background = at.app.current_theme.background
        write(folder / "mine.toml", mine.replace(str(background), "#123456") + "\n# new\n")
        await at.tick(1)
        assert at.app.current_theme.background == "#123456"
        assert "mine was read again" in at.said
        write(folder / "mine.toml", "name = 3\n")
        await at.tick(1)
        assert "theme mine.toml" in at.said
        assert at.app.current_theme.background == "#123456", "the old one stays worn"
        write(folder / "mine.toml", mine + "\n# right again, and longer\n")
        await at.tick(1)
        assert "mine was read again" in at.said, "and not any more what was wrong"
        assert at.app.current_theme.background == background


async def test_the_chosen_theme_is_worn_as_soon_as_it_is_there(file: Path) -> None:
    owner = Owned()
    configured(owner)
    folder = file.parent / "themes"
    folder.mkdir()
    mine = (Path(__file__).parents[2] / "themes" / "rollwatch-dark.toml").read_text().replace('"rollwatch-dark"', '"mine"')
    write(folder / "mine.toml", "name = 3\n")
    owner.settings["prod"] = Settings(zone=UTC, theme="mine", theme_folders=(folder,))
    async with owned(owner) as at:
        assert at.app.theme == "rollwatch-dark"
        write(folder / "mine.toml", mine)
        await at.tick(1)
        assert at.app.theme == "mine", "it was wrong when the console began"
        assert at.said == "theme mine was read again"
        (folder / "mine.toml").unlink()
        await at.tick(1)
        assert at.app.theme == "rollwatch-dark"
        assert "theme 'mine' does not exist" in at.said
        write(folder / "mine.toml", mine + "\n# anew\n")
        await at.tick(1)
        assert at.app.theme == "mine"


async def test_the_palette_leads_to_each_setting_and_each_other_context(file: Path) -> None:
    owner = Owned()
    configured(owner)
    async with owned(owner) as at:
        await at.press(":", *"setting mouse", "enter")
        assert at.row("›").split()[:2] == ["›mouse", "off"]
        await at.press("escape", ":", *"context")
        assert not at.sees("context prod"), "that is where one is"
        await at.press(*" live", "enter")
        assert at.app.session.context == "live"


@pytest.mark.parametrize(("variable", "value"), [("ROLLWATCH_THEME", "high-contrast"), ("NO_COLOR", "1")])
async def test_what_goes_before_the_file_is_said_and_not_changed_in_vain(
    file: Path, monkeypatch: pytest.MonkeyPatch, variable: str, value: str
) -> None:
    monkeypatch.setenv(variable, value)
    owner = Owned()
    configured(owner)
    async with owned(owner) as at:
        await at.press("f6")
        assert f"▲ {variable}" in at.row("›")
        assert at.sees(f"▲ {variable} decides it, before config.toml")
        await at.press("enter")
        assert at.said.endswith(f"theme: {variable} decides it, before config.toml; start without that to choose here")
        assert file.read_text() == CONFIG
        await at.press("end", "enter")
        assert file.read_text() != CONFIG, "the others are changed as always"
