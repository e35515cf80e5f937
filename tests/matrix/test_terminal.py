"""U1 to U4: sizes, terminals that are none, terminals that stop or vanish, and signals at any moment."""

from __future__ import annotations

import signal
from datetime import UTC, datetime
from pathlib import Path
from random import Random

import pytest

from tests.e2e.test_start import closed_port, configure
from tests.matrix.prefork import CONSOLE, Ended, Stable
from tests.ui.test_console import seat
from tui.cli.exits import Exit
from tui.cli.picture import Picture
from tui.local.files import TEMPORARY

LEAVING = {signal.SIGTERM: 143, signal.SIGHUP: 129, signal.SIGINT: 130, signal.SIGQUIT: 131}
SHOWN = "\x1b[?1049h"
SIZES = ((1, 1), (2, 2), (0, 0), (40, 10), (39, 9), (500, 200), (80, 24), (120, 40), (3, 200), (500, 1))


@pytest.fixture
def home(tmp_path: Path) -> dict[str, str]:
    """A context whose only connection is down."""
    text = f'[contexts.prod.connections.fleet]\nplatform = "dployr"\nbase_url = "http://127.0.0.1:{closed_port()}"\n'
    return {**configure(tmp_path / "home", text), "ROLLWATCH_FLEET_TOKEN": "t0ken-of-fleet"}


def whole(home: dict[str, str]) -> None:
    """Fail unless the journal can be read, and no half of a file is left."""
    import sqlite3

    folder = Path(home["ROLLWATCH_HOME"])
    journals = list(folder.rglob("*.sqlite"))
    for path in journals:
        assert sqlite3.connect(path).execute("pragma integrity_check").fetchall() == [("ok",)]
    assert journals, "there is one to look at"
    assert list(folder.rglob(f"*{TEMPORARY}")) == []


def signalled(consoles: Stable, home: dict[str, str], count: int, seed: int) -> list[Ended]:
    chance = Random(seed)  # noqa: S311
    ended = []
    for number in range(count):
        kind = list(LEAVING)[number % len(LEAVING)]
        keys = "".join(chance.choice("2z1?jk/\x1b") for _ in range(chance.randrange(4)))
        # However slow the machine is, the first comes while it is on the screen.
        when = ["wait", chance.uniform(0.0, 1.2)] if number else ["until", "fleet", 15]
        end = consoles.run(CONSOLE, when, ["type", keys], ["signal", int(kind)], env=home)
        assert end.code == LEAVING[kind], (number, kind, end.raw[-300:])
        end.restored()
        assert b"Traceback" not in end.raw
        ended.append(end)
    whole(home)
    return ended


def test_u4_signals_at_random_moments(consoles: Stable, home: dict[str, str]) -> None:
    ended = signalled(consoles, home, 4, 4)
    assert any(SHOWN.encode() in end.raw for end in ended), "at least some came while it was on the screen"
    assert max(end.seconds for end in ended) < 10.0


MOMENTS = {
    "while the loop is made": ("asyncio.base_events", "BaseEventLoop.__init__"),
    "before anything waits": ("tui.cli.terminal", "Leave.__init__"),
    "while the session opens": ("tui.engine.session", "Session.__aenter__"),
    "while the console is made": ("tui.ui.app", "Console.__init__"),
    "before the terminal is taken": ("textual.drivers.linux_driver", "LinuxDriver.__init__"),
    "while the terminal is taken": ("textual.drivers.linux_driver", "LinuxDriver.start_application_mode"),
    "while it is drawn first": ("tui.ui.app", "Console.on_mount"),
}
AT = """
import importlib, operator, os
module, name = {where!r}
owner, _, method = name.rpartition(".")
owner = operator.attrgetter(owner)(importlib.import_module(module))
real = getattr(owner, method)
def struck(*args, **named):
    setattr(owner, method, real)
    os.kill(os.getpid(), {number})
    return real(*args, **named)
setattr(owner, method, struck)
"""


def struck(consoles: Stable, home: dict[str, str], moment: str, number: signal.Signals) -> None:
    end = consoles.run(AT.format(where=MOMENTS[moment], number=int(number)) + CONSOLE, env=home)
    assert end.code == LEAVING[number], (number, end.raw[-300:])
    end.restored()
    assert b"Traceback" not in end.raw


@pytest.mark.parametrize("moment", ["while the loop is made", "before anything waits", "while the console is made"])
def test_u4_an_interrupt_while_it_starts_is_no_ordinary_end(consoles: Stable, home: dict[str, str], moment: str) -> None:
    struck(consoles, home, moment, signal.SIGINT)


