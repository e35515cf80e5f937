"""How rollouts are read: those that we know of, one request each, where the server can be asked at all.

There is no list. What a server does not know is kept as what it last said; a reply that would set a rollout back is dropped.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from typing import Final

from tui import model
from tui.clock import Clock
from tui.errors import BadReply, Forbidden, NoEndpoint, NotFound, PlatformError, Refused, displaced
from tui.model import EMPTY, KnownRollout, Ref, Resource
from tui.platforms.base import RolloutSource, Rows
from tui.platforms.encore import faults, translate, wire
from tui.platforms.encore.adopting import WHAT
from tui.platforms.encore.offers import ROLLOUT, ROLLOUT_OF_ENVIRONMENT
from tui.platforms.http import Transport
from tui.platforms.records import REFUSALS, single
from tui.platforms.replies import Reply
from tui.platforms.sending import refused
from tui.text import clean

SHOWN: Final = 100
"""Rollouts that are shown: the newest that we know of."""
ASKED: Final = 12
"""Rollouts under way that are asked for in one read."""
TOGETHER: Final = 4
"""Requests of one read that are under way at the same time."""
SILENT: Final = 120.0
"""Seconds after which a server that was asked nothing is asked for a token, to know that it is still there."""
FRESH: Final = 60.0
"""Seconds for which a rollout that the server does not know yet may only be too young."""
DISPLACED: Final = 600.0
"""Seconds for which a path that could be read and is not found now is taken for something else in the server's place."""
NONE: Final = "roll_00000000000000000000"
"""The id of no rollout."""
GONE: Final = "_not_found"
"""How codes end that deny a rollout, an app or an environment; a bare ``not_found`` denies the path."""
NO_APP: Final = "app_not_found"


