"""The columns, words and filters that every list is made of."""

from __future__ import annotations

from dataclasses import fields, replace
from datetime import UTC, datetime, timedelta

import pytest

from tui.clock import length, span
from tui.engine.recall.usual import usual
from tui.model import (
    KINDS,
    TONES,
    Application,
    Deployment,
    Environment,
    Health,
    Instance,
    Kind,
    Phase,
    Project,
    Ref,
    Resource,
    Rollout,
    Route,
    Service,
    Tone,
    Variable,
    Webhook,
)
from tui.tables import (
    GLYPHS,
    NOTHING,
    TABLES,
    FilterError,
    Moment,
    age,
    bars,
    details,
    fit,
    parse_filter,
    rollout_word,
    search_text,
    share,
    size,
    state,
    why,
)
from tui.tables.cells import phase_cell
from tui.tables.differences import beside, differences, is_told, one_before
from tui.tables.relations import related
from tui.text import Safe, Secret

NOW = datetime(2025, 11, 5, 22, 31, 7, tzinfo=UTC)


class Shelf:
    """A store of a few things."""

    def __init__(self, *rows: Resource) -> None:
        self._rows = rows

    def rows(self, kind: Kind) -> tuple[Resource, ...]:
        return tuple(row for row in self._rows if row.ref.kind is kind)

    def get(self, ref: Ref) -> Resource | None:
        return next((row for row in self._rows if row.ref == ref), None)


def ref(kind: Kind, id_: str = "x-1", connection: str = "fleet") -> Ref:
    return Ref(connection=connection, kind=kind, id=id_)


def ago(**spans: float) -> datetime:
    return NOW - timedelta(**spans)


def moment(*rows: Resource) -> Moment:
    return Moment(now=NOW, store=Shelf(*rows), zone=UTC)


def texts(row: Resource, *others: Resource) -> dict[str, str]:
    now = moment(row, *others)
    return {column.id: column.text(row, now) for column in TABLES[row.ref.kind].columns}


BARE: dict[Kind, Resource] = {
    Kind.APPLICATION: Application(ref=ref(Kind.APPLICATION), name=Safe("")),
    Kind.ENVIRONMENT: Environment(ref=ref(Kind.ENVIRONMENT), name=Safe(""), app=ref(Kind.APPLICATION)),
    Kind.DEPLOYMENT: Deployment(ref=ref(Kind.DEPLOYMENT), name=Safe("")),
    Kind.SERVICE: Service(ref=ref(Kind.SERVICE), name=Safe("")),
    Kind.INSTANCE: Instance(ref=ref(Kind.INSTANCE), name=Safe("")),
    Kind.ROUTE: Route(ref=ref(Kind.ROUTE), name=Safe("")),
    Kind.PROJECT: Project(ref=ref(Kind.PROJECT), name=Safe("")),
    Kind.VARIABLE: Variable(ref=ref(Kind.VARIABLE), name=Safe(""), service=ref(Kind.SERVICE), value=Secret("hunter2")),
    Kind.WEBHOOK: Webhook(ref=ref(Kind.WEBHOOK), name=Safe("")),
    Kind.ROLLOUT: Rollout(ref=ref(Kind.ROLLOUT), name=Safe("")),
}


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (-5, "0s"),
        (0, "0s"),
        (4.9, "4s"),
        (59.9, "59s"),
        (60, "1m"),
        (3599, "59m"),
        (3600, "1h"),
        (47 * 3600, "47h"),
        (48 * 3600, "2d"),
        (41 * 86_400, "41d"),
        (729 * 86_400, "729d"),
        (1_100 * 86_400, "3y"),
    ],
)
def test_an_age_has_one_unit(seconds: float, text: str) -> None:
    assert age(seconds) == text


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(-1, "0s"), (42, "42s"), (62, "1m02"), (311, "5m11"), (3600, "1h00"), (3900, "1h05"), (86_399, "23h59"), (183_600, "2d03h")],
)
def test_a_span_has_two_units(seconds: float, text: str) -> None:
    assert span(seconds) == text


@pytest.mark.parametrize(("text", "seconds"), [("30s", 30), ("15m", 900), (" 8H ", 28_800), ("2 d", 172_800), ("1w", 604_800), ("0h", 0)])
def test_a_length_is_typed_in_one_unit(text: str, seconds: int) -> None:
    assert length(text).total_seconds() == seconds


