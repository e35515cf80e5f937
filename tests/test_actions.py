"""The keymap as data: complete, free of clashes, safe, and remappable by id."""

from __future__ import annotations

import pytest

from tui.actions import ACTIONS, DANGERS, PANES, Action, Danger, Keymap, Place, reach
from tui.keys import ESCAPE_FINALS, safe_key, spell
from tui.model import Verb


def test_no_key_means_two_things_in_one_place() -> None:
    assert Keymap().clashes() == []


@pytest.mark.parametrize("action", ACTIONS.values(), ids=list(ACTIONS))
def test_every_action_says_what_it_is(action: Action) -> None:
    assert action.keys
    assert action.title
    assert action.help.endswith(".")
    assert action.where
    assert action.id == action.id.lower()
    assert len(action.title) <= 20


def test_every_verb_has_a_danger_and_an_action_of_its_own() -> None:
    assert set(DANGERS) == set(Verb)
    for action in ACTIONS.values():
        assert (action.danger is Danger.SAFE) == (action.verb in {None, Verb.ADOPT})


def test_a_broken_escape_sequence_presses_no_destructive_key() -> None:
    destructive = [action for action in ACTIONS.values() if action.danger is Danger.DESTRUCTIVE]
    assert destructive
    for action in destructive:
        assert all(safe_key(key) for key in action.keys), action.id
    for final in [*"ABCDFHMOPQRSZ019", "ctrl+d", *ESCAPE_FINALS]:
        assert not safe_key(final)


def test_numbers_go_to_the_panes_from_every_pane() -> None:
    for place in PANES:
        keys = {key: action.id for action in Keymap.at(place) for key in action.keys}
        assert [keys[number] for number in "1234"] == ["focus.apps", "focus.resources", "focus.rollouts", "focus.logs"]
        assert keys["question_mark"] == "console.help"
        assert keys["slash"] == "pane.filter"
        assert keys["j"] == keys["down"] == "list.down"


def test_the_key_bar_begins_with_what_one_does_to_a_row() -> None:
    titles = [action.title for action in Keymap.bar(Place.RESOURCES)]
    assert titles[:6] == ["open", "logs", "restart", "stop", "deploy", "trigger"]
    assert titles[-4:] == ["filter", "palette", "zoom", "help"]
    assert "stop" not in [action.title for action in Keymap.bar(Place.LOGS)]


def test_lines_move_alike_on_panes_and_screens() -> None:
    assert reach(ACTIONS["list.up"]) >= PANES | {Place.DETAIL, Place.HELP}
    assert Place.DETAIL not in reach(ACTIONS["console.quit"])


def test_a_remapped_key_is_what_is_shown_and_meant() -> None:
    keymap = Keymap.load({"row.restart": ["f5"], "list.down": []})
    assert keymap.problems == ()
    assert keymap.keys(ACTIONS["row.restart"]) == ("f5",)
    assert keymap.spelled(ACTIONS["row.restart"]) == "f5"
    assert keymap.spelled(ACTIONS["list.down"]) == ""


@pytest.mark.parametrize(
    ("wanted", "said"),
    [
        ({"row.restrat": ["f5"]}, "there is no action 'row.restrat', did you mean 'row.restart'?"),
        ({"nonsense": ["f5"]}, "there is no action 'nonsense'"),
        ({"row.stop": ["ctrl+s"]}, "'ctrl-s' cannot be used for 'row.stop', a broken escape sequence could press it"),
        ({"row.stop": ["D"]}, "'D' cannot be used for 'row.stop'"),
        ({"row.restart": ["s"]}, "'s' means both 'row.restart' and 'row.stop'; 'row.restart' keeps its own keys"),
    ],
)
def test_a_wrong_remapping_is_told_and_left_out(wanted: dict[str, list[str]], said: str) -> None:
    keymap = Keymap.load(wanted)
    assert len(keymap.problems) == 1
    assert said in keymap.problems[0]
    assert keymap.overrides == {}


def test_swapping_two_keys_is_no_clash() -> None:
    keymap = Keymap.load({"row.start": ["s"], "row.stop": ["a"]})
    assert keymap.problems == ()
    assert keymap.keys(ACTIONS["row.stop"]) == ("a",)


@pytest.mark.parametrize(("key", "text"), [("enter", "↵"), ("question_mark", "?"), ("ctrl+p", "ctrl-p"), ("r", "r"), ("slash", "/")])
def test_keys_are_spelled_as_people_write_them(key: str, text: str) -> None:
    assert spell(key) == text
