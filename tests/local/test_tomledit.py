"""One thing is changed in a text that a user wrote, and nothing else."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tui.errors import ConfigError
from tui.local.tomledit import with_table, with_value

PATH = Path("config.toml")
TEXT = """\
# mine
theme = "rollwatch-dark"   # at night

[alerts]
bell = true
# about webhooks:
webhook = "$HOOK"

# the shop
[contexts.prod]
production = true

[contexts.prod.connections.fleet]   # ours
platform = "dployr"
"""


@pytest.mark.parametrize(
    ("key", "value", "line"),
    [
        (("theme",), "colour-blind", 'theme = "colour-blind"   # at night'),
        (("alerts", "bell"), False, "bell = false"),
        (("mouse",), False, "mouse = false"),
        (("alerts", "title"), False, "title = false"),
        (("contexts", "prod", "connections", "fleet", "refresh"), 30.0, "refresh = 30.0"),
        (("contexts", "staging", "theme"), "terminal", "[contexts.staging]"),
    ],
)
def test_one_value_is_changed_and_every_other_line_stays(key: tuple[str, ...], value: object, line: str) -> None:
    made = with_value(PATH, TEXT, key, value)
    assert line in made.split("\n")
    found: Any = tomllib.loads(made)
    for part in key:
        found = found[part]
    assert found == value
    before, after = TEXT.split("\n"), made.split("\n")
    assert len([each for each in before if each not in after]) <= 1
    assert [each for each in after if each.startswith("#")] == [each for each in before if each.startswith("#")]
    assert after.index("# the shop") == after.index("[contexts.prod]") - 1, "a comment stays with its table"


def test_a_connection_is_added_at_the_end() -> None:
    made = with_table(PATH, TEXT, ("contexts", "prod", "connections", "vault"), {"platform": "phase", "apps": [{"id": "a"}]})
    assert made.startswith(TEXT.rstrip())
    assert set(tomllib.loads(made)["contexts"]["prod"]["connections"]) == {"fleet", "vault"}
    assert with_table(PATH, "", ("a", "b"), {"c": 1}) == "[a.b]\nc = 1\n"


@pytest.mark.parametrize(
    ("text", "key"),
    [
        ('x = """\ntheme = 1\n"""\nalerts = { bell = true }', ("alerts", "bell")),
        ("theme = [\n  1,\n]", ("theme",)),
        ("contexts = { prod = { } }", ("contexts", "prod", "theme")),
    ],
)
def test_what_cannot_be_changed_alone_is_left_and_said(text: str, key: tuple[str, ...]) -> None:
    with pytest.raises(ConfigError, match="cannot be changed"):
        with_value(PATH, text, key, "terminal")


@given(st.text(st.characters(codec="utf-8", exclude_categories=["Cs", "Cc"]), max_size=30), st.booleans())
def test_any_text_comes_back_as_it_was(value: str, there: bool) -> None:
    text = 'theme = "x" # why\n[alerts]\n' if there else "[alerts]\n"
    assert tomllib.loads(with_value(PATH, text, ("theme",), value))["theme"] == value