@pytest.mark.parametrize("text", ["", "5", "m", "1h30", "1h30m", "-5m", "1.5h", "5y", "123456m", "٥m"])
def test_what_is_no_length_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="number"):
        length(text)


@pytest.mark.parametrize(
    ("count", "text"),
    [
        (None, NOTHING),
        (0, "0B"),
        (999, "999B"),
        (1000, "1.0K"),
        (1024, "1.0K"),
        (325_058_560, "310M"),
        (2_040_109_466, "1.9G"),
        (10**15, "909T"),
    ],
)
def test_a_size_has_a_letter_and_at_most_four_cells(count: int | None, text: str) -> None:
    assert size(count) == text
    assert len(text) <= 4


@pytest.mark.parametrize(("part", "text"), [(None, NOTHING), (0.0, "0%"), (0.125, "12%"), (0.97, "97%"), (1.0, "100%")])
def test_a_share_is_in_percent(part: float | None, text: str) -> None:
    assert share(part) == text


def test_every_kind_has_a_table_and_every_tone_a_glyph_of_its_own() -> None:
    assert set(TABLES) == set(Kind) == set(KINDS)
    assert set(GLYPHS) == set(Tone)
    assert len(set(GLYPHS.values())) == len(Tone)
    assert all(len(glyph) == 1 for glyph in GLYPHS.values())
    assert set(TONES) == set(Health)


@pytest.mark.parametrize("health", list(Health))
def test_a_state_is_a_glyph_and_a_word(health: Health) -> None:
    glyph, word = state(health).split(" ")
    assert glyph in GLYPHS.values()
    assert word == health.value


@pytest.mark.parametrize("kind", list(Kind))
def test_a_record_of_which_only_the_id_is_known_is_still_a_row(kind: Kind) -> None:
    row = BARE[kind]
    shown = texts(row)
    columns = TABLES[kind].columns
    first = columns[0]
    assert "x-1" in shown[first.id] or shown[first.id] == NOTHING
    assert all(shown.values()), "a blank cell could be read as forgotten"
    assert [column.rank for column in columns if column.id == first.id] == [0]
    assert len({column.id for column in columns}) == len(columns)
    assert all(column.low <= column.high for column in columns)
    for column in columns:
        if column.order is not None:
            column.order(row, moment())
    assert TABLES[kind].sorted([row], moment()) == [row]


def test_the_services_of_the_sketch() -> None:
    done = Deployment(
        ref=ref(Kind.DEPLOYMENT, "d-1"), name=Safe("web-api"), service=Safe("web-api"), health=Health.OK, created_at=ago(minutes=4)
    )
    done = replace(done, finished_at=ago(minutes=3))
    broken = Deployment(ref=ref(Kind.DEPLOYMENT, "d-2"), name=Safe("worker"), health=Health.BAD, created_at=ago(hours=2))
    web = Service(
        ref=ref(Kind.SERVICE, "s-1"),
        name=Safe("web-api"),
        health=Health.OK,
        status=Safe("running"),
        version=Safe("20"),
        cpu_share=0.12,
        memory_bytes=325_058_560,
        deployment=Safe("d-1"),
        created_at=ago(days=41),
    )
    worker = Service(
        ref=ref(Kind.SERVICE, "s-2"),
        name=Safe("worker"),
        health=Health.WARN,
        status=Safe("running"),
        cpu_share=0.97,
        created_at=ago(days=12),
    )
    shown = texts(web, done, broken)
    assert [shown[key] for key in ("name", "health", "status", "version", "cpu", "memory", "deployed", "age")] == [
        "web-api", "● ok", "running", "20", "12%", "310M", "✓ 3m ago", "41d",
    ]  # fmt: skip
    assert texts(worker, done, broken)["deployed"] == "✗ 2h failed"
    assert [row.name for row in TABLES[Kind.SERVICE].sorted([web, worker], moment())] == ["worker", "web-api"], "trouble comes first"
    cpu = next(column for column in TABLES[Kind.SERVICE].columns if column.id == "cpu")
    assert cpu.cell(worker, moment())[0].tone is Tone.BAD


