"""The console as its user meets it: what is on the screen and what keys do, on a session double with the real store."""

from __future__ import annotations

import contextvars
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, timedelta
from pathlib import Path

import pytest
from textual.pilot import Pilot

from tests.ui import keyboard
from tests.ui.desk import NOW, READS, Desk, apps, busy, fleet, line, ref, refused, rollouts, sending, service, signed_out, variable
from tui.actions import Place
from tui.engine.feeds import Feed, Pending
from tui.engine.stream import StreamState
from tui.engine.verdicts import Verdict
from tui.errors import NoEndpoint
from tui.model import Application, Health, Kind, Phase, Rollout, Route, Service, Verb
from tui.platforms.base import Happening, Rows
from tui.text import Safe
from tui.ui.app import Console
from tui.ui.filtering import FilterInput
from tui.ui.palette import THEME, entries
from tui.ui.panes import listing
from tui.ui.panes.apps import SHOWN
from tui.ui.panes.pane import Pane
from tui.ui.say import Bottom
from tui.ui.settings import Settings
from tui.ui.widgets.key_bar import KeyBar
from tui.ui.widgets.status_line import StatusLine

HOSTILE = ("[@click=app.boom]x[/]", "[/nope]", "[bold red]red[/]", "a[link=https://evil]b")


class Seat:
    """Somebody at the console."""

    def __init__(self, desk: Desk, app: Console, pilot: Pilot[int]) -> None:
        self.desk = desk
        self.app = app
        self.pilot = pilot

    async def press(self, *keys: str) -> None:
        await keyboard.press(self.app, *keys)

    async def wait(self) -> None:
        await keyboard.rest(self.app)

    async def tick(self, seconds: float) -> None:
        """Time goes by and the console looks at the clock."""
        await self.desk.pass_time(seconds)
        self.app._tick()
        await self.wait()

    def screen(self) -> list[str]:
        """The lines on the screen."""
        return [strip.text.rstrip() for strip in self.app.screen._compositor.render_strips()]

    def sees(self, text: str) -> bool:
        return any(text in row for row in self.screen())

    def row(self, text: str) -> str:
        """The first line that holds a text."""
        return next((row for row in self.screen() if text in row), "")

    @property
    def header(self) -> str:
        return self.app.console_screen.query_one("#header", StatusLine).text.strip()

    @property
    def keys(self) -> dict[str, str]:
        """The keys in the key bar, and why each cannot be used."""
        return {hint.id: hint.why_not for hint in self.app.screen.query_one(KeyBar).keys}

    @property
    def said(self) -> str:
        return self.app.screen.query_one(Bottom).said

    @property
    def front(self) -> Pane:
        return self.app.console_screen.front


@asynccontextmanager
async def seat(desk: Desk | None = None, size: tuple[int, int] = (120, 40), settings: Settings | None = None) -> AsyncIterator[Seat]:
    desk = desk or busy()
    app = Console(desk, settings=settings or Settings(zone=UTC))  # type: ignore[arg-type]
    async with app.run_test(size=size) as pilot:
        await keyboard.rest(app)
        yield Seat(desk, app, pilot)


# What is on the screen --------------------------------------------------------------------------------------------------------


async def test_before_anything_is_known_every_pane_says_whom_it_asks() -> None:
    async with seat(Desk()) as at:
        assert at.sees("Asking fleet for services…")
        assert at.sees("Asking shop for rollouts…")
        assert at.sees("Asking shop and vault for apps…") or at.sees("Asking shop and vault for")
        assert at.header.startswith("rollwatch  prod  ◐ shop loading  ◐ fleet loading  ◐ vault loading")
        assert at.keys["list.open"] == "nothing is selected"
        assert at.keys["row.restart"] == "nothing is selected"


async def test_the_whole_of_a_shift_is_on_one_screen() -> None:
    async with seat() as at:
        assert at.header.split("   ")[0] == "rollwatch  prod  ● shop <10s  ● fleet <10s  ▕█████▋ ▏ 810/1000  ● vault <10s"
        assert at.header.endswith("22:31")
        worker = at.row("OOM") or at.row("worker")
        assert "▲ degraded" in worker
        assert "restarting" in worker
        assert "✗ 2h failed" in worker
        assert "build ✓ 1m02 ─ infra ◆ NEEDS APPROVAL 4m ─ deploy ·" in at.row("checkout/prod")
        assert at.sees("◆ 1 NEEDS APPROVAL")
        assert "not run" in at.row("checkout/staging")
        assert "◆ approval" in at.row("▾ checkout")
        assert at.sees("? unknown"), "what the platform does not say is never shown as healthy"
        assert at.sees("No log is followed.")


async def test_a_change_is_drawn_without_waiting_for_the_clock() -> None:
    async with seat() as at:
        at.desk.put("fleet", Kind.SERVICE, [service("web-api", Health.BAD, "crashed")])
        await at.wait()
        assert "✗ failed" in at.row("web-api  ")
        assert not at.sees("image-proxy")


async def test_what_did_not_change_is_not_painted_again() -> None:
    async with seat() as at:
        painted = []
        at.app.post_display_hook = lambda: painted.append(1)  # type: ignore[method-assign]
        for _ in range(5):
            at.app._tick()
            await at.wait()
        assert painted == []
        await at.tick(1)
        assert painted, "the ages in the header moved on"


