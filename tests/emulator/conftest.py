"""An emulator on real sockets with a clock that only the test moves, and a plain client for each platform."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import httpx
import pytest

from tests.emulator.recorded import NO_TLS
from tui.emulator import Options, read_flavours, start_in_thread
from tui.emulator.server import Emulator

NOW = 1_757_197_860.0
"""2025-09-06T22:31:00Z"""


class Desk:
    """One emulator and signed-in clients for it."""

    def __init__(self, emulator: Emulator) -> None:
        self.emulator = emulator
        self.info: dict[str, Any] = emulator.info
        self._clients: list[httpx.Client] = []

    def client(self, platform: str, token: str | None = None) -> httpx.Client:
        """A client with that bearer text, or none."""
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        client = httpx.Client(base_url=self.info[platform]["base_url"], headers=headers, verify=NO_TLS, trust_env=False, timeout=30)
        self._clients.append(client)
        return client

    @property
    def dployr(self) -> httpx.Client:
        return self.client("dployr", self.info["dployr"]["token"])

    @property
    def phase(self) -> httpx.Client:
        return self.client("phase", self.info["phase"]["token"])

    @property
    def encore(self) -> httpx.Client:
        pair = {key: self.info["encore"][key] for key in ("client_id", "client_secret")}
        return self.client("encore", self.client("encore").post("/api/oauth/token", params=pair).json()["access_token"])

    def advance(self, seconds: float) -> None:
        self.emulator.do(lambda control: control.advance(seconds))

    def close(self) -> None:
        for client in self._clients:
            client.close()
        failures = self.emulator.do(lambda control: list(control.world.ledger.failures))
        self.emulator.stop()
        assert failures == []


@pytest.fixture
def desk() -> Iterator[Callable[..., Desk]]:
    """``desk(scenario="busy", flavour="encore=current", **options)`` starts one; all end with the test."""
    made: list[Desk] = []

    def start(*, flavour: str = "documented", **options: Any) -> Desk:
        chosen: dict[str, Any] = {"now": NOW, "frozen": True, "scenario": "calm", **options}
        made.append(Desk(start_in_thread(Options(flavours=read_flavours(flavour), **chosen))))
        return made[-1]

    yield start
    for one in made:
        one.close()