def test_a_deployment_that_failed_or_goes_on_since_is_the_last_one() -> None:
    """A service whose newest deployment had failed was said to have been deployed well, because it named the one that was put out."""
    web = Service(ref=ref(Kind.SERVICE, "s-1"), name=Safe("web"), health=Health.BAD, deployment=Safe("d-1"), deployed_at=ago(minutes=13))
    out = Deployment(ref=ref(Kind.DEPLOYMENT, "d-1"), name=Safe("web"), service=Safe("s-1"), health=Health.OK, created_at=ago(minutes=14))
    next_ = replace(out, ref=ref(Kind.DEPLOYMENT, "d-2"), health=Health.BAD, created_at=ago(minutes=7), finished_at=ago(minutes=6))
    assert texts(web, out)["deployed"] == "✓ 13m ago"
    unnamed = replace(web, deployment=Safe(""))
    assert texts(unnamed, next_)["deployed"] == "✗ 6m failed", "since when it failed, not since when something else runs"
    assert texts(replace(unnamed, deployed_at=ago(minutes=1)), next_)["deployed"] == "· 1m ago", "by what is not known"
    assert texts(web, out, next_)["deployed"] == "✗ 6m failed"
    assert texts(web, out, replace(next_, health=Health.BUSY, finished_at=None))["deployed"] == "◐ 7m going"
    assert [each.text for each in why(web, moment(web, out, replace(next_, error=Safe("no"))))] == [
        "its last deployment failed 6m ago: no",
        "deployed 14m ago (—)",
    ]


def test_a_deployment_that_is_not_listed_is_not_told_as_an_older_one() -> None:
    """The service names what was put out; that an older one of its name went well was told as how that went."""
    web = Service(ref=ref(Kind.SERVICE, "s-1"), name=Safe("web"), deployment=Safe("d-9"), deployed_at=ago(minutes=13))
    older = Deployment(ref=ref(Kind.DEPLOYMENT, "d-1"), name=Safe("web"), service=Safe("s-1"), health=Health.OK, created_at=ago(days=3))
    assert texts(web, older)["deployed"] == "· 13m ago"
    assert texts(replace(web, deployed_at=None), older)["deployed"] == "—"
    assert not [each for each in why(replace(web, health=Health.BAD), moment(web, older)) if each.ref == older.ref]
    named = replace(web, deployment=Safe("web"), deployed_at=None)
    assert texts(named, replace(older, service=Safe("")))["deployed"] == "✓ 3d ago", "it may be named by its name"


def test_a_phase_of_which_no_end_was_told_lasts_no_longer_than_what_is_known() -> None:
    """In the screen of a rollout that was canceled two hours ago its build went on; of one that nobody can read it did, too."""
    begun = Phase(name="build", status=Safe("running"), conclusion=Safe("canceled"), health=Health.BAD, started_at=ago(hours=3))
    over = replace(rollout(begun), health=Health.BAD, conclusion=Safe("canceled"), started_at=ago(hours=3), completed_at=ago(hours=2))

    def told(row: Rollout) -> tuple[str, ...]:
        line = next(each.text for each in details(row, moment()) if each.label == "build")
        spoken = [each.text for each in why(row, moment())]
        return (line, "".join(piece.text for piece in phase_cell(row, moment())), *spoken)

    assert told(over) == ("✗ failed · running · canceled · 1h00", "build ✗ canceled 1h00", "build: canceled after 1h00")
    going = replace(begun, health=Health.BUSY, conclusion=Safe(""))
    frozen = replace(over, snapshot=True, health=Health.UNKNOWN, conclusion=Safe(""), completed_at=None, phases=(going,))
    assert told(frozen)[0] == "◐ busy · running"
    assert told(replace(frozen, snapshot=False))[0] == "◐ busy · running · 3h00", "as long as it can be read it goes on"


def rollout(*phases: Phase, **more: object) -> Rollout:
    return Rollout(ref=ref(Kind.ROLLOUT, "roll_1"), name=Safe("roll_1"), phases=phases, **more)  # type: ignore[arg-type]


BUILT = Phase(name="build", health=Health.OK, started_at=ago(seconds=400), completed_at=ago(seconds=338))
WAITING = Phase(name="deploy", health=Health.IDLE)


def test_a_phase_that_goes_on_has_not_ended_in_any_way() -> None:
    running = Phase(name="build", status=Safe("running"), conclusion=Safe("unknown"), health=Health.BUSY)
    row = rollout(running)
    lines = {each.label: each.text for each in details(row, moment())}
    assert lines["build"] == "◐ busy · running"
    done = replace(running, status=Safe("completed"), conclusion=Safe("success"), completed_at=NOW)
    (told,) = [each for each in differences(row, rollout(done), moment()) if each.label == "build"]
    assert (told.before, told.after) == ("running", "completed success")
    # Of one that is over it is all there is to say.
    assert "unknown" in {each.label: each.text for each in details(rollout(replace(done, conclusion=Safe("unknown"))), moment())}["build"]


