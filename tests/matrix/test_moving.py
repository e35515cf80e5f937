"""A2: reads reorder, remove, change and rename rows between any two keys; what is sent is what stood under the cursor at the key.

Twice: once on what a key goes through without a screen, fast enough for thousands of stories, and once on the console as it is drawn,
where what is "shown" is read off the screen's own lines.
"""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule, run_state_machine_as_test

from tests.actions.test_dialog import Answering, desk
from tests.ui import keyboard
from tests.ui.desk import busy, ref, service
from tests.ui.test_console import Seat, seat
from tui.actions import ACTIONS
from tui.model import Health, Kind, Ref, Resource, Verb
from tui.text import Safe
from tui.ui.aim import Selection, aim
from tui.ui.deeds import Deed
from tui.ui.guard import HELD
from tui.ui.questions import Question, ask
from tui.ui.screens.ask import AskScreen
from tui.ui.widgets.table_cursor import TableCursor
from tui.ui.widgets.table_rows import Row

NUMBERS = st.lists(st.integers(0, 8), max_size=9, unique=True)
ASKS = {"r": Verb.RESTART, "s": Verb.STOP}


def rows_of(numbers: list[int], turn: int) -> list[Resource]:
    """These services, in this order; every third has another name than the turn before, every second another state."""
    made = []
    for number in numbers:
        name = f"s{number}-{turn}" if number % 3 == 0 else f"s{number}"
        row = service(f"s{number}", list(Health)[(number + turn) % 2])
        made.append(replace(row, name=Safe(name)))
    return made


class MovingRows(RuleBasedStateMachine):
    """The list's cursor, the store, the question of a key and what is sent of it, with reads between any two of them."""

    @initialize()
    def begin(self) -> None:
        self.desk: Answering = desk()
        self.cursor = TableCursor(auto=True)
        self.turn = 0
        self.question: Question | None = None
        self.under: Resource | None = None
        self.marked: tuple[Ref, ...] = ()
        self._read([0, 1, 2, 3])

    def _read(self, numbers: list[int]) -> None:
        self.turn += 1
        self.desk.put("fleet", Kind.SERVICE, rows_of(numbers, self.turn))
        self.cursor.take(tuple(Row(row.ref, ()) for row in self.desk.store.rows(Kind.SERVICE)))

    @rule(numbers=NUMBERS)
    def a_read_comes_in(self, numbers: list[int]) -> None:
        self._read(numbers)

    @rule(step=st.sampled_from([-3, -1, 1, 3]))
    def a_key_moves(self, step: int) -> None:
        found = self.cursor.after(step, 0)
        self.cursor.put(found)

    @precondition(lambda self: self.question is None and self.cursor.key is not None)
    @rule(key=st.sampled_from(sorted(ASKS)))
    def a_key_asks(self, key: str) -> None:
        here = self.cursor.key
        assert isinstance(here, Ref)
        self.under = self.desk.store.get(here)
        action = next(each for each in ACTIONS.values() if each.verb is ASKS[key] and each.kind is Kind.SERVICE)
        selection = Selection(refs=(here,), kind=Kind.SERVICE)
        aimed = aim(action, selection, self.desk)  # type: ignore[arg-type]
        assert aimed is not None
        asked = ask(action, aimed, selection, self.desk)  # type: ignore[arg-type]
        assert isinstance(asked, Question)
        self.question = asked

    @precondition(lambda self: self.question is not None)
    @rule()
    def it_is_confirmed(self) -> None:
        question, under = self.question, self.under
        assert question is not None
        assert under is not None
        self.desk.done.clear()
        asyncio.run(Deed(question, question.targets, {}).run(self.desk, lambda *_: None))  # type: ignore[arg-type]
        assert [(verb, target, more["seen"]) for verb, target, more in self.desk.done] == [(question.verb, under.ref, under)]
        self.question = None

    @precondition(lambda self: self.question is not None)
    @rule()
    def it_is_given_up(self) -> None:
        self.question = None

    @invariant()
    def what_is_asked_is_what_was_under_the_cursor(self) -> None:
        if getattr(self, "question", None) is not None:
            assert [target.ref for target in self.question.targets] == [self.under.ref]  # type: ignore[union-attr]
            assert self.question.targets[0].seen is self.under  # type: ignore[union-attr]


def machine(examples: int) -> None:
    checks = [HealthCheck.too_slow]
    run_state_machine_as_test(MovingRows, settings=settings(max_examples=examples, stateful_step_count=30, suppress_health_check=checks))


def test_a2_the_id_sent_is_the_id_shown() -> None:
    machine(25)


@pytest.mark.soak
@pytest.mark.timeout(3600)
def test_a2_twenty_thousand_stories() -> None:
    machine(20_000)


# The same on the screen ---------------------------------------------------------------------------------------------------------


def shown(at: Seat) -> str:
    """The name on the drawn line that has the cursor; empty if there is none."""
    lines = [line.split("›", 1)[1] for line in at.screen()[:20] if "›" in line[36:]]
    return next((word for line in lines for word in line.split() if word.startswith("s") and word[1:2].isdigit()), "")


async def story(steps: list[Any]) -> int:
    """Keys and reads as they come; whenever something is asked and confirmed, it is that of the line that had the cursor."""
    at_desk = busy()
    confirmed = turn = 0
    async with seat(at_desk) as at:
        at_desk.put("fleet", Kind.SERVICE, rows_of([0, 1, 2, 3], 0))
        keyboard.give(at.app, "2", "home")
        await keyboard.rest(at.app)
        for step in steps:
            if isinstance(step, list):
                turn += 1
                at_desk.put("fleet", Kind.SERVICE, rows_of(step, turn))
                await keyboard.rest(at.app)
                continue
            before = shown(at)
            keyboard.give(at.app, step)
            await keyboard.rest(at.app)
            if step not in ASKS or not isinstance(at.app.screen, AskScreen):
                continue
            assert before, "something was asked although nothing was under the cursor"
            turn += 1
            at_desk.put("fleet", Kind.SERVICE, rows_of([8, 4, 2, 1, 0], turn))
            await at_desk.pass_time(HELD * 2)
            keyboard.give(at.app, "right", "enter")
            await keyboard.rest(at.app)
            verb, target, _ = at_desk.done[-1]
            assert (verb, target) == (ASKS[step], ref(Kind.SERVICE, f"svc-{before.partition('-')[0]}"))
            confirmed += 1
            await at_desk.pass_time(HELD * 2)
            while isinstance(at.app.screen, AskScreen):
                keyboard.give(at.app, "escape")
                await keyboard.rest(at.app)
    assert len(at_desk.done) == confirmed
    return confirmed


STEPS = st.lists(st.one_of(NUMBERS, st.sampled_from(["up", "down", "home", "end", "r", "s", "down"])), min_size=6, max_size=14)


@given(STEPS)
@settings(max_examples=2)
def test_a2_what_is_sent_stood_on_the_screens_own_line(steps: list[Any]) -> None:
    asyncio.run(story(steps))


@pytest.mark.soak
@pytest.mark.timeout(3600)
@given(STEPS)
@settings(max_examples=300)
def test_a2_many_stories_on_the_screen(steps: list[Any]) -> None:
    asyncio.run(story(steps))
