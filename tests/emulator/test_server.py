"""Starting and stopping: ports, announcement, signals, the end of standard input, and what is imported when."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import httpx
import pytest

from tests.emulator.conftest import Desk
from tests.emulator.recorded import NO_TLS
from tui.emulator import Options, start_in_thread

RUN = "import sys; from tui.emulator import Options, run; sys.exit(run(Options(%s)))"


@contextmanager
def child(arguments: str) -> Iterator[subprocess.Popen[bytes]]:
    process = subprocess.Popen(
        [sys.executable, "-c", RUN % arguments], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


def announced(process: subprocess.Popen[bytes]) -> dict[str, dict[str, str]]:
    assert process.stdout is not None
    line = process.stdout.readline()
    assert line.endswith(b"}\n")
    return dict(json.loads(line))


@pytest.mark.parametrize("ending", [signal.SIGTERM, signal.SIGINT, None])
def test_one_line_when_all_ports_listen_then_until_stopped(ending: int | None) -> None:
    with child("scenario='busy', until_eof=True") as process:
        info = announced(process)
        assert {"encore", "dployr", "phase", "flavours", "scenario"} == set(info)
        for platform in ("encore", "dployr", "phase"):
            assert httpx.get(info[platform]["base_url"] + "/", trust_env=False, verify=NO_TLS).status_code == 404
        if ending:
            os.kill(process.pid, ending)
        else:
            assert process.stdin is not None
            process.stdin.close()
            process.stdin = None
        assert process.wait(timeout=30) == 0
        assert process.stderr is not None
        assert process.stderr.read() == b""


def test_a_taken_port_is_told_in_one_line() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with child(f"port_base={port - 1}") as process:
            out, err = process.communicate(timeout=10)
    assert (process.returncode, out) == (2, b"")
    assert err.decode().splitlines() == [
        f"emulate: ports {port - 1} to {port + 1}: Address already in use: choose another --port-base, or leave it out"
    ]


def test_it_stops_at_once_although_clients_hang_on(desk: Callable[..., Desk]) -> None:
    one = desk(scenario="busy")
    target = one.dployr.get("/v1/services").json()["services"][0]["id"]
    with one.dployr.stream("GET", f"/v1/services/{target}/logs", params={"follow": "true"}) as reply:
        chunks = reply.iter_raw()
        next(chunks)
        begun = time.monotonic()
        one.emulator.stop()
        assert time.monotonic() - begun < 1
        with pytest.raises(httpx.TransportError):
            list(chunks)
    one.emulator = start_in_thread(Options(scenario="calm"))


def test_starting_in_a_thread_takes_milliseconds() -> None:
    start_in_thread(Options(scenario="calm")).stop()
    taken = []
    for _ in range(3):
        begun = time.process_time()  # what others do meanwhile does not count
        emulator = start_in_thread(Options(scenario="busy"))
        taken.append(time.process_time() - begun)
        emulator.stop()
    assert min(taken) < 0.25


def imported(statement: str) -> set[str]:
    code = f"import sys; {statement}; print(*sys.modules)"
    return set(subprocess.run([sys.executable, "-c", code], capture_output=True, check=True, text=True).stdout.split())


def test_nothing_is_imported_before_it_is_needed_and_nothing_of_the_console_ever() -> None:
    assert not imported("import tui.emulator") & {"starlette", "uvicorn", "h11", "asyncio.sslproto"} - {"asyncio.sslproto"}
    served = imported("from tui.emulator import start_in_thread; start_in_thread().stop()")
    assert "starlette" in served
    ours = {name for name in served if name.startswith("tui.") and not name.startswith("tui.emulator")}
    assert ours == set()
    assert not served & {"textual", "rich", "httpx", "msgspec", "pydantic"}


def test_a_kept_connection_answers_at_once(desk: Callable[..., Desk]) -> None:
    client = desk().dployr
    taken = [client.get("/v1/projects").elapsed.total_seconds() for _ in range(20)]
    assert min(taken[1:]) < 0.03, "a reply that waits for the client's delayed acknowledgement takes 40 ms"
