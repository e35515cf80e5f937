"""The stream of the machines: what it tells is believed while it is alive, and what it hides is not invented."""

from __future__ import annotations

import asyncio
import json
import struct
from collections.abc import Callable
from typing import Any

import pytest

from tests.platforms.bench import NOW, TOKEN, Bench, bench
from tests.platforms.loopback import Loopback, Talk, plain
from tests.platforms.test_dployr_control import CLUSTER, NODE, WEB, listed, serve, service
from tui.addresses import Address
from tui.clock import ManualClock
from tui.errors import BadReply, HalfDone, NoEndpoint, PlatformError, Refused, Unreachable
from tui.model import Health, Kind, Verb
from tui.platforms.base import SignIn
from tui.platforms.dployr import watch
from tui.platforms.dployr.watch import ALIVE, BEAT, REFUSED, Watch
from tui.platforms.names import Names
from tui.platforms.websocket import LARGEST, WebSocket, open_websocket
from tui.text import Secret


def frame(data: bytes, first: int = 0x81) -> bytes:
    size = len(data)
    if size >= 1 << 16:
        return bytes([first, 127]) + struct.pack("!Q", size) + data
    return (bytes([first, size]) if size < 126 else bytes([first, 126]) + struct.pack("!H", size)) + data


async def hear(reader: asyncio.StreamReader) -> tuple[int, bytes]:
    """One frame of a client: its kind, and its text unmasked."""
    first, second = await reader.readexactly(2)
    size = second & 0x7F
    if size == 126:
        (size,) = struct.unpack("!H", await reader.readexactly(2))
    assert second & 0x80, "a client's frames are masked"
    mask = await reader.readexactly(4)
    data = await reader.readexactly(size)
    return first & 0x0F, bytes(byte ^ mask[index % 4] for index, byte in enumerate(data))


def update(tag: str, version: int = 1, **sections: Any) -> dict[str, Any]:
    told = {name: {"data": data, "version": version} for name, data in sections.items()}
    return {"kind": "delta-update", "instanceId": tag, "sections": told}


def telling(*messages: Any) -> Talk:
    """A server that answers the first request for the state with these, and then keeps quiet until the client leaves."""

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        kind, text = await hear(reader)
        assert (kind, json.loads(text)) == (1, {"kind": "heartbeat"})
        for message in messages:
            writer.write(message if isinstance(message, bytes) else frame(json.dumps(message).encode()))
        await writer.drain()
        while (await reader.read(1024)) != b"":
            pass

    return talk


async def until(holds: Callable[[], bool]) -> None:
    """Let the sockets work until something holds."""
    async with asyncio.timeout(5):
        while not holds():
            await asyncio.sleep(0.002)


RUNS = {"services": [{"name": "web-api", "status": "running", "health": "healthy"}]}
RESOURCES = {"cpu": {"user_percent": 20, "system_percent": 5}, "memory": {"total_bytes": 100_000_000, "used_bytes": 70_000_000}}


async def heard(at: Bench) -> None:
    await at.fetch(Kind.SERVICE)
    await until(lambda: at.platform._watch.alive)


def current(talk: Talk, **more: Any) -> Any:
    changes = more.pop("changes", {})
    return bench("dployr", serve(changes), flavour="current", talk=talk, **more)


@pytest.mark.parametrize(
    ("workloads", "status", "health"),
    [
        ([{"name": "web-api", "status": "running", "health": "healthy"}], "running", Health.OK),
        ([{"name": "web-api", "status": "running", "health": "degraded"}], "running", Health.WARN),
        ([{"name": "web-api", "status": "starting"}], "starting", Health.BUSY),
        ([{"name": "web-api", "status": "sleeping"}], "sleeping", Health.IDLE),
        ([{"name": "web-api", "status": "running"}, {"name": "x", "status": "sleeping"}], "running", Health.UNKNOWN),
        ([{"name": "web-api", "status": "levitating"}], "levitating", Health.UNKNOWN),
        ([{"name": "another", "status": "running"}], "", Health.UNKNOWN),
        ([], "", Health.UNKNOWN),
        ("nonsense", "", Health.UNKNOWN),
    ],
)
async def test_what_a_machine_says_of_a_service_is_what_it_is(workloads: Any, status: str, health: Health) -> None:
    async with current(telling(update("edge-1", workloads={"services": workloads}))) as at:
        await heard(at)
        (row,) = (await at.fetch(Kind.SERVICE)).items
        assert (row.status, row.health) == (status, health)
        assert row.instance == ("edge-1" if status else "")
        assert ("it may be stopped" in row.message) is (status == "running" and health is Health.UNKNOWN)


