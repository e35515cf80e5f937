"""Lists: sorted by any column, filtered by columns, faults only, saved to a file that was not there before."""

from __future__ import annotations

import json
import re
import stat
from dataclasses import replace
from datetime import UTC, timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.test_tables import BARE, NOW, Shelf, ago, ref
from tests.ui.desk import NOW as DESK_NOW
from tests.ui.desk import READS, Desk, busy, refused
from tests.ui.desk import ref as fleet_ref
from tests.ui.desk import service as fresh
from tests.ui.test_console import seat
from tui.errors import Unreachable
from tui.local.exports import write_lines
from tui.model import Deployment, Health, Kind, Phase, Resource, Rollout, Service
from tui.tables import FORMS, TABLES, Filter, FilterError, Moment, Sort, column_of, offered, parse_filter, search_text
from tui.tables.columns import Column
from tui.text import Safe
from tui.ui.filtering import FilterInput
from tui.ui.panes.look import Look
from tui.ui.screens.memory import MemoryScreen
from tui.ui.settings import Settings
from tui.ui.widgets.resource_table import ResourceTable


def service(name: str, **more: object) -> Service:
    return Service(ref=ref(Kind.SERVICE, name), name=Safe(name), **more)  # type: ignore[arg-type]


SERVICES: tuple[Resource, ...] = (
    service("web-api", health=Health.OK, status=Safe("running"), cpu_share=0.12, memory_bytes=310 * 1024**2, created_at=ago(minutes=90)),
    service("worker", health=Health.WARN, status=Safe("degraded"), cpu_share=0.97, memory_bytes=1900 * 1024**2, created_at=ago(days=12)),
    service("=cmd", health=Health.BAD, status=Safe("failed"), cpu_share=None, memory_bytes=None, created_at=None),
    service(
        "cron", health=Health.OK, status=Safe("running"), cpu_share=0.02, memory_bytes=9 * 1024**2, created_at=ago(hours=2, minutes=30)
    ),
)
TABLE = TABLES[Kind.SERVICE]
AT = Moment(now=NOW, store=Shelf(*SERVICES), zone=UTC)


def names(text: str) -> set[str]:
    wanted: Filter = parse_filter(text, TABLES)
    return {str(row.name) for row in wanted.among(SERVICES, search_text, TABLE, AT)}


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("status=failed", {"=cmd"}),
        ("health=degraded", {"worker"}),
        ("health!=ok", {"worker", "=cmd"}),
        ("status=run*", {"web-api", "cron"}),
        ("!status=running", {"worker", "=cmd"}),
        ("status:unn", {"web-api", "cron"}),
        ("status=failed,degr*", {"worker", "=cmd"}),
        ("status!=failed,degr*", {"web-api", "cron"}),
        ("status:fail,unn", {"web-api", "=cmd", "cron"}),
        ("age<2h", {"web-api"}),
        ("age>2h", {"worker", "cron"}),
        ("age<2h30", set()),
        ("cpu>80%", {"worker"}),
        ("cpu>80", {"worker"}),
        ("cpu<=12%", {"web-api", "cron"}),
        ("mem>1.5G", {"worker"}),
        ("mem<10m", {"cron"}),
        ("/^fleet.*w(eb|ork)/", {"web-api", "worker"}),
        ("!/w(eb|ork)/", {"=cmd", "cron"}),
        ("/(svc|cron)+/", {"cron"}),
        (r"/([a-z]+\/){2}.*worker/", {"worker"}),
        ("age<1d running !cron", {"web-api"}),
        ("host:nothing", set()),
        ("?wapi", {"web-api"}),
        ("?apiw", set()),
        ("!?wr", {"web-api", "=cmd", "cron"}),
    ],
)
def test_a_filter_asks_for_columns(text: str, shown: set[str]) -> None:
    if text == "age<2h30":
        with pytest.raises(FilterError, match="wants a number"):
            names(text)
    else:
        assert names(text) == shown


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("statsu=failed", "no column is called statsu, did you mean status?"),
        ("cpu>", "right after the >"),
        ("cpu>much", "cpu> wants a number, as in cpu>80%"),
        ("cpu>2h", "cpu> wants a number, as in cpu>80%"),
        ("mem>2h", "mem> wants a number, as in mem>1.5G"),
        ("age>5G", "age> wants a number, as in age>2h"),
        ("age>1mo", "age> wants a number, as in age>2h"),
        ("restarts>5m", "restarts> wants a number, as in restarts>5"),
        ("/(/", "not a regular expression"),
        ("/(?a)(?u)x/", "not a regular expression"),
        ("/(a+)+b/", "take forever"),
        (r"/(\w+-?)+prod/", "take forever"),
        (r"/((\w+))*prod/", "take forever"),
        (r"/(\w\w?)+prod/", "take forever"),
        (r"/(?:\w\w|\w)+prod/", "take forever"),
        (r"/([\w.]+\.){9}prod/", "take forever"),
    ],
)
def test_a_filter_that_cannot_be_meant_says_what_to_write(text: str, said: str) -> None:
    with pytest.raises(FilterError) as told:
        parse_filter(text, TABLES)
    assert said in str(told.value)


