"""S2: what can be seen in the text of the program alone: no bare string from outside reaches a widget, nothing that hands a shell a
string, believes any certificate or runs data; and what comes with it may be given away with it."""

from __future__ import annotations

import ast
import re
import tomllib
from collections.abc import Iterator
from importlib.metadata import distribution, version

import pytest
from packaging.requirements import Requirement
from packaging.version import Version

from tests.trees import ROOT, trees

METHODS = frozenset({"notify", "update", "add_row", "add_column", "add_option", "add_leaf", "set_label", "write_line", "append_text"})
ATTRIBUTES = frozenset({"border_title", "border_subtitle", "tooltip", "sub_title"})
MARKUP = frozenset({"from_markup", "from_ansi", "from_rich_text", "render_markup", "to_content"})
OWN = frozenset({"self.update", "self.window.update", "self._window.update"})
"""``update()`` of our own log window, which takes no text."""


def plain(node: ast.expr | None) -> bool:
    """Whether an argument can be no text from outside: nothing, a literal without a bracket, or a Text or Content made for it."""
    if node is None:
        return True
    if isinstance(node, ast.Constant):
        return not isinstance(node.value, str) or "[" not in node.value
    return isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in {"Text", "Content"}


def widgets(tree: ast.AST) -> set[str]:
    """Names under which a file knows widgets of the screen library."""
    imports = [node for node in ast.walk(tree) if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("textual.widgets")]
    return {each.asname or each.name for node in imports for each in node.names} - {"Input"}


def spoken(node: ast.Call, sinks: set[str]) -> bool:
    """Whether a call hands a string to a widget as it is."""
    called = ast.unparse(node.func)
    name = called.rpartition(".")[2]
    named = {each.arg: each.value for each in node.keywords}
    first = node.args[0] if node.args else named.get("label", named.get("content"))
    literal = isinstance(first, ast.Constant)
    unmarked = isinstance(named.get("markup"), ast.Constant) and named["markup"].value is False  # type: ignore[attr-defined]
    return any(
        (
            name in MARKUP or ("markup" in named and not unmarked),
            called in sinks and not (plain(first) and (unmarked or not literal)),
            name in METHODS and called not in OWN and isinstance(node.func, ast.Attribute) and not plain(first),
            not plain(named.get("tooltip")),
        )
    )


def bare(tree: ast.AST) -> Iterator[tuple[int, str]]:
    """Places where a string reaches a widget of the screen library as it is."""
    sinks = widgets(tree)
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and spoken(node, sinks):
            yield node.lineno, ast.unparse(node.func)
        if isinstance(node, ast.Assign | ast.AnnAssign | ast.AugAssign):
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            for target in targets:
                if isinstance(target, ast.Attribute) and target.attr in ATTRIBUTES and not plain(node.value):
                    yield node.lineno, ast.unparse(target)


BAD = [
    "Static(name)",
    "Static(f'{name}')",
    "Static('[bold]x[/]', markup=False) if 0 else Label(name)",
    "app.notify(str(error))",
    "widget.update(text)",
    "Button(name)",
    "table.add_row(name)",
    "self.border_title = name",
    "widget.tooltip = f'{name}'",
    "Text.from_markup(name)",
    "Static(Text('x'), markup=True)",
    "Option(name)",
]


@pytest.mark.parametrize("code", BAD)
def test_s2_the_check_sees_a_bare_string(code: str) -> None:
    assert list(bare(ast.parse("from textual.widgets import Button, Label, Option, Static\n" + code))), code


def test_s2_no_bare_string_reaches_a_widget() -> None:
    found = [f"{path}:{line} {what}" for path, tree in trees().items() if path.startswith("tui/ui/") for line, what in bare(tree)]
    # Dictionaries and sets have an update too: no widget is meant by these.
    assert [
        each for each in found if not re.search(r" (self\.)?_?[a-z_]*(found|values|known|options|texts|seen|sizes|tones)\.update$", each)
    ] == []


def dangerous(tree: ast.AST) -> Iterator[tuple[int, str]]:
    """Calls that run text, hand it to a shell, believe anybody, or read what can run."""
    calls = {"eval", "exec", "os.system", "os.popen", "pickle.loads", "pickle.load", "marshal.loads", "yaml.load", "tempfile.mktemp",
             "ssl._create_unverified_context", "shelve.open", "webbrowser.open"}  # fmt: skip
    for node in ast.walk(tree):
        if not isinstance(node, ast.Call):
            continue
        if ast.unparse(node.func) in calls:
            yield node.lineno, ast.unparse(node.func)
        for each in node.keywords:
            value = each.value.value if isinstance(each.value, ast.Constant) else None
            if (each.arg, value) in {("shell", True), ("verify", False), ("check_hostname", False), ("follow_redirects", True)}:
                yield node.lineno, f"{each.arg}={value}"


