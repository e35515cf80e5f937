"""Telling that a connection is lost, limited, signed out or back: once at each edge, to the store, to who listens and to the log.

When anything is read again is the poller's matter; nothing is scheduled here.
"""

from __future__ import annotations

import logging
import math
from collections.abc import Callable, Iterable, Mapping
from typing import Final

from tui.engine.connection import Connection
from tui.engine.feeds import Change
from tui.engine.reader import Reader
from tui.engine.store import Store
from tui.errors import PlatformError, RateLimited

log = logging.getLogger(__name__)

Publish = Callable[[Change], object]
Edge = Callable[[str, str, PlatformError | None], object]

EXHAUSTED: Final = "polling has used its part of the rate limit; the rest is kept for what you ask for"


class Outages:
    """``publish`` hears of what became stale, ``edge(connection, word, error)`` of the edges themselves."""

    def __init__(self, connections: Mapping[str, Connection], *, store: Store, publish: Publish, edge: Edge) -> None:
        self._store = store
        self._publish = publish
        self._edge = edge
        self._words: dict[str, str | None] = dict.fromkeys(connections)
        self._exhausted: set[str] = set()

    def exhausted(self, connection: Connection, until: float) -> None:
        """What polls may use of the budget is used up: old rows are then no accident, and the connection says why."""
        if connection.circuit.word is None:
            error = RateLimited(EXHAUSTED, connection=connection.name, sent=False)
            self._store.hold(connection.name, "limited", error, until)
            self._exhausted.add(connection.name)

    def eased(self, connection: Connection) -> None:
        """A poll was let through again."""
        if connection.name in self._exhausted:
            self._exhausted.discard(connection.name)
            self._store.hold(connection.name, None)

    def turned(self, connection: Connection, readers: Iterable[Reader]) -> None:
        """The circuit opened, closed or failed a probe. Its ``readers`` are told of the end of an outage, too."""
        circuit = connection.circuit
        self._store.hold(connection.name, circuit.word, circuit.error, None if math.isinf(circuit.until) else circuit.until)
        before = self._words[connection.name]
        if circuit.word == before:
            return
        self._words[connection.name] = circuit.word
        self._edge(connection.name, circuit.word or "back", circuit.error)
        if circuit.word is None:
            log.info("%s: back", connection.name)
            for reader in readers if before == "down" else ():
                reader.anew()
            return
        log.warning("%s: %s: %s", connection.name, circuit.word, circuit.error)
        self._mark_all(connection, readers)

    def _mark_all(self, connection: Connection, readers: Iterable[Reader]) -> None:
        """What cannot be asked is stale at once. A rate limit makes stale only what was never read."""
        circuit = connection.circuit
        if circuit.error is None:
            return
        until = None if math.isinf(circuit.until) else circuit.until
        for reader in readers:
            freshness = self._store.freshness(reader.feed)
            if not freshness.offered or freshness.error is not None or reader.read.cost <= 0:
                continue
            if circuit.word == "limited" and freshness.fetched_boot is not None and not freshness.restored:
                continue
            self._publish(self._store.fail(reader.feed, circuit.error, until))
            reader.tried = True