def test_an_approval_is_loud() -> None:
    infra = Phase(name="infra", status=Safe("proposed"), health=Health.WARN, needs_approval=True, queued_at=ago(minutes=4))
    row = rollout(BUILT, infra, WAITING, health=Health.BUSY, app=Safe("checkout"), environment=Safe("prod"), started_at=ago(seconds=311))
    shown = texts(row)
    assert shown["phases"] == "build ✓ 1m02 ─ infra ◆ NEEDS APPROVAL 4m ─ deploy ·"
    assert shown["name"] == "checkout/prod"
    assert shown["elapsed"] == "5m11"
    assert shown["state"] == "◆ NEEDS APPROVAL"
    assert rollout_word(row) == "needs approval"


def test_what_did_not_run_says_so_only_when_the_rollout_is_over() -> None:
    failed = Phase(name="infra", health=Health.BAD, conclusion=Safe("failure"), started_at=ago(seconds=50), completed_at=ago(seconds=40))
    assert texts(rollout(BUILT, WAITING))["phases"] == "build ✓ 1m02 ─ deploy ·"
    over = rollout(BUILT, failed, WAITING, health=Health.BAD, conclusion=Safe("failure"), completed_at=ago(seconds=40))
    assert texts(over)["phases"] == "build ✓ 1m02 ─ infra ✗ failure 10s ─ deploy · not run"


def test_a_rejection_is_called_one_though_the_rollout_only_failed() -> None:
    infra = Phase(name="infra", health=Health.BAD, conclusion=Safe("rejected"))
    assert rollout_word(rollout(BUILT, infra, conclusion=Safe("failure"))) == "rejected"


def test_a_rollout_that_cannot_be_asked_does_not_seem_to_go_on() -> None:
    building = Phase(name="build", health=Health.BUSY, status=Safe("running"), started_at=ago(hours=3))
    row = rollout(building, health=Health.BUSY, snapshot=True, updated_at=ago(hours=3), queued_at=ago(hours=3))
    shown = texts(row)
    assert shown["phases"] == "build ◐  ? as of 3h ago, its server tells no more"
    begun = Phase(name="build", health=Health.IDLE, status=Safe("queued"))
    assert texts(replace(row, phases=(begun,)))["phases"] == "? as of 3h ago, its server tells no more"
    assert shown["elapsed"] == NOTHING


def test_needing_approval_comes_before_going_on_before_done() -> None:
    waiting = Phase(name="infra", needs_approval=True, health=Health.WARN)
    asked = replace(rollout(waiting, queued_at=ago(hours=5)), ref=ref(Kind.ROLLOUT, "a"))
    going = replace(rollout(BUILT, queued_at=ago(minutes=1)), ref=ref(Kind.ROLLOUT, "b"))
    done = replace(rollout(BUILT, queued_at=ago(seconds=30), completed_at=ago(seconds=10)), ref=ref(Kind.ROLLOUT, "c"))
    assert [row.ref.id for row in TABLES[Kind.ROLLOUT].sorted([done, going, asked], moment())] == ["a", "b", "c"]


def test_a_full_commit_is_shortened_and_a_branch_is_not() -> None:
    assert texts(rollout(target=Safe("a1b2c3d4e5f6a7b8c9d0a1b2c3d4e5f6a7b8c9d0")))["target"] == "a1b2c3d4e5f6"
    assert texts(rollout(target=Safe("feature/a-long-name")))["target"] == "feature/a-long-name"


def test_columns_leave_by_rank_and_share_what_is_left() -> None:
    columns = TABLES[Kind.SERVICE].columns
    content = {"name": 30, "status": 10, "health": 10}
    wide = fit(columns, 200, content)
    assert list(wide) == [column.id for column in columns]
    assert wide["name"] == 30
    assert wide["status"] == 10
    narrow = fit(columns, 40, content)
    assert list(narrow) == ["name", "health", "status"]
    assert sum(narrow.values()) + 2 * 2 <= 40
    assert list(fit(columns, 5, content)) == ["name", "health"], "what says who and how stays, cut if need be"


