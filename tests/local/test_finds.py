"""What a first run finds on the machine: variables, the dployr CLI's file, encore.app; with bad ones it finds nothing."""

from __future__ import annotations

from pathlib import Path

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


def test_what_makes_no_sense_is_not_found(tmp_path: Path) -> None:
    cli = tmp_path / "dployr.toml"
    cli.write_bytes(b"\xff not toml")
    (tmp_path / "encore.app").write_text('{"id": "../../etc"}')
    assert finds({"DPLOYR_TOKEN": " "}, tmp_path, (cli,)) == ()
    (tmp_path / "encore.app").write_text("[" * 100_000)
    assert finds({}, tmp_path, ()) == ()