PICTURED = """
import os, weakref, tui.cli.picture as picture
real, heard = picture._write, {heard}
def struck(text):
    picture._write = real
    real(text)
    if heard:
        os.kill(os.getpid(), {number})
    else:
        gone = type("Gone", (), {{}})()
        reference = weakref.ref(gone, lambda _: os.kill(os.getpid(), {number}))
        del gone
picture._write = struck
"""


@pytest.mark.parametrize("heard", [True, False], ids=["between two steps", "in a callback whose errors nobody hears"])
@pytest.mark.parametrize("number", LEAVING, ids=lambda each: each.name)
def test_u4_a_signal_while_the_last_picture_is_shown(
    consoles: Stable, home: dict[str, str], number: signal.Signals, heard: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("os.get_terminal_size", lambda _: (_ for _ in ()).throw(OSError))
    now = datetime.now(UTC)
    Picture("", home, now).keep([" " * 100] * 30, "prod", production=False, at=now)
    end = consoles.run(PICTURED.format(number=int(number), heard=heard) + CONSOLE, env=home)
    assert end.code == LEAVING[number], end.raw[-300:]
    assert SHOWN.encode() in end.raw
    end.restored()


@pytest.mark.soak
@pytest.mark.timeout(300)
def test_u4_every_signal_at_every_moment_of_the_start(consoles: Stable, home: dict[str, str]) -> None:
    for moment in MOMENTS:
        for number in LEAVING:
            struck(consoles, home, moment, signal.Signals(number))


@pytest.mark.soak
@pytest.mark.timeout(3000)
def test_u4_five_hundred_signals(consoles: Stable, home: dict[str, str]) -> None:
    signalled(consoles, home, 500, 5)


def paused(consoles: Stable, home: dict[str, str], count: int, seed: int) -> list[Ended]:
    """Stopped as by ctrl-z at random moments and sent on again, some twice; then left by a signal, and by a key where it is on the
    screen."""
    chance = Random(seed)  # noqa: S311
    ended = []
    for number in range(count):
        stop = [["signal", int(signal.SIGTSTP)], ["stopped", 0.4], ["signal", int(signal.SIGCONT)], ["wait", chance.uniform(0.0, 0.3)]]
        steps = [["wait", chance.uniform(0.0, 1.0)], *stop, *(stop if number % 3 == 0 else [])]
        if number % 2:
            end = consoles.run(CONSOLE, *steps, ["signal", int(signal.SIGTERM)], env=home)
            assert end.code == 143, (number, end.raw[-300:])
        else:
            end = consoles.run(CONSOLE, *steps, ["until", "fleet", 15], ["wait", 0.3], ["type", "q"], env=home)
            assert (end.code, list(end.missed)) == (0, []), (number, end.raw[-300:])
        assert set(end.stops) <= {""}, (number, end.stops)
        end.restored()
        assert b"Traceback" not in end.raw
        ended.append(end)
    whole(home)
    return ended


def test_u4_ctrl_z_gives_the_terminal_back_and_takes_it_again(consoles: Stable, home: dict[str, str]) -> None:
    stop = [["signal", int(signal.SIGTSTP)], ["stopped", 5.0], ["signal", int(signal.SIGCONT)], ["wait", 0.2]]
    end = consoles.run(CONSOLE, ["until", "fleet", 15], *stop, *stop, ["type", "q"], env=home)
    assert (end.code, list(end.missed), list(end.stops)) == (0, [], ["", ""])
    end.restored()


@pytest.mark.soak
@pytest.mark.timeout(1200)
def test_u4_ctrl_z_at_a_hundred_random_moments(consoles: Stable, home: dict[str, str]) -> None:
    ended = paused(consoles, home, 100, 7)
    assert sum(len(end.stops) for end in ended) > 50


def test_u4_stop_and_go_on(consoles: Stable, home: dict[str, str]) -> None:
    steps = [["until", "fleet", 15], ["signal", int(signal.SIGSTOP)], ["deaf", 0.2], ["signal", int(signal.SIGCONT)], ["wait", 0.2]]
    end = consoles.run(CONSOLE, *steps, ["type", "q"], env=home)
    assert (end.code, list(end.missed)) == (0, [])
    end.restored()


FULL = "import resource\nresource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))\n"
"""Not a byte can be written to any file, as on a disk that is full or fails."""


def test_p2_a_console_that_can_write_nothing_says_so_and_goes_on(consoles: Stable, home: dict[str, str]) -> None:
    end = consoles.run(FULL + CONSOLE, ["until", "not saved", 15], ["until", "fleet", 15], ["type", "q"], env=home)
    assert (end.code, list(end.missed)) == (0, []), end.raw[-500:]
    end.restored()
    assert b"Traceback" not in end.raw


async def test_u1_every_size_in_the_pilot() -> None:
    async with seat() as at:
        for columns, lines in (*SIZES, (120, 40)):
            await at.pilot.resize_terminal(max(1, columns), max(1, lines))
            await at.wait()
            if columns < 40 or lines < 10:
                assert not at.sees("Apps & environments")
        assert at.sees("worker")
        assert at.app.is_running


def resized(consoles: Stable, home: dict[str, str], count: int) -> Ended:
    chance = Random(1)  # noqa: S311
    sizes = [*SIZES, *((chance.randrange(1, 501), chance.randrange(1, 201)) for _ in range(count - len(SIZES)))]
    steps = [step for columns, lines in sizes for step in (["resize", columns, lines], ["wait", 0.01])]
    return consoles.run(CONSOLE, ["until", "fleet", 15], *steps, ["resize", 100, 30], ["wait", 0.3], ["type", "q"], env=home)


def test_u1_a_storm_of_sizes(consoles: Stable, home: dict[str, str]) -> None:
    end = resized(consoles, home, 60)
    assert (end.code, list(end.missed)) == (0, [])
    end.restored()


@pytest.mark.soak
@pytest.mark.timeout(600)
def test_u1_a_thousand_sizes(consoles: Stable, home: dict[str, str]) -> None:
    end = resized(consoles, home, 1000)
    assert (end.code, list(end.missed)) == (0, [])
    end.restored()


UNUSABLE = [
    ({"TERM": "dumb"}, "TERM=dumb"),
    ({"TERM": "linux"}, None),
    ({"TERM": "screen"}, None),
    ({"NO_COLOR": "1"}, None),
    ({"TERM": "xterm", "COLORTERM": ""}, None),
    ({"LC_ALL": "C", "PYTHONUTF8": "1"}, None),
]


@pytest.mark.parametrize(("env", "refused"), UNUSABLE, ids=[" ".join(map("=".join, env.items())) for env, _ in UNUSABLE])
def test_u2_terminals_and_locales(consoles: Stable, home: dict[str, str], env: dict[str, str], refused: str | None) -> None:
    if refused is not None:
        end = consoles.run(CONSOLE, env={**home, **env})
        assert end.code == Exit.USAGE
        assert refused.encode() in end.raw
        assert SHOWN.encode() not in end.raw
        return
    end = consoles.run(CONSOLE, ["until", "fleet", 15], ["type", "q"], env={**home, **env})
    assert (end.code, list(end.missed)) == (0, [])
    end.restored()
    end.raw.decode("utf-8")


def test_u2_text_that_reaches_the_terminal_as_latin_1_is_refused(consoles: Stable, home: dict[str, str]) -> None:
    latin = "import sys, os\nsys.stderr = sys.__stderr__ = open(2, 'w', encoding='latin-1', closefd=False)\n" + CONSOLE
    end = consoles.run(latin, env=home)
    assert end.code == Exit.USAGE
    assert b"LANG=C.UTF-8" in end.raw


AWAY = [step for key in ("\x1b", "\x1b", "q") for step in (["type", key], ["wait", 0.4])]
"""Out of whatever is open, then out; an escape and a letter in one piece would be one other key."""


def test_u3_a_terminal_that_stops_reading_is_waited_for(consoles: Stable, home: dict[str, str]) -> None:
    fill = [["type", "?\x1b"], ["deaf", 0.04]] * 20
    end = consoles.run(CONSOLE, ["until", "fleet", 15], *fill, ["deaf", 0.7], ["wait", 0.4], ["type", "q"], env=home)
    assert (end.code, list(end.missed)) == (0, [])
    end.restored()


@pytest.mark.soak
@pytest.mark.timeout(200)
def test_u3_a_terminal_that_stops_reading_for_a_minute(consoles: Stable, home: dict[str, str]) -> None:
    fill = [["type", "?\x1b"], ["deaf", 0.05]] * 60
    end = consoles.run(CONSOLE, ["until", "fleet", 15], *fill, ["deaf", 60.0], ["wait", 2.0], *AWAY, env=home)
    assert (end.code, list(end.missed)) == (0, [])
    end.restored()
    assert end.cpu < 60 * 0.02 + 3.0


@pytest.mark.parametrize("controlling", [True, False], ids=["told", "not told"])
def test_u3_a_terminal_that_vanishes_ends_it(consoles: Stable, home: dict[str, str], controlling: bool) -> None:
    end = consoles.run(CONSOLE, ["until", "fleet", 15], ["close"], env=home, controlling=controlling)
    assert end.code == 129
    assert end.seconds < 35.0
    assert end.cpu < 3.0, "it span"
    whole(home)
