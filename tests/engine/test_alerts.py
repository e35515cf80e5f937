"""When somebody is called: once a transition, after its time, damped, acknowledged, put off, and what a program is told of it."""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

from tests.engine.fakes import START, FakePlatform, feed, ref, rollout, service
from tests.platforms.loopback import Answer, Loopback
from tui.cli.alerting import deliverer
from tui.clock import ManualClock, SystemClock
from tui.engine.alerts import DEFAULTS, FLAPPING, FLAPS, Alert, Alerts, Rule, payload
from tui.engine.store import Store
from tui.errors import Unreachable
from tui.local.settings import Alerts as Configured
from tui.model import Health, Kind, Phase, Resource
from tui.platforms.base import Rows
from tui.text import Safe
from tui.ui.notify import notification, title, way_of

CRASHED = Rule(name="crashed", kinds=frozenset({"service"}), to=frozenset({"failed"}), after=20.0, names=("web-*",))


class Post:
    """A console's alarms on a clock that is wound by hand."""

    def __init__(self, rules: Sequence[Rule] = (CRASHED,), **options: object) -> None:
        self.clock = ManualClock(START)
        self.store = Store(self.clock, [FakePlatform("fleet", self.clock)])  # type: ignore[list-item]
        self.alerts = Alerts(rules, self.store, self.clock, **options)  # type: ignore[arg-type]

    def see(self, *items: Resource, kind: Kind = Kind.SERVICE) -> None:
        self.alerts.note(self.store.put(feed(kind), Rows(items=items), next_try=None))

    async def after(self, seconds: float) -> list[str]:
        await self.clock.advance(seconds, turns=1)
        return [each.text for each in self.alerts.due()]


async def test_it_rings_once_after_its_time_and_not_for_what_was_so_before() -> None:
    post = Post()
    post.see(service("web-old", Health.BAD), service("web-api"), service("job"))
    post.see(service("web-old", Health.BAD), service("web-api", Health.BAD), service("job", Health.BAD))
    assert await post.after(19) == []
    assert await post.after(1) == ["service web-api: failed"]
    assert await post.after(600) == []
    assert [each.ref for each in post.alerts.unresolved] == ["fleet/service/web-api"]
    post.see(service("web-old"), service("web-api"), service("job"))
    assert post.alerts.unresolved == ()


async def test_what_is_over_before_its_time_does_not_ring() -> None:
    post = Post()
    post.see(service("web-api"))
    for health in (Health.BAD, Health.OK):
        post.see(service("web-api", health))
        assert await post.after(15) == []
    assert await post.after(600) == []


async def test_what_flaps_stops_ringing_and_rings_again_when_it_was_quiet() -> None:
    post = Post()
    post.see(service("web-api"))
    rung = []
    for _ in range(FLAPS + 3):
        post.see(service("web-api", Health.BAD))
        rung += await post.after(20)
        assert post.alerts.unresolved, "a damped alert still counts"
        post.see(service("web-api"))
    assert len(rung) == FLAPS
    await post.after(FLAPPING)
    post.see(service("web-api", Health.BAD))
    assert await post.after(20) == ["service web-api: failed"]


async def test_what_happens_together_is_one_call() -> None:
    post = Post()
    names = [f"web-{number}" for number in range(12)]
    post.see(*map(service, names))
    post.see(*(service(name, Health.BAD) for name in names))
    await post.clock.advance(20, turns=1)
    due = post.alerts.due()
    told = payload(due, "prod")
    assert told["text"] == "service web-0: failed and 11 more"
    assert len(json.loads(json.dumps(told))["alerts"]) == 12
    assert json.dumps(told).count('Z"}') == 12, "times as in every other document"


async def test_acknowledged_quiet_and_ones_own_do_not_call_anybody() -> None:
    post = Post(muted=lambda row: row.name == "web-mine")
    post.see(service("web-a"), service("web-b"), service("web-mine"))
    post.see(service("web-a", Health.BAD), service("web-b"), service("web-mine", Health.BAD))
    assert await post.after(20) == ["service web-a: failed"]
    assert [each.name for each in post.alerts.acknowledge("fleet/service/web-a")] == ["web-a"]
    assert [each.name for each in post.alerts.unresolved] == ["web-mine"]
    post.alerts.snooze(600)
    post.see(service("web-a", Health.BAD), service("web-b", Health.BAD), service("web-mine", Health.BAD))
    assert await post.after(20) == []
    assert len(post.alerts.standing) == 3
    assert await post.after(700) == []
    assert post.alerts.snoozed == 0


async def test_a_lost_platform_and_a_rollout_ring_by_default() -> None:
    post = Post(DEFAULTS)
    post.see(rollout("r", connection="fleet", health=Health.BUSY), kind=Kind.ROLLOUT)
    post.see(rollout("r", connection="fleet", health=Health.BAD, conclusion=Safe("failure")), kind=Kind.ROLLOUT)
    assert await post.after(0) == ["rollout r: failed (failure)"]
    for kind in (Kind.SERVICE, Kind.ROLLOUT, Kind.DEPLOYMENT):
        post.store.fail(feed(kind), Unreachable("no answer", connection="fleet"), None)
    state = post.store.connection("fleet").state
    assert state == "down"
    assert await post.after(60) == []
    assert await post.after(120) == ["connection fleet: down"]


