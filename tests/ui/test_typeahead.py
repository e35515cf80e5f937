"""Keys that come all at once, as over a slow link: each acts on what the one before it brought up.

The same through a real terminal is in ``tests/e2e/test_typeahead.py``.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC

import pytest
from textual import events
from textual.message_pump import MessagePump

from tests.actions.test_dialog import Seat, desk
from tests.ui import keyboard
from tests.ui.desk import service
from tui.model import Kind, Verb
from tui.ui.app import Console
from tui.ui.guard import HELD, Guard
from tui.ui.screens.ask import AskScreen
from tui.ui.screens.console import ConsoleScreen
from tui.ui.screens.detail import DetailScreen
from tui.ui.settings import Settings
from tui.ui.typeahead import LOOKS, MOST, TURNS, _waits
from tui.ui.widgets.status_line import StatusLine

KEYS = {"enter", "escape", "tab", "up", "down", "left", "right", "ctrl+c", "end"}


@asynccontextmanager
async def seat() -> AsyncIterator[Seat]:
    """The console with the keys in the list of services."""
    at = desk()
    app = Console(at, settings=Settings(zone=UTC))  # type: ignore[arg-type]
    async with app.run_test(size=(120, 40)) as pilot:
        yield Seat(at, app, pilot)


def give(at: Seat, *words: str) -> None:
    """Give the app all these keys at once; a word that is no key's name is typed letter by letter, one in brackets is pasted."""
    for word in words:
        keyboard.give(at.app, *([word] if word in KEYS or word.startswith("<") else word))


async def gulp(at: Seat, *words: str) -> None:
    """The same, and wait until all of them were worked off."""
    give(at, *words)
    await keyboard.rest(at.app)


async def test_a_filter_takes_all_its_letters() -> None:
    async with seat() as at:
        console = at.app.console_screen
        await gulp(at, "/", "web", "enter")
        assert console.resources.filter_text == "web"
        assert at.app.focused is console.resources.body
        await gulp(at, "4", "/", "err", "enter", "2", "/", "x", "escape", "down")
        assert (console.logs.filter_text, console.resources.filter_text) == ("err", "")
        assert console.front is console.resources
        assert at.verbs == []


async def test_the_palette_takes_what_is_searched_and_what_it_opens_takes_the_rest() -> None:
    async with seat() as at:
        await gulp(at, ":", "mailer", "enter", "down", "escape", "1")
        assert isinstance(at.app.screen, ConsoleScreen)
        assert at.app.console_screen.front is at.app.console_screen.apps
        await gulp(at, ":", "mailer", "enter")
        assert isinstance(at.app.screen, DetailScreen)
        assert at.sees("svc-mailer")


async def test_letters_behind_a_key_that_asks_reach_the_dialog_and_not_the_list() -> None:
    async with seat() as at:
        # Each of these letters would open another dialog, or change the list.
        await gulp(at, "r", "zsFX3", "right", "enter")
        assert at.asks
        assert at.sees("Restart worker")
        assert at.app.console_screen.front is at.app.console_screen.resources
        assert not at.app.console_screen.zoomed
        assert at.verbs == []
        await at.desk.pass_time(HELD * 2)
        await gulp(at, "escape", "down", "s")
        assert at.sees("Stop ")
        assert not at.sees("Stop worker")


async def test_a_secret_behind_a_tab_is_never_in_the_field_before() -> None:
    async with seat() as at:
        await at.press("v")
        await gulp(at, "NIGHT_KEY", "tab", "hunter2", "enter", "right", "enter")
        assert [values["key"] for _, _, values in at.desk.done] == ["NIGHT_KEY"]
        assert [values["value"].reveal() for _, _, values in at.desk.done] == ["hunter2"]


async def test_pastes_keep_their_place_among_the_keys() -> None:
    async with seat() as at:
        await at.press("v")
        give(at, "A", "<BC>", "D", "tab", "<hunter2>", "tab", "tab")
        await keyboard.rest(at.app)
        fields = at.app.screen._entries  # type: ignore[attr-defined]
        assert (fields["key"].meant, fields["value"].meant) == ("ABCD", "hunter2")


async def test_a_dialog_that_took_long_to_appear_takes_nothing_typed_before_for_an_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    built, begun, go_on = AskScreen.build, asyncio.Event(), asyncio.Event()

    async def slowly(self: AskScreen) -> None:
        begun.set()
        await go_on.wait()
        await built(self)

    monkeypatch.setattr(AskScreen, "build", slowly)
    async with seat() as at:
        try:
            give(at, "r", "right", "enter", "right", "enter")
            await asyncio.wait_for(begun.wait(), 30)
            await at.desk.pass_time(HELD * 20)
        finally:
            # A screen that is being built for ever would let nobody leave.
            go_on.set()
        await keyboard.rest(at.app)
        assert at.sees("Restart worker")
        assert at.verbs == []
        await at.desk.pass_time(HELD * 2)
        await at.press("right", "enter")
        assert at.verbs == [(Verb.RESTART, "svc-worker")]


