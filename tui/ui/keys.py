"""Textual bindings made from the table of actions: a class takes those of its place, the user's changes come as a keymap."""

from __future__ import annotations

from textual.binding import Binding, BindingType

from tui.actions import ACTIONS, Keymap, Place

UNBOUND = "no-key"
"""Textual ignores an empty list of keys; this name is no key of any keyboard."""

WIDGETS_OWN = ("list.", "log.")
"""Actions whose bindings the generic widgets bring along."""


LEADING_AWAY = frozenset({"console.palette", "console.connect", "console.settings", "console.log", "console.sign-in", "console.sign-out"})
"""Actions that mean the same on every screen to read: the program does them, whichever screen is shown."""


def bindings_for(place: Place) -> list[BindingType]:
    """The bindings a widget or screen of this place has. What moves about in lines is bound by the line widgets themselves."""
    return [
        Binding(",".join(each.keys), f"{_whose(each.id, place)}act('{each.id}')", each.title, show=False, id=each.id)
        for each in ACTIONS.values()
        if place in each.where and not each.id.startswith(WIDGETS_OWN)
    ]


def _whose(id_: str, place: Place) -> str:
    return "app." if id_ in LEADING_AWAY and place is not Place.CONSOLE else ""


def textual_keymap(keymap: Keymap) -> dict[str, str]:
    """The user's changes as Textual wants them."""
    return {id_: ",".join(keys) or UNBOUND for id_, keys in keymap.overrides.items()}
