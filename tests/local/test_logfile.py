"""The program's log: private, bounded, without secrets, and never a reason to stop."""

from __future__ import annotations

import base64
import json
import logging
import os
import stat
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.local.disks import small_disk
from tests.local.histories import START
from tui.local import logfile
from tui.local.logfile import LogFile, open_log
from tui.local.paths import Paths
from tui.redaction import STARS, Redactor
from tui.text import Secret

log = logging.getLogger("tui.test")


@pytest.fixture
def paths(tmp_path: Path) -> Paths:
    return Paths.discover({"ROLLWATCH_HOME": str(tmp_path)}).prepare(START)


@pytest.fixture
def handler(paths: Paths) -> Iterator[LogFile]:
    with open_log(paths) as opened:
        yield opened


def test_lines_go_to_a_private_file_and_nowhere_else(paths: Paths, capfd: pytest.CaptureFixture[str]) -> None:
    before = logging.getLogger().handlers[:]
    old = os.umask(0)
    try:
        with open_log(paths) as handler:
            log.warning("fleet: %s", "no answer")
            logging.getLogger("another.library").info("GET /x")
            log.debug("too small")
    finally:
        os.umask(old)
    assert stat.S_IMODE(paths.log_file.stat().st_mode) == 0o600
    first, second = paths.log_file.read_text().splitlines()
    assert first.endswith("Z WARNING tui.test fleet: no answer")
    assert second.endswith("INFO another.library GET /x")
    assert len(handler.recent()) == 2
    assert capfd.readouterr() == ("", "")
    assert logging.getLogger().handlers == before


SECRET = 'dpat/+ "quoted"\\é~s3cr3t'


def spellings() -> dict[str, str]:
    raw = SECRET.encode()
    return {
        "plain": SECRET,
        "in a query": f"client_id=x&client_secret={quote(SECRET, safe='')}&y=z",
        "in JSON": json.dumps({"x": SECRET}),
        "in JSON unescaped": json.dumps({"x": SECRET}, ensure_ascii=False),
        "base64": base64.b64encode(raw).decode(),
        "base64 of a pair": base64.b64encode(b"id:" + raw).decode(),
        "base64 of another pair": base64.b64encode(b"abcd:" + raw + b"xy").decode(),
        "base64url": base64.urlsafe_b64encode(raw).decode(),
        "hexadecimal": raw.hex(),
        "repr": repr({"x": SECRET}),
        "bytes": str({"x": SECRET}.items()),
    }


@pytest.mark.parametrize("spelling", spellings())
def test_a_known_secret_is_starred_out_in_every_spelling(spelling: str, handler: LogFile, paths: Paths) -> None:
    text = spellings()[spelling]
    handler.redactor.add(Secret(SECRET))
    log.warning("sent %s away", text)
    try:
        raise ValueError(text)
    except ValueError:
        log.exception("failed")
    written = paths.log_file.read_text()
    raw = SECRET.encode()
    for form in (SECRET, quote(SECRET, safe=""), json.dumps(SECRET)[1:-1], base64.b64encode(raw)[3:-4].decode(), raw.hex()):
        assert form not in written
    assert text[8:-6] not in written
    assert STARS in written
    assert "s3cr3t" not in written


CANARIES = [
    "Authorization: Bearer canary1234567890",
    "{'authorization': 'Bearer User canary1234567890'}",
    "(b'Authorization', b'Basic Y2FuYXJ5OmNhbmFyeQ')",
    "sent with bearer ServiceAccount canary1234567890",
    "POST /oauth/token?client_id=a&client_secret=canary1234567890 401",
    '{"access_token":"canary1234567890","refresh_token": "canary1234567890"}',
    "password='canary with spaces'",
    "Token = canary1234567890",
    "https://me:canary1234567890@host/path",
    "eyJhbGciOiJIUzI1NiJ9.canary1234567890.signature",
    "pss_user:v1:canary1234567890:x:y",
    "dpat_canary1234567890",
    "Set-Cookie: session=canary1234567890; path=/",
    "x-api-key: canary1234567890",
]


@pytest.mark.parametrize("text", CANARIES)
def test_what_looks_like_a_secret_is_starred_out_though_nobody_knows_it(text: str) -> None:
    shown = Redactor()(f"before {text}")
    assert "canary" not in shown
    assert "Y2FuYXJ5" not in shown
    assert STARS in shown
    assert shown.startswith("before ")


@pytest.mark.parametrize(
    "text",
    [
        "fleet: signed out: rollwatch login fleet",
        "token_command: get-token ended with 1",
        "GET /v1/services?clusterId=01M8 200",
        "https://api.encore.dev/api/apps/x answered 502 at 12:30",
        "shop: the token is refused",
        "fleet/service/svc-1 ok -> failed (crashed)",
    ],
)
def test_ordinary_lines_stay_as_they_are(text: str) -> None:
    redactor = Redactor()
    redactor.add(Secret("abc"), None, Secret(""))
    assert redactor(text) == text


@given(st.text(min_size=6, max_size=40).filter(lambda text: len(text.strip()) >= 6), st.text(max_size=30), st.text(max_size=30))
def test_no_known_secret_survives_in_any_surroundings(secret: str, before: str, after: str) -> None:
    redactor = Redactor()
    redactor.add(Secret(secret))
    assert secret not in redactor(f"{before}{secret}{after}") or secret in before + STARS + after or secret in STARS


