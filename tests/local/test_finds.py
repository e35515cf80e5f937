"""What a first run finds on the machine: variables, the dployr CLI's file, encore.app; of bad ones it says so."""

from __future__ import annotations

from pathlib import Path

from tests.local.test_files import as_an_ordinary_user
from tui.local.finds import finds


def test_each_source_is_found_and_says_where_it_was(tmp_path: Path) -> None:
    cli = tmp_path / "dployr.toml"
    cli.write_text('base_url = "https://base.acme.test"\n[auth]\nsession_cookie = "session=abcdef12; Path=/; HttpOnly"\n')
    (tmp_path / "encore.app").write_text('// the app\n{\n  "id": "shop-3p2i",\n}\n')
    deep = tmp_path / "api" / "pay"
    deep.mkdir(parents=True)
    environ = {"PHASE_SERVICE_TOKEN": "pss_service:v2:x", "PHASE_HOST": "https://vault.acme.test/", "DPLOYR_TOKEN": "dpat_1"}
    found = finds(environ, deep, (tmp_path / "none.toml", cli))
    assert [(each.title, each.platform, each.base_url, each.app) for each in found] == [
        ("PHASE_SERVICE_TOKEN", "phase", "https://vault.acme.test/service/public", ""),
        ("DPLOYR_TOKEN", "dployr", "https://base.acme.test", ""),
        ("the dployr CLI's session", "dployr", "https://base.acme.test", ""),
        (f"encore.app in {tmp_path.name[:40]}", "encore", "", "shop-3p2i"),
    ]
    assert [each.token.reveal() if each.token else "" for each in found] == ["pss_service:v2:x", "dpat_1", "session=abcdef12", ""]
    assert "dpat_1" not in repr(found)


def test_what_makes_no_sense_is_told_and_nothing_is_taken_from_it(tmp_path: Path) -> None:
    folder = tmp_path / "shop"
    folder.mkdir()
    cli, app = tmp_path / "dployr.toml", folder / "encore.app"
    cli.write_bytes(b"\xff not toml")
    app.write_text('{"id": "../../etc"}')

    def told(environ: dict[str, str], *files: Path) -> list[str]:
        found = finds(environ, folder, files)
        assert not any(each.token or each.app or each.base_url for each in found)
        return [each.problem for each in found]

    assert told({"DPLOYR_TOKEN": " "}, cli) == [f"{cli} is no TOML", "encore.app in shop names no application: encore app link does"]
    app.write_text('{"id": ""}')
    assert told({}) == ["encore.app in shop names no application: encore app link does"], "as it is before it is linked"
    app.write_text("[" * 50_000)
    assert told({}) == ["encore.app in shop is no JSON"]
    app.unlink()
    cli.write_text("base_url = 3")
    cli.chmod(0o666)
    assert "can be changed by others" in told({}, cli)[0]


def test_in_a_folder_that_is_closed_to_us_nothing_is_found() -> None:
    with as_an_ordinary_user() as folder:
        folder.chmod(0o000)
        assert finds({}, folder, ()) == ()
        folder.chmod(0o700)
