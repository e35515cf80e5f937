"""Where credentials come from, and where they never go."""

from __future__ import annotations

import json
import multiprocessing
import os
import stat
import sys
import threading
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tests.local.disks import small_disk
from tui.errors import ConfigError, StorageError
from tui.local.credentials import Credentials, Found
from tui.local.logins import Logins
from tui.text import Secret

NOW = datetime(2026, 3, 1, 22, 31, tzinfo=UTC)
HOME = "https://base.dployr.io"
AWAY = "https://base.dployr.io.evil.example"


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "config" / "credentials.toml"


def revealed(found: Found) -> dict[str, str]:
    secrets = {"token": found.token, "client_secret": found.client_secret, "password": found.password}
    shown = {name: secret.reveal() for name, secret in secrets.items() if secret}
    return shown | {name: text for name, text in (("client_id", found.client_id), ("email", found.email)) if text}


@pytest.mark.parametrize(
    ("environ", "wanted", "source"),
    [
        ({"ROLLWATCH_MY_FLEET_TOKEN": " t \n"}, {"token": "t"}, "environment ROLLWATCH_MY_FLEET_TOKEN"),
        (
            {"ROLLWATCH_MY_FLEET_CLIENT_ID": "i", "ROLLWATCH_MY_FLEET_CLIENT_SECRET": "s"},
            {"client_id": "i", "client_secret": "s"},
            "environment ROLLWATCH_MY_FLEET_CLIENT_SECRET",
        ),
        (
            {"ROLLWATCH_MY_FLEET_EMAIL": "a@b", "ROLLWATCH_MY_FLEET_PASSWORD": " p "},
            {"email": "a@b", "password": " p "},
            "environment ROLLWATCH_MY_FLEET_EMAIL",
        ),
        ({"ROLLWATCH_MY_FLEET_EMAIL": "a@b"}, {"email": "a@b"}, ""),
        ({"ROLLWATCH_MY_FLEET_TOKEN": "", "ROLLWATCH_OTHER_TOKEN": "x"}, {}, ""),
    ],
)
def test_from_the_environment(file: Path, environ: dict[str, str], wanted: dict[str, str], source: str) -> None:
    found = Credentials(file, environ).find("my-fleet", HOME)
    assert (revealed(found), found.source, found.problem) == (wanted, source, "")


def test_half_a_credential_is_told(file: Path) -> None:
    for one, other in (("CLIENT_SECRET", "CLIENT_ID"), ("PASSWORD", "EMAIL")):
        found = Credentials(file, {f"ROLLWATCH_C_{one}": "x"}).find("c", HOME)
        assert found.problem == f"ROLLWATCH_C_{one} is set, ROLLWATCH_C_{other} is not"
    found = Credentials(file, {"ROLLWATCH_C_CLIENT_SECRET": "x"}).find("c", HOME, client_id="from-config")
    assert revealed(found) == {"client_id": "from-config", "client_secret": "x"}


def test_an_application_may_have_its_own_client(file: Path) -> None:
    environ = {"ROLLWATCH_SHOP_SHOP_3P2I_CLIENT_ID": "own", "ROLLWATCH_SHOP_SHOP_3P2I_CLIENT_SECRET": "s", "ROLLWATCH_SHOP_TOKEN": "t"}
    credentials = Credentials(file, environ)
    assert revealed(credentials.find("shop", HOME, app="shop-3p2i")) == {"client_id": "own", "client_secret": "s"}
    assert revealed(credentials.find("shop", HOME, app="other")) == {}


def test_environment_then_command_then_file(file: Path) -> None:
    Credentials(file, {}).save("c", HOME, NOW, token=Secret("from-file"))
    command = ["/bin/echo", "from-command"]
    environ = {"ROLLWATCH_C_TOKEN": "from-env", "PATH": "/bin"}
    assert revealed(Credentials(file, environ).find("c", HOME, command=command)) == {"token": "from-env"}
    found = Credentials(file, {}).find("c", HOME, command=command)
    assert (revealed(found), found.source) == ({"token": "from-command"}, "token_command echo")
    found = Credentials(file, {}).find("c", HOME)
    assert (revealed(found), found.source) == ({"token": "from-file"}, str(file))
    assert Credentials(file, {}).find("d", HOME) == Found()


