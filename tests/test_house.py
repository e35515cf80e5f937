"""The house itself: which floor may load what, what no file may hold, what the top of the tree may hold."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from collections.abc import Iterator

import pytest

from tests.trees import FILES, ROOT, trees

SCREEN = ("textual", "rich")
WEB = ("httpx", "httpcore")
SERVER = ("starlette", "uvicorn")

LOADS = [
    ("tui.__main__", (*SCREEN, *WEB, *SERVER, "msgspec", "asyncio", "sqlite3")),
    ("tui.cli", (*SCREEN, *WEB, *SERVER, "msgspec", "asyncio", "sqlite3")),
    ("tui.cli.child", (*SCREEN, *WEB, *SERVER, "msgspec")),
    ("tui.cli.status", ("textual", *SERVER)),
    ("tui.model", (*SCREEN, *WEB, *SERVER, "msgspec")),
    ("tui.tables", (*SCREEN, *WEB, *SERVER)),
    ("tui.actions", (*SCREEN, *WEB, *SERVER)),
    ("tui.forms", (*SCREEN, *WEB, *SERVER)),
    ("tui.engine.session", (*SCREEN, *WEB, *SERVER)),
    ("tui.local.config", (*SCREEN, *WEB, *SERVER)),
    ("tui.local.journal", (*SCREEN, *WEB, *SERVER)),
    ("tui.platforms.registry", ("textual", *SERVER)),
    ("tui.platforms.http", ("textual", *SERVER)),
    ("tui.ui.app", (*WEB, *SERVER, "tui.emulator", "tui.platforms.http")),
    (
        "tui.emulator",
        (*SCREEN, *WEB, "tui.model", "tui.text", "tui.errors", "tui.clock", "tui.platforms", "tui.engine", "tui.local", "tui.cli"),
    ),
]
"""A module, and what importing it must not load: in a fresh interpreter, so that nothing is there already. (httpx loads rich itself.)"""


@pytest.mark.parametrize(("module", "unwanted"), LOADS, ids=[module for module, _ in LOADS])
def test_importing_a_floor_loads_nothing_from_above_it(module: str, unwanted: tuple[str, ...]) -> None:
    code = f"import sys, {module}; print(*[name for name in {unwanted!r} if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, timeout=30, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stdout.split() == []


def test_the_top_of_the_tree_holds_only_what_belongs_there() -> None:
    tracked = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=False).stdout.split("\n")
    names = {line.split("/", 1)[0] for line in tracked if line}
    if not names:
        pytest.skip("not a clone: the source archive has its own list")
    assert {name for name in names if not name.startswith(".")} <= {"pyproject.toml", "tui", "themes", "tests", "screenshots", "README.md"}


FORBIDDEN = {"manager", "helper", "util", "utils", "handler", "controller", "base", "core", "common", "misc"}
DESIGNED = {"tui/platforms/base.py"}


def _words(name: str) -> list[str]:
    name = re.sub("base_?url", "", name, flags=re.IGNORECASE)
    return [word.lower() for word in re.findall(r"[A-Z]+(?![a-z])|[A-Z]?[a-z0-9]+", name)]


def test_no_name_says_nothing() -> None:
    found = [f"{path}" for path in trees() if set(_words(path.removesuffix(".py"))) & FORBIDDEN and path not in DESIGNED]
    for path, tree in trees().items():
        named = [node for node in ast.walk(tree) if isinstance(node, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef)]
        found.extend(f"{path}:{node.lineno} {node.name}" for node in named if set(_words(node.name)) & FORBIDDEN)
    assert found == []


CLOCKS = {"tui/clock.py", "tui/emulator/timing.py"}
"""The two files that may ask for the time: ours, and the emulator's, which imports none of ours."""

ASKS = {
    ("time", name) for name in ("time", "monotonic", "perf_counter", "process_time", "time_ns", "monotonic_ns", "perf_counter_ns", "sleep")
} | {("datetime", "now"), ("datetime", "utcnow"), ("datetime", "today"), ("date", "today"), ("dt", "now"), ("asyncio", "sleep")}


