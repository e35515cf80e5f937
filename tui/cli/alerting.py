"""Where alerts go beside the terminal, from the configuration: a program, an address. And the trying of every channel."""

from __future__ import annotations

import asyncio
import json
import os
import sys
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any, Final

from tui.clock import Clock
from tui.engine.alerts import DEFAULTS, Alert, Rule, payload
from tui.local import children
from tui.local.settings import AlertRule, Alerts
from tui.text import Secret
from tui.ui.alarm import Channels
from tui.ui.notify import BELL, notification, title, way_of

PATIENCE: Final = 10.0
"""Seconds that a program has."""

Deliver = Callable[[Mapping[str, Any]], Awaitable[Sequence[str]]]


def channels(
    settings: Alerts, status_urls: Mapping[str, str], clock: Clock, folder: Path, own: Sequence[AlertRule] | None = None
) -> Channels:
    """The console's channels as configured. ``folder`` is where the program runs; ``own`` are the context's own rules, None for none
    of its own."""
    rules = tuple(
        Rule(name=rule.name, kinds=frozenset(rule.kinds), to=frozenset(rule.to), after=rule.after, names=rule.names)
        for rule in (settings.rules if own is None else own)
    )
    on = settings.enabled
    return Channels(
        bell=settings.bell and on,
        notify=settings.notify if on else "off",
        title=settings.title and on,
        rules=rules if rules or own is not None else DEFAULTS,
        deliver=deliverer(settings, clock, folder) if on else None,
        status_urls=status_urls,
    )


def address_of(settings: Alerts) -> Secret:
    """The webhook's address; ``$NAME`` stands for what is in that variable, because the address may be the secret."""
    text = settings.webhook
    return Secret(os.environ.get(text[1:], "") if text.startswith("$") else text)


def deliverer(settings: Alerts, clock: Clock, folder: Path) -> Deliver | None:
    """What tells the program and the address; None where there is neither."""
    if not settings.command and not settings.webhook:
        return None

    async def deliver(told: Mapping[str, Any]) -> Sequence[str]:
        problems = await asyncio.gather(_command(settings.command, told, folder), _webhook(settings, told, clock))
        return [each for each in problems if each]

    return deliver


async def _command(argv: Sequence[str], told: Mapping[str, Any], folder: Path) -> str:
    if not argv:
        return ""
    given = json.dumps(told, ensure_ascii=False)
    return (await asyncio.to_thread(children.run, argv, environ=os.environ, folder=folder, seconds=PATIENCE, given=given)).problem


async def _webhook(settings: Alerts, told: Mapping[str, Any], clock: Clock) -> str:
    if not settings.webhook:
        return ""
    from tui.platforms.webhook import post

    address = address_of(settings)
    return await post(address, told, clock) if address else f"webhook: {settings.webhook} is not set"


def trial(settings: Alerts, context: str, clock: Clock, folder: Path) -> Iterator[tuple[str, str, str]]:
    """Fire every channel once: (channel, what was done, what went wrong or empty)."""
    told = payload([_sample(clock.wall())], context)
    if sys.stdout.isatty():
        way = way_of(os.environ) if settings.notify == "auto" else settings.notify
        sent = (BELL if settings.bell else "") + notification("rollwatch", str(told["text"]), os.environ, settings.notify)
        sys.stdout.write(sent + (title(f"(1) rollwatch {context}") if settings.title else ""))
        sys.stdout.flush()
        through = " through tmux (it needs: set -g allow-passthrough on)" if os.environ.get("TMUX") else ""
        yield "bell", "rung: you should have heard or seen it" if settings.bell else "off", ""
        yield "notification", f"sent as {way}{through}: whether it is shown is up to this terminal" if way != "off" else "off", ""
        yield "title", "set to (1) rollwatch, until your shell sets it again" if settings.title else "off", ""
    else:
        yield "terminal", "none here: bell, notification and title were not tried", ""
    if settings.command:
        yield "command", Path(settings.command[0]).name, asyncio.run(_command(settings.command, told, folder))
    if settings.webhook:
        yield "webhook", "one POST", asyncio.run(_webhook(settings, told, clock))


def _sample(at: datetime) -> Alert:
    return Alert(rule="trial", kind="service", ref="trial/service/none", name="a trial", before="ok", after="failed (not really)", since=at)
