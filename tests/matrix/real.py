"""L5: the console as its user runs it, for as long as wanted, in a pseudo-terminal, on the emulator behind a fault proxy of each platform.

    python -m tests.matrix.real MINUTES [SECONDS]

Every key is pressed at every size first; then weather changes every half minute (or every so many seconds), keys that change nothing
are pressed, sizes change. Printed at the end, as JSON: memory, file descriptors, threads, tasks (those of widgets, which live as long as
their screen does, for themselves) and screens, which are made once each, in the first and in the last quarter (the first tenth is not
counted: what is seen first is loaded first), memory in each tenth, bytes written, kinds of weather, the steps of the event loop that took
longest in milliseconds of processor time, with how many seconds after the start, how long each connection took to be fresh again after
the last weather and what was said of it meanwhile, and the exit code.
"""

from __future__ import annotations

import json
import os
import re
import select
import statistics
import sys
import tempfile
import time
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import Any, Final
from urllib.parse import urlsplit

from tests.e2e.driver import Terminal
from tests.matrix.proxy import Threaded, Toxics, serve_in_thread
from tests.matrix.vt import answers
from tui.emulator import Options, start_in_thread

CENSUS: Final = ("-m", "tests.matrix.census")
"""How the console is started that tells about itself."""
WEATHER: Final[dict[str, dict[str, Any]]] = {
    "fine": {},
    "slow": {"latency": 0.8, "jitter": 0.4},
    "narrow": {"rate": 7_000.0, "slice": 200},
    "lossy": {"loss": 0.3},
    "cut": {"cut": 3_000},
    "corrupt": {"corrupt": 400},
    "blackhole": {"blackhole": True},
    "refused": {"refuse": True},
    "half open": {"half_open": True},
}
KEYS: Final = (
    "1",
    "2",
    "3",
    "4",
    "j",
    "k",
    "\x1b[A",
    "\x1b[B",
    "l",
    "z",
    "z",
    "?",
    "\x1b",
    "\x1b",
    "A",
    "T",
    "I",
    "V",
    "\x1b",
    "\x1b",
    "2",
    "\r",
    "\x1b",
    "\t",
    "w",
    "\r",
    "\x1b",
)
SIZES: Final = ((120, 40), (120, 40), (80, 24), (200, 50), (50, 12))


class Tape(Terminal):
    """A terminal that counts what is written and keeps the end of it."""

    written = answered = 0

    def pump(self, seconds: float) -> bool:
        try:
            if not select.select([self.master], [], [], seconds)[0]:
                return False
            data = os.read(self.master, 1 << 18)
        except OSError:
            return False
        self.written += len(data)
        self.raw += data
        said, self.answered = answers(self.raw, self.answered)
        os.write(self.master, said)
        if len(self.raw) > 1 << 21:
            # Modes are switched on once, at the start: that part stays.
            self.answered -= len(self.raw) - (1 << 16) - (1 << 18)
            del self.raw[1 << 16 : -(1 << 18)]
        return True

    def rest(self, seconds: float) -> None:
        end = time.monotonic() + seconds
        while (left := end - time.monotonic()) > 0:
            self.pump(left)
            assert self._running().poll() is None, f"it ended with {self._running().returncode}: {bytes(self.raw[-2000:])!r}"


