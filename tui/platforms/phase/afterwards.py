"""What became of a write that Phase answered with a failure, or not at all: it may be stored all the same.

The thing is read again and the finding told. Nothing is ever sent a second time.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from datetime import timedelta
from typing import Any, Final

from tui.clock import Clock
from tui.errors import NotFound, OutcomeUnknown, PlatformError, Refused, Unavailable
from tui.model import Ref, Resource
from tui.platforms.base import Accepted, Call, Rows
from tui.text import Safe, clean

RECENT: Final = timedelta(minutes=5)
"""How old something may be to be what was just made, where nobody knows what was there before (the clocks differ)."""

Values = Mapping[str, Any]
Look = Callable[[Ref, Values], Awaitable[Resource | None]]
"""Finds what the write should have left, None where it has not. For a delete, None is the success."""


class Afterwards:
    """``call`` makes a careful verb of one; the others make the looks."""

    def __init__(self, connection: str, clock: Clock) -> None:
        self._connection = connection
        self._clock = clock

    def call(self, plain: Call, before: Callable[[Ref, Values], Look], *, gone: bool = False) -> Call:
        """``plain``, and a look when it fails. ``before`` is asked right before sending; ``gone`` says that it deletes."""

        async def run(ref: Ref, values: Values) -> Accepted:
            look = before(ref, values)
            try:
                return await plain.run(ref, values)
            except (Unavailable, OutcomeUnknown) as error:
                if not error.sent:
                    raise
                found = await self._found(look, ref, values, error)
                return self._told(error, found, ref, gone=gone)

        return Call(run=run, plan=plain.plan, does=plain.does, cost=plain.cost)

    async def _found(self, look: Look, ref: Ref, values: Values, error: PlatformError) -> Resource | None:
        try:
            return await look(ref, values)
        except PlatformError as second:
            raise OutcomeUnknown(
                f"{error.message}, and reading it again failed: {second.message}",
                connection=self._connection,
                hint="read it again before repeating it",
                status=error.status,
            ) from None

    def _told(self, error: PlatformError, found: Resource | None, ref: Ref, *, gone: bool) -> Accepted:
        done = (found is None) is gone
        if done:
            text = f"{error.message}, but it is {'gone' if gone else 'there'}: done"
            return Accepted(ref=ref if gone or found is None else found.ref, resource=found, text=clean(text, 300), done=True)
        finding = f"read again, it is {'still there' if gone else 'not there'}"
        if isinstance(error, OutcomeUnknown):
            raise OutcomeUnknown(error.message, connection=self._connection, hint=f"{finding}; that may still change", status=error.status)
        raise Refused(f"{error.message}: {finding}", connection=self._connection, status=error.status)

    def made(self, rows: Callable[[str], Awaitable[Rows]], scope: str, known: Mapping[str, Any] | None, name: str) -> Look:
        """Something new of that name among the rows; ``known`` are the ids of before, None where nobody has read them."""
        since = self._clock.wall() - RECENT
        wanted = Safe(clean(name, 256)).casefold()

        async def look(ref: Ref, values: Values) -> Resource | None:
            for each in (await rows(scope)).items:
                young = each.created_at is not None and each.created_at >= since
                if each.name.casefold() == wanted and (young if known is None else each.ref.id not in known):
                    return each
            return None

        return look

    def changed(self, one: Callable[[Ref], Awaitable[Resource]]) -> Look:
        """The thing itself, if all that was to be changed is as it was to be."""

        async def look(ref: Ref, values: Values) -> Resource | None:
            found = await one(ref)
            same = all(getattr(found, name, None) == clean(str(value), 10_000) for name, value in values.items())
            return found if same else None

        return look

    def left(self, one: Callable[[Ref], Awaitable[Resource]]) -> Look:
        """The thing itself, None if it is gone."""

        async def look(ref: Ref, values: Values) -> Resource | None:
            try:
                return await one(ref)
            except NotFound:
                return None

        return look
