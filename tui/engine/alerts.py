"""When to call somebody: rules over transitions, once each, with flapping damped, ends noticed, acknowledged and put off.

It only decides. What rings, where, and with which bytes is the matter of whoever asks ``due``.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from fnmatch import fnmatchcase
from typing import Final

from tui.clock import Clock, written
from tui.engine.feeds import Change
from tui.engine.store import Store
from tui.engine.words import ASKED, called, course, word
from tui.model import Health, Kind, Resource, Rollout

CONNECTION: Final = "connection"
"""What a rule calls a connection; the other kinds have their own words."""
FLAPS: Final = 3
"""Alarms of one thing within ``FLAPPING`` after which it only rings again when it has been quiet for as long."""
FLAPPING: Final = 900.0
KEPT: Final = 500
"""Alerts that are remembered."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """``kinds`` are kind words or ``connection``; ``to`` our healths, the platform's words or a rollout's conclusions; ``after``
    the seconds for which it must stay so; ``names`` shell patterns, none for all."""

    name: str
    kinds: frozenset[str]
    to: frozenset[str]
    after: float = 0.0
    names: tuple[str, ...] = ()

    def fits(self, kind: str, name: str, words: Iterable[str]) -> bool:
        """Whether a thing of this kind and name that is like this is what the rule is about."""
        named = not self.names or any(fnmatchcase(name, each) for each in self.names)
        return named and kind in self.kinds and not self.to.isdisjoint(words)


DEFAULTS: Final = (
    Rule(name="service failed", kinds=frozenset({Kind.SERVICE}), to=frozenset({Health.BAD}), after=20.0),
    Rule(name="service degraded", kinds=frozenset({Kind.SERVICE}), to=frozenset({Health.WARN}), after=300.0),
    Rule(name="rollout failed", kinds=frozenset({Kind.ROLLOUT}), to=frozenset({Health.BAD})),
    Rule(name="approval needed", kinds=frozenset({Kind.ROLLOUT}), to=frozenset({ASKED}), after=60.0),
    Rule(name="deployment failed", kinds=frozenset({Kind.DEPLOYMENT}), to=frozenset({Health.BAD})),
    Rule(name="instance failed", kinds=frozenset({Kind.INSTANCE}), to=frozenset({Health.BAD}), after=60.0),
    Rule(name="platform lost", kinds=frozenset({CONNECTION}), to=frozenset({"down", "signed-out"}), after=120.0),
)
"""What rings where nothing is configured."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Alert:
    """One thing for which a rule fired. ``since`` is when it became so; ``ended`` when that was over; ``flaps`` how often it had
    rung shortly before; ``quiet`` that nobody is to be called: it flaps, was put off, or one's own rollout is running."""

    rule: str
    kind: str
    ref: str
    name: str
    before: str
    after: str
    since: datetime
    fired: datetime | None = None
    ended: datetime | None = None
    acknowledged: bool = False
    flaps: int = 0
    quiet: bool = False

    @property
    def text(self) -> str:
        """``service web-api: failed (crashed)``; the name is cleaned, the rest is ours or a platform's cleaned word."""
        return f"{self.kind} {self.name}: {self.after}"


@dataclass(slots=True)
class _Watch:
    alert: Alert
    due: float
    fired: bool = False


@dataclass(slots=True)
class _Past:
    rung: deque[float] = field(default_factory=lambda: deque(maxlen=FLAPS))