async def test_a_dead_platform_keeps_its_rows_dimmed_with_their_age_and_leaves_the_others_alone() -> None:
    async with seat() as at:
        at.desk.fail("fleet", READS["dployr"], refused("fleet"))
        await at.tick(125)
        at.desk.put("shop", Kind.ROLLOUT, [])
        await at.wait()
        worker = at.row("▲ degraded")
        assert worker.endswith("2m"), worker
        assert at.sees("▲ fleet · no answer · trying now · as of 2m ago · the connection was refused")
        assert "✗ fleet down 2m" in at.header
        assert at.sees("No rollouts of shop are known here.")
        assert at.sees("t triggers one")
        table = at.app.console_screen.resources.body
        tones = {piece.tone for cell in table.rows[0].cells[:-1] for piece in cell}
        assert tones == {"muted"}


async def test_empty_loading_failed_signed_out_and_not_offered_each_say_something_else() -> None:
    desk = Desk()
    desk.fail("fleet", [Kind.SERVICE], refused("fleet"))
    desk.fail("fleet", [Kind.INSTANCE], signed_out("fleet"), after=None)
    desk.fail("fleet", [Kind.PROJECT], NoEndpoint("404", connection="fleet"), after=None)
    desk.put("fleet", Kind.ROUTE, [])
    async with seat(desk) as at:
        assert at.sees("fleet · no answer · next try in 12s · the connection was refused")
        assert at.sees("ctrl-r tries at once")
        await at.press("right")
        assert at.sees("Asking fleet for deployments…")
        await at.press("right")
        assert at.sees("fleet · sign in: f2 here, or rollwatch login fleet · no credentials")
        await at.press("right")
        assert at.sees("No routes on fleet.")
        await at.press("right")
        assert at.sees("fleet does not offer projects.")


async def test_rows_that_could_not_be_read_are_counted() -> None:
    async with seat() as at:
        at.desk.put("fleet", Kind.SERVICE, [service("web-api")], unreadable=2)
        await at.wait()
        assert at.sees("▲ fleet: 2 of 3 unreadable: no id")


async def test_a_production_and_read_only_context_cannot_be_overlooked() -> None:
    desk = busy()
    desk.production = desk.read_only = True
    async with seat(desk) as at:
        assert "▲ PRODUCTION  READ-ONLY  22:31" in at.header
        assert at.keys["row.restart"] == "this context is read-only"
        await at.press("r")
        assert at.said == "this context is read-only"


@pytest.mark.parametrize("text", HOSTILE)
async def test_text_from_outside_is_never_markup(text: str) -> None:
    desk = busy()
    desk.put("fleet", Kind.SERVICE, [service(text, status=text, message=Safe(text))])
    async with seat(desk, size=(200, 50)) as at:
        assert at.sees(text)
        at.app.say(text)
        await at.wait()
        assert at.said == text
        await at.press("slash", *text[:3], "enter", "enter")
        assert at.sees(text)


# Moving about -----------------------------------------------------------------------------------------------------------------


async def test_numbers_and_tab_go_from_pane_to_pane() -> None:
    async with seat() as at:
        assert at.front.number == 2
        for key in "1", "2", "3", "4":
            await at.press(key)
            assert str(at.front.number) == key
            assert at.front.body.has_focus
        await at.press("tab")
        assert at.front.number == 1
        await at.press("shift+tab")
        assert at.front.number == 4


async def test_the_key_bar_follows_the_focus() -> None:
    async with seat() as at:
        assert list(at.keys)[:4] == ["list.open", "row.logs", "row.restart", "row.stop"]
        await at.press("3", "enter")
        assert "row.logs" not in at.keys
        assert "row.trigger" in at.keys
        await at.press("escape")
        await at.press("4")
        assert list(at.keys)[:3] == ["logs.follow", "logs.open", "logs.previous_error"]
        await at.press("2", "right")
        assert "row.restart" not in at.keys, "a deployment cannot be restarted"
        assert at.keys["row.logs"] == "deployments have no log here: open that of a service"


async def test_tabs_keep_their_own_cursor() -> None:
    async with seat() as at:
        await at.press("j", "j", "right", "j")
        assert at.front.selected == ref(Kind.DEPLOYMENT, "d-2")
        await at.press("left")
        assert at.front.selected == ref(Kind.SERVICE, "svc-image-proxy")


async def test_only_what_is_visible_is_looked_at() -> None:
    async with seat() as at:
        assert Feed(connection="fleet", kind=Kind.SERVICE) in at.desk.shown["resources"]
        assert Feed(connection="fleet", kind=Kind.ROUTE) not in at.desk.shown["resources"]
        await at.press("left")
        assert at.desk.shown["resources"] == (Feed(connection="fleet", kind=Kind.WEBHOOK),)
        await at.press("z")
        assert at.desk.shown["apps"] == at.desk.shown["rollouts"] == ()
        await at.press("escape")
        assert at.desk.shown["apps"]


async def test_ctrl_r_reads_again() -> None:
    async with seat() as at:
        await at.press("ctrl+r")
        await at.wait()
        assert at.desk.refreshed == 1
        assert at.said == "everything on screen was read again"
        at.desk.unread = (Feed(connection="vault", kind=Kind.APPLICATION), Feed(connection="vault", kind=Kind.ENVIRONMENT))
        await at.press("ctrl+r")
        await at.wait()
        assert at.said == "not read again: vault; the header says why"


