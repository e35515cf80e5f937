"""What a dialog asks before a verb is sent: at what it is aimed, which fields, what can be picked, what has to be typed.

Made at the key press and never changed by what happens to lists meanwhile. No widget, nothing is sent here.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final

from tui.actions import Action, Danger
from tui.engine.commands import subject
from tui.engine.joins import together
from tui.engine.recall.versions import Place
from tui.engine.session import Session
from tui.forms import FORMS, MAKING, Field, Form, is_commit
from tui.model import Deployment, Environment, Kind, Ref, Resource, Rollout, Service, Variable, Verb
from tui.redaction import STARS
from tui.tables import TABLES
from tui.tables.relations import above
from tui.text import Safe, clean
from tui.ui.aim import BACK, OPEN_ENDED, Aim, Selection

BRANCHES: Final = 6
"""Words used before that are offered."""

CALLED: Final[Mapping[Verb, str]] = {Verb.UPDATE: "change", Verb.SET: "set it", Verb.ADOPT: "follow"}
"""Verbs that a person calls otherwise."""

BLOCKED: Final = "override"
"""What is typed to send a verb again whose first outcome nobody knows."""

PREFILLED: Final[Mapping[tuple[Kind, Verb], Mapping[str, str]]] = {
    (Kind.APPLICATION, Verb.UPDATE): {"name": "name", "description": "description"},
    (Kind.ENVIRONMENT, Verb.UPDATE): {"name": "name"},
    (Kind.DEPLOYMENT, Verb.UPDATE): {"version": "version"},
    (Kind.DEPLOYMENT, Verb.CREATE): {
        each: each for each in ("name", "source", "runtime", "version", "remote", "branch", "image", "build_cmd", "run_cmd", "port")
    },
}
"""Fields of a form that begin as the selected thing is, by the record's own field."""


@dataclass(frozen=True, slots=True)
class Option:
    """Something that can be picked: what it is called, and what is sent for it."""

    text: str
    value: str


