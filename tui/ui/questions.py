"""What a dialog asks before a verb is sent: at what it is aimed, what is known of that, which fields, what has to be typed.

Made at the key press and never changed by what happens to lists meanwhile. No widget, nothing is sent here.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from tui.actions import Action, Danger
from tui.engine.session import Session
from tui.errors import RollwatchError
from tui.forms import FORMS, Field, Form
from tui.model import Deployment, Kind, Ref, Resource, Rollout, Verb
from tui.tables import TABLES, Moment, age, span, state, tone_of
from tui.text import Safe, Secret, clean, is_plain
from tui.ui.aim import OPEN_ENDED, Aim, Selection
from tui.ui.widgets.cells import Cell, Piece

MASKED: Final = "***"
BRANCHES: Final = 6
"""Branches used before that are offered."""

BLOCKED: Final = "override"
"""What is typed to send a verb again whose first outcome nobody knows."""

PREFILLED: Final[Mapping[tuple[Kind, Verb], Mapping[str, str]]] = {
    (Kind.APPLICATION, Verb.UPDATE): {"name": "name", "description": "description"},
    (Kind.ENVIRONMENT, Verb.UPDATE): {"name": "name"},
    (Kind.DEPLOYMENT, Verb.UPDATE): {"version": "version"},
    (Kind.DEPLOYMENT, Verb.CREATE): {
        each: each for each in ("name", "source", "runtime", "version", "remote", "branch", "build_cmd", "run_cmd", "port")
    },
}
"""Fields of a form that begin as the selected thing is, by the record's own field."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """One thing that the verb is aimed at: ``seen`` is the record that the user looked at, ``age`` how many seconds old it was."""

    ref: Ref
    label: Safe
    seen: Resource | None = None
    age: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """One dialog. ``targets`` are all acted on; where there is none yet, one of ``choices`` has to be picked."""

    action: Action
    verb: Verb
    kind: Kind
    form: Form
    context: str
    production: bool
    targets: tuple[Target, ...] = ()
    choices: tuple[Target, ...] = ()
    texts: Mapping[str, str] = field(default_factory=dict)
    suggest: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    blocked: bool = False

    @property
    def danger(self) -> Danger:
        return self.action.danger

    @property
    def typed(self) -> str:
        """What has to be typed before it can be confirmed; empty if nothing."""
        if self.blocked:
            return BLOCKED
        if not (self.production and self.danger is Danger.DESTRUCTIVE):
            return ""
        return self.targets[0].label if len(self.targets) == 1 else f"{self.verb} {len(self.targets)}"

    def fits(self, text: str) -> bool:
        """Whether the right thing was typed: the name, or the id where a name could be mistaken."""
        return text.strip() in {self.typed, *(target.ref.id for target in self.targets if len(self.targets) == 1 and not self.blocked)}

    @property
    def title(self) -> str:
        """What will be done, with its name."""
        if len(self.targets) > 1:
            return f"{self.action.title.capitalize()} {len(self.targets)} {TABLES[self.targets[0].ref.kind].title.lower()}"
        if self.targets and self.verb not in OPEN_ENDED:
            return f"{self.action.title.capitalize()} {self.targets[0].label}"
        return self.form.title


def ask(action: Action, aim: Aim, selection: Selection, session: Session, marked: Sequence[Ref] = ()) -> Question | str:
    """The question for a key that was pressed on a selection; a line that says why there is none."""
    form = FORMS[aim.kind, aim.verb]
    store, boot = session.store, session.clock.boot()

    def target(ref: Ref) -> Target:
        seen = store.get(ref)
        home = store.feed_of(ref)
        old = store.freshness(home).age(boot) if home is not None else None
        return Target(ref=ref, label=_label(ref, seen), seen=seen, age=old)

    refs = [ref for ref in marked if ref.kind is form.target] if aim.verb not in OPEN_ENDED and len(marked) > 1 else []
    targets: tuple[Target, ...] = tuple(map(target, refs)) or ((target(aim.target),) if isinstance(aim.target, Ref) else ())
    choices: tuple[Target, ...] = ()
    if not targets:
        choices = _choices(aim, form, session, target, selection)
        if not choices:
            return session.why_not(aim.target, aim.verb, kind=aim.kind) or "there is nothing to do this to"
        if len(choices) == 1:
            targets, choices = choices, ()
    chosen = targets[0] if targets else None
    pending = store.pending_verb(chosen.ref, aim.kind, aim.verb) if chosen is not None else None
    texts = _prefill(aim, selection, session)
    return Question(
        action=action,
        verb=aim.verb,
        kind=aim.kind,
        form=form,
        context=session.context,
        production=session.production,
        targets=targets,
        choices=choices,
        texts=texts,
        suggest={each.name: _suggestions(each, chosen, session) for each in form.fields},
        blocked=pending is not None and pending.word == "unknown",
    )


def _label(ref: Ref, seen: Resource | None) -> Safe:
    return (seen.name if seen is not None else Safe("")) or clean(ref.id or ref.connection, 80)


def _choices(aim: Aim, form: Form, session: Session, target: Any, selection: Selection) -> tuple[Target, ...]:
    """What the verb can be aimed at: the connections that offer it, or the things it can be done to; the selected one's first."""
    if aim.verb is Verb.CREATE and form.target is aim.kind:
        refs = [Ref(connection=each.name, kind=aim.kind, id="") for each in session.store.connections()]
    else:
        refs = [row.ref for row in session.store.rows(form.target)]
    able = [ref for ref in refs if session.why_not(ref, aim.verb, kind=aim.kind) is None]
    near = selection.ref.connection if selection.ref is not None else ""
    return tuple(target(ref) for ref in sorted(able, key=lambda ref: ref.connection != near))


