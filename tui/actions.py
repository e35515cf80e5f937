"""The whole keymap as data: what can be asked for, with which keys, where, and how dangerous it is.

Key bar, help, palette and bindings are all made from ``ACTIONS``; the ids are stable, users remap keys by them. Nothing is
executed here and no widget is known: how an action is carried out stands in the ui.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

from tui.keys import in_words, safe_key, spell
from tui.model import Kind, Verb


class Place(StrEnum):
    """Where an action means something. ``CONSOLE`` is every pane; ``LIST`` whatever consists of lines."""

    CONSOLE = "console"
    LIST = "list"
    APPS = "apps"
    RESOURCES = "resources"
    ROLLOUTS = "rollouts"
    LOGS = "logs"
    DETAIL = "detail"
    HELP = "help"
    MEMORY = "memory"
    MINUTE = "minute"
    RECORD = "record"
    PATTERNS = "patterns"
    CONTEXTS = "contexts"
    SETTINGS = "settings"


class Danger(StrEnum):
    """What a mistake costs: nothing, some minutes, or something that cannot be taken back."""

    SAFE = "safe"
    CAREFUL = "careful"
    DESTRUCTIVE = "destructive"


DANGERS: Final[Mapping[Verb, Danger]] = {
    Verb.ADOPT: Danger.SAFE,
    Verb.CREATE: Danger.CAREFUL,
    Verb.UPDATE: Danger.CAREFUL,
    Verb.SET: Danger.CAREFUL,
    Verb.START: Danger.CAREFUL,
    Verb.RESTART: Danger.CAREFUL,
    Verb.TRIGGER: Danger.CAREFUL,
    Verb.STOP: Danger.DESTRUCTIVE,
    Verb.DELETE: Danger.DESTRUCTIVE,
}
"""What each verb may cost."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Action:
    """One thing a key can mean. ``keys`` in Textual's spelling; ``title`` is for the key bar, ``help`` a sentence for the help and
    the palette. ``bar`` orders the key bar, 0 keeps it out. ``verb`` (with ``kind`` where it is not that of the row) makes it a
    request to a platform; ``palette`` False keeps it out of the palette, where it would mean nothing."""

    id: str
    keys: tuple[str, ...]
    title: str
    help: str
    where: frozenset[Place]
    verb: Verb | None = None
    kind: Kind | None = None
    bar: int = 0
    palette: bool = True

    @property
    def danger(self) -> Danger:
        return Danger.SAFE if self.verb is None else DANGERS[self.verb]


def _in(*places: Place) -> frozenset[Place]:
    return frozenset(places)


_EVERYWHERE: Final = _in(Place.CONSOLE)
_LISTS: Final = _in(Place.LIST)
_APPS: Final = _in(Place.APPS)
_RESOURCES: Final = _in(Place.RESOURCES)
_ROLLOUTS: Final = _in(Place.ROLLOUTS)
_LOGS: Final = _in(Place.LOGS)
_DETAIL: Final = _in(Place.DETAIL)
_SERVICE: Final = _RESOURCES | _DETAIL
_THINGS: Final = _APPS | _RESOURCES
_ROWS: Final = _THINGS | {Place.ROLLOUTS}
_LISTED: Final = _in(Place.RESOURCES, Place.ROLLOUTS)
_RECORD: Final = _in(Place.RECORD)
_PATTERNS: Final = _in(Place.PATTERNS)
_CONTEXTS: Final = _in(Place.CONTEXTS)
_SETTINGS: Final = _in(Place.SETTINGS)
_READING: Final = _in(Place.DETAIL, Place.HELP, Place.MEMORY, Place.MINUTE) | _RECORD | _PATTERNS | _CONTEXTS | _SETTINGS
_ANYWHERE: Final = _EVERYWHERE | _READING
_MEMORY: Final = _in(Place.MEMORY)
_TOLD: Final = _in(Place.MEMORY, Place.MINUTE)
_IN_TEXT: Final = _in(Place.DETAIL, Place.HELP, Place.MINUTE)
_FOUND: Final = _IN_TEXT | _RECORD


def _act(id_: str, keys: str, title: str, help_: str, where: frozenset[Place], *, bar: int = 0, palette: bool = True) -> Action:
    # Positional, so that the table below stays a table.
    return Action(id=id_, keys=tuple(keys.split()), title=title, help=help_, where=where, bar=bar, palette=palette)


