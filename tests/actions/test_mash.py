"""Keys that nobody meant: at random, pasted, and what broken escape sequences leave behind, over a list that reads keep changing.

In production nothing that cannot be undone may come of it: the name that would have to be typed is never typed.
"""

from __future__ import annotations

from random import Random

import pytest
from textual import events

from tests.actions.test_dialog import desk, seat
from tui.model import Kind, Verb

KEYS = [*"rsadtvneXylojkgGz!1234/:?[]", "delete", "enter", "right", "left", "tab", "escape", "space", "up", "down", "home", "end", "f2"]
BROKEN = ["escape [ A", "escape [ < 0 ; 1 0 ; 5 M", "escape O Q", "escape [ 3 ~", "[ 2 0 0 ~ X"]


async def mash(count: int, seed: int) -> tuple[int, list[Verb]]:
    """Press this many keys, pastes and halves of escape sequences at random while reads reorder the rows; what was sent."""
    chance = Random(seed)  # noqa: S311 - a test that can be repeated
    async with seat(desk(production=True)) as at:
        pressed = 0
        while pressed < count:
            keys = chance.choice(BROKEN).split() if chance.random() < 0.3 else [chance.choice(KEYS)]
            for key in keys:
                at.app.post_message(_key(key))
                pressed += 1
            if chance.random() < 0.05:
                at.app.post_message(events.Paste(chance.choice(["X\n", "rm -rf\nyes\n", "stop", "y\ny\n"])))
            if chance.random() < 0.1:
                rows = list(at.desk.store.rows(Kind.SERVICE))
                chance.shuffle(rows)
                at.desk.put("fleet", Kind.SERVICE, rows[: chance.randint(1, len(rows))] if chance.random() < 0.2 else rows)
                await at.desk.clock.advance(0.5, turns=1)
            if pressed % 20 < len(keys):
                await at.pilot.pause()
        for _ in range(5):
            await at.pilot.pause()
        return pressed, [verb for verb, _ in at.verbs]


def _key(key: str) -> events.Key:
    names = {"[": "left_square_bracket", "]": "right_square_bracket", "<": "less_than_sign", ";": "semicolon", "~": "tilde"}
    names |= {"!": "exclamation_mark", "/": "slash", ":": "colon", "?": "question_mark"}
    return events.Key(names.get(key, key), key if len(key) == 1 else None)


@pytest.mark.timeout(90)
async def test_random_keys_destroy_nothing() -> None:
    pressed, sent = await mash(80, seed=4)
    assert pressed >= 80
    assert not {Verb.STOP, Verb.DELETE} & set(sent)


@pytest.mark.soak
@pytest.mark.timeout(3_600)
async def test_a_hundred_thousand_random_keys_destroy_nothing() -> None:
    pressed, sent = await mash(100_000, seed=5)
    assert pressed >= 100_000
    assert not {Verb.STOP, Verb.DELETE} & set(sent)
