"""The composition root proper: a command line and the configuration, or the emulator's announcement, become a Session.

Nothing else knows all floors. No command's behaviour and no output lives here.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import signal
from argparse import Namespace
from collections.abc import Awaitable, Callable, Coroutine, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from random import Random
from types import TracebackType
from typing import Any, Final

from tui.addresses import origin
from tui.cli import shift
from tui.cli.child import Child
from tui.cli.configured import NothingConnected, configured
from tui.cli.exits import Exit
from tui.cli.looks import floors, looks
from tui.cli.terminal import LEAVING
from tui.clock import Clock, SystemClock
from tui.engine.feeds import Feed
from tui.engine.guardrails import Guardrail
from tui.engine.joins import Links
from tui.engine.ports import LastStatePort
from tui.engine.session import Session
from tui.errors import RollwatchError
from tui.local import settings
from tui.local.config import Chosen, Loaded
from tui.local.credentials import Credentials, Found
from tui.local.identity import whoami
from tui.local.journal import Journal
from tui.local.laststate import LastState
from tui.local.logfile import LogFile, open_log
from tui.local.logins import Logins
from tui.local.paths import Paths
from tui.model import KnownRollout, Ref
from tui.platforms.base import AppSpec, ConnectionSpec, Platform, Rows, SignIn
from tui.platforms.registry import open_platform
from tui.redaction import Redactor
from tui.text import Secret

BARE: Final = "it names no application, so that nothing of it is asked or shown: add apps = [{ id = …, environments = […] }]"
DEMO: Final = "demo"
NOWHERE: Final = Paths(config_dir=Path(os.devnull), state_dir=Path(os.devnull), log_dir=Path(os.devnull), reason="the demo keeps nothing")
"""The places of a demo: none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Setup:
    """Everything a Session is made of. ``warnings`` are lines for the user; ``looks`` are the settings of the console alone;
    ``folder`` is where reports of our own errors go, None for nowhere, and ``redact`` takes the secrets out of them. ``prelude`` gives
    the past of a demo."""

    context: str
    production: bool
    read_only: bool
    platforms: tuple[Platform, ...]
    clock: Clock
    journal: Journal
    last_state: LastStatePort | None = None
    links: Links = field(default_factory=dict)
    refresh: Mapping[str, float] = field(default_factory=dict)
    guardrails: tuple[Guardrail, ...] = ()
    warnings: tuple[str, ...] = ()
    looks: Mapping[str, Any] = field(default_factory=dict)
    folder: Path | None = None
    redact: Callable[[str], str] = str
    prelude: Callable[[Session], Coroutine[Any, Any, None]] | None = None

    def session(self, random: Random | None = None, *, ready: Awaitable[object] | None = None) -> Session:
        """A session of this; enter it. ``random`` decides how requests are spread in time; none is made before ``ready`` is done, which may
        be awaited more than once."""
        return Session(
            context=self.context,
            production=self.production,
            read_only=self.read_only,
            platforms=self.platforms,
            clock=self.clock,
            journal=self.journal,
            past=self.journal,
            last_state=self.last_state,
            links=self.links,
            refresh=self.refresh,
            guardrails=self.guardrails,
            ready=ready,
            random=random,
        )


def run(setup: Setup, work: Callable[[Session], Awaitable[int]]) -> int:
    """Run one piece of work in a session, without a screen, and return its exit code."""

    stopped: list[Exit] = []

    async def main() -> int:
        loop = asyncio.get_running_loop()
        task = asyncio.current_task()

        def stop(code: Exit) -> None:
            stopped.append(code)
            if task is not None:
                task.cancel()

        for number in (signal.SIGTERM, signal.SIGHUP):
            loop.add_signal_handler(number, stop, LEAVING[number])
        async with setup.session() as session:
            return await work(session)

    try:
        return asyncio.run(main())
    except asyncio.CancelledError:
        return stopped[0] if stopped else Exit.INTERRUPTED


@contextmanager
def opened(args: Namespace, *, record: bool = False) -> Iterator[Setup]:
    """The configured context that the command line chose. ``record`` writes what is seen into the journal, see ``context``.

    Raises ``ConfigError``, and ``NothingConnected``, which is five lines of advice.
    """
    paths, loaded = configured(args)
    if loaded.empty:
        raise NothingConnected
    clock = SystemClock()
    paths = paths.prepare(clock.wall())
    with logged(paths) as log, context(paths, loaded, loaded.choose(), log.redactor, clock, record=record) as setup:
        yield setup


@contextmanager
def logged(paths: Paths) -> Iterator[LogFile]:
    """The program's log, which outlives every context. An error of our own goes into it on its way out."""
    with open_log(paths) as log, contextlib.ExitStack() as stack:
        stack.push(_logged)
        yield log


