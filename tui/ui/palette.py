"""What the palette offers and how well each entry fits what was typed. No widget."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, Final

from tui.actions import ACTIONS, Place, reach
from tui.engine.words import called
from tui.model import Kind, Ref, Resource
from tui.tables import TABLES, in_order, state
from tui.ui.aim import means_something
from tui.ui.panes.resources import KINDS

if TYPE_CHECKING:
    from tui.ui.app import Console

MOST: Final = 100
"""Entries shown at once; who sees more has to type another letter."""

THINGS: Final = (
    Kind.SERVICE,
    Kind.APPLICATION,
    Kind.ENVIRONMENT,
    Kind.ROLLOUT,
    Kind.DEPLOYMENT,
    Kind.INSTANCE,
    Kind.ROUTE,
    Kind.PROJECT,
    Kind.WEBHOOK,
)


THEME: Final = "theme "
"""How the ids of the entries begin that are themes."""

LEADING: Final = ("console.", "past.", "focus.")
"""How the ids of the actions begin that are not about what the console has selected."""

SCATTERED: Final = 3
"""From so many letters on they may also stand apart; fewer would fit nearly everything."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One thing that can be chosen. ``rank`` orders what fits equally well."""

    id: str
    title: str
    help: str
    run: Callable[[], object]
    key: str = ""
    why_not: str = ""
    rank: int = 0

    @property
    def said(self) -> str:
        """What stands beside it: what it does, or why not."""
        return f"not now: {self.why_not}" if self.why_not else self.help


def entries(console: Console, place: Place) -> Iterator[Entry]:
    """Actions of the place where the palette was opened, those of the other panes, tabs, themes. Over a screen that is read there is
    nothing to be done to a thing: the one that the console has selected is not the one that is looked at."""
    screen = console.console_screen
    reading = console.screen is not screen
    for action in ACTIONS.values():
        if reading and not action.id.startswith(LEADING):
            continue
        if action.palette and place in reach(action) and means_something(action, screen.selection, console.session):
            yield Entry(
                id=action.id,
                title=action.title,
                help=action.help,
                run=partial(screen.action_act, action.id),
                key=console.keymap.spelled(action),
                why_not=screen.why_not(action) or "",
            )
    if not reading:
        yield from _elsewhere(console, place)
        yield from screen.lists.entries()
        yield from (replace(each, key="", rank=1) for each in console.views.tools.entries(screen.selection.ref))
    for kind in KINDS:
        title = TABLES[kind].title
        yield Entry(f"tab {kind}", f"show {title.lower()}", "Open this list.", partial(console.open_list, kind), rank=1)
    for name in console.wardrobe.names():
        yield Entry(f"{THEME}{name}", f"{THEME}{name}", "Change the colours of this run.", partial(console.wardrobe.wear, name), rank=2)
    yield from console.home.entries()


def go(console: Console, entry: Entry) -> None:
    """Do what was chosen. All but the colours belongs to the console: what is read over it is left first."""
    while not entry.id.startswith(THEME) and console.screen is not console.console_screen:
        console.screen.dismiss()
    entry.run()


def _elsewhere(console: Console, place: Place) -> Iterator[Entry]:
    """What means something in another pane only: chosen, that pane gets the keys first."""
    screen = console.console_screen

    def there(pane: str, id_: str) -> None:
        screen.action_act(f"focus.{pane}")
        screen.action_act(id_)

    for pane in screen.panes:
        for action in ACTIONS.values():
            if action.palette and pane.place in action.where and place not in reach(action):
                name = str(pane.place)
                yield Entry(
                    id=f"{name}: {action.id}",
                    title=f"{name}: {action.title}",
                    help=action.help,
                    run=partial(there, name, action.id),
                    key=console.keymap.spelled(action),
                    rank=4,
                )


def recent(console: Console, offered: Iterable[Entry]) -> list[Entry]:
    """What was chosen lately and can be chosen now, the newest first."""
    known = {entry.id: entry for entry in offered}
    found: list[Entry] = []
    for id_ in console.views.recent:
        if id_ in known:
            found.append(known[id_])
        elif (row := _row(console, id_)) is not None:
            found.append(_thing(console, row))
    return found


def _row(console: Console, id_: str) -> Resource | None:
    try:
        return console.session.store.get(Ref.parse(id_))
    except ValueError:
        return None


def things(console: Console, typed: str) -> list[Entry]:
    """The things that are called like what was typed, the best first. Only those are made into entries: there may be many thousand."""
    wanted = " ".join(typed.casefold().split())
    if not wanted:
        return []
    found: list[tuple[int, int, Resource]] = []
    for rank, kind in enumerate(THINGS):
        for row in console.session.store.rows(kind):
            fits = score(wanted, called(row) or row.ref.id)
            if fits is not None:
                found.append((fits, rank, row))
    found.sort(key=lambda each: each[:2])
    return [_thing(console, row) for _, _, row in found[:MOST]]


def _thing(console: Console, row: Resource) -> Entry:
    return Entry(
        id=str(row.ref),
        title=str(called(row) or row.ref.id),
        help=f"{row.ref.kind} on {row.ref.connection} · {state(row.health)}",
        run=partial(console.open_detail, row.ref),
        rank=3,
    )


def score(typed: str, title: str) -> int | None:
    """How well a title fits: lower is better, None not at all. The beginning, then a word, then anywhere, then letters in order."""
    text = title.casefold()
    if text.startswith(typed):
        return 0
    at = text.find(typed)
    if at > 0:
        return 1 if not text[at - 1].isalnum() else 2
    return 3 + len(text) // 16 if len(typed) >= SCATTERED and in_order(typed.replace(" ", ""), text) else None


def best(offered: Iterable[Entry], typed: str, lately: Sequence[Entry] = ()) -> list[Entry]:
    """What fits what was typed, the best first, of equals what was chosen ``lately``; without anything typed every entry."""
    wanted = " ".join(typed.casefold().split())
    known = [entry.id for entry in lately]
    if not wanted:
        return [*lately, *(entry for entry in offered if entry.id not in known)][:MOST]
    scored = [
        (found, -1 if entry.id in known else entry.rank, number, entry)
        for number, entry in enumerate(offered)
        if (found := score(wanted, entry.title)) is not None
    ]
    scored.sort(key=lambda each: each[:3])
    return [entry for *_, entry in scored[:MOST]]
