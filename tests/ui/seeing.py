"""Random stories of a console on real sessions: weather, changes, keys, sizes, sleep and another context, by seed, on the virtual loop.

    problems = story(7)                   # empty: nothing was drawn that was not so

What is looked for is in ``onlooker``, what there is to be seen in ``town``. No test stands here.
"""

from __future__ import annotations

import asyncio
import re
from collections import Counter
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, closing, contextmanager
from datetime import UTC
from itertools import count
from random import Random
from typing import Any, Final
from unittest.mock import patch

from textual import _time, events
from textual.geometry import Size

from tests import vloop
from tests.engine.fakes import FakeJournal, session
from tests.engine.weather import LONG, LOST, WITHIN, StepClock
from tests.ui import keyboard
from tests.ui.annals import Annals
from tests.ui.onlooker import Onlooker, Seen, calm
from tests.ui.town import APPS, NAMES, Town
from tui.engine.feeds import Change
from tui.engine.history import PRIVATE
from tui.engine.session import Session
from tui.engine.words import word
from tui.local.journal import Journal
from tui.model import Environment, Kind, LogLine, Resource
from tui.platforms.base import Platform
from tui.ui.app import Console
from tui.ui.guard import HELD
from tui.ui.owner import Member, Offer
from tui.ui.screens import contexts
from tui.ui.screens.detail import DetailScreen
from tui.ui.settings import Settings

SIZES: Final = ((120, 40), (80, 24), (200, 50), (50, 12), (100, 30), (99, 30), (140, 20), (30, 8), (120, 40))
MOVES: Final = ("j", "k", "G", "g", "pagedown", "pageup", "ctrl+d", "ctrl+u")
BEGUN: Final = (0.0, 0.0, 43_170.0)
"""Seconds after noon: every third story goes on from one day into the next."""
PLACES: Final = {
    "list": ("1", "2", "2", "3", "tab", "right", "left", "right", "S", "R", "F", "z", "w", ">", "<", "space", "escape", *MOVES),
    "log": ("4", "f", "L", "o", "u", "P", "w", "a", "a", "right", "escape", *MOVES),
}
FILTERS: Final = ("o", "1", "web", "health=ok", "restarts>5", "age<1h", "zzz", "!e", "status=running", "going")
SPOKEN: Final = ("V", "0", "c", "?", "I", ":")
"""Keys that open another screen."""
RECALLED: Final = ("T", "T", "A", "H")
"""Keys that open a screen of the past."""
THEN: Final = (",", ",", ",", ".", "{", "}", "1", "2", "2", "3", "right", "left", "z", "enter", "escape", *MOVES)
"""Keys of the console of the past."""


async def hit(app: Console, *keys: str) -> None:
    """Press keys one by one, each when what the one before meant was done."""
    for each in keys:
        keyboard.give(app, each)
        await calm(app)


HAPPENS: Final = (
    *("mood", "mood", "fine", "sign_in", "stir", "stir", "stir", "stir", "say", "say", "say", "suspend", "wall"),
    *("keys", "keys", "keys", "keys", "keys", "size", "size", "size", "filter", "open", "follow", "follow", "ask", "go", "screen"),
    *("past", "past", "past", "then", "then"),
)
"""What may happen, each as often as it stands here: there, and to the console."""
ITSELF: Final = {"mood", "fine", "sign_in", "stir", "say", "suspend", "wall"}
"""What happens without a key."""


class Cities:
    """The contexts: who owns their sessions, as the command line does."""

    onboarding: Any = None
    signing: Any = None

    def __init__(self, sessions: dict[str, Session], towns: dict[str, Sequence[Town]]) -> None:
        self.sessions, self.towns = sessions, towns
        self.preferences: Any = self

    def news(self) -> None:
        return

    def listed(self, themes: Sequence[str]) -> Sequence[Any]:
        return ()

    def offers(self) -> Sequence[Offer]:
        return [
            Offer(name=name, members=tuple(Member(name=each.name, platform="dployr", where=str(each.where)) for each in towns))
            for name, towns in self.towns.items()
        ]

    async def open(self, name: str) -> tuple[Session, Settings]:
        await asyncio.sleep(0.2)
        return self.sessions[name], Settings(zone=UTC)

    async def settle(self) -> None:
        return

    @asynccontextmanager
    async def platforms(self, name: str) -> AsyncIterator[Sequence[Platform]]:
        yield self.towns[name]


