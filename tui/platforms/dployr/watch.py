"""The stream of a cluster's machines: the only place where a control plane says what runs, and how much of a machine is used.

One task listens while the connection is in use. What it heard counts while the stream is alive; a stream that cannot be had is no error,
only less knowledge.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Collection, Mapping
from dataclasses import dataclass
from typing import Any, Final

from tui.clock import Clock, within
from tui.errors import BadReply, Forbidden, NoEndpoint, PlatformError, Unauthorized
from tui.model import EMPTY
from tui.platforms.dployr.metrics import Numbers, numbers
from tui.platforms.records import Unreadable, number, parse, word
from tui.platforms.websocket import WebSocket
from tui.text import Safe

log = logging.getLogger(__name__)

PATH: Final = "/v1/instances/stream"
BEAT: Final = 30.0
"""Seconds between two requests for the state."""
ALIVE: Final = 90.0
"""Seconds after the last message for which what was heard counts; of a stream that was silent for longer another is opened."""
LONGEST: Final = 60.0
FIRST: Final = 5.0
"""Seconds that a verb waits for the first word of each machine, from the opening of the stream."""
BEGINNING: Final = 2.0
"""Seconds that the first list of services waits for a machine to speak: before that nobody knows how any of them is."""
OTHERS: Final = 0.25
"""Seconds after the first machine within which the others speak, too."""
REFUSED: Final = 600.0
"""Seconds until a stream that was refused is asked for again."""
SLEEPING: Final = "sleeping"
RUNNING: Final = "running"

_BEAT: Final = '{"kind":"heartbeat"}'
_NO: Final = (Unauthorized, Forbidden, NoEndpoint, BadReply)


@dataclass(frozen=True, slots=True, kw_only=True)
class Workload:
    """What a machine says of one service. ``masked``: it says running, and says so of all while another one sleeps there."""

    status: Safe
    health: Safe = EMPTY
    tag: Safe = EMPTY
    masked: bool = False


class Watch:
    """Listens to one cluster at a time. ``open_`` opens the stream of a cluster."""

    def __init__(self, connection: str, open_: Callable[[str], Awaitable[WebSocket]], clock: Clock) -> None:
        self._connection = connection
        self._open = open_
        self._clock = clock
        self._cluster = ""
        self._task: asyncio.Task[None] | None = None
        self._heard: float | None = None
        self._versions: dict[tuple[str, str], int] = {}
        self._workloads: dict[str, tuple[tuple[str, Workload], ...]] = {}
        self._numbers: dict[str, Numbers] = {}
        self._told = asyncio.Event()
        self._opened = self._last = 0.0
        self._refused = self._begun = False

    @property
    def alive(self) -> bool:
        """Whether what was heard still counts."""
        return self._heard is not None and self._clock.boot() - self._heard <= ALIVE

    def workload(self, name: str) -> Workload | None:
        """What runs under that name; None where nobody says. Of several machines one that runs it speaks."""
        if not self.alive:
            return None
        found = [each for told in self._workloads.values() for named, each in told if named == name]
        return min(found, key=lambda each: (each.status != RUNNING, each.masked), default=None)

    def runs(self, name: str) -> tuple[str, ...] | None:
        """The machines that have a service of that name; None where none of them was heard."""
        if not self.alive or not self._workloads:
            return None
        return tuple(sorted(tag for tag, told in self._workloads.items() if any(named == name for named, _ in told)))

    async def first(self, tags: Collection[str]) -> None:
        """Wait a moment for all these machines to speak, if the stream was only just opened: the first to speak need not be the only
        one that runs a thing. A stream that cannot be had is not waited for."""
        if self._task is None or self._clock.boot() - self._opened > FIRST:
            return
        limit = asyncio.ensure_future(self._clock.sleep(FIRST))
        try:
            while not limit.done() and not self._refused and not self._workloads.keys() >= set(tags):
                self._told.clear()
                word = asyncio.ensure_future(self._told.wait())
                await asyncio.wait({word, limit}, return_when=asyncio.FIRST_COMPLETED)
                word.cancel()
        finally:
            limit.cancel()

    async def begin(self) -> None:
        """Wait a moment for the machines to speak, once after the stream was opened: what is listed before that is unknown to the next
        read of the list, which may be a minute away, and to a command for good."""
        if self._begun or self._task is None:
            return
        self._begun = True
        await within(self._clock, BEGINNING, self._spoken())

    async def _spoken(self) -> None:
        while not self._workloads and not self._refused:
            self._told.clear()
            await self._told.wait()
        if self._workloads:
            await self._clock.sleep(OTHERS)

    def numbers(self, tag: str) -> Numbers | None:
        """How much of that machine is used; None where nobody says."""
        return self._numbers.get(tag) if self.alive else None

    def listen(self, cluster: str) -> None:
        """Have the stream of that cluster listened to from now on."""
        if self._task is not None and self._cluster == cluster and not self._task.done():
            return
        if self._task is not None:
            self._task.cancel()
        self._cluster, self._heard = cluster, None
        self._versions, self._workloads, self._numbers = {}, {}, {}
        self._opened, self._refused, self._begun = self._clock.boot(), False, False
        self._task = asyncio.get_running_loop().create_task(self._run(cluster), name=f"stream of {self._connection}")

    async def aclose(self) -> None:
        """Stop listening."""
        task, self._task = self._task, None
        if task is not None:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)

    async def _run(self, cluster: str) -> None:
        failures = 0
        while True:
            began = self._clock.boot()
            try:
                await self._listen(await self._open(cluster))
                wait = 1.0
            except PlatformError as error:
                log.debug("stream of %s: %s", self._connection, error)
                wait = REFUSED if isinstance(error, _NO) else 1.0
                self._refused = True
                self._told.set()
            failures = 0 if self._clock.boot() - began > LONGEST else failures + 1
            await self._clock.sleep(max(wait, min(LONGEST, 2.0**failures)))

    async def _listen(self, socket: WebSocket) -> None:
        """Hear it until it ends, or is so silent that it may be dead without either end knowing."""
        self._last = self._clock.boot()
        both = asyncio.ensure_future(self._hear(socket)), asyncio.ensure_future(self._beat(socket))
        try:
            ended, _ = await asyncio.wait(both, return_when=asyncio.FIRST_COMPLETED)
            for each in ended:
                each.result()
        finally:
            for each in both:
                each.cancel()
            await asyncio.gather(*both, return_exceptions=True)
            await socket.aclose()

    async def _hear(self, socket: WebSocket) -> None:
        while (message := await socket.receive()) is not None:
            self._last = self._clock.boot()
            self._take(message)

    async def _beat(self, socket: WebSocket) -> None:
        while self._clock.boot() - self._last <= ALIVE:
            await socket.send(_BEAT)
            await self._clock.sleep(BEAT)

    def _take(self, message: bytes) -> None:
        """Note one message; what is no news of a machine is none of our business."""
        try:
            value = parse(message)
        except Unreadable:
            return
        sections = value.get("sections") if isinstance(value, dict) else None
        if not isinstance(sections, dict):
            return
        self._heard = self._clock.boot()
        tag = str(word(value.get("instanceId"), 80))
        for name, note in (("workloads", self._note_workloads), ("resources", self._note_numbers)):
            section = sections.get(name)
            data = section.get("data") if isinstance(section, dict) else None
            version = number(section.get("version")) if isinstance(section, dict) else None
            if isinstance(data, dict) and self._is_news(tag, name, version or 0):
                note(tag, data)

    def _is_news(self, tag: str, section: str, version: int) -> bool:
        if version < self._versions.get((tag, section), 0):
            return False
        self._versions[tag, section] = version
        return True

    def _note_workloads(self, tag: str, data: Mapping[str, Any]) -> None:
        services = data.get("services")
        told = [each for each in services if isinstance(each, dict)] if isinstance(services, list) else []
        sleeps = any(each.get("status") == SLEEPING for each in told)
        self._workloads[tag] = tuple(
            (
                str(word(each.get("name"))),
                Workload(
                    status=(status := word(each.get("status"), 80)),
                    health=word(each.get("health"), 80),
                    tag=Safe(tag),
                    masked=sleeps and status == RUNNING,
                ),
            )
            for each in told
        )
        self._told.set()

    def _note_numbers(self, tag: str, data: Mapping[str, Any]) -> None:
        self._numbers[tag] = numbers(data)
