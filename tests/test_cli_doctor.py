"""Doctor: the way to each platform, and the bundle for a bug report, in which no secret is."""

from __future__ import annotations

import json
import socket
import ssl
import stat
import threading
from contextlib import suppress
from pathlib import Path

import pytest
import trustme

from tests.local.disks import small_disk
from tests.local.test_files import as_an_ordinary_user
from tests.test_cli_commands import Desk, desk, emulator  # noqa: F401 - fixtures
from tests.ui.desk import NOW, service
from tui.cli.checks import wrongs
from tui.cli.doctor import _network, _through
from tui.cli.exits import Exit
from tui.clock import ManualClock, SystemClock
from tui.engine.feeds import Feed
from tui.local.config import load
from tui.local.laststate import LastState
from tui.local.paths import Paths
from tui.model import Kind
from tui.platforms.base import Rows
from tui.platforms.registry import BASE_URLS

CANARY = "canary-7f3a9c1d5e"


def test_doctor_tells_the_way_to_each_platform_and_how_far_the_clocks_are_apart(desk: Desk) -> None:  # noqa: F811
    told = desk.json("doctor", "--json")
    found = {each["about"]: each for each in told["findings"]}
    for name in ("shop", "fleet", "vault"):
        assert "ms there and back" in found[f"{name}, the way"]["text"]
        assert "s apart" in found[f"{name}, the way"]["text"]
        assert found[f"{name}, the way"]["state"] == "ok"
    assert set(told) == {"version", "rollwatch", "findings"}


def test_doctor_asks_tmux_also_where_the_current_folder_is_gone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "gone").mkdir()
    monkeypatch.chdir(tmp_path / "gone")
    (tmp_path / "gone").rmdir()
    monkeypatch.setenv("TMUX", "/nowhere/tmux,1,0")
    (found,) = _through()
    assert found.about == "clipboard, alerts"
    assert "tmux" in found.text


def test_doctor_says_what_to_do_where_nobody_listens(desk: Desk) -> None:  # noqa: F811
    text = (desk.home / "config.toml").read_text().replace(desk.info["phase"]["base_url"], "http://127.0.0.1:1")
    (desk.home / "config.toml").write_text(text)
    done = desk.run("doctor")
    assert done.returncode == Exit.UNREACHABLE
    assert "vault, the way: check the address and the network between" in done.stdout


@pytest.mark.parametrize(
    ("ca_file", "text", "remedy"),
    [
        ("", "is not trusted: its certificate comes from an authority unknown here", "set ca_file for this connection, or SSL_CERT_FILE"),
        ("nowhere.pem", "nowhere.pem cannot be used: No such file or directory", "correct ca_file, or unset it"),
    ],
)
def test_the_way_is_told_in_the_words_of_the_connection_and_mended_where_it_is_wrong(ca_file: str, text: str, remedy: str) -> None:
    trusted = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    trustme.CA().issue_cert("127.0.0.1").configure_cert(trusted)
    with socket.create_server(("127.0.0.1", 0)) as server:
        threading.Thread(target=handshake, args=(server, trusted), daemon=True).start()
        found = _network("vault", f"https://127.0.0.1:{server.getsockname()[1]}", ca_file, ManualClock(NOW))
    assert (found.state, found.remedy) == ("bad", remedy)
    assert text in found.text


@pytest.mark.parametrize(
    ("place", "mode", "about", "remedy"),
    [
        ("", 0o777, "folder", "chmod 700 {}"),
        ("", 0o500, "journal", "verbs are refused"),
        ("state", 0o000, "journal", "verbs are refused"),
        ("state", 0o000, "state", "chmod u+rwX {}"),
        ("log", 0o000, "log", "chmod u+rwX {}"),
    ],
)
def test_doctor_finds_the_folder_for_which_something_is_refused(place: str, mode: int, about: str, remedy: str, desk: Desk) -> None:  # noqa: F811
    text = (desk.home / "config.toml").read_text()
    with as_an_ordinary_user() as folder:
        (folder / "config.toml").write_text(text)
        (folder / place).mkdir(exist_ok=True)
        (folder / place).chmod(mode)
        told = desk.run("doctor", "--json", ROLLWATCH_HOME=str(folder))
        (folder / place).chmod(0o700)
    assert told.returncode == Exit.UNREACHABLE
    found = {each["about"]: each for each in json.loads(told.stdout)["findings"] if each["state"] == "bad"}
    assert remedy.format(folder / place) in found[about]["remedy"]


def test_doctor_finds_a_disk_on_which_nothing_can_be_written_down(desk: Desk) -> None:  # noqa: F811
    text = (desk.home / "config.toml").read_text()
    with small_disk(megabytes=2) as folder:
        (folder / "config.toml").write_text(text)
        assert desk.run("doctor", ROLLWATCH_HOME=str(folder)).returncode == Exit.OK
        (folder / "full").write_bytes(b"x" * (1 << 20))
        told = desk.run("doctor", "--json", ROLLWATCH_HOME=str(folder))
    found = {each["about"]: each for each in json.loads(told.stdout)["findings"]}
    assert (told.returncode, found["disk"]["state"]) == (Exit.UNREACHABLE, "bad")
    assert found["disk"]["text"].endswith(f"KiB are left for {folder}/state")


