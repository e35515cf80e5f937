"""The last known rows: what comes back, what is never kept, what happens to a file that makes no sense."""

from __future__ import annotations

import dataclasses
import stat
import time
import typing
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tests.local.disks import small_disk
from tests.local.histories import START, Wall
from tui.engine.feeds import Feed
from tui.engine.ports import LastStatePort
from tui.errors import StorageError
from tui.local import laststate
from tui.local.laststate import LastState
from tui.model import KINDS, PRIVATE, Application, Environment, Health, Instance, Kind, Phase, Ref, Resource, Rollout, Service, Variable
from tui.platforms.base import Rows
from tui.text import Safe, Secret


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "state" / "last-prod.json"


def at(path: Path) -> LastState[Feed, Rows]:
    return LastState(path, feed=Feed, rows=Rows, now=Wall())


def service(number: int, **fields: object) -> Service:
    given = {
        "ref": Ref(connection="fleet", kind=Kind.SERVICE, id=f"svc-{number}"),
        "name": Safe(f"web-{number}"),
        "health": Health.OK,
        "status": Safe("running"),
        "created_at": START,
        "cpu_share": 0.12,
        "memory_bytes": 310 << 20,
        "deployed_at": START,
        "image": Safe("registry.local/web:1"),
    }
    return Service(**(given | fields))  # type: ignore[arg-type]


def services(many: int) -> tuple[Feed, Rows]:
    return Feed(connection="fleet", kind=Kind.SERVICE), Rows(items=tuple(service(n) for n in range(many)))


def filled(kind: type[Resource], ref: Ref) -> Resource:
    """A record with something in every field."""
    hints = typing.get_type_hints(kind)
    samples: dict[object, object] = {
        Safe: Safe("é [/x] \U0001f600"),
        int: 7,
        int | None: 7,
        float | None: 0.5,
        bool: True,
        bool | None: False,
        datetime | None: datetime(2026, 3, 1, 22, 31, 7, 123456, tzinfo=UTC),
        tuple[Safe, ...]: (Safe("A"), Safe("B")),
        Health: Health.BAD,
        Ref: ref,
        tuple[Phase, ...]: (Phase(name="build", started_at=START, needs_approval=True, health=Health.BUSY),),
        Secret: Secret("canary"),
    }
    return kind(**{field.name: samples[hints[field.name]] for field in dataclasses.fields(kind)})


@pytest.mark.parametrize("kind", [kind for kind in Kind if kind not in PRIVATE])
def test_every_field_of_every_kind_comes_back(path: Path, kind: Kind) -> None:
    row = filled(KINDS[kind], Ref(connection="c", kind=kind, id="1/2"))
    feed = Feed(connection="c", kind=kind, scope="s/1")
    rows = Rows(items=(row,), unreadable=2, reason=Safe("no id"))
    at(path).save({feed: (rows, START)})
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    wanted = Rows(items=(dataclasses.replace(row, raw=Safe("")),), unreadable=2, reason=Safe("no id"))
    assert at(path).load() == [(feed, wanted, START)]


def test_it_is_what_the_engine_asks_for(path: Path) -> None:
    port: LastStatePort = at(path)
    assert list(port.load()) == []


def test_variables_and_raw_replies_are_never_written(path: Path) -> None:
    ref = Ref(connection="fleet", kind=Kind.SERVICE, id="s")
    variable = Variable(ref=Ref(connection="fleet", kind=Kind.VARIABLE, id="KEY"), name=Safe("canary"), service=ref, value=Secret("canary"))
    kept = {
        Feed(connection="fleet", kind=Kind.VARIABLE, scope="s"): (Rows(items=(variable,)), START),
        Feed(connection="fleet", kind=Kind.SERVICE): (Rows(items=(service(1, raw=Safe('{"x":"canary"}')), variable)), START),
    }
    at(path).save(kept)
    assert b"canary" not in path.read_bytes()
    ((_, rows, _),) = at(path).load()
    assert rows.items == (service(1),)


def test_where_webhooks_send_is_never_written_or_shown(path: Path) -> None:
    """An address that takes whatever comes is a secret; an earlier version kept it."""
    hook = filled(KINDS[Kind.WEBHOOK], Ref(connection="fleet", kind=Kind.WEBHOOK, id="w"))
    feed = Feed(connection="fleet", kind=Kind.WEBHOOK)
    at(path).save({feed: (Rows(items=(dataclasses.replace(hook, name=Safe("https://hooks.example/canary")),)), START)})
    assert b"canary" not in path.read_bytes()
    services_feed, rows = services(1)
    at(path).save({services_feed: (rows, START)})
    path.write_bytes(path.read_bytes().replace(b'"kind":"service"', b'"kind":"webhook"'))
    assert at(path).load() == []


def test_a_variable_that_somebody_put_there_is_not_shown(path: Path) -> None:
    feed, rows = services(1)
    at(path).save({feed: (rows, START)})
    path.write_bytes(path.read_bytes().replace(b'"kind":"service"', b'"kind":"variable"'))
    assert at(path).load() == []


def test_saving_replaces_and_forgetting_removes(path: Path) -> None:
    state = at(path)
    one, two = services(1), services(2)
    state.save({one[0]: (one[1], START), Feed(connection="x", kind=Kind.INSTANCE): (Rows(), START)})
    state.save({two[0]: (two[1], START)})
    assert state.load() == [(*two, START)]
    state.forget()
    state.forget()
    assert state.load() == []


