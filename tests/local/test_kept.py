"""How the console was left, as a file: private, whole, small; what makes no sense is set aside. Runbooks, and what other programs show."""

from __future__ import annotations

import errno
import stat
import threading
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tui.errors import StorageError
from tui.local.kept import LIMIT, Kept, KeptFile, Layout, Sorting, View
from tui.local.opening import browser, editor, is_address, pager, temporary
from tui.local.runbooks import Runbooks

NOW = datetime(2026, 3, 1, 3, 0, tzinfo=UTC)
KEPT = Kept(
    layout=Layout(front="logs", zoomed=True, tab="route", filters={"logs": "error"}, followed=("fleet/service/a",)),
    lists={"service": Sorting(sort="cpu", descending=True, columns=("health", "json.port"), wide=True)},
    views=(View(name="failing", kind="service", filter="status=failed"),),
    recent=("row.restart",),
)


def kept(folder: Path) -> KeptFile:
    return KeptFile(folder / "console-prod.json", now=lambda: NOW)


def test_what_was_kept_comes_back_and_only_its_owner_can_read_it(tmp_path: Path) -> None:
    file = kept(tmp_path)
    assert file.load() == Kept()
    file.save(KEPT, views=True)
    assert file.load() == KEPT
    assert {stat.S_IMODE(path.stat().st_mode) for path in tmp_path.iterdir()} == {0o600}


def test_a_console_that_begins_afresh_keeps_its_views_and_one_that_saved_none_leaves_those_of_others(tmp_path: Path) -> None:
    file = kept(tmp_path)
    file.save(KEPT, views=True)
    fresh = file.afresh().load()
    assert fresh == Kept(views=KEPT.views, recent=KEPT.recent)
    file.save(Kept(layout=Layout(front="apps")))
    assert file.load().views == KEPT.views
    assert file.load().layout.front == "apps"


def test_a_view_that_is_saved_while_the_layout_is_kept_is_not_lost(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file, reading, go_on = kept(tmp_path), threading.Event(), threading.Event()
    read = KeptFile._read

    def slow(self: KeptFile) -> Kept:
        found = read(self)
        if threading.current_thread() is layout:
            reading.set()
            go_on.wait(5.0)
        return found

    monkeypatch.setattr(KeptFile, "_read", slow)
    layout = threading.Thread(target=lambda: file.save(Kept(layout=Layout(front="logs"))))
    views = threading.Thread(target=lambda: kept(tmp_path).save(KEPT, views=True))
    layout.start()
    assert reading.wait(5.0)
    views.start()
    views.join(0.2)  # it waits, or has written
    go_on.set()
    layout.join()
    views.join()
    assert file.load().views == KEPT.views


@pytest.mark.parametrize("data", [b"{", b'{"version": "x"}', b"\xff", b"[" * 5000, b'{"layout": 3}'])
def test_a_damaged_file_is_set_aside_and_nothing_is_lost_twice(tmp_path: Path, data: bytes) -> None:
    path = tmp_path / "console-prod.json"
    path.write_bytes(data)
    path.chmod(0o600)
    assert kept(tmp_path).load() == Kept()
    (aside,) = tmp_path.iterdir()
    assert ".bad-" in aside.name
    assert aside.read_bytes() == data


def test_a_file_of_others_a_newer_one_and_a_huge_one_are_not_used(tmp_path: Path) -> None:
    file = kept(tmp_path)
    path = tmp_path / "console-prod.json"
    path.write_text("{}")
    path.chmod(0o644)
    assert file.load() == Kept()
    assert path.exists(), "a loose mode is no damage"
    path.write_text('{"version": 99}')
    path.chmod(0o600)
    assert file.load() == Kept()
    file.save(Kept(recent=("x" * LIMIT,)))
    assert path.read_text() == '{"version": 99}', "what is too much is not written"


# Other programs ---------------------------------------------------------------------------------------------------------------


def found(*names: str) -> object:
    return lambda name: f"/usr/bin/{name}" if name in names else None


def test_the_pager_and_the_editor_are_the_users_own_as_arguments_and_never_through_a_shell() -> None:
    assert pager({"PAGER": "less -R '+/a b; rm'"}, found("less")) == ("less", "-R", "+/a b; rm")  # type: ignore[arg-type]
    assert pager({"PAGER": "gone"}, found("more")) == ("more",)  # type: ignore[arg-type]
    assert pager({"PAGER": "'open"}, found()) == ()  # type: ignore[arg-type]
    assert editor({"VISUAL": "", "EDITOR": "vi -n"}, found("vi")) == ("vi", "-n")  # type: ignore[arg-type]
    assert editor({}, found("vi")) == (), "nobody is put into an editor that was not asked for"  # type: ignore[arg-type]


def test_an_address_is_opened_on_a_desktop_only() -> None:
    every = found("xdg-open", "open", "w3m", "lynx")
    assert browser({"DISPLAY": ":0"}, "linux", every) == ("xdg-open",)  # type: ignore[arg-type]
    assert browser({"WAYLAND_DISPLAY": "wayland-0"}, "linux", every) == ("xdg-open",)  # type: ignore[arg-type]
    assert browser({}, "darwin", every) == ("open",)  # type: ignore[arg-type]
    assert browser({}, "linux", every) == ()  # type: ignore[arg-type]
    for name in ("SSH_CONNECTION", "SSH_CLIENT", "SSH_TTY"):
        assert browser({"DISPLAY": ":0", name: "x"}, "linux", every) == ()  # type: ignore[arg-type]
        assert browser({name: "x"}, "darwin", every) == ()  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "text", ["", "file:///etc/passwd", "javascript:alert(1)", "--help", "https://", "http://a b", "https://a\x1b[2J", "http://[x"]
)
def test_what_is_no_address_of_the_web_is_never_given_to_a_program(text: str) -> None:
    assert not is_address(text)
    assert is_address("https://wiki.example.com/web?x=1#y")