def test_where_no_columns_are_known_a_condition_is_a_word() -> None:
    assert parse_filter("status=failed").fits("x status=failed y")


@pytest.mark.parametrize(
    ("sort", "order"),
    [
        (Sort("name"), ["=cmd", "cron", "web-api", "worker"]),
        (Sort("name", descending=True), ["worker", "web-api", "cron", "=cmd"]),
        (Sort("cpu", descending=True), ["worker", "web-api", "cron", "=cmd"]),
        (Sort("cpu"), ["cron", "web-api", "worker", "=cmd"]),
        (Sort("age"), ["web-api", "cron", "worker", "=cmd"]),
        (Sort("nothing"), ["=cmd", "worker", "cron", "web-api"]),
    ],
)
def test_a_column_sorts_by_its_value_and_what_has_none_comes_last(sort: Sort, order: list[str]) -> None:
    assert [str(row.name) for row in TABLE.sorted(SERVICES, AT, sort)] == order


TIMED: tuple[Resource, ...] = (
    *(
        Deployment(ref=ref(Kind.DEPLOYMENT, each), name=Safe(each), created_at=ago(days=1), finished_at=ago(days=1, seconds=-seconds))
        for each, seconds in (("quick", 41), ("slow", 203), ("slowest", 3_700))
    ),
    *(
        Rollout(ref=ref(Kind.ROLLOUT, each), name=Safe(each), started_at=ago(days=1), completed_at=ago(days=1, seconds=-seconds))
        for each, seconds in (("quick", 41), ("slow", 203), ("slowest", 3_700))
    ),
    *(service(each, deployment=each) for each in ("quick", "slowest")),
    service("slow", deployed_at=ago(hours=23.97)),
)


VERSIONS: tuple[Resource, ...] = tuple(
    make(ref=ref(kind, each), name=Safe(each), version=Safe(each), **more)
    for kind, make, more in (
        (Kind.SERVICE, Service, {}),
        (Kind.DEPLOYMENT, Deployment, {"runtime": Safe("python")}),
    )
    for each in ("3.12", "3.9", "v3.10.1", "3.12-rc1", "3.9.11", "18")
)


@pytest.mark.parametrize(("kind", "column"), [(Kind.SERVICE, "version"), (Kind.DEPLOYMENT, "runtime"), (Kind.DEPLOYMENT, "field.version")])
def test_versions_are_sorted_and_compared_as_versions(kind: Kind, column: str) -> None:
    """3.9 came after 3.12, and version>3.9 left out 3.12."""
    at = Moment(now=NOW, store=Shelf(*VERSIONS), zone=UTC)
    rows = [row for row in VERSIONS if row.ref.kind is kind]
    table = replace(TABLES[kind], columns=(*TABLES[kind].columns, *filter(None, [column_of(kind, "field.version")])))
    in_order = ["3.9", "3.9.11", "3.12-rc1", "3.12", "18"]
    assert [str(row.name) for row in table.sorted(rows, at, Sort(column)) if row.name[0] != "v"] == in_order
    if column != "runtime":
        assert [str(row.name) for row in table.sorted(rows, at, Sort(column))].index("v3.10.1") == 2
        found = parse_filter("version>=3.12 version<3.12.1", {kind: table}).among(rows, search_text, table, at)
        assert [str(row.name) for row in found] == ["3.12"]


@pytest.mark.parametrize(("kind", "column"), [(Kind.DEPLOYMENT, "took"), (Kind.ROLLOUT, "elapsed"), (Kind.SERVICE, "deployed")])
def test_times_are_sorted_as_times(kind: Kind, column: str) -> None:
    """41 seconds came after 3m23, and what only the deployment tells of came as what was never put out."""
    at = Moment(now=NOW, store=Shelf(*TIMED), zone=UTC)
    rows = [row for row in TIMED if row.ref.kind is kind]
    found = [str(row.name) for row in TABLES[kind].sorted(rows, at, Sort(column, descending=kind is Kind.SERVICE))]
    assert found == ["quick", "slow", "slowest"]


