"""Random stories of a session and its platforms: weather, keys, sleep and steps of the clock, on the virtual loop, by seed.

    problems = story(7)                   # empty: nothing was told that was not so

What a story checks while it goes on and at its end is in ``Watcher``; what happens is in ``Story``. No test stands here.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Generator, Mapping
from datetime import datetime, timedelta
from random import Random
from typing import Any, Final

from tests import vloop
from tests.engine.fakes import (
    FakeJournal,
    FakePlatform,
    SleepyClock,
    application,
    environment,
    rollout,
    rows,
    service,
    session,
)
from tui.engine.alerts import Alerts, Rule
from tui.engine.circuit import NONSENSE
from tui.engine.feeds import Feed
from tui.engine.reader import Reader
from tui.engine.recall.quorum import suspect
from tui.engine.resume import Gap
from tui.engine.session import Session
from tui.engine.verdicts import Verdict
from tui.errors import (
    BadReply,
    Forbidden,
    NoEndpoint,
    NotFound,
    OutcomeUnknown,
    PlatformError,
    RateLimited,
    Refused,
    Unauthorized,
    Unavailable,
    Unreachable,
)
from tui.model import Health, Kind, LogLine, Phase, Ref, Verb
from tui.platforms.base import Accepted, Read, Rows
from tui.text import Safe
from tui.ui.notices import trouble

KINDS: Final[dict[Kind, dict[str, Any]]] = {
    Kind.SERVICE: {"every": 10.0, "single": True},
    Kind.DEPLOYMENT: {},
    Kind.INSTANCE: {"every": 30.0},
    Kind.PROJECT: {"every": 120.0, "cost": 0},
    Kind.APPLICATION: {"every": 60.0},
    Kind.ENVIRONMENT: {"every": 30.0, "per": Kind.APPLICATION},
    Kind.ROLLOUT: {"every": 20.0},
    Kind.VARIABLE: {"every": 60.0, "per": Kind.SERVICE, "on_demand": True},
}
UNASKED: Final = {Kind.PROJECT, Kind.WEBHOOK}
"""What is known without asking: the one by its cost, the other as an adapter does that knows there are none."""
LOST: Final = ("lost", "unsent", "hangs", "nonsense", "missing")
"""Weather after whose end everything is fresh within seconds."""
LONG: Final = {"failing": 400.0, "refused": 260.0, "mixed": 400.0, "limited": 0.0, "signed-out": 0.0}
"""Weather after which a server is left alone for longer: seconds."""
WITHIN: Final = 15.0


class StepClock(SleepyClock):
    """Its machine can be suspended, and its wall clock set."""

    def __init__(self, begun: float = 0.0) -> None:
        """``begun`` are the seconds after noon at which the story begins."""
        super().__init__()
        self.begun = begun
        self.step = 0.0

    def right(self) -> datetime:
        """What a clock says that nobody sets."""
        return super().wall() + timedelta(seconds=self.begun)

    def wall(self) -> datetime:
        return self.right() + timedelta(seconds=self.step)


class Moody(FakePlatform):
    """Answers as its ``mood`` is when the request arrives, after up to ``slow`` seconds."""

    def __init__(self, name: str, time: StepClock, random: Random, **options: Any) -> None:
        super().__init__(name, time, kinds=KINDS, **options)
        self.random = random
        self.mood = "fine"
        self.slow = 0.3
        self.until = 0.0
        self.token = self.good_token = 1
        self.good: dict[str, list[float]] = {}
        self.last_good = time.boot()
        self.heard: float | None = None
        self.bad_since: float | None = None
        self.said: list[LogLine] = []
        self.streams = 0
        self.cutting = asyncio.Event()
        self._news = asyncio.Event()
        self.log = self._log
        self.one = self._one_of
        self.can((Kind.SERVICE, Verb.RESTART), (Kind.SERVICE, Verb.STOP))
        self.on_verb = self._verb
        self.apps = ["one", "two"]
        self._reads[Kind.WEBHOOK] = Read(fetch=self._none, does="nothing", every=30.0)
        self.health = Health.OK
        self.stir()

    async def _none(self, scope: str) -> Rows:
        return Rows(asked=False)

    def set(self, mood: str, slow: float) -> None:
        self.mood, self.slow = mood, slow
        if mood == "fine":
            self.bad_since = None
        elif self.bad_since is None:
            self.bad_since = self.clock.boot()
        if mood != "fine" and self.random.random() < 0.7:
            self.cutting.set()
            self.cutting = asyncio.Event()

    def stir(self) -> None:
        """Something changed there."""
        number = self.random.randrange(1000)
        self.rows[Kind.SERVICE, ""] = rows(
            *(service(each, self.health, connection=self.name, restarts=number) for each in ("web", "worker"))
        )
        self.rows[Kind.PROJECT, ""] = rows()
        apps = [application(each, connection=self.name) for each in self.apps]
        self.rows[Kind.APPLICATION, ""] = rows(*apps)
        for each in apps:
            self.rows[Kind.ENVIRONMENT, each.ref.id] = rows(environment(each, "prod"))
        busy = self.random.random() < 0.3
        self.rows[Kind.ROLLOUT, ""] = rows(
            rollout("r1", connection=self.name, health=Health.BUSY if busy else Health.OK, phases=(Phase(name=Safe("build")),))
        )

    async def request(self, what: str, trouble: Exception | None = None) -> None:
        self.asked.append((self.clock.boot(), what))
        self.flying += 1
        token = self.token
        try:
            mood, error = self.mood, self._error(what, token)
            if mood == "hangs":
                await self.clock.sleep(self.slow)
            else:
                await self.clock.sleep(self.random.uniform(0.0, self.slow))
            if isinstance(error, Unauthorized) and self.token != token:
                error = None  # the transport asks again with the new one
            if not isinstance(error, Unreachable):
                self.heard = self.clock.boot()
            if error is not None:
                raise error
            self.good.setdefault(what, []).append(self.clock.boot())
            self.last_good = self.clock.boot()
        finally:
            self.flying -= 1

    def _error(self, what: str, token: int) -> PlatformError | None:
        pick, mood = self.random, self.mood
        if token != self.good_token:
            return Unauthorized("no", connection=self.name, status=401)
        if mood == "mixed":
            mood = pick.choice(("fine", "fine", *LOST, "failing", "refused"))
        if mood == "limited":
            left = self.until - self.clock.boot()
            if left <= 0:
                return None
            return RateLimited("slowly", connection=self.name, status=429, retry_after=pick.choice((None, left, left)))
        if mood == "refused":
            return pick.choice((Forbidden, Refused, NotFound))("refused", connection=self.name, status=403)
        kinds: dict[str, type[PlatformError]] = {
            "lost": Unreachable,
            "unsent": Unreachable,
            "hangs": Unreachable,
            "nonsense": BadReply,
            "missing": NoEndpoint,
            "failing": Unavailable,
        }
        if mood not in kinds:
            return None
        status = {"failing": 503, "missing": 404}.get(mood)
        return kinds[mood](mood, connection=self.name, status=status, sent=mood != "unsent")

    def _one_of(self, ref: Ref) -> Any:
        return next((row for row in self.rows[Kind.SERVICE, ""].items if row.ref == ref), service(ref.id, connection=self.name))

    async def _verb(self, verb: Verb, ref: Ref, values: Mapping[str, Any]) -> Accepted:
        error = self._error("verb", self.token)
        if isinstance(error, Unreachable | BadReply) and error.sent:
            raise OutcomeUnknown("no answer", connection=self.name)
        if error is not None:
            raise error
        if self.random.random() < 0.5:
            self.stir()
        return Accepted(ref=ref)

    def said_of(self, ref: Ref) -> list[LogLine]:
        """The log of one thing, which goes on."""
        return self.said

    def say(self, text: str) -> None:
        self.said.append(LogLine(at=self.clock.right(), text=Safe(text)))
        self._news.set()
        self._news = asyncio.Event()

    async def _log(self, ref: Ref, *, tail: int | None, follow: bool, since: datetime | None) -> AsyncIterator[tuple[LogLine, ...]]:
        await self.request("log")
        cutting = self.cutting
        self.streams += 1
        try:
            said = self.said_of(ref)
            yield ()
            position = len(said)
            kept = [line for line in said if since is None or (line.at is not None and line.at >= since)]
            batch = kept if since is not None else kept[-tail:] if tail else [] if tail == 0 else kept
            while True:
                if batch:
                    yield tuple(batch)
                if not follow:
                    return
                if position == len(said):
                    waits = {asyncio.ensure_future(self._news.wait()), asyncio.ensure_future(cutting.wait())}
                    try:
                        await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
                    finally:
                        for each in waits:
                            each.cancel()
                if cutting.is_set():
                    raise Unreachable("cut", connection=self.name)
                batch, position = said[position:], len(said)
        finally:
            self.streams -= 1


def running_readers(running: Session) -> list[tuple[Feed, Reader]]:
    return list(running._poller._readers.items())


class Watcher:
    """Looks every second whether what is told is so; what is not stands in ``problems``, each kind once."""

    def __init__(self, running: Session, fakes: list[Moody], time: StepClock) -> None:
        self.running, self.fakes, self.time = running, fakes, time
        self.problems: dict[str, str] = {}
        self.edges: list[tuple[float, str, str, str | None]] = []
        self.ages: dict[Feed, float] = {}
        self.since: dict[tuple[str, str], float] = {}
        self.alerts = Alerts(
            (Rule(name="lost", kinds=frozenset({"connection"}), to=frozenset({"down", "signed-out"}), after=30.0),),
            running.store,
            time,
        )
        self.rung: list[str] = []
        history, told = running._history, running._history.edge

        def edge(connection: str, word: str, error: PlatformError | None) -> None:
            before = history._lost.get(connection, "back")
            told(connection, word, error)
            if history._lost.get(connection, "back") != before:
                circuit = running._connections[connection].circuit.word
                self.edges.append((time.boot(), connection, word, circuit))
                if word == "back" and circuit is not None:
                    self.wrong("an edge back while the circuit is open", f"{connection} {circuit}")

        history.edge = edge  # type: ignore[method-assign]
        running._poller._outages._edge = edge

    def wrong(self, kind: str, what: object = "") -> None:
        self.problems.setdefault(kind, f"{self.time.boot() - 1000:.1f}: {what}")

    def lasting(self, name: str, kind: str, seconds: float, holds: bool) -> bool:
        """Whether this has been so for as long."""
        key = (name, kind)
        if not holds:
            self.since.pop(key, None)
            return False
        return self.time.boot() - self.since.setdefault(key, self.time.boot()) > seconds

    async def run(self) -> None:
        while True:
            await self.time.sleep(1.0)
            self.look()

    def look(self) -> None:
        self.rung += [each.text for each in self.alerts.due()]
        for fake in self.fakes:
            self._connection(fake)

    def _connection(self, fake: Moody) -> None:
        running, boot, name = self.running, self.time.boot(), fake.name
        state = running.store.connection(name)
        connection = running._connections[name]
        circuit, hold = connection.circuit, running.store.held(name)
        if circuit.word is not None and (hold is None or hold.word != circuit.word or state.state != circuit.word):
            self.wrong("the circuit is open and the store does not say so", f"{name} {circuit.word} {hold} {state.state}")
        if circuit.word is None and hold is not None and name not in running._poller._outages._exhausted:
            self.wrong("a hold without reason", f"{name} {hold}")
        late = state.next_try is not None and state.next_try < boot - 1.0 and not circuit.probing and fake.flying == 0
        if self.lasting(name, "late", 8.0, state.state in {"down", "limited"} and late):
            self.wrong("a next try in the past", f"{name} {state.state} {state.next_try} at {boot}")
        dead = fake.bad_since if fake.mood in {*LOST, "failing"} else None
        if dead is not None and boot - max(dead, fake.last_good) > 75.0 + fake.slow and state.state == "fresh":
            self.wrong("fresh though nothing was answered", f"{name} {fake.mood}")
        self._edges(fake, state.state)
        if connection.budget._flying < 0:
            self.wrong("fewer than no requests under way")
        feeds = [feed for feed in running.feeds() if feed.connection == name]
        told = suspect(name, [(feed, running.store.freshness(feed)) for feed in feeds], boot)
        if told is not None and told.theirs and state.state == "fresh":
            self.wrong("a banner over a fresh connection", told.text)
        for feed in feeds:
            self._feed(fake, feed, boot)

    def _edges(self, fake: Moody, state: str) -> None:
        last = self.running._history._lost.get(fake.name, "back")
        if self.lasting(fake.name, "edge", 3.0, state == "fresh" and last != "back"):
            self.wrong("fresh and not back in the journal", f"{fake.name} {last}")
        if self.lasting(fake.name, "no edge", 3.0, state in {"down", "signed-out"} and last == "back"):
            self.wrong("lost and back in the journal", f"{fake.name} {state}")

    def _feed(self, fake: Moody, feed: Feed, boot: float) -> None:
        running = self.running
        fresh = running.store.freshness(feed)
        if fresh.fetched_boot is not None and not fresh.restored:
            before = self.ages.get(feed, 0.0)
            if fresh.fetched_boot < before - 1e-6:
                self.wrong("rows that grow older at once", feed)
            self.ages[feed] = fresh.fetched_boot
            answered = fake.good.get(f"{feed.kind} {feed.scope}".strip(), [])
            if feed.kind not in UNASKED and not any(abs(each - fresh.fetched_boot) < 0.01 for each in answered[-40:]):
                self.wrong("rows of a moment at which nothing was answered", feed)
        reader = running._poller._readers.get(feed)
        line = trouble(feed, running.store, boot)
        asking = reader is not None and reader._asking is not None
        if self.lasting(str(feed), "now", 12.0, "trying now" in line and not asking and not fake.flying):
            self.wrong("trying now, though nobody does", f"{line} (circuit {running._connections[feed.connection].circuit.word})")
        if fresh.error is None and fresh.offered and fresh.failing_since is not None:
            self.wrong("failing without an error", feed)


class Frame:
    """The first frame, which the program's own session waits for: whoever no longer waits for it takes it from nobody else."""

    def __init__(self) -> None:
        self.painted = asyncio.Event()

    def __await__(self) -> Generator[Any, None, Any]:
        return self.painted.wait().__await__()


