"""The menu of a row, the palette's memory, the trail of what was looked at, finding a text, why a thing is not well, the mouse."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC
from typing import Any

import pytest

from tests.test_tables import NOW, Shelf, ago, ref
from tests.ui.desk import busy, line, variable
from tests.ui.test_console import Seat, seat
from tui.model import Deployment, Health, Instance, Kind, Phase, Resource, Rollout, Service, Verb
from tui.tables import Moment, why
from tui.text import Safe
from tui.ui.driver import quiet_driver
from tui.ui.related import relation
from tui.ui.screens.ask import AskScreen
from tui.ui.screens.detail import DetailScreen
from tui.ui.screens.menu import MenuScreen
from tui.ui.settings import Settings
from tui.ui.trail import Trail
from tui.ui.widgets.resource_table import ResourceTable

# The menu ---------------------------------------------------------------------------------------------------------------------


async def test_the_menu_of_a_row_tells_what_can_be_done_and_why_not_and_does_it_through_the_dialog() -> None:
    desk = busy()
    desk.refused[Verb.START] = "it is running already"
    async with seat(desk) as at:
        await at.press("x")
        assert isinstance(at.app.screen, MenuScreen)
        assert at.sees("What can be done with worker")
        assert "not now: it is running already" in at.row(" start ")
        assert "stays stopped" in at.row(" stop ")
        await at.press("x")
        assert not isinstance(at.app.screen, MenuScreen), "the same key closes it"
        await at.press("x", "j", "j", "enter")
        await at.wait()
        assert isinstance(at.app.screen, AskScreen), "nothing is sent before the dialog was answered"
        assert desk.done == []


async def test_what_is_too_long_for_its_line_is_read_in_full_under_the_list() -> None:
    desk = busy()
    desk.refused[Verb.RESTART] = "this platform cannot restart a service: trigger a rollout of its environment and wait for it instead"
    async with seat(desk, (80, 24)) as at:
        for opened in ("x", "colon"):
            await at.press(opened, "down")
            assert at.sees("deployment is built.")
            await at.press("down")
            assert at.sees("wait for it instead"), "why not is read, too"
            await at.press("escape")


async def test_the_key_of_an_action_works_in_the_menu_and_one_that_cannot_be_done_says_why() -> None:
    desk = busy()
    desk.refused[Verb.START] = "it is running already"
    async with seat(desk) as at:
        await at.press("x", "y")
        await at.wait()
        assert at.said.startswith("copied svc-worker")
        await at.press("x", "a")
        await at.wait()
        assert at.said == "it is running already"


@pytest.mark.parametrize("keys", [("1", "x"), ("3", "x"), ("4", "x"), ("enter", "x")], ids=["apps", "rollouts", "logs", "detail"])
async def test_there_is_a_menu_wherever_something_is_selected(keys: tuple[str, ...]) -> None:
    async with seat(size=(100, 30)) as at:
        await at.press(*keys)
        await at.wait()
        assert isinstance(at.app.screen, MenuScreen)
        assert at.app.screen.query_one(ResourceTable).rows
        assert "What can be done" in " ".join(at.screen())


@pytest.mark.parametrize("pane", ["1", "2", "3", "4"])
async def test_the_menu_begins_at_what_can_be_done(pane: str) -> None:
    async with seat(size=(100, 30)) as at:
        await at.press(pane, "x")
        await at.wait()
        screen = at.app.screen
        assert isinstance(screen, MenuScreen)
        reasons = [screen._entries[str(row.key)].why_not for row in screen.query_one(ResourceTable).rows]
        chosen = [row.key for row in screen.query_one(ResourceTable).rows].index(screen.query_one(ResourceTable).cursor_key)
        assert (reasons[chosen], all(reasons[:chosen])) == ("", True)


async def test_a_remapped_key_stands_in_the_menu_and_works_there() -> None:
    async with seat(settings=Settings(zone=UTC, keys={"row.copy": ["f9"], "row.menu": ["f8"]})) as at:
        await at.press("f8")
        assert "f9" in at.row("copy id")
        await at.press("f9")
        await at.wait()
        assert at.said.startswith("copied svc-worker")


# The palette ------------------------------------------------------------------------------------------------------------------


async def test_the_palette_begins_with_what_was_chosen_last_and_reaches_the_other_panes() -> None:
    async with seat() as at:
        await at.press("colon", *"web-api", "enter")
        await at.wait()
        await at.press("escape", "colon", *"logs: wrap", "enter")
        await at.wait()
        assert at.front is at.app.console_screen.logs
        await at.press("2", "colon")
        table = at.app.screen.query_one(ResourceTable)
        assert [row.key for row in table.rows[:2]] == ["logs: logs.wrap", "fleet/service/svc-web-api"]


# The trail --------------------------------------------------------------------------------------------------------------------


def test_a_trail_goes_back_forward_and_up_to_where_a_visit_began() -> None:
    a, b, c, d = (ref(Kind.SERVICE, name) for name in "abcd")
    trail = Trail()
    assert trail.here is None
    assert trail.step(-1) is None
    trail.enter(a)
    trail.follow(b)
    assert trail.crumbs == (a, b)
    trail.enter(c)
    assert trail.up() is None, "a new visit ends where it began"
    assert trail.crumbs == (c,)
    assert trail.step(-1) == b
    assert trail.step(1) == c
    assert trail.step(1) is None
    trail.step(-1)
    trail.follow(d)
    assert trail.step(1) is None, "what was ahead is gone once one went elsewhere"
    assert trail.up() is None or trail.here == b
    for number in range(300):
        trail.follow(ref(Kind.SERVICE, str(number)))
    assert trail.here == ref(Kind.SERVICE, "299")
    assert len(trail.crumbs) == 100


async def test_enter_goes_down_and_escape_up_the_crumbs() -> None:
    async with seat() as at:
        await open_detail(at)
        assert "worker" in at.screen()[0]
        await go_to(at, "✗ failed")
        await at.press("enter")
        await at.wait()
        assert at.screen()[0].strip().startswith("worker ›"), at.screen()[0]
        assert "exit status 1" in " ".join(at.screen())
        await at.press("left_square_bracket")
        assert "›" not in at.screen()[0]
        await at.press("right_square_bracket", "escape")
        assert isinstance(at.app.screen, DetailScreen), "one step up, not out"
        await at.press("escape")
        assert at.app.screen is at.app.console_screen
        await at.press("minus")
        await at.wait()
        assert isinstance(at.app.screen, DetailScreen)
        await at.press("minus")
        assert at.app.screen is at.app.console_screen


async def open_detail(at: Seat) -> None:
    await at.press("enter")
    await at.wait()


async def go_to(at: Seat, text: str) -> None:
    """Put the cursor of the detail on the last line with a text."""
    screen = at.app.screen
    assert isinstance(screen, DetailScreen)
    lines = screen._view.all_text.split("\n")
    screen._view._to(max(index for index, each in enumerate(lines) if text in each))
    await at.wait()


# Finding ----------------------------------------------------------------------------------------------------------------------


async def test_the_screen_of_what_has_a_log_offers_the_key_for_it() -> None:
    desk = busy()
    desk.logged = frozenset({Kind.SERVICE, Kind.DEPLOYMENT})
    async with seat(desk) as at:
        await at.press("right")
        await open_detail(at)
        assert "row.logs" in at.keys
        await at.press("l")
        assert [follow.ref.kind for follow in desk.follows] == [Kind.DEPLOYMENT]
        desk.logged = frozenset({Kind.SERVICE})
        await at.press("2")
        await open_detail(at)
        assert "row.logs" not in at.keys


async def test_a_text_is_found_on_the_detail_and_on_the_help() -> None:
    async with seat() as at:
        await open_detail(at)
        view = at.app.screen._view  # type: ignore[attr-defined]
        await at.press("slash", *"oom")
        assert "OOMKilled" in view.cursor_text
        await at.press("enter", "n")
        assert "OOMKilled" in view.cursor_text
        await at.press("escape")
        assert isinstance(at.app.screen, DetailScreen), "the first escape lets go of what was found"
        await at.press("slash", *"nonsense")
        assert at.sees("nothing here is like that")
        await at.press("escape", "escape", "question_mark")
        await at.wait()
        await at.press("slash", *"round", "enter")
        assert "the other way round" in at.app.screen._view.cursor_text  # type: ignore[attr-defined]


# Why --------------------------------------------------------------------------------------------------------------------------

WORKER = Service(
    ref=ref(Kind.SERVICE, "worker"), name=Safe("worker"), health=Health.BAD, restarts=7, message=Safe("OOMKilled"), cpu_share=0.97
)
QUIET = replace(WORKER, restarts=0, cpu_share=None, message=Safe(""))
BROKEN = Deployment(
    ref=ref(Kind.DEPLOYMENT, "d-2"),
    name=Safe("worker"),
    service=Safe("worker"),
    health=Health.BAD,
    error=Safe("exit status 1"),
    created_at=ago(hours=2),
)
HOST = Instance(ref=ref(Kind.INSTANCE, "i-1"), name=Safe("edge-1"), disk_share=0.99, health=Health.WARN)
STUCK = Rollout(
    ref=ref(Kind.ROLLOUT, "r"),
    name=Safe("r"),
    health=Health.BAD,
    phases=(
        Phase(name="build", health=Health.BAD, conclusion=Safe("failure"), started_at=ago(minutes=9), completed_at=ago(minutes=3)),
        Phase(name="infra", needs_approval=True, health=Health.WARN, queued_at=ago(minutes=4)),
    ),
)


@pytest.mark.parametrize(
    ("row", "others", "said"),
    [
        (WORKER, (BROKEN,), "OOMKilled · 7 restarts · its last deployment failed 2h ago: exit status 1 · cpu at 97%"),
        (replace(WORKER, restarts=1, cpu_share=None, message=Safe("")), (), "1 restart"),
        (
            replace(WORKER, restarts=0, cpu_share=0.1, message=Safe("")),
            (replace(BROKEN, health=Health.OK, branch=Safe("main"), finished_at=ago(minutes=3)),),
            "deployed 3m ago (main)",
        ),
        (
            replace(WORKER, restarts=0, cpu_share=None, message=Safe("")),
            (replace(BROKEN, health=Health.OK),),
            "nothing that was told says why",
        ),
        (replace(QUIET, instance=Safe("edge-1")), (HOST,), "edge-1: disk at 99%"),
        (replace(WORKER, health=Health.OK), (BROKEN,), ""),
        (BROKEN, (), "exit status 1"),
        (HOST, (), "disk at 99%"),
        (STUCK, (), "build: failure after 6m00 · infra waits for somebody's approval for 4m00"),
    ],
)
def test_what_speaks_against_a_thing_is_told_and_nothing_else(row: Resource, others: tuple[Resource, ...], said: str) -> None:
    moment = Moment(now=NOW, store=Shelf(row, *others), zone=UTC)
    found = why(row, moment)
    assert " · ".join(each.text for each in found) == said
    if BROKEN in others and said:
        assert BROKEN.ref in {each.ref for each in found}


def test_deployments_of_a_service_are_told_apart_by_their_code() -> None:
    moment = Moment(now=NOW, store=Shelf(), zone=UTC)
    built = Deployment(ref=ref(Kind.DEPLOYMENT, "d"), name=Safe("web"), branch=Safe("main"), commit=Safe("0d4d4519"))
    for row, name in ((built, "main@0d4d451"), (replace(built, branch=Safe(""), commit=Safe("")), "web")):
        assert "".join(piece.text for piece in relation(row, moment, (), "fleet")).split()[0] == name


async def test_the_detail_of_a_failing_thing_says_why_and_leads_to_the_evidence() -> None:
    async with seat() as at:
        await at.press("l")
        at.desk.follows[-1].write(line("upstream timed out", "error"), line("fine"))
        await at.wait()
        await at.press("2")
        await open_detail(at)
        told = at.row("why")
        assert "OOMKilled twice in ten minutes · 7 restarts" in told
        assert at.sees("1 error in its log, the last: upstream timed out")
        await at.press("enter")
        await at.wait()
        assert "deployment on fleet" in at.screen()[0]


async def test_a_variables_value_is_not_among_the_evidence() -> None:
    desk = busy()
    worker = desk.store.get(ref(Kind.SERVICE, "svc-worker"))
    assert isinstance(worker, Service)
    desk.put("fleet", Kind.VARIABLE, [variable("DB_URL", worker)], scope=worker.ref.id)
    async with seat(desk) as at:
        await open_detail(at)
        assert at.sees("DB_URL")
        assert not at.sees("hunter2")


# The mouse --------------------------------------------------------------------------------------------------------------------


async def test_the_mouse_selects_opens_sorts_and_changes_tabs_and_panes() -> None:
    async with seat() as at:
        listing = at.app.console_screen.resources.listing
        table = listing.table
        row = next(index for index, each in enumerate(table.rows) if each.key == ref(Kind.SERVICE, "svc-web-api"))
        await at.pilot.click(table, offset=(5, row + 1))
        assert listing.selected == ref(Kind.SERVICE, "svc-web-api")
        await at.pilot.click(table, offset=(2, 0))
        await at.wait()
        assert listing.sort is not None
        assert listing.sort.column == "name"
        assert not listing.sort.descending, "one click sorts once"
        head = at.app.console_screen.resources.head
        await at.pilot.click(head, offset=(at.row("Deployments").index("Deployments") - head.region.x + 2, 0))
        await at.wait()
        assert at.app.console_screen.resources.kind is Kind.DEPLOYMENT
        await at.pilot.click(at.app.console_screen.rollouts.body, offset=(5, 0))
        await at.wait()
        assert at.front is at.app.console_screen.rollouts
        await at.pilot.double_click(at.app.console_screen.rollouts.body, offset=(5, 0))
        await at.wait()
        assert isinstance(at.app.screen, DetailScreen)
        bottom = len(at.screen()) - 1
        await at.pilot.click(offset=(at.screen()[bottom].index("back") + 1, bottom))
        await at.wait()
        assert at.app.screen is at.app.console_screen, "the key bar can be clicked"


async def test_a_pane_gets_the_keys_wherever_it_is_clicked() -> None:
    async with seat() as at:
        screen = at.app.console_screen
        for pane in (screen.apps, screen.resources, screen.logs, screen.rollouts):
            await at.pilot.click(pane.head, offset=(2, 0))
            await at.wait()
            assert at.front is pane, "its number"
        tab = at.row("Deployments").index("Deployments") - screen.resources.head.region.x
        await at.pilot.click(screen.resources.head, offset=(tab + 1, 0))
        await at.wait()
        assert at.front is screen.resources, "one of its tabs"
        assert screen.resources.body.has_focus


async def test_a_click_on_the_header_shows_what_it_is_about() -> None:
    async with seat() as at:
        header = at.screen()[0]
        await at.pilot.click(offset=(header.index("fleet") + 1, 0))
        await at.wait()
        assert at.sees("Connections of")
        await at.press("escape")
        await at.pilot.click(offset=(header.index("rollwatch") + 1, 0))
        await at.wait()
        assert at.sees("Help:")


async def test_a_line_of_a_thing_opens_with_two_clicks_as_with_enter() -> None:
    async with seat() as at:
        await at.press("enter")
        before = at.screen()[0]
        row = next(index for index, text in enumerate(at.screen()) if text.startswith("   registry/worker:9"))
        await at.pilot.click(offset=(5, row))
        await at.wait()
        assert at.screen()[0] == before, "one click selects"
        await at.pilot.double_click(offset=(5, row))
        await at.wait()
        assert "deployment on fleet" in at.screen()[0]


async def test_who_clicks_in_the_palette_goes_on_typing() -> None:
    async with seat() as at:
        await at.press("colon")
        row = next(index for index, text in enumerate(at.screen()) if "Restart the selected service" in text)
        await at.pilot.click(offset=(at.screen()[row].index("restart"), row))
        await at.press("h", "e", "l", "p")
        assert not at.sees("Restart the selected service")
        await at.press("enter")
        await at.wait()
        assert at.sees("Help:")


def test_a_mouse_that_is_off_is_not_asked_for_and_one_that_is_on_tells_no_movement() -> None:
    made = quiet_driver()
    assert made is not None
    sent: list[str] = []
    for wanted in (False, True):
        driver: Any = made.__new__(made)
        driver._mouse, driver.write, driver.flush = wanted, sent.append, lambda: None
        driver._enable_mouse_support()
    assert sent == ["\x1b[?1000h\x1b[?1006h"]


async def test_what_must_be_selected_is_what_the_verb_is_aimed_at() -> None:
    async with seat() as at:
        await at.press("right_square_bracket", "v")
        assert at.said == "select a service first, or mark several"


async def test_under_a_load_stands_how_it_was_in_the_last_minutes() -> None:
    async with seat() as at:
        worker = next(row for row in at.desk.store.rows(Kind.SERVICE) if row.name == "worker")
        await at.press("enter")
        assert not at.sees("█")
        for share in (0.5, 1.0):
            await at.tick(60)
            at.desk.put("fleet", Kind.SERVICE, [replace(worker, cpu_share=share, memory_bytes=1 << 30)])  # type: ignore[type-var]
            await at.wait()
        lines = [line.strip() for line in at.screen()]
        assert lines[lines.index("cpu       100%") + 1] == "█▅█  50% to 100% in 3 min"
        assert "█▅▅  1.0G to 1.9G in 3 min" in lines


async def test_a_things_screen_names_what_is_joined_with_it_on_other_platforms_and_how_all_of_it_is() -> None:
    async with seat() as at:
        await at.press("1", "enter")
        lines = [line.strip() for line in at.screen()]
        assert lines[lines.index("health    ? unknown") + 1] == "✗ failed with all that belongs to it"
        assert at.row("running").split() == ["checkout", "●", "ok", "running", "on", "fleet"]
        await at.press("end", "enter")
        assert at.sees("service on fleet")
        assert at.sees("main@a1b2c3d"), "and from the service back to what was rolled out"