@pytest.mark.parametrize(
    ("kind", "text"), [(Kind.DEPLOYMENT, "took>1m"), (Kind.ROLLOUT, "lasted>60sec"), (Kind.SERVICE, "deployed<1435min")]
)
def test_a_condition_on_a_time_compares_times(kind: Kind, text: str) -> None:
    """It compared the first number of what was shown: 3m23 was no more than a minute."""
    rows = [row for row in TIMED if row.ref.kind is kind]
    found = parse_filter(text, TABLES).among(rows, search_text, TABLES[kind], Moment(now=NOW, store=Shelf(*TIMED), zone=UTC))
    assert {str(row.name) for row in found} == {"slow", "slowest"} - ({"slow"} if kind is Kind.SERVICE else set())


@pytest.mark.parametrize("kind", [kind for kind in TABLES if kind in BARE])
def test_every_column_of_every_kind_can_be_sorted_by_and_saved(kind: Kind) -> None:
    row = BARE[kind]
    for column in TABLES[kind].columns:
        assert TABLES[kind].sorted([row, row], AT, Sort(column.id, descending=True)) == [row, row]
    for form in FORMS.values():
        assert "hunter2" not in "\n".join(form(TABLES[kind].columns, [row], AT))


async def test_a_number_of_the_platforms_own_json_sorts_and_is_compared_however_large() -> None:
    """One of four hundred digits ended the console with the key that sorts; less than 2 left out -5, more than 100 what has an e in it."""
    told = {"low": "-5", "tiny": "1e-07", "word": '"7 or so"', "great": "2e16", "huge": "1" + "0" * 400}
    rows = tuple(service(name, raw=Safe(f'{{"lag": {text}}}')) for name, text in told.items())
    added = column_of(Kind.SERVICE, "json.lag")
    assert added is not None
    table = replace(TABLE, columns=(*TABLE.columns, added))
    at_ = Moment(now=NOW, store=Shelf(*rows), zone=UTC)
    assert [row.name for row in table.sorted(rows, at_, Sort("json.lag"))] == ["low", "tiny", "great", "huge", "word"]
    for text, found in (("lag<2", ["low", "tiny"]), ("lag>100", ["great", "huge"]), ("lag>6", ["word", "great", "huge"])):
        wanted = parse_filter(text, {Kind.SERVICE: table})
        assert [row.name for row in wanted.among(rows, search_text, table, at_)] == found, text
    desk = Desk()
    desk.put("fleet", Kind.SERVICE, rows)
    async with seat(desk) as at:
        listing = at.app.console_screen.resources.listing
        at.app.console_screen.lists.show_look(listing, Look(columns=("name", "json.lag")))
        await at.press("S", "S")
        assert at.said.startswith("services by lag")
        assert at.app.is_running


async def test_what_a_column_looks_up_elsewhere_is_sorted_and_filtered_anew_when_that_changes() -> None:
    """A deployment began, and the list by last deploy stayed in its old order until one of the services was another."""
    async with seat() as at:
        at.app.console_screen.lists.sort_by("deployed")
        await at.wait()
        listing = at.app.console_screen.resources.listing
        assert listing.rows[0].name == "web-api"
        began = Deployment(
            ref=fleet_ref(Kind.DEPLOYMENT, "d-9"), name=Safe("worker"), service=Safe("worker"), health=Health.BUSY, created_at=DESK_NOW
        )
        at.desk.put("fleet", Kind.DEPLOYMENT, [*at.desk.store.rows(Kind.DEPLOYMENT), began])
        await at.wait()
        assert listing.rows[0].name == "worker"
        route = next(iter(at.desk.store.rows(Kind.ROUTE)))
        at.desk.put("fleet", Kind.ROUTE, [replace(route, service=Safe("svc-web-api"))])  # type: ignore[call-arg]
        at.app.open_list(Kind.ROUTE)
        await at.press("slash", *"service=renamed", "enter")
        routes = at.app.console_screen.resources.listing
        assert routes.rows == ()
        web = next(row for row in at.desk.store.rows(Kind.SERVICE) if row.name == "web-api")
        at.desk.put("fleet", Kind.SERVICE, [replace(web, name=Safe("renamed"))])
        await at.wait()
        assert len(routes.rows) == 1


async def test_the_tree_under_a_filter_follows_all_that_it_looks_at() -> None:
    """Only the platform's word was another, which the tree does not show but its filter finds: nothing matched, it went on saying."""
    async with seat() as at:
        await at.press("1", "slash", *"draining", "enter")
        assert at.sees("None of 3 apps match the filter.")
        rows = [replace(row, status=Safe("draining")) if row.name == "checkout" else row for row in at.desk.store.rows(Kind.SERVICE)]
        at.desk.put("fleet", Kind.SERVICE, rows)
        await at.wait()
        assert not at.sees("None of 3 apps match the filter.")