def _ask(id_: str, keys: str, title: str, help_: str, where: frozenset[Place], bar: int, verb: Verb, kind: Kind | None = None) -> Action:
    return Action(id=id_, keys=tuple(keys.split()), title=title, help=help_, where=where, bar=bar, verb=verb, kind=kind)


CHANGES: Final = "Show what changed, field by field; what was put out beside what was before."

_VIEWS: Final = tuple(enumerate(("first", "second", "third", "fourth", "fifth"), 1))

_ENTRIES: Final[tuple[Action, ...]] = (
    # a row
    _act("list.open", "enter", "open", "Show everything known of the selected thing.", _ROWS | _MEMORY, bar=1),
    _act(
        "row.logs",
        "l",
        "logs",
        "Follow the log of the selected service or of all that are marked, or how a deployment is built.",
        _SERVICE | _APPS | _MEMORY,
        bar=2,
    ),
    _ask("row.restart", "r", "restart", "Restart the selected service.", _SERVICE | _LOGS, 3, Verb.RESTART, Kind.SERVICE),
    _ask("row.stop", "s", "stop", "Stop the selected service; it stays stopped.", _SERVICE, 4, Verb.STOP, Kind.SERVICE),
    _ask("row.start", "a", "start", "Start the selected service.", _SERVICE, 7, Verb.START, Kind.SERVICE),
    _ask("row.deploy", "d", "deploy", "Create a deployment, filled in from the selected one.", _RESOURCES, 5, Verb.CREATE, Kind.DEPLOYMENT),
    _ask("row.trigger", "t", "trigger", "Trigger a rollout of a branch or a commit.", _EVERYWHERE | _DETAIL, 6, Verb.TRIGGER, Kind.ROLLOUT),
    _ask("row.variable", "v", "variable", "Set a variable of the selected service.", _SERVICE, 11, Verb.SET, Kind.VARIABLE),
    _ask("row.new", "n", "new", "Create another thing of the kind that is listed.", _THINGS, 8, Verb.CREATE),
    _ask("row.edit", "e", "edit", "Change the selected thing.", _THINGS | _DETAIL, 9, Verb.UPDATE),
    _ask("row.delete", "X delete", "delete", "Delete the selected thing.", _THINGS | _DETAIL, 10, Verb.DELETE),
    _act("list.mark", "space", "mark", "Mark the thing, to do one verb to all that are marked.", _RESOURCES, palette=False),
    # a rollout
    _ask("rollout.back", "u", "roll back", "Roll the selected rollout's commit out again.", _ROLLOUTS, 5, Verb.TRIGGER, Kind.ROLLOUT),
    _act(
        "rollout.link", "o", "link", "Open the rollout's page on the dashboard, or copy its address over SSH.", _ROLLOUTS | _DETAIL, bar=4
    ),
    _ask("rollout.adopt", "i", "adopt", "Follow a rollout that was begun elsewhere.", _ROLLOUTS, 7, Verb.ADOPT, Kind.ROLLOUT),
    _act("rollout.approve", "p", "approve", "Approve a change of infrastructure, where the platform lets us.", _ROLLOUTS),
    _act("rollout.cancel", "X", "cancel", "Cancel a rollout, where the platform lets us.", _ROLLOUTS),
    _act("rollout.logs", "l", "logs", "Show what a rollout logs, where the platform lets us.", _ROLLOUTS),
    _act("row.changes", "equals_sign", "changes", CHANGES, _ROWS | _LOGS),
    _act("row.copy", "y", "copy id", "Copy the id of the selected thing.", _ROWS),
    _act("row.runbook", "b", "runbook", "Open the runbook of the selected thing, or copy its address over SSH.", _ROWS | _DETAIL, bar=12),
    _act("row.menu", "x", "menu", "Show everything that can be done here, with its key or why not.", _ROWS | _LOGS | _DETAIL, bar=19),
    _act("list.unfold", "right", "unfold", "Show the environments of an app.", _APPS, palette=False),
    _act("list.fold", "left", "fold", "Hide the environments of an app.", _APPS, palette=False),
    _act("tab.next", "right right_square_bracket", "next tab", "Show the next kind of thing.", _RESOURCES),
    _act("tab.previous", "left left_square_bracket", "previous tab", "Show the previous kind of thing.", _RESOURCES),
    # logs
    _act("logs.follow", "f space", "follow / pause", "Let the log stand still, or go on with the newest line.", _LOGS, bar=1),
    _act("logs.open", "enter", "open line", "Show the line under the cursor in full, laid out or escaped.", _LOGS, bar=2),
    _act("logs.search", "s", "search", "Find a text, or after ~ a regular expression, without hiding the rest.", _LOGS, bar=4),
    _act("logs.next", "n", "next match", "Go to the next line that was searched for.", _LOGS, bar=12),
    _act("logs.previous", "N", "previous match", "Go to the line before that was searched for.", _LOGS),
    _act("logs.next_error", "e", "next error", "Go to where the next error begins; the lines of one trace count once.", _LOGS, bar=13),
    _act("logs.previous_error", "E", "previous error", "Go to where the error before begins.", _LOGS, bar=3),
    _act("logs.level", "L", "level", "Show everything, warnings and worse, or errors and worse.", _LOGS, bar=5),
    _act("logs.context", "o", "context", "Show three lines around each that the filter wants, or not.", _LOGS, bar=9),
    _act("logs.patterns", "p", "patterns", "Show what is new since the last deployment, and what comes more often.", _LOGS, bar=6),
    _act("logs.minutes", "i", "by minute", "Show how many lines and errors each minute has, and go to one.", _LOGS, bar=6),
    _act("logs.since", "b", "further back", "Ask the server for older lines: 1m, 5m, 15m, 1h or all.", _LOGS, bar=10),
    _act("logs.goto", "J", "jump to time", "Go to the line of a time.", _LOGS),
    _act("logs.times", "u", "local/UTC/age", "Tell times as local time, as UTC or as ages.", _LOGS),
    _act("logs.pretty", "P", "lay out", "Show JSON and logfmt with the message first, or as they are.", _LOGS),
    _act("logs.mark", "m", "bookmark", "Put a bookmark on a line, or take it away.", _LOGS),
    _act("logs.next_mark", "M", "next bookmark", "Go to the next bookmark.", _LOGS),
    _act("logs.range", "v", "range", "Begin a range of lines to copy, or give it up.", _LOGS),
    _act("logs.copy", "y", "copy", "Copy the line under the cursor, or the range.", _LOGS, bar=14),
    _act("logs.save", "W", "save shown", "Write the lines that are shown to a new file.", _LOGS, bar=11),
    _act("logs.save_all", "ctrl+w", "save all", "Write all lines that are kept to a new file.", _LOGS),
    _act("logs.activity", "a", "activity", "Show what happened, or the log again.", _LOGS, bar=7),
    _act("logs.close", "backspace", "close log", "Stop following.", _LOGS, bar=8),
    _act("logs.wrap", "w", "wrap", "Break long lines, or cut them.", _LOGS, bar=8),
    _act("record.form", "tab", "form", "Show the text laid out, as it is, or escaped as it came.", _RECORD, bar=2, palette=False),
    _act("record.next", "n", "next line", "Show the next line of the log.", _RECORD, bar=3, palette=False),
    _act("record.previous", "N", "previous line", "Show the line before.", _RECORD, bar=4, palette=False),
    _act("record.copy", "y", "copy value", "Copy the value of the selected line.", _RECORD, bar=5, palette=False),
    _act("record.copy_all", "Y", "copy line", "Copy the text of the whole log line.", _RECORD, bar=6, palette=False),
    _act("patterns.open", "enter", "first line", "Go to the first line of this pattern or minute.", _PATTERNS, bar=2, palette=False),
    _act("log.left", "left", "left", "See what is left of a long line.", _LOGS, palette=False),
    _act("log.right", "right", "right", "See the rest of a long line.", _LOGS, palette=False),
    # moving about
    _act("list.up", "up k", "up", "Go one line up.", _LISTS, palette=False),
    _act("list.down", "down j", "down", "Go one line down.", _LISTS, palette=False),
    _act("list.page-up", "pageup ctrl+b", "page up", "Go one page up.", _LISTS, palette=False),
    _act("list.page-down", "pagedown ctrl+f", "page down", "Go one page down.", _LISTS, palette=False),
    _act("list.half-up", "ctrl+u", "half a page up", "Go half a page up.", _LISTS, palette=False),
    _act("list.half-down", "ctrl+d", "half a page down", "Go half a page down.", _LISTS, palette=False),
    _act("list.first", "home g", "first", "Go to the first line.", _LISTS, palette=False),
    _act("list.last", "end G", "last", "Go to the last line.", _LISTS, palette=False),
    _act("rows.sort", "S", "sort", "Sort the list by the next column, at last again in its own order.", _LISTED),
    _act("rows.reverse", "R", "turn round", "Sort the other way round.", _LISTED),
    _act("rows.faults", "F", "faults", "Show only what is wrong, or everything.", _LISTED),
    _act("view.pick", "apostrophe", "views", "Show a saved view of a list, or save this one under a name.", _EVERYWHERE),
    *(_act(f"view.{n}", str(n + 4), f"view {n}", f"Show the {each} saved view.", _EVERYWHERE, palette=False) for n, each in _VIEWS),
    _act("rows.columns", "C", "columns", "Choose the columns of the list and their order.", _LISTED),
    _act("rows.wide", "w", "wide", "Show every column with nothing cut, or what fits.", _LISTED),
    _act("rows.right", "greater_than_sign", "columns right", "See the columns further right of a wide list.", _LISTED, palette=False),
    _act("rows.left", "less_than_sign", "columns left", "See the columns further left of a wide list.", _LISTED, palette=False),
    _act("rows.freeze", "f", "freeze", "Let the list stand still, or go on with what is known now.", _LISTED),
    _act("rows.save", "W", "save list", "Write the list that is shown to a new file; the palette has CSV and JSON.", _LISTED),
    _act("pane.filter", "slash", "filter", "Show only the lines that contain a text.", _EVERYWHERE | _MEMORY, bar=20),
    _act("pane.zoom", "z", "zoom", "Give the whole screen to the focused pane, or take it back.", _EVERYWHERE, bar=22),
    _act("pane.back", "escape", "back", "Undo one step: clear the filter, end the zoom.", _EVERYWHERE, palette=False),
    _act("focus.apps", "1", "apps", "Go to apps and environments.", _EVERYWHERE),
    _act("focus.resources", "2", "services", "Go to services, deployments, instances, routes, projects and webhooks.", _EVERYWHERE),
    _act("focus.rollouts", "3", "rollouts", "Go to the live rollouts.", _EVERYWHERE),
    _act("focus.logs", "4", "logs", "Go to logs and activity.", _EVERYWHERE),
    _act("focus.next", "tab", "next pane", "Go to the next pane.", _EVERYWHERE, palette=False),
    _act("focus.previous", "shift+tab", "previous pane", "Go to the previous pane.", _EVERYWHERE, palette=False),
    _act("open.pager", "vertical_line", "in pager", "Show this list, thing or log in the pager.", _EVERYWHERE | _DETAIL),
    _act("open.editor", "ctrl+e", "in editor", "Show this list, thing or log in the editor, as a copy.", _EVERYWHERE | _DETAIL),
    # the past
    _act("past.away", "A", "while away", "Show what happened while you were away, what is unresolved first.", _EVERYWHERE),
    _act("past.timeline", "T", "timeline", "Show everything that happened on all platforms over time.", _EVERYWHERE),
    _act("past.matrix", "V", "versions", "Show which version is live where, and who is behind.", _EVERYWHERE),
    _act("past.handoff", "H", "handoff", "Show the handoff for the next shift, and add notes to it.", _EVERYWHERE),
    _act("past.before", "comma", "event before", "Show everything as it was at the event before.", _EVERYWHERE),
    _act("past.after", "full_stop", "event after", "In the past: show the moment of the next event.", _EVERYWHERE),
    _act("past.earlier", "left_curly_bracket", "an hour back", "Show everything as it was an hour earlier.", _EVERYWHERE),
    _act("past.later", "right_curly_bracket", "an hour on", "In the past: show the moment an hour later.", _EVERYWHERE),
    _act("past.goto", "at", "go to time", "Show everything as it was at a time.", _EVERYWHERE),
    _act("past.moment", "P", "as it was", "Show everything as it was when this happened.", _MEMORY, bar=3, palette=False),
    _act("past.span", "w", "further back", "Look further back: an hour, a shift, a day, a week.", _MEMORY, bar=3, palette=False),
    _act("past.lanes", "tab", "lanes", "Show or hide the lanes over time.", _MEMORY, bar=4, palette=False),
    _act("past.note", "N", "note", "Write a note for the next shift.", _MEMORY, bar=5, palette=False),
    _act("past.copy", "y", "copy all", "Copy everything that is listed as text.", _TOLD, bar=6, palette=False),
    _act("past.save", "W", "save", "Write everything that is listed to a new file.", _TOLD, bar=7, palette=False),
    _act("past.again", "ctrl+r", "read again", "Read the journal again.", _MEMORY, palette=False),
    _act("alert.acknowledge", "K", "acknowledge", "Say that you look after the selected thing, or all that rings.", _EVERYWHERE),
    _act("alert.snooze", "Z", "quiet", "Let no alert ring for half an hour, or again.", _EVERYWHERE),
    # the console
    _act("console.palette", "colon ctrl+p", "palette", "Find any action or thing by typing.", _ANYWHERE, bar=21, palette=False),
    _act("console.refresh", "ctrl+r", "read now", "Read everything that is on screen again, now.", _EVERYWHERE | _DETAIL),
    _act("console.connections", "I", "connections", "Show each connection: address, flavour, budget, errors, next read.", _EVERYWHERE),
    _act("console.contexts", "c", "contexts", "Show the contexts there are, to go into another one.", _EVERYWHERE),
    _act("console.fleet", "0", "fleet", "Look at every context at once, the worst first.", _EVERYWHERE),
    _act("console.help", "question_mark f1", "help", "Show what the keys do here.", _EVERYWHERE | _READING - {Place.HELP}, bar=23),
    _act("console.tighten", "exclamation_mark", "read-only", "Refuse every verb from now on, until the next start.", _EVERYWHERE),
    _act("console.connect", "f4", "connect a platform", "Connect another platform: tried first, then written down.", _ANYWHERE),
    _act("console.settings", "f6", "settings", "Change the settings that people change most.", _ANYWHERE),
    _act("console.log", "f12", "own log", "Show what this program wrote into its log.", _ANYWHERE),
    _act("console.sign-in", "f2", "sign in", "Sign in to a connection: tried first, then kept privately.", _ANYWHERE),
    _act("console.sign-out", "f3", "sign out", "Sign out of a connection: forget what is kept for it.", _ANYWHERE),
    _act("console.quit", "q ctrl+c", "quit", "Leave. Asks only while something is in flight.", _EVERYWHERE),
    _act("contexts.open", "enter", "go there", "Show this context instead of the present one.", _CONTEXTS, bar=2, palette=False),
    _act("contexts.look", "0", "look at all", "Look at every connection of every context, or no longer.", _CONTEXTS, bar=3, palette=False),
    _act("settings.next", "enter", "next value", "Give it the next value, and write it.", _SETTINGS, bar=2, palette=False),
    _act("settings.previous", "backspace", "previous value", "Give it the value before, and write it.", _SETTINGS, bar=3, palette=False),
    # screens to read
    _act("reading.back", "escape q", "back", "Go back to the console.", _READING, bar=1, palette=False),
    _act("detail.reveal", "space", "reveal", "Show the value of the selected variable, or mask it again.", _DETAIL, bar=12, palette=False),
    _act("detail.copy", "y", "copy line", "Copy the value of the selected line.", _DETAIL, bar=12, palette=False),
    _act("detail.copy_raw", "Y", "copy JSON", "Copy the platform's own record as JSON.", _DETAIL, bar=13, palette=False),
    _act("detail.open", "enter", "open", "Open what the selected line names.", _DETAIL, bar=3, palette=False),
    _act("detail.changes", "equals_sign", "changes", CHANGES, _DETAIL, bar=11, palette=False),
    _act("trail.back", "left_square_bracket", "back", "Go back through what was looked at.", _DETAIL, palette=False),
    _act("trail.forward", "right_square_bracket", "forward", "Go forward again.", _DETAIL, palette=False),
    _act("trail.last", "minus", "last view", "Show what was looked at last, or the lists again.", _EVERYWHERE | _DETAIL),
    _act("find.open", "slash", "find", "Find a text on this screen.", _FOUND, bar=14, palette=False),
    _act("find.next", "n", "next match", "Go to the next line with what was found.", _IN_TEXT, palette=False),
    _act("find.previous", "N", "previous match", "Go to the line before with what was found.", _IN_TEXT, palette=False),
    _act("detail.raw", "tab", "fields / JSON", "Show the fields, or the platform's own record.", _DETAIL, bar=11, palette=False),
)

