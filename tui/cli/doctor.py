"""``rollwatch doctor``: what works here and what does not. Every finding has its remedy; nothing is changed and no secret is shown."""

from __future__ import annotations

import asyncio
import os
import platform as machine
import shutil
import socket
import ssl
import stat
import sys
from argparse import Namespace
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import asdict, dataclass
from datetime import timedelta
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Final, Literal
from urllib.parse import urlsplit

import tui
from tui.actions import Keymap
from tui.cli import compose, document, grid, say, terminal
from tui.cli.checks import wrongs
from tui.cli.configured import configured
from tui.cli.exits import Exit
from tui.cli.probe import ask
from tui.cli.remedy import remedy
from tui.clock import Clock, SystemClock, within
from tui.errors import ConfigError, PlatformError, StorageError, UsageError
from tui.local.children import run
from tui.local.files import is_missing, private_folder
from tui.local.paths import Paths
from tui.model import RateLimit, Tone
from tui.platforms.base import Platform
from tui.tables import GLYPHS
from tui.text import clean

PATIENCE: Final = 20.0
"""Seconds that one connection has to answer."""

SKEW: Final = 30.0
"""Seconds by which two clocks may differ; a reply's date has whole ones, and was on its way."""

SOON: Final = timedelta(days=14)

MARKS: Final = {"ok": Tone.OK, "warn": Tone.WARN, "bad": Tone.BAD}


ROOM: Final = 1 << 20
"""Bytes that a journal needs to be written for a while."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One thing that was looked at. ``remedy`` is empty where nothing needs mending."""

    about: str
    state: Literal["ok", "warn", "bad"]
    text: str
    remedy: str = ""


def doctor(args: Namespace) -> int:
    """Exit 0 when nothing is bad, 1 otherwise."""
    if args.bundle == "":
        raise UsageError("--bundle names no file", hint="write --bundle report.txt")
    if args.alerts:
        return _tell(list(_alerts(args)), args)
    findings = [*_program(), *_terminal(), *_files(Paths.discover(os.environ)), *_context(args)]
    if args.bundle:
        from tui.cli.bundle import write

        written = f"written to {write(args.bundle, list(_lines(findings)), args)}; look through it before you send it to anybody"
        if not args.json:
            print(written)
            return Exit.OK
        say(written)
    return _tell(findings, args)


def _alerts(args: Namespace) -> Iterator[Finding]:
    """Every alert channel, fired."""
    from tui.cli.alerting import trial

    paths, loaded = configured(args)
    context = loaded.choose().name if not loaded.empty else "none"
    for channel, text, problem in trial(loaded.config.alerts, context, SystemClock(), paths.config_dir):
        yield Finding(about=channel, state="bad" if problem else "ok", text=problem or text, remedy="see [alerts]" if problem else "")


def _tell(findings: list[Finding], args: Namespace) -> int:
    if args.json:
        told = [asdict(each) for each in findings]
        print(document.text({"version": document.VERSION, "rollwatch": tui.__version__, "findings": told}))
    else:
        for line in _lines(findings):
            print(line)
    return Exit.UNREACHABLE if any(each.state == "bad" for each in findings) else Exit.OK


def _lines(findings: list[Finding]) -> Iterator[str]:
    """Everything that was found, then what to do."""
    yield from grid.aligned([[f"{GLYPHS[MARKS[each.state]]} {each.about}", each.text] for each in findings])
    yield ""
    yield from dict.fromkeys(f"{each.about}: {each.remedy}" for each in findings if each.remedy)


def _program() -> Iterator[Finding]:
    told = []
    for name in ("textual", "httpx", "msgspec"):
        try:
            told.append(f"{name} {version(name)}")
        except PackageNotFoundError:
            yield Finding(about=name, state="bad", text="not installed", remedy="install rollwatch again")
    yield Finding(
        about="rollwatch", state="ok", text=f"{tui.__version__}, Python {machine.python_version()}, {', '.join(told)}, {machine.system()}"
    )