async def test_where_it_is_small_one_pane_is_shown_and_the_others_still_cry_out() -> None:
    async with seat(size=(80, 24)) as at:
        assert at.sees("1 Apps · ▲ 2 Services 5 · 3 Rollouts ◆1 approval · 4 Logs")
        assert at.sees("worker")
        assert not at.sees("NEEDS APPROVAL")
        await at.press("3")
        assert at.sees("build ✓ 1m02 ─ infra ◆ NEEDS APPROVAL 4m ─ deploy ·")
        assert not at.sees("worker")
        assert at.desk.shown["resources"] == ()
        assert all(len(row) <= 80 for row in at.screen())
        await at.pilot.resize_terminal(120, 40)
        await at.wait()
        assert at.sees("worker")
        assert at.sees("NEEDS APPROVAL")


async def test_where_nothing_can_be_listed_one_begins_among_the_apps() -> None:
    desk = Desk()
    desk.platforms = [each for each in desk.platforms if each.platform == "encore"]
    async with seat(desk, (80, 24)) as at:
        assert at.front is at.app.console_screen.apps
    async with seat(Desk(), (80, 24)) as at:
        assert at.front is at.app.console_screen.resources


@pytest.mark.parametrize("size", [(39, 24), (80, 9), (1, 1)])
async def test_where_it_is_too_small_it_says_so(size: tuple[int, int]) -> None:
    async with seat() as at:
        await at.pilot.resize_terminal(*size)
        await at.wait()
        assert not at.sees("worker")
        await at.pilot.resize_terminal(120, 40)
        await at.wait()
        assert at.sees("worker")


# Selection --------------------------------------------------------------------------------------------------------------------


async def test_the_cursor_stays_on_its_thing_wherever_that_goes() -> None:
    async with seat() as at:
        await at.press("down", "down", "down", "down")
        chosen = ref(Kind.SERVICE, "svc-web-api")
        assert at.front.selected == chosen
        rows = [row for row in at.desk.store.rows(Kind.SERVICE) if isinstance(row, Service)]
        at.desk.put("fleet", Kind.SERVICE, [replace(row, health=Health.BAD) if row.ref == chosen else row for row in rows])
        await at.wait()
        assert at.front.selected == chosen
        assert at.app.console_screen.resources.body.rows[0].key == chosen


async def test_what_vanishes_leaves_nothing_selected() -> None:
    async with seat() as at:
        await at.press("down")
        gone = at.front.selected
        at.desk.put("fleet", Kind.SERVICE, [row for row in at.desk.store.rows(Kind.SERVICE) if row.ref != gone])
        await at.wait()
        assert at.front.selected is None
        assert at.keys["row.stop"] == "nothing is selected"
        await at.press("s")
        assert at.said == "nothing is selected"


async def test_until_a_key_steers_it_the_list_begins_at_its_beginning() -> None:
    desk = Desk()
    async with seat(desk) as at:
        desk.put("fleet", Kind.SERVICE, [service("m")])
        await at.wait()
        desk.put("fleet", Kind.SERVICE, [service("a"), service("m")])
        await at.wait()
        assert at.front.selected == ref(Kind.SERVICE, "svc-a")
        await at.press("down")
        desk.put("fleet", Kind.SERVICE, [service("a"), service("b"), service("m")])
        await at.wait()
        assert at.front.selected == ref(Kind.SERVICE, "svc-m")


async def test_the_tree_opens_and_folds_and_remembers() -> None:
    async with seat() as at:
        await at.press("1", "down", "down")
        assert at.front.selected == ref(Kind.ENVIRONMENT, "uuid-checkout-staging", "vault") or at.front.selected is not None
        folded = len(at.app.console_screen.apps.body.rows)
        await at.press("right")
        opened = len(at.app.console_screen.apps.body.rows)
        assert opened > folded
        assert at.sees("rollout roll_1")
        apps(at.desk)
        await at.wait()
        assert len(at.app.console_screen.apps.body.rows) == opened
        await at.press("left")
        assert len(at.app.console_screen.apps.body.rows) == folded


# Filter -----------------------------------------------------------------------------------------------------------------------


async def test_a_filter_hides_says_so_and_is_undone_by_escape() -> None:
    async with seat() as at:
        await at.press("slash", "w", "e", "b")
        assert at.app.focused is not None
        assert isinstance(at.app.focused, FilterInput)
        assert [row.key for row in at.app.console_screen.resources.body.rows] == [ref(Kind.SERVICE, "svc-web-api")]
        assert "/web  1/5" in at.row("Services")
        await at.press("enter")
        assert at.front.body.has_focus
        assert "/web" in at.row("Services")
        await at.press("escape")
        assert len(at.app.console_screen.resources.body.rows) == 5


async def test_a_filter_that_leaves_out_what_was_selected_selects_the_first_that_it_wants() -> None:
    async with seat() as at:
        await at.press("home")
        assert at.front.selected != ref(Kind.SERVICE, "svc-web-api")
        await at.press("slash", "w", "e", "b", "enter")
        assert at.front.selected == ref(Kind.SERVICE, "svc-web-api")


async def test_a_filter_that_fits_nothing_says_how_many_are_hidden() -> None:
    async with seat() as at:
        await at.press("slash", "q", "q", "enter")
        assert at.sees("No services match the filter; 5 are hidden.")
        assert at.sees("esc shows everything")


