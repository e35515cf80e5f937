"""The reading view and the phase bar."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from textual.app import App, ComposeResult
from textual.strip import Strip

from tests.bench.recorder import Recording, recorded
from tui.model import Health, Kind, Phase, Ref, Resource, Rollout
from tui.tables import Moment
from tui.text import Safe
from tui.ui.widgets.cells import Piece, spelled, total
from tui.ui.widgets.json_lines import json_lines
from tui.ui.widgets.line_view import LineView
from tui.ui.widgets.phase_bar import phase_bar
from tui.ui.widgets.text_view import TextView, fields

CONTENT = [
    *fields([("name", "web-api", None), ("status", "running", "ok"), ("message", "out of memory " * 8, "bad")]),
    (),
    *json_lines('{"id": "svc-1", "tags": ["a", "b"]}'),
]


class Bare(App[None]):
    def __init__(self, *, cursor: bool) -> None:
        super().__init__()
        self.text_view = TextView(cursor=cursor)

    def compose(self) -> ComposeResult:
        yield self.text_view

    def on_mount(self) -> None:
        self.text_view.focus()


@asynccontextmanager
async def text(*, cursor: bool = True, size: tuple[int, int] = (50, 8)) -> AsyncIterator[tuple[TextView, Recording]]:
    async with recorded(app := Bare(cursor=cursor), size) as recording:
        app.text_view.show_lines(CONTENT)
        await recording.settle()
        recording.take()
        yield app.text_view, recording


async def test_fields_wrap_under_themselves() -> None:
    async with text() as (_, recording):
        lines = [line.rstrip(" ▐") for line in recording.lines()]
        assert lines[:4] == [
            " name     web-api",
            " status   running",
            " message  out of memory out of memory out of",
            "          memory out of memory out of memory out",
        ]


async def test_the_cursor_gives_the_value_of_a_field_and_walks_by_record() -> None:
    async with text() as (view, recording):
        assert view.cursor_text == "web-api"
        await recording.press("j", "j")
        assert view.cursor_text == "out of memory " * 8
        await recording.press("j", "j", "j")
        assert view.cursor_text == '  "id": "svc-1",'
        assert any('"id": "svc-1"' in line for line in recording.lines())
        await recording.press("G")
        assert view.cursor_text == "}"
        await recording.press("g", "pagedown", "ctrl+u")
        assert view.cursor_text
        assert "status: running" in view.all_text


async def test_the_same_again_writes_nothing_and_a_change_writes_its_line() -> None:
    async with text() as (view, recording):
        view.show_lines(list(CONTENT))
        assert await recording.cost() == 0
        view.show_lines([CONTENT[0], *fields([("status", "stopped", "idle")]), *CONTENT[2:]])
        assert 0 < await recording.cost() < 250
        assert "stopped" in recording.lines()[1]


async def test_what_becomes_shorter_while_its_end_is_read_is_drawn_as_it_is_now() -> None:
    async with text() as (view, recording):
        lines = [(Piece(f"line {number}"),) for number in range(30)]
        view.show_lines(lines)
        await recording.settle()
        await recording.press("G")
        assert [line.strip(" ▐") for line in recording.lines()] == [f"line {number}" for number in range(22, 30)]
        view.show_lines(lines[:25])
        await recording.settle()
        assert [line.strip(" ▐") for line in recording.lines()] == [f"line {number}" for number in range(17, 25)]


class Counted(LineView):
    """So many empty lines."""

    count = 16

    @property
    def line_count(self) -> int:
        return self.count

    def draw_line(self, y: int) -> Strip:
        return Strip.blank(self.inner_width)


async def test_the_scroll_mark_stays_on_no_line_that_was_not_drawn_with_the_others() -> None:
    class Shown(App[None]):
        def compose(self) -> ComposeResult:
            yield Counted()

    async with recorded(app := Shown(), (10, 8)) as recording:
        view = app.query_one(Counted)
        await recording.settle()
        assert [line.endswith("▐") for line in recording.lines()] == [True] * 4 + [False] * 4
        view.count = 64
        view.damage(7, 1)
        await recording.settle()
        view.damage_bar()
        await recording.settle()
        assert [line.endswith("▐") for line in recording.lines()] == [True] + [False] * 7


async def test_a_search_goes_round_and_paints() -> None:
    async with text() as (view, recording):
        pattern = re.compile("svc-1|web")
        view.set_highlight(pattern)
        assert view.find_next(pattern)
        assert "svc-1" in view.cursor_text
        await recording.settle()
        assert any("svc-1" in line for line in recording.lines())
        assert view.find_next(pattern)
        assert view.cursor_text == "web-api"
        assert view.find_next(pattern, -1)
        assert "svc-1" in view.cursor_text
        assert not view.find_next(re.compile("never"))


async def test_without_a_cursor_the_keys_scroll() -> None:
    async with text(cursor=False) as (_, recording):
        await recording.press("j")
        assert recording.lines()[0].startswith(" status")
        await recording.press("G")
        assert recording.lines()[-1].startswith(" }")
        await recording.press("g")
        assert recording.lines()[0].startswith(" name")


async def test_a_new_width_wraps_anew() -> None:
    async with text() as (_, recording):
        await recording.pilot.resize_terminal(30, 8)
        await recording.settle()
        assert recording.lines()[2].rstrip(" ▐") == " message  out of memory out"


class Nobody:
    def rows(self, kind: Kind) -> tuple[Resource, ...]:
        return ()

    def get(self, ref: Ref) -> Resource | None:
        return None


NOW = datetime(2026, 5, 4, 12, 10, tzinfo=UTC)
ROLLOUT = Rollout(
    ref=Ref(connection="shop", kind=Kind.ROLLOUT, id="r1"),
    name=Safe("r1"),
    phases=(
        Phase(name="build", health=Health.OK, started_at=NOW - timedelta(seconds=300), completed_at=NOW - timedelta(seconds=238)),
        Phase(name="infra", health=Health.BUSY, needs_approval=True, started_at=NOW - timedelta(seconds=238)),
        Phase(name="deploy", health=Health.IDLE),
    ),
)


@pytest.mark.parametrize("width", [80, 60, 45, 40, 30, 20, 18, 12, 8, 3])
def test_the_phase_bar_fits_and_never_hides_that_somebody_must_approve(width: int) -> None:
    pieces = phase_bar(ROLLOUT, Moment(now=NOW, store=Nobody()), width)
    assert total(pieces) <= width
    assert "◆" in spelled(pieces)
    assert any(piece.tone == "warn" for piece in pieces)
    if width >= 20:
        assert "APPROV" in spelled(pieces)


def test_a_failed_phase_keeps_its_sign() -> None:
    failed = Rollout(
        ref=ROLLOUT.ref,
        name=Safe("r1"),
        phases=(Phase(name="build", health=Health.BAD, conclusion=Safe("failure")), Phase(name="infra"), Phase(name="deploy")),
    )
    for width in (80, 40, 20, 10, 3):
        assert Piece("✗", "bad").text in spelled(phase_bar(failed, Moment(now=NOW, store=Nobody()), width))


@pytest.mark.parametrize(
    ("health", "conclusion", "said"),
    [
        (Health.BUSY, "", "build ✓ ─ infra ◐ 3m58 ─ deploy ·"),
        (Health.WARN, "canceled", "build ✓ ─ infra ▲ canceled 3m58 ─ deploy ·"),
        (Health.BAD, "failure", "build ✓ ─ infra ✗ failure 3m58 ─ deploy ·"),
    ],
)
def test_how_long_what_went_well_took_is_told_before_what_did_not(health: Health, conclusion: str, said: str) -> None:
    build, infra, deploy = ROLLOUT.phases
    over = NOW if conclusion else None
    infra = replace(infra, needs_approval=False, health=health, conclusion=Safe(conclusion), completed_at=over)
    row = replace(ROLLOUT, phases=(build, infra, deploy), completed_at=over)
    moment = Moment(now=NOW, store=Nobody())
    assert "".join(piece.text for piece in phase_bar(row, moment, len(said))) == said
    if conclusion:
        assert conclusion in "".join(piece.text for piece in phase_bar(row, moment, len(said) - 1)), "at last without any time"


@pytest.mark.parametrize(
    ("width", "said"), [(64, "? as of 3m ago, its server tells no more"), (20, "? as of 3m ago"), (8, "build · ─ infra")]
)
def test_a_rollout_that_its_server_does_not_show_is_no_row_of_quiet_phases(width: int, said: str) -> None:
    quiet = tuple(Phase(name=name, health=Health.IDLE) for name in ("build", "infra", "deploy"))
    row = replace(ROLLOUT, phases=quiet, snapshot=True, updated_at=NOW - timedelta(minutes=3))
    text = "".join(piece.text for piece in phase_bar(row, Moment(now=NOW, store=Nobody()), width))
    assert (text == said) is (width > 8)
    assert "·" not in text