@pytest.mark.parametrize("kind", list(Kind))
@pytest.mark.parametrize("width", [20, 40, 78, 118, 198])
def test_a_table_never_wants_more_than_there_is_but_for_what_always_stays(kind: Kind, width: int) -> None:
    columns = TABLES[kind].columns
    shown = fit(columns, width, {column.id: 500 for column in columns})
    kept = [column.id for column in columns if column.rank == 0]
    assert set(kept) <= set(shown)
    if set(shown) != set(kept):
        assert sum(shown.values()) + 2 * (len(shown) - 1) <= width


def test_details_show_every_field_and_no_secret() -> None:
    for kind, row in BARE.items():
        lines = details(row, moment())
        labels = [line.label for line in lines]
        assert len(labels) >= len([each for each in fields(row) if each.name not in {"ref", "raw", "phases"}]), kind
        assert all(line.text for line in lines)
        assert not any("hunter2" in line.text + line.copy for line in lines)


def test_details_give_a_time_its_distance_and_a_copy_to_paste() -> None:
    service = Service(ref=ref(Kind.SERVICE), name=Safe("web"), created_at=ago(minutes=3), cpu_share=0.5)
    lines = {line.label: line for line in details(service, moment())}
    assert lines["created"].text == "2025-11-05 22:28:07 · 3m ago"
    assert lines["created"].copy == "2025-11-05T22:28:07Z"
    assert lines["cpu"].text == "50%"
    assert lines["id"].copy == "x-1"
    assert lines["updated"].text == NOTHING


def test_details_call_what_a_field_names_as_people_do_and_lead_there() -> None:
    edge = Instance(ref=ref(Kind.INSTANCE, "ins-7"), name=Safe("edge-1"))
    built = Deployment(ref=ref(Kind.DEPLOYMENT, "dep-9"), name=Safe("web"), branch=Safe("main"), commit=Safe("0d4d4519"))
    web = Service(ref=ref(Kind.SERVICE), name=Safe("web"), instance=Safe("ins-7"), deployment=Safe("dep-9"), project=Safe("prj-1"))
    lines = {line.label: line for line in details(web, Moment(now=NOW, store=Shelf(web, edge, built), zone=UTC))}
    assert (lines["instance"].text, lines["instance"].copy, lines["instance"].ref) == ("edge-1 · ins-7", "ins-7", edge.ref)
    assert (lines["deployment"].text, lines["deployment"].ref) == ("main@0d4d451 · dep-9", built.ref)
    assert (lines["project"].text, lines["project"].ref) == ("prj-1", None)


def test_a_filter_wants_every_word_and_leaves_out_what_follows_a_mark() -> None:
    service = Service(ref=ref(Kind.SERVICE, "svc-9"), name=Safe("Web-API"), health=Health.WARN, status=Safe("crash-loop"))
    text = search_text(service)
    assert parse_filter("web crash").fits(text)
    assert parse_filter("SVC-9").fits(text)
    assert parse_filter("degraded fleet").fits(text)
    assert not parse_filter("web healthy").fits(text)
    assert not parse_filter("web !crash").fits(text)
    assert not parse_filter("   ")
    worker = replace(service, name=Safe("worker"), type=Safe("web"))
    assert not parse_filter("web").fits(search_text(worker)), "what no list shows and all share is no answer"
    pattern = parse_filter("a.p !x").pattern
    assert pattern is not None
    assert pattern.search("xA.Px")
    assert not pattern.search("aXp")


def test_a_filter_never_looks_at_a_secret_or_the_raw_record() -> None:
    variable = Variable(ref=ref(Kind.VARIABLE), name=Safe("KEY"), service=ref(Kind.SERVICE), value=Secret("hunter2"), raw=Safe("rawrawraw"))
    assert "hunter2" not in search_text(variable)
    assert "rawrawraw" not in search_text(variable)


@pytest.mark.parametrize("text", ["!", "web !", "x" * 201])
def test_a_filter_that_makes_no_sense_says_what_to_write(text: str) -> None:
    with pytest.raises(FilterError, match=r"\w+ \w+"):
        parse_filter(text)


def rolling(begun: datetime, *phases: Phase) -> Rollout:
    return Rollout(
        ref=Ref(connection="shop", kind=Kind.ROLLOUT, id="r"),
        name=Safe("shop/prod"),
        app=Safe("shop"),
        environment=Safe("prod"),
        health=Health.BUSY,
        queued_at=begun,
        started_at=begun,
        phases=phases,
    )