def test_a_list_is_saved_as_text_csv_or_json() -> None:
    text, csv, lines = (list(FORMS[ending](TABLE.columns, SERVICES, AT)) for ending in ("txt", "csv", "json"))
    assert text[0].split()[:2] == ["NAME", "HEALTH"]
    assert len(text) == len(csv) == len(lines) + 1 == 5
    assert csv[3].startswith("fleet/service/=cmd,'=cmd,")
    assert json.loads(lines[1])["status"] == "degraded"


async def test_keys_sort_a_list_show_its_faults_and_save_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    async with seat(settings=Settings(zone=UTC, save=write_lines)) as at:
        listing = at.app.console_screen.resources.listing
        await at.press("S")
        assert listing.sort == Sort("name")
        assert [str(row.name) for row in listing.rows] == sorted(str(row.name) for row in listing.rows)
        await at.press("R")
        assert [str(row.name) for row in listing.rows] == sorted((str(row.name) for row in listing.rows), reverse=True)
        await at.press("F")
        assert listing.rows
        assert {row.health for row in listing.rows} <= {Health.WARN, Health.BAD}
        await at.press("escape", "W")
        await at.pilot.app.workers.wait_for_complete()
        (saved,) = tmp_path.iterdir()
        assert stat.S_IMODE(saved.stat().st_mode) == 0o600
        assert len(saved.read_text().splitlines()) == listing.total + 1
        await at.press("slash", *"health!=ok", "enter")
        assert listing.rows
        assert Health.OK not in {row.health for row in listing.rows}


async def test_a_list_is_saved_at_home_where_the_current_folder_takes_no_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    gone, home = tmp_path / "gone", tmp_path / "home"
    gone.mkdir()
    home.mkdir()
    monkeypatch.chdir(gone)
    monkeypatch.setenv("HOME", str(home))
    gone.rmdir()
    async with seat(settings=Settings(zone=UTC, save=write_lines)) as at:
        await at.press("W")
        await at.pilot.app.workers.wait_for_complete()
        await at.pilot.pause()
        (saved,) = home.iterdir()
        assert len(saved.read_text().splitlines()) == at.app.console_screen.resources.listing.total + 1
        assert at.sees("rows are in")
        home.rename(gone)
        await at.press("W")
        await at.pilot.app.workers.wait_for_complete()
        await at.pilot.pause()
        assert at.sees("cannot be written, No such file or directory")


async def test_a_list_stands_still_under_a_word_and_an_age_and_goes_on() -> None:
    async with seat() as at:
        await at.press("f")
        at.desk.put("fleet", Kind.SERVICE, [fresh("web-api", Health.BAD, "crashed")])
        await at.tick(75)
        assert "FROZEN 1m" in at.row("Deployments")
        assert "● ok" in at.row(" web-api  ")
        assert at.sees("image-proxy")
        await at.press("slash", *"mailer", "enter")
        assert "1/5" in at.row("Deployments"), "what stands still can be filtered"
        await at.press("escape", "f")
        assert not at.sees("FROZEN")
        assert "✗ failed" in at.row(" web-api  ")
        assert not at.sees("image-proxy")


async def test_on_eighty_columns_all_keys_of_the_columns_are_seen() -> None:
    async with seat(size=(80, 24)) as at:
        await at.press("2", "C")
        assert at.sees("esc done")


async def test_columns_are_chosen_moved_and_taken_from_the_platforms_own_record() -> None:
    async with seat(size=(200, 50)) as at:
        listing = at.app.console_screen.resources.listing
        assert "RESTARTS" in at.row("NAME")
        assert "PORT" not in at.row("NAME")
        await at.press("C")
        assert at.sees("Columns of the services")
        table = at.app.screen.query_one(ResourceTable)
        assert "fleet/service" not in " ".join(str(row.key) for row in table.rows)
        table.move_to("json.port")
        await at.press("space")
        table.move_to("restarts")
        await at.press("space")
        table.move_to("status")
        await at.press("minus", "escape")
        titles = at.row("NAME")
        assert "PORT" in titles
        assert "RESTARTS" not in titles
        assert titles.index("STATUS") < titles.index("HEALTH")
        assert "8080" in at.row(" web-api  ")
        at.app.console_screen.lists.sort_by("json.port")
        assert listing.sort == Sort("json.port")
        await at.press("C", "r", "escape")
        assert listing.sort is None, "a column that is gone sorts nothing"
        assert "RESTARTS" in at.row("NAME")