Used = Mapping[tuple[Kind, Verb, str], Sequence[str]]
"""What was sent before in this run, by field, the newest first. No secrets."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """One thing that the verb is aimed at: ``seen`` is the record that the user looked at, ``read`` when it was read, in boot time."""

    ref: Ref
    label: Safe
    seen: Resource | None = None
    read: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """One dialog. ``targets`` are all acted on; where there is none yet, one of ``choices`` has to be picked. ``strict``: the name has to
    be typed, whatever the verb may cost."""

    action: Action
    verb: Verb
    kind: Kind
    form: Form
    context: str
    production: bool
    strict: bool = False
    targets: tuple[Target, ...] = ()
    choices: tuple[Target, ...] = ()
    texts: Mapping[str, str] = field(default_factory=dict)
    used: Used = field(default_factory=dict)

    @property
    def danger(self) -> Danger:
        return self.action.danger

    def typed(self, *, blocked: bool) -> str:
        """What has to be typed before it can be confirmed; empty if nothing. ``blocked``: it may have been done already."""
        words = [BLOCKED] if blocked else []
        if self.strict or (self.production and self.danger is Danger.DESTRUCTIVE):
            words.append(self.targets[0].label if len(self.targets) == 1 else f"{self.verb} {len(self.targets)}")
        return " ".join(words)

    def fits(self, text: str, *, blocked: bool) -> bool:
        """Whether the right thing was typed: the name, or the id where a name could be mistaken."""
        wanted = self.typed(blocked=blocked)
        ids = {wanted.removesuffix(each.label) + each.ref.id for each in self.targets if wanted.endswith(each.label)}
        return " ".join(text.split()) in {" ".join(wanted.split()), *ids}

    @property
    def deed(self) -> str:
        """What the choice is called."""
        return CALLED.get(self.verb, str(self.verb))

    @property
    def title(self) -> str:
        """What will be done, with its name."""
        if len(self.targets) > 1:
            return f"{self.action.title.capitalize()} {len(self.targets)} {TABLES[self.targets[0].ref.kind].title.lower()}"
        if self.targets and self.targets[0].ref.kind is not self.kind and self.verb not in OPEN_ENDED:
            return f"{self.form.title} of {self.targets[0].label}"
        if self.action.id == BACK:
            return "Roll back: the commit of an earlier rollout once more"
        if self.targets and self.verb not in OPEN_ENDED:
            return f"{self.deed.capitalize()} {self.targets[0].label}"
        return self.form.title


def ask(action: Action, aim: Aim, selection: Selection, session: Session, used: Used | None = None) -> Question | str:
    """The question for a key that was pressed on a selection; a line that says why there is none."""
    form = FORMS[aim.kind, aim.verb]
    refs = aimed_at(aim, selection)
    targets = tuple(capture(_place_of(ref, aim, session), session) for ref in refs)
    if gone := [each for each in targets if each.seen is None]:
        # A list that stands still, or a log, still shows what is not there.
        return (
            f"{' and '.join(each.label for each in gone)} {'is' if len(gone) == 1 else 'are'} no longer listed: nothing can be done there"
        )
    choices: tuple[Target, ...] = ()
    if not targets:
        choices = _choices(aim, form, session, selection)
        if not choices:
            return session.why_not(aim.target, aim.verb, kind=aim.kind) or "there is nothing to do this to"
        if len(choices) == 1:
            targets, choices = choices, ()
    most = session.at_most([each.ref for each in targets], aim.verb, aim.kind)
    if 0 < most < len(targets):
        return f"a guardrail allows {most} at once to {aim.verb}: {len(targets)} are marked"
    return Question(
        action=action,
        verb=aim.verb,
        kind=aim.kind,
        form=form,
        context=session.context,
        production=session.production,
        strict=any(session.typed(each.ref, aim.verb, aim.kind) for each in (*targets, *choices)),
        targets=targets,
        choices=choices,
        texts=_prefill(aim, selection, session),
        used=used or {},
    )


def aimed_at(aim: Aim, selection: Selection) -> tuple[Ref, ...]:
    """Everything that the verb is done to: the marked things that it fits, otherwise the one it is aimed at."""
    if not isinstance(aim.target, Ref):
        return ()
    if aim.verb not in OPEN_ENDED and aim.kind is aim.target.kind:
        marked = tuple(ref for ref in selection.marked if ref.kind is aim.kind)
        if marked:
            return marked
    return (aim.target,)


def capture(ref: Ref, session: Session) -> Target:
    """A thing as it is known now, with when that was read."""
    seen = session.store.get(ref)
    return Target(ref=ref, label=_label(ref, seen), seen=seen, read=read_at(ref, session))


def read_at(ref: Ref, session: Session) -> float | None:
    """When a thing was last read, in boot time; None if it never was."""
    home = session.store.feed_of(ref)
    return session.store.freshness(home).fetched_boot if home is not None else None


def again(question: Question, session: Session) -> Question:
    """The same question on things as they are known by now."""
    return replace(
        question,
        targets=tuple(capture(each.ref, session) for each in question.targets),
        choices=tuple(capture(each.ref, session) for each in question.choices),
    )


def form_for(question: Question, target: Target | None, session: Session) -> Form:
    """The form as the target's server knows it: the flavours take different fields."""
    takes = session.takes(target.ref.connection, question.kind, question.verb) if target is not None else None
    return question.form.only(takes)


def blocked(question: Question, targets: Sequence[Target], values: Mapping[str, Any], session: Session) -> bool:
    """Whether nobody knows if this very verb was done to one of these before."""
    what = subject(question.verb, values)
    found = (session.store.pending_verb(each.ref, question.kind, question.verb, what) for each in targets)
    return any(each is not None and each.word == "unknown" for each in found)


def _place_of(ref: Ref, aim: Aim, session: Session) -> Ref:
    """A rollout is triggered again where it went."""
    row = session.store.get(ref)
    if aim.verb is Verb.TRIGGER and isinstance(row, Rollout):
        place = Ref(connection=ref.connection, kind=Kind.ENVIRONMENT, id=f"{row.app}/{row.environment}")
        return place if session.store.get(place) is not None else ref
    return ref


def _label(ref: Ref, seen: Resource | None) -> Safe:
    return (seen.name if seen is not None else Safe("")) or clean(ref.id or ref.connection, 80)


def _choices(aim: Aim, form: Form, session: Session, selection: Selection) -> tuple[Target, ...]:
    """What the verb can be aimed at: the connections that offer it, or the things it is done to; what belongs to the selection first."""
    if aim.verb in MAKING and form.target is aim.kind:
        refs = [Ref(connection=each.name, kind=aim.kind, id="") for each in session.store.connections()]
    else:
        refs = [row.ref for row in session.store.rows(form.target)]
    able = [ref for ref in refs if session.why_not(ref, aim.verb, kind=aim.kind, override=True) is None]
    row = session.store.get(selection.ref) if selection.ref is not None else None
    # What it is about may belong to an app by name alone: a service on another platform, and what names that service.
    named = (above(row, Kind.SERVICE, session.store) or row) if row is not None else None
    joined = together(named, session.tree()) if named is not None and form.target is Kind.ENVIRONMENT else None
    near = {*selection.refs, getattr(row, "app", None), *(each.ref for each in (joined.rows if joined is not None else ()))}

    def far(ref: Ref) -> tuple[bool, bool]:
        own = ref in near or getattr(session.store.get(ref), "app", None) in selection.refs
        return not own, row is None or ref.connection != row.ref.connection

    return tuple(capture(ref, session) for ref in sorted(able, key=far))