class Alerts:
    """Feed it with changes, ask it every second what is due. ``muted`` says of a thing that its troubles are one's own doing."""

    def __init__(self, rules: Sequence[Rule], store: Store, clock: Clock, *, muted: Callable[[Resource], bool] = lambda _: False) -> None:
        self._rules = tuple(rules)
        self._store = store
        self._clock = clock
        self._muted = muted
        self._watches: dict[tuple[str, str], _Watch] = {}
        self._pasts: dict[tuple[str, str], _Past] = {}
        self._states = {each.name: each.state for each in store.connections()}
        self._quiet_until = float("-inf")

    def note(self, change: Change) -> None:
        """Look at what became different. What a feed brings the first time did not happen now and rings nothing."""
        for old, new in change.updated:
            if (old.health, old.status) != (new.health, new.status):
                self._became(new, old)
        for row in change.removed:
            self._over(str(row.ref), None)

    def due(self) -> tuple[Alert, ...]:
        """What has to ring now, everything of one moment together; each transition once."""
        self._look_at_connections()
        now = self._clock.boot()
        found = []
        for key, watch in self._watches.items():
            if watch.fired or watch.due > now:
                continue
            watch.fired = True
            row = self._row(watch.alert.ref)
            past = self._pasts.setdefault(key, _Past())
            flaps = sum(now - each < FLAPPING for each in past.rung)
            past.rung.append(now)
            quiet = flaps >= FLAPS or now < self._quiet_until or (row is not None and self._muted(row))
            watch.alert = replace(watch.alert, fired=self._clock.wall(), flaps=flaps, quiet=quiet)
            if not quiet:
                found.append(watch.alert)
        return tuple(found)

    @property
    def unresolved(self) -> tuple[Alert, ...]:
        """What fired and is still so and nobody has acknowledged, the newest first."""
        return tuple(each for each in self.standing if not each.acknowledged)

    @property
    def standing(self) -> tuple[Alert, ...]:
        """What fired and is still so, the newest first."""
        fired = [watch.alert for watch in self._watches.values() if watch.fired]
        return tuple(sorted(fired, key=lambda each: each.since, reverse=True))

    def acknowledge(self, ref: str = "") -> tuple[Alert, ...]:
        """Somebody looks after it: a thing, or with no ref everything; what that was, the newest first."""
        meant = tuple(each for each in self.unresolved if ref in {"", each.ref})
        for watch in self._watches.values():
            if watch.fired and watch.alert in meant:
                watch.alert = replace(watch.alert, acknowledged=True)
        return meant

    def snooze(self, seconds: float) -> None:
        """Ring nothing for so long. What happens meanwhile is counted and does not ring afterwards."""
        self._quiet_until = self._clock.boot() + seconds

    @property
    def snoozed(self) -> float:
        """Seconds for which nothing rings; 0 if something may."""
        return max(0.0, self._quiet_until - self._clock.boot())

    # inside

    def _became(self, new: Resource, old: Resource) -> None:
        words = _words(new)
        fitting = [rule for rule in self._rules if rule.fits(str(new.ref.kind), str(new.name), words)]
        self._over(str(new.ref), {rule.name for rule in fitting})
        self._begin(fitting, str(new.ref.kind), str(new.ref), str(called(new) or new.ref.id), word(old), word(new))

    def _look_at_connections(self) -> None:
        for each in self._store.connections():
            before = self._states.get(each.name)
            if each.state == before:
                continue
            self._states[each.name] = each.state
            fitting = [rule for rule in self._rules if rule.fits(CONNECTION, each.name, (each.state,))]
            self._over(each.name, {rule.name for rule in fitting})
            self._begin(fitting, CONNECTION, each.name, each.name, before or "", each.state)

    def _begin(self, rules: Sequence[Rule], kind: str, ref: str, name: str, before: str, after: str) -> None:
        now, wall = self._clock.boot(), self._clock.wall()
        for rule in rules:
            key = (rule.name, ref)
            held = self._watches.get(key)
            if held is not None:
                held.alert = replace(held.alert, after=after)
                continue
            alert = Alert(rule=rule.name, kind=kind, ref=ref, name=name, before=before, after=after, since=wall)
            self._watches[key] = _Watch(alert=alert, due=now + rule.after)
        while len(self._watches) > KEPT:
            del self._watches[next(iter(self._watches))]

    def _over(self, ref: str, still: set[str] | None) -> None:
        """The thing is no longer as these rules want it."""
        for key in [key for key in self._watches if key[1] == ref and (still is None or key[0] not in still)]:
            del self._watches[key]
        if len(self._pasts) > KEPT:
            self._pasts = {key: past for key, past in self._pasts.items() if key in self._watches}

    def _row(self, ref: str) -> Resource | None:
        return next((row for row in self._rows(ref) if str(row.ref) == ref), None)

    def _rows(self, ref: str) -> Iterator[Resource]:
        parts = ref.split("/", 2)
        if len(parts) == 3:
            yield from self._store.rows(Kind(parts[1]), parts[0])


def _words(row: Resource) -> set[str]:
    """The words that a rule may name: ours, the platform's, how a rollout ended, and that it waits for somebody."""
    course_of = course(row) if isinstance(row, Rollout) else ""
    return {str(row.health), str(row.status), str(getattr(row, "conclusion", "")), course_of} - {""}


def payload(alerts: Sequence[Alert], context: str) -> dict[str, object]:
    """What a command or a webhook is told: one stable shape, names cleaned, no secret."""
    first = alerts[0]
    more = f" and {len(alerts) - 1} more" if alerts[1:] else ""
    return {
        "program": "rollwatch",
        "context": context,
        "text": f"{first.text}{more}",
        "alerts": [
            {
                "rule": each.rule,
                "kind": each.kind,
                "ref": each.ref,
                "name": each.name,
                "from": each.before,
                "to": each.after,
                "since": written(each.since),
            }
            for each in alerts
        ],
    }