@pytest.mark.parametrize("text", ["port>8000", "port=8080", "created<50d", "restarts<1"])
async def test_a_filter_asks_for_the_columns_that_were_added(text: str) -> None:
    """No column was called so, or nothing matched: created is one of deployments."""
    async with seat(size=(200, 50)) as at:
        rows = [row for row in at.desk.store.rows(Kind.SERVICE) if isinstance(row, Service)]
        others = [replace(row, created_at=ago(days=90), restarts=9) for row in rows if row.name != "web-api"]
        at.desk.put("fleet", Kind.SERVICE, [replace(row, restarts=0) for row in rows if row.name == "web-api"] + others)
        await at.wait()
        listing = at.app.console_screen.resources.listing
        at.app.console_screen.lists.show_look(listing, Look(columns=("health", "json.port", "field.created_at")))
        await at.press("slash", *text, "enter")
        assert [str(row.name) for row in listing.rows] == ["web-api"]


@pytest.mark.parametrize("text", ["web /(?i)API/", "/(?P<x>web)/ /(?P<x>api)/"])
async def test_expressions_that_cannot_stand_side_by_side_are_tried_each_for_itself(text: str) -> None:
    """Whoever typed them was out of the console."""
    async with seat() as at:
        await at.press("slash", *text, "enter")
        assert [str(row.name) for row in at.app.console_screen.resources.listing.rows] == ["web-api"]


async def test_a_filter_for_a_column_that_the_list_lacks_says_so() -> None:
    """No deployments match the filter, it said of cpu>80, which no deployment has; and of a column that was taken away again."""
    async with seat() as at:
        listing = at.app.console_screen.resources.listing
        at.app.console_screen.lists.show_look(listing, Look(columns=("health", "json.port")))
        await at.press("slash", *"port>8000", "enter")
        assert [str(row.name) for row in listing.rows] == ["web-api"]
        at.app.console_screen.lists.show_look(listing, Look())
        await at.wait()
        assert at.sees("No column of the services is called port; C shows which there can be.")
        await at.press("escape", "right_square_bracket", "slash", *"cpu>80 !=x !mem>1G", "enter")
        assert at.sees("No column of the deployments is called cpu; C")


@pytest.mark.parametrize("pane", ["2", "T"])
@pytest.mark.parametrize("key", ["enter", "tab", "down"])
async def test_a_filter_that_is_wrong_stays_to_be_mended(pane: str, key: str) -> None:
    """It was gone with what was wrong with it, and who went on typing pressed the keys of the list."""
    async with seat() as at:
        await at.press(pane)
        assert isinstance(at.app.screen, MemoryScreen) is (pane == "T")
        await at.press("slash", *"/[/", key)
        assert at.sees("this is not a regular expression")
        assert at.app.screen.query_one(FilterInput).has_focus
        await at.press("escape")
        assert not at.sees("this is not a regular expression")
        assert not at.app.screen.query_one(FilterInput).has_focus


@pytest.mark.parametrize(("pane", "column", "said"), [("2", "message", "sorted: message ▲"), ("3", "elapsed", "sorted: lasted ▲")])
async def test_an_order_that_no_title_shows_is_told(pane: str, column: str, said: str) -> None:
    """On a narrow screen what is worst was no longer first, and nothing said why."""
    async with seat(size=(80, 24)) as at:
        await at.press(pane)
        at.app.console_screen.lists.sort_by(column)
        await at.wait()
        assert said in at.row(f"▌{pane}")
        at.app.console_screen.lists.sort_by("name")
        await at.wait()
        assert ("sorted: " in at.row(f"▌{pane}")) is (pane == "3")


async def test_a_wide_list_cuts_nothing_and_moves_sideways() -> None:
    async with seat(size=(100, 40)) as at:
        assert "MESSAGE" not in at.row("NAME")
        await at.press("z", "w")
        assert "wide" in at.row("▌2")
        for _ in range(20):
            await at.press("greater_than_sign")
        assert "MESSAGE" in at.row("NAME")
        assert at.sees("OOMKilled twice in ten minutes")
        assert " web-api" in at.row(" web-api"), "the name of the thing stays"
        await at.press("w")
        assert "HEALTH" in at.row("NAME")
        assert "MESSAGE" not in at.row("NAME")


