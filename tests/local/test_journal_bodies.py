"""What was known of things: any moment comes back as it was, without loads and secrets, from whichever console wrote it."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.local.histories import START, Wall, afters, event
from tests.local.test_journal import wait_until
from tui.engine.ports import Event
from tui.local.journal import Journal
from tui.model import Deployment, Health, Kind, Ref, Resource, Rollout, Service, Variable, Webhook
from tui.text import Safe, Secret


def service(name: str, health: Health = Health.OK, **more: Any) -> Service:
    return Service(ref=Ref(connection="fleet", kind=Kind.SERVICE, id=name), name=Safe(name), health=health, status=Safe("running"), **more)


def keep(
    journal: Journal, at: datetime, *rows: Resource, gone: tuple[str, ...] = (), whole: bool = False, kind: Kind = Kind.SERVICE
) -> None:
    journal.keep("fleet", kind, "", rows, gone=gone, at=at, whole=whole)
    assert journal.flush(30)


def names(journal: Journal, at: datetime) -> list[str]:
    return [f"{each.row.name} {each.row.health}" for each in journal.known(at)]


def minutes(count: float) -> datetime:
    return START + timedelta(minutes=count)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "state" / "journal.sqlite"


@pytest.fixture
def journal(path: Path) -> Iterator[Journal]:
    made = Journal.open(path, context="prod", who="ana", now=Wall())
    yield made
    made.close()
    assert made.badge == ""


def test_any_moment_comes_back_as_it_was(journal: Journal) -> None:
    keep(journal, minutes(0), service("web"), service("worker"), whole=True)
    keep(journal, minutes(10), service("web", Health.BAD))
    keep(journal, minutes(20), service("new"), gone=("worker",))
    keep(journal, minutes(30), service("web"), whole=True)
    assert names(journal, minutes(-1)) == []
    assert names(journal, minutes(5)) == ["web ok", "worker ok"]
    assert names(journal, minutes(10)) == ["web failed", "worker ok"]
    assert names(journal, minutes(25)) == ["web failed", "new ok"]
    assert names(journal, minutes(99)) == ["web ok"], "a whole look tells what is gone"
    assert journal.known(minutes(25))[0].seen == minutes(10)


def test_what_a_clock_that_was_ahead_wrote_down_does_not_outlive_what_came_after_it(journal: Journal) -> None:
    """A machine starts a day ahead and is set right: what it saw meanwhile is dated tomorrow, and is older than all that follows."""
    keep(journal, minutes(0), service("web"), service("worker"), whole=True)
    keep(journal, minutes(60), service("web", Health.BAD), service("new"))
    keep(journal, minutes(30), service("web"), gone=("new",))
    keep(journal, minutes(40), service("worker", Health.BAD))
    for later in (45, 70, 600):
        assert names(journal, minutes(later)) == ["web ok", "worker failed"], later
    assert [each.row.health for each in journal.states(service("web").ref)] == [Health.OK, Health.BAD, Health.OK]


def test_the_same_state_is_kept_once_and_loads_and_secrets_never(journal: Journal, path: Path) -> None:
    deployed = Deployment(
        ref=Ref(connection="fleet", kind=Kind.DEPLOYMENT, id="d"),
        name=Safe("web"),
        run_cmd=Safe("hush-run ./web"),
        build_cmd=Safe("hush-build"),
        remote=Safe("https://hush-remote@git.example.com"),
        raw=Safe("hush-raw"),
        error=Safe("login with password=hush-error failed"),
        variables=(Safe("PSP_KEY"),),
    )
    variable = Variable(
        ref=Ref(connection="fleet", kind=Kind.VARIABLE, id="v"), name=Safe("K"), service=deployed.ref, value=Secret("hush-v")
    )
    hook = Webhook(ref=Ref(connection="fleet", kind=Kind.WEBHOOK, id="w"), name=Safe("https://x.test/hush-hook"), url=Safe("hush-url"))
    keep(journal, minutes(0), deployed, kind=Kind.DEPLOYMENT)
    keep(journal, minutes(0), variable, kind=Kind.VARIABLE)
    keep(journal, minutes(0), hook, kind=Kind.WEBHOOK)
    for number in range(5):
        keep(
            journal,
            minutes(number),
            service("web", cpu_share=number / 10, memory_bytes=number, updated_at=minutes(number), raw=Safe(f"{number}")),
        )
    database = sqlite3.connect(path)
    assert database.execute("SELECT count(*) FROM bodies").fetchone() == (2,)
    database.close()
    (web,) = [each.row for each in journal.known(minutes(9)) if isinstance(each.row, Service)]
    assert (web.cpu_share, web.memory_bytes, web.updated_at) == (None, None, minutes(0))
    journal.close()
    whole = b"".join(each.read_bytes() for each in path.parent.iterdir() if each.is_file())
    assert b"PSP_KEY" in whole
    assert b"password=hush" in whole, "without a redactor a known form is only what it is"
    for secret in (b"hush-run", b"hush-build", b"hush-remote", b"hush-raw", b"hush-v", b"hush-hook", b"hush-url"):
        assert secret not in whole, secret


def test_known_secrets_are_taken_out_of_what_is_kept(path: Path) -> None:
    journal = Journal.open(path, context="prod", who="ana", now=Wall(), scrub=lambda text: text.replace("hush", "***"))
    keep(journal, minutes(0), service("web", message=Safe("cannot sign in with hush")))
    (known,) = journal.known(minutes(1))
    assert isinstance(known.row, Service)
    assert known.row.message == "cannot sign in with ***"
    journal.close()


def test_it_is_known_when_somebody_looked(journal: Journal, path: Path) -> None:
    wall = Wall()
    other = Journal.open(path, context="prod", who="bo", now=wall)
    journal.close()
    for minute in (0, 1, 2, 3, 90, 91):
        wall.at = minutes(minute)
        other.watching()
        assert other.flush(30)
    assert other.looked(minutes(-5)) is None
    assert other.looked(minutes(2.5)) == minutes(2.5)
    assert other.looked(minutes(60)) == minutes(3), "nobody looked between"
    assert other.looked(minutes(91)) == minutes(91)
    other.close()


def test_who_takes_over_writes_what_the_other_did_not_and_nothing_twice(path: Path) -> None:
    one = Journal.open(path, context="prod", who="ana", now=Wall())
    two = Journal.open(path, context="prod", who="bo", now=Wall())
    one.record([event(0)])
    assert one.flush(30)
    for number in range(3):
        two.record([event(number, at=START + timedelta(seconds=number, milliseconds=700))])
    assert two.flush(30)
    assert afters(two.events()) == ["failed (0)"], "one records"
    one.record([event(1)])
    one.close()
    two.record([event(9)])
    assert two.flush(30)
    assert afters(two.events()) == ["failed (9)", "failed (2)", "failed (1)", "failed (0)"]
    two.close()


def test_what_a_platform_says_at_every_first_look_is_kept_once(journal: Journal) -> None:
    for look in (1, 2):
        at = START + timedelta(hours=look)
        journal.record(
            [
                event(at=at, what="found", before="", after="failed (crashed)", platform_at=START),
                event(at=at, what="phase", name="build", before="", after="success", seconds=61.5, platform_at=START),
            ]
        )
    assert journal.flush(30)
    assert [each.what for each in journal.events()] == ["phase", "found"]
    later = START + timedelta(hours=2, minutes=30)
    journal.record([event(at=START + timedelta(hours=3), what="found", before="", after="failed (crashed)", platform_at=later)])
    assert journal.flush(30)
    assert [each.what for each in journal.events()] == ["found", "phase", "found"], "it became so again, later"


def test_old_bodies_are_forgotten_but_not_how_a_thing_was_at_the_horizon(journal: Journal, path: Path) -> None:
    keep(journal, minutes(0), *(service(str(number)) for number in range(30)))
    for minute in range(1, 30):
        keep(journal, minutes(minute), service("0", Health.BAD if minute % 2 else Health.OK))
    keep(journal, minutes(40), gone=("7",))
    database = sqlite3.connect(path)
    assert database.execute("SELECT count(*) FROM bodies").fetchone() == (60,)
    journal.prune(days=0)  # its clock stands at the start: nothing is older
    assert journal.flush(30)
    assert len(journal.known(minutes(5))) == 30
    journal._now = lambda: minutes(60)
    journal.prune(days=0)
    wait_until(lambda: bool(database.execute("SELECT count(*) = 29 FROM things").fetchone()[0]))
    assert database.execute("SELECT count(*) FROM bodies").fetchone() == (29,)
    assert len(journal.known(minutes(60))) == 29
    database.close()


def test_equal_but_for_what_is_not_kept_is_equal(journal: Journal) -> None:
    web = service("web")
    keep(journal, minutes(0), web, whole=True)
    keep(journal, minutes(1), replace(web, raw=Safe("{}")), whole=True)
    assert [each.seen for each in journal.known(minutes(2))] == [minutes(0)]


def test_the_last_good_rollout_of_a_place_is_known_though_it_is_no_longer_listed(journal: Journal) -> None:
    def ended(number: int, conclusion: str, environment: str = "prod") -> Rollout:
        ref = Ref(connection="fleet", kind=Kind.ROLLOUT, id=f"r{number}")
        place = {"app": Safe("shop"), "environment": Safe(environment)}
        return Rollout(ref=ref, name=ref.id, target=Safe(f"c{number}"), conclusion=Safe(conclusion), **place)  # type: ignore[arg-type]

    rows = [ended(1, "success"), ended(2, "success"), ended(3, "failure"), ended(4, "success", "staging")]
    for row, at in zip(rows, (1, 2, 3, 4), strict=True):
        keep(journal, minutes(at), row, kind=Kind.ROLLOUT)
        words = {"name": "rollout", "after": str(row.conclusion), "text": f"{row.app}/{row.environment}"}
        journal.record([Event(what="phase", ref=str(row.ref), at=minutes(at), seconds=9.0, **words)])  # type: ignore[arg-type]
    keep(journal, minutes(9), gone=("r1", "r2", "r3", "r4"), kind=Kind.ROLLOUT)
    found = journal.rolled_out("shop", "prod", "success")
    assert found is not None
    assert found.row == rows[1]
    assert journal.states(rows[2].ref)[0] == replace(found, row=rows[2], seen=minutes(3))
    assert journal.rolled_out("shop", "test", "success") is None


def test_a_thing_is_told_from_change_to_change_the_newest_first_though_it_is_gone(journal: Journal) -> None:
    keep(journal, minutes(0), service("web"), service("worker"))
    keep(journal, minutes(1), service("web", Health.BAD))
    keep(journal, minutes(2), service("web", Health.BAD))
    keep(journal, minutes(3), service("web", version=Safe("3.13")), service("worker", Health.BAD))
    keep(journal, minutes(4), gone=("web",))
    found = journal.states(service("web").ref)
    assert [(each.row.health, each.seen) for each in found] == [
        (Health.OK, minutes(3)),
        (Health.BAD, minutes(1)),
        (Health.OK, minutes(0)),
    ]
    assert len(journal.states(service("web").ref, limit=2)) == 2
    assert journal.states(service("nobody").ref) == ()


def test_what_a_platform_itself_tells_is_kept_once_whenever_it_is_read(journal: Journal) -> None:
    for hours, id_ in ((0, "e1"), (3, "e1"), (3, "e2")):
        said = event(
            what="said", ref="fleet", at=START + timedelta(hours=hours), before=id_, after="", platform_at=START, text="stopped by bo"
        )
        journal.record([said])
    assert journal.flush(30)
    assert sorted(each.before for each in journal.events()) == ["e1", "e2"]