ACTIONS: Final[Mapping[str, Action]] = {each.id: each for each in _ENTRIES}
"""Every action by its id, in the order of the help."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Keymap:
    """Which keys mean what, after the user's changes: ``overrides`` maps an action's id to its keys, empty for none.

    A wrong override is left out and told in ``problems``; it never takes the console down. ``ascii``: keys are written without signs.
    """

    overrides: Mapping[str, Sequence[str]] = field(default_factory=dict)
    ascii: bool = False
    problems: tuple[str, ...] = ()

    def keys(self, action: Action) -> tuple[str, ...]:
        changed = self.overrides.get(action.id)
        return action.keys if changed is None else tuple(changed)

    def spelled(self, action: Action) -> str:
        """The first key as a person writes it, empty if there is none."""
        return next(iter(self.spellings(action)), "")

    def spellings(self, action: Action) -> tuple[str, ...]:
        """All of them."""
        return tuple(self.told(spell(key)) for key in self.keys(action))

    def told(self, text: str) -> str:
        """A text of ours in which keys are named."""
        return in_words(text) if self.ascii else text

    def spelled_ids(self, *ids: str) -> tuple[str, ...]:
        """The first keys of these actions."""
        return tuple(self.spelled(ACTIONS[each]) for each in ids)

    @staticmethod
    def at(place: Place) -> list[Action]:
        """The actions that mean something in this place, in the order of the help."""
        return [each for each in ACTIONS.values() if place in reach(each)]

    @classmethod
    def bar(cls, place: Place) -> list[Action]:
        """Those of them that the key bar shows, the most wanted first."""
        return sorted((each for each in cls.at(place) if each.bar), key=lambda each: each.bar)

    @classmethod
    def load(cls, wanted: Mapping[str, Iterable[str]], *, ascii: bool = False) -> Keymap:  # noqa: A002 - as the setting is called
        """Check a user's changes: unknown ids, keys that mean two things in one place, destructive keys that a broken escape
        sequence could produce."""
        overrides: dict[str, tuple[str, ...]] = {}
        problems: list[str] = []
        for id_, keys in wanted.items():
            chosen = tuple(keys)
            if id_ not in ACTIONS:
                near = difflib.get_close_matches(id_, ACTIONS, n=1)
                problems.append(f"keys: there is no action {id_!r}" + (f", did you mean {near[0]!r}?" if near else ""))
            elif ACTIONS[id_].danger is Danger.DESTRUCTIVE and (bad := [key for key in chosen if not safe_key(key)]):
                problems.append(f"keys: {spell(bad[0])!r} cannot be used for {id_!r}, a broken escape sequence could press it")
            else:
                overrides[id_] = chosen
        # Our own keys do not clash, which a test says; every pair of actions would be looked at for it at every start.
        for first, second, key in cls(overrides=overrides).clashes() if overrides else ():
            changed = second if second.id in overrides else first
            if overrides.pop(changed.id, None) is not None:
                problems.append(f"keys: {spell(key)!r} means both {first.id!r} and {second.id!r}; {changed.id!r} keeps its own keys")
        return cls(overrides=overrides, ascii=ascii, problems=tuple(problems))

    def clashes(self) -> list[tuple[Action, Action, str]]:
        """Pairs of actions that one key would mean in one place."""
        found = []
        actions = list(ACTIONS.values())
        for number, first in enumerate(actions):
            for second in actions[number + 1 :]:
                shared = set(self.keys(first)) & set(self.keys(second))
                if shared and reach(first) & reach(second):
                    found.append((first, second, min(shared)))
        return found


PANES: Final = _ROWS | _LOGS


def reach(action: Action) -> frozenset[Place]:
    """The places an action reaches: what is meant for the console means something in every pane, what is meant for lines also on
    the screens to read."""
    found = action.where
    if Place.CONSOLE in found:
        found |= PANES
    if Place.LIST in found:
        found |= PANES | _READING
    return found