async def test_a_wide_list_says_how_old_its_rows_are_where_that_is_seen() -> None:
    async with seat(size=(100, 40)) as at:
        await at.press("z", "w")
        await at.tick(70.0)
        at.desk.fail("fleet", READS["dployr"], refused("fleet"))
        await at.wait()
        assert at.row("NAME").split()[:3] == ["NAME", "SEEN", "HEALTH"]
        assert at.row(" web-api ").split()[:3] == ["web-api", "1m", "●"]


async def test_a_rollout_that_nobody_can_read_lasts_no_longer_than_it_was_seen_to() -> None:
    async with seat(size=(200, 50)) as at:
        going = next(row for row in at.desk.store.rows(Kind.ROLLOUT) if isinstance(row, Rollout) and row.completed_at is None)
        before = at.row(f"{going.app}/{going.environment}")
        assert "5m11" in before.split()
        at.desk.fail("shop", READS["encore"], refused("shop"))
        await at.tick(600.0)
        row = at.row(f"{going.app}/{going.environment}")
        assert "5m11" in row.split()
        assert row.split()[-1] == "10m", "how long ago that was seen"
        await at.press("3", "home", "f")
        await at.tick(60.0)
        assert "5m11" in at.row(f"{going.app}/{going.environment}").split(), "a list that stands still says the same"


async def test_what_vanished_while_its_list_was_out_of_date_is_called_by_its_name() -> None:
    async with seat() as at:
        at.desk.fail("fleet", READS["dployr"], refused("fleet"))
        await at.press("2", "home", "down")
        gone = at.app.session.store.get(at.app.console_screen.front.selected)  # type: ignore[arg-type]
        assert gone is not None
        left = [each for each in at.desk.store.rows(Kind.SERVICE) if each is not gone]
        at.desk.put("fleet", Kind.SERVICE, left)
        await at.wait()
        assert at.sees(f"○ {gone.name} is gone, so nothing is selected")


async def test_a_column_claims_room_for_what_changed_and_for_what_it_looks_up() -> None:
    async with seat() as at:
        rows = list(at.desk.store.rows(Kind.SERVICE))
        machine = next(iter(at.desk.store.rows(Kind.INSTANCE)))
        placed = [*(replace(row, instance=Safe(machine.ref.id)) for row in rows), fresh("other")]  # type: ignore[call-arg]
        at.desk.put("fleet", Kind.SERVICE, placed)
        await at.wait()

        def claimed() -> list[int]:
            columns = {each.id: each.low for each in at.app.console_screen.resources.listing.columns}
            return [columns[id_] for id_ in ("name", "instance")]

        before = claimed()
        at.desk.put("fleet", Kind.SERVICE, [*placed[:-1], replace(placed[-1], name=Safe("a-name-that-is-rather-long"))])
        await at.wait()
        assert (claimed()[0] > before[0], claimed()[1]) == (True, before[1])
        at.desk.put("fleet", Kind.INSTANCE, [replace(machine, name=Safe("a-machine-with-a-long-name"))])
        at.desk.put("fleet", Kind.SERVICE, placed)
        await at.wait()
        assert claimed()[1] > before[1], "though its own record is the same"


async def test_what_changed_is_marked_with_the_direction_of_numbers() -> None:
    async with seat(size=(200, 50)) as at:
        calm = replace(SERVICES[0], ref=ref(Kind.SERVICE, "svc-web-api"), created_at=NOW)
        for share, memory, sign in ((0.12, 310, ""), (0.34, 300, "34%↑"), (0.34, 310, "310M↑")):
            at.desk.put("fleet", Kind.SERVICE, [replace(calm, cpu_share=share, memory_bytes=memory * 1024**2)])
            await at.wait()
            assert sign in at.row("web-api  ")
        await at.tick(120)
        marked = [cell for cell in at.app.console_screen.resources.body._flash if cell[1] not in (4, 5)]
        assert marked == [], "an age that passes is no change"


def test_a_column_that_sounds_like_a_secret_is_never_offered() -> None:
    raw = Safe('{"port": 1, "api_token": "x", "password": "x", "labels": ["a"], "env": {"A": "b"}, "nothing": null}')
    found = {each.id for each in offered(Kind.SERVICE, [service("a", raw=raw)])}
    assert {each for each in found if each.startswith("json.")} == {"json.port"}
    assert column_of(Kind.SERVICE, "json.api_token") is None
    assert column_of(Kind.SERVICE, "field.nonsense") is None
    every = [column_of(kind, each.id) for kind in BARE for each in offered(kind, [BARE[kind]])]
    assert None not in every


