"""A command's first request may be a verb or a log: what the server speaks is found out before, not guessed."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.engine.fakes import FakeJournal
from tests.platforms.bench import Memory
from tui.clock import SystemClock
from tui.emulator import Options, read_flavours, start_in_thread
from tui.emulator.server import Emulator
from tui.engine.session import Session
from tui.model import Kind, Ref, Verb
from tui.platforms.base import ConnectionSpec, SignIn
from tui.platforms.registry import open_platform
from tui.text import Secret


@pytest.fixture(params=["documented", "current"])
def emulator(request: pytest.FixtureRequest) -> Iterator[Emulator]:
    with start_in_thread(Options(scenario="calm", flavours=read_flavours(request.param))) as running:
        yield running


def idle(emulator: Emulator) -> Session:
    """A session that reads nothing before it is told to."""
    own: dict[str, Any] = emulator.info["dployr"]
    spec = ConnectionSpec(name="fleet", platform="dployr", base_url=own["base_url"], cluster="oncall" if own.get("clusters") else "")
    who = SignIn(token=Secret(own["token"]))
    clock = SystemClock()
    platform = open_platform(spec, credentials=who, clock=clock, journal_rollouts=Memory())
    return Session(context="t", production=False, read_only=False, platforms=[platform], clock=clock, journal=FakeJournal())


FORM = {"name": "fresh-app", "source": "remote", "runtime": "nodejs", "version": "20", "remote": "https://github.com/u/r", "port": 3000}


async def test_a_verb_before_any_read_is_the_one_that_the_server_has(emulator: Emulator) -> None:
    session = idle(emulator)
    outcome = await session.do(Verb.CREATE, Ref(connection="fleet", kind=Kind.DEPLOYMENT, id=""), FORM)
    assert outcome.word in {"accepted", "done"}, outcome.text
    assert session.store.connection("fleet").flavour == ("current" if emulator.info["dployr"].get("clusters") else "documented")
    await session.__aexit__(None, None, None)


async def test_the_last_lines_before_any_read_are_the_last(emulator: Emulator) -> None:
    session = idle(emulator)
    await session.know("fleet")
    services = await session._connections["fleet"].platform.reads[Kind.SERVICE].fetch("")
    await session.__aexit__(None, None, None)
    ref = next(row.ref for row in services.items if row.name == "web-api")
    other = idle(emulator)
    lines = [line async for batch in other.log(ref, tail=3) for line in batch]
    assert len(lines) == 3
    assert all(line.at is not None and (SystemClock().wall() - line.at).total_seconds() < 120 for line in lines)
    await other.__aexit__(None, None, None)
