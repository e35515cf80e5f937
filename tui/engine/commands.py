"""Verbs: checked, written down, sent once, and watched until a read tells what became of them.

What a read proves is said in ``verdicts``; what a dialog asks, in the actions. Nothing here retries.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Collection, Coroutine, Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Final, Literal

from tui.clock import Clock
from tui.engine.connection import Connection
from tui.engine.feeds import Change, Feed, Pending
from tui.engine.follow import Follower
from tui.engine.guardrails import Guardrails
from tui.engine.poller import Poller
from tui.engine.ports import JournalPort
from tui.engine.signals import Signal
from tui.engine.store import Store
from tui.engine.verdicts import Act, Verdict, difference
from tui.engine.waiting import Elapsed, before
from tui.engine.words import meant
from tui.errors import (
    Forbidden,
    HalfDone,
    NoEndpoint,
    NotFound,
    PlatformError,
    RateLimited,
    Refused,
    RollwatchError,
    StorageError,
    Unauthorized,
    Unsupported,
)
from tui.model import Kind, Ref, Resource, Verb
from tui.platforms.base import Accepted, Call, Request
from tui.text import Safe, a_or_an, clean

log = logging.getLogger(__name__)

Word = Literal["done", "refused", "accepted", "unknown"]

OLD: Final = 30.0
"""Seconds after which what is known of a target is read again before anything is sent to it."""
FORGIVEN: Final = 600.0
"""Seconds after which a verb that the platform forbade may be tried again without the key being greyed."""
GRACE: Final = 5.0
"""Seconds that the end of the session waits for verbs under way."""

READING: Final = frozenset({Verb.ADOPT})
"""Verbs that change nothing anywhere but here."""

IN_FLIGHT: Final = "{} is still in flight"
READ_ONLY: Final = "read-only: verbs are refused in this context"
SUBJECTS: Final = ("name", "domain", "key", "url", "branch", "sha")
"""Fields that name what a create makes."""

_NOT_DONE: Final = (RateLimited, Unauthorized, Forbidden, NotFound, NoEndpoint, Refused, HalfDone, Unsupported)
"""Errors which say that the verb (or its second half) was not executed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """How a verb went. ``accepted``: the platform took it and a verdict follows; ``unknown``: sent, and no answer came; ``refused``:
    not executed, ``fields`` say what was wrong with which field. ``ref`` is what was made or changed, ``seconds`` how long it took."""

    word: Word
    text: str
    ref: Ref | None = None
    resource: Resource | None = None
    seconds: float = 0.0
    fields: Mapping[str, str] = field(default_factory=dict)
    error: RollwatchError | None = None
    intent: int | None = None


def subject(verb: Verb, values: Mapping[str, Any]) -> str:
    """What tells two creates below one parent apart; empty for verbs that act on the target itself."""
    if verb not in {Verb.CREATE, Verb.SET, Verb.TRIGGER}:
        return ""
    return " ".join(clean(str(values[key]), 80) for key in SUBJECTS if key in values)