@contextmanager
def context(
    paths: Paths, loaded: Loaded, chosen: Chosen, redactor: Redactor, clock: Clock, *, remember: bool = False, record: bool = False
) -> Iterator[Setup]:
    """One configured context. Several may be open at once; may be entered in one thread and left in another. ``remember`` shows and
    keeps the last known state. ``record`` is for who looks at everything for long: one of them writes down what all of them see."""
    journal = _journal(paths, chosen.name, clock, redactor, record=record)
    with contextlib.closing(journal):
        found = sign_ins(paths, chosen)
        redactor.add(*(secret for each in found.values() for secret in (each.token, each.client_secret, each.password)))
        yield Setup(
            context=chosen.name,
            production=chosen.context.production,
            read_only=chosen.context.read_only,
            platforms=tuple(
                connect(paths, spec_of(chosen, name, found), each, found[name, ""], journal, clock)
                for name, each in chosen.context.connections.items()
            ),
            clock=clock,
            journal=journal,
            last_state=_last_state(paths, chosen.name, clock) if remember and not paths.reason else None,
            links={link.name: tuple(Ref.parse(member) for member in link.members) for link in chosen.context.links},
            refresh=floors(chosen),
            guardrails=tuple(_guardrail(each) for each in chosen.context.guardrails),
            warnings=_warnings(loaded, chosen, found, journal),
            looks=looks(paths, loaded, chosen, clock),
            folder=None if paths.reason else paths.log_dir,
            redact=redactor,
        )


def _guardrail(rule: settings.Guardrail) -> Guardrail:
    return Guardrail(
        verbs=frozenset(rule.verbs),
        kinds=frozenset(rule.kinds),
        names=rule.names,
        refuse=rule.refuse,
        typed=rule.type_name,
        at_most=rule.at_most,
    )


def _logged(_kind: type[BaseException] | None, error: BaseException | None, _trace: TracebackType | None) -> bool:
    """An error of our own goes into the log while there is one; what was meant for the user does not."""
    if isinstance(error, Exception) and not isinstance(error, (RollwatchError, BrokenPipeError)):
        logging.getLogger(__name__).critical("an error of our own", exc_info=error)
    return False


def _last_state(paths: Paths, context: str, clock: Clock) -> LastState[Feed, Rows]:
    return LastState(paths.last_state_file(context), feed=Feed, rows=Rows, now=clock.wall)


def _journal(paths: Paths, context: str, clock: Clock, scrub: Callable[[str], str], *, record: bool) -> Journal:
    who = whoami(os.environ)
    if paths.reason:
        return Journal.memory(context=context, who=who, now=clock.wall, scrub=scrub, reason=paths.reason)
    return Journal.open(paths.journal_file, context=context, who=who, now=clock.wall, scrub=scrub, record=record)


Whose = tuple[str, str]
"""A connection's name and an Encore app's id, the latter empty for the connection itself."""


def sign_ins(paths: Paths, chosen: Chosen) -> dict[Whose, Found]:
    """What each connection, and each Encore app with a client of its own, signs in with. Programs that print tokens run side by side."""
    credentials = Credentials(paths.credentials_file, os.environ)

    def find(whose: Whose) -> Found:
        name, app = whose
        connection = chosen.context.connections[name]
        client_id = next((each.client_id for each in connection.apps if each.id == app), "")
        command = () if app else connection.token_command
        return credentials.find(name, origin(connection.base_url), command=command, app=app, client_id=client_id)

    wanted = [(name, app) for name, each in chosen.context.connections.items() for app in ("", *(one.id for one in each.apps))]
    if not any(each.token_command for each in chosen.context.connections.values()):
        return {whose: find(whose) for whose in wanted}
    with ThreadPoolExecutor(max_workers=8) as threads:
        return dict(zip(wanted, threads.map(find, wanted), strict=True))


def connect(paths: Paths, spec: ConnectionSpec, connection: settings.Connection, found: Found, journal: Journal, clock: Clock) -> Platform:
    """The adapter of one configured connection."""
    vault = None if paths.reason else Logins(paths.logins_dir, origin(connection.base_url), clock.wall())
    credentials = _sign_in(found, vault, _again(paths, connection, spec.name))
    return open_platform(spec, credentials=credentials, clock=clock, journal_rollouts=journal.rollouts(spec.name))


def spec_of(chosen: Chosen, name: str, found: Mapping[Whose, Found]) -> ConnectionSpec:
    """What the configuration says of one connection, as its adapter takes it."""
    connection = chosen.context.connections[name]
    return ConnectionSpec(
        name=name,
        platform=connection.platform,
        base_url=connection.base_url,
        flavour=connection.flavour,
        apps=tuple(_app(each, found[name, each.id]) for each in connection.apps),
        ca_file=Path(connection.ca_file) if connection.ca_file else None,
        allow_insecure=connection.allow_insecure,
        dashboard_url=connection.dashboard_url,
        token_style=connection.token_style,
        refresh_path=connection.refresh_path,
        cluster=connection.cluster,
        operator=whoami(os.environ),
    )


