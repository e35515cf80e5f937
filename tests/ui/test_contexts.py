"""Several contexts: listed, gone into without a restart, and looked at all at once."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, timedelta
from typing import Any

import pytest

from tests.engine.test_fleet import Quick, Silent
from tests.ui.desk import NOW, READS, Desk, busy, fleet, refused, sending
from tests.ui.test_console import Seat
from tui.engine.commands import Outcome
from tui.engine.feeds import Feed
from tui.engine.recall.past import Past
from tui.errors import ConfigError, Unreachable
from tui.local.journal import Journal
from tui.model import Health, Kind, Ref, Verb
from tui.platforms.base import Platform
from tui.ui.app import Console
from tui.ui.owner import Member, Offer
from tui.ui.settings import Settings


class Quiet:
    """A configuration that stays as it is."""

    def news(self) -> None:
        return


class Owned:
    """The sessions of a test, by context."""

    def __init__(self) -> None:
        self.desks = {"prod": busy(), "staging": Desk(context="staging", read_only=True), "live": Desk(context="live", production=True)}
        self.settings = {name: Settings(zone=UTC) for name in self.desks}
        self.settings["staging"] = Settings(zone=UTC, theme="colour-blind", keys={"row.restart": ("f5",)})
        self.opened: list[str] = []
        self.settled = 0
        self.looked: list[str] = []
        self.broken = ""
        self.onboarding: Any = None
        self.signing: Any = None
        self.preferences: Any = Quiet()
        self.fleet: dict[str, Sequence[Any]] = {}

    def offers(self) -> Sequence[Offer]:
        return tuple(
            Offer(
                name=name,
                production=desk.production,
                read_only=desk.read_only,
                members=tuple(Member(name=each.name, platform=each.platform, where=each.where) for each in desk.platforms),
            )
            for name, desk in self.desks.items()
        )

    async def open(self, name: str) -> tuple[Any, Settings]:
        if self.broken:
            raise ConfigError(self.broken)
        self.opened.append(name)
        return self.desks[name], self.settings[name]

    async def settle(self) -> None:
        self.settled += 1

    @asynccontextmanager
    async def platforms(self, name: str) -> AsyncIterator[Sequence[Platform]]:
        self.looked.append(name)
        yield self.fleet.get(name, ())


@asynccontextmanager
async def owned(owner: Owned, size: tuple[int, int] = (120, 40)) -> AsyncIterator[Seat]:
    desk = owner.desks["prod"]
    app = Console(desk, settings=owner.settings["prod"], owner=owner)  # type: ignore[arg-type]
    async with app.run_test(size=size) as pilot:
        await pilot.pause()
        await pilot.pause()
        yield Seat(desk, app, pilot)


async def go_to(at: Seat, name: str) -> None:
    await at.press("c")
    at.app.screen._table.move_to((name, ""))  # type: ignore[attr-defined]
    await at.press("enter")
    await at.wait()


async def test_c_lists_the_contexts_and_asks_nobody() -> None:
    owner = Owned()
    async with owned(owner) as at:
        await at.press("c")
        assert "open now" in at.row("▸ prod")
        assert "read-only" in at.row("  staging")
        assert "production" in at.row("  live")
        assert "https://api.example.test" in at.row("    shop")
        assert (owner.opened, owner.looked) == ([], [])
        await at.press("escape")
        assert at.app.screen is at.app.console_screen


async def test_another_context_is_shown_in_place_with_its_theme_its_keys_and_its_mark() -> None:
    owner = Owned()
    async with owned(owner) as at:
        before = at.app.console_screen
        await go_to(at, "staging")
        await at.wait()
        assert owner.opened == ["staging"]
        assert owner.settled == 1, "the old session is closed once the new one is on the screen"
        assert at.app.session.context == "staging"
        assert at.header.startswith("rollwatch  staging")
        assert "READ-ONLY" in at.header
        assert at.app.theme == "colour-blind"
        assert at.app.keymap.overrides == {"row.restart": ("f5",)}
        assert not before.is_attached
        owner.desks["staging"].put("fleet", Kind.SERVICE, [])
        owner.desks["prod"].fail("fleet", READS["dployr"], refused("fleet"))
        await at.wait()
        assert "down" not in at.header, "what happens in the context that was left is not heard any more"
        await go_to(at, "live")
        await at.wait()
        assert "PRODUCTION" in at.header
        assert at.app.theme == "rollwatch-dark"
        assert at.app.keymap.overrides == {}


async def test_what_happened_in_one_context_is_not_told_in_another() -> None:
    owner, read = Owned(), asyncio.Event()
    desk = owner.desks["prod"]
    journal = Journal.memory(context="prod", who="cleo", now=desk.clock.wall)
    journal.mark_seen("cleo", NOW - timedelta(hours=8))
    assert journal.flush()
    desk.past = Past(journal, desk.clock)

    async def settle(deadline: float) -> tuple[Feed, ...]:
        await read.wait()
        return ()

    desk.settle = settle  # type: ignore[attr-defined]
    async with owned(owner) as at:
        await at.wait()
        await go_to(at, "live")
        await at.wait()
        read.set()
        for _ in range(20):
            await desk.clock.advance(1.0)
            await at.wait()
        assert "8h00" not in at.said


async def test_what_came_while_the_other_screen_was_made_is_on_it(monkeypatch: pytest.MonkeyPatch) -> None:
    owner = Owned()
    async with owned(owner) as at:
        switch = at.app.switch_mode

        async def and_then_rows_come(mode: str) -> None:
            await switch(mode)
            fleet(owner.desks["live"])

        monkeypatch.setattr(at.app, "switch_mode", and_then_rows_come)
        await go_to(at, "live")
        await at.wait()
        assert at.sees("worker")
        assert not at.sees("No services on")


async def test_what_is_in_flight_is_told_before_the_context_is_left() -> None:
    owner = Owned()
    async with owned(owner) as at:
        at.desk.store.mark(sending(at.desk, "worker"))
        await go_to(at, "staging")
        assert owner.opened == []
        assert "still in flight: restart worker" in at.said
        await at.press("enter")
        await at.wait()
        assert owner.opened == ["staging"]


async def test_what_was_answered_in_one_context_is_told_in_another_with_where_it_was(monkeypatch: pytest.MonkeyPatch) -> None:
    owner, answered = Owned(), asyncio.Event()
    desk = owner.desks["prod"]

    async def do(_verb: Verb, target: Ref, _values: object = None, **_more: object) -> Outcome:
        await answered.wait()
        return Outcome(word="refused", text="fleet: it is being deleted", ref=target)

    monkeypatch.setattr(desk, "do", do)
    async with owned(owner) as at:
        await at.press("r")
        await desk.pass_time(1)
        await at.press("right", "enter", "escape")
        await go_to(at, "live")
        await at.wait()
        assert "live" in at.header
        answered.set()
        await at.wait()
        await at.wait()
        assert at.said == "in prod: Restart worker: fleet: it is being deleted"
        await at.press("4", "a")
        assert at.sees("in prod: restart worker: fleet: it is being deleted")


async def test_a_context_that_cannot_be_opened_leaves_everything_as_it_was() -> None:
    owner = Owned()
    owner.broken = "config.toml line 3: contexts.staging is broken"
    async with owned(owner) as at:
        await go_to(at, "staging")
        assert "still in prod: config.toml line 3" in at.said
        assert at.app.session.context == "prod"
        await at.press("escape")
        assert at.sees("worker")


@pytest.mark.parametrize("key", ["c", "f2", "f3"])
async def test_without_an_owner_it_says_why_there_is_nothing_to_choose(key: str) -> None:
    app = Console(busy(), settings=Settings(zone=UTC))  # type: ignore[arg-type]
    async with app.run_test(size=(120, 40)) as pilot:
        await pilot.press(key)
        await pilot.pause()
        assert app.screen is app.console_screen
        assert any("the demo has no configuration" in strip.text for strip in app.screen._compositor.render_strips())


async def test_the_fleet_shows_the_worst_first_and_the_dead_delay_nobody() -> None:
    owner = Owned()
    quick = Quick("fleet", [Health.OK, Health.BAD])
    owner.fleet = {"staging": [Silent("vault"), Quick("shop", [Health.OK])], "live": [quick]}
    async with owned(owner) as at:
        await at.press("0")
        await at.desk.pass_time(1)
        await at.wait()
        rows = at.screen()
        order = [name for row in rows for name in ("prod", "staging", "live") if row.strip("▸ ").startswith(name)]
        assert order[-1] == "staging"
        assert "2 services, 1 failed" in next(row for row in rows if "2 services" in row)
        assert [row for row in rows if "vault" in row and "asking" in row]
        assert sorted(owner.looked) == ["live", "staging"], "the context that is open is read anyway"
        await at.press("escape")
        await at.wait()
        asked = quick.asked
        await at.desk.pass_time(300)
        assert quick.asked == asked, "nobody watches, nobody is asked"


async def test_on_a_narrow_screen_what_is_wrong_is_read_whole_and_the_address_under_the_list() -> None:
    owner = Owned()
    error = Unreachable("no connection to base.dployr.io: nothing listens there", hint="check the address and the network between")
    owner.fleet = {"staging": [Quick("fleet", error=error)]}
    async with owned(owner, (80, 24)) as at:
        await at.press("0")
        await at.desk.pass_time(1)
        await at.wait()
        assert "✗ down" in at.row("no connection to base.dployr.io: n")
        at.app.screen._table.move_to(("staging", "fleet"))  # type: ignore[attr-defined]
        await at.wait()
        told = " ".join(at.screen()[-5:])
        assert "check the address and the network between" in " ".join(told.split())
        assert "https://" in told


@pytest.mark.parametrize("size", [(80, 24), (120, 40)])
async def test_enter_in_the_fleet_goes_into_the_context_also_from_one_of_its_connections(size: tuple[int, int]) -> None:
    owner = Owned()
    async with owned(owner, size) as at:
        await at.press("0")
        await at.wait()
        table = at.app.screen._table  # type: ignore[attr-defined]
        table.move_to(("live", "fleet"))
        await at.press("enter")
        await at.wait()
        assert at.app.session.context == "live"


PICTURES: dict[str, tuple[tuple[int, int], list[str]]] = {
    "contexts 80x24": ((80, 24), ["c"]),
    "fleet 120x40": ((120, 40), ["0"]),
}


@pytest.mark.parametrize("name", PICTURES)
def test_the_screen_looks_as_it_did(snap_compare: Callable[..., bool], name: str) -> None:
    size, keys = PICTURES[name]
    owner = Owned()
    three = [Quick("shop", [Health.OK]), Quick("fleet", [Health.OK, Health.BAD, Health.WARN]), Silent("vault")]
    owner.fleet = {"live": three, "staging": [Quick(each.name, [Health.OK] * 3) for each in three]}
    app = Console(owner.desks["prod"], settings=owner.settings["prod"], owner=owner)  # type: ignore[arg-type]
    assert snap_compare(app, terminal_size=size, press=keys)