async def test_marks_that_a_filter_hides_are_gone_and_said_to_be() -> None:
    async with seat() as at:
        await at.press("space", "j", "space")
        assert "2 marked" in at.row("Services")
        await at.press("/", *"worker", "enter")
        assert "marked" not in at.row("Services").replace("1 marked", "")
        assert "not marked any more: not among what is shown" in at.said


async def test_where_there_is_nothing_the_key_that_makes_the_first_is_named() -> None:
    desk = Desk()
    for connection, kinds in READS.items():
        name = {"encore": "shop", "dployr": "fleet", "phase": "vault"}[connection]
        for kind in kinds:
            desk.put(name, kind, [])
    async with seat(desk) as at:
        assert at.sees("n creates one"), "an app"
        assert at.sees("d deploys one")
        assert at.sees("t triggers one, i follows one begun elsewhere")
        await at.press("2", "]", "]")
        assert at.app.console_screen.resources.kind is Kind.INSTANCE
        assert sum("creates one" in line for line in at.screen()) == 1, "nobody can create a machine here"
        desk.read_only = True
        await at.tick(1)
        desk.put("fleet", Kind.SERVICE, [])
        await at.press("[", "[")
        assert not at.sees("deploys one")


async def test_a_mark_among_thousands_makes_no_row_that_nobody_sees(monkeypatch: pytest.MonkeyPatch) -> None:
    desk = busy()
    desk.put("fleet", Kind.SERVICE, [fresh(f"web-{number:04}") for number in range(2_000)])
    async with seat(desk) as at:
        made = 0
        cell = Column.cell

        def counted(column: Any, row: Resource, moment: Moment) -> Any:
            nonlocal made
            made += 1
            return cell(column, row, moment)

        monkeypatch.setattr(Column, "cell", counted)
        await at.press("space", "j", "space")
        assert [ref.id for ref in at.app.console_screen.resources.marked] == ["svc-web-0000", "svc-web-0001"]
        assert made < 1_000


async def test_which_length_of_a_rollout_is_which_stands_over_its_column() -> None:
    async with seat(size=(120, 40)) as at:
        head, row = at.row("Live rollouts"), at.row("5m11")
        assert head.index("NEEDS APPROVAL") < head.index("LASTED") < head.index("STARTED")
        assert head.index("LASTED") + 6 == row.index("5m11") + 4
        assert re.search(r"\d[smh]", row[head.index("STARTED") : head.index("STARTED") + 7])
        # What is said of the whole list is not overwritten where it is narrow.
        await at.pilot.resize_terminal(80, 24)
        await at.press("3")
        assert "◆ 1 NEEDS APPROVAL" in at.row("Live rollouts")
        assert all(len(each) <= 80 for each in at.screen())


async def test_phases_have_the_form_that_fits_as_soon_as_their_pane_is_shown_again() -> None:
    """Where one pane is shown at a time, the phases were cut until the next second: what waits for a person may stand at their end."""
    desk = busy()
    one = next(row for row in desk.store.rows(Kind.ROLLOUT) if isinstance(row, Rollout))
    async with seat(desk, (50, 14)) as at:
        await at.press("3", "2")
        desk.put("shop", Kind.ROLLOUT, [one, replace(one, ref=ref(Kind.ROLLOUT, "r-2", "shop"), environment=Safe("longer-name"))])
        await at.press("3")
        shown = at.row("checkout/prod")
        at.app._redraw(frozenset(Kind))
        await at.wait()
        assert shown == at.row("checkout/prod")
        assert "…" not in shown


def course(second: int) -> tuple[Phase, ...]:
    """The phases of a rollout so many seconds after it was begun: a build of 62, a wait for somebody of 100, infra until 200, a failure."""

    def phase(name: str, begun: int, ends: int, **more: Any) -> Phase:
        if second < begun:
            return Phase(name=name, health=Health.IDLE, status=Safe("queued"))
        done = {"completed_at": NOW + timedelta(seconds=ends), "health": Health.OK} if second >= ends else {"health": Health.BUSY}
        return Phase(name=name, status=Safe("running"), started_at=NOW + timedelta(seconds=begun), **{**done, **more})

    asks = {"needs_approval": True, "health": Health.WARN} if 62 <= second < 162 else {}
    failed = {"conclusion": Safe("failure"), "health": Health.BAD} if second >= 800 else {}
    return phase("build", 0, 62), phase("infra", 62, 200, **asks), phase("deploy", 200, 800, **failed)


