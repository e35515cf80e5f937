"""What a key would be aimed at, and why it cannot be done now. No widget: who draws says what is selected."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from tui.actions import ACTIONS, Action
from tui.engine.session import Session
from tui.forms import FORMS, MAKING, is_commit
from tui.keys import spell
from tui.model import Kind, Ref, Rollout, Variable, Verb
from tui.tables import TABLES

OPEN_ENDED: Final = frozenset({*MAKING, Verb.TRIGGER})
"""Verbs whose form can ask for what is not selected."""

NEEDS_ROW: Final = frozenset({"list.open", "row.changes", "row.copy", "row.logs", "rollout.link"})

BACK: Final = "rollout.back"
"""The key that triggers what an earlier rollout brought; the only way back that Encore's API has."""

LACKING: Final[Mapping[str, str]] = {
    "rollout.approve": "approve or reject a change of infrastructure",
    "rollout.cancel": "cancel a rollout",
    "rollout.logs": "show the log of a rollout",
}
"""What one would want of a rollout and no API offers, by the key that says so."""


@dataclass(frozen=True, slots=True)
class Selection:
    """What is selected: everything the line stands for, the kind that is listed where nothing is, and what is marked."""

    refs: tuple[Ref, ...] = ()
    kind: Kind | None = None
    marked: tuple[Ref, ...] = ()

    @property
    def ref(self) -> Ref | None:
        return self.refs[0] if self.refs else None

    @property
    def here(self) -> Kind | None:
        return self.ref.kind if self.ref is not None else self.kind


@dataclass(frozen=True, slots=True)
class Aim:
    """A verb's target: a thing, or only a kind where a form has still to ask; ``kind`` is what the verb changes."""

    target: Ref | Kind
    kind: Kind
    verb: Verb


def aim(action: Action, selection: Selection, session: Session) -> Aim | None:
    """What a verb's key is aimed at; None if it means nothing there."""
    kind = action.kind or selection.here
    form = FORMS.get((kind, action.verb)) if kind is not None and action.verb is not None else None
    if kind is None or action.verb is None or form is None:
        return None
    if action.verb in MAKING and form.target is kind:
        return Aim(kind, kind, action.verb)
    # A rollout stands for the environment that it went to.
    fitting = {form.target, kind} if action.verb is Verb.TRIGGER else {form.target}
    # A variable stands for the service that has it.
    rows = [session.store.get(ref) for ref in selection.refs] if action.verb is Verb.SET else []
    refs = [*selection.refs, *(row.service for row in rows if isinstance(row, Variable))]
    # What is marked is meant even where the cursor is nowhere.
    refs += [] if action.verb in OPEN_ENDED else selection.marked
    target = _best(action.verb, kind, [ref for ref in refs if ref.kind in fitting], session)
    if target is not None:
        return Aim(target, kind, action.verb)
    return Aim(kind, kind, action.verb) if action.verb in OPEN_ENDED or selection.here is kind else None


def _best(verb: Verb, kind: Kind, fitting: Sequence[Ref], session: Session) -> Ref | None:
    """Of several things that one line stands for, the first to which the verb can be done."""
    return next((ref for ref in fitting if session.why_not(ref, verb, kind=kind, override=True) is None), fitting[0] if fitting else None)


def means_something(action: Action, selection: Selection, session: Session) -> bool:
    """Whether a key belongs in the key bar there."""
    if action.id == "rollout.link":
        return selection.here is Kind.ROLLOUT
    if action.id == "detail.reveal":
        return selection.here is Kind.VARIABLE
    return action.verb is None or aim(action, selection, session) is not None


def _no_way_back(selection: Selection, session: Session) -> str:
    """Why what this rollout brought cannot be rolled out again; empty if it can."""
    row = session.store.get(selection.ref) if selection.ref is not None else None
    if not isinstance(row, Rollout):
        return "nothing is selected"
    if is_commit(row.target):
        return ""
    how = spell(ACTIONS["row.trigger"].keys[0])
    if not row.target:
        return f"what it rolled out is not known here: {how} asks for a commit"
    return f"{row.target} is a branch and may hold another commit by now: {how} asks for a commit"


def no_page(connection: str) -> str:
    """Why the page of a rollout cannot be shown, and what to do about it."""
    return f"no address of its page is known: set dashboard_url for {connection} in the configuration"


def why_not(action: Action, selection: Selection, session: Session) -> str | None:
    """Why an action cannot be done now, in one line; None if it can."""
    if action.id in NEEDS_ROW:
        if selection.ref is None:
            return "nothing is selected"
        if action.id == "row.logs" and not any(session.has_log(ref) for ref in selection.refs):
            return f"{TABLES[selection.ref.kind].title.lower()} have no log here: open that of a service"
        if action.id == "rollout.link" and not getattr(session.store.get(selection.ref), "dashboard", ""):
            return no_page(selection.ref.connection) if selection.ref.kind is Kind.ROLLOUT else "only a rollout has a page"
        return None
    if action.id in LACKING:
        return f"Encore's API cannot {LACKING[action.id]}: the link to its page is copied with {spell(ACTIONS['rollout.link'].keys[0])}"
    if action.id == "console.tighten" and session.read_only:
        return "everything is read-only already"
    if action.id == BACK and (lacks := _no_way_back(selection, session)):
        return lacks
    if action.verb is None:
        return None
    aimed = aim(action, selection, session)
    if aimed is None:
        kind = action.kind or selection.here
        if kind is None:
            return "nothing is selected"
        told = session.why_not(selection.ref if selection.here is kind and selection.ref is not None else kind, action.verb, kind=kind)
        if told is None and (kind, action.verb) in FORMS:
            return f"select a {FORMS[kind, action.verb].target} first, or mark several"
        return told or f"no platform can {action.verb} {TABLES[kind].title.lower()}"
    if isinstance(aimed.target, Kind) and aimed.verb not in OPEN_ENDED:
        return "nothing is selected"
    # That nobody knows what became of it is asked about in the dialog.
    return session.why_not(aimed.target, aimed.verb, kind=aimed.kind, override=True)
