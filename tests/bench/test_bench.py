"""The claims that need a real pseudo-terminal, and that the bench itself can be trusted with its clock and its answers."""

from __future__ import annotations

import re
import subprocess
import sys

import pytest

from tests.bench.__main__ import CASES
from tests.bench.figures import Figure, table
from tests.bench.links import keys
from tests.bench.table import README, middle, renewed
from tests.bench.terminal import ROOT, Terminal


def opened(name: str, *more: str, answers: bool = True, rate: float | None = None) -> Terminal:
    return Terminal(["-m", "tests.bench.apps", name, *more], answers=answers, rate=rate)


def quiet(terminal: Terminal) -> None:
    """Until nothing has come for a while."""
    while terminal.until(lambda before=terminal.received: terminal.received != before, 0.4):  # type: ignore[misc]
        pass


@pytest.mark.parametrize("answers", [True, pytest.param(False, marks=pytest.mark.soak)])
def test_in_a_real_terminal_idling_is_silent_and_a_key_is_a_few_bytes(answers: bool) -> None:
    with opened("link", answers=answers) as terminal:
        assert terminal.until(lambda: terminal.shows("›service-00000"), 20)
        quiet(terminal)
        before, wakeups = terminal.received, terminal.wakeups()
        terminal.run(0.6)
        assert terminal.received == before
        assert terminal.wakeups() - wakeups <= 2
        terminal.send("j")
        assert terminal.until(lambda: terminal.shows("›service-00001"), 5)
        quiet(terminal)
        assert 0 < terminal.received - before < 600


def test_three_cells_a_second_take_less_than_a_kilobyte() -> None:
    with opened("link", "--cells", "3") as terminal:
        assert terminal.until(lambda: terminal.shows("›service-00000"), 20)
        terminal.run(0.5)
        before = terminal.received
        terminal.run(1.5)
        assert 0 < terminal.received - before < 1_500


@pytest.mark.soak
@pytest.mark.timeout(300)
def test_over_ten_kilobytes_a_second_every_key_is_seen_soon() -> None:
    seen, lost, _ = keys("link", rate=10_000, cells=5, lines=100)
    assert lost == 0
    assert sorted(seen)[-2] < 0.7


def test_an_unknown_case_is_told_with_those_there_are() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "tests.bench", "tabels"], cwd=ROOT, capture_output=True, text=True, check=False, timeout=30
    )
    assert done.returncode == 2
    assert "tables" in done.stderr


def test_figures_stand_beside_their_anchors() -> None:
    text = table([Figure(case="idle", what="nothing", unit="B/s", ours=0.0, anchors={"stock": 1962.0, "lost": None})])
    assert text.split() == ["idle", "nothing", "0.00", "B/s", "stock", "1,962", "lost", "never"]


def test_tables_are_written_anew_from_the_medians_of_several_runs() -> None:
    def run(ours: float | None, stock: float) -> list[dict[str, object]]:
        return [
            {"case": "idle", "what": "nothing", "unit": "B/s", "ours": ours, "anchors": {"stock": stock}},
            {"case": "idle", "what": "more", "unit": "ms", "ours": 2.0, "anchors": {}},
        ]

    figures = middle([run(1.0, 40.0), run(3.0, 60.0), run(None, 50.0)])
    text = "before\n<!-- table idle -->\nold\n<!-- end -->\nbetween\n<!-- table load -->\nkept\n<!-- end -->\n"
    lines = renewed(text, figures).splitlines()
    assert lines[2:6] == [
        "| case | unit | **ours** | stock |",
        "|---|---|---|---|",
        "| nothing | B/s | **2.00** | 50.0 |",
        "| more | ms | **2.00** |  |",
    ]
    assert "old" not in lines
    assert "kept" in lines
    assert middle([run(None, 1.0), run(None, 1.0), run(5.0, 1.0)])[0]["ours"] is None


def test_every_case_has_its_table() -> None:
    assert set(re.findall(r"<!-- table (\w+) -->", README.read_text(encoding="utf-8"))) == set(CASES)