def test_a_history_that_begins_anew_is_no_reason_to_mend_anything(desk: Desk) -> None:  # noqa: F811
    (desk.home / "state").mkdir(mode=0o700)
    (desk.home / "state" / "journal.sqlite").write_text("no journal " * 100)
    told = desk.run("doctor", "--json")
    found = {each["about"]: each for each in json.loads(told.stdout)["findings"]}
    assert "begins anew" in found["journal"]["text"]
    assert (told.returncode, found["journal"]["state"], found["journal"]["remedy"]) == (Exit.OK, "warn", "")


def handshake(server: socket.socket, trusted: ssl.SSLContext) -> None:
    """Take one connection, which is expected to leave."""
    with suppress(OSError), trusted.wrap_socket(server.accept()[0], server_side=True) as secure:
        secure.recv(1)


def test_where_a_proxy_stands_between_it_is_the_way(monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.create_server(("127.0.0.1", 0)) as proxy:
        port = proxy.getsockname()[1]
        monkeypatch.setenv("HTTPS_PROXY", f"http://me:{CANARY}@127.0.0.1:{port}")
        found = _network("vault", "https://phase.invalid", "", SystemClock())
    assert (found.state, f"to the proxy 127.0.0.1:{port}" in found.text) == ("ok", True), found
    gone = _network("vault", "https://phase.invalid", "", SystemClock())
    assert (gone.state, gone.remedy) == ("bad", "check HTTPS_PROXY and NO_PROXY")
    assert CANARY not in found.text + gone.text


def test_doctor_does_not_send_anybody_to_mend_what_is_the_platforms(desk: Desk) -> None:  # noqa: F811
    desk.emulator.do(lambda control: control.fault("html", platform="phase", status=503))
    try:
        done = desk.run("doctor")
    finally:
        desk.emulator.do(lambda control: control.clear_faults())
    assert done.returncode == Exit.UNREACHABLE
    assert "vault: the platform is in trouble: its status page knows more" in done.stdout


def test_a_file_that_is_wrong_for_all_is_told_once(desk: Desk) -> None:  # noqa: F811
    (desk.home / "credentials.toml").write_text("nonsense")
    (desk.home / "credentials.toml").chmod(0o600)
    told = [each for each in desk.json("doctor", "--json")["findings"] if each["about"] == "settings"]
    assert len(told) == 1
    assert "credentials.toml line 1" in told[0]["text"]


def test_the_bundle_holds_what_helps_and_no_secret(desk: Desk, tmp_path: Path) -> None:  # noqa: F811
    config = (desk.home / "config.toml").read_text()
    tools = f'[tools.a]\nrun = ["sh", "{CANARY}-a"]\n[tools.b]\nopen = "https://g.acme.test/x?key={CANARY}-b&of={{name}}"\n'
    (desk.home / "config.toml").write_text(f'{config}\n[alerts]\nwebhook = "https://hooks.acme.test/{CANARY}-hook"\n{tools}')
    log = desk.home / "log"
    log.mkdir(mode=0o700)
    (log / "rollwatch.log").write_text(f"2026-01-01T00:00:00Z WARNING x said {CANARY}-token and Bearer {CANARY}-other\n")
    (log / "rollwatch.log").chmod(0o600)
    path = tmp_path / "report.txt"
    done = desk.run("doctor", "--bundle", str(path), ROLLWATCH_FLEET_TOKEN=f"{CANARY}-token")
    assert done.returncode == Exit.OK, done.stderr
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    text = path.read_text()
    assert CANARY not in text
    assert desk.signed_in["ROLLWATCH_VAULT_TOKEN"] not in text
    assert desk.signed_in["ROLLWATCH_SHOP_CLIENT_SECRET"] not in text
    for part in (
        "== findings",
        "== configuration",
        "== variables",
        "== log",
        "ROLLWATCH_FLEET_TOKEN is set",
        "contexts.prod",
        "WARNING x said ***",
        "tools.a.run[0] = 'sh'",
        "tools.b.open = 'https://g.acme.test/x?***'",
    ):
        assert part in text
    again = desk.run("doctor", "--bundle", str(path))
    assert again.returncode != Exit.OK
    assert "exists already" in again.stderr
    assert path.read_text() == text


def test_what_is_asked_for_beside_the_bundle_is_not_left_out(desk: Desk, tmp_path: Path) -> None:  # noqa: F811
    path = tmp_path / "report.txt"
    done = desk.run("doctor", "--bundle", str(path), "--json")
    assert json.loads(done.stdout)["findings"]
    assert done.stderr == f"rollwatch: written to {path}; look through it before you send it to anybody\n"
    assert desk.run("doctor", "--bundle", str(path), "--alerts").returncode == Exit.USAGE
    empty = desk.run("doctor", "--bundle", "")
    assert (empty.returncode, empty.stdout) == (Exit.USAGE, "")
    assert empty.stderr == "rollwatch: --bundle names no file: write --bundle report.txt\n"


def test_the_json_stays_json(desk: Desk) -> None:  # noqa: F811
    assert json.loads(desk.run("doctor", "--json").stdout)["version"]


def test_keys_that_mean_nothing_or_two_things_are_named(desk: Desk, tmp_path: Path) -> None:  # noqa: F811
    config = 'keys = { "row.restart" = "s", "row.stopp" = "y" }\n[contexts.a.connections.fleet]\nplatform = "dployr"\n'
    (tmp_path / "config.toml").write_text(f'{config}base_url = "{desk.info["dployr"]["base_url"]}"\n')
    told = desk.json("doctor", "--json", ROLLWATCH_HOME=str(tmp_path))
    keys = [each["text"] for each in told["findings"] if each["about"] == "keys"]
    assert len(keys) == 2
    assert "did you mean 'row.stop'?" in keys[0]
    assert "means both 'row.restart' and 'row.stop'" in keys[1]
    shown = desk.run("doctor", ROLLWATCH_HOME=str(tmp_path)).stdout
    assert (shown.count("keys: rollwatch config path"), shown.count("keys: keys:")) == (1, 0), "what helps is said once"
    assert "a, fleet" in shown


def test_tools_that_could_not_be_used_are_named_and_none_is_started(desk: Desk, tmp_path: Path) -> None:  # noqa: F811
    address, trace = desk.info["dployr"]["base_url"], tmp_path / "trace"
    (tmp_path / "config.toml").write_text(
        f'[contexts.a.connections.fleet]\nplatform = "dployr"\nbase_url = "{address}"\n'
        f'[tools.there]\nrun = ["touch", "{trace}"]\n[tools.gone]\nrun = ["no-such-program"]\n[tools.neither]\n'
    )
    told = desk.json("doctor", "--json", ROLLWATCH_HOME=str(tmp_path))
    tools = {each["about"]: each["text"] for each in told["findings"] if each["about"].startswith("tool ")}
    assert tools == {"tool gone": "no-such-program is not found", "tool neither": "needs either run or open"}
    assert not trace.exists()


NAMED = """
theme = "nowhere"
[alerts]
command = ["no-such-notifier"]
[tools.host]
run = ["no-such-program", "{name}"]
[tools.both]
run = ["sh"]
open = "https://g.acme.test"
[tools.page]
open = "g.acme.test/{name}"
[tools.fine]
run = ["sh", "{name}"]
[tools.placed]
open = "https://{name}.acme.test/{id}"
[[contexts.a.guardrails]]
names = ["web-*", "wbe-*"]
refuse = "ask first"
[[contexts.a.guardrails]]
names = ["web-*"]
[contexts.a.connections.fleet]
platform = "dployr"
"""


def test_what_the_settings_name_and_is_not_there_is_told_with_what_to_do(tmp_path: Path) -> None:
    paths = Paths.discover({"ROLLWATCH_HOME": str(tmp_path)}).prepare(NOW)
    paths.config_file.write_text(NAMED)
    loaded = load(paths.config_file, environ={}, platforms=BASE_URLS)
    paths.runbooks_file.write_text('["*"]\nonwer = "x"\n')

    def told() -> dict[str, list[str]]:
        found: dict[str, list[str]] = {}
        for each in wrongs(paths, loaded, loaded.choose(), ManualClock(NOW)):
            assert each.remedy
            found.setdefault(each.about, []).append(each.text)
        return found

    assert told() == {
        "tool host": ["no-such-program is not found"],
        "tool both": ["needs either run or open"],
        "tool page": ["what it opens is no address of the web"],
        "alerts": ["no-such-notifier is not found: nobody is called"],
        "theme": ["'nowhere' does not exist"],
        "runbooks": [f'{paths.runbooks_file}: ["*"] onwer is not a setting: did you mean owner?'],
        "guardrail 2": ["it does nothing"],
    }
    last = LastState(paths.last_state_file("a"), feed=Feed, rows=Rows, now=lambda: NOW)
    last.save({Feed(connection="fleet", kind=Kind.SERVICE, scope=""): (Rows(items=(service("web-api"),)), NOW)})
    assert told()["guardrail 1"] == ["nothing that was listed last is called 'wbe-*'"]


def test_doctor_warns_of_what_the_settings_name_and_does_not_fail_for_it(desk: Desk) -> None:  # noqa: F811
    config = (desk.home / "config.toml").read_text()
    (desk.home / "config.toml").write_text(f'{config}\n[tools.host]\nrun = ["no-such-program"]\n')
    done = desk.run("doctor")
    assert done.returncode == Exit.OK
    assert "tool host: install it, or mend run of [tools.host]" in done.stdout