HOSTILE = {
    "dots": "a." * 50_000,
    "names": "token=" * 20_000,
    "schemes": "://" * 30_000,
    "words": "token " * 20_000,
    "quotes": '"' * 90_000,
    "headers": "authorization " * 8000,
}


@pytest.mark.parametrize("hostile", HOSTILE.values(), ids=HOSTILE)
def test_hostile_text_costs_little(handler: LogFile, hostile: str) -> None:
    before = time.perf_counter()
    log.warning("%s", hostile)
    assert time.perf_counter() - before < 0.5


def test_text_from_outside_cannot_forge_an_entry_or_reach_a_terminal(handler: LogFile, paths: Paths) -> None:
    text = "one\n2026-03-01T22:31:00Z ERROR tui forged\x1b[2J\x9b31m\u202e\udc80"
    handler.handle(
        log.makeRecord("tui.test", logging.WARNING, __file__, 1, "%s", (text,), None)
    )  # not for the test report, which chokes on it
    lines = paths.log_file.read_text().splitlines()
    assert len(lines) == 2
    assert lines[1].startswith("  2026")
    assert not {"\x1b", "\x9b", "\u202e", "\udc80"} & set("".join(lines))


def test_files_are_rotated_and_their_number_is_bounded(handler: LogFile, paths: Paths, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(logfile, "SIZE", 10_000)
    for number in range(1000):
        log.warning("%05d %s", number, "x" * 60)
    sizes = {each.name: each.stat().st_size for each in paths.log_dir.glob("rollwatch.log*") if not each.name.endswith(".lock")}
    assert set(sizes) == {"rollwatch.log", "rollwatch.log.1", "rollwatch.log.2"}
    assert max(sizes.values()) <= 10_000
    assert {stat.S_IMODE(each.stat().st_mode) for each in paths.log_dir.iterdir()} == {0o600}
    assert "00999" in paths.log_file.read_text()


WRITER = """
import logging, sys
from pathlib import Path
from tui.local import logfile
from tui.redaction import Redactor
logfile.SIZE = 20_000
handler = logfile.LogFile(Path(sys.argv[1]), Redactor())
logging.getLogger().addHandler(handler)
for number in range(300):
    logging.warning("%s %04d %s", sys.argv[2], number, "x" * 50)
"""


def test_two_processes_share_a_file(paths: Paths) -> None:
    writers = [subprocess.Popen([sys.executable, "-c", WRITER, str(paths.log_file), name]) for name in ("one", "two")]
    assert [writer.wait(30) for writer in writers] == [0, 0]
    files = [each for each in paths.log_dir.glob("rollwatch.log*") if not each.name.endswith(".lock")]
    lines = [line for each in files for line in each.read_text().splitlines()]
    assert all(line.endswith("x" * 50) and " WARNING root " in line for line in lines)
    assert len(files) <= 3
    assert len(lines) > 250


def test_a_removed_or_rotated_file_is_made_again(handler: LogFile, paths: Paths) -> None:
    log.warning("one")
    paths.log_file.unlink()
    log.warning("two")
    assert "two" in paths.log_file.read_text()


def test_a_full_disk_or_an_unusable_folder_never_stops_anything() -> None:
    with small_disk(megabytes=1) as disk:
        paths = Paths.discover({"ROLLWATCH_HOME": str(disk)}).prepare(START)
        with open_log(paths) as handler:
            (disk / "filler").write_bytes(b"x" * 900_000)
            for _ in range(200):
                log.warning("%s", "y" * 2000)
            assert handler.badge == "the log is not written: No space left on device"
            assert len(handler.recent()) == 200
            (disk / "filler").unlink()
            log.warning("room again")
            assert handler.badge == ""


def test_without_a_place_the_newest_lines_are_in_memory(tmp_path: Path) -> None:
    paths = Paths(config_dir=tmp_path, state_dir=tmp_path / "s", log_dir=tmp_path / "l", reason="there is no home")
    with open_log(paths) as handler:
        for number in range(600):
            log.warning("%d", number)
    assert handler.badge == "the log is kept in memory only: there is no home"
    assert len(handler.recent()) == 500
    assert handler.recent()[-1].endswith(" 599")
    assert list(tmp_path.iterdir()) == []


def test_a_planted_link_is_not_written_through(paths: Paths, tmp_path: Path) -> None:
    victim = tmp_path / "victim"
    victim.write_text("precious")
    paths.log_file.symlink_to(victim)
    with open_log(paths) as handler:
        log.warning("x")
        assert "is a link" in handler.badge
    assert victim.read_text() == "precious"


def test_a_line_that_cannot_be_formatted_is_dropped(handler: LogFile, capfd: pytest.CaptureFixture[str]) -> None:
    for message, arguments in (("%d", ("not a number",)), ("after", ())):
        handler.handle(log.makeRecord("tui.test", logging.WARNING, __file__, 1, message, arguments, None))
    assert [line[-5:] for line in handler.recent()] == ["after"]
    assert capfd.readouterr() == ("", "")


def test_the_redactor_forgets_the_oldest_and_tells_nothing() -> None:
    redactor = Redactor()
    for number in range(300):
        redactor.add(Secret(f"secret-number-{number}"))
    assert repr(redactor) == "Redactor(100 secrets)"
    assert redactor("secret-number-299") == STARS