async def test_the_first_list_waits_a_moment_for_the_machines_and_no_later_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(watch, "BEGINNING", 5.0)
    async with current(telling(update("edge-1", workloads=RUNS))) as at:
        assert (await at.fetch(Kind.SERVICE)).items[0].health is Health.OK, "a command reads its lists only once"
    monkeypatch.setattr(watch, "BEGINNING", 0.0)
    async with current(telling()) as at:
        assert (await at.fetch(Kind.SERVICE)).items[0].health is Health.UNKNOWN
        monkeypatch.setattr(watch, "BEGINNING", 60.0)
        async with asyncio.timeout(5):
            assert (await at.fetch(Kind.SERVICE)).items[0].health is Health.UNKNOWN


async def test_a_stream_that_went_quiet_counts_no_more() -> None:
    async with current(telling(update("edge-1", workloads=RUNS))) as at:
        await heard(at)
        assert (await at.fetch(Kind.SERVICE)).items[0].health is Health.OK
        await at.clock.advance(ALIVE + 1)
        assert (await at.fetch(Kind.SERVICE)).items[0].health is Health.UNKNOWN


async def test_a_machines_numbers_reach_its_row_and_old_versions_do_not() -> None:
    old = update("edge-1", 4, resources={"cpu": {"user_percent": 99, "system_percent": 1}})
    async with current(telling(update("edge-1", 5, resources=RESOURCES), old)) as at:
        await heard(at)
        await asyncio.sleep(0.01)
        rows = await at.fetch(Kind.INSTANCE)
        edge, build = rows.items
        assert (edge.cpu_share, edge.memory_bytes, edge.memory_total_bytes, build.cpu_share) == (0.25, 70_000_000, 100_000_000, None)
        assert await at.fetch(Kind.INSTANCE) is rows


@pytest.mark.parametrize(
    ("sign_in", "header"),
    [(SignIn(token=Secret("session=0123456789")), ("cookie", "session=0123456789")), (None, ("authorization", f"Bearer {TOKEN}"))],
)
async def test_the_stream_names_the_cluster_and_who_asks(sign_in: SignIn | None, header: tuple[str, str]) -> None:
    async with current(telling(update("edge-1")), sign_in=sign_in) as at:
        await heard(at)
        (seen,) = at.server.upgrades
        assert seen.target == f"/v1/instances/stream?clusterId={CLUSTER}"
        assert seen.headers[header[0]] == header[1]


async def test_nothing_is_opened_before_it_is_needed_and_nothing_stays_open() -> None:
    async with current(telling(update("edge-1"))) as at:
        await at.fetch(Kind.DEPLOYMENT)
        assert at.server.upgrades == []
        await heard(at)
        task = at.platform._watch._task
    assert task.done()


async def test_a_server_without_a_stream_is_asked_again_much_later() -> None:
    async with bench("dployr", serve(), flavour="current") as at:
        await at.fetch(Kind.SERVICE)
        await until(lambda: len(at.server.upgrades) == 1)
        await until(lambda: bool(at.clock._sleepers))
        await at.fetch(Kind.SERVICE)
        await at.clock.advance(REFUSED - 10)
        assert len(at.server.upgrades) == 1
        await at.clock.advance(20)
        await until(lambda: len(at.server.upgrades) == 2)


async def test_a_stream_that_ends_is_opened_again() -> None:
    async with current(telling(update("edge-1", workloads=RUNS), frame(b"", 0x88))) as at:
        await heard(at)
        await until(lambda: bool(at.clock._sleepers))
        for _ in range(3):
            await at.clock.advance(2)
            await asyncio.sleep(0.01)
        await until(lambda: len(at.server.upgrades) >= 2)