async def test_a_filter_that_makes_no_sense_is_told_under_it_and_hides_nothing() -> None:
    async with seat() as at:
        await at.press("slash", "exclamation_mark")
        assert at.sees("write the word to leave out right after the !")
        assert len(at.app.console_screen.resources.body.rows) == 5
        await at.press("w", "e", "b")
        assert len(at.app.console_screen.resources.body.rows) == 4
        assert not at.sees("write the word")


async def test_letters_typed_into_a_filter_are_no_keys() -> None:
    async with seat() as at:
        await at.press("slash", "q", "2", "z", "l")
        assert at.app.is_running
        assert at.front.number == 2
        assert at.desk.follows == []
        await at.press("escape")
        assert not at.front.filter


async def test_filtering_the_tree_keeps_what_leads_to_what_fits() -> None:
    async with seat() as at:
        await at.press("1", "slash", *"production", "enter")
        rows = at.screen()
        assert any("▾ billing" in row for row in rows)
        assert any("Production" in row for row in rows)
        assert not any("Development" in row[:36] for row in rows)


# Logs and activity ------------------------------------------------------------------------------------------------------------


async def test_l_follows_the_log_of_the_service() -> None:
    async with seat() as at:
        await at.press("l")
        assert at.front.number == 4
        follow = at.desk.follows[-1]
        assert follow.ref == ref(Kind.SERVICE, "svc-worker")
        assert at.sees("Log of worker")
        assert at.sees("◐ connecting…")
        follow.write(line("upstream timed out after 5s", "error"))
        await at.pilot.pause(0.2)
        at.app._tick()
        await at.wait()
        assert "✗ error" in at.row("upstream timed out after 5s")
        assert "22:31:07" in at.row("upstream timed out after 5s")
        assert at.sees("● live")
        follow.become(StreamState(word="reconnecting", since=at.desk.clock.boot(), reason="reset", next_try=at.desk.clock.boot() + 4))
        await at.wait()
        assert at.sees("▲ reconnecting · reset · next try in 4s")


async def test_a_log_stands_still_on_f_and_is_let_go_on_backspace() -> None:
    async with seat() as at:
        await at.press("l")
        follow = at.desk.follows[-1]
        follow.write(*(line(f"line {number}") for number in range(50)))
        await at.pilot.pause(0.2)
        await at.press("f")
        assert not at.app.console_screen.logs.body.following
        follow.write(line("later"))
        await at.pilot.pause(0.2)
        assert not at.sees("later")
        assert at.sees("+1 new")
        await at.press("space")
        await at.pilot.pause(0.2)
        assert at.sees("later")
        await at.press("backspace")
        assert follow.closed
        assert at.sees("No log is followed.")


async def test_another_log_takes_the_place_of_the_first() -> None:
    async with seat() as at:
        await at.press("l", "2", "j", "l")
        assert [follow.closed for follow in at.desk.follows] == [True, False]
        at.desk.follows[0].write(line("from the old one"))
        await at.pilot.pause(0.2)
        assert not at.sees("from the old one")


async def test_activity_tells_what_changed_and_not_what_was_there_before() -> None:
    desk = busy()
    async with seat(desk) as at:
        desk.put("fleet", Kind.SERVICE, [service("web-api", Health.BAD, "crashed"), service("fresh")])
        desk.put("fleet", Kind.ROUTE, [])
        await at.wait()
        assert at.sees("Activity +7")
        await at.press("4", "a")
        await at.pilot.pause(0.2)
        assert "✗ error" in at.row("web-api: ok (running) → failed (crashed)")
        assert at.sees("fresh is new: ok (running)")
        assert at.sees("worker is gone")


async def test_what_a_platform_tells_late_stands_in_the_activity_where_its_time_belongs() -> None:
    """The deployments of half an hour stood behind what had happened a minute ago."""
    desk = busy()
    async with seat(desk) as at:
        desk.put("fleet", Kind.SERVICE, [service("web-api", Health.BAD, "crashed")])
        for minutes, what in ((30, "deployment.finished"), (20, "service.updated")):
            desk.happenings.publish(("fleet", Happening(at=NOW - timedelta(minutes=minutes), id=what, what=Safe(what))))
        await at.wait()
        await at.press("4", "a", "z")
        rows = [next(number for number, line in enumerate(at.screen()) if text in line) for text in ("finished", "updated", "web-api: ok")]
        assert rows == sorted(rows)


async def test_the_first_read_of_a_feed_is_no_event() -> None:
    desk = Desk()
    async with seat(desk) as at:
        fleet(desk)
        rollouts(desk)
        await at.wait()
        assert not at.sees("Activity +")
        desk.fail("fleet", READS["dployr"], refused("fleet"))
        await at.wait()
        await at.press("4", "a")
        await at.pilot.pause(0.2)
        assert "▲ warn" in at.row("fleet does not answer everything")


async def test_what_comes_where_there_was_nothing_is_told() -> None:
    desk = Desk()
    async with seat(desk) as at:
        desk.put("fleet", Kind.SERVICE, [])
        desk.put("fleet", Kind.SERVICE, [service("fresh")])
        await at.wait()
        await at.press("4", "a")
        await at.pilot.pause(0.2)
        assert at.sees("fresh is new: ok (running)")


