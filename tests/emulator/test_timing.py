"""The state at a moment depends on the moment, not on who looked when."""

from __future__ import annotations

import pytest

from tui.emulator.dice import Dice
from tui.emulator.options import Options
from tui.emulator.platforms import Platforms
from tui.emulator.timing import Clock, Schedule, rfc3339, seconds
from tui.emulator.world import World


def test_actions_run_in_order_each_at_its_own_time() -> None:
    clock, schedule = Clock(now=100, frozen=True), Schedule(0)
    seen: list[tuple[str, float]] = []

    def note(name: str) -> None:
        seen.append((name, schedule.now(clock)))

    schedule.at(30, lambda: note("late"))
    schedule.at(10, lambda: (note("early"), schedule.at(20, lambda: note("between")))[0])
    schedule.at(101, lambda: note("never"))
    schedule.run_until(clock())
    assert seen == [("early", 10), ("between", 20), ("late", 30)]


def test_a_thing_planned_for_the_past_happens_now() -> None:
    clock, schedule = Clock(now=100, frozen=True), Schedule(50)
    seen: list[float] = []
    schedule.run_until(80)
    schedule.at(60, lambda: seen.append(schedule.now(clock)))
    schedule.run_until(100)
    assert seen == [80]


def test_the_clock_goes_forward_only() -> None:
    clock = Clock(now=5, frozen=True)
    clock.advance(2.5)
    assert clock() == 7.5
    with pytest.raises(ValueError, match="forward"):
        clock.advance(-1)


@pytest.mark.parametrize("scenario", ["busy", "incident"])
def test_looking_often_changes_nothing(scenario: str) -> None:
    states = []
    for step in (1.0, 7.0, 300.0):
        world = World(Options(scenario=scenario, now=1e9, frozen=True))
        platforms = Platforms(world)
        world.tick()
        while world.now() < 1e9 + 2100:
            world.clock.advance(step)
            world.tick()
        shown = [platforms.encore.shown(one) for one in platforms.encore.rollouts.values()]
        services = [(one.status, one.restarts, one.spells, list(one.said)) for one in platforms.fleet.services.values()]
        states.append((shown, services, [(one.name, one.status, one.finished) for one in platforms.fleet.deployments.values()]))
    assert states[0] == states[1] == states[2]


def test_the_same_seed_makes_the_same_world_and_another_seed_another() -> None:
    def ids(seed: int) -> list[str]:
        platforms = Platforms(World(Options(scenario="busy", seed=seed, now=1e9, frozen=True)))
        return [*platforms.fleet.services, *platforms.encore.rollouts, *platforms.phase.apps]

    assert ids(1) == ids(1) != ids(2)


def test_ids_look_like_the_platforms_own() -> None:
    dice = Dice(4)
    early, late = dice.rollout(1.75e9, 1), dice.rollout(1.76e9, 2)
    assert early < late
    assert len(early) == 25
    assert set(early[5:]) <= set("0123456789abcdefghijklmnopqrstuv")
    assert dice.ulid(1.75e9, 1) < dice.ulid(1.76e9, 1)
    assert len(dice.ulid(1, 1)) == 26
    assert dice.uuid("x")[14] == "4"
    assert len(dice.word(60, "x")) == 60
    assert not dice.word(60, "x").startswith("00")


def test_times_and_ages() -> None:
    assert rfc3339(0) == "1970-01-01T00:00:00Z"
    assert rfc3339(1.25, 6) == "1970-01-01T00:00:01.250000Z"
    assert rfc3339(None) is None
    assert [seconds(text) for text in ("90", "45s", "3m", "2h", "41d")] == [90, 45, 180, 7200, 3542400]