class Story:
    """What happens, by seed. ``moods`` is what may; ``slow`` the longest that an answer takes in bad weather."""

    def __init__(self, seed: int, *, steps: int = 25) -> None:
        self.random = Random(seed)  # noqa: S311 - makes weather
        self.steps = steps
        easy = self.random.random() < 0.6
        self.moods = list(LOST) if easy else [*LOST, *LONG]
        self.slow = self.random.choice((0.3, 10.0, 10.0, 70.0))
        self.seen_moods: set[str] = set()
        self.waits: list[tuple[str, asyncio.Task[Any]]] = []
        self.verdicts: list[Verdict] = []
        self.outcomes: dict[tuple[Ref, Verb], Any] = {}
        """The last of each, since one that is overridden is nobody's question any more."""
        self.follows: dict[str, Any] = {}
        self.from_line: dict[str, int] = {}
        self.log: list[str] = []
        self.limited = self.random.random() < 0.25
        self.hung = False

    async def tell(self) -> dict[str, str]:
        self.time = time = StepClock()
        allowance = (1000, 3600.0) if self.limited else (0, 60.0)
        self.fakes = fakes = [
            Moody(each, time, self.random, allowance=allowance) for each in ("fleet", "vault")[: self.random.choice((1, 1, 2))]
        ]
        journal = FakeJournal()
        running = session(time, *fakes, seed=self.random.randrange(1 << 30), journal=journal)
        first = Frame()
        if self.random.random() < 0.2:
            running._ready = running._streams._ready = first
        self.running = running
        self.journal = journal
        async with running:
            self.watcher = watcher = Watcher(running, fakes, time)
            running.verdicts.subscribe(self.verdicts.append)
            monitor = asyncio.ensure_future(watcher.run())
            try:
                for number in range(self.steps):
                    if number == 3:
                        first.painted.set()
                    self.step()
                    await time.sleep(self.random.choice((0.0, 0.0, 0.1, 1.0, 3.0, 10.0, 30.0, 120.0)) * self.random.random() * 1.5)
                self.say_lines()
                if self.random.random() < 0.75:
                    first.painted.set()
                    await self.heal()
                else:
                    self.closed_early = True
            finally:
                monitor.cancel()
                await asyncio.gather(monitor, return_exceptions=True)
            if monitor.done() and not monitor.cancelled() and monitor.exception() is not None:
                watcher.wrong("the watcher failed", repr(monitor.exception()))
        await self.after()
        return watcher.problems

    # what happens

    def step(self) -> None:
        pick = self.random
        what = pick.choice(
            (
                "mood",
                "mood",
                "mood",
                "fine",
                "show",
                "show",
                "refresh",
                "refresh",
                "settle",
                "suspend",
                "wall",
                "sign in",
                "stir",
                "stir",
                "do",
                "follow",
                "unfollow",
                "say",
                "say",
                "cancel",
                "look",
                "pace",
                "retry",
                "both",
            )
        )
        fake = pick.choice(self.fakes)
        self.log.append(f"{self.time.boot() - 1000:8.1f} {what} {fake.name}")
        getattr(self, what.replace(" ", "_"))(fake)

    def mood(self, fake: Moody) -> None:
        mood = self.random.choice(self.moods)
        self.log[-1] += f" {mood}"
        self.seen_moods.add(mood)
        if mood == "signed-out":
            fake.good_token += 1
            return
        if mood == "limited":
            fake.until = self.time.boot() + self.random.uniform(1.0, 200.0)
        slow = min(self.slow, 10.0) if mood != "hangs" else self.slow
        self.hung = self.hung or mood == "hangs"
        fake.set(mood, slow)

    def fine(self, fake: Moody) -> None:
        fake.set("fine", 0.3)

    def both(self, fake: Moody) -> None:
        """An answer to an older question comes while newer ones fail."""
        fake.set("fine", self.slow)
        self.hung = True

    def show(self, fake: Moody) -> None:
        owner = self.random.choice(("pane", "screen"))
        possible = [*self.running.feeds(), *(Feed(connection=fake.name, kind=Kind.VARIABLE, scope=each) for each in ("web", "worker"))]
        count = self.random.choice((0, 1, 3, len(possible)))
        self.running.show(owner, self.random.sample(possible, min(count, len(possible))))

    def _wait(self, name: str, work: Any) -> None:
        self.waits.append((name, asyncio.ensure_future(work)))

    def refresh(self, fake: Moody) -> None:
        feeds = self.random.choice(
            (None, self.running.feeds(), self.random.sample(self.running.feeds(), 1) if self.running.feeds() else None)
        )
        self._wait("refresh", self.running.refresh(feeds))

    def settle(self, fake: Moody) -> None:
        self._wait("settle", self.running.settle(self.random.uniform(0.0, 60.0)))

    def suspend(self, fake: Moody) -> None:
        self.time.slept += self.random.choice((3.0, 60.0, 4000.0))
        self.watcher.since.clear()  # nobody looked meanwhile

    def wall(self, fake: Moody) -> None:
        self.time.step += self.random.choice((-3600.0, -2.0, 2.0, 86_400.0))

    def sign_in(self, fake: Moody) -> None:
        fake.token = fake.good_token
        self.running.signed_in(fake.name)

    def stir(self, fake: Moody) -> None:
        fake.apps = self.random.sample(["one", "two", "three", "four"], self.random.randrange(1, 4))
        fake.health = self.random.choice((Health.OK, Health.OK, Health.BUSY, Health.BAD))
        fake.stir()

    def do(self, fake: Moody) -> None:
        target = Ref(connection=fake.name, kind=Kind.SERVICE, id=self.random.choice(("web", "worker")))
        verb = self.random.choice((Verb.RESTART, Verb.STOP))

        async def act() -> None:
            outcome = await self.running.do(verb, target, override=self.random.random() < 0.3)
            if outcome.word in {"accepted", "unknown"}:
                self.outcomes[target, verb] = outcome

        self._wait("do", act())

    def follow(self, fake: Moody) -> None:
        if fake.name not in self.follows:
            self.follows[fake.name] = self.running.follow(Ref(connection=fake.name, kind=Kind.SERVICE, id="web"), tail=1000)

    def unfollow(self, fake: Moody) -> None:
        follow = self.follows.pop(fake.name, None)
        if follow is not None:
            follow.close()

    def say(self, fake: Moody) -> None:
        for _ in range(self.random.randrange(1, 5)):
            fake.say(f"line {len(fake.said)}")

    def say_lines(self) -> None:
        for fake in self.fakes:
            self.say(fake)

    def cancel(self, fake: Moody) -> None:
        for name, task in self.waits:
            if not task.done() and name != "do" and self.random.random() < 0.5:
                task.cancel()

    def look(self, fake: Moody) -> None:
        self._wait("look", self.running.look(Ref(connection=fake.name, kind=Kind.SERVICE, id="web")))

    def pace(self, fake: Moody) -> None:
        self.running.pace({fake.name: self.random.choice((0.0, 5.0, 30.0))})

    def retry(self, fake: Moody) -> None:
        if fake.name in self.follows:
            self.follows[fake.name].retry()

    # how it ends

    async def heal(self) -> None:
        """All trouble ends; after as long as is promised everything is told as it is."""
        boot = self.time.boot()
        wait = WITHIN + max((LONG.get(each, 0.0) for each in self.seen_moods), default=0.0)
        for fake in self.fakes:
            if self.slow > 10.0 and self.hung:
                wait = max(wait, 60.0 + WITHIN)  # a server's own deadline is ten seconds; what hangs longer holds up a look
            wait = max(wait, (fake.until - boot) * 1.1 + WITHIN)
            fake.set("fine", 0.3)
            if fake.token != fake.good_token:
                self.sign_in(fake)
        if any(each.circuit._times > NONSENSE - 10 for each in self.running._connections.values()):
            wait += 75.0  # what answered nonsense for ten minutes is looked for once a minute
        if self.limited and "refused" in self.seen_moods:
            wait += 600.0  # what is refused is asked for at its pace, which the budget stretches
        if "limited" in self.seen_moods:
            wait += 80.0  # where nobody told how long
        self.log.append(f"{boot - 1000:8.1f} all is well for {wait:.0f} s")
        if any(self.time.slept for _ in (0,)):
            wait += 15.0 + 30.0 * (self.log[-8:] != [] and any("suspend" in each for each in self.log[-8:]))
        await self.time.sleep(wait)
        for fake in self.fakes:
            self._fresh(fake, boot)
        for name, task in self.waits:
            if not task.done():
                waiting = {str(feed): (each.due, each._asking) for feed, each in running_readers(self.running) if each._waiting}
                self.watcher.wrong(f"a waiter of {name} was never released", waiting)
        self._logs_live()
        await self.time.sleep(120.0)
        if not self.limited:
            for name in (fake.name for fake in self.fakes):
                last = self.running._history._lost.get(name, "back")
                if last != "back":
                    self.watcher.wrong("not back in the journal long after", f"{name} {last}")
            if self.watcher.alerts.standing:
                self.watcher.wrong("an alert that nothing clears", self.watcher.alerts.standing)
        self._logs_whole()
        if not all(self.running.store.freshness(feed).offered for feed in self.running.feeds()):
            await self.time.sleep(660.0)
            gone = [str(feed) for feed in self.running.feeds() if not self.running.store.freshness(feed).offered]
            if gone:
                self.watcher.wrong("a list that is called not offered", gone)

    def _fresh(self, fake: Moody, healed: float) -> None:
        running, boot, wrong = self.running, self.time.boot(), self.watcher.wrong
        state = running.store.connection(fake.name)
        if self.limited and state.state == "limited":
            return
        if running._connections[fake.name].circuit.word is not None:
            wrong("an open circuit after all trouble has ended", f"{fake.name} {running._connections[fake.name].circuit}")
        for feed in running.feeds():
            if feed.connection != fake.name:
                continue
            fresh = running.store.freshness(feed)
            if fresh.offered and fresh.stale(boot):
                wrong("a list that is not fresh after all trouble has ended", f"{feed} {fresh}")
        if state.state != "fresh":
            wrong("a connection that is not fresh after all trouble has ended", f"{fake.name} {state.state} {state.error}")

    def _logs_live(self) -> None:
        pass

    def _logs_whole(self) -> None:
        for fake in self.fakes:
            follow = self.follows.get(fake.name)
            if follow is None:
                continue
            word = follow.state.word
            if (word in {"live", "quiet"}) != (fake.streams > 0):
                self.watcher.wrong("a log whose word is not so", f"{follow.state} {fake.streams}")
            if word in {"ended", "unsupported"} and not {"refused", "mixed", "missing"} & self.seen_moods:
                self.watcher.wrong("a log that ended", follow.state)
            shown = Counter(line.text for line in follow.lines if isinstance(line, LogLine))
            doubled = [text for text, count in shown.items() if count > 1]
            if doubled:
                self.watcher.wrong("lines that are shown twice", doubled[:5])
            missing = [line.text for line in fake.said if line.text not in shown]
            gaps = sum(isinstance(line, Gap) for line in follow.lines)
            if word in {"live", "quiet"} and missing and not gaps:
                self.watcher.wrong("lines that are missing", f"{missing[:5]} of {len(fake.said)}")

    async def after(self) -> None:
        wrong = self.watcher.wrong
        for follow in self.follows.values():
            follow.close()
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        for name, task in self.waits:
            if not task.done() and name != "look":
                wrong(f"a waiter of {name} was left after the end")
            if task.done() and not task.cancelled():
                error = task.exception()
                if error is not None and not isinstance(error, PlatformError):
                    wrong("a waiter failed", repr(error))
        for _, task in self.waits:
            task.cancel()
        await asyncio.gather(*(task for _, task in self.waits), return_exceptions=True)
        await asyncio.sleep(0)
        left = [task.get_name() for task in asyncio.all_tasks() if task is not asyncio.current_task()]
        if left:
            wrong("tasks that were left", left)
        loop = asyncio.get_running_loop()
        timers = [handle for handle in loop._scheduled if not handle.cancelled()]  # type: ignore[attr-defined]
        if timers:
            wrong("timers that were left", timers[:3])
        for fake in self.fakes:
            flying = self.running._connections[fake.name].budget._flying
            if flying:
                wrong("requests that count as under way for ever", flying)
            if self.limited and not self._within_budget(fake):
                wrong("more than the limit in a window")
        settled = {verdict.intent for verdict in self.verdicts}
        open_ = {each.intent for each in self.running.in_flight()}
        for outcome in self.outcomes.values():
            if outcome.intent not in settled | open_:
                wrong("a verb that vanished", outcome)
        self._alternating()

    def _within_budget(self, fake: Moody) -> bool:
        times = [at for at, _ in fake.asked]
        return all(later - early > 3600.0 for early, later in zip(times, times[1000:], strict=False))

    def _alternating(self) -> None:
        words: dict[str, str] = {}
        for event in self.journal.events:
            if event.what == "edge":
                if words.get(event.ref, "back") == event.after:
                    self.watcher.wrong("an edge that was told twice", event)
                words[event.ref] = event.after
        closes = [(one, two) for one, two in zip(self.watcher.edges, self.watcher.edges[1:], strict=False) if one[1] == two[1]]
        for one, two in closes:
            if two[0] - one[0] < 0.001 and {one[2], two[2]} == {"down", "back"}:
                self.watcher.wrong("lost and back in the same moment", (one, two))


def story(seed: int, *, steps: int = 25, loud: bool = False) -> dict[str, str]:
    """What was told in this story that was not so: kind to an example."""
    told = Story(seed, steps=steps)
    problems = vloop.run(told.tell())
    if loud:
        print("\n".join(told.log))
        print(told.watcher.edges)
    return problems
