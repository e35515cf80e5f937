"""What reads say about a verb that was sent: seen to have worked, seen to have failed, or not seen. Pure rules, one per verb.

Accepted is never taken for done: a rule says yes only to what a read, begun after the verb was answered, can prove.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields
from typing import Any, Final, Literal

from tui.engine.words import called
from tui.model import EMPTY, Health, Kind, Ref, Resource, Rollout, Service, Verb
from tui.text import Safe, Secret, clean

PATIENCE: Final = 90.0
"""Seconds after which we say that we did not see it."""

AFFECTS: Final[Mapping[tuple[Kind, Verb], tuple[Kind, ...]]] = {
    (Kind.DEPLOYMENT, Verb.CREATE): (Kind.DEPLOYMENT, Kind.SERVICE),
    (Kind.DEPLOYMENT, Verb.UPDATE): (Kind.DEPLOYMENT, Kind.SERVICE),
    (Kind.DEPLOYMENT, Verb.DELETE): (Kind.DEPLOYMENT, Kind.SERVICE),
    (Kind.APPLICATION, Verb.CREATE): (Kind.APPLICATION,),
}
"""Which kinds to read sooner after a verb, where it is more than the kind itself."""

VOLATILE: Final = frozenset({"raw", "cpu_share", "memory_bytes", "memory_total_bytes", "disk_share", "updated_at"})
"""Fields that change by themselves: they do not make a thing another than the one that was shown."""

SHOWN: Final = frozenset({"name", "health", "status", "deployment", "image", "version", "restarts"})


_HOST: Final = re.compile(r"https?://(?:[^/?#]*@)?([A-Za-z0-9.-]+)")


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What became of a verb. ``confirmed``: a read proves it; ``failed``: a read proves the contrary; ``unconfirmed``: no read told
    in time. ``seconds`` since it was sent."""

    ref: Ref
    kind: Kind
    verb: Verb
    intent: int | None
    word: Literal["confirmed", "failed", "unconfirmed"]
    text: str
    seconds: float
    resource: Resource | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Act:
    """A verb as it was sent. ``before`` is the target as it was known, ``made`` the thing that the answer named, ``siblings``
    the things of its kind that existed before (None: nobody had read them), ``wavered`` that a read since then showed the target in
    another state."""

    ref: Ref
    kind: Kind
    verb: Verb
    values: Mapping[str, Any]
    before: Resource | None = None
    made: Ref | None = None
    siblings: frozenset[Ref] | None = frozenset()
    wavered: bool = False

    @property
    def caused(self) -> str:
        """The ref of what it made; empty for what only changed its target, which answers name as well."""
        return str(self.made) if self.made is not None and self.made != self.ref else ""

    @property
    def name(self) -> Safe:
        """What to call it in a sentence: what a create names, otherwise the target; a webhook by its host, for its address may be a
        secret, and what is said of a verb is written down."""
        if self.named and self.kind is Kind.WEBHOOK:
            host = _HOST.match(self.named)
            return Safe(host[1] if host else str(self.kind))
        if self.named:
            return self.named
        return called(self.before) if self.before is not None else clean(self.ref.id, 80) or Safe(str(self.kind))

    @property
    def named(self) -> Safe:
        """What a create names, as it was typed; empty for other verbs."""
        named = next((self.values[key] for key in ("name", "domain", "key", "url") if isinstance(self.values.get(key), str)), "")
        return clean(named, 80) if self.verb in {Verb.CREATE, Verb.SET} else EMPTY

    def discreet(self, text: str) -> str:
        """A text about it without the address of a webhook."""
        return text.replace(str(self.values.get("url") or self.name), self.name) if self.kind is Kind.WEBHOOK else text


Seen = Literal["yes", "no", "wait", "unclear"]
Rule = Callable[[Act, Mapping[Ref, Resource]], tuple[Seen, str]]
"""Given the rows of the kind as just read: was it seen, and how is that said (without the name). ``unclear``: no read can tell."""


def _target(act: Act, rows: Mapping[Ref, Resource]) -> Resource | None:
    return rows.get(act.made or act.ref)


def _gone(act: Act, rows: Mapping[Ref, Resource]) -> tuple[Seen, str]:
    return ("wait", "still there") if act.ref in rows else ("yes", "gone")


def _running(act: Act, rows: Mapping[Ref, Resource]) -> tuple[Seen, str]:
    now = _target(act, rows)
    if now is None:
        return "wait", "not listed any more"
    if now.health is Health.OK:
        return "yes", "running"
    return ("no", now.status or "failed") if now.health is Health.BAD else ("wait", now.status or str(now.health))


def _stopped(act: Act, rows: Mapping[Ref, Resource]) -> tuple[Seen, str]:
    now = _target(act, rows)
    if now is None:
        return "wait", "not listed any more"
    return ("yes", "stopped") if now.health is Health.IDLE else ("wait", now.status or str(now.health))