def test_what_runs_is_told_against_what_is_usual_for_it() -> None:
    known = {("shop", "prod", "build"): usual([60.0] * 5), ("web", "fleet", "deployment"): usual([48.0] * 6)}
    begun = NOW - timedelta(seconds=40)
    moment = Moment(now=NOW, store=Shelf(), usual=known.get)
    running = Phase(name="build", health=Health.BUSY, started_at=begun)
    row = rolling(begun, running, Phase(name="deploy", health=Health.IDLE))
    assert "".join(piece.text for piece in phase_cell(row, moment)) == "build ◐ 40s of 1m00 ─ deploy ·"
    slow = replace(row, phases=(replace(running, started_at=NOW - timedelta(seconds=90)),))
    (_, late) = phase_cell(slow, moment)
    assert (late.text, late.tone) == ("◐ ▲ 1m30 of 1m00", Tone.WARN)
    assert "slower than usual (p90 1m00, now 1m30) (5 before it)" in [each.text for each in details(slow, moment)]
    silent = Moment(now=NOW, store=Shelf(), usual=lambda _: None)
    assert "of" not in "".join(piece.text for piece in phase_cell(row, silent))
    deployment = Deployment(
        ref=Ref(connection="fleet", kind=Kind.DEPLOYMENT, id="d"), name=Safe("web"), health=Health.BUSY, created_at=begun
    )
    took = next(each for each in TABLES[Kind.DEPLOYMENT].columns if each.id == "took")
    assert took.text(deployment, moment) == "40s of 48s"
    assert took.text(replace(deployment, finished_at=NOW), moment) == "40s"
    assert ("usual", "usually 48s, about 8s left (6 before it, p90 48s)") in [
        (each.label, each.text) for each in details(deployment, moment)
    ]


def test_while_a_person_is_waited_for_nothing_is_slower_than_usual() -> None:
    """The list said what is usual, everything known of the rollout that it was slower."""
    begun = NOW - timedelta(minutes=5)
    moment = Moment(now=NOW, store=Shelf(), usual={("shop", "prod", "rollout"): usual([60.0] * 5)}.get)
    row = rolling(begun, Phase(name="infra", health=Health.WARN, queued_at=begun, needs_approval=True))
    told = next(each for each in details(row, moment) if each.label == "usual")
    assert (told.text, told.tone) == ("usually 1m00 (5 before it, p90 1m00)", None)


def test_what_was_going_on_when_it_was_last_read_lasted_until_then_and_nobody_says_what_is_left() -> None:
    read = NOW - timedelta(minutes=40)
    known = {("shop", "prod", "build"): usual([60.0] * 5), ("shop", "prod", "rollout"): usual([300.0] * 5)}
    moment = Moment(now=NOW, store=Shelf(), zone=UTC, usual=known.get, read=lambda _: read)
    begun = read - timedelta(seconds=14)
    asks = Phase(name="infra", health=Health.WARN, queued_at=begun, needs_approval=True)
    row = rolling(begun, Phase(name="build", health=Health.BUSY, started_at=begun), asks)
    cells = {each.id: each.text(row, moment) for each in TABLES[Kind.ROLLOUT].columns}
    assert cells["phases"] == "build ◐ 14s of 1m00 ─ infra ◆ NEEDS APPROVAL 14s"
    assert cells["elapsed"] == "14s  usually 5m00"
    assert cells["queued"] == "40m"
    shown = {each.label: each.text for each in details(row, moment)}
    assert shown["build"] == "◐ busy · 14s"
    assert shown["usual build"] == "usually 1m00 (5 before it, p90 1m00)"
    assert [each.text for each in why(replace(row, health=Health.WARN), moment)] == ["infra waits for somebody's approval for 14s"]
    deployment = Deployment(
        ref=Ref(connection="fleet", kind=Kind.DEPLOYMENT, id="d"), name=Safe("web"), health=Health.BUSY, created_at=begun
    )
    assert next(each for each in TABLES[Kind.DEPLOYMENT].columns if each.id == "took").text(deployment, moment) == "14s"


# What changed -----------------------------------------------------------------------------------------------------------------


