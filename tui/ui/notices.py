"""What a pane says about how much it knows: nothing yet, nothing there, not reached, out of date. Words only, no widget.

Each of these looks different and says what to do next.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Final

from tui.actions import Keymap
from tui.engine.feeds import Feed
from tui.engine.recall.quorum import THEIRS, way
from tui.engine.store import Store
from tui.errors import PlatformError, Refused, Unauthorized
from tui.model import Tone
from tui.tables import age, lately
from tui.ui.widgets.cells import Piece

HELD: Final = {"signed-out", "limited"}
USUAL: Final = Keymap()


@dataclass(frozen=True, slots=True)
class Notice:
    """Lines for the middle of an empty pane, and what they mean."""

    lines: tuple[str, ...]
    tone: Tone


def next_try(at: float | None, boot: float) -> str:
    """``next try in 12 s``; empty if nothing is planned."""
    if at is None:
        return ""
    left = at - boot
    return "trying now" if left < 1 else f"next try in {age(left)}"


def _reason(feed: Feed, store: Store) -> tuple[PlatformError | None, float | None]:
    """Why a feed is not read, and when it is tried again: its own trouble, or that of the whole connection."""
    freshness, hold = store.freshness(feed), store.held(feed.connection)
    planned = freshness.next_try
    if hold is not None and hold.until is not None and planned is not None:
        planned = max(planned, hold.until)  # a look that failed moves the next one of the whole connection
    if hold is not None and hold.word in HELD:
        return hold.error or freshness.error, hold.until if planned is None or hold.until is None else planned
    return freshness.error, planned


def trouble(feed: Feed, store: Store, boot: float, keys: Keymap = USUAL) -> str:
    """One line about why a feed's rows cannot be trusted, beginning with what to do or when it is tried again; empty if they can."""
    return " · ".join(_trouble(feed, store, boot, keys))


def _trouble(feed: Feed, store: Store, boot: float, keys: Keymap) -> tuple[str, ...]:
    """To whom, what happened in a word where there is one, what to do next, and at last the whole message; empty if nothing is wrong."""
    error, planned = _reason(feed, store)
    if error is None:
        return ()
    # The message begins with the server's name, and a narrow pane would cut what it says.
    what = (way(error),) if isinstance(error, THEIRS) else ()
    message = error.message.removeprefix(f"{what[0]}, ") if what else error.message
    return (feed.connection, *what, _remedy(feed, error, planned, boot, keys), message)


def _remedy(feed: Feed, error: PlatformError, planned: float | None, boot: float, keys: Keymap) -> str:
    """What to do, or when it is tried again."""
    if isinstance(error, Unauthorized):
        (key,) = keys.spelled_ids("console.sign-in")
        return f"sign in: {f'{key} here, or ' if key else ''}rollwatch login {feed.connection}"
    if isinstance(error, Refused) and error.hint:
        return error.hint  # it was understood and refused: asking again changes nothing
    return next_try(planned, boot) or error.hint or "not asked again by itself"


NONE: Final = "No {title} on {on}."
UNLISTED: Final = "No {title} of {on} are known here."
"""Of what nobody has a list there may be any number; those that we know are what was begun or followed from here."""


def empty(
    title: str, feeds: Sequence[Feed], store: Store, boot: float, keys: Keymap = USUAL, then: str = "", none_of: str = NONE
) -> Notice:
    """What an empty pane says of the things called ``title`` (lower case, plural), ``none_of`` that there are none, and ``then`` how there
    come to be some."""
    if not feeds:
        return Notice((f"No connection of this context has {title}.", "rollwatch contexts shows what is connected"), Tone.MUTED)
    asking: list[str] = []
    failed: list[str] = []
    without: list[str] = []
    none: list[str] = []
    for feed in _one_each(feeds):
        freshness = store.freshness(feed)
        if not freshness.offered:
            without.append(feed.connection)
        elif line := trouble(feed, store, boot, keys):
            failed.append(line)
        elif freshness.fetched_boot is None:
            asking.append(feed.connection)
        else:
            none.append(feed.connection)
    lines = list(dict.fromkeys(failed))
    if asking:
        lines.append(f"Asking {_and(asking)} for {title}…")
    if none:
        lines.append(none_of.format(title=title, on=_and(none)))
        lines += [then] if then else []
    if without:
        lines.append(f"{_and(without)} does not offer {title}.")
    if failed:
        (key,) = keys.spelled_ids("console.refresh")
        if key and any("next try" in line for line in failed):
            lines.append(f"{key} tries at once")
        return Notice(tuple(lines), Tone.WARN if none else Tone.BAD)
    return Notice(tuple(lines), Tone.BUSY if asking else Tone.MUTED)


def unmatched(title: str, count: int, missing: Sequence[str], keys: Keymap = USUAL) -> Sequence[str]:
    """What stands where a filter hides everything; ``missing`` are columns that it asks for and that are not among those of the list."""
    lines = [f"No {title} match the filter; {'one is' if count == 1 else f'{count} are'} hidden."]
    (key,) = keys.spelled_ids("rows.columns")
    if missing:
        lines.append(f"No column of the {title} is called {_or(missing)}{f'; {key} shows which there can be' if key else ''}.")
    return [*lines, "esc shows everything"]


def _one_each(feeds: Collection[Feed]) -> list[Feed]:
    """One feed of each connection stands for its others (environments of many apps)."""
    first: dict[str, Feed] = {}
    for feed in feeds:
        first.setdefault(feed.connection, feed)
    return list(first.values())


def _and(names: Sequence[str]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"


def _or(names: Sequence[str]) -> str:
    return " or ".join(dict.fromkeys(names))


def below(feeds: Sequence[Feed], store: Store, boot: float, keys: Keymap = USUAL) -> tuple[Piece, ...]:
    """The line under rows that are shown although they may no longer be true, or of which some could not be read. Empty: all is well."""
    told: dict[tuple[str, str], None] = {}
    late: dict[tuple[str, str], None] = {}
    for feed in feeds:
        freshness = store.freshness(feed)
        if not freshness.offered:
            continue
        if wrong := _trouble(feed, store, boot, keys):
            old = freshness.age(boot)
            seen = f"as of {lately(old)} ago" if old is not None else "never read"
            told[f"▲ {' · '.join((*wrong[:-1], seen))}", f" · {wrong[-1]}"] = None
        elif freshness.restored:
            told[f"◐ {feed.connection}: from the last run, {lately(freshness.age(boot) or 0.0)} ago · asking now", ""] = None
        elif freshness.fetched_boot is not None and freshness.stale(boot):
            late[f"▲ {feed.connection} · the next reading is overdue · as of {lately(boot - freshness.fetched_boot)} ago", ""] = None
        if freshness.unreadable:
            count = freshness.unreadable
            told[f"▲ {feed.connection}: {count} of {count + len(store.feed_rows(feed))} unreadable", f": {freshness.reason}"] = None
    lines = [*told, *late]
    if not lines:
        return ()
    # The server's own sentence is the longest and the least: where it is narrow it is what is cut.
    head, message = lines[0]
    more = f" · and {len(lines) - 1} more" if len(lines) > 1 else ""
    return (Piece(head + more + message, Tone.BUSY if head.startswith("◐") else Tone.WARN),)
