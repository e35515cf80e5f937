"""For every test: no file, no credential and no terminal of whoever runs it is ever seen. And the collector is as the console has it."""

from __future__ import annotations

import gc
import itertools
import os
import re
import time
from collections.abc import Hashable, Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings
from textual.css.model import RuleSet
from textual.css.stylesheet import Stylesheet

from tests.matrix.prefork import Stable, stable
from tui.platforms import http
from tui.platforms.dployr import watch

settings.register_profile("untimed", deadline=None)
settings.load_profile("untimed")


def pytest_collection_finish() -> None:
    """What was imported for the tests lives as long as they do; looked through for garbage each turn it costs a quarter of their time."""
    http.load()  # as the program does before it asks anybody: without it every request looks for a module that nobody has
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 20, 50)


def pytest_unconfigure() -> None:
    """What is left ends with the process. pytest and the interpreter look through it six times for errors that no test is told of."""
    gc.freeze()


SHEETS = 1000
"""Parsed stylesheets that are kept: those of all screens in a dozen themes."""


@pytest.fixture(scope="session")
def _numbers() -> Iterator[int]:
    return itertools.count()


@pytest.fixture
def tmp_path(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, _numbers: Iterator[int]) -> Path:
    """A directory of the test's own. pytest looks through those of all tests before for the name: the five thousandth costs 10 ms."""
    name = re.sub(r"\W", "_", request.node.name)[:30]
    return tmp_path_factory.mktemp(f"{name}{next(_numbers)}", numbered=False)


@pytest.fixture(scope="session")
def consoles() -> Iterator[Stable]:
    """Whole consoles in terminals of their own, from one process that has imported everything."""
    with stable() as made:
        yield made


THEIRS = frozenset(
    [
        "TMUX",
        "STY",
        "WT_SESSION",
        "SSH_CONNECTION",
        "SSH_TTY",
        "COLORTERM",
        "NO_COLOR",
        "FORCE_COLOR",
        "DISPLAY",
        "WAYLAND_DISPLAY",
        "ESCDELAY",
        "HTTP_PROXY",
        "HTTPS_PROXY",
        "ALL_PROXY",
        "NO_PROXY",
    ]
)
"""What tells the program something of the terminal, the place and the network that the tests run in, and would make another one of it."""


@pytest.fixture(autouse=True)
def _nobodys_place(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in os.environ if name.upper() in THEIRS]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.setenv("TZ", "UTC")
    time.tzset()


@pytest.fixture(autouse=True)
def _nobodys_home(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in [name for name in os.environ if name.startswith(("ROLLWATCH_", "PHASE_", "DPLOYR_"))]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("ROLLWATCH_HOME", str(tmp_path / "rollwatch-home"))


@pytest.fixture(scope="session", autouse=True)
def _each_stylesheet_parsed_once() -> Iterator[None]:
    """Hundreds of apps read the same stylesheets with the same variables, and rules are only read once they are made."""
    parsed: dict[Hashable, list[RuleSet]] = {}
    parse = Stylesheet._parse_rules

    def known(sheet: Stylesheet, css: str, *where: Any, **named: Any) -> list[RuleSet]:
        key = (css, where, *named.items(), frozenset(sheet._variables.items()))
        if key not in parsed:
            if len(parsed) >= SHEETS:
                parsed.clear()
            parsed[key] = parse(sheet, css, *where, **named)
        return parsed[key]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Stylesheet, "_parse_rules", known)
        yield


@pytest.fixture(autouse=True)
def _no_waiting_for_machines(monkeypatch: pytest.MonkeyPatch) -> None:
    """Most tests ask before their machines have spoken, and again afterwards; many by a clock that stands still."""
    monkeypatch.setattr(watch, "BEGINNING", 0.0)
    monkeypatch.setattr(watch, "OTHERS", 0.0)
