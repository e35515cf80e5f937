"""L5 and T3: the console as its user runs it, for minutes here and for hours by hand, in weather that changes every few seconds; and
stopped for longer than its tokens live."""

from __future__ import annotations

import re
import signal
import sys
import time
from pathlib import Path

import pytest

from tests.e2e.driver import Terminal
from tests.matrix.real import CENSUS, Watched, configured, run
from tui.emulator import Options, start_in_thread


@pytest.mark.soak
@pytest.mark.timeout(1800)
def test_l5_a_console_in_bad_weather_stays_as_it_is() -> None:
    told = run(12.0, 4.0)
    print(told)
    assert (told["code"], told["tracebacks"]) == (0, [])
    for name, most in (("rss_kib", 5 * 1024), ("tasks", 8), ("threads", 2), ("fds", 2)):
        first, last = told[name]
        assert last - first < most, (name, told)
    # Only screens that were not opened before have new widgets; nothing else may make any for long.
    first, last = told["widgets"]
    assert last - first <= 30 * max(1, told["screens"][1] - told["screens"][0]), told
    assert all(step[0] < 50 for step in told["slow"]), told["slow"]
    assert len(told["back"]) == 3, "every connection is fresh again"


@pytest.mark.soak
@pytest.mark.timeout(300)
@pytest.mark.parametrize("seconds", [3.0, 90.0])
def test_t3_a_console_that_was_stopped_reads_again_without_a_burst(tmp_path: Path, seconds: float) -> None:
    options = Options(scenario="busy", token_lifetime=60.0, flavours={"encore": "current", "dployr": "documented", "phase": "documented"})
    with start_in_thread(options) as emulator:
        urls = {name: emulator.info[name]["base_url"] for name in ("encore", "dployr", "phase")}
        env = {**configured(tmp_path / "home", emulator.info, urls), "CENSUS": str(tmp_path / "census")}

        def asked() -> tuple[int, int]:
            """Requests that came, and those of them that were refused."""
            came, took = emulator.do(lambda control: (control.world.ledger.received.total(), control.world.ledger.executed.total()))
            return came, came - took

        with Terminal([sys.executable, *CENSUS], env=env) as terminal:
            watched = Watched(terminal, tmp_path / "census")

            def fresh() -> bool:
                return watched.census.exists() and list(watched.states().values()) == ["fresh"] * 3

            terminal.until(fresh, "all three fresh")
            terminal.quiet()
            refused = asked()[1]
            terminal.signal(signal.SIGSTOP)
            time.sleep(seconds)
            before = asked()[0]
            watched.census.unlink()
            terminal.signal(signal.SIGCONT)
            began = time.monotonic()
            while time.monotonic() - began < 1.0:
                terminal.pump(0.05)
            burst = asked()[0] - before
            terminal.until(fresh, "all three fresh again", 15.0)
            took = time.monotonic() - began
            feeds = watched.counted()["feeds"]
            print(f"stopped for {seconds:.0f} s: {burst} requests in the first second for {feeds} feeds, all fresh after {took:.1f} s")
            assert burst <= feeds + 2
            assert took <= 10.0
            assert terminal.text().strip()
            assert not re.search(r"(?<!\w)-\d+ ?[smhd]\b", terminal.text())
            terminal.press("q")
            assert terminal.ends() == 0
            terminal.restored()
        assert asked()[1] == refused, "a token that was over was sent"
