"""For every test: no file and no credential of whoever runs it is ever seen."""

from __future__ import annotations

import os
from pathlib import Path

import pytest


@pytest.fixture(autouse=True)
def _nobodys_home(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in [name for name in os.environ if name.startswith(("ROLLWATCH_", "PHASE_", "DPLOYR_"))]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("ROLLWATCH_HOME", str(tmp_path / "rollwatch-home"))
