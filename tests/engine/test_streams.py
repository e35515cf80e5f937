"""Streams: shared, opened again for as long as somebody follows, honest about how they are."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from datetime import datetime, timedelta
from itertools import pairwise
from random import Random
from typing import Any

import pytest

from tests import vloop
from tests.calls import counted
from tests.engine.fakes import START, FakePlatform, SleepyClock, failing, ref, session
from tui.clock import Clock
from tui.engine import stream, streams
from tui.engine.resume import Entry, Gap
from tui.engine.session import Session
from tui.engine.streams import LogFollow
from tui.errors import Forbidden, NoEndpoint, NotFound, RateLimited, Unauthorized, Unreachable, Unsupported, UsageError
from tui.model import LogLine, Ref
from tui.text import Safe

WEB = ref("web")


class Server:
    """A log server: it keeps ``lines`` in the order in which they arrived and follows. ``cuts`` ends an opening after so many."""

    def __init__(self, clock: Clock) -> None:
        self.clock = clock
        self.lines: list[LogLine] = []
        self.keeps = 100_000
        self.cuts: Callable[[], int | None] = lambda: None
        self.trouble: Exception | None = None
        self.silent = False
        self.opened: list[tuple[float, int | None, datetime | None]] = []
        self.open = 0
        self._news = asyncio.Event()

    def say(self, *texts: str, at: datetime | None = None) -> None:
        for text in texts:
            self.lines.append(LogLine(at=at or self.clock.wall(), text=Safe(text)))
        self._news.set()

    async def log(self, ref: Ref, *, tail: int | None, follow: bool, since: datetime | None) -> AsyncIterator[tuple[LogLine, ...]]:
        self.opened.append((self.clock.boot(), tail, since))
        self.open += 1
        left = self.cuts()
        try:
            await self.clock.sleep(0.05)
            if self.trouble is not None:
                raise self.trouble
            if not self.silent:
                yield ()
            have = self.lines[-self.keeps :]
            position = len(self.lines)
            kept = [line for line in have if since is None or line.at is None or line.at >= since]
            batch = sorted(kept, key=lambda line: str(line.at)) if since is not None else have[-(tail or len(have)) :] if tail != 0 else []
            while True:
                if batch:
                    if left is not None and left < len(batch):
                        if left:
                            yield tuple(batch[:left])
                        raise failing(Unreachable)
                    left = None if left is None else left - len(batch)
                    yield tuple(batch)
                if not follow:
                    return
                self._news.clear()
                if position == len(self.lines):
                    await self._news.wait()
                batch, position = self.lines[position:], len(self.lines)
        finally:
            self.open -= 1


Tell = Callable[["Stage"], Awaitable[None]]


class Stage:
    def __init__(self, running: Session, server: Server, fake: FakePlatform, clock: SleepyClock) -> None:
        self.running, self.server, self.fake, self.time = running, server, fake, clock

    def follow(self, **options: Any) -> LogFollow:
        return self.running.follow(WEB, **options)


def play(tell: Tell) -> None:
    async def story() -> None:
        time = SleepyClock()
        server, fake = Server(time), FakePlatform("fleet", time)
        fake.log = server.log
        async with session(time, fake) as running:
            await tell(Stage(running, server, fake, time))
        assert server.open == 0

    vloop.run(story())


def _texts(entries: Sequence[Entry]) -> list[str]:
    return [entry.text if isinstance(entry, LogLine) else "gap" for entry in entries]


def test_followers_share_one_stream_and_the_last_one_ends_it() -> None:
    async def tell(stage: Stage) -> None:
        stage.server.say("old 1", "old 2", "old 3")
        first = stage.follow(tail=2)
        heard: list[tuple[Entry, ...]] = []
        first.listen(heard.append)
        assert first.state.word == "connecting"
        await stage.time.sleep(1.0)
        second = stage.follow()
        stage.server.say("new")
        await stage.time.sleep(1.0)
        assert _texts(first.lines) == _texts(second.lines) == ["old 2", "old 3", "new"]
        assert [_texts(batch) for batch in heard if batch] == [["old 2", "old 3"], ["new"]]
        assert first.state.word == "live"
        assert len(stage.server.opened) == 1
        first.close()
        first.close()
        await stage.time.sleep(1.0)
        assert stage.server.open == 1
        second.close()
        await stage.time.sleep(1.0)
        assert stage.server.open == 0
        third = stage.follow()
        await stage.time.sleep(1.0)
        assert len(third.lines) == 4

    play(tell)


def test_quiet_is_a_state_and_says_since_when() -> None:
    async def tell(stage: Stage) -> None:
        following = stage.follow()
        stage.server.say("a")
        await stage.time.sleep(1.0)
        assert following.state.word == "live"
        said = stage.time.boot() - 0.85
        await stage.time.sleep(400.0)
        assert following.state.word == "quiet"
        assert following.state.since == pytest.approx(said, abs=0.1)

    play(tell)


def test_a_server_that_answers_nothing_before_its_first_line_is_quiet_too() -> None:
    async def tell(stage: Stage) -> None:
        stage.server.silent = True
        following = stage.follow()
        await stage.time.sleep(9.0)
        assert following.state.word == "connecting"
        await stage.time.sleep(2.0)
        assert following.state.word == "quiet"
        assert len(stage.server.opened) == 1

    play(tell)


def test_streams_are_opened_anew_every_ten_to_fifteen_minutes_unnoticed() -> None:
    async def tell(stage: Stage) -> None:
        following = stage.follow()
        words = set()
        for number in range(3600 * 2):
            stage.server.say(f"{number}")
            await stage.time.sleep(1.0)
            words.add(following.state.word)
        openings = [at for at, _, _ in stage.server.opened]
        assert 8 <= len(openings) <= 13
        assert words <= {"connecting", "live"}
        assert _texts(following.lines) == [f"{number}" for number in range(7200)]

    play(tell)


def test_hundreds_of_cuts_lose_nothing_and_double_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stream, "CAPACITY", 1_000_000)
    monkeypatch.setattr(streams, "TOTAL", 1_000_000)

    async def tell(stage: Stage) -> None:
        random = Random(3)  # noqa: S311
        stage.server.cuts = lambda: random.randint(0, 200)
        following = stage.follow()
        while len(stage.server.opened) < 400:
            for _ in range(random.randint(1, 6)):
                late = timedelta(milliseconds=random.choice((0, 0, 20)))
                stage.server.say(random.choice(("ok", "timeout")), at=stage.time.wall() - late)
            await stage.time.sleep(random.choice((0.0, 0.1, 1.0)))
        stage.server.cuts = lambda: None
        await stage.time.sleep(120.0)
        said, shown = Counter(stage.server.lines), Counter(following.lines)
        assert sum((said - shown).values()) == 0
        assert sum((shown - said).values()) == 0

    play(tell)


def test_an_interruption_is_shown_resumed_with_overlap_and_the_gap_marked() -> None:
    async def tell(stage: Stage) -> None:
        following = stage.follow(tail=50)
        stage.server.say("before")
        at = stage.time.wall()
        await stage.time.sleep(1.0)
        stage.server.cuts, stage.server.trouble = (lambda: None), failing(Unreachable)
        task = stage.running._streams._streams[WEB].task
        assert task is not None
        stage.running._streams.hurry()
        await stage.time.sleep(0.2)
        assert following.state.word == "reconnecting"
        assert "trouble" in following.state.reason
        assert following.state.next_try is not None
        stage.server.keeps = 1
        stage.server.say("missed", "after")
        await stage.time.sleep(60.0)
        stage.server.trouble = None
        await stage.time.sleep(35.0)
        assert _texts(following.lines) == ["before", "gap", "after"]
        assert isinstance(following.lines[1], Gap)
        assert following.state.word in {"live", "quiet"}
        _, tail, since = stage.server.opened[-1]
        assert since == at - timedelta(seconds=5)
        assert tail == 1000

    play(tell)


def test_back_off_is_jittered_and_bounded() -> None:
    async def tell(stage: Stage) -> None:
        stage.server.trouble = failing(Unreachable)
        stage.follow()
        await stage.time.sleep(3600.0)
        openings = [at for at, _, _ in stage.server.opened]
        gaps = [late - early for early, late in pairwise(openings)]
        assert gaps[0] < 1.5
        assert max(gaps) <= 30.1
        assert 120 < len(openings) < 300
        assert len({round(gap, 3) for gap in gaps}) > len(gaps) / 2

    play(tell)


@pytest.mark.parametrize(
    ("error", "word"),
    [(Forbidden, "ended"), (NotFound, "ended"), (NoEndpoint, "unsupported"), (Unsupported, "unsupported"), (Unauthorized, "ended")],
)
def test_some_answers_end_a_stream_with_a_sentence(error: type[Exception], word: str) -> None:
    async def tell(stage: Stage) -> None:
        stage.server.trouble = error("no logs here")
        following = stage.follow()
        batches = [batch async for batch in following.batches()]
        assert batches == []
        await stage.time.sleep(600.0)
        assert (following.state.word, following.state.reason) == (word, "no logs here")
        assert len(stage.server.opened) == 1
        stage.server.trouble = None
        stage.server.say("back")
        if error is Unauthorized:
            stage.running.signed_in("fleet")
        else:
            following.retry()
            await stage.time.sleep(0.0)
            assert following.state.word == "connecting"
        await stage.time.sleep(1.0)
        assert _texts(following.lines) == ["back"]

    play(tell)


def test_a_log_that_was_there_is_looked_for_where_something_else_answers_in_its_place() -> None:
    async def tell(stage: Stage) -> None:
        following = stage.follow()
        await stage.time.sleep(0.5)
        stage.server.say("one")
        await stage.time.sleep(0.5)
        stage.server.trouble = failing(NoEndpoint, status=404)
        await stage.time.sleep(1000.0)  # it is opened anew once in a while
        assert following.state.word == "reconnecting"
        stage.server.trouble = None
        await stage.time.sleep(31.0)
        assert following.state.word in {"live", "quiet"}

    play(tell)


def test_a_rate_limit_is_waited_for_as_told() -> None:
    async def tell(stage: Stage) -> None:
        stage.server.trouble = failing(RateLimited, retry_after=90.0)
        following = stage.follow()
        await stage.time.sleep(80.0)
        assert len(stage.server.opened) == 1
        assert following.state.word == "reconnecting"
        stage.server.trouble = None
        await stage.time.sleep(25.0)
        assert following.state.word in {"live", "quiet"}

    play(tell)


def test_an_unexpected_failure_is_no_end(caplog: pytest.LogCaptureFixture) -> None:
    async def tell(stage: Stage) -> None:
        stage.server.trouble = ZeroDivisionError("a bug")
        following = stage.follow()
        await stage.time.sleep(0.5)
        assert following.state.word == "reconnecting"
        stage.server.trouble = None
        await stage.time.sleep(10.0)
        assert following.state.word in {"live", "quiet"}

    play(tell)
    assert "a bug" in caplog.text


def test_after_a_suspend_streams_are_opened_anew() -> None:
    async def tell(stage: Stage) -> None:
        following = stage.follow()
        stage.server.say("a")
        await stage.time.sleep(10.0)
        stage.time.slept += 3600.0
        await stage.time.sleep(6.0)
        assert len(stage.server.opened) == 2
        stage.server.say("b")
        await stage.time.sleep(1.0)
        assert _texts(following.lines) == ["a", "b"]

    play(tell)


def test_rings_are_bounded_each_and_all_together(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stream, "CAPACITY", 100)
    monkeypatch.setattr(streams, "TOTAL", 250)

    async def tell(stage: Stage) -> None:
        stage.server.say(*(str(number) for number in range(300)))
        followers = [stage.running.follow(ref(name), tail=1000) for name in ("a", "b", "c")]
        await stage.time.sleep(1.0)
        assert max(len(each.lines) for each in followers) == 100
        assert sum(len(each.lines) for each in followers) == 250
        assert all(each.lines[-1] == stage.server.lines[-1] for each in followers)
        assert all(each.dropped + len(each.lines) == 300 for each in followers)

    play(tell)


def test_batches_give_what_is_there_and_what_comes_until_closed() -> None:
    async def tell(stage: Stage) -> None:
        stage.server.say("a")
        following = stage.follow()
        await stage.time.sleep(1.0)
        got: list[str] = []

        async def read() -> None:
            async for batch in following.batches():
                got.extend(_texts(batch))

        reading = asyncio.ensure_future(read())
        await stage.time.sleep(1.0)
        stage.server.say("b", "c")
        await stage.time.sleep(1.0)
        assert got == ["a", "b", "c"]
        following.close()
        await asyncio.wait_for(reading, 1.0)

    play(tell)


def test_a_log_can_be_read_without_following() -> None:
    async def tell(stage: Stage) -> None:
        stage.server.say("a", "b", "c")
        got = [text async for batch in stage.running.log(WEB, tail=2) for text in _texts(batch)]
        assert got == ["b", "c"]
        with pytest.raises(UsageError):
            stage.running.follow(ref("x", connection="nowhere"))

    play(tell)


def test_a_burst_is_taken_in_with_little_work_for_each_line() -> None:
    async def tell(stage: Stage) -> None:
        lines = [LogLine(at=START + timedelta(milliseconds=number // 50), text=Safe(f"line {number}")) for number in range(50_000)]
        following = stage.follow()
        await stage.time.sleep(1.0)
        stage.server.lines.extend(lines)
        with counted() as calls:
            stage.server.say("end")
            await stage.time.sleep(1.0)
        assert following.dropped == 30_001
        assert calls.number < 2 * len(lines)

    play(tell)
