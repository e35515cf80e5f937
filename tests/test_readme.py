"""The two READMEs say what the program does: commands, keys, settings, exit codes, variables and links are compared with the code.

``python -m tests.test_readme`` writes the tables anew.
"""

from __future__ import annotations

import re
import shlex
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any, get_type_hints

import msgspec
import pytest

from tui.actions import ACTIONS, PANES, Action, Keymap, Place
from tui.cli.arguments import parse
from tui.cli.exits import MEANINGS
from tui.keys import spell
from tui.local import settings
from tui.local.runbooks import Runbook
from tui.local.variables import CREDENTIALS, FIELDS, GENERAL, PREFIX, READ_ONLY

ROOT = Path(__file__).parents[1]
README = ROOT / "README.md"
MAP = ROOT / "tui" / "README.md"

STRUCTS = {
    "(top)": settings.Config,
    "[contexts.NAME]": settings.Context,
    "[contexts.NAME.connections.NAME]": settings.Connection,
    "apps = [{ … }]": settings.App,
    "[tools.NAME]": settings.Tool,
    "[[tools.NAME.inputs]]": settings.Input,
    "[[contexts.NAME.guardrails]]": settings.Guardrail,
    "[[contexts.NAME.links]]": settings.Link,
    "[alerts]": settings.Alerts,
    "[[alerts.rules]]": settings.AlertRule,
}


def _default(field: msgspec.structs.FieldInfo) -> str:
    if field.required:
        return "required"
    value: Any = field.default if field.default is not msgspec.NODEFAULT else field.default_factory()  # type: ignore[operator]
    if value is True or value is False:
        return f"`{str(value).lower()}`"
    if (not value and not isinstance(value, float)) or isinstance(value, msgspec.Struct):
        return ""
    return f"`{value:g}`" if isinstance(value, float) else f"`{value}`"


def config_table() -> Iterator[str]:
    """Every key of the configuration."""
    yield "| where | key | default | meaning |"
    yield "|---|---|---|---|"
    for where, struct in STRUCTS.items():
        hints = get_type_hints(struct, include_extras=True)
        for field in msgspec.structs.fields(struct):
            said = [meta.description for meta in hints[field.name].__metadata__ if isinstance(meta, msgspec.Meta) and meta.description]
            yield f"| `{where}` | `{field.name}` | {_default(field)} | {said[0]} |"


DAILY = (
    "list.open",
    "row.menu",
    "row.logs",
    "row.restart",
    "pane.filter",
    "rows.faults",
    "console.palette",
    "pane.zoom",
    "past.away",
    "console.help",
)
"""The ten keys that one needs on the first day."""

GROUPS = {
    "On what is selected": ("row.", "rollout.", "list.open", "list.mark", "alert.acknowledge", "open."),
    "In lists": ("rows.", "view.", "tab.", "list.fold", "list.unfold"),
    "In logs": ("logs.", "log.", "record.", "patterns."),
    "On screens to read": ("detail.", "trail.", "find.", "reading."),
    "What happened": ("past.",),
    "Moving about": ("list.", "focus.", "pane."),
    "The console": ("",),
}
"""Where an action is listed: under the first title that has the beginning of its id."""

BEGIN, END = "<!-- the keys, made by python -m tests.test_readme -->", "<!-- end of the keys -->"


def key_tables() -> Iterator[str]:
    """Every key of the console, the ten of every day first."""
    groups: dict[str, list[str]] = {title: [] for title in GROUPS}
    for id_ in ACTIONS:
        groups[next(title for title, begins in GROUPS.items() if id_.startswith(begins))].append(id_)
    for title, ids in {"The ten of every day": DAILY, **groups}.items():
        yield from ("", f"#### {title}", "", "| keys | where | what | id |", "|---|---|---|---|")
        for action in (ACTIONS[id_] for id_ in ids):
            keys = " ".join(f"`{spell(key)}`" for key in action.keys).replace("|", "\\|")
            yield f"| {keys} | {_where(action)} | {action.help} | `{action.id}` |"
    yield ""


def _where(action: Action) -> str:
    """The places of an action; the help itself is no place to ask for help."""
    everywhere = set(Place) - PANES - {Place.LIST, Place.HELP}
    return "everywhere" if everywhere <= action.where else ", ".join(sorted(action.where))


def _keys_in(text: str) -> list[str]:
    return text.split(BEGIN + "\n")[1].split(END)[0].splitlines()


def exit_table() -> Iterator[str]:
    """Every exit code."""
    yield "| code | meaning |"
    yield "|---|---|"
    yield from (f"| {code.value} | {meaning} |" for code, meaning in MEANINGS.items())


TABLES = {"config": config_table, "exit codes": exit_table}


def _tables(text: str) -> dict[str, list[str]]:
    """The tables of a Markdown text by their header line."""
    found: dict[str, list[str]] = {}
    for block in re.findall(r"(?:^\|.*\n)+", text, re.MULTILINE):
        lines = block.splitlines()
        found[lines[0]] = lines
    return found


