"""What leads away from the present context: other contexts and the fleet. Beside the app, so that the app stays thin.

Sessions belong to the owner that the command line is; this asks it for another one, shows that, and lets it close the old one.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Final, Protocol, runtime_checkable

from tui.actions import Keymap
from tui.errors import RollwatchError
from tui.local.problems import dotted
from tui.model import Kind
from tui.ui.keys import textual_keymap
from tui.ui.owner import Owner
from tui.ui.palette import Entry
from tui.ui.screens.contexts import ContextsScreen
from tui.ui.screens.program_log import ProgramLogScreen
from tui.ui.screens.settings import SettingsScreen
from tui.ui.screens.setup import SetupScreen
from tui.ui.screens.sign_in import SignInScreen, SignOutScreen
from tui.ui.settings import Settings
from tui.ui.workers import start

if TYPE_CHECKING:
    from tui.ui.app import Console

log = logging.getLogger(__name__)

LEADS: Final = (
    "console.contexts",
    "console.fleet",
    "console.connect",
    "console.settings",
    "console.log",
    "console.sign-in",
    "console.sign-out",
)
"""Actions that lead away from what the console shows."""

AGAIN: Final = 5.0
"""Seconds within which the same choice once more goes on although something is in flight."""

ALONE: Final = "the demo has no configuration: rollwatch by itself connects platforms"


@runtime_checkable
class Elsewhen(Protocol):
    """A screen that does not show the present."""

    def why_not_away(self, id_: str) -> str | None:
        """Why a key that leads away means nothing there; None if it does."""


class Home:
    """``owner`` None: this session has no sisters."""

    def __init__(self, program: Console, owner: Owner | None) -> None:
        self.owner = owner
        self._program = program
        self._going = ""
        self._anew = False
        """The open context has settings that one which is opened now would have, and it has not."""
        self._warned: tuple[str, float] = ("", 0.0)

    def act(self, id_: str) -> None:
        """Do what an action of ``LEADS`` means."""
        acts: Mapping[str, Callable[[], object]] = {
            "console.contexts": lambda: self._contexts(watching=False),
            "console.fleet": lambda: self._contexts(watching=True),
            "console.connect": self._connect,
            "console.settings": self._settings,
            "console.log": lambda: self._program.push_screen(
                self._program.once(ProgramLogScreen, lambda: ProgramLogScreen(self._program.keymap))
            ),
            "console.sign-in": self._sign_in,
            "console.sign-out": self._sign_out,
        }
        acts[id_]()

    def away(self, id_: str) -> None:
        """Do what an action means on a screen that is read: the palette opens over it, for everything else it is left."""
        program, screen = self._program, self._program.screen
        if isinstance(screen, Elsewhen) and (reason := screen.why_not_away(id_)):
            program.say(reason, "warn")  # what the palette opens is the present, which nobody would notice there
            return
        if id_ == "console.palette":
            program.open_palette()
            return
        while program.screen is not program.console_screen:
            program.screen.dismiss()
        program.console_screen.action_act(id_)

    def begin(self) -> None:
        """A session has begun; one without a connection has to be given one first."""
        if self.owner is not None and not self._program.session.store.connections():
            self._program.call_after_refresh(self._connect)

    def entries(self) -> Iterator[Entry]:
        """What the palette offers beside the keys: each other context, each setting."""
        if self.owner is None:
            return
        here = self._program.session.context
        with suppress(RollwatchError):
            for offer in self.owner.offers():
                if offer.name != here:
                    help_ = f"Go there: {', '.join(each.name for each in offer.members)}."
                    yield Entry(f"context {offer.name}", f"context {offer.name}", help_, partial(self.switch, offer.name), rank=2)
        with suppress(RollwatchError):
            for each in self.owner.preferences.listed(self._program.wardrobe.names()):
                name = dotted(each.key[-3:])
                yield Entry(f"setting {name}", f"setting {name}", each.help, partial(self._settings, each.key), rank=2)

    # Settings ----------------------------------------------------------------------------------------------------------------

    def tick(self) -> None:
        """A second went by: whether the configuration or a theme is another one by now."""
        self._program.wardrobe.tick()
        news = self.owner.preferences.news() if self.owner is not None else None
        if news is None:
            return
        if news.settings is None:
            self._program.say(f"the settings stay as they were: {news.problem}", "bad")
            return
        problems = self._refit(news.settings)
        if news.tighten:
            self._program.session.tighten()
        self._anew = bool(news.anew)
        rest = [f"after a restart: {', '.join(news.later)}"] if news.later else []
        if news.anew:
            key, enter = self._program.keymap.spelled_ids("console.contexts", "contexts.open")
            rest.insert(0, f"not yet {', '.join(news.anew)}: {key} and {enter} open {self._program.session.context} anew")
        self._program.say(
            problems[0] if problems else "; ".join(("config.toml was read again", *rest)), "warn" if problems or rest else "accent"
        )

    def _refit(self, settings: Settings) -> tuple[str, ...]:
        """Wear these settings as far as that is possible while everything runs; what is wrong with the theme and the keys."""
        program, before = self._program, self._program.settings
        problem = ""
        program.settings = replace(settings, watch=before.watch, zone=before.zone, entered=before.entered)
        if (settings.theme, settings.free) != (before.theme, before.free):
            problem = program.wardrobe.fit(settings)
        if settings.ascii != before.ascii:
            program.filter_anew(ascii_glyphs=settings.ascii)
            program.refresh(layout=True)
        program.alarm.retune(settings.alerts)
        program.session.pace(settings.floors)
        told = (problem,) if problem else ()
        if (settings.keys, settings.ascii) == (before.keys, before.ascii):
            return told
        program.keymap = Keymap.load(settings.keys, ascii=settings.ascii)
        for each in (program.console_screen, program.flights, *program.screens_made.values()):
            if hasattr(each, "keymap"):
                each.keymap = program.keymap
        program.set_keymap(textual_keymap(program.keymap))
        program.console_screen.draw_keys()
        return (*told, *program.keymap.problems)

    def _settings(self, key: tuple[str, ...] = ()) -> None:
        """Show the settings, at one of them if it is named."""
        program, owner = self._program, self.owner
        if owner is None:
            program.say(ALONE, "warn")
            return
        screen = program.once(SettingsScreen, lambda: SettingsScreen(owner.preferences, program.keymap, program.wardrobe.names))
        screen.begin(key)
        program.push_screen(screen)

    # Connecting --------------------------------------------------------------------------------------------------------------

    def _connect(self) -> None:
        program, owner = self._program, self.owner
        if owner is None:
            program.say(ALONE, "warn")
            return
        first = not program.session.store.connections()
        left: Callable[[], object] = (lambda: program.exit(0)) if first else (lambda: program.screen.dismiss())
        screen = program.once(SetupScreen, lambda: SetupScreen(owner.onboarding, self._connected, left))
        screen.prepare(program.session.context, first=first)
        program.push_screen(screen)

    def _connected(self, context: str, name: str) -> None:
        """A connection was written: open the context that it is in, anew if it is the one that is shown. Most have more platforms."""
        connect, help_ = self._program.keymap.spelled_ids("console.connect", "console.help")
        self._go(context, then=f"{name} is connected · {connect} connects another platform · {help_} explains the keys")

    def _landed(self, context: str, name: str) -> None:
        """Somebody signed in or out: open the context anew."""
        self._go(context)

    # Contexts ----------------------------------------------------------------------------------------------------------------

    def _contexts(self, *, watching: bool) -> None:
        program, owner = self._program, self.owner
        if owner is None:
            program.say(ALONE, "warn")
            return
        screen = program.once(ContextsScreen, lambda: ContextsScreen(program.session, owner, program.keymap, program.moment, self.switch))
        screen.prepare(watching=watching)
        program.push_screen(screen)

    def switch(self, name: str) -> None:
        """Show another context in place of this one, or this one anew where its settings are others by now; while something is in
        flight only when asked twice."""
        program = self._program
        if name == program.session.context and not self._anew:
            program.screen.dismiss()
            return
        going, now = program.flights.leaving(), program.session.clock.boot()
        if going and not (self._warned[0] == name and now - self._warned[1] <= AGAIN):
            self._warned = (name, now)
            program.say(f"{program.session.context}: {going}. It goes on without us. Once more to go to {name}.", "warn")
            return
        if self._going:
            program.say(f"{self._going} is being opened", "warn")
            return
        self._go(name)

    def _go(self, name: str, then: str = "") -> None:
        self._going = name
        self._program.say(f"opening {name}…")
        start(self._program, self._switch, name, then, group="switch")

    async def _switch(self, name: str, then: str) -> None:
        if self.owner is None:
            return
        try:
            session, settings = await self.owner.open(name)
        except RollwatchError as error:
            self._program.say(f"still in {self._program.session.context}: {error}", "bad")
            return
        except Exception as error:
            log.exception("%s cannot be opened", name)
            self._program.say(f"{name} cannot be opened ({type(error).__name__}); the log has the rest", "bad")
            return
        finally:
            self._going = ""
        self._anew = False
        await self._program.take(session, settings)
        if then:
            self._program.say(then)
        # What came while its screen was being made was heard by nobody.
        self._program.changed.publish(frozenset(Kind))
        # The old one ends when the new one is on the screen: its verbs are waited for, and that may take a while.
        self._program.call_after_refresh(self._settle)

    async def _settle(self) -> None:
        start(self._program, self.owner.settle, group="settle") if self.owner is not None else None

    # Signing in --------------------------------------------------------------------------------------------------------------

    def _sign_in(self) -> None:
        """Ask for credentials, of who is signed out first. Where nobody can keep them say how else it is done."""
        session = self._program.session
        states = session.store.connections()
        out = [each.name for each in states if each.state == "signed-out"]
        for name in out:
            session.signed_in(name)  # in case that was done elsewhere meanwhile
        if not self._ask(SignInScreen, out):
            names = " or ".join(out or [each.name for each in states])
            how = f"to sign in run rollwatch login {names} in another terminal, then this key again"
            self._program.say(how if self.owner is not None else ALONE, "warn")

    def _sign_out(self) -> None:
        """Ask of which connection what is kept is to be forgotten."""
        if not self._ask(SignOutScreen, ()):
            names = " or ".join(each.name for each in self._program.session.store.connections())
            self._program.say(f"to sign out run rollwatch logout {names} in another terminal" if self.owner is not None else ALONE, "warn")

    def _ask(self, kind: type[SignInScreen], out: Sequence[str]) -> bool:
        """Open a form of this kind, at the first connection that is signed out, else at that of what is selected; whether there is
        anybody who could keep an answer."""
        program, owner = self._program, self.owner
        if owner is None:
            return False
        context = program.session.context
        members = next((each.members for each in owner.offers() if each.name == context), ())
        if not members:
            return False
        screen = program.once(kind, lambda: kind(owner.signing, self._landed, lambda: program.screen.dismiss()))
        selected = program.console_screen.front.selected
        names = [*out, *([selected.connection] if selected is not None else []), members[0].name]
        screen.offer(context, members, names[0])
        program.push_screen(screen)
        return True


class Leading:
    """What the program does itself with the keys that lead away from any screen that is read."""

    home: Home

    def action_act(self, id_: str) -> None:
        """Do what such a key means."""
        self.home.away(id_)