def test_what_changed_of_a_thing_is_told_field_by_field_and_loads_are_no_news() -> None:
    moment = Moment(now=NOW, store=Shelf(), zone=UTC)
    was = Service(ref=ref(Kind.SERVICE, "web"), name=Safe("web"), health=Health.OK, status=Safe("running"), cpu_share=0.1, updated_at=NOW)
    now = replace(was, health=Health.BAD, status=Safe("crashed"), restarts=3, cpu_share=0.9, updated_at=NOW + timedelta(seconds=9))
    told = {each.label: (each.before, each.after, each.tone) for each in differences(was, now, moment)}
    assert told == {
        "health": ("● ok", "✗ failed", Tone.BAD),
        "status": ("running", "crashed", None),
        "restarts": (NOTHING, "3", None),
    }
    assert differences(was, was, moment) == []


def test_of_a_rollout_each_phase_that_went_on_is_told() -> None:
    moment = Moment(now=NOW, store=Shelf(), zone=UTC)
    build, infra = Phase(name="build", status=Safe("running"), health=Health.BUSY), Phase(name="infra", status=Safe("queued"))
    was = Rollout(ref=ref(Kind.ROLLOUT, "r"), name=Safe("shop/prod"), phases=(build, infra))
    done = replace(build, status=Safe("completed"), conclusion=Safe("success"), health=Health.OK, completed_at=NOW)
    found = differences(was, replace(was, phases=(done, infra)), moment)
    assert [(each.label, each.before, each.after) for each in found] == [("build", "running", "completed success")]


def test_a_deployment_stands_beside_the_one_before_of_the_same_service() -> None:
    def deployed(id_: str, minutes: int, name: str = "web", **more: object) -> Deployment:
        return Deployment(ref=ref(Kind.DEPLOYMENT, id_), name=Safe(name), created_at=ago(minutes=minutes), **more)  # type: ignore[arg-type]

    now = deployed("d3", 1, commit=Safe("c3"), branch=Safe("main"), health=Health.BAD, error=Safe("no"), variables=(Safe("A"), Safe("B")))
    before = deployed("d2", 9, commit=Safe("c2"), branch=Safe("main"), health=Health.OK, variables=(Safe("A"),))
    shelf = Shelf(deployed("d1", 20, commit=Safe("c1")), before, deployed("d9", 5, "worker"), now)
    assert one_before(now, shelf) == before
    assert one_before(deployed("d0", 99), shelf) is None
    assert is_told(now)
    assert not is_told(deployed("d8", 1)), "two of which nothing is known are not the same"
    told = beside(before, now, Moment(now=NOW, store=shelf, zone=UTC))
    assert [(each.label, each.before, each.after) for each in told] == [("commit", "c2", "c3"), ("variables", "A", "A, B")]


def test_a_load_is_full_where_the_user_says_so() -> None:
    row = Instance(ref=ref(Kind.INSTANCE, "i"), name=Safe("i"), health=Health.WARN, cpu_share=0.7)
    column = next(each for each in TABLES[Kind.INSTANCE].columns if each.id == "cpu")
    usual_moment, strict = (Moment(now=NOW, store=Shelf(row), full=full) for full in ((0.85, 0.95), (0.5, 0.6)))
    assert [span.tone for span in column.cell(row, usual_moment)] == [None]
    assert [span.tone for span in column.cell(row, strict)] == [Tone.BAD]
    assert "cpu at 70%" not in [each.text for each in why(row, usual_moment)]
    assert "cpu at 70%" in [each.text for each in why(row, strict)]


def test_bars_stand_against_the_highest_or_what_is_full() -> None:
    assert bars([None, 0.0, 0.5, 1.0]) == "·▁▅█"
    assert bars([0.25, 0.25], 1.0) == "▃▃"
    assert bars([0.0, 0.0]) == "▁▁"


def test_what_was_rolled_out_to_an_environment_is_that_of_its_own_app() -> None:
    """Under one app's prod stood what was rolled out to the prod of all others."""
    app = ref(Kind.APPLICATION, "shop-3p2i")
    prod = Environment(ref=ref(Kind.ENVIRONMENT, "shop-3p2i/prod"), name=Safe("prod"), app=app, app_name=Safe("shop"))
    rollouts = [
        Rollout(ref=ref(Kind.ROLLOUT, each), name=Safe(""), app=Safe(each), environment=Safe("prod")) for each in ("shop-3p2i", "blog")
    ]
    assert related(prod, Shelf(prod, *rollouts)) == {Kind.ROLLOUT: [rollouts[0]]}