class Rollouts:
    """The rollouts of one connection. ``readable`` says whether the server can be asked: None until the first one has told."""

    def __init__(
        self,
        connection: str,
        transports: Mapping[str, Transport],
        exchange: Transport,
        source: RolloutSource,
        clock: Clock,
        *,
        apps: Sequence[str],
        dashboard: str,
        readable: bool | None,
    ) -> None:
        self.readable = readable
        self.dashboard = dashboard
        self._connection = connection
        self._transports = transports
        self._heard_by = (exchange, *transports.values())
        self._used = tuple({id(each): each for each in (transports.get(app, transports[""]) for app in apps)}.values())
        self._source = source
        self._clock = clock
        self._path = ""
        self._doubtful = False
        self._made: dict[str, tuple[tuple[str | None, bool], model.Rollout]] = {}
        self._absent: set[str] = set()
        self._missing: dict[str, float] = {}
        self._last = Rows()

    async def all(self, scope: str) -> Rows:
        """The rollouts that we know of; those under way are asked for. One that cannot be asked for now costs itself, not the others."""
        known = self._source.known()[:SHOWN]
        asked = () if self.readable is False else known
        under_way = [each for each in asked if each.id not in self._absent and not self._standing(each)[1]][:ASKED]
        gate = asyncio.Semaphore(TOGETHER)

        async def attempt(each: KnownRollout) -> PlatformError | None:
            async with gate:
                try:
                    await self.ask(each)
                except PlatformError as error:
                    return error
            return None

        if under_way:
            attempts = [attempt(each) for each in under_way]
        else:
            silent = self.heard is not None and self._clock.boot() - self.heard > SILENT
            attempts = [self._signed_in(each, anew=silent and each is self._used[0]) for each in self._used]
        errors = [error for error in await asyncio.gather(*attempts) if error is not None]
        if errors and len(errors) == len(attempts):
            raise errors[0]
        rows = self._rows(self._source.known()[:SHOWN], errors)
        if rows != self._last:
            self._last = rows
        return self._last

    @property
    def heard(self) -> float | None:
        """When the server last answered anything, the sign-in included, in boot time."""
        return max((each.heard for each in self._heard_by if each.heard is not None), default=None)

    async def _signed_in(self, transport: Transport, *, anew: bool) -> PlatformError | None:
        """Where there is nothing to ask for, a sign-in still tells whether the server is there and knows us."""
        try:
            await transport.sign_in(anew=anew)
        except PlatformError as error:
            return error
        return None

    async def one(self, ref: Ref) -> Resource:
        """One rollout, asked for even if it is over, where the server can be asked."""
        known = self.known(ref.id)
        if self.readable is not False:
            await self.ask(known)
        return self._shown(self.known(ref.id))

    def _rows(self, known: Sequence[KnownRollout], errors: Sequence[PlatformError]) -> Rows:
        items, bad = [], 0
        reason = clean(str(errors[0]), 200) if errors else EMPTY
        for each in known:
            try:
                items.append(self._shown(each))
            except REFUSALS as error:
                bad, reason = bad + 1, reason or clean(f"rollout {clean(each.id, 40)}: {error}", 200)
        self._made = {each.id: self._made[each.id] for each in known if each.id in self._made}  # each holds a whole reply
        return Rows(items=tuple(items), unreadable=bad + len(errors), reason=reason)

    def _shown(self, known: KnownRollout) -> model.Rollout:
        snapshot = self.readable is False or known.id in self._absent
        key = (known.snapshot_json, snapshot)
        last = self._made.get(known.id)
        if last is not None and last[0] == key:
            return last[1]
        if known.snapshot_json is None:
            made = translate.unread(known, connection=self._connection, dashboard=self.dashboard)
        else:
            made = translate.rollout(
                known.snapshot_json,
                known,
                connection=self._connection,
                dashboard=self.dashboard,
                now=self._clock.wall(),
                snapshot=snapshot,
            )
        self._made[known.id] = (key, made)
        return made

    async def ask(self, known: KnownRollout) -> None:
        """Read one rollout and remember it. What the server does not know, and what it cannot tell, is noted and is no error."""
        paths = self._paths(known)
        if not paths:
            self._absent.add(known.id)
            return
        missing: list[PlatformError] = []
        for path, filled in paths.items():
            try:
                reply = await self._transports.get(known.app, self._transports[""]).get(path, ids=filled)
            except (NotFound, NoEndpoint) as error:
                missing.append(error)
                if error.code.endswith(GONE):
                    break
                continue
            record = self._record(reply, known.id)
            self.readable, self._path = True, path
            self._missing.pop(known.id, None)
            self._remember(known, record)
            return
        denied = missing[-1].code.endswith(GONE)
        since = self._missing.setdefault(known.id, self._clock.boot())
        if self.readable and not denied and self._clock.boot() - since < DISPLACED:
            raise displaced(missing[-1])
        if self.readable is None and not denied:
            self.readable = False
            self._doubtful = not all(isinstance(error, NoEndpoint) for error in missing)
        elif (self._clock.wall() - known.at).total_seconds() > FRESH:
            self._absent.add(known.id)

    def _paths(self, known: KnownRollout) -> Mapping[str, Mapping[str, str]]:
        """Where a rollout may be asked for, with which ids; empty where the server wants its environment, which nobody named."""
        ids = {"app": known.app, "id": known.id}
        paths = {ROLLOUT: ids} | ({ROLLOUT_OF_ENVIRONMENT: ids | {"env": known.environment}} if known.environment else {})
        return {path: filled for path, filled in paths.items() if self._path in {"", path}}

    async def opens(self, app: str) -> bool:
        """Ask an app for a rollout that it cannot have: whether these credentials open it, as far as that tells. Raises ``NotFound`` for
        an app that the server does not know."""
        try:
            await self._transports.get(app, self._transports[""]).get(ROLLOUT, ids={"app": app, "id": NONE})
        except Forbidden:
            return False
        except (NotFound, NoEndpoint, Refused) as error:
            if error.code == NO_APP:
                raise NotFound(
                    f"{clean(app, 60)}: {error.message}", connection=self._connection, code=NO_APP, status=error.status
                ) from None
            if self.readable is None and error.code.endswith(GONE):
                self.readable = True
        return True

    async def adopt(self, known: KnownRollout) -> model.Rollout:
        """Remember a rollout that the server shows. Raises ``NotFound`` for one that it does not; that says nothing of the server.
        ``Refused`` where its environment has to be named."""
        if not self._paths(known):
            needed = {"environment": "is needed: this server shows a rollout only below its environment"}
            raise refused(needed, connection=self._connection, what=WHAT)
        before = self.readable
        await self.ask(known)
        if self.readable is not before and self.readable is False:
            self.readable = before
        try:
            return self._shown(self.known(known.id))
        except NotFound:
            raise NotFound(
                f"the server shows no rollout {clean(known.id, 60)} of {clean(known.app, 60)}", connection=self._connection, sent=False
            ) from None

    def remember(self, made: KnownRollout, record: bytes) -> None:
        """Keep a rollout that was just triggered. It certainly exists: where a 404 may only have denied an old one, ask again."""
        self._source.remember(made, record.decode())
        if self._doubtful:
            self.readable, self._doubtful = None, False

    def _record(self, reply: Reply, id_: str) -> bytes:
        error = faults.denied(reply, self._connection)
        if error is not None:
            raise error
        try:
            record = single(reply.content, ("rollout",))
            said, _, _ = translate.standing(record)
            wrong = "" if said.removeprefix(wire.PREFIX) == id_.removeprefix(wire.PREFIX) else "another rollout"
        except REFUSALS as refusal:
            wrong = str(refusal)
        if wrong:
            raise BadReply(f"{reply.method} {reply.path} was answered with {wrong}", connection=self._connection, status=reply.status)
        return record

    def _remember(self, known: KnownRollout, record: bytes) -> None:
        """Keep the newest reply; one that would set a rollout back came late and is dropped."""
        text = record.decode()
        if text != known.snapshot_json and translate.standing(record)[1] >= self._standing(known)[0]:
            self._source.remember(known, text)

    def _standing(self, known: KnownRollout) -> tuple[int, bool]:
        """How far a rollout was when it was last read; before everything where it never was, or not readably."""
        try:
            return translate.standing(known.snapshot_json or "")[1:]
        except REFUSALS:
            return -1, False

    def known(self, id_: str) -> KnownRollout:
        found = next((each for each in self._source.known() if each.id == id_), None)
        if found is None:
            raise NotFound(f"no rollout {clean(id_, 60)} is known here", connection=self._connection, sent=False)
        return found
