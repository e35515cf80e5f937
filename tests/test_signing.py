"""Signing in from inside the console, on an emulator: tried, kept privately, a password never; forgotten again."""

from __future__ import annotations

import asyncio
import stat
from argparse import Namespace
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tests.configs import three
from tui.cli.signing import Signing
from tui.clock import SystemClock
from tui.emulator import Options, start_in_thread
from tui.errors import ConfigError, Refused, Unauthorized, UsageError
from tui.local.paths import Paths
from tui.redaction import Redactor
from tui.ui.owner import Draft


@pytest.fixture(scope="module")
def info() -> Iterator[Any]:
    with start_in_thread(Options(scenario="calm")) as running:
        yield running.info


@pytest.fixture
def home(tmp_path: Path, info: Any, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("ROLLWATCH_HOME", str(tmp_path))
    text = three(**{name: info[name]["base_url"] for name in ("dployr", "encore", "phase")})
    (tmp_path / "config.toml").write_text(f'{text}token_command = ["false"]\n')
    (tmp_path / "config.toml").chmod(0o600)
    return tmp_path


@pytest.fixture
def signing(home: Path) -> Signing:
    paths = Paths.discover({"ROLLWATCH_HOME": str(home)})
    return Signing(Namespace(context=None, read_only=False), paths, SystemClock(), Redactor())


def draft(info: Any, name: str, **typed: str) -> Draft:
    platform = {"fleet": "dployr", "shop": "encore", "vault": "phase"}[name]
    return Draft(platform=platform, name=name, base_url=info[platform]["base_url"], context="prod", **typed)


async def kept(signing: Signing, wanted: Draft) -> str:
    seen = await signing.test(wanted)
    assert await signing.keep(wanted) == "prod"
    return seen


def test_each_platform_is_signed_in_to_with_what_it_takes_and_out_of_again(signing: Signing, home: Path, info: Any) -> None:
    told = info["dployr"], info["encore"], info["phase"]
    drafts = (
        draft(info, "fleet", token=told[0]["token"]),
        draft(info, "shop", client_id=told[1]["client_id"], client_secret=told[1]["client_secret"]),
        draft(info, "vault", token=told[2]["token"]),
    )
    for wanted in drafts:
        assert signing.wrong(wanted) == {}
        assert signing.wrong(replace(wanted, token="", client_secret="")) != {}
        seen = asyncio.run(kept(signing, wanted))
        assert seen.startswith(wanted.platform)
        assert ("shop" in wanted.name) or ": " in seen, "what was seen is named"
    file = home / "credentials.toml"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert all((each.token or each.client_secret) in file.read_text() for each in drafts)
    assert asyncio.run(signing.forget("prod", "fleet"))
    assert drafts[0].token not in file.read_text()
    assert not asyncio.run(signing.forget("prod", "fleet"))


def test_a_password_opens_a_login_and_is_written_nowhere(signing: Signing, home: Path, info: Any) -> None:
    told = info["dployr"]
    asyncio.run(kept(signing, draft(info, "fleet", email=told["email"], password=told["password"])))
    written = b"".join(each.read_bytes() for each in home.rglob("*") if each.is_file())
    assert told["email"].encode() in written
    assert told["password"].encode() not in written
    assert list((home / "state" / "logins").glob("fleet-*.json"))
    assert asyncio.run(signing.forget("prod", "fleet"))
    assert not list((home / "state" / "logins").glob("fleet-*.json"))


def test_what_does_not_work_is_not_kept_and_no_other_is_either(signing: Signing, home: Path, info: Any) -> None:
    wrong, right = draft(info, "fleet", token="nope"), draft(info, "fleet", token=info["dployr"]["token"])
    with pytest.raises(Unauthorized):
        asyncio.run(signing.test(wrong))
    asyncio.run(signing.test(right))
    with pytest.raises(ConfigError, match="changed after it was tried"):
        asyncio.run(signing.keep(wrong))
    assert not (home / "credentials.toml").exists()


def test_what_goes_before_is_named_without_running_it(signing: Signing, monkeypatch: pytest.MonkeyPatch) -> None:
    assert [signing.earlier("prod", name) for name in ("fleet", "vault", "none")] == ["", "token_command", ""]
    monkeypatch.setenv("ROLLWATCH_FLEET_TOKEN", "a-token")
    assert signing.earlier("prod", "fleet") == "environment ROLLWATCH_FLEET_TOKEN"


@pytest.mark.parametrize("quirks", [frozenset(), frozenset({"dployr-totp"})])
def test_a_code_becomes_a_token_that_is_kept(quirks: frozenset[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    flavours = dict.fromkeys(("encore", "dployr", "phase"), "current")
    with start_in_thread(Options(scenario="calm", flavours=flavours, quirks=quirks)) as running:
        info = running.info
        monkeypatch.setenv("ROLLWATCH_HOME", str(tmp_path))
        text = three(**{name: info[name]["base_url"] for name in ("dployr", "encore", "phase")})
        address = info["dployr"]["base_url"]
        (tmp_path / "config.toml").write_text(text.replace(f'"{address}"', f'"{address}"\ncluster = "oncall"'))
        (tmp_path / "config.toml").chmod(0o600)
        paths = Paths.discover({"ROLLWATCH_HOME": str(tmp_path)})
        signing = Signing(Namespace(context=None, read_only=False), paths, SystemClock(), Redactor())
        wanted = draft(info, "fleet", email=info["dployr"]["email"])
        asked: list[str] = []

        async def code(question: str) -> str:
            asked.append(question)
            told: list[str] = []
            running.do(lambda control: told.append(control.code(wanted.email)))
            return told[0]

        assert signing.wrong(wanted) == {}
        with pytest.raises(UsageError, match="nobody can be asked for the code"):
            asyncio.run(signing.test(wanted))
        assert asyncio.run(signing.test(wanted, code)).startswith("dployr, current API")
        assert asyncio.run(signing.keep(wanted)) == "prod"
        assert "dpat_" in (tmp_path / "credentials.toml").read_text()
        assert asked[0] == ("code from the authenticator" if quirks else "code from the e-mail")


def test_a_server_that_sends_no_codes_says_that_it_wants_the_password(signing: Signing, info: Any) -> None:
    wanted = draft(info, "fleet", email=info["dployr"]["email"])
    with pytest.raises(Refused, match="sends no codes: sign in with the password"):
        asyncio.run(signing.test(wanted))