def _terminal() -> Iterator[Finding]:
    if not sys.stdout.isatty():
        yield Finding(about="terminal", state="ok", text="none here")
        return
    size = shutil.get_terminal_size()
    reason = terminal.here()
    colours = os.environ.get("COLORTERM") or ("256" if "256" in os.environ.get("TERM", "") else "16")
    through = [name for name, variable in (("SSH", "SSH_CONNECTION"), ("tmux", "TMUX"), ("screen", "STY")) if variable in os.environ]
    text = f"{os.environ.get('TERM', '(TERM unset)')}, {size.columns}x{size.lines}, colours {colours}" + "".join(
        f", {each}" for each in through
    )
    yield Finding(about="terminal", state="bad" if reason else "ok", text=text, remedy=reason or "")
    yield from _through()
    encoding = (sys.stdout.encoding or "").lower().replace("-", "")
    if encoding != "utf8":
        yield Finding(about="encoding", state="warn", text=encoding or "unknown", remedy="set LANG=C.UTF-8, or symbols are lost")


def _through() -> Iterator[Finding]:
    """Whether what is meant for the terminal reaches it: the clipboard and notifications."""
    from tui.ui.notify import way_of

    way = way_of(os.environ)
    if os.environ.get("TMUX"):
        # tmux itself is asked; a client that hangs is no reason to hang as well.
        told = run(("tmux", "show-options", "-gv", "allow-passthrough"), environ=os.environ, folder=Path("/"), seconds=2.0)
        passes = told.output.strip() in {"on", "all"}
        remedy = "" if passes else "set -g allow-passthrough on, in ~/.tmux.conf"
        said = "passed on by tmux" if passes else f"tmux keeps them: {told.problem or 'allow-passthrough is off'}"
        yield Finding(about="clipboard, alerts", state="ok" if passes else "warn", text=f"OSC 52 and {way}, {said}", remedy=remedy)
    elif os.environ.get("STY"):
        yield Finding(about="clipboard, alerts", state="ok", text=f"OSC 52 and {way}, wrapped for screen")
    else:
        yield Finding(about="clipboard, alerts", state="ok", text=f"OSC 52 and {way}, whether they are obeyed is up to this terminal")


def _files(paths: Paths) -> Iterator[Finding]:
    if paths.reason:
        yield Finding(about="state", state="warn", text=paths.reason, remedy="make the folder writable; until then nothing is kept")
    if not is_missing(paths.config_dir):
        try:
            private_folder(paths.config_dir)
        except StorageError as error:
            yield Finding(about="folder", state="bad", text=error.message, remedy=error.hint)
    for about, place, private in (
        ("configuration", paths.config_file, False),
        ("credentials", paths.credentials_file, True),
        ("state", paths.state_dir, True),
        ("log", paths.log_dir, True),
    ):
        yield _file(about, place, private=private)
    with suppress(OSError):
        left = shutil.disk_usage(paths.state_dir).free
        if left < ROOM:
            cure = "make room: what cannot be written down first is not sent"
            yield Finding(about="disk", state="bad", text=f"{left >> 10} KiB are left for {paths.state_dir}", remedy=cure)


def _file(about: str, place: Path, *, private: bool) -> Finding:
    try:
        mode = stat.S_IMODE(place.stat().st_mode)
    except FileNotFoundError:
        return Finding(about=about, state="ok", text=f"{place} (not there yet)")
    except OSError as error:
        return Finding(about=about, state="bad", text=f"{place}: {error.strerror}", remedy="make it readable for you")
    if private and mode & 0o077:
        wanted = "700" if place.is_dir() else "600"
        return Finding(about=about, state="bad", text=f"{place} has mode {mode:o}", remedy=f"chmod {wanted} {place}")
    if not private and mode & 0o022:
        return Finding(about=about, state="warn", text=f"{place} can be written by others", remedy=f"chmod go-w {place}")
    if not os.access(place, os.R_OK | (os.W_OK if private else 0) | (os.X_OK if place.is_dir() else 0)):
        return Finding(about=about, state="bad", text=f"{place} is closed to you", remedy=f"chmod u+rwX {place}")
    return Finding(about=about, state="ok", text=str(place))


