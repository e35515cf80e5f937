"""A connection from what was typed, on an emulator: tried, written privately, and nothing where it does not work."""

from __future__ import annotations

import asyncio
import stat
from argparse import Namespace
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tui.cli.onboarding import Onboarding
from tui.clock import SystemClock
from tui.emulator import Options, read_flavours, start_in_thread
from tui.errors import ConfigError, NotFound, Refused, StorageError, Unauthorized, WrongBaseUrl
from tui.local.config import load
from tui.local.paths import Paths
from tui.platforms.registry import BASE_URLS
from tui.redaction import Redactor
from tui.ui.owner import Draft


@pytest.fixture(scope="module")
def info() -> Iterator[Any]:
    with start_in_thread(Options(scenario="calm")) as running:
        yield running.info


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("ROLLWATCH_HOME", str(tmp_path / "home"))
    return tmp_path / "home"


def at(home: Path) -> Onboarding:
    paths = Paths.discover({"ROLLWATCH_HOME": str(home)})
    return Onboarding(Namespace(context=None, read_only=False), paths, SystemClock(), Redactor())


def fleet(info: Any, **more: Any) -> Draft:
    told = info["dployr"]
    base = Draft(platform="dployr", name="fleet", base_url=told["base_url"], context="prod", token=told["token"])
    return replace(base, **more)


def test_a_first_run_in_a_folder_that_is_gone_finds_what_is_elsewhere(home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "gone").mkdir()
    monkeypatch.chdir(tmp_path / "gone")
    (tmp_path / "gone").rmdir()
    monkeypatch.setenv("PHASE_TOKEN", "pss_user:v1:x")
    assert "PHASE_TOKEN" in [each.title for each in at(home).finds()]


def test_what_works_is_written_privately_and_a_second_one_beside_it(info: Any, home: Path) -> None:
    onboarding = at(home)
    draft = fleet(info, production=True)
    assert onboarding.wrong(draft) == {}
    assert asyncio.run(onboarding.test(draft)).startswith("dployr, ")
    assert not home.exists(), "trying writes nothing"
    assert asyncio.run(onboarding.keep(draft)) == "prod"
    config, credentials = home / "config.toml", home / "credentials.toml"
    assert [stat.S_IMODE(each.stat().st_mode) for each in (config, credentials)] == [0o600, 0o600]
    assert draft.token not in config.read_text()
    assert draft.token in credentials.read_text()
    config.write_text("# mine\n" + config.read_text())
    app = info["encore"]["apps"][0]
    shop = Draft(
        platform="encore",
        name="shop",
        base_url=info["encore"]["base_url"],
        context="prod",
        apps=f"{app['id']}:{','.join(app['environments'])}",
        client_id=info["encore"]["client_id"],
        client_secret=info["encore"]["client_secret"],
    )
    asyncio.run(onboarding.test(shop))
    asyncio.run(onboarding.keep(shop))
    text = config.read_text()
    assert text.startswith("# mine\n")
    loaded = load(config, environ={}, platforms=BASE_URLS).choose()
    assert (loaded.name, loaded.context.production, list(loaded.context.connections)) == ("prod", True, ["fleet", "shop"])
    assert loaded.context.connections["shop"].apps[0].id == app["id"]
    assert onboarding.wrong(shop) == {"name": "prod has a connection shop already"}


def test_of_several_clusters_one_is_chosen_and_written(home: Path) -> None:
    with start_in_thread(Options(scenario="calm", flavours=read_flavours("dployr=current"))) as running:
        onboarding, draft = at(home), fleet(running.info)
        with pytest.raises(Refused, match="clusters: oncall, lab"):
            asyncio.run(onboarding.test(draft))
        draft = replace(draft, cluster="oncall")
        assert asyncio.run(onboarding.test(draft)).startswith("dployr, current API, owner of the cluster oncall; ")
        asyncio.run(onboarding.keep(draft))
        viewer = replace(draft, name="eyes", token=running.info["dployr"]["tokens"]["viewer@acme.test"])
        assert "current API, may only read: viewer of the cluster oncall; " in asyncio.run(onboarding.test(viewer))
    chosen = load(home / "config.toml", environ={}, platforms=BASE_URLS).choose()
    assert chosen.context.connections["fleet"].cluster == "oncall"


