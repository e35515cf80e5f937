"""``rollwatch login`` and ``rollwatch logout``: credentials are asked for, tried once with a harmless read, and kept privately."""

from __future__ import annotations

import asyncio
import sys
from argparse import Namespace
from collections.abc import Callable, Mapping
from typing import Final

from tui.cli import compose, say
from tui.cli.asking import Ask, hidden, interruptible, seen
from tui.cli.configured import NothingConnected, configured
from tui.cli.exits import Exit
from tui.cli.trying import Answers, by_code, forget, keep, try_out
from tui.clock import Clock, SystemClock
from tui.errors import PlatformError, StorageError, Unauthorized, UsageError
from tui.local.config import Chosen
from tui.local.paths import Paths
from tui.local.settings import Config
from tui.local.spelling import meant
from tui.platforms.base import ConnectionSpec
from tui.text import clean


def login(args: Namespace) -> int:
    """Exit 0 when the credentials work and are kept, 1 when they do not or could not be tried."""
    paths, _, chosen = _chosen(args)
    clock = SystemClock()
    paths = paths.prepare(clock.wall())
    if paths.reason:
        raise StorageError(f"credentials cannot be kept: {paths.reason}")
    connection = chosen.context.connections[args.connection]
    answers = ASKED[connection.platform](*_asking(args))
    spec = compose.spec_of(chosen, args.connection, compose.sign_ins(paths, chosen))
    try:
        if answers.email and not answers.password:
            answers = asyncio.run(_by_code(spec, answers.email, clock))
        tried = asyncio.run(try_out(spec, answers, clock))
    except PlatformError as error:
        error.message = clean(f"nothing was kept: {error.message}", 400)
        if isinstance(error, Unauthorized):
            error.hint = "check what was given, and base_url"  # to sign in is what was just tried
        raise
    keep(paths, args.connection, connection.base_url, tried, clock)
    print(f"signed in to {args.connection}: {tried.seen}")
    print(f"kept in {paths.credentials_file}")
    earlier = compose.sign_ins(paths, chosen)[args.connection, ""].source
    if earlier and earlier != str(paths.credentials_file):
        say(f"{earlier} goes before what was kept now")
    return Exit.OK


def logout(args: Namespace) -> int:
    """Exit 0, whether or not there was anything to forget."""
    paths, config, chosen = _chosen(args)
    had = forget(paths, config, chosen, args.connection, SystemClock())
    print(f"forgot what was kept for {args.connection}" if had else f"nothing was kept for {args.connection}")
    return Exit.OK


def _chosen(args: Namespace) -> tuple[Paths, Config, Chosen]:
    paths, loaded = configured(args)
    if loaded.empty:
        raise NothingConnected
    chosen = loaded.choose()
    if args.connection not in chosen.context.connections:
        raise UsageError(
            f"there is no connection {args.connection!r} in {chosen.name}", hint=meant(args.connection, chosen.context.connections)
        )
    return paths, loaded.config, chosen


# Asking.


def _asking(args: Namespace) -> tuple[Ask, Ask]:
    """How to ask for what may be seen and for what may not."""
    if args.stdin:
        lines = iter(sys.stdin.read().splitlines())

        def line(question: str) -> str:
            return next(lines, "").strip()

        return line, line
    if not sys.stdin.isatty():
        raise UsageError("nobody can be asked here", hint="add --stdin and write the secrets to standard input, one a line")
    return seen, hidden


def _needed(ask: Ask, question: str) -> str:
    answer = ask(question)
    if not answer:
        raise UsageError(f"no {question} was given; nothing was changed")
    return answer


def _encore(seen: Ask, hidden: Ask) -> Answers:
    return Answers(client_id=_needed(seen, "client id"), client_secret=_needed(hidden, "client secret"))


def _dployr(seen: Ask, hidden: Ask) -> Answers:
    token = hidden("token, or nothing to sign in with e-mail and password")
    if token:
        return Answers(token=token)
    return Answers(email=_needed(seen, "e-mail"), password=hidden("password, or nothing for a code by e-mail"))


async def _by_code(spec: ConnectionSpec, email: str, clock: Clock) -> Answers:
    """A token made with a code instead of a password. Raises ``PlatformError``; ``UsageError`` where nobody is there or agrees."""
    if not sys.stdin.isatty():
        raise UsageError("no password was given; nothing was changed", hint="a code by e-mail is asked for on a terminal, without --stdin")

    async def code(question: str) -> str:
        with interruptible():
            return _needed(hidden, question)

    if seen(f"have a code sent to {email}? a server may make an account of an address that is new to it [y/N]").lower() not in {"y", "yes"}:
        raise UsageError("nothing was changed")
    return await by_code(spec, email, clock, code)


def _phase(_seen: Ask, hidden: Ask) -> Answers:
    return Answers(token=_needed(hidden, "token"))


ASKED: Final[Mapping[str, Callable[[Ask, Ask], Answers]]] = {"encore": _encore, "dployr": _dployr, "phase": _phase}
