"""Which cluster of a control plane a connection looks at: nearly every request has to name it.

The configuration chooses by name or id; an account with a single cluster needs no choice.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from tui.errors import BadReply, PlatformError, Refused
from tui.platforms.dployr import wire
from tui.platforms.http import Transport
from tui.platforms.records import REFUSALS, identity, items, read, word
from tui.platforms.replies import Reply
from tui.text import Safe

PATH: Final = "/v1/clusters"

DEVELOPERS: Final = frozenset({"developer", "admin", "owner"})
"""The roles that may change something."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Cluster:
    """A cluster and our role in it: viewer, developer, admin or owner."""

    id: str
    name: Safe
    role: Safe

    @property
    def may_write(self) -> bool:
        """Whether our role may change anything; a role that we do not know is left to the server."""
        return self.role in DEVELOPERS or self.role not in {"viewer", "invited"}


class Clusters:
    """The clusters of one account and the one that is looked at."""

    def __init__(self, connection: str, transport: Transport, wanted: str) -> None:
        self.current: Cluster | None = None
        self._connection = connection
        self._transport = transport
        self._wanted = wanted
        self._lock = asyncio.Lock()

    async def id(self) -> str:
        """The id of the cluster that is looked at; asks for the list the first time. Raises ``errors.PlatformError``."""
        if self.current is None:
            async with self._lock:
                if self.current is None:
                    self.take(await self._transport.get(PATH))
        assert self.current is not None  # noqa: S101 - take either sets it or raises
        return self.current.id

    def take(self, reply: Reply) -> None:
        """The list of clusters as the server answered it. Raises ``BadReply``, and ``Refused`` where a choice is missing or wrong."""
        try:
            known = tuple(_cluster(bytes(raw)) for raw in items(reply.content, ("clusters",)))
        except REFUSALS as error:
            raise BadReply(f"{reply.method} {reply.path} was answered with {error}", connection=self._connection) from None
        self.current = self._chosen(known)

    def _chosen(self, known: Sequence[Cluster]) -> Cluster:
        names = ", ".join(each.name or each.id for each in known)
        if self._wanted:
            found = [each for each in known if self._wanted in {each.id, each.name}]
            if len(found) == 1:
                return found[0]
            raise self._undecided(f"there is no cluster {self._wanted!r} here" + (f", but {names}" if names else ""), known)
        if len(known) == 1:
            return known[0]
        raise self._undecided(f"this account has {len(known)} clusters" + (f": {names}" if names else ""), known)

    def _undecided(self, message: str, known: Sequence[Cluster]) -> PlatformError:
        hint = f'set cluster = "{known[0].name or known[0].id}" for this connection' if known else "create one, or ask to be invited to one"
        return Refused(message, connection=self._connection, hint=hint, fields={"cluster": "is not chosen"}, sent=False)


def _cluster(data: bytes) -> Cluster:
    record, _ = read(data, wire.Cluster)
    return Cluster(id=identity(record.id), name=word(record.name), role=word(record.role, 40))