async def test_a_key_by_itself_goes_on_at_once() -> None:
    async with seat() as at:
        await keyboard.rest(at.app)
        line = at.app.typeahead
        assert [line.passes(keyboard.key("j")), line.passes(keyboard.key("k"))] == [True, True]
        at.app.console_screen.post_message(events.Idle())
        assert not line.passes(keyboard.key("j"))
        assert line.waiting == 1
        await keyboard.rest(at.app)
        assert line.waiting == 0


async def test_what_never_comes_to_rest_holds_keys_up_for_so_long_only_and_ctrl_c_leaves(monkeypatch: pytest.MonkeyPatch) -> None:
    never, pauses = asyncio.Event(), 0

    async def pause() -> None:
        nonlocal pauses
        pauses += 1
        await asyncio.sleep(0)

    monkeypatch.setattr("tui.ui.typeahead._pause", pause)
    async with seat() as at:
        try:
            at.app.console_screen.query_one("#header", StatusLine).call_later(never.wait)
            give(at, "/", "web")
            await turns(TURNS * 8 + LOOKS)
            assert at.app.console_screen.resources.filter_text == "web"
            assert pauses == LOOKS, "it is waited for once, not for every key"
            give(at, "j", "ctrl+c")
            await turns(TURNS * 3)
            assert at.app.return_code == 0
        finally:
            never.set()


async def test_what_was_taken_away_meanwhile_is_not_waited_for() -> None:
    async with seat() as at:
        await at.press("s")
        # Fields that go while it is looked whether they rest.
        asking = at.app.screen
        assert isinstance(asking, AskScreen)
        (gone, *_) = asking._rows.children
        looks = 0

        def busy(pumps: list[MessagePump]) -> list[MessagePump]:
            nonlocal looks
            looks += 1
            if looks == 1:
                gone.remove()
                return [gone]
            return [pump for pump in pumps if not _waits(pump)]

        at.app.typeahead._busy = busy  # type: ignore[method-assign]
        assert await at.app.typeahead._rest()
        assert not gone.is_attached
        assert looks < TURNS


async def turns(count: int) -> None:
    for _ in range(count):
        await asyncio.sleep(0)


async def test_ctrl_c_forgets_what_was_typed_ahead_of_it() -> None:
    async with seat() as at:
        give(at, "r", "ctrl+c")
        assert at.app.return_code is None
        for _ in range(100):
            await asyncio.sleep(0)
        assert not at.asks


async def test_lists_that_never_rest_let_keys_through_nonetheless() -> None:
    async with seat() as at:
        beating = True

        async def beat() -> None:
            number = 0
            while beating:
                number += 1
                # Always one of them has something to do, never the same.
                panes = at.app.console_screen.panes
                panes[number % 4].call_later(asyncio.sleep, 0)
                panes[(number + 1) % 4].call_later(asyncio.sleep, 0)
                await asyncio.sleep(0)

        task = asyncio.create_task(beat())
        give(at, "/", "web", "enter")
        while at.app.typeahead.waiting:
            await asyncio.sleep(0)
        stuck = at.app.typeahead._stuck
        beating = False
        await task
        await keyboard.rest(at.app)
        assert not stuck
        assert at.app.console_screen.resources.filter_text == "web"


async def test_only_so_many_keys_wait_and_that_is_said() -> None:
    async with seat() as at:
        give(at, "j" * (MOST + 50))
        for _ in range(3):
            await asyncio.sleep(0)
        assert at.app.typeahead.waiting <= MOST
        at.app.typeahead._held.clear()
        await keyboard.rest(at.app)


async def test_the_rows_under_a_gulp_may_move() -> None:
    async with seat() as at:
        rows = {str(row.name): row for row in at.desk.store.rows(Kind.SERVICE)}
        give(at, "down", "s")
        at.desk.put("fleet", Kind.SERVICE, [service("aaa"), service("bbb"), *rows.values()])
        await keyboard.rest(at.app)
        question = at.app.screen._question  # type: ignore[attr-defined]
        (target,) = question.targets
        assert target.ref == at.app.console_screen.resources.selected
        assert target.seen == replace(target.seen)


def test_what_came_before_a_dialog_was_seen_is_no_answer() -> None:
    guard = Guard()
    guard.open(10.0, "r")
    guard.seen(14.0)
    assert guard.holds("enter", 10.5)
    assert guard.holds("right", 14.2)
    assert not guard.holds("right", 14.2 + HELD * 2)
