"""Nothing is drawn that is not so: random stories of weather, keys and sizes, told to the real console on real sessions."""

from __future__ import annotations

import pytest

from tests.ui.seeing import story


@pytest.mark.parametrize("seed", range(4))
def test_a_random_story_draws_nothing_that_is_not_so(seed: int) -> None:
    assert story(seed, steps=7) == {}


@pytest.mark.soak
@pytest.mark.timeout(3600)
@pytest.mark.parametrize("block", range(20))
def test_many_random_stories(block: int) -> None:
    found = {seed: problems for seed in range(1000 + block * 50, 1050 + block * 50) if (problems := story(seed, steps=30))}
    assert found == {}