async def test_what_a_verdict_draws_belongs_to_the_app_though_whoever_tells_it_does_not(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(listing, "FLASH", 0.02)
    async with seat() as at:
        rows = [replace(row, restarts=8) if row.name == "worker" else row for row in at.desk.store.rows(Kind.SERVICE)]  # type: ignore[call-arg]
        at.desk.store.put(Feed(connection="fleet", kind=Kind.SERVICE), Rows(items=tuple(rows)))
        at.app.console_screen.resources.listing.changed()
        verdict = Verdict(
            ref=ref(Kind.SERVICE, "svc-worker"),
            kind=Kind.SERVICE,
            verb=Verb.RESTART,
            intent=1,
            word="confirmed",
            text="it runs",
            seconds=1.0,
        )
        contextvars.Context().run(at.desk.verdicts.publish, verdict)
        await at.wait()
        table = at.app.console_screen.resources.body
        assert len(table._flash) == 1
        await at.pilot.pause(0.2)
        assert len(table._flash) == 0, "what is new was never called old: the timer had ended with an error"


async def test_a_verdict_is_said_and_kept() -> None:
    async with seat() as at:
        at.desk.verdicts.publish(
            Verdict(
                ref=ref(Kind.SERVICE, "svc-web-api"),
                kind=Kind.SERVICE,
                verb=Verb.RESTART,
                intent=1,
                word="confirmed",
                text="web-api is running again after 14 s",
                seconds=14.0,
            )
        )
        await at.wait()
        assert "● web-api is running again after 14 s · l logs" in at.row("running again")
        await at.tick(21)
        assert not at.sees("web-api is running again after 14 s")
        await at.press("4", "a")
        await at.pilot.pause(0.2)
        assert at.sees("web-api is running again after 14 s")


async def test_what_is_in_flight_shows_in_the_row_at_once() -> None:
    async with seat() as at:
        worker = ref(Kind.SERVICE, "svc-worker")
        pending = Pending(ref=worker, kind=Kind.SERVICE, verb=Verb.RESTART, word="accepted", at=NOW, since=at.desk.clock.boot(), intent=1)
        at.desk.changes.publish(at.desk.store.mark(pending))
        await at.wait()
        assert "◐ restarting 0s" in at.row("worker ")
        at.desk.changes.publish(at.desk.store.mark(replace(pending, word="unknown")))
        await at.wait()
        assert "? restart?" in at.row("worker ")


# Detail, help, palette --------------------------------------------------------------------------------------------------------


def underlined(at: Seat) -> list[str]:
    """What is underlined in the body of the screen."""
    strips = at.app.screen._compositor.render_strips()[1:]
    return [segment.text for strip in strips for segment in strip if segment.style is not None and segment.style.underline]


async def test_enter_shows_everything_known_of_a_thing_and_follows_it() -> None:
    async with seat() as at:
        await at.press("down", "down", "down", "down", "enter")
        assert "service on fleet" in at.screen()[0]
        assert at.sees("fleet/service/svc-web-api")
        assert at.sees("2025-09-25 22:31:07 · 41d ago")
        assert "edge-1" in at.row("● ok        online"), "the instance it runs on belongs to it"
        assert at.sees("shop.example.com")
        feeds = at.desk.shown["detail"]
        assert Feed(connection="fleet", kind=Kind.VARIABLE, scope="svc-web-api") in feeds
        web = at.desk.store.get(ref(Kind.SERVICE, "svc-web-api"))
        assert isinstance(web, Service)
        at.desk.put("fleet", Kind.SERVICE, [replace(web, health=Health.BAD, status=Safe("crashed"))])
        await at.wait()
        assert "✗ failed" in at.screen()[0]
        assert {text.strip() for text in underlined(at)} >= {"✗ failed", "crashed"}, "what has just changed is marked"
        await at.tick(6)
        assert underlined(at) == []
        await at.press("ctrl+r")
        assert at.desk.refreshed == 1
        at.desk.put("fleet", Kind.SERVICE, [])
        await at.wait()
        assert "✗ gone: it is no longer listed; this is how it was" in at.screen()[0]
        assert at.keys["row.restart"] == "it is gone"
        await at.press("escape")
        assert at.app.screen is at.app.console_screen
        assert at.desk.shown["detail"] == ()


async def test_what_went_on_in_a_thing_that_is_gone_lasted_until_it_was_last_seen() -> None:
    async with seat() as at:
        (row, *_) = at.desk.store.rows(Kind.ROLLOUT)
        build = Phase(name="build", health=Health.BUSY, status=Safe("running"), started_at=NOW - timedelta(seconds=40))
        at.desk.put("shop", Kind.ROLLOUT, [replace(row, phases=(build,))])  # type: ignore[call-arg]
        await at.press("3", "home", "enter")
        assert at.row(" build").split() == ["build", "◐", "busy", "·", "running", "·", "40s"]
        at.desk.put("shop", Kind.ROLLOUT, [])
        await at.wait()
        assert "✗ gone" in at.screen()[0]
        await at.tick(600)
        assert at.row(" build").split()[-1] == "40s"


async def test_variables_are_named_and_never_shown() -> None:
    async with seat() as at:
        await at.press("down", "down", "down", "down", "enter")
        web = at.desk.store.get(ref(Kind.SERVICE, "svc-web-api"))
        assert isinstance(web, Service)
        at.desk.put("fleet", Kind.VARIABLE, [variable("DATABASE_URL", web)], scope=web.ref.id)
        await at.wait()
        await at.press("end")
        assert "••••••••" in at.row("DATABASE_URL")
        assert not any("hunter2" in row for row in at.screen())


async def test_the_platforms_own_record_is_one_key_away_and_can_be_copied(monkeypatch: pytest.MonkeyPatch) -> None:
    copied: list[str] = []
    async with seat() as at:
        monkeypatch.setattr(at.app, "copy", lambda text, what="": copied.append(text))
        await at.press("down", "down", "down", "down", "enter", "tab")
        assert at.sees('"labels": [')
        await at.press("Y", "tab", "down", "y")
        assert copied[0].startswith('{"id": "svc-web-api"')
        assert copied[1] == "svc-web-api"


async def test_the_cursor_of_a_thing_stays_on_its_line_when_another_comes_above() -> None:
    """The service failed, a line said why, and the key that shows a value showed that of another variable."""
    async with seat() as at:
        await at.press("down", "down", "down", "down", "enter")
        web = at.desk.store.get(ref(Kind.SERVICE, "svc-web-api"))
        assert isinstance(web, Service)
        names = ("API_KEY", "DATABASE_URL", "LOG_LEVEL")
        at.desk.put("fleet", Kind.VARIABLE, [variable(each, web) for each in names], scope=web.ref.id)
        await at.wait()
        await at.press("end", "up")

        at.desk.put("fleet", Kind.SERVICE, [replace(web, health=Health.BAD, message=Safe("gone"), project=Safe("p-1"))])
        await at.wait()
        await at.press("space")
        assert "hunter2" in at.row("DATABASE_URL")
        assert "hunter2" not in at.row("API_KEY") + at.row("LOG_LEVEL")


async def test_of_what_has_no_room_in_the_last_lines_no_more_is_called_in_flight_than_is() -> None:
    async with seat() as at:
        for name in ("web-api", "worker", "mailer"):
            over = ref(Kind.SERVICE, f"svc-{name}")
            told = Verdict(ref=over, kind=Kind.SERVICE, verb=Verb.STOP, intent=None, word="confirmed", text=f"{name}: stopped", seconds=1.0)
            at.desk.verdicts.publish(told)
        at.desk.store.mark(sending(at.desk, "checkout"))
        at.app._tick()
        await at.wait()
        assert at.sees("… and 2 more, 1 in flight")


async def test_a_filter_is_typed_for_the_pane_that_it_was_begun_in() -> None:
    """After a click on another pane what was typed on was the filter of that one."""
    async with seat() as at:
        await at.press("slash", *"work")
        await at.pilot.click("#rollouts", offset=(5, 1))
        await at.wait()
        assert at.front is at.app.console_screen.rollouts
        assert not at.app.query_one(FilterInput).parent.parent.display  # type: ignore[union-attr]
        await at.press("x", "escape")
        assert (at.app.console_screen.rollouts.filter_text, at.app.console_screen.resources.filter_text) == ("", "work")


async def test_however_a_thing_is_left_nothing_of_it_is_looked_at_any_more() -> None:
    """Through a key that leads away its variables went on being read as if they were on the screen."""
    async with seat() as at:
        for keys in (("f12", "escape"), ("escape",)):
            await at.press("enter")
            assert at.desk.shown["detail"]
            await at.press("question_mark", "escape")
            assert at.desk.shown["detail"], "the help stands before it"
            await at.press(*keys)
            assert at.app.screen is at.app.console_screen
            assert at.desk.shown["detail"] == ()


async def test_of_two_fields_that_say_the_same_that_under_the_cursor_is_copied(monkeypatch: pytest.MonkeyPatch) -> None:
    copied: list[str] = []
    async with seat() as at:
        row = at.desk.store.get(ref(Kind.ROLLOUT, "roll_2", "shop"))
        assert isinstance(row, Rollout)
        waiting = (
            Phase(name=each, id=Safe(f"p-{each}"), status=Safe("queued"), health=Health.IDLE) for each in ("build", "infra", "deploy")
        )
        at.desk.put("shop", Kind.ROLLOUT, [replace(row, phases=tuple(waiting))])
        at.app.open_detail(row.ref)
        await at.wait()
        monkeypatch.setattr(at.app, "copy", lambda text, what="": copied.append(text))
        await at.press("slash", *"deploy", "enter", "y")
        assert copied == ["p-deploy"]


@pytest.mark.parametrize("tabs", range(4))
async def test_a_pane_that_was_given_the_keys_while_there_was_no_room_is_drawn_when_there_is(tabs: int) -> None:
    async with seat(size=(30, 8)) as at:
        await at.press(*["tab"] * tabs)
        await at.pilot.resize_terminal(99, 30)
        await at.wait()
        drawn = at.screen()
        at.app.screen.refresh(repaint=True, layout=True)
        for each in at.app.screen.walk_children():
            each.refresh()
        await at.wait()
        assert [line.rstrip() for line in drawn] == [line.rstrip() for line in at.screen()]
        assert sum(bool(line.strip()) for line in drawn) >= 6


async def test_screens_are_made_once() -> None:
    async with seat() as at:
        seen = set()
        for _ in range(3):
            await at.press("enter")
            seen.add(id(at.app.screen))
            await at.press("escape", "question_mark")
            seen.add(id(at.app.screen))
            await at.press("escape", "colon")
            seen.add(id(at.app.screen))
            await at.press("escape")
        assert len(seen) == 3
        assert at.app.screen is at.app.console_screen


async def test_a_filter_of_the_tree_keeps_nothing_of_what_is_gone() -> None:
    async with seat() as at:
        await at.press("1", "slash", *"check", "enter")
        tree = at.app.console_screen.apps
        for batch in range(20):
            names = range(100 * batch, 100 * batch + 100)
            at.desk.put("vault", Kind.APPLICATION, [Application(ref=ref(Kind.APPLICATION, f"a{n}"), name=Safe(f"app {n}")) for n in names])
            await at.wait()
            await at.tick(2)
        things = sum(len(at.desk.store.rows(kind)) for kind in SHOWN)
        assert len(tree._texts) <= 3 * things + 100, things


async def test_what_is_said_names_the_keys_as_the_user_has_them() -> None:
    keys = {"rows.sort": ["O"], "rows.reverse": [], "logs.search": ["f9"], "logs.mark": []}
    async with seat(settings=Settings(zone=UTC, keys=keys)) as at:
        await at.press("2", "O")
        assert at.said == "services by name, O the next column"
        await at.press("4", "n")
        assert at.said == "nothing was searched for yet: f9 searches"
        await at.press("M")
        assert at.said == "no line is marked"


async def test_help_is_made_of_the_keys_that_work_here() -> None:
    async with seat(settings=Settings(zone=UTC, keys={"row.restart": ["f5"]})) as at:
        await at.press("question_mark")
        assert "Help: services" in at.screen()[0]
        assert "f5" in at.row("Restart the selected service.")
        assert "Asks first." in at.row("Stop the selected service")
        await at.press("escape", "4", "question_mark")
        assert at.sees("Let the log stand still")
        assert not at.sees("Stop the selected")
        for keys, title, known, missing in (
            (("2", "enter"), "everything known of one thing", "Show the fields, or the platform's own record.", "Choose the columns"),
            (("T",), "what happened", "Show or hide the lanes over time.", "Write a note"),
            (("H",), "what happened", "Write a note for the next shift.", "Show or hide the lanes"),
        ):
            await at.press("escape", *keys, "question_mark")
            assert f"Help: {title}" in at.screen()[0]
            assert at.sees(known)
            assert not at.sees(missing)
            await at.press("escape", "escape")
            assert at.app.screen is at.app.console_screen


async def test_a_remapped_key_does_what_it_should_and_the_old_one_nothing() -> None:
    desk = busy()
    async with seat(desk, settings=Settings(zone=UTC, keys={"row.logs": ["O"], "list.down": ["B"], "row.new": []})) as at:
        await at.press("B", "l")
        assert desk.follows == []
        await at.press("O")
        assert [follow.ref for follow in desk.follows] == [ref(Kind.SERVICE, "svc-checkout")]


async def test_the_palette_finds_actions_and_things() -> None:
    async with seat() as at:
        await at.press("colon", *"mailer")
        assert "mailer" in at.row("service on fleet · ○ idle")
        await at.press("enter")
        assert "mailer" in at.screen()[0]
        await at.press("escape", "ctrl+p", *"zoom", "enter")
        await at.wait()
        assert at.app.console_screen.zoomed
        await at.press("colon", *"show routes", "enter")
        await at.wait()
        assert at.sees("shop.example.com")
        await at.press("colon", *"theme roll", "down", "enter")
        await at.wait()
        assert at.app.theme == "rollwatch-light"


async def test_every_theme_that_the_palette_offers_can_be_worn() -> None:
    """One of the screen library's stood there, too, and was then said not to exist."""
    async with seat(size=(120, 40)) as at:
        offered = [each.title.removeprefix(THEME) for each in entries(at.app, Place.RESOURCES) if each.id.startswith(THEME)]
        assert "rollwatch-dark" in offered
        for name in offered:
            at.app.wardrobe.wear(name)
            assert (at.app.theme, at.said) == (name, "")


async def test_the_palette_names_an_environment_with_its_app() -> None:
    """Who typed prod was offered three lines of that name and could not tell which was which."""
    async with seat() as at:
        await at.press("colon", *"prod")
        assert at.sees("billing/Production")
        assert at.sees("checkout/prod ")
        await at.press("enter")
        assert at.screen()[0].split()[0] in {"billing/Production", "checkout/prod", "checkout/Production"}, "so does its screen"


async def test_screens_that_are_read_are_left_by_the_palette_and_by_what_leads_away_and_nothing_is_done_from_there() -> None:
    async with seat() as at:
        await at.press("T", "colon")
        assert at.sees("an action, a service, an app, a theme…")
        await at.press(*"versions", "enter")
        await at.wait()
        assert at.sees("What is live where")
        await at.press("escape")
        assert at.app.screen is at.app.console_screen, "what was read before was left"
        await at.press("enter", "colon", *"restart")
        assert at.sees("Nothing is called like that."), "it would be done to what the console has selected, not to what is read"
        await at.press("escape", "f12")
        assert at.sees("The program's own log")
        await at.press("escape")
        assert at.app.screen is at.app.console_screen


# Copy, quit, trouble ----------------------------------------------------------------------------------------------------------


async def test_y_copies_the_id_and_says_so() -> None:
    async with seat() as at:
        await at.press("y")
        assert at.said == "copied svc-worker, if this terminal allows it"


async def test_q_leaves_and_asks_only_while_something_is_in_flight() -> None:
    async with seat() as at:
        at.desk.store.mark(sending(at.desk, "worker", Verb.STOP))
        await at.press("q")
        assert at.app.is_running
        assert at.said == "still in flight: stop worker (sending). It goes on without us. Once more to leave."
        await at.press("ctrl+c")
        assert at.app.return_value == 0


async def test_drawing_that_fails_is_told_once_and_ends_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    async with seat() as at:
        monkeypatch.setattr(at.app.console_screen.rollouts, "draw", lambda *_: 1 / 0)
        at.app._tick()
        await at.wait()
        assert at.said == "something could not be drawn (ZeroDivisionError); the log has the rest"
        at.app.screen.query_one(Bottom).hush()
        at.app._tick()
        await at.wait()
        assert at.said == ""
        assert at.app.is_running


async def test_what_fails_each_second_is_told_once_and_ends_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    """An error of ours in an alert, or in looking at a theme's file, ended the console: it came where a timer has nobody to tell."""
    async with seat() as at:
        monkeypatch.setattr(at.app.alarm, "tick", lambda: 1 / 0)
        kept: list[int] = []
        monkeypatch.setattr(at.app.restoring, "tick", lambda: kept.append(1))
        for _ in range(2):
            at.app.set_timer(0.001, at.app._tick)
            await at.pilot.pause(0.05)
            await at.wait()
            assert at.app.is_running
        assert len(kept) == 2, "the others go on"
        assert at.said == "something could not be rung (ZeroDivisionError); the log has the rest"
        at.app.screen.query_one(Bottom).hush()
        at.app._tick()
        await at.wait()
        assert at.said == ""


def test_a_crash_prints_one_line_and_no_value_of_anything(tmp_path: Path) -> None:
    token = "hunter2"  # noqa: F841 - a local that a traceback would show
    reported: list[BaseException] = []

    def report(error: BaseException) -> Path:
        reported.append(error)
        return tmp_path / "report.txt"

    app = Console(busy(), settings=Settings(report=report))  # type: ignore[arg-type]
    app._exception = ValueError("Bearer hunter2")
    with app.console.capture() as capture:
        app._fatal_error()
        app._fatal_error()  # one error often brings another with it
        for each in app._exit_renderables:
            app.console.print(each)
    printed = "".join(capture.get().split("\n"))
    assert printed.startswith("rollwatch stopped because of an error of its own (ValueError), report: ")
    assert "hunter2" not in printed
    assert "Traceback" not in printed
    assert printed.count("rollwatch") == 1
    assert [type(each) for each in reported] == [ValueError]


@pytest.mark.parametrize("theme", ["rollwatch-dark", "rollwatch-light", "high-contrast"])
async def test_the_chosen_theme_is_what_is_drawn_from_the_first_moment(theme: str) -> None:
    async with seat(settings=Settings(zone=UTC, theme=theme)) as at:
        found = at.app.get_theme(theme)
        assert found is not None
        table = at.app.console_screen.resources.body
        style = table.tone_style("bad")
        assert style.color is not None
        assert style.bgcolor is not None
        assert style.color.get_truecolor().hex == found.variables["tone-bad"]
        assert style.bgcolor.get_truecolor().hex == found.background


async def test_a_broken_theme_is_told_and_never_fatal(tmp_path: Path) -> None:
    (tmp_path / "mine.toml").write_text('name = "mine"\nprimary = "greenish"\n')
    async with seat(settings=Settings(zone=UTC, theme="mine", theme_folders=(tmp_path,))) as at:
        assert at.app.theme == "rollwatch-dark"
        assert at.said.startswith("theme mine.toml: ")
        assert at.said.endswith("(and 1 more)")


async def test_rows_of_the_last_run_are_shown_as_such_until_a_reply_confirms_them() -> None:
    desk = Desk()
    rows = (Route(ref=ref(Kind.ROUTE, "r-9"), name=Safe("old.example.com"), domain=Safe("old.example.com")),)
    from tui.platforms.base import Rows

    desk.store.restore(Feed(connection="fleet", kind=Kind.ROUTE), Rows(items=rows), NOW - timedelta(hours=3))
    async with seat(desk) as at:
        await at.press("right", "right", "right")
        assert at.row("old.example.com").endswith("3h")
        assert at.sees("◐ fleet: from the last run, 3h ago · asking now")


async def test_the_name_in_the_tree_wins_over_where_it_is() -> None:
    async with seat(Desk()) as at:
        name = "notifications-9vte"
        at.desk.put("shop", Kind.APPLICATION, [Application(ref=ref(Kind.APPLICATION, name, "shop"), name=Safe(name), health=Health.WARN)])
        await at.wait()
        assert at.sees(f" {name} ")
        assert at.row(name).split()[:4] == ["›", name, "▲", "degraded"]


async def test_a_rollout_that_was_canceled_is_called_so_wherever_it_is_told() -> None:
    desk = busy()
    rollouts(desk)
    (waits, _) = sorted((row for row in desk.store.rows(Kind.ROLLOUT) if isinstance(row, Rollout)), key=lambda row: str(row.name))[::-1]
    canceled = replace(waits, phases=(), status=Safe("completed"), conclusion=Safe("canceled"), completed_at=NOW)
    async with seat(desk) as at:
        assert "◆ approval" in at.row("▾ checkout")
        desk.put("shop", Kind.ROLLOUT, [canceled])
        await at.wait()
        assert "▲ canceled" in at.row("▾ checkout")
        await at.press("3", "enter")
        assert "▲ canceled" in at.screen()[0]
        assert "▲ canceled" in at.row(" health ")
        assert not at.sees("degraded")