DAMAGE = [
    b"",
    b"{",
    b"[]",
    b"null",
    b"\xff\xfe",
    b"\0" * 100,
    b"[" * 100_000,
    b'{"version":"1"}',
    b'{"version":1,"feeds":[{}]}',
    b'{"version":1,"feeds":[{"connection":"c","kind":"nothing","scope":"","fetched_at":"2026-03-01T22:31:00Z"}]}',
    b'{"version":1,"feeds":[{"connection":"c","kind":"service","scope":"","fetched_at":"2026-03-01T22:31:00"}]}',
    b'{"version":1,"feeds":[{"connection":"c","kind":"service","scope":"","fetched_at":"2026-03-01T22:31:00Z","items":[{"name":"x"}]}]}',
    b'{"version":1,"feeds":[{"connection":"c","kind":"service","scope":"","fetched_at":"2026-03-01T22:31:00Z","items":{}}]}',
    b'{"version":1,"feeds":[{"connection":"c","kind":"service","scope":"","fetched_at":"yesterday","items":[]}]}',
]


@pytest.mark.parametrize("damage", DAMAGE, ids=range(len(DAMAGE)))
def test_what_makes_no_sense_is_set_aside(path: Path, damage: bytes) -> None:
    state = at(path)
    state.save({})
    path.write_bytes(damage)
    assert state.load() == []
    (aside,) = path.parent.iterdir()
    assert (aside.name, aside.read_bytes()) == ("last-prod.json.bad-20260301T223100Z", damage)


def test_a_file_cut_anywhere_is_read_or_set_aside(path: Path) -> None:
    state = at(path)
    feed, rows = services(2)
    state.save({feed: (rows, START)})
    whole = path.read_bytes()
    for length in range(0, len(whole), 41):
        state.save({})
        path.write_bytes(whole[:length])
        assert state.load() == []
        for each in path.parent.glob("*.bad-*"):
            each.unlink()


def test_the_file_of_a_newer_version_is_left_alone_until_we_save(path: Path) -> None:
    state = at(path)
    state.save({})
    path.write_bytes(b'{"version":2,"things":[]}')
    assert state.load() == []
    assert path.read_bytes() == b'{"version":2,"things":[]}'


def test_a_file_that_others_can_read_is_not_used(path: Path) -> None:
    state = at(path)
    state.save({})
    path.chmod(0o644)
    with pytest.raises(StorageError, match="chmod 600"):
        state.load()
    state.save({})
    assert state.load() == []


def test_beyond_the_limit_the_largest_feeds_are_left_out(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(laststate, "LIMIT", 20_000)
    big, rows = services(200)
    small = Feed(connection="fleet", kind=Kind.INSTANCE)
    instance = Instance(ref=Ref(connection="fleet", kind=Kind.INSTANCE, id="i"), name=Safe("i"))
    state = at(path)
    state.save({big: (rows, START), small: (Rows(items=(instance,)), START)})
    assert path.stat().st_size <= 20_000
    assert [feed for feed, _, _ in state.load()] == [small]


def test_a_full_disk_keeps_the_last_file() -> None:
    with small_disk(megabytes=1) as disk:
        state = at(disk / "last.json")
        feed, rows = services(10)
        state.save({feed: (rows, START)})
        with pytest.raises(StorageError, match="No space left"):
            state.save({feed: (services(10_000)[1], START)})
        assert state.load() == [(feed, rows, START)]


@dataclass(frozen=True, slots=True)
class Took:
    loading: float
    saving: float


def took(path: Path, many: int) -> Took:
    feed, rows = services(many)
    state = at(path)
    begin = time.perf_counter()
    state.save({feed: (rows, START)})
    saved = time.perf_counter()
    ((_, again, _),) = at(path).load()
    loaded = time.perf_counter()
    assert len(again.items) == many
    return Took(loaded - saved, saved - begin)


def test_two_hundred_things_are_read_in_thirty_milliseconds(path: Path) -> None:
    took(path, 1)
    assert min(took(path, 200).loading for _ in range(5)) < 0.03


def test_ten_thousand_things_are_read_and_written_in_half_a_second(path: Path) -> None:
    best = min((took(path, 10_000) for _ in range(2)), key=lambda each: each.loading + each.saving)
    assert best.loading < 0.5
    assert best.saving < 0.5


def test_an_environment_knows_its_application_again(path: Path) -> None:
    app = Application(ref=Ref(connection="v", kind=Kind.APPLICATION, id="a"), name=Safe("checkout"), encrypted=False)
    environment = Environment(ref=Ref(connection="v", kind=Kind.ENVIRONMENT, id="e"), name=Safe("Production"), app=app.ref, index=2)
    rollout = Rollout(ref=Ref(connection="s", kind=Kind.ROLLOUT, id="r"), name=Safe("r"), phases=(Phase(name="build"),), snapshot=True)
    kept = {
        Feed(connection="v", kind=Kind.APPLICATION): (Rows(items=(app,)), START),
        Feed(connection="v", kind=Kind.ENVIRONMENT, scope="a"): (Rows(items=(environment,)), START),
        Feed(connection="s", kind=Kind.ROLLOUT): (Rows(items=(rollout,)), START),
    }
    state = at(path)
    state.save(kept)
    assert {feed: (rows, when) for feed, rows, when in state.load()} == kept
