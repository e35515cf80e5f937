"""``rollwatch logs``: a service's log on standard output, as it is or as it comes."""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from tui.cli import compose, document, remedy, say
from tui.cli.do import connected, named, read_ref
from tui.cli.exits import Exit
from tui.cli.reader import while_read
from tui.clock import SystemClock
from tui.engine.resume import Entry, Gap
from tui.engine.session import Session
from tui.errors import NotFound, UsageError
from tui.model import Ref
from tui.tables import FilterError
from tui.ui.logs.times import moment_of

TAIL: Final = 200
"""Lines before the present where nothing else was said."""
MOST: Final = 200_000
"""Lines from a time on, as far as the server gives them."""


def logs(args: Namespace) -> int:
    """Exit 0 when the log was printed, 1 when it could not be read. Following ends by interrupt (130), with its reader (141), or with 1
    where there is nothing to follow any more."""
    ref = read_ref(args.ref)
    if not ref.id:
        raise UsageError(f"{args.ref!r} names no {ref.kind}", hint=f"write {ref.connection}/{ref.kind}/ID")
    if args.tail is not None and args.tail < 0:
        raise UsageError(f"--tail {args.tail} is no number of lines")
    if args.follow and args.until:
        raise UsageError("--follow has no end: leave out --until")
    span = Span(since=_moment("--since", args.since), until=_moment("--until", args.until))
    if span.since is not None and span.until is not None and span.until < span.since:
        raise UsageError(f"--until {args.until!r} is before --since {args.since!r}", hint="swap them")
    if args.tail is None and span.since is None:
        args.tail = TAIL
    with compose.opened(args) as setup:
        compose.told(setup.warnings, say)
        return compose.run(setup, lambda session: _shown(session, args, ref, span))


async def _shown(session: Session, args: Namespace, ref: Ref, span: Span) -> int:
    connected(session, ref.connection)
    try:
        code = await (_follow(session, args, ref, span) if args.follow else _once(session, args, ref, span))
    except NotFound:
        await _named(session, ref)
        raise
    if code != Exit.OK:
        await _named(session, ref)
    return code


async def _named(session: Session, ref: Ref) -> None:
    await session.refresh([feed for feed in session.feeds(ref.kind) if feed.connection == ref.connection])
    named(session, ref)


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """From when to when; None is open."""

    since: datetime | None = None
    until: datetime | None = None

    def of(self, batch: Iterable[Entry]) -> list[Entry]:
        """What lies within: a server that cannot begin or end at a time sends more. Lines without a time are not judged."""
        return [
            entry
            for entry in batch
            if entry.at is None or ((self.since is None or entry.at >= self.since) and (self.until is None or entry.at <= self.until))
        ]


def _moment(option: str, text: str | None) -> datetime | None:
    try:
        return None if text is None else moment_of(text, SystemClock().wall(), None)
    except FilterError:
        raise UsageError(f"{option} {text!r} is no time", hint="write 15m, 2h, 14:05 or 2026-05-04 14:05, with a Z for UTC") from None


async def _once(session: Session, args: Namespace, ref: Ref, span: Span) -> int:
    async for batch in session.log(ref, tail=MOST if args.tail is None else args.tail, since=span.since, until=span.until):
        _print(span.of(batch), args)
    return Exit.OK


async def _follow(session: Session, args: Namespace, ref: Ref, span: Span) -> int:
    following = session.follow(ref, tail=MOST if args.tail is None else args.tail, since=span.since)
    told = ""

    def news(batch: tuple[Entry, ...]) -> None:
        nonlocal told
        state = following.state
        if batch:
            told = ""  # it is well again, and the same would be news
        elif state.reason:
            why = state.reason if state.error is None else remedy.line(state.error)
            if told != (told := f"{state.word}: {why}"):
                say(told)

    async def lines() -> None:
        async for batch in following.batches():
            _print(span.of(batch), args)

    following.listen(news)
    try:
        await while_read(lines(), session.clock)
    finally:
        following.close()
    return Exit.UNREACHABLE


def _print(batch: Iterable[Entry], args: Namespace) -> None:
    for entry in batch:
        print(document.text(_document(entry)) if args.json else line(entry))
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