async def test_only_a_rollout_that_waits_for_somebody_rings_for_an_approval() -> None:
    post = Post(rules=DEFAULTS)
    post.see(*(rollout(name, connection="fleet", health=Health.BUSY) for name in ("waits", "ended")), kind=Kind.ROLLOUT)
    asks = Phase(name="infra", status=Safe("proposed"), health=Health.WARN, needs_approval=True)
    waits = rollout("waits", connection="fleet", health=Health.WARN, phases=(asks,))
    ended = rollout("ended", connection="fleet", health=Health.WARN, conclusion=Safe("canceled"))
    post.see(waits, ended, kind=Kind.ROLLOUT)
    told = await post.after(600)
    assert [each.rule for each in post.alerts.unresolved] == ["approval needed"]
    assert told == ["rollout waits: degraded (needs approval)"]


def test_a_terminal_is_told_with_fixed_words_and_cleaned_names_only() -> None:
    evil = "web\x1b]52;c;AAAA\x07;rm\x9d0;x"
    for way in ("osc9", "osc777", "osc99"):
        said = notification("rollwatch", evil, {}, way)  # type: ignore[arg-type]
        assert said.count("\x1b]") == (2 if way == "osc99" else 1)
        assert "\x9d" not in said
        assert "52;c" not in said
    assert title(evil).count("\x07") == 1
    wrapped = notification("rollwatch", "web", {"TMUX": "1"}, "osc9")
    assert wrapped == "\x1bPtmux;\x1b\x1b]9;rollwatch: web\x07\x1b\\"
    assert notification("rollwatch", "x" * 150, {"STY": "1"}, "osc9").startswith("\x1bP\x1b]9;")
    assert notification("rollwatch", "web", {}, "off") == ""
    assert [way_of(environ) for environ in ({"KITTY_WINDOW_ID": "1"}, {"VTE_VERSION": "7"}, {})] == ["osc99", "osc777", "osc9"]


TOLD = payload([Alert(rule="r", kind="service", ref=str(ref("web")), name="web", before="ok", after="failed", since=START)], "prod")


async def test_a_program_is_given_json_and_has_no_shell(tmp_path: Path) -> None:
    out = tmp_path / "told.json"
    code = "import sys, pathlib; pathlib.Path(sys.argv[1]).write_text(sys.stdin.read())"
    deliver = deliverer(Configured(command=(sys.executable, "-c", code, str(out))), SystemClock(), tmp_path)
    assert deliver is not None
    assert await deliver(TOLD) == []
    assert json.loads(out.read_text()) == TOLD
    failing = deliverer(Configured(command=(sys.executable, "-c", "raise SystemExit('no; $HOME')")), SystemClock(), tmp_path)
    assert failing is not None
    (problem,) = await failing(TOLD)
    assert "ended with 1: no; $HOME" in problem


async def test_an_address_is_told_the_same_once_and_never_shown(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    assert deliverer(Configured(), SystemClock(), tmp_path) is None
    asked: list[bytes] = []

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        length = next(int(line.split(b":")[1]) for line in head.lower().split(b"\r\n") if line.startswith(b"content-length"))
        asked.append(head + await reader.readexactly(length))
        status = b"204 No Content" if len(asked) == 1 else b"403 Forbidden"
        writer.write(b"HTTP/1.1 " + status + b"\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    monkeypatch.setenv("ALERT_HOOK", f"http://127.0.0.1:{port}/services/T0/hush-hush?x=1")
    deliver = deliverer(Configured(webhook="$ALERT_HOOK"), SystemClock(), tmp_path)
    assert deliver is not None
    async with server:
        assert await deliver(TOLD) == []
        (problem,) = await deliver(TOLD)
    assert asked[0].startswith(b"POST /services/T0/hush-hush?x=1 HTTP/1.1")
    assert json.loads(asked[0].split(b"\r\n\r\n", 1)[1]) == TOLD
    assert problem == "webhook: answered 403"
    unset = deliverer(Configured(webhook="$NO_SUCH_HOOK"), SystemClock(), tmp_path)
    assert unset is not None
    assert await unset(TOLD) == ["webhook: $NO_SUCH_HOOK is not set"]


@pytest.mark.parametrize("address", ["http://127.0.0.1:9/a//canary", "https://[canary/x", "http://127.0.0.1:0/canary"])
async def test_an_address_that_cannot_be_used_is_told_and_never_shown(address: str, tmp_path: Path) -> None:
    deliver = deliverer(Configured(webhook=address), SystemClock(), tmp_path)
    assert deliver is not None
    (problem,) = await deliver(TOLD)
    assert problem.startswith("webhook: its address cannot be used: ")
    assert "canary" not in problem


async def test_all_of_the_query_is_sent_and_a_thank_you_in_any_form_is_one(tmp_path: Path) -> None:
    async with Loopback(lambda seen: Answer(body=b"ok", content_type="text/html")) as server:
        deliver = deliverer(Configured(webhook=f"{server.url}/hook?wait&to="), SystemClock(), tmp_path)
        assert deliver is not None
        assert await deliver(TOLD) == []
        assert server.seen[0].query == [("wait", ""), ("to", "")]
