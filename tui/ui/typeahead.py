"""Keys that are typed ahead wait their turn: each is passed on only when what the one before meant has been done.

Textual hands a key to the widget that has the focus at that moment, before it knows what the last key meant. Keys that come in one
gulp (a slow link, a busy machine) would reach the list although the first of them opened a filter, or the field before the one that
a secret was meant for. Here such a key waits until every widget is at rest, and pastes and clicks wait in the same line.

A key that nothing runs before is passed on at once. Nothing waits for a network, and for what never comes to rest only so long: the
line then goes on as it would without this, and ctrl+c leaves. No key means anything in here.

``_waits`` leans on internals of Textual (those that ``link.TEXTUAL`` names): who waits for the queue of a message pump, and what a
screen keeps to call after its next refresh.
"""

# ruff: noqa: SLF001  (see above)

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Iterator
from typing import Any, Final

from textual import events
from textual.app import App
from textual.message_pump import MessagePump
from textual.screen import Screen

MOST: Final = 4_096
"""Events that may wait; what comes on top is not taken, and that is said."""

TURNS: Final = 100
"""Turns of the event loop without a pause in which rest is looked for; nearly every key needs fewer."""

LOOKS: Final = 400
"""Further looks, each a pause later: about two seconds of a loop that runs, however long it stood still in between."""

PAUSE: Final = 0.005
"""Seconds between two of those."""

HOPS: Final = 16
"""Messages in a row that a key may cause: up through the widgets to the app, and back down to what then has the focus."""

INTERRUPT: Final = "ctrl+c"
"""As in a terminal's own line: what is typed ahead of it is forgotten."""


class Typeahead:
    """The line of input events before an app. ``passes`` is asked of each that comes from the terminal."""

    def __init__(self, app: App[Any], *, now: Callable[[], float], leave: Callable[[], object], complain: Callable[[str], object]) -> None:
        """``leave`` ends the app where it does not listen any more; ``complain`` tells the user something."""
        self._app = app
        self._now = now
        self._leave = leave
        self._complain = complain
        self._held: deque[tuple[events.Event, float]] = deque()
        self._next: events.Event | None = None
        self._task: asyncio.Task[None] | None = None
        self._stuck = False
        self.late = 0.0
        """Seconds that the event which is being handled had to wait."""

    def passes(self, event: events.Event) -> bool:
        """Whether this event may go on now; otherwise it waits, and comes back by itself when it may."""
        if event is self._next:
            self._next = None
            return True
        if self._task is None and self._rests():
            self.late = 0.0
            return True
        if isinstance(event, events.Key) and event.key == INTERRUPT:
            self._held.clear()
        if len(self._held) >= MOST:
            self._complain("too many keys at once: the last of them were not taken")
            return False
        self._held.append((event, self._now()))
        if self._task is None:
            self._task = asyncio.create_task(self._serve(), name="keys typed ahead")
        return False

    def end(self) -> None:
        """Nobody listens any more."""
        self._held.clear()
        if self._task is not None:
            self._task.cancel()

    @property
    def waiting(self) -> int:
        """Events that wait."""
        return len(self._held)

    async def _serve(self) -> None:
        """Pass on what waits, one after the other."""
        try:
            while self._held:
                self._stuck = not await self._rest()
                if not self._held:
                    return
                event, since = self._held.popleft()
                if self._stuck and isinstance(event, events.Key) and event.key == INTERRUPT:
                    self._leave()
                    continue
                self.late = self._now() - since
                self._next = event
                if not self._app.post_message(event):
                    return
                await asyncio.sleep(0)
        finally:
            self._task = None

    async def _rest(self) -> bool:
        """Wait until nothing is going on that a key may have caused; False if that does not end.

        Either everything rests at one moment, or, where lists and logs never let it, everything was at rest at some moment, and
        again after that, more often than a key's effects can go from one to the next.
        """
        left = everything = self._pumps()
        hops = 0
        for look in range(TURNS + LOOKS):
            left = self._busy(left)
            if not left:
                hops += 1
                if hops == HOPS or not self._busy(everything):
                    return True
                left = everything = self._pumps()
            if self._stuck and look >= TURNS:
                return False
            await (asyncio.sleep(0) if look < TURNS else _pause())
        return False

    def _pumps(self) -> list[MessagePump]:
        return [self._app, *(pump for screen in self._app.screen_stack for pump in _below(screen))]

    @staticmethod
    def _busy(pumps: list[MessagePump]) -> list[MessagePump]:
        return [pump for pump in pumps if not _waits(pump)]

    def _rests(self) -> bool:
        """Whether everything waits for something to do, and for the app, which is asking, there is nothing."""
        app = self._app
        return not app.message_queue_size and app._pending_message is None and not self._busy(self._pumps()[1:])


def _below(screen: Screen[Any]) -> Iterator[MessagePump]:
    """A screen and every widget on it."""
    left: list[Any] = [screen]
    while left:
        node = left.pop()
        yield node
        left.extend(node.children)


def _waits(pump: MessagePump) -> bool:
    """Whether a pump has nothing to do: it was begun, and is waiting for the next message of an empty queue; or it has ended."""
    if pump._closed and (pump._task is None or pump._task.done()):
        # Taken away while it was looked at: it will never wait again, and a key must not wait for it.
        return True
    queue: Any = pump._message_queue
    return queue.empty() and bool(queue.ready_event._waiters) and not getattr(pump, "_callbacks", ())


async def _pause() -> None:
    done = asyncio.get_running_loop().create_future()
    timer = asyncio.get_running_loop().call_later(PAUSE, done.set_result, None)
    try:
        await done
    finally:
        timer.cancel()
