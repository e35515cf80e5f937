"""``features.toml`` says what this console can do; every test it names exists, and everything it lacks has a reason."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from typing import Any, Final

import pytest

ROOT: Final = Path(__file__).parents[1]
FEATURES: Final[list[dict[str, Any]]] = tomllib.loads((ROOT / "tests" / "features.toml").read_text(encoding="utf-8"))["feature"]


def test_every_feature_of_the_field_is_answered_once() -> None:
    assert [each["number"] for each in FEATURES] == list(range(1, 103))
    assert all(each["name"] for each in FEATURES)


@pytest.mark.parametrize("feature", FEATURES, ids=lambda feature: str(feature["number"]))
def test_the_answer_names_its_proof_or_its_reason(feature: dict[str, Any]) -> None:
    if feature["ours"] != "yes":
        assert feature["ours"] in {"partly", "no"}
        assert len(feature["why"]) > 3
        assert "test" not in feature
        return
    file, _, name = feature["test"].partition("::")
    text = (ROOT / file).read_text(encoding="utf-8")
    assert not name or re.search(rf"^(async )?def {re.escape(name)}\(", text, re.MULTILINE), feature["test"]


def test_most_of_it_is_there() -> None:
    assert sum(each["ours"] == "yes" for each in FEATURES) >= 90
