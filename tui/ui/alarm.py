"""The console's alarms: what is due rings the bell, is shown by the terminal and counted in its title, and goes to who else listens.

Which transitions ring is the engine's matter, which bytes ``notify``'s. What is delivered elsewhere never holds up a key.
"""

from __future__ import annotations

import logging
import os
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from tui.engine.alerts import DEFAULTS, Alert, Alerts, Rule, payload
from tui.engine.feeds import Change, Feed
from tui.engine.joins import plain
from tui.engine.recall.quorum import suspect
from tui.model import Kind, Ref, Resource, Rollout
from tui.tables import is_frozen
from tui.ui.notify import BELL, RESTORE_TITLE, SAVE_TITLE, Way, notification, title
from tui.ui.widgets.cells import Piece
from tui.ui.widgets.status_line import Part
from tui.ui.workers import start

if TYPE_CHECKING:
    from tui.ui.app import Console

log = logging.getLogger(__name__)

SNOOZE: Final = 1800.0
"""Seconds for which one key makes everything quiet; again ends it."""
NAMED: Final = 3
"""How many of what was acknowledged are named."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Channels:
    """Where alarms go. ``deliver`` takes what is told elsewhere and returns a line for each channel that did not take it."""

    bell: bool = True
    notify: Way = "auto"
    title: bool = True
    rules: tuple[Rule, ...] = DEFAULTS
    deliver: Callable[[Mapping[str, Any]], Awaitable[Sequence[str]]] | None = None
    status_urls: Mapping[str, str] | None = None


class Alarm:
    """Told of every change and every second; ``parts`` is what the header says of it."""

    def __init__(self, program: Console, channels: Channels) -> None:
        self._program = program
        self._session = program.session
        self._channels = channels
        self._titled: str | None = None
        self.alerts = Alerts(channels.rules, program.session.store, program.session.clock, muted=self._mine)

    def heard(self, change: Change) -> None:
        self.alerts.note(change)

    def tick(self) -> None:
        """Ring what is due, all of one moment as one."""
        due = self.alerts.due()
        if due:
            self._ring(due)
        self._draw_title()

    def retune(self, channels: Channels) -> None:
        """Ring so from now on. Rules are another matter: what is unresolved was judged by the old ones."""
        if self._titled is not None and not channels.title:
            self.end()
            self._titled = None
        self._channels = channels

    def back(self) -> None:
        """Another program had the terminal, or the shell, and may have left a title of its own."""
        if self._titled is not None:
            self._write(title(self._titled))

    def end(self) -> None:
        """Give the title back."""
        if self._titled is not None:
            self._write(RESTORE_TITLE)

    def _ring(self, due: Sequence[Alert]) -> None:
        told = payload(due, self._session.context)
        text = str(told["text"])
        self._program.say(f"✗ {text}", "bad")
        bell = BELL if self._channels.bell else ""
        self._write(bell + notification("rollwatch", text, os.environ, self._channels.notify))
        if self._channels.deliver is not None:
            start(self._program, self._deliver, told, group="deliver")

    async def _deliver(self, told: Mapping[str, Any]) -> None:
        if self._channels.deliver is None:
            return
        for problem in await self._channels.deliver(told):
            log.warning("an alert was not delivered: %s", problem)
            self._program.say(f"an alert was not delivered: {problem}", "warn")

    def _draw_title(self) -> None:
        if not self._channels.title:
            return
        count = len(self.alerts.unresolved)
        wanted = f"({count}) rollwatch {self._session.context}" if count else f"rollwatch {self._session.context}"
        if wanted != self._titled:
            first, self._titled = self._titled is None, wanted
            self._write((SAVE_TITLE if first else "") + title(wanted))

    def _write(self, sequence: str) -> None:
        driver = self._program._driver  # noqa: SLF001 - the terminal itself; Textual has no other way to write to it
        if sequence and driver is not None and not self._program.is_headless:
            driver.write(sequence)

    def _mine(self, row: Resource) -> bool:
        """Whether the user is doing this: a verb of theirs is in flight on it, or a rollout of theirs to the app of that name runs."""
        if any(pending.ref == row.ref for pending in self._session.in_flight()):
            return True
        past = self._session.past
        if past is None:
            return False
        rollouts = (each for each in self._session.store.rows(Kind.ROLLOUT) if isinstance(each, Rollout))
        # Of one that its server tells no more of nobody knows that it still runs: it would keep its app quiet for ever.
        running = (each for each in rollouts if each.completed_at is None and not is_frozen(each))
        return any(str(each.by) in {past.who, past.user} and plain(row.name).startswith(plain(each.app)) for each in running if each.app)

    # Keys and header ---------------------------------------------------------------------------------------------------------

    def acknowledge(self, ref: Ref | None) -> None:
        """Somebody looks after the selected thing, or after everything that rings."""
        meant = (self.alerts.acknowledge(str(ref)) if ref is not None else ()) or self.alerts.acknowledge()
        names = ", ".join(f"{each.kind} {each.name}" for each in meant[:NAMED])
        more = f" and {len(meant) - NAMED} more" if meant[NAMED:] else ""
        self._program.say(f"acknowledged: {names}{more}" if meant else "nothing is ringing", "accent" if meant else "warn")
        self._draw_title()

    def snooze(self) -> None:
        """Be quiet for a while, or no longer."""
        self.alerts.snooze(0.0 if self.alerts.snoozed else SNOOZE)
        self._program.say(f"quiet for {SNOOZE / 60:.0f} minutes; the same key ends it" if self.alerts.snoozed else "alerts ring again")

    def parts(self) -> list[Part]:
        """What the header says: how many are unresolved, and that nothing rings."""
        parts = []
        if count := len(self.alerts.unresolved):
            word = "alert" if count == 1 else "alerts"
            parts.append(Part(id="alerts", pieces=(Piece(f"✗ {count} {word}", "bad"),), rank=1, short=(Piece(f"✗{count}", "bad"),)))
        if left := self.alerts.snoozed:
            parts.append(Part(id="snoozed", pieces=(Piece(f"quiet {left / 60:.0f}m", "muted"),), rank=2))
        return parts

    def banner(self) -> list[Part]:
        """One line where most reads of a connection fail alike, instead of a row for each; empty where they do not."""
        store, boot = self._session.store, self._session.clock.boot()
        feeds: dict[str, list[Feed]] = {}
        for feed in self._session.feeds():
            feeds.setdefault(feed.connection, []).append(feed)
        found = [suspect(name, [(feed, store.freshness(feed)) for feed in each], boot) for name, each in feeds.items()]
        told = sorted((each for each in found if each is not None), key=lambda each: -each.seconds)
        if not told:
            return []
        worst, *others = told
        parts = [Part(pieces=(Piece(f"✗ {worst.text}", "bad"),), short=(Piece(f"✗ {worst.short}", "bad"),))]
        if others:
            parts.append(Part(pieces=(Piece(f"and {', '.join(each.connection for each in others)}", "warn"),)))
        if worst.theirs and (address := self.status_page(worst.connection)):
            parts.append(Part(pieces=(Piece("see ", "muted"), Piece(address, "accent")), short=(Piece(address, "accent"),)))
        return parts

    def status_page(self, connection: str) -> str:
        """Where its platform says how it is; empty where the configuration does not know."""
        return (self._channels.status_urls or {}).get(connection, "")