def test_s2_nothing_runs_text_or_believes_anybody() -> None:
    assert len(list(dangerous(ast.parse("eval(x); run(a, shell=True); Client(verify=False); Client(follow_redirects=True)")))) == 4
    assert [f"{path}:{line} {what}" for path, tree in trees().items() for line, what in dangerous(tree)] == []


ALLOWED = re.compile(
    r"(MIT|ISC|BSD|Apache|PSF|Python Software Foundation|MPL|Mozilla Public|Unlicense|Public Domain|0BSD|Zlib)", re.IGNORECASE
)
"""Licences under which something may be installed with a program under MIT. MPL holds for its own files only."""
FORBIDDEN = re.compile(r"(^|[^L])(A?GPL)|Affero|SSPL|Commons Clause|Business Source|Proprietary|Non-?Commercial", re.IGNORECASE)


def installed(name: str) -> dict[str, str]:
    """Everything that comes with an installed distribution, without its extras: name and what its own metadata says of its licence."""
    found: dict[str, str] = {}
    waiting = [name]
    while waiting:
        each = Requirement(waiting.pop())
        key = each.name.lower().replace("_", "-")
        if key in found or (each.marker is not None and not each.marker.evaluate({"extra": ""})):
            continue
        told = distribution(each.name)
        kinds = [line.rpartition("::")[2].strip() for line in told.metadata.get_all("Classifier") or () if line.startswith("License ::")]
        found[key] = told.metadata.get("License-Expression") or " / ".join(kinds) or (told.metadata.get("License") or "").split("\n")[0]
        waiting += told.requires or ()
    return found


def test_s2_what_is_installed_with_it_may_be() -> None:
    found = installed("rollwatch")
    assert {"textual", "httpx", "certifi", "rich", "h11"} <= found.keys()
    assert {name: told for name, told in found.items() if not ALLOWED.search(told) or FORBIDDEN.search(told)} == {}
    for told, good in (("GPL-3.0-only", False), ("", False), ("BSD-3-Clause", True), ("MIT OR AGPL-3.0", False), ("MPL-2.0", True)):
        assert bool(ALLOWED.search(told) and not FORBIDDEN.search(told)) is good, told


WHOLE = {
    "anyio": ("4.14.2", "GHSA-82r6-8w77-94w6"),
    "certifi": ("2024.7.4", "CVE-2024-39689"),
    "click": ("8.4.2", "PYSEC-2026-2132"),
    "filelock": ("3.20.3", "CVE-2026-22701"),
    "h11": ("0.16.0", "CVE-2025-43859"),
    "httpx": ("0.23.0", "CVE-2021-41945"),
    "idna": ("3.15", "CVE-2026-45409"),
    "markdown-it-py": ("2.2.0", "GHSA-jrwr-5x3p-hvc3"),
    "pillow": ("12.2.0", "CVE-2026-40192"),
    "pygments": ("2.20.0", "CVE-2026-4539"),
    "starlette": ("1.3.1", "CVE-2026-54283"),
    "uvicorn": ("0.11.7", "CVE-2020-7694"),
}
"""The first version without any hole that was known on 29 November 2026, and the hole that it mends last. Looked up by hand: pip-audit asks
a database on the network, and says that nothing is known where it could ask about nothing."""


def holed(found: dict[str, str]) -> list[str]:
    """Which of these versions have a hole that is known."""
    told = {name: (has, *WHOLE[name]) for name, has in found.items() if name in WHOLE}
    return [f"{name} {has}: {hole}, mended in {whole}" for name, (has, whole, hole) in told.items() if Version(has) < Version(whole)]


def test_s2_no_version_with_a_known_hole_is_installed_or_asked_for() -> None:
    assert holed({"starlette": "1.3.0", "h11": "0.16.0", "idna": "3.2"}) == [
        "starlette 1.3.0: CVE-2026-54283, mended in 1.3.1",
        "idna 3.2: CVE-2026-45409, mended in 3.15",
    ]
    assert WHOLE.keys() - {"pillow"} <= installed("rollwatch").keys()
    assert holed({name: version(name) for name in WHOLE}) == []
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    wanted = map(Requirement, (*project["dependencies"], *project["optional-dependencies"]["test"]))
    asked = {each.name: bound.version for each in wanted for bound in each.specifier if bound.operator == ">="}
    assert len(asked) > 15
    assert holed(asked) == []
