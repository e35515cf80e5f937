"""The configuration: what holds, where it came from, and one clear line for everything that is wrong."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tui.errors import ConfigError
from tui.local.config import Loaded, load
from tui.local.settings import schema

PLATFORMS = {"encore": "https://api.encore.dev", "dployr": "https://base.dployr.io", "phase": "https://api.phase.dev"}

DOCUMENTED = """\
default_context = "prod"
[contexts.prod]
read_only = false
production = true                      # typed confirmation for what cannot be undone
[contexts.prod.connections.shop]
platform = "encore"
base_url = "https://api.encore.dev"    # default; https://api.encore.cloud works the same
apps = [{ id = "shop-3p2i", environments = ["staging", "prod"] }]
[contexts.prod.connections.fleet]
platform = "dployr"
base_url = "https://base.dployr.io"
[contexts.prod.connections.vault]
platform = "phase"
base_url = "https://api.phase.dev"
"""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "config.toml"


def read(file: Path, text: str | bytes | None = None, environ: dict[str, str] | None = None, **flags: object) -> Loaded:
    if text is not None:
        file.write_bytes(text if isinstance(text, bytes) else text.encode())
    return load(file, environ=environ or {}, platforms=PLATFORMS, **flags)  # type: ignore[arg-type]


def refused(file: Path, text: str | bytes | None = None, environ: dict[str, str] | None = None, **flags: object) -> str:
    with pytest.raises(ConfigError) as error:
        read(file, text, environ, **flags).choose()
    line = str(error.value)
    assert "\n" not in line
    return line.replace(str(file), "config.toml")


def test_the_documented_file(file: Path) -> None:
    loaded = read(file, DOCUMENTED)
    chosen = loaded.choose()
    assert chosen.name == "prod"
    assert (chosen.context.read_only, chosen.context.production) == (False, True)
    assert {name: (each.platform, each.base_url) for name, each in chosen.context.connections.items()} == {
        "shop": ("encore", "https://api.encore.dev"),
        "fleet": ("dployr", "https://base.dployr.io"),
        "vault": ("phase", "https://api.phase.dev"),
    }
    (app,) = chosen.context.connections["shop"].apps
    assert (app.id, app.environments) == ("shop-3p2i", ("staging", "prod"))
    assert loaded.exists
    assert not loaded.empty


def test_no_file_is_no_error_until_something_is_wanted(file: Path) -> None:
    loaded = read(file)
    assert (loaded.exists, loaded.empty) == (False, True)
    assert "nothing is connected" in refused(file)


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("default_contxt = 'x'", "config.toml line 1: default_contxt is not a setting: did you mean default_context?"),
        ("\n\n[contexts.prod]\nread_onli = true", "config.toml line 4: contexts.prod.read_onli is not a setting: did you mean read_only?"),
        ("[contexts.prod]\nread_only = 'yes'", "config.toml line 2: contexts.prod.read_only is 'yes' (text), expected true or false"),
        ("[contexts.prod]\nread_only = 1", "config.toml line 2: contexts.prod.read_only is 1 (a whole number), expected true or false"),
        ("theme = 3.5", "config.toml line 1: theme is 3.5 (a number), expected text in quotes"),
        ("mouse = []", "config.toml line 1: mouse is a list, expected true or false"),
        ("contexts = 'prod'", "config.toml line 1: contexts is 'prod' (text), expected a table"),
        ("[contexts]\nprod = true", "config.toml line 2: contexts.prod is true (true or false), expected a table"),
        ("version = 2", "config.toml line 1: version is 2, this rollwatch reads 1: upgrade rollwatch"),
        ("version = 2\nunheard_of = 1", "config.toml line 1: version is 2, this rollwatch reads 1: upgrade rollwatch"),
        ("version = 0", "config.toml line 1: version is 0 (a whole number), expected a whole number from 1"),
        ("a = 1\na = 2", "config.toml line 2: the same key is there twice"),
        ("[contexts.a]\n[contexts.a]", "config.toml line 2, column 12: the table [contexts.a] is there twice"),
        ("theme = ", "config.toml line 1: Invalid value"),
        ("a = 1\na = 2\n", "config.toml line 2, column 6: the same key is there twice"),
        ("theme 'x'", "config.toml line 1, column 7: Expected '=' after a key in a key/value pair"),
        (b"\xef\xbb\xbftheme = 'x'", "config.toml line 1: begins with a byte order mark: save it as UTF-8 without one"),
        ("theme = 'x'".encode("utf-16"), "config.toml is UTF-16 text: save it as UTF-8"),
        (b"# ok\n# \xff\n", "config.toml line 2: byte 0xff is not UTF-8: save it as UTF-8"),
        (b"theme = 'x'\n\0", "config.toml line 2: holds a NUL byte: this is not a text file"),
        pytest.param("x = " + "[" * 5000, "config.toml: tables are nested too deeply", id="brackets"),
        pytest.param("a." * 50000 + "a = 1", "config.toml: tables are nested too deeply", id="dots"),
        pytest.param("version = " + "9" * 5000, "config.toml: Exceeds the limit", id="digits"),
        ('theme = "a\\u001b[2Jb"', "config.toml line 1: theme holds a character that cannot be shown, or is too long"),
        ('"th\\u202eeme" = 1', "config.toml line 1: th\ufffdeme holds a character that cannot be shown, or is too long"),
        ("[contexts.'a/b']", "config.toml line 1: contexts.a/b is not a name that can be used: expected a name of letters"),
        ("[[contexts.prod.guardrails]]\nverbs = ['stopp']", "expected one of create, update, delete, start, stop, restart, set, trigger,"),
        ("default_context = 'prd'\n[contexts.prod]", "config.toml line 1: there is no context prd: did you mean prod?"),
        ("[contexts.a]\n[contexts.b]", "config.toml: default_context is missing: choose with --context: a, b"),
        (
            "[tools.t]\nrun = ['x', '{input.ag}']\ninputs = [{ name = 'age' }]",
            "config.toml line 2: tools.t.run[1] names {input.ag}, which is not asked for: did you mean age?",
        ),
        (
            "[contexts.p.tools.t]\nopen = 'https://x/{input.age}'",
            "config.toml line 2: contexts.p.tools.t.open names {input.age}, which is not asked for: add [[contexts.p.tools.t.inputs]] with",
        ),
        (
            "[tools.t]\nrun = ['{input.age}']\ninputs = [{ name = 'age' }]",
            "config.toml line 2: tools.t.run[0] is asked for: the program itself must stand in the file",
        ),
        (
            "[tools.t]\nrun = ['x']\n[[tools.t.inputs]]\nname = 'age'",
            "config.toml line 3: tools.t.inputs[0] is given to nobody: write {input.age} into run or open, or add variable = …",
        ),
        (
            "[tools.t]\nrun = ['x', '{input.age}']\ninputs = [{ name = 'age' }, { name = 'age' }]",
            "config.toml line 3: tools.t.inputs[1].name is 'age' a second time: call it otherwise",
        ),
        (
            "[tools.t]\nrun = ['x', '{input.age}']\ninputs = [{ name = 'age', type = 'choice' }]",
            "config.toml line 3: tools.t.inputs[0] needs both type choice and choices, or neither: add choices",
        ),
        (
            "[tools.t]\nrun = ['x', '{input.age}']\ninputs = [{ name = 'age', type = 'choice', choices = ['day'], default = 'dya' }]",
            "config.toml line 3: tools.t.inputs[0].default is 'dya', which cannot be picked: did you mean day?",
        ),
        (
            "[tools.t]\nrun = ['x']\ninputs = [{ name = 'age', type = 'int', variable = 'AGE' }]",
            "tools.t.inputs[0].type is 'int' (text), expected one of bool, choice, number, string",
        ),
    ],
)
def test_what_is_wrong_is_said_in_one_line(file: Path, text: str | bytes, line: str) -> None:
    assert line in refused(file, text)


@pytest.mark.parametrize(
    ("setting", "line"),
    [
        ("platform = 'encor'", "contexts.p.connections.c.platform is 'encor' (text), which is no platform: did you mean encore?"),
        ("platform = 'heroku'", "which is no platform: one of dployr, encore, phase"),
        ("", "config.toml line 1: contexts.p.connections.c has no platform: add platform = …"),
        ("platform = 'phase'\nbase_ulr = ''", "line 3: contexts.p.connections.c.base_ulr is not a setting: did you mean base_url?"),
        ("platform = 'phase'\nbase_url = 'http://x.example'", "line 3: contexts.p.connections.c.base_url must begin with https://"),
        ("platform = 'phase'\nbase_url = 'https://me:hunter2@x.example'", "base_url holds a user name or password"),
        ("platform = 'phase'\nflavour = 'curent'", "expected one of auto, current, documented: did you mean current?"),
        (
            "platform = 'phase'\nrefresh = -1",
            "line 3: contexts.p.connections.c.refresh is -1 (a whole number), expected a number from 0 to 86400",
        ),
        ("platform = 'phase'\nrefresh = nan", "line 3: contexts.p.connections.c.refresh is nan, expected a number"),
        ("platform = 'phase'\nrefresh_path = 'x'", "expected text in quotes that begins with /"),
        ("platform = 'phase'\ntoken_command = 'pass x'", "token_command is 'pass x' (text), expected a list in [ ]"),
        (
            "platform = 'phase'\ntoken_command = ['a', 1]",
            "line 3: contexts.p.connections.c.token_command[1] is 1 (a whole number), expected text",
        ),
        ("platform = 'encore'\napps = [{ id = 'a' }, { name = 'b' }]", "line 3: contexts.p.connections.c.apps[1].name is not a setting"),
        ("platform = 'encore'\napps = [{ environments = [] }]", "line 3: contexts.p.connections.c.apps[0] has no id"),
    ],
)
def test_what_is_wrong_with_a_connection(file: Path, setting: str, line: str) -> None:
    said = refused(file, f"[contexts.p.connections.c]\n{setting}")
    assert line in said
    assert "hunter2" not in said


@pytest.mark.parametrize("key", ["token", "password", "client_secret", "API_KEY"])
def test_a_secret_in_the_file_is_never_repeated(file: Path, key: str) -> None:
    said = refused(file, f"[contexts.p.connections.c]\nplatform = 'phase'\n{key} = 'hunter2'")
    assert "credentials do not belong here" in said
    assert "hunter2" not in said


def test_lines_are_right_behind_strings_of_several_lines_and_quoted_and_dotted_keys(file: Path) -> None:
    told = ['theme = """\\', "[contexts.z]\\", "mouse = 1\\", 'version = 9"""', '"mouse" = true', '[contexts."a"]']
    text = "\n".join([*told, 'connections.c.platform = "phase"', ""])
    values = {key: source for key, _, source in read(file, text).values()}
    assert values["mouse"] == f"{file} line 5"
    assert values["contexts.a.connections.c.platform"] == f"{file} line 7"
    assert values["version"] == "default"
    assert "config.toml line 8: contexts.a.connections.c.refresh is" in refused(file, text + "connections.c.refresh = 'x'")


def test_links(file: Path) -> None:
    base = DOCUMENTED + "[[contexts.prod.links]]\nname = 'checkout'\n"
    loaded = read(file, base + "members = ['shop/application/shop-3p2i', 'vault/application/1-2']")
    (link,) = loaded.choose().context.links
    assert (link.name, link.members) == ("checkout", ("shop/application/shop-3p2i", "vault/application/1-2"))
    for members, said in {
        "['shop']": "links[0].members[0] is wrong: 'shop' is not a reference",
        "['shop/aplication/1']": "'aplication' is not a kind",
        "['shop/application/1', 'fleat/service/1']": "members[1] names 'fleat', which is no connection of this context: did you",
        "[]": "links[0].members is empty",
    }.items():
        assert said in refused(file, base + f"members = {members}")
        assert "line 17" in refused(file, base + f"members = {members}")


def test_connections_that_would_share_their_variables_are_refused(file: Path) -> None:
    said = refused(file, "[contexts.p.connections]\na-b = {platform = 'phase'}\na_b = {platform = 'phase'}")
    assert "line 3: contexts.p.connections.a_b and a-b would share the variables ROLLWATCH_A_B_…: rename one" in said


def test_flag_beats_environment_beats_file_beats_default(file: Path) -> None:
    text = "theme = 'f'\ndefault_context = 'a'\n[contexts.a]\n[contexts.b]\n[contexts.c]\ntheme = 'own'"
    env = {"ROLLWATCH_CONTEXT": "b", "ROLLWATCH_THEME": "e"}
    assert read(file, text).choose().name == "a"
    assert read(file, text, env).choose().name == "b"
    assert read(file, text, env, context="c").choose().name == "c"
    loaded = read(file, text, env, theme="flagged")
    assert (loaded.config.theme, loaded.config.contexts["c"].theme) == ("flagged", "flagged")
    assert read(file, text).config.contexts["c"].theme == "own"
    values = {key: (value, source) for key, value, source in loaded.values()}
    assert values["theme"] == ("flagged", "flag --theme")
    assert values["default_context"] == ("b", "environment ROLLWATCH_CONTEXT")
    assert values["mouse"] == (True, "default")
    switched = {key: (value, source) for key, value, source in read(file, "output = 'auto'", {"ROLLWATCH_OUTPUT": "plain"}).values()}
    assert switched["output"] == ("plain", "environment ROLLWATCH_OUTPUT")
    values = {key: (value, source) for key, value, source in read(file, text).values()}
    assert values["default_context"] == ("a", f"{file} line 2")


def test_every_value_remembers_its_source(file: Path) -> None:
    loaded = read(file, DOCUMENTED, {"ROLLWATCH_FLEET_REFRESH": "30"})
    values = {key: (value, source) for key, value, source in loaded.values()}
    shop, fleet = "contexts.prod.connections.shop", "contexts.prod.connections.fleet"
    assert values[f"{shop}.platform"] == ("encore", f"{file} line 6")
    assert values[f"{shop}.apps[0].environments[1]"] == ("prod", f"{file} line 8")
    assert values[f"{shop}.flavour"] == ("auto", "default")
    assert values[f"{fleet}.refresh"] == (30.0, "environment ROLLWATCH_FLEET_REFRESH")


def test_read_only_can_only_be_tightened(file: Path) -> None:
    text = "[contexts.a]\nread_only = true\n[contexts.b]"
    for environ, flag, wanted in (({}, False, (True, False)), ({"ROLLWATCH_READ_ONLY": "0"}, False, (True, False))):
        contexts = read(file, text, environ, read_only=flag).config.contexts
        assert (contexts["a"].read_only, contexts["b"].read_only) == wanted
    for environ, flag in (({"ROLLWATCH_READ_ONLY": "1"}, False), ({}, True), ({"ROLLWATCH_READ_ONLY": "no"}, True)):
        contexts = read(file, text, environ, read_only=flag).config.contexts
        assert all(each.read_only for each in contexts.values())
    assert refused(file, text, {"ROLLWATCH_READ_ONLY": "maybe"}) == "environment ROLLWATCH_READ_ONLY is 'maybe' (text), expected 1 or 0"


def test_connections_by_environment_alone(file: Path) -> None:
    environ = {
        "ROLLWATCH_MY_FLEET_PLATFORM": "dployr",
        "ROLLWATCH_MY_FLEET_BASE_URL": "http://127.0.0.1:8000/",
        "ROLLWATCH_SHOP_PLATFORM": "encore",
        "ROLLWATCH_SHOP_APPS": "shop-3p2i:staging,prod other",
    }
    loaded = read(file, None, environ)
    chosen = loaded.choose()
    assert chosen.name == "environment"
    assert {name: each.base_url for name, each in chosen.context.connections.items()} == {
        "my-fleet": "http://127.0.0.1:8000",
        "shop": "https://api.encore.dev",
    }
    assert [(app.id, app.environments) for app in chosen.context.connections["shop"].apps] == [
        ("shop-3p2i", ("staging", "prod")),
        ("other", ()),
    ]
    values = {key: source for key, _, source in loaded.values()}
    assert values["contexts.environment.connections.shop.apps[0].id"] == "environment ROLLWATCH_SHOP_APPS"


def test_a_connection_by_environment_joins_the_selected_context(file: Path) -> None:
    environ = {"ROLLWATCH_EXTRA_PLATFORM": "phase"}
    text = "default_context = 'a'\n[contexts.a]\n[contexts.b]"
    assert set(read(file, text, environ).config.contexts["a"].connections) == {"extra"}
    assert set(read(file, text, environ, context="b").config.contexts["b"].connections) == {"extra"}
    assert read(file, "[contexts.a]\n[contexts.b]", environ).choose().name == "environment"
    assert set(read(file, "[contexts.a]", environ).config.contexts["a"].connections) == {"extra"}


def test_the_environment_overrules_a_connection_of_the_file(file: Path) -> None:
    loaded = read(file, DOCUMENTED, {"ROLLWATCH_FLEET_BASE_URL": "http://localhost:1/x", "ROLLWATCH_FLEET_PLATFORM": "dployr"})
    assert loaded.choose().context.connections["fleet"].base_url == "http://localhost:1/x"


@pytest.mark.parametrize(
    ("environ", "line"),
    [
        (
            {"ROLLWATCH_FLEET_FLAVOUR": "new"},
            "environment ROLLWATCH_FLEET_FLAVOUR: contexts.prod.connections.fleet.flavour is 'new' (text)",
        ),
        ({"ROLLWATCH_FLEET_REFRESH": "soon"}, "environment ROLLWATCH_FLEET_REFRESH is 'soon' (text), expected a number"),
        (
            {"ROLLWATCH_FLEET_BASE_URL": "http://h"},
            "environment ROLLWATCH_FLEET_BASE_URL: contexts.prod.connections.fleet.base_url must begin",
        ),
        ({"ROLLWATCH_X_PLATFORM": "dploy"}, "environment ROLLWATCH_X_PLATFORM: contexts.prod.connections.x.platform is 'dploy'"),
        ({"ROLLWATCH_SHOP_APPS": ":prod"}, "environment ROLLWATCH_SHOP_APPS is ':prod' (text), expected APP:ENVIRONMENT"),
        ({"ROLLWATCH_CONTEXT": "prd"}, "environment ROLLWATCH_CONTEXT: there is no context prd: did you mean prod?"),
        ({"ROLLWATCH_THEME": "a\x1b[2J"}, "environment ROLLWATCH_THEME: contexts.prod.theme holds a character"),
    ],
)
def test_what_is_wrong_in_the_environment_names_the_variable(file: Path, environ: dict[str, str], line: str) -> None:
    assert line in refused(file, DOCUMENTED, environ)


def test_plain_http_cannot_be_allowed_by_environment(file: Path) -> None:
    environ = {"ROLLWATCH_FLEET_ALLOW_INSECURE": "true", "ROLLWATCH_FLEET_BASE_URL": "http://far.example"}
    assert "must begin with https://" in refused(file, DOCUMENTED, environ)
    text = DOCUMENTED.replace('"dployr"', '"dployr"\nallow_insecure = true')
    assert read(file, text, environ).choose().context.connections["fleet"].base_url == "http://far.example"


def test_variables_without_effect_are_told(file: Path) -> None:
    environ = {"ROLLWATCH_FLET_TOKEN": "x", "ROLLWATCH_HOME": "/", "ROLLWATCH_FLEET_ALLOW_INSECURE": "1", "ROLLWATCH_SHOP_TOKEN": "x"}
    environ["ROLLWATCH_SHOP_SHOP_3P2I_CLIENT_SECRET"] = "x"
    assert read(file, DOCUMENTED, environ).warnings == (
        "environment ROLLWATCH_FLEET_ALLOW_INSECURE has no effect: only config.toml can allow plain http",
        "environment ROLLWATCH_FLET_TOKEN belongs to no connection: did you mean ROLLWATCH_FLEET_TOKEN?",
    )
    # One that is like no connection's is not sent to another.
    (told,) = read(file, DOCUMENTED, {"ROLLWATCH_CRATE_TOKEN": "x"}).warnings
    assert told == "environment ROLLWATCH_CRATE_TOKEN belongs to no connection: set ROLLWATCH_CRATE_PLATFORM as well"
    file.unlink()
    assert read(file, None, {"ROLLWATCH_BOX_TOKEN": "x"}).warnings == (
        "environment ROLLWATCH_BOX_TOKEN belongs to no connection: set ROLLWATCH_BOX_PLATFORM as well",
    )


def test_a_file_of_certificates_is_found_beside_the_configuration(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    text = "[contexts.p.connections.c]\nplatform = 'phase'\nca_file = 'ca.pem'"
    assert read(file, text).choose().context.connections["c"].ca_file == str(file.parent / "ca.pem")
    monkeypatch.setenv("HOME", "/home/ana")
    assert read(file, text.replace("ca.pem", "~/ca.pem")).choose().context.connections["c"].ca_file == "/home/ana/ca.pem"
    monkeypatch.chdir("/")
    assert read(file, text, {"ROLLWATCH_C_CA_FILE": "env.pem"}).choose().context.connections["c"].ca_file == "/env.pem"


def test_certificates_that_lead_nowhere_are_told_by_their_line(file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    text = "[contexts.p.connections.c]\nplatform = 'phase'\nca_file = '~nobody-of-that-name/ca.pem'"
    assert refused(file, text).endswith("line 3: contexts.p.connections.c.ca_file leads nowhere from here: write the whole path")
    (tmp_path / "gone").mkdir()
    monkeypatch.chdir(tmp_path / "gone")
    (tmp_path / "gone").rmdir()
    with pytest.raises(ConfigError, match=r"environment ROLLWATCH_C_CA_FILE: .* leads nowhere from here"):
        read(file, text, {"ROLLWATCH_C_CA_FILE": "env.pem"})


def test_a_hundred_megabytes_are_refused_unread(file: Path) -> None:
    with file.open("wb") as opened:
        opened.truncate(100 << 20)
    before = time.perf_counter()
    assert "104,857,600 bytes, more than the" in refused(file)
    assert time.perf_counter() - before < 0.1


def test_a_file_that_others_can_change_is_refused(file: Path) -> None:
    file.write_text(DOCUMENTED)
    file.chmod(0o666)
    assert refused(file) == f"config.toml can be changed by others (mode 0666): chmod go-w {file}".replace(str(file), "config.toml")


def test_a_folder_or_pipe_in_its_place_is_refused(file: Path) -> None:
    os.mkfifo(file)
    assert "is not a plain file" in refused(file)
    file.unlink()
    file.mkdir()
    assert "is not a plain file" in refused(file)


@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.one_of(st.binary(max_size=400), st.integers(0, len(DOCUMENTED)), st.text(max_size=40)), st.integers(0, len(DOCUMENTED)))
def test_damaged_files_are_read_or_refused_but_nothing_else(file: Path, damage: bytes | int | str, at: int) -> None:
    text = DOCUMENTED.encode()
    if isinstance(damage, int):
        text = text[: min(damage, at)] + text[max(damage, at) :]
    else:
        text = text[:at] + (damage if isinstance(damage, bytes) else damage.encode("utf-8", "surrogatepass")) + text[at:]
    file.write_bytes(text)
    said = str(file)
    try:
        read(file)
    except ConfigError as error:
        said = str(error)
    assert str(file) in said
    assert "\n" not in said
    assert file.read_bytes() == text


def test_the_schema_describes_every_setting() -> None:
    made = schema()
    assert made["$schema"].startswith("https://json-schema.org/")
    for struct in (each for each in made["$defs"].values() if "enum" not in each):
        assert struct["additionalProperties"] is False
        for name, field in struct["properties"].items():
            assert field.get("description"), name


def test_loading_is_quick(file: Path) -> None:
    text = DOCUMENTED + "".join(f"[contexts.c{n}.connections.x]\nplatform = 'phase'\n" for n in range(100))
    read(file, text)
    before = time.perf_counter()
    read(file)
    assert time.perf_counter() - before < 0.5
