"""N1, end to end: a proxy answers for a server that is being replaced, in whatever words; nothing is declared gone by it, nothing old is
called fresh, and everything is fresh soon after, logs too. Each platform in each flavour, on real sockets.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterator
from urllib.parse import urlsplit

import pytest

from tests.engine.fakes import FakeJournal
from tests.matrix.proxy import FaultProxy
from tests.platforms.bench import Memory
from tests.platforms.rawserver import RawServer, reply
from tests.platforms.test_emulated import remembered
from tui.clock import SystemClock
from tui.emulator import Options, read_flavours, start_in_thread
from tui.emulator.server import Emulator
from tui.engine.session import Session
from tui.platforms.base import AppSpec, ConnectionSpec, Platform, SignIn
from tui.platforms.registry import open_platform
from tui.text import Secret

SOON = 20.0
"""Seconds: fifteen, and five for nine consoles on a busy machine."""
PAGE = "<html><head><title>Service Temporarily Unavailable</title></head><body><h1>nginx</h1></body></html>"
BODIES = {
    "text": ("default backend - gone", "text/plain"),
    "page": (PAGE, "text/html"),
    "json": ('{"message":"no Route"}', "application/json"),
}


def start(flavour: str) -> Emulator:
    more = {"flavours": read_flavours("current")} if flavour == "current" else {}
    return start_in_thread(Options(scenario="busy", per_minute=1_000_000, hourly=1_000_000, **more))  # type: ignore[arg-type]


def opened(emulator: Emulator, platform: str, url: str, clock: SystemClock) -> Platform:
    info, encore = emulator.info, platform == "encore"
    apps = tuple(
        AppSpec(
            id=app["id"],
            environments=tuple(app["environments"]),
            client_id=app["client_id"],
            client_secret=Secret(app["client_secret"]),
            health=app.get("health", {}),
        )
        for app in info["encore"]["apps"]
    )
    spec = ConnectionSpec(name="it", platform=platform, base_url=url, apps=apps if encore else (), cluster="oncall")
    signs = SignIn() if encore else SignIn(token=Secret(info[platform]["token"]))
    return open_platform(spec, credentials=signs, clock=clock, journal_rollouts=remembered(info) if encore else Memory())


async def until(holds: Callable[[], object], seconds: float) -> float:
    began = time.monotonic()
    while not holds() and time.monotonic() - began < seconds:
        await asyncio.sleep(0.05)
    return time.monotonic() - began


async def replaced(emulator: Emulator, platform: str, answer: bytes, seconds: float) -> dict[str, object]:
    """What was not so while something else answered for so long, and afterwards; empty if nothing."""
    wrong: dict[str, object] = {}
    port, clock, journal = urlsplit(emulator.info[platform]["base_url"]).port or 0, SystemClock(), FakeJournal()
    async with FaultProxy(port) as proxy, RawServer(answer) as other:
        at = opened(emulator, platform, proxy.url, clock)
        async with Session(context="t", production=False, read_only=False, platforms=(at,), clock=clock, journal=journal) as running:
            store = running.store

            def fresh() -> bool:
                old = [feed for feed in running.feeds() if store.freshness(feed).offered and store.freshness(feed).stale(clock.boot())]
                return store.connection("it").state == "fresh" and not old

            running.show("pane", running.feeds())
            await until(fresh, 40.0)
            running.show("pane", running.feeds())
            before = {feed: store.feed_rows(feed) for feed in running.feeds() if store.freshness(feed).offered}
            logs = [running.follow(row.ref, tail=10) for kind in at.logged for row in store.rows(kind)[:1]]
            await until(lambda: all(each.state.word in {"live", "quiet"} for each in logs), 20.0)
            proxy.lead(other.port)
            await running.refresh()
            await asyncio.sleep(seconds)
            asked = [feed for feed in before if store.freshness(feed).error is not None]
            if asked and store.connection("it").state == "fresh":
                wrong["called fresh"] = asked
            wrong |= {f"{feed} lost rows": store.freshness(feed) for feed, rows in before.items() if len(store.feed_rows(feed)) < len(rows)}
            wrong |= {f"{feed} not offered": "" for feed in before if not store.freshness(feed).offered}
            wrong |= {f"log of {each.ref} ended": each.state for each in logs if each.state.word in {"ended", "unsupported"}}
            proxy.lead(port)
            took = await until(fresh, 45.0)
            if took > SOON:
                wrong["late"] = (took, [(feed, store.freshness(feed).error) for feed in running.feeds()])
            late = await until(lambda: all(each.state.word in {"live", "quiet"} for each in logs), max(0.1, SOON - took))
            if late + took > SOON + 1.0:
                wrong["log late"] = [each.state for each in logs]
            for each in logs:
                each.close()
        edges = [event.after for event in journal.events if event.what == "edge"]
        if edges not in ([], ["down", "back"]):
            wrong["edges"] = edges
        return wrong


@pytest.fixture(scope="module", params=["documented", "current"])
def emulator(request: pytest.FixtureRequest) -> Iterator[Emulator]:
    with start(request.param) as emulator:
        yield emulator


@pytest.mark.soak
@pytest.mark.timeout(300)
@pytest.mark.parametrize("status", [200, 400, 401, 403, 404, 405, 502])
async def test_n1_whatever_answers_for_a_server_that_is_replaced_nothing_is_gone_and_all_is_fresh_soon(
    emulator: Emulator, status: int
) -> None:
    answers = {kind: reply(body, status, kind=type_) for kind, (body, type_) in BODIES.items()}
    bodies = ("page",) if status == 401 else tuple(BODIES)  # in other words it is what a server says whose token is no good any more
    stories = [(platform, kind) for platform in ("encore", "dployr", "phase") for kind in bodies]
    told = await asyncio.gather(*(replaced(emulator, platform, answers[kind], 40.0) for platform, kind in stories))
    assert {story: wrong for story, wrong in zip(stories, told, strict=True) if wrong} == {}
