"""The local history: what was seen to happen, what was done by whom, which rollouts are known. One file for all consoles of a user.

This file is all that others use; how it is written and read stands beside it. Nothing here decides what is worth keeping, and no
secret is ever given to it.
"""

from __future__ import annotations

import hashlib
import logging
import sqlite3
from collections.abc import Callable, Collection, Iterator, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final

from tui.errors import StorageError, UsageError
from tui.local.journal import bodies, reading
from tui.local.journal.bodies import Known
from tui.local.journal.database import Database, open_database
from tui.local.journal.owners import Owner
from tui.local.journal.pruning import DAYS, MEGABYTES, Pruning
from tui.local.journal.records import Entry, Intent, Seen, event_row, insert, kept, to_ms
from tui.local.journal.rollouts import Rollouts
from tui.local.journal.writer import Statement, Writer
from tui.model import Kind, Ref, Resource, Verb

__all__ = ["Entry", "Intent", "Journal", "Known", "Rollouts", "Seen"]

IN_FLIGHT: Final = timedelta(minutes=3)
"""How long a verb can still wait for its answer, also one of several requests; after that its outcome is unknown, whoever sent it."""

TIDY: Final = timedelta(hours=6)
"""Between two prunings of a console that runs for days."""

log = logging.getLogger(__name__)

Now = Callable[[], datetime]
Scrub = Callable[[str], str]

_SETTLE: Final = """
    UPDATE intents SET outcome = ?, text = ?, settled = ?, open = CASE WHEN ? = 'unknown' THEN open ELSE 0 END,
        caused = CASE WHEN ? = '' THEN caused ELSE ? END WHERE id = ?
"""
_INTEND: Final = """
    INSERT INTO intents (context, connection, kind, thing, changes, verb, subject, at, name, request, who, reason, owner)
    VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
"""
_OVERRIDE: Final = "UPDATE intents SET open = 0, outcome = CASE WHEN outcome = '' THEN 'unknown' ELSE outcome END WHERE id = ?"
_ABANDON: Final = "UPDATE intents SET outcome = 'unknown', text = ?, settled = ? WHERE id = ? AND outcome = ''"
_SEEN: Final = "INSERT INTO seen (user, context, at) VALUES (?, ?, ?) ON CONFLICT (user, context) DO UPDATE SET at = max(at, excluded.at)"