@dataclass
class Watched:
    """One run, and what is counted."""

    terminal: Terminal
    census: Path
    samples: list[dict[str, float]] = field(default_factory=list)

    def states(self) -> dict[str, str]:
        return dict(self.counted()["states"])

    def counted(self) -> dict[str, Any]:
        return dict(json.loads(self.census.read_text(encoding="utf-8")))

    def sample(self) -> None:
        pid = self.terminal._running().pid
        status = Path(f"/proc/{pid}/status").read_text(encoding="utf-8")
        cpu = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rsplit(")", 1)[1].split()
        told = self.counted()
        self.samples.append(
            {
                "rss_kib": float(re.search(r"VmRSS:\s+(\d+)", status)[1]),  # type: ignore[index]
                "threads": float(re.search(r"Threads:\s+(\d+)", status)[1]),  # type: ignore[index]
                "fds": float(sum(1 for _ in Path(f"/proc/{pid}/fd").iterdir())),
                **{name: float(told[name]) for name in ("tasks", "widgets", "screens", "blocks")},
                "lines": float(sum(told["held"])),
                "cpu_s": (int(cpu[11]) + int(cpu[12])) / os.sysconf("SC_CLK_TCK"),
                "bytes": float(getattr(self.terminal, "written", 0)),
            }
        )

    def summary(self) -> dict[str, Any]:
        kept = self.samples[len(self.samples) // 10 :]
        quarter = max(1, len(kept) // 4)
        first, last = kept[:quarter], kept[-quarter:]
        names = ("rss_kib", "threads", "fds", "tasks", "widgets", "screens", "lines", "blocks")
        each = {name: [statistics.median(sample[name] for sample in part) for part in (first, last)] for name in names}
        most = {f"most_{name}": max(sample[name] for sample in kept) for name in names}
        tenth = max(1, len(self.samples) // 10)
        parts = [self.samples[at : at + tenth] for at in range(0, len(self.samples), tenth)]
        course = [statistics.median(sample["rss_kib"] for sample in part) for part in parts]
        end = self.samples[-1]
        return {**each, "course": course, **most, "bytes": end["bytes"], "cpu_s": end["cpu_s"], "samples": len(self.samples)}


def configured(folder: Path, told: dict[str, Any], urls: dict[str, str]) -> dict[str, str]:
    """The configuration of three connections behind their proxies; the environment that finds it."""
    apps = ", ".join(
        f"{{ id = {json.dumps(app['id'])}, environments = {json.dumps(app['environments'])} }}" for app in told["encore"]["apps"]
    )
    lines = ["[contexts.soak]", "read_only = true"]
    for name, platform in (("shop", "encore"), ("fleet", "dployr"), ("vault", "phase")):
        lines += [f"[contexts.soak.connections.{name}]", f'platform = "{platform}"', f'base_url = "{urls[platform]}"']
        lines += [f"apps = [{apps}]"] if platform == "encore" else []
    folder.mkdir(mode=0o700)
    (folder / "config.toml").write_text("\n".join(lines) + "\n", encoding="utf-8")
    return {
        "ROLLWATCH_HOME": str(folder),
        "ROLLWATCH_SHOP_CLIENT_ID": told["encore"]["client_id"],
        "ROLLWATCH_SHOP_CLIENT_SECRET": told["encore"]["client_secret"],
        "ROLLWATCH_FLEET_TOKEN": told["dployr"]["token"],
        "ROLLWATCH_VAULT_TOKEN": told["phase"]["token"],
    }


def told_errors(log: str) -> list[str]:
    """Where each traceback of a log ended: the last lines of it."""
    return [" | ".join(part.splitlines()[1:60][-7:]) for part in log.split("Traceback (most recent call last)")[1:]]


def set_weather(proxy: Threaded, weather: str) -> None:
    def change(at: Any) -> None:
        at.toxics = Toxics(**WEATHER[weather])
        if weather in {"refused", "cut", "corrupt"}:
            at.reset_all()

    proxy.do(change)


def run(minutes: float, gust: float = 25.0) -> dict[str, Any]:
    """A run of so many minutes, each kind of weather lasting about ``gust`` seconds; what was measured."""
    chance, seen = Random(5), dict.fromkeys(WEATHER, 0)  # noqa: S311
    with ExitStack() as stack:
        emulator = stack.enter_context(
            start_in_thread(Options(scenario="busy", flavours={"encore": "current", "dployr": "documented", "phase": "documented"}))
        )
        told = emulator.info
        platforms = ("encore", "dployr", "phase")
        proxies = {name: stack.enter_context(serve_in_thread(urlsplit(told[name]["base_url"]).port or 0)) for name in platforms}
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        environment = configured(folder / "home", told, {name: each.proxy.url for name, each in proxies.items()})
        census = folder / "census"
        command = [sys.executable, *CENSUS]
        with Tape(command, env={**environment, "CENSUS": str(census)}) as terminal:
            watched = Watched(terminal, census)
            began = counted = time.monotonic()
            while not census.exists():
                terminal.rest(0.1)
            terminal.rest(min(20.0, minutes * 6))
            for size in dict.fromkeys(SIZES):
                # What is made at its first use, as screens are, is no drift: each is made before anything is counted.
                terminal.resize(*size)
                for key in (*KEYS, *chance.choices(KEYS, k=4 * len(KEYS))):
                    terminal.press(key)
                    terminal.rest(0.25)
            counted = time.monotonic()
            end = counted + minutes * 60.0
            while time.monotonic() < end:
                weather = chance.choice(list(WEATHER))
                seen[weather] += 1
                set_weather(proxies[chance.choice(platforms)], weather)
                for _ in range(chance.randrange(6)):
                    terminal.press(chance.choice(KEYS))
                    terminal.rest(0.3)
                if chance.random() < 0.2:
                    terminal.resize(*chance.choice(SIZES))
                terminal.rest(chance.uniform(0.5, 1.5) * gust)
                watched.sample()
            for each in proxies.values():
                set_weather(each, "fine")
            healed, back = time.monotonic(), dict[str, float]()
            healing: list[tuple[float, str, str]] = []
            while len(back) < len(platforms) and time.monotonic() - healed < 60.0:
                said = {name: watched.counted()["whys"][name][0] for name in watched.states() if name not in back}
                known = {name: what for _, name, what in healing}
                healing += [(round(time.monotonic() - healed, 1), name, what) for name, what in said.items() if known.get(name) != what]
                back |= {
                    name: round(time.monotonic() - healed, 1)
                    for name, state in watched.states().items()
                    if state == "fresh" and name not in back
                }
                terminal.rest(0.25)
            whys = watched.counted()["whys"]
            slow, sweeps = (
                sorted((each for each in watched.counted()[name] if each[1] > counted - began), reverse=True) for name in ("slow", "sweeps")
            )
            for key in ("\x1b", "\x1b", "\x1b", "\x1b", "q"):
                terminal.press(key)
                terminal.rest(0.7) if key != "q" else None
            code = terminal.ends()
            terminal.restored()
            logs = [path for path in (folder / "home" / "log").glob("*") if path.is_file()]
            texts = [path.read_text(encoding="utf-8", errors="replace") for path in logs]
            errors = [each for text in texts for each in told_errors(text)]
            lost = {
                name: [*whys[name], *[line for text in texts for line in text.splitlines() if f" {name}" in line][-8:]]
                for name in watched.states()
                if name not in back
            }
            return {
                "minutes": round((time.monotonic() - began) / 60, 1),
                "code": code,
                "weather": seen,
                "back": back,
                "healing": healing,
                "lost": lost,
                "tracebacks": errors,
                "slow": slow[:5],
                "sweeps": sweeps[:5],
                **watched.summary(),
            }


if __name__ == "__main__":
    print(json.dumps(run(*map(float, sys.argv[1:])), indent=1))
