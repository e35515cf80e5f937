"""``rollwatch logs``: a service's log on standard output, as it is or as it comes."""

from __future__ import annotations

import asyncio
import json
import select
import sys
from argparse import Namespace
from collections.abc import Iterable
from typing import Any, Final

from tui.cli import compose, document, say
from tui.cli.exits import Exit
from tui.clock import Clock
from tui.engine.resume import Entry, Gap
from tui.engine.session import Session
from tui.engine.streams import LogFollow
from tui.errors import UsageError
from tui.model import Ref

LOOK: Final = 0.5
"""Seconds between two looks at whether anybody still reads."""


def logs(args: Namespace) -> int:
    """Exit 0 when the log was printed, 1 when it could not be read. Following ends by interrupt (130), with its reader (141), or with 1
    where there is nothing to follow any more."""
    try:
        ref = Ref.parse(args.ref)
    except ValueError as error:
        raise UsageError(str(error)) from None
    if args.tail < 0:
        raise UsageError(f"--tail {args.tail} is no number of lines")
    with compose.opened(args) as setup:
        compose.told(setup.warnings, say)
        return compose.run(setup, lambda session: _follow(session, args, ref) if args.follow else _once(session, args, ref))


async def _once(session: Session, args: Namespace, ref: Ref) -> int:
    async for batch in session.log(ref, tail=args.tail):
        _print(batch, args)
    return Exit.OK


async def _follow(session: Session, args: Namespace, ref: Ref) -> int:
    following = session.follow(ref, tail=args.tail)
    told = ""

    def news(batch: tuple[Entry, ...]) -> None:
        nonlocal told
        reason = following.state.reason
        if not batch and reason and reason != told:
            say(f"{following.state.word}: {reason}")
        told = reason if not batch else told

    following.listen(news)
    unread = asyncio.create_task(_unread(following, session.clock))
    try:
        async for batch in following.batches():
            _print(batch, args)
    finally:
        unread.cancel()
        following.close()
    if unread.done() and not unread.cancelled():
        raise BrokenPipeError
    return Exit.UNREACHABLE


async def _unread(following: LogFollow, clock: Clock) -> None:
    """End the following when nobody reads our output any more: a log may be quiet for hours before writing would tell."""
    try:
        output = sys.stdout.fileno()
    except (OSError, ValueError):
        await asyncio.Event().wait()
    watch = select.poll()
    watch.register(output, select.POLLERR)
    while not any(events & select.POLLERR for _, events in watch.poll(0)):
        await clock.sleep(LOOK)
    following.close()


def _print(batch: Iterable[Entry], args: Namespace) -> None:
    for entry in batch:
        print(json.dumps(_document(entry), ensure_ascii=False) if args.json else line(entry))
    print(end="", flush=True)


def line(entry: Entry) -> str:
    """``2025-09-06T22:31:07Z web-api error upstream timed out``, without what the platform did not say."""
    if isinstance(entry, Gap):
        return str(entry)
    cut = f" … +{entry.cut} bytes" if entry.cut else ""
    return " ".join(filter(None, (document.time(entry.at), entry.source, entry.level, entry.text))) + cut


def _document(entry: Entry) -> dict[str, Any]:
    if isinstance(entry, Gap):
        return {"gap": True, "seconds": entry.seconds, "at": document.time(entry.at)}
    shown: dict[str, Any] = document.value(entry)
    return shown