def _app(app: settings.App, found: Found) -> AppSpec:
    return AppSpec(
        id=app.id,
        environments=app.environments,
        client_id=found.client_id if found.client_secret else "",
        client_secret=found.client_secret,
        health=app.health,
    )


def _sign_in(found: Found, vault: Logins | None, again: Callable[[], Awaitable[Secret | None]] | None) -> SignIn:
    return SignIn(
        token=found.token,
        client_id=found.client_id,
        client_secret=found.client_secret,
        email=found.email,
        password=found.password,
        vault=vault,
        again=again,
    )


def _again(paths: Paths, connection: settings.Connection, name: str) -> Callable[[], Awaitable[Secret | None]] | None:
    """Asks for the token once more after it was refused: a program may print a new one, somebody may have signed in meanwhile."""
    credentials = Credentials(paths.credentials_file, os.environ)

    async def again() -> Secret | None:
        found = await asyncio.to_thread(credentials.find, name, origin(connection.base_url), command=connection.token_command)
        return found.token

    return again


def _warnings(loaded: Loaded, chosen: Chosen, found: Mapping[Whose, Found], journal: Journal) -> tuple[str, ...]:
    # A file that is wrong is wrong for all that look into it: that is one thing to mend.
    whose: dict[str, dict[str, None]] = {}
    for (name, _), each in found.items():
        if each.problem:
            whose.setdefault(each.problem, {})[name] = None
    unusable = [f"{', '.join(names)}: {problem}" for problem, names in whose.items()]
    bare = [f"{name}: {BARE}" for name, each in chosen.context.connections.items() if each.platform == "encore" and not each.apps]
    return (*loaded.warnings, *bare, *unusable, *filter(None, [journal.badge]))


@contextmanager
def nothing(paths: Paths, clock: Clock) -> Iterator[Setup]:
    """A context without a connection, while there is none. It touches no file."""
    with contextlib.closing(Journal.memory(context="", who=whoami(os.environ), now=clock.wall)) as journal:
        folders = {"theme_folders": paths.theme_folders[1:]}
        yield Setup(context="", production=False, read_only=False, platforms=(), clock=clock, journal=journal, looks=folders)


# The emulator.


@contextmanager
def emulated(args: Namespace, scenario: str) -> Iterator[Setup]:
    """A context on an emulator of our own, in a child process. No file of the user is read or written."""
    with Child(scenario) as child, announced(child.facts(), read_only=args.read_only) as setup:
        yield setup


@contextmanager
def announced(info: Mapping[str, Any], *, read_only: bool = False, clock: Clock | None = None) -> Iterator[Setup]:
    """A context on the emulator that announced itself so."""
    clock = clock or SystemClock()
    journal = Journal.memory(context=DEMO, who=whoami(os.environ), now=clock.wall)
    with open_log(NOWHERE), contextlib.closing(journal):
        yield Setup(
            context=DEMO,
            production=False,
            read_only=read_only,
            platforms=tuple(_emulated(name, info, journal, clock) for name in ("encore", "dployr", "phase")),
            clock=clock,
            journal=journal,
            prelude=lambda session: shift.lay(session, journal, shift.paces(info)),
        )


def _emulated(name: str, info: Mapping[str, Any], journal: Journal, clock: Clock) -> Platform:
    told = info[name]
    apps = tuple(AppSpec(id=app["id"], environments=tuple(app["environments"])) for app in told.get("apps", ()))
    rollouts = journal.rollouts(name)
    for each in info[name].get("rollouts", ()):
        at = datetime.fromisoformat(each["at"])
        known = KnownRollout(id=each["id"], app=each["app"], environment=each["environment"], target=each["target"], by=each["by"], at=at)
        rollouts.remember(known, "")
    spec = ConnectionSpec(
        name=name,
        platform=name,
        base_url=told["base_url"],
        apps=apps,
        dashboard_url="https://app.encore.dev/{app}/envs/{env}/deploys/{id}" if name == "encore" else "",
        operator=whoami(os.environ),
    )
    credentials = SignIn(
        token=Secret(told["token"]) if "token" in told else None,
        client_id=told.get("client_id", ""),
        client_secret=Secret(told["client_secret"]) if "client_secret" in told else None,
    )
    return open_platform(spec, credentials=credentials, clock=clock, journal_rollouts=rollouts)


def either(args: Namespace, *, demo: bool, record: bool = False) -> contextlib.AbstractContextManager[Setup]:
    """The configured context, or with ``demo`` one on the emulator."""
    return emulated(args, "busy") if demo else opened(args, record=record)


def told(warnings: Sequence[str], say: Callable[[str], None]) -> None:
    """Pass on each warning once."""
    for line in dict.fromkeys(warnings):
        say(line)