def test_only_the_clock_knows_what_time_it_is() -> None:
    found = []
    for path, tree in trees().items():
        if path in CLOCKS:
            continue
        for node in ast.walk(tree):
            if isinstance(node, ast.ImportFrom) and node.module == "time":
                found.append(f"{path}:{node.lineno} from time import")
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
                owner = node.func.value
                name = owner.id if isinstance(owner, ast.Name) else owner.attr if isinstance(owner, ast.Attribute) else ""
                asked = (name, node.func.attr)
                # A server may dawdle in real time, that is what some faults are; and a turn of the loop takes no time.
                idle = asked == ("asyncio", "sleep") and (path.startswith("tui/emulator/") or ast.unparse(node.args[0]) == "0")
                if asked in ASKS and not idle:
                    found.append(f"{path}:{node.lineno} {ast.unparse(node.func)}")
    assert found == []


READ_ONLY = re.compile(r"\b(Mapping|Sequence|Collection|Set|AbstractSet|frozenset|tuple|MappingProxyType|Links)\b")
FILLED = {"list", "dict", "set", "defaultdict", "OrderedDict", "Counter", "deque", "bytearray", "WeakKeyDictionary", "WeakValueDictionary"}
CHANGES = {
    "append",
    "extend",
    "insert",
    "pop",
    "popitem",
    "remove",
    "clear",
    "update",
    "setdefault",
    "add",
    "discard",
    "appendleft",
    "sort",
}


def _mutable(value: ast.expr) -> bool:
    if isinstance(value, ast.List | ast.Dict | ast.Set | ast.ListComp | ast.DictComp | ast.SetComp):
        return True
    name = getattr(value.func, "id", getattr(value.func, "attr", "")) if isinstance(value, ast.Call) else ""
    return name in FILLED


def _empty(value: ast.expr) -> bool:
    return not (
        getattr(value, "elts", None) or getattr(value, "keys", None) or getattr(value, "args", None) or getattr(value, "generators", None)
    )


def _changed(tree: ast.Module) -> set[str]:
    """The names that are changed in place anywhere in a file."""
    found = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Subscript) and isinstance(node.ctx, ast.Store | ast.Del) and isinstance(node.value, ast.Name):
            found.add(node.value.id)
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and isinstance(node.func.value, ast.Name):
            found |= {node.func.value.id} if node.func.attr in CHANGES else set()
    return found


def _states(tree: ast.Module) -> Iterator[tuple[int, str]]:
    """What a module keeps and changes: a table that nobody changes is none, an empty one that is not declared read-only always is."""
    changed = _changed(tree)
    for node in tree.body:
        if not isinstance(node, ast.Assign | ast.AnnAssign) or node.value is None or not _mutable(node.value):
            continue
        name = ast.unparse(node.targets[0] if isinstance(node, ast.Assign) else node.target)
        declared = isinstance(node, ast.AnnAssign) and READ_ONLY.search(ast.unparse(node.annotation))
        if name in changed or (_empty(node.value) and not declared):
            yield node.lineno, name
    for each in ast.walk(tree):
        if isinstance(each, ast.Global):
            yield each.lineno, "global " + ", ".join(each.names)


def test_no_module_holds_state() -> None:
    assert [f"{path}:{line} {name}" for path, tree in trees().items() for line, name in _states(tree)] == []


def test_a_module_with_state_would_be_found() -> None:
    tree = ast.parse(
        "SEEN = {}\nTABLE: Final[Mapping[str, int]] = {}\nROWS = [1]\nWORDS = {'a': 1}\nIDS = {1}\n"
        "def f():\n    global x\n    ROWS.append(2)\n    WORDS['b'] = 2\n    print(IDS)\n"
    )
    assert [name for _, name in _states(tree)] == ["SEEN", "ROWS", "WORDS", "global x"]


def test_every_module_says_what_it_is_for() -> None:
    assert [path for path, tree in trees().items() if tree.body and not ast.get_docstring(tree)] == []


def test_files_and_functions_stay_small() -> None:
    found = [f"{path.relative_to(ROOT)}: {lines} lines" for path in FILES if (lines := len(path.read_text().splitlines())) > 400]
    for path, tree in trees().items():
        functions = [node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)]
        found.extend(f"{path}:{node.lineno} {node.name}" for node in functions if (node.end_lineno or 0) - node.lineno >= 60)
    assert found == []


def test_nothing_of_one_machine_is_in_the_tree() -> None:
    pattern = re.compile(r"(?<![\w.~-])/(?:work|root)/\w")
    checked = [*FILES, *(ROOT / "tests").rglob("*.py"), *ROOT.glob("*.md"), *(ROOT / "tui").rglob("*.md"), ROOT / "pyproject.toml"]
    found = [str(path.relative_to(ROOT)) for path in checked if pattern.search(path.read_text(encoding="utf-8"))]
    assert found == []