@pytest.mark.parametrize(
    ("printed", "wanted", "problem"),
    [
        ("tok en\n", {"token": "tok en"}, ""),
        ('{"token": "t"}', {"token": "t"}, ""),
        ('{"client_id": "i", "client_secret": "s"}', {"client_id": "i", "client_secret": "s"}, ""),
        ("", {}, "token_command: it printed nothing"),
        ("a\nb", {}, "token_command: it printed more than one line"),
        ('{"client_id": "i"}', {}, "token_command: expected a JSON object with token, or client_id and client_secret"),
        ('{"token": 1}', {}, "token_command: expected a JSON object"),
        ("{canary", {}, "token_command: what it printed begins like JSON and is none"),
    ],
)
def test_what_a_command_prints(file: Path, printed: str, wanted: dict[str, str], problem: str) -> None:
    found = Credentials(file, {}).find("c", HOME, command=[sys.executable, "-c", f"print({printed!r}, end='')"])
    assert revealed(found) == wanted
    assert problem in found.problem
    assert bool(found.problem) == bool(problem)
    assert "canary" not in repr(found)


def test_a_failing_command_does_not_fall_back_to_an_older_token(file: Path) -> None:
    Credentials(file, {}).save("c", HOME, NOW, token=Secret("old"))
    found = Credentials(file, {}).find("c", HOME, command=["/bin/false"])
    assert (revealed(found), found.problem) == ({}, "token_command: false ended with 1")


def test_a_stored_credential_is_private_and_bound_to_its_origin(file: Path) -> None:
    credentials = Credentials(file, {})
    credentials.save("fleet", HOME, NOW, token=Secret("home"))
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    for lookalike in (AWAY, "http://base.dployr.io", "https://base.dployr.io:8443", "https://BASE.dployr.io", f"{HOME}/", "", "https://x"):
        found = credentials.find("fleet", lookalike)
        assert revealed(found) == {}
        assert found.problem == f"{file} has credentials of fleet for {HOME}, not for {lookalike}"
    credentials.save("fleet", AWAY, NOW, token=Secret("away"))
    assert revealed(credentials.find("fleet", HOME)) == {"token": "home"}
    assert revealed(credentials.find("fleet", AWAY)) == {"token": "away"}


def test_saving_replaces_one_entry_and_forgetting_takes_one(file: Path) -> None:
    credentials = Credentials(file, {})
    credentials.save("a", HOME, NOW, client_id="i", client_secret=Secret("s1"))
    credentials.save("b", HOME, NOW, token=Secret("b"), email="me@x")
    credentials.save("a", HOME, NOW, client_id="i", client_secret=Secret("s2"))
    credentials.save("a", HOME, NOW, app="own", client_id="o", client_secret=Secret("s3"))
    assert revealed(credentials.find("a", HOME)) == {"client_id": "i", "client_secret": "s2"}
    assert revealed(credentials.find("a", HOME, app="own")) == {"client_id": "o", "client_secret": "s3"}
    assert revealed(credentials.find("b", HOME)) == {"token": "b", "email": "me@x"}
    credentials.save("a", AWAY, NOW, token=Secret("away"))
    assert credentials.forget("a", {AWAY}, NOW) == {HOME}
    assert credentials.forget("a", {AWAY}, NOW) == set()
    assert revealed(credentials.find("a", AWAY)) == {"token": "away"}
    assert (revealed(credentials.find("a", HOME)), revealed(credentials.find("a", HOME, app="own"))) == ({}, {})
    assert revealed(credentials.find("b", HOME)) == {"token": "b", "email": "me@x"}