async def test_a_rollout_that_begins_comes_into_sight_where_nobody_is_busy_with_the_list() -> None:
    desk = busy()
    old = next(row for row in desk.store.rows(Kind.ROLLOUT) if isinstance(row, Rollout) and row.completed_at is not None)
    rows = [replace(old, ref=ref(Kind.ROLLOUT, f"old-{number}", "shop"), target=Safe(f"old-{number}")) for number in range(20)]
    desk.put("shop", Kind.ROLLOUT, rows)
    async with seat(desk) as at:
        await at.press("3", "end")
        table = at.app.console_screen.rollouts.body
        last = table.cursor_key
        begun = replace(old, ref=ref(Kind.ROLLOUT, "roll_new", "shop"), target=Safe("brand-new"), completed_at=None, health=Health.BUSY)
        desk.put("shop", Kind.ROLLOUT, [begun, *rows])
        await at.wait()
        assert not at.sees("brand-new"), "who is looking at the end of the list goes on doing so"
        await at.press("2")
        desk.put("shop", Kind.ROLLOUT, [replace(begun, ref=ref(Kind.ROLLOUT, "roll_newer", "shop"), target=Safe("newer")), begun, *rows])
        await at.wait()
        assert at.sees("newer")
        assert at.sees("brand-new")
        await at.press("3")
        assert table.cursor_key == last
        assert at.sees("›checkout"), "what the keys are aimed at is in sight"


@pytest.mark.parametrize("size", [(100, 30), (120, 40), (124, 40), (128, 40), (132, 40), (160, 45)])
async def test_no_column_of_the_rollouts_comes_or_goes_because_a_phase_has_a_cell_more(size: tuple[int, int]) -> None:
    desk = busy()
    (one, *_) = (row for row in desk.store.rows(Kind.ROLLOUT) if isinstance(row, Rollout))
    one = replace(
        one,
        app=Safe("checkout-3p2i"),
        environment=Safe("staging"),
        target=Safe("plan/deploy-failure"),
        queued_at=NOW,
        started_at=NOW,
        created_at=NOW,
    )
    desk.put("shop", Kind.ROLLOUT, [replace(one, phases=course(0))])
    async with seat(desk, size) as at:
        table = at.app.console_screen.rollouts.body
        shown = [slot.id for slot in table.slots]
        titles = at.row("Live rollouts").split()[-2:]
        for second in (9, 10, 59, 61, 62, 70, 71, 121, 122, 161, 163, 201, 210, 259, 260, 799, 801):
            await at.tick(NOW.timestamp() + second - desk.clock.wall().timestamp())
            desk.put("shop", Kind.ROLLOUT, [replace(one, phases=course(second), completed_at=None)])
            await at.wait()
            assert [slot.id for slot in table.slots] == shown, second
            assert at.row("Live rollouts").split()[-2:] == titles, second
            if 62 <= second < 162 and size[0] >= 120:
                assert "◆ NEEDS APPROVAL " in at.row("plan/"), "for how long is told as well"


@pytest.mark.parametrize("size", [(120, 40), (80, 24)])
async def test_a_notice_says_to_whom_what_happened_and_what_next_however_narrow_its_pane(size: tuple[int, int]) -> None:
    desk = busy()
    async with seat(desk, size) as at:
        if size[0] == 80:
            await at.press("1")
        desk.fail("vault", READS["phase"], Unreachable("vault.example.com: all 3 addresses refused", connection="vault"), after=12)
        await at.tick(1)
        notice = at.app.console_screen.apps._notice
        lines = ["".join(part.text for part in notice.render_line(y)).rstrip() for y in range(notice.size.height)]
        told = " ".join(" ".join(lines).split())
        assert "▲ vault · no answer · next try in 11s · as of <" in told
        assert len(lines) <= 3
        assert all(len(line) < notice.size.width for line in lines)
        assert lines[-1].endswith(("refused", "…"))
        high = len(lines)
        desk.fail("vault", READS["phase"], Unreachable("x", connection="vault"), after=12)
        await at.tick(1)
        assert notice.size.height == high, "the list above does not jump while it is wrong"
        for kind in READS["phase"]:
            desk.put("vault", kind, [])
        await at.tick(1)
        assert not notice.display


async def test_how_the_last_deployment_went_is_never_cut_on_eighty_columns() -> None:
    async with seat(size=(80, 24)) as at:
        await at.press("2")
        row = at.row("worker")
        assert "✗ 2h failed" in row
        assert "…" not in row
        before = at.screen()[3]
        desk = at.desk
        rows = [replace(each, status=Safe("restarting")) for each in desk.store.rows(Kind.SERVICE)]
        desk.put("fleet", Kind.SERVICE, rows)  # type: ignore[arg-type]
        await at.tick(1)
        assert at.screen()[3] == before, "no column leaves or moves because something restarts"