@pytest.mark.parametrize("name", TABLES)
def test_the_tables_equal_the_code(name: str) -> None:
    wanted = list(TABLES[name]())
    assert _tables(README.read_text(encoding="utf-8")).get(wanted[0]) == wanted, "python -m tests.test_readme writes it anew"


def test_the_keys_equal_the_keymap_and_every_one_stands_in_one_group() -> None:
    wanted = list(key_tables())
    assert _keys_in(README.read_text(encoding="utf-8")) == wanted, "python -m tests.test_readme writes them anew"
    ids = re.findall(r"`([a-z_.0-9-]+)` \|$", "\n".join(wanted), re.MULTILINE)
    assert ids[:10] == list(DAILY)
    assert sorted(ids[10:]) == sorted(ACTIONS)


def _blocks(language: str, path: Path = README) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```", path.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)


def test_the_configuration_shown_is_valid_and_holds_every_platform() -> None:
    shown = [tomllib.loads(block) for block in _blocks("toml")]
    (books,) = [each for each in shown if "*" in each]
    config, *others = [msgspec.convert(each, settings.Config) for each in shown if each is not books]
    assert any(tool.inputs for each in others for tool in each.tools.values())
    assert any(context.guardrails for each in others for context in each.contexts.values())
    assert set(msgspec.convert(books, dict[str, Runbook])) == {"web-*", "*"}
    assert {each.platform for context in config.contexts.values() for each in context.connections.values()} == {"encore", "dployr", "phase"}


def test_the_keys_shown_can_be_used() -> None:
    shown = re.findall(r"`(keys = \{[^`]*\})`", README.read_text(encoding="utf-8"))
    assert shown
    for line in shown:
        keys = tomllib.loads(line)["keys"]
        assert Keymap.load({id_: tuple(text.split(",")) for id_, text in keys.items()}).problems == ()


def test_every_command_line_shown_is_understood() -> None:
    lines = [line for path in (README, MAP) for block in _blocks("sh", path) for line in block.splitlines()]
    words = [shlex.split(line, comments=True) for line in lines if line.strip()]
    ours = [each[each.index("rollwatch") + 1 :] for each in words if "rollwatch" in each]
    assert len(ours) >= 7
    for argv in ours:
        parse([word for word in argv if word not in {"|"}])
    text = README.read_text(encoding="utf-8")
    for line in re.findall(r"`rollwatch ([a-z][^`]*)`", text):
        if line.split()[0].islower() and "COMMAND" not in line:
            parse(line.split("|")[0].split())


def test_the_two_first_lines_are_one_line_each_and_what_ci_runs() -> None:
    demo, test = [line for line in README.read_text().splitlines() if line.startswith("python3 -m venv")]
    assert demo.endswith(".venv/bin/rollwatch demo")
    assert test.endswith(".venv/bin/python -m pytest")
    assert "README.md" in (ROOT / ".ci" / "run").read_text()


def test_the_variables_named_are_the_ones_read() -> None:
    text = README.read_text(encoding="utf-8")
    assert set(re.findall(r"ROLLWATCH_NAME_([A-Z_]+)", text)) == {*FIELDS, *CREDENTIALS}
    assert set(re.findall(r"`ROLLWATCH_([A-Z_]+)=?[^`]*`", text)) - {"HOME"} >= {
        each.removeprefix(PREFIX) for each in (*GENERAL, READ_ONLY)
    }


@pytest.mark.parametrize("path", [README, MAP], ids=["README.md", "tui/README.md"])
def test_every_link_and_picture_leads_somewhere(path: Path) -> None:
    links = re.findall(r"\]\(([^)#]+)\)", path.read_text(encoding="utf-8"))
    assert [link for link in links if not link.startswith("https://") and not (path.parent / link).exists()] == []


def test_the_map_names_every_part_of_the_house_and_nothing_else() -> None:
    text = MAP.read_text(encoding="utf-8")
    parts = {entry.name for entry in MAP.parent.iterdir() if (entry.is_dir() and entry.name != "__pycache__") or entry.suffix == ".py"}
    parts -= {"__init__.py"}
    named = set(re.findall(r"^  (\w+(?:\.py)?)\b/? ", "\n".join(_blocks("text", MAP)), re.MULTILINE))
    assert named == parts, "the map in tui/README.md and the folder differ"
    for word in re.findall(r"`((?:tui|tests|themes)/[\w/.]+)`", text):
        assert (ROOT / word).exists(), word


if __name__ == "__main__":
    text = README.read_text(encoding="utf-8")
    for table in TABLES.values():
        lines = list(table())
        old = _tables(text)[lines[0]]
        text = text.replace("\n".join(old), "\n".join(lines))
    text = text.replace("\n".join(_keys_in(text)), "\n".join(key_tables()))
    README.write_text(text, encoding="utf-8")
