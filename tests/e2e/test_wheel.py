"""What is shipped: a wheel, built and installed into an empty environment, starts the demo from any directory."""

from __future__ import annotations

import os
import subprocess
import sys
import sysconfig
from pathlib import Path
from zipfile import ZipFile

from tests.e2e.driver import Terminal

ROOT = Path(__file__).parents[2]


def _run(*command: str, cwd: Path) -> str:
    env = {**os.environ, "PIP_DISABLE_PIP_VERSION_CHECK": "1"}
    done = subprocess.run(command, cwd=cwd, env=env, capture_output=True, text=True, timeout=40, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout.strip()


def test_a_wheel_in_an_empty_environment_starts_the_demo_from_any_directory(tmp_path: Path) -> None:
    _run(sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(tmp_path / "dist"), cwd=ROOT)
    (wheel,) = (tmp_path / "dist").glob("rollwatch-*.whl")
    with ZipFile(wheel) as archive:
        names = archive.namelist()
    assert {f"tui/themes/{path.name}" for path in (ROOT / "themes").glob("*.toml")} <= set(names)
    assert {f"tui/emulator/scenarios/{path.name}" for path in (ROOT / "tui/emulator/scenarios").glob("*.toml")} <= set(names)
    assert not [name for name in names if not name.startswith(("tui/", "rollwatch-"))]
    home = tmp_path / "elsewhere"
    home.mkdir()
    _run(sys.executable, "-m", "venv", "--without-pip", str(tmp_path / "venv"), cwd=home)
    python = tmp_path / "venv" / "bin" / "python"
    _run(sys.executable, "-m", "pip", "--python", str(python), "install", "-q", "--no-deps", "--no-index", str(wheel), cwd=home)
    # The libraries it declares are those of this environment; only rollwatch itself must be the wheel's.
    packages = Path(_run(str(python), "-c", "import sysconfig; print(sysconfig.get_path('purelib'))", cwd=home))
    (packages / "libraries.pth").write_text(f"{sysconfig.get_path('purelib')}\n{sysconfig.get_path('platlib')}\n")
    assert Path(_run(str(python), "-c", "import tui; print(tui.__file__)", cwd=home)).is_relative_to(tmp_path / "venv")
    with Terminal([str(tmp_path / "venv" / "bin" / "rollwatch"), "demo"], size=(120, 40), cwd=home) as terminal:
        terminal.sees("web-api", "Live rollouts", "● encore", deadline=30)
        terminal.press("q")
        assert terminal.ends() == 0
        terminal.restored()
    assert list(home.iterdir()) == []
