"""The console program: theme, keys, the bridge from the session's changes to the screens, and what a key may ask of all of them.

It is thin: what is drawn is the panes' matter, what is known the session's, which the caller owns. Nothing here waits for a network
or a disk before the first paint.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Collection, Hashable, Iterable
from functools import partial
from pathlib import PurePath
from typing import Any, ClassVar, Final

from rich.segment import Segments
from rich.text import Text
from textual import events
from textual.binding import BindingType
from textual.screen import Screen
from textual.signal import Signal

from tui.actions import Keymap, Place
from tui.engine.commands import IN_FLIGHT
from tui.engine.feeds import Change
from tui.engine.session import Session
from tui.engine.verdicts import Verdict
from tui.errors import RollwatchError
from tui.model import Kind, Ref
from tui.tables import Moment
from tui.text import clean
from tui.ui.alarm import Alarm
from tui.ui.asking import Asking
from tui.ui.driver import quiet_driver
from tui.ui.elsewhere import Elsewhere
from tui.ui.flight import Flights
from tui.ui.home import Home, Leading
from tui.ui.keys import textual_keymap
from tui.ui.logs.followed import worst
from tui.ui.owner import Owner
from tui.ui.panes.logs import LogsPane
from tui.ui.picture import PicturedApp
from tui.ui.recall import Recall
from tui.ui.restoring import Restoring
from tui.ui.say import Bottom
from tui.ui.screens.ask import AskScreen
from tui.ui.screens.connections import ConnectionsScreen
from tui.ui.screens.console import ConsoleScreen
from tui.ui.screens.contexts import ContextsScreen
from tui.ui.screens.detail import DetailScreen
from tui.ui.screens.help import HelpScreen
from tui.ui.screens.memory import MemoryScreen
from tui.ui.screens.palette import PaletteScreen
from tui.ui.screens.past import PastScreen
from tui.ui.screens.patterns import PatternsScreen
from tui.ui.screens.record import RecordScreen
from tui.ui.seconds import Seconds
from tui.ui.settings import Settings
from tui.ui.throttle import Throttle
from tui.ui.typeahead import Typeahead
from tui.ui.views import Views
from tui.ui.wardrobe import Wardrobe, filters
from tui.ui.widgets.log_view import LogView
from tui.ui.workers import start

log = logging.getLogger(__name__)

DRAWN: Final = 0.1
"""Seconds between two drawings of what changes by itself, however much does. What a key asks for waits for none."""

AGAIN: Final = 5.0
"""Seconds within which a second q leaves although something is in flight."""


class Console(Leading, PicturedApp, inherit_bindings=False):
    """The console on a session that the caller has entered and will leave."""

    CSS_PATH: ClassVar[list[str | PurePath]] = [
        "styles/app.tcss",
        "styles/console.tcss",
        "styles/reading.tcss",
        "styles/palette.tcss",
        "styles/ask.tcss",
        "styles/memory.tcss",
        "styles/setup.tcss",
    ]
    TITLE = "rollwatch"
    ENABLE_COMMAND_PALETTE = False
    DEFAULT_MODE = "session"
    BINDINGS: ClassVar[list[BindingType]] = []

    def __init__(self, session: Session, *, settings: Settings | None = None, owner: Owner | None = None) -> None:
        self.settings = settings or Settings()
        self.wardrobe = Wardrobe(self)
        super().__init__(driver_class=quiet_driver(entered=self.settings.entered, sieve=self.wardrobe.backdrop), plain=self.settings.plain)
        self.changed: Signal[frozenset[Kind]] = Signal(self, "changed")
        self._telling = Throttle(lambda: self.call_later(self._tell), DRAWN)
        self._told_off, self._asked_to_leave = set[str](), float("-inf")
        self._taken = 0
        self.home = Home(self, owner)
        self._sit(session, self.settings)
        self._offer()
        self._problems = [*self.wardrobe.take(), *self.keymap.problems]

    def _sit(self, session: Session, settings: Settings) -> None:
        """Everything that belongs to one session."""
        self.session, self.settings = session, settings
        self.keymap = Keymap.load(settings.keys, ascii=settings.ascii)
        self.flights = Flights(session, self.keymap)
        self._waiting: set[Kind] = set()
        self._watch = settings.watch
        self.asking = Asking(self)
        self._ended: list[Callable[[], None]] = []
        self.console_screen = ConsoleScreen(session, self.keymap, self.moment)
        self.screens_made: dict[type[Screen[Any]], Screen[Any]] = {}
        self.recall = Recall(self)
        self.alarm = Alarm(self, settings.alerts)
        self.views = Views(self)
        self.elsewhere = Elsewhere(self)
        self.restoring = Restoring(self, settings.keep)
        self.typeahead = Typeahead(self, now=session.clock.boot, leave=self.leave, complain=lambda text: self.say(text, "warn"))

    async def take(self, session: Session, settings: Settings) -> None:
        """Show another session from now on. The old one is not touched any more; its owner ends it."""
        made = list(self.screens_made.values())
        self._rise()
        self._sit(session, settings)
        self.set_keymap(textual_keymap(self.keymap))
        self.wardrobe.fit(settings)
        # A mode is a stack of screens: the new one is whole before the old one goes.
        mode = self.current_mode
        await self.switch_mode(self._offer())
        await self.remove_mode(mode)
        for screen in made:
            self.uninstall_screen(screen)
            await screen.remove()
        self._listen()
        if self.keymap.problems:
            self.say(self.keymap.problems[0], "warn")

    # Starting and ending -----------------------------------------------------------------------------------------------------

    def _offer(self) -> str:
        """A mode that begins with the console of this session."""
        mode = f"{self.DEFAULT_MODE}{self._taken}" if self._taken else self.DEFAULT_MODE
        self._taken += 1
        self.add_mode(mode, lambda: self.wardrobe.styled(self.console_screen))
        return mode

    def get_theme_variable_defaults(self) -> dict[str, str]:
        return self.wardrobe.defaults()

    def filter_anew(self, *, ascii_glyphs: bool) -> None:
        """Make the line filters for the theme that is worn now; the ones there are were made for another."""
        self._refresh_truecolor_filter(self.ansi_theme)
        self._filters = filters(self._filters, ascii_glyphs=ascii_glyphs)

    async def on_event(self, event: events.Event) -> None:
        if isinstance(event, events.InputEvent | events.Paste) and not event.is_forwarded:
            if not self._screen_stack or not self.typeahead.passes(event):
                return  # it was still on its way when the last screen went, or it waits
            if isinstance(event, events.Key):
                self.asking.pressed = event.key
                if self.recall.key(event.key):
                    return
        await super().on_event(event)

    def on_mount(self) -> None:
        self.set_keymap(textual_keymap(self.keymap))
        self.changed.subscribe(self, self._redraw)
        self.app_resume_signal.subscribe(self, lambda _: self.alarm.back())
        Seconds(self.set_timer, self._tick, lambda: self.frames).go()
        self.wardrobe.ask()
        self._listen()
        if problems := self._problems:
            self.call_after_refresh(self.say, problems[0] + (f" (and {len(problems) - 1} more)" if problems[1:] else ""), "warn")

    def _listen(self) -> None:
        self.home.begin()
        self._ended = [
            self.session.changes.subscribe(self._heard),
            self.session.verdicts.subscribe(self._verdict),
            self.session.happenings.subscribe(lambda pair: self.console_screen.logs.written(*pair)),
        ]
        self.recall.begin()
        self.call_after_refresh(self.restoring.begin)

    def exit(self, *arguments: Any, **options: Any) -> None:
        """Leave; how everything is now is kept before the panes go."""
        self.restoring.end()
        super().exit(*arguments, **options)

    def _rise(self) -> None:
        self._telling.drop()
        self.restoring.end()
        self.typeahead.end()
        self.recall.end()
        self.alarm.end()
        for end in self._ended:
            end()

    on_unmount = _rise

    def _fatal_error(self) -> None:
        """Leave with one line about the first error, and no locals: a traceback of Textual's shows values, and so secrets."""
        if not self._exit_renderables:
            error = self._exception or RuntimeError("unknown")
            log.critical("the console failed: %s", type(error).__name__, exc_info=error)
            place = self.settings.report(error) if self.settings.report is not None else None
            told = f"report: {place}" if place is not None else "no report could be written"
            line = Text(f"rollwatch stopped because of an error of its own ({type(error).__name__}), {told}")
            self._exit_renderables.append(Segments(self.console.render(line, self.console.options)))
        self._close_messages_no_wait()

    def panic(self, *renderables: Any) -> None:
        """Textual would print what an error draws of itself; that may hold anything."""
        self._fatal_error()

    # What the session says ---------------------------------------------------------------------------------------------------

    def _heard(self, change: Change) -> None:
        """Many changes become one drawing, the first after a quiet time at once."""
        if not self._waiting:
            self._telling.ask()
        self._waiting.add(change.feed.kind)
        self.recall.heard(change)
        self.alarm.heard(change)
        self.console_screen.logs.heard(change)

    def _tell(self) -> None:
        kinds, self._waiting = frozenset(self._waiting), set()
        if self._watch and Kind.SERVICE in kinds and (ref := worst(self.session)) is not None:
            self._watch = False
            self.console_screen.logs.follow(ref)
        self.changed.publish(kinds)

    def _verdict(self, verdict: Verdict) -> None:
        tone = {"confirmed": "ok", "failed": "bad"}.get(verdict.word, "warn")
        self.console_screen.logs.happened(verdict.text, tone)
        self.flights.ended(verdict)
        for bottom in self._bottoms:
            bottom.over(IN_FLIGHT.format(verdict.verb))
        # Whoever tells this is no part of the app: a timer that was begun by drawing here would know no app, and end with an error.
        self.call_later(self._redraw, None)

    def _tick(self) -> None:
        ticking = {"learnt": self.recall.tick, "rung": self.alarm.tick, "kept": self.restoring.tick, "read again": self.home.tick}
        for how, tick in ticking.items():
            self._safely(tick, how)
        self._redraw(None)

    def _redraw(self, changed: frozenset[Kind] | None) -> None:
        """Draw what is on the screen."""
        if self._screen_stack:
            self._safely(partial(self._draw, changed), "drawn")

    def _draw(self, changed: frozenset[Kind] | None) -> None:
        self.console_screen.redraw(changed)
        if isinstance(self.screen, DetailScreen | AskScreen | ConnectionsScreen | ContextsScreen):
            self.screen.redraw()
        elif isinstance(self.screen, PastScreen):
            self.screen.redraw(None)

    def _safely(self, deed: Callable[[], object], how: str) -> None:
        """Do what is done again and again; an error in it is told once and never ends the console."""
        try:
            deed()
        except Exception as error:
            if how not in self._told_off:
                self._told_off.add(how)
                log.exception("something could not be %s", how)
                self.say(f"something could not be {how} ({type(error).__name__}); the log has the rest", "bad")
        else:
            self._told_off.discard(how)

    def moment(self) -> Moment:
        """Now, for whoever draws."""
        past, worn, store = self.session.past, self.settings, self.session.store
        usual = past.usual if past is not None else None
        return Moment(now=self.session.clock.wall(), store=store, zone=worn.zone, full=worn.full, usual=usual, read=store.read_at)

    # What any screen may ask -------------------------------------------------------------------------------------------------

    @property
    def _bottoms(self) -> Iterable[Bottom]:
        return self.screen.query(Bottom) if self._screen_stack else ()

    def say(self, text: str, tone: str = "accent") -> None:
        """Tell the user one line, as plain text, on whichever screen is shown."""
        for bottom in self._bottoms:
            bottom.tell(clean(text, 400), tone)

    def copy(self, text: str, what: str = "") -> None:
        """Give a text to the terminal's clipboard."""
        self.elsewhere.copy(text, what)

    def copy_link(self, ref: Ref | None) -> None:
        """Open the page of a rollout on the desktop, or copy its address."""
        self.elsewhere.link(str(getattr(self.session.store.get(ref) if ref is not None else None, "dashboard", "")))

    def tighten(self) -> None:
        """Refuse every verb from now on."""
        self.session.tighten()
        self.say("read-only from now on: every verb is refused until the next start", "warn")
        self._redraw(frozenset())

    def refresh_now(self) -> None:
        """Read everything that is visible again, at once."""
        self.say("reading everything on screen again…")
        start(self, self._refresh, group="refresh", exclusive=True)

    async def _refresh(self) -> None:
        try:
            async with asyncio.timeout(30):
                unread = await self.session.refresh(None)
        except TimeoutError:
            self.say("not everything answered within 30 s; the header says what did not", "warn")
        except RollwatchError as error:
            self.say(str(error), "warn")
        else:
            names = ", ".join(sorted({each.connection for each in unread}))
            self.say(*((f"not read again: {names}; the header says why", "warn") if names else ("everything on screen was read again",)))

    def once(self, kind: type[Screen[Any]], make: Callable[[], Screen[Any]]) -> Any:
        """Screens are made once: Textual keeps memory for each that is made."""
        if kind not in self.screens_made:
            screen = make()
            self.install_screen(screen, kind.__name__)
            self.screens_made[kind] = screen
        return self.screens_made[kind]

    def made(self, kind: type[MemoryScreen]) -> MemoryScreen:
        """The one screen of the past of this kind."""
        screen: MemoryScreen = self.once(kind, lambda: kind(self.session, self.keymap, self.moment))
        return screen

    def open_detail(self, ref: Ref) -> None:
        """Show everything known of one thing."""
        self.views.open_detail(ref)

    def open_list(self, kind: Kind) -> None:
        """Show the list of a kind and give it the keys."""
        self.console_screen.resources.open_tab(kind)
        self.console_screen.action_act("focus.resources")

    def open_help(self, place: Place, without: Collection[str] = ()) -> None:
        """Show what the keys do in a place, without some that mean nothing there."""
        screen = self.once(HelpScreen, lambda: HelpScreen(self.keymap))
        screen.show(place, getattr(self.screen, "why_not", self.console_screen.why_not), without)
        self.push_screen(screen)

    def open_record(self, log: LogView, name_of: Callable[[Hashable], str]) -> None:
        """Show one line of a log in full."""
        screen = self.once(RecordScreen, lambda: RecordScreen(self.keymap, self.moment))
        screen.show(log, name_of)
        self.push_screen(screen)

    def open_patterns(self, pane: LogsPane) -> Any:
        """Show what the followed logs say, by pattern."""
        screen = self.once(PatternsScreen, lambda: PatternsScreen(self.keymap, self.moment))
        screen.show(pane)
        self.push_screen(screen)
        return screen

    def open_connections(self) -> None:
        """Show each connection as it is."""
        self.push_screen(self.once(ConnectionsScreen, lambda: ConnectionsScreen(self.session, self.keymap, self.moment)))

    def open_palette(self, typed: str = "") -> None:
        """Find an action or a thing by typing."""
        screen = self.once(PaletteScreen, lambda: PaletteScreen(self))
        screen.prepare(self.console_screen.front.place, typed)
        self.push_screen(screen)

    def leave(self) -> None:
        """Quit; while something is in flight only when asked twice."""
        going, now = self.flights.leaving(), self.session.clock.boot()
        if going and now - self._asked_to_leave > AGAIN:
            self._asked_to_leave = now
            self.say(f"{going}. It goes on without us. Once more to leave.", "warn")
            return
        self.exit(0, message=Text(f"rollwatch: {going}") if going else None)
