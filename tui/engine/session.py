"""Everything that runs, in one object: the console, ``status``, ``do``, ``logs`` and the tests all drive this and nothing below it.

It only puts the parts together. Policy lives in the parts; nothing here knows a widget, a wire format or a file.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Collection, Iterable, Mapping, Sequence
from datetime import datetime
from random import Random
from types import TracebackType
from typing import Any, Self

from tui.clock import Clock
from tui.engine.bursts import Bursts
from tui.engine.commands import Commands, Outcome
from tui.engine.connection import Connection
from tui.engine.feeds import Change, Feed, Pending
from tui.engine.guardrails import Guardrail, Guardrails
from tui.engine.history import History
from tui.engine.joins import NO_LINKS, AppNode, Links, tree
from tui.engine.loads import Loads
from tui.engine.memory import Memory
from tui.engine.poller import Poller
from tui.engine.ports import JournalPort, LastStatePort
from tui.engine.recall.past import Past, PastPort
from tui.engine.signals import Signal
from tui.engine.store import Store
from tui.engine.streams import LogFollow, Streams
from tui.engine.verdicts import Verdict
from tui.engine.witness import Witness
from tui.errors import PlatformError
from tui.model import Kind, LogLine, Ref, Resource, Verb
from tui.platforms.base import Happening, Platform, Request

log = logging.getLogger(__name__)


class Session:
    """One context, running. Use it as an async context manager; it closes the platforms when it ends, the journal is the caller's.

    ``changes`` tells of every difference in the store, ``verdicts`` what became of an accepted verb, ``happenings`` what a platform
    itself wrote down, ``bursts`` takes the errors of logs, ``loads`` has those of the last minutes. ``refresh`` is the shortest polling
    interval in seconds by connection; ``guardrails`` are the user's own rules about verbs; ``past`` answers about what was, None where
    nothing is remembered; no request is made before ``ready`` is done, so that a first paint waits for nothing: reads and each log wait
    for it, so it must be something that may be awaited more than once.
    """

    def __init__(
        self,
        *,
        context: str,
        production: bool,
        read_only: bool,
        platforms: Sequence[Platform],
        clock: Clock,
        journal: JournalPort,
        past: PastPort | None = None,
        last_state: LastStatePort | None = None,
        links: Links = NO_LINKS,
        refresh: Mapping[str, float] | None = None,
        guardrails: Iterable[Guardrail] = (),
        ready: Awaitable[object] | None = None,
        random: Random | None = None,
    ) -> None:
        self.context = context
        self.production = production
        self.clock = clock
        self.journal = journal
        self.links = links
        self.store = Store(clock, platforms)
        self.past = Past(past, clock, self.store) if past is not None else None
        self.loads = Loads(self.store)
        self.changes: Signal[Change] = Signal("changes")
        self.verdicts: Signal[Verdict] = Signal("verdicts")
        self.happenings: Signal[tuple[str, Happening]] = Signal("happenings")
        random = random or Random()  # noqa: S311 - spreads requests in time, guards nothing
        floors = refresh or {}
        self._platforms = tuple(platforms)
        self._connections = {
            platform.name: Connection(platform, clock=clock, random=random, floor=floors.get(platform.name, 0.0)) for platform in platforms
        }
        self._history = History(journal, clock)
        self.bursts = Bursts(self._history.tell)
        self._history.minutely = lambda: self.bursts.look(clock.wall())
        self._memory = Memory(last_state, self.store, clock)
        self._poller = Poller(self._connections, store=self.store, clock=clock, random=random, publish=self._publish, edge=self._edge)
        self._commands = Commands(
            self._connections,
            store=self.store,
            clock=clock,
            journal=journal,
            poller=self._poller,
            publish=self._publish,
            verdicts=self.verdicts,
            read_only=read_only,
            guardrails=Guardrails(guardrails),
        )
        self.happenings.subscribe(self._history.said)
        self._witness = Witness(self._connections.values(), clock=clock, heard=self.happenings)
        self._streams = Streams(self._connections, clock=clock, random=random, ready=ready)
        self._poller.woke = self._streams.hurry
        self._ready = ready
        self._main: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Self:
        for change in await self._memory.restore():
            self.changes.publish(change)
        self._history.known(self.store)
        self._main = asyncio.create_task(self._run(), name="session")
        return self

    async def __aexit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        await self._commands.close()
        await self._streams.close()
        if self._main is not None:
            self._main.cancel()
            await asyncio.gather(self._main, return_exceptions=True)
        await self._poller.close()
        await self._memory.close()
        await self._history.close()
        for done in await asyncio.gather(*(platform.aclose() for platform in self._platforms), return_exceptions=True):
            if isinstance(done, BaseException):
                log.warning("a connection did not close: %s", done)

    # looking

    @property
    def unsaved(self) -> str:
        """Why what happens is not written down, in one line; empty while it is."""
        return self.journal.badge

    @property
    def stopped(self) -> str:
        """Why nothing is read any more, in one line; empty while all is well."""
        main = self._main
        failed = main is not None and main.done() and not main.cancelled() and main.exception() is not None
        return "nothing is read any more, by an error of our own: start again; the log has the rest" if failed else ""

    def show(self, owner: str, feeds: Collection[Feed]) -> None:
        """What ``owner`` (a pane, a screen) looks at from now on; replaces what it looked at before, empty means nothing.

        Shown feeds are read faster, and on-demand feeds (variables of one service) only while somebody shows them. A feed that
        its platform does not offer is ignored.
        """
        self._poller.show(owner, feeds)

    async def refresh(self, feeds: Collection[Feed] | None = None) -> tuple[Feed, ...]:
        """Read these feeds (None: everything shown) now, ahead of all polling; returns when each has answered or failed, with those
        that were not read."""
        return await self._poller.refresh(feeds)

    async def settle(self, deadline: float) -> tuple[Feed, ...]:
        """Wait until every feed that is not on demand was read or failed once, at most ``deadline`` seconds; those that were not."""
        return await self._poller.settle(deadline)

    def feeds(self, kind: Kind | None = None) -> tuple[Feed, ...]:
        """Every feed being read (of a kind), connections in their configured order."""
        return self._poller.feeds(kind)

    def tree(self) -> tuple[AppNode, ...]:
        """Apps, environments, services and rollouts of all platforms, joined: pane 1."""
        return tree(self.store, self.links)

    def pace(self, floors: Mapping[str, float]) -> None:
        """Seconds that must at least pass between two reads of the same thing, by connection; from now on."""
        self._poller.pace(floors)

    def signed_in(self, connection: str) -> None:
        """The connection has new credentials: ask it again."""
        self._poller.signed_in(connection)
        self._commands.signed_in(connection)
        self._streams.wake(connection)

    # acting

    @property
    def read_only(self) -> bool:
        """Whether verbs are refused here."""
        return self._commands.read_only

    def tighten(self) -> None:
        """Refuse all verbs from now on. There is no way back without a restart."""
        self._commands.tighten()

    def why_not(self, target: Ref | Kind, verb: Verb, *, kind: Kind | None = None, override: bool = False) -> str | None:
        """Why ``verb`` cannot be done at present, in one line; None if it can.

        ``target`` is a thing, or a kind when none is selected; ``kind`` is what the verb changes where that is not the target's own
        kind (set a variable of a service: target the service, kind variable). With ``override`` an earlier attempt whose outcome is
        unknown is no reason: who is asked has to say that too.
        """
        return self._commands.why_not(target, verb, kind, override=override)

    def typed(self, ref: Ref, verb: Verb, kind: Kind) -> bool:
        """Whether a rule of the user's asks for the name to be typed before this, however little it may cost."""
        return self._commands.typed(ref, verb, kind)

    def at_most(self, refs: Collection[Ref], verb: Verb, kind: Kind) -> int:
        """To how many things at once the user's rules let it be done, these being among them; 0 for any number."""
        return self._commands.at_most(refs, verb, kind)

    async def know(self, connection: str) -> None:
        """Find out which flavour a connection's server speaks, unless that is known: what it can do depends on it.

        A console has known it since its first read; a command that begins with a verb has not. Raises ``errors.PlatformError``.
        """
        await self._commands.know(connection)

    def takes(self, connection: str, kind: Kind, verb: Verb) -> Collection[str] | None:
        """Which fields of the verb's form this server knows, None where all of them: the flavours differ."""
        return self._commands.takes(connection, kind, verb)

    def plan(self, verb: Verb, ref: Ref, values: Mapping[str, Any], *, kind: Kind | None = None) -> tuple[Request, ...]:
        """The literal requests that ``do`` would send, secrets masked. Raises ``errors.Unsupported``."""
        return self._commands.plan(verb, ref, values, kind)

    async def do(
        self,
        verb: Verb,
        ref: Ref,
        values: Mapping[str, Any] | None = None,
        *,
        kind: Kind | None = None,
        seen: Resource | None = None,
        override: bool = False,
        why: str = "",
    ) -> Outcome:
        """Do it once. Never raises a ``RollwatchError``: what went wrong is the outcome.

        ``seen`` is the record that the user was shown when choosing; if the thing is gone or different by now nothing is sent.
        ``override`` sends in spite of an earlier attempt whose outcome is unknown. ``why`` is the user's reason, for the journal.
        Being cancelled does not stop the verb.
        """
        return await self._commands.do(verb, ref, values or {}, kind=kind, seen=seen, override=override, why=why)

    def in_flight(self) -> tuple[Pending, ...]:
        """What was sent and is not settled, oldest first."""
        return self.store.in_flight()

    # listening

    def has_log(self, ref: Ref) -> bool:
        """Whether things of this kind have a log there."""
        connection = self._connections.get(ref.connection)
        return connection is not None and ref.kind in connection.platform.logged

    def follow(self, ref: Ref, *, tail: int = 200, since: datetime | None = None) -> LogFollow:
        """Follow the log of a service (or what else has one). All followers of one thing share one stream; close each."""
        return self._streams.follow(ref, tail=tail, since=since)

    def log(
        self, ref: Ref, *, tail: int | None = None, since: datetime | None = None, until: datetime | None = None
    ) -> AsyncIterator[tuple[LogLine, ...]]:
        """The log as it is now, without following it. Raises ``errors.RollwatchError``."""
        return self._streams.read(ref, tail=tail, since=since, until=until)

    async def look(self, ref: Ref) -> Resource | None:
        """One thing with all that its platform says of it, for a detail screen; None where the platform reads no single thing of
        its kind. Raises ``errors.PlatformError``."""
        connection = self._connections[ref.connection]
        read = connection.platform.reads.get(ref.kind)
        if read is None or read.one is None:
            return None
        one = read.one
        return await connection.now(lambda: one(ref), cost=read.one_cost, source=ref)

    # inside

    def _edge(self, connection: str, word: str, error: PlatformError | None) -> None:
        self._history.edge(connection, word, error)
        if word == "back":
            self._streams.wake(connection)

    def _publish(self, change: Change) -> None:
        self._history.note(change)
        self._memory.note(change)
        self._commands.noted(change)
        self.loads.note(change)
        self.changes.publish(change)

    async def _run(self) -> None:
        try:
            if self._ready is not None:
                await self._ready
            async with asyncio.TaskGroup() as group:
                group.create_task(self._history.run(), name="history")
                group.create_task(self._history.watch(), name="watch")
                group.create_task(self._memory.run(), name="memory")
                group.create_task(self._poller.run(), name="poller")
                group.create_task(self._witness.run(), name="witness")
        except Exception:
            log.exception("the session stands still")
            raise
