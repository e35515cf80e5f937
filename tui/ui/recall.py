"""What the console does with the past: it notices that somebody was away, opens the screens of the past, learns what is usual.

Beside the app, so that the app stays thin. It asks the journal off the loop and draws nothing itself.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Final

from tui.actions import ACTIONS
from tui.engine.feeds import Change
from tui.engine.recall.records import WRONG
from tui.errors import RollwatchError
from tui.model import Deployment, Health, Kind, Rollout
from tui.ui.screens.away import AwayScreen, one_line
from tui.ui.screens.handoff import HandoffScreen
from tui.ui.screens.matrix import MatrixScreen
from tui.ui.screens.memory import MemoryScreen
from tui.ui.screens.timeline import TimelineScreen
from tui.ui.scrub import Scrub
from tui.ui.workers import start

if TYPE_CHECKING:
    from tui.ui.app import Console

log = logging.getLogger(__name__)

AWAY: Final = 600.0
"""Seconds without a key after which one was away."""
SETTLE: Final = 15.0
"""Seconds that the first reads have, before what happened since the last look is told."""
WRITTEN: Final = 2.0
"""Seconds until what was read stands in the journal."""
MARK: Final = 60.0
"""Seconds between two markers of how far the user has seen, while keys are pressed."""
LEARN: Final = 15.0
"""Seconds between two looks at what is going on and has a usual duration."""
LEAVING: Final = frozenset({"q", "ctrl+c"})
"""Keys that mean what they always mean, also to somebody who was away."""

SCREENS: Final[Mapping[str, type[MemoryScreen]]] = {
    "past.away": AwayScreen,
    "past.timeline": TimelineScreen,
    "past.matrix": MatrixScreen,
    "past.handoff": HandoffScreen,
}


class Recall:
    """The console's memory. ``key`` is told of every key, ``heard`` of every change, ``tick`` every second."""

    def __init__(self, program: Console) -> None:
        self._program = program
        self._session = program.session
        self._last_key = self._session.clock.boot()
        self._seen_until: datetime = self._session.clock.wall()
        self._marked = float("-inf")
        self._learnt, self._laid = float("-inf"), 0
        self._news = False
        self._keys = 0
        self.scrub = Scrub(program)

    def begin(self) -> None:
        """Tell what happened since the user last looked, once there is something to tell."""
        if self._session.past is not None:
            start(self._program, self._greet, group="greet")

    def end(self) -> None:
        """The user leaves, or is gone already, and has seen what was shown until the last key."""
        if self._session.past is not None:
            self._session.past.mark_seen(self._seen_until)

    @property
    def away(self) -> bool:
        """Whether no key was pressed for long."""
        return self._session.clock.boot() - self._last_key >= AWAY

    def heard(self, change: Change) -> None:
        """Whether there is something worth telling to who comes back."""
        if not self._news:
            self._news = any((old.health in WRONG) != (new.health in WRONG) for old, new in change.updated)

    def key(self, pressed: str) -> bool:
        """A key was pressed; True if it only woke the console: then it shows what happened meanwhile, and the key does nothing."""
        if pressed in LEAVING and self.away and self._news:
            return False  # what happened meanwhile was not seen: the next start tells it
        was_away, since = self.away, self._seen_until
        self._last_key = self._session.clock.boot()
        self._seen_until = self._session.clock.wall()
        self._keys += 1
        news, self._news = self._news, False
        if self._session.past is None:
            return False
        if was_away and news and self._program.screen is self._program.console_screen:
            self.open("past.away", since=since)
            return True
        if self._last_key - self._marked > MARK:
            self._marked = self._last_key
            self._session.past.mark_seen()
        return False

    def tick(self) -> None:
        """A second went by."""
        now, past = self._session.clock.boot(), self._session.past
        if past is not None and (now - self._learnt > LEARN or past.laid != self._laid):
            self._learnt, self._laid = now, past.laid
            start(self._program, self._learn, group="learn")

    def open(self, id_: str, *, since: datetime | None = None) -> None:
        """Show a screen of the past."""
        screen = self._program.made(SCREENS[id_])
        if isinstance(screen, AwayScreen):
            screen.look_since(since)
        if self._program.screen is not screen:
            self._program.push_screen(screen)
        screen.prepare()

    async def _greet(self) -> None:
        past, session = self._session.past, self._session
        if past is None:
            return
        since = await past.seen()
        if since is None or session.clock.wall() - since < timedelta(seconds=AWAY):
            return
        await session.settle(SETTLE)
        await session.clock.sleep(WRITTEN)
        told = (await past.stretch(since)).digest()
        if self._program.recall is not self:
            return  # another context is shown by now
        if not told.empty and not self._keys and self._program.screen is self._program.console_screen:
            self.open("past.away", since=since)
        else:
            key = self._program.keymap.spelled(ACTIONS["past.away"])
            self._program.say(one_line(told, key), "bad" if told.unresolved else "accent")

    async def _learn(self) -> None:
        past, store = self._session.past, self._session.store
        if past is None:
            return
        keys = set()
        for row in store.rows(Kind.ROLLOUT):
            if isinstance(row, Rollout) and row.completed_at is None:
                keys |= {(str(row.app), str(row.environment), name) for name in ("rollout", *(phase.name for phase in row.phases))}
        for each in store.rows(Kind.DEPLOYMENT):
            if isinstance(each, Deployment) and each.health is Health.BUSY:
                keys.add((str(each.name), each.ref.connection, "deployment"))
        try:
            if keys and await past.learn(keys):
                self._program.changed.publish(frozenset({Kind.ROLLOUT, Kind.DEPLOYMENT}))
        except RollwatchError as error:
            log.warning("what is usual is not known: %s", error)
