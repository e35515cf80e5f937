"""What an emulator is told, and what it says to nonsense."""

from __future__ import annotations

import pytest

from tui.emulator import Options, read_flavours, read_now, scenarios
from tui.emulator.scenario import load


def test_flavours_are_read_for_all_or_for_one() -> None:
    assert read_flavours("current") == {"encore": "current", "dployr": "current", "phase": "current"}
    assert read_flavours("dployr=current, phase=documented") == {"encore": "documented", "dployr": "current", "phase": "documented"}
    assert set(read_flavours("").values()) == {"documented"}


@pytest.mark.parametrize(("text", "words"), [("new", "'new' is not a flavour"), ("heroku=current", "'heroku' is not a platform")])
def test_a_wrong_flavour_is_named(text: str, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        read_flavours(text)


def test_a_time_needs_its_zone() -> None:
    assert read_now("2025-09-06T22:31:00Z") == 1_757_197_860
    with pytest.raises(ValueError, match="no zone"):
        read_now("2025-09-06T22:31:00")
    with pytest.raises(ValueError, match="not a time"):
        read_now("yesterday")


def test_the_four_scenarios_are_there_and_a_fifth_is_refused() -> None:
    assert scenarios() == ("busy", "calm", "huge", "incident")
    with pytest.raises(ValueError, match="one of busy, calm, huge, incident"):
        Options(scenario="quiet")


@pytest.mark.parametrize("name", scenarios())
def test_scenarios_name_only_what_they_have(name: str) -> None:
    scenario = load(name)
    slugs = {app.slug: app.environments for app in scenario.apps}
    services = {service.name for service in scenario.services}
    tags = {instance.tag for instance in scenario.instances}
    assert all(rollout.environment in slugs[rollout.app] for rollout in scenario.rollouts)
    assert {spell.service for spell in scenario.spells} <= services
    assert {deployment.name for deployment in scenario.deployments} <= services
    assert {service.instance for service in scenario.services} <= tags
    assert {service.project for service in scenario.services} <= set(scenario.projects)