def test_a_temporary_file_is_private_and_gone_afterwards() -> None:
    with temporary(["a", "b"], "list.txt") as path:
        assert path.read_text() == "a\nb\n"
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
        assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    assert not path.parent.exists()
    with pytest.raises(StorageError), temporary(["a"], "no/such/folder"):
        raise AssertionError


# Runbooks ---------------------------------------------------------------------------------------------------------------------


def test_a_runbook_is_found_by_name_and_read_again_when_it_changed(tmp_path: Path) -> None:
    path = tmp_path / "runbooks.toml"
    books = Runbooks(path)
    assert books.of("web-api") is None
    path.write_text('["web-*"]\nowner = "payments"\nrunbook = "https://w/web"\n["*"]\nowner = "everybody"\nnote = "\\u001b[2Jhello"\n')
    book = books.of("web-api")
    assert book is not None
    assert (book.owner, book.runbook) == ("payments", "https://w/web")
    assert "\x1b" not in dict(book.told())["note"]
    assert dict(books.of("worker").told())["owner"] == "everybody"  # type: ignore[union-attr]
    path.write_text('["web-*"]\nonwer = "x"\n')
    assert books.of("web-api") is None
    assert books.problem == f'{path}: ["web-*"] onwer is not a setting: did you mean owner?'
    path.write_text('["web-*"]\nowner = 3\n["*"]\nowner = "everybody"\n')
    assert dict(books.of("web-api").told()) == {"owner": "everybody"}, "what is right counts"  # type: ignore[union-attr]
    assert books.problem == f'{path}: ["web-*"] owner is 3 (a whole number), expected text in quotes'
    path.write_text("web = 3\n")
    assert books.of("web") is None
    assert books.problem == f'{path}: ["web"] is 3 (a whole number), expected a table'
    path.write_bytes(b"\xff\xfe#")
    assert books.of("web") is None
    assert books.problem == f"{path}: is no text in UTF-8"
    path.write_text("[")
    assert books.of("web-api") is None
    assert "runbooks.toml" in books.problem
    path.chmod(0o666)
    path.write_text('["web-*"]\nowner = "x, who could be anybody"\n')
    assert books.of("web-api") is None
    assert "can be changed by others" in books.problem


def test_what_goes_wrong_while_a_temporary_text_is_shown_is_not_blamed_on_it() -> None:
    with pytest.raises(OSError, match="the terminal is gone"), temporary(["a line"], "list.txt") as path:
        raise OSError(errno.EIO, "the terminal is gone")
    assert not path.parent.exists()
