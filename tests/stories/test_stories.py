"""What happens on a shift, from the key to the server and back: one console, a real session, real sockets, an emulated server.

The quickest are told in every run, the others in the soak.
"""

from __future__ import annotations

import pytest

from tests.stories.driver import console
from tui.model import Kind


async def test_a_restart_is_followed_to_its_verdict() -> None:
    async with console() as at:
        await at.row("web-api").press("r").sees("Restart web-api", "POST /v1/services/").confirm().sees("restart web-api: accepted")
        await at.later(30).sees("web-api is running again")
        assert at.done("restart") == 1


async def test_what_the_server_refuses_is_told_in_its_words_and_nothing_typed_is_lost() -> None:
    async with console() as at:
        at.fault("status", status=409, body='{"error": "a deployment is under way"}', content_type="application/json")
        await at.row("web-api").press("v").types("NIGHT_KEY").press("tab").types("hush").press("enter").confirm()
        await at.sees("refused", "a deployment is under way", "NIGHT_KEY").misses("hush")
        at.heal()
        await at.confirm().misses("Sends, once")


async def test_a_connection_that_drops_leaves_the_form_as_it_was() -> None:
    async with console() as at:
        at.fault("drop-before")
        await at.row("web-api").press("v").types("NIGHT_KEY").press("tab").types("hush").press("enter").confirm()
        await at.sees("Set a variable of web-api", "NIGHT_KEY", "not known").misses("hush")
        at.heal()
        await at.confirm(typed="override").misses("Sends, once")


async def test_what_an_earlier_rollout_brought_is_rolled_out_again() -> None:
    first, second = "a" * 40, "b" * 40
    async with console("encore", "current") as at:
        before = len(at.rolled_out)
        for commit in (first, second):
            await at.press("1", "home", "down").press("t").sees("Trigger a rollout").press("tab").types(commit)
            await at.press("enter", "enter", "enter").sees("Sends, once", commit).confirm().misses("Sends, once").later(600)
            await at.sees("deploy ✓")
        where = at.rolled_out[-1][0]
        await at.press("3", "end").press("u").sees("Roll back: the commit of an earlier rollout once more", first)
        await at.press("enter", "enter", "enter", "enter").confirm().misses("Sends, once")
        assert at.rolled_out[before:] == [(where, first), (where, second), (where, first)]


async def test_where_nobody_can_say_how_a_rollout_goes_on_the_form_says_so() -> None:
    async with console("encore", "documented") as at:
        await at.press("1", "home", "down", "t").types("main").press("enter", "enter").confirm().misses("Sends, once")
        await at.sees("its server tells no more").misses("going on")
        await at.press("t").sees("what became of it this server does not say")


async def test_a_stop_in_production_wants_the_name() -> None:
    async with console(production=True) as at:
        await at.row("web-api").press("s").sees("PRODUCTION", "destructive", "type web-api to confirm", "prod", "fleet")
        await at.confirm().sees("type web-api to confirm").press("escape").misses("Sends, once")
        await at.press("s").confirm(typed="web-ap").sees("type web-api to confirm").press("escape").misses("Sends, once")
        assert at.done("stop") == 0
        await at.press("s").confirm(typed="web-api").misses("Sends, once").later(60).sees("is stopped")
        assert at.done("stop") == 1


@pytest.mark.soak
async def test_several_stop_at_the_first_refusal() -> None:
    async with console() as at:
        at.fault("status", status=409, body='{"error": "not now"}', content_type="application/json")
        await at.row("checkout").press("space", "down", "space", "down", "space", "s").sees("Stop 3 services")
        await at.press("enter").confirm().sees("refused", "not now", "(0 of 3 were sent)")
        assert at.done("stop") == 0
        at.heal()
        await at.confirm().misses("Sends, once")
        await at.until(lambda: at.done("stop") == 3, "not all were stopped")


@pytest.mark.soak
async def test_what_nobody_knows_blocks_until_it_is_overridden() -> None:
    async with console() as at:
        at.fault("drop-before", path="*/restart")
        await at.row("web-api").press("r").confirm().sees("not known").press("escape").misses("Sends, once")
        await at.press("r").sees("type override to confirm").confirm().sees("type override to confirm")
        await at.press("escape").misses("Sends, once")
        assert at.done("restart") == 0
        at.heal()
        await at.press("r").confirm(typed="override").misses("Sends, once").later(30).sees("web-api is running again")
        assert at.done("restart") == 1


async def test_read_only_refuses_with_a_reason_and_can_only_be_tightened() -> None:
    async with console() as at:
        await at.row("web-api").press("!").sees("READ-ONLY", "every verb is refused")
        await at.press("r").sees("read-only")
        assert not at.asks
        await at.press("!").sees("read-only already", "READ-ONLY")
    async with console(read_only=True) as at:
        await at.row("web-api").sees("READ-ONLY").press("s").sees("read-only")
        assert not at.asks
        assert at.done("stop") == 0


@pytest.mark.soak
async def test_what_was_sent_goes_on_through_other_panes_screens_and_sizes() -> None:
    async with console() as at:
        await at.row("web-api").press("r").confirm().sees("restart web-api: accepted")
        await at.press("4", "?", "escape", "1", "enter", "escape")
        await at.resize(80, 24)
        await at.resize(140, 45)
        await at.later(30).sees("web-api is running again")
        assert at.done("restart") == 1


@pytest.mark.soak
@pytest.mark.parametrize("what", ["gone", "changed"])
async def test_a_target_that_is_not_what_was_shown_is_not_touched(what: str) -> None:
    async with console() as at:
        await at.row("web-api").press("s").sees("Stop web-api")
        (row,) = [each for each in at.session.store.rows(Kind.SERVICE) if each.name == "web-api"]
        if what == "gone":
            at.server(lambda control: control.platforms.fleet.forget(control.platforms.fleet.services[row.ref.id]))
        else:
            at.server(lambda control: control.platforms.fleet.lifecycle.stop(control.platforms.fleet.services[row.ref.id]))
        await at.later(30).sees("changed since" if what == "changed" else "gone")
        await at.confirm().sees("refused", "is gone" if what == "gone" else "is not as it was shown")
        assert at.done("stop") == 0


@pytest.mark.soak
async def test_what_is_not_seen_within_ninety_seconds_is_said_to_be_unconfirmed() -> None:
    async with console() as at:
        # The server's time stands still: it stays "restarting".
        await at.row("web-api").press("r").confirm().misses("Sends, once").waits(95).sees("web-api: not confirmed after 1m3")


async def test_leaving_while_something_is_in_flight_says_so_and_asks_once_more() -> None:
    async with console() as at:
        await at.row("web-api").press("r").confirm().misses("Sends, once").sees("restart web-api")
        await at.press("q").sees("still in flight: restart web-api", "Once more to leave")
        assert at.app.return_code is None
        at.give("q")
        assert await at.left() == 0
