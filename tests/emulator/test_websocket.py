"""The stream of instances over a real socket, framed by hand: what it tells, what it hides, and how it refuses."""

from __future__ import annotations

import base64
import hashlib
import json
import os
import socket
import struct
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from tests.emulator.conftest import Desk

Start = Callable[..., Desk]


class Line:
    """A WebSocket client of the most literal kind."""

    def __init__(self, port: int, target: str) -> None:
        self._socket = socket.create_connection(("127.0.0.1", port), timeout=5)
        key = base64.b64encode(os.urandom(16))
        request = f"GET {target} HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
        self._socket.sendall(request.encode() + b"Sec-WebSocket-Key: " + key + b"\r\n\r\n")
        self._file = self._socket.makefile("rb")
        self.status = int(self._file.readline().split()[1])
        headers = dict(line.decode().strip().lower().split(": ", 1) for line in iter(self._file.readline, b"\r\n"))
        digest = hashlib.sha1(key + b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11", usedforsecurity=False).digest()
        assert self.status != 101 or headers["sec-websocket-accept"] == base64.b64encode(digest).decode().lower()

    def send(self, payload: bytes, opcode: int = 1, final: bool = True) -> None:
        mask, size = os.urandom(4), len(payload)
        long = (
            struct.pack(">BBH", 0x80 * final | opcode, 0x80 | 126, size)
            if size > 125
            else struct.pack(">BB", 0x80 * final | opcode, 0x80 | size)
        )
        self._socket.sendall(long + mask + bytes(byte ^ mask[index % 4] for index, byte in enumerate(payload)))

    def say(self, **message: object) -> None:
        self.send(json.dumps(message).encode())

    def frame(self) -> tuple[int, bytes]:
        first, size = self._file.read(2)
        if size > 125:
            size = int.from_bytes(self._file.read(2 if size == 126 else 8))
        return first & 15, self._file.read(size)

    def hear(self, kind: str) -> dict[str, Any]:
        """The next message of that kind."""
        while True:
            message: dict[str, Any] = json.loads(self.frame()[1])
            if message["kind"] == kind:
                return message

    def close(self) -> None:
        self._file.close()
        self._socket.close()


@contextmanager
def line(one: Desk, target: str = "") -> Iterator[Line]:
    dployr = one.info["dployr"]
    made = Line(int(dployr["base_url"].rsplit(":")[-1]), target or f"/v1/instances/stream?clusterId={dployr['clusters'][0]['id']}")
    yield made
    made.close()


def scene(desk: Start) -> Desk:
    return desk(flavour="dployr=current", scenario="calm")


def stop(one: Desk, name: str) -> None:
    one.emulator.do(lambda control: control.platforms.fleet.lifecycle.stop(control.platforms.fleet.by_name[name]))
    one.advance(3)


def workloads(message: dict[str, Any]) -> dict[str, str]:
    return {row["name"]: row["status"] for row in message["sections"]["workloads"]["data"]["services"]}


def test_a_heartbeat_brings_everything_once_per_machine(desk: Start) -> None:
    with line(scene(desk)) as stream:
        assert stream.status == 101
        stream.say(kind="heartbeat")
        told = {message["instanceId"]: message["sections"] for message in (stream.hear("delta-update") for _ in range(2))}
    assert set(told) == {"edge-1", "build-1"}
    assert set(told["edge-1"]) == {"node", "status", "health", "resources", "workloads", "proxy"}
    assert set(told["edge-1"]["resources"]["data"]) == {"cpu", "memory", "disks"}


def test_changes_come_by_themselves_and_sleep_hides_the_rest(desk: Start) -> None:
    one = scene(desk)
    with line(one) as stream:

        def until(**wanted: str) -> dict[str, str]:
            while not (state := workloads(stream.hear("delta-update"))).items() >= wanted.items():
                pass
            return state

        stream.say(kind="heartbeat")
        assert set(until(checkout="running").values()) == {"running"}
        one.emulator.do(lambda control: control.behave("checkout", "crashloop"))
        one.advance(9.5)
        assert until(checkout="stopped")["worker"] == "running"
        stop(one, "worker")
        assert set(until(worker="sleeping").values()) == {"running", "sleeping"}


def test_it_says_which_list_to_read_again(desk: Start) -> None:
    one = scene(desk)
    client = one.client("dployr", one.info["dployr"]["token"])
    query = {"clusterId": one.info["dployr"]["clusters"][0]["id"]}
    with line(one) as stream:
        stream.say(kind="heartbeat")
        stream.hear("delta-update")
        client.post("/v1/deployments", params=query, json={"name": "fresh", "type": "web", "source": "image", "image": "nginx"})
        assert stream.hear("refresh") == {"kind": "refresh", "entity": "deployments", **query}


def test_a_log_comes_with_its_history_and_then_live(desk: Start) -> None:
    one = scene(desk)
    with line(one) as stream:
        stream.say(kind="log_subscribe", requestId="r1", token="", path="service:worker", streamId="s1", startFrom=0, duration="5m")
        assert stream.hear("log_subscribed") == {"kind": "log_subscribed", "streamId": "s1", "path": "service:worker"}
        past = stream.hear("log_chunk")
        assert (past["streamId"], len(past["entries"]) > 10, set(past["entries"][0])) == ("s1", True, {"time", "msg"})
        one.advance(30)
        live = stream.hear("log_chunk")
        assert (live["path"], live["source"], live["hasMore"]) == ("worker", "runtime", False)
        assert live["streamId"] != "s1"
        assert live["entries"][0]["time"] >= past["entries"][-1]["time"]


@pytest.mark.parametrize(
    ("message", "code"),
    [
        (b"nonsense", 1002),
        (b'{"kind":"dance"}', 1002),
        (b'{"kind":"log_subscribe"}', 1001),
        (b'{"kind":"log_subscribe","requestId":"r","path":"service:nobody","streamId":"s","duration":"live"}', 2001),
        (b'{"kind":"log_subscribe","requestId":"r","path":"service:worker","streamId":"s","duration":"2m"}', 1000),
    ],
)
def test_errors_are_messages(desk: Start, message: bytes, code: int) -> None:
    with line(scene(desk)) as stream:
        stream.send(message)
        assert stream.hear("error")["code"] == code


@pytest.mark.parametrize(("target", "status"), [("/v1/instances/stream", 400), ("/v1/instances/other?clusterId=x", 404)])
def test_what_is_refused_before_the_upgrade(desk: Start, target: str, status: int) -> None:
    with line(scene(desk), target) as stream:
        assert stream.status == status


def test_a_platform_without_a_stream_refuses(desk: Start) -> None:
    one = desk()
    made = Line(int(one.info["phase"]["base_url"].rsplit(":")[-1]), "/v1/instances/stream")
    assert made.status == 403
    made.close()


def test_ping_fragments_and_goodbye(desk: Start) -> None:
    with line(scene(desk)) as stream:
        stream.send(b"are you there", opcode=9)
        assert stream.frame() == (10, b"are you there")
        stream.send(b'{"kind":', final=False)
        stream.send(b'"dance"}', opcode=0)
        assert json.loads(stream.frame()[1])["kind"] == "error"
        stream.send(struct.pack(">H", 1000), opcode=8)
        assert stream.frame() == (8, struct.pack(">H", 1000))


def test_a_frame_without_a_mask_ends_it(desk: Start) -> None:
    with line(scene(desk)) as stream:
        stream._socket.sendall(b"\x81\x02hi")
        assert stream.frame() == (8, struct.pack(">H", 1002))