async def test_a_stream_that_says_nothing_for_long_is_opened_again() -> None:
    async with current(telling(update("edge-1", workloads=RUNS))) as at:
        await heard(at)
        for _ in range(3):
            await at.clock.advance(BEAT)
        assert len(at.server.upgrades) == 1, "some machines have little to say"
        for _ in range(3):
            await at.clock.advance(BEAT)
            await asyncio.sleep(0.01)
        await until(lambda: len(at.server.upgrades) >= 2)
        await until(lambda: at.platform._watch.alive)


@pytest.mark.parametrize(("after", "word"), [("sleeping", ""), ("running", "has not come about")])
async def test_a_restart_waits_until_the_machine_says_that_it_stopped(after: str, word: str) -> None:
    asked = asyncio.Event()

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(frame(json.dumps(update("edge-1", 1, workloads=RUNS)).encode()))
        await asked.wait()
        stopped = {"services": [{"name": "web-api", "status": after}]}
        writer.write(frame(json.dumps(update("edge-1", 2, workloads=stopped)).encode()))
        while (await reader.read(1024)) != b"":
            pass

    async with current(talk) as at:
        await heard(at)
        task = asyncio.ensure_future(at.platform.verbs[Kind.SERVICE, Verb.RESTART].run(at.ref(Kind.SERVICE, WEB), {}))
        await until(lambda: any(each.path.endswith("/stop") for each in at.server.seen))
        await asyncio.sleep(0.01)
        await at.clock.advance(5)
        assert not [each for each in at.server.seen if each.path.endswith("/start")]
        asked.set()
        while not task.done():
            await asyncio.sleep(0.005)
            await at.clock.advance(0.5)
        started = [each for each in at.server.seen if each.path.endswith("/start")]
        if word:
            assert isinstance(task.exception(), HalfDone)
            assert word in str(task.exception())
            assert started == []
        else:
            assert task.result().ref.id == WEB
            assert len(started) == 1


HOSTILE = [
    b"",
    b"[]",
    b"{",
    b'"x"',
    b'{"sections":5}',
    b'{"sections":{"workloads":5}}',
    b'{"sections":{"workloads":{"data":{"services":[5,{"name":{}}]}}}}',
]


@pytest.mark.parametrize("message", [*HOSTILE, b"[" * 50_000, b"\xff"])
async def test_nonsense_on_the_stream_is_passed_over(message: bytes) -> None:
    async with current(telling(frame(message), update("edge-1", 9, workloads=RUNS))) as at:
        await at.fetch(Kind.SERVICE)
        await until(lambda: at.platform._watch.workload("web-api") is not None)
        assert (await at.fetch(Kind.SERVICE)).items[0].health is Health.OK


# -- the protocol itself


async def opened(server: Loopback) -> WebSocket:
    return await open_websocket("c", Address.parse(server.url), "/x", query={"a": "b&c"}, headers={"X-Y": Secret("z")}, names=Names())


async def test_messages_in_pieces_pings_and_a_goodbye() -> None:
    said: list[tuple[int, bytes]] = []

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(frame(b"he", 0x01) + frame(b"!", 0x89) + frame(b"llo", 0x80))
        writer.write(frame(b"x" * 300) + frame(b"y" * 70_000) + frame(b"", 0x88))
        said.extend([await hear(reader) for _ in range(3)])

    async with Loopback(lambda seen: plain({}), talk) as server:
        socket = await opened(server)
        assert await socket.receive() == b"hello"
        assert await socket.receive() == b"x" * 300
        assert await socket.receive() == b"y" * 70_000
        assert await socket.receive() is None
        await socket.send("z" * 200)
        await socket.aclose()
        await until(lambda: len(said) == 3)
        assert said == [(0xA, b"!"), (0x1, b"z" * 200), (0x8, b"\x03\xe8")]
        assert (server.upgrades[0].target, server.upgrades[0].headers["x-y"]) == ("/x?a=b%26c", "z")