def test_an_app_that_the_platform_does_not_know_is_found_at_the_first_run(home: Path) -> None:
    with start_in_thread(Options(scenario="calm", flavours=read_flavours("encore=current"))) as running:
        told, onboarding = running.info["encore"], at(home)
        first, second = (each["id"] for each in told["apps"][:2])
        shop = Draft(
            platform="encore",
            name="shop",
            base_url=told["base_url"],
            context="prod",
            apps=f"{first}:prod shop-typo:prod",
            client_id=told["client_id"],
            client_secret=told["client_secret"],
        )
        with pytest.raises(NotFound, match="shop-typo: Encore knows no such app"):
            asyncio.run(onboarding.test(shop))
        assert asyncio.run(onboarding.test(replace(shop, apps=f"{first}:prod"))) == "encore, current API"
        own = told["apps"][0]
        foreign = replace(shop, apps=f"{first}:prod {second}:prod", client_id=own["client_id"], client_secret=own["client_secret"])
        assert asyncio.run(onboarding.test(foreign)).endswith(f"{second} may belong to another client: it may not be read")


def test_an_address_that_is_not_the_apis_is_said_to_be_wrong(info: Any, home: Path) -> None:
    phase = info["phase"]
    vault = Draft(platform="phase", name="vault", base_url=f"{phase['base_url']}/service/nowhere", context="prod", token=phase["token"])
    with pytest.raises(WrongBaseUrl) as told:
        asyncio.run(at(home).test(vault))
    assert (
        str(told.value) == "vault: what answers at this address has no list of applications: check base_url: this is not the API's address"
    )


def test_what_does_not_work_is_not_kept(info: Any, home: Path) -> None:
    onboarding = at(home)
    wrong = fleet(info, token="wrong-token-of-mine")
    with pytest.raises(Unauthorized) as refused:
        asyncio.run(onboarding.test(wrong))
    assert "wrong-token" not in str(refused.value)
    with pytest.raises(ConfigError, match="try it once more"):
        asyncio.run(onboarding.keep(wrong))
    assert not home.exists()
    assert "wrong-token" not in repr(wrong)


def test_a_configuration_that_changed_under_it_or_is_no_toml_is_left_alone(info: Any, home: Path) -> None:
    onboarding = at(home)
    draft = fleet(info)
    asyncio.run(onboarding.test(draft))
    home.mkdir(mode=0o700)
    (home / "config.toml").write_text("this is [ no toml")
    with pytest.raises((ConfigError, StorageError)):
        asyncio.run(onboarding.keep(draft))
    assert (home / "config.toml").read_text() == "this is [ no toml"
    assert not (home / "credentials.toml").exists()


@pytest.mark.parametrize(
    ("more", "field"),
    [
        ({"platform": "heroku"}, "platform"),
        ({"name": "my fleet"}, "name"),
        ({"context": ""}, "context"),
        ({"base_url": "http://example.com"}, "base_url"),
        ({"base_url": "base.dployr.io"}, "base_url"),
        ({"token": ""}, "token"),
        ({"platform": "encore"}, "client_id"),
        ({"platform": "encore", "client_id": "x", "client_secret": "y", "apps": ":prod"}, "apps"),
        ({"platform": "encore", "client_id": "x", "client_secret": "y", "apps": "shop:staging;prod"}, "apps"),
    ],
)
def test_what_is_wrong_is_said_by_field(home: Path, more: dict[str, Any], field: str) -> None:
    draft = replace(Draft(platform="dployr", name="fleet", base_url="https://base.dployr.io", context="prod", token="t"), **more)
    assert field in at(home).wrong(draft)
    assert at(home).wrong(replace(draft, platform="dploy"))["platform"] == "did you mean dployr?"
