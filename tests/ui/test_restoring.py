"""The console comes back as it was left, keeps saved views, and shows things in other programs."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC
from pathlib import Path
from typing import Any

import pytest
from textual.widgets import Input

from tests.ui.desk import NOW, Desk, busy
from tests.ui.test_console import seat
from tui.local.kept import Kept, KeptFile, Layout
from tui.local.runbooks import Runbooks
from tui.model import Kind
from tui.tables import Sort
from tui.ui import elsewhere
from tui.ui.filtering import Typed, may_be_kept
from tui.ui.restoring import Restoring
from tui.ui.settings import Settings


def settings(folder: Path, **more: Any) -> Settings:
    return Settings(zone=UTC, keep=KeptFile(folder / "console-prod.json", now=lambda: NOW), **more)


async def test_everything_comes_back_as_it_was_left(tmp_path: Path) -> None:
    async with seat(settings=settings(tmp_path)) as at:
        await at.press("l", "4", "w", "u", "P", "2", "S", "S", "R", "w", "j", "slash", *"e", "enter", "F", "z")
        left = at.app.restoring.gather()
        assert left.layout.zoomed
        assert left.layout.followed
        at.app.exit()
    before = (tmp_path / "console-prod.json").read_bytes()
    assert b"hunter2" not in before
    assert len(before) < 2_000
    async with seat(Desk(), settings=settings(tmp_path)) as at:
        fill(at.desk)
        await at.wait()
        await at.wait()
        assert str(at.app.restoring.gather()) == str(left)
        assert (left.layout.wrap, left.layout.pretty, left.layout.times) == (True, True, "UTC")
        screen = at.app.console_screen
        assert screen.resources.listing.sort == Sort("health", descending=True)
        assert str(screen.front.selected) == left.layout.selected["service"]
        assert [str(each.ref) for each in at.desk.follows] == list(left.layout.followed)
        await at.tick(60)
        assert (tmp_path / "console-prod.json").read_bytes() == before, "what is the same is not written again"


async def test_nothing_is_kept_before_it_was_shown_as_it_was_left(tmp_path: Path) -> None:
    async with seat(settings=settings(tmp_path)) as at:
        await at.press("l", "4")
        at.app.exit()
    before = (tmp_path / "console-prod.json").read_bytes()
    assert b"svc-" in before
    async with seat(settings=settings(tmp_path)) as at:
        # A second that goes by while the screen of another context is being made.
        early = Restoring(at.app, at.app.settings.keep)
        at.app.console_screen.logs.close_log()
        early.tick()
        await at.wait()
        assert (tmp_path / "console-prod.json").read_bytes() == before


def fill(desk: Desk) -> None:
    """Rows that come after the first paint."""
    full = busy()
    for connection, kind in (("fleet", Kind.SERVICE), ("fleet", Kind.DEPLOYMENT), ("shop", Kind.ROLLOUT)):
        desk.put(connection, kind, [row for row in full.store.rows(kind) if row.ref.connection == connection])


async def test_what_was_looked_for_is_there_in_the_next_run_and_no_secret_is(tmp_path: Path) -> None:
    said = ("timeout db", "Bearer abcdef", "password=hunter2", "sk-live-4f9a8b7c6d5e4f3a2b1c", "~5\\d\\d", "level:warn")
    async with seat(settings=settings(tmp_path)) as at:
        await at.press("l")
        for text in said:
            await at.press("slash", f"<{text}>", "enter", "escape")
        await at.press("s", "<upstream>", "enter", "slash", "<hunter2 token: x>", "enter")
        at.app.exit()
    path = tmp_path / "console-prod.json"
    assert path.stat().st_mode & 0o077 == 0
    for secret in (b"abcdef", b"hunter2", b"sk-live"):
        assert secret not in path.read_bytes()
    async with seat(settings=settings(tmp_path)) as at:
        await at.wait()
        await at.press("4", "slash")
        asks = at.app.focused
        assert isinstance(asks, Input)
        for text in ("level:warn", "~5\\d\\d", "timeout db", "timeout db"):
            await at.press("up")
            assert asks.value == text
        await at.press("escape", "s", "up")
        asks = at.app.focused
        assert isinstance(asks, Input)
        assert asks.value == "upstream"


def test_only_so_much_is_remembered_and_only_what_can_be_read() -> None:
    typed = Typed()
    for number in range(60):
        typed.keep(f"word {number}")
    assert typed.kept == tuple(f"word {number}" for number in range(40, 60))
    for text in ("x" * 201, "a\x1b[31mb", "authorization: x", "3f2c1a9e-1b2c-4d5e-8f90-a1b2c3d4e5f6", "eyJhbGciOi.x"):
        assert not may_be_kept(text)
    for text in ("/time(d|s) out/", "!~\\d{3}", "GET /v1/basket/items/and/more/of/it 200", "service:web-api", "tokens left 5"):
        assert may_be_kept(text)
    again = Typed()
    again.keep("newest")
    again.restore(["one", "x" * 201, "two"])
    assert again.kept == ("one", "two", "newest")


async def test_what_is_gone_or_makes_no_sense_is_passed_over(tmp_path: Path) -> None:
    file = KeptFile(tmp_path / "console-prod.json", now=lambda: NOW)
    layout = Layout(
        front="cellar",
        tab="unicorn",
        filters={"resources": "cpu>much", "logs": "x"},
        selected={"service": "fleet/service/gone", "route": "nonsense"},
        followed=("nowhere/service/x", "nonsense"),
    )
    file.save(Kept(layout=layout, recent=("nonsense",)))
    async with seat(settings=settings(tmp_path)) as at:
        await at.wait()
        assert at.desk.follows == []
        assert at.front is at.app.console_screen.resources
        assert at.app.console_screen.resources.selected is None, "what was selected is gone, so nothing is"
        assert at.sees("○ gone is gone, so nothing is selected; ↓ goes on where it was")
        await at.press("j")
        assert at.app.console_screen.resources.selected is not None
        assert not at.sees("is gone")


async def test_where_the_selected_thing_is_gone_the_next_move_begins_where_it_was(tmp_path: Path) -> None:
    async with seat(settings=settings(tmp_path)) as at:
        await at.press("2", "home", "down", "down")
        third = at.app.console_screen.resources.selected
        at.app.exit()
    desk = busy()
    left = [row for row in desk.store.rows(Kind.SERVICE) if row.ref != third]
    desk.put("fleet", Kind.SERVICE, left)
    async with seat(desk, settings=settings(tmp_path)) as at:
        await at.wait()
        resources = at.app.console_screen.resources
        assert resources.selected is None
        order = [row.ref for row in resources.listing.rows]
        await at.press("down")
        assert resources.selected == order[2], "what took the place of the third"


async def test_a_selected_thing_that_vanishes_is_named(tmp_path: Path) -> None:
    async with seat() as at:
        await at.press("2", "home", "down")
        resources = at.app.console_screen.resources
        gone = at.desk.store.get(resources.selected)
        assert gone is not None
        rows = at.desk.store.rows(Kind.SERVICE)
        at.desk.put("fleet", Kind.SERVICE, [row for row in rows if row.ref != gone.ref])
        await at.tick(1)
        assert at.sees(f"○ {gone.name} is gone, so nothing is selected")
        at.desk.put("fleet", Kind.SERVICE, list(rows))
        await at.tick(1)
        assert resources.selected == gone.ref, "it came back before anything else was chosen"
        assert not at.sees("is gone")


async def test_a_change_is_written_after_some_seconds(tmp_path: Path) -> None:
    async with seat(settings=settings(tmp_path)) as at:
        await at.press("S")
        await at.tick(6)
        await at.app.workers.wait_for_complete()
        assert b'"sort":"name"' in (tmp_path / "console-prod.json").read_bytes()


async def test_a_view_is_saved_under_a_name_and_recalled_by_number_or_palette(tmp_path: Path) -> None:
    async with seat(settings=settings(tmp_path)) as at:
        await at.press("slash", *"status=running", "enter", "S")
        await at.press("apostrophe")
        assert at.sees("save view")
        await at.press(*"up", "enter")
        await at.app.workers.wait_for_complete()
        await at.wait()
        assert "view up is kept: 5 shows it again" in at.said
        assert KeptFile(tmp_path / "console-prod.json", now=lambda: NOW).load().views[0].name == "up"
        await at.press("escape", "S", "3", "5")
        await at.wait()
        pane = at.app.console_screen.resources
        assert at.front is pane
        assert pane.filter_text == "status=running"
        assert pane.listing.sort == Sort("name")
        await at.press("6")
        assert "no view is saved" in at.said
        assert [each.id for each in at.app.restoring.entries("save view down")] == ["view up", "forget up", "save view"]
        at.app.restoring.forget("up")
        await at.app.workers.wait_for_complete()
        assert at.app.restoring.views == ()


# Other programs ---------------------------------------------------------------------------------------------------------------


async def test_the_runbook_of_a_failing_row_is_one_key_away(tmp_path: Path) -> None:
    path = tmp_path / "runbooks.toml"
    path.write_text('[worker]\nowner = "data, #data"\nrunbook = "https://wiki.example.com/worker"\n')
    async with seat(size=(160, 40), settings=Settings(zone=UTC, runbooks=Runbooks(path))) as at:
        assert "row.runbook" in at.keys
        await at.press("b")
        assert "copied https://wiki.example.com/worker" in at.said
        await at.press("enter")
        await at.wait()
        assert "data, #data" in at.row("owner")
        await at.press("escape", "j", "b")
        assert "row.runbook" not in at.keys
        assert "no runbook is known" in at.said
        hostile = '[worker]\nowner = "data"\nrunbook = "file:///srv/\\u001b[2Jworker.md"\nurl = "https://x.example.com"\n'
        path.write_text(hostile)
        await at.press("k", "b")
        assert at.said.startswith("owner: data · runbook: file:///srv/"), "shown, not opened"
        assert "\x1b" not in at.said


async def test_a_list_a_thing_and_a_log_are_given_to_the_pager_as_a_file(monkeypatch: pytest.MonkeyPatch) -> None:
    shown: list[tuple[str, str]] = []

    @contextmanager
    def lent(_program: object) -> Iterator[None]:
        yield

    async def run(argv: tuple[str, ...], variables: dict[str, str]) -> int:
        assert variables == {}
        shown.append((argv[0], Path(argv[-1]).read_text()))
        return 0

    monkeypatch.setattr(elsewhere, "_lent", lent)
    monkeypatch.setattr(elsewhere, "_run", run)
    monkeypatch.setattr(elsewhere, "pager", lambda _: ("less",))
    monkeypatch.setattr(elsewhere, "editor", lambda _: ())
    async with seat() as at:
        await at.press("vertical_line")
        assert at.said == "there is no terminal to give away"
        monkeypatch.setattr(type(at.app), "is_headless", property(lambda _: False))
        for keys in (("vertical_line",), ("enter", "vertical_line"), ("escape", "1", "vertical_line")):
            await at.press(*keys)
            await at.app.workers.wait_for_complete()
        for named, said in (("", "no editor is named"), ("/opt/none/vi -e", "/opt/none/vi -e cannot be found")):
            monkeypatch.setenv("EDITOR", named)
            monkeypatch.setenv("VISUAL", "")
            await at.press("escape", "ctrl+e")
            assert at.said == f"{said}: set VISUAL or EDITOR"
        assert [program for program, _ in shown] == ["less"] * 3
        assert shown[0][1].startswith("NAME")
        assert "why: OOMKilled" in shown[1][1]
        assert "checkout" in shown[2][1]
        monkeypatch.undo()