def _context(args: Namespace) -> Iterator[Finding]:
    try:
        with compose.opened(args) as setup:
            marks = "".join(word for word, held in ((", production", setup.production), (", read-only", setup.read_only)) if held)
            yield Finding(about="context", state="ok", text=f"{setup.context}, {', '.join(each.name for each in setup.platforms)}{marks}")
            # What ails the journal is among them, and has a finding of its own.
            for warning in (each for each in setup.warnings if each != setup.journal.badge):
                yield Finding(about="settings", state="warn", text=warning, remedy="rollwatch config show tells where values come from")
            for problem in Keymap.load(setup.looks.get("keys", {})).problems:
                said = problem.removeprefix("keys: ")
                yield Finding(about="keys", state="warn", text=said, remedy="rollwatch config path says where they stand")
            if setup.journal.forgets or not setup.journal.flush():
                cure = "mend what it names: while history cannot be written verbs are refused"
                yield Finding(about="journal", state="bad", text=setup.journal.badge or "it does not answer", remedy=cure)
            elif setup.journal.badge:
                yield Finding(about="journal", state="warn", text=setup.journal.badge)
            paths, loaded = configured(args)
            for wrong in wrongs(paths, loaded, loaded.choose(), setup.clock):
                yield Finding(about=wrong.about, state="warn", text=wrong.text, remedy=wrong.remedy)
            for name, each in loaded.choose().context.connections.items():
                yield _network(name, each.base_url, each.ca_file, setup.clock)
            yield from asyncio.run(_connections(setup))
    except UsageError:
        yield Finding(about="context", state="bad", text="nothing is connected", remedy="rollwatch config path says where it belongs")
    except ConfigError as error:
        yield Finding(about="context", state="bad", text=error.message, remedy=error.hint or "mend the configuration")


def _network(name: str, base_url: str, ca_file: str, clock: Clock) -> Finding:
    """The way there, without a credential."""
    from tui.cli.reaching import PATIENCE as WITHIN
    from tui.cli.reaching import between, reach
    from tui.platforms.reach import Trouble, words_for

    about = f"{name}, the way"
    try:
        found = reach(base_url, ca_file, clock)
    except Trouble as trouble:
        return Finding(about=about, state="bad", text=str(trouble), remedy=trouble.hint)
    except (ssl.SSLError, socket.gaierror) as error:
        # In the words in which the connection itself tells of it.
        words = words_for(error, urlsplit(base_url).netloc, between(base_url))
        return Finding(about=about, state="bad", text=words.message, remedy=words.hint or "check the address and the network between")
    except OSError as error:
        late = isinstance(error, TimeoutError)
        said = f"no answer within {WITHIN:.0f} s" if late else clean(error.strerror or str(error), 200)
        proxy = between(base_url)
        where, remedy = (
            (f"the proxy {proxy}", "check HTTPS_PROXY and NO_PROXY") if proxy else (base_url, "check the address and the network between")
        )
        return Finding(about=about, state="bad", text=f"{where}: {said}", remedy=remedy)
    if found.proxy:
        return Finding(about=about, state="ok", text=f"{found.trip * 1000:.0f} ms there and back, to the proxy {found.proxy}")
    told = [f"{found.trip * 1000:.0f} ms there and back", found.line]
    state: Literal["ok", "warn", "bad"] = "ok"
    remedy = ""
    if found.until is not None:
        left = found.until - clock.wall()
        told.append(f"certificate for {left.days} more days")
        if left < SOON:
            state, remedy = "warn", "its certificate ends soon: tell whoever runs it"
    if found.skew is not None:
        told.append(f"clocks {abs(found.skew):.0f} s apart")
        if abs(found.skew) > SKEW:
            state, remedy = "warn", "set this machine's clock, for example with NTP: times and ages are wrong otherwise"
    return Finding(about=about, state=state, text=", ".join(told), remedy=remedy)


async def _connections(setup: compose.Setup) -> list[Finding]:
    return list(await asyncio.gather(*(_connection(platform, setup.clock) for platform in setup.platforms)))


async def _connection(platform: Platform, clock: Clock) -> Finding:
    told: list[Finding] = []

    async def ask() -> None:
        told.append(await _asked(platform, clock))

    try:
        await within(clock, PATIENCE, ask())
    finally:
        await platform.aclose()
    late = Finding(
        about=platform.name, state="bad", text=f"no answer within {PATIENCE:.0f} s", remedy="check the address and the network between"
    )
    return told[0] if told else late


async def _asked(platform: Platform, clock: Clock) -> Finding:
    begun = clock.boot()
    try:
        seen = await ask(platform)
    except PlatformError as error:
        return Finding(about=platform.name, state="bad", text=f"{platform.platform}: {error.message}", remedy=remedy(error))
    if platform.heard is None:
        return Finding(about=platform.name, state="ok", text=f"{platform.platform}, nothing was asked of it")
    told = [platform.platform, platform.flavour, f"answered within {(clock.boot() - begun) * 1000:.0f} ms", seen, _budget(platform.rate)]
    return Finding(about=platform.name, state="ok", text=", ".join(filter(None, told)))


def _budget(rate: RateLimit | None) -> str:
    return "" if rate is None else f"{rate.remaining} of {rate.limit} requests left"
