"""Credentials are tried once with a harmless read before they are kept: for ``login`` and for the first run. Asks nobody anything."""

from __future__ import annotations

import contextlib
import os
import platform
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from tui.addresses import origin
from tui.cli.probe import ask
from tui.clock import Clock
from tui.errors import NoEndpoint, NotFound, Refused, StorageError
from tui.local.config import Chosen
from tui.local.credentials import Credentials
from tui.local.journal import Journal
from tui.local.logins import Logins
from tui.local.paths import Paths
from tui.local.settings import Config
from tui.platforms.base import ConnectionSpec, SignIn
from tui.platforms.registry import BY_CODE, open_platform
from tui.text import Secret


@dataclass(frozen=True, slots=True, kw_only=True)
class Answers:
    """What the user said, as far as the platform asks for it."""

    token: str = ""
    client_id: str = ""
    client_secret: str = ""
    email: str = ""
    password: str = ""

    def __repr__(self) -> str:
        return "Answers()"


@dataclass(frozen=True, slots=True, kw_only=True)
class Tried:
    """Answers that work: what they open, in a few words, and the login that came of them."""

    answers: Answers
    seen: str
    login: dict[str, Any] | None


class _Memory:
    """A vault for one login that is not to be kept before it is known to work."""

    def __init__(self) -> None:
        self.login: dict[str, Any] | None = None

    def load(self, name: str) -> dict[str, Any] | None:
        return self.login

    def store(self, name: str, login: dict[str, Any]) -> None:
        self.login = login

    @contextmanager
    def lock(self, name: str) -> Iterator[None]:
        yield


async def by_code(spec: ConnectionSpec, email: str, clock: Clock, ask: Callable[[str], Awaitable[str]]) -> Answers:
    """A token made with a code instead of a password; ``ask`` is asked for the code. Raises ``PlatformError``."""
    try:
        token = await BY_CODE[spec.platform](spec, clock, email=email, name=f"rollwatch@{platform.node()}", ask=ask)
    except (NoEndpoint, NotFound):
        raise Refused("this server sends no codes", connection=spec.name, hint="sign in with the password") from None
    return Answers(token=token.reveal())


async def try_out(spec: ConnectionSpec, answers: Answers, clock: Clock) -> Tried:
    """Sign in and read one harmless thing. Raises ``PlatformError`` if the answers open nothing; nothing is kept."""
    vault = _Memory()
    credentials = SignIn(
        token=Secret(answers.token) if answers.token else None,
        client_id=answers.client_id,
        client_secret=Secret(answers.client_secret) if answers.client_secret else None,
        email=answers.email,
        password=Secret(answers.password) if answers.password else None,
        vault=vault,
    )
    # A journal that nobody reads: the rollouts that are known say nothing of new credentials.
    with contextlib.closing(Journal.memory(context="", who="", now=clock.wall)) as journal:
        opened = open_platform(spec, credentials=credentials, clock=clock, journal_rollouts=journal.rollouts(spec.name))
        try:
            seen = await ask(opened)
        finally:
            await opened.aclose()
    said = (opened.platform, "" if opened.flavour == "unknown" else f"{opened.flavour} API", seen)
    return Tried(answers=answers, seen=", ".join(filter(None, said)), login=vault.login)


def forget(paths: Paths, config: Config, chosen: Chosen, name: str, clock: Clock) -> bool:
    """Forget what is kept for a connection of the chosen context, also from when it had another address, but not what another context
    has under its name; whether there was anything. Raises ``StorageError``, ``ConfigError``. Blocks."""
    now, here = clock.wall(), origin(chosen.context.connections[name].base_url)
    others = (each.connections for context, each in config.contexts.items() if context != chosen.name)
    spared = {origin(each[name].base_url) for each in others if name in each} - {here}
    renewed = Logins(paths.logins_dir, here, now).forget(name)
    gone = Credentials(paths.credentials_file, os.environ).forget(name, spared, now)
    earlier = [Logins(paths.logins_dir, at, now).forget(name) for at in gone - {here}]
    return bool(gone) or renewed or any(earlier)


def keep(paths: Paths, name: str, base_url: str, tried: Tried, clock: Clock) -> None:
    """Keep what works for a connection, privately. A password is not kept. Raises ``StorageError``. Blocks."""
    at, answers = origin(base_url), tried.answers
    logins = Logins(paths.logins_dir, at, clock.wall())
    try:
        # Around all of it: what cannot be kept whole is not kept at all.
        with logins.lock(name):
            Credentials(paths.credentials_file, os.environ).save(
                name,
                at,
                clock.wall(),
                token=Secret(answers.token) if answers.token else None,
                client_id=answers.client_id,
                client_secret=Secret(answers.client_secret) if answers.client_secret else None,
                email=answers.email,
            )
            logins.forget(name)
            if tried.login is not None:
                logins.store(name, tried.login)
    except TimeoutError:
        raise StorageError(f"nothing was kept: the login of {name} is being changed by another rollwatch", hint="try again") from None