class Commands:
    """``read_only`` refuses everything. Each verb runs in a task of its own that no navigation cancels."""

    def __init__(
        self,
        connections: Mapping[str, Connection],
        *,
        store: Store,
        clock: Clock,
        journal: JournalPort,
        poller: Poller,
        publish: Callable[[Change], object],
        verdicts: Signal[Verdict],
        read_only: bool,
        guardrails: Guardrails,
    ) -> None:
        self.read_only = read_only
        self._guardrails = guardrails
        self._connections = connections
        self._store = store
        self._clock = clock
        self._journal = journal
        self._poller = poller
        self._publish = publish
        self._follower = Follower(store=store, clock=clock, poller=poller, publish=publish, verdicts=verdicts, settle=self._settle)
        self._acting: set[asyncio.Task[Outcome]] = set()
        self._forbidden: dict[tuple[str, Kind, Verb], tuple[float, str]] = {}

    def tighten(self) -> None:
        """Refuse everything from now on."""
        self.read_only = True

    def noted(self, change: Change) -> None:
        """A read came in: it may settle what is watched."""
        self._follower.noted(change)

    def signed_in(self, name: str) -> None:
        """New credentials may be allowed more."""
        self._forbidden = {key: why for key, why in self._forbidden.items() if key[0] != name}

    def why_not(self, target: Ref | Kind, verb: Verb, kind: Kind | None, *, override: bool = False) -> str | None:
        """Why it cannot be done at present; None if it can."""
        if isinstance(target, Ref):
            return self._why_not(target, verb, kind or target.kind, "", override=override)
        what = kind or target
        # Who has such things says best why nothing can be done to them.
        able = sorted(self._connections.values(), key=lambda each: what not in each.platform.reads)
        some = [Ref(connection=each.name, kind=target, id="") for each in able]
        reasons = [self._why_not(ref, verb, what, "", override=override) for ref in some]
        if not reasons:
            return "no connection is configured"
        return None if None in reasons else reasons[0]

    def plan(self, verb: Verb, ref: Ref, values: Mapping[str, Any], kind: Kind | None) -> tuple[Request, ...]:
        """The literal requests. Raises ``errors.Unsupported``, and ``errors.Refused`` for values that cannot be sent."""
        return self._call(ref, kind or ref.kind, verb).plan(ref, values)

    def takes(self, name: str, kind: Kind, verb: Verb) -> Collection[str] | None:
        """The fields of a verb's form that a server knows; None where all of them, or where it is not offered."""
        connection = self._connections.get(name)
        call = connection.platform.verbs.get((kind, verb)) if connection is not None else None
        return call.takes if call is not None else None

    async def know(self, name: str) -> None:
        """Make sure that it is known which flavour a server speaks: until then its verbs are a guess. Raises ``PlatformError``."""
        connection = self._connections.get(name)
        if connection is not None and not self.read_only:
            await connection.detect()

    async def do(
        self,
        verb: Verb,
        ref: Ref,
        values: Mapping[str, Any],
        *,
        kind: Kind | None,
        seen: Resource | None,
        override: bool,
        why: str = "",
    ) -> Outcome:
        """Do it once; what went wrong is the outcome."""
        kind, what = kind or ref.kind, subject(verb, values)
        try:
            await self.know(ref.connection)
        except RollwatchError as error:
            return Outcome(word="refused", text=f"not sent: {error}", ref=ref, error=error)
        reason = self._why_not(ref, verb, kind, what, override=override)
        if reason is not None:
            return Outcome(word="refused", text=reason, ref=ref)
        # From here on a second press finds it in flight: nothing is awaited between the question and the mark.
        pending = Pending(ref=ref, kind=kind, verb=verb, word="sending", at=self._clock.wall(), since=self._clock.boot(), subject=what)
        self._publish(self._store.mark(pending))
        task = asyncio.create_task(self._act(pending, values, seen, override=override, why=why), name=f"{verb} {ref}")
        self._acting.add(task)
        task.add_done_callback(self._acting.discard)
        return await asyncio.shield(task)

    async def close(self) -> None:
        """Let verbs under way end for a moment; what is still open then stays open in the journal, as unknown."""
        if self._acting:
            waiting: Coroutine[Any, Any, object] = asyncio.wait(set(self._acting))
            try:
                await before(self._clock, GRACE, waiting)
            except Elapsed:
                for task in self._acting:
                    task.cancel()
                await asyncio.gather(*self._acting, return_exceptions=True)
        await self._follower.close()

    # reasons

    def _why_not(self, ref: Ref, verb: Verb, kind: Kind, what: str, *, override: bool) -> str | None:
        if self.read_only and verb not in READING:
            return READ_ONLY
        connection = self._connections.get(ref.connection)
        if connection is None:
            return f"there is no connection {clean(ref.connection, 60)!r}"
        missing = self._missing(connection, kind, verb) or self._guardrails.refusal(ref, self._name(ref), verb, kind)
        return missing or self._held(connection, ref, kind, verb, what, override=override)

    def _name(self, ref: Ref) -> str:
        row = self._store.get(ref)
        return str(row.name) if row is not None else ""

    def typed(self, ref: Ref, verb: Verb, kind: Kind) -> bool:
        """Whether a rule of the user's asks for its name to be typed."""
        return self._guardrails.typed(ref, self._name(ref), verb, kind)

    def at_most(self, refs: Iterable[Ref], verb: Verb, kind: Kind) -> int:
        """To how many things at once the user's rules let it be done, these being among them; 0 for any number."""
        return min((most for ref in refs if (most := self._guardrails.at_most(ref, self._name(ref), verb, kind))), default=0)

    def _call(self, ref: Ref, kind: Kind, verb: Verb) -> Call:
        connection = self._connections.get(ref.connection)
        if connection is None:
            raise Unsupported(f"there is no connection {ref.connection!r}")
        reason = self._missing(connection, kind, verb)
        if reason is not None:
            raise Unsupported(reason)
        return connection.platform.verbs[kind, verb]

    def _missing(self, connection: Connection, kind: Kind, verb: Verb) -> str | None:
        platform = connection.platform
        if (kind, verb) in platform.verbs:
            return None
        return platform.instead.get((kind, verb)) or f"{connection.name}: {platform.platform} cannot {verb} {a_or_an(kind)}"

    def _held(self, connection: Connection, ref: Ref, kind: Kind, verb: Verb, what: str, *, override: bool) -> str | None:
        if connection.circuit.word == "signed-out":
            return f"{connection.name}: not signed in: rollwatch login {connection.name}"
        pending = self._store.pending_verb(ref, kind, verb, what)
        if pending is not None and pending.word == "unknown" and not override:
            return f"whether the last {verb} was executed is not known: wait for a read to tell, or override"
        if pending is not None and pending.word != "unknown":
            return IN_FLIGHT.format(verb)
        when, words = self._forbidden.get((ref.connection, kind, verb), (float("-inf"), ""))
        return f"refused earlier: {words}" if self._clock.boot() - when < FORGIVEN else None

    # acting

    async def _act(self, pending: Pending, values: Mapping[str, Any], seen: Resource | None, *, override: bool, why: str) -> Outcome:
        outcome = Outcome(word="refused", text="", ref=pending.ref)
        try:
            outcome = await self._attempt(pending, values, seen, override=override, why=why)
        finally:
            if outcome.word in {"done", "refused"}:
                self._publish(self._store.unmark(pending))
        return outcome

    async def _attempt(self, pending: Pending, values: Mapping[str, Any], seen: Resource | None, *, override: bool, why: str) -> Outcome:
        ref, kind, verb = pending.ref, pending.kind, pending.verb
        connection = self._connections[ref.connection]
        try:
            reason = await self._recheck(ref, seen, override=override)
            # By now it is as known as it can be: what a guardrail may be about and nobody could read is not touched.
            reason = reason or self._guardrails.refusal(ref, self._name(ref), verb, kind, sure=True)
            if reason is not None:
                return self._refused(pending, reason)
            call = self._call(ref, kind, verb)
            request = "; ".join(f"{each.method} {each.path}" for each in call.plan(ref, values))
            if self.read_only and verb not in READING:
                return self._refused(pending, READ_ONLY)
            act = Act(ref=ref, kind=kind, verb=verb, values=values, before=self._store.get(ref))
            act = replace(act, siblings=self._siblings(connection, act))
            intent = await asyncio.to_thread(
                self._journal.intend,
                ref=ref,
                kind=kind,
                verb=verb,
                request=clean(request, 400),
                override=override,
                name=act.name,
                reason=clean(why, 400),
                subject=pending.subject,
            )
        except StorageError as error:
            return self._refused(pending, f"not sent, because it cannot be written down: {error}", error)
        except RollwatchError as error:
            return self._refused(pending, str(error), error)
        try:
            accepted = await connection.send(lambda: call.run(ref, values), cost=call.cost)
        except RollwatchError as error:
            return await self._went_wrong(pending, act, intent, error, override=override)
        except Exception as error:
            log.exception("%s %s: an unexpected failure", verb, ref)
            wrapped = PlatformError(f"unexpected {type(error).__name__}: see the log", connection=ref.connection)
            return await self._went_wrong(pending, act, intent, wrapped, override=override)
        return await self._answered(pending, act, intent, accepted)

    async def _answered(self, pending: Pending, act: Act, intent: int, accepted: Accepted) -> Outcome:
        word: Word = "done" if accepted.done else "accepted"
        said = act.discreet(accepted.text) or word
        text = f"{act.verb} of {act.name} {said}" if said.startswith(word) else said if act.name in said else f"{act.name}: {said}"
        act = replace(act, made=accepted.ref if accepted.ref is not None and accepted.ref.kind is act.kind else None)
        await self._settle(intent, word, text, act.caused)
        if word == "accepted":
            self._publish(self._store.mark(replace(pending, word="accepted", intent=intent, text=clean(text, 200))))
        self._follower.follow(self._connections[act.ref.connection], act, intent, pending, word)
        return self._outcome(pending, word, text, ref=accepted.ref or act.ref, resource=accepted.resource, intent=intent)

    async def _went_wrong(self, pending: Pending, act: Act, intent: int, error: RollwatchError, *, override: bool) -> Outcome:
        """The answer was an error, or none came."""
        if isinstance(error, NotFound) and act.verb is Verb.DELETE and override:
            await self._settle(intent, "done", "already gone")
            return self._outcome(pending, "done", f"{act.name} was already gone", intent=intent)
        unsent = isinstance(error, PlatformError) and not error.sent
        if isinstance(error, _NOT_DONE) or unsent:
            await self._settle(intent, "refused", str(error))
            if isinstance(error, Forbidden):
                self._forbidden[act.ref.connection, act.kind, act.verb] = (self._clock.boot(), error.message)
            if isinstance(error, HalfDone):
                self._poller.urge(self._follower.feeds(self._connections[act.ref.connection], act), GRACE * 4)
            return replace(self._refused(pending, str(error), error), intent=intent)
        await self._settle(intent, "unknown", str(error))
        self._publish(self._store.mark(replace(pending, word="unknown", intent=intent, text=clean(str(error), 200))))
        self._follower.follow(self._connections[act.ref.connection], act, intent, pending, "unknown")
        text = f"it is not known whether it was executed: {error}"
        return replace(self._outcome(pending, "unknown", text, intent=intent), error=error)

    async def _recheck(self, ref: Ref, seen: Resource | None, *, override: bool) -> str | None:
        """Why the target is no longer what was chosen; None if it is. Raises ``NotFound`` for one that nobody has seen."""
        connection = self._connections[ref.connection]
        read = connection.platform.reads.get(ref.kind)
        if not ref.id or read is None:
            return None
        feeds = self._where(ref)
        old = [feed for feed in feeds if self._age(feed) > OLD]
        if old:
            await self._poller.refresh(old)
        now, name = self._store.get(ref), clean(seen.name if seen is not None else ref.id, 80)
        failed = next((error for feed in feeds if (error := self._store.freshness(feed).error) is not None), None)
        if failed is not None and old and not override:
            return f"whether {name} is still as shown cannot be read: {failed}"
        if now is None:
            known = bool(feeds) and not read.on_demand and all(self._store.freshness(feed).fetched_boot is not None for feed in feeds)
            if seen is not None:
                return f"{name} is gone"
            if known:
                beside = (row for feed in feeds for row in self._store.feed_rows(feed))
                raise NotFound(f"there is no {ref.kind} {name} on {ref.connection}", hint=meant(ref, beside))
            return None
        changed = difference(seen, now) if seen is not None else ""
        return f"{name} is not as it was shown: {changed}" if changed else None

    def _siblings(self, connection: Connection, act: Act) -> frozenset[Ref] | None:
        """The things beside what an act makes, as this session read them; None where it did not: one that is there may be older."""
        feeds = [feed for feed in self._follower.feeds(connection, act) if feed.kind is act.kind]
        fresh = [self._store.freshness(feed) for feed in feeds]
        if not fresh or any(each.fetched_boot is None or each.restored for each in fresh):
            return None
        return frozenset(row.ref for feed in feeds for row in self._store.feed_rows(feed))

    def _where(self, ref: Ref) -> Collection[Feed]:
        """The feeds that would show this thing."""
        home = self._store.feed_of(ref)
        if home is not None:
            return (home,)
        return tuple(feed for feed in self._poller.feeds(ref.kind) if feed.connection == ref.connection)[:8]

    def _age(self, feed: Feed) -> float:
        freshness = self._store.freshness(feed)
        age = freshness.age(self._clock.boot())
        return float("inf") if age is None or freshness.restored or freshness.error is not None else age

    async def _settle(self, intent: int, word: str, text: str, caused: str = "") -> None:
        try:
            await asyncio.to_thread(self._journal.settle, intent, word, clean(text, 400), caused=caused)
        except Exception:
            log.exception("the outcome of intent %d is not written down", intent)

    def _refused(self, pending: Pending, text: str, error: RollwatchError | None = None) -> Outcome:
        fields = error.fields if isinstance(error, PlatformError) else {}
        return replace(self._outcome(pending, "refused", text), fields=fields, error=error)

    def _outcome(
        self,
        pending: Pending,
        word: Word,
        text: str,
        *,
        ref: Ref | None = None,
        resource: Resource | None = None,
        intent: int | None = None,
    ) -> Outcome:
        seconds = self._clock.boot() - pending.since
        return Outcome(word=word, text=Safe(text), ref=ref or pending.ref, resource=resource, seconds=seconds, intent=intent)