class Journal:
    """The history of one context. Open it with ``open`` or ``memory``; close it.

    ``record``, ``settle``, ``note``, ``mark_seen`` and the rollouts' ``remember`` return at once and never fail: they are for the
    event loop. ``intend`` waits for the disk: call it in a thread. Questions read and may be asked from anywhere.
    """

    def __init__(self, writer: Writer, owner: Owner, *, context: str, who: str, now: Now, scrub: Scrub, reason: str = "") -> None:
        self._writer = writer
        self._owner = owner
        self._context = context
        self._who = who
        self._now = now
        self._scrub = scrub
        self._reason = reason
        self._tidied = now()

    @classmethod
    def open(cls, path: Path, *, context: str, who: str, now: Now, scrub: Scrub = str, record: bool = True) -> Journal:
        """The journal at ``path``, made if need be. Where there can be none, one in memory that says so by its ``badge`` and refuses
        intents. Never raises. Without ``record`` what is seen is not written down, only what is done. ``now`` must be callable from
        any thread; ``who`` is who acts here (``identity.whoami``); ``scrub`` takes known secrets out of text that a user or a server
        wrote."""
        try:
            # First, because it says why there can be no lock where there is none: to SQLite that is a lock which somebody holds.
            owner = Owner(path.parent / "consoles")
            try:
                database, notice = open_database(path, now())
            except BaseException:
                owner.leave()
                raise
        except (StorageError, TimeoutError) as error:
            return cls.memory(context=context, who=who, now=now, scrub=scrub, reason=str(error))
        writer = Writer(database, now=now, recorder_lock=f"{path.name}.{context}.recorder" if record else "", notice=notice)
        journal = cls(writer, owner, context=context, who=who, now=now, scrub=scrub)
        journal._abandon()
        owner.sweep()
        journal.prune()
        return journal

    @classmethod
    def memory(cls, *, context: str, who: str, now: Now, scrub: Scrub = str, reason: str = "") -> Journal:
        """One that forgets everything when it is closed. ``reason`` says why it must be so: then verbs are refused, because what
        was sent could not be known after a crash. Without one (the demo) they are not."""
        notice = f"history is kept in memory only: {reason}" if reason else ""
        writer = Writer(Database(None), now=now, recorder_lock="", notice=notice)
        return cls(writer, Owner(None), context=context, who=who, now=now, scrub=scrub, reason=reason)

    def as_of(self, who: str, at: datetime) -> Journal:
        """The same journal as somebody else used it at a moment: for a history that is made up."""
        return Journal(self._writer, self._owner, context=self._context, who=who, now=lambda: at, scrub=self._scrub, reason=self._reason)

    @property
    def who(self) -> str:
        """Who acts here."""
        return self._who

    @property
    def badge(self) -> str:
        """Empty while all is well, else one line for the status bar."""
        return self._writer.badge

    @property
    def forgets(self) -> bool:
        """Whether it is in memory for want of a file, so that intents are refused."""
        return bool(self._reason)

    def flush(self, seconds: float = 5.0) -> bool:
        """Wait until what was given so far is on the disk; False if it is not."""
        return self._writer.flush(seconds)

    def close(self) -> None:
        """Write what is left, waiting five seconds at most. Never raises."""
        self._writer.close()
        self._owner.leave()

    # what happens

    def record(self, events: Sequence[Seen]) -> None:
        """Keep what was seen. Of several consoles of one context only one does, because all see the same."""
        self._writer.post_seen(lambda twice: self._rows(events, twice=twice), many=len(events))
        if self._now() - self._tidied > TIDY:
            self.prune()

    def keep(
        self, connection: str, kind: Kind, scope: str, rows: Sequence[Resource], *, gone: Collection[str], at: datetime, whole: bool
    ) -> None:
        """Keep how things of a feed are, so that the moment can be shown again. ``rows`` may be only those that differ; ``gone`` are the
        ids of those that are no more, with ``whole`` everything that is not in ``rows``."""
        key = (self._context, connection, kind, scope)
        self._writer.post_seen(lambda _: bodies.keeping(key, rows, gone, at, self._scrub, whole=whole), many=len(rows) + 1)

    def watching(self) -> None:
        """Somebody looks: say so about once a minute."""
        at = self._now()
        self._writer.post_seen(lambda _: bodies.watching(self._context, self._owner.token, at))

    def note(self, text: str, *, ref: str = "") -> None:
        """Keep what a user typed, about a thing or about nothing in particular."""
        made = Entry(what="note", ref=ref, at=self._now(), name=self._who, text=text)
        self._writer.post(lambda: self._rows([made]))

    def mark_seen(self, user: str, at: datetime) -> None:
        """A user has seen everything up to ``at``; it only moves forward."""
        self._writer.post(lambda: [(_SEEN, (user, self._context, to_ms(at)))])

    # what is done

    def intend(
        self,
        *,
        ref: Ref,
        kind: Kind,
        verb: Verb,
        request: str,
        override: bool = False,
        name: str = "",
        reason: str = "",
        subject: str = "",
    ) -> int:
        """Write down what is about to be sent; it is on the disk when its number is returned. ``subject`` tells two things apart that are
        made below one.

        Raises ``StorageError`` if that cannot be, and ``UsageError`` if the same verb on the same thing is still open here or in
        another console. ``override`` sends in spite of an unknown outcome, not in spite of an answer that another console awaits.
        """
        if self._reason:
            # What is forgotten at the end is never moved to a file, so that waiting alone mends nothing.
            raise StorageError(f"nothing is sent that cannot be written down first: {self._reason}", hint="mend that, then start again")
        key = (self._context, ref.connection, str(ref.kind), ref.id, str(kind), str(verb), _mark(subject))
        now = self._now()

        def work(connection: sqlite3.Connection) -> int:
            found = reading.open_intent(connection, key, self._owner.is_alive)
            if found is not None:
                earlier, owner = found
                awaited = earlier.alive and now - earlier.at < IN_FLIGHT
                if not override or (awaited and owner != self._owner.token):
                    raise _still_open(earlier, awaited=awaited)
                connection.execute(_OVERRIDE, (earlier.id,))
            words = (kept(self._scrub(name), 200), kept(self._scrub(request)), self._who, kept(self._scrub(reason), 500), self._owner.token)
            return int(connection.execute(_INTEND, (*key, to_ms(now), *words)).lastrowid or 0)

        return self._writer.ask(work)

    def settle(self, intent: int, outcome: str, text: str, *, caused: str = "") -> None:
        """What became of it, in one word and a line: the answer first, what reads showed later. Only ``unknown`` leaves it open.
        ``caused`` is the ref of the rollout or deployment that it made."""
        at = to_ms(self._now())
        self._writer.post(lambda: [(_SETTLE, (outcome, kept(self._scrub(text)), at, outcome, caused, caused, intent))])

    # questions

    def events(
        self,
        *,
        since: datetime | None = None,
        until: datetime | None = None,
        ref: str = "",
        what: Collection[str] = (),
        limit: int = 1000,
    ) -> tuple[Entry, ...]:
        """What was seen, newest first. ``ref`` is a thing or a connection."""
        return self._writer.read(
            lambda connection: reading.events(connection, self._context, since=since, until=until, ref=ref, what=what, limit=limit),
            (),
        )

    def intents(self, *, since: datetime | None = None, ref: str = "", open_only: bool = False, limit: int = 1000) -> tuple[Intent, ...]:
        """What was done, newest first."""
        alive = self._owner.is_alive
        return self._writer.read(
            lambda connection: reading.intents(
                connection, self._context, since=since, ref=ref, open_only=open_only, limit=limit, alive=alive
            ),
            (),
        )

    def durations(self, app: str, environment: str, phase: str, *, conclusion: str = "success", limit: int = 50) -> tuple[float, ...]:
        """How many seconds a phase took the last times it ended so, newest first."""
        of = f"{app}/{environment}"
        return self._writer.read(
            lambda connection: reading.durations(connection, self._context, of=of, phase=phase, conclusion=conclusion, limit=limit), ()
        )

    def known(self, at: datetime) -> tuple[Known, ...]:
        """Everything as it was known at a moment; empty before anything was kept."""
        return self._writer.read(lambda connection: bodies.at_moment(connection, self._context, at), ())

    def states(self, ref: Ref, *, limit: int = 100) -> tuple[Known, ...]:
        """How a thing was known to be from one change to the next, newest first, whether it is there still or not."""
        of = (ref.connection, str(ref.kind), ref.id)
        return self._writer.read(lambda connection: bodies.states(connection, self._context, of, limit), ())

    def rolled_out(self, app: str, environment: str, conclusion: str) -> Known | None:
        """The newest rollout of a place that ended so, as it was known last; None for none that is remembered."""
        of = f"{app}/{environment}"
        return self._writer.read(lambda connection: bodies.rolled_out(connection, self._context, of, conclusion), None)

    def looked(self, at: datetime) -> datetime | None:
        """The last time until ``at`` when somebody looked, None for never."""
        return self._writer.read(lambda connection: bodies.looked(connection, self._context, at), None)

    def lost(self, connections: Collection[str]) -> dict[str, str]:
        """Of these connections those that were not back yet when they were written of last, with the word of their edge."""
        last = {name: self.events(ref=name, what=("edge",), limit=1) for name in connections}
        return {name: found[0].after for name, found in last.items() if found and found[0].after != "back"}

    def seen(self, user: str) -> datetime | None:
        """Until when a user has seen what happened, None for never."""
        return self._writer.read(lambda connection: reading.seen(connection, self._context, user), None)

    def rollouts(self, connection: str) -> Rollouts:
        """The rollouts of a connection, for a platform that has no list of them."""
        return Rollouts(self._writer, self._context, connection)

    def prune(self, *, days: float = DAYS, megabytes: float = MEGABYTES) -> None:
        """Forget what is old or too much, little by little in the background."""
        self._tidied = self._now()
        self._writer.prune(Pruning(now=self._tidied, days=days, megabytes=megabytes))

    def _abandon(self) -> None:
        """What consoles sent that died before the answer: nobody will hear it any more."""
        text = "the console ended before the answer came"
        left = [each for each in self.intents(open_only=True) if not each.outcome and not each.alive]
        at = to_ms(self._now())
        if left:
            self._writer.post(lambda: [(_ABANDON, (text, at, each.id)) for each in left], many=len(left))

    def _rows(self, events: Sequence[Seen], *, twice: bool = False) -> Iterator[Statement]:
        for each in events:
            try:
                yield insert(each, twice=twice), event_row(each, self._context, self._scrub)
            except (ValueError, OverflowError) as error:
                log.warning("an event was not kept: %s", error)


def _mark(subject: str) -> str:
    """Tells subjects apart and nothing of them: what a variable is called, or where a webhook leads, may be a secret."""
    return hashlib.blake2b(subject.encode(), digest_size=8).hexdigest() if subject else ""


def _still_open(earlier: Intent, *, awaited: bool) -> UsageError:
    by = f" by {earlier.who}" if earlier.who else ""
    sent = f"{earlier.verb} of {earlier.name or earlier.ref} was sent at {earlier.at:%H:%M:%S} UTC{by}"
    if awaited:
        return UsageError(f"{sent} and is still waiting for its answer")
    return UsageError(f"{sent} and what became of it is not known", hint="look at the thing first, then override")
