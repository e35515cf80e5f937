"""For every test: no file and no credential of whoever runs it is ever seen. And the collector is as the console has it."""

from __future__ import annotations

import gc
import os
from pathlib import Path

import pytest


def pytest_collection_finish() -> None:
    """What was imported for the tests lives as long as they do; looked through for garbage each turn it costs a quarter of their time."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 20, 50)


@pytest.fixture(autouse=True)
def _nobodys_home(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in [name for name in os.environ if name.startswith(("ROLLWATCH_", "PHASE_", "DPLOYR_"))]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("ROLLWATCH_HOME", str(tmp_path / "rollwatch-home"))