def test_forgetting_what_is_not_there_writes_nothing_and_a_file_that_is_not_understood_is_not_told_as_empty(file: Path) -> None:
    assert not Credentials(file, {}).forget("c", (), NOW)
    assert not file.parent.exists()
    file.parent.mkdir(mode=0o700)
    file.touch(mode=0o600)
    file.write_text("token = canary")
    with pytest.raises(ConfigError, match="line 1"):
        Credentials(file, {}).forget("c", (), NOW)
    assert [each.name for each in file.parent.iterdir()] == [file.name]


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o660, 0o602, 0o644])
def test_a_loose_file_is_refused_and_the_cure_named(file: Path, mode: int) -> None:
    credentials = Credentials(file, {})
    credentials.save("c", HOME, NOW, token=Secret("t"))
    file.chmod(mode)
    found = credentials.find("c", HOME)
    assert revealed(found) == {}
    assert found.problem.endswith(f"chmod 600 {file}")
    with pytest.raises(StorageError, match="chmod 600"):
        credentials.save("c", HOME, NOW, token=Secret("u"))
    file.chmod(0o600)
    assert revealed(credentials.find("c", HOME)) == {"token": "t"}


def test_a_linked_file_is_refused(file: Path, tmp_path: Path) -> None:
    Credentials(tmp_path / "elsewhere.toml", {}).save("c", HOME, NOW, token=Secret("t"))
    file.parent.mkdir(mode=0o700)
    file.symlink_to(tmp_path / "elsewhere.toml")
    found = Credentials(file, {}).find("c", HOME)
    assert (revealed(found), found.problem) == ({}, f"{file} is a link: put the file itself there")


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        ("[[credentials]]\nconnection = 'c'\n", "line 1: credentials[0] is not as it must be"),
        (
            "[[credentials]]\nconnection = 'c'\norigin = 'https://x'\npassword = 'canary'",
            "line 4: credentials[0].password is not as it must be: a",
        ),
        ("[[credentials]]\nconnection = 'c'\norigin = 'https://x'\ntoken = 123454321", "line 4: credentials[0].token is not as it must be"),
        ("[fleet]\ntoken = 'canary'", "line 1: fleet is not as it must be"),
        ("version = 2", "line 1: version is 2, this rollwatch reads 1: upgrade rollwatch"),
        ("token = canary", "line 1, column 9: Invalid value"),
    ],
)
def test_a_file_that_is_not_understood_is_told_without_its_values(file: Path, content: str, problem: str) -> None:
    file.parent.mkdir(mode=0o700)
    file.touch(mode=0o600)
    file.write_text(content)
    found = Credentials(file, {}).find("c", HOME)
    assert found.problem.startswith(f"{file} {problem}")
    for canary in ("canary", "123454321"):
        assert canary not in repr(found)


def test_a_damaged_file_is_set_aside_when_something_is_saved(file: Path) -> None:
    file.parent.mkdir(mode=0o700)
    file.touch(mode=0o600)
    file.write_text("token = canary")
    Credentials(file, {}).save("c", HOME, NOW, token=Secret("t"))
    assert revealed(Credentials(file, {}).find("c", HOME)) == {"token": "t"}
    (aside,) = file.parent.glob("*.bad-*")
    assert aside.read_text() == "token = canary"


def test_a_newer_file_is_never_overwritten(file: Path) -> None:
    file.parent.mkdir(mode=0o700)
    file.touch(mode=0o600)
    file.write_text("version = 2")
    with pytest.raises(StorageError, match="upgrade"):
        Credentials(file, {}).save("c", HOME, NOW, token=Secret("t"))
    assert file.read_text() == "version = 2"


def test_a_secret_with_odd_characters_survives(file: Path) -> None:
    odd = 'a"b\\c\n\x00\x1b\u202eé\U0001f600'
    Credentials(file, {}).save("c", HOME, NOW, token=Secret(odd))
    assert revealed(Credentials(file, {}).find("c", HOME)) == {"token": odd}


# -- shared logins --------------------------------------------------------------------------------------------------------------------


def test_a_login_is_kept_for_its_origin(tmp_path: Path) -> None:
    logins = Logins(tmp_path / "logins", HOME, NOW)
    assert logins.load("fleet") is None
    logins.store("fleet", {"access_token": "a", "serial": 1})
    assert logins.load("fleet") == {"access_token": "a", "serial": 1}
    assert Logins(tmp_path / "logins", AWAY, NOW).load("fleet") is None
    assert logins.load("fleet2") is None
    (path,) = (tmp_path / "logins").glob("*.json")
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert logins.forget("fleet")
    assert not logins.forget("fleet")
    assert logins.load("fleet") is None


