"""What the journal answers, from events as they are recorded."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any

import pytest

from tui.clock import span
from tui.engine.feeds import Feed, Freshness
from tui.engine.joins import AppNode, EnvNode
from tui.engine.ports import Event
from tui.engine.recall.digest import digest
from tui.engine.recall.handoff import handoff, markdown
from tui.engine.recall.quorum import suspect
from tui.engine.recall.records import BEFORE, Deed, Note, Standing, health_of
from tui.engine.recall.standing import standing
from tui.engine.recall.standing import told as told_of
from tui.engine.recall.timeline import lane_cells, timeline
from tui.engine.recall.usual import outlook, usual
from tui.engine.recall.versions import matrix, places
from tui.errors import NoEndpoint, Refused, Unauthorized, Unavailable, Unreachable
from tui.model import Deployment, Environment, Health, Kind, Ref, Resource, Rollout, Service, Tone
from tui.text import Safe

START = datetime(2026, 11, 23, 22, 0, tzinfo=UTC)
END = START + timedelta(hours=8)


def at(minutes: float) -> datetime:
    return START + timedelta(minutes=minutes)


def went(ref: str, before: str, after: str, minutes: float, name: str = "") -> Event:
    return Event(what="transition", ref=ref, at=at(minutes), name=name or ref.rsplit("/", 1)[-1], before=before, after=after)


WEB, JOB = "fleet/service/web-api", "fleet/service/worker"
SHIFT = [
    went(WEB, "ok (running)", "failed (crashed)", 10),
    went(WEB, "failed (crashed)", "busy (restarting)", 12),
    went(WEB, "busy (restarting)", "ok (running)", 14),
    went(JOB, "ok (running)", "degraded", 100),
    Event(what="edge", ref="vault", at=at(30), name="vault", after="down", text="vault: 502"),
    Event(what="edge", ref="vault", at=at(42), name="vault", after="back"),
    Event(what="appeared", ref="fleet/deployment/d-9", at=at(9), name="web-api", after="busy (pending)"),
    went("fleet/deployment/d-9", "busy (pending)", "ok (completed)", 9.5, "web-api"),
    Event(what="phase", ref="shop/rollout/roll_1", at=at(20), name="build", after="success", seconds=62.0, text="checkout/prod"),
    Event(what="appeared", ref="fleet/instance/i-1", at=at(1), name="edge-1", after="ok (healthy)"),
]
DEEDS = [
    Deed(at=at(11), who="ana from 10.0.0.7", verb="restart", ref=WEB, name="web-api", outcome="confirmed", reason="crash `loop`"),
    Deed(at=at(50), who="ana", verb="stop", ref=JOB, name="worker", outcome="unknown"),
]


def test_digest_puts_the_unresolved_first_and_counts_how_long_it_was_wrong() -> None:
    told = digest(reversed(SHIFT), DEEDS, since=START, until=END)
    assert [story.ref for story in told.unresolved] == [JOB]
    assert [story.ref for story in told.recovered] == ["vault", WEB]
    assert [story.ref for story in told.changed] == ["fleet/deployment/d-9"]
    web = told.recovered[1]
    assert web.states == ("ok (running)", "failed (crashed)", "busy (restarting)", "ok (running)")
    assert web.wrong_for == 120
    assert told.unresolved[0].wrong_for == 380 * 60
    assert told.unresolved[0].text.endswith("for 6h20 so far")
    assert told.text == "In 8h00: 1 unresolved, 2 recovered, 1 changed, 2 actions."


def test_an_empty_digest_is_one_line() -> None:
    told = digest(SHIFT, DEEDS, since=END, until=END + timedelta(minutes=3))
    assert told.empty
    assert told.text == "Nothing changed in 3m00."


def test_a_long_story_keeps_its_beginning_and_its_end() -> None:
    flaps = [went(WEB, *(("ok", "failed") if n % 2 == 0 else ("failed", "ok")), n) for n in range(11)]
    story = digest(flaps, since=START, until=END).unresolved[0]
    assert len(story.states) == 12
    assert "… 9 more …" in story.text
    assert story.text.startswith("web-api  ok →")


def test_what_went_wrong_names_what_came_shortly_before_it() -> None:
    entries = timeline(SHIFT, DEEDS)
    assert [entry.at for entry in entries] == sorted(entry.at for entry in entries)
    crash = next(entry for entry in entries if entry.ref == WEB and entry.wrong)
    assert crash.after == "1m00 after deployment web-api"
    far = next(entry for entry in entries if entry.ref == JOB and entry.wrong)
    assert far.after == ""


def test_what_a_platform_itself_tells_is_in_the_timeline_at_its_own_time_and_no_news_of_the_digest() -> None:
    said = Event(what="said", ref="fleet", at=at(9), platform_at=at(4), name="web-api", before="e1", text="service.stopped by bo")
    (entry,) = timeline([said])
    assert (entry.at, entry.lane, entry.name, entry.text) == (at(4), "other", "web-api", "service.stopped by bo, as fleet itself tells")
    assert digest([said], since=START, until=END).empty


def test_an_attempt_that_was_over_when_it_was_first_seen_is_not_said_to_begin_then() -> None:
    def seen(word: str) -> str:
        event = Event(what="appeared", ref="shop/rollout/r1", at=at(90), name="checkout/prod", after=word, text="main by ana")
        return timeline([event])[0].text

    assert seen("failed (failure)") == "appeared, failed (failure), main by ana"
    assert seen("busy (running)") == "began, main by ana"


@pytest.mark.parametrize(
    ("outcome", "tone"),
    [("", Tone.BUSY), ("accepted", Tone.BUSY), ("unconfirmed", Tone.UNKNOWN), ("unknown", Tone.UNKNOWN), ("confirmed", Tone.OK)],
)
def test_what_nobody_saw_the_end_of_is_unknown_and_not_under_way(outcome: str, tone: Tone) -> None:
    (entry,) = timeline([], [replace(DEEDS[0], outcome=outcome)])
    assert entry.tone is tone


def test_a_thing_of_the_same_name_is_nearer_than_one_of_the_same_connection() -> None:
    events = [
        Event(what="appeared", ref="fleet/deployment/d-1", at=at(1), name="Web API", after="busy"),
        Event(what="appeared", ref="fleet/deployment/d-2", at=at(2), name="other", after="busy"),
        went(WEB, "ok", "failed", 3, "web-api"),
        went(JOB, "ok", "failed", 3.5, "worker"),
    ]
    said = {entry.ref: entry.after for entry in timeline(events) if entry.wrong}
    assert said == {WEB: "2m00 after deployment Web API", JOB: "1m30 after deployment other"}


def test_what_the_platform_says_of_the_time_before_stands_in_the_digest_and_the_timeline_as_such() -> None:
    """A first look: nobody saw anything happen, and yet the platform tells of a rollout that failed and a service that crashed."""
    looked = at(470)
    bad: dict[str, Any] = {"ref": "shop/rollout/r1", "name": "shop/prod", "at": looked, "text": "main by ana"}
    over: dict[str, Any] = {"ref": "shop/rollout/r1", "at": looked, "before": BEFORE}
    events = [
        Event(what="began", platform_at=at(440), **bad),
        Event(what="found", platform_at=at(443), after="failed (failure)", **bad),
        Event(what="phase", platform_at=at(443), after="failure", **{**over, "name": "rollout", "seconds": 180.0}),
        Event(what="phase", platform_at=at(443), after="failure", **{**over, "name": "build", "seconds": 60.0}),
        Event(what="found", ref=WEB, name="web-api", at=looked, platform_at=at(445), after="failed (crashed)"),
        Event(what="found", ref=JOB, name="worker", at=looked, platform_at=at(300), after="ok (running)"),
        Event(what="found", ref="fleet/service/old", name="old", at=looked, platform_at=at(-99), after="failed (crashed)"),
    ]
    still = [Standing(ref="fleet/service/old", name="old", word="failed (crashed)", since=at(-99), unseen=True)]
    told = digest(events, since=START, until=END, standing=still)
    assert [(each.ref, each.chain, each.unseen, each.standing) for each in told.unresolved] == [
        (WEB, "failed (crashed)", True, False),
        ("shop/rollout/r1", "failed (failure)", True, False),
        ("fleet/service/old", "failed (crashed)", True, True),
    ]
    assert told.unresolved[0].text == "web-api  failed (crashed), before we looked  for 35m00 so far"
    assert (told.changed, told.recovered) == ((), ())
    entries = timeline(events)
    assert [(each.at, each.text, each.after) for each in entries if at(0) <= each.at] == [
        (at(300), "ok (running), before we looked", ""),
        (at(440), "began, main by ana, before we looked", ""),
        (at(443), "failed (failure) in 3m00, before we looked", ""),
        (at(445), "failed (crashed), before we looked", ""),
    ]


def test_what_is_wrong_now_is_unresolved_although_nothing_changed() -> None:
    still = [Standing(ref=JOB, name="worker", word="failed (crashed)", since=at(-600)), Standing(ref="vault", name="vault", word="down")]
    told = digest((), since=START, until=END, standing=still)
    assert [(each.ref, each.wrong_for) for each in told.unresolved] == [("vault", None), (JOB, 18 * 3600)]
    assert told.text == "In 8h00: 2 unresolved."
    back = digest([went(JOB, "failed (crashed)", "ok (running)", 5)], since=START, until=END, standing=still[:1])
    assert [each.states[-1] for each in back.unresolved] == ["failed (crashed)"], "what is known now outdoes what was seen"
    # The clock was set back between the two: by its times the first is the last.
    shifted = [went(JOB, "failed (crashed)", "degraded", 470), went(JOB, "degraded", "failed (crashed)", 430)]
    (story,) = digest(shifted, since=START, until=END, standing=still[:1]).unresolved
    assert story.states[-1] == "failed (crashed)"


def test_what_went_wrong_again_is_so_since_this_time() -> None:
    again = [went(WEB, "ok", "failed", 10), went(WEB, "failed", "ok", 20), went(WEB, "ok", "failed", 470)]
    assert [each.wrong_for for each in digest(again, since=START, until=END).unresolved] == [600]
    assert [each.wrong_for for each in digest([*again, went(WEB, "failed", "ok", 475)], since=START, until=END).recovered] == [900]


def test_what_was_wrong_before_the_shift_recovers_in_it_and_no_length_is_claimed() -> None:
    events = [
        went(WEB, "failed (crashed)", "ok (running)", 10),
        Event(what="edge", ref="vault", at=at(20), name="vault", after="back"),
        went(JOB, "failed (crashed)", "degraded", 479),
    ]
    told = digest(events, since=START, until=END)
    assert [(each.ref, each.wrong_for) for each in told.recovered] == [("vault", None), (WEB, None)]
    assert [(each.ref, each.text) for each in told.unresolved] == [(JOB, "worker  failed (crashed) → degraded")], "not for 1m00 so far"
    text = markdown(handoff(told, context="prod"))
    assert "- 22:10–22:10 `web-api` (fleet service): failed (crashed) → ok (running), wrong since before that\n" in text
    assert "- `worker` (fleet service): degraded since before 05:59\n" in text


def test_a_place_is_wrong_while_its_newest_attempt_is() -> None:
    def row(number: int, conclusion: str, environment: str = "prod") -> Rollout:
        health = {"success": Health.OK, "failure": Health.BAD}.get(conclusion, Health.BUSY)
        made = rollout(environment, "main", number, conclusion)
        return replace(made, app=Safe("shop"), health=health, started_at=at(number - 1))

    bad = [row(1, "failure"), row(5, "success"), row(9, "failure"), row(12, ""), row(7, "failure", "staging"), row(8, "success", "staging")]
    assert [each.ref for each in standing(bad, {})] == ["shop/rollout/prod-9"]
    seen = [went("x/service/y", "ok", "failed (z)", 30), went("x/service/y", "ok", "failed (z)", 10), went("x/service/y", "z", "ok", 5)]
    each = Standing(ref="x/service/y", name="y", word="failed (z)", since=at(99), unseen=True)
    assert (told_of(each, seen).since, told_of(each, seen).unseen) == (at(10), False)
    assert told_of(each, [went("x/service/y", "a", "ok", 50)]) == each


def test_a_lane_shows_the_worst_of_each_stretch() -> None:
    entries = [entry for entry in timeline(SHIFT) if entry.lane == "services"]
    cells = lane_cells(entries, START, END, 8)
    assert [cell.tone.value if cell else "" for cell in cells] == ["bad", "warn", "", "", "", "", "", ""]


def test_usual_is_silent_below_five_samples() -> None:
    assert usual([60, 61, 62, 63]) is None
    known = usual([60, 70, 80, 90, 100])
    assert known is not None
    assert (known.p50, known.p90) == (80, pytest.approx(96))


@pytest.mark.parametrize(
    ("elapsed", "text", "slow"),
    [
        (-3600, "usually 1m20, 1m20 to 1m36 left", False),
        (20, "usually 1m20, 1m00 to 1m16 left", False),
        (90, "usually 1m20, 0s to 6s left", False),
        (311, "slower than usual (p90 1m36, now 5m11)", True),
    ],
)
def test_outlook(elapsed: float, text: str, slow: bool) -> None:
    seen = outlook(elapsed, usual([60, 70, 80, 90, 100]))
    assert seen is not None
    assert (seen.text, seen.slow) == (text, slow)
    assert outlook(elapsed, None) is None


def test_the_handoff_reads_as_markdown_and_cannot_be_broken_by_a_name() -> None:
    notes = [Note(at=at(60), who="ana", text="watch `worker`\n# not a title")]
    shift = handoff(digest(SHIFT, DEEDS, since=START, until=END), notes, context="prod")
    text = markdown(shift)
    assert text.startswith("# Handoff prod: 2026-11-23 22:00 to 2026-11-24 06:00 UTC (8h00)\n")
    assert "\n1 still wrong, 1 outcome unknown, 2 recovered, 1 deployment, 2 actions.\n" in text
    assert "- `worker` (fleet service): degraded since 23:40 (6h20)\n" in text
    assert "- 22:30–22:42 `vault` (connection): did not answer, wrong for 12m00\n" in text
    assert "- `web-api` (fleet): 1 completed at 22:09\n" in text
    assert "- 22:50 `ana` stop `worker`: outcome unknown, look before doing it again" in text.split("## Recovered")[0]
    assert "Nobody has looked" not in text
    late = markdown(handoff(digest(SHIFT, since=START, until=END), context="prod", looked=at(300)))
    assert "Nobody has looked since 2026-11-24 03:00: what is said of now is from then." in late
    assert "because `crash 'loop'`" in text
    assert "\n# not a title" not in text
    told = json.loads(json.dumps(shift.as_json()))
    assert told["wrong"][0]["ref"] == JOB
    assert told["since"].endswith("Z"), "as in every other document"
    assert "+00:00" not in json.dumps(told)


def test_an_attempt_that_ended_alike_again_and_again_is_told_once() -> None:
    one = "fleet/deployment/d-9"
    course = ["ok (success)", "busy (running)", "ok (success)", "busy (running)", "ok (success)"]
    again = [went(one, before, after, minutes, "web-api") for minutes, (before, after) in enumerate(pairwise(course))]
    (story,) = digest(again, since=START, until=END).changed
    assert story.chain == "ok (success)"


def test_the_handoff_does_not_tell_of_a_later_attempt_where_one_only_waited() -> None:
    one = "shop/rollout/roll_1"
    course = ["busy (running)", "degraded (needs approval)", "busy (running)", "ok (success)"]
    waited = [went(one, before, after, minutes, "checkout/prod") for minutes, (before, after) in enumerate(pairwise(course))]
    told = markdown(handoff(digest(waited, since=START, until=END), context="prod"))
    assert "- 22:02 success, waited for an approval for 1m00" in told
    assert "a later one" not in told


def test_most_reads_failing_alike_is_one_fact() -> None:
    bad = Freshness(error=Unavailable("x", status=502), failing_since=100.0, fetched_boot=50.0)
    good = Freshness(fetched_boot=270.0)
    absent = Freshness(error=NoEndpoint("x", status=404))
    feeds = [(Feed(connection="fleet", kind=kind), bad) for kind in (Kind.SERVICE, Kind.DEPLOYMENT, Kind.ROUTE)]
    said = suspect("fleet", [*feeds, (Feed(connection="fleet", kind=Kind.WEBHOOK), absent)], 280.0)
    assert said is not None
    assert said.text == "fleet: every read fails with 502 for 3 min; likely the platform"
    refused = Freshness(error=Refused("this account has 2 clusters", connection="fleet", hint="set one"), failing_since=100.0)
    ours = suspect("fleet", [(each, refused) for each, _ in feeds], 280.0)
    assert ours is not None
    assert ours.text == "fleet: this account has 2 clusters: set one"
    assert (said.theirs, ours.theirs) == (True, False)
    out = Freshness(error=Unauthorized("not signed in", connection="fleet"), failing_since=100.0)
    assert suspect("fleet", [(each, out) for each, _ in feeds], 280.0) is None, "that is ours to mend, and said elsewhere"
    last = [*feeds, (Feed(connection="fleet", kind=Kind.PROJECT), out)]
    assert suspect("fleet", last, 280.0) is None, "it came back and knows us no longer; the others have not asked since"
    assert suspect("fleet", [*feeds[:1], (Feed(connection="fleet", kind=Kind.ROUTE), good)], 280.0) is None
    other = Freshness(error=Unreachable("y"), failing_since=1.0)
    mixed = suspect("fleet", [*feeds, (Feed(connection="fleet", kind=Kind.PROJECT), other)], 280.0)
    assert mixed is not None
    assert mixed.text.startswith("fleet: 3 of 4 reads fail with 502 for 3 min")


def rollout(environment: str, target: str, minutes: float, conclusion: str = "success") -> Rollout:
    return Rollout(
        ref=Ref(connection="shop", kind=Kind.ROLLOUT, id=f"{environment}-{minutes}"),
        name=Safe("r"),
        environment=Safe(environment),
        target=Safe(target),
        conclusion=Safe(conclusion),
        completed_at=at(minutes),
    )


class Rows:
    """Services and deployments as a store would have them."""

    def __init__(self, *rows: Resource) -> None:
        self._rows = rows

    def rows(self, kind: Kind) -> tuple[Resource, ...]:
        return tuple(row for row in self._rows if row.ref.kind is kind)


def test_the_matrix_marks_who_is_behind() -> None:
    staging = EnvNode(name=Safe("staging"), rollouts=(rollout("staging", "b2", 20), rollout("staging", "a1", 5)))
    prod = EnvNode(name=Safe("prod"), rollouts=(rollout("prod", "a1", 6), rollout("prod", "b2", 30, "failure")))
    other = AppNode(name=Safe("other"), environments=(EnvNode(name=Safe("Production")),))
    made = matrix([AppNode(name=Safe("shop"), environments=(staging, prod)), other, AppNode(name=Safe("none"))], Rows())
    assert made.environments == ("staging", "prod")
    shop, second = made.lines
    assert [(cell.version, cell.behind) for cell in shop.cells if cell] == [("b2", False), ("a1", True)]
    assert second.cells[0] is None
    assert second.cells[1] is not None
    assert not second.cells[1].behind


def stage_of(app: str, name: str, commit: str = "") -> EnvNode:
    of = Ref(connection="shop", kind=Kind.APPLICATION, id=app)
    row = Environment(ref=Ref(connection="shop", kind=Kind.ENVIRONMENT, id=f"{app}/{name}"), name=Safe(name), app=of, commit=Safe(commit))
    return EnvNode(name=Safe(name), environments=(row,))


def test_the_matrix_knows_what_is_no_longer_listed_and_believes_the_health_page_most() -> None:
    app = AppNode(name=Safe("shop"), environments=(stage_of("shop-1", "staging"), stage_of("shop-1", "prod", "c" * 40)))
    remembered = {("shop-1", "staging"): rollout("staging", "b2", 20), ("shop-1", "prod"): rollout("prod", "c" * 12, 5)}
    assert places([app]) == set(remembered)
    (line,) = matrix([app], Rows(), remembered).lines
    staging, prod = line.told
    assert (staging.version, staging.at, staging.by) == ("b2", at(20), remembered["shop-1", "staging"].ref)
    assert (prod.version, prod.at, prod.by, prod.behind) == ("c" * 40, at(5), remembered["shop-1", "prod"].ref, True)
    assert [each.version for each in matrix([app], Rows()).lines[0].told] == ["", "c" * 40], "without the journal"


def test_the_matrix_names_what_a_service_runs_by_its_deployment() -> None:
    def made(name: str, **more: Any) -> Service:
        return Service(ref=Ref(connection="fleet", kind=Kind.SERVICE, id=name), name=Safe(name), version=Safe("3.12"), **more)

    def deployed(id_: str, commit: str, minutes: float, health: Health = Health.OK) -> Deployment:
        ref = Ref(connection="fleet", kind=Kind.DEPLOYMENT, id=id_)
        return Deployment(ref=ref, name=Safe("api"), commit=Safe(commit), finished_at=at(minutes), health=health)

    api, loose = made("api"), made("loose", runtime=Safe("python"), deployed_at=at(3))
    rows = Rows(deployed("1", "aaa", 1), deployed("2", "bbb", 4), deployed("3", "ccc", 6, Health.BAD), api, loose)
    shop, other = matrix([AppNode(name=Safe("shop"), services=(api,))], rows).lines
    assert shop.service is not None
    assert (shop.service.version, shop.service.at, shop.service.by) == ("bbb", at(4), rows.rows(Kind.DEPLOYMENT)[1].ref)
    unlisted = matrix([AppNode(name=Safe("shop"), services=(replace(api, deployment=Safe("9")),))], rows).lines[0].service
    assert unlisted is not None
    assert unlisted.version == "3.12", "what it names is not listed: an older one of its name is not what runs"
    assert other.service is not None
    assert (other.app, other.service.version, other.service.at, other.service.by) == ("loose", "python 3.12", at(3), loose.ref)


def test_words() -> None:
    assert health_of("failed (crashed)") is Health.BAD
    assert health_of("down") is Health.UNKNOWN
    assert [span(seconds) for seconds in (0, 47, 230, 7500, 273_600)] == ["0s", "47s", "3m50", "2h05", "3d04h"]