class Told:
    """What the activity list is to say: each change once, by its right name. Written down from the changes themselves."""

    def __init__(self, running: Session) -> None:
        self.lines: list[str] = []
        self._known = {feed for feed in running.store.feeds() if running.store.freshness(feed).fetched_boot is not None}
        self._store = running.store
        running.changes.subscribe(self._note)

    @staticmethod
    def _name(row: Resource) -> str:
        return f"{row.app_name}/{row.name}" if isinstance(row, Environment) else str(row.name)

    def _note(self, change: Change) -> None:
        if change.feed.kind in PRIVATE:
            return
        for before, after in change.updated:
            if (before.health, before.status) != (after.health, after.status):
                self.lines.append(f"{self._name(after)}: {word(before)} → {word(after)}")
        if change.feed in self._known:
            self.lines += [f"{self._name(row)} is new: {word(row)}" for row in change.added]
        self.lines += [f"{self._name(row)} is gone, it was {word(row)}" for row in change.removed]
        if self._store.freshness(change.feed).fetched_boot is not None:
            self._known.add(change.feed)


class Story:
    """What happens, by seed."""

    def __init__(self, seed: int, *, steps: int = 30) -> None:
        self.random = Random(seed)  # noqa: S311 - makes weather
        self.steps = steps
        pick = self.random
        self.moods = list(LOST) if pick.random() < 0.6 else [*LOST, *LONG]
        self.slow = pick.choice((0.3, 2.0, 10.0))
        self.seen_moods: set[str] = set()
        self.hung = self.moved = False
        self.log: list[str] = []

    async def tell(self) -> dict[str, str]:
        pick = self.random
        self.time = time = StepClock(begun=pick.choice(BEGUN))
        # A context of one platform, of two, and beside it another that the console can go to.
        numbers = count(1)
        self.towns = {
            "prod": [Town(each, "prod", time, pick, numbers, allowance=(0, 60.0)) for each in ("fleet", "vault")[: pick.choice((1, 2))]],
            "staging": [Town("yard", "staging", time, pick, numbers, allowance=(0, 60.0))],
        }
        remembers = pick.random() < 0.7
        # One for all contexts, as the file is; each asks only for its own.
        kept = Journal.memory(context="", who="ana", now=time.wall) if remembers else None
        journals = {name: self._journal(kept, name) if kept is not None else None for name in self.towns}
        sessions = {
            name: session(
                time,
                *towns,
                seed=pick.randrange(1 << 30),
                journal=journals[name] or FakeJournal(),
                past=journals[name],
                context=name,
            )
            for name, towns in self.towns.items()
        }
        async with AsyncExitStack() as stack:
            if kept is not None:
                stack.enter_context(closing(kept))
            self.annals = {name: Annals(sessions[name], journal) for name, journal in journals.items() if journal is not None}
            for each in sessions.values():
                await stack.enter_async_context(each)
            app = self.app = Console(sessions["prod"], settings=Settings(zone=UTC), owner=Cities(sessions, self.towns))  # type: ignore[arg-type]
            self.onlooker = Onlooker(
                app,
                foreign=self._foreign,
                towns=lambda: [each for towns in self.towns.values() for each in towns],
                annals=lambda: self.annals.get(app.session.context),
            )
            self.told = {name: Told(each) for name, each in sessions.items()}
            async with app.run_test(size=pick.choice(SIZES)):
                sampler = asyncio.ensure_future(self._sample())
                try:
                    with app._context():
                        await self.play()
                finally:
                    sampler.cancel()
        return self.onlooker.problems

    def _journal(self, kept: Journal, context: str) -> Journal:
        return Journal(kept._writer, kept._owner, context=context, who="ana", now=self.time.wall, scrub=str)

    async def play(self) -> None:
        pick = self.random
        await calm(self.app)
        for number in range(self.steps):
            await self.step()
            await asyncio.sleep(pick.choice((0.0, 0.1, 1.0, 3.0, 10.0, 40.0)) * pick.random())
            await self._look(anew=number % 3 == 0)
        await self.heal()

    def _foreign(self) -> Iterator[str]:
        if type(self.app.screen).__name__ in {"ContextsScreen", "PaletteScreen"}:
            return
        other = "staging" if self.app.session.context == "prod" else "prod"
        yield from (name for name in NAMES[other] if len(name) > 3)
        yield from (name for name in APPS[other] if len(name) > 3)

    async def _sample(self) -> None:
        while True:
            self.onlooker.sample()
            await asyncio.sleep(0.4)

    async def _look(self, *, anew: bool) -> None:
        if self.moved:
            await asyncio.sleep(2.2)  # the clocks were set; the console looks at them every other second
            self.moved = False
        await asyncio.sleep(0.15)  # logs are drawn ten times a second
        await calm(self.app)
        self.onlooker.look()
        if anew:
            await self.onlooker.again()

    # What happens --------------------------------------------------------------------------------------------------------------

    @property
    def here(self) -> list[Town]:
        return self.towns[self.app.session.context]

    async def step(self) -> None:
        pick = self.random
        what = pick.choice(HAPPENS)
        self.onlooker.held = {}
        if what in ITSELF:
            self.onlooker.hold()
        self.log.append(f"{self.time.boot() - 1000:8.1f} {what}")
        await getattr(self, what)()

    async def press(self, *keys: str) -> None:
        self.log[-1] += f" {' '.join(keys)}"
        await hit(self.app, *keys)

    async def home(self) -> None:
        """Back to the lists, as somebody who presses escape."""
        for _ in range(6):
            if self.app.screen is self.app.console_screen:
                break
            await asyncio.sleep(HELD * 2)
            await hit(self.app, "escape")
        while self.app.screen is not self.app.console_screen:
            await self.app.pop_screen()
            await calm(self.app)

    async def mood(self) -> None:
        town, mood = self.random.choice(self.here), self.random.choice(self.moods)
        self.log[-1] += f" {town.name} {mood}"
        self.seen_moods.add(mood)
        if mood == "signed-out":
            town.good_token += 1
            return
        if mood == "limited":
            town.until = self.time.boot() + self.random.uniform(1.0, 200.0)
        self.hung = self.hung or mood == "hangs"
        town.set(mood, self.slow)

    async def fine(self) -> None:
        for town in self.here:
            town.set("fine", 0.3)

    async def sign_in(self) -> None:
        for town in self.here:
            town.token = town.good_token
            self.app.session.signed_in(town.name)

    async def stir(self) -> None:
        for towns in self.towns.values():
            for town in towns:
                town.stir()

    async def say(self) -> None:
        for town in self.here:
            for _ in range(self.random.randrange(1, 60 if self.random.random() < 0.1 else 4)):
                town.speak()
                await asyncio.sleep(self.random.choice((0.0, 0.0, 0.3)))

    async def suspend(self) -> None:
        self.time.slept += self.random.choice((3.0, 60.0, 4000.0))
        self.moved = True

    async def wall(self) -> None:
        self.time.step += self.random.choice((-3600.0, -2.0, 2.0, 86_400.0))
        self.moved = True

    async def size(self) -> None:
        width, height = (
            self.random.choice(SIZES) if self.random.random() < 0.7 else (self.random.randrange(40, 201), self.random.randrange(10, 51))
        )
        self.log[-1] += f" {width}x{height}"
        self.app._driver._size = (width, height)  # type: ignore[union-attr]
        self.app.post_message(events.Resize(Size(width, height), Size(width, height)))
        await asyncio.sleep(0.1)

    async def keys(self) -> None:
        await self.home()
        keys = PLACES["log" if self.app.console_screen.front is self.app.console_screen.logs else "list"]
        if self.random.random() < 0.15:
            keys = PLACES["log"]
        await self.press(*(self.random.choice(keys) for _ in range(self.random.randrange(1, 5))))

    async def filter(self) -> None:
        await self.home()
        text = self.random.choice(FILTERS)
        where = self.random.choice("1234")
        if where in "14":
            text = text[:1]
        await self.press(where, "/", *text, "enter")
        if self.random.random() < 0.4:
            await self.press("escape")

    async def open(self) -> None:
        await self.home()
        await self.press(self.random.choice("23"), self.random.choice(("j", "g", "G")))
        if self.app.screen is not self.app.console_screen:
            return  # the first key after a long time shows what happened meanwhile
        wanted = self.app.console_screen.front.selected
        await self.press("enter")
        shown = getattr(self.app.screen, "_ref", None)
        if isinstance(self.app.screen, DetailScreen) and shown != wanted:
            self.onlooker.wrong("another thing was opened than was selected", f"{shown}, not {wanted}")
        if self.random.random() < 0.5:
            await self.press(self.random.choice(("tab", "=", "=", "j", "G")))

    async def ask(self) -> None:
        """Restart what is selected."""
        await self.home()
        await self.press("2", self.random.choice(("j", "g", "k")))
        if self.app.screen is not self.app.console_screen:
            return
        selected = self.app.console_screen.front.selected
        row = self.app.session.store.get(selected) if selected is not None else None
        await self.press(self.random.choice("rs"))
        if self.app.screen is self.app.console_screen:
            return
        if row is not None and selected is not None and selected.kind is Kind.SERVICE and not self.app.console_screen.selection.marked:
            text = Seen.of(self.onlooker.terminal).text()
            whole = re.sub(r"\s*│\s*│\s*", "", text)  # on a narrow screen it goes on in the next line, on a low one its beginning is above
            if str(row.name)[:12] not in whole and str(row.name)[-12:] not in whole:
                self.onlooker.wrong("a question about another thing", f"{row.name} is not in {text}")
        await asyncio.sleep(HELD * 2)
        await self.press("right", "enter")
        await self.home()

    async def follow(self) -> None:
        """Follow the log of a service."""
        await self.home()
        await self.press("2")
        while self.app.console_screen.resources.kind is not Kind.SERVICE:
            await self.press("left")
        await self.press(self.random.choice(("g", "j", "k")))
        if self.random.random() < 0.6:  # several, merged
            await self.press(*(("space", "j") * self.random.randrange(2, 4)))
        await self.press("l")
        for _ in range(self.random.randrange(4)):
            await asyncio.sleep(self.random.choice((0.5, 3.0, 20.0)))
            await self.say()
            await self._look(anew=False)

    async def go(self) -> None:
        """To the other context."""
        await self.home()
        app = self.app
        name = "staging" if app.session.context == "prod" else "prod"
        app.home.switch(name)
        for _ in range(20):
            await asyncio.sleep(0.1)
            await calm(app)
        self.log[-1] += f" {name}: {app.session.context}"

    async def screen(self) -> None:
        await self.home()
        await self.press(self.random.choice(SPOKEN))
        if self.random.random() < 0.4:
            await self.press(self.random.choice(("j", "w", "tab", "G")))

    async def past(self) -> None:
        """What happened; the second key looks further back, or moves about."""
        await self.home()
        key = self.random.choice(RECALLED)
        await self.press(key)
        if key == "H" and self.random.random() < 0.3:
            await self.press("N", *f"note {len(self.log)}", "enter")
        if self.random.random() < 0.7:
            await self.press(*(self.random.choice(("w", "j", "G", "pagedown", "tab", "ctrl+r", "k")) for _ in range(2)))
        if key == "T" and self.random.random() < 0.3:
            await self.press("P")

    async def then(self) -> None:
        """The console as it was: at an event, or an hour ago."""
        await self.home()
        await self.press(self.random.choice((",", ",", "{")))
        for _ in range(self.random.randrange(4)):
            await asyncio.sleep(self.random.choice((0.0, 2.0)))
            await self._look(anew=False)
            await self.press(self.random.choice(THEN))

    # How it ends ---------------------------------------------------------------------------------------------------------------

    async def heal(self) -> None:
        """All trouble ends; after as long as is promised everything on the screen is as it is."""
        boot = self.time.boot()
        wait = WITHIN + max((LONG.get(each, 0.0) for each in self.seen_moods), default=0.0)
        for town in (each for towns in self.towns.values() for each in towns):
            wait = max(wait, (town.until - boot) * 1.1 + WITHIN)
            town.set("fine", 0.3)
            town.token = town.good_token
        for name in (each.name for each in self.here):
            self.app.session.signed_in(name)
        wait += 80.0 * ("limited" in self.seen_moods) + 45.0 * any("suspend" in each for each in self.log[-8:])
        await self.home()
        self.log.append(f"{boot - 1000:8.1f} all is well for {wait:.0f} s")
        self.app._driver._size = (150, 45)  # type: ignore[union-attr]
        self.app.post_message(events.Resize(Size(150, 45), Size(150, 45)))
        if self.app.console_screen.zoomed:
            await hit(self.app, "escape", "escape", "escape")
        await asyncio.sleep(wait)
        await hit(self.app, "ctrl+r")  # what is read each minute may be a minute old
        if self.app.screen is not self.app.console_screen:  # the first key after a long time shows what happened meanwhile
            await self.home()
            await hit(self.app, "ctrl+r")
        await asyncio.sleep(2.0)
        await self._look(anew=True)
        self._well()
        self._logs_whole()
        self._activity()

    def _well(self) -> None:
        """Nothing on the screen speaks of trouble any more, and what is listed is what there is."""
        screen, seen = self.app.console_screen, self.onlooker.seen
        header = seen.text().split("\n", 1)[0]
        # A log is opened again when its own turn has come, which may be half a minute.
        text = "\n".join(line for pane in screen.panes if pane is not screen.logs for line in seen.of_widget(pane))
        for sign in (" stale", " down", "signed out", "next try", "trying now", "reconnecting", "overdue", "reads fail", "rate limited"):
            if sign in header or (sign in text and sign not in {" stale", " down"}):
                self.onlooker.wrong("trouble on the screen after it has ended", f"{sign!r} in {header}")
        for kind in (self.app.console_screen.resources.kind, Kind.ROLLOUT, Kind.ENVIRONMENT, Kind.APPLICATION):
            there = Counter(row for town in self.here for row in town.current(kind))
            if Counter(self.app.session.store.rows(kind)) != there:
                self.onlooker.wrong("a list that is not what there is", kind)

    def _logs_whole(self) -> None:
        """Of each log that is followed every line is there since the first, unless it is said that some may be missing."""
        for ref, follow in self.app.console_screen.logs.followed._open.items():
            town = next(each for each in self.here if each.name == ref.connection)
            shown = [str(each.text) for each in follow.lines if isinstance(each, LogLine)]
            said = [str(each.text) for each in town.spoken.get(ref.id, [])]
            if len(set(shown)) != len(shown):
                self.onlooker.wrong("lines of a log that were told twice", f"{ref}: {shown}")
            if "unexpected" in follow.state.reason:
                self.onlooker.wrong("a log that failed by an error of our own", follow.state)
            gaps = len(shown) < len(follow.lines)
            if follow.state.word in {"live", "quiet"} and not gaps and shown != said[said.index(shown[0]) if shown else len(said) :]:
                self.onlooker.wrong("lines of a log that are missing", f"{ref}: {shown}, not {said}")

    def _activity(self) -> None:
        app = self.app
        view = app.console_screen.logs._activity
        said = Counter(str(each.line.text) for each in view.buffer.between(view.buffer.start, view.buffer.end))
        wanted = Counter(self.told[app.session.context].lines)
        if any("go " in each for each in self.log):
            return  # each visit has a list of its own
        if missing := wanted - said:
            self.onlooker.wrong("a change that was not told", missing)
        extra = Counter({text: count for text, count in said.items() if text in wanted}) - wanted
        if extra:
            self.onlooker.wrong("a change that was told twice", extra)


@contextmanager
def virtual() -> Iterator[None]:
    """Textual's timers go by the event loop's time as well."""
    timers = patch.object(_time, "get_time", lambda: asyncio.get_running_loop().time())
    chance = patch.object(contexts, "Random", lambda: Random(7))  # noqa: S311 - the same for the same seed
    with timers, chance:
        yield


def story(seed: int, *, steps: int = 30, loud: bool = False) -> dict[str, str]:
    """What was drawn in this story that was not so: kind to an example."""
    told = Story(seed, steps=steps)
    with virtual():
        problems = vloop.run(told.tell())
    if loud:
        print("\n".join(told.log))
        print(getattr(told.onlooker, "seen_then", ""))
        print(told.onlooker.looks, "looks", told.onlooker.rows, "rows")
    return problems