def _prefill(aim: Aim, selection: Selection, session: Session) -> dict[str, str]:
    row = session.store.get(selection.ref) if selection.ref is not None else None
    names = PREFILLED.get((aim.kind, aim.verb))
    if row is None or names is None or row.ref.kind is not aim.kind:
        return {}
    found = {name: getattr(row, attribute, None) for name, attribute in names.items()}
    texts = {name: str(value) for name, value in found.items() if value not in (None, "")}
    if isinstance(row, Deployment) and aim.verb is Verb.CREATE and row.source == "image":
        texts.pop("remote", None)
    return texts


def _suggestions(each: Field, chosen: Target | None, session: Session) -> tuple[str, ...]:
    """Words that can be picked: what the form offers, things on screen, branches that were rolled out before."""
    if each.choose is not None:
        return tuple(row.ref.id for row in session.store.rows(each.choose))
    if each.name == "branch":
        rollouts = [row for row in session.store.rows(Kind.ROLLOUT) if isinstance(row, Rollout)]
        here = [row for row in rollouts if chosen is not None and _in(row, chosen)]
        used = [str(row.target) for row in (*here, *rollouts) if row.target and not _is_commit(row.target)]
        return tuple(dict.fromkeys((*used, *each.suggest)))[:BRANCHES]
    if each.name == "sha":
        used = [str(row.target) for row in session.store.rows(Kind.ROLLOUT) if isinstance(row, Rollout) and _is_commit(row.target)]
        return tuple(dict.fromkeys(used))[:BRANCHES]
    return each.suggest


def _is_commit(text: str) -> bool:
    return len(text) == 40 and all(letter in "0123456789abcdef" for letter in text.lower())


def _in(rollout: Rollout, chosen: Target) -> bool:
    """Whether a rollout is one of the chosen environment."""
    seen = chosen.seen
    app = getattr(seen, "app", None)
    return seen is not None and isinstance(app, Ref) and rollout.environment == seen.name and rollout.app == app.id


def place(target: Target) -> str:
    """Where a target is: its app for an environment, its connection, its full id."""
    app = getattr(target.seen, "app_name", "") or ""
    return f"{app + ' · ' if app else ''}{target.ref}"


def facts(question: Question, target: Target | None, session: Session, moment: Moment) -> list[Cell]:
    """What the user should know before confirming, one line each."""
    where = (
        Piece(f"context {question.context}", "accent"),
        Piece("  PRODUCTION", "bad") if question.production else Piece(""),
    )
    lines: list[Cell] = [where]
    for each in (target,) if target is not None else question.targets:
        lines.append(_fact(each, session))
        if not is_plain(each.label):
            lines.append((Piece("  ▲ this name has letters that are not ASCII: look at the id", "warn"),))
    if question.verb is Verb.TRIGGER and target is not None:
        lines += _rolling(target, session, moment)
    if question.kind is Kind.APPLICATION and question.verb is Verb.DELETE:
        rows = session.store.rows(Kind.ENVIRONMENT)
        count = sum(1 for row in rows if getattr(row, "app", None) in {each.ref for each in question.targets})
        lines.append((Piece(f"  ▲ with {count} environments and everything in them; there is no undo", "warn"),))
    if question.blocked:
        lines.append((Piece("  ▲ whether it was done before is not known; sending again may do it twice", "bad"),))
    return lines


def _fact(target: Target, session: Session) -> Cell:
    if target.seen is None:
        return (Piece(f"  {place(target)}", "muted"),)
    connection = session.store.connection(target.ref.connection)
    old = "never read" if target.age is None else f"as of {age(target.age)} ago"
    return (
        Piece(f"  {target.label}  "),
        Piece(f"{state(target.seen.health)}  ", tone_of(target.seen)),
        Piece(f"{target.seen.status}  " if target.seen.status else ""),
        Piece(f"{connection.platform} · {place(target)} · {old}", "muted"),
    )


def _rolling(target: Target, session: Session, moment: Moment) -> list[Cell]:
    """What is live there and what is already on its way."""
    rollouts = [row for row in session.store.rows(Kind.ROLLOUT) if isinstance(row, Rollout) and _in(row, target)]
    lines: list[Cell] = []
    for row in rollouts:
        if row.completed_at is None and not row.snapshot:
            began = row.started_at or row.queued_at
            since = f", {span((moment.now - began).total_seconds())}" if began is not None else ""
            lines.append((Piece(f"  ▲ already rolling there: {row.target} by {row.by or 'somebody'}{since}", "warn"),))
    live = [row for row in rollouts if row.conclusion == "success" and row.completed_at is not None]
    if live:
        newest = max(live, key=lambda row: str(row.completed_at))
        lines.append((Piece(f"  live there: {newest.target} by {newest.by or 'somebody'}, {moment.ago(newest.completed_at)}", "muted"),))
    return lines


def requests(question: Question, target: Target, values: Mapping[str, Any], session: Session) -> list[str]:
    """The literal requests that will be sent, bodies with secrets masked; the reason where they cannot be made yet."""
    try:
        planned = session.plan(question.verb, target.ref, values, kind=question.kind)
    except RollwatchError as error:
        return [str(error)]
    lines: list[str] = []
    for each in planned:
        lines.append(clean(str(each), 300))
        lines += [f"  {clean(str(key), 60)}: {_shown(value)}" for key, value in (each.body or {}).items()]
    return lines


def _shown(value: Any) -> str:
    return MASKED if isinstance(value, Secret) else clean(str(value), 200)