def test_a_login_moved_to_another_origins_place_is_not_used(tmp_path: Path) -> None:
    folder = tmp_path / "logins"
    home, away = Logins(folder, HOME, NOW), Logins(folder, AWAY, NOW)
    away.store("fleet", {"access_token": "away"})
    (place,) = folder.glob("*.json")
    place.unlink()
    home.store("fleet", {"access_token": "home"})
    (login,) = folder.glob("*.json")
    login.rename(place)
    assert away.load("fleet") is None


def test_names_never_leave_the_folder(tmp_path: Path) -> None:
    logins = Logins(tmp_path / "logins", HOME, NOW)
    for name in ("../../evil", "a/b", "", ".", "ü" * 300):
        logins.store(name, {"n": name})
        assert logins.load(name) == {"n": name}
    assert {each.parent for each in tmp_path.rglob("*.json")} == {tmp_path / "logins"}


def test_a_password_is_never_stored(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="never stored"):
        Logins(tmp_path / "logins", HOME, NOW).store("fleet", {"password": "p"})


def test_a_damaged_login_is_set_aside(tmp_path: Path) -> None:
    logins = Logins(tmp_path / "logins", HOME, NOW)
    for damage in (b"{", b"[]", b'{"version": 1}', b"\xff", b"[" * 100_000):
        logins.store("fleet", {"a": 1})
        (path,) = (tmp_path / "logins").glob("*.json")
        path.write_bytes(damage)
        assert logins.load("fleet") is None
        assert not path.exists()
    assert len(list(path.parent.glob("*.bad-*"))) == 5


def test_a_full_disk_keeps_the_last_login() -> None:
    with small_disk(megabytes=1) as disk:
        logins = Logins(disk / "logins", HOME, NOW)
        logins.store("fleet", {"serial": 1})
        with pytest.raises(StorageError):
            logins.store("fleet", {"serial": 2, "x": "y" * (2 << 20)})
        assert logins.load("fleet") == {"serial": 1}


def test_the_lock_excludes_threads_and_may_be_left_in_another(tmp_path: Path) -> None:
    logins = Logins(tmp_path / "logins", HOME, NOW)
    lock = logins.lock("fleet")
    lock.__enter__()
    blocked = threading.Event()

    def other() -> None:
        with logins.lock("fleet"):
            blocked.set()

    thread = threading.Thread(target=other)
    thread.start()
    assert not blocked.wait(0.1)
    leaving = threading.Thread(target=lock.__exit__, args=(None, None, None))
    leaving.start()
    leaving.join()
    assert blocked.wait(5)
    thread.join()
    with logins.lock("fleet"), logins.lock("other"):
        pass


def rotate(folder: str, turns: int) -> None:
    """What several consoles do with one login: read the one-time token, use it up, store the next one."""
    logins = Logins(Path(folder), HOME, NOW)
    for _ in range(turns):
        with logins.lock("fleet"):
            kept = logins.load("fleet")
            assert kept is not None
            spent = Path(folder) / f"spent-{kept['serial']}"
            os.close(os.open(spent, os.O_CREAT | os.O_EXCL))  # fails if another process used the same token
            logins.store("fleet", {"serial": kept["serial"] + 1})


def rotated(folder: Path, processes: int, turns: int) -> int:
    Logins(folder, HOME, NOW).store("fleet", {"serial": 0})
    context = multiprocessing.get_context("spawn")
    workers = [context.Process(target=rotate, args=(str(folder), turns)) for _ in range(processes)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join(50)
        assert worker.exitcode == 0, "a login was used twice or lost"
    (path,) = folder.glob("*.json")
    return int(json.loads(path.read_bytes())["login"]["serial"])


def test_processes_that_share_a_login_do_not_lose_it(tmp_path: Path) -> None:
    assert rotated(tmp_path / "logins", processes=3, turns=20) == 60


@pytest.mark.soak
def test_four_processes_rotate_eight_hundred_times(tmp_path: Path) -> None:
    assert rotated(tmp_path / "logins", processes=4, turns=200) == 800
