"""Break each of the five guards on purpose, in a copy of the tree, and see a named test fail.

python -m tests.matrix.guards        about a minute; prints a line for each guard, exit 0 when every break was seen
"""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).parents[2]


@dataclass(frozen=True, kw_only=True)
class Break:
    """What is done to a guard: ``old`` becomes ``new`` in ``path``, and ``test`` must fail (and pass without it)."""

    guard: str
    path: str
    old: str
    new: str
    test: str


BREAKS: Final = (
    Break(
        guard="clean",
        path="tui/text.py",
        old='text = _ODD.sub(_visible, _ESCAPES.sub("", text))',
        new='text = _ESCAPES.sub("", text)',
        test="tests/test_text.py::test_whatever_comes_can_be_drawn",
    ),
    Break(
        guard="path segments",
        path="tui/platforms/seg.py",
        old='if not value or value in {".", ".."} or len(value) > MAX_ID:',
        new="if not value or len(value) > MAX_ID:",
        test="tests/platforms/test_http_paths.py::test_an_unusable_id_is_refused",
    ),
    Break(
        guard="origin",
        path="tui/platforms/http.py",
        old="if credentials is not None and credentials.origin != self._address.origin:",
        new="if credentials is None and self is None:",
        test="tests/platforms/test_http_requests.py::test_a_token_for_another_origin_is_refused",
    ),
    Break(
        guard="intent journal",
        path="tui/engine/commands.py",
        old='            return self._refused(pending, f"not sent, because it cannot be written down: {error}", error)',
        new="            intent = 0",
        test="tests/engine/test_commands.py::test_what_cannot_be_written_down_is_not_sent",
    ),
    Break(
        guard="private write",
        path="tui/local/files.py",
        old="            file.write(data)\n            file.flush()\n            os.fsync(file.fileno())\n        temporary.replace(path)",
        new="            file.write(data)\n        path.write_bytes(data)",
        test="tests/matrix/test_rest.py::test_p1_a_kill_in_the_middle_of_a_write_leaves_a_whole_file",
    ),
)


def fails(root: Path, test: str) -> bool:
    """Whether a test fails in a tree."""
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:xdist", "-p", "no:cacheprovider", "-o", "addopts=", "-x", test]
    return subprocess.run(command, cwd=root, capture_output=True, timeout=120, check=False).returncode == 1


def main() -> int:
    seen = 0
    for each in BREAKS:
        with tempfile.TemporaryDirectory() as folder:
            root = Path(folder)
            for name in ("tui", "tests", "themes"):
                shutil.copytree(ROOT / name, root / name, ignore=shutil.ignore_patterns("__pycache__"))
            for name in ("pyproject.toml", "README.md"):
                shutil.copy(ROOT / name, root / name)
            whole = not fails(root, each.test)
            path = root / each.path
            text = path.read_text(encoding="utf-8")
            if text.count(each.old) != 1:
                print(f"{each.guard}: {each.old!r} is not in {each.path} once")
                continue
            path.write_text(text.replace(each.old, each.new), encoding="utf-8")
            broken = fails(root, each.test)
            seen += whole and broken
            print(f"{each.guard}: {each.test} {'passes' if whole else 'FAILS'} whole, {'fails' if broken else 'PASSES'} broken")
    return 0 if seen == len(BREAKS) else 1


if __name__ == "__main__":
    sys.exit(main())
