"""A year of history answers as quickly as a day. Long to make, so outside the suite; ``python -m tests.bench journal`` has the figures."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.bench.journal import PROMISED, YEAR, history, questions, took


@pytest.mark.soak
@pytest.mark.timeout(300)
def test_a_year_of_history(tmp_path: Path) -> None:
    path = tmp_path / "journal.sqlite"
    # No console was open for a year: what is too old is forgotten little by little, while the questions are asked.
    journal = history(path, YEAR)
    walls = {what: took(ask)[0] for what, ask in questions(journal, path).items()}
    journal.close()
    assert {what: wall for what, wall in walls.items() if wall >= PROMISED.get(what, float("inf"))} == {}