def _prefill(aim: Aim, selection: Selection, session: Session) -> dict[str, str]:
    row = session.store.get(selection.ref) if selection.ref is not None else None
    if isinstance(row, Rollout) and aim.verb is Verb.TRIGGER and row.target:
        return {"sha" if is_commit(row.target) else "branch": str(row.target)}
    if isinstance(row, Variable) and aim.verb is Verb.SET:
        return {"key": str(row.name)}
    again = isinstance(row, Service) and (aim.kind, aim.verb) == (Kind.DEPLOYMENT, Verb.CREATE)
    if isinstance(row, Service) and again:
        row = deployment_of(row, session) or row  # of one whose deployments are not listed any more as much as it says itself
    names = PREFILLED.get((aim.kind, aim.verb))
    if row is None or names is None or (row.ref.kind is not aim.kind and not again):
        return {}
    found = {name: getattr(row, attribute, None) for name, attribute in names.items()}
    # What is shown with stars is not what is there: sent back it would take the place of the secret.
    texts = {name: str(value) for name, value in found.items() if value not in (None, "") and STARS not in str(value)}
    if isinstance(row, Deployment) and aim.verb is Verb.CREATE and row.source == "image":
        texts.pop("remote", None)
    return texts


def deployment_of(service: Service, session: Session) -> Deployment | None:
    """The newest deployment of a service on its connection, for once more."""
    rows = [row for row in session.store.rows(Kind.DEPLOYMENT, service.ref.connection) if isinstance(row, Deployment)]
    own = [row for row in rows if str(service.name) in {str(row.service), str(row.name)}]
    return max(own, key=lambda row: str(row.created_at or ""), default=None)


# What can be picked -------------------------------------------------------------------------------------------------------------


def options(each: Field, question: Question, target: Target | None, session: Session) -> tuple[Option, ...]:
    """What can be picked for a field: what was sent last, things on screen by their names, what the form offers."""
    if each.hidden:
        return ()
    last = [str(text) for text in question.used.get((question.kind, question.verb, each.name), ())]
    if each.choose is not None:
        return _things(each.choose, target, last, session)
    plain = [*last, *_rolled_out(each.name, target, session), *each.suggest]
    return tuple(Option(text, text) for text in dict.fromkeys(plain))[: BRANCHES + len(each.suggest)]


def _things(kind: Kind, target: Target | None, last: Sequence[str], session: Session) -> tuple[Option, ...]:
    """The things of a kind on the target's connection: by name, and by name and id where two are called alike."""
    rows = [row for row in session.store.rows(kind) if target is None or row.ref.connection == target.ref.connection]
    names = [str(row.name or row.ref.id) for row in rows]
    made = [Option(name if names.count(name) == 1 else f"{name} ({row.ref.id})", row.ref.id) for name, row in zip(names, rows, strict=True)]
    return tuple(sorted(made, key=lambda each: last.index(each.value) if each.value in last else len(last)))


def _rolled_out(name: str, target: Target | None, session: Session) -> list[str]:
    """Branches, or commits, that were rolled out before: those of this environment first."""
    if name not in {"branch", "sha"}:
        return []
    rollouts = [row for row in session.store.rows(Kind.ROLLOUT) if isinstance(row, Rollout)]
    here = [row for row in rollouts if target is not None and of_environment(row, target)]
    live = [str(target.seen.commit)] if target is not None and isinstance(target.seen, Environment) else []
    used = [*(str(row.target) for row in (*here, *rollouts)), *live]
    return [text for text in used if text and is_commit(text) is (name == "sha")]


def place_of(target: Target | None) -> Place | None:
    """Where a target is rolled out to; None of what is neither an environment nor a rollout."""
    seen = target.seen if target is not None else None
    if isinstance(seen, Rollout):
        return (str(seen.app), str(seen.environment))
    return (seen.app.id, str(seen.name)) if isinstance(seen, Environment) else None


def of_environment(rollout: Rollout, target: Target) -> bool:
    """Whether a rollout is one of this environment (or is this one)."""
    return place_of(target) == (rollout.app, rollout.environment)
