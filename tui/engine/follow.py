"""After a verb: read what it changes sooner, and tell when a read shows what became of it."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, replace
from typing import Final, Literal

from tui.clock import Clock, span
from tui.engine.connection import Connection
from tui.engine.feeds import Change, Feed, Pending
from tui.engine.poller import Poller
from tui.engine.signals import Signal
from tui.engine.store import Store
from tui.engine.verdicts import AFFECTS, PATIENCE, RULES, TELLING, Act, Verdict, wavers
from tui.errors import NotFound, PlatformError
from tui.model import Ref, Resource

log = logging.getLogger(__name__)

LOOKS: Final = (2.0, 2.0, 3.0, 5.0, 8.0, 10.0, 15.0, 20.0, 25.0)
"""Seconds between looks at the one thing itself, where the platform can read it alone; together the patience."""
RECENT: Final = 30.0


@dataclass(slots=True)
class _Watch:
    connection: Connection
    act: Act
    intent: int
    pending: Pending
    word: str
    answered: float
    feeds: tuple[Feed, ...]
    last: str = ""
    unclear: bool = False
    over: bool = False
    told: bool = False


class Follower:
    """``settle(intent, word, text, caused)`` writes what was found into the journal."""

    def __init__(
        self,
        *,
        store: Store,
        clock: Clock,
        poller: Poller,
        publish: Callable[[Change], object],
        verdicts: Signal[Verdict],
        settle: Callable[[int, str, str, str], Awaitable[None]],
    ) -> None:
        self._store = store
        self._clock = clock
        self._poller = poller
        self._publish = publish
        self._verdicts = verdicts
        self._settle = settle
        self._watches: dict[int, _Watch] = {}
        self._looking: set[asyncio.Future[None]] = set()
        self._writing: set[asyncio.Future[None]] = set()

    def follow(self, connection: Connection, act: Act, intent: int, pending: Pending, word: str) -> None:
        """Watch an act that was answered just now, or whose answer was lost. One that is done is only read again soon."""
        feeds = self.feeds(connection, act)
        overtaken = [each for each in self._watches.values() if each.pending.key == pending.key]
        for earlier in overtaken:
            earlier.over = True
            del self._watches[earlier.intent]
        if word != "done":
            # What is read on demand is not read while nobody looks: now we do.
            self._poller.show(f"verdict {intent}", feeds)
        self._poller.urge(feeds, PATIENCE if word != "done" else 2.0 * LOOKS[0])
        if word != "done":
            watch = _Watch(connection, act, intent, pending, word, self._clock.boot(), feeds)
            self._watches[intent] = watch
            _keep(self._look(watch), self._looking)
        for earlier in overtaken:  # only now: what both look at is not closed in between
            self._poller.show(f"verdict {earlier.intent}", ())

    def feeds(self, connection: Connection, act: Act) -> tuple[Feed, ...]:
        """What shows the effect of an act."""
        found = []
        for kind in AFFECTS.get((act.kind, act.verb), (act.kind,)):
            read = connection.platform.reads.get(kind)
            if read is None:
                continue
            if read.per is None:
                found.append(Feed(connection=connection.name, kind=kind))
            elif act.ref.kind is read.per and act.ref.id:
                found.append(Feed(connection=connection.name, kind=kind, scope=act.ref.id))
            elif (home := self._store.feed_of(act.ref)) is not None:
                found.append(home)
        return tuple(found)

    def noted(self, change: Change) -> None:
        """A read came in."""
        if not change.freshness:
            return
        for watch in list(self._watches.values()):
            if change.feed in watch.feeds and change.feed.kind is watch.act.kind:
                freshness = self._store.freshness(change.feed)
                if freshness.error is None and freshness.asked_boot is not None and freshness.asked_boot >= watch.answered:
                    self._judge(watch, {row.ref: row for row in self._store.feed_rows(change.feed)})

    async def close(self) -> None:
        """Watch nothing any more; what is being written down is finished."""
        for task in self._looking:
            task.cancel()
        await asyncio.gather(*self._looking, *self._writing, return_exceptions=True)

    # inside

    async def _look(self, watch: _Watch) -> None:
        read = watch.connection.platform.reads.get(watch.act.kind)
        ref = watch.act.made or (watch.act.ref if watch.act.ref.kind is watch.act.kind else None)
        for pause in LOOKS:
            await self._clock.sleep(pause)
            if watch.over:
                return
            if read is None or read.one is None or ref is None or not ref.id or watch.connection.circuit.hold() > 0.0:
                continue
            try:
                one = read.one
                found = await watch.connection.now(lambda one=one: one(ref), cost=read.one_cost, source=self)  # type: ignore[misc]
                self._judge(watch, {ref: found})
            except NotFound:
                self._judge(watch, {})
            except PlatformError as error:
                log.debug("looking at %s: %s", ref, error)
            except Exception:
                log.exception("looking at %s", ref)
        self._give_up(watch)

    def _judge(self, watch: _Watch, rows: Mapping[Ref, Resource]) -> None:
        if watch.over:
            return
        if wavers(watch.act, rows):
            watch.act = replace(watch.act, wavered=True)
        seen, phrase = RULES[watch.act.verb](watch.act, rows)
        watch.last, watch.unclear = phrase, seen == "unclear"
        seconds = self._clock.boot() - watch.pending.since
        if seen == "yes":
            self._end(watch, "confirmed", f"{watch.act.name} is {phrase} after {span(seconds)}", rows)
        elif seen == "no":
            self._end(watch, "failed", f"{watch.act.name}: {phrase} after {span(seconds)}", rows)
        elif watch.told and seen == "wait" and watch.act.verb in TELLING:
            self._end(watch, "failed", f"{watch.act.name}: not executed as far as reading shows ({phrase})", rows)

    def _give_up(self, watch: _Watch) -> None:
        if watch.over:
            return
        seconds = self._clock.boot() - watch.pending.since
        boot = self._clock.boot()
        fresh = [self._store.freshness(feed) for feed in watch.feeds if feed.kind is watch.act.kind]
        read = bool(fresh) and all(each.error is None and (each.age(boot) or RECENT) < RECENT for each in fresh)
        if watch.word == "unknown" and watch.act.verb in TELLING and read and not watch.unclear:
            self._end(watch, "failed", f"{watch.act.name}: not executed as far as {span(seconds)} of reading show", {})
        else:
            said = f" ({watch.last})" if watch.last else ""
            self._end(watch, "unconfirmed", f"{watch.act.name}: not confirmed after {span(seconds)}{said}", {})

    def _end(self, watch: _Watch, word: Literal["confirmed", "failed", "unconfirmed"], text: str, rows: Mapping[Ref, Resource]) -> None:
        act = watch.act
        if word == "unconfirmed" and watch.word == "unknown":
            # It goes on blocking the verb until some later read tells.
            watch.told = True
        else:
            watch.over = True
            self._watches.pop(watch.intent, None)
            self._publish(self._store.unmark(watch.pending))
            _keep(self._settle(watch.intent, word, text, act.caused), self._writing)
        self._poller.calm(watch.feeds)
        self._poller.show(f"verdict {watch.intent}", ())
        self._verdicts.publish(
            Verdict(
                ref=act.made or act.ref,
                kind=act.kind,
                verb=act.verb,
                intent=watch.intent,
                word=word,
                text=text,
                seconds=self._clock.boot() - watch.pending.since,
                resource=rows.get(act.made or act.ref),
            )
        )


def _keep(work: Awaitable[None], where: set[asyncio.Future[None]]) -> None:
    task = asyncio.ensure_future(work)
    where.add(task)
    task.add_done_callback(where.discard)