def _restarted(act: Act, rows: Mapping[Ref, Resource]) -> tuple[Seen, str]:
    """Running is no proof of a restart: something must have shown that it was not the same all the time."""
    now = _target(act, rows)
    if now is None:
        return "wait", "not listed any more"
    if now.health is Health.BAD and act.before is not None and act.before.health is not Health.BAD:
        return "no", now.status or "failed"
    if now.health is Health.WARN and (act.wavered or _counted(act.before, now)):
        return "yes", f"running again, but {now.status or now.health}"
    if now.health is not Health.OK:
        return "wait", now.status or str(now.health)
    moved = act.wavered or (act.before is not None and _moved(act.before, now))
    return ("yes", "running again") if moved else ("wait", "no sign of a restart")


def _counted(before: Resource | None, now: Resource) -> bool:
    """Whether its platform counted a start more."""
    return isinstance(before, Service) and isinstance(now, Service) and (now.restarts or 0) > (before.restarts or 0)


def _moved(before: Resource, now: Resource) -> bool:
    if before.health is not Health.OK or (
        now.updated_at is not None and before.updated_at is not None and now.updated_at > before.updated_at
    ):
        return True
    if isinstance(before, Service) and isinstance(now, Service):
        return (before.restarts, before.deployed_at, before.deployment) != (now.restarts, now.deployed_at, now.deployment)
    return False


def _appeared(act: Act, rows: Mapping[Ref, Resource]) -> tuple[Seen, str]:
    found = rows.get(act.made) if act.made is not None else None
    if found is None and act.made is None:
        known = act.siblings or frozenset()
        found = next((row for ref, row in rows.items() if ref not in known and row.name == act.named), None)
        if found is not None and act.siblings is None:
            return "unclear", "there is one of this name, which may be older"
    if found is None:
        return "wait", "not listed yet"
    if found.health is Health.BAD:
        return "no", found.status or "failed"
    return "yes", (found.status or "under way") if found.health is Health.BUSY else "there"


def _rolling(act: Act, rows: Mapping[Ref, Resource]) -> tuple[Seen, str]:
    """That it was begun is all that a trigger promises; how it ends, the rollout itself tells. One to the same place that the answer
    did not name may be somebody else's."""
    if act.made is None:
        return "wait", "not listed yet"
    seen, phrase = _appeared(act, rows)
    made = rows.get(act.made)
    going = "triggered, as its server answered" if isinstance(made, Rollout) and made.snapshot else "rolling out"
    return seen, going if seen == "yes" else phrase


def _changed(act: Act, rows: Mapping[Ref, Resource]) -> tuple[Seen, str]:
    now = _target(act, rows)
    if now is None:
        return "wait", "not listed any more"
    shown = {key: getattr(now, key) for key in act.values if hasattr(now, key)}
    if shown and all(str(value) == str(act.values[key]) for key, value in shown.items()):
        return "yes", "changed"
    return ("yes", "changed") if act.before is not None and _differs(act.before, now) else ("wait", "unchanged so far")


def _set(act: Act, rows: Mapping[Ref, Resource]) -> tuple[Seen, str]:
    wanted, value = act.values.get("key"), act.values.get("value")
    for row in rows.values():
        if row.name == wanted and (act.made is None or row.ref == act.made):
            held = getattr(row, "value", None)
            if not isinstance(held, Secret) or not held or held == value or held.reveal() == value:
                return "yes", "set"
    return "wait", "not listed with this value yet"


def wavers(act: Act, rows: Mapping[Ref, Resource]) -> bool:
    """Whether these rows show the target on its way: neither running nor unknown."""
    now = _target(act, rows)
    return now is not None and now.health in {Health.BUSY, Health.IDLE, Health.BAD}


RULES: Final[Mapping[Verb, Rule]] = {
    Verb.DELETE: _gone,
    Verb.START: _running,
    Verb.STOP: _stopped,
    Verb.RESTART: _restarted,
    Verb.CREATE: _appeared,
    Verb.TRIGGER: _rolling,
    Verb.ADOPT: _appeared,
    Verb.UPDATE: _changed,
    Verb.SET: _set,
}

TELLING: Final = frozenset({Verb.DELETE, Verb.START, Verb.STOP, Verb.CREATE})
"""Verbs whose absence of effect, seen for the whole patience, proves that they were not executed."""


def _differs(before: Resource, now: Resource) -> bool:
    return any(
        getattr(before, each.name) != getattr(now, each.name) for each in fields(before) if each.name not in VOLATILE - {"updated_at"}
    )


def difference(shown: Resource, now: Resource) -> str:
    """What is different about a thing since it was shown, in words; empty if nothing that matters is."""
    said = []
    for each in fields(shown):
        if each.name in SHOWN:
            old, new = getattr(shown, each.name), getattr(now, each.name, None)
            if old != new:
                said.append(f"{each.name} was {old or 'empty'}, is {new or 'empty'}")
    return "; ".join(said)