@pytest.mark.parametrize(
    ("sent", "kind"),
    [
        (b"\x81\xfe", BadReply),  # masked, as no server may
        (b"\xf1\x00", BadReply),  # reserved bits
        (b"\x81\x7f" + struct.pack("!Q", LARGEST + 1), BadReply),
        (frame(b"x" * 65_000, 0x01) * 17, BadReply),  # no end of pieces
        (b"\x81\x05ab", Unreachable),  # cut
        (b"", Unreachable),
    ],
)
async def test_a_hostile_stream_ends_with_one_typed_error(sent: bytes, kind: type[PlatformError]) -> None:
    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(sent)
        await writer.drain()

    async with Loopback(lambda seen: plain({}), talk) as server:
        socket = await opened(server)
        with pytest.raises(kind):
            await socket.receive()
        await socket.aclose()


async def test_a_handshake_that_is_none() -> None:
    async with Loopback(lambda seen: plain({})) as server:
        with pytest.raises(NoEndpoint):
            await opened(server)
    with pytest.raises(Unreachable):
        await opened(server)


async def test_nobody_is_listened_to_twice() -> None:
    opens: list[str] = []

    async def open_(cluster: str) -> WebSocket:
        opens.append(cluster)
        raise Unreachable("no", connection="c")

    watch = Watch("c", open_, ManualClock(NOW))
    for cluster in ("a", "a", "b"):
        watch.listen(cluster)
        await asyncio.sleep(0)
        await asyncio.sleep(0)
    assert opens == ["a", "b"]
    assert watch.workload("x") is None
    await watch.aclose()


def test_the_rows_these_tests_use_are_those_of_the_control_plane() -> None:
    assert (service()["id"], NODE["tag"], listed().status) == (WEB, "edge-1", 200)


TWO = {"GET /v1/instances": listed(NODE, NODE | {"id": "y", "tag": "edge-2"})}


async def test_of_several_machines_a_change_names_the_one_that_says_it_runs_it() -> None:
    talk = telling(update("edge-1", workloads={"services": []}), update("edge-2", workloads=RUNS))
    async with current(talk, changes=TWO) as at:
        # Nothing was read before: the verb itself opens the stream and gives a machine a moment to speak.
        await at.platform.verbs[Kind.VARIABLE, Verb.SET].run(at.ref(Kind.SERVICE, WEB), {"key": "C", "value": Secret("x")})
        patch = next(each for each in at.server.seen if each.method == "PATCH")
        assert patch.json["instanceName"] == "edge-2"


async def test_the_first_machine_to_speak_need_not_be_the_only_one() -> None:
    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await hear(reader)
        for tag in ("edge-1", "edge-2"):
            writer.write(frame(json.dumps(update(tag, workloads=RUNS)).encode()))
            await writer.drain()
            await asyncio.sleep(0.05)
        while (await reader.read(1024)) != b"":
            pass

    async with current(talk, changes=TWO) as at:
        with pytest.raises(Refused, match="several machines run it"):
            await at.platform.verbs[Kind.VARIABLE, Verb.SET].run(at.ref(Kind.SERVICE, WEB), {"key": "C", "value": Secret("x")})
        assert "PATCH" not in {each.method for each in at.server.seen}


@pytest.mark.parametrize(("on", "said"), [(("edge-1", "edge-2"), "several machines run it"), ((), "none says which one runs it")])
async def test_where_two_machines_or_none_run_it_a_change_is_not_sent(on: tuple[str, ...], said: str) -> None:
    talk = telling(*(update(tag, workloads=RUNS if tag in on else {"services": []}) for tag in ("edge-1", "edge-2")))
    async with current(talk, changes=TWO) as at:
        await heard(at)
        await asyncio.sleep(0.01)
        with pytest.raises(Refused, match=said):
            await at.platform.verbs[Kind.VARIABLE, Verb.SET].run(at.ref(Kind.SERVICE, WEB), {"key": "C", "value": Secret("x")})
        assert "PATCH" not in {each.method for each in at.server.seen}
