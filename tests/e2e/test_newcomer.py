"""From nothing to a restarted service, as somebody new does it over a modem's line: 56 kbit/s and a round trip of 150 ms."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from tests.bench.terminal import Terminal
from tui.emulator import Options, read_flavours, start_in_thread

RATE = 7_000.0
ROUND_TRIP = 0.15
"""Bytes a second, and seconds there and back."""

KEYS = 16
"""Keys that may be needed beside the texts that are typed."""


class Newcomer:
    """Somebody who presses a key and looks what it did."""

    def __init__(self, terminal: Terminal) -> None:
        self.terminal = terminal
        self.keys = 0
        self.slowest = 0.0

    def press(self, *keys: str) -> None:
        for key in keys:
            self.terminal.send(key)
            self.keys += 1
            self.terminal.run(0.4)

    def types(self, text: str, shows: str) -> None:
        self.terminal.send(text)
        self.sees(shows)

    def sees(self, text: str, seconds: float = 20.0) -> None:
        begin = time.monotonic()
        assert self.terminal.until(lambda: self.terminal.shows(text), seconds), "\n".join(self.terminal.screen.display)
        self.slowest = max(self.slowest, time.monotonic() - begin)
        self.terminal.run(0.4)


@pytest.mark.soak
def test_a_newcomer_restarts_a_service_over_a_modem(tmp_path: Path) -> None:
    home = {"ROLLWATCH_HOME": str(tmp_path), "HOME": str(tmp_path)}
    with (
        start_in_thread(Options(scenario="busy", flavours=read_flavours("documented"))) as emulator,
        Terminal(["-m", "tui"], environ=home, rate=RATE, rtt=ROUND_TRIP) as terminal,
    ):
        told, one = emulator.info["dployr"], Newcomer(terminal)
        one.sees("Welcome")
        one.press("\x1b[B")
        one.sees("or e-mail")
        one.press("\r", "\r")
        one.types(told["base_url"], told["base_url"])
        one.press("\r")
        one.types(told["token"], "•••••")
        one.press(*"\r" * 5)
        one.sees("it works")
        one.press("\r")
        one.sees("web-api")
        one.press("2", "/")
        one.types("web-api", "/ web-api")
        one.press("\r", "r")
        one.sees("Sends, once")
        one.press("\x1b[C", "\r")
        one.sees("running again", 60.0)
        assert one.keys <= KEYS
        assert emulator.do(lambda control: control.executed("POST", "/v1/services/{id}/restart")) == 1
